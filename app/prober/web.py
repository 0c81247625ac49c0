"""One request over one new connection, as a transport of httpx.

A client's pool, cookies, redirects and retries would each blur what is measured: every hop is evidence, so each is a
connection of its own, timed by itself. What goes over the wire is decided by h11, the library below httpx.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

import h11
import httpx

from app.prober.outcome import Failed, Fault, Phases
from app.prober.wire import Net, Wire

HEADERS = 64 << 10  # bytes of headers that are read
PIECE = 64 << 10


class ProbeTransport(httpx.AsyncBaseTransport):
    """`request.extensions`: `phases`, which is filled in, and `verify`."""

    def __init__(self, net: Net) -> None:
        self.net = net

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises Failed. The response's stream must be closed."""
        phases: Phases = request.extensions["phases"]
        url = request.url
        tls = url.scheme == "https"
        wire = await self.net.connect(url.host, url.port or (443 if tls else 80), phases)
        try:
            if tls:
                await self.net.secure(wire, url.host, phases, verify=request.extensions["verify"])
            start = time.perf_counter_ns()
            talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS)
            asked = h11.Request(method=request.method, target=url.raw_path, headers=request.headers.raw)
            wire.write((talk.send(asked) or b"") + (talk.send(h11.EndOfMessage()) or b""))
            event = await _next(wire, talk)
            while isinstance(event, h11.InformationalResponse):
                event = await _next(wire, talk)
            phases.add("first_byte", time.perf_counter_ns() - start)
            if not isinstance(event, h11.Response):
                raise Failed(Fault.PROTOCOL, "closed without an answer")
            return httpx.Response(event.status_code, headers=event.headers.raw_items(), stream=Body(wire, talk))
        except BaseException:
            wire.abort()
            raise


async def _next(wire: Wire, talk: h11.Connection) -> Any:
    try:
        while (event := talk.next_event()) is h11.NEED_DATA:
            talk.receive_data(await wire.read())
    except h11.RemoteProtocolError as error:
        raise Failed(Fault.PROTOCOL, str(error)) from None
    return event


class Body(httpx.AsyncByteStream):
    """The body as it arrives, still packed."""

    def __init__(self, wire: Wire, talk: h11.Connection) -> None:
        self.wire, self.talk = wire, talk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await _next(self.wire, self.talk), h11.Data):
            yield bytes(event.data)

    async def aclose(self) -> None:
        self.wire.abort()


async def read_body(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    """The body, unpacked, at most `most` bytes of it, and whether there was more. Raises Failed.

    Neither what arrives nor what it unpacks to is ever held beyond `most`.
    """
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed in ("identity", ""):
        unpacker = None
    elif packed in ("gzip", "x-gzip", "deflate"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32 if "gzip" in packed else zlib.MAX_WBITS)
    else:
        raise Failed(Fault.PROTOCOL, f"packed as {packed[:40]}, which was not asked for")
    out = bytearray()
    arrived = 0
    async for part in response.stream:  # type: ignore[union-attr]
        arrived += len(part)
        try:
            while part and len(out) <= most:
                out += part if unpacker is None else unpacker.decompress(part, min(PIECE, most + 1 - len(out)))
                part = b"" if unpacker is None else unpacker.unconsumed_tail
        except zlib.error as error:
            raise Failed(Fault.PROTOCOL, f"packed wrongly: {error}", body=bytes(out[:most])) from None
        if len(out) > most or arrived > 2 * most + PIECE:
            return bytes(out[:most]), True
    return bytes(out), False
