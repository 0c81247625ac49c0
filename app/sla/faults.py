"""Everything that is wrong with a contract's terms, all at once: the path in the document, the reason, what is right.

Beyond what `Sla` refuses to read (floats, unknown keys, tiers in the wrong order), this finds what reads well and
cannot be meant: tiers that leave a gap under the target, a cap below a tier, versions that share a day. Where a
contract really says so, a note under `interpretations` for that field says that somebody saw it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.sla.numbers import exact
from app.sla.samples import FIELDS, sample
from app.sla.terms import STACKING, Sla, field_path, holds


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to put right. `odd`: it can be reckoned with, and is found only where somebody asks for everything."""

    path: str
    reason: str
    example: str
    odd: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; for example {self.example}"


ABOUT = ("source_quotes", "interpretations", "needs_review")  # clauses about clauses
SAID = {
    "denominator": "must be actual, in_service, less_excluded or fixed: with a number of minutes",
    "hourly_divisor": "must be actual, or a number of hours written as text",
}


def faults(data: Any, fee_currency: str | None = None) -> tuple[Fault, ...]:
    """What is wrong with one version of the terms, each fault once, by its path. None: they can be reckoned with."""
    if not isinstance(data, Mapping):
        return (Fault("terms", f"must be an object, not {data!r:.40}", sample("terms")),)
    found = {(fault.path, fault.reason): fault for fault in _unreadable(data)}
    refused = {path for path, _ in found}
    for fault in (*_meant(data), *_money(data, fee_currency), *_quotes(data)):
        if fault.path not in refused:
            found.setdefault((fault.path, fault.reason), fault)
    return tuple(sorted(found.values()))


def document_faults(document: Any, fee_currency: str | None = None) -> tuple[Fault, ...]:
    """`faults` of a document: terms by themselves, terms beside their provider (`{"terms": {…}}`), or a list of dated
    versions, which may not share a day."""
    versions = document.get("versions") if isinstance(document, Mapping) else document
    if not isinstance(versions, Sequence) or isinstance(versions, str):
        if not isinstance(document, Mapping) or "terms" not in document:
            return faults(document, fee_currency)
        inside = faults(document["terms"], fee_currency)
        return tuple(Fault(f"terms.{fault.path}", fault.reason, fault.example) for fault in inside)
    found: list[Fault] = []
    held: list[tuple[int, date, date]] = []
    for index, version in enumerate(versions):
        under = f"versions.{index}"
        if not isinstance(version, Mapping) or "terms" not in version:
            found.append(Fault(under, "needs its terms and its first day", '{"effective_from": "2024-07-01", …}'))
            continue
        inside = faults(version["terms"], fee_currency)
        found += [Fault(f"{under}.terms.{fault.path}", fault.reason, fault.example) for fault in inside]
        days = _days(version, under, found)
        if days is not None:
            for other, start, end in held:
                if days[0] < end and start < days[1]:
                    reason = f"shares days with versions.{other}: two versions may not be in force at once"
                    found.append(Fault(f"{under}.effective_from", reason, f'"{end.isoformat()}"'))
            held.append((index, *days))
    return tuple(found)


def _days(version: Mapping[str, Any], under: str, found: list[Fault]) -> tuple[date, date] | None:
    out = []
    for name, otherwise in (("effective_from", None), ("effective_to", date.max)):
        value = version.get(name)
        try:
            if value is None and otherwise is not None:
                out.append(otherwise)
            else:
                out.append(date.fromisoformat(value if isinstance(value, str) else ""))
        except ValueError:
            found.append(Fault(f"{under}.{name}", f"{value!r} is not a day", '"2024-07-01"'))
            return None
    if out[1] <= out[0]:
        found.append(Fault(f"{under}.effective_to", "must lie after effective_from", '"2026-07-01"'))
        return None
    return out[0], out[1]


