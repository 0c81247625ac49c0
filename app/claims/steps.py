"""The life of a claim, pure: which step may follow which, and what the steps add up to.

draft -> approved -> filed -> acknowledged -> accepted | partly | refused -> credited
lapsed: its time has run out, or somebody says so; it can still be filed, and is then late
withdrawn: by us, before the provider has answered; its minutes are free again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

ANSWERS = ("accepted", "partly", "refused")
NEXT: dict[str, tuple[str, ...]] = {
    "draft": ("approved", "lapsed", "withdrawn"),
    "approved": ("filed", "lapsed", "withdrawn"),
    "filed": ("acknowledged", *ANSWERS, "lapsed", "withdrawn"),
    "acknowledged": (*ANSWERS, "lapsed", "withdrawn"),
    "accepted": ("credited", "partly", "refused", "lapsed"),
    "partly": ("credited", "accepted", "refused", "lapsed"),
    "refused": ("accepted", "partly", "lapsed"),
    "credited": ("credited",),
    "withdrawn": (),
}
STATES = (*NEXT, "lapsed")
UNFILED = ("draft", "approved")
TAKEN_BACK = "taken_back"


class Step(Protocol):
    """What is read of a recorded step."""

    number: int
    kind: str
    at: datetime
    amount: Decimal | None
    undoes: int | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the provider owes up on its own word. `accepted` None: it has not answered."""

    accepted: Decimal | None
    credited: Decimal
    outstanding: Decimal | None  # accepted and not credited
    over: Decimal  # credited beyond what was accepted, or where nothing was, beyond the claim


def undone(steps: Sequence[Step]) -> frozenset[int | None]:
    """The numbers of the steps that were taken back."""
    return frozenset(step.undoes for step in steps if step.kind == TAKEN_BACK)


def standing(steps: Sequence[Step]) -> list[Step]:
    """The steps that count: without those that were taken back, and without the taking back."""
    gone = undone(steps)
    return [step for step in steps if step.kind != TAKEN_BACK and step.number not in gone]


def state_of(steps: Sequence[Step]) -> str:
    return standing(steps)[-1].kind


def possible(steps: Sequence[Step]) -> tuple[str, ...]:
    """What can come next. After a lapse, whatever could come before it."""
    counting = standing(steps)
    last = next(step for step in reversed(counting) if step.kind != "lapsed")
    following = NEXT[last.kind]
    if counting[-1].kind == "lapsed":
        following = tuple(kind for kind in following if kind != "lapsed")
    back = len(counting) > 1 and counting[-1].kind != "withdrawn"
    return (*following, TAKEN_BACK) if back else following


def lapsed(state: str, too_late_from: datetime | None, now: datetime) -> bool:
    """Recorded as lapsed; or never filed, and its time has run out."""
    return state == "lapsed" or (state in UNFILED and too_late_from is not None and now >= too_late_from)


def sums(steps: Sequence[Step], claimed: Decimal) -> Sums:
    counting = standing(steps)
    answer = next((step for step in reversed(counting) if step.kind in ANSWERS), None)
    accepted = None if answer is None else Decimal(0) if answer.kind == "refused" else answer.amount or Decimal(0)
    credited = sum((step.amount or Decimal(0) for step in counting if step.kind == "credited"), Decimal(0))
    owed = claimed if accepted is None else accepted
    return Sums(
        accepted, credited, None if accepted is None else max(accepted - credited, Decimal(0)),
        max(credited - owed, Decimal(0)),
    )  # fmt: skip
