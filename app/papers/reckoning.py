"""What a sum was reckoned from, whole and for machines, so that a third party comes to the same one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from app.papers.beside import money
from app.papers.figures import of_fraction, seconds, short, span
from app.sla.asked import first_credit, paying
from app.sla.case import Case
from app.sla.credits import MINOR_UNITS
from app.sla.excuse import excused
from app.sla.owed import part_of, reckon
from app.sla.parts import Judged, Piece, judge_period, windows_under
from app.sla.periods import local_days
from app.sla.seen import Seen, look, terms_of
from app.sla.spans import Span, clip, union
from app.sla.statement import Statement
from app.sla.windows import judge_windows
from reports import documents as doc

ALWAYS = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
AROUND = timedelta(days=7)  # an outage just outside may be one with the first or last of the period
TOLD_ELSEWHERE = {"source_quotes", "interpretations"}  # the clauses' words stand among the clauses


def reckoning(case: Case, statement: Statement) -> doc.Reckoning | None:
    """None where no terms were in force."""
    seen, period = look(case), case.period
    judged = judge_period(seen, period, judge_windows(seen, terms_of(case, period)))
    parts = tuple(_part(seen, judged, piece, statement) for piece in judged.pieces if piece.dated is not None)
    if not parts:
        return None
    around = Span(period.span.start - AROUND, period.span.end + AROUND)
    down = [item for item in union(seen.down) if item.overlaps(around)]
    first = min([period.span.start, *(item.start for item in down)])
    places = MINOR_UNITS.get(case.currency, 2)
    credit = statement.credit
    amount = f"{credit.amount:f}" if credit is not None else f"{0:.{places}f}"
    lower = credit.lower_amount if credit is not None else None
    return doc.Reckoning(
        period=span(period.span),
        period_days=sum(1 for _ in local_days(period.span, period.zone)),
        in_service=span(case.in_service or ALWAYS),
        fee=doc.Money(amount=f"{case.monthly_fee:f}", currency=case.currency),
        minor_units=places,
        down=tuple(span(item) for item in down),
        bounds=tuple(
            doc.Bounds(
                number=item.number,
                span=span(item.span),
                at_least_seconds=seconds(item.at_least),
                at_most_seconds=None if item.at_most is None else seconds(item.at_most),
            )
            for item in statement.outages
        ),
        clocks=doc.Clocks(
            ticket_opened=tuple(item.opened_at for item in case.tickets_since(first) if item.opened_at <= case.as_at),
            provider_confirmed=tuple(
                item.at
                for item in case.events
                if item.at <= case.as_at and item.name.removesuffix("_at") == "provider_confirmed"
            ),
        ),
        parts=parts,
        amount=amount,
        asked=amount if lower is None else f"{lower:f}",
        beside=_beside(statement),
    )


def _part(seen: Seen, judged: Judged, piece: Piece, statement: Statement) -> doc.ReckonedPart:
    case, measured = seen.case, piece.measured
    assert piece.dated is not None
    terms, whole = piece.dated.terms, judged.whole.period if judged.split else None
    windows = windows_under(seen, piece.dated) if judged.split else statement.windows
    life = clip(seen.down, case.in_service) if case.in_service is not None else seen.down
    owed = reckon(case, measured, whole)
    share = measured.sla.projected_availability
    return doc.ReckonedPart(
        terms=terms.model_dump(mode="json", exclude=TOLD_ELSEWHERE),
        span=span(measured.period.span),
        part=of_fraction(part_of(measured.period, whole)),
        unknown_seconds=seconds(measured.unknown),
        excused=tuple(
            doc.ExcusedSpan(span=span(item.span), clause=short(item.clause) or "no clause")
            for item in excused(windows, case.windows, life, terms, measured.period, case.as_at)
        ),
        counted_seconds=seconds(measured.sla.down),
        availability=None if share is None else of_fraction(share),
        breached=measured.breach,
        due_exactly=str(owed.exact if owed is not None else Fraction(0)),
    )


def _beside(statement: Statement) -> tuple[doc.BesideCredit, ...]:
    """What is paid beside the first guarantee's credit, or instead of it."""
    first = first_credit(statement)
    return tuple(
        doc.BesideCredit(
            what=short(one.name), amount=money(one.credit.amount, one.credit.currency), counted=one.counted
        )
        for one in paying(statement)
        if one.credit is not first
    )
