"""What the contract comes to as a whole: every guarantee and measured figure beside the first, all credits together,
and what is left to a person: clauses by hand, doubtful clauses, preconditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from app.sla.due import FIRST_CREDIT, Payable, due_of, of_promises
from app.sla.guarantees import FIRST, guarantee_notes, guarantee_promises, judge_guarantees, verdict_of
from app.sla.metrics import judge_metrics
from app.sla.owed import Reckoned
from app.sla.parts import Judged, terms_in
from app.sla.seen import Seen
from app.sla.statement import CalculationLine, GuaranteeVerdict, Promise
from app.sla.terms import Sla


@dataclass(frozen=True, slots=True)
class Summed:
    """The places of a statement that are about the whole contract."""

    promises: tuple[Promise, ...]
    guarantees: tuple[GuaranteeVerdict, ...]
    due: Decimal | None
    least: Decimal | None  # where the least time observed pays less
    lines: tuple[CalculationLine, ...]
    notes: tuple[str, ...]
    by_hand: tuple[str, ...]
    preconditions: tuple[str, ...]
    remedy_form: str | None


def summed(
    seen: Seen, judged: Judged, owed: Reckoned | None, ledger: tuple[Promise, ...], lower: Decimal | None = None
) -> Summed:
    """`owed` and `ledger` are the first guarantee's credit and promises, `lower` what the least time pays for it."""
    case, terms = seen.case, judged.whole.terms
    guaranteed, metrics = judge_guarantees(seen), judge_metrics(seen)
    payables: list[Payable] = []
    if owed is not None and not any(one.name == FIRST for one in guaranteed):
        payables.append(Payable(FIRST_CREDIT, owed.exact, owed.incidents))
    places: dict[str, int] = {}
    for one in guaranteed:
        if one.owed is not None:
            places[one.name] = len(payables)
            payables.append(Payable(one.name.capitalize(), one.owed.exact, one.owed.incidents))
    payables += [one.payable for one in metrics if one.payable is not None]
    payables += of_promises(ledger, case)
    due = due_of(case, terms, payables)
    least = None
    if lower is not None and payables and payables[0].name == FIRST_CREDIT and FIRST not in places:
        least = due_of(case, terms, [replace(payables[0], exact=Fraction(lower)), *payables[1:]])

    def is_paid(name: str) -> bool:
        return due is None or name not in places or due.paid[places[name]]

    first = [promise for promise in ledger if promise.kind == "availability"]
    others = [promise for promise in ledger if promise.kind != "availability"]
    versions = terms_in(judged)
    return Summed(
        promises=(*first, *guarantee_promises(seen, guaranteed), *(one.promise for one in metrics), *others),
        guarantees=tuple(verdict_of(seen, one, is_paid(one.name)) for one in guaranteed),
        due=due.amount if due is not None else None,
        least=least.amount if least is not None else None,
        lines=due.lines if due is not None else (),
        notes=(*guarantee_notes(seen, guaranteed), *_left_to_a_person(case.unreviewed, versions)),
        by_hand=_once(text for one in versions for text in one.by_hand),
        preconditions=_once(text for one in versions for text in one.preconditions),
        remedy_form=terms.remedy_form if terms is not None else None,
    )


def _once(texts: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _left_to_a_person(unreviewed: tuple[str, ...], versions: tuple[Sla, ...]) -> Iterator[str]:
    for path in unreviewed:
        why = next((one.needs_review[path] for one in versions if path in one.needs_review), "it is doubtful.")
        yield f"Nobody has put a name to {path} yet, which the terms mark as doubtful: {why}"
