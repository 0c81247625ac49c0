"""Judging: one month of a service with 120 sites against reading its runs alone; twelve months of 50 services against
one month of one service, times 600. The second asks whether anything grows faster than the work itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, insert, select

import app.tables
from app.agreements.tables import Agreement, Provider, Service, Terms
from app.cases.gather import gather
from app.clients.tables import Client
from app.db import make_engine, reader, transaction
from app.probes.importing.fields import micros
from app.probes.queries import monitors_of, site_monitors_of
from app.probes.tables import Monitor, ObservedRun
from app.sites.tables import Placement, Site
from app.sla.judge import judge
from app.sla.periods import calendar_month
from benchmarks.frame import MB, Figure, apart, best, folder, number, settled

YEAR = [f"2024-{month:02d}" for month in range(7, 13)] + [f"2025-{month:02d}" for month in range(1, 7)]
AS_AT = datetime(2025, 7, 1, 7, tzinfo=UTC)
ZONE = "Europe/Berlin"
RUNS = 65  # a monitor and month
SITES = 120
FLAT = 16  # MB that twelve months of many services may need more than the first few
TERMS = {
    "timezone": ZONE, "currency": "EUR", "target_percent": "99.9",
    "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48},
    "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}, {"below": "99", "percent": "30"}]},
}  # fmt: skip


def measure(quick: bool) -> Iterator[Figure]:
    with folder() as place:
        yield _one_month(f"sqlite:///{place}/one.sqlite3", 5 if quick else 20)
        yield _a_year(place, 5 if quick else 50)


def _one_month(url: str, times: int) -> Figure:
    (service,) = build(url, services=1, sites=SITES, months=YEAR[-1:])
    span = calendar_month(YEAR[-1], ZONE).span
    engine = make_engine(url)
    with Session(reader(engine)) as session:
        sites = [id_ for id_ in session.exec(select(Monitor.site_id)) if id_ is not None]

        def read() -> None:
            monitors_of(session, service, span)
            site_monitors_of(session, sites, span)

        case = gather(session, service, YEAR[-1], AS_AT)
        runs = sum(len(monitor.runs) for site in case.sites for monitor in site.monitors)
        reading = best(times, read)
        judging = best(times, lambda: judge(case))
        gathering = best(times, lambda: gather(session, service, YEAR[-1], AS_AT))
    engine.dispose()
    return Figure(
        name=f"judge one month of a service with {SITES} sites, {runs:,} runs",
        ours=1000 * judging, baseline=1000 * reading, unit="ms", against="reading the same runs from SQLite alone",
        ratio=judging / reading, target="<= 5",
        more=[f"gathering the whole case takes {number(1000 * gathering)} ms"],
    )  # fmt: skip


def _a_year(place: Path, services: int) -> Figure:
    small, large = f"sqlite:///{place}/small.sqlite3", f"sqlite:///{place}/large.sqlite3"
    build(small, services=1, sites=0, months=YEAR[-1:])
    build(large, services=services, sites=0, months=YEAR)
    times = services * len(YEAR)
    run = apart(judge_both, small, large)
    ours, baseline = run.value
    grown = f"memory grew by {run.growth / MB:.1f} MB after the first three services (target ≤ {FLAT} MB)"
    return Figure(
        name=f"twelve months of {services} services, read and judged",
        ours=ours, baseline=baseline, unit="s of processor time", ratio=ours / baseline, target="<= 1.0",
        against=f"one month of one service in a database of its own, times {times}",
        more=[grown], failed=[grown] if run.growth > FLAT * MB else [],
    )  # fmt: skip


def judge_both(small: str, large: str) -> tuple[float, float]:
    """Seconds of processor time for every month of every service in the large database, read service by service as a
    yearly review does, and for the one month in the small one as often, asked for as a request does. In turn, so that
    whatever else the machine does meets both."""
    one, many = make_engine(small), make_engine(large)
    with Session(reader(one)) as session:
        only = session.exec(select(Service.id)).one()
    with Session(reader(many)) as session:
        services = list(session.exec(select(Service.id).order_by(col(Service.id))))

    def year(service: UUID) -> None:
        with Session(reader(many)) as session:
            for month in YEAR:
                judge(gather(session, service, month, AS_AT, months=0))

    def as_often() -> None:
        for _ in YEAR:
            with Session(reader(one)) as session:
                judge(gather(session, only, YEAR[-1], AS_AT, months=0))

    for service in services[:3]:
        year(service)
        as_often()
    settled()
    ours = baseline = 0.0
    for service in services:
        start = time.process_time()
        year(service)
        between = time.process_time()
        as_often()
        ours, baseline = ours + between - start, baseline + time.process_time() - between
    return ours, baseline


def first_service(session: Session) -> UUID:
    return session.exec(select(Service.id).order_by(col(Service.id)).limit(1)).one()


def build(url: str, *, services: int, sites: int, months: list[str]) -> list[UUID]:
    """A database with that many services, each with a monitor of its own, and of sites, each with one."""
    engine = make_engine(url)
    app.tables.metadata.create_all(engine)
    first = calendar_month(months[0], ZONE).span.start
    with transaction(engine) as session:
        provider = Provider(name="Northgate Hosting", created_at=first, salt="")
        client = Client(created_at=first, salt="", number="C-1", name="C", address=[], language="en", zone=ZONE)
        session.add_all([provider, client])
        session.flush()
        ids = [_service(session, provider.id, number, first) for number in range(services)]
        for place in range(sites):
            site = Site(
                created_at=first, client_id=client.id, name=f"site-{place:03d}.example", number=f"S-{place:03d}"
            )
            session.add(site)
            session.flush()
            session.add(Placement(created_at=first, site_id=site.id, service_id=ids[0], from_at=first))
            session.add(_monitor(site.name, first, site_id=site.id))
        session.flush()
        for monitor in session.exec(select(Monitor)).all():
            for month in months:
                session.execute(insert(ObservedRun), _runs(monitor.key or 0, month))
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
    engine.dispose()
    return ids


def _service(session: Session, provider: UUID, number: int, first: datetime) -> UUID:
    service = Service(
        provider_id=provider, name=f"HOST-{number}", kind="server", monthly_fee=Decimal("400.00"), currency="EUR",
        zone=ZONE, created_at=first,
    )  # fmt: skip
    session.add(service)
    session.flush()
    agreement = Agreement(created_at=first, service_id=service.id, title="Lease")
    session.add(agreement)
    session.flush()
    session.add(
        Terms(
            created_at=first,
            agreement_id=agreement.id,
            service_id=service.id,
            effective_from=date(2024, 1, 1),
            terms=TERMS,
        )
    )
    session.add(_monitor(service.name, first, service_id=service.id))
    return service.id


def _monitor(name: str, first: datetime, *, service_id: UUID | None = None, site_id: UUID | None = None) -> Monitor:
    return Monitor(
        name=name, service_id=service_id, site_id=site_id, interval_seconds=60, confirm_after=2,
        source="own probe, Berlin", created_at=first,
    )  # fmt: skip


def _runs(key: int, month: str) -> list[dict[str, int]]:
    """A month in which up and down take turns, an observation every minute."""
    span = calendar_month(month, ZONE).span
    minutes = (span.end - span.start) // timedelta(minutes=1)
    random = Random(f"{key} {month}")
    starts = sorted(random.sample(range(1, minutes - 10), RUNS // 2))
    edges = [0]
    for start in starts:
        if start > edges[-1]:
            edges += [start, start + random.randint(1, 4)]
    edges.append(minutes)
    low = micros(span.start)
    rows = []
    for place, begin in enumerate(edges[:-1]):
        end = edges[place + 1]
        if begin < end:
            rows.append(
                {
                    "monitor": key,
                    "first_at": low + begin * 60_000_000,
                    "last_at": low + (end - 1) * 60_000_000,
                    "held_until": low + end * 60_000_000,
                    "state": 2 * (place % 2),
                    "count": end - begin,
                }
            )
    return rows
