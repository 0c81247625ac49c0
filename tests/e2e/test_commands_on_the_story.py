"""The commands that judge and print, on the demo's record; and the demo itself, run a second time."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pikepdf
import pytest

from tests.running import Demo, kept
from tests.sla.vector_files import load

MONTH = ("--provider", "Northgate Hosting", "--month", "2025-06")


def attached(pdf: Path) -> dict[str, object]:
    with pikepdf.open(pdf) as opened:
        (file,) = opened.attachments.values()
        return dict(json.loads(file.get_file().read_bytes()))


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def mine(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's data again, to write to."""
    return demo.copy(tmp_path_factory.mktemp("mine") / "data")


def test_the_demo_says_where_everything_is(demo: Demo) -> None:
    assert str(demo.out) in demo.said.out
    assert demo.token in demo.said.out
    assert "/docs" in demo.said.out
    assert (demo.data / "demo-token").stat().st_mode & 0o077 == 0, "the token is for its user alone"
    papers = sorted(path.name for path in demo.out.glob("*.pdf"))
    assert papers == [
        "2025-06_HOST-1_claim.pdf", "2025-06_HOST-1_evidence.pdf", "2025-06_HOST-1_report.pdf",
        "2025-06_HOST-1_report_so-far.pdf",
    ]  # fmt: skip
    rounds = {path.name: len(list(path.glob("*.pdf"))) for path in (demo.out / "letters").iterdir()}
    assert rounds == {"1-L1": 84, "2-L2": 84, "3-L3": 84, "4-L2": 84, "5-L3": 84, "6-L4": 84, "7-L6": 36}


def test_the_demo_again_changes_nothing(demo: Demo, mine: Path) -> None:
    before, head = digests(demo.out), kept("evidence", "head", "--data", mine).out
    again = kept("demo", "--data", mine, "--out", demo.out)
    assert again.code == 0
    assert "loaded already; nothing was changed" in again.err
    assert digests(demo.out) == before
    assert kept("evidence", "head", "--data", mine).out == head


def test_the_demo_shows_a_claim_and_what_is_due(demo: Demo) -> None:
    """Filed on 1 July; an answer was asked for by 15 July, and none came."""
    (claim,) = kept("claims", "list", "--json", "--data", demo.data).json
    assert (claim["number"], claim["amount"], claim["state"], claim["late"]) == ("0001", "120.00", "filed", False)
    due = kept("due", "--json", "--data", demo.data)
    assert due.code == 1, "somebody has to do something"
    kinds = {item["kind"]: item for item in due.json}
    assert (kinds["reply"]["claim"], kinds["reply"]["last_day"]) == ("0001", "2025-07-15")
    assert kinds["request"]["level"] == "missed"


def test_the_log_is_whole(demo: Demo) -> None:
    verified = kept("evidence", "verify", "--json", "--data", demo.data)
    assert verified.code == 0
    assert verified.json["whole"] is True
    issued = json.loads((demo.out / "2025-06_HOST-1_report.json").read_text())["header"]
    expected = kept("evidence", "verify", "--expect", issued["evidence_head"], "--data", demo.data)
    assert expected.code == 0


def test_a_report_at_any_moment_leaves_nothing_behind(demo: Demo, mine: Path, tmp_path: Path) -> None:
    head = kept("evidence", "head", "--data", mine).out
    at = ("--as-at", "2025-06-30T06:00:00+02:00")
    made = kept("report", "monthly", *MONTH, *at, "--out", tmp_path, "--json", "--data", mine)
    assert made.code == 0, made.err
    assert made.json["issued"] is False
    shown = attached(Path(made.json["file"]))
    demos = json.loads((demo.out / "2025-06_HOST-1_report_so-far.json").read_text())
    for part in ("readings", "windows", "window_totals", "promises", "outages", "site_counts", "coverage", "months"):
        assert shown[part] == demos[part], part
    assert kept("evidence", "head", "--data", mine).out == head


