"""Drafting a round of letters: composed from the record as at one moment, for exactly those it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.evidence.actions import head
from app.maintenance.tables import Window
from app.notices import compose, facts
from app.notices.compose.audited import borne_out
from app.notices.compose.shapes import Addressee, LeftOut, Round, To, Told
from app.notices.compose.untrue import all_back
from app.notices.drafting.addressing import Chosen, Reached, reach, refuse_unread
from app.notices.drafting.moments import refuse_impossible
from app.notices.drafting.monthly import months_of, site_down
from app.notices.drafting.monthly import stated as stated_of_month
from app.notices.owntexts.actions import in_own_words, in_use
from app.notices.owntexts.tables import OwnTextVersion
from app.notices.tables import Notice
from app.notices.wording import Words
from app.notices.wording.translating import read, translated
from app.sites.tables import Placement, Site
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.periods import PeriodError, calendar_month
from app.sla.seen import look
from app.statements.named import agency_of, paper_name, provider_of
from reports import documents as doc

BESIDE = ("leave_out", "only", "translations")  # kept beside the words


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter composed but not kept: to whom, as what, stating which facts."""

    client_id: UUID
    contact_id: UUID
    document: doc.ClientLetter
    stated: dict[str, str]
    to: tuple[To, ...] = ()
    own_text_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A whole round composed: its letters by the clients' numbers, and who gets none of them."""

    drafts: list[Draft]
    left_out: list[LeftOut]


def draft(
    session: Session,
    *,
    service_id: UUID,
    words: Words,
    as_at: datetime,
    now: datetime,
    window_id: UUID | None = None,
    outage_at: datetime | None = None,
    month: str | None = None,
    follows: UUID | None = None,
    translations: Mapping[str, Mapping[str, Any]] | None = None,
    leave_out: frozenset[UUID] = frozenset(),
    only: frozenset[UUID] = frozenset(),
    proposal: str | None = None,
) -> Notice:
    """A notice with its letters composed once, to show that all of them can be written; nothing is sent.

    It is about a window, about the outage that ran at `outage_at` (of L10: at `as_at`, if left out), or about a month.
    What is left out is taken from the notice followed. Raises Conflict where the record does not bear out what the
    letters say, a client has no contact, or reads a language the words are not given in.
    """
    if as_at > now:
        raise BadInput("lies in the future", field="as_at", example=now.isoformat(timespec="seconds"))
    earlier = _followed(session, follows, service_id, as_at)
    _one_subject(words.kind, window_id, outage_at, month, earlier)
    if earlier is not None and window_id is None and outage_at is None:
        window_id, outage_at, month = earlier.window_id, earlier.outage_from, month or earlier.month
    if words.kind == "L10" and outage_at is None:
        outage_at = as_at
    window = found(session.get(Window, window_id), "window", window_id) if window_id is not None else None
    if earlier is not None and window is not None and earlier.work_id != window.work_id:
        raise Conflict("the notice this one follows is about another work", field="follows")
    last = session.exec(select(sa.func.max(Notice.number)).where(Notice.service_id == service_id)).one()
    kept = {
        "leave_out": sorted(str(id_) for id_ in leave_out),
        "only": sorted(str(id_) for id_ in only),
        "translations": {language: dict(texts) for language, texts in (translations or {}).items()},
    }
    notice = Notice(
        service_id=service_id,
        number=(last or 0) + 1,
        kind=words.kind,
        window_id=window_id,
        work_id=window.work_id if window is not None else None,
        outage_from=outage_at,
        month=month,
        follows=follows,
        as_at=as_at,
        words=words.model_dump(mode="json") | {name: value for name, value in kept.items() if value},
        created_at=now,
        proposal=proposal,
    )
    session.add(notice)
    session.flush()
    item, chosen = _round(session, notice, None)
    if item.outage is not None:
        notice.outage_from = item.outage.span.start
    if earlier is not None and window is None and earlier.outage_from is not None:
        notice.outage_from = earlier.outage_from  # the same outage, however its beginning reads by now
    session.flush()
    written = _written(session, notice, item, chosen, issued=False)
    if not written.drafts:
        raise Conflict(
            "nobody is concerned: no client has a site on this service, or nobody had the letter followed",
            field="month" if month is not None else "window_id" if window is not None else "outage_at",
        )
    refuse_impossible(words, as_at)
    evidence.append(session, "notice.drafted", notice, now, occurred_at=as_at)
    return notice


