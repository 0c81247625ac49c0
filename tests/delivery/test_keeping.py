"""What messages said is let go in time: of what is settled and old, and that nobody needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.delivery import queries
from app.delivery.actions import settle
from app.delivery.afterwards import decide
from app.delivery.outbox.keeping import LetGo, let_go, months_before
from app.delivery.outbox.packing import pack
from app.delivery.outbox.states import State
from app.delivery.shapes import Invitation
from app.delivery.tables import Delivery
from app.errors import Conflict
from app.evidence.tables import Entry
from tests.conftest import NOW
from tests.delivery.test_outbox import STUDIO, Office, letter

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
DAY = timedelta(days=1)
LATER = NOW + 800 * DAY


def nobody(session: Session, now: datetime) -> Mapping[UUID, str]:
    return {}


def settled(office: Office, *rows: Delivery, state: State = State.REFUSED) -> None:
    with transaction(office.engine) as session:
        for row in rows:
            mine = session.get_one(Delivery, row.id)
            settle(mine, state, "550 5.7.1 no", NOW)
            session.add(mine)


def contents(office: Office, *rows: Delivery) -> list[bytes | None]:
    with Session(reader(office.engine)) as session:
        return [queries.content(session, row.id) for row in rows]


def test_what_is_old_and_settled_is_let_go_and_told(engine: sa.Engine) -> None:
    office = Office(engine, None)
    old, waiting, unsure, new = office.put(*(letter(n) for n in range(1, 5)))
    settled(office, old)
    settled(office, unsure, state=State.UNCERTAIN)
    office.now = LATER - 20 * DAY
    [young] = office.put(letter(5))
    settled(office, new)
    with transaction(engine) as session:
        session.get_one(Delivery, new.id).settled_at = office.now  # decided of late
    was = pack(letter(1))
    dry = let_go(engine, LATER, months=24, held=nobody, dry=True)
    assert (dry, contents(office, old)) == (LetGo(1, 0, ()), [was])
    assert let_go(engine, LATER, months=24, held=nobody) == LetGo(1, 0, ())
    assert [one is None for one in contents(office, old, waiting, unsure, new, young)] == [True, *[False] * 4]
    assert let_go(engine, LATER, months=24, held=nobody).messages == 0  # once
    row = office.of(old)
    assert (row.state, row.said, row.let_go_at, row.address) == (
        "refused", "550 5.7.1 no", LATER, "client1@larkfield.example")  # fmt: skip
    with Session(engine) as session:
        digest = queries.digest(session, old.id)
        assert digest == sha256(was).hexdigest()
        [entry] = session.exec(select(Entry).where(Entry.kind == "deliveries.let_go"))
        assert json.loads(entry.body) == {"contents": {str(old.id): digest}, "months": 24}
    with pytest.raises(Conflict, match=f"was let go on {LATER:%Y-%m-%d}, for its age"), transaction(engine) as session:
        decide(session, old.id, "again", by="Dana Reyes", why="they ask for it", now=LATER)


def test_what_somebody_needs_stays(engine: sa.Engine) -> None:
    office = Office(engine, None)
    date = Invitation("REQUEST", "work-1@b.example", 0, LATER + DAY, LATER + 2 * DAY, "Down", "…", STUDIO.writes,
                      STUDIO.reply_to)  # fmt: skip
    passed = replace(date, start_at=NOW, end_at=NOW + DAY)
    coming, past = office.put(letter(1, invitation=date), letter(2, invitation=passed))
    settled(office, coming, past)
    found = let_go(engine, LATER, months=24, held=nobody)
    assert found == LetGo(1, 1, ("the date in the message has not passed",))
    assert [one is None for one in contents(office, coming, past)] == [False, True]


def test_months_end_on_their_last_day(engine: sa.Engine) -> None:
    may = datetime.fromisoformat("2025-05-31T10:00:00Z")
    assert [f"{months_before(may, n):%Y-%m-%d}" for n in (1, 3, 5, 24)] == [
        "2025-04-30", "2025-02-28", "2024-12-31", "2023-05-31"]  # fmt: skip
