"""Which rounds the record asks for, through the story and through an outage nobody announced; the cadence; what we
promised ourselves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.db import reader
from app.demo import told
from app.demo.told import at
from app.notices.rounds import cadence, record, triggers
from app.notices.rounds.proposals import tick
from app.notices.rounds.triggers import Proposal
from app.watching.promises import promise_tick
from tests.build import Body
from tests.notices.handed import hand_out
from tests.statements.ministory import Story, observe

BEGAN = datetime.fromisoformat(at(29, "00:00"))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_the_first_letter_after_a_quarter_of_an_hour_then_hourly_for_a_day_then_every_three_hours() -> None:
    moments = cadence.schedule(BEGAN, BEGAN + timedelta(hours=31))
    assert moments[0] == BEGAN + 15 * MINUTE
    assert moments[:25] == [BEGAN + 15 * MINUTE + number * HOUR for number in range(25)]
    assert moments[25:] == [moments[24] + 3 * HOUR, moments[24] + 6 * HOUR]
    late = BEGAN + 30 * MINUTE  # told late: the next is counted from it, unless it promised one sooner
    assert cadence.due_since(BEGAN, late, None) == late + HOUR
    assert cadence.due_since(BEGAN, late, late + 20 * MINUTE) == late + 20 * MINUTE
    assert cadence.due_since(BEGAN, late, late + 5 * HOUR) == late + HOUR
    assert cadence.due_since(BEGAN, BEGAN - HOUR, late) == BEGAN + 15 * MINUTE  # told before it began: not an update


def asked(story: Story, moment: str, service: str = "service") -> list[Proposal]:
    with Session(reader(story.engine)) as session:
        now = datetime.fromisoformat(moment).astimezone(UTC)
        return list(triggers.proposals(record.known(session, UUID(story.ids[service]), now)))


STORY = [
    # moment, the rounds asked for but the month's: letter, clients, the round it follows, from when on it is due
    (at(3, "10:04"), []),
    (at(3, "10:05"), [("L1", 6, None, at(3, "10:05"))]),
    (at(3, "14:00"), []),
    (at(8, "09:39"), []),
    (at(8, "09:40"), [("L2", 6, "planned", at(8, "09:40"))]),
    (at(8, "11:00"), []),
    (at(9, "11:20"), [("L3", 6, "not done", at(9, "11:20"))]),
    (at(16, "09:30"), [("L2", 6, "moved", at(16, "09:30"))]),
    (at(24, "16:30"), [("L3", 6, "not done again", at(24, "16:30"))]),
    (at(28, "23:00"), []),  # inside its window a plan is still the plan
    (at(29, "00:14"), []),
    (at(29, "00:15"), [("L4", 6, "moved again", at(29, "00:15"))]),
    (at(29, "00:31"), []),
    (at(29, "01:30"), [("L4", 6, "overrunning", at(29, "01:30"))]),
    (at(29, "22:30"), [("L6", 6, "overrunning", at(29, "22:00")), ("L7", 6, None, at(29, "00:00"))]),
    (at(30, "06:04"), [("L5", 1, "overrunning", at(29, "22:00")), ("L6", 5, "overrunning", at(29, "22:00")),
                       ("L7", 6, None, at(29, "00:00"))]),
    (at(30, "06:06"), [("L5", 1, "overrunning", at(29, "22:00")), ("L7", 6, None, at(29, "00:00"))]),
    (at(30, "10:01"), [("L5", 1, "overrunning", at(29, "22:00")), ("L6", 5, "partly", at(30, "07:05")),
                       ("L7", 6, None, at(29, "00:00"))]),
]  # fmt: skip


def test_the_storys_letters_are_asked_for_at_every_turn_and_of_exactly_those_who_had_the_one_before(
    read_story: Story,
) -> None:
    ids = {read_story.ids[f"told {name}"]: name for name in ("planned", "not done", "moved", "not done again",
                                                             "moved again", "overrunning", "partly")}  # fmt: skip
    for moment, wanted in STORY:
        found = [item for item in asked(read_story, moment) if item.kind != "L9"]
        said = [(item.kind, len(item.clients), ids.get(item.follows or ""), item.due_at) for item in found]
        assert sorted(said) == sorted((*row[:3], datetime.fromisoformat(row[3])) for row in wanted), moment
        assert all(item.why for item in found)
    keys = [item.key for item in asked(read_story, at(30, "06:06"))]
    assert keys == [item.key for item in asked(read_story, at(30, "06:30"))]  # the same round is the same key
    assert len(set(keys)) == len(keys)
    closed = [item for item in asked(read_story, "2025-07-02T00:00:00+02:00") if item.kind == "L9"]
    assert [(item.month, len(item.clients)) for item in closed] == [("2025-06", 6)]
    assert not [item for item in asked(read_story, "2025-07-01T23:59:00+02:00") if item.kind == "L9"]


def test_what_we_promised_and_did_not_write_is_broken_by_us(read_story: Story) -> None:
    read_story.clock.now = datetime.fromisoformat(at(30, "09:00"))
    rows = read_story.get("/notices/promises", service_id=read_story.ids["service"])
    seen = [(row["number"], row["kind"], row["state"], row["without"], row["letters"]) for row in rows]
    # rounds 2 and 4 name no moment; 5 came at 00:30 and was promised for 00:15; the last is still to come
    assert seen == [
        (1, "L1", "broken", 6, 6), (3, "L3", "broken", 6, 6), (5, "L3", "broken", 6, 6), (6, "L4", "broken", 6, 6),
        (7, "L6", "open", 5, 5),
    ]  # fmt: skip
    assert datetime.fromisoformat(rows[2]["kept_at"]) == datetime.fromisoformat(at(29, "00:30"))
    assert rows[3]["kept_at"] is None  # one client's sites were all current: no letter 7, and none since


def words(kind: str, moment: datetime, **more: Any) -> Body:
    return {"kind": kind, "next_contact_at": moment.isoformat(), **more}


def tell(story: Story, moment: datetime, body: Body) -> str:
    """A round of the neighbour's service, drafted and issued at its moment."""
    story.clock.now = moment
    notice = story.post("/notices", {"service_id": story.ids["other service"], "as_at": moment.isoformat()} | body)
    hand_out(story, notice["id"])
    return str(notice["id"])


