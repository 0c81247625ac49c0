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
    what: str  # changed | removed | reordered | unreadable
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
    record was cut or rewritten since. One fault gives one finding: the chain is taken up again from
    each entry's own words, so that a single change does not condemn all that follows.
    """
    result, wanted = Verification(), set(expect)
    before = 0
    for entry in entries:
        seq = int(entry["seq"])
        try:
            digest = link(entry["prev"], entry)
        except (TypeError, ValueError, KeyError) as error:
            result.findings.append(Finding(seq, "unreadable", f"entry {seq} cannot be read: {error}"))
            digest = ""
        if seq <= before:
            text = f"entry {seq} stands behind entry {before}: the order was changed"
            result.findings.append(Finding(seq, "reordered", text))
        elif seq != before + 1:
            gone = f"entry {before + 1} is" if seq == before + 2 else f"entries {before + 1} to {seq - 1} are"
            result.findings.append(Finding(seq, "removed", f"{gone} missing before entry {seq}"))
        elif entry["prev"] != result.head:
            text = f"entry {seq} does not follow from entry {before}: one of the two was replaced"
            result.findings.append(Finding(seq, "changed", text))
        if digest and digest != entry["digest"]:
            text = f"entry {seq} ({entry['kind']}, {entry['subject']}) was changed after it was written"
            result.findings.append(Finding(seq, "changed", text))
        result.count += 1
        result.head, before = entry["digest"], seq
        if result.head in wanted:
            result.seen.add(result.head)
    for digest in sorted(wanted - result.seen):
        text = f"no entry has the digest {digest}: the log was cut or rewritten after that was printed"
        result.findings.append(Finding(before, "removed", text))
    return result
