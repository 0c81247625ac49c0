"""The evidence appendix over the API: what lies inside the PDF, read back; the pack; masked and hostile messages."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from app.demo.told import at
from app.statements import attached
from tests.build import API, Body
from tests.notices.test_letters import text_of
from tests.statements.ministory import Story

DOCS = Path(__file__).parents[2] / "docs"
MAIL = (
    "From: Support <support@northgate.example>\r\nTo: dana@brightwell.example\r\nSubject: =?utf-8?b?8J+agCBub3c=?=\r\n"
    "Date: Sun, 29 Jun 2025 05:00:00 +0200\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<script>alert(1)</script><p>{mail}</p><p>" + "W" * 6000 + "</p>\r\n"
)


def files_in(pdf: bytes) -> dict[str, tuple[bytes, str, str, str]]:
    """name -> (bytes, media type, relationship, description) of every attached file."""
    out = {}
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        kept = opened.attachments  # a temporary would be gone while it is read
        listed = [str(item.UF) for item in opened.Root.AF]
        assert len(listed) == len(set(listed)) == len(kept)
        for name in list(kept):
            spec = kept[name]
            file = spec.get_file()
            out[name] = (file.read_bytes(), file.mime_type, str(spec.obj.AFRelationship), spec.description)
    return out


def printed(story: Story, row: Body, form: str = "pdf", status: int = 200) -> bytes:
    answer = story.client.get(f"{API}/statements/{row['id']}/report.{form}", params={"kind": "evidence"})
    assert answer.status_code == status, answer.text[:500]
    return bytes(answer.content)


def receive(story: Story, content: bytes, received: str = at(29, "05:00")) -> Body:
    body = {"provider_id": story.ids["provider"], "channel": "email", "received_at": received, "type": "other",
            "content_base64": base64.b64encode(content).decode(), "media_type": "message/rfc822"}  # fmt: skip
    return story.post("/messages", body)


def test_everything_is_inside_and_is_what_the_list_says(read_story: Story, tmp_path: Path) -> None:
    row = read_story.statement(at(1, "09:00", 7))
    pdf = printed(read_story, row)
    assert printed(read_story, row) == pdf, "the same bytes twice"
    files, shown = files_in(pdf), json.loads(printed(read_story, row, "json"))
    assert {(name, kind) for name, (_, _, kind, _) in files.items()} >= {
        ("statement.json", "/Data"), ("observations.csv", "/Source"), ("own-outages.csv", "/Source"),
        ("SHA256SUMS", "/Supplement"),
    }  # fmt: skip
    assert json.loads(files["statement.json"][0]) == shown
    for item in shown["attached"]:
        content, media, relationship, what = files[item["name"]]
        assert hashlib.sha256(content).hexdigest() == item["sha256"]
        assert (media, relationship, what) == (item["media_type"], "/" + item["relationship"], item["what"])
    assert hashlib.sha256(files["SHA256SUMS"][0]).hexdigest() == shown["bundle_sha256"]
    originals = [item for item in shown["messages"] if item["file"]]
    assert originals
    for item in originals:
        kept = read_story.client.get(f"{API}/evidence/attachments/{item['sha256']}").content
        assert files[item["file"]][0] == kept, "the bytes as received"
    for name, (content, *_) in files.items():
        (tmp_path / name).write_bytes(content)
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False)
    assert checked.returncode == 0
    rows = files["observations.csv"][0].decode().splitlines()
    assert rows[0] == "at,monitor,state,latency_ms,error"
    assert sum(",down,,timeout" in line for line in rows) == 288  # a day, every five minutes
    watch = shown["watches"][0]
    assert (watch["failures"], watch["observations"]) == (288, 30 * 288)
    assert len(rows) - 1 >= watch["observations"]
    text = text_of(pdf)
    for part in ("E0", "E1", "E2", "E3", "E4", "E5", "E6", "E7"):
        assert part in text


def test_too_many_observations_are_given_as_intervals_and_it_says_so(
    read_story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attached, "MOST_ROWS", 100)
    row = read_story.statement(at(1, "09:00", 7))
    shown = json.loads(printed(read_story, row, "json"))
    assert [item["name"] for item in shown["attached"]][:2] == ["intervals.csv", "own-outages.csv"]
    assert "too many for this file" in shown["data"]
    content = files_in(printed(read_story, row))["intervals.csv"][0].decode().splitlines()
    assert content[0] == "first_at,last_at,monitor,state,observations"
    assert any(line.endswith(",down,288") for line in content)


def test_messages_are_harmless_cut_and_masked(story: Story) -> None:
    whole = receive(story, MAIL.format(mail="All is well.").encode())
    secret = receive(story, MAIL.format(mail="The panel: password=hunter22, for office@larkfield.example").encode(),
                     at(29, "06:00"))  # fmt: skip
    note = {"occurred_at": at(29, "10:00"), "text": "Ngozi Okafor (office@larkfield.example) rang.", "source": "C"}
    story.post(f"/incidents/{story.ids['incident']}/notes", note)
    row = story.statement(at(1, "09:00", 7))
    shown = json.loads(printed(story, row, "json"))
    by_digest = {item["sha256"]: item for item in shown["messages"]}
    first, second = by_digest[whole["digest"]], by_digest[secret["digest"]]
    assert first["text"].startswith("All is well.")
    assert "alert(1)" not in first["text"]
    assert first["cut_signs"] > 900
    assert any("[U+1F680] now" in line["value"] for line in first["headers"])
    assert first["file"] is not None
    assert (second["file"], second["text"][:36]) == (None, "The panel: password=[masked: passwor")
    assert "kept back" in second["not_attached"]
    hidden = {(item["where"], item["rule"]): item["times"] for item in shown["masked"]}
    assert hidden[("E4 messages", "password")] == 1
    assert hidden[("E1 chronology", "name")] == 1
    pdf = printed(story, row)
    everything = text_of(pdf) + "".join(content.decode("utf-8", "replace") for content, *_ in files_in(pdf).values())
    for word in ("hunter22", "Ngozi", "office@larkfield.example", "<script>"):
        assert word not in everything.replace("alert", "") or word == "<script>", word


def test_issued_it_stays_and_the_pack_holds_it(story: Story, tmp_path: Path) -> None:
    row = story.statement(at(1, "09:00", 7), wishes={"claim_number": "0007"})
    draft = story.client.get(f"{API}/statements/{row['id']}/pack.zip").content
    assert "DRAFT" in zipfile.ZipFile(io.BytesIO(draft)).read("README.txt").decode()
    issued = {
        kind: story.post(f"/statements/{row['id']}/issue", {"kind": kind, "approved_by": "Dana Reyes"})
        for kind in ("breach", "evidence")
    }
    assert (issued["evidence"]["number"], issued["evidence"]["version"]) == ("2025-06_HOST-1_evidence", 1)
    first = story.client.get(f"{API}/statements/{row['id']}/pack.zip").content
    late = {"occurred_at": at(29, "10:00"), "text": "Found later.", "source": "N"}
    story.post(f"/incidents/{story.ids['incident']}/notes", late)
    assert story.client.get(f"{API}/statements/{row['id']}/pack.zip").content == first, "the same bytes, frozen"
    with zipfile.ZipFile(io.BytesIO(first)) as pack:
        pack.extractall(tmp_path)
        names = set(pack.namelist())
    assert names == {
        "README.txt", "SHA256SUMS", "2025-06_HOST-1_claim_v1.pdf", "2025-06_HOST-1_evidence_v1.pdf", "statement.json",
        "evidence.json", "recompute_claim.py", "verify_bundle.py",
    }  # fmt: skip
    for kind, name in (("breach", "claim"), ("evidence", "evidence")):
        content = (tmp_path / f"2025-06_HOST-1_{name}_v1.pdf").read_bytes()
        assert hashlib.sha256(content).hexdigest() == issued[kind]["pdf_digest"]
    readme = (tmp_path / "README.txt").read_text()
    assert "DRAFT" not in readme
    head = json.loads((tmp_path / "statement.json").read_text())["header"]["evidence_head"]
    (tmp_path / "bundle.zip").write_bytes(story.client.get(f"{API}/evidence/bundle.zip").content)
    for command in (  # what the README says, word for word
        ["sha256sum", "-c", "SHA256SUMS"],
        [sys.executable, "-I", "-S", "recompute_claim.py", "statement.json"],
        [sys.executable, "-I", "-S", "verify_bundle.py", "bundle.zip", head],
    ):
        assert " ".join(["python3" if part == sys.executable else part for part in command]) in readme
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_cell_is_text_to_a_spreadsheet_and_a_table_is_plain() -> None:
    assert [attached.cell(text) for text in ("=1+1", "+a", "-b", "@c", "timeout", "a\nb")] == [
        "'=1+1", "'+a", "'-b", "'@c", "timeout", "a b",
    ]  # fmt: skip
    rows: list[list[Any]] = [["x,y", 'say "no"']]
    assert attached.table("t.csv", ("a", "b"), rows).content == b'a,b\n"x,y","say ""no"""\n'
