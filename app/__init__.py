import sys

# httpx would load its own command line, which nobody calls here, with rich, click and pygments: five megabytes.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
