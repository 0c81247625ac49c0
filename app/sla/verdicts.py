"""What a judgement can come to: the words for windows, promises and periods."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    ANNOUNCED = "announced"
    CONFIRMED = "confirmed"
    WITHDRAWN_IN_TIME = "withdrawn_in_time"
    WITHDRAWN_LATE = "withdrawn_late"
    AWAITING_OUTCOME = "awaiting_outcome"
    IN_PROGRESS = "in_progress"
    OVERRUNNING = "overrunning"
    COMPLETED_IN_WINDOW = "completed_in_window"
    COMPLETED_LATE = "completed_late"
    PARTLY_COMPLETED = "partly_completed"
    ROLLED_BACK = "rolled_back"
    NOT_CARRIED_OUT = "not_carried_out"
    UNANNOUNCED = "unannounced"
    UNKNOWN = "unknown"


class Flag(StrEnum):
    STARTED_LATE = "started_late"
    PROCEDURE_CHANGED = "procedure_changed"
    SCOPE_CHANGED = "scope_changed"
    NOTICE_TOO_SHORT = "notice_too_short"
    NO_NOTICE_OF_CHANGE = "no_notice_of_change"
    NOTICE_AFTER_THE_FACT = "notice_after_the_fact"
    DATA_UNVERIFIED = "data_unverified"
    CARRIED_TO_BACKUP = "carried_to_backup"


class PromiseStatus(StrEnum):
    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "open"
    UNPROVEN = "unproven"


class Verdict(StrEnum):
    MET = "met"
    BREACHED = "breached"
    UNPROVEN = "unproven"
    OPEN = "open"  # the period has not ended; what it comes to so far stands beside it
