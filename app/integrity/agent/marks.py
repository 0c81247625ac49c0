"""Bits of an entry's `flags`. What was not read in any way has no digest: it is never equal to anything."""

UNREADABLE = 1  # could not be opened or read: rights, input/output error
CAPPED = 2  # larger, or slower to read, than the agent was allowed
UNSTABLE = 4  # written to again and again while it was read; the digest stands, and proves nothing
RACY = 8  # changed so shortly before it was read that the next snapshot must read it again
EXCLUDED = 16  # matches an exclude or a volatile path: counted, never judged, outside the roots
ELSEWHERE = 32  # a folder on another file system: not entered
TOO_DEEP = 64  # a folder deeper than the agent descends: not entered
NOT_TOLD = 128  # an older backup names the file, and does not say what was in it
UNREAD = UNREADABLE | CAPPED | ELSEWHERE | TOO_DEEP | NOT_TOLD
"""Any of these: not examined."""

REASONS = {
    UNREADABLE: "could not be read",
    CAPPED: "too large or too slow",
    ELSEWHERE: "another file system",
    TOO_DEEP: "too deep",
    NOT_TOLD: "the backup does not say its content",
}
GONE = "-"  # the kind of a delta's row whose path is no longer there