def test_a_claim_issued_by_hand_is_a_version_of_its_own(demo: Demo, mine: Path, tmp_path: Path) -> None:
    made = kept("report", "breach", *MONTH, "--issue", "Dana Reyes", "--out", tmp_path, "--json", "--data", mine)
    assert made.code == 0, made.err
    assert (made.json["issued"], made.json["version"]) == (True, 2), "the demo issued the first"
    shown = attached(Path(made.json["file"]))
    demos = json.loads((demo.out / "2025-06_HOST-1_claim.json").read_text())
    assert shown["readings"] == demos["readings"]
    assert shown["amount"]["amount"] == {"amount": "120.00", "currency": "EUR"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--provider", "Southgate", "--month", "2025-06"), 4, "Northgate Hosting"),
        (("--provider", "Northgate Hosting", "--month", "2025-13"), 2, "2025-06"),
        ((*MONTH, "--as-at", "2025-06-30T06:00:00"), 2, "offset"),
        ((*MONTH, "--as-at", "tomorrow"), 2, "2025-06-30T06:00:00+02:00"),
        ((*MONTH, "--service", "HOST-9"), 2, "HOST-1"),
    ],
    ids=["provider", "month", "naive", "word", "service"],
)
def test_what_is_asked_for_wrongly_is_one_sentence(
    demo: Demo, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    refused = kept("report", "monthly", *words, "--out", tmp_path, "--data", demo.data)
    assert (refused.code, refused.out) == (code, "")
    assert told in refused.err
    assert len(refused.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_letters_come_out_as_they_went_out(demo: Demo, tmp_path: Path) -> None:
    words = ("letters", "render", "--provider", "Northgate Hosting", "--data", demo.data)
    done = kept(*words, "--notice", "7", "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    assert len(done.json["files"]) == 36
    assert digests(tmp_path / "letters" / "7-L6") == digests(demo.out / "letters" / "7-L6")
    lost = kept(*words, "--notice", "70", "--out", tmp_path)
    assert lost.code == 4
    assert "no such round" in lost.err


def test_observations_by_file_good_and_bad(mine: Path, tmp_path: Path) -> None:
    file = tmp_path / "july.csv"
    head = "at,monitor,state,latency_ms,error\n"
    good = [f"2025-07-01T08:{minute:02d}:00Z,HOST-1 from Berlin,up,400,\n" for minute in range(30)]
    file.write_text(head + "".join(good[:10]) + "2025-07-01T08:59:00,HOST-1 from Berlin,up,400,\n")
    bad = kept("import", "observations", file, "--data", mine)
    assert bad.code == 2
    assert re.search(r"\bline 12\b", bad.err)
    assert "nothing of this file was taken in" in bad.err
    file.write_text(head + "".join(good))
    first = kept("import", "observations", file, "--json", "--data", mine)
    assert first.code == 0, first.err
    assert (first.json["rows"], first.json["added"], first.json["already_there"]) == (30, 30, 0)
    again = kept("import", "observations", file, "--json", "--data", mine)
    assert again.code == 0
    assert again.json["added"] == 0


def test_availability_answers_in_the_shape_of_the_file(tmp_path: Path) -> None:
    vectors = load("availability.json")
    file = tmp_path / "availability.json"
    asked = [{"id": item["id"], "case": item["case"]} for item in vectors["vectors"]]
    file.write_text(json.dumps({"vectors": asked}))
    answered = kept("availability", file, "--json")
    assert answered.code == 0, answered.err
    assert [item["id"] for item in answered.json["results"]] == [item["id"] for item in asked]
    assert {item["id"]: item["answer"] for item in answered.json["results"]} == {
        item["id"]: item["answer"] for item in vectors["vectors"]
    }
    table = kept("availability", file)
    assert table.code == 0
    assert asked[0]["id"] in table.out
