"""The text of a ticket that a contract's clock waits for: pure, ready to paste into the provider's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.sla.periods import zone_of
from app.sla.wording import elapsed, moment


@dataclass(frozen=True, slots=True)
class Running:
    """An outage that runs as at a moment. `quote` is the clause that a ticket matters to, in the contract's words."""

    service: str
    account: str | None
    first_failed_at: datetime
    last_good_at: datetime | None
    as_at: datetime
    silent: Sequence[str]  # what does not answer: the monitors that see it
    errors: str | None  # the classes of failure, where the monitors name them
    quote: str
    zone: str  # the contract's


def ticket_text(facts: Running) -> str:
    """What does not answer since when, the clause, and three questions that can be answered with a time."""
    account = f", account {facts.account}" if facts.account else ""
    down = elapsed(_whole(facts.as_at - facts.first_failed_at))
    lines = [
        f"{facts.service}{account}: does not answer since {_stamp(facts.first_failed_at, facts.zone)}.",
        "",
        f"First failed measurement: {_stamp(facts.first_failed_at, facts.zone)} ({_utc(facts.first_failed_at)}).",
    ]
    if facts.last_good_at is not None:
        lines.append(f"Last good measurement: {_stamp(facts.last_good_at, facts.zone)} ({_utc(facts.last_good_at)}).")
    lines.append(f"Measured as at {_stamp(facts.as_at, facts.zone)}: down for {down}, and still down.")
    errors = f" ({facts.errors})" if facts.errors else ""
    lines.append(f"Does not answer: {', '.join(facts.silent)}{errors}.")
    if facts.quote:
        lines += ["", f"The contract says: \u201c{facts.quote}\u201d This is our report under that clause."]
    lines += [
        "",
        "Please tell us:",
        "1. the cause;",
        "2. when you expect the service to be back;",
        "3. when you will write next.",
        "",
        "Please confirm the number of this ticket and the time you opened it.",
    ]
    return "\n".join(lines)


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=max(length, timedelta(0)) // timedelta(seconds=1))


def _stamp(instant: datetime, zone: str) -> str:
    return f"{moment(instant.replace(microsecond=0), zone)} {instant.astimezone(zone_of(zone)):%Z}"


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
