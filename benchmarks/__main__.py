"""`python -m benchmarks [NAME …] [--quick] [--strict]`: measure, and print the measurements."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Iterator

from benchmarks.frame import Figure, machine, say

MEASUREMENTS = {
    "import": ("imports", "a file of observations against the bare driver, on SQLite and PostgreSQL"),
    "month": ("months", "all sites, one month, against SQL over plain rows, on SQLite and PostgreSQL"),
    "storage": ("storing", "bytes an observation, packed and sealed, and for good, against a plain row"),
    "catching": ("catching", "a day of an agent's answers taken in at once against the bare driver"),
    "serving": ("serving", "memory of `kept serve` probing 120 and 10,000 monitors a minute"),
    "judge": ("judging", "judging one month against reading its runs; twelve months of 50 services against one"),
    "contracts": ("contracts", "a year of one service under each draft of terms against reading its runs"),
    "probing": ("probing", "a probe over a new connection each, with and without TLS, against bare httpx"),
    "audit-snapshot": ("audit_snapshot", "sites read, whole and what changed, against `cat` and `find` of the same"),
    "audit-compare": ("audit_compare", "four generations of many sites compared, against reading their columns alone"),
    "audit-databases": ("audit_databases", "digests of parts and rows of databases against check sums"),
    "letters": ("letters", "letters planned, handed over and sent, 120 and 1,200, against writing and sending alone"),
    "papers": ("papers", "a report and a letter against WeasyPrint alone; 120 letters against one after another"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    listed = "; ".join(f"{name}: {text}" for name, (_, text) in MEASUREMENTS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run, by default all. {listed}")
    parser.add_argument("--quick", action="store_true", help="small amounts and one round: to see that it works")
    parser.add_argument("--strict", action="store_true", help="exit with 1 where a target is missed")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}")
    say(machine())
    if chosen.quick:
        say("quick: small amounts, one round; the ratios are rough")
    figures: list[Figure] = []
    for name in chosen.names or MEASUREMENTS:
        module, text = MEASUREMENTS[name]
        say(f"\n{name}: {text}")
        start = time.perf_counter()
        measure: Callable[[bool], Iterator[Figure]] = importlib.import_module(f"benchmarks.{module}").measure
        for figure in measure(chosen.quick):
            for line in figure.lines():
                say(f"  {line}")
            figures.append(figure)
        say(f"  ({time.perf_counter() - start:.0f} s)")
    missed = [figure.name for figure in figures if not figure.met]
    say(
        f"\n{len(figures) - len(missed)} of {len(figures)} targets met"
        + (f"; missed: {'; '.join(missed)}" * bool(missed))
    )
    return 1 if missed and chosen.strict else 0


if __name__ == "__main__":
    sys.exit(main())
