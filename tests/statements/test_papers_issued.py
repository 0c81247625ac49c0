"""Papers over the API: previewed, issued, frozen, replaced; refused with a reason where they cannot be written."""

from __future__ import annotations

import hashlib
import io
import json
import re

import pikepdf
import pypdfium2
import pytest

from app.demo import cast
from app.demo.told import at
from app.evidence.chain import GENESIS
from tests.build import API, Body
from tests.notices.test_letters import text_of
from tests.statements.ministory import Story, observe


def paper(story: Story, row: Body, form: str = "json", kind: str = "monthly", status: int = 200, **query: str) -> bytes:
    answer = story.client.get(f"{API}/statements/{row['id']}/report.{form}", params={"kind": kind, **query})
    assert answer.status_code == status, answer.text[:2000]
    return bytes(answer.content)


def document(story: Story, row: Body, kind: str = "monthly") -> Body:
    return dict(json.loads(paper(story, row, kind=kind)))


def issue(story: Story, row: Body, kind: str = "monthly", status: int = 201, **more: object) -> Body:
    return story.post(f"/statements/{row['id']}/issue", {"kind": kind, "approved_by": "Dana Reyes", **more}, status)


def good_service(story: Story, name: str = "GOOD-1", provider: str = "provider", terms: bool = True) -> Body:
    """A service of its own, watched through June 2025 without an outage."""
    ids = story.ids
    service = story.post("/services", cast.SERVICE | {"provider_id": ids[provider], "name": name})
    if terms:
        agreement = story.post("/agreements", {"service_id": service["id"], "title": cast.CONTRACT})
        dated = {"effective_from": "2024-01-01", "terms": cast.TERMS, "source": cast.CONTRACT}
        story.post(f"/agreements/{agreement['id']}/terms", dated)
    return service


def test_a_preview_follows_the_record_and_an_issued_paper_does_not(story: Story) -> None:
    row = story.statement(at(1, "09:00", 7))
    preview = document(story, row)
    assert (preview["header"]["status"], preview["header"]["number"]) == ("draft", "2025-06_HOST-1_report")
    issued = issue(story, row)
    assert (issued["number"], issued["version"], issued["replaces"]) == ("2025-06_HOST-1_report", 1, None)
    first_pdf, first_json = paper(story, row, "pdf"), paper(story, row)
    late = {"occurred_at": at(29, "10:00"), "text": "Found later: nobody was on call.", "source": "N"}
    story.post(f"/incidents/{story.ids['incident']}/notes", late)
    assert paper(story, row, "pdf") == first_pdf
    assert paper(story, row) == first_json
    again = issue(story, row)
    assert (again["version"], again["replaces"]) == (2, "2025-06_HOST-1_report_v1")
    second = document(story, row)
    assert second["header"]["replaces"] == "2025-06_HOST-1_report_v1"
    assert "nobody was on call" in str(second["chronology"])
    assert "nobody was on call" not in first_json.decode()
    kept = story.client.get(f"{API}/papers/{issued['id']}/paper.pdf")
    assert kept.content == first_pdf  # the first stays what it was
    listed = story.get("/papers", statement_id=row["id"])["items"]
    assert [item["version"] for item in listed] == [1, 2]


def test_digests_in_the_log_are_those_of_the_bytes_and_the_paper_names_the_head_before_it(story: Story) -> None:
    row = story.statement(at(1, "09:00", 7))
    head = story.get("/evidence/head")
    issued = issue(story, row, "breach")
    entry = story.get("/evidence/entries", subject=f"paper:{issued['id']}")["items"][0]
    pdf, text = paper(story, row, "pdf", "breach"), paper(story, row, kind="breach")
    assert entry["attachments"] == [hashlib.sha256(pdf).hexdigest()] == [issued["pdf_digest"]]
    assert entry["body"]["document_digest"] == hashlib.sha256(text).hexdigest() == issued["document_digest"]
    header = json.loads(text)["header"]
    assert (header["evidence_head"], header["evidence_entries"]) == (head["digest"], head["seq"])
    assert header["evidence_head"] != GENESIS
    checked = story.get("/evidence/verify", expect=header["evidence_head"])
    assert checked["whole"] is True
    assert "document" not in entry["body"]  # the paper's text is not in the log, its digest is


