"""Measured figures against a limit. June 2025, UTC, one observation a minute: 43200 of them, 1440 a day."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.case import Case, Gauge
from app.sla.judge import judge
from app.sla.metrics import figure_of, gauge, stands, wanted
from app.sla.promised import MetricPromise
from app.sla.spans import Span
from app.sla.statement import Promise, PromiseStatus
from tests.sla.cases import JUNE, a_case, a_monitor, a_span, june, some_terms
from tests.sla.test_judge import unseen

DAY = Span(june(1), june(2))
KEPT, BROKEN, OPEN, UNPROVEN = PromiseStatus.KEPT, PromiseStatus.BROKEN, PromiseStatus.OPEN, PromiseStatus.UNPROVEN


def promise(statistic: str = "mean", limit: str = "80", metric: str = "latency_ms", **more: Any) -> MetricPromise:
    return MetricPromise.model_validate(
        {"name": "speed", "metric": metric, "statistic": statistic, "limit": limit, **more}
    )


def counted(values: list[int]) -> list[tuple[int | None, int]]:
    return [(value, values.count(value)) for value in sorted(set(values))]


@pytest.mark.parametrize(
    ("statistic", "values", "figure"),
    [
        ("mean", [10, 20, 40], Fraction(70, 3)),
        ("max", [10, 20, 40], Fraction(40)),
        ("p50", [10, 20, 30, 40], Fraction(20)),  # rank 2 of 4
        ("p51", [10, 20, 30, 40], Fraction(30)),  # 2.04: rank 3
        ("p95", list(range(1, 101)), Fraction(95)),
        ("p99.9", list(range(1, 1001)), Fraction(999)),
        ("p1", [7, 8], Fraction(7)),
        ("p95", [], None),
    ],
)
def test_figures_are_exact(statistic: str, values: list[int], figure: Fraction | None) -> None:
    one = promise(statistic)
    assert figure_of(one, gauge(one, DAY, 0, counted(values))) == figure


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.integers(1, 99))
def test_the_nearest_rank_by_its_definition(values: list[int], percentile: int) -> None:
    """The smallest value that at least so many percent of all values do not exceed."""
    one = promise(f"p{percentile}")
    found = figure_of(one, gauge(one, DAY, 0, counted(values)))
    least = min(v for v in values if sum(w <= v for w in values) * 100 >= percentile * len(values))
    assert found == least


@pytest.mark.parametrize(
    ("made", "one", "missing", "status"),
    [
        (promise(limit="20"), Gauge("speed", DAY, 4, 0, 4, 80), 0, KEPT),  # 80/4 is 20: on the limit is kept
        (promise(limit="20"), Gauge("speed", DAY, 4, 0, 4, 81), 0, BROKEN),
        (promise(limit="20"), Gauge("speed", DAY, 4, 0, 4, 80), 1, UNPROVEN),
        (promise(limit="20"), Gauge("speed", DAY, 4, 0, 4, 101), 1, BROKEN),  # 101/5 even if that one took no time
        (promise("max"), Gauge("speed", DAY, 4, 0, 4, 0, 81), 9, BROKEN),
        (promise("max"), Gauge("speed", DAY, 4, 0, 4, 0, 80), 0, KEPT),
        (promise("max"), Gauge("speed", DAY, 4, 0, 4, 0, 80), 1, UNPROVEN),
        # of 100 the 95th counts: 5 over are allowed, 6 are not
        (promise("p95"), Gauge("speed", DAY, 100, 0, 100, 0, 99, 5, 80), 0, KEPT),
        (promise("p95"), Gauge("speed", DAY, 100, 0, 100, 0, 99, 6, 81), 0, BROKEN),
        # 5 missing: rank 100 of 105. 0 over: kept, as 100 are within; 1 over: 99 are; 6 over: 94 + 5 are below 100
        (promise("p95"), Gauge("speed", DAY, 100, 0, 100, 0, 80, 0, 80), 5, KEPT),
        (promise("p95"), Gauge("speed", DAY, 100, 0, 100, 0, 99, 1, 80), 5, UNPROVEN),
        (promise("p95"), Gauge("speed", DAY, 100, 0, 100, 0, 99, 6, 81), 5, BROKEN),
        (promise(limit="1", metric="packet_loss_percent"), Gauge("speed", DAY, 100, 1), 0, KEPT),
        (promise(limit="1", metric="packet_loss_percent"), Gauge("speed", DAY, 100, 2), 0, BROKEN),
        # 1 of 100 failed, 10 missing: 0.91 % to 10 %
        (promise(limit="1", metric="packet_loss_percent"), Gauge("speed", DAY, 100, 1), 10, UNPROVEN),
        (promise(), Gauge("speed", DAY, 3, 3), 0, UNPROVEN),  # all failed: nothing was measured of its speed
        (promise(), Gauge("speed", DAY, 0, 0), 1440, UNPROVEN),
    ],
)
def test_whichever_way_the_missing_went(made: MetricPromise, one: Gauge, missing: int, status: PromiseStatus) -> None:
    assert stands(made, one, missing) is status


def judged(made: dict[str, Any], gauges: tuple[Gauge, ...] = (), *, terms: dict[str, Any] | None = None,
           **facts: Any) -> tuple[Promise, Case]:  # fmt: skip
    case = a_case(terms=some_terms(metrics=[made], **(terms or {})), gauges=gauges, **facts)
    (found,) = (one for one in judge(case).promises if one.kind == "metric")
    return found, case


LOSS = {"name": "loss", "metric": "packet_loss_percent", "limit": "0.5"}


def test_a_period() -> None:
    """216 of 43200 failed are exactly 0.5 %."""
    found, case = judged(LOSS, (Gauge("loss", JUNE.span, 43_200, 216),))
    assert [one.spans for one in wanted(case)] == [(JUNE.span,)]
    assert (found.status, found.figure, found.target) == (KEPT, Fraction(1, 200), Fraction(1, 200))
    assert found.title == "loss: packet loss at most 0.5 % over the period"
    assert found.text == "Worst: 0.50 % ; 0.5 % promised. 43200 observations.".replace(" ;", ";")
    assert found.clause == "metrics.0.limit"
    assert judged(LOSS, (Gauge("loss", JUNE.span, 43_200, 217),))[0].status is BROKEN


def test_each_day_and_what_it_pays() -> None:
    """Two of thirty days over the limit, 1 % of 400 for each day: 8.00."""
    days = [Span(june(1) + n * timedelta(days=1), june(1) + (n + 1) * timedelta(days=1)) for n in range(30)]
    made = {"name": "speed", "metric": "latency_ms", "statistic": "p95", "over": "day", "limit": "80",
            "credit": {"kind": "per_unit", "percent": "1", "unit_minutes": 1440}}  # fmt: skip
    gauges = tuple(
        Gauge("speed", span, 1440, 0, 1440, 0, 200, 73 if n in (4, 9) else 72, 95 if n == 9 else 80)
        for n, span in enumerate(days)
    )
    found, case = judged(made, gauges)
    assert [one.spans for one in wanted(case)] == [tuple(days)]
    assert (found.status, found.figure) == (BROKEN, timedelta(milliseconds=95))
    assert "Tue 10 June 2025 00:00; 80 ms promised" in found.text
    assert "2 of 30 days over the limit" in found.text
    assert found.credit is not None
    assert str(found.credit.amount) == "8.00"
    assert str(judge(case).due) == "8.00"


def test_each_hour_of_the_clock() -> None:
    found, case = judged({**LOSS, "over": "hour"})
    assert len(wanted(case)[0].spans) == 720
    assert found.status is UNPROVEN


def test_unknown_time_stands_for_missing_observations() -> None:
    """An hour of silence: about 60 observations of 43200, 0.14 %, which decide nothing here and everything there."""
    monitors = (a_monitor(unknown=(unseen(june(5), 60),)),)
    fine, _ = judged(LOSS, (Gauge("loss", JUNE.span, 43_140, 100),), monitors=monitors)
    assert fine.status is KEPT  # (100 + 60) / 43200 = 0.37 %
    assert "about 60 missing" in fine.text
    tight, _ = judged(LOSS, (Gauge("loss", JUNE.span, 43_140, 200),), monitors=monitors)
    assert tight.status is UNPROVEN  # 0.46 % to 0.60 %


def test_so_far() -> None:
    found, _ = judged({**LOSS, "over": "day"}, (Gauge("loss", DAY, 1440, 0),), as_at=june(2, 12))
    assert (found.status, found.open) == (OPEN, True)
    lost, _ = judged({**LOSS, "over": "day"}, (Gauge("loss", DAY, 1440, 10),), as_at=june(2, 12))
    assert (lost.status, lost.open) == (BROKEN, True)


def test_nothing_measured_is_never_kept() -> None:
    found, _ = judged(LOSS, monitors=())
    assert (found.status, found.figure, found.text) == (UNPROVEN, None, "Nothing was measured.")


def test_the_service_s_life_bounds_it() -> None:
    _, case = judged(LOSS, in_service=Span(june(10), june(20)))
    assert wanted(case)[0].spans == (Span(june(10), june(20)),)
    assert a_span(june(10), 14_400) == wanted(case)[0].spans[0]
