"""Certificates: good ones, expired ones, those for another name or by nobody known."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from app.prober.outcome import Outcome, Phases
from tests.world.names import zone
from tests.world.servers import Page, answer, ask, says, server, serving, tools

SHOP = "shop.larkfield.example"
HERE: dict[str, Any] = {f"{SHOP} A": ["127.0.0.1"]}


def shown(tls: ssl.SSLContext, **spec: Any) -> tuple[Outcome, Phases]:
    """What a monitor says of a web server with that certificate, known as SHOP."""

    async def run() -> tuple[Outcome, Phases]:
        today = datetime.now(UTC)
        async with server(Page(), tls) as port, zone(HERE) as names, tools(names=[names.server], now=today) as made:
            given = {"kind": "http", "url": f"https://{SHOP}:{port}/"} if not spec else {"port": port} | spec
            return await ask(given, made)

    return asyncio.run(run())


def tls(**more: Any) -> dict[str, Any]:
    return {"kind": "tls", "name": SHOP} | more


def test_a_page_over_tls() -> None:
    said, phases = shown(serving(SHOP))
    assert answer(said) == ("up", None)
    assert phases.tls is not None
    assert phases.tls > 0


CERTIFICATES: list[tuple[str, ssl.SSLContext, dict[str, Any], tuple[str, str | None], str]] = [
    ("good", serving(SHOP), tls(), ("up", None), ""),
    ("expired yesterday", serving(SHOP, days=(-30, -1)), tls(), ("down", "tls"), "expired"),
    ("not yet", serving(SHOP, days=(1, 30)), tls(), ("down", "tls"), "not yet valid"),
    ("another name", serving("other.example"), tls(), ("down", "tls"), "for other.example"),
    ("by nobody known", serving(SHOP, by=trustme.CA()), tls(), ("down", "tls"), "unable to get local issuer"),
    ("ends soon", serving(SHOP, days=(-30, 10)), tls(), ("degraded", "expiry"), "fewer than 14"),
    ("soon enough", serving(SHOP, days=(-30, 10)), tls(days_left=5), ("up", None), ""),
    ("asked for by another name", serving("other.example"), tls(server_name="other.example"), ("up", None), ""),
]


@pytest.mark.parametrize(
    ("context", "spec", "expected", "why"), [case[1:] for case in CERTIFICATES], ids=[case[0] for case in CERTIFICATES]
)
def test_a_certificate(context: ssl.SSLContext, spec: dict[str, Any], expected: tuple[str, str], why: str) -> None:
    said, _ = shown(context, **spec)
    assert answer(said) == expected
    assert why in (said.detail or "")


def test_a_page_behind_a_bad_certificate_is_down_unless_it_need_not_verify() -> None:
    async def run() -> None:
        async with server(Page(), serving(SHOP, days=(-30, -1))) as port, tools() as made:
            page = {"kind": "http", "url": f"https://127.0.0.1:{port}/"}
            assert answer((await ask(page, made))[0]) == ("down", "tls")
            assert answer((await ask(page | {"verify": False}, made))[0]) == ("up", None)

    asyncio.run(run())


def test_no_tls_at_the_other_end_and_none_that_ends() -> None:
    async def run() -> None:
        async with server(says(b"HTTP/1.1 400 Bad\r\n\r\n", first=False)) as plain, tools() as made:
            assert answer((await ask({"kind": "tls", "name": "127.0.0.1", "port": plain}, made))[0]) == ("down", "tls")
        async with server(says(stay=True, first=False)) as mute, tools() as made:
            said, _ = await ask({"kind": "tls", "name": "127.0.0.1", "port": mute, "timeout_ms": 200}, made)
            assert answer(said) == ("down", "timeout")
        async with server(says(first=False)) as shut, tools() as made:
            assert answer((await ask({"kind": "tls", "name": "127.0.0.1", "port": shut}, made))[0]) == ("down", "tls")

    asyncio.run(run())


def test_a_long_page_over_tls_is_held_back_and_cut_off() -> None:
    async def run() -> None:
        async with server(Page(b"<h1>Basket</h1>" + b"x" * (2 << 20)), serving(SHOP)) as port, tools() as made:
            page = {"kind": "http", "url": f"https://127.0.0.1:{port}/", "verify": False}
            assert answer((await ask(page | {"text": "Basket"}, made))[0]) == ("up", None)
            assert answer((await ask(page | {"largest_bytes": 1 << 20}, made))[0]) == ("down", "size")
            whole = page | {"largest_bytes": 3 << 20, "pattern": "x$"}
            assert answer((await ask(whole, made))[0]) == ("up", None)

    asyncio.run(run())


ENDS: list[tuple[bytes, tuple[str, str | None]]] = [
    (b"", ("up", None)),  # without TLS's own farewell, as many a server does it
    (b"\x17\x03\x03\x00\x20" + bytes(32), ("down", "reset")),  # a record that is none
]


@pytest.mark.parametrize(("said", "expected"), ENDS, ids=["no farewell", "spoilt record"])
def test_a_page_over_tls_that_ends_like_this(said: bytes, expected: tuple[str, str | None]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n<h1>Basket</h1>")
        bare = writer.get_extra_info("socket")
        os.write(bare.fileno(), said)
        bare.shutdown(socket.SHUT_WR)
        await reader.read()
        writer.transport.abort()

    async def run() -> None:
        async with server(talk, serving(SHOP)) as port, tools() as made:
            page = {"kind": "http", "url": f"https://127.0.0.1:{port}/", "verify": False, "text": "Basket"}
            assert answer((await ask(page, made))[0]) == expected

    asyncio.run(run())
