"""The questions, one file for each kind."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

LIBRARIES = {"tls": ("cryptography.x509",), "dns": ("dns.asyncresolver",)}
_there: set[str] = set()


def missing(kinds: Iterable[str]) -> set[str]:
    """Libraries that questions of these kinds are asked with, and that nobody has needed so far."""
    return {name for kind in kinds for name in LIBRARIES.get(kind, ())} - _there


def load(names: Iterable[str]) -> None:
    """Beforehand and in a thread, so that no answer waits for it."""
    for name in names:
        import_module(name)
        _there.add(name)
