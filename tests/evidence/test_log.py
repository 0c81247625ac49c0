"""The log in a real database: it takes no change, finds what was changed past its triggers, and loses nothing."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.clients.actions import add_client
from app.clients.tables import Client, Contact
from app.db import reader, transaction
from app.evidence import actions as evidence
from app.evidence.chain import Verification
from app.evidence.queries import bundle, verify_log
from app.evidence.tables import Entry
from tests.build import get, larkfield, message, provider, service, site
from tests.conftest import NOW

ROOT = Path(__file__).parents[2]
OTHER = "ab" * 32


def fill(engine: sa.Engine, count: int = 8) -> list[str]:
    """Entries, every second with an attachment; gives the attachments' digests."""
    kept = []
    with transaction(engine) as session:
        session.info["actor"] = "token:office"
        for number in range(1, count + 1):
            digests = []
            if number % 2 == 0:
                digests = [evidence.keep(session, f"Message {number} of Northgate".encode(), "text/plain")]
                kept += digests
            body = {"text": f"Line {number}, noted by Dana Reyes", "at": NOW, "amount": "400.00"}
            when = NOW - timedelta(hours=number)
            evidence.append(
                session, "note.added", f"note:{number}", NOW, body=body, occurred_at=when, attachments=digests
            )
    return kept


def checked(engine: sa.Engine, *expect: str) -> Verification:
    with Session(reader(engine)) as session:
        return verify_log(session, expect)


