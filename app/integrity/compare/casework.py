"""A comparison as the record takes it in: figures by site, no paths (`POST /audit/assessments`)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from app.integrity.compare.clocks import Given
from app.integrity.compare.summary import Summary
from app.integrity.format import instant

DAMAGED = ("LOST", "REVERTED", "ID_REUSED", "RESURRECTED")
CHANGED = ("CHANGED", "NEW", "MOVED")
LONGEST = 400


def to_case(summary: Summary) -> dict[str, Any]:
    """The body of the request but for the service. Instants by true time, as far as the clocks are known."""
    given = summary.asked.order.given
    old = [_true(item, item.generation.start_ns) for item in given if item.server == "old"]
    new = [_true(item, item.generation.start_ns) for item in given if item.server == "new"]
    known = len(summary.windows) - summary.paceless
    rows: dict[str, Counter[str]] = {}
    for table in summary.tables:
        counts = rows.setdefault(table["site"], Counter())
        counts.update({kind: count for kind, count in table["rows"].items() if kind in DAMAGED and count})
    return {
        "at": max(_true(given[-1], given[-1].generation.end_ns), *new).isoformat(),
        "equal_to": max(old).isoformat(),
        "first_new_at": min(new).isoformat(),
        "expected_writes": round(summary.expected) if known else None,
        "clocks": summary.asked.order.basis[:LONGEST],
        "copies": [
            {
                "id": item.generation.id,
                "role": item.role,
                "server": item.server,
                "taken_at": _true(item, item.generation.start_ns).isoformat(),
                "claimed": item.generation.claimed,
                "root": item.generation.server_root,
            }
            for item in given
        ],
        "limits": [line[:LONGEST] for line in summary.limits()][:LONGEST],
        "sites": [_site(site, rows.get(site["name"], Counter())) for site in summary.sites],
    }


def _site(site: dict[str, Any], rows: Counter[str]) -> dict[str, Any]:
    changed = sum(count for name, count in site["verdicts"].items() if name.split()[0] in CHANGED)
    return {
        "site": site["name"],
        "equal": max(0, site["current"] - changed),
        "changed": min(changed, site["current"]),
        **{name: site[name] for name in ("old", "lost", "unknown", "low", "excluded", "unreadable", "unstable")},
        "rows": dict(sorted(rows.items())),
        "notes": [note[:300] for note in site["notes"]][:50],
    }


def _true(item: Given, ns: int) -> datetime:
    return instant(ns - (item.clock.offset_ns or 0)).replace(microsecond=0)
