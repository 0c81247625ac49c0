"""What the bundled fonts can draw: which characters, and how wide a line of text is.

Nothing may fall back to a font of the machine: a character no bundled font has is refused before the page is made.
"""

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from .errors import GlyphMissing, PressNotReady

FONTS = Path(__file__).parent / "fonts"
TEXT, SEMIBOLD, FALLBACK = "Inter-Regular.otf", "Inter-SemiBold.otf", "DejaVuSans.ttf"
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that never print: controls, formats (bidi overrides, joiners), surrogates, private, unassigned."""


@dataclass(frozen=True)
class Face:
    """What is read of a font, once: the advance width of every character it has, in units of `em`."""

    advances: dict[int, int]
    em: float


_reading = threading.Lock()
_faces: dict[str, Face] = {}


def _face(name: str) -> Face:
    """The font, read whole and closed again. One reader at a time: fontTools reads lazily from one open file, and two
    threads, or a process and its fork, that share its position read each other's bytes."""
    with _reading:
        if name not in _faces:
            from fontTools.ttLib import TTFont

            try:
                with TTFont(FONTS / name) as font:
                    widths, glyphs = font["hmtx"].metrics, font.getBestCmap()
                    advances = {code: widths[glyph][0] for code, glyph in glyphs.items()}
                    _faces[name] = Face(advances, float(font["head"].unitsPerEm))
            except OSError as missing:
                where = f"fonts/{name}"
                raise PressNotReady(where, "this bundled font cannot be read", "reinstall the package") from missing
        return _faces[name]


@cache
def drawable() -> frozenset[int]:
    """Code points that the text face or the fallback face has a glyph for."""
    return frozenset(_face(TEXT).advances) | frozenset(_face(FALLBACK).advances)


def width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line in the unit of `size`, kerning left out (a little too wide, never too narrow by much)."""
    face = _face(SEMIBOLD if bold else TEXT)
    return sum(face.advances.get(ord(sign), int(face.em * 0.7)) for sign in text) / face.em * size


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")


def check(document: BaseModel) -> None:
    """Refuse a document with a character that cannot be printed, naming the field and the character."""
    known = drawable()
    for path, text in _texts(document, ""):
        for sign in text:
            code = ord(sign)
            if sign == "\n":
                continue  # a line break in a quoted text prints as a space
            if unicodedata.category(sign) in _INVISIBLE:
                name = unicodedata.name(sign, "control character")
                raise GlyphMissing(path, f"U+{code:04X} ({name}) is not printable", "use plain text")
            if code not in known:
                name = unicodedata.name(sign, "unnamed")
                raise GlyphMissing(
                    path,
                    f"no bundled font has {sign!r} (U+{code:04X} {name})",
                    "write it in Latin, Greek or Cyrillic letters, or add a font (docs/printing.md)",
                )
