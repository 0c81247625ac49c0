"""Reads of the log: verification of what is stored, and the bundle a third party can check."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from sqlmodel import Session, col, select

from app.evidence.actions import UNREADABLE, entries
from app.evidence.chain import GENESIS, Finding, Verification, canonical, verify
from app.evidence.tables import Attachment, Retraction


def verify_log(session: Session, expect: Iterable[str] = ()) -> Verification:
    """The whole chain and every kept attachment, recomputed. `expect`: digests printed on documents."""
    named: dict[str, int] = {}  # attachment -> the first entry that names it

    def watched() -> Iterator[dict[str, object]]:
        for entry in entries(session):
            for digest in entry["attachments"]:
                if isinstance(digest, str) and len(digest) == 64:
                    named.setdefault(digest, entry["seq"])
            yield entry

    result = verify(watched(), expect)
    missing = set(named)
    for digest in _attachments(session, named):
        content = _content(session, digest)
        missing.discard(digest)
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            seq = named.get(digest, 0)
            where = f"of entry {seq}" if seq else "that no entry names"
            result.findings.append(Finding(seq, "changed", f"the attachment {str(digest)[:16]}… {where} was changed"))
    for digest in sorted(missing):
        result.findings.append(
            Finding(named[digest], "removed", f"the attachment {str(digest)[:16]}… of entry {named[digest]} is gone")
        )
    return result


def _attachments(session: Session, named: Iterable[str]) -> list[str]:
    """The digests of what is kept; where one of them cannot be read, of those that entries name."""
    try:
        return list(session.exec(select(Attachment.digest).order_by(col(Attachment.digest))).all())
    except UNREADABLE:
        there = [select(Attachment.digest).where(Attachment.digest == digest) for digest in sorted(named)]
        return [found for query in there if (found := session.exec(query).first()) is not None]


def _content(session: Session, digest: str) -> bytes | None:
    """None where what stands there is no bytes."""
    try:
        content = session.exec(select(Attachment.content).where(Attachment.digest == digest)).one()
    except UNREADABLE:
        return None
    return bytes(content) if isinstance(content, bytes | memoryview) else None


def retracted(session: Session) -> frozenset[str]:
    """The facts that count no more, as `table:id`. Few, so they are read whole."""
    return frozenset(session.exec(select(Retraction.subject)))


def bundle(session: Session, out: IO[bytes]) -> None:
    """Writes a zip with `entries.jsonl` (one canonical entry a line), `head.json` and `attachments/<sha256>`.

    Same log, same bytes. One batch of entries and one attachment are in memory at a time.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        count, digest, named = 0, GENESIS, set[str]()
        with archive.open(_named("entries.jsonl"), "w", force_zip64=True) as lines:
            for entry in entries(session):
                lines.write(_line(entry) + b"\n")
                count, digest = count + 1, str(entry["digest"])
                named.update(name for name in entry["attachments"] if isinstance(name, str))
        head = json.dumps({"entries": count, "head": digest}, indent=1)
        archive.writestr(_named("head.json"), head.encode())
        for digest in _attachments(session, named):
            content = _content(session, digest)
            if content is not None:
                archive.writestr(_named(f"attachments/{digest}"), content)


def _line(entry: dict[str, Any]) -> bytes:
    """An entry as one line; what was damaged so that JSON cannot hold it stands as "unreadable"."""
    try:
        return canonical(entry)
    except (TypeError, ValueError, RecursionError):
        return canonical({
            name: "unreadable" if isinstance(value, bytes | float) else value for name, value in entry.items()
        })  # fmt: skip


def _named(name: str) -> zipfile.ZipInfo:
    """A file of the bundle, without the moment and the machine it was written on."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    return info
