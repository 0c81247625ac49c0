"""The story's papers, and what a reader finds in a printed one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

import pikepdf
import pypdfium2

from reports.enclosed import File
from reports.pages import Printable
from reports.press import render_pdf
from tests.reports.story_breach import breach
from tests.reports.story_evidence import FILES, evidence
from tests.reports.story_facts import CLOSED, OPEN
from tests.reports.story_letters import l1, l2, l3, l4, l6, l10, l11
from tests.reports.story_letters_after import l5, l7, l8, l9
from tests.reports.story_letters_german import german
from tests.reports.story_monthly import good_month, monthly

PAPERS: dict[str, Callable[[], Printable]] = {
    "monthly so far A4": lambda: monthly(OPEN),
    "monthly so far Letter": lambda: monthly(OPEN, paper="Letter"),
    "monthly closed A4": lambda: monthly(CLOSED),
    "good month A4": good_month,
    "good month Letter": lambda: good_month(paper="Letter"),
    "breach A4": breach,
    "breach Letter": lambda: breach(paper="Letter"),
    "evidence A4": evidence,
    "evidence Letter": lambda: evidence(paper="Letter"),
    "L1": l1,
    "L2": l2,
    "L3": l3,
    "L4": l4,
    "L6": l6,
    "L4 uk": lambda: l4(layout="uk"),
    "L4 us": lambda: l4(layout="us"),
    "L4 six sites": lambda: l4(6),
    "L4 six sites us": lambda: l4(6, layout="us"),
    "L6 six sites uk": lambda: l6(6, layout="uk"),
    "L5": lambda: l5(layout="uk"),
    "L7 us": lambda: l7(3, layout="us"),
    "L8": l8,
    "L9 uk": lambda: l9(3, layout="uk"),
    "L9 quiet us": lambda: l9(12, quiet=True, layout="us"),
    "L10 us": lambda: l10(layout="us"),
    "L11": lambda: l11(2),
    "L1 de": lambda: german("L1"),
    "L2 de uk": lambda: german("L2", layout="uk"),
    "L3 de us": lambda: german("L3", layout="us"),
    "L4 de twelve sites uk": lambda: german("L4", count=12, layout="uk"),
    "L5 de": lambda: german("L5", count=3),
    "L6 de": lambda: german("L6"),
    "L7 de": lambda: german("L7"),
    "L8 de twelve sites us": lambda: german("L8", count=12, layout="us"),
    "L9 de": lambda: german("L9"),
    "L10 de": lambda: german("L10"),
    "L11 de": lambda: german("L11"),
}


def files_of(name: str) -> tuple[File, ...]:
    """What the paper of this name carries."""
    return FILES if name.startswith("evidence") else ()


@dataclass(frozen=True)
class Paper:
    """A document, its PDF, and what a reader finds in it."""

    document: Printable
    pdf: bytes

    @cached_property
    def pages(self) -> list[str]:
        """The text of each page, with every run of white space as one space."""
        found = pypdfium2.PdfDocument(self.pdf)
        return [" ".join(page.get_textpage().get_text_bounded().split()) for page in found]

    @property
    def text(self) -> str:
        return " ".join(self.pages)

    @property
    def opened(self) -> pikepdf.Pdf:
        return pikepdf.open(BytesIO(self.pdf))

    def boxes(self, page: int = 0) -> list[tuple[str, float, float, float, float]]:
        """(text, left, top, right, bottom) of each run of text, in millimetres from the page's upper left edge."""
        shown = pypdfium2.PdfDocument(self.pdf)[page]
        height, mm, text = shown.get_size()[1], 25.4 / 72, shown.get_textpage()
        found = []
        for index in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(index)
            words = text.get_text_bounded(left, bottom, right, top)
            found.append((words, left * mm, (height - top) * mm, right * mm, (height - bottom) * mm))
        return found


class Papers(dict[str, Paper]):
    def __missing__(self, name: str) -> Paper:
        document = PAPERS[name]()
        self[name] = Paper(document, render_pdf(document, files_of(name)))
        return self[name]
