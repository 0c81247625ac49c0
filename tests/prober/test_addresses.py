"""Which addresses may be asked."""

from __future__ import annotations

import pytest

from app.prober.addresses import Networks


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:a00:1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001::1", "::127.0.0.1", "not an address", "",
    ],
)  # fmt: skip
def test_special_addresses_are_refused(address: str) -> None:
    assert Networks().refuse(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_all_others_are_asked(address: str) -> None:
    assert Networks().refuse(address) is None


def test_what_settings_allow() -> None:
    allowed = Networks.parse("192.168.10.0/24, fd00:10::/64")
    assert allowed.refuse("192.168.10.7") is None
    assert allowed.refuse("::ffff:192.168.10.7") is None
    assert allowed.refuse("fd00:10::7") is None
    reason = allowed.refuse("192.168.11.7")
    assert reason is not None
    assert "KEPT_PROBE_ALLOWED_NETWORKS" in reason
    assert Networks.parse("0.0.0.0/0,::/0").refuse("127.0.0.1") is None
    for wrong in ("192.168.10.7/24", "home", "10.0.0.0/33"):
        with pytest.raises(ValueError, match="is not a network"):
            Networks.parse(wrong)
