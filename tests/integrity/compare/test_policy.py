"""How a copy treated dates, measured on files that are equal."""

from __future__ import annotations

import polars as pl

from app.integrity.compare.policy import Policies, Policy, by_folder, measure

S = 10**9
H = 3600 * S


def equal(*pairs: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"old": pl.Int64, "new": pl.Int64}, orient="row")


def test_dates_kept_to_the_second_are_kept() -> None:
    assert measure(equal(*((at * H, at * H + S // 2) for at in range(100)))) == Policy("preserve", measured=100)


def test_dates_shifted_by_one_zone_are_shifted() -> None:
    found = measure(equal(*((at * H, at * H - 2 * H) for at in range(100))))
    assert (found.kind, found.shift_ns) == ("shift", -2 * H)


def test_four_in_five_decide() -> None:
    kept, other = [(at * H, at * H) for at in range(80)], [(at * H, 900 * H + at * S) for at in range(20)]
    assert measure(equal(*kept, *other)).kind == "preserve"
    assert measure(equal(*kept[:-1], *other, (0, 901 * H))).kind == "none"


def test_a_copy_in_one_moment_of_files_of_one_age_is_no_shift() -> None:
    assert measure(equal(*((5 * H, 900 * H) for _ in range(100)))).kind == "none"


def test_the_copy_ends_where_it_pauses() -> None:
    copied = [(at * H, 900 * H + at * 10 * S) for at in range(1000)]  # to 900 h + 9990 s
    found = measure(equal(*copied, (1, 905 * H)))
    assert found.windows == ((900 * H - 60 * S, 900 * H + 10_050 * S), (905 * H - 60 * S, 905 * H + 60 * S))
    told = [found.while_copying(moment * H) for moment in (899, 901, 904, 905, 906)]
    assert told == [True, True, False, True, False]


def test_nothing_equal_is_nothing_measured() -> None:
    assert measure(equal()) == Policy("unknown")
    assert not measure(equal()).dated


def test_a_folder_copied_in_another_way_has_its_own_policy() -> None:
    rows = [(b"code", at * H, at * H) for at in range(90)] + [(b"up", at * H, 900 * H + at * S) for at in range(10)]
    table = pl.DataFrame(rows, schema={"top": pl.Binary, "old": pl.Int64, "new": pl.Int64}, orient="row")
    site = measure(table.select("old", "new"))
    folders = by_folder(table, site)
    assert (site.kind, {name: policy.kind for name, policy in folders.items()}) == ("preserve", {b"up": "none"})
    assert Policies(site, folders).of(b"up/a.jpg").kind == "none"
    assert Policies(site, folders).of(b"index.php").kind == "preserve"
