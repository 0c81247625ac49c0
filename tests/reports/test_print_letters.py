
"""Letters: one page, at most 260 words, the address in its window, only what is known."""

from itertools import combinations_with_replacement

import pytest

from reports.errors import LetterTooLong, RenderRefused
from reports.letters import LIMIT, subject_of, text_of, word_count
from reports.press import render_html, render_pdf
from tests.reports.story_letters import CLIENT, l1, l2, l3, l4, l6
from tests.reports.story_papers import PAPERS, Papers

LETTERS = [name for name in PAPERS if name[0] == "L"]


@pytest.mark.parametrize("name", LETTERS)
def test_one_page_and_few_words(papers: Papers, name: str) -> None:
    paper = papers[name]
    assert len(paper.pages) == (2 if name[:2] in ("L7", "L8") else 1)
    assert word_count(paper.document) <= LIMIT or name[:2] == "L8"  # type: ignore[arg-type]
    assert len(subject_of(paper.document)) <= 70  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "left", "top", "wide", "high"),
    [("L4", 20, 45, 85, 45), ("L4 uk", 24.6, 39.5, 85, 26.7), ("L4 us", 12.7, 51.8, 98.4, 22.2)],
)
def test_the_address_stands_in_its_window(
    papers: Papers, name: str, left: float, top: float, wide: float, high: float
) -> None:
    boxes = papers[name].boxes()
    lines = [box for box in boxes if box[0].strip() in (CLIENT.name, CLIENT.attention, *CLIENT.address)]
    assert len(lines) == (4 if name == "L4" else 5)  # within Germany the country is left out
    for _, x, y, right, bottom in lines:
        assert left <= x
        assert right <= left + wide
        assert top <= y
        assert bottom <= top + high
    others = [box for box in boxes if box not in lines and "Kastanienallee" not in box[0]]
    for text, x, y, right, bottom in others:
        overlaps = x < left + wide and right > left and y < top + high and bottom > top
        assert not overlaps, f"{text!r} stands in the address window"


@pytest.mark.parametrize(("name", "starts"), [("L4", 95), ("L4 uk", 93), ("L4 us", 79)])
def test_the_body_begins_below_the_fold_of_the_window(papers: Papers, name: str, starts: float) -> None:
    heading = next(box for box in papers[name].boxes() if box[0].startswith("Your website: still"))
    assert starts <= heading[2] <= starts + 9


def test_what_the_letters_say(papers: Papers) -> None:
    text = papers["L1"].text
    assert "Your website will be unavailable on Saturday 28 June from 22:00 to midnight." in text
    assert "Please make no changes to the site after 21:30." in text
    assert "not back by 00:15" in text
    text = papers["L2"].text
    assert "The work announced for Saturday 7 June did not take place." in text
    assert "stayed available throughout the announced time" in text
    assert "You need to do nothing." in text
    text = papers["L3"].text
    assert "second attempt" in text
    assert "no longer holds" in text
    text = papers["L4"].text
    assert "larkfield-garden.example is still unavailable." in text
    assert "10 h 00 min so far" in text
    assert "Expected end not known" in text
    assert "Sun 29 June 11:00, or earlier" in text
    text = papers["L6"].text
    assert "it shows the content of Sat 28 June 21:58" in text
    assert "Please do not edit for now" in text


def test_the_provider_is_named_only_where_asked() -> None:
    assert "Northgate" not in text_of(l2())
    named = l2(name_provider=True, provider_name="Northgate Hosting")
    silent = named.body.model_copy(update={"reason": None, "reason_by": None, "reason_status": "not_known"})
    assert "We have asked Northgate Hosting" in text_of(named.model_copy(update={"body": silent}))


def test_every_site_of_the_client_is_named(papers: Papers) -> None:
    paper = papers["L4 six sites"]
    for site in paper.document.sites:  # type: ignore[union-attr]
        assert site.host_name in paper.text
    assert "Your six websites are still unavailable." in paper.text
    assert "This concerns larkfield-garden.example, " in text_of(l1(sites=l4(3).sites))


