"""The letters once it is over: what they say, and that figures which disagree are not printed."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from reports.documents import ClientLetter, LetterSite, Share
from reports.errors import FiguresDisagree, LetterTooLong
from reports.letters import mail_of, text_of
from reports.press import render_pdf
from tests.reports.story_facts import span, t
from tests.reports.story_letters import l4, l10, l11
from tests.reports.story_letters_after import attempts, l5, l7, l8, l9
from tests.reports.story_letters_audited import KINDS as AUDITED
from tests.reports.story_letters_audited import audited
from tests.reports.story_papers import Papers

MINUTE = timedelta(minutes=1)


def test_completed_says_what_was_tried() -> None:
    text = text_of(l5())
    assert "Your website has been back since Sun 29 June 22:00, and we have checked it." in text
    assert "The newest entries are there, up to Wed 2 July 09:05." in text
    assert "Unavailable: 24 h 00 min, 12.0× the announced time" in text
    assert "Contact form | a message arrived | Wed 2 July 09:20" in text
    assert "If something is missing, please tell me by 4 July." in text
    unannounced = l5().body.model_copy(update={"announced": None, "down_ratio": None})
    assert "Announced" not in text_of(l5().model_copy(update={"body": unannounced}))


@pytest.mark.parametrize("state", ["down", "not_current", "unknown"])
def test_completed_is_refused_while_one_site_is_not(state: str) -> None:
    """Reachable, working and current: a site that is not all three has no L5."""
    sites = [site.model_dump() for site in l5(3).sites]
    sites[1]["state"] = state
    with pytest.raises(ValidationError, match="every site must be 'up'"):
        ClientLetter.model_validate(l5(3).model_dump() | {"sites": tuple(LetterSite(**site) for site in sites)})


def test_what_may_be_missing(papers: Papers) -> None:
    text = text_of(l7())
    assert "Entries made on your website between Sat 28 June 22:00 and Sun 29 June 22:10 may be missing." in text
    assert "We have not confirmed a loss; we cannot rule it out either." in text
    assert "This could concern: Shop orders, Form messages and Customer accounts. Complete are: Pages." in text
    assert "is yours to decide" in text
    assert "Approved by Dana Reyes." in text
    assert " is lost" not in text
    assert "nothing" not in text
    annex = papers["L7 us"].pages[1]
    assert "shop.larkfield-garden.example Customer accounts not known yet yes about 12 new ones" in annex
    assert "We learned of it Sun, June 29, 2025, 11:40 PM 2025-06-29T21:40:00Z" in annex
    assert "Editing stopped" in annex


def test_a_confirmed_loss_is_called_one() -> None:
    rows = tuple(row.model_copy(update={"state": "missing"}) if row.kind == "Shop orders" else row
                 for row in l7().body.rows)  # type: ignore[union-attr]  # fmt: skip
    body = l7().body.model_copy(update={"rows": rows, "loss": "confirmed"})
    text = text_of(l7().model_copy(update={"body": body}))
    assert "are missing." in text
    assert "The loss is confirmed for: Shop orders." in text
    assert "rule it out" not in text
    nobody = {"body": body.model_copy(update={"rows": tuple(r.model_copy(update={"personal": "no"}) for r in rows)})}
    assert "contain no personal data" in text_of(l7().model_copy(update=nobody))


def test_the_full_account(papers: Papers) -> None:
    text = text_of(l8())
    assert (
        "Two announced dates passed without work. The work of 28 June made your website unavailable for 24 hours"
        in text
    )
    assert "instead of the 2 hours announced. Your data is complete." in text
    assert "Sat 28 June 22:00–24:00 | completed late | 24 h 00 min | 12.0×" in text
    assert "What we ask of Northgate Hosting" in text
    assert "EUR 25.00, taken off your July invoice" in text
    assert "What we ask of the provider" in text_of(l8(name_provider=False))
    assert "Northgate" not in text_of(l8(name_provider=False))
    assert papers["L8"].pages[1].startswith("How it went")
    outage = {
        "attempts": (),
        "announced_seconds": 0,
        "outage": span("07-17 14:02", "07-17 15:32"),
        "down_seconds": 5400,
    }
    alone = l8(header=l8().header.model_copy(update={"as_at": t("07-20 12:00")}))
    alone = alone.model_copy(update={"body": alone.body.model_copy(update=outage)})
    assert "unavailable for 1 hour 30 minutes from Thu 17 July 14:02" in mail_of(alone).text
    unknown = l8().body.model_copy(update={"cause": None, "cause_status": "not_known"})
    assert "The cause is not known." in text_of(l8().model_copy(update={"body": unknown}))


def test_a_month_in_few_lines() -> None:
    text = text_of(l9())
    assert "Your website was available throughout June 2025 except on 28 June to 29 June (24 hours)." in text
    assert "larkfield-garden.example | 24 h 00 min | – | 96.6667 % | not kept" in text
    assert "Sat 7 June 22:00–24:00 | Tue 3 June 14:00 | did not take place | –" in text
    assert "Letters to you: eight, from 3 June to 30 June" in text
    quiet = text_of(l9(3, quiet=True))
    assert "All three of your websites were available throughout June 2025." in quiet
    assert "No work was announced, and nothing is open." in quiet
    assert "100 %" in quiet
    gap = l9(quiet=True).body
    rows = tuple(site.model_copy(update={"unknown_seconds": 60}) for site in gap.sites)  # type: ignore[union-attr]
    said = text_of(l9(quiet=True).model_copy(update={"body": gap.model_copy(update={"sites": rows})}))
    assert "as far as we observed it" in said
    blind = tuple(site.model_copy(update={"availability": None, "answer": "unproven"}) for site in rows)
    said = text_of(l9(quiet=True).model_copy(update={"body": gap.model_copy(update={"sites": blind})}))
    assert "there is no measurement" in said
    assert "100 %" not in said


def test_an_outage_nobody_announced_and_a_correction() -> None:
    text = text_of(l10(3))
    assert "Your three websites are unavailable." in text
    assert "This was not announced." in text
    assert "Announced" not in text
    later = l10().body.model_copy(update={"update": 2})
    assert "This is update 2." in text_of(l10().model_copy(update={"body": later}))
    text = text_of(l11())
    assert "On 29 June I wrote: “The contact form is switched off.” That was not right. Correct is: The contact" in text
    assert "Corrects: my letter HOST-1-2025-06/9 of Sun 29 June 23:00" in text


def _with(letter: ClientLetter, **changes: object) -> ClientLetter:
    return letter.model_copy(update={"body": letter.body.model_copy(update=changes)})


def _month(**changes: object) -> ClientLetter:
    sites = (l9().body.sites[0].model_copy(update=changes),)  # type: ignore[union-attr]
    return _with(l9(), sites=sites)


def _outage(**changes: object) -> ClientLetter:
    return _with(l9(), outages=(l9().body.outages[0].model_copy(update=changes),))  # type: ignore[union-attr]


SITE = l5().sites[0]
WRONG: dict[str, tuple[Callable[[], ClientLetter], str]] = {
    "another client's site": (lambda: l5(sites=(SITE.model_copy(update={"client_id": "C-015"}),)), "client_id"),
    "down longer than it was away": (lambda: _with(l5(), down_seconds=86401, down_ratio=None), "down_seconds"),
    "a ratio of other seconds": (lambda: _with(l5(), down_ratio=Share(numerator=86399, denominator=7200)), "numerator"),
    "a ratio of another time": (lambda: _with(l5(), down_ratio=Share(numerator=86400, denominator=60)), "denominator"),
    "tried before it was back": (lambda: _with(l5(), back_since=t("07-02 09:15"), down_ratio=None), "before the site"),
    "tried in the future": (lambda: l5(header=l5().header.model_copy(update={"as_at": t("07-02 09:15")})), "after the"),
    "confirmed without a missing row": (lambda: _with(l7(), loss="confirmed"), "body.loss"),
    "everything complete": (
        lambda: _with(l7(), rows=tuple(r.model_copy(update={"state": "complete"}) for r in l7().body.rows)),  # type: ignore[union-attr]
        "nothing is missing",
    ),
    "data of a site not in the letter": (lambda: _with(l7(), rows=l7(2).body.rows), "host_name"),  # type: ignore[union-attr]
    "known before it happened": (lambda: _with(l7(), aware_at=t("07-01 09:00")), "aware_at"),
    "announced is not the sum": (lambda: _with(l8(), announced_seconds=7200), "announced_seconds"),
    "down is not the sum": (lambda: _with(l8(), down_seconds=86460), "down_seconds"),
    "an attempt without its stretch": (
        lambda: _with(l8(), attempts=(attempts()[2].model_copy(update={"stretches": ()}),), announced_seconds=7200),
        "stretches",
    ),
    "seconds of what did not take place": (
        lambda: _with(l8(), attempts=(attempts()[0].model_copy(update={"down_seconds": 60}),), announced_seconds=7200,
                      down_seconds=60),
        "took_place no",
    ),
    "neither window nor outage": (lambda: _with(l8(), attempts=(), announced_seconds=0, down_seconds=0), "neither"),
    "complete but for one site": (
        lambda: _with(l8(), sites=(l8().body.sites[0].model_copy(update={"data": "unknown"}),)),  # type: ignore[union-attr]
        "body.data",
    ),
    "a site left out": (lambda: _with(l8(2), sites=l8().body.sites), "body.sites"),  # type: ignore[union-attr]
    "a cause without its status": (lambda: _with(l8(), cause_status="not_known"), "body.cause"),
    "a timeline out of order": (lambda: _with(l8(), timeline=l8().body.timeline[::-1]), "timeline"),  # type: ignore[union-attr]
    "a month not of its span": (lambda: _with(l9(), month=t("05-01 12:00").date()), "body.month"),
    "a month not over": (lambda: l9(header=l9().header.model_copy(update={"as_at": t("06-30 09:00")})), "span.end_at"),
    "a site's downtime not its outages'": (lambda: _month(down_seconds=86399), "down_seconds"),
    "an availability of other seconds": (
        lambda: _month(availability=Share(numerator=2505601, denominator=2592000)), "availability.numerator",
    ),
    "more unknown than up": (lambda: _month(unknown_seconds=2592000), "unknown_seconds"),
    "an answer that is not": (lambda: _month(answer="met"), "answer"),
    "unproven with an answer": (lambda: _month(availability=None), "unproven"),
    "an outage of other length": (lambda: _outage(seconds=86399), "outages"),
    "an outage of last month": (
        lambda: _outage(span=span("05-31 22:00", "06-01 22:00")), "within the month",
    ),
    "an outage of a strange site": (lambda: _outage(host_names=("other.example",)), "among the sites"),
    "a letter of another month": (
        lambda: _with(l9(), notices=(l9().body.notices[0].model_copy(update={"sent_at": t("05-30 09:00")}),)),  # type: ignore[union-attr]
        "within the month",
    ),
    "an outage of other seconds": (lambda: _with(l10(), down_seconds=1079), "down_seconds"),
    "unavailable with every site up": (lambda: l4(sites=l5().sites), "every site is up"),
    "a correction of tomorrow": (lambda: _with(l11(), notice_sent_at=t("07-01 09:00")), "notice_sent_at"),
    "a correction that corrects nothing": (
        lambda: _with(l11(), lines=(l11().body.lines[0].model_copy(update={"correct": "The contact form is switched "  # type: ignore[union-attr]
                                                                          "off."}),)),
        "is what is correct",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_figures_that_disagree_are_not_printed(wrong: str) -> None:
    build, field = WRONG[wrong]
    with pytest.raises(FiguresDisagree) as refused:
        mail_of(build())
    assert field in str(refused.value)


def test_a_loss_and_an_account_go_out_under_a_name() -> None:
    for letter in (l7(), l8()):
        whole = _with(letter, approved_by=None).model_dump()
        with pytest.raises(ValidationError, match="approved_by"):
            ClientLetter.model_validate(whole)
        draft = whole | {"header": whole["header"] | {"status": "draft"}}
        assert "Approved by" not in text_of(ClientLetter.model_validate(draft))


def test_the_first_part_fits_its_page() -> None:
    wordy = tuple(
        "We compare both copies, table by table, and write down each difference we find. " * 4 for _ in "12345"
    )
    with pytest.raises(LetterTooLong, match="its first part more than one"):
        render_pdf(_with(l7(12), measures=wordy, consequences=wordy[:4], options=wordy[:4]))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("kind", AUDITED)
def test_a_mixed_finding_is_told_of_each_site_and_as_equal_to_a_copy_alone(kind: str, language: str) -> None:
    """One site equal, one older, one that lacks data: nobody is told that theirs is as it was."""
    letter = audited(kind, language)
    text = text_of(letter)
    equal = {"en": "Equal to that copy, or changed since: ", "de": "Gleich dieser Kopie oder seitdem geändert: "}
    assert f"{equal[language]}{letter.sites[0].host_name}. " in text
    for never in ("no data", "nothing was lost", "keine Daten", "nichts verloren"):
        assert never not in text
    if kind == "L6":
        said = {"en": "one is up to date, one shows the content of Fri 27 June 03:00 and one lacks data",
                "de": "eine zeigt den Stand von Fr., 27. Juni, 03:00 Uhr und einer fehlen Daten"}  # fmt: skip
        assert said[language] in text
    hosts_named = set(re.findall(r"[a-z.-]+\.example", text)) - {"brightwell.example"}
    assert hosts_named == {site.host_name for site in letter.sites}
