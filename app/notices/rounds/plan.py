"""The plan of a round: every letter composed, who gets it and why, who is left out and why, and a digest of all of it.

What is issued is what a plan showed: the digest is over every document, without what only the log's growth changes,
and over whom each goes to and how. What a plan showed is kept in digests of its parts, so that a refusal can say,
client by client, what has changed since.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.clients import queries as clients
from app.clients.tables import Client
from app.notices import drafting, facts
from app.notices.compose.shapes import LeftOut
from app.notices.drafting import Draft
from app.notices.rounds.tables import NoticePlan
from app.notices.tables import Letter, Notice
from app.sla.judge import judge
from reports import documents as doc

GROWING = ("evidence_head", "evidence_entries", "status")  # of the header: they are what they are when it is issued
PARTS = {
    "header": "what stands in its head", "layout": "its layout", "ref": "its reference", "recipient": "who it is for",
    "sites": "the sites and their states", "name_provider": "whether it names the provider",
    "provider_name": "whether it names the provider", "your_part": "what the client has to do",
    "next_contact_at": "when they hear next", "next_contact_words": "when they hear next", "apology": "the apology",
    "own": "its own wording",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """One letter of the plan."""

    client: Client
    draft: Draft
    parts: Mapping[str, str]  # what of it can change, as plain text
    untrue: tuple[tuple[str, str, str], ...] = ()  # fact, as the letter says, as it is at the moment of sending
    had_since: int | None = None  # the number of a later round about the same that this client has had


@dataclass(frozen=True, slots=True)
class Plan:
    notice: Notice
    letters: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of one client's letter since a plan was shown."""

    client_number: str
    client: str
    what: str


def made(
    session: Session, notice: Notice, *, at: datetime, issued: bool = False, approved_by: str | None = None
) -> Plan:
    """The plan as the record stands, for letters that go out at a moment. Raises what composing raises."""
    written = drafting.write(session, notice, issued=issued, approved_by=approved_by)
    named = clients.clients(session, [item.client_id for item in written.drafts])
    untrue = _untrue(session, notice, written.drafts, at)
    since = _had_since(session, notice)
    letters = tuple(
        Planned(named[item.client_id], item, _parts(item), untrue.get(item.client_id, ()), since.get(item.client_id))
        for item in written.drafts
    )
    return Plan(notice, letters, tuple(written.left_out), _digest(notice, letters, written.left_out))


def neutral(document: doc.ClientLetter) -> dict[str, Any]:
    """The document without what changes though nothing in it does."""
    whole = document.model_dump(mode="json")
    whole["header"] = {name: value for name, value in whole["header"].items() if name not in GROWING}
    whole["body"].pop("approved_by", None)
    return whole


def _parts(item: Draft) -> dict[str, str]:
    """Everything in a letter that can change, by a path of at most two steps."""
    whole = neutral(item.document)
    inner = {f"body.{name}": value for name, value in whole.pop("body").items()}
    to = [[str(one.contact.id), one.channel] for one in item.to] or [[str(item.contact_id), ""]]
    return {name: _canonical(value) for name, value in {**whole, **inner, "to": to}.items()}


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest(notice: Notice, letters: Sequence[Planned], left_out: Sequence[LeftOut]) -> str:
    whole = {
        "notice": str(notice.id),
        "letters": [[str(one.client.id), one.parts] for one in letters],
        "left_out": sorted(str(one.client_id) for one in left_out),
    }
    return hashlib.sha256(_canonical(whole).encode()).hexdigest()


def _untrue(
    session: Session, notice: Notice, drafts: Sequence[Draft], at: datetime
) -> dict[UUID, tuple[tuple[str, str, str], ...]]:
    """By client, what a letter states as at its moment and is no longer so when it goes out."""
    if at.replace(microsecond=0) <= notice.as_at.replace(microsecond=0) or notice.kind in ("L9", "L11"):
        return {}
    case = gather(session, notice.service_id, None, at, months=0, every_window=True)
    statement = judge(case)
    work = str(notice.work_id) if notice.work_id is not None else None
    known: dict[str, str] = {}
    out = {}
    for item in drafts:
        for fact in item.stated:
            if fact not in known:
                known[fact] = facts.as_it_is(case, statement, work, fact)
        wrong = tuple((fact, said, known[fact]) for fact, said in sorted(item.stated.items()) if known[fact] != said)
        if wrong:
            out[item.client_id] = wrong
    return out


def _had_since(session: Session, notice: Notice) -> dict[UUID, int]:
    """By client, the newest round about the same that was drafted after this one and is out already."""
    about = [Notice.work_id == notice.work_id, Notice.outage_from == notice.outage_from, Notice.month == notice.month]
    query = (
        select(Letter.client_id, Notice.number)
        .join(Notice, col(Letter.notice_id) == col(Notice.id))
        .where(Notice.service_id == notice.service_id, Notice.number > notice.number, *about)
        .where(col(Notice.issued_at).is_not(None))
        .order_by(col(Notice.number))
    )
    return dict(session.exec(query).all())


# What a plan showed, and what is otherwise now ------------------------------------------------------------------------


def remembered(plan: Plan, now: datetime) -> NoticePlan:
    """A row that can say later what has changed. It holds no text of a letter, only salted digests of its parts."""
    salt = secrets.token_hex(16)
    letters = {
        str(one.client.id): {
            "number": one.client.number,
            "to": one.parts["to"],
            "parts": {name: _short(salt, value) for name, value in one.parts.items()},
        }
        for one in plan.letters
    }
    return NoticePlan(created_at=now, salt=salt, notice_id=plan.notice.id, digest=plan.digest, letters=letters)


def _short(salt: str, value: str) -> str:
    return hashlib.sha256(f"{salt}\0{value}".encode()).hexdigest()[:16]


def shown(session: Session, notice_id: UUID, digest: str) -> NoticePlan | None:
    query = select(NoticePlan).where(NoticePlan.notice_id == notice_id, NoticePlan.digest == digest)
    return session.exec(query).first()


def changes(session: Session, before: NoticePlan, plan: Plan) -> list[Change]:
    """What is otherwise than that plan showed, client by client, by their numbers."""
    now = {str(one.client.id): one for one in plan.letters}
    gone = [UUID(key) for key in before.letters if key not in now]
    left = {str(one.client_id): one.why for one in plan.left_out}
    named = clients.clients(session, gone)
    out = []
    for key, one in now.items():
        had = before.letters.get(key)
        if had is None:
            out.append(Change(one.client.number, one.client.name, "gets a letter now, and got none in that plan"))
        elif words := "; ".join(_otherwise(before.salt, had, one)):
            out.append(Change(one.client.number, one.client.name, words))
    for id_ in gone:
        why = left.get(str(id_), "no site of theirs is on the service any more")
        name = named[id_].name if id_ in named else ""
        out.append(Change(before.letters[str(id_)]["number"], name, f"gets no letter any more: {why}"))
    return sorted(out, key=lambda item: item.client_number)


def _otherwise(salt: str, had: Mapping[str, Any], one: Planned) -> Iterator[str]:
    if had["to"] != one.parts["to"]:
        names = ", ".join(f"{to.contact.name} ({to.channel})" for to in one.draft.to)
        yield f"it goes to others, or another way: {names}"
    parts = had["parts"]
    turned = [name for name in sorted({*parts, *one.parts}) if name != "to"
              and parts.get(name) != (_short(salt, one.parts[name]) if name in one.parts else None)]  # fmt: skip
    if turned:
        yield "changed: " + ", ".join(dict.fromkeys(PARTS.get(name, name.replace("body.", "")) for name in turned))
