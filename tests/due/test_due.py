"""What is due on the small story: June's credit by 30 July, in the contract's days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.db import transaction
from app.due import actions
from app.due.tables import Reminder
from tests.build import Body, entries, get, post, refused
from tests.correspondence.letters import requests, sent
from tests.statements.ministory import Story, observe

WHO = "Dana Reyes"


def due(story: Story, kind: str | None = None, **query: Any) -> list[Body]:
    return list(get(story.client, "/due", **({"kind": kind} if kind else {}), **query))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_closed_month_is_to_be_claimed_by_its_last_day(story: Story) -> None:
    (item,) = due(story, "claim")
    assert (item["period"], item["amount"], item["currency"], item["final"]) == ("2025-06", "120.00", "EUR", True)
    assert (item["earliest"], item["last_day"], item["due_at"]) == ("2025-07-01", "2025-07-30", "2025-07-30T22:00:00Z")
    assert item["text"] == (
        "A claim for 120.00 EUR is to be filed by Wed 30 July 2025; too late from Thu 31 July 2025 00:00 CEST."
    )
    assert [(mark["level"], mark["at"]) for mark in item["reminders"]] == [
        ("half", "2025-07-15T06:00:00Z"), ("four_fifths", "2025-07-24T06:00:00Z"), ("last_day", "2025-07-30T06:00:00Z"),
    ]  # fmt: skip
    assert item["level"] == "coming"
    for moment, level in (("2025-07-15T08:00+02:00", "half"), ("2025-07-30T23:59+02:00", "last_day"),
                          ("2025-07-31T00:00+02:00", "missed")):  # fmt: skip
        story.clock.now = at(moment)
        assert [one["level"] for one in due(story, "claim")] == [level]
    story.clock.now = at("2025-08-14T00:00+02:00")  # a fortnight after
    assert due(story, "claim") == []


def test_a_draft_is_named_and_a_filed_claim_is_due_no_more(story: Story) -> None:
    key = due(story, "claim")[0]["key"]
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO}
    claim = post(story.client, "/claims", body)
    (item,) = due(story, "claim")
    assert (item["key"], item["claim"], item["claim_state"]) == (key, "0001", "draft")
    post(story.client, f"/claims/{claim['id']}/approve", {"by": WHO}, 200)
    filed = {"by": WHO, "channel": "portal", "reply_by": "2025-07-17"}
    post(story.client, f"/claims/{claim['id']}/file", filed, 200)
    assert due(story, "claim") == []
    (reply,) = due(story, "reply")
    assert (reply["claim"], reply["last_day"], reply["level"]) == ("0001", "2025-07-17", "coming")
    story.clock.now = at("2025-07-18T00:00+02:00")
    assert due(story, "reply")[0]["level"] == "missed"
    post(story.client, f"/claims/{claim['id']}/refuse", {"by": WHO, "figure": "none", "words": "No."}, 200)
    assert due(story, "reply") == []


def test_a_draft_whose_credit_is_gone_from_the_record_stays_due(story: Story) -> None:
    post(story.client, "/claims", {"service_id": story.ids["service"], "month": "2025-06", "by": WHO})
    offline = {"start_at": "2025-06-28T20:00:00Z", "end_at": "2025-06-29T20:00:00Z", "reason": "our line was cut"}
    post(story.client, "/own-outages", offline)  # now nothing of it is known
    (item,) = due(story, "claim")
    assert (item["claim"], item["amount"]) == ("0001", "120.00")


def terms(story: Story, **changes: Any) -> None:
    """The contract's terms, from May on, with other clauses."""
    (agreement,) = get(story.client, "/agreements", service_id=story.ids["service"])["items"]
    (old,) = get(story.client, f"/agreements/{agreement['id']}/terms")["items"]
    path = f"/agreements/{agreement['id']}/terms"
    post(story.client, f"{path}/{old['id']}/end", {"effective_to": "2025-05-01"}, 200)
    post(story.client, path, {"effective_from": "2025-05-01", "terms": old["terms"] | changes})


