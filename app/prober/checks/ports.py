"""Ports that take a connection; greetings of mail, file and login servers."""

from __future__ import annotations

import asyncio
import re

from app.prober.checks.starttls import asked_for
from app.prober.checks.tools import Tools
from app.prober.outcome import UP, Failed, Fault, Outcome, Phases
from app.prober.spec import BannerSpec, TcpSpec

GREETING = {"smtp": rb"220[ -]", "imap": rb"\* (OK|PREAUTH)\b", "ftp": rb"220[ -]", "ssh": rb"SSH-(2\.0|1\.99)-"}
FAREWELL = {"smtp": b"QUIT\r\n", "imap": b"a1 LOGOUT\r\n", "ftp": b"QUIT\r\n", "ssh": b""}
LONGEST = 1024
LINES = 50  # that may come before a greeting: an SSH server may say something first, and a reply may have several


async def ask_ports(spec: TcpSpec, tools: Tools, phases: Phases) -> Outcome:
    """Raises Failed where one of them (or, for `any`, each) takes no connection."""

    async def one(port: int) -> Failed | None:
        mine = Phases()
        try:
            wire = await tools.net.connect(spec.name, port, mine)
        except Failed as failure:
            return failure
        finally:
            phases.dns = max(phases.dns or 0, mine.dns or 0)
            phases.connect = max(phases.connect or 0, mine.connect or 0)
            phases.address = phases.address or mine.address
        wire.abort()
        return None

    answers = await asyncio.gather(*(one(port) for port in spec.ports))
    failures = [answer for answer in answers if answer is not None]
    if failures and (spec.need == "all" or len(failures) == len(answers)):
        blocked = next((failure for failure in failures if failure.outcome.fault is Fault.BLOCKED), failures[0])
        raise blocked
    return UP


async def ask_banner(spec: BannerSpec, tools: Tools, phases: Phases) -> Outcome:
    """Raises Failed where the greeting is not the protocol's, or not what was asked for."""
    wire = await tools.net.connect(spec.name, spec.asked_port, phases)
    try:
        if spec.tls:
            await tools.net.secure(wire, spec.name, phases)
        lines: list[bytes] = []
        wanted = re.compile(GREETING[spec.protocol])
        for _ in range(LINES):
            lines.append(await wire.line(LONGEST))
            if wanted.match(lines[-1]) and lines[-1][3:4] != b"-":
                break
            if spec.protocol != "ssh" and not wanted.match(lines[-1]):
                raise Failed(Fault.PROTOCOL, f"no {spec.protocol} greeting", body=lines[-1])
            if spec.protocol == "ssh" and wanted.match(lines[-1]):
                break
        else:
            raise Failed(Fault.PROTOCOL, f"no {spec.protocol} greeting in {LINES} lines", body=lines[0])
        if spec.starttls:
            await asked_for(wire, spec.protocol)
            await tools.net.secure(wire, spec.name, phases)
        said = b"\n".join(lines).decode("utf-8", "replace")
        if spec.text is not None and spec.text not in said:
            raise Failed(Fault.CONTENT, f"{spec.text[:60]!r} is not in the greeting", body=said.encode())
        wire.write(FAREWELL[spec.protocol])
        return UP
    finally:
        wire.abort()
