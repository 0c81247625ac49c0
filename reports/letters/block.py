"""A block of a letter's body: what the paper, the e-mail and the word count all read."""

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup


@dataclass(frozen=True)
class Block:
    """One piece of the body. lead and text: `text`; facts: `rows` of (name, value); table: `rows` below `columns`;
    points: `text` as small heading, `rows` of one item each; figure: `drawing` with the sentence it proves as `text`;
    sheet: a new page begins, headed by `text`.

    `widths` are a table's columns in percent; one with `pairs` has two entries beside each other in every row. `ours`
    marks prose an agency's own wording takes the place of. `anchor` names a sheet.
    """

    kind: Literal["lead", "text", "facts", "table", "points", "figure", "sheet"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    drawing: Markup | None = None
    ours: bool = True
    pairs: bool = False
    anchor: str = "second"
