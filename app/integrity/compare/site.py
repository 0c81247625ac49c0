"""One site: what is plainly equal is found in columns, all else goes path by path through the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.integrity.compare import blind, drift, grouping, moves, parts, policy, reading
from app.integrity.compare.live import judge_live
from app.integrity.compare.policy import Policies
from app.integrity.compare.rules import Frame, judge
from app.integrity.compare.task import Looked, Task, began
from app.integrity.compare.values import SECOND, Judgement, Look, Seen, Sight, Snap
from app.integrity.format import EXCLUDED, UNREAD, UNSTABLE

if TYPE_CHECKING:
    import polars as pl

LATER = ("kind", "content", "flags", "mtime_ns", "mode", "uid", "gid", "owner", "group", "xattr8", "hlgroup")


@dataclass(slots=True)
class Found:
    """What came out for one site's files."""

    site: str
    client: str
    judged: dict[bytes, Judgement]
    meta: dict[bytes, list[str]]  # of judged paths
    plain: pl.DataFrame  # path, key, meta of what is INTACT; without paths where nobody asked for them
    excluded: pl.DataFrame  # path of what was left out by both
    intact: int = 0
    left_out: int = 0
    drifted: int = 0
    policies: Mapping[int, Policies] = field(default_factory=dict)
    groups: tuple[grouping.Group, ...] = ()
    questions: tuple[parts.Question, ...] = ()
    unpacked: tuple[grouping.Unpacked, ...] = ()
    unseen: blind.Window | None = None
    frozen: int = 0
    back_to: str | None = None  # the whole site is byte for byte that generation's, and not the last one's


def compare(task: Task) -> Found:
    """All paths of one site. Raises Unverifiable or IncompleteEvidence where a file of it cannot be read."""
    import polars as pl

    base, after = task.old[-1], task.new[-1]
    tables = {
        item.snap.number: reading.columns(item.generation, task.site, _needed(task, item)) for item in task.looked
    }
    was, now = tables[base.snap.number], tables[after.snap.number]
    both = _both(was, now)
    same = both.select("key", "kind", "mtime_ns", "mtime_ns_now", plain=_same("_now"))
    moved_on = _differing(was, [tables[item.snap.number] for item in task.new[:-1]])
    plain = same.filter("plain").join(moved_on, on="key", how="anti") if moved_on.height else same.filter("plain")
    out = _left_out(was, now)
    settled = pl.concat([plain.select("key"), out]) if out.height else plain.select("key")
    rows = {number: table.join(settled, on="key", how="anti") for number, table in tables.items()}
    metas = drift.drift(both)
    files_alike = same.filter(pl.col("plain") & (pl.col("kind") == "f"))
    frame = _frame(task, tables, files_alike.select("key", old="mtime_ns", new="mtime_ns_now"))
    files = Files(task, rows, tables)
    judged = files.judge(frame)
    judged = judged if task.live else moves.reconcile(judged, files.looks, frame, was, now)
    by_key = dict(metas.join(settled, on="key", how="anti").rows())
    meta = {path: by_key[key] for path, key in files.keys.items() if key in by_key}
    plain = plain.select("key").join(metas, on="key", how="left")
    drifted = plain["meta"].drop_nulls().len()
    wanted = plain if task.paths else plain.filter(pl.col("meta").is_not_null())
    shown = wanted.join(now.select("key", "path"), on="key", how="left") if wanted.height else _no_paths(wanted)
    found = Found(
        task.site, after.generation.site(task.site).client, judged,
        {path: meta.get(path, []) for path in judged}, shown, _paths_of(task, out, was, now),
        intact=plain.height, left_out=out.height, drifted=drifted, policies=frame.policies,
        questions=files.questions(),
    )  # fmt: skip
    found.groups = grouping.groups(judged, tables, frame)
    found.unpacked = grouping.unpacked(judged)
    found.unseen = blind.window(task, frame, tables)
    found.frozen = blind.frozen(task, plain, tables)
    found.back_to = grouping.whole(task)
    return found


def _needed(task: Task, item: Looked) -> Sequence[str]:
    """Rights and owners of the two states that are laid side by side; of other old ones not even the paths."""
    if item in (task.old[-1], task.new[-1]):
        return reading.ENTRY
    return reading.NAMELESS if item.snap.server == "old" else reading.CONTENT


