"""A mail server on 127.0.0.1 that fails at whatever step a test wants, in a thread of its own.

with mail_server({"rcpt": "550 5.1.1 nobody"}) as server: send(server.way(), …)
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.delivery.shapes import Security, Server

HANG, CLOSE, KEEP_CLOSE, KEEP_HANG = "(hang)", "(close)", "(keep, close)", "(keep, hang)"
# connect and content know HANG and CLOSE only; dot knows all: KEEP_… has taken the message and does not say so
STEPS = ("connect", "banner", "ehlo", "helo", "starttls", "auth", "mail", "rcpt", "data", "content", "dot", "quit")
Script = Mapping[str, str | Sequence[str]]  # step -> what happens; a sequence: one after another, then as usual


class Over(Exception):
    """The server has had enough of this connection."""


@dataclass(frozen=True)
class Taken:
    """A message the server has."""

    envelope_from: str
    to: tuple[str, ...]
    raw: bytes
    options: str  # of MAIL FROM and RCPT TO


@dataclass
class MailServer:
    """`refuse` answers recipients by address; `users` makes it want a login."""

    script: dict[str, str | list[str]] = field(default_factory=dict)
    features: Sequence[str] = ("8BITMIME",)
    refuse: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    security: Security = "none"
    authorities: Path | None = None
    pause: float = 0.0  # before each answer
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # what the other side said, line by line
    connections: int = 0

    def way(self, **more: object) -> Server:
        """How to reach it."""
        host = "127.0.0.1" if self.security == "none" else "localhost"
        given: dict[str, object] = {
            "host": host, "port": self.port, "security": self.security, "authorities": self.authorities,
            "step_seconds": 30.0, "answer_seconds": 30.0,
        }  # fmt: skip
        return Server(**(given | more))  # type: ignore[arg-type]

    # --- one connection -----------------------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (Over, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    def _planned(self, step: str) -> str | None:
        plan = self.script.get(step)
        if isinstance(plan, list):
            return plan.pop(0) if plan else None
        return plan

    async def _say(self, writer: asyncio.StreamWriter, step: str, usual: str) -> bool:
        """Answers; returns whether it was the usual."""
        plan = self._planned(step)
        await asyncio.sleep(self.pause)
        if plan == HANG:
            await asyncio.sleep(60)
        if plan in (HANG, CLOSE):
            raise Over
        writer.write((plan or usual).replace("\n", "\r\n").encode() + b"\r\n")
        await writer.drain()
        if plan is not None and plan.startswith("421"):
            writer.close()
            raise Over
        return plan is None or plan[:1] in "23"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._planned("connect"):
            raise Over
        await self._say(writer, "banner", "220 mx.example ESMTP")
        sender, recipients, options, known = "", [], [], not self.users
        while True:
            line = (await reader.readline()).decode().rstrip("\r\n")
            if not line:
                raise Over
            self.said.append(line)
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    offered = [*self.features, *(["AUTH PLAIN LOGIN"] if self.users else [])]
                    if self.security == "starttls" and not writer.get_extra_info("ssl_object"):
                        offered.append("STARTTLS")
                    lines = ["mx.example", *offered]
                    said = [f"250{' ' if part is lines[-1] else '-'}{part}" for part in lines]
                    await self._say(writer, "ehlo", "\n".join(said))
                case "HELO":
                    await self._say(writer, "helo", "250 mx.example")
                case "STARTTLS":
                    if await self._say(writer, "starttls", "220 2.0.0 go on"):
                        await writer.start_tls(self.tls)  # type: ignore[arg-type]
                case "AUTH":
                    known = await self._auth(reader, writer, rest)
                case "MAIL":
                    if not known:
                        await self._say(writer, "mail", "530 5.7.0 Authentication required")
                    elif await self._say(writer, "mail", "250 2.1.0 Ok"):
                        sender, _, more = rest.removeprefix("FROM:<").partition(">")
                        recipients, options = [], [more.strip()]
                case "RCPT":
                    to, _, more = rest.removeprefix("TO:<").partition(">")
                    if await self._say(writer, "rcpt", self.refuse.get(to, "250 2.1.5 Ok")) and to not in self.refuse:
                        recipients.append(to)
                        options.append(more.strip())
                case "DATA":
                    if await self._say(writer, "data", "354 end with a dot"):
                        raw = await self._content(reader)
                        await self._dot(writer, Taken(sender, tuple(recipients), raw, " ".join(options).strip()))
                case "QUIT":
                    await self._say(writer, "quit", "221 2.0.0 Bye")
                    raise Over
                case _:
                    await self._say(writer, "other", "502 5.5.2 what?")

    async def _content(self, reader: asyncio.StreamReader) -> bytes:
        plan = self._planned("content")
        lines: list[bytes] = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise Over
            lines.append(line.removeprefix(b"."))
            if plan == HANG:
                await asyncio.sleep(60)
            if plan is not None:
                raise Over
        return b"".join(lines)

    async def _dot(self, writer: asyncio.StreamWriter, message: Taken) -> None:
        plan = self.script.get("dot")
        plan = plan[0] if isinstance(plan, list) and plan else plan
        if not plan or plan in (KEEP_CLOSE, KEEP_HANG) or str(plan).startswith("2"):
            self.taken.append(message)
        if plan in (KEEP_CLOSE, KEEP_HANG):
            self._planned("dot")
            await asyncio.sleep(60 if plan == KEEP_HANG else 0)
            raise Over
        await self._say(writer, "dot", f"250 2.0.0 Ok: queued as {len(self.taken):06X}")

    async def _auth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rest: str) -> bool:
        way, _, given = rest.partition(" ")
        if way == "PLAIN":
            _, user, password = base64.b64decode(given).decode().split("\0")
        else:
            answers = []
            for asked in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                writer.write(f"334 {asked}\r\n".encode())
                answers.append(base64.b64decode((await reader.readline()).strip()).decode())
            user, password = answers
        if self.users.get(user) == password:
            return await self._say(writer, "auth", "235 2.7.0 welcome")
        await self._say(writer, "auth", f"535 5.7.8 {user} may not come in with {password}")
        return False


async def end_all() -> None:
    """Ends what still goes on in this loop."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


@contextmanager
def mail_server(
    script: Script | None = None, *, features: Sequence[str] = ("8BITMIME",), refuse: Mapping[str, str] | None = None,
    users: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None, security: Security = "none",
    authorities: Path | None = None, pause: float = 0.0,
) -> Iterator[MailServer]:  # fmt: skip
    """The server on a free port, in a thread, until the block ends."""
    plan = {step: value if isinstance(value, str) else list(value) for step, value in (script or {}).items()}
    unknown = set(plan) - set(STEPS)
    assert not unknown, unknown
    server = MailServer(plan, features, refuse or {}, users or {}, tls, security, authorities, pause)
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(
        asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls if security == "tls" else None)
    )
    server.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mail-server")
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        listening.close()
        loop.run_until_complete(end_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
