"""Headers that monitors send, encrypted with a key that stands beside the database and not in it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import BadInput, KeptError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet  # nine megabytes, which nobody needs who keeps no secret


class Sealed(KeptError):
    """What was encrypted under another key."""

    title = "It cannot be decrypted"


class Vault:
    """`key`: given, or else that of `file`, which is made (for its owner alone) when the first secret is kept."""

    def __init__(self, file: Path, key: str | None = None) -> None:
        self.file, self.key = file, key

    def _cipher(self) -> Fernet:
        from cryptography.fernet import Fernet

        text = self.key or self._own()
        try:
            return Fernet(text.strip())
        except ValueError:
            where = "KEPT_SECRET_KEY" if self.key else str(self.file)
            raise BadInput(
                "is no key; it is 32 random bytes in URL-safe base64",
                field=where,
                example='KEPT_SECRET_KEY="$(head -c 32 /dev/urandom | base64 | tr +/ -_)"',
            ) from None

    def _own(self) -> str:
        from cryptography.fernet import Fernet

        if self.file.exists():
            return self.file.read_text()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        made = self.file.with_suffix(f".{os.getpid()}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(Fernet.generate_key() + b"\n")
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):  # whoever comes first: two that start at once share one key
                os.link(made, self.file)
        finally:
            made.unlink(missing_ok=True)
        return self.file.read_text()

    def seal(self, headers: Mapping[str, str]) -> bytes:
        return self._cipher().encrypt(json.dumps(dict(headers)).encode())

    def open(self, sealed: bytes) -> dict[str, str]:
        """Raises Sealed where it was encrypted with another key."""
        from cryptography.fernet import InvalidToken

        try:
            return dict(json.loads(self._cipher().decrypt(sealed)))
        except InvalidToken:
            raise Sealed(
                "a monitor's headers were encrypted with another key; bring that key back, or retire the monitor and "
                "make a new one",
                field="KEPT_SECRET_KEY",
            ) from None
