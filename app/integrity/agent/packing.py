"""The agent as one file: the same sources in a zip that Python runs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

FILES = (
    "__init__", "__main__", "asking", "clock", "containers", "earlier", "excludes", "leaves", "main", "marks",
    "onesite", "packing", "reading", "rows", "sites", "snapshot", "walk", "watching", "workers",
)  # fmt: skip
PACKAGE = "kept_agent"
START = f"import sys\n\nfrom {PACKAGE}.main import main\n\nsys.exit(main())\n"


def source(name: str) -> bytes:
    """One file of this package, wherever it was loaded from."""
    loader: Any = globals()["__loader__"]
    folder = __file__[: -len("packing.py")]
    data: bytes = loader.get_data(f"{folder}{name}.py")
    return data


def own_digest() -> str:
    """Digest over this package's sources: the same installed and as one file. A manifest names it."""
    whole = hashlib.sha256()
    for name in FILES:
        text = source(name)
        whole.update(name.encode() + b"\0" + hashlib.sha256(text).digest())
    return whole.hexdigest()


def packed() -> bytes:
    """kept-agent.pyz: the same bytes for the same sources."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        files = {f"{PACKAGE}/{name}.py": source(name) for name in FILES} | {"__main__.py": START.encode()}
        for name, text in sorted(files.items()):
            item = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            item.compress_type = zipfile.ZIP_DEFLATED
            item.external_attr = 0o644 << 16
            archive.writestr(item, text)
    return b"#!/usr/bin/env python3\n" + out.getvalue()
