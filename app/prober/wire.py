"""Names to addresses, addresses to connections: the only way out of this room.

Every address a name has is looked at before any is asked, at every connection anew, and the connection goes to exactly
the address that was looked at: an answer that changes in between gets nobody through.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import aiodns
import pycares

from app.prober.addresses import Networks
from app.prober.outcome import Failed, Fault, Phases

HELD = 256 << 10  # bytes that wait to be read before the other side is slowed down
TRIED = 6  # addresses of one name that are tried
FRESH_S = 15.0  # how long answers about names may be remembered
HEAD_START_S = 0.3  # how long one address is waited for before the next is tried beside it
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EACCES, errno.EPERM)


class Resolver:
    """Asks name servers without a thread for each name: twenty dead names hold up nobody else's.

    The library remembers answers for as long as they say they hold. It is made anew every few seconds, so that a
    monitor's next question always reaches the name servers.
    """

    def __init__(self, servers: Sequence[str] = (), timeout: float = 3.0) -> None:
        self.servers, self.timeout = list(servers), timeout
        self._resolver: aiodns.DNSResolver | None = None
        self._before: aiodns.DNSResolver | None = None  # its last questions may still be under way
        self._made = 0.0

    async def addresses(self, host: str) -> list[str]:
        """All addresses of a name, in the order they are to be tried. Raises Failed."""
        with contextlib.suppress(ValueError):
            return [str(ip_address(host))]
        resolver = await self._fresh()
        try:
            found = await resolver.getaddrinfo(host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise Failed(Fault.DNS, f"{host}: {error.args[-1]}") from None
        except (UnicodeError, ValueError) as error:
            raise Failed(Fault.DNS, f"{host}: {error}") from None
        out = [node.addr[0].decode("ascii") for node in found.nodes]
        if not out:
            raise Failed(Fault.DNS, f"{host} has no address")
        return list(dict.fromkeys(out))

    async def _fresh(self) -> aiodns.DNSResolver:
        now = time.monotonic()
        if self._resolver is None or now - self._made > FRESH_S:
            self._made, old = now, self._before
            self._before, self._resolver = (
                self._resolver,
                aiodns.DNSResolver(
                    nameservers=self.servers or None, timeout=self.timeout, tries=2, flags=pycares.ARES_FLAG_NOSEARCH
                ),
            )
            if old is not None:
                await old.close()
        return self._resolver

    async def close(self) -> None:
        for one in (self._resolver, self._before):
            if one is not None:
                await one.close()
        self._resolver = self._before = None


@dataclass(slots=True)
class Net:
    """What connections are made with: whom to ask for names, what may be asked, and two contexts for TLS, made once."""

    resolver: Resolver
    networks: Networks
    verified: ssl.SSLContext
    unverified: ssl.SSLContext = field(default_factory=lambda: _context(None, verify=False))

    @classmethod
    def make(cls, networks: Networks, servers: Sequence[str] = (), authorities: str | None = None) -> Net:
        """`authorities`: a file of certificates to trust instead of the system's."""
        return cls(Resolver(servers), networks, _context(authorities, verify=True))

    async def look_up(self, host: str, phases: Phases) -> list[str]:
        """The addresses of a host, all of which may be asked. Raises Failed."""
        start = time.perf_counter_ns()
        try:
            found = await self.resolver.addresses(host)
        finally:
            phases.add("dns", time.perf_counter_ns() - start)
        for address in found:  # one that may not be asked among them is how a name is turned against us
            if reason := self.networks.refuse(address):
                raise Failed(Fault.BLOCKED, reason)
        return found

    async def connect(self, host: str, port: int, phases: Phases) -> Wire:
        """A connection to the first address that answers. Raises Failed."""
        found = (await self.look_up(host, phases))[:TRIED]
        start = time.perf_counter_ns()
        try:
            wire, phases.address = await _first(found, port)
        except OSError as error:
            raise Failed(fault_of(error), f"{host}:{port}: {reason_of(error)}") from None
        finally:
            phases.add("connect", time.perf_counter_ns() - start)
        return wire

    async def secure(self, wire: Wire, name: str, phases: Phases, *, verify: bool = True) -> None:
        """TLS on a connection. Raises Failed with what was wrong."""
        start = time.perf_counter_ns()
        try:
            await wire.start_tls(self.verified if verify else self.unverified, name)
        except ssl.SSLCertVerificationError as error:
            raise Failed(Fault.TLS, error.verify_message or "the certificate does not verify") from None
        except ssl.SSLError as error:
            raise Failed(Fault.TLS, (error.reason or str(error)).replace("_", " ").lower()) from None
        except OSError as error:
            raise Failed(Fault.TLS, f"the connection broke off in the handshake: {reason_of(error)}") from None
        finally:
            phases.add("tls", time.perf_counter_ns() - start)

    async def close(self) -> None:
        await self.resolver.close()


