"""The drafts that come with Kept: one JSON file each, from undated copies of public texts.

The provider's name and the draft marker stand beside the terms, so that the terms themselves load as any others.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from app.errors import NotFound
from app.sla.terms import Sla

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@dataclass(frozen=True, slots=True)
class Preset:
    """`written` are the terms as the file has them, `terms` the same, read."""

    name: str
    provider: str
    product: str
    draft: str
    note: str
    written: dict[str, Any]
    terms: Sla


@cache
def names() -> tuple[str, ...]:
    """Every draft's name, in order."""
    found = (entry.name for entry in (files("app.presets") / "data").iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in found if name.endswith(".json")))


@cache
def preset(name: str) -> Preset:
    """One draft. Raises NotFound naming those that come close."""
    if not NAME.fullmatch(name) or name not in names():
        close = get_close_matches(name, names(), n=3, cutoff=0.4) or list(names()[:3])
        raise NotFound(f"there are no terms named {name!r:.60}", field="name", example=", ".join(close))
    text = (files("app.presets") / "data" / f"{name}.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Preset(
        name=data["name"],
        provider=data["provider"],
        product=data["product"],
        draft=data["draft"],
        note=data.get("note", ""),
        written=data["terms"],
        terms=Sla.model_validate(data["terms"]),
    )


def presets() -> tuple[Preset, ...]:
    """All drafts, by name."""
    return tuple(preset(name) for name in names())
