"""The story's letters to the provider: P1 before the third window, P2 at its announced end, P3 after the rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.demo.cast import AGENCY
from app.demo.door import Door, Say
from app.demo.told import at

TO = {"attention": "Jonas Pohl", "address": ["Ringbahnstraße 77", "12099 Berlin"]}
WORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        at(24, "17:00"),
        {
            "kind": "P1",
            "answer_by": at(24, "18:00"),
            "announce_at": at(24, "18:00"),
            "volume": "2 TB",
            "volume_source": "our reading of the file systems, 23 June",
            "rate": "150 MB/s",
            "rate_source": "sequential reads of the old array",
        },
    ),
    (at(29, "00:00"), {"kind": "P2", "affected": ["203.0.113.20: ports 22, 25, 80 and 443"]}),
    (at(30, "06:00"), {"kind": "P3", "answer_by": at(1, "12:00", 7), "keep_until": "2025-07-31"}),
)


async def letters(door: Door, service: str, say: Say) -> None:
    """Drafts, approves, issues and records the sending of each at its own moment; P2 went into the ticket."""
    name = AGENCY["contact_person"]
    for moment, words in WORDS:
        body = {"service_id": service, "as_at": moment, "to": TO, "words": words}
        row = await door.post("/provider-letters", body)
        path = f"/provider-letters/{row['id']}"
        await door.post(f"{path}/approve", {"approved_by": name})
        await door.post(f"{path}/issue", {"issued_at": moment})
        sending = {"sent_at": moment, "channel": "email", "address": "support@northgate.example", "sent_by": name}
        if words["kind"] == "P2":
            ticket = (await door.get("/tickets", service_id=service, number="NG-88207"))["items"][0]
            sending |= {
                "channel": "ticket",
                "address": ticket["number"],
                "ticket_id": ticket["id"],
                "sent_at": ticket["opened_at"],
            }
        await door.post(f"{path}/sendings", sending)
    say("letters to the provider: P1 for 28 June, P2 at 00:00 on 29 June, P3 after the rebuild")


async def write(door: Door, out: Path) -> int:
    """The letters to the provider that are not in `out` yet, as PDF and as text; returns how many were written."""
    written = 0
    async for row in door.all("/provider-letters"):
        if row["issued_at"] is None:
            continue
        name = row["ref"].replace("/", "_")
        for ending, what in (("pdf", "letter.pdf"), ("txt", "text")):
            path = out / "provider-letters" / f"{name}.{ending}"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(await door.bytes(f"/provider-letters/{row['id']}/{what}"))
                written += 1
    return written
