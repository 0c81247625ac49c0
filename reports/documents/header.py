"""What stands on every document: who, for whom, as at when, by which method, sealed by what."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer

from .values import Count, Digest, Instant, Line, Money, Seconds, Span, Value, Zone

Paper = Literal["A4", "Letter"]


def _language_tag(tag: str) -> str:
    if not _TAG.fullmatch(tag):
        raise ValueError(f"{tag[:20]!r} is no language tag; for example 'en-GB' or 'de-DE'")
    return tag


_TAG = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?", re.ASCII)
Language = Annotated[str, AfterValidator(_language_tag)]
"""A language tag. Client letters are printed in every language that has a folder, other papers in en-GB or en-US."""


class Agency(Value):
    """The sender. `address` is one to five lines, printed as they stand."""

    name: Line
    address: Annotated[tuple[Line, ...], Field(min_length=1, max_length=5)]
    contact: Line
    phone: Line
    email: Line
    role: Line | None = None


class Provider(Value):
    """Who hosts, and the account the agency has there."""

    name: Line
    account: Line
    contact: Line | None = None


class Service(Value):
    """The hosted thing under contract. `monthly_fee` is None when no fee is on record (a claim is then goodwill)."""

    name: Line
    plan: Line | None = None
    monthly_fee: Money | None = None


class Header(Value):
    """Identity and seal of one version of one document.

    `number` names the document over all its versions ("2025-06_HOST-1_report"); `replaces` is the full name of the
    version this one supersedes. All times print in `zone`. `so_far` marks a period that has not ended at `as_at`.
    `evidence_head` is the digest of the evidence log's last entry, `evidence_entries` how many entries it seals.
    """

    number: Line
    version: Annotated[int, Field(ge=1)]
    replaces: Line | None = None
    as_at: Instant
    zone: Zone
    method_version: Line
    evidence_head: Digest
    evidence_entries: Count | None = None
    status: Literal["draft", "issued"]
    so_far: bool
    paper: Paper
    language: Language
    agency: Agency


class Period(Value):
    """The judged period. `span` is the whole of it, `elapsed_seconds` the part that has passed at `as_at`."""

    kind: Literal["calendar_month", "billing_cycle", "calendar_quarter", "calendar_year", "rolling_days"] = (
        "calendar_month"
    )
    label: Line
    span: Span
    elapsed_seconds: Seconds

    @property
    def monthly(self) -> bool:
        """Whether it stands in a row of months: the bars of the trend end with it."""
        return self.kind in ("calendar_month", "billing_cycle")

    @property
    def said(self) -> str:
        """As a sentence says it: "the 2nd quarter 2025"."""
        before = {"billing_cycle": "the billing cycle ", "calendar_quarter": "the ", "rolling_days": "the "}
        return before.get(self.kind, "") + self.label

    @model_serializer(mode="wrap")
    def _kind_where_it_tells(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A calendar month goes without saying."""
        out: dict[str, Any] = handler(self)
        if self.kind == "calendar_month":
            del out["kind"]
        return out


class Target(Value):
    """The availability promised, and the seconds of downtime it allows over the whole period (rounded down)."""

    percent: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,6})?$")]
    allowed_seconds: Seconds
    clause: Line | None = None


class Request(Value):
    """What we ask for, and the day by which we want it."""

    number: Line
    text: Line
    wanted_by: date


class PriorRequest(Value):
    """What we asked before. `age_seconds` runs from `asked_at` to the answer, or to the as-at time while open."""

    number: Line
    text: Line
    asked_at: Instant
    age_seconds: Seconds
    state: Literal["open", "answered", "answered_in_part", "withdrawn"]
