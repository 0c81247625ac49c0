"""An agent's side: what it asks, what it hands over and when, what it believes of its own clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli.monitors.probing import ways
from app.cli.remote.agent import ask
from app.errors import BadInput, KeptError, NotAllowed
from app.prober.clocks import Clocks, Gap, micros
from app.prober.engine import Answer, Health
from app.prober.outcome import UP, Phases
from app.prober.remote.desk import RemoteDesk
from app.prober.remote.exchange import Away, Refused, Server, certain, server_address
from app.prober.remote.form import Batch, unpacked
from app.prober.remote.spool import Spool
from app.settings import Settings

NOON = datetime(2025, 6, 28, 12, tzinfo=UTC)
SHOP, PORTS = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f", "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e10"
TASKS = {
    "location": "york", "withheld": 0,
    "monitors": [
        {"id": SHOP, "interval_seconds": 60, "confirm_after": 3, "headers": {"Authorization": "Basic eA=="},
         "check": {"kind": "http", "url": "https://shop.larkfield.example/"}},
        {"id": PORTS, "interval_seconds": 30, "confirm_after": 1,
         "check": {"kind": "tcp", "name": "shop.larkfield.example", "ports": [22]}},
        {"id": "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e11", "interval_seconds": 60, "confirm_after": 3,
         "check": {"kind": "tea_leaves"}},
    ],
}  # fmt: skip


class World:
    """A server as it answers, a wall clock that may be wrong, a steady one that is not."""

    def __init__(self, folder: Path) -> None:
        self.seconds, self.ahead, self.slow = 0.0, 0.0, 0.0
        self.status, self.tasks, self.most = 200, TASKS, 2000
        self.batches: list[Batch] = []
        self.tags: list[str | None] = []
        self.folder = folder
        self.clocks = Clocks(lambda: NOON + timedelta(seconds=self.seconds + self.ahead), lambda: self.seconds)

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer kept_x"
        if self.status == 0:
            raise httpx.ConnectError("nobody there")
        if self.status != 200:
            return httpx.Response(self.status, json={"detail": "not you"})
        if request.method == "GET":
            assert dict(request.url.params)["location"] == "york"
            self.tags.append(request.headers.get("if-none-match"))
            same = self.tags[-1] == '"1"'
            return httpx.Response(304) if same else httpx.Response(200, json=self.tasks, headers={"etag": '"1"'})
        batch = Batch.model_validate_json(unpacked(request.content))
        if len(batch.records) > self.most:
            return httpx.Response(413)
        self.batches.append(batch)
        now = micros(NOON + timedelta(seconds=self.seconds))
        self.seconds += self.slow
        return httpx.Response(200, json={"batch": "x", "now": now})

    def desk(self) -> RemoteDesk:
        transport = httpx.MockTransport(self.handle)
        server = Server("https://kept.example/", "york", "kept_x", self.clocks, transport=transport)
        return RemoteDesk(server, Spool(self.folder), self.folder, self.clocks)

    def answer(self, key: int = 1) -> Answer:
        return Answer(key, self.clocks.now(), UP, Phases(total=183_000))

    @property
    def handed(self) -> list[tuple[int, int | None]]:
        """(second of the day's noon by the agent's clock, off in seconds) of every answer handed over."""
        return [
            ((part.at - micros(NOON)) // 1_000_000, None if part.off is None else part.off // 1_000_000)
            for batch in self.batches
            for part in batch.records
            if part.k == "a"
        ]


def living(folder: Path, work: Callable[[World, RemoteDesk], Any]) -> World:
    world = World(folder)

    async def run() -> None:
        desk = world.desk()
        try:
            await work(world, desk)
        finally:
            desk.close()
            await desk.server.close()

    asyncio.run(run())
    return world


def test_what_to_ask_is_remembered_without_its_secrets(tmp_path: Path) -> None:
    async def first(world: World, desk: RemoteDesk) -> None:
        given = await desk.assignments()
        assert given is not None
        assert [(one.id, one.interval, one.confirm_after, one.new) for one in given] == [
            (SHOP, 60, 3, True), (PORTS, 30, 1, True)
        ]  # fmt: skip
        assert given[0].headers == {"Authorization": "Basic eA=="}
        assert await desk.assignments() is None  # not asked again so soon
        world.seconds += 20
        assert await desk.assignments() is None
        assert world.tags == [None, '"1"']
        world.seconds, world.status = world.seconds + 20, 409
        assert await desk.assignments() == []  # another agent asks from here: this one asks nothing
        world.seconds, world.status = world.seconds + 20, 0
        assert await desk.assignments() is None
        world.seconds, world.status = world.seconds + 20, 200
        again = await desk.assignments()
        assert again is not None
        assert [one.new for one in again] == [False, False]

    living(tmp_path, first)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Basic" not in written

    async def without(world: World, desk: RemoteDesk) -> None:
        world.status = 0
        given = await desk.assignments()
        assert given is not None
        assert [(one.id, one.new) for one in given] == [(PORTS, False)]  # what sends headers waits for the server

    living(tmp_path, without)


def test_an_answer_waits_on_disk_until_the_server_has_it(tmp_path: Path) -> None:
    async def away(world: World, desk: RemoteDesk) -> None:
        await desk.assignments()
        world.status = 0
        for _ in range(3):
            world.seconds += 60
            await desk.record([world.answer()], [], Health(monitors=2))
        with pytest.raises(Away):
            await desk.push()
        world.status = 401
        with pytest.raises(Refused, match="not you"):
            await desk.push()
        world.status, world.most = 200, 1
        while await desk.push():
            pass
        await desk.push()
        assert (desk.spool.waiting, desk.most) == (0, 1)

    world = living(tmp_path, away)
    assert world.handed == [(60, 0), (120, 0), (180, 0)]
    assert (world.batches[0].records, world.batches[0].off) == ([], None)  # the clocks are compared before anything
    assert all(len(batch.records) <= 1 for batch in world.batches)

    async def later(world: World, desk: RemoteDesk) -> None:
        await desk.push()
        assert world.handed == []

    living(tmp_path, later)


def test_a_clock_an_hour_off_is_said_of_every_answer(tmp_path: Path) -> None:
    async def off(world: World, desk: RemoteDesk) -> None:
        await desk.assignments()
        world.ahead = 3600
        await desk.greet()
        await desk.record([world.answer()], [], Health())
        await desk.push()
        # it is set right: what was answered before keeps what was measured of it then, or nothing at all
        await desk.record([world.answer()], [], Health())
        world.clocks.look()
        world.ahead = 0
        world.seconds += 10
        world.clocks.look()
        (gap,) = world.clocks.over() or [Gap(micros(NOON), micros(NOON) + 1, "our own clock jumped")]
        await desk.record([world.answer()], [gap], Health())
        await desk.push()
        await desk.push()
        world.seconds += 60
        await desk.record([world.answer()], [], Health())
        await desk.push()

    world = living(tmp_path, off)
    assert [off for _, off in world.handed] == [3600, 3600, 3600, 0]
    kinds = [part.kind for batch in world.batches for part in batch.records if part.k == "g"]
    assert kinds == ["clock"]


def test_one_comparison_speaks_for_what_was_answered_by_the_same_clock_alone(tmp_path: Path) -> None:
    async def never_compared(world: World, desk: RemoteDesk) -> None:
        await desk.assignments()
        world.ahead = -7
        await desk.record([world.answer()], [], Health())  # by a clock that was seven seconds slow
        world.ahead = 0
        world.seconds += 60
        await desk.record([world.answer()], [], Health())
        await desk.push()

    # of the first nobody knows anything any more; it must not borrow the word of a clock that was set since
    assert living(tmp_path / "set", never_compared).handed == [(-7, None), (60, 0)]

    async def slow(world: World, desk: RemoteDesk) -> None:
        await desk.assignments()
        await desk.record([world.answer()], [], Health())
        world.slow = 6
        with pytest.raises(Away, match="too slowly"):
            await desk.push()
        world.slow = 2
        await desk.push()

    assert living(tmp_path / "slow", slow).handed == [(0, 0)]


def test_what_an_exchange_says_for_certain() -> None:
    second = 1_000_000
    assert certain(0, 2 * second, second) == 0
    assert certain(10 * second, 12 * second, 5 * second) == 5 * second  # between 5 and 7 s ahead: 5 for certain
    assert certain(0, 2 * second, 10 * second) == -8 * second
    assert certain(0, 4 * second, 3 * second) == 0


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("http://kept.example", NotAllowed), ("http://10.0.0.1:8000", NotAllowed), ("kept.example", BadInput),
        ("ftp://kept.example", BadInput), ("https://jo:x@kept.example", BadInput), ("https://", BadInput),
    ],
)  # fmt: skip
def test_it_speaks_over_tls_alone(address: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        server_address(address)
    for fine in ("https://kept.example/", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000"):
        assert server_address(fine) == fine.rstrip("/")


def test_by_hand_what_is_missing_is_said_in_a_sentence(tmp_path: Path) -> None:
    token = {"agent_token": "kept_x"}
    for server, location, settings, code, said in (
        ("https://kept.example", None, token, 2, "--location: is needed beside the other"),
        (None, "york", token, 2, "--server: is needed"),
        ("https://kept.example", "york", {}, 6, "KEPT_AGENT_TOKEN: the agent's token is not set"),
        ("http://kept.example", "york", token, 3, "over TLS alone"),
        ("https://kept.example", "../york", token, 2, "no name of a location"),
    ):
        place = Settings(data=tmp_path, **settings)
        with pytest.raises(KeptError) as refused:
            ask(place, ways(place), server, location)
        assert (refused.value.exit_code, said in refused.value.sentence()) == (code, True)
        assert refused.value.example or code == 3
    assert list(tmp_path.iterdir()) == []
