"""An agent's side of the conversation: what to ask is fetched, answers are handed over, the clocks are compared.

TLS always, but to a server on this very machine: the token would be read on the way, and so would monitors' headers.
"""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from typing import Any

import httpx
from pydantic import ValidationError

from app.errors import BadInput, KeptError, NotAllowed
from app.prober.clocks import Clocks
from app.prober.remote.form import Receipt, Tasks, packed

LIMIT_S = 30.0
VAGUE_US = 5_000_000  # an exchange that took longer tells nothing about the clocks


class Away(Exception):
    """The server cannot be reached, or cannot answer now; it is asked again later."""


class TooLarge(Exception):
    """The server takes smaller batches."""


class Refused(KeptError):
    """The server answered, and will not."""

    title, exit_code = "The server refuses this agent", 3


class Server:
    """`off`: how many microseconds our clock is certainly ahead of the server's, as last compared."""

    def __init__(
        self, address: str, location: str, token: str, clocks: Clocks, *, authorities: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:  # fmt: skip
        self.location, self.clocks = location, clocks
        self.off: int | None = None
        self._tag: str | None = None
        trusted = ssl.create_default_context(cafile=authorities)
        self.client = httpx.AsyncClient(
            base_url=server_address(address) + "/api/v1/agent", timeout=LIMIT_S, verify=trusted, transport=transport,
            headers={"authorization": f"Bearer {token}", "user-agent": "kept-agent"}, trust_env=False,
        )  # fmt: skip

    async def close(self) -> None:
        await self.client.aclose()

    async def tasks(self, spool: str) -> Tasks | None:
        """All that is to be asked from here; None where nothing changed. Raises Away, Refused."""
        asked = {"location": self.location, "spool": spool}
        tag = {"if-none-match": self._tag} if self._tag is not None else {}
        answer = await self._send("GET", "/assignments", params=asked, headers=tag)
        if answer.status_code == 304:
            return None
        try:
            tasks = Tasks.model_validate_json(answer.content)
        except ValidationError as error:
            raise Away(f"what the server says to ask cannot be read: {error.errors()[0]['msg']}") from None
        self._tag = answer.headers.get("etag")
        return tasks

    def forget(self) -> None:
        """The next `tasks` are given whole."""
        self._tag = None

    async def hand_over(self, batch: dict[str, Any]) -> Receipt:
        """Returns when the server has committed all of it. Raises Away, TooLarge, Refused."""
        body = packed(batch | {"location": self.location, "off": self.off})
        sent = self.clocks.now()
        jumps = self.clocks.jumps
        kind = {"content-type": "application/json", "content-encoding": "gzip"}
        answer = await self._send("POST", "/batches", content=body, headers=kind)
        received = self.clocks.now()
        try:
            receipt = Receipt.model_validate_json(answer.content)
        except ValidationError as error:
            raise Away(f"the server's receipt cannot be read: {error.errors()[0]['msg']}") from None
        if 0 <= received - sent <= VAGUE_US and jumps == self.clocks.jumps:
            self.off = certain(sent, received, receipt.now)
        return receipt

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = await self.client.request(method, path, **more)
        except (httpx.HTTPError, OSError) as error:
            raise Away(f"{type(error).__name__}: {error}".rstrip(": ")) from None
        if answer.status_code == 413:
            raise TooLarge
        if answer.status_code >= 500 or answer.status_code in (408, 425, 429):
            raise Away(f"it answers {answer.status_code}")
        if answer.status_code >= 400:
            raise Refused(said(answer), field="--server")
        if answer.status_code >= 300 and answer.status_code != 304:
            raise Refused(f"it leads elsewhere ({answer.status_code}); give the address it has", field="--server")
        return answer


def certain(sent: int, received: int, theirs: int) -> int:
    """How far our clock is ahead, as far as the time the exchange took leaves no doubt; in microseconds."""
    middle, half = (sent + received) // 2 - theirs, (received - sent + 1) // 2
    return max(0, middle - half) if middle >= 0 else min(0, middle + half)


def said(answer: httpx.Response) -> str:
    """A refusal in the server's own words."""
    try:
        return str(answer.json()["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return f"it answers {answer.status_code}"


def server_address(text: str) -> str:
    """Raises BadInput for what is no address, and for one without TLS that is not on this machine."""
    example = "https://kept.example"
    try:
        url = httpx.URL(text.strip().rstrip("/"))
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise BadInput("is no address of a server", field="--server", example=example)
    if url.scheme == "http" and not _on_this_machine(url.host):
        raise NotAllowed("an agent speaks to its server over TLS alone", field="--server", example=example)
    return str(url)


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
