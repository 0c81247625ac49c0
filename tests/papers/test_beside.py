"""Several guarantees, measured figures, rights, sites left out, and the sheet, each from a case that the law judged."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.papers.appendix.evidence import Enclosed, evidence_appendix
from app.papers.breach import breach_report
from app.papers.monthly import monthly_report
from app.sla.case import Case, Gauge
from app.sla.judge import judge
from app.sla.periods import months_before
from app.sla.spans import Span
from reports import documents as doc
from reports import press, reconcile
from tests.papers.test_mapping import context, in_utc
from tests.sla.cases import JUNE, a_case, a_monitor, a_span, june, some_terms
from tests.sla.test_guarantees import FLAT, NETWORK, two
from tests.sla.test_rights import THREE, a_year, local
from tests.sla.test_together import sites

HOUR = [a_span(june(3), 60)]
SPEED = {"name": "speed", "metric": "latency_ms", "statistic": "mean", "limit": "80"}
JUNE_ITSELF = {"kind": "calendar_month"}
LOSS = {"name": "loss", "metric": "packet_loss_percent", "limit": "0.5"}


def text(paper: Any) -> str:
    page = re.sub(r"<style>.*?</style>", "", press.render_html(paper), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()).replace("\u00a0", " ")


def printed(case: Case) -> tuple[doc.MonthlyProviderReport, doc.BreachReport, doc.EvidenceAppendix]:
    """All three papers, each agreeing with itself."""
    case = in_utc(replace(case, periods_before=months_before(case.period, 11)))
    statement = judge(case)
    usual = context(zone=case.period.zone)
    appendix, _ = evidence_appendix(case, statement, usual, Enclosed())
    papers = (monthly_report(case, statement, usual), breach_report(case, statement, usual), appendix)
    for paper in papers:
        reconcile.check(paper)
    return papers


def steps(paper: doc.EvidenceAppendix) -> dict[str, str]:
    return {step.what: step.result.text for step in paper.calculation if step.result.unit == "words"}


@pytest.mark.parametrize(
    ("terms", "asked", "added"),
    [({}, "80.00", [True, True]), ({"stacking": "highest"}, "60.00", [False, True]),
     ({"total_cap_percent": "12"}, "48.00", [True, True]),
     ({"stacking": "by agreement"}, "60.00", [True, True])],
)  # fmt: skip
def test_several_guarantees(terms: dict[str, Any], asked: str, added: list[bool]) -> None:
    """60 min of pages at 10 % of 400, and the network's at 5 % for each 30 min: 60 of them, or 90 where it matters."""
    minutes = 90 if terms.get("stacking") else 60
    monthly, claim, appendix = printed(two(HOUR, [a_span(june(3), minutes)], **terms))
    for paper in (monthly, claim):
        assert [(one.name, one.verdict, one.paid) for one in paper.guarantees] == [
            ("Availability", "breached", added[0]), ("Network", "breached", added[1]),
        ]  # fmt: skip
        assert paper.due is not None
        assert paper.due.asked.amount == asked
        assert any(f"EUR {asked} on the next invoice" in request.text for request in paper.requests)
        shown = text(paper)
        for said in ("Each guarantee, and what is due together", "Network", "100 %", f"EUR {asked}"):
            assert said in shown, said
        assert ("not added" in shown) == (False in added)
        assert "guarantees.0" not in shown, "a field of ours is no clause"
    assert f"of all credits together we claim EUR {asked}" in text(monthly)
    assert claim.amount is not None
    assert claim.amount.amount.amount == asked
    assert monthly.last_claim_day == claim.claim.last_claim_day
    assert str(monthly.last_claim_day) == "2025-06-06"  # the network's, three days after it; not 30 July
    told = {promise.promise: (promise.subject, promise.worth) for promise in monthly.promises}
    assert told["Availability in June 2025"] == ("availability", "EUR 40.00")
    assert told["network: available 100 % of 2025-06"] == ("guarantee", f"EUR {minutes // 30 * 20}.00")
    assert any(item.text.startswith("network: available 100 %") for item in claim.deviations)
    sheet = steps(appendix)
    assert sheet["Together: Availability"] == "40.00 EUR"
    assert sheet["Network: Amount"] == f"{minutes // 30 * 20}.00 EUR"
    assert sheet.get("Due") == (None if terms.get("stacking") == "by agreement" else f"{asked} EUR")


def test_one_guarantee_needs_no_table() -> None:
    monthly, claim, appendix = printed(a_case(*HOUR))
    assert (monthly.guarantees, monthly.due, claim.guarantees, claim.due) == ((), None, (), None)
    assert "what is due together" not in text(claim)
    assert steps(appendix)["Due"] == "40.00 EUR"


def test_measured_promises_print_their_own_unit() -> None:
    """95.417 ms on the mean of 24 answers; 1 of 150 lost is 0.6667 %."""
    gauges = (Gauge("speed", JUNE.span, 24, 0, 24, 2290), Gauge("loss", JUNE.span, 150, 1))
    facts = a_case(*HOUR, terms=some_terms(metrics=[SPEED, LOSS]), gauges=gauges)
    monthly, claim, _ = printed(facts)
    found = {one.promise.split(":")[0]: one for one in monthly.promises if one.subject == "metric"}
    assert found["speed"].figure == doc.InMilliseconds(milliseconds="95.417")
    assert found["speed"].target == doc.InMilliseconds(milliseconds="80")
    assert found["loss"].target == doc.InPercent(percent="0.5")
    assert [found[name].verdict for name in ("speed", "loss")] == ["broken", "broken"]
    shown = text(monthly)
    for said in ("≤ 80 ms", "95.417 ms", "≤ 0.5 %", "0.6667 %"):
        assert said in shown, said
    assert [item.about for item in claim.deviations].count("measured") == 2


