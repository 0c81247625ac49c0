"""P1, P2, P3 and P5 from the record: what they say, what they refuse, and their life from draft to answer."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.correspondence.queries import open_requests, told
from tests.build import API, HOSTILE, entries, refused
from tests.correspondence.letters import LETTERS, TO, document, draft, issued, requests, sent, text
from tests.statements.ministory import Story, at


def test_p1_prints_the_sum_and_the_windows_without_work(story: Story) -> None:
    """2 TB in 2 h = 277.8 MB/s; 2 TB at 150 MB/s = 13,333.3 s = 3.7 h."""
    said = text(story, draft(story, "P1"))
    assert "Before we inform the owners of 9 sites, please answer four questions" in said
    assert "2 TB in 2 h needs 278 MB/s sustained" in said
    assert "2 TB takes 3.7 h (3 h 42 min 14 s); 2 h hold 1.08 TB, 54 % of it" in said
    assert "Sat 7 June 22:00–24:00: did not take place; you told us, 8 June 09:40" in said
    assert "Sat 14 June 22:00–24:00: did not take place; you told us, 16 June 09:30" in said
    assert "We will not announce a third without these answers." in said
    assert "your e-mail, 24 June 16:30" in said


def test_p1_before_anything_is_known_of_the_volume(story: Story) -> None:
    """1 TB in 2 h = 138.9 MB/s. On 4 June no window had passed yet."""
    said = text(story, draft(story, "P1", as_at=at(4, "10:00"), answer_by=at(5, "12:00"), volume=None,
                             volume_source=None, rate=None))  # fmt: skip
    assert "each terabyte in 2 h needs 139 MB/s sustained" in said
    assert "Earlier window" not in said
    assert "We announce the window once we have these answers." in said
    assert "28 June" not in said  # what became known later does not exist for this letter


def test_p1_may_say_when_it_is_announced_all_the_same(story: Story) -> None:
    assert "We announce this one to the owners on Tue 24 June 18:00" in text(
        story, draft(story, "P1", announce_at=at(24, "18:00"))
    )


def test_p2_at_the_end_of_the_window(story: Story) -> None:
    said = text(story, draft(story, "P2"))
    assert "at 00:00 CEST HOST-1 still does not answer from our measuring point" in said
    assert "We regard the announced window as ended at 24:00 on Sat 28 June" in said
    assert "First failure: Sat 28 Jun 22:00:00, 2 h 00 min ago" in said
    assert "203.0.113.20: ports 22, 25, 80 and 443" in said
    assert "Please answer by Sun 29 June 01:00" in said


def test_p3_sets_what_was_agreed_beside_what_was_done(story: Story) -> None:
    said = text(story, draft(story, "P3"))
    assert "The procedure agreed on Mon 23 June is not the one used: 4 points went otherwise." in said
    assert "Updates were installed with it." in said
    assert "kept unchanged until 31 July?" in said
    assert "what was written from Sat 28 June 22:00 to Sun 29 June 22:00" in said
    assert "Confirmed current: 2 of 9 sites" in said


@pytest.mark.parametrize(
    ("name", "changes", "status", "field"),
    [
        ("P1", {"as_at": at(29, "12:00"), "answer_by": at(30, "12:00")}, 409, "words.window_id"),
        ("P1", {"answer_by": at(24, "16:00")}, 422, "words.answer_by"),
        ("P1", {"volume": "2 TiB"}, 422, "words.P1.volume"),
        ("P1", {"rate": "150"}, 422, "words.P1.rate"),
        ("P1", {"volume": None}, 422, "words.P1"),
        ("P1", {"window_id": "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"}, 404, "words.window_id"),
        ("P2", {"as_at": at(28, "21:00")}, 409, "as_at"),
        ("P2", {"as_at": at(28, "23:00")}, 409, "as_at"),
        ("P2", {"as_at": at(29, "23:00")}, 409, "as_at"),
        ("P3", {"as_at": at(24, "18:00"), "answer_by": at(25, "18:00")}, 409, "words.window_id"),
        ("P3", {"keep_until": "soon"}, 422, "words.P3.keep_until"),
        ("P1", {"as_at": at(24, "17:00", 8), "answer_by": at(26, "17:00", 8)}, 422, "as_at"),
        ("P1", {"remark": "a bell \x07"}, 422, "words.P1.remark"),
    ],
)  # fmt: skip
def test_what_the_record_does_not_bear_out_is_refused(
    story: Story, name: str, changes: dict[str, Any], status: int, field: str
) -> None:
    moment, words = LETTERS[name]
    as_at = changes.pop("as_at", moment)
    body = {"service_id": story.ids["service"], "as_at": as_at, "to": TO, "words": words | changes}
    refused(story.client, "/provider-letters", body, status, field, example=False)


def test_a_missing_field_of_our_own_stops_the_letter(story: Story) -> None:
    """A letter needs the agency's phone: it never prints None."""
    agency = story.get("/agency")
    put = {key: value for key, value in agency.items() if key != "created_at"} | {"phone": None}
    assert story.client.put(f"{API}/agency", json=put).status_code == 200
    moment, words = LETTERS["P1"]
    body = {"service_id": story.ids["service"], "as_at": moment, "to": TO, "words": words}
    refused(story.client, "/provider-letters", body, 409, "agency.phone")


