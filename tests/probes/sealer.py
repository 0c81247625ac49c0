"""What is killed: a process that seals whatever there is, in small rounds, and packs the days that are over."""

from __future__ import annotations

from datetime import datetime

import app.tables  # noqa: F401
from app.db import make_engine
from app.probes.storage import sealing
from app.probes.storage.merging import merge_all


def seal_until_done(url: str, now: datetime) -> None:
    engine = make_engine(url)
    while sealing.seal(engine, now, 60).more:
        pass
    merge_all(engine, now)
    engine.dispose()
