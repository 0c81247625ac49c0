"""TLS in the middle of a conversation: asked for in the protocol's own words, then spoken on the same connection."""

from __future__ import annotations

import re

from app.prober.outcome import Failed, Fault
from app.prober.wire import Wire

LONGEST, LINES = 1024, 100


async def greeted(wire: Wire, protocol: str) -> None:
    """Reads the greeting to its last line. Raises Failed."""
    await _reply(wire, protocol, rb"220" if protocol != "imap" else rb"\* (OK|PREAUTH)\b", "greeting")


async def asked_for(wire: Wire, protocol: str) -> None:
    """Asks for TLS after the greeting was read; the next byte on the connection is the handshake's. Raises Failed."""
    if protocol == "smtp":
        wire.write(b"EHLO kept\r\n")
        lines = await _reply(wire, protocol, rb"250", "answer to EHLO")
        if not any(line[4:].strip().upper() == b"STARTTLS" for line in lines):
            raise Failed(Fault.TLS, "STARTTLS is not offered", body=b"\n".join(lines))
        wire.write(b"STARTTLS\r\n")
        await _reply(wire, protocol, rb"220", "answer to STARTTLS")
    elif protocol == "ftp":
        wire.write(b"AUTH TLS\r\n")
        await _reply(wire, protocol, rb"234", "answer to AUTH TLS")
    else:
        wire.write(b"a0 STARTTLS\r\n")
        await _reply(wire, protocol, rb"a0 OK\b", "answer to STARTTLS")
    if wire.buffer:  # said in the clear, and meant to be taken for said under TLS
        raise Failed(Fault.TLS, "more was said before the handshake", body=bytes(wire.buffer[:LONGEST]))


async def _reply(wire: Wire, protocol: str, wanted: bytes, what: str) -> list[bytes]:
    """The lines of a reply. Raises Failed where it is not the one wanted."""
    lines: list[bytes] = []
    for _ in range(LINES):
        lines.append(await wire.line(LONGEST))
        if protocol == "imap" and lines[-1].startswith(b"* ") and not re.match(wanted, lines[-1]):
            continue  # said besides
        if protocol != "imap" and re.match(rb"\d{3}-", lines[-1]):
            continue
        if re.match(wanted, lines[-1]):
            return lines
        fault = Fault.TLS if what.endswith(("TLS", "EHLO")) else Fault.PROTOCOL
        raise Failed(fault, f"no {what} as {protocol} has it", body=lines[-1])
    raise Failed(Fault.PROTOCOL, f"no {what} in {LINES} lines", body=lines[0])
