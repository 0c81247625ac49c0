"""The story's letters to the provider through the API, each at its moment."""

from __future__ import annotations

from typing import Any

from tests.build import API, Body
from tests.statements.ministory import Story, at

TO = {"attention": "Jonas Pohl", "address": ["Ringbahnstraße 77", "12099 Berlin"]}
# letter: (the moment it speaks of, words)
LETTERS: dict[str, tuple[str, Body]] = {
    "P1": (at(24, "17:00"), {"kind": "P1", "answer_by": at(26, "12:00"), "volume": "2 TB", "rate": "150 MB/s",
                             "volume_source": "our reading of the file systems, 23 June"}),
    "P2": (at(29, "00:00"), {"kind": "P2", "affected": ["203.0.113.20: ports 22, 25, 80 and 443"]}),
    "P3": (at(30, "06:00"), {"kind": "P3", "answer_by": at(1, "08:00", 7), "keep_until": "2025-07-31"}),
}  # fmt: skip


def draft(story: Story, name: str, *, status: int = 201, **changes: Any) -> Body:
    moment, words = LETTERS[name]
    as_at = changes.pop("as_at", moment)
    to = changes.pop("to", TO)
    body = {"service_id": story.ids["service"], "as_at": as_at, "to": to, "words": words | changes}
    return story.post("/provider-letters", body, status)


def issued(story: Story, row: Body, at_: str | None = None) -> Body:
    story.post(f"/provider-letters/{row['id']}/approve", {"approved_by": "Dana Reyes"}, 200)
    return story.post(f"/provider-letters/{row['id']}/issue", {"issued_at": at_} if at_ else {}, 200)


def sent(story: Story, name: str, **changes: Any) -> Body:
    """Drafted, approved, issued and sent by e-mail at the letter's own moment."""
    row = issued(story, draft(story, name, **changes), LETTERS[name][0])
    body = {
        "sent_at": LETTERS[name][0],
        "channel": "email",
        "address": "support@northgate.example",
        "sent_by": "Dana Reyes",
    }
    story.post(f"/provider-letters/{row['id']}/sendings", body)
    return story.get(f"/provider-letters/{row['id']}")


def text(story: Story, row: Body) -> str:
    answer = story.client.get(f"{API}/provider-letters/{row['id']}/text")
    assert answer.status_code == 200, answer.text
    return answer.text


def document(story: Story, row: Body) -> Body:
    return dict(story.get(f"/provider-letters/{row['id']}/letter.json"))


def requests(story: Story, row: Body) -> dict[str, Body]:
    items = story.get("/provider-requests", letter_id=row["id"])["items"]
    return {item["number"]: item for item in items}