def test_an_outage_nobody_announced_is_told_updated_ended_and_accounted_for(cast_only: Story) -> None:
    story, begun = cast_only, datetime.fromisoformat(at(10, "10:00"))
    over = begun + 3 * HOUR
    monitor = {"name": "HOST-2", "service_id": story.ids["other service"], "interval_seconds": 300, "confirm_after": 2,
               "source": "own probe"}  # fmt: skip
    person = {"salutation": "Ms Marsh", "name": "Jo Marsh", "email": "jo@quayside-press.example"}
    story.post(f"/clients/{story.ids['C-007']}/contacts", person | {"since_at": at(1, "09:00")})
    story.post("/monitors", monitor)
    observe(story, "HOST-2", begun - HOUR, over + 30 * HOUR, [(begun, over)])

    def due(moment: datetime) -> list[tuple[str, str | None, datetime]]:
        found = asked(story, moment.isoformat(), "other service")
        return [(item.kind, item.follows, item.due_at) for item in found if item.kind != "L9"]

    running = {"known": ["It does not answer."], "not_known": ["When it is back."], "doing": ["Calling the provider."]}
    assert due(begun + 14 * MINUTE) == []
    assert due(begun + 16 * MINUTE) == [("L10", None, begun + 15 * MINUTE)]
    said = begun + 20 * MINUTE
    first = tell(story, said, {"words": words("L10", said + HOUR, **running)})
    assert due(said + 59 * MINUTE) == []
    assert due(said + HOUR) == [("L10", first, said + HOUR)]
    # what a person said once need not be said again: the update is drafted by itself, once, however many look
    story.clock.now = said + HOUR
    (row,) = [item for item in story.get("/notices/proposals") if item["kind"] == "L10"]
    assert (row["missing"], row["notice_id"], row["only"]) == ([], None, False)
    assert row["words"]["known"] == running["known"]
    assert datetime.fromisoformat(row["words"]["next_contact_at"]) == said + 2 * HOUR
    done = at_once(lambda: tick(story.engine, said + HOUR))
    drafted = [story.get(f"/notices/{id_}")["kind"] for item in done for id_ in item.drafted]
    assert drafted == ["L10"], done
    (row,) = [item for item in story.get("/notices/proposals") if item["kind"] == "L10"]
    assert tick(story.engine, said + HOUR).drafted == ()
    notice = story.get(f"/notices/{row['notice_id']}")
    assert (notice["kind"], notice["issued_at"], notice["approved_by"]) == ("L10", None, None)
    hand_out(story, notice["id"])

    back = over + 10 * MINUTE
    assert due(back) == [("L6", notice["id"], over)]  # nobody has looked at the sites: that is not back
    answers = {"reachable": True, "working": True, "current": True}
    check = {"site_id": story.ids["quayside-press.example"], "at": back.isoformat(), "source": "N", **answers}
    story.clock.now = back + MINUTE
    story.post("/site-checks", {"checks": [check]})
    assert due(back + MINUTE) == [("L5", notice["id"], over)]
    ended = back + 2 * MINUTE
    tested = [{"what": "The pages", "result": "load", "at": back.isoformat()}]
    body = {"kind": "L5", "checks": tested, "next_contact_words": "in the full account"}
    tell(story, ended, {"follows": notice["id"], "words": body})
    assert due(ended + MINUTE) == [("L8", None, ended)]
    states = [(row["state"], row["without"]) for row in story.get("/notices/promises")]
    assert states == [("kept", 0), ("broken", 1)]  # the second named a moment before it was over
    missed = tick(story.engine, story.clock.now)
    assert (missed.missed, tick(story.engine, story.clock.now).missed) == (1, 0)
    written = [
        row for row in story.get("/evidence/entries", limit=500)["items"] if row["kind"] == "notice.update_missed"
    ]
    assert [row["actor"] for row in written] == ["system:rounds"]
    assert story.get("/notices/promises")[1]["recorded_at"] is not None


