"""The mailbox that bounces come back to, over IMAP.

What was taken is marked as read. What is no report stays unread and gets a flag: a person sees it, and it is not
fetched again. A message is marked after it was taken: whoever is killed in between takes it twice, never not at all.
"""

from __future__ import annotations

import contextlib
import imaplib
import ipaddress
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.delivery.shapes import Account
from app.errors import KeptError

T = TypeVar("T")
AT_ONCE = 200
LARGEST = 5 << 20  # bytes; a report that returns a large message is read no further


class Unreachable(KeptError):
    """The mailbox cannot be read."""

    status, title, exit_code = 502, "The mailbox cannot be read", 1


class _Taking(Exception):
    """What was raised by whoever takes the messages: not the mailbox's fault."""

    def __init__(self, error: Exception) -> None:
        self.error = error


@dataclass(frozen=True, slots=True)
class Fetched:
    """`reports` were taken, `others` were none and wait for a person."""

    reports: int = 0
    others: int = 0


def waiting(account: Account) -> int:
    """How many new messages there are; nothing is read. Raises Unreachable."""
    return len(_inside(account, lambda server: _new(server, account)))


def fetch(account: Account, take: Callable[[bytes], bool], most: int = AT_ONCE) -> Fetched:
    """Hands every new message to `take`, oldest first, which says whether it was a report.

    Raises Unreachable, with the server's words and without secrets. What `take` raises goes through; that message stays
    as it is.
    """
    return _inside(account, lambda server: _fetch(server, account, take, most))


def _inside(account: Account, work: Callable[[imaplib.IMAP4], T]) -> T:
    try:
        server = _open(account)
        try:
            return work(server)
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                server.logout()
            with contextlib.suppress(OSError):
                server.shutdown()  # where saying goodbye did not work
    except _Taking as stopped:
        raise stopped.error from None
    except ssl.SSLCertVerificationError as error:
        raise _unreachable(account, f"the certificate does not hold: {error.verify_message}") from None
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        raise _unreachable(account, _words(error)) from None


def _open(account: Account) -> imaplib.IMAP4:
    """Logged in. Plain to this machine itself only."""
    host, port, seconds = account.host, account.port, account.step_seconds
    context = ssl.create_default_context(cafile=account.authorities)
    if account.security == "tls":
        server: imaplib.IMAP4 = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=seconds)
    else:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM) if account.security == "none" else []
        if not all(ipaddress.ip_address(str(place[4][0]).partition("%")[0]).is_loopback for place in found):
            raise OSError("it is not this machine, and KEPT_IMAP_SECURITY=none is for this machine only")
        server = imaplib.IMAP4(host, port, seconds)
    try:
        if account.security == "starttls":
            server.starttls(context)
        if "AUTH=PLAIN" in server.capabilities:
            secret = f"\0{account.user}\0{account.password}".encode()
            server.authenticate("PLAIN", lambda _: secret)
        else:
            server.login(_quoted(account.user), account.password)
    except BaseException:
        with contextlib.suppress(OSError):
            server.shutdown()
        raise
    return server


def _new(server: imaplib.IMAP4, account: Account) -> list[int]:
    _right(server.select(_quoted(account.folder)))
    found = _right(server.uid("search", "UNSEEN", "UNFLAGGED", "UNDELETED"))
    numbers = re.findall(rb"\d+", b" ".join(part for part in found if isinstance(part, bytes)))
    return sorted({int(one) for one in numbers})


def _fetch(server: imaplib.IMAP4, account: Account, take: Callable[[bytes], bool], most: int) -> Fetched:
    reports = others = 0
    for number in _new(server, account)[:most]:
        said = _right(server.uid("fetch", str(number), f"(BODY.PEEK[]<0.{LARGEST}>)"))
        raw = next((part[1] for part in said if isinstance(part, tuple)), None)
        if raw is None:
            continue  # somebody else has removed it
        try:
            report = take(raw)
        except (OSError, UnicodeError) as error:
            raise _Taking(error) from error
        if report:
            _right(server.uid("store", str(number), "+FLAGS", r"(\Seen)"))
            reports += 1
        else:
            _right(server.uid("store", str(number), "+FLAGS", r"(\Flagged)"))
            others += 1
    return Fetched(reports, others)


def _right(reply: tuple[str, list[bytes | None]] | tuple[str, list[object]]) -> list[object]:
    kind, said = reply
    if kind != "OK":
        first = said[0] if said else b""
        raise imaplib.IMAP4.error(first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first))
    return list(said)


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    reason = getattr(error, "strerror", None) or (error.args[0] if error.args else type(error).__name__)
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]


def _unreachable(account: Account, reason: str) -> Unreachable:
    hidden = reason.replace(account.password, "(hidden)") if account.password else reason
    return Unreachable(f"{account.host}:{account.port}: {hidden}", field="KEPT_IMAP_HOST")
