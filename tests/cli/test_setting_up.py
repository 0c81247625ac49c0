"""init, migrate, token, serve on a port that is taken, doctor: each in a process of its own."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import kept


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after `kept init`."""
    folder = tmp_path_factory.mktemp("place") / "data"
    made = kept("init", "--data", folder)
    assert made.code == 0, made.err
    assert re.fullmatch(r"kept_[\w-]{43}\n", made.out), "the owner's token, alone, so that a script can take it"
    assert "not shown again" in made.err
    assert "kept serve" in made.err
    return folder


def test_init_again_shows_no_second_token(place: Path) -> None:
    again = kept("init", "--data", place)
    assert (again.code, again.out) == (0, "")
    assert "kept token list" in again.err


def test_migrate_twice(place: Path) -> None:
    assert "Nothing to do" in kept("migrate", "--data", place).err


def test_commands_without_a_database_say_how_to_make_one(tmp_path: Path) -> None:
    lost = kept("token", "list", "--data", tmp_path / "nowhere")
    assert lost.code == 6
    assert "kept init" in lost.err
    assert len(lost.err.splitlines()) == 1
    assert not (tmp_path / "nowhere").exists(), "a look makes no folder"


def test_a_token_from_its_making_to_its_end(place: Path) -> None:
    made = kept("token", "create", "Jo Marsh", "--role", "viewer", "--json", "--data", place)
    assert made.code == 0
    assert made.json["role"] == "viewer"
    assert made.json["token"].startswith("kept_")

    listed = kept("token", "list", "--json", "--data", place).json
    assert [(item["name"], item["role"], item["revoked_at"]) for item in listed] == [
        ("owner", "owner", None),
        ("Jo Marsh", "viewer", None),
    ]
    assert made.json["token"] not in json.dumps(listed)

    twice = kept("token", "create", "Jo Marsh", "--data", place)
    assert (twice.code, twice.out) == (5, "")
    assert "Jo Marsh" in twice.err
    assert kept("token", "create", "Sam", "--role", "boss", "--data", place).code == 2

    assert kept("token", "revoke", "Jo Marsh", "--data", place).code == 0
    assert kept("token", "revoke", "Jo Marsh", "--data", place).code == 5
    assert kept("token", "revoke", "Nobody", "--data", place).code == 4
    shown = kept("token", "list", "--data", place)
    assert shown.code == 0
    assert re.search(r"Jo Marsh .*viewer .*\d{4}-\d\d-\d\d \d\d:\d\dZ .*\d{4}-\d\d-\d\d \d\d:\d\dZ", shown.out)


def test_serve_on_a_port_in_use_says_so_in_one_sentence(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = kept("serve", "--port", str(port), "--data", place)
    assert refused.code == 6
    assert len(refused.err.splitlines()) == 1
    assert f"port {port} on 127.0.0.1 is in use" in refused.err
    assert "kept serve --port" in refused.err


def test_doctor_for_a_script(place: Path) -> None:
    looked = kept("doctor", "--json", "--data", place)
    items = looked.json
    assert looked.code == (6 if any(item["required"] and not item["ok"] for item in items) else 0)
    assert {"name", "ok", "found", "why", "how", "required"} == set(items[0])
    assert all(item["how"] for item in items if not item["ok"])


def test_a_setting_that_cannot_be_is_one_sentence(place: Path) -> None:
    wrong = kept("token", "list", "--data", place, KEPT_PORT="eighty")
    assert wrong.code == 2
    assert wrong.err.startswith("kept: KEPT_PORT: ")
    assert len(wrong.err.splitlines()) == 1


def test_help_without_arguments() -> None:
    shown = kept("--help")
    assert shown.code == 0
    for word in ("init", "serve", "demo", "report", "evidence", "doctor", "Exit codes"):
        assert word in shown.out
    wrong = kept("import", "observation", "x")
    assert wrong.code == 2
    assert "observations" in wrong.err


# --- observations -----------------------------------------------------------------------------------------------------


def test_a_file_with_a_bad_line_is_refused_whole_and_the_line_named(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "june.csv"
    file.write_text("at,monitor,state\n2025-06-01T00:00:00Z,HOST-1,up\n")
    bad = kept("import", "observations", file, "--data", place)
    assert bad.code == 2
    assert "line 2" in bad.err
    assert "HOST-1" in bad.err
    assert "nothing of this file was taken in" in bad.err
    assert kept("import", "observations", tmp_path / "lost.csv", "--data", place).code == 2


# --- availability -----------------------------------------------------------------------------------------------------

VECTOR = {
    "id": "dana-1",
    "case": {
        "timezone": "UTC",
        "period": {"start": "2025-06-01T00:00:00Z", "end": "2025-06-01T01:00:00Z"},
        "observations": [["2025-06-01T00:00:00Z", "up"], ["2025-06-01T00:30:00Z", "down"]],
    },
    "answer": "not looked at",
}


def test_availability_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "vectors.json"
    for content, told in (
        ("{", "is not JSON"),
        ('{"examples": []}', "has no list `vectors`"),
        ('{"vectors": [{"case": {}}]}', "needs an `id` and a `case`"),
        ('{"vectors": [{"id": "dana-1", "case": {}}]}', "dana-1"),
    ):
        file.write_text(content)
        refused = kept("availability", file, "--json")
        assert (refused.code, refused.out) == (2, ""), content
        assert told in refused.err
        assert len(refused.err.splitlines()) == 1


def test_what_serves_holds_no_library_it_may_never_need() -> None:
    heavy = (
        "alembic", "apprise", "cryptography", "dkim", "dns", "fontTools", "icalendar", "polars", "psycopg", "pyarrow",
        "pygments", "rich", "weasyprint",
    )  # fmt: skip
    program = f"import sys, app.main, app.probes.running; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
