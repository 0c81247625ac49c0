"""Generations of small sites with known fates, and the score of what a comparison says of them.

A world is played on true time. Every path has a history on the old server, a way across, and a history on the new one;
what each snapshot sees follows from that. What may be said of a path follows from its fate and from which snapshots
exist: never from the rules under test. `python -m tests.integrity.generator --seeds 20` prints the score.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from app.integrity.compare.audit import Asked, Audit
from app.integrity.compare.clocks import Given, order
from app.integrity.format import read_generation, schema_of

S = 1_000_000_000
MINUTE, HOUR, DAY = 60 * S, 3600 * S, 86400 * S
T0 = 1_750_000_000 * S  # the work begins
TIMES = {"g0": -14 * DAY, "g1": -7 * DAY, "g2": -HOUR, "h12": 12 * HOUR, "h20": 20 * HOUR, "a": 48 * HOUR}
COPY = (2 * HOUR, 6 * HOUR)  # the first pass; what changed since goes over at 12½ h, and traffic moves at 13 h
CUTOVER = 13 * HOUR
RESYNC = 30 * HOUR  # when somebody copies once more
OLD, NEW = ("g0", "g1", "g2", "h12"), ("h20", "a")
EVIDENCE = {"two": ("g2", "a"), "four": ("g0", "g1", "g2", "a"), "during": ("g0", "g1", "g2", "h12", "h20", "a")}
LEGITIMATE = {"INTACT", "CHANGED", "NEW", "MOVED", "EXCLUDED"}
ALARMS = {"MISSING", "TRUNCATED", "CORRUPT", "REVERTED", "SUSPECT_STALE", "TYPE_CHANGED", "RESURRECTED"}


@dataclass(frozen=True)
class State:
    """A path at one moment."""

    content: str
    mtime: int  # by the clock of the server that wrote it
    size: int
    kind: str = "f"
    mode: int = 0o644
    owner: str = "www"
    tail0: int = 0
    flags: int = 0
    xattr8: int = 0
    data: bytes | None = None

    def but(self, **more: Any) -> State:
        return State(**{**self.__dict__, **more})


@dataclass
class Life:
    """A path's states, by the snapshot that sees them; None where it is not there."""

    fate: str
    seen: dict[str, State | None]
    accepted: Callable[[str], set[str]]
    loss: bool = False
    visible: Callable[[str], bool] = lambda evidence: True  # whether the loss can be told at all
    meta: set[str] = field(default_factory=set)
    fork: bool = False


