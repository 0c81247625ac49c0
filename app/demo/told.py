"""What the provider wrote, as real messages (RFC 5322), and what we noted and told. Texts are invented where the
story gives only their sense; so are these moments: the first ticket's opening (Mon 12 May 09:30), the call of Mon
16 June 09:30 in which the provider first says that the second window passed without work, the hours at which letters
three to six went out, and the moment the letters of Mon 30 June left (06:05). What clients read in German stands
beside the English it translates.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from app.demo.measured import BERLIN


def at(day: int, clock: str, month: int = 6) -> str:
    """A local moment of 2025 as the API takes it: at(7, "22:00") -> 2025-06-07T22:00:00+02:00."""
    return f"2025-{month:02d}-{day:02d}T{clock}:00+02:00"


def mail(number: int, received: str, subject: str, text: str) -> bytes:
    """The provider's e-mail, byte for byte the same at every run."""
    from datetime import datetime

    message = EmailMessage()
    message["From"] = "Northgate Hosting Support <support@northgate.example>"
    message["To"] = "Dana Reyes <dana@brightwell.example>"
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.fromisoformat(received).astimezone(BERLIN))
    message["Message-ID"] = f"<ng-20417-{number}@northgate.example>"
    message.set_content(text + "\n")
    return message.as_bytes()


MESSAGES: dict[str, dict[str, Any]] = {
    "1": {
        "received_at": at(3, "10:05"),
        "type": "announce",
        "subject": "HOST-1: replacement of the drive array, Sat 7 June, 22:00-24:00",
        "text": "We clone the data of the array to a new array on Saturday 7 June from 22:00 to 24:00. "
        "The server is switched off during that time.",
    },
    "2": {
        "received_at": at(9, "11:20"),
        "type": "reschedule",
        "subject": "HOST-1: new date for the drive array, Sat 14 June, 22:00-24:00",
        "text": "The replacement of the array now takes place on Saturday 14 June from 22:00 to 24:00.",
    },
    "agreed": {
        "received_at": at(23, "15:20"),
        "type": "other",
        "subject": "Re: HOST-1: procedure for the drive array",
        "text": "We confirm the steps agreed in today's call: clone while live, stop writes, final sync in a short "
        "downtime, switch, nothing else is changed; patches and updates wait.",
    },
    "3": {
        "received_at": at(24, "16:30"),
        "type": "reschedule",
        "subject": "HOST-1: drive array, Sat 28 June, 22:00-24:00, clone as agreed",
        "text": "The clone as agreed takes place on Saturday 28 June from 22:00 to 24:00.",
    },
}
STEPS = [
    "clone the old array to the new one while the server is live",
    "stop writes",
    "final sync in a short downtime",
    "switch to the new array",
    "nothing else is changed; patches and updates wait",
]
FINDINGS = [
    (1, "skipped", "No clone of the old array; a fresh installation on a new server instead."),
    (2, "not_observed", "Whether writes were stopped before the transfer began is not known."),
    (3, "changed", "No short final sync: files are transferred while the service is down."),
    (4, "changed", "The switch is to a new server, not to a new array."),
    (5, "changed", "Updates were installed with it."),
]
FRESH = (
    "A fresh installation with updates on a new server was begun while the old one was live; "
    "files are being transferred to it."
)
RUNNING = (
    "32 hours after the start the transfer still runs, perhaps over files changed since. "
    "Whether data is lost is not known."
)

