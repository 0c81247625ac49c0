"""A round's plan: what was looked at is what goes, by whose name, once; and what is refused, with what to do next."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from app.demo.told import at
from tests.build import API, Body, approval, written
from tests.notices.handed import hand_out
from tests.statements.ministory import PEOPLE, ROUNDS, Story

TOLD_AT = at(3, "14:00")
LATER = {"since_at": "2024-01-08T09:00:00+01:00"}
LOSS: Body = {
    "kind": "L7", "next_contact_at": at(1, "12:00", 7), "at_risk_from": at(28, "22:00"), "at_risk_to": at(29, "22:00"),
    "loss": "possible", "rows": [{"kind": "Orders", "state": "unknown", "personal": "yes"}],
    "measures": ["The old copy is kept."], "aware_at": at(29, "23:40"), "we_are": "processor",
    "data_contact": "Dana Reyes", "data_contact_reach": "+49 30 23125 142",
}  # fmt: skip


def plan(story: Story, notice: str, moment: str | None = TOLD_AT, **query: Any) -> Body:
    return dict(story.get(f"/notices/{notice}/plan", **({"at": moment} if moment else {}), **query))


def refused(story: Story, path: str, body: Body, status: int, field: str, *says: str) -> Body:
    """The refusal, which leaves nothing behind and says what to do."""
    before = written(story.client)
    answer = story.client.post(f"{API}{path}", json=body)
    problem = dict(answer.json())
    assert (answer.status_code, problem["errors"][0]["field"]) == (status, field), problem
    assert problem["errors"][0]["example"], problem
    for text in says:
        assert text in problem["detail"], problem["detail"]
    assert written(story.client) == before
    assert story.get("/letters")["items"] == []
    return problem


def test_a_plan_shows_who_gets_what_and_why_and_who_is_left_out_and_why(story: Story) -> None:
    contact = {"salutation": "Mr Ward", "name": "Peter Ward", "email": "ward@larkfield.example", **LATER}
    story.post(f"/clients/{story.ids['C-001']}/contacts", contact)
    story.post(f"/clients/{story.ids['C-001']}/contacts", contact | {"name": "Ida Bell", "kinds": ["monthly"]})
    answer = story.client.patch(
        f"{API}/contacts/{story.ids['Thomas Brandt']}",
        json={"prefers": "paper", "invitations": False, "at": at(1, "09:00")},
    )
    assert answer.status_code == 200, answer.text
    paths = {"kinds": ["monthly"], "at": at(1, "09:00")}
    assert story.client.patch(f"{API}/contacts/{story.ids['Karol Nowak']}", json=paths).status_code == 200
    notice = story.draft("planned", leave_out=[story.ids["C-003"]])["id"]
    before = written(story.client)
    seen = plan(story, notice, text=True)
    assert written(story.client) == before  # looking is no fact
    letters = {one["client_number"]: one for one in seen["letters"]}
    assert sorted(letters) == ["C-001", "C-002", "C-005", "C-006"]
    assert {one["client_number"]: one["why"] for one in seen["left_out"]} == {
        "C-003": "left out by decision", "C-004": "nobody there wishes letters about planned work",
    }  # fmt: skip
    assert [(to["name"], to["channel"], to["address"]) for to in letters["C-001"]["to"]] == [
        ("Ngozi Okafor", "email", "office@larkfield.example"), ("Peter Ward", "email", "ward@larkfield.example"),
    ]  # fmt: skip
    assert [(to["channel"], to["address"]) for to in letters["C-002"]["to"]] == [("paper", None)]
    assert all(to["why"] for one in letters.values() for to in one["to"])
    assert seen["channels"] == {"email": 4, "paper": 1}
    assert (seen["approval"], seen["hindrances"]) == ("click", [])
    for number, one in letters.items():
        assert one["subject"]
        assert set(one["sites"]) == set(PEOPLE[number][5])
        assert PEOPLE[number][3].split()[-1] in one["text"]  # whom it greets
    assert letters["C-001"]["zone"] == "Europe/Berlin"
    again = plan(story, notice)
    assert again["digest"] == seen["digest"]
    assert again["letters"][0]["text"] is None
    pdf = story.client.get(f"{API}/notices/{notice}/plan/{story.ids['C-005']}/letter.pdf")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert story.client.get(f"{API}/notices/{notice}/plan/{story.ids['C-003']}/letter.pdf").status_code == 404


def test_what_goes_is_what_was_looked_at_and_what_has_changed_since_is_named_client_by_client(story: Story) -> None:
    notice = story.draft("planned")["id"]
    issue = f"/notices/{notice}/issue"
    asked = approval(story.client, notice, TOLD_AT)
    missing = {name: value for name, value in asked.items() if name != "plan"}
    refused(story, issue, missing, 422, "plan", "is needed")
    refused(story, issue, asked | {"plan": "looked at it"}, 422, "plan")
    refused(story, issue, asked | {"plan": "0" * 64}, 409, "plan", "no plan of this round", f"{notice}/plan")
    other = story.draft("planned")["id"]
    refused(story, issue, asked | {"plan": plan(story, other)["digest"]}, 409, "plan", "no plan of this round")

    def change(path: str, body: Body) -> None:
        answer = story.client.patch(f"{API}{path}", json=body)
        assert answer.status_code == 200, answer.text

    change(f"/clients/{story.ids['C-002']}", {"name": "Harbour Bakery Ltd"})
    change(f"/contacts/{story.ids['Lucie Moreau']}", {"name": "Lucie Moreau-Klein", "at": at(2, "09:00")})
    rossi = {"salutation": "Ms Rossi", "name": "Lia Rossi", "email": "rossi@marlow-pottery.example", **LATER}
    story.post(f"/clients/{story.ids['C-006']}/contacts", rossi)
    (stay,) = [row for row in story.get("/placements", limit=100)["items"]
               if row["site_id"] == story.ids["kestrel-joinery.example"]]  # fmt: skip
    story.post(f"/placements/{stay['id']}/end", {"to_at": at(3, "12:00")}, 200)
    new = {"number": "C-008", "name": "Fernhill Dental", "zone": "Europe/London", "address": ["1 New Street", "York"],
           "contacts": [{"salutation": "Mr Hill", "name": "Tom Hill", "email": "hill@fernhill.example", **LATER}],
           "sites": [{"name": "fernhill.example", "number": "S-800",
                      "placements": [{"service_id": story.ids["service"], "from_at": at(2, "09:00")}]}]}  # fmt: skip
    story.post("/clients", new)
    problem = refused(story, issue, asked, 409, "plan", "has changed since this plan", "C-002 Harbour Bakery Ltd")
    said = {one["client_number"]: one["what"] for one in problem["changed"]}
    assert sorted(said) == ["C-002", "C-003", "C-004", "C-006", "C-008"]
    assert "who it is for" in said["C-002"]
    assert "it goes to others, or another way: Lucie Moreau-Klein (email)" in said["C-003"]
    assert said["C-004"] == "gets no letter any more: no site of theirs is on the service any more"
    assert "Aldo Ferrari (email), Lia Rossi (email)" in said["C-006"]
    assert said["C-008"] == "gets a letter now, and got none in that plan"
    story.post(issue, approval(story.client, notice, TOLD_AT), 200)
    assert len(story.get("/letters")["items"]) == 6


def test_a_letter_that_would_be_untrue_when_it_goes_out_is_refused_and_can_be_renewed(story: Story) -> None:
    notice = story.draft("planned")["id"]
    story.clock.now = datetime.fromisoformat(at(8, "10:00"))
    seen = plan(story, notice, None)
    (hindrance,) = seen["hindrances"]
    assert "did not take place" in hindrance
    assert seen["letters"][0]["untrue"][0]["says"] == "planned"
    asked = {"plan": seen["digest"], "approved_by": "Dana Reyes"}
    problem = refused(story, f"/notices/{notice}/issue", asked, 409, "plan", "6 of 6 letters would be untrue",
                      'is "did not take place", not "planned"', "Draft the round anew")  # fmt: skip
    assert {one["client_number"] for one in problem["changed"]} == set(PEOPLE)
    renew = f"/notices/{notice}/renew"
    refused(story, renew, {"as_at": at(2, "14:00")}, 409, "as_at", "speak of")
    refused(story, renew, {"as_at": at(9, "14:00")}, 422, "as_at", "future")
    refused(story, renew, {}, 422, "words.next_contact_at", "has passed")  # such a letter cannot be written any more
    story.clock.now = datetime.fromisoformat(at(4, "09:00"))
    story.post(f"/notices/{notice}/approve", {"plan": plan(story, notice)["digest"], "approved_by": "Jo Marsh"}, 200)
    row = story.post(renew, {}, 200)
    assert (datetime.fromisoformat(row["as_at"]), row["approved_by"], row["plan"]) == (story.clock.now, None, None)
    story.post(f"/notices/{notice}/issue", approval(story.client, notice) | {"send": False}, 200)


def test_of_two_drafts_of_one_round_the_earlier_is_overtaken(story: Story) -> None:
    first, second = (story.draft("planned", only=[story.ids["C-001"]])["id"] for _ in range(2))
    asked = approval(story.client, first, TOLD_AT)
    hand_out(story, second, TOLD_AT)
    answer = story.client.post(f"{API}/notices/{first}/issue", json=asked)
    assert answer.status_code == 409
    assert "C-001 Larkfield Garden Centre has had round 2" in answer.json()["detail"]
    assert len(story.get("/letters")["items"]) == 1


def test_two_people_approve_at_once_and_one_of_them_does(both: Story) -> None:
    notice = both.draft("planned")["id"]
    digest = plan(both, notice)["digest"]
    answers: list[tuple[int, str]] = []
    together = threading.Barrier(2)

    def approve(person: str) -> None:
        together.wait(20)
        body = {"plan": digest, "approved_by": person}
        answer = both.client.post(f"{API}/notices/{notice}/approve", json=body)
        answers.append((answer.status_code, answer.text))

    people = [threading.Thread(target=approve, args=(name,)) for name in ("Dana Reyes", "Jo Marsh")]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    assert sorted(status for status, _ in answers) == [200, 409], answers
    by = both.get(f"/notices/{notice}")["approved_by"]
    assert f"{by} approved this very plan before" in next(text for status, text in answers if status == 409)
    log = [row for row in both.get("/evidence/entries", limit=500)["items"] if row["kind"] == "notice.approved"]
    assert [(row["body"]["approved_by"], row["body"]["plan"]) for row in log] == [(by, digest)]


def test_what_is_issued_is_what_was_approved(story: Story) -> None:
    notice = story.draft("planned", only=[story.ids["C-001"], story.ids["C-002"]])["id"]
    digest = plan(story, notice)["digest"]
    way = f"/notices/{notice}"
    refused(story, f"{way}/issue", {"plan": digest, "issued_at": TOLD_AT}, 422, "approved_by", "nobody has approved")
    refused(story, f"{way}/approve", {"plan": "0" * 64, "approved_by": "Dana Reyes"}, 409, "plan", "look at it")
    story.post(f"{way}/approve", {"plan": digest, "approved_by": "Dana Reyes"}, 200)
    issue = {"plan": digest, "issued_at": TOLD_AT}
    refused(story, f"{way}/issue", issue | {"approved_by": "Jo Marsh"}, 409, "approved_by", "Dana Reyes approved")
    answer = story.client.patch(f"{API}/clients/{story.ids['C-002']}", json={"name": "Harbour Bakery Ltd"})
    assert answer.status_code == 200
    refused(story, f"{way}/issue", issue, 409, "plan", "C-002")
    changed = plan(story, notice)["digest"]
    refused(story, f"{way}/issue", issue | {"plan": changed}, 409, "plan", "approved another plan", "approve")
    story.post(f"{way}/approve", {"plan": changed, "approved_by": "Jo Marsh"}, 200)
    row = story.post(f"{way}/issue", issue | {"plan": changed}, 200)
    assert (row["approved_by"], row["plan"]) == ("Jo Marsh", changed)
    entry = story.get("/evidence/entries", subject=f"notice:{notice}")["items"][-1]
    assert (entry["kind"], entry["body"]["plan"]) == ("notice.issued", changed)
    assert all(one["to"] for one in entry["body"]["letters"])
    assert story.client.post(f"{API}{way}/approve", json={"plan": changed, "approved_by": "A B"}).status_code == 409


def test_a_letter_about_data_is_answered_for_by_a_person(told_story: Story) -> None:
    story, moment = told_story, at(30, "06:10")
    body = {"service_id": story.ids["service"], "window_id": story.ids["w3"], "as_at": moment, "words": LOSS}
    notice = story.post("/notices", body | {"only": [story.ids["C-001"]]})["id"]
    seen = plan(story, notice, moment)
    assert seen["approval"] == "named"
    for name in ("Dana", "the agency", "office", "Brightwell Web Studio", "dana@brightwell.example"):
        for way, more in (("approve", {}), ("issue", {"issued_at": moment})):
            asked = {"plan": seen["digest"], "approved_by": name} | more
            answer = story.client.post(f"{API}/notices/{notice}/{way}", json=asked)
            assert answer.status_code == 422, answer.text
            assert "L7 is answered for by a person: first name and surname" in answer.json()["detail"]
    asked = {"plan": seen["digest"], "approved_by": "Dana Reyes", "issued_at": moment}
    story.post(f"/notices/{notice}/issue", asked, 200)
    letter = story.get("/letters", notice_id=notice)["items"][0]["id"]
    assert story.get(f"/letters/{letter}/letter.json")["body"]["approved_by"] == "Dana Reyes"


def test_a_client_without_a_site_on_the_service_or_without_a_contact_is_named(story: Story) -> None:
    window, moment, words, _ = ROUNDS["planned"]
    body = {"service_id": story.ids["service"], "window_id": story.ids[window], "as_at": moment, "words": words}
    before = written(story.client)
    answer = story.client.post(f"{API}/notices", json=body | {"only": [story.ids["C-007"]]})
    assert answer.status_code == 422, answer.text
    assert "C-007: no site of theirs is on the service" in answer.json()["detail"]
    assert written(story.client) == before