def test_rights_to_leave_are_noted_with_their_last_day() -> None:
    said_at = ((local(7, 3), "to be used by 30 July 2025. Reserved"), (local(8, 2), "lapsed on 30 July 2025."))
    for as_at, said in said_at:
        for paper in printed(a_year({4: 240, 5: 240, 6: 240}, THREE, as_at))[:2]:
            shown = text(paper)
            assert "Right to leave" in shown
            assert "3 months in a row below 99.5 %" in shown
            assert said in shown
    assert "Right to leave" not in text(printed(a_case(*HOUR))[0])


def test_a_site_that_was_down_alone_is_listed_and_marked() -> None:
    facts = a_case(*HOUR, sites=sites("..####..", ".......", "........"))
    monthly, claim, appendix = printed(facts)
    for paper in (monthly, claim, appendix):
        assert [(one.host_name, one.in_period_seconds) for one in paper.left_out] == [("a.example", 240)]
        assert paper.left_out[0].why in text(paper)
    assert text(appendix).count("left out: E2") == 1
    assert monthly.readings[0].month.down_seconds == 3600


def test_many_witnesses_are_counted_on_the_page_and_named_in_the_file() -> None:
    facts = a_case(sites=sites(*["." * 3 + "#" * 50 + "." * 3] * 20))
    _, _, appendix = printed(facts)
    (outage,) = appendix.outages
    assert len(outage.witnesses) == 20
    assert outage.witnesses[0].name == "site a, a.example"
    assert outage.outage.locations == "20 sites together"
    shown = text(appendix)
    assert "20 witnesses: site a, a.example (Tue 10 Jun 10:03" in shown
    assert "and 8 more, in statement.json" in shown
    assert appendix.model_dump_json().count("site t, t.example") == 1


def test_the_sheet_adds_up_from_the_raw_downtime() -> None:
    """10 and 10 min with 3 between them, joined; whole buckets of 5 min count."""
    rules = {"merge_gap_seconds": 300, "quantum": {"kind": "buckets", "minutes": 5, "rule": "whole"}}
    facts = a_case(a_span(june(3), 30), a_span(june(3, 0, 33), 33), terms=some_terms(counting=rules))
    statement = judge(facts)
    _, _, appendix = printed(facts)
    sheet = steps(appendix)
    assert {line.label: line.value for line in statement.calculation}.items() <= sheet.items()
    assert sheet["Merge gap"] == "180 s"
    assert sheet["Quantum"].startswith("-")

    def whole(label: str) -> int:
        return int(sheet.get(label, "0 s").removesuffix(" s"))

    assert whole("Counted downtime") + whole("Merge gap") + whole("Quantum") == whole("SLA method")
    assert whole("SLA method") == appendix.readings[2].month.down_seconds


def test_the_sheet_names_the_parts() -> None:
    first = a_case(a_span(june(3), 60), a_span(june(20), 600)).terms[0]
    day = datetime(2025, 6, 16, tzinfo=UTC).date()
    later = replace(first, id="t2", effective_from=day, terms=some_terms(target_percent="99.5"))
    facts = a_case(a_span(june(3), 60), a_span(june(20), 600), terms=None)
    facts = replace(facts, terms=(replace(first, effective_to=day), later))
    monthly, _, appendix = printed(facts)
    assert [(one.promise, one.worth) for one in monthly.promises] == [
        ("Available 99.9 % of 2025-06, part 1", "EUR 20.00"), ("Available 99.5 % of 2025-06, part 2", "EUR 60.00"),
    ]  # fmt: skip
    assert monthly.months[-1].allowed_seconds == (15 * 86400) // 1000 + (15 * 86400) // 200
    sheet = steps(appendix)
    assert {"Part 1", "Part 2", "Part 1: Credit", "Part 2: Credit"} <= sheet.keys()


def test_the_lower_sum_is_the_one_the_sheet_ends_with() -> None:
    _, claim, appendix = printed(two([a_span(june(3), 44)], [a_span(june(3), 30)]))
    assert claim.amount is not None
    assert (claim.amount.amount.amount, claim.amount.as_held) == ("20.00", doc.Money(amount="60.00", currency="EUR"))
    assert appendix.calculation[-1].what == "Claimed"
    assert steps(appendix)["Claimed"] == "20.00 EUR"


def test_a_month_s_own_credit_is_not_shown_where_another_period_is_paid() -> None:
    """The billing cycle that ends in June is kept; what June alone would pay is nobody's."""
    period = replace(JUNE, span=Span(june(1) - 40 * JUNE.span.length / 30, june(30)))
    cycle = {"kind": "billing_cycle", "anchor_day": 6}
    terms = some_terms(**FLAT, period=cycle, guarantees=[{**NETWORK, "monitors": [], "period": JUNE_ITSELF}])
    monitor = a_monitor(a_span(june(10), 60), period=period)
    facts = in_utc(a_case(monitors=(monitor,), terms=terms, periods_before=months_before(JUNE, 11)))
    statement = judge(facts)
    monthly = monthly_report(facts, statement, context(zone="UTC"))
    assert statement.credit is not None
    assert monthly.credit is None
    assert [one.period for one in monthly.guarantees] == ["6 May to 5 June 2025", None]