def test_an_incident_has_its_own_last_day_before_the_month_ends(cast_only: Story) -> None:
    """7 days from its end; two outages in June, each with its own deadline, the earlier one first."""
    story = cast_only
    terms(story, claim={"kind": "days_after_incident", "n": 7})
    story.post("/monitors", {"name": "M", "service_id": story.ids["service"], "interval_seconds": 300, "source": "own"})
    day = timedelta(hours=12)
    first, second = at("2025-06-03T10:00+02:00"), at("2025-06-09T22:00+02:00")
    observe(story, "M", at("2025-06-01T00:00+02:00"), at("2025-06-12T00:00+02:00"),
            [(first, first + day), (second, second + day)])  # fmt: skip
    story.clock.now = at("2025-06-11T09:00+02:00")
    early, late = due(story, "claim")
    # ended Tue 3 June 22:00: to Tue 10 June, missed since midnight; ended Tue 10 June 10:00: to Tue 17 June
    found = {item["last_day"]: item["level"] for item in (early, late)}
    assert found == {"2025-06-10": "missed", "2025-06-17": "coming"}
    assert {item["final"] for item in (early, late)} == {False}
    assert "so far" in early["title"]
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO, "as_at": "2025-06-05T09:00:00+02:00",
            "at": "2025-06-05T09:00:00+02:00"}  # fmt: skip
    claim = post(story.client, "/claims", body)
    assert claim["latest"] == "2025-06-10"
    for verb, more in (("approve", {}), ("file", {"channel": "portal"})):
        post(story.client, f"/claims/{claim['id']}/{verb}", {"by": WHO, "at": body["at"]} | more, 200)
    # 24 h of 720 pay 30 %, as 12 h of them did: nothing is left to ask for
    assert due(story, "claim") == []
    rest = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO, "remaining": True}
    refused(story.client, "/claims", rest, 409, "remaining")


def test_a_running_outage_asks_for_a_ticket_and_gives_its_text(cast_only: Story) -> None:
    story = cast_only
    words = "Downtime counts from the moment you open a ticket."
    terms(story, counting={"clock_start": "ticket_opened"},
          source_quotes={"counting.clock_start": {"text": words, "source": "section 2"}})  # fmt: skip
    story.post("/monitors", {"name": "HOST-1 Berlin", "service_id": story.ids["service"], "interval_seconds": 300,
                             "confirm_after": 2, "source": "own probe"})  # fmt: skip
    down = at("2025-06-28T22:00+02:00")
    observe(
        story,
        "HOST-1 Berlin",
        down - timedelta(hours=5),
        down + timedelta(hours=2),
        [(down, down + timedelta(days=1))],
    )
    story.clock.now = at("2025-06-28T23:56+02:00")
    (item,) = due(story, "open_ticket")
    assert item["level"] == "now"
    assert due(story)[0] == item  # before everything else
    assert item["text"] == (
        "HOST-1, account NG-20417: does not answer since Sat 28 June 2025 22:00 CEST.\n\n"
        "First failed measurement: Sat 28 June 2025 22:00 CEST (2025-06-28T20:00:00Z).\n"
        "Last good measurement: Sat 28 June 2025 21:55 CEST (2025-06-28T19:55:00Z).\n"
        "Measured as at Sat 28 June 2025 23:56 CEST: down for 1 h 56 min, and still down.\n"
        "Does not answer: HOST-1 Berlin (timeout).\n\n"
        f"The contract says: “{words}” This is our report under that clause.\n\n"
        "Please tell us:\n1. the cause;\n2. when you expect the service to be back;\n3. when you will write next.\n\n"
        "Please confirm the number of this ticket and the time you opened it."
    )
    ticket = {"service_id": story.ids["service"], "number": "NG-1", "subject": "Down", "urgency": "urgent"}
    opened = story.post("/tickets", ticket | {"opened_at": "2025-06-28T23:50:00+02:00"})
    assert due(story, "open_ticket") == []
    promise = {
        "at": "2025-06-28T23:55:00+02:00",
        "by": "Sam",
        "human": True,
        "next_update_due": "2025-06-29T04:00:00+02:00",
    }
    story.post(f"/tickets/{opened['id']}/replies", promise)
    (update,) = due(story, "next_update")
    assert (update["due_at"], update["level"]) == ("2025-06-29T02:00:00Z", "coming")
    story.clock.now = at("2025-06-29T04:01+02:00")
    assert due(story, "next_update")[0]["level"] == "missed"
    story.post(f"/tickets/{opened['id']}/replies", {"at": "2025-06-29T04:00:30+02:00", "by": "Sam", "human": True})
    assert due(story, "next_update") == []


