"""A window as it was watched, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.access.guard import Viewer
from app.fields import Out
from app.maintenance import queries as maintenance
from app.watching import queries
from app.watching.figures import evidence_of
from app.watching.looking import look_at, outcome_of
from app.watching.tables import WindowWatch
from app.web.edge import NowDep, Router, SessionDep

router = Router(tags=["maintenance"])


class WatchEntryOut(Out):
    """One thing noticed. Later knowledge is a later entry; none is ever changed."""

    id: UUID
    kind: Annotated[
        str,
        Field(
            description="opened, down, answered; at the announced end one of overrunning, awaiting, no_sign, unseen; "
            "over, when the outcome is established."
        ),
    ]
    at: Annotated[datetime, Field(description="The moment it speaks of.")]
    created_at: Annotated[datetime, Field(description="When it was noticed.")]
    text: str
    evidence: Annotated[dict[str, Any], Field(description="The figures as known then, service by service.")]


class WatchOut(Out):
    window_id: UUID
    start_at: datetime
    end_at: datetime
    state: Annotated[
        Literal["before", "open", "ended", "over"],
        Field(description="over: its outcome is established, or it was taken back; it is watched no more."),
    ]
    outcome: Annotated[str | None, Field(description="As the record stands now; null where no service is touched.")]
    because: Annotated[list[str], Field(description="The sentences this outcome rests on.")]
    services: Annotated[list[dict[str, Any]], Field(description="What was seen, in figures, as at now.")]
    entries: list[WatchEntryOut]
    looked_at: Annotated[datetime | None, Field(description="When it was looked at last; null: never yet.")]


@router.get("/windows/{window_id}/watch", dependencies=[Viewer])
def read_watch(window_id: UUID, session: SessionDep, now: NowDep) -> WatchOut:
    """What was noticed of a window while it was on and after it, with the evidence: no sign of work, still down at the
    announced end, what nobody saw. Only people and the provider establish that it was not carried out."""
    window = maintenance.window(session, window_id)
    watch = session.get(WindowWatch, window_id)
    looks = [
        one
        for service_id in queries.services_of(session, window)
        if (one := look_at(session, window, service_id, now)) is not None
    ]
    state = watch.state if watch is not None else "before" if now < window.start_at else "open"
    return WatchOut(
        window_id=window.id,
        start_at=window.start_at,
        end_at=window.end_at,
        state=state,
        outcome=outcome_of(looks).value if looks else None,
        because=list(dict.fromkeys(said for one in looks for said in one.verdict.evidence)),
        services=[evidence_of(one) for one in looks],
        entries=[WatchEntryOut.model_validate(row) for row in queries.entries_of(session, window_id)],
        looked_at=watch.looked_at if watch is not None else None,
    )
