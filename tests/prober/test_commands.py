"""By hand, as a stranger does it: a monitor is added, `kept probe` asks, is killed, asks again and is stopped."""

from __future__ import annotations

import http.server
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.prober.test_ports import free_port
from tests.running import CLEAN, KEPT, ROOT, kept

ALLOWED = {"KEPT_PROBE_ALLOWED_NETWORKS": "127.0.0.0/8"}


class Basket(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Basket")

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def shop(port: int) -> Iterator[http.server.HTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Basket) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def probing(data: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*KEPT, "probe", "--data", str(data)], cwd=data, env=CLEAN | ALLOWED | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def seen(data: Path) -> list[tuple[int, str | None]]:
    with closing(sqlite3.connect(data / "kept.sqlite3")) as connection:
        return connection.execute("select state, error from observation order by at").fetchall()


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_monitor_from_the_command_line_to_its_state(tmp_path: Path) -> None:
    place = {"KEPT_DATA": str(tmp_path)}
    assert kept("init", **place).code == 0
    provider = kept("record", "providers", '{"name": "Northgate Hosting"}', **place).json["id"]
    kept("record", "services", f'{{"provider_id": "{provider}", "name": "HOST-1", "monthly_fee": "400.00", '
         '"currency": "EUR", "zone": "Europe/Berlin"}', **place)  # fmt: skip
    port = free_port()
    words = ("monitor", "add", f"http://127.0.0.1:{port}/", "--service", "HOST-1", "--every", "2", "--text", "Basket")
    refused = kept(*words, **place)
    assert refused.code == 2
    assert "KEPT_PROBE_ALLOWED_NETWORKS" in refused.err
    assert kept("monitor", "add", "https://a.example", "--service", "HOST-9", **place).code == 4
    assert kept("monitor", "add", "gopher://a.example", **place).code == 2
    assert kept(*words, "--header", "nonsense", **place).code == 2
    made = kept(*words, "--name", "shop", "--header", "X-Key: hunter2", "--json", **place, **ALLOWED)
    assert (made.code, made.json["headers"]) == (0, ["X-Key"])
    assert "hunter2" not in made.out
    beat = kept("monitor", "add", "heartbeat", "--service", "HOST-1", "--name", "backup", **place)
    assert beat.out.startswith("/heartbeats/")

    with shop(port) as server:
        with probing(tmp_path) as first:
            until(lambda: seen(tmp_path)[:2] == [(0, None)] * 2)
            first.kill()
            first.wait(30)
        before = len(seen(tmp_path))
        status = kept("status", "--json", **place)
        assert (status.code, status.json["prober"]["monitors"]) == (0, 1)
        # two seconds apart, so unknown as soon as six have passed since the killed one's last answer
        assert status.json["items"][0]["state"] in ("up", "unknown")
        with probing(tmp_path) as second:
            until(lambda: len(seen(tmp_path)) > before + 1)  # once the killed one has shown no turn for a while
            assert {row for row in seen(tmp_path)} == {(0, None)}
            server.shutdown()
            server.server_close()
            until(lambda: seen(tmp_path)[-3:] == [(2, "refused")] * 3)
            assert kept("status", **place).code == 1
            second.send_signal(signal.SIGTERM)
            assert second.wait(30) == 0
    shown = kept("status", **place)
    assert "shop" in shown.out
    assert "Nobody probes now" in shown.out
    assert "http" in kept("monitor", "list", **place).out
    assert "Newest answers" in kept("monitor", "show", "shop", **place).out
    assert kept("monitor", "show", "nobody", **place).code == 4
