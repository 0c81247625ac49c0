"""Client letters: what they say in each language, how long they may be, and the address window they must fit."""

from .client import languages
from .greeting import greeting
from .mail import MailText, mail_of
from .sheet import LIMIT, Sheet, sheet_of, subject_of, text_of, voice, word_count
from .window import GEOMETRY, check_address

__all__ = [
    "GEOMETRY", "LIMIT", "MailText", "Sheet", "check_address", "greeting", "languages", "mail_of", "sheet_of",
    "subject_of", "text_of", "voice", "word_count",
]  # fmt: skip
