"""What is counted and never judged: a user's excludes, and paths that web software rewrites all the time.

A pattern without a slash names a file or folder at any depth; with one it starts at the site's root. `*` and `?` stay
within a name, `**` crosses folders. A folder that matches takes everything below it along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

VOLATILE_VERSION = 1
VOLATILE = (
    # any site
    "/cache", "/tmp", "/temp", "/logs", "/log", "/sessions", ".cache", "error_log", "access_log", "sess_*",
    ".*.lock", ".*.swp", ".nfs*", "~lock.*#",
    # WordPress
    "/wp-content/cache", "/wp-content/upgrade", "/wp-content/upgrade-temp-backup", "/wp-content/wflogs",
    "/wp-content/debug.log", "/wp-content/litespeed", "/wp-content/et-cache", "/wp-content/uploads/cache",
    # Joomla
    "/administrator/cache", "/administrator/logs",
    # Drupal
    "/sites/*/files/css", "/sites/*/files/js", "/sites/*/files/php", "/web/sites/*/files/css",
    "/web/sites/*/files/js", "/web/sites/*/files/php",
    # TYPO3, Symfony, Shopware, Magento, PrestaShop
    "/typo3temp", "/var/cache", "/var/log", "/var/lock", "/var/session", "/var/sessions", "/var/page_cache",
    "/var/view_preprocessed", "/var/tmp", "/generated/code", "/pub/static/_cache",
    # Laravel
    "/storage/framework/cache", "/storage/framework/sessions", "/storage/framework/views", "/storage/logs",
    "/bootstrap/cache",
    # Moodle, Nextcloud, phpBB, Contao, Craft
    "/moodledata/cache", "/moodledata/localcache", "/moodledata/sessions", "/moodledata/temp", "/moodledata/lock",
    "/data/nextcloud.log", "/system/tmp", "/storage/runtime",
)  # fmt: skip


class Patterns:
    """Both lists as two expressions: one over names, one over paths from the site's root."""

    def __init__(self, excludes: Sequence[str], volatile: Sequence[str]) -> None:
        self.texts = list(dict.fromkeys([*excludes, *volatile]))
        names: list[tuple[int, bytes]] = []
        paths: list[tuple[int, bytes]] = []
        for number, text in enumerate(self.texts):
            plain = text[:-3] if text.endswith("/**") else text.rstrip("/")
            if not plain.strip("/"):
                raise ValueError(f"{text!r} would leave out everything")
            at_root = "/" in plain
            (paths if at_root else names).append((number, _expression(plain.lstrip("/"))))
        self.names, self.name_numbers = _either(names)
        self.paths, self.path_numbers = _either(paths)

    def match(self, name: bytes, path: bytes) -> int:
        """The number of the pattern that leaves this path out, or -1."""
        if self.names is not None and (found := self.names.fullmatch(name)):
            return self.name_numbers[(found.lastindex or 1) - 1]
        if self.paths is not None and (found := self.paths.fullmatch(path)):
            return self.path_numbers[(found.lastindex or 1) - 1]
        return -1


def _either(parts: list[tuple[int, bytes]]) -> tuple[re.Pattern[bytes] | None, list[int]]:
    if not parts:
        return None, []
    return re.compile(b"|".join(b"(" + part + b")" for _, part in parts), re.DOTALL), [number for number, _ in parts]


def _expression(pattern: str) -> bytes:
    out, rest = b"", pattern.encode("utf-8", "surrogateescape")
    while rest:
        if rest.startswith(b"**/"):
            out, rest = out + b"(?:.*/)?", rest[3:]
        elif rest.startswith(b"**"):
            out, rest = out + b".*", rest[2:]
        elif rest[:1] == b"*":
            out, rest = out + b"[^/]*", rest[1:]
        elif rest[:1] == b"?":
            out, rest = out + b"[^/]", rest[1:]
        else:
            out, rest = out + re.escape(rest[:1]), rest[1:]
    return out
