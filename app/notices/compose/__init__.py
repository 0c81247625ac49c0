"""From a round of letters to each client's document: only that client's sites, every number from the judged record."""

from __future__ import annotations

from typing import Any

from app.errors import Conflict
from app.notices import facts
from app.notices.compose import after, before, during, month
from app.notices.compose.shapes import Addressee, Round, Told
from app.notices.wording import (
    BackWords,
    CorrectionWords,
    LossWords,
    MonthWords,
    MovedWords,
    NotDoneWords,
    OutageWords,
    OverrunWords,
    PartlyWords,
    PlannedWords,
    ReportWords,
)
from app.sla.statement import METHOD_VERSION, SiteVerdict
from app.statements.named import agency_block, file_name
from reports import documents as doc
from reports.errors import RenderRefused
from reports.letters import greeting

__all__ = ["Addressee", "Round", "Told", "letter", "reference"]

TAGS = {"en": "en-GB", "de": "de-DE"}


def body_of(item: Round, words: Any, to: Addressee, ids: dict[str, str]) -> doc.Body:
    """The letter's own part. Raises Conflict where the record does not bear out what the letter would say.

    `ids`: of each site by the number the statement knows it by.
    """
    match words:
        case PlannedWords():
            return before.planned(item, words)
        case NotDoneWords():
            return before.not_done(item, words)
        case MovedWords():
            return before.moved(item, words)
        case OverrunWords():
            return during.overrunning(item, words)
        case BackWords():
            return during.back(item, words, to)
        case PartlyWords():
            return during.partly(item, words, to)
        case LossWords():
            return after.possible_loss(item, words, to, ids)
        case ReportWords():
            return after.final_report(item, words, to, ids)
        case MonthWords():
            return month.monthly(item, words, to)
        case OutageWords():
            return during.outage(item, words)
        case CorrectionWords():
            return during.correction(item, words)
    raise AssertionError(f"no such letter: {words!r}")


def reference(service: str, number: int) -> str:
    return f"{service}/{number}"


def letter(item: Round, to: Addressee, ids: dict[str, str], *, issued: bool) -> doc.ClientLetter:
    """One client's letter as a document, in the client's language and zone; a month in the zone it is measured in."""
    agency, words = item.agency, item.words_for(to.client)
    layout = to.client.letter_layout or agency.letter_layout
    down = facts.service_down(item.statement)
    name_provider = agency.name_provider == "always" or (agency.name_provider == "final_report" and item.kind == "L8")
    about = f"{item.case.period.label}_{item.about}"
    number = f"{about}_letter-{item.number:02d}_{file_name(to.client.number)}"
    people = [one.contact for one in to.to]
    named = [one.name for one in people if one.name != to.client.name]
    return doc.ClientLetter(
        header=doc.Header(
            number=number,
            version=1,
            as_at=item.case.as_at,
            zone=to.client.zone if item.month is None else item.case.period.zone,
            method_version=METHOD_VERSION,
            evidence_head=item.evidence_head,
            evidence_entries=item.evidence_entries,
            status="issued" if issued else "draft",
            so_far=False,
            paper="Letter" if layout == "us" else "A4",
            language=_tag(to.client.language, layout),
            agency=agency_block(agency),
        ),
        layout=layout,  # type: ignore[arg-type]
        ref=reference(item.case.service_name, item.number),
        recipient=doc.Recipient(
            client_id=to.client.number,
            name=to.client.name,
            attention=", ".join(dict.fromkeys(named)) or None,
            address=_address(to),
            salutation=_greeting(to, *(one.salutation for one in people)),
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
        body=body_of(item, words, to, ids),
    )


def _greeting(to: Addressee, *salutations: str) -> str:
    """Raises Conflict for a language in which no letter is written."""
    try:
        return greeting(to.client.language, tuple(dict.fromkeys(salutations)))
    except RenderRefused as error:
        raise Conflict(
            f"{to.client.number} reads {to.client.language}: {error.reason}", field="client.language", example="en"
        ) from None


def _tag(language: str, layout: str) -> str:
    """The language's tag as papers carry it: English on American paper is American."""
    if language.startswith("en") and layout == "us":
        return "en-US"
    return language if "-" in language else TAGS.get(language, language)


def _address(to: Addressee) -> tuple[str, ...]:
    """Raises Conflict where a letter on paper has nowhere to go."""
    if not to.client.address:
        raise Conflict(
            f"{to.client.number} has no address on record, and letters show one",
            field="client.address",
            example="PATCH /api/v1/clients/{id}",
        )
    return tuple(to.client.address)


def _letter_state(kind: str, site: SiteVerdict, down: bool) -> facts.SiteWord:
    """Before and after a window that passed without downtime the site is as up as its server is measured to be."""
    word = facts.site_word(site, down)
    return "up" if kind in ("L1", "L2", "L3") and word == "unknown" and not down else word
