"""The claim of the story, as filed on Tue 1 July 2025."""

from datetime import date
from typing import Any

from reports.documents import (
    Amount,
    Argument,
    Bounds,
    BreachReport,
    ClaimLine,
    Clocks,
    CounterReading,
    CreditLine,
    Deviation,
    Effect,
    ExcusedSpan,
    Exhibit,
    GuaranteeLine,
    InMoney,
    InPercent,
    Input,
    InSeconds,
    InShare,
    InTimes,
    LeftOut,
    Money,
    OtherReading,
    Pair,
    PartLine,
    Period,
    ReckonedPart,
    Reckoning,
    Request,
    RightLine,
    Said,
    Share,
    SignLine,
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
    counts,
    header,
    sites,
    span,
    t,
    windows,
)  # fmt: skip
from tests.reports.story_monthly import EUR, MONTH, calculation, readings


def _said(text: str, source: str, at: str | None, exhibit: str | None = None) -> Said:
    return Said.model_validate({"text": text, "source": source, "at": t(at) if at else None, "exhibit": exhibit})


PAIRS = (
    ("Date", _said("Sat 7 June 22:00–24:00, server off.", "P", "06-03 10:05", "X1"),
     _said("Nothing happened; every observation good. By phone the next day: “the amount of data was "
           "underestimated”.", "M", "06-08 00:00", "X2")),
    ("Date", _said("The same work, Sat 14 June 22:00–24:00.", "P", "06-09 11:20", "X3"),
     _said("Nothing happened; every observation good; no word until asked.", "M", "06-15 00:00", "X6")),
    ("Duration", _said("Sat 28 June 22:00–24:00.", "P", "06-24 16:30", "X5"),
     _said("The service was down from Sat 28 June 22:00 to Sun 29 June 22:00: 24 h 00 min, 12.0× the announced "
           "time. The work is still open.", "M", "06-29 22:00", "X6")),
    ("Procedure", _said("Clone the old array to the new one while live, stop writes, final sync in a short downtime, "
                        "switch; nothing else is changed. “Clone as agreed.”", "N", "06-23 15:00", "X4"),
     _said("A fresh installation with updates on a new server, begun while the old one was live.", "T",
           "06-29 04:10", "X8")),
    ("Reply", _said("First reply to an urgent ticket within 60 min (clause 7.2).", "P", None),
     _said("Ticket NG-88207 opened 00:02, first human reply 01:47: 105 min.", "T", "06-29 01:47", "X7")),
)  # fmt: skip
DEVIATIONS = (
    ("D1", "date", "Two announced windows passed without work; the second without a word.", ("X1", "X2", "X3")),
    ("D2", "duration", "24 h 00 min instead of 2 h: 22 h 00 min beyond the announced end.", ("X5", "X6")),
    ("D3", "procedure", "A fresh installation instead of the agreed clone, told after 6 h 10 min.", ("X4", "X8")),
    ("D4", "data", "12 of 120 sites are not confirmed current; whether data is missing is not known.", ("X9",)),
    ("D5", "communication", "First reply to the urgent ticket after 105 min; 60 min were promised.", ("X7",)),
)
EXHIBITS = (
    ("X1", "Message 1, announcement of 7 June, with headers", "provider, e-mail", "06-03 10:05", "1"),
    ("X2", "Note of the call, “the amount of data was underestimated”", "our note", "06-08 10:15", "2"),
    ("X3", "Message 2, announcement of 14 June", "provider, e-mail", "06-09 11:20", "3"),
    ("X4", "Procedure agreed step by step, confirmed by e-mail", "our note, e-mail", "06-23 15:40", "4"),
    ("X5", "Message 3, announcement of 28 June, “clone as agreed”", "provider, e-mail", "06-24 16:30", "5"),
    ("X6", "Observations of HOST-1, 1 to 30 June, each minute, two locations", "measured", "07-01 00:00", "6"),
    ("X7", "Ticket NG-88207 with the provider’s time stamps", "provider, ticket", "06-29 01:47", "7"),
    ("X8", "Reply in NG-88207 on the fresh installation", "provider, ticket", "06-29 04:10", "8"),
    ("X9", "State of 120 sites", "measured, notes", "07-01 08:55", "9"),
)


