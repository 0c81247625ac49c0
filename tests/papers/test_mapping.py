"""From a judged case to its documents, without a database: every figure is the law's, and nothing is said unproven."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import KeptError
from app.papers.breach import breach_report
from app.papers.context import Context, Exhibit, LettersSent, Wishes
from app.papers.monthly import monthly_report
from app.sla.case import Case
from app.sla.clauses import NoCredit
from app.sla.judge import judge
from app.sla.statement import PromiseStatus, Statement
from reports import documents as doc
from reports import press, reconcile
from tests.reports.story_papers import Paper
from tests.sla.story_case import at, story
from tests.timeline import MINUTE, monitor

MOMENTS = [at(8, "12:00"), at(15, "12:00"), at(29, "00:30"), at(30, "06:00"), at(1, "09:00", 7)]


def context(**changes: object) -> Context:
    usual = Context(
        agency=doc.Agency(name="Brightwell Web Studio", address=("Hafenweg 4", "10997 Berlin"), contact="Dana Reyes",
                          phone="+49 30 23125 142", email="dana@brightwell.example"),
        provider=doc.Provider(name="Northgate Hosting", account="NG-20417", contact="Jonas Pohl"),
        service=doc.Service(name="HOST-1", plan="leased server",
                            monthly_fee=doc.Money(amount="400.00", currency="EUR")),
        zone="Europe/Berlin", paper="A4", language="en-GB", number="2025-06_HOST-1_report", version=1, replaces=None,
        issued=False, evidence_head="ab" * 32, evidence_entries=7, letters=LettersSent(3, 2, 1, 500),
        exhibits=(Exhibit("monitor:m1", "Observations", "our measurement", at(1, "00:00").astimezone(UTC), None),),
    )  # fmt: skip
    return replace(usual, **changes)  # type: ignore[arg-type]


def in_utc(value: Any) -> Any:
    """The same value with every instant in UTC, as cases are gathered from a record."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, tuple):
        return tuple(in_utc(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: in_utc(getattr(value, item.name)) for item in fields(value)})
    return value


def june(moment: datetime) -> Case:
    return cast(Case, in_utc(story(moment)))


def both(moment: datetime) -> tuple[Case, Statement]:
    case = june(moment)
    return case, judge(case)


