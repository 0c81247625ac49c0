"""What a monitor asks, as a value: one shape for each kind, with defaults that suit and bounds that hold.

The same shapes are the API's request, the column in the database and what a remote prober is handed.
"""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import ip_address
from typing import Annotated, Any, Literal

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Host = Annotated[str, Field(max_length=253, examples=["shop.larkfield.example"])]
Port = Annotated[int, Field(ge=1, le=65_535, examples=[443])]
LARGEST = 4 << 20  # bytes of a body that are ever read
PORTS = {"smtp": 25, "imap": 143, "ftp": 21, "ssh": 22}
TLS_PORTS = {"smtp": 465, "imap": 993, "ftp": 990}


def host_name(text: str) -> str:
    """A host as it is asked for: a name in ASCII (IDNA) or an address. Raises ValueError."""
    bare = text.strip().removeprefix("[").removesuffix("]").rstrip(".")
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    if not bare or re.search(r"[\s/@:?#\\%]", bare):
        raise ValueError(f"{text[:80]!r} is not a host; write e.g. shop.larkfield.example or 192.0.2.7")
    try:
        name = httpx.URL(f"http://{bare}/").raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, UnicodeError):
        name = ""
    if len(name) > 253 or not re.fullmatch(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}", name):
        raise ValueError(f"{text[:80]!r} is not a host; write e.g. shop.larkfield.example or 192.0.2.7")
    if re.fullmatch(r"[0-9.]+|.*\.[0-9]+|0x[0-9a-f]+", name):  # 127.1, 2130706433, 0x7f000001
        raise ValueError(f"{text[:80]!r} looks like an address and is none; write all four parts, e.g. 192.0.2.7")
    return name


def web_address(text: str) -> str:
    """An address of the web, without credentials in it. Raises ValueError."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL as error:
        raise ValueError(f"is not an address: {error}; write e.g. https://shop.larkfield.example/") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("must begin with https:// or http:// and name a host, e.g. https://shop.larkfield.example/")
    if url.userinfo:
        raise ValueError(
            "carries a user and password, which would be stored and shown in the clear; send them as a header, "
            'e.g. {"Authorization": "Basic …"}'
        )
    name = host_name(url.host)
    return str(url.copy_with(host=name, fragment=None))


def statuses(text: str) -> str:
    """A set of statuses: numbers and ranges with commas. Raises ValueError."""
    parts = [part.strip() for part in text.split(",")]
    for part in parts:
        low, _, high = part.partition("-")
        if not re.fullmatch(r"[1-5]\d\d(-[1-5]\d\d)?", part) or (high and int(low) > int(high)):
            raise ValueError(f"{part!r} is no status or range of them; write e.g. 200-299,401")
    return ",".join(parts)


def expression(text: str) -> str:
    """A regular expression that compiles. Raises ValueError."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is not a regular expression: {error}; write e.g. Order no\\. \\d+") from None
    return text


Pattern = Annotated[str, Field(min_length=1, max_length=500, examples=[r"Order no\. \d+"]), AfterValidator(expression)]
HostName = Annotated[Host, AfterValidator(host_name)]


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_ms: Annotated[int, Field(ge=100, le=60_000, description="All of it must be done by then.")] = 10_000
    slow_ms: Annotated[
        int | None, Field(ge=1, le=60_000, description="Degraded where it takes longer.", examples=[3000])
    ] = None

    @property
    def host(self) -> str:
        """Whom it asks, for the limit per host."""
        return ""


