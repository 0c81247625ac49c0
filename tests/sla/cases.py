"""Plain builders of the law's values. Each argument a test names is one the test is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.sla.case import Case, DatedTerms, Monitor, Source, SourceCode, State, Window
from app.sla.periods import Period, calendar_month
from app.sla.spans import Span
from app.sla.terms import Sla, read_terms
from tests.timeline import steady

JUNE = calendar_month("2025-06", "UTC")  # Sun 1 June 2025 to Tue 1 July 2025
CLOSED = datetime(2025, 7, 3, 9, 0, tzinfo=UTC)  # Thu 3 July 2025: June is over
SOURCE = Source(SourceCode.PROVIDER, "message:1", "e-mail")


def june(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A moment of June 2025, UTC."""
    return datetime(2025, 6, day, hour, minute, second, tzinfo=UTC)


def a_span(start: datetime, minutes: int) -> Span:
    return Span(start, start + timedelta(minutes=minutes))


def some_terms(**changes: Any) -> Sla:
    """99.9 % a month, announced maintenance excused with 48 h notice, three tiers, 30 days to claim."""
    data: dict[str, Any] = {
        "timezone": "UTC",
        "currency": "EUR",
        "target_percent": "99.9",
        "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48},
        "credit": {"kind": "uptime_tiers", "tiers": [
            {"below": "99.9", "percent": "10"},
            {"below": "99.0", "percent": "30"},
            {"below": "95.0", "percent": "100"},
        ]},
        "cap_percent": "100",
        "claim": {"kind": "days_after_period_end", "n": 30},
    }  # fmt: skip
    return read_terms({**data, **changes})


def a_monitor(
    *down: Span, period: Period = JUNE, until: datetime | None = None, confirm_after: int = 1,
    unknown: tuple[Span, ...] = (), id: str = "m1",
) -> Monitor:  # fmt: skip
    """Good every minute of the period, but for these spans: failing, or not asked at all."""
    end = until or period.span.end + timedelta(days=1)
    cuts = sorted([*((s, State.DOWN) for s in down), *((s, State.UNKNOWN) for s in unknown)], key=lambda cut: cut[0])
    spells, cursor = [], period.span.start - timedelta(hours=1)
    for span, state in cuts:
        if cursor < span.start:
            spells.append((cursor, span.start, State.UP))
        if state is State.DOWN:
            spells.append((span.start, span.end, state))
        cursor = span.end
    if cursor < end:
        spells.append((cursor, end, State.UP))
    return Monitor(id, id, timedelta(minutes=1), confirm_after, steady(*spells))


def a_window(start: datetime, minutes: int = 120, *, id: str = "w1", notice_hours: int = 72, **changes: Any) -> Window:
    """Announced by e-mail, three days ahead."""
    values: dict[str, Any] = {
        "id": id,
        "work_id": "work",
        "span": a_span(start, minutes),
        "announced_at": start - timedelta(hours=notice_hours),
        "source": SOURCE,
    }
    return Window(**{**values, **changes})


def a_case(
    *down: Span, as_at: datetime = CLOSED, terms: Sla | None = None, period: Period = JUNE, **changes: Any
) -> Case:
    """A service at EUR 400.00 a month, watched every minute, in June 2025, judged on Thu 3 July."""
    values: dict[str, Any] = {
        "service_id": "host-1",
        "service_name": "HOST-1",
        "monthly_fee": Decimal("400.00"),
        "currency": "EUR",
        "in_service": None,
        "period": period,
        "as_at": as_at,
        "terms": (DatedTerms("t1", date(2024, 1, 1), None, terms or some_terms()),),
        "monitors": (a_monitor(*down, period=period),),
    }
    return Case(**{**values, **changes})
