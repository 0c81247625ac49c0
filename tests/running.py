"""Kept as a stranger runs it: the command in a process of its own, the service on a port, the demo story loaded once.

`demo` is made once per machine and test run, whoever needs it first; the others wait at a lock.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.cli import MODULES

ROOT = Path(__file__).resolve().parents[1]
KEPT = [sys.executable, "-c", "from app.cli import main; main()"]
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("KEPT_", "COLUMNS"))}
QUIET = {"KEPT_PROBER": "false", "KEPT_JOBS": "false"}  # a service that does nothing but answer
API = "/api/v1"


@dataclass(frozen=True)
class Ran:
    """What a command gave: its exit code and both of its outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


# A new interpreter takes two seconds to load the command. Here it is loaded once, by a process that does nothing but
# copy itself: every command still has a process, an environment and outputs of its own.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [*(f"app.cli.{name}" for name in MODULES), "app.integrity.manifests", "app.integrity.sealing", "app.main",
     "app.migrate", "app.tables", "app.demo.play", "app.doctor", "app.sla.availability", "rich.console", "rich.table",
     "rich.progress", "reports.ready"]
)  # fmt: skip


def kept(*words: str | Path, folder: Path | None = None, **settings: str) -> Ran:
    """Runs `kept`; whatever goes wrong, a person never sees a traceback."""
    environment = CLEAN | {"COLUMNS": "160"} | settings
    with tempfile.TemporaryDirectory() as outputs:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        process = FORKS.Process(target=_run, args=([*map(str, words)], environment, folder or ROOT, out, err))
        process.start()
        process.join(900)
        ran = Ran(-1 if process.exitcode is None else process.exitcode, out.read_text(), err.read_text())
        process.close()
    assert "Traceback" not in ran.err, ran.err
    return ran


def _run(words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    for file, number in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["kept", *words]
    from app.cli import main

    try:
        main()
    finally:
        sys.stdout.flush()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Copied:
    """A process that the loaded one has made of itself, to be handled like any other."""

    def __init__(self, words: list[str], environment: dict[str, str], folder: Path, log: Path) -> None:
        self._process = FORKS.Process(target=_run, args=(words, environment, folder, log, log))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def terminate(self) -> None:
        self._process.terminate()


@dataclass
class Service:
    """A running `kept serve`."""

    url: str
    process: subprocess.Popen[str] | Copied

    def kill(self) -> None:
        """As when the power fails: no signal the process could answer to."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def serving(data: Path, log: Path | None = None, *, apart: bool = False) -> Iterator[Service]:
    """`kept serve` on a free port of the loopback address, until the block ends. `apart`: by an interpreter of its own,
    whose children are its own too."""
    port = free_port()
    log = log or data / "serve.log"
    words = ["serve", "--data", str(data), "--port", str(port)]
    environment = CLEAN | QUIET | {"PYTHONPATH": str(ROOT)}
    with log.open("a+") as written:
        process: subprocess.Popen[str] | Copied
        if apart:
            process = subprocess.Popen(
                [*KEPT, *words], cwd=data, env=environment, stdout=written, stderr=subprocess.STDOUT, text=True
            )
        else:
            process = Copied(words, environment, data, log)
        service = Service(f"http://127.0.0.1:{port}", process)
        try:
            until = time.monotonic() + 90
            while True:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, "the service did not start"
                try:
                    if httpx.get(service.url + "/health", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield service
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


@dataclass(frozen=True)
class Demo:
    """The folders of `kept demo`, and what it printed. To be read only; `copy` what is to be changed."""

    data: Path
    out: Path
    said: Ran

    @property
    def token(self) -> str:
        return (self.data / "demo-token").read_text().strip()

    def copy(self, to: Path) -> Path:
        """The data folder again, consistent even while another process looks at the original."""
        import sqlite3

        to.mkdir(parents=True, exist_ok=True)
        (to / "demo-token").write_text(self.token + "\n")
        with sqlite3.connect(self.data / "kept.sqlite3") as source, sqlite3.connect(to / "kept.sqlite3") as target:
            source.backup(target)
        source.close()
        target.close()
        return to


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    data, out, said = shared / "demo-data", shared / "demo-out", shared / "demo-said.json"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            ran = kept("demo", "--data", data, "--out", out)
            assert ran.code == 0, ran.err
            said.write_text(json.dumps([ran.code, ran.out, ran.err]))
    return Demo(data, out, Ran(*json.loads(said.read_text())))
