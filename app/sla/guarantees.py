"""Several guarantees in one contract (network, power, host, …): each over its own period, on its own monitors, under
its own clauses; what it leaves out is as the terms around it have it.

The first guarantee stands in the fields of the terms themselves. Where its period is not the statement's (a year, a
billing cycle, rolling days), it is judged over its own as well, and that is what is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.sla.breaches import AVAILABILITY
from app.sla.case import Case, DatedTerms
from app.sla.clauses import BillingCycle, RollingDays
from app.sla.owed import Reckoned
from app.sla.parts import Judged, deadline_over, judge_period, paid
from app.sla.periods import Period, rolling_days, shifted
from app.sla.seen import Seen, look, terms_of
from app.sla.statement import GuaranteeVerdict, Promise, Verdict
from app.sla.terms import Sla, named_period
from app.sla.windows import judge_windows
from app.sla.wording import clause, days, elapsed, percent

FIRST = "availability"  # the first guarantee, where it is judged beside the statement's own period
SAME = ("period", "denominator", "attribution", "counting", "maintenance", "claim")  # left out: as the terms have it
OWN = ("target_percent", "credit", "credit_base", "requires_breach", "cap_percent", "cap_base", "min_credit")


@dataclass(frozen=True, slots=True)
class Guaranteed:
    """One guarantee judged, with its credit before the rounding."""

    name: str
    terms: Sla  # as if it were the only one
    judged: Judged
    owed: Reckoned | None
    monitors: tuple[str, ...]  # the names asked for
    missing: tuple[str, ...]  # those of them the service does not have
    clause: str


def as_terms(terms: Sla, index: int) -> Sla:
    """The terms as if this guarantee were the only one."""
    one = terms.guarantees[index]
    under = f"guarantees.{index}."
    changes = {name: getattr(one, name) for name in OWN}
    changes |= {name: value for name in SAME if (value := getattr(one, name)) is not None}
    quotes = {
        path.removeprefix(under): quote
        for path, quote in terms.source_quotes.items()
        if path.startswith(under) or path.split(".")[0] in SAME
    }
    alone = {"guarantees": (), "metrics": (), "promises": (), "termination": (), "source_quotes": quotes}
    return terms.model_copy(update=changes | alone)


def own_period(terms: Sla, period: Period) -> Period:
    """The period these terms are measured over: rolling days that end with the statement's, the billing cycle that ends
    in it, the quarter or year that contains it; the statement's own where it is of that kind."""
    clause_ = terms.period
    anchor = clause_.anchor_day if isinstance(clause_, BillingCycle) else None
    if isinstance(clause_, RollingDays):
        anchor = clause_.days
    if clause_.kind == period.kind and anchor == period.anchor:
        return period
    if isinstance(clause_, RollingDays):
        return rolling_days(period.last_day, clause_.days, terms.timezone)
    found = named_period(terms, f"{period.first_day:%Y-%m}")
    return shifted(found, -1) if isinstance(clause_, BillingCycle) and found.last_day > period.last_day else found


def own_periods(terms: Sla, period: Period) -> tuple[Period, ...]:
    """Every period a statement of these terms looks at."""
    return (own_period(terms, period), *(own_period(as_terms(terms, i), period) for i in range(len(terms.guarantees))))


def judge_guarantees(seen: Seen) -> tuple[Guaranteed, ...]:
    """Every guarantee beside the one the statement's figures are of, in the order the terms list them."""
    case = seen.case
    terms = terms_of(case, case.period)
    every = (*case.terms_before, *case.terms)
    out = []
    if terms is not None and terms.target is not None and own_period(terms, case.period) != case.period:
        out.append(_guaranteed(seen, FIRST, every, (), clause(terms, "target_percent")))
    names = dict.fromkeys(one.name for one in terms.guarantees) if terms is not None else {}
    for dated in case.terms:
        names |= dict.fromkeys(one.name for one in dated.terms.guarantees)
    for name in names:
        versions, monitors, said = [], tuple[str, ...](), ""
        for dated in every:
            for index, one in enumerate(dated.terms.guarantees):
                if one.name == name:
                    versions.append(replace(dated, terms=as_terms(dated.terms, index)))
                    monitors, said = one.monitors, clause(dated.terms, f"guarantees.{index}.target_percent")
        out.append(_guaranteed(seen, name, tuple(versions), monitors, said))
    return tuple(out)


