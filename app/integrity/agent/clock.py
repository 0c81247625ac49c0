"""The clock of the machine that is looked at, and what that machine knows of its error."""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import time
from typing import Any

UNSYNCHRONISED, NANO = 0x0040, 0x2000  # bits of adjtimex's status


def now_ns() -> int:
    """Nanoseconds since 1970, UTC, by this machine's clock."""
    return time.time_ns()


def wait(ns: int) -> None:
    if ns > 0:
        time.sleep(ns / 1e9)


def state() -> dict[str, Any]:
    """What the kernel knows of the clock's error: an offset and an uncertainty where the clock is disciplined, nulls
    where nobody disciplines it."""
    unknown = {"offset_ns": None, "uncertainty_ns": None, "source": "unknown"}
    if not sys.platform.startswith("linux") or struct.calcsize("l") != 8:
        return unknown
    try:
        import ctypes

        buffer = ctypes.create_string_buffer(512)  # struct timex, all zero: only reads
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
        _, offset, _, greatest, _, status = struct.unpack_from("@I4xqqqqi", buffer.raw)
    except (OSError, ImportError, AttributeError, struct.error):
        return unknown
    if answer < 0 or answer == 5 or status & UNSYNCHRONISED:
        return unknown
    scale = 1 if status & NANO else 1000
    return {"offset_ns": -offset * scale, "uncertainty_ns": greatest * 1000, "source": "kernel, disciplined"}


def given(text: str) -> dict[str, Any]:
    """`SECONDS` or `SECONDS±SECONDS`: how far a person says this clock is ahead of true time. Raises ValueError."""
    offset, _, uncertainty = text.replace("+-", "±").partition("±")
    return {
        "offset_ns": _seconds(offset),
        "uncertainty_ns": _seconds(uncertainty) if uncertainty else 1_000_000_000,
        "source": "given",
    }


def _seconds(text: str) -> int:
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"{text!r} is no number of seconds")
    return int(value * 1_000_000_000)


def machine() -> tuple[str, str]:
    """Digests of the machine's id and of its present start; empty where it has none."""
    return _digest("/etc/machine-id", "/var/lib/dbus/machine-id"), _digest("/proc/sys/kernel/random/boot_id")


def _digest(*files: str) -> str:
    import hashlib

    for file in files:
        try:
            with open(file, "rb") as stream:
                text = stream.read(200).strip()
        except OSError:
            continue
        if text:
            return hashlib.sha256(b"kept-machine\0" + text).hexdigest()[:32]
    return ""


def be_gentle() -> None:
    """The lowest priority for processor and disk."""
    import shutil
    import subprocess

    with contextlib.suppress(OSError):
        os.nice(19)
    if tool := shutil.which("ionice"):
        subprocess.run([tool, "-c3", "-p", str(os.getpid())], stderr=subprocess.DEVNULL, check=False)
