"""Volume, hours and rate: exact, in decimal units, rounded to the side that is true."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.correspondence.works import copy_sum
from app.sla.volumes import fits, needed, rate, takes, volume
from reports.errors import FiguresDisagree
from reports.letters.provider_check import _sum

TB = 10**12


def test_the_story() -> None:
    """2,000,000 MB / 7,200 s = 277.8 MB/s; 2,000,000 MB / 150 MB/s = 13,333.3 s = 3.70 h."""
    assert needed(2 * TB, 7200) == "278"
    assert takes(2 * TB, rate("150 MB/s")) == (13334, "3.7")
    assert fits(rate("150 MB/s"), 7200) == 1_080_000_000_000


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("2 TB", 2 * TB), ("2TB", 2 * TB), ("1.8 TB", 18 * 10**11), ("0.000001 MB", 1),
     ("750 GB", 75 * 10**10), ("1 PB", 10**15)],
)  # fmt: skip
def test_a_volume_is_read_exactly(text: str, bytes_: int) -> None:
    assert volume(text) == bytes_


@pytest.mark.parametrize(
    ("text", "said"),
    [("2 TiB", "binary"), ("2", "decimal units"), ("two TB", "decimal units"), ("-1 TB", "decimal units"),
     ("0 TB", "more than nothing"), ("1e3 GB", "decimal units"), ("2 TB/s", "decimal units"),
     ("٢ TB", "decimal units")],
)  # fmt: skip
def test_what_is_no_volume_says_what_is(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        volume(text)


@pytest.mark.parametrize("text", ["150", "150 MB", "150 MB/h", "150 Mbit/s", "0 MB/s", "150 MiB/s", "/s"])
def test_what_is_no_rate_says_what_is(text: str) -> None:
    with pytest.raises(ValueError, match="150 MB/s"):
        rate(text)


@pytest.mark.parametrize(
    ("bytes_", "seconds", "shown"),
    [(TB, 7200, "139"), (10**9, 7200, "0.139"), (720 * 10**9, 7200, "100"), (7199 * 10**8, 7200, "100"),
     (2 * TB, 86400, "23.2"), (50 * TB, 3600, "13889"), (1, 86400, "0.000001")],
)  # fmt: skip
def test_the_rate_needed_is_rounded_up(bytes_: int, seconds: int, shown: str) -> None:
    assert needed(bytes_, seconds) == shown


@settings(max_examples=150, deadline=None)
@given(st.integers(10**6, 10**17), st.integers(60, 10**6), st.integers(10**4, 10**11))
def test_what_is_printed_is_enough_and_hardly_more(bytes_: int, seconds: int, per_second: int) -> None:
    shown = Fraction(needed(bytes_, seconds)) * 10**6
    assert shown * seconds >= bytes_
    took, hours = takes(bytes_, per_second)
    assert (took - 1) * per_second < bytes_ <= took * per_second
    assert abs(Fraction(hours) * 3600 - Fraction(bytes_, per_second)) <= 180


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 999_999), st.integers(60, 10**6), st.integers(1, 999_999))
def test_the_printer_reckons_the_same_the_other_way_round(gigabytes: int, seconds: int, megabytes: int) -> None:
    made = copy_sum(seconds, f"{gigabytes} GB", None, f"{megabytes} MB/s", None)
    _sum(made)
    _sum(copy_sum(seconds, None, None, None, None))
    assert made.takes_seconds is not None
    with pytest.raises(FiguresDisagree):
        _sum(made.model_copy(update={"takes_seconds": made.takes_seconds + 2}))
