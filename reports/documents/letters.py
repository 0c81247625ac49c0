"""Letters to one client about that client's sites, L1 to L11. During an event: one page, at most 260 words."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .bodies import (
    Completed,
    Correction,
    FinalReport,
    MonthlyStatement,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    PossibleLoss,
    Rescheduled,
    UnplannedOutage,
)
from .header import Header
from .values import MOST_SITES, Instant, Line, Text, Value

Layout = Literal["din5008b", "uk", "us"]


class Recipient(Value):
    """The client written to. `client_id` must be that of every site in the letter."""

    client_id: Line
    name: Line
    attention: Line | None = None
    address: Annotated[tuple[Line, ...], Field(min_length=1, max_length=5)]
    salutation: Line


class LetterSite(Value):
    """One of the client's own sites and its state at the as-at time."""

    client_id: Line
    host_name: Line
    state: Literal["up", "down", "not_current", "unknown"]


class OwnText(Value):
    """The agency's own wording in place of the standard prose; facts, sites, what to do and the next message stay.

    `subject` stands over the letter and the e-mail. `origin` says which of the agency's texts it is, in which version
    ("overrun v3"); it is kept with the letter and not printed.
    """

    subject: Annotated[Line, Field(max_length=70)]
    paragraphs: Annotated[tuple[Text, ...], Field(min_length=1, max_length=12)]
    origin: Line | None = None


Body = Annotated[
    Planned
    | NotCarriedOut
    | Rescheduled
    | Overrunning
    | Completed
    | PartlyDone
    | PossibleLoss
    | FinalReport
    | MonthlyStatement
    | UnplannedOutage
    | Correction,
    Field(discriminator="letter"),
]


class ClientLetter(Value):
    """One letter to one client. `ref` is our reference "{event}/{n}".

    `your_part` is what the client has to do; None prints that nothing is needed. `next_contact_at` is when the client
    hears from us next; None only where `next_contact_words` says when; L5, L8 and L9 may say neither. `provider_name`
    is printed instead of "the provider" when `name_provider` is true. The salutation is printed as it stands, in the
    language of the header.
    """

    kind: Literal["letter"] = "letter"
    header: Header
    layout: Layout
    ref: Line
    recipient: Recipient
    sites: Annotated[tuple[LetterSite, ...], Field(min_length=1, max_length=MOST_SITES)]
    name_provider: bool
    provider_name: Line | None
    your_part: Line | None
    next_contact_at: Instant | None
    next_contact_words: Line | None
    apology: Line | None
    body: Body
    own: OwnText | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.name_provider and self.provider_name is None:
            raise ValueError("provider_name is needed when name_provider is true; for example 'Northgate Hosting'")
        silent = self.next_contact_at is None and self.next_contact_words is None
        if silent and self.body.letter not in ("L5", "L8", "L9"):
            raise ValueError("next_contact_at or next_contact_words is needed; for example 2025-06-29T02:00:00Z")
        if (self.layout == "us") != (self.header.paper == "Letter"):
            raise ValueError("layouts din5008b and uk are printed on A4, layout us on Letter")
        if self.body.letter == "L5" and any(site.state != "up" for site in self.sites):
            raise ValueError("L5 says that all is well: every site must be 'up' (reachable, working and current)")
        if self.header.status == "issued" and getattr(self.body, "approved_by", "nobody") is None:
            raise ValueError("body.approved_by is needed in an issued L7 or L8; for example 'Dana Reyes'")
        return self
