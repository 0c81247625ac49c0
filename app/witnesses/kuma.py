"""Uptime Kuma's SQLite file (versions 1 and 2): `monitor` and `heartbeat`.

Its states: 0 down, 1 up, 2 pending (it failed and is being tried again), 3 maintenance. A pending beat is a failed
answer; whether failures make an outage is for the law to say, so as many as Kuma waits for confirm it here too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from app.errors import BadInput
from app.probes.importing.fields import instant
from app.sla.case import State
from app.witnesses.answers import Answer, Foreign, Unread, latency, one_line, settled, stamp
from app.witnesses.sqlite import opened

STATES = {0: State.DOWN, 1: State.UP, 2: State.DOWN, 3: State.UNKNOWN}
NO_WITNESS = {"group": "a group repeats what its members saw", "manual": "its state was set by hand"}


class Kuma:
    kind = "Uptime Kuma"

    def __init__(self, path: Path) -> None:
        self.name, self.unread = path.name, Unread()
        beats = {"monitor_id", "status", "msg", "time", "ping"}
        self.connection = opened(path, {"monitor": {"id", "name", "interval", "url"}, "heartbeat": beats}, self.kind)
        self.columns = {row[1] for row in self.connection.execute("PRAGMA table_info(monitor)")}

    def monitors(self) -> list[Foreign]:
        chosen = [
            name if name in self.columns else f"NULL AS {name}" for name in ("type", "hostname", "port", "maxretries")
        ]
        found = []
        for key, name, interval, url, kind, hostname, _, retries in self.connection.execute(
            f"SELECT id, name, interval, url, {', '.join(chosen)} FROM monitor ORDER BY id"
        ):
            address = hostname if hostname and (not url or url in ("https://", "http://")) else url
            found.append(Foreign(
                str(key), one_line(name) or f"monitor {key}", one_line(address), max(int(interval or 60), 1),
                min(int(retries or 0) + 1, 10), NO_WITNESS.get(str(kind), ""),
            ))  # fmt: skip
        return found

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        return settled(self._beats(monitor, after))

    def _beats(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        query = "SELECT time, status, ping, msg FROM heartbeat WHERE monitor_id = ?"
        values: list[object] = [int(monitor.key)]
        if after is not None:
            query += " AND time >= ?"
            values.append(f"{instant(after):%Y-%m-%d %H:%M:%S}")
        try:
            for at, status, ping, msg in self.connection.execute(f"{query} ORDER BY time, id", values):
                try:
                    moment, state = stamp(str(at)), STATES[status]
                except (ValueError, KeyError):
                    self.unread.add("a heartbeat whose time or state nobody can read", f"{at} {status}")
                    continue
                if after is None or moment > after:
                    bad = state is State.DOWN
                    yield Answer(moment, state, latency(ping), one_line(msg) if bad else "")
        except sqlite3.Error as error:
            raise BadInput(f"{self.name} is damaged: {error}", field="FILE") from None

    def close(self) -> None:
        self.connection.close()
