"""The story's audit finds exactly what its migration did: which files went back, which orders are gone."""

from __future__ import annotations

import json
from pathlib import Path

from app.demo.migration.audit import build
from app.integrity.compare.audit import Asked, Audit
from app.integrity.compare.clocks import Given, order
from app.integrity.compare.tables import compare_tables
from app.integrity.format import Clock, read_generation


def test_the_audit_finds_what_was_done_and_nothing_else(tmp_path: Path) -> None:
    folders, fates = build(tmp_path, only=6)
    clock = Clock(0, 10**9, "as given")
    given = [
        Given(read_generation(folder), "new" if folder == folders[-1] else "old", role, clock)
        for folder, role in zip(folders, ("pre", "pre", "pre", "after"), strict=True)
    ]
    asked = Asked(order(given), only_findings=True)
    found: dict[str, str] = {}
    others: set[str] = set()
    for result in Audit(asked).results():
        for path, item in result.judged.items():
            if item.verdict in ("INTACT", "CHANGED"):
                others.add(item.verdict)
            else:
                assert item.conf == "high", (path, item)
                found[(result.prefix + path).decode()] = item.verdict.value
    for table in compare_tables(asked.order, None):
        for line in table.lines():
            if line["verdict"] not in ("INTACT", "NEW"):
                found[f"{line['site']}:{line['table']}:{json.dumps(line['pk'])}"] = line["verdict"]
    assert found == fates
    assert sorted(set(found.values())) == ["LOST", "REVERTED"]
    assert len(found) == 27  # of 17 sites 6 came over old with two files each, and 5 of these shops lost 3 orders
