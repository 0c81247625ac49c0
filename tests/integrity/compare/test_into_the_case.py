"""A comparison goes into the record by figures alone; a client reads of their own sites alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.build import get, larkfield, post, service, site
from tests.integrity.compare.test_audit import KEEP, Site, edit, made
from tests.integrity.compare.test_command import kept
from tests.integrity.generator import DAY, T0, State

OURS, THEIRS = "shop.larkfield.example", "secret-neighbour.example"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clients' sites: a file of ours went back to an older copy, a file of theirs is gone."""
    folder = tmp_path_factory.mktemp("gens")
    old, new = State("old", T0 - 9 * DAY, 700), State("new", T0 - DAY, 700)
    ours = Site(g1=KEEP | {"a.php": old}, g2=KEEP | {"a.php": new}, a=KEEP | {"a.php": old, "b.php": State("b", T0, 9)})
    theirs = Site(g1=KEEP | {"private.pdf": old}, g2=KEEP | {"private.pdf": old}, a=KEEP)
    made(folder, **{OURS: ours, THEIRS: theirs})

    def two_clients(record: Any) -> None:
        record["server_root"] = record["id"][-1] * 64 if record["id"][-1] in "12a" else ""
        for part in record["sites"]:
            part["client"] = "C-017" if part["name"] == OURS else "C-099"

    for name in ("g1", "g2", "a"):
        edit(folder / name, two_clients)
    return folder


def asked(place: Path) -> list[object]:
    return ["--pre", place / "g1", place / "g2", "--after", place / "a"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_recorded_by_figures_alone(
    place: Path, owner: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = service(owner)["id"]
    client = larkfield(owner)["id"]
    stay = {"service_id": on, "from_at": "2024-01-08T09:00:00+01:00"}
    monkeypatch.setenv("KEPT_DATA", str(tmp_path))
    words = ["audit", "assess", "--for", "HOST-1", *asked(place)]
    assert "HOST-9" in kept("audit", "assess", "--for", "HOST-9", *asked(place)).error
    site(owner, client_id=client, name=OURS, number="S-1", placements=[stay])
    refused = kept(*words)
    assert (refused.code, "secret-neighbour.example" in refused.error) == (4, True), "a site nobody has entered"
    assert get(owner, "/audit/assessments")["items"] == []
    site(owner, client_id=client, name=THEIRS, number="S-2", placements=[stay])
    said = kept(*words)
    assert (said.code, "0 current, 1 old, 1 lost, 0 unknown" in said.out) == (0, True), said.out + said.error
    again = kept(*words, "--json")
    row = json.loads(again.out)
    assert [item["id"] for item in get(owner, "/audit/assessments", service_id=on)["items"]] == [row["id"]]
    sites = {item["site_id"]: item for item in get(owner, f"/audit/assessments/{row['id']}/sites")["items"]}
    found = {item["name"]: sites[item["id"]]["figures"] for item in get(owner, "/sites")["items"]}
    assert (found[OURS]["equal"], found[OURS]["changed"], found[OURS]["old"]) == (12, 1, 1)
    assert (found[THEIRS]["equal"], found[THEIRS]["lost"]) == (12, 1)
    assert [copy["role"] for copy in row["copies"]] == ["pre", "pre", "after"]
    content = json.dumps(get(owner, "/evidence/entries", subject=f"assessment:{row['id']}")) + json.dumps(row)
    assert "private.pdf" not in content
    wrong = kept(*words, "--service", "http://127.0.0.1:9", "--token", "kept_x")
    assert (wrong.code, "does not answer" in wrong.error) == (2, True)
    assert kept(*words, "--service", "http://127.0.0.1:9").code == 2, "without a token"
    assert post(owner, "/audit/assessments", {}, 422)["errors"]


def test_one_client_reads_of_nobody_else(place: Path) -> None:
    for form in ("text", "html", "csv", "json"):
        said = kept("audit", "report", "--client", "C-017", *asked(place), "--format", form)
        assert said.code == 3
        assert "a.php" in said.out
        for word in (THEIRS, "private.pdf", "C-099"):
            assert word not in said.out, form
            assert word not in said.error, form
        assert "no data was lost" not in said.out
    page = kept("audit", "report", "--client", "C-017", *asked(place), "--format", "html").out
    assert "holds older content" in page
    assert "<script" not in page
    assert "http" not in page
    assert kept("audit", "report", "--client", "C-1", *asked(place)).code == 4
