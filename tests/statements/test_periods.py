"""The period a contract measures over, from the record to the claim: cycle, quarter, year, rolling days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.demo import cast
from app.sla.settlement import settlement
from tests.build import API, Body, refused
from tests.statements.ministory import Story, observe

WHO = "Dana Reyes"
TIERS = {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}, {"below": "99", "percent": "30"}]}
NEXT = {"kind": "end_of_nth_period_after", "n": 1}
Downs = list[tuple[str, str]]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def terms(period: Body, claim: Body = NEXT, **more: Any) -> Body:
    return {"timezone": cast.ZONE, "currency": "EUR", "target_percent": "99.9", "period": period, "credit": TIERS,
            "claim": claim} | more  # fmt: skip


def leased(story: Story, sla: Body, downs: Downs, first: str, last: str, minutes: int = 60) -> str:
    """A service under these terms, watched from the first day to the last, down in these stretches."""
    story.clock.now = utc(last)
    service = story.post("/services", cast.SERVICE | {"provider_id": story.ids["provider"], "name": "HOST-7"})["id"]
    agreement = story.post("/agreements", {"service_id": service, "title": "Hosting order of 2024"})["id"]
    story.post(f"/agreements/{agreement}/terms", {"effective_from": "2024-01-01", "terms": sla, "source": "order"})
    monitor = {"name": "HOST-7 from Berlin", "service_id": service, "interval_seconds": minutes * 60,
               "confirm_after": 1, "source": "own probe, Berlin"}  # fmt: skip
    story.post("/monitors", monitor)
    spans = [(utc(start), utc(end)) for start, end in downs]
    observe(story, monitor["name"], utc(first), utc(last), spans, minutes)
    return str(service)


def worked(sla: Body, month: str, downs: Downs) -> dict[str, Any]:
    facts = {"kind": "availability", "terms": sla, "month": month, "timezone": cast.ZONE, "currency": "EUR"}
    down = [{"start": start, "end": end} for start, end in downs]
    return settlement({**facts, "monthly_fee": cast.SERVICE["monthly_fee"], "downtime": down, "maintenance": []})


def to_claim(story: Story, service: str, label: str) -> list[Body]:
    due = story.get("/due", kind="claim")
    return [item for item in due if (item["service_id"], item["period"]) == (service, label)]


ANCHOR_31 = {"kind": "billing_cycle", "anchor_day": 31}
QUARTER, YEAR = {"kind": "calendar_quarter"}, {"kind": "calendar_year"}
ROLLING = {"kind": "rolling_days", "days": 30}
# clause, the month that names it, what is down, watched from and to, the number on papers, their words, its days
CASES: dict[str, tuple[Body, str, Downs, str, str, str, str, int]] = {
    "cycle": (
        ANCHOR_31, "2025-01",
        [("2025-02-10T15:00Z", "2025-02-10T17:00Z"), ("2025-02-28T05:00Z", "2025-02-28T06:00Z")],
        "2025-01-20T00:00Z", "2025-03-04T00:00Z", "2025-01-cycle-31", "31 January to 27 February 2025", 28,
    ),
    "quarter": (
        QUARTER, "2025-04",
        [("2025-05-20T00:00Z", "2025-05-20T12:00Z"), ("2025-06-30T21:00Z", "2025-07-01T03:00Z")],
        "2025-03-25T00:00Z", "2025-07-05T00:00Z", "2025-Q2", "2nd quarter 2025", 91,
    ),
    "year": (
        YEAR, "2025-06",
        [("2025-03-01T00:00Z", "2025-03-05T00:00Z"), ("2025-10-26T00:00Z", "2025-10-26T12:00Z")],
        "2024-12-28T00:00Z", "2026-01-04T00:00Z", "2025-year", "2025", 365,
    ),
    "rolling": (
        ROLLING, "2025-07",
        [("2025-07-01T00:00Z", "2025-07-02T02:00Z"), ("2025-07-31T20:00Z", "2025-08-01T01:00Z")],
        "2025-06-25T00:00Z", "2025-08-04T00:00Z", "2025-07-31-days-30", "30 days to 31 July 2025", 30,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_from_the_record_to_the_claim(cast_only: Story, name: str) -> None:
    """Every figure is what the worked example comes to: bounds, counted time, availability, credit, last day."""
    story = cast_only
    period, month, downs, first, last, number, words, length = CASES[name]
    sla = terms(period)
    expected = worked(sla, month, downs)
    service = leased(story, sla, downs, first, last)
    row = story.post("/statements", {"service_id": service, "month": month})
    figures = story.get(f"/statements/{row['id']}")["figures"]
    assert (figures["period"]["kind"], figures["period"]["start"], figures["period"]["end"]) == (
        period["kind"], expected["period_start_utc"], expected["period_end_utc"]
    )  # fmt: skip
    assert figures["period"]["anchor"] == period.get("anchor_day", period.get("days"))
    sla_method = figures["readings"][2]
    assert sla_method["down"] == int(expected["downtime_minutes_counted"]) * 60
    assert sla_method["availability"]["percent"] == expected["uptime_percent"]
    assert (figures["breach"], figures["due"]) == (True, expected["credit_amount"])
    assert (figures["credit"]["amount"], figures["credit"]["base"]) == (expected["credit_amount"], "400.00")
    deadline = figures["deadline"]
    assert (deadline["latest"], deadline["too_late_from"]) == (
        expected["claim_deadline"], expected["claim_too_late_from_utc"]
    )  # fmt: skip

    report = story.get(f"/statements/{row['id']}/report.json", kind="monthly")
    assert report["header"]["number"] == f"{number}_HOST-7_report"
    assert (report["period"]["label"], report["period"]["kind"], len(report["days"])) == (words, period["kind"], length)
    page = story.client.get(f"{API}/statements/{row['id']}/report.html", params={"kind": "monthly"}).text
    said = {"billing_cycle": f"the billing cycle {words}", "calendar_year": words}.get(period["kind"], f"the {words}")
    plain = page.replace("\u00a0", " ")
    assert f"of {said}" in plain
    assert ">Provider report<" in plain
    assert "Monthly" not in plain
    assert ("Each day of" in plain) == (length < 40)
    assert ("are too many for a calendar" in plain) == (length > 40)
    (due,) = to_claim(story, service, figures["label"])
    assert (due["period"], due["amount"], due["final"]) == (figures["label"], expected["credit_amount"], True)
    assert (due["last_day"], due["due_at"]) == (expected["claim_deadline"], expected["claim_too_late_from_utc"])

    claim = story.post("/claims", {"service_id": service, "month": month, "by": WHO})
    assert (claim["period"], claim["period_kind"], claim["amount"]) == (
        figures["label"], period["kind"], expected["credit_amount"]
    )  # fmt: skip
    assert (claim["latest"], claim["too_late_from"]) == (due["last_day"], due["due_at"])
    story.post(f"/claims/{claim['id']}/approve", {"by": WHO}, 200)
    story.post(f"/claims/{claim['id']}/file", {"by": WHO, "channel": "portal"}, 200)
    assert to_claim(story, service, figures["label"]) == []
    refused(story.client, "/claims", {"service_id": service, "month": month, "by": WHO}, 409, "remaining")


def test_a_month_may_be_asked_for_all_the_same(cast_only: Story) -> None:
    """A contract over quarters: May by itself, under another number; the claim's sum stays the quarter's."""
    story = cast_only
    downs = CASES["quarter"][2][:1]
    service = leased(story, terms(QUARTER), downs, "2025-03-30T00:00Z", "2025-07-02T00:00Z")
    row = story.post("/statements", {"service_id": service, "month": "2025-05", "period": "calendar_month"})
    assert row["period"] == "calendar_month"
    figures = story.get(f"/statements/{row['id']}")["figures"]
    assert (figures["label"], figures["period"]["kind"]) == ("2025-05", "calendar_month")
    assert figures["readings"][2]["down"] == 12 * 3600
    (own,) = figures["guarantees"]
    assert (own["label"], own["period"]["kind"]) == ("2025-Q2", "calendar_quarter")
    report = story.get(f"/statements/{row['id']}/report.json", kind="monthly")
    assert (report["header"]["number"], report["period"]["label"]) == ("2025-05_HOST-7_report", "May 2025")
    assert "kind" not in report["period"]
    quarter = story.post("/statements", {"service_id": service, "month": "2025-05"})
    papers = [
        story.post(f"/statements/{one['id']}/issue", {"kind": "breach", "approved_by": WHO}) for one in (row, quarter)
    ]
    assert [(one["number"], one["version"]) for one in papers] == [
        ("2025-05_HOST-7_claim", 1), ("2025-Q2_HOST-7_claim", 1)
    ]  # fmt: skip
    claim = story.post("/claims", {"paper_id": papers[1]["id"], "by": WHO})
    assert (claim["period"], claim["period_kind"], claim["latest"]) == ("2025-Q2", "calendar_quarter", "2025-09-30")


def test_a_window_that_closes_before_the_quarter_ends_is_due_in_it(cast_only: Story) -> None:
    """30 days after an outage of 5 April: the quarter still runs, the last day is 6 May."""
    story = cast_only
    sla = terms(QUARTER, {"kind": "days_after_incident", "n": 30})
    downs = [("2025-04-05T22:30Z", "2025-04-06T10:30Z")]
    service = leased(story, sla, downs, "2025-03-30T00:00Z", "2025-04-20T00:00Z", 30)
    (due,) = to_claim(story, service, "2025-Q2")
    assert (due["last_day"], due["final"], due["level"]) == ("2025-05-06", False, "coming")
    story.clock.now = utc("2025-05-08T00:00Z")
    assert to_claim(story, service, "2025-Q2")[0]["level"] == "missed"
    story.clock.now = utc("2025-06-28T00:00Z")
    assert to_claim(story, service, "2025-Q2") == []


def test_months_that_give_a_right_to_leave_are_months_in_a_quarter_too(cast_only: Story) -> None:
    """Two months in a row below 99.5 %: April and May are, though one quarter holds them both."""
    story = cast_only
    right = {"kind": "months_below", "below_percent": "99.5", "count": 2, "consecutive": True, "notice_within_days": 60}
    downs = [("2025-04-10T00:00Z", "2025-04-10T12:00Z"), ("2025-05-10T00:00Z", "2025-05-10T12:00Z")]
    service = leased(story, terms(QUARTER, termination=right), downs, "2025-03-25T00:00Z", "2025-07-02T00:00Z")
    row = story.post("/statements", {"service_id": service, "month": "2025-05"})
    (found,) = story.get(f"/statements/{row['id']}")["figures"]["rights"]
    assert found["accrued"] == "with 2025-05"
    bars = story.get(f"/statements/{row['id']}/report.json", kind="monthly")["months"]
    assert [(bar["month"], bar["down_seconds"]) for bar in bars[-4:]] == [
        ("2025-03-01", 0), ("2025-04-01", 43200), ("2025-05-01", 43200), ("2025-06-01", 0)
    ]  # fmt: skip


def test_terms_that_come_to_measure_otherwise(cast_only: Story) -> None:
    """Months until 14 June, quarters from 15 June: June names the quarter, judged in parts; May stays May."""
    story = cast_only
    downs = [("2025-05-20T00:00Z", "2025-05-20T12:00Z"), ("2025-06-20T00:00Z", "2025-06-20T12:00Z")]
    service = leased(story, terms({"kind": "calendar_month"}), downs, "2025-03-25T00:00Z", "2025-07-02T00:00Z")
    agreement = story.get("/agreements", service_id=service)["items"][0]["id"]
    old = story.get(f"/agreements/{agreement}/terms")["items"][0]["id"]
    story.post(f"/agreements/{agreement}/terms/{old}/end", {"effective_to": "2025-06-15"}, 200)
    changed = {"effective_from": "2025-06-15", "terms": terms(QUARTER, target_percent="99.8"), "source": "amendment"}
    story.post(f"/agreements/{agreement}/terms", changed)
    rows = [story.post("/statements", {"service_id": service, "month": month}) for month in ("2025-05", "2025-06")]
    may, june = (story.get(f"/statements/{row['id']}")["figures"] for row in rows)
    assert [one["label"] for one in (may, june)] == ["2025-05", "2025-Q2"]
    assert [part["span"]["start"] for part in june["parts"]] == ["2025-03-31T22:00:00Z", "2025-06-14T22:00:00Z"]
    story.post("/claims", {"service_id": service, "month": "2025-05", "by": WHO})
    refused(story.client, "/claims", {"service_id": service, "month": "2025-06", "by": WHO}, 409, "remaining")
    rest = story.post("/claims", {"service_id": service, "month": "2025-06", "by": WHO, "remaining": True})
    assert [span["start"] for span in rest["spans"]] == ["2025-06-20T00:00:00Z"]
