"""Hours of observations that are over: their bytes, what they sum up to, the rounds they were sealed in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

KEY = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # there an INTEGER key is the row's own number


class Chunk(SQLModel, table=True):
    """The observations of one monitor and hour (`hours.key`, `chunks.pack`), until its day is over. Where the day is
    packed already, this is the newer version of the hour."""

    __tablename__ = "chunk"

    key: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs={"autoincrement": False})
    data: bytes


class ChunkDay(SQLModel, table=True):
    """The sealed hours of one monitor and day that is over (`days.pack`): in no other table any more."""

    __tablename__ = "chunk_day"

    key: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs={"autoincrement": False})
    data: bytes


class ObservedDay(SQLModel, table=True):
    """The roll-ups of one monitor's sealed hours of a day (`rollups.pack`). They stay when the chunks are let go."""

    __tablename__ = "observed_day"

    key: int = Field(primary_key=True, sa_type=KEY, sa_column_kwargs={"autoincrement": False})
    data: bytes


class SealRound(SQLModel, table=True):
    """Hours that were sealed together: the digest of each (`rollups.pack_leaves`), and their root, as the log holds it.
    It stays for good."""

    __tablename__ = "seal_round"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    entry: int  # its line in the evidence log
    at: datetime
    chunks: int
    observations: int
    root: str = Field(max_length=64)
    leaves: bytes


class Stored(SQLModel, table=True):
    """How far one monitor's observations are sealed and let go, in hours since 1970 (where the hour after begins).
    The run is what they fold into before `gone_until`, so that deriving can begin there."""

    __tablename__ = "stored"

    monitor: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sealed_from: int
    sealed_until: int
    gone_until: int | None = None
    run_state: int | None = None
    run_first: int | None = Field(default=None, sa_type=sa.BigInteger)
    run_last: int | None = Field(default=None, sa_type=sa.BigInteger)
    run_count: int | None = None
