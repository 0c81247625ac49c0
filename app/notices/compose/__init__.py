"""From a round of letters to each client's document: only that client's sites, every number from the judged record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.agency.tables import Agency
from app.clients.tables import Client, Contact
from app.errors import Conflict
from app.notices import facts
from app.notices.wording import MovedWords, NotDoneWords, OverrunWords, PartlyWords, PlannedWords, Words
from app.papers.figures import seconds, span
from app.sla.case import Case, SiteCurrent
from app.sla.statement import METHOD_VERSION, Flag, Outage, Outcome, SiteVerdict, Statement, WindowVerdict
from app.statements.named import agency_block, file_name
from reports import documents as doc


@dataclass(frozen=True, slots=True)
class Told:
    """What an earlier notice said: its reference, its kind, when it went out, and the window it was about."""

    ref: str
    kind: str
    at: datetime
    window: WindowVerdict


@dataclass(frozen=True, slots=True)
class Round:
    """What all letters of one notice share."""

    kind: str
    case: Case
    statement: Statement
    window: WindowVerdict
    words: Words
    number: int
    provider: str
    agency: Agency
    evidence_head: str
    evidence_entries: int
    about: str  # the service as documents' numbers name it
    earlier: Told | None  # the notice whose recipients this goes to
    update: int = 1


@dataclass(frozen=True, slots=True)
class Addressee:
    client: Client
    contact: Contact
    sites: tuple[SiteVerdict, ...]


def body_of(item: Round, sites: tuple[SiteVerdict, ...]) -> doc.Body:
    """The letter's own part. Raises Conflict where the record does not bear out what the letter would say."""
    words, window, case = item.words, item.window, item.case
    match words:
        case PlannedWords():
            if window.outcome not in (Outcome.ANNOUNCED, Outcome.CONFIRMED):
                raise _not_true(item, "announces a window", "announced")
            longest = words.longest_expected_minutes
            return doc.Planned(
                work=words.work,
                window=span(window.promised),
                longest_expected_seconds=None if longest is None else longest * 60,
                effects=tuple(doc.FunctionEffect(function=e.function, effect=e.effect) for e in words.effects),
                confirmed_by=words.confirmed_by,
                confirmed_at=words.confirmed_at,
                freeze_from_at=words.freeze_from_at,
                backup_at=words.backup_at,
                if_it_overruns=words.if_it_overruns,
                word_by_at=words.word_by_at,
            )
        case NotDoneWords():
            if window.outcome is not Outcome.NOT_CARRIED_OUT:
                raise _not_true(item, "says that the work did not take place", "not_carried_out")
            told = item.earlier
            if told is None or told.kind not in ("L1", "L3") or told.window.window_id != window.window_id:
                raise Conflict(
                    "a letter that nothing took place names the one that announced this window", field="follows"
                )
            return doc.NotCarriedOut(
                notice_ref=told.ref,
                notice_sent_at=told.at,
                window=span(window.promised),
                down_seconds=_down_within(item),
                reason=words.reason,
                reason_by=words.reason_by,
                reason_status=words.reason_status,
                new_window=_new_window(item),
                restrictions_lifted=words.restrictions_lifted,
            )
        case MovedWords():
            if window.outcome not in (Outcome.ANNOUNCED, Outcome.CONFIRMED):
                raise _not_true(item, "gives a new date", "announced")
            told = item.earlier
            if told is None or told.window.promised == window.promised:
                raise Conflict("a letter with a new date names the letter with the old one", field="follows")
            if told.window.promised.start >= window.promised.start or window.attempt < 2:
                raise Conflict(
                    "there is no earlier window of this work to replace; send L1", field="kind", example="L1"
                )
            return doc.Rescheduled(
                notice_ref=told.ref,
                work=words.work,
                old=span(told.window.promised),
                new=span(window.promised),
                attempt=window.attempt,
                what_changed=words.what_changed,
                what_changed_source=words.what_changed_source,
                notice_seconds=max(0, seconds(window.promised.start - case.as_at)),
                freeze_from_at=words.freeze_from_at,
                backup_at=words.backup_at,
                word_by_at=words.word_by_at,
            )
        case OverrunWords():
            down = next((o for o in item.statement.outages if o.open and window.window_id in o.window_ids), None)
            if window.outcome is not Outcome.OVERRUNNING or down is None or case.as_at <= window.promised.end:
                raise _not_true(item, "says that the work overruns and the sites are unavailable", "overrunning")
            _about_this(item)
            changed = Flag.PROCEDURE_CHANGED in window.flags
            return doc.Overrunning(
                update=item.update,
                announced=span(window.promised),
                down_from=down.span.start,
                down_seconds=seconds(case.as_at - down.span.start),
                beyond_seconds=seconds(case.as_at - window.promised.end),
                expected_end_at=words.expected_end_at,
                known=tuple(words.known),
                not_known=tuple(words.not_known),
                doing=tuple(words.doing),
                procedure_changed="Another procedure than the one agreed is being used." if changed else None,
                fallback=words.fallback,
                fallback_decided_at=words.fallback_decided_at,
            )
        case PartlyWords():
            ended = _outages_of(item)
            if facts.service_down(item.statement) or not ended:
                raise _not_true(item, "says that the sites can be reached again", "a service that answers again")
            _about_this(item)
            return doc.PartlyDone(
                announced=span(window.promised),
                reachable_since=ended[-1].span.end,
                down_seconds=sum(seconds(o.as_held) for o in ended),
                copy_from_at=words.copy_from_at if any(s.state is SiteCurrent.OLD for s in sites) else None,
                functions=tuple(
                    doc.FunctionState(
                        function=f.function, state=f.state, expected_at=f.expected_at, workaround=f.workaround
                    )
                    for f in words.functions
                ),
                editing_allowed=words.editing_allowed,
                cause=words.cause,
            )
    raise AssertionError(f"no such letter: {words!r}")


