"""A file of observations as columns of integers, a block at a time; every bad line named, with what is right.

One physical line is one observation. A block of lines is split and looked up as a whole; only when something in it
is wrong is it read again line by line, to say which line and why.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from app.errors import BadInput, TooLarge
from app.probes.importing.fields import Errors, Latencies, Monitors, States, Times, Wrong

Format = Literal["csv", "ndjson"]
NEEDED, OPTIONAL = ("at", "monitor", "state"), ("latency_ms", "error")
COLUMNS = NEEDED + OPTIONAL
HEADER = "at,monitor,state,latency_ms,error"
EXAMPLES = {
    "csv": "2025-06-28T22:00:00+02:00,HOST-1 from Berlin,down,,connect_timeout",
    "ndjson": '{"at": "2025-06-28T22:00:00+02:00", "monitor": "HOST-1 from Berlin", "state": "down"}',
}
BLOCK = 1 << 17  # what fits the processor's cache is read faster than a megabyte
LONGEST_LINE = 1 << 16
LARGEST_UNPACKED = 16 << 30
REPORTED = 5  # bad lines named in one answer


@dataclass(frozen=True, slots=True)
class Batch:
    """Observations of consecutive lines, as columns. `line` is the number of the first one's line."""

    line: int
    monitors: Sequence[int]
    ats: Sequence[int]
    states: Sequence[int]
    latencies: Sequence[int | None]
    errors: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.ats)


@dataclass(frozen=True, slots=True)
class BadLine:
    line: int
    field: str
    reason: str
    example: str | None

    def as_dict(self) -> dict[str, str | None]:
        where = f"line {self.line}: {self.field}" if self.field else f"line {self.line}"
        return {"field": where, "reason": self.reason, "example": self.example}


def refusal(bad: Sequence[BadLine], kind: type[BadInput] | Any = BadInput) -> Exception:
    """The error that refuses a whole file: the first bad line in its sentence, up to five in `errors`."""
    first = bad[0].as_dict()
    error: Exception = kind(
        f"{bad[0].reason}; nothing of this file was taken in",
        field=first["field"], example=bad[0].example, errors=[line.as_dict() for line in bad[:REPORTED]],
    )  # fmt: skip
    return error


