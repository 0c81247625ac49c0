"""The promise ledger: windows announced against what happened, and every other promise with its verdict."""

from typing import Annotated, Literal

from pydantic import Field

from .values import Count, Instant, Line, Measure, Seconds, Share, Source, Span, Value, Verdict

Outcome = Literal[
    "announced",
    "confirmed",
    "withdrawn_in_time",
    "withdrawn_late",
    "awaiting_outcome",
    "in_progress",
    "overrunning",
    "completed_in_window",
    "completed_late",
    "partly_completed",
    "rolled_back",
    "not_carried_out",
    "unannounced",
    "unknown",
]
Flag = Literal[
    "started_late",
    "procedure_changed",
    "scope_changed",
    "notice_too_short",
    "no_notice_of_change",
    "notice_after_the_fact",
    "data_unverified",
    "carried_to_backup",
]


class Stretch(Value):
    """What a window's service did over one span: unavailable, or reachable but not with current content.

    `open` means it had not ended at the as-at time; `end_at` is then the as-at time.
    """

    state: Literal["down", "not_current"]
    start_at: Instant
    end_at: Instant
    open: bool = False


class Window(Value):
    """One attempt: the announced span and what became of it.

    `notice_seconds` runs from `announced_at` to the announced start; `notice_target_seconds` is what the terms ask.
    `down_seconds` is the service's downtime because of it and `down_ratio` the pair (down, promised);
    `work_seconds` is how long the work has been open and `work_ratio` the pair (work, promised). While open, both
    print with "≥". A window that was not carried out has neither (None): never a zero ratio.
    """

    number: Annotated[int, Field(ge=1)]
    work: Line
    announced_at: Instant
    announced_by: Line
    exhibit: Line | None = None
    promised: Span
    promised_seconds: Seconds
    notice_seconds: Seconds
    notice_target_seconds: Seconds | None
    procedure_agreed: Line | None
    outcome: Outcome
    flags: tuple[Flag, ...]
    carried_out: Literal["yes", "no", "partly", "open"]
    started_at: Instant | None
    ended_at: Instant | None
    down_seconds: Seconds | None
    down_open: bool
    down_ratio: Share | None
    work_seconds: Seconds | None
    work_open: bool
    work_ratio: Share | None
    procedure_used: Line | None
    change_told_at: Instant | None
    source: Source
    stretches: tuple[Stretch, ...]


class WindowTotals(Value):
    """The sum line under the windows: announced 3 × 2 h = 6 h; carried out 1; taken 24 h."""

    announced: Count
    announced_seconds: Seconds
    carried_out: Count
    taken_seconds: Seconds
    taken_open: bool


class Promise(Value):
    """One promise with its verdict. `ref` is unique in the document and names it in the sign-off ("P4").

    `clause` is the contract's clause, or None: it prints "no clause". `worth` says what a breach is worth.
    """

    ref: Line
    subject: Literal[
        "availability", "guarantee", "metric", "window", "procedure", "notice", "first_reply", "repair", "next_update",
        "data", "other",
    ]
    promise: Line
    target: Measure
    bound: Literal["at_least", "at_most", "exactly"]
    figure: Measure
    verdict: Verdict
    source: Source
    clause: Line | None
    worth: Line | None = None


class Response(Value):
    """A ticket: opened, first human reply, and the update the provider promised next."""

    ticket: Line
    subject: Line
    opened_at: Instant
    first_reply_at: Instant | None
    reply_seconds: Seconds | None
    target_seconds: Seconds | None
    verdict: Verdict
    promised_update_at: Instant | None
    update_verdict: Verdict | None


__all__ = ["Flag", "Outcome", "Promise", "Response", "Stretch", "Window", "WindowTotals"]
