"""The throw-away PostgreSQL itself: isolated, unprivileged, and gone with the process that started it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests import postgres

pytestmark = pytest.mark.skipif(postgres.skip_reason() is not None, reason=postgres.skip_reason() or "")


def connect(url: str) -> Engine:
    """Return an engine that keeps no connection open."""
    return create_engine(url, poolclass=NullPool)


@pytest.fixture(scope="module")
def pg() -> Iterator[postgres.Server]:
    """One server for this file. The migration that fills the template is careless: it leaves a connection open."""
    careless: list[Engine] = []

    def migrate(url: str) -> None:
        careless.append(create_engine(url))
        with careless[0].begin() as connection:
            connection.execute(text("CREATE TABLE promise (words text PRIMARY KEY)"))
            connection.execute(text("INSERT INTO promise VALUES ('from the template')"))

    with postgres.server() as running:
        running.make_template(migrate)
        yield running
        careless[0].dispose()


def test_it_answers(pg: postgres.Server) -> None:
    with connect(pg.url()).connect() as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1


def test_it_never_runs_as_root(pg: postgres.Server) -> None:
    process = psutil.Process(pg.pid)
    assert process.name() == "postgres"
    assert 0 not in process.uids()
    assert 0 not in process.gids()


def test_it_listens_on_no_network_address(pg: postgres.Server) -> None:
    with connect(pg.url()).connect() as connection:
        assert connection.execute(text("show listen_addresses")).scalar_one() == ""
    assert [c for c in psutil.Process(pg.pid).net_connections(kind="inet") if c.status == psutil.CONN_LISTEN] == []


def test_two_clones_share_the_template_and_nothing_else(pg: postgres.Server) -> None:
    with pg.clone() as one, pg.clone() as two:
        with connect(one).begin() as connection:
            connection.execute(text("INSERT INTO promise VALUES ('only in the first')"))
        with connect(one).connect() as connection:
            first = connection.execute(text("SELECT words FROM promise ORDER BY words")).scalars().all()
        with connect(two).connect() as connection:
            second = connection.execute(text("SELECT words FROM promise ORDER BY words")).scalars().all()
    assert first == ["from the template", "only in the first"]
    assert second == ["from the template"]


def test_a_clone_is_dropped_even_while_a_connection_is_open(pg: postgres.Server) -> None:
    with pg.clone() as url:
        left_open = psycopg.connect(url.replace("+psycopg", ""))
        assert left_open.execute("SELECT words FROM promise").fetchall() == [("from the template",)]
    with pytest.raises(OperationalError, match="does not exist"):
        connect(url).connect()
    left_open.close()


def test_the_server_goes_when_its_test_process_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from tests import postgres\n"
        "with postgres.server() as pg:\n"
        "    print(pg.pid, pg.folder, flush=True)\n"
        "    time.sleep(600)\n"
    )
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    with child.stdout:
        pid, folder = child.stdout.readline().split()
    assert psutil.pid_exists(int(pid))
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    deadline = time.monotonic() + 20
    while (psutil.pid_exists(int(pid)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(pid))
    assert not Path(folder).exists()


def test_the_newest_packaged_version_wins_over_path(tmp_path: Path) -> None:
    for version in ("9", "15", "17", "16-old"):
        folder = tmp_path / "packaged" / version / "bin"
        folder.mkdir(parents=True)
        for program in postgres.PROGRAMS:
            (folder / program).touch(mode=0o755)
    (tmp_path / "packaged" / "18" / "bin").mkdir(parents=True)  # a client package only: no server programs
    found = postgres.find_binaries(tmp_path / "packaged", path=str(tmp_path / "packaged" / "9" / "bin"))
    assert found == tmp_path / "packaged" / "17" / "bin"
    on_path = postgres.find_binaries(tmp_path / "none", path=str(tmp_path / "packaged" / "9" / "bin"))
    assert on_path == tmp_path / "packaged" / "9" / "bin"
    assert postgres.find_binaries(tmp_path / "none", path=str(tmp_path)) is None


def test_a_failing_initdb_is_quoted_and_leaves_nothing_behind() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as base:  # not pytest's folder: that one is closed to other users
        Path(base).chmod(0o755)
        initdb = Path(base, "initdb")
        initdb.write_text("#!/bin/sh\necho 'the disk is full' >&2\nexit 1\n")
        initdb.chmod(0o755)
        with (
            pytest.raises(postgres.Unavailable, match="initdb failed: the disk is full"),
            postgres.server(Path(base), base=Path(base)),
        ):
            pass
        assert os.listdir(base) == ["initdb"]


def test_programs_that_cannot_be_run_are_named(tmp_path: Path) -> None:
    with pytest.raises(postgres.Unavailable, match=f"{tmp_path} cannot be run"), postgres.server(tmp_path):
        pass


def test_only_an_explicit_wish_skips() -> None:
    assert postgres.skip_reason({}) is None
    assert postgres.skip_reason({"KEPT_TEST_POSTGRES": "yes"}) is None
    assert "KEPT_TEST_POSTGRES=skip" in (postgres.skip_reason({"KEPT_TEST_POSTGRES": "skip"}) or "")
