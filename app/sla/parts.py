"""A period in which the terms change, judged in parts: each under the version in force in it, the sum rounded once.

A part has its own denominator, exclusions, target, verdict and credit; its base is its part of the fee by time. An
outage over the change counts in each part for its stretch; whether it is long enough to count is asked of the whole.
A part without terms promises nothing. Versions that read the same are no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from app.sla.case import Case, DatedTerms
from app.sla.counting import Counted, length_of
from app.sla.credits import rounded
from app.sla.owed import Reckoned, deadline_of, fee_base, part_of, reckon
from app.sla.periods import Period, midnight
from app.sla.readings import Measured, measure, share
from app.sla.seen import Seen, terms_at
from app.sla.spans import Span, union
from app.sla.statement import CalculationLine, Credit, Deadline, Part, Reading, Verdict, WindowVerdict
from app.sla.terms import Sla
from app.sla.windows import judge_windows
from app.sla.wording import days, exactly, percent, seconds

# What the arithmetic of the first guarantee reads: versions that agree in all of it are one.
READ = (
    "timezone", "currency", "target_percent", "denominator", "attribution", "counting", "maintenance", "credit",
    "credit_base", "requires_breach", "cap_percent", "cap_base", "total_cap_percent", "bases", "min_credit", "claim",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the period under one version of the terms, or under none."""

    number: int
    dated: DatedTerms | None
    measured: Measured


@dataclass(frozen=True, slots=True)
class Judged:
    """`whole` has the period's figures, `pieces` what they are the sum of: one where the terms do not change."""

    whole: Measured
    pieces: tuple[Piece, ...]

    @property
    def split(self) -> bool:
        return len(self.pieces) > 1

    @property
    def terms_id(self) -> str | None:
        """The version in force at the end."""
        dated = self.pieces[-1].dated
        return dated.id if dated is not None else None

    @property
    def allowed(self) -> timedelta | None:
        """The downtime the targets leave, part by part; None where nothing is promised."""
        each = [length for piece in self.pieces if (length := allowed(piece.measured)) is not None]
        return sum(each, timedelta(0)) if each else None


def allowed(measured: Measured) -> timedelta | None:
    """The downtime the target leaves."""
    return length_of((1 - measured.target) * measured.denominator) if measured.target is not None else None


def stretches(case: Case, period: Period) -> tuple[tuple[DatedTerms | None, Span], ...]:
    """The period cut at the local midnights at which other terms come into force; what reads the same stays together,
    and so does time in which there was neither a contract nor the service."""
    edges = {period.span.start, period.span.end}
    for dated in case.terms:
        for day in (dated.effective_from, dated.effective_to):
            at = midnight(day, dated.terms.timezone) if day is not None else period.span.start
            if period.span.start < at < period.span.end:
                edges.add(at)
    found: list[tuple[DatedTerms | None, Span]] = []
    for start, end in pairwise(sorted(edges)):
        dated_here, span = terms_at(case, start), Span(start, end)
        void = dated_here is None and case.in_service is not None and not span.overlaps(case.in_service)
        if found and (void or _reads_alike(found[-1][0], dated_here) or _nothing(case, found[-1])):
            found[-1] = (found[-1][0] if void else dated_here, Span(found[-1][1].start, end))
        else:
            found.append((dated_here, span))
    return tuple(found)


def _nothing(case: Case, stretch: tuple[DatedTerms | None, Span]) -> bool:
    dated, span = stretch
    return dated is None and case.in_service is not None and not span.overlaps(case.in_service)


