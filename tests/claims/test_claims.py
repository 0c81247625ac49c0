"""A claim's life on the small story: June's 22 counted hours, 30 % of EUR 400.00, to be claimed by 30 July."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.build import API, NOBODY, Body, entries, get, post, refused
from tests.statements.ministory import Story

WHO = "Dana Reyes"


def drafted(story: Story, **more: Any) -> Body:
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO} | more
    return post(story.client, "/claims", body)


def step(story: Story, claim: Body, verb: str, **body: Any) -> Body:
    return post(story.client, f"/claims/{claim['id']}/{verb}", {"by": WHO} | body, 200)


def filed(story: Story, **more: Any) -> Body:
    claim = drafted(story, **more)
    step(story, claim, "approve")
    return step(story, claim, "file", channel="portal", receipt="NG-CLAIM-118")


def test_a_draft_freezes_what_it_rests_on(story: Story) -> None:
    claim = drafted(story)
    assert (claim["number"], claim["state"], claim["basis"]) == ("0001", "draft", "credit")
    assert (claim["amount"], claim["held_amount"], claim["currency"]) == ("120.00", "120.00", "EUR")
    # Mon 30 June + 30 days: Wed 30 July, to midnight in Berlin
    assert (claim["earliest"], claim["latest"], claim["too_late_from"]) == (
        "2025-07-01", "2025-07-30", "2025-07-30T22:00:00Z",
    )  # fmt: skip
    assert "within 30 days" in claim["clause"]
    assert claim["terms_version"] == "2024-01"
    # the announced two hours, 22:00-24:00 in Berlin, are excused
    assert claim["spans"] == [{"start": "2025-06-28T22:00:00Z", "end": "2025-06-29T20:00:00Z"}]
    frozen = story.client.get(f"{API}/claims/{claim['id']}/statement")
    assert hashlib.sha256(frozen.content).hexdigest() == claim["statement_digest"]
    assert frozen.json()["credit"]["amount"] == "120.00"
    inputs = frozen.json()["inputs"]  # with them anybody can reckon it anew
    assert (Decimal(inputs["monthly_fee"]), inputs["currency"]) == (400, "EUR")
    assert inputs["terms"][0]["terms_id"] == claim["terms_id"]
    (entry,) = entries(story.client, f"claim:{claim['id']}")
    assert entry["kind"] == "claim.drafted"
    assert entry["attachments"] == [claim["statement_digest"]]
    assert entry["body"]["by"] == WHO


def test_a_fact_entered_later_does_not_move_a_claim(story: Story) -> None:
    claim = drafted(story)
    fact = f"window:{story.ids['w3']}"
    post(story.client, "/evidence/retractions", {"subject": fact, "by": WHO, "reason": "another server's"})
    again = get(story.client, f"/claims/{claim['id']}")
    assert {key: again[key] for key in ("amount", "spans", "statement_digest")} == {
        key: claim[key] for key in ("amount", "spans", "statement_digest")
    }


def test_from_draft_to_the_invoice(story: Story) -> None:
    claim = drafted(story)
    assert claim["possible"] == ["approved", "lapsed", "withdrawn"]
    checked = [{"text": "The account is in good standing.", "answer": "holds"}]
    approved = step(story, claim, "approve", checklist=checked)
    assert approved["steps"][-1]["checklist"] == [checked[0] | {"note": ""}]
    claim = step(story, claim, "file", channel="portal", receipt="NG-CLAIM-118", reply_by="2025-07-17")
    assert (claim["state"], claim["late"], claim["outstanding"]) == ("filed", False, None)
    story.clock.now = datetime(2025, 8, 5, 8, 0, tzinfo=UTC)
    message = story.message("2025-07-10T09:00:00+02:00", "We have received your claim.", "other")
    claim = step(story, claim, "acknowledge", message_id=message, receipt="NG-90114")
    told = claim["steps"][-1]
    assert (told["at"], told["source"]) == ("2025-07-10T07:00:00Z", "P")  # the message's own moment
    claim = step(story, claim, "accept", at="2025-07-15T09:00:00+02:00", words="Granted.")
    assert (claim["accepted"], claim["credited"], claim["outstanding"]) == ("120.00", "0.00", "120.00")
    paid = {"invoice": "NG-2025-07", "invoice_date": "2025-08-01", "at": "2025-08-01T09:00:00+02:00"}
    claim = step(story, claim, "credit", amount="100.00", **paid)
    assert (claim["state"], claim["outstanding"]) == ("credited", "20.00")
    claim = step(story, claim, "credit", amount="25.00", **paid)
    assert (claim["credited"], claim["outstanding"], claim["over"]) == ("125.00", "0.00", "5.00")
    kinds = [entry["kind"] for entry in entries(story.client, f"claim:{claim['id']}")]
    assert kinds == [f"claim.{kind}" for kind in
                     ("drafted", "approved", "filed", "acknowledged", "accepted", "credited", "credited")]  # fmt: skip
    log = entries(story.client, f"claim:{claim['id']}")
    assert log[3]["occurred_at"].startswith("2025-07-10T07:00:00")
    assert log[3]["recorded_at"].startswith("2025-08-05T08:00:00")
    assert log[3]["attachments"] == [get(story.client, f"/messages/{message}")["digest"]]
    assert get(story.client, "/evidence/verify")["whole"] is True


def test_refused_argued_and_partly_accepted(story: Story) -> None:
    claim = filed(story)
    claim = step(story, claim, "refuse", figure="99.95 %, no credit", words="All of it was maintenance.")
    assert (claim["state"], claim["accepted"], claim["outstanding"]) == ("refused", "0.00", "0.00")
    assert "withdrawn" not in claim["possible"]  # answered: the same minutes are not asked for anew
    claim = step(story, claim, "accept-partly", amount="40.00", words="The second half was not announced.")
    assert (claim["state"], claim["outstanding"]) == ("partly", "40.00")


def test_filed_after_its_deadline_is_late_and_not_refused(story: Story) -> None:
    claim = drafted(story)
    step(story, claim, "approve")
    story.clock.now = datetime(2025, 7, 30, 21, 59, 59, tzinfo=UTC)
    assert get(story.client, f"/claims/{claim['id']}")["state"] == "approved"
    story.clock.now = datetime(2025, 7, 30, 22, 0, tzinfo=UTC)  # midnight in Berlin
    assert get(story.client, f"/claims/{claim['id']}")["state"] == "lapsed"
    assert [item["number"] for item in get(story.client, "/claims", state="lapsed")["items"]] == ["0001"]
    assert get(story.client, "/claims", state="approved")["items"] == []
    in_time = step(story, claim, "file", channel="email", at="2025-07-30T23:59:59+02:00")
    assert (in_time["state"], in_time["late"]) == ("filed", False)
    step(story, claim, "take-back", reason="It went out a second later.")
    late = step(story, claim, "file", channel="email", at="2025-07-31T00:00:00+02:00")
    assert (late["state"], late["late"]) == ("filed", True)
    assert [item["stands"] for item in late["steps"]] == [True, True, False, True, True]


def test_a_lapse_somebody_recorded_leaves_a_late_filing_possible(story: Story) -> None:
    claim = drafted(story)
    step(story, claim, "approve")
    lapsed = step(story, claim, "lapse", reason="Not worth the work.")
    assert lapsed["possible"] == ["filed", "withdrawn", "taken_back"]
    assert step(story, claim, "file", channel="letter")["state"] == "filed"


def test_the_same_minutes_are_not_claimed_twice(story: Story) -> None:
    first = drafted(story)
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO}
    problem = refused(story.client, "/claims", body, 409, "remaining")
    assert problem["claims"] == ["0001"]
    assert problem["minutes"] == [["2025-06-28T22:00:00.000000Z", "2025-06-29T20:00:00.000000Z"]]
    assert "22 h 00 min" in problem["detail"]
    assert "claim 0001" in problem["detail"]
    refused(story.client, "/claims", body | {"remaining": True}, 409, "remaining")
    withdrawn = step(story, first, "withdraw", reason="Entered for the wrong month.")
    assert withdrawn["possible"] == []
    assert drafted(story)["number"] == "0002"


def test_what_remains_is_claimed_without_what_was_claimed_before(story: Story) -> None:
    # as at noon of Sun 29 June: down for 14 h, 12 h of them counted, of 720 h: 98.33 %, 30 %
    early = drafted(story, as_at="2025-06-29T12:00:00+02:00", at="2025-06-29T12:00:00+02:00")
    assert early["so_far"] is True
    assert early["spans"][0]["end"] == "2025-06-29T10:00:00Z"
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO, "remaining": True}
    # the later ten hours pay no more: the tier is the same
    problem = refused(story.client, "/claims", body, 409, "remaining")
    assert "nothing of 2025-06 remains" in problem["detail"]


def test_a_breach_paper_gives_its_figures(story: Story) -> None:
    asked = story.statement("2025-07-01T09:00:00+02:00", wishes={"claim_number": "0042"})
    paper = story.post(f"/statements/{asked['id']}/issue", {"kind": "breach", "approved_by": WHO})
    claim = post(story.client, "/claims", {"paper_id": paper["id"], "by": WHO})
    assert (claim["number"], claim["paper_id"], claim["amount"]) == ("0042", paper["id"], "120.00")
    assert claim["as_at"] == "2025-07-01T07:00:00Z"
    report = story.post(f"/statements/{asked['id']}/issue", {"approved_by": WHO})
    refused(story.client, "/claims", {"paper_id": report["id"], "by": WHO}, 422, "paper_id")
    step(story, claim, "withdraw", reason="The observations were another server's.")
    story.post("/evidence/retractions", {"subject": f"window:{story.ids['w3']}", "by": WHO, "reason": "not ours"})
    step_back = post(story.client, "/claims", {"paper_id": paper["id"], "by": WHO})  # 24 h pay the same 30 %
    assert step_back["amount"] == "120.00"


def test_lists_filter_page_and_tag(story: Story) -> None:
    claim = filed(story)
    items = get(story.client, "/claims", state="filed", service_id=story.ids["service"])["items"]
    assert [item["number"] for item in items] == ["0001"]
    assert get(story.client, "/claims", provider_id=story.ids["provider"])["items"] == items
    assert get(story.client, "/claims", provider_id=NOBODY)["items"] == []
    assert get(story.client, "/claims", after=claim["id"])["items"] == []
    answer = story.client.get(f"{API}/claims/{claim['id']}")
    same = story.client.get(f"{API}/claims/{claim['id']}", headers={"if-none-match": answer.headers["etag"]})
    assert same.status_code == 304


def test_sent_twice_drafted_once(story: Story) -> None:
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO}
    first, again = (story.client.post(f"{API}/claims", json=body, headers={"idempotency-key": "c-1"}) for _ in "ab")
    assert first.status_code == again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json()["id"] == again.json()["id"]


BAD: list[tuple[str, Body, int, str]] = [
    # what, body, status, the field named
    ("/claims", {"by": WHO}, 422, "service_id"),
    ("/claims", {"by": WHO, "service_id": "S"}, 422, "month"),
    ("/claims", {"service_id": "S", "month": "2025-06"}, 422, "by"),
    ("/claims", {"by": "", "service_id": "S", "month": "2025-06"}, 422, "by"),
    ("/claims", {"by": WHO, "service_id": NOBODY, "month": "2025-06"}, 404, "service_id"),
    ("/claims", {"by": WHO, "paper_id": NOBODY}, 404, "paper_id"),
    ("/claims", {"by": WHO, "statement_id": NOBODY}, 404, "statement_id"),
    ("/claims", {"by": WHO, "service_id": "S", "month": "2025-08"}, 422, "month"),
    ("/claims", {"by": WHO, "service_id": "S", "month": "2025-03"}, 409, "month"),
    ("/claims", {"by": WHO, "service_id": "S", "month": "2025-06", "at": "2025-07-02T09:00:00+02:00"}, 422, "at"),
    ("/claims", {"by": WHO, "service_id": "S", "month": "2025-06", "goodwill_amount": "9"}, 422, "goodwill_amount"),
    (f"/claims/{NOBODY}/approve", {"by": WHO}, 404, "claim_id"),
    ("/claims/C/approve", {}, 422, "by"),
    ("/claims/C/approve", {"by": " "}, 422, "by"),
    ("/claims/C/accept", {"by": WHO}, 409, "claim_id"),
    ("/claims/C/credit", {"by": WHO, "amount": "1", "invoice": "I", "invoice_date": "2025-07-01"}, 409, "claim_id"),
]
BAD_FILED: list[tuple[str, Body, int, str]] = [
    ("refuse", {"by": WHO, "figure": "no credit"}, 422, "words"),
    ("refuse", {"by": WHO, "words": "No."}, 422, "figure"),
    ("accept-partly", {"by": WHO, "words": "Some.", "amount": "120.00"}, 422, "amount"),
    ("accept-partly", {"by": WHO, "words": "Some.", "amount": "0"}, 422, "amount"),
    ("accept-partly", {"by": WHO, "words": "Some.", "amount": 40.5}, 422, "amount"),
    ("accept", {"by": WHO, "amount": "119.99"}, 422, "amount"),
    ("accept", {"by": WHO, "currency": "USD"}, 422, "currency"),
    ("accept", {"by": WHO, "message_id": NOBODY}, 404, "message_id"),
    ("acknowledge", {"by": WHO, "at": "2025-07-01T08:59:59+02:00"}, 422, "at"),  # filed at 09:00
    ("acknowledge", {"by": WHO, "at": "2025-07-01T09:00:01+02:00"}, 422, "at"),  # to come
    ("file", {"by": WHO, "channel": "portal"}, 409, "claim_id"),
    ("take-back", {"by": WHO}, 422, "reason"),
]


def test_what_is_refused_names_its_field_and_leaves_nothing(story: Story) -> None:
    def check(path: str, body: Body, status: int, field: str) -> None:
        body = {key: story.ids["service"] if value == "S" else value for key, value in body.items()}
        refused(story.client, path, body, status, field, example=status != 404)

    for path, body, status, field in BAD[:11]:
        check(path, body, status, field)
    claim = drafted(story)
    for path, body, status, field in BAD[11:]:
        check(path.replace("/C/", f"/{claim['id']}/"), body, status, field)
    step(story, claim, "approve")
    step(story, claim, "file", channel="portal")
    for verb, body, status, field in BAD_FILED:
        check(f"/claims/{claim['id']}/{verb}", body, status, field)
    refused(story.client, "/claims", {"by": WHO, "number": "0001", "service_id": story.ids["service"],
                                      "month": "2025-06"}, 409, "number")  # fmt: skip


def test_a_refusal_says_what_is_possible(story: Story) -> None:
    claim = drafted(story)
    problem = refused(story.client, f"/claims/{claim['id']}/accept", {"by": WHO}, 409, "claim_id")
    assert problem["possible"] == ["approved", "lapsed", "withdrawn"]


@pytest.mark.parametrize("amount", [None, "50.00"])
def test_where_the_terms_pay_nothing_goodwill_is_asked(cast_only: Story, amount: str | None) -> None:
    """A window that did not take place breaks a promise and costs the provider nothing."""
    story = cast_only
    work = story.post("/works", {"title": "Clone", "kind": "clone", "services": [story.ids["service"]]})
    promise = {"work_id": work["id"], "start_at": "2025-06-07T22:00:00+02:00", "end_at": "2025-06-08T00:00:00+02:00",
               "announced_at": "2025-06-03T10:05:00+02:00", "note": "told on the phone"}  # fmt: skip
    window = story.post("/windows", promise)
    story.post(f"/windows/{window['id']}/said", {"kind": "not_carried_out", "at": "2025-06-08T00:00:00+02:00",
               "said_at": "2025-06-08T09:40:00+02:00", "source": "P", "text": "It did not take place."})  # fmt: skip
    claim = drafted(story, goodwill_amount=amount)
    assert (claim["basis"], claim["amount"], claim["latest"]) == ("goodwill", amount or "0.00", None)
    assert claim["spans"] == []
    body = {"service_id": story.ids["service"], "month": "2025-06", "by": WHO}
    assert refused(story.client, "/claims", body, 409, "month")["claims"] == ["0001"]
    step(story, claim, "approve")
    step(story, claim, "file", channel="letter")
    assert step(story, claim, "accept", amount="60.00")["outstanding"] == "60.00"


def test_the_list_is_json_of_plain_values(story: Story) -> None:
    drafted(story)
    (item,) = get(story.client, "/claims")["items"]
    assert not [key for key, value in item.items() if isinstance(value, float)]
    assert json.loads(json.dumps(item)) == item


NETWORK: Body = {"name": "network", "target_percent": "99.9", "credit": {"kind": "flat", "percent": "40"},
                 "cap_percent": "100", "maintenance": {"scheduled_excluded": False}}  # fmt: skip


def reworded(story: Story, **changes: Any) -> None:
    """June under the contract's terms with other clauses."""
    (agreement,) = get(story.client, "/agreements", service_id=story.ids["service"])["items"]
    path = f"/agreements/{agreement['id']}/terms"
    (old,) = get(story.client, path)["items"]
    post(story.client, f"{path}/{old['id']}/end", {"effective_to": "2025-06-01"}, 200)
    post(story.client, path, {"effective_from": "2025-06-01", "terms": old["terms"] | changes})


