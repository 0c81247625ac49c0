"""A page or an interface over HTTP: each hop a connection of its own, each address on the way looked at."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache

import httpx

from app.prober.checks.content import examine, in_status, needs_body
from app.prober.checks.tools import Tools
from app.prober.outcome import UP, Failed, Fault, Outcome, Phases
from app.prober.spec import HttpSpec
from app.prober.web import read_body

HOPS = 10
READ = 256 << 10  # bytes of a body that are read where no limit is given
REDIRECTS = (301, 302, 303, 307, 308)


async def ask(spec: HttpSpec, headers: Mapping[str, str], tools: Tools, phases: Phases) -> Outcome:
    """`headers` are the monitor's own; they go to the origin they were given for and to no other. Raises Failed."""
    url, method, seen = spec.address, spec.method, set[httpx.URL]()
    for _ in range(HOPS + 1):
        if url in seen:
            raise Failed(Fault.REDIRECT, f"leads round in a circle to {url.host}{url.path}")
        seen.add(url)
        own = headers if url is spec.address or _origin(url) == _origin(spec.address) else {}
        sent = _sent(tools.name, method, own) if own else _usual(tools.name, method)
        request = httpx.Request(method, url, headers=sent, extensions={"phases": phases, "verify": spec.verify})
        response = await tools.web.handle_async_request(request)
        try:
            leads = response.status_code in REDIRECTS and spec.redirects != "judge"
            if leads and (location := response.headers.get("location")) is not None:
                url = _next(spec, url, location)
                method = "GET" if response.status_code in (301, 302, 303) and method == "POST" else method
                continue
            return await _judge(spec, response, tools, phases)
        finally:
            await response.stream.aclose()  # type: ignore[union-attr]
    raise Failed(Fault.REDIRECT, f"more than {HOPS} redirects")


def _sent(name: str, method: str, own: Mapping[str, str]) -> httpx.Headers:
    sent = {"User-Agent": name, "Accept": "*/*", "Accept-Encoding": "gzip", **own, "Connection": "close"}
    return httpx.Headers(sent | {"Content-Length": "0"} if method == "POST" else sent)


@lru_cache(16)
def _usual(name: str, method: str) -> httpx.Headers:
    return _sent(name, method, {})  # a request takes a copy of them


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _next(spec: HttpSpec, url: httpx.URL, location: str) -> httpx.URL:
    try:
        following = url.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise Failed(Fault.REDIRECT, f"leads to {location[:80]!r}, which is no address") from None
    if following.scheme not in ("http", "https") or not following.host:
        raise Failed(Fault.REDIRECT, f"leads to {location[:80]!r}, which is not of the web")
    if spec.redirects == "same_host" and following.host != url.host:
        raise Failed(Fault.REDIRECT, f"leads to another host, {following.host}")
    return following


async def _judge(spec: HttpSpec, response: httpx.Response, tools: Tools, phases: Phases) -> Outcome:
    wanted = in_status(response.status_code, spec.status)
    most = READ if spec.largest_bytes is None else spec.largest_bytes
    body = b""
    if spec.method != "HEAD" and (needs_body(spec) or not wanted):
        body, more = await read_body(response, most)
        if more and wanted and spec.largest_bytes is not None:
            raise Failed(Fault.SIZE, f"the body is longer than {most} bytes")
    phases.ended = time.perf_counter_ns()
    if not wanted:
        raise Failed(Fault.STATUS, f"{response.status_code}", body=body)
    await examine(spec, response, body, tools)
    return UP
