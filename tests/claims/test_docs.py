"""docs/claims.md runs as it stands, over the API and by hand, and names every step there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.access.actions import create_token
from app.claims.api import router
from app.db import transaction
from app.web.edge import utc_now
from tests.test_fact_rooms import ON_SQLITE
from tests.test_recording_docs import address

__all__ = ["address"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"


@ON_SQLITE
@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_the_examples_run_as_they_stand(engine: Engine, address: str, tmp_path: Path) -> None:
    with transaction(engine) as session:
        _, token = create_token(session, name="docs", role="owner", now=utc_now())
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(blocks)],
        env={"PATH": path, "KEPT": address, "TOKEN": token, "KEPT_DATA": str(tmp_path), "COLUMNS": "160"},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout[-2000:], ran.stderr)
    assert b"Credited: 100.00; outstanding: 20.00" in ran.stdout
    assert b"partly, Dana Reyes: 40.00; 99.31 %; Four of the hours were maintenance." in ran.stdout


def test_every_step_is_on_the_page() -> None:
    said = PAGE.read_text(encoding="utf-8")
    paths = [getattr(route, "path", "") for route in router.routes]
    verbs = {path.rpartition("/")[2] for path in paths if path.startswith("/api/v1/claims/{claim_id}/")}
    assert len(verbs) > 8
    assert not [verb for verb in verbs if f"`{verb}`" not in said and f"/{verb}`" not in said]
