"""L7 and L8: what may be missing, and the full account. A named person answers for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.errors import Conflict
from app.notices import facts
from app.notices.compose.audited import Found, at_risk, compared, data_of, known_equal, rows_found
from app.notices.compose.during import down_in_event
from app.notices.compose.shapes import Addressee, Round
from app.notices.compose.untrue import not_true, unready
from app.notices.wording import LossWords, ReportWords
from app.notices.wording.after import DataKind, Decision
from app.papers.figures import CARRIED, seconds, share, span, stretches
from app.sla.spans import Span, total, union
from app.sla.statement import SiteVerdict, WindowVerdict
from reports import documents as doc

WORST = ("missing", "older", "unknown", "recovered", "complete")


def rows_of(words: LossWords, site: SiteVerdict, ids: Mapping[str, str]) -> list[DataKind]:
    """What may be missing on a site: its own rows where it has some, else everybody's."""
    own = next((item.rows for item in words.sites if str(item.site_id) == ids[site.site_id]), None)
    return words.rows if own is None else own


def possible_loss(item: Round, words: LossWords, to: Addressee, ids: Mapping[str, str]) -> doc.PossibleLoss:
    rows = [(site, row) for site in to.sites for row in rows_of(words, site, ids)]
    found = rows_found(item, to.sites)
    states = {row.state for _, row in rows} | {row.state for row in found}
    return doc.PossibleLoss(
        at_risk=at_risk(item, words),
        before_failure=None
        if words.backup_at is None or words.failed_at is None
        else doc.Span(start_at=words.backup_at, end_at=words.failed_at),
        loss="confirmed" if "missing" in states else "possible",
        rows=tuple(
            doc.AtRisk(host_name=site.name, kind=row.kind, state=row.state, personal=row.personal, about=row.about)
            for site, row in rows
        )
        + found,
        last_copy_at=words.last_copy_at,
        last_copy_tested=words.last_copy_tested,
        consequences=tuple(words.consequences),
        measures=tuple(words.measures),
        options=tuple(words.options),
        aware_at=words.aware_at,
        provider_told_at=words.provider_told_at,
        old_copies_kept_until=words.old_copies_kept_until,
        we_are=words.we_are,
        data_contact=words.data_contact,
        data_contact_reach=words.data_contact_reach,
        decisions=_lines(words.decisions),
        compared=compared(item, to.sites),
        approved_by=item.approved_by,
    )


def final_report(item: Round, words: ReportWords, to: Addressee, ids: Mapping[str, str]) -> doc.FinalReport:
    """L8, once it is over: every window of the work has its outcome, or the outage has ended."""
    attempts = tuple(_attempt(item, window) for window in windows_of(item))
    outage = item.outage if item.window is None else None
    if item.window is None and (outage is None or outage.open):
        raise not_true(item, "is the account of an outage that is over", "an outage that has ended")
    own = [(site, data_of(item, words, site, ids)) for site in to.sites]
    return doc.FinalReport(
        about=words.about,
        attempts=attempts,
        outage=None if outage is None else span(outage.span),
        announced_seconds=sum(one.promised_seconds for one in attempts),
        down_seconds=seconds(outage.as_held) if outage is not None else sum(one.down_seconds or 0 for one in attempts),
        sites=tuple(_told(item, site, state) for site, state in own),
        data=next(state for state in WORST if state in {state for _, state in own}),
        timeline=_lines(words.timeline),
        cause=words.cause,
        cause_status=words.cause_status,
        cause_by=words.cause_by,
        done=tuple(words.done),
        changes=tuple(doc.Change(text=one.text, owner=one.owner, by=one.by) for one in words.changes),
        asked=tuple(doc.Ask(text=one.text, state=one.state) for one in words.asked),
        credit=None
        if words.credit is None
        else doc.CreditToYou(
            amount=doc.Money(amount=f"{words.credit.amount:.2f}", currency=words.credit.currency), how=words.credit.how
        ),
        still_check=tuple(words.still_check),
        compared=compared(item, to.sites),
        approved_by=item.approved_by,
    )


def windows_of(item: Round) -> list[WindowVerdict]:
    """Every window of the work, in order."""
    if item.window is None:
        return []
    work = item.window.work_id
    return sorted((one for one in item.statement.windows if one.work_id == work), key=lambda one: one.attempt)


def _attempt(item: Round, window: WindowVerdict) -> doc.ReportedAttempt:
    carried = CARRIED.get(window.outcome, "no")
    if carried == "open":
        raise Conflict(
            f"this letter is the full account, and attempt {window.attempt} is not over: {window.outcome.value}",
            field="kind",
            example="POST /api/v1/windows/{id}/said",
        )
    begun = carried != "no"
    return doc.ReportedAttempt(
        number=window.attempt,
        promised=span(window.promised),
        promised_seconds=seconds(window.promised.length),
        outcome=window.outcome.value,
        took_place=carried,  # type: ignore[arg-type]
        stretches=stretches(item.statement, window) if begun else (),
        down_seconds=seconds(window.downtime) if begun else None,
        down_ratio=share(window.downtime, window.promised.length) if begun else None,
    )


def _told(item: Round, site: SiteVerdict, state: Found) -> doc.ReportedSite:
    down = site_down(item, site)
    if state == "complete" and not known_equal(item, site) and (wrong := unready([site])):
        raise Conflict(
            f"this letter says that the data is complete, but {wrong[0]}", field="words.data", example="unknown"
        )
    away = facts.site_word(site, facts.service_down(item.statement)) == "down"
    return doc.ReportedSite(
        host_name=site.name,
        down_seconds=seconds(total(down)),
        back_at=down[-1].end if down and not away else None,
        data=state,
    )


def site_down(item: Round, site: SiteVerdict) -> tuple[Span, ...]:
    """When the site was down over the whole event: in every attempt at the work, or in the outage."""
    if item.window is None:
        return down_in_event(item, site.site_id)
    return union(*(down_in_event(replace(item, window=window), site.site_id) for window in windows_of(item)))


def _lines(items: list[Decision]) -> tuple[doc.Happened, ...]:
    ordered = sorted(items, key=lambda one: one.at)
    return tuple(doc.Happened(at=one.at, text=one.text, source=one.source) for one in ordered)
