"""Which letters somebody may still have to prove: those of a claim's months, until it is settled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.db import reader, transaction
from app.delivery.actions import Belongs, hand_over, settle
from app.delivery.outbox.keeping import LetGo, let_go
from app.delivery.outbox.states import State
from app.delivery.shapes import Mailbox, Outgoing
from app.due.holding import notices_held
from tests.claims.test_claims import filed, step
from tests.notices.handed import tell
from tests.statements.ministory import Story

YEARS_LATER = datetime.fromisoformat("2029-08-01T00:00:00Z")


def held(story: Story, at: datetime = YEARS_LATER) -> dict[UUID, str]:
    with Session(reader(story.engine)) as session:
        return notices_held(session, at)


def test_letters_of_an_unsettled_claim_are_held(story: Story) -> None:
    tell(story, "planned")
    notice = UUID(story.ids["told planned"])
    assert notice in held(story, datetime.fromisoformat("2025-07-10T00:00:00Z"))  # June can be claimed for
    assert held(story) == {}  # and now no more
    claim = filed(story)
    assert held(story) == {notice: f"claim {claim['number']}: filed"}
    step(story, claim, "refuse", figure="99.95 %", words="All of it was maintenance.")
    assert held(story) == {notice: f"claim {claim['number']}: refused"}  # a dispute, until somebody lets it lapse
    with transaction(story.engine) as session:
        one = Outgoing(key="one", to=Mailbox("anna@b.example"), subject="Down", text="Down.")
        row = hand_over(session, one, story.clock.now, belongs=Belongs(notice_id=notice))
        settle(row, State.ACCEPTED, "2.0.0 Ok", story.clock.now)
    kept = let_go(story.engine, YEARS_LATER, months=24, held=notices_held)
    assert kept == LetGo(0, 1, (f"claim {claim['number']}: refused",))
    step(story, claim, "lapse", reason="Not worth the work.")
    assert held(story) == {}
    assert let_go(story.engine, YEARS_LATER, months=24, held=notices_held) == LetGo(1, 0, ())
