"""The provider's messages, kept whole."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlmodel import Session

from app.messages import queries
from tests.build import API, HOSTILE, NOBODY, entries, get, message, post, provider, refused

MAIL = bytes(range(256)) + b"\r\nSubject: Scheduled maintenance\r\n\r\n<script>alert(1)</script>"
RECEIVED = "2025-06-03T10:05:00+02:00"


def mail(provider_id: str, **values: Any) -> dict[str, Any]:
    body = {"provider_id": provider_id, "channel": "email", "received_at": RECEIVED, "type": "announce"}
    return body | {"content_base64": b64encode(MAIL).decode(), "media_type": "message/rfc822"} | values


def test_the_very_bytes_come_back_to_be_saved_and_never_shown(owner: TestClient, session: Session) -> None:
    made = post(owner, "/messages", mail(provider(owner)["id"], filename="maintenance 1.eml", subject="Sat 7 June"))
    digest = hashlib.sha256(MAIL).hexdigest()
    assert (made["digest"], made["size"], made["source"]) == (digest, len(MAIL), "P")
    answer = owner.get(f"{API}/messages/{made['id']}/content")
    assert answer.content == MAIL
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''maintenance%201.eml"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (entry,) = entries(owner, f"message:{made['id']}")
    assert entry["attachments"] == [digest]
    assert (entry["kind"], entry["source"]) == ("message.received", "P")
    assert entry["occurred_at"] == "2025-06-03T08:05:00.000000Z"
    assert owner.get(f"{API}/evidence/attachments/{digest}").content == MAIL
    assert get(owner, f"/messages/{made['id']}") == made
    assert queries.messages(session, [UUID(made["id"])])[UUID(made["id"])].size == len(MAIL)


def test_a_call_is_kept_in_its_words(owner: TestClient) -> None:
    made = message(owner, provider_id=provider(owner)["id"], channel="phone", type="postpone", text=HOSTILE)
    assert made["media_type"] == "text/plain"
    assert made["digest"] == hashlib.sha256(HOSTILE.encode()).hexdigest()
    assert owner.get(f"{API}/messages/{made['id']}/content").content == HOSTILE.encode()


def test_a_message_must_have_come_and_say_something(owner: TestClient) -> None:
    there = provider(owner)["id"]
    for part, field in [
        ({"content_base64": None}, "text"),
        ({"content_base64": None, "text": " \n "}, "text"),
        ({"content_base64": "no!"}, "content_base64"),
        ({"content_base64": "\u00e9"}, "content_base64"),
        ({"content_base64": ""}, "content_base64"),
        ({"received_at": "2025-07-01T07:00:01Z"}, "received_at"),
        ({"received_at": "2025-06-03"}, "received_at"),
        ({"channel": "pigeon"}, "channel"),
        ({"type": "maintenance"}, "type"),
        ({"media_type": "text/html\r\nx-evil: 1"}, "media_type"),
        ({"filename": "a\nb"}, "filename"),
    ]:
        refused(owner, "/messages", mail(there) | part, 422, field)
    refused(owner, "/messages", mail(NOBODY), 404, "provider_id", example=False)
    assert get(owner, "/messages")["items"] == []


def test_the_same_bytes_of_the_same_moment_are_one_message(owner: TestClient) -> None:
    there = provider(owner)["id"]
    made = post(owner, "/messages", mail(there))
    problem = refused(owner, "/messages", mail(there), 409, "content_base64", example=False)
    assert made["id"] in problem["detail"]
    post(owner, "/messages", mail(there, received_at="2025-06-04T10:05:00+02:00", type="remind"))
    elsewhere = provider(owner, name="Eastfield")["id"]
    post(owner, "/messages", mail(elsewhere, channel="portal"))
    for query, count in [
        ({}, 3),
        ({"provider_id": there}, 2),
        ({"type": "remind"}, 1),
        ({"channel": "portal"}, 1),
        ({"channel": "phone"}, 0),
    ]:
        assert len(get(owner, "/messages", **query)["items"]) == count


def test_a_mail_file_is_sent_as_it_is(owner: TestClient) -> None:
    there = provider(owner)["id"]
    query = {"provider_id": there, "channel": "email", "received_at": "2025-06-03T08:05:00Z", "type": "announce"}

    def send(content: bytes, kind: str = "message/rfc822", **changed: str) -> Any:
        return owner.post(
            f"{API}/messages/raw", params=query | changed, content=content, headers={"content-type": kind}
        )

    made = send(MAIL)
    assert made.status_code == 201
    assert made.json()["media_type"] == "message/rfc822"
    assert owner.get(f"{API}/messages/{made.json()['id']}/content").content == MAIL
    for content, kind, kept in [
        (b"{bad json", "application/json; charset=utf-8", "application/json"),
        (b"x", "a/b/c", "application/octet-stream"),
    ]:
        answer = send(content, kind)
        assert (answer.status_code, answer.json()["media_type"]) == (201, kept)
    for content, changed, field in [
        (b"", {}, "body"),
        (MAIL, {"received_at": "yesterday"}, "received_at"),
        (MAIL, {"type": "x"}, "type"),
        (MAIL, {"provider_id": "7"}, "provider_id"),
    ]:
        answer = send(content, **changed)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == field
        assert answer.json()["errors"][0]["example"]


def test_a_mail_may_be_large_and_other_bodies_may_not(owner: TestClient) -> None:
    there = provider(owner)["id"]
    large = b"\x00\xff" * (1 << 20)
    made = post(owner, "/messages", mail(there, content_base64=b64encode(large).decode()))
    assert made["size"] == len(large)
    query = {"provider_id": there, "channel": "email", "received_at": "2025-06-03T09:05:00Z", "type": "announce"}
    assert owner.post(f"{API}/messages/raw", params=query, content=large + b"1").status_code == 201
    assert owner.post(f"{API}/works", content=large).status_code == 413
