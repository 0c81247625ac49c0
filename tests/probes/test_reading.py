"""What a file of observations may not be: every refusal names the line, the reason, and what is right."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import BadInput, KeptError
from app.probes.importing import reading
from app.probes.importing.fields import CLOCKS_APART, micros
from app.probes.importing.reading import Batch, Format, Reader, unpacked
from tests.conftest import NOW

HEAD = "at,monitor,state,latency_ms,error\n"
GOOD = "2025-06-28T22:00:00+02:00,a,up,183,\n"
DOWN = "2025-06-28T20:01:00Z,a,down,,connect_timeout\n"


def read(content: str | bytes, format: Format = "csv") -> list[Batch]:
    data = content.encode() if isinstance(content, str) else content
    return list(Reader(unpacked(io.BytesIO(data)), format, {"a": 1, "b": 2}, micros(NOW + CLOCKS_APART)).batches())


BAD = {
    "naive": ("2025-06-28T22:00:00,a,up,,", "at", "no offset"),
    "only a day": ("2025-06-28,a,up,,", "at", "no offset"),
    "seconds": ("1751140800,a,up,,", "at", "bare number"),
    "no time": ("yesterday,a,up,,", "at", "not a time in ISO 8601"),
    "no such day": ("2025-02-29T22:00:00Z,a,up,,", "at", "not a time in ISO 8601"),
    "nanoseconds": ("2025-06-28T22:00:00.123456789Z,a,up,,", "at", "finer than a microsecond"),
    "empty time": (",a,up,,", "at", "is needed"),
    "future": ("2025-07-01T09:00:06+02:00,a,up,,", "at", "future"),
    "far past": ("1970-01-01T00:00:00Z,a,up,,", "at", "between 1990 and 2200"),
    "unknown monitor": ("2025-06-28T22:00:00Z,c,up,,", "monitor", "POST there makes one"),
    "no monitor": ("2025-06-28T22:00:00Z,,up,,", "monitor", "is needed"),
    "state": ("2025-06-28T22:00:00Z,a,UP,,", "state", "states are up, degraded, down, unknown"),
    "no state": ("2025-06-28T22:00:00Z,a,,,", "state", "is needed"),
    "latency text": ("2025-06-28T22:00:00Z,a,up,12.5,", "latency_ms", "whole milliseconds"),
    "latency sign": ("2025-06-28T22:00:00Z,a,up,-1,", "latency_ms", "whole milliseconds"),
    "latency digits": ("2025-06-28T22:00:00Z,a,up,١٢,", "latency_ms", "whole milliseconds"),
    "latency huge": ("2025-06-28T22:00:00Z,a,up,86400001,", "latency_ms", "which is a day"),
    "error long": (f"2025-06-28T22:00:00Z,a,down,,{'x' * 201}", "error", "longer than 200"),
    "error control": ("2025-06-28T22:00:00Z,a,down,,a\x07b", "error", "U+0007"),
    "fields missing": ("2025-06-28T22:00:00Z,a,up", "", "has 3 fields; the header names 5"),
    "fields too many": ("2025-06-28T22:00:00Z,a,up,,,", "", "has 6 fields"),
    "open quote": ('2025-06-28T22:00:00Z,a,up,,"', "", "quote that is not closed"),
    "blank": ("", "", "is empty"),
    "NUL": ("2025-06-28T22:00:00Z,a,u\0p,,", "", "NUL"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_bad_line_refuses_the_file(name: str) -> None:
    line, field, reason = BAD[name]
    with pytest.raises(BadInput) as refused:
        read(HEAD + GOOD + DOWN + line + "\n" + GOOD.replace(":00:00", ":05:00"))
    (said,) = refused.value.problem()["errors"]
    assert said["field"] == (f"line 4: {field}" if field else "line 4")
    assert reason in said["reason"]
    assert said["example"]
    assert "nothing of this file was taken in" in refused.value.problem()["detail"]


BAD_JSON = {
    "not JSON": ("{at: 1}", "", "not a JSON object"),
    "array": ("[1]", "", "not a JSON object"),
    "text": ('"up"', "", "not a JSON object"),
    "deep": ("[" * 100_00, "", "not a JSON object"),
    "number for time": ('{"at": 1751140800, "monitor": "a", "state": "up"}', "at", "must be text, not 1751140800"),
    "no state": ('{"at": "2025-06-28T22:00:00Z", "monitor": "a"}', "state", "is needed"),
    "unknown field": ('{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "ok": 1}', "", "no field 'ok'"),
    "twice": ('{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "state": "down"}', "", "field twice"),
    "true": (
        '{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "latency_ms": true}',
        "latency_ms",
        "whole",
    ),
    "float": (
        '{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "latency_ms": 1.0}',
        "latency_ms",
        "whole",
    ),
    "list": ('{"at": "2025-06-28T22:00:00Z", "monitor": ["a"], "state": "up"}', "monitor", "must be text"),
    "lone half": (
        '{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "error": "\\ud83d"}',
        "error",
        "U+D83D",
    ),
    "two on a line": ('{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up"}' * 2, "", "not a JSON object"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_one_bad_json_line_refuses_the_file(name: str) -> None:
    line, field, reason = BAD_JSON[name]
    good = '{"at": "2025-06-28T22:00:00Z", "monitor": "a", "state": "up", "latency_ms": 1}'
    with pytest.raises(BadInput) as refused:
        read(f"{good}\n{line}\n{good}\n", "ndjson")
    said = refused.value.problem()["errors"][0]
    assert said["field"] == (f"line 2: {field}" if field else "line 2")
    assert reason in said["reason"]
    assert said["example"]


HEADERS = {
    "semicolons": ("at;monitor;state\n2025-06-28T22:00:00Z;a;up\n", "separated by commas"),
    "missing": ("at,state\n2025-06-28T22:00:00Z,up\n", "monitor is missing"),
    "none": (GOOD + DOWN, "is missing"),
    "unknown": ("at,monitor,state,colour\n2025-06-28T22:00:00Z,a,up,red\n", "no column 'colour'"),
    "twice": ("at,monitor,state,state\n2025-06-28T22:00:00Z,a,up,up\n", "twice"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_is_checked(name: str) -> None:
    content, reason = HEADERS[name]
    with pytest.raises(BadInput, match="line 1: header") as refused:
        read(content)
    assert reason in refused.value.problem()["detail"]


BROKEN = {
    "empty": (b"", "no observation"),
    "only a header": (HEAD.encode(), "no observation"),
    "only line ends": (b"\n\n\n", "no observation"),
    "not UTF-8": (HEAD.encode() + GOOD.encode() + b"2025-06-28T22:00:00Z,a,down,,caf\xe9\n", "line 3.*0xE9.*not UTF-8"),
    "UTF-16": ((HEAD + GOOD).encode("utf-16"), "UTF-16"),
    "endless line": (HEAD.encode() + b"x" * 400_000, "longer than 65536 bytes"),
    "cut gzip": (gzip.compress((HEAD + GOOD).encode())[:-9], "ends too early"),
    "damaged gzip": (gzip.compress((HEAD + GOOD).encode())[:-8] + b"12345678", "damaged"),
    "junk after gzip": (gzip.compress((HEAD + GOOD).encode()) + b"junk", "damaged"),
    "random": (bytes(range(253, 0, -1)), "not UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str) -> None:
    content, reason = BROKEN[name]
    with pytest.raises(KeptError, match=reason):
        read(content)


def test_the_first_five_bad_lines_are_named_wherever_they_are() -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    lines = [f"{(start + timedelta(minutes=n)).isoformat()},a,up,," for n in range(9_000)]
    wrong = [1, 3000, 4000, 7000, 7001, 8999]
    for place in wrong:
        lines[place] = lines[place].replace("up", "upp")
    assert sum(map(len, lines)) > 2 * reading.BLOCK
    with pytest.raises(BadInput) as refused:
        read(HEAD + "\n".join(lines))
    assert [error["field"] for error in refused.value.problem()["errors"]] == [
        f"line {place + 2}: state" for place in wrong[:5]
    ]


@pytest.mark.parametrize("block", [64, 100, 1000])
def test_blocks_leave_no_seam(block: int) -> None:
    """Wherever a block ends (inside a line, a sign of several bytes, a line end), every line is read once."""
    lines = [f"2025-06-28T20:{n:02d}:00Z,a,down,,größer {n}" for n in range(60)]
    usual = reading.BLOCK
    reading.BLOCK = block
    try:
        for content in ("\n".join([HEAD.strip(), *lines]), "\r\n".join([HEAD.strip(), *lines, "", "", ""])):
            batches = read(content)
            assert [error for batch in batches for error in batch.errors] == [f"größer {n}" for n in range(60)]
            assert [batch.line for batch in batches[1:]] == [batch.line + len(batch) for batch in batches[:-1]]
            with pytest.raises(BadInput, match="line 61: state"):
                read(content.replace("down,,größer 59", "up!,,größer 59"))
    finally:
        reading.BLOCK = usual


def test_the_memories_of_fields_are_bounded() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = "".join(f"{(start + timedelta(seconds=n)).isoformat()},a,down,{n},error {n}\n" for n in range(60_000))
    batches = read(HEAD + lines)
    ats = [at for batch in batches for at in batch.ats]
    assert ats == [micros(start) + n * 1_000_000 for n in range(60_000)]
    assert [value for batch in batches for value in batch.latencies] == list(range(60_000))
    assert batches[-1].errors[-1] == "error 59999"
