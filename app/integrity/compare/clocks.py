"""Generations in order, and how far the two servers' clocks are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import BadInput
from app.integrity.compare.values import SECOND, Snap
from app.integrity.format import Clock, Generation

ZONES = 26 * 3600 * SECOND  # a clock nobody knows may stand in any time zone
GRAIN = 2 * SECOND  # the coarsest granularity of file times worth naming (FAT), and the reach of "just now"


@dataclass(frozen=True, slots=True)
class Given:
    """A generation with the place the user gave it."""

    generation: Generation
    server: str  # old | new
    role: str  # pre | during | after
    clock: Clock


@dataclass(frozen=True, slots=True)
class Order:
    """All generations of one comparison. Snaps are numbered in the order of true time, as far as it is known."""

    given: tuple[Given, ...]
    snaps: tuple[Snap, ...]
    offset_ns: int | None  # the new server's clock minus the old one's
    slack_ns: int  # two seconds and what both clocks may be wrong by
    basis: str
    trusted_pre: int  # the last snapshot of the old server before the work: its number

    @property
    def behind_ns(self) -> int:
        """How far the new server's clock may be behind the old one's: any clock may be, that nobody knows."""
        return ZONES if self.offset_ns is None else max(0, -self.offset_ns) + self.slack_ns

    @property
    def old(self) -> tuple[Snap, ...]:
        return tuple(snap for snap in self.snaps if snap.server == "old")

    @property
    def new(self) -> tuple[Snap, ...]:
        return tuple(snap for snap in self.snaps if snap.server == "new")


def order(given: Sequence[Given]) -> Order:
    """Puts the generations in order. Raises BadInput where they cannot be compared."""
    after = [item for item in given if item.role == "after"]
    pre = [item for item in given if item.role == "pre"]
    if len(after) != 1:
        raise BadInput("one generation of the new server is judged", field="--after", example="gens/after")
    if not [item for item in given if item.server == "old"]:
        raise BadInput(
            "nothing to compare with: give a generation of the old server", field="--pre", example="gens/before"
        )
    _alike(given)
    chain = sorted(given, key=lambda item: (true_ns(item), item.server == "new", item.generation.id))
    chain.remove(after[0])
    chain.append(after[0])
    for item in chain[:-1]:
        if item.server == "new" and true_ns(item) > true_ns(after[0]):
            raise BadInput(
                f"{item.generation.id} was taken after {after[0].generation.id}, which is to be judged",
                field="--after", example="the last one",
            )  # fmt: skip
    snaps = tuple(
        Snap(number, item.generation.id, item.server, item.generation.start_ns, item.generation.end_ns,
             item.generation.claimed, item.role == "after")
        for number, item in enumerate(chain)
    )  # fmt: skip
    numbers = [number for number, item in enumerate(chain) if item.role == "pre"]
    old = [number for number, item in enumerate(chain) if item.server == "old"]
    reference = chain[numbers[-1] if pre else old[0]]
    offset, slack, basis = apart(reference, after[0])
    return Order(tuple(chain), snaps, offset, slack, basis, numbers[-1] if pre else old[0])


def apart(old: Given, new: Given) -> tuple[int | None, int, str]:
    """The new clock minus the old one, how far that may be wrong, and how it is known."""
    one, other = old.clock, new.clock
    if one.known and other.known:
        assert one.offset_ns is not None
        assert other.offset_ns is not None
        slack = GRAIN + (one.uncertainty_ns or 0) + (other.uncertainty_ns or 0)
        return other.offset_ns - one.offset_ns, slack, f"known: old {one.source}, new {other.source}"
    first, last = old.generation, new.generation
    same = first.machine and first.machine == last.machine
    if same and not first.claimed and not last.claimed:
        return 0, GRAIN, "both were taken by the clock of one machine"
    lacking = " and ".join(name for name, clock in (("old", one), ("new", other)) if not clock.known)
    return None, GRAIN, f"unknown: nobody knows how far the clock of the {lacking} server was wrong"


def true_ns(item: Given) -> int:
    """When it was taken, as far as its clock is known."""
    return item.generation.start_ns - (item.clock.offset_ns or 0)


def _alike(given: Sequence[Given]) -> None:
    first = given[0].generation
    for item in given[1:]:
        if item.generation.algorithm != first.algorithm:
            raise BadInput(
                f"{first.id} was hashed with {first.algorithm} and {item.generation.id} with "
                f"{item.generation.algorithm}; equality of content cannot be asked across algorithms",
                field=item.generation.folder.name, example="generations of one algorithm",
            )  # fmt: skip
    seen: dict[str, str] = {}
    for item in given:
        place = str(item.generation.folder.resolve())
        if place in seen:
            raise BadInput(f"is given twice ({seen[place]} and {item.role})", field=item.generation.id,
                           example="each generation once")  # fmt: skip
        seen[place] = item.role
