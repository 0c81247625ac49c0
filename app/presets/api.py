"""Terms to start from, and the form terms have, over the API."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from app.access.guard import Viewer
from app.fields import Out
from app.presets.reference import terms_schema
from app.presets.shelf import Preset, preset, presets
from app.presets.words import in_words
from app.web.edge import Router

router = Router(tags=["terms"])


class PresetRef(Out):
    name: str
    provider: str
    product: str
    draft: Annotated[str, Field(description="What to do before relying on it.")]
    target_percent: str | None


class PresetList(Out):
    items: list[PresetRef]


class ClauseOut(Out):
    path: Annotated[str, Field(description="The field of the terms.", examples=["maintenance.min_notice_hours"])]
    words: str
    quote: str
    source: str
    note: Annotated[str, Field(description="How it was read.")]


class PresetOut(PresetRef):
    note: str
    terms: Annotated[dict[str, Any], Field(description="As POST /agreements/{agreement_id}/terms takes them.")]
    clauses: Annotated[list[ClauseOut], Field(description="The same in plain words, with quotations.")]


def _ref(item: Preset) -> dict[str, Any]:
    target = item.terms.target_percent
    return {
        "name": item.name,
        "provider": item.provider,
        "product": item.product,
        "draft": item.draft,
        "target_percent": None if target is None else f"{target:f}",
    }


@router.get("/terms/presets", dependencies=[Viewer])
def list_presets() -> PresetList:
    """Well-known providers' terms, from undated copies: drafts to compare with your own contract."""
    return PresetList(items=[PresetRef(**_ref(item)) for item in presets()])


@router.get("/terms/presets/{name}", dependencies=[Viewer])
def read_preset(
    name: Annotated[str, Path(max_length=61, description="From the list.", examples=["leaseweb-public-cloud"])],
) -> PresetOut:
    """One draft: its terms, ready to be changed and entered, and each clause in plain words."""
    item = preset(name)
    clauses = [
        ClauseOut(path=line.path, words=line.words, quote=line.quote, source=line.source, note=line.note)
        for line in in_words(item.terms)
    ]
    return PresetOut(**_ref(item), note=item.note, terms=item.written, clauses=clauses)


@router.get("/terms/schema", dependencies=[Viewer])
def read_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the terms. What it cannot say, such as the order of tiers, the door checks."""
    return terms_schema()
