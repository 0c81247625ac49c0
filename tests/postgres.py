"""A throw-away PostgreSQL for tests: own folder, own socket, no network, gone when the test process is gone.

Building blocks for `conftest.py`:

    with postgres.server() as pg:           # starts in about a second, once per test process
        pg.make_template(migrate)           # `migrate(url)` runs once
        with pg.clone() as url:             # a copy of the template for one test, dropped afterwards
            engine = create_engine(url)

The server runs under a small supervisor that holds one end of a pipe. Whatever ends the test process (a normal exit,
Ctrl-C, `kill -9`) closes the pipe; the supervisor then stops its own child and removes the folder. Nothing is looked
up by name or by port, so nothing that was not started here can be stopped here.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

PROGRAMS = ("initdb", "postgres")
SWITCH = "KEPT_TEST_POSTGRES"
SUPERVISOR = """
folder=$1; shift
"$@" >"$folder/log" 2>&1 &
child=$!
trap : INT TERM HUP
cat >/dev/null
kill -QUIT "$child" 2>/dev/null
wait "$child"
rm -rf "$folder"
"""
# Speed over safety: the data lives for minutes. The zone is deliberately far from UTC, so that a query
# which silently leans on the server's zone gives a wrong answer in the tests and not in production.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "timezone": "Asia/Kathmandu",
}


class Unavailable(RuntimeError):
    """PostgreSQL cannot be started here; the message says why and what to install."""


def find_binaries(roots: Path = Path("/usr/lib/postgresql"), path: str | None = None) -> Path | None:
    """Return the folder holding `initdb` and `postgres`: the newest packaged version first, then PATH."""
    packaged = [folder / "bin" for folder in roots.glob("*") if folder.name.isdigit()]
    packaged.sort(key=lambda folder: int(folder.parent.name), reverse=True)
    found = shutil.which("initdb", path=path)
    on_path = [Path(found).resolve().parent] if found else []
    for folder in packaged + on_path:
        if all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
            return folder
    return None


def skip_reason(environment: dict[str, str] | os._Environ[str] = os.environ) -> str | None:
    """Return why tests on PostgreSQL are to be skipped, or None. Only a person's explicit wish skips them."""
    if environment.get(SWITCH) == "skip":
        return f"{SWITCH}=skip: tests on PostgreSQL were left out on request"
    return None


def _unprivileged() -> dict[str, Any]:
    """Return the `subprocess` arguments that leave root: PostgreSQL refuses to run as root, and is right."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            person = pwd.getpwnam(name)
            return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
    raise Unavailable("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as")


@dataclass
class Server:
    """A running throw-away server, reached over the socket in `folder`."""

    folder: Path
    admin: psycopg.Connection[Any]
    pid: int
    template: str | None = None

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://kept@/{database}?host={quote(str(self.folder), safe='')}"

    def make_template(self, migrate: Callable[[str], object]) -> None:
        """Create the database that clones are copied from; `migrate` gets its URL and may leave connections open."""
        name = "kept_template"
        self._run("CREATE DATABASE {}", name)
        migrate(self.url(name))
        self._run("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false", name)
        self.admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
        self.template = name

    @contextlib.contextmanager
    def clone(self) -> Iterator[str]:
        """Yield the URL of a fresh database: a copy of the template, or an empty one where there is no template."""
        name = f"test_{uuid.uuid4().hex}"
        quickest = " STRATEGY file_copy" if self.admin.info.server_version >= 150000 else ""
        self._run("CREATE DATABASE {} TEMPLATE {}" + quickest, name, self.template or "template0")
        try:
            yield self.url(name)
        finally:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        self.admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def server(binaries: Path | None = None, base: Path = Path("/tmp"), patience: float = 60.0) -> Iterator[Server]:
    """Start a server, yield it, stop it and remove every trace. `base` is short: a socket's path has 107 bytes."""
    binaries = binaries or find_binaries()
    if binaries is None:
        raise Unavailable(
            "no PostgreSQL server programs (initdb, postgres) in /usr/lib/postgresql/*/bin or on PATH; "
            f"install the package `postgresql`, or set {SWITCH}=skip to leave these tests out"
        )
    who = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="kept-pg-", dir=base))
    supervisor = None
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        supervisor = _start(binaries, folder, who)
        with _connect(folder, patience) as admin:
            yield Server(folder, admin, pid=int((folder / "data" / "postmaster.pid").read_text().split()[0]))
    finally:
        if supervisor is not None and supervisor.stdin is not None:
            supervisor.stdin.close()
            supervisor.wait(timeout=patience)
        shutil.rmtree(folder, ignore_errors=True)


def _start(binaries: Path, folder: Path, who: dict[str, Any]) -> subprocess.Popen[str]:
    """Make an empty cluster in `folder` and return the supervisor of its server."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        folder / "data",
        "-U",
        "kept",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    ]
    options = [word for key, value in OPTIONS.items() for word in ("-c", f"{key}={value}")]
    program: list[str | Path] = [binaries / "postgres", "-D", folder / "data", "-k", folder, *options]
    try:
        made = subprocess.run(
            initdb,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **who,
        )
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stderr.strip()}")
        return subprocess.Popen(
            ["/bin/sh", "-c", SUPERVISOR, "sh", folder, *program],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
            cwd="/", env=environment, start_new_session=True, **who,
        )  # fmt: skip
    except OSError as error:
        raise Unavailable(f"PostgreSQL's programs in {binaries} cannot be run: {error}") from error


def _connect(folder: Path, patience: float) -> psycopg.Connection[Any]:
    """Wait until the server answers; say what its log says when it does not."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return psycopg.connect(host=str(folder), user="kept", dbname="postgres", autocommit=True)
        except psycopg.OperationalError as error:
            log = folder / "log"
            said = log.read_text(errors="replace") if log.exists() else ""
            failed = "FATAL:" in said.replace("FATAL:  the database system is starting up", "")
            if failed or time.monotonic() > deadline:
                raise Unavailable(f"PostgreSQL did not start: {said.strip() or error}") from error
        time.sleep(0.05)
