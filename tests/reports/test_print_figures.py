"""The figures: linear scales, round ticks, escaped text, nothing smaller than seven points."""

import re
from datetime import date

import pytest
from markupsafe import Markup

from reports import charts
from reports.charts.ink import ACCENT, ticks
from reports.charts.timeledger import sum_line
from reports.documents import Day, MonthBar, Site
from reports.words import Words
from tests.reports.story_facts import OPEN, sites, windows
from tests.reports.story_monthly import TOTALS, days, monthly

W = Words("Europe/Berlin", "en-GB", 2025)
HOSTILE = '</title><script>alert(1)</script>&"'


def drawn() -> dict[str, Markup]:
    report = monthly(OPEN)
    return {
        "ledger": charts.time_ledger(report.windows, TOTALS, HOSTILE, W),
        "gantt": charts.gantt(report.windows, OPEN, HOSTILE, W),
        "calendar": charts.calendar(report.days, HOSTILE, W),
        "months": charts.months(report.months, HOSTILE, W),
        "sites": charts.site_grid(report.sites, HOSTILE),
    }


def rectangles(svg: str, fill: str) -> list[tuple[float, float]]:
    """(x, width) of each rectangle with this fill."""
    found = re.findall(rf'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="{re.escape(fill)}"', svg)
    return [(float(x), float(width)) for x, width in found]


def test_every_figure_is_an_image_with_its_sentence_and_no_markup_of_others() -> None:
    for name, svg in drawn().items():
        assert 'role="img"' in svg, name
        assert "<title>&lt;/title&gt;" in svg, name
        assert "<script" not in svg, name


def test_text_is_at_least_seven_points_and_colours_are_attributes() -> None:
    for name, svg in drawn().items():
        assert all(float(size) >= 7 for size in re.findall(r'font-size="([\d.]+)"', svg)), name
        assert not re.search(" (class|style)=", svg), name


def test_pattern_names_differ_between_figures() -> None:
    names = [name for svg in drawn().values() for name in re.findall(r'<pattern id="([^"]+)"', svg)]
    assert len(names) == len(set(names)) >= 4


def test_length_is_proportional_to_time() -> None:
    """2 h promised, 22 h beyond it: the accent bar is eleven times the grey one."""
    svg = drawn()["ledger"]
    (_, beyond), *_ = rectangles(svg, ACCENT)
    promised = rectangles(svg, "#bcc2ca")[0][1]
    assert beyond / promised == pytest.approx(11, rel=0.001)
    assert "12.0×" in svg
    assert "did not take place" in svg
    assert "≥ 16.0×" in svg


def test_sum_line() -> None:
    assert sum_line(TOTALS, windows(OPEN)) == "Announced 3 × 2 h = 6 h; carried out 1; taken 24 h 00 min"


def test_the_calendar_fills_the_share_of_the_day() -> None:
    svg = drawn()["calendar"]
    heights = [float(h) for h in re.findall(rf'height="([\d.]+)" fill="{ACCENT}"', svg)]
    assert heights[1] / heights[0] == pytest.approx(11, rel=0.01)  # 22 h and 2 h
    assert ">22:00<" in svg
    assert ">2:00<" in svg
    assert svg.index(">Mon<") < svg.index(">Sun<")
    american = charts.calendar(monthly().days, "", Words("America/New_York", "en-US", 2025))
    assert american.index(">Sun<") < american.index(">Mon<")


def test_days_not_reached_and_not_observed_look_different() -> None:
    def one(state: str) -> str:
        day = Day.model_validate(
            {"day": date(2025, 6, 2), "state": state, "length_seconds": 86400, "down_seconds": 0,
             "unknown_seconds": 86400 if state == "no_data" else 0, "announced": False}
        )  # fmt: skip
        return charts.calendar((day,), "", W)

    seen = {state: one(state) for state in ("measured", "no_data", "not_reached")}
    assert len(set(seen.values())) == 3
    assert "stroke-dasharray" in seen["not_reached"]
    assert 'fill="url(#day-unseen)"' in seen["no_data"]


def test_a_month_without_observation_is_hatched_and_has_no_number() -> None:
    bars = list(monthly().months)
    bars[0] = MonthBar(month=bars[0].month, down_seconds=None, allowed_seconds=None)
    svg = charts.months(bars, "", W)
    assert svg.count('fill="url(#month-unseen)"') == 1
    assert svg.count(">3<") == 0
    assert ">1,440<" in svg


def test_sites_stand_in_the_order_of_their_ids() -> None:
    rows = sites(OPEN)
    assert charts.site_grid(rows, "t") == charts.site_grid(tuple(reversed(rows)), "t")


@pytest.mark.parametrize("count", [1, 3, 120, 300, 1500])
def test_the_grid_keeps_its_width(count: int) -> None:
    some = [Site(site_id=f"S{i:05d}", host_name="a", state="unknown", down_from=None, down_to=None, down_seconds=0)
            for i in range(count)]  # fmt: skip
    svg = charts.site_grid(some, "t")
    assert float(re.findall(r'viewBox="0 0 ([\d.]+)', svg)[0]) == pytest.approx(493.2)
    assert all(x + width <= 493.3 for x, width in rectangles(svg, "#ffffff"))


@pytest.mark.parametrize(
    ("longest", "last", "steps"),
    [(115200, 129600, 6), (7200, 7200, 4), (59 * 3600, 60 * 3600, 5), (1, 300, 1), (40 * 86400, 42 * 86400, 6)],
)
def test_ticks_are_round(longest: int, last: int, steps: int) -> None:
    marks = ticks(longest)
    assert marks[0] == 0
    assert marks[-1] == last
    assert len(marks) == steps + 1


def test_days_of_the_clock_change_have_their_own_length() -> None:
    assert {day.length_seconds for day in days(OPEN, {}, set(), 3)} == {86400, 82800}  # Sun 30 March 2025
