"""A real browser: the documentation page of the running service, and a paper as a page.

Every other host is unknown to it: what it shows came from the service alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Demo, Service, serving

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no browser: install Debian's package `chromium`")


@pytest.fixture(scope="module")
def service(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    data = demo.copy(tmp_path_factory.mktemp("browser") / "data")
    with serving(data) as running:
        yield running


def browse(address: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Opens an address in a browser that nobody used before and that knows no other host."""
    assert CHROMIUM is not None
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-sync", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
        "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--hide-scrollbars", "--window-size=1200,1600", "--virtual-time-budget=15000",
        f"--user-data-dir={folder / 'profile'}", *more, address,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)


def test_the_documentation_page(service: Service, tmp_path: Path) -> None:
    described = httpx.get(service.url + "/openapi.json", timeout=60).json()
    page = browse(service.url + "/docs#/statements", tmp_path, "--dump-dom").stdout
    assert "Kept - the API" in page
    for tag in described["tags"]:
        assert tag["description"] in page, f"{tag['name']} is not on the page: the script did not run"
    assert "opblock-summary" in page
    assert "/api/v1/statements/" in page.replace("<wbr>", "").replace("\u200b", "")
    served = httpx.get(service.url + "/docs").text
    sources = set(re.findall(r'(?:src|href)="([^"]+)"', served))
    assert sources
    assert all(source.startswith("/static/") for source in sources), sources
    assert "://" not in served


def test_a_paper_as_a_page(service: Service, demo: Demo, tmp_path: Path) -> None:
    signed = {"authorization": f"Bearer {demo.token}"}
    statements = httpx.get(service.url + "/api/v1/statements", headers=signed).json()["items"]
    address = f"{service.url}/api/v1/statements/{statements[1]['id']}/report.html"
    answer = httpx.get(address, headers=signed, timeout=60)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    file = tmp_path / "report.html"
    file.write_text(answer.text, encoding="utf-8")
    page = browse(file.as_uri(), tmp_path, "--dump-dom").stdout
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for told in ("Northgate Hosting", "HOST-1", "96.94", "EUR 120.00", "30 July 2025"):
        assert told in words, told
    assert not re.search(r'(?:src|href)="(?!data:|#)', answer.text), "the page stands for itself"
    shot = tmp_path / "report.png"
    browse(file.as_uri(), tmp_path, f"--screenshot={shot}")
    assert shot.stat().st_size > 50_000, "a page with something on it"
