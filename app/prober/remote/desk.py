"""An agent's desk: what to ask comes from the server, answers go to the disk first and to the server when it is there.

An answer counts as written when it is on disk. It is taken off the disk when the server has said that it is committed;
what is sent twice because that word got lost is recognised there by its monitor and its moment.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from app.logs import logger
from app.prober.clocks import JUMP_US, Clocks, Gap
from app.prober.engine import Answer, Assignment, Health
from app.prober.remote.exchange import Away, Refused, Server, TooLarge
from app.prober.remote.form import CLOCKS_APART_US, MOST, Task, Tasks, of_answer, of_gap
from app.prober.remote.spool import Spool
from app.prober.spec import CHECK

log = logger("kept.prober")

PUSH_S = 10.0
LOOK_S = 15.0
LONGEST_WAIT_S = 60.0
T = TypeVar("T")


class RemoteDesk:
    """Implements `Desk`. `folder` holds the spool and the last assignments."""

    def __init__(
        self, server: Server, spool: Spool, folder: Path, clocks: Clocks, *, every: float = PUSH_S, look: float = LOOK_S
    ) -> None:
        self.server, self.spool, self.folder, self.clocks = server, spool, folder, clocks
        self.every, self.look = every, look
        self.most = MOST
        self.health = Health()
        self._boot = boot()
        self._one_thread = ThreadPoolExecutor(1, thread_name_prefix="kept-spool")
        self._tasks: dict[str, Task] = {}
        self._keys: dict[str, int] = {}  # by the monitor's id; the number its answers are handed to us under
        self._ids: dict[int, str] = {}
        self._known: set[str] = set()  # asked before
        self._looked: float | None = None
        self._said = ""

    async def _apart(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._one_thread, work, *arguments)

    def _clock(self) -> dict[str, Any]:
        """What is known of our clock at this moment: the last comparison, and where it stands against the one that
        never jumps, which tells whether another comparison speaks of the same clock."""
        return {"o": self.server.off, "e": self._boot, "w": self.clocks.now() - int(self.clocks.steady() * 1_000_000)}

    # --- what to ask ---

    async def assignments(self) -> list[Assignment] | None:
        now = self.clocks.steady()
        if self._looked is not None and now - self._looked < self.look:
            return None
        first, self._looked = self._looked is None, now
        try:
            tasks = await self.server.tasks(self.spool.name)
        except Away as error:
            self._tell(f"the server is away, what was known goes on: {error}")
            return self._taken_up(await self._apart(self._remembered)) if first else None
        except Refused as error:
            self._tell(f"the server gives nothing to ask: {error.reason}")
            self.server.forget()
            return []
        if tasks is None:
            return None
        self._tell("")
        if tasks.withheld:
            log.warning(
                "monitors with headers are withheld: the server was not asked over TLS", monitors=tasks.withheld
            )
        await self._apart(self._remember, tasks)
        return self._taken_up(tasks)

    def _taken_up(self, tasks: Tasks | None) -> list[Assignment] | None:
        if tasks is None:
            return None
        out = []
        for task in tasks.monitors:
            try:
                spec = CHECK.validate_python(task.check)
            except ValidationError as error:
                log.error("a monitor cannot be asked by this version", monitor=task.id, error=error.errors()[0]["msg"])
                continue
            key = self._keys.setdefault(task.id, len(self._keys) + 1)
            self._ids[key] = task.id
            out.append(
                Assignment(key, task.id, task.interval_seconds, task.confirm_after, spec, task.headers or {},
                           new=task.id not in self._known, windows=tuple(task.windows))
            )  # fmt: skip
            self._known.add(task.id)
        return out

    def _remember(self, tasks: Tasks) -> None:
        """For a start without the server. Headers are secrets: a monitor that sends any waits for the server."""
        kept = tasks.model_copy(update={"monitors": [task for task in tasks.monitors if not task.headers]})
        made = self.folder / "tasks.new"
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(kept.model_dump_json())
        os.replace(made, self.folder / "tasks.json")

    def _remembered(self) -> Tasks | None:
        try:
            tasks = Tasks.model_validate_json((self.folder / "tasks.json").read_bytes())
        except (OSError, ValidationError):
            return None
        if tasks.location != self.server.location:
            return None
        self._known |= {task.id for task in tasks.monitors}
        return tasks

    # --- what was answered ---

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        self.health = health
        now = self._clock()
        records = [of_answer(answer, self._ids[answer.key]) | now for answer in answers]
        records += [of_gap(gap) | now for gap in gaps if gap.end > gap.start]
        await self._apart(self.spool.add, records)

    async def pushing(self) -> None:
        """Hands over what there is, for ever; waits longer and longer while the server is away."""
        wait = self.every
        while True:
            await asyncio.sleep(wait)
            try:
                more = await self.push()
                wait = 0.1 if more else self.every
            except Away as error:
                self._tell(f"the server is away, answers wait on disk: {error}")
                wait = min(max(LONGEST_WAIT_S, self.every), max(wait, self.every) * 1.5)
            except Refused as error:
                self._tell(f"the server takes no answers, they wait on disk: {error.reason}")
                wait = LONGEST_WAIT_S

    async def greet(self) -> None:
        """An empty batch: the token is tried, the clocks are compared. Raises Away, Refused."""
        await self.server.hand_over(self._batch([]))

    async def push(self) -> bool:
        """One batch; whether more is waiting. Nothing is handed over before the clocks were compared: it would count
        for nothing. Raises Away, Refused."""
        if self.server.off is None:
            await self.greet()
            if self.server.off is None:
                raise Away("it answers too slowly for the clocks to be compared")
        records = await self._apart(self.spool.read, self.most)
        try:
            receipt = await self.server.hand_over(self._batch(records))
        except TooLarge:
            if self.most == 1:
                raise Refused("it takes not even one answer at a time", field="--server") from None
            self.most = max(1, self.most // 2)
            return True
        if records:
            await self._apart(self.spool.mark, records[-1]["n"])
        self._told(receipt.refused, receipt.contradicting, receipt.strange)
        return self.spool.waiting > 0 and len(records) == self.most

    def _batch(self, records: Sequence[dict[str, Any]]) -> dict[str, Any]:
        health = self.health
        return {
            "format": 1, "spool": self.spool.name, "records": [self._judged(record) for record in records],
            "sent_at": self.clocks.now(), "waiting": max(0, self.spool.waiting - len(records)),
            "monitors": health.monitors, "offline_since": health.offline_since, "references": health.references,
            "dropped": self.spool.dropped + health.dropped,
        }  # fmt: skip

    def _judged(self, record: dict[str, Any]) -> dict[str, Any]:
        """The record as it is handed over: `off` is the worst that was measured about it, before it and now, where
        the clock did not jump in between."""
        out = {key: value for key, value in record.items() if key not in ("o", "e", "w")}
        now, measured = self._clock(), [record.get("o")]
        if record.get("e") == now["e"] and abs(record.get("w", 0) - now["w"]) <= JUMP_US:
            measured.append(now["o"])
        known = [one for one in measured if one is not None]
        return out | {"off": max(known, key=abs)} if known else out

    def _told(self, refused: int, contradicting: int, strange: int) -> None:
        off = self.server.off or 0
        if abs(off) > CLOCKS_APART_US:
            self._tell(
                f"our clock is {off / 1_000_000:+.1f} s off the server's: answers count for nothing until it is set"
            )
        else:
            self._tell("")
        if contradicting or strange or (refused and abs(off) <= CLOCKS_APART_US):
            log.warning("answers were left out", clock=refused, contradicting=contradicting, unknown_monitor=strange)

    def _tell(self, text: str) -> None:
        """Once for each change."""
        if text and text != self._said:
            log.warning(text)
        elif not text and self._said:
            log.warning("the server has what was answered")
        self._said = text

    def again(self) -> None:
        """The next `assignments` are given whole, to a prober that begins anew."""
        self.server.forget()
        self._looked = None

    def close(self) -> None:
        self._one_thread.shutdown()
        self.spool.close()


def boot() -> str:
    """What changes when the machine starts anew, and its steady clock with it."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return secrets.token_hex(4)
