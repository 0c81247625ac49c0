"""Vendor files against published check sums: other, gone, added, and sound but of another version."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from pathlib import Path

import pytest

from tests.integrity.compare.test_command import kept

OLD = {
    "wp-login.php": "login 1", "wp-includes/version.php": "<?php $x;\n$wp_version = '6.4.3';\n",
    "wp-includes/load.php": "load 1", "wp-admin/menu.php": "menu", "wp-content/themes/given/style.css": "theme",
}  # fmt: skip
NEW = OLD | {"wp-includes/version.php": "<?php $x;\n$wp_version = '6.5.2';\n", "wp-includes/load.php": "load 2"}
HEADER = "<?php\n/*\nPlugin Name: Forms\n * Version: {}\n*/\n"


def site(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def core(file: Path, files: dict[str, str]) -> Path:
    """As `?version=…&locale=…` answers: one version's files with their MD5."""
    sums = {name: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for name, text in files.items()}
    file.write_text(json.dumps({"checksums": sums}))
    return file


def plugin(file: Path, version: str, files: dict[str, str]) -> Path:
    sums = {name: {"md5": "0" * 32, "sha256": [hashlib.sha256(text.encode()).hexdigest(), "1" * 64]}
            for name, text in files.items()}  # fmt: skip
    file.write_text(json.dumps({"plugin": "forms", "version": version, "source": "…", "files": sums}))
    return file


def test_vendor_files_that_are_other_gone_and_added(tmp_path: Path) -> None:
    there = site(tmp_path / "s", {**NEW, "wp-config.php": "mine", "wp-content/uploads/a.txt": "mine"})
    (there / "wp-content/themes/given/style.css").unlink()  # bundled themes are the user's to remove
    given = core(tmp_path / "version=6.5.2.json", NEW)
    sound = kept("audit", "inspect", there, "--checksums", given)
    assert (sound.code, sound.out.splitlines()[-1]) == (
        0,
        "WordPress 6.5.2: 4 equal to the published files, 0 other, 0 not there, 0 in no list; which version was there "
        "before is not said by that",
    )
    site(there, {"wp-includes/load.php": "bent", "wp-includes/evil.php": "in", "wp-x.php": "in"})
    (there / "wp-login.php").unlink()
    (there / "wp-admin/menu.php").unlink()
    (there / "wp-admin/menu.php").symlink_to(tmp_path / "s/wp-config.php")
    said = kept("audit", "inspect", there, "--checksums", given)
    assert said.code == 3
    assert said.out.splitlines()[1:-1] == [
        "wp-includes/load.php: not the published file of WordPress 6.5.2",
        "wp-login.php: a file of WordPress 6.5.2 that is not there",
        "wp-x.php: no file of WordPress 6.5.2",
        "wp-includes/evil.php: no file of WordPress 6.5.2",
        "not compared: wp-admin/menu.php cannot be read: Too many levels of symbolic links",
    ]


def test_a_stale_core_is_equal_to_the_list_of_its_own_version(tmp_path: Path) -> None:
    there = site(tmp_path / "s", OLD)
    own, newer = core(tmp_path / "version=6.4.3", OLD), core(tmp_path / "version=6.5.2", NEW)
    alone = kept("audit", "inspect", there, "--checksums", own)
    assert (alone.code, "which version was there before is not said by that" in alone.out) == (0, True)
    both = kept("audit", "inspect", there, "--checksums", own, "--checksums", newer)
    assert (both.code, both.out.splitlines()[-1]) == (
        3, "WordPress is of 6.4.3, older than 6.5.2, whose list was given: perhaps an older copy",
    )  # fmt: skip
    only_newer = kept("audit", "inspect", there, "--checksums", newer)
    assert only_newer.code == 3
    assert only_newer.out.splitlines()[1:] == [
        "not compared: WordPress is of 6.4.3; lists are of 6.5.2",
        "WordPress is of 6.4.3, older than 6.5.2, whose list was given: perhaps an older copy",
    ]
    site(there, {**NEW, "wp-includes/load.php": "load 1"})  # one file was laid over by an older copy
    mixed = kept("audit", "inspect", there, "--checksums", own, "--checksums", newer, "--json")
    told = json.loads(mixed.out)["published"]
    assert (mixed.code, told[0]["compared_with"], told[0]["of_another_version"]) == (
        3, "6.5.2", [{"path": "wp-includes/load.php", "version": "6.4.3"}],
    )  # fmt: skip


def test_a_plugin_and_a_list_from_an_address(tmp_path: Path) -> None:
    files = {"forms.php": HEADER.format("2.1"), "inc/a.php": "a", "readme.txt": "changes without a version"}
    there = site(tmp_path / "s", {f"wp-content/plugins/forms/{name}": text for name, text in files.items()})
    (there / "wp-content/plugins/forms/readme.txt").write_text("later")
    asked: list[str] = []
    answer = plugin(tmp_path / "forms.json", "2.1", files).read_bytes()

    class Published(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/forms/2.1.json" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Published) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        top = f"http://127.0.0.1:{server.server_address[1]}/forms"
        said = kept("audit", "inspect", there, "--checksums", f"{top}/2.1.json")
        refused = kept("audit", "inspect", there, "--checksums", f"{top}/9.json")
        server.shutdown()
    assert asked == ["/forms/2.1.json", "/forms/9.json"]  # and nothing but what was asked for
    assert (said.code, "forms 2.1: 2 equal to the published files, 0 other" in said.out) == (0, True)
    assert (refused.code, "gave no list" in refused.error) == (2, True)
    (there / "wp-content/plugins/forms/forms.php").write_text(HEADER.format("2.0"))
    older = kept("audit", "inspect", there, "--checksums", tmp_path / "forms.json")
    assert older.code == 3
    assert "forms is of 2.0, older than 2.1, whose list was given: perhaps an older copy" in older.out


@pytest.mark.parametrize(
    "text",
    ['{"checksums": false}', "[]", "not JSON", '{"checksums": {}}', '{"checksums": {"../wp-config.php": "00"}}',
     '{"plugin": "../x", "version": "1", "files": {"a": {"md5": "00"}}}', '{"plugin": "x", "files": {"a": {}}}'],
)  # fmt: skip
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.json").write_text(text)
    said = kept("audit", "inspect", tmp_path, "--checksums", tmp_path / "list.json")
    assert (said.code, "--checksums" in said.error) == (2, True)


def test_where_there_is_nothing_to_hold_against_is_said(tmp_path: Path) -> None:
    """No such software below the folder: never "0 other" where nobody looked."""
    (tmp_path / "s").mkdir()
    said = kept("audit", "inspect", tmp_path / "s", "--checksums", core(tmp_path / "6.5.2", NEW))
    assert (said.code, said.out.splitlines()[1:]) == (
        5, ["not compared: there is no wp-includes below the folder"],
    )  # fmt: skip
