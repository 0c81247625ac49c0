"""Which databases to read: named on the command line, or listed beside the sites."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from app.errors import BadInput
from app.integrity.databases.snapshot import Database

EXAMPLE = "shop.example=mysql://backup@127.0.0.1/shop"
LISTED = '[[database]] site = "shop.example", address_env = "SHOP_DB"'


def named(texts: Iterable[str], environment: Mapping[str, str]) -> list[Database]:
    """`SITE=ADDRESS`; an address that begins with `env:` is read from that variable, so that no secret stands on a
    command line. Raises BadInput."""
    found = []
    for text in texts:
        site, sign, address = text.partition("=")
        if not sign or not site or not address:
            raise BadInput(f"{site[:80]!r} is no SITE=ADDRESS", field="--db", example=EXAMPLE)
        found.append(_database(site, "", _address(address, environment, "--db"), "--db"))
    return found


def listed(file: Path, environment: Mapping[str, str]) -> list[Database]:
    """The `[[database]]` tables of a list of sites: site, client, and address or address_env. Raises BadInput."""
    try:
        text = file.read_text("utf-8")
        value = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}", field="--sites", example=LISTED) from None
    found = []
    for number, item in enumerate(value.get("database", []) if isinstance(value, dict) else [], 1):
        where = f"database {number}"
        known = {"site", "client", "name", "address", "address_env"}
        if not isinstance(item, dict) or set(item) - known or any(not isinstance(one, str) for one in item.values()):
            raise BadInput(f"holds site, client, name, address or address_env, as text: {LISTED}", field=where)
        address = f"env:{item['address_env']}" if "address_env" in item else item.get("address", "")
        if not item.get("site") or not address:
            raise BadInput("needs a site and an address", field=where, example=LISTED)
        made = _database(item["site"], item.get("client", ""), _address(address, environment, where), where)
        found.append(replace(made, name=item["name"]) if item.get("name") else made)
    return found


def apart(databases: list[Database]) -> list[Database]:
    """Two databases of one name are named with their sites. Raises BadInput where that does not tell them apart."""
    names = [database.name for database in databases]
    out = [replace(one, name=f"{one.site} {one.name}") if names.count(one.name) > 1 else one for one in databases]
    if len({one.name for one in out}) < len(out):
        raise BadInput("the same database is given twice", field="--db", example=EXAMPLE)
    return out


def _address(text: str, environment: Mapping[str, str], where: str) -> str:
    if not text.startswith("env:"):
        return text
    name = text.removeprefix("env:")
    if not environment.get(name):
        raise BadInput(f"the variable {name} is not set", field=where, example=f"{name}=mysql://…")
    return environment[name]


def _database(site: str, client: str, address: str, where: str) -> Database:
    try:
        name = sa.make_url(address).database or ""
    except ArgumentError:  # its text holds the address, which may hold a password
        raise BadInput(f"the address of the database of {site} cannot be read", field=where, example=EXAMPLE) from None
    short = Path(name).name
    if not short:
        raise BadInput(f"the address names no database of {site}", field=where, example=EXAMPLE)
    return Database(short, address, site, client)
