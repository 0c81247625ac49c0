"""From issued letters to messages: to whom, in which thread, and what becomes of the date in their calendar."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlmodel import Session, select

from app.db import reader, transaction
from app.delivery.actions import erase
from app.delivery.afterwards import report
from app.delivery.sending.turns import Post
from app.delivery.shapes import Bounce, Mailbox, Sender, Ways
from app.delivery.tables import Delivery
from app.demo.told import at
from app.notices import issuing
from app.notices.issuing import Ready
from app.notices.rounds import plan as plans
from app.notices.tables import Notice
from tests.build import API
from tests.statements.ministory import PEOPLE, ROUNDS, Story
from tests.world.smtp import MailServer, mail_server

STUDIO = Sender(Mailbox("dana@brightwell.example"), Mailbox("dana@brightwell.example"), "bounces@brightwell.example")


def send(story: Story, name: str, moment: str | None = None, **changes: Any) -> str:
    """Drafts and issues a round of the story and puts its messages into the outbox; its PDFs are none."""
    notice = story.draft(name, **changes)
    story.ids[f"told {name}"] = notice["id"]
    when = datetime.fromisoformat(moment or ROUNDS[name][1])
    with Session(reader(story.engine), expire_on_commit=False) as session:
        row = session.get_one(Notice, UUID(notice["id"]))
        made = plans.made(session, row, at=when, issued=True, approved_by="Dana Reyes")
        ready = Ready(made, "Dana Reyes", when, issuing._head(session))
    with transaction(story.engine) as session:
        pdfs = {place: b"%PDF-1.7" for place in range(len(made.letters))}
        issuing.issue(session, ready, pdfs, send=True, now=story.clock.now)
    return str(notice["id"])


def post(story: Story, server: MailServer) -> dict[str, EmailMessage]:
    """Everything that waits goes out; what the server took since, by address."""
    before = len(server.taken)
    office = Post(story.engine, Ways(server.way(), STUDIO), story.clock, None)
    for key in office.due(story.engine, story.clock.now):
        office.turn(story.engine, key, story.clock.now)
    return {one.to[0]: message_from_bytes(one.raw, policy=default) for one in server.taken[before:]}  # type: ignore[misc]


def date(message: EmailMessage) -> tuple[str, str, int, str] | None:
    """Method, uid, sequence and status of the date a message carries, as a calendar reads it."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = Calendar.from_ical(part.get_content())
            [event] = calendar.walk("VEVENT")
            assert part.get_param("method") == calendar["METHOD"]
            assert str(event["ORGANIZER"]) == "mailto:dana@brightwell.example"
            return str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"]), str(event["STATUS"])
    return None


def change(story: Story, name: str, **values: Any) -> None:
    answer = story.client.patch(f"{API}/contacts/{story.ids[name]}", json=values)
    assert answer.status_code in (200, 201), answer.text
    story.ids[name] = answer.json()["id"]


def test_announced_called_off_and_moved_it_is_one_thread_and_one_date_for_each_person(story: Story) -> None:
    for name in ("Ngozi Okafor", "Thomas Brandt"):
        change(story, name, invitations=True, at=at(1, "08:00"))
    with mail_server() as server:
        send(story, "planned")
        planned = post(story, server)
        change(
            story, "Thomas Brandt", invitations=False, at=at(4, "08:00")
        )  # and still the date in their calendar is put right
        change(story, "Ngozi Okafor", email="ngozi@larkfield.example", at=at(4, "08:00"))
        send(story, "not done")
        off = post(story, server)
        send(story, "moved")
        moved = post(story, server)
    assert len(planned) == len(off) == len(moved) == len(PEOPLE)

    def names(round_: dict[str, EmailMessage]) -> list[str]:
        return sorted(str(message["To"]).partition(" <")[0] for message in round_.values())

    assert names(planned) == names(off) == names(moved)
    old, new = "office@larkfield.example", "ngozi@larkfield.example"
    assert set(off) == set(moved) == set(planned) - {old} | {new}
    for address, last in moved.items():
        first, second = planned[old if address == new else address], off[address]
        assert first["In-Reply-To"] is None
        assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
        assert last["In-Reply-To"] == second["Message-ID"]
        assert last["References"].split() == [first["Message-ID"], second["Message-ID"]]
        assert next(part.get_filename() for part in last.iter_attachments()).endswith(".pdf")
    asked, called, again = date(planned[old]), date(off[new]), date(moved[new])
    assert asked is not None
    uid = asked[1]
    assert asked == ("REQUEST", uid, 0, "CONFIRMED")
    assert called == ("CANCEL", uid, 1, "CANCELLED")
    assert again == ("REQUEST", uid, 2, "CONFIRMED")
    brandt = next(address for address in planned if address == "office@harbour-bakery.example")
    had = date(planned[brandt])
    assert had is not None
    assert had[1] != uid
    assert date(off[brandt]) == ("CANCEL", had[1], 1, "CANCELLED")
    assert date(moved[brandt]) is None  # they wish none any more, and have none
    assert [date(message) for address, message in planned.items() if address not in (old, brandt)] == [None] * 4


