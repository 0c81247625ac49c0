"""The letters of the story once it is over. What became of it after Mon 30 June is invented: all sites current on
Wed 2 July, no entries lost, a report on Fri 4 July."""

from datetime import date

from reports.documents import (
    Ask,
    AtRisk,
    Change,
    CheckMade,
    ClientLetter,
    Completed,
    CreditToYou,
    FinalReport,
    Happened,
    Money,
    MonthlyStatement,
    MonthOutage,
    MonthWindow,
    NoticeSent,
    PossibleLoss,
    ReportedAttempt,
    ReportedSite,
    Share,
    SiteMonth,
    Stretch,
)
from tests.reports.story_facts import JUNE, span, t
from tests.reports.story_letters import letter, sites

DAY = 86400
WINDOW = span("06-28 22:00", "06-29 00:00")
TWELVE = Share(numerator=DAY, denominator=7200)


def l5(count: int = 1, **more: object) -> ClientLetter:
    body = Completed(
        announced=WINDOW, down_from=t("06-28 22:00"), back_since=t("06-29 22:00"), down_seconds=DAY, down_ratio=TWELVE,
        checks=(
            CheckMade(what="Pages", result="all load, with their newest entries", at=t("07-02 09:10")),
            CheckMade(what="Contact form", result="a message arrived", at=t("07-02 09:20")),
            CheckMade(what="Trial order", result="taken, confirmed and cancelled again", at=t("07-02 09:30")),
        ),
        current_to_at=t("07-02 09:05"), not_checked=("The calendar of the café, which only you can open.",),
        look_at=("Your orders of 28 and 29 June.", "Your calendar."), tell_by=date(2025, 7, 4),
        kept_until=date(2025, 7, 12),
    )  # fmt: skip
    return letter(11, t("07-02 10:00"), body, count, "up", **({"next_contact_at": t("07-04 12:00"),
                  "next_contact_words": "with the full report",
                  "apology": "I am sorry for the disruption."} | more))  # fmt: skip


def l7(count: int = 1, **more: object) -> ClientLetter:
    hosts = [site.host_name for site in sites(count)]
    kinds = (
        ("Shop orders", "unknown", "yes", "about 40"),
        ("Form messages", "unknown", "yes", None),
        ("Customer accounts", "unknown", "yes", "about 12 new ones"),
        ("Pages", "complete", "no", None),
    )
    body = PossibleLoss(
        at_risk=span("06-28 22:00", "06-29 22:10"), loss="possible",
        rows=tuple(AtRisk.model_validate({"host_name": host, "kind": kind, "state": state, "personal": personal,
                                          "about": about})
                   for host in hosts for kind, state, personal, about in kinds),
        last_copy_at=t("06-28 03:10"), last_copy_tested=True,
        consequences=("Orders could be missing that your customers believe they placed.",),
        measures=("The old drives and every snapshot are kept; we have asked the provider in writing.",
                  "We compare both copies, table by table."),
        options=("Ask customers who ordered that weekend to confirm their order.",),
        aware_at=t("06-29 23:40"), provider_told_at=None, old_copies_kept_until=date(2025, 7, 31), we_are="processor",
        data_contact="Dana Reyes", data_contact_reach="privacy@brightwell.example",
        decisions=(Happened(at=t("06-29 23:50"), text="Editing stopped on every site until the copies are compared."),
                   Happened(at=t("06-30 07:30"), text="Each client is told today, before the comparison is complete.")),
        approved_by="Dana Reyes",
    )  # fmt: skip
    return letter(12, t("06-30 10:00"), body, count, "not_current", **({"next_contact_at": t("07-01 12:00"),
                  "your_part": "Please note which orders of that weekend you know of."} | more))  # fmt: skip


def attempts() -> tuple[ReportedAttempt, ...]:
    missed = [
        ReportedAttempt(number=number, promised=at, promised_seconds=7200, outcome="not_carried_out", took_place="no",
                        down_seconds=None, down_ratio=None)
        for number, at in ((1, span("06-07 22:00", "06-08 00:00")), (2, span("06-14 22:00", "06-15 00:00")))
    ]  # fmt: skip
    done = ReportedAttempt(
        number=3, promised=WINDOW, promised_seconds=7200, outcome="completed_late", took_place="yes",
        stretches=(Stretch(state="down", start_at=t("06-28 22:00"), end_at=t("06-29 22:00")),
                   Stretch(state="not_current", start_at=t("06-29 22:00"), end_at=t("07-01 18:00"))),
        down_seconds=DAY, down_ratio=TWELVE,
    )  # fmt: skip
    return (*missed, done)


