"""The sentences an outcome rests on, each with its moment and its source."""

from __future__ import annotations

from collections.abc import Sequence

from app.sla.case import Said, SaidKind, Window
from app.sla.seen import Seen
from app.sla.timeline import OutageFacts
from app.sla.wording import elapsed, moment

_SAID = {
    SaidKind.STARTED: "the work had begun",
    SaidKind.ENDED: "the work was over",
    SaidKind.PARTLY: "the work was partly done",
    SaidKind.ROLLED_BACK: "the work was rolled back",
    SaidKind.NOT_CARRIED_OUT: "the work was not carried out",
}


def sentences(window: Window, said: Sequence[Said], outages: Sequence[OutageFacts], seen: Seen) -> tuple[str, ...]:
    """In order: the promise, what became of it, what was seen, what was said."""
    zone = seen.case.period.zone
    label = window.source.label or window.source.ref
    out = []
    if window.announced:
        out.append(f"Announced {moment(window.announced_at, zone)} ({label}).")
    else:
        out.append(f"Nothing was announced; noted {moment(window.announced_at, zone)} ({label}).")
    if window.rescheduled_at is not None and window.rescheduled_at <= seen.as_at:
        out.append(f"Replaced by another window {moment(window.rescheduled_at, zone)}.")
    if window.withdrawal is not None and window.withdrawal.at <= seen.as_at:
        how = "Withdrawn without any notice; known since" if window.withdrawal.silent else "Withdrawn"
        out.append(f"{how} {moment(window.withdrawal.at, zone)}: {window.withdrawal.text}")
    out.extend(_observed(window, seen))
    for outage in outages:
        out.append(f"The service stopped answering {moment(outage.span.start, zone)}.")
        if outage.first_good_at is not None:
            out.append(
                f"It answered again {moment(outage.first_good_at, zone)}, after {elapsed(outage.span.length)}; "
                "that alone does not end the work."
            )
    for word in said:
        out.append(
            f"Said {moment(word.said_at, zone)} ({word.source.label or word.source.ref}): "
            f"{_SAID[word.kind]}, {moment(word.at, zone)}" + (f': "{word.text}"' if word.text else ".")
        )
    return tuple(out)


def _observed(window: Window, seen: Seen) -> list[str]:
    span = window.span.before(seen.as_at)
    if span is None:
        return []
    good, count = seen.observed(span)
    if not count:
        return ["Nothing was observed in the window."]
    if good == count:
        return [f"Every observation in the window was good: {good} of {count}."]
    return [f"{good} of {count} observations in the window were good."]
