"""Keeping own texts in versions, withdrawing them, and writing a letter in the one that holds."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.notices.owntexts import written
from app.notices.owntexts.sandbox import Refused
from app.notices.owntexts.tables import OwnTextVersion
from reports import documents as doc
from reports import letters as shop

EXAMPLE = "{{ sites[0].host_name }}: back since {{ body.back_since|time }}"


def tried(kind: str, language: str, subject: str, text: str) -> doc.OwnText:
    """What the templates write on a sample. Raises BadInput saying where and why they cannot be used."""
    try:
        return written.examine(kind, language, subject, text)
    except Refused as error:
        field = "subject" if error.reason.startswith("the subject") else "text"
        raise BadInput(str(error), field=field, example=EXAMPLE) from None


def save(
    session: Session, *, kind: str, language: str, subject: str, text: str, saved_by: str, now: datetime
) -> OwnTextVersion:
    """The next version, used by every letter of this kind and language composed from now on.

    Raises BadInput for templates that could not be written in every letter, Conflict where nothing would change.
    """
    known = shop.languages()
    if language not in known:
        raise BadInput(f"letters are written in {', '.join(sorted(known))}", field="language", example="en")
    tried(kind, language, subject, text)
    last = _newest(session, kind, language)
    if last is not None and last.withdrawn_at is None and (last.subject, last.text) == (subject, text):
        raise Conflict(f"version {last.version} says just that, and is in use", field="text")
    row = OwnTextVersion(
        created_at=now, salt=secrets.token_hex(16), kind=kind, language=language,
        version=last.version + 1 if last else 1, subject=subject, text=text, saved_by=saved_by,
    )  # fmt: skip
    session.add(row)
    try:
        session.flush()
    except sa.exc.IntegrityError:
        raise Conflict("somebody else saved a version just now; look at it first", field="kind") from None
    evidence.append(session, "own_text.saved", row, now)
    return row


def withdraw(session: Session, id_: UUID, *, by: str, now: datetime) -> OwnTextVersion:
    """No version of this kind and language is used any more: letters are in Kept's own words again.

    Raises NotFound, and Conflict where it was withdrawn before or a newer version is in use.
    """
    row = found(session.get(OwnTextVersion, id_), "own_text", id_)
    if row.withdrawn_at is not None:
        raise Conflict(f"{name(row)} was withdrawn before, by {row.withdrawn_by}", field="own_text_id")
    newest = _newest(session, row.kind, row.language)
    if newest is not None and newest.id != row.id:
        raise Conflict(f"{name(row)} is not in use: {name(newest)} came after it", field="own_text_id")
    row.withdrawn_at, row.withdrawn_by = now, by
    session.add(row)
    evidence.append(session, "own_text.withdrawn", row, now)
    return row


def _newest(session: Session, kind: str, language: str) -> OwnTextVersion | None:
    query = select(OwnTextVersion).where(OwnTextVersion.kind == kind, OwnTextVersion.language == language)
    return session.exec(query.order_by(col(OwnTextVersion.version).desc()).limit(1)).first()


def in_use(session: Session, kind: str) -> dict[str, OwnTextVersion]:
    """The version that holds for this kind of letter, by language."""
    newest: dict[str, OwnTextVersion] = {}
    for row in session.exec(select(OwnTextVersion).where(OwnTextVersion.kind == kind)):
        if row.language not in newest or newest[row.language].version < row.version:
            newest[row.language] = row
    return {language: row for language, row in newest.items() if row.withdrawn_at is None}


def name(row: OwnTextVersion) -> str:
    """ "L4 en v3": as letters and refusals name it."""
    return f"{row.kind} {row.language} v{row.version}"


def in_own_words(letter: doc.ClientLetter, row: OwnTextVersion) -> doc.ClientLetter:
    """The letter in the agency's own words. Raises Conflict where this letter has nothing of what they ask for."""
    try:
        own = written.write(row.subject, row.text, letter, name(row))
    except Refused as error:
        raise Conflict(
            f"the own text {name(row)} cannot be written for {letter.recipient.client_id}: {error}; "
            "save a version that can, or withdraw it",
            field="own_text",
            example=f"POST /api/v1/own-texts/{row.id}/withdraw",
        ) from None
    return letter.model_copy(update={"own": own})
