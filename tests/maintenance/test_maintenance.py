"""Works, procedures and windows: a promise is never overwritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.errors import Conflict
from app.maintenance import actions, queries
from app.maintenance.tables import Window
from tests.build import NOBODY, WINDOW, at_once, entries, get, message, post, provider, refused, service, window, work
from tests.conftest import NOW

MOVED: dict[str, Any] = {
    "start_at": "2025-06-14T22:00:00+02:00",
    "end_at": "2025-06-15T00:00:00+02:00",
    "announced_at": "2025-06-09T11:20:00+02:00",
    "note": "told by Jo Marsh on the phone",
}
STEPS = ["Clone the old array while live", "Stop writes", "Final sync", "Switch", "Nothing else is changed"]


def test_a_work_touches_services_of_one_provider(owner: TestClient) -> None:
    first = service(owner)
    elsewhere = service(owner, provider_id=provider(owner, name="Eastfield")["id"])
    job = {"title": "Clone of the drive array", "kind": "drive_array_clone"}
    refused(owner, "/works", job | {"services": []}, 422, "services")
    refused(owner, "/works", job | {"services": [first["id"], NOBODY]}, 422, "services.1", example=False)
    refused(owner, "/works", job | {"services": [first["id"], elsewhere["id"]]}, 422, "services")
    made = work(owner, services=[first["id"], first["id"]])
    assert made["services"] == [first["id"]]
    assert get(owner, f"/works/{made['id']}") == made
    assert get(owner, "/works", service_id=first["id"])["items"] == [made]
    assert get(owner, "/works", service_id=elsewhere["id"])["items"] == []
    (entry,) = entries(owner, f"work:{made['id']}")
    assert (entry["kind"], entry["body"]["services"]) == ("work.agreed", [first["id"]])


def test_a_later_procedure_is_a_new_one(owner: TestClient, session: Session) -> None:
    made = work(owner)
    address = f"/works/{made['id']}/procedures"
    agreed = {"agreed_at": "2025-06-23T15:00:00+02:00", "steps": STEPS, "note": "call, confirmed by e-mail"}
    first = post(owner, address, agreed)
    assert first["steps"][4] == {"number": 5, "text": "Nothing else is changed"}
    assert first["source"] == "N"
    post(owner, address, agreed | {"agreed_at": "2025-06-24T15:00:00+02:00", "steps": STEPS[:2]})
    for part, field in [
        ({"agreed_at": "2025-07-01T07:00:01Z"}, "agreed_at"),
        ({"steps": []}, "steps"),
        ({"steps": ["Clone", " "]}, "steps.1"),
        ({"note": ""}, "note"),
    ]:
        refused(owner, address, agreed | part, 422, field)
    assert [len(item["steps"]) for item in get(owner, address)["items"]] == [5, 2]
    (entry,) = entries(owner, f"procedure:{first['id']}")
    assert entry["body"]["steps"] == STEPS
    work_id, day = UUID(made["id"]), datetime(2025, 6, 24, tzinfo=UTC)
    assert [row.steps for row in queries.procedures_of(session, [work_id])] == [STEPS, STEPS[:2]]
    in_force = queries.procedure_at(session, work_id, day)
    assert in_force is not None
    assert in_force.steps == STEPS
    assert queries.procedure_at(session, work_id, day - timedelta(days=2)) is None


def test_a_window_is_announced_by_a_message(owner: TestClient) -> None:
    job = work(owner)
    northgate = get(owner, "/providers")["items"][0]["id"]
    mail = message(owner, provider_id=northgate)
    body = {"work_id": job["id"], "start_at": WINDOW["start_at"], "end_at": WINDOW["end_at"], "message_id": mail["id"]}
    made = post(owner, "/windows", body)
    assert made["announced_at"] == mail["received_at"] == "2025-06-03T08:05:00Z"
    assert (made["source"], made["confirmed_at"], made["role"], made["impact"]) == (
        "P", mail["received_at"], "primary", "OUTAGE",
    )  # fmt: skip
    (entry,) = entries(owner, f"window:{made['id']}")
    assert (entry["kind"], entry["source"], entry["attachments"]) == ("window.announced", "P", [mail["digest"]])
    foreign = message(owner, provider_id=provider(owner, name="Eastfield")["id"])
    refused(owner, "/windows", body | {"message_id": foreign["id"]}, 422, "message_id", example=False)
    refused(owner, "/windows", body | {"message_id": NOBODY}, 404, "message_id", example=False)
    refused(owner, "/windows", body | {"source": "M"}, 422, "source")
    problem = refused(owner, "/windows", body | {"announced_at": "2025-06-03T10:06:00+02:00"}, 422, "announced_at")
    assert problem["errors"][0]["example"] == "2025-06-03T08:05:00+00:00"


def test_a_window_that_cannot_be_is_refused(owner: TestClient) -> None:
    body = WINDOW | {"work_id": work(owner)["id"]}
    for part, field in [
        ({"end_at": WINDOW["start_at"]}, "end_at"),
        ({"end_at": "2025-06-07T21:59:59+02:00"}, "end_at"),
        ({"announced_at": None}, "announced_at"),
        ({"announced_at": "2025-07-01T07:00:01Z"}, "announced_at"),
        ({"note": ""}, "note"),
        ({"role": "spare"}, "role"),
        ({"impact": "NONE"}, "impact"),
        ({"status": "COMPLETED"}, "status"),
        ({"start_at": "2025-06-07T22:00:00"}, "start_at"),
        ({"announced": False, "start_at": "2025-06-30T22:00:00Z", "end_at": "2025-07-01T08:00:00Z"}, "end_at"),
        ({"announced": False, "start_at": "2025-07-01T07:30:00Z", "end_at": "2025-07-01T08:00:00Z"}, "start_at"),
    ]:
        refused(owner, "/windows", body | part, 422, field)
    refused(owner, "/windows", body | {"work_id": NOBODY}, 404, "work_id", example=False)
    post(owner, "/windows", body | {"start_at": "2025-08-01T20:00:00Z", "end_at": "2025-08-01T22:00:00Z"})
    assert len(get(owner, "/windows")["items"]) == 1


def test_the_database_itself_refuses_a_backward_window(owner: TestClient, session: Session) -> None:
    made = window(owner)
    row = session.get_one(Window, UUID(made["id"]))
    session.expunge(row)
    values = row.model_dump(exclude={"id"}) | {"end_at": row.start_at}
    session.add(Window(**values))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_a_rescheduled_window_stays_beside_the_one_that_replaces_it(owner: TestClient, session: Session) -> None:
    first = window(owner, impact="DEGRADED")
    address = f"/windows/{first['id']}"
    refused(owner, f"{address}/reschedule", MOVED | {"announced_at": "2025-06-03T10:04:59+02:00"}, 422, "announced_at")
    refused(owner, f"{address}/reschedule", MOVED | {"end_at": MOVED["start_at"]}, 422, "end_at")
    second = post(owner, f"{address}/reschedule", MOVED)
    assert (second["replaces"], second["impact"], second["work_id"]) == (first["id"], "DEGRADED", first["work_id"])
    now = get(owner, address)
    assert now == first | {"replaced_by": second["id"]}
    for verb, body in [("reschedule", MOVED), ("withdraw", {"text": "off"}), ("confirm", {"text": "on"})]:
        problem = refused(owner, f"{address}/{verb}", body, 409, "window_id")
        assert problem["replaced_by"] == problem["errors"][0]["example"] == second["id"]
    (entry,) = entries(owner, f"window:{second['id']}")
    assert (entry["kind"], entry["body"]["replaces"]) == ("window.rescheduled", first["id"])
    work_id = UUID(first["work_id"])
    assert [str(row.id) for row in queries.windows_of(session, [work_id])] == [first["id"], second["id"]]
    assert [row.id for row in queries.works_on(session, UUID(get_service(session, work_id)))] == [work_id]
    session.add(Window(**queries.window(session, UUID(second["id"])).model_dump(exclude={"id"})))
    with pytest.raises(sa.exc.IntegrityError):  # the constraint behind the look
        session.flush()


def get_service(session: Session, work_id: UUID) -> str:
    return str(queries.services_of(session, [work_id])[work_id][0])


def test_two_people_cannot_both_reschedule_one_window(owner: TestClient, engine: sa.Engine) -> None:
    first = UUID(window(owner)["id"])
    made: list[Window] = []

    def move(session: Session) -> None:
        start = datetime(2025, 6, 14, 20, tzinfo=UTC)
        told = datetime(2025, 6, 9, 9, 20, tzinfo=UTC)
        end = start + timedelta(hours=2)
        made.append(
            actions.reschedule(session, first, start_at=start, end_at=end, announced_at=told, note="by phone", now=NOW)
        )

    error = at_once(engine, move, move)
    assert isinstance(error, Conflict)
    assert error.example == str(made[0].id)
    assert len(get(owner, "/windows")["items"]) == 2


def test_a_tentative_window_is_confirmed_once(owner: TestClient) -> None:
    made = window(owner, status="TENTATIVE")
    assert made["confirmed_at"] is None
    address = f"/windows/{made['id']}/confirm"
    told = {"at": "2025-06-05T09:00:00Z", "text": "We confirm."}
    refused(owner, address, told | {"text": ""}, 422, "text")
    refused(owner, address, {"text": "We confirm."}, 422, "at")
    refused(owner, address, told | {"at": "2025-06-03T08:04:59Z"}, 422, "at")
    refused(owner, address, told | {"at": "2025-07-03T08:04:59Z"}, 422, "at")
    confirmed = post(owner, address, told)
    assert confirmed == made | {"confirmed_at": "2025-06-05T09:00:00Z"}
    assert "2025-06-05" in refused(owner, address, told, 409, "window_id", example=False)["detail"]
    assert [entry["kind"] for entry in entries(owner)][-1] == "window.confirmed"
    certain = window(owner, work_id=made["work_id"])
    refused(owner, f"/windows/{certain['id']}/confirm", told, 409, "window_id", example=False)


def test_a_withdrawn_window_stays_on_record(owner: TestClient) -> None:
    made = window(owner)
    northgate = get(owner, "/providers")["items"][0]["id"]
    mail = message(owner, provider_id=northgate, received_at="2025-06-06T09:00:00Z", type="withdraw", text="Not now.")
    address = f"/windows/{made['id']}/withdraw"
    refused(owner, address, {"text": " ", "at": "2025-06-06T09:00:00Z"}, 422, "text")
    refused(owner, address, {"text": "off"}, 422, "at")
    refused(owner, address, {"text": "off", "at": "2025-06-01T09:00:00Z"}, 422, "at")
    gone = post(owner, address, {"text": "Not now.", "message_id": mail["id"]})["withdrawal"]
    assert (gone["at"], gone["source"], gone["message_id"]) == ("2025-06-06T09:00:00Z", "P", mail["id"])
    refused(owner, address, {"text": "Not now.", "message_id": mail["id"]}, 409, "window_id", example=False)
    last = entries(owner)[-1]
    assert (last["kind"], last["attachments"]) == ("window.withdrawn", [mail["digest"]])
    assert get(owner, f"/windows/{made['id']}")["withdrawal"] == gone
    post(owner, f"/windows/{made['id']}/reschedule", MOVED)  # postponed first, a new date later


def test_what_was_never_promised_cannot_be_moved_or_taken_back(owner: TestClient) -> None:
    made = window(owner, announced=False, announced_at="2025-06-08T09:00:00Z")
    assert made["confirmed_at"] is None
    assert entries(owner)[-1]["kind"] == "window.found_unannounced"
    for verb, body in [("reschedule", MOVED), ("withdraw", {"text": "off"}), ("confirm", {"text": "on"})]:
        refused(owner, f"/windows/{made['id']}/{verb}", body, 409, "window_id", example=False)


def test_windows_are_found_by_work_service_and_time(owner: TestClient) -> None:
    first = window(owner)
    job = get(owner, f"/works/{first['work_id']}")
    other = window(owner, work_id=job["id"], start_at="2025-06-14T20:00:00Z", end_at="2025-06-14T22:00:00Z")
    for query, ids in [
        ({"service_id": job["services"][0]}, [first["id"], other["id"]]),
        ({"work_id": NOBODY}, []),
        ({"from_at": "2025-06-07T22:00:00Z"}, [other["id"]]),  # half-open: it ends at that instant
        ({"to_at": "2025-06-14T20:00:00Z"}, [first["id"]]),
        ({"from_at": "2025-06-07T21:59:59Z", "to_at": "2025-06-14T20:00:01Z"}, [first["id"], other["id"]]),
    ]:
        assert [item["id"] for item in get(owner, "/windows", **query)["items"]] == ids
