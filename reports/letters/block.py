"""A block of a letter's body: what the paper, the e-mail and the word count all read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Block:
    """One piece of the body. lead and text: `text`; facts: `rows` of (name, value); table: `rows` below `columns`;
    points: `text` as small heading, `rows` of one item each."""

    kind: Literal["lead", "text", "facts", "table", "points"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()
