"""A generation that was taken before, as the agent needs it: to reuse digests, and to write only what changed."""

from __future__ import annotations

import json
import os
from typing import Any

from . import containers, marks
from .sites import Wrong

LONGEST = 24  # generations that may build on one another


class Earlier:
    """The generation in `folder` with those it builds on."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.manifest = manifest(self.folder)
        self.sites = {record["name"]: record for record in self.manifest["sites"]}
        self._below: Earlier | None = None

    @property
    def depth(self) -> int:
        """How many generations are read to read this one."""
        return 1 + (self.below().depth if self.manifest["base"] else 0)

    def below(self) -> Earlier:
        if self._below is None:
            base = self.manifest["base"]
            beside = os.path.dirname(self.folder)
            for name in sorted(os.listdir(beside)):
                try:
                    found = manifest(os.path.join(beside, name))
                except Wrong:
                    continue
                if found["id"] == base["id"] and found["server_root"] == base["server_root"]:
                    self._below = Earlier(os.path.join(beside, name))
                    break
            else:
                raise Wrong(f"builds on the generation {base['id']}, which is not beside it", "--base")
        return self._below

    def columns(self, site: str) -> dict[str, Any] | None:
        """The site whole, sorted by path; None where this generation does not hold it."""
        record = self.sites.get(site)
        if record is None or record["unopened"] is not None:
            return None
        own = self._read(record["file"])
        if not record["delta"]:
            return own
        below = self.below().columns(site)
        if below is None:
            raise Wrong(f"is a delta of nothing for the site {site!r}", "--base")
        return laid_over(below, own)

    def chunks(self, site: str) -> dict[str, Any] | None:
        """Digests of parts, rows of files that are no longer there among them."""
        record = self.sites.get(site)
        if record is None or not record["chunks"]:
            return None
        own = self._read(record["chunks"]["file"])
        below = self.below().chunks(site) if record["delta"] else None
        if below is None:
            return own
        mine = set(own["key"])
        kept = containers.take(below, (row for row, key in enumerate(below["key"]) if key not in mine))
        for name, values in own.items():
            kept[name].extend(values)
        return kept

    def _read(self, file: str) -> dict[str, Any]:
        try:
            return containers.read(os.path.join(self.folder, file))
        except ImportError:
            why = f"{file} is Parquet, and pyarrow is not installed here; the first one here is taken without a base"
            raise Wrong(why, "--base") from None
        except (OSError, containers.Damaged) as error:
            raise Wrong(f"cannot be read: {error}", "--base") from None


def manifest(folder: str) -> Any:
    """manifest.json of a generation. Raises Wrong."""
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as stream:
            found = json.loads(stream.read().decode("utf-8"))
        if found["format"] != 1 or not isinstance(found["sites"], list):
            raise ValueError("it is of another format")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Wrong(f"{folder} is no generation: {error}", "--base", "gens/2025-06-06") from None
    return found


def laid_over(below: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A base with a delta over it, sorted by path."""
    mine = set(own["key"])
    whole = containers.take(below, (row for row, key in enumerate(below["key"]) if key not in mine))
    there = containers.take(own, (row for row, kind in enumerate(own["kind"]) if kind != marks.GONE))
    for name, values in there.items():
        whole[name].extend(values)
    paths = whole["path"]
    return containers.take(whole, sorted(range(len(paths)), key=paths.__getitem__))


def difference(below: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The rows of `now` that are not the same in `below`, and a row of kind "-" for each that went."""
    before = {path: row for row, path in enumerate(below["path"])}
    rows = []
    columns = [(now[name], below[name]) for name in containers.COLUMNS]
    for row, path in enumerate(now["path"]):
        old = before.pop(path, None)
        if old is None or any(new[row] != was[old] for new, was in columns):
            rows.append(row)
    out = containers.take(now, rows)
    for _, row in sorted(before.items()):
        for name, values in out.items():
            if name in ("key", "path"):
                values.append(below[name][row])
            elif name == "kind":
                values.append(marks.GONE)
            else:
                values.append({"owner": "", "group": "", "digest": None, "target": None}.get(name, 0))
    return out
