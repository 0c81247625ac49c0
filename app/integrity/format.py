"""A generation as it lies on disk: one state of all sites of one server, and how to read it.

    GEN/manifest.json               who, where, when, by which clock, what was left out; a record for each site; roots
    GEN/sites/<site>.parquet        a row for each entry (or .ndjson.gz, where the agent had no pyarrow)
    GEN/sites/<site>.delta.parquet  only what changed or went since the base generation (kind "-": gone)
    GEN/chunks/<site>.parquet       digests of parts of larger files, to prove that one was cut
    GEN/db/                         room for databases

docs/audit.md describes every field. Raises Unverifiable for what was damaged, IncompleteEvidence for what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from app.errors import BadInput, KeptError
from app.integrity.agent import containers, marks

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
LABELS = ("pre", "during", "post", "import", "test")
SERVERS = ("old", "new")
GONE = marks.GONE  # the kind of a delta's row whose path is no longer there

# Bits of `flags`. What is UNREAD in any way has no digest: it was not examined, and is never equal to anything.
UNREADABLE = marks.UNREADABLE  # could not be opened or read: rights, input/output error
CAPPED = marks.CAPPED  # larger, or slower to read, than the agent was allowed
UNSTABLE = marks.UNSTABLE  # written to again and again while it was read; the digest stands, and proves nothing
RACY = marks.RACY  # changed so shortly before it was read that the next snapshot must read it again
EXCLUDED = marks.EXCLUDED  # matches an exclude or a volatile path: counted, never judged, outside the roots
ELSEWHERE = marks.ELSEWHERE  # a folder on another file system: not entered
TOO_DEEP = marks.TOO_DEEP  # a folder deeper than the agent descends: not entered
NOT_TOLD = marks.NOT_TOLD  # an older backup names the file, and does not say what was in it
UNREAD = marks.UNREAD

COLUMNS = containers.COLUMNS


class Unverifiable(KeptError):
    """Evidence that was damaged, or does not fit what it says of itself."""

    status, title, exit_code = 422, "The evidence does not hold", 4


class IncompleteEvidence(KeptError):
    """Evidence that should be there and is not."""

    status, title, exit_code = 409, "Part of the evidence is not there", 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of one site in one generation."""

    path: bytes  # relative to the site, no leading slash
    kind: str  # f file, d folder, l link, p FIFO, s socket, b and c devices, ? something else
    mode: int  # permission bits
    uid: int
    gid: int
    owner: str  # the name, else the number as text
    group: str
    size: int  # 0 for folders
    mtime_ns: int
    ctime_ns: int
    ino: int
    nlink: int
    hlgroup: int  # the key of the first path of a group of hard links, 0 for a file with one name
    digest: bytes | None  # of a file's content, by the generation's algorithm; None where it was not read
    target: bytes | None  # where a link leads
    xattr8: int  # first 8 bytes of the digest of extended attributes and access lists, 0 for none
    tail0: int  # how many zero bytes the file ends in
    flags: int
    key: int  # first 8 bytes of SHA-256(site, 0, path)

    @property
    def content(self) -> bytes | None:
        """What equality of content is asked of: digest or target, or None where there is none or nobody read it."""
        return self.digest if self.kind == "f" else self.target

    @property
    def examined(self) -> bool:
        return not self.flags & (UNREAD | EXCLUDED)


@dataclass(frozen=True, slots=True)
class SiteManifest:
    """What the manifest says of one site. `record` is that record whole, as the server root covers it."""

    name: str
    client: str
    entries: int
    bytes: int
    root: str
    content_root: str
    unreadable: int  # entries not examined, whatever the reason
    unstable: int
    vanished: int
    excluded: int
    file: str
    delta: bool
    started_ns: int
    ended_ns: int
    chunks: str | None  # the side-car's file
    unopened: str | None  # why the whole site could not be looked at; then nothing is known of any of its paths
    record: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Clock:
    """The server's clock against true time; None where nobody knows."""

    offset_ns: int | None  # local minus true
    uncertainty_ns: int | None
    source: str

    @property
    def known(self) -> bool:
        return self.offset_ns is not None and self.uncertainty_ns is not None


