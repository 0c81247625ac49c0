"""What is to be compared of one site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.integrity.compare.parts import Answer
from app.integrity.compare.values import Snap
from app.integrity.format import Generation

Answers = Mapping[tuple[str, bytes], Answer]


@dataclass(frozen=True, slots=True)
class Looked:
    """A generation that holds this site."""

    snap: Snap
    generation: Generation


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be compared: generations that hold the site, in order, the judged one last."""

    site: str
    looked: Sequence[Looked]
    snaps: int  # how many there are in all
    trusted: int
    offset_ns: int | None
    slack_ns: int
    answers: Answers
    paths: bool  # paths of what is intact are wanted too
    live: bool = False  # there is no snapshot from before: both servers as they are now

    @property
    def old(self) -> list[Looked]:
        return [item for item in self.looked if item.snap.server == "old"]

    @property
    def new(self) -> list[Looked]:
        return [item for item in self.looked if item.snap.server == "new"]


def began(item: Looked, site: str) -> int:
    """When this site was begun to be read, by the server's clock."""
    start = item.generation.site(site).started_ns
    inside = item.snap.start_ns <= start <= item.snap.end_ns
    return start if inside and not item.snap.claimed else item.snap.start_ns
