from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests made from the API's description carry the operation in their name only. Several workers share tests out by
    their ids, and would run those of one id as one: so the operation is put into the id as well."""
    for item in items:
        if item.path == HERE / "test_schema.py" and item.id.params is None and "[" in item.name:
            item._id = item.id.with_params(item.name.partition("[")[2].removesuffix("]"))  # type: ignore[attr-defined]
    ids = [item.nodeid for item in items]
    assert len(ids) == len(set(ids)), "two tests of one id: one of them would not be run"
