"""Letters after the event, of a month, of an outage nobody announced, and corrections: each borne out by the record,
each figure the statement's, none with anybody else's site in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session

from app.cases.gather import gather
from app.db import reader
from app.demo.told import at
from app.sla.judge import judge
from app.sla.statement import Statement
from reports import documents as doc
from reports import reconcile
from reports.letters import text_of
from tests.build import API, Body
from tests.notices.handed import hand_out, letters, refused, tell, write
from tests.statements.ministory import NEIGHBOUR, PEOPLE, ROUNDS, Story, _copy, observe

ALL = sorted(PEOPLE)
BACK = {"kind": "L5", "checks": [{"what": "the pages", "result": "as before", "at": at(30, "06:10")}],
        "next_contact_words": "on Tuesday", "kept_until": "2025-07-12", "tell_ratio": True}  # fmt: skip
LOSS = {"kind": "L7", "next_contact_at": at(1, "12:00", 7), "at_risk_from": at(28, "22:00"),
        "at_risk_to": at(29, "22:10"), "loss": "possible", "measures": ["The old drives are kept."],
        "rows": [{"kind": "Orders", "state": "unknown", "personal": "yes", "about": "about 40"}],
        "aware_at": at(29, "23:40"), "we_are": "processor", "data_contact": "Dana Reyes",
        "data_contact_reach": "+49 30 23125 142", "last_copy_at": at(28, "03:10")}  # fmt: skip
REPORT = {"kind": "L8", "about": "the June server move", "data": "unknown", "cause_status": "not_known",
          "timeline": [{"at": at(24, "16:30"), "text": "A third date is given.", "source": "P"},
                       {"at": at(3, "10:05"), "text": "The work is announced.", "source": "P"}],
          "done": ["We looked at each site."]}  # fmt: skip
MONTH = {"kind": "L9", "own_target": "99.5", "open_points": ["Whether entries are missing."]}
OUTAGE = {"kind": "L10", "next_contact_at": at(1, "10:00", 7), "known": ["The server does not answer."],
          "not_known": ["Why."], "doing": ["Calling the provider."]}  # fmt: skip
WRONG = {"kind": "L11", "next_contact_words": "when there is more", "lines": [
    {"wrote": "The work of 7 June takes two hours.", "correct": "Nothing was done on 7 June."}]}  # fmt: skip


@pytest.fixture(scope="module")
def event(facts_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """All that happened, and all seven rounds. Its drafts change nothing; what is issued below says so."""
    for story in _copy(facts_template, tmp_path_factory.mktemp("event")):
        tell(story, *ROUNDS)
        yield story


def judged(story: Story, moment: str, month: str | None = None) -> Statement:
    with Session(reader(story.engine)) as session:
        whole = month is None
        return judge(gather(session, UUID(story.ids["service"]), month, datetime.fromisoformat(moment), months=0,
                            every_window=whole))  # fmt: skip


def shown(story: Story, notice: Body) -> dict[str, doc.ClientLetter]:
    """Every letter of a draft, held against itself as before printing, and against everybody else's data."""
    out = {}
    for number, item in letters(story, notice).items():
        document = doc.ClientLetter.model_validate_json(json.dumps(item["document"]))
        reconcile.check(document)
        said = json.dumps(item["document"]) + text_of(document)
        for other, (name, street, _, _, contact, hosts) in PEOPLE.items():
            for word in (name, street, contact, other, *hosts) if other != number else ():
                assert re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", said) is None, (number, word)
        assert NEIGHBOUR[3] not in said or number == NEIGHBOUR[0]
        assert {site.client_id for site in document.sites} == {number}
        out[number] = document
    return out


