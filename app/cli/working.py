"""The command `kept work`, and what is done beside the API: letters on their way, and whatever comes every so often."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from app.cli import command
from app.cli.place import Data, database, say, settings
from app.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine
    from sqlmodel import Session

    from app.alerts.kinds import Kind
    from app.delivery.mailbox import Fetched
    from app.due.tables import Reminder
    from app.jobs import Tick, Worker

ALERTS_AT_ONCE = 3
MAIL_AT_ONCE = 4  # conversations with the mail server at one time, in each process


def ticks(place: Settings) -> list[Tick]:
    """What is done every so often, by one process of all. Each is a line of its own."""
    from app.cli.monitors.observations import let_go_tick
    from app.jobs import Tick
    from app.probes.storage.merging import merge_tick
    from app.probes.storage.sealing import seal_tick
    from app.watching.actions import watch_tick
    from app.watching.promises import promise_tick
    from app.watching.silence import location_tick
    from app.watching.telling import prober_tick, trouble_tick

    return [
        Tick("due reminders", 300, reminders),
        Tick("bounces", 120, bounces_of(place)),
        Tick("stuck deliveries", 300, stuck_deliveries),
        Tick("rounds of letters", 60, rounds_of_letters),
        Tick("windows", 15, watch_tick),
        Tick("outages", 15, trouble_tick),
        Tick("prober", 30, prober_tick),
        Tick("locations", 30, location_tick),
        Tick("promises of ours", 60, promise_tick),
        Tick("sealing", 300, seal_tick),
        Tick("packing days", 300, merge_tick),
        Tick("letting go", 3600, let_go_tick(place)),
        Tick("letting go of mail", 3600, let_go_of_mail(place)),
    ]


def let_go_of_mail(place: Settings) -> Callable[[Engine, datetime], None]:
    """Lets go of what old messages said, as the settings say."""

    def tick(engine: Engine, now: datetime) -> None:
        from app.delivery.outbox.keeping import let_go
        from app.due.holding import notices_held

        let_go(engine, now, months=place.mail_months, held=notices_held)

    return tick


def rounds_of_letters(engine: Engine, now: datetime) -> None:
    """Drafts the rounds that need no further word, for a person to approve, and notes what we promised and missed."""
    from app.notices.rounds.proposals import tick

    tick(engine, now)


REMINDS: dict[str, Kind] = {
    "ticket": "claim_deadline", "claim": "claim_deadline", "right": "claim_deadline", "update": "answer_due",
    "reply": "answer_due", "request": "answer_due", "snapshot": "snapshot_due",
}  # fmt: skip


def reminders(engine: Engine, now: datetime) -> None:
    """Reminders that are due become alerts, once each, in one transaction with what says that they were given."""
    from sqlmodel import Session

    from app.alerts.actions import raise_alert
    from app.db import reader, transaction
    from app.due.actions import hand_over, pending

    def deliver(session: Session, row: Reminder) -> None:
        about = row.key.partition(":")[0]
        if about == "window":
            return  # whoever watches the window has told it, with what was seen
        kind = REMINDS.get(about, "claim_deadline")
        raise_alert(session, kind, f"{row.key}:{row.level}:{row.deadline}", row.title, row.text, now)

    with Session(reader(engine)) as session:  # judging takes a while; nobody waits for it
        if not pending(session, now):
            return
    with transaction(engine) as session:
        session.info["actor"] = "system"
        hand_over(session, now, deliver)


def bounces_of(place: Settings) -> Callable[[Engine, datetime], None]:
    """Reads the mailbox that bounces come back to, where one is set."""

    def bounces(engine: Engine, now: datetime) -> None:
        if place.imap_host is not None:
            read_bounces(place, engine, now)

    return bounces


def read_bounces(place: Settings, engine: Engine, now: datetime) -> Fetched:
    """Takes in what is new in the mailbox. Raises Unreachable where it cannot be read."""
    from app.db import transaction
    from app.delivery import bounces, mailbox
    from app.delivery.afterwards import take_in
    from app.delivery.shapes import Ways
    from app.errors import NotFound

    ways = Ways.of(place)
    if ways.account is None:
        return mailbox.Fetched()

    def take(raw: bytes) -> bool:
        read = bounces.read(raw, ways.sender.bounces if ways.sender else None)
        try:
            with transaction(engine) as session:
                session.info["actor"] = "system"
                return bool(take_in(session, raw, read, now))
        except NotFound:
            return False

    return mailbox.fetch(ways.account, take)


def stuck_deliveries(engine: Engine, now: datetime) -> None:
    """An alert, once a day at most, where messages do not get out or nobody knows whether they did."""
    from sqlmodel import Session

    from app.alerts.actions import raise_alert
    from app.db import reader, transaction
    from app.delivery.queries import stuck

    with Session(reader(engine)) as session:
        rows = stuck(session, now)
    if not rows:
        return
    words = "\n".join(f"{row.state} {row.message_id} {row.said}" for row in rows[:20])
    title = f"{len(rows)} messages to clients do not get out, or may not have"
    with transaction(engine) as session:
        raise_alert(session, "delivery_stuck", f"mail:{now:%Y-%m-%d}", title, words, now)


def worker(place: Settings, engine: Engine) -> Worker:
    """Everything that is done beside the API. Raises BadInput naming the setting of mail that is wrong."""
    import app.tables  # noqa: F401
    from app.alerts.sending import Sender
    from app.cli.monitors.probing import vault
    from app.delivery.sending.turns import Post
    from app.delivery.shapes import Ways
    from app.jobs import Queue, Worker
    from app.web.edge import utc_now

    post = Post(engine, Ways.of(place), utc_now, place.mail_per_minute)
    mail = Queue("mail", MAIL_AT_ONCE, post.due, post.turn, post.forgotten)
    sender = Sender(vault(place), place.alert_allowed_networks)
    alerts = Queue("alerts", ALERTS_AT_ONCE, sender.due, sender.turn, sender.turn)
    return Worker(engine, utc_now, [mail, alerts], ticks(place))


@contextmanager
def working(place: Settings, engine: Engine) -> Iterator[None]:
    """The jobs beside something else, where KEPT_JOBS has them here."""
    if not place.jobs:
        yield
        return
    with worker(place, engine):
        yield


@command.command("work", epilog="Example: kept work")
def work(data: Data = None) -> None:
    """Do the jobs alone, without the API: send letters, read bounces, remind. Until Ctrl-C or SIGTERM."""
    place = settings(data)
    jobs = worker(place, database(place))
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    if place.smtp_host is None:
        say("No mail server is set (KEPT_SMTP_HOST): letters wait in the outbox.")
    with jobs:
        over.wait()
