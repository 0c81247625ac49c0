"""The newest audit of the sites' files and databases, as a fact of the case."""

from __future__ import annotations

from datetime import datetime

from app.cases.account import Account
from app.integrity.assessing import queries as audits
from app.sites import queries as sites
from app.sla import assessed
from app.sla import case as law
from app.sla.spans import Span


def assessment_of(account: Account) -> assessed.Assessment | None:
    """The newest audit that speaks of a moment up to the case's own and was not taken back; it stands in the account
    where it lies in the period."""
    known = audits.assessments_of(account.session, account.service.id, account.as_at)
    rows = account.standing("assessment", known)
    if not rows:
        return None
    row = rows[-1]
    there = sites.sites_on(account.session, account.service.id, Span(row.equal_to, max(row.at, account.as_at)))
    named = {item.site.id: item.site for item in there}
    sealed = audits.seals(account.session, [copy["id"] for copy in row.copies])
    found = []
    for part in audits.sites_of(account.session, [row.id]).get(row.id, []):
        site = named.get(part.site_id)
        if site is None:
            continue
        rows_ = tuple(sorted((kind, count) for kind, count in part.rows.items() if count))
        found.append(
            assessed.SiteData(
                site.number or str(site.id), site.name, assessed.DataState(part.state), **part.figures,
                rows=rows_, notes=tuple(part.notes),
            )
        )  # fmt: skip
    out = assessed.Assessment(
        id=str(row.id),
        at=row.at,
        recorded_at=row.created_at,
        digest=row.digest,
        copies=tuple(
            assessed.Copy(
                copy["id"], copy["role"], copy["server"], datetime.fromisoformat(copy["taken_at"]), copy["claimed"],
                copy["root"], sealed.get(copy["id"]),
            )
            for copy in row.copies
        ),
        equal_to=row.equal_to,
        first_new_at=row.first_new_at,
        expected_writes=row.expected_writes,
        clocks=row.clocks,
        limits=tuple(row.limits),
        sites=tuple(sorted(found, key=lambda site: (site.site_id, site.name))),
    )  # fmt: skip
    if account.in_period(row.at):
        source = law.Source(law.SourceCode.MEASURED, f"assessment:{row.id}", "audit of files and databases")
        account.line(row.at, row.created_at, sentence(out), source)
    return out


def sentence(found: assessed.Assessment) -> str:
    """ "Audit of 102 sites: 31 hold older content or lack data, 71 are equal to the copy of …"."""
    counts = found.counts
    State = assessed.DataState
    return (
        f"Audit of the files and databases of {len(found.sites)} sites: {counts[State.OLD]} hold older content, "
        f"{counts[State.LOST]} lack data, {counts[State.UNKNOWN]} are not decided, {counts[State.CURRENT]} are equal "
        f"to the copy of {found.equal_to:%-d %B %H:%M} UTC or were changed since."
    )
