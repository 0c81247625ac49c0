"""The files and databases of 102 small sites on the old server, and what the new one had of them on the Monday.

Of the 120 sites 6 were down and 12 nobody looked at. Sites 72 to 102 came over with files as they had been on the
Friday before; five of them are shops whose orders of the Saturday are gone with it. Contents are invented and the same
at every run; times are those of the story.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from app.demo.told import at

FIRST, SECOND, LAST = at(21, "03:00"), at(27, "03:00"), at(28, "21:05")
"""When the old server was read: a week before, the day before, in the hour before."""
AFTERWARDS = at(30, "05:30")
COMPARED, CURRENT = 102, 71
FILES = ("index.html", "style.css", "contact.html", "images/front.jpg", "images/team.jpg", "data/menu.json")
SHOPS = (5, 23, 47, 66, 72, 78, 84, 90, 96)  # numbers of sites that have a database of orders


@dataclass(frozen=True, slots=True)
class Place:
    """A site in the migration: its number among all, its host name and its client's number."""

    number: int
    name: str
    client: str

    @property
    def old(self) -> bool:
        """Whether the new server came up with what the site had held on the Friday."""
        return self.number > CURRENT

    @property
    def shop(self) -> bool:
        return self.number in SHOPS


def places(clients: Sequence[dict[str, object]]) -> list[Place]:
    """The sites that could be compared, in order of their numbers."""
    out = []
    for client in clients:
        for site in client["sites"]:  # type: ignore[attr-defined]
            number = int(site["number"].removeprefix("S-"))
            if number <= COMPARED:
                out.append(Place(number, site["name"], str(client["number"])))
    return sorted(out, key=lambda place: place.number)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Server:
    """One server's folders: `sites/<client>/<site>/…` and `databases/<site>.sqlite3`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def site(self, place: Place) -> Path:
        return self.folder / "sites" / place.client / place.name

    def database(self, place: Place) -> Path:
        return self.folder / "databases" / f"{place.name}.sqlite3"

    def write(self, place: Place, name: str, content: bytes, written: datetime) -> None:
        file = self.site(place) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (written.timestamp(), written.timestamp()))

    def order(self, place: Place, number: int, placed: datetime) -> None:
        """An order comes in; the shop's table is made with the first."""
        self.database(place).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.database(place))) as database, database:
            database.execute(
                "create table if not exists orders (id integer primary key, created_at text, sum text, state text)"
            )
            row = (number, placed.isoformat(), f"{number * 7 % 90 + 10}.00", "paid")
            database.execute("insert into orders values (?, ?, ?, ?)", row)

    def list(self, places: Sequence[Place], file: Path) -> Path:
        """The list of sites and databases as `kept audit snapshot --sites` reads it."""
        lines = []
        for place in places:
            lines.append(f'[[site]]\nname = "{place.name}"\nclient = "{place.client}"\npath = "{self.site(place)}"\n')
            if place.shop:
                address = f"sqlite:///{self.database(place)}"
                lines.append(f'[[database]]\nsite = "{place.name}"\nclient = "{place.client}"\naddress = "{address}"\n')
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines))
        return file


def _bytes(*words: object) -> bytes:
    """Some two thousand bytes that are always the same for the same words."""
    seed = " ".join(map(str, words)).encode()
    return seed + b"\n" + b"".join(hashlib.sha256(seed + bytes([block])).digest() for block in range(64))


def begin(server: Server, sites: Sequence[Place]) -> None:
    """As the sites were on Sat 21 June."""
    for place in sites:
        built = moment(at(1, "10:00", 3)) + timedelta(hours=place.number)
        for name in FILES:
            server.write(place, name, _bytes(place.name, name), built)
        server.write(place, "news.html", _bytes(place.name, "news", 20), moment(at(20, "16:00")))
        for number in range(1, 9) if place.shop else ():
            server.order(place, number, moment(at(20, "08:00")) + timedelta(minutes=number))


def until_friday(server: Server, sites: Sequence[Place]) -> None:
    """A week of work: news, a changed page, orders."""
    for place in sites:
        server.write(place, "news.html", _bytes(place.name, "news", 26), moment(at(26, "17:00")))
        for number in range(9, 13) if place.shop else ():
            server.order(place, number, moment(at(26, "09:00")) + timedelta(minutes=number))


def until_saturday(server: Server, sites: Sequence[Place]) -> None:
    """The Saturday before the window: news, the menu, orders."""
    for place in sites:
        server.write(place, "news.html", _bytes(place.name, "news", 28), moment(at(28, "15:00")))
        server.write(place, "data/menu.json", _bytes(place.name, "menu", 28), moment(at(28, "16:00")))
        for number in range(13, 16) if place.shop else ():
            server.order(place, number, moment(at(28, "18:00")) + timedelta(minutes=number))


def friday(server: Server, aside: Path) -> None:
    """Puts aside what the old server held on the Friday: what some sites came over with."""
    shutil.copytree(server.folder, aside)


def migrate(old: Server, friday_: Server, new: Server, sites: Sequence[Place]) -> dict[str, str]:
    """What was done: 71 sites copied as they were, 31 from the Friday's copy. Returns each damaged path with what
    became of it, `client/site/path`, and each lost row as `site:orders:id`."""
    fates: dict[str, str] = {}
    for place in sites:
        source = friday_ if place.old else old
        shutil.copytree(source.site(place), new.site(place))
        if place.shop:
            new.database(place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source.database(place), new.database(place))
        if place.old:
            fates |= {f"{place.client}/{place.name}/{name}": "REVERTED" for name in ("news.html", "data/menu.json")}
            fates |= {f"{place.name}:orders:{number}": "LOST" for number in range(13, 16) if place.shop}
        elif place.number % 9 == 0:  # somebody has worked on it since
            new.write(place, "contact.html", _bytes(place.name, "contact", 30), moment(at(29, "23:30")))
        if place.shop and not place.old:
            new.order(place, 16, moment(at(29, "23:45")))
    return fates