def _unreadable(data: Mapping[str, Any]) -> Iterator[Fault]:
    try:
        Sla.model_validate(data)
    except ValidationError as error:
        items = error.errors(include_url=False)
        for item in items:
            loc = item["loc"]
            if not loc and item["type"] == "value_error":
                continue  # of the terms as a whole: `_meant` and `_quotes` say it with the field's own path
            if item["type"] == "too_short" and any(o["loc"][: len(loc)] == loc != o["loc"] for o in items):
                continue  # short only of the rows that could not be read
            path = field_path(item["loc"], unknown=item["type"] == "extra_forbidden") or "terms"
            last = path.split(".")[-1]
            reason, _, example = str(item["msg"]).removeprefix("Value error, ").partition("; for example ")
            if item["type"] == "extra_forbidden":
                reason, example = "is no field of the terms" + _near(path), sample(path.rpartition(".")[0])
            elif item["type"] == "missing":
                reason = "is missing"
            yield Fault(path, SAID.get(last, reason), example or sample(path))


def _near(path: str) -> str:
    """The field that was probably meant."""
    from difflib import get_close_matches

    close = get_close_matches(path.split(".")[-1], FIELDS if "." in path else Sla.model_fields, n=1)
    return f" (perhaps {close[0]}?)" if close else ""


def _number(value: Any) -> Decimal | None:
    try:
        read: Decimal = exact(value)
    except ValueError:
        return None
    return read


def _told(data: Mapping[str, Any], *paths: str) -> bool:
    """Somebody saw it and noted how it is read."""
    notes = data.get("interpretations")
    return isinstance(notes, Mapping) and any(notes.get(path) for path in paths)


def _meant(data: Mapping[str, Any]) -> Iterator[Fault]:
    """The first guarantee's clauses, and those of each further one."""
    yield from _credit_meant(data, "", data)
    names: list[Any] = []
    for kind in ("guarantees", "metrics"):
        for index, one in enumerate(_rows(data.get(kind))):
            if not isinstance(one, Mapping):
                continue
            under = f"{kind}.{index}."
            if one.get("name") is not None and one.get("name") in names:
                reason = f"two guarantees are called {one['name']!r}: nobody could tell which is meant"
                yield Fault(f"{under}name", reason, f'"{one["name"]} 2"')
            names.append(one.get("name"))
            if kind == "guarantees":
                yield from _credit_meant(one, under, data)
    stacking = data.get("stacking")
    if isinstance(stacking, str) and stacking not in STACKING and len(stacking.split()) < 2:
        reason = f"{stacking!r} is none of {', '.join(STACKING)}, and no sentence that a person could settle it by"
        yield Fault("stacking", reason, '"highest"')


def _credit_meant(one: Mapping[str, Any], under: str, data: Mapping[str, Any]) -> Iterator[Fault]:
    credit = one.get("credit")
    if not isinstance(credit, Mapping):
        return
    target, cap = _number(one.get("target_percent")), _number(one.get("cap_percent"))
    breach = one.get("requires_breach", True) is not False
    if credit.get("kind") not in (None, "none") and breach and one.get("target_percent") is None:
        reason = "is missing, so nothing is ever breached and the credit never falls due"
        yield Fault(f"{under}target_percent", reason, '"99.9"', odd=True)
    rows = credit.get("tiers") if credit.get("kind") == "uptime_tiers" else None
    tiers = [
        (_number(row.get("below")), _number(row.get("percent"))) if isinstance(row, Mapping) else (None, None)
        for row in _rows(rows)
    ]
    first = tiers[0][0] if tiers else None
    noted = "; if the contract says so, note it under interpretations"
    told = _told(data, f"{under}credit", f"{under}credit.tiers")
    if first is not None and target is not None and target <= 100 and breach and not told:
        path, right = f"{under}credit.tiers.0.below", f'"{target}"'
        if first < target:
            yield Fault(
                path, f"leaves a gap: from {first} % up to the target of {target} % nothing is paid{noted}", right
            )
        elif first > target:
            reason = f"lies above the target of {target} %: from there to {first} % no breach, so nothing is paid"
            yield Fault(path, reason + noted, right, odd=True)
    for index, (_, percent) in enumerate(tiers):
        if cap is not None and percent is not None and percent > cap and not _told(data, f"{under}cap_percent"):
            reason = f"{cap} lies below {under}credit.tiers.{index}, which gives {percent} %{noted}"
            yield Fault(f"{under}cap_percent", reason, f'"{percent}"')
            break