def past_the_triggers(engine: sa.Engine, statement: str, **values: object) -> None:
    """What somebody with the database's own password can do."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            names = connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'").scalars().all()
            for name in names:
                connection.exec_driver_sql(f"drop trigger {name}")
        else:
            connection.exec_driver_sql("alter table entry disable trigger all")
            connection.exec_driver_sql("alter table attachment disable trigger all")
        assert connection.execute(sa.text(statement), values).rowcount > 0


CHANGES = [
    "update entry set body = '{}' where seq = 1",
    "update entry set digest = digest",
    "delete from entry where seq = 8",
    "delete from entry",
    "update attachment set content = content",
    "update attachment set media_type = 'text/html'",
    "delete from attachment",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_itself_refuses_to_change_what_is_evidence(engine: sa.Engine, statement: str) -> None:
    fill(engine)
    with (
        pytest.raises(sa.exc.DBAPIError, match=r"takes no (update|delete): write a new entry"),
        engine.begin() as there,
    ):
        there.exec_driver_sql(statement)
    assert checked(engine).whole
    assert checked(engine).count == 8


def test_truncating_and_replacing_are_refused_too(engine: sa.Engine) -> None:
    fill(engine)
    if engine.dialect.name == "postgresql":
        tries = ["truncate entry", "truncate attachment cascade"]
        upsert = "insert into entry select * from entry where seq = 3 on conflict (seq) do update set body = '{}'"
        tries.append(upsert)
    else:
        same = "select seq, recorded_at, occurred_at, actor, source, kind, subject, '{}', attachments, prev, digest"
        tries = [
            f"insert or replace into entry {same} from entry where seq = 3",
            f"replace into entry {same.replace('seq', '99', 1)} from entry where seq = 3",
            "insert or replace into attachment select digest, 1, media_type, x'00' from attachment",
            "insert into entry select * from entry where seq = 3 on conflict (seq) do update set body = '{}'",
        ]
    for statement in tries:
        with pytest.raises(sa.exc.DBAPIError, match="takes no"), engine.begin() as there:
            there.exec_driver_sql(statement)
    assert checked(engine).whole


@pytest.mark.parametrize(
    ("change", "what", "seq"),
    [
        ("update entry set body = replace(body, 'Line 3', 'Line 9') where seq = 3", "changed", 3),
        ("update entry set body = '{\"a\"\\:1.5}' where seq = 3", "changed", 3),
        ("update entry set body = 'nothing' where seq = 3", "changed", 3),
        ("update entry set body = '[]' where seq = 3", "changed", 3),
        ("update entry set body = replace(body, '{', '{ ') where seq = 3", "changed", 3),
        ("update entry set attachments = '[{}]' where seq = 3", "changed", 3),
        ("update entry set occurred_at = recorded_at where seq = 5", "changed", 5),
        ("update entry set recorded_at = occurred_at where seq = 5", "changed", 5),
        ("update entry set actor = 'token:Office' where seq = 1", "changed", 1),
        ("update entry set source = 'M' where seq = 8", "changed", 8),
        (f"update entry set digest = '{OTHER}' where seq = 4", "changed", 4),
        (f"update entry set prev = '{OTHER}' where seq = 4", "changed", 4),
        ("update entry set prev = 'no hex' where seq = 4", "unreadable", 4),
        ("delete from entry where seq = 1", "removed", 1),
        ("delete from entry where seq = 5", "removed", 5),
        ("update entry set seq = 80 where seq = 8", "reordered", 80),
        ("update entry set seq = 0 where seq = 1", "reordered", 0),
    ],
)
def test_one_change_past_the_triggers_gives_one_finding_at_its_entry(
    engine: sa.Engine, change: str, what: str, seq: int
) -> None:
    fill(engine)
    past_the_triggers(engine, change)
    assert [(found.what, found.seq) for found in checked(engine).findings] == [(what, seq)]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", ["recorded_at", "occurred_at", "actor", "body", "digest", "prev"])
def test_a_damaged_row_is_named_and_hides_no_other(engine: sa.Engine, column: str, owner: TestClient) -> None:
    fill(engine)
    past_the_triggers(engine, f"update entry set {column} = cast(x'32ff' as text) where seq = 4")
    past_the_triggers(engine, "update entry set kind = 'note.changed' where seq = 6")
    assert {found.seq for found in checked(engine).findings} == {4, 6}
    answer = get(owner, "/evidence/verify")
    assert answer["whole"] is False


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_of_another_kind_is_found_and_stops_nothing(engine: sa.Engine) -> None:
    """SQLite takes anything in any column. Each is a finding, and the log can still be taken away."""
    second, *_ = fill(engine)
    past_the_triggers(engine, "update entry set kind = kind")
    values = ("7", "'text'", "x'32ff'", "'{\"a\"\\:NaN}'")
    columns = ("recorded_at", "body", "attachments", "digest", "prev")
    for change in (
        *(f"update entry set {column} = {value} where seq = 4" for column in columns for value in values),
        *(f"update attachment set content = {value} where digest = '{second}'" for value in values[:2]),
        f"update attachment set content = cast(x'32ff' as text) where digest = '{second}'",
        "update attachment set digest = cast(x'32ff' as text)" + f" where digest = '{second}'",
    ):
        with Session(engine) as session:
            session.connection().execute(sa.text(change))
            session.expire_all()
            about = {found.seq for found in verify_log(session).findings}
            assert about & ({2} if "attachment set" in change else {4}), change
            bundle(session, io.BytesIO())
            session.rollback()
    assert checked(engine).whole


def test_a_swapped_pair_is_named(engine: sa.Engine) -> None:
    fill(engine)
    past_the_triggers(engine, "update entry set seq = 50 where seq = 3")
    past_the_triggers(engine, "update entry set seq = 3 where seq = 4")
    past_the_triggers(engine, "update entry set seq = 4 where seq = 50")
    assert [(found.what, found.seq) for found in checked(engine).findings] == [("reordered", 3), ("reordered", 4)]


def test_a_cut_tail_needs_a_printed_head(engine: sa.Engine) -> None:
    fill(engine)
    with Session(reader(engine)) as session:
        _, printed = evidence.head(session)
    past_the_triggers(engine, "delete from entry where seq > 6")
    assert checked(engine).whole
    assert [(found.what, found.seq) for found in checked(engine, printed).findings] == [("removed", 6)]


def test_attachments_are_held_against_their_names(engine: sa.Engine) -> None:
    second, fourth, *_ = fill(engine)
    past_the_triggers(engine, "update attachment set content = :content where digest = :digest",
                      content=b"Message 2 of Southgate", digest=second)  # fmt: skip
    past_the_triggers(engine, "delete from attachment where digest = :digest", digest=fourth)
    findings = checked(engine).findings
    assert {(found.what, found.seq) for found in findings} == {("changed", 2), ("removed", 4)}
    assert second[:16] in findings[0].text + findings[1].text


WRITER = """
import sys, threading
from datetime import datetime, UTC
from app.db import make_engine, transaction
from app.evidence.actions import append
url, name, threads, each = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
engine = make_engine(url)
def write(thread):
    for number in range(each):
        with transaction(engine) as session:
            session.info["actor"] = f"{name}-{thread}"
            append(session, "note.added", f"note:{name}-{thread}-{number}", datetime.now(UTC), body={"n": number})
