"""From what was seen of one path to a verdict: the table of docs/audit-verdicts.md, first match counts.

Pure: values in, a value out. Snapshots of the new server are judged in the order of time, and only what was found to be
somebody's work there becomes the state that later ones are measured by: a damaged copy never does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.integrity.compare.clocks import GRAIN, ZONES
from app.integrity.compare.policy import Policies, Policy
from app.integrity.compare.values import (
    ALARM,
    HIGH,
    LOW,
    MEDIUM,
    RANK,
    SECOND,
    Confidence,
    Judgement,
    Look,
    Seen,
    Sight,
    Snap,
    Verdict,
    lower,
)  # fmt: skip

TINY = 32  # bytes: below, equal content says nothing about where it came from
ZERO_TAIL, SMALLEST_TAIL = 4096, 16
KEPT_WORK = (Verdict.CHANGED, Verdict.NEW)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for all paths of one site."""

    old: tuple[Snap, ...]
    new: tuple[Snap, ...]  # the last one is judged
    trusted: int  # the number of the last snapshot before the work
    since_ns: int  # when that was taken, by the old server's clock
    offset_ns: int | None
    slack_ns: int
    policies: Mapping[int, Policies] = field(default_factory=dict)  # by the snapshot's number

    @property
    def base(self) -> Snap:
        return self.old[-1]


class Content(NamedTuple):
    """A content that was seen at this path."""

    snap: Snap
    seen: Seen


class Before(NamedTuple):
    """The state that a snapshot is measured by."""

    seen: Seen | None  # None: there was nothing
    snap: Snap
    capped: Confidence = HIGH
    verdict: Verdict = Verdict.INTACT  # by which it became that state
    conf: Confidence = HIGH
    rule: int = 6


Proof = Callable[[Snap, Seen, Snap, Seen], bool]  # whether the second is a proper beginning of the first


def no_proof(_old: Snap, _was: Seen, _new: Snap, _now: Seen) -> bool:
    return False


def judge(path: bytes, looks: Sequence[Look], frame: Frame, prefix: Proof = no_proof) -> Judgement:
    """The verdict on one path. `looks` is what each snapshot saw, by the snapshot's number."""
    return _Path(path, looks, frame, prefix).verdict()


