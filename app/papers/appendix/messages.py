"""A provider's message as a paper shows it: headers and words, read from the bytes that came, whatever they are."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from reports.glyphs import drawable

SHOWN = ("received", "return-path", "date", "from", "to", "cc", "reply-to", "subject", "message-id", "in-reply-to",
         "references", "auto-submitted", "list-id", "x-mailer", "dkim-signature")  # fmt: skip
MOST, MOST_HEADERS, LONG_HEADER = 5000, 24, 600
_MARK = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/tr|/li|/h\d)\b[^>]*>", re.IGNORECASE)
_HEADERS = re.compile(rb"(?:[a-z0-9-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){3}")
_TAG = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Words:
    """Headers in the order they came, and the text without what is not printed of it (`cut` signs)."""

    headers: tuple[tuple[str, str], ...]
    text: str
    cut: int


def read_message(content: bytes, media_type: str) -> Words:
    """Never fails: what is no e-mail is text, and what is no text is said to be none."""
    if media_type == "message/rfc822" or _looks_like_mail(content):
        found = BytesParser(policy=policy.default).parsebytes(content)
        assert isinstance(found, EmailMessage)
        headers = tuple(_headers(found))
        text = _body(found)
    elif media_type.startswith("text/") or media_type in ("application/json", "application/octet-stream"):
        found_text = _decoded(content)
        if found_text is None:
            return _not_printed(content, media_type)
        headers, text = (), plain(found_text) if media_type == "text/html" else found_text
    else:
        return _not_printed(content, media_type)
    text = printable(text).strip("\n") or "A message without text."
    return Words(headers, text[:MOST], max(len(text) - MOST, 0))


def _not_printed(content: bytes, media_type: str) -> Words:
    return Words((), f"{len(content):,} bytes of {printable(media_type)}, not printed.", 0)


def every_word(content: bytes, media_type: str) -> str:
    """All text in the bytes, of every part and of the headers, decoded: what a rule may have to hide."""
    out = [content.decode("utf-8", "replace")]
    if media_type == "message/rfc822" or _looks_like_mail(content):
        message = BytesParser(policy=policy.default).parsebytes(content)
        out += [value for _, value in _headers(message, every=True)]
        for part in message.walk():
            raw = part.get_payload(decode=True)
            if isinstance(raw, bytes) and part.get_content_maintype() == "text":
                out.append(_decoded(raw) or "")
    return "\n".join(out)


def _looks_like_mail(content: bytes) -> bool:
    head = b"\n" + content[:2000].lower()
    return _HEADERS.match(head[1:]) is not None and b"\nfrom:" in head


def _headers(message: EmailMessage, every: bool = False) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    for name, raw in message.raw_items():
        if not every and (name.lower() not in SHOWN or len(out) == MOST_HEADERS):
            continue
        try:
            value = str(message.policy.header_fetch_parse(name, raw))
        except Exception:  # headers are written by strangers: what cannot be decoded is shown as it stands
            value = str(raw)
        value = " ".join(printable(value).split())
        if value:
            out.append((printable(name)[:80], value if len(value) <= LONG_HEADER else value[:LONG_HEADER] + " …"))
    return out


def _body(message: EmailMessage) -> str:
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except Exception:
        part = None
    if part is None:
        payload = message.get_payload(decode=True)
        return _decoded(payload) or "" if isinstance(payload, bytes) else ""
    raw = part.get_payload(decode=True)
    content = raw if isinstance(raw, bytes) else b""
    try:
        text = content.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        text = _decoded(content) or ""
    return plain(text) if part.get_content_type() == "text/html" else text


def _decoded(content: bytes) -> str | None:
    """As UTF-8, else as Latin-1; None where it is no text."""
    if b"\0" in content[:4000]:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def plain(markup: str) -> str:
    """The words of an HTML part; nothing of it is ever interpreted."""
    text = _TAG.sub("", _BREAK.sub("\n", _MARK.sub("", markup[:200_000])))
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", html.unescape(text))


def printable(text: str) -> str:
    """What no bundled font can draw, or nobody can see, is spelled out: "[U+1F984]". The original is kept beside it."""
    known = drawable()
    out = []
    for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")):
        if sign == "\n" or (ord(sign) in known and unicodedata.category(sign) not in _UNSEEN):
            out.append(sign)
        elif sign in "\u200b\u200c\u200d\ufeff\u00ad":
            continue  # zero-width fillers of mail programs: nothing to see, nothing to say
        else:
            out.append(f"[U+{ord(sign):04X}]")
    return "".join(out)


_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
