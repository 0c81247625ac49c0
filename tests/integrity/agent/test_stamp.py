"""A time stamp on a root by an authority of our own, which is openssl behind a local address."""

from __future__ import annotations

import base64
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.integrity import stamping
from tests.build import entries, post, refused
from tests.integrity.agent.test_seal import ROOT, told
from tests.integrity.agent.trees import rest, take, write
from tests.running import kept

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
[req]
distinguished_name = name
[name]
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = digitalSignature
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Its address, and its folder with `tsa.pem`."""
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=Our stamps",
            "-config", folder / "tsa.cnf", "-extensions", "ext", "-keyout", folder / "tsa.key", "-out",
            folder / "tsa.pem"]  # fmt: skip
    subprocess.run(made, check=True, capture_output=True)

    class Stamps(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = folder / "query.tsq"
            query.write_bytes(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/broken":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<html>no stamps today</html>")
                return
            words = ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", query]
            reply = subprocess.run([*words, "-out", folder / "reply.tsr"], capture_output=True, check=False)
            self.send_response(200 if reply.returncode == 0 else 500)
            self.end_headers()
            self.wfile.write((folder / "reply.tsr").read_bytes())

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stamps) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


def test_sealed_stamped_and_checked_with_openssl(authority: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = authority
    site = write(tmp_path / "www" / "shop.example", {"a": b"one"})
    rest()
    generation = take(tmp_path / "gen", site, label="pre")
    data = tmp_path / "data"
    assert kept("init", "--data", data).code == 0
    words = ("audit", "seal", generation.folder, "--data", data, "--tsa")
    for wrong, said in (
        (address + "/broken", "no answer of a time stamping authority"),
        ("http://127.0.0.1:9", "gave no"),
    ):
        answer = kept(*words, wrong)
        assert (answer.code, said in answer.err) == (2, True), answer.err
        assert not (generation.folder / "seal.tsr").exists()
    foreign = tmp_path / "foreign.pem"
    foreign.write_text("no certificate")
    assert kept(*words, address, "--tsa-ca", foreign).code == 2
    done = kept(*words, address, "--tsa-ca", folder / "tsa.pem")
    assert done.code == 0, done.err
    assert "signed by the authority given" in done.err
    root = tmp_path / "root"
    root.write_text(generation.server_root)
    check = ["openssl", "ts", "-verify", "-data", root, "-in", generation.folder / "seal.tsr", "-CAfile",
             folder / "tsa.pem"]  # fmt: skip
    assert b"Verification: OK" in subprocess.run(check, capture_output=True, check=False).stdout
    listed = json.loads(kept("show", "evidence/entries?limit=100", "--data", data).out)["items"]
    stamped = [entry for entry in listed if entry["kind"] == "audit.stamped"]
    assert [entry["body"]["root"] for entry in stamped] == [generation.server_root]
    assert len(stamped[0]["attachments"]) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_stamp_of_something_else_is_refused(authority: tuple[str, Path], owner: TestClient) -> None:
    address, _ = authority

    def sent(request: bytes) -> bytes:
        import httpx

        return httpx.post(address, content=request).content

    right, wrong = stamping.ask(ROOT, sent), stamping.ask("cd" * 32, sent)

    def body(reply: bytes) -> dict[str, str]:
        return {"generation": told()["generation"], "reply_base64": base64.b64encode(reply).decode()}

    refused(owner, "/audit/stamps", body(right), 404, "generation", example=False)
    post(owner, "/audit/seals", told())
    refused(owner, "/audit/stamps", body(wrong), 422, "stamp")
    refused(owner, "/audit/stamps", body(right[:-40]), 422, "stamp")
    refused(owner, "/audit/stamps", body(b"x" * 70_000), 422, "stamp")
    refused(owner, "/audit/stamps", body(b"") | {"reply_base64": "§"}, 422, "reply_base64")
    made = post(owner, "/audit/stamps", body(right))
    assert made["policy"] == "1.2.3.4"
    assert entries(owner)[-1]["kind"] == "audit.stamped"
