"""A letter in the agency's own words: what of a letter a template may read, and what it makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from app.notices.owntexts import sandbox
from app.notices.owntexts.filters import Printed
from app.notices.owntexts.paths import Shape, asked_for
from app.notices.owntexts.sandbox import Refused
from reports import documents as doc

KINDS = ("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11")
TAGS = {"en": "en-GB"}
HEADER = ("as_at", "zone", "agency")
HIDDEN = ("kind", "header", "layout", "own", "body")
SUBJECT_LIMIT, PARAGRAPHS_LIMIT = 70, 12


@cache
def bodies() -> dict[str, type[BaseModel]]:
    """What each kind of letter says, by its kind."""
    union = get_args(doc.ClientLetter.model_fields["body"].annotation)
    return {body.model_fields["letter"].default: body for body in union}


def shapes(kind: str) -> dict[str, Shape]:
    """The names a template of this kind may ask for, with their types."""
    fields = doc.ClientLetter.model_fields
    there = {name: field.annotation for name, field in fields.items() if name not in HIDDEN}
    head = doc.ClientLetter.model_fields["header"].annotation
    assert isinstance(head, type)
    assert issubclass(head, BaseModel)
    return there | {name: head.model_fields[name].annotation for name in HEADER} | {"body": bodies()[kind]}


def values(letter: doc.ClientLetter) -> dict[str, Any]:
    """What a template reads: the letter's own values, as plain ones; the provider's name only where it is told."""
    whole = letter.model_dump(mode="python", exclude={"own"})
    whole["provider_name"] = whole["provider_name"] if letter.name_provider else None
    return {name: whole[name] for name in whole if name not in HIDDEN} | {
        **{name: whole["header"][name] for name in HEADER},
        "body": whole["body"],
    }


def write(subject: str, text: str, letter: doc.ClientLetter, origin: str) -> doc.OwnText:
    """The own text of one letter. Raises Refused."""
    printed = Printed(letter.header.language, letter.header.zone)
    read = values(letter)
    line = " ".join(_rendered("the subject", subject, read, printed).split())
    if not 1 <= len(line) <= SUBJECT_LIMIT:
        raise Refused(0, f"the subject comes to {len(line)} characters; 1 to {SUBJECT_LIMIT} are right")
    parts = sandbox.paragraphs(_rendered("the text", text, read, printed))
    if not 1 <= len(parts) <= PARAGRAPHS_LIMIT:
        raise Refused(0, f"the text comes to {len(parts)} paragraphs; 1 to {PARAGRAPHS_LIMIT} are right")
    return doc.OwnText(subject=line, paragraphs=parts, origin=origin)


def _rendered(what: str, source: str, read: Mapping[str, Any], printed: Printed) -> str:
    try:
        return sandbox.rendered(source, read, printed)
    except Refused as error:
        raise Refused(error.line, f"{what} {error.reason}") from None


def examine(kind: str, language: str, subject: str, text: str) -> doc.OwnText:
    """Tries templates on samples of the kind in the language: whole, and with everything left out that may be.

    Returns the text on the whole sample. Raises Refused for what could not be written, or not in every letter.
    """
    env = sandbox.environment(Printed(language, "UTC"))
    for what, source in (("the subject", subject), ("the text", text)):
        try:
            asked_for(sandbox.parsed(source, env), shapes(kind))
        except Refused as error:
            raise Refused(error.line, f"{what} {error.reason}") from None
    whole = sample(kind, language)
    first = write(subject, text, whole, "sample")
    write(subject, text, sparse(whole), "sample")
    return first


@cache
def sample(kind: str, language: str) -> doc.ClientLetter:
    """A letter of the kind, invented, in the language."""
    folder = resources.files("reports") / "samples"
    found = [folder / f"letter_{kind}_{language}.json", folder / f"letter_{kind}.json"]
    there = next((path for path in found if path.is_file()), None)
    if there is None:
        raise Refused(0, f"the text cannot be tried: there is no sample of {kind}")
    raw = json.loads(there.read_text(encoding="utf-8"))
    if raw["header"]["language"].partition("-")[0] != language:
        raw["header"]["language"] = TAGS.get(language, f"{language}-{language.upper()}")
    return doc.ClientLetter.model_validate_json(json.dumps(raw))


def sparse(letter: doc.ClientLetter) -> doc.ClientLetter:
    """The same letter without anything that a letter of its kind may be without."""
    raw = letter.model_dump(mode="json")
    for owner, name in list(_optional(letter, raw)):
        before, owner[name] = owner[name], None
        try:
            doc.ClientLetter.model_validate_json(json.dumps(raw))
        except ValidationError:
            owner[name] = before
    return doc.ClientLetter.model_validate_json(json.dumps(raw))


def _optional(value: BaseModel, raw: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every field that is there and may be None, in this value and those in it."""
    for name, field in type(value).model_fields.items():
        if type(None) in get_args(field.annotation) and raw.get(name) is not None:
            yield raw, name
        item = getattr(value, name)
        if isinstance(item, BaseModel):
            yield from _optional(item, raw[name])
        elif isinstance(item, tuple):
            for inner, shape in zip(item, raw[name], strict=True):
                if isinstance(inner, BaseModel):
                    yield from _optional(inner, shape)
