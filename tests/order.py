"""In which order test files are shared out, so that nobody waits for the demo while there is other work."""

from __future__ import annotations

from multiprocessing.forkserver import ensure_running

import pytest

import tests.running  # noqa: F401  says what is loaded

NEED_THE_DEMO = ("test_commands_on_the_story.py", "test_story.py")  # test_browser.py makes it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are shared out in this order: the one that loads the demo first, those that wait for it a while later."""

    def turn(item: pytest.Item) -> int:
        if item.path.name == "test_browser.py":
            return 0
        if item.path.name in NEED_THE_DEMO:
            return 2
        return 1 if item.path.relative_to(item.config.rootpath).as_posix() < "tests/integrity" else 3

    items.sort(key=turn)
    ensure_running()  # before the press asks for one that has loaded its fonts and nothing else