def unpacked(stream: BinaryIO) -> BinaryIO:
    """The stream from its start, unpacked where it begins as a gzip file does."""
    stream.seek(0)
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[return-value]


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Its bytes, a block at a time. Raises BadInput for a broken gzip file, TooLarge for an endless one."""
    total = 0
    while True:
        try:
            block = stream.read(BLOCK)
        except EOFError:
            raise BadInput("the gzip file ends too early; send it again", field="body") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(f"the gzip file is damaged: {error}", field="body") from None
        if not block:
            return
        total += len(block)
        if total > LARGEST_UNPACKED:
            raise TooLarge(f"the file unpacks to more than {LARGEST_UNPACKED >> 30} GiB; split it", field="body")
        yield block


class Reader:
    """Reads one file. `known`: monitors by name and by id; `latest`: the last moment that is not the future, in
    microseconds since 1970."""

    def __init__(self, stream: BinaryIO, format: Format, known: dict[str, int], latest: int) -> None:
        self.stream, self.format = stream, format
        self.fields: dict[str, dict[Any, Any]] = {
            "at": Times(latest), "monitor": Monitors(known), "state": States(), "latency_ms": Latencies(),
            "error": Errors(),
        }  # fmt: skip
        self.names: tuple[str, ...] = COLUMNS

    def batches(self) -> Iterator[Batch]:
        """Every line, in order. Raises BadInput naming up to five bad lines; what was yielded before is void then."""
        bad: list[BadLine] = []
        read = 0
        for line, text in self._texts():
            if line == 1 and self.format == "csv":
                head, _, text = text.partition("\n")
                self.names = _header(head)
                line = 2
                if not text:
                    continue
            read += 1
            try:
                batch = self._batch(line, text)
            except (Wrong, ValueError, TypeError, KeyError, AttributeError, RecursionError, csv.Error):
                bad += self._diagnosed(line, text, REPORTED - len(bad))
                if len(bad) >= REPORTED:
                    break
                continue
            if not bad:
                yield batch
        if bad:
            raise refusal(bad)
        if not read:
            raise BadInput("there is no observation in this file", field="body", example=self._example())

    def _texts(self) -> Iterator[tuple[int, str]]:
        """Whole lines as text that ends in a line end, with the number of the first one."""
        line, rest, first = 1, b"", True
        source = blocks(self.stream)
        block: bytes | None = next(source, None)
        while block is not None:
            following = next(source, None)
            data = rest + block
            if first:
                first = False
                if data.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise BadInput("the file is UTF-16; save it as UTF-8", field="line 1", example=self._example())
                data = data.removeprefix(b"\xef\xbb\xbf")
            if following is None:
                data, rest = data.rstrip(b"\r\n") + b"\n", b""
                data = b"" if data == b"\n" else data
            else:
                cut = data.rfind(b"\n", 0, len(data.rstrip(b"\r\n"))) + 1  # line ends at the end wait for what follows
                data, rest = data[:cut], data[cut:]
                if len(rest) > LONGEST_LINE:
                    line += data.count(b"\n")
                    raise refusal([BadLine(line, "", f"is longer than {LONGEST_LINE} bytes", self._example())])
            if data:
                text = self._decoded(line, data)
                yield line, text
                line += text.count("\n")
            block = following

    def _decoded(self, line: int, data: bytes) -> str:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line += data.count(b"\n", 0, error.start)
            reason = f"has the byte 0x{data[error.start]:02X}, which is not UTF-8; save the file as UTF-8"
            raise refusal([BadLine(line, "", reason, self._example())]) from None
        return text.replace("\r\n", "\n") if "\r" in text else text

    def _batch(self, line: int, text: str) -> Batch:
        columns = _csv_columns(text, len(self.names)) if self.format == "csv" else _json_columns(text, COLUMNS)
        values: dict[str, Sequence[Any]] = {
            name: list(map(self.fields[name].__getitem__, column))
            for name, column in zip(self.names, columns, strict=True)
        }
        count = len(values["at"])
        nothing = [None] * count
        return Batch(
            line, values["monitor"], values["at"], values["state"],
            values.get("latency_ms", nothing), values.get("error", nothing),
        )  # fmt: skip

    def _diagnosed(self, line: int, text: str, at_most: int) -> list[BadLine]:
        """The first bad lines of a block known to hold one."""
        bad: list[BadLine] = []
        check: Callable[[str], BadLine | None] = self._bad_csv if self.format == "csv" else self._bad_json
        for number, one in enumerate(text.split("\n")[:-1], line):
            found = BadLine(0, "", "is empty", self._example()) if not one.strip() else check(one)
            if "\0" in one:
                found = BadLine(0, "", "has a NUL byte; the file is damaged or not text", self._example())
            if found is not None:
                bad.append(BadLine(number, found.field, found.reason, found.example))
                if len(bad) == at_most:
                    return bad
        return bad or [BadLine(line, "", "cannot be read together with the lines after it", self._example())]

    def _bad_csv(self, line: str) -> BadLine | None:
        try:
            (row,) = csv.reader([line + "\n"], strict=True)
        except (csv.Error, ValueError):
            return BadLine(0, "", "has a quote that is not closed, or one inside a field", self._example())
        if len(row) != len(self.names):
            reason = f"has {len(row)} fields; the header names {len(self.names)} ({','.join(self.names)})"
            return BadLine(0, "", reason, self._example())
        return self._bad_values(zip(self.names, row, strict=True))

    def _bad_json(self, line: str) -> BadLine | None:
        try:
            (values,) = _json_rows([line])
            return self._bad_values(values.items())
        except Wrong as wrong:
            return BadLine(0, wrong.field, wrong.reason, wrong.example or self._example())
        except (ValueError, RecursionError) as error:
            return BadLine(0, "", f"is not a JSON object: {error}", self._example())

    def _bad_values(self, values: Any) -> BadLine | None:
        for name, value in values:
            try:
                self.fields[name][value]
            except Wrong as wrong:
                return BadLine(0, name, wrong.reason, wrong.example)
        return None

    def _example(self) -> str:
        return EXAMPLES[self.format]


def _header(line: str) -> tuple[str, ...]:
    """The columns in the file's order. Raises BadInput for one that is missing, unknown or there twice."""
    try:
        (row,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError):
        row = [line]
    names = tuple(name.strip() for name in row)
    reason = None
    if missing := [name for name in NEEDED if name not in names]:
        reason = f"the header must name the columns {', '.join(NEEDED)}; {', '.join(missing)} is missing"
        if len(names) == 1 and any(sign in line for sign in ";\t|"):
            reason += "; columns are separated by commas"
    elif unknown := [name for name in names if name not in COLUMNS]:
        reason = f"there is no column {unknown[0][:40]!r}; there are {', '.join(COLUMNS)}"
    elif len(set(names)) < len(names):
        reason = "the header names a column twice"
    if reason:
        raise refusal([BadLine(1, "header", reason, HEADER)])
    return names


def _csv_columns(text: str, width: int) -> list[Sequence[str]]:
    """The fields of whole lines, column by column. A sign put in for each line end proves that every line has
    exactly `width` fields. Raises ValueError or csv.Error where one has not."""
    count = text.count("\n")
    if '"' in text:
        rows = list(csv.reader([line + "\n" for line in text.split("\n")[:-1]], strict=True))
        if len(rows) != count:
            raise ValueError("a field holds a line end")
        return list(zip(*rows, strict=True))
    flat = text.replace("\n", ",\n,").split(",")
    flat.pop()
    step = width + 1
    if len(flat) != count * step or flat[width::step] != ["\n"] * count:
        raise ValueError("a line has another number of fields")
    return [flat[place::step] for place in range(width)]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Wrong("names a field twice")
    return found


_decode = json.JSONDecoder(object_pairs_hook=_pairs).decode


def _json_rows(lines: Sequence[str]) -> list[dict[str, Any]]:
    """One object of known fields and plain values for each line. Raises Wrong, or ValueError for what is no JSON."""
    rows = list(map(_decode, lines))
    for row in rows:
        if type(row) is not dict:
            raise Wrong("is not a JSON object")
        for name, value in row.items():
            if name not in COLUMNS:
                raise Wrong(f"there is no field {name[:40]!r}; there are {', '.join(COLUMNS)}")
            kind = type(value)
            if name == "latency_ms":
                if kind is not int and value is not None:
                    raise Wrong("must be whole milliseconds or null", "183", name)
            elif kind is not str and not (value is None and name == "error"):
                raise Wrong(f"must be text, not {json.dumps(value)[:40]}", _TEXTS[name], name)
        for name in NEEDED:
            if name not in row:
                raise Wrong("is needed and was not given", _TEXTS[name], name)
    return rows


_TEXTS = {
    "at": "2025-06-28T22:00:00+02:00", "monitor": "HOST-1 from Berlin", "state": "down", "error": "connect_timeout",
}  # fmt: skip


def _json_columns(text: str, names: Sequence[str]) -> list[Sequence[Any]]:
    rows = _json_rows(text.split("\n")[:-1])
    return [[row.get(name) for row in rows] for name in names]
