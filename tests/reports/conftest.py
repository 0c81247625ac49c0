"""The story's papers, rendered at most once per test run and shared."""

import pytest

from tests.reports.story_papers import Papers


@pytest.fixture(scope="session")
def papers() -> Papers:
    return Papers()
