"""All sites in turn, and the count: what is current, old, lost and unknown, and what was not examined."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.errors import KeptError
from app.integrity.compare import grouping, reading
from app.integrity.compare.clocks import Given, Order
from app.integrity.compare.site import Found, compare
from app.integrity.compare.task import Answers, Looked, Task
from app.integrity.compare.values import HIGH, LOST, LOW, OLD, UNSURE, Judgement, Verdict
from app.integrity.format import EXCLUDED, IncompleteEvidence, Unverifiable

if TYPE_CHECKING:
    import polars as pl

AT_ONCE = 2  # sites that are held in memory together
INTACT_WHY, EXCLUDED_WHY = ("equal", 6), ("excluded", 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a comparison is asked for."""

    order: Order
    answers: Answers = field(default_factory=dict)
    only_findings: bool = False
    live: bool = False
    site: str | None = None


@dataclass(slots=True)
class SiteResult:
    """One site: every path of any generation once, and the counts."""

    site: str
    client: str
    found: Found | None
    judged: Mapping[bytes, Judgement]
    counts: Counter[tuple[str, str]]  # (verdict, confidence) -> paths
    drifted: int
    lacking: list[str]  # what evidence is not there, in words
    why: str = ""  # of a site that could not be judged
    renamed_to: str | None = None
    unreadable: int = 0
    unstable: int = 0

    @property
    def prefix(self) -> bytes:
        return (f"{self.client}/{self.site}/" if self.client else f"{self.site}/").encode()

    @property
    def name(self) -> str:
        return self.prefix.decode()[:-1]

    def sums(self) -> dict[str, int]:
        """Paths that are current, old, lost, unknown, left out; what is said at low confidence stands apart."""
        out = dict.fromkeys(("current", "old", "lost", "unknown", "excluded", "low"), 0)
        for (verdict, conf), count in self.counts.items():
            if verdict == Verdict.EXCLUDED:
                out["excluded"] += count
            elif verdict in UNSURE:
                out["unknown"] += count
            elif verdict in OLD | LOST:
                out["low" if conf == LOW else "old" if verdict in OLD else "lost"] += count
            else:
                out["current"] += count
        return out

    def lines(self, only_findings: bool = False) -> pl.DataFrame:
        """A row for each path, sorted: path, verdict, conf, meta and the reasons."""
        import polars as pl

        rows = [
            (path, item.verdict.value, item.conf.value, self.found.meta.get(path, []) if self.found else [], item.rule,
             item.why, item.generation, item.last, list(item.flags), item.other)
            for path, item in self.judged.items()
        ]  # fmt: skip
        parts = [pl.DataFrame(rows, schema=LINE, orient="row")]
        if only_findings:
            quiet = (pl.col("verdict").is_in(["INTACT", "EXCLUDED"])) & (pl.col("meta").list.len() == 0)
            parts[0] = parts[0].filter(~quiet)
        if self.found is not None:
            parts.append(_all_one(self.found.plain.select("path", "meta"), Verdict.INTACT, *INTACT_WHY))
            if not only_findings:
                parts.append(_all_one(self.found.excluded, Verdict.EXCLUDED, *EXCLUDED_WHY))
        return pl.concat(parts).sort("path")


def _schema() -> dict[str, pl.DataType]:
    import polars as pl

    return {
        "path": pl.Binary(), "verdict": pl.String(), "conf": pl.String(), "meta": pl.List(pl.String()),
        "rule": pl.Int64(), "why": pl.String(), "generation": pl.Int64(), "last": pl.Int64(),
        "flags": pl.List(pl.String()), "other": pl.Binary(),
    }  # fmt: skip


LINE = _schema()


def _all_one(paths: pl.DataFrame, verdict: Verdict, why: str, rule: int) -> pl.DataFrame:
    import polars as pl

    empty = pl.lit([], dtype=pl.List(pl.String))
    meta = pl.col("meta").fill_null(empty) if "meta" in paths.columns else empty
    return paths.select(
        "path",
        verdict=pl.lit(verdict.value),
        conf=pl.lit(HIGH.value),
        meta=meta,
        rule=pl.lit(rule, dtype=pl.Int64),
        why=pl.lit(why),
        generation=pl.lit(-1, dtype=pl.Int64),
        last=pl.lit(-1, dtype=pl.Int64),
        flags=empty,
        other=pl.lit(None, dtype=pl.Binary),
    )


