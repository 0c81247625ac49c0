"""A letter as a list of blocks, the same for paper, e-mail and the word count."""

import re
from dataclasses import dataclass

from ..documents import ClientLetter
from ..errors import LetterTooLong
from ..words import Words
from . import wording
from .block import Block

LIMIT = 260
"""Words a letter may have, heading and table included: more is not read in the middle of an event."""
SUBJECT_LIMIT = 70


@dataclass(frozen=True)
class Sheet:
    subject: str
    salutation: str
    blocks: tuple[Block, ...]
    closing: tuple[str, ...]


def _words(letter: ClientLetter) -> Words:
    there = Words(letter.header.zone, letter.header.language, letter.header.as_at.year)
    return Words(letter.header.zone, letter.header.language, there.local(letter.header.as_at).year)


def subject_of(letter: ClientLetter) -> str:
    """At most 70 characters, the site and its state first; a long host name gives way to "Your website"."""
    w = _words(letter)
    for name in (wording.who(letter), wording.who(letter, named=False)):
        for short in (False, True):
            subject = wording.subject(letter, w, name, short)
            if len(subject) <= SUBJECT_LIMIT:
                return subject[0].upper() + subject[1:] if not wording.is_host(letter, name) else subject
    return subject[: SUBJECT_LIMIT - 1].rsplit(" ", 1)[0] + "…"


def sheet_of(letter: ClientLetter) -> Sheet:
    """What the letter says."""
    w = _words(letter)
    closing = tuple(filter(None, (letter.header.agency.contact, letter.header.agency.role)))
    return Sheet(subject_of(letter), letter.recipient.salutation, tuple(wording.body(letter, w)), closing)


def _lines(sheet: Sheet) -> list[str]:
    lines = [sheet.salutation, ""]
    for block in sheet.blocks:
        match block.kind:
            case "lead" | "text":
                lines += [block.text, ""]
            case "facts":
                lines += [f"{name}: {value}" for name, value in block.rows] + [""]
            case "table":
                lines += [" | ".join(block.columns)] if block.columns else []
                lines += [" | ".join(row) for row in block.rows] + [""]
            case "points":
                lines += [block.text, *(f"- {row[0]}" for row in block.rows), ""]
    return [*lines, *sheet.closing]


def word_count(letter: ClientLetter) -> int:
    """Words of the body: from the salutation to the name at its foot, tables included; signs alone are no words."""
    return sum(bool(re.search(r"\w", word)) for word in " ".join(_lines(sheet_of(letter))).split())


def check_length(letter: ClientLetter) -> None:
    count = word_count(letter)
    if count > LIMIT:
        raise LetterTooLong("body", f"the letter has {count} words", f"at most {LIMIT} are allowed: leave out a line")


def text_of(letter: ClientLetter) -> str:
    """The letter as plain text, for the e-mail that carries the PDF: the same words in the same order."""
    head = letter.header
    foot = [head.agency.name, f"{head.agency.phone} · {head.agency.email}", "", f"Our reference: {letter.ref}"]
    return "\n".join([*_lines(sheet_of(letter)), *foot]) + "\n"
