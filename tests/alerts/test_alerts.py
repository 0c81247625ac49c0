"""Alerts: once for a key, to whom they are for, out of the outbox exactly as promised, and nowhere they must not go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.alerts.actions import make_channel, raise_alert, retire_channel
from app.alerts.quiet import QuietHours
from app.alerts.sending import Parcel, Sender, carry, hidden
from app.alerts.tables import Alert, AlertChannel, AlertSending
from app.db import transaction
from app.errors import KeptError
from app.probes.vault import Vault
from tests.build import API, Body, entries, get, post, refused
from tests.conftest import NOW

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SECRET = "json://anna:hunter22@alerts.example/very-secret-path"
MINUTE = timedelta(minutes=1)


@contextmanager
def taking(status: int = 200, location: str = "") -> Iterator[tuple[int, list[Body]]]:
    """A web server that takes alerts, and what it was sent."""
    got: list[Body] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1], got
        finally:
            server.shutdown()
            thread.join()


class Carrier:
    """Takes parcels away, or says why not."""

    def __init__(self, *why: str | None) -> None:
        self.why, self.took = list(why), list[Parcel]()

    def __call__(self, parcel: Parcel) -> str | None:
        self.took.append(parcel)
        return self.why.pop(0) if self.why else None


def run(sender: Sender, engine: sa.Engine, now: datetime) -> None:
    for key in sender.due(engine, now):
        sender.turn(engine, key, now)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "secret.key")


def channel(session: Session, vault: Vault, name: str = "Anna", **values: Any) -> AlertChannel:
    given: Body = {"url": SECRET, "scheme": "json", "kinds": ["outage", "outage_ended"], "quiet": None} | values
    return make_channel(session, name=name, seals=vault, now=NOW, **given)


def states(engine: sa.Engine) -> list[tuple[str, int, str | None]]:
    with Session(engine) as session:
        rows = session.exec(select(AlertSending).order_by(AlertSending.id)).all()  # type: ignore[arg-type]
        return [(row.state, row.attempts, row.error) for row in rows]


def test_an_alert_is_raised_once_for_its_key_and_sent_once_by_however_many(engine: sa.Engine, vault: Vault) -> None:
    with transaction(engine) as session:
        channel(session, vault)
        channel(session, vault, "Ben", kinds=["window_starts"])
        retire_channel(session, channel(session, vault, "Cora"), now=NOW)

    def told(_: int) -> bool:
        with transaction(engine) as session:
            return raise_alert(session, "outage", "HOST-1", "HOST-1 is\n down", "Since 22:00.", NOW) is not None

    carrier = Carrier()
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(told, range(8))) == 1
        list(pool.map(lambda _: run(Sender(vault, "127.0.0.0/8", carrier), engine, NOW), range(4)))
    assert carrier.took == [Parcel(SECRET, "HOST-1 is down", "Since 22:00.", "failure", "127.0.0.0/8")]
    assert states(engine) == [("sent", 1, None)]


@on_sqlite
def test_what_does_not_get_out_is_tried_for_a_day_and_what_is_expected_disturbs_nobody(
    engine: sa.Engine, vault: Vault
) -> None:
    with transaction(engine) as session:
        channel(session, vault)
        raise_alert(session, "outage", "a", "down", "", NOW)
        raise_alert(session, "outage", "b", "down as announced", "", NOW, quiet="inside window 3")
    carrier = Carrier(*["refused"] * 40)
    sender, at = Sender(vault, carry=carrier), NOW
    while states(engine)[0][0] == "queued":
        with Session(engine) as session:
            at = session.exec(select(AlertSending.due_at)).one()
        for moment in (at - MINUTE / 60, at, at):  # not before it is due, and then once
            run(sender, engine, moment)
    assert states(engine) == [("given_up", len(carrier.took), "refused")]
    assert 25 < len(carrier.took) < 32  # 1, 2, 5, 10, 20, 40 minutes, then every hour
    assert at - NOW == timedelta(days=1) + MINUTE * 18
    # killed while sending: after a while it is anybody's again
    with transaction(engine) as session:
        raise_alert(session, "outage", "c", "down", "", at)
        row = session.exec(select(AlertSending).where(AlertSending.state == "queued")).one()
        row.state, row.due_at = "sending", at + MINUTE
        session.add(row)
    run(Sender(vault, carry=Carrier()), engine, at)
    assert states(engine)[1][0] == "sending"
    run(Sender(vault, carry=Carrier()), engine, at + MINUTE)
    assert states(engine)[1][0] == "sent"
    # another key: nothing is sent anywhere, and it is said
    with transaction(engine) as session:
        raise_alert(session, "outage", "d", "down", "", at)
    other = Vault(vault.file.with_name("other.key"))
    run(Sender(other, carry=carrier), engine, at)
    assert "another key" in str(states(engine)[2][2])


def test_quiet_hours_over_midnight_and_over_the_change_of_the_clock() -> None:
    hours = QuietHours(time(22), time(7), "Europe/Berlin", ("outage",))
    night = datetime(2025, 10, 25, 21, 30, tzinfo=UTC)  # 23:30 in Berlin, the night the clock is set back
    assert hours.opens("degraded", night) == datetime(2025, 10, 26, 6, tzinfo=UTC)
    assert hours.opens("outage", night) == night
    morning = datetime(2025, 10, 26, 6, tzinfo=UTC)
    assert hours.opens("degraded", morning) == morning
    assert hours.opens("degraded", morning - timedelta(seconds=1)) == morning
    noon = QuietHours(time(12), time(13), "UTC")
    assert noon.opens("outage", datetime(2025, 6, 1, 12, 30, tzinfo=UTC)) == datetime(2025, 6, 1, 13, tzinfo=UTC)


@on_sqlite
def test_a_channels_address_is_never_shown_again(owner: TestClient, viewer: TestClient, engine: sa.Engine) -> None:
    quiet = {"start": "22:00", "end": "07:00", "zone": "Europe/Berlin"}
    made = post(owner, "/alerts/channels", {"name": "Anna", "url": SECRET, "quiet": quiet})
    assert (made["scheme"], made["quiet"]["always"]) == ("json", ["outage", "window_overruns", "prober_stopped"])
    assert "test" not in made["kinds"]
    with transaction(engine) as session:
        raise_alert(session, "degraded", "slow", "HOST-1 is slow", "4.2 s", NOW)
        stored = session.exec(select(AlertChannel)).one().sealed
    assert b"hunter22" not in stored
    shown = get(viewer, "/alerts", kind="degraded", newest=True)["items"]
    assert [(one["channel"], one["state"]) for one in shown[0]["sendings"]] == [("Anna", "queued")]
    everything = [made, shown, get(viewer, "/alerts/channels"), entries(owner)]
    assert "hunter22" not in str(everything)
    assert "very-secret" not in str(everything)
    assert entries(owner)[-1]["kind"] == "alert_channel.made"
    refused(owner, "/alerts/channels", {"name": "Anna", "url": SECRET}, 409, "name")
    # a test says at once that the address is none that may be asked, and is not tried again
    local = post(owner, "/alerts/channels", {"name": "Local", "url": "json://127.0.0.1:9/x", "kinds": ["outage"]})
    said = post(owner, f"/alerts/channels/{local['id']}/test", status=200)
    assert not said["sent"]
    assert "KEPT_ALERT_ALLOWED_NETWORKS" in said["error"]
    assert get(viewer, "/alerts", kind="test")["items"][0]["sendings"][0]["state"] == "dropped"
    assert post(owner, f"/alerts/channels/{local['id']}/retire", status=200)["retired_at"]
    refused(owner, f"/alerts/channels/{local['id']}/retire", {}, 409, "channel_id", example=False)
    refused(owner, f"/alerts/channels/{local['id']}/test", {}, 409, "channel_id")


WRONG = [
    ("syslog://localhost", "url"), ("dbus://", "url"), ("https://ntfy.example/x", "url"), ("file:///etc/passwd", "url"),
    ("ntfy", "url"), ("json://a.example/ syslog://b.example", "url"), ("tgram://nothing", "url"), ("json://", "url"),
    ("json://a.example/\u202e\x00", "url"),
]  # fmt: skip


@on_sqlite
def test_addresses_that_lead_elsewhere_are_refused(owner: TestClient) -> None:
    for url, field in WRONG:
        refused(owner, "/alerts/channels", {"name": "x", "url": url}, 422, field)
    for body, field in (
        ({"kinds": []}, "kinds"),
        ({"kinds": ["test"]}, "kinds"),
        ({"kinds": ["weather"]}, "kinds.0"),
        ({"quiet": {"start": "22:00", "end": "22:00", "zone": "Europe/Berlin"}}, "quiet"),
        ({"quiet": {"start": "24:00", "end": "22:00", "zone": "Europe/Berlin"}}, "quiet.start"),
        ({"quiet": {"start": "22:00", "end": "23:00", "zone": "Berlin"}}, "quiet.zone"),
    ):
        refused(owner, "/alerts/channels", {"name": "x", "url": SECRET} | body, 422, field, example=False)
    assert owner.get(f"{API}/alerts/channels").json()["items"] == []


def test_apprise_carries_it_and_goes_nowhere_else() -> None:
    with taking() as (port, got), taking(307, f"http://127.0.0.1:{port}/") as (elsewhere, _):
        address = f"json://127.0.0.1:{port}/secret-topic"
        assert carry(Parcel(address, "HOST-1 is down", "Since 22:00.", "failure", "127.0.0.0/8")) is None
        assert (got[0]["title"], got[0]["message"], got[0]["type"]) == ("HOST-1 is down", "Since 22:00.", "failure")
        assert "127.0.0.0/8" in str(carry(Parcel(address, "t", "b", "info")))
        assert "127.0.0.1" in str(carry(Parcel(f"json://localhost:{port}/", "t", "b", "info", "10.0.0.0/8")))
        moved = carry(Parcel(f"json://127.0.0.1:{elsewhere}/secret-topic", "t", "b", "info", "127.0.0.0/8"))
        assert moved is not None
        assert "secret-topic" not in moved
        assert len(got) == 1


def test_what_went_wrong_is_said_without_the_address() -> None:
    said = hidden("Failed:\n404 https://anna:hunter22@alerts.example/very-secret-path\x1b[1m", SECRET)
    assert said == "Failed: 404 https://***:***@***/*** [1m"


def test_a_retired_channel_gets_nothing_more(session: Session, vault: Vault) -> None:
    made = channel(session, vault)
    raise_alert(session, "outage", "a", "down", "", NOW)
    retire_channel(session, made, now=NOW)
    assert raise_alert(session, "outage", "b", "down", "", NOW) is not None
    assert [row.state for row in session.exec(select(AlertSending))] == ["dropped"]
    assert len(session.exec(select(Alert)).all()) == 2
    with pytest.raises(KeptError):
        retire_channel(session, made, now=NOW)
