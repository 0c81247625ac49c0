"""The claim of the story, as filed on Tue 1 July 2025."""

from datetime import date

from reports.documents import (
    Amount,
    BreachReport,
    ClaimLine,
    Deviation,
    Effect,
    Exhibit,
    InMoney,
    InPercent,
    Input,
    InSeconds,
    InShare,
    Money,
    OtherReading,
    Pair,
    Period,
    Request,
    Said,
    Share,
)  # fmt: skip
from tests.reports.story_facts import (
    CLAUSES,
    CLOSED,
    JUNE,
    METHOD,
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
from tests.reports.story_monthly import EUR, MONTH, calculation, readings


def _said(text: str, source: str, at: str | None, exhibit: str | None = None) -> Said:
    return Said.model_validate({"text": text, "source": source, "at": t(at) if at else None, "exhibit": exhibit})


PAIRS = (
    ("Date", _said("Sat 7 June 22:00–24:00, server off.", "P", "06-03 10:05", "E1"),
     _said("Nothing happened; every observation good. By phone the next day: “the amount of data was "
           "underestimated”.", "M", "06-08 00:00", "E2")),
    ("Date", _said("The same work, Sat 14 June 22:00–24:00.", "P", "06-09 11:20", "E3"),
     _said("Nothing happened; every observation good; no word until asked.", "M", "06-15 00:00", "E6")),
    ("Duration", _said("Sat 28 June 22:00–24:00.", "P", "06-24 16:30", "E5"),
     _said("The service was down from Sat 28 June 22:00 to Sun 29 June 22:00: 24 h 00 min, 12.0× the announced "
           "time. The work is still open.", "M", "06-29 22:00", "E6")),
    ("Procedure", _said("Clone the old array to the new one while live, stop writes, final sync in a short downtime, "
                        "switch; nothing else is changed. “Clone as agreed.”", "N", "06-23 15:00", "E4"),
     _said("A fresh installation with updates on a new server, begun while the old one was live.", "T",
           "06-29 04:10", "E8")),
    ("Reply", _said("First reply to an urgent ticket within 60 min (clause 7.2).", "P", None),
     _said("Ticket NG-88207 opened 00:02, first human reply 01:47: 105 min.", "T", "06-29 01:47", "E7")),
)  # fmt: skip
DEVIATIONS = (
    ("D1", "date", "Two announced windows passed without work; the second without a word.", ("E1", "E2", "E3")),
    ("D2", "duration", "24 h 00 min instead of 2 h: 22 h 00 min beyond the announced end.", ("E5", "E6")),
    ("D3", "procedure", "A fresh installation instead of the agreed clone, told after 6 h 10 min.", ("E4", "E8")),
    ("D4", "data", "12 of 120 sites are not confirmed current; whether data is missing is not known.", ("E9",)),
    ("D5", "communication", "First reply to the urgent ticket after 105 min; 60 min were promised.", ("E7",)),
)
EXHIBITS = (
    ("E1", "Message 1, announcement of 7 June, with headers", "provider, e-mail", "06-03 10:05", "1"),
    ("E2", "Note of the call, “the amount of data was underestimated”", "our note", "06-08 10:15", "2"),
    ("E3", "Message 2, announcement of 14 June", "provider, e-mail", "06-09 11:20", "3"),
    ("E4", "Procedure agreed step by step, confirmed by e-mail", "our note, e-mail", "06-23 15:40", "4"),
    ("E5", "Message 3, announcement of 28 June, “clone as agreed”", "provider, e-mail", "06-24 16:30", "5"),
    ("E6", "Observations of HOST-1, 1 to 30 June, each minute, two locations", "measured", "07-01 00:00", "6"),
    ("E7", "Ticket NG-88207 with the provider’s time stamps", "provider, ticket", "06-29 01:47", "7"),
    ("E8", "Reply in NG-88207 on the fresh installation", "provider, ticket", "06-29 04:10", "8"),
    ("E9", "State of 120 sites", "measured, notes", "07-01 08:55", "9"),
)


def breach(basis: str = "credit", **head: object) -> BreachReport:
    rows = sites(CLOSED)
    money = lambda amount: Money(amount=amount, currency=EUR)  # noqa: E731
    share = Share(numerator=MONTH - 79200, denominator=MONTH)
    amount = Amount(
        clause_ref="4", clause_quote=CLAUSES[1].quote, formula="30 % of the monthly fee of EUR 400.00",
        inputs=(
            Input(name="Availability, SLA method", value=InShare(share=share)),
            Input(name="Counted downtime", value=InSeconds(seconds=79200)),
            Input(name="Rate of the tier below 99.0 %", value=InPercent(percent="30")),
            Input(name="Monthly fee", value=InMoney(money=money("400.00"))),
        ),
        amount=money("120.00"), capped_at=None, tax_note="Net amount; taxes follow the invoice.",
        other_reading=OtherReading(reading="if the announced two hours counted too", counted_seconds=86400,
                                   amount=money("120.00")),
    )  # fmt: skip
    claim = ClaimLine.model_validate({
        "number": "0007", "basis": basis, "previously_claimed": False, "filed_on": date(2025, 7, 1),
        "last_claim_day": date(2025, 7, 30), "deadline_clause": "4.3", "good_standing": "yes",
        "tickets": ("NG-88121", "NG-88207"),
    })  # fmt: skip
    return BreachReport(
        header=header("2025-06_HOST-1_claim-0007", CLOSED, **head), provider=PROVIDER, service=SERVICE,
        period=Period(label="June 2025", span=JUNE, elapsed_seconds=MONTH), claim=claim, target=TARGET,
        tier_below_percent="99.0", readings=readings(CLOSED), amount=amount if basis == "credit" else None,
        opening=None, impact=None,
        attachments=("statement.json with every figure", "evidence index E0 to E9"),
        windows=windows(CLOSED), window_totals=TOTALS,
        pairs=tuple(Pair(about=about, promised=one, happened=two) for about, one, two in PAIRS),
        deviations=tuple(
            Deviation.model_validate({"number": n, "about": a, "text": x, "exhibits": e}) for n, a, x, e in DEVIATIONS
        ),
        effect=Effect(
            sites_affected=120, sites_total=120, site_seconds=sum(row.down_seconds for row in rows), announcements=3,
            corrections=2, updates=9, letters=14 * 84, staff_seconds=41 * 3600,
            statement="84 clients were told three dates, two of which had to be taken back. Each letter is on record "
            "with its recipient and time.",
        ),
        requests=(
            Request(number="R1", text="Service credit of EUR 120.00 under clause 4, with the next invoice."
                    if basis == "credit" else "A gesture of goodwill for June.", wanted_by=date(2025, 7, 15)),
            Request(number="R2", text="Written cause of the overrun and of the change of procedure.",
                    wanted_by=date(2025, 7, 11)),
            Request(number="R3", text="Reconciliation of the data, site by site.", wanted_by=date(2025, 7, 4)),
            Request(number="R4", text="The old drives and every snapshot kept unchanged.",
                    wanted_by=date(2025, 7, 31)),
            Request(number="R5", text="A method statement before any further work.", wanted_by=date(2025, 7, 11)),
        ),
        reply_by=date(2025, 7, 15), undisputed_payment_continues=True,
        exhibits=tuple(
            Exhibit(number=n, what=what, obtained_from=who, obtained_at=t(at), sha256=digit * 64)
            for n, what, who, at, digit in EXHIBITS
        ),
        outages=OUTAGES, site_counts=counts(rows), sites=rows, chronology=chronology(CLOSED),
        calculation=calculation(CLOSED), clauses=CLAUSES, method=METHOD,
    )  # fmt: skip
