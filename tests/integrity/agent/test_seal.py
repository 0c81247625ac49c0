"""Roots in the log, once and for good: in this machine's database, and over the API."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.errors import Conflict
from app.evidence.actions import head
from app.integrity import sealing
from app.integrity.format import Generation
from tests.conftest import NOW
from tests.integrity.agent.trees import rest, take, write

ROOT = "ab" * 32


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    site = write(tmp_path / "www" / "secret-client.example", {"a": b"one", "b": b"two"})
    rest()
    return take(tmp_path / "gen", site, label="test", taken_at=int(NOW.timestamp()) * 10**9 - 60 * 10**9)


def told(**more: Any) -> dict[str, Any]:
    return {
        "generation": "20250606T200000Z-pre-old-5f2c9a1e", "label": "pre", "server": "old", "machine": "",
        "algorithm": "sha256", "server_root": ROOT, "salted_root": None, "previous_root": None,
        "manifest_sha256": "cd" * 32, "taken_from": "2025-06-06T20:00:00.000000Z",
        "taken_until": "2025-06-06T20:04:00.000000Z", "claimed": False, "sites": 120, "entries": 224000, "bytes": 9,
        "not_examined": 0,
    } | more  # fmt: skip


def test_a_root_is_sealed_once(session: Session) -> None:
    entry, new = sealing.seal(session, told(), NOW)
    assert new
    assert (entry.kind, entry.source, entry.subject) == ("audit.sealed", "M", f"generation:{told()['generation']}")
    assert f"{entry.occurred_at:%Y-%m-%d %H:%M}" == "2025-06-06 20:04"
    again, new = sealing.seal(session, told(), NOW + timedelta(hours=1))
    assert not new
    assert again.seq == entry.seq
    with pytest.raises(Conflict, match=f"sealed this generation with the root {ROOT}"):
        sealing.seal(session, told(server_root="00" * 32), NOW)
    salted, new = sealing.seal(session, told(salted_root="ef" * 32), NOW)
    assert new
    assert [item["seq"] for item in sealing.sealed(session, told()["generation"])] == [entry.seq, salted.seq]


def test_a_clock_ahead_of_ours_and_a_claimed_time_date_nothing_later_than_now(session: Session) -> None:
    ahead, _ = sealing.seal(session, told(taken_until="2035-01-01T00:00:00.000000Z"), NOW)
    assert ahead.occurred_at.timestamp() == NOW.timestamp()
    claimed, _ = sealing.seal(session, told(generation="another", claimed=True), NOW)
    assert claimed.occurred_at.timestamp() == NOW.timestamp()


def test_the_log_is_told_no_clients_name(session: Session, generation: Generation) -> None:
    summary = sealing.summary(generation)
    entry, _ = sealing.seal(session, summary, NOW)
    assert "secret-client" not in entry.body
    assert summary["server_root"] == generation.server_root
    assert (summary["sites"], summary["entries"], summary["bytes"]) == (1, 2, 6)
    said = sealing.sentence(summary)
    assert generation.server_root in said
    assert "1 website on the old server (2 files and folders, 6 bytes) between 2025-07-01 06:59 and" in said
    assert "as stated by us" in said


def test_over_the_api(owner: TestClient, viewer: TestClient) -> None:
    made = owner.post("/api/v1/audit/seals", json=told())
    assert made.status_code == 201, made.text
    body = made.json()
    assert body["sentence"].startswith("Before any work starts: we recorded the state of our 120 websites")
    assert owner.get("/api/v1/evidence/head").json() == {"seq": body["seq"], "digest": body["digest"]}
    again = owner.post("/api/v1/audit/seals", json=told())
    assert again.json() == body
    other = owner.post("/api/v1/audit/seals", json=told(server_root="00" * 32))
    assert other.status_code == 409
    assert ROOT in other.json()["detail"]
    assert viewer.get(f"/api/v1/audit/seals/{told()['generation']}").json() == [body]
    assert viewer.get("/api/v1/audit/seals/unknown").status_code == 404
    assert viewer.post("/api/v1/audit/seals", json=told()).status_code == 403
    for wrong in ({"server_root": "xyz"}, {"generation": "../x"}, {"taken_from": "yesterday"}, {"sites": -1}):
        assert owner.post("/api/v1/audit/seals", json=told(**wrong)).status_code == 422, wrong


def test_the_seal_lies_beside_the_manifest(session: Session, generation: Generation) -> None:
    import json

    summary = sealing.summary(generation)
    entry, _ = sealing.seal(session, summary, NOW)
    file = sealing.kept_beside(generation, summary, {"seq": entry.seq, "digest": entry.digest})
    assert json.loads(file.read_text())["digest"] == head(session)[1]
