"""What one question came to: a value, whatever happened. Nothing in this room lets an exception out instead."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum

from app.sla.case import State

EXCERPT = 200  # characters of a failure that are kept
_SECRETS = re.compile(
    r"(?i)\b(authorization|cookie|set-cookie|password|passwd|pwd|secret|token|api[-_]?key|session\w*)"
    r"(\s*[\"']?\s*[:=]\s*)(bearer\s+|basic\s+)?[^\s;,&\"'<>]+"
)


class Fault(StrEnum):
    """The class of a failure, as it is stored with the observation. What is not theirs comes last: it is unknown."""

    DNS = "dns"  # the name has no address, or nobody answered for it
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    RESET = "reset"  # the connection broke off
    TLS = "tls"
    PROTOCOL = "protocol"  # an answer, but not in the language asked for
    STATUS = "status"
    HEADER = "header"
    CONTENT = "content"
    REDIRECT = "redirect"
    SIZE = "size"
    STALE = "stale"  # content older than it may be
    EXPIRY = "expiry"  # a certificate that ends soon
    SLOW = "slow"
    SILENT = "silent"  # a heartbeat that did not come
    BLOCKED = "blocked"  # an address we do not ask
    PATTERN = "pattern"  # our expression did not come to an end
    OFFLINE = "offline"  # we were cut off ourselves
    LATE = "late"  # our own machine was too busy to tell
    CLOCK = "clock"  # our own clock jumped
    UNSUPPORTED = "unsupported"  # this machine cannot ask that
    INTERNAL = "internal"  # a defect of ours


OURS = (
    Fault.BLOCKED, Fault.PATTERN, Fault.OFFLINE, Fault.LATE, Fault.CLOCK, Fault.UNSUPPORTED, Fault.INTERNAL
)  # fmt: skip


@dataclass(slots=True)
class Phases:
    """How long each part took, in whole microseconds of a clock that never jumps; None where it did not come to it."""

    dns: int | None = None
    connect: int | None = None
    tls: int | None = None
    first_byte: int | None = None
    total: int | None = None
    ended: int | None = None  # when the last byte was there, where examining what came took time of its own
    address: str | None = None  # the one that was asked in the end

    def add(self, name: str, nanoseconds: int) -> None:
        setattr(self, name, (getattr(self, name) or 0) + nanoseconds // 1000)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer. `detail` and `digest` (SHA-256 of the body as far as it was read) are there only for failures."""

    state: State
    fault: Fault | None = None
    detail: str | None = None
    digest: str | None = None


UP = Outcome(State.UP)


class Failed(Exception):
    """Ends a check early; `asked` turns it into an outcome."""

    def __init__(self, fault: Fault, detail: str = "", *, body: bytes | None = None, state: State | None = None):
        self.outcome = failed(fault, detail, body=body, state=state)
        super().__init__(fault)


def failed(fault: Fault, detail: str = "", *, body: bytes | None = None, state: State | None = None) -> Outcome:
    """Down, unless the fault is ours; `body` is what was read, kept as a digest and a short excerpt."""
    said = excerpt(detail)
    if body and (shown := excerpt(body.decode("utf-8", "replace"))):
        said = f"{said}: {shown}" if said else shown
    digest = hashlib.sha256(body).hexdigest() if body is not None else None
    state = state or (State.UNKNOWN if fault in OURS else State.DOWN)
    return Outcome(state, fault, said[: 2 * EXCERPT] or None, digest)


def excerpt(text: str) -> str:
    """The beginning of a text in one printable line, without tags and without what looks like a credential."""
    text = re.sub(r"<(script|style)\b.{0,4000}?(</\1>|$)|<[^<>]{0,1000}>", " ", text[:8000], flags=re.I | re.S)
    text = _SECRETS.sub(r"\1\2***", text)
    text = "".join(sign if sign.isprintable() and sign not in "\u2028\u2029\ufeff" else " " for sign in text)
    return " ".join(text.split())[:EXCERPT]
