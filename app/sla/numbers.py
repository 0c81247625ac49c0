"""Numbers as contracts write them: decimal text or whole numbers, kept exactly; a float is already another number."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from app.sla.periods import zone_of

DECIMAL = r"^-?\d{1,15}(\.\d{1,15})?$"


def exact(value: Any) -> Any:
    """Decimal strings, whole numbers and Decimals in; floats and booleans refused."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return Decimal(value)
    if isinstance(value, str) and re.fullmatch(DECIMAL, value, re.ASCII):
        return Decimal(value)
    raise ValueError(f'{value!r:.60} is not a decimal number written as text; for example "99.9"')


def _share(value: Decimal) -> Decimal:
    if not 0 <= value <= 100:
        raise ValueError(f'{value} is not a percentage between 0 and 100; for example "99.9"')
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(f'{value} is negative; for example "100"')
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(f'{value} must be more than 0; for example "30"')
    return value


def _zone(value: str) -> str:
    zone_of(value)
    return value


def _plain(value: Decimal) -> str:
    return format(value, "f")


_WRITTEN = WithJsonSchema({"anyOf": [{"type": "string", "pattern": DECIMAL}, {"type": "integer"}]}, mode="validation")
_Exact = Annotated[
    Decimal, BeforeValidator(exact), PlainSerializer(_plain, return_type=str, when_used="json"), _WRITTEN
]
Share = Annotated[_Exact, AfterValidator(_share)]  # percent, 0 to 100
Percent = Annotated[_Exact, AfterValidator(_not_negative)]  # percent of a fee: caps reach 250
Number = Annotated[_Exact, AfterValidator(_not_negative)]  # minutes, hours, money, a factor
Positive = Annotated[_Exact, AfterValidator(_positive)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Days = Annotated[int, Field(strict=True, ge=0, le=3_660)]
Zone = Annotated[str, AfterValidator(_zone)]
