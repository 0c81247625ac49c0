"""A site's database held against its uploads, where no snapshot is from before: WordPress attachments without their
file, uploads without a row, and whether both are of one date. Nothing is changed."""

from __future__ import annotations

import os
import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.integrity.databases.engines import engine_of
from app.integrity.databases.snapshot import opened, why
from app.integrity.format import instant, shown
from app.integrity.published import core_version

UPLOADS = "wp-content/uploads"
APART = timedelta(hours=1)
DATED = re.compile(r"^\d{4}/\d{2}$")
SIZED = re.compile(r"(-\d+x\d+|-scaled|-rotated|-e\d{9,}|-pdf)+$")
NAMED = re.compile(r's:\d+:"([^"/]+\.[A-Za-z0-9]{2,5})"')
GUARDS = ("index.php", "index.html", ".htaccess")
NEEDED = {"posts": {"ID", "post_type", "post_date_gmt"}, "postmeta": {"post_id", "meta_key", "meta_value"}}


@dataclass(slots=True)
class Against:
    """`unlooked` says why something could not be held against something; nothing is called sound for it."""

    attachments: int = 0
    elsewhere: int = 0  # names an address, or a place outside the uploads
    missing: list[tuple[str, str]] = field(default_factory=list)  # (row, file)
    rowless: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)  # attachments whose file is named nowhere, and the other way
    newest_row: datetime | None = None
    newest_file: datetime | None = None
    tables_of: list[tuple[str, int, int]] = field(default_factory=list)  # (prefix, in the database, files expect)
    unlooked: list[str] = field(default_factory=list)

    @property
    def outdated(self) -> list[str]:
        """A database that a newer WordPress had upgraded already, beside files that know nothing of it."""
        return [
            f"files and database are of different dates: {prefix}options was upgraded to {there}, and the files of "
            f"WordPress are of {known}; the files may be an older copy"
            for prefix, there, known in self.tables_of
            if there > known
        ]

    @property
    def older(self) -> str | None:
        """Which of both is of an earlier date: newer rows whose files lack, or newer files that no row names."""
        if self.newest_row is None or self.newest_file is None:
            return None
        if self.missing and self.newest_row - self.newest_file > APART:
            return "files"
        return "database" if self.rowless and self.newest_file - self.newest_row > APART else None

    @property
    def damaged(self) -> bool:
        return bool(self.missing or self.nameless or self.older or self.outdated)

    def lines(self) -> list[str]:
        out = [f"{row}: its file is not there: {printed(file)}" for row, file in self.missing]
        out += [f"{printed(file)}: no attachment names it" for file in self.rowless]
        out += [*self.nameless, *(f"not compared: {reason}" for reason in self.unlooked)]
        if self.attachments or not self.unlooked:
            out.append(
                f"{self.attachments} attachments looked for, {len(self.missing)} without their file, "
                f"{self.elsewhere} kept elsewhere; {len(self.rowless)} uploads without a row"
            )
        if self.newest_row and self.newest_file:
            dates = (
                f"the newest upload is of {self.newest_file:%Y-%m-%d %H:%M} UTC, the newest attachment of "
                f"{self.newest_row:%Y-%m-%d %H:%M} UTC"
            )
            also = "; also explained by files that were copied without their dates" if self.older == "database" else ""
            found = f"files and database are of different dates: {dates}; the {self.older} may be an older copy{also}"
            out.append(found if self.older else dates)
        return out + self.outdated

    def as_json(self) -> dict[str, Any]:
        return {
            "attachments": self.attachments,
            "elsewhere": self.elsewhere,
            "missing": [{"row": row, "path": printed(file)} for row, file in self.missing],
            "rowless": [printed(file) for file in self.rowless],
            "nameless": self.nameless,
            "newest_row": None if self.newest_row is None else self.newest_row.isoformat(),
            "newest_file": None if self.newest_file is None else self.newest_file.isoformat(),
            "different_dates": self.older is not None or bool(self.outdated),
            "files_behind_database": self.outdated,
            "not_compared": self.unlooked,
        }


def held_against(folder: Path, url: str) -> Against:
    """Every blog of the database whose tables are there, against the uploads below the folder."""
    out = Against()
    try:
        engine = opened(url)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        known = isinstance(error, ValueError)
        out.unlooked.append(f"the database cannot be opened: {error if known else type(error).__name__}")
        return out
    try:
        with engine.connect() as connection:
            kind = engine_of(connection)
            connection.rollback()
            kind.begin(connection)
            blogs = _blogs(connection)
            if not blogs:
                out.unlooked.append("the database holds no WordPress attachments (no …posts with its …postmeta)")
            for prefix in blogs:
                _blog(connection, folder, prefix, blogs, out)
            expected = core_version(folder)[1]
            if expected is not None:
                out.tables_of = [(prefix, there, expected) for prefix, there in _upgraded(connection, blogs)]
    except (SQLAlchemyError, sqlite3.Error, ValueError) as error:
        out.unlooked.append(f"the database could not be read: {why(error)}")
    finally:
        engine.dispose()
    return out


def _blogs(connection: Connection) -> list[str]:
    """The prefixes under which posts and their meta are, whatever they are."""
    inspector = sa.inspect(connection)
    names = set(inspector.get_table_names())
    prefixes = sorted(name.removesuffix("postmeta") for name in names if name.endswith("postmeta"))
    return [
        prefix
        for prefix in prefixes
        if all(
            prefix + table in names and needed <= {column["name"] for column in inspector.get_columns(prefix + table)}
            for table, needed in NEEDED.items()
        )
    ]


