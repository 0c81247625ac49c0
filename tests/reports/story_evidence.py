"""The evidence appendix of the story, with every kind of thing that may stand in one."""

from reports.documents import (
    AttachedFile,
    Coverage,
    DownPiece,
    EvidenceAppendix,
    Exhibit,
    Gap,
    HeaderLine,
    KeptMessage,
    LeftOut,
    Masked,
    Period,
    Seen,
    SeenOutage,
    SiteRow,
    Span,
    Watch,
)
from reports.enclosed import File, digest, sums
from tests.reports.story_breach import EXHIBITS, RECKONING
from tests.reports.story_facts import (
    CLAUSES,
    CLOSED,
    JUNE,
    METHOD,
    OUTAGES,
    PROVIDER,
    SERVICE,
    TARGET,
    chronology,
    counts,
    header,
    sites,
    span,
    t,
)
from tests.reports.story_monthly import MONTH, calculation, readings

MAIL = (
    b"From: Northgate Support <support@northgate.example>\r\nTo: dana@brightwell.example\r\n"
    b"Subject: HOST-1: drive array\r\nDate: Tue, 03 Jun 2025 10:05:00 +0200\r\n\r\n"
    b"We clone the data of the array on Saturday 7 June from 22:00 to 24:00.\r\n"
)
FILES = (
    File("observations.csv", b"at,monitor,state,latency_ms,error\n2025-06-28T20:00:00Z,HOST-1,down,,timeout\n"),
    File("own-outages.csv", b"from,until,reason\n"),
    File("X1_message.eml", MAIL),
)
KINDS = {"observations.csv": ("text/csv", "Source"), "own-outages.csv": ("text/csv", "Source"),
         "X1_message.eml": ("message/rfc822", "Supplement")}  # fmt: skip


def _attached() -> tuple[AttachedFile, ...]:
    return tuple(
        AttachedFile.model_validate({
            "name": file.name, "what": f"What {file.name} holds", "media_type": KINDS[file.name][0],
            "relationship": KINDS[file.name][1], "size": len(file.content), "sha256": digest(file.content),
            "at": t("06-03 10:05"),
        })
        for file in FILES
    )  # fmt: skip


def evidence(**head: object) -> EvidenceAppendix:
    rows, attached = sites(CLOSED), _attached()
    down = Span(start_at=t("06-29 00:00"), end_at=t("06-29 22:00"))
    announced = span("06-28 22:00", "06-29 00:00")
    gap = Gap(start_at=t("06-11 02:10"), end_at=t("06-11 02:31"), seconds=1260, reason="our own uplink in Berlin")
    return EvidenceAppendix(
        header=header("2025-06_HOST-1_evidence", CLOSED, **head), provider=PROVIDER, service=SERVICE,
        period=Period(label="June 2025", span=JUNE, elapsed_seconds=MONTH), claim="0007", target=TARGET,
        exhibits=tuple(
            Exhibit(number=n, what=what, obtained_from=who, obtained_at=t(at), sha256=digit * 64)
            for n, what, who, at, digit in EXHIBITS
        ),
        attached=attached, bundle_sha256=digest(sums(attached)),
        data="observations.csv holds every single answer; the pages show the intervals they make.",
        method=METHOD, masked=(Masked(where="E1 chronology", rule="e-mail address", times=2),),
        chronology=chronology(CLOSED),
        outages=(SeenOutage(
            outage=OUTAGES[0], last_good_at=t("06-28 21:59"), first_good_at=t("06-29 22:00"),
            witnesses=(Seen(name="Berlin", first_fail_at=t("06-28 22:00"), last_fail_at=t("06-29 21:59")),
                       Seen(name="Helsinki", first_fail_at=t("06-28 22:00"), last_fail_at=t("06-29 21:59"))),
        ),),
        left_out=(LeftOut(site_id="S-017", host_name="meadow-montessori.example", in_period_seconds=4200,
                          span=span("06-20 10:00", "06-20 11:10"), why="down alone: probably its own application"),),
        site_counts=counts(rows),
        sites=tuple(
            SiteRow(site_id=row.site_id, host_name=row.host_name, state=row.state, down_from=row.down_from,
                    down_to=row.down_to, down_seconds=row.down_seconds, checked_at=t("07-01 08:55"), checked_by="M")
            for row in rows
        ),
        messages=(
            KeptMessage(
                exhibit="X1", received_at=t("06-03 10:05"), channel="e-mail", subject="HOST-1: drive array",
                headers=(HeaderLine(name="From", value="Northgate Support <support@northgate.example>"),),
                text="We clone the data of the array on Saturday 7 June from 22:00 to 24:00.\n\nThe server is off.",
                cut_signs=0, size=len(MAIL), sha256=digest(MAIL), file="X1_message.eml", not_attached=None,
            ),
            KeptMessage(
                exhibit="X2", received_at=t("06-08 09:40"), channel="portal", subject=None, headers=(),
                text="The amount of data was underestimated. " * 120, cut_signs=7311, size=12_000, sha256="2" * 64,
                file=None, not_attached="kept back: it holds what the masking rules hide; its digest stands here",
            ),
        ),
        clauses=CLAUSES,
        watches=(Watch(name="HOST-1 from Berlin", place="own probe, Berlin", interval_seconds=60, confirm_after=2,
                       observations=43179, failures=1440, first_at=t("06-01 00:00"), last_at=t("06-30 23:59")),),
        coverage=Coverage(known_seconds=MONTH - 1260, elapsed_seconds=MONTH, gaps=(gap,)),
        readings=readings(CLOSED),
        pieces=(
            DownPiece(span=announced, seconds=7200, outage=1, counted=False, clause=CLAUSES[3].quote,
                      why="Inside the announced window 3."),
            DownPiece(span=down, seconds=79200, outage=1, counted=True, clause=None, why="Nothing excuses it."),
        ),
        calculation=calculation(CLOSED), reckoning=RECKONING,
    )  # fmt: skip
