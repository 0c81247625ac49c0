"""A mail server for the demo: takes every message, delivers none, and keeps each as a file that a page shows.

On the loopback address only. The files are `00001.eml` and so on, whole, with the envelope in two lines above.
"""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

from app.demo.mail_page import Page
from app.demo.mails import NAME, Mails

LARGEST = 50 << 20
FROM = "Brightwell Web Studio <service@brightwell.example>"
BOUNCES = "bounces@brightwell.example"


class Catcher:
    """Takes mail for as long as the block lasts. `page_port`: the first one tried; None: no page."""

    def __init__(self, folder: Path, page_port: int | None = 0) -> None:
        self.folder = folder
        self.smtp_port = 0
        self.page: Page | None = None
        self._page_port = page_port
        self._loop = asyncio.new_event_loop()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str | None:
        return None if self.page is None else self.page.url

    def settings(self, reply_to: str) -> dict[str, Any]:
        """The settings that make Kept send here and nowhere else, whatever the environment says."""
        return {
            "smtp_host": "127.0.0.1", "smtp_port": self.smtp_port, "smtp_security": "none", "smtp_user": None,
            "smtp_password": None, "mail_from": FROM, "mail_reply_to": reply_to, "mail_bounces": BOUNCES,
            "mail_dkim_key": None, "imap_host": None,
        }  # fmt: skip

    def __enter__(self) -> Catcher:
        from aiosmtpd.smtp import SMTP

        self.folder.mkdir(parents=True, exist_ok=True)
        keeper = _Keeper(self.folder)

        def one() -> asyncio.BaseProtocol:
            ident = "takes everything and delivers nothing"
            return SMTP(keeper, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname="localhost", ident=ident)

        self._server = self._loop.run_until_complete(_listening(one))
        self.smtp_port = self._server.sockets[0].getsockname()[1]
        self._begin(self._loop.run_forever, "kept-catcher")
        if self._page_port is not None:
            self.page = _page(Mails(self.folder), self._page_port)
            self._begin(self.page.serve_forever, "kept-mails")
        return self

    def __exit__(self, *_: object) -> None:
        if self.page is not None:
            self.page.shutdown()
            self.page.server_close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        for thread in self._threads:
            thread.join(10)
        self._loop.run_until_complete(_end(self._server))
        self._loop.close()

    def _begin(self, work: Any, name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)


class _Keeper:
    """What the mail server asks when a message has come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        taken = [int(path.name.partition(".")[0]) for path in folder.iterdir() if NAME.fullmatch(path.name)]
        self.last = max(taken, default=0)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        content = envelope.original_content or b""
        self.last += 1
        head = f"Return-Path: <{_plain(envelope.mail_from)}>\r\n"
        head += "".join(f"Delivered-To: {_plain(to)}\r\n" for to in envelope.rcpt_tos)
        path = self.folder / f"{self.last:05d}.eml"
        part = path.with_suffix(".part")
        part.write_bytes(head.encode() + content)
        part.replace(path)
        return f"250 2.0.0 Ok: kept as {path.name}"


def _plain(text: str | None) -> str:
    return re.sub(r"[\x00-\x20\x7f]", "", text or "")


async def _listening(make: Any) -> asyncio.Server:
    return await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)


async def _end(server: asyncio.Server) -> None:
    server.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _page(mails: Mails, port: int) -> Page:
    """At that port or one of the next; at any where they are all taken."""
    for wanted in range(port, min(port + 50, 65536)) if port else ():
        try:
            return Page(mails, wanted)
        except OSError:
            continue
    return Page(mails, 0)
