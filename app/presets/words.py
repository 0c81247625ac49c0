"""A contract's terms in plain words: one line for each clause, with its quotation and how it was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.sla.clauses import (
    AggregateDowntime,
    BillingCycle,
    Buckets,
    Claim,
    Clause,
    DaysPerUnit,
    DurationTable,
    Flat,
    MonthsBelow,
    Multiple,
    NoChargeHours,
    OutageCount,
    PerShortfall,
    PerUnit,
    RollingDays,
    Steps,
    UptimeTiers,
    WholeMinutes,
)
from app.sla.terms import Sla, TimedPromise

OWN = "In our own short words"  # begins the note of a clause whose text is not the provider's


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """`path` is the field in the document; `quote` the contract's words, `source` where, `note` how it was read."""

    path: str
    words: str
    quote: str = ""
    source: str = ""
    note: str = ""


def in_words(terms: Sla) -> tuple[ClauseLine, ...]:
    """Every clause, also those a contract leaves at what is usual; then what is settled by hand."""
    said = [*_promised(terms), *_counted(terms), *_excused(terms), *_paid(terms), *_asked(terms)]
    paths = {path for path, _ in said}
    for path in (*terms.source_quotes, *terms.interpretations):
        if path not in paths:
            said.append((path, ""))
            paths.add(path)
    return tuple(_line(terms, path, words) for path, words in said)


def _line(terms: Sla, path: str, words: str) -> ClauseLine:
    quote = terms.source_quotes.get(path)
    note = terms.interpretations.get(path, "")
    if quote is None:
        return ClauseLine(path, words, note=note)
    on = f", {quote.retrieved_on.isoformat()}" if quote.retrieved_on is not None else ""
    return ClauseLine(path, words, quote.text, f"{quote.source}{on}", note)


Said = Iterator[tuple[str, str]]


def _promised(terms: Sla) -> Said:
    if terms.target_percent is None:
        yield "target_percent", "No availability is promised."
    else:
        yield "target_percent", f"Available at least {num(terms.target_percent)} % of the time."
    period = terms.period
    if isinstance(period, BillingCycle):
        words = f"Measured by billing cycle, from day {period.anchor_day} (or the month's last day)"
    elif isinstance(period, RollingDays):
        words = f"Measured over {period.days} rolling days"
    else:
        words = f"Measured by {period.kind.replace('_', ' ')}"
    yield "period", f"{words}, cut at midnight in {terms.timezone}."
    rule = terms.denominator
    yield (
        "denominator",
        {
            "actual": "Against all the time of the period.",
            "in_service": "Against the part of the period in which the service existed.",
            "less_excluded": "Against the period less the downtime that is excused.",
        }.get(rule, f"Against {rule.removeprefix('fixed:')} minutes, whatever the period's length."),
    )
    for index, one in enumerate(terms.guarantees):
        on = f", measured on {', '.join(one.monitors)}" if one.monitors else ""
        yield f"guarantees.{index}", f"{plain(one.name)}: available at least {num(one.target_percent)} %{on}."
        yield f"guarantees.{index}.credit", credit_words(one.credit)
    for index, figure in enumerate(terms.metrics):
        what = "share of failed observations" if figure.metric == "packet_loss_percent" else "answering time"
        unit = "%" if figure.metric == "packet_loss_percent" else "ms"
        each = {"period": "over the period", "day": "each day", "hour": "each hour"}[figure.over]
        words = f"{plain(figure.name)}: {what} ({figure.statistic}) at most {num(figure.limit)} {unit} {each}."
        yield f"metrics.{index}", words
        yield f"metrics.{index}.credit", credit_words(figure.credit)
    for index, promise in enumerate(terms.promises):
        yield from _timed(promise, index)


def _timed(promise: TimedPromise, index: int) -> Said:
    path = f"promises.{index}"
    words = f"{plain(promise.name)}: {num(promise.target_minutes)} minutes from {plain(promise.clock_start)}"
    yield f"{path}.target_minutes", f"{words} to {plain(promise.clock_stop)}."
    cap = "" if promise.cap_percent is None else f" At most {num(promise.cap_percent)} % of the fee."
    yield f"{path}.credit", credit_words(promise.credit) + cap