def test_an_outage_nobody_announced(story: Story) -> None:
    """The same outage, had the third window been taken back two days before: no window to speak of."""
    withdrawn = {"at": at(26, "10:00"), "text": "It is postponed."}
    story.post(f"/windows/{story.ids['w3']}/withdraw", withdrawn | {"source": "P"})
    said = text(story, draft(story, "P2", as_at=at(28, "22:30")))
    assert "No maintenance was announced for this time." in said
    assert "We regard this as an unplanned outage from Sat 28 June 22:00." in said


def test_from_draft_to_answer(story: Story) -> None:
    row = draft(story, "P1")
    assert row["state"] == "draft"
    assert row["ref"] == "HOST-1/P1-01"
    assert text(story, row).startswith("DRAFT, not approved, not sent\n")
    refused(story.client, f"/provider-letters/{row['id']}/issue", {}, 409, "approved_by")
    approved = story.post(f"/provider-letters/{row['id']}/approve", {"approved_by": "Dana Reyes"}, 200)
    assert (approved["state"], approved["approved_by"]) == ("approved", "Dana Reyes")
    twice = {"approved_by": "Jo Marsh"}
    refused(story.client, f"/provider-letters/{row['id']}/approve", twice, 409, "provider_letter_id", example=False)
    done = story.post(f"/provider-letters/{row['id']}/issue", {"issued_at": at(24, "17:01")}, 200)
    assert done["state"] == "issued"
    assert requests(story, row)["R1"]["asked_at"] is None
    with Session(story.engine) as session:
        assert open_requests(session, story.clock.now) == []  # nobody was asked anything yet
    body = {"sent_at": at(24, "17:05"), "channel": "email", "address": "support@northgate.example",
            "sent_by": "Dana Reyes", "receipt": "<p1@brightwell.example>"}  # fmt: skip
    story.post(f"/provider-letters/{row['id']}/sendings", body)
    assert story.get(f"/provider-letters/{row['id']}")["state"] == "sent"
    asked = requests(story, row)
    assert list(asked) == ["R1", "R2", "R3", "R4"]
    assert {item["state"] for item in asked.values()} == {"overdue"}  # it is 1 July; wanted by 26 June 12:00
    message = story.message(at(25, "09:00"), "2.1 TB, 140 MB/s.", "other")
    story.post(f"/provider-requests/{asked['R1']['id']}/answers", {"message_id": message})
    part = {"state": "in_part", "at": at(25, "10:00"), "text": "On the phone: checksums; no times yet."}
    story.post(f"/provider-requests/{asked['R2']['id']}/answers", part)
    asked = requests(story, row)
    assert asked["R1"]["state"] == "answered"
    assert asked["R1"]["age_seconds"] == 15 * 3600 + 55 * 60  # 24 June 17:05 to 25 June 09:00
    assert (asked["R2"]["state"], asked["R2"]["answered_in_part"]) == ("overdue", True)
    for number in ("R2", "R3", "R4"):
        taken_back = {"state": "withdrawn", "text": "The window has passed."}
        story.post(f"/provider-requests/{asked[number]['id']}/answers", taken_back)
    assert story.get(f"/provider-letters/{row['id']}")["state"] == "answered"
    kinds = [item["kind"] for item in entries(story.client, f"provider_letter:{row['id']}")]
    assert kinds == ["provider_letter.drafted", "provider_letter.approved", "provider_letter.issued"]


