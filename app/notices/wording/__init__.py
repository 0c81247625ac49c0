"""The words a person gives for one round of letters: one shape per kind, complete or refused.

Words are in the agency's language. What clients of another language read is given beside them: see `translating`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.notices.wording.after import LossWords, ReportWords
from app.notices.wording.before import MovedWords, NotDoneWords, PlannedWords
from app.notices.wording.during import BackWords, CorrectionWords, OutageWords, OverrunWords, PartlyWords
from app.notices.wording.month import MonthWords

Words = Annotated[
    PlannedWords
    | NotDoneWords
    | MovedWords
    | OverrunWords
    | BackWords
    | PartlyWords
    | LossWords
    | ReportWords
    | MonthWords
    | OutageWords
    | CorrectionWords,
    Field(discriminator="kind"),
]

__all__ = [
    "BackWords", "CorrectionWords", "LossWords", "MonthWords", "MovedWords", "NotDoneWords", "OutageWords",
    "OverrunWords", "PartlyWords", "PlannedWords", "ReportWords", "Words",
]  # fmt: skip
