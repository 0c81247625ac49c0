"""The letters of the story to one client, and to a client with six sites: before the work, and while it lasts."""

from datetime import datetime

from reports.documents import (
    Agency,
    ClientLetter,
    CorrectedLine,
    Correction,
    FunctionEffect,
    FunctionState,
    LetterSite,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    Recipient,
    Rescheduled,
    UnplannedOutage,
)  # fmt: skip
from tests.reports.story_facts import header, span, t

CLIENT = Recipient(
    client_id="C-014", name="Larkfield Garden Centre", attention="Ms R. Okafor",
    address=("Hauptstraße 12", "16321 Bernau bei Berlin", "Germany"), salutation="Dear Ms Okafor,",
)  # fmt: skip
UK_AGENCY = Agency(
    name="Brightwell Web Studio", address=("4 Mill Lane", "Exampleton EX1 2AB"), contact="Dana Reyes",
    role="Client services", phone="01632 960 142", email="dana@brightwell.example",
)  # fmt: skip
US_AGENCY = Agency(
    name="Brightwell Web Studio", address=("400 Mill Street, Suite 12", "Springfield, IL 62701"), contact="Dana Reyes",
    role="Client services", phone="+1 217 555 0142", email="dana@brightwell.example",
)  # fmt: skip
EFFECTS = (
    FunctionEffect(function="Website and shop", effect="cannot be reached; orders are not possible"),
    FunctionEffect(function="E-mail", effect="arrives later; nothing is lost"),
)
FREEZE = "If you expect orders that evening, please tell your customers beforehand."


def sites(count: int = 1, state: str = "up") -> tuple[LetterSite, ...]:
    hosts = (
        "larkfield-garden.example",
        "shop.larkfield-garden.example",
        "larkfield-cafe.example",
        "christmas.larkfield-garden.example",
        "larkfield-landscaping.example",
        "jobs.larkfield-garden.example",
        "workshops.larkfield-garden.example",
        "tickets.larkfield-garden.example",
        "wiki.larkfield-garden.example",
        "magazine.larkfield-garden.example",
        "larkfield-trees.example",
        "larkfield-weddings.example",
    )
    rows = ({"client_id": "C-014", "host_name": host, "state": state} for host in hosts[:count])
    return tuple(LetterSite.model_validate(row) for row in rows)


def letter(
    number: int, as_at: datetime, body: object, count: int = 1, state: str = "up", **changes: object
) -> ClientLetter:
    layout = changes.pop("layout", "din5008b")
    agency = {"us": {"agency": US_AGENCY, "paper": "Letter", "language": "en-US"}, "uk": {"agency": UK_AGENCY}}
    head = header(f"HOST-1-2025-06_C-014_L{number}", as_at, so_far=False, **agency.get(str(layout), {}))
    fields: dict[str, object] = {
        "header": head, "layout": layout, "ref": f"HOST-1-2025-06/{number}", "recipient": CLIENT,
        "sites": sites(count, state), "name_provider": False, "provider_name": None, "your_part": None,
        "next_contact_at": None, "next_contact_words": None, "apology": None, "body": body,
    }  # fmt: skip
    return ClientLetter.model_validate(fields | changes)


def l1(**more: object) -> ClientLetter:
    body = Planned(
        work="The drives in the server are being copied to new ones.", window=span("06-28 22:00", "06-29 00:00"),
        longest_expected_seconds=7200, effects=EFFECTS, confirmed_by="the provider", confirmed_at=t("06-24 16:30"),
        freeze_from_at=t("06-28 21:30"), backup_at=t("06-28 21:45"),
        if_it_overruns="If the copy is not done by midnight, the provider goes back to the old drives.",
        word_by_at=t("06-29 00:15"),
    )  # fmt: skip
    due = {"next_contact_at": t("06-29 00:15"), "next_contact_words": "at the latest", "your_part": FREEZE}
    return letter(5, t("06-24 18:00"), body, **(due | more))


def l2(**more: object) -> ClientLetter:
    body = NotCarriedOut(
        notice_ref="HOST-1-2025-06/1", notice_sent_at=t("06-03 14:00"), window=span("06-07 22:00", "06-08 00:00"),
        down_seconds=0, reason="the amount of data was underestimated", reason_by="the provider, by phone",
        reason_status="stated", new_window=None, restrictions_lifted=True,
    )  # fmt: skip
    return letter(2, t("06-08 11:00"), body, **({"next_contact_words": "as soon as there is a date I can rely on",
                  "apology": "I am sorry that you planned around it for nothing."} | more))  # fmt: skip


