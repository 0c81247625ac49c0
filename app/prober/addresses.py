"""Which addresses are asked. Loopback, link-local, private, metadata and all other special ones only where allowed.

A monitor's target is given by a person, and names point where their owner likes: without this, whoever may add a
monitor, or owns a name that is watched, could have Kept ask the machines beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SPECIAL: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # a hosting company's metadata service, on an address that looks public
        "::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9", "ff00::/8",
    )
)  # fmt: skip
KNOWN = 4096  # addresses about which it is remembered
_NAT64 = ip_network("64:ff9b::/96")


class Networks:
    """The networks that may be asked although they are special."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self.allowed = tuple(allowed)
        self.refuse = lru_cache(KNOWN)(self._refuse)

    @classmethod
    def parse(cls, text: str) -> Networks:
        """Of a list with commas. Raises ValueError naming the part that is no network."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        networks: list[Network] = []
        for part in parts:
            try:
                networks.append(ip_network(part))
            except ValueError:
                raise ValueError(f"{part!r} is not a network; write e.g. 192.168.10.0/24,fd00:10::/64") from None
        return cls(networks)

    def _refuse(self, address: str) -> str | None:
        """Why this address is not asked; None where it is."""
        try:
            given = ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address[:60]!r} is not an address"
        found = meant(given)
        for one in {given, found}:
            if any(one.version == network.version and one in network for network in self.allowed):
                return None
        special = next((net for net in SPECIAL if net.version == found.version and found in net), None)
        if special is None:
            return None
        shown = str(given) if given == found else f"{given} ({found})"
        return f"{shown} lies in {special}, which is asked only where KEPT_PROBE_ALLOWED_NETWORKS names it"


def meant(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that only wraps it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
