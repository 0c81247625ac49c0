"""The one sum a claim asks for: what the statement's `due` says, less where a boundary lies between the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.sla.due import FIRST_CREDIT, LEFT_OUT
from app.sla.guarantees import FIRST
from app.sla.statement import Credit, Deadline, Statement


@dataclass(frozen=True, slots=True)
class Asked:
    """`held` is due on the time as held, `amount` is claimed. `settled` False: how several credits go together is left
    to a person, and the largest single one is asked for, which is owed whichever way."""

    held: Decimal
    amount: Decimal
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Paying:
    """A credit of the statement with its name. `counted` False: another for the same event is paid instead."""

    name: str
    credit: Credit
    counted: bool


def asked(statement: Statement) -> Asked:
    """Both sums zero where nothing is due."""
    if statement.due is not None:
        least = statement.due if statement.due_least is None else statement.due_least
        return Asked(statement.due, least)
    each = paying(statement)
    held = max((one.credit.amount for one in each), default=Decimal(0))
    least = max((_least(one.credit) for one in each), default=Decimal(0))
    return Asked(held, least, settled=not each)


def first_credit(statement: Statement) -> Credit | None:
    """The credit of the statement's own figures; None where the first guarantee is paid over a period of its own."""
    return None if any(one.name == FIRST for one in statement.guarantees) else statement.credit


def paying(statement: Statement) -> tuple[Paying, ...]:
    """Every credit that takes part, in the order of the terms."""
    found: list[Paying] = []
    first = first_credit(statement)
    if first is not None:
        left = any(line.label == FIRST_CREDIT and line.note == LEFT_OUT for line in statement.due_lines)
        found.append(Paying(FIRST_CREDIT, first, not left))
    found += [Paying(one.name.capitalize(), one.credit, one.paid) for one in statement.guarantees if one.credit]
    for promise in statement.promises:
        if promise.credit is not None:
            name = promise.subject if promise.kind == "metric" else promise.title
            left = any(line.label == name and line.note == LEFT_OUT for line in statement.due_lines)
            found.append(Paying(name, promise.credit, not left))
    return tuple(one for one in found if one.credit.amount)


def deadline(statement: Statement) -> Deadline | None:
    """The earliest deadline of all that is paid; None where nothing has one."""
    own = statement.deadline if first_credit(statement) is not None else None
    every = (own, *(one.deadline for one in statement.guarantees if one.paid))
    return min((one for one in every if one is not None), key=lambda one: one.too_late_from, default=None)


def _least(credit: Credit) -> Decimal:
    return credit.amount if credit.lower_amount is None else credit.lower_amount
