"""The letters that draw on an audit, of a client with three sites: one equal to the copy of Saturday evening, one
holding older content, one lacking rows. What the audit counts of it is invented."""

from collections.abc import Callable
from typing import Any

from reports.documents import AtRisk, ClientLetter, Compared, ComparedSite
from tests.reports.story_facts import span, t
from tests.reports.story_letters import l6
from tests.reports.story_letters_after import l7, l8
from tests.reports.story_letters_german import german

KINDS: dict[str, Callable[..., ClientLetter]] = {"L6": l6, "L7": l7, "L8": l8}
UNSEEN = span("06-28 21:05", "06-30 05:30")
DATA = ("complete", "older", "missing")


def compared(letter: ClientLetter) -> Compared:
    """In the order of the letter's sites, the copy's time as stated by the agency."""
    found = ("equal", "older", "lacking")
    sites = tuple(
        ComparedSite.model_validate({"host_name": site.host_name, "found": one})
        for site, one in zip(letter.sites, found, strict=True)
    )
    return Compared(copy_at=t("06-28 21:05"), claimed=True, unseen=UNSEEN, sites=sites)


def audited(kind: str, language: str = "en") -> ClientLetter:
    """L6, L7 or L8 with what was found; L7 confirms, for rows are gone."""
    letter: Any = KINDS[kind](3) if language == "en" else german(kind, count=3)
    more: dict[str, object] = {"compared": compared(letter)}
    hosts = [site.host_name for site in letter.sites]
    if kind == "L7":
        told = tuple(row for row in letter.body.rows if (row.host_name, row.state) == (hosts[2], "unknown"))
        found = tuple(
            AtRisk(host_name=host, kind=None, state=state, personal="unknown", files=files, entries=entries)
            for host, state, files, entries in ((hosts[1], "older", 14, 0), (hosts[2], "missing", 3, 41))
        )
        more |= {"loss": "confirmed", "rows": (*told, *found), "at_risk": UNSEEN}
    if kind == "L8":
        stood = tuple(row.model_copy(update={"data": one}) for row, one in zip(letter.body.sites, DATA, strict=True))
        went = tuple(line for line in letter.body.timeline if line.at != t("07-01 18:00"))  # not every entry is back
        more |= {"data": "missing", "sites": stood, "timeline": went}
    header, due = letter.header, letter.next_contact_at
    if kind == "L6":  # after the comparison, as the update of the next morning
        more |= {"copy_from_at": t("06-27 03:00")}
        header, due = header.model_copy(update={"as_at": t("06-30 08:00")}), t("06-30 12:00")
    states = ("up", "not_current", "not_current") if kind != "L8" else ("up", "up", "up")
    sites = tuple(site.model_copy(update={"state": state}) for site, state in zip(letter.sites, states, strict=True))
    body = letter.body.model_copy(update=more)
    return letter.model_copy(update={"header": header, "next_contact_at": due, "body": body, "sites": sites})
