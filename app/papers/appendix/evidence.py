"""The evidence appendix from a case, its statement, a context, and the files kept for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.papers import figures
from app.papers.appendix.messages import every_word, printable, read_message
from app.papers.beside import left_out
from app.papers.breach import check_reviewed, exhibits
from app.papers.context import Context
from app.papers.found.audited import data_audit
from app.papers.method import method
from app.papers.monthly import coverage
from app.papers.reckoning import reckoning
from app.papers.sheet import calculation
from app.sla.case import Case
from app.sla.statement import Statement
from reports import documents as doc
from reports.enclosed import File, digest, sums

MOST_BYTES = 12_000_000  # of original messages in one PDF; what is beyond is named with its digest
ENDINGS = {"message/rfc822": "eml", "text/plain": "txt", "text/html": "html", "text/calendar": "ics",
           "application/json": "json", "application/pdf": "pdf"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Original:
    """A provider's message as it came."""

    ref: str
    received_at: datetime
    channel: str
    subject: str | None
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Counted:
    """What one monitor gave in the period."""

    observations: int
    failures: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What was measured, as files, with the sentence that says what they hold; and the messages."""

    originals: tuple[Original, ...] = ()
    data: tuple[tuple[File, str], ...] = ()  # (file, what it holds)
    data_note: str = "No observation is on record for the period."
    counted: tuple[tuple[str, Counted], ...] = ()  # by the monitor's name


def evidence_appendix(
    case: Case, statement: Statement, context: Context, enclosed: Enclosed
) -> tuple[doc.EvidenceAppendix, tuple[File, ...]]:
    """The document and the files it carries. Raises Conflict as the claim does for clauses nobody reviewed."""
    check_reviewed(statement, context)
    messages, originals = _messages(context, enclosed.originals)
    attached = (
        *(_listed(file, what, "text/csv", "Source", case.as_at) for file, what in enclosed.data),
        *(_listed(file, what, media, "Supplement", at) for file, what, media, at in originals),
    )
    sites = figures.sites(case, statement)
    paper = doc.EvidenceAppendix(
        header=figures.header(statement, context),
        provider=context.provider,
        service=context.service,
        period=figures.period(statement),
        claim=context.wishes.claim_number or "draft",
        target=figures.target(case, statement),
        exhibits=tuple(item.model_copy(update={"what": spelled(item.what)}) for item in exhibits(context)),
        attached=attached,
        bundle_sha256=digest(sums(attached)),
        data=enclosed.data_note,
        method=method(case, context),
        masked=(),
        chronology=tuple(
            item.model_copy(update={"text": spelled(item.text)}) for item in figures.chronology(case, context)
        ),
        outages=_outages(statement, context),
        left_out=left_out(statement),
        site_counts=figures.site_counts(sites),
        sites=_site_rows(statement),
        messages=messages,
        clauses=figures.clauses(case),
        watches=_watches(case, context, dict(enclosed.counted)),
        coverage=coverage(case, statement),
        readings=figures.readings(statement),
        pieces=_pieces(statement),
        calculation=calculation(statement),
        reckoning=reckoning(case, statement),
        audit=data_audit(case, statement, whole=True),
    )
    context.mask.hidden.clear()
    paper = context.mask.document(paper)
    hidden = tuple(
        doc.Masked(where=PARTS.get(where, where), rule=rule, times=times)
        for (where, rule), times in sorted(context.mask.hidden.items())
    )
    files = (*(file for file, _ in enclosed.data), *(file for file, _, _, _ in originals))
    return paper.model_copy(update={"masked": hidden}), files


PARTS = {
    "exhibits": "E0 exhibits", "chronology": "E1 chronology", "outages": "E2 outages", "sites": "E3 sites",
    "messages": "E4 messages", "clauses": "E5 clauses", "watches": "E6 monitors", "calculation": "E7 calculation",
    "audit": "E8 files and databases",
}  # fmt: skip


def spelled(text: str) -> str:
    """As it stands, with what cannot be printed spelled out, within what a field takes."""
    return figures.short(printable(text), figures.LONG)


def _listed(file: File, what: str, media: str, relationship: str, at: datetime) -> doc.AttachedFile:
    return doc.AttachedFile(
        name=file.name,
        what=figures.short(what),
        media_type=media,
        relationship=relationship,  # type: ignore[arg-type]
        size=len(file.content),
        sha256=digest(file.content),
        at=at.astimezone(UTC),
    )


Attached = tuple[File, str, str, datetime]


def _messages(context: Context, originals: tuple[Original, ...]) -> tuple[tuple[doc.KeptMessage, ...], list[Attached]]:
    """Each message with its words; its bytes beside it, unless a rule hides something in them or they are too many."""
    out, files, left = [], list[Attached](), MOST_BYTES
    for number, item in enumerate(originals, 1):
        words = read_message(item.content, item.media_type)
        exhibit = context.exhibit(item.ref)
        why = None
        if context.mask.finds(f"{item.subject or ''}\n{every_word(item.content, item.media_type)}"):
            why = "kept back: it holds what the masking rules hide; its digest stands here"
        elif len(item.content) > left:
            why = f"kept back for its size of {len(item.content):,} bytes; its digest stands here"
        name = f"{exhibit or f'M{number}'}_message.{ENDINGS.get(item.media_type, 'bin')}"
        if why is None:
            left -= len(item.content)
            media = item.media_type if item.media_type in ENDINGS else "application/octet-stream"
            what = f"Provider's message of {item.received_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, the bytes as received"
            files.append((File(name, item.content), what, media, item.received_at))
        out.append(
            doc.KeptMessage(
                exhibit=exhibit,
                received_at=item.received_at,
                channel=item.channel,
                subject=spelled(item.subject) if item.subject else None,
                headers=tuple(doc.HeaderLine(name=name, value=value) for name, value in words.headers),
                text=words.text,
                cut_signs=words.cut,
                size=len(item.content),
                sha256=digest(item.content),
                file=name if why is None else None,
                not_attached=why,
            )
        )
    return tuple(out), files


def _outages(statement: Statement, context: Context) -> tuple[doc.SeenOutage, ...]:
    return tuple(
        doc.SeenOutage(
            outage=shown,
            last_good_at=item.last_good_at,
            first_good_at=item.first_good_at,
            witnesses=tuple(
                doc.Seen(
                    name=figures.short(one.name if one.site_id is None else f"site {one.site_id}, {one.name}"),
                    first_fail_at=one.first_failed_at,
                    last_fail_at=one.last_failed_at,
                )
                for one in item.witnesses
            ),
        )
        for shown, item in zip(figures.outages(statement, context), statement.outages, strict=True)
    )


def _site_rows(statement: Statement) -> tuple[doc.SiteRow, ...]:
    return tuple(
        doc.SiteRow(
            site_id=item.site_id,
            host_name=item.name,
            state=figures.SITE_STATES[item.state],  # type: ignore[arg-type]
            down_from=item.first_down_at,
            down_to=item.last_down_at,
            down_seconds=figures.seconds(item.down),
            checked_at=item.checked_at,
            checked_by=item.checked_by.code.value if item.checked_by else None,
        )
        for item in sorted(statement.sites, key=lambda site: (site.site_id, site.name))
    )


def _watches(case: Case, context: Context, counted: dict[str, Counted]) -> tuple[doc.Watch, ...]:
    places, none = dict(context.monitor_places), Counted(0, 0, None, None)
    return tuple(
        doc.Watch(
            name=figures.short(monitor.name),
            place=figures.short(places.get(monitor.name, "not stated")),
            interval_seconds=max(1, figures.seconds(monitor.interval)),
            confirm_after=monitor.confirm_after,
            observations=counted.get(monitor.name, none).observations,
            failures=counted.get(monitor.name, none).failures,
            first_at=counted.get(monitor.name, none).first_at,
            last_at=counted.get(monitor.name, none).last_at,
        )
        for whole in case.monitors
        for monitor in whole.locations or (whole,)
    )


def _pieces(statement: Statement) -> tuple[doc.DownPiece, ...]:
    """Every second of the raw downtime: counted for its outage, or the clause that leaves it out."""
    return tuple(
        doc.DownPiece(
            span=figures.span(part.span),
            seconds=figures.seconds(part.span.length),
            outage=part.outage,
            counted=part.counted,
            clause=figures.short(part.clause) or None,
            why=figures.short(part.why) or "counted",
        )
        for part in statement.down_parts
    )
