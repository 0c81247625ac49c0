"""Where every room has its log from."""

from __future__ import annotations

import sys
from typing import Any

# Where it finds rich, structlog loads it, which no log of ours needs (five megabytes), and prints with every traceback
# the values of all variables: passwords and sealed headers among them.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
try:
    import structlog
finally:
    del sys.modules["rich"]
    if _rich is not None:
        sys.modules["rich"] = _rich


def logger(name: str) -> Any:
    return structlog.get_logger(name)
