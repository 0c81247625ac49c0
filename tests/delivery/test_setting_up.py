"""Mail from the settings to `kept mail test`: what works, what is wrong, and never a password."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from app.delivery.shapes import Account, Mailbox, Ways
from app.errors import BadInput
from app.settings import Settings
from tests.running import kept
from tests.world.imap import mailbox
from tests.world.smtp import MailServer, mail_server

SECRET = "correct horse"


def ways(**given: object) -> Ways:
    return Ways.of(Settings(**given))  # type: ignore[arg-type]


def test_ports_and_names_follow_from_the_rest() -> None:
    given = {"smtp_host": "Mail.Studio.example", "mail_from": "My Studio <Service@Studio.example>"}
    made = ways(**given)
    assert made.server is not None
    assert made.sender is not None
    assert (made.server.host, made.server.port, made.server.security) == ("mail.studio.example", 465, "tls")
    assert made.server.hello == "studio.example"
    assert made.sender.reply_to == Mailbox("Service@studio.example", "My Studio")
    assert made.sender.return_path("7f") == "Service@studio.example", "without KEPT_MAIL_BOUNCES nothing is told apart"
    assert made.sender.message_id("7f") == "<kept.7f@studio.example>"
    for security, port in {"tls": 465, "starttls": 587, "none": 25}.items():
        server = ways(**given, smtp_security=security).server
        assert server is not None
        assert server.port == port
    assert ways() == Ways(), "nothing set: nothing is sent, and nothing is wrong"
    box = ways(imap_host="imap.studio.example", imap_user="b", imap_password=SECRET).account
    assert box == Account("imap.studio.example", 993, "b", SECRET)


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"smtp_host": "mail.studio.example"}, "KEPT_MAIL_FROM"),
        ({"mail_from": "Studio"}, "KEPT_MAIL_FROM"),
        ({"mail_from": "Studio\r\nBcc: x <a@b.example>"}, "KEPT_MAIL_FROM"),
        ({"mail_from": "a@b.example", "mail_reply_to": "@"}, "KEPT_MAIL_REPLY_TO"),
        ({"mail_from": "a@b.example", "mail_bounces": "bounces"}, "KEPT_MAIL_BOUNCES"),
        ({"smtp_host": "m.example", "mail_from": "a@b.example", "smtp_user": "k"}, "KEPT_SMTP_PASSWORD"),
        ({"smtp_host": "m.example", "mail_from": "a@b.example", "smtp_password": "k"}, "KEPT_SMTP_USER"),
        ({"imap_host": "m.example", "imap_user": "k"}, "KEPT_IMAP_PASSWORD"),
    ],
)
def test_settings_that_do_not_fit_are_named(wrong: dict[str, str], setting: str) -> None:
    with pytest.raises(BadInput) as told:
        ways(**wrong)
    assert told.value.field == setting


@pytest.mark.parametrize(
    "wrong",
    [{"smtp_host": "https://mail.example/"}, {"smtp_host": "mail.example:465"}, {"smtp_security": "ssl"},
     {"smtp_port": 0}, {"mail_dkim_key": "/nowhere/dkim.pem"}, {"mail_dkim_selector": "a b"}, {"mail_hello": "a\r\nb"},
     {"mail_authorities": "/nowhere/ca.pem"}, {"imap_host": ""}],
)  # fmt: skip
def test_values_that_are_none(wrong: dict[str, object]) -> None:
    if wrong == {"imap_host": ""}:
        assert ways(**wrong).account is None, "an empty variable is one that is not set"
        return
    with pytest.raises(ValidationError):
        ways(**wrong)


def test_a_password_is_shown_by_nothing() -> None:
    made = ways(smtp_host="m.example", mail_from="a@b.example", smtp_user="k", smtp_password=SECRET,
                imap_host="m.example", imap_user="k", imap_password=SECRET)  # fmt: skip
    assert SECRET not in repr(made)
    assert SECRET not in str(Settings(smtp_password=SECRET, imap_password=SECRET))  # type: ignore[arg-type]


# --- the command ------------------------------------------------------------------------------------------------------


def env(server: MailServer, **more: str) -> dict[str, str]:
    return {
        "KEPT_SMTP_HOST": "localhost", "KEPT_SMTP_PORT": str(server.port), "KEPT_SMTP_SECURITY": server.security,
        "KEPT_MAIL_FROM": "My Studio <service@studio.example>", "KEPT_MAIL_BOUNCES": "bounces@studio.example",
        "KEPT_MAIL_AUTHORITIES": str(server.authorities), "KEPT_SMTP_USER": "kept", "KEPT_SMTP_PASSWORD": SECRET,
    } | more  # fmt: skip


def test_kept_mail_test_shows_each_step_and_no_secret(tmp_path: Path) -> None:
    ca, file = trustme.CA(), tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    with mail_server(tls=context, security="starttls", authorities=file, users={"kept": SECRET}) as server:
        ran = kept("mail", "test", "Jörg <j@bücher.example>", **env(server))
        assert ran.code == 0, ran.err
        for step in (
            "< 220 mx.example", "> EHLO studio.example", "> STARTTLS", "- login as kept", "> (hidden)", "< 235",
            "> MAIL FROM:<bounces+", "> RCPT TO:<j@xn--bcher-kva.example>", "< 250 2.0.0 Ok: queued",
        ):  # fmt: skip
            assert step in ran.err, step
        assert SECRET not in ran.err + ran.out
        assert b"Subject: Kept can send mail\r\n" in server.taken[0].raw

        with mailbox([b"x"]) as box:
            bounces = {"KEPT_IMAP_HOST": "127.0.0.1", "KEPT_IMAP_PORT": str(box.port), "KEPT_IMAP_SECURITY": "none",
                       "KEPT_IMAP_USER": box.user, "KEPT_IMAP_PASSWORD": box.password}  # fmt: skip
            wrong = kept("mail", "test", "j@bücher.example", "--json",
                         **env(server, KEPT_SMTP_PASSWORD="battery staple"), **bounces)  # fmt: skip
        assert wrong.json["mailbox"] == "The mailbox of bounces can be read; 1 new in it."
        assert wrong.code == 1
        assert (wrong.json["stage"], wrong.json["code"], wrong.json["kind"]) == ("login", 535, "temporary")
        assert "battery" not in wrong.out + wrong.err
        assert len(server.taken) == 1


def test_kept_mail_test_without_what_it_needs() -> None:
    nothing = kept("mail", "test", "me@studio.example")
    assert (nothing.code, "KEPT_SMTP_HOST" in nothing.err) == (6, True)
    with mail_server() as server:
        bad = kept("mail", "test", "me", **env(server, KEPT_MAIL_AUTHORITIES=__file__))
        assert (bad.code, bad.err) == (2, "kept: ADDRESS: is not an e-mail address, e.g. anna@example.org\n")
    half = kept("mail", "test", "me@studio.example", KEPT_SMTP_HOST="m.example", KEPT_MAIL_FROM="Studio")
    assert (half.code, "KEPT_MAIL_FROM" in half.err) == (2, True)
