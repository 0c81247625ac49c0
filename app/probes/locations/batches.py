"""An agent's batch into the database: all of it or nothing, and twice is once.

What an answer is known by is its monitor and its moment, so a batch that is handed over again, whole or cut otherwise,
adds nothing. What counts is decided here and not at the agent: an answer dated by a clock that was more than five
seconds off ours, or that nobody compared with ours, is neither up nor down; how many there were is recorded.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.evidence import actions as evidence
from app.logs import logger
from app.prober.engine import Answer
from app.prober.remote.form import CLOCKS_APART_US, AnswerPart, Batch, GapPart, LostPart, Receipt, to_answer
from app.probes.importing.fields import instant, micros
from app.probes.importing.storing import Contradiction
from app.probes.locations.actions import alive
from app.probes.locations.tables import Location, LocationGap
from app.probes.recording import record, without
from app.probes.tables import Monitor

log = logger("kept.prober")

DOUBT_US = 3_600_000_000  # what a wrong clock made worthless is written down every hour


def take(session: Session, location: Location, batch: Batch, digest: str, now: datetime) -> Receipt:
    """In the caller's transaction. `digest`: the SHA-256 of the batch as it came, which is its id."""
    receipt = Receipt(batch=digest, now=micros(now))
    receipt.holds = _heard(location, batch, now)
    session.add(location)
    if batch.records and location.last_digest == digest:
        return receipt.model_copy(update={"repeated": True, "known": sum(p.k == "a" for p in batch.records)})
    location.last_digest = digest
    answers = _answers(session, location, batch, receipt, now)
    asked = len(answers)
    while True:
        try:
            with session.begin_nested():
                receipt.added = record(session, answers)
            break
        except Contradiction as said:
            left = without(answers, said)
            receipt.contradicting += len(answers) - len(left)
            answers = left
    receipt.known = asked - receipt.contradicting - receipt.added
    if receipt.contradicting or receipt.strange:
        log.error("answers were left out", location=location.name, contradicting=receipt.contradicting,
                  unknown_monitor=receipt.strange)  # fmt: skip
    for part in batch.records:
        if isinstance(part, GapPart):
            _gap(session, location, part.kind, _ours(part.since, part.off), _ours(part.until, part.off), part.why, now)
        elif isinstance(part, LostPart):
            since, until = _ours(part.since, part.off), _ours(part.until, part.off)
            _gap(session, location, "lost", since, until, part.why, now, answers=part.answers)
    _doubt(session, location, batch, receipt.refused, now)
    return receipt


def digest_of(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _heard(location: Location, batch: Batch, now: datetime) -> bool:
    """Notes who spoke and how it is. Whether that is the agent that asks from here: another one takes over only when
    the first has been silent for a while."""
    if location.spool not in (None, batch.spool) and alive(location, now):
        return False
    location.spool, location.seen_at = batch.spool, now
    location.offset_ms = None if batch.off is None else round(batch.off / 1000)
    before = location.health if location.health.get("spool") == batch.spool else {}
    kept = {key: before[key] for key in ("doubt",) if key in before}
    location.health = kept | {
        "spool": batch.spool, "waiting": batch.waiting, "monitors": batch.monitors, "references": batch.references,
        "offline_since": batch.offline_since, "dropped": batch.dropped,
    }  # fmt: skip
    return True


def _answers(
    session: Session, location: Location, batch: Batch, receipt: Receipt, now: datetime
) -> list[Answer]:  # fmt: skip
    """Those that count, of monitors this location has."""
    keys = _keys(session, location, [part.m for part in batch.records if isinstance(part, AnswerPart)])
    latest = micros(now) + CLOCKS_APART_US
    out = []
    for part in batch.records:
        if not isinstance(part, AnswerPart):
            continue
        if doubtful(part, latest):
            receipt.refused += 1
        elif (key := keys.get(part.m)) is None:
            receipt.strange += 1
        else:
            out.append(to_answer(part, key))
    return out


def doubtful(part: AnswerPart, latest: int) -> bool:
    """Whether the clock that dates it cannot be believed."""
    return part.off is None or abs(part.off) > CLOCKS_APART_US or part.at > latest


def _keys(session: Session, location: Location, ids: Sequence[str]) -> dict[str, int]:
    """Of the monitors of this location that were asked, retired ones included: their answers came before."""
    wanted = Counter(ids)
    here = select(Monitor.id, Monitor.key).where(col(Monitor.location) == location.name)
    return {str(id_): key for id_, key in session.exec(here) if key is not None and str(id_) in wanted}


def _ours(at: int, off: int | None) -> datetime:
    """A moment of the agent's clock by ours."""
    return instant(at - (off or 0))


def _gap(
    session: Session, location: Location, kind: str, since: datetime, until: datetime, why: str, now: datetime, *,
    answers: int | None = None,
) -> None:  # fmt: skip
    """Written once, however often it is told. None lies in the future."""
    until = min(until, now)
    if until <= since:
        return
    mine = (LocationGap.location == location.name, LocationGap.kind == kind)
    same = select(LocationGap).where(*mine, LocationGap.start_at == since, LocationGap.end_at == until)
    if session.exec(same).first() is not None:
        return
    gap = LocationGap(
        location=location.name, kind=kind, start_at=since, end_at=until, answers=answers, reason=why, created_at=now
    )
    session.add(gap)
    evidence.append(session, "location.gap", gap, now, occurred_at=since, source="M")


def _doubt(session: Session, location: Location, batch: Batch, refused: int, now: datetime) -> None:
    """Adds up what a wrong clock makes worthless, and writes it down once an hour and when the clock is right again."""
    doubt: dict[str, Any] | None = location.health.get("doubt")
    if refused:
        latest = micros(now) + CLOCKS_APART_US
        parts = [part for part in batch.records if isinstance(part, AnswerPart) and doubtful(part, latest)]
        ats = [min(part.at - (part.off or 0), micros(now)) for part in parts]
        worst = max((part.off for part in parts if part.off is not None), key=abs, default=None)
        before = doubt or {"from": min(ats), "to": max(ats), "answers": 0, "off": None}
        doubt = {
            "from": min(before["from"], *ats), "to": max(before["to"], *ats), "answers": before["answers"] + refused,
            "off": worst if before["off"] is None or abs(worst or 0) > abs(before["off"]) else before["off"],
        }  # fmt: skip
    if doubt is not None and (not refused or doubt["to"] - doubt["from"] >= DOUBT_US) and batch.records:
        off = doubt["off"]
        why = "the agent's clock was never compared with ours" if off is None else (
            f"the agent's clock was {off / 1_000_000:+.1f} s off ours"
        )  # fmt: skip
        said = f"{why}: its answers count for nothing"
        _gap(session, location, "refused", instant(doubt["from"]), instant(doubt["to"] + 1), said, now,
             answers=doubt["answers"])  # fmt: skip
        doubt = None
    rest = {key: value for key, value in location.health.items() if key != "doubt"}
    location.health = rest | ({"doubt": doubt} if doubt is not None else {})
