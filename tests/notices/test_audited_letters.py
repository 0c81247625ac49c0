"""Letters draw on the audit of files and databases: equal to a copy and no more, and no word that it contradicts."""

from __future__ import annotations

import json

from app.demo import told
from app.demo.told import at
from reports import documents as doc
from reports.letters import text_of
from tests.build import Body
from tests.notices.handed import refused, tell, write
from tests.notices.test_kinds import BACK, LOSS, REPORT, shown
from tests.statements.ministory import ROUNDS, Story
from tests.statements.test_audited import audit, found

PARTLY = {"kind": "L6", "next_contact_at": at(30, "10:00")} | {
    name: value for name, value in told.PARTLY.items() if name != "copy_from_at"
}
BY_AUDIT = ("at_risk_from", "at_risk_to", "loss", "last_copy_at")
DOUBT = {name: value for name, value in LOSS.items() if name not in BY_AUDIT}
FULL = {name: value for name, value in REPORT.items() if name != "data"}
COPY = "copy of the old server of Sat 28 June 20:58"


def words_of(letter: doc.ClientLetter) -> str:
    return " ".join(text_of(letter).replace("\u00a0", " ").split())


def states(body: object) -> dict[str, str]:
    assert isinstance(body, doc.FinalReport | doc.PossibleLoss | doc.PartlyDone)
    assert body.compared is not None
    return {site.host_name: site.found for site in body.compared.sites}


