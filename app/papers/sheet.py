"""The calculation sheet: every step from the length of the period to the sum that is asked for."""

from __future__ import annotations

from app.papers.figures import seconds, short
from app.sla.asked import asked, paying
from app.sla.statement import CalculationLine, Statement
from reports import documents as doc

TOLD_ABOVE = frozenset({"Period", "Denominator", "Unknown", "Down", "Excused", "Counted", "Availability"})


def calculation(statement: Statement) -> tuple[doc.Step, ...]:
    """Length, unknown, outages, what is excused and by which window, the law's own lines from the raw downtime to the
    third reading, each reading, each credit line by line, and what all of them come to."""
    assert statement.elapsed is not None
    out = [
        doc.Step(
            what="Length of the period",
            working="local midnight to local midnight, in elapsed seconds",
            result=doc.InSeconds(seconds=seconds(statement.period.span.length)),
        )
    ]
    if statement.so_far:
        elapsed = seconds(statement.elapsed.length)
        out.append(
            doc.Step(
                what="Passed so far",
                working="start of the period to the as-at time",
                result=doc.InSeconds(seconds=elapsed),
            )
        )
    unknown = seconds(statement.totals.unknown)
    out.append(
        doc.Step(
            what="Unknown", working="no observation held; neither up nor down", result=doc.InSeconds(seconds=unknown)
        )
    )
    numbers = {verdict.window_id: verdict.attempt for verdict in statement.windows}
    for outage in statement.outages:
        out.append(
            doc.Step(
                what=f"Outage {outage.number} in the period",
                working=f"as held {seconds(outage.as_held)} s, of them in the period",
                result=doc.InSeconds(seconds=seconds(outage.in_period), open=outage.open),
            )
        )
    for item in statement.excused:
        out.append(
            doc.Step(
                what=f"Excused by window {numbers.get(item.window_id, '?')}",
                working=f"overlap of the downtime with the announced span; {short(item.clause, 200)}",
                result=doc.InSeconds(seconds=seconds(item.span.length)),
            )
        )
    out += [_step(line) for line in statement.calculation]
    for reading in statement.readings:
        name = {"raw": "Raw", "announced_removed": "Announced removed", "sla_method": "SLA method"}[reading.key]
        out.append(
            doc.Step(
                what=f"{name}: downtime",
                working="sum of the spans it counts",
                result=doc.InSeconds(seconds=seconds(reading.down)),
            )
        )
        if reading.projected_availability is not None:
            known, down = seconds(reading.projected_known), seconds(reading.down)
            out.append(
                doc.Step(
                    what=f"{name}: availability" + (" if nothing more happens" if statement.so_far else ""),
                    working=f"({known} s - {down} s) / {known} s",
                    result=doc.InShare(share=doc.Share(numerator=known - down, denominator=known)),
                )
            )
    if statement.credit is not None:
        out += [_step(line) for line in statement.credit.lines if line.label not in TOLD_ABOVE]
    else:
        out += [
            doc.Step(
                what=f"Part {part.number}: counted",
                working=f"the terms of {part.effective_from:%Y-%m-%d} alone: {part.verdict.value}",
                result=doc.InSeconds(seconds=seconds(part.readings[2].down)),
            )
            for part in statement.parts
        ]
    for one in statement.guarantees:
        name = one.name.capitalize()
        if one.credit is not None:
            out += [_step(line, f"{name}: ") for line in one.credit.lines]
        else:
            whole = doc.InSeconds(seconds=seconds(one.readings[2].down))
            out.append(doc.Step(what=short(f"{name}: counted", 200), working=one.verdict.value, result=whole))
    out += [_step(line, "" if line.label == "Due" else "Together: ") for line in statement.due_lines]
    sum_ = asked(statement)
    if sum_.amount != sum_.held:
        currency = paying(statement)[0].credit.currency
        out.append(_step(CalculationLine("Claimed", f"{sum_.amount} {currency}", "on the least time observed")))
    return tuple(out)


def _step(line: CalculationLine, before: str = "") -> doc.Step:
    """A line of the law's own calculation, as it wrote it down."""
    result = doc.InWords(text=short(line.value, 200))
    return doc.Step(what=short(before + line.label, 200), working=short(line.note or "-", 300), result=result)
