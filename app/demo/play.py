"""Plays the story in through the API, once, and writes its papers. Running it again changes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import httpx
from sqlalchemy import Engine
from sqlmodel import Session

from app.access.actions import create_token, tokens
from app.db import reader, transaction
from app.demo import asked, cast, claimed, posted, scenes
from app.demo.door import Door, Say
from app.demo.migration.audit import audit
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


PAPERS = (
    ("2025-06_HOST-1_report_so-far", "monthly", at(30, "06:00"), False),
    ("2025-06_HOST-1_report", "monthly", at(1, "09:00", 7), True),
    ("2025-06_HOST-1_claim", "breach", at(1, "09:00", 7), True),
)
"""File name, kind, as at, whether issued: the preview of the open month, then the papers of the closed one. The claim's
statement has its evidence appendix, and both go into one pack."""
APPENDIX = "2025-06_HOST-1_evidence"


async def _statements(door: Door, service: str) -> None:
    """Asks for the three statements and issues papers from those of the closed month."""
    for _, kind, moment, issued in PAPERS:
        wishes = {"good_standing": "yes", "claim_number": "0001"}
        body = {"service_id": service, "month": "2025-06", "as_at": moment, "wishes": wishes}
        statement = await door.post("/statements", body)
        if issued:
            for one in (kind, "evidence") if kind == "breach" else (kind,):
                approval = {"kind": one, "approved_by": cast.AGENCY["contact_person"]}
                await door.post(f"/statements/{statement['id']}/issue", approval)


async def _write(door: Door, out: Path, say: Say) -> int:
    """The papers and letters that are not in `out` yet; returns how many were written."""
    written = 0
    statements = (await door.get("/statements", limit=len(PAPERS)))["items"]
    for (name, kind, _, _), statement in zip(PAPERS, statements, strict=True):
        address = f"/statements/{statement['id']}"
        wanted: list[tuple[str, str, str | None]]
        wanted = [(f"{name}.{form}", f"{address}/report.{form}", kind) for form in ("pdf", "json")]
        if kind == "breach":
            wanted += [(f"{APPENDIX}.{form}", f"{address}/report.{form}", "evidence") for form in ("pdf", "json")]
            wanted.append((f"{name}_pack.zip", f"{address}/pack.zip", None))
        for file, path, of in wanted:
            if not (out / file).exists():
                _put(out / file, await door.bytes(path, **({"kind": of} if of else {})))
                say(f"  {file}")
                written += 1
    async for notice in door.all("/notices"):
        folder = out / "letters" / f"{notice['number']}-{notice['kind']}"
        if not folder.exists():
            async for letter in door.all("/letters", notice_id=notice["id"]):
                document = await door.get(f"/letters/{letter['id']}/letter.json")
                pdf = await door.bytes(f"/letters/{letter['id']}/letter.pdf")
                _put(folder / f"{document['header']['number']}.pdf", pdf)
                written += 1
            say(f"  letters/{folder.name}")
    return written + await asked.write(door, out)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def play(place: Settings, engine: Engine, say: Say) -> None:
    """Loads the story if it is not there, writes its papers, prints where they are and what to try."""
    token = demo_token(place, engine)
    service = anyio.run(_play, place, engine, token, say)
    posted.post(place, engine, say)
    address = f"http://{place.host}:{place.port}"
    ask = f"curl -s -H 'Authorization: Bearer {token}'"
    kept = Path(sys.argv[0]).name if Path(sys.argv[0]).parent.name != "bin" else ".venv/bin/kept"
    data = "" if place.data == Path("data") else f" --data {place.data}"
    print(f"\nPapers   {place.out.resolve()}")
    print(f"Address  {address}   (documentation of the API: {address}/docs)")
    print(f"Token    {token}")
    print("\nThree things to try:")
    print("  who believes what was no longer true on Mon 30 June 06:00:")
    print(f"    {ask} '{address}/api/v1/notices/stale?service_id={service}&as_at=2025-06-30T04:00:00Z'")
    print("  whether anything in the record was changed afterwards:")
    print(f"    {ask} {address}/api/v1/evidence/verify")
    print("  the month as it stood on another day:")
    command = f"{kept} report monthly --provider 'Northgate Hosting' --month 2025-06 --as-at {at(8, '12:00')}{data}"
    print(f"    {command}\n", flush=True)


async def _play(place: Settings, engine: Engine, token: str, say: Say) -> str:
    """Returns the id of the story's service."""
    service = create_app(place, engine=engine)
    transport = httpx.ASGITransport(service)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://kept", headers=headers, timeout=None) as client:
        door = Door(client)
        papers = (await door.get("/papers", limit=500))["items"]
        if not any(paper["kind"] == "breach" for paper in papers):
            # every request carries its own key: broken off and begun again, it goes on where it was
            say("Loading the story through the API (about half a minute):")
            ids = await scenes.people(door, say)
            await scenes.observations(door, ids, say)
            found = await anyio.to_thread.run_sync(audit, place.out / "audit", say)
            await scenes.events(door, ids, say, found)
            await asked.letters(door, ids["service"], say)
            await _statements(door, ids["service"])
        else:
            say("The story is loaded already; nothing was changed.")
        service_id = str((await door.get("/statements", limit=1))["items"][0]["service_id"])
        await claimed.claim(door, service_id, say)
        written = await _write(door, place.out, say)
        if written:
            say(f"{written} files written.")
        return service_id
