"""Upptime's repository: `history/*.yml`, one file a site, whose versions in git are its record.

It asks every five minutes, but writes an answer down only when the state changes and at its daily measurement. So an
answer is taken to hold for a day (`--every`), and longer silence is unknown.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.errors import BadInput
from app.sla.case import State
from app.witnesses.answers import Answer, Foreign, Unread, latency, settled, stamp

DAY = 86_400
STATES = {"up": State.UP, "down": State.DOWN, "degraded": State.DEGRADED}
_FIELD = re.compile(r"^(?:- )?(url|status|code|responseTime|lastUpdated): *(.*?) *$", re.MULTILINE)
# a repository may come from anywhere: nothing of its own configuration may run
_QUIET = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false"]


class Upptime:
    kind = "Upptime"

    def __init__(self, folder: Path, every: int = DAY) -> None:
        self.folder, self.every, self.unread = folder, every, Unread()
        self.name = folder.resolve().name
        self.files = sorted((folder / "history").glob("*.yml")) if folder.is_dir() else []
        if not self.files:
            raise BadInput("has no history/*.yml; give the folder of an Upptime repository", field="FOLDER")
        self.git = shutil.which("git") if (folder / ".git").exists() else None
        if self.git is None:
            why = "git is not installed" if (folder / ".git").exists() else "the folder is no clone of a repository"
            self.unread.add(f"everything before the last answer of each site, because {why}")

    def monitors(self) -> list[Foreign]:
        out = []
        for file in self.files:
            fields = _fields(file.read_text("utf-8", "replace"))
            out.append(Foreign(
                file.name, file.stem, fields.get("url", "").replace("$", ""), self.every, 1,
                "" if fields.get("status") else "it names no state",
            ))  # fmt: skip
        return out

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        found = {answer.at: answer for answer in settled(sorted(self._versions(monitor.key), key=lambda one: one.at))}
        return (answer for at, answer in sorted(found.items()) if after is None or at > after)

    def _versions(self, file: str) -> Iterator[Answer]:
        texts = [(self.folder / "history" / file).read_bytes()] if self.git is None else self._history(file)
        for text in texts:
            fields = _fields(text.decode("utf-8", "replace"))
            try:
                at, state = stamp(fields["lastUpdated"]), STATES[fields["status"]]
            except (KeyError, ValueError):
                self.unread.add("a version whose time or state nobody can read", file)
                continue
            code, took = fields.get("code", ""), fields.get("responseTime", "")
            error = "" if state is State.UP else f"status {code}" if code not in ("", "0") else "no answer"
            yield Answer(at, state, latency(int(took)) if took.isascii() and took.isdigit() else None, error)

    def _history(self, file: str) -> Iterator[bytes]:
        """The file's text in every commit that touched it, oldest first, read by one process as they are needed."""
        path = f"history/{file}"
        commits = self._run("log", "--reverse", "--no-show-signature", "--format=%H", "--", path).split()
        asked = b"".join(b"%s:%s\n" % (commit, path.encode()) for commit in commits)
        answer, place = self._run("cat-file", "--batch", given=asked), 0
        while place < len(answer):
            end = answer.index(b"\n", place)
            words = answer[place:end].split()
            place = end + 1
            if words[-1] == b"missing":  # the commit that removed it
                continue
            size = int(words[-1])
            yield answer[place : place + size]
            place += size + 1

    def _run(self, *words: str, given: bytes | None = None) -> bytes:
        assert self.git is not None
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        try:
            ran = subprocess.run(
                [self.git, "-C", str(self.folder), *_QUIET, *words], input=given, capture_output=True, timeout=300,
                env=clean | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise BadInput("git did not answer within five minutes", field="FOLDER") from None
        if ran.returncode:
            said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
            raise BadInput(f"git cannot read it: {said[0] if said else 'no reason given'}", field="FOLDER")
        return ran.stdout

    def close(self) -> None:
        return None


def _fields(text: str) -> dict[str, str]:
    return {name: value.strip("\"'") for name, value in _FIELD.findall(text)}
