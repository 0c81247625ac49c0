"""The story entered by hand: what a new user sends who has nothing but the API's own documentation.

Written out request by request, in words of its own; the figures must come out as the demo's all the same. Of the
story only facts are taken: who, when, how long. Here 36 clients have two sites and 48 have one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.running import API

# minutes down in the months before June 2025, as the story gives them (Jul 2024 … May 2025)
BEFORE = {(2024, 7): 3, (2024, 8): 9, (2024, 10): 4, (2024, 11): 22, (2024, 12): 4, (2025, 1): 39, (2025, 2): 4,
          (2025, 3): 13, (2025, 4): 4, (2025, 5): 30}  # fmt: skip
MINUTE = timedelta(minutes=1)


class Desk:
    """The one who types: every request is answered well, or the story ends here."""

    def __init__(self, url: str, token: str) -> None:
        self.client = httpx.Client(base_url=url + API, headers={"authorization": f"Bearer {token}"}, timeout=300)

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self.read(self.client.put(path, json=body))

    def post(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        return self.read(self.client.post(path, json=body, headers=headers))

    def get(self, path: str, **query: Any) -> Any:
        return self.read(self.client.get(path, params=query))

    def all(self, path: str, **query: Any) -> list[Any]:
        items: list[Any] = []
        more: dict[str, Any] = {}
        while True:
            page = self.get(path, limit=500, **query, **more)
            items += page["items"]
            if page["next"] is None:
                return items
            more = {"after": page["next"]}

    @staticmethod
    def read(answer: httpx.Response) -> Any:
        assert answer.status_code in (200, 201), f"{answer.request.method} {answer.request.url}: {answer.text}"
        return answer.json()


def observations() -> Iterator[bytes]:
    """A year of answers, one a minute, as CSV."""
    down = {
        datetime(year, month, 10, 12, tzinfo=UTC) + minute * MINUTE
        for (year, month), minutes in BEFORE.items()
        for minute in range(minutes)
    }
    start, end = datetime(2025, 6, 28, 20, tzinfo=UTC), datetime(2025, 6, 29, 20, tzinfo=UTC)  # 22:00 in Berlin
    at, last = datetime(2024, 6, 30, 22, tzinfo=UTC), datetime(2025, 7, 1, 7, tzinfo=UTC)
    lines = ["at,monitor,state,error"]
    while at <= last:
        bad = at in down or start <= at < end
        lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ},host-1 minute by minute,{'down,timeout' if bad else 'up,'}")
        if len(lines) == 5000:
            yield ("\n".join(lines) + "\n").encode()
            lines = []
        at += MINUTE
    yield ("\n".join(lines) + "\n").encode()


def people(desk: Desk) -> dict[str, str]:
    """Agency, provider, service, contract, 84 clients with 120 sites, and the year of observations."""
    desk.put("/agency", {
        "name": "Brightwell Web Studio", "address": ["Hafenweg 4", "10997 Berlin"], "contact_person": "Dana Reyes",
        "phone": "+49 30 23125 142", "email": "dana@brightwell.example", "zone": "Europe/Berlin",
    })  # fmt: skip
    ids = {"provider": desk.post("/providers", {"name": "Northgate Hosting", "account": "NG-20417"})["id"]}
    ids["service"] = desk.post("/services", {
        "provider_id": ids["provider"], "name": "HOST-1", "kind": "leased server", "monthly_fee": "400.00",
        "currency": "EUR", "zone": "Europe/Berlin", "in_service_from": "2023-02-01T00:00:00+01:00",
    })["id"]  # fmt: skip
    agreement = desk.post("/agreements", {"service_id": ids["service"], "title": "Northgate SLA"})["id"]
    desk.post(f"/agreements/{agreement}/terms", {
        "effective_from": "2024-01-01",
        "terms": {
            "version": "2024-01", "timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9",
            "maintenance": {"scheduled_excluded": True, "min_notice_hours": "48", "covers": "promised_window",
                            "emergency": {"excluded": False}},
            "credit": {"kind": "uptime_tiers", "tiers": [
                {"below": "99.9", "percent": "10"}, {"below": "99.0", "percent": "30"},
                {"below": "95.0", "percent": "100"}]},
            "cap_percent": "100",
            "claim": {"kind": "days_after_period_end", "n": 30},
            "promises": [
                {"name": "first_reply", "clock_start": "urgent_ticket_opened", "clock_stop": "first_human_reply",
                 "target_minutes": 60},
                {"name": "hardware_replacement", "clock_start": "provider_confirmed", "clock_stop": "part_replaced",
                 "target_minutes": 1440},
            ],
        },
    })  # fmt: skip
    placed = {"service_id": ids["service"], "from_at": "2024-01-08T09:00:00+01:00"}
    number = 0
    for client in range(1, 85):
        sites = []
        for nth in range(2 if client <= 36 else 1):
            number += 1
            name = f"site-{number}.client-{client}{'-shop' if nth else ''}.example"
            sites.append({"name": name, "number": f"S-{number:03d}", "placements": [placed]})
        desk.post("/clients", {
            "number": f"C-{client:03d}", "name": f"Client {client} Ltd", "address": [f"{client} High Street", "Hull"],
            "zone": "Europe/Berlin", "sites": sites,
            "contacts": [{"salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": f"office@client-{client}.example",
                          "since_at": "2024-01-08T09:00:00+01:00"}],
        })  # fmt: skip
    desk.post("/monitors", {
        "name": "host-1 minute by minute", "service_id": ids["service"], "interval_seconds": 60, "confirm_after": 2,
        "source": "own probe, Berlin",
    })  # fmt: skip
    sent = desk.client.post("/observations", content=observations(), headers={"content-type": "text/csv"})
    assert desk.read(sent)["added"] == 526_141
    return ids


def mail(desk: Desk, ids: dict[str, str], at: str, type_: str, text: str) -> str:
    """The provider's mail, kept as it came."""
    raw = f"From: support@northgate.example\r\nTo: dana@brightwell.example\r\nSubject: HOST-1\r\n\r\n{text}\r\n"
    return str(desk.post("/messages", {
        "provider_id": ids["provider"], "channel": "email", "received_at": at, "type": type_, "subject": "HOST-1",
        "text": text, "content_base64": b64encode(raw.encode()).decode(), "media_type": "message/rfc822",
    })["id"])  # fmt: skip


