"""How we measured, and how a reader verifies it: the same words on every paper for a provider."""

from __future__ import annotations

from app.papers.context import Context
from app.papers.figures import entered_afterwards, seconds
from app.sla.case import Case
from reports import documents as doc

METHOD = (
    "An observation holds from its own moment to the next one, at most three intervals; after that the state is "
    "unknown, and unknown is neither up nor down.",
    "An outage dates from its first failed observation, however long it took to confirm. Overlapping outages of "
    "several monitors count once. Measuring never pauses, least of all in a maintenance window.",
    "Downtime is excused only where it overlaps a window that was announced in time, was not withdrawn and was used, "
    "and only within the span announced.",
    "All figures are exact fractions of whole seconds, rounded when printed; verdicts use the exact values.",
)


def method(case: Case, context: Context) -> doc.Method:
    interval = min((seconds(monitor.interval) for monitor in case.monitors), default=60)
    afterwards: tuple[str, ...] = ()
    if (late := entered_afterwards(case)) is not None:
        count, first, last = late
        days = f"on {first:%Y-%m-%d}" if first.date() == last.date() else f"from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        afterwards = (
            f"{count} lines of the chronology were entered {days} (UTC), more than a day after what they tell; the "
            "evidence log holds the moment of writing of each.",
        )
    return doc.Method(
        statement=METHOD + afterwards,
        interval_seconds=max(1, interval),
        locations=context.monitor_sources or ("not stated",),
        clock="times are kept in UTC; the zone named above cuts periods and prints",
        verify=verify(context),
    )


def verify(context: Context) -> tuple[doc.Command, ...]:
    """Three commands for a reader with Python alone; docs/verify-evidence.md says what each proves."""
    return (
        doc.Command(
            shows="the figures, from the file attached to this PDF: the same sum from its inputs",
            command="python3 -I -S recompute_claim.py statement.json",
        ),
        doc.Command(
            shows="the log is whole and holds this document's evidence head (the bundle: ask us, or `kept evidence "
            "export bundle.zip`)",
            command=f"python3 -I -S verify_bundle.py bundle.zip {context.evidence_head}",
        ),
        doc.Command(
            shows="every file attached to the evidence appendix is the one listed there",
            command="pdfdetach -saveall evidence.pdf && sha256sum -c SHA256SUMS",
        ),
    )
