"""L9: one client's month on one page."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ..ledger import Outcome
from ..values import MOST_SITES, Answer, DecimalText, Instant, Line, Seconds, Share, Span, Value


class SiteMonth(Value):
    """One site over the month. `availability` is (up, observed) in seconds with up = observed - down; None: nothing was
    observed, and it prints "not measured", never 100 %. `unknown_seconds` were not observed. `answer` is against the
    agency's own promise to the client."""

    host_name: Line
    down_seconds: Seconds
    unknown_seconds: Seconds
    availability: Share | None
    answer: Answer


class MonthOutage(Value):
    """One outage within the month: the span as held (its part in the month) and the sites it took down, none twice."""

    span: Span
    seconds: Seconds
    host_names: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MOST_SITES)]
    announced: bool


class MonthWindow(Value):
    """What was announced to the client, and what happened in it. `down_seconds` None: not carried out, or not known."""

    span: Span
    told_at: Instant | None
    outcome: Outcome
    down_seconds: Seconds | None


class NoticeSent(Value):
    """A letter the client had this month."""

    ref: Line
    letter: Literal["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L10", "L11"]
    sent_at: Instant


class MonthlyStatement(Value):
    """L9: the client's sites over one month, what was announced and what happened, and what is open.

    `month` is its first day, `span` the whole of it, closed at the as-at time. Each site's `down_seconds` is the sum
    over `outages` that name it. `own_target` is what the agency promised the client, in percent. `report_ref` names
    the full report of what happened, where one was sent.
    """

    letter: Literal["L9"] = "L9"
    month: date
    span: Span
    sites: Annotated[tuple[SiteMonth, ...], Field(min_length=1, max_length=MOST_SITES)]
    outages: Annotated[tuple[MonthOutage, ...], Field(max_length=MOST_SITES)] = ()
    windows: Annotated[tuple[MonthWindow, ...], Field(max_length=8)] = ()
    notices: Annotated[tuple[NoticeSent, ...], Field(max_length=60)] = ()
    open_points: Annotated[tuple[Line, ...], Field(max_length=5)] = ()
    next_work: Span | None = None
    next_work_text: Line | None = None
    own_target: DecimalText | None = None
    report_ref: Line | None = None
    report_sent_at: Instant | None = None