def _both(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What is in both states, the later one's columns ending in `_now`. Rights and owners that are one and the same
    for all entries of both are left out: most sites have one owner."""
    import polars as pl

    names = [name for name in LATER if name not in drift.COLUMNS or not _one_value(was[name], now[name])]
    names += [number for name, number in drift.NUMBERS.items() if name in names and number not in names]
    later = now.select("key", *(pl.col(name).alias(f"{name}_now") for name in names))
    return was.select("key", *names).join(later, on="key", how="inner")


def _one_value(was: pl.Series, now: pl.Series) -> bool:
    if was.len() == 0 or now.len() == 0:
        return False
    first = was[0]
    return first is not None and bool((was == first).all(ignore_nulls=False) and (now == first).all(ignore_nulls=False))


def _same(other: str) -> pl.Expr:
    """Present, examined and equal on both sides."""
    import polars as pl

    sound = ((pl.col("flags") | pl.col(f"flags{other}")) & (UNREAD | EXCLUDED | UNSTABLE)) == 0
    equal = pl.col("content").eq_missing(pl.col(f"content{other}"))
    known = pl.col("content").is_not_null() | ~pl.col("kind").is_in(["f", "l"])
    return sound & known & equal & (pl.col("kind") == pl.col(f"kind{other}"))


def _differing(was: pl.DataFrame, others: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Keys that an earlier snapshot of the new server saw in another state than the last old one."""
    import polars as pl

    keys = [was.select("key").clear()]
    for other in others:
        pair = was.select("key", "kind", "content", "flags").join(
            other.select("key", "kind", "content", "flags"), on="key", how="inner", suffix="_now"
        )
        keys.append(pair.filter(~_same("_now")).select("key"))
    return pl.concat(keys).unique()


def _left_out(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Keys that one of the two counted and did not examine, and the other did so too or has not at all."""
    import polars as pl

    left_out = pl.col("flags") & EXCLUDED != 0
    before, after = was.filter(left_out).select("key"), now.filter(left_out).select("key")
    if before.height + after.height == 0:
        return before
    examined = pl.concat([was.filter(~left_out).select("key"), now.filter(~left_out).select("key")])
    return pl.concat([before, after]).unique().join(examined, on="key", how="anti")


def _frame(task: Task, tables: Mapping[int, pl.DataFrame], alike: pl.DataFrame) -> Frame:
    """`alike`: the times of files of the judged snapshot that equal the last old state."""
    states = [tables[item.snap.number] for item in task.old]
    snaps = {item.snap.number: item for item in task.looked}
    trusted = task.trusted if task.trusted in snaps else task.old[0].snap.number
    return Frame(
        old=tuple(item.snap for item in task.old),
        new=tuple(item.snap for item in task.new),
        trusted=trusted,
        since_ns=began(snaps[trusted], task.site),
        offset_ns=task.offset_ns,
        slack_ns=task.slack_ns,
        policies={
            item.snap.number: _policies(states, tables[item.snap.number], alike if item is task.new[-1] else None)
            for item in task.new
        },
    )


def _policies(states: Sequence[pl.DataFrame], new: pl.DataFrame, alike: pl.DataFrame | None) -> Policies:
    """`states` of the old server, the last one last: earlier ones count where hardly a file equals the last."""
    import polars as pl

    equal = _equal(states[-1], new) if alike is None else alike
    for earlier in reversed(states[:-1]):
        if equal.height >= policy.FEW:
            break
        equal = pl.concat([equal, _equal(earlier, new).join(equal, on="key", how="anti")])
    site = policy.measure(equal)
    kept = int(equal.select(((pl.col("new") - pl.col("old")).abs() <= SECOND).sum()).item())
    if min(kept, equal.height - kept) < policy.FEW:
        return Policies(site)
    part = equal.join(new.select("key", "path"), on="key", how="left")
    tops = [path.partition(b"/") for path in part["path"].to_list()]
    top = pl.Series("top", [first if slash else None for first, slash, _ in tops], dtype=pl.Binary)
    return Policies(site, policy.by_folder(part.with_columns(top), site))


def _equal(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """(key, old, new): the times of files with one content."""
    import polars as pl

    names = ("key", "kind", "content", "flags", "mtime_ns")
    files = old.select(names).filter(pl.col("kind") == "f")
    pair = files.join(new.select(names), on="key", how="inner", suffix="_now")
    return pair.filter(_same("_now")).select("key", old="mtime_ns", new="mtime_ns_now")


def _no_paths(rows: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return rows.with_columns(path=pl.lit(None, dtype=pl.Binary))


def _paths_of(task: Task, keys: pl.DataFrame, *states: pl.DataFrame) -> pl.DataFrame:
    """Paths of these keys, where anybody wants them."""
    import polars as pl

    if not task.paths or keys.height == 0:
        return pl.DataFrame(schema={"path": pl.Binary()})
    named = [state.select("key", "path").join(keys, on="key", how="semi") for state in states]
    return pl.concat(named).unique("key").select("path")


def _names(rows: Sequence[pl.DataFrame]) -> Iterator[tuple[int, bytes]]:
    for frame in rows:
        yield from frame.select("key", "path").iter_rows()


class Files:
    """The paths that are not plainly equal: what every generation saw of them."""

    def __init__(self, task: Task, rows: Mapping[int, pl.DataFrame], tables: Mapping[int, pl.DataFrame]) -> None:
        """`rows`: the entries at hand of each generation, of all its `tables`."""
        self.task = task
        self.looks: dict[bytes, list[Look]] = {}
        self.keys: dict[bytes, int] = {}
        self.asked: dict[bytes, parts.Question] = {}
        self._sides: dict[int, dict[int, parts.Parts]] = {}
        self._generations = {item.snap.number: item.generation for item in task.looked}
        nowhere: list[Look] = [Sight.NOT_LOOKED] * task.snaps
        for item in task.looked:
            nowhere[item.snap.number] = Sight.ABSENT
        named = dict(_names([frame for frame in rows.values() if "path" in frame.columns]))
        shut = {}
        for item in task.looked:
            number = item.snap.number
            held = rows[number]
            closed = reading.shut(tables[number])
            if "path" not in held.columns and (closed or not all(key in named for key in held["key"].to_list())):
                table = reading.columns(item.generation, task.site, reading.CONTENT)
                held = table.join(held.select("key"), on="key", how="semi")
                shut[number] = reading.opaque(table)
            else:
                shut[number] = reading.opaque(tables[number]) if closed else frozenset()
            for path, seen in reading.entries(held, named):
                looks = self.looks.get(path)
                if looks is None:
                    looks = self.looks[path] = list(nowhere)
                    self.keys[path] = seen.key
                looks[number] = seen
        for number, folders in shut.items():
            if folders:
                for path, looks in self.looks.items():
                    if looks[number] is Sight.ABSENT and reading.below(path, folders):
                        looks[number] = Sight.NOT_LOOKED

    def judge(self, frame: Frame) -> dict[bytes, Judgement]:
        by = judge_live if self.task.live else judge
        return {path: by(path, looks, frame, self._proof(path)) for path, looks in self.looks.items()}

    def _proof(self, path: bytes) -> Callable[[Snap, Seen, Snap, Seen], bool]:
        def proof(old: Snap, was: Seen, new: Snap, now: Seen) -> bool:
            long = self._parts(old.number).get(was.key)
            if long is None or long.size != was.size:
                return False
            short = self._parts(new.number).get(now.key)
            answer = self.task.answers.get((self.task.site, path))
            if answer is not None and new.after and answer.digest == now.content:
                short = answer.parts
            if short is None or short.size != now.size:
                if new.after and now.size >= parts.FIRST:
                    self.asked[path] = parts.question(self.task.site, path, now.size, long)
                return False
            return parts.is_beginning(short, long)

        return proof

    def _parts(self, number: int) -> dict[int, parts.Parts]:
        """Parts of the paths at hand in one generation, by key; read when first asked for."""
        import polars as pl

        if number not in self._sides:
            table = reading.parts_of_files(self._generations[number], self.task.site)
            if table is None:
                self._sides[number] = {}
            else:
                keys = pl.Series(list(self.keys.values()), dtype=pl.UInt64)
                chosen: Mapping[str, Any] = table.filter(pl.col("key").is_in(keys.implode())).to_dict(as_series=False)
                self._sides[number] = dict(parts.rows(chosen))
        return self._sides[number]

    def questions(self) -> tuple[parts.Question, ...]:
        return tuple(self.asked[path] for path in sorted(self.asked))
