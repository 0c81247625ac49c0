"""The table of docs/audit-verdicts.md, row by row; hours are counted from the begin of the work, by the old clock."""

from __future__ import annotations

from typing import Any

import pytest

from app.integrity.compare.policy import Policies, Policy
from app.integrity.compare.rules import Frame, judge
from app.integrity.compare.values import Judgement, Look, Seen, Sight, Snap
from app.integrity.format import EXCLUDED, UNREADABLE, UNSTABLE

SECOND = 10**9
HOUR = 3600 * SECOND
START = 500_000 * HOUR
KEEP, SHIFT = Policy("preserve"), Policy("shift", 2 * HOUR)
NONE = Policy("none", windows=((START, START + 6 * HOUR), (START + 30 * HOUR, START + 31 * HOUR)))
NO, BLIND = Sight.ABSENT, Sight.NOT_LOOKED


def snap(number: int, id_: str, server: str, hour: int, after: bool = False) -> Snap:
    return Snap(number, id_, server, START + hour * HOUR, START + hour * HOUR, False, after)


SNAPS = [snap(0, "g0", "old", -300), snap(1, "g1", "old", -150), snap(2, "g2", "old", -1), snap(3, "h12", "old", 12),
         snap(4, "h20", "new", 20), snap(5, "a", "new", 48, True)]  # fmt: skip


def frame(policy: Policy = KEEP, *, offset: int | None = 0, names: str = "g0 g1 g2 h12 h20 a") -> Frame:
    chosen = [item for item in SNAPS if item.id in names.split()]
    return Frame(
        old=tuple(item for item in chosen if item.server == "old"),
        new=tuple(item for item in chosen if item.server == "new"),
        trusted=2, since_ns=START - HOUR, offset_ns=offset, slack_ns=2 * SECOND,
        policies={4: Policies(policy), 5: Policies(policy)},
    )  # fmt: skip


def f(text: str, hour: float, /, **more: Any) -> Seen:
    values: dict[str, Any] = {
        "kind": "f", "content": text.encode(), "size": 1000, "mtime_ns": START + int(hour * HOUR), "tail0": 0,
        "flags": 0, "mode": 0o644, "uid": 0, "gid": 0, "owner": "web", "group": "web", "xattr8": 0, "hlgroup": 0,
        "key": 1,
    }  # fmt: skip
    return Seen(**values | more)


A, B, C = f("a", -400), f("b", -200), f("c", -100)
EMPTY = f("", 3, size=0)


def said(looks: list[Look], what: Frame | None = None, proof: bool = False) -> Judgement:
    return judge(b"path", looks, what or frame(), lambda *_: proof)


