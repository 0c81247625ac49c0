"""A site's database held against its uploads: what lacks its file, what lacks its row, and which is the older copy."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from tests.integrity.compare.test_command import kept

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40 + b"\0\0\0\0IEND\xaeB`\x82"
SIZES = 'a:1:{s:5:"sizes";a:1:{s:5:"thumb";a:1:{s:4:"file";s:10:"odd-th.png";}}}'


def blog(connection: sqlite3.Connection, prefix: str, rows: list[tuple[int, str, str | None]]) -> None:
    connection.execute(f"CREATE TABLE {prefix}posts (ID INTEGER PRIMARY KEY, post_type TEXT, post_date_gmt TEXT)")
    connection.execute(f"CREATE TABLE {prefix}postmeta (post_id INTEGER, meta_key TEXT, meta_value TEXT)")
    for key, at, file in rows:
        connection.execute(f"INSERT INTO {prefix}posts VALUES (?, 'attachment', ?)", (key, at))
        if file is not None:
            connection.execute(f"INSERT INTO {prefix}postmeta VALUES (?, '_wp_attached_file', ?)", (key, file))
    connection.execute(f"INSERT INTO {prefix}posts VALUES (900, 'post', '2030-01-01 00:00:00')")


def put(folder: Path, name: str, at: str) -> None:
    file = folder / "wp-content/uploads" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(PNG)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    os.utime(file, (moment, moment))


def test_files_and_rows_that_lack_one_another(tmp_path: Path) -> None:
    folder, base = tmp_path / "shop.example", tmp_path / "shop.sqlite"
    with sqlite3.connect(base) as connection:
        blog(connection, "k3_", [
            (1, "2025-06-01 08:00:00", "2025/06/whole.png"), (2, "2025-06-02 08:00:00", "2025/06/ö d.png"),
            (3, "2025-06-03 08:00:00", "https://elsewhere.example/a.png"), (4, "0000-00-00 00:00:00", "../../wp.php"),
            (5, "2025-06-04 08:00:00", "/srv/shop/wp-content/uploads/2025/06/deep.png"),
        ])  # fmt: skip
        blog(connection, "k3_2_", [(1, "2025-06-04 08:00:00", "2025/06/second.png")])
        connection.execute("INSERT INTO k3_postmeta VALUES (1, '_wp_attachment_metadata', ?)", (SIZES,))
        connection.execute("CREATE TABLE other_postmeta (id INTEGER)")
    for name in ("whole.png", "whole-150x150.png", "odd-th.png", "ö d.png", "ö d-scaled.png", "deep.png"):
        put(folder, f"2025/06/{name}", "2025-06-04 08:00:01")
    put(folder, "sites/2/2025/06/second.png", "2025-06-04 08:00:01")
    put(folder, "elementor/css/own.png", "2025-06-09 08:00:00")  # a plugin's own: rows never name it
    put(folder, "2025/06/index.php", "2025-06-09 08:00:00")
    before = base.read_bytes()
    sound = kept("audit", "inspect", folder, "--db", f"sqlite:///{base}")
    assert (sound.code, sound.error, base.read_bytes() == before) == (0, "", True)
    assert sound.out.splitlines()[-3:-1] == [
        "6 attachments looked for, 0 without their file, 2 kept elsewhere; 0 uploads without a row",
        "the newest upload is of 2025-06-04 08:00 UTC, the newest attachment of 2025-06-04 08:00 UTC",
    ]
    (folder / "wp-content/uploads/2025/06/ö d.png").unlink()
    put(folder, "2025/06/unnamed.png", "2025-06-04 08:00:01")
    with sqlite3.connect(base) as connection:
        connection.execute("INSERT INTO k3_posts VALUES (7, 'attachment', '2025-06-28 20:00:00')")
        connection.execute("INSERT INTO k3_posts VALUES (8, 'attachment', '2025-06-28 20:00:00')")
        connection.execute("INSERT INTO k3_postmeta VALUES (7, '_wp_attached_file', '2025/06/late.png')")
        connection.execute("INSERT INTO k3_postmeta VALUES (77, '_wp_attached_file', '2025/06/whole.png')")
    older = kept("audit", "inspect", folder, "--db", f"sqlite:///{base}")
    assert older.code == 3
    assert older.out.splitlines()[1:-1] == [
        "k3_posts 2: its file is not there: wp-content/uploads/2025/06/ö d.png",
        "k3_posts 7: its file is not there: wp-content/uploads/2025/06/late.png",
        "wp-content/uploads/2025/06/unnamed.png: no attachment names it",
        "k3_posts 8: an attachment that names no file",
        "k3_posts 77: an attachment that names 2025/06/whole.png, and its row is gone",
        "8 attachments looked for, 2 without their file, 2 kept elsewhere; 1 uploads without a row",
        "files and database are of different dates: the newest upload is of 2025-06-04 08:00 UTC, the newest "
        "attachment of 2025-06-28 20:00 UTC; the files may be an older copy",
    ]
    with sqlite3.connect(base) as connection:
        connection.execute("DELETE FROM k3_posts WHERE ID IN (2, 7, 8)")
        connection.execute("DELETE FROM k3_postmeta WHERE post_id IN (2, 7, 77)")
    put(folder, "2025/07/new.png", "2025-07-01 10:00:00")
    said = json.loads(kept("audit", "inspect", folder, "--db", f"sqlite:///{base}", "--json").out)["database"]
    assert (said["different_dates"], said["missing"], said["newest_file"]) == (True, [], "2025-07-01T10:00:00+00:00")
    assert "wp-content/uploads/2025/07/new.png" in said["rowless"]


def test_files_that_are_behind_the_database_that_was_upgraded(tmp_path: Path) -> None:
    """A stale WordPress is sound in itself: its database knows that a newer one was there."""
    folder, base = tmp_path / "shop.example", tmp_path / "shop.sqlite"
    put(folder, "2025/06/whole.png", "2025-06-01 08:00:00")
    (folder / "wp-includes").mkdir()
    (folder / "wp-includes/version.php").write_text("<?php\n$wp_version = '6.4.3';\n$wp_db_version = 56657;\n")
    with sqlite3.connect(base) as connection:
        blog(connection, "wp_", [(1, "2025-06-01 08:00:00", "2025/06/whole.png")])
        connection.execute("CREATE TABLE wp_options (option_name TEXT, option_value TEXT)")
        connection.execute("INSERT INTO wp_options VALUES ('db_version', '57155')")
    said = kept("audit", "inspect", folder, "--db", f"sqlite:///{base}")
    assert said.code == 3
    assert "wp_options was upgraded to 57155, and the files of WordPress are of 56657; the files may be" in said.out
    with sqlite3.connect(base) as connection:
        connection.execute("UPDATE wp_options SET option_value = '56657'")
    assert kept("audit", "inspect", folder, "--db", f"sqlite:///{base}").code == 0


def test_what_cannot_be_held_against_anything_is_said(tmp_path: Path) -> None:
    folder, base = tmp_path / "site", tmp_path / "other.sqlite"
    folder.mkdir()
    (folder / "page.html").write_text("<p>")
    with sqlite3.connect(base) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    for address, why in (
        (f"sqlite:///{base}", "the database holds no WordPress attachments (no …posts with its …postmeta)"),
        (f"sqlite:///{tmp_path}/gone.sqlite", "gone.sqlite is not there"),
        (f"sqlite:///{folder}/page.html", "the database could not be read: file is not a database"),
        ("mysql://kept:secret@127.0.0.1:9/shop", "the database could not be read: "),
    ):
        said = kept("audit", "inspect", folder, "--db", address)
        assert (said.code, said.out.splitlines()[0]) == (5, "1 files looked at, 0 broken, 0 not readable"), said.error
        assert said.out.splitlines()[1].startswith("not compared: ")
        assert why in said.out
        assert "secret" not in said.out + said.error
        assert "attachments looked for" not in said.out
    with sqlite3.connect(base) as connection:
        blog(connection, "wp_", [(1, "2025-06-01 08:00:00", "2025/06/a.png")])
    said = kept("audit", "inspect", folder, "--db", f"sqlite:///{base}")
    assert (said.code, "there is no wp-content/uploads below the folder" in said.out) == (5, True)
    for wrong in ("nonsense", "env:KEPT_TEST_NO_SUCH", "sqlite://"):
        refused = kept("audit", "inspect", folder, "--db", wrong)
        assert (refused.code, "--db" in refused.error) == (2, True), refused.error
