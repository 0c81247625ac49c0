"""The chain itself, pure: canonical bytes, digest, link, verify.

An entry's digest is SHA-256 over a fixed prefix, the digest before it and the entry's canonical
JSON (keys sorted, no white space, UTF-8, no floats). `docs/verify-evidence.md` says the same for a
third party, with a program of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PREFIX = b"kept-evidence-v1\0"
GENESIS = "0" * 64
FIELDS = ("seq", "recorded_at", "occurred_at", "actor", "source", "kind", "subject", "body", "attachments")


def canonical(value: Any) -> bytes:
    """JSON as one fixed sequence of bytes. Raises TypeError for a float: money and time are text or integers."""
    _refuse_floats(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r}: no floats in evidence; write text or an integer")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


def link(previous: str, entry: dict[str, Any]) -> str:
    """The digest (64 hex digits) of `entry` standing behind `previous`."""
    return hashlib.sha256(
        PREFIX + bytes.fromhex(previous) + canonical({name: entry[name] for name in FIELDS})
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and the entry it points at."""

    seq: int
    what: str  # changed | removed | inserted | reordered | unreadable
    text: str


@dataclass(slots=True)
class Verification:
    count: int = 0
    head: str = GENESIS
    findings: list[Finding] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)  # which of the digests asked for were met

    @property
    def whole(self) -> bool:
        return not self.findings


def verify(entries: Iterable[dict[str, Any]], expect: Iterable[str] = ()) -> Verification:
    """Recomputes the chain over entries (the FIELDS with `prev` and `digest`) in the order given.

    `expect` are digests printed on documents: a head that is nowhere in the chain means that the
    record was cut or rewritten since. One fault is told where it is and does not condemn what follows:
    each entry is held against its own words and against the one written before it, wherever that stands.
    """
    reading = _Reading(set(expect))
    for entry in entries:
        reading.take(entry)
    return reading.ended()


class _Reading:
    """Entries one by one. Holds in memory only what stands out of its place."""

    def __init__(self, wanted: set[str]) -> None:
        self.result, self.wanted = Verification(), wanted
        self.top = 0  # the highest number read
        self.last, self.jumped = 0, False  # the number read last, and whether numbers were left out before it
        self.front, self.beyond = 0, set[int]()  # all numbers up to `front` were met, and these beyond it
        self.names: dict[int, set[str]] = {0: {GENESIS}}  # digests by which the next entry may call this one
        self.needs: dict[int, tuple[str, int]] = {}  # number not met yet -> (digest it must have, who says so)
        self.shift = 0  # by how much the entries last read were renumbered

    def find(self, seq: int, what: str, text: str) -> None:
        self.result.findings.append(Finding(seq, what, text))

    def take(self, entry: dict[str, Any]) -> None:
        self.result.count += 1
        seq, kept = entry.get("seq"), str(entry.get("digest"))
        if kept in self.wanted:
            self.result.seen.add(kept)
        if not isinstance(seq, int) or isinstance(seq, bool):
            return self.find(self.top + 1, "unreadable", f"the entry behind {self.top} has no number: {str(seq)[:40]}")
        try:
            own, number = link(entry["prev"], entry), seq
            sound = own == kept
            if not sound:
                number = self.written_as(entry, seq, kept)
        except (TypeError, ValueError, KeyError, RecursionError) as error:
            self.find(seq, "unreadable", f"entry {seq} cannot be read: {error}")
            own, number, sound = kept, seq, False
        else:
            if not sound and number == seq:
                named = f"{entry['kind']}, {entry['subject']}"
                self.find(seq, "changed", f"entry {seq} ({named}) was changed after it was written")
        self.place(seq, number)
        self.names.setdefault(number, set()).update((kept, own))
        if sound or number != seq:
            self.follows(number, seq, str(entry["prev"]))
        self.met(number)
        if number > self.top:
            self.top, self.result.head = number, kept

    def written_as(self, entry: dict[str, Any], seq: int, kept: str) -> int:
        """The number the entry was written under, if only its number was changed; else `seq`."""
        near = [seq - self.shift, *(seq + by for step in range(1, NEAR) for by in (step, -step))]
        gone = [number for number in range(self.front + 1, min(self.front + NEAR, seq))]
        for number in dict.fromkeys((*near, *gone)):
            if number > 0 and link(entry["prev"], entry | {"seq": number}) == kept:
                return number
        return seq

    def place(self, seq: int, number: int) -> None:
        """Whether the entry stands where it was written."""
        shift = seq - number
        again = number <= self.front or number in self.beyond
        if again:
            text = f"there are two entries {number}: one of them was put in after it was written"
            self.find(number, "inserted", text)
        elif seq != number and shift != self.shift:
            self.find(seq, "reordered", f"entry {seq} was written as entry {number}: it was moved or renumbered")
        elif seq == number and seq < self.last:
            ahead, behind = (self.last, "before", seq), (seq, "behind", self.last)
            moved, side, other = ahead if self.jumped else behind
            self.find(moved, "reordered", f"entry {moved} stands {side} entry {other}: the order was changed")
        self.shift = shift
        if seq == number:
            self.jumped, self.last = seq > self.last + 1, seq

    def follows(self, number: int, seq: int, previous: str) -> None:
        """Holds `prev` against the entry before, now if it was met, else when it is."""
        before = self.names.get(number - 1)
        if before is None:
            if number - 1 > self.front and number - 1 not in self.beyond:
                self.needs[number - 1] = (previous, seq)
        elif previous not in before:
            self.unlinked(seq, number - 1)

    def met(self, number: int) -> None:
        if number in self.needs:
            digest, seq = self.needs.pop(number)
            if digest not in self.names[number]:
                self.unlinked(seq, number)
        self.beyond.add(number)
        while self.front + 1 in self.beyond:
            self.front += 1
            self.beyond.discard(self.front)
            if self.front - KEPT in self.names:
                del self.names[self.front - KEPT]

    def unlinked(self, seq: int, before: int) -> None:
        text = f"entry {seq} does not follow from entry {before}: one of the two was replaced"
        self.find(seq, "changed", text)

    def ended(self) -> Verification:
        first = self.front + 1
        for number in sorted(self.beyond):
            if number > first:
                gone = f"entry {first} is" if number == first + 1 else f"entries {first} to {number - 1} are"
                self.find(first, "removed", f"{gone} missing before entry {number}")
            first = number + 1
        for digest in sorted(self.wanted - self.result.seen):
            text = f"no entry has the digest {digest}: the log was cut or rewritten after that was printed"
            self.find(self.top, "removed", text)
        self.result.findings.sort(key=lambda item: item.seq)
        return self.result


NEAR = 64  # how far a renumbered entry is looked for
KEPT = 2  # how many digests behind the front are kept for an entry that comes twice
