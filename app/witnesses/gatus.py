"""Gatus' SQLite file: `endpoints` and `endpoint_results`. By default Gatus keeps the last hundred results of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from app.errors import BadInput
from app.sla.case import State
from app.witnesses.answers import Answer, Foreign, Unread, latency, one_line, settled, stamp
from app.witnesses.sqlite import opened

SEPARATOR = "|~|"


class Gatus:
    kind = "Gatus"

    def __init__(self, path: Path) -> None:
        self.name, self.unread = path.name, Unread()
        results = {"endpoint_id", "success", "errors", "status", "hostname", "duration", "timestamp"}
        names = {"endpoint_id", "endpoint_name", "endpoint_group"}
        self.connection = opened(path, {"endpoints": names, "endpoint_results": results}, self.kind)

    def monitors(self) -> list[Foreign]:
        found = []
        query = """SELECT e.endpoint_id, e.endpoint_name, e.endpoint_group,
            (SELECT hostname FROM endpoint_results r WHERE r.endpoint_id = e.endpoint_id AND hostname <> ''
             ORDER BY endpoint_result_id DESC LIMIT 1) FROM endpoints e ORDER BY e.endpoint_id"""
        for key, name, group, host in self.connection.execute(query):
            title = f"{one_line(group)}/{one_line(name)}" if group else one_line(name)
            found.append(Foreign(str(key), title or f"endpoint {key}", one_line(host), self._interval(key)))
        return found

    def _interval(self, key: int) -> int:
        """The usual time between two results: Gatus does not keep the one it was told."""
        rows = self.connection.execute(
            "SELECT timestamp FROM endpoint_results WHERE endpoint_id = ? ORDER BY endpoint_result_id DESC LIMIT 51",
            (key,),
        ).fetchall()
        times = []
        for (at,) in rows:
            try:
                times.append(stamp(str(at)))
            except ValueError:
                continue
        gaps = sorted(earlier - later for earlier, later in pairwise(times) if earlier > later)
        return max(round(gaps[len(gaps) // 2] / 1_000_000), 1) if gaps else 60

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        return settled(self._results(monitor, after))

    def _results(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        query = """SELECT timestamp, success, duration, errors, status FROM endpoint_results
            WHERE endpoint_id = ? ORDER BY endpoint_result_id"""
        last = None
        try:
            for at, success, duration, errors, status in self.connection.execute(query, (int(monitor.key),)):
                try:
                    moment = stamp(str(at))
                except ValueError:
                    self.unread.add("a result whose time nobody can read", at)
                    continue
                if last is not None and moment < last:
                    self.unread.add("a result written after a later one", at)
                    continue
                last = moment
                if after is None or moment > after:
                    said = one_line(str(errors or "").replace(SEPARATOR, "; "))
                    said = said or (f"status {status}" if status else "")
                    state = State.UP if success else State.DOWN
                    yield Answer(moment, state, latency(duration, 1_000_000), "" if success else said)
        except sqlite3.Error as error:
            raise BadInput(f"{self.name} is damaged: {error}", field="FILE") from None

    def close(self) -> None:
        self.connection.close()
