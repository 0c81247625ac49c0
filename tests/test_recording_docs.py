"""docs/recording.md runs as it stands, and names every address at which a fact is entered."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.access.actions import create_token
from app.db import transaction
from app.main import create_app
from app.settings import Settings
from app.web.edge import utc_now
from tests.test_fact_rooms import ON_SQLITE, doors

PAGE = Path(__file__).parent.parent / "docs" / "recording.md"


@pytest.fixture
def address(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """A running service over the test's database."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(Settings(data=tmp_path), engine=engine), port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/api/v1"
    server.should_exit = True
    thread.join(10)


@ON_SQLITE
@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_the_examples_run_as_they_stand(engine: Engine, address: str, tmp_path: Path) -> None:
    with transaction(engine) as session:
        _, token = create_token(session, name="docs", role="owner", now=utc_now())
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    script = "set -euo pipefail\n" + "\n".join(blocks)
    ran = subprocess.run(
        ["bash", "-c", script],
        env={"PATH": os.environ["PATH"], "KEPT": address, "TOKEN": token},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout[-2000:], ran.stderr)
    assert b'"whole":true' in ran.stdout.replace(b" ", b"")
    assert (tmp_path / "kept.eml").read_bytes() == b"Subject: Scheduled maintenance"


@ON_SQLITE
def test_every_address_that_takes_a_fact_is_on_the_page(app_client: TestClient) -> None:
    said = re.sub(r"(/)(?:\$[A-Z]+|\{\w+\})", r"\1*", PAGE.read_text(encoding="utf-8"))
    for method, path in doors(app_client):
        if method != "get":
            wanted = re.sub(r"\{\w+\}", "*", path.removeprefix("/api/v1"))
            assert wanted in said, f"{method} {path} is not on the page"