def _context(authorities: str | None, *, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authorities) if verify else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.options |= ssl.OP_NO_TICKET
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _first(addresses: Sequence[str], port: int) -> tuple[Wire, str]:
    """A connection to whichever answers first; each has a head start before the next. Raises OSError of the first."""
    if len(addresses) == 1:
        return await _one(addresses[0], port)
    trying: dict[asyncio.Task[tuple[Wire, str]], str] = {}
    failure: OSError | None = None
    left = list(addresses)
    try:
        while left or trying:
            if left:
                address = left.pop(0)
                trying[asyncio.ensure_future(_one(address, port))] = address
            done, _ = await asyncio.wait(
                trying, timeout=HEAD_START_S if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                del trying[task]
                if (error := task.exception()) is None:
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                failure = failure or error
        assert failure is not None
        raise failure
    finally:
        for task in trying:
            task.cancel()
        for ended in await asyncio.gather(*trying, return_exceptions=True):
            if isinstance(ended, tuple):
                ended[0].abort()


async def _one(address: str, port: int) -> tuple[Wire, str]:
    loop = asyncio.get_running_loop()
    _, wire = await loop.create_connection(Wire, address, port, flags=socket.AI_NUMERICHOST)
    return wire, address


def fault_of(error: OSError) -> Fault:
    if isinstance(error, ConnectionRefusedError):
        return Fault.REFUSED
    if isinstance(error, TimeoutError):
        return Fault.TIMEOUT
    return Fault.UNREACHABLE if error.errno in UNREACHABLE else Fault.RESET


def reason_of(error: OSError) -> str:
    return error.strerror.split("]")[-1] if error.strerror and error.errno else str(error) or type(error).__name__


class Wire(asyncio.Protocol):
    """One connection, read at the reader's own pace.

    TLS is spoken here and not by the loop's own transport, which reads the certificate out each time and keeps a
    quarter of a megabyte and two timers for each connection: a tenth of what a probe costs.
    """

    def __init__(self) -> None:
        self.transport: Any = None
        self.buffer = bytearray()  # what came and is in the clear
        self._tls: ssl.SSLObject | None = None
        self._came, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()  # what came under TLS, and what is to go
        self.ended = False
        self.error: Exception | None = None
        self.waiter: asyncio.Future[None] | None = None
        self.paused = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            self.buffer += data
        else:
            self._came.write(data)
        if not self.paused and len(self.buffer) + self._came.pending > HELD:
            self.paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.ended, self.error = True, error
        self._wake()

    def _wake(self) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    async def read(self) -> bytes:
        """What has come since the last time, b"" at the end. Raises Failed where the connection broke off."""
        while not (data := self._taken()) and not self.ended:
            await self._more()
        if not data and self.error is not None:
            raise Failed(Fault.RESET, "the connection broke off")
        if self.paused and not self.ended and self._came.pending <= HELD:
            self.paused = False
            self.transport.resume_reading()
        return data

    def _taken(self) -> bytes:
        if self.buffer or self._tls is None:
            data = bytes(self.buffer)
            self.buffer.clear()
            return data
        if not self._came.pending and not self._tls.pending():
            return b""
        try:
            return self._tls.read(HELD)
        except ssl.SSLWantReadError:  # not yet a whole record, or one that is TLS's own and may want an answer
            self._send()
        except ssl.SSLZeroReturnError:
            self.ended = True
        except ssl.SSLError:
            raise Failed(Fault.RESET, "the connection broke off") from None
        return b""

    async def _more(self) -> None:
        """Waits until something came, or the end."""
        self.waiter = asyncio.get_running_loop().create_future()
        try:
            await self.waiter
        finally:
            self.waiter = None

    async def line(self, longest: int) -> bytes:
        """One line without its end. Raises Failed where none comes, or too long a one."""
        data = b""
        while b"\n" not in data:
            if len(data) > longest:
                raise Failed(Fault.PROTOCOL, f"no line end within {longest} bytes", body=data[:longest])
            part = await self.read()
            if not part:
                raise Failed(Fault.PROTOCOL, "closed before a whole line came", body=data)
            data += part
        line, _, rest = data.partition(b"\n")
        self.buffer[:0] = rest
        return line.rstrip(b"\r")

    def write(self, data: bytes) -> None:
        """Raises Failed where the other side has ended TLS."""
        if self._tls is None:
            self.transport.write(data)
            return
        try:
            self._tls.write(data)
        except ssl.SSLError:
            raise Failed(Fault.RESET, "the connection broke off") from None
        self._send()

    def _send(self) -> None:
        if self._goes.pending and not self.ended:
            self.transport.write(self._goes.read())

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """From here on all of it is under TLS. Raises OSError, of which the errors of TLS are a kind."""
        plain = name.encode() if name.isascii() else name  # a name in ASCII needs no translation
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=plain)
        if self.buffer:
            self._came.write(self.buffer)
            self.buffer.clear()
        while True:
            try:
                self._tls.do_handshake()
                return
            except ssl.SSLWantReadError:
                if self.ended:
                    raise self.error or ConnectionResetError("closed during the handshake") from None
            finally:
                self._send()  # what says what is wrong included
            await self._more()

    def certificate(self) -> bytes | None:
        """The one the other side showed."""
        return self._tls.getpeercert(binary_form=True) if self._tls is not None else None

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
