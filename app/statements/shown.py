"""A judged period as JSON: durations in whole seconds, shares as exact fractions beside their printed percentage."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, Field

from app.sla.case import Source
from app.sla.spans import Span
from app.sla.statement import Statement

Seconds = Annotated[int, Field(description="Whole seconds.", examples=[79200])]


class ShareOut(BaseModel):
    """An exact fraction and its percentage to six decimals, half up, for display only."""

    numerator: int
    denominator: int
    percent: Annotated[str, Field(examples=["96.944444"])]


class SpanOut(BaseModel):
    start: datetime
    end: datetime


class SourceOut(BaseModel):
    code: Annotated[str, Field(description="M measured, P provider, T ticket, C client, N note.")]
    ref: str
    label: str


class ReadingOut(BaseModel):
    key: Annotated[str, Field(description="raw, announced_removed or sla_method.")]
    down: Seconds
    known: Seconds
    availability: ShareOut | None
    projected_availability: Annotated[
        ShareOut | None, Field(description="What the month comes to if nothing more happens.")
    ]


class WindowOut(BaseModel):
    window_id: str
    work_id: str
    attempt: int
    outcome: str
    derived_outcome: str
    override_by: str | None
    override_reason: str | None
    flags: list[str]
    open: bool
    promised: SpanOut
    announced_at: datetime
    notice: int
    notice_required: Seconds | None
    notice_met: bool | None
    actual_start: datetime | None
    actual_end: datetime | None
    start_delay: int | None
    downtime: Seconds
    downtime_ratio: Annotated[str | None, Field(description="Exact: down over promised.", examples=["12", "5/4"])]
    work_open: Seconds | None
    work_ratio: str | None
    excuses: bool
    why_not: str
    evidence: list[str]


class PromiseOut(BaseModel):
    kind: str
    subject: str
    title: str
    status: Annotated[str, Field(description="kept, broken, open or unproven.")]
    text: str
    due_at: datetime | None
    met_at: datetime | None
    figure_seconds: int | None
    figure_share: ShareOut | None
    target_seconds: int | None
    target_share: ShareOut | None
    open: bool
    source: SourceOut | None
    clause: str | None


class OutageOut(BaseModel):
    number: int
    span: SpanOut
    open: bool
    at_least: Seconds
    as_held: Seconds
    at_most: Seconds | None
    in_period: Seconds
    excused: Seconds
    counted: Seconds
    monitors: list[str]


class CreditOut(BaseModel):
    amount: str
    currency: str
    percent: str
    uncapped_percent: str
    cap_applied: bool
    tier_below_percent: str | None
    lower_amount: Annotated[
        str | None, Field(description="Where the least time down pays less: the amount to claim.", examples=["40.00"])
    ]
    final: Annotated[bool, Field(description="False while the period runs.")]
    lines: list[dict[str, str]]


class ArgumentOut(BaseModel):
    key: Annotated[str, Field(description="announced, maintenance or ticket_clock.")]
    says: str
    removes: Annotated[int, Field(description="Whole seconds it would take away by itself.")]
    clause: Annotated[str, Field(description="The clause it turns on: its words where quoted, else its field.")]
    answer: Annotated[str, Field(description="What we answer.")]


class CounterOut(BaseModel):
    """Every argument granted at once. Nothing of it is our reading."""

    down: Seconds
    availability: ShareOut | None
    breach: bool
    credit_amount: Annotated[str | None, Field(description="null: nothing would be due.", examples=["40.00"])]
    currency: str | None
    arguments: list[ArgumentOut]


class DeadlineOut(BaseModel):
    earliest: date
    latest: date
    too_late_from: datetime
    clause: str
    missed: bool


class SiteOut(BaseModel):
    site_id: str
    name: str
    state: str
    checked_at: datetime | None
    down: Seconds


class StatementOut(BaseModel):
    service_id: str
    service_name: str
    period: SpanOut
    label: str
    zone: str
    as_at: datetime
    method: str
    so_far: bool
    verdict: Annotated[str, Field(description="met, breached, unproven or open.")]
    breach: bool
    target: ShareOut | None
    allowed: Seconds | None
    up: Seconds
    degraded: Seconds
    down: Seconds
    unknown: Seconds
    coverage: ShareOut | None
    readings: list[ReadingOut]
    outages: list[OutageOut]
    windows: list[WindowOut]
    promises: list[PromiseOut]
    credit: CreditOut | None
    deadline: DeadlineOut | None
    counter: Annotated[
        CounterOut | None,
        Field(description="The figure as the provider would compute it; null: nothing they may say changes it."),
    ]
    sites: list[SiteOut]
    site_counts: dict[str, int]
    notes: list[str]


def share(value: Fraction | None) -> ShareOut | None:
    if value is None:
        return None
    millionths = (value * 100_000_000 + Fraction(1, 2)).__floor__()
    return ShareOut(
        numerator=value.numerator, denominator=value.denominator, percent=f"{Decimal(millionths).scaleb(-6):f}"
    )


def secs(value: timedelta) -> int:
    return value // timedelta(seconds=1)


def _maybe(value: timedelta | None) -> int | None:
    return None if value is None else secs(value)


def _span(value: Span) -> SpanOut:
    return SpanOut(start=value.start, end=value.end)


def _source(value: Source | None) -> SourceOut | None:
    return None if value is None else SourceOut(code=value.code.value, ref=value.ref, label=value.label)


def _share_percent(value: Fraction) -> str:
    """A share as the contract writes it: 99/100 -> "99"."""
    return _plain(value * 100)


def _plain(value: Fraction) -> str:
    """A number of percent: 30 -> "30". Six decimals at the most, half up, for display only."""
    millionths = (value * 1_000_000 + Fraction(1, 2)).__floor__()
    return f"{Decimal(millionths).scaleb(-6).normalize():f}"


def _counter(item: Statement) -> CounterOut | None:
    found = item.counter
    if found is None:
        return None
    return CounterOut(
        down=secs(found.down),
        availability=share(found.availability),
        breach=found.breach,
        credit_amount=None if found.credit is None else f"{found.credit.amount:f}",
        currency=None if found.credit is None else found.credit.currency,
        arguments=[
            ArgumentOut(key=one.key, says=one.says, removes=secs(one.removes), clause=one.clause, answer=one.answer)
            for one in found.arguments
        ],
    )


def statement_out(item: Statement) -> StatementOut:
    """The statement, complete but for the calendar, the trend and the calculation sheet, which the papers carry."""
    counts: dict[str, int] = {"current": 0, "old": 0, "down": 0, "unknown": 0}
    for site in item.sites:
        counts[site.state.value] += 1
    return StatementOut(
        service_id=item.service_id,
        service_name=item.service_name,
        period=_span(item.period.span),
        label=item.period.label,
        zone=item.period.zone,
        as_at=item.as_at,
        method=item.method,
        so_far=item.so_far,
        verdict=item.verdict.value,
        breach=item.breach,
        target=share(item.target),
        allowed=_maybe(item.allowed),
        up=secs(item.totals.up),
        degraded=secs(item.totals.degraded),
        down=secs(item.totals.down),
        unknown=secs(item.totals.unknown),
        coverage=share(item.coverage),
        readings=[
            ReadingOut(
                key=reading.key,
                down=secs(reading.down),
                known=secs(reading.known),
                availability=share(reading.availability),
                projected_availability=share(reading.projected_availability),
            )
            for reading in item.readings
        ],
        outages=[
            OutageOut(
                number=outage.number,
                span=_span(outage.span),
                open=outage.open,
                at_least=secs(outage.at_least),
                as_held=secs(outage.as_held),
                at_most=_maybe(outage.at_most),
                in_period=secs(outage.in_period),
                excused=secs(outage.excused),
                counted=secs(outage.counted),
                monitors=list(outage.monitors),
            )
            for outage in item.outages
        ],
        windows=[
            WindowOut(
                window_id=window.window_id,
                work_id=window.work_id,
                attempt=window.attempt,
                outcome=window.outcome.value,
                derived_outcome=window.derived_outcome.value,
                override_by=window.override_by,
                override_reason=window.override_reason,
                flags=[flag.value for flag in window.flags],
                open=window.open,
                promised=_span(window.promised),
                announced_at=window.announced_at,
                notice=secs(window.notice),
                notice_required=_maybe(window.notice_required),
                notice_met=window.notice_met,
                actual_start=window.actual_start,
                actual_end=window.actual_end,
                start_delay=_maybe(window.start_delay),
                downtime=secs(window.downtime),
                downtime_ratio=None if window.downtime_ratio is None else str(window.downtime_ratio),
                work_open=_maybe(window.work_open),
                work_ratio=None if window.work_ratio is None else str(window.work_ratio),
                excuses=window.excuses,
                why_not=window.why_not,
                evidence=list(window.evidence),
            )
            for window in item.windows
        ],
        promises=[
            PromiseOut(
                kind=promise.kind,
                subject=promise.subject,
                title=promise.title,
                status=promise.status.value,
                text=promise.text,
                due_at=promise.due_at,
                met_at=promise.met_at,
                figure_seconds=secs(promise.figure) if isinstance(promise.figure, timedelta) else None,
                figure_share=share(promise.figure) if isinstance(promise.figure, Fraction) else None,
                target_seconds=secs(promise.target) if isinstance(promise.target, timedelta) else None,
                target_share=share(promise.target) if isinstance(promise.target, Fraction) else None,
                open=promise.open,
                source=_source(promise.source),
                clause=promise.clause,
            )
            for promise in item.promises
        ],
        credit=None
        if item.credit is None
        else CreditOut(
            amount=f"{item.credit.amount:f}",
            currency=item.credit.currency,
            percent=_plain(item.credit.percent),
            uncapped_percent=_plain(item.credit.uncapped_percent),
            cap_applied=item.credit.cap_applied,
            tier_below_percent=None if item.credit.tier_below is None else _share_percent(item.credit.tier_below),
            lower_amount=None if item.credit.lower_amount is None else f"{item.credit.lower_amount:f}",
            final=item.credit.final,
            lines=[{"label": line.label, "value": line.value, "note": line.note} for line in item.credit.lines],
        ),
        deadline=None
        if item.deadline is None
        else DeadlineOut(
            earliest=item.deadline.earliest,
            latest=item.deadline.latest,
            too_late_from=item.deadline.too_late_from,
            clause=item.deadline.clause,
            missed=item.deadline.missed,
        ),
        counter=_counter(item),
        sites=[
            SiteOut(
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
    )
