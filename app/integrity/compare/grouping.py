"""Many findings that are one: folders that went back as a whole, and sites under another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from app.integrity.compare.rules import Frame
from app.integrity.compare.task import Task
from app.integrity.compare.values import HIGH, MEDIUM, Judgement, Verdict

if TYPE_CHECKING:
    import polars as pl

ENOUGH = 80  # per cent of what had changed in the folder
LEAST = 3  # files
OVERLAP = 60  # per cent of a site's contents that another site holds


class Group(NamedTuple):
    """A folder that is the one of an earlier generation."""

    folder: bytes  # b"" for the whole site
    generation: int
    files: int  # that went back
    of: int  # that had changed since that generation


class Contents(Protocol):
    """Digests of a site's files."""

    def __call__(self, site: str) -> set[bytes]: ...


def groups(judged: Mapping[bytes, Judgement], tables: Mapping[int, pl.DataFrame], frame: Frame) -> tuple[Group, ...]:
    """Folders of which at least 80 in a hundred of the files that had changed since a generation are that one's again,
    the topmost only."""
    back: dict[int, list[bytes]] = {}
    for path, found in judged.items():
        if found.verdict is Verdict.REVERTED and found.conf in (HIGH, MEDIUM) and found.generation >= 0:
            back.setdefault(found.generation, []).append(path)
    out = []
    for number, paths in back.items():
        if len(paths) < LEAST or number not in tables:
            continue
        there = Counter(folder for path in paths for folder in above(path))
        changed = _changed(tables[number], tables[frame.base.number])
        could = Counter(folder for path in changed for folder in above(path))
        taken: list[bytes] = []
        for folder in sorted(there, key=lambda item: (item.count(b"/") + bool(item), item)):
            whole = max(could[folder], there[folder])
            inside = any(folder.startswith(upper + b"/") or not upper for upper in taken)
            if there[folder] >= LEAST and there[folder] * 100 >= ENOUGH * whole and not inside:
                taken.append(folder)
                out.append(Group(folder, number, there[folder], whole))
    return tuple(sorted(out))


class Unpacked(NamedTuple):
    """A folder whose changes bear dates of their own: an update that was unpacked there is likelier than a loss."""

    folder: bytes
    files: int


def unpacked(judged: Mapping[bytes, Judgement]) -> tuple[Unpacked, ...]:
    """Folders in which most of what changed is dated as somebody else dates it: between two snapshots, or before."""
    dated: Counter[bytes] = Counter()
    other: Counter[bytes] = Counter()
    for path, found in judged.items():
        if found.rule in (15, 18) or found.why == "new_old_dated":
            dated.update(above(path))
        elif found.verdict not in (Verdict.INTACT, Verdict.EXCLUDED):
            other.update(above(path))
    out: list[Unpacked] = []
    for folder in sorted(dated, key=lambda item: (item.count(b"/") + bool(item), item)):
        inside = any(folder.startswith(upper.folder + b"/") for upper in out)
        clear = dated[folder] * 100 >= ENOUGH * (dated[folder] + other[folder])
        if folder and dated[folder] >= LEAST and clear and not inside:
            out.append(Unpacked(folder, dated[folder]))
    return tuple(out)


def above(path: bytes) -> Iterable[bytes]:
    """The folders a path lies in, the site itself last."""
    at = path.rfind(b"/")
    while at > 0:
        yield path[:at]
        at = path.rfind(b"/", 0, at)
    yield b""


def _changed(one: pl.DataFrame, base: pl.DataFrame) -> list[bytes]:
    """Files that the last old state has in another content than that generation."""
    import polars as pl

    was = one.select("key", "kind", earlier="content").filter(pl.col("kind") == "f")
    last = base.select("key", "kind", "path", "content").filter(pl.col("kind") == "f")
    pair = last.join(was, on="key", how="inner").filter(pl.col("content").ne_missing(pl.col("earlier")))
    return pair["path"].to_list()


def whole(task: Task) -> str | None:
    """The generation that the whole site equals byte for byte, where that is an earlier one than the last."""
    after = task.new[-1].generation.site(task.site).content_root
    roots = [(item.generation.site(task.site).content_root, item.snap.id) for item in task.old]
    if not after or after == roots[-1][0]:
        return None
    return next((id_ for root, id_ in reversed(roots) if root == after), None)


def renamed(gone: Iterable[str], came: Iterable[str], before: Contents, after: Contents) -> dict[str, str]:
    """Sites that may only have another name now: most of what they held is in one that is new."""
    fresh = {name: after(name) for name in sorted(came)}
    out: dict[str, str] = {}
    for name in sorted(gone):
        held = before(name)
        if not held:
            continue
        best = max(fresh, key=lambda other: (len(held & fresh[other]), other), default=None)
        if best is not None and len(held & fresh[best]) * 100 >= OVERLAP * len(held):
            out[name] = best
    return out
