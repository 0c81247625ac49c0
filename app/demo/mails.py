"""The mails in a folder: listed, found by recipient or subject, opened. Whatever a mail holds, nothing here breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from threading import Lock
from typing import Any

NAME = re.compile(r"\d{5,}\.eml")


@dataclass(frozen=True, slots=True)
class Mail:
    """What a list shows of one."""

    number: int
    who: str  # the recipient's name, or address
    to: str
    delivered_to: str
    writes: str
    reply_to: str
    subject: str
    at: datetime | None
    message_id: str
    in_reply_to: str
    return_path: str
    signed: bool


@dataclass(frozen=True, slots=True)
class File:
    """A part that is no text of the letter: an attachment or a date for a calendar."""

    place: int
    name: str
    media_type: str
    content: bytes

    @property
    def size(self) -> str:
        return f"{len(self.content):,} bytes" if len(self.content) < 10_000 else f"{len(self.content) // 1000:,} kB"


@dataclass(frozen=True, slots=True)
class Date:
    """What a calendar would make of a mail."""

    method: str
    summary: str
    start: str
    end: str
    sequence: int
    uid: str


@dataclass(frozen=True, slots=True)
class Opened:
    text: str
    html: str | None
    files: tuple[File, ...]
    date: Date | None
    source: str


class Mails:
    """Those of one folder, newest last. Looked at anew at each question; each file is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Mail] = {}
        self._lock = Lock()

    def all(self) -> list[Mail]:
        names = sorted(path.name for path in self.folder.glob("*.eml") if NAME.fullmatch(path.name))
        with self._lock:
            for name in names:
                if name not in self._known:
                    self._known[name] = _mail(int(name.partition(".")[0]), (self.folder / name).read_bytes())
            return [self._known[name] for name in names]

    def found(self, words: str) -> list[Mail]:
        """Those in which every word stands somewhere in recipient or subject; newest first."""
        wanted = words.casefold().split()
        return [
            mail
            for mail in reversed(self.all())
            if all(word in f"{mail.to} {mail.delivered_to} {mail.subject}".casefold() for word in wanted)
        ]

    def raw(self, number: int) -> bytes | None:
        path = self.folder / f"{number:05d}.eml"
        return path.read_bytes() if path.is_file() else None

    def opened(self, number: int) -> Opened | None:
        raw = self.raw(number)
        return None if raw is None else _opened(raw)


def _mail(number: int, raw: bytes) -> Mail:
    head = message_from_bytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    try:
        at = parsedate_to_datetime(_header(head, "Date"))
    except ValueError:
        at = None
    to, writes, reply_to = (_person(head, name) for name in ("To", "From", "Reply-To"))
    delivered_to, subject = _header(head, "Delivered-To"), _header(head, "Subject")
    return Mail(
        number, to.partition(" <")[0] or delivered_to, to or delivered_to, delivered_to, writes, reply_to,
        subject or "(no subject)", at,
        _header(head, "Message-ID"), _header(head, "In-Reply-To"), _header(head, "Return-Path"),
        "DKIM-Signature" in head,
    )  # fmt: skip


def _person(head: Message, name: str) -> str:
    """`Anna Lee <anna@example.org>` as a person would write it."""
    shown = []
    for said, address in getaddresses([str(head.get(name, ""))]):
        who = _decoded(said)
        shown.append(f"{who} <{address}>" if who else address)
    return ", ".join(shown)


def _header(head: Message, name: str) -> str:
    return _decoded(str(head.get(name, "")).replace("\r", "").replace("\n", ""))


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value))).strip()
    except (HeaderParseError, LookupError, ValueError):
        return value.strip()


def _opened(raw: bytes) -> Opened:
    text, html, date, files = "", None, None, []
    for place, part in enumerate(_leaves(message_from_bytes(raw))):
        kind = part.get_content_type()
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            continue
        attached = part.get_content_disposition() == "attachment"
        if kind == "text/plain" and not attached and not text:
            text = _said(part, content)
        elif kind == "text/html" and not attached and html is None:
            html = _said(part, content)
        else:
            if kind == "text/calendar":
                date = date or _date(content)
            name = part.get_filename() or ("invitation.ics" if kind == "text/calendar" else f"part-{place}")
            files.append(File(place, re.sub(r"[^\w.() -]", "_", name)[:120], kind, content))
    return Opened(text, html, tuple(files), date, raw.decode("utf-8", "replace").replace("\r\n", "\n"))


def _leaves(message: Message) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _said(part: Message, content: bytes) -> str:
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _date(content: bytes) -> Date | None:
    from icalendar import Calendar

    try:
        calendar: Any = Calendar.from_ical(content)
        event = calendar.walk("VEVENT")[0]
        start, end = (f"{event[name].dt:%a %-d %B %Y %H:%M} UTC" for name in ("DTSTART", "DTEND"))
        return Date(
            str(calendar["METHOD"]), str(event["SUMMARY"]), start, end, int(event.get("SEQUENCE", 0)), str(event["UID"])
        )
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return None
