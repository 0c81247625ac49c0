"""A time stamp (RFC 3161) by an independent authority: that a root was there at a time neither side can move.

What is stamped is the root as text, its 64 hexadecimal digits, so that anybody can check the reply with openssl:
`printf %s ROOT > root; openssl ts -verify -data root -in seal.tsr -CAfile authority.pem`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session

from app.errors import BadInput, NotFound
from app.evidence import actions as evidence
from app.evidence.tables import Entry
from app.integrity import sealing

STAMPED = "audit.stamped"
MEDIA = "application/timestamp-reply"
MOST = 64 << 10
EXAMPLE = "https://freetsa.example/tsr"
Post = Callable[[bytes], bytes]
"""Sends a request (DER) to the authority and gives what it answered."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a reply says. `checked`: its signature leads to a certificate we were given."""

    at: datetime
    serial: str
    policy: str
    checked: bool


def ask(root: str, post: Post) -> bytes:
    """The authority's reply for this root. Raises BadInput where it refuses, or answers something else."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(root.encode()).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    reply = post(request.as_bytes())
    found = _decoded(reply)
    if found.status not in (0, 1):
        raise BadInput(f"the authority refused (status {found.status})", field="--tsa", example=EXAMPLE)
    if found.tst_info.nonce != request.nonce:
        raise BadInput("the reply is to another request: its nonce differs", field="--tsa", example=EXAMPLE)
    read(reply, root)
    return reply


def read(reply: bytes, root: str, authorities: Sequence[bytes] = ()) -> Stamp:
    """What the reply says of this root. With `authorities` (certificates in PEM) its signature must lead to one of
    them. Raises BadInput where it is of something else, or does not hold."""
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder

    found = _decoded(reply)
    try:
        info = found.tst_info
        imprint = info.message_imprint.message
        known = {len(digest): digest for digest in (_sha(name, root) for name in ("sha256", "sha384", "sha512"))}
    except ValueError as error:
        raise BadInput(f"holds no time stamp: {error}", field="stamp", example="seal.tsr") from None
    if known.get(len(imprint)) != imprint:
        raise BadInput("is a time stamp of something else than this root", field="stamp", example="seal.tsr")
    if authorities:
        builder = VerifierBuilder()
        for text in authorities:
            try:
                builder = builder.add_root_certificate(x509.load_pem_x509_certificate(text))
            except ValueError as error:
                raise BadInput(f"is no certificate in PEM: {error}", field="--tsa-ca", example="tsa.pem") from None
        try:
            builder.build().verify(found, imprint)
        except VerificationError as error:
            raise BadInput(f"does not hold: {error}", field="stamp", example="seal.tsr") from None
    return Stamp(info.gen_time.astimezone(UTC), f"{info.serial_number:x}", info.policy.dotted_string, bool(authorities))


def keep(session: Session, generation: str, reply: bytes, now: datetime) -> tuple[Entry, Stamp]:
    """Puts a reply into the log beside the sealed root. Raises NotFound where none was sealed, BadInput where the stamp
    is of another root."""
    found = sealing.sealed(session, generation)
    if not found:
        raise NotFound("no root of this generation was sealed; seal it first", field="generation")
    told = read(reply, found[0]["server_root"])
    digest = evidence.keep(session, reply, MEDIA)
    body = {"generation": generation, "root": found[0]["server_root"], "at": evidence.stamp(told.at),
            "serial": told.serial, "policy": told.policy}  # fmt: skip
    entry = evidence.append(
        session, STAMPED, f"generation:{generation}", now, body=body, occurred_at=min(told.at, now), source="M",
        attachments=[digest],
    )  # fmt: skip
    return entry, told


def _decoded(reply: bytes) -> Any:
    from rfc3161_client import decode_timestamp_response

    if len(reply) > MOST:
        raise BadInput(f"has {len(reply)} bytes; a time stamp has a few thousand", field="stamp", example="seal.tsr")
    try:
        return decode_timestamp_response(reply)
    except ValueError as error:
        raise BadInput(f"is no answer of a time stamping authority: {error}", field="stamp", example=EXAMPLE) from None


def _sha(name: str, root: str) -> bytes:
    return hashlib.new(name, root.encode()).digest()