class Audit:
    """A comparison of all sites. `results` judges one site after another, so that memory holds two at a time."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.order = asked, asked.order
        self.after = self.order.given[-1]
        self.old = [item for item in self.order.given if item.server == "old"]

    def sites(self) -> list[str]:
        """All sites of all generations, by the name that their paths are printed with."""
        clients = {site.name: site.client for item in self.order.given for site in item.generation.sites}
        names = sorted(clients, key=lambda name: (clients[name], name))
        return names if self.asked.site is None else [name for name in names if name == self.asked.site]

    def results(self) -> Iterator[SiteResult]:
        """Each site in turn. While one is told of, the next is judged: what reads, digests and joins needs no lock."""
        renamed, ahead = self.renamed(), deque[Future[SiteResult]]()
        with ThreadPoolExecutor(AT_ONCE, "audit") as pool:
            try:
                for name in self.sites():
                    ahead.append(pool.submit(self.one, name, renamed))
                    if len(ahead) == AT_ONCE:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def renamed(self) -> dict[str, str]:
        """Sites of the last old generation that the judged one may hold under another name."""
        before = {site.name for site in self.old[-1].generation.sites}
        now = {site.name for site in self.after.generation.sites}
        if before <= now:
            return {}
        ever = {site.name for item in self.old for site in item.generation.sites}
        return grouping.renamed(
            before - now, now - ever, _contents(self.old[-1]), _contents(self.after)
        )  # fmt: skip

    def one(self, name: str, renamed: Mapping[str, str]) -> SiteResult:
        looked, lacking = [], []
        for snap, item in zip(self.order.snaps, self.order.given, strict=True):
            try:
                part = item.generation.site(name)
                if part.record.get("unopened"):
                    raise IncompleteEvidence(f"could not be opened: {part.record['unopened']}", field=name)
                reading.sealed(item.generation, name)
                looked.append(Looked(snap, item.generation))
            except (IncompleteEvidence, Unverifiable) as error:
                lacking.append(f"{item.generation.id}: {error.reason}")
        while True:
            task = Task(
                name, looked, len(self.order.snaps), self.order.trusted_pre, self.order.offset_ns, self.order.slack_ns,
                self.asked.answers, not self.asked.only_findings, self.asked.live,
            )  # fmt: skip
            if not task.old or not task.new or not task.new[-1].snap.after:
                return self._unjudged(task, lacking, renamed)
            try:
                found = compare(task)
                break
            except (IncompleteEvidence, Unverifiable) as error:  # without that generation, then
                at_fault = [item for item in looked if str(item.generation.folder) in str(error.field)]
                lacking.append(error.sentence())
                looked = [item for item in looked if item not in at_fault] if at_fault else []
        counts = Counter((item.verdict.value, item.conf.value) for item in found.judged.values())
        counts[Verdict.INTACT.value, HIGH.value] += found.intact
        counts[Verdict.EXCLUDED.value, HIGH.value] += found.left_out
        part = self.after.generation.site(name)
        return SiteResult(
            name, found.client, found, found.judged, +counts,
            found.drifted + sum(1 for meta in found.meta.values() if meta), lacking,
            unreadable=part.unreadable, unstable=part.unstable,
        )  # fmt: skip

    def _unjudged(self, task: Task, lacking: list[str], renamed: Mapping[str, str]) -> SiteResult:
        """A site that was not looked at on one side: every path is unknown, none is missing."""
        held = [item for item in self.order.given if any(site.name == task.site for site in item.generation.sites)]
        in_after = held and held[-1] is self.after
        why = "site_unreadable" if in_after and any(item.server == "old" for item in held) else (
            "site_not_in_before" if in_after else "site_not_in_after"
        )  # fmt: skip
        if task.site in renamed:
            why = "site_renamed"
        paths: set[bytes] = set()
        out: set[bytes] = set()
        for item in task.looked:
            try:
                table = reading.columns(item.generation, task.site, ("path", *reading.JUDGED))
            except KeptError:
                continue
            for path, flags in table.select("path", "flags").iter_rows():
                (out if flags & EXCLUDED else paths).add(path)
        judged = {path: Judgement(Verdict.UNKNOWN, LOW, 20, why) for path in paths}
        judged |= {path: Judgement(Verdict.EXCLUDED, HIGH, 0, "excluded") for path in out - paths}
        client = held[-1].generation.site(task.site).client if held else ""
        counts = Counter((item.verdict.value, item.conf.value) for item in judged.values())
        return SiteResult(task.site, client, None, judged, counts, 0, lacking, why, renamed.get(task.site))


def _contents(item: Given) -> grouping.Contents:
    import polars as pl

    def digests(site: str) -> set[bytes]:
        try:
            table = reading.columns(item.generation, site, (*reading.JUDGED, "size"))
        except KeptError:
            return set()
        return set(table.filter((pl.col("kind") == "f") & (pl.col("size") > 0))["content"].drop_nulls().to_list())

    return digests


def excludes_differ(given: Sequence[Given]) -> list[str]:
    """What some generations left out and others did not, in words."""
    lists = {item.generation.id: {*item.generation.excludes, *item.generation.volatile} for item in given}
    every = set.intersection(*lists.values())
    return [f"{id_} left out {', '.join(sorted(own - every))}" for id_, own in lists.items() if own - every]
