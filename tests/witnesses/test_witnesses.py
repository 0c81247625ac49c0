"""Other monitoring as further witnesses: real SQLite files, a real git repository, a real HTTP server."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.errors import BadInput, Conflict, NotFound
from app.probes.tables import STATES, Monitor, Observation
from app.witnesses.answers import Source, stamp
from app.witnesses.bring import Brought, bring, plan
from app.witnesses.gatus import Gatus
from app.witnesses.kuma import Kuma
from app.witnesses.prometheus import Prometheus
from app.witnesses.upptime import Upptime
from tests import build
from tests.running import kept

NOW = datetime(2025, 7, 1, 7, tzinfo=UTC)
START = datetime(2025, 6, 28, 20, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def site(owner: TestClient) -> str:
    """A service HOST-1 with the site shop.example on it."""
    on = build.service(owner, name="HOST-1")
    placed = [{"service_id": on["id"], "from_at": "2024-01-08T09:00:00+01:00"}]
    build.site(owner, name="shop.example", placements=placed)
    return "HOST-1"


def seen(engine: sa.Engine, name: str) -> list[tuple[int, str, int | None, str | None]]:
    """Minutes after START, state, latency and error of one monitor's observations."""
    with Session(engine) as session:
        key = session.exec(select(Monitor.key).where(col(Monitor.name) == name)).one()
        rows = session.exec(select(Observation).where(Observation.monitor == key).order_by(col(Observation.at))).all()
        low = int(START.timestamp()) * 1_000_000
        return [((row.at - low) // 60_000_000, STATES[row.state].value, row.latency_ms, row.error) for row in rows]


def take(engine: sa.Engine, source: Source, **more: Any) -> dict[str, Brought]:
    again = more.pop("again", False)
    with Session(engine) as session:
        places = plan(session, source, **more)
    return {one.name: one for one in bring(engine, source, places, now=NOW, actor="person:test", again=again)}


# --- Uptime Kuma ------------------------------------------------------------------------------------------------------


@pytest.fixture
def kuma(tmp_path: Path) -> Path:
    path = tmp_path / "kuma.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript("""
            CREATE TABLE monitor (id INTEGER PRIMARY KEY, name VARCHAR(150), active BOOLEAN, interval INTEGER, url TEXT,
                type VARCHAR(20), hostname VARCHAR(255), port INTEGER, maxretries INTEGER NOT NULL DEFAULT 0);
            CREATE TABLE heartbeat (id INTEGER PRIMARY KEY, important BOOLEAN, monitor_id INTEGER, status SMALLINT,
                msg TEXT, time DATETIME, ping INTEGER, duration INTEGER);
            INSERT INTO monitor VALUES (1, 'Shop', 1, 60, 'https://www.Shop.example/cart', 'http', NULL, NULL, 1);
            INSERT INTO monitor VALUES (2, 'Host', 1, 60, 'https://', 'port', 'host-1.example', 22, 0);
            INSERT INTO monitor VALUES (3, 'All', 1, 60, NULL, 'group', NULL, NULL, 0);
        """)
        made.executemany(
            "INSERT INTO heartbeat (monitor_id, status, msg, time, ping) VALUES (?, ?, ?, ?, ?)",
            [
                (1, 1, "200 - OK", "2025-06-28 20:00:00.120", 83),
                (1, 2, "timeout of 48000ms\nexceeded", "2025-06-28 20:01:00.000", None),
                (1, 0, "timeout of 48000ms exceeded", "2025-06-28 20:02:00.000", None),
                (1, 3, "Monitor under maintenance", "2025-06-28 20:03:00.000", None),
                (1, 9, "?", "2025-06-28 20:04:00.000", None),
                (1, 1, "200 - OK", "2025-06-28 20:05:00.000", 91),
                (1, 0, "no", "2025-06-28 20:05:00.000", None),  # twice for one instant: the worst stands
                (1, 1, "tomorrow", "2025-07-02 20:05:00.000", 91),
                (2, 1, "", "2025-06-28 20:00:30", 4),
            ],
        )
    return path


def test_what_an_uptime_kuma_saw(engine: sa.Engine, site: str, kuma: Path) -> None:
    source = Kuma(kuma)
    brought = take(engine, source, service=site)
    assert {name: (one.read, one.added) for name, one in brought.items()} == {
        "Uptime Kuma: Shop": (5, 5), "Uptime Kuma: Host": (1, 1),
    }  # fmt: skip
    assert seen(engine, "Uptime Kuma: Shop") == [
        (0, "up", 83, None), (1, "down", None, "timeout of 48000ms exceeded"),
        (2, "down", None, "timeout of 48000ms exceeded"), (3, "unknown", None, None), (5, "down", None, "no"),
    ]  # fmt: skip
    assert [line.split(":")[0] for line in source.unread.lines()] == ["1 left out", "1 left out"]
    source.close()
    with Session(engine) as session:
        shop, host = session.exec(select(Monitor).order_by(col(Monitor.key))).all()
        assert shop.site_id is not None  # www.shop.example is the site shop.example
        assert (shop.interval_seconds, shop.confirm_after, shop.source) == (60, 2, "Uptime Kuma, kuma.db")
        assert host.service_id is not None
        assert host.confirm_after == 1


def test_again_nothing_is_added_and_a_break_is_carried_on(engine: sa.Engine, site: str, kuma: Path) -> None:
    take(engine, Kuma(kuma), service=site)
    assert all(one.read == 0 for one in take(engine, Kuma(kuma), service=site).values())
    again = take(engine, Kuma(kuma), service=site, again=True)
    assert (again["Uptime Kuma: Shop"].read, again["Uptime Kuma: Shop"].added) == (5, 0)
    with closing(sqlite3.connect(kuma)) as made, made:
        made.execute("INSERT INTO heartbeat (monitor_id, status, time) VALUES (2, 1, '2025-06-28 20:01:30')")
    more = take(engine, Kuma(kuma), service=site)
    assert (more["Uptime Kuma: Host"].read, more["Uptime Kuma: Host"].added) == (1, 1)


def test_who_is_nobodys_witness_is_left_out_and_named(engine: sa.Engine, site: str, kuma: Path) -> None:
    with Session(engine) as session:
        shop, host, group = plan(session, Kuma(kuma))
        assert shop.subject == "site shop.example"
        assert host.left_out == "it asks host-1.example, which is no site here; name a service for it"
        assert group.left_out == "a group repeats what its members saw"
        assert [one.foreign.name for one in plan(session, Kuma(kuma), only=("Shop",))] == ["Shop"]
        with pytest.raises(NotFound, match="no monitor named 'Sohp'"):
            plan(session, Kuma(kuma), only=("Sohp",))
        with pytest.raises(NotFound, match="no service named 'HOST-9'"):
            plan(session, Kuma(kuma), service="HOST-9")


def test_a_monitor_of_another_service_is_no_ones_to_take(
    engine: sa.Engine, owner: TestClient, site: str, kuma: Path
) -> None:
    take(engine, Kuma(kuma), service=site)
    build.service(owner, name="HOST-2", provider_id=build.get(owner, "/providers")["items"][0]["id"])
    with Session(engine) as session, pytest.raises(Conflict, match="watches another service than HOST-2"):
        plan(session, Kuma(kuma), service="HOST-2")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not a database" * 100, "cannot be read as an SQLite"), (b"", "it has no table monitor"), (None, "not a file")],
)
def test_a_file_that_is_none_of_kumas(tmp_path: Path, engine: sa.Engine, content: bytes | None, said: str) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        Kuma(path)


def test_by_command(engine: sa.Engine, tmp_path: Path, kuma: Path) -> None:
    data = tmp_path / "data"
    assert kept("init", "--data", data).code == 0
    nobody = kept("import", "kuma", kuma, "--data", data)
    assert nobody.code == 2
    assert "Shop: left out: it asks www.shop.example, which is no site here" in nobody.err
    plan_only = kept("import", "kuma", kuma, "--dry-run", "--json", "--data", data)
    assert [row["theirs"] for row in plan_only.json] == ["Shop", "Host", "All"]
    assert kept("import", "gatus", kuma, "--data", data).code == 2
    wrong = kept("import", "prometheus", "http://127.0.0.1:1", "--from", "2025-06-01", "--data", data)
    assert wrong.code == 2
    assert "--from: is not a time with its offset" in wrong.err
    closed = kept("import", "prometheus", "http://127.0.0.1:1", "--from", "2025-06-01T00:00Z", "--data", data)
    assert (closed.code, "the server does not answer" in closed.err) == (2, True)


# --- Gatus ------------------------------------------------------------------------------------------------------------


def test_what_a_gatus_saw(tmp_path: Path, engine: sa.Engine, site: str) -> None:
    path = tmp_path / "data.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript("""
            CREATE TABLE endpoints (endpoint_id INTEGER PRIMARY KEY, endpoint_key TEXT UNIQUE, endpoint_name TEXT,
                endpoint_group TEXT, UNIQUE(endpoint_name, endpoint_group));
            CREATE TABLE endpoint_results (endpoint_result_id INTEGER PRIMARY KEY, endpoint_id INTEGER, success INTEGER,
                errors TEXT, connected INTEGER, status INTEGER, dns_rcode TEXT, certificate_expiration INTEGER,
                domain_expiration INTEGER, hostname TEXT, ip TEXT, duration INTEGER, timestamp TIMESTAMP);
            INSERT INTO endpoints VALUES (7, 'core_shop', 'shop', 'core');
        """)
        made.executemany(
            "INSERT INTO endpoint_results (endpoint_id, success, errors, status, hostname, duration, timestamp) "
            "VALUES (7, ?, ?, ?, 'shop.example', ?, ?)",
            [
                (1, "", 200, 41_700_000, "2025-06-28 20:00:00.123456789 +0000 UTC"),
                (0, "", 503, 52_000_000, "2025-06-28 20:02:00 +0000 UTC m=+120.5"),
                (0, "dial tcp: timeout|~|body", 0, 0, "2025-06-28T22:04:00+02:00"),
                (1, "", 200, 9, "yesterday"),
            ],
        )
    source = Gatus(path)
    assert take(engine, source)["Gatus: core/shop"].added == 3
    assert seen(engine, "Gatus: core/shop") == [
        (0, "up", 41, None), (2, "down", 52, "status 503"), (4, "down", 0, "dial tcp: timeout; body"),
    ]  # fmt: skip
    assert source.unread.lines() == ["1 left out: a result whose time nobody can read (the first: yesterday)"]
    with Session(engine) as session:
        assert session.exec(select(Monitor.interval_seconds)).one() == 120


# --- Upptime ----------------------------------------------------------------------------------------------------------


def version(folder: Path, state: str, at: datetime, code: int, took: int) -> None:
    (folder / "history").mkdir(parents=True, exist_ok=True)
    (folder / "history/shop.yml").write_text(
        f"url: https://shop.example\nstatus: {state}\ncode: {code}\nresponseTime: {took}\n"
        f"lastUpdated: {at:%Y-%m-%dT%H:%M:%S}.486Z\nstartTime: 2021-04-20T09:46:06.000Z\ngenerator: Upptime\n"
    )
    git = ["git", "-C", str(folder), "-c", "user.name=Bot", "-c", "user.email=bot@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", f"shop is {state}"]):
        subprocess.run([*git, *words], check=True, capture_output=True)


def test_what_an_upptime_wrote_down(tmp_path: Path, engine: sa.Engine, site: str) -> None:
    folder = tmp_path / "pages"
    for minute, state, code, took in ((0, "up", 200, 67), (5, "down", 0, 0), (65, "degraded", 200, 30_000)):
        version(folder, state, START + timedelta(minutes=minute), code, took)
    assert take(engine, Upptime(folder))["Upptime: shop"].added == 3
    assert seen(engine, "Upptime: shop") == [
        (0, "up", 67, None), (5, "down", 0, "no answer"), (65, "degraded", 30_000, "status 200"),
    ]  # fmt: skip
    with Session(engine) as session:
        monitor = session.exec(select(Monitor)).one()
        assert (monitor.interval_seconds, monitor.confirm_after) == (86_400, 1)


def test_an_upptime_without_its_repository_says_what_is_missing(tmp_path: Path, engine: sa.Engine, site: str) -> None:
    version(tmp_path / "pages", "up", START, 200, 67)
    (tmp_path / "pages/.git").rename(tmp_path / "elsewhere")
    source = Upptime(tmp_path / "pages")
    assert take(engine, source)["Upptime: shop"].added == 1
    assert "no clone of a repository" in source.unread.lines()[0]
    with pytest.raises(BadInput, match=r"no history/\*\.yml"):
        Upptime(tmp_path)


# --- Prometheus -------------------------------------------------------------------------------------------------------

SAMPLES = [(0, "1"), (60, "1"), (120, "0"), (180, "NaN"), (25_000, "1")]  # the last one in the second stretch


class Server(BaseHTTPRequestHandler):
    """As a Prometheus server answers instant queries with range selectors."""

    answer: str | None = None

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        query, end = form["query"][0], float(form["time"][0])
        self.send_response(200)
        self.end_headers()
        if self.answer is not None:
            self.wfile.write(self.answer.encode())
            return
        labels = {"instance": "https://shop.example/", "job": "blackbox"}
        if query.startswith("count by"):
            result: list[Any] = [{"metric": labels, "value": [end, "4"]}]
        else:
            seconds = int(query.rpartition("[")[2].removesuffix("s]"))
            low = START.timestamp()
            inside = [(low + at, value) for at, value in SAMPLES if end - seconds <= low + at <= end]
            result = [{"metric": labels, "values": [
                [at, "0.0427" if query.startswith("probe_duration") else value] for at, value in inside]}]  # fmt: skip
        self.wfile.write(json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    client = httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}/")
    yield Prometheus(client, start=START, end=START + timedelta(hours=8))
    client.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_samples_of_a_blackbox_exporter(engine: sa.Engine, site: str, prometheus: Prometheus) -> None:
    name = "Prometheus: https://shop.example/ (blackbox)"
    assert take(engine, prometheus)[name].added == 5
    assert seen(engine, name) == [
        (0, "up", 42, None), (1, "up", 42, None), (2, "down", 42, "probe failed"), (3, "down", 42, "probe failed"),
        (416, "up", 42, None),
    ]  # fmt: skip
    assert take(engine, prometheus)[name].read == 0


@pytest.mark.parametrize("answer", ["<html>", "[]", '{"status": "success", "data": {}}', "{}", '{"status": "error"}'])
def test_a_server_that_is_no_prometheus(
    engine: sa.Engine, prometheus: Prometheus, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "answer", answer)
    with pytest.raises(BadInput, match=r"does not answer as a Prometheus server|refuses the question"):
        prometheus.monitors()


@pytest.mark.parametrize(
    ("text", "said"),
    [("2025-06-28 20:00:00.5", "20:00:00.500000"), ("2025-06-28T22:00:00.123456789+02:00", "20:00:00.123456"),
     ("2025-06-28 20:00:00 +0000 UTC", "20:00:00.000000")],
)  # fmt: skip
def test_times_as_they_are_stored(engine: sa.Engine, text: str, said: str) -> None:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=stamp(text))
    assert f"{moment:%H:%M:%S.%f}" == said
