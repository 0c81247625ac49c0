"""TLS asked for in the middle of a conversation: as it should be, not offered, refused, with something slipped in."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
from pydantic import ValidationError

from app.prober.spec import CHECK
from tests.world.servers import Talk, answer, ask, server, serving, tools

GREETING = {"smtp": b"220-mail.example\r\n220 ready\r\n", "imap": b"* OK IMAP4rev1\r\n", "ftp": b"220 ProFTPD\r\n"}
ASKED = {"smtp": b"STARTTLS", "imap": b"a0 STARTTLS", "ftp": b"AUTH TLS"}
GRANTED = {"smtp": b"220 go ahead\r\n", "imap": b"* CAPABILITY IMAP4rev1\r\na0 OK begin\r\n", "ftp": b"234 go\r\n"}
OFFERED = b"250-mail.example\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"


def mail(protocol: str, tls: ssl.SSLContext, *, offered: bytes = OFFERED, granted: bytes | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING[protocol])
        if protocol == "smtp":
            assert (await reader.readline()).startswith(b"EHLO ")
            writer.write(offered)
        assert (await reader.readline()).strip() == ASKED[protocol]
        writer.write(GRANTED[protocol] if granted is None else granted)
        await writer.drain()
        await writer.start_tls(tls)
        await reader.read(100)

    return talk


def asked(spec: dict[str, Any], talk: Talk) -> tuple[tuple[str, str | None], str]:
    async def run() -> tuple[tuple[str, str | None], str]:
        async with server(talk) as port, tools() as made:
            said, _ = await ask({"name": "127.0.0.1", "port": port, "timeout_ms": 1000} | spec, made)
            return answer(said), said.detail or ""

    return asyncio.run(run())


@pytest.mark.parametrize("protocol", ["smtp", "imap", "ftp"])
def test_the_greeting_and_the_certificate_behind_it(protocol: str) -> None:
    talk = mail(protocol, serving("127.0.0.1"))
    assert asked({"kind": "banner", "protocol": protocol, "starttls": True}, talk)[0] == ("up", None)


def test_a_mail_servers_certificate_is_judged_like_any_other() -> None:
    assert asked({"kind": "tls", "starttls": "smtp"}, mail("smtp", serving("127.0.0.1")))[0] == ("up", None)
    other = {"kind": "tls", "starttls": "smtp", "server_name": "mail.example"}
    state, detail = asked(other, mail("smtp", serving("127.0.0.1")))
    assert state == ("down", "tls")
    assert "for 127.0.0.1" in detail


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        ({"offered": b"250-mail.example\r\n250 HELP\r\n"}, ("down", "tls"), "not offered"),
        ({"offered": b"502 no\r\n"}, ("down", "tls"), "EHLO"),
        ({"granted": b"454 not now\r\n"}, ("down", "tls"), "STARTTLS"),
        ({"granted": b"220 go\r\n250 already said\r\n"}, ("down", "tls"), "before the handshake"),
        ({"granted": b"220-more\r\n" * 200}, ("down", "protocol"), "lines"),
    ],
)
def test_what_a_server_may_do_instead(given: dict[str, bytes], expected: tuple[str, str], said: str) -> None:
    found, detail = asked({"kind": "banner", "protocol": "smtp", "starttls": True}, mail("smtp", serving("x"), **given))
    assert found == expected
    assert said in detail


def test_ports_follow_the_protocol_and_what_does_not_go_together_is_refused() -> None:
    spec = CHECK.validate_python({"kind": "tls", "name": "mail.example", "starttls": "smtp"})
    again = CHECK.validate_python(spec.model_dump(mode="json"))
    assert (spec.asked_port, again.asked_port) == (25, 25)
    assert CHECK.validate_python({"kind": "tls", "name": "mail.example"}).asked_port == 443
    for wrong in ({"protocol": "ssh", "starttls": True}, {"protocol": "smtp", "starttls": True, "tls": True}):
        with pytest.raises(ValidationError):
            CHECK.validate_python({"kind": "banner", "name": "mail.example"} | wrong)
