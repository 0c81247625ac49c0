"""The hash tree over a generation: inclusion proofs, and the salted tree whose proofs let nobody guess a neighbour.

Two levels: leaf -> a site's root -> its record -> the server root. `agent/leaves.py` makes leaves and roots; the shape
is that of RFC 6962. In the salted tree every leaf is SHA-256(00, salt, leaf), its salt HMAC-SHA256(key, site, 00, path)
of a key that stays with the customer, so that a sibling in a proof tells nothing of the name or content behind it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from app.integrity.agent import leaves, marks


def path(level: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings from a leaf up to the root, nearest first."""
    out = []
    nodes = list(level)
    while len(nodes) > 1:
        if index ^ 1 < len(nodes):
            out.append(nodes[index ^ 1])
        odd = nodes[-1:] if len(nodes) % 2 else []
        pairs = zip(nodes[0::2], nodes[1::2], strict=False)
        nodes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs] + odd
        index //= 2
    return out


def climbed(leaf: bytes, index: int, count: int, siblings: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its siblings lead to, or None where they do not fit a tree of `count` leaves."""
    if not 0 <= index < count:
        return None
    last, rest = count - 1, list(siblings)
    while last:
        if index % 2 or index < last:
            if not rest:
                return None
            other = rest.pop(0)
            both = other + leaf if index % 2 else leaf + other
            leaf = hashlib.sha256(b"\x01" + both).digest()
        index, last = index // 2, last // 2
    return leaf if not rest else None


def salt(key: bytes, *words: bytes) -> bytes:
    return hmac.new(key, b"\0".join(words), hashlib.sha256).digest()


def salted(key: bytes, leaf: bytes, *words: bytes) -> bytes:
    return hashlib.sha256(b"\0" + salt(key, *words) + leaf).digest()


def judged_paths(columns: dict[str, Any]) -> list[bytes]:
    """The paths that have a leaf, in the order of the leaves."""
    return [
        name
        for name, flags in zip(columns["path"], columns["flags"], strict=True)
        if not flags & marks.EXCLUDED
    ]  # fmt: skip


def salted_site(key: bytes, site: str, columns: dict[str, Any]) -> list[bytes]:
    """The leaves of a site's salted tree."""
    full, _ = leaves.site_leaves(columns)
    word = site.encode()
    return [salted(key, leaf, word, name) for leaf, name in zip(full, judged_paths(columns), strict=True)]


def salted_server(
    key: bytes, record: dict[str, Any], roots: dict[str, str]
) -> tuple[list[bytes], list[dict[str, Any]]]:
    """The leaves above the salted site roots, and the records they were made of: head first, then sites, databases."""
    head = {name: value for name, value in record.items() if name not in ("sites", "dbs")}
    records = [head, *({**item, "salted_root": roots[item["name"]]} for item in record["sites"]), *record["dbs"]]
    kinds = ["head", *("site" for _ in record["sites"]), *("db" for _ in record["dbs"])]
    out = []
    for kind, item in zip(kinds, records, strict=True):
        word = str(item.get("name", "")).encode()
        out.append(salted(key, leaves.record_leaf(kind, item), kind.encode(), word))
    return out, records
