"""A client with more sites than a page lists: the letter keeps its page and counts them, the annex names every one."""

from collections import Counter
from collections.abc import Callable

import pytest

from reports.documents import ClientLetter, Compared, ComparedSite, LetterSite
from reports.letters import LIMIT, mail_of, text_of, word_count
from reports.letters.client.listed import LISTED
from reports.press import render_pdf
from tests.reports import story_letters, story_letters_after
from tests.reports.story_facts import t
from tests.reports.story_letters_german import german
from tests.reports.story_papers import Paper

KINDS: dict[str, Callable[..., ClientLetter]] = {
    **{f"L{n}": getattr(story_letters, f"l{n}") for n in (1, 2, 3, 4, 6, 10, 11)},
    **{f"L{n}": getattr(story_letters_after, f"l{n}") for n in (5, 7, 8, 9)},
}
STANDING = {"L4": "down", "L10": "down", "L6": "not_current", "L7": "unknown"}


def hosts(count: int) -> list[str]:
    return ["larkfield-garden.example", *(f"shop-{n:03d}.larkfield.example" for n in range(2, count + 1))]


def many(letter: ClientLetter, count: int) -> ClientLetter:
    """The same letter about so many sites; every fifth of them stands otherwise than the others."""
    kind, names = letter.body.letter, hosts(count)
    state = STANDING.get(kind, "up")
    other = "up" if state != "up" or kind == "L5" else "unknown"
    sites = tuple(
        LetterSite(client_id="C-014", host_name=name, state=other if n % 5 == 4 else state)  # type: ignore[arg-type]
        for n, name in enumerate(names)
    )
    body = letter.body
    if body.letter == "L7":
        body = body.model_copy(
            update={"rows": tuple(row.model_copy(update={"host_name": name}) for name in names for row in body.rows)}
        )
    if body.letter in ("L8", "L9"):
        body = body.model_copy(
            update={"sites": tuple(body.sites[0].model_copy(update={"host_name": name}) for name in names)}  # type: ignore[union-attr]
        )
    if body.letter == "L9":
        outages = tuple(one.model_copy(update={"host_names": tuple(names)}) for one in body.outages)
        body = body.model_copy(update={"outages": outages})
    return letter.model_copy(update={"sites": sites, "body": body})


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_site_is_named_below_the_signature_and_the_letter_stays_short(kind: str, language: str) -> None:
    letter = many(KINDS[kind]() if language == "en" else german(kind), 40)
    before, _, after = text_of(letter).partition(letter.header.agency.phone)
    missing = [name for name in hosts(40) if name not in after]
    assert not missing
    assert sum(name in before for name in hosts(40)) <= LISTED
    assert "40 websites" in before if language == "en" else "40 Websites" in before
    assert ("The annex lists" if language == "en" else "Die Anlage nennt") in before
    assert kind in ("L7", "L8", "L9") or word_count(letter) <= LIMIT
    html = mail_of(letter).html
    assert [name for name in hosts(40) if name not in html] == []


def test_how_they_stand_is_counted_and_said_of_each_what_is_amiss_first() -> None:
    text = text_of(many(story_letters.l4(), 31))
    assert "How the 31 websites stand: 25 down, 6 available." in text
    annex = text.partition("Annex: your websites")[2]
    lines = [line.split(" | ") for line in annex.splitlines() if " | " in line]
    assert lines[0] == ["Website", "State"]
    assert Counter(state for _, state in lines[1:]) == {"down": 25, "available": 6}
    assert [state for _, state in lines[1:]] == ["down"] * 25 + ["available"] * 6
    assert [name for name, state in lines[1:] if state == "available"] == hosts(31)[4::5]


def test_twelve_are_listed_in_the_letter_itself() -> None:
    twelve = text_of(many(story_letters.l4(), LISTED))
    assert "Annex" not in twelve
    assert all(name in twelve for name in hosts(LISTED))
    assert "Annex" in text_of(many(story_letters.l4(), LISTED + 1))


def test_a_letter_about_a_date_says_nothing_of_how_each_site_stands() -> None:
    text = text_of(many(story_letters.l1(), 31))
    assert "The annex lists all 31 websites." in text
    assert "available" not in text.partition("Annex: your websites")[2]


def test_what_an_audit_found_is_told_of_each() -> None:
    letter = many(story_letters.l6(), 31)
    found = tuple(
        ComparedSite(host_name=name, found="older" if n < 20 else "undecided") for n, name in enumerate(hosts(31)[:-1])
    )
    part = Compared(copy_at=t("06-28 20:58"), claimed=False, unseen=None, sites=found)
    text = text_of(letter.model_copy(update={"body": letter.body.model_copy(update={"compared": part})}))
    assert "older than that copy: 20 websites." in text
    annex = text.partition("Annex: your websites")[2]
    assert f"{hosts(31)[0]} | older content | older content" in annex
    assert annex.count("not decided") == 10
    assert f"{hosts(31)[-1]} | old content | not compared" in annex


def test_a_month_of_many_outages_names_the_longest_and_lists_all() -> None:
    letter = many(story_letters_after.l9(), 31)
    body = letter.body
    assert body.letter == "L9"
    one = body.outages[0]
    start = one.span.start_at
    spans = [one.span.model_copy(update={"start_at": start.replace(day=d), "end_at": start.replace(day=d, minute=d)})
             for d in range(2, 27)]  # fmt: skip
    outages = tuple(
        one.model_copy(update={"span": span, "seconds": span.seconds, "host_names": (hosts(31)[0],)}) for span in spans
    )
    down = sum(outage.seconds for outage in outages)
    first = body.sites[0]
    whole = body.span.seconds
    sites = tuple(
        site.model_copy(
            update={
                "down_seconds": seconds, "unknown_seconds": 0, "answer": "breached" if seconds else "met",
                "availability": first.availability.model_copy(  # type: ignore[union-attr]
                    update={"numerator": whole - seconds, "denominator": whole}
                ),
            }
        )
        for n, site in enumerate(body.sites)
        for seconds in (down if n == 0 else 0,)
    )  # fmt: skip
    letter = letter.model_copy(update={"body": body.model_copy(update={"outages": outages, "sites": sites})})
    before, _, annex = text_of(letter).partition("Annex: your websites")
    assert "The longest of 25 times something was unavailable" in before
    assert before.count("26 min") == 1
    assert "2 min" in annex
    assert annex.count(hosts(31)[0]) == 1 + 25
    mail_of(letter)  # its figures agree


@pytest.mark.parametrize(("kind", "layout", "language", "own"), [("L4", "us", "en", 1), ("L8", "din5008b", "de", 2)])
def test_the_annex_has_pages_of_its_own(kind: str, layout: str, language: str, own: int) -> None:
    letter = many(KINDS[kind](layout=layout) if language == "en" else german(kind, layout=layout), 40)
    paper = Paper(letter, render_pdf(letter))
    heading = "Annex: your websites" if language == "en" else "Anlage: Ihre Websites"
    assert [heading in page for page in paper.pages[: own + 1]] == [False] * own + [True]
    text = " ".join(paper.pages[own:])
    assert [name for name in hosts(40) if name not in text] == []
