"""The story's claim: June's credit, drafted from its issued paper, approved by name, filed with Northgate's billing."""

from __future__ import annotations

from app.demo.cast import AGENCY
from app.demo.door import Door, Say
from app.demo.told import at

NUMBER = "0001"
DRAFTED, APPROVED, FILED = at(1, "09:00", 7), at(1, "09:30", 7), at(1, "10:00", 7)
REPLY_BY = "2025-07-15"


async def claim(door: Door, service: str, say: Say) -> None:
    """Takes up where it was broken off; a claim somebody has gone on with is left alone."""
    papers = [row async for row in door.all("/papers") if row["kind"] == "breach"]
    found = (await door.get("/claims", service_id=service, limit=1))["items"]
    if not papers or (found and found[0]["number"] != NUMBER):
        return
    who = {"by": AGENCY["contact_person"]}
    path = f"/claims/{found[0]['id']}" if found else None
    if path is None:
        drafted = {"paper_id": papers[0]["id"], "at": DRAFTED} | who
        path = f"/claims/{(await door.post('/claims', drafted, key='claim'))['id']}"
    taken = [step["kind"] for step in (await door.get(path))["steps"]]
    if taken == ["draft"]:
        await door.post(f"{path}/approve", {"at": APPROVED} | who, key="claim-approved")
        taken.append("approved")
    if taken == ["draft", "approved"]:
        filed = {"at": FILED, "channel": "email", "receipt": "NG-CLAIM-118", "reply_by": REPLY_BY}
        await door.post(f"{path}/file", filed | {"paper_id": papers[0]["id"]} | who, key="claim-filed")
        say(f"claim {NUMBER} filed on 1 July; an answer was asked for by 15 July")
