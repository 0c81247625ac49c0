"""The domain's signature on a message, where the agency signs itself and not its mail server."""

from __future__ import annotations

from app.delivery.shapes import DkimKey
from app.errors import BadInput

# `from` twice: a second one that somebody puts in breaks the signature
SIGNED = (
    b"from", b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"in-reply-to", b"references",
    b"auto-submitted", b"content-language", b"mime-version", b"content-type",
)  # fmt: skip
SMALLEST = 1024  # bits; receivers do not look at less


def sign(raw: bytes, key: DkimKey) -> bytes:
    """The message with the signature above it. Raises BadInput when the key cannot sign."""
    import dkim

    try:
        header = dkim.sign(
            raw, key.selector.encode("ascii"), key.domain.encode("ascii"), private_key(key),
            canonicalize=(b"relaxed", b"relaxed"), include_headers=[name for name in SIGNED if _has(raw, name)],
        )  # fmt: skip
    except (dkim.DKIMException, UnicodeError) as error:
        raise BadInput(f"cannot sign: {error}", field="KEPT_MAIL_DKIM_KEY") from None
    return bytes(header) + raw


def private_key(key: DkimKey) -> bytes:
    """The key as the signer takes it (PKCS #1), whichever PEM it is kept in. Raises BadInput."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    example = "openssl genrsa -out dkim.pem 2048"
    try:
        made = serialization.load_pem_private_key(key.file.read_bytes(), password=None)
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", field="KEPT_MAIL_DKIM_KEY", example=example) from None
    except (ValueError, TypeError):
        raise BadInput(
            "is no private key in PEM without a passphrase", field="KEPT_MAIL_DKIM_KEY", example=example
        ) from None
    if not isinstance(made, RSAPrivateKey) or made.key_size < SMALLEST:
        raise BadInput(f"must be RSA with {SMALLEST} bits or more", field="KEPT_MAIL_DKIM_KEY", example=example)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def record(key: DkimKey) -> tuple[str, str]:
    """The name and the text of the TXT record that others check the signature by."""
    from base64 import b64encode

    from cryptography.hazmat.primitives import serialization

    made = serialization.load_pem_private_key(private_key(key), password=None).public_key()
    public = made.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"{key.selector}._domainkey.{key.domain}", f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


def _has(raw: bytes, name: bytes) -> bool:
    head = raw.partition(b"\r\n\r\n")[0].lower()
    return head.startswith(name + b":") or b"\r\n" + name + b":" in head