def _counted(terms: Sla) -> Said:
    rules = terms.counting
    clock = {
        "outage": "The clock starts with the outage.",
        "ticket_opened": "The clock starts when a ticket is opened; without one nothing counts.",
        "provider_confirmed": "The clock starts when the provider confirms; without that nothing counts.",
    }
    yield "counting.clock_start", clock[rules.clock_start]
    if rules.min_outage_seconds:
        than = "longer than" if rules.min_outage_rule == "longer_than" else "of at least"
        yield "counting", f"Only outages {than} {num(rules.min_outage_seconds)} seconds count."
    if rules.merge_gap_seconds:
        yield "counting.merge_gap_seconds", f"Outages up to {num(rules.merge_gap_seconds)} seconds apart are one."
    if isinstance(rules.quantum, WholeMinutes):
        yield "counting.quantum", "Each outage is cut down to whole minutes."
    elif isinstance(rules.quantum, Buckets):
        how = "wholly down" if rules.quantum.rule == "whole" else "down at all"
        yield "counting.quantum", f"Counted in {rules.quantum.minutes}-minute stretches of the clock that are {how}."
    if rules.measured_by is not None:
        yield "counting.measured_by", f"Measured by {rules.measured_by}."
    if terms.attribution == "start_period":
        yield "attribution", "An outage belongs whole to the period it began in."


def _excused(terms: Sla) -> Said:
    rules = terms.maintenance
    if rules.scheduled_excluded is None:
        yield "maintenance", "Nothing is said of announced maintenance: it is not excused."
    elif not rules.scheduled_excluded:
        yield "maintenance", "Announced maintenance counts as downtime."
    else:
        covers = "in the announced window"
        if rules.covers == "performed_work":
            covers = "in the part of the announced window in which work was done"
        yield "maintenance", f"Downtime {covers} is excused."
        if rules.min_notice_hours is not None:
            yield "maintenance.min_notice_hours", f"If announced at least {num(rules.min_notice_hours)} hours ahead."
        if rules.max_hours_per_period is not None:
            yield "maintenance.max_hours_per_period", f"At most {num(rules.max_hours_per_period)} hours a period."
    if rules.recurring is not None:
        hours = f"{rules.recurring.start_local} to {rules.recurring.end_local}, {rules.recurring.timezone}"
        yield "maintenance.recurring", f"Every day {hours}, is excused."
    if rules.emergency is not None:
        words = "Emergency work is not excused."
        if rules.emergency.excluded:
            most = rules.emergency.max_downtime_minutes
            words = "Emergency work is excused" + ("." if most is None else f", up to {num(most)} minutes of downtime.")
        yield "maintenance.emergency", words
    for index, text in enumerate(terms.exclusions):
        yield f"exclusions.{index}", f"Also excluded, for a person to weigh: {text}"


def _paid(terms: Sla) -> Said:
    yield "credit", credit_words(terms.credit)
    if not terms.requires_breach:
        yield "requires_breach", "Paid also where the target is met."
    if terms.credit_base != "monthly_fee":
        yield "credit_base", f"Reckoned on: {plain(terms.credit_base)}."
    if terms.cap_percent is not None:
        base = "the fee" if terms.cap_base == "monthly_fee" else f"the {plain(terms.cap_base, capital=False)}"
        yield "cap_percent", f"At most {num(terms.cap_percent)} % of {base} in a period."
    if terms.total_cap_percent is not None:
        yield "total_cap_percent", f"All credits together at most {num(terms.total_cap_percent)} %."
    if terms.stacking is not None:
        how = {
            "all": "all are paid.",
            "highest": "only the highest is paid.",
            "first_listed": "only the first of the list is paid.",
        }.get(terms.stacking, terms.stacking)
        yield "stacking", f"Several credits for one event: {how}"
    for name, amount in terms.bases.items():
        yield f"bases.{name}", f"{plain(name)}: {num(amount)} {terms.currency}."
    if terms.min_credit is not None:
        rule = "more than" if terms.min_credit.rule == "greater_than" else "at least"
        yield "min_credit", f"Paid only if it is {rule} {num(terms.min_credit.amount)} {terms.currency}."
    if terms.remedy_form is not None:
        yield "remedy_form", f"Paid as: {terms.remedy_form}."


def _asked(terms: Sla) -> Said:
    yield "claim", claim_words(terms.claim)
    for index, clause in enumerate(terms.termination):
        yield f"termination.{index}", termination_words(clause)
    for index, text in enumerate(terms.preconditions):
        yield f"preconditions.{index}", f"Only if: {text}"
    for path, why in terms.needs_review.items():
        yield f"needs_review.{path}", f"Doubtful, no claim until somebody puts a name to it: {why}"
    for index, text in enumerate(terms.manual):
        yield f"manual.{index}", f"To be settled by hand: {text}"


