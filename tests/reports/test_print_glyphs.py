"""What the bundled fonts can draw is read once, whole, whoever asks first."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ASK = """
from concurrent.futures import ThreadPoolExecutor
from reports import glyphs
with ThreadPoolExecutor(16) as pool:
    ask = lambda _: (glyphs.width("Larkfield Garden Centre Ltd", 9.5), len(glyphs.drawable()))
    widths = set(pool.map(ask, range(64)))
print(widths)
assert len(widths) == 1
"""


def test_sixteen_threads_at_once_read_the_same_widths() -> None:
    """fontTools reads lazily: threads that shared one open font read each other's bytes, and lines grew too long."""
    with ThreadPoolExecutor(3) as pool:
        told = {pool.submit(subprocess.check_output, [sys.executable, "-c", ASK], text=True) for _ in range(6)}
        assert len({job.result() for job in told}) == 1
