"""What a paper needs beside the case and its statement: names, exhibits, identity and seal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from app.papers.redaction import Mask
from app.sla.case import SourceCode
from reports import documents as doc


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Something kept whole that a paper can point at. `ref` is the row it stands for (`message:0197…`)."""

    ref: str
    what: str
    obtained_from: str
    obtained_at: datetime
    sha256: str | None


@dataclass(frozen=True, slots=True)
class LettersSent:
    """What we told clients about this service's works up to the as-at time, counted."""

    announcements: int = 0
    corrections: int = 0
    updates: int = 0
    letters: int = 0
    asked_before: tuple[AskedBefore, ...] = ()  # what the provider was asked, by the room that writes to it


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """A request of an earlier paper and when it was answered, if it was."""

    number: str
    text: str
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person adds to the papers of one statement."""

    remark: str | None = None
    impact: str | None = None
    opening: str | None = None
    good_standing: str = "not_stated"  # yes | no | not_stated
    staff_time: timedelta | None = None
    staff_statement: str | None = None
    reply_by: date | None = None
    claim_number: str | None = None
    previously_claimed: bool = False
    filed_on: date | None = None
    checklist: tuple[tuple[str, str, str], ...] = ()  # preconditions as answered: text, answer, note


@dataclass(frozen=True, slots=True)
class Context:
    """Identity, seal and names for the papers of one statement."""

    agency: doc.Agency
    provider: doc.Provider
    service: doc.Service
    zone: str
    paper: doc.Paper
    language: doc.Language
    number: str
    version: int
    replaces: str | None
    issued: bool
    evidence_head: str
    evidence_entries: int
    exhibits: tuple[Exhibit, ...] = ()
    letters: LettersSent = LettersSent()
    asked_before: tuple[AskedBefore, ...] = ()
    wishes: Wishes = field(default_factory=Wishes)
    monitor_sources: tuple[str, ...] = ()
    monitor_places: tuple[tuple[str, str], ...] = ()  # (monitor's name, where it asks from)
    evidence: str = "evidence appendix"  # the number of the appendix that belongs to the claim
    mask: Mask = field(default_factory=Mask)
    errors: str | None = None  # the classes of failure seen in the period, as the monitors name them

    def exhibit(self, ref: str) -> str | None:
        """The exhibit's number ("X4") for a source's ref, None where nothing was kept."""
        for number, exhibit in enumerate(self.exhibits, 1):
            if exhibit.ref == ref:
                return f"X{number}"
        return None


SOURCE_WORDS = {
    SourceCode.MEASURED: "our measurement",
    SourceCode.PROVIDER: "provider",
    SourceCode.TICKET: "ticket",
    SourceCode.CLIENT: "client",
    SourceCode.NOTE: "our note",
}
