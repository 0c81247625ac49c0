"""What went and what came under another name: renamed, or written by a system that cannot tell two names apart."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from app.integrity.compare.rules import Frame, judge
from app.integrity.compare.values import ALARM, HIGH, MEDIUM, Judgement, Look, Seen, Verdict

if TYPE_CHECKING:
    import polars as pl


Judged = dict[bytes, Judgement]


def folded(path: bytes) -> str | None:
    """One text for all names that a system blind to case, or to the forms of Unicode, takes for one."""
    try:
        text = path.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def reconcile(
    judged: Judged, looks: Mapping[bytes, Sequence[Look]], frame: Frame, was: pl.DataFrame, now: pl.DataFrame
) -> Judged:
    """The verdicts with what moved put together. Only what is MISSING and what is NEW can have moved. `was` and `now`
    are all entries of the site before and after."""
    gone = [path for path, found in judged.items() if found.verdict is Verdict.MISSING]
    if not gone:
        return judged
    out = dict(judged)
    came = [path for path, found in judged.items() if found.verdict is Verdict.NEW and found.rule == 4]
    after = frame.new[-1].number
    _renamed(out, gone, came, looks, after, frame)
    gone = [path for path in gone if out[path].verdict is Verdict.MISSING]
    came = [path for path in came if out[path].verdict is Verdict.NEW]
    if gone and came:
        _by_content(out, gone, came, looks, after, was, now)
        _folders(out, gone, came, looks)
    gone = [path for path in gone if out[path].verdict is Verdict.MISSING]
    if gone:
        _collided(out, gone, looks, was, now)
    return out


def _seen(looks: Mapping[bytes, Sequence[Look]], path: bytes, number: int) -> Seen | None:
    found = looks[path][number]
    return found if isinstance(found, Seen) and found.read else None


def _last(out: Judged, looks: Mapping[bytes, Sequence[Look]], path: bytes) -> Seen | None:
    """The last good state of what is gone."""
    return _seen(looks, path, out[path].last) if out[path].last >= 0 else None


def _pair(out: Judged, old: bytes, new: bytes, found: Judgement) -> None:
    out[old] = found._replace(other=new, last=out[old].last)
    out[new] = Judgement(Verdict.MOVED, found.conf, found.rule, "moved_here", other=old)


def _renamed(
    out: Judged, gone: Sequence[bytes], came: Sequence[bytes], looks: Mapping[bytes, Sequence[Look]],
    after: int, frame: Frame,
) -> None:  # fmt: skip
    """The same name in another case, or another form of Unicode."""
    names: dict[str, list[bytes]] = {}
    for path in came:
        if (name := folded(path)) is not None:
            names.setdefault(name, []).append(path)
    before: Counter[str] = Counter(name for path in gone if (name := folded(path)) is not None)
    for path in gone:
        name = folded(path)
        if name is None or len(names.get(name, ())) != 1 or before[name] != 1:
            continue
        target = names[name][0]
        was, now = _last(out, looks, path), _seen(looks, target, after)
        if was is None or now is None:
            continue
        if was.identity == now.identity:
            _pair(out, path, target, Judgement(Verdict.MOVED, HIGH, 1, "renamed"))
            continue
        joined = list(looks[path])
        joined[after] = looks[target][after]
        found = judge(path, joined, frame)
        if found.verdict in ALARM and found.conf is HIGH and found.verdict is not Verdict.MISSING:
            _pair(out, path, target, found)
        elif was.kind == now.kind:
            _pair(out, path, target, Judgement(Verdict.MOVED, MEDIUM, 1, "renamed_and_changed"))


def _by_content(
    out: Judged, gone: Sequence[bytes], came: Sequence[bytes], looks: Mapping[bytes, Sequence[Look]],
    after: int, was: pl.DataFrame, now: pl.DataFrame,
) -> None:  # fmt: skip
    """A content that was in the site once, and is once, under another name."""
    import polars as pl

    def contents(paths: Sequence[bytes], *, last: bool) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for path in paths:
            seen = _last(out, looks, path) if last else _seen(looks, path, after)
            if seen is not None and seen.kind == "f" and seen.size > 0 and seen.content is not None:
                found.setdefault(seen.content, []).append(path)
        return found

    lost, found = contents(gone, last=True), contents(came, last=False)
    common = [content for content in lost if content in found]
    if not common:
        return
    held = (pl.col("kind") == "f") & pl.col("content").is_in(pl.Series(common, dtype=pl.Binary).implode())
    before, after_ = (Counter(state.filter(held)["content"].to_list()) for state in (was, now))
    for content in common:
        if before[content] <= 1 and after_[content] == 1 and len(lost[content]) == 1:
            _pair(out, lost[content][0], found[content][0], Judgement(Verdict.MOVED, HIGH, 1, "moved"))


def _folders(out: Judged, gone: Sequence[bytes], came: Sequence[bytes], looks: Mapping[bytes, Sequence[Look]]) -> None:
    """A folder moved where everything that moved out of it went into one other."""
    votes: dict[bytes, set[bytes]] = {}
    new = set(came)

    def vote(old: bytes, other: bytes) -> None:
        (above, _, name), (place, _, same) = old.rpartition(b"/"), other.rpartition(b"/")
        if above and place and name == same:
            votes.setdefault(above, set()).add(place)

    for path, found in list(out.items()):
        if found.verdict is Verdict.MOVED and found.other is not None and found.why != "moved_here":
            vote(path, found.other)
    folders = [path for path in gone if (seen := _last(out, looks, path)) is not None and seen.kind == "d"]
    for path in sorted(folders, key=lambda item: -item.count(b"/")):
        places = votes.get(path, set())
        if len(places) == 1 and (target := next(iter(places))) in new and out[target].verdict is Verdict.NEW:
            _pair(out, path, target, Judgement(Verdict.MOVED, HIGH, 1, "moved"))
            vote(path, target)


def _collided(
    out: Judged, gone: Sequence[bytes], looks: Mapping[bytes, Sequence[Look]], was: pl.DataFrame, now: pl.DataFrame
) -> None:
    """Two names that became one: the one that is no longer there lost to the other."""
    names = {name: path for path in gone if (name := folded(path)) is not None}
    if not names:
        return
    kept = _named(now, list(names.values())).join(was.select("key"), on="key", how="semi")
    for path, content, kind in kept.select("path", "content", "kind").iter_rows():
        name = folded(path)
        if name not in names:
            continue
        lost = names[name]
        if lost == path:
            continue
        out[lost] = out[lost]._replace(why="case_collision", other=path)
        seen, winner = _last(out, looks, lost), out.get(path)
        if seen is not None and winner is not None and (kind, content) == seen.identity and winner.rule >= 14:
            out[path] = Judgement(Verdict.CORRUPT, HIGH, 13, "holds_its_twin", flags=winner.flags, other=lost)


def _named(table: pl.DataFrame, names: Iterable[bytes]) -> pl.DataFrame:
    """Rows whose path is one of these but, perhaps, for case and form."""
    import polars as pl

    plain = {name.lower() for name in names if name.isascii()}
    others = {folded(name) for name in names if not name.isascii()}
    some = _likely(table, plain, bool(others))
    paths = some["path"].to_list()
    found = [path.lower() in plain or (not path.isascii() and folded(path) in others) for path in paths]
    return some.filter(pl.Series(found, dtype=pl.Boolean))


def _likely(table: pl.DataFrame, plain: Iterable[bytes], others: bool) -> pl.DataFrame:
    """The few rows that `_named` must look at one by one; all of them where a path is no text."""
    import polars as pl

    try:
        text = table["path"].cast(pl.String)
    except pl.exceptions.ComputeError:
        return table
    near = text.str.to_lowercase().is_in(sorted(name.decode() for name in plain))
    return table.filter(near | (text.str.len_bytes() != text.str.len_chars()) if others else near)
