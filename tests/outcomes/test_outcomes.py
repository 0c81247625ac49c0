"""What was said of a window, found in it, and decided about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import Session

from app.outcomes import queries
from tests.build import NOBODY, entries, get, message, post, refused, window

SAID: dict[str, Any] = {
    "kind": "not_carried_out",
    "at": "2025-06-08T00:00:00+02:00",
    "said_at": "2025-06-08T09:40:00+02:00",
    "text": "The amount of data was underestimated.",
    "source": "P",
}
FOUND: dict[str, Any] = {
    "verdict": "changed",
    "at": "2025-06-29T04:10:00+02:00",
    "text": "A fresh installation with updates on a new server.",
    "source": "T",
}


def test_what_was_said_is_kept_even_where_it_contradicts(owner: TestClient, session: Session) -> None:
    made = window(owner)
    address = f"/windows/{made['id']}/said"
    first = post(owner, address, SAID)
    second = post(owner, address, SAID | {"kind": "started", "said_at": "2025-06-08T08:00:00Z", "source": "C"})
    assert get(owner, address)["items"] == [first, second]
    (entry,) = entries(owner, f"said:{first['id']}")
    assert (entry["kind"], entry["source"], entry["occurred_at"]) == (
        "window.said_not_carried_out", "P", "2025-06-07T22:00:00.000000Z",
    )  # fmt: skip
    found = queries.said_of(session, [UUID(made["id"])])[UUID(made["id"])]
    assert [row.kind for row in found] == ["not_carried_out", "started"]  # as said: 07:40Z, then 08:00Z


def test_a_statement_is_about_what_has_been(owner: TestClient) -> None:
    address = f"/windows/{window(owner)['id']}/said"
    for part, field in [
        ({"at": "2025-06-08T09:40:01+02:00"}, "at"),  # said before it happened
        ({"said_at": "2025-07-01T07:00:01Z"}, "said_at"),
        ({"said_at": None}, "said_at"),
        ({"kind": "finished"}, "kind"),
        ({"text": ""}, "text"),
    ]:
        refused(owner, address, SAID | part, 422, field)
    refused(owner, f"/windows/{NOBODY}/said", SAID, 404, "window_id", example=False)


def test_a_statement_in_a_message_is_dated_by_it(owner: TestClient) -> None:
    made = window(owner)
    northgate = get(owner, "/providers")["items"][0]["id"]
    mail = message(owner, provider_id=northgate, received_at="2025-06-08T07:40:00Z", type="postpone")
    said = post(
        owner, f"/windows/{made['id']}/said", SAID | {"said_at": None, "source": None, "message_id": mail["id"]}
    )
    assert (said["said_at"], said["source"]) == ("2025-06-08T07:40:00Z", "P")
    assert entries(owner)[-1]["attachments"] == [mail["digest"]]


def test_a_named_person_decides_with_a_reason_and_the_last_word_counts(owner: TestClient, session: Session) -> None:
    made = window(owner)
    address = f"/windows/{made['id']}/override"
    body = {"outcome": "partly_completed", "by": "Anna Brightwell", "reason": "The array was cloned."}
    first = post(owner, address, body)
    assert first["at"] == "2025-07-01T07:00:00Z"
    post(owner, address, body | {"outcome": "rolled_back"})
    for part, field in [
        ({"outcome": "done"}, "outcome"),
        ({"by": " "}, "by"),
        ({"reason": ""}, "reason"),
        ({"at": "2025-07-01T07:00:01Z"}, "at"),
    ]:
        refused(owner, address, body | part, 422, field)
    listed = get(owner, f"/windows/{made['id']}/overrides")["items"]
    assert [item["outcome"] for item in listed] == ["partly_completed", "rolled_back"]
    (entry,) = entries(owner, f"override:{first['id']}")
    assert (entry["kind"], entry["body"]["by"]) == ("window.outcome_overridden", "Anna Brightwell")
    found = queries.overrides_of(session, [UUID(made["id"])])[UUID(made["id"])]
    assert found[-1].outcome == "rolled_back"


def test_a_finding_names_a_step_of_the_procedure_in_force(owner: TestClient, session: Session) -> None:
    made = window(owner)
    address = f"/windows/{made['id']}/findings"
    assert "no procedure was agreed" in refused(owner, address, FOUND | {"step": 1}, 422, "step")["detail"]
    procedures = f"/works/{made['work_id']}/procedures"
    agreed = {"agreed_at": "2025-06-23T15:00:00+02:00", "steps": ["Clone", "Stop writes", "Sync"], "note": "by phone"}
    post(owner, procedures, agreed)
    post(owner, procedures, agreed | {"agreed_at": "2025-06-30T15:00:00+02:00", "steps": ["All"] * 9})  # later
    assert refused(owner, address, FOUND | {"step": 4}, 422, "step")["errors"][0]["example"] == "3"
    for part, field in [
        ({"step": 0}, "step"),
        ({"step": 2**70}, "step"),
        ({"verdict": "added", "step": 1}, "step"),
        ({"verdict": "skipped"}, "step"),
        ({"verdict": "as_agreed", "step": None}, "step"),
        ({"verdict": "good"}, "verdict"),
        ({"at": "2025-07-01T07:00:01Z", "step": 1}, "at"),
        ({"text": ""}, "text"),
    ]:
        refused(owner, address, FOUND | part, 422, field)
    refused(owner, f"/windows/{NOBODY}/findings", FOUND | {"step": 1}, 404, "window_id", example=False)
    first = post(owner, address, FOUND | {"step": 1, "scope_change": True})
    second = post(owner, address, FOUND | {"verdict": "added", "text": "Updates were installed."})
    assert (first["step"], second["step"]) == (1, None)
    assert get(owner, "/findings", window_id=made["id"])["items"] == [first, second]
    assert get(owner, "/findings", window_id=NOBODY)["items"] == []
    (entry,) = entries(owner, f"finding:{first['id']}")
    assert (entry["kind"], entry["source"], entry["body"]["scope_change"]) == ("window.finding", "T", True)
    assert len(queries.findings_of(session, [UUID(made["id"])])[UUID(made["id"])]) == 2


def test_without_a_procedure_a_change_or_an_addition_can_still_be_found(owner: TestClient) -> None:
    address = f"/windows/{window(owner)['id']}/findings"
    assert post(owner, address, FOUND)["step"] is None
    assert post(owner, address, FOUND | {"verdict": "added"})["verdict"] == "added"
    refused(owner, address, FOUND | {"verdict": "as_agreed"}, 422, "step")
