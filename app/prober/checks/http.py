"""A page or an interface over HTTP: each hop a connection of its own, each address on the way looked at."""

from __future__ import annotations

import time
from collections.abc import Mapping

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
    url, method, seen = httpx.URL(spec.url), spec.method, set[str]()
    origin = (url.scheme, url.host, url.port)
    for _ in range(HOPS + 1):
        if str(url) in seen:
            raise Failed(Fault.REDIRECT, f"leads round in a circle to {url.host}{url.path}")
        seen.add(str(url))
        own = headers if (url.scheme, url.host, url.port) == origin else {}
        sent = {"User-Agent": tools.name, "Accept": "*/*", "Accept-Encoding": "gzip", **own, "Connection": "close"}
        if method == "POST":
            sent["Content-Length"] = "0"
        request = httpx.Request(method, url, headers=sent, extensions={"phases": phases, "verify": spec.verify})
        response = await tools.web.handle_async_request(request)
        try:
            location = response.headers.get("location")
            if response.status_code in REDIRECTS and location is not None and spec.redirects != "judge":
                url = _next(spec, url, location)
                method = "GET" if response.status_code in (301, 302, 303) and method == "POST" else method
                continue
            return await _judge(spec, response, tools, phases)
        finally:
            await response.stream.aclose()  # type: ignore[union-attr]
    raise Failed(Fault.REDIRECT, f"more than {HOPS} redirects")


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
