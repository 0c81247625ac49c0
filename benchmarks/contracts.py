"""Contracts: a year of one service judged under each draft of terms, against reading the same year's runs alone.

The dearest draft is the figure; what the others cost stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from sqlmodel import Session

from app.cases.gather import gather
from app.db import make_engine, reader
from app.presets.shelf import presets
from app.probes.queries import monitors_of
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.periods import calendar_month
from app.sla.terms import Sla, named_period
from benchmarks.frame import Figure, best, folder, number
from benchmarks.judging import AS_AT, YEAR, ZONE, build


def measure(quick: bool) -> Iterator[Figure]:
    times = 1 if quick else 5
    with folder() as place:
        url = f"sqlite:///{place}/year.sqlite3"
        (service,) = build(url, services=1, sites=0, months=YEAR)
        engine = make_engine(url)
        spans = [calendar_month(month, ZONE).span for month in YEAR]
        with Session(reader(engine)) as session:
            reading = best(times, lambda: [monitors_of(session, service, span) for span in spans])
            months = [gather(session, service, month, AS_AT, months=0) for month in YEAR]
            whole = gather(session, service, YEAR[-1], AS_AT, months=len(YEAR))
        engine.dispose()
    took: dict[str, float] = {}
    for draft in presets():
        cases = _year(months, replace(whole, periods_before=()), draft.terms)
        took[draft.name] = best(times, lambda cases=cases: [judge(case) for case in cases])  # type: ignore[misc]
    dearest = max(took, key=lambda name: took[name])
    yield Figure(
        name=f"a year of one service under each of {len(took)} drafts; the dearest: {dearest}",
        ours=1000 * took[dearest], baseline=1000 * reading, unit="ms", ratio=took[dearest] / reading, target="<= 5",
        against="reading the year's runs from SQLite alone, month by month",
        more=[f"half of the drafts take no more than {number(1000 * median(took.values()))} ms"],
    )  # fmt: skip


def _year(months: Sequence[Case], whole: Case, terms: Sla) -> list[Case]:
    """The year's facts under other terms: a case for each period these terms name, the fee in their currency."""
    periods = dict.fromkeys(named_period(terms, month) for month in YEAR)
    alike = len(periods) == len(months)
    version = replace(whole.terms[0], terms=terms)
    return [
        replace(months[place] if alike else whole, terms=(version,), period=period, currency=terms.currency)
        for place, period in enumerate(periods)
    ]
