"""The words of L9: a month of one client. Its figures are read from the record."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from app.notices.wording.always import Closing, Same, Short


class MonthWords(Closing):
    """L9: the month's statement."""

    kind: Literal["L9"]
    open_points: Annotated[list[Short], Field(max_length=5, default_factory=list)]
    next_work_text: Annotated[Short | None, Field(examples=["The old drives are removed."])] = None
    own_target: Annotated[
        str | None,
        Same(),
        Field(pattern=r"^\d{1,3}(\.\d{1,4})?$", description="What you promised them, in percent.", examples=["99.5"]),
    ] = None

    @field_validator("own_target")
    @classmethod
    def _a_share(cls, value: str | None) -> str | None:
        if value is not None and not 0 < Decimal(value) <= 100:
            raise ValueError("must be more than 0 and at most 100, e.g. 99.5")
        return value
