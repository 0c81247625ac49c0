"""The audit over the API: roots of generations, sealed as soon as they were read."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, Field

from app.access.guard import Operator, Viewer
from app.agreements import queries as agreements
from app.errors import BadInput, NotFound
from app.evidence import actions as evidence
from app.fields import Id, In, Instant
from app.integrity import sealing, stamping
from app.web.edge import NowDep, Router, SessionDep

router = Router(prefix="/audit", tags=["audit"])

Name = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$", examples=["20250606T200000Z-pre-old-5f2c9a1e"])
]
Root = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]),
]
Count = Annotated[int, Field(ge=0, le=2**53)]


class SealIn(In):
    """What `kept audit seal` reads off a generation's manifest: roots and sizes, no client's name."""

    generation: Name
    service_id: Annotated[Id | None, Field(description="The service whose sites were read.")] = None
    label: Literal["pre", "during", "post", "import", "test"]
    server: Literal["old", "new"]
    machine: Annotated[str, Field(pattern="^[0-9a-f]{0,64}$", description="Digest of the machine's id.")] = ""
    algorithm: Literal["sha256", "blake2b", "blake3"] = "sha256"
    server_root: Root
    salted_root: Root | None = None
    previous_root: Root | None = None
    manifest_sha256: Root
    taken_from: Annotated[Instant, Field(description="By the server's clock.")]
    taken_until: Instant
    claimed: Annotated[bool, Field(description="The times were given by a person.")] = False
    sites: Count
    entries: Count
    bytes: Count
    not_examined: Count = 0


class SealOut(BaseModel):
    """A root as the evidence log holds it."""

    generation: str
    service_id: UUID | None = None
    label: str
    server: str
    server_root: str
    salted_root: str | None
    taken_from: str
    taken_until: str
    claimed: bool
    sites: int
    entries: int
    bytes: int
    not_examined: int
    seq: Annotated[int, Field(description="Its line in the evidence log.")]
    recorded_at: datetime
    digest: Annotated[str, Field(description="The digest of that line.")]
    sentence: Annotated[str, Field(description="To paste into the provider's ticket before work starts.")]


def _out(told: dict[str, object]) -> SealOut:
    return SealOut.model_validate({**told, "sentence": sealing.sentence(told)})


@router.post("/seals", status_code=201, dependencies=[Operator])
def seal(body: SealIn, session: SessionDep, now: NowDep) -> SealOut:
    """Seals a generation's root: one line in the evidence log. The same root again is answered with the line that is
    there; another root for the same generation is refused."""
    told = body.model_dump(exclude_none=True) | {"salted_root": body.salted_root, "previous_root": body.previous_root}
    if body.service_id is not None:
        told["service_id"] = str(agreements.service(session, body.service_id).id)
    told |= {name: evidence.stamp(told[name]) for name in ("taken_from", "taken_until")}
    entry, _ = sealing.seal(session, told, now)
    return _out(sealing.shown(entry))


@router.get("/seals/{generation}", dependencies=[Viewer])
def read_seals(
    generation: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")], session: SessionDep
) -> list[SealOut]:
    """What the log holds of a generation, oldest first: more than one line where a salted root came later."""
    found = sealing.sealed(session, generation)
    if not found:
        raise NotFound("no root of this generation was sealed", field="generation")
    return [_out(item) for item in found]


class StampIn(In):
    """A reply of a time stamping authority (RFC 3161) on a sealed root, as `seal.tsr` holds it."""

    generation: Name
    reply_base64: Annotated[str, Field(max_length=100_000, examples=["MIIC…"])]


class StampOut(BaseModel):
    generation: str
    at: Annotated[datetime, Field(description="When the authority had seen the root.")]
    serial: str
    policy: str
    seq: Annotated[int, Field(description="Its line in the evidence log.")]


@router.post("/stamps", status_code=201, dependencies=[Operator])
def stamp(body: StampIn, session: SessionDep, now: NowDep) -> StampOut:
    """Puts an independent time stamp into the log, beside the root it is of. A stamp of anything else is refused."""
    try:
        reply = base64.b64decode(body.reply_base64, validate=True)
    except ValueError:
        raise BadInput("is not base64", field="reply_base64", example="MIIC…") from None
    entry, told = stamping.keep(session, body.generation, reply, now)
    return StampOut(generation=body.generation, at=told.at, serial=told.serial, policy=told.policy, seq=entry.seq)
