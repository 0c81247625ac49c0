"""What `kept doctor` looks at: is everything here that Kept needs, and if not, which command brings it.

Nothing outside the standard library is imported before the check that needs it, and no check raises: a missing piece
is an answer. What a check touches is an argument, so that a test hands in its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import errno
import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from app.settings import Settings

FONTS = Path(__file__).parent.parent / "reports" / "fonts"
FONT_MAGIC = (b"\x00\x01\x00\x00", b"OTTO", b"true")
FREE_BYTES = 200 << 20
OLDEST_PYTHON, OLDEST_SQLITE, OLDEST_PANGO, OLDEST_POSTGRES = (3, 11), (3, 35), (1, 44), 14


@dataclass(frozen=True)
class Check:
    """One thing looked at. `why` says what breaks without it, `how` is the command or the change that brings it."""

    name: str
    ok: bool
    found: str
    why: str
    how: str
    required: bool = True


class Answer(NamedTuple):
    """What a probe established."""

    ok: bool
    found: str
    how: str = ""


class Library(NamedTuple):
    """A shared library, by the names WeasyPrint loads it under, and the Debian package that brings it."""

    name: str
    names: tuple[str, ...]
    package: str
    why: str


LIBRARIES = (
    Library("GObject", ("gobject-2.0", "libgobject-2.0.so.0", "libgobject-2.0.0.dylib"), "libpango-1.0-0", "Pango"),
    Library("Pango", ("pango-1.0", "libpango-1.0.so.0", "libpango-1.0.dylib"), "libpango-1.0-0", "text on paper"),
    Library(
        "Pango FreeType",
        ("pangoft2-1.0", "libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
        "libpangoft2-1.0-0",
        "fonts",
    ),
    Library("HarfBuzz", ("harfbuzz", "libharfbuzz.so.0", "libharfbuzz.0.dylib"), "libpango-1.0-0", "shaping of text"),
    Library(
        "HarfBuzz subset",
        ("harfbuzz-subset", "libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"),
        "libharfbuzz-subset0",
        "papers that are the same bytes each time",
    ),
    Library("Fontconfig", ("fontconfig", "libfontconfig.so.1", "libfontconfig.1.dylib"), "fontconfig", "finding fonts"),
)


def load(names: Iterable[str]) -> Any | None:
    """Load a shared library as WeasyPrint does: each name as it stands, then as the linker completes it."""
    for name in sorted(names, key=lambda name: not name.startswith("lib")):
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name)
        with contextlib.suppress(OSError):
            if completed := ctypes.util.find_library(name):
                return ctypes.CDLL(completed)
    return None


def checks(
    settings: Settings,
    *,
    environment: Mapping[str, str] = os.environ,
    python: tuple[int, ...] = tuple(sys.version_info[:3]),
    loader: Callable[[Iterable[str]], Any | None] = load,
    fonts: Path = FONTS,
    faces: Iterable[str] | None = None,
    sqlite: tuple[int, ...] = sqlite3.sqlite_version_info,
    zone: Callable[[str], Any] = ZoneInfo,
    standing: Callable[[str], tuple[str | None, str]] | None = None,
) -> list[Check]:
    """Look at everything, in the order in which a person would put it right."""
    url = settings.url
    secret = _password(url)
    on_postgres = url.startswith("postgresql")

    def look(name: str, why: str, probe: Callable[[], Answer], required: bool = True) -> Check:
        try:
            answer = probe()
        except Exception as error:  # an answer, whatever went wrong
            answer = Answer(False, f"{type(error).__name__}: {error}".strip().splitlines()[0], "see the message")
        found = answer.found
        for spelling in sorted({secret, quote(secret, safe=""), unquote(secret)} - {""}, key=len, reverse=True):
            found = found.replace(spelling, "***")
        return Check(name, answer.ok, found, why, "" if answer.ok else answer.how, required)

    results = [
        look("Python", "Kept is written for Python 3.11 and newer", lambda: python_version(python)),
        look("settings", "a misspelt setting is silently not there", lambda: spelling(settings, environment), False),
        *(
            look(library.name, f"the print shop needs it for {library.why}", partial(shared, library, loader))
            for library in LIBRARIES
        ),
        look("fonts", "papers are set in the fonts that come with Kept", lambda: bundled(fonts, faces)),
        look("time zones", "periods are cut in the contract's zone", lambda: time_zones(zone)),
        look("data folder", "the database and attachments are kept there", lambda: writable(settings.data)),
        look("papers folder", "papers are written there", lambda: writable(settings.out), False),
        look("SQLite", "the record is kept in it", lambda: sqlite_usable(settings.data, sqlite), not on_postgres),
        look("port", "`kept serve` listens there", lambda: port_free(settings.host, settings.port)),
    ]
    if on_postgres:
        results.append(look("PostgreSQL", "the record is kept in it", lambda: postgres(url)))
    reached = not on_postgres or results[-1].ok
    schema = partial(migrated, url, standing) if reached else lambda: Answer(False, "not known", "PostgreSQL first")
    results.append(look("schema", "the tables must be those of this version", schema))
    return results


def python_version(running: tuple[int, ...]) -> Answer:
    """The interpreter is new enough."""
    return Answer(
        running[:2] >= OLDEST_PYTHON,
        _dotted(running),
        "make run PYTHON=python3.12 (any Python from 3.11 on)",
    )


def spelling(settings: Settings, environment: Mapping[str, str]) -> Answer:
    """Every KEPT_ variable is one that Kept reads."""
    known = {f"KEPT_{name.upper()}" for name in type(settings).model_fields}
    given = {name for name in environment if name.startswith("KEPT_") and not name.startswith("KEPT_TEST_")}
    strangers = sorted(name for name in given if name.upper() not in known)
    if strangers:
        return Answer(False, f"not a setting: {', '.join(strangers)}", f"unset {' '.join(strangers)}")
    return Answer(True, f"{len(given)} given, all known")


def shared(library: Library, loader: Callable[[Iterable[str]], Any | None]) -> Answer:
    """One shared library loads, and Pango is not from another decade."""
    loaded = loader(library.names)
    how = f"sudo apt-get install {library.package}"
    if loaded is None:
        return Answer(False, "not found", how)
    if library.name == "Pango":
        number = loaded.pango_version()
        version = (number // 10000, number // 100 % 100, number % 100)
        return Answer(version[:2] >= OLDEST_PANGO, _dotted(version), how)
    return Answer(True, "found")


def bundled(folder: Path, faces: Iterable[str] | None = None) -> Answer:
    """Every font that came with Kept is there and is a font; `faces` are those the papers cannot do without."""
    if faces is None:
        from reports import glyphs

        faces = (glyphs.TEXT, glyphs.SEMIBOLD, glyphs.FALLBACK)
    how = f"git checkout -- {folder.parent.name}/{folder.name}, or install Kept again"
    files = {path.name: path for path in folder.glob("*.[ot]tf")} if folder.is_dir() else {}
    missing = sorted(set(faces) - set(files))
    if missing or not files:
        return Answer(False, f"missing: {', '.join(missing) or 'all of them'}", how)
    broken = []
    for name, path in sorted(files.items()):
        with path.open("rb") as file:
            if file.read(4) not in FONT_MAGIC:
                broken.append(name)
    if broken:
        return Answer(False, f"not a font: {', '.join(broken)}", how)
    return Answer(True, f"{len(files)} fonts")


def time_zones(zone: Callable[[str], Any]) -> Answer:
    """Zones resolve, and know their daylight saving."""
    how = ".venv/bin/python -m pip install tzdata, or: sudo apt-get install tzdata"
    try:
        berlin = zone("Europe/Berlin")
    except LookupError as error:
        return Answer(False, str(error.args[0]) if error.args else "Europe/Berlin is not known", how)
    winter, summer = (datetime(2025, month, 1, tzinfo=UTC).astimezone(berlin).utcoffset() for month in (1, 7))
    right = (winter, summer) == (timedelta(hours=1), timedelta(hours=2))
    return Answer(right, f"Europe/Berlin is {winter} in winter and {summer} in summer", how)


def writable(folder: Path, free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free) -> Answer:
    """A file can be made in the folder, or in the place where the folder will be made, and the disk has room."""
    place = _existing(folder)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".kept-doctor-") as file:
            file.write(b"kept")
            file.flush()
    except OSError as error:
        how = f'sudo chown "$(id -un)" {place}'
        return Answer(False, f"{folder} cannot be written: {error.strerror or error}", how)
    left = free(place)
    told = f"{folder}{'' if place == folder else ' (not made yet)'}, {left / (1 << 30):.1f} GiB free"
    return Answer(left >= FREE_BYTES, told, f"make room on the disk that holds {place}: df -h {place}")


def sqlite_usable(folder: Path, version: tuple[int, ...]) -> Answer:
    """SQLite is new enough, and the folder's file system can do write-ahead logging (network shares cannot)."""
    if version[:2] < OLDEST_SQLITE:
        return Answer(False, _dotted(version), "use a Python built with SQLite 3.35 or newer")
    try:
        with (
            tempfile.TemporaryDirectory(dir=_existing(folder), prefix=".kept-doctor-") as scratch,
            contextlib.closing(sqlite3.connect(Path(scratch, "try.sqlite3"))) as connection,
        ):
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.execute("CREATE TABLE try (x)")
    except (OSError, sqlite3.Error) as error:
        return Answer(
            False, f"{_dotted(version)}, but not in {folder}: {error}", "KEPT_DATA=<a folder on a local disk>"
        )
    return Answer(mode == "wal", f"{_dotted(version)}, journal mode {mode}", "KEPT_DATA=<a folder on a local disk>")