@dataclass(frozen=True, slots=True)
class Generation:
    """One snapshot of one server. Times are nanoseconds since 1970, UTC, by the server's own clock."""

    folder: Path
    id: str
    label: str  # pre | during | post | import | test
    server: str  # old | new
    machine: str  # digest of the machine's id, "" where it has none
    boot: str
    start_ns: int
    end_ns: int
    claimed: bool  # the times were given by a person, not read off a clock
    clock: Clock
    algorithm: str
    excludes: tuple[str, ...]
    volatile: tuple[str, ...]
    volatile_version: int
    excludes_digest: str  # over excludes, volatile paths and their version
    sites: tuple[SiteManifest, ...]
    dbs: tuple[dict[str, Any], ...]
    server_root: str
    previous_root: str | None
    base: tuple[str, str] | None  # id and server root of the generation that deltas build on
    record: dict[str, Any] = field(repr=False)  # manifest.json whole

    @property
    def taken_at(self) -> datetime:
        """When it was begun, by the server's clock."""
        return instant(self.start_ns)

    def site(self, name: str) -> SiteManifest:
        """Raises IncompleteEvidence where the generation does not hold that site."""
        for item in self.sites:
            if item.name == name:
                return item
        raise IncompleteEvidence(f"the generation {self.id} has no site {name!r}", field="site")


def instant(ns: int) -> datetime:
    """Nanoseconds since 1970 as a moment in UTC, to the microsecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1000)


def read_generation(path: Path | str) -> Generation:
    """The generation in the folder `path`. Only manifest.json is read; `manifests.verify` checks the rest."""
    folder = Path(path)
    file = folder if folder.name == "manifest.json" else folder / "manifest.json"
    folder = file.parent
    if not folder.is_dir():
        raise BadInput("is no folder", field=str(path), example="gens/2025-06-06-pre-old")
    if not file.is_file():
        begun = " (a snapshot was begun here and not finished)" if (folder / "unfinished").is_dir() else ""
        raise IncompleteEvidence(f"has no manifest.json{begun}", field=str(folder))
    try:
        record = json.loads(file.read_bytes().decode("utf-8"))
    except (OSError, ValueError) as error:
        raise Unverifiable(f"cannot be read, it was cut short or damaged: {error}", field=str(file)) from None
    try:
        return _generation(folder, record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unverifiable(f"is no manifest: {type(error).__name__} {error}", field=str(file)) from None


def _generation(folder: Path, record: dict[str, Any]) -> Generation:
    if record["format"] != FORMAT:
        raise Unverifiable(f"is of format {record['format']!r}; this program reads {FORMAT}", field=str(folder))
    clock, taken, base = record["clock"], record["taken_at"], record["base"]
    return Generation(
        folder=folder,
        id=str(record["id"]),
        label=_one_of(record["label"], LABELS),
        server=_one_of(record["server"], SERVERS),
        machine=record["machine"],
        boot=record["boot"],
        start_ns=int(taken["start_ns"]),
        end_ns=int(taken["end_ns"]),
        claimed=bool(taken["claimed"]),
        clock=Clock(clock["offset_ns"], clock["uncertainty_ns"], clock["source"]),
        algorithm=record["algorithm"],
        excludes=tuple(record["excludes"]["patterns"]),
        volatile=tuple(record["excludes"]["volatile"]),
        volatile_version=int(record["excludes"]["volatile_version"]),
        excludes_digest=record["excludes"]["digest"],
        sites=tuple(_site(item) for item in record["sites"]),
        dbs=tuple(record["dbs"]),
        server_root=record["server_root"],
        previous_root=record["previous_root"],
        base=None if base is None else (base["id"], base["server_root"]),
        record=record,
    )


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value


def _inside(file: str, folder: str) -> str:
    """A file's name in a manifest; it may not lead out of the generation."""
    if not file.startswith(f"{folder}/") or ".." in file.split("/") or len(file.split("/")) != 2:
        raise ValueError(f"{file!r} is no file of {folder}/")
    return file


def _site(record: dict[str, Any]) -> SiteManifest:
    return SiteManifest(
        name=record["name"],
        client=record["client"],
        entries=int(record["entries"]),
        bytes=int(record["bytes"]),
        root=record["root"],
        content_root=record["content_root"],
        unreadable=int(record["unreadable"]),
        unstable=int(record["unstable"]),
        vanished=int(record["vanished"]),
        excluded=int(record["excluded"]["entries"]),
        file=_inside(record["file"], "sites"),
        delta=bool(record["delta"]),
        started_ns=int(record["started_ns"]),
        ended_ns=int(record["ended_ns"]),
        chunks=_inside(record["chunks"]["file"], "chunks") if record["chunks"] else None,
        unopened=record["unopened"],
        record=record,
    )


