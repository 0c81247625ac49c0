"""The bundled faces inside a web page, cut down to European alphabets: a page then looks as it prints, and still loads
nothing from anywhere. `python -m reports.webfonts` cuts them anew from the fonts; a sign they lack falls back.
"""

import base64
from functools import cache

from .glyphs import FONTS, SEMIBOLD, TEXT

WEB = FONTS / "web"
SIGNS = (*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x370, 0x400), *range(0x400, 0x460),
         *map(ord, "–—‘’“”„…•€→×≥≤≈−·"))  # fmt: skip
FACES = (
    ("Inter", 400, "normal", TEXT),
    ("Inter", 400, "italic", "Inter-Italic.otf"),
    ("Inter", 600, "normal", SEMIBOLD),
    ("Inter Display", 600, "normal", "InterDisplay-SemiBold.otf"),
    ("DejaVu Sans Mono", 400, "normal", "DejaVuSansMono.ttf"),
)


@cache
def rules() -> str:
    """@font-face rules with the faces as data."""
    return "".join(_rule(*face) for face in FACES)


def _rule(family: str, weight: int, style: str, file: str) -> str:
    data = base64.b64encode((WEB / file).with_suffix(".woff2").read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style};'
        f' src: url("data:font/woff2;base64,{data}") format("woff2") }}\n'
    )


def cut() -> None:
    """Writes the cut faces. It takes some seconds, so nobody waits for it at a request."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    WEB.mkdir(exist_ok=True)
    for _, _, _, file in FACES:
        options = subset.Options(flavor="woff2", layout_features=["kern", "tnum", "mark", "mkmk"])
        with TTFont(FONTS / file, recalcTimestamp=False) as font:
            cutter = subset.Subsetter(options)
            cutter.populate(unicodes=SIGNS)
            cutter.subset(font)
            font.flavor = "woff2"
            font.save((WEB / file).with_suffix(".woff2"))


if __name__ == "__main__":
    cut()
