"""Whether a generation is what it says of itself: every byte of every file against the roots in its manifest."""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.errors import BadInput, KeptError
from app.integrity.agent import leaves, marks
from app.integrity.agent.earlier import Earlier
from app.integrity.agent.onesite import digest_of, rendered
from app.integrity.agent.sites import Wrong
from app.integrity.format import Generation, IncompleteEvidence, SiteManifest, Unverifiable, read_generation

UNVERIFIABLE, INCOMPLETE = Unverifiable.exit_code, IncompleteEvidence.exit_code
BESIDE = ("seal.json", "salt.key")  # what may lie in a generation's folder without standing in its manifest


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what was damaged, or what is not there."""

    what: str  # changed | missing | mixed | other root
    where: str
    text: str


@dataclass(slots=True)
class Checked:
    """One generation, looked through."""

    folder: Path
    generation: Generation | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 whole, 4 damaged, 5 whole as far as it is there."""
        if not self.findings:
            return 0
        return INCOMPLETE if all(item.what == "missing" for item in self.findings) else UNVERIFIABLE


@contextmanager
def unpacked(bundle: Path) -> Iterator[list[Path]]:
    """The folders of the generations in a bundle: one of them, a folder of them, or either in a zip or tar."""
    if bundle.is_dir():
        yield _generations(bundle)
        return
    if not bundle.is_file():
        raise BadInput("is neither a folder nor a file", field="BUNDLE", example="gens/2025-06-06-pre-old")
    with tempfile.TemporaryDirectory(prefix="kept-bundle-") as name:
        folder = Path(name)
        try:
            if zipfile.is_zipfile(bundle):
                with zipfile.ZipFile(bundle) as archive:
                    archive.extractall(folder)
            else:
                with tarfile.open(bundle) as packed:
                    packed.extractall(folder, filter="data")
        except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
            raise Unverifiable(f"cannot be unpacked, it was cut short or damaged: {error}", field=str(bundle)) from None
        yield _generations(folder)


def _generations(folder: Path) -> list[Path]:
    if (folder / "manifest.json").exists() or (folder / "unfinished").exists():
        return [folder]
    found = sorted(file.parent for file in folder.glob("*/manifest.json")) or sorted(
        file.parent for file in folder.glob("*/*/manifest.json")
    )
    if not found:
        raise IncompleteEvidence("holds no generation: no manifest.json in it", field=str(folder))
    return found


def verify(bundle: Path) -> list[Checked]:
    """Looks through every generation of a bundle. Raises what is wrong with the bundle itself."""
    with unpacked(bundle) as folders:
        found = [check(folder) for folder in folders]
    _together(found)
    return found


def check(folder: Path) -> Checked:
    """One generation: its manifest, every file it names, every root in it."""
    out = Checked(folder)
    try:
        generation = out.generation = read_generation(folder)
    except IncompleteEvidence as error:
        out.findings.append(Finding("missing", str(folder), error.sentence()))
        return out
    except KeptError as error:
        out.findings.append(Finding("changed", str(folder), error.sentence()))
        return out
    record = generation.record
    find = out.findings.append
    if rendered(record) != (folder / "manifest.json").read_bytes():
        find(Finding("changed", "manifest.json", "manifest.json is not written as the agent writes it; it was changed"))
    try:
        root = leaves.root(leaves.server_leaves(record)).hex()
        said = record["excludes"]
        count = record["leaves"]
        patterns = leaves.patterns_digest(said["patterns"], said["volatile"], said["volatile_version"])
    except (TypeError, KeyError, ValueError) as error:
        find(Finding("changed", "manifest.json", f"manifest.json holds what no agent writes: {error}"))
        return out
    if root != generation.server_root:
        find(Finding("changed", "manifest.json", f"manifest.json was changed: its records lead to the root {root}, "
                                                 f"and it says {generation.server_root}"))  # fmt: skip
    if patterns != generation.excludes_digest:
        find(Finding("changed", "manifest.json", "the list of what was left out was changed"))
    if count != 1 + len(generation.sites) + len(generation.dbs):
        find(Finding("changed", "manifest.json", "it names another number of sites and databases than it holds"))
    names = [part.name for part in generation.sites]
    if names != sorted(set(names)):
        find(Finding("changed", "manifest.json", "its sites stand out of order, or twice"))
    try:
        reader: Earlier | None = Earlier(str(folder))
    except Wrong as error:
        find(Finding("changed", "manifest.json", error.sentence()))
        reader = None
    named = {"manifest.json"}
    for part in generation.sites:
        named |= {part.file, *([part.chunks] if part.chunks else [])}
        _check_site(generation, part, reader, out)
    for name, digest in _files(generation.dbs):
        named.add(name)
        _check_file(folder, name, digest, out)
    for file in sorted(folder.rglob("*")):
        inside = file.relative_to(folder).as_posix()
        if file.is_file() and inside not in named and inside.split("/")[0] not in BESIDE:
            out.notes.append(f"{inside} lies there and does not belong to the generation")
    _notes(generation, out)
    return out


