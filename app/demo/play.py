"""Plays the story in through the API, once, and writes its papers. Running it again changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import anyio
import httpx
from sqlalchemy import Engine
from sqlmodel import Session

from app.access.actions import create_token, tokens
from app.db import reader, transaction
from app.demo import cast, scenes
from app.demo.door import Door, Say
from app.demo.told import at
from app.main import create_app
from app.settings import Settings
from app.web.edge import utc_now


def demo_token(place: Settings, engine: Engine) -> str:
    """The demo owner's token, kept for its user alone in the data folder; made anew if that file is gone."""
    file = place.data / "demo-token"
    if file.exists():
        return file.read_text().strip()
    with Session(reader(engine)) as session:
        taken = {token.name for token in tokens(session)}
    name = next(name for name in ("demo", *(f"demo-{n}" for n in range(2, 1000))) if name not in taken)
    with transaction(engine) as session:
        session.info["actor"] = "person:command line"
        _, text = create_token(session, name=name, role="owner", now=utc_now())
    place.data.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text + "\n")
    return text


def papers(moment: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Which papers are written: the preview of the open month, then those issued once June is closed."""
    yield "2025-06_HOST-1_report_so-far", {"as_at": at(30, "06:00"), "kind": "monthly"}
    yield "2025-06_HOST-1_report", {"as_at": at(1, "09:00", 7), "kind": "monthly", "issue": True}
    yield "2025-06_HOST-1_claim", {"as_at": at(1, "09:00", 7), "kind": "breach", "issue": True}


async def _write(door: Door, ids: dict[str, str], out: Path, say: Say) -> list[Path]:
    """The papers into `out`: reports, the claim, and every letter under `letters/`."""
    written = []
    for name, item in papers(""):
        wishes = {"good_standing": "yes", "claim_number": "0001"}
        statement = await door.post(
            "/statements", {"service_id": ids["service"], "month": "2025-06", "as_at": item["as_at"], "wishes": wishes}
        )
        if item.get("issue"):
            await door.post(
                f"/statements/{statement['id']}/issue",
                {"kind": item["kind"], "approved_by": cast.AGENCY["contact_person"]},
            )
        for form in ("pdf", "json"):
            content = await door.bytes(f"/statements/{statement['id']}/report.{form}", kind=item["kind"])
            written.append(_put(out / f"{name}.{form}", content))
        say(written[-2].name)
    return written


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def _letters(door: Door, ids: dict[str, str], out: Path) -> int:
    count = 0
    notices = (await door.get("/notices", service_id=ids["service"], limit=100))["items"]
    for notice in notices:
        cursor: str | None = None
        while True:
            page = await door.get(
                "/letters", notice_id=notice["id"], limit=200, **({"after": cursor} if cursor else {})
            )
            for letter in page["items"]:
                document = await door.get(f"/letters/{letter['id']}/letter.json")
                folder = out / "letters" / f"{notice['number']}-{notice['kind']}"
                _put(
                    folder / f"{document['header']['number']}.pdf",
                    await door.bytes(f"/letters/{letter['id']}/letter.pdf"),
                )
                count += 1
            cursor = page["next"]
            if cursor is None:
                break
    return count


def play(place: Settings, engine: Engine, say: Say) -> None:
    """Loads the story if it is not there, writes its papers, prints where they are and what to try."""
    token = demo_token(place, engine)
    anyio.run(_play, place, engine, token, say)
    address = f"http://{place.host}:{place.port}"
    print(f"\nPapers:   {place.out.resolve()}")
    print(f"Address:  {address}/docs")
    print(f"Token:    {token}")
    print("Try:")
    ask = f'curl -s -H "Authorization: Bearer {token}"'
    print(f"  {ask} '{address}/api/v1/statements' ")
    print(f"  {ask} '{address}/api/v1/evidence/verify'")
    print(
        f"  kept report monthly --provider 'Northgate Hosting' --month 2025-06 --as-at 2025-06-30T06:00:00+02:00 --data {place.data}",
        flush=True,
    )


async def _play(place: Settings, engine: Engine, token: str, say: Say) -> None:
    service = create_app(place, engine=engine)
    transport = httpx.ASGITransport(service)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://kept", headers=headers, timeout=None) as client:
        door = Door(client)
        providers = (await door.get("/providers", limit=500))["items"]
        known = next((item for item in providers if item["name"] == cast.PROVIDER["name"]), None)
        if known is None:
            say("Loading the story through the API:")
            ids = await scenes.people(door, say)
            await scenes.observations(door, ids, say)
            await scenes.events(door, ids, say)
            say("Writing its papers:")
            await _write(door, ids, place.out, say)
            say(f"{await _letters(door, ids, place.out)} letters")
        else:
            say("The story is loaded already; nothing was changed.")
