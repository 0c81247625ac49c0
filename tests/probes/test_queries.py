"""What the law is given: runs around a span, sites in two queries, our own outages; and the sums over all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.clients.tables import Client
from app.probes import queries
from app.probes.actions import create_monitor, record_own_outage, withdraw_own_outage
from app.probes.tables import Monitor
from app.sites.tables import Site
from app.sla import case
from app.sla.case import State
from app.sla.spans import Span
from app.sla.sweep import WORST_KNOWN, sweep, totals
from app.sla.timeline import own_spans, read, runs_of
from tests.conftest import NOW
from tests.probes.conftest import THEN, Take
from tests.timeline import MINUTE, observations, runs

TICK = timedelta(microseconds=1)


def drawn(name: str, drawing: str, start: datetime = THEN) -> str:
    lines = [f"{at.isoformat()},{name},{state}" for at, state in observations(drawing, start)]
    return "\n".join(["at,monitor,state", *lines])


def minutes(low: float, high: float) -> Span:
    return Span(THEN + low * MINUTE, THEN + high * MINUTE)


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    said: list[str] = []
    engine = session.get_bind()

    def hear(_c: object, _k: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    sa.event.listen(engine, "before_cursor_execute", hear)
    yield said
    sa.event.remove(engine, "before_cursor_execute", hear)


def test_runs_reach_from_the_last_good_answer_before_to_the_first_after(
    session: Session, service_id: UUID, monitors: list[Monitor], take: Take
) -> None:
    #      0         10        20        30        40
    sky = "..##....##?????##??#####????????##....~~##.."
    take(drawn("a", sky))
    everything = runs(sky, THEN)
    within = minutes(20, 21)
    a, b = queries.monitors_of(session, service_id, within)
    assert (a.name, a.interval, a.confirm_after, a.until, b.runs) == ("a", MINUTE, 2, None, ())
    good_before = next(run for run in everything if run.first_at == THEN + 4 * MINUTE)
    good_after = next(run for run in everything if run.first_at == THEN + 34 * MINUTE)
    assert a.runs == everything[everything.index(good_before) : everything.index(good_after) + 1]
    # nothing good on one side: all there is
    (first, _) = queries.monitors_of(session, service_id, Span(THEN - MINUTE, THEN + MINUTE))
    assert first.runs == everything[:3][: len(first.runs)]
    (late, _) = queries.monitors_of(session, service_id, minutes(200, 300))
    assert late.runs == everything[-1:]


@pytest.mark.parametrize("seed", range(6))
def test_the_runs_given_decide_a_span_as_all_runs_would(
    session: Session, service_id: UUID, monitors: list[Monitor], take: Take, seed: int
) -> None:
    random = Random(seed)
    sky = "".join(random.choice(["....", "#", "##", "~~", "?", "????"]) for _ in range(120))
    if "." not in sky[:3]:
        sky = "." + sky
    take(drawn("a", sky))
    everything = tuple(runs_of(observations(sky, THEN), MINUTE))
    for _ in range(25):
        low = random.randint(0, len(sky))
        span = minutes(low, low + random.randint(1, 60))
        given = queries.monitors_of(session, service_id, span)[0]
        whole = type(given)(given.id, given.name, given.interval, given.confirm_after, everything)
        for monitor in (given, whole):
            assert set(monitor.runs) <= set(everything)
        as_at = span.end
        judged, expected = read(given, as_at), read(whole, as_at)
        assert list(sweep((span.start, span.end), judged.segments)) == list(
            sweep((span.start, span.end), expected.segments)
        )
        held = [f for f in expected.failures if f.held.overlaps(span)]
        assert [f for f in judged.failures if f.held.overlaps(span)] == held


def test_many_sites_in_two_queries(session: Session, service_id: UUID, take: Take) -> None:
    client = Client(created_at=THEN, salt="", number="C", name="C", address=[], language="en", zone="UTC")
    session.add(client)
    session.flush()
    sites = [Site(created_at=THEN, client_id=client.id, name=f"s{n}.example") for n in range(40)]
    session.add_all(sites)
    session.flush()
    for site in sites[:-1]:
        create_monitor(
            session, name=site.name, service_id=None, site_id=site.id, interval_seconds=60, confirm_after=2,
            source="own probe", now=THEN,
        )  # fmt: skip
    lines = [drawn(site.name, "..#..##~").split("\n", 1)[1] for site in sites[:-1]]
    take("at,monitor,state\n" + "\n".join(lines))
    session.flush()
    session.expunge_all()
    ids = [site.id for site in sites]
    with counted(session) as said:
        answer = queries.site_monitors_of(session, ids, minutes(0, 60))
    assert len(said) == 2
    assert set(answer) == set(ids)
    assert answer[ids[-1]] == ()
    assert [monitor.runs for monitor in answer[ids[7]]] == [runs("..#..##~", THEN)]


def test_own_outages_as_they_were_known(session: Session, monitors: list[Monitor]) -> None:
    later = NOW + timedelta(hours=1)
    first = record_own_outage(session, start_at=THEN, end_at=THEN + MINUTE, reason="cut", now=NOW)
    record_own_outage(session, start_at=THEN + 5 * MINUTE, end_at=THEN + 9 * MINUTE, reason="cut", now=later)
    withdraw_own_outage(session, first, reason="another day", now=later)
    month = minutes(0, 60)
    assert [own.span.start for own in queries.own_outages(session, month)] == [THEN + 5 * MINUTE]
    assert [own.span.start for own in queries.own_outages(session, month, as_at=NOW)] == [THEN]
    assert queries.own_outages(session, minutes(1, 5), as_at=later) == []
    assert queries.own_outages(session, minutes(9, 60), as_at=later) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_sums_are_those_of_a_sweep(session: Session, monitors: list[Monitor], take: Take, seed: int) -> None:
    """With every failure confirmed at once, the law's sweep and the sums over the runs agree to the microsecond."""
    random = Random(seed)
    sky = "".join(random.choice(["....", "#", "~", "?", "????"]) for _ in range(60))
    take(drawn("a", sky))
    monitor = runs(sky, THEN)
    whole = minutes(random.uniform(0, 40), random.uniform(60, 400))
    law = case.Monitor("x", "a", MINUTE, 1, monitor)
    for own in range(3):
        swept = totals(
            sweep(
                (whole.start, whole.end),
                [
                    (max(run.first_at, whole.start), min(end, whole.end), run.state)
                    for run, end in zip(monitor, _ends(monitor), strict=True)
                    if run.first_at < whole.end and end > whole.start
                ],
                excluded=[(s.start, s.end) for s in own_spans(queries.own_outages(session, whole))],
                rank=WORST_KNOWN,
            ),
            timedelta(0),
        )  # fmt: skip
        if own == 0:
            assert (
                totals(sweep((whole.start, whole.end), read(law, whole.end + timedelta(days=1)).segments), timedelta(0))
                == swept
            )
        answer = queries.observed(session, [monitors[0].id], whole)[monitors[0].id]
        none = timedelta(0)
        assert (answer.up, answer.degraded, answer.down) == tuple(
            swept.get(state.value, none) for state in (State.UP, State.DEGRADED, State.DOWN)
        )
        assert answer.up + answer.degraded + answer.down + answer.unknown == whole.length
        start = THEN + random.randint(0, 60) * MINUTE
        record_own_outage(session, start_at=start, end_at=start + 7 * MINUTE, reason="cut", now=NOW)
    everything = queries.observed(session, None, whole)
    answered = everything[monitors[0].id]
    assert answered.coverage == 1 - Fraction(answered.unknown // TICK, whole.length // TICK)
    assert everything[monitors[1].id].coverage == 0


def _ends(all_runs: tuple[case.ObservedRun, ...]) -> list[datetime]:
    stale = [run.last_at + 3 * MINUTE for run in all_runs]
    following = [run.first_at for run in all_runs[1:]] + [stale[-1]]
    return [min(pair) for pair in zip(stale, following, strict=True)]
