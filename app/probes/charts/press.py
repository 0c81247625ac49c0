"""The one file that knows resvg: an SVG as PNG with the bundled fonts alone, and its sentence inside."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import reports

FONTS = Path(reports.__file__).parent / "fonts"
NAMES = ("Inter-Regular.otf", "Inter-SemiBold.otf", "Inter-Italic.otf", "DejaVuSans.ttf")
HEAD = 33  # bytes of a PNG before its second part


def pressed(svg: str, sentence: str, zoom: float = 2.0) -> bytes:
    """The same SVG gives the same bytes."""
    import resvg_py

    png = bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, dpi=96.0, zoom=int(zoom), background="#ffffff", skip_system_fonts=True,
            font_files=[str(FONTS / name) for name in NAMES], font_family="Inter", sans_serif_family="Inter",
        )
    )  # fmt: skip
    return png[:HEAD] + _text("Description", sentence) + png[HEAD:]


def _text(keyword: str, words: str) -> bytes:
    """A part of a PNG that programs for those who do not see read out."""
    data = b"iTXt" + keyword.encode() + b"\0\0\0\0\0" + words.encode("utf-8", "replace")
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
