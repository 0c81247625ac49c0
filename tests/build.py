"""Plain builders with defaults: each enters one fact over the API and gives the answer. Named people, invented names.

`refused` is how a refusal is tested: its status, the field it names, an example of what is right, and that the
evidence log is what it was.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.db import reader, transaction
from app.errors import KeptError

API = "/api/v1"
NOBODY = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"
HOSTILE = "Ünïcode 🚀 <script>alert(1)</script> '; DROP TABLE window;-- {{ 7*7 }} %s \\ \"”"
TERMS = {
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "target_percent": "99.9",
    "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48},
    "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}]},
}
Body = dict[str, Any]


def post(client: TestClient, path: str, body: Body | None = None, status: int = 201) -> Body:
    answer = client.post(API + path, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def get(client: TestClient, path: str, **query: Any) -> Any:
    answer = client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entries(client: TestClient, subject: str | None = None) -> list[Body]:
    """The evidence log's lines, or those of one row."""
    return list(get(client, "/evidence/entries", limit=500, **({"subject": subject} if subject else {}))["items"])


def written(client: TestClient) -> int:
    """How many lines the evidence log has, read beside the API."""
    with reader(client.app.state.engine).connect() as connection:  # type: ignore[attr-defined]
        return int(connection.execute(sa.text("select count(*) from entry")).scalar_one())


def approval(client: TestClient, notice: str, at: str | None = None, by: str | None = "Dana Reyes") -> Body:
    """What issuing a round asks for: its plan as it stands, and who answers for it; `at`: when it went out."""
    plan = get(client, f"/notices/{notice}/plan", **({"at": at} if at else {}))
    given: Body = {"plan": plan["digest"]} | ({"approved_by": by} if by else {})
    return given | ({"issued_at": at} if at else {})


def refused(
    client: TestClient, path: str, body: Body, status: int, field: str, method: str = "POST", *, example: bool = True
) -> Body:
    """The problem a request is refused with; nothing of it may be left behind."""
    before = written(client)
    answer = client.request(method, API + path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(answer.json())
    assert problem["errors"][0]["field"] == field, problem
    assert problem["errors"][0]["reason"]
    assert not example or problem["errors"][0]["example"], problem
    assert written(client) == before
    return problem


def provider(client: TestClient, **values: Any) -> Body:
    return post(client, "/providers", {"name": "Northgate Hosting"} | values)


def service(client: TestClient, **values: Any) -> Body:
    """HOST-1 of Northgate Hosting, which is entered as well unless `provider_id` is given."""
    if "provider_id" not in values:
        values["provider_id"] = provider(client)["id"]
    usual = {"name": "HOST-1", "monthly_fee": "400.00", "currency": "EUR", "zone": "Europe/Berlin"}
    return post(client, "/services", usual | values)


def larkfield(client: TestClient, **values: Any) -> Body:
    """Larkfield Garden Centre, where Ms Okafor receives the letters."""
    okafor = {"salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": "n.okafor@larkfield.example"}
    usual = {
        "number": "C-017",
        "name": "Larkfield Garden Centre",
        "address": ["4 Orchard Road", "York YO1 7HB"],
        "zone": "Europe/London",
        "contacts": [okafor],
    }
    return post(client, "/clients", usual | values)


def site(client: TestClient, **values: Any) -> Body:
    if "client_id" not in values:
        values["client_id"] = larkfield(client)["id"]
    return post(client, "/sites", {"name": "shop.larkfield.example", "number": "S-014"} | values)


def work(client: TestClient, **values: Any) -> Body:
    """The clone of the drive array of HOST-1."""
    if "services" not in values:
        values["services"] = [service(client)["id"]]
    return post(client, "/works", {"title": "Clone of the drive array", "kind": "drive_array_clone"} | values)


def message(client: TestClient, **values: Any) -> Body:
    """The mail of Tue 3 June 10:05; `provider_id` must be given."""
    usual = {
        "channel": "email",
        "received_at": "2025-06-03T10:05:00+02:00",
        "type": "announce",
        "text": "The array is cloned on Sat 7 June, 22:00-24:00.",
    }
    return post(client, "/messages", usual | values)


WINDOW = {
    "start_at": "2025-06-07T22:00:00+02:00",
    "end_at": "2025-06-08T00:00:00+02:00",
    "announced_at": "2025-06-03T10:05:00+02:00",
    "note": "told by Jo Marsh on the phone",
}


def window(client: TestClient, **values: Any) -> Body:
    """Sat 7 June 22:00-24:00, told on Tue 3 June 10:05."""
    if "work_id" not in values:
        values["work_id"] = work(client)["id"]
    return post(client, "/windows", WINDOW | values)


def incident(client: TestClient, **values: Any) -> Body:
    if "service_id" not in values:
        values["service_id"] = service(client)["id"]
    return post(client, "/incidents", {"title": "Files are served slower and slower"} | values)


def ticket(client: TestClient, **values: Any) -> Body:
    """NG-88207, opened Sun 29 June 00:02."""
    if "service_id" not in values:
        values["service_id"] = service(client)["id"]
    usual = {
        "number": "NG-88207",
        "subject": "Server does not answer",
        "urgency": "urgent",
        "opened_at": "2025-06-29T00:02:00+02:00",
    }
    return post(client, "/tickets", usual | values)


def at_once(
    engine: sa.Engine, first: Callable[[Session], object], second: Callable[[Session], object]
) -> KeptError | None:
    """Carries `second` out while `first` is done but not yet committed; gives the error `second` ended in."""
    written, ended = threading.Event(), []

    def later() -> None:
        written.wait(10)
        try:
            with transaction(engine) as session:
                second(session)
            ended.append(None)
        except KeptError as error:
            ended.append(error)

    thread = threading.Thread(target=later)
    thread.start()
    with transaction(engine) as session:
        first(session)
        written.set()
        thread.join(0.3)
        assert thread.is_alive(), "the second writer did not wait for the first"
    thread.join(10)
    return ended[0]
