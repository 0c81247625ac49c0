"""The story of one path: what each generation saw of it, and why the verdict is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.errors import KeptError, NotFound
from app.integrity.compare import reading
from app.integrity.compare.audit import Audit, SiteResult
from app.integrity.compare.printing import shown
from app.integrity.compare.values import HIGH, Judgement, Seen, Verdict
from app.integrity.compare.wording import REASONS, sentence
from app.integrity.format import Generation, instant

KINDS = {"f": "file", "d": "folder", "l": "link", "p": "FIFO", "s": "socket", "b": "device", "c": "device"}
FLAGS = {1: "could not be read", 2: "too large to be read", 4: "was being written", 8: "just written",
         16: "left out", 32: "on another file system", 64: "too deep"}  # fmt: skip


def story(run: Audit, site: str, names: Sequence[bytes]) -> Iterator[str]:
    """Lines for a person. Raises NotFound where no generation has the path."""
    result = run.one(site, run.renamed())
    path, looks = _looks(run, site, names)
    yield shown(result.prefix + path)
    for item, look in zip(run.order.given, looks, strict=True):
        at = instant(item.generation.start_ns - (item.clock.offset_ns or 0))
        yield f"  {at:%Y-%m-%d %H:%M} UTC  {item.server}  {item.generation.id}: {_seen(look)}"
    yield from _why(run, result, path, looks)


def _looks(run: Audit, site: str, names: Sequence[bytes]) -> tuple[bytes, list[Seen | str]]:
    for path in names:
        looks = [_look(item.generation, site, path) for item in run.order.given]
        if any(isinstance(look, Seen) for look in looks):
            return path, looks
    raise NotFound(f"no generation has {shown(names[0])!r} in the site {site!r}", field="PATH")


def _look(generation: Generation, site: str, path: bytes) -> Seen | str:
    import polars as pl

    try:
        table = reading.columns(generation, site, reading.ENTRY).filter(pl.col("path") == path)
    except KeptError as error:
        return f"not looked at: {error.reason}"
    found = list(reading.entries(table))
    return found[0][1] if found else "not there"


def _seen(look: Seen | str) -> str:
    if isinstance(look, str):
        return look
    marks = [text for bit, text in FLAGS.items() if look.flags & bit]
    content = "" if look.content is None else f", {'to ' if look.kind == 'l' else ''}{_content(look)}"
    said = f"{KINDS.get(look.kind, 'something')}, {look.size} bytes, dated {instant(look.mtime_ns):%Y-%m-%d %H:%M:%S}"
    return f"{said}, {look.mode:04o} {look.owner}:{look.group}{content}{''.join(f' ({mark})' for mark in marks)}"


def _content(look: Seen) -> str:
    assert look.content is not None
    return shown(look.content) if look.kind == "l" else look.content.hex()


def _why(run: Audit, result: SiteResult, path: bytes, looks: Sequence[Seen | str]) -> Iterator[str]:
    times = {
        snap.number: (snap.id, snap.start_ns - (item.clock.offset_ns or 0))
        for snap, item in zip(run.order.snaps, run.order.given, strict=True)
    }
    base = next(snap.number for snap in reversed(run.order.snaps) if snap.server == "old")
    found = result.judged.get(path)
    if found is None:
        last = looks[base]
        out = isinstance(last, Seen) and last.left_out
        found = Judgement(Verdict.EXCLUDED if out else Verdict.INTACT, HIGH, 0 if out else 6,
                          "excluded" if out else "equal", last=base)  # fmt: skip
    yield f"  {found.verdict.value}, {found.conf.value} (rule {found.rule} of docs/audit-verdicts.md)"
    told = sentence("It", found, times)
    said, also = REASONS[found.why]
    if told is None:
        named = {number: f"{id_}" for number, (id_, _) in times.items()}
        text = said.format(last=named.get(found.last, "the old server"), generation=named.get(found.generation, ""))
        told = f"It {text}. Counted, and no part of any claim{f'; {also} would explain it too' if also else ''}."
    yield f"  {told}"
    if result.found is not None and (policy := result.found.policies.get(run.order.snaps[-1].number)) is not None:
        yield f"  times of files: {_policy(policy.of(path).kind)}; clocks: {run.order.basis}"
    if meta := _drift(result, path):
        yield f"  other than on the old server: {', '.join(meta)}"
    for flag in found.flags:
        yield f"  {flag}"


def _drift(result: SiteResult, path: bytes) -> list[str]:
    import polars as pl

    if result.found is None:
        return []
    if path in result.found.meta:
        return result.found.meta[path]
    found = result.found.plain.filter((pl.col("path") == path) & pl.col("meta").is_not_null())["meta"].to_list()
    return list(found[0]) if found else []


def _policy(kind: str) -> str:
    return {
        "preserve": "the copy kept them", "shift": "the copy shifted all by one amount",
        "none": "the copy gave files its own time", "unknown": "nothing to measure on",
    }[kind]  # fmt: skip
