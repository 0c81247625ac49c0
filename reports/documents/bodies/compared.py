"""What an audit of files and databases found of a client's own sites, as letters tell it."""

from typing import Annotated, Literal

from pydantic import Field

from ..values import MOST_SITES, Instant, Line, Span, Value

Found = Literal["equal", "older", "lacking", "undecided"]


class ComparedSite(Value):
    """One site against the copy: equal to it or changed since; holding older content; lacking data or holding damaged
    data; not decided."""

    host_name: Line
    found: Found


class Compared(Value):
    """The comparison. `copy_at` is the last copy of the old server, which is all that equal means; `claimed`: its time
    is our word. `unseen` was compared by nobody: from that copy to the first look at the new server."""

    copy_at: Instant
    claimed: bool
    unseen: Span | None
    sites: Annotated[tuple[ComparedSite, ...], Field(min_length=1, max_length=MOST_SITES)]