def _not_true(item: Round, says: str, needed: str) -> Conflict:
    found = facts.TOLD[item.window.outcome]
    return Conflict(
        f"this letter {says}, but the record gives the window as: {found} ({item.window.outcome.value})",
        field="kind",
        example=f"{item.kind} needs {needed}",
    )


def _about_this(item: Round) -> None:
    """An update goes to those who were told of this very window."""
    if item.earlier is not None and item.earlier.window.window_id != item.window.window_id:
        raise Conflict("the notice this one follows is about another window of the work", field="follows")


def _outages_of(item: Round) -> list[Outage]:
    """Every outage since the window's own began, while its work was open."""
    first = next((o for o in item.statement.outages if item.window.window_id in o.window_ids), None)
    if first is None:
        return []
    until = item.window.actual_end or item.case.as_at
    return [o for o in item.statement.outages if first.span.start <= o.span.start < until]


def _down_within(item: Round) -> int:
    """Downtime measured inside the announced span. Raises Conflict where the measuring has a gap there."""
    inside = [o.span.clip(item.window.promised) for o in item.statement.outages]
    for gap in item.statement.gaps:
        if gap.span.overlaps(item.window.promised):
            raise Conflict(
                "our own measuring has a gap in the window, so we cannot say that the sites were up", field="kind"
            )
    return sum(seconds(part.length) for part in inside if part is not None)


def _new_window(item: Round) -> doc.Span | None:
    newest = facts.newest_of_work(item.statement, item.window.work_id)
    later = newest is not None and newest.promised.start > item.case.as_at
    return span(newest.promised) if newest is not None and later else None


def reference(service: str, number: int) -> str:
    return f"{service}/{number}"


def letter(item: Round, to: Addressee, *, issued: bool) -> doc.ClientLetter:
    """One client's letter as a document."""
    agency, words = item.agency, item.words
    layout = to.client.letter_layout or agency.letter_layout
    down = facts.service_down(item.statement)
    name_provider = agency.name_provider == "always"
    about = f"{item.case.period.label}_{item.about}"
    number = f"{about}_letter-{item.number:02d}_{file_name(to.client.number)}"
    return doc.ClientLetter(
        header=doc.Header(
            number=number,
            version=1,
            as_at=item.case.as_at,
            zone=to.client.zone,
            method_version=METHOD_VERSION,
            evidence_head=item.evidence_head,
            evidence_entries=item.evidence_entries,
            status="issued" if issued else "draft",
            so_far=False,
            paper="Letter" if layout == "us" else "A4",
            language="en-US" if layout == "us" else "en-GB",
            agency=agency_block(agency),
        ),
        layout=layout,  # type: ignore[arg-type]
        ref=reference(item.case.service_name, item.number),
        recipient=doc.Recipient(
            client_id=to.client.number,
            name=to.client.name,
            attention=to.contact.name if to.contact.name != to.client.name else None,
            address=tuple(to.client.address),
            salutation=f"Dear {to.contact.salutation}",
        ),
        sites=tuple(
            doc.LetterSite(client_id=to.client.number, host_name=site.name, state=_letter_state(item.kind, site, down))
            for site in to.sites
        ),
        name_provider=name_provider,
        provider_name=item.provider if name_provider else None,
        your_part=words.your_part,
        next_contact_at=words.next_contact_at,
        next_contact_words=words.next_contact_words,
        apology=words.apology,
        body=body_of(item, to.sites),
    )


def _letter_state(kind: str, site: SiteVerdict, down: bool) -> facts.SiteWord:
    """Before and after a window that passed without downtime the site is as up as its server is measured to be."""
    word = facts.site_word(site, down)
    return "up" if kind in ("L1", "L2", "L3") and word == "unknown" and not down else word


def ids(items: list[Addressee]) -> set[UUID]:
    return {item.client.id for item in items}
