"""The sole writer of the log. Every action that writes a fact calls `append` in the same transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.errors import BadInput, Conflict, NotFound
from app.evidence.chain import GENESIS, canonical, link
from app.evidence.tables import Attachment, Entry, Retraction

LOG_LOCK = 7_301_001  # one writer at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same


def append(
    session: Session,
    kind: str,
    subject: SQLModel | str,
    now: datetime,
    *,
    body: dict[str, Any] | None = None,
    occurred_at: datetime | None = None,
    source: str = "N",
    attachments: Iterable[str] = (),
) -> Entry:
    """Writes one entry behind the head.

    kind: what happened, `window.announced`. subject: the row it is about (its columns become the
    body unless `body` is given) or a name like `token:ci`. occurred_at: when it happened, by default
    `now`; now: when we wrote it down. source: M, P, T, C or N. attachments: SHA-256 of kept bytes.
    Who wrote it is `session.info["actor"]`, set by the edge.
    """
    if isinstance(subject, SQLModel):
        session.flush()
        name = f"{subject.__tablename__}:{subject.id}"  # type: ignore[attr-defined]
        body = row_body(subject) if body is None else body
    else:
        name = subject
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": LOG_LOCK})
    last = session.exec(select(Entry).order_by(col(Entry.seq).desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.digest) if last else (1, GENESIS)
    fields = {
        "seq": seq,
        "recorded_at": stamp(now),
        "occurred_at": stamp(occurred_at or now),
        "actor": str(session.info.get("actor", "system")),
        "source": source,
        "kind": kind,
        "subject": name,
        "body": plain(body or {}),
        "attachments": list(attachments),
    }
    entry = Entry(
        seq=seq,
        recorded_at=now.astimezone(UTC),
        occurred_at=(occurred_at or now).astimezone(UTC),
        actor=fields["actor"],
        source=source,
        kind=kind,
        subject=name,
        body=canonical(fields["body"]).decode(),
        attachments=canonical(fields["attachments"]).decode(),
        prev=previous,
        digest=link(previous, fields),
    )
    session.add(entry)
    session.flush()
    return entry


def keep(session: Session, content: bytes, media_type: str) -> str:
    """Stores bytes whole, once, and returns their SHA-256 in hex."""
    digest = hashlib.sha256(content).hexdigest()
    if session.get(Attachment, digest) is None:
        session.add(Attachment(digest=digest, size=len(content), media_type=media_type, content=content))
        session.flush()
    return digest


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """A value as JSON holds it in the log: times and amounts as text, never a float."""
    match value:
        case None | bool() | int() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return plain(value.value)
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value.normalize() if value else Decimal(0), "f")
        case UUID():
            return str(value)
        case bytes():
            return hashlib.sha256(value).hexdigest()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in the evidence log; write text or an integer")


def row_body(row: SQLModel) -> dict[str, Any]:
    """A row's columns. Those in `__private__` appear as salted commitments, so that a person's data can be
    erased later without breaking the chain; the salt stands in the row and goes with it."""
    private: frozenset[str] = getattr(row, "__private__", frozenset())
    values = {name: getattr(row, name) for name in type(row).model_fields if name not in ("salt", "content")}
    return {
        name: commitment(getattr(row, "salt", ""), value) if name in private and value is not None else plain(value)
        for name, value in values.items()
    }


def commitment(salt: str, value: Any) -> str:
    text = json.dumps(plain(value), sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()


def as_hashed(entry: Entry) -> dict[str, Any]:
    """The entry in the form it was hashed in, with `prev` and `digest` beside it."""
    return {
        "seq": entry.seq,
        "recorded_at": stamp(entry.recorded_at),
        "occurred_at": stamp(entry.occurred_at),
        "actor": entry.actor,
        "source": entry.source,
        "kind": entry.kind,
        "subject": entry.subject,
        "body": _parsed(entry.body, dict),
        "attachments": _parsed(entry.attachments, list),
        "prev": entry.prev,
        "digest": entry.digest,
    }


def _parsed(text: str, kind: type) -> Any:
    """Stored JSON; text that is not canonical was tampered with and must not hash to the same value."""
    try:
        value = json.loads(text)
        if canonical(value).decode() == text and isinstance(value, kind):
            return value
    except (ValueError, TypeError, RecursionError):
        pass
    return {"unreadable": text if isinstance(text, str) else repr(text)}


def entries(session: Session, batch: int = 1000) -> Iterator[dict[str, Any]]:
    """All entries in order, in batches, so that a long log is never held in memory. Those put in before 1 as well."""
    after: int | None = None
    while True:
        numbers = select(Entry.seq) if after is None else select(Entry.seq).where(Entry.seq > after)
        found = session.exec(numbers.order_by(col(Entry.seq)).limit(batch)).all()
        if not found:
            return
        try:
            span = select(Entry).where(col(Entry.seq).between(found[0], found[-1]))
            read = [as_hashed(row) for row in session.exec(span.order_by(col(Entry.seq)))]
        except UNREADABLE:
            read = [_one(session, seq) for seq in found]
        yield from read
        after = found[-1]
        session.expunge_all()


UNREADABLE = (ValueError, TypeError, sa.exc.DBAPIError)  # a time that is none or a number, bytes that are no text


def _one(session: Session, seq: int) -> dict[str, Any]:
    """One entry as far as it can be read, so that a damaged row is named and hides no other."""
    try:
        return as_hashed(session.exec(select(Entry).where(Entry.seq == seq)).one())
    except UNREADABLE:
        return {"seq": seq} | {name: _value(session, seq, name) for name in Entry.model_fields if name != "seq"}


def _value(session: Session, seq: int, name: str) -> Any:
    try:
        value = session.exec(select(getattr(Entry, name)).where(Entry.seq == seq)).one()
    except UNREADABLE:
        return "unreadable"
    if name in ("body", "attachments"):
        return _parsed(value, dict if name == "body" else list)
    return stamp(value) if isinstance(value, datetime) else value


def head(session: Session) -> tuple[int, str]:
    """Number and digest of the last entry; (0, 64 zeros) for an empty log."""
    last = session.exec(select(Entry).order_by(col(Entry.seq).desc()).limit(1)).first()
    return (last.seq, last.digest) if last else (0, GENESIS)


RETRACTABLE = (
    "assessment", "confirmation", "finding", "message", "note", "override", "procedure", "reply", "said", "site_check",
    "terms", "ticket", "window", "withdrawal", "work",
)  # fmt: skip


def retract(session: Session, *, subject: str, by: str, reason: str, now: datetime) -> Retraction:
    """A fact of ours was entered wrongly: from now on it counts for nothing, and stays readable.

    subject: `table:id`, as the log names it. Raises BadInput for what cannot be retracted, NotFound for a row that is
    not there, Conflict for one retracted before.
    """
    table, _, key = subject.partition(":")
    if table not in RETRACTABLE:
        kinds = ", ".join(RETRACTABLE)
        raise BadInput(f"only these can be retracted: {kinds}", field="subject", example="window:01997a3e-7c1b-…")
    try:
        id_ = UUID(key)
    except ValueError:
        raise BadInput("names no id after the colon", field="subject", example=f"{table}:01997a3e-7c1b-…") from None
    rows = sa.table(table, sa.column("id", sa.Uuid()))
    if session.connection().execute(sa.select(rows.c.id).where(rows.c.id == id_)).first() is None:
        raise NotFound(f"there is no {table} with that id", field="subject")
    name = f"{table}:{id_}"
    if session.exec(select(Retraction).where(Retraction.subject == name)).first() is not None:
        raise Conflict("this was retracted before", field="subject")
    row = Retraction(subject=name, by=by, reason=reason, created_at=now)
    session.add(row)
    session.flush()
    append(session, "fact.retracted", name, now, body={"retraction": row.id, "by": by, "reason": reason})
    return row
