"""The story as facts: Northgate's HOST-1, June 2025, built without a database. Local times are Europe/Berlin, UTC+2."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.sla.case import (
    Case,
    DatedTerms,
    Event,
    Finding,
    FindingVerdict,
    Monitor,
    ObservedRun,
    Procedure,
    Said,
    SaidKind,
    Site,
    SiteCheck,
    Source,
    SourceCode,
    State,
    Step,
    Ticket,
    TicketReply,
    Window,
    Work,
)
from app.sla.periods import calendar_month, months_before
from app.sla.spans import Span
from app.sla.terms import Sla, read_terms
from tests.timeline import steady

BERLIN = ZoneInfo("Europe/Berlin")
JUNE = calendar_month("2025-06", "Europe/Berlin")
MINUTES_DOWN = (3, 9, 0, 4, 22, 4, 39, 4, 13, 4, 30)  # July 2024 … May 2025


def at(day: int, clock: str, month: int = 6, year: int = 2025) -> datetime:
    """A Berlin wall-clock moment."""
    hour, minute = (int(part) for part in clock.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def terms() -> Sla:
    return read_terms(
        {
            "version": "2024-07",
            "timezone": "Europe/Berlin",
            "currency": "EUR",
            "target_percent": "99.9",
            "period": {"kind": "calendar_month"},
            "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48, "covers": "promised_window",
                            "emergency": {"excluded": False}},
            "credit": {"kind": "uptime_tiers", "tiers": [
                {"below": "99.9", "percent": "10"},
                {"below": "99.0", "percent": "30"},
                {"below": "95.0", "percent": "100"},
            ]},
            "cap_percent": "100",
            "claim": {"kind": "days_after_period_end", "n": 30},
            "promises": [
                {"name": "first_reply", "clock_start": "urgent_ticket_opened", "clock_stop": "first_human_reply",
                 "target_minutes": 60},
                {"name": "part_replaced", "clock_start": "provider_confirmed", "clock_stop": "part_replaced",
                 "target_minutes": 1440},
            ],
            "source_quotes": {
                "maintenance.min_notice_hours": {"text": "Scheduled maintenance announced at least 48 hours ahead is "
                                                         "not downtime.", "retrieved_on": "2025-06-01"},
            },
        }
    )  # fmt: skip


EMAIL = Source(SourceCode.PROVIDER, "message:1", "e-mail")
PHONE = Source(SourceCode.PROVIDER, "note:1", "phone")
TICKET = Source(SourceCode.TICKET, "ticket:NG-88207", "ticket NG-88207")
NOTE = Source(SourceCode.NOTE, "note:2", "note")


def runs() -> tuple[ObservedRun, ...]:
    """Every minute on the minute from 1 July 2024; one outage a month at noon of the 10th, then the 24 hours."""
    spells = []
    cursor = at(1, "0:00", 7, 2024)
    for index, minutes in enumerate(MINUTES_DOWN):
        year, month = divmod(2024 * 12 + 6 + index, 12)
        if minutes:
            noon = at(10, "12:00", month + 1, year).astimezone(ZoneInfo("UTC"))
            spells.append((cursor, noon, State.UP))
            spells.append((noon, noon + timedelta(minutes=minutes), State.DOWN))
            cursor = noon + timedelta(minutes=minutes)
    spells.append((cursor, at(28, "22:00"), State.UP))
    spells.append((at(28, "22:00"), at(29, "22:00"), State.DOWN))
    spells.append((at(29, "22:00"), at(2, "0:00", 7), State.UP))
    utc = ZoneInfo("UTC")
    return steady(*((a.astimezone(utc), b.astimezone(utc), state) for a, b, state in spells))


def windows() -> tuple[Window, ...]:
    def window(number: int, day: int, announced_at: datetime, said: tuple[Said, ...] = (), **more: object) -> Window:
        return Window(
            id=f"w{number}", work_id="clone", span=Span(at(day, "22:00"), at(day + 1, "0:00")),
            announced_at=announced_at, source=Source(SourceCode.PROVIDER, f"message:{number}", "e-mail"),
            said=said, replaces=f"w{number - 1}" if number > 1 else None, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    not_done = "the amount of data was underestimated"
    return (
        window(1, 7, at(3, "10:05"), (Said(SaidKind.NOT_CARRIED_OUT, at(7, "22:00"), at(8, "9:40"), not_done, PHONE),),
               rescheduled_at=at(9, "11:20")),
        window(2, 14, at(9, "11:20"), (Said(SaidKind.NOT_CARRIED_OUT, at(14, "22:00"), at(16, "9:30"), "", PHONE),),
               rescheduled_at=at(24, "16:30")),
        window(3, 28, at(24, "16:30"), text="clone as agreed"),
    )  # fmt: skip


STEPS = (
    Step(1, "clone the old array to the new one while live"),
    Step(2, "stop writes"),
    Step(3, "final sync in a short downtime"),
    Step(4, "switch"),
    Step(5, "nothing else is changed, patches and updates wait"),
)


def work() -> Work:
    fresh = "a fresh installation with updates on a new server, begun while the old one was live"
    return Work(
        "clone", "Clone of the drive array", "hardware",
        procedures=(Procedure(at(23, "15:00"), STEPS, NOTE),),
        findings=(
            Finding("w3", 1, FindingVerdict.CHANGED, at(29, "4:10"), fresh, TICKET),
            Finding("w3", 5, FindingVerdict.CHANGED, at(29, "4:10"), "updates were installed", TICKET),
        ),
    )  # fmt: skip


def tickets() -> tuple[Ticket, ...]:
    opened = at(29, "0:02")
    return (
        Ticket("t2", "NG-88207", "HOST-1 does not answer", "urgent", opened, (
            TicketReply(opened, "auto", False, "we have received your ticket"),
            TicketReply(at(29, "1:47"), "J. Hale", True, "being worked on"),
            TicketReply(at(29, "4:10"), "J. Hale", True, "fresh installation"),
        )),
    )  # fmt: skip


def sites() -> tuple[Site, ...]:
    """120 sites; at 05:00 on 30 June 71 current, 31 old, 6 down, 12 not checked."""
    checked = at(30, "5:00")
    out = []
    for number in range(120):
        if number < 71:
            answers: tuple[bool | None, bool | None, bool | None] | None = (True, True, True)
        elif number < 102:
            answers = (True, True, False)
        elif number < 108:
            answers = (False, None, None)
        else:
            answers = None
        checks = (SiteCheck(checked, *answers, NOTE),) if answers is not None else ()
        stay = Span(at(1, "0:00", 1, 2024), at(1, "0:00", 1, 2030))
        out.append(Site(f"s{number}", f"site-{number:03d}.example", (stay,), (), checks))
    return tuple(out)


def story(as_at: datetime) -> Case:
    return Case(
        service_id="host-1",
        service_name="HOST-1",
        monthly_fee=Decimal("400.00"),
        currency="EUR",
        in_service=None,
        period=JUNE,
        as_at=as_at.astimezone(ZoneInfo("UTC")),
        terms=(DatedTerms("terms-1", date(2024, 7, 1), None, terms()),),
        monitors=(Monitor("m1", "HTTP", timedelta(minutes=1), 2, runs()),),
        works=(work(),),
        windows=windows(),
        tickets=tickets(),
        events=(Event("provider_confirmed", at(29, "15:00", 5), "NG-88121", "a failing drive array", TICKET),),
        sites=sites(),
        periods_before=months_before(JUNE, 11),
    )
