"""Ports, greetings and echoes."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from app.prober.checks import ping
from tests.world.servers import Talk, answer, ask, endlessly, says, server, serving, tools


def free_port() -> int:
    with socket.socket() as lent:
        lent.bind(("127.0.0.1", 0))
        return int(lent.getsockname()[1])


def test_all_ports_or_any() -> None:
    async def run() -> None:
        nobody = free_port()
        async with server(says(stay=True, first=False)) as one, server(says(first=False)) as two, tools() as made:
            for ports, need, expected in (
                ([one, two], "all", ("up", None)),
                ([one, nobody], "all", ("down", "refused")),
                ([nobody, two], "any", ("up", None)),
                ([nobody], "any", ("down", "refused")),
            ):
                said, phases = await ask({"kind": "tcp", "name": "127.0.0.1", "ports": ports, "need": need}, made)
                assert answer(said) == expected
                assert phases.connect is not None

    asyncio.run(run())


def banner(talk: Talk, protocol: str, *, secure: bool = False, **spec: Any) -> tuple[str, str | None]:
    async def run() -> tuple[str, str | None]:
        async with server(talk, serving("127.0.0.1") if secure else None) as port, tools() as made:
            given = {"kind": "banner", "protocol": protocol, "name": "127.0.0.1", "port": port, "tls": secure}
            return answer((await ask({"timeout_ms": 500} | given | spec, made))[0])

    return asyncio.run(run())


def greeting(*lines: bytes) -> Talk:
    return says(*lines, first=False, stay=True)


@pytest.mark.parametrize(
    ("protocol", "talk", "spec", "expected"),
    [
        ("smtp", greeting(b"220 mail.example ESMTP\r\n"), {}, ("up", None)),
        ("smtp", greeting(b"220-mail.example\r\n", b"220 ready\r\n"), {"text": "ready"}, ("up", None)),
        ("smtp", greeting(b"220 mail.example ESMTP\r\n"), {"text": "other.example"}, ("down", "content")),
        ("smtp", greeting(b"554 go away\r\n"), {}, ("down", "protocol")),
        ("smtp", greeting(b"220 mail.exam"), {}, ("down", "timeout")),
        ("smtp", says(b"220 mail", first=False), {}, ("down", "protocol")),
        ("smtp", says(first=False), {}, ("down", "protocol")),
        ("imap", greeting(b"* OK IMAP4rev1\r\n"), {}, ("up", None)),
        ("imap", greeting(b"* BYE too many\r\n"), {}, ("down", "protocol")),
        ("ftp", greeting(b"220 ProFTPD\n"), {}, ("up", None)),
        ("ssh", greeting(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, ("up", None)),
        ("ssh", greeting(b"Authorised use only.\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"), {}, ("up", None)),
        ("ssh", greeting(b"HTTP/1.1 400 Bad\r\n" * 60), {}, ("down", "protocol")),
    ],
)
def test_greetings(protocol: str, talk: Talk, spec: dict[str, Any], expected: tuple[str, str | None]) -> None:
    assert banner(talk, protocol, **spec) == expected


def test_a_greeting_over_tls_and_one_that_never_ends() -> None:
    assert banner(greeting(b"220 mail.example ESMTP\r\n"), "smtp", secure=True) == ("up", None)

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader.feed_data(b"\r\n\r\n")
        await endlessly(b"", b"x" * 4096)(reader, writer)

    assert banner(flood, "smtp") == ("down", "protocol")


def test_an_echo_or_a_plain_word_that_there_can_be_none() -> None:
    async def run() -> tuple[str, str | None, str]:
        async with tools() as made:
            said, _ = await ask({"kind": "ping", "name": "127.0.0.1", "timeout_ms": 500}, made)
            return *answer(said), said.detail or ""

    state, fault, detail = asyncio.run(run())
    assert (state, fault) in (("up", None), ("unknown", "unsupported"))
    assert state == "up" or "ping_group_range" in detail


def test_an_echo_request_has_a_sum_that_adds_up() -> None:
    packet = ping.echo(4, 0x1234, 7, b"0123456789abcdef")
    assert packet[:2] == b"\x08\x00"
    assert ping._sum(packet) == 0
