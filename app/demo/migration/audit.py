"""The story's audit: three copies of the old server, one of the new, compared and put into the record."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.demo import cast
from app.demo.migration import servers
from app.demo.migration.servers import Place, Server

GENERATIONS = ("2025-06-21-old", "2025-06-27-old", "2025-06-28-old", "2025-06-30-new")


def build(out: Path, *, only: int | None = None) -> tuple[list[Path], dict[str, str]]:
    """Makes both servers' files below `out` and reads them into generations; gives these and what the migration did, by
    path and row. `only` takes every so many-th site."""
    sites = servers.places(cast.clients())
    sites = sites if only is None else sites[only - 1 :: only]
    old, new = Server(out / "servers" / "old"), Server(out / "servers" / "new")
    folders = [out / "generations" / name for name in GENERATIONS]
    with tempfile.TemporaryDirectory() as aside:
        then = Server(Path(aside) / "friday")
        servers.begin(old, sites)
        _read(old, sites, folders[0], servers.FIRST)
        servers.until_friday(old, sites)
        _read(old, sites, folders[1], servers.SECOND)
        servers.friday(old, then.folder)
        servers.until_saturday(old, sites)
        _read(old, sites, folders[2], servers.LAST)
        fates = servers.migrate(old, then, new, sites)
    _read(new, sites, folders[3], servers.AFTERWARDS)
    return folders, fates


def _read(server: Server, sites: list[Place], out: Path, taken: str) -> None:
    """As `kept audit snapshot --label test --taken-at …` does: the time is the story's, and stands as claimed."""
    from app.integrity.agent import main as agent
    from app.integrity.agent.sites import from_file
    from app.integrity.agent.snapshot import Plan, snapshot
    from app.integrity.databases import snapshot as databases
    from app.integrity.databases.listed import apart, listed

    names = server.list(sites, server.folder / "sites.toml")
    plan = Plan(
        out=str(out), sites=from_file(str(names)), label="test", server=server.folder.name, workers=2,
        chunks_from=4096, taken_at=agent.moment(taken), quiet_ns=0,
    )  # fmt: skip
    found = apart(listed(names, os.environ))

    def tables(folder: str) -> list[dict[str, Any]]:
        return databases.take(
            Path(folder), found, base=None, base_records=[], rows="all", clock=time.time_ns, say=lambda _: None
        )

    snapshot(plan, lambda _: None, tables)


def compared(folders: list[Path]) -> dict[str, Any]:
    """The comparison of the four as the record takes it in."""
    from app.integrity.compare.audit import Asked, Audit
    from app.integrity.compare.casework import to_case
    from app.integrity.compare.clocks import Given, order
    from app.integrity.compare.summary import Summary
    from app.integrity.compare.tables import compare_tables
    from app.integrity.format import Clock, read_generation

    clock = Clock(0, 1_000_000_000, "of the story: both servers within a second")
    roles = ("pre", "pre", "pre", "after")
    given = [
        Given(read_generation(folder), "new" if role == "after" else "old", role, clock)
        for folder, role in zip(folders, roles, strict=True)
    ]
    asked = Asked(order(given), only_findings=True)
    summary = Summary(asked)
    for result in Audit(asked).results():
        summary.add(result, tell=False)
    for rows in compare_tables(asked.order, None):
        summary.add_table(rows)
    return to_case(summary)


def audit(out: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The story's audit below `out`, made once: what `POST /audit/assessments` takes but for the service."""
    kept = out / "assessment.json"
    if not kept.exists():
        if out.exists():
            shutil.rmtree(out)  # broken off: nothing in it was used yet
        folders, fates = build(out)
        body = compared(folders)
        (out / "fates.json").write_text(json.dumps(fates, indent=1))
        kept.write_text(json.dumps(body, indent=1))
        damaged = sum(fate == "REVERTED" for fate in fates.values())
        say(f"snapshots of {len(body['sites'])} sites, three before and one after: {damaged} files are older copies, "
            f"{len(fates) - damaged} orders are gone")  # fmt: skip
    return dict(json.loads(kept.read_text()))