def l3(**more: object) -> ClientLetter:
    body = Rescheduled(
        notice_ref="HOST-1-2025-06/1", work="The drives in the server are being copied to new ones.",
        old=span("06-07 22:00", "06-08 00:00"), new=span("06-14 22:00", "06-15 00:00"), attempt=2,
        what_changed="The provider says it has measured the amount of data before setting this date.",
        what_changed_source="P", notice_seconds=int((t("06-14 22:00") - t("06-09 15:00")).total_seconds()),
        freeze_from_at=t("06-14 21:30"), backup_at=t("06-14 21:45"), word_by_at=t("06-15 00:15"),
    )  # fmt: skip
    due = {"next_contact_at": t("06-15 00:15"), "next_contact_words": "at the latest", "your_part": FREEZE}
    return letter(3, t("06-09 15:00"), body, **(due | more))


def l4(count: int = 1, **more: object) -> ClientLetter:
    body = Overrunning(
        update=5, announced=span("06-28 22:00", "06-29 00:00"), down_from=t("06-28 22:00"), down_seconds=36000,
        beyond_seconds=28800, expected_end_at=None,
        known=("The data is being transferred to a new server.",),
        not_known=("When this ends, and whether everything saved since Saturday 22:00 is complete.",),
        doing=("We check every site each minute from two places and ask the provider every hour.",
               "Your backup of Saturday 21:45 is ready and opens correctly."),
        procedure_changed="A direct copy of the drives had been agreed; the provider has changed the procedure.",
        fallback="we decide whether to put up a holding page from our backup.", fallback_decided_at=t("06-29 10:00"),
    )  # fmt: skip
    return letter(7, t("06-29 08:00"), body, count, "down", **({"next_contact_at": t("06-29 11:00"),
                  "next_contact_words": "or earlier if anything changes",
                  "your_part": "Please note orders and bookings that reach you by phone or e-mail, so that we can "
                  "compare them later.",
                  "apology": "I am sorry for the disruption, and for the two earlier dates on which this work did not "
                  "take place."} | more))  # fmt: skip


def l6(count: int = 1, **more: object) -> ClientLetter:
    body = PartlyDone(
        announced=span("06-28 22:00", "06-29 00:00"), reachable_since=t("06-29 22:00"), down_seconds=86400,
        copy_from_at=t("06-28 21:58"), editing_allowed=False, cause=None,
        functions=(
            FunctionState(function="Pages", state="visible, old content", expected_at=None, workaround=None),
            FunctionState(function="Shop orders", state="switched off", expected_at=None, workaround="by phone"),
            FunctionState(function="Contact form", state="switched off", expected_at=t("06-30 12:00"),
                          workaround="by e-mail"),
        ),
    )  # fmt: skip
    return letter(9, t("06-29 23:00"), body, count, "not_current", **({"next_contact_at": t("06-30 09:00"),
                  "your_part": "Please look at your last orders and your calendar, and tell me what is missing.",
                  "apology": "I am sorry that this is taking so long."} | more))  # fmt: skip


def l10(count: int = 1, **more: object) -> ClientLetter:
    """Not in the story: an outage on a Thursday in July that nobody announced."""
    body = UnplannedOutage(
        update=1, down_from=t("07-17 14:02"), down_seconds=1080, expected_end_at=None,
        known=("The server has not answered since 14:02, from either of our two measuring points.",),
        not_known=("The cause, and how long it will last.",),
        doing=("We have reported it to the provider and ask again every 30 minutes.",
               "Your backup of last night is ready."),
        fallback="we decide whether to put up a holding page.", fallback_decided_at=t("07-17 16:00"),
    )  # fmt: skip
    return letter(14, t("07-17 14:20"), body, count, "down", **({"next_contact_at": t("07-17 15:00"),
                  "next_contact_words": "or earlier if anything changes",
                  "apology": "I am sorry for the disruption."} | more))  # fmt: skip


def l11(count: int = 1, **more: object) -> ClientLetter:
    body = Correction(
        notice_ref="HOST-1-2025-06/9", notice_sent_at=t("06-29 23:00"), notice_letter="L6",
        lines=(CorrectedLine(wrote="The contact form is switched off.",
                             correct="The contact form has been working since Sunday 22:10; messages sent through it "
                             "were delivered."),),
    )  # fmt: skip
    return letter(10, t("06-30 08:00"), body, count, "not_current", **({"next_contact_at": t("06-30 09:00"),
                  "apology": "I am sorry for the wrong information."} | more))  # fmt: skip
