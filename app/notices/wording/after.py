"""The words of L7 and L8: what may be missing, and the full account."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.fields import Amount, Currency, Day, Id, In, Instant, Line
from app.notices.wording.always import Closing, Common, Name, Short

DataState = Literal["complete", "missing", "recovered", "unknown"]


class DataKind(In):
    """One kind of data, how it stands, and whether it is personal."""

    kind: Annotated[Short, Field(examples=["Orders"])]
    state: DataState
    personal: Literal["yes", "no", "unknown"]
    about: Annotated[Short | None, Field(description="About how much.", examples=["about 40"])] = None


class SiteData(In):
    """What one site holds, where that differs from the others. An empty list: nothing that could be missing."""

    site_id: Id
    rows: Annotated[list[DataKind], Field(max_length=8)]


class Decision(In):
    """A line of the decision log, or of the chronology."""

    at: Instant
    text: Line
    source: Annotated[
        Literal["M", "P", "T", "C", "N"] | None, Field(description="Where it comes from.", examples=["N"])
    ] = None


class LossWords(Common):
    """L7: entries may be missing. Confirmed only where it is; nothing is called complete that was not reconciled."""

    kind: Literal["L7"]
    at_risk_from: Annotated[
        Instant | None, Field(description="When the copy began; left out with the end: as the audit has it.")
    ] = None
    at_risk_to: Annotated[Instant | None, Field(description="When it was switched over.")] = None
    backup_at: Annotated[Instant | None, Field(description="Of what was restored, if anything was.")] = None
    failed_at: Annotated[Instant | None, Field(description="When what was restored had failed.")] = None
    loss: Annotated[
        Literal["possible", "confirmed"] | None,
        Field(description="Left out: as the rows and the audit have it, client by client."),
    ] = None
    rows: Annotated[list[DataKind], Field(min_length=1, max_length=8, description="What every site holds.")]
    sites: Annotated[list[SiteData], Field(max_length=500, default_factory=list)]
    last_copy_at: Instant | None = None
    last_copy_tested: bool = False
    consequences: Annotated[list[Short], Field(max_length=4, default_factory=list)]
    measures: Annotated[list[Short], Field(min_length=1, max_length=5)]
    options: Annotated[list[Short], Field(max_length=4, default_factory=list)]
    aware_at: Annotated[Instant, Field(description="When we learned of it.")]
    provider_told_at: Annotated[Instant | None, Field(description="When the provider told us.")] = None
    old_copies_kept_until: Day | None = None
    we_are: Literal["processor", "controller", "not_settled"]
    data_contact: Annotated[Name, Field(examples=["Dana Reyes"])]
    data_contact_reach: Annotated[Name, Field(examples=["+49 30 23125 142"])]
    decisions: Annotated[list[Decision], Field(max_length=12, default_factory=list)]

    @model_validator(mode="after")
    def _never_more_than_known(self) -> LossWords:
        if (self.at_risk_from is None) != (self.at_risk_to is None):
            raise ValueError("at_risk_from and at_risk_to are given together, or the audit gives both")
        if self.at_risk_from is not None and self.at_risk_to is not None and self.at_risk_to <= self.at_risk_from:
            raise ValueError("at_risk_to must be later than at_risk_from")
        if (self.backup_at is None) != (self.failed_at is None):
            raise ValueError("backup_at and failed_at are given together, or neither is")
        if self.backup_at is not None and self.failed_at is not None and self.failed_at <= self.backup_at:
            raise ValueError("failed_at must be later than backup_at")
        rows = [row for group in (self.rows, *(site.rows for site in self.sites)) for row in group]
        if self.loss == "possible" and any(row.state == "missing" for row in rows):
            raise ValueError('a row is called missing while loss is only possible; say "unknown", or confirm the loss')
        if self.loss == "confirmed" and not any(row.state == "missing" for row in rows):
            raise ValueError("loss is confirmed, and no row is missing")
        if all(row.state in ("complete", "recovered") for row in rows):
            raise ValueError("every row is complete or recovered, so nothing may be missing; this letter is not needed")
        return self


class ChangeTo(In):
    """What will be different: by whom, until when."""

    text: Short
    owner: Annotated[Name, Field(examples=["Dana Reyes"])]
    by: Day | None = None


class Asked(In):
    """What we ask of the provider, and how it stands."""

    text: Short
    state: Literal["open", "answered", "answered_in_part", "refused", "withdrawn"]


class Credit(In):
    """What the client gets, and where it appears."""

    amount: Amount
    currency: Currency
    how: Annotated[Short, Field(examples=["on the July invoice"])]


class DataAt(In):
    """How one site's data stands, where that differs from the others."""

    site_id: Id
    data: DataState


class ReportWords(Closing):
    """L8: the full account of a work, or of an outage. Its figures are read from the record."""

    kind: Literal["L8"]
    about: Annotated[Short, Field(examples=["the June server move"])]
    data: Annotated[DataState | None, Field(description="Left out: as the audit has it; unknown without one.")] = None
    sites: Annotated[list[DataAt], Field(max_length=500, default_factory=list)]
    timeline: Annotated[list[Decision], Field(min_length=1, max_length=10)]
    cause: Line | None = None
    cause_status: Literal["confirmed", "stated", "not_known"]
    cause_by: Annotated[Short | None, Field(examples=["the provider"])] = None
    done: Annotated[list[Short], Field(min_length=1, max_length=6)]
    changes: Annotated[list[ChangeTo], Field(max_length=5, default_factory=list)]
    asked: Annotated[list[Asked], Field(max_length=5, default_factory=list)]
    credit: Credit | None = None
    still_check: Annotated[list[Short], Field(max_length=4, default_factory=list)]

    @model_validator(mode="after")
    def _a_cause_has_a_status(self) -> ReportWords:
        if (self.cause is None) != (self.cause_status == "not_known"):
            raise ValueError("a cause is given with cause_status stated or confirmed; without one it is not_known")
        if self.cause_status == "stated" and self.cause_by is None:
            raise ValueError("a cause that was stated needs cause_by: who stated it")
        return self
