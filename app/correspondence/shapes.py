"""What the API takes and answers about letters to providers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.correspondence.wording import AN_ID, Words
from app.fields import Id, In, Instant, Line, Out, Text

Name = Annotated[Line, Field(max_length=120, examples=["Dana Reyes"])]
Channel = Annotated[
    Literal["email", "ticket", "portal", "post", "fax", "other"], Field(examples=["email"], description="How.")
]


class To(In):
    """Who is written to at the provider's; left out as a whole: as the last letter to this provider."""

    attention: Annotated[Line | None, Field(max_length=120, examples=["Jonas Pohl"])] = None
    address: Annotated[
        list[Annotated[Line, Field(max_length=120)]],
        Field(max_length=4, default_factory=list, examples=[["Ringbahnstraße 77", "12099 Berlin"]]),
    ]


class ProviderLetterIn(In):
    """A letter to the provider. `words` says which one it is (`kind`) and what only a person can give."""

    service_id: Id
    as_at: Annotated[Instant | None, Field(description="The moment the letter speaks of; left out: now.")] = None
    to: To | None = None
    words: Annotated[
        Words,
        Field(
            examples=[
                {
                    "kind": "P1",
                    "volume": "2 TB",
                    "rate": "150 MB/s",
                    "answer_by": "2025-06-26T12:00:00+02:00",
                }
            ]
        ),
    ]


class ProviderLetterOut(Out):
    id: UUID
    service_id: UUID
    provider_id: UUID
    ref: Annotated[str, Field(description="Our reference, as it is printed.", examples=["HOST-1/P1-01"])]
    number: int
    kind: str
    state: Annotated[str, Field(description="draft, approved, issued, sent or answered.")]
    as_at: datetime
    about_id: UUID | None
    claim_id: UUID | None
    statement_id: UUID | None
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    issued_at: datetime | None
    sent_at: datetime | None
    requests: int
    unanswered: int
    document_digest: str | None
    pdf_digest: str | None


class ApproveIn(In):
    approved_by: Name


class IssueIn(In):
    issued_at: Annotated[Instant | None, Field(description="When it was frozen; left out: now.")] = None


class SendingIn(In):
    sent_at: Instant
    channel: Channel
    address: Annotated[
        Line, Field(description="The address or ticket it went to.", examples=["support@northgate.example"])
    ]
    sent_by: Name
    receipt: Annotated[
        Line | None,
        Field(
            description="What proves it: a message id, a registered-post number.", examples=["<a1@brightwell.example>"]
        ),
    ] = None
    ticket_id: Annotated[Id | None, Field(description="The ticket it was added to.", examples=[AN_ID])] = None


class SendingOut(Out):
    id: UUID
    letter_id: UUID
    sent_at: datetime
    channel: str
    address: str
    sent_by: str
    receipt: str | None
    ticket_id: UUID | None
    created_at: datetime


class TicketSentIn(In):
    number: Annotated[Line, Field(description="The provider's number.", examples=["NG-88207"])]
    opened_at: Annotated[Instant, Field(examples=["2025-06-29T00:02:00+02:00"])]
    urgency: Annotated[Literal["urgent", "normal"], Field(examples=["urgent"])] = "urgent"
    incident_id: Annotated[Id | None, Field(examples=[AN_ID])] = None
    sent_by: Name


class TicketSentOut(Out):
    ticket_id: UUID
    number: str
    sending: SendingOut


class RequestOut(Out):
    id: UUID
    letter_id: UUID
    letter: Annotated[str, Field(examples=["HOST-1/P1-01"])]
    number: Annotated[str, Field(examples=["R1"])]
    text: str
    answer_as: str
    wanted_at: datetime
    state: Annotated[str, Field(description="open, overdue or answered, as things stand now.")]
    withdrawn: Annotated[bool, Field(description="Closed by us, without an answer.")]
    answered_in_part: bool
    answered_at: datetime | None
    asked_at: Annotated[datetime | None, Field(description="When the letter was first sent; null: not yet.")]
    age_seconds: int | None


class AnswerIn(In):
    state: Annotated[
        Literal["answered", "in_part", "withdrawn"],
        Field(description="in_part leaves the request open; withdrawn: we no longer ask.", examples=["answered"]),
    ] = "answered"
    at: Annotated[Instant | None, Field(description="Only where no message and no reply is named.")] = None
    message_id: Annotated[Id | None, Field(description="The provider's message.", examples=[AN_ID])] = None
    reply_id: Annotated[Id | None, Field(description="The provider's reply in a ticket.", examples=[AN_ID])] = None
    text: Annotated[Text, Field(examples=["R1: 2.1 TB, 140 MB/s measured on 20 June."])] = ""


class AnswerOut(Out):
    id: UUID
    request_id: UUID
    state: str
    at: datetime
    message_id: UUID | None
    reply_id: UUID | None
    text: str
    created_at: datetime
