"""From the record to the judged period: only what was known, whole seconds, any zone, any month, few queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.cases.gather import gather
from app.db import reader
from app.demo import cast
from app.demo.told import at
from app.sla.judge import judge
from tests.build import API, Body
from tests.statements.ministory import Story, observe

FINAL = ("readings", "credit", "verdict", "breach", "target", "allowed", "up", "down", "unknown", "coverage", "outages")


def later_facts(story: Story) -> None:
    """One of each kind, all of Mon 30 June after 08:00, entered on Tue 1 July."""
    ids, moment = story.ids, at(30, "09:00")
    message = story.message(moment, "We are sorry for the delay.", "other")
    note = {"occurred_at": moment, "text": "Dana Reyes calls again.", "source": "N"}
    story.post(f"/incidents/{ids['incident']}/notes", note)
    replaced = {"occurred_at": moment, "text": "Replaced.", "source": "P", "event": "part_replaced"}
    story.post(f"/incidents/{ids['incident']}/notes", replaced)
    said = {"kind": "ended", "at": at(29, "22:00"), "said_at": moment, "text": "It is done.", "message_id": message}
    story.post(f"/windows/{ids['w3']}/said", said)
    found = {"step": 2, "verdict": "as_agreed", "at": moment, "text": "Writes were stopped.", "source": "P"}
    story.post(f"/windows/{ids['w3']}/findings", found)
    decided = {"outcome": "completed_late", "by": "Dana Reyes", "reason": "Their log says so.", "at": moment}
    story.post(f"/windows/{ids['w3']}/override", decided)
    looked = {"at": moment, "reachable": True, "working": True, "current": True, "source": "M"}
    story.post(f"/sites/{ids['brot.example']}/checks", looked)
    ticket = {"service_id": ids["service"], "number": "NG-90000", "subject": "State of the data", "urgency": "urgent",
              "opened_at": moment}  # fmt: skip
    opened = story.post("/tickets", ticket)
    story.post(f"/tickets/{opened['id']}/replies", {"at": moment, "by": "Northgate", "human": True, "text": "Yes?"})
    reply = {"at": moment, "by": "Northgate", "human": True, "text": "Soon.", "next_update_due": at(30, "20:00")}
    story.post(f"/tickets/{ids['ticket']}/replies", reply)
    other = story.post("/works", {"title": "Memory", "kind": "memory", "services": [ids["service"]]})
    promise = {"start_at": at(30, "22:00"), "end_at": at(30, "23:00"), "announced_at": moment, "note": "phone"}
    story.post("/windows", promise | {"work_id": other["id"]})
    again = promise | {"start_at": at(5, "22:00", 7), "end_at": at(5, "23:00", 7)}
    story.post(f"/windows/{ids['w3']}/reschedule", again)
    agreed = {"agreed_at": moment, "steps": ["Start anew"], "source": "N", "note": "phone"}
    story.post(f"/works/{ids['work']}/procedures", agreed)
    story.post(f"/services/{ids['service']}/fees", {"effective_from": "2025-07-01", "monthly_fee": "900.00"})


@pytest.mark.parametrize(
    "moment", [at(3, "10:04"), at(8, "09:40"), at(15, "12:00"), at(29, "00:30"), at(30, "06:00"), at(30, "08:59")]
)
def test_what_came_later_is_not_there_yet(story: Story, moment: str) -> None:
    row = story.statement(moment)
    before = story.get(f"/statements/{row['id']}")["figures"]
    paper = story.get(f"/statements/{row['id']}/report.json")
    later_facts(story)
    assert story.get(f"/statements/{row['id']}")["figures"] == before
    now = story.get(f"/statements/{row['id']}/report.json")
    for document in (paper, now):
        del document["header"]["evidence_head"], document["header"]["evidence_entries"]
        del document["method"]["verify"]
    assert now == paper


def test_the_later_facts_do_count_when_their_moment_has_come(story: Story) -> None:
    before = story.figures(at(30, "10:00"))
    later_facts(story)
    after = story.figures(at(30, "10:00"))
    assert (before["windows"][2]["outcome"], after["windows"][2]["outcome"]) == ("overrunning", "completed_late")
    assert after["windows"][2]["override_by"] == "Dana Reyes"
    assert len(after["windows"]) == len(before["windows"]) + 1
    assert {"NG-90000" in str(figures["promises"]) for figures in (before, after)} == {False, True}
    repair = [p["status"] for p in after["promises"] if p["kind"] == "repair"]
    assert repair == ["broken"]  # replaced, but not within 24 h


def test_a_site_answers_for_the_time_it_stood_there(story: Story) -> None:
    ids = story.ids
    stay = story.get("/placements", site_id=ids["thornbury.example"])["items"][0]
    story.post(f"/placements/{stay['id']}/end", {"to_at": at(29, "06:00")}, 200)  # 8 of the 24 hours
    body = {"client_id": ids["C-005"], "name": "new.thornbury.example", "number": "S-100",
            "placements": [{"service_id": ids["service"], "from_at": at(29, "10:00")}]}  # fmt: skip
    story.post("/sites", body)  # 12 of them
    back = {"service_id": ids["service"], "from_at": at(30, "01:00")}
    story.post(f"/sites/{ids['thornbury.example']}/placements", back)  # came back when all was over
    down = {site["name"]: site["down"] for site in story.figures(at(30, "06:00"))["sites"]}
    assert down["thornbury.example"] == 8 * 3600
    assert down["new.thornbury.example"] == 12 * 3600
    assert down["larkfield.example"] == 24 * 3600
    names = [site["name"] for site in story.figures(at(29, "09:59"))["sites"]]
    assert "new.thornbury.example" not in names
    assert "thornbury.example" in names


def test_a_window_still_open_belongs_to_the_next_month_as_well(story: Story) -> None:
    july = story.figures(at(1, "09:00", 7), "2025-07")
    assert [(window["window_id"], window["attempt"]) for window in july["windows"]] == [(story.ids["w3"], 3)]
    assert july["windows"][0]["outcome"] == "overrunning"
    assert july["down"] == 0
    assert "window" not in {p["kind"] for p in july["promises"] if p["subject"] == story.ids["w1"]}
    june = story.figures(at(1, "09:00", 7))
    assert [window["attempt"] for window in june["windows"]] == [1, 2, 3]


def test_a_closed_month_is_final_whatever_now_is(story: Story) -> None:
    row = story.statement()
    june = story.get(f"/statements/{row['id']}")["figures"]
    assert (june["so_far"], june["verdict"], june["credit"]["amount"]) == (False, "breached", "120.00")
    story.clock.now = datetime(2025, 8, 15, 9, 0, tzinfo=UTC)
    july = datetime(2025, 7, 20, 12, 0, tzinfo=UTC)
    observe(
        story, "HOST-1 from Berlin", datetime(2025, 7, 1, 7, 0, tzinfo=UTC), july, [(july - timedelta(5), july)], 60
    )
    story.post(f"/services/{story.ids['service']}/fees", {"effective_from": "2025-07-01", "monthly_fee": "900.00"})
    later = story.get(f"/statements/{row['id']}")["figures"]
    for name in FINAL:
        assert later[name] == june[name], name
    assert later["deadline"]["latest"] == june["deadline"]["latest"] == "2025-07-30"
    assert (june["deadline"]["missed"], later["deadline"]["missed"]) == (False, True)


def whole(value: object, path: str = "") -> Iterator[str]:
    """Paths of numbers that are not whole."""
    if isinstance(value, float):
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from whole(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from whole(item, f"{path}[{index}]")


def test_parts_of_seconds_are_dropped_once_and_everything_still_reconciles(cast_only: Story) -> None:
    story, ids = cast_only, cast_only.ids
    monitor = {"name": "fine", "service_id": ids["service"], "interval_seconds": 60, "source": "own probe"}
    story.post("/monitors", monitor)
    start = datetime(2025, 6, 1, 21, 59, 59, 250_000, tzinfo=UTC)
    spans = [(start + timedelta(minutes=10, microseconds=-1), start + timedelta(minutes=13, microseconds=7)),
             (start + timedelta(minutes=30), start + timedelta(minutes=31))]  # fmt: skip
    lines, moment = ["at,monitor,state,latency_ms,error\n"], start
    for number in range(120):
        moment = start + timedelta(minutes=number, microseconds=number * 7919)
        bad = any(first <= moment < last for first, last in spans)
        lines.append(f"{moment.isoformat()},fine,{'down,,x' if bad else 'up,1,'}\n")
    answer = story.client.post(
        f"{API}/observations", content="".join(lines).encode(), headers={"content-type": "text/csv"}
    )
    assert answer.status_code in (200, 201), answer.text
    work = story.post("/works", {"title": "Clone", "kind": "clone", "services": [ids["service"]]})
    promise = {"work_id": work["id"], "start_at": "2025-06-01T22:05:00.900Z", "end_at": "2025-06-01T22:40:00.100Z",
               "announced_at": "2025-05-28T09:00:00.123456Z", "note": "phone"}  # fmt: skip
    window = story.post("/windows", promise)
    said = {"kind": "ended", "at": "2025-06-01T22:45:00.500001Z", "said_at": "2025-06-02T08:00:00.7Z", "text": "Done."}
    story.post(f"/windows/{window['id']}/said", said)
    ticket = {"service_id": ids["service"], "number": "NG-1", "subject": "?", "urgency": "urgent",
              "opened_at": "2025-06-01T22:10:00.999Z"}  # fmt: skip
    opened = story.post("/tickets", ticket)
    reply = {"at": "2025-06-01T23:10:01.001Z", "by": "Northgate", "human": True, "text": "Yes?"}
    story.post(f"/tickets/{opened['id']}/replies", reply)
    looked = {"at": "2025-06-01T23:00:00.333Z", "reachable": True, "working": True, "current": True, "source": "M"}
    story.post(f"/sites/{ids['larkfield.example']}/checks", looked)
    stay = story.get("/placements", site_id=ids["thornbury.example"])["items"][0]
    story.post(f"/placements/{stay['id']}/end", {"to_at": "2025-06-01T22:11:00.777Z"}, 200)
    row = story.statement("2025-06-02T12:00:00.987Z")
    figures = story.get(f"/statements/{row['id']}")["figures"]
    assert list(whole(figures)) == []
    span = (
        datetime.fromisoformat(figures["as_at"]) - datetime.fromisoformat(figures["period"]["start"])
    ).total_seconds()
    assert figures["up"] + figures["down"] + figures["degraded"] + figures["unknown"] == span
    for kind in ("monthly", "breach"):
        for form in ("json", "html"):
            paper = story.client.get(f"{API}/statements/{row['id']}/report.{form}", params={"kind": kind})
            assert paper.status_code == 200, paper.text


@pytest.mark.parametrize(
    ("zone", "month", "hours", "days"),
    [
        ("Europe/Berlin", "2025-03", 31 * 24 - 1, {82800: 1, 86400: 30}),  # Sun 30 March has 23 h
        ("Europe/Berlin", "2024-10", 31 * 24 + 1, {90000: 1, 86400: 30}),  # Sun 27 October has 25 h
        ("Asia/Kolkata", "2025-02", 28 * 24, {86400: 28}),
        ("Australia/Lord_Howe", "2025-04", 30 * 24 + 0.5, {88200: 1, 86400: 29}),  # Sun 6 April has 24 h 30 min
        ("America/St_Johns", "2024-11", 30 * 24 + 1, {90000: 1, 86400: 29}),
    ],
)
def test_months_are_cut_in_the_contracts_own_zone(
    cast_only: Story, zone: str, month: str, hours: float, days: dict[int, int]
) -> None:
    story, ids = cast_only, cast_only.ids
    service = story.post("/services", cast.SERVICE | {"provider_id": ids["provider"], "name": "ZONE-1", "zone": zone})
    agreement = story.post("/agreements", {"service_id": service["id"], "title": cast.CONTRACT})
    terms = cast.TERMS | {"timezone": zone}
    story.post(f"/agreements/{agreement['id']}/terms", {"effective_from": "2024-01-01", "terms": terms})
    monitor = {"name": "hourly", "service_id": service["id"], "interval_seconds": 3600, "source": "own probe"}
    story.post("/monitors", monitor)
    year, number = map(int, month.split("-"))
    start = datetime(year, number, 1, tzinfo=UTC) - timedelta(hours=14)
    noon = datetime(year, number, 15, 12, 0, tzinfo=UTC)
    observe(story, "hourly", start, start + timedelta(days=33), [(noon, noon + timedelta(hours=3))], 60)
    ids["service"] = service["id"]
    row = story.statement(None, month)
    figures = story.get(f"/statements/{row['id']}")["figures"]
    begin, end = (datetime.fromisoformat(figures["period"][name]) for name in ("start", "end"))
    assert (end - begin).total_seconds() == hours * 3600
    assert figures["up"] + figures["down"] == hours * 3600
    assert figures["down"] == 3 * 3600
    answer = story.client.get(f"{API}/statements/{row['id']}/report.json")
    assert answer.status_code == 200, answer.text
    lengths = [day["length_seconds"] for day in answer.json()["days"]]
    assert {length: lengths.count(length) for length in lengths} == days
    assert story.client.get(f"{API}/statements/{row['id']}/report.html").status_code == 200


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_twelve_times_the_sites_need_no_more_queries(story: Story) -> None:
    from uuid import UUID

    def queries() -> tuple[int, int]:
        with Session(reader(story.engine)) as session, counted(story.engine) as said:
            case = gather(session, UUID(story.ids["service"]), "2025-06", datetime(2025, 6, 30, 4, 0, tzinfo=UTC))
            judge(case)
        return len(said), len(case.sites)

    def more(first: int, last: int) -> None:
        stay = {"service_id": story.ids["service"], "from_at": "2024-01-08T09:00:00+01:00"}
        rows: list[Body] = [{"name": f"more-{n}.example", "number": f"T-{n}", "placements": [stay]}
                            for n in range(first, last)]  # fmt: skip
        story.post("/clients", {"number": f"C-{first}", "name": "Upland Mills", "zone": "Europe/Berlin", "sites": rows})

    queries()
    more(500, 503)
    few, twelve = queries()
    for start in (600, 640, 680):
        more(start, start + 36)
    many, sites = queries()
    assert (twelve, sites) == (12, 120)
    assert many == few < 40


def test_one_service_sees_nothing_of_another(story: Story) -> None:
    figures = story.figures(at(30, "06:00"))
    story.ids["service"] = story.ids["other service"]
    other = story.figures(at(30, "06:00"))
    assert [site["name"] for site in other["sites"]] == ["quayside-press.example"]
    assert (other["windows"], other["outages"]) == ([], [])
    assert "quayside-press.example" not in str(figures)
