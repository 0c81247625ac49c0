"""The documents the print shop prints, as frozen values with every number already decided."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from .annex import Clause, Command, Coverage, Event, Gap, Method, Outage, Site, SiteCounts, SiteState, Step
from .breach import (
    Amount,
    BreachReport,
    ClaimLine,
    Deviation,
    Effect,
    Exhibit,
    Input,
    OtherReading,
    Pair,
    Said,
)
from .header import Agency, Header, Language, Paper, Period, PriorRequest, Provider, Request, Service, Target
from .ledger import Flag, Outcome, Promise, Response, Stretch, Window, WindowTotals
from .letters import (
    Body,
    ClientLetter,
    FunctionEffect,
    FunctionState,
    Layout,
    LetterSite,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    Recipient,
    Rescheduled,
)
from .monthly import Credit, Day, Figure, MonthBar, MonthlyProviderReport, Reading
from .provider_letters import ProviderLetter
from .values import (
    Answer,
    InMoney,
    InPercent,
    InSeconds,
    InShare,
    Instant,
    InTimes,
    InWords,
    Measure,
    Money,
    OnDay,
    Seconds,
    Share,
    Source,
    Span,
    Value,
    Verdict,
)

Document = Annotated[MonthlyProviderReport | BreachReport | ClientLetter | ProviderLetter, Field(discriminator="kind")]
"""Any document the print shop prints."""

KINDS: dict[
    str, type[MonthlyProviderReport] | type[BreachReport] | type[ClientLetter] | type[ProviderLetter]
] = {
    "monthly_provider": MonthlyProviderReport,
    "breach": BreachReport,
    "letter": ClientLetter,
    "provider_letter": ProviderLetter,
}


def read_document(json: str | bytes) -> MonthlyProviderReport | BreachReport | ClientLetter | ProviderLetter:
    """The document in this JSON, whichever kind it is."""
    adapter: TypeAdapter[MonthlyProviderReport | BreachReport | ClientLetter | ProviderLetter] = TypeAdapter(Document)
    return adapter.validate_json(json)


__all__ = [
    "KINDS",
    "Agency", "Amount", "Answer", "Body", "BreachReport", "ClaimLine", "Clause", "ClientLetter", "Command",
    "Coverage", "Credit", "Day", "Deviation", "Document", "Effect", "Event", "Exhibit", "Figure", "Flag",
    "FunctionEffect", "FunctionState", "Gap", "Header", "InMoney", "InPercent", "InSeconds", "InShare", "InTimes",
    "InWords", "Input", "Instant", "Language", "Layout", "LetterSite", "Measure", "Method", "Money", "MonthBar",
    "MonthlyProviderReport", "NotCarriedOut", "OnDay", "OtherReading", "Outage", "Outcome", "Overrunning", "Pair",
    "Paper", "PartlyDone", "Period", "Planned", "PriorRequest", "Promise", "Provider",
    "ProviderLetter", "Reading", "Recipient",
    "Request", "Rescheduled", "Response", "Said", "Seconds", "Service", "Share", "Site", "SiteCounts", "SiteState",
    "Source", "Span", "Step", "Stretch", "Target", "Value", "Verdict", "Window", "WindowTotals",
    "read_document",
]  # fmt: skip
