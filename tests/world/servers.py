"""Servers that do what a test wants, in the test's own event loop, on 127.0.0.1 (or ::1)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import trustme

from app.prober.addresses import Networks
from app.prober.asking import asked
from app.prober.checks.tools import Tools
from app.prober.matching import Matcher
from app.prober.outcome import Outcome, Phases
from app.prober.spec import CHECK
from app.prober.web import ProbeTransport
from app.prober.wire import Net, Resolver

NOW = datetime(2025, 7, 1, 7, 0, tzinfo=UTC)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server on a free port; whatever its talk runs into when the other side leaves is not an error here."""
    talks: set[asyncio.Task[Any]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            talks.discard(task)
            writer.transport.abort()

    made = await asyncio.start_server(one, host, 0, ssl=tls)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@dataclass
class Page:
    """What a web server answers, and what it was asked."""

    body: bytes = b"<h1>Basket</h1>"
    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    asked: list[str] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)  # by path

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.asked.append(head)
        page = self.pages.get(head.split(" ")[1], self)
        await asyncio.sleep(page.after)
        headers = {"Content-Length": str(len(page.body)), "Connection": "close"} | page.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        writer.write(f"HTTP/1.1 {page.status}\r\n{lines}\r\n".encode("latin-1"))
        if not head.startswith("HEAD"):
            writer.write(page.body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def says(*parts: bytes, every: float = 0.0, first: bool = True, stay: bool = False) -> Talk:
    """Sends the parts, one after another; `first`: after the other side has asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first:
            await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(every)
        if stay:
            await asyncio.sleep(60)

    return talk


def endlessly(head: bytes, part: bytes, sent: list[int] | None = None) -> Talk:
    """Sends the part again and again until the other side has had enough; counts the bytes it got rid of."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for _ in range(1_000_000):
            writer.write(part)
            await writer.drain()
            if sent is not None:
                sent.append(len(part))

    return talk


# --- certificates -----------------------------------------------------------------------------------------------------


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def serving(name: str, *, days: tuple[int, int] = (-1, 400), by: trustme.CA | None = None) -> ssl.SSLContext:
    """TLS of a server whose certificate is for `name` and runs from and to so many days from today."""
    today = datetime.now(UTC)
    issued = (by or authority()).issue_cert(
        name, not_before=today + timedelta(days[0]), not_after=today + timedelta(days[1])
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


# --- asking -----------------------------------------------------------------------------------------------------------


@cache
def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@cache
def unverified() -> ssl.SSLContext:
    return Net.make(Networks()).unverified


@asynccontextmanager
async def tools(
    *, allowed: str = "127.0.0.0/8,::1/128", names: list[str] | None = None, now: datetime | None = None,
    pattern_limit: float = 1.0,
) -> AsyncIterator[Tools]:  # fmt: skip
    net = Net(Resolver(names or (), timeout=0.4), Networks.parse(allowed), trusting(), unverified())
    made = Tools(net, ProbeTransport(net), Matcher(pattern_limit), lambda: now or NOW)
    try:
        yield made
    finally:
        await made.close()


async def ask(spec: dict[str, Any], with_tools: Tools, headers: dict[str, str] | None = None) -> tuple[Outcome, Phases]:
    """One question, as the prober asks it."""
    return await asked(CHECK.validate_python({"timeout_ms": 2000} | spec), headers or {}, with_tools)


def answer(outcome: Outcome) -> tuple[str, str | None]:
    return str(outcome.state), None if outcome.fault is None else str(outcome.fault)
