"""Names, seal and exhibits for the papers of one statement: the context beside the case."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.agency.tables import Agency
from app.agreements import queries as agreements
from app.agreements.tables import Provider, Service
from app.cases.account import CHANNELS
from app.clients.tables import Client, Contact
from app.errors import Conflict
from app.evidence.actions import head
from app.messages.tables import Message
from app.papers.context import Context, Exhibit, LettersSent, Wishes
from app.papers.redaction import Mask, mask_of
from app.probes.importing.fields import micros
from app.probes.tables import CODES, Monitor, Observation
from app.sites.tables import Placement, Site
from app.sla.case import Case, SourceCode
from app.sla.wording import period_code
from reports import documents as doc


def provider_of(session: Session, service_id: UUID) -> tuple[Provider, Service]:
    """The service and who hosts it. Raises NotFound."""
    service = agreements.service(session, service_id)
    return agreements.provider(session, service.provider_id), service


def agency_of(session: Session, moment: datetime | None = None) -> Agency:
    """The agency's newest row. Raises Conflict, with what to do, where none was entered."""
    row = session.exec(select(Agency).order_by(col(Agency.id).desc()).limit(1)).first()
    if row is None:
        raise Conflict(
            "no paper can be written before the agency is named", field="agency", example="PUT /api/v1/agency"
        )
    return row


def agency_block(row: Agency) -> doc.Agency:
    """The sender as papers show it. Raises Conflict naming the field that is missing."""
    for name in ("phone", "email"):
        if not getattr(row, name):
            raise Conflict("papers name how to reach the agency", field=f"agency.{name}", example="PUT /api/v1/agency")
    return doc.Agency(
        name=row.name,
        address=tuple(row.address),
        contact=row.contact_person,
        phone=row.phone or "",
        email=row.email or "",
    )


