"""What a person gives for a letter to the provider: one shape per kind. Everything else comes from the record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from app.fields import Day, Id, In, Instant, Line
from app.sla import volumes

SETTLE = (
    "We are ready to settle this without proceedings: in a call, on a written proposal of yours, or with a mediator "
    "both sides agree on."
)
AN_ID = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"


def _volume(text: str) -> str:
    volumes.volume(text)
    return text


def _rate(text: str) -> str:
    volumes.rate(text)
    return text


Short = Annotated[Line, Field(max_length=160)]
Volume = Annotated[
    Line,
    AfterValidator(_volume),
    Field(max_length=40, description="Decimal units: 1 TB = 10^12 bytes.", examples=["2 TB"]),
]
Rate = Annotated[
    Line, AfterValidator(_rate), Field(max_length=40, description="Decimal units per second.", examples=["150 MB/s"])
]
By = Annotated[Instant, Field(description="The moment an answer is wanted by.", examples=["2025-06-26T12:00:00+02:00"])]
WindowId = Annotated[
    Id | None, Field(description="The window; left out: the one the record points at.", examples=[AN_ID])
]
Claim = Annotated[
    Short | None, Field(description="The claim's number; left out: as the claim's paper says it.", examples=["0001"])
]


class Common(In):
    remark: Annotated[Line | None, Field(max_length=300, description="A sentence of your own, after the requests.")] = (
        None
    )


class MethodWords(Common):
    """P1: a method statement, on receiving a window."""

    kind: Literal["P1"]
    answer_by: By
    window_id: WindowId = None
    volume: Volume | None = None
    volume_source: Annotated[Short | None, Field(examples=["our reading of the file systems, 23 June"])] = None
    rate: Rate | None = None
    rate_source: Annotated[Short | None, Field(examples=["sequential reads of the old array"])] = None
    announce_at: Annotated[
        Instant | None,
        Field(description="When we announce the window all the same; left out: not before the answers."),
    ] = None

    @model_validator(mode="after")
    def _a_source_has_its_figure(self) -> MethodWords:
        if (self.volume_source and not self.volume) or (self.rate_source and not self.rate):
            raise ValueError("a source goes with its figure: give volume with volume_source, rate with rate_source")
        return self


class OutageWords(Common):
    """P2: the service does not answer, outside an announced window or past its end."""

    kind: Literal["P2"]
    answer_by: Annotated[Instant | None, Field(description="Left out: an hour after the letter's moment.")] = None
    window_id: WindowId = None
    affected: Annotated[
        list[Short] | None,
        Field(
            min_length=1,
            max_length=6,
            description="Addresses, names, ports; left out: the monitors that saw it.",
            examples=[["203.0.113.20: ports 22, 25, 80 and 443"]],
        ),
    ] = None


class PreservationWords(Common):
    """P3: the procedure was changed, or the state of the data is doubtful."""

    kind: Literal["P3"]
    answer_by: By
    window_id: WindowId = None
    keep_until: Annotated[Day, Field(description="Old drives and snapshots are kept until then.")]


class CoverWords(Common):
    """P4: the letter over a claim. The claim itself is the paper issued from the statement."""

    kind: Literal["P4"]
    statement_id: Annotated[Id, Field(examples=[AN_ID])]
    claim: Claim = None
    answer_by: Annotated[Instant | None, Field(description="Left out: the end of the fourteenth day.")] = None


class ReminderWords(Common):
    """P5: what a letter or a filed claim asked and nobody answered by its date. Exactly one of the two is named."""

    kind: Literal["P5"]
    letter_id: Annotated[Id | None, Field(description="The letter that is unanswered.", examples=[AN_ID])] = None
    claim: Annotated[Short | None, Field(description="The number of the claim filed.", examples=["0001"])] = None
    answer_by: By

    @model_validator(mode="after")
    def _of_one(self) -> ReminderWords:
        if (self.letter_id is None) == (self.claim is None):
            raise ValueError("name what is unanswered: either letter_id or claim, e.g. claim 0001")
        return self


class BeforeClaimWords(Common):
    """P6: a letter before claim. Drafted and approved by the owner only."""

    kind: Literal["P6"]
    statement_id: Annotated[Id, Field(examples=[AN_ID])]
    decided_by: Annotated[Short, Field(description="Who decided that it is drafted.", examples=["Dana Reyes"])]
    claim: Claim = None
    answer_by: Annotated[Instant | None, Field(description="Left out: the end of the fourteenth day.")] = None
    settle: Annotated[Line, Field(max_length=300, description="How we are ready to settle.", examples=[SETTLE])] = (
        SETTLE
    )


Words = Annotated[
    MethodWords | OutageWords | PreservationWords | CoverWords | ReminderWords | BeforeClaimWords,
    Field(discriminator="kind"),
]
