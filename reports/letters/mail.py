"""A letter as an e-mail: its subject, its plain text, and a simple page with its styles inside it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import glyphs
from ..documents import ClientLetter
from . import check
from .sheet import sheet_of, subject_of, text_of, voice

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class MailText:
    """What an e-mail says. The words are the paper's; `html` loads nothing from anywhere and runs no script."""

    subject: str
    text: str
    html: str


@cache
def _page() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def mail_of(letter: ClientLetter) -> MailText:
    """The letter as an e-mail, checked like its paper. Raises RenderRefused where the letter must not go out."""
    glyphs.check(letter)
    check.check(letter)
    html = _page().get_template("mail.html").render(
        doc=letter, v=voice(letter), sheet=sheet_of(letter), agency=letter.header.agency
    )  # fmt: skip
    return MailText(subject_of(letter), text_of(letter), html)
