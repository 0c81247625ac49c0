"""Tables with known fates of rows: written before, during and after a migration that loses and reverts some."""

from __future__ import annotations

from collections import Counter
from random import Random

import polars as pl

from app.integrity.compare.rows import Table, judge_rows

NAMES = (("g0", "old"), ("g1", "old"), ("g2", "old"), ("h20", "new"), ("a", "new"))
Row = tuple[int, int, int] | None  # digest, updated_at, fixed


def tables(seed: int, rows: int = 2000) -> tuple[list[Table], dict[int, str]]:
    """Five generations of one table, and the verdict that each key deserves."""
    random = Random(seed)
    states: dict[int, list[Row]] = {}
    truth: dict[int, str] = {}
    fates = list(FATES)
    for pk in range(rows):
        name = random.choices(fates, [60, *([4] * (len(fates) - 1))])[0]
        born = random.randrange(1 << 40)

        def row(at: int, born: int = born) -> Row:
            return random.randrange(1 << 62), at * 1000 + random.randrange(999), born

        states[pk], truth[pk] = FATES[name](row, random)
    out = []
    for place, (name, server) in enumerate(NAMES):
        held = [(pk, *state[place]) for pk, state in states.items() if state[place] is not None]  # type: ignore[misc]
        schema = {"pk": pl.Int64, "digest": pl.UInt64, "updated_at": pl.Int64, "fixed": pl.UInt64}
        out.append(Table(name, server, pl.DataFrame(held, schema=schema, orient="row")))
    return out, truth


def intact(row, random):
    a = row(1)
    return [a] * 5, "INTACT"


def edited_before(row, random):
    a, b, c = row(1), row(2), row(3)
    return [a, b, c, c, c], "INTACT"


def edited_on_new(row, random):
    a, b = row(1), row(5)
    return [a, a, a, random.choice((a, b)), b], "CHANGED"


def new(row, random):
    a = row(5)
    return [None, None, None, random.choice((None, a)), a], "NEW"


def deleted_before(row, random):
    return [row(1), row(2), None, None, None], "INTACT"


def lost(row, random):
    a = row(1)
    return [a, a, a, random.choice((None, a)), None], "LOST"


def new_lost(row, random):
    return [None, None, None, row(4), None], "LOST"


def reverted(row, random):
    a, b, c = row(1), row(2), row(3)
    return [a, b, c, random.choice((b, c)), b], "REVERTED"


def reverted_between(row, random):
    """To a state that no snapshot saw."""
    a, b, c = row(1), row(2), row(4)
    unseen = row(3)
    return [a, b, c, unseen, unseen], "REVERTED"


def clobbered(row, random):
    a = row(1)
    return [a, a, a, row(5), a], "REVERTED"


def resurrected(row, random):
    a = row(1)
    return [a, a, None, a, a], "RESURRECTED"


def reused(row, random):
    a = row(1)
    other = row(6, born=random.randrange(1 << 40))
    return [a, a, a, random.choice((None, other)), other], "ID_REUSED"


FATES = {
    function.__name__: function
    for function in (intact, edited_before, edited_on_new, new, deleted_before, lost, new_lost, reverted,
                     reverted_between, clobbered, resurrected, reused)
}  # fmt: skip


def main() -> None:
    wrong: Counter[str] = Counter()
    total = 0
    for seed in range(20):
        made, truth = tables(seed, 22_084)
        said = dict(judge_rows(made).judged.iter_rows())
        total += len(truth)
        wrong.update(f"{truth[pk]} called {said.get(pk)}" for pk in truth if said.get(pk) != truth[pk])
    print(f"{total} rows, {(total - wrong.total()) * 100 / total:.3f} % agree", dict(wrong))


if __name__ == "__main__":
    main()
