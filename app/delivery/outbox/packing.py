"""A message as it lies in the outbox: everything of an Outgoing, as bytes and back. Pure.

The length of the words, the words (JSON, compressed), then the attachments as they are, one after another.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from app.delivery.shapes import Attachment, Invitation, Mailbox, Outgoing


def pack(outgoing: Outgoing) -> bytes:
    files = [[one.name, one.media_type, len(one.content)] for one in outgoing.attachments]
    values = asdict(replace(outgoing, attachments=())) | {"attachments": files}
    words = zlib.compress(json.dumps(values, default=_plain, ensure_ascii=False).encode(), 1)
    return b"".join([len(words).to_bytes(4, "big"), words, *(one.content for one in outgoing.attachments)])


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def unpack(content: bytes) -> Outgoing:
    end = 4 + int.from_bytes(content[:4], "big")
    values = json.loads(zlib.decompress(content[4:end]))
    files = []
    for name, media_type, size in values.pop("attachments"):
        files.append(Attachment(name, media_type, content[end : end + size]))
        end += size
    date = values.pop("invitation")
    if date is not None:
        for field in ("start_at", "end_at"):
            date[field] = datetime.fromisoformat(date[field])
        for field in ("organizer", "attendee"):
            date[field] = Mailbox(**date[field])
    return Outgoing(
        to=Mailbox(**values.pop("to")), attachments=tuple(files), invitation=Invitation(**date) if date else None,
        references=tuple(values.pop("references")), **values,
    )  # fmt: skip
