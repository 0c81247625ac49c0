"""The story's letters to the provider as documents, for the print shop alone."""

from datetime import date, datetime
from typing import Any

from reports.documents import Money, Share
from reports.documents.provider_letters import (
    Asked,
    Attempt,
    BeforeClaim,
    ClaimCover,
    CopySum,
    Departure,
    MethodStatement,
    OutageTicket,
    Preservation,
    ProviderAddress,
    ProviderLetter,
    Quoted,
    ReliedOn,
    Reminder,
    SumLine,
    Told,
)
from tests.reports.story_facts import header, span, t
from tests.reports.story_letters import UK_AGENCY, US_AGENCY

TO = ProviderAddress(
    name="Northgate Hosting", attention="Jonas Pohl", address=("Ringbahnstraße 77", "12099 Berlin", "Germany"),
    account="NG-20417",
)  # fmt: skip
EUR_120, EUR_400 = Money(amount="120.00", currency="EUR"), Money(amount="400.00", currency="EUR")
MAIL_3 = "your e-mail of 24 June 16:30"
DIGEST = "8f14e45fceea167a5a36dedd4bea2543b6c9f0d1f1c5a6a9d8b4e1f0a2c3d4e5"


def asked(*rows: tuple[str, str], by: datetime, first: datetime | None = None, start: int = 1) -> tuple[Asked, ...]:
    return tuple(
        Asked(number=f"R{number}", text=text, answer=answer, wanted_at=by, first_wanted_at=first)
        for number, (text, answer) in enumerate(rows, start)
    )


def letter(number: int, as_at: datetime, body: Any, requests: tuple[Asked, ...], **changes: Any) -> ProviderLetter:
    layout = changes.pop("layout", "din5008b")
    status = changes.pop("status", "issued")
    agency = {"us": {"agency": US_AGENCY, "paper": "Letter", "language": "en-US"}, "uk": {"agency": UK_AGENCY}}
    name = f"2025-06_HOST-1_{body.letter}-{number:02d}"
    head = header(name, as_at, so_far=False, **agency.get(str(layout), {})).model_copy(update={"status": status})
    fields: dict[str, Any] = {
        "header": head, "layout": layout, "ref": f"HOST-1/{body.letter}-{number:02d}", "to": TO, "service": "HOST-1",
        "approved_by": "Dana Reyes", "remark": None, "requests": requests, "body": body,
    }  # fmt: skip
    return ProviderLetter.model_validate(fields | changes)


SUM = CopySum(
    volume_bytes=2 * 10**12, volume_source="our reading of the file systems, 23 June", window_seconds=7200,
    reckoned_bytes=2 * 10**12, needed_mb_per_second="278", rate_bytes_per_second=150 * 10**6,
    rate_source="sequential reads of the old array", takes_seconds=13334, takes_hours="3.7",
    fits_bytes=1_080_000_000_000,
)  # fmt: skip
FOUR = (
    ("The volume to be copied, and the rate measured on these drives.", "TB; MB/s, measured when"),
    ("How the copy is verified, and from when until when writes are stopped.", "method; two times"),
    ("The hour at which you stop, and until when the way back to the old drives is open.", "two times"),
    ("Who takes that decision during the window.", "name and phone number"),
)


def p1(**more: Any) -> ProviderLetter:
    body = MethodStatement(
        work="Replacement of the drive array (third window)", window=span("06-28 22:00", "06-29 00:00"),
        announced_in=MAIL_3, sites=120, arithmetic=SUM,
        passed=(
            Attempt(promised=span("06-07 22:00", "06-08 00:00"), outcome="not_carried_out",
                    said="you told us, 8 June 09:40"),
            Attempt(promised=span("06-14 22:00", "06-15 00:00"), outcome="not_carried_out",
                    said="you told us, 16 June 09:30"),
        ),
        announce_at=None,
    )  # fmt: skip
    return letter(1, t("06-24 17:00"), body, asked(*FOUR, by=t("06-26 12:00")), **more)


def p2(**more: Any) -> ProviderLetter:
    body = OutageTicket(
        window=span("06-28 22:00", "06-29 00:00"), announced_in=MAIL_3, first_failed_at=t("06-28 22:00"),
        last_failed_at=t("06-29 00:00"), last_good_at=t("06-28 21:59"), down_seconds=7200, beyond_seconds=0,
        affected=("203.0.113.20: ports 22, 25, 80 and 443",), points=("own probe, Berlin", "own probe, Frankfurt"),
        errors="timeout", sites=120,
    )  # fmt: skip
    rows = (
        ("The cause, as far as it is known.", "words"),
        ("When the server answers again.", "time, or “not known”"),
        ("When you write next.", "time"),
    )
    return letter(2, t("06-29 00:00"), body, asked(*rows, by=t("06-29 01:00")), **more)


KEEP = (
    ("Will the old drives, every snapshot and the logs be kept unchanged until 31 July?", "yes / no"),
    ("Which snapshots of the old drives exist, and from when each is.", "list of times"),
    ("When the copy started, when writes were stopped, when traffic was switched.", "three times"),
    ("Which writes made after the copy started were carried over, and which were not.", "list"),
    ("Whether personal data may be affected, which kinds, and since when you know.", "yes / no; kinds; time"),
)
DEPARTURES = (
    ("clone the old array to the new one while the server is live",
     "No clone of the old array; a fresh installation on a new server instead."),
    ("final sync in a short downtime", "No short final sync: files are transferred while the service is down."),
    ("switch to the new array", "The switch is to a new server, not to a new array."),
    ("nothing else is changed; patches and updates wait", "Updates were installed with it."),
)  # fmt: skip


