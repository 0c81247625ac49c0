"""The human account: incidents, notes, tickets, replies."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import Session

from app.incidents import queries
from tests.build import NOBODY, entries, get, incident, message, post, provider, refused, service, ticket, window

NOTE: dict[str, Any] = {
    "occurred_at": "2025-05-29T15:00:00+02:00",
    "text": "The provider confirms a failing drive array.",
    "source": "P",
    "event": "provider_confirmed",
    "said_by": "Jo Marsh",
}


def test_an_incident_belongs_to_a_service_and_perhaps_a_window(owner: TestClient, session: Session) -> None:
    promised = window(owner)
    hosted = get(owner, f"/works/{promised['work_id']}")["services"][0]
    made = incident(owner, service_id=hosted, window_id=promised["id"], started_at="2025-03-01T00:00:00+01:00")
    assert get(owner, f"/incidents/{made['id']}") == made
    assert get(owner, "/incidents", window_id=promised["id"])["items"] == [made]
    assert get(owner, "/incidents", service_id=NOBODY)["items"] == []
    body = {"service_id": hosted, "title": "Slow"}
    refused(owner, "/incidents", body | {"service_id": NOBODY}, 404, "service_id", example=False)
    refused(owner, "/incidents", body | {"window_id": NOBODY}, 404, "window_id", example=False)
    refused(owner, "/incidents", body | {"started_at": "2025-07-01T07:00:01Z"}, 422, "started_at")
    refused(owner, "/incidents", body | {"title": "a\nb"}, 422, "title")
    (entry,) = entries(owner, f"incident:{made['id']}")
    assert (entry["kind"], entry["occurred_at"]) == ("incident.opened", "2025-02-28T23:00:00.000000Z")
    assert [str(row.id) for row in queries.incidents_of(session, UUID(hosted))] == [made["id"]]


def test_a_late_note_shows_as_late(owner: TestClient) -> None:
    address = f"/incidents/{incident(owner)['id']}/notes"
    for occurred, late in [("2025-06-30T07:00:00Z", False), ("2025-06-30T06:59:59Z", True)]:
        note = post(owner, address, NOTE | {"occurred_at": occurred})
        assert (note["late"], note["recorded_at"]) == (late, "2025-07-01T07:00:00Z")


def test_a_note_tells_what_has_happened(owner: TestClient, session: Session) -> None:
    made = incident(owner)
    address = f"/incidents/{made['id']}/notes"
    for part, field in [
        ({"occurred_at": "2025-07-01T07:00:01Z"}, "occurred_at"),
        ({"text": ""}, "text"),
        ({"event": "Provider confirmed"}, "event"),
        ({"event": "x" * 61}, "event"),
        ({"source": "Q"}, "source"),
    ]:
        refused(owner, address, NOTE | part, 422, field)
    refused(owner, f"/incidents/{NOBODY}/notes", NOTE, 404, "incident_id", example=False)
    second = post(owner, address, NOTE | {"event": None, "said_by": None, "text": "Nobody calls back."})
    first = post(owner, address, NOTE | {"occurred_at": "2025-05-28T15:00:00+02:00"})
    assert get(owner, address)["items"] == [second, first]
    (entry,) = entries(owner, f"note:{first['id']}")
    assert (entry["kind"], entry["source"], entry["recorded_at"]) == (
        "incident.noted", "P", "2025-07-01T07:00:00.000000Z",
    )  # fmt: skip
    assert "Marsh" not in json.dumps(entry)
    hosted = UUID(made["service_id"])
    assert [str(note.id) for note in queries.notes_of(session, hosted)] == [first["id"], second["id"]]
    assert [note.event for note in queries.events_of(session, hosted)] == ["provider_confirmed"]


def test_a_note_may_rest_on_the_providers_message(owner: TestClient) -> None:
    address = f"/incidents/{incident(owner)['id']}/notes"
    northgate = get(owner, "/providers")["items"][0]["id"]
    mail = message(owner, provider_id=northgate)
    ticket_mail = message(owner, provider_id=northgate, channel="ticket", text="In the ticket.")
    rests = NOTE | {"source": None}
    assert post(owner, address, rests | {"message_id": mail["id"]})["source"] == "P"
    assert entries(owner)[-1]["attachments"] == [mail["digest"]]
    assert post(owner, address, rests | {"message_id": ticket_mail["id"]})["source"] == "T"
    assert post(owner, address, rests)["source"] == "N"
    refused(owner, address, NOTE | {"message_id": mail["id"], "source": "C"}, 422, "source")
    foreign = message(owner, provider_id=provider(owner, name="Eastfield")["id"])
    refused(owner, address, rests | {"message_id": foreign["id"]}, 422, "message_id", example=False)


def test_a_ticket_has_one_number_and_belongs_to_its_service(owner: TestClient) -> None:
    made = ticket(owner)
    body = {name: made[name] for name in ("service_id", "number", "subject", "urgency", "opened_at")}
    assert made["id"] in refused(owner, "/tickets", body, 409, "number")["detail"]
    refused(owner, "/tickets", body | {"number": "2", "opened_at": "2025-07-01T07:00:01Z"}, 422, "opened_at")
    refused(owner, "/tickets", body | {"number": "2", "urgency": "high"}, 422, "urgency")
    later = incident(owner, service_id=made["service_id"], started_at="2025-06-29T00:02:01+02:00")
    problem = refused(owner, "/tickets", body | {"number": "2", "incident_id": later["id"]}, 422, "opened_at")
    assert problem["errors"][0]["example"] == "2025-06-28T22:02:01+00:00"
    other = service(owner, provider_id=get(owner, f"/services/{made['service_id']}")["provider_id"], name="HOST-2")
    elsewhere = incident(owner, service_id=other["id"])
    problem = refused(owner, "/tickets", body | {"number": "2", "incident_id": elsewhere["id"]}, 422, "incident_id",
                      example=False)  # fmt: skip
    assert "HOST-2" in problem["detail"]
    refused(owner, "/tickets", body | {"number": "2", "incident_id": NOBODY}, 404, "incident_id", example=False)
    same = ticket(owner, service_id=other["id"], incident_id=elsewhere["id"])
    assert get(owner, "/tickets", number="NG-88207")["items"] == [made, same]
    assert get(owner, "/tickets", service_id=other["id"], incident_id=elsewhere["id"])["items"] == [same]
    assert get(owner, f"/tickets/{made['id']}") == made


def test_a_reply_comes_after_its_ticket(owner: TestClient, session: Session) -> None:
    made = ticket(owner)
    address = f"/tickets/{made['id']}/replies"
    reply = {"at": "2025-06-29T01:47:00+02:00", "by": "Northgate support, Sam", "human": True, "text": "We look."}
    for part, field in [
        ({"at": "2025-06-29T00:01:59+02:00"}, "at"),
        ({"at": "2025-07-01T07:00:01Z"}, "at"),
        ({"next_update_due": "2025-06-29T01:47:00+02:00"}, "next_update_due"),
        ({"human": None}, "human"),
        ({"by": ""}, "by"),
    ]:
        refused(owner, address, reply | part, 422, field)
    refused(owner, f"/tickets/{NOBODY}/replies", reply, 404, "ticket_id", example=False)
    second = post(owner, address, reply | {"next_update_due": "2025-07-02T04:00:00+02:00"})  # a promise may lie ahead
    first = post(owner, address, reply | {"at": "2025-06-29T00:02:00+02:00", "human": False, "by": "Autoresponder"})
    assert get(owner, address)["items"] == [second, first]
    (entry,) = entries(owner, f"reply:{second['id']}")
    assert (entry["kind"], entry["source"]) == ("ticket.replied", "T")
    assert "Sam" not in json.dumps(entry)
    (found,) = queries.tickets_of(session, UUID(made["service_id"]))
    assert [answer.human for answer in found.replies] == [False, True]