def line(found: Judgement) -> str:
    return f"{found.verdict} {found.conf} {found.rule}"


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([A, A, A, A, NO, NO], "MISSING high 1"),
        ([A, A, A, A, A, NO], "MISSING medium 2"),
        ([NO, NO, NO, NO, f("n", 15), NO], "MISSING high 3"),
        ([NO, NO, NO, NO, NO, f("n", 30)], "NEW high 4"),
        ([NO, NO, NO, NO, NO, f("n", -500)], "NEW medium 4"),
        ([A, A, NO, NO, NO, A], "RESURRECTED high 5"),
        ([A, A, NO, NO, NO, f("n", 30)], "NEW medium 5"),
        ([A, B, C, C, C, C], "INTACT high 6"),
        ([A, A, A, A, A, f("a", -400, kind="d", content=None)], "TYPE_CHANGED high 7"),
        ([A, B, C, C, B, B], "REVERTED high 8"),
        ([A, B, C, C, C, f("b", -250)], "REVERTED high 8"),
        ([A, B, C, C, C, f("b", 30)], "REVERTED medium 9"),
        ([A, B, f("a", -90), f("a", -90), f("a", -90), f("b", 30)], "CHANGED low 10"),
        ([A, B, f("a", -90), f("a", -90), f("a", -90), B], "REVERTED low 10"),
        ([f("a", -400, size=9), C, C, C, C, f("a", 30, size=9)], "REVERTED low 10"),
        ([f("a", -400, size=9), C, C, C, C, f("a", -400, size=9)], "REVERTED high 8"),
        ([A, A, A, A, A, EMPTY], "TRUNCATED high 11"),
        ([A, A, A, A, A, f("0", 30, tail0=4096, size=90_000)], "CORRUPT high 13"),
        ([A, A, A, A, A, f("0", 30, tail0=300)], "CORRUPT high 13"),
        ([A, A, A, A, A, f("x", -400)], "CORRUPT high 14"),
        ([A, A, A, A, A, f("x", -400, size=9)], "TRUNCATED high 14"),
        ([C, C, C, C, C, f("x", -300)], "SUSPECT_STALE medium 15"),
        ([C, C, C, C, C, f("x", 30)], "CHANGED high 16"),
        ([A, A, A, A, A, f("x", -50)], "CHANGED_UNVERIFIED low 18"),
        ([A, A, A, A, A, f("x", 30, flags=UNSTABLE)], "UNKNOWN low 20"),
        ([A, A, A, A, A, f("x", 30, flags=UNREADABLE)], "UNKNOWN low 20"),
        ([A, A, A, f("x", 11, flags=UNSTABLE), NO, f("y", 30)], "UNKNOWN low 20"),
        ([A, A, A, f("x", 11, flags=UNREADABLE), NO, A], "UNKNOWN low 20"),
    ],
)
def test_each_row_of_the_table(looks: list[Look], expected: str) -> None:
    assert line(said(looks)) == expected


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([A, A, A, A, A, A], "INTACT high 6"),
        ([A, B, C, C, B, f("b", 3)], "REVERTED high 8"),
        ([A, B, C, C, C, f("b", 20)], "REVERTED medium 9"),
        ([A, B, C, C, C, f("b", 30.5)], "REVERTED high 8"),
        ([A, A, A, A, A, f("x", 20)], "CHANGED medium 17"),
        ([A, A, A, A, A, f("x", 30.5)], "CHANGED_UNVERIFIED low 17"),
        ([A, A, A, A, A, f("x", 3)], "CHANGED_UNVERIFIED low 17"),
        ([A, A, A, A, A, EMPTY], "TRUNCATED high 11"),
    ],
)
def test_where_the_copy_gave_files_its_own_time_the_end_of_the_copy_decides(looks: list[Look], expected: str) -> None:
    assert line(said(looks, frame(NONE))) == expected


def test_a_shifted_copy_is_no_change_and_a_stale_one_is_not_fresh() -> None:
    moved = frame(SHIFT)
    assert line(said([A, B, C, C, NO, f("x", -98)], moved)) == "CORRUPT high 14"
    assert line(said([A, B, C, C, NO, f("b", -198)], moved)) == "REVERTED high 8"
    late = f("c", -2)
    assert line(said([A, B, late, late, NO, f("x", -0.5)], moved)) == "SUSPECT_STALE medium 15"
    assert line(said([A, B, late, late, NO, f("x", 15)], moved)) == "CHANGED high 16"


@pytest.mark.parametrize("error", [-1.5, 0, 2])
def test_work_on_the_new_server_is_told_by_its_own_clock(error: float) -> None:
    late = f("c", -1.25)
    known = frame(offset=int(error * HOUR))
    assert line(said([A, B, late, late, late, f("x", 21 + error)], known)) == "CHANGED high 16"


def test_a_clock_that_nobody_knows_takes_the_certainty() -> None:
    unknown = frame(offset=None)
    assert line(said([A, A, A, A, A, f("x", 30)], unknown)) == "CHANGED_UNVERIFIED medium 16"
    assert line(said([A, B, C, C, C, f("b", -90)], frame())) == "REVERTED high 8"
    assert line(said([A, B, C, C, C, f("b", -9)], unknown)) == "REVERTED medium 9"
    assert line(said([A, B, C, C, C, B], unknown)) == "REVERTED high 8"


