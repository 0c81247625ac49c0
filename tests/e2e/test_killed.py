"""The power fails in the middle of a write. Nothing is half done afterwards; the same request again does it once."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.e2e.by_hand import Desk
from tests.running import API, Service, kept, serving

CLIENTS = 10
ROWS = 120_000
MOMENTS = (0.15, 0.5, 0.85)  # of the time the same request takes when nobody disturbs it
L1 = {
    "kind": "L1", "work": "The drives are copied.", "longest_expected_minutes": 120,
    "effects": [{"function": "Website", "effect": "not available"}], "confirmed_by": "the provider",
    "confirmed_at": "2025-06-03T10:05:00+02:00", "freeze_from_at": "2025-06-07T21:30:00+02:00",
    "backup_at": "2025-06-07T21:00:00+02:00", "if_it_overruns": "If it takes longer, we write at once.",
    "word_by_at": "2025-06-08T00:15:00+02:00", "next_contact_at": "2025-06-08T00:15:00+02:00",
}  # fmt: skip


def observations() -> bytes:
    start = datetime(2025, 3, 1, tzinfo=UTC)
    lines = [f"{start + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ},HOST-1,up" for n in range(ROWS)]
    return ("at,monitor,state\n" + "\n".join(lines) + "\n").encode()


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder with ten clients, a window and a monitor, and the owner's token. To be copied."""
    data = tmp_path_factory.mktemp("killed") / "data"
    token = kept("init", "--data", data).out.strip()
    with serving(data) as service:
        desk = Desk(service.url, token)
        desk.put("/agency", {
            "name": "Brightwell Web Studio", "address": ["Hafenweg 4"], "contact_person": "Dana Reyes",
            "phone": "+49 30 23125 142", "email": "dana@brightwell.example", "zone": "Europe/Berlin",
        })  # fmt: skip
        provider = desk.post("/providers", {"name": "Northgate Hosting"})["id"]
        on = desk.post("/services", {"provider_id": provider, "name": "HOST-1", "monthly_fee": "400.00",
                                     "currency": "EUR", "zone": "Europe/Berlin"})["id"]  # fmt: skip
        agreement = desk.post("/agreements", {"service_id": on, "title": "Northgate SLA"})["id"]
        desk.post(f"/agreements/{agreement}/terms", {"effective_from": "2024-01-01", "terms": {
            "timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9",
            "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}]}}})  # fmt: skip
        for number in range(CLIENTS):
            desk.post("/clients", {
                "number": f"C-{number}", "name": f"Client {number} Ltd", "address": ["1 High Street"],
                "zone": "Europe/Berlin",
                "contacts": [{"salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": f"o@c{number}.example",
                              "since_at": "2024-01-08T09:00:00+01:00"}],
                "sites": [{"name": f"c{number}.example", "number": f"S-{number}", "placements": [
                    {"service_id": on, "from_at": "2024-01-08T09:00:00+01:00"}]}],
            })  # fmt: skip
        work = desk.post("/works", {"title": "Drive array", "kind": "clone", "services": [on]})["id"]
        window = desk.post("/windows", {
            "work_id": work, "start_at": "2025-06-07T22:00:00+02:00", "end_at": "2025-06-08T00:00:00+02:00",
            "announced_at": "2025-06-03T10:05:00+02:00", "note": "told by Jo Marsh on the phone",
        })["id"]  # fmt: skip
        desk.post("/monitors", {"name": "HOST-1", "service_id": on, "interval_seconds": 60, "source": "own probe"})
        desk.post("/notices", {"service_id": on, "window_id": window, "as_at": "2025-06-03T14:00:00+02:00",
                               "words": L1})  # fmt: skip
        desk.client.close()
    return data, token


def copy(record: tuple[Path, str], to: Path) -> Path:
    to.mkdir(parents=True)
    with closing(sqlite3.connect(record[0] / "kept.sqlite3")) as source, closing(
        sqlite3.connect(to / "kept.sqlite3")
    ) as target:  # fmt: skip
        source.backup(target)
    return to


def cut(service: Service, token: str, path: str, more: dict[str, Any], after: float) -> bool:
    """Sends a request and kills the service that many seconds later. Whether an answer had come before."""
    answered: list[int] = []

    def send() -> None:
        try:
            given = {"authorization": f"Bearer {token}"} | more.pop("headers", {})
            answered.append(httpx.post(service.url + API + path, headers=given, timeout=300, **more).status_code)
        except httpx.TransportError:
            pass

    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(after)
    done = bool(answered)
    children = psutil.Process(service.process.pid).children(recursive=True)
    service.kill()
    _, left = psutil.wait_procs(children, timeout=20)
    assert not left, f"outlived the service: {left}"
    thread.join(60)
    return done


def took(action: Callable[[], Any]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def counts(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / "kept.sqlite3")) as open_:
        tables = ("observation", "observed_run", "import_batch", "letter", "entry", "attachment")
        return {table: open_.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}


@pytest.fixture
def disturbed(record: tuple[Path, str], tmp_path: Path) -> Callable[[str], None]:
    """Runs one kind of request: first undisturbed to learn how long it takes, then cut off at each of the moments."""

    def run(kind: str) -> None:
        content = observations()
        token = record[1]

        def request(desk: Desk) -> tuple[str, dict[str, Any]]:
            if kind == "observations":
                return "/observations", {"content": content, "headers": {"content-type": "text/csv"}}
            row = desk.get("/notices")["items"][0]
            notice, plan = row["id"], row["plan"]
            if plan is None:
                plan = desk.get(f"/notices/{notice}/plan", at="2025-06-03T14:00:00+02:00")["digest"]
            approval = {"plan": plan, "approved_by": "Dana Reyes", "issued_at": "2025-06-03T14:00:00+02:00"}
            return f"/notices/{notice}/issue", {"json": approval, "headers": {"idempotency-key": "the-first-round"}}

        quiet = copy(record, tmp_path / "quiet")
        before = counts(quiet)
        with serving(quiet) as service:
            desk = Desk(service.url, token)
            path, more = request(desk)
            whole = took(lambda: desk.read(desk.client.post(path, **more)))
            desk.client.close()
        after = counts(quiet)
        assert after != before

        data = copy(record, tmp_path / "cut")
        broken_off = 0
        for moment in MOMENTS:
            with serving(data, apart=kind == "letters") as service:  # their workers must end with it
                desk = Desk(service.url, token)
                path, more = request(desk)
                desk.client.close()
                answered = cut(service, token, path, more, whole * moment)
            assert counts(data) in (before, after), f"half done at {moment}"
            assert not answered or counts(data) == after, "what was answered is written"
            broken_off += not answered
            verified = kept("evidence", "verify", "--data", data)
            assert verified.code == 0, verified.out

        assert broken_off, "every request was quicker than the kill"

        with serving(data) as service:
            desk = Desk(service.url, token)
            path, more = request(desk)
            first = desk.client.post(path, **more)
            assert first.status_code in (200, 201), first.text
            again = desk.client.post(path, **more)
            assert again.status_code in (200, 201), again.text
            assert again.headers.get("idempotency-replayed") == "true" or again.json()["added"] == 0
            desk.client.close()
        assert counts(data) == after, "once, however often it was sent"
        assert kept("evidence", "verify", "--data", data).code == 0

    return run


def test_observations(disturbed: Callable[[str], None]) -> None:
    disturbed("observations")


def test_letters(disturbed: Callable[[str], None]) -> None:
    disturbed("letters")
