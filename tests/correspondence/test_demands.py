"""P4, P5 after a claim, and P6: the sum is the statement's, the words are plain, and P6 is the owner's alone."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from app.access.actions import create_token
from app.db import transaction
from tests.build import API, Body, refused
from tests.correspondence.letters import TO, issued, text
from tests.statements.ministory import Story, at

CLOSED = at(1, "09:00", 7)


@pytest.fixture
def claimed(story: Story) -> Story:
    """June is closed and its claim was issued; it is Tue 1 July 09:00."""
    row = story.statement(CLOSED, wishes={"claim_number": "0001"})
    story.ids["statement"] = row["id"]
    story.post(f"/statements/{row['id']}/issue", {"kind": "breach", "approved_by": "Dana Reyes"})
    return story


def body_of(story: Story, **words: object) -> Body:
    return {"service_id": story.ids["service"], "to": TO, "words": words}


def p6(story: Story, **more: object) -> Body:
    return body_of(story, kind="P6", statement_id=story.ids["statement"], decided_by="Dana Reyes", **more)


def test_p4_opens_with_the_statements_figures(claimed: Story) -> None:
    """22 h of 24 h count; 96.9444 % is below 99.0 %, so 30 % of EUR 400.00 = EUR 120.00."""
    row = claimed.post("/provider-letters", body_of(claimed, kind="P4", statement_id=claimed.ids["statement"]))
    said = text(claimed, row)
    assert "We request the service credit under section 4 of your terms for June 2025: EUR 120.00" in said
    assert "being 30 % of EUR 400.00" in said
    assert "HOST-1 was unavailable for 24 h 00 min from Sat 28 June 22:00." in said
    assert "We count 22 h 00 min, leaving out the 2 h 00 min you announced." in said
    assert "The remaining time was not announced, so section 6 does not cover it." in said
    assert "This has not been claimed before." in said
    assert "claim 0001" in said
    assert "by the end of Tue 15 July" in said


def test_p4_goes_with_a_claim_only(story: Story) -> None:
    story.ids["statement"] = story.statement(CLOSED)["id"]
    body = body_of(story, kind="P4", statement_id=story.ids["statement"])
    refused(story.client, "/provider-letters", body, 409, "words.statement_id")


def test_p5_after_an_unanswered_claim_letter(claimed: Story) -> None:
    cover = body_of(claimed, kind="P4", statement_id=claimed.ids["statement"])
    row = issued(claimed, claimed.post("/provider-letters", cover))
    sending = {"sent_at": CLOSED, "channel": "post", "address": "Ringbahnstraße 77", "sent_by": "Dana Reyes"}
    claimed.post(f"/provider-letters/{row['id']}/sendings", sending)
    claimed.clock.now += timedelta(days=15)
    body = body_of(claimed, kind="P5", letter_id=row["id"], answer_by=at(23, "12:00", 7))
    said = text(claimed, claimed.post("/provider-letters", body))
    assert "Subject: HOST-1: reminder, claim 0001, our HOST-1/P4-01 of Tue 1 July is unanswered" in said
    assert "We sent you HOST-1/P4-01 (claim 0001) 15 days ago. None of its requests is answered" in said
    assert "first wanted by: the end of Tue 15 July" in said


def test_p6_gives_basis_facts_sum_documents_and_is_marked(claimed: Story) -> None:
    claimed.clock.now += timedelta(days=34)
    row = claimed.post("/provider-letters", p6(claimed))
    said = text(claimed, row)
    assert said.startswith("DRAFT, not approved, not sent\n")
    for words in (
        "We ask you to pay EUR 120.00 for June 2025", "If availability is below 99.9 % we credit 10 %",
        "the work did not take place", "HOST-1 answers again, after 24 h 00 min.", "Ticket NG-88207 opened",
        "Availability in June 2025: 96.9444 %", "22 h 00 min (79,200 s)", "30 % (below 99 %)",
        "Sum claimed: EUR 120.00", "Claim 2025-06_HOST-1_claim v1", "by the end of Mon 18 August",
        "ready to settle this without proceedings",
    ):  # fmt: skip
        assert words in said, words
    for law in ("Civil Procedure", "BGB", "Practice Direction", "court", "lawyer"):
        assert law not in said
    pdf = claimed.client.get(f"{API}/provider-letters/{row['id']}/letter.pdf").content
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(BytesIO(pdf))]
    assert len(pages) == 2
    assert all("DRAFT" in page for page in pages)
    done = issued(claimed, row)
    assert done["state"] == "issued"
    pdf = claimed.client.get(f"{API}/provider-letters/{row['id']}/letter.pdf").content
    assert all("DRAFT" not in p.get_textpage().get_text_bounded() for p in pypdfium2.PdfDocument(BytesIO(pdf)))


def test_p6_is_the_owners_at_every_step(claimed: Story) -> None:
    row = claimed.post("/provider-letters", p6(claimed))
    with transaction(claimed.engine) as session:
        _, token = create_token(session, name="Jo Marsh", role="operator", now=claimed.clock.now)
    operator = TestClient(claimed.client.app, headers={"authorization": f"Bearer {token}"})
    assert operator.post(f"{API}/provider-letters", json=p6(claimed)).status_code == 403
    approval = {"approved_by": "Jo Marsh"}
    assert operator.post(f"{API}/provider-letters/{row['id']}/approve", json=approval).status_code == 403
    claimed.post(f"/provider-letters/{row['id']}/approve", {"approved_by": "Dana Reyes"}, 200)
    assert operator.post(f"{API}/provider-letters/{row['id']}/issue", json={}).status_code == 403
    assert claimed.get(f"/provider-letters/{row['id']}")["issued_at"] is None


def test_p6_needs_an_address_a_closed_month_and_a_name(claimed: Story) -> None:
    nowhere = p6(claimed) | {"to": {"attention": "Jonas Pohl", "address": []}}
    refused(claimed.client, "/provider-letters", nowhere, 422, "to.address")
    open_month = claimed.statement(at(30, "06:00"))["id"]
    body = body_of(claimed, kind="P6", statement_id=open_month, decided_by="Dana Reyes")
    refused(claimed.client, "/provider-letters", body, 409, "words.statement_id", example=False)
    nameless = body_of(claimed, kind="P6", statement_id=claimed.ids["statement"])
    refused(claimed.client, "/provider-letters", nameless, 422, "words.P6.decided_by", example=False)


def test_p5_after_a_filed_claim_nobody_answered(claimed: Story) -> None:
    """Filed on 1 July, an answer wanted by the 14th: overdue from the 15th at midnight, 15 days old on the 16th."""
    made = claimed.post("/claims", {"statement_id": claimed.ids["statement"], "by": "Dana Reyes"})
    number = made["number"]
    claimed.post(f"/claims/{made['id']}/approve", {"by": "Dana Reyes"}, 200)
    filing = {"by": "Dana Reyes", "channel": "portal", "receipt": "NG-CLAIM-118", "reply_by": "2025-07-14"}
    claimed.post(f"/claims/{made['id']}/file", filing, 200)
    body = body_of(claimed, kind="P5", claim=number, answer_by=at(23, "12:00", 7))
    refused(claimed.client, "/provider-letters", body, 409, "as_at")
    claimed.clock.now += timedelta(days=15)
    row = claimed.post("/provider-letters", body)
    said = text(claimed, row)
    assert f"We sent you claim {number} 15 days ago. Its request is not answered." in said
    assert f"R1  Your answer to claim {number}: accepted, accepted in part with your figure, or refused" in said
    assert "first wanted by: the end of Mon 14 July" in said
    issued(claimed, row)
    assert claimed.get("/provider-requests", letter_id=row["id"])["items"][0]["number"] == "R1"
