"""Which snapshot is wanted next, hour by hour around a window, and that the list of what is due asks for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.due.snapshots import Attempt, Taken, wanted
from tests.build import Body
from tests.sla.cases import june
from tests.statements.ministory import Story

START, END = june(28, 20), june(28, 22)  # Sat 28 June 22:00-24:00 in Berlin
HOUR = timedelta(hours=1)
WEEK_LATER = june(29, 20) + timedelta(days=7)
NOTHING_DONE = Attempt("w1", june(3), june(7, 20), june(7, 22), june(8, 7), False)


def window(ended: datetime | None = None, happened: bool = True) -> Attempt:
    return Attempt("w3", june(24, 14, 30), START, END, ended, happened)


@pytest.mark.parametrize(
    ("now", "taken", "attempt", "step", "due"),
    [
        (june(20), [Taken("old", june(15))], None, "weekly", june(22)),
        (june(23), [Taken("old", june(15))], None, "weekly", june(22)),  # missed: it stays due
        (june(24, 15), [Taken("old", june(22))], window(), "daily", june(24, 14, 30)),  # none since it was announced
        (june(25), [Taken("old", june(24, 16))], window(), "daily", june(25, 16)),
        (june(28, 3), [Taken("old", june(28, 1))], window(), "daily", START - HOUR),  # the next one is the full one
        (june(28, 19, 5), [Taken("old", june(28, 1))], window(), "before", START - HOUR),
        (june(28, 19, 30), [Taken("old", june(28, 19, 20))], window(), "hourly", START + HOUR),
        (june(28, 21), [Taken("old", june(28, 19, 20))], window(), "hourly", START + HOUR),
        (june(29, 3), [Taken("new", june(29, 2, 30))], window(), "hourly", june(29, 3, 30)),  # it overruns: go on
        (june(30), [Taken("old", june(28, 19))], window(june(29, 20)), "after", june(29, 20)),
        (june(30), [Taken("new", june(29, 20, 10))], window(june(29, 20)), "day_after", june(30, 20)),
        (june(30, 21), [Taken("new", june(30, 20, 30))], window(june(29, 20)), "week_after", WEEK_LATER),
        (june(9), [Taken("old", june(8))], NOTHING_DONE, "weekly", june(15)),  # no copy of it
    ],
)  # fmt: skip
def test_the_next_one(now: datetime, taken: list[Taken], attempt: Attempt | None, step: str, due: datetime) -> None:
    found = wanted([attempt] if attempt else [], taken, now)
    assert found is not None
    assert (found.step, found.due_at) == (step, due)
    assert (found.server, found.label) == (("new", "post") if "after" in step else ("old", found.label))
    assert found.chunks is (step == "before" or (step == "daily" and due == START - HOUR))
    later = [Taken("old", now + HOUR)]
    assert wanted([attempt] if attempt else [], [*taken, *later], now) == found, "what is yet to come is not known"


def test_nobody_is_asked_who_never_audited() -> None:
    assert wanted([window()], [], june(28, 19)) is None


def seal(story: Story, generation: str, server: str, at: datetime, **more: str) -> Body:
    body = {"generation": generation, "label": "pre", "server": server, "server_root": "a" * 64,
            "manifest_sha256": "c" * 64, "taken_from": at.isoformat(), "taken_until": at.isoformat(), "sites": 9,
            "entries": 1000, "bytes": 5}  # fmt: skip
    return story.post("/audit/seals", body | more)


def test_due_asks_for_it(story: Story) -> None:
    def asked() -> list[Body]:
        return [item for item in story.get("/due") if item["kind"] == "snapshot"]

    assert asked() == []
    seal(story, "of-another", "old", june(28, 19, 30), service_id=story.ids["service"], label="import")
    assert asked() == [], "an older backup is no snapshot that was taken"
    made = seal(story, "g1", "old", june(28, 19, 30), service_id=story.ids["service"])
    assert made["service_id"] == story.ids["service"]
    (item,) = asked()  # Tue 1 July 09:00; nobody has said that the work of 28 June is over
    assert (item["due_at"], item["level"]) == ("2025-06-28T21:00:00Z", "now")
    assert "kept audit seal gens/… --for HOST-1" in item["text"]
    assert "Sat 28 June" in item["text"]
    story.post(f"/windows/{story.ids['w3']}/said", {"kind": "ended", "at": "2025-06-30T10:00:00Z", "text": "Done.",
                                                    "said_at": "2025-06-30T10:05:00Z", "source": "P"})  # fmt: skip
    (item,) = asked()
    assert (item["key"].split(":")[2], item["due_at"]) == ("after", "2025-06-30T10:00:00Z")
    seal(story, "g2", "new", june(30, 11), label="post")
    assert asked()[0]["key"].split(":")[2] == "day_after", "a root sealed for no service is every service's"