def test_what_was_issued_is_frozen_with_its_digests(story: Story) -> None:
    row = issued(story, draft(story, "P3"), at(30, "06:10"))
    first = story.client.get(f"{API}/provider-letters/{row['id']}/letter.pdf").content
    said = text(story, row)
    story.client.put(f"{API}/agency", json=_renamed(story))
    late = {"step": 2, "verdict": "changed", "at": at(29, "05:00"), "text": "Writes went on.", "source": "P"}
    story.post(f"/windows/{story.ids['w3']}/findings", late)
    assert story.client.get(f"{API}/provider-letters/{row['id']}/letter.pdf").content == first
    assert text(story, row) == said
    entry = entries(story.client, f"provider_letter:{row['id']}")[-1]
    body = entry["body"]
    assert body["pdf"] == hashlib.sha256(first).hexdigest() == row["pdf_digest"]
    assert body["approved_by"] == "Dana Reyes"
    assert [item["number"] for item in body["requests"]] == ["R1", "R2", "R3", "R4", "R5"]
    refused(story.client, f"/provider-letters/{row['id']}/issue", {}, 409, "provider_letter_id", example=False)


def _renamed(story: Story) -> dict[str, Any]:
    agency = story.get("/agency")
    return {key: value for key, value in agency.items() if key != "created_at"} | {"name": "Another Studio"}


def test_a_record_that_changes_after_approval_stops_the_letter(story: Story) -> None:
    """Approved on four departures; a fifth is found before it is issued: what was approved is no longer so."""
    row = draft(story, "P3")
    story.post(f"/provider-letters/{row['id']}/approve", {"approved_by": "Dana Reyes"}, 200)
    late = {"step": 2, "verdict": "changed", "at": at(29, "05:00"), "text": "Writes went on.", "source": "P"}
    story.post(f"/windows/{story.ids['w3']}/findings", late)
    problem = refused(story.client, f"/provider-letters/{row['id']}/issue", {}, 409, "body.departures", example=False)
    assert "draft the letter anew" in problem["detail"]


def test_the_tickets_number_is_recorded_at_once(story: Story) -> None:
    row = issued(story, draft(story, "P2"), at(29, "00:01"))
    opened = {"number": "NG-88299", "opened_at": at(29, "00:03"), "sent_by": "Dana Reyes",
              "incident_id": story.ids["incident"]}  # fmt: skip
    made = story.post(f"/provider-letters/{row['id']}/ticket", opened)
    ticket = story.get(f"/tickets/{made['ticket_id']}")
    assert ticket["number"] == "NG-88299"
    assert ticket["urgency"] == "urgent"
    assert ticket["subject"] == "HOST-1: still down after the window of Sat 28 June 22:00–24:00"
    assert made["sending"]["channel"] == "ticket"
    assert story.get(f"/provider-letters/{row['id']}")["sent_at"].startswith("2025-06-28T22:03")
    again = opened | {"opened_at": at(29, "00:04")}
    refused(story.client, f"/provider-letters/{row['id']}/ticket", again, 409, "number")
    reply = {"at": at(29, "01:47"), "by": "Northgate support", "human": True, "text": "Transfer still runs."}
    answered = story.post(f"/tickets/{made['ticket_id']}/replies", reply)
    asked = requests(story, row)
    story.post(f"/provider-requests/{asked['R1']['id']}/answers", {"reply_id": answered["id"]})
    assert requests(story, row)["R1"]["age_seconds"] == 104 * 60  # 00:03 to 01:47


