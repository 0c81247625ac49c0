"""The worked examples: beside the project where they are shared, else the copy that comes with it."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SHARED = HERE.parents[1].parent / "shared" / "vectors"


def load(name: str) -> dict[str, Any]:
    shared = SHARED / name
    path = shared if shared.exists() else HERE / "vectors" / name
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
