"""The facts of a worked example, read from plain data: each with its path, so that what is wrong can be named.

Instants are ISO 8601 with their offset, money and percent decimal text. Whatever is no question (`expected`, notes,
a provider's name) is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.sla.clauses import DaysPerUnit, Maintenance
from app.sla.credits import Bases
from app.sla.excuse import Cover
from app.sla.numbers import exact
from app.sla.periods import PeriodError
from app.sla.spans import Span, SpanError, utc
from app.sla.terms import MONTHLY, Sla, TermsError, named_period, read_terms

KINDS = ("availability", "repair", "termination")
NO_COVER = ("no_show", "cancelled")
INSTANT = '"2026-04-03T10:00:00Z"'
SPAN = '{"start": "2026-04-03T10:00:00Z", "end": "2026-04-03T13:36:00Z"}'


def wrong(path: str, reason: str, example: str) -> TermsError:
    return TermsError(f"{path}: {reason}; for example {example}")


def _not_before(outages: Sequence[Span], at: datetime, path: str) -> datetime:
    """A ticket, or a confirmation, that came before every outage starts no clock: nobody can mean it so."""
    if outages and at < (first := min(outage.start for outage in outages)):
        raise wrong(path, "lies before its outage, so it starts no clock", f'"{first.isoformat()}"')
    return at


class Example:
    """One example: its terms and period read, its facts read when they are asked for."""

    def __init__(self, case: Any) -> None:
        if not isinstance(case, Mapping):
            raise wrong("example", f"must be an object, not {case!r:.60}", '{"id": "a-1", "kind": "availability", …}')
        self.case = case
        self.kind = case.get("kind", "availability")
        if self.kind not in KINDS:
            raise wrong("kind", f"{self.kind!r} is none of {', '.join(KINDS)}", '"availability"')
        terms = self.needed("terms", '{"target_percent": "99.9", "credit": {"kind": "none"}}')
        if not isinstance(terms, Mapping):
            raise wrong("terms", "must be an object", '{"target_percent": "99.9"}')
        around = {
            "timezone": self.needed("timezone", '"Europe/Berlin"'),
            "currency": self.needed("currency", '"EUR"'),
        }
        for name, value in around.items():
            if name in terms and terms[name] != value:
                raise wrong(f"terms.{name}", f"is {terms[name]!r}, and the fee's is {value!r}", f'"{value}" in both')
        self.terms: Sla = read_terms({**terms, **around}, "terms.")
        try:
            self.period = named_period(self.terms, self.needed("month", '"2026-04"'))
        except PeriodError as error:
            raise TermsError(f"month: {error}") from error

    def needed(self, name: str, example: str) -> Any:
        if self.case.get(name) is None:
            raise wrong(name, "is missing", f'"{name}": {example}')
        return self.case[name]

    def rows(self, name: str) -> Sequence[Any]:
        rows = self.case.get(name)
        if rows is None:
            return ()
        if isinstance(rows, str | Mapping) or not isinstance(rows, Sequence):
            raise wrong(name, "must be a list", f'"{name}": []')
        return rows

    # Money ---------------------------------------------------------------------------------------------------------

    @property
    def fee(self) -> Fraction:
        """The base the credit is a share of."""
        name = self.terms.credit_base
        if name in MONTHLY:
            return amount(self.needed("monthly_fee", '"120.00"'), "monthly_fee")
        return self.other_amount(name, "terms.credit_base")

    @property
    def bases(self) -> Bases:
        """What caps and days are reckoned on where it is not the fee."""
        cap = self.terms.cap_base
        cap_on = None if cap in (*MONTHLY, self.terms.credit_base) else self.other_amount(cap, "terms.cap_base")
        if cap == "monthly_fee" != self.terms.credit_base and self.case.get("monthly_fee") is not None:
            cap_on = amount(self.case["monthly_fee"], "monthly_fee")
        renewal = None
        for clause, path in self._credits():
            if isinstance(clause, DaysPerUnit) and clause.day_value.kind == "renewal":
                given = clause.day_value.renewal_fee
                renewal = self.other_amount("renewal_fee", f"{path}.day_value") if given is None else Fraction(given)
        return Bases(cap_on, renewal)

    def _credits(self) -> list[tuple[Any, str]]:
        if self.kind == "repair":
            return [(promise.credit, f"terms.promises[{i}].credit") for i, promise in enumerate(self.terms.promises)]
        return [(self.terms.credit, "terms.credit")]

    def other_amount(self, name: str, path: str) -> Fraction:
        fees = self.case.get("fees")
        for place, where in ((self.case, name), (fees, f"fees.{name}")):
            if isinstance(place, Mapping) and place.get(name) is not None:
                return amount(place[name], where)
        given = self.terms.base(name)
        if given is not None:
            return given
        credit = self.terms.credit
        if name == "renewal_fee" and isinstance(credit, DaysPerUnit) and credit.day_value.renewal_fee is not None:
            return Fraction(credit.day_value.renewal_fee)
        raise wrong(path, f"needs {name}, which the example does not give", f'"{name}": "1200.00"')

    # Time ----------------------------------------------------------------------------------------------------------

    @property
    def downtime(self) -> list[Span]:
        return [span(row, f"downtime[{i}]") for i, row in enumerate(self.rows("downtime"))]

    @property
    def in_service(self) -> Span | None:
        """The service's life; an end left out is open."""
        row = self.case.get("in_service")
        if row is None:
            row = {"start": self.case.get("in_service_from"), "end": self.case.get("in_service_to")}
            if row == {"start": None, "end": None}:
                return None
        if not isinstance(row, Mapping):
            return span(row, "in_service")
        reach = self.period.span
        start = row.get("start") or (reach.start - timedelta(days=36_500)).isoformat()
        end = row.get("end") or (reach.end + timedelta(days=36_500)).isoformat()
        return span({"start": start, "end": end}, "in_service")

    @property
    def as_of(self) -> datetime | None:
        return instant(self.case["as_of"], "as_of") if self.case.get("as_of") is not None else None

    def clock(self, listed: Sequence[str], event: str) -> list[datetime]:
        """The moments a contract's clock may start at: a list beside the downtime, in its rows, or among the events."""
        out = []
        outages = self.downtime
        for name in listed:
            for i, row in enumerate(self.rows(name)):
                at = row.get("opened_at", row.get("at")) if isinstance(row, Mapping) else row
                out.append(_not_before(outages, instant(at, f"{name}[{i}]"), f"{name}[{i}]"))
        for i, row in enumerate(self.rows("downtime")):
            if isinstance(row, Mapping) and row.get(f"{event}_at") is not None:
                path = f"downtime[{i}].{event}_at"
                own = [span(row, f"downtime[{i}]")]
                out.append(_not_before(own, instant(row[f"{event}_at"], path), path))
        if self.case.get(f"{event}_at") is not None:
            out.append(_not_before(outages, instant(self.case[f"{event}_at"], f"{event}_at"), f"{event}_at"))
        at = self.event(event)
        return sorted([*out, at] if at is not None else out)

    def event(self, name: str) -> datetime | None:
        """An event by its name, with or without a trailing "_at"."""
        events = self.case.get("events")
        if events is None:
            return None
        if not isinstance(events, Mapping):
            raise wrong("events", "must be an object", '{"identified_at": "2026-04-09T10:00:00Z"}')
        plain = name.removesuffix("_at")
        for key in (name, plain, f"{plain}_at"):
            if events.get(key) is not None:
                return instant(events[key], f"events.{key}")
        return None

    @property
    def uptimes(self) -> list[tuple[str, Fraction]]:
        out = []
        for i, row in enumerate(self.rows("monthly_uptimes")):
            if isinstance(row, Mapping):
                row = [row.get("month"), row.get("uptime_percent")]
            if isinstance(row, str) or not isinstance(row, Sequence) or len(row) != 2:
                raise wrong(f"monthly_uptimes[{i}]", "must be a month and its percentage", '["2026-01", "99.4"]')
            out.append((row[0], amount(row[1], f"monthly_uptimes[{i}][1]") / 100))
        return out

    @property
    def covers(self) -> list[Cover]:
        """The windows that excuse: notice met, and the work not a mere promise."""
        rows = enumerate(self.rows("maintenance"))
        found = [_cover(row, f"maintenance[{i}]", i, self.terms.maintenance) for i, row in rows]
        return [cover for cover in found if cover is not None]


