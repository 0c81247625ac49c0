"""Reads of the log: verification of what is stored, and the bundle a third party can check."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

from sqlmodel import Session, col, select

from app.evidence.actions import entries
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
    for digest in session.exec(select(Attachment.digest).order_by(col(Attachment.digest))).all():
        row = session.get_one(Attachment, digest)
        missing.discard(digest)
        if hashlib.sha256(row.content).hexdigest() != digest:
            seq = named.get(digest, 0)
            where = f"of entry {seq}" if seq else "that no entry names"
            result.findings.append(Finding(seq, "changed", f"the attachment {digest[:16]}… {where} was changed"))
        session.expunge(row)
    for digest in sorted(missing):
        result.findings.append(
            Finding(named[digest], "removed", f"the attachment {digest[:16]}… of entry {named[digest]} is gone")
        )
    return result


def retracted(session: Session) -> frozenset[str]:
    """The facts that count no more, as `table:id`. Few, so they are read whole."""
    return frozenset(session.exec(select(Retraction.subject)))


def bundle(session: Session, out: IO[bytes]) -> None:
    """Writes a zip with `entries.jsonl` (one canonical entry a line), `head.json` and `attachments/<sha256>`.

    Same log, same bytes. One batch of entries and one attachment are in memory at a time.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        count, digest = 0, GENESIS
        with archive.open(_named("entries.jsonl"), "w", force_zip64=True) as lines:
            for entry in entries(session):
                lines.write(canonical(entry) + b"\n")
                count, digest = count + 1, entry["digest"]
        head = json.dumps({"entries": count, "head": digest}, indent=1)
        archive.writestr(_named("head.json"), head.encode())
        for digest in session.exec(select(Attachment.digest).order_by(col(Attachment.digest))).all():
            row = session.get_one(Attachment, digest)
            archive.writestr(_named(f"attachments/{digest}"), row.content)
            session.expunge(row)


def _named(name: str) -> zipfile.ZipInfo:
    """A file of the bundle, without the moment and the machine it was written on."""
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
    return info
