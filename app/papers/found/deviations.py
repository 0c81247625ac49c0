"""Each promise beside its fact, the numbered differences, and the lines a provider agrees or disagrees with."""

from __future__ import annotations

from datetime import datetime

from app.papers import figures, ledger
from app.papers.context import Context
from app.papers.found.audited import data_audit, sentence
from app.sla.case import Case, Source
from app.sla.statement import Flag, Outcome, PromiseStatus, Statement, WindowVerdict
from reports import documents as doc
from reports import words


def _said(text: str, source: Source, at: datetime | None, context: Context) -> doc.Said:
    text = figures.short(text, figures.LONG)
    return doc.Said(text=text, source=source.code.value, at=at, exhibit=context.exhibit(source.ref))


def _measured(text: str, at: datetime | None = None) -> doc.Said:
    return doc.Said(text=figures.short(text, figures.LONG), source="M", at=at)


def pairs(case: Case, statement: Statement, context: Context) -> tuple[doc.Pair, ...]:
    """One line per window, then the procedure, then every other broken promise: the promise beside the fact."""
    out = []
    for verdict in statement.windows:
        facts = figures.facts_of(case, verdict.window_id)
        text = facts.text or "Maintenance announced for this span."
        said = [item for item in facts.said if item.said_at <= case.as_at]
        seen = [text for text in verdict.evidence if not text.startswith(("Announced ", "Replaced ", "Said "))]
        words = [f"“{item.text.rstrip(' .')}.”" for item in said[-1:]]
        year = f" {statement.period.first_day.year} "  # goes without saying in a paper about it
        happened = f"{ledger.OUTCOME_WORDS[verdict.outcome].capitalize()}. " + " ".join([*seen, *words]).replace(
            year, " "
        )
        source = said[-1].source if said else None
        at = said[-1].said_at if said else verdict.actual_start
        fact = _said(happened, source, at, context) if source else _measured(happened, at)
        out.append(
            doc.Pair(
                about=f"Window {verdict.attempt}",
                promised=_said(text, facts.source, verdict.announced_at, context),
                happened=fact,
            )
        )
    for work in case.works:
        agreed = [item for item in work.procedures if item.agreed_at <= case.as_at]
        findings = [
            item
            for item in work.findings
            if item.at <= case.as_at and item.verdict not in ("as_agreed", "not_observed")
        ]
        if agreed and findings:
            steps = "; ".join(f"({step.number}) {step.text}" for step in agreed[-1].steps)
            first = findings[0]
            out.append(
                doc.Pair(
                    about="Procedure",
                    promised=_said(steps, agreed[-1].source, agreed[-1].agreed_at, context),
                    happened=_said(
                        " ".join(dict.fromkeys(item.text for item in findings)), first.source, first.at, context
                    ),
                )
            )
    for item in statement.promises:
        if item.status is PromiseStatus.BROKEN and item.kind in ("response", "repair", "next_update"):
            promised = doc.Said(
                text=item.title, source=item.source.code.value if item.source else "P", at=item.promised_at,
                exhibit=context.exhibit(item.source.ref) if item.source else None,
            )  # fmt: skip
            out.append(
                doc.Pair(
                    about=item.kind.replace("_", " ").capitalize(),
                    promised=promised,
                    happened=_measured(item.text, item.met_at),
                )
            )
    return tuple(out)


