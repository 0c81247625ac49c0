"""What comes back, as the servers people have send it; and the mailbox it comes back to."""

from __future__ import annotations

import ssl
from pathlib import Path
from random import Random

import pytest
import trustme

from app.delivery.bounces import read, token_of
from app.delivery.mailbox import Fetched, Unreachable, fetch, waiting
from tests.world.imap import mailbox

REPORTS = Path(__file__).parent / "reports"
BASE = "bounces@brightwell.example"
TOKEN, MESSAGE_ID = "0f3a9c2277e1", "<kept.0f3a9c2277e1@brightwell.example>"

# report -> recipient, action, status, whether the address is left alone from now on, whether the letter is lost
SAID: dict[str, tuple[str, str, str, bool, bool]] = {
    "postfix_failed": ("n.okafor@larkfield.example", "failed", "5.1.1", True, True),
    "postfix_delayed": ("n.okafor@larkfield.example", "delayed", "4.4.1", False, False),
    "postfix_gave_up": ("n.okafor@larkfield.example", "failed", "4.4.1", False, True),
    "exim": ("hello@fernlea.example", "failed", "5.2.1", True, True),  # 5.0.0 in the report, 5.2.1 in the words
    "exim_plain": ("hello@fernlea.example", "failed", "5.0.0", True, True),
    "exchange": ("office@harbourside.example", "failed", "5.1.10", True, True),
    "gmail": ("old.mill@post.example", "failed", "5.1.1", True, True),
    "global": ("jörg@xn--bcher-kva.example", "failed", "5.1.1", True, True),
}


def report(name: str) -> bytes:
    return (REPORTS / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_reports_of_the_servers_people_have(name: str, line_end: bytes) -> None:
    [bounce] = read(report(name).replace(b"\n", line_end), BASE)
    assert (bounce.recipient, bounce.action, bounce.status, bounce.suppresses, bounce.lost) == SAID[name]
    assert bounce.token == TOKEN
    assert bounce.message_id == (None if name == "exim_plain" else MESSAGE_ID)
    assert bounce.diagnostic
    assert bounce.reported_by


@pytest.mark.parametrize(
    ("status", "said", "suppresses", "final"),
    [
        ("5.1.1", "550 5.1.1 no such user", True, True),
        ("5.2.1", "550 5.2.1 mailbox disabled", True, True),
        ("5.7.1", "550 5.7.1 message refused as spam", False, True),
        ("5.7.26", "550 5.7.26 the sender is unauthenticated", False, True),
        ("5.3.4", "552 5.3.4 message too big for system", False, True),
        ("5.4.7", "delivery time expired", False, True),
        ("5.2.2", "552 5.2.2 mailbox full", False, False),  # RFC 3463: persistent, and transient
        ("5.0.0", "554 your host is on our blocklist", False, True),
        ("5.0.0", "550 mailbox quota exceeded", False, False),
        ("5.0.0", "550 unknown user", True, True),
        ("4.2.2", "452 4.2.2 mailbox full", False, False),
    ],
)
def test_what_is_held_against_an_address(status: str, said: str, suppresses: bool, final: bool) -> None:
    raw = report("postfix_failed").decode()
    start = raw.index("Status:")
    end = raw.index("\n\n", start)
    raw = raw[:start] + f"Status: {status}\nDiagnostic-Code: smtp; {said}" + raw[end:]
    [bounce] = read(raw.encode(), BASE)
    assert (bounce.status, bounce.suppresses, bounce.final, bounce.lost) == (status, suppresses, final, True)


def test_what_the_server_said_is_kept_as_one_line() -> None:
    [bounce] = read(report("postfix_failed"))
    assert bounce.reported_by == "mail.brightwell.example"
    assert bounce.diagnostic == (
        "550 5.1.1 <n.okafor@larkfield.example>: Recipient address rejected: User unknown in virtual mailbox table"
    )


def test_what_is_no_delivery_report() -> None:
    assert read(report("out_of_office"), BASE) == []
    assert read(report("complaint"), BASE) == []
    for raw in (b"", b"\0\xff" * 40, b"Content-Type: multipart/report; boundary=x\n\n--x\n", b"To: " + BASE.encode()):
        assert read(raw, BASE) == []


def test_a_report_for_several_recipients_says_each() -> None:
    more = b"Final-Recipient: rfc822;b@fernlea.example\nAction: delivered\nStatus: 2.0.0\n\n"
    raw = report("postfix_failed").replace(b"Final-Recipient:", more + b"Final-Recipient:", 1)
    assert [(one.recipient, one.action, one.lost) for one in read(raw)] == [
        ("b@fernlea.example", "delivered", False),
        ("n.okafor@larkfield.example", "failed", True),
    ]


def test_the_token_is_found_wherever_it_stands_and_only_ours_counts() -> None:
    assert token_of("<Bounces+0F3A9C2277E1@Brightwell.example>", BASE) == TOKEN
    assert token_of("news+0f3a9c2277e1@elsewhere.example", BASE) is None
    assert token_of("bounces@brightwell.example", BASE) is None
    lines = report("postfix_failed").decode().splitlines()
    for kept in ("To:", "Delivered-To:", "X-Postfix-Sender:", "Return-Path: <b", "Original-Envelope-Id:"):
        left = [line for line in lines if TOKEN not in line or line.startswith(kept)]
        [bounce] = read("\n".join(left).encode(), BASE)
        assert bounce.token == TOKEN, kept
    without = [line for line in lines if TOKEN not in line or line.startswith("Message-ID:")]
    [bounce] = read("\n".join(without).encode(), BASE)
    assert (bounce.token, bounce.message_id) == (None, MESSAGE_ID)


def test_nothing_that_arrives_breaks_the_reading() -> None:
    random = Random(8)
    for name in (*SAID, "complaint"):
        whole = report(name)
        for _ in range(60):
            cut = bytearray(whole[: random.randrange(len(whole))])
            for _ in range(random.randrange(4)):
                cut[random.randrange(len(cut) or 1) : 0] = random.randbytes(3)
            for bounce in read(bytes(cut), BASE):
                assert bounce.action in ("failed", "delayed")
                assert "\n" not in bounce.diagnostic
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000))
    assert read(deep) == []


