"""A probe over a new connection each, against bare httpx: one client on one shared transport, nothing kept alive.

Both sides ask one local server, in a process of its own, and only the processor time of the asking process counts.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import trustme
import uvloop

from app.prober.addresses import Networks
from app.prober.asking import asked
from app.prober.checks.tools import Tools
from app.prober.matching import Matcher
from app.prober.spec import HttpSpec
from app.prober.web import ProbeTransport
from app.prober.wire import Net
from app.sla.case import State
from benchmarks.frame import Figure, apart

AT_ONCE = 10
KINDS = ("RSA", "ECDSA")
BODY = b"<h1>Basket</h1>" + b"x" * 10_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY)


async def _page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + BODY)
        await writer.drain()
        writer.close()
    except (OSError, asyncio.IncompleteReadError):
        writer.transport.abort()


def _serve(folder: str, told: Connection) -> None:
    async def run() -> None:
        servers = [await asyncio.start_server(_page, "127.0.0.1", 0)]
        for kind in KINDS:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(f"{folder}/{kind}.pem")
            servers.append(await asyncio.start_server(_page, "127.0.0.1", 0, ssl=tls))
        told.send([one.sockets[0].getsockname()[1] for one in servers])
        await asyncio.Event().wait()

    uvloop.run(run())


@contextmanager
def _server() -> Iterator[tuple[list[int], Path]]:
    """Its ports, without TLS and with a certificate of each kind, and the file of the authorities to trust."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            authority = trustme.CA(key_type=trustme.KeyType[kind])
            issued = authority.issue_cert("127.0.0.1", "localhost", key_type=trustme.KeyType[kind])
            issued.private_key_and_cert_chain_pem.write_to_path(f"{folder}/{kind}.pem")
            authority.cert_pem.write_to_path(f"{folder}/ca.pem", append=True)
        heard, told = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder, told), daemon=True)
        process.start()
        try:
            yield heard.recv(), Path(folder, "ca.pem")
        finally:
            process.terminate()
            process.join()


async def _repeat(count: int, one: Callable[[], Awaitable[None]]) -> float:
    """Milliseconds of processor time each, of `count` at most AT_ONCE at a time."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def limited() -> None:
        async with limit:
            await one()

    await asyncio.gather(*(limited() for _ in range(50)))
    start = time.process_time()
    await asyncio.gather(*(limited() for _ in range(count)))
    return (time.process_time() - start) / count * 1000


def _ours(address: str, authority: str, count: int) -> float:
    async def run() -> float:
        net = Net.make(Networks.parse("127.0.0.0/8"), authorities=authority)
        tools = Tools(net, ProbeTransport(net), Matcher(), lambda: datetime.now(UTC))
        spec = HttpSpec(url=address, text="Basket")

        async def one() -> None:
            outcome, _ = await asked(spec, {}, tools)
            if outcome.state is not State.UP:
                raise RuntimeError(str(outcome))

        try:
            return await _repeat(count, one)
        finally:
            await tools.close()

    return uvloop.run(run())


def _bare(address: str, authority: str, count: int) -> float:
    """The best plain use of httpx: one client, one context, uvloop, sniffio there, no connection kept."""

    async def run() -> float:
        context = ssl.create_default_context(cafile=authority)
        transport = httpx.AsyncHTTPTransport(verify=context, limits=httpx.Limits(max_keepalive_connections=0))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:

            async def one() -> None:
                answer = await client.get(address, headers={"Connection": "close"})
                if "Basket" not in answer.text:
                    raise RuntimeError(answer.text)

            return await _repeat(count, one)

    return uvloop.run(run())


def measure(quick: bool) -> Iterator[Figure]:
    count, rounds = (200, 1) if quick else (1500, 3)
    with _server() as ((plain, *secure), authority):
        lines = [
            (f"one probe over TLS, new connection each, {kind} certificate", f"https://127.0.0.1:{port}/", "0.55")
            for kind, port in zip(KINDS, secure, strict=True)
        ]
        for name, address, target in [*lines, ("the same without TLS", f"http://127.0.0.1:{plain}/", "0.50")]:
            ours, bare = [], []
            for _ in range(rounds):
                ours.append(apart(_ours, address, str(authority), count).value)
                bare.append(apart(_bare, address, str(authority), count).value)
            best, baseline = min(ours), min(bare)
            yield Figure(
                name, best, baseline, "ms of processor time", "httpx, one shared transport, nothing kept alive",
                f"<= {target}", best / baseline, [f"{1000 / best:,.0f} probes a second of processor time"],
            )  # fmt: skip
