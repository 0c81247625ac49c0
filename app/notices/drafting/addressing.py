"""Who gets the letters of a round, who does not, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.clients import queries as clients
from app.clients.tables import LETTERS, Client
from app.errors import BadInput, Conflict
from app.notices.compose.after import rows_of
from app.notices.compose.audited import at_risk
from app.notices.compose.shapes import Addressee, ClientMonth, LeftOut, Round, To
from app.notices.queries import Had, recipients_of
from app.notices.tables import Notice
from app.notices.wording import LossWords
from app.sites.tables import Placement, Site
from app.sla.case import SiteCurrent
from app.sla.statement import SiteVerdict

CORRECTING = ("L2", "L3", "L11")  # to the very persons; an update goes to whoever at the client wishes it
WISH = {
    "planned": "wishes letters about planned work",
    "during": "wishes letters while it lasts",
    "after": "wishes letters when it is over",
    "data": "wishes letters about data",
    "monthly": "wishes the monthly statement",
}
WITHOUT = "no site of theirs is on the service"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a person decided about the recipients: nobody but these (if any are named), and never those."""

    only: frozenset[UUID] = frozenset()
    leave_out: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Reached:
    """The round's addressees by number, those left out, and the id of every site by the statement's number."""

    to: list[Addressee]
    left_out: list[LeftOut]
    site_ids: dict[str, str]


def on_service(session: Session, service_id: UUID, moments: Collection[datetime]) -> dict[UUID, list[Site]]:
    """Each client's sites that sat on the service at any of these moments."""
    there = sa.or_(
        *(
            sa.and_(
                col(Placement.from_at) <= moment, sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > moment)
            )
            for moment in moments
        )
    )
    ids = select(Placement.site_id).where(Placement.service_id == service_id, there)
    query = select(Site).where(col(Site.id).in_(ids))
    out: dict[UUID, list[Site]] = defaultdict(list)
    for site in session.exec(query.order_by(col(Site.number), col(Site.name))):
        out[site.client_id].append(site)
    return out


def reach(
    session: Session, notice: Notice, item: Round, chosen: Chosen, months: Mapping[UUID, ClientMonth] | None = None
) -> Reached:
    """Who gets it. Following a notice: exactly the clients who had it. Else every client with a site on the service.

    That nothing took place, and a correction, is said of the sites the earlier letter spoke of, wherever they are now;
    a full account and a letter about data of those there then or now; every other letter of sites that are on the
    service, and it leaves out a client without any. Raises Conflict naming clients without a contact, BadInput naming
    a client of `only` who has no part in it.
    """
    earlier = session.get(Notice, notice.follows) if notice.follows is not None else None
    there = on_service(session, notice.service_id, _moments(notice, item, earlier))
    if months is not None:
        there = _of_months(session, months)
    had = recipients_of(session, earlier.id) if earlier is not None else None
    everybody = list(there if had is None else had)
    known = clients.clients(session, {*everybody, *chosen.only, *chosen.leave_out})
    ids = {_key(site): str(site.id) for sites in there.values() for site in sites}
    persons = _persons(session, notice, item, everybody, had)
    out: list[Addressee] = []
    left: list[LeftOut] = []
    without: list[str] = []
    for client in sorted((known[id_] for id_ in everybody), key=lambda row: row.number):
        sites = _sites(item, there.get(client.id, []), months, client, ids)
        why = _why_not(item, client, sites, chosen, months)
        if why is None and not persons[client.id].to:
            if persons[client.id].nobody:
                without.append(client.number)
                continue
            why = f"nobody there {WISH[LETTERS[item.kind]]}"
        if why is not None:
            left.append(LeftOut(client.id, client.number, client.name, why))
        else:
            month = months[client.id] if months is not None else None
            out.append(Addressee(client, persons[client.id].to, sites, month))
    _named_in_vain(chosen.only, known, everybody, left, notice)
    if without:
        raise Conflict(
            f"{_listed(without)}: no contact there receives letters; add one, or name the client in leave_out",
            field="contact",
            example="POST /api/v1/clients/{id}/contacts",
        )
    return Reached(out, left, ids)


def _moments(notice: Notice, item: Round, earlier: Notice | None) -> list[datetime]:
    if notice.kind in ("L2", "L11") and earlier is not None:
        return [earlier.as_at]
    moments = [notice.as_at]
    if notice.kind == "L8":
        work = item.window.work_id if item.window is not None else None
        moments += [one.promised.start for one in item.statement.windows if one.work_id == work]
        moments += [notice.outage_from] if notice.outage_from is not None else []
    if notice.kind == "L7":
        moments += [at_risk(item, words).start_at for words in item.words.values() if isinstance(words, LossWords)][:1]
    return moments


def _key(site: Site) -> str:
    return site.number or str(site.id)


def _of_months(session: Session, months: Mapping[UUID, ClientMonth]) -> dict[UUID, list[Site]]:
    rows = session.exec(select(Site).where(col(Site.client_id).in_(list(months)))).all()
    by_key = {_key(site): site for site in rows}
    return {id_: [by_key[one.site.site_id] for one in month.sites] for id_, month in months.items()}


