"""What becomes of a message, and when it is tried again. Pure.

queued ──> sending ──> accepted ──> bounced
  ^           │ ├────> refused, given_up
  │           │ └────> uncertain ──(a person: it went)──> accepted
  └─ deferred ┘                └──(again)──> queued, under the same Message-ID

suppressed: the address is not written to.   to_do: on paper or by telephone.   by_hand: that was done.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.delivery.shapes import About, Answer, Kind


class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    SENDING = "sending"  # claimed: from here on, whoever finds it knows that it may have gone
    DEFERRED = "deferred"  # the server said: later
    ACCEPTED = "accepted"  # the server has taken it
    REFUSED = "refused"  # the server will never take it
    BOUNCED = "bounced"  # taken, and came back
    GIVEN_UP = "given_up"  # for two days the server could not take it
    UNCERTAIN = "uncertain"  # whether it went nobody knows: a person decides
    SUPPRESSED = "suppressed"  # not sent: mail to this address was refused for good before
    TO_DO = "to_do"  # to be printed and posted, or told by telephone
    BY_HAND = "by_hand"  # a person did so


WAITING = (State.QUEUED, State.DEFERRED)
FAILED = (State.REFUSED, State.BOUNCED, State.GIVEN_UP, State.SUPPRESSED)
FOR_A_PERSON = (*FAILED, State.UNCERTAIN, State.TO_DO)

PATIENCE = timedelta(hours=48)  # a letter about a downtime is worth little later: then somebody telephones
FIRST, LONGEST = timedelta(minutes=5), timedelta(hours=4)


def pause(attempts: int) -> timedelta:
    """How long to wait after the n-th attempt: 5, 10, 20 … minutes, four hours at most."""
    doubled: int = 2 ** min(max(attempts, 1) - 1, 12)
    return min(FIRST * doubled, LONGEST)


@dataclass(frozen=True, slots=True)
class Turn:
    """What an answer makes of a message."""

    state: State
    due_at: datetime | None = None


def after(answer: Answer, attempts: int, now: datetime, give_up_at: datetime) -> Turn:
    """The state an answer leads to. What only the way to the server is to blame for is tried again, however final it
    sounds: a wrong password must not cost a client their letter."""
    if answer.kind is Kind.ACCEPTED:
        return Turn(State.ACCEPTED)
    if answer.kind is Kind.UNKNOWN:
        return Turn(State.UNCERTAIN)
    if answer.kind is Kind.PERMANENT and answer.about is not About.SERVER:
        return Turn(State.REFUSED)
    due_at = now + pause(attempts)
    return Turn(State.DEFERRED, due_at) if due_at < give_up_at else Turn(State.GIVEN_UP)