def test_a_prefix_that_is_proven_is_cut_whatever_its_date() -> None:
    short = f("x", 30, size=400)
    assert line(said([A, A, A, A, A, short], proof=True)) == "TRUNCATED high 12"
    assert line(said([A, A, A, A, A, short])) == "CHANGED high 16"


def test_a_damaged_copy_never_becomes_the_state_that_later_ones_are_measured_by() -> None:
    cut = f("x", -400, size=10)
    assert line(said([A, A, A, A, cut, cut])) == "TRUNCATED high 14"
    assert line(said([A, A, A, A, cut, A])) == "INTACT high 6"
    assert line(said([A, B, C, C, B, f("x", 30)])) == "CHANGED high 16"
    assert "OVER_DAMAGE" in said([A, B, C, C, B, f("x", 30)]).flags


def test_work_on_the_new_server_does_and_its_loss_is_told() -> None:
    edited = f("x", 15)
    assert line(said([A, A, A, A, edited, edited])) == "CHANGED high 16"
    undone = said([A, A, A, A, edited, A])
    assert (line(undone), undone.last, undone.generation) == ("REVERTED high 8", 4, 3)
    assert line(said([A, A, A, A, edited, f("x", -400, content=b"y")])) == "SUSPECT_STALE medium 15"
    assert line(said([A, A, A, A, edited, NO])) == "MISSING medium 2"
    assert line(said([A, A, A, A, edited, A], frame(offset=None))) == "REVERTED medium 9"


def test_what_changed_on_both_servers_is_flagged() -> None:
    there, here = f("old", 5), f("new", 15)
    assert said([A, A, A, there, here, here]).flags == ("FORK",)
    assert said([A, A, A, A, here, here]).flags == ()
    assert said([A, A, A, there, there, there]).flags == ()


def test_where_nobody_looked_nothing_is_missing() -> None:
    assert line(said([A, A, A, A, A, BLIND])) == "UNKNOWN low 20"
    assert line(said([A, A, A, BLIND, BLIND, A])) == "UNKNOWN low 20"
    assert line(said([A, A, A, A, BLIND, NO])) == "MISSING medium 1"
    assert said([A, A, NO, NO, NO, NO]).why == "absent_before"


def test_an_unread_baseline_stands_where_nothing_was_written_to_it() -> None:
    unread = f("", -400, content=None, flags=UNREADABLE)
    assert line(said([A, A, A, unread, NO, A])) == "INTACT medium 6"
    assert line(said([A, A, A, unread, NO, NO])) == "MISSING high 1"


def test_what_was_left_out_is_never_judged() -> None:
    out = f("a", -400, flags=EXCLUDED)
    assert line(said([out, out, out, out, out, out])) == "EXCLUDED high 0"
    assert line(said([out, out, out, out, out, NO])) == "EXCLUDED high 0"
    assert said([A, A, A, A, out, out]).why == "excludes_differ"
    assert line(said([A, A, A, out, out, A])) == "UNKNOWN low 20"


def test_a_date_in_the_time_to_come_says_nothing() -> None:
    future = f("a", 90_000)
    assert line(said([future, future, future, future, future, f("x", 30)])) == "CHANGED high 16"


def test_a_baseline_written_in_the_second_it_was_read_proves_less() -> None:
    late = f("c", 12)
    assert line(said([A, B, B, late, NO, f("x", 12)])) == "CORRUPT medium 14"


def test_links_are_judged_by_where_they_lead() -> None:
    link = f("../shared", -400, kind="l", size=9)
    assert line(said([link] * 6)) == "INTACT high 6"
    assert line(said([link, link, link, link, link, f("../other", 30, kind="l", size=8)])) == "CHANGED high 16"
    assert line(said([link, link, link, link, link, f("/x", -400, kind="l", size=2)])) == "CORRUPT high 14"
    assert line(said([link, link, link, link, link, f("content", -400)])) == "TYPE_CHANGED high 7"
    assert line(said([link, link, link, link, link, f("content", 30)])) == "TYPE_CHANGED medium 7"
