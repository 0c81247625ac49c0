"""A date for the recipient's calendar (RFC 5545, 5546): asked for, changed by the next sequence, called off.

Times are in UTC. It blocks no time of theirs, and asks for no answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.delivery.shapes import Invitation, Mailbox, one_line
from app.errors import BadInput
from app.fields import address

if TYPE_CHECKING:
    from icalendar import vCalAddress

PRODUCT = "-//Kept//Letters//EN"
LONGEST = 2000  # signs of one line of the description


def ics(invitation: Invitation, at: datetime) -> bytes:
    """The calendar as bytes, written at that moment. Raises BadInput."""
    from icalendar import Calendar, Event, vText

    if invitation.end_at <= invitation.start_at:
        raise BadInput("must lie after its start", field="invitation.end_at", example="two hours later")
    if invitation.sequence < 0:
        raise BadInput("counts from 0", field="invitation.sequence", example="0")
    for field in ("uid", "summary", "location"):
        one_line(getattr(invitation, field), f"invitation.{field}")
    for line in invitation.description.split("\n"):
        one_line(line, "invitation.description", LONGEST)
    off = invitation.method == "CANCEL"
    event = Event()
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invitation.start_at.astimezone(UTC))
    event.add("dtend", invitation.end_at.astimezone(UTC))
    event.add("summary", invitation.summary)
    event.add("description", invitation.description)
    if invitation.location:
        event.add("location", invitation.location)
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("x-microsoft-cdo-busystatus", "FREE")
    event.add("organizer", _person(invitation.organizer, "organizer"), encode=False)
    attendee = _person(invitation.attendee, "attendee")
    attendee.params |= {"ROLE": vText("REQ-PARTICIPANT"), "PARTSTAT": vText("NEEDS-ACTION"), "RSVP": vText("FALSE")}
    event.add("attendee", attendee, encode=False)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", invitation.method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _person(mailbox: Mailbox, field: str) -> vCalAddress:
    from icalendar import vCalAddress, vText

    try:
        who = vCalAddress(f"mailto:{address(mailbox.address)}")
    except ValueError:
        raise BadInput("is not an e-mail address", field=f"invitation.{field}", example="anna@example.org") from None
    if name := one_line(mailbox.name, f"invitation.{field}.name"):
        who.params["CN"] = vText(name.replace('"', "'"))
    return who