def test_back_and_checked_is_written_to_nobody_whose_sites_are_not(event: Story) -> None:
    follows = event.ids["told overrunning"]
    field, why = refused(event, BACK, at(30, "06:15"), follows=follows)
    assert field == "sites"
    for said in ("C-001: shop.larkfield.example is not current, events.larkfield.example is down",
                 "C-002: harbour-bakery.example is not current, brot.example is not known to be reachable",
                 "C-005: thornbury.example is not known to be reachable"):  # fmt: skip
        assert said in why
    assert "juniper" not in why
    only = [event.ids["C-003"]]
    told = shown(event, write(event, BACK, at(30, "06:15"), follows=follows, only=only))
    body = told["C-003"].body
    statement = judged(event, at(30, "06:15"))
    third = next(window for window in statement.windows if window.attempt == 3)
    assert isinstance(body, doc.Completed)
    assert list(told) == ["C-003"]
    assert body.down_seconds == third.downtime // timedelta(seconds=1) == 24 * 3600
    assert (body.down_from, body.back_since) == (statement.outages[0].span.start, statement.outages[0].span.end)
    assert body.down_ratio == doc.Share(numerator=86400, denominator=7200)
    field, why = refused(event, BACK, at(29, "21:00"), follows=follows, only=only)  # down, and the check is to come
    assert field in ("sites", "kind")
    field, why = refused(event, BACK | {"checks": [{"what": "x", "result": "y", "at": at(30, "07:00")}]},
                         at(30, "06:15"), follows=follows, only=only)  # fmt: skip
    assert (field, "yet to come" in why) == ("words.checks.0.at", True)
    for who, why in ((event.ids["C-007"], "had no letter"), ("01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f", "no client")):
        field, said = refused(event, BACK, at(30, "06:15"), follows=follows, only=[who])
        assert field == "only"
        assert why in said


def test_what_may_be_missing_is_told_site_by_site(event: Story) -> None:
    follows = event.ids["told partly"]
    nothing = {"site_id": event.ids["kestrel-joinery.example"], "rows": []}
    whole = {"site_id": event.ids["thornbury.example"],
             "rows": [{"kind": "Mail", "state": "recovered", "personal": "no"}]}  # fmt: skip
    lost = {"site_id": event.ids["brot.example"],
            "rows": [{"kind": "Orders", "state": "missing", "personal": "yes", "about": "12"}]}  # fmt: skip
    words = LOSS | {"loss": "confirmed", "sites": [nothing, whole, lost]}
    told = shown(event, write(event, words, at(30, "09:00"), follows=follows))
    assert sorted(told) == ["C-001", "C-002", "C-006"]  # Kestrel holds nothing, Thornbury's mail is recovered
    found = {number: letter.body for number, letter in told.items()}
    assert [(row.host_name, row.state) for row in found["C-002"].rows] == [  # type: ignore[union-attr]
        ("harbour-bakery.example", "unknown"), ("brot.example", "missing")]  # fmt: skip
    assert {number: body.loss for number, body in found.items()} == {  # type: ignore[union-attr]
        "C-001": "possible", "C-002": "confirmed", "C-006": "possible"}  # fmt: skip
    for wrong, said in (
        ({"loss": "confirmed"}, "no row is missing"),
        ({"rows": [LOSS["rows"][0] | {"state": "missing"}]}, "only possible"),  # type: ignore[index]
        ({"rows": [LOSS["rows"][0] | {"state": "complete"}]}, "nothing may be missing"),  # type: ignore[index]
        ({"at_risk_to": at(28, "21:00")}, "later than at_risk_from"),
        ({"aware_at": at(30, "12:00")}, "yet to come"),
    ):
        assert said in refused(event, LOSS | wrong, at(30, "09:00"), follows=follows)[1]


def test_a_correction_goes_to_exactly_those_deliveries(event: Story) -> None:
    told = letters(event, write(event, WRONG, at(30, "09:00"), follows=event.ids["told planned"]))
    rows = event.get("/letters", notice_id=event.ids["told planned"])["items"]
    assert {item["client_id"]: item["contact_id"] for item in told.values()} == {
        row["client_id"]: row["contact_id"] for row in rows}  # fmt: skip
    assert {item["recipients"][0]["why"] for item in told.values()} == {"had letter HOST-1/1"}
    body = shown(event, write(event, WRONG, at(30, "09:00"), follows=event.ids["told planned"]))["C-001"].body
    assert isinstance(body, doc.Correction)
    assert (body.notice_ref, body.notice_letter, body.notice_sent_at.isoformat()) == (
        "HOST-1/1", "L1", "2025-06-03T12:00:00+00:00")  # fmt: skip
    assert refused(event, WRONG, at(30, "09:00"), window_id=event.ids["w1"])[0] == "follows"
    same = {"lines": [{"wrote": "It is back.", "correct": "it is back"}]}
    assert "must differ" in refused(event, WRONG | same, at(30, "09:00"), follows=event.ids["told planned"])[1]


