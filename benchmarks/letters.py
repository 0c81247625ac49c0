"""A round of letters on its way: planned, printed and handed over, and sent; 120 letters and 1,200.

Planning and handing over are held against writing the same messages and nothing else, which somebody has to do in any
case; sending against the standard library giving the same bytes to the same server, one connection each.
"""

from __future__ import annotations

import asyncio
import smtplib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import anyio
import httpx
from aiosmtpd.smtp import SMTP
from sqlmodel import Session, select

from app.access.actions import create_token
from app.db import make_engine, reader, transaction
from app.delivery import mime
from app.delivery.outbox.packing import unpack
from app.delivery.sending.turns import Post
from app.delivery.shapes import Mailbox, Sender, Server, Ways
from app.delivery.tables import Delivery, DeliveryContent
from app.demo.cast import AGENCY
from app.demo.door import Door
from app.demo.told import PLANNED, PLANNED_DE, at
from app.jobs import Queue, Worker
from app.main import create_app
from app.migrate import upgrade
from app.notices import issuing
from app.notices.issuing import Ready
from app.notices.rounds import plan as plans
from app.notices.tables import Notice
from app.settings import Settings
from app.web.edge import utc_now
from benchmarks.frame import MB, Figure, apart, folder, number, stopwatch
from reports import press
from reports.letters import mail_of

SAID = datetime.fromisoformat(at(3, "14:00"))
NOW = datetime(2025, 7, 1, 7, tzinfo=UTC)
STUDIO = Sender(Mailbox("dana@brightwell.example"), Mailbox("dana@brightwell.example"), "bounces@brightwell.example")
PDF = Random(1).randbytes(40_000)  # as a letter has


def measure(quick: bool) -> Iterator[Figure]:
    for count in (12, 24) if quick else (120, 1200):
        with folder() as place:
            url = f"sqlite:///{place}/kept.sqlite3"
            apart(build, url, count)
            planned, handed, bare, grown = apart(hand_over, url).value
            run = apart(printed, url, watched=True)
            memory = [f"printing them by two workers takes {number(run.value)} s more ({number(count / run.value)} a "
                      f"second), {run.together / MB:.0f} MB at the most"]  # fmt: skip
            yield Figure(
                name=f"{count} letters planned and put into the outbox", ours=1000 * (planned + handed) / count,
                baseline=1000 * bare / count, unit="ms of processor time each", ratio=(planned + handed) / bare,
                target="<= 4", against="writing the same letters as e-mail, and nothing else",
                more=[f"the plan {number(1000 * planned / count)} ms each, freezing and handing over "
                      f"{number(1000 * handed / count)} ms; {grown / 1024:.1f} kB a letter in the outbox", *memory],
            )  # fmt: skip
            ours, plain, lost = apart(sent, url, count).value
            yield Figure(
                name=f"{count} messages sent by the job engine", ours=count / ours, baseline=count / plain,
                unit="messages a second", ratio=plain / ours, target=">= 0.1",
                against="the standard library, the same bytes, a connection each, four at a time", failed=lost,
            )  # fmt: skip


def build(url: str, count: int) -> None:
    """That many clients with a site each on one server, and a round that announces a window to them."""
    engine = make_engine(url)
    upgrade(engine)
    with transaction(engine) as session:
        _, token = create_token(session, name="bench", role="owner", now=NOW)
    service = create_app(Settings(), engine=engine, clock=lambda: NOW)
    anyio.run(_build, service, token, count)


async def _build(service: Any, token: str, count: int) -> None:
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(service)
    async with httpx.AsyncClient(transport=transport, base_url="http://kept", headers=headers, timeout=None) as client:
        door = Door(client)
        await door.put("/agency", AGENCY)
        provider = await door.post("/providers", {"name": "Northgate Hosting"})
        about = {"provider_id": provider["id"], "monthly_fee": "400.00", "currency": "EUR", "zone": "Europe/Berlin"}
        host = await door.post("/services", about | {"name": "HOST-1"})
        for place in range(count):
            site = {"name": f"shop-{place}.example", "number": f"S-{place}"}
            stay = {"service_id": host["id"], "from_at": "2024-01-08T09:00:00+01:00"}
            person = {"salutation": "Ms Lee", "name": f"Ann Lee {place}", "email": f"ann@client-{place}.example",
                      "receives": True, "invitations": True, "since_at": "2024-01-08T09:00:00+01:00"}  # fmt: skip
            await door.post("/clients", {
                "number": f"C-{place:04d}", "name": f"Client {place}", "address": ["9 Heath Way", "Thirsk YO7 1AA"],
                "zone": "Europe/Berlin", "language": "de" if place % 3 == 0 else "en", "contacts": [person],
                "sites": [site | {"placements": [stay]}],
            })  # fmt: skip
        work = await door.post("/works", {"title": "Drive array", "kind": "storage", "services": [host["id"]]})
        window = await door.post("/windows", {
            "work_id": work["id"], "start_at": at(7, "22:00"), "end_at": at(8, "00:00"), "announced_at": at(3, "10:05"),
            "note": "told by Jo Marsh on the phone",
        })  # fmt: skip
        words = {"kind": "L1", "next_contact_at": at(8, "00:15"), **PLANNED}
        await door.post("/notices", {
            "service_id": host["id"], "window_id": window["id"], "as_at": at(3, "14:00"), "words": words,
            "translations": {"de": PLANNED_DE},
        })  # fmt: skip


