"""A message as bytes, read back by the library that readers use; its signature, by a verifier with a zone of ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from typing import cast

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.delivery import mime
from app.delivery.dkim import record, sign
from app.delivery.shapes import Attachment, DkimKey, Invitation, Mailbox, Outgoing, Sender
from app.delivery.smtp import send
from app.errors import BadInput
from app.fields import address
from tests.world.smtp import mail_server

AT = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
SENDER = Sender(
    Mailbox("service@brightwell.example", "Brightwell Web Studio"),
    Mailbox("dana@brightwell.example", "Dana Reyes"),
    "bounces@brightwell.example",
)
YOU = Mailbox("n.okafor@larkfield.example", "Ngozi Okafor")
DATE = Invitation(
    "REQUEST", "w1@brightwell.example", 0, datetime(2025, 6, 7, 20, tzinfo=UTC), datetime(2025, 6, 7, 22, tzinfo=UTC),
    "shop.larkfield.example unavailable", "Please make no changes.", SENDER.writes, YOU,
)  # fmt: skip
PDF = Attachment("2025-06_HOST-1_letter-0007.pdf", "application/pdf", bytes(range(256)) * 9)
LETTER = Outgoing(
    "letter-7-contact-3", YOU, "shop.larkfield.example: unavailable Sat 7 June, 22:00 to midnight",
    "Dear Ms Okafor,\n\nÜber Nacht.\n.\n", "<p>Über Nacht.</p>", "de-DE", (PDF,), DATE,
)  # fmt: skip


def built(outgoing: Outgoing = LETTER, sender: Sender = SENDER) -> bytes:
    return mime.build(outgoing, sender, message_id=sender.message_id("0f3a9c2277e1"), at=AT)


def reading(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert not [defect for part in message.walk() for defect in part.defects]
    return cast(EmailMessage, message)


def test_a_letter_as_a_reader_finds_it() -> None:
    message = reading(built())
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/pdf",
    ]  # fmt: skip
    _, _, text, html, calendar, pdf = message.walk()
    assert text.get_content().replace("\r\n", "\n") == "Dear Ms Okafor,\n\nÜber Nacht.\n.\n"
    assert html.get_content().strip() == "<p>Über Nacht.</p>"
    assert calendar.get_param("method") == "REQUEST"
    assert b"METHOD:REQUEST\r\n" in calendar.get_payload(decode=True)
    assert (pdf.get_filename(), pdf.get_content_disposition()) == (PDF.name, "attachment")
    assert pdf.get_payload(decode=True) == PDF.content
    assert message["subject"] == LETTER.subject
    assert [str(message[name]) for name in ("From", "To", "Reply-To")] == [
        "Brightwell Web Studio <service@brightwell.example>", "Ngozi Okafor <n.okafor@larkfield.example>",
        "Dana Reyes <dana@brightwell.example>",
    ]  # fmt: skip
    assert message["message-id"] == "<kept.0f3a9c2277e1@brightwell.example>"
    assert message["date"].datetime == AT
    assert message["auto-submitted"] == "auto-generated"
    assert message["content-language"] == "de-DE"
    assert message["in-reply-to"] is None
    assert message["list-unsubscribe"] is None, "a letter about a client's own site is no newsletter"


def test_every_byte_suits_every_server() -> None:
    raw = built()
    assert raw == built(), "the same values, the same bytes"
    assert raw.isascii()
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 120
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    with mail_server() as server:
        send(server.way(), SENDER.return_path("0f3a9c2277e1"), YOU.address, raw)
        assert server.taken[0].raw == raw


def test_a_plain_message_is_only_text() -> None:
    message = reading(
        built(replace(LETTER, html=None, attachments=(), invitation=None, text="Dear all,\n" + "x" * 990))
    )
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["Dear all,", "x" * 990]


def test_a_text_cannot_end_its_part() -> None:
    boundary = reading(built()).get_boundary()
    text = f"Dear all,\n--{boundary}--\n--{boundary}\nContent-Type: text/html\n\n<script>"
    message = reading(built(replace(LETTER, text=text, html=text)))
    parts = list(message.walk())
    assert len(parts) == 6
    assert parts[2].get_content().replace("\r\n", "\n").strip() == text


def test_a_correction_stands_below_what_it_corrects() -> None:
    message = reading(
        built(replace(LETTER, in_reply_to="<b@x.example>", references=("<a@x.example>", "<b@x.example>")))
    )
    assert message["in-reply-to"] == "<b@x.example>"
    assert message["references"].split() == ["<a@x.example>", "<b@x.example>"]
    alone = reading(built(replace(LETTER, in_reply_to="<b@x.example>")))
    assert alone["references"].split() == ["<b@x.example>"]


NAMES = [
    "Müller, Jörg", 'Ann "the boss" Lee', "Lee, Ann", "Ngozi\\Okafor", "=?utf-8?q?Ann?=", "Ann <root@localhost>",
    "山田太郎", "Ж" * 190, "a, b@c.example; d", "Ann (home) Lee", "Zoë O’Brien-Şahin & Söhne GmbH & Co. KG",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script_address_one_person(name: str) -> None:
    message = message_from_bytes(built(replace(LETTER, to=Mailbox("anna@bücher.example", name))))
    [(shown, address)] = getaddresses([message["To"]])
    plain = name.isascii() and "=?" not in name
    assert (shown if plain else str(make_header(decode_header(shown)))) == name
    assert address == "anna@xn--bcher-kva.example"


@pytest.mark.parametrize("subject", [
    "größer.example: zurück seit 22:10 Uhr, geprüft", "=?utf-8?b?QQ==?=", "x" * 190, "a " * 95, "é" * 150,
    " spaced  out ",
])  # fmt: skip
def test_subjects(subject: str) -> None:
    message = reading(built(replace(LETTER, subject=subject)))
    assert " ".join(message["subject"].split()) == " ".join(subject.split())


def test_an_address_beyond_ascii_stands_as_it_is() -> None:
    raw = built(replace(LETTER, to=Mailbox("jörg@bücher.example", "Jörg")))
    assert "<jörg@xn--bcher-kva.example>".encode() in raw
    with mail_server(features=["SMTPUTF8", "8BITMIME"]) as server:
        send(server.way(), SENDER.return_path("7f"), "jörg@bücher.example", raw)
        assert server.taken[0].raw == raw


def test_file_names() -> None:
    for name in ("Schreiben – größer.pdf", 'a"b.pdf', "报告.pdf"):
        [*_, file] = reading(built(replace(LETTER, attachments=(replace(PDF, name=name),)))).walk()
        assert file.get_filename() == name
    [*_, file] = reading(built(replace(LETTER, attachments=(replace(PDF, name="../../etc/passwd"),)))).walk()
    assert file.get_filename() == ".._.._etc_passwd"


EVIL = [
    "x\r\nBcc: all@larkfield.example",
    "x\nBcc: y@z.example",
    "x\rBcc: y",
    "x\0y",
    "x\u2028Bcc: y",
    "x\x85Bcc: y",
    "\ud800",
]


@pytest.mark.parametrize("evil", EVIL)
def test_no_field_a_person_types_begins_another_header(evil: str) -> None:
    """Each of them, with each sign that some reader takes for the end of a line."""
    there = replace(YOU, name=evil)
    tries: dict[str, tuple[Outgoing, Sender]] = {
        "to.name": (replace(LETTER, to=there), SENDER),
        "to": (replace(LETTER, to=Mailbox(f"a@b.example{evil}")), SENDER),
        "subject": (replace(LETTER, subject=evil), SENDER),
        "attachments.name": (replace(LETTER, attachments=(replace(PDF, name=evil),)), SENDER),
        "in_reply_to": (replace(LETTER, in_reply_to=f"<{evil}@b.example>"), SENDER),
        "references": (replace(LETTER, references=(f"<a@b.example>{evil}",)), SENDER),
        "language": (replace(LETTER, language=f"de{evil}"), SENDER),
        "sender.writes.name": (LETTER, replace(SENDER, writes=replace(SENDER.writes, name=evil))),
        "sender.reply_to.name": (LETTER, replace(SENDER, reply_to=replace(SENDER.reply_to, name=evil))),
        "invitation.summary": (replace(LETTER, invitation=replace(DATE, summary=evil)), SENDER),
        "invitation.location": (replace(LETTER, invitation=replace(DATE, location=evil)), SENDER),
        "invitation.uid": (replace(LETTER, invitation=replace(DATE, uid=evil)), SENDER),
        "invitation.attendee.name": (replace(LETTER, invitation=replace(DATE, attendee=there)), SENDER),
        "invitation.organizer.name": (replace(LETTER, invitation=replace(DATE, organizer=there)), SENDER),
    }
    for field, (outgoing, sender) in tries.items():
        with pytest.raises(BadInput) as told:
            mime.build(outgoing, sender, message_id="<1@b.example>", at=AT)
        assert told.value.field == field
        assert "\n" not in told.value.sentence()
    with pytest.raises(BadInput, match="message_id"):
        mime.build(LETTER, SENDER, message_id=f"<1@b.example>{evil}", at=AT)


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c.example", "a b@c.example", "a@-c.example", "a@c..example", "@c.example"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(BadInput, match=r"to: is not an e-mail address \(for example: anna@example\.org\)"):
        built(replace(LETTER, to=Mailbox(address)))
    with pytest.raises(ValueError, match="e-mail address"):
        Mailbox.read(f"Anna <{address}>")


def test_what_else_is_refused() -> None:
    for field, outgoing in {
        "subject": replace(LETTER, subject=" "),
        "text": replace(LETTER, text="\n"),
        "html": replace(LETTER, html="\ud800"),
        "attachments": replace(LETTER, attachments=(replace(PDF, media_type="pdf"),)),
        "invitation.end_at": replace(LETTER, invitation=replace(DATE, end_at=DATE.start_at)),
    }.items():
        with pytest.raises(BadInput) as told:
            built(outgoing)
        assert told.value.field == field


def test_mailboxes_as_people_type_them() -> None:
    assert Mailbox.read("anna@Example.ORG") == Mailbox("anna@example.org")
    assert Mailbox.read(' "Lee, Anna" <anna@example.org> ') == Mailbox("anna@example.org", "Lee, Anna")
    assert Mailbox.read("Jörg Müller <j@bücher.example>") == Mailbox("j@xn--bcher-kva.example", "Jörg Müller")
    for wrong in (
        "Anna",
        "Anna <a@b.example> <c@d.example>",
        "Anna\r\nBcc: x <a@b.example>",
        "a@b.example, c@d.example",
    ):
        with pytest.raises(ValueError, match="example"):
            Mailbox.read(wrong)


def test_addresses_as_they_are_kept() -> None:
    typed = {
        "Anna.Lee@Example.ORG": "Anna.Lee@example.org", "anna@Bücher.example": "anna@xn--bcher-kva.example",
        " a+b@c-d.example ": "a+b@c-d.example", "jörg@straße.example": "jörg@xn--strae-oqa.example", "a@b": "a@b",
    }  # fmt: skip
    assert {text: address(text) for text in typed} == typed
    for wrong in (
        "a@x_y.example",
        "a..b@c.example",
        ".a@c.example",
        "a@[192.0.2.1]",
        f"a@{'x' * 64}.example",
        "a\u200b@c.example",
    ):
        with pytest.raises(ValueError, match="e-mail address"):
            address(wrong)


# --- the signature ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> DkimKey:
    made = rsa.generate_private_key(65537, 2048)
    file = tmp_path_factory.mktemp("dkim") / "dkim.pem"
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return DkimKey("brightwell.example", "kept", file)


def holds(raw: bytes, key: DkimKey) -> bool:
    name, text = record(key)
    zone = {f"{name}.".encode(): text.encode()}
    return bool(dkim.verify(raw, dnsfunc=lambda asked, timeout=5: zone.get(asked)))


def test_a_signature_that_others_find_right(key: DkimKey) -> None:
    thread = replace(LETTER, in_reply_to="<b@x.example>", to=replace(YOU, name="Müller, Jörg"))
    with mail_server() as server:
        send(server.way(), SENDER.return_path("7f"), YOU.address, sign(built(thread), key))
        raw = server.taken[0].raw
    assert holds(raw, key)
    assert b"d=brightwell.example" in raw
    folded = raw.replace(b'Brightwell Web Studio"\r\n <', b'Brightwell Web Studio" <')
    assert folded != raw
    assert holds(folded, key), "a server may fold anew"
    for old, new in [
        (b"=C3=9Cber Nacht", b"=C3=9Cber Tag"),
        (b"Subject: shop", b"Subject: spam"),
        (b"To: ", b"From: x@evil.example\r\nTo: "),
        (b"In-Reply-To: <b@", b"In-Reply-To: <c@"),
    ]:
        assert old in raw
        assert not holds(raw.replace(old, new, 1), key), new
    assert not holds(raw, replace(key, selector="other"))


def test_keys_that_cannot_sign(tmp_path: Path) -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.PKCS8
    texts = {
        "elliptic.pem": elliptic.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
        "locked.pem": elliptic.private_bytes(
            serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"x")
        ),
        "none.pem": b"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    for name in (*texts, "absent.pem"):
        with pytest.raises(BadInput, match="KEPT_MAIL_DKIM_KEY"):
            sign(built(), DkimKey("brightwell.example", "kept", tmp_path / name))


def test_the_same_in_another_process() -> None:
    """What was approved is what goes, whichever process builds it."""
    program = "import sys; from tests.delivery.test_mime import built; sys.stdout.buffer.write(built())"
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=root, check=True)
    assert ran.stdout == built()
