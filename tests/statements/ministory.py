"""The story of Brightwell and Northgate in small: 6 clients with 9 sites on HOST-1, the same three windows, the same
day without an answer; a neighbour on HOST-2 who has nothing to do with it. Entered through the API, copied per test.

Times are local (Berlin, summer time). Surnames, hosts and streets differ in every word, so that any of them found in
another client's letter is a leak.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.access.actions import create_token
from app.db import make_engine, transaction
from app.demo import cast, told
from app.demo.told import at
from app.main import create_app
from app.settings import Settings
from tests.build import API, Body, approval, get, post
from tests.conftest import NOW

PEOPLE = {
    # number: (name, street, town, salutation, contact, sites)
    "C-001": ("Larkfield Garden Centre", "4 Orchard Road", "York YO1 7HB", "Ms Okafor", "Ngozi Okafor",
              ("larkfield.example", "shop.larkfield.example", "events.larkfield.example")),
    "C-002": ("Harbour Bakery", "11 Mill Lane", "Whitby YO21 3PU", "Mr Brandt", "Thomas Brandt",
              ("harbour-bakery.example", "brot.example")),
    "C-003": ("Juniper Dental Practice", "7 Church Walk", "Leeds LS1 4DY", "Dr Moreau", "Lucie Moreau",
              ("juniper-dental.example",)),
    "C-004": ("Kestrel Joinery", "23 Bridge Street", "Ripon HG4 1NJ", "Mr Nowak", "Karol Nowak",
              ("kestrel-joinery.example",)),
    "C-005": ("Thornbury Cycles", "2 Market Street", "Selby YO8 4PA", "Ms Lindqvist", "Sara Lindqvist",
              ("thornbury.example",)),
    "C-006": ("Marlow Pottery", "38 Station Approach", "Malton YO17 7LP", "Mr Ferrari", "Aldo Ferrari",
              ("marlow-pottery.example",)),
}  # fmt: skip
NEIGHBOUR = ("C-007", "Quayside Press", "Jo Marsh", "quayside-press.example")
# as looked at on Mon 30 June 06:00: reachable, working, current
CHECKS: dict[str, tuple[bool | None, bool | None, bool | None]] = {
    "larkfield.example": (True, True, True),
    "shop.larkfield.example": (True, True, False),
    "events.larkfield.example": (False, None, None),
    "harbour-bakery.example": (True, True, False),
    "juniper-dental.example": (True, True, True),
    "kestrel-joinery.example": (False, None, None),
    "marlow-pottery.example": (True, True, False),
}  # brot.example and thornbury.example: nobody looked
DOWN_FROM, DOWN_TO = datetime.fromisoformat(at(28, "22:00")), datetime.fromisoformat(at(29, "22:00"))
WINDOW_SPANS = {"w1": (at(7, "22:00"), at(8, "00:00")), "w2": (at(14, "22:00"), at(15, "00:00")),
                "w3": (at(28, "22:00"), at(29, "00:00"))}  # fmt: skip
NONE_YET: Body = {"next_contact_words": "as soon as there is a date we trust"}
# round: (window, the moment it went out, words, the round it follows)
ROUNDS: dict[str, tuple[str, str, Body, str | None]] = {
    "planned": ("w1", at(3, "14:00"), {"kind": "L1", "next_contact_at": at(8, "00:15"), **told.PLANNED}, None),
    "not done": ("w1", at(8, "11:00"), {"kind": "L2", **NONE_YET, **told.NOT_DONE_1}, "planned"),
    "moved": ("w2", at(9, "15:00"), {"kind": "L3", "next_contact_at": at(15, "00:15"), **told.MOVED_1}, "not done"),
    "not done again": ("w2", at(16, "10:30"), {"kind": "L2", **NONE_YET, **told.NOT_DONE_2}, "moved"),
    "moved again": ("w3", at(24, "18:00"), {"kind": "L3", "next_contact_at": at(29, "00:15"), **told.MOVED_2},
                    "not done again"),
    "overrunning": ("w3", at(29, "00:30"), {"kind": "L4", "next_contact_at": at(29, "01:30"), **told.OVERRUN},
                    "moved again"),
    "partly": ("w3", at(30, "06:05"), {"kind": "L6", "next_contact_at": at(30, "10:00"), **told.PARTLY},
               "overrunning"),
}  # fmt: skip


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Story:
    """The service with the story in it, asked as its owner."""

    client: TestClient
    engine: sa.Engine
    clock: Clock
    ids: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Body | None = None, status: int = 201) -> Body:
        return post(self.client, path, body, status)

    def get(self, path: str, **query: Any) -> Any:
        return get(self.client, path, **query)

    def draft(self, name: str, *, status: int = 201, **changes: Any) -> Body:
        window, moment, words, follows = ROUNDS[name]
        body = {"service_id": self.ids["service"], "window_id": self.ids[window], "as_at": moment, "words": words}
        if follows is not None:
            body["follows"] = self.ids.get(f"told {follows}")
        return self.post("/notices", body | changes, status)

    def tell(self, name: str, **changes: Any) -> Body:
        """Drafts and issues one round at its moment."""
        notice = self.draft(name, **changes)
        self.ids[f"told {name}"] = notice["id"]
        moment = changes.get("as_at", ROUNDS[name][1])
        return self.post(f"/notices/{notice['id']}/issue", approval(self.client, notice["id"], moment), 200)

    def stale(self, moment: str) -> dict[str, Body]:
        """Who believes what is no longer true, by client number."""
        items = self.get("/notices/stale", service_id=self.ids["service"], as_at=moment)
        assert len({item["client_number"] for item in items}) == len(items)
        return {item["client_number"]: item for item in items}

    def statement(self, moment: str | None = None, month: str = "2025-06", **more: Any) -> Body:
        body = {"service_id": self.ids["service"], "month": month, **more}
        return self.post("/statements", body | ({"as_at": moment} if moment else {}))

    def figures(self, moment: str | None = None, month: str = "2025-06") -> Body:
        row = self.statement(moment, month)
        return dict(self.get(f"/statements/{row['id']}")["figures"])

    def message(self, received: str, text: str, kind: str = "announce") -> str:
        body = {"provider_id": self.ids["provider"], "channel": "email", "received_at": received, "type": kind}
        return str(self.post("/messages", body | {"subject": text[:60], "text": text})["id"])


def observe(
    story: Story, monitor: str, start: datetime, end: datetime, down: list[tuple[datetime, datetime]], minutes: int = 5
) -> None:
    """One observation every few minutes in `[start, end)`, down inside the spans."""
    lines, moment = ["at,monitor,state,latency_ms,error\n"], start
    while moment < end:
        bad = any(first <= moment < last for first, last in down)
        lines.append(f"{moment.isoformat()},{monitor},{'down,,timeout' if bad else 'up,300,'}\n")
        moment += timedelta(minutes=minutes)
    answer = story.client.post(
        f"{API}/observations", content="".join(lines).encode(), headers={"content-type": "text/csv"}
    )
    assert answer.status_code in (200, 201), answer.text


def people(story: Story) -> None:
    ids = story.ids
    story.client.put(f"{API}/agency", json=cast.AGENCY).raise_for_status()
    ids["provider"] = story.post("/providers", cast.PROVIDER)["id"]
    ids["service"] = story.post("/services", cast.SERVICE | {"provider_id": ids["provider"]})["id"]
    other = cast.SERVICE | {"provider_id": ids["provider"], "name": "HOST-2"}
    ids["other service"] = story.post("/services", other)["id"]
    agreement = story.post("/agreements", {"service_id": ids["service"], "title": cast.CONTRACT})
    terms = {"effective_from": "2024-01-01", "terms": cast.TERMS, "source": cast.CONTRACT}
    story.post(f"/agreements/{agreement['id']}/terms", terms)
    number = 0
    for key, (name, street, town, salutation, contact, sites) in PEOPLE.items():
        rows = []
        for host in sites:
            number += 1
            stay = {"service_id": ids["service"], "from_at": "2024-01-08T09:00:00+01:00"}
            rows.append({"name": host, "number": f"S-{number:03d}", "placements": [stay]})
        person = {"salutation": salutation, "name": contact, "email": f"office@{sites[0]}",
                  "since_at": "2024-01-08T09:00:00+01:00"}  # fmt: skip
        body = {"number": key, "name": name, "address": [street, town], "zone": cast.ZONE, "contacts": [person],
                "sites": rows}  # fmt: skip
        ids[key] = story.post("/clients", body)["id"]
    key, name, contact, host = NEIGHBOUR
    stay = {"service_id": ids["other service"], "from_at": "2024-01-08T09:00:00+01:00"}
    body = {"number": key, "name": name, "address": ["1 Quay", "Hull HU1 1UU"], "zone": cast.ZONE,
            "contacts": [{"salutation": "Ms Marsh", "name": contact, "email": f"jo@{host}"}],
            "sites": [{"name": host, "number": "S-900", "placements": [stay]}]}  # fmt: skip
    ids[key] = story.post("/clients", body)["id"]
    for site in story.get("/sites", limit=100)["items"]:
        ids[site["name"]] = site["id"]
    for contact_row in story.get("/contacts", limit=100)["items"]:
        ids[contact_row["name"]] = contact_row["id"]


def facts(story: Story) -> None:
    """Everything that happened, each fact with its own moment; no letter yet."""
    ids = story.ids
    monitor = {"name": "HOST-1 from Berlin", "service_id": ids["service"], "interval_seconds": 300,
               "confirm_after": 2, "source": "own probe, Berlin"}  # fmt: skip
    story.post("/monitors", monitor)
    start = datetime.fromisoformat(at(1, "00:00"))
    observe(story, monitor["name"], start, datetime.fromisoformat(at(1, "09:00", 7)), [(DOWN_FROM, DOWN_TO)])
    incident = story.post("/incidents", {"service_id": ids["service"], "title": "Drive array of HOST-1"})
    ids["incident"] = incident["id"]
    confirmed = {"occurred_at": at(29, "15:00", 5), "text": "The provider confirms a failing drive array.",
                 "source": "P", "event": "provider_confirmed"}  # fmt: skip
    story.post(f"/incidents/{incident['id']}/notes", confirmed)
    work = {"title": "Replacement of the drive array", "kind": "drive-array clone", "services": [ids["service"]]}
    ids["work"] = story.post("/works", work)["id"]
    for key, text in (("1", "w1"), ("2", "w2"), ("3", "w3")):
        item = told.MESSAGES[key]
        message = story.message(item["received_at"], item["text"], item["type"])
        promise = {"start_at": WINDOW_SPANS[text][0], "end_at": WINDOW_SPANS[text][1], "message_id": message,
                   "announced_at": item["received_at"], "text": item["text"]}  # fmt: skip
        if key == "1":
            ids[text] = story.post("/windows", promise | {"work_id": ids["work"]})["id"]
        else:
            ids[text] = story.post(f"/windows/{ids[f'w{int(key) - 1}']}/reschedule", promise)["id"]
        if key == "1":
            said = {"kind": "not_carried_out", "at": at(8, "00:00"), "said_at": at(8, "09:40"), "source": "P",
                    "text": "The amount of data was underestimated."}  # fmt: skip
            story.post(f"/windows/{ids['w1']}/said", said)
        if key == "2":
            said = {"kind": "not_carried_out", "at": at(15, "00:00"), "said_at": at(16, "09:30"), "source": "P",
                    "text": "It did not take place."}  # fmt: skip
            story.post(f"/windows/{ids['w2']}/said", said)
            agreed = {"agreed_at": at(23, "15:00"), "steps": told.STEPS, "source": "N", "note": "call of 23 June"}
            story.post(f"/works/{ids['work']}/procedures", agreed)
    ticket = {"service_id": ids["service"], "incident_id": incident["id"], "number": "NG-88207",
              "subject": "HOST-1 is still down", "urgency": "urgent", "opened_at": at(29, "00:02")}  # fmt: skip
    ids["ticket"] = story.post("/tickets", ticket)["id"]
    for moment, text in (("01:47", "We are looking into it."), ("04:10", "A fresh installation was begun.")):
        reply = {"at": at(29, moment), "by": "Northgate support", "human": True, "text": text}
        story.post(f"/tickets/{ids['ticket']}/replies", reply)
    for step, verdict, text in told.FINDINGS:
        finding = {"step": step, "verdict": verdict, "at": at(29, "04:10"), "text": text, "source": "T"}
        story.post(f"/windows/{ids['w3']}/findings", finding)
    running = {"occurred_at": at(30, "06:00"), "text": "The transfer still runs.", "source": "N"}
    story.post(f"/incidents/{incident['id']}/notes", running)
    checks = [
        {"site_id": ids[host], "at": at(30, "06:00"), "reachable": reach, "working": work_, "current": current,
         "source": "M", "note": "looked at the newest entry"}
        for host, (reach, work_, current) in CHECKS.items()
    ]  # fmt: skip
    story.post("/site-checks", {"checks": checks})


def letters(story: Story) -> None:
    """All seven rounds, not printed: what they look like is tested elsewhere."""
    from tests.notices.handed import tell

    tell(story, *ROUNDS)


def opened(engine: sa.Engine, folder: Path, ids: dict[str, str] | None = None) -> Story:
    """A story on this database; its token is made if `ids` has none."""
    clock = Clock()
    service = create_app(Settings(data=folder, out=folder / "out"), engine=engine, clock=clock)
    ids = dict(ids or {})
    if "token" not in ids:
        with transaction(engine) as session:
            ids["token"] = create_token(session, name="office", role="owner", now=NOW)[1]
    client = TestClient(service, headers={"authorization": f"Bearer {ids['token']}"})
    return Story(client, engine, clock, ids)


def _template(source: Path, factory: pytest.TempPathFactory, name: str, *scenes: Any) -> Path:
    """A database with these scenes played into a copy of `source`; made once for all test processes of a run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"story-{name}"
    folder.mkdir(exist_ok=True)
    path, ready = folder / "kept.sqlite3", folder / "kept.json"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            shutil.copy(source, path)
            before = source.with_suffix(".json")
            engine = make_engine(f"sqlite:///{path}")
            story = opened(engine, folder, json.loads(before.read_text()) if before.exists() else None)
            for scene in scenes:
                scene(story)
            with engine.connect() as connection:
                connection.exec_driver_sql("commit")
                connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
            engine.dispose()
            ready.write_text(json.dumps(story.ids))
    return path


