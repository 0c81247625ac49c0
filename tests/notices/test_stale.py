"""Who believes what is no longer true, and since when: after each turn of the story, exactly the right people."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.demo.told import at
from reports.letters import text_of
from tests.build import Body
from tests.notices.handed import tell, write
from tests.notices.test_kinds import shown
from tests.statements.ministory import PEOPLE, Story, observe

ALL = sorted(PEOPLE)
PAST, NOT_DONE = "past, outcome not known", "did not take place"

# moment, who, since (UTC), told -> now of the fact everybody shares
TURNS: list[tuple[str, list[str], str | None, tuple[str, str, str] | None]] = [
    (at(3, "13:59"), [], None, None),  # nobody was told anything yet
    (at(3, "14:00"), [], None, None),
    (at(7, "22:00"), [], None, None),  # it begins as told
    (at(7, "23:59"), [], None, None),
    (at(8, "00:00"), ALL, "2025-06-07T22:00:00Z", ("w1", "planned", PAST)),
    (at(8, "09:39"), ALL, "2025-06-07T22:00:00Z", ("w1", "planned", PAST)),
    (at(8, "09:40"), ALL, "2025-06-07T22:00:00Z", ("w1", "planned", NOT_DONE)),
    (at(8, "11:00"), [], None, None),  # corrected
    (at(9, "11:19"), [], None, None),
    (at(9, "11:20"), ALL, "2025-06-09T09:20:00Z", ("newest", "w1", "w2")),
    (at(9, "15:00"), [], None, None),
    (at(14, "23:00"), [], None, None),
    (at(16, "09:29"), ALL, "2025-06-14T22:00:00Z", ("w2", "planned", PAST)),
    (at(16, "09:30"), ALL, "2025-06-14T22:00:00Z", ("w2", "planned", NOT_DONE)),
    (at(16, "10:30"), [], None, None),
    (at(24, "16:30"), ALL, "2025-06-24T14:30:00Z", ("newest", "w2", "w3")),
    (at(24, "18:00"), [], None, None),
    (at(28, "22:30"), [], None, None),  # unavailable, as told
    (at(29, "00:05"), ALL, "2025-06-28T22:00:00Z", ("w3", "planned", "overrunning")),
    (at(29, "00:30"), [], None, None),
    (at(29, "21:59"), [], None, None),
    (at(29, "22:01"), ALL, "2025-06-29T20:00:00Z", None),  # it answers; what the sites show nobody knows
    # Kestrel's site is still down, as its owner was told
    (at(30, "06:00"), [number for number in ALL if number != "C-004"], "2025-06-29T20:00:00Z", None),
    (at(30, "06:05"), ["C-003"], "2025-06-29T20:00:00Z", None),  # current again, and not told yet
    (at(1, "08:59", 7), ["C-003"], "2025-06-29T20:00:00Z", None),  # another month makes nothing untrue
]


@pytest.mark.parametrize(("moment", "who", "since", "fact"), TURNS, ids=[turn[0][5:16] for turn in TURNS])
def test_after_each_turn_exactly_those_who_should_be_written_to(
    read_story: Story, moment: str, who: list[str], since: str | None, fact: tuple[str, str, str] | None
) -> None:
    found = read_story.stale(moment)
    assert sorted(found) == who
    for item in found.values():
        assert item["since"] == since
        assert item["told_at"] < item["since"] or item["told_at"] == item["since"]
        if fact is not None:
            key, told, now = (read_story.ids.get(word, word) for word in fact)
            key = key if fact[0] == "newest" else f"window:{key}"
            assert item["untrue"] == [{"fact": key, "told": told, "now": now}]


def facts_of(item: Body) -> dict[str, tuple[str, str]]:
    return {fact["fact"]: (fact["told"], fact["now"]) for fact in item["untrue"]}


def test_each_client_is_shown_its_own_sites_alone(read_story: Story) -> None:
    found = read_story.stale(at(30, "06:00"))
    assert facts_of(found["C-001"]) == {"site:S-001": ("down", "up"), "site:S-002": ("down", "not_current")}
    assert facts_of(found["C-002"]) == {"site:S-004": ("down", "not_current"), "site:S-005": ("down", "unknown")}
    assert facts_of(found["C-005"]) == {"site:S-008": ("down", "unknown")}


def test_a_look_at_a_site_makes_only_its_owners_letter_untrue(told_story: Story) -> None:
    looked = {"at": at(30, "09:00"), "reachable": True, "working": True, "current": True, "source": "M"}
    told_story.post(f"/sites/{told_story.ids['marlow-pottery.example']}/checks", looked)
    assert sorted(told_story.stale(at(30, "08:59"))) == ["C-003"]
    found = told_story.stale(at(30, "09:00"))
    assert sorted(found) == ["C-003", "C-006"]
    assert facts_of(found["C-006"]) == {"site:S-009": ("not_current", "up")}
    assert found["C-006"]["since"] == "2025-06-30T07:00:00Z"


def test_a_window_withdrawn_before_it_begins(cast_only: Story) -> None:
    story = cast_only
    work = story.post("/works", {"title": "Clone", "kind": "clone", "services": [story.ids["service"]]})
    promise = {"work_id": work["id"], "start_at": at(7, "22:00"), "end_at": at(8, "00:00"),
               "announced_at": at(3, "10:05"), "note": "told on the phone"}  # fmt: skip
    story.ids["w1"] = story.post("/windows", promise)["id"]
    start, end = datetime.fromisoformat(at(1, "00:00")), datetime.fromisoformat(at(9, "00:00"))
    story.post("/monitors", {"name": "HOST-1", "service_id": story.ids["service"], "interval_seconds": 300,
                             "source": "own probe"})  # fmt: skip
    observe(story, "HOST-1", start, end, [])
    tell(story, "planned")
    late = {"text": "The maintenance of 7 June will not take place.", "at": at(5, "16:00"), "source": "P"}
    story.post(f"/windows/{story.ids['w1']}/withdraw", late, 201)
    assert story.stale(at(5, "15:59")) == {}
    found = story.stale(at(5, "16:00"))
    assert sorted(found) == ALL
    assert {item["since"] for item in found.values()} == {"2025-06-05T14:00:00Z"}
    assert {item["remedy"]["kind"] for item in found.values()} == {"L2"}
    words = {"kind": "L2", "reason_status": "not_known", "next_contact_words": "as soon as there is a date"}
    about = {"window_id": story.ids["w1"], "follows": story.ids["told planned"]}
    letter = shown(story, write(story, words, at(5, "16:30"), **about))["C-001"]
    assert "will not take place" in text_of(letter)
    assert "Downtime" not in text_of(letter)
    assert letter.body.down_seconds is None  # type: ignore[union-attr]
    passed = shown(story, write(story, words, at(8, "09:00"), **about))["C-001"]  # by then it is measured
    assert passed.body.down_seconds == 0  # type: ignore[union-attr]


def test_a_named_persons_decision_makes_letters_untrue_from_then_on(told_story: Story) -> None:
    decided = {"outcome": "partly_completed", "by": "Dana Reyes", "reason": "The switch is still to come.",
               "at": at(30, "20:00")}  # fmt: skip
    told_story.post(f"/windows/{told_story.ids['w3']}/override", decided)
    assert sorted(told_story.stale(at(30, "19:59"))) == ["C-003"]
    found = told_story.stale(at(30, "20:00"))
    assert sorted(found) == ALL
    assert found["C-004"]["since"] == "2025-06-30T18:00:00Z"
    assert found["C-003"]["since"] == "2025-06-29T20:00:00Z"


def test_the_neighbour_on_the_other_service_is_never_concerned(read_story: Story) -> None:
    query = {"service_id": read_story.ids["other service"], "as_at": at(30, "06:00")}
    assert read_story.get("/notices/stale", **query) == []
    answer = read_story.client.get("/api/v1/notices/stale", params={"service_id": read_story.ids["work"]})
    assert answer.status_code == 404
