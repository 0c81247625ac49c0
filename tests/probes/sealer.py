"""What is killed: a process that seals whatever there is, in small rounds."""

from __future__ import annotations

from datetime import datetime

import app.tables  # noqa: F401
from app.db import make_engine
from app.probes.storage import sealing


def seal_until_done(url: str, now: datetime) -> None:
    engine = make_engine(url)
    while sealing.seal(engine, now, 60).more:
        pass
    engine.dispose()
