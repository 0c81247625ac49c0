"""One message handed to the mail server, and what came of it, exactly: which step, whose word, whether to try again.

The library's own way of sending data does not tell a connection lost before the end of the message from one lost after
it. The first is no delivery; after the second nobody knows, and a person decides. So the end is sent by itself.
"""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from app.delivery.refusals.codes import fault
from app.delivery.shapes import About, Answer, Kind, Said, Server, Stage
from app.fields import address

Hear = Callable[[Said], None]
CHUNK = 64 << 10
GOODBYE_S = 5.0
LONGEST_LINE, MOST_SAID = 4096, 256 << 10  # bytes of one line, and of everything, that a server may say
END = b".\r\n"


def send(
    server: Server, envelope_from: str, to: str, raw: bytes, *, envelope_id: str | None = None, hear: Hear | None = None
) -> Answer:
    """Hands one message for one recipient to the server. Never raises for what a server or a network does.

    `raw` as mime.build gives it. `envelope_id` comes back in reports of servers that know DSN. `hear` is given the
    conversation as it goes, without secrets.
    """
    try:
        to, envelope_from = address(to), address(envelope_from) if envelope_from else ""
    except ValueError as error:
        return Answer(Kind.PERMANENT, Stage.RECIPIENT, About.ADDRESS, f"{str(error)[:80]}; nothing was sent")
    talk = _Talk(server, hear)
    try:
        with contextlib.closing(talk):
            talk.open()
            talk.envelope(envelope_from, to, raw, envelope_id)
            accepted = talk.content(raw)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                talk.until = min(talk.until, time.monotonic() + GOODBYE_S)
                talk.docmd("QUIT")  # whatever comes of it: the message is theirs
            return accepted
    except _Refused as refused:
        return refused.answer
    except smtplib.SMTPException as error:
        return talk.broken(str(error))
    except OSError as error:  # TLS, time limits, names that are none, connections lost
        return talk.broken(_reason(error, server))


