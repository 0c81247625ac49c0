"""Two looks make one answer, and what an audit found is counted as it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.sla.assessed import Assessment, DataState, SiteData
from app.sla.case import Site, SiteCheck
from app.sla.sites import check_as_at
from app.sla.spans import Span
from tests.sla.cases import SOURCE, a_span, june

Answers = tuple[bool | None, bool | None, bool | None]
Y, N, X = True, False, None


@pytest.mark.parametrize(
    ("earlier", "later", "since", "wanted"),
    [
        ((X, X, Y), (Y, Y, X), None, (Y, Y, Y)),  # the files were compared, then the pages were looked at
        ((X, X, N), (Y, Y, X), None, (Y, Y, N)),
        ((Y, Y, X), (X, X, Y), None, (Y, Y, Y)),  # the other way round
        ((Y, Y, Y), (Y, Y, N), None, (Y, Y, N)),  # a later answer stands
        ((X, X, Y), (N, X, X), None, (N, X, X)),  # what cannot be reached is shown with no other answer
        ((N, X, X), (X, X, Y), None, (N, X, Y)),  # nobody has seen it answer since
        ((X, X, Y), (Y, Y, X), june(2), (Y, Y, X)),  # work began in between: the files were another server's
        ((X, X, X), (Y, X, X), None, (Y, X, X)),  # nobody looked
    ],
)
def test_answers_of_two_looks(earlier: Answers, later: Answers, since: datetime | None, wanted: Answers) -> None:
    checks = (SiteCheck(june(3), *later, SOURCE), SiteCheck(june(1), *earlier, SOURCE))  # in any order
    site = Site("S-001", "shop.example", (Span(june(1), june(30)),), checks=checks)
    found = check_as_at(site, june(4), since, ())
    assert found is not None
    assert (found.reachable, found.working, found.current, found.at) == (*wanted, june(3))
    first = check_as_at(site, june(2), since, ())
    assert first is not None
    assert (first.reachable, first.working, first.current) == earlier, "what came later is not known yet"
    ended_between = (a_span(june(1, 12), 60),)
    fresh = check_as_at(site, june(4), None, ended_between)
    assert fresh is not None
    assert (fresh.reachable, fresh.working, fresh.current) == later, "an outage ended since: it may hold no more"


def test_counts_and_the_interval_nobody_saw() -> None:
    def site(number: int, state: DataState, **more: int) -> SiteData:
        figures = dict.fromkeys(
            ("equal", "changed", "old", "lost", "unknown", "low", "excluded", "unreadable", "unstable"), 0
        )
        return SiteData(f"S-{number}", f"s{number}.example", state, **(figures | more), rows=(("LOST", 2), ("OLD", 1)))

    sites = (site(1, DataState.OLD, old=3), site(2, DataState.CURRENT, equal=9), site(3, DataState.OLD))
    found = Assessment("a", june(3), june(4), "0" * 64, (), june(1), june(2), None, "", (), sites)
    assert found.counts == {DataState.LOST: 0, DataState.OLD: 2, DataState.UNKNOWN: 0, DataState.CURRENT: 1}
    assert found.at_risk is not None
    assert found.at_risk.length == timedelta(days=1)
    assert Assessment("a", june(3), june(4), "0" * 64, (), june(2), june(1), None, "", (), sites).at_risk is None
    assert (found.of("S-2"), found.of("S-9")) == (sites[1], None)
    assert sites[0].rows_damaged == 3
