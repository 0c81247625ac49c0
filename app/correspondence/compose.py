"""From a drafted letter to its document: every figure from the record as at the letter's moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session

from app.agency.tables import Agency
from app.agreements.tables import Provider, Service
from app.correspondence.tables import ProviderLetter
from app.correspondence.wording import Words
from app.errors import BadInput, Conflict
from app.evidence.actions import head
from app.sla.case import Case, Source, SourceCode
from app.sla.statement import METHOD_VERSION, Statement
from app.statements.named import agency_block, agency_of, paper_name, provider_of
from reports import documents as doc
from reports.documents import provider_letters as shop
from reports.words import Words as Said

WORDS: TypeAdapter[Words] = TypeAdapter(Words)
DAYS_TO_REPLY = 14


@dataclass(frozen=True, slots=True)
class Ground:
    """What every letter rests on: the row, who writes to whom about what, and the words of the agency's locale."""

    row: ProviderLetter
    provider: Provider
    service: Service
    agency: Agency
    say: Said

    @property
    def as_at(self) -> datetime:
        return self.row.as_at

    def end_of_day(self, days: int = DAYS_TO_REPLY) -> datetime:
        """Local midnight that ends the day this many days after the letter's."""
        zone = ZoneInfo(self.service.zone)
        day = self.as_at.astimezone(zone).date() + timedelta(days=days + 1)
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(self.as_at.tzinfo)


def ground(session: Session, row: ProviderLetter) -> Ground:
    provider, service = provider_of(session, row.service_id)
    agency = agency_of(session)
    year = row.as_at.astimezone(ZoneInfo(service.zone)).year
    return Ground(row, provider, service, agency, Said(service.zone, language(agency), year))


def language(agency: Agency) -> doc.Language:
    return "en-US" if agency.locale.replace("_", "-") == "en-US" else "en-GB"


def words_of(row: ProviderLetter) -> Words:
    return WORDS.validate_python(row.words)


def reference(service: str, row: ProviderLetter) -> str:
    """Our reference: "HOST-1/P3-07". A request's full name is this and its number."""
    return f"{service[:80]}/{row.kind}-{row.number:02d}"


def letter(
    session: Session, on: Ground, body: shop.ProviderBody, requests: tuple[shop.Asked, ...], remark: str | None
) -> shop.ProviderLetter:
    """The document. Raises Conflict naming the field where something is missing."""
    row, agency, service = on.row, on.agency, on.service
    entries, digest = head(session)
    month = row.as_at.astimezone(ZoneInfo(service.zone)).strftime("%Y-%m")
    layout = agency.letter_layout
    status = "issued" if row.issued_at is not None else "draft"
    for place, item in enumerate(requests):
        if item.wanted_at <= row.as_at:
            stamp = on.as_at.isoformat(timespec="seconds")
            raise BadInput(
                f"is not after the moment the letter speaks of, {stamp} (request {place + 1})",
                field="words.answer_by",
                example=(on.as_at + timedelta(days=2)).isoformat(timespec="seconds"),
            )
    try:
        return shop.ProviderLetter(
            header=doc.Header(
                number=f"{month}_{paper_name(session, service)}_{row.kind}-{row.number:02d}",
                version=1,
                as_at=row.as_at,
                zone=service.zone,
                method_version=f"method {METHOD_VERSION}",
                evidence_head=digest,
                evidence_entries=entries,
                status=status,  # type: ignore[arg-type]
                so_far=False,
                paper="Letter" if layout == "us" else "A4",
                language=language(agency),
                agency=agency_block(agency),
            ),
            layout=layout,  # type: ignore[arg-type]
            ref=reference(service.name, row),
            to=shop.ProviderAddress(
                name=on.provider.name,
                attention=row.attention,
                address=tuple(row.address),
                account=on.provider.account,
            ),
            service=service.name,
            approved_by=row.approved_by,
            remark=remark,
            requests=requests,
            body=body,
        )
    except ValidationError as error:
        raise unwritten(error) from None


def unwritten(error: ValidationError) -> Conflict:
    """What the print shop's values refuse, as a problem that names the field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return Conflict(f"the letter cannot be written: {first['msg'].removeprefix('Value error, ')}", field=where)


def asked(*items: tuple[str, str], by: datetime) -> tuple[shop.Asked, ...]:
    """Requests numbered R1, R2, …: what is asked, in what form the answer is wanted, until when."""
    return tuple(
        shop.Asked(number=f"R{number}", text=text, answer=answer, wanted_at=by)
        for number, (text, answer) in enumerate(items, 1)
    )


def told_by(source: Source) -> str:
    """Where a fact comes from, said to the provider: "your e-mail, 24 June 16:30"."""
    if source.code is not SourceCode.PROVIDER:
        return source.label or {"M": "measured", "T": "ticket", "C": "told by a client", "N": "our note"}[source.code]
    if source.ref.startswith("message:"):
        return f"your {source.label}"
    return source.label.replace("told by the provider", "you told us") or "told by you"


def sites_there(case: Case) -> int:
    """How many sites sit on the service at the case's moment."""
    return sum(any(stay.start <= case.as_at < stay.end for stay in site.placed) for site in case.sites)


def gap_free(statement: Statement, start: datetime, end: datetime) -> bool:
    return not any(gap.span.start < end and gap.span.end > start for gap in statement.gaps)
