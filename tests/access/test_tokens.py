"""Tokens: shown once, hashed at rest, revoked for good."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi.testclient import TestClient


def test_a_token_is_shown_once_and_stored_as_a_digest(owner: TestClient, engine: sa.Engine) -> None:
    made = owner.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"})
    assert made.status_code == 201
    text = made.json()["token"]
    assert text.startswith("kept_")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select * from token")).all()
    assert not [value for row in rows for value in row if value == text]
    assert "token" not in owner.get("/api/v1/tokens").json()[0]


def test_a_revoked_token_opens_nothing(owner: TestClient, app_client: TestClient) -> None:
    text = owner.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"}).json()["token"]
    headers = {"authorization": f"Bearer {text}"}
    assert app_client.get("/api/v1/evidence/head", headers=headers).status_code == 200
    assert owner.post("/api/v1/tokens/ci/revoke").status_code == 200
    refused = app_client.get("/api/v1/evidence/head", headers=headers)
    assert refused.status_code == 401
    assert "revoked" in refused.json()["detail"]


def test_the_token_is_not_kept_with_an_idempotency_key(owner: TestClient, engine: sa.Engine) -> None:
    owner.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"}, headers={"idempotency-key": "k"})
    with engine.connect() as connection:
        assert connection.execute(sa.text("select count(*) from idempotency")).scalar() == 0


def test_a_viewer_may_not_make_tokens(viewer: TestClient) -> None:
    refused = viewer.post("/api/v1/tokens", json={"name": "ci", "role": "owner"})
    assert refused.status_code == 403
    assert "needs owner" in refused.json()["detail"]