def test_a_ticket_of_the_month_before_is_the_running_outages_ticket(cast_only: Story) -> None:
    """Down from Mon 30 June 23:30, reported at 23:50: on 1 July nobody is sent to open another ticket."""
    story = cast_only
    terms(story, counting={"clock_start": "ticket_opened"})
    story.post("/monitors", {"name": "M", "service_id": story.ids["service"], "interval_seconds": 300, "source": "own"})
    down = at("2025-06-30T23:30+02:00")
    observe(story, "M", down - timedelta(hours=2), down + timedelta(hours=3), [(down, down + timedelta(days=1))])
    story.clock.now = at("2025-07-01T02:20+02:00")
    assert [item["kind"] for item in due(story, "open_ticket")] == ["open_ticket"]
    ticket = {"service_id": story.ids["service"], "number": "NG-1", "subject": "Down", "urgency": "urgent"}
    story.post("/tickets", ticket | {"opened_at": "2025-06-30T23:50:00+02:00"})
    assert due(story, "open_ticket") == []


def test_no_ticket_is_asked_for_where_no_clock_waits(story: Story) -> None:
    story.clock.now = at("2025-06-29T12:00+02:00")
    assert due(story, "open_ticket") == []


def test_a_window_that_has_passed_without_a_word_is_asked_about(cast_only: Story) -> None:
    story = cast_only
    work = story.post("/works", {"title": "Clone", "kind": "clone", "services": [story.ids["service"]]})
    window = story.post("/windows", {
        "work_id": work["id"], "start_at": "2025-06-29T22:00:00+02:00", "end_at": "2025-06-30T00:00:00+02:00",
        "announced_at": "2025-06-20T10:00:00+02:00", "note": "told on the phone",
    })  # fmt: skip
    (item,) = due(story, "window")
    assert item["key"] == f"window:{window['id']}"
    said = {"kind": "ended", "at": "2025-06-30T00:00:00+02:00", "said_at": "2025-06-30T08:00:00+02:00", "text": "Done."}
    story.post(f"/windows/{window['id']}/said", said | {"source": "P"})
    assert due(story, "window") == []


def test_a_reminder_is_handed_over_once(story: Story) -> None:
    taken: list[str] = []

    def give(now: str) -> list[str]:
        taken.clear()
        with transaction(story.engine) as session:
            actions.hand_over(session, at(now), lambda _, row: taken.append(f"{row.key.split(':')[0]} {row.level}"))
        return [one for one in taken if one.startswith("claim")]

    assert give("2025-07-15T07:59+02:00") == []
    assert give("2025-07-15T08:00+02:00") == ["claim half"]
    assert give("2025-07-15T08:00+02:00") == []
    assert give("2025-07-24T09:00+02:00") == ["claim four_fifths"]
    assert give("2025-07-31T00:00+02:00") == []  # too late to remind of
    story.clock.now = at("2025-07-31T09:00+02:00")
    rows = [row for row in get(story.client, "/reminders")["items"] if row["key"].startswith("claim")]
    assert [row["level"] for row in rows] == ["half", "four_fifths"]
    seen = post(story.client, f"/reminders/{rows[0]['id']}/acknowledge", {"by": WHO}, 200)
    assert seen["acknowledged_by"] == WHO
    refused(story.client, f"/reminders/{rows[0]['id']}/acknowledge", {"by": WHO}, 409, "reminder_id", example=False)
    refused(story.client, f"/reminders/{rows[0]['id']}/acknowledge", {}, 422, "by")
    kinds = [entry["kind"] for entry in entries(story.client, f"reminder:{rows[0]['id']}")]
    assert kinds == ["reminder.handed_over", "reminder.acknowledged"]


def test_who_comes_late_is_reminded_of_the_newest_alone(story: Story) -> None:
    story.clock.now = at("2025-07-30T08:00+02:00")
    pending = [row for row in get(story.client, "/reminders/pending") if row["key"].startswith("claim")]
    assert [row["level"] for row in pending] == ["last_day"]
    assert get(story.client, "/reminders")["items"] == []  # looking hands nothing over


