"""The page on which caught mails are read, on the loopback address.

What a mail holds was written by somebody else: its HTML is shown in a frame that may run nothing and load nothing, from
an address that says the same when it is opened by itself. The page itself has no script.
"""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader

from app.demo.mails import Mail, Mails

PAGE = Path(__file__).parent / "page"
AT_ONCE = 100
OURS = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
THEIRS = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
SHOWN = ("application/pdf",)  # opened in the browser; anything else is saved


class Page(ThreadingHTTPServer):
    """Serves until it is shut down."""

    daemon_threads = True

    def __init__(self, mails: Mails, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.mails = mails
        loader = FileSystemLoader(PAGE)
        self.templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Page
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Kept", ""
    timeout = 30

    def do_GET(self) -> None:
        host = re.sub(r":\d+$", "", self.headers.get("Host", ""))
        if host not in ("127.0.0.1", "localhost"):  # a name of somebody else's that leads here
            self._answer(421, "text/plain; charset=utf-8", b"This page is at 127.0.0.1 only.\n")
            return
        asked = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/mails.css":
            self._answer(200, "text/css; charset=utf-8", (PAGE / "mails.css").read_bytes())
        elif asked.path == "/":
            self._show(None, query)
        elif found := re.fullmatch(r"/mail/(\d{1,9})", asked.path):
            self._show(int(found[1]), query)
        elif found := re.fullmatch(r"/mail/(\d{1,9})(\.eml|/html|/file/(\d{1,4}))", asked.path):
            self._part(int(found[1]), found[2], int(found[3] or 0))
        else:
            self._lost()

    do_HEAD = do_GET

    def _show(self, number: int | None, query: dict[str, str]) -> None:
        mails = self.server.mails
        words = query.get("q", "")[:200]
        everything = {one.number: one for one in mails.all()}
        found = mails.found(words)
        pages = max(1, -(-len(found) // AT_ONCE))
        wanted = query.get("page", "1")
        page = min(int(wanted) if re.fullmatch(r"[1-9]\d{0,5}", wanted) else 1, pages)
        mail = everything.get(number) if number is not None else None
        opened = mails.opened(number) if number is not None else None
        if number is not None and (mail is None or opened is None):
            self._lost()
            return
        view = query.get("view", "")
        if view not in ("html", "text", "source") or (view == "html" and (opened is None or opened.html is None)):
            view = "html" if opened is not None and opened.html is not None else "text"
        text = self.server.templates.get_template("mails.html").render(
            total=len(everything), found=len(found), shown=found[(page - 1) * AT_ONCE : page * AT_ONCE], words=words,
            page=page, pages=pages, mail=mail, opened=opened, view=view,
            thread=_thread(mail, everything) if mail else [],
        )  # fmt: skip
        self._answer(200, "text/html; charset=utf-8", text.encode("utf-8", "replace"))

    def _part(self, number: int, what: str, place: int) -> None:
        mails = self.server.mails
        raw, opened = mails.raw(number), mails.opened(number)
        if raw is None or opened is None:
            self._lost()
        elif what == ".eml":
            self._answer(200, "message/rfc822", raw, saved=f"{number:05d}.eml")
        elif what == "/html":
            html = (opened.html or "").encode("utf-8", "replace")
            self._answer(200, "text/html; charset=utf-8", html, policy=THEIRS)
        else:
            file = next((one for one in opened.files if one.place == place), None)
            if file is None:
                self._lost()
            elif file.media_type in SHOWN:
                self._answer(200, file.media_type, file.content, policy="default-src 'self'", named=file.name)
            else:
                self._answer(200, "application/octet-stream", file.content, policy=THEIRS, saved=file.name)

    def _lost(self) -> None:
        self._answer(404, "text/plain; charset=utf-8", b"There is no such message.\n")

    def _answer(
        self, status: int, media_type: str, body: bytes, *, policy: str = OURS, saved: str = "", named: str = ""
    ) -> None:
        self.send_response(status)
        fields = {
            "Content-Type": media_type, "Content-Length": str(len(body)), "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
        }  # fmt: skip
        if saved or named:
            plain = re.sub(r"[^\w.() -]", "_", saved or named, flags=re.ASCII)
            fields["Content-Disposition"] = f'{"attachment" if saved else "inline"}; filename="{plain}"'
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: nobody reads a log of this page."""


def _thread(mail: Mail, everything: dict[int, Mail]) -> list[Mail]:
    """The messages that answer one another, oldest first."""
    by_id = {one.message_id: one for one in everything.values() if one.message_id}
    first = mail
    for _ in range(len(by_id)):
        before = by_id.get(first.in_reply_to)
        if before is None:
            break
        first = before
    thread, wanted = [first], {first.message_id}
    for one in everything.values():
        if one.in_reply_to in wanted and one.number != first.number:
            thread.append(one)
            wanted.add(one.message_id)
    return thread
