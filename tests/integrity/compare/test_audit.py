"""Whole comparisons over generations on disk: what is damaged or lacking costs certainty, never truth."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, NotFound
from app.integrity.compare import renaming
from app.integrity.compare.audit import Asked, Audit, SiteResult, excludes_differ
from app.integrity.compare.clocks import Given, order
from app.integrity.compare.summary import Summary
from app.integrity.compare.values import Verdict
from app.integrity.format import Unverifiable, read_generation
from tests.integrity.generator import DAY, EVIDENCE, HOUR, POLICIES, T0, Life, State, World, always, score, write

KEEP = {f"file{number}.php": State(str(number), T0 - 40 * DAY - number * HOUR, 500) for number in range(12)}
Paths = dict[str, State]


class Site:
    """What a site holds, by generation."""

    def __init__(self, **states: Paths) -> None:
        paths = {path for held in states.values() for path in held}
        self.lives = {
            path.encode("utf-8", "surrogateescape"): Life(
                "", {name: states.get(name, {}).get(path) for name in ("g0", "g1", "g2", "h12", "h20", "a")},
                always("INTACT"),
            )
            for path in paths
        }  # fmt: skip


def made(folder: Path, names: tuple[str, ...] = ("g1", "g2", "a"), **sites: Site) -> list[Given]:
    return write(sites, folder, names, known=True, error=0)  # type: ignore[arg-type]


def again(given: list[Given]) -> list[Given]:
    """Read from disk once more, after something was changed there."""
    return [Given(read_generation(item.generation.folder), item.server, item.role, item.clock) for item in given]


def edit(folder: Path, change: Callable[[Any], None]) -> None:
    file = folder / "manifest.json"
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


def judged(given: list[Given], **more: Any) -> dict[str, SiteResult]:
    return {result.site: result for result in Audit(Asked(order(given), **more)).results()}


def verdicts(result: SiteResult) -> dict[str, str]:
    rows = result.lines().iter_rows(named=True)
    return {row["path"].decode("utf-8", "surrogateescape"): row["verdict"] for row in rows}


def summary(given: list[Given], **more: Any) -> Summary:
    asked = Asked(order(given), **more)
    out = Summary(asked)
    for result in Audit(asked).results():
        out.add(result, tell=True)
    return out


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("error", [0, -90, 120])
def test_known_fates_are_found(tmp_path: Path, seed: int, error: int) -> None:
    """Nothing observable is missed in silence, nothing legitimate is an alarm of high confidence."""
    minutes = 60 * 10**9
    for known in (True, False) if seed == 0 else (True,):
        policy = POLICIES[seed]
        world = {"site": World(seed, policy, error * minutes, known, files=120)}
        for evidence in EVIDENCE:
            found = score(world, tmp_path / f"{known}{evidence}", evidence, known=known, error=error * minutes)
            assert (found.missed, found.false_high, found.drift, found.forks) == (0, 0, 0, 0), found.wrong
            assert found.agreed * 1000 >= found.paths * (995 if known else 950), found.wrong


def test_every_path_stands_there_once_in_one_order(tmp_path: Path) -> None:
    odd = {"b\udcff\nname": State("x", T0 - DAY, 9), "a/z": State("y", T0 - DAY, 9), "ä": State("z", T0 - DAY, 9)}
    given = made(tmp_path, s=Site(g1=KEEP | odd, g2=KEEP, a=KEEP | {"new": State("n", T0 + DAY, 50)}))
    first, second = judged(given)["s"].lines(), judged(list(reversed(given)))["s"].lines()
    assert first.equals(second)
    assert first["path"].to_list() == sorted(set(first["path"].to_list()))
    assert first.height == len(KEEP) + len(odd) + 1


def test_two_algorithms_are_refused(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g2=KEEP, a=KEEP))
    edit(tmp_path / "a", lambda record: record.update(algorithm="blake3"))
    with pytest.raises(BadInput, match="sha256 and a with blake3"):
        order(again(given))


def test_a_generation_given_twice_is_refused(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g2=KEEP, a=KEEP))
    with pytest.raises(BadInput, match="given twice"):
        order([given[0], *given])


def test_what_comes_after_the_judged_one_is_refused(tmp_path: Path) -> None:
    given = made(tmp_path, ("g2", "h20", "a"), s=Site(g2=KEEP, h20=KEEP, a=KEEP))
    swapped = [given[0], Given(given[2].generation, "new", "during", given[2].clock),
               Given(given[1].generation, "new", "after", given[1].clock)]  # fmt: skip
    with pytest.raises(BadInput, match="taken after"):
        order(swapped)


@pytest.mark.parametrize("damage", [lambda it: it[:-40], lambda it: it[:99] + b"?" + it[100:], lambda _: None])
def test_a_damaged_site_is_unknown_and_the_others_are_judged(tmp_path: Path, damage: Callable[[bytes], Any]) -> None:
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a={}), t=Site(g1=KEEP, g2=KEEP, a=KEEP))
    file = tmp_path / "a" / "sites" / "s.parquet"
    import hashlib

    edit(tmp_path / "a", lambda record: record["sites"][0].update(sha256=hashlib.sha256(file.read_bytes()).hexdigest()))
    changed = damage(file.read_bytes())
    file.write_bytes(changed) if changed is not None else file.unlink()
    found = judged(again(given))
    assert set(verdicts(found["s"]).values()) == {"UNKNOWN"}
    assert len(verdicts(found["s"])) == len(KEEP)
    assert set(verdicts(found["t"]).values()) == {"INTACT"}
    assert summary(again(given)).exit_code == 5


def test_a_damaged_older_generation_costs_what_it_knew(tmp_path: Path) -> None:
    old = {name: state.but(content=f"old {name}", mtime=state.mtime - DAY) for name, state in KEEP.items()}
    given = made(tmp_path, s=Site(g1=old, g2=KEEP, a=old | {"file0.php": KEEP["file0.php"]}))
    assert verdicts(judged(given)["s"])["file1.php"] == "REVERTED"
    (tmp_path / "g1" / "sites" / "s.parquet").write_bytes(b"PAR1")
    without = judged(given)["s"]
    assert verdicts(without)["file1.php"] == "SUSPECT_STALE"
    assert without.lacking


def test_a_delta_whose_base_was_touched_is_no_evidence(tmp_path: Path) -> None:
    import hashlib

    import polars as pl

    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP))
    for name in ("g1", "g2"):
        if name == "g2":  # only what changed since g1: nothing
            file = tmp_path / name / "sites" / "s.parquet"
            pl.read_parquet(file).clear().write_parquet(file)
        digest = hashlib.sha256((tmp_path / name / "sites" / "s.parquet").read_bytes()).hexdigest()
        edit(tmp_path / name, lambda record, digest=digest: record["sites"][0].update(sha256=digest))
    edit(tmp_path / "g2", lambda record: record.update(base={"id": "g1", "server_root": "g1"}))
    edit(tmp_path / "g2", lambda record: record["sites"][0].update(delta=True))
    assert set(verdicts(judged(again(given)[1:])["s"]).values()) == {"INTACT"}
    table = pl.read_parquet(tmp_path / "g1" / "sites" / "s.parquet")
    table.with_columns(size=pl.col("size") + 1).write_parquet(tmp_path / "g1" / "sites" / "s.parquet")
    assert set(verdicts(judged(again(given)[1:])["s"]).values()) == {"UNKNOWN"}


def test_a_manifest_cut_short_is_no_manifest(tmp_path: Path) -> None:
    made(tmp_path, s=Site(g2=KEEP, a=KEEP))
    file = tmp_path / "a" / "manifest.json"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(Unverifiable, match="cut short"):
        read_generation(tmp_path / "a")


def test_a_site_that_was_not_looked_at_has_nothing_missing(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP), t=Site(g1=KEEP, g2=KEEP, a=KEEP))
    edit(tmp_path / "a", lambda record: record.update(sites=record["sites"][1:]))
    found = judged(again(given))["s"]
    assert set(verdicts(found).values()) == {"UNKNOWN"}
    assert found.why == "site_not_in_after"
    edit(tmp_path / "a", lambda record: record["sites"][0].update(unopened="Permission denied"))
    assert set(verdicts(judged(again(given))["t"]).values()) == {"UNKNOWN"}


def test_a_renamed_site_is_suggested(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP), moved=Site(a=KEEP), other=Site(a={"x": State("x", T0, 9)}))
    for name in ("g1", "g2"):
        edit(tmp_path / name, lambda record: record.update(sites=[x for x in record["sites"] if x["name"] == "s"]))
    edit(tmp_path / "a", lambda record: record.update(sites=[x for x in record["sites"] if x["name"] != "s"]))
    found = judged(again(given))
    assert (found["s"].renamed_to, found["s"].why) == ("moved", "site_renamed")
    assert set(verdicts(found["s"]).values()) == {"UNKNOWN"}
    assert any("most of its contents are in the site 'moved'" in note for site in summary(again(given)).sites
               for note in site["notes"])  # fmt: skip


def test_a_folder_that_did_not_open_hides_what_is_below(tmp_path: Path) -> None:
    held = KEEP | {"deep/x": State("x", T0 - DAY, 99), "deep": State("", T0 - DAY, 0, kind="d")}
    shut = KEEP | {"deep": State("", T0 - DAY, 0, kind="d", flags=1)}
    given = made(tmp_path, s=Site(g1=held, g2=held, a=shut))
    assert verdicts(judged(given)["s"])["deep/x"] == "UNKNOWN"


def test_excludes_that_differ_are_said_and_not_judged(tmp_path: Path) -> None:
    out = {name: state.but(flags=16) for name, state in KEEP.items()}
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=out))
    edit(tmp_path / "a", lambda record: record["excludes"].update(patterns=["*.php"]))
    assert set(verdicts(judged(again(given))["s"]).values()) == {"UNKNOWN"}
    assert excludes_differ(again(given)) == ["a left out *.php"]
    assert "excludes differ: a left out *.php" in summary(again(given)).limits()


def test_a_folder_that_went_back_is_one_finding(tmp_path: Path) -> None:
    plugin = {f"plug/{name}": state for name, state in KEEP.items()}
    newer = {name: state.but(content=f"2 {name}", mtime=T0 - DAY) for name, state in plugin.items()}
    given = made(tmp_path, s=Site(g1=KEEP | plugin, g2=KEEP | newer, a=KEEP | plugin))
    (group,) = judged(given)["s"].found.groups  # type: ignore[union-attr]
    assert (group.folder, group.files, group.of) == (b"", 12, 12)
    edited = {name: state.but(content=f"3 {name}", mtime=T0 - DAY) for name, state in KEEP.items()}
    given = made(tmp_path / "2", s=Site(g1=KEEP | plugin, g2=edited | newer, a=edited | plugin))
    (group,) = judged(given)["s"].found.groups  # type: ignore[union-attr]
    assert group.folder == b"plug"
    assert "plug/ went back to g1: 12 of 12 files changed since" in summary(given).sites[0]["notes"]


def test_an_unpacked_update_is_named_as_such(tmp_path: Path) -> None:
    plugin = {f"plug/{name}": state for name, state in KEEP.items()}
    vendor = {name: state.but(content=f"v2 {name}", mtime=T0 - 60 * DAY) for name, state in plugin.items()}
    given = made(tmp_path, s=Site(g1=KEEP | plugin, g2=KEEP | plugin, a=KEEP | vendor))
    assert verdicts(judged(given)["s"])["plug/file0.php"] == "SUSPECT_STALE"
    note = "plug/: 12 files with dates of their own; an unpacked update explains that"
    assert note in summary(given).sites[0]["notes"]


def test_a_site_that_went_back_as_a_whole_is_measured_on_the_generation_it_is(tmp_path: Path) -> None:
    newer = {name: state.but(content=f"2 {name}", mtime=T0 - DAY) for name, state in KEEP.items()}
    given = made(tmp_path, s=Site(g1=KEEP, g2=newer, a=KEEP | {"file0.php": State("edit", T0 + 20 * HOUR, 90)}))
    found = verdicts(judged(given)["s"])
    assert (found["file0.php"], found["file1.php"]) == ("CHANGED", "REVERTED")


def test_a_folder_moved_is_moved_with_all_it_holds(tmp_path: Path) -> None:
    one = {"a": State("", 0, 0, kind="d")} | {f"a/{name}": state for name, state in KEEP.items()}
    other = {"b": State("", 0, 0, kind="d")} | {f"b/{name}": state for name, state in KEEP.items()}
    found = verdicts(judged(made(tmp_path, s=Site(g1=one, g2=one, a=other)))["s"])
    assert set(found.values()) == {"MOVED"}


def test_a_rename_of_an_upload_is_no_loss(tmp_path: Path) -> None:
    upload = State("u", T0 + 15 * HOUR, 900)
    given = made(tmp_path, ("g2", "h20", "a"), s=Site(g2=KEEP, h20=KEEP | {"u1": upload}, a=KEEP | {"u2": upload}))
    found = verdicts(judged(given)["s"])
    assert (found["u1"], found["u2"]) == ("MOVED", "MOVED")


def test_one_content_twice_is_no_proof_of_a_move(tmp_path: Path) -> None:
    twin = State("same", T0 - DAY, 900)
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP | {"x": twin, "y": twin}, a=KEEP | {"y": twin, "z": twin}))
    assert verdicts(judged(given)["s"])["x"] == "MISSING"


def test_two_names_that_became_one(tmp_path: Path) -> None:
    lower, upper = State("l", T0 - 20 * DAY, 900), State("u", T0 - 30 * DAY, 900)
    both = KEEP | {"Logo.png": upper, "logo.png": lower}
    kept = judged(made(tmp_path / "1", s=Site(g1=both, g2=both, a=KEEP | {"logo.png": lower})))["s"]
    assert kept.judged[b"Logo.png"].why == "case_collision"
    swapped = judged(made(tmp_path / "2", s=Site(g1=both, g2=both, a=KEEP | {"logo.png": upper})))["s"]
    assert swapped.judged[b"logo.png"].verdict is Verdict.CORRUPT
    nfc, nfd = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
    two = KEEP | {nfc: upper, nfd: lower}
    forms = judged(made(tmp_path / "3", s=Site(g1=two, g2=two, a=KEEP | {nfd: lower})))["s"]
    assert forms.judged[nfc.encode()].why == "case_collision"


def test_a_whole_site_of_an_earlier_day_is_said_in_one_line(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP))
    for name, root in (("g1", "aa"), ("g2", "bb"), ("a", "aa")):
        edit(tmp_path / name, lambda record, root=root: record["sites"][0].update(content_root=root))
    assert "all its contents are those of g1, byte for byte" in summary(again(given)).sites[0]["notes"]


def test_nothing_is_ever_called_free_of_loss(tmp_path: Path) -> None:
    told = summary(made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP)))
    text = " ".join(told.limits())
    assert told.exit_code == 0
    assert f"{len(KEEP)} equal to the copy of 2025-06-15 14:06 UTC" in text
    assert "no data" not in text
    said = ("unreadable", "unstable", "excluded", "blind from", "clocks: ", "snapshot g1: pre", "no snapshot during")
    assert [word for word in said if word not in text] == []
    assert told.findings == []


def test_an_old_state_that_is_later_than_the_judged_one_is_said(tmp_path: Path) -> None:
    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP))
    assert "was taken after the one that is judged" not in " ".join(summary(again(given)).limits())
    late = T0 + 900 * DAY
    edit(tmp_path / "g2", lambda record: record["taken_at"].update(start_ns=late, end_ns=late))
    said = "snapshot g2 of the old server was taken after the one that is judged, and is the measure all the same"
    assert said in summary(again(given)).limits()


def test_low_confidence_is_counted_and_not_told(tmp_path: Path) -> None:
    tiny = {name: state.but(size=9) for name, state in KEEP.items()}
    newer = tiny | {"file0.php": State("n", T0 - DAY, 9)}
    back = tiny | {"file0.php": tiny["file0.php"].but(mtime=T0 + DAY)}
    told = summary(made(tmp_path, s=Site(g1=tiny, g2=newer, a=back)))
    assert (told.totals["low"], told.totals["old"], told.findings, told.exit_code) == (1, 0, [], 4)


def test_without_a_snapshot_from_before_both_are_laid_side_by_side(tmp_path: Path) -> None:
    there = KEEP | {"edit": State("o", T0 + 30 * HOUR, 900), "only-old": State("p", T0, 900)}
    here = KEEP | {"edit": State("n", T0 + 3 * HOUR, 900), "only-new": State("q", T0, 900),
                   "file0.php": KEEP["file0.php"].but(content="x")}  # fmt: skip
    given = made(tmp_path, ("h12", "a"), s=Site(h12=there, a=here))
    found = judged(given, live=True)["s"]
    said = {path.decode(): (item.verdict.value, item.conf.value) for path, item in found.judged.items()}
    assert said == {
        "edit": ("SUSPECT_STALE", "medium"), "only-old": ("MISSING", "medium"), "only-new": ("NEW", "medium"),
        "file0.php": ("CORRUPT", "medium"),
    }  # fmt: skip
    assert "no snapshot from before the work: candidates for losses, not proof" in summary(given, live=True).limits()


def test_other_rights_owners_and_links_stand_beside_the_verdict(tmp_path: Path) -> None:
    import polars as pl

    given = made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP))

    def changed(name: str, **columns: pl.Expr) -> None:
        file = tmp_path / name / "sites" / "s.parquet"
        pl.read_parquet(file).sort("path").with_columns(**columns).write_parquet(file)

    key = pl.col("key").first()
    row = pl.int_range(pl.len())
    changed("g2", hlgroup=pl.when(row < 3).then(key).otherwise(0).cast(pl.UInt64))
    changed("a", mode=pl.when(row == 5).then(0o600).otherwise(pl.col("mode")).cast(pl.UInt32),
            owner=pl.when(row == 6).then(pl.lit("root")).when(row == 7).then(pl.lit("33")).otherwise(pl.col("owner")),
            xattr8=pl.when(row == 6).then(4).otherwise(0).cast(pl.UInt64),
            hlgroup=pl.when(row < 2).then(key).otherwise(0).cast(pl.UInt64))  # fmt: skip
    meta = [row["meta"] for row in judged(given)["s"].lines().iter_rows(named=True)]
    assert meta == [["hardlink"]] * 3 + [[], [], ["mode"], ["owner", "xattr"], [], [], [], [], []]
    assert judged(given, only_findings=True)["s"].lines(True).height == 5


def test_a_site_with_another_name_now_is_judged_like_any_other(tmp_path: Path) -> None:
    old, new = State("old", T0 - 9 * DAY, 5000), State("new", T0 - DAY, 5000)
    site = Site(g1=KEEP | {"a.php": old, "b.php": old}, g2=KEEP | {"a.php": new, "b.php": old}, a=KEEP | {"a.php": old})
    before, after = made(tmp_path / "x", ("g1", "g2"), s=site), made(tmp_path / "x", ("a",), t=site)
    plain = made(tmp_path / "y", s=site)
    given = renaming.renamed([*before, *after], renaming.names_of(["s=t"]))
    (found,) = judged(given).values()
    assert found.site == "t"
    assert verdicts(found) == verdicts(judged(plain)["s"])
    assert {verdicts(found)["a.php"], verdicts(found)["b.php"]} == {"REVERTED", "MISSING"}
    assert {result.why for result in judged([*before, *after]).values()} == {"site_renamed", "site_not_in_before"}
    with pytest.raises(NotFound, match="no generation has a site 'q'"):
        renaming.renamed(given, {"q": "t"})
    with pytest.raises(BadInput, match="they are two sites"):
        renaming.renamed(made(tmp_path / "z", s=site, t=site), {"s": "t"})
    for wrong in ("s", "s=", "=t", "s=s"):
        with pytest.raises(BadInput):
            renaming.names_of([wrong])