def l8(count: int = 1, **more: object) -> ClientLetter:
    body = FinalReport(
        about="the June server move", attempts=attempts(), announced_seconds=21600, down_seconds=DAY,
        sites=tuple(ReportedSite(host_name=site.host_name, down_seconds=DAY, back_at=t("06-29 22:00"), data="complete")
                    for site in sites(count)),
        data="complete",
        timeline=(
            Happened(at=t("05-29 15:00"), text="The provider confirms a failing drive array."),
            Happened(at=t("06-03 14:00"), text="We tell you of the first date, Sat 7 June."),
            Happened(at=t("06-08 09:40"), text="The provider says the amount of data was underestimated."),
            Happened(at=t("06-15 10:00"), text="The second date, Sat 14 June, passes without work as well."),
            Happened(at=t("06-23 15:00"), text="We agree the procedure with the provider, step by step."),
            Happened(at=t("06-28 22:00"), text="The server stops answering, as announced."),
            Happened(at=t("06-29 04:10"), text="The provider mentions a fresh installation, which was not agreed."),
            Happened(at=t("06-29 22:00"), text="The server answers again, with the content of Saturday evening."),
            Happened(at=t("07-01 18:00"), text="Your newest entries are in place."),
            Happened(at=t("07-02 10:00"), text="All checks are done."),
        ),
        cause="The drive array had been failing since spring and was replaced too late.", cause_status="confirmed",
        done=("We measured every site each minute from two places, and told you at every turn.",
              "We compared both copies of your data, table by table."),
        changes=(Change(text="A written procedure is agreed before any date is announced.", owner="Dana Reyes",
                        by=date(2025, 7, 31)),
                 Change(text="A holding page is ready on another server.", owner="Brightwell", by=None)),
        asked=(Ask(text="The cause in writing.", state="answered"),
               Ask(text="The service credit for June.", state="open")),
        credit=CreditToYou(amount=Money(amount="25.00", currency="EUR"), how="taken off your July invoice"),
        still_check=("Your orders of 28 and 29 June, once more.",), approved_by="Dana Reyes",
    )  # fmt: skip
    return letter(13, t("07-04 12:00"), body, count, "up", **({
        "apology": "I am sorry for the day your website was missing, and for the two dates you kept free for nothing.",
        "name_provider": True, "provider_name": "Northgate Hosting"} | more))  # fmt: skip


def l9(count: int = 1, quiet: bool = False, **more: object) -> ClientLetter:
    """June, or with `quiet` a month of the same length in which nothing happened."""
    hosts = tuple(site.host_name for site in sites(count))
    down, whole = (0, JUNE.seconds) if quiet else (DAY, JUNE.seconds)
    row = {"down_seconds": down, "unknown_seconds": 0,
           "availability": Share(numerator=whole - down, denominator=whole),
           "answer": "met" if quiet else "breached"}  # fmt: skip
    fields: dict[str, object] = {
        "month": date(2025, 6, 1), "span": JUNE, "sites": tuple(SiteMonth.model_validate({"host_name": host} | row)
                                                               for host in hosts), "own_target": "99.5",
    }  # fmt: skip
    if not quiet:
        sent = (("1", "L1", "06-03 14:00"), ("2", "L2", "06-08 11:00"), ("3", "L3", "06-09 15:00"),
                ("4", "L2", "06-15 11:00"), ("5", "L1", "06-24 18:00"), ("7", "L4", "06-29 08:00"),
                ("9", "L6", "06-29 23:00"), ("12", "L7", "06-30 10:00"))  # fmt: skip
        told = ("06-03 14:00", "06-09 15:00", "06-24 18:00")
        fields |= {
            "outages": (MonthOutage(span=span("06-28 22:00", "06-29 22:00"), seconds=DAY, host_names=hosts,
                                    announced=True),),
            "windows": tuple(MonthWindow(span=item.promised, told_at=t(at), outcome=item.outcome,
                                         down_seconds=item.down_seconds)
                             for item, at in zip(attempts(), told, strict=True)),
            "notices": tuple(NoticeSent.model_validate({"ref": f"HOST-1-2025-06/{ref}", "letter": kind,
                                                        "sent_at": t(at)}) for ref, kind, at in sent),
            "open_points": ("Whether the entries of 28 and 29 June are complete.",),
            "report_ref": None, "report_sent_at": None,
        }  # fmt: skip
    return letter(20, t("07-01 09:00"), MonthlyStatement.model_validate(fields), count, "up", **more)
