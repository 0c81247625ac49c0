"""All sites, one month: time per state of every site, from the runs, against SQL over plain rows.

The plain rows are what one would write down first: an id, the monitor, the time, the state, latency and error, with an
index on monitor and time. The baseline is the cheapest question that has the answer: count the rows per monitor and
state, times their interval. The same question over Kept's own, denser table of observations is shown beside it. All
answers must be equal to the second, or the measurement fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.probes.importing.fields import micros
from app.probes.importing.runs import rederive
from app.probes.queries import observed, site_monitors_of
from app.probes.tables import STATES, Monitor
from app.sla.spans import Span
from benchmarks import observing
from benchmarks.frame import Figure, best, folder, number
from tests import postgres

SITES, MANY = 120, 1_000  # of many sites three days: as many observations
COUNTED = "SELECT monitor, state, count(*) FROM {} WHERE at >= :low AND at < :high GROUP BY monitor, state"
PLAIN = {
    "sqlite": (
        "CREATE TABLE plain (id INTEGER PRIMARY KEY, monitor INTEGER NOT NULL, at DATETIME NOT NULL, "
        "state VARCHAR NOT NULL, latency_ms INTEGER, error VARCHAR)",
        "strftime('%Y-%m-%d %H:%M:%f', at / 1000000, 'unixepoch')",
    ),
    "postgresql": (
        "CREATE TABLE plain (id BIGSERIAL PRIMARY KEY, monitor INTEGER NOT NULL, at TIMESTAMPTZ NOT NULL, "
        "state VARCHAR NOT NULL, latency_ms INTEGER, error VARCHAR)",
        "to_timestamp(at / 1000000)",
    ),
}


def measure(quick: bool) -> Iterator[Figure]:
    days = 2 if quick else 30
    for sites, length in ((SITES, days), (MANY, 1 if quick else 3)):
        with folder() as place:
            yield _compared("SQLite", f"sqlite:///{place}/kept.sqlite3", sites, length)
        with postgres.server() as server, server.clone() as url:
            yield _compared("PostgreSQL", url, sites, length)


def _compared(kind: str, url: str, count: int, days: int) -> Figure:
    engine = observing.prepare(url, count)
    _fill(engine, count, days * 1440)
    span = Span(observing.MONTH, observing.MONTH + timedelta(days=days))
    with Session(reader(engine)) as session:
        connection = session.connection()
        names = {key: id_ for key, id_ in session.exec(select(Monitor.key, Monitor.id))}
        sites = [id_ for id_ in session.exec(select(Monitor.site_id)) if id_ is not None]
        answer = observed(session, None, span)
        took: dict[str, float] = {}
        rows = 0
        for table, edges in (
            ("plain", {"low": _moment(engine, span.start), "high": _moment(engine, span.end)}),
            ("observation", {"low": micros(span.start), "high": micros(span.end)}),
        ):
            query = sa.text(COUNTED.format(table))
            counted = connection.execute(query, edges).all()
            rows = sum(row[2] for row in counted)
            for key, state, times in counted:
                one = answer[names[key]]
                held = {"up": one.up, "down": one.down}[str(STATES[state] if table == "observation" else state)]
                if held != timedelta(minutes=times):
                    raise RuntimeError(f"{names[key]}: {held} from runs, {times} min from {table}")
            took[table] = best(2, partial(_ask, connection, query, edges))
        ours = best(20, lambda: observed(session, None, span))
        values = best(5, lambda: site_monitors_of(session, sites, span))
        runs = connection.execute(sa.text("SELECT count(*) FROM observed_run")).scalar_one()
    engine.dispose()
    return Figure(
        name=f"all {count:,} sites, {days} days, {rows:,} observations, {runs / count:.0f} runs a site, {kind}",
        ours=1000 * ours, baseline=1000 * took["plain"], unit="ms", against="SQL over plain rows with an index",
        ratio=took["plain"] / ours, target=">= 300",
        more=[
            f"over Kept's own table of observations the same SQL takes {number(1000 * took['observation'])} ms "
            f"({number(took['observation'] / ours)} ×)",
            f"the same runs as the law reads them, an object each: {number(1000 * values)} ms",
        ],
    )  # fmt: skip


def _ask(connection: sa.Connection, query: sa.TextClause, edges: Mapping[str, object]) -> None:
    connection.execute(query, edges).all()


def _moment(engine: sa.Engine, moment: datetime) -> datetime | str:
    return moment if engine.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3]


def _fill(engine: sa.Engine, sites: int, minutes: int) -> None:
    rows = observing.rows(sites, minutes)
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
    low, high = micros(observing.MONTH), micros(observing.MONTH) + minutes * observing.MINUTE
    with transaction(engine) as session:
        for monitor in session.exec(select(Monitor)).all():
            rederive(session, monitor, low, high)
    table, at = PLAIN[engine.dialect.name]
    with engine.begin() as connection:
        connection.execute(sa.text(table))
        connection.execute(
            sa.text(
                f"INSERT INTO plain (monitor, at, state, latency_ms, error) SELECT monitor, {at}, "
                "CASE state WHEN 0 THEN 'up' ELSE 'down' END, latency_ms, error FROM observation"
            )
        )
        connection.execute(sa.text("CREATE INDEX ix_plain ON plain (monitor, at)"))
        connection.execute(sa.text("ANALYZE"))
    if engine.dialect.name == "postgresql":  # as its own vacuum would by now; the tests' server has none
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM plain, observation, observed_run"))