def _files(value: Any) -> Iterator[tuple[str, str]]:
    """Every file that the records of databases name, however deep, with its digest."""
    if isinstance(value, dict):
        name, digest = value.get("file"), value.get("sha256")
        if isinstance(name, str) and isinstance(digest, str) and name.startswith("db/") and ".." not in name.split("/"):
            yield name, digest
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from _files(item)


def _check_site(generation: Generation, part: SiteManifest, reader: Earlier | None, out: Checked) -> None:
    whole = _check_file(generation.folder, part.file, part.record["sha256"], out)
    if part.chunks:
        whole &= _check_file(generation.folder, part.chunks, part.record["chunks"]["sha256"], out)
    if not whole or reader is None or part.unopened is not None:
        return
    try:
        columns = reader.columns(part.name)
    except Wrong as error:
        missing = "not beside it" in error.reason
        out.findings.append(Finding("missing" if missing else "changed", part.file, f"{part.name}: {error.reason}"))
        return
    if columns is not None:
        out.findings += [Finding("changed", part.file, f"{part.name}: {text}") for text in _site_faults(part, columns)]


def _check_file(folder: Path, name: str, digest: str, out: Checked) -> bool:
    file = folder / name
    if not file.is_file():
        out.findings.append(Finding("missing", name, f"{name} is named by the manifest, and is not there"))
        return False
    if digest_of(str(file)) != digest:
        text = f"{name} is not the file that was sealed: it was changed or cut short"
        out.findings.append(Finding("changed", name, text))
        return False
    return True


def _site_faults(part: SiteManifest, columns: dict[str, Any]) -> Iterator[str]:
    paths, key = columns["path"], leaves.key(part.name)
    if any(one >= other for one, other in pairwise(paths)):
        yield "its paths stand out of order, or twice"
    if any(key(name) != number for name, number in zip(paths, columns["key"], strict=True)):
        yield "a path does not have the key it must have"
    full, content = leaves.site_leaves(columns)
    if leaves.root(full).hex() != part.root:
        yield "its entries do not lead to the root that was sealed"
    if leaves.root(content).hex() != part.content_root:
        yield "its entries do not lead to the content root that was sealed"
    judged = [row for row, flags in enumerate(columns["flags"]) if not flags & marks.EXCLUDED]
    counted = {
        "entries": len(judged),
        "bytes": sum(columns["size"][row] for row in judged if columns["kind"][row] == "f"),
        "unreadable": sum(1 for row in judged if columns["flags"][row] & marks.UNREAD),
        "unstable": sum(1 for row in judged if columns["flags"][row] & marks.UNSTABLE),
        "unread_digest": leaves.unread_digest(columns),
    }
    for name, value in counted.items():
        if part.record[name] != value:
            yield f"the manifest says {part.record[name]} for {name}, and it is {value}"


def _notes(generation: Generation, out: Checked) -> None:
    """What is whole and must be known all the same."""
    if not generation.clock.known:
        out.notes.append("nobody knows how far this server's clock was off")
    if generation.claimed:
        out.notes.append("its times are claimed by a person, not read off a clock")
    for part in generation.sites:
        if part.unopened is not None:
            out.notes.append(f"{part.name} could not be looked at: {part.unopened}")
        elif part.unreadable or part.unstable:
            out.notes.append(f"{part.name}: {part.unreadable} entries not examined, {part.unstable} unstable")


def _together(found: list[Checked]) -> None:
    """What only shows where several generations lie side by side: the chain, and what cannot be compared."""
    whole = [item for item in found if item.generation is not None]
    if len(found) < 2:
        for item in whole:
            if item.generation and item.generation.previous_root:
                item.notes.append(f"it follows the generation with the root {item.generation.previous_root}")
        return
    roots = {item.generation.server_root for item in whole if item.generation}
    algorithms = {item.generation.algorithm for item in whole if item.generation}
    excludes = {item.generation.excludes_digest for item in whole if item.generation}
    for item in whole:
        assert item.generation is not None
        before = item.generation.previous_root
        if before and before not in roots:
            text = f"it follows a generation with the root {before}, which is not in the bundle"
            item.findings.append(Finding("missing", item.generation.id, text))
        if len(algorithms) > 1:
            text = (
                f"read with {item.generation.algorithm}, others with {', '.join(sorted(algorithms))}: digests of two "
            )
            item.findings.append(Finding("mixed", item.generation.id, text + "algorithms cannot be compared"))
        if len(excludes) > 1:
            item.notes.append("other paths were left out than in the generations beside it: "
                              f"list {item.generation.excludes_digest[:12]}")  # fmt: skip


def against(checked: list[Checked], expected: str) -> None:
    """Holds the roots against one that was kept elsewhere: a ticket, a log, a letter."""
    if any(item.generation and item.generation.server_root == expected for item in checked):
        return
    for item in checked:
        text = f"no generation here has the root {expected}: it was changed after that root was given away"
        item.findings.append(Finding("other root", item.generation.id if item.generation else str(item.folder), text))