def test_p5_lists_only_what_is_unanswered(story: Story) -> None:
    row = sent(story, "P3")
    asked = requests(story, row)
    story.post(f"/provider-requests/{asked['R1']['id']}/answers", {"at": at(30, "20:00"), "text": "By phone: yes."})
    words = {"kind": "P5", "letter_id": row["id"], "answer_by": at(3, "12:00", 7)}
    body = {"service_id": story.ids["service"], "words": words}
    story.clock.now += timedelta(hours=3)  # Tue 1 July 12:00; wanted by 08:00, asked 30 June 06:00
    reminder = story.post("/provider-letters", body)
    said = text(story, reminder)
    assert "We sent you HOST-1/P3-01 (preservation and information) 1 day ago." in said
    assert "Four of its five requests are not answered." in said
    assert "Age: 1 day (30 h 00 min)" in said
    assert "R1 " not in said
    assert "R5  Whether personal data may be affected" in said
    assert "Dear Jonas Pohl" in said  # addressed as the last letter was
    issued(story, reminder)
    with Session(story.engine) as session:
        waiting = open_requests(session, story.clock.now)
        assert [item.number for item in waiting] == ["R2", "R3", "R4", "R5"]
        assert {(item.overdue, item.reminders, item.letter) for item in waiting} == {(True, 1, "HOST-1/P3-01")}
        assert waiting[0].age == timedelta(hours=30)
    second = story.post("/provider-letters", body)
    assert "second reminder" in text(story, second)


def test_p5_needs_something_sent_and_overdue(story: Story) -> None:
    row = issued(story, draft(story, "P3"), at(30, "06:00"))
    words = {"kind": "P5", "letter_id": row["id"], "answer_by": at(9, "12:00", 7)}
    body = {"service_id": story.ids["service"], "words": words}
    refused(story.client, "/provider-letters", body, 409, "words.letter_id")
    sending = {"sent_at": at(30, "06:20"), "channel": "email", "address": "a@b.example", "sent_by": "Dana Reyes"}
    story.post(f"/provider-letters/{row['id']}/sendings", sending)
    early = body | {"as_at": at(30, "07:00")}
    refused(story.client, "/provider-letters", early, 409, "words.letter_id", example=False)
    both = {"service_id": story.ids["service"], "words": words | {"claim": "0001"}}
    refused(story.client, "/provider-letters", both, 422, "words.P5", example=False)


def test_answers_are_checked(story: Story) -> None:
    row = issued(story, draft(story, "P1"), at(24, "17:01"))
    first = next(iter(requests(story, row).values()))
    path = f"/provider-requests/{first['id']}/answers"
    refused(story.client, path, {"text": "yes"}, 409, "provider_request_id")
    body = {"sent_at": at(24, "17:05"), "channel": "email", "address": "a@b.example", "sent_by": "Dana Reyes"}
    refused(
        story.client, f"/provider-letters/{row['id']}/sendings", body | {"sent_at": at(24, "12:00")}, 422, "sent_at"
    )
    refused(
        story.client, f"/provider-letters/{row['id']}/sendings", body | {"sent_at": at(2, "12:00", 7)}, 422, "sent_at"
    )
    story.post(f"/provider-letters/{row['id']}/sendings", body)
    refused(story.client, path, {}, 422, "text")
    refused(story.client, path, {"text": "yes", "at": at(24, "17:00")}, 422, "at")
    refused(story.client, path, {"text": "yes", "at": at(24, "17:00", 8)}, 422, "at")
    story.post(path, {"text": "yes", "at": at(24, "18:00")})
    refused(story.client, path, {"text": "no", "at": at(24, "19:00")}, 409, "provider_request_id", example=False)