def _unit(credit: PerUnit | DaysPerUnit) -> str:
    words = f"for each {'started' if credit.rounding == 'started' else 'full'} {num(credit.unit_minutes)} minutes down"
    if credit.basis == "excess":
        words += " beyond the allowance"
    if credit.scope == "per_incident":
        words += ", each incident by itself"
    if credit.deductible_minutes:
        words += f", the first {num(credit.deductible_minutes)} minutes free"
    return words


def credit_words(credit: Clause) -> str:
    """What the clause pays, in a sentence."""
    match credit:
        case UptimeTiers():
            rows = [
                f"{'at or below' if tier.inclusive else 'below'} {num(tier.below)} %: {num(tier.percent)} %"
                for tier in credit.tiers
            ]
            return f"Of the fee, {'; '.join(rows)}."
        case Flat():
            return f"{num(credit.percent)} % of the fee."
        case PerUnit():
            return f"{num(credit.percent)} % of the fee {_unit(credit)}."
        case DaysPerUnit():
            days = f"{num(credit.days_each)} day(s) of fee {_unit(credit)}"
            return days + (f", and {num(credit.initial_days)} at once." if credit.initial_days else ".")
        case Multiple():
            words = f"{num(credit.multiplier)} times the fee for the time down"
            if credit.basis == "excess":
                words += " beyond the allowance"
            if credit.incident_cap_percent is not None:
                words += f", at most {num(credit.incident_cap_percent)} % for an incident"
            return words + "."
        case DurationTable():
            limits = ["longer" if r.under_minutes is None else f"under {num(r.under_minutes)} min" for r in credit.rows]
            rows = [f"{limit}: {num(row.hours)} h" for limit, row in zip(limits, credit.rows, strict=True)]
            return (
                f"For each incident, hours of fee: {'; '.join(rows)} ({num(credit.hours_per_fee)} h are a whole fee)."
            )
        case PerShortfall():
            step = "started" if credit.rounding == "started" else "full"
            return (
                f"{num(credit.percent)} % of the fee for each {step} {num(credit.step_percent)} % short of the target."
            )
        case NoChargeHours():
            if credit.over_minutes is not None:
                return f"An hour of the clock with more than {num(credit.over_minutes)} minutes down is not charged."
            return f"Each {credit.rounding} hour down is not charged."
        case Steps():
            rows = [f"over {num(row.over_minutes)} min: {num(row.percent)} %" for row in credit.rows]
            return f"Of the fee, {'; '.join(rows)}."
        case _:
            return "No credit is paid."


def claim_words(claim: Claim | None) -> str:
    """Until when it must be asked for."""
    if claim is None:
        return "No last day to claim is named."
    days = "business days" if claim.business_days else "days"
    edge = "start" if claim.anchor == "start" else "end"
    return {
        "automatic": "Paid without being asked for.",
        "days_after_incident": f"To be claimed within {claim.n} {days} of the {edge} of the incident.",
        "hours_after_incident": f"To be claimed within {claim.n} hours of the {edge} of the incident.",
        "days_after_period_end": f"To be claimed within {claim.n} {days} of the period's end.",
        "months_after_period_end": f"To be claimed within {claim.n} month(s) of the period's end.",
        "end_of_nth_period_after": f"To be claimed by the end of period {claim.n} after the one in question.",
    }[claim.kind]


def termination_words(clause: Any) -> str:
    """When repeated failures give the right to leave."""
    match clause:
        case MonthsBelow():
            run = "in a row" if clause.consecutive else f"within {clause.window_months or 'all'} months"
            words = f"after {clause.count} months {run} below {num(clause.below_percent)} %"
        case OutageCount():
            words = f"after {clause.count} outages longer than {num(clause.longer_than_minutes)} minutes"
            words += f" within {clause.window_days} days"
        case AggregateDowntime():
            words = f"after more than {num(clause.over_minutes)} minutes down within {clause.window_days} days"
        case _:
            return ""
    return f"You may leave {words}; notice within {clause.notice_within_days} days."


def num(value: Decimal) -> str:
    """As the contract writes it: 99.90 stays 99.90."""
    return format(value, "f")


def plain(name: str, *, capital: bool = True) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:] if capital else words
