"""Client letters: what they say, how long they may be, and the address window they must fit."""

from .sheet import LIMIT, Sheet, sheet_of, subject_of, text_of, word_count
from .window import GEOMETRY, check_address

__all__ = ["GEOMETRY", "LIMIT", "Sheet", "check_address", "sheet_of", "subject_of", "text_of", "word_count"]