def test_who_gets_paper_is_for_a_person_to_do_and_whose_mail_came_back_is_telephoned(story: Story) -> None:
    change(story, "Lucie Moreau", prefers="paper", at=at(1, "08:00"))
    with mail_server() as server:
        notice = send(story, "planned")
        assert len(post(story, server)) == len(PEOPLE) - 1
        [paper] = story.get("/deliveries", notice_id=notice, for_a_person=True)["items"]
        assert (paper["channel"], paper["state"], paper["client_id"]) == ("paper", "to_do", story.ids["C-003"])
        done = {"how": "post", "by": "Dana Reyes", "text": "the evening collection"}
        whole = story.post(f"/deliveries/{paper['id']}/by-hand", done, 200)
        assert [(one["kind"], one["how"], one["by"]) for one in whole["events"]] == [("by_hand", "post", "Dana Reyes")]
        with transaction(story.engine) as session:
            row = session.exec(select(Delivery).where(Delivery.client_id == UUID(story.ids["C-004"]))).one()
            gone = Bounce(row.token, None, row.address, "failed", "5.1.1", "nobody of this name", "mx.example")
            report(session, gone, b"a report", story.clock.now)
        off = send(story, "not done")
        assert len(post(story, server)) == len(PEOPLE) - 2
    todo = story.get("/deliveries", notice_id=off, for_a_person=True)["items"]
    assert sorted((one["client_id"], one["channel"]) for one in todo) == sorted(
        [(story.ids["C-003"], "paper"), (story.ids["C-004"], "phone")]
    )
    counts = story.get("/deliveries/counts", notice_id=off)
    assert counts == {"states": {"accepted": 4, "to_do": 2}, "for_a_person": 2}
    [held] = story.get("/suppressions")["items"]
    assert held["address"] == "office@kestrel-joinery.example"
    lifted = story.post(f"/suppressions/{held['id']}/lift", {"by": "Dana Reyes", "why": "their server was moved"}, 200)
    assert lifted["lifted_by"] == "Dana Reyes"
    assert story.get("/suppressions")["items"] == []


def test_a_letter_or_a_person_that_is_erased_is_erased_in_the_outbox_too(story: Story) -> None:
    send(story, "planned")
    [one] = story.get("/deliveries", client_id=story.ids["C-001"])["items"]
    [two] = story.get("/deliveries", client_id=story.ids["C-002"])["items"]
    story.post(f"/letters/{one['letter_id']}/erase", None, 200)
    story.post(f"/contacts/{story.ids['Thomas Brandt']}/erase", None, 200)
    for row in (one, two):
        whole = story.get(f"/deliveries/{row['id']}")
        assert (whole["state"], whole["address"], whole["name"], whole["subject"]) == ("suppressed", None, None, None)
        again = {"what": "again", "by": "Dana Reyes", "why": "please"}
        answer = story.client.post(f"{API}/deliveries/{row['id']}/decide", json=again)
        assert answer.status_code == 409, answer.text
    with mail_server() as server:
        assert len(post(story, server)) == len(PEOPLE) - 2
    with transaction(story.engine) as session:
        assert erase(session, story.clock.now, letter_id=UUID(one["letter_id"])) == 0


@pytest.mark.parametrize("raw", [b"", b"\xff\x00 no mail", b"From: a@b.example\r\n\r\nHello"])
def test_what_is_no_report_is_refused(story: Story, raw: bytes) -> None:
    answer = story.client.post(f"{API}/deliveries/bounces", content=raw, headers={"content-type": "message/rfc822"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body"


REPORT = """From: MAILER-DAEMON@mx.example
To: bounces+{token}@brightwell.example
Subject: failure
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 nobody

--b--
"""


def test_a_report_that_is_posted(story: Story) -> None:
    with mail_server() as server:
        send(story, "planned")
        post(story, server)
        token = server.taken[0].envelope_from.partition("+")[2].partition("@")[0]
    text = REPORT.format(token=token, address=server.taken[0].to[0])
    for expected in ("bounced", "bounced"):
        answer = story.client.post(f"{API}/deliveries/bounces", content=text.encode())
        assert answer.status_code == 200, answer.text
        [row] = answer.json()
        assert row["state"] == expected
    assert len(story.get(f"/deliveries/{row['id']}")["events"]) == 1
    unknown = text.replace(token, "0" * 24)
    answer = story.client.post(f"{API}/deliveries/bounces", content=unknown.encode())
    assert answer.status_code == 404
