"""`kept doctor`: every missing piece is an answer with a command, never a crash and never a password."""

import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from pydantic import SecretStr

from app import doctor
from app.db import make_engine
from app.doctor import Check, checks
from app.migrate import upgrade
from app.settings import Settings
from tests import postgres

needs_postgres = pytest.mark.skipif(postgres.skip_reason() is not None, reason=postgres.skip_reason() or "")


class Pango:
    """A library of version 1.42."""

    def pango_version(self) -> int:
        return 14201


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose folders are the test's own and whose port nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as lent:
        port = lent.getsockname()[1]
    return Settings(data=tmp_path / "data", out=tmp_path / "out", port=port)


def named(results: list[Check], name: str) -> Check:
    """The one check of that name."""
    (found,) = (check for check in results if check.name == name)
    return found


def test_this_machine_has_all_it_needs_but_a_database(settings: Settings) -> None:
    results = checks(settings, environment={})
    assert [check.name for check in results if not check.ok] == ["schema"]
    assert named(results, "schema").how == "kept migrate"
    assert not settings.data.exists()
    assert named(results, "Pango").found >= "1.44"


def test_a_migrated_database_is_at_head_and_nothing_is_left_beside_it(settings: Settings) -> None:
    settings.data.mkdir()
    engine = make_engine(settings.url)
    upgrade(engine)
    engine.dispose()
    schema = named(checks(settings), "schema")
    assert schema.ok, schema
    behind = named(checks(settings, standing=lambda url: ("0001", "0002")), "schema")
    assert (behind.ok, behind.found, behind.how) == (False, "at 0001, newest is 0002", "kept migrate")
    assert sorted(path.name for path in settings.data.iterdir() if "doctor" in path.name) == []


def test_with_nothing_there_everything_is_an_answer(settings: Settings, tmp_path: Path) -> None:
    def nothing(names: Iterable[str]) -> None:
        return None

    def no_zone(name: str) -> Any:
        raise ZoneInfoNotFoundError(f"No time zone found with key {name}")

    def no_standing(url: str) -> tuple[str | None, str]:
        raise RuntimeError("file is not a database")

    settings.data.mkdir()
    (settings.data / "kept.sqlite3").write_text("not a database")
    results = checks(
        settings,
        environment={"KEPT_DATABASEURL": "x"},
        python=(3, 10, 14),
        loader=nothing,
        fonts=tmp_path / "no fonts",
        sqlite=(3, 34, 1),
        zone=no_zone,
        standing=no_standing,
    )
    wrong = {check.name: check for check in results if not check.ok}
    libraries = {library.name: f"sudo apt-get install {library.package}" for library in doctor.LIBRARIES}
    assert set(wrong) == {"Python", "settings", "fonts", "time zones", "SQLite", "schema", *libraries}
    assert {name: wrong[name].how for name in libraries} == libraries
    assert all(check.how and check.why and check.found for check in wrong.values())
    assert wrong["Python"].found == "3.10.14"
    assert wrong["schema"].found == "RuntimeError: file is not a database"
    assert {name for name, check in wrong.items() if not check.required} == {"settings"}


def test_a_misspelt_setting_is_named(settings: Settings) -> None:
    given = {"KEPT_DATABASEURL": "postgresql://…", "KEPT_PORT": "8000", "KEPT_TEST_POSTGRES": "skip", "PATH": "/bin"}
    answer = doctor.spelling(settings, given)
    assert (answer.ok, answer.found) == (False, "not a setting: KEPT_DATABASEURL")
    assert doctor.spelling(settings, {"KEPT_PORT": "8000"}).ok


def test_an_old_pango_is_not_enough() -> None:
    pango = next(library for library in doctor.LIBRARIES if library.name == "Pango")
    assert doctor.shared(pango, lambda names: Pango()) == (False, "1.42.1", "sudo apt-get install libpango-1.0-0")