def test_a_month_has_the_statements_seconds_for_every_site(event: Story) -> None:
    assert refused(event, MONTH, at(30, "23:00"), month="2025-06")[0] == "month"  # not over
    assert refused(event, MONTH, at(1, "08:00", 7))[0] == "month"
    assert refused(event, MONTH, at(1, "08:00", 7), month="2025-06", window_id=event.ids["w1"])[0] == "month"
    event.client.patch(f"{API}/clients/{event.ids['C-004']}", json={"zone": "Europe/London"}).raise_for_status()
    draft = write(event, MONTH, at(1, "08:00", 7), month="2025-06")
    told = shown(event, draft)
    assert sorted(told) == ALL
    statement = judged(event, at(1, "08:00", 7), "2025-06")
    down = {site.name: site.down // timedelta(seconds=1) for site in statement.sites}
    unknown = sum((gap.span.length for gap in statement.gaps), timedelta(0)) // timedelta(seconds=1)
    seen = {}
    for letter in told.values():
        assert isinstance(letter.body, doc.MonthlyStatement)
        for site in letter.body.sites:
            seen[site.host_name] = site.down_seconds
            assert site.availability == doc.Share(
                numerator=30 * 86400 - unknown - site.down_seconds, denominator=30 * 86400 - unknown)  # fmt: skip
            assert (site.unknown_seconds, site.answer) == (unknown, "breached")
        assert [window.down_seconds for window in letter.body.windows] == [None, None, 86400]
    assert seen == down
    first, fifth = told["C-001"].body, told["C-003"].body
    assert isinstance(first, doc.MonthlyStatement)
    assert isinstance(fifth, doc.MonthlyStatement)
    assert [one.ref for one in first.notices] == [f"HOST-1/{number}" for number in range(1, 8)]
    assert [one.letter for one in fifth.notices] == ["L1", "L2", "L3", "L2", "L3", "L4"]  # current, so no L6
    hand_out(event, draft["id"], at(1, "08:00", 7))
    assert "nobody is concerned" in refused(event, MONTH, at(1, "08:30", 7), month="2025-06")[1]
    assert [item for item in event.stale(at(1, "08:30", 7)).values() if item["kind"] == "L9"] == []
    offline = {"start_at": at(29, "10:00"), "end_at": at(29, "11:00"), "reason": "Our line was down."}
    event.post("/own-outages", offline)
    items = event.get("/notices/stale", service_id=event.ids["service"], as_at=at(1, "08:30", 7))
    months = {item["client_number"]: item for item in items if item["kind"] == "L9"}
    assert sorted(months) == ALL
    assert months["C-003"]["untrue"][0] == {
        "fact": "month:2025-06:S-006",
        "told": "86400 down, 0 not observed",
        "now": "82800 down, 3600 not observed",
    }
    remedy = months["C-003"]["remedy"]
    assert (remedy["kind"], remedy["follows"], remedy["month"]) == ("L11", draft["id"], "2025-06")
    put_right = write(event, WRONG, at(1, "08:40", 7), follows=draft["id"])
    assert put_right["month"] == "2025-06"
    hand_out(event, put_right["id"], at(1, "08:40", 7))
    items = event.get("/notices/stale", service_id=event.ids["service"], as_at=at(1, "08:45", 7))
    assert [item for item in items if item["untrue"][0]["fact"].startswith("month:")] == []


def test_the_full_account_waits_for_the_end_and_adds_up(story: Story) -> None:
    field, why = refused(story, REPORT, at(1, "08:00", 7), window_id=story.ids["w3"])
    assert (field, "attempt 3 is not over: overrunning" in why) == ("kind", True)
    ended = {"kind": "ended", "at": at(30, "20:00"), "said_at": at(30, "20:05"), "text": "Done.", "source": "P"}
    story.post(f"/windows/{story.ids['w3']}/said", ended)
    draft = write(story, REPORT, at(1, "08:00", 7), window_id=story.ids["w3"])
    told = shown(story, draft)
    assert sorted(told) == ALL
    windows = judged(story, at(1, "08:00", 7)).windows
    for letter in told.values():
        body = letter.body
        assert isinstance(body, doc.FinalReport)
        assert letter.provider_name == "Northgate Hosting"  # name_provider: final_report
        assert [item.took_place for item in body.attempts] == ["no", "no", "yes"]
        assert [item.down_seconds for item in body.attempts] == [
            None,
            None,
            windows[2].downtime // timedelta(seconds=1),
        ]
        assert (body.announced_seconds, body.down_seconds) == (3 * 7200, 86400)
        assert [line.at for line in body.timeline] == sorted(line.at for line in body.timeline)
        assert {site.down_seconds for site in body.sites} == {86400}
    back = {site.host_name: site.back_at for letter in told.values() for site in letter.body.sites}  # type: ignore[union-attr]
    assert [host for host, moment in back.items() if moment is None] == [
        "events.larkfield.example",
        "kestrel-joinery.example",
    ]  # fmt: skip  seen down on Monday
    whole = REPORT | {"data": "complete"}
    assert "data is complete, but" in refused(story, whole, at(1, "08:00", 7), window_id=story.ids["w3"])[1]
    juniper = write(story, whole, at(1, "08:00", 7), window_id=story.ids["w3"], only=[story.ids["C-003"]])
    assert shown(story, juniper)["C-003"].body.data == "complete"  # type: ignore[union-attr]
    hand_out(story, draft["id"], at(1, "08:00", 7))
    assert story.stale(at(1, "08:10", 7)) == {}
    decided = {"outcome": "rolled_back", "by": "Dana Reyes", "reason": "They went back.", "at": at(1, "08:20", 7)}
    story.post(f"/windows/{story.ids['w3']}/override", decided)
    found = story.stale(at(1, "08:30", 7))
    assert sorted(found) == ALL
    assert {item["remedy"]["kind"] for item in found.values()} == {"L11"}


def test_an_outage_nobody_announced_is_told_updated_and_closed(story: Story) -> None:
    there = {"service_id": story.ids["other service"]}
    story.post("/monitors", {"name": "HOST-2", "interval_seconds": 300, "source": "own probe", **there})
    story.post("/monitors", {"name": "HOST-2 too", "interval_seconds": 300, "source": "own probe", **there})
    start = datetime.fromisoformat(at(1, "06:00", 7))
    observe(
        story,
        "HOST-2",
        start,
        datetime(2025, 7, 1, 7, tzinfo=UTC),
        [(start + timedelta(hours=1), start + timedelta(hours=2))],
    )
    assert refused(story, OUTAGE, at(1, "06:30", 7), **there)[0] == "outage_at"
    assert refused(story, OUTAGE, at(29, "12:00"))[1].startswith("kind: this outage belongs to a window")
    first = write(story, OUTAGE, at(1, "07:20", 7), **there)
    assert (first["outage_from"], first["window_id"]) == ("2025-07-01T05:00:00Z", None)
    body = shown(story, first)[NEIGHBOUR[0]].body
    assert isinstance(body, doc.UnplannedOutage)
    assert (body.update, body.down_seconds) == (1, 20 * 60)
    hand_out(story, first["id"], at(1, "07:20", 7))
    second = write(story, OUTAGE, at(1, "07:50", 7), follows=first["id"], **there)
    assert shown(story, second)[NEIGHBOUR[0]].body.update == 2  # type: ignore[union-attr]
    hand_out(story, second["id"], at(1, "07:50", 7))
    ask = {"service_id": story.ids["other service"], "as_at": at(1, "08:10", 7)}
    told = story.get("/notices/stale", **ask)[0]
    assert (told["remedy"]["kind"], told["remedy"]["follows"], told["since"]) == (
        "L6",
        second["id"],
        "2025-07-01T06:00:00Z",
    )
    host = story.ids[NEIGHBOUR[3]]
    looked = {"at": at(1, "08:05", 7), "reachable": True, "current": True, "source": "M"}
    story.post(f"/sites/{host}/checks", looked)
    back = BACK | {"checks": [{"what": "the pages", "result": "as before", "at": at(1, "08:06", 7)}]}
    field, why = refused(story, back, at(1, "08:10", 7), follows=second["id"], **there)
    assert (field, f"{NEIGHBOUR[3]} is not known to be working" in why) == ("sites", True)
    story.post(f"/sites/{host}/checks", looked | {"working": True, "at": at(1, "08:06", 7)})
    assert story.get("/notices/stale", **ask)[0]["remedy"]["kind"] == "L5"
    third = write(story, back, at(1, "08:10", 7), follows=second["id"], **there)
    body = shown(story, third)[NEIGHBOUR[0]].body
    assert isinstance(body, doc.Completed)
    assert (body.announced, body.down_ratio, body.down_seconds) == (None, None, 3600)
    hand_out(story, third["id"], at(1, "08:10", 7))
    assert story.get("/notices/stale", **ask) == []
    account = write(story, REPORT, at(1, "08:40", 7), follows=third["id"], **there)
    body = shown(story, account)[NEIGHBOUR[0]].body
    assert isinstance(body, doc.FinalReport)
    assert (body.attempts, body.down_seconds, body.outage is not None) == ((), 3600, True)