def _reads_alike(one: DatedTerms | None, other: DatedTerms | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(getattr(one.terms, name) == getattr(other.terms, name) for name in READ)


def judge_period(seen: Seen, period: Period, windows: Sequence[WindowVerdict]) -> Judged:
    """The period under its terms, in as many parts as they have versions in it."""
    cut = stretches(seen.case, period)
    if len(cut) == 1:
        dated = cut[0][0]
        whole = measure(seen, period, dated.terms if dated is not None else None, windows)
        return Judged(whole, (Piece(1, dated, whole),))
    pieces = []
    for number, (dated, span) in enumerate(cut, 1):
        part = replace(period, label=f"{period.label}, part {number}", span=span)
        terms = dated.terms if dated is not None else None
        here = windows_under(seen, dated) if dated is not None else ()
        pieces.append(Piece(number, dated, measure(seen, part, terms, here, part_of(part, period))))
    return Judged(_whole(seen, period, windows, pieces), tuple(pieces))


def windows_under(seen: Seen, dated: DatedTerms) -> tuple[WindowVerdict, ...]:
    """Every window as this version alone would have it: what it excuses, and on what notice."""
    always = replace(dated, effective_from=date(1970, 1, 1), effective_to=None)
    return judge_windows(replace(seen, case=replace(seen.case, terms=(always,))), dated.terms)


def _whole(seen: Seen, period: Period, windows: Sequence[WindowVerdict], pieces: Sequence[Piece]) -> Measured:
    """The parts' figures added up; what is raw is the whole period's own."""
    under = [piece.measured for piece in pieces if piece.measured.terms is not None]
    raw = measure(seen, period, under[-1].terms if under else None, windows)
    if not under:
        return raw
    held = [one.counted for one in under if one.counted is not None]
    counted = Counted(
        tuple(piece for one in held for piece in one.pieces),
        max(one.ignored for one in held),
        sum((one.minutes for one in held), Fraction(0)),
    )
    known, later = (
        sum((getattr(one.sla, name) for one in under), timedelta(0)) for name in ("known", "projected_known")
    )
    down = length_of(counted.minutes)
    zero = timedelta(0)
    sla = Reading("sla_method", down, known, share(max(known - down, zero), known), later,
                  share(max(later - down, zero), later))  # fmt: skip
    verdict, breach = _verdict(raw.closed, [one for one in under if one.target is not None])
    return replace(
        raw,
        excused=tuple(sorted((part for one in under for part in one.excused), key=lambda part: part.span)),
        counted=counted,
        counted_spans=union(*(one.counted_spans for one in under)),
        denominator=sum((one.denominator for one in under), Fraction(0)),
        readings=(*raw.readings[:2], sla),
        verdict=verdict,
        breach=breach,
    )


def _verdict(closed: bool, promising: Sequence[Measured]) -> tuple[Verdict, bool]:
    """Breached if a part is; else open, or unproven if a part is."""
    if any(one.breach for one in promising):
        return Verdict.BREACHED, True
    if not closed:
        return Verdict.OPEN, False
    proven = promising and all(one.verdict is Verdict.MET for one in promising)
    return (Verdict.MET if proven else Verdict.UNPROVEN), False


def paid(case: Case, judged: Judged) -> Reckoned | None:
    """What the contract pays for the period: the exact sum over its parts, rounded once."""
    if not judged.split:
        return reckon(case, judged.whole)
    period = judged.whole.period
    each = [(piece, reckon(case, piece.measured, period)) for piece in judged.pieces]
    owed = [found for _, found in each if found is not None]
    if not owed:
        return None
    exact = sum((found.exact for found in owed), Fraction(0))
    bases = {piece.number: fee_base(case, piece.measured, period) for piece, _ in each if piece.dated is not None}
    base = sum(bases.values(), Fraction(0))
    uncapped = sum((found.credit.uncapped_percent * bases[piece.number] for piece, found in each if found), Fraction(0))
    amount = rounded(exact, case.currency)
    lines = [line for piece, found in each for line in _lines(case, judged, piece, found)]
    terms = " + ".join(exactly(found.exact) for found in owed)
    lines.append(CalculationLine("Amount", f"{amount} {case.currency}", f"{terms}, rounded once, half up"))
    credit = Credit(
        percent=exact / base * 100 if base else Fraction(0),
        uncapped_percent=uncapped / base if base else Fraction(0),
        cap_applied=any(found.credit.cap_applied for found in owed),
        amount=amount,
        currency=case.currency,
        base=rounded(base, case.currency),
        tier_below=owed[0].credit.tier_below if len(owed) == 1 else None,
        final=all(found.credit.final for found in owed),
        lines=tuple(lines),
    )
    return Reckoned(credit, exact, tuple(sorted({span for found in owed for span in found.incidents})))


def _lines(case: Case, judged: Judged, piece: Piece, found: Reckoned | None) -> Iterator[CalculationLine]:
    head, measured = f"Part {piece.number}", piece.measured
    yield CalculationLine(head, seconds(measured.period.span.length), _told(piece))
    if found is not None:
        for line in found.credit.lines[1:]:
            note = line.note if line.label != "Amount" else "of this part alone; the sum is rounded, not the parts"
            yield replace(line, label=f"{head}: {line.label}", note=note)
        return
    if measured.terms is not None and measured.sla.projected_availability is not None:
        yield CalculationLine(f"{head}: Counted", seconds(measured.sla.down), "SLA method")
        uptime = measured.sla.projected_availability
        yield CalculationLine(f"{head}: Availability", f"{uptime.numerator}/{uptime.denominator}", percent(uptime))
    said = measured.verdict.value if measured.terms is not None else "no terms: nothing is promised"
    yield CalculationLine(f"{head}: Amount", f"{rounded(Fraction(0), case.currency)} {case.currency}", said)


def _told(piece: Piece) -> str:
    """ "1 to 14 June 2025, terms from 1 January 2024, 99 % promised"."""
    span = days(piece.measured.period.first_day, piece.measured.period.last_day)
    if piece.dated is None:
        return f"{span}, without terms: nothing is promised"
    target = piece.dated.terms.target_percent
    promised = f"{target} % promised" if target is not None else "no availability promised"
    return f"{span}, under the terms from {days(piece.dated.effective_from)}, {promised}"


def deadline_over(case: Case, judged: Judged) -> Deadline | None:
    """The earliest deadline of any part that pays."""
    if not judged.split:
        credit = reckon(case, judged.whole)
        return deadline_of(judged.whole, credit.credit if credit is not None else None, case)
    period = judged.whole.period
    found = []
    for piece in judged.pieces:
        owed = reckon(case, piece.measured, period)
        one = deadline_of(piece.measured, owed.credit if owed is not None else None, case, period)
        if one is not None:
            found.append(one)
    return min(found, key=lambda one: one.too_late_from, default=None)


def parts_of(case: Case, judged: Judged) -> tuple[Part, ...]:
    """The parts as the statement shows them; none where the terms do not change."""
    if not judged.split:
        return ()
    return tuple(_part(case, judged, piece) for piece in judged.pieces)


def _part(case: Case, judged: Judged, piece: Piece) -> Part:
    measured, dated = piece.measured, piece.dated
    owed = reckon(case, measured, judged.whole.period)
    first: date = dated.effective_from if dated is not None else measured.period.first_day
    return Part(
        number=piece.number,
        span=measured.period.span,
        terms_id=dated.id if dated is not None else "",
        effective_from=first,
        target=measured.target,
        readings=measured.readings,
        allowed=allowed(measured),
        verdict=measured.verdict,
        breach=measured.breach,
        credit=owed.credit if owed is not None else None,
    )


def part_notes(judged: Judged) -> Iterator[str]:
    """That the terms changed, and how it was judged."""
    if not judged.split:
        return
    count = {2: "two", 3: "three", 4: "four"}.get(len(judged.pieces), str(len(judged.pieces)))
    told = "; ".join(_told(piece) for piece in judged.pieces)
    yield f"The terms changed within the period; it is judged in {count} parts: {told}."
    zones = {piece.measured.terms.timezone for piece in judged.pieces if piece.measured.terms is not None}
    if len(zones) > 1:
        yield f"The versions name different time zones ({', '.join(sorted(zones))}); each is cut by its own midnight."


def terms_in(judged: Judged) -> tuple[Sla, ...]:
    """Every version the period is judged by, in order."""
    return tuple(piece.dated.terms for piece in judged.pieces if piece.dated is not None)
