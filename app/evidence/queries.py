"""Reads of the log: verification of what is stored, and the bundle a third party can check."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from app.evidence.actions import entries
from app.evidence.chain import Finding, Verification, canonical, verify
from app.evidence.tables import Attachment


def verify_log(session: Session, expect: Iterable[str] = ()) -> Verification:
    """The whole chain and every kept attachment, recomputed. `expect`: digests printed on documents."""
    named: dict[str, int] = {}

    def watched() -> Iterator[dict[str, object]]:
        for entry in entries(session):
            for digest in entry["attachments"] if isinstance(entry["attachments"], list) else ():
                named.setdefault(digest, entry["seq"])
            yield entry

    result = verify(watched(), expect)
    missing = set(named)
    for digest in session.exec(select(Attachment.digest).order_by(col(Attachment.digest))).all():
        row = session.get_one(Attachment, digest)
        missing.discard(digest)
        if hashlib.sha256(row.content).hexdigest() != digest:
            seq = named.get(digest, 0)
            result.findings.append(Finding(seq, "changed", f"the attachment {digest[:16]}… of entry {seq} was changed"))
        session.expunge(row)
    for digest in sorted(missing):
        result.findings.append(
            Finding(named[digest], "removed", f"the attachment {digest[:16]}… of entry {named[digest]} is gone")
        )
    return result


def bundle(session: Session) -> bytes:
    """A zip with `entries.jsonl` (one canonical entry a line) and `attachments/<sha256>`; same log, same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        lines, last = [], None
        for entry in entries(session):
            lines.append(canonical(entry))
            last = entry
        _put(archive, "entries.jsonl", b"\n".join(lines) + b"\n" if lines else b"")
        head = {"entries": len(lines), "head": last["digest"] if last else None}
        _put(archive, "head.json", json.dumps(head, indent=1).encode())
        for digest in session.exec(select(Attachment.digest).order_by(col(Attachment.digest))).all():
            row = session.get_one(Attachment, digest)
            _put(archive, f"attachments/{digest}", row.content)
            session.expunge(row)
    return out.getvalue()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)
