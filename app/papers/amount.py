"""The sum that is asked for: the box with its clause, formula and inputs, and what else may be said of it."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from app.papers import figures
from app.papers.beside import credit_lines, money
from app.sla.asked import Asked, asked, first_credit
from app.sla.case import Case
from app.sla.credits import rounded
from app.sla.owed import credit_of, recounted
from app.sla.readings import counted_down, measure
from app.sla.seen import look, terms_of
from app.sla.statement import Credit, Statement
from app.sla.windows import judge_windows
from reports import documents as doc

TAX = "The amount is net; taxes follow the invoice it is credited on."
TOGETHER = frozenset({"Several credits for one event", "Cap over all credits"})


def amount_box(case: Case, statement: Statement, clauses: tuple[doc.Clause, ...]) -> doc.Amount | None:
    """The box on page one; None where nothing is due: what is left is a request for goodwill."""
    sum_, credit = asked(statement), first_credit(statement)
    if not sum_.amount:
        return None
    ref = figures.clause_of(case, "credit")
    quote = next((clause.quote for clause in clauses if clause.ref == ref), None)
    counted = statement.readings[2]
    inputs = [_input("Counted downtime", doc.InSeconds(seconds=figures.seconds(counted.down)))]
    if counted.projected_availability is not None:
        inputs.append(_input("Availability", doc.InShare(share=figures.of_fraction(counted.projected_availability))))
    lines, capped = credit_lines(statement), None
    if credit is not None:
        inputs += _rule(credit)
        inputs.append(_input("Base", doc.InMoney(money=money(credit.base, credit.currency))))
        terms = terms_of(case, case.period)
        if terms is not None and terms.cap_percent is not None:
            limit = money(rounded(Fraction(case.monthly_fee) * Fraction(terms.cap_percent) / 100, case.currency),
                          case.currency)  # fmt: skip
            reached = "applied" if credit.cap_applied else "not reached"
            inputs.append(_input("Cap", doc.InWords(text=f"{terms.cap_percent:f} % of the fee, {reached}")))
            capped = limit if credit.cap_applied else None
    if lines:
        inputs += [_input(figures.short(line.label), doc.InWords(text=figures.short(f"{line.value}, {line.note}")))
                   for line in statement.due_lines if line.label in TOGETHER]  # fmt: skip
    return doc.Amount(
        clause_ref=ref or "service credit",
        clause_quote=quote,
        formula=_formula(sum_, credit, bool(lines)),
        inputs=tuple(inputs),
        amount=money(sum_.amount, case.currency),
        capped_at=capped,
        tax_note=TAX,
        other_reading=None if lines else _all_counted(case, statement, sum_.held),
        as_held=money(sum_.held, case.currency) if sum_.held != sum_.amount else None,
        credits=lines,
    )


def _formula(sum_: Asked, credit: Credit | None, several: bool) -> str:
    if not sum_.settled:
        return "the largest of the credits listed; how they go together is to be settled by hand"
    if several or credit is None:
        return "by the credits listed"
    one = f"{figures.number_text(credit.percent)} % of {credit.currency} {credit.base:f}"
    return f"as held: {one}" if sum_.held != sum_.amount else one


def _input(name: str, value: doc.Measure) -> doc.Input:
    return doc.Input(name=name, value=value)


def _rule(credit: Credit) -> list[doc.Input]:
    if credit.tier_below is not None:
        return [_input("Tier", doc.InWords(text=f"below {figures.percent_text(credit.tier_below)} %"))]
    said = next((line.note for line in credit.lines if line.label == "Credit" and line.note), "")
    return [_input("Rule", doc.InWords(text=said[:200]))] if said else []


def _all_counted(case: Case, statement: Statement, held: Decimal) -> doc.OtherReading | None:
    """What the same terms pay if no maintenance were left out; None where the sum stays what it is."""
    if not statement.excused or statement.parts or statement.guarantees:
        return None
    seen, terms = look(case), terms_of(case, case.period)
    if terms is None:
        return None
    measured = measure(seen, case.period, terms, judge_windows(seen, terms))
    counted = counted_down(seen, case.period, terms, ())
    if counted is None:
        return None
    other = recounted(measured, counted, measured.denominator, measured.sla.projected_known)
    credit = credit_of(case, other)
    if credit is None or credit.amount == held:
        return None
    return doc.OtherReading(
        reading="if what was announced counted too",
        counted_seconds=other.sla.down // timedelta(seconds=1),
        amount=money(credit.amount, credit.currency),
    )


def counter_reading(statement: Statement) -> doc.CounterReading | None:
    """The provider's side, every argument granted, with our answers."""
    item = statement.counter
    if item is None:
        return None
    return doc.CounterReading(
        counted_seconds=figures.seconds(item.down),
        availability=None if item.availability is None else figures.of_fraction(item.availability),
        breached=item.breach,
        amount=None if item.credit is None else money(item.credit.amount, item.credit.currency),
        arguments=tuple(
            doc.Argument(
                says=one.says,
                removes_seconds=figures.seconds(one.removes),
                clause=figures.short(clause_words(one.clause)),
                answer=figures.short(one.answer, figures.LONG),
            )
            for one in item.arguments
        ),
    )


def clause_words(clause: str) -> str:
    """The clause's words; where none are on record, the terms' field in plain words."""
    if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)*", clause):
        return f"{clause.replace('_', ' ').replace('.', ': ')} (no words on record)"
    return clause
