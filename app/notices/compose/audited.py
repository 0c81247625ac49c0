"""What letters say of an audit of files and databases, and which words it does not bear out.

An audit counts for a letter where it speaks of a moment after the event began. Equal is equal to the last copy of the
old server; nothing here says that no data was lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from app.errors import Conflict
from app.notices import facts
from app.notices.compose.shapes import Addressee, Round
from app.notices.wording import BackWords, LossWords, PartlyWords, ReportWords
from app.papers.figures import span
from app.sla.assessed import Assessment, DataState, SiteData
from app.sla.case import SiteCurrent
from app.sla.statement import SiteVerdict
from reports import documents as doc

Found = Literal["complete", "missing", "older", "recovered", "unknown"]
Compared = Literal["equal", "older", "lacking", "undecided"]

TOLD: dict[DataState, Compared] = {
    DataState.CURRENT: "equal",
    DataState.OLD: "older",
    DataState.LOST: "lacking",
    DataState.UNKNOWN: "undecided",
}
AS_DATA: dict[DataState, Found] = {
    DataState.CURRENT: "complete",
    DataState.OLD: "older",
    DataState.LOST: "missing",
    DataState.UNKNOWN: "unknown",
}
SAID = {
    DataState.OLD: "holds older content",
    DataState.LOST: "lacks data or holds damaged data",
    DataState.UNKNOWN: "is not decided",
}
WRONG = (DataState.OLD, DataState.LOST)
AGAIN = "compare again and record it (kept audit assess), retract the audit if it is wrong, or write to others (only)"


def audit_of(item: Round) -> Assessment | None:
    """The newest audit, where it speaks of this event."""
    found, since = item.case.assessment, _event_from(item)
    return found if found is not None and since is not None and found.at >= since else None


def _event_from(item: Round) -> datetime | None:
    if item.window is None:
        return item.outage_from
    work = item.window.work_id
    return min(one.promised.start for one in item.statement.windows if one.work_id == work)


def _found(item: Round, sites: Iterable[SiteVerdict]) -> Iterator[tuple[SiteVerdict, SiteData]]:
    audit = audit_of(item)
    for site in sites if audit is not None else ():
        one = audit.of(site.site_id) if audit is not None else None
        if one is not None:
            yield site, one


def compared(item: Round, sites: Sequence[SiteVerdict]) -> doc.Compared | None:
    """What the audit found of these sites; None where it looked at none of them."""
    audit, found = audit_of(item), list(_found(item, sites))
    if audit is None or not found:
        return None
    claimed = any(copy.claimed for copy in audit.copies if copy.server == "old" and copy.taken_at == audit.equal_to)
    return doc.Compared(
        copy_at=audit.equal_to,
        claimed=claimed,
        unseen=None if audit.at_risk is None else span(audit.at_risk),
        sites=tuple(doc.ComparedSite(host_name=site.name, found=TOLD[one.state]) for site, one in found),
    )


def at_risk(item: Round, words: LossWords) -> doc.Span:
    """As the words have it, else what the audit did not see. Raises Conflict where neither gives it."""
    if words.at_risk_from is not None and words.at_risk_to is not None:
        return doc.Span(start_at=words.at_risk_from, end_at=words.at_risk_to)
    audit = audit_of(item)
    unseen = audit.at_risk if audit is not None else None
    if unseen is None:
        why = "no audit of this event is on record" if audit is None else "the audit's copies leave no time unseen"
        raise Conflict(
            f"is needed with at_risk_to: {why}", field="words.at_risk_from", example=facts.stamp(item.case.as_at)
        )
    return span(unseen)


def rows_found(item: Round, sites: Sequence[SiteVerdict]) -> tuple[doc.AtRisk, ...]:
    """What the audit found of each site beside what people know of it: missing is confirmed, not decided is possible.
    Whether it is personal no audit can tell."""
    return tuple(
        doc.AtRisk(
            host_name=site.name,
            kind=None,
            state=AS_DATA[one.state],
            personal="unknown",
            files=one.old + one.lost if one.state in WRONG else None,
            entries=one.rows_damaged if one.state in WRONG else None,
        )
        for site, one in _found(item, sites)
        if one.state is not DataState.CURRENT
    )


def data_of(item: Round, words: ReportWords, site: SiteVerdict, ids: Mapping[str, str]) -> Found:
    """How a site's data stands in a full account: as the words say; where they say nothing, as the audit found it.
    What the words leave unknown and the audit found older or missing is no longer unknown."""
    said = _said(words, ids[site.site_id])
    found = next((AS_DATA[one.state] for _, one in _found(item, [site])), None)
    if said is None:
        return found if found is not None and (found != "complete" or known_equal(item, site)) else "unknown"
    return found if said == "unknown" and found in ("missing", "older") else said


def known_equal(item: Round, site: SiteVerdict) -> bool:
    """Whether the audit found the site equal, and no look at it since found otherwise."""
    equal = any(one.state is DataState.CURRENT for _, one in _found(item, [site]))
    return equal and site.state is not SiteCurrent.OLD


def _said(words: ReportWords, site_id: str) -> Found | None:
    return next((one.data for one in words.sites if str(one.site_id) == site_id), words.data)


def borne_out(item: Round, to: Iterable[Addressee], ids: Mapping[str, str]) -> None:
    """Raises Conflict naming the client and the site where the words say what the audit does not bear out. What was
    recovered since is a person's word, and stays."""
    audit = audit_of(item)
    if audit is None:
        return
    words = next(iter(item.words.values()))
    for one in to:
        for site, data in _found(item, one.sites):
            wrong = _wrong(words, site, data, ids, audit)
            if wrong is not None:
                field, says = wrong
                raise Conflict(
                    f"{one.client.number}: {says}, but by the audit of {facts.stamp(audit.at)} {site.name} "
                    f"{SAID[data.state]}; {AGAIN}",
                    field=field,
                )
    if isinstance(words, LossWords):
        _nothing_left_out(words, audit, ids)


def _wrong(
    words: object, site: SiteVerdict, data: SiteData, ids: Mapping[str, str], audit: Assessment
) -> tuple[str, str] | None:
    match words:
        case BackWords() if data.state in WRONG:
            return "sites", "this letter says that all is well"
        case PartlyWords(copy_from_at=at) if at is not None and at > audit.equal_to and data.state is DataState.OLD:
            copy = facts.stamp(audit.equal_to)
            return "words.copy_from_at", f"the content is said to be of after the copy of {copy}"
        case LossWords(loss="possible") if data.state is DataState.LOST:
            return "words.loss", "a loss is called possible only"
        case ReportWords() if data.state is not DataState.CURRENT and _said(words, ids[site.site_id]) == "complete":
            return "words.data", "this letter says that the data is complete"
    return None


def _nothing_left_out(words: LossWords, audit: Assessment, ids: Mapping[str, str]) -> None:
    """A site of which nothing is said to be missing gets no line in L7; the audit may know better."""
    for place, one in enumerate(words.sites):
        number = next((number for number, id_ in ids.items() if id_ == str(one.site_id)), "")
        data = audit.of(number)
        if data is None or data.state not in WRONG or any(row.state != "complete" for row in one.rows):
            continue
        raise Conflict(
            f"nothing is said to be missing, but by the audit of {facts.stamp(audit.at)} {data.name} "
            f"{SAID[data.state]}; {AGAIN}",
            field=f"words.sites.{place}.rows",
        )