def test_libraries_are_loaded_under_the_names_weasyprint_asks_for() -> None:
    source = next(Path(folder, "weasyprint/text/ffi.py") for folder in sys.path if Path(folder, "weasyprint").is_dir())
    asked = source.read_text(encoding="utf-8")
    for library in doctor.LIBRARIES:
        for name in library.names:
            assert f"'{name}'" in asked, name


def test_a_missing_or_spoilt_font_is_named(tmp_path: Path) -> None:
    (tmp_path / "Good.otf").write_bytes(b"OTTO....")
    assert doctor.bundled(tmp_path, ["Good.otf"]).ok
    assert doctor.bundled(tmp_path, ["Good.otf", "Gone.ttf"]).found == "missing: Gone.ttf"
    (tmp_path / "Pointer.ttf").write_text("version https://example.org/spec/v1")
    assert doctor.bundled(tmp_path, ["Good.otf"]).found == "not a font: Pointer.ttf"


def test_a_zone_without_daylight_saving_is_not_berlin() -> None:
    assert not doctor.time_zones(lambda name: timezone(timedelta(hours=1))).ok
    assert not doctor.time_zones(lambda name: UTC).ok


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = doctor.writable(Path("/proc/1/nothing/data"))
    assert (told.ok, told.found.startswith("/proc/1/nothing/data cannot be written")) == (False, True)
    full = doctor.writable(tmp_path, free=lambda folder: 5 << 20)
    assert (full.ok, full.how) == (False, f"make room on the disk that holds {tmp_path}: df -h {tmp_path}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@contextmanager
def answering(body: bytes) -> Iterator[int]:
    """A server on a free port that answers every GET with `body`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_port_taken_by_kept_is_fine_and_by_another_is_not() -> None:
    with answering(b'{"status": "ok", "version": "0.1.0"}') as port:
        assert doctor.port_free("127.0.0.1", port) == (True, f"Kept 0.1.0 is running on 127.0.0.1:{port}", "")
    with answering(b"<html>It works!</html>") as port:
        taken = doctor.port_free("127.0.0.1", port)
        assert (taken.ok, taken.how) == (False, f"KEPT_PORT={port + 1}")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kept:s3cr-et@127.0.0.1:1/kept",
        "postgresql://kept:s3cr%2Det@127.0.0.1:1/kept",
        "postgresql://kept:x@s3cr-et:y@127.0.0.1:1/kept",
        "postgresql://kept:x/s3cr-et@127.0.0.1/kept",
        "postgresql://kept:s3cr-et@127.0.0.1:port/kept",
        "postgresql://kept:s3cr-et%zz@127.0.0.1:1/kept",
        "postgresql:///kept?host=/nowhere&password=s3cr-et",
        "postgresql://kept@127.0.0.1:1/kept?nonsense=s3cr-et&password=s3cr-et",
    ],
)
def test_a_password_is_never_shown(settings: Settings, url: str) -> None:
    results = checks(settings.model_copy(update={"database_url": SecretStr(url)}))
    for check in results:
        assert "s3cr" not in repr(check), check
    assert not named(results, "PostgreSQL").ok
    assert (named(results, "schema").found, named(results, "SQLite").required) == ("not known", False)


@needs_postgres
def test_a_reachable_postgresql_is_named_with_its_version(settings: Settings) -> None:
    with postgres.server() as server, server.clone() as url:
        there = settings.model_copy(update={"database_url": SecretStr(url)})
        results = checks(there, standing=lambda asked: (None, "0001") if asked == url else ("0001", "0001"))
        assert named(results, "PostgreSQL").ok, results
        assert named(results, "PostgreSQL").found.startswith("kept@local socket/test_")
        assert named(results, "schema").found == "at nothing, newest is 0001"


def test_looking_needs_nothing_but_the_standard_library() -> None:
    heavy = ("weasyprint", "sqlalchemy", "sqlmodel", "psycopg", "pydantic", "fontTools")
    program = f"import sys, app.doctor; print([name for name in {heavy} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
