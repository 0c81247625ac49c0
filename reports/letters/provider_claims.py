"""P4, P5 and P6: the letter over a claim, the reminder, and the letter before claim. Plain, neutral, no law cited."""

from collections.abc import Iterator

from ..documents.provider_letters import LETTER_NAMES, BeforeClaim, ClaimCover, ProviderLetter, Reminder
from ..sentences import counted, number
from ..words import Words, duration, times
from .provider_piece import Piece, ordinal


def subject(body: ClaimCover | Reminder | BeforeClaim, w: Words) -> str:
    match body:
        case ClaimCover():
            what = (
                "SLA credit request" if body.amount is not None else "service failure report and request for goodwill"
            )
            return f"{what} for {body.period}, claim {body.claim}"
        case Reminder():
            claim = f"claim {body.claim}, " if body.claim and body.about != f"claim {body.claim}" else ""
            first = "reminder" if body.reminder == 1 else f"{ordinal(body.reminder)} reminder"
            return f"{first}, {claim}our {body.about} of {w.day(w.local(body.sent_at).date())} is unanswered"
        case BeforeClaim():
            return f"letter before claim, {w.money(body.amount)} for {body.period}"


def cover(letter: ProviderLetter, body: ClaimCover, w: Words) -> Iterator[Piece]:
    yield Piece("lead", opening(letter, body, w))
    rows = [
        ("Claim", f"{body.claim}; the claim itself is the enclosed paper {body.paper}"),
        ("Period", body.period),
        ("Unavailable", duration(body.raw_seconds)),
        ("Counted", duration(body.counted_seconds)),
    ]
    if body.amount is not None:
        rows.append(("Credit requested", w.money(body.amount)))
    rows.append(("SHA-256 of the paper", body.paper_digest))
    yield Piece("facts", "", tuple(rows))
    yield Piece("text", "We go on paying what is not in dispute.")


def opening(letter: ProviderLetter, body: ClaimCover, w: Words) -> str:
    """The first sentences, from the statement's figures."""
    if body.amount is None or body.base is None or body.credit_percent is None:
        return _nil(body)
    under = f" under {body.credit_clause}" if body.credit_clause else ""
    said = [
        f"We request the service credit{under} for {body.period}: {w.money(body.amount)}, being"
        f" {body.credit_percent} % of {w.money(body.base)}."
    ]
    if body.down_from is not None:
        since = w.moment(body.down_from)
        many = "" if body.outages == 1 else f" in {counted(body.outages, 'outage')}, the longest"
        said.append(f"{letter.service} was unavailable for {duration(body.raw_seconds)}{many} from {since}.")
    left_out = body.raw_seconds - body.counted_seconds
    count = f"We count {duration(body.counted_seconds)}"
    if left_out > 0:
        count += f", leaving out the {duration(left_out)} you announced"
    said.append(f"{count}.")
    if body.rest_unannounced and body.maintenance_clause:
        rest = "The remaining time" if left_out else "This time"
        said.append(f"{rest} was not announced, so {body.maintenance_clause} does not cover it.")
    if not body.previously_claimed:
        said.append("This has not been claimed before.")
    return " ".join(said)


def _nil(body: ClaimCover) -> str:
    clause = body.maintenance_clause or "The contract"
    said = [f"{clause[0].upper()}{clause[1:]} may leave no credit due. We ask for one all the same."]
    wrong = []
    if body.not_carried_out:
        wrong.append(f"{counted(body.not_carried_out, 'announced window')} did not take place")
    if body.longest_ratio is not None and body.longest_ratio.numerator > body.longest_ratio.denominator:
        wrong.append(f"one took {times(body.longest_ratio)} its announced time")
    if wrong:
        told = ""
        if body.letters:
            told = f", and we had passed these dates on in {counted(body.letters, 'letter')}"
        said.append(f"In {body.period} {' and '.join(wrong)}{told}.")
    said.append("The record is attached.")
    return " ".join(said)


def reminder(letter: ProviderLetter, body: Reminder, w: Words) -> Iterator[Piece]:
    open_, was = len(letter.requests), body.asked
    days = "today" if body.age_days == 0 else f"{counted(body.age_days, 'day')} ago"
    what = body.about
    if body.claim != body.about.removeprefix("claim "):
        what += f" ({f'claim {body.claim}' if body.claim else LETTER_NAMES[body.about_kind]})"
    if open_ == was:
        left = "None of its requests is answered" if was > 1 else "Its request is not answered"
        left = f"{left}{f', {number(was)} in all' if was > 1 else ''}."
    else:
        left = (
            f"{number(open_).capitalize()} of its {number(was)} requests {'is' if open_ == 1 else 'are'} not answered."
        )
    yield Piece("lead", f"We sent you {what} {days}. {left}")
    rows = [
        ("Number", body.about),
        ("Sent", f"{w.moment(body.sent_at)}, {body.sent_how}"),
        ("Age", f"{counted(body.age_days, 'day')} ({duration(body.age_seconds)})"),
    ]
    if body.claim:
        rows.insert(0, ("Claim", body.claim))
    if body.reminder > 1:
        rows.append(("Reminders before", str(body.reminder - 1)))
    yield Piece("facts", "", tuple(rows))
    if body.reminder > 1:
        yield Piece("text", "Please pass this to whoever decides it, and give us that person's name.")


def before_claim(letter: ProviderLetter, body: BeforeClaim, w: Words) -> Iterator[Piece]:
    yield Piece(
        "lead",
        f"We ask you to pay {w.money(body.amount)} for {body.period} under the {body.agreement}. This letter gives the"
        " basis, the facts, the sum and the documents we rely on, so that you can answer it in full.",
    )
    yield Piece("head", "Basis of the claim")
    yield Piece(
        "quote", "", tuple((_clause(item.ref, item.source), item.quote or "") for item in body.basis if item.quote)
    )
    bare = [item.ref for item in body.basis if not item.quote]
    if bare:
        yield Piece("points", "", tuple((text,) for text in bare))
    yield Piece("head", "Summary of facts")
    yield Piece(
        "table",
        "",
        tuple((w.short_moment(item.at) if item.at else "", item.text, item.source) for item in body.facts),
        ("When", "What", "Source"),
        (20, 60, 20),
    )
    yield Piece("head", "How the sum is made up")
    yield Piece("facts", "", (*((line.what, line.value) for line in body.sum), ("Sum claimed", w.money(body.amount))))
    yield Piece("head", "Documents relied on")
    yield Piece(
        "table",
        "",
        tuple(
            (w.short_moment(item.dated_at), item.what, f"SHA-256 {item.sha256[:16]}…" if item.sha256 else "")
            for item in body.relied_on
        ),
        ("Dated", "Document", "Kept as"),
        (20, 50, 30),
    )
    yield Piece("note", "Copies of all of them are sent on request; the full digests stand in the attached figures.")


def _clause(ref: str, source: str | None) -> str:
    return source or ref


def settling(letter: ProviderLetter, body: BeforeClaim, w: Words) -> Iterator[Piece]:
    yield Piece("head", "Readiness to settle")
    yield Piece("text", body.settle)
