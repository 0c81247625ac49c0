"""One message to a real server that fails at each step of the conversation: what is said of it, and what never is."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from app.delivery.shapes import About, Answer, Kind, Said, Stage
from app.delivery.smtp import meaning, send
from tests.world.smtp import CLOSE, HANG, KEEP_CLOSE, KEEP_HANG, MailServer, Script, mail_server

RAW = b"From: a@brightwell.example\r\nSubject: x\r\n\r\nHello\r\n.\r\n..two\r\nend\r\n"
ME, YOU = "bounces+7f@brightwell.example", "n.okafor@larkfield.example"
SECRET = "correct horse"


def sent(server: MailServer, to: str = YOU, **more: object) -> Answer:
    return send(server.way(**more), ME, to, RAW)


def ends(script: Script, **more: object) -> tuple[Answer, MailServer]:
    with mail_server(script) as server:
        return sent(server, **more), server


def short(answer: Answer) -> tuple[str, str, str, int | None]:
    return str(answer.kind), str(answer.stage), str(answer.about), answer.code


def test_a_message_is_taken_as_it_is() -> None:
    with mail_server() as server:
        answer = sent(server)
    assert short(answer) == ("accepted", "answer", "message", 250)
    assert (answer.status, answer.text) == ("2.0.0", "2.0.0 Ok: queued as 000001")
    [taken] = server.taken
    assert (taken.envelope_from, taken.to, taken.raw) == (ME, (YOU,), RAW)
    assert server.said[-1] == "QUIT"


# what the server does -> kind, stage, about, code, suppresses
FAILS: dict[str, tuple[Script, tuple[str, str, str, int | None], bool]] = {
    "hangs up at once": ({"connect": CLOSE}, ("temporary", "greeting", "server", None), False),
    "has no place": ({"banner": "421 4.3.2 busy"}, ("temporary", "greeting", "server", 421), False),
    "does not want us": ({"banner": "554 5.7.1 no"}, ("temporary", "greeting", "server", 554), False),
    "says nothing": ({"banner": HANG}, ("temporary", "greeting", "server", None), False),
    "says nonsense": ({"banner": "lo and behold"}, ("temporary", "greeting", "server", None), False),
    "refuses both hellos": ({"ehlo": "550 no", "helo": "550 no"}, ("temporary", "hello", "server", 550), False),
    "leaves after hello": ({"ehlo": CLOSE}, ("temporary", "hello", "server", None), False),
    "refuses the sender": ({"mail": "550 5.1.8 who?"}, ("temporary", "sender", "server", 550), False),
    "is full": ({"mail": "452 4.3.1 full"}, ("temporary", "sender", "server", 452), False),
    "hangs at the sender": ({"mail": HANG}, ("temporary", "sender", "server", None), False),
    "finds it too large": ({"mail": "552 5.3.4 too large"}, ("permanent", "sender", "message", 552), False),
    "knows nobody of the name": ({"rcpt": "550 5.1.1 nobody"}, ("permanent", "recipient", "address", 550), True),
    "does so without a status": ({"rcpt": "550 nobody"}, ("permanent", "recipient", "address", 550), True),
    "says the mailbox is full": ({"rcpt": "552 5.2.2 full"}, ("temporary", "recipient", "address", 552), False),
    "wants us to come again": ({"rcpt": "451 4.7.1 greylisted"}, ("temporary", "recipient", "address", 451), False),
    "leaves politely": ({"rcpt": "421 4.4.2 bye"}, ("temporary", "recipient", "server", 421), False),
    "does not relay": ({"rcpt": "554 5.7.1 Relay access denied"}, ("temporary", "recipient", "server", 554), False),
    "does not, plainly": ({"rcpt": "550 relay not permitted"}, ("temporary", "recipient", "server", 550), False),
    "has a policy": ({"rcpt": "550 5.7.1 blocked"}, ("permanent", "recipient", "message", 550), False),
    "leaves at the recipient": ({"rcpt": CLOSE}, ("temporary", "recipient", "server", None), False),
    "wants no data": ({"data": "554 5.5.1 no"}, ("permanent", "data", "message", 554), False),
    "wants none now": ({"data": "451 4.3.0 later"}, ("temporary", "data", "message", 451), False),
    "hangs before data": ({"data": HANG}, ("temporary", "data", "server", None), False),
    "refuses the content": ({"dot": "550 5.7.1 spam"}, ("permanent", "answer", "message", 550), False),
    "sees too late who it is for": ({"dot": "550 5.1.1 nobody"}, ("permanent", "answer", "address", 550), True),
    "cannot store it": ({"dot": "451 4.3.0 later"}, ("temporary", "answer", "message", 451), False),
    "shuts down after it": ({"dot": "421 4.3.2 bye"}, ("temporary", "answer", "server", 421), False),
    "takes it and is gone": ({"dot": KEEP_CLOSE}, ("unknown", "answer", "message", None), False),
    "takes it and is silent": ({"dot": KEEP_HANG}, ("unknown", "answer", "message", None), False),
    "is gone, and has not": ({"dot": CLOSE}, ("unknown", "answer", "message", None), False),
    "answers with a riddle": ({"dot": "354 go on"}, ("unknown", "answer", "message", 354), False),
    "is rude afterwards": ({"quit": "421 4.0.0 what"}, ("accepted", "answer", "message", 250), False),
    "is gone afterwards": ({"quit": CLOSE}, ("accepted", "answer", "message", 250), False),
}  # fmt: skip


@pytest.mark.parametrize("server_does", FAILS)
def test_each_step_of_the_conversation(server_does: str) -> None:
    script, expected, suppresses = FAILS[server_does]
    silent = {HANG, KEEP_HANG} & {one for one in script.values() if not isinstance(one, list)}
    for patience in (0.3, 1.5, 8.0) if silent else (20.0,):  # a slow machine may be late before the server is silent
        answer, server = ends(script, step_seconds=patience, answer_seconds=patience)
        if short(answer) == expected:
            break
    assert short(answer) == expected, answer
    assert answer.suppresses is suppresses
    assert answer.text
    assert (answer.kind is Kind.ACCEPTED) == (bool(server.taken) and answer.kind is not Kind.UNKNOWN)


def test_a_connection_lost_in_the_middle_is_no_delivery() -> None:
    """The message is larger than what lies in buffers, so that the loss is noticed before its end is sent."""
    whole = RAW + b"x" * 70 + b"\r\n"
    with mail_server({"content": CLOSE}) as server:
        answer = send(server.way(), ME, YOU, whole * 200_000)
        assert short(answer) == ("temporary", "content", "server", None)
        assert not server.taken
        assert send(server.way(), ME, YOU, RAW).kind is Kind.UNKNOWN, "all of it fitted: nobody knows"


def test_a_server_that_reads_no_more_is_given_up() -> None:
    for patience in (0.5, 2.0, 8.0):  # a slow machine may be late before
        with mail_server({"content": HANG}) as server:
            answer = send(server.way(step_seconds=patience), ME, YOU, RAW * 200_000)
        if answer.stage is Stage.CONTENT:
            break
    assert short(answer) == ("temporary", "content", "server", None)
    assert answer.text == "no answer in time"


def test_one_refused_recipient_says_nothing_of_the_others() -> None:
    with mail_server(refuse={"gone@larkfield.example": "550 5.1.1 gone"}) as server:
        kinds = [sent(server, to).kind for to in (YOU, "gone@larkfield.example", "b@fernlea.example")]
    assert kinds == [Kind.ACCEPTED, Kind.PERMANENT, Kind.ACCEPTED]
    assert [taken.to for taken in server.taken] == [(YOU,), ("b@fernlea.example",)]


def test_a_conversation_has_a_longest_time() -> None:
    """A server that answers each time just before the limit of one step."""
    with mail_server(pause=0.2) as server:
        answer = sent(server, step_seconds=0.4, whole_seconds=0.7)
    assert answer.kind is Kind.TEMPORARY
    assert answer.about is About.SERVER


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    answer = send(MailServer(port=port).way(), ME, YOU, RAW)
    assert short(answer) == ("temporary", "connect", "server", None)
    assert answer.text == "Connection refused"
    lost = send(MailServer(port=port).way(host="mail.invalid"), ME, YOU, RAW)
    assert short(lost)[:3] == ("temporary", "connect", "server")


def test_plain_is_for_this_machine_only() -> None:
    answer = send(MailServer(port=25).way(host="192.0.2.7"), ME, YOU, RAW)
    assert short(answer) == ("temporary", "connect", "server", None)
    assert "KEPT_SMTP_SECURITY" in answer.text


@pytest.mark.parametrize(("limit", "kind"), [("SIZE 60", Kind.PERMANENT), ("SIZE 1000", Kind.ACCEPTED),
                                             ("SIZE 0", Kind.ACCEPTED), ("SIZE", Kind.ACCEPTED)])  # fmt: skip
def test_a_message_over_the_servers_size_is_not_begun(limit: str, kind: Kind) -> None:
    with mail_server(features=[limit]) as server:
        answer = sent(server)
    assert answer.kind is kind
    if kind is Kind.PERMANENT:
        assert (answer.stage, answer.about) == (Stage.SENDER, About.MESSAGE)
        assert answer.text == f"the message has {len(RAW)} bytes, and the server takes 60"
        assert not any(line.startswith("MAIL") for line in server.said)
    else:
        assert f"SIZE={len(RAW)}" in server.taken[0].options


def test_reports_are_asked_for_where_the_server_knows_how() -> None:
    with mail_server(features=["DSN"]) as server:
        send(server.way(), ME, YOU, RAW, envelope_id="7f+3")
        assert server.taken[0].options == f"RET=HDRS ENVID=7f+2B3 NOTIFY=FAILURE,DELAY ORCPT=rfc822;{YOU}"
    with mail_server() as server:
        send(server.way(), ME, YOU, RAW, envelope_id="7f")
        assert server.taken[0].options == ""


def test_addresses_in_other_scripts() -> None:
    with mail_server(features=["SMTPUTF8", "8BITMIME"]) as server:
        assert sent(server, "jörg@bücher.example").kind is Kind.ACCEPTED
        assert server.taken[0].to == ("jörg@xn--bcher-kva.example",)
        assert server.taken[0].options == "SMTPUTF8 BODY=8BITMIME"
    with mail_server() as server:
        refused = sent(server, "jörg@bücher.example")
        assert (refused.kind, refused.suppresses) == (Kind.PERMANENT, False), "the server cannot; the address can"
        assert sent(server, "joerg@bücher.example").kind is Kind.ACCEPTED


@pytest.mark.parametrize("to", ["nobody", "a@b@c.example", "a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", ""])
def test_an_address_that_is_none_is_not_said_to_a_server(to: str) -> None:
    with mail_server() as server:
        answer = sent(server, to)
        assert (answer.kind, answer.about) == (Kind.PERMANENT, About.ADDRESS)
        assert server.connections == 0


# --- TLS and login ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "authorities.pem"
    made.cert_pem.write_to_path(file)
    return made, file


def context(by: trustme.CA, name: str = "localhost", **more: object) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    by.issue_cert(name, **more).configure_cert(made)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_with_tls_and_a_login_and_without_a_word_of_the_password(
    authority: tuple[trustme.CA, Path], security: str
) -> None:
    ca, file = authority
    heard: list[Said] = []
    with mail_server(
        tls=context(ca),
        security=security,
        authorities=file,
        users={"kept": SECRET},
        features=["SIZE 9000"],  # type: ignore[arg-type]
    ) as server:
        answer = send(server.way(user="kept", password=SECRET), ME, YOU, RAW, hear=heard.append)
        assert answer.kind is Kind.ACCEPTED
        wrong = send(server.way(user="kept", password="wrong"), ME, YOU, RAW, hear=heard.append)
    assert short(wrong) == ("temporary", "login", "server", 535)
    assert wrong.text == "5.7.8 kept may not come in with (hidden)", "what it says back is not passed on either"
    told = "\n".join(said.text for said in heard)
    assert SECRET not in told
    assert "wrong" not in told
    assert "Y29ycmVjdC" not in told, "not in Base64 either"
    assert any("the certificate holds" in said.text for said in heard if said.by == "note")
    assert "(hidden)" in told
    assert server.said.count("STARTTLS") == (2 if security == "starttls" else 0)
    assert "MAIL FROM:<bounces+7f@brightwell.example> SIZE=" in told


def test_certificates_that_do_not_hold(authority: tuple[trustme.CA, Path]) -> None:
    ca, file = authority
    today = datetime.now(UTC)
    cases = {
        "self-signed": context(trustme.CA()),
        "mismatch": context(ca, "mx.larkfield.example"),
        "expired": context(ca, not_before=today - timedelta(9), not_after=today - timedelta(2)),
    }
    for name, tls in cases.items():
        with mail_server(tls=tls, security="tls", authorities=file) as server:
            answer = sent(server)
        assert short(answer) == ("temporary", "tls", "server", None), name
        assert "the certificate does not hold" in answer.text
        assert not server.said, "nothing was said to whoever that is"


def test_no_tls_where_it_was_expected(authority: tuple[trustme.CA, Path]) -> None:
    ca, _ = authority
    with mail_server() as plain:
        without = send(plain.way(host="localhost", security="starttls"), ME, YOU, RAW)
        assert short(without) == ("temporary", "tls", "server", None)
        assert "KEPT_SMTP_SECURITY=tls" in without.text
        assert not any("MAIL" in line for line in plain.said)
        at_once = send(plain.way(host="localhost", security="tls"), ME, YOU, RAW)
        assert short(at_once) == ("temporary", "tls", "server", None)
        assert "KEPT_SMTP_SECURITY=starttls" in at_once.text
    with mail_server({"starttls": "454 4.7.0 not now"}, tls=context(ca), security="starttls") as server:
        assert short(sent(server)) == ("temporary", "tls", "server", 454)


def test_what_was_said_before_tls_does_not_count_after_it(authority: tuple[trustme.CA, Path]) -> None:
    """A line slipped in after the leave to begin TLS is not taken for the server's word inside it."""
    ca, file = authority
    slipped = {"starttls": "220 go on\n250-mx.example\n250 SIZE 1"}
    with mail_server(slipped, tls=context(ca), security="starttls", authorities=file) as server:
        answer = sent(server)
    assert answer.kind is Kind.ACCEPTED, answer


