"""What may be asked: addresses in short, shapes at length, and what neither takes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.prober.checks.content import in_status, moment
from app.prober.online import references
from app.prober.schedule import place, retry_after
from app.prober.spec import CHECK, from_address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Shop.Example", {"kind": "http", "url": "https://shop.example"}),
        ("shop.example/path?q=1#part", {"kind": "http", "url": "https://shop.example/path?q=1"}),
        ("http://bücher.example:8080/", {"kind": "http", "url": "http://xn--bcher-kva.example:8080/"}),
        ("http://[2001:DB8::1]/", {"kind": "http", "url": "http://[2001:db8::1]/"}),
        ("tcp://host.example:22,443", {"kind": "tcp", "name": "host.example", "ports": [22, 443]}),
        ("tcp://[2001:db8::1]:22", {"kind": "tcp", "name": "2001:db8::1", "ports": [22]}),
        ("tls://host.example:8443", {"kind": "tls", "name": "host.example", "port": 8443}),
        ("dns://host.example", {"kind": "dns", "name": "host.example", "type": "A"}),
        ("smtp://mail.example", {"kind": "banner", "protocol": "smtp", "name": "mail.example", "port": None}),
        ("ssh://mail.example:2222", {"kind": "banner", "protocol": "ssh", "port": 2222}),
        ("ping://192.0.2.7/", {"kind": "ping", "name": "192.0.2.7"}),
    ],
)
def test_an_address_says_what_is_asked(address: str, expected: dict[str, Any]) -> None:
    spec = CHECK.validate_python(from_address(address)).model_dump()
    assert {key: spec[key] for key in expected} == expected


@pytest.mark.parametrize(
    "address",
    ["gopher://host.example", "tcp://host.example", "https://", "https://user:secret@host.example", "tls://a:1,2",
     "ping://host.example:80", "https://ho st/", "tcp://host:70000", "tcp://ho/st:22", "https://127.1/", "tcp://0x7f.1:22",
     "http://2130706433/", "https://" + "a" * 300, "https://[::1", "file:///etc/passwd", ""],
)  # fmt: skip
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError):
        CHECK.validate_python(from_address(address))


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "colour"}, {}, {"kind": "http"}, {"kind": "http", "url": "https://a.example", "pattern": "(a"},
        {"kind": "http", "url": "https://a.example", "status": "2xx"},
        {"kind": "http", "url": "https://a.example", "status": "299-200"},
        {"kind": "http", "url": "https://a.example", "timeout_ms": 0},
        {"kind": "http", "url": "https://a.example", "colour": "red"},
        {"kind": "http", "url": "https://a.example", "largest_bytes": 1 << 30},
        {"kind": "http", "url": "https://a.example", "age": {"read": "pattern", "at": "(", "within_minutes": 5}},
        {"kind": "tcp", "name": "a.example", "ports": []}, {"kind": "tcp", "name": "a.example", "ports": [0]},
        {"kind": "banner", "protocol": "ssh", "name": "a.example", "tls": True},
        {"kind": "banner", "protocol": "gopher", "name": "a.example"},
        {"kind": "dns", "name": "a.example", "server": "ns.example"},
        {"kind": "tls", "name": "a/b"}, {"kind": "heartbeat", "grace_seconds": 0},
    ],
)  # fmt: skip
def test_what_is_no_check(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CHECK.validate_python(spec)


def test_what_is_stored_reads_back_the_same() -> None:
    for given in (
        {"kind": "http", "url": "https://a.example/", "json_value": {"at": "a", "equals": False}, "slow_ms": 3},
        {"kind": "banner", "protocol": "imap", "name": "a.example", "tls": True},
        {"kind": "dns", "name": "a.example", "values": ["1.2.3.4"]},
    ):
        spec = CHECK.validate_python(given)
        assert CHECK.validate_python(spec.model_dump(mode="json")) == spec


def test_small_parts() -> None:
    assert in_status(204, "200-299,401")
    assert in_status(401, "200-299,401")
    assert not in_status(400, "200-299,401")
    assert references("a.example:53, 192.0.2.1:443,[2001:db8::1]:53") == (
        ("a.example", 53), ("192.0.2.1", 443), ("2001:db8::1", 53),
    )  # fmt: skip
    for wrong in ("a.example", "a.example:", ":53", "a.example:99999"):
        with pytest.raises(ValueError, match="host with its port"):
            references(wrong)
    assert 0 <= place("monitor-1", 60) < 60_000_000
    assert (retry_after(60), retry_after(9)) == (10.0, 3.0)
    assert moment("Tue, 01 Jul 2025 07:00:00 +0200") == moment("2025-07-01T05:00:00Z") == moment("1751346000")
    assert moment("20250701") is not None
    assert moment("soon") is None
