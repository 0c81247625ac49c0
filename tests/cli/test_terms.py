"""`kept terms`: drafts, plain words, faults all at once, and worked examples answered as the file asks."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import app.cli
from app.cli import contracts
from app.errors import KeptError
from app.presets.shelf import names
from app.sla.settlement import settlement
from tests.sla.vector_files import load

assert contracts.terms  # hangs its commands in
VECTORS: dict[str, Any] = load("terms.json")
KEPT = [sys.executable, "-c", "from app.cli import main; main()"]


def kept(*words: str) -> tuple[int, str, str]:
    """In this process: exit code, standard output, and what is said on standard error."""
    done = CliRunner().invoke(app.cli.command, ["terms", *words])
    if isinstance(done.exception, KeptError):
        return done.exception.exit_code, done.stdout, done.exception.sentence()
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def write(folder: Path, content: Any) -> str:
    file = folder / "given.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(file)


def test_every_worked_example_comes_out_key_by_key(tmp_path: Path) -> None:
    questions = copy.deepcopy(VECTORS)
    for vector in questions["vectors"]:
        del vector["expected"]
    file = write(tmp_path, questions)
    done = subprocess.run([*KEPT, "terms", "try", file, "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert set(answer) == {"results"}
    assert [set(item) for item in answer["results"]] == [{"id", "expected"}] * len(VECTORS["vectors"])
    for vector, item in zip(VECTORS["vectors"], answer["results"], strict=True):
        wanted = {key: value for key, value in vector["expected"].items() if key != "notes"}
        assert (item["id"], item["expected"]) == (vector["id"], wanted)


def test_an_expected_that_stands_there_is_not_looked_at(tmp_path: Path) -> None:
    vector = {**VECTORS["vectors"][1], "expected": {"credit_amount": "1000000.00"}}
    code, out, _ = kept("try", write(tmp_path, {"vectors": [vector]}), "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["expected"]["credit_amount"] == "36.00"


def test_for_people_it_is_a_table(tmp_path: Path) -> None:
    code, out, _ = kept("try", write(tmp_path, VECTORS))
    assert code == 0
    assert "aws-001" in out
    assert "What these terms pay" in out


def test_one_that_cannot_be_read_is_named_and_the_others_are_answered(tmp_path: Path) -> None:
    bad = {**VECTORS["vectors"][0], "id": "bad-1", "monthly_fee": 120.0}
    code, out, err = kept("try", write(tmp_path, [bad, VECTORS["vectors"][1]]), "--json")
    assert code == 2
    assert "vectors[0] (bad-1): monthly_fee: 120.0 is not a decimal number written as text" in err
    first, second = json.loads(out)["results"]
    assert (first["id"], set(first)) == ("bad-1", {"id", "error"})
    assert second["expected"]["credit_amount"] == "36.00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"terms": None}, "terms: is missing"),
        ({"terms": {"target_percent": 99.5}}, "terms.target_percent: 99.5 is not"),
        ({"terms": {"tariff": 1}}, "terms.tariff: "),
        ({"terms": {"currency": "EUR"}}, "terms.currency: is 'EUR', and the fee's is 'USD'"),
        ({"kind": "generous"}, "kind: 'generous' is none of"),
        ({"month": "2026-13"}, "month: '2026-13' is not a month"),
        ({"timezone": "Berlin"}, "timezone: "),
        ({"currency": "dollar"}, "currency: "),
        ({"monthly_fee": None}, "monthly_fee: is missing"),
        ({"monthly_fee": "-1"}, "monthly_fee: -1 is negative"),
        ({"downtime": {}}, "downtime: must be a list"),
        ({"downtime": [3]}, "downtime[0]: needs a start and an end"),
        ({"downtime": [{"start": "2026-04-03T10:00:00", "end": "2026-04-03T11:00:00Z"}]}, "downtime[0].start: needs"),
        ({"downtime": [{"start": "2026-04-03T10:00:00Z", "end": "2026-04-03T10:00:00Z"}]}, "downtime[0]: must end"),
        ({"downtime": [{"start": "yesterday", "end": "2026-04-03T10:00:00Z"}]}, "'yesterday' is not a moment"),
        ({"maintenance": [{"kind": "sudden"}]}, "maintenance[0].kind: "),
        ({"maintenance": [{"kind": "scheduled", "outcome": "lost"}]}, "maintenance[0].outcome: "),
        ({"maintenance": [7]}, "maintenance[0]: must be an object"),
        ({"kind": "repair"}, "terms.promise: is missing"),
        ({"kind": "termination"}, "terms.termination: is missing"),
        ({"as_of": 3}, "as_of: 3 is not a moment"),
    ],
)
def test_each_bad_fact_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    vector = {**VECTORS["vectors"][1], **change}
    code, _, err = kept("try", write(tmp_path, [vector]))
    assert code == 2
    assert said in err
    assert "for example" in err


def test_no_spoilt_example_ends_in_a_traceback() -> None:
    """Each example, a value of it at random replaced by something else: an answer, or a sentence."""
    chance = random.Random(7)
    spoilt = (
        None,
        "",
        "x",
        -1,
        0,
        1,
        2.5,
        10**30,
        True,
        [],
        {},
        [[]],
        "99999999999999",
        "9999-12",
        "9999-12-31T23:59:59Z",
    )

    def places(value: Any) -> list[tuple[Any, Any]]:
        keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
        return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]

    answered, said = 0, list[str]()
    for vector in VECTORS["vectors"] * 40:
        example = {key: copy.deepcopy(value) for key, value in vector.items() if key != "expected"}
        parent, key = chance.choice(places(example))
        parent[key] = chance.choice(spoilt)
        try:
            settlement(example)
            answered += 1
        except ValueError as error:
            said.append(str(error))
    assert all(said)
    assert answered > 100


@pytest.mark.parametrize("content", ["", "{", "[1, 2", "null", "3", '{"vectors": 3}', '{"a": NaN}', '{"a": 1, "a": 2}',
                                     "[" * 100_000])  # fmt: skip
@pytest.mark.parametrize("verb", ["try", "check"])
def test_a_bad_file_is_one_sentence(tmp_path: Path, verb: str, content: str) -> None:
    code, out, err = kept(verb, write(tmp_path, content))
    assert code == 2
    assert "for example" in out + err


@pytest.mark.parametrize("verb", ["try", "check", "show"])
def test_a_file_that_is_not_there(tmp_path: Path, verb: str) -> None:
    code, _, said = kept(verb, str(tmp_path / "nowhere.json"))
    assert code == 2
    assert "cannot be read" in said
    (tmp_path / "latin.json").write_bytes(b'"\xfc"')
    assert kept(verb, str(tmp_path / "latin.json"))[0] == 2


def test_check_tells_everything_at_once(tmp_path: Path) -> None:
    data = {"timezone": "UTC", "currency": "EUR", "target_percent": 99.9, "tariff": 1, "claim": {"kind": "automatic"}}
    code, out, err = kept("check", write(tmp_path, data), "--fee-currency", "USD")
    assert code == 2
    assert [line.partition(":")[0] for line in out.splitlines() if not line.startswith(" ")] == [
        "currency", "target_percent", "tariff",
    ]  # fmt: skip
    assert "3 thing(s) to put right" in err
    code, out, _ = kept("check", write(tmp_path, data), "--json")
    assert [set(fault) for fault in json.loads(out)["faults"]] == [{"path", "reason", "example"}] * 2
    code, out, _ = kept("check", write(tmp_path, {**data, "target_percent": "99.9", "tariff": None} | {"tariff": 0}))
    assert code == 2


def test_check_finds_nothing_wrong_with_a_draft(tmp_path: Path) -> None:
    _, shown, _ = kept("show", "kinsta", "--json")
    file = write(tmp_path, shown)
    code, said, _ = kept("check", file)
    first, *notes = said.splitlines()
    assert (code, first) == (0, f"{file}: nothing is wrong with these terms")
    assert "Note: needs_review.period: Put in your own day and zone." in notes[0]
    assert "Every day 02:00 to 05:00" in kept("show", file)[1]


def test_show_in_plain_words_with_quotations() -> None:
    code, out, _ = kept("show", "azure-vm")
    assert code == 0
    assert "Draft: compare with your own contract" in out
    assert "“end of the calendar month following the incident”" in out
    assert "To be claimed by the end of period 1" in out
    code, _, said = kept("show", "azure")
    assert code == 4
    assert "azure-vm" in said


def test_presets_lists_them_all() -> None:
    _, out, _ = kept("presets", "--json")
    assert [item["name"] for item in json.loads(out)["items"]] == list(names())
    assert "compare with your own contract" in kept("presets")[1]


def test_schema_is_json() -> None:
    _, out, _ = kept("schema")
    assert json.loads(out)["$schema"].endswith("2020-12/schema")
    assert kept("schema", "--markdown")[1].startswith("### The terms")
