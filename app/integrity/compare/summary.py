"""The whole comparison in figures, and what it cannot say. Every output carries it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from app.integrity.compare import blind, parts
from app.integrity.compare.audit import Asked, SiteResult, excludes_differ
from app.integrity.compare.clocks import true_ns
from app.integrity.compare.printing import shown
from app.integrity.compare.tables import TableResult
from app.integrity.compare.values import ALARM, LOW, Verdict
from app.integrity.compare.wording import intact, sentence
from app.integrity.format import instant

CLEAN, LOSSES, UNVERIFIABLE, INCOMPLETE = 0, 3, 4, 5
STATES = ("lost", "old", "unknown", "current")  # of a site: the first that holds of any path


@dataclass(slots=True)
class Summary:
    """Adds up site after site; holds no paths but those of findings that may be told one by one."""

    asked: Asked
    sites: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    questions: list[parts.Question] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    totals: Counter[str] = field(default_factory=Counter)
    expected: Fraction = Fraction(0)
    windows: list[tuple[int, int]] = field(default_factory=list)
    paceless: int = 0  # sites whose pace is not known

    @property
    def ids(self) -> list[str]:
        return [snap.id for snap in self.asked.order.snaps]

    @property
    def times(self) -> dict[int, tuple[str, int]]:
        """(id, when) of each snapshot, by true time as far as it is known."""
        order = self.asked.order
        return {
            snap.number: (snap.id, snap.start_ns - (item.clock.offset_ns or 0))
            for snap, item in zip(order.snaps, order.given, strict=True)
        }

    def add(self, result: SiteResult, *, tell: bool) -> None:
        """Takes in a site; with `tell` every finding as a sentence."""
        sums = result.sums()
        self.totals.update(sums)
        found = result.found
        state = next((name for name in STATES if sums[name]), "current")
        site: dict[str, Any] = {
            "site": result.name, "name": result.site, "state": state, **sums, "drift": result.drifted,
            "unreadable": result.unreadable, "unstable": result.unstable,
            "verdicts": {f"{verdict} {conf}": count for (verdict, conf), count in sorted(result.counts.items())},
            "notes": list(self._notes(result)),
        }  # fmt: skip
        self.totals.update(drift=result.drifted, unreadable=result.unreadable, unstable=result.unstable)
        self.lacking += [f"{result.name}: {text}" for text in result.lacking]
        if found is None and not result.lacking:
            self.lacking.append(f"{result.name}: {result.why}")
        if found is not None:
            self.questions += found.questions
            if found.unseen is not None:
                self.windows.append((found.unseen.start_ns, found.unseen.end_ns))
                if found.unseen.expected is None:
                    self.paceless += 1
                else:
                    self.expected += found.unseen.expected
        self.sites.append(site)
        if tell:
            self._tell(result)

    def _notes(self, result: SiteResult) -> Iterator[str]:
        found = result.found
        if result.renamed_to is not None:
            yield f"not in the last snapshot; most of its contents are in the site {result.renamed_to!r} there"
        elif found is None:
            yield f"not judged: {result.why.replace('_', ' ')}"
        if found is None:
            return
        if found.back_to is not None:
            yield f"all its contents are those of {found.back_to}, byte for byte"
        for group in found.groups:
            folder = shown(group.folder) + "/" if group.folder else "the site"
            yield f"{folder} went back to {self.ids[group.generation]}: {group.files} of {group.of} files changed since"
        for part in found.unpacked:
            yield f"{shown(part.folder)}/: {part.files} files with dates of their own; an unpacked update explains that"
        if found.frozen:
            yield f"{found.frozen} files that were always rewritten stand still (cron or rights broken, or stale)"

    def _tell(self, result: SiteResult) -> None:
        times = self.times
        for path in sorted(result.judged):
            item = result.judged[path]
            if item.verdict not in ALARM:
                continue
            text = sentence(shown(result.prefix + path), item, times)
            if text is not None:
                self.findings.append(
                    {"path": shown(result.prefix + path), "verdict": item.verdict.value, "conf": item.conf.value,
                     "text": text, "flags": list(item.flags)}
                )  # fmt: skip

    def add_table(self, result: TableResult) -> None:
        counts = result.rows.counts if result.rows else {}
        self.tables.append(
            {"site": result.site, "database": result.database, "table": result.table,
             "rows": dict(sorted(counts.items())), "damaged": result.damage, "notes": result.notes}
        )  # fmt: skip
        self.totals.update(rows_damaged=result.damage)
        if result.lacking:
            self.lacking.append(f"{result.site}, table {result.table or '(all)'}: {'; '.join(result.notes)}")

    # what follows

    @property
    def exit_code(self) -> int:
        """3 losses · 5 evidence that is not there · 4 what could not be verified · 0 clean."""
        if self.totals["old"] + self.totals["lost"] + self.totals["rows_damaged"]:
            return LOSSES
        if self.lacking or self.asked.live:
            return INCOMPLETE
        return UNVERIFIABLE if self.totals["unknown"] + self.totals["low"] else CLEAN

    def limits(self) -> list[str]:
        """What is always printed: what was not examined, what nobody saw, and what the evidence is."""
        order, totals = self.asked.order, self.totals
        last = next(item for item in reversed(order.given) if item.server == "old")
        out = [
            f"{intact(totals['current'] - self.changed, _when(self, last.generation.id))}; "
            f"{self.changed} changed, new or moved",
            f"not examined: {totals['unreadable']} unreadable, {totals['unstable']} unstable, "
            f"{totals['excluded']} excluded; {totals['unknown']} unknown; {totals['low']} at low confidence, counted "
            "and not claimed",
            f"clocks: {order.basis}",
        ]
        out += [f"snapshot {item.generation.id}: {item.role}, {item.server} server, {_when(self, item.generation.id)}"
                f"{' (claimed)' if item.generation.claimed else ''}" for item in order.given]  # fmt: skip
        if not [item for item in order.given if item.role == "pre"] or self.asked.live:
            out.append("no snapshot from before the work: candidates for losses, not proof")
        if not [item for item in order.given if item.role == "during"]:
            out.append("no snapshot during the work: what was written then and lost shows nowhere")
        out += [
            f"snapshot {item.generation.id} of the old server was taken after the one that is judged, and is the "
            "measure all the same"
            for item in order.given
            if item.server == "old" and not self.asked.live and true_ns(item) > true_ns(order.given[-1])
        ]
        out += [f"excludes differ: {text}" for text in excludes_differ(order.given)]
        out += self._blind()
        if self.questions:
            out.append(f"{len(self.questions)} shorter files may have been cut: kept audit probe can settle it")
        out += [f"evidence lacking: {text}" for text in self.lacking]
        return out

    @property
    def changed(self) -> int:
        kinds = (Verdict.CHANGED, Verdict.NEW, Verdict.MOVED)
        return sum(
            count
            for site in self.sites
            for name, count in site["verdicts"].items()
            if name.split()[0] in kinds
        )  # fmt: skip

    def _blind(self) -> Iterator[str]:
        if not self.windows:
            return
        start, end = min(low for low, _ in self.windows), max(high for _, high in self.windows)
        said = f"blind from {instant(start):%Y-%m-%d %H:%M} to {instant(end):%Y-%m-%d %H:%M} UTC, by the old clock"
        if self.paceless == len(self.windows):
            yield f"{said}; how much was written then is not known"
            return
        low, high = blind.poisson(self.expected)
        unknown = f"; {self.paceless} sites without a known pace" if self.paceless else ""
        yield f"{said}: about {round(self.expected)} writes nobody saw, at the pace before ({low} to {high}){unknown}"

    def as_json(self) -> dict[str, Any]:
        low, high = blind.poisson(self.expected)
        return {
            "exit_code": self.exit_code,
            "totals": dict(sorted(self.totals.items())),
            "sites": self.sites,
            "tables": self.tables,
            "findings": self.findings,
            "limits": self.limits(),
            "blind": {"expected": str(self.expected), "low": low, "high": high, "sites_without_pace": self.paceless},
            "generations": [
                {"id": item.generation.id, "role": item.role, "server": item.server,
                 "taken_at": instant(item.generation.start_ns).isoformat(), "claimed": item.generation.claimed,
                 "clock": {"offset_ns": item.clock.offset_ns, "uncertainty_ns": item.clock.uncertainty_ns},
                 "server_root": item.generation.server_root}
                for item in self.asked.order.given
            ],
            "offset_ns": self.asked.order.offset_ns,
        }  # fmt: skip


def _when(summary: Summary, id_: str) -> str:
    ns = next(ns for name, ns in summary.times.values() if name == id_)
    return f"{instant(ns):%Y-%m-%d %H:%M} UTC"


def damaged(results: Iterable[SiteResult]) -> Iterator[tuple[SiteResult, bytes]]:
    """Paths whose last good state should be copied back."""
    for result in results:
        for path in sorted(result.judged):
            item = result.judged[path]
            if item.verdict in ALARM and item.conf is not LOW and item.verdict is not Verdict.RESURRECTED:
                yield result, path
