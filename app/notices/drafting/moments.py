"""Moments in words that cannot be: what has happened lies before the letters' moment, what is promised after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.errors import BadInput

PAST = {"confirmed_at", "copy_from_at", "current_to_at", "last_copy_at", "aware_at", "provider_told_at", "at_risk_from",
        "at_risk_to", "failed_at", "at"}  # fmt: skip
AHEAD = {"next_contact_at"}


def refuse_impossible(words: Any, as_at: datetime) -> None:
    """Raises BadInput naming the first moment of the words that cannot be as at the letters' own."""
    stamp = as_at.isoformat(timespec="seconds")
    for path, name, moment in _moments(words, "words"):
        if name in AHEAD and moment <= as_at:
            raise BadInput(f"has passed: the letters speak of {stamp}", field=path, example=stamp)
        if name in PAST and moment > as_at:
            raise BadInput(f"is yet to come: the letters speak of {stamp}", field=path, example=stamp)
    if getattr(words, "backup_at", None) is not None and words.kind == "L7" and words.backup_at > as_at:
        raise BadInput(f"is yet to come: the letters speak of {stamp}", field="words.backup_at", example=stamp)


def _moments(value: Any, path: str) -> Iterator[tuple[str, str, datetime]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _moments(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _moments(item, f"{path}.{place}")
    elif isinstance(value, datetime):
        yield path, path.rpartition(".")[2], value