class _Path:
    def __init__(self, path: bytes, looks: Sequence[Look], frame: Frame, prefix: Proof) -> None:
        self.path, self.looks, self.frame, self.prefix = path, looks, frame, prefix
        self.known: list[Content] = [
            Content(snap, look) for snap in frame.old if isinstance(look := looks[snap.number], Seen) and look.read
        ]
        self.was_on_new = False  # seen there earlier
        self.blind_on_new = False  # an earlier snapshot there did not look
        self.maybe: Judgement | None = None  # an earlier state there that may have been work
        self.new_work = False
        self.was_damaged = False  # an earlier state there was an alarm

    def verdict(self) -> Judgement:
        base, after = self.looks[self.frame.base.number], self.looks[self.frame.new[-1].number]
        if (found := left_out(self.looks, base, after)) is not None:
            return found
        before = self._baseline()
        last: tuple[Seen, Judgement] | None = None
        result = Judgement(Verdict.UNKNOWN, LOW, 20, "not_looked")
        for snap in self.frame.new:
            look = self.looks[snap.number]
            if isinstance(look, Seen) and look.left_out:
                look = Sight.NOT_LOOKED
            if isinstance(look, Sight):
                result = self._absent(look, before)
                self.blind_on_new |= look is Sight.NOT_LOOKED
                continue
            if last is not None and look.read and last[0].identity == look.identity and not look.unstable:
                result = last[1]
            else:
                result = self._present(snap, look, before)
            if look.read:
                if self.was_damaged and result.verdict is Verdict.CHANGED and last is not None and result != last[1]:
                    result = result._replace(flags=(*result.flags, "OVER_DAMAGE"))
                self.was_damaged |= alarming(result)
                last = (look, result)
                if result.verdict in KEPT_WORK and RANK[result.conf] >= RANK[MEDIUM] and before is not None:
                    before = Before(look, snap, HIGH, result.verdict, result.conf, result.rule)
                elif result.verdict is Verdict.CHANGED_UNVERIFIED or (
                    self.maybe is None and result.verdict is Verdict.SUSPECT_STALE
                ):
                    self.maybe = result
                self._note_work(look, result)
                self.known.append(Content(snap, look))
            self.was_on_new = True
        if before is not None and before.seen is not None:
            result = result._replace(last=before.snap.number)
        return result._replace(flags=(*result.flags, "FORK")) if self._forked() else result

    # what it is measured by

    def _baseline(self) -> Before | None:
        """The last old state; None where nobody knows it."""
        frame = self.frame
        look = self.looks[frame.base.number]
        if look is Sight.ABSENT:
            return Before(None, frame.base)
        if isinstance(look, Seen) and look.read:
            return Before(look, frame.base, MEDIUM if look.unstable else HIGH)
        if isinstance(look, Seen) and self.known:  # it was there and could not be read: was it as the time before?
            earlier = self.known[-1]
            if (earlier.seen.kind, earlier.seen.size, earlier.seen.mtime_ns) == (look.kind, look.size, look.mtime_ns):
                return Before(earlier.seen, earlier.snap, MEDIUM)
        return None

    # the rows of the table

    def _absent(self, look: Sight, before: Before | None) -> Judgement:
        if look is Sight.NOT_LOOKED:
            return Judgement(Verdict.UNKNOWN, LOW, 20, "not_looked")
        if before is None:
            if isinstance(self.looks[self.frame.base.number], Seen):  # there, unread: gone all the same
                return self._gone(MEDIUM if self.was_on_new or self.blind_on_new else HIGH)
            return Judgement(Verdict.UNKNOWN, LOW, 20, "baseline_not_looked")
        if before.seen is None:
            return Judgement(Verdict.INTACT, HIGH, 0, "absent_before")
        if self.looks[self.frame.base.number] is Sight.ABSENT:
            return Judgement(Verdict.MISSING, before.conf, 3, "upload_gone", before.snap.number)
        return self._gone(MEDIUM if self.was_on_new or self.blind_on_new else HIGH)

    def _gone(self, conf: Confidence) -> Judgement:
        if self.was_on_new:
            return Judgement(Verdict.MISSING, conf, 2, "arrived_then_gone")
        return Judgement(Verdict.MISSING, conf, 1, "arrival_not_seen" if self.blind_on_new else "never_arrived")

    def _present(self, snap: Snap, now: Seen, before: Before | None) -> Judgement:
        policy = self.frame.policies.get(snap.number, Policies()).of(self.path)
        same = [item for item in self.known if item.seen.identity == now.identity] if now.read else []
        if not now.read:
            return Judgement(Verdict.UNKNOWN, LOW, 20, "unreadable")
        if before is None:
            return Judgement(Verdict.UNKNOWN, LOW, 20, "baseline_unread")
        if now.unstable and not same:
            return Judgement(Verdict.UNKNOWN, LOW, 20, "unstable")
        if before.seen is None:
            return self._appeared(now, same, policy)
        if now.identity == before.seen.identity:
            return self._equal(before)
        if before.seen.unstable and not same:
            return Judgement(Verdict.UNKNOWN, LOW, 20, "baseline_unstable")
        if now.kind != before.seen.kind:
            return self._other_kind(now, before, policy)
        found = self._came_back(now, same, before, policy) if same else self._unseen(snap, now, before, policy)
        return found._replace(conf=lower(found.conf, before.capped))

    def _appeared(self, now: Seen, same: list[Content], policy: Policy) -> Judgement:
        """Rows 4 and 5."""
        old = [item for item in same if item.snap.server == "old"]
        fresh = self._after_trusted(now, policy)
        if self._was_old():
            if not old or now.kind == "d":
                return Judgement(Verdict.NEW, MEDIUM, 5, "new_after_deletion")
            dated = self._dated_as(now, old, policy)
            conf = HIGH if now.size >= TINY or now.kind == "l" or dated else LOW
            return Judgement(Verdict.RESURRECTED, conf, 5, "deleted_is_back", (dated or old[-1]).snap.number)
        return Judgement(Verdict.NEW, HIGH if fresh else MEDIUM, 4, "new_fresh" if fresh else "new_old_dated")

    def _was_old(self) -> bool:
        return any(isinstance(self.looks[snap.number], Seen) for snap in self.frame.old)

    def _equal(self, before: Before) -> Judgement:
        """Row 6: what it should be; or as it was before work that is gone again."""
        if before.snap.server == "new":
            return Judgement(before.verdict, before.conf, before.rule, "as_worked_on", before.snap.number)
        if self.maybe is None:
            return Judgement(Verdict.INTACT, before.capped, 6, "equal")
        if self.maybe.verdict is Verdict.SUSPECT_STALE:
            return Judgement(Verdict.INTACT, MEDIUM, 6, "equal_again")
        conf = MEDIUM if self.maybe.verdict is Verdict.CHANGED_UNVERIFIED and self.maybe.conf is MEDIUM else LOW
        return Judgement(Verdict.REVERTED, conf, 9, "work_undone", before.snap.number)

    def _other_kind(self, now: Seen, before: Before, policy: Policy) -> Judgement:
        """Row 7."""
        at_copy = not self._fresh(now, before, policy) if policy.kind != "none" else policy.while_copying(now.mtime_ns)
        return Judgement(Verdict.TYPE_CHANGED, lower(HIGH if at_copy else MEDIUM, before.capped), 7, "other_kind")

    def _came_back(self, now: Seen, same: list[Content], before: Before, policy: Policy) -> Judgement:
        """Rows 8 to 10: a content that was here before, and is not the last one."""
        dated = self._dated_as(now, same, policy)
        of = (dated or same[-1]).snap.number
        copied = dated is not None or not self._maybe_fresh(now, before, policy)
        if policy.kind in ("none", "unknown"):
            copied = copied or policy.while_copying(now.mtime_ns)
        if self._turns():
            verdict = Verdict.REVERTED if copied else Verdict.CHANGED
            return Judgement(verdict, LOW, 10, "content_turns", of)
        if now.size < TINY and now.kind == "f" and dated is None:
            return Judgement(Verdict.REVERTED, LOW, 10, "too_small", of)
        if copied:
            return Judgement(Verdict.REVERTED, HIGH, 8, "old_date_too" if dated else "old_content_at_copy", of)
        return Judgement(Verdict.REVERTED, MEDIUM, 9, "old_content_fresh", of)

    def _turns(self) -> bool:
        """The content went to and fro before the work already."""
        chain: list[tuple[str, bytes | None]] = []
        for item in self.known:
            if item.snap.server == "old" and (not chain or chain[-1] != item.seen.identity):
                chain.append(item.seen.identity)
        return len(set(chain)) < len(chain)

    def _unseen(self, snap: Snap, now: Seen, before: Before, policy: Policy) -> Judgement:
        """Rows 11 to 18: a content nobody has seen here."""
        was = before.seen
        assert was is not None
        if now.kind == "f":
            if now.size == 0 and was.size > 0:
                return Judgement(Verdict.TRUNCATED, HIGH, 11, "emptied")
            if now.size < was.size and self.prefix(before.snap, was, snap, now):
                return Judgement(Verdict.TRUNCATED, HIGH, 12, "beginning_only")
            if zero_tail(now) and not zero_tail(was):
                return Judgement(Verdict.CORRUPT, HIGH, 13, "zeros")
        if abs(now.mtime_ns - self._expected(before, policy)) <= SECOND:
            racy = was.mtime_ns > before.snap.start_ns - GRAIN and not before.snap.claimed
            verdict = Verdict.TRUNCATED if now.size < was.size and now.kind == "f" else Verdict.CORRUPT
            return Judgement(verdict, MEDIUM if racy else HIGH, 14, "date_kept")
        if policy.kind in ("none", "unknown") and self._after_trusted(now, policy):
            if policy.windows and not policy.while_copying(now.mtime_ns):
                return Judgement(Verdict.CHANGED, MEDIUM, 17, "after_copy")
            return Judgement(Verdict.CHANGED_UNVERIFIED, LOW, 17, "in_copy")
        if self._fresh(now, before, policy):
            if self.frame.offset_ns is None:
                return Judgement(Verdict.CHANGED_UNVERIFIED, MEDIUM, 16, "clock_unknown")
            return Judgement(Verdict.CHANGED, HIGH, 16, "changed")
        if now.mtime_ns < self._expected(before, policy):
            return Judgement(Verdict.SUSPECT_STALE, MEDIUM, 15, "older_than_last")
        return Judgement(Verdict.CHANGED_UNVERIFIED, LOW, 18, "date_contradicts")

    # times

    def _expected(self, before: Before, policy: Policy) -> int:
        """The time a copy of the last state would bear."""
        assert before.seen is not None
        return before.seen.mtime_ns + (policy.shift_ns if before.snap.server == "old" else 0)

    def _dated_as(self, now: Seen, same: list[Content], policy: Policy) -> Content | None:
        """The newest snapshot that had this content with this date."""
        for item in reversed(same):
            shift = policy.shift_ns if item.snap.server == "old" else 0
            if abs(now.mtime_ns - item.seen.mtime_ns - shift) <= SECOND:
                return item
        return None

    def _after_trusted(self, now: Seen, policy: Policy) -> bool:
        """Dated after the last snapshot before the work, by either clock."""
        since = self.frame.since_ns + self.frame.slack_ns
        return now.mtime_ns - policy.shift_ns > since or now.mtime_ns - (self.frame.offset_ns or 0) > since

    def _fresh(self, now: Seen, before: Before, policy: Policy, offset: int | None = None) -> bool:
        """Written after the work began: by the old clock (copied), or by the new one (written there)."""
        assert before.seen is not None
        slack, since = self.frame.slack_ns, self.frame.since_ns
        shift = policy.shift_ns if before.snap.server == "old" else 0
        last = min(before.seen.mtime_ns, before.snap.end_ns) + shift  # dated in the time to come, it says nothing
        raw = now.mtime_ns
        if raw - policy.shift_ns > since + slack and raw > last - slack:
            return True
        offset = self.frame.offset_ns or 0 if offset is None else offset
        return raw - offset > since + slack and raw > last + slack

    def _maybe_fresh(self, now: Seen, before: Before, policy: Policy) -> bool:
        """As `_fresh`; where nobody knows the clock, by any that is possible."""
        if self.frame.offset_ns is not None:
            return self._fresh(now, before, policy)
        return self._fresh(now, before, policy) or self._fresh(now, before, policy, -ZONES)

    # both sides

    def _note_work(self, now: Seen, result: Judgement) -> None:
        """Something of its own on the new server, after the work began."""
        if result.verdict in (Verdict.CHANGED, Verdict.NEW, Verdict.CHANGED_UNVERIFIED, Verdict.SUSPECT_STALE):
            unseen = all(item.seen.identity != now.identity for item in self.known if item.snap.server == "old")
            written = max(now.mtime_ns, now.mtime_ns - (self.frame.offset_ns or 0))
            self.new_work |= unseen and written > self.frame.since_ns + self.frame.slack_ns

    def _forked(self) -> bool:
        """Row 19: changed on both servers since the last snapshot before the work."""
        if not self.new_work:
            return False
        states = [
            look.identity if isinstance(look, Seen) else None
            for snap in self.frame.old
            if snap.number >= self.frame.trusted
            and (look := self.looks[snap.number]) is not Sight.NOT_LOOKED
            and not (isinstance(look, Seen) and not look.read)
        ]
        return len(set(states)) > 1


def left_out(looks: Sequence[Look], base: Look, now: Look) -> Judgement | None:
    """Paths that a snapshot counted and did not examine."""
    states = [isinstance(look, Seen) and look.left_out for look in (base, now)]
    if not any(states):
        present = [look for look in looks if isinstance(look, Seen)]
        return Judgement(Verdict.EXCLUDED, HIGH, 0, "excluded") if all(look.left_out for look in present) else None
    examined = [isinstance(look, Seen) and not look.left_out for look in (base, now)]
    if any(examined):
        return Judgement(Verdict.UNKNOWN, LOW, 20, "excludes_differ")
    return Judgement(Verdict.EXCLUDED, HIGH, 0, "excluded")


def zero_tail(seen: Seen) -> bool:
    """It ends in nothing but zeros for a page, or for more than a quarter of it."""
    return seen.tail0 >= ZERO_TAIL or (seen.tail0 >= SMALLEST_TAIL and seen.tail0 * 4 > seen.size)


def alarming(found: Judgement) -> bool:
    return found.verdict in ALARM and found.conf is not LOW
