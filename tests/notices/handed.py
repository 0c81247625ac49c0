"""Rounds handed out without a printer: for tests in which what a letter looks like is not what is tested."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.db import reader, transaction
from app.notices import issuing
from app.notices.issuing import Ready
from app.notices.rounds import plan as plans
from app.notices.tables import Notice
from tests.build import API, Body
from tests.statements.ministory import ROUNDS, Story


def hand_out(story: Story, notice_id: str, moment: str | None = None) -> None:
    """Issues a draft at a moment, or at the story's; its PDFs are none."""
    at, name = datetime.fromisoformat(moment) if moment else story.clock.now, "Dana Reyes"
    with Session(reader(story.engine), expire_on_commit=False) as session:
        notice = session.get_one(Notice, UUID(notice_id))
        made = plans.made(session, notice, at=at, issued=True, approved_by=name)
        ready = Ready(made, name, at, issuing._head(session))
    with transaction(story.engine) as session:
        blank = {place: b"%PDF-1.7" for place in range(len(made.letters))}
        issuing.issue(session, ready, blank, send=False, now=story.clock.now)


def tell(story: Story, *names: str, **changes: Any) -> None:
    """Drafts and issues rounds of the story, each at its moment."""
    for name in names:
        notice = story.draft(name, **changes)
        story.ids[f"told {name}"] = notice["id"]
        hand_out(story, notice["id"], changes.get("as_at", ROUNDS[name][1]))


def write(story: Story, words: Body, as_at: str, **more: Any) -> Body:
    """A draft of any kind, on HOST-1 if nothing else is said."""
    body = {"service_id": story.ids["service"], "as_at": as_at, "words": words} | more
    return story.post("/notices", body)


def refused(story: Story, words: Body, as_at: str, **more: Any) -> tuple[str | None, str]:
    """The field and the sentence of a draft that is refused."""
    body = {"service_id": story.ids["service"], "as_at": as_at, "words": words} | more
    answer = story.client.post(f"{API}/notices", json=body)
    assert answer.status_code in (409, 422), answer.text
    problem = answer.json()
    return problem.get("errors", [{"field": None}])[0]["field"], problem["detail"]


def letters(story: Story, notice: Body) -> dict[str, Body]:
    """What a draft would send, by client number."""
    items = story.get(f"/notices/{notice['id']}/preview")
    return {item["document"]["recipient"]["client_id"]: item for item in items}