class _Refused(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class _Lines:
    """What a server says, line by line, within its limits of time and size."""

    def __init__(self, sock: socket.socket, seconds: Callable[[], float]) -> None:
        self.sock, self.seconds = sock, seconds
        self.held, self.heard = b"", 0

    def readline(self, _: int = -1) -> bytes:
        while b"\n" not in self.held:
            if len(self.held) > LONGEST_LINE or self.heard > MOST_SAID:
                raise OSError("the server says more than any answer needs")
            self.sock.settimeout(self.seconds())
            part = self.sock.recv(4096)
            if not part:
                return b""
            self.heard += len(part)
            self.held += part
        line, _sign, self.held = self.held.partition(b"\n")
        return line + b"\n"

    def close(self) -> None:
        self.held = b""


class _Talk(smtplib.SMTP):
    ehlo_msg = "EHLO"

    def __init__(self, server: Server, hear: Hear | None) -> None:
        super().__init__(local_hostname=server.hello)
        self.server, self.hear = server, hear or (lambda said: None)
        self.stage = Stage.CONNECT
        self.hidden = False  # while a password is said
        self.until = time.monotonic() + server.whole_seconds

    # --- what the library calls ---------------------------------------------------------------------------------------

    def putcmd(self, cmd: str, args: str = "") -> None:
        self.hear(Said("us", "(hidden)" if self.hidden else self._open(f"{cmd} {args}".strip())))
        if self.sock is not None:
            self.sock.settimeout(self._seconds())
        super().putcmd(cmd, args)

    def getreply(self) -> tuple[int, bytes]:
        try:
            code, said = super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, OSError):
                raise error.__context__ from None
            raise
        for line in said.decode("utf-8", "replace").splitlines() or [""]:
            self.hear(Said("server", f"{code} {self._open(line)}"))
        return code, said

    # --- the conversation ---------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Up to the point where a message can be handed over."""
        self.hear(Said("note", f"{self.server.host}:{self.server.port}, {_said(self.server)}"))
        self._take(_connect(self.server, self._seconds()))
        if self.server.security == "tls":
            self._encrypt()
        self.stage = Stage.GREETING
        self._expect(self.getreply(), 220)
        self._hello()
        if self.server.security == "starttls":
            self.stage = Stage.TLS
            if not self.has_extn("starttls"):
                self._refuse(About.SERVER, "the server offers no STARTTLS; is KEPT_SMTP_SECURITY=tls meant?")
            self._expect(self.docmd("STARTTLS"), 220)
            self._encrypt()
            self._hello()
        if self.server.user is not None:
            self._login(self.server.user, self.server.password or "")

    def envelope(self, envelope_from: str, to: str, raw: bytes, envelope_id: str | None) -> None:
        self.stage = Stage.SENDER
        options = []
        if self.has_extn("size"):
            limit = re.sub(r"\D", "", self.esmtp_features["size"]) or "0"
            if 0 < int(limit) < len(raw):
                self._refuse(About.MESSAGE, f"the message has {len(raw):,} bytes, and the server takes {int(limit):,}")
            options.append(f"SIZE={len(raw)}")
        head = raw.partition(b"\r\n\r\n")[0]
        if not (envelope_from.isascii() and to.isascii() and head.isascii()):
            if not self.has_extn("smtputf8"):
                self._refuse(About.MESSAGE, f"the server takes no address that is not plain ASCII: {to}")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            self.command_encoding = "utf-8"
        asked = []
        if self.has_extn("dsn"):
            options += ["RET=HDRS", *([f"ENVID={_xtext(envelope_id)}"] if envelope_id else [])]
            asked = ["NOTIFY=FAILURE,DELAY", *([f"ORCPT=rfc822;{_xtext(to)}"] if to.isascii() else [])]
        self._expect(self.docmd("MAIL", " ".join([f"FROM:<{envelope_from}>", *options])), 250)
        self.stage = Stage.RECIPIENT
        self._expect(self.docmd("RCPT", " ".join([f"TO:<{to}>", *asked])), 250, 251, 252)
        self.stage = Stage.DATA
        self._expect(self.docmd("DATA"), 354)

    def content(self, raw: bytes) -> Answer:
        """Sends the message, then its end. Returns the acceptance."""
        self.stage = Stage.CONTENT
        sock = self.sock
        assert sock is not None
        body = re.sub(rb"(?m)^\.", b"..", raw if raw.endswith(b"\r\n") else raw + b"\r\n")
        try:
            for start in range(0, len(body), CHUNK):
                sock.settimeout(self._seconds())
                sock.sendall(body[start : start + CHUNK])
        except OSError as error:
            with contextlib.suppress(OSError, smtplib.SMTPException):  # it may have said why
                self.until = min(self.until, time.monotonic() + GOODBYE_S)
                self._expect(self.getreply())
            raise error
        self.hear(Said("us", f"({len(raw):,} bytes, and a line with a dot)"))
        self.stage = Stage.ANSWER
        sock.sendall(END)
        code, said = self.getreply()
        self._expect((code, said), 250)
        return self._answer(Kind.ACCEPTED, About.MESSAGE, code, said)

    # --- its steps ----------------------------------------------------------------------------------------------------

    def _seconds(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the conversation took longer than {self.server.whole_seconds:g} seconds")
        return min(left, self.server.answer_seconds if self.stage is Stage.ANSWER else self.server.step_seconds)

    def _take(self, sock: socket.socket) -> None:
        self.sock = sock
        self.file = _Lines(sock, self._seconds)  # what was said before TLS began is forgotten

    def _encrypt(self) -> None:
        self.stage = Stage.TLS
        assert self.sock is not None
        context = ssl.create_default_context(cafile=self.server.authorities)
        self.sock.settimeout(self._seconds())
        wrapped = context.wrap_socket(self.sock, server_hostname=self.server.host)
        self._take(wrapped)
        self.hear(Said("note", f"{wrapped.version()}, the certificate holds"))

    def _hello(self) -> None:
        self.stage = Stage.HELLO
        self.ehlo_resp = self.helo_resp = None
        code, said = self.ehlo(self.server.hello)
        if not 200 <= code < 300 and code != 421:
            code, said = self.helo(self.server.hello)
        self._expect((code, said), 250)

    def _login(self, user: str, password: str) -> None:
        self.stage = Stage.LOGIN
        ways = self.esmtp_features.get("auth", "").upper().split()
        secret = [base64.b64encode(part.encode()).decode() for part in (f"\0{user}\0{password}", user, password)]
        self.hear(Said("note", f"login as {user}"))
        self.hidden = True
        try:
            if "PLAIN" in ways:
                self._expect(self.docmd("AUTH", f"PLAIN {secret[0]}"), 235)
            elif "LOGIN" in ways:
                self._expect(self.docmd("AUTH", "LOGIN"), 334)
                self._expect(self.docmd(secret[1]), 334)
                self._expect(self.docmd(secret[2]), 235)
            else:
                offered = " ".join(ways) or "none"
                self._refuse(About.SERVER, f"the server offers no login that Kept has (PLAIN, LOGIN), but {offered}")
        finally:
            self.hidden = False

    # --- its end ------------------------------------------------------------------------------------------------------

    def _expect(self, reply: tuple[int, bytes], *right: int) -> None:
        code, said = reply
        if code not in right:
            kind, about = meaning(self.stage, code, _status(code, said), said.decode("utf-8", "replace"))
            raise _Refused(self._answer(kind, about, code, said))

    def _refuse(self, about: About, text: str) -> None:
        """What we see ourselves, before the server has to say it."""
        kind = Kind.TEMPORARY if about is About.SERVER else Kind.PERMANENT
        raise _Refused(Answer(kind, self.stage, about, text))

    def _answer(self, kind: Kind, about: About, code: int, said: bytes) -> Answer:
        text = self._open(said.decode("utf-8", "replace"))
        real = code if 200 <= code < 600 else None
        return Answer(kind, self.stage, about, text, real, _status(code, said))

    def broken(self, reason: str) -> Answer:
        """No answer: what that means depends on whether the end of the message had been sent."""
        kind = Kind.UNKNOWN if self.stage is Stage.ANSWER else Kind.TEMPORARY
        about = About.MESSAGE if self.stage is Stage.ANSWER else About.SERVER
        return Answer(kind, self.stage, about, self._open(reason))

    def _open(self, text: str) -> str:
        """One printable line without our secrets, which some servers say back."""
        line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
        password = self.server.password
        for secret in filter(None, (password, password and base64.b64encode(password.encode()).decode())):
            line = line.replace(secret, "(hidden)")
        return line[:500]


def meaning(stage: Stage, code: int, status: str | None, text: str = "") -> tuple[Kind, About]:
    """What a refusal means to this message. Before a recipient is named it says nothing of the message, whatever its
    number: a password that is wrong must not make eighty letters undeliverable, nor a server that wants to relay for
    others only suppress eighty addresses."""
    if stage is Stage.ANSWER and not 400 <= code < 600:
        return Kind.UNKNOWN, About.MESSAGE  # not a refusal, and not what it should be
    if stage is Stage.SENDER and (code == 552 or status == "5.3.4"):
        return Kind.PERMANENT, About.MESSAGE  # too large
    inside = stage in (Stage.CONTENT, Stage.ANSWER)  # here "authenticat…" is said of the message: SPF, DKIM
    login = r"\brelay" if inside else r"\brelay|authenticat"
    policy = (status is None or status.startswith("5.7.")) and re.search(login, text, re.IGNORECASE)
    ours = code in (421, 530) or policy
    if stage not in (Stage.RECIPIENT, Stage.DATA, Stage.CONTENT, Stage.ANSWER) or ours or not 400 <= code < 600:
        return Kind.TEMPORARY, About.SERVER
    if code < 500:
        return Kind.TEMPORARY, About.ADDRESS if stage is Stage.RECIPIENT else About.MESSAGE
    found = fault(status, text)
    if status is None and code == 552 and stage is Stage.RECIPIENT:
        found = "full"  # RFC 5321: beyond the storage allotted
    if found == "full":
        return Kind.TEMPORARY, About.ADDRESS
    if status is None:
        theirs = stage is Stage.RECIPIENT and 550 <= code <= 553
    else:
        theirs = stage is Stage.RECIPIENT or status.startswith(("5.1.", "5.2."))
    return Kind.PERMANENT, About.ADDRESS if theirs and found == "address" else About.MESSAGE


def _status(code: int, said: bytes) -> str | None:
    found = re.match(rb"([245]\.\d{1,3}\.\d{1,3})\b", said)
    return found[1].decode() if found and found[1][:1] == str(code)[:1].encode() else None


def _xtext(text: str) -> str:
    """RFC 3461: what is not plain is written as +XX."""
    return "".join(sign if "!" <= sign <= "~" and sign not in "+=" else f"+{ord(sign):02X}" for sign in text)


def _said(server: Server) -> str:
    return {"tls": "TLS from the first byte", "starttls": "STARTTLS", "none": "without TLS"}[server.security]


def _connect(server: Server, seconds: float) -> socket.socket:
    """Raises OSError. Without TLS only to this machine itself."""
    try:
        if server.security != "none":
            return socket.create_connection((server.host, server.port), seconds)
        found: list[Any] = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError(f"{server.host[:80]!r} is no name of a server") from None
    near = [place[4] for place in found if ipaddress.ip_address(place[4][0].partition("%")[0]).is_loopback]
    if len(near) < len(found):
        raise OSError(f"{server.host} is not this machine, and KEPT_SMTP_SECURITY=none is for this machine only")
    for place in near[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection(place[:2], seconds)
    return socket.create_connection(near[-1][:2], seconds)


def _reason(error: OSError, server: Server) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate does not hold: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        other = "starttls" if server.security == "tls" else "tls"
        return f"it does not speak TLS here; is KEPT_SMTP_SECURITY={other} meant?"
    if isinstance(error, TimeoutError):
        return str(error) if "conversation" in str(error) else "no answer in time"
    return error.strerror or str(error) or type(error).__name__
