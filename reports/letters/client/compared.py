"""What an audit found of the client's own sites, in L6, L7 and L8: equal is equal to a copy, and to nothing else."""

from collections.abc import Iterator

from ...documents import Compared
from ..block import Block
from . import listed
from .pieces import text
from .voice import Voice

ORDER = ("equal", "older", "lacking", "undecided")
STATE = {"older": "data.older", "lacking": "compared.state_lacking"}


def compared(part: Compared | None, v: Voice) -> Iterator[Block]:
    """With which copy, what was found of which site, and which time nobody has seen."""
    if part is None:
        return
    said = [v("compared.with", copy=copy_compared(part, v))]
    for found in ORDER:
        if hosts := [site.host_name for site in part.sites if site.found == found]:
            said.append(v(f"compared.{found}", hosts=listed.hosts(hosts, v)))
    if part.unseen is not None:
        first, last = v.moment(part.unseen.start_at), v.moment(part.unseen.end_at)
        said.append(v("compared.unseen", first=first, last=last))
    yield text(" ".join(said))


def copy_compared(part: Compared, v: Voice) -> str:
    """ "Sat 28 June 20:58", and that it is our word where it is."""
    return v("compared.claimed" if part.claimed else "compared.copy", moment=v.moment(part.copy_at))


def all_equal(part: Compared | None, hosts: set[str]) -> Compared | None:
    """The comparison, where it found every one of these sites equal to the copy."""
    if part is None or hosts - {site.host_name for site in part.sites if site.found == "equal"}:
        return None
    return part


def state_words(part: Compared | None, v: Voice) -> dict[str, str]:
    """How sites that are not current stand, where an audit told it."""
    if part is None:
        return {}
    return {site.host_name: v(STATE[site.found]) for site in part.sites if site.found in STATE}
