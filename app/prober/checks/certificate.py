"""A certificate as the server shows it: its chain, its name, the days it has left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.prober.checks.starttls import asked_for, greeted
from app.prober.checks.tools import Tools
from app.prober.outcome import UP, Failed, Fault, Outcome, Phases, failed
from app.prober.spec import TlsSpec
from app.sla.case import State

if TYPE_CHECKING:
    from cryptography import x509  # nine megabytes, loaded with the first monitor of this kind


async def ask(spec: TlsSpec, tools: Tools, phases: Phases) -> Outcome:
    """Raises Failed where the handshake does not verify; degraded where too few days are left."""
    name = spec.server_name or spec.name
    try:
        shown = await _shown(spec, name, tools, phases, verify=True)
    except Failed as failure:
        if failure.outcome.fault is not Fault.TLS:
            raise
        try:  # a second time, unverified, to say which certificate it was
            shown = await _shown(spec, name, tools, Phases(), verify=False)
        except Failed:
            raise failure from None
        raise Failed(Fault.TLS, f"{failure.outcome.detail}; {_named(shown)}") from None
    if shown is None:
        raise Failed(Fault.TLS, "no certificate was shown")
    left = (shown.not_valid_after_utc - tools.clock().astimezone(UTC)).days
    if left < spec.days_left:
        detail = f"{left} days left, fewer than {spec.days_left}; {_named(shown)}"
        return failed(Fault.EXPIRY, detail, state=State.DEGRADED)
    return UP


async def _shown(
    spec: TlsSpec, name: str, tools: Tools, phases: Phases, *, verify: bool
) -> x509.Certificate | None:  # fmt: skip
    from cryptography import x509

    wire = await tools.net.connect(spec.name, spec.asked_port, phases)
    try:
        if spec.starttls is not None:
            await greeted(wire, spec.starttls)
            await asked_for(wire, spec.starttls)
        await tools.net.secure(wire, name, phases, verify=verify)
        encoded = wire.certificate()
        return x509.load_der_x509_certificate(encoded) if encoded else None
    except ValueError as error:
        raise Failed(Fault.TLS, f"the certificate cannot be read: {error}") from None
    finally:
        wire.abort()


def _named(shown: x509.Certificate | None) -> str:
    if shown is None:
        return "no certificate"
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        said = ", ".join(str(name.value) for name in list(names)[:4])
    except (x509.ExtensionNotFound, ValueError):
        said = "no name"
    ends: datetime = shown.not_valid_after_utc
    return f"for {said}, until {ends.isoformat()}, SHA-256 {shown.fingerprint(hashes.SHA256()).hex()[:16]}…"
