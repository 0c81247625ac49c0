"""Who puts their name to a round, and whether it may go out as it was planned. Every refusal says what to do next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.access.tables import Token
from app.agency.tables import Agency
from app.errors import BadInput, Conflict
from app.evidence import actions as evidence
from app.notices.rounds import plan as plans
from app.notices.rounds.plan import Plan
from app.notices.tables import Notice

NAMED = ("L7", "L8")
SHOWN = 5
NOBODYS = {"system", "automatic", "the agency", "kept", "nobody", "the provider"}


def approver(session: Session, notice: Notice, given: str | None) -> str:
    """The name under which the round goes out: as approved, or given now. Raises BadInput and Conflict."""
    if notice.approved_by is not None and notice.plan is not None:
        if given not in (None, notice.approved_by):
            raise Conflict(
                f"{notice.approved_by} approved this round; leave the name out, or approve it anew",
                field="approved_by",
                example=notice.approved_by,
            )
        return notice.approved_by
    if given is None:
        raise BadInput(
            "nobody has approved this round: give a person's name here, or approve it first",
            field="approved_by",
            example="Dana Reyes",
        )
    if notice.kind in NAMED:
        _a_person(session, notice.kind, given)
    return given


def _a_person(session: Session, kind: str, name: str) -> None:
    """L7 and L8 are answered for by a person, with first name and surname. Raises BadInput."""
    words = re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", name)
    ours = {row for row in session.exec(select(Agency.name))} | {row for row in session.exec(select(Token.name))}
    if len(words) < 2 or "@" in name or name.casefold() in NOBODYS | {one.casefold() for one in ours}:
        raise BadInput(
            f"{kind} is answered for by a person: first name and surname, not a role, a team or a token",
            field="approved_by",
            example="Dana Reyes",
        )


def fits(session: Session, plan: Plan, digest: str) -> None:
    """Raises Conflict where this digest is not of the plan as the record stands, naming what has changed since."""
    if plan.digest == digest:
        return
    ask = f"GET /api/v1/notices/{plan.notice.id}/plan"
    before = plans.shown(session, plan.notice.id, digest)
    if before is None:
        raise Conflict(
            "no plan of this round has this digest; ask for the plan and look at it", field="plan", example=ask
        )
    changed = plans.changes(session, before, plan)
    said = _listed([f"{one.client_number} {one.client}: {one.what}" for one in changed])
    listed = [{"client_number": one.client_number, "client": one.client, "what": one.what} for one in changed]
    raise Conflict(
        f"the record has changed since this plan was made: {said}. Look at the plan as it is now",
        field="plan",
        example=ask,
        changed=listed,
    )


def hindrances(plan: Plan, at: datetime) -> list[str]:
    """Why the plan would be refused if it were issued at that moment, as sentences."""
    try:
        true_when_sent(plan, at)
    except Conflict as error:
        return [error.reason]
    return []


def true_when_sent(plan: Plan, at: datetime) -> None:
    """Raises Conflict where a letter would say, on its way out, what is no longer so, or what was overtaken."""
    had = [one for one in plan.letters if one.had_since is not None]
    if had:
        said = _listed([f"{one.client.number} {one.client.name} has had round {one.had_since}" for one in had])
        raise Conflict(
            f"letters drafted later have gone out already: {said}. Draft this round anew, or leave it",
            field="plan",
            example="POST /api/v1/notices",
        )
    wrong = [one for one in plan.letters if one.untrue]
    if not wrong:
        return
    facts = [{"client_number": one.client.number, "client": one.client.name, "fact": fact, "says": says, "is": now}
             for one in wrong for fact, says, now in one.untrue]  # fmt: skip
    turned = _listed(list(dict.fromkeys(f'{item["fact"]} is "{item["is"]}", not "{item["says"]}"' for item in facts)))
    raise Conflict(
        f"{len(wrong)} of {len(plan.letters)} letters would be untrue when they go out, at "
        f"{at.isoformat(timespec='seconds')}: {turned}. Draft the round anew, as at now",
        field="plan",
        example=f"POST /api/v1/notices/{plan.notice.id}/renew",
        changed=facts,
    )


def _listed(items: Sequence[str]) -> str:
    return "; ".join(items[:SHOWN]) + (f"; and {len(items) - SHOWN} more" if len(items) > SHOWN else "")


def approve(session: Session, notice: Notice, *, digest: str, approved_by: str, now: datetime) -> Notice:
    """Puts a name to a plan; what is issued is what was approved. The caller has seen that it fits.

    A changed plan may be approved anew. Raises Conflict where it was approved or issued before; of two people at once
    one is refused.
    """
    if notice.kind in NAMED:
        _a_person(session, notice.kind, approved_by)
    open_ = (col(Notice.issued_at).is_(None), sa.or_(col(Notice.plan).is_(None), col(Notice.plan) != digest))
    values: dict[str, Any] = {"approved_by": approved_by, "approved_at": now, "plan": digest}
    done = session.execute(sa.update(Notice).where(col(Notice.id) == notice.id, *open_).values(**values))
    session.refresh(notice)
    if done.rowcount != 1:  # type: ignore[attr-defined]
        if notice.issued_at is not None:
            raise Conflict("this notice was issued before; what went out is not changed", field="notice_id")
        raise Conflict(f"{notice.approved_by} approved this very plan before", field="notice_id")
    body = {"number": notice.number, "kind": notice.kind, "approved_by": approved_by, "plan": digest}
    evidence.append(session, "notice.approved", notice, now, body=body)
    return notice
