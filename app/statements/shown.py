"""From the judged period to its JSON."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from app.sla.case import Case
from app.sla.statement import Outage, Promise, Statement, WindowVerdict
from app.statements import shapes
from app.statements.pieces import (
    counter_out,
    credit_out,
    deadline_out,
    guarantee_out,
    line_out,
    maybe,
    part_out,
    period_out,
    reading_out,
    secs,
    share,
    source_out,
    span_out,
    text_or_none,
)
from app.statements.shapes import StatementOut

__all__ = ["StatementOut", "inputs_out", "secs", "share", "statement_out"]


def statement_out(item: Statement, case: Case | None = None) -> StatementOut:
    """The statement, complete but for the calendar and the trend, which the papers carry. With its case: the inputs
    too, so that anybody can reckon it anew."""
    counts: dict[str, int] = {"current": 0, "old": 0, "down": 0, "unknown": 0}
    for site in item.sites:
        counts[site.state.value] += 1
    return StatementOut(
        service_id=item.service_id,
        service_name=item.service_name,
        period=period_out(item.period),
        label=item.period.label,
        zone=item.period.zone,
        as_at=item.as_at,
        method=item.method,
        so_far=item.so_far,
        elapsed=None if item.elapsed is None else span_out(item.elapsed),
        verdict=item.verdict.value,
        breach=item.breach,
        target=share(item.target),
        allowed=maybe(item.allowed),
        up=secs(item.totals.up),
        degraded=secs(item.totals.degraded),
        down=secs(item.totals.down),
        unknown=secs(item.totals.unknown),
        out_of_service=secs(item.totals.out_of_service),
        coverage=share(item.coverage),
        unknown_spans=[span_out(gap.span) for gap in item.gaps],
        readings=[reading_out(reading) for reading in item.readings],
        outages=[_outage(outage) for outage in item.outages],
        down_parts=[
            shapes.DownPartOut(
                span=span_out(part.span), outage=part.outage, counted=part.counted, clause=part.clause, why=part.why
            )
            for part in item.down_parts
        ],
        calculation=[line_out(line) for line in item.calculation],
        left_out=[
            shapes.LeftOutOut(
                site_id=one.site_id, name=one.name, span=span_out(one.span), in_period=secs(one.in_period), why=one.why
            )
            for one in item.left_out
        ],
        excused=[
            shapes.ExcusedOut(span=span_out(part.span), window_id=part.window_id, clause=part.clause)
            for part in item.excused
        ],
        counted_spans=[span_out(span) for span in item.counted_spans],
        announced=[span_out(span) for span in item.announced],
        windows=[_window(window) for window in item.windows],
        steps=[
            shapes.StepOut(
                window_id=step.window_id,
                step=step.step,
                text=step.text,
                verdict=step.verdict.value,
                found=step.found,
                at=step.at,
                source=source_out(step.source),
            )
            for step in item.steps
        ],
        promises=[_promise(promise) for promise in item.promises],
        credit=credit_out(item.credit),
        due=text_or_none(item.due),
        due_least=text_or_none(item.due_least),
        due_lines=[line_out(line) for line in item.due_lines],
        deadline=deadline_out(item.deadline),
        counter=counter_out(item.counter),
        parts=[part_out(part) for part in item.parts],
        guarantees=[guarantee_out(one) for one in item.guarantees],
        rights=[
            shapes.RightOut(
                title=one.title,
                clause=one.clause,
                accrued=one.accrued,
                accrued_at=one.accrued_at,
                exercise_by=one.exercise_by,
                lapsed=one.lapsed,
            )
            for one in item.rights
        ],
        terms_id=item.terms_id,
        by_hand=list(item.by_hand),
        preconditions=list(item.preconditions),
        remedy_form=item.remedy_form,
        needs_review=list(item.needs_review),
        sites=[
            shapes.SiteOut(
                site_id=site.site_id,
                name=site.name,
                state=site.state.value,
                checked_at=site.checked_at,
                down=secs(site.down),
            )
            for site in item.sites
        ],
        site_counts=counts,
        notes=list(item.notes),
        inputs=None if case is None else inputs_out(case, item),
    )


def inputs_out(case: Case, item: Statement) -> shapes.InputsOut:
    """The fee, the terms with every default written out, and what starts the contract's clock in its outages."""
    first = min([item.period.span.start, *(outage.span.start for outage in item.outages)])
    return shapes.InputsOut(
        monthly_fee=f"{case.monthly_fee:f}",
        currency=case.currency,
        in_service=None if case.in_service is None else span_out(case.in_service),
        terms=[
            shapes.TermsUsedOut(
                terms_id=dated.id,
                effective_from=dated.effective_from,
                effective_to=dated.effective_to,
                terms=dated.terms.model_dump(mode="json"),
            )
            for dated in case.terms
        ],
        tickets=[
            shapes.TicketOut(number=ticket.number, opened_at=ticket.opened_at)
            for ticket in case.every_ticket
            if first <= ticket.opened_at <= case.as_at
        ],
        confirmed_at=[
            event.at
            for event in case.events
            if first <= event.at <= case.as_at and event.name.removesuffix("_at") == "provider_confirmed"
        ],
    )


