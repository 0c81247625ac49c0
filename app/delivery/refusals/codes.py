"""What a refusal is about, by its status (RFC 3463): the address, the mailbox's room, or this message alone. Pure."""

from __future__ import annotations

import re
from typing import Literal

Fault = Literal["address", "full", "message"]
GONE = {"5.2": "01", "5.4": "014"}  # mailbox disabled; no host, unable to route. Others of these say nothing of whom
SENDERS = "78"  # 5.1.7 and 5.1.8: our own address
POLICY = re.compile(
    r"\b(spam|polic(y|ies)|black ?list|block ?list|deny ?list|blocked|reputation|rbl|dnsbl|spamhaus|spf|dkim|dmarc"
    r"|virus|malware|greylist\w*|rate limit\w*|too (large|big)|size (limit|exceed\w*))",
    re.IGNORECASE,
)
FULL = re.compile(
    r"\b(mailbox|quota|inbox)\b.{0,40}\b(full|exceed\w*)|\bover ?quota|\binsufficient storage", re.IGNORECASE
)


def fault(status: str | None, said: str) -> Fault:
    """Of a refusal for good. Where the status is only general (5.0.0) or missing, the words decide between the others;
    what neither tells of is the address.

    5.1 is the address. 5.2.2 is a full mailbox: RFC 3463 has it treated as passing, whatever the first figure. 5.3 and
    5.6 are this message, as 5.7 is: security or policy, and nothing about whether somebody is there.
    """
    subject, _, detail = status.rpartition(".") if status is not None else ("", "", "")
    if status is None or subject == "5.0":
        if FULL.search(said):
            return "full"
        return "message" if POLICY.search(said) else "address"
    if status == "5.2.2":
        return "full"
    known = detail not in tuple(SENDERS) if subject == "5.1" else detail in tuple(GONE.get(subject, ""))
    return "address" if known else "message"