def test_letters_say_what_the_audit_bears_out(story: Story) -> None:
    tell(story, *list(ROUNDS)[:-1])
    follows = story.ids["told overrunning"]
    assert refused(story, DOUBT, at(30, "09:00"), follows=follows)[0] == "words.at_risk_from", "nothing gives it yet"
    body = audit(story)
    body["copies"][0]["claimed"] = True
    body["sites"] += [found("juniper-dental.example", old=2), found("marlow-pottery.example", lost=1, rows={"LOST": 4})]
    story.post("/audit/assessments", body)
    later = {"at": at(30, "06:02"), "reachable": True, "working": True, "current": True, "source": "N"}
    story.post(f"/sites/{story.ids['juniper-dental.example']}/checks", later)

    partly = shown(story, write(story, PARTLY, at(30, "06:05"), follows=follows))
    first = partly["C-001"]
    assert states(first.body) == {
        "larkfield.example": "older",
        "shop.larkfield.example": "lacking",
        "events.larkfield.example": "equal",
    }
    assert isinstance(first.body, doc.PartlyDone)
    assert first.body.copy_from_at is None, "which copy the old content is of, nobody knows"
    said = words_of(first)
    for part in (f"{COPY}, as stated by us", "Equal to that copy, or changed since: events.larkfield.example",
                 "Holding content older than that copy: larkfield.example",
                 "or holding damaged data: shop.larkfield.example",
                 "entered from Sat 28 June 20:58 to Mon 30 June 05:00 was not compared", "data missing"):  # fmt: skip
        assert part in said, said
    assert partly["C-004"].body.compared is None, "nobody compared it"  # type: ignore[union-attr]
    wrong = PARTLY | {"copy_from_at": at(28, "21:58")}
    field, why = refused(story, wrong, at(30, "06:05"), follows=follows)
    assert (field, "larkfield.example holds older content" in why) == ("words.copy_from_at", True)
    write(story, PARTLY | {"copy_from_at": at(28, "20:00")}, at(30, "06:05"), follows=follows)

    only = [story.ids["C-003"]]  # somebody looked after the audit, and saw nothing wrong
    back = BACK | {"checks": [{"what": "the pages", "result": "as before", "at": at(30, "06:03")}]}
    field, why = refused(story, back, at(30, "06:15"), follows=follows, only=only)
    assert (field, "C-003" in why, "juniper-dental.example holds older content" in why) == ("sites", True, True)

    losses = shown(story, write(story, DOUBT, at(30, "09:00"), follows=follows))
    kinds = {number: letter.body for number, letter in losses.items()}
    assert all(isinstance(body, doc.PossibleLoss) for body in kinds.values())
    assert {number: body.loss for number, body in kinds.items()} == {  # type: ignore[union-attr]
        "C-001": "confirmed", "C-002": "possible", "C-003": "possible", "C-004": "possible", "C-005": "possible",
        "C-006": "confirmed"}  # fmt: skip
    risk = {(body.at_risk.start_at, body.at_risk.end_at) for body in kinds.values()}  # type: ignore[union-attr]
    assert [tuple(moment.isoformat() for moment in span) for span in risk] == [
        ("2025-06-28T18:58:00+00:00", "2025-06-30T03:00:00+00:00")]  # fmt: skip
    rows = {
        (row.host_name, row.state): (row.files, row.entries)
        for body in kinds.values()
        for row in body.rows  # type: ignore[union-attr]
        if row.kind is None
    }
    assert rows == {
        ("larkfield.example", "older"): (3, 0),
        ("shop.larkfield.example", "missing"): (0, 7),
        ("brot.example", "unknown"): (None, None),
        ("juniper-dental.example", "older"): (2, 0),
        ("marlow-pottery.example", "missing"): (1, 4),
    }
    said = words_of(losses["C-001"])
    for part in ("The loss is confirmed for: Files and database entries", "files 0, entries 7",
                 "Copy compared with: Sat 28 June 20:58, as stated by us"):  # fmt: skip
        assert part in said, said
    assert "Part of what your three websites hold is missing, damaged or older than it was." in said
    assert "We have not confirmed a loss" not in words_of(losses["C-003"]), "what is older is found, not feared"
    field, why = refused(story, DOUBT | {"loss": "possible"}, at(30, "09:00"), follows=follows)
    assert (field, "shop.larkfield.example lacks data" in why) == ("words.loss", True)
    nothing = {"sites": [{"site_id": story.ids["marlow-pottery.example"], "rows": []}]}
    field, why = refused(story, DOUBT | nothing, at(30, "09:00"), follows=follows)
    assert (field, "marlow-pottery.example lacks data" in why) == ("words.sites.0.rows", True)
    alone = refused(story, DOUBT | {"at_risk_from": at(28, "22:00")}, at(30, "09:00"), follows=follows)
    assert "given together" in alone[1]

    ended = {"kind": "ended", "at": at(30, "20:00"), "said_at": at(30, "20:05"), "text": "Done.", "source": "P"}
    story.post(f"/windows/{story.ids['w3']}/said", ended)
    about = {"window_id": story.ids["w3"]}
    full = shown(story, write(story, FULL, at(1, "08:00", 7), **about))
    data = {site.host_name: site.data for letter in full.values() for site in letter.body.sites}  # type: ignore[union-attr]
    assert data == {
        "larkfield.example": "older", "shop.larkfield.example": "missing", "events.larkfield.example": "complete",
        "harbour-bakery.example": "unknown", "brot.example": "unknown", "juniper-dental.example": "older",
        "kestrel-joinery.example": "unknown", "thornbury.example": "unknown", "marlow-pottery.example": "missing",
    }  # fmt: skip
    said = words_of(full["C-001"])
    assert "equal to the copy of Sat 28 June 20:58" in said
    assert "Part of your data is missing." in said
    for site, state in (("shop.larkfield.example", "lacks data"), ("larkfield.example", "holds older content")):
        wrong = {"data": "unknown", "sites": [{"site_id": story.ids[site], "data": "complete"}]}
        field, why = refused(story, FULL | wrong, at(1, "08:00", 7), **about)
        assert (field, f"{site} {state}" in why) == ("words.data", True)
    doubted = write(story, FULL | {"data": "unknown"}, at(1, "08:00", 7), **about)
    assert shown(story, doubted)["C-006"].body.data == "missing"  # type: ignore[union-attr]

    newer: Body = audit(story, at=at(1, "05:00", 7), sites=[found("juniper-dental.example")])
    newer["copies"].append(newer["copies"][1] | {"id": "g-again", "taken_at": at(1, "04:50", 7)})
    story.post("/audit/assessments", newer)
    whole = shown(story, write(story, FULL, at(1, "08:00", 7), only=only, **about))["C-003"]
    assert f"Your data is equal to the {COPY.replace(' of the old server', '')}, or was changed since." in words_of(
        whole
    )
    assert "complete" not in json.dumps(words_of(whole)).replace("completed", "")
    for row in story.get("/audit/assessments")["items"]:
        gone = {"subject": f"assessment:{row['id']}", "by": "Dana Reyes", "reason": "wrong copy"}
        story.post("/evidence/retractions", gone)
    assert shown(story, write(story, FULL, at(1, "08:00", 7), **about))["C-001"].body.compared is None  # type: ignore[union-attr]
