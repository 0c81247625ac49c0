"""A small case of a month, for the API's description: judged by the same law as any, so it is never out of date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from app.sla.case import Case, DatedTerms, Monitor, ObservedRun, Site, Source, SourceCode, State, Ticket, Window
from app.sla.judge import judge
from app.sla.periods import calendar_month
from app.sla.spans import Span
from app.sla.terms import read_terms
from app.statements.shown import statement_out

MINUTE = timedelta(minutes=1)
DOWN, UP = datetime(2025, 6, 28, 20, 0, tzinfo=UTC), datetime(2025, 6, 29, 20, 0, tzinfo=UTC)
NUMBERS = {"statement": "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f", "service": "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e10"}
TERMS = {
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "target_percent": "99.9",
    "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48},
    "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}, {"below": "99", "percent": "30"}]},
    "cap_percent": "100",
    "claim": {"kind": "days_after_period_end", "n": 30},
    "termination": {"kind": "aggregate_downtime", "over_minutes": 720, "window_days": 30, "notice_within_days": 30},
    "remedy_form": "credit on the next invoice",
}


@cache
def judged() -> dict[str, Any]:
    """What `GET /statements/{statement_id}` answers."""
    case = a_case()
    figures = statement_out(judge(case), case).model_dump(mode="json")
    return {"id": NUMBERS["statement"], "month": "2025-06", "figures": figures}


def a_case() -> Case:
    """24 hours down of which 2 were announced, seen by the service's monitor and one site; another failed alone."""
    announced = datetime(2025, 6, 24, 14, 30, tzinfo=UTC)
    alone = Span(datetime(2025, 6, 12, 8, 0, tzinfo=UTC), datetime(2025, 6, 12, 8, 20, tzinfo=UTC))
    stay = (Span(datetime(2024, 1, 8, 8, 0, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)),)
    return Case(
        service_id=NUMBERS["service"],
        service_name="HOST-1",
        monthly_fee=Decimal("400.00"),
        currency="EUR",
        in_service=None,
        period=calendar_month("2025-06", "Europe/Berlin"),
        as_at=datetime(2025, 7, 1, 7, 0, tzinfo=UTC),
        terms=(DatedTerms("01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e11", date(2024, 1, 1), None, read_terms(TERMS)),),
        monitors=(_monitor("HOST-1 from Berlin", Span(DOWN, UP)),),
        windows=(
            Window(
                id="01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e12",
                work_id="01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e13",
                span=Span(DOWN, DOWN + timedelta(hours=2)),
                announced_at=announced,
                source=Source(SourceCode.PROVIDER, "message:0197", "e-mail, 24 June 16:30"),
                attempt=3,
            ),
        ),
        tickets=(Ticket("t1", "NG-88207", "HOST-1 is down", "urgent", datetime(2025, 6, 28, 22, 2, tzinfo=UTC)),),
        sites=(
            Site("S-001", "thornbury.example", stay, (_monitor("thornbury.example", Span(DOWN, UP)),)),
            Site("S-007", "larkfield.example", stay, (_monitor("larkfield.example", alone),)),
        ),
    )


def _monitor(name: str, down: Span) -> Monitor:
    start, end = datetime(2025, 5, 31, 22, 0, tzinfo=UTC), datetime(2025, 7, 1, 7, 0, tzinfo=UTC)
    spells = ((start, down.start, State.UP), (down.start, down.end, State.DOWN), (down.end, end, State.UP))
    runs = tuple(ObservedRun(state, a, b - MINUTE, (b - a) // MINUTE) for a, b, state in spells)
    return Monitor(name, name, MINUTE, 2, runs)
