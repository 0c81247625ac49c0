"""All sites, one month: time per state of every site, from the runs, against SQL over the plain observations.

The baseline is the cheapest question that has the answer: count the observations per monitor and state, times their
interval. It runs over Kept's own table of observations, whose primary key is the index it would wish for. Both
answers must be equal to the second, or the measurement fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.probes.importing.fields import micros
from app.probes.importing.runs import rederive
from app.probes.queries import observed, site_monitors_of
from app.probes.tables import Monitor
from app.sla.spans import Span
from benchmarks import observing
from benchmarks.frame import Figure, best, folder, number
from tests import postgres

SITES = 120
COUNTED = sa.text(
    "SELECT monitor, state, count(*) FROM observation WHERE at >= :low AND at < :high GROUP BY monitor, state"
)


def measure(quick: bool) -> Iterator[Figure]:
    days = 2 if quick else 30
    with folder() as place:
        yield _compared("SQLite", f"sqlite:///{place}/kept.sqlite3", days)
    with postgres.server() as server, server.clone() as url:
        yield _compared("PostgreSQL", url, days)


def _compared(kind: str, url: str, days: int) -> Figure:
    engine = observing.prepare(url, SITES)
    _fill(engine, days * 1440)
    span = Span(observing.MONTH, observing.MONTH + timedelta(days=days))
    edges = {"low": micros(span.start), "high": micros(span.end)}
    with Session(reader(engine)) as session:
        connection = session.connection()
        names = {key: id_ for key, id_ in session.exec(select(Monitor.key, Monitor.id))}
        sites = [id_ for id_ in session.exec(select(Monitor.site_id)) if id_ is not None]
        plain = connection.execute(COUNTED, edges).all()
        answer = observed(session, None, span)
        for key, state, count in plain:
            one = answer[names[key]]
            held = (one.up, one.degraded, one.down)[state]
            if held != timedelta(minutes=count):
                raise RuntimeError(f"{names[key]}: {held} from runs, {count} min from observations")
        bare = best(2, lambda: connection.execute(COUNTED, edges).all())
        ours = best(20, lambda: observed(session, None, span))
        values = best(5, lambda: site_monitors_of(session, sites, span))
        runs = connection.execute(sa.text("SELECT count(*) FROM observed_run")).scalar_one()
        rows = sum(row[2] for row in plain)
    engine.dispose()
    return Figure(
        name=f"all {SITES} sites, {days} days, {rows:,} observations, {runs / SITES:.0f} runs a site, {kind}",
        ours=1000 * ours, baseline=1000 * bare, unit="ms", against="SQL over the plain observations, by primary key",
        ratio=bare / ours, target=">= 300",
        more=[f"the same runs as the law reads them, an object each: {number(1000 * values)} ms"],
    )  # fmt: skip


def _fill(engine: sa.Engine, minutes: int) -> None:
    rows = observing.rows(SITES, minutes)
    if engine.dialect.name == "sqlite":
        plain = sqlite3.connect(str(engine.url.database))
        with plain:
            plain.executemany(
                "INSERT INTO observation (monitor, at, state, latency_ms, error) VALUES (?,?,?,?,?)", rows
            )
        plain.close()
    else:
        into = "COPY observation (monitor, at, state, latency_ms, error) FROM STDIN"
        url = engine.url
        with (
            psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as plain_pg,
            plain_pg.cursor() as cursor,
        ):
            while part := list(islice(rows, 100_000)):
                with cursor.copy(into) as copy:
                    for row in part:
                        copy.write_row(row)
            cursor.execute("ANALYZE observation")
    low, high = micros(observing.MONTH), micros(observing.MONTH) + minutes * observing.MINUTE
    with transaction(engine) as session:
        for monitor in session.exec(select(Monitor)).all():
            rederive(session, monitor, low, high)
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
