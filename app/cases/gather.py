"""gather(): the case of a service and a month. Its order of reading is the order of the papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from app.agreements import queries as agreements
from app.agreements.tables import Service
from app.cases.account import Account
from app.cases.audited import assessment_of
from app.cases.gauges import gauges_of
from app.cases.promised import works_and_windows
from app.cases.whole import floored, snapped
from app.evidence.queries import retracted
from app.maintenance import queries as maintenance
from app.probes import queries as probes
from app.sites import queries as sites
from app.sla import case as law
from app.sla.guarantees import own_periods
from app.sla.naming import period_at, period_named
from app.sla.periods import Period, month_of, months_around
from app.sla.rights import months_back
from app.sla.spans import Span
from app.sla.terms import Sla

AFTERWARDS = timedelta(days=31)
FAR = datetime(2200, 1, 1, tzinfo=UTC)


def gather(
    session: Session,
    service_id: UUID,
    month: str | Period | None,
    as_at: datetime,
    *,
    months: int = 11,
    every_window: bool = False,
) -> law.Case:
    """The case of a service and the period its contract names a month (None: the one `as_at` lies in), or of the
    period given, whatever the contract measures over.

    `months`: how many earlier months the trend shows. `every_window`: the period reaches from the first window ever
    announced to the last, from the calendar month on, as letters to clients need it, whose windows lie in any month.
    Raises NotFound for an unknown service, `PeriodError` for a month that does not exist.
    """
    service = agreements.service(session, service_id)
    as_at = as_at.astimezone(UTC).replace(microsecond=0)
    if every_window:
        period = month_of(as_at, service.zone)
    else:
        period = month if isinstance(month, Period) else contract_period(session, service, month, as_at)
    before = months_around(period, months, as_at) if months else ()
    if every_window:
        period = replace(period, span=_reaching(session, service.id, period.span, as_at))
    account = Account(session, service, period, as_at)
    in_service = agreements.in_service(service)
    terms = _terms(account, period.first_day)
    earlier = () if every_window else _earlier(period, before, terms, in_service, as_at)
    first = min((*earlier, *before, period), key=lambda one: one.span.start)
    promised = works_and_windows(account, every_window, first.span.start)
    start = min([first.span.start, *(window.span.start for window in promised.windows)])
    watched = Span(start, max(period.span.end, start + timedelta(seconds=1)))
    tickets, tickets_before = account.tickets()
    audited = assessment_of(account)
    offline = probes.own_outages(session, watched)
    case = law.Case(
        service_id=str(service.id),
        service_name=service.name,
        monthly_fee=_fee(account),
        currency=service.currency,
        in_service=in_service,
        period=period,
        as_at=as_at,
        terms=terms,
        monitors=tuple(snapped(item) for item in probes.monitors_of(session, service_id, watched)),
        own_outages=tuple(law.OwnOutage(floored(item.span), item.reason) for item in offline),
        works=promised.works,
        windows=promised.windows,
        tickets=tickets,
        events=account.events(),
        sites=_sites(account, watched),
        lines=tuple(sorted(account.lines, key=lambda line: line.at)),
        periods_before=tuple(before),
        periods_earlier=earlier,
        terms_before=tuple(item for item in _terms(account, first.first_day) if item not in terms),
        windows_before=promised.before,
        tickets_before=tickets_before,
        unreviewed=_unreviewed(session, terms, as_at),
        assessment=audited,
    )
    return replace(case, gauges=gauges_of(session, case))


def gather_around(session: Session, service_id: UUID, span: Span, as_at: datetime) -> law.Case:
    """The case of a few hours, for whoever watches them: monitors, sites, terms and windows as `gather` reads them,
    and nothing of the months before. Its figures are of the span; no credit can be judged by it."""
    service = agreements.service(session, service_id)
    as_at = as_at.astimezone(UTC).replace(microsecond=0)
    period = replace(month_of(span.start, service.zone), span=floored(span))
    account = Account(session, service, period, as_at)
    offline = probes.own_outages(session, period.span)
    promised = works_and_windows(account, False, period.span.start)
    return law.Case(
        service_id=str(service.id),
        service_name=service.name,
        monthly_fee=_fee(account),
        currency=service.currency,
        in_service=agreements.in_service(service),
        period=period,
        as_at=as_at,
        terms=_terms(account, period.first_day),
        monitors=tuple(snapped(item) for item in probes.monitors_of(session, service_id, period.span)),
        own_outages=tuple(law.OwnOutage(floored(item.span), item.reason) for item in offline),
        works=promised.works,
        windows=promised.windows,
        sites=_sites(account, period.span),
    )


def contract_period(session: Session, service: Service, month: str | None, as_at: datetime) -> Period:
    """The period the service's contract names a month, or the one `as_at` lies in. Raises `PeriodError`."""
    gone = retracted(session)
    rows = [row for row in agreements.terms_of(session, service.id) if f"terms:{row.id}" not in gone]

    def in_force(day: date) -> Sla | None:
        standing = [row for row in rows if row.effective_from <= day]
        found = [row for row in standing if row.effective_to is None or day < row.effective_to]
        return Sla.model_validate(found[-1].terms) if found else None

    return period_at(in_force, as_at, service.zone) if month is None else period_named(in_force, month, service.zone)