class JsonRule(BaseModel):
    """A value inside a JSON answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Annotated[str, Field(max_length=200, examples=["checks.0.status"], description="Names and places, with dots.")]
    equals: Annotated[
        str | int | bool | None, Field(description="What it must be; left out: it must be there.", examples=["ok"])
    ] = None


class HeaderRule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", examples=["X-Backend"])]
    contains: Annotated[str, Field(max_length=200, examples=["web-2"], description="Empty: it must be there.")] = ""


class AgeRule(BaseModel):
    """How old the content may be: is the site current, or an old copy that answers?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    read: Annotated[
        Literal["header", "json", "pattern", "body"],
        Field(description="Where the time stands: a header, a JSON value, a group of a pattern, or the whole body."),
    ] = "header"
    at: Annotated[
        str,
        Field(max_length=500, examples=["Last-Modified"], description="The header, the value's place, or the pattern."),
    ] = "Last-Modified"
    within_minutes: Annotated[int, Field(ge=1, le=5_256_000, examples=[1440])]
    stale_is: Annotated[Literal["degraded", "down"], Field(description="What older content means.")] = "degraded"

    @model_validator(mode="after")
    def _readable(self) -> AgeRule:
        if self.read == "pattern":
            expression(self.at)
        return self


class HttpSpec(Spec):
    """A page or an interface over HTTP or HTTPS."""

    kind: Literal["http"] = "http"
    url: Annotated[
        str, Field(max_length=2000, examples=["https://shop.larkfield.example/"]), AfterValidator(web_address)
    ]
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    status: Annotated[
        str, Field(max_length=100, examples=["200-299,401"], description="Good answers."), AfterValidator(statuses)
    ] = "200-299"
    text: Annotated[
        str | None, Field(min_length=1, max_length=500, description="Must be there.", examples=["Basket"])
    ] = None
    absent: Annotated[
        str | None, Field(min_length=1, max_length=500, description="Must not be there.", examples=["Fatal error"])
    ] = None
    pattern: Pattern | None = None
    json_value: JsonRule | None = None
    header: HeaderRule | None = None
    age: AgeRule | None = None
    redirects: Annotated[
        Literal["follow", "same_host", "judge"],
        Field(description="`judge`: a redirect is an answer like any other. Each address on the way is checked."),
    ] = "follow"
    largest_bytes: Annotated[
        int | None, Field(ge=0, le=LARGEST, description="A longer body is a failure.", examples=[1_000_000])
    ] = None
    verify: Annotated[bool, Field(description="Whether the certificate must be right.")] = True

    @cached_property
    def address(self) -> httpx.URL:
        return httpx.URL(self.url)

    @property
    def host(self) -> str:
        return self.address.host


class TcpSpec(Spec):
    """Ports that take a connection."""

    kind: Literal["tcp"] = "tcp"
    name: HostName
    ports: Annotated[list[Port], Field(min_length=1, max_length=20, examples=[[22, 443]])]
    need: Annotated[Literal["all", "any"], Field(description="How many of them must answer.")] = "all"

    @property
    def host(self) -> str:
        return self.name


class TlsSpec(Spec):
    """A certificate: its chain, its name, the days it has left."""

    kind: Literal["tls"] = "tls"
    name: HostName
    port: Annotated[Port | None, Field(description="443, or that of the protocol, if left out.")] = None
    starttls: Annotated[
        Literal["smtp", "imap", "ftp"] | None, Field(description="TLS is asked for in this protocol's words.")
    ] = None
    server_name: Annotated[HostName | None, Field(description="Another name to ask for and to find in it.")] = None
    days_left: Annotated[int, Field(ge=0, le=400, description="Degraded where fewer are left.")] = 14

    @property
    def asked_port(self) -> int:
        return self.port or (PORTS[self.starttls] if self.starttls is not None else 443)

    @property
    def host(self) -> str:
        return self.name