def letters(desk: Desk, ids: dict[str, str], window: str, at: str, follows: str | None, words: dict[str, Any]) -> str:
    """A round of letters: drafted, then issued by a named person. One client in six is told (the demo tells all 84),
    and a round that follows goes to whoever had the one before."""
    clients = [] if follows else sorted(desk.all("/clients"), key=lambda item: item["number"])
    notice = desk.post("/notices", {
        "service_id": ids["service"], "window_id": window, "as_at": at, "follows": follows, "words": words,
        "leave_out": [client["id"] for place, client in enumerate(clients) if place % 6],
    })["id"]  # fmt: skip
    plan = desk.get(f"/notices/{notice}/plan", at=at)["digest"]
    desk.post(f"/notices/{notice}/issue", {"plan": plan, "approved_by": "Dana Reyes", "issued_at": at})
    return str(notice)


def events(desk: Desk, ids: dict[str, str]) -> dict[str, str]:
    """May and June 2025, in the order in which it happened. Berlin is at +02:00 throughout."""
    service = ids["service"]
    incident = desk.post("/incidents", {"service_id": service, "title": "The drive array", "started_at":
                                        "2025-03-01T00:00:00+01:00"})["id"]  # fmt: skip
    ticket = desk.post("/tickets", {"service_id": service, "incident_id": incident, "number": "NG-88121",
                                    "subject": "Files are slow", "urgency": "normal",
                                    "opened_at": "2025-05-12T09:30:00+02:00"})["id"]  # fmt: skip
    desk.post(f"/tickets/{ticket}/replies", {"at": "2025-05-29T15:00:00+02:00", "by": "Northgate", "human": True,
                                             "text": "A drive array is failing."})  # fmt: skip
    desk.post(f"/incidents/{incident}/notes", {"occurred_at": "2025-05-29T15:00:00+02:00", "source": "P",
                                               "event": "provider_confirmed",
                                               "text": "A drive array is failing."})  # fmt: skip

    # Tue 3 June: the first date, Sat 7 June 22:00-24:00; the clients are told
    work = desk.post("/works", {"title": "Drive array", "kind": "drive-array clone", "services": [service]})["id"]
    said = mail(desk, ids, "2025-06-03T10:05:00+02:00", "announce", "Cloned on Sat 7 June, 22:00-24:00, server off.")
    first = desk.post("/windows", {
        "work_id": work, "start_at": "2025-06-07T22:00:00+02:00", "end_at": "2025-06-08T00:00:00+02:00",
        "role": "primary", "impact": "OUTAGE", "status": "CONFIRMED", "announced_at": "2025-06-03T10:05:00+02:00",
        "message_id": said, "text": "Cloned on Sat 7 June, 22:00-24:00, server off.",
    })["id"]  # fmt: skip
    one = letters(desk, ids, first, "2025-06-03T14:00:00+02:00", None, {
        "kind": "L1", "work": "The drives are copied.", "longest_expected_minutes": 120,
        "effects": [{"function": "Website", "effect": "not available"}],
        "confirmed_by": "the provider", "confirmed_at": "2025-06-03T10:05:00+02:00",
        "freeze_from_at": "2025-06-07T21:30:00+02:00", "backup_at": "2025-06-07T21:00:00+02:00",
        "if_it_overruns": "If it takes longer, we write at once.", "word_by_at": "2025-06-08T00:15:00+02:00",
        "next_contact_at": "2025-06-08T00:15:00+02:00",
    })  # fmt: skip

    # Sun 8 June: it did not take place
    desk.post(f"/windows/{first}/said", {"kind": "not_carried_out", "at": "2025-06-08T00:00:00+02:00",
                                         "said_at": "2025-06-08T09:40:00+02:00", "source": "P",
                                         "text": "The amount of data was underestimated."})  # fmt: skip
    two = letters(desk, ids, first, "2025-06-08T11:00:00+02:00", one, {
        "kind": "L2", "reason": "the amount of data was underestimated", "reason_by": "the provider",
        "reason_status": "stated", "restrictions_lifted": True, "next_contact_words": "as soon as there is a date",
    })  # fmt: skip

    # Mon 9 June: the second date, Sat 14 June; again nothing happens, and on Mon 16 June the provider says so
    said = mail(desk, ids, "2025-06-09T11:20:00+02:00", "reschedule", "Now on Sat 14 June, 22:00-24:00.")
    second = desk.post(f"/windows/{first}/reschedule", {
        "start_at": "2025-06-14T22:00:00+02:00", "end_at": "2025-06-15T00:00:00+02:00",
        "announced_at": "2025-06-09T11:20:00+02:00", "message_id": said, "text": "Now on Sat 14 June, 22:00-24:00.",
    })["id"]  # fmt: skip
    three = letters(desk, ids, second, "2025-06-09T15:00:00+02:00", two, {
        "kind": "L3", "work": "The drives are copied.", "what_changed": "There is a new date.",
        "what_changed_source": "P", "freeze_from_at": "2025-06-14T21:30:00+02:00",
        "backup_at": "2025-06-14T21:00:00+02:00", "word_by_at": "2025-06-15T00:15:00+02:00",
        "next_contact_at": "2025-06-15T00:15:00+02:00",
    })  # fmt: skip
    desk.post(f"/windows/{second}/said", {"kind": "not_carried_out", "at": "2025-06-15T00:00:00+02:00",
                                          "said_at": "2025-06-16T09:30:00+02:00", "source": "P",
                                          "text": "Not on 14 June either."})  # fmt: skip
    four = letters(desk, ids, second, "2025-06-16T10:30:00+02:00", three, {
        "kind": "L2", "reason_status": "not_known", "restrictions_lifted": True,
        "next_contact_words": "as soon as there is a date",
    })  # fmt: skip

    # Mon 23 June: the procedure; Tue 24 June: the third date, Sat 28 June
    desk.post(f"/works/{work}/procedures", {
        "agreed_at": "2025-06-23T15:00:00+02:00", "source": "N", "note": "by phone",
        "steps": ["clone while live", "stop writes", "short final sync", "switch", "nothing else is changed"],
    })  # fmt: skip
    said = mail(desk, ids, "2025-06-24T16:30:00+02:00", "reschedule", "Sat 28 June, 22:00-24:00, clone as agreed.")
    third = desk.post(f"/windows/{second}/reschedule", {
        "start_at": "2025-06-28T22:00:00+02:00", "end_at": "2025-06-29T00:00:00+02:00",
        "announced_at": "2025-06-24T16:30:00+02:00", "message_id": said,
        "text": "Sat 28 June, 22:00-24:00, clone as agreed.",
    })["id"]  # fmt: skip
    five = letters(desk, ids, third, "2025-06-24T18:00:00+02:00", four, {
        "kind": "L3", "work": "The drives are copied.", "what_changed": "The steps were agreed one by one.",
        "what_changed_source": "N", "freeze_from_at": "2025-06-28T21:30:00+02:00",
        "backup_at": "2025-06-28T21:00:00+02:00", "word_by_at": "2025-06-29T00:15:00+02:00",
        "next_contact_at": "2025-06-29T00:15:00+02:00",
    })  # fmt: skip

    # Sun 29 June: still down after midnight
    urgent = desk.post("/tickets", {"service_id": service, "incident_id": incident, "number": "NG-88207",
                                    "subject": "Still down", "urgency": "urgent",
                                    "opened_at": "2025-06-29T00:02:00+02:00"})["id"]  # fmt: skip
    six = letters(desk, ids, third, "2025-06-29T00:30:00+02:00", five, {
        "kind": "L4", "known": ["The server does not answer."], "not_known": ["When it returns."],
        "doing": ["Calling the provider."], "fallback": "we decide whether to show a holding page",
        "fallback_decided_at": "2025-06-29T06:00:00+02:00", "next_contact_at": "2025-06-29T01:30:00+02:00",
    })  # fmt: skip
    desk.post(f"/tickets/{urgent}/replies", {"at": "2025-06-29T01:47:00+02:00", "by": "Northgate", "human": True,
                                             "text": "We are looking into it."})  # fmt: skip
    desk.post(f"/tickets/{urgent}/replies", {"at": "2025-06-29T04:10:00+02:00", "by": "Northgate", "human": True,
                                             "text": "A fresh installation with updates was begun."})  # fmt: skip
    for step, verdict in ((1, "skipped"), (2, "not_observed"), (3, "changed"), (4, "changed"), (5, "changed")):
        desk.post(f"/windows/{third}/findings", {"step": step, "verdict": verdict, "source": "T",
                                                 "at": "2025-06-29T04:10:00+02:00",
                                                 "text": f"Step {step} was not done as agreed."})  # fmt: skip

    # Mon 30 June 06:00: 71 sites current, 31 old, 6 down, 12 not looked at
    desk.post(f"/incidents/{incident}/notes", {"occurred_at": "2025-06-30T06:00:00+02:00", "source": "N",
                                               "text": "The transfer still runs."})  # fmt: skip
    checks = []
    for number, site in enumerate(sorted(desk.all("/sites"), key=lambda item: item["number"]), start=1):
        answers = (True, True, True) if number <= 71 else (True, True, False) if number <= 102 else (False, None, None)
        if number <= 108:
            checks.append({"site_id": site["id"], "at": "2025-06-30T06:00:00+02:00", "source": "M"}
                          | dict(zip(("reachable", "working", "current"), answers, strict=True)))  # fmt: skip
    desk.post("/site-checks", {"checks": checks})
    seven = letters(desk, ids, third, "2025-06-30T06:05:00+02:00", six, {
        "kind": "L6", "copy_from_at": "2025-06-28T21:58:00+02:00", "editing_allowed": False,
        "functions": [{"function": "Website", "state": "can be reached", "workaround": None}],
        "next_contact_at": "2025-06-30T10:00:00+02:00",
    })  # fmt: skip
    return {"first": first, "second": second, "third": third, "L1": one, "L4": six, "L6": seven}