def test_a_further_guarantees_credit_claims_the_minutes_it_counts(story: Story) -> None:
    """Nothing is excused there: 24 h, where the first guarantee counts 22 of them and pays nothing."""
    reworded(story, credit={"kind": "none"}, guarantees=[NETWORK])
    claim = drafted(story)
    assert (claim["amount"], claim["to_settle"]) == ("160.00", None)
    whole = [{"start": "2025-06-28T20:00:00Z", "end": "2025-06-29T20:00:00Z"}]
    assert claim["spans"] == whole
    (network,) = get(story.client, f"/claims/{claim['id']}/statement")["guarantees"]
    assert network["counted_spans"] == [whole[0] | {"seconds": 24 * 3600}]
    assert [line["label"] for line in claim["due_lines"]] == ["Network", "Due"]


def test_where_a_person_must_settle_the_largest_credit_is_claimed_and_said(story: Story) -> None:
    """30 % of 400 is 120.00, 40 % is 160.00."""
    reworded(story, guarantees=[NETWORK], stacking="as the provider sees fit")
    claim = drafted(story)
    assert claim["amount"] == "160.00"
    assert "as the provider sees fit" in claim["to_settle"]
    assert "the largest single credit is claimed, 160.00 EUR" in claim["to_settle"]
    assert {line["label"]: line["value"] for line in claim["due_lines"]}["Availability"] == "120.00 EUR"


def test_no_claim_goes_out_on_a_reading_nobody_stands_up_for(story: Story) -> None:
    (agreement,) = get(story.client, "/agreements", service_id=story.ids["service"])["items"]
    path = f"/agreements/{agreement['id']}/terms"
    (old,) = get(story.client, path)["items"]
    post(story.client, f"{path}/{old['id']}/end", {"effective_to": "2025-06-01"}, 200)
    doubtful = old["terms"] | {"needs_review": {"credit.tiers": "The table and its text disagree."}}
    terms = post(story.client, path, {"effective_from": "2025-06-01", "terms": doubtful})
    claim = drafted(story)
    assert claim["needs_review"] == ["credit.tiers"]
    problem = refused(story.client, f"/claims/{claim['id']}/approve", {"by": WHO}, 409, "terms")
    assert problem["paths"] == ["credit.tiers"]
    post(story.client, f"/terms/{terms['id']}/reviews", {"path": "credit.tiers", "by": WHO, "note": "Read again."})
    assert step(story, claim, "approve")["state"] == "approved"
