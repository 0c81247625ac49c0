"""What comes back: delivery reports (RFC 3464, 6533) in the forms that servers send them. Any bytes may come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses
from typing import Literal, cast, get_args

from app.delivery.mime import MESSAGE_ID
from app.delivery.shapes import Bounce
from app.fields import address

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]
MOST = 200  # recipients of one report
SAID_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To")
RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
REPORTS = ("message/delivery-status", "message/global-delivery-status")
TOKEN = re.compile(r"[^\s@+<>]+\+([a-z0-9]{8,64})@[^\s@<>]+", re.IGNORECASE)


def read(raw: bytes, bounces: str | None = None) -> list[Bounce]:
    """What a message says of deliveries of ours: nothing where it is no delivery report.

    `bounces`: the address that takes the tokens (KEPT_MAIL_BOUNCES); None: any address that has one.
    """
    try:
        whole = message_from_bytes(raw)
        parts = list(whole.walk())
        return _read(whole, parts, bounces)
    except (RecursionError, LookupError, ValueError, AssertionError):  # what the library makes of malformed mail
        return []


def token_of(text: str, bounces: str | None = None) -> str | None:
    """The token of a return path, whatever case it comes back in."""
    for found in TOKEN.finditer(text):
        local, _, domain = found[0].lower().rpartition("@")
        if bounces is None or f"{local.partition('+')[0]}@{domain}" == bounces.lower():
            return found[1].lower()
    return None


def _read(whole: Message, parts: list[Message], bounces: str | None) -> list[Bounce]:
    groups = [group for part in parts if part.get_content_type() in REPORTS for group in _groups(part)]
    returned = next((head for part in parts if (head := _returned(part)) is not None), None)
    about = groups[0] if groups else Message()
    token = next((one for text in _paths(whole, about, returned) if (one := token_of(text, bounces))), None)
    envelope = _line(about.get("Original-Envelope-Id", ""))
    if token is None and re.fullmatch(r"[a-z0-9]{8,64}", envelope):
        token = envelope
    message_id = _message_id(whole, about, returned)
    reporter = _after(about.get("Reporting-MTA", "")) or _line(whole.get("From", ""))
    found = []
    for group in groups[:MOST]:
        if group.get("Final-Recipient") is None and group.get("Original-Recipient") is None:
            continue
        action = _line(group.get("Action", "")).lower()
        if action not in get_args(Action):
            continue
        found.append(
            Bounce(
                token, message_id, _recipient(group), cast(Action, action), _status(group),
                _after(group.get("Diagnostic-Code", "")) or _first_words(parts), reporter,
            )
        )  # fmt: skip
    if not found and whole.get("X-Failed-Recipients") and (token or message_id):  # Exim where it writes plain text
        said = _first_words(parts)
        for failed in str(whole["X-Failed-Recipients"]).split(",")[:MOST]:
            found.append(Bounce(token, message_id, _address(failed), "failed", _enhanced(said), said, reporter))
    return found


def _groups(part: Message) -> Iterator[Message]:
    """The blocks of a report: the first is about the message, each other one about a recipient."""
    inside = part.get_payload()
    encoded = str(part.get("Content-Transfer-Encoding", "")).lower() in ("base64", "quoted-printable")
    if isinstance(inside, list) and not encoded:
        yield from (cast(Message, block) for block in inside)
        return
    text = part.get_payload(decode=True)
    if isinstance(inside, list):  # the library split what was encoded: put it together and decode it
        joined = Message()
        joined["Content-Transfer-Encoding"] = str(part["Content-Transfer-Encoding"])
        joined.set_payload("\n".join(str(cast(Message, block).get_payload()) for block in inside))
        text = joined.get_payload(decode=True)
    if isinstance(text, bytes):
        for block in re.split(r"\n\s*\n", text.decode("utf-8", "replace").replace("\r\n", "\n").strip()):
            yield message_from_string(block)


def _returned(part: Message) -> Message | None:
    """The head of the message that came back."""
    if part.get_content_type() not in RETURNED:
        return None
    inside = part.get_payload()
    if isinstance(inside, list) and inside:
        return cast(Message, inside[0])
    text = part.get_payload(decode=True)
    return message_from_bytes(text) if isinstance(text, bytes) else None


def _paths(whole: Message, about: Message, returned: Message | None) -> Iterator[str]:
    """Where the token may stand, the surest first: whom the report was sent to."""
    for name in SAID_TO:
        yield from (str(value) for value in whole.get_all(name, []))
    yield str(about.get("X-Postfix-Sender", ""))
    if returned is not None:
        yield str(returned.get("Return-Path", ""))
    for value in whole.get_all("Received", []):
        yield from re.findall(r"\bfor\s+<?([^\s<>;]+)", str(value))


def _message_id(whole: Message, about: Message, returned: Message | None) -> str | None:
    said = [about.get("X-Original-Message-ID", ""), whole.get("In-Reply-To", ""), whole.get("References", "")]
    if returned is not None:
        said.insert(0, returned.get("Message-ID", ""))
    return next((found[0] for text in said if (found := MESSAGE_ID.search(str(text)))), None)


def _recipient(group: Message) -> str | None:
    """Whom we wrote to, where it says so; else whom it was for in the end."""
    for name in ("Original-Recipient", "Final-Recipient"):
        if found := _address(_after(group.get(name, ""))):
            return found
    return None


def _address(text: str) -> str | None:
    plain = re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text) if "+2B" in text else text
    for _, one in getaddresses([plain.strip()]):
        try:
            return address(one)
        except ValueError:
            continue
    return None


def _status(group: Message) -> str | None:
    """The status; where it is only general, the more exact one of the same class in the server's words."""
    said = re.search(r"\b([245])\.\d{1,3}\.\d{1,3}\b", str(group.get("Status", "")))
    exact = _enhanced(_line(group.get("Diagnostic-Code", "")))
    if said is None:
        return exact
    return exact if said[0].endswith(".0.0") and exact and exact[0] == said[1] else said[0]


def _enhanced(text: str) -> str | None:
    found = re.search(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", text)
    if found:
        return found[1]
    plain = re.search(r"(?<![\d.])([45])\d\d(?=[\s-])", text)
    return f"{plain[1]}.0.0" if plain else None


def _first_words(parts: list[Message]) -> str:
    for part in parts:
        if part.get_content_type() == "text/plain":
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                return _line(text.decode("utf-8", "replace"))
    return ""


def _after(value: object) -> str:
    """`rfc822;anna@example.org` without its type."""
    text = _line(value)
    kind, semicolon, rest = text.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"[\w-]+", kind.strip()) else text


def _line(value: object) -> str:
    """One printable line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())[:500]
