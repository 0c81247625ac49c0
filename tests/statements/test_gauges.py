"""Metric promises and doubtful clauses, from the record to the statement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.cases.gather import gather
from app.db import reader
from app.demo import cast
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.statement import PromiseStatus
from tests.build import API
from tests.statements.ministory import Story

JULY = datetime(2025, 7, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAY_END = datetime(2025, 5, 31, 22, tzinfo=UTC)  # Sun 1 June 00:00 in Berlin


def hosted(story: Story, **clauses: Any) -> tuple[str, str]:
    """A service of its own with two monitors that answer hourly through June: 720 times each."""
    service = story.post("/services", cast.SERVICE | {"provider_id": story.ids["provider"], "name": "FAST-1"})["id"]
    agreement = story.post("/agreements", {"service_id": service, "title": cast.CONTRACT})["id"]
    body = {"effective_from": "2024-01-01", "terms": cast.TERMS | clauses}
    version = story.post(f"/agreements/{agreement}/terms", body)["id"]
    lines = ["at,monitor,state,latency_ms,error\n"]
    for name in ("fast ping", "fast http"):
        monitor = {"name": name, "service_id": service, "interval_seconds": 3600, "source": "own probe"}
        story.post("/monitors", monitor)
        for hour in range(720):
            at = (MAY_END + hour * HOUR).isoformat()
            slow = name == "fast http" and hour < 36  # the first 36 of 720 answers: exactly one in twenty
            failed = name == "fast ping" and hour in (100, 101, 102)
            lines.append(f"{at},{name},{'down,,timeout' if failed else f'up,{900 if slow else 20 + hour % 3},'}\n")
    content = "".join(lines).encode()
    story.client.post(f"{API}/observations", content=content, headers={"content-type": "text/csv"}).raise_for_status()
    return service, version


def case_of(story: Story, service: str, moment: datetime = JULY) -> Case:
    with Session(reader(story.engine)) as session:
        return gather(session, UUID(service), "2025-06", moment)


def test_figures_are_counted_by_the_database(cast_only: Story) -> None:
    metrics = [
        {"name": "p95", "metric": "latency_ms", "statistic": "p95", "limit": "50", "monitors": ["fast http"]},
        {"name": "p96", "metric": "latency_ms", "statistic": "p96", "limit": "50", "monitors": ["fast http"]},
        {"name": "mean", "metric": "latency_ms", "limit": "43", "over": "day"},
        {"name": "loss", "metric": "packet_loss_percent", "limit": "0.2", "over": "period"},
    ]
    service, _ = hosted(cast_only, metrics=metrics)
    case = case_of(cast_only, service)
    by_name = {one.name: one for one in case.gauges if one.name != "mean"}
    # http: 36 answers of 900 ms, 684 of 20, 21 or 22: the 684th of 720 (95 %) is 22, the 692nd (96 %) is 900
    assert (by_name["p95"].answered, by_name["p95"].over, by_name["p95"].ranked_ms) == (720, 36, 22)
    assert by_name["p96"].ranked_ms == 900
    assert (by_name["loss"].asked, by_name["loss"].failed) == (1440, 3)  # 0.2083 %
    days = [one for one in case.gauges if one.name == "mean"]
    assert len(days) == 30
    # of 1 June: ping 24 answers of 20 to 22, 504 ms in all; http 24 of 900
    assert (days[0].answered, days[0].total_ms, days[0].largest_ms) == (48, 504 + 24 * 900, 900)
    assert sum(one.failed for one in days) == 3
    found = {p.subject: p.status for p in judge(case).promises if p.kind == "metric"}
    assert found == {
        "p95": PromiseStatus.KEPT, "p96": PromiseStatus.BROKEN, "mean": PromiseStatus.BROKEN,
        "loss": PromiseStatus.BROKEN,
    }  # fmt: skip
    # as at the second day nobody knows of later answers
    early = case_of(cast_only, service, MAY_END + 30 * HOUR)
    assert next(one for one in early.gauges if one.name == "loss").asked == 62


def test_our_own_outage_is_not_theirs(cast_only: Story) -> None:
    service, _ = hosted(cast_only, metrics=[{"name": "loss", "metric": "packet_loss_percent", "limit": "0.2"}])
    start = MAY_END + 99 * HOUR + HOUR / 2
    body = {"start_at": start.isoformat(), "end_at": (start + 4 * HOUR).isoformat(), "reason": "our line"}
    cast_only.post("/own-outages", body)
    (gauge,) = case_of(cast_only, service).gauges
    assert (gauge.asked, gauge.failed) == (1440 - 8, 0)


def test_doubtful_clauses_reach_the_statement_until_they_have_a_name(cast_only: Story) -> None:
    doubt = {"credit": "The table and its text disagree."}
    service, version = hosted(cast_only, needs_review=doubt)
    assert judge(case_of(cast_only, service)).needs_review == ("credit",)
    body = {"path": "credit", "by": "Dana Reyes", "note": "asked them"}
    cast_only.post(f"/terms/{version}/reviews", body)
    assert judge(case_of(cast_only, service)).needs_review == ()
