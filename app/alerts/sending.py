"""What is on its way to channels, sent: claimed in a commit of its own, tried again with growing waits, given up after
a day. Whoever is killed in between sends again: twice is better than never."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.alerts.actions import Seals, quiet_hours
from app.alerts.apart import LIMIT_S, SCHEMES
from app.alerts.kinds import GRAVE, Kind
from app.alerts.tables import DROPPED, GIVEN_UP, LOST, QUEUED, SENDING, SENT, Alert, AlertChannel, AlertSending
from app.db import reader, transaction
from app.errors import BadInput, KeptError
from app.logs import logger

log = logger("kept.alerts")

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 20, 40, 60))
GIVE_UP = timedelta(hours=24)
AT_ONCE = 20  # of one tick
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_SENDING = SQLModel.metadata.tables["alert_sending"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One alert for one address. `allowed`: special networks that may be asked, with commas."""

    url: str
    title: str
    text: str
    grave: str
    allowed: str = ""


Carry = Callable[[Parcel], str | None]
"""Takes a parcel away; why it was not taken, or None."""


def carry(parcel: Parcel) -> str | None:
    said = _apart(
        {"url": parcel.url, "title": parcel.title, "text": parcel.text, "grave": parcel.grave}, parcel.allowed
    )
    if said.get("ok"):
        return None
    return str(said["refused"]) if "refused" in said else hidden(str(said.get("why")), parcel.url)


def look(url: str) -> str:
    """The scheme of an address that alerts can go to. Nothing is asked. Raises BadInput."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or not re.fullmatch(r"[a-z0-9]{2,20}", scheme.lower()):
        raise BadInput("is not an address of Apprise", field="url", example="ntfys://ntfy.example/alerts")
    if scheme.lower() not in SCHEMES:
        raise BadInput(
            f"{scheme[:20].lower()}:// is not among those alerts go to; docs/alerts.md lists them",
            field="url", example="ntfys://ntfy.example/alerts",
        )  # fmt: skip
    if not rest or not url.isprintable() or re.search(r"\s", url):
        raise BadInput("must be one address without spaces", field="url", example="ntfys://ntfy.example/alerts")
    if not _apart({"url": url, "text": None}, "").get("ok"):
        raise BadInput(
            f"is not what Apprise takes for {scheme.lower()}://; its documentation shows how one is written",
            field="url", example="ntfys://ntfy.example/alerts",
        )  # fmt: skip
    return scheme.lower()


def _apart(asked: dict[str, str | None], allowed: str) -> dict[str, object]:
    """Asks the process that knows Apprise. It gets nothing of our own environment that could be a secret, or a proxy
    that would be asked in place of the address that was looked at."""
    given = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "app.alerts.apart"], input=json.dumps({**asked, "allowed": allowed}),
            capture_output=True, text=True, timeout=LIMIT_S, env=given, check=False,
        )  # fmt: skip
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return {"ok": False, "why": f"not done after {LIMIT_S:g} s"}
    except (ValueError, IndexError, OSError):
        return {"ok": False, "why": "the process that sends alerts ended without an answer"}


def hidden(text: str, url: str) -> str:
    """One line without anything of the address but its scheme and host."""
    rest = url.partition("://")[2]
    for part in sorted(re.split(r"[/@:?&=#]", rest), key=len, reverse=True):
        if len(part) >= 4:
            text = text.replace(part, "***")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]


class Sender:
    """Sends what is due. `allowed`: special networks that alerts may go to, with commas."""

    def __init__(self, seals: Seals, allowed: str = "", carry: Carry = carry) -> None:
        self.seals, self.allowed, self.carry = seals, allowed, carry

    def due(self, engine: sa.Engine, now: datetime) -> list[str]:
        """What is to be sent, oldest first, each under a key that changes with every try."""
        with Session(reader(engine)) as session:
            waiting = col(AlertSending.state).in_((QUEUED, SENDING))
            query = select(AlertSending).where(waiting, col(AlertSending.due_at) <= now)
            rows = session.exec(query.order_by(col(AlertSending.due_at), col(AlertSending.id)).limit(AT_ONCE))
            return [f"{row.id}:{row.due_at:%Y%m%dT%H%M%S.%f}" for row in rows]

    def turn(self, engine: sa.Engine, key: str, now: datetime) -> None:
        """One of them. Safe to be done by several at a time: only one of them has it."""
        self.send(engine, UUID(key.partition(":")[0]), now)

    def send(self, engine: sa.Engine, id_: UUID, now: datetime) -> str | None:
        """One of them, unless somebody else has it; why it was not taken."""
        with transaction(engine) as session:
            free = _SENDING.c.state.in_((QUEUED, SENDING)) & (_SENDING.c.due_at <= now) & (_SENDING.c.id == id_)
            claim = sa.update(_SENDING).where(free).values(state=SENDING, due_at=now + LOST)
            if session.connection().execute(claim).rowcount != 1:
                return None
        return self.finish(engine, id_, now)

    def finish(self, engine: sa.Engine, id_: UUID, now: datetime) -> str | None:
        """One that is claimed: sent, and what came of it written down."""
        with Session(reader(engine)) as session:
            parcel = self._parcel(session, session.get_one(AlertSending, id_))
        why = parcel if isinstance(parcel, str) else self.carry(parcel)
        with transaction(engine) as session:
            row = session.get_one(AlertSending, id_)
            row.attempts += 1
            row.error = why
            if why is None:
                row.state, row.sent_at = SENT, now
            else:
                alert = session.get_one(Alert, row.alert_id)
                channel = session.get_one(AlertChannel, row.channel_id)
                _again(row, alert, channel, now)
                log.warning("an alert did not get out", channel=channel.name, state=row.state, why=why)
            session.add(row)
        return why

    def _parcel(self, session: Session, row: AlertSending) -> Parcel | str:
        alert, channel = session.get_one(Alert, row.alert_id), session.get_one(AlertChannel, row.channel_id)
        try:
            url = self.seals.open(channel.sealed)["url"]
        except KeptError:
            return "the channel's address was encrypted with another key; make the channel anew"
        kind: Kind = alert.kind  # type: ignore[assignment]
        return Parcel(url, alert.title, alert.text or alert.title, GRAVE.get(kind, "info"), self.allowed)


def _again(row: AlertSending, alert: Alert, channel: AlertChannel, now: datetime) -> None:
    """When it is tried again, or that it is not: a test never is, the rest for a day."""
    if alert.kind == "test" or channel.retired_at is not None:
        row.state = DROPPED
    elif now - alert.created_at >= GIVE_UP:
        row.state = GIVEN_UP
    else:
        following = now + WAITS[min(row.attempts, len(WAITS)) - 1]
        hours = quiet_hours(channel)
        row.state, row.due_at = QUEUED, following if hours is None else hours.opens(alert.kind, following)