# --- the mailbox ------------------------------------------------------------------------------------------------------


def test_new_messages_are_taken_once_and_what_is_no_report_waits_for_a_person() -> None:
    mails = [report("gmail"), report("out_of_office"), report("exim")]
    with mailbox(mails) as box:
        box.mails[2].flags.add(r"\Seen")
        taken: list[bytes] = []

        def take(raw: bytes) -> bool:
            taken.append(raw)
            return bool(read(raw))

        assert fetch(box.account(), take) == Fetched(reports=1, others=1)
        assert taken == mails[:2], "byte for byte"
        assert [mail.flags for mail in box.mails] == [{r"\Seen"}, {r"\Flagged"}, {r"\Seen"}]
        assert fetch(box.account(), take) == Fetched()
        assert box.said[-1] == "LOGOUT"


def test_a_message_that_could_not_be_dealt_with_comes_again() -> None:
    with mailbox([report("gmail"), report("exim")]) as box:
        with pytest.raises(ZeroDivisionError):
            fetch(box.account(), lambda raw: bool(1 // (b"Exim" not in raw)))
        assert [mail.flags for mail in box.mails] == [{r"\Seen"}, set()]
        full = OSError(28, "No space left on device")

        def no_space(raw: bytes) -> bool:
            raise full

        with pytest.raises(OSError, match="No space left") as told:
            fetch(box.account(), no_space)
        assert told.value is full, "not taken for the mailbox's fault"
        assert waiting(box.account()) == 1
        assert fetch(box.account(), lambda raw: True, most=1) == Fetched(reports=1)


def test_ways_in(tmp_path: Path) -> None:
    ca, file = trustme.CA(), tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("localhost").configure_cert(context)
    for security in ("tls", "starttls"):
        for plain in (True, False):
            with mailbox([b"x"], security=security, tls=context, authorities=file, plain=plain) as box:
                assert fetch(box.account(), lambda raw: True) == Fetched(reports=1)
                with pytest.raises(Unreachable, match="certificate"):
                    fetch(box.account(authorities=None), lambda raw: True)


@pytest.mark.parametrize("plain", [True, False])
def test_a_mailbox_that_cannot_be_read_says_why_without_the_password(plain: bool) -> None:
    with mailbox([b"x"], plain=plain) as box:
        with pytest.raises(Unreachable, match="AUTHENTICATIONFAILED") as told:
            fetch(box.account(password="battery staple"), lambda raw: True)
        assert "battery" not in told.value.sentence()
        with pytest.raises(Unreachable, match="no such folder"):
            fetch(box.account(folder="Elsewhere"), lambda raw: True)
        with pytest.raises(Unreachable, match="this machine only"):
            fetch(box.account(host="192.0.2.7"), lambda raw: True)
    with pytest.raises(Unreachable, match="refused"):
        fetch(box.account(), lambda raw: True)
    with mailbox([b"x"], breaks="UID FETCH") as box, pytest.raises(Unreachable):
        fetch(box.account(), lambda raw: True)
    with mailbox([b"x"], hangs="SELECT") as box, pytest.raises(Unreachable, match="no answer in time"):
        fetch(box.account(step_seconds=0.3), lambda raw: True)