def _cover(row: Any, path: str, index: int, rules: Maintenance) -> Cover | None:
    if not isinstance(row, Mapping):
        raise wrong(path, "must be an object", '{"kind": "scheduled", "announced_at": …, "promised_start": …}')
    kind, outcome = row.get("kind", "scheduled"), row.get("outcome")
    if kind not in ("scheduled", "emergency"):
        raise wrong(f"{path}.kind", f"{kind!r} is neither scheduled nor emergency", '"scheduled"')
    if outcome not in (None, "performed", "overran", *NO_COVER):
        raise wrong(f"{path}.outcome", f"{outcome!r} is no outcome", '"performed", "overran", "no_show", "cancelled"')
    promised, performed = _pair(row, "promised", path), _pair(row, "actual", path)
    if outcome in NO_COVER or row.get("superseded_by") is not None:
        return None
    if kind == "emergency":
        valid = rules.emergency is not None and rules.emergency.excluded
    else:
        valid = bool(rules.scheduled_excluded) and promised is not None and row.get("announced_at") is not None
        if valid and promised is not None:
            asked = timedelta(microseconds=int(Fraction(rules.min_notice_hours or 0) * 3_600_000_000))
            valid = promised.start - instant(row["announced_at"], f"{path}.announced_at") >= asked
    return Cover(str(row.get("id", index)), kind == "emergency", promised, performed) if valid else None


def _pair(row: Mapping[str, Any], which: str, path: str) -> Span | None:
    start, end = row.get(f"{which}_start"), row.get(f"{which}_end")
    if start is None or end is None:
        return None
    return span({"start": start, "end": end}, f"{path}.{which}")


def instant(text: Any, path: str) -> datetime:
    try:
        if not isinstance(text, str):
            raise ValueError(f"{text!r:.60} is not a moment")
        return utc(datetime.fromisoformat(text))
    except SpanError as error:
        raise wrong(path, "needs its offset from UTC", INSTANT) from error
    except (ValueError, OverflowError) as error:
        raise wrong(path, f"{text!r:.60} is not a moment", INSTANT) from error


def span(row: Any, path: str) -> Span:
    if isinstance(row, Sequence) and not isinstance(row, str) and len(row) == 2:
        row = {"start": row[0], "end": row[1]}
    if not isinstance(row, Mapping) or row.get("start") is None or row.get("end") is None:
        raise wrong(path, "needs a start and an end", SPAN)
    start, end = instant(row["start"], f"{path}.start"), instant(row["end"], f"{path}.end")
    if end <= start:
        raise wrong(path, "must end after it starts", SPAN)
    return Span(start, end)


def amount(value: Any, path: str) -> Fraction:
    try:
        read: Decimal = exact(value)
    except ValueError as error:
        raise TermsError(f"{path}: {error}") from error
    if read < 0:
        raise wrong(path, f"{read} is negative", '"120.00"')
    return Fraction(read)
