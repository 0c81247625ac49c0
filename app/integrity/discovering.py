"""Which websites a server holds, where they lie and which database each uses, read from what serves them.

Reads nginx, Apache, cPanel (/var/cpanel/userdata) and Plesk (/var/www/vhosts) below a root, and of each site the
settings of WordPress and of a .env file. Passwords are never taken along: a database is named by the variable that must
hold its address. Files are read as bytes and never run; what cannot be read is said.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.errors import BadInput

LARGEST = 1 << 20  # of one settings file
PLACES = {
    "nginx": ("etc/nginx/nginx.conf", "etc/nginx/sites-enabled/*", "etc/nginx/conf.d/*.conf"),
    "Apache": ("etc/apache2/sites-enabled/*", "etc/httpd/conf.d/*.conf", "usr/local/apache/conf/httpd.conf"),
    "cPanel": ("var/cpanel/userdata/*/*",),
    "Plesk": ("var/www/vhosts/*/httpdocs",),
}
NAME = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$")
WORDPRESS = re.compile(r"""define\(\s*['"]DB_(NAME|USER|HOST)['"]\s*,\s*['"]([^'"]*)['"]\s*\)""")
DOTENV = re.compile(r"^(DB_CONNECTION|DB_HOST|DB_PORT|DB_DATABASE|DB_USERNAME|DATABASE_URL)\s*=\s*(.*?)\s*$", re.M)


@dataclass(frozen=True, slots=True)
class FoundSite:
    name: str
    folder: Path
    by: str


@dataclass(frozen=True, slots=True)
class FoundDatabase:
    """`like`: the address without its password."""

    site: str
    name: str
    variable: str
    like: str


@dataclass(slots=True)
class Found:
    sites: list[FoundSite] = field(default_factory=list)
    databases: list[FoundDatabase] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def discover(root: Path) -> Found:
    """What is served below `root`: one entry a folder, under the first name it has there."""
    out = Found()
    named: dict[Path, FoundSite] = {}
    for by, patterns in PLACES.items():
        for pattern in patterns:
            for place in sorted(root.glob(pattern)):
                if by not in out.looked:
                    out.looked.append(by)
                for name, folder in _served(by, place, root, out):
                    site = FoundSite(name, folder, by)
                    if not folder.is_dir():
                        out.notes.append(f"{name}: its folder {folder} is not there")
                    elif folder not in named and name not in {other.name for other in named.values()}:
                        named[folder] = site
    out.sites = sorted(named.values(), key=lambda site: site.name)
    for site in out.sites:
        out.databases += _databases(site, out)
    return out


def _served(by: str, place: Path, root: Path, out: Found) -> Iterator[tuple[str, Path]]:
    if by == "Plesk":
        if NAME.match(place.parent.name):
            yield place.parent.name, place
        return
    text = _text(place, out)
    if text is None:
        return
    if by == "cPanel":
        found = dict(re.findall(r"^(documentroot|servername):\s*(\S+)\s*$", text, re.M))
        if {"documentroot", "servername"} <= found.keys():
            yield from _one([found["servername"]], found["documentroot"], root)
        return
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    if by == "Apache":
        for block in re.findall(r"<VirtualHost[^>]*>(.*?)</VirtualHost>", text, re.S | re.I):
            names = re.findall(r"^\s*ServerName\s+(\S+)", block, re.M | re.I)
            names += [
                name for line in re.findall(r"^\s*ServerAlias\s+(.+)$", block, re.M | re.I) for name in line.split()
            ]
            folder = re.search(r"""^\s*DocumentRoot\s+"?([^"\n]+?)"?\s*$""", block, re.M | re.I)
            if folder:
                yield from _one(names, folder.group(1), root)
        return
    for block in _blocks(text):
        names = [name for line in re.findall(r"(?:^|[\s;{}])server_name\s+([^;]+);", block) for name in line.split()]
        folder = re.search(r"""(?:^|[\s;{}])root\s+"?([^";]+?)"?\s*;""", block)
        if folder:
            yield from _one(names, folder.group(1), root)


def _blocks(text: str) -> Iterator[str]:
    """The `server { … }` blocks of nginx, by counting braces."""
    for start in re.finditer(r"\bserver\s*\{", text):
        depth, at = 1, start.end()
        while at < len(text) and depth:
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            at += 1
        yield text[start.end() : at - 1]


def _one(names: list[str], folder: str, root: Path) -> Iterator[tuple[str, Path]]:
    """The first name that is one, and the folder below the root."""
    plain = [name.lower().rstrip(".").split(":")[0] for name in names]
    good = [name for name in plain if NAME.match(name)]
    if good:
        shortest = next((name for name in good if f"www.{name}" in good), good[0])
        yield shortest, root / folder.lstrip("/")


def _databases(site: FoundSite, out: Found) -> Iterator[FoundDatabase]:
    for folder in (site.folder, site.folder.parent):  # applications keep their settings above what is served
        for file, read in (("wp-config.php", _wordpress), (".env", _dotenv)):
            place = folder / file
            if place.is_file() and (text := _text(place, out)) is not None and (like := read(text)) is not None:
                name = like.rsplit("/", 1)[-1]
                variable = re.sub(r"[^A-Z0-9]+", "_", f"DB_{site.name}".upper())
                yield FoundDatabase(site.name, name, variable, like)
                return


def _wordpress(text: str) -> str | None:
    found = dict(WORDPRESS.findall(text))
    if "NAME" not in found:
        return None
    return f"mysql://{found.get('USER', '')}@{found.get('HOST', 'localhost')}/{found['NAME']}"


def _dotenv(text: str) -> str | None:
    found = {name: value.strip("\"'") for name, value in DOTENV.findall(text)}
    if url := found.get("DATABASE_URL"):
        return re.sub(r"^([a-z0-9+]+://[^:/@]*)(:[^@]*)?@", r"\1@", url)
    if "DB_DATABASE" not in found:
        return None
    kind = {"pgsql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite"}.get(
        found.get("DB_CONNECTION", "mysql"), "mysql"
    )
    if kind == "sqlite":
        return f"sqlite:///{found['DB_DATABASE']}"
    port = f":{found['DB_PORT']}" if found.get("DB_PORT") else ""
    return f"{kind}://{found.get('DB_USERNAME', '')}@{found.get('DB_HOST', '127.0.0.1')}{port}/{found['DB_DATABASE']}"


def _text(place: Path, out: Found) -> str | None:
    try:
        with place.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")
    except IsADirectoryError:
        return None
    except OSError as error:
        out.notes.append(f"{place}: {error.strerror}")
        return None


def owners(file: Path) -> dict[str, str]:
    """Whose each site is, from lines of SITE,CLIENT. Raises BadInput naming the line."""
    try:
        rows = list(csv.reader(file.read_text("utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}", field="--clients", example="clients.csv") from None
    out = {}
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        if len(row) != 2 or not row[0].strip() or not row[1].strip():
            raise BadInput(f"line {number} is no SITE,CLIENT", field="--clients", example="shop.example,C-001")
        out[row[0].strip().lower()] = row[1].strip()
    return out


def as_toml(found: Found, clients: dict[str, str]) -> str:
    """The list as `--sites` reads it; what a person must fill in stands as a comment."""
    out = ["# Found by `kept audit discover`. Read it before you use it.\n"]
    for site in found.sites:
        client = clients.get(site.name) or clients.get(site.name.removeprefix("www."))
        lines = [f"\n[[site]]  # {site.by}", f"name = {_quoted(site.name)}"]
        lines.append(f"client = {_quoted(client)}" if client else '# client = "C-001"')
        lines.append(f"path = {_quoted(str(site.folder))}\n")
        out.append("\n".join(lines))
    for database in found.databases:
        client = clients.get(database.site)
        lines = ["\n[[database]]", f"site = {_quoted(database.site)}"]
        lines += [f"client = {_quoted(client)}"] if client else []
        like = re.sub(r"[^\x20-\x7e]", "?", database.like)
        lines.append(f"address_env = {_quoted(database.variable)}  # {like}, with its password\n")
        out.append("\n".join(lines))
    return "".join(out)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
