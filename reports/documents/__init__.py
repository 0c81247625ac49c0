"""The documents the print shop prints, as frozen values with every number already decided."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from .annex import Clause, Command, Coverage, Event, Gap, Method, Outage, Site, SiteCounts, SiteState, Step
from .appendix import (
    AttachedFile,
    DownPiece,
    EvidenceAppendix,
    HeaderLine,
    KeptMessage,
    Masked,
    Seen,
    SeenOutage,
    SiteRow,
    Watch,
)
from .audit import DataAudit, DataCopy, SiteData
from .bodies import (
    Ask,
    AtRisk,
    Change,
    CheckMade,
    Compared,
    ComparedSite,
    Completed,
    CorrectedLine,
    Correction,
    CreditToYou,
    FinalReport,
    FunctionEffect,
    FunctionState,
    Happened,
    MonthlyStatement,
    MonthOutage,
    MonthWindow,
    NotCarriedOut,
    NoticeSent,
    Overrunning,
    PartlyDone,
    Planned,
    PossibleLoss,
    ReportedAttempt,
    ReportedSite,
    Rescheduled,
    SiteMonth,
    UnplannedOutage,
)
from .breach import (
    Amount,
    BreachReport,
    Checked,
    ClaimLine,
    Deviation,
    Effect,
    Exhibit,
    Input,
    OtherReading,
    Pair,
    Said,
)
from .claim import (
    Argument,
    CounterReading,
    CreditLine,
    Due,
    DueLine,
    GuaranteeLine,
    LeftOut,
    PartLine,
    RightLine,
    SignLine,
)
from .header import Agency, Header, Language, Paper, Period, PriorRequest, Provider, Request, Service, Target
from .ledger import Flag, Outcome, Promise, Response, Stretch, Window, WindowTotals
from .letters import Body, ClientLetter, Layout, LetterSite, OwnText, Recipient
from .monthly import Credit, Day, Figure, MonthBar, MonthlyProviderReport, Reading
from .provider_letters import ProviderLetter
from .reckoning import BesideCredit, Bounds, Clocks, ExcusedSpan, ReckonedPart, Reckoning
from .values import (
    Answer,
    InMilliseconds,
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

Printed = MonthlyProviderReport | BreachReport | EvidenceAppendix | ClientLetter | ProviderLetter
Document = Annotated[Printed, Field(discriminator="kind")]
"""Any document the print shop prints."""

KINDS: dict[str, type[Printed]] = {
    "monthly_provider": MonthlyProviderReport,
    "breach": BreachReport,
    "evidence": EvidenceAppendix,
    "letter": ClientLetter,
    "provider_letter": ProviderLetter,
}


def read_document(json: str | bytes) -> Printed:
    """The document in this JSON, whichever kind it is."""
    adapter: TypeAdapter[Printed] = TypeAdapter(Document)
    return adapter.validate_json(json)


__all__ = [
    "KINDS",
    "Agency", "Amount", "Answer", "Argument", "Ask", "AtRisk", "AttachedFile", "BesideCredit", "Body", "Bounds",
    "BreachReport", "Change", "CheckMade", "Checked", "ClaimLine", "Clause", "ClientLetter", "Clocks", "Command",
    "Compared", "ComparedSite",
    "Completed", "CorrectedLine", "Correction", "CounterReading", "Coverage", "Credit", "CreditLine", "CreditToYou",
    "DataAudit", "DataCopy", "Day", "Deviation", "Document", "DownPiece", "Due", "DueLine", "Effect", "Event",
    "EvidenceAppendix", "ExcusedSpan", "Exhibit", "Figure", "FinalReport", "Flag", "FunctionEffect", "FunctionState",
    "Gap", "GuaranteeLine", "Happened", "Header", "HeaderLine", "InMilliseconds", "InMoney", "InPercent", "InSeconds",
    "InShare", "InTimes", "InWords", "Input", "Instant", "KeptMessage", "Language", "Layout", "LeftOut", "LetterSite",
    "Masked", "Measure", "Method", "Money", "MonthBar", "MonthOutage", "MonthWindow", "MonthlyProviderReport",
    "MonthlyStatement", "NotCarriedOut", "NoticeSent", "OnDay", "OtherReading", "Outage", "Outcome", "Overrunning",
    "OwnText", "Pair", "Paper", "PartLine", "PartlyDone", "Period", "Planned", "PossibleLoss", "Printed",
    "PriorRequest", "Promise", "Provider", "ProviderLetter", "Reading", "Recipient", "ReckonedPart", "Reckoning",
    "ReportedAttempt", "ReportedSite", "Request", "Rescheduled", "Response", "RightLine", "Said", "Seconds", "Seen",
    "SeenOutage", "Service", "Share", "SignLine", "Site", "SiteCounts", "SiteData", "SiteMonth", "SiteRow", "SiteState",
    "Source", "Span", "Step", "Stretch", "Target", "UnplannedOutage", "Value", "Verdict", "Watch", "Window",
    "WindowTotals", "read_document",
]  # fmt: skip
