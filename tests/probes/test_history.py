"""How it was, over HTTP: hours summed up whether sealed or not, uptime by day, outages with their bounds; and what was
let go is said to be gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.probes.storage.retention import let_go
from app.probes.tables import Monitor
from tests.build import API, NOBODY
from tests.conftest import NOW
from tests.probes.conftest import THEN
from tests.probes.test_storage import ON_SQLITE, seal_all, taken
from tests.probes.test_storage_kept import minutes, nobody


def test_hours_days_and_outages(
    viewer: TestClient, session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    session.commit()
    a = f"{API}/monitors/{monitors[0].id}"
    taken(engine, minutes("a", 0, 30 * 60, range(610, 640)))
    june = {"from": "2025-06-01T00:00:00Z", "to": "2025-06-03T00:00:00Z"}
    fresh = viewer.get(f"{a}/series", params=june | {"step": 6}).json()
    assert [one["up"] for one in fresh["items"]] == [360, 330, 360, 360, 360, 0, 0, 0]
    assert [one["down"] for one in fresh["items"]] == [0, 30, 0, 0, 0, 0, 0, 0]
    seal_all(engine, THEN + timedelta(hours=20))
    taken(engine, [("a", 5, minutes("a", 0, 1)[0][2])])  # into an hour that is sealed
    half = viewer.get(f"{a}/series", params=june | {"step": 6}).json()
    assert [one["up"] for one in half["items"]] == [361, 330, 360, 360, 360, 0, 0, 0]
    seal_all(engine, NOW)
    assert viewer.get(f"{a}/series", params=june | {"step": 6}).json() == half

    days = viewer.get(f"{a}/uptime", params=june | {"zone": "Europe/Berlin"}).json()
    told = ("start_at", "up_seconds", "down_seconds", "unknown_seconds")
    assert [tuple(one[name] for name in told) for one in days["items"]] == [
        ("2025-06-01T00:00:00Z", 77_400, 1800, 0),  # to midnight in Berlin, which is 22:00 UTC
        ("2025-06-01T22:00:00Z", 28_920, 0, 57_480),  # the last answer, of 05:59, holds for three minutes
        ("2025-06-02T22:00:00Z", 0, 0, 7200),
    ]  # fmt: skip
    assert (days["items"][0]["uptime_percent"], days["items"][2]["uptime_percent"]) == ("97.7272", None)
    assert days["whole"]["coverage_percent"] == "62.5694"  # (77,400 + 1,800 + 28,920) / 172,800

    (outage,) = viewer.get(f"{a}/outages", params=june).json()["items"]
    assert (outage["start_at"], outage["end_at"]) == ("2025-06-01T10:10:00Z", "2025-06-01T10:40:00Z")
    assert outage["bounds"] == {"at_least_seconds": 29 * 60, "held_seconds": 30 * 60, "at_most_seconds": 31 * 60}
    assert viewer.get(f"{a}/outages", params={"from": "2025-06-02T00:00:00Z"}).json() == {"items": []}

    now = NOW + timedelta(days=120)
    assert let_go(engine, now, months=2, holds=nobody).chunks == 30
    assert viewer.get(f"{a}/series", params=june | {"step": 6}).json() == half
    assert viewer.get(f"{a}/uptime", params=june | {"zone": "Europe/Berlin"}).json() == days
    page = viewer.get(f"{a}/observations", params=june).json()
    assert (page["items"], page["gone_hours"], len(page["gone"])) == ([], 30, 30)
    assert page["gone"][0]["observations"] == 61
    assert len(page["gone"][0]["sha256"]) == 64
    assert page["gone"][0]["entry"] > 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("series", {"from": "2025-06-02T00:00:00Z", "to": "2025-06-01T00:00:00Z"}, "from"),
        ("series", {"from": "2000-01-01T00:00:00Z", "step": 1}, "step"),
        ("series", {"step": 0}, "step"),
        ("uptime", {"from": "2000-01-01T00:00:00Z", "by": "day"}, "by"),
        ("uptime", {"by": "week"}, "by"),
        ("uptime", {"zone": "Mars/Base"}, "zone"),
        ("outages", {"from": "yesterday"}, "from"),
    ],
)
def test_what_cannot_be_asked_is_named(
    viewer: TestClient, session: Session, monitors: list[Monitor], path: str, params: dict[str, str], field: str
) -> None:
    session.commit()
    said = viewer.get(f"{API}/monitors/{monitors[0].id}/{path}", params=params)
    assert said.status_code == 422
    assert field in said.text
    assert viewer.get(f"{API}/monitors/{NOBODY}/{path}").status_code == 404
