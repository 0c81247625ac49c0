"""Real trees on a real file system, and snapshots of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.integrity.agent.sites import Site
from app.integrity.agent.snapshot import Plan, snapshot
from app.integrity.format import Entry, Generation, iter_entries, read_generation

QUIET = 20_000_000  # nanoseconds: so short that a test need not wait two seconds for every file it writes


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def rest() -> None:
    """Until every file is older than QUIET."""
    time.sleep(0.03)


def take(out: Path, folder: Path | list[Site], **more: Any) -> Generation:
    """A snapshot of one site named `site`, or of these sites."""
    listed = folder if isinstance(folder, list) else [Site("site", "client", str(folder))]
    plan = {"label": "pre", "server": "old", "quiet_ns": QUIET, "workers": 1} | more
    snapshot(Plan(out=str(out), sites=listed, **plan), lambda text: None)
    return read_generation(out)


def entries(generation: Generation, site: str = "site") -> dict[bytes, Entry]:
    return {entry.path: entry for entry in iter_entries(generation, site)}


@contextmanager
def as_another_user() -> Iterator[None]:
    """Without root's power to read what is shut, where the tests run with it."""
    if os.geteuid() != 0:
        yield
        return
    group = os.getegid()
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
