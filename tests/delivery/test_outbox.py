"""The outbox: handed over once, claimed before it is sent, tried again as the answer says, decided by a person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from app.clients.tables import Client, Contact
from app.db import reader, transaction
from app.delivery import queries
from app.delivery.actions import Belongs, Parcel, erase, hand_over, hand_over_all, lift
from app.delivery.afterwards import by_hand, decide, report
from app.delivery.outbox.packing import pack, unpack
from app.delivery.outbox.states import State, after, pause
from app.delivery.sending.turns import LONGEST_TURN, Post, key_of, record
from app.delivery.shapes import (
    About,
    Answer,
    Attachment,
    Bounce,
    Invitation,
    Kind,
    Mailbox,
    Outgoing,
    Sender,
    Server,
    Stage,
    Ways,
)
from app.delivery.tables import Delivery
from app.errors import BadInput, Conflict
from app.evidence.tables import Entry
from tests.conftest import NOW
from tests.world.smtp import KEEP_CLOSE, mail_server

STUDIO = Sender(
    Mailbox("dana@brightwell.example", "Dana Reyes"), Mailbox("dana@brightwell.example"), "bounces@brightwell.example"
)
MINUTE = timedelta(minutes=1)


def letter(number: int = 1, **more: object) -> Outgoing:
    given: dict[str, object] = {
        "key": f"letter-{number}", "to": Mailbox(f"client{number}@larkfield.example", "Nneka Okafor"),
        "subject": "shop.larkfield.example: back since 22:10", "text": "It is back.", "html": "<p>It is back.</p>",
    }  # fmt: skip
    return Outgoing(**(given | more))  # type: ignore[arg-type]


class Office:
    """A post office whose clock a test turns."""

    def __init__(self, engine: sa.Engine, server: Server | None, per_minute: int | None = None) -> None:
        self.engine, self.now = engine, NOW
        self.post = Post(engine, Ways(server, STUDIO), lambda: self.now, per_minute)

    def put(self, *letters: Outgoing) -> list[Delivery]:
        with transaction(self.engine) as session:
            parcels = [Parcel(one.key, Belongs(), one) for one in letters]
            return hand_over_all(session, parcels, self.now, domain="brightwell.example")

    def round(self) -> int:
        """Every message whose turn it is, one after another."""
        keys = self.post.due(self.engine, self.now)
        for key in keys:
            self.post.turn(self.engine, key, self.now)
        return len(keys)

    def of(self, row: Delivery) -> Delivery:
        with Session(reader(self.engine)) as session:
            return session.get_one(Delivery, row.id)

    def states(self) -> dict[str, int]:
        with Session(self.engine) as session:
            return queries.counts(session)


def test_a_message_is_packed_and_unpacked_as_it_was() -> None:
    date = Invitation(
        "REQUEST", "work-1@brightwell.example", 2, NOW, NOW + MINUTE, "Downtime", "…", STUDIO.writes, STUDIO.reply_to
    )
    whole = letter(
        attachments=(Attachment("brief.pdf", "application/pdf", b"%PDF\x00\xff"),), invitation=date,
        in_reply_to="<a@b.example>", references=("<a@b.example>",), language="de",
    )  # fmt: skip
    assert unpack(pack(whole)) == whole
    assert unpack(pack(letter())) == letter()


def test_what_an_answer_makes_of_a_message() -> None:
    def of(
        kind: Kind, about: About = About.MESSAGE, attempts: int = 1, give_up: timedelta = 48 * 60 * MINUTE
    ) -> object:
        turn = after(Answer(kind, Stage.ANSWER, about, ""), attempts, NOW, NOW + give_up)
        return (turn.state, turn.due_at - NOW if turn.due_at else None)

    assert of(Kind.ACCEPTED) == (State.ACCEPTED, None)
    assert of(Kind.UNKNOWN) == (State.UNCERTAIN, None)
    assert of(Kind.PERMANENT, About.ADDRESS) == (State.REFUSED, None)
    assert of(Kind.PERMANENT, About.SERVER) == (State.DEFERRED, 5 * MINUTE)  # a wrong password costs nobody a letter
    assert of(Kind.TEMPORARY, attempts=3) == (State.DEFERRED, 20 * MINUTE)
    assert of(Kind.TEMPORARY, give_up=5 * MINUTE) == (State.GIVEN_UP, None)
    assert [pause(n) // MINUTE for n in (1, 2, 6, 7, 99)] == [5, 10, 160, 240, 240]


def test_handed_over_twice_it_is_one_message_and_it_goes_once(engine: sa.Engine) -> None:
    with mail_server() as server:
        office = Office(engine, server.way())
        [row] = office.put(letter())
        [again] = office.put(letter(subject="another"))
        assert again.id == row.id
        assert (office.round(), office.round()) == (1, 0)
    [taken] = server.taken
    assert taken.envelope_from == f"bounces+{row.token}@brightwell.example"
    assert f"Message-ID: {row.message_id}".encode() in taken.raw
    now = office.of(row)
    assert (now.state, now.attempts, now.said) == ("accepted", 1, "2.0.0 Ok: queued as 000001")
    with Session(engine) as session:
        kinds = [entry.kind for entry in session.exec(select(Entry).order_by(Entry.seq))]
        assert kinds == ["deliveries.handed_over", "delivery.accepted"]
        assert "larkfield" not in "".join(entry.body for entry in session.exec(select(Entry)))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_sent_is_refused_when_it_is_handed_over_and_nothing_is_kept(engine: sa.Engine) -> None:
    office = Office(engine, None)
    with pytest.raises(BadInput, match="U\\+000A"):
        office.put(letter(1), letter(2, subject="Back\nBcc: everybody@example.org"))
    with pytest.raises(BadInput, match="is not an e-mail address"):
        office.put(letter(to=Mailbox("nobody at all")))
    assert office.states() == {}
    office.put(letter())
    assert office.round() == 0  # no server is set up: it waits
    assert office.states() == {"queued": 1}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_server_that_says_later_is_asked_later_until_somebody_has_to_telephone(engine: sa.Engine) -> None:
    with mail_server({"rcpt": "450 4.2.1 busy"}) as server:
        office = Office(engine, server.way())
        [row] = office.put(letter())
        waits = []
        for _ in range(40):
            office.round()
            now = office.of(row)
            if now.due_at is None:
                break
            waits.append((now.due_at - office.now) // MINUTE)
            office.now = now.due_at
    assert waits[:7] == [5, 10, 20, 40, 80, 160, 240]
    assert (now.state, office.now - NOW < timedelta(hours=48)) == ("given_up", True)
    assert sum(waits) > 43 * 60
    with Session(engine) as session:
        assert queries.bounced(session, [row.key, "letter-none"]) == {row.key}
        kinds = [entry.kind for entry in session.exec(select(Entry).order_by(Entry.seq))]
        assert kinds == ["deliveries.handed_over", "delivery.deferred", "delivery.given_up"]


def test_an_address_that_is_refused_is_not_written_to_until_a_person_says_so(engine: sa.Engine) -> None:
    with mail_server({"rcpt": ["550 5.1.1 nobody"]}) as server:
        office = Office(engine, server.way())
        [row] = office.put(letter(1))
        office.round()
        [held] = office.put(letter(2, to=Mailbox("Client1@Larkfield.example")))
        assert (office.of(row).state, held.state, office.round()) == ("refused", "suppressed", 0)
        with Session(engine) as session:
            [one] = queries.suppressed(session, ["CLIENT1@larkfield.example"]).values()
        with pytest.raises(Conflict, match="lift that first"), transaction(engine) as session:
            decide(session, held.id, "again", by="Dana Reyes", why="wrong", now=NOW)
        with transaction(engine) as session:
            lift(session, one.id, by="Dana Reyes", why="a typing error at their end", now=NOW)
            decide(session, held.id, "again", by="Dana Reyes", why="works again", now=NOW)
            with pytest.raises(Conflict, match="Dana Reyes lifted this before"):
                lift(session, one.id, by="Dana Reyes", why="again", now=NOW)
        office.round()
        assert (office.of(held).state, len(server.taken)) == ("accepted", 1)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_policy_ends_a_message_and_not_an_address(engine: sa.Engine) -> None:
    with mail_server({"rcpt": ["550 5.7.1 looks like spam"]}) as server:
        office = Office(engine, server.way())
        [first] = office.put(letter(1))
        office.round()
        now = office.of(first)
        assert (now.state, now.due_at) == ("refused", None)  # for a person, and not by itself again
        [second] = office.put(letter(2, to=Mailbox(str(first.address))))
        office.now += 600 * MINUTE
        assert (office.round(), len(server.taken), office.of(second).state) == (1, 1, "accepted")
        with transaction(engine) as session:
            report(session, came(second, "failed", "5.7.26"), b"1", office.now)
            assert queries.suppressed(session, [str(first.address)]) == {}
        office.now += 600 * MINUTE
        assert (office.round(), office.of(second).state) == (0, "bounced")


def dies(office: Office) -> tuple[Delivery, str]:
    """A sender that is killed after it has claimed the message."""
    [row] = office.put(letter())
    [key] = office.post.due(office.engine, office.now)
    assert office.post.claim(office.engine, key, office.now) is not None
    return row, key


def test_a_sender_that_died_leaves_its_message_to_a_person(engine: sa.Engine) -> None:
    with mail_server() as server:
        office = Office(engine, server.way())
        row, key = dies(office)
        assert office.round() == 0  # whoever else comes does not touch it
        office.post.turn(engine, key, NOW)  # given to another worker: it may have gone, so it is not sent
        assert (office.of(row).state, server.taken) == ("uncertain", [])
        with transaction(engine) as session:
            decide(session, row.id, "again", by="Dana Reyes", why="not in their mailbox", now=NOW)
        office.round()
        assert f"Message-ID: {row.message_id}".encode() in server.taken[0].raw
        with Session(engine) as session:
            ended = [one.ended_at is None for one in queries.attempts_of(session, row.id)]
            assert (office.of(row).state, ended) == ("accepted", [True, False])
            decided = [(event.kind, event.by) for event in queries.events_of(session, row.id)]
            assert decided == [("again", "Dana Reyes")]
        with pytest.raises(Conflict, match="accepted: that leaves nothing"), transaction(engine) as session:
            decide(session, row.id, "again", by="Dana Reyes", why="once more", now=NOW)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_dead_sender_is_noticed_by_time_and_an_answer_that_comes_late_still_counts(engine: sa.Engine) -> None:
    office = Office(engine, Server("127.0.0.1", 9, "none"))
    row, _ = dies(office)
    office.now = NOW + LONGEST_TURN + MINUTE
    assert office.round() == 0
    assert office.of(row).state == "uncertain"
    record(engine, row.id, 1, Answer(Kind.ACCEPTED, Stage.ANSWER, About.MESSAGE, "2.0.0 Ok", 250), office.now)
    assert office.of(row).state == "accepted"
    [other] = office.put(letter(2))
    office.post.forgotten(engine, key_of(other.id, 0, other.due_at), office.now)  # a backup was restored
    assert office.of(other).state == "uncertain"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_answer_that_is_lost_is_for_a_person(engine: sa.Engine) -> None:
    with mail_server({"dot": KEEP_CLOSE}) as server:
        office = Office(engine, server.way())
        [row] = office.put(letter())
        assert (office.round(), office.round(), len(server.taken)) == (1, 0, 1)
    assert office.of(row).state == "uncertain"
    with transaction(engine) as session:
        decide(session, row.id, "went", by="Dana Reyes", why="Nneka has it", now=NOW)
    assert office.of(row).state == "accepted"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_while_the_server_is_away_one_message_finds_out_and_a_domain_gets_so_many_a_minute(engine: sa.Engine) -> None:
    with mail_server({"banner": ["421 4.3.2 closing"]}) as server:
        office = Office(engine, server.way(), per_minute=4)
        office.put(*(letter(n) for n in range(1, 11)), letter(20, to=Mailbox("anna@other.example")))
        assert (office.round(), server.connections) == (11, 1)
        assert office.states() == {"deferred": 1, "queued": 10}
        office.now += MINUTE
        office.round()
        assert office.states() == {"accepted": 5, "deferred": 1, "queued": 5}  # four, and the other domain's
        with Session(engine) as session:
            rows = session.exec(select(Delivery).where(Delivery.state == "queued").order_by(Delivery.due_at)).all()
        assert [(row.due_at - office.now) // timedelta(seconds=15) for row in rows if row.due_at] == [4, 5, 6, 7, 8]


def came(row: Delivery, action: str, status: str | None) -> Bounce:
    return Bounce(row.token, None, row.address, action, status, f"smtp; {status} so it is", "mx.example")  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_reports_that_come_back(engine: sa.Engine) -> None:
    with mail_server() as server:
        office = Office(engine, server.way())
        rows = office.put(*(letter(n) for n in range(1, 5)))
        office.round()
        late, full, gone, strange = rows
        with transaction(engine) as session:
            report(session, came(late, "delayed", "4.4.1"), b"1", NOW)
            report(session, came(gone, "failed", "5.1.1"), b"2", NOW)
            for _ in range(2):  # the same report twice counts once
                report(session, came(full, "failed", "4.2.2"), b"3", NOW)
            assert report(session, Bounce("nobody", None, None, "failed", "5.1.1", "", "x"), b"4", NOW) is None
        assert [office.of(row).state for row in rows] == ["accepted", "deferred", "bounced", "accepted"]
        [again] = office.put(letter(9, to=Mailbox(str(gone.address))))
        assert again.state == "suppressed"
        office.now += 6 * MINUTE
        assert (office.round(), office.of(full).state, len(server.taken)) == (1, "accepted", 5)
        for number in range(5, 8):
            with transaction(engine) as session:
                report(session, came(full, "failed", "4.2.2"), str(number).encode(), office.now)
            office.now += 600 * MINUTE
            office.round()
        assert office.of(full).state == "bounced"
        assert strange.state == "queued"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_by_hand_and_erased(engine: sa.Engine) -> None:
    office = Office(engine, None)
    [mailed] = office.put(letter())
    with transaction(engine) as session:
        [printed] = hand_over_all(
            session, [Parcel("p", Belongs(), None, "paper", "Nneka Okafor", "Letter", "wants paper")], NOW, domain="x"
        )
        with pytest.raises(BadInput, match="has not come yet"):
            by_hand(session, printed.id, how="post", by="Dana Reyes", at=NOW + MINUTE, text="", now=NOW)
        for row in (mailed, printed):
            by_hand(session, row.id, how="post", by="Dana Reyes", at=NOW, text="registered", now=NOW)
        with pytest.raises(Conflict, match="by hand: nobody has to do it"):
            by_hand(session, printed.id, how="phone", by="Dana Reyes", at=NOW, text="", now=NOW)
        hand_over(session, letter(3), NOW)
    assert office.states() == {"by_hand": 2, "queued": 1}


def test_what_a_person_asked_to_erase_is_gone_and_does_not_go(engine: sa.Engine) -> None:
    with mail_server({"rcpt": ["550 5.1.1 client1@larkfield.example is nobody"]}) as server:
        office = Office(engine, server.way())
        with transaction(engine) as session:
            anna = contact(session)
            one, two = (
                hand_over(session, letter(n), NOW, belongs=Belongs(contact_id=anna), domain="b.example") for n in (1, 2)
            )
        office.post.turn(engine, key_of(one.id, 0, one.due_at), NOW)
        with transaction(engine) as session:
            report(session, came(one, "failed", "5.1.1"), b"client1@larkfield.example", NOW)
            assert erase(session, NOW, contacts=[anna]) == 2
            assert erase(session, NOW, contacts=[anna]) == 0
        assert (office.round(), server.taken) == (0, [])
    with Session(engine) as session:
        tables = ("delivery", "delivery_content", "delivery_attempt", "delivery_event", "suppression")
        dump = [session.connection().execute(sa.text(f"select * from {name}")).all() for name in tables]
        assert "larkfield" not in str(dump)
        assert [office.of(row).state for row in (one, two)] == ["refused", "suppressed"]
        [came_back] = queries.events_of(session, one.id)  # that it came back, and why, stays
        assert (came_back.kind, came_back.how, came_back.status, came_back.text) == (
            "report", "failed", "5.1.1", "erased")  # fmt: skip
    with pytest.raises(Conflict, match="was erased"), transaction(engine) as session:
        decide(session, two.id, "again", by="Dana Reyes", why="please", now=NOW)


def contact(session: Session) -> UUID:
    """Somebody at a client, as the room of clients writes them."""
    larkfield = Client(
        created_at=NOW, salt="a", number="C-1", name="Larkfield", address=["x"], language="en", zone="UTC"
    )
    session.add(larkfield)
    session.flush()
    anna = Contact(
        created_at=NOW, salt="b", client_id=larkfield.id, salutation="Ms Lee", name="Anna Lee", receives=True,
        prefers="email", since_at=NOW,
    )  # fmt: skip
    session.add(anna)
    session.flush()
    return anna.id
