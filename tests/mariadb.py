"""A throw-away MariaDB for tests, as `tests/postgres.py` has it: own folder, own socket, no network, gone when the test
process is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pymysql

from tests.postgres import SUPERVISOR


class Unavailable(RuntimeError):
    """MariaDB cannot be started here; the message says what to install."""


@dataclass
class Server:
    folder: Path
    pid: int
    made: int = 0

    @property
    def socket(self) -> str:
        return str(self.folder / "socket")

    def url(self, database: str) -> str:
        return f"mysql+pymysql://root@/{database}?unix_socket={quote(self.socket, safe='')}&charset=utf8mb4"

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A database of its own, dropped afterwards; its SQLAlchemy URL."""
        self.made += 1
        name = f"kept_{self.made}"
        self._run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield self.url(name)
        finally:
            self._run(f"DROP DATABASE {name}")

    def _run(self, statement: str) -> None:
        with contextlib.closing(pymysql.connect(unix_socket=self.socket, user="root")) as connection:
            connection.cursor().execute(statement)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Started in a few seconds. Raises Unavailable where it is not installed."""
    daemon = shutil.which("mariadbd") or shutil.which("mysqld")
    install = shutil.which("mariadb-install-db")
    if daemon is None or install is None:
        raise Unavailable("MariaDB is not installed; on Debian: apt-get install mariadb-server-core")
    folder = Path(tempfile.mkdtemp(prefix="kept-maria-"))
    me = ["--user=root"] if os.geteuid() == 0 else []
    data = f"--datadir={folder / 'data'}"
    try:
        subprocess.run(
            [install, "--no-defaults", data, *me, "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(f"MariaDB cannot be set up: {error.stderr[-300:]!r}") from None
    command = [
        daemon, "--no-defaults", data, *me, f"--socket={folder / 'socket'}", "--skip-networking",
        f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
        "--default-time-zone=+05:45",
    ]  # fmt: skip
    supervisor = subprocess.Popen(["sh", "-c", SUPERVISOR, "sh", str(folder), *command], stdin=subprocess.PIPE)
    try:
        until = time.monotonic() + 60
        while True:
            if _answers(folder / "socket"):
                pymysql.connect(unix_socket=str(folder / "socket"), user="root").close()
                break
            if supervisor.poll() is not None or time.monotonic() > until:
                raise Unavailable(f"MariaDB does not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)
        yield Server(folder, supervisor.pid)
    finally:
        assert supervisor.stdin is not None
        supervisor.stdin.close()
        supervisor.wait(60)