def _outage(outage: Outage) -> shapes.OutageOut:
    return shapes.OutageOut(
        number=outage.number,
        span=span_out(outage.span),
        open=outage.open,
        first_failed_at=outage.first_failed_at,
        last_failed_at=outage.last_failed_at,
        last_good_at=outage.last_good_at,
        first_good_at=outage.first_good_at,
        at_least=secs(outage.at_least),
        as_held=secs(outage.as_held),
        at_most=maybe(outage.at_most),
        in_period=secs(outage.in_period),
        excused=secs(outage.excused),
        counted=secs(outage.counted),
        monitors=list(outage.monitors),
        window_ids=list(outage.window_ids),
        witnesses=[
            shapes.WitnessOut(
                name=one.name,
                site_id=one.site_id,
                first_failed_at=one.first_failed_at,
                last_failed_at=one.last_failed_at,
            )
            for one in outage.witnesses
        ],
    )


def _window(window: WindowVerdict) -> shapes.WindowOut:
    return shapes.WindowOut(
        window_id=window.window_id,
        work_id=window.work_id,
        attempt=window.attempt,
        outcome=window.outcome.value,
        derived_outcome=window.derived_outcome.value,
        override_by=window.override_by,
        override_reason=window.override_reason,
        flags=[flag.value for flag in window.flags],
        open=window.open,
        promised=span_out(window.promised),
        announced_at=window.announced_at,
        notice=secs(window.notice),
        notice_required=maybe(window.notice_required),
        notice_met=window.notice_met,
        actual_start=window.actual_start,
        actual_end=window.actual_end,
        start_delay=maybe(window.start_delay),
        downtime=secs(window.downtime),
        downtime_ratio=None if window.downtime_ratio is None else str(window.downtime_ratio),
        work_open=maybe(window.work_open),
        work_ratio=None if window.work_ratio is None else str(window.work_ratio),
        excuses=window.excuses,
        why_not=window.why_not,
        evidence=list(window.evidence),
    )


def _micros(value: timedelta | Fraction | None) -> int | None:
    return value // timedelta(microseconds=1) if isinstance(value, timedelta) else None


def _promise(promise: Promise) -> shapes.PromiseOut:
    fine = promise.kind == "metric"  # a latency is no matter of seconds
    return shapes.PromiseOut(
        kind=promise.kind,
        subject=promise.subject,
        title=promise.title,
        status=promise.status.value,
        text=promise.text,
        promised_at=promise.promised_at,
        due_at=promise.due_at,
        met_at=promise.met_at,
        figure_seconds=secs(promise.figure) if isinstance(promise.figure, timedelta) and not fine else None,
        figure_microseconds=_micros(promise.figure) if fine else None,
        figure_share=share(promise.figure) if isinstance(promise.figure, Fraction) else None,
        target_seconds=secs(promise.target) if isinstance(promise.target, timedelta) and not fine else None,
        target_microseconds=_micros(promise.target) if fine else None,
        target_share=share(promise.target) if isinstance(promise.target, Fraction) else None,
        open=promise.open,
        source=source_out(promise.source),
        clause=promise.clause,
        credit=credit_out(promise.credit),
    )
