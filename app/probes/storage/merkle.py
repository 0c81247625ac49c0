"""One digest for a round of sealed hours, and the way from any of them up to it. The shape of RFC 6962. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def root(digests: Sequence[str]) -> str:
    """Of digests (64 hex digits each) in their order, at least one."""
    level = [_leaf(digest) for digest in digests]
    while len(level) > 1:
        level = _above(level)
    return level[0].hex()


def path(digests: Sequence[str], place: int) -> list[str]:
    """What stands beside the way from one digest to the root, nearest first: `L` or `R` for its side, and its hex."""
    level, out = [_leaf(digest) for digest in digests], []
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            out.append(("L" if beside < place else "R") + level[beside].hex())
        level, place = _above(level), place // 2
    return out


def climbed(digest: str, beside: Sequence[str]) -> str:
    """The root that a digest leads to by its path."""
    node = _leaf(digest)
    for step in beside:
        other = bytes.fromhex(step[1:])
        node = _node(other, node) if step[0] == "L" else _node(node, other)
    return node.hex()


def _leaf(digest: str) -> bytes:
    return hashlib.sha256(b"\0" + bytes.fromhex(digest)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _above(level: list[bytes]) -> list[bytes]:
    odd = level[-1:] if len(level) % 2 else []
    return [_node(left, right) for left, right in zip(level[0::2], level[1::2], strict=False)] + odd