def _followed(session: Session, follows: UUID | None, service_id: UUID, as_at: datetime) -> Notice | None:
    if follows is None:
        return None
    earlier = found(session.get(Notice, follows), "notice", follows)
    if earlier.issued_at is None or earlier.issued_at > as_at:
        raise Conflict("the notice this one follows was not out by then, so nobody believes it", field="follows")
    if earlier.service_id != service_id:
        raise Conflict("the notice this one follows is about another service", field="follows")
    return earlier


def _one_subject(
    kind: str, window_id: UUID | None, outage_at: datetime | None, month: str | None, earlier: Notice | None
) -> None:
    """A round is about one thing, and about the thing its kind of letter speaks of."""
    given = [name for name, value in (("window_id", window_id), ("outage_at", outage_at), ("month", month)) if value]
    if len(given) > 1:
        raise BadInput(f"stands beside {given[0]}; a round is about one of them", field=given[1])
    if kind == "L9" and month is None:
        raise BadInput("is needed: a monthly statement is about a month", field="month", example="2025-06")
    if kind != "L9" and month is not None:
        raise BadInput(f"belongs to a monthly statement, and this is {kind}", field="month")
    if kind in ("L1", "L2", "L3", "L4") and window_id is None and (earlier is None or earlier.window_id is None):
        raise BadInput(f"is needed: {kind} is about a window", field="window_id", example="GET /api/v1/windows")
    if kind == "L10" and window_id is not None:
        raise BadInput("has no place here: L10 is about an outage outside any window", field="window_id", example="L4")
    if kind == "L9" and earlier is not None:
        raise BadInput("has no place here: a monthly statement follows no other letter", field="follows")
    if kind in ("L5", "L6", "L7", "L8", "L11") and not given and earlier is None:
        raise BadInput(
            f"is needed, or outage_at, or follows: {kind} is about a window or an outage",
            field="window_id",
            example="GET /api/v1/windows",
        )


def compose_all(session: Session, notice: Notice, *, issued: bool, approved_by: str | None = None) -> Iterator[Draft]:
    """Every letter of a notice from the record as at its moment, in the order of the clients' numbers."""
    yield from write(session, notice, issued=issued, approved_by=approved_by).drafts


def write(session: Session, notice: Notice, *, issued: bool, approved_by: str | None = None) -> Written:
    """The whole round from the record as at its moment, with those who are left out and why."""
    item, chosen = _round(session, notice, approved_by)
    return _written(session, notice, item, chosen, issued=issued)


def _round(session: Session, notice: Notice, approved_by: str | None) -> tuple[Round, Chosen]:
    provider, service = provider_of(session, notice.service_id)
    case = _case(session, notice, service.zone)
    statement = judge(case)
    agency = agency_of(session)
    window = facts.window_of(statement, str(notice.window_id)) if notice.window_id is not None else None
    if window is None and notice.window_id is not None:
        raise Conflict(
            "this window is not one of the service's, or was not announced at that moment", field="window_id"
        )
    outage = facts.outage_at(statement, notice.outage_from) if notice.outage_from is not None else None
    if outage is None and notice.outage_from is not None and notice.kind != "L11":
        raise Conflict(
            "no outage of this service is on record at that moment",
            field="outage_at",
            example=facts.stamp(statement.outages[-1].span.start) if statement.outages else None,
        )
    entries, digest = head(session)
    earlier = session.get(Notice, notice.follows) if notice.follows else None
    item = Round(
        kind=notice.kind,
        case=case,
        statement=statement,
        window=window,
        words=_languages(notice, agency.locale),
        number=notice.number,
        provider=provider.name,
        agency=agency,
        evidence_head=digest,
        evidence_entries=entries,
        about=paper_name(session, service),
        earlier=_told(case.service_name, case, statement, earlier) if earlier else None,
        down=site_down(look(case)),
        outage=outage,
        outage_from=notice.outage_from,
        month=case.period.span if notice.month is not None else None,
        update=_updates_before(session, notice) + 1,
        approved_by=approved_by,
    )
    chosen = {name: frozenset(UUID(text) for text in notice.words.get(name, ())) for name in ("only", "leave_out")}
    return item, Chosen(**chosen)