def p3(**more: Any) -> ProviderLetter:
    body = Preservation(
        window=span("06-28 22:00", "06-29 00:00"), announced_in=MAIL_3, agreed_at=t("06-23 15:00"),
        agreed_in="call of 23 June, confirmed by e-mail",
        departures=tuple(
            Departure(agreed=agreed, found=found, source="ticket, 29 June 04:10") for agreed, found in DEPARTURES
        ),
        departures_left_out=0, at_risk=span("06-28 22:00", "06-29 22:00"), keep_until=date(2025, 7, 31),
        sites_total=120, sites_current=71,
    )  # fmt: skip
    return letter(3, t("06-30 06:00"), body, asked(*KEEP, by=t("07-01 12:00")), **more)


CREDIT = (
    ("The credit of EUR 120.00 on the next invoice.", "number of the invoice"),
    ("The cause in writing: of the failure, of the dates without work, of the duration.", "words"),
)


def p4(*, nil: bool = False, **more: Any) -> ProviderLetter:
    body = ClaimCover(
        claim="0001", paper="2025-06_HOST-1_claim v1", paper_digest=DIGEST, period="June 2025",
        amount=None if nil else EUR_120, base=None if nil else EUR_400, credit_percent=None if nil else "30",
        credit_clause="section 4 of your service level agreement", maintenance_clause="section 6",
        raw_seconds=86400, counted_seconds=79200, rest_unannounced=True, outages=1, down_from=t("06-28 22:00"),
        not_carried_out=2, longest_ratio=Share(numerator=86400, denominator=7200), letters=540, announcements=3,
        previously_claimed=False,
    )  # fmt: skip
    return letter(4, t("07-01 09:00"), body, asked(*CREDIT, by=t("07-15 00:00")), **more)


def p5(**more: Any) -> ProviderLetter:
    body = Reminder(
        about="HOST-1/P3-03", about_kind="P3", claim=None, sent_at=t("06-30 06:20"),
        sent_how="ticket NG-88207", age_seconds=11 * 86400 + 9600, age_days=11, asked=5, reminder=1,
    )  # fmt: skip
    requests = asked(*KEEP[1:4], by=t("07-15 12:00"), first=t("07-01 12:00"), start=2)
    return letter(5, t("07-11 09:00"), body, requests, **more)


def p6(**more: Any) -> ProviderLetter:
    body = BeforeClaim(
        agreement="Northgate service level agreement, version of 1 January 2024", period="June 2025", claim="0001",
        basis=(
            Quoted(ref="section 3", quote="We keep your server available 99.9 % of each calendar month.",
                   source="service level agreement, section 3"),
            Quoted(ref="section 4", source="service level agreement, section 4",
                   quote="If availability is below 99.9 % we credit 10 %, below 99.0 % 30 %, below 95.0 % 100 % of the "
                   "monthly fee. Credits of one month do not exceed the fee of that month."),
        ),
        facts=(
            Told(at=t("06-07 22:00"), text="Window announced until 24:00: did not take place.", source="provider"),
            Told(at=t("06-14 22:00"), text="Window announced until 24:00: did not take place.", source="provider"),
            Told(at=t("06-28 22:00"), text="HOST-1 stops answering; window announced until 24:00.", source="measured"),
            Told(at=t("06-29 00:02"), text="Ticket NG-88207 opened; a person first replies 01:47.", source="ticket"),
            Told(at=t("06-29 22:00"), text="HOST-1 answers again, after 24 h 00 min.", source="measured"),
            Told(at=None, text="Availability in June 2025: 96.9444 % by the contract's method, 99.9 % promised.",
                 source="statement"),
        ),
        amount=EUR_120,
        sum=(
            SumLine(what="Monthly fee", value="EUR 400.00"),
            SumLine(what="Downtime counted", value="22 h 00 min (79,200 s) of 2,592,000 s"),
            SumLine(what="Tier", value="below 99.0 %: 30 % of the monthly fee"),
        ),
        relied_on=(
            ReliedOn(what="Claim 2025-06_HOST-1_claim v1", dated_at=t("07-01 09:00"), sha256=DIGEST),
            ReliedOn(what="Your e-mail: HOST-1: drive array, Sat 28 June, 22:00-24:00, clone as agreed",
                     dated_at=t("06-24 16:30"), sha256=DIGEST[::-1]),
            ReliedOn(what="Ticket NG-88207", dated_at=t("06-29 00:02"), sha256=None),
        ),
        settle="We are ready to settle this without proceedings: in a call, on a written proposal of yours, or with a "
        "mediator both sides agree on.",
    )  # fmt: skip
    rows = (("Will you pay the sum claimed?", "yes / no; date of payment"),
            ("If not in full: which figure you dispute, and why.", "line and reason"))  # fmt: skip
    fields: dict[str, Any] = {"status": "draft", "approved_by": None}
    return letter(6, t("08-04 10:00"), body, asked(*rows, by=t("08-19 00:00")), **(fields | more))
