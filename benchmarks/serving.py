"""Memory of `kept serve` as it comes, probing 120 and 10,000 monitors a minute against a local server.

What counts is what the process and its children hold at the most over two and a half minutes. What they share with
one another counts once, and what they share with strangers (this program has many of the same libraries) counts whole.
The baseline is the bound. How many answers were recorded is checked: a prober that does not keep up is no result.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlmodel import select

from app.db import make_engine, new_id, transaction
from app.migrate import upgrade
from app.prober.spec import HttpSpec
from app.probes.tables import Monitor
from benchmarks import observing
from benchmarks.frame import MB, Figure, folder

SECONDS = 150
BOUNDS = ((120, 150), (10_000, 500))


def measure(quick: bool) -> Iterator[Figure]:
    for monitors, bound in BOUNDS[:1] if quick else BOUNDS:
        with folder() as place, page() as port:
            held, asked = once(place, port, monitors, 45 if quick else SECONDS)
        yield Figure(
            name=f"kept serve probing {monitors:,} monitors a minute", ours=held / MB, baseline=bound, unit="MB",
            ratio=held / MB / bound, target="<= 1.0", against="the bound",
            more=[f"{asked:,} answers recorded in {45 if quick else SECONDS} s"],
            failed=[] if quick or asked >= monitors * 2 else ["it did not keep up"],
        )  # fmt: skip


def once(data: Path, port: int, monitors: int, seconds: int) -> tuple[int, int]:
    """The most memory it held, and how many answers it recorded."""
    engine = make_engine(f"sqlite:///{data}/kept.sqlite3")
    upgrade(engine)
    spec = HttpSpec(url=f"http://127.0.0.1:{port}/", timeout_ms=5000).model_dump(mode="json")
    with transaction(engine) as session:
        observing.make_monitors(session, 1)
        session.flush()
        site = session.exec(select(Monitor.site_id)).one()
        rows = [
            {
                "id": new_id(), "name": f"shop {number}", "site_id": site, "interval_seconds": 60, "confirm_after": 3,
                "source": "own probe", "created_at": datetime(2025, 6, 1, tzinfo=UTC), "kind": "http", "spec": spec,
            }
            for number in range(monitors)
        ]  # fmt: skip
        session.connection().execute(sa.insert(Monitor), rows)
    free = port + 1 if port < 65_000 else port - 1
    environment = os.environ | {"KEPT_PROBE_ALLOWED_NETWORKS": "127.0.0.0/8", "KEPT_PROBE_PER_HOST": "50"}
    words = [
        sys.executable,
        "-c",
        "from app.cli import main; main()",
        "serve",
        "--data",
        str(data),
        "--port",
        str(free),
    ]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    held, until = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            if process.poll() is not None:
                raise RuntimeError(f"kept serve ended with {process.returncode}")
            held = max(held, _held(process.pid))
            time.sleep(1)
    finally:
        process.terminate()
        process.wait(30)
    with engine.connect() as connection:
        asked = int(connection.execute(sa.text("SELECT count(*) FROM observation")).scalar_one())
    engine.dispose()
    return held, asked


def _held(pid: int) -> int:
    own, shared = 0, [0]
    with suppress(psutil.Error):
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with suppress(psutil.Error):
                memory = process.memory_full_info()
                own, shared = own + memory.uss, [*shared, memory.rss - memory.uss]
    return own + max(shared)


@contextmanager
def page() -> Iterator[int]:
    """A local page that answers every question with a few bytes."""
    loop = asyncio.new_event_loop()

    async def answer(reading: asyncio.StreamReader, writing: asyncio.StreamWriter) -> None:
        try:
            await reading.readuntil(b"\r\n\r\n")
            writing.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nBasket")
            await writing.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writing.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
