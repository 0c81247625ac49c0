"""A name server on 127.0.0.1, over UDP and TCP, that says what a test wants."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Values = Sequence[str]


@dataclass
class Zone(asyncio.DatagramProtocol):
    """`said` maps "name TYPE" to values, or to what gives them anew at each question; a name in `dead` is not answered
    at all, any other name does not exist."""

    said: dict[str, Values | Callable[[], Values]]
    dead: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    server: str = ""

    def answer(self, wire: bytes, udp: bool) -> bytes | None:
        question = dns.message.from_wire(wire)
        name, kind = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        plain = name.to_text().rstrip(".").lower()
        self.asked.append(f"{plain} {kind}")
        if plain in self.dead:
            return None
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        values = self.said.get(f"{plain} {kind}", ())
        found = values() if callable(values) else values
        if found:
            reply.answer.append(dns.rrset.from_text(name, 0, "IN", kind, *found))
        elif not any(key.startswith(f"{plain} ") for key in self.said):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        whole = reply.to_wire(max_size=65_535)
        if udp and len(whole) > 512:
            short = dns.message.make_response(question)
            short.flags |= dns.flags.TC | dns.flags.RA
            return short.to_wire()
        return whole

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if (said := self.answer(data, udp=True)) is not None:
            self.transport.sendto(said, address)  # type: ignore[attr-defined]

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = struct.unpack(">H", await reader.readexactly(2))
                said = self.answer(await reader.readexactly(length), udp=False)
                if said is not None:
                    writer.write(struct.pack(">H", len(said)) + said)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def zone(
    said: dict[str, Values | Callable[[], Values]], dead: frozenset[str] = frozenset()
) -> AsyncIterator[Zone]:
    """The name server, with its address as `host:port` in `server`."""
    made = Zone(said, dead)
    over_tcp = await asyncio.start_server(made.over_tcp, "127.0.0.1", 0)
    port = over_tcp.sockets[0].getsockname()[1]
    udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, ("127.0.0.1", port))
    made.server = f"127.0.0.1:{port}"
    try:
        yield made
    finally:
        udp.close()
        over_tcp.close()
