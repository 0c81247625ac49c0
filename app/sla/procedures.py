"""The agreed steps against what was done, window by window. What nobody saw is "not observed", never "as agreed"."""

from __future__ import annotations

from collections.abc import Sequence

from app.sla.case import Case, Finding, FindingVerdict, Procedure, Window
from app.sla.statement import Outcome, StepVerdict, WindowVerdict

NOT_WORKED = {
    Outcome.WITHDRAWN_IN_TIME, Outcome.WITHDRAWN_LATE, Outcome.NOT_CARRIED_OUT, Outcome.UNANNOUNCED,
}  # fmt: skip


def agreed_for(case: Case, verdict: WindowVerdict) -> Procedure | None:
    """The last procedure agreed before the window began; a later agreement does not bind what was done before."""
    begins = min(verdict.promised.start, verdict.actual_start or verdict.promised.start)
    return max(
        (
            procedure
            for work in case.works
            if work.id == verdict.work_id
            for procedure in work.procedures
            if procedure.agreed_at <= begins and procedure.agreed_at <= case.as_at
        ),
        key=lambda procedure: procedure.agreed_at,
        default=None,
    )


def judge_steps(case: Case, verdicts: Sequence[WindowVerdict]) -> tuple[StepVerdict, ...]:
    """Each agreed step of each window that was or will be worked, then what was added; the latest finding stands."""
    out: list[StepVerdict] = []
    for verdict in verdicts:
        if verdict.outcome in NOT_WORKED:
            continue
        findings = sorted(
            (
                f
                for work in case.works
                if work.id == verdict.work_id
                for f in work.findings
                if f.window_id == verdict.window_id and f.at <= case.as_at
            ),
            key=lambda f: f.at,
        )
        procedure = agreed_for(case, verdict)
        numbers = set()
        for step in procedure.steps if procedure is not None else ():
            numbers.add(step.number)
            mine = [f for f in findings if f.step == step.number]
            out.append(_step(verdict, step.number, step.text, mine[-1] if mine else None))
        out.extend(_step(verdict, f.step, "", f) for f in findings if f.step not in numbers)
    return tuple(out)


def _step(verdict: WindowVerdict, number: int | None, text: str, finding: Finding | None) -> StepVerdict:
    if finding is None:
        return StepVerdict(verdict.window_id, number, text, FindingVerdict.NOT_OBSERVED, "", None, None)
    return StepVerdict(
        verdict.window_id, number, text, finding.verdict, finding.text, finding.at, finding.source
    )  # fmt: skip


def window_by_id(case: Case, window_id: str) -> Window:
    return next(window for window in case.windows if window.id == window_id)
