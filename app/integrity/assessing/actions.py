"""Recording what an audit found, and with it whether each site is current."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from app.agreements import queries as agreements
from app.errors import BadInput, NotFound
from app.evidence import actions as evidence
from app.fields import happened
from app.integrity.assessing.tables import Assessment, SiteAssessment
from app.sites import actions as sites
from app.sites import queries as sites_queries
from app.sites.actions import inside
from app.sla.assessed import DataState
from app.sla.spans import Span

FIGURES = ("equal", "changed", "old", "lost", "unknown", "low", "excluded", "unreadable", "unstable")
OLD_ROWS, LOST_ROWS = ("REVERTED", "RESURRECTED"), ("LOST", "ID_REUSED")


def state_of(figures: Mapping[str, int], rows: Mapping[str, int]) -> DataState:
    """The first that holds of any path or row: lost, old, unknown, current. Where nothing was equal or changed, nothing
    was looked at."""
    if figures["lost"] or any(rows.get(kind) for kind in LOST_ROWS):
        return DataState.LOST
    if figures["old"] or any(rows.get(kind) for kind in OLD_ROWS):
        return DataState.OLD
    looked = figures["equal"] + figures["changed"]
    return DataState.UNKNOWN if figures["unknown"] or not looked else DataState.CURRENT


def assess(
    session: Session,
    service_id: UUID,
    *,
    at: datetime,
    equal_to: datetime,
    first_new_at: datetime,
    expected_writes: int | None,
    clocks: str,
    copies: Sequence[Mapping[str, Any]],
    limits: Sequence[str],
    sites_found: Sequence[Mapping[str, Any]],
    now: datetime,
) -> tuple[Assessment, bool]:
    """Takes in an audit's result; gives the row and whether it is new. `sites_found`: each with `site` (the name it has
    on the service), the figures, `rows` and `notes`.

    Sites found current, old or lost have been looked at by it, which is recorded as a look at each site; of unknown
    ones nothing is said. Raises NotFound and BadInput with the path of the one at fault: `sites.3.site`.
    """
    service = agreements.service(session, service_id)
    happened(at, now, "at")
    if not equal_to <= at >= first_new_at:
        raise BadInput("lies before a copy it rests on", field="at", example=max(equal_to, first_new_at).isoformat())
    there = {
        row.site.name: row.site for row in sites_queries.sites_on(session, service.id, Span(equal_to, max(at, now)))
    }
    content = {
        "service": service.name, "at": at, "equal_to": equal_to, "first_new_at": first_new_at,
        "expected_writes": expected_writes, "clocks": clocks, "copies": list(copies), "limits": list(limits),
        "sites": list(sites_found),
    }  # fmt: skip
    text = json.dumps(evidence.plain(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = evidence.keep(session, text.encode(), "application/json")
    query = select(Assessment).where(Assessment.service_id == service.id, Assessment.digest == digest)
    before = session.exec(query).first()
    if before is not None:
        return before, False
    row = Assessment(
        created_at=now, service_id=service.id, at=at, equal_to=equal_to, first_new_at=first_new_at,
        expected_writes=expected_writes, clocks=clocks, copies=evidence.plain(list(copies)), limits=list(limits),
        digest=digest,
    )  # fmt: skip
    session.add(row)
    session.flush()
    looks: dict[UUID, dict[str, Any]] = {}
    parts: list[SiteAssessment] = []
    seen: set[str] = set()
    for index, found in enumerate(sites_found):
        with inside(f"sites.{index}"):
            name = found["site"]
            if name in seen:
                raise BadInput(f"{name} stands here twice", field="site")
            seen.add(name)
            if name not in there:
                raise NotFound(
                    f"no site {name!r} was on {service.name} in that time; name it as GET /sites does", field="site"
                )
            figures = {key: int(found[key]) for key in FIGURES}
            state = state_of(figures, found["rows"])
            part = SiteAssessment(
                assessment_id=row.id, site_id=there[name].id, state=state.value, figures=figures,
                rows=dict(found["rows"]), notes=list(found["notes"]),
            )  # fmt: skip
            parts.append(part)
            if state is not DataState.UNKNOWN:
                looks[part.site_id] = {
                    "site_id": part.site_id, "at": at, "current": state is DataState.CURRENT, "source": "M",
                    "note": _note(state, figures, found["rows"], equal_to),
                }  # fmt: skip
    if not looks:
        raise BadInput("the audit found nothing of any site, so it says nothing", field="sites")
    body = evidence.row_body(row) | {"copies": [copy["id"] for copy in copies], "sites": len(seen)}
    evidence.append(
        session, "audit.assessed", row, now, body=body, occurred_at=at, source="M", attachments=[digest]
    )  # fmt: skip
    made = {check.site_id: check.id for check in sites.record_checks(session, list(looks.values()), now=now)}
    session.flush()
    for part in parts:
        part.check_id = made.get(part.site_id)
        session.add(part)
    return row, True


def _note(state: DataState, figures: Mapping[str, int], rows: Mapping[str, int], equal_to: datetime) -> str:
    copy = f"{equal_to:%Y-%m-%d %H:%M} UTC"
    if state is DataState.CURRENT:
        return f"Files equal to the copy of {copy}, or changed since; {figures['excluded']} not examined."
    damaged = sum(rows.values())
    of_rows = f", {damaged} rows" if damaged else ""
    return (
        f"Against the copy of {copy}: {figures['old']} files hold an older content, {figures['lost']} are gone or "
        f"damaged{of_rows}."
    )