all_ = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
[thread.start() for thread in all_]
[thread.join() for thread in all_]
engine.dispose()
"""


def test_two_processes_of_many_threads_leave_one_whole_chain(engine: sa.Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, name, "3", "8"], cwd=ROOT, stderr=subprocess.PIPE)
        for name in ("one", "two")
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert (writer.returncode, said) == (0, b"")
    result = checked(engine)
    assert (result.whole, result.count) == (True, 48)
    with Session(reader(engine)) as session:
        rows = session.exec(select(Entry).order_by(Entry.seq)).all()
    assert [row.seq for row in rows] == list(range(1, 49))
    assert {row.subject for row in rows} == {
        f"note:{name}-{thread}-{number}" for name in ("one", "two") for thread in range(3) for number in range(8)
    }


def test_what_is_rolled_back_leaves_neither_row_nor_entry(engine: sa.Engine) -> None:
    fill(engine, 2)

    def half(session: Session) -> None:
        add_client(
            session, number="C-017", name="Larkfield Garden Centre", address=[], language="en", zone="Europe/London",
            now=NOW,
        )  # fmt: skip
        assert evidence.head(session)[0] == 3
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction(engine) as session:
        half(session)
    with Session(reader(engine)) as session:
        assert evidence.head(session)[0] == 2
        assert session.exec(select(Client)).all() == []
    fill(engine, 1)
    assert checked(engine).whole


def test_when_it_happened_and_when_we_wrote_it_down_are_both_kept(engine: sa.Engine, owner: TestClient) -> None:
    there = provider(owner)
    told = message(owner, provider_id=there["id"])  # of Tue 3 June 10:05, entered on Tue 1 July 09:00
    entry = get(owner, "/evidence/entries", subject=f"message:{told['id']}")["items"][0]
    assert entry["occurred_at"] == "2025-06-03T08:05:00.000000Z"
    assert entry["recorded_at"] == "2025-07-01T07:00:00.000000Z"
    assert entry["actor"] == "token:test-owner"


def test_no_persons_data_stands_in_the_log_and_the_row_can_still_be_held_against_it(
    engine: sa.Engine, owner: TestClient
) -> None:
    private = ["Larkfield Garden Centre", "4 Orchard Road", "York YO1 7HB", "Okafor", "Ngozi", "n.okafor", "+44 1904",
               "Jonas Pohl", "support@northgate.example", "+49 30 555"]  # fmt: skip
    northgate = provider(
        owner, account_manager="Jonas Pohl", email="support@northgate.example", support_phone="+49 30 555"
    )
    service(owner, provider_id=northgate["id"])
    okafor = {"salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": "n.okafor@larkfield.example",
              "phone": "+44 1904 555"}  # fmt: skip
    client = larkfield(owner, contacts=[okafor])
    site(owner, client_id=client["id"], name="shop.example")
    changed = owner.patch(f"/api/v1/clients/{client['id']}", json={"address": ["4 Orchard Road", "York YO1 7HB", "UK"]})
    assert changed.status_code == 200, changed.text
    contact = get(owner, "/contacts", client_id=client["id"])["items"][0]
    moved = owner.patch(f"/api/v1/contacts/{contact['id']}", json={"phone": "+44 1904 556"})
    assert moved.status_code in (200, 201), moved.text
    with Session(reader(engine)) as session:
        rows = session.exec(select(Entry)).all()
        text = "\n".join(f"{row.actor} {row.subject} {row.kind} {row.body}" for row in rows)
        for word in private:
            assert word not in text, word
        assert text.count("sha256:") >= 12
        row = session.exec(select(Client)).one()
        body = get(owner, "/evidence/entries", subject=f"client:{row.id}")["items"][-1]["body"]
        assert body["name"] == evidence.commitment(row.salt, "Larkfield Garden Centre")
        assert body["address"] == evidence.commitment(row.salt, ["4 Orchard Road", "York YO1 7HB", "UK"])
        assert body["address"] != evidence.commitment(row.salt, ["4 Orchard Road", "York YO1 7HB"])
        # byte for byte as docs/verify-evidence.md says
        sealed = hashlib.sha256(f"{row.salt}\0".encode() + b'"Larkfield Garden Centre"').hexdigest()
        assert body["name"] == f"sha256:{sealed}"
        salts = [row.salt, *(person.salt for person in session.exec(select(Contact)))]
        assert len(set(salts)) == len(salts)
        assert all(len(salt) == 32 and salt not in text for salt in salts)


def test_floats_and_unknown_things_are_refused_before_anything_is_written(session: Session) -> None:
    for value in (1.5, {"a": [0.1]}, object(), timedelta(1)):
        with pytest.raises(TypeError, match="no place in the evidence log"):
            evidence.append(session, "note.added", "note:1", NOW, body={"value": value})
    assert evidence.head(session) == (0, "0" * 64)


def test_moments_are_sealed_in_utc_to_the_microsecond(session: Session) -> None:
    late = datetime(2025, 6, 28, 22, 0, 0, 1, UTC)
    entry = evidence.append(session, "note.added", "note:1", NOW, occurred_at=late, body={"at": late})
    assert evidence.as_hashed(entry)["occurred_at"] == "2025-06-28T22:00:00.000001Z"
    session.commit()
    session.expire_all()
    assert verify_log(session).whole
