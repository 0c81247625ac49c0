"""A month of observations as a prober writes them: every minute, about 32 short interruptions a site and month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlmodel import Session

import app.tables
from app.clients.tables import Client
from app.db import make_engine, transaction
from app.probes.importing.fields import micros
from app.probes.tables import Monitor
from app.sites.tables import Site

MONTH = datetime(2025, 6, 1, tzinfo=UTC)
LATER = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000
INTERRUPTED = 1 / 1350  # the chance that one begins at a given minute
Row = tuple[int, int, int, int | None, str | None]


def minutes(monitor: int, count: int) -> Iterator[tuple[int, int | None, str | None]]:
    """(state, latency, error) of one monitor, minute by minute; the same for the same monitor every time."""
    random = Random(monitor)
    left = 0
    for _ in range(count):
        if left == 0 and random.random() < INTERRUPTED:
            left = random.randint(1, 8)
        if left:
            left -= 1
            yield 2, None, "connect_timeout"
        else:
            yield 0, 80 + random.getrandbits(8), None


def rows(monitors: int, count: int) -> Iterator[Row]:
    """Observations as the database holds them, in the order in which they were made."""
    start = micros(MONTH)
    series = [minutes(number, count) for number in range(1, monitors + 1)]
    for minute in range(count):
        at = start + minute * MINUTE
        for number, one in enumerate(series, 1):
            state, latency, error = next(one)
            yield number, at, state, latency, error


def write_csv(path: Path, monitors: int, count: int) -> None:
    """The same observations as a file."""
    words = ("up", "degraded", "down", "unknown")
    with path.open("w") as file:
        file.write("at,monitor,state,latency_ms,error\n")
        for number, at, state, latency, error in rows(monitors, count):
            stamp = MONTH + timedelta(microseconds=at - micros(MONTH))
            shown = "" if latency is None else latency
            file.write(f"{stamp:%Y-%m-%dT%H:%M:%SZ},{name(number)},{words[state]},{shown},{error or ''}\n")


def name(number: int) -> str:
    return f"site-{number:03d}.example from Berlin"


def prepare(url: str, monitors: int) -> sa.Engine:
    """An empty database with that many monitors, one for each site."""
    engine = make_engine(url)
    app.tables.metadata.create_all(engine)
    with transaction(engine) as session:
        make_monitors(session, monitors)
    return engine


def make_monitors(session: Session, count: int) -> None:
    client = Client(created_at=MONTH, salt="", number="C-1", name="Client", address=[], language="en", zone="UTC")
    session.add(client)
    session.flush()
    for number in range(1, count + 1):
        site = Site(created_at=MONTH, client_id=client.id, name=f"site-{number:03d}.example")
        session.add(site)
        session.flush()
        session.add(
            Monitor(
                key=number,
                name=name(number),
                site_id=site.id,
                interval_seconds=60,
                confirm_after=2,
                source="own probe, Berlin",
                created_at=MONTH,
            )
        )
