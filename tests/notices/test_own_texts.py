"""The agency's own wording: saved in versions, previewed on a real round, used, named by the letter, withdrawn."""

from __future__ import annotations

from app.demo.told import at
from tests.build import API, Body, refused
from tests.notices.handed import hand_out
from tests.statements.ministory import PEOPLE, Story

SUBJECT = "{{ sites[0].host_name }}: away {{ body.window.start_at|moment }}"
TEXT = """Dear friends at {{ recipient.name }},

your website is away on {{ body.window.start_at|date }} from {{ body.window.start_at|time }}.
{% if body.freeze_from_at is not none %}
Please change nothing after {{ body.freeze_from_at|time }}.
{% endif %}"""
OURS: Body = {"kind": "L1", "language": "en", "subject": SUBJECT, "text": TEXT}


def test_own_texts_are_saved_in_versions_used_and_withdrawn(story: Story) -> None:
    client = story.client
    plain = story.draft("planned")["id"]
    digest = story.get(f"/notices/{plain}/plan", at=at(3, "14:00"))["digest"]
    trial = client.post(f"{API}/own-texts/preview", json=OURS | {"notice_id": plain})
    shown = {row["client_number"]: row for row in trial.json()}
    assert sorted(shown) == sorted(PEOPLE)
    assert shown["C-002"]["subject"] == "harbour-bakery.example: away 7 June, 22:00"
    assert shown["C-002"]["paragraphs"] == [
        "Dear friends at Harbour Bakery,",
        "your website is away on Saturday, 7 June from 22:00. Please change nothing after 21:30.",
    ]
    assert shown["C-002"]["words"] > 20
    assert story.get("/own-texts")["items"] == []  # a preview keeps nothing
    first = story.post("/own-texts", OURS | {"saved_by": "Dana Reyes"})
    second = story.post("/own-texts", OURS | {"text": TEXT + "\n\nBye.", "saved_by": "Jo Marsh"})
    assert [(first["version"], first["in_use"]), (second["version"], second["in_use"])] == [(1, True), (2, True)]
    assert [row["in_use"] for row in story.get("/own-texts", kind="L1")["items"]] == [False, True]

    asked = {"plan": digest, "approved_by": "Dana Reyes", "issued_at": at(3, "14:00")}
    answer = client.post(f"{API}/notices/{plain}/issue", json=asked)  # looked at in other words
    assert answer.status_code == 409
    assert "its own wording" in answer.json()["detail"]
    seen = story.get(f"/notices/{plain}/plan", at=at(3, "14:00"), text=True)
    assert {one["own_text"] for one in seen["letters"]} == {"L1 en v2"}
    assert "Dear friends at Harbour Bakery," in seen["letters"][1]["text"]
    hand_out(story, plain, at(3, "14:00"))
    for letter in story.get("/letters", notice_id=plain)["items"]:
        assert letter["own_text_id"] == second["id"]
        document = story.get(f"/letters/{letter['id']}/letter.json")
        assert document["own"]["origin"] == "L1 en v2"
        assert document["own"]["paragraphs"][-1] == "Bye."

    away = f"/own-texts/{first['id']}/withdraw"
    assert "L1 en v2 came after it" in refused(client, away, {"withdrawn_by": "Dana Reyes"}, 409, "own_text_id",
                                              example=False)["detail"]  # fmt: skip
    gone = story.post(f"/own-texts/{second['id']}/withdraw", {"withdrawn_by": "Dana Reyes"}, 200)
    assert (gone["in_use"], gone["withdrawn_by"]) == (False, "Dana Reyes")
    refused(client, f"/own-texts/{second['id']}/withdraw", {"withdrawn_by": "Jo"}, 409, "own_text_id", example=False)
    kinds = [row["kind"] for row in story.get("/evidence/entries", limit=500)["items"] if "own_text" in row["kind"]]
    assert kinds == ["own_text.saved", "own_text.saved", "own_text.withdrawn"]
    third = story.post("/own-texts", OURS | {"saved_by": "Dana Reyes"})
    assert (third["version"], third["in_use"]) == (3, True)


def test_a_text_that_could_not_be_written_is_refused_where_it_is_at_fault(story: Story) -> None:
    client, ours = story.client, OURS | {"saved_by": "Dana Reyes"}
    for part, status, field, says in [
        ({"text": "{{ body.nothing }}"}, 422, "text", "line 1: the text asks for nothing"),
        ({"text": "{% for i in range(999999999) %}{% endfor %}"}, 422, "text", "calls something"),
        ({"text": "a\n\n{{ ''.__class__ }}"}, 422, "text", "line 3: the text asks for __class__"),
        ({"subject": "{{ ref.__class__ }}"}, 422, "subject", "the subject asks for __class__"),
        ({"subject": "{{ recipient.name * 9 }}"}, 422, "subject", "mul"),
        ({"language": "xx"}, 422, "language", "letters are written in"),
        ({"kind": "L12"}, 422, "kind", "L1"),
    ]:
        assert says in refused(client, "/own-texts", ours | part, status, field)["detail"]
    notice = story.draft("planned")["id"]
    elsewhere = OURS | {"kind": "L4", "subject": "x", "text": "y", "notice_id": notice}
    refused(client, "/own-texts/preview", elsewhere, 422, "notice_id", example=False)
    german = OURS | {"language": "de", "notice_id": notice}
    assert "no letter in de" in refused(client, "/own-texts/preview", german, 422, "notice_id", example=False)["detail"]
    saved = story.post("/own-texts", ours)
    assert "says just that" in refused(client, "/own-texts", ours, 409, "text", example=False)["detail"]
    assert story.get(f"/own-texts/{saved['id']}")["text"] == TEXT
    fields = story.get("/own-texts/fields", kind="L1")["values"]
    assert {"sites", "recipient", "body", "next_contact_at"} <= set(fields)
    assert "header" not in fields
