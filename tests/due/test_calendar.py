"""The calendar feed, read back with the library calendars are read with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from fastapi.testclient import TestClient
from icalendar import Calendar

from tests.build import API, NOBODY, Body, get, post, refused
from tests.statements.ministory import Story


def made(story: Story) -> Body:
    return post(story.client, "/calendar-feeds", {"name": "Dana's phone"})


def read(story: Story, feed: Body, status: int = 200) -> Any:
    """As a calendar program reads it: by its address alone."""
    path = feed["address"].removeprefix("http://testserver")
    answer = TestClient(story.client.app).get(path)
    assert answer.status_code == status, answer.text
    return answer


def events(story: Story, feed: Body) -> dict[str, Any]:
    answer = read(story, feed)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["cache-control"] == "private, no-store"
    return {str(event["summary"]).split(":")[0]: event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def promised(story: Story) -> None:
    reply = {
        "at": "2025-07-01T08:00:00+02:00",
        "by": "Sam",
        "human": True,
        "next_update_due": "2025-07-01T18:00:00+02:00",
    }
    story.post(f"/tickets/{story.ids['ticket']}/replies", reply)


def test_last_days_moments_and_alarms(story: Story) -> None:
    promised(story)
    feed = made(story)
    text = read(story, feed).content
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in text.replace(b"\r\n", b"")
    assert max(len(line) for line in text.split(b"\r\n")) <= 75
    calendar = Calendar.from_ical(text)
    assert (calendar["version"], calendar["method"]) == ("2.0", "PUBLISH")
    found = events(story, feed)
    assert set(found) == {"HOST-1, 2025-06", "HOST-1, ticket NG-88207"}
    claim, update = found["HOST-1, 2025-06"], found["HOST-1, ticket NG-88207"]
    # the whole of Wed 30 July, whatever zone the reader is in
    assert (claim.decoded("dtstart"), claim.decoded("dtend")) == (date(2025, 7, 30), date(2025, 7, 31))
    assert "120.00 EUR" in claim["summary"]
    assert "Credits are not paid automatically" in claim["description"]
    alarms = [alarm.decoded("trigger") for alarm in claim.walk("VALARM")]
    assert alarms == [datetime(2025, 7, day, 6, 0, tzinfo=UTC) for day in (15, 24, 30)]
    assert update.decoded("dtstart") == datetime(2025, 7, 1, 16, 0, tzinfo=UTC)
    for client in ("Larkfield", "Okafor", "larkfield.example"):
        assert client.encode() not in text


def test_a_date_that_moves_keeps_its_uid_and_counts_up(story: Story) -> None:
    feed = made(story)
    first = events(story, feed)["HOST-1, 2025-06"]
    story.clock.now = datetime(2025, 7, 2, 7, 0, tzinfo=UTC)
    again = events(story, feed)["HOST-1, 2025-06"]
    assert (again["uid"], again["sequence"], again["dtstamp"].dt) == (first["uid"], 0, first["dtstamp"].dt)
    (agreement,) = get(story.client, "/agreements", service_id=story.ids["service"])["items"]
    path = f"/agreements/{agreement['id']}/terms"
    (old,) = get(story.client, path)["items"]
    wrong = {"subject": f"terms:{old['id']}", "by": "Dana Reyes", "reason": "the contract says 20 days"}
    post(story.client, "/evidence/retractions", wrong)
    post(story.client, f"{path}/{old['id']}/end", {"effective_to": "2024-01-02"}, 200)
    right = old["terms"] | {"claim": {"kind": "days_after_period_end", "n": 20}}
    post(story.client, path, {"effective_from": "2024-01-02", "terms": right})
    moved = events(story, feed)["HOST-1, 2025-06"]
    assert (moved["uid"], moved["sequence"]) == (first["uid"], 1)
    assert moved.decoded("dtstart") == date(2025, 7, 20)
    assert events(story, feed)["HOST-1, 2025-06"]["sequence"] == 1


def test_an_address_is_shown_once_and_can_be_revoked(story: Story) -> None:
    feed, other = made(story), made(story)
    secret = feed["address"].rpartition("/")[2].removesuffix(".ics")
    assert len(secret) >= 40
    listed = story.client.get(f"{API}/calendar-feeds")
    assert [item["name"] for item in listed.json()] == ["Dana's phone", "Dana's phone"]
    assert secret not in listed.text
    assert secret not in story.client.get(f"{API}/evidence/entries", params={"limit": 500}).text
    revoked = post(story.client, f"/calendar-feeds/{feed['id']}/revoke", {}, 200)
    assert revoked["revoked_at"]
    refused(story.client, f"/calendar-feeds/{feed['id']}/revoke", {}, 409, "feed_id", example=False)
    refused(story.client, f"/calendar-feeds/{NOBODY}/revoke", {}, 404, "feed_id", example=False)
    gone = read(story, feed, 404).json()
    unknown = read(story, feed | {"address": f"{API}/calendar/{'x' * 43}.ics"}, 404).json()
    assert {key: gone[key] for key in ("title", "detail", "status")} == {
        key: unknown[key] for key in ("title", "detail", "status")
    }
    assert read(story, other).status_code == 200


def test_the_same_again_is_not_sent_again(story: Story) -> None:
    feed = made(story)
    path = feed["address"].removeprefix("http://testserver")
    stranger = TestClient(story.client.app)
    tag = stranger.get(path).headers["etag"]
    assert stranger.get(path, headers={"if-none-match": tag}).status_code == 304