def file_name(text: str) -> str:
    """A name as it may stand in a document's number and in a file's name."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-")[:60] or "service"


def paper_name(session: Session, service: Service) -> str:
    """The service as documents' numbers name it: by its name, with a count where an older service reads the same.

    The underscore stands in no `file_name`, so two services never share a number; an older one never changes its own.
    """
    name = file_name(service.name)
    older = session.exec(select(Service.name).where(col(Service.id) < service.id)).all()
    same = sum(file_name(other) == name for other in older)
    return f"{name}_no{same + 1}" if same else name


def wishes_of(values: dict[str, Any]) -> Wishes:
    from datetime import date

    days = {name: date.fromisoformat(values[name]) for name in ("reply_by", "filed_on") if values.get(name)}
    staff = {"staff_time": timedelta(minutes=values["staff_minutes"])} if values.get("staff_minutes") else {}
    told = {"checklist": tuple((item["text"], item["answer"], item["note"]) for item in values.get("checklist") or ())}
    known = {**days, **staff, **told}
    plain = {name: values[name] for name in Wishes.__slots__ if values.get(name) is not None and name not in known}
    return Wishes(**{**plain, **known})


def context_of(
    session: Session,
    case: Case,
    *,
    paper: str,
    kind: str,
    wishes: dict[str, Any] | None = None,
    letters: LettersSent = LettersSent(),
) -> Context:
    """Everything a paper of this case names. `kind`: report | claim | evidence."""
    provider, service = provider_of(session, UUID(case.service_id))
    agency = agency_of(session)
    entries, digest = head(session)
    base = f"{period_code(case.period)}_{paper_name(session, service)}"
    asking = select(Monitor).where(Monitor.service_id == service.id, col(Monitor.agreement).is_(None))
    monitors = session.exec(asking.order_by(col(Monitor.key))).all()
    return Context(
        agency=agency_block(agency),
        provider=doc.Provider(name=provider.name, account=provider.account or "-", contact=provider.account_manager),
        service=doc.Service(
            name=service.name,
            plan=service.kind or None,
            monthly_fee=doc.Money(amount=f"{case.monthly_fee:.2f}", currency=case.currency),
        ),
        zone=service.zone,
        paper=paper,  # type: ignore[arg-type]
        language="en-US" if agency.locale.replace("_", "-") == "en-US" else "en-GB",
        number=f"{base}_{kind}",
        evidence=f"{base}_evidence",
        version=1,
        replaces=None,
        issued=False,
        evidence_head=digest,
        evidence_entries=entries,
        exhibits=exhibits(session, provider.id, case),
        letters=letters,
        asked_before=letters.asked_before,
        wishes=wishes_of({"claim_number": period_code(case.period), **(wishes or {})}),
        monitor_sources=tuple(dict.fromkeys(row.source for row in monitors)),
        monitor_places=tuple((row.name, row.source) for row in monitors),
        mask=mask_for(session, case, agency, provider),
        errors=errors_seen(session, service.id, case),
    )


def mask_for(session: Session, case: Case, agency: Agency, provider: Provider) -> Mask:
    """What no paper may show of the clients whose sites sit, or sat, on the service."""
    there = select(Placement.site_id).where(Placement.service_id == UUID(case.service_id))
    ids = select(Site.client_id).where(col(Site.id).in_(there))
    clients = session.exec(select(Client.name).where(col(Client.id).in_(ids))).all()
    people = session.exec(select(Contact).where(col(Contact.client_id).in_(ids))).all()
    ours = (agency.name, agency.contact_person, agency.email, agency.phone, provider.name, provider.account_manager,
            case.service_name)  # fmt: skip
    return mask_of(
        addresses=(row.email for row in people if row.email),
        phones=(row.phone for row in people if row.phone),
        names=(*clients, *(row.name for row in people)),
        sites=session.exec(select(Site.name).where(col(Site.client_id).in_(ids))).all(),
        ours=(word for word in ours if word),
    )


OBTAINED = {
    SourceCode.PROVIDER: "told by the provider",
    SourceCode.NOTE: "our note",
    SourceCode.MEASURED: "measured",
    SourceCode.TICKET: "ticket",
    SourceCode.CLIENT: "client",
}


def exhibits(session: Session, provider_id: UUID, case: Case) -> tuple[Exhibit, ...]:
    """What can be pointed at, in the order in which it reached us: messages kept whole, then tickets and notes."""
    out = []
    start, used = case.period.span.start - timedelta(days=31), {line.source.ref for line in case.lines}
    query = select(Message).where(Message.provider_id == provider_id, col(Message.received_at) <= case.as_at)
    for message in session.exec(query.order_by(col(Message.received_at))):
        if message.received_at < start and f"message:{message.id}" not in used:
            continue
        what = message.subject or (message.text or "message")[:80]
        channel = CHANNELS.get(message.channel, message.channel)
        out.append(
            Exhibit(
                f"message:{message.id}",
                f"Provider's message: {what}",
                f"provider, {channel}",
                message.received_at,
                message.digest,
            )
        )
    for ticket in case.tickets_since(start):
        out.append(
            Exhibit(
                f"ticket:{ticket.id}",
                f"Ticket {ticket.number}: {ticket.subject}",
                "provider's ticket system",
                ticket.opened_at,
                None,
            )
        )
    for line in case.lines:
        if line.source.ref.split(":")[0] in ("said", "note", "finding", "procedure"):
            what = line.text if len(line.text) < 120 else line.text[:117] + "…"
            out.append(Exhibit(line.source.ref, what, OBTAINED[line.source.code], line.at, None))
    for window in case.windows:
        if window.source.ref == f"window:{window.id}":  # no message says it: our own note of the announcement
            what = f"Window announced: {window.text or window.source.label or 'without text'}"
            out.append(Exhibit(window.source.ref, what, OBTAINED[window.source.code], window.announced_at, None))
    for monitor in case.monitors:
        if monitor.runs:
            seen = sum(run.count for run in monitor.runs)
            first = max(monitor.runs[0].first_at, datetime(1990, 1, 1, tzinfo=UTC))
            out.append(
                Exhibit(
                    f"monitor:{monitor.id}",
                    f"Observations of {monitor.name}: {seen:,} in the months shown",
                    "our measurement",
                    first,
                    None,
                )
            )
    seen_refs: set[str] = set()
    unique = [item for item in out if not (item.ref in seen_refs or seen_refs.add(item.ref))]  # type: ignore[func-returns-value]
    return tuple(sorted(unique, key=lambda item: item.obtained_at))


def errors_seen(session: Session, service_id: UUID, case: Case) -> str | None:
    """The classes of failure the service's monitors gave in the period, by name: "refused, timeout"."""
    first, last = micros(case.period.span.start), micros(min(case.as_at, case.period.span.end))
    keys = session.exec(select(Monitor.key).where(Monitor.service_id == service_id)).all()
    query = (
        select(Observation.error)
        .where(col(Observation.monitor).in_(keys), Observation.state == CODES["down"])
        .where(col(Observation.at) >= first, col(Observation.at) < last, col(Observation.error).is_not(None))
        .distinct()
    )
    seen = sorted(text for text in session.exec(query) if text)
    return ", ".join(seen[:3]) or None
