"""The three weeks lived through on a clock that stands still between them: nothing is entered before it is known, Kept
asks for each letter by itself, and every person who was told something is told when it is no longer so, by mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.cases.gather import gather
from app.db import reader
from app.demo import told
from app.demo.told import at
from app.notices.rounds.proposals import tick
from app.sla.judge import judge
from app.sla.statement import Statement
from tests.build import API, Body, approval
from tests.delivery.test_sending import date, post
from tests.statements.ministory import PEOPLE, Story, cast_only, observe, people_template  # noqa: F401  fixtures
from tests.world.smtp import MailServer, mail_server

SECOND = timedelta(seconds=1)


class Days:
    """The story as somebody at the desk lives it."""

    def __init__(self, story: Story, server: MailServer) -> None:
        self.story, self.server = story, server
        self.seen_until = datetime.fromisoformat(at(1, "00:00"))

    def it_is(self, moment: str, down: tuple[str, str] | None = None) -> None:
        """The clock goes on; what was measured until then comes in."""
        now = datetime.fromisoformat(moment)
        spans = [(datetime.fromisoformat(down[0]), datetime.fromisoformat(down[1]))] if down else []
        self.story.clock.now = now
        until = now - timedelta(minutes=now.minute % 5)
        observe(self.story, "HOST-1 from Berlin", self.seen_until, until, spans)
        self.seen_until = until

    def asked(self) -> list[tuple[str, int]]:
        """The rounds Kept asks for now, but for the month's, with how many clients each is for."""
        rows = self.story.get("/notices/proposals", service_id=self.story.ids["service"])
        return sorted((row["kind"], len(row["clients"])) for row in rows if row["kind"] != "L9")

    def tell(self, kind: str, words: Body, window: str | None, follows: str | None, **more: Any) -> str:
        """Draft, plan, approve and send; what arrived stands in `mails`."""
        ids = self.story.ids
        body = {"service_id": ids["service"], "words": {"kind": kind} | words, "follows": follows} | more
        notice = self.story.post("/notices", body | ({"window_id": ids[window]} if window else {}))["id"]
        self.documents = {
            item["document"]["recipient"]["client_id"]: item["document"]
            for item in self.story.get(f"/notices/{notice}/preview")
        }
        self.story.post(f"/notices/{notice}/issue", approval(self.story.client, notice), 200)
        self.mails: dict[str, EmailMessage] = post(self.story, self.server)
        assert self.stale(kinds=(kind,)) == 0, "whoever was told just now knows how it stands"
        return str(notice)

    def stale(self, kinds: tuple[str, ...] = ()) -> int:
        rows = self.story.get("/notices/stale", service_id=self.story.ids["service"])
        return len([row for row in rows if not kinds or row["kind"] in kinds])

    def judged(self) -> Statement:
        with Session(reader(self.story.engine)) as session:
            now = self.story.clock.now
            return judge(gather(session, UUID(self.story.ids["service"]), None, now, months=0, every_window=True))


def announced(days: Days, key: str, window: str, replaces: str | None, start: str, end: str) -> None:
    story, item = days.story, told.MESSAGES[key]
    message = story.message(item["received_at"], item["text"], item["type"])
    body = {"start_at": start, "end_at": end, "message_id": message, "announced_at": item["received_at"]}
    if replaces is None:
        story.ids["work"] = story.post("/works", {"title": "The drives", "kind": "clone",
                                                  "services": [story.ids["service"]]})["id"]  # fmt: skip
        story.ids[window] = story.post("/windows", body | {"work_id": story.ids["work"]})["id"]
    else:
        story.ids[window] = story.post(f"/windows/{story.ids[replaces]}/reschedule", body)["id"]


