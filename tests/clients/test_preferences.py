"""Who at a client gets which letters, how, and as it was on any day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.clients.queries import recipients
from tests.build import API, get, larkfield, post, refused
from tests.conftest import NOW

LONG_AGO = "2024-01-01T00:00:00Z"
OKAFOR: dict[str, Any] = {
    "salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": "n.okafor@larkfield.example", "since_at": LONG_AGO,
}  # fmt: skip
WARD: dict[str, Any] = {
    "salutation": "Mr Ward", "name": "Peter Ward", "email": "p.ward@larkfield.example", "since_at": LONG_AGO,
    "kinds": ["monthly", "after"],
}  # fmt: skip
SAID_NOTHING = {"salutation": "Ms Bell", "name": "Ida Bell", "receives": False, "since_at": LONG_AGO}


def told(session: Session, client: str, kind: str, at: datetime = NOW) -> list[str]:
    return [row.name for row in recipients(session, [UUID(client)], kind, at)[UUID(client)]]


def test_each_letter_goes_to_whoever_wishes_to_have_it(owner: TestClient, session: Session) -> None:
    made = larkfield(owner, contacts=[OKAFOR | {"kinds": ["during", "planned", "planned"]}, WARD, SAID_NOTHING])
    okafor, ward, _ = made["contacts"]
    assert okafor["kinds"] == ["planned", "during"]  # each once, in the order they are always named in
    assert (okafor["invitations"], ward["kinds"]) == (False, ["after", "monthly"])
    for kind in ("L1", "L2", "L3", "L4", "L6", "L10"):
        assert told(session, made["id"], kind) == ["Ngozi Okafor"], kind
    for kind in ("L5", "L8", "L9"):
        assert told(session, made["id"], kind) == ["Peter Ward"], kind
    # nobody asked for letters about missing data: then whoever receives letters at all has it
    assert told(session, made["id"], "L7") == ["Ngozi Okafor", "Peter Ward"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_wish_is_kept_with_its_dates(owner: TestClient, session: Session) -> None:
    made = larkfield(owner, contacts=[OKAFOR])
    changed = {"kinds": ["after", "data", "monthly"], "invitations": True, "at": "2025-06-10T09:00:00Z"}
    answer = owner.patch(f"{API}/contacts/{made['contacts'][0]['id']}", json=changed)
    assert answer.json()["invitations"] is True, answer.text
    turn = datetime(2025, 6, 10, 9, 0, tzinfo=UTC)
    assert told(session, made["id"], "L1", turn - timedelta(seconds=1)) == ["Ngozi Okafor"]
    assert told(session, made["id"], "L1", turn) == []
    assert told(session, made["id"], "L8", turn) == ["Ngozi Okafor"]
    assert [row["kinds"] for row in get(owner, "/contacts", client_id=made["id"], at="2025-06-09T00:00:00Z")["items"]]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_wish_that_cannot_be_is_refused(owner: TestClient) -> None:
    made = larkfield(owner, contacts=[])
    for part, field, says in [
        ({"kinds": []}, "kinds", "names no letters"),
        ({"kinds": ["everything"]}, "kinds.0", "planned"),
        ({"prefers": "paper", "invitations": True}, "invitations", "on paper"),
        ({"kinds": None}, "kinds", "list"),
        ({"email": "n.okafor@larkfield.example\r\nBcc: all@example.org"}, "email", ""),
        ({"email": "larkfield.example"}, "email", "not an e-mail address"),
    ]:
        problem = refused(owner, f"/clients/{made['id']}/contacts", OKAFOR | part, 422, field)
        assert says in problem["errors"][0]["reason"], problem
    row = post(owner, f"/clients/{made['id']}/contacts", OKAFOR)
    refused(owner, f"/contacts/{row['id']}", {"kinds": []}, 422, "kinds", "PATCH")
    refused(owner, f"/contacts/{row['id']}", {"invitations": None}, 422, "invitations", "PATCH", example=False)
    for language in (None, "", "german", "DE"):  # a letter has to be in some language
        refused(owner, f"/clients/{made['id']}", {"language": language}, 422, "language", "PATCH", example=False)