def at_once(call: Any) -> list[Any]:
    """What three callers get who call at the same moment."""
    answers: list[Any] = []
    together = threading.Barrier(3)

    def one() -> None:
        together.wait(20)
        answers.append(call())

    callers = [threading.Thread(target=one) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert len(answers) == 3
    return answers


def test_who_came_later_is_told_how_it_stands_and_what_moves_goes_to_whoever_had_it(cast_only: Story) -> None:
    """A client placed on the service after the announcement gets it as it is; those told before get the new date."""
    story = cast_only
    story.clock.now = datetime.fromisoformat(at(3, "14:00"))
    work = story.post("/works", {"title": "Drives", "kind": "clone", "services": [story.ids["service"]]})
    promise = {"start_at": at(7, "22:00"), "end_at": at(8, "00:00"), "announced_at": at(3, "10:05"), "note": "by phone"}
    window = story.post("/windows", promise | {"work_id": work["id"]})
    body = {"service_id": story.ids["service"], "window_id": window["id"],
            "words": words("L1", datetime.fromisoformat(at(8, "00:15")), **told.PLANNED)}  # fmt: skip
    notice = story.post("/notices", body | {"only": [story.ids["C-001"], story.ids["C-002"]]})
    hand_out(story, notice["id"])
    (later,) = [item for item in asked(story, at(3, "15:00")) if item.kind != "L9"]
    assert (later.kind, later.follows, len(later.clients)) == ("L1", None, 4)
    story.clock.now = datetime.fromisoformat(at(4, "09:00"))
    story.post(f"/windows/{window['id']}/reschedule", promise | {
        "start_at": at(14, "22:00"), "end_at": at(15, "00:00"), "announced_at": at(4, "09:00"),
    })  # fmt: skip
    found = {item.kind: item for item in asked(story, at(4, "09:30")) if item.kind != "L9"}
    assert {kind: (item.follows, len(item.clients)) for kind, item in found.items()} == {
        "L1": (None, 4), "L3": (notice["id"], 2),
    }  # fmt: skip
    (moved,) = [row for row in story.get("/windows")["items"] if row["replaces"] == window["id"]]
    story.clock.now = datetime.fromisoformat(at(5, "09:00"))
    story.post(f"/windows/{moved['id']}/withdraw", {"at": at(5, "09:00"), "text": "Taken back.", "source": "P"})
    (taken,) = [item for item in asked(story, at(5, "09:30")) if item.kind != "L9"]
    assert (taken.kind, taken.follows, len(taken.clients)) == ("L2", notice["id"], 2)  # before its end: it will not
    stale = story.get("/notices/stale", service_id=story.ids["service"], as_at=at(5, "09:30"))
    assert {(item["remedy"]["kind"], item["remedy"]["window_id"]) for item in stale} == {("L2", window["id"])}
    (passed,) = [item for item in asked(story, at(8, "00:01")) if item.kind != "L9"]
    assert (passed.kind, passed.follows) == ("L2", notice["id"])


def test_our_own_promise_is_among_what_is_due_until_everybody_has_had_it(told_story: Story) -> None:
    def due(moment: str) -> list[tuple[str, str]]:
        told_story.clock.now = datetime.fromisoformat(moment)
        return [(item["level"], item["text"]) for item in told_story.get("/due", kind="our_update")]

    (coming,) = due(at(3, "15:00"))
    assert coming == ("coming", "Round 1 (L1) promised 6 clients the next message by Sun 8 June 2025 00:15.")
    assert [level for level, _ in due(at(8, "10:00"))] == ["missed"]
    assert due(at(8, "11:01")) == []  # written, though late: it stays in the list of our promises as broken
    late = [text for level, text in due(at(30, "09:00")) if level == "missed"]
    assert late == [
        "Round 6 (L4) promised 6 clients the next message by Sun 29 June 2025 01:30; it was not written, and that is "
        "broken by us."
    ]


def test_a_promise_of_ours_is_told_in_time_and_once_more_when_it_is_missed(told_story: Story) -> None:
    def alerts(*moments: str) -> list[tuple[str, str]]:
        for moment in moments:
            promise_tick(told_story.engine, datetime.fromisoformat(moment))
        items = told_story.get("/alerts", kind="promise_due", limit=500)["items"]
        return [(one["title"], one["text"]) for one in items]

    assert alerts(at(7, "23:59")) == []
    near = ("HOST-1: we promise clients word by Sun 8 June 2025 00:15", "6 of the 6 who had round 1 (L1) wait for it.")
    assert alerts(at(8, "00:00"), at(8, "00:15")) == [near]
    title = "HOST-1: we promised clients word by Sun 8 June 2025 00:15"  # noticed only when it was written, late
    late = (title, "6 of the 6 who had round 1 (L1) had it late, the last Sun 8 June 2025 11:00.")
    assert alerts(at(8, "11:01"), at(8, "12:00")) == [near, late]
    title = "HOST-1: we promised clients word by Sun 15 June 2025 00:15"
    missed = (title, "6 of the 6 who had round 3 (L3) have not had it.")
    assert alerts(at(15, "00:16"), at(15, "20:00"), at(16, "10:31")) == [near, late, missed]