def secs(value: timedelta) -> int:
    assert value.microseconds == 0
    return int(value.total_seconds())


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_figure_of_the_monthly_report_is_the_laws(moment: datetime) -> None:
    case, statement = both(moment)
    paper = monthly_report(case, statement, context())
    reconcile.check(paper)
    assert [reading.name for reading in paper.readings] == ["raw", "announced_removed", "sla_method"]
    for shown, reading in zip(paper.readings, statement.readings, strict=True):
        assert shown.month.down_seconds == secs(reading.down)
        share = shown.month.availability
        assert share is not None
        assert Fraction(share.numerator, share.denominator) == reading.projected_availability
        assert (shown.so_far is not None) == statement.so_far
        if shown.so_far is not None and shown.so_far.availability is not None:
            exact = Fraction(shown.so_far.availability.numerator, shown.so_far.availability.denominator)
            assert exact == reading.availability
    for window, verdict in zip(paper.windows, statement.windows, strict=True):
        assert window.outcome == verdict.outcome.value
        assert window.notice_seconds == secs(verdict.notice)
        assert window.flags == tuple(flag.value for flag in verdict.flags)
        if window.down_ratio is not None:
            ratio = Fraction(window.down_ratio.numerator, window.down_ratio.denominator)
            assert ratio == (verdict.downtime_ratio or 0)
    assert sum(day.down_seconds for day in paper.days) == secs(statement.totals.down)
    assert paper.header.so_far == statement.so_far
    assert paper.coverage.known_seconds + secs(statement.totals.unknown) == paper.coverage.elapsed_seconds
    counts = paper.site_counts
    assert counts.current + counts.not_current + counts.down + counts.unknown == len(paper.sites) == 120


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_promise_list_is_complete_in_order_and_with_the_same_verdicts(moment: datetime) -> None:
    case, statement = both(moment)
    paper = monthly_report(case, statement, context())
    assert [item.verdict for item in paper.promises] == [item.status.value for item in statement.promises]
    assert [item.ref for item in paper.promises] == [f"P{n}" for n in range(1, len(statement.promises) + 1)]
    assert paper.sign_off == tuple(item.ref for item in paper.promises if item.verdict == "broken")
    for shown, promise in zip(paper.promises, statement.promises, strict=True):
        if isinstance(promise.figure, timedelta) and shown.figure.unit == "seconds":
            assert shown.figure.seconds == max(0, promise.figure // timedelta(seconds=1))
            assert shown.figure.open == promise.open
        assert shown.promise


def test_the_claim_agrees_with_the_report_in_every_shared_part() -> None:
    case, statement = both(at(1, "09:00", 7))
    monthly, claim = monthly_report(case, statement, context()), breach_report(case, statement, context())
    for name in ("readings", "windows", "window_totals", "outages", "sites", "site_counts", "calculation", "clauses"):
        assert getattr(claim, name) == getattr(monthly, name), name
    assert claim.claim.basis == "credit"
    assert claim.amount is not None
    assert (claim.amount.amount.amount, claim.amount.amount.currency) == ("120.00", "EUR")
    assert claim.effect.letters == 500
    assert (claim.effect.announcements, claim.effect.corrections, claim.effect.updates) == (3, 2, 1)
    broken = [item for item in statement.promises if item.status is PromiseStatus.BROKEN]
    assert broken
    for paper in (monthly, claim):
        reconcile.check(paper)


def test_a_contract_that_pays_nothing_asks_for_goodwill_and_names_no_amount() -> None:
    case = june(at(1, "09:00", 7))
    terms = replace(case.terms[0], terms=case.terms[0].terms.model_copy(update={"credit": NoCredit()}))
    bare = replace(case, terms=(terms,))
    statement = judge(bare)
    assert statement.breach
    claim = breach_report(bare, statement, context())
    assert (claim.claim.basis, claim.amount) == ("goodwill", None)
    html = press.render_html(claim)
    assert "Service failure report and request for goodwill" in html
    assert "EUR 120.00" not in html
    assert "SLA Credit Request" not in html


def test_an_open_month_promises_no_final_credit_and_asks_for_none() -> None:
    case, statement = both(at(30, "06:00"))
    paper = monthly_report(case, statement, context())
    assert statement.credit is not None
    assert statement.credit.final is False
    assert not any("service credit" in request.text for request in paper.requests)
    worth = [item.worth for item in paper.promises if item.subject == "availability"]
    assert worth == ["EUR 120.00 so far"]
    closed = monthly_report(*both(at(1, "09:00", 7)), context())
    assert any("EUR 120.00" in request.text for request in closed.requests)


@given(st.lists(st.sampled_from("...?#"), min_size=30, max_size=60))
@settings(max_examples=25, deadline=None)
def test_what_was_not_watched_is_never_called_met(signs: list[str]) -> None:
    """A month of which an hour was drawn and the rest not observed: unproven, or breached if what was seen suffices."""
    case = june(at(1, "09:00", 7))
    drawn = in_utc(monitor("".join(signs), at(10, "12:00"), interval=MINUTE))
    blind = replace(case, monitors=(drawn,), windows=(), works=(), events=(), tickets=(), lines=())
    statement = judge(blind)
    assert statement.verdict.value in ("unproven", "breached")
    if drawn.runs:
        paper = monthly_report(blind, statement, context())
        assert {reading.month.answer for reading in paper.readings} <= {"unproven", "breached"}
        assert paper.coverage.known_seconds < paper.coverage.elapsed_seconds
        assert sum(gap.seconds for gap in paper.coverage.gaps) == secs(statement.totals.unknown)
        availability = [item for item in paper.promises if item.subject == "availability"]
        assert [item.verdict for item in availability] in (["unproven"], ["broken"])


def test_a_gap_that_could_turn_the_verdict_leaves_it_unproven() -> None:
    case = june(at(1, "09:00", 7))
    signs = "." * 600 + "#" * 40 + "." * 600 + "?" * 20 + "." * 600
    down = in_utc(monitor(signs, at(10, "00:00"), interval=MINUTE))
    few = replace(case, monitors=(down,), windows=(), works=(), events=(), tickets=(), lines=())
    paper = monthly_report(few, judge(few), context())
    assert {reading.month.answer for reading in paper.readings} == {"unproven"}


def test_papers_for_the_provider_name_no_client() -> None:
    """Sites are named by host; who they belong to is nobody's business there."""
    case, statement = both(at(1, "09:00", 7))
    exhibit = Exhibit("note:1", "Our note", "our note", at(29, "10:00").astimezone(UTC), None)
    for paper in (
        monthly_report(case, statement, context(exhibits=(exhibit,))),
        breach_report(case, statement, context()),
    ):
        assert "client_id" not in paper.model_dump_json()


def test_a_wish_of_the_agency_stands_where_it_belongs() -> None:
    case, statement = both(at(1, "09:00", 7))
    wishes = Wishes(remark="Thank you for the call.", opening="We request the credit.", claim_number="0007",
                    good_standing="yes", staff_time=timedelta(hours=9), previously_claimed=True)  # fmt: skip
    claim = breach_report(case, statement, context(wishes=wishes))
    assert (claim.claim.number, claim.claim.good_standing, claim.claim.previously_claimed) == ("0007", "yes", True)
    assert claim.effect.staff_seconds == 9 * 3600
    assert claim.opening == "We request the credit."
    assert monthly_report(case, statement, context(wishes=wishes)).remark == "Thank you for the call."


def test_what_cannot_be_written_is_refused_with_its_field() -> None:
    case, statement = both(at(1, "09:00", 7))
    without = replace(case, terms=())
    with pytest.raises(KeptError) as refused:
        monthly_report(without, judge(without), context())
    assert refused.value.field == "terms"
    good = replace(case, monitors=(), windows=(), works=(), events=(), tickets=(), lines=())
    with pytest.raises(KeptError) as refused:
        breach_report(good, judge(good), context())
    assert refused.value.field == "statement"
    assert statement.breach


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_breach_month_without_windows_fills_its_first_page(paper: str) -> None:
    bare = replace(june(at(1, "09:00", 7)), windows=(), works=())
    document = monthly_report(bare, judge(bare), context(paper=paper))
    pages = Paper(document, press.render_pdf(document)).pages
    for said in ("Each day of June 2025", "Three readings", "What we saw, and what we did not"):
        assert said in pages[0], said
    assert pages[1].count("Promises and requests") == 1


def test_a_contract_without_an_availability_reports_its_other_promises() -> None:
    case = june(at(1, "09:00", 7))
    without = case.terms[0].terms.model_copy(update={"target_percent": None, "credit": NoCredit()})
    bare = replace(case, terms=(replace(case.terms[0], terms=without),))
    statement = judge(bare)
    monthly, claim = monthly_report(bare, statement, context()), breach_report(bare, statement, context())
    for paper in (monthly, claim):
        reconcile.check(paper)
        assert paper.target is None
        assert {reading.month.answer for reading in paper.readings} == {"not_promised"}
        html = press.render_html(paper)
        assert "None" not in re.sub(r"<style>.*?</style>", "", html, flags=re.S)
        assert "96.6667 %" in html  # raw: there is no method of the contract to count by
    assert not any(item.subject == "availability" for item in monthly.promises)
    assert any(item.verdict == "broken" for item in monthly.promises)
    assert (claim.claim.basis, claim.amount, claim.counter) == ("goodwill", None, None)


def test_a_doubtful_clause_makes_the_claim_a_draft_that_cannot_be_issued() -> None:
    case, statement = both(at(1, "09:00", 7))
    doubtful = replace(statement, needs_review=("credit.tiers",))
    draft = breach_report(case, doubtful, context())
    assert draft.draft_reasons == ("The clause credit.tiers is doubtful and nobody has put a name to it.",)
    assert "Draft, not to be sent." in press.render_html(draft)
    with pytest.raises(KeptError) as refused:
        breach_report(case, doubtful, context(issued=True))
    assert refused.value.field == "terms.credit.tiers"


def test_every_window_deviation_and_figure_has_a_line_to_sign() -> None:
    case, statement = both(at(1, "09:00", 7))
    claim = breach_report(case, statement, context())
    about = [line.about for line in claim.sign_off]
    assert about.count("window") == len(statement.windows) == 3
    assert [line.ref for line in claim.sign_off if line.about == "deviation"] == [d.number for d in claim.deviations]
    assert any(line.figure == doc.InSeconds(seconds=79200) for line in claim.sign_off)
    assert len({line.ref for line in claim.sign_off}) == len(claim.sign_off)
