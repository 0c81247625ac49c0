"""The monthly provider report of the story: open, closed, and of a month in which nothing happened."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from reports.documents import (
    Coverage,
    Credit,
    Day,
    Figure,
    Gap,
    InMoney,
    InPercent,
    InSeconds,
    InShare,
    InWords,
    Money,
    MonthBar,
    MonthlyProviderReport,
    OnDay,
    Period,
    PriorRequest,
    Promise,
    Reading,
    Request,
    Response,
    Share,
    Site,
    SiteCounts,
    Step,
    WindowTotals,
)  # fmt: skip
from tests.reports.story_facts import (
    BERLIN,
    CLAUSES,
    JUNE,
    METHOD,
    OPEN,
    OUTAGES,
    PROVIDER,
    SERVICE,
    TARGET,
    TOTALS,
    chronology,
    counts,
    header,
    sites,
    t,
    windows,
)  # fmt: skip

EUR = "EUR"
MONTH = JUNE.seconds


def figure(down: int, whole: int) -> Figure:
    answer = "breached" if (whole - down) * 1000 < whole * 999 else "met"
    return Figure(down_seconds=down, availability=Share(numerator=whole - down, denominator=whole), answer=answer)


def readings(as_at: datetime) -> tuple[Reading, ...]:
    elapsed = int((as_at - JUNE.start_at).total_seconds())
    return tuple(
        Reading(name=name, so_far=figure(down, elapsed) if elapsed < MONTH else None, month=figure(down, MONTH))
        for name, down in (("raw", 86400), ("announced_removed", 79200), ("sla_method", 79200))
    )


def days(as_at: datetime, down: dict[int, int], announced: set[int], month: int = 6) -> tuple[Day, ...]:
    rows = []
    for number in range(1, monthrange(2025, month)[1] + 1):
        begins = datetime(2025, month, number, tzinfo=BERLIN)
        length = int(((begins + timedelta(days=1)).astimezone(t("06-01 00:00").tzinfo) - begins).total_seconds())
        rows.append(
            Day(day=date(2025, month, number), state="measured" if begins < as_at else "not_reached",
                length_seconds=length, down_seconds=down.get(number, 0), unknown_seconds=0,
                announced=number in announced)
        )  # fmt: skip
    return tuple(rows)


def bars(june: int) -> tuple[MonthBar, ...]:
    minutes = (3, 9, 0, 4, 22, 4, 39, 4, 13, 4, 30)
    allowed = (2678, 2678, 2592, 2682, 2592, 2678, 2678, 2419, 2674, 2592, 2678)
    firsts = [date(2024, m, 1) for m in range(7, 13)] + [date(2025, m, 1) for m in range(1, 6)]
    past = [
        MonthBar(month=first, down_seconds=m * 60, allowed_seconds=a)
        for first, m, a in zip(firsts, minutes, allowed, strict=True)
    ]
    return (*past, MonthBar(month=date(2025, 6, 1), down_seconds=june, allowed_seconds=2592))


def promises(as_at: datetime) -> tuple[Promise, ...]:
    elapsed = min(int((as_at - JUNE.start_at).total_seconds()), MONTH)
    repair = int((as_at - t("05-29 15:00")).total_seconds())
    seconds = lambda s: InSeconds(seconds=s)  # noqa: E731
    rows: list[tuple[object, ...]] = [
        ("availability", "Availability of HOST-1, calendar month", InPercent(percent="99.9"), "at_least",
         InShare(share=Share(numerator=elapsed - 79200, denominator=elapsed)), "broken", "M", "2.1", "EUR 120.00"),
        ("window", "Window 1, Sat 7 June 22:00–24:00", seconds(7200), "at_most",
         InWords(text="did not take place"), "broken", "M", None, None),
        ("window", "Window 2, Sat 14 June 22:00–24:00", seconds(7200), "at_most",
         InWords(text="did not take place"), "broken", "M", None, None),
        ("window", "Window 3, Sat 28 June 22:00–24:00", seconds(7200), "at_most",
         seconds(86400), "broken", "M", None, None),
        ("procedure", "Procedure agreed on 23 June", InWords(text="clone as agreed"), "exactly",
         InWords(text="fresh installation"), "broken", "T", None, None),
        ("notice", "Notice of window 1", seconds(172800), "at_least", seconds(388500), "kept", "P", "6", None),
        ("notice", "Notice of window 2", seconds(172800), "at_least", seconds(470400), "kept", "P", "6", None),
        ("notice", "Notice of window 3", seconds(172800), "at_least", seconds(365400), "kept", "P", "6", None),
        ("first_reply", "First reply to urgent ticket NG-88207", seconds(3600), "at_most", seconds(6300), "broken",
         "T", "7.2", "no credit"),
        ("repair", "Failed part replaced, confirmed 29 May 15:00", seconds(86400), "at_most",
         InSeconds(seconds=repair, open=True), "broken", "P", "7.4", "no credit"),
    ]  # fmt: skip
    names = ("subject", "promise", "target", "bound", "figure", "verdict", "source", "clause", "worth")
    return tuple(
        Promise.model_validate({"ref": f"P{number}", **dict(zip(names, row, strict=True))})
        for number, row in enumerate(rows, 1)
    )


def calculation(as_at: datetime) -> tuple[Step, ...]:
    elapsed = min(int((as_at - JUNE.start_at).total_seconds()), MONTH)
    rows = (
        ("Length of the month", "1 June 00:00 to 1 July 00:00 CEST = 30 × 86,400 s", InSeconds(seconds=MONTH)),
        ("Elapsed at the as-at time", "from 1 June 00:00", InSeconds(seconds=elapsed)),
        ("Downtime, raw", "outage 1: 28 June 22:00:00 to 29 June 22:00:00 CEST", InSeconds(seconds=86400)),
        ("Excused (clause 6)", "window 3 announced 101 h 30 min ahead (48 h asked), used; 22:00–24:00",
         InSeconds(seconds=7200)),
        ("Counted downtime", "86,400 s − 7,200 s", InSeconds(seconds=79200)),
        ("Availability, SLA method", f"({MONTH:,} s − 79,200 s) ÷ {MONTH:,} s; if nothing more happens"
         if as_at < JUNE.end_at else f"({MONTH:,} s − 79,200 s) ÷ {MONTH:,} s",
         InShare(share=Share(numerator=MONTH - 79200, denominator=MONTH))),
        ("Tier (clause 4)", "below 99.0 %, not below 95.0 %", InPercent(percent="30")),
        ("Service credit", "30 % × EUR 400.00, rounded once, half up; cap EUR 400.00 not reached",
         InMoney(money=Money(amount="120.00", currency=EUR))),
        ("Last day to claim (clause 4.3)", "30 days after 30 June 2025", OnDay(day="2025-07-30")),
    )  # fmt: skip
    return tuple(Step(what=a, working=b, result=c) for a, b, c in rows)


def monthly(as_at: datetime = OPEN, **head: object) -> MonthlyProviderReport:
    rows = sites(as_at)
    elapsed = min(int((as_at - JUNE.start_at).total_seconds()), MONTH)
    return MonthlyProviderReport(
        header=header("2025-06_HOST-1_report", as_at, **head),
        provider=PROVIDER, service=SERVICE,
        period=Period(label="June 2025", span=JUNE, elapsed_seconds=elapsed),
        target=TARGET, readings=readings(as_at),
        credit=Credit(tier_below_percent="99.0", credit_percent="30", base=Money(amount="400.00", currency=EUR),
                      amount=Money(amount="120.00", currency=EUR), clause="4"),
        last_claim_day=date(2025, 7, 30),
        windows=windows(as_at), window_totals=TOTALS,
        days=days(as_at, {28: 7200, 29: 79200}, {7, 14, 28}), months=bars(86400),
        site_counts=counts(rows),
        coverage=Coverage(known_seconds=elapsed, elapsed_seconds=elapsed, gaps=()),
        promises=promises(as_at),
        responses=(
            Response(ticket="NG-88207", subject="HOST-1 down after the announced end", opened_at=t("06-29 00:02"),
                     first_reply_at=t("06-29 01:47"), reply_seconds=6300, target_seconds=3600, verdict="broken",
                     promised_update_at=None, update_verdict=None),
        ),
        requests=(
            Request(number="R1", text="State of the data, site by site: what is complete, what is missing, since when.",
                    wanted_by=date(2025, 7, 2)),
            Request(number="R2", text="Keep the old drives and every snapshot unchanged until 31 July; please confirm.",
                    wanted_by=date(2025, 7, 2)),
            Request(number="R3", text="Written cause of the overrun and of the change of procedure.",
                    wanted_by=date(2025, 7, 11)),
            Request(number="R4", text="Method statement before any further work: volume, rate, abort time, decider.",
                    wanted_by=date(2025, 7, 11)),
            Request(number="R5", text="Service credit for June under clause 4; the claim follows when the month is "
                    "closed." if as_at < JUNE.end_at else "Service credit of EUR 120.00 under clause 4.",
                    wanted_by=date(2025, 7, 30)),
        ),
        prior_requests=(
            PriorRequest(number="Q1", text="Volume of data and measured rate before a new date is set.",
                         asked_at=t("06-08 11:30"), age_seconds=int((as_at - t("06-08 11:30")).total_seconds()),
                         state="open"),
            PriorRequest(number="Q2", text="Why window 2 passed without work and without word.",
                         asked_at=t("06-15 09:00"), age_seconds=int((as_at - t("06-15 09:00")).total_seconds()),
                         state="open"),
        ),
        sign_off=("P1", "P2", "P3", "P4", "P5", "P9", "P10"),
        outages=OUTAGES, sites=rows, chronology=chronology(as_at), calculation=calculation(as_at),
        clauses=CLAUSES, method=METHOD,
    )  # fmt: skip


def good_month(**head: object) -> MonthlyProviderReport:
    """April 2025: four minutes down, one short gap of our own, nothing promised was broken."""
    as_at = t("05-01 09:00")
    whole = 30 * 86400
    seen = Figure(down_seconds=240, availability=Share(numerator=whole - 240, denominator=whole), answer="met")
    past = bars(0)
    months = (
        MonthBar(month=date(2024, 5, 1), down_seconds=None, allowed_seconds=None, incomplete=True),
        MonthBar(month=date(2024, 6, 1), down_seconds=360, allowed_seconds=2592, incomplete=True),
        *past[:10],
    )
    april = JUNE.model_copy(update={"start_at": t("04-01 00:00"), "end_at": t("05-01 00:00")})
    plain = tuple(
        Site(site_id=site.site_id, host_name=site.host_name, state="current", down_from=t("04-09 03:12"),
             down_to=t("04-09 03:16"), down_seconds=240)
        for site in sites(OPEN)
    )  # fmt: skip
    gap = Gap(start_at=t("04-17 02:10"), end_at=t("04-17 02:31"), seconds=1260, reason="our own uplink in Berlin")
    first = monthly()
    return first.model_copy(
        update={
            "header": header("2025-04_HOST-1_report", as_at, **({"so_far": False} | head)),
            "period": Period(label="April 2025", span=april, elapsed_seconds=whole),
            "readings": tuple(
                Reading(name=n, so_far=None, month=seen) for n in ("raw", "announced_removed", "sla_method")
            ),
            "credit": None, "last_claim_day": None, "windows": (),
            "window_totals": WindowTotals(announced=0, announced_seconds=0, carried_out=0, taken_seconds=0,
                                          taken_open=False),
            "days": days(as_at, {9: 240}, set(), 4), "months": months,
            "site_counts": SiteCounts(current=120, not_current=0, down=0, unknown=0), "sites": plain,
            "coverage": Coverage(known_seconds=whole - 1260, elapsed_seconds=whole, gaps=(gap,)),
            "promises": (
                Promise(ref="P1", subject="availability", promise="Availability of HOST-1, calendar month",
                        target=InPercent(percent="99.9"), bound="at_least",
                        figure=InShare(share=Share(numerator=whole - 240, denominator=whole)), verdict="kept",
                        source="M", clause="2.1"),
            ),
            "responses": (), "requests": (), "prior_requests": (), "sign_off": (),
            "outages": (
                first.outages[0].model_copy(update={
                    "first_fail_at": t("04-09 03:12"), "last_fail_at": t("04-09 03:15"),
                    "held_from": t("04-09 03:12"), "held_to": t("04-09 03:16"), "at_least_seconds": 180,
                    "held_seconds": 240, "at_most_seconds": 300, "in_period_seconds": 240,
                    "error": "connection refused: port 443",
                }),
            ),
            "chronology": (), "calculation": (),
        }
    )  # fmt: skip