def test_three_weeks(cast_only: Story) -> None:  # noqa: F811
    story = cast_only
    for name in ("Ngozi Okafor", "Thomas Brandt"):
        story.clock.now = datetime.fromisoformat(at(1, "08:00"))
        answer = story.client.patch(f"{API}/contacts/{story.ids[name]}", json={"invitations": True})
        assert answer.status_code in (200, 201), answer.text
    story.post("/monitors", {"name": "HOST-1 from Berlin", "service_id": story.ids["service"], "interval_seconds": 300,
                             "confirm_after": 2, "source": "own probe, Berlin"})  # fmt: skip
    everybody = len(PEOPLE)
    none_yet = {"next_contact_words": "as soon as there is a date we trust"}
    with mail_server() as server:
        days = Days(story, server)

        days.it_is(at(3, "10:06"))
        assert days.asked() == []
        announced(days, "1", "w1", None, at(7, "22:00"), at(8, "00:00"))
        assert days.asked() == [("L1", everybody)]
        days.it_is(at(3, "14:00"))
        one = days.tell("L1", {"next_contact_at": at(8, "00:15"), **told.PLANNED}, "w1", None)
        first = dict(days.mails)
        assert (len(first), days.asked(), days.stale()) == (everybody, [], 0)

        days.it_is(at(8, "00:30"))  # nothing happened, and nobody has said so: nothing may be said yet
        assert days.asked() == []
        days.it_is(at(8, "09:41"))
        not_done = {"kind": "not_carried_out", "at": at(8, "00:00"), "said_at": at(8, "09:40"), "source": "P"}
        story.post(f"/windows/{story.ids['w1']}/said", not_done | {"text": "The amount of data was underestimated."})
        assert (days.asked(), days.stale()) == ([("L2", everybody)], everybody)
        days.it_is(at(8, "11:00"))
        two = days.tell("L2", none_yet | told.NOT_DONE_1, "w1", one)
        assert {mail: str(message["To"]) for mail, message in days.mails.items()} == {
            mail: str(message["To"]) for mail, message in first.items()
        }, "the same people, name by name"
        for address, message in days.mails.items():
            assert message["In-Reply-To"] == first[address]["Message-ID"]
        dates = [(date(first[address]), date(message)) for address, message in days.mails.items()]
        assert (
            sorted((a[0], b[0], b[1] == a[1], b[2]) for a, b in dates if a and b)
            == [("REQUEST", "CANCEL", True, 1)] * 2
        )
        assert all(document["body"]["down_seconds"] == 0 for document in days.documents.values())

        days.it_is(at(9, "11:21"))
        announced(days, "2", "w2", "w1", at(14, "22:00"), at(15, "00:00"))
        assert (days.asked(), days.stale()) == ([("L3", everybody)], everybody)
        three = days.tell("L3", {"next_contact_at": at(15, "00:15"), **told.MOVED_1}, "w2", two)
        days.it_is(at(16, "09:31"))
        again = {"kind": "not_carried_out", "at": at(15, "00:00"), "said_at": at(16, "09:30"), "source": "P"}
        story.post(f"/windows/{story.ids['w2']}/said", again | {"text": "It did not take place."})
        four = days.tell("L2", none_yet | told.NOT_DONE_2, "w2", three)
        days.it_is(at(24, "16:31"))
        announced(days, "3", "w3", "w2", at(28, "22:00"), at(29, "00:00"))
        five = days.tell("L3", {"next_contact_at": at(29, "00:15"), **told.MOVED_2}, "w3", four)

        down = (at(28, "22:00"), at(29, "22:00"))
        days.it_is(at(29, "00:20"), down)
        assert days.asked() == [("L4", everybody)], "a quarter of an hour past the announced end"
        six = days.tell("L4", {"next_contact_at": at(29, "01:20"), **told.OVERRUN}, "w3", five)
        [third] = [window for window in days.judged().windows if window.attempt == 3]
        for document in days.documents.values():
            assert document["body"]["down_seconds"] == third.downtime // SECOND == 2 * 3600 + 20 * 60
            assert document["body"]["beyond_seconds"] == 20 * 60
        days.it_is(at(29, "02:30"), down)  # we promised word by 01:20, and by 00:15 on 8, 15 and 29 June
        looked_once = tick(story.engine, story.clock.now)
        assert (looked_once.missed, len(looked_once.drafted)) == (4, 1), "broken by us; the next letter is drafted"
        assert tick(story.engine, story.clock.now).missed == 0, "once"

        days.it_is(at(30, "06:01"), down)
        looked = [{"site_id": story.ids[host], "at": at(30, "06:00"), "reachable": True, "working": True,
                   "current": host in PEOPLE["C-003"][5] + PEOPLE["C-004"][5], "source": "M"}
                  for person in PEOPLE.values() for host in person[5]]  # fmt: skip
        story.post("/site-checks", {"checks": looked})
        assert [kind for kind, _ in days.asked()] == ["L5", "L6", "L7"]
        days.tell("L6", {"next_contact_at": at(30, "10:00"), **told.PARTLY}, "w3", six)
        assert sorted(days.documents) == ["C-001", "C-002", "C-005", "C-006"], "nobody whose sites are all current"
        [third] = [window for window in days.judged().windows if window.attempt == 3]
        assert (
            {doc["body"]["down_seconds"] for doc in days.documents.values()} == {third.downtime // SECOND} == {86_400}
        )
        back = {"checks": [{"what": "the pages", "result": "as before", "at": at(30, "06:00")}],
                "next_contact_words": "on Tuesday", "kept_until": "2025-07-12", "tell_ratio": True}  # fmt: skip
        whole = [story.ids["C-003"], story.ids["C-004"]]
        days.tell("L5", back, "w3", six, only=whole)
        assert sorted(days.documents) == ["C-003", "C-004"]
        assert {doc["body"]["down_seconds"] for doc in days.documents.values()} == {86_400}
    assert story.get("/evidence/verify")["whole"] is True
    refused = [one for one in story.get("/deliveries", limit=500)["items"] if one["state"] != "accepted"]
    assert refused == []