PLANNED = {
    "work": "The drives in the server are being copied to new ones.",
    "longest_expected_minutes": 120,
    "effects": [
        {"function": "Website", "effect": "not available"},
        {"function": "Editing", "effect": "not possible"},
        {"function": "E-mail", "effect": "not affected"},
    ],
    "confirmed_by": "the provider, by e-mail",
    "confirmed_at": at(3, "10:05"),
    "freeze_from_at": at(7, "21:30"),
    "backup_at": at(7, "21:00"),
    "if_it_overruns": "If it takes longer, I write at once and go on writing until it is back.",
    "word_by_at": at(8, "00:15"),
}
NOT_DONE_1 = {
    "reason": "the amount of data was underestimated",
    "reason_by": "the provider",
    "reason_status": "stated",
    "restrictions_lifted": True,
}
MOVED_1 = {
    "work": "The drives in the server are being copied to new ones.",
    "what_changed": "The provider names a new date; the plan is otherwise the same.",
    "what_changed_source": "P",
    "freeze_from_at": at(14, "21:30"),
    "backup_at": at(14, "21:00"),
    "word_by_at": at(15, "00:15"),
}
NOT_DONE_2 = {"reason_status": "not_known", "restrictions_lifted": True}
MOVED_2 = {
    "work": "The drives in the server are being copied to new ones.",
    "what_changed": "The steps were agreed one by one on 23 June; the copy is made while your website runs.",
    "what_changed_source": "N",
    "freeze_from_at": at(28, "21:30"),
    "backup_at": at(28, "21:00"),
    "word_by_at": at(29, "00:15"),
}
OVERRUN = {
    "known": [
        "The server does not answer; the announced end was midnight.",
        "A ticket with the provider is open since 00:02.",
    ],
    "not_known": ["When your website returns.", "How far the copy has come."],
    "doing": ["Measuring the server every minute.", "Calling the provider until a person answers."],
    "fallback": "we decide whether to put up a holding page from our own backup",
    "fallback_decided_at": at(29, "06:00"),
}
PARTLY = {
    "copy_from_at": at(28, "21:58"),
    "functions": [
        {"function": "Website", "state": "can be reached", "workaround": None},
        {"function": "Content", "state": "as of Saturday evening", "workaround": "none needed from you"},
        {
            "function": "Orders and forms",
            "state": "entries since Saturday 22:00 not confirmed",
            "workaround": "keep your own list",
        },
        {"function": "Editing", "state": "please wait", "workaround": "send us urgent changes"},
    ],
    "editing_allowed": False,
}

NONE_YET = {
    "next_contact_words": "as soon as there is a date we trust",
    "apology": "I am sorry that you planned around it for nothing.",
}

# The same in German, text by text; dates and choices are those of the English.
PLANNED_DE = {
    "work": "Die Laufwerke des Servers werden auf neue kopiert.",
    "effects": [
        {"function": "Website", "effect": "nicht verfügbar"},
        {"function": "Bearbeitung", "effect": "nicht möglich"},
        {"function": "E-Mail", "effect": "nicht betroffen"},
    ],
    "confirmed_by": "vom Anbieter, per E-Mail",
    "if_it_overruns": "Dauert es länger, schreibe ich sofort und weiter, bis alles wieder läuft.",
}
NOT_DONE_1_DE = {
    "reason": "die Datenmenge wurde unterschätzt",
    "reason_by": "der Anbieter",
}
MOVED_1_DE = {
    "work": "Die Laufwerke des Servers werden auf neue kopiert.",
    "what_changed": "Der Anbieter nennt einen neuen Termin; sonst bleibt der Plan derselbe.",
}
NOT_DONE_2_DE: dict[str, Any] = {}
MOVED_2_DE = {
    "work": "Die Laufwerke des Servers werden auf neue kopiert.",
    "what_changed": "Die Schritte wurden am 23. Juni einzeln vereinbart; kopiert wird, während Ihre Website läuft.",
}
OVERRUN_DE = {
    "known": [
        "Der Server antwortet nicht; angekündigt war das Ende für Mitternacht.",
        "Beim Anbieter ist seit 00:02 Uhr ein Ticket offen.",
    ],
    "not_known": ["Wann Ihre Website zurück ist.", "Wie weit die Kopie ist."],
    "doing": ["Den Server jede Minute messen.", "Den Anbieter anrufen, bis jemand antwortet."],
    "fallback": "wir entscheiden, ob wir aus unserer eigenen Sicherung eine Hinweisseite zeigen",
}
PARTLY_DE = {
    "functions": [
        {"function": "Website", "state": "erreichbar"},
        {"function": "Inhalt", "state": "Stand von Samstagabend", "workaround": "von Ihnen ist nichts nötig"},
        {
            "function": "Bestellungen und Formulare",
            "state": "Einträge seit Samstag 22:00 Uhr nicht bestätigt",
            "workaround": "führen Sie eine eigene Liste",
        },
        {"function": "Bearbeitung", "state": "bitte warten", "workaround": "Dringendes schicken Sie uns"},
    ],
}
NONE_YET_DE = {
    "next_contact_words": "sobald es einen Termin gibt, dem wir vertrauen",
    "apology": "Es tut mir leid, dass Sie umsonst umgeplant haben.",
}

# As the letters tell it once the audit is on record: which copy the content is of it does not say, only that it is
# older than the last one.
PARTLY_AUDITED = {name: value for name, value in PARTLY.items() if name != "copy_from_at"} | {
    "functions": [
        item if item["function"] != "Content" else item | {"state": "older in part than on Saturday evening"}
        for item in PARTLY["functions"]  # type: ignore[attr-defined]
    ]
}
PARTLY_AUDITED_DE = {
    "functions": [
        item if item["function"] != "Inhalt" else item | {"state": "zum Teil älter als am Samstagabend"}
        for item in PARTLY_DE["functions"]
    ]
}