def _plan(session: Session) -> Ready:
    notice = session.exec(select(Notice)).one()
    made = plans.made(session, notice, at=SAID, issued=True, approved_by="Dana Reyes")
    return Ready(made, "Dana Reyes", SAID, issuing._head(session))


def hand_over(url: str) -> tuple[float, float, float, float]:
    """Processor time of the plan, of freezing and handing over, and of writing the messages alone; bytes a letter."""
    engine = make_engine(url)
    with Session(reader(engine), expire_on_commit=False) as session:
        _plan(session)  # templates and catalogues are loaded
        start = time.process_time()
        ready = _plan(session)
        planned = time.process_time() - start
    documents = [one.draft.document for one in ready.plan.letters]
    start = time.process_time()
    with transaction(engine) as session:
        issuing.issue(session, ready, dict.fromkeys(range(len(documents)), PDF), send=True, now=utc_now())
    handed = time.process_time() - start
    with Session(reader(engine)) as session:
        packed = session.exec(select(DeliveryContent.content)).all()
    if len(packed) != len(documents):
        raise RuntimeError(f"{len(packed)} of {len(documents)} messages were handed over")
    messages = [unpack(content) for content in packed]
    start = time.process_time()
    for document, message in zip(documents, messages, strict=True):
        mail_of(document)
        mime.build(message, STUDIO, message_id="<1@brightwell.example>", at=NOW)
    bare = time.process_time() - start
    return planned, handed, bare, sum(map(len, packed)) / len(packed)


def printed(url: str) -> float:
    """Seconds for the letters on paper, by two workers, their start included."""
    engine = make_engine(url)
    with Session(reader(engine), expire_on_commit=False) as session:
        documents = [one.draft.document for one in _plan(session).plan.letters]
    with stopwatch() as passed:
        made = sum(1 for _ in press.render_many(documents, workers=2))
    if made != len(documents):
        raise RuntimeError(f"{made} of {len(documents)} letters were made")
    return passed[0]


class Taker:
    """A mail server that takes everything and keeps a count."""

    def __init__(self) -> None:
        self.taken = 0
        self.port = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken += 1
        return "250 2.0.0 Ok"


@contextmanager
def taker() -> Iterator[Taker]:
    keeper, loop = Taker(), asyncio.new_event_loop()
    made = loop.run_until_complete(loop.create_server(lambda: SMTP(keeper, hostname="localhost"), "127.0.0.1", 0))
    keeper.port = made.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield keeper
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        made.close()
        loop.close()


def sent(url: str, count: int) -> tuple[float, float, list[str]]:
    """Seconds until everything is sent by the job engine, its start left out; by the standard library alone."""
    engine = make_engine(url)
    with Session(reader(engine)) as session:
        rows = {row.id: row for row in session.exec(select(Delivery))}
        raws = [
            (str(rows[one.delivery_id].address), mime.build(
                unpack(one.content), STUDIO, message_id=rows[one.delivery_id].message_id, at=NOW))
            for one in session.exec(select(DeliveryContent))
        ]  # fmt: skip
    with taker() as server:
        with stopwatch() as plain:
            lines = [threading.Thread(target=_bare, args=(server.port, raws[start::4])) for start in range(4)]
            for line in lines:
                line.start()
            for line in lines:
                line.join()
        bare = server.taken
    with taker() as server:
        post = Post(engine, Ways(Server("127.0.0.1", server.port, "none"), STUDIO), utc_now, None)
        with Worker(engine, utc_now, [Queue("mail", 4, post.due, post.turn, post.forgotten)], []) as worker:
            worker.at_work.wait(60)
            with stopwatch() as ours:
                until = time.monotonic() + 600
                while _waiting(engine) and time.monotonic() < until:
                    time.sleep(0.05)
        lost = [] if (server.taken, bare) == (count, count) else [f"{server.taken} and {bare} of {count} arrived"]
    return ours[0], plain[0], lost


def _bare(port: int, raws: list[tuple[str, bytes]]) -> None:
    for address, raw in raws:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail(STUDIO.writes.address, [address], raw)


def _waiting(engine: Any) -> bool:
    with Session(reader(engine)) as session:
        return session.exec(select(Delivery.id).where(Delivery.state != "accepted").limit(1)).first() is not None
