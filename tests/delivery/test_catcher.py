"""The demo's mail server, which delivers nothing, and the page on which its mails are read."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from app.delivery import mime
from app.delivery.shapes import Kind, Mailbox, Outgoing, Server, Ways
from app.delivery.smtp import send
from app.demo.catcher import Catcher
from app.demo.mails import Mails
from app.settings import Settings
from tests.delivery.test_mime import AT, DATE, LETTER, SENDER

EVIL = (
    "<p>Hello<script>top.location='http://evil.example'</script><img src=http://evil.example/x onerror=alert(1)>"
    "<form action=http://evil.example><button>ok</button></form></p>"
)


def hand_over(catcher: Catcher, outgoing: Outgoing, token: str, hours: int = 0) -> None:
    raw = mime.build(outgoing, SENDER, message_id=SENDER.message_id(token), at=AT + timedelta(hours=hours))
    to = Server("127.0.0.1", catcher.smtp_port, "none")
    assert send(to, SENDER.return_path(token), outgoing.to.address, raw).kind is Kind.ACCEPTED


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Catcher, httpx.Client]]:
    """Three mails: an announcement, its correction, and one whose HTML means no good."""
    with Catcher(tmp_path_factory.mktemp("out") / "mail") as catcher, httpx.Client(base_url=str(catcher.url)) as page:
        hand_over(catcher, LETTER, "000000000001")
        off = replace(DATE, method="CANCEL", sequence=1)
        correction = replace(LETTER, subject="Saturday's work did not take place", invitation=off)
        hand_over(catcher, replace(correction, in_reply_to=SENDER.message_id("000000000001")), "000000000002", 24)
        evil = Mailbox("x@evil.example", "<script>alert(1)</script>")
        hand_over(
            catcher, replace(LETTER, to=evil, subject="Größe <b>&", html=EVIL, attachments=()), "000000000003", 25
        )
        yield catcher, page


def test_mails_are_kept_whole_as_files(caught: tuple[Catcher, httpx.Client]) -> None:
    catcher, _ = caught
    assert sorted(path.name for path in catcher.folder.iterdir()) == ["00001.eml", "00002.eml", "00003.eml"]
    first = (catcher.folder / "00001.eml").read_bytes()
    raw = mime.build(LETTER, SENDER, message_id=SENDER.message_id("000000000001"), at=AT)
    assert first == (
        b"Return-Path: <bounces+000000000001@brightwell.example>\r\nDelivered-To: n.okafor@larkfield.example\r\n" + raw
    )


def test_the_list_is_found_through_by_recipient_and_subject(caught: tuple[Catcher, httpx.Client]) -> None:
    _, page = caught

    def shown(words: str) -> list[str]:
        return re.findall(r'href="/mail/(\d+)\?', page.get("/", params={"q": words}).text)

    assert shown("") == ["3", "2", "1"], "newest first"
    assert shown("OKAFOR saturday") == ["2"]
    assert shown("larkfield.example") == ["2", "1"]
    assert shown("größe") == ["3"]
    assert shown("nobody") == []
    assert "3 messages caught on this machine" in page.get("/").text
    assert page.get("/?page=99&view=x&q=%00").status_code == 200


def test_a_mail_with_its_thread_its_date_and_its_files(caught: tuple[Catcher, httpx.Client]) -> None:
    _, page = caught
    text = page.get("/mail/2").text
    assert "Ngozi Okafor &lt;n.okafor@larkfield.example&gt;" in text
    assert "This conversation has 2 messages" in text
    assert "Called off" in text
    assert "Sat 7 June 2025 20:00 UTC" in text
    assert "sequence 1" in text
    pdf = page.get("/mail/2/file/3")
    assert (pdf.headers["content-type"], pdf.content) == ("application/pdf", LETTER.attachments[0].content)
    calendar = page.get("/mail/2/file/2")
    assert calendar.headers["content-disposition"] == 'attachment; filename="invitation.ics"'
    assert b"METHOD:CANCEL" in calendar.content
    assert "Über Nacht." in page.get("/mail/2?view=text").text
    assert page.get("/mail/2.eml").headers["content-disposition"] == 'attachment; filename="00002.eml"'


def test_what_a_mail_holds_can_do_nothing(caught: tuple[Catcher, httpx.Client]) -> None:
    _, page = caught
    shown = page.get("/mail/3")
    assert "<script" not in shown.text
    assert "Größe &lt;b&gt;&amp;" in shown.text
    assert '<iframe sandbox="" src="/mail/3/html"' in shown.text
    assert "script-src" not in shown.headers["content-security-policy"]
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    inside = page.get("/mail/3/html")
    assert inside.text.rstrip() == EVIL
    policy = inside.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    for answer in (shown, inside, page.get("/mail/3/file/2"), page.get("/mails.css")):
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_it_is_there_for_this_machine_only(caught: tuple[Catcher, httpx.Client]) -> None:
    catcher, page = caught
    assert page.get("/", headers={"host": "rebound.example"}).status_code == 421
    for path in ("/mail/99", "/mail/1/file/99", "/../settings.py", "/mail/..%2f1", "/style.css"):
        assert page.get(path).status_code == 404
    assert page.post("/", data={"q": "x"}).status_code == 501
    assert page.head("/").content == b""
    assert catcher.page is not None
    assert catcher.page.server_address[0] == "127.0.0.1"


def test_it_goes_on_where_it_was_and_finds_a_free_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for _ in range(2):
            with Catcher(tmp_path, page_port=port) as catcher:
                hand_over(catcher, LETTER, "000000000001")
                assert str(catcher.url) != f"http://127.0.0.1:{port}"
    assert [mail.number for mail in Mails(tmp_path).all()] == [1, 2]


def test_broken_files_are_shown_all_the_same(tmp_path: Path) -> None:
    broken = [b"", b"\0\xff" * 99, b"Subject: =?x?q?\xff?=\r\nDate: never\r\n\r\nx",
              b"Content-Type: text/plain; charset=none\n\n\xff", b"Content-Type: text/html; charset=\0\n\nx",
              b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nEND"]  # fmt: skip
    for number, raw in enumerate(broken, 1):
        (tmp_path / f"{number:05d}.eml").write_bytes(raw)
    (tmp_path / "00009.part").touch()
    (tmp_path / "notes.eml").touch()
    with Catcher(tmp_path) as catcher, httpx.Client(base_url=str(catcher.url)) as page:
        assert "6 messages" in page.get("/").text
        for number in range(1, 7):
            for view in ("html", "text", "source"):
                assert page.get(f"/mail/{number}?view={view}").status_code == 200


def test_the_demo_sends_nowhere_else(tmp_path: Path) -> None:
    """Whatever mail server the environment names."""
    with Catcher(tmp_path, page_port=None) as catcher:
        real = Settings(smtp_host="mail.studio.example", smtp_user="kept", smtp_password="x", imap_host="imap.example")  # type: ignore[arg-type]
        ways = Ways.of(real.model_copy(update=catcher.settings("Dana Reyes <dana@brightwell.example>")))
        assert ways.server == Server("127.0.0.1", catcher.smtp_port, "none", hello="brightwell.example")
        assert ways.account is None
        assert ways.sender is not None
        assert ways.sender.return_path("7f") == "bounces+7f@brightwell.example"
        assert catcher.url is None