def test_what_delivery_could_not_take_is_given_again(story: Story) -> None:
    """The record of the reminder and what delivery writes stand or fall together."""
    now = at("2025-07-15T09:00+02:00")

    def broken(session: Session, row: Reminder) -> None:
        raise RuntimeError("no room in the outbox")

    with pytest.raises(RuntimeError), transaction(story.engine) as session:
        actions.hand_over(session, now, broken)
    with transaction(story.engine) as session:
        assert session.exec(select(Reminder)).all() == []
        again = actions.hand_over(session, now, lambda _session, _row: None)
    assert "half" in [row.level for row in again]


def test_what_a_letter_asked_for_is_due_until_it_is_answered(story: Story) -> None:
    """P1 of Tue 24 June asks four questions by Thu 26 June 12:00."""
    letter = sent(story, "P1")
    feed = post(story.client, "/calendar-feeds", {"name": "Dana"})["path"]
    story.clock.now = at("2025-06-26T11:59+02:00")
    (item,) = due(story, "request")
    assert (item["due_at"], item["level"]) == ("2025-06-26T10:00:00Z", "coming")
    assert item["title"].endswith("R1, R2, R3, R4 by Thu 26 June 2025 12:00")
    assert letter["ref"] in item["title"]
    assert item["title"] in TestClient(story.client.app).get(feed).text.replace("\r\n ", "").replace("\\,", ",")
    assert [row for row in get(story.client, "/reminders/pending") if row["key"] == item["key"]] == []
    story.clock.now = at("2025-06-26T12:00+02:00")
    assert due(story, "request")[0]["level"] == "missed"
    assert [row["title"] for row in get(story.client, "/reminders/pending") if row["key"] == item["key"]] == [
        item["title"]
    ]
    asked = requests(story, letter)
    for number, row in asked.items():
        (item,) = due(story, "request")
        assert row["text"] in item["text"]
        state = "in_part" if number == "R1" else "answered"
        answer = {"state": state, "at": "2025-06-26T12:00:00+02:00", "text": "They said so on the phone."}
        post(story.client, f"/provider-requests/{row['id']}/answers", answer)
    assert due(story, "request")[0]["title"].endswith("answer to R1 by Thu 26 June 2025 12:00")
    answer = {"state": "withdrawn", "at": "2025-06-26T12:00:00+02:00", "text": "No longer needed."}
    post(story.client, f"/provider-requests/{asked['R1']['id']}/answers", answer)
    assert due(story, "request") == []


def test_months_without_a_failure_are_not_judged(story: Story) -> None:
    """Only what was ever down is judged: the neighbour on HOST-2 costs one query."""
    from app.due.desk import Desk
    from app.sla.periods import calendar_month

    with transaction(story.engine) as session:
        desk = Desk(session, at("2025-07-01T09:00+02:00"))
        by_name = {about.service: id_ for id_, about in desk.about.items()}
        june = calendar_month("2025-06", "Europe/Berlin")
        assert desk.was_down(by_name["HOST-1"], june)
        assert not desk.was_down(by_name["HOST-2"], june)
        assert not desk.was_down(by_name["HOST-1"], calendar_month("2025-04", "Europe/Berlin"))


def test_a_right_to_leave_is_due_until_it_lapses(story: Story) -> None:
    """One outage of more than an hour: accrued on the night of 28 June, to be used within 30 days."""
    one = {"kind": "outage_count", "count": 1, "longer_than_minutes": "60", "window_days": 30, "notice_within_days": 30}
    terms(story, termination=one, claim={"kind": "automatic"})
    (item,) = due(story, "right")
    assert item["level"] == "coming"
    assert item["last_day"] == "2025-07-29"  # 29 June + 30 days
    story.clock.now = at("2025-07-29T12:00+02:00")
    assert due(story, "right")[0]["level"] == "last_day"
    assert due(story, "claim") == []  # credited without asking
    story.clock.now = at("2025-07-30T00:00+02:00")
    assert due(story, "right") == []


def test_a_clock_that_pays_has_the_periods_deadline(story: Story) -> None:
    """A late replacement is paid for though availability pays nothing."""
    promise = {"name": "hardware_replacement", "clock_start": "provider_confirmed", "clock_stop": "part_replaced",
               "target_minutes": 1440, "credit": {"kind": "flat", "percent": "5"}}  # fmt: skip
    terms(story, credit={"kind": "none"}, promises=[promise])
    found = {item["period"]: item for item in due(story, "claim")}
    assert found["2025-06"]["amount"] == "20.00"  # 5 % of 400.00
    assert found["2025-06"]["last_day"] == "2025-07-30"