def deviations(case: Case, statement: Statement, context: Context) -> tuple[doc.Deviation, ...]:
    found: list[tuple[str, str, tuple[str, ...]]] = []
    missed = [verdict for verdict in statement.windows if verdict.outcome is Outcome.NOT_CARRIED_OUT]
    if missed:
        numbers = [str(verdict.attempt) for verdict in missed]
        named = f"Windows {', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else f"Window {numbers[0]}"
        facts_missed = [figures.facts_of(case, verdict.window_id) for verdict in missed]
        origins = [source for facts in facts_missed for source in (facts.source, *(s.source for s in facts.said))]
        found.append(("date", f"{named} did not take place.", _exhibits(context, *origins)))
    for verdict in statement.windows:
        facts = figures.facts_of(case, verdict.window_id)
        exhibits = _exhibits(context, facts.source, *(item.source for item in facts.said))
        if verdict.outcome in (Outcome.OVERRUNNING, Outcome.COMPLETED_LATE):
            found.append(("duration", _overrun(verdict), exhibits))
        if Flag.PROCEDURE_CHANGED in verdict.flags:
            findings = [
                item
                for work in case.works
                for item in work.findings
                if item.window_id == verdict.window_id and item.at <= case.as_at
            ]
            sources = _exhibits(context, facts.source, *(item.source for item in findings[:1]))
            found.append(("procedure", "Another procedure than the one agreed was used.", sources))
        if Flag.DATA_UNVERIFIED in verdict.flags:
            current = sum(1 for site in statement.sites if site.state.value == "current")
            text = f"{current} of {len(statement.sites)} sites are confirmed current; of the others it is not known."
            audit = data_audit(case, statement, whole=False)
            if audit is not None:
                text = f"{text} {sentence(audit)}"
            found.append(("data", text, exhibits))
        if Flag.NO_NOTICE_OF_CHANGE in verdict.flags:
            found.append(
                (
                    "communication",
                    f"Window {verdict.attempt}: its date was changed without notice.",
                    exhibits,
                )
            )
    for item in statement.promises:
        if item.status is PromiseStatus.BROKEN and item.kind in ("response", "next_update"):
            sources = _exhibits(context, *([item.source] if item.source else []))
            found.append(("communication", f"{item.title}: {item.text}", sources))
        if item.status is PromiseStatus.BROKEN and item.kind == "metric":
            sources = _exhibits(context, *([item.source] if item.source else []))
            found.append(("measured", f"{item.title}: {item.text}", sources))
        further = item.kind == "availability" and item.subject != statement.service_id
        if item.status is PromiseStatus.BROKEN and further:
            found.append(("duration", f"{item.title}: {item.text}", _exhibits(context)))
        if item.status is PromiseStatus.BROKEN and item.kind == "repair":
            sources = _exhibits(context, *([item.source] if item.source else []))
            found.append(("duration", f"{item.title.split(',')[0]}: {item.text}", sources))
    return tuple(
        doc.Deviation(number=f"D{number}", about=about, text=figures.short(text, figures.LONG), exhibits=exhibits)  # type: ignore[arg-type]
        for number, (about, text, exhibits) in enumerate(found, 1)
    )


def _overrun(verdict: WindowVerdict) -> str:
    taken = words.duration(figures.seconds(verdict.downtime))
    ratio = (
        f", {words.times(figures.of_fraction(verdict.downtime_ratio))} the announced time"
        if verdict.downtime_ratio is not None
        else ""
    )
    rest = "; the work is still open." if verdict.open else "."
    return f"Window {verdict.attempt}: {taken} down{ratio}{rest}"


def _exhibits(context: Context, *sources: Source) -> tuple[str, ...]:
    numbers = [number for source in sources if (number := context.exhibit(source.ref))]
    measured = [number for item in context.exhibits if (number := context.exhibit(item.ref)) and "monitor:" in item.ref]
    return tuple(dict.fromkeys(numbers or measured)) or ("X1",)


def sign_off(
    case: Case, statement: Statement, amount: doc.Money | None, found: tuple[doc.Deviation, ...]
) -> tuple[doc.SignLine, ...]:
    """Every window, every deviation and every figure that decides, one line each."""
    out = [
        doc.SignLine(
            ref=f"W{verdict.attempt}",
            about="window",
            found=f"Window {verdict.attempt}: {ledger.OUTCOME_WORDS[verdict.outcome]}",
            span=figures.span(verdict.promised),
            figure=None
            if not verdict.downtime_ratio
            else doc.InTimes(
                share=figures.of_fraction(verdict.downtime_ratio), open=figures.is_down_now(statement, verdict)
            ),
        )
        for verdict in statement.windows
    ]
    out += [doc.SignLine(ref=item.number, about="deviation", found=item.text) for item in found]
    raw, counted = statement.readings[0], statement.readings[2]
    told: list[tuple[str, doc.Measure]] = [
        ("Downtime measured in the period", doc.InSeconds(seconds=figures.seconds(raw.down))),
    ]
    if statement.target is not None:
        told.append(("Downtime that counts under the terms", doc.InSeconds(seconds=figures.seconds(counted.down))))
    if statement.target is not None and counted.projected_availability is not None:
        pair = figures.of_fraction(counted.projected_availability)
        told.append(("Availability by the terms' own method", doc.InShare(share=pair)))
    if amount is not None:
        told.append(("Service credit due", doc.InMoney(money=amount)))
    out += [
        doc.SignLine(ref=f"F{number}", about="figure", found=figures.short(text), figure=figure)
        for number, (text, figure) in enumerate(told, 1)
    ]
    return tuple(out)
