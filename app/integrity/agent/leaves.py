"""What is hashed, byte for byte: leaves, nodes, roots. docs/audit.md says the same for a third party."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from . import marks

_sha256 = hashlib.sha256


def canonical(value: Any) -> bytes:
    """JSON as one fixed sequence of bytes: keys sorted, no white space, ASCII. Raises TypeError for a float."""
    _no_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r}: no floats in a manifest")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ():
        _no_floats(item)


def key(site: str) -> Any:
    """A function path -> the first 8 bytes of SHA-256(site, 0, path) as a number."""
    begun = _sha256(site.encode("utf-8", "surrogateescape") + b"\0")

    def of(path: bytes) -> int:
        whole = begun.copy()
        whole.update(path)
        return int.from_bytes(whole.digest()[:8], "big")

    return of


def leaf(path: bytes, kind: str, mode: int, owner: str, group: str, size: int, mtime_ns: int, content: bytes) -> bytes:
    """The leaf of the root: SHA-256(00, path, 00, "kind|mode|owner|group|size|mtime_ns|", digest or link target).

    mode is octal; a `|` or `%` in a name is percent-encoded; content is empty where there is none or nobody read it.
    """
    text = f"{kind}|{mode:o}|{name(owner)}|{name(group)}|{size}|{mtime_ns}|"
    return _sha256(b"\0" + path + b"\0" + text.encode("utf-8", "surrogateescape") + content).digest()


def content_leaf(path: bytes, kind: str, size: int, content: bytes) -> bytes:
    """The leaf of the content root: SHA-256(00, path, 00, "kind|size|", digest or link target)."""
    return _sha256(b"\0" + path + b"\0" + f"{kind}|{size}|".encode() + content).digest()


def name(text: str) -> str:
    """A person's or group's name, so that no `|` in it can be mistaken for the mark between two fields."""
    return quote(text, safe=" ", errors="surrogateescape") if "|" in text or "%" in text else text


def record_leaf(kind: str, record: dict[str, Any]) -> bytes:
    """The leaf of a record in the server's tree: SHA-256(00, "head" or "site" or "db", 00, canonical JSON)."""
    return _sha256(b"\0" + kind.encode() + b"\0" + canonical(record)).digest()


def root(level: Sequence[bytes]) -> bytes:
    """The root over leaves: node = SHA-256(01, left, right), an odd one goes up as it is (the shape of RFC 6962)."""
    if not level:
        return _sha256(b"").digest()
    nodes = list(level)
    while len(nodes) > 1:
        odd = nodes[-1:] if len(nodes) % 2 else []
        pairs = iter(nodes)
        nodes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs)] + odd
    return nodes[0]


def site_leaves(columns: dict[str, Any]) -> tuple[list[bytes], list[bytes]]:
    """The leaves of root and content root. The columns are sorted by path; what is excluded has no leaf."""
    full, content = [], []
    names: dict[str, str] = {}
    wanted = ("path", "kind", "mode", "owner", "group", "size", "mtime_ns", "digest", "target", "flags")
    for path, kind, mode, owner, group, size, mtime_ns, digest, target, flags in zip(*(columns[it] for it in wanted)):
        if flags & marks.EXCLUDED:
            continue
        for text in (owner, group):
            if text not in names:
                names[text] = name(text)
        what = (digest if kind == "f" else target) or b""
        start = b"\0" + path + b"\0"
        text = f"{kind}|{mode:o}|{names[owner]}|{names[group]}|{size}|{mtime_ns}|"
        full.append(_sha256(start + text.encode("utf-8", "surrogateescape") + what).digest())
        content.append(_sha256(start + f"{kind}|{size}|".encode() + what).digest())
    return full, content


def server_leaves(manifest: dict[str, Any]) -> list[bytes]:
    """Head, sites and databases in this order, the latter two as the manifest lists them (by name)."""
    head = {field: value for field, value in manifest.items() if field not in ("sites", "dbs", "server_root")}
    out = [record_leaf("head", head)]
    out += [record_leaf("site", record) for record in manifest["sites"]]
    return out + [record_leaf("db", record) for record in manifest["dbs"]]


def unread_digest(columns: dict[str, Any]) -> str:
    """Digest of the list of what was not examined: path, 0, its flags, a line feed."""
    whole = _sha256()
    for path, flags in zip(columns["path"], columns["flags"]):
        if flags & marks.UNREAD and not flags & marks.EXCLUDED:
            whole.update(path + b"\0" + str(flags & marks.UNREAD).encode() + b"\n")
    return whole.hexdigest()


def patterns_digest(patterns: Iterable[str], volatile: Iterable[str], version: int) -> str:
    """Digest of what is left out: nobody can claim afterwards that a loss was excluded."""
    return _sha256(canonical({"patterns": list(patterns), "volatile": list(volatile), "version": version})).hexdigest()
