"""L7: what may be missing, told fast and with its facts; the annex lists what is known of each kind of data."""

from collections.abc import Iterator
from datetime import datetime

from ...documents import AtRisk, ClientLetter, PossibleLoss
from ...words import utc
from ..block import Block
from .compared import compared, copy_compared
from .pieces import concerned, facts, following, lead, many, points, provider, table, text, to_do
from .voice import Voice


def _kind(row: AtRisk, v: Voice) -> str:
    return row.kind or v("L7.kind_compared")


def _kinds(part: PossibleLoss, v: Voice, *states: str) -> tuple[str, ...]:
    """The kinds of data in one of these states, each once, in the order given."""
    return tuple(dict.fromkeys(_kind(row, v) for row in part.rows if row.state in states))


def _only_found(part: PossibleLoss) -> bool:
    """Whether an audit found damage, and nobody confirmed a loss of what was entered in the time at risk."""
    found = any(row.kind is None and row.state in ("missing", "older") for row in part.rows)
    return found and not any(row.kind is not None and row.state == "missing" for row in part.rows)


def subject(part: PossibleLoss, v: Voice, name: str, short: bool) -> str:
    key = "L7.subject_confirmed" if part.loss == "confirmed" else "L7.subject"
    if short or (part.loss == "confirmed" and _only_found(part)):
        return v(f"{key}_short", name=name)
    return v(key, name=name, first=v.moment(part.at_risk.start_at), last=v.moment(part.at_risk.end_at))


def _told(letter: ClientLetter, part: PossibleLoss, v: Voice) -> Iterator[Block]:
    first, last = v.moment(part.at_risk.start_at), v.moment(part.at_risk.end_at)
    found = _only_found(part)
    key = "L7.lead_found" if found else "L7.lead_confirmed" if part.loss == "confirmed" else "L7.lead"
    yield lead(v(key, many(letter), first=first, last=last))
    missing, doubtful = _kinds(part, v, "missing"), _kinds(part, v, "unknown")
    if part.loss == "confirmed":
        yield text(v("L7.confirmed_kinds", kinds=v.joined(missing)))
    elif not found:
        yield text(v("L7.not_ruled_out"))
    sure = tuple(kind for kind in _kinds(part, v, "complete", "recovered") if kind not in (*missing, *doubtful))
    said = (
        v("L7.kinds", kinds=v.joined(doubtful)) if doubtful else "",
        v("L7.not_affected", kinds=v.joined(sure)) if sure else "",
    )
    if any(said):
        yield text(" ".join(filter(None, said)))


def _provider_told(letter: ClientLetter, part: PossibleLoss, v: Voice) -> tuple[str, str]:
    name = provider(letter)
    who = v("L7.provider_told_named", provider=name) if name else v("L7.provider_told")
    return who, v.moment(part.provider_told_at) if part.provider_told_at else v("L7.provider_silent")


def _copy(part: PossibleLoss, v: Voice) -> str:
    if part.last_copy_at is None:
        return v("L7.no_copy")
    return v("L7.tested" if part.last_copy_tested else "L7.untested", moment=v.moment(part.last_copy_at))


def possible_loss(letter: ClientLetter, part: PossibleLoss, v: Voice) -> Iterator[Block]:
    yield from _told(letter, part, v)
    yield from concerned(letter, v)
    kept = v.plain_day(part.old_copies_kept_until) if part.old_copies_kept_until else v("L7.old_not_kept")
    yield facts(
        (v("L7.at_risk"), v.span(part.at_risk)),
        (v("L7.before_failure"), v.span(part.before_failure)) if part.before_failure else None,
        (v("L7.last_copy"), _copy(part, v)),
        (v("compared.fact"), copy_compared(part.compared, v)) if part.compared else None,
        (v("L7.aware"), v.moment(part.aware_at)),
        _provider_told(letter, part, v),
        (v("L7.old_kept"), kept),
        (v("L7.questions"), v("L7.reach", contact=part.data_contact, reach=part.data_contact_reach)),
        following(letter, v),
    )
    doubtful = [row for row in part.rows if row.state != "complete"]
    personal = any(row.personal != "no" for row in doubtful)
    yield Block("text", v(f"L7.personal_{part.we_are}") if personal else v("L7.not_personal"), ours=False)
    if part.consequences:
        yield points(v("L7.consequences"), part.consequences)
    yield points(v("L7.measures"), part.measures)
    if part.options:
        yield points(v("L7.options"), part.options)
    yield to_do(letter, v)
    yield text(v("L7.more"))
    if part.approved_by:
        yield Block("text", v("common.approved", name=part.approved_by), ours=False)


def annex(letter: ClientLetter, part: PossibleLoss, v: Voice) -> Iterator[Block]:
    """What follows the name at the foot: what is known of each kind of data, the times, what was decided."""
    at = letter.header.as_at
    yield Block("sheet", v("L7.annex"), ours=False)
    yield Block("text", v("L7.annex_note", moment=v.dated_moment(at), zone=v.zone_label(at)), ours=False)
    rows = [
        (row.host_name, _kind(row, v), v(f"data.{row.state}"), v(f"L7.personal_{row.personal}"), _about(row, v))
        for row in part.rows
    ]  # fmt: skip
    yield from compared(part.compared, v)
    columns = (v("L7.site"), v("L7.kind"), v("L7.state"), v("L7.personal"), v("L7.about"))
    yield table("", columns, (32, 20, 18, 15, 15), rows)
    yield table(
        v("L7.times"),
        (v("L7.time_what"), v("L7.time_local"), v("L7.time_utc")),
        (44, 30, 26),
        [(what, v.dated_moment(when), utc(when)) for what, when in _times(letter, part, v)],
    )
    if part.decisions:
        decided = [(v.dated_moment(line.at), line.text) for line in part.decisions]
        yield table(v("L7.decisions"), (), (30, 70), decided)


def _about(row: AtRisk, v: Voice) -> str:
    """About how much: of what an audit found the count itself."""
    if row.files is not None and row.entries is not None:
        return v("L7.about_found", files=str(row.files), entries=str(row.entries))
    return row.about or v("L7.about_none" if row.state == "complete" else "L7.about_unknown")


def _times(letter: ClientLetter, part: PossibleLoss, v: Voice) -> Iterator[tuple[str, datetime]]:
    told, _ = _provider_told(letter, part, v)
    known: list[tuple[str, datetime | None]] = [
        (v("L7.last_copy"), part.last_copy_at),
        (v("compared.fact"), part.compared.copy_at if part.compared else None),
        (v("L7.risk_from"), part.at_risk.start_at),
        (v("L7.risk_to"), part.at_risk.end_at),
        (told, part.provider_told_at),
        (v("L7.aware"), part.aware_at),
        (v("L7.told_you"), letter.header.as_at),
    ]
    yield from sorted(((what, when) for what, when in known if when is not None), key=lambda item: item[1])