class DnsSpec(Spec):
    """What the name servers say of a name."""

    kind: Literal["dns"] = "dns"
    name: HostName
    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "CAA", "SRV", "PTR"] = "A"
    values: Annotated[
        list[Annotated[str, Field(max_length=500)]],
        Field(max_length=50, examples=[["192.0.2.7"]], description="What must be said; empty: anything."),
    ] = []
    match: Annotated[
        Literal["all", "any", "exactly"], Field(description="All of the values, one of them, or these and no other.")
    ] = "all"
    server: Annotated[
        HostName | None, Field(description="The name server to ask, by address; the prober's own if left out.")
    ] = None
    port: Port = 53

    @model_validator(mode="after")
    def _an_address(self) -> DnsSpec:
        if self.server is not None:
            try:
                ip_address(self.server)
            except ValueError:
                raise ValueError("server must be an address, not a name, e.g. 192.0.2.53") from None
        return self

    @property
    def host(self) -> str:
        return self.server or ""


class BannerSpec(Spec):
    """The greeting of a mail, file or login server."""

    kind: Literal["banner"] = "banner"
    protocol: Literal["smtp", "imap", "ftp", "ssh"]
    name: HostName
    port: Annotated[Port | None, Field(description="The protocol's own if left out.")] = None
    tls: Annotated[bool, Field(description="TLS from the first byte on.")] = False
    starttls: Annotated[bool, Field(description="TLS asked for after the greeting.")] = False
    text: Annotated[str | None, Field(min_length=1, max_length=200, description="Must be in it.")] = None

    @model_validator(mode="after")
    def _ssh_has_no_tls(self) -> BannerSpec:
        if (self.tls or self.starttls) and self.protocol == "ssh":
            raise ValueError("ssh encrypts by itself; leave tls out")
        if self.tls and self.starttls:
            raise ValueError("tls speaks it from the first byte on, starttls after the greeting; give one of them")
        return self

    @property
    def asked_port(self) -> int:
        return self.port or (TLS_PORTS if self.tls else PORTS)[self.protocol]

    @property
    def host(self) -> str:
        return self.name


class PingSpec(Spec):
    """An ICMP echo, where the prober's machine may send one."""

    kind: Literal["ping"] = "ping"
    name: HostName

    @property
    def host(self) -> str:
        return self.name


class HeartbeatSpec(Spec):
    """Nobody is asked: the site calls us, at least once an interval."""

    kind: Literal["heartbeat"] = "heartbeat"
    grace_seconds: Annotated[int, Field(ge=1, le=86_400, description="How late a call may be.")] = 60


Check = Annotated[
    HttpSpec | TcpSpec | TlsSpec | DnsSpec | BannerSpec | PingSpec | HeartbeatSpec, Field(discriminator="kind")
]
CHECK: TypeAdapter[Any] = TypeAdapter(Check)
SCHEMES = ("https", "http", "tcp", "tls", "dns", "smtp", "imap", "ftp", "ssh", "ping")


def from_address(address: str) -> dict[str, Any]:
    """What an address alone asks for: `https://shop.example`, `tcp://host:22,443`, `tls://host`, `dns://name`,
    `smtp://host`, `ping://host`. Raises ValueError."""
    scheme, separator, rest = address.strip().partition("://")
    if not separator:
        scheme, rest = "https", address.strip()
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise ValueError(f"{scheme[:20]}:// is nothing that can be asked; there are {', '.join(SCHEMES)}")
    if scheme in ("http", "https"):
        return {"kind": "http", "url": f"{scheme}://{rest}"}
    rest = rest.rstrip("/")
    name, ports = rest, ""
    if found := re.fullmatch(r"(\[[^\]]+\]|[^:]*):([\d,]+)", rest):
        name, ports = found.groups()
    numbers = [int(port) for port in ports.split(",") if port]
    spec: dict[str, Any] = {"kind": scheme, "name": name}
    if scheme == "tcp":
        if not numbers:
            raise ValueError(f"needs its ports, e.g. tcp://{name}:22,443")
        return spec | {"ports": numbers}
    if len(numbers) > 1 or (numbers and scheme in ("dns", "ping")):
        raise ValueError(f"has more ports than {scheme} asks, e.g. {scheme}://{name}")
    if scheme in PORTS:
        spec = {"kind": "banner", "protocol": scheme, "name": name}
    return spec | ({"port": numbers[0]} if numbers else {})
