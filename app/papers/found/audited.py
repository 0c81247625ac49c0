"""An audit of files and databases as papers show it: figures by site; paths and names of clients stay with us."""

from __future__ import annotations

from app.papers import figures
from app.sla.assessed import Assessment, DataState, SiteData
from app.sla.case import Case
from app.sla.statement import Statement
from app.sla.wording import moment
from reports import documents as doc

ROLES = {"pre": "before the work", "during": "while it ran", "after": "afterwards"}


def data_audit(case: Case, statement: Statement, *, whole: bool) -> doc.DataAudit | None:
    """The audit that speaks of the period's end, if there is one. `whole` lists every site, else those that are not
    current."""
    found = case.assessment
    if found is None or found.at < case.period.span.start:
        return None
    counts = found.counts
    listed = [site for site in found.sites if whole or site.state is not DataState.CURRENT]
    compared = {site.site_id for site in found.sites}
    named = {copy.id: f"the copy of {moment(copy.taken_at, case.period.zone)}" for copy in found.copies}
    return doc.DataAudit(
        at=found.at,
        equal_to=found.equal_to,
        at_risk=None if found.at_risk is None else figures.span(found.at_risk),
        at_risk_seconds=0 if found.at_risk is None else figures.seconds(found.at_risk.length),
        expected_writes=found.expected_writes,
        compared=len(found.sites),
        current=counts[DataState.CURRENT],
        old=counts[DataState.OLD],
        lost=counts[DataState.LOST],
        unknown=counts[DataState.UNKNOWN],
        not_compared=sum(1 for site in statement.sites if site.site_id not in compared),
        sites=tuple(_site(site, named) for site in listed),
        copies=_copies(found),
        limits=tuple(
            figures.short(line, figures.LONG)[:400] for line in found.limits if not line.startswith("snapshot")
        ),
        clocks=figures.short(found.clocks),
        digest=found.digest,
    )


def sentence(audit: doc.DataAudit) -> str:
    """ "Of 102 sites compared 28 hold older content and 3 lack data; 71 are equal to the copy of …"."""
    return (
        f"Of {audit.compared} sites whose files and databases were compared, {audit.old} hold older content and "
        f"{audit.lost} lack data or hold damaged data; {audit.current} are equal to the copy from before the work, or "
        "were changed since."
    )


def _site(site: SiteData, copies: dict[str, str]) -> doc.SiteData:
    note = "; ".join(site.notes)
    for id_, words in copies.items():
        note = note.replace(id_, words)
    return doc.SiteData(
        site_id=site.site_id,
        host_name=site.name,
        state=site.state.value,
        equal=site.equal,
        changed=site.changed,
        old=site.old,
        lost=site.lost,
        rows_damaged=site.rows_damaged,
        unknown=site.unknown,
        low=site.low,
        not_examined=site.excluded + site.unreadable + site.unstable,
        note=figures.short(note) or None,
    )


def _copies(found: Assessment) -> tuple[doc.DataCopy, ...]:
    return tuple(
        doc.DataCopy(
            what=f"{copy.server} server, {ROLES[copy.role]}",
            taken_at=copy.taken_at,
            claimed=copy.claimed,
            sealed_at=copy.sealed_at,
            root=copy.root,
        )
        for copy in found.copies
    )
