"""A process that takes in a file and can be watched: `python -m tests.probes.importer URL FILE [HALT]`.

It prints `ready`, then (with HALT) `half` once half of the file is read, and waits there to be killed. At its end it
prints the rows added and by how many bytes its memory grew while it imported.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import app.tables  # noqa: F401
from app.db import make_engine, transaction
from app.probes.importing.files import import_file
from tests.conftest import NOW


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(url: str, file: str, halt: bool) -> None:
    def progress(done: int, total: int) -> None:
        if halt and done * 2 > total:
            print("half", flush=True)
            time.sleep(600)

    engine = make_engine(url)
    with transaction(engine) as session:
        session.connection()
    before = peak()
    print("ready", flush=True)
    with transaction(engine) as session:
        result = import_file(session, Path(file), name="june.csv", format="csv", now=NOW, progress=progress)
    print(result.added, peak() - before, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], len(sys.argv) > 3)