def _unreviewed(session: Session, terms: Sequence[law.DatedTerms], as_at: datetime) -> tuple[str, ...]:
    """Doubtful clauses of any version of the period that nobody had put a name to."""
    return tuple(
        dict.fromkeys(
            path
            for dated in terms
            if dated.terms.needs_review
            for path in agreements.unreviewed(session, UUID(dated.id), as_at)
        )
    )


def _earlier(
    period: Period, before: Sequence[Period], terms: Sequence[law.DatedTerms], in_service: Span | None, as_at: datetime
) -> tuple[Period, ...]:
    """The months before those of the trend that a right to leave, or a guarantee over its own period, looks back to,
    while the service existed."""
    starts = [own.first_day for dated in terms for own in own_periods(dated.terms, period)]
    back = max(
        ((period.first_day.year - day.year) * 12 + period.first_day.month - day.month for day in starts), default=0
    )
    need = max(months_back(dated.terms for dated in terms), back)
    if not period.monthly and not need:
        return ()
    months = months_around(period, max(need, len(before)), as_at)
    further = months[: len(months) - len(before)]
    return tuple(month for month in further if in_service is None or month.span.overlaps(in_service))


def _reaching(session: Session, service_id: UUID, span: Span, as_at: datetime) -> Span:
    """The span, made long enough for every window announced for the service by then."""
    works = [work.id for work in maintenance.works_on(session, service_id)]
    for row in maintenance.windows_of(session, works):
        if row.announced_at <= as_at:
            window = floored(Span(row.start_at, row.end_at))
            span = Span(min(span.start, window.start), max(span.end, window.end))
    return span


def _fee(account: Account) -> Decimal:
    """The monthly fee on the period's first day."""
    return agreements.fee_on(account.session, account.service, account.period.first_day)


def _terms(account: Account, first: date) -> tuple[law.DatedTerms, ...]:
    """The versions of the terms in force on any day from `first` to the end of the period."""
    last = account.period.last_day
    rows = account.standing("terms", agreements.terms_of(account.session, account.service.id))
    return tuple(
        law.DatedTerms(str(row.id), row.effective_from, row.effective_to, Sla.model_validate(row.terms))
        for row in rows
        if row.effective_from <= last and (row.effective_to is None or row.effective_to > first)
    )


def _sites(account: Account, watched: Span) -> tuple[law.Site, ...]:
    """The sites on the service in the period, by number, with every check up to the moment; and those of the earlier
    periods that have monitors of their own, because sites that fail together are an outage of the service."""
    span = account.period.span
    # a check soon after the month still tells of it; one of a year later tells of another event
    last = min(account.as_at + timedelta(seconds=1), span.end + AFTERWARDS)
    seen = Span(watched.start, max(span.end, last))
    there = sites.sites_on(account.session, account.service.id, seen)
    monitors = probes.site_monitors_of(account.session, [item.site.id for item in there], watched)
    out = []
    for item in there:
        placed = [
            floored(Span(stay.from_at, stay.to_at or FAR)) for stay in item.placements if stay.from_at <= account.as_at
        ]
        own = tuple(snapped(monitor) for monitor in monitors.get(item.site.id, ()))
        if not any(stay.overlaps(watched if own else span) for stay in placed):
            continue
        checks = [
            law.SiteCheck(
                row.at,
                row.reachable,
                row.working,
                row.current,
                law.Source(law.SourceCode(row.source), f"site_check:{row.id}", row.note[:60]),
                row.note,
            )
            for row in account.standing("site_check", item.checks)
            if row.at <= account.as_at
        ]
        name = item.site.number or str(item.site.id)
        out.append(law.Site(name, item.site.name, tuple(placed), own, tuple(checks)))
    return tuple(out)
