"""Names: dead ones, many addresses, IPv6 alone, answers that are mixed or change, records as they should be."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from app.prober.outcome import Outcome, Phases
from tests.world.names import Zone, zone
from tests.world.servers import Page, answer, ask, server, tools

SHOP = "shop.larkfield.example"


def asked(said: dict[str, Any], dead: frozenset[str] = frozenset(), **spec: Any) -> tuple[Outcome, Phases, Zone, Page]:
    """A page asked for by name, on a real server at 127.0.0.1."""

    async def run() -> tuple[Outcome, Phases, Zone, Page]:
        page = Page()
        async with server(page) as port, zone(said, dead) as names, tools(names=[names.server]) as made:
            outcome, phases = await ask({"kind": "http", "url": f"http://{SHOP}:{port}/"} | spec, made)
            return outcome, phases, names, page

    return asyncio.run(run())


def test_a_name_is_asked_for_and_its_time_is_taken() -> None:
    said, phases, names, page = asked({f"{SHOP} A": ["127.0.0.1"]})
    assert answer(said) == ("up", None)
    assert f"{SHOP} A" in names.asked
    assert phases.dns is not None
    assert phases.dns > 0
    assert f"host: {SHOP}" in page.asked[0].lower()


@pytest.mark.parametrize(
    ("said", "dead"), [({}, frozenset()), ({f"{SHOP} TXT": ['"x"']}, frozenset()), ({}, frozenset({SHOP}))]
)
def test_no_such_name_no_address_nobody_who_answers(said: dict[str, Any], dead: frozenset[str]) -> None:
    assert answer(asked(said, dead)[0]) == ("down", "dns")


def test_one_good_address_among_those_that_refuse() -> None:
    said, phases, _, _ = asked({f"{SHOP} A": ["127.0.0.9", "127.0.0.8", "127.0.0.1"]})
    assert answer(said) == ("up", None)
    assert phases.address == "127.0.0.1"


def test_two_hundred_addresses() -> None:
    many = [f"127.0.1.{n}" for n in range(1, 201)]
    said, _, names, _ = asked({f"{SHOP} A": many}, timeout_ms=1500)
    assert said.fault in ("refused", "timeout")
    assert names.asked.count(f"{SHOP} A") == 2  # a second time over TCP, because it did not fit
    assert answer(asked({f"{SHOP} A": [*many, "10.0.0.1"]})[0]) == ("unknown", "blocked")


def test_a_name_with_ipv6_alone() -> None:
    async def run() -> None:
        alone = {f"{SHOP} AAAA": ["::1"]}
        async with server(Page(), host="::1") as port, zone(alone) as names, tools(names=[names.server]) as made:
            said, phases = await ask({"kind": "http", "url": f"http://{SHOP}:{port}/"}, made)
        assert answer(said) == ("up", None)
        assert phases.address == "::1"

    asyncio.run(run())


@pytest.mark.parametrize(
    "addresses",
    [
        {"A": ["10.0.0.1"]},
        {"A": ["127.0.0.1", "192.168.1.1"]},
        {"A": ["127.0.0.1"], "AAAA": ["fd00::1"]},
        {"AAAA": ["::ffff:10.0.0.1"]},
        {"AAAA": ["64:ff9b::a9fe:a9fe"]},
        {"A": ["169.254.169.254"]},
    ],
)
def test_names_that_point_where_nobody_may_ask(addresses: dict[str, list[str]]) -> None:
    said, _, _, page = asked({f"{SHOP} {kind}": values for kind, values in addresses.items()})
    assert answer(said) == ("unknown", "blocked")
    assert page.asked == []


def test_an_answer_that_changes_between_two_hops_gets_nobody_through() -> None:
    """The first connection goes to the allowed address; the redirect back to the same name is looked up anew."""

    async def run() -> None:
        turns = count()
        page = Page(b"", "302 Found", {"Location": f"http://{SHOP}/again"})
        changing = {f"{SHOP} A": lambda: ["127.0.0.1"] if next(turns) == 0 else ["169.254.169.254"]}
        async with server(page) as port, zone(changing) as names, tools(names=[names.server]) as made:
            said, phases = await ask({"kind": "http", "url": f"http://{SHOP}:{port}/"}, made)
        assert answer(said) == ("unknown", "blocked")
        assert phases.address == "127.0.0.1"
        assert len(page.asked) == 1

    asyncio.run(run())


def test_dead_names_hold_up_nobody_else() -> None:
    """Twenty names nobody answers for, sixty healthy sites beside them: not one of these is said to be down."""

    async def run() -> None:
        dead = frozenset(f"dead{n}.example" for n in range(20))
        said = {f"live{n}.example A": ["127.0.0.1"] for n in range(60)}
        async with server(Page()) as port, zone(said, dead) as names, tools(names=[names.server]) as made:
            hosts = sorted(dead) + [f"live{n}.example" for n in range(60)]
            spec = {"kind": "http", "timeout_ms": 1500}
            answers = await asyncio.gather(*(ask(spec | {"url": f"http://{h}:{port}/"}, made) for h in hosts))
        assert [answer(one)[0] for one, _ in answers] == ["down"] * 20 + ["up"] * 60
        assert max(phases.dns or 0 for one, phases in answers if one.fault is None) < 400_000

    asyncio.run(run())


RECORDS: list[tuple[dict[str, Any], tuple[str, str | None]]] = [
    ({"name": SHOP}, ("up", None)),
    ({"name": SHOP, "values": ["192.0.2.7"]}, ("up", None)),
    ({"name": SHOP, "values": ["192.0.2.9"]}, ("down", "content")),
    ({"name": SHOP, "values": ["192.0.2.9", "192.0.2.8"], "match": "any"}, ("up", None)),
    ({"name": SHOP, "values": ["192.0.2.8"], "match": "exactly"}, ("down", "content")),
    ({"name": SHOP, "values": ["192.0.2.8", "192.0.2.7"], "match": "exactly"}, ("up", None)),
    ({"name": SHOP, "type": "MX", "values": ["10 Mail.example"]}, ("up", None)),
    ({"name": SHOP, "type": "TXT", "values": ["v=spf1 -all"]}, ("up", None)),
    ({"name": SHOP, "type": "AAAA"}, ("down", "content")),
    ({"name": "nobody.example"}, ("down", "dns")),
    ({"name": "dead.example", "timeout_ms": 300}, ("down", "timeout")),
]


@pytest.mark.parametrize(("spec", "expected"), RECORDS)
def test_records(spec: dict[str, Any], expected: tuple[str, str | None]) -> None:
    said = {f"{SHOP} A": ["192.0.2.7", "192.0.2.8"], f"{SHOP} MX": ["10 mail.example."],
            f"{SHOP} TXT": ['"v=spf1 -all"']}  # fmt: skip

    async def run() -> None:
        async with zone(said, frozenset({"dead.example"})) as names, tools(names=[names.server]) as made:
            assert answer((await ask({"kind": "dns"} | spec, made))[0]) == expected
            host, _, port = names.server.rpartition(":")
            given = {"kind": "dns", "server": host, "port": int(port)} | spec
            assert answer((await ask(given, made))[0]) == expected
        async with tools(allowed="") as made:
            assert answer((await ask(given, made))[0]) == ("unknown", "blocked")

    asyncio.run(run())
