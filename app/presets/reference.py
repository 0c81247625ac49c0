"""The form of the terms: their JSON Schema, and the generated half of docs/terms.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from app.presets.words import claim_words, credit_words, termination_words
from app.sla import clauses, samples
from app.sla.clauses import Claim, Clause
from app.sla.terms import Sla, TimedPromise, read_terms


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
    ("Maintenance: `maintenance`", clauses.Maintenance),
    ("Hours of every day: `maintenance.recurring`", clauses.Recurring),
    ("Emergency work: `maintenance.emergency`", clauses.Emergency),
    ("Least credit: `min_credit`", clauses.MinCredit),
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
            yield f"| `{name}` | {default} | {FIELD_WORDS[f'{model.__name__}.{name}']} |"
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
FIELD_WORDS = {
    "Sla.version": "what the provider calls this text, or its date",
    "Sla.timezone": "the zone whose midnights cut periods and days",
    "Sla.currency": "of fee and credits",
    "Sla.target_percent": "the promised share; not said: no availability is promised",
    "Sla.period": "what is measured, below",
    "Sla.denominator": "`actual`, `in_service`, `less_excluded` or `fixed:43200` (minutes)",
    "Sla.attribution": "`clip` at the period's edges, or `start_period`: whole where it began",
    "Sla.counting": "what counts as downtime, below",
    "Sla.maintenance": "what is excused, below",
    "Sla.credit": "what is paid, below",
    "Sla.credit_base": "what the credit is a share of",
    "Sla.requires_breach": "false: paid also where the target is met",
    "Sla.cap_percent": "the most in one period",
    "Sla.cap_base": "what the cap is a share of; `renewal_fee` and the like stand beside the fee in an example",
    "Sla.total_cap_percent": "the most of all credits together; one credit alone never exceeds it",
    "Sla.stacking": "how several credits for one event go together: settled by hand",
    "Sla.remedy_form": "credit on an invoice, longer term, …",
    "Sla.min_credit": "the least that is paid at all",
    "Sla.claim": "until when it must be asked for, below",
    "Sla.promises": "clocks between two events, below; a single one may be written as `promise`",
    "Sla.termination": "when one may leave, below",
    "Sla.exclusions": "in the contract's words: for a person to weigh",
    "Sla.manual": "clauses kept as text: settled by hand",
    "Sla.source_quotes": "for a field's path: `text`, `source`, `retrieved_on`",
    "Sla.interpretations": "for a field's path: how it was read, and that somebody saw it",
    "Counting.clock_start": "`outage`, `ticket_opened` or `provider_confirmed`",
    "Counting.min_outage_seconds": "shorter pieces do not count; tested after what is excused is taken out",
    "Counting.min_outage_rule": "`at_least` or `longer_than`",
    "Counting.merge_gap_seconds": "outages no further apart are one, the gap with them",
    "Counting.quantum": "how finely it is counted, below",
    "Counting.measured_by": "whose figures the contract names",
    "Maintenance.scheduled_excluded": "not said: nothing is excused",
    "Maintenance.min_notice_hours": "elapsed time; exactly enough is enough",
    "Maintenance.covers": "`promised_window`, or only the part with `performed_work`",
    "Maintenance.max_hours_per_period": "the first so many hours are excused, the rest counts",
    "Maintenance.recurring": "hours of every day",
    "Maintenance.emergency": "unannounced work",
    "Recurring.start_local": "by the clock of its zone",
    "Recurring.end_local": "not after the start: of the next day",
    "Recurring.timezone": "often the data centre's",
    "Emergency.excluded": "whether it is excused",
    "Emergency.max_downtime_minutes": "longer work counts in full",
    "MinCredit.rule": "`greater_than` or `at_least`",
    "MinCredit.amount": "in the terms' currency",
    "TimedPromise.name": "what it is called",
    "TimedPromise.clock_start": "an event; of tickets `ticket_opened`, `urgent_ticket_opened`",
    "TimedPromise.clock_stop": "an event; of tickets `first_human_reply`",
    "TimedPromise.target_minutes": "exactly on time is in time",
    "TimedPromise.credit": "on the time over; `steps` on the time taken",
    "TimedPromise.cap_percent": "the most for one clock",
}
