"""Regular expressions with a time limit. Python's own engine cannot be interrupted, so it runs beside us."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
from pathlib import Path

from app.prober.outcome import Failed, Fault

LIMIT_S = 1.0
_PROGRAM = Path(__file__).with_name("matcher.py")


class Matcher:
    """One helper process, started when the first pattern is asked for and anew after one that did not end."""

    def __init__(self, limit: float = LIMIT_S) -> None:
        self.limit = limit
        self._process: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def search(self, pattern: str, text: str) -> str | None:
        """The first group (or all) of the first place that fits, None where none does. Raises Failed: too long."""
        async with self._one_at_a_time:
            if self._process is None or self._process.returncode is not None:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-I", "-S", str(_PROGRAM),
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
            try:
                async with asyncio.timeout(self.limit):
                    return await self._ask(self._process, pattern.encode(), text.encode("utf-8", "replace"))
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                await self.close()
                raise Failed(Fault.PATTERN, f"the pattern was not done after {self.limit:g} s: {pattern}") from None
            except BaseException:
                await self.close()
                raise

    @staticmethod
    async def _ask(process: asyncio.subprocess.Process, pattern: bytes, text: bytes) -> str | None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(struct.pack(">II", len(pattern), len(text)) + pattern + text)
        await process.stdin.drain()
        (length,) = struct.unpack(">i", await process.stdout.readexactly(4))
        return None if length < 0 else (await process.stdout.readexactly(length)).decode("utf-8", "replace")

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            if process.stdin is not None:
                process.stdin.close()
