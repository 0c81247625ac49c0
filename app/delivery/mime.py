"""A message as bytes: text always, HTML, the date for a calendar, files. The same values give the same bytes.

Written by hand and not by the email library, whose folding of names has changed the people addressed more than once,
and whose boundaries are random. What a person typed gets into a header in one of two ways only: as plain printable
ASCII, quoted, or as an encoded word.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
import re
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from urllib.parse import quote

from app.delivery import invitation
from app.delivery.shapes import Attachment, Mailbox, Outgoing, Sender, one_line
from app.errors import BadInput
from app.fields import address

SUBJECT, NAME = 200, 200  # signs
MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>")
LONGEST_LINE = 900  # bytes; a server may cut at 998


def build(outgoing: Outgoing, sender: Sender, *, message_id: str, at: datetime) -> bytes:
    """The whole message, every line ended by CRLF and nothing in it but ASCII, except where an address itself is not.

    Raises BadInput for an address that is none, and for whatever could not stand in a header as one line.
    """
    fields = [
        ("From", _named(sender.writes, "sender.writes")),
        ("To", _named(outgoing.to, "to")),
        ("Reply-To", _named(sender.reply_to, "sender.reply_to")),
        ("Subject", _words(_subject(outgoing.subject))),
        ("Date", format_datetime(at.astimezone(UTC))),
        ("Message-ID", _id(message_id, "message_id")),
    ]
    if outgoing.in_reply_to is not None:
        fields.append(("In-Reply-To", _id(outgoing.in_reply_to, "in_reply_to")))
    thread = list(dict.fromkeys([*outgoing.references, *filter(None, [outgoing.in_reply_to])]))
    if thread:
        fields.append(("References", "\r\n ".join(_id(one, "references") for one in thread)))
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", outgoing.language):
        raise BadInput("is no language", field="language", example="de-DE")
    fields += [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", outgoing.language),
        ("MIME-Version", "1.0"),
    ]
    body = _body(outgoing, hashlib.sha256(message_id.encode()).hexdigest()[:24], at)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode() + body


# --- headers ----------------------------------------------------------------------------------------------------------


def _subject(text: str) -> str:
    line = one_line(text, "subject", SUBJECT)
    if not line:
        raise BadInput("must not be empty", field="subject", example="shop.larkfield.example: back since 22:10")
    return line


def _id(text: str, field: str) -> str:
    if not MESSAGE_ID.fullmatch(text):
        raise BadInput("is no Message-ID", field=field, example="<kept.3f9c@brightwell.example>")
    return text


def _words(line: str) -> str:
    """Text of a header, folded; encoded words where it is not plain ASCII, or looks like one."""
    if line.isascii() and "=?" not in line:
        return re.sub(r"(.{50,70}?\S) (?=\S)", "\\1\r\n ", line)
    return Header(line, "utf-8", maxlinelen=75, header_name="Subject").encode(linesep="\r\n")


def _named(mailbox: Mailbox, field: str) -> str:
    try:
        where = address(mailbox.address)
    except ValueError:
        raise BadInput("is not an e-mail address", field=field, example="anna@example.org") from None
    name = one_line(mailbox.name, f"{field}.name", NAME)
    if not name:
        return where
    if name.isascii() and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"\r\n <{where}>'
    return f"{Header(name, 'utf-8', maxlinelen=75).encode(linesep=chr(13) + chr(10))}\r\n <{where}>"


# --- body -------------------------------------------------------------------------------------------------------------


def _body(outgoing: Outgoing, mark: str, at: datetime) -> bytes:
    if not outgoing.text.strip():
        raise BadInput("must not be empty: every message has a plain text", field="text")
    ways = [_text(outgoing.text, "text/plain", "text")]
    if outgoing.html is not None:
        ways.append(_text(outgoing.html, "text/html", "html"))
    if outgoing.invitation is not None:
        calendar = invitation.ics(outgoing.invitation, at)
        kind = f"text/calendar; charset=utf-8; method={outgoing.invitation.method}"
        ways.append(_leaf([("Content-Type", kind), ("Content-Transfer-Encoding", "base64")], _base64(calendar)))
    told = ways[0] if len(ways) == 1 else _several("alternative", f"=_a{mark}", ways)
    if not outgoing.attachments:
        return told
    return _several("mixed", f"=_m{mark}", [told, *(_file(one) for one in outgoing.attachments)])


def _leaf(fields: list[tuple[str, str]], content: bytes) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("ascii") + b"\r\n" + content


def _several(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    """No part can hold the boundary: quoted-printable writes `=` as `=3D`, base64 and our headers have no line that
    begins with it, and a plain text that has one is quoted."""
    between = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    return head.encode() + between + b"--" + boundary.encode() + b"--\r\n"


def _text(text: str, media_type: str, field: str) -> bytes:
    try:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").encode() + b"\n"
    except UnicodeEncodeError as error:
        raise BadInput(f"has half a character at {error.start}", field=field) from None
    if b"\0" in plain:
        raise BadInput("has the character U+0000", field=field)
    lines = plain.split(b"\n")
    if plain.isascii() and max(map(len, lines)) <= LONGEST_LINE and not any(line.startswith(b"--=_") for line in lines):
        way, content = "7bit", plain
    else:
        way, content = "quoted-printable", quopri.encodestring(plain)
    fields = [("Content-Type", f"{media_type}; charset=utf-8"), ("Content-Transfer-Encoding", way)]
    return _leaf(fields, content.replace(b"\n", b"\r\n"))


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _file(one: Attachment) -> bytes:
    name = one_line(one.name, "attachments.name", NAME).replace("/", "_").replace("\\", "_")
    if not name or not re.fullmatch(r"[\w.+-]+/[\w.+-]+", one.media_type, re.ASCII):
        raise BadInput("needs a name and a media type", field="attachments", example="letter.pdf, application/pdf")
    exact = quote(name, safe="")
    if len(exact) > LONGEST_LINE:
        raise BadInput("is too long", field="attachments.name", example="letter.pdf")
    plain = re.fullmatch(r"[ !#-~]+", name)
    given = f'filename="{name}"' if plain else f"filename*=utf-8''{exact}"
    fields = [
        ("Content-Type", one.media_type),
        ("Content-Disposition", f"attachment;\r\n {given}"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    return _leaf(fields, _base64(one.content))