def _upgraded(connection: Connection, blogs: list[str]) -> Iterator[tuple[str, int]]:
    """To which version of its tables WordPress had brought each blog, by its own note."""
    names = set(sa.inspect(connection).get_table_names())
    for prefix in blogs:
        if f"{prefix}options" not in names:
            continue
        options = sa.table(f"{prefix}options", sa.column("option_name"), sa.column("option_value"))
        query = sa.select(options.c.option_value).where(options.c.option_name == "db_version")
        if (value := connection.execute(query).scalar()) is not None and str(value).isdecimal():
            yield prefix, int(value)


def _blog(connection: Connection, folder: Path, prefix: str, blogs: list[str], out: Against) -> None:
    inner = re.fullmatch(r"(.*?)(\d+)_", prefix)
    place = UPLOADS + (f"/sites/{inner[2]}" if inner and inner[1] in blogs else "")
    if not (folder / place).is_dir():
        out.unlooked.append(f"there is no {place} below the folder for the attachments of {prefix}posts")
        return
    top = os.fsencode(folder / place)
    files = dict(_files(top, skip=b"" if inner else b"sites"))
    stems: set[str] = set()
    names: set[str] = set()
    folders: set[str] = set()
    dated: list[datetime] = []
    for row, there, at, file, meta in _rows(connection, prefix):
        if file is None or not there:
            lacks = "names no file" if file is None else f"names {printed(file)}, and its row is gone"
            out.nameless.append(f"{prefix}posts {row}: an attachment that {lacks}")
        if at:
            dated.append(at)
        if file is None:
            continue
        path = _inside(file)
        out.attachments += 1
        if path is None:
            out.elsewhere += 1
            continue
        at_folder, _, name = path.rpartition("/")
        folders.add(at_folder)
        stems.add(_stem(path))
        names |= {f"{at_folder}/{one}".lstrip("/") for one in (name, *NAMED.findall(meta or ""))}
        if path not in files and not os.path.exists(os.path.join(top, os.fsencode(path))):
            out.missing.append((f"{prefix}posts {row}", f"{place}/{path}"))
    counted: list[int] = []
    for path, changed in sorted(files.items()):
        at_folder, _, name = path.rpartition("/")
        own = path in names
        if own and SIZED.search(name.rpartition(".")[0]) is None:
            counted.append(changed)
        if own or _stem(path) in stems or name in GUARDS or not (at_folder in folders or DATED.match(at_folder)):
            continue
        out.rowless.append(f"{place}/{path}")
        counted.append(changed)
    newest = instant(max(counted)) if counted else None
    out.newest_file = max(filter(None, (out.newest_file, newest)), default=None)
    out.newest_row = max(filter(None, (out.newest_row, *dated)), default=None)


def _rows(connection: Connection, prefix: str) -> Iterator[tuple[Any, bool, datetime | None, str | None, str | None]]:
    """(key, whether its row is there, when made, file, its meta): of each attachment, and of each named file whose
    attachment is gone."""
    posts = sa.table(prefix + "posts", sa.column("ID"), sa.column("post_type"), sa.column("post_date_gmt"))
    meta = sa.table(prefix + "postmeta", sa.column("post_id"), sa.column("meta_key"), sa.column("meta_value"))
    file, more = meta.alias("file"), meta.alias("more")
    of_file = sa.and_(file.c.post_id == posts.c.ID, file.c.meta_key == "_wp_attached_file")
    of_more = sa.and_(more.c.post_id == posts.c.ID, more.c.meta_key == "_wp_attachment_metadata")
    query = (
        sa.select(posts.c.ID, sa.cast(posts.c.post_date_gmt, sa.String(32)), file.c.meta_value, more.c.meta_value)
        .select_from(posts.outerjoin(file, of_file).outerjoin(more, of_more))
        .where(posts.c.post_type == "attachment")
        .order_by(posts.c.ID)
    )
    for key, at, value, data in connection.execute(query):
        yield key, True, _moment(at), value, data
    gone = (
        sa.select(file.c.post_id, file.c.meta_value)
        .select_from(file.outerjoin(posts, file.c.post_id == posts.c.ID))
        .where(file.c.meta_key == "_wp_attached_file", posts.c.ID.is_(None))
        .order_by(file.c.post_id)
    )
    for key, value in connection.execute(gone):
        yield key, False, None, value, None


def _moment(text: str | None) -> datetime | None:
    """None for a date that was never set: 0000-00-00."""
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(text)[:19]).replace(tzinfo=UTC)
    return None


def _inside(value: str) -> str | None:
    """The path below the uploads; None for an address, and for a place outside them."""
    text = unicodedata.normalize("NFC", value.replace("\\", "/"))
    text = text.rpartition(f"/{UPLOADS}/")[2]
    if "://" in text or text.startswith("/") or "\0" in text:
        return None
    text = os.path.normpath(text)
    return None if text.startswith("..") else text


def _stem(path: str) -> str:
    """Of an original and of all that WordPress makes of it: other sizes, scaled, turned, a PDF's picture, .webp."""
    folder, _, name = path.rpartition("/")
    name = re.sub(r"\.(webp|avif)$", "", name) if name.count(".") > 1 else name
    return f"{folder}/{SIZED.sub('', name.rpartition('.')[0])}"


def _files(top: bytes, skip: bytes) -> Iterator[tuple[str, int]]:
    """Everything but folders, with when it was changed."""
    for folder, folders, names in os.walk(top):
        if folder == top and skip in folders:
            folders.remove(skip)
        for name in names:
            place = os.path.join(folder, name)
            with suppress(OSError):
                changed = os.lstat(place).st_mtime_ns
                yield unicodedata.normalize("NFC", os.fsdecode(os.path.relpath(place, top))), changed


def printed(path: str) -> str:
    return shown(os.fsencode(path))
