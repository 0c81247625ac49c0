"""The story, scene by scene, as requests to the API."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from typing import Any

from app.demo import cast, measured, told
from app.demo.door import API, Door, Say
from app.demo.told import at


async def people(door: Door, say: Say) -> dict[str, str]:
    """The agency, the provider with its service and contract, and the clients with their sites."""
    ids: dict[str, str] = {}
    await door.put("/agency", cast.AGENCY)
    ids["provider"] = (await door.post("/providers", cast.PROVIDER))["id"]
    ids["service"] = (await door.post("/services", cast.SERVICE | {"provider_id": ids["provider"]}))["id"]
    agreement = await door.post("/agreements", {"service_id": ids["service"], "title": cast.CONTRACT})
    terms = {"effective_from": "2024-01-01", "terms": cast.TERMS, "source": cast.CONTRACT, "retrieved_on": cast.READ_ON}
    await door.post(f"/agreements/{agreement['id']}/terms", terms)
    placed = {"service_id": ids["service"], "from_at": "2024-01-08T09:00:00+01:00"}
    for client in cast.clients():
        client["sites"] = [site | {"placements": [placed]} for site in client["sites"]]
        await door.post("/clients", client)
    say("84 clients with 120 sites on HOST-1")
    return ids


async def observations(door: Door, ids: dict[str, str], say: Say) -> None:
    """The monitor and a year of its observations, one a minute, as one CSV file."""
    monitor = {
        "name": measured.MONITOR,
        "service_id": ids["service"],
        "interval_seconds": 60,
        "confirm_after": 2,
        "source": "own probe, Berlin",
    }
    await door.post("/monitors", monitor)
    with tempfile.TemporaryFile() as file:
        for line in measured.lines():
            file.write(line.encode())
        file.seek(0)

        async def chunks() -> Any:
            while chunk := file.read(1 << 16):
                yield chunk

        headers = {"content-type": "text/csv"}
        answer = door.read(await door.client.post(f"{API}/observations", content=chunks(), headers=headers))
    say(f"{answer['rows']} observations, one a minute from July 2024 to 1 July 2025")


async def _message(door: Door, ids: dict[str, str], key: str) -> str:
    item = told.MESSAGES[key]
    content = told.mail(int(key) if key.isdigit() else 9, item["received_at"], item["subject"], item["text"])
    body = item | {
        "provider_id": ids["provider"],
        "channel": "email",
        "content_base64": b64encode(content).decode(),
        "media_type": "message/rfc822",
        "filename": f"message-{key}.eml",
    }
    return str((await door.post("/messages", body))["id"])


async def _notice(
    door: Door,
    ids: dict[str, str],
    window: str,
    moment: str,
    words: dict[str, Any],
    german: dict[str, Any],
    follows: str | None,
) -> str:
    """One round of letters, in English and in German, drafted and issued as at a moment."""
    body = {"service_id": ids["service"], "window_id": window, "as_at": moment, "follows": follows, "words": words}
    body["translations"] = {"de": german}
    notice = await door.post("/notices", body)
    plan = (await door.get(f"/notices/{notice['id']}"))["plan"]  # of a story that was broken off after this
    if plan is None:
        plan = (await door.get(f"/notices/{notice['id']}/plan", at=moment))["digest"]
    approval = {"plan": plan, "approved_by": cast.AGENCY["contact_person"], "issued_at": moment,
                "send": True}  # fmt: skip
    await door.post(f"/notices/{notice['id']}/issue", approval)
    return str(notice["id"])


async def events(door: Door, ids: dict[str, str], say: Say, audited: dict[str, Any]) -> None:
    """What happened, in the order in which it did; `audited` is what the audit of Mon 30 June found."""
    incident = await door.post(
        "/incidents", {"service_id": ids["service"], "title": "Drive array of HOST-1", "started_at": at(1, "00:00", 3)}
    )
    note = f"/incidents/{incident['id']}/notes"
    array = await door.post(
        "/tickets",
        {
            "service_id": ids["service"],
            "incident_id": incident["id"],
            "number": "NG-88121",
            "subject": "HOST-1 is slower every week",
            "urgency": "normal",
            "opened_at": at(12, "09:30", 5),
        },
    )
    confirmed = "The drive array of HOST-1 is failing; it will be replaced."
    await door.post(
        f"/tickets/{array['id']}/replies",
        {"at": at(29, "15:00", 5), "by": "Northgate support", "human": True, "text": confirmed},
    )
    await door.post(
        note,
        {
            "occurred_at": at(29, "15:00", 5),
            "text": f"The provider confirms (ticket NG-88121): {confirmed}",
            "source": "P",
            "event": "provider_confirmed",
        },
    )

    work = await door.post(
        "/works", {"title": "Drive-array replacement", "kind": "drive-array clone", "services": [ids["service"]]}
    )
    first = await _message(door, ids, "1")
    window_1 = await door.post(
        "/windows",
        {
            "work_id": work["id"],
            "start_at": at(7, "22:00"),
            "end_at": at(8, "00:00"),
            "role": "primary",
            "impact": "OUTAGE",
            "status": "CONFIRMED",
            "announced_at": at(3, "10:05"),
            "message_id": first,
            "text": told.MESSAGES["1"]["text"],
        },
    )
    told_1 = await _notice(
        door,
        ids,
        window_1["id"],
        at(3, "14:00"),
        {"kind": "L1", "next_contact_at": at(8, "00:15"), **told.PLANNED},
        told.PLANNED_DE,
        None,
    )
    say("letter 1 to 84 clients: unavailable Sat 7 June")

    said = "It did not take place: the amount of data was underestimated."
    await door.post(
        f"/windows/{window_1['id']}/said",
        {"kind": "not_carried_out", "at": at(8, "00:00"), "said_at": at(8, "09:40"), "text": said, "source": "P"},
    )
    told_2 = await _notice(
        door,
        ids,
        window_1["id"],
        at(8, "11:00"),
        {"kind": "L2", **told.NONE_YET, **told.NOT_DONE_1},
        told.NONE_YET_DE | told.NOT_DONE_1_DE,
        told_1,
    )
    say("letter 2 to the same 84: it did not take place")

    second = await _message(door, ids, "2")
    window_2 = await door.post(
        f"/windows/{window_1['id']}/reschedule",
        {
            "start_at": at(14, "22:00"),
            "end_at": at(15, "00:00"),
            "announced_at": at(9, "11:20"),
            "message_id": second,
            "text": told.MESSAGES["2"]["text"],
        },
    )
    told_3 = await _notice(
        door,
        ids,
        window_2["id"],
        at(9, "15:00"),
        {"kind": "L3", "next_contact_at": at(15, "00:15"), **told.MOVED_1},
        told.MOVED_1_DE,
        told_2,
    )
    say("letter 3: a new date, Sat 14 June")

    said = "Asked by phone, the provider says that the work of 14 June did not take place."
    await door.post(
        f"/windows/{window_2['id']}/said",
        {"kind": "not_carried_out", "at": at(15, "00:00"), "said_at": at(16, "09:30"), "text": said, "source": "P"},
    )
    told_4 = await _notice(
        door,
        ids,
        window_2["id"],
        at(16, "10:30"),
        {"kind": "L2", **told.NONE_YET, **told.NOT_DONE_2},
        told.NONE_YET_DE | told.NOT_DONE_2_DE,
        told_3,
    )
    say("letter 4: it did not take place either")

    agreed = await _message(door, ids, "agreed")
    await door.post(
        f"/works/{work['id']}/procedures",
        {
            "agreed_at": at(23, "15:00"),
            "steps": told.STEPS,
            "source": "N",
            "message_id": None,
            "note": "call of 23 June, confirmed by e-mail",
        },
    )
    ids["agreed"] = agreed
    third = await _message(door, ids, "3")
    window_3 = await door.post(
        f"/windows/{window_2['id']}/reschedule",
        {
            "start_at": at(28, "22:00"),
            "end_at": at(29, "00:00"),
            "announced_at": at(24, "16:30"),
            "message_id": third,
            "text": told.MESSAGES["3"]["text"],
        },
    )
    told_5 = await _notice(
        door,
        ids,
        window_3["id"],
        at(24, "18:00"),
        {"kind": "L3", "next_contact_at": at(29, "00:15"), **told.MOVED_2},
        told.MOVED_2_DE,
        told_4,
    )
    say("letter 5: a third date, Sat 28 June, by an agreed procedure")

    urgent = await door.post(
        "/tickets",
        {
            "service_id": ids["service"],
            "incident_id": incident["id"],
            "number": "NG-88207",
            "subject": "HOST-1 is still down after the announced end",
            "urgency": "urgent",
            "opened_at": at(29, "00:02"),
        },
    )
    told_6 = await _notice(
        door,
        ids,
        window_3["id"],
        at(29, "00:30"),
        {"kind": "L4", "next_contact_at": at(29, "01:30"), **told.OVERRUN},
        told.OVERRUN_DE,
        told_5,
    )
    say("letter 6: still unavailable, half an hour past the announced end")

    replies = f"/tickets/{urgent['id']}/replies"
    await door.post(
        replies, {"at": at(29, "01:47"), "by": "Northgate support", "human": True, "text": "We are looking into it."}
    )
    await door.post(replies, {"at": at(29, "04:10"), "by": "Northgate support", "human": True, "text": told.FRESH})
    for step, verdict, text in told.FINDINGS:
        await door.post(
            f"/windows/{window_3['id']}/findings",
            {"step": step, "verdict": verdict, "at": at(29, "04:10"), "text": text, "source": "T"},
        )
    await door.post(note, {"occurred_at": at(30, "06:00"), "text": told.RUNNING, "source": "N"})
    await door.post("/audit/assessments", audited | {"service_id": ids["service"]})
    await _sites(door, ids)
    say("site checks of Mon 30 June 06:00: 71 current, 31 old, 6 down, 12 not checked")
    await _notice(
        door,
        ids,
        window_3["id"],
        at(30, "06:05"),
        {"kind": "L6", "next_contact_at": at(30, "10:00"), **told.PARTLY_AUDITED},
        told.PARTLY_AUDITED_DE,
        told_6,
    )
    say("letter 7: to the clients with a site that is not confirmed current")


async def _sites(door: Door, ids: dict[str, str]) -> None:
    """Whether 120 sites answer, by number: 102 do, 6 do not, 12 nobody looked at. What is current the audit found."""
    sites = [site async for site in door.all("/sites")]
    sites.sort(key=lambda site: site["number"])
    answers = [(True, True)] * 102 + [(False, None)] * 6 + [(None, None)] * 12
    checks = [
        {
            "site_id": site["id"],
            "at": at(30, "06:00"),
            "reachable": reach,
            "working": work,
            "source": "M",
            "note": "asked for its pages",
        }
        for site, (reach, work) in zip(sites, answers, strict=True)
        if reach is not None
    ]
    await door.post("/site-checks", {"checks": checks})
