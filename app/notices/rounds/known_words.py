"""What of a round's words is known already: from the record, and from the round of this kind before it. Pure.

Nothing is guessed: what neither gives is named as missing, and a person writes it. Moments are of this round alone, so
none is taken over from another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from app.notices.rounds import cadence
from app.notices.rounds.triggers import Known, Proposal
from app.notices.wording.translating import WORDS, texts
from app.sla.statement import WindowVerdict

BESIDE = ("leave_out", "only", "translations")
OF_ONE_ROUND = {
    "next_contact_at", "expected_end_at", "fallback", "fallback_decided_at", "freeze_from_at", "backup_at",
    "word_by_at", "confirmed_at", "copy_from_at", "apology", "reason", "reason_by", "reason_status", "what_changed",
    "what_changed_source", "cause", "checks", "current_to_at", "tell_by", "kept_until", "open_points",
}  # fmt: skip
TAKEN_OVER = {
    "L1": ("L1", "L3"), "L2": ("L2",), "L3": ("L3", "L1"), "L4": ("L4",), "L6": ("L6",), "L10": ("L10",), "L9": ("L9",),
}  # fmt: skip
WORD = timedelta(minutes=15)  # after the announced end: when clients hear from us if it is not back


@dataclass(frozen=True, slots=True)
class KnownWords:
    """Words as far as they are known, the translations that fit them, and what a person has to give."""

    words: dict[str, Any]
    translations: dict[str, dict[str, Any]]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


def known_words(
    item: Proposal, known: Known, earlier: Sequence[Mapping[str, Any]], languages: Collection[str], ours: str
) -> KnownWords:
    """`earlier`: the words of the rounds before it about the same, newest first. `languages`: what the clients read."""
    before = _before(item.kind, earlier)
    words = {"kind": item.kind, **_taken_over(item.kind, before), **_from_record(item, known)}
    missing = []
    try:
        whole = WORDS.validate_python(words)
    except ValidationError as error:
        missing = [_named(one["loc"], one["msg"]) for one in error.errors()]
        return KnownWords(words, {}, tuple(dict.fromkeys(missing)))
    said = texts(whole)
    translations = {}
    for language in sorted({tag.partition("-")[0] for tag in languages} - {ours}) if said else ():
        given = _same_texts(said, before, language)
        if given is None:
            missing.append(f"translations.{language}: the texts in the language of the clients who read it")
        else:
            translations[language] = given
    return KnownWords(words, translations, tuple(missing))


def _before(kind: str, earlier: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    kinds = TAKEN_OVER.get(kind, ())
    return next((one for wanted in kinds for one in earlier if one.get("kind") == wanted), {})


def _taken_over(kind: str, before: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name not in (*OF_ONE_ROUND, *BESIDE, "kind")}
    if before.get("kind") != kind:
        kept = {name: value for name, value in kept.items() if name == "work"}
    return kept


def _from_record(item: Proposal, known: Known) -> dict[str, Any]:
    """What follows from the facts alone."""
    window = next((one for one in known.statement.windows if one.window_id == item.window_id), None)
    match item.kind:
        case "L1" | "L3" if window is not None:
            word_by = window.promised.end + WORD
            said = {"word_by_at": _iso(word_by), "next_contact_at": _iso(word_by)}
            return said | ({"confirmed_at": _iso(window.announced_at)} if item.kind == "L1" else {})
        case "L2":
            return {"reason_status": "not_known", "restrictions_lifted": True} | _new_date(window, known)
        case "L4" | "L10" | "L6":
            return {"next_contact_at": _iso(cadence.next_due(_began(item, window), known.as_at))}
    return {}


def _new_date(window: WindowVerdict | None, known: Known) -> dict[str, Any]:
    """Where there is a new date already, clients hear from us after it."""
    later = [one for one in known.statement.windows if window is not None and one.work_id == window.work_id
             and one.promised.start > known.as_at]  # fmt: skip
    return {"next_contact_at": _iso(max(one.promised.end for one in later) + WORD)} if later else {}


def _began(item: Proposal, window: WindowVerdict | None) -> datetime:
    return window.promised.end if window is not None else item.outage_from or item.since


def _iso(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()


def _named(where: tuple[int | str, ...], message: str) -> str:
    """ "words.known: Field required" as a person reads it."""
    path = ".".join(str(part) for part in where[1:])
    reason = "is needed" if message == "Field required" else message.removeprefix("Value error, ")
    return f"words.{path}: {reason}" if path else reason


def _same_texts(said: Mapping[str, Any], before: Mapping[str, Any], language: str) -> dict[str, Any] | None:
    """The translation of just these texts, where the round before said the same; None where it did not."""
    given = before.get("translations", {}).get(language, {})
    if not given:
        return None
    was = texts(WORDS.validate_python({name: value for name, value in before.items() if name not in BESIDE}))
    if any(name not in given or was.get(name) != said[name] for name in said):
        return None
    return {name: given[name] for name in said}
