"""The sites of a server found in what serves them; and snapshots at regular times, by a clock that is given."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from app.errors import BadInput
from app.integrity.agent import watching
from app.integrity.agent.main import main
from app.integrity.agent.sites import Wrong, from_file
from app.integrity.databases.listed import listed
from app.integrity.discovering import as_toml, discover, owners

NGINX = """
# server { server_name gone.example; root /var/www/gone; }
server { listen 443 ssl; server_name www.shop.example shop.example; root /srv/shop/public;
  location / { try_files $uri /index.php; } }
server { listen 80 default_server; server_name _; root /var/www/html; }
server { server_name proxy.example; location / { proxy_pass http://127.0.0.1:3000; } }
"""
APACHE = """<VirtualHost *:80>
  ServerName blog.example:80
  DocumentRoot "/srv/blog"
</VirtualHost>
<VirtualHost *:80>
  ServerName lost.example
  DocumentRoot /srv/not-there
</VirtualHost>"""


WORDPRESS = """<?php define( 'DB_NAME', 'blog' ); define('DB_USER', "wp");
define('DB_PASSWORD', 'hunter2'); define('DB_HOST', 'localhost');"""


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "etc/nginx/sites-enabled/all", NGINX)
    write(tmp_path, "etc/apache2/sites-enabled/blog.conf", APACHE)
    write(
        tmp_path,
        "var/cpanel/userdata/maria/bakery.example",
        "documentroot: /srv/maria\nservername: bakery.example\n",
    )
    write(tmp_path, "var/www/vhosts/dental.example/httpdocs/index.html", "x")
    write(tmp_path, "var/www/vhosts/system/httpdocs/index.html", "x")
    write(tmp_path, "srv/maria/index.html", "x")
    write(tmp_path, "srv/shop/public/index.php", "x")
    write(tmp_path, "srv/shop/.env", 'DB_CONNECTION=pgsql\nDB_HOST="10.0.0.5"\nDB_DATABASE=shop\nDB_USERNAME=shop\n'
                                     "DB_PASSWORD=hunter2\n")  # fmt: skip
    write(tmp_path, "srv/blog/wp-config.php", WORDPRESS)
    return tmp_path


def test_sites_and_databases_are_found_and_no_password(root: Path, tmp_path: Path) -> None:
    found = discover(root)
    assert {site.name: site.by for site in found.sites} == {
        "shop.example": "nginx", "blog.example": "Apache", "bakery.example": "cPanel", "dental.example": "Plesk",
    }  # fmt: skip
    assert found.notes == [f"lost.example: its folder {root / 'srv/not-there'} is not there"]
    write(root, "clients.csv", "shop.example,C-001\nblog.example,C-002\n")
    text = as_toml(found, owners(root / "clients.csv"))
    assert "hunter2" not in text
    assert "postgresql://shop@10.0.0.5/shop" in text
    read = tomllib.loads(text)
    assert [(item["site"], item["address_env"]) for item in read["database"]] == [
        ("blog.example", "DB_BLOG_EXAMPLE"), ("shop.example", "DB_SHOP_EXAMPLE")
    ]  # fmt: skip
    write(root, "sites.toml", text)
    assert [(site.name, site.client) for site in from_file(str(root / "sites.toml"))] == [
        ("bakery.example", ""), ("blog.example", "C-002"), ("dental.example", ""), ("shop.example", "C-001")
    ]  # fmt: skip
    taken = {"DB_BLOG_EXAMPLE": "mysql://wp:x@localhost/blog", "DB_SHOP_EXAMPLE": "postgresql://shop:x@10.0.0.5/shop"}
    assert [database.name for database in listed(root / "sites.toml", taken)] == ["blog", "shop"]
    write(root, "clients.csv", "shop.example\n")
    with pytest.raises(BadInput, match="line 1"):
        owners(root / "clients.csv")


def test_regular_times_each_on_the_last(tmp_path: Path) -> None:
    clock = [1_750_000_000.0]
    taken: list[tuple[str, str | None]] = []
    said: list[str] = []

    def take(out: str, base: str | None) -> bool:
        taken.append((Path(out).name, None if base is None else Path(base).name))
        clock[0] += 7_500 if len(taken) == 2 else 60  # the second takes more than two hours
        write(tmp_path, f"gens/{Path(out).name}/manifest.json", "{}")
        return len(taken) != 3

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    def run(until: float, every: int = 3600) -> list[bool]:
        folder = str(tmp_path / "gens")
        return watching.watch(take, folder, "during-old", every, until, lambda: clock[0], sleep, said.append)

    write(tmp_path, "gens/20250615T140000Z-during-old/begun", "x")  # broken off before
    assert run(clock[0] + 6 * 3600) == [True, True, False, True, True]
    names = [name for name, _ in taken]
    assert names[0] == "20250615T140000Z-during-old", "taken up again"
    assert [base for _, base in taken] == [None, *names[:-1]]
    assert sum("left out 2" in line for line in said) == 1
    for wrong in (clock[0] - 1, clock[0] + 40 * 86_400):
        with pytest.raises(Wrong):
            run(wrong)
    assert [watching.every(text) for text in ("60s", "30m", "1h", "2d")] == [60, 1800, 3600, 172_800]
    for text in ("", "h", "1", "30s", "-1h", "1w", "٣h"):
        with pytest.raises(Wrong):
            watching.every(text)


def test_by_the_agent_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "www/index.html", "x")
    words = ["watch", "--label", "during", "--server", "old", "--into", str(tmp_path / "gens"), "--settle", "0",
             f"shop.example={tmp_path / 'www'}"]  # fmt: skip
    assert main([*words, "--until", "2020-01-01T00:00:00Z"]) == 2
    assert "--until: has passed" in capsys.readouterr().err
    import datetime

    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=40)
    assert main([*words, "--every", "60s", "--until", soon.isoformat()]) == 0
    assert len(list((tmp_path / "gens").glob("*-during-old/manifest.json"))) == 1


def test_why_a_path_is_not_judged() -> None:
    from typer.testing import CliRunner

    import app.cli

    app.cli.hang_in()

    def said(*words: str) -> str:
        return CliRunner().invoke(app.cli.command, ["audit", "exclude", *words]).stdout

    own = ("--exclude", "backups/**")
    lines = said("--explain", "wp-content/cache/page/a.html", "--explain", "backups/x", "--explain", "index.php", *own)
    assert lines.splitlines() == [
        "wp-content/cache/page/a.html: counted and not judged by /wp-content/cache (built in), with all below "
        "wp-content/cache",
        "backups/x: counted and not judged by backups/**, with all below backups",
        "index.php: read and judged",
    ]
    assert "read and judged" in said("--explain", "wp-content/cache/a.html", "--judge-volatile")
    assert said(*own).splitlines()[0] == "backups/**"
    assert CliRunner().invoke(app.cli.command, ["audit", "exclude", "--exclude", "/**"]).exit_code != 0
