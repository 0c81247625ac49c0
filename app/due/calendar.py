"""What is due as a calendar (RFC 5545): last days as whole days of the contract's zone, moments in UTC, with alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from app.due.actions import uid
from app.due.items import Item
from app.due.tables import CalendarEntry

if TYPE_CHECKING:
    from icalendar import Event

MEDIA = "text/calendar; charset=utf-8"
DATED = ("claim", "next_update", "our_update", "reply", "request", "right")
"""What has a date to come; a ticket to open now has none."""


def in_calendar(items: Sequence[Item]) -> list[Item]:
    """What a calendar shows, in order of time."""
    dated = [item for item in items if item.kind in DATED and (item.last_day or item.due_at) is not None]
    return sorted(dated, key=lambda item: item.key)


def calendar(items: Sequence[Item], said: Mapping[str, CalendarEntry], name: str) -> bytes:
    """The feed. Same items, same bytes; lines end in CRLF and are folded at 75 octets."""
    from icalendar import Calendar, vText

    out = Calendar()
    out.add("prodid", "-//Kept//Kept//EN")
    out.add("version", "2.0")
    out.add("calscale", "GREGORIAN")
    out.add("method", "PUBLISH")
    out.add("x-wr-calname", vText(name))
    out.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for item in items:
        out.add_component(_event(item, said[uid(item)]))
    return bytes(out.to_ical())


def _event(item: Item, entry: CalendarEntry) -> Event:
    from icalendar import Alarm, Event

    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("summary", item.title)
    event.add("description", item.text + (f"\n{item.clause}" if item.clause else ""))
    event.add("categories", [item.kind, item.about.provider])
    if item.last_day is not None:
        event.add("dtstart", item.last_day)
        event.add("dtend", item.last_day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    elif item.due_at is not None:
        event.add("dtstart", item.due_at.astimezone(UTC).replace(microsecond=0))
    for mark in item.reminders:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", item.title)
        alarm.add("trigger", mark.at.astimezone(UTC).replace(microsecond=0), parameters={"VALUE": "DATE-TIME"})
        event.add_component(alarm)
    return event