@pytest.fixture(scope="session")
def people_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _template(sqlite_template, tmp_path_factory, "people", people)


@pytest.fixture(scope="session")
def facts_template(people_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _template(people_template, tmp_path_factory, "facts", facts)


@pytest.fixture(scope="session")
def told_template(facts_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _template(facts_template, tmp_path_factory, "told", letters)


def _copy(template: Path, folder: Path) -> Iterator[Story]:
    path = folder / "kept.sqlite3"
    shutil.copy(template, path)
    engine = make_engine(f"sqlite:///{path}")
    yield opened(engine, folder, json.loads(template.with_suffix(".json").read_text()))
    engine.dispose()


@pytest.fixture
def cast_only(people_template: Path, tmp_path: Path) -> Iterator[Story]:
    """Agency, provider, contract, clients and sites; nothing has happened yet."""
    yield from _copy(people_template, tmp_path)


@pytest.fixture
def story(facts_template: Path, tmp_path: Path) -> Iterator[Story]:
    """All that happened; no letter written."""
    yield from _copy(facts_template, tmp_path)


@pytest.fixture
def told_story(told_template: Path, tmp_path: Path) -> Iterator[Story]:
    """All that happened, and all seven rounds of letters."""
    yield from _copy(told_template, tmp_path)


@pytest.fixture(scope="session")
def read_story(told_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The told story for tests that change nothing."""
    yield from _copy(told_template, tmp_path_factory.mktemp("read"))


@pytest.fixture
def both(engine: sa.Engine, tmp_path: Path) -> Story:
    """The story without letters, on SQLite and on PostgreSQL."""
    made = opened(engine, tmp_path)
    people(made)
    facts(made)
    return made
