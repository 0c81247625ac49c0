"""What an alert may be about, how grave that is, and what is told even in quiet hours unless a channel says so."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "outage",
    "outage_ended",
    "degraded",
    "window_starts",
    "window_overruns",
    "window_ended",
    "no_sign_of_work",
    "claim_deadline",
    "promise_due",
    "answer_due",
    "snapshot_due",
    "delivery_stuck",
    "prober_stopped",
    "location_silent",
    "test",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
CHOICE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "test")  # a test goes to the channel it tests
ALWAYS: tuple[Kind, ...] = ("outage", "window_overruns", "prober_stopped")
GRAVE: dict[Kind, Literal["info", "success", "warning", "failure"]] = {
    "outage": "failure",
    "outage_ended": "success",
    "degraded": "warning",
    "window_overruns": "failure",
    "no_sign_of_work": "warning",
    "claim_deadline": "warning",
    "promise_due": "warning",
    "answer_due": "warning",
    "snapshot_due": "warning",
    "delivery_stuck": "failure",
    "prober_stopped": "failure",
    "location_silent": "warning",
}
MEANING: dict[Kind, str] = {
    "outage": "a service is down, confirmed; or a site or monitor by itself",
    "outage_ended": "it answers again",
    "degraded": "it answers, slowly or with old content; and that it does so no more",
    "window_starts": "an announced window begins",
    "window_overruns": "it was still down at the announced end",
    "window_ended": "an announced window is over and its outcome is awaited",
    "no_sign_of_work": "it is over and nothing was seen in it",
    "claim_deadline": "the days for a claim, a ticket or a right run out",
    "promise_due": "we promised clients word by a moment that nears or has passed",
    "answer_due": "an answer we asked or were promised has not come",
    "snapshot_due": "a snapshot of the sites is missing around a window",
    "delivery_stuck": "letters or alerts do not get out",
    "prober_stopped": "nobody probes; and that somebody does again",
    "location_silent": "a remote location's agent is not heard; and that it is heard again",
    "test": "asked for by a person",
}