class World:
    """One site of one seed. `error` is how far the new server's clock is ahead; `known` whether anybody knows it."""

    def __init__(self, seed: int, policy: str, error: int, known: bool, files: int = 400) -> None:
        self.random = Random(f"{seed} {policy}")
        self.policy, self.error, self.known = policy, error, known
        self.mixed = policy == "mixed"
        self.shift = 2 * HOUR if policy == "shift" else 0
        self.lives: dict[bytes, Life] = {}
        self.count = 0
        for number in range(files):
            top = self.top()
            self.static(f"{top}/{number % 20}/page{number}.php")
        for fate in FATES:
            for number in range(self.random.randint(3, 6)):
                top = self.top()
                FATES[fate](self, f"{top}/{fate}/{number}")

    def top(self) -> str:
        """The folder of the next path. In a mixed site it decides how the copy treats dates."""
        top = self.random.choice(("uploads", "content", "site"))
        if self.mixed:
            self.policy = "none" if top == "uploads" else "preserve"
        return top

    # building blocks

    def state(self, mtime: int, size: int | None = None, **more: Any) -> State:
        self.count += 1
        return State(f"{self.count}", T0 + mtime, size or self.random.randint(200, 60_000), **more)

    def before(self, low: int = -400 * DAY, high: int = -15 * DAY) -> int:
        return self.random.randrange(low, high)

    def between(self, first: str, last: str) -> int:
        """A moment between two snapshots, not within a minute of either."""
        return self.random.randrange(TIMES[first] + 2 * MINUTE, TIMES[last] - 2 * MINUTE)

    def copied(self, state: State, at: int | None = None, fresh: bool = False) -> State:
        """The state as the copy writes it on the new server."""
        at = self.random.randrange(*COPY) if at is None else at
        if self.policy == "none" or fresh:
            return state.but(mtime=T0 + at + self.error)
        return state.but(mtime=state.mtime + self.shift)

    def written(self, at: int, size: int | None = None) -> State:
        """Something written on the new server, by its clock."""
        return self.state(at + self.error, size)

    def add(self, path: str | bytes, fate: str, old: Iterable[State | None], new: Iterable[State | None],
            accepted: Callable[[str], set[str]], **more: Any) -> None:  # fmt: skip
        states = dict(zip((*OLD, *NEW), (*old, *new), strict=True))
        name = path.encode() if isinstance(path, str) else path
        self.lives[name] = Life(fate, states, accepted, **more)

    def history(self) -> tuple[State, State, State]:
        """Three states, each edited between two snapshots."""
        return (self.state(self.before()), self.state(self.between("g0", "g1")), self.state(self.between("g1", "g2")))

    def says_changed(self, *, late: bool = True) -> set[str]:
        """What work on the new server may be called: certain where times came along and the clocks are known."""
        if self.policy == "none":
            return {"CHANGED"} if late else {"CHANGED", "CHANGED_UNVERIFIED"}
        return {"CHANGED"} if self.known else {"CHANGED", "CHANGED_UNVERIFIED"}

    def unseen_stale(self) -> set[str]:
        """What an old content may be called that no snapshot saw."""
        if self.policy == "none":
            return {"SUSPECT_STALE", "CHANGED_UNVERIFIED"}
        return {"SUSPECT_STALE", "CHANGED_UNVERIFIED"}

    # fates: what was meant to be

    def static(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was)
        self.add(path, "static", [was] * 4, [new] * 2, always("INTACT"))

    def edited_before(self, path: str) -> None:
        a, b, c = self.history()
        new = self.copied(c)
        self.add(path, "edited_before", [a, b, c, c], [new, new], always("INTACT"))

    def edited_while_open(self, path: str) -> None:
        """Edited on the old server after the work began, and carried over."""
        a, b, c = self.history()
        d = self.state(self.between("g2", "h12"))
        new = self.copied(d, 12 * HOUR + 30 * MINUTE)
        after = self.says_changed(late=False) | {"CHANGED_UNVERIFIED"} if self.policy == "none" else self.says_changed()
        self.add(path, "edited_while_open", [a, b, c, d], [new, new], by(two=after, four=after, during={"INTACT"}))

    def edited_on_new(self, path: str) -> None:
        a, b, c = self.history()
        first = self.copied(c)
        late = self.random.random() < 0.5
        d = self.written(self.between("h20", "a") if late else self.random.randrange(CUTOVER, TIMES["h20"]))
        self.add(path, "edited_on_new", [a, b, c, c], [first if late else d, d],
                 always(*self.says_changed()))  # fmt: skip

    def edited_early_on_new(self, path: str) -> None:
        """While the new server was being prepared: a slow clock dates it before the work began."""
        was = self.state(self.before())
        d = self.written(TIMES["g2"] + self.random.randint(30, 50) * MINUTE)
        known = self.says_changed(late=False)
        unsure = {"CHANGED_UNVERIFIED"} if self.policy == "none" else set()
        self.add(path, "edited_early_on_new", [was] * 4, [d, d], always(*known, *unsure))

    def edited_twice_on_new(self, path: str) -> None:
        was = self.state(self.before())
        first, second = self.written(14 * HOUR), self.written(25 * HOUR)
        self.add(path, "edited_twice_on_new", [was] * 4, [first, second], always(*self.says_changed()))

    def new_on_new(self, path: str) -> None:
        late = self.random.random() < 0.5
        made = self.written(self.between("h20", "a") if late else 15 * HOUR)
        self.add(path, "new_on_new", [None] * 4, [None if late else made, made], always("NEW"))

    def unpacked_on_new(self, path: str) -> None:
        """New, with a date of its own."""
        made = self.state(self.before())
        self.add(path, "unpacked_on_new", [None] * 4, [None, made], always("NEW"))

    def new_while_open(self, path: str) -> None:
        made = self.state(self.between("g2", "h12"))
        new = self.copied(made, 12 * HOUR + 30 * MINUTE)
        self.add(path, "new_while_open", [None, None, None, made], [new, new],
                 by(two={"NEW"}, four={"NEW"}, during={"INTACT"}))  # fmt: skip

    def deleted_before(self, path: str) -> None:
        was = self.state(self.before())
        self.add(path, "deleted_before", [was, was, None, None], [None, None], always("INTACT"))

    def deleted_while_open(self, path: str) -> None:
        """Cannot be told from a loss without a snapshot during the work."""
        was = self.state(self.before())
        self.add(path, "deleted_while_open", [was, was, was, None], [None, None],
                 by(two={"MISSING"}, four={"MISSING"}, during={"INTACT"}))  # fmt: skip

    def deleted_on_new(self, path: str) -> None:
        was = self.state(self.before())
        self.add(path, "deleted_on_new", [was] * 4, [self.copied(was), None], always("MISSING"))

    def rolled_back(self, path: str) -> None:
        """A deliberate return to an earlier content, after cut-over: cannot be told from a late stale copy."""
        a, b, c = self.history()
        back = b.but(mtime=T0 + self.between("h20", "a") + self.error)
        two = self.says_changed()
        self.add(path, "rolled_back", [a, b, c, c], [self.copied(c), back],
                 by(two=two, four={"REVERTED", "CHANGED"}, during={"REVERTED", "CHANGED"}))  # fmt: skip

    def turning(self, path: str) -> None:
        """To and fro, all along."""
        a, b = self.state(self.before()), self.state(self.between("g0", "g1"))
        again = a.but(mtime=T0 + self.between("g1", "g2"))
        back = b.but(mtime=T0 + self.between("h20", "a") + self.error)
        known = {"CHANGED", "REVERTED"}
        self.add(path, "turning", [a, b, again, again], [self.copied(again), back],
                 by(two=self.says_changed(), four=known, during=known))  # fmt: skip

    def renamed_on_new(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was)
        self.add(path, "renamed_on_new", [was] * 4, [new, None], always("MOVED", "MISSING"))
        self.add(path + ".moved", "renamed_on_new", [None] * 4, [None, new], always("MOVED", "NEW"))

    def drifted(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was)
        change = self.random.choice(({"mode": 0o600}, {"owner": "root"}, {"xattr8": 77}))
        name = {"xattr8": "xattr"}.get(next(iter(change)), next(iter(change)))
        self.add(path, "drifted", [was] * 4, [new.but(**change)] * 2, always("INTACT"), meta={name})

    def left_out(self, path: str) -> None:
        states = [self.state(self.before(), flags=16) for _ in range(6)]
        self.add(path, "left_out", states[:4], states[4:], always("EXCLUDED"))

    def fork(self, path: str) -> None:
        """Written on both servers."""
        was = self.state(self.before())
        there, here = self.state(5 * HOUR), self.written(16 * HOUR)
        self.add(path, "fork", [was, was, was, there], [here, here], always(*self.says_changed()), fork=True)

    # fates: losses

    def stale(self, path: str, fresh: bool = False) -> None:
        """The copy of the week before, over a newer file."""
        a, b, c = self.history()
        late = self.random.random() < 0.5
        new = self.copied(b, RESYNC if late else None, fresh)
        first = self.copied(c) if late else new
        unseen = self.unseen_stale() | ({"CHANGED"} if self.policy == "none" or fresh else set())
        self.add(path, "stale_fresh" if fresh else "stale", [a, b, c, c], [first, new],
                 by(two=unseen, four={"REVERTED"}, during={"REVERTED"}), loss=True,
                 visible=by(two=not (fresh or self.policy == "none"), four=True, during=True))  # fmt: skip

    def stale_fresh(self, path: str) -> None:
        self.stale(path, fresh=True)

    def stale_open(self, path: str) -> None:
        """The state at the start of the work; edits made while it was going on are lost."""
        a, b, c = self.history()
        d = self.state(self.between("g2", "h12"))
        new = self.copied(c)
        self.add(path, "stale_open", [a, b, c, d], [new, new],
                 by(two={"INTACT"}, four={"INTACT"}, during={"REVERTED"}), loss=True,
                 visible=lambda evidence: evidence == "during")  # fmt: skip

    def stale_between(self, path: str) -> None:
        """A content that no snapshot saw."""
        a, b, c = self.history()
        unseen = self.state(-9 * DAY)  # between g0 and g1, replaced before g1
        b = self.state(-8 * DAY)
        new = self.copied(unseen)
        allowed = self.unseen_stale() | ({"CHANGED"} if self.policy == "none" else set())
        self.add(path, "stale_between", [a, b, c, c], [new, new], always(*allowed), loss=True,
                 visible=always_(self.policy != "none"))  # fmt: skip

    def stale_near(self, path: str) -> None:
        """A content of the last hours before the work, that no snapshot saw: a shifted date looks fresh."""
        a, b, _ = self.history()
        unseen, c = self.state(TIMES["g2"] - 90 * MINUTE), self.state(TIMES["g2"] - 30 * MINUTE)
        new = self.copied(unseen)
        self.add(path, "stale_near", [a, b, c, c], [new, new], always(*self.unseen_stale()), loss=True,
                 visible=always_(self.policy != "none"))  # fmt: skip

    def repaired(self, path: str) -> None:
        """Damaged by the first copy, put right by a second one: a damaged copy must not be what it is measured by."""
        a, b, c = self.history()
        right = self.copied(c, RESYNC)
        cut = self.copied(c).but(content=f"cut {c.content}", size=c.size // 2)
        wrong = self.random.choice((cut, self.copied(b), self.copied(c).but(content="", size=0)))
        unsure = wrong is cut and self.policy == "none"  # without dates it may have been work that was undone
        allowed = {"INTACT", "REVERTED"} if unsure else {"INTACT"}
        self.add(path, "repaired", [a, b, c, c], [wrong, right], always(*allowed))

    def edited_upon_damage(self, path: str) -> None:
        """Cut by the copy, and then cut again: never legitimate work."""
        was = self.state(self.before(), size=50_000)
        once = self.copied(was).but(content=f"cut {was.content}", size=20_000)
        twice = once.but(content=f"cut again {was.content}", size=10_000)
        allowed = {"CHANGED_UNVERIFIED", "CHANGED"} if self.policy == "none" else {"TRUNCATED"}
        self.add(path, "edited_upon_damage", [was] * 4, [once, twice], always(*allowed), loss=True,
                 visible=always_(self.policy != "none"))  # fmt: skip

    def never_arrived(self, path: str) -> None:
        was = self.state(self.before())
        self.add(path, "never_arrived", [was] * 4, [None, None], always("MISSING"), loss=True)

    def arrived_then_gone(self, path: str) -> None:
        was = self.state(self.before())
        self.add(path, "arrived_then_gone", [was] * 4, [self.copied(was), None], always("MISSING"), loss=True)

    def upload_destroyed(self, path: str) -> None:
        self.add(path, "upload_destroyed", [None] * 4, [self.written(15 * HOUR), None], always("MISSING"), loss=True,
                 visible=lambda evidence: evidence == "during")  # fmt: skip

    def work_clobbered(self, path: str) -> None:
        """An edit on the new server, undone by a second copy."""
        was = self.state(self.before())
        back = self.copied(was, RESYNC)
        self.add(path, "work_clobbered", [was] * 4, [self.written(15 * HOUR), back],
                 by(two={"INTACT"}, four={"INTACT"}, during={"REVERTED"}), loss=True,
                 visible=lambda evidence: evidence == "during")  # fmt: skip

    def emptied(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was).but(content="", size=0)
        self.add(path, "emptied", [was] * 4, [new, new], always("TRUNCATED"), loss=True)

    def cut(self, path: str) -> None:
        was = self.state(self.before(), size=50_000)
        new = self.copied(was).but(content=f"cut {was.content}", size=20_000)
        allowed = {"CHANGED_UNVERIFIED", "CHANGED"} if self.policy == "none" else {"TRUNCATED"}
        self.add(path, "cut", [was] * 4, [new, new], always(*allowed), loss=True,
                 visible=always_(self.policy != "none"))  # fmt: skip

    def cut_fresh(self, path: str) -> None:
        """Cut, with a fresh date: only the digests of its parts tell."""
        data = self.random.randbytes(self.random.randint(70_000, 400_000))
        was = self.state(self.before(), size=len(data), data=data)
        short = data[: self.random.randint(66_000, len(data) - 1000)]
        while len(short) * 2 > len(data) and len(short) % _grain(len(data)) * 100 > 15 * len(short):
            short = short[:-1000]
        new = self.copied(was, fresh=True).but(content=f"cut {was.content}", size=len(short), data=short)
        self.add(path, "cut_fresh", [was] * 4, [new, new], always("TRUNCATED"), loss=True)

    def zeros(self, path: str) -> None:
        was = self.state(self.before(), size=50_000)
        fresh = self.random.random() < 0.5
        new = self.copied(was, fresh=fresh).but(content=f"0 {was.content}", tail0=self.random.randint(4096, 40_000))
        self.add(path, "zeros", [was] * 4, [new, new], always("CORRUPT"), loss=True)

    def flipped(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was).but(content=f"x {was.content}")
        allowed = {"CHANGED_UNVERIFIED", "CHANGED"} if self.policy == "none" else {"CORRUPT"}
        self.add(path, "flipped", [was] * 4, [new, new], always(*allowed), loss=True,
                 visible=always_(self.policy != "none"))  # fmt: skip

    def resurrected(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was)
        self.add(path, "resurrected", [was, was, None, None], [new, new],
                 by(two={"NEW"}, four={"RESURRECTED"}, during={"RESURRECTED"}), loss=True,
                 visible=lambda evidence: evidence != "two")  # fmt: skip

    def dereferenced(self, path: str) -> None:
        link = self.state(self.before(), kind="l", size=20)
        file = self.copied(self.state(self.before()))
        self.add(path, "dereferenced", [link] * 4, [file, file], always("TYPE_CHANGED"), loss=True)

    def retargeted(self, path: str) -> None:
        link = self.state(self.before(), kind="l", size=20)
        new = self.written(15 * HOUR, 20).but(kind="l")
        self.add(path, "retargeted", [link] * 4, [new, new], always(*self.says_changed()))

    def other_case(self, path: str) -> None:
        """A system that writes names in another case."""
        was = self.state(self.before())
        new = self.copied(was)
        self.add(path + "-Foto.JPG", "other_case", [was] * 4, [None, None], always("MOVED"))
        self.add(path + "-foto.jpg", "other_case", [None] * 4, [new, new], always("MOVED", "NEW"))

    def other_form(self, path: str) -> None:
        """A system that writes accents as letters of their own."""
        was = self.state(self.before())
        new = self.copied(was)
        self.add(unicodedata.normalize("NFC", path + "-caf\u00e9"), "other_form", [was] * 4, [None, None],
                 always("MOVED"))  # fmt: skip
        self.add(unicodedata.normalize("NFD", path + "-caf\u00e9"), "other_form", [None] * 4, [new, new],
                 always("MOVED", "NEW"))  # fmt: skip

    def collided(self, path: str) -> None:
        """Two names become one; one content is gone."""
        one, other = self.state(self.before()), self.state(self.before())
        new = self.copied(other)
        self.add(path + "-Logo.png", "collided", [one] * 4, [None, None], always("MISSING"), loss=True)
        self.add(path + "-logo.png", "collided", [other] * 4, [new, new], always("INTACT"))

    def unread(self, path: str) -> None:
        was = self.state(self.before())
        self.add(path, "unread", [was] * 4, [self.copied(was).but(flags=1)] * 2, always("UNKNOWN"))

    def unsteady(self, path: str) -> None:
        was = self.state(self.before())
        states = [self.written(20 * HOUR).but(flags=4), self.written(48 * HOUR - S).but(flags=4)]
        self.add(path, "unsteady", [was] * 4, states, always("UNKNOWN"))

    def strange_name(self, path: str) -> None:
        was = self.state(self.before())
        new = self.copied(was).but(content="", size=0)
        name = path.encode() + b"-\xff\n name%41"
        self.add(name, "strange_name", [was] * 4, [new, new], always("TRUNCATED"), loss=True)


def always(*verdicts: str) -> Callable[[str], set[str]]:
    return lambda evidence: set(verdicts)


def by(**values: Any) -> Callable[[str], Any]:
    return lambda evidence: values[evidence]


def always_(value: bool) -> Callable[[str], bool]:
    return lambda evidence: value


def _grain(size: int) -> int:
    chunk = 512
    while chunk * 32 <= size:
        chunk *= 2
    return chunk


FATES: dict[str, Callable[[World, str], None]] = {
    name: member
    for name, member in vars(World).items()
    if callable(member) and not name.startswith("_")
    and name not in ("state", "before", "between", "copied", "written", "add", "history", "says_changed",
                     "unseen_stale", "static", "top")
}  # fmt: skip


def write(worlds: dict[str, World], folder: Path, names: Iterable[str], *, known: bool, error: int) -> list[Given]:
    """The worlds' sites as generations on disk, and their places in the order."""
    given = []
    for name in names:
        server = "old" if name in OLD else "new"
        own = error if server == "new" else 0
        at = T0 + TIMES[name] + own
        place = folder / name
        (place / "sites").mkdir(parents=True)
        (place / "chunks").mkdir()
        sites = [_site(place, site, world, name, at) for site, world in sorted(worlds.items())]
        clock = {"offset_ns": own if known else None, "uncertainty_ns": S if known else None, "source": "test"}
        label = "post" if name == "a" else "during" if name.startswith("h") else "pre"
        (place / "manifest.json").write_text(json.dumps(manifest(name, label, server, at, clock, sites)))
        generation = read_generation(place)
        role = {"post": "after"}.get(label, label)
        given.append(Given(generation, server, role, generation.clock))
    return given


def manifest(name: str, label: str, server: str, at: int, clock: dict[str, Any],
             sites: list[dict[str, Any]]) -> dict[str, Any]:  # fmt: skip
    return {
        "format": 1, "id": name, "label": label, "server": server, "machine": server, "boot": "",
        "taken_at": {"start_ns": at, "end_ns": at + MINUTE, "claimed": True}, "clock": clock, "algorithm": "sha256",
        "excludes": {"patterns": [], "volatile": [], "volatile_version": 1, "digest": ""},
        "sites": sites, "dbs": [], "server_root": name, "previous_root": None, "base": None,
    }  # fmt: skip


def _site(place: Path, site: str, world: World, name: str, at: int) -> dict[str, Any]:
    rows, chunks = [], []
    for path, life in world.lives.items():
        state = life.seen[name]
        if state is None:
            continue
        key = int.from_bytes(hashlib.sha256(site.encode() + b"\0" + path).digest()[:8], "big")
        digest = hashlib.sha256(state.content.encode()).digest()
        rows.append({
            "key": key, "path": path, "kind": state.kind, "mode": state.mode, "uid": 33, "gid": 33,
            "owner": state.owner, "group": "www", "size": state.size, "mtime_ns": state.mtime, "ctime_ns": at,
            "ino": 1, "nlink": 1, "hlgroup": 0, "digest": None if state.kind == "l" or state.flags & 17 else digest,
            "target": digest if state.kind == "l" else None, "xattr8": state.xattr8, "tail0": state.tail0,
            "flags": state.flags,
        })  # fmt: skip
        if state.data is not None:
            chunks.append({"key": key, **parts_of(state.data)})
    pl.DataFrame(rows, schema=schema_of()).write_parquet(place / "sites" / f"{site}.parquet")
    pl.DataFrame(chunks, schema=schema_of(True)).write_parquet(place / "chunks" / f"{site}.parquet")
    excluded = sum(1 for row in rows if row["flags"] & 16)
    return {
        "name": site, "client": "c1", "entries": len(rows) - excluded, "bytes": 0, "root": "", "content_root": "",
        "unreadable": 0, "unstable": 0, "vanished": 0, "excluded": {"entries": excluded},
        "file": f"sites/{site}.parquet", "delta": False, "started_ns": at, "ended_ns": at,
        "chunks": {"file": f"chunks/{site}.parquet"}, "unopened": None, "sha256": "",
    }  # fmt: skip


def parts_of(data: bytes) -> dict[str, Any]:
    """The side-car's row of one file, by the rule that the form of a generation states."""
    chunk = _grain(len(data))

    def packed(numbers: Iterable[int]) -> bytes:
        return b"".join(number.to_bytes(4, "big") for number in numbers)

    starts = range(0, len(data) // chunk * chunk, chunk)
    lengths = [64 << power for power in range(20) if 64 << power < chunk]
    return {
        "size": len(data), "chunk": chunk, "digests": packed(zlib.crc32(data[at : at + chunk]) for at in starts),
        "prefixes": packed(zlib.crc32(data[:length]) for length in lengths),
    }  # fmt: skip


POLICIES = ("preserve", "shift", "none", "mixed")


@dataclass
class Score:
    paths: int = 0
    agreed: int = 0
    missed: int = 0
    false_high: int = 0
    drift: int = 0  # paths whose drift was told wrongly
    forks: int = 0  # forks that were not flagged
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, other: Score) -> None:
        for name in ("paths", "agreed", "missed", "false_high", "drift", "forks"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong


def score(worlds: dict[str, World], folder: Path, evidence: str, *, known: bool, error: int) -> Score:
    given = write(worlds, folder, EVIDENCE[evidence], known=known, error=error)
    out = Score()
    for result in Audit(Asked(order(given))).results():
        lives = worlds[result.site].lives
        said = {row["path"]: row for row in result.lines().iter_rows(named=True)}
        expected = {path for path, life in lives.items() if any(life.seen[name] for name in EVIDENCE[evidence])}
        assert set(said) == expected, "every path of any generation stands there once"
        for path, row in said.items():
            _one(out, lives[path], row, evidence)
    return out


def _one(out: Score, life: Life, row: dict[str, Any], evidence: str) -> None:
    verdict, conf = row["verdict"], row["conf"]
    allowed = life.accepted(evidence)
    out.paths += 1
    agrees = verdict in allowed
    out.agreed += agrees
    if not agrees:
        out.wrong[f"{life.fate}: {verdict} {conf} ({row['why']}), not {'/'.join(sorted(allowed))}"] += 1
    if life.loss and life.visible(evidence) and verdict in LEGITIMATE and not agrees:
        out.missed += 1
    if not life.loss and verdict in ALARMS and conf == "high" and not agrees:
        out.false_high += 1
    if set(row["meta"]) != life.meta:
        out.drift += 1
    if life.fork and evidence == "during" and "FORK" not in row["flags"]:
        out.forks += 1


def scenarios(seeds: Iterable[int], files: int) -> Iterator[tuple[str, Score]]:
    """Every clock error and every set of evidence, for each seed."""
    for seed in seeds:
        for error, known in ((0, True), (-90 * MINUTE, True), (120 * MINUTE, True), (0, False), (-90 * MINUTE, False),
                             (120 * MINUTE, False)):  # fmt: skip
            worlds = {policy: World(seed, policy, error, known, files) for policy in POLICIES}
            for evidence in EVIDENCE:
                with tempfile.TemporaryDirectory(prefix="kept-worlds-") as folder:
                    yield ("known" if known else "unknown"), score(
                        worlds, Path(folder), evidence, known=known, error=error
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--files", type=int, default=400)
    chosen = parser.parse_args()
    sums = {"known": Score(), "unknown": Score()}
    for kind, found in scenarios(range(chosen.first, chosen.first + chosen.seeds), chosen.files):
        sums[kind].add(found)
    for kind, total in sums.items():
        print(
            f"clock {kind}: {total.paths} verdicts, {total.agreed * 100 / total.paths:.3f} % agree, {total.missed} "
            f"missed, {total.false_high} false high alarms, {total.drift} drifts wrong, {total.forks} forks not flagged"
        )
        for text, count in total.wrong.most_common(40):
            print(f"    {count:6} {text}")


if __name__ == "__main__":
    main()