COUNTER = CounterReading(
    counted_seconds=0, availability=Share(numerator=1, denominator=1), breached=False, amount=None,
    arguments=(
        Argument(says="All of it was maintenance.", removes_seconds=79200, clause=CLAUSES[3].quote,
                 answer="What was announced is 28 June 22:00 to 24:00; the clause covers no minute outside it."),
        Argument(says="The clock starts with the ticket.", removes_seconds=120, clause="counting: clock start",
                 answer="A ticket was opened 2 h 02 min into it. The terms start the clock with the outage."),
    ),
)  # fmt: skip
SIGN_OFF = (
    SignLine(ref="W1", about="window", found="Window 1: did not take place", span=span("06-07 22:00", "06-08 00:00")),
    SignLine(ref="W3", about="window", found="Window 3: overrunning", span=span("06-28 22:00", "06-29 00:00"),
             figure=InTimes(share=Share(numerator=12, denominator=1))),
    *(SignLine(ref=ref, about="deviation", found=text) for ref, _, text, _ in DEVIATIONS),
    SignLine(ref="F1", about="figure", found="Downtime that counts under the terms", figure=InSeconds(seconds=79200)),
)  # fmt: skip
TERMS: dict[str, Any] = {
    "target_percent": "99.9", "denominator": "actual", "attribution": "clip", "credit_base": "monthly_fee",
    "cap_base": "monthly_fee", "requires_breach": True, "cap_percent": "100", "total_cap_percent": None,
    "min_credit": None,
    "counting": {"clock_start": "outage", "min_outage_seconds": "0", "min_outage_rule": "at_least",
                 "merge_gap_seconds": "0", "quantum": {"kind": "exact"}},
    "credit": {"kind": "uptime_tiers", "tiers": [
        {"below": "99.9", "percent": "10", "inclusive": False}, {"below": "99.0", "percent": "30", "inclusive": False},
        {"below": "95.0", "percent": "100", "inclusive": False}]},
}  # fmt: skip
DOWN = span("06-28 22:00", "06-29 22:00")
RECKONING = Reckoning(
    period=JUNE, period_days=30, in_service=span("1970-01-01 01:00", "2200-01-01 01:00"),
    fee=Money(amount="400.00", currency=EUR), minor_units=2, down=(DOWN,),
    bounds=(Bounds(number=1, span=DOWN, at_least_seconds=86340, at_most_seconds=86460),),
    clocks=Clocks(ticket_opened=(t("06-29 00:02"),), provider_confirmed=()),
    parts=(ReckonedPart(
        terms=TERMS, span=JUNE, part=Share(numerator=1, denominator=1), unknown_seconds=0,
        excused=(ExcusedSpan(span=span("06-28 22:00", "06-29 00:00"), clause=CLAUSES[3].quote),),
        counted_seconds=79200, availability=Share(numerator=349, denominator=360), breached=True, due_exactly="120"),),
    amount="120.00", asked="120.00", beside=(),
)  # fmt: skip


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
        evidence="2025-06_HOST-1_evidence", draft_reasons=(), counter=COUNTER, left_out=(), preconditions=(),
        by_hand=(), remedy_form=None, parts=(), guarantees=(), rights=(), sign_off=SIGN_OFF, reckoning=RECKONING,
        attachments=("statement.json with every figure", "2025-06_HOST-1_evidence, the evidence appendix E0 to E7"),
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
        outages=OUTAGES, site_counts=counts(rows), sites=rows,
        calculation=calculation(CLOSED), clauses=CLAUSES, method=METHOD,
    )  # fmt: skip


def full_breach() -> BreachReport:
    """The same claim with everything a contract, or a doubt, may add to it."""
    plain = breach(status="draft")
    assert plain.amount is not None
    money = Money(amount="40.00", currency=EUR)
    share = Share(numerator=349, denominator=360)
    amount = plain.amount.model_copy(update={
        "amount": money, "as_held": plain.amount.amount, "capped_at": Money(amount="400.00", currency=EUR),
        "credits": (CreditLine(what="Availability", how="10 % of EUR 400.00", amount=money, counted=True),
                    CreditLine(what="Network", how="5 % of EUR 400.00", amount=money, counted=False)),
    })  # fmt: skip
    return plain.model_copy(update={
        "amount": amount, "impact": "84 clients could not be reached.", "remedy_form": "credit on the next invoice",
        "draft_reasons": ("The clause credit is doubtful and nobody has put a name to it.",),
        "preconditions": ("No invoice is overdue.", "A ticket was opened within 24 hours."),
        "by_hand": ("Credits are not paid for outages caused by third parties.",),
        "left_out": (LeftOut(site_id="S-017", host_name="meadow-montessori.example",
                             span=span("06-20 10:00", "06-20 11:10"), in_period_seconds=4200,
                             why="down alone: probably its own application"),),
        "parts": (PartLine(number=1, span=span("06-01 00:00", "06-15 00:00"), terms_from=date(2024, 1, 1),
                           target_percent="99.9", counted_seconds=0, availability=share, verdict="met", amount=None),
                  PartLine(number=2, span=span("06-15 00:00", "07-01 00:00"), terms_from=date(2025, 6, 15),
                           target_percent="99.5", counted_seconds=79200, availability=None, verdict="breached",
                           amount=money)),
        "guarantees": (GuaranteeLine(name="Network", clause=CLAUSES[0].quote, target_percent="99.99",
                                     counted_seconds=300, availability=share, verdict="breached", amount=money),),
        "rights": (RightLine(title="Three months below 99 %", clause="section 9", accrued="June 2025",
                             exercise_by=date(2025, 7, 30), lapsed=False),
                   RightLine(title="Five outages in 30 days", clause="section 9", accrued="12 March 2025",
                             exercise_by=date(2025, 4, 11), lapsed=True)),
    })  # fmt: skip
