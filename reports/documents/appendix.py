"""The evidence appendix: how do you know? E0 exhibits to E7 calculation, with the files it carries."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .annex import Clause, Coverage, Event, Method, Outage, SiteCounts, SiteState, Step
from .audit import DataAudit
from .breach import Exhibit
from .claim import LeftOut
from .header import Header, Period, Provider, Service, Target
from .monthly import Reading
from .reckoning import Reckoning
from .values import Count, Digest, Instant, Line, Seconds, Span, Text, Value

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$", max_length=80)]


class AttachedFile(Value):
    """A file inside the PDF. `relationship` is PDF's own word: Source what the figures were read from, Data what they
    are for machines, Supplement what belongs to them."""

    name: FileName
    what: Line
    media_type: MediaType
    relationship: Literal["Source", "Data", "Supplement"]
    size: Count
    sha256: Digest
    at: Instant


class HeaderLine(Value):
    """One header of a message as it came: "Received", "From" …"""

    name: Line
    value: Text


class KeptMessage(Value):
    """A provider's message, its words as they came. `cut_signs`: how many signs of the text are not printed here.
    `file` names the original among the attached files; else `not_attached` says why it is not there."""

    exhibit: Line | None
    received_at: Instant
    channel: Line
    subject: Line | None
    headers: tuple[HeaderLine, ...]
    text: Text
    cut_signs: Count
    size: Count
    sha256: Digest
    file: FileName | None
    not_attached: Line | None


class Seen(Value):
    """Who saw an outage: a monitor of the service, or a site by a monitor of its own."""

    name: Line
    first_fail_at: Instant
    last_fail_at: Instant


class SeenOutage(Value):
    """An outage with all who saw it and the answers that bound it."""

    outage: Outage
    last_good_at: Instant | None
    first_good_at: Instant | None
    witnesses: tuple[Seen, ...]


class SiteRow(Value):
    """One site: downtime in the period, state at the as-at time, when and by whom it was looked at last."""

    site_id: Line
    host_name: Line
    state: SiteState
    down_from: Instant | None
    down_to: Instant | None
    down_seconds: Seconds
    checked_at: Instant | None
    checked_by: Literal["P", "M", "T", "C", "N"] | None


class Watch(Value):
    """One monitor: where it asks from, how often, how many failures make an outage, what it saw in the period."""

    name: Line
    place: Line
    interval_seconds: Annotated[int, Field(gt=0)]
    confirm_after: Annotated[int, Field(ge=1)]
    observations: Count
    failures: Count
    first_at: Instant | None
    last_at: Instant | None


class DownPiece(Value):
    """A piece of the raw downtime: counted for its outage, or not, with the clause that says so."""

    span: Span
    seconds: Seconds
    outage: int | None
    counted: bool
    clause: Line | None
    why: Line


class Masked(Value):
    """How often a rule hid something, and in which part."""

    where: Line
    rule: Line
    times: Annotated[int, Field(ge=1)]


class EvidenceAppendix(Value):
    """For whoever disputes a claim. Site names only; never a client's name or contact.

    `bundle_sha256` is the digest of the file SHA256SUMS, which lists every attached file with its own.
    """

    kind: Literal["evidence"] = "evidence"
    header: Header
    provider: Provider
    service: Service
    period: Period
    claim: Line
    target: Target | None
    exhibits: tuple[Exhibit, ...]
    attached: tuple[AttachedFile, ...]
    bundle_sha256: Digest
    data: Line
    method: Method
    masked: tuple[Masked, ...]
    chronology: tuple[Event, ...]
    outages: tuple[SeenOutage, ...]
    left_out: tuple[LeftOut, ...]
    site_counts: SiteCounts
    sites: tuple[SiteRow, ...]
    messages: tuple[KeptMessage, ...]
    clauses: tuple[Clause, ...]
    watches: tuple[Watch, ...]
    coverage: Coverage
    readings: Annotated[tuple[Reading, ...], Field(min_length=3, max_length=3)]
    pieces: tuple[DownPiece, ...]
    calculation: tuple[Step, ...]
    reckoning: Reckoning | None
    audit: DataAudit | None = None
