"""What an agent and its server hand one another: what to ask, and answers in batches. Both sides read this file.

Every time is an integer of microseconds since 1970 by the agent's own clock. `off` is how far that clock was ahead of
the server's (behind: negative), the worst that was measured about the record; None where it was never compared.
"""

from __future__ import annotations

import json
import zlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.prober.clocks import Gap
from app.prober.engine import Answer
from app.prober.outcome import Fault, Outcome, Phases
from app.sla.case import State

LARGEST = 16 << 20  # bytes of a batch, unpacked
MOST = 2_000  # records in one batch
CLOCKS_APART_US = 5_000_000  # further than this from the server's, an agent's clock dates nothing

Micros = Annotated[int, Field(ge=631_152_000_000_000, lt=7_258_118_400_000_000)]  # from 1990 to 2200
Took = Annotated[int, Field(ge=0, lt=1 << 31)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
Name = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", examples=["0f8b1c2d3e4f5a6b7c8d9e0f1a2b3c4d"])]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    n: Annotated[int, Field(ge=1, description="Its number in the agent's spool.")]
    off: Annotated[int | None, Field(description="Microseconds the agent's clock was ahead.")] = None


class AnswerPart(Part):
    """An answer to one question."""

    k: Literal["a"] = "a"
    m: Annotated[Id, Field(description="The monitor's id, as it was handed out.")]
    at: Micros
    s: State
    f: Fault | None = None
    d: Annotated[str | None, Field(max_length=500)] = None
    g: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    p: Annotated[list[Took | None], Field(min_length=5, max_length=5)] = [None] * 5
    ip: Annotated[str | None, Field(max_length=60)] = None


class GapPart(Part):
    """A span in which the agent was cut off (`offline`) or its clock jumped (`clock`)."""

    k: Literal["g"] = "g"
    why: Annotated[str, Field(max_length=300)]
    since: Micros
    until: Micros
    kind: Literal["offline", "clock"] = "offline"


class LostPart(Part):
    """Answers that were made and are gone: the spool was full, or a part of it cannot be read."""

    k: Literal["l"] = "l"
    why: Annotated[str, Field(max_length=300)]
    since: Micros
    until: Micros
    answers: Annotated[int, Field(ge=0)]


Record = Annotated[AnswerPart | GapPart | LostPart, Field(discriminator="k")]


class Batch(BaseModel):
    """`off`: as measured in the last exchange before this one; `waiting`: records that are still in the spool."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    location: Annotated[str, Field(max_length=40, examples=["frankfurt"])]
    spool: Name
    records: Annotated[list[Record], Field(max_length=MOST)] = []
    sent_at: Micros
    off: int | None = None
    waiting: Annotated[int, Field(ge=0)] = 0
    monitors: Annotated[int, Field(ge=0)] = 0
    offline_since: Micros | None = None
    references: Annotated[int, Field(ge=0)] = 0
    dropped: Annotated[int, Field(ge=0, description="Answers lost since the agent began.")] = 0


class Receipt(BaseModel):
    """What became of a batch; it is given when all of it is committed."""

    batch: Annotated[str, Field(description="The SHA-256 of what was handed over, unpacked: its id.")]
    now: Annotated[int, Field(description="The server's time when the batch came, microseconds since 1970.")]
    added: int = 0
    known: Annotated[int, Field(description="Answers that were recorded before.")] = 0
    refused: Annotated[int, Field(description="Answers that count for nothing: the agent's clock was wrong.")] = 0
    contradicting: Annotated[int, Field(description="Left out: another state is recorded for that moment.")] = 0
    strange: Annotated[int, Field(description="Left out: of monitors this location does not have.")] = 0
    repeated: Annotated[bool, Field(description="This very batch was the last one already.")] = False
    holds: Annotated[bool, Field(description="Whether this agent is the one that asks from this location.")] = True


class Task(BaseModel):
    """One monitor, as far as an agent needs it."""

    id: str
    interval_seconds: int
    confirm_after: int
    check: Annotated[dict[str, Any], Field(description="What is asked.")]
    headers: Annotated[dict[str, str] | None, Field(description="Given over TLS alone.")] = None
    windows: Annotated[
        list[tuple[Micros, Micros]], Field(description="Announced ones: it is asked at their very start and end.")
    ] = []


class Tasks(BaseModel):
    location: str
    monitors: list[Task]
    withheld: Annotated[
        int, Field(description="Monitors not given, because they send headers and the connection is not encrypted.")
    ] = 0


def of_answer(answer: Answer, id_: str) -> dict[str, Any]:
    """An answer as a record, without its number; what is empty is left out."""
    outcome, phases = answer.outcome, answer.phases
    took: list[int | None] = [phases.dns, phases.connect, phases.tls, phases.first_byte, phases.total]
    record: dict[str, Any] = {"k": "a", "m": id_, "at": answer.at, "s": outcome.state.value}
    if outcome.fault is not None:
        record["f"] = outcome.fault.value
    if outcome.detail is not None:
        record["d"] = outcome.detail
    if outcome.digest is not None:
        record["g"] = outcome.digest
    if any(one is not None for one in took):
        record["p"] = took
    if phases.address is not None:
        record["ip"] = phases.address
    return record


def to_answer(part: AnswerPart, key: int) -> Answer:
    dns, connect, tls, first_byte, total = part.p
    phases = Phases(dns, connect, tls, first_byte, total, address=part.ip)
    return Answer(key, part.at, Outcome(part.s, part.f, part.d, part.g), phases)


def of_gap(gap: Gap) -> dict[str, Any]:
    kind = "clock" if "clock" in gap.reason else "offline"
    return {"k": "g", "since": gap.start, "until": gap.end, "why": gap.reason[:300], "kind": kind}


def packed(batch: dict[str, Any]) -> bytes:
    """As it travels: JSON in gzip, which carries its own sum."""
    text = json.dumps(batch, separators=(",", ":"), ensure_ascii=False).encode()
    work = zlib.compressobj(6, wbits=31)
    return work.compress(text) + work.flush()


def unpacked(body: bytes) -> bytes:
    """Raises ValueError for what is cut off, damaged, too large, or more than one."""
    work = zlib.decompressobj(wbits=31)
    try:
        text = work.decompress(body, LARGEST)
    except zlib.error as error:
        raise ValueError(f"is damaged: {error}") from None
    if work.unconsumed_tail:
        raise ValueError(f"is larger than {LARGEST} bytes, unpacked")
    if not work.eof:
        raise ValueError("broke off: its end is missing")
    if work.unused_data:
        raise ValueError("has something behind its end")
    return text
