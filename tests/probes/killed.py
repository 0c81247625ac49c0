"""A prober that lives through days in seconds until it is killed: `python -m tests.probes.killed URL FOLDER START`.

After each batch that its database has taken it prints how many answers that was, and when the newest was asked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import app.tables  # noqa: F401
from app.db import make_engine
from app.prober.clocks import Gap
from app.prober.engine import Answer, Assignment, Health
from app.probes.desk import LocalDesk
from app.probes.vault import Vault
from tests.world.plan import Notes, prober
from tests.world.time import Hours, living


class AtOnce(LocalDesk):
    """Works in the thread of the loop, whose time is not the clock's."""

    looked = False

    async def _apart(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    async def assignments(self) -> list[Assignment] | None:
        """Looked up once: days of looking every two seconds would be most of the work."""
        once, self.looked = not self.looked, True
        return self._assignments() if once else None

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        await super().record(answers, gaps, health)
        for answer in answers:
            print(answer.key, answer.at, answer.outcome.state, flush=False)
        print("written", flush=True)


def main(url: str, folder: str, start: str) -> None:
    loop = Hours(datetime.fromisoformat(start))

    async def run() -> None:
        desk = AtOnce(make_engine(url), Vault(Path(folder) / "secret.key"), loop.wall, 10.0)
        await desk.enter()
        made = prober(Notes(), loop, lambda host, second: "refused" if second % 7200 < 600 else "up", coarse=True)
        made.desk, made.batch = desk, 300.0
        await made.run()

    living(run(), loop)


if __name__ == "__main__":
    asyncio.set_event_loop(None)
    main(*sys.argv[1:])