def test_what_refusals_mean() -> None:
    """The table of the decisions: a number, a status and the step it came at."""
    assert meaning(Stage.RECIPIENT, 550, "5.4.1") == (Kind.PERMANENT, About.ADDRESS)
    assert meaning(Stage.RECIPIENT, 550, "5.1.1", "User unknown in relay recipient table") == (
        Kind.PERMANENT, About.ADDRESS)  # fmt: skip
    assert meaning(Stage.RECIPIENT, 530, "5.7.0") == (Kind.TEMPORARY, About.SERVER)
    assert meaning(Stage.RECIPIENT, 503, None) == (Kind.PERMANENT, About.MESSAGE)
    assert meaning(Stage.ANSWER, 552, "5.3.4") == (Kind.PERMANENT, About.MESSAGE)
    assert meaning(Stage.ANSWER, 250, None)[0] is Kind.UNKNOWN
    for stage in (Stage.RECIPIENT, Stage.ANSWER):  # security and policy say nothing of whether somebody is there
        for status in ("5.7.1", "5.7.23", "5.7.26"):
            assert meaning(stage, 550, status, "rejected") == (Kind.PERMANENT, About.MESSAGE)
        assert meaning(stage, 552, "5.2.2", "mailbox full") == (Kind.TEMPORARY, About.ADDRESS)
        assert meaning(stage, 552, "5.3.4") == (Kind.PERMANENT, About.MESSAGE)
        assert meaning(stage, 550, "5.1.1") == meaning(stage, 550, "5.2.1") == (Kind.PERMANENT, About.ADDRESS)
        assert meaning(stage, 553, "5.1.8") == (Kind.PERMANENT, About.MESSAGE)  # it is our address that is bad
    unsigned = "this message was blocked because its sender is unauthenticated"
    assert meaning(Stage.ANSWER, 550, "5.7.26", unsigned) == (Kind.PERMANENT, About.MESSAGE)
    assert meaning(Stage.RECIPIENT, 550, "5.7.1", "Authentication required") == (Kind.TEMPORARY, About.SERVER)
    assert meaning(Stage.RECIPIENT, 550, None, "blocked using zen.spamhaus.org") == (Kind.PERMANENT, About.MESSAGE)
    assert meaning(Stage.RECIPIENT, 550, None, "no such user") == (Kind.PERMANENT, About.ADDRESS)
    assert meaning(Stage.RECIPIENT, 552, None, "storage allocation exceeded") == (Kind.TEMPORARY, About.ADDRESS)
    assert meaning(Stage.LOGIN, 535, "5.7.8") == (Kind.TEMPORARY, About.SERVER)
