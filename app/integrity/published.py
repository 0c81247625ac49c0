"""Vendor files held against published check sums: WordPress itself and its plugins, as wordpress.org lists them.

A list says what a version's files are, never which version was there before: a stale copy is equal to the list of its
own version. With lists of several versions, files that are of another one than the rest are named with that version.
Nothing is asked for that was not given.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import BadInput
from app.integrity.format import shown

EXAMPLE = "https://api.wordpress.org/core/checksums/1.0/?version=6.5.2&locale=en_US"
PLUGINS = "wp-content/plugins"
CORE = "WordPress"
OWN = re.compile(r"^(wp-admin/|wp-includes/|wp-(?!config\.php$)[^/]*$)")  # where every file is the vendor's
SOFT = ("readme.txt", "readme.md")  # changed on the vendor's side without a new version
HALF = 2
HEAD = 8192
MOST = 16 << 20  # bytes of a list; the longest has under a tenth


@dataclass(frozen=True, slots=True)
class Listed:
    """One version's files, by path below `place`, each with the digests that are right."""

    name: str
    place: str
    version: str  # "" where the list does not say
    source: str
    files: Mapping[str, frozenset[str]]

    @property
    def said(self) -> str:
        return self.version or self.source


@dataclass(slots=True)
class Held:
    """What came out for one vendor's files. `of` is the version whose list they were held against."""

    name: str
    installed: str = ""
    of: str = ""
    newest: str = ""  # the newest version that a list was given of
    equal: int = 0
    differ: list[str] = field(default_factory=list)
    earlier: list[tuple[str, str]] = field(default_factory=list)  # (path, the version whose file it is)
    lacking: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    unlooked: list[str] = field(default_factory=list)

    @property
    def damaged(self) -> bool:
        return bool(self.differ or self.earlier or self.lacking or self.behind)

    @property
    def behind(self) -> bool:
        own = self.installed or self.of
        return bool(own and self.newest and order(own) < order(self.newest))

    def lines(self) -> list[str]:
        out = [f"{printed(path)}: not the published file of {self.name} {self.of}" for path in self.differ]
        out += [f"{printed(path)}: the file of {self.name} {other}, not of {self.of}" for path, other in self.earlier]
        out += [f"{printed(path)}: a file of {self.name} {self.of} that is not there" for path in self.lacking]
        out += [f"{printed(path)}: no file of {self.name} {self.of}" for path in self.added]
        out += [f"not compared: {reason}" for reason in self.unlooked]
        if self.of:
            counts = (
                f"{self.equal} equal to the published files, {len(self.differ) + len(self.earlier)} other, "
                f"{len(self.lacking)} not there, {len(self.added)} in no list"
            )
            out.append(f"{self.name} {self.of}: {counts}; which version was there before is not said by that")
        if self.behind:
            own = self.installed or self.of
            out.append(
                f"{self.name} is of {own}, older than {self.newest}, whose list was given: perhaps an older copy"
            )
        return out

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "installed": self.installed or None,
            "compared_with": self.of or None,
            "behind": self.newest if self.behind else None,
            "equal": self.equal,
            "differ": [printed(path) for path in self.differ],
            "of_another_version": [{"path": printed(path), "version": other} for path, other in self.earlier],
            "lacking": [printed(path) for path in self.lacking],
            "added": [printed(path) for path in self.added],
            "not_compared": self.unlooked,
        }


def listed(data: bytes, source: str) -> Listed:
    """A list as wordpress.org publishes it: of a version of WordPress, or of a plugin's. Raises BadInput."""
    if len(data) > MOST:
        raise BadInput(f"{source} is larger than any list of check sums", field="--checksums", example=EXAMPLE)
    try:
        value = json.loads(data)
        plugin = isinstance(value["files"], dict) if "files" in value else False
        if plugin:
            name, place = str(value["plugin"]), f"{PLUGINS}/{value['plugin']}/"
            version, raw = str(value.get("version", "")), value["files"]
        else:
            name, place, raw = CORE, "", value["checksums"]
            found = re.search(r"(?<![\d.])\d+\.\d+(\.\d+)?(?![\d.]*\d)", source.rpartition("version=")[2])
            version = found[0] if found else ""
            if isinstance(raw, dict) and len(raw) == 1 and isinstance(next(iter(raw.values())), dict):
                version, raw = next(iter(raw.items()))
        files = {str(path): _right(digests) for path, digests in raw.items()}
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        files = {}
    if not files:
        raise BadInput(f"{source} is no list of check sums; perhaps of a version nobody knows", field="--checksums",
                       example=EXAMPLE)  # fmt: skip
    if any(_leads_away(path) for path in (place + path for path in files)) or "/" in name:
        raise BadInput(f"{source} names files outside the site", field="--checksums", example=EXAMPLE)
    return Listed(name, place, version, source, files)