def _rows(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _money(data: Mapping[str, Any], fee_currency: str | None) -> Iterator[Fault]:
    currency = data.get("currency")
    if fee_currency is not None and currency is not None and currency != fee_currency:
        yield Fault("currency", f"is {currency!r}, and the fee is in {fee_currency}", f'"{fee_currency}"')
    caps = [_number(data.get(name)) for name in ("cap_percent", "total_cap_percent")]
    if caps[0] is not None and caps[1] is not None and caps[1] < caps[0] and not _told(data, "total_cap_percent"):
        reason = f"{caps[1]} lies below cap_percent, so that cap can never be reached"
        yield Fault("total_cap_percent", reason, f'"{caps[0]}"', odd=True)


def _quotes(data: Mapping[str, Any]) -> Iterator[Fault]:
    for name in ("source_quotes", "interpretations"):
        given = data.get(name)
        for path in given if isinstance(given, Mapping) else ():
            if str(path).split(".")[0].split("[")[0] not in Sla.model_fields:
                yield Fault(f"{name}.{path}", "names no field of the terms", '"maintenance.min_notice_hours"')
    doubtful = data.get("needs_review")
    for path in doubtful if isinstance(doubtful, Mapping) else ():
        if not stands(data, str(path)):
            yield Fault(f"needs_review.{path}", "names no clause of these terms", '"maintenance.min_notice_hours"')


def stands(data: Mapping[str, Any], path: str) -> bool:
    """Whether the path leads to a clause: one that is written here, or one left at what is usual."""
    try:
        read = Sla.model_validate({key: value for key, value in data.items() if key not in ABOUT})
    except ValidationError:
        return path.split(".")[0].split("[")[0] in Sla.model_fields
    return holds(read, path)


def remarks(document: Any) -> tuple[str, ...]:
    """What is right and may still surprise: said by `kept terms check`, and no fault."""
    terms = document.get("terms", document) if isinstance(document, Mapping) else {}
    versions = document.get("versions", ()) if isinstance(document, Mapping) else document
    found = list(_surprises(terms, "")) if isinstance(terms, Mapping) else []
    for index, version in enumerate(_rows(versions)):
        inside = version.get("terms") if isinstance(version, Mapping) else None
        if isinstance(inside, Mapping):
            found += _surprises(inside, f"versions.{index}.terms.")
    return tuple(found)


def _surprises(terms: Mapping[str, Any], under: str) -> Iterator[str]:
    blocks = [("", terms)]
    blocks += [(f"guarantees.{i}.", one) for i, one in enumerate(_rows(terms.get("guarantees"))) if one]
    for path, one in blocks:
        period = one.get("period") if isinstance(one, Mapping) else None
        day = period.get("anchor_day") if isinstance(period, Mapping) else None
        if isinstance(day, int) and 28 < day <= 31:
            shorter = "February" if day < 31 else "February, April, June, September and November"
            yield (
                f"{under}{path}period.anchor_day: day {day} is not in every month; in {shorter} the period begins on "
                "the month's last day"
            )
    doubtful = terms.get("needs_review")
    for path, why in doubtful.items() if isinstance(doubtful, Mapping) else ():
        yield f"{under}needs_review.{path}: {why} No claim is approved until somebody puts a name to it."


def as_json(found: Sequence[Fault]) -> list[dict[str, str]]:
    return [{"path": fault.path, "reason": fault.reason, "example": fault.example} for fault in found]


def unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads(…, object_pairs_hook=unrepeated)`: a key that stands twice is refused, not silently dropped."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise ValueError(f"the key {json.dumps(key)} stands twice in one object")
        out[key] = value
    return out
