"""Pages over HTTP, against real servers that behave well, badly and very badly."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest

from app.prober.outcome import Outcome, Phases
from app.prober.web import HEADERS
from tests.world.servers import Page, Talk, answer, ask, endlessly, says, server, tools

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
ZEROS = gzip.compress(b"0" * (64 << 20))


def asked(talk: Talk, headers: dict[str, str] | None = None, path: str = "/", **spec: Any) -> tuple[Outcome, Phases]:
    async def run() -> tuple[Outcome, Phases]:
        async with server(talk) as port, tools() as made:
            return await ask({"kind": "http", "url": f"http://127.0.0.1:{port}{path}"} | spec, made, headers)

    return asyncio.run(run())


def outcome(talk: Talk, **spec: Any) -> tuple[str, str | None]:
    return answer(asked(talk, **spec)[0])


def test_a_good_page_with_its_phases() -> None:
    page = Page(after=0.02)
    said, phases = asked(page, {"Authorization": "Basic abc"}, text="Basket", pattern="<h1>B(.)sket", status="200")
    assert answer(said) == ("up", None)
    assert (said.detail, said.digest, phases.tls) == (None, None, None)
    assert phases.address == "127.0.0.1"
    assert None not in (phases.dns, phases.connect, phases.first_byte, phases.total)
    assert phases.first_byte is not None
    assert phases.total is not None
    assert 20_000 <= phases.first_byte <= phases.total < 2_000_000
    assert "authorization: basic abc" in page.asked[0].lower()
    assert "connection: close" in page.asked[0].lower()


RULES: list[tuple[dict[str, Any], Page, tuple[str, str | None]]] = [
    ({"status": "200-299"}, Page(status="503 Gone away"), ("down", "status")),
    ({"status": "401,503"}, Page(status="503 Gone away"), ("up", None)),
    ({"status": "404"}, Page(), ("down", "status")),
    ({"text": "Basket"}, Page(b"Fatal error"), ("down", "content")),
    ({"absent": "Fatal error"}, Page(b"Fatal error"), ("down", "content")),
    ({"absent": "Fatal error"}, Page(), ("up", None)),
    ({"pattern": "Order no"}, Page(), ("down", "content")),
    ({"json_value": {"at": "a.1.b", "equals": "ok"}}, Page(b'{"a": [0, {"b": "ok"}]}'), ("up", None)),
    ({"json_value": {"at": "a.1.b", "equals": "ok"}}, Page(b'{"a": [0, {"b": "bad"}]}'), ("down", "content")),
    ({"json_value": {"at": "a.2.b"}}, Page(b'{"a": [0, {"b": "bad"}]}'), ("down", "content")),
    ({"json_value": {"at": "a", "equals": 1}}, Page(b'{"a": true}'), ("down", "content")),
    ({"json_value": {"at": "a"}}, Page(b'{"a": null}'), ("up", None)),
    ({"json_value": {"at": "a"}}, Page(b"no JSON"), ("down", "content")),
    ({"json_value": {"at": "a"}}, Page(b"[" * 200_000), ("down", "content")),
    ({"header": {"name": "X-Backend"}}, Page(headers={"X-Backend": "web-2"}), ("up", None)),
    ({"header": {"name": "X-Backend", "contains": "web-1"}}, Page(headers={"X-Backend": "web-2"}), ("down", "header")),
    ({"header": {"name": "X-Backend"}}, Page(), ("down", "header")),
    ({"largest_bytes": 10}, Page(b"x" * 11), ("down", "size")),
    ({"largest_bytes": 11}, Page(b"x" * 11), ("up", None)),
    ({"slow_ms": 1}, Page(after=0.01), ("degraded", "slow")),
    ({"method": "HEAD"}, Page(), ("up", None)),
    ({"method": "POST"}, Page(), ("up", None)),
    ({"text": "Körbchen"}, Page("Körbchen".encode("latin-1"), headers={"Content-Type": "text/html; charset=latin-1"}),
     ("up", None)),
    ({"text": "Basket"}, Page(b"\xff\xfe\x00 Basket \xc3\x28"), ("up", None)),
    ({"text": "Basket"}, Page(headers={"Content-Type": "text/html; charset=rot13"}), ("up", None)),
    ({"text": "Basket"}, Page(gzip.compress(b"Basket"), headers={"Content-Encoding": "gzip"}), ("up", None)),
    ({"text": "Basket"}, Page(zlib.compress(b"Basket"), headers={"Content-Encoding": "deflate"}), ("up", None)),
    ({"text": "Basket"}, Page(b"Basket", headers={"Content-Encoding": "gzip"}), ("down", "protocol")),
    ({"text": "Basket"}, Page(b"Basket", headers={"Content-Encoding": "br"}), ("down", "protocol")),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "page", "expected"), RULES)
def test_what_a_page_must_hold(spec: dict[str, Any], page: Page, expected: tuple[str, str | None]) -> None:
    assert outcome(page, **spec) == expected


AGES: list[tuple[dict[str, Any], Page, tuple[str, str | None]]] = [
    ({}, Page(headers={"Last-Modified": "Tue, 01 Jul 2025 06:30:00 GMT"}), ("up", None)),
    ({}, Page(headers={"Last-Modified": "Tue, 01 Jul 2025 05:59:59 GMT"}), ("degraded", "stale")),
    ({}, Page(), ("degraded", "stale")),
    ({"stale_is": "down"}, Page(headers={"Last-Modified": "yesterday"}), ("down", "stale")),
    ({"read": "json", "at": "newest.at"}, Page(b'{"newest": {"at": "2025-07-01T08:30:00+02:00"}}'), ("up", None)),
    ({"read": "json", "at": "newest"}, Page(b'{"newest": {}}'), ("degraded", "stale")),
    ({"read": "pattern", "at": r"as of (\S+)"}, Page(b"prices as of 2025-06-30 for"), ("degraded", "stale")),
    ({"read": "body"}, Page(b"1751351400\n"), ("up", None)),
    ({"read": "body"}, Page(b"1751351400000"), ("up", None)),
    ({"read": "body"}, Page(b"99999999999999"), ("up", None)),
    ({"read": "body"}, Page(b"2025-13-45"), ("degraded", "stale")),
]


@pytest.mark.parametrize(("age", "page", "expected"), AGES)
def test_whether_the_content_is_current(age: dict[str, Any], page: Page, expected: tuple[str, str | None]) -> None:
    assert outcome(page, age={"within_minutes": 60} | age) == expected


def test_a_failure_keeps_a_clean_excerpt_and_a_digest() -> None:
    body = b"<script>x()</script><p>Error at db&nbsp;</p> password=hunter2 token: abc.def \x00\x1b[31m\xe2\x80\xa8"
    said, _ = asked(Page(body, "500 Oh"))
    assert said.detail is not None
    assert said.detail.startswith("500: Error at db")
    assert "hunter2" not in said.detail
    assert "abc.def" not in said.detail
    assert said.detail.isprintable()
    assert "<" not in said.detail
    assert said.digest is not None
    assert len(said.digest) == 64


BAD: list[tuple[str, Talk, dict[str, Any], tuple[str, str | None]]] = [
    ("one byte a second", says(*(bytes([sign]) for sign in HELLO), every=0.1), {"timeout_ms": 400},
     ("down", "timeout")),
    ("nothing at all", says(stay=True), {"timeout_ms": 200}, ("down", "timeout")),
    ("closed at once", says(), {}, ("down", "protocol")),
    ("another language", says(b"220 mail.example ESMTP\r\n" * 3), {}, ("down", "protocol")),
    ("broken off", says(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhel"), {"text": "hello"}, ("down", "protocol")),
    ("a word first", says(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + HELLO), {"text": "hello"}, ("up", None)),
    ("negative length", says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), {}, ("down", "protocol")),
    ("a bad chunk", says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), {"text": "x"},
     ("down", "protocol")),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "spec", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_servers_that_misbehave(talk: Talk, spec: dict[str, Any], expected: tuple[str, str | None]) -> None:
    assert outcome(talk, **spec) == expected


def test_endless_headers_are_cut_off() -> None:
    sent: list[int] = []
    assert outcome(endlessly(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n", sent)) == ("down", "protocol")
    assert sum(sent) < HEADERS + (8 << 20)  # and what the sockets between us hold


def test_a_body_of_ten_gigabytes_is_read_to_its_limit() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nBasket"
    sent: list[int] = []
    assert outcome(endlessly(head, b"x" * (1 << 16), sent), text="Basket") == ("up", None)
    assert outcome(endlessly(head, b"x" * (1 << 16), sent), text="not there") == ("down", "content")
    assert outcome(endlessly(head, b"x" * (1 << 16), sent), largest_bytes=1 << 20) == ("down", "size")
    assert outcome(endlessly(head, b"x" * (1 << 16), sent)) == ("up", None)
    assert sum(sent) < 64 << 20


def test_a_gzip_bomb_is_unpacked_to_its_limit() -> None:
    bomb = Page(ZEROS, headers={"Content-Encoding": "gzip"})
    assert outcome(bomb, text="1") == ("down", "content")
    assert outcome(bomb, largest_bytes=1 << 20) == ("down", "size")


# --- redirects --------------------------------------------------------------------------------------------------------


def to(location: str, status: str = "302 Found") -> Page:
    return Page(b"", status, {"Location": location})


def test_redirects_are_followed_judged_or_refused() -> None:
    page = Page(pages={"/old": to("/new"), "/post": to("/new", "303 See"), "/mail": to("mailto:a@b.example"),
                       "/bad": to("http://[::1")})  # fmt: skip
    assert outcome(page, path="/old", text="Basket") == ("up", None)
    assert outcome(page, path="/old", redirects="judge", status="302") == ("up", None)
    assert outcome(page, path="/old", redirects="judge") == ("down", "status")
    assert outcome(page, path="/mail") == ("down", "redirect")
    assert outcome(page, path="/bad") == ("down", "redirect")
    assert outcome(page, path="/post", method="POST", text="Basket") == ("up", None)
    assert page.asked[-1].startswith("GET /new")


def test_a_redirect_loop_and_a_long_chain_end() -> None:
    page = Page(pages={"/a": to("/b"), "/b": to("/a")} | {f"/{n}": to(f"/{n + 1}") for n in range(30)})
    assert outcome(page, path="/a") == ("down", "redirect")
    assert outcome(page, path="/0") == ("down", "redirect")
    assert len(page.asked) == 2 + 11


def test_another_host_is_not_told_our_credentials_and_may_be_refused() -> None:
    async def run() -> None:
        other, here = Page(), Page()
        async with server(other) as away, server(here) as port, tools() as made:
            here.pages = {"/go": to(f"http://127.0.0.2:{away}/x"), "/port": to(f"http://127.0.0.1:{away}/x")}
            elsewhere = {"kind": "http", "url": f"http://127.0.0.1:{port}/port"}
            assert answer((await ask(elsewhere, made, {"Authorization": "Basic abc"}))[0]) == ("up", None)
            assert "authorization" in here.asked[0].lower()
            assert "authorization" not in other.asked[0].lower()
            same = {"kind": "http", "url": f"http://127.0.0.1:{port}/go", "redirects": "same_host"}
            assert answer((await ask(same, made))[0]) == ("down", "redirect")

    asyncio.run(run())


@pytest.mark.parametrize(
        "target",
    ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "http://10.0.0.1:81/", "http://0.0.0.0/"],
)
def test_a_redirect_to_what_may_not_be_asked_is_not_followed(target: str) -> None:
    said, _ = asked(Page(pages={"/go": to(target)}), path="/go")
    assert answer(said) == ("unknown", "blocked")


def test_what_is_told_of_a_failure_is_json_for_anybody() -> None:
    said, _ = asked(Page(b"\xff" * 300, "500 \xff"))
    assert json.loads(json.dumps(said.detail)) == said.detail
