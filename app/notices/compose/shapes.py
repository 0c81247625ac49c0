"""What the letters of one round share, and what each client's own letter draws on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.agency.tables import Agency
from app.clients.tables import Client, Contact
from app.errors import Conflict
from app.sla.case import Case
from app.sla.spans import Span
from app.sla.statement import Outage, SiteVerdict, Statement, WindowVerdict


@dataclass(frozen=True, slots=True)
class Told:
    """What an earlier notice said: its reference, its kind, when it went out, and what it was about."""

    ref: str
    kind: str
    at: datetime
    window: WindowVerdict | None
    work_id: str | None
    outage_from: datetime | None


@dataclass(frozen=True, slots=True)
class Round:
    """What all letters of one notice share. It is about a window, an outage or a month; the others are None."""

    kind: str
    case: Case
    statement: Statement
    window: WindowVerdict | None
    words: Mapping[str, Any]  # by language
    number: int
    provider: str
    agency: Agency
    evidence_head: str
    evidence_entries: int
    about: str  # the service as documents' numbers name it
    earlier: Told | None  # the notice whose recipients this goes to
    down: Mapping[str, tuple[Span, ...]]  # when each site was down, by its number
    outage: Outage | None = None
    outage_from: datetime | None = None
    month: Span | None = None
    update: int = 1
    approved_by: str | None = None

    @property
    def announced(self) -> WindowVerdict:
        """The window this is about. Raises Conflict where there is none."""
        if self.window is None:
            raise Conflict(f"{self.kind} is about a window, and none is named", field="window_id")
        return self.window

    def words_for(self, client: Client) -> Any:
        return self.words[language_of(client.language, self.words)]


@dataclass(frozen=True, slots=True)
class To:
    """A person at the client: how the letter reaches them, and why they have it."""

    contact: Contact
    channel: str  # email | paper | phone | none
    why: str


@dataclass(frozen=True, slots=True)
class SiteMonth:
    """One site over a month, in exact time: what it was there for, down, and not observed."""

    site: SiteVerdict
    whole: timedelta
    down: tuple[Span, ...]
    unknown: timedelta


@dataclass(frozen=True, slots=True)
class ClientMonth:
    """A client's month over all services its sites sat on."""

    sites: tuple[SiteMonth, ...]
    announced: tuple[Span, ...]
    windows: tuple[tuple[WindowVerdict, datetime | None], ...]  # with when the client was told of it
    notices: tuple[tuple[str, str, datetime], ...]  # reference, kind, when
    next_work: Span | None
    report: tuple[str, datetime] | None


@dataclass(frozen=True, slots=True)
class Addressee:
    client: Client
    to: tuple[To, ...]
    sites: tuple[SiteVerdict, ...]
    month: ClientMonth | None = field(default=None)

    @property
    def contact(self) -> Contact:
        return self.to[0].contact


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A client who gets no letter of a round, and why."""

    client_id: UUID
    number: str
    name: str
    why: str


def language_of(tag: str, given: Mapping[str, Any]) -> str:
    """The language of these that somebody who reads `tag` gets: of the very country, else the language. Raises
    KeyError where it is not given."""
    for name in (tag, tag.partition("-")[0]):
        if name in given:
            return name
    raise KeyError(tag)
