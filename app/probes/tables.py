"""What is asked, every answer with its time, the runs derived from the answers, and when we were offline ourselves.

Observations are the mass of the data: they carry a small integer for their monitor and integer microseconds for their
time. They are only ever added; no route changes or removes one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id
from app.sla.case import State

STATES = (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN)  # a state is stored as its place in this list
CODES = {str(state): code for code, state in enumerate(STATES)}


class Monitor(SQLModel, table=True):
    """One series of observations, of a service or of a site. Never renamed and never re-timed: its runs were
    derived with its interval."""

    __tablename__ = "monitor"
    __table_args__ = (sa.CheckConstraint("(service_id IS NULL) <> (site_id IS NULL)", name="one_subject"),)

    key: int | None = Field(default=None, primary_key=True)  # what the large tables refer to
    id: UUID = Field(default_factory=new_id, unique=True)
    name: str = Field(unique=True, max_length=200)
    service_id: UUID | None = Field(default=None, foreign_key="service.id", index=True)
    site_id: UUID | None = Field(default=None, foreign_key="site.id", index=True)
    interval_seconds: int
    confirm_after: int  # this many failures in a row make an outage
    source: str = Field(max_length=200)  # who asks, from where: "own probe, Frankfurt"
    created_at: datetime
    until_at: datetime | None = None  # retired: from then on it takes no part, and its silence says nothing
    kind: str = Field(default="import", max_length=20, sa_column_kwargs={"server_default": "import"})
    spec: dict[str, Any] | None = Field(default=None, sa_type=Json)  # what is asked; None: others ask, we take it in
    headers: list[str] | None = Field(default=None, sa_type=Json)  # the names of those it sends
    sealed: bytes | None = None  # with their values, encrypted (`vault.py`)
    agreement: str | None = Field(default=None, max_length=10)  # asked from several locations: how many make it down
    part_of: int | None = Field(default=None, index=True)  # then each location's series is a row with the key of that
    location: str | None = Field(default=None, max_length=40)  # and the name of the place it is asked from


class Observation(SQLModel, table=True):
    """One answer. No foreign key: it would be checked row by row; the import knows the monitors it names."""

    __tablename__ = "observation"
    __table_args__ = (sa.CheckConstraint("state BETWEEN 0 AND 3", name="state"), {"sqlite_with_rowid": False})

    monitor: int = Field(primary_key=True)  # Monitor.key
    at: int = Field(primary_key=True, sa_type=sa.BigInteger)  # microseconds since 1970-01-01T00:00Z
    state: int = Field(sa_type=sa.SmallInteger)  # a place in STATES
    latency_ms: int | None = None
    error: str | None = Field(default=None, sa_type=sa.Text)  # the class of failure: "connect_timeout"


class Measurement(SQLModel, table=True):
    """What belongs to an observation of our own prober: how long each part took (microseconds), which address was
    asked, and of a failure a short excerpt and the digest of the body."""

    __tablename__ = "measurement"
    __table_args__ = ({"sqlite_with_rowid": False},)

    monitor: int = Field(primary_key=True)
    at: int = Field(primary_key=True, sa_type=sa.BigInteger)
    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    first_byte_us: int | None = None
    total_us: int | None = None
    address: str | None = Field(default=None, sa_type=sa.Text)
    detail: str | None = Field(default=None, sa_type=sa.Text)
    digest: str | None = Field(default=None, max_length=64)


class Heartbeat(SQLModel, table=True):
    """The address at which a site calls us. Only the SHA-256 of its secret is stored."""

    __tablename__ = "heartbeat"

    monitor: int = Field(primary_key=True, foreign_key="monitor.key")
    secret: str = Field(unique=True, max_length=64)
    called_at: int | None = Field(default=None, sa_type=sa.BigInteger)  # microseconds


class Prober(SQLModel, table=True):
    """Who asks for this database, one at a time: whoever can raise `turn` holds it. A turn that stands still for a
    while may be taken over; no clock of two machines is ever compared."""

    __tablename__ = "prober"

    name: str = Field(primary_key=True, max_length=50)
    holder: str | None = Field(default=None, max_length=200)
    turn: int
    since_at: datetime
    seen_at: datetime
    health: dict[str, Any] = Field(sa_type=Json)


class ObservedRun(SQLModel, table=True):
    """Consecutive observations of one state, none further apart than three intervals. Derived; can be made anew
    from the observations at any time. `held_until` is where the state ends: at the next observation, at most three
    intervals after the last of its own."""

    __tablename__ = "observed_run"
    __table_args__ = (
        sa.Index("ix_observed_run_held_until", "held_until", "first_at", "monitor", "state"),  # "all sites, one month"
        {"sqlite_with_rowid": False},
    )

    monitor: int = Field(primary_key=True, foreign_key="monitor.key")
    first_at: int = Field(primary_key=True, sa_type=sa.BigInteger)  # microseconds, as in Observation
    last_at: int = Field(sa_type=sa.BigInteger)
    held_until: int = Field(sa_type=sa.BigInteger)
    state: int = Field(sa_type=sa.SmallInteger)
    count: int


class ImportBatch(SQLModel, table=True):
    """A file of observations that was taken in. The file is not kept; its digest is, here and in the log."""

    __tablename__ = "import_batch"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    digest: str = Field(unique=True, max_length=64)  # SHA-256 of the file, unpacked
    name: str = Field(max_length=200)
    rows: int
    added: int
    first_at: datetime
    last_at: datetime
    states: dict[str, int] = Field(sa_type=Json)
    monitors: list[dict[str, Any]] = Field(sa_type=Json)  # id, name, rows, added
    entry: int  # its line in the evidence log
    created_at: datetime


class OwnOutage(SQLModel, table=True):
    """A span in which we were offline ourselves: what was measured in it is unknown, never theirs."""

    __tablename__ = "own_outage"
    __table_args__ = (sa.CheckConstraint("end_at > start_at", name="span"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    start_at: datetime
    end_at: datetime = Field(index=True)
    reason: str = Field(sa_type=sa.Text)
    source: str = Field(max_length=1)  # M measured, N noted
    created_at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = Field(default=None, sa_type=sa.Text)
