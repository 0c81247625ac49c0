"""A letter as a list of blocks, the same for paper, e-mail and the word count."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..documents import ClientLetter, PossibleLoss
from ..errors import LetterTooLong
from .block import Block
from .client import wording
from .client.listed import SHEET
from .client.pieces import many, who
from .client.voice import Voice, voice_of

LIMIT = 260
"""Words a letter may have, heading and table included: more is not read in the middle of an event."""
SUBJECT_LIMIT = 70
PAGES = {"L7": (2, 4), "L8": (2, 2)}
"""Least and most pages, where it is not one; the second begins with what is marked so. Many sites come after them."""
UNLIMITED = ("L7", "L8", "L9")
"""Letters that are not sent in the middle of an event: their pages are limited, not their words."""


@dataclass(frozen=True)
class Sheet:
    subject: str
    salutation: str
    blocks: tuple[Block, ...]
    closing: tuple[str, ...]
    annex: tuple[Block, ...] = ()


def voice(letter: ClientLetter) -> Voice:
    """The voice a letter speaks with."""
    return voice_of(letter.header.language, letter.header.zone, letter.header.as_at)


def subject_of(letter: ClientLetter) -> str:
    """At most 70 characters, the site and its state first; a long host name gives way to "Your website"."""
    if letter.own is not None:
        return letter.own.subject
    v = voice(letter)
    for named in (True, False):
        name = who(letter, v, named)
        for short in (False, True):
            subject = wording.subject(letter, v, name, short)
            if len(subject) <= SUBJECT_LIMIT:
                host = named and many(letter) == 1
                return subject if host else subject[0].upper() + subject[1:]
    return subject[: SUBJECT_LIMIT - 1].rsplit(" ", 1)[0] + "…"


def sheet_of(letter: ClientLetter) -> Sheet:
    """What the letter says."""
    v = voice(letter)
    closing = tuple(filter(None, (letter.header.agency.contact, letter.header.agency.role)))
    blocks = tuple(wording.body(letter, v))
    return Sheet(subject_of(letter), letter.recipient.salutation, blocks, closing, wording.annex(letter, v))


def _block_lines(block: Block, v: Voice) -> list[str]:
    match block.kind:
        case "lead" | "text" | "sheet":
            return [block.text, ""]
        case "figure":  # the table above it says the same
            return []
        case "facts":
            return [v("common.named", name=name, value=value) for name, value in block.rows] + [""]
        case "table":
            columns = block.columns[: len(block.columns) // 2] if block.pairs else block.columns
            head = [block.text] if block.text else []
            head += [" | ".join(columns)] if columns else []
            half = len(block.columns) // 2
            rows = [part for row in block.rows for part in (row[:half], row[half:])] if block.pairs else block.rows
            return [*head, *(line for row in rows if (line := " | ".join(filter(None, row)))), ""]
        case "points":
            return [block.text, *(f"- {row[0]}" for row in block.rows), ""]


def _lines(sheet: Sheet, v: Voice) -> list[str]:
    lines = [sheet.salutation, ""]
    for block in sheet.blocks:
        lines += _block_lines(block, v)
    return [*lines, *sheet.closing]


def word_count(letter: ClientLetter) -> int:
    """Words of the body: from the salutation to the name at its foot, tables included; signs alone are no words."""
    return sum(bool(re.search(r"\w", word)) for word in " ".join(_lines(sheet_of(letter), voice(letter))).split())


def check_length(letter: ClientLetter) -> None:
    """Refuse a letter that is too long to be read in the middle of an event."""
    if letter.body.letter in UNLIMITED:
        return
    count = word_count(letter)
    if count > LIMIT:
        raise LetterTooLong("body", f"the letter has {count} words", f"at most {LIMIT} are allowed: leave out a line")


def fits(letter: ClientLetter, count: int, starts: Mapping[str, int]) -> bool:
    """Whether it stands on its pages; `starts` says on which page what must begin one begins. The list of many sites
    takes as many as it needs, after all the others."""
    least, most = pages_of(letter)
    own = starts.get(SHEET, count + 1) - 1
    return least <= own <= most and (most == 1 or starts.get("second") == 2)


def pages_of(letter: ClientLetter) -> tuple[int, int]:
    """Least and most pages without the list of many sites; the annex on data grows with its rows."""
    least, most = PAGES.get(letter.body.letter, (1, 1))
    return least, most + (len(letter.body.rows) - 1) // 24 if isinstance(letter.body, PossibleLoss) else most


def check_pages(letter: ClientLetter, count: int, starts: Mapping[str, int]) -> None:
    """Refuse a letter that leaves its pages."""
    if fits(letter, count, starts):
        return
    _, most = pages_of(letter)
    count = starts.get(SHEET, count + 1) - 1
    if most == 1:
        raise LetterTooLong("body", f"the letter needs {count} pages", "a letter fits one page")
    raise LetterTooLong(
        "body", f"it needs {count} pages, or its first part more than one", f"at most {most}: leave out lines"
    )


def text_of(letter: ClientLetter) -> str:
    """The letter as plain text, for the e-mail that carries the PDF: the same words in the same order."""
    head, sheet, v = letter.header, sheet_of(letter), voice(letter)
    reach = f"{head.agency.phone} · {head.agency.email}"
    foot = [head.agency.name, reach, "", v("page.mail_reference", ref=letter.ref)]
    more = [line for block in sheet.annex for line in _block_lines(block, v)]
    return "\n".join([*_lines(sheet, v), *foot, *(["", *more[:-1]] if more else [])]) + "\n"