def test_a_paper_needs_a_named_person(story: Story) -> None:
    row = story.statement(at(1, "09:00", 7))
    for value in (None, "", "   ", "x" * 121):
        answer = story.client.post(
            f"{API}/statements/{row['id']}/issue", json={"kind": "monthly", "approved_by": value}
        )
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "approved_by"
    assert story.get("/papers")["items"] == []


@pytest.mark.parametrize("kind", ["monthly", "breach"])
def test_pdf_page_and_json_say_the_same(story: Story, kind: str) -> None:
    row = story.statement(at(1, "09:00", 7), wishes={"good_standing": "yes"})
    pdf, html = paper(story, row, "pdf", kind), paper(story, row, "html", kind).decode()
    figures = paper(story, row, kind=kind)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        attached = opened.attachments["statement.json"].get_file().read_bytes()
    assert json.loads(attached) == json.loads(figures)
    page = re.sub(r"\s+", " ", re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", html, flags=re.S)).replace("\u00a0", " ")
    for shown in (text_of(pdf), page):
        for word in ("96.9444", "96.6667", "120.00", "HOST-1", "Northgate Hosting", "30 July 2025", "12.0×"):
            assert word in shown, word


@pytest.mark.parametrize("kind", ["monthly", "breach"])
def test_so_far_stands_on_every_page_of_an_open_month_and_on_none_of_a_closed_one(story: Story, kind: str) -> None:
    for moment, wanted in ((at(30, "06:00"), True), (at(1, "09:00", 7), False)):
        pdf = paper(story, story.statement(moment), "pdf", kind)
        opened = pypdfium2.PdfDocument(io.BytesIO(pdf))
        pages = []
        for page in opened:
            words = page.get_textpage()
            pages.append(words.get_text_bounded().lower())
            words.close()
            page.close()
        opened.close()
        assert len(pages) >= 3
        assert [("so far" in page) for page in pages] == [wanted] * len(pages), moment


def test_an_answer_read_before_is_not_sent_again(story: Story) -> None:
    row = story.statement(at(1, "09:00", 7))
    for form in ("json", "html"):
        first = story.client.get(f"{API}/statements/{row['id']}/report.{form}")
        tag = first.headers["etag"]
        again = story.client.get(f"{API}/statements/{row['id']}/report.{form}", headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
    late = {"occurred_at": at(29, "10:00"), "text": "Found later.", "source": "N"}
    story.post(f"/incidents/{story.ids['incident']}/notes", late)
    now = story.client.get(f"{API}/statements/{row['id']}/report.html", headers={"if-none-match": tag})
    assert now.status_code == 200


def test_nothing_broken_is_nothing_to_claim(cast_only: Story) -> None:
    story = cast_only
    story.ids["service"] = good_service(story)["id"]
    monitor = {"name": "good", "service_id": story.ids["service"], "interval_seconds": 3600, "source": "own probe"}
    story.post("/monitors", monitor)
    start = cast_only.clock.now.replace(month=5, day=31, hour=21)
    observe(story, "good", start, cast_only.clock.now, [], 60)
    row = story.statement()
    assert story.get(f"/statements/{row['id']}")["figures"]["verdict"] == "met"
    problem = json.loads(paper(story, row, kind="breach", status=409))
    assert "no promise of this period is broken" in problem["detail"]
    assert issue(story, row, "breach", 409)["errors"][0]["field"] == "statement"
    assert document(story, row)["requests"] == []
    assert "No breach" in text_of(paper(story, row, "pdf"))


def test_a_window_told_on_the_phone_alone_can_be_claimed_on(cast_only: Story) -> None:
    """No message, nothing said, nothing found: only our note of the announcement, and what was measured."""
    story, ids = cast_only, cast_only.ids
    monitor = {"name": "HOST-1 from Berlin", "service_id": ids["service"], "interval_seconds": 300, "source": "own"}
    story.post("/monitors", monitor)
    begin, down = story.clock.now.replace(month=6, day=1), story.clock.now.replace(month=6, day=10)
    observe(story, monitor["name"], begin, story.clock.now.replace(month=6, day=12), [(down, down.replace(hour=17))], 5)
    work = story.post("/works", {"title": "Clone", "kind": "clone", "services": [ids["service"]]})
    promise = {"work_id": work["id"], "start_at": down.isoformat(), "end_at": down.replace(hour=9).isoformat(),
               "announced_at": at(2, "09:00"), "note": "Jo Marsh heard it on the phone"}  # fmt: skip
    story.post("/windows", promise)
    row = story.statement("2025-06-11T12:00:00Z")
    claim = document(story, row, "breach")
    numbers = {exhibit["number"] for exhibit in claim["exhibits"]}
    assert claim["deviations"]
    assert {number for item in claim["deviations"] for number in item["exhibits"]} <= numbers
    assert "overrun" in paper(story, row, "html", "breach").decode().lower()


def test_what_a_service_lacks_is_said_by_name_and_never_breaks(cast_only: Story) -> None:
    story, ids = cast_only, cast_only.ids
    bare = good_service(story, "BARE-1", terms=False)
    ids["service"] = bare["id"]
    row = story.statement()
    assert story.get(f"/statements/{row['id']}")["figures"]["target"] is None
    for kind in ("monthly", "breach"):
        for answer in (
            story.client.get(f"{API}/statements/{row['id']}/report.json", params={"kind": kind}),
            story.client.post(f"{API}/statements/{row['id']}/issue", json={"kind": kind, "approved_by": "Dana Reyes"}),
        ):
            assert answer.status_code in (409, 422), answer.text
            assert answer.json()["errors"][0]["field"], answer.text
    unwatched = good_service(story, "BLIND-1")  # terms, but no monitor and no site
    ids["service"] = unwatched["id"]
    row = story.statement()
    figures = story.get(f"/statements/{row['id']}")["figures"]
    assert (figures["verdict"], figures["coverage"]["numerator"], figures["credit"]) == ("unproven", 0, None)
    shown = document(story, row)
    assert {reading["month"]["answer"] for reading in shown["readings"]} == {"unproven"}
    assert paper(story, row, "html", "breach", 409)


def test_a_month_nobody_watched_is_printed_as_unproven(cast_only: Story) -> None:
    cast_only.ids["service"] = good_service(cast_only, "BLIND-1")["id"]
    assert "unproven" in text_of(paper(cast_only, cast_only.statement(), "pdf")).lower()


def test_without_an_agency_no_paper_and_a_sentence_that_says_what_to_do(owner: object, app_client: object) -> None:
    from fastapi.testclient import TestClient

    from tests.build import post, service

    assert isinstance(owner, TestClient)
    hosted = service(owner)
    row = post(owner, "/statements", {"service_id": hosted["id"], "month": "2025-06"})
    assert owner.get(f"{API}/statements/{row['id']}").status_code == 200
    for path in ("report.json", "report.pdf", "report.html"):
        answer = owner.get(f"{API}/statements/{row['id']}/{path}")
        assert answer.status_code == 409
        assert answer.json()["errors"][0] == {
            "field": "agency", "reason": "no paper can be written before the agency is named",
            "example": "PUT /api/v1/agency",
        }  # fmt: skip


def test_two_services_of_one_name_never_share_a_papers_number(story: Story) -> None:
    ids = story.ids
    ids["southgate"] = story.post("/providers", {"name": "Southgate Hosting"})["id"]
    first = ids["service"]
    second, *others = [good_service(story, name, provider)["id"] for name, provider in
                       (("HOST-1", "southgate"), ("HOST 1", "provider"), ("HOST/1", "southgate"))]  # fmt: skip
    monitor = {"name": "south", "service_id": second, "interval_seconds": 3600, "source": "own probe"}
    story.post("/monitors", monitor)
    observe(story, "south", story.clock.now.replace(month=6, day=1), story.clock.now.replace(month=6, day=3), [], 60)
    numbers = {}
    for service in (first, second, *others):
        ids["service"] = service
        numbers[service] = document(story, story.statement(at(1, "09:00", 7)))["header"]["number"]
    assert numbers[first] == "2025-06_HOST-1_report"
    assert len(set(numbers.values())) == 4
    for service in (first, second):
        ids["service"] = service
        issued = issue(story, story.statement(at(1, "09:00", 7)))
        assert (issued["number"], issued["version"], issued["replaces"]) == (numbers[service], 1, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"month": "2025-13"}, "month"),
        ({"month": "2025-6"}, "month"),
        ({"month": "2025-08"}, "month"),  # has not begun
        ({"as_at": "2025-07-02T09:00:00+02:00"}, "as_at"),
        ({"as_at": "2025-06-30T06:00:00"}, "as_at"),
        ({"as_at": at(1, "00:00", 5)}, "month"),
        ({"service_id": "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"}, "service_id"),
        ({"wishes": {"good_standing": "maybe"}}, "wishes.good_standing"),
        ({"wishes": {"remark": "\u0000"}}, "wishes.remark"),
        ({"wishes": {"filed_on": "soon"}}, "wishes.filed_on"),
        ({"wishes": {"staff_minutes": 1.5}}, "wishes.staff_minutes"),
        ({"wishes": {"colour": "red"}}, "wishes.colour"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_by_name(story: Story, body: Body, field: str) -> None:
    whole = {"service_id": story.ids["service"], "month": "2025-06"} | body
    answer = story.client.post(f"{API}/statements", json=whole)
    assert answer.status_code in (404, 422), answer.text
    assert answer.json()["errors"][0]["field"] == field


PRINTED = {
    "markup and templates": "<script>alert(1)</script><img src=x onerror=y>&amp;{{ 7*7 }} {% raw %}${7*7} %s",
    "a long word in many alphabets": "Łódź Ελλάδα Привет שלום " + "W" * 170,
}
REFUSED = {"emoji": "drive 🚀 clone", "cjk": "日本", "bidi": "abc\u202edef", "zero width": "ab\u200bcd"}


def hostile_story(story: Story, text: str) -> Body:
    """The text in every field of the record that a paper prints, entered through the API; gives the statement."""
    ids = story.ids
    ids["provider"] = story.post("/providers", {"name": text, "account": text, "account_manager": text})["id"]
    service = story.post("/services", cast.SERVICE | {"provider_id": ids["provider"], "name": text, "kind": text})
    ids["service"] = service["id"]
    agreement = story.post("/agreements", {"service_id": service["id"], "title": text, "reference": text})
    quotes = {name: quote | {"text": text, "source": text} for name, quote in cast.TERMS["source_quotes"].items()}
    terms = cast.TERMS | {"source_quotes": quotes, "version": text[:30]}
    story.post(f"/agreements/{agreement['id']}/terms", {"effective_from": "2024-01-01", "terms": terms, "source": text})
    monitor = {"name": text, "service_id": service["id"], "interval_seconds": 3600, "source": text}
    story.post("/monitors", monitor)
    start = story.clock.now.replace(month=6, day=1, hour=0)
    answer = story.client.post(f"{API}/observations", headers={"content-type": "application/x-ndjson"}, content="".join(
        json.dumps({"at": start.replace(day=5 + hour // 24, hour=hour % 24).isoformat(), "monitor": text,
                    "state": "down" if 24 <= hour < 30 else "up"}) + "\n" for hour in range(72)))  # fmt: skip
    assert answer.status_code in (200, 201), answer.text
    stay = {"service_id": service["id"], "from_at": "2024-01-08T09:00:00+01:00"}
    story.post("/clients", {"number": "C-900", "name": "Pinewood", "zone": "Europe/Berlin", "address": ["1 Road"],
                            "contacts": [{"salutation": "Ms Achebe", "name": "Ada Achebe", "email": "a@pine.example"}],
                            "sites": [{"name": "pine.example", "number": text[:40],
                                       "placements": [stay]}]})  # fmt: skip
    work = story.post("/works", {"title": text, "kind": text, "services": [service["id"]], "scope": text})
    told = {"provider_id": ids["provider"], "channel": "email", "received_at": at(2, "09:00"), "type": "announce",
            "subject": text, "text": text}  # fmt: skip
    message = story.post("/messages", told)
    promise = {"work_id": work["id"], "start_at": at(6, "01:00"), "end_at": at(6, "02:00"), "note": text, "text": text,
               "announced_at": at(2, "09:00"), "message_id": message["id"]}  # fmt: skip
    window = story.post("/windows", promise)
    agreed = {"agreed_at": at(2, "10:00"), "steps": [text, text], "source": "N", "note": text}
    story.post(f"/works/{work['id']}/procedures", agreed)
    found = {"step": 1, "verdict": "changed", "at": at(6, "01:30"), "text": text, "source": "N"}
    story.post(f"/windows/{window['id']}/findings", found)
    said = {"kind": "ended", "at": at(6, "05:00"), "said_at": at(6, "08:00"), "text": text, "source": "N"}
    story.post(f"/windows/{window['id']}/said", said)
    decided = {"outcome": "partly_completed", "by": text[:200], "reason": text, "at": at(7, "09:00")}
    story.post(f"/windows/{window['id']}/override", decided)
    incident = story.post("/incidents", {"service_id": service["id"], "title": text})
    note = {"occurred_at": at(6, "03:00"), "text": text, "source": "N", "said_by": text}
    story.post(f"/incidents/{incident['id']}/notes", note)
    ticket = {"service_id": service["id"], "incident_id": incident["id"], "number": text[:60], "subject": text,
              "urgency": "urgent", "opened_at": at(6, "02:30")}  # fmt: skip
    opened = story.post("/tickets", ticket)
    reply = {"at": at(6, "04:00"), "by": text, "human": True, "text": text}
    story.post(f"/tickets/{opened['id']}/replies", reply)
    wishes = {"remark": text, "impact": text, "opening": text, "staff_statement": text, "claim_number": text[:60]}
    return story.statement(at(1, "09:00", 7), wishes=wishes)


@pytest.mark.parametrize("name", PRINTED)
def test_hostile_text_in_every_field_is_printed_as_it_is(cast_only: Story, name: str) -> None:
    row = hostile_story(cast_only, PRINTED[name])
    pages = [paper(cast_only, row, "html", kind).decode() for kind in ("monthly", "breach")]
    shown = text_of(paper(cast_only, row, "pdf", "breach"))
    for html in pages:
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert html.count("{{ 7*7 }}") > 5 or name != "markup and templates"
    if name == "markup and templates":
        assert "<script>alert(1)" in shown.replace(" ", "")
        assert "49" not in shown.partition("{{")[2][:12]


@pytest.mark.parametrize("name", REFUSED)
def test_a_sign_no_paper_can_print_is_refused_with_its_field(cast_only: Story, name: str) -> None:
    row = hostile_story(cast_only, REFUSED[name])
    odd = next(sign for sign in REFUSED[name] if ord(sign) > 0x2000)
    for kind in ("monthly", "breach"):
        problem = json.loads(paper(cast_only, row, "pdf", kind, 409))
        assert problem["errors"][0]["field"], problem
        assert f"U+{ord(odd):04X}" in problem["detail"], problem
