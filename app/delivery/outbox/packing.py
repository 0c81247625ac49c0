"""A message as it lies in the outbox: everything of an Outgoing, as bytes and back. Pure."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.delivery.shapes import Attachment, Invitation, Mailbox, Outgoing


def pack(outgoing: Outgoing) -> bytes:
    return zlib.compress(json.dumps(asdict(outgoing), default=_plain, ensure_ascii=False).encode(), 1)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def unpack(content: bytes) -> Outgoing:
    values = json.loads(zlib.decompress(content))
    files = [Attachment(**one | {"content": base64.b64decode(one["content"])}) for one in values.pop("attachments")]
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
