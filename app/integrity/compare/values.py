"""What is said of a path or a row, and what was seen of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from app.integrity.format import EXCLUDED as LEFT_OUT
from app.integrity.format import UNREAD, UNSTABLE

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR


class Verdict(StrEnum):
    """Of paths, and from ID_REUSED on of rows only."""

    INTACT = "INTACT"
    CHANGED = "CHANGED"
    CHANGED_UNVERIFIED = "CHANGED_UNVERIFIED"
    NEW = "NEW"
    RESURRECTED = "RESURRECTED"
    MISSING = "MISSING"
    MOVED = "MOVED"
    TRUNCATED = "TRUNCATED"
    CORRUPT = "CORRUPT"
    REVERTED = "REVERTED"
    SUSPECT_STALE = "SUSPECT_STALE"
    TYPE_CHANGED = "TYPE_CHANGED"
    UNKNOWN = "UNKNOWN"
    EXCLUDED = "EXCLUDED"
    LOST = "LOST"
    ID_REUSED = "ID_REUSED"


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
RANK = {LOW: 0, MEDIUM: 1, HIGH: 2}

OLD = frozenset({Verdict.REVERTED, Verdict.SUSPECT_STALE, Verdict.RESURRECTED})
LOST = frozenset({Verdict.MISSING, Verdict.TRUNCATED, Verdict.CORRUPT, Verdict.TYPE_CHANGED, Verdict.LOST,
                  Verdict.ID_REUSED})  # fmt: skip
UNSURE = frozenset({Verdict.UNKNOWN, Verdict.CHANGED_UNVERIFIED})
ALARM = OLD | LOST


def lower(one: Confidence, other: Confidence) -> Confidence:
    return one if RANK[one] <= RANK[other] else other


class Seen(NamedTuple):
    """One path in one generation."""

    key: int
    kind: str
    content: bytes | None  # digest or target; None for folders and devices, and where nobody read it
    size: int
    mtime_ns: int
    tail0: int
    flags: int
    mode: int = 0
    uid: int = 0
    gid: int = 0
    owner: str = ""
    group: str = ""
    xattr8: int = 0
    hlgroup: int = 0

    @property
    def read(self) -> bool:
        """It was looked at, and what it holds is known."""
        return not self.flags & (UNREAD | LEFT_OUT) and (self.kind not in "fl" or self.content is not None)

    @property
    def left_out(self) -> bool:
        return bool(self.flags & LEFT_OUT)

    @property
    def unstable(self) -> bool:
        return bool(self.flags & UNSTABLE)

    @property
    def identity(self) -> tuple[str, bytes | None]:
        return self.kind, self.content


class Sight(StrEnum):
    """What a generation says of a path that it has no entry of."""

    ABSENT = "absent"
    NOT_LOOKED = "not looked"  # the site, or a folder above, was not read there


Look = Seen | Sight


class Judgement(NamedTuple):
    """What is said of one path, and why."""

    verdict: Verdict
    conf: Confidence
    rule: int  # the row of the table in docs/audit-verdicts.md; 0 where none is needed
    why: str  # a word of `wording.REASONS`
    generation: int = -1  # of REVERTED and the like: the snapshot whose content is back
    flags: tuple[str, ...] = ()
    other: bytes | None = None  # the other name of what was moved, the twin of a collision
    last: int = -1  # the snapshot that holds the last good state


class Snap(NamedTuple):
    """One generation's place in the order."""

    number: int
    id: str
    server: str  # old | new
    start_ns: int  # by its server's clock
    end_ns: int
    claimed: bool
    after: bool  # the one that is judged
