"""One hour, to be shown to somebody who need not believe us: its lines, its digest, and the way to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.errors import Conflict, NotFound
from app.probes.storage import hours, merkle, rollups
from app.probes.storage.chunks import sealed_lines
from app.probes.storage.finding import hour_of
from app.probes.storage.packing import Broken
from app.probes.storage.reading import sealed_hours
from app.probes.storage.tables import SealRound
from app.probes.tables import Monitor


@dataclass(frozen=True, slots=True)
class Proof:
    """`lines` None: they were let go. `way`: what stands beside the way from the digest to `root`, nearest first."""

    monitor: str
    hour: datetime
    version: int
    observations: int
    digest: str
    lines: Sequence[str] | None
    round: int
    way: Sequence[str]
    root: str
    entry: int

    def as_json(self) -> dict[str, Any]:
        return {
            "monitor": self.monitor, "hour": self.hour.isoformat(), "version": self.version,
            "observations": self.observations, "sha256": self.digest, "there": self.lines is not None,
            "round": self.round, "way": list(self.way), "root": self.root, "entry": self.entry,
        }  # fmt: skip


def proof(session: Session, name: str, moment: datetime) -> Proof:
    """Raises NotFound for a monitor or an hour that is not there, Conflict for one that cannot be read."""
    known = sa.cast(col(Monitor.id), sa.String)
    plain = name.replace("-", "").lower()
    found = select(Monitor).where(sa.or_(col(Monitor.name) == name, sa.func.replace(known, "-", "") == plain))
    monitor = session.exec(found).first()
    if monitor is None or monitor.key is None:
        raise NotFound(f"no monitor has the name or id {name!r}", field="MONITOR", example="kept monitor list")
    hour = hours.hour_at(moment)
    sealed = next((one for _, one in sealed_hours(session, monitor.key, hour, hour + 1)), None)
    row = None if sealed is None else session.get(SealRound, sealed.round)
    if sealed is None or row is None:
        raise NotFound(
            f"no round has sealed that hour of {monitor.name}: nothing was observed in it, or it is not over yet",
            field="HOUR", example="kept observations seal",
        )  # fmt: skip
    leaves = rollups.unpack_leaves(bytes(row.leaves))
    place = leaves.index(next(leaf for leaf in leaves if (leaf.hour, leaf.monitor) == (hour, monitor.key)))
    try:
        kept = hour_of(session, monitor.key, hour)
    except Broken as error:
        raise Conflict(f"that hour is damaged: {error}", field="HOUR") from None
    lines = None
    if kept is not None:
        rows = list(kept.columns.rows())
        lines = list(sealed_lines(str(monitor.id), hour, sealed.version, kept.replaces, rows))
    return Proof(
        monitor.name, moment, sealed.version, sealed.rollup.total, leaves[place].digest, lines, row.number,
        merkle.path([leaf.digest for leaf in leaves], place), row.root, row.entry,
    )  # fmt: skip
