"""What may be said at which confidence. Nothing is written about a path but by `sentence`.

High: a fact with its digests and times. Medium: "consistent with …; also explained by …". Low: counted, never told one
by one and never part of a total that is claimed. What is intact is "equal to the copy of <time>": nothing here can say
that no data was lost, because what nobody saw is not known.
"""

from __future__ import annotations

from app.integrity.compare.values import HIGH, LOW, Judgement, Verdict
from app.integrity.format import instant

REASONS = {  # what is said of a verdict, and what else would explain it
    "equal": ("is equal to the copy of {last}", ""),
    "equal_again": ("is equal to the copy of {last}; in between it was not", ""),
    "absent_before": ("was gone before the last copy and is gone", ""),
    "as_worked_on": ("is as it was last worked on, in {generation}", ""),
    "never_arrived": ("was in the copy of {last} and is on no snapshot of the new server", "a deletion"),
    "arrival_not_seen": ("was in the copy of {last} and is not there; nobody saw whether it arrived", "a deletion"),
    "arrived_then_gone": ("arrived on the new server and is gone", "a deletion by a user"),
    "upload_gone": ("was made on the new server, seen in {generation}, and is gone", "a deletion by a user"),
    "case_collision": ("is gone; another name that differs only in case or in its form of Unicode is there", ""),
    "new_fresh": ("is new since the work began", ""),
    "new_old_dated": ("is in no earlier copy, and bears an older date", "unpacking, deployment"),
    "new_after_deletion": ("had been deleted and is there with a content nobody has seen", ""),
    "deleted_is_back": ("had been deleted and is back with the content of {generation}", "put back on purpose"),
    "other_kind": ("is of another kind than in the copy of {last}", "a change on purpose"),
    "old_date_too": ("was overwritten with the content of {generation}, and bears that copy's date", "a roll-back"),
    "old_content_at_copy": ("was overwritten with the content of {generation}", "a roll-back on purpose"),
    "old_content_fresh": ("holds the content of {generation} under a fresh date", "a roll-back on purpose"),
    "work_undone": ("is again as in the copy of {last}; what was on the new server in between is gone", "a roll-back"),
    "content_turns": ("holds an earlier content; it went to and fro before, too", ""),
    "too_small": ("holds an earlier content, too short to say where it came from", ""),
    "emptied": ("is empty and was not", "emptied on purpose"),
    "beginning_only": ("is only the beginning of what the copy of {last} holds", ""),
    "zeros": ("ends in zeros and did not", ""),
    "date_kept": ("holds another content under the date of the copy of {last}", "written twice within a second"),
    "holds_its_twin": ("holds the content of a name that differs only in case", ""),
    "older_than_last": ("holds a content nobody has seen, dated before that of {last}", "unpacking with old dates"),
    "changed": ("was changed after the work began", ""),
    "clock_unknown": ("was changed, by its date after the work began; the clock is not known", "an older version"),
    "after_copy": ("was changed after the copy ended", "an older version copied late"),
    "in_copy": ("differs from the copy of {last}, dated within the time of copying", ""),
    "date_contradicts": ("differs, with a date at which the copy of {last} saw another content", ""),
    "moved": ("has another name now", ""),
    "moved_here": ("had another name before", ""),
    "renamed": ("has its name in another case or form of Unicode", ""),
    "renamed_and_changed": ("has its name in another case or form of Unicode, and another content", "two files"),
    "excluded": ("was left out of what is examined", ""),
    "excludes_differ": ("was left out of one snapshot and not of the other", ""),
    "not_looked": ("was not looked at on the new server", ""),
    "baseline_not_looked": ("was not looked at on the old server", ""),
    "baseline_unread": ("could not be read on the old server", ""),
    "baseline_unstable": ("was being written while it was read on the old server", ""),
    "unreadable": ("is there and could not be read", ""),
    "unstable": ("was being written while it was read", ""),
    "site_not_in_after": ("is of a site that the last snapshot does not hold", ""),
    "site_renamed": ("is of a site that the last snapshot may hold under another name", ""),
    "site_not_in_before": ("is of a site that no snapshot of the old server holds", ""),
    "site_unreadable": ("is of a site that could not be read in a snapshot", ""),
    "both_differ": ("differs between the two servers", ""),
    "newer_on_old": ("is newer on the old server", "changed there after the move"),
    "newer_on_new": ("is newer on the new server", ""),
    "only_on_old": ("is only on the old server", "a deletion on the new one, made on the old one after the move"),
    "only_on_new": ("is only on the new server", ""),
    "one_is_empty": ("is empty on the new server and not on the old one", "emptied on purpose"),
    "one_ends_in_zeros": ("ends in zeros on the new server and not on the old one", ""),
    "one_date_two_contents": ("bears one date on both servers and differs", ""),
}  # fmt: skip


def sentence(path: str, found: Judgement, times: dict[int, tuple[str, int]]) -> str | None:
    """One sentence about one path, or None where the confidence allows none. `times` is (id, when) by snapshot."""
    if found.conf is LOW or found.verdict is Verdict.CHANGED_UNVERIFIED:
        return None
    said, else_ = REASONS[found.why]
    said = said.format(last=_copy(found.last, times), generation=_copy(found.generation, times))
    if found.other is not None:
        said += f" ({found.other.decode('utf-8', 'backslashreplace')})"
    both = " Changed on both servers: a person has to merge." if "FORK" in found.flags else ""
    if found.conf is HIGH:
        return f"{path} {said}.{both}"
    also = f"; also explained by: {else_}" if else_ else ""
    return f"{path}: consistent with: it {said}{also}.{both}"


def _copy(number: int, times: dict[int, tuple[str, int]]) -> str:
    if number not in times:
        return "the old server"
    id_, ns = times[number]
    return f"{instant(ns):%Y-%m-%d %H:%M} UTC ({id_})"


def intact(count: int, last: str) -> str:
    return f"{count} equal to the copy of {last}"
