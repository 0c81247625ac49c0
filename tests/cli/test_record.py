"""Any action of the API by hand: the same checks, the same entry in the log, exit codes a script can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app.db import make_engine
from app.evidence.tables import Entry
from app.migrate import upgrade
from tests import running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    engine = make_engine(f"sqlite:///{folder / 'kept.sqlite3'}")
    upgrade(engine)
    engine.dispose()
    return folder


def kept(data: Path, *words: str) -> running.Ran:
    return running.kept(*words, "--data", data)


def test_a_fact_is_recorded_and_read_back(data: Path) -> None:
    made = kept(data, "record", "providers", '{"name": "Northgate Hosting"}', "--key", "first")
    assert made.code == 0, made.err
    again = kept(data, "record", "providers", '{"name": "Northgate Hosting"}', "--key", "first")
    assert json.loads(again.out) == json.loads(made.out), "the same key is answered, not carried out again"
    shown = json.loads(kept(data, "show", "providers").out)
    assert [item["name"] for item in shown["items"]] == ["Northgate Hosting"]
    engine = make_engine(f"sqlite:///{data / 'kept.sqlite3'}")
    with Session(engine) as session:
        actors = session.exec(select(Entry.actor).where(Entry.kind == "provider.added")).all()
    engine.dispose()
    assert actors == ["person:command line"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("record", "providers", '{"name": 3}'), 2, "name:"),
        (("record", "providers", "{"), 2, "BODY: is not JSON"),
        (("record", "providers", "@nowhere.json"), 2, "BODY: cannot be read"),
        (("show", "windows/01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"), 4, "no window has the id"),
        (("show", "nowhere"), 4, "Not Found"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(data: Path, words: tuple[str, ...], code: int, said: str) -> None:
    answer = kept(data, *words)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err
