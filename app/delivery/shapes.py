"""What mail is made of, as values. Whoever hands a message over fills in an Outgoing; nothing here sends or stores.

Outgoing ── mime.build(outgoing, sender, message_id, at) ──> bytes ── smtp.send(server, …) ──> Answer
            bounces.read(bytes) ──> [Bounce], by the token in its address or by the Message-ID
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from app.delivery.refusals.codes import fault
from app.errors import BadInput
from app.fields import address

Security = Literal["tls", "starttls", "none"]


def one_line(text: str, field: str, longest: int = 200) -> str:
    """What may stand in a header. Raises BadInput for any sign that some reader takes for the end of a line."""
    for sign in text:
        if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Zl", "Zp") or sign == "\ufeff":
            reason = f"has the character U+{ord(sign):04X}; in a header it could begin another one"
            raise BadInput(reason, field=field, example="one line without control characters")
    if len(text) > longest:
        raise BadInput(f"has {len(text)} characters, {longest} at most", field=field)
    return text.strip()


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address and whose it is."""

    address: str  # as app.fields.address gives it: the domain in ASCII (xn--…)
    name: str = ""

    @classmethod
    def read(cls, text: str) -> Mailbox:
        """Of `anna@example.org` or `Anna Lee <anna@example.org>`, as a person types it. Raises ValueError."""
        found = re.fullmatch(r'\s*(?:"?([^"<>]*?)"?\s*<([^<>]*)>|([^<>]*))\s*', text)
        name, inside, bare = found.groups() if found else ("", None, text)
        if set(name or "") & {"\r", "\n", "\x00"}:
            raise ValueError("must be one line, e.g. Anna Lee <anna@example.org>")
        return cls(address(inside if inside is not None else bare), (name or "").strip())


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along."""

    name: str
    media_type: str  # application/pdf
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A date in the recipient's calendar. A change has the same uid and the next sequence; so has a cancellation, with
    organizer and attendee as they were: who passes this in keeps them."""

    method: Literal["REQUEST", "CANCEL"]
    uid: str  # one for each work and contact, e.g. "work-0197…-contact-0197…@brightwell.example"
    sequence: int
    start_at: datetime
    end_at: datetime
    summary: str
    description: str
    organizer: Mailbox
    attendee: Mailbox
    location: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one person. `key` is the caller's own and unique: handed over twice, it goes once."""

    key: str
    to: Mailbox
    subject: str
    text: str
    html: str | None = None
    language: str = "en"
    attachments: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None
    in_reply_to: str | None = None  # the Message-ID of this recipient's earlier message, with its angle brackets
    references: tuple[str, ...] = ()  # Message-IDs, oldest first; in_reply_to is the last of them


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, who reads the answers, and where what cannot be delivered comes back to."""

    writes: Mailbox
    reply_to: Mailbox
    bounces: str | None = None  # bounces@brightwell.example; None: to the writer, and nothing is told apart by a token

    @property
    def domain(self) -> str:
        """What the Message-IDs end in."""
        return self.writes.address.rpartition("@")[2]

    def return_path(self, token: str) -> str:
        """The envelope sender of one delivery: bounces+<token>@…"""
        if self.bounces is None:
            return self.writes.address
        local, _, domain = self.bounces.rpartition("@")
        return f"{local}+{token}@{domain}"

    def message_id(self, token: str) -> str:
        """The Message-ID of one delivery, with its angle brackets."""
        return f"<kept.{token}@{self.domain}>"


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server that takes our messages. `none` is for the loopback address only."""

    host: str
    port: int
    security: Security = "tls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    hello: str = "localhost"  # what we call ourselves
    authorities: Path | None = None  # certificates in PEM to trust instead of the system's
    step_seconds: float = 60.0  # the longest wait for one answer
    answer_seconds: float = 300.0  # for the one after the message: servers look through it first
    whole_seconds: float = 600.0  # the longest conversation


@dataclass(frozen=True, slots=True)
class Account:
    """The mailbox that bounces come back to, over IMAP. `none` is for the loopback address only."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: Security = "tls"
    folder: str = "INBOX"
    authorities: Path | None = None
    step_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class DkimKey:
    """What messages are signed with, where they are: its public half stands at <selector>._domainkey.<domain>."""

    domain: str
    selector: str
    file: Path  # the private key in PEM, RSA


class Kind(StrEnum):
    """What an answer means to this one message."""

    ACCEPTED = "accepted"  # the server has taken it
    TEMPORARY = "temporary"  # it has not, and nothing speaks against trying again
    PERMANENT = "permanent"  # it has not, and will not
    UNKNOWN = "unknown"  # all of it was sent and no answer came: nobody knows, a person decides


class About(StrEnum):
    """What a refusal is about."""

    SERVER = "server"  # the way there: no connection, no login, the sender refused. Every other message has it too
    ADDRESS = "address"  # this recipient
    MESSAGE = "message"  # this message: too large, its content refused, a policy


class Stage(StrEnum):
    """How far a conversation came."""

    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    HELLO = "hello"
    LOGIN = "login"
    SENDER = "sender"  # MAIL FROM, and what the server's limits say before it
    RECIPIENT = "recipient"
    DATA = "data"  # the server's leave to begin
    CONTENT = "content"  # while the message was sent: its end had not been
    ANSWER = "answer"  # after its end


@dataclass(frozen=True, slots=True)
class Answer:
    """How one attempt ended. `code` and `status` are the server's (550, "5.1.1"), None where it said nothing."""

    kind: Kind
    stage: Stage
    about: About
    text: str  # one line, without secrets: the server's own words where there are any
    code: int | None = None
    status: str | None = None

    @property
    def suppresses(self) -> bool:
        """Whether nothing more is to be sent to this address until a person says so."""
        return self.kind is Kind.PERMANENT and self.about is About.ADDRESS


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a conversation, as it may be shown: secrets are left out."""

    by: Literal["us", "server", "note"]
    text: str


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report (RFC 3464) says of one recipient. `token` is that of Sender.return_path, `message_id` that
    of the message it speaks of: at least one is there, or the report cannot be matched."""

    token: str | None
    message_id: str | None
    recipient: str | None
    action: Literal["failed", "delayed", "delivered", "relayed", "expanded"]
    status: str | None  # "5.1.1"
    diagnostic: str  # one line
    reported_by: str

    @property
    def suppresses(self) -> bool:
        """There is nobody at the address: it is not written to again until a person says so."""
        return self.final and fault(self.status, self.diagnostic) == "address"

    @property
    def final(self) -> bool:
        """A failure for good: sent again it would come back again. A mailbox that is full is not."""
        good = self.status is None or self.status.startswith("5.")
        return self.action == "failed" and good and fault(self.status, self.diagnostic) != "full"

    @property
    def lost(self) -> bool:
        """The message did not arrive and no server tries any longer: for good, or because a server gave up."""
        return self.action == "failed"


