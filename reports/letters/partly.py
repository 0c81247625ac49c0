"""L6: the server answers again, but not everything is there. Each site is told as it is, never all as one."""

from collections.abc import Iterator, Sequence

from ..documents import ClientLetter, PartlyDone
from ..sentences import number
from ..words import Words, duration
from .block import Block


def heading(letter: ClientLetter, part: PartlyDone, w: Words, name: str) -> str:
    """The subject: what is true of all the sites in the letter."""
    states = {site.state for site in letter.sites}
    if states == {"down"}:
        return f"{name}: not back yet"
    if states == {"unknown"}:
        return f"{name}: answering again, not checked yet"
    if states == {"not_current"}:
        shown = f"showing content from {w.weekday(part.copy_from_at)}" if part.copy_from_at else "not complete"
        return f"{name}: back, but {shown}"
    return f"{name}: back in part"


def told(letter: ClientLetter, part: PartlyDone, w: Words) -> Iterator[Block]:
    """The first sentences. A letter about sites in one state says it of all; a mixed one counts them."""
    states = [site.state for site in letter.sites]
    many = len(states) > 1
    yours = f"Your {number(len(states))} websites" if many else "Your website"
    old = w.moment(part.copy_from_at) if part.copy_from_at else None
    if set(states) == {"not_current"}:
        show = ("they show" if many else "it shows") + (f" the content of {old}" if old else " older content")
        yield Block("lead", f"{yours} can be reached again, but {show}.")
    elif set(states) == {"down"}:
        yield Block("lead", f"{yours} cannot be reached yet, although the server answers again.")
    elif set(states) == {"unknown"}:
        rest = "whether they are up to date" if many else "whether it is up to date"
        yield Block("lead", f"The server answers again. We have not checked yet {rest}.")
    else:
        yield Block(
            "lead", f"The server answers again, but not all of {yours[0].lower() + yours[1:]} are confirmed up to date."
        )
        yield Block("text", f"Of them, {_counted(states, old)}.")
    if "not_current" in states and old:
        them = (
            "in it" if not many else "in them" if set(states) == {"not_current"} else "in those that show old content"
        )
        yield Block("text", f"What was entered since then is not {them}.")


def _counted(states: Sequence[str], old: str | None) -> str:
    """ "one is up to date, one shows the content of Sat 28 June 21:58, one cannot be reached, one is not checked"."""
    shown = f"the content of {old}" if old else "older content"
    words = (
        ("up", "is up to date", "are up to date"),
        ("not_current", f"shows {shown}", f"show {shown}"),
        ("down", "cannot be reached", "cannot be reached"),
        ("unknown", "is not checked yet", "are not checked yet"),
    )
    parts = []
    for state, one, several in words:
        count = states.count(state)
        if count:
            parts.append(f"{number(count)} {one if count == 1 else several}")
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


def facts(letter: ClientLetter, part: PartlyDone, w: Words, following: tuple[str, str]) -> Block:
    edit = (
        "You can edit as usual."
        if part.editing_allowed
        else "Please do not edit for now: what you enter could be overwritten."
    )
    back = f"{w.moment(part.reachable_since)}, after {duration(part.down_seconds)}"
    announced = (("Announced", w.span(part.announced)),) if part.announced else ()
    return Block("facts", "", (*announced, ("Server back since", back), ("Editing", edit), following))
