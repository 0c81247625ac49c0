"""Files that travel inside a PDF, and the list that seals them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from .documents import AttachedFile

SUMS, FIGURES = "SHA256SUMS", "statement.json"


@dataclass(frozen=True)
class File:
    """A file's bytes under the name the document lists it by."""

    name: str
    content: bytes


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sums(attached: Iterable[AttachedFile]) -> bytes:
    """The list as `sha256sum -c` reads it, by name. statement.json is not on it: it carries the list's own digest."""
    return "".join(f"{item.sha256}  {item.name}\n" for item in sorted(attached, key=lambda item: item.name)).encode()