class Given(Protocol):
    """The settings that mail is about: app.settings.Settings has them."""

    @property
    def smtp_host(self) -> str | None: ...
    @property
    def smtp_port(self) -> int | None: ...
    @property
    def smtp_security(self) -> Security: ...
    @property
    def smtp_user(self) -> str | None: ...
    @property
    def smtp_password(self) -> SecretStr | None: ...
    @property
    def smtp_timeout(self) -> int: ...
    @property
    def mail_from(self) -> str | None: ...
    @property
    def mail_reply_to(self) -> str | None: ...
    @property
    def mail_bounces(self) -> str | None: ...
    @property
    def mail_hello(self) -> str | None: ...
    @property
    def mail_authorities(self) -> Path | None: ...
    @property
    def mail_dkim_key(self) -> Path | None: ...
    @property
    def mail_dkim_selector(self) -> str: ...
    @property
    def mail_dkim_domain(self) -> str | None: ...
    @property
    def imap_host(self) -> str | None: ...
    @property
    def imap_port(self) -> int | None: ...
    @property
    def imap_security(self) -> Security: ...
    @property
    def imap_user(self) -> str | None: ...
    @property
    def imap_password(self) -> SecretStr | None: ...
    @property
    def imap_folder(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Ways:
    """How mail goes and comes back: `Ways.of(settings)`, at the edge. A part that is None is not set up."""

    server: Server | None = None
    sender: Sender | None = None
    dkim: DkimKey | None = None
    account: Account | None = None

    @classmethod
    def of(cls, given: Given) -> Ways:
        """As the settings say. Raises BadInput naming the setting that is wrong or missing."""
        sender = _sender(given)
        if given.smtp_host and sender is None:
            raise BadInput(
                "is needed to send mail", field="KEPT_MAIL_FROM", example="My Studio <service@studio.example>"
            )
        return cls(_server(given, sender), sender, _dkim(given, sender), _account(given))


SMTP_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}
IMAP_PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}


def _sender(given: Given) -> Sender | None:
    if given.mail_from is None:
        return None
    writes = _mailbox(given.mail_from, "KEPT_MAIL_FROM")
    reply_to = _mailbox(given.mail_reply_to, "KEPT_MAIL_REPLY_TO") if given.mail_reply_to else writes
    bounces = _mailbox(given.mail_bounces, "KEPT_MAIL_BOUNCES").address if given.mail_bounces else None
    return Sender(writes, reply_to, bounces)


def _server(given: Given, sender: Sender | None) -> Server | None:
    if given.smtp_host is None or sender is None:
        return None
    password = given.smtp_password.get_secret_value() if given.smtp_password is not None else None
    if (given.smtp_user is None) != (password is None):
        missing = "KEPT_SMTP_PASSWORD" if password is None else "KEPT_SMTP_USER"
        raise BadInput("user and password belong together: this one is not set", field=missing)
    port = given.smtp_port or SMTP_PORTS[given.smtp_security]
    return Server(
        given.smtp_host, port, given.smtp_security, given.smtp_user, password,
        given.mail_hello or sender.domain, given.mail_authorities, float(given.smtp_timeout),
        max(300.0, float(given.smtp_timeout)),
    )  # fmt: skip


def _dkim(given: Given, sender: Sender | None) -> DkimKey | None:
    if given.mail_dkim_key is None or sender is None:
        return None
    return DkimKey(given.mail_dkim_domain or sender.domain, given.mail_dkim_selector, given.mail_dkim_key)


def _account(given: Given) -> Account | None:
    if given.imap_host is None:
        return None
    if given.imap_user is None or given.imap_password is None:
        missing = "KEPT_IMAP_USER" if given.imap_user is None else "KEPT_IMAP_PASSWORD"
        raise BadInput("is needed to read the mailbox", field=missing)
    return Account(
        given.imap_host, given.imap_port or IMAP_PORTS[given.imap_security], given.imap_user,
        given.imap_password.get_secret_value(), given.imap_security, given.imap_folder, given.mail_authorities,
    )  # fmt: skip


def _mailbox(text: str, setting: str) -> Mailbox:
    try:
        return Mailbox.read(text)
    except ValueError as error:
        raise BadInput(str(error), field=setting, example="My Studio <service@studio.example>") from None
