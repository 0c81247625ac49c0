"""The form of the terms: their JSON Schema, and the generated half of docs/terms.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from app.presets.words import claim_words, credit_words, termination_words
from app.sla import clauses, described, samples
from app.sla.clauses import Claim, Clause
from app.sla.promised import Guarantee, MetricPromise, TimedPromise
from app.sla.terms import Sla, read_terms


@cache
def _schema() -> str:
    schema = Sla.model_json_schema(mode="validation")
    one = {"$ref": "#/$defs/TimedPromise"}
    kinds = schema["properties"]["termination"]["items"]
    schema["properties"]["promise"] = {**one, "description": "A single timed promise, without a list."}
    schema["properties"]["termination"] = {
        "anyOf": [schema["properties"]["termination"], kinds], "title": "Termination", "default": [],
    }  # fmt: skip
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:kept:terms"}
    return json.dumps({**head, **schema, "title": "Terms", "description": "A hosting contract as data."}, default=str)


def terms_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `Sla`, with a single promise or right to leave outside a list, as it is read."""
    out: dict[str, Any] = json.loads(_schema())
    return out


FAMILIES: tuple[tuple[str, str, Mapping[str, dict[str, Any]]], ...] = (
    ("period", "Periods: `period`", samples.PERIODS),
    ("quantum", "Quanta: `counting.quantum`", samples.QUANTA),
    ("credit", "Credits: `credit`", samples.CREDITS),
    ("claim", "Deadlines: `claim`", samples.CLAIMS),
    ("termination", "The right to leave: `termination`", samples.TERMINATIONS),
)
PLAIN = (
    ("The terms", Sla),
    ("Counting: `counting`", clauses.Counting),
    ("Sites that fail together: `counting.together`", clauses.Together),
    ("Maintenance: `maintenance`", clauses.Maintenance),
    ("Hours of every day: `maintenance.recurring`", clauses.Recurring),
    ("Emergency work: `maintenance.emergency`", clauses.Emergency),
    ("Least credit: `min_credit`", clauses.MinCredit),
    ("Further guarantees: `guarantees`", Guarantee),
    ("Measured figures: `metrics`", MetricPromise),
    ("Timed promises: `promises`", TimedPromise),
)


def reference() -> str:
    """The generated half of docs/terms.md: every field of every clause, every kind with its example."""
    return "\n".join([*_fields(), *_kinds()]) + "\n"


def _fields() -> Iterator[str]:
    for title, model in PLAIN:
        yield f"### {title}\n"
        yield "| field | if left out | |"
        yield "|---|---|---|"
        for name, field in model.model_fields.items():
            if field.is_required():
                default = "must be there"
            elif field.default_factory is not None or field.default is PydanticUndefined:
                default = "empty"
            else:
                default = _default(field.default)
            yield f"| `{name}` | {default} | {described.WORDS[f'{model.__name__}.{name}']} |"
        yield ""


def _default(value: Any) -> str:
    if isinstance(value, Clause):
        kind = getattr(value, "kind", None)
        return f"`{kind}`" if kind is not None else "its own defaults"
    if value == ():
        return "empty"
    return f"`{json.dumps(value, default=str)}`" if value is not None else "not said"


def _kinds() -> Iterator[str]:
    for family, title, kinds in FAMILIES:
        yield f"### {title}\n"
        for kind, example in kinds.items():
            yield f"**`{kind}`** {_said(family, example)}\n"
            yield f"```json\n{json.dumps(example)}\n```\n"


def _said(family: str, example: dict[str, Any]) -> str:
    base = {"timezone": "UTC", "currency": "EUR"}
    if family == "credit":
        return credit_words(read_terms({**base, "credit": example}).credit)
    if family == "claim":
        return claim_words(Claim.model_validate(example))
    if family == "termination":
        return termination_words(read_terms({**base, "termination": example}).termination[0])
    return PERIOD_WORDS[example["kind"]]


def every_kind() -> set[str]:
    """All kinds the clauses know, to hold the examples against."""
    found = {value for name in ("PeriodClause", "CreditClause", "TerminationClause") for value in _tags(name)}
    found |= {kind for kind in get_args(Claim.model_fields["kind"].annotation)}
    return found | set(_literals((clauses.Exact, clauses.WholeMinutes, clauses.Buckets)))


def _tags(name: str) -> Iterator[str]:
    union = get_args(getattr(clauses, name))[0]
    yield from _literals(get_args(union))


def _literals(models: tuple[Any, ...]) -> Iterator[str]:
    for model in models:
        yield from get_args(model.model_fields["kind"].annotation)


PERIOD_WORDS = {
    "calendar_month": "Local midnight of the first to local midnight of the next first.",
    "billing_cycle": "From this day of the month to the same of the next; in a shorter month, its last day.",
    "calendar_quarter": "January to March, and so on.",
    "calendar_year": "January to December.",
    "rolling_days": "So many local days, the last day of the month asked for being the last of them.",
    "exact": "To the second.",
    "whole_minutes": "Each piece is cut down to whole minutes.",
    "buckets": "Stretches of the clock (UTC), counted when wholly (`whole`) or at all (`any`) down.",
}
