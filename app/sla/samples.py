"""One right example of each clause: shown where something is wrong, and in docs/terms.md."""

from __future__ import annotations

import json
from typing import Any

PERIODS: dict[str, dict[str, Any]] = {
    "calendar_month": {"kind": "calendar_month"},
    "billing_cycle": {"kind": "billing_cycle", "anchor_day": 6},
    "calendar_quarter": {"kind": "calendar_quarter"},
    "calendar_year": {"kind": "calendar_year"},
    "rolling_days": {"kind": "rolling_days", "days": 30},
}
QUANTA: dict[str, dict[str, Any]] = {
    "exact": {"kind": "exact"},
    "whole_minutes": {"kind": "whole_minutes"},
    "buckets": {"kind": "buckets", "minutes": 5, "rule": "whole"},
}
CREDITS: dict[str, dict[str, Any]] = {
    "none": {"kind": "none"},
    "uptime_tiers": {
        "kind": "uptime_tiers",
        "tiers": [{"below": "99.9", "percent": "10"}, {"below": "99.0", "percent": "30"}],
    },
    "flat": {"kind": "flat", "percent": "5"},
    "per_unit": {"kind": "per_unit", "percent": "5", "unit_minutes": 30, "rounding": "started"},
    "days_per_unit": {
        "kind": "days_per_unit",
        "unit_minutes": 15,
        "basis": "excess",
        "day_value": {"kind": "fixed", "days": 30},
    },
    "multiple": {"kind": "multiple", "multiplier": "10", "hourly_divisor": "actual"},
    "duration_table": {
        "kind": "duration_table",
        "hours_per_fee": 672,
        "rows": [
            {"under_minutes": 10, "hours": 12},
            {"under_minutes": 60, "hours": 24},
            {"under_minutes": None, "hours": 48},
        ],
    },
    "per_shortfall": {"kind": "per_shortfall", "step_percent": "0.1", "percent": "10"},
    "no_charge_hours": {"kind": "no_charge_hours", "over_minutes": 6},
    "steps": {
        "kind": "steps",
        "rows": [{"over_minutes": 120, "percent": "20"}, {"over_minutes": 360, "percent": "40"}],
    },
}
CLAIMS: dict[str, dict[str, Any]] = {
    "automatic": {"kind": "automatic"},
    "days_after_incident": {"kind": "days_after_incident", "n": 30, "anchor": "end"},
    "hours_after_incident": {"kind": "hours_after_incident", "n": 72},
    "days_after_period_end": {"kind": "days_after_period_end", "n": 5, "business_days": True},
    "months_after_period_end": {"kind": "months_after_period_end", "n": 3},
    "end_of_nth_period_after": {"kind": "end_of_nth_period_after", "n": 2},
}
TERMINATIONS: dict[str, dict[str, Any]] = {
    "months_below": {"kind": "months_below", "below_percent": "99.5", "count": 3, "notice_within_days": 30},
    "outage_count": {"kind": "outage_count", "count": 3, "longer_than_minutes": 30, "window_days": 30},
    "aggregate_downtime": {"kind": "aggregate_downtime", "over_minutes": 1440, "window_days": 30},
}
PROMISE: dict[str, Any] = {
    "name": "part_replaced",
    "clock_start": "provider_confirmed",
    "clock_stop": "part_replaced",
    "target_minutes": 240,
    "credit": {"kind": "per_unit", "percent": "5", "unit_minutes": 60, "rounding": "started"},
    "cap_percent": "100",
}
GUARANTEE: dict[str, Any] = {
    "name": "network",
    "target_percent": "100",
    "monitors": ["HOST-1 ping"],
    "credit": CREDITS["per_unit"],
    "cap_percent": "100",
}
METRIC: dict[str, Any] = {
    "name": "latency",
    "metric": "latency_ms",
    "statistic": "p95",
    "over": "day",
    "limit": "80",
    "credit": CREDITS["flat"],
}
TERMS: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "target_percent": "99.9",
    "credit": CREDITS["uptime_tiers"],
    "claim": CLAIMS["days_after_period_end"],
}
FIELDS: dict[str, Any] = {
    "terms": TERMS,
    "version": "2024-07",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "target_percent": "99.9",
    "period": PERIODS["billing_cycle"],
    "denominator": "fixed:43200",
    "attribution": "clip",
    "counting": {"clock_start": "ticket_opened", "min_outage_seconds": 300, "min_outage_rule": "longer_than"},
    "quantum": QUANTA["buckets"],
    "together": {"min_sites": 2, "min_share_percent": "50"},
    "min_sites": 2,
    "min_share_percent": "50",
    "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48, "covers": "promised_window"},
    "recurring": {"start_local": "02:00", "end_local": "05:00", "timezone": "Europe/Berlin"},
    "emergency": {"excluded": True, "max_downtime_minutes": 10},
    "credit": CREDITS["uptime_tiers"],
    "tiers": CREDITS["uptime_tiers"]["tiers"],
    "below": "99.9",
    "percent": "10",
    "day_value": {"kind": "fixed", "days": 30},
    "credit_base": "monthly_fee",
    "requires_breach": True,
    "cap_percent": "100",
    "cap_base": "monthly_fee",
    "total_cap_percent": "100",
    "min_credit": {"rule": "greater_than", "amount": "1.00"},
    "claim": CLAIMS["days_after_incident"],
    "guarantees": [GUARANTEE],
    "metrics": [METRIC],
    "bases": {"renewal_fee": "120.00"},
    "stacking": "highest",
    "remedy_form": "credit on the next invoice",
    "preconditions": ["The account is in good standing.", "A ticket was opened."],
    "needs_review": {"credit": "The table and its text disagree."},
    "promises": [PROMISE],
    "termination": [TERMINATIONS["outage_count"]],
    "exclusions": ["Force majeure."],
    "manual": ["Credits lapse when the account is closed."],
    "source_quotes": {"target_percent": {"text": "99.9 % each month", "source": "https://provider.example/sla",
                                         "retrieved_on": "2025-01-15"}},
    "interpretations": {"credit": "The table leaves 99.0 to 99.9 % open; read as paying the lower row."},
    "rows": CREDITS["steps"]["rows"],
    "anchor_day": 6,
    "days": 30,
    "n": 30,
    "count": 3,
    "notice_within_days": 30,
    "window_days": 30,
    "min_notice_hours": 48,
    "start_local": "02:00",
    "end_local": "05:00",
    "unit_minutes": 30,
    "target_minutes": 60,
    "retrieved_on": "2025-01-15",
    "rounding": "started",
    "basis": "excess",
    "scope": "per_incident",
    "hourly_divisor": "actual",
    "multiplier": "10",
    "text": "99.9 % each month",
    "source": "https://provider.example/sla",
    "name": "network",
    "monitors": ["HOST-1 ping"],
    "metric": "latency_ms",
    "statistic": "p95",
    "over": "day",
    "limit": "80",
    "minutes": 5,
    "rule": "whole",
    "inclusive": False,
    "deductible_minutes": 30,
    "days_each": 1,
    "initial_days": 1,
    "renewal_fee": "120.00",
    "incident_cap_percent": "100",
    "hours_per_fee": 672,
    "under_minutes": 60,
    "hours": 24,
    "step_percent": "0.1",
    "over_minutes": 120,
    "anchor": "end",
    "business_days": True,
    "below_percent": "99.5",
    "consecutive": True,
    "window_months": 12,
    "longer_than_minutes": 30,
    "clock_start": "ticket_opened",
    "clock_stop": "part_replaced",
    "min_outage_seconds": 300,
    "min_outage_rule": "at_least",
    "merge_gap_seconds": 60,
    "measured_by": "the provider's monitoring",
    "scheduled_excluded": True,
    "covers": "promised_window",
    "max_hours_per_period": 8,
    "excluded": True,
    "max_downtime_minutes": 10,
    "amount": "1.00",
}  # fmt: skip


def sample(path: str) -> str:
    """A right value for the field at the end of the path, as it is written; whole terms where there is none."""
    for part in reversed(path.split(".")):
        if part in FIELDS:
            return json.dumps(FIELDS[part], ensure_ascii=False)
    return json.dumps(TERMS, ensure_ascii=False)
