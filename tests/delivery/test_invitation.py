"""The date for a calendar, read back by a calendar library: asked for, moved, called off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from typing import Any

import icalendar
import pytest

from app.delivery.invitation import ics
from app.delivery.shapes import Invitation, Mailbox
from app.errors import BadInput
from tests.delivery.test_mime import LETTER, built

AT = datetime(2025, 6, 3, 12, 0, 0, 999, tzinfo=UTC)
SUMMER = timezone(timedelta(hours=2))
ASKED = Invitation(
    "REQUEST", "work-1-contact-3@brightwell.example", 0,
    datetime(2025, 6, 7, 22, tzinfo=SUMMER), datetime(2025, 6, 8, 0, tzinfo=SUMMER),
    "shop.larkfield.example nicht erreichbar", "Bitte nichts ändern;\nab 21:30, auch nicht \\ Bilder. " + "Größe " * 30,
    Mailbox("service@brightwell.example", "Brightwell; Studio, Ltd: \"Web\""),
    Mailbox("j@xn--bcher-kva.example", "Jörg Müller"),
)  # fmt: skip


def event(raw: bytes) -> tuple[str, Any]:
    calendar = icalendar.Calendar.from_ical(raw)
    [found] = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), found


def test_an_invitation_as_a_calendar_reads_it() -> None:
    method, found = event(ics(ASKED, AT))
    assert method == "REQUEST"
    assert (found["UID"], found["SEQUENCE"], found["STATUS"]) == (ASKED.uid, 0, "CONFIRMED")
    assert (found["DTSTART"].dt, found["DTEND"].dt) == (ASKED.start_at, ASKED.end_at)
    assert found["DTSTAMP"].dt == datetime(2025, 6, 3, 12, tzinfo=UTC)
    assert found["SUMMARY"] == ASKED.summary
    assert found["DESCRIPTION"] == ASKED.description
    assert found["ORGANIZER"] == "mailto:service@brightwell.example"
    assert found["ORGANIZER"].params["CN"] == "Brightwell; Studio, Ltd: 'Web'"
    assert found["ATTENDEE"] == "mailto:j@xn--bcher-kva.example"
    assert dict(found["ATTENDEE"].params) == {
        "CN": "Jörg Müller", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE",
    }  # fmt: skip
    assert found["TRANSP"] == "TRANSPARENT", "it blocks no time of theirs"


def test_as_it_stands_on_the_wire() -> None:
    lines = ics(ASKED, AT).split(b"\r\n")
    assert b"DTSTART:20250607T200000Z" in lines, "in UTC, whatever zone it came in"
    assert b"DTEND:20250607T220000Z" in lines
    assert max(map(len, lines)) <= 75
    assert lines[0] == b"BEGIN:VCALENDAR"
    assert lines[-2:] == [b"END:VCALENDAR", b""]
    assert b"\n" not in b"".join(lines)
    assert ics(ASKED, AT) == ics(ASKED, AT)


def test_moved_and_called_off_it_is_the_same_date() -> None:
    later = timedelta(days=7)
    moved = replace(ASKED, sequence=1, start_at=ASKED.start_at + later, end_at=ASKED.end_at + later)
    off = replace(moved, method="CANCEL", sequence=2)
    story = [event(ics(one, AT)) for one in (ASKED, moved, off)]
    assert [(method, int(found["SEQUENCE"]), str(found["STATUS"])) for method, found in story] == [
        ("REQUEST", 0, "CONFIRMED"), ("REQUEST", 1, "CONFIRMED"), ("CANCEL", 2, "CANCELLED"),
    ]  # fmt: skip
    for name in ("UID", "ORGANIZER", "ATTENDEE"):
        assert len({found[name].to_ical() for _, found in story}) == 1, name


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_the_message_says_the_method_too(method: Any) -> None:
    message = message_from_bytes(built(replace(LETTER, invitation=replace(ASKED, method=method))))
    [part] = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    assert part.get_param("method") == method
    assert part.get_content_charset() == "utf-8"
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    assert event(raw)[0] == method


def test_what_no_calendar_could_hold() -> None:
    for field, wrong in {
        "invitation.end_at": replace(ASKED, end_at=ASKED.start_at),
        "invitation.sequence": replace(ASKED, sequence=-1),
        "invitation.summary": replace(ASKED, summary="x\nMETHOD:CANCEL"),
    }.items():
        with pytest.raises(BadInput) as told:
            ics(wrong, AT)
        assert told.value.field == field
