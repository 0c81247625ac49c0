"""The loop that never pauses: a task for each monitor, one writer, one look at our own clocks and our own line.

What it knows of monitors it is handed (`Desk.assignments`), what it finds out it hands back (`Desk.record`), a batch a
second; an answer counts as written when that has returned.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

from app.logs import logger
from app.prober import checks
from app.prober.asking import asked
from app.prober.checks.tools import Tools
from app.prober.clocks import Clocks, Gap
from app.prober.online import Online
from app.prober.outcome import OURS, Fault, Outcome, Phases, failed
from app.prober.schedule import Turns, occasion, retry_after
from app.sla.case import State

log = logger("kept.prober")

BATCH_S, REFRESH_S, AT_ONCE, HELD = 1.0, 2.0, 400, 200_000
LATE_S = 1.0  # a loop later than this cannot tell a slow answer from a slow prober
BLURRED_S = 0.05  # and later than this its figures of time are not worth keeping
CLOSING_S = 10.0
MILLISECOND = 1000  # microseconds
FIRST_A_SECOND = 50  # monitors that were never asked: at once, but not all of thousands in one burst


@dataclass(frozen=True, slots=True)
class Assignment:
    """One monitor, as the prober needs it. `key` is what its answers are handed back under."""

    key: int
    id: str
    interval: int  # seconds
    confirm_after: int
    spec: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0  # in a row, up to now
    new: bool = False  # never asked before: asked at once
    windows: tuple[tuple[int, int], ...] = ()  # announced ones, in microseconds: asked at their very start and end


@dataclass(frozen=True, slots=True)
class Answer:
    """One observation on its way to its table. `at`: microseconds since 1970, when it was asked."""

    key: int
    at: int
    outcome: Outcome
    phases: Phases


@dataclass(slots=True)
class Health:
    """How the prober itself is doing."""

    monitors: int = 0
    asked: int = 0
    failed: int = 0
    written: int = 0
    waiting: int = 0
    dropped: int = 0
    lag_us: int = 0
    offline_since: int | None = None
    references: int = 0


class Displaced(Exception):
    """Another prober holds the database now; this one must stop."""


class Desk(Protocol):
    async def assignments(self) -> Sequence[Assignment] | None:
        """All monitors to ask; None where nothing changed since the last time."""

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        """Returns once all of it is safely written. Raises Displaced."""


class Prober:
    def __init__(
        self,
        desk: Desk,
        tools: Tools,
        online: Online,
        clocks: Clocks,
        *,
        per_host: int = 6,
        random: Random | None = None,
        batch: float = BATCH_S,
    ) -> None:
        self.desk, self.tools, self.online, self.clocks = desk, tools, online, clocks
        self.random, self.batch = random or Random(), batch
        self.health = Health(references=len(online.targets))
        self.answers: list[Answer] = []
        self.gaps: list[Gap] = []
        self._watching: dict[int, tuple[Assignment, asyncio.Task[None]]] = {}
        self._windows: dict[int, tuple[tuple[int, int], ...]] = {}
        self._asleep: dict[int, asyncio.Future[bool]] = {}
        self._all = asyncio.Semaphore(AT_ONCE)
        self._hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(per_host))
        self._sits_on: dict[int, str] = {}  # the address each monitor reached the last time
        self._stopping = asyncio.Event()
        self._first = 0.5  # seconds over which those that were never asked are spread

    def stop(self) -> None:
        """Ends `run` after what has been answered is written."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`. Raises Displaced, and whatever a defect of ours raises."""
        loops = [self.clocks.watch(), self.online.watch(), self._assigning(), self._writing(), self._stopping.wait()]
        tasks = [asyncio.ensure_future(loop) for loop in loops]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            every = [*tasks, *(task for _, task in self._watching.values())]
            for task in every:
                task.cancel()
            await asyncio.gather(*every, return_exceptions=True)
            self._watching.clear()
        await self._close()

    async def _close(self) -> None:
        """What was answered and not yet written is written; a database that does not answer is waited for a while."""
        try:
            async with asyncio.timeout(CLOSING_S):
                while self.answers or self.gaps:
                    if not await self._write():
                        await asyncio.sleep(BATCH_S)
        except TimeoutError:
            log.error("answers could not be written before the end", answers=len(self.answers))

    async def _assigning(self) -> None:
        while True:
            try:
                given = await self.desk.assignments()
            except Displaced:
                raise
            except Exception as error:
                log.warning("the monitors could not be read; those known go on", error=str(error))
                given = None
            if given is not None:
                if needed := checks.missing({one.spec.kind for one in given}):
                    await asyncio.to_thread(checks.load, needed)
                self.assign(given)
            await asyncio.sleep(REFRESH_S)

    def assign(self, given: Sequence[Assignment]) -> None:
        """From now on exactly these are asked; one that has not changed is not disturbed."""
        wanted = {one.key: one for one in given}
        for key, (known, task) in list(self._watching.items()):
            now = wanted.get(key)
            if now is None or _question(now) != _question(known):
                task.cancel()
                del self._watching[key]
        fresh = sum(one.new for key, one in wanted.items() if key not in self._watching)
        self._first = max(0.5, fresh / FIRST_A_SECOND)
        before, self._windows = self._windows, {key: one.windows for key, one in wanted.items() if one.windows}
        for key in {*before, *self._windows}:
            if before.get(key) != self._windows.get(key) and (asleep := self._asleep.get(key)) is not None:
                _wake(asleep, False)
        for key, one in wanted.items():
            if key not in self._watching:
                self._watching[key] = (one, asyncio.ensure_future(self._watch(one)))
        self.health.monitors = len(wanted)

    async def _watch(self, one: Assignment) -> None:
        """One monitor, over and over. It never overlaps itself: the next turn is looked for when this one is over."""
        turns = Turns(one.id, one.interval, self.random)
        failures, last, begun = one.failures, 0, self.clocks.now()
        wait = self.random.uniform(0, min(self._first, one.interval)) if one.new else self._until(turns)
        while True:
            await self._pause(one, wait, last or begun)
            answer = await self.ask(one)
            if answer.at <= last:  # our clock was set back: two answers never share a moment
                answer = replace(answer, at=last + MILLISECOND)
            last = answer.at
            self.answers.append(answer)
            if answer.outcome.state is State.DOWN:
                failures += 1
            elif answer.outcome.state is not State.UNKNOWN:
                failures = 0
            again = answer.outcome.state is State.DOWN and failures < one.confirm_after
            wait = retry_after(one.interval) if again else self._until(turns)

    def _until(self, turns: Turns) -> float:
        now = self.clocks.now()
        return max(0.0, (turns.next(now) - now) / 1_000_000)

    async def _pause(self, one: Assignment, wait: float, since: int) -> None:
        """Until the next turn, or a window's moment before it; looks again where windows were announced meanwhile."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait
        while True:
            moment = occasion(self._windows.get(one.key, ()), since, one.interval)
            if moment is not None:  # a thousandth late rather than early: it is to lie in the window
                wait = min(wait, max(0.0, (moment - self.clocks.now()) / 1_000_000 + 0.001))
            asleep: asyncio.Future[bool] = loop.create_future()
            handle = loop.call_later(wait, _wake, asleep, True)
            self._asleep[one.key] = asleep
            try:
                if await asleep:
                    return
            finally:
                handle.cancel()
                del self._asleep[one.key]
            wait = max(0.0, ends - loop.time())

    async def ask(self, one: Assignment) -> Answer:
        """Asks once. Waiting for a place is not billed to the site, and a failure is believed only where we were online
        and awake ourselves."""
        host = self._sits_on.get(one.key) or one.spec.host
        async with self._all, self._hosts[host]:
            at = self.clocks.now() // MILLISECOND * MILLISECOND  # our clock is set no better than that
            steady, jumps = self.clocks.steady(), self.clocks.jumps
            outcome, phases = await asked(one.spec, one.headers, self.tools)
        self.health.asked += 1
        if phases.address:
            self._sits_on[one.key] = phases.address
        lag = self.clocks.lag_since(steady)
        self.health.lag_us = max(self.health.lag_us, int(lag * 1_000_000))
        if outcome.state in (State.DOWN, State.DEGRADED):
            if lag > LATE_S:
                outcome = failed(Fault.LATE, f"our own machine was {int(lag * 1000)} ms late; {outcome.fault}")
            elif self.clocks.jumps != jumps:
                outcome = failed(Fault.CLOCK, f"our own clock jumped meanwhile; {outcome.fault}")
            elif outcome.state is State.DOWN and not await self.online.sure(self.clocks.steady(), at):
                outcome = failed(Fault.OFFLINE, f"we were offline ourselves; {outcome.fault}")
        if lag > BLURRED_S:
            phases = Phases(address=phases.address)
        if outcome.fault is not None and outcome.fault not in OURS:
            self.health.failed += 1
        return Answer(one.key, at, outcome, phases)

    async def _writing(self) -> None:
        wait = self.batch
        while True:
            await asyncio.sleep(wait)
            wait = self.batch if await self._write() else min(max(wait, BATCH_S) * 2, 10.0)

    async def _write(self) -> bool:
        """Hands over what there is. Whether it was taken; what was not is kept for the next time. Raises Displaced."""
        self.gaps += self.clocks.over()
        answers, gaps = self.answers, self.gaps
        self.answers, self.gaps = [], []
        self.health.waiting, self.health.offline_since = len(answers), self.online.offline_since
        try:
            await self.desk.record(answers, gaps, self.health)
        except BaseException as error:
            self.answers, self.gaps = answers + self.answers, gaps + self.gaps
            if isinstance(error, Displaced) or not isinstance(error, Exception):
                raise
            log.warning("answers could not be written; they are kept", error=str(error), answers=len(self.answers))
            if (over := len(self.answers) - HELD) > 0:
                del self.answers[:over]
                self.health.dropped += over
            return False
        self.health.written += len(answers)
        self.health.lag_us = 0
        return True


def _wake(asleep: asyncio.Future[bool], in_time: bool) -> None:
    if not asleep.done():
        asleep.set_result(in_time)


def _question(one: Assignment) -> tuple[Any, ...]:
    return one.id, one.interval, one.confirm_after, one.spec, one.headers