def test_some_sites_down_is_not_all_sites_down() -> None:
    sites = l4(3).sites
    mixed = (sites[0], *(site.model_copy(update={"state": "up"}) for site in sites[1:]))
    assert "One of your three websites is unavailable." in text_of(l4(sites=mixed))


def test_a_letter_of_more_than_260_words_is_refused() -> None:
    long = l4().body.model_copy(update={"known": tuple("many words in one line " * 16 for _ in range(4))})
    with pytest.raises(LetterTooLong, match="260"):
        render_html(l4().model_copy(update={"body": long}))


def test_the_word_count_is_exact() -> None:
    letter = l4()
    count = word_count(letter)
    more = letter.model_copy(update={"apology": f"{letter.apology} one two three"})
    assert word_count(more) == count + 3


def test_a_letter_that_needs_two_pages_is_refused() -> None:
    """Few words, but long ones: the page is full before the count is."""
    wordy = l6(6).body.model_copy(
        update={"functions": tuple(f.model_copy(update={"workaround": "x" * 390}) for f in l6().body.functions * 2)}  # type: ignore[union-attr]
    )
    with pytest.raises(LetterTooLong, match="pages"):
        render_pdf(l6(6, layout="us").model_copy(update={"body": wordy}))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "W" * 60},
        {"address": ("Street 1", "Street 2", "Street 3", "Street 4", "Street 5")},
        {"name": "A very long company name that wraps twice in a narrow window for addresses " * 2},
    ],
)
def test_an_address_that_leaves_its_window_is_refused(change: dict[str, object]) -> None:
    recipient = CLIENT.model_copy(update=change)
    with pytest.raises(RenderRefused, match=r"recipient\.address"):
        render_html(l4(recipient=recipient))


def test_the_mail_says_what_the_paper_says() -> None:
    for letter in (l1(), l2(), l3(), l4(), l6()):
        text = text_of(letter)
        assert text.startswith("Dear Ms Okafor,")
        assert letter.ref in text
        assert "Dana Reyes" in text
        assert letter.header.agency.phone in text


def test_subjects() -> None:
    assert subject_of(l1()) == "larkfield-garden.example: unavailable Sat 28 June, 22:00 to midnight"
    assert subject_of(l2()) == "larkfield-garden.example: Saturday’s work did not take place"
    assert subject_of(l4()) == "Your website: still unavailable, 8 h past the announced end"
    assert subject_of(l6(3)) == "Your three websites: back, but showing content from Saturday"


STATES = ("up", "not_current", "down", "unknown")
TRUE_ONLY_OF = {
    "can be reached again": {"not_current"},
    "cannot be reached": {"down"},
    "is up to date": {"up", "unknown"},
    "are up to date": {"up", "unknown"},
    "content of Sat 28 June": {"not_current"},
    "not checked": {"unknown"},
}


@pytest.mark.parametrize("states", [c for n in (1, 2, 3, 4) for c in combinations_with_replacement(STATES, n)])
def test_partly_done_says_of_each_site_what_is_true_of_it(states: tuple[str, ...]) -> None:
    """L6 goes to clients whose sites stand differently: no sentence may speak for a site it is not true of."""
    base = l6(len(states))
    sites = tuple(site.model_copy(update={"state": state}) for site, state in zip(base.sites, states, strict=True))
    text = text_of(base.model_copy(update={"sites": sites}))
    for words, needed in TRUE_ONLY_OF.items():
        if words in text:
            assert needed & set(states), (words, states)
    if len(set(states)) == 1 and states[0] == "not_current":
        assert "can be reached again" in text
    if len(set(states)) > 1:
        assert "can be reached again" not in text
        for state, words in (("not_current", "content of"), ("down", "cannot be reached"), ("unknown", "not checked")):
            assert (state not in states) or words in text
