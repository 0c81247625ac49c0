"""The claim's own paper: what its steps say stands on it, and what was issued before stays as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.build import API, Body, entries, get, post, refused
from tests.claims.test_claims import WHO, drafted, step
from tests.statements.ministory import Story

STANDING = "The account is in good standing."


def document(story: Story, paper: Body) -> Any:
    """The figures of the newest issued paper of the statement."""
    return get(story.client, f"/statements/{paper['statement_id']}/report.json", kind="breach")


def _with_precondition(story: Story) -> None:
    (agreement,) = get(story.client, "/agreements", service_id=story.ids["service"])["items"]
    path = f"/agreements/{agreement['id']}/terms"
    (old,) = get(story.client, path)["items"]
    post(story.client, f"{path}/{old['id']}/end", {"effective_to": "2025-06-01"}, 200)
    terms = old["terms"] | {"preconditions": [STANDING, "A ticket was opened."]}
    post(story.client, path, {"effective_from": "2025-06-01", "terms": terms})


def test_the_paper_says_what_the_claims_steps_say(story: Story) -> None:
    _with_precondition(story)
    wishes = {"claim_number": "0042", "opening": "We ask for the credit of June."}
    asked = story.statement("2025-07-01T09:00:00+02:00", wishes=wishes)
    first = story.post(f"/statements/{asked['id']}/issue", {"kind": "breach", "approved_by": WHO})
    before = story.client.get(f"{API}/papers/{first['id']}/paper.pdf").content
    claim = post(story.client, "/claims", {"paper_id": first["id"], "by": WHO})
    refused(story.client, f"/claims/{claim['id']}/paper", {"approved_by": WHO}, 409, "claim_id")  # nobody approved it
    checklist = [{"text": STANDING, "answer": "holds", "note": "Paid up to June."}]
    step(story, claim, "approve", checklist=checklist)
    approved = story.post(f"/claims/{claim['id']}/paper", {"approved_by": WHO})
    assert (approved["version"], approved["replaces"]) == (2, f"{first['number']}_v1")
    assert approved["statement_id"] == asked["id"]
    says = document(story, approved)
    assert says["claim"] | {"tickets": [], "last_claim_day": None, "deadline_clause": None} == {
        "number": "0042", "basis": "credit", "previously_claimed": False, "filed_on": None, "last_claim_day": None,
        "deadline_clause": None, "good_standing": "yes", "tickets": [],
    }  # fmt: skip
    assert says["checklist"] == [
        {"text": STANDING, "answer": "holds", "note": "Paid up to June."},
        {"text": "A ticket was opened.", "answer": "unknown", "note": None},
    ]
    assert says["opening"] == "We ask for the credit of June."  # the statement's own words stay
    page = story.client.get(f"{API}/statements/{asked['id']}/report.html", params={"kind": "breach"}).text
    assert "Holds." in page
    assert "Not known." in page
    step(story, claim, "file", channel="portal", reply_by="2025-07-20", paper_id=approved["id"])
    third = story.post(f"/claims/{claim['id']}/paper", {"approved_by": WHO})
    says = document(story, third)
    assert (says["claim"]["filed_on"], says["reply_by"]) == ("2025-07-01", "2025-07-20")
    assert (third["version"], third["as_at"]) == (3, claim["as_at"])
    assert story.client.get(f"{API}/papers/{first['id']}/paper.pdf").content == before
    papers = get(story.client, f"/claims/{claim['id']}")["papers"]
    assert papers == [first["id"], approved["id"], third["id"]]
    (entry, _) = [item for item in entries(story.client, f"claim:{claim['id']}") if item["kind"] == "claim.printed"]
    assert entry["attachments"] == [approved["pdf_digest"]]


def test_an_event_claimed_before_is_said_to_be(story: Story) -> None:
    """Filed, withdrawn, and asked again: the second paper says so. One that never went out does not count."""
    for filed, says in ((False, False), (True, False), (False, True)):
        claim = drafted(story)
        step(story, claim, "approve")
        if filed:
            step(story, claim, "file", channel="portal")
        paper = story.post(f"/claims/{claim['id']}/paper", {"approved_by": WHO})
        assert document(story, paper)["claim"]["previously_claimed"] is says
        step(story, claim, "withdraw", reason="To be asked anew.")
    refused(story.client, f"/claims/{claim['id']}/paper", {"approved_by": WHO}, 409, "claim_id")


def test_no_paper_of_another_sum(story: Story) -> None:
    claim = drafted(story)
    step(story, claim, "approve")
    story.clock.now = datetime(2025, 7, 2, 9, 0, tzinfo=UTC)
    offline = {"start_at": "2025-06-28T20:00:00Z", "end_at": "2025-06-29T19:00:00Z", "reason": "our line was cut"}
    story.post("/own-outages", offline)  # an hour of it is left: another tier
    problem = refused(story.client, f"/claims/{claim['id']}/paper", {"approved_by": WHO}, 409, "claim_id")
    assert "asks for 120.00" in problem["detail"]
