"""Patterns that never come to an end say nothing about the site, and hold up nobody."""

from __future__ import annotations

import asyncio
import time

import pytest

from app.prober.matching import Matcher
from app.prober.outcome import Failed
from tests.world.servers import Page, answer, ask, server, tools


def test_a_pattern_that_backtracks_for_ever_is_ended_and_the_next_one_is_answered() -> None:
    async def run() -> None:
        async with server(Page(b"a" * 5000 + b"!")) as port, tools(pattern_limit=0.3) as made:
            page = {"kind": "http", "url": f"http://127.0.0.1:{port}/"}
            start = time.monotonic()
            ever, other = await asyncio.gather(
                ask(page | {"pattern": "(a+)+$"}, made), ask(page | {"text": "aaa"}, made)
            )
            assert answer(ever[0]) == ("unknown", "pattern")
            assert answer(other[0]) == ("up", None)
            assert other[1].total is not None
            assert other[1].total < 250_000  # it did not wait for the pattern
            assert time.monotonic() - start < 1.5
            assert answer((await ask(page | {"pattern": "a!"}, made))[0]) == ("up", None)

    asyncio.run(run())


def test_groups_nothing_found_and_text_of_any_kind() -> None:
    async def run() -> None:
        matcher = Matcher()
        assert await matcher.search(r"as of (\S+)", "prices as of 2025-06-30, all") == "2025-06-30,"
        assert await matcher.search("Körb", "ein Körbchen") == "Körb"
        assert await matcher.search("x(y)?", "x") is None  # it fits, and its group is empty
        assert await matcher.search("nothing", "\udcff\x00" * 10) is None
        await matcher.close()
        with pytest.raises(Failed):
            await Matcher(0.05).search("(a+)+$", "a" * 40 + "!")

    asyncio.run(run())
