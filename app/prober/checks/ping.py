"""An ICMP echo. Where the system lets nobody but root send one, the answer is unknown, and says so."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from ipaddress import ip_address

from app.prober.checks.tools import Tools
from app.prober.outcome import UP, Failed, Fault, Outcome, Phases
from app.prober.spec import PingSpec

EVERY_S = 1.0
REQUEST, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}


def _socket(version: int) -> tuple[socket.socket, bool]:
    """An ICMP socket that needs no rights, or else a raw one; whether it is raw. Raises Failed."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    protocol = socket.IPPROTO_ICMP if version == 4 else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            made = socket.socket(family, kind, protocol)
        except OSError:
            continue
        made.setblocking(False)
        return made, kind == socket.SOCK_RAW
    raise Failed(
        Fault.UNSUPPORTED,
        "this machine does not let Kept send an ICMP echo; sysctl net.ipv4.ping_group_range='0 2147483647' would",
    )


async def ask(spec: PingSpec, tools: Tools, phases: Phases) -> Outcome:
    """Asks once a second until an echo comes; the time limit ends it. Raises Failed."""
    address = (await tools.net.look_up(spec.name, phases))[0]
    phases.address = address
    version = ip_address(address).version
    made, raw = _socket(version)
    with made:
        try:
            made.connect((address, 0))
        except OSError as error:
            raise Failed(Fault.UNREACHABLE, f"{address}: {error.strerror}") from None
        mark, sequence = os.urandom(16), 0
        number = int.from_bytes(mark[:2])
        start = time.perf_counter_ns()
        while True:
            sequence = (sequence + 1) & 0xFFFF
            try:
                await asyncio.get_running_loop().sock_sendall(made, echo(version, number, sequence, mark))
                async with asyncio.timeout(EVERY_S):
                    await _reply(made, version, mark, raw)
            except TimeoutError:
                continue
            except OSError as error:
                raise Failed(Fault.UNREACHABLE, f"{address}: {error.strerror}") from None
            phases.add("first_byte", time.perf_counter_ns() - start)
            return UP


async def _reply(made: socket.socket, version: int, mark: bytes, raw: bool) -> None:
    while True:
        packet = await asyncio.get_running_loop().sock_recv(made, 2048)
        if raw and version == 4 and packet:
            packet = packet[(packet[0] & 0x0F) * 4 :]
        if len(packet) >= 8 and packet[0] == REPLY[version] and packet[8:24] == mark:
            return


def echo(version: int, number: int, sequence: int, mark: bytes) -> bytes:
    """An echo request; the kernel fills in the sum of IPv6."""
    head = struct.pack(">BBHHH", REQUEST[version], 0, 0, number, sequence)
    summed = _sum(head + mark) if version == 4 else 0
    return struct.pack(">BBHHH", REQUEST[version], 0, summed, number, sequence) + mark


def _sum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
