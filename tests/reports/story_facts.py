"""The story's facts, shared by its papers. Invented where the story is silent: addresses, host names, exhibits,
prior requests, and what became of the sites between Mon 30 June 06:00 and Tue 1 July 09:00."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from reports.documents import (
    Agency,
    Clause,
    Command,
    Event,
    Header,
    Method,
    Money,
    Outage,
    Provider,
    Service,
    Share,
    Site,
    SiteCounts,
    SiteState,
    Span,
    Stretch,
    Target,
    Window,
    WindowTotals,
)

BERLIN = ZoneInfo("Europe/Berlin")


def t(text: str) -> datetime:
    """Local time of the story, "06-28 22:00" (2025) or with its year, as an instant in UTC."""
    text = text if text.count("-") == 2 else f"2025-{text}"
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=BERLIN).astimezone(UTC)


def span(start: str, end: str) -> Span:
    return Span(start_at=t(start), end_at=t(end))


OPEN = t("06-30 06:00")  # Mon 30 June 06:00 CEST, 32 h in
CLOSED = t("07-01 09:00")  # Tue 1 July 09:00 CEST, June is over
JUNE = span("06-01 00:00", "07-01 00:00")
HEAD = "9f2c41d07be85a6e13c0aa94d2f86b570e1d3c48a7b9526fe08d14c36b7a5e21"
AGENCY = Agency(
    name="Brightwell Web Studio",
    address=("Kastanienallee 40", "10119 Berlin", "Germany"),
    contact="Dana Reyes",
    role="Client services",
    phone="+49 30 5550 142",
    email="dana@brightwell.example",
)
PROVIDER = Provider(name="Northgate Hosting", account="NG-20417", contact="Account management")
SERVICE = Service(name="HOST-1", plan="Leased server", monthly_fee=Money(amount="400.00", currency="EUR"))
TARGET = Target(percent="99.9", allowed_seconds=2592, clause="2.1")


def header(number: str, as_at: datetime, **changes: object) -> Header:
    fields: dict[str, object] = {
        "number": number, "version": 1, "replaces": None, "as_at": as_at, "zone": "Europe/Berlin",
        "method_version": "method 1", "evidence_head": HEAD, "evidence_entries": 1412, "status": "issued",
        "so_far": as_at < JUNE.end_at, "paper": "A4", "language": "en-GB", "agency": AGENCY,
    }  # fmt: skip
    return Header.model_validate(fields | changes)


def _window(number: int, announced: str, by: str, start: str, end: str, exhibit: str, **changes: object) -> Window:
    promised = span(start, end)
    fields: dict[str, object] = {
        "number": number, "work": "Drive-array clone", "announced_at": t(announced), "announced_by": by,
        "exhibit": exhibit, "promised": promised, "promised_seconds": promised.seconds,
        "notice_seconds": int((promised.start_at - t(announced)).total_seconds()), "notice_target_seconds": 48 * 3600,
        "procedure_agreed": None, "outcome": "not_carried_out", "flags": (), "carried_out": "no",
        "started_at": None, "ended_at": None, "down_seconds": None, "down_open": False, "down_ratio": None,
        "work_seconds": None, "work_open": False, "work_ratio": None, "procedure_used": None, "change_told_at": None,
        "source": "P", "stretches": (),
    }  # fmt: skip
    return Window.model_validate(fields | changes)


def windows(as_at: datetime) -> tuple[Window, ...]:
    work = int((as_at - t("06-28 22:00")).total_seconds())
    return (
        _window(1, "06-03 10:05", "e-mail", "06-07 22:00", "06-08 00:00", "X1"),
        _window(2, "06-09 11:20", "e-mail", "06-14 22:00", "06-15 00:00", "X3"),
        _window(
            3, "06-24 16:30", "e-mail", "06-28 22:00", "06-29 00:00", "X5",
            procedure_agreed="clone as agreed on 23 June", outcome="overrunning",
            flags=("procedure_changed", "data_unverified"), carried_out="open", started_at=t("06-28 22:00"),
            down_seconds=86400, down_ratio=Share(numerator=86400, denominator=7200),
            work_seconds=work, work_open=True, work_ratio=Share(numerator=work, denominator=7200),
            procedure_used="fresh installation with updates on a new server", change_told_at=t("06-29 04:10"),
            stretches=(
                Stretch(state="down", start_at=t("06-28 22:00"), end_at=t("06-29 22:00")),
                Stretch(state="not_current", start_at=t("06-29 22:00"), end_at=as_at, open=True),
            ),
        ),
    )  # fmt: skip


TOTALS = WindowTotals(announced=3, announced_seconds=21600, carried_out=1, taken_seconds=86400, taken_open=False)

_NAMES = (
    "larkfield-garden", "okafor-bookkeeping", "riverside-dental", "northlight-prints", "alder-and-ash", "tinwhistle",
    "harbour-bakery", "kirsch-physio", "studio-nemo", "redgate-joinery", "violet-hour", "meadow-montessori",
    "quayside-rowing", "baumann-steuer", "fernhill-vets", "oakdene-choir", "paperplane-books", "saltmarsh-inn",
    "trellis-flowers", "ullmann-optik", "weaver-street", "yarrow-yoga", "zinnober-atelier", "copperleaf-cafe",
    "dunlin-camping", "elmtree-nursery", "foxglove-soap", "greenlane-cycles", "hollow-pottery", "inkwell-legal",
)  # fmt: skip
_KINDS = ("", "shop.", "booking.", "blog.")


def _state(index: int, as_at: datetime) -> SiteState:
    """71 current, 31 with old content, 6 down, 12 not checked, spread the way shared hosts spread."""
    late = as_at >= CLOSED
    if index in (17, 18, 44, 73, 74, 101):
        return "current" if late else "down"
    if index in (5, 6, 29, 30, 52, 53, 66, 80, 81, 95, 111, 112):
        return "unknown" if index in (5, 6, 29, 30) or not late else "current"
    old = [i for i in range(1, 121) if i % 10 in (3, 7, 8)][:31]
    taken = {17, 18, 44, 73, 74, 101, 5, 6, 29, 30, 52, 53, 66, 80, 81, 95, 111, 112}
    old = [i for i in old if i not in taken]
    old += [i for i in (2, 22, 42, 62, 82) if i not in taken]
    old = sorted(old)[:31]
    if index in old:
        return "not_current" if not late or index in old[:8] else "current"
    return "current"


def sites(as_at: datetime) -> tuple[Site, ...]:
    rows = []
    for index in range(1, 121):
        state = _state(index, as_at)
        was_down = _state(index, OPEN) == "down"
        if was_down and as_at < CLOSED:
            back, seconds = None, int((as_at - t("06-28 22:00")).total_seconds())
        else:
            back = t("06-30 14:20") if was_down else t("06-29 22:00")
            seconds = int((back - t("06-28 22:00")).total_seconds())
        host = f"{_KINDS[(index - 1) // 30]}{_NAMES[(index - 1) % 30]}.example"
        rows.append(
            Site(site_id=f"S-{index:03d}", host_name=host, state=state, down_from=t("06-28 22:00"), down_to=back,
                 down_seconds=seconds)
        )  # fmt: skip
    return tuple(rows)


def counts(rows: tuple[Site, ...]) -> SiteCounts:
    number = {state: sum(row.state == state for row in rows) for state in ("current", "not_current", "down", "unknown")}
    return SiteCounts.model_validate(number)


OUTAGES = (
    Outage(
        number=1, target="HOST-1", first_fail_at=t("06-28 22:00"), last_fail_at=t("06-29 21:59"),
        held_from=t("06-28 22:00"), held_to=t("06-29 22:00"), at_least_seconds=86340, held_seconds=86400,
        at_most_seconds=86460, in_period_seconds=86400, error="connection timed out: ports 22, 25, 80, 443",
        locations="Berlin, Helsinki agree",
    ),
)  # fmt: skip


def _event(at: str, source: str, text: str, exhibit: str | None = None, late: str | None = None) -> Event:
    return Event.model_validate(
        {"at": t(at), "source": source, "text": text, "exhibit": exhibit,
         "recorded_late_at": t(late) if late else None}
    )  # fmt: skip


CHRONOLOGY = (
    _event("05-29 15:00", "P", "Confirms a failing drive array, after weeks of slower and slower files (median "
           "0.35 s in February, 4.2 s in May). Ticket NG-88121.", "E0.1"),
    _event("06-03 10:05", "P", "Message 1: the data of the array is cloned to a new array, Sat 7 June 22:00–24:00, "
           "server off.", "X1"),
    _event("06-03 14:00", "N", "All 84 clients told: unavailable Sat 7 June 22:00 to midnight."),
    _event("06-07 22:00", "M", "Window 1 begins. Every observation good until 24:00; no work seen."),
    _event("06-08 09:40", "P", "By phone: “the amount of data was underestimated”.", "X2", "06-08 10:15"),
    _event("06-08 11:00", "N", "All 84 clients who were told are told that it did not take place."),
    _event("06-09 11:20", "P", "Message 2: the same work, Sat 14 June 22:00–24:00.", "X3"),
    _event("06-09 15:00", "N", "All 84 clients told of the new date."),
    _event("06-14 22:00", "M", "Window 2 begins. Every observation good until 24:00; no word until asked."),
    _event("06-15 10:30", "N", "All 84 clients told that it did not take place."),
    _event("06-23 15:00", "N", "Call: procedure agreed. (1) clone old array to new while live, (2) stop writes, "
           "(3) final sync in a short downtime, (4) switch, (5) nothing else changes. Confirmed by e-mail.", "X4"),
    _event("06-24 16:30", "P", "Message 3: Sat 28 June 22:00–24:00, “clone as agreed”.", "X5"),
    _event("06-24 18:00", "N", "All 84 clients told a third time."),
    _event("06-28 22:00", "M", "The service stops answering on ports 22, 25, 80 and 443, from both locations.", "X6"),
    _event("06-29 00:00", "M", "Announced end; the service is still down.", "X6"),
    _event("06-29 00:02", "T", "Ticket NG-88207 opened, urgent.", "X7"),
    _event("06-29 01:47", "T", "NG-88207: first human reply, 105 min after it was opened.", "X7"),
    _event("06-29 04:10", "P", "NG-88207: mentions a fresh installation with updates on a new server, begun while the "
           "old one was live. Not the agreed procedure.", "X8"),
    _event("06-29 22:00", "M", "The service answers again, 24 h 00 min after it stopped. Files are not up to date.",
           "X6"),
    _event("06-30 06:00", "M", "The transfer still runs. 71 of 120 sites confirmed current, 31 answer with old "
           "content, 6 are down, 12 are not checked. Data loss: not known.", "X9"),
)  # fmt: skip
LATER = (_event("06-30 14:20", "M", "The last 6 sites answer again.", "X9"),)


def chronology(as_at: datetime) -> tuple[Event, ...]:
    return CHRONOLOGY + (LATER if as_at >= CLOSED else ())


_READ = {"source": "Northgate Hosting, Service Level Agreement of 1 March 2024", "retrieved_on": date(2025, 6, 30)}
CLAUSES = tuple(
    Clause.model_validate({"ref": ref, "title": title, "quote": quote, "interpretation": note, **_READ})
    for ref, title, quote, note in (
        ("2.1", "Availability", "The Provider guarantees an availability of each leased server of 99.9 % per calendar "
         "month.", None),
        ("4", "Service credit", "If the availability of a calendar month falls below 99.9 %, the Customer receives "
         "10 % of the monthly fee; below 99.0 %, 30 %; below 95.0 %, 100 %. Credits are limited to 100 % of the "
         "monthly fee.", None),
        ("4.3", "Claim", "The Customer claims the credit in writing within 30 days of the end of the month concerned.",
         "Counted in the contract's time zone, to the end of the thirtieth local day: 30 July 2025."),
        ("6", "Scheduled maintenance", "Maintenance announced at least 48 hours ahead does not count as downtime "
         "during the announced window.", "Only the announced span is taken out; time beyond the announced end counts."),
        ("7.2", "Response", "Urgent tickets receive a first reply within 60 minutes.", None),
        ("7.4", "Replacement", "A failed part is replaced within 24 hours of the Provider's confirmation.", None),
    )
)  # fmt: skip

METHOD = Method(
    statement=(
        "One observation a minute, on the minute, from two locations; a state holds from its observation to the next.",
        "An outage is confirmed when both locations agree and dates from the first failed observation.",
        "Stretches without observation are unknown and are never counted as the provider's downtime.",
        "Durations are computed in UTC from whole seconds; percentages are printed from the exact fraction.",
    ),
    interval_seconds=60,
    locations=("Berlin (DE)", "Helsinki (FI)"),
    clock="NTP, offset below 20 ms throughout the period",
    verify=(
        Command(shows="The log is unbroken and ends in the digest printed on this page",
                command="kept evidence verify evidence-2025-06.jsonl"),
        Command(shows="The figures of this document follow from the log",
                command="kept statement check statement.json evidence-2025-06.jsonl"),
        Command(shows="This PDF carries exactly those figures", command="pdfdetach -save 1 report.pdf"),
    ),
)  # fmt: skip
