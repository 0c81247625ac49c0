"""What name servers say of a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.prober.checks.tools import Tools
from app.prober.outcome import UP, Failed, Fault, Outcome, Phases
from app.prober.spec import DnsSpec

if TYPE_CHECKING:
    import dns.asyncresolver


def _resolver(spec: DnsSpec, tools: Tools) -> dns.asyncresolver.Resolver:
    import dns.asyncresolver

    own = tools.net.resolver.servers
    resolver = dns.asyncresolver.Resolver(configure=spec.server is None and not own)
    if spec.server is not None:
        if reason := tools.net.networks.refuse(spec.server):
            raise Failed(Fault.BLOCKED, reason)
        resolver.nameservers, resolver.port = [spec.server], spec.port
    elif own:
        resolver.nameservers = [server.rpartition(":")[0] if server.count(":") == 1 else server for server in own]
        if own[0].count(":") == 1:
            resolver.port = int(own[0].rpartition(":")[2])
    resolver.lifetime, resolver.timeout = spec.timeout_ms / 1000, min(3.0, spec.timeout_ms / 2000)
    return resolver


async def ask(spec: DnsSpec, tools: Tools, phases: Phases) -> Outcome:
    """Raises Failed where nobody answers, there is no such record, or it says something else."""
    import dns.asyncresolver
    import dns.exception
    import dns.name
    import dns.resolver

    name = dns.name.from_text(spec.name)
    try:
        answer = await _resolver(spec, tools).resolve(name, spec.type, search=False, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        raise Failed(Fault.DNS, f"there is no {spec.name}") from None
    except dns.exception.Timeout:
        raise Failed(Fault.TIMEOUT, f"no name server answered for {spec.name}") from None
    except (dns.exception.DNSException, OSError) as error:
        raise Failed(Fault.DNS, f"{spec.name}: {error}") from None
    said = {_plain(record.to_text(), spec.type) for record in answer.rrset or ()}
    if not said:
        raise Failed(Fault.CONTENT, f"{spec.name} has no {spec.type}")
    wanted = {_plain(value, spec.type) for value in spec.values}
    good = {
        "all": wanted <= said,
        "any": not wanted or bool(wanted & said),
        "exactly": not wanted or wanted == said,
    }[spec.match]
    if not good:
        raise Failed(Fault.CONTENT, f"{spec.type} of {spec.name} is {', '.join(sorted(said))}")
    return UP


def _plain(text: str, kind: str) -> str:
    text = text.strip()
    if kind == "TXT":
        return text.replace('" "', "").strip('"')
    return text.lower().rstrip(".")
