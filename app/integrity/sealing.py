"""Sealing: a generation's root leaves the server at once, into the evidence log and into the provider's ticket."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import Conflict
from app.evidence import actions as evidence
from app.evidence.tables import Entry
from app.integrity import proving
from app.integrity.agent import leaves
from app.integrity.agent.onesite import digest_of
from app.integrity.format import Generation, instant

SEALED = "audit.sealed"


def summary(generation: Generation, salted_root: str | None = None) -> dict[str, Any]:
    """What the log is told of a generation: its roots and its size, no client's name."""
    return {
        "generation": generation.id,
        "label": generation.label,
        "server": generation.server,
        "machine": generation.machine,
        "algorithm": generation.algorithm,
        "server_root": generation.server_root,
        "salted_root": salted_root,
        "previous_root": generation.previous_root,
        "manifest_sha256": digest_of(str(generation.folder / "manifest.json")),
        "taken_from": evidence.stamp(instant(generation.start_ns)),
        "taken_until": evidence.stamp(instant(generation.end_ns)),
        "claimed": generation.claimed,
        "sites": len(generation.sites),
        "entries": sum(part.entries for part in generation.sites),
        "bytes": sum(part.bytes for part in generation.sites),
        "not_examined": sum(part.unreadable + (part.unopened is not None) for part in generation.sites),
    }


def salt(generation: Generation, key: bytes | None = None) -> str:
    """Makes the salted root, and leaves its key with the generation, readable by its owner alone. The same again where
    that was done before."""
    file = generation.folder / proving.KEY
    if key is None:
        key = proving.key_of(generation) if file.exists() else secrets.token_bytes(32)
    above, _ = proving.salted_above(generation, key)
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(key.hex() + "\n")
    return leaves.root(above).hex()


def seal(session: Session, told: dict[str, Any], now: datetime) -> tuple[Entry, bool]:
    """Writes a generation's root into the log, once; gives the entry and whether it is new.

    Raises Conflict where the log holds another root for this generation: one of the two was made up.
    """
    subject = f"generation:{told['generation']}"
    before = session.exec(
        select(Entry).where(Entry.subject == subject, Entry.kind == SEALED).order_by(col(Entry.seq))
    ).all()
    for entry in before:
        body = json.loads(entry.body)
        if body["server_root"] != told["server_root"]:
            raise Conflict(
                f"entry {entry.seq} of the log sealed this generation with the root {body['server_root']}",
                field="server_root", example=body["server_root"],
            )  # fmt: skip
        if told["salted_root"] in (None, body["salted_root"]):
            return entry, False
    taken = datetime.fromisoformat(told["taken_until"])
    occurred = min(now.astimezone(UTC), taken.astimezone(UTC))
    if told["claimed"]:  # the time is a person's word; when it was sealed is ours
        occurred = now
    return evidence.append(session, SEALED, subject, now, body=told, occurred_at=occurred, source="M"), True


def sealed(session: Session, generation: str) -> list[dict[str, Any]]:
    """What the log holds of a generation, oldest first: the sealed words with `seq`, `recorded_at` and `digest`."""
    rows = session.exec(
        select(Entry).where(Entry.subject == f"generation:{generation}", Entry.kind == SEALED).order_by(col(Entry.seq))
    )
    return [shown(row) for row in rows]


def shown(row: Entry) -> dict[str, Any]:
    return {**json.loads(row.body), "seq": row.seq, "recorded_at": row.recorded_at, "digest": row.digest}


def sentence(told: dict[str, Any]) -> str:
    """What to paste into the provider's ticket before work starts, so that they hold the root before anybody knows
    what will break."""
    when = f"{_minute(told['taken_from'])} and {_minute(told['taken_until'])} UTC"
    websites = "1 website" if told["sites"] == 1 else f"{told['sites']} websites"
    also = f" (salted: {told['salted_root']})" if told["salted_root"] else ""
    claimed = " (time as stated by us)" if told["claimed"] else ""
    return (
        f"Before any work starts: we recorded the state of our {websites} on the {told['server']} server "
        f"({told['entries']} files and folders, {told['bytes']} bytes) between {when}{claimed}. The SHA-256 root of "
        f"that record is {told['server_root']}{also}. Please keep this message with the ticket."
    )


def _minute(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}"


def kept_beside(generation: Generation, told: dict[str, Any], entry: dict[str, Any]) -> Path:
    """Writes seal.json beside the manifest: what was sealed, and where in the log it stands."""
    file = generation.folder / "seal.json"
    file.write_text(json.dumps({**told, **entry}, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")
    return file


def copies_of(session: Session) -> list[tuple[UUID | None, str, datetime]]:
    """Every sealed snapshot by (the service it was sealed for, if any; the server; when it was complete), oldest first.
    Those that were not taken but imported or made to try things out are none."""
    rows = session.exec(select(Entry).where(Entry.kind == SEALED).order_by(col(Entry.seq)))
    out = []
    for row in rows:
        told = json.loads(row.body)
        if told["label"] in ("pre", "during", "post"):
            service = told.get("service_id")
            out.append(
                (UUID(service) if service else None, told["server"], datetime.fromisoformat(told["taken_until"]))
            )
    return out
