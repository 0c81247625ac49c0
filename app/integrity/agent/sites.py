"""Which sites there are: from the command line, from a folder of clients, from a file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

EXAMPLE = "C-001/shop.example=/var/www/shop.example"


class Wrong(ValueError):
    """A value that is not what it must be. `field` names it, `example` is one that would be right."""

    def __init__(self, reason: str, field: str = "", example: str = "") -> None:
        super().__init__(reason)
        self.reason, self.field, self.example = reason, field, example

    def sentence(self) -> str:
        said = f"{self.field}: {self.reason}" if self.field else self.reason
        return f"{said} (for example: {self.example})" if self.example else said


@dataclass(frozen=True)
class Site:
    """A site as it is asked for."""

    name: str
    client: str
    folder: str


def named(text: str) -> Site:
    """`FOLDER`, `SITE=FOLDER` or `CLIENT/SITE=FOLDER`. Raises Wrong."""
    who, mark, folder = text.partition("=")
    if not mark or os.path.isdir(text):
        who, folder = os.path.basename(os.path.abspath(text)), text
    client, _, name = who.rpartition("/")
    return _checked(Site(name, client, os.path.abspath(folder)), text)


def in_tree(folder: str) -> list[Site]:
    """Every folder two levels below: FOLDER/client/site. Raises Wrong."""
    found = []
    try:
        for client in sorted(os.listdir(folder)):
            inner = os.path.join(folder, client)
            if os.path.isdir(inner) and not os.path.islink(inner):
                for name in sorted(os.listdir(inner)):
                    if os.path.isdir(os.path.join(inner, name)):
                        found.append(_checked(Site(name, client, os.path.join(inner, name)), name))
    except OSError as error:
        raise Wrong(f"cannot be listed: {error.strerror}", "--tree", "/srv/www") from None
    if not found:
        raise Wrong("has no folders client/site below it", "--tree", "/srv/www")
    return found


def from_file(file: str) -> list[Site]:
    """`[[site]]` tables with name, path and client in TOML, or the same as JSON. Raises Wrong."""
    example = '[[site]] name = "shop.example", client = "C-001", path = "/var/www/shop.example"'
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
        value = json.loads(text) if file.endswith(".json") else toml(text)
    except (OSError, ValueError) as error:
        raise Wrong(f"{file} cannot be read: {error}", "--sites", example) from None
    listed = value.get("site") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not listed:
        raise Wrong(f"{file} has no [[site]]", "--sites", example)
    found = []
    for number, item in enumerate(listed, 1):
        if not isinstance(item, dict):
            raise Wrong(f"entry {number} is no table", "--sites", example)
        fields = {name: item.get(name, "") for name in ("name", "client", "path")}
        if any(not isinstance(one, str) for one in fields.values()) or not fields["name"] or not fields["path"]:
            raise Wrong(f"site {number} needs a name and a path, as text", "--sites", example)
        folder = os.path.join(os.path.dirname(os.path.abspath(file)), fields["path"])
        found.append(_checked(Site(fields["name"], fields["client"], folder), f"site {number}"))
    return found


def _checked(site: Site, text: str) -> Site:
    for word in (site.name, site.client):
        if word in (".", "..") or re.search(r"[/\0\n\r]", word):
            raise Wrong(f"{word!r} is no name of a site or a client", text, EXAMPLE)
    if not site.name:
        raise Wrong("names no site", text or "PATH", EXAMPLE)
    try:
        (site.name + site.client).encode("utf-8")
    except UnicodeEncodeError:
        raise Wrong("the name is not UTF-8; name the site another way", repr(text), EXAMPLE) from None
    return site


def unique(sites: Iterable[Site]) -> list[Site]:
    """Sorted by name. Raises Wrong where there are none, or two of one name."""
    found = sorted(sites, key=lambda site: site.name)
    if not found:
        raise Wrong("names no site", "PATH", EXAMPLE)
    for one, other in zip(found, found[1:]):
        if one.name == other.name:
            raise Wrong(f"there are two sites {one.name!r}: {one.folder} and {other.folder}", "PATH", EXAMPLE)
    return found


def file_name(site: str) -> str:
    """A name that is safe as a file's on any system, and no other site's."""
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", site) and not site.endswith((".", ".delta")):
        return site
    plain = re.sub(r"[^a-z0-9._-]", "_", site.lower())[:80].strip(".") or "site"
    return f"{plain}~{hashlib.sha256(site.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def toml(text: str) -> Any:
    """TOML; where Python has no reader of its own (before 3.11), the small part of it that a list of sites needs."""
    try:
        import tomllib
    except ImportError:
        return small_toml(text)
    return tomllib.loads(text)


def small_toml(text: str) -> dict[str, Any]:
    """Tables of tables, and keys with strings, numbers, true, false, or one-line lists of strings. Raises ValueError
    for anything else, so that nothing is read otherwise than it was meant."""
    whole: dict[str, Any] = {}
    here = whole
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if found := re.fullmatch(r"\[\[\s*([A-Za-z0-9_-]+)\s*\]\]\s*(#.*)?", line):
            here = {}
            whole.setdefault(found.group(1), []).append(here)
            continue
        found = re.fullmatch(r"([A-Za-z0-9_-]+)\s*=\s*(.*)", line)
        if found is None or found.group(1) in here:
            raise ValueError(f"line {number}: {line[:60]!r} is not understood")
        value, rest = _value(found.group(2), number)
        if rest.strip() and not rest.strip().startswith("#"):
            raise ValueError(f"line {number}: {rest.strip()[:60]!r} behind a value")
        here[found.group(1)] = value
    return whole


def _value(text: str, number: int) -> tuple[Any, str]:
    if text.startswith('"') and not text.startswith('"""'):
        value, end = json.JSONDecoder().raw_decode(text)
        return value, text[end:]
    if found := re.match(r"'([^']*)'(?!')", text):
        return found.group(1), text[found.end() :]
    if found := re.match(r"(true|false|-?\d+)(?=\s|#|$)", text):
        return json.loads(found.group(1)), text[found.end() :]
    if text.startswith("["):
        items, rest = [], text[1:].lstrip()
        while not rest.startswith("]"):
            item, rest = _value(rest, number)
            items.append(item)
            rest = rest.lstrip()
            if rest.startswith(","):
                rest = rest[1:].lstrip()
            elif not rest.startswith("]"):
                raise ValueError(f"line {number}: a list that does not end on its line")
        return items, rest[1:]
    raise ValueError(f"line {number}: {text[:60]!r} is not understood")
