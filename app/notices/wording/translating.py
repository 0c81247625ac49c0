"""The same words in another language: the texts alone, one for each text that was given; dates and choices stay."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.errors import BadInput
from app.notices.wording import Words
from app.notices.wording.always import Same

WORDS: TypeAdapter[Any] = TypeAdapter(Words)
_CHOICES = (types.UnionType, typing.Union)


def read(given: Mapping[str, Any]) -> Any:
    """Words as they were kept."""
    return WORDS.validate_python(given)


def texts(words: BaseModel) -> dict[str, Any]:
    """Every text of the words that was given, and nothing else, in their own shape."""
    out: dict[str, Any] = {}
    for name, field in type(words).model_fields.items():
        value = getattr(words, name)
        kept = any(isinstance(mark, Same) for mark in field.metadata) or not _is_text(field.annotation)
        if isinstance(value, BaseModel):
            if inner := texts(value):
                out[name] = inner
        elif isinstance(value, list):
            items = [texts(item) if isinstance(item, BaseModel) else item for item in value]
            if any(items):
                out[name] = items
        elif isinstance(value, str) and not kept:
            out[name] = value
    return out


def _is_text(annotation: Any) -> bool:
    """Whether the field holds free text: no choice among given words."""
    if get_origin(annotation) is Literal:
        return False
    if isinstance(annotation, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()):
        return _is_text(annotation.__value__)
    parts = get_args(annotation)
    if get_origin(annotation) in _CHOICES:
        return any(_is_text(part) for part in parts)
    if hasattr(annotation, "__metadata__"):
        return not any(isinstance(mark, Same) for mark in annotation.__metadata__) and _is_text(parts[0])
    return annotation is str or get_origin(annotation) is list


def translated(words: BaseModel, given: Mapping[str, Any], language: str) -> Any:
    """The words with the texts of another language in their place. Raises BadInput naming what is missing, what was
    not asked for, and what the shape of the words refuses."""
    where = f"translations.{language}"
    whole = _laid_over(words.model_dump(mode="python"), texts(words), given, where)
    try:
        return WORDS.validate_python(whole)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"][1:])
        raise BadInput(first["msg"].removeprefix("Value error, "), field=f"{where}.{path}".rstrip(".")) from None


def _laid_over(whole: Any, wanted: Any, given: Any, where: str) -> Any:
    if isinstance(wanted, str):
        if not isinstance(given, str) or not given.strip():
            raise BadInput("must be a text: the words have one here", field=where, example=wanted)
        return given
    if isinstance(wanted, dict):
        if not isinstance(given, Mapping):
            raise BadInput("must be an object with the texts of the words", field=where, example=", ".join(wanted))
        for name in given:
            if name not in wanted:
                raise BadInput("has no text in the words, so there is nothing to translate", field=f"{where}.{name}")
        missing = next((name for name in wanted if name not in given), None)
        if missing is not None:
            example = wanted[missing] if isinstance(wanted[missing], str) else None
            raise BadInput("is missing", field=f"{where}.{missing}", example=example)
        return {
            **whole,
            **{name: _laid_over(whole[name], wanted[name], given[name], f"{where}.{name}") for name in wanted},
        }
    if not isinstance(given, list | tuple) or len(given) != len(wanted):
        raise BadInput(f"must be a list of {len(wanted)}, as in the words", field=where)
    return [
        _laid_over(old, item, new, f"{where}.{place}")
        for place, (old, item, new) in enumerate(zip(whole, wanted, given, strict=True))
    ]