def _sites(
    item: Round,
    there: Sequence[Site],
    months: Mapping[UUID, ClientMonth] | None,
    client: Client,
    ids: Mapping[str, str],
) -> tuple[SiteVerdict, ...]:
    if months is not None:
        return tuple(one.site for one in months[client.id].sites)
    verdicts = {site.site_id: site for site in item.statement.sites}
    found = tuple(verdicts[_key(site)] for site in there if _key(site) in verdicts)
    words = next(iter(item.words.values()))
    if isinstance(words, LossWords):  # a site that holds nothing that could be missing is not spoken of
        rows = {site.site_id: rows_of(words, site, ids) for site in found}
        found = tuple(site for site in found if rows[site.site_id])
        if not any(row.state in ("missing", "unknown") for one in rows.values() for row in one):
            return ()
    return found


def _why_not(
    item: Round,
    client: Client,
    sites: tuple[SiteVerdict, ...],
    chosen: Chosen,
    months: Mapping[UUID, ClientMonth] | None,
) -> str | None:
    if client.id in chosen.leave_out:
        return "left out by decision"
    if chosen.only and client.id not in chosen.only:
        return "this round is to others alone"
    if not sites:
        return "nothing of theirs could be missing" if item.kind == "L7" else WITHOUT
    if item.kind == "L6" and all(site.state is SiteCurrent.CURRENT for site in sites):
        return "all their sites are confirmed current"
    if item.kind == "L9" and months is not None and any(kind == "L9" for _, kind, _ in months[client.id].notices):
        return "has had the statement of this month"
    return None


def _named_in_vain(
    only: frozenset[UUID], known: Mapping[UUID, Client], everybody: Sequence[UUID], left: list[LeftOut], notice: Notice
) -> None:
    whys = {one.client_id: one.why for one in left}
    for id_ in sorted(only):
        if id_ in everybody and id_ not in whys:
            continue
        if id_ not in known:
            raise BadInput(f"no client has the id {id_}", field="only")
        why = whys.get(id_) or (WITHOUT if notice.follows is None else "had no letter of the round this one follows")
        raise BadInput(f"names {known[id_].number}: {why}", field="only")


@dataclass(frozen=True, slots=True)
class _Persons:
    to: tuple[To, ...]
    nobody: bool  # no contact there receives letters at all


def _persons(
    session: Session, notice: Notice, item: Round, ids: Sequence[UUID], had: Mapping[UUID, list[Had]] | None
) -> dict[UUID, _Persons]:
    there = clients.contacts_at(session, ids, notice.as_at)
    late = [id_ for id_ in ids if not there[id_]]  # their contacts were entered after the moment the letters speak of
    there |= clients.contacts_at(session, late, notice.created_at)
    kind = _kind_of_wish(session, notice)
    wished = clients.recipients(session, ids, kind, notice.as_at)
    wished |= clients.recipients(session, late, kind, notice.created_at)
    group = WISH[LETTERS[kind]]
    out = {}
    for id_ in ids:
        to = tuple(To(row, row.prefers, group) for row in wished[id_])
        if had is not None and notice.kind in CORRECTING:
            to = _same(session, had[id_], item) or to
        out[id_] = _Persons(to, not any(row.receives for row in there[id_]))
    return out


def _kind_of_wish(session: Session, notice: Notice) -> str:
    """The kind by which persons are chosen: a correction goes to those who wish what it corrects."""
    seen = notice
    while seen.kind not in LETTERS and seen.follows is not None:
        seen = session.get_one(Notice, seen.follows)
    return seen.kind if seen.kind in LETTERS else "L1"


def _same(session: Session, had: Sequence[Had], item: Round) -> tuple[To, ...]:
    """Whoever had the earlier letter, as they are recorded now, without those whose data was erased. Where theirs came
    back and the address is still the same, they are told by telephone."""
    ref = item.earlier.ref if item.earlier is not None else ""
    out: list[To] = []
    for one in had:
        newest = clients.versions(session, clients.contact(session, one.contact_id))[-1]
        if newest.erased_at is not None or any(newest.id == to.contact.id for to in out):
            continue
        if one.came_back and newest.email == one.address:
            out.append(To(newest, "phone", f"had letter {ref}, which came back"))
        else:
            out.append(To(newest, newest.prefers, f"had letter {ref}"))
    return tuple(out)


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers[:5]) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


def refuse_unread(session: Session, to: Sequence[Addressee], languages: Collection[str]) -> None:
    """Raises Conflict naming the clients who read a language the words are not given in."""
    unread: dict[str, list[str]] = defaultdict(list)
    for one in to:
        tag = one.client.language
        if tag not in languages and tag.partition("-")[0] not in languages:
            unread[tag.partition("-")[0]].append(one.client.number)
    for language, numbers in sorted(unread.items()):
        raise Conflict(
            f"{_listed(numbers)} read {language}, and the words are given in {', '.join(sorted(languages))} alone; "
            f"give translations.{language}, or name the clients in leave_out",
            field=f"translations.{language}",
        )
