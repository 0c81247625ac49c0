"""The agent's own command line: `python3 kept-agent.pyz snapshot …`. Exit codes: 0 done, 2 bad input, 5 a site could
not be opened, 130 interrupted (the same command takes it up again)."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from . import VERSION, asking, containers, packing, sites, watching, workers
from .earlier import manifest
from .snapshot import LABELS, SERVERS, Plan, snapshot

INCOMPLETE = 5


def main(arguments: list[str] | None = None) -> int:
    try:
        chosen = _parser().parse_args(arguments)
        done: int = chosen.run(chosen)
        return done
    except sites.Wrong as error:
        print(f"kept-agent: {error.sentence()}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("kept-agent: interrupted; the same command takes it up again", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kept-agent", description="Reads sites and writes down what is there, to be sealed and compared.",
        epilog="Exit codes: 0 done, 2 bad input, 5 a site could not be opened, 130 interrupted.",
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    take = commands.add_parser("snapshot", help="Take a snapshot of sites.",
                               epilog="Example: kept-agent snapshot --label pre --server old --out gens/pre-old "
                               "--sites sites.toml")  # fmt: skip
    _asked(take)
    take.add_argument("--out", required=True, help="the generation's folder, new or begun before")
    take.add_argument("--nonce", default="", metavar="HEX", help="given by the collector, stands in the manifest")
    take.add_argument("--taken-at", metavar="T", help="claim another time (only with --label import or test)")
    take.set_defaults(run=_snapshot)
    again = commands.add_parser("watch", help="Take a snapshot at regular times, each on the last.",
                                epilog="Example: kept-agent watch --label during --server old --every 1h --until "
                                "2025-06-30T06:00:00Z --into gens --sites sites.toml")  # fmt: skip
    _asked(again)
    again.add_argument("--into", required=True, help="the folder that the generations are made in")
    again.add_argument("--every", default="1h", help="30m, 1h; a minute at least")
    again.add_argument("--until", required=True, metavar="T", help="the moment after which none is begun")
    again.set_defaults(run=_watch)
    example = "Example: kept-agent probe gens/post-new questions.json > answers.json"
    ask = commands.add_parser("probe", help="Answer questions about files that are there now.", epilog=example)
    ask.add_argument("generation", help="the generation that says where each site lies")
    ask.add_argument("questions", help="a file made by `kept audit challenge` or `kept audit compare`")
    ask.set_defaults(run=_probe)
    version = commands.add_parser("version", help="Version and digest of this agent.")
    version.set_defaults(run=_version)
    worker = commands.add_parser("worker")
    worker.set_defaults(run=lambda chosen: workers.serve())
    return parser


def _asked(take: argparse.ArgumentParser) -> None:
    """What is asked of a snapshot, and of each of several."""
    take.add_argument("paths", nargs="*", metavar="PATH", help="a site: FOLDER, SITE=FOLDER or CLIENT/SITE=FOLDER")
    take.add_argument("--sites", help="a file of [[site]] tables with name, client and path")
    take.add_argument("--tree", help="a folder with folders client/site below it")
    take.add_argument("--label", required=True, choices=LABELS, help="when it is taken, seen from the migration")
    take.add_argument("--server", required=True, choices=SERVERS, help="which server it is of")
    take.add_argument("--base", help="the generation before: read and write only what changed since")
    take.add_argument("--full", action="store_true", help="read everything again all the same")
    take.add_argument("--hash", default="sha256", help="sha256, blake2b, or blake3 where it is installed")
    take.add_argument("--workers", type=int, default=0, help="how many sites at once")
    take.add_argument("--gentle", action="store_true", help="lowest priority, one site at a time")
    take.add_argument("--max-read", default="0", metavar="MB", help="read no more than so many megabytes a second")
    take.add_argument("--chunks", metavar="SIZE", help="digests of parts for files of this size and more: 64k, 4k")
    take.add_argument("--clock-offset", metavar="S", help="seconds this clock is ahead of true time: 0.2±0.5")
    take.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="count, never judge")
    take.add_argument("--judge-volatile", action="store_true", help="judge caches, sessions and logs as well")
    take.add_argument("--settle", default="2", metavar="S", help="a file younger than this when read is read again")
    take.add_argument("--max-file", default="64g", metavar="SIZE", help="larger files are not read")
    take.add_argument("--container", default="", help="parquet or ndjson.gz; by default what there is")


def _plan(chosen: Any, out: str, base: str | None) -> Plan:
    listed = [sites.named(path) for path in chosen.paths]
    listed += sites.from_file(chosen.sites) if chosen.sites else []
    listed += sites.in_tree(chosen.tree) if chosen.tree else []
    claimed = getattr(chosen, "taken_at", None)
    return Plan(
        out=out, sites=listed, label=chosen.label, server=chosen.server, base=base, full=chosen.full,
        algorithm=chosen.hash, workers=chosen.workers, gentle=chosen.gentle,
        max_read=amount(chosen.max_read, "--max-read", 1 << 20), nonce=getattr(chosen, "nonce", ""),
        chunks_from=amount(chosen.chunks, "--chunks") if chosen.chunks else None,
        taken_at=moment(claimed) if claimed else None, clock_offset=chosen.clock_offset,
        excludes=chosen.exclude, volatile=not chosen.judge_volatile,
        quiet_ns=seconds(chosen.settle), file_bytes=amount(chosen.max_file, "--max-file"), container=chosen.container,
    )  # fmt: skip


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _snapshot(chosen: Any) -> int:
    plan = _plan(chosen, chosen.out, chosen.base)
    made = snapshot(plan, _say)
    print(json.dumps(summary(plan.out, made), indent=1))
    return INCOMPLETE if any(record["unopened"] for record in made["sites"]) else 0


def _watch(chosen: Any) -> int:
    def take(out: str, base: str | None) -> bool:
        told = summary(out, snapshot(_plan(chosen, out, base), _say))
        print(json.dumps(told), flush=True)
        return not told["not_opened"]

    made = watching.watch(
        take, chosen.into, f"{chosen.label}-{chosen.server}", watching.every(chosen.every),
        moment(chosen.until, "--until") / 10**9, time.time, time.sleep, _say, chosen.base,
    )  # fmt: skip
    return 0 if all(made) else INCOMPLETE


def summary(out: str, made: dict[str, Any]) -> dict[str, Any]:
    """What a script wants to know of a finished snapshot."""
    records = made["sites"]
    total = {name: sum(record[name] for record in records)
             for name in ("entries", "bytes", "unreadable", "unstable", "vanished", "reused")}  # fmt: skip
    lost = {record["name"]: record["unopened"] for record in records if record["unopened"]}
    return {"id": made["id"], "folder": os.path.abspath(out), "server_root": made["server_root"],
            "sites": len(records), **total, "not_opened": lost}  # fmt: skip


def _probe(chosen: Any) -> int:
    found = manifest(chosen.generation)
    questions, raw = asking.read_questions(chosen.questions)
    print(json.dumps(asking.answers(questions, raw, folders(found), found["algorithm"]), indent=1))
    return 0


def folders(found: dict[str, Any]) -> dict[str, str]:
    """Where each site of a generation lies."""
    return {record["name"]: os.fsdecode(containers.unquoted(record["folder"])) for record in found["sites"]}


def _version(chosen: Any) -> int:
    print(f"kept-agent {VERSION} sha256:{packing.own_digest()}")
    return 0


def amount(text: str, field: str, unit: int = 1) -> int:
    """`64k`, `10m`, `2g` or a plain number of `unit`s, as bytes. Raises Wrong."""
    scale = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}.get(text[-1:].lower())
    digits = text[:-1] if scale else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise sites.Wrong(f"{text!r} is no amount", field, "64k")
    return int(digits) * (scale or unit)


def seconds(text: str) -> int:
    """Seconds with a fraction, as nanoseconds. Raises Wrong."""
    whole, _, part = text.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(part) > 9 or len(whole) > 6:
        raise sites.Wrong(f"{text!r} is no number of seconds", "--settle", "2")
    return int(whole or "0") * 10**9 + int((part or "0").ljust(9, "0"))


def moment(text: str, field: str = "--taken-at") -> int:
    """A time with its zone as nanoseconds since 1970. Raises Wrong."""
    import datetime

    example = "2025-06-06T22:00:00Z"
    try:
        found = datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "Zz" else text)
    except ValueError:
        raise sites.Wrong(f"{text!r} is no time", field, example) from None
    if found.tzinfo is None:
        raise sites.Wrong(f"{text!r} does not say its zone", field, example)
    passed = found - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (passed.days * 86400 + passed.seconds) * 10**9 + passed.microseconds * 1000
