"""No snapshot from before the work: both servers as they are now, laid side by side in both directions.

Nothing can be proven this way. What is newer on the old server, or only there, is a candidate for a loss; earlier
copies from backups, taken in as generations, turn it into one or the other.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.integrity.compare.policy import Policies
from app.integrity.compare.rules import Frame, Proof, left_out, no_proof, zero_tail
from app.integrity.compare.values import HIGH, LOW, MEDIUM, SECOND, Confidence, Judgement, Look, Seen, Sight, Verdict


def judge_live(path: bytes, looks: Sequence[Look], frame: Frame, prefix: Proof = no_proof) -> Judgement:
    """What is said of one path that differs between the two servers."""
    one, other = looks[frame.base.number], looks[frame.new[-1].number]
    if (found := left_out(looks, one, other)) is not None:
        return found
    result = _judge(path, one, other, frame, prefix)
    return result._replace(last=frame.base.number) if isinstance(one, Seen) else result


def _judge(path: bytes, one: Look, other: Look, frame: Frame, prefix: Proof) -> Judgement:
    if one is Sight.NOT_LOOKED:
        return Judgement(Verdict.UNKNOWN, LOW, 20, "baseline_not_looked")
    if other is Sight.NOT_LOOKED:
        return Judgement(Verdict.UNKNOWN, LOW, 20, "not_looked")
    if not isinstance(other, Seen):
        if not isinstance(one, Seen):
            return Judgement(Verdict.INTACT, HIGH, 0, "absent_before")
        return Judgement(Verdict.MISSING, MEDIUM, 1, "only_on_old")
    if not isinstance(one, Seen):
        return Judgement(Verdict.NEW, MEDIUM, 4, "only_on_new")
    if not one.read or not other.read:
        return Judgement(Verdict.UNKNOWN, LOW, 20, "unreadable" if one.read else "baseline_unread")
    if one.identity == other.identity:
        return Judgement(Verdict.INTACT, HIGH, 6, "equal")
    if one.unstable or other.unstable:
        return Judgement(Verdict.UNKNOWN, LOW, 20, "baseline_unstable" if one.unstable else "unstable")
    if one.kind != other.kind:
        return Judgement(Verdict.TYPE_CHANGED, MEDIUM, 7, "other_kind")
    return _differs(path, one, other, frame, prefix)


def _differs(path: bytes, one: Seen, other: Seen, frame: Frame, prefix: Proof) -> Judgement:
    policy = frame.policies.get(frame.new[-1].number, Policies()).of(path)
    expected = one.mtime_ns + policy.shift_ns
    if other.kind == "f":
        if other.size == 0:
            return Judgement(Verdict.TRUNCATED, MEDIUM, 11, "one_is_empty")
        if other.size < one.size and prefix(frame.base, one, frame.new[-1], other):
            return Judgement(Verdict.TRUNCATED, HIGH, 12, "beginning_only")
        if zero_tail(other) and not zero_tail(one):
            return Judgement(Verdict.CORRUPT, MEDIUM, 13, "one_ends_in_zeros")
    if abs(other.mtime_ns - expected) <= SECOND:
        verdict = Verdict.TRUNCATED if other.size < one.size else Verdict.CORRUPT
        return Judgement(verdict, MEDIUM, 14, "one_date_two_contents")
    offset, slack = frame.offset_ns or 0, frame.slack_ns
    if not policy.dated and policy.while_copying(other.mtime_ns):
        if one.mtime_ns > policy.windows[-1][1] - offset + slack:
            return Judgement(Verdict.SUSPECT_STALE, MEDIUM, 15, "newer_on_old")
        return Judgement(Verdict.CHANGED_UNVERIFIED, LOW, 17, "both_differ")
    if other.mtime_ns < expected - slack or (
        frame.offset_ns is not None and max(other.mtime_ns, other.mtime_ns - offset) < expected
    ):
        return Judgement(Verdict.SUSPECT_STALE, MEDIUM, 15, "newer_on_old")
    conf: Confidence = MEDIUM if frame.offset_ns is not None else LOW
    return Judgement(Verdict.CHANGED_UNVERIFIED, conf, 16, "newer_on_new")
