"""What is sent to make a monitor, and what is told of one."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, ValidationError, model_validator
from sqlmodel import Session

from app.errors import BadInput
from app.fields import In, Instant, Line, Out, Text
from app.prober.addresses import Networks
from app.prober.spec import CHECK, Check, HeartbeatSpec, Spec, from_address
from app.probes.actions import site_named
from app.sla.case import State

OURS = ("connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade")
INTERVAL, CONFIRM, CONFIRM_ASKED = 60, 2, 3
LONGEST_VALUE = 4000


def sent_headers(headers: dict[str, str]) -> dict[str, str]:
    """Raises ValueError for what HTTP cannot send, or what the prober says itself."""
    for name, value in headers.items():
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", name):
            raise ValueError(f"{name[:40]!r} is no name of a header, e.g. Authorization")
        if name.lower() in OURS:
            raise ValueError(f"{name} is said by the prober itself; leave it out")
        if not value.isascii() or not value.isprintable() or len(value) > LONGEST_VALUE:
            raise ValueError(f"the value of {name} must be printable ASCII of at most {LONGEST_VALUE} characters")
    return headers


class MonitorIn(In):
    name: Annotated[
        Line | None, Field(examples=["HOST-1 from Berlin"], description="Read off what is asked if left out.")
    ] = None
    service_id: Annotated[UUID | None, Field(description="The service it watches, or else `site_id`.")] = None
    site_id: Annotated[
        UUID | None, Field(description="Found by the host's name where neither is given and a site is called so.")
    ] = None
    address: Annotated[
        Line | None,
        Field(
            examples=["https://shop.larkfield.example/"],
            description="What is asked, in short: `https://…`, `tcp://host:22,443`, `tls://host`, `dns://name`, "
            "`smtp://host`, `imap://`, `ftp://`, `ssh://`, `ping://host`. Neither this nor `check`: observations are "
            "imported.",
        ),
    ] = None
    check: Annotated[Check | None, Field(description="The same at length.")] = None
    headers: Annotated[
        dict[str, str] | None,
        Field(
            max_length=20,
            description="Sent with each request to the address given, and to no other a redirect leads to. Stored "
            "encrypted; only their names are shown again.",
            examples=[{"Authorization": "Basic a2VwdDpzZWNyZXQ="}],
        ),
        AfterValidator(lambda value: None if value is None else sent_headers(value)),
    ] = None
    interval_seconds: Annotated[int, Field(ge=1, le=86_400, examples=[60])] = INTERVAL
    confirm_after: Annotated[
        int | None,
        Field(
            ge=1, le=100, examples=[2],
            description="This many failures in a row make an outage, which dates from the first. By default 2; 3 where "
            "Kept asks, which asks again ten seconds after a failure.",
        ),
    ] = None  # fmt: skip
    source: Annotated[
        Line | None, Field(examples=["own probe, Frankfurt"], description="Who asks, from where.")
    ] = None  # fmt: skip
    locations: Annotated[
        list[Line] | None,
        Field(
            examples=[["here"]], max_length=20,
            description="Where it is asked from, each a series of its own: `here`, and what `POST /locations` made. "
            "Left out: from here alone.",
        ),
    ] = None  # fmt: skip
    agreement: Annotated[
        Literal["any", "majority", "all"] | Annotated[int, Field(ge=1, le=20)] | None,
        Field(
            examples=["majority"],
            description="How many of the locations must be down at the same time for the monitor to be: `majority` if "
            "left out, or a number.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_subject(self) -> MonitorIn:
        if self.service_id is not None and self.site_id is not None:
            raise ValueError("give either service_id or site_id: a monitor watches one of them")
        if self.address is not None and self.check is not None:
            raise ValueError("give either address or check: one says in short what the other says at length")
        return self

    def complete(self, session: Session, networks: Networks) -> dict[str, Any]:
        """The arguments of `create_monitor`, with what follows from what was given. Raises BadInput."""
        spec = self._spec(networks)
        service_id, site_id = self.service_id, self.site_id
        if spec is not None and service_id is None and site_id is None:
            host = getattr(spec, "name", spec.host)
            site_id = site_named(session, host) if host else None
            if site_id is None:
                raise BadInput(
                    f"no site is called {host or 'so'}; say which service or site this monitor watches",
                    field="site_id", example="GET /api/v1/sites, GET /api/v1/services",
                )  # fmt: skip
        if self.headers and getattr(spec, "kind", "") != "http":
            raise BadInput("are sent over HTTP alone", field="headers", example='{"check": {"kind": "http", …}}')
        if (self.locations or self.agreement is not None) and (spec is None or isinstance(spec, HeartbeatSpec)):
            raise BadInput(
                "are for what Kept asks; nobody asks for this one", field="locations",
                example='{"address": "https://shop.larkfield.example/", "locations": ["here", "frankfurt"]}',
            )  # fmt: skip
        name = self.name or (_called(spec) if spec is not None else None)
        given: dict[str, str | None] = {"name": name, "source": self.source if spec is None else "own probe"}
        for field, value in given.items():
            if not value:
                raise BadInput("is needed and was not given", field=field, example="HOST-1 from Berlin")
        return {
            "name": name, "service_id": service_id, "site_id": site_id, "interval_seconds": self.interval_seconds,
            "confirm_after": self.confirm_after or (CONFIRM if spec is None else CONFIRM_ASKED),
            "source": self.source or "own probe", "spec": spec, "headers": self.headers,
            "locations": self.locations or (), "agreement": self.agreement,
        }  # fmt: skip

    def _spec(self, networks: Networks) -> Spec | None:
        spec: Any = self.check
        if self.address is not None:
            try:
                spec = CHECK.validate_python(from_address(self.address))
            except ValidationError as error:
                reason = error.errors()[0]["msg"].removeprefix("Value error, ")
                raise BadInput(reason, field="address", example="https://shop.larkfield.example/") from None
            except ValueError as error:
                raise BadInput(str(error), field="address", example="https://shop.larkfield.example/") from None
        if spec is None or isinstance(spec, HeartbeatSpec):
            return spec
        field = "address" if self.check is None else "check"
        host: str = spec.host
        own = host == "localhost" or host.endswith(".localhost")  # both its addresses, as it is asked at either
        known = ["127.0.0.1", "::1"] if own else [host]
        for address in known:
            if re.fullmatch(r"[\d.]+|[0-9a-f:.]*:[0-9a-f:.]*", address) and (refusal := networks.refuse(address)):
                raise BadInput(refusal, field=field, example=f"KEPT_PROBE_ALLOWED_NETWORKS={','.join(known)}")
        longest = self.interval_seconds * 1000
        if spec.timeout_ms >= longest:
            if "timeout_ms" in spec.model_fields_set:
                raise BadInput(
                    "must be shorter than the interval: a monitor never overlaps itself",
                    field="check.timeout_ms", example=str(max(100, longest * 8 // 10)),
                )  # fmt: skip
            spec = spec.model_copy(update={"timeout_ms": max(100, longest * 8 // 10)})
        return spec  # type: ignore[no-any-return]


def _called(spec: Spec) -> str | None:
    """A name for what is asked, where none was given."""
    match getattr(spec, "kind", ""):
        case "http":
            return re.sub(r"^https?://", "", spec.url).rstrip("/")[:200]  # type: ignore[attr-defined]
        case "tcp":
            return f"{spec.host} ports {', '.join(map(str, spec.ports))}"  # type: ignore[attr-defined]
        case "banner":
            return f"{spec.host} {spec.protocol}"  # type: ignore[attr-defined]
        case "dns":
            return f"{spec.name} {spec.type}"  # type: ignore[attr-defined]
        case "heartbeat":
            return None
        case kind:
            return f"{spec.host} {kind}"


class MonitorOut(Out):
    id: UUID
    name: str
    service_id: UUID | None
    site_id: UUID | None
    interval_seconds: int
    confirm_after: int
    source: str
    created_at: datetime
    until_at: Annotated[datetime | None, Field(description="Retired: from then on it takes no part.")]
    kind: Annotated[str, Field(description="What it asks; `import`: others ask, their observations are taken in.")]
    check: Annotated[dict[str, Any] | None, Field(validation_alias="spec", description="What is asked.")]
    headers: Annotated[list[str] | None, Field(description="The names of those sent; their values are never shown.")]
    agreement: Annotated[
        str | None, Field(description="Asked from several locations: any, majority, all, or how many make it down.")
    ]
    location: Annotated[str | None, Field(description="A part of such a monitor: what this location sees.")]


class MonitorSeen(MonitorOut):
    observations: int
    first_at: datetime | None
    last_at: datetime | None
    state: Annotated[State | None, Field(description="Of the last observation.")]


class RetireIn(In):
    until_at: Instant
    reason: Annotated[Text, Field(min_length=1, examples=["moved to another host"])]
