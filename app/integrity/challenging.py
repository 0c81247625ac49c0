"""A challenge: files drawn by lot, a nonce nobody knew before, and what follows from the answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from app.errors import BadInput
from app.integrity.agent import asking, containers, marks
from app.integrity.agent.reading import algorithm
from app.integrity.format import Generation, Unverifiable
from app.integrity.proving import columns_of

SAME, CHANGED, GONE, NOT_READ, FALSE = "same", "changed", "gone", "not read", "false"


@dataclass(slots=True)
class Result:
    """How many answers say what, and the paths that are not the same."""

    counts: dict[str, int] = field(default_factory=dict)
    paths: list[tuple[str, str]] = field(default_factory=list)  # state, site/path
    proved: int = 0  # nonce digests that a copy confirms
    seconds: int = 0  # between the question's arrival and its answer, by the server's clock

    @property
    def exit_code(self) -> int:
        """4 where an answer is false: a digest that does not belong to the content it is said to be of."""
        return Unverifiable.exit_code if self.counts.get(FALSE) else 0

    def lines(self) -> list[str]:
        total = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()))
        said = f"{total}; {self.proved} shown by a copy to have been there, answered in {self.seconds} s"
        return [said, *(f"{state}: {path}" for state, path in self.paths)]

    def as_json(self) -> dict[str, Any]:
        paths = [{"state": state, "path": path} for state, path in self.paths]
        return {"counts": self.counts, "proved": self.proved, "seconds": self.seconds, "paths": paths}


def questions(generation: Generation, sample: int, nonce: str, lot: Random) -> dict[str, Any]:
    """Files of the generation that were read and at rest, drawn by lot over all sites, each with the same chance."""
    chosen: list[tuple[str, bytes]] = []
    met = 0
    for part in generation.sites:
        if part.unopened is not None:
            continue
        columns = columns_of(generation, part.name)
        out = marks.UNREAD | marks.EXCLUDED | marks.UNSTABLE
        for path, kind, flags in zip(columns["path"], columns["kind"], columns["flags"], strict=True):
            if kind != "f" or flags & out:
                continue
            met += 1
            if len(chosen) < sample:
                chosen.append((part.name, path))
            elif (place := lot.randrange(met)) < sample:
                chosen[place] = (part.name, path)
    listed = [{"site": site, "path": containers.quoted(path)} for site, path in sorted(chosen)]
    return {"format": 1, "generation": generation.id, "nonce": nonce, "questions": listed}


def read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {error}", field="--check", example="answers.json") from None


def check(generation: Generation, answers: Any, copies: Path | None) -> Result:
    """Holds answers against the generation; with copies of some files, their nonce digests too. Raises BadInput."""
    try:
        nonce, listed = bytes.fromhex(answers["nonce"]), list(answers["answers"])
        result = Result(seconds=(answers["answered_ns"] - answers["received_ns"]) // 10**9)
        if answers["generation"] != generation.id:
            raise BadInput(f"answers questions about {answers['generation']}, not {generation.id}", field="--check")
        known: dict[str, dict[bytes, bytes | None]] = {}
        for item in listed:
            site, path = item["site"], containers.unquoted(item["path"])
            if site not in known:
                columns = columns_of(generation, site)
                known[site] = dict(zip(columns["path"], columns["digest"], strict=True))
            state = _state(item, known[site].get(path))
            if copies is not None and state in (SAME, CHANGED):
                state = _held(item, state, nonce, copies, path, generation.algorithm, result)
            result.counts[state] = result.counts.get(state, 0) + 1
            if state != SAME:
                result.paths.append((state, f"{site}/{item['path']}"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"are no answers: {type(error).__name__} {error}", field="--check",
                       example="kept audit probe GEN questions.json > answers.json") from None  # fmt: skip
    return result


def _state(item: dict[str, Any], before: bytes | None) -> str:
    if item["state"] == "absent":
        return GONE
    if item["state"] != "read":
        return NOT_READ
    return SAME if before is not None and item["digest"] == before.hex() else CHANGED


def _held(item: dict[str, Any], state: str, nonce: bytes, copies: Path, path: bytes, name: str, result: Result) -> str:
    """With a copy of the same content the nonce digest shows whether that content was there when it was asked for."""
    try:
        descriptor = asking.opened(str(copies / item["site"]), path)
    except (OSError, ValueError):
        return state
    with open(descriptor, "rb") as stream:
        content = stream.read()
    if algorithm(name)(content).digest().hex() != item["digest"]:
        return state  # a copy of another content says nothing
    if hashlib.sha256(nonce + content).hexdigest() != item["nonce_digest"]:
        return FALSE
    result.proved += 1
    return state