def test_hostile_words_are_only_words(story: Story) -> None:
    printable = HOSTILE.replace("🚀 ", "")
    row = draft(story, "P1", remark=printable, volume_source="Subject: <b>{{7*7}}</b>")
    said = text(story, row)
    assert printable in said
    assert [line for line in said.splitlines() if line.startswith("Subject:")] == [said.splitlines()[1]]
    page = story.client.get(f"{API}/provider-letters/{row['id']}/letter.html")
    assert "<script>" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    bad = draft(story, "P1", remark="a rocket 🚀")
    answer = story.client.get(f"{API}/provider-letters/{bad['id']}/letter.pdf")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["field"] == "remark"


def test_the_months_report_shows_what_was_asked_before(story: Story) -> None:
    sent(story, "P1")
    sent(story, "P3")
    with Session(story.engine) as session:
        lines = told(session, _uuid(story.ids["service"]), story.clock.now).asked_before
    assert [line.number for line in lines] == ["P1-01", "P3-02"]
    assert lines[0].text == "Method-statement request: 4 points, 4 open."
    row = story.statement(at(1, "08:30", 7))
    report = story.get(f"/statements/{row['id']}/report.json", kind="monthly")
    assert [(item["number"], item["state"]) for item in report["prior_requests"]] == [
        ("P1-01", "open"), ("P3-02", "open"),
    ]  # fmt: skip


def _uuid(text_: str) -> Any:
    from uuid import UUID

    return UUID(text_)


def test_an_erased_letter_leaves_its_digests(story: Story) -> None:
    row = issued(story, draft(story, "P1"), at(24, "17:01"))
    story.post(f"/provider-letters/{row['id']}/erase", {}, 200)
    assert story.client.get(f"{API}/provider-letters/{row['id']}/text").status_code == 409
    assert story.get(f"/provider-letters/{row['id']}")["pdf_digest"] == row["pdf_digest"]
    with story.engine.connect() as connection:
        kept = connection.execute(sa.text("select document, pdf, attention from provider_letter")).one()
    assert kept == (None, None, None)
    assert story.get("/evidence/verify")["whole"] is True


def test_the_same_request_twice_makes_one_letter(story: Story) -> None:
    moment, words = LETTERS["P1"]
    body = {"service_id": story.ids["service"], "as_at": moment, "to": TO, "words": words}
    one, two = (
        story.client.post(f"{API}/provider-letters", json=body, headers={"idempotency-key": "p1"}) for _ in range(2)
    )
    assert one.json() == two.json()
    assert len(story.get("/provider-letters")["items"]) == 1
    assert document(story, one.json())["header"]["number"] == "2025-06_HOST-1_P1-01"


def test_lists_come_in_pages_and_by_kind(story: Story) -> None:
    for name in ("P1", "P2", "P3"):
        draft(story, name)
    first = story.get("/provider-letters", limit=2)
    rest = story.get("/provider-letters", limit=2, after=first["next"])
    assert [row["kind"] for row in first["items"] + rest["items"]] == ["P1", "P2", "P3"]
    assert rest["next"] is None
    assert [row["number"] for row in story.get("/provider-letters", kind="P2")["items"]] == [2]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"], indirect=True)
def test_on_both_databases(both: Story) -> None:
    row = sent(both, "P3")
    assert [item["number"] for item in both.get("/provider-requests", state="overdue")["items"]] == [
        f"R{n}" for n in range(1, 6)
    ]
    assert both.get("/provider-requests", state="answered", letter_id=row["id"])["items"] == []
    assert both.get("/evidence/verify")["whole"] is True
