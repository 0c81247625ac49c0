"""L4, L5, L6, L10, L11: what is told while it lasts, when it is over, and what corrects a letter."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ..values import Instant, Line, Seconds, Share, Span, Value
from .compared import Compared

Lines = Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]


class FunctionState(Value):
    """One function and how it stands. `expected_at` None prints "not known"."""

    function: Line
    state: Line
    expected_at: Instant | None
    workaround: Line | None


class Overrunning(Value):
    """L4: in progress and past the announced end, update `update`.

    `beyond_seconds` runs from the announced end to the as-at time; `down_seconds` from `down_from`. True as
    `procedure_changed` prints the standard sentence in the letter's language.
    """

    letter: Literal["L4"] = "L4"
    update: Annotated[int, Field(ge=1)]
    announced: Span
    down_from: Instant
    down_seconds: Seconds
    beyond_seconds: Seconds
    expected_end_at: Instant | None
    known: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    not_known: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    doing: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    procedure_changed: Line | Literal[True] | None
    fallback: Line | None
    fallback_decided_at: Instant | None


class UnplannedOutage(Value):
    """L10: an outage outside any window, update `update`. `down_seconds` runs from `down_from`."""

    letter: Literal["L10"] = "L10"
    update: Annotated[int, Field(ge=1)]
    down_from: Instant
    down_seconds: Seconds
    expected_end_at: Instant | None
    known: Lines
    not_known: Lines
    doing: Lines
    fallback: Line | None
    fallback_decided_at: Instant | None


class CheckMade(Value):
    """One thing tried once it was back: "contact form" - "a message arrived" - when."""

    what: Line
    result: Line
    at: Instant


class Completed(Value):
    """L5: reachable, working and current; every site in the letter must stand as `up`.

    `announced` None: the outage was not announced (it follows L10). `down_seconds` is the time unavailable in all,
    `down_ratio` (down, announced) where both are known and the ratio is to be told. `current_to_at` is the moment of
    the newest entry that was found. `kept_until` is the last day the old copy is kept, `tell_by` the day by which the
    client tells what is missing.
    """

    letter: Literal["L5"] = "L5"
    announced: Span | None
    down_from: Instant
    back_since: Instant
    down_seconds: Seconds
    down_ratio: Share | None
    checks: Annotated[tuple[CheckMade, ...], Field(min_length=1, max_length=6)]
    current_to_at: Instant | None
    not_checked: Annotated[tuple[Line, ...], Field(max_length=4)] = ()
    look_at: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    tell_by: date | None = None
    kept_until: date | None = None


class PartlyDone(Value):
    """L6: reachable, but not everything is there. `copy_from_at` is the moment the shown content stems from.

    `announced` None: the outage was not announced (it follows L10).
    """

    letter: Literal["L6"] = "L6"
    announced: Span | None
    reachable_since: Instant
    down_seconds: Seconds
    copy_from_at: Instant | None
    functions: Annotated[tuple[FunctionState, ...], Field(min_length=1, max_length=6)]
    editing_allowed: bool
    cause: Line | None
    """Printed only when the cause is confirmed; otherwise leave it None."""
    compared: Compared | None = None


class CorrectedLine(Value):
    """Whole sentences in the letter's language: what was written, and what is true."""

    wrote: Line
    correct: Line


class Correction(Value):
    """L11: something in an earlier letter was not right. It goes to exactly those who had that letter.

    `notice_letter` is that letter's kind; `window` the window that now holds, None where there is none.
    """

    letter: Literal["L11"] = "L11"
    notice_ref: Line
    notice_sent_at: Instant
    notice_letter: Literal["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11"]
    lines: Annotated[tuple[CorrectedLine, ...], Field(min_length=1, max_length=4)]
    window: Span | None = None