def base_of(generation: Generation) -> Generation:
    """The generation that deltas build on, looked for beside this one. Raises IncompleteEvidence."""
    if generation.base is None:
        raise Unverifiable(f"the generation {generation.id} names no base, and has deltas", field="base")
    wanted, root = generation.base
    for file in sorted(generation.folder.absolute().parent.glob("*/manifest.json")):
        try:
            found = json.loads(file.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(found, dict) and found.get("id") == wanted:
            base = read_generation(file.parent)
            if base.server_root != root:
                raise Unverifiable(f"the generation {wanted} is not the one that {generation.id} was built on: its "
                                   "root is another", field=str(file.parent))  # fmt: skip
            return base
    raise IncompleteEvidence(
        f"holds only what changed since the generation {wanted}, which is not beside it", field=str(generation.folder)
    )


def site_columns(generation: Generation, site: str) -> pl.DataFrame:
    """All entries of a site as columns (COLUMNS), sorted by path; deltas are laid over their base.

    key, ino, hlgroup, xattr8: UInt64; mode, uid, gid, nlink, flags: UInt32; size, mtime_ns, ctime_ns, tail0: Int64;
    path, digest, target: Binary (the latter two with nulls); kind, owner, group: String.
    """
    import polars as pl

    return frame(generation, site).filter(pl.col("kind") != GONE).sort("path")


def frame(generation: Generation, site: str) -> pl.DataFrame:
    """As `site_columns`, unsorted, and with the rows of what is gone where the generation is a delta of nothing."""
    import polars as pl

    part = generation.site(site)
    own = _read(generation.folder / part.file)
    if not part.delta:
        return own
    below = frame(base_of(generation), site)
    return pl.concat([below.join(own.select("key"), on="key", how="anti"), own.filter(pl.col("kind") != GONE)])


def chunk_columns(generation: Generation, site: str) -> pl.DataFrame | None:
    """Digests of the parts of a site's larger files, or None where the snapshot made none.

    key, size of the file, chunk: the length of a part (a power of two, 512 or more, between 1/32 and 1/16 of the file);
    digests: CRC-32, four bytes each, big-endian, of every full part in order; prefixes: CRC-32 of the first 64, 128, …
    bytes, below one part.
    """
    import polars as pl

    part = generation.site(site)
    if part.chunks is None:
        return None
    own = _read(generation.folder / part.chunks, chunks=True)
    if part.delta and (below := chunk_columns(base_of(generation), site)) is not None:
        kept = below.join(own.select("key"), on="key", how="anti")
        entries = site_columns(generation, site).filter(pl.col("kind") == "f").select("key", "size")
        own = pl.concat([kept.join(entries, on=["key", "size"], how="semi"), own])
    return own


def _read(file: Path, *, chunks: bool = False) -> pl.DataFrame:
    import polars as pl

    schema = schema_of(chunks)
    if not file.is_file():
        raise IncompleteEvidence("is named by the manifest, and is not there", field=str(file))
    try:
        if file.name.endswith(".parquet"):
            read = pl.read_parquet(file, columns=list(schema))
            return read.with_columns(pl.col(name).cast(kind) for name, kind in schema.items())
        columns = containers.read_ndjson(file)
        return pl.DataFrame({name: columns[name] for name in schema}, schema=schema)
    except KeptError:
        raise
    except Exception as error:  # whatever a damaged file makes its reader say
        raise Unverifiable(f"cannot be read, it was cut short or damaged: {error}", field=str(file)) from None


def schema_of(chunks: bool = False) -> dict[str, Any]:
    import polars as pl

    if chunks:
        numbers = {"key": pl.UInt64(), "size": pl.Int64(), "chunk": pl.Int64()}
        return numbers | {"digests": pl.Binary(), "prefixes": pl.Binary()}
    kinds: dict[str, Any] = {name: pl.UInt64() for name in ("key", "ino", "hlgroup", "xattr8")}
    kinds |= {name: pl.UInt32() for name in ("mode", "uid", "gid", "nlink", "flags")}
    kinds |= {name: pl.Int64() for name in ("size", "mtime_ns", "ctime_ns", "tail0")}
    kinds |= {name: pl.Binary() for name in ("path", "digest", "target")}
    kinds |= {name: pl.String() for name in ("kind", "owner", "group")}
    return {name: kinds[name] for name in COLUMNS}


def iter_entries(generation: Generation, site: str) -> Iterator[Entry]:
    """All entries of a site, sorted by path."""
    for row in site_columns(generation, site).iter_rows(named=True):
        yield Entry(**row)


def shown(path: bytes) -> str:
    """A path for a person or a script: as it is where it is UTF-8, else percent-encoded whole."""
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        return quote(path)


def meant(text: str) -> tuple[bytes, ...]:
    """The paths that `text` may stand for, the likelier first: as it is, and percent-decoded."""
    plain, decoded = text.encode("utf-8", "surrogateescape"), unquote_to_bytes(text)
    return (plain,) if plain == decoded else (plain, decoded)