def port_free(host: str, port: int) -> Answer:
    """Nobody listens there, or it is Kept itself."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(address)
            return Answer(True, f"{host}:{port} is free")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return Answer(False, f"{host}:{port}: {error.strerror}", "KEPT_HOST=127.0.0.1 KEPT_PORT=8000")
    connection = http.client.HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=2)
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read(4096))
        if isinstance(answer, dict) and "status" in answer and "version" in answer:
            return Answer(True, f"Kept {answer['version']} is running on {host}:{port}")
    return Answer(
        False, f"{host}:{port} is taken by another program", f"KEPT_PORT={port + 1 if port < 65535 else 8000}"
    )


def postgres(url: str) -> Answer:
    """The server answers and is new enough."""
    import psycopg

    shown = _shown(url)
    if set(_password(url)) & set("@/?#"):  # such an address is read differently by everyone, and quoted back in pieces
        how = "in the password write @ as %40, / as %2F, ? as %3F and # as %23"
        return Answer(False, "the password in KEPT_DATABASE_URL is ambiguous", how)
    plain = "postgresql://" + url.partition("://")[2]
    try:
        with psycopg.connect(plain, connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
    except psycopg.ProgrammingError:
        return Answer(
            False, "KEPT_DATABASE_URL cannot be read", "KEPT_DATABASE_URL=postgresql://user:password@host/kept"
        )
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        return Answer(False, f"{shown}: {said}", "start the server, or put KEPT_DATABASE_URL right")
    return Answer(
        version >= OLDEST_POSTGRES, f"{shown} is version {version}", "upgrade the server to version 14 or newer"
    )


def migrated(url: str, standing: Callable[[str], tuple[str | None, str]] | None = None) -> Answer:
    """The database stands at the newest migration. Never creates a database that is not there."""
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    if file is not None and not file.exists():
        return Answer(False, f"no database at {file} yet", "kept migrate")
    here, newest = (standing or _standing)(url)
    if (here or "") == newest:
        return Answer(True, f"at {here}")
    return Answer(False, f"at {here or 'nothing'}, newest is {newest}", "kept migrate")


def _standing(url: str) -> tuple[str | None, str]:
    """Ask the database where it stands."""
    from app.db import make_engine
    from app.migrate import pending

    engine = make_engine(url)
    try:
        return pending(engine)
    finally:
        engine.dispose()


def _dotted(version: Iterable[int]) -> str:
    return ".".join(map(str, version))


def _existing(folder: Path) -> Path:
    """The folder itself, or its nearest parent that is there."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())


def _password(url: str) -> str:
    """The password in a database address, also in one that is not well formed."""
    in_query = re.search(r"[?&]password=([^&]*)", url)
    login = url.partition("://")[2].rpartition("@")[0]
    return in_query[1] if in_query else login.partition(":")[2]


def _shown(url: str) -> str:
    """An address as it may be read by others: who, where and which database."""
    try:
        parts = urlsplit(url)
        who = f"{parts.username}@" if parts.username else ""
        return f"{who}{parts.hostname or 'local socket'}{f':{parts.port}' if parts.port else ''}{parts.path}"
    except ValueError:
        return "KEPT_DATABASE_URL"
