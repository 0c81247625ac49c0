"""An audit's result in the record, and from there in the sites' states, the statement and every paper."""

from __future__ import annotations

import re
from typing import Any

from app.demo.told import at
from tests.build import API, NOBODY, Body, refused
from tests.statements.ministory import PEOPLE, Story

AS_AT = at(30, "06:10")


def found(site: str, **more: Any) -> Body:
    return {"site": site, "equal": 40, **more}


def audit(story: Story, **more: Any) -> Body:
    """What `kept audit assess` sends: three sites compared, one old, one with rows gone, one equal."""
    copies = [
        {"id": "g-pre", "role": "pre", "server": "old", "taken_at": at(28, "20:58"), "root": "a" * 64},
        {"id": "g-after", "role": "after", "server": "new", "taken_at": at(30, "05:00"), "root": "b" * 64},
    ]
    sites = [
        found("larkfield.example", old=3, changed=2, notes=["uploads/ went back to g-pre: 3 of 3 files changed since"]),
        found("shop.larkfield.example", equal=90, changed=4, low=1, rows={"LOST": 5, "REVERTED": 2}),
        found("events.larkfield.example", equal=12, excluded=7),
        found("brot.example", equal=0, unknown=8),
    ]
    return {
        "service_id": story.ids["service"], "at": at(30, "05:50"), "equal_to": at(28, "20:58"),
        "first_new_at": at(30, "05:00"), "expected_writes": 31, "copies": copies, "sites": sites,
        "clocks": "both within two seconds", "limits": ["not examined: 0 unreadable, 0 unstable, 7 excluded"],
    } | more  # fmt: skip


def test_from_the_audit_to_the_papers(story: Story) -> None:
    wrong = audit(story)
    wrong["sites"][1]["site"] = "nowhere.example"
    refused(story.client, "/audit/assessments", wrong, 404, "sites.1.site", example=False)
    refused(story.client, "/audit/assessments", audit(story, at=at(28, "21:00")), 422, "at")
    refused(story.client, "/audit/assessments", audit(story, service_id=NOBODY), 404, "service_id", example=False)
    twice = audit(story)
    twice["sites"].append(twice["sites"][0])
    refused(story.client, "/audit/assessments", twice, 422, "sites.4.site", example=False)
    nothing = audit(story, sites=[found("brot.example", equal=0, unknown=8)])
    refused(story.client, "/audit/assessments", nothing, 422, "sites", example=False)
    guessed = audit(story)
    guessed["sites"][0]["old"] = -1
    refused(story.client, "/audit/assessments", guessed, 422, "sites.0.old", example=False)

    seal = {"generation": "g-pre", "label": "pre", "server": "old", "server_root": "a" * 64,
            "manifest_sha256": "c" * 64, "taken_from": at(28, "20:50"), "taken_until": at(28, "20:58"), "sites": 9,
            "entries": 1000, "bytes": 5}  # fmt: skip
    story.post("/audit/seals", seal)
    made = story.post("/audit/assessments", audit(story))
    assert story.post("/audit/assessments", audit(story), 200) == made, "the same result again is the same"
    sites = story.get(f"/audit/assessments/{made['id']}/sites")["items"]
    assert [item["state"] for item in sites] == ["old", "lost", "current", "unknown"]
    of_one = story.get(f"/audit/assessments/{made['id']}/sites", client_id=story.ids["C-002"])["items"]
    assert [item["site_id"] for item in of_one] == [story.ids["brot.example"]]
    entry = story.get("/evidence/entries", subject=f"assessment:{made['id']}")["items"][0]
    assert (entry["kind"], entry["attachments"]) == ("audit.assessed", [made["digest"]])

    looks = [story.get(f"/sites/{story.ids[host]}/checks")["items"] for host in PEOPLE["C-001"][5]]
    assert [[look["current"] for look in each if look["at"] == "2025-06-30T03:50:00Z"] for each in looks] == [
        [False], [False], [True]
    ]  # fmt: skip
    assert not [
        look for look in story.get(f"/sites/{story.ids['brot.example']}/checks")["items"] if "copy" in look["note"]
    ]

    statement = story.statement(AS_AT)["id"]
    papers = {
        kind: story.get(f"/statements/{statement}/report.json", kind=kind) for kind in ("monthly", "breach", "evidence")
    }
    for kind, paper in papers.items():
        told = paper["audit"]
        counts = {state: told[state] for state in ("current", "old", "lost", "unknown", "not_compared", "compared")}
        assert counts == {"current": 1, "old": 1, "lost": 1, "unknown": 1, "not_compared": 5, "compared": 4}, kind
        assert (told["at_risk_seconds"], told["expected_writes"]) == (32 * 3600 + 120, 31)
        assert [copy["sealed_at"] is not None for copy in told["copies"]] == [True, False]
    assert len(papers["monthly"]["audit"]["sites"]) == 3
    rows = {site["host_name"]: site["rows_damaged"] for site in papers["evidence"]["audit"]["sites"]}
    assert rows == {
        "larkfield.example": 0,
        "shop.larkfield.example": 7,
        "events.larkfield.example": 0,
        "brot.example": 0,
    }
    deviation = next(item["text"] for item in papers["breach"]["deviations"] if item["about"] == "data")
    assert "1 hold older content and 1 lack data or hold damaged data" in deviation
    assert any("Audit of the files" in line["text"] for line in papers["monthly"]["chronology"])
    for kind in papers:
        page = story.client.get(f"{API}/statements/{statement}/report.html", params={"kind": kind}).text
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")
        assert "equal to the copy of Sat 28 June 20:58" in words
        assert "no data was lost" not in words
        assert "5 sites were not compared" in words
        assert (
            "from Sat 28 June 20:58 to Mon 30 June 05:00 nobody has seen; at the pace before about 31 writes" in words
        )

    before = story.statement(at(30, "05:40"))["id"]
    assert story.get(f"/statements/{before}/report.json")["audit"] is None, "it was not known yet"
    gone = {"subject": f"assessment:{made['id']}", "by": "Dana Reyes", "reason": "the wrong generation was compared"}
    story.post("/evidence/retractions", gone)
    after = story.get(f"/statements/{story.statement(AS_AT)['id']}/report.json", kind="evidence")
    assert after["audit"] is None
    states = {site["host_name"]: site["state"] for site in after["sites"]}
    assert states["larkfield.example"] == "current", "as it was looked at before, for the audit is taken back"
