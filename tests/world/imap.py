"""A mailbox on 127.0.0.1 over IMAP, in a thread of its own: as much of it as a reader of new messages asks for."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.delivery.shapes import Account, Security
from tests.world.smtp import end_all


@dataclass
class Mail:
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Mailbox:
    """`breaks`: the command at which the connection is lost; `hangs`: the one that is never answered."""

    mails: list[Mail]
    user: str = "bounces"
    password: str = "correct horse"
    plain: bool = True  # whether it offers AUTHENTICATE PLAIN
    security: Security = "none"
    tls: ssl.SSLContext | None = None
    authorities: Path | None = None
    breaks: str = ""
    hangs: str = ""
    port: int = 0
    said: list[str] = field(default_factory=list)

    def account(self, **more: object) -> Account:
        host = "127.0.0.1" if self.security == "none" else "localhost"
        given: dict[str, object] = {
            "host": host, "port": self.port, "user": self.user, "password": self.password,
            "security": self.security, "authorities": self.authorities, "step_seconds": 30.0,
        }  # fmt: skip
        return Account(**(given | more))  # type: ignore[arg-type]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            writer.write(b"* OK ready\r\n")
            while line := (await reader.readline()).decode().strip():
                tag, _, command = line.partition(" ")
                self.said.append(command)
                if self.breaks and command.upper().startswith(self.breaks):
                    break
                if self.hangs and command.upper().startswith(self.hangs):
                    await asyncio.sleep(60)
                said, end = await self._answer(command, reader, writer)
                writer.write(said + f"{tag} {end}\r\n".encode())
                await writer.drain()
                if command.upper() == "STARTTLS":
                    await writer.start_tls(self.tls)  # type: ignore[arg-type]
                if command.upper() == "LOGOUT":
                    break
        writer.transport.abort()

    async def _answer(
        self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, str]:
        refused = f"NO [AUTHENTICATIONFAILED] {self.user} may not come in with"
        match command.upper().split():
            case ["CAPABILITY"]:
                more = " STARTTLS" if self.security == "starttls" else ""
                return f"* CAPABILITY IMAP4rev1{' AUTH=PLAIN' if self.plain else ''}{more}\r\n".encode(), "OK done"
            case ["STARTTLS"]:
                return b"", "OK begin"
            case ["AUTHENTICATE", "PLAIN"]:
                writer.write(b"+ \r\n")
                _, user, password = base64.b64decode((await reader.readline()).strip()).decode().split("\0")
                right = (user, password) == (self.user, self.password)
                return b"", "OK in" if right else f"{refused} {password}"
            case ["LOGIN", *_]:
                right = command.split(" ", 1)[1] == f'"{self.user}" "{self.password}"'
                return b"", "OK in" if right else refused
            case ["SELECT", folder]:
                there = folder == '"INBOX"'
                return (f"* {len(self.mails)} EXISTS\r\n".encode(), "OK there") if there else (b"", "NO no such folder")
            case ["UID", "SEARCH", *_]:
                new = [str(at) for at, mail in enumerate(self.mails, 1) if not mail.flags]
                return f"* SEARCH {' '.join(new)}\r\n".encode(), "OK done"
            case ["UID", "FETCH", number, _]:
                raw = self.mails[int(number) - 1].raw
                return (
                    f"* {number} FETCH (UID {number} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n",
                    "OK done",
                )
            case ["UID", "STORE", number, "+FLAGS", _]:
                self.mails[int(number) - 1].flags |= set(re.findall(r"\\\w+", command))
                return b"", "OK done"
            case ["LOGOUT"]:
                return b"* BYE\r\n", "OK done"
        return b"", "BAD what?"


@contextmanager
def mailbox(mails: Sequence[bytes] = (), **given: object) -> Iterator[Mailbox]:
    made = Mailbox([Mail(raw) for raw in mails], **given)  # type: ignore[arg-type]
    loop = asyncio.new_event_loop()
    tls = made.tls if made.security == "tls" else None
    listening = loop.run_until_complete(asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls))
    made.port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mailbox")
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        listening.close()
        loop.run_until_complete(end_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