def _guaranteed(
    seen: Seen, name: str, versions: tuple[DatedTerms, ...], monitors: tuple[str, ...], said: str
) -> Guaranteed:
    case: Case = replace(seen.case, terms=versions, terms_before=())
    terms = terms_of(case, case.period) or versions[-1].terms
    period, here = own_period(terms, case.period), replace(seen, case=case)
    missing: tuple[str, ...] = ()
    if monitors:
        chosen = tuple(one for one in case.monitors if one.name in monitors)
        missing = tuple(one for one in monitors if one not in {found.name for found in chosen})
        case = replace(case, monitors=chosen, sites=())
    if period.span.end > case.period.span.end:  # a year is judged so far: the case has no facts beyond its own period
        case = replace(case, as_at=min(case.as_at, case.period.span.end))
    if monitors or case.as_at != seen.as_at:
        here = look(case)
    judged = judge_period(here, period, judge_windows(here, terms))
    return Guaranteed(name, terms, judged, paid(case, judged), monitors, missing, said)


def verdict_of(seen: Seen, one: Guaranteed, is_paid: bool) -> GuaranteeVerdict:
    whole = one.judged.whole
    return GuaranteeVerdict(
        name=one.name,
        period=whole.period,
        target=whole.target,
        readings=whole.readings,
        allowed=one.judged.allowed,
        verdict=whole.verdict,
        breach=whole.breach,
        credit=one.owed.credit if one.owed is not None else None,
        deadline=deadline_over(seen.case, one.judged),
        paid=is_paid,
        clause=one.clause,
        counted_spans=whole.counted_spans,
    )


def guarantee_promises(seen: Seen, guaranteed: tuple[Guaranteed, ...]) -> Iterator[Promise]:
    """Each in the promise ledger. What it pays stands with its verdict."""
    for one in guaranteed:
        whole, target = one.judged.whole, one.terms.target
        if target is None:
            continue
        share = whole.sla.availability
        figure = percent(share, target=target) if share is not None else "Nothing is known of the availability"
        so_far = "" if whole.closed else " so far"
        yield Promise(
            kind="availability",
            subject=f"{seen.case.service_id}/{one.name}",
            title=f"{one.name}: available {one.terms.target_percent} % of {whole.period.label}",
            status=AVAILABILITY[whole.verdict],
            promised_at=None,
            due_at=whole.period.span.end,
            met_at=None,
            figure=share,
            target=target,
            open=not whole.closed,
            source=None,
            clause=one.clause,
            text=f"{figure}{so_far}, {one.terms.target_percent} % promised; {elapsed(whole.sla.down)} counted.",
        )


def guarantee_notes(seen: Seen, guaranteed: tuple[Guaranteed, ...]) -> Iterator[str]:
    """Over which period each is judged where it is not the statement's, and what is not known of it."""
    for one in guaranteed:
        whole = one.judged.whole
        if one.missing:
            yield f"{one.name} is measured on {', '.join(one.missing)}, which the service does not have."
        if whole.period != seen.case.period:
            span = days(whole.period.first_day, whole.period.last_day)
            yield f"{one.name} is judged over its own period: {span}."
        if whole.closed and whole.verdict is Verdict.UNPROVEN:
            lacks = elapsed(whole.unknown) if whole.unknown else "nothing"
            yield f"{one.name} is unproven: {lacks} of its period are unknown, or lie outside what is recorded here."
        if one.judged.split:
            yield f"{one.name}: its terms changed within the period; it is judged in {len(one.judged.pieces)} parts."
