"""Pictures of a monitor: every figure in them decided before they are drawn, the same in words, readable in grey."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image
from sqlmodel import select
from typer.testing import CliRunner

import app.cli
from app.db import transaction
from app.prober.clocks import micros
from app.prober.engine import Answer
from app.prober.outcome import UP, Phases
from app.probes.charts.drawing import drawn
from app.probes.charts.picture import Bucket, Marked, Picture
from app.probes.recording import record
from app.probes.tables import Monitor
from app.sla.case import State
from app.sla.spans import Span
from tests.build import API, HOSTILE, Body, get, refused
from tests.conftest import NOW
from tests.watching.conftest import END, MINUTE, START, saw

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SVG = "{http://www.w3.org/2000/svg}"
DAY = timedelta(days=1)


def monitor_id(client: TestClient) -> str:
    return str(next(one["id"] for one in get(client, "/monitors")["items"] if one["name"] == "HTTP"))


def test_the_picture_says_in_words_and_figures_what_it_shows(
    owner: TestClient, engine: sa.Engine, window: Body
) -> None:
    saw(engine, ".*60 #*60 ?*30 .*30 ~*10 .*50", START - 60 * MINUTE, "HTTP")
    with transaction(engine) as session:
        key = session.exec(select(Monitor.key).where(Monitor.name == "HTTP")).one() or 0
        extra = [Answer(key, micros(START - 59 * MINUTE) + second * 10**6, UP, Phases(total=second * 10**5))
                 for second in range(1, 21)]  # fmt: skip
        record(session, extra)
    query = {"from": (START - 60 * MINUTE).isoformat(), "to": (END + 60 * MINUTE).isoformat()}
    path = f"/monitors/{monitor_id(owner)}/chart"
    shown = get(owner, path, **query)
    assert shown["sentence"] == (
        "HTTP, Sat 28 June 2025 21:00 to Sun 29 June 2025 01:00 (Europe/Berlin): up 2 h 20 min, degraded 10 min, "
        "down 1 h 02 min, unknown 28 min. Of 170 good answers half came within 201 ms and 95 % within 1208 ms. "
        "Announced window: Sat 28 June 2025 22:00 to Sun 29 June 2025 00:00."
    )
    assert shown["zone"] == "Europe/Berlin"
    assert [(one["state"], one["start_at"][11:16]) for one in shown["states"]] == [
        ("up", "19:00"), ("down", "20:00"), ("unknown", "21:02"), ("up", "21:30"), ("degraded", "22:00"),
        ("up", "22:10"),
    ]  # fmt: skip
    (busy,) = [one for one in shown["buckets"] if one["start_at"][11:16] == "19:00"]
    assert (busy["answers"], busy["p50_ms"]) == (22, 900)
    svg = owner.get(f"{API}{path}.svg", params=query)
    assert svg.headers["content-type"] == "image/svg+xml"
    tree = ET.fromstring(svg.text)
    assert tree.findtext(f"{SVG}title") == shown["sentence"]
    png = owner.get(f"{API}{path}.png", params=query)
    with Image.open(io.BytesIO(png.content)) as image:
        assert image.size[0] > 1600
        assert image.info["Description"] == shown["sentence"]
    assert owner.get(f"{API}{path}.png", params=query).content == png.content
    refused(owner, f"{path}.svg?to=2025-06-01T00:00:00Z&from=2025-06-01T00:00:00Z", {}, 422, "to", method="GET")
    refused(owner, f"{path}?to=2025-06-01T00:00:00Z&from=2023-06-01T00:00:00Z", {}, 422, "from", method="GET")


@on_sqlite
def test_a_monitor_that_never_answered_has_a_picture_and_says_so(owner: TestClient, host: Body) -> None:
    shown = get(owner, f"/monitors/{monitor_id(owner)}/chart")
    assert shown["sentence"].endswith("unknown 24 h 00 min. No good answer whose time is known.")
    assert owner.get(f"{API}/monitors/{monitor_id(owner)}/chart.png").content.startswith(b"\x89PNG")


def picture(name: str = "shop", hours: int = 48) -> Picture:
    span = Span(NOW - timedelta(hours=hours), NOW)
    middle = NOW - timedelta(hours=hours) / 2
    buckets = (Bucket(Span(span.start, middle), 9, 200, 1010), Bucket(Span(middle, middle + MINUTE), 9, 3, 9))
    states = (
        (span.start, middle, State.UP),
        (middle, middle + MINUTE, State.DOWN),
        (middle + MINUTE, NOW, State.UNKNOWN),
    )
    return Picture(
        name, "Europe/Berlin", span, buckets, states, (Marked(Span(middle, NOW + DAY), "window 3"),), 18, 3, 9
    )


@pytest.mark.parametrize("hours", [1, 4, 24, 48, 24 * 30, 24 * 400])
def test_whatever_the_length_marks_do_not_run_into_one_another(hours: int) -> None:
    tree = ET.fromstring(drawn(picture(HOSTILE, hours)))
    assert HOSTILE[:20] in "".join(tree.itertext())
    assert not list(tree.iter("script"))
    marks = sorted(
        float(one.attrib["x"]) for one in tree.iter(f"{SVG}text") if one.attrib.get("text-anchor") == "middle"
    )
    assert 3 <= len(marks) <= 18
    assert all(after - before >= 30 for before, after in pairwise(marks))
    assert all(float(one.attrib["font-size"]) >= 7 for one in tree.iter(f"{SVG}text"))
    for box in tree.iter(f"{SVG}rect"):
        assert 0 <= float(box.attrib["x" if "x" in box.attrib else "width"]) <= 648
    down = [one for one in tree.iter(f"{SVG}rect") if one.attrib["fill"] == "#a3123a"]
    assert min(float(one.attrib["width"]) for one in down) >= 0.6  # a minute in a year is seen


def test_the_command_writes_the_file_and_says_what_is_in_it(tmp_path: Path) -> None:
    app.cli.hang_in()
    said = CliRunner().invoke(app.cli.command, ["monitor", "chart", "x", "--out", str(tmp_path / "x.gif")])
    assert "must end in .png or .svg" in str(said.exception)
