"""A document that disagrees with itself is refused, and the refusal names both figures and both places."""

import json
from typing import Any

import pytest

from reports import reconcile
from reports.documents import read_document
from reports.errors import FiguresDisagree
from reports.press import render_html
from tests.reports.story_breach import breach
from tests.reports.story_facts import CLOSED
from tests.reports.story_letters import l3, l4
from tests.reports.story_monthly import good_month, monthly


def changed(document: Any, path: str, value: object) -> Any:
    whole = json.loads(document.model_dump_json())
    *way, last = path.split(".")
    at = whole
    for step in way:
        at = at[int(step) if step.isdigit() else step]
    at[int(last) if last.isdigit() else last] = value
    return read_document(json.dumps(whole))


@pytest.mark.parametrize(
    "document", [monthly(), monthly(CLOSED), good_month(), breach(), breach("goodwill"), l3(), l4()]
)
def test_the_story_agrees_with_itself(document: Any) -> None:
    reconcile.check(document)


@pytest.mark.parametrize(
    ("path", "value", "figures"),
    [
        ("days.28.down_seconds", 79201, ("86401", "86400", "calendar", "raw")),
        ("months.11.down_seconds", 79320, ("79320", "86400", "months[11]", "raw")),
        ("outages.0.in_period_seconds", 79200, ("79200", "86400")),
        ("outages.0.held_seconds", 79320, ("79320", "86400")),
        ("outages.0.at_least_seconds", 90000, ("90000", "86400")),
        ("readings.0.month.down_seconds", 86000, ("86000", "86400")),
        ("readings.1.month.availability.denominator", 2592001, ("2592000", "2592001")),
        ("readings.2.month.answer", "met", ("met", "breached")),
        ("readings.2.so_far", None, ("False", "True")),
        ("site_counts.current", 72, ("72", "71", "site table")),
        ("sites.0.state", "down", ("71", "70", "site_counts.current")),
        ("sites.1.site_id", "S-001", ("119", "120")),
        ("sites.0.down_seconds", 90000, ("90000", "86400")),
        ("windows.2.down_seconds", 86401, ("86400", "86401")),
        ("windows.2.down_ratio.denominator", 7201, ("7201", "7200")),
        ("windows.2.work_seconds", 1, ("115200", "1")),
        ("windows.0.notice_seconds", 388501, ("388501", "388500")),
        ("windows.0.promised_seconds", 7201, ("7201", "7200")),
        ("windows.0.carried_out", "yes", ("window_totals.carried_out", "1", "2")),
        ("window_totals.announced", 2, ("2", "3")),
        ("window_totals.taken_seconds", 86401, ("86401", "86400")),
        ("promises.0.figure.share.numerator", 1, ("promises[0].figure",)),
        ("promises.1.ref", "P1", ("9", "10")),
        ("sign_off.0", "P77", ("P77",)),
        ("coverage.known_seconds", 1, ("2527200",)),
        ("period.elapsed_seconds", 1, ("2527200",)),
        ("header.so_far", False, ("False", "True")),
        ("target.allowed_seconds", 2591, ("2592", "2591")),
    ],
)
def test_what_disagrees_is_refused(path: str, value: object, figures: tuple[str, ...]) -> None:
    with pytest.raises(FiguresDisagree) as refused:
        reconcile.check(changed(monthly(), path, value))
    for figure in figures:
        assert figure in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("deviations.0.exhibits", ["E99"], "E99"),
        ("effect.site_seconds", 1, "10720800"),
        ("effect.sites_affected", 119, "120"),
        ("amount", None, "no amount"),
        ("amount.amount.currency", "USD", "EUR"),
    ],
)
def test_what_a_claim_may_not_say(path: str, value: object, said: str) -> None:
    with pytest.raises(FiguresDisagree, match=said):
        reconcile.check(changed(breach(), path, value))


def test_a_letter_shows_only_its_own_clients_sites() -> None:
    with pytest.raises(FiguresDisagree, match="C-099"):
        reconcile.check(changed(l4(2), "sites.1.client_id", "C-099"))


def test_a_letters_hours_are_those_of_its_times() -> None:
    with pytest.raises(FiguresDisagree, match="28800"):
        reconcile.check(changed(l4(), "body.beyond_seconds", 28801))
    with pytest.raises(FiguresDisagree):
        reconcile.check(changed(l3(), "body.notice_seconds", 1))


def test_nothing_is_printed_that_disagrees() -> None:
    with pytest.raises(FiguresDisagree):
        render_html(changed(monthly(), "months.11.down_seconds", 1))
