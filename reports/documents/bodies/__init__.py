"""What each kind of client letter says, L1 to L11: one frozen value per kind, every figure already decided."""

from .after import Ask, AtRisk, Change, CreditToYou, FinalReport, Happened, PossibleLoss, ReportedAttempt, ReportedSite
from .before import FunctionEffect, NotCarriedOut, Planned, Rescheduled
from .compared import Compared, ComparedSite
from .during import (
    CheckMade,
    Completed,
    CorrectedLine,
    Correction,
    FunctionState,
    Overrunning,
    PartlyDone,
    UnplannedOutage,
)
from .month import MonthlyStatement, MonthOutage, MonthWindow, NoticeSent, SiteMonth

__all__ = [
    "Ask", "AtRisk", "Change", "CheckMade", "Compared", "ComparedSite", "Completed",
    "CorrectedLine", "Correction", "CreditToYou", "FinalReport",
    "FunctionEffect", "FunctionState", "Happened", "MonthOutage", "MonthWindow", "MonthlyStatement", "NotCarriedOut",
    "NoticeSent", "Overrunning", "PartlyDone", "Planned", "PossibleLoss", "ReportedAttempt", "ReportedSite",
    "Rescheduled", "SiteMonth", "UnplannedOutage",
]  # fmt: skip