def _case(session: Session, notice: Notice, zone: str) -> Case:
    if notice.month is None:
        return gather(session, notice.service_id, None, notice.as_at, months=0, every_window=True)
    try:
        period = calendar_month(notice.month, zone)
    except PeriodError as error:
        raise BadInput(str(error), field="month", example="2025-06") from None
    if notice.as_at < period.span.end:
        raise Conflict(
            f"the month ends on {facts.stamp(period.span.end)}, and its statement is written when it is over",
            field="month",
            example=facts.stamp(period.span.end),
        )
    return gather(session, notice.service_id, period, notice.as_at, months=0)


def _languages(notice: Notice, locale: str) -> dict[str, Any]:
    """The words by language: those typed in the agency's, and what they were translated to."""
    words = read({name: value for name, value in notice.words.items() if name not in BESIDE})
    ours = locale.replace("_", "-").partition("-")[0]
    given = notice.words.get("translations", {})
    if ours in given:
        raise BadInput("is the language of the words themselves", field=f"translations.{ours}")
    return {ours: words} | {language: translated(words, texts, language) for language, texts in given.items()}


def _updates_before(session: Session, notice: Notice) -> int:
    """How many updates of this kind on the same window or outage went out before."""
    same = Notice.window_id == notice.window_id
    if notice.window_id is None:
        same = Notice.outage_from == notice.outage_from
    query = (
        select(sa.func.count())
        .select_from(Notice)
        .where(Notice.service_id == notice.service_id, Notice.kind == notice.kind, same)
        .where(Notice.number < notice.number, col(Notice.issued_at).is_not(None))
    )
    return session.exec(query).one()


def _written(session: Session, notice: Notice, item: Round, chosen: Chosen, *, issued: bool) -> Written:
    reached = _reached(session, notice, item, chosen)
    refuse_unread(session, reached.to, item.words)
    borne_out(item, reached.to, reached.site_ids)
    all_back(item, reached.to)
    own = in_use(session, notice.kind)
    drafts = [_in_own_words(_draft(notice, item, to, reached.site_ids, issued), own) for to in reached.to]
    return Written(drafts, reached.left_out)


def _in_own_words(item: Draft, own: Mapping[str, OwnTextVersion]) -> Draft:
    """The letter in the agency's own words, where it has some of this kind in the letter's language."""
    row = own.get(item.document.header.language.partition("-")[0])
    if row is None:
        return item
    return replace(item, document=in_own_words(item.document, row), own_text_id=row.id)


def _reached(session: Session, notice: Notice, item: Round, chosen: Chosen) -> Reached:
    if notice.month is None:
        return reach(session, notice, item, chosen)
    span = item.case.period.span
    here = select(Placement.site_id).where(
        Placement.service_id == notice.service_id,
        col(Placement.from_at) < span.end,
        sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > span.start),
    )
    ids = session.exec(select(Site.client_id).where(col(Site.id).in_(here)).distinct()).all()
    return reach(session, notice, item, chosen, months_of(session, ids, item.case.period, notice.as_at))


def _draft(notice: Notice, item: Round, to: Addressee, site_ids: dict[str, str], issued: bool) -> Draft:
    try:
        document = compose.letter(item, to, site_ids, issued=issued)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise Conflict(f"the letter to {to.client.number} cannot be written: {reason}", field=where) from None
    return Draft(to.client.id, to.contact.id, document, _stated(notice, item, to), to.to)


def _stated(notice: Notice, item: Round, to: Addressee) -> dict[str, str]:
    """What the letter says as fact, of sites that are there. A correction says anew what the letter it corrects said,
    and how the sites stand."""
    kind = item.earlier.kind if notice.kind == "L11" and item.earlier is not None else notice.kind
    if to.month is not None and item.month is not None:
        return stated_of_month(str(notice.month), to.month)
    topic = facts.Topic(item.window.work_id if item.window else None, item.window, item.outage_from)
    there = {site.id for site in item.case.sites if any(item.case.as_at in stay for stay in site.placed)}
    sites = [site for site in to.sites if site.site_id in there]
    said = facts.stated(item.statement, topic, sites, kind)
    return said | (facts.of_sites(item.statement, sites) if notice.kind == "L11" else {})


def _told(service: str, case: Case, statement: Any, earlier: Notice) -> Told:
    window = facts.window_of(statement, str(earlier.window_id)) if earlier.window_id is not None else None
    if earlier.issued_at is None or (window is None and earlier.window_id is not None):
        raise Conflict("the notice this one follows was not out at that moment", field="follows")
    ref = compose.reference(service, earlier.number)
    work = str(earlier.work_id) if earlier.work_id is not None else None
    return Told(ref, earlier.kind, earlier.issued_at, window, work, earlier.outage_from)
