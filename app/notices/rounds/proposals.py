"""The rounds that are to be written, and drafting those that need no further word. A person approves every one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agency.tables import Agency
from app.agreements import queries as agreements
from app.clients import queries as clients
from app.db import reader, transaction
from app.errors import KeptError
from app.notices import drafting
from app.notices.rounds import promises, record, triggers
from app.notices.rounds.known_words import KnownWords, known_words
from app.notices.rounds.triggers import Known, Proposal
from app.notices.tables import Notice
from app.notices.wording.translating import WORDS

TOO_LATE = timedelta(days=7)  # what was due before that is for a person to begin


@dataclass(frozen=True, slots=True)
class Asked:
    """A round that is to be written. `only`: it is not for everybody its recipients are found among."""

    key: str
    service_id: UUID
    service: str
    proposal: Proposal
    only: bool
    known: KnownWords
    notice_id: UUID | None  # drafted already


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one look did: rounds drafted, rounds that could not be and why, promises found broken."""

    drafted: tuple[UUID, ...]
    refused: tuple[tuple[str, str], ...]
    missed: int


def asked_for(session: Session, now: datetime, service_id: UUID | None = None) -> list[Asked]:
    """Every round the record asks for, the one due longest first."""
    services = record.stirring(session, now) if service_id is None else [agreements.service(session, service_id).id]
    out: list[Asked] = []
    for id_ in services:
        out += _of_service(session, id_, now)
    return sorted(out, key=lambda item: (item.proposal.due_at, item.key))


def _of_service(session: Session, service_id: UUID, now: datetime) -> list[Asked]:
    known = record.known(session, service_id, now)
    found = triggers.proposals(known)
    if not found:
        return []
    name = agreements.service(session, service_id).name
    ours = _ours(session)
    rounds = session.exec(select(Notice).where(Notice.service_id == service_id)).all()
    return [
        Asked(
            f"{service_id}:{item.key}", service_id, name, item, _only(item, known),
            known_words(item, known, _earlier(item, rounds, known), _languages(session, item), ours),
            _drafted(f"{service_id}:{item.key}", item, rounds),
        )
        for item in found
    ]  # fmt: skip


def _ours(session: Session) -> str:
    """The language the agency types its words in."""
    row = session.exec(select(Agency).order_by(col(Agency.id).desc()).limit(1)).first()
    return row.locale.partition("-")[0] if row is not None else "en"


def _only(item: Proposal, known: Known) -> bool:
    """Whether others would get it too if nobody said who it is for."""
    if item.follows is not None:
        had = next(one.clients for one in known.told if one.notice_id == item.follows)
        return had != item.clients
    return {client for client, sites in known.placed.items() if sites} != item.clients


def _earlier(item: Proposal, rounds: Sequence[Notice], known: Known) -> list[dict[str, Any]]:
    """The words of the issued rounds about the same, newest first; of a month's statement those of any month."""
    works = {one.window_id: one.work_id for one in known.statement.windows}
    work = works.get(item.window_id or "")
    issued = sorted((one for one in rounds if one.issued_at is not None), key=lambda one: -one.number)
    return [
        one.words for one in issued
        if (work is not None and str(one.work_id) == work) or (item.month is not None and one.month is not None)
        or (item.outage_from is not None and one.outage_from == item.outage_from)
    ]  # fmt: skip


def _languages(session: Session, item: Proposal) -> set[str]:
    return {row.language for row in clients.clients(session, [UUID(one) for one in item.clients]).values()}


def _drafted(key: str, item: Proposal, rounds: Sequence[Notice]) -> UUID | None:
    """The round that was drafted for it, by itself or by a person, and is not out yet."""
    for one in rounds:
        about = (str(one.window_id or ""), one.month or "", str(one.follows or ""), one.kind)
        same = about == (item.window_id or "", item.month or "", item.follows or "", item.kind)
        if one.proposal == key or (same and one.issued_at is None and one.proposal is None):
            return one.id
    return None


def draft(session: Session, item: Asked, now: datetime) -> Notice:
    """Drafts a round as the record asks for it. Raises what drafting raises; twice the same is refused by its key."""
    about = item.proposal
    return drafting.draft(
        session,
        service_id=item.service_id,
        words=WORDS.validate_python(item.known.words),
        translations=item.known.translations,
        window_id=UUID(about.window_id) if about.window_id else None,
        outage_at=about.outage_from,
        month=about.month,
        follows=UUID(about.follows) if about.follows else None,
        only=frozenset(UUID(one) for one in about.clients) if item.only else frozenset(),
        as_at=now,
        now=now,
        proposal=item.key,
    )


def tick(engine: sa.Engine, now: datetime) -> Ticked:
    """One look: drafts every round that needs no further word, each in its own transaction and once only, however many
    look at the same time; writes down what we promised and did not write. Sends nothing."""
    with Session(reader(engine), expire_on_commit=False) as session:
        asked = asked_for(session, now)
        missed = any(one.state == "broken" and one.recorded_at is None for one in promises.ours(session, now))
    drafted, refused = [], []
    for item in asked:
        if item.notice_id is not None or not item.known.complete or item.proposal.due_at < now - TOO_LATE:
            continue
        try:
            with transaction(engine) as session:
                session.info["actor"] = "system:rounds"
                drafted.append(draft(session, item, now).id)
        except sa.exc.IntegrityError:
            continue  # somebody else drafted it at this moment
        except KeptError as error:
            refused.append((item.key, error.sentence()))
    found = 0
    if missed:
        with transaction(engine) as session:
            session.info["actor"] = "system:rounds"
            found = len(promises.record_missed(session, now))
    return Ticked(tuple(drafted), tuple(refused), found)
