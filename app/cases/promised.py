"""Works, their agreed procedures and their windows, with all that was said and found of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.cases.account import Account
from app.cases.whole import floored
from app.maintenance import queries as maintenance
from app.maintenance.tables import Procedure, Window, Withdrawal, Work
from app.outcomes import queries as outcomes
from app.outcomes.tables import Finding, Override, Said
from app.sla import case as law
from app.sla.spans import Span


@dataclass(frozen=True, slots=True)
class Told:
    """All that is recorded about one window beside the promise itself."""

    said: list[Said]
    overrides: list[Override]
    findings: list[Finding]
    withdrawal: Withdrawal | None
    confirmed_at: datetime | None
    successor: Window | None
    attempt: int

    @property
    def naming(self) -> list[Said | Finding | Withdrawal]:
        """What may name a message of the provider's."""
        return [*self.said, *self.findings, *([self.withdrawal] if self.withdrawal is not None else [])]


@dataclass(frozen=True, slots=True)
class Promised:
    """Works and windows of the period's account; `before` are windows settled before it, of the earlier periods."""

    works: tuple[law.Work, ...]
    windows: tuple[law.Window, ...]
    before: tuple[law.Window, ...]


def works_and_windows(account: Account, every: bool, since: datetime) -> Promised:
    """The works touching the service and the windows that belong into the period's account, or every window; and the
    older windows that reach beyond `since`."""
    works = account.standing("work", maintenance.works_on(account.session, account.service.id))
    rows = account.standing("window", maintenance.windows_of(account.session, [work.id for work in works]))
    known = sorted((row for row in rows if row.announced_at <= account.as_at), key=lambda row: (row.start_at, row.id))
    told = _told(account, known)
    kept = [row for row in known if every or _belongs(account, row, told[row.id])]
    ids = {row.id for row in kept}
    older = [row for row in known if row.id not in ids and since < row.end_at <= account.period.span.start]
    agreed: dict[UUID, list[Procedure]] = defaultdict(list)
    for item in account.standing("procedure", maintenance.procedures_of(account.session, [work.id for work in works])):
        agreed[item.work_id].append(item)
    concerned = {row.work_id for row in kept}
    account.need([item.message_id for row in (*kept, *older) for item in (row, *told[row.id].naming)])
    account.need([item.message_id for work_id in concerned for item in agreed[work_id]])
    return Promised(
        tuple(
            _work(
                account,
                work,
                agreed[work.id],
                [f for row in kept if row.work_id == work.id for f in told[row.id].findings],
            )
            for work in works
            if work.id in concerned
        ),
        tuple(_window(account, row, told[row.id]) for row in kept),
        tuple(_window(account, row, told[row.id], silent=True) for row in older),
    )


def _told(account: Account, windows: list[Window]) -> dict[UUID, Told]:
    ids = [row.id for row in windows]
    session = account.session
    said, overrides = outcomes.said_of(session, ids), outcomes.overrides_of(session, ids)
    findings = outcomes.findings_of(session, ids)
    withdrawals, confirmations = maintenance.withdrawals_of(session, ids), maintenance.confirmations_of(session, ids)
    successors = {row.replaces: row for row in windows if row.replaces}
    attempts: dict[UUID, int] = defaultdict(int)
    out = {}
    for row in windows:
        attempts[row.work_id] += 1
        withdrawal = withdrawals.get(row.id)
        gone = withdrawal is None or withdrawal.at > account.as_at or f"withdrawal:{withdrawal.id}" in account.retracted
        out[row.id] = Told(
            said=account.standing("said", said.get(row.id, [])),
            overrides=[o for o in account.standing("override", overrides.get(row.id, [])) if o.at <= account.as_at],
            findings=account.standing("finding", findings.get(row.id, [])),
            withdrawal=None if gone else withdrawal,
            confirmed_at=maintenance.confirmed_at(row, confirmations.get(row.id)),
            successor=successors.get(row.id),
            attempt=attempts[row.work_id],
        )
    return out


def _belongs(account: Account, row: Window, told: Told) -> bool:
    """In the period, or begun before it and not settled before it."""
    if row.start_at >= account.period.span.end:
        return False
    if row.end_at > account.period.span.start:
        return True
    settled = [item.said_at for item in told.said if item.kind != "started"] + [item.at for item in told.overrides]
    settled += [told.withdrawal.at] if told.withdrawal else []
    settled += [told.successor.announced_at] if told.successor else []
    return not settled or max(settled) >= account.period.span.start


def _work(account: Account, work: Work, procedures: Iterable[Procedure], findings: Iterable[Finding]) -> law.Work:
    agreed = []
    for item in procedures:
        source = account.source(item, item.agreed_at, "procedure")
        steps = tuple(law.Step(number, text) for number, text in enumerate(item.steps, 1))
        agreed.append(law.Procedure(item.agreed_at, steps, source))
        if account.in_period(item.agreed_at):
            listed = "; ".join(f"({step.number}) {step.text}" for step in steps)
            account.line(item.agreed_at, item.created_at, f"Procedure agreed: {listed}.", source)
    found = []
    told: set[tuple[datetime, str]] = set()
    for finding in findings:
        source = account.source(finding, finding.at, "finding")
        verdict = law.FindingVerdict(finding.verdict)
        window, scope = str(finding.window_id), finding.scope_change
        found.append(law.Finding(window, finding.step, verdict, finding.at, finding.text, source, scope))
        if (finding.at, finding.text) not in told and finding.verdict not in ("as_agreed", "not_observed"):
            told.add((finding.at, finding.text))
            account.line(finding.at, finding.created_at, finding.text, source)
    return law.Work(str(work.id), work.title, work.kind, tuple(agreed), tuple(found))


def _window(account: Account, row: Window, told: Told, *, silent: bool = False) -> law.Window:
    """The window as the law reads it; its lines of the chronology are written beside, unless `silent`."""
    said = []
    for item in told.said:
        source = account.source(item, item.said_at, "said")
        said.append(law.Said(law.SaidKind(item.kind), item.at, item.said_at, item.text, source))
        if not silent:
            account.line(item.said_at, item.created_at, item.text, source)
    withdrawal = None
    if (taken := told.withdrawal) is not None:
        source = account.source(taken, taken.at, "withdrawal")
        withdrawal = law.Withdrawal(
            taken.at, taken.text, source, silent=taken.message_id is None and taken.source not in ("P", "T")
        )
        if not silent:
            account.line(taken.at, taken.created_at, f"Withdrawn: {taken.text}", source)
    source = account.source(row, row.announced_at, "window")
    if row.message_id is None and account.in_period(row.announced_at):
        account.line(row.announced_at, row.created_at, row.text or row.note or "A window was announced.", source)
    message = account.messages.get(row.message_id) if row.message_id else None
    last = told.overrides[-1] if told.overrides else None
    return law.Window(
        id=str(row.id),
        work_id=str(row.work_id),
        span=floored(Span(row.start_at, row.end_at)),
        announced_at=row.announced_at,
        source=source,
        role=row.role,
        impact=row.impact,
        announced=row.announced,
        emergency=row.emergency,
        confirmed_at=told.confirmed_at,
        replaces=str(row.replaces) if row.replaces else None,
        rescheduled_at=told.successor.announced_at if told.successor else None,
        withdrawal=withdrawal,
        said=tuple(said),
        override=law.OutcomeOverride(last.outcome, last.by, last.reason, last.at) if last else None,
        text=row.text or (message.text or "" if message else ""),
        attempt=told.attempt,
    )