def _right(digests: Any) -> frozenset[str]:
    """All that are right for one file; SHA-256 where there is one, else MD5."""
    if isinstance(digests, dict):
        digests = digests.get("sha256") or digests["md5"]
    return frozenset(str(one).lower() for one in ([digests] if isinstance(digests, str) else digests))


def _leads_away(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/") or "\0" in path


def held(folder: Path, lists: Sequence[Listed]) -> list[Held]:
    """Each vendor's files below the site's folder against all lists that were given of it."""
    names = dict.fromkeys(one.name for one in lists)
    return [_one(folder, [one for one in lists if one.name == name]) for name in names]


def _one(folder: Path, lists: list[Listed]) -> Held:
    out, place = Held(lists[0].name), lists[0].place
    if not (folder / place / ("" if place else "wp-includes")).is_dir():
        out.unlooked.append(f"there is no {place.rstrip('/') or 'wp-includes'} below the folder")
        return out
    out.installed = core_version(folder)[0] if not place else plugin_version(folder / place, lists[0].name)
    out.newest = max((one.version for one in lists if one.version), key=order, default="")
    own = _of_its_version(folder, lists, out.installed)
    if own is None:
        given = ", ".join(one.said for one in lists)
        out.unlooked.append(f"{out.name} is of {out.installed or 'a version it does not say'}; lists are of {given}")
        return out
    out.of = own.version or out.installed or own.source
    for path, right in sorted(own.files.items()):
        if _left_to_users(path, place):
            continue
        try:
            if matches(folder / place / path, right):
                out.equal += 1
                continue
        except FileNotFoundError:
            out.lacking.append(place + path)
            continue
        except OSError as error:
            out.unlooked.append(f"{printed(place + path)} cannot be read: {error.strerror}")
            continue
        others = [one for one in lists if one is not own and path in one.files]
        of = next((one.said for one in others if matches(folder / place / path, one.files[path])), None)
        if of is None:
            out.differ.append(place + path)
        else:
            out.earlier.append((place + path, of))
    out.added = [path for path in _vendors(folder, place) if path.removeprefix(place) not in own.files]
    return out


def _left_to_users(path: str, place: str) -> bool:
    """Bundled themes and plugins may be gone or newer; a plugin's readme changes without a version."""
    return path.lower() in SOFT if place else path.startswith("wp-content/")


def _of_its_version(folder: Path, lists: Sequence[Listed], installed: str) -> Listed | None:
    """The list of the version that is installed by its own word; else the one most files are equal to, where that is
    more than half of them."""
    for one in lists:
        if installed and one.version == installed:
            return one
    if installed and all(one.version for one in lists):
        return None
    shares = [(sum(_equal(folder / one.place, one.files)), len(one.files), one) for one in lists if not one.version]
    best = max(shares, key=lambda share: share[0] * 10**6 // share[1], default=None)
    return best[2] if best is not None and best[0] * HALF > best[1] else None


def _equal(top: Path, files: Mapping[str, frozenset[str]]) -> Iterator[bool]:
    for path, right in files.items():
        with suppress(OSError):
            yield matches(top / path, right)


def matches(file: Path, right: Iterable[str]) -> bool:
    """Whether a regular file, through no link, has one of these digests. Raises OSError."""
    lengths = {len(one) for one in right}
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if 64 in lengths:
            return hashlib.file_digest(stream, "sha256").hexdigest() in right
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest() in right


def _vendors(folder: Path, place: str) -> Iterator[str]:
    """Every file where only the vendor's should be."""
    for top, folders, names in os.walk(folder / place):
        below = Path(top).relative_to(folder).as_posix()
        if not place and below == ".":
            folders[:] = [name for name in folders if name in ("wp-admin", "wp-includes")]
        folders.sort()
        for name in sorted(names):
            path = name if below == "." else f"{below}/{name}"
            if place or OWN.match(path):
                yield path


def core_version(folder: Path) -> tuple[str, int | None]:
    """What WordPress's files say they are: the version, and that of the tables they expect."""
    text = _head(folder / "wp-includes/version.php")
    version = re.search(r"^\s*\$wp_version\s*=\s*['\"]([^'\"]+)['\"]", text, re.M)
    tables = re.search(r"^\s*\$wp_db_version\s*=\s*(\d+)", text, re.M)
    return version[1] if version else "", int(tables[1]) if tables else None


def plugin_version(folder: Path, name: str) -> str:
    """What the header of a plugin's main file says."""
    first = folder / f"{name}.php"
    for file in [first, *sorted(path for path in folder.glob("*.php") if path != first)]:
        text = _head(file)
        if "Plugin Name:" in text and (found := re.search(r"^[ \t/*#@]*Version:\s*(\S+)", text, re.M)):
            return found[1]
    return ""


def _head(file: Path) -> str:
    with suppress(OSError), file.open("rb") as stream:
        return stream.read(HEAD).decode("utf-8", "replace")
    return ""


def order(version: str) -> tuple[int, ...]:
    """6.5 before 6.5.2 before 6.10."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def printed(path: str) -> str:
    return shown(os.fsencode(path))
