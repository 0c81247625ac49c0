"""A third party's recomputation from the attached JSON alone: the same sum, and a changed number is found."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.papers.breach import breach_report
from app.presets.shelf import preset
from app.sla.asked import asked
from app.sla.case import Case, Ticket
from app.sla.judge import judge
from app.sla.periods import months_before
from app.sla.terms import Sla
from tests.papers.test_mapping import context, in_utc, june
from tests.sla.cases import JUNE, a_span
from tests.sla.story_case import at
from tests.sla.test_guarantees import two
from tests.timeline import MINUTE, monitor

SCRIPT = Path(__file__).parents[2] / "docs" / "recompute_claim.py"
TIERS: dict[str, Any] = {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"},
                                                            {"below": "99.0", "percent": "30"}]}  # fmt: skip
CREDITS: dict[str, dict[str, Any]] = {
    "tiers": {"credit": TIERS},
    "multiple": {"credit": {"kind": "multiple", "multiplier": "10", "basis": "excess"}, "cap_percent": "100"},
    "multiple, each outage capped": {"credit": {"kind": "multiple", "multiplier": "5", "hourly_divisor": "730",
                                                "incident_cap_percent": "9"}},
    "per unit": {"credit": {"kind": "per_unit", "percent": "5", "unit_minutes": "60", "rounding": "started"},
                 "cap_percent": "50"},
    "per unit, each outage": {"credit": {"kind": "per_unit", "percent": "3", "unit_minutes": "30",
                                         "scope": "per_incident", "deductible_minutes": "10"}},
    "flat": {"credit": {"kind": "flat", "percent": "12.5"}, "denominator": "less_excluded"},
    "days": {"credit": {"kind": "days_per_unit", "unit_minutes": "60", "days_each": "1", "initial_days": "2"},
             "cap_percent": "100"},
    "days of thirty": {"credit": {"kind": "days_per_unit", "unit_minutes": "240",
                                  "day_value": {"kind": "fixed", "days": "30"}}},
    "shortfall": {"credit": {"kind": "per_shortfall", "step_percent": "0.1", "percent": "2", "rounding": "started"},
                  "cap_percent": "40"},
    "a ticket's clock": {"credit": TIERS, "counting": {"clock_start": "ticket_opened"}},
    "long ones, joined": {"credit": TIERS, "counting": {"min_outage_seconds": "600", "merge_gap_seconds": "300",
                                                        "min_outage_rule": "longer_than"}},
    "a minimum": {"credit": {"kind": "per_unit", "percent": "1", "unit_minutes": "60"},
                  "min_credit": {"rule": "greater_than", "amount": "100"}},
    "a fixed month": {"credit": TIERS, "denominator": "fixed:43200"},
    "tier between the bounds": {"credit": {"kind": "uptime_tiers", "tiers": [
        {"below": "99.9", "percent": "10"}, {"below": "96.775", "percent": "100"}]}},
}  # fmt: skip


def run(paper: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "statement.json"
    file.write_text(json.dumps(paper) if not isinstance(paper, str) else paper)
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def claimed(case: Case) -> Any:
    return json.loads(breach_report(case, judge(case), context()).model_dump_json())


def under(**terms: Any) -> Case:
    """The story's June with other terms, and three short outages beside the long one."""
    case = june(at(1, "09:00", 7))
    usual = {"timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9",
             "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48}}  # fmt: skip
    more = in_utc(monitor("." * 5 + "#" * 20 + "..." + "#" * 9 + "." * 30 + "#" * 45 + "." * 5, at(12, "03:00"),
                          interval=MINUTE))  # fmt: skip
    dated = replace(case.terms[0], terms=Sla.model_validate(usual | terms))
    more = replace(more, until=at(12, "06:00").astimezone(UTC))
    return replace(case, terms=(dated,), monitors=(*case.monitors, more))


def test_the_script_is_short_and_needs_nothing() -> None:
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 100
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imports <= {"json", "sys", "datetime", "fractions", "math"}


def test_the_storys_claim(tmp_path: Path) -> None:
    paper = claimed(june(at(1, "09:00", 7)))
    assert paper["amount"]["amount"]["amount"] == "120.00"
    found = run(paper, tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert "79200 s of 2592000 s count: 349/360 available, breached" in found.stdout
    assert "amount: 120.00 here, 120.00 in the claim" in found.stdout


@pytest.mark.parametrize("name", CREDITS)
def test_under_every_kind_of_credit(name: str, tmp_path: Path) -> None:
    case = under(**CREDITS[name])
    paper = claimed(case)
    found = run(paper, tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    statement = judge(case)
    due = statement.credit.amount if statement.credit is not None else Decimal("0.00")
    assert f"amount: {due:.2f} here" in found.stdout
    if name == "tier between the bounds":
        assert paper["reckoning"]["asked"] == "40.00" != paper["reckoning"]["amount"]
        assert paper["amount"]["amount"]["amount"] == "40.00"
        assert paper["amount"]["as_held"]["amount"] == "400.00"
        assert any("EUR 40.00" in item["text"] for item in paper["requests"]), "what is asked for is the lower sum"
    elif name != "a minimum":
        assert due > 0


def test_a_ticket_of_the_month_before_starts_the_clock_there(tmp_path: Path) -> None:
    """Down from Sat 31 May 23:00 to Sun 1 June 02:00, reported at 23:30: two hours count in June, and the paper
    names it."""
    case = under(credit=TIERS, counting={"clock_start": "ticket_opened"})
    early = in_utc(monitor("." * 4 + "#" * 12 + "." * 4, at(31, "22:00", 5), interval=15 * MINUTE))
    reported = Ticket("t0", "NG-0", "down", "urgent", at(31, "23:30", 5).astimezone(UTC))
    older = replace(reported, id="t1", number="NG-00", opened_at=reported.opened_at - timedelta(days=9))
    case = replace(case, monitors=(*case.monitors, early), tickets_before=(older, reported))
    paper = claimed(case)
    assert judge(case).outages[0].counted == timedelta(hours=2)
    assert paper["claim"]["tickets"][0] == "NG-0"  # and not what is over since long
    assert "2025-05-31T21:30:00Z" in paper["reckoning"]["clocks"]["ticket_opened"]
    found = run(paper, tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr


def test_two_versions_of_the_terms(tmp_path: Path) -> None:
    case = under(credit=TIERS)
    first = case.terms[0]
    other = {"timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.5",
             "credit": {"kind": "per_unit", "percent": "1", "unit_minutes": "60"}}  # fmt: skip
    day = datetime(2025, 6, 20).date()  # noqa: DTZ001
    second = replace(first, id="later", effective_from=day, effective_to=None, terms=Sla.model_validate(other))
    paper = claimed(replace(case, terms=(replace(first, effective_to=day), second)))
    assert len(paper["reckoning"]["parts"]) == len(paper["parts"]) == 2
    assert run(paper, tmp_path).returncode == 0


def _changes(paper: Any) -> list[tuple[str, Any]]:
    """The same claim with one number changed in it, for each number that decides."""
    out = []

    def changed(name: str, where: Any, key: Any, value: Any, whole: Any) -> None:
        where[key] = value
        out.append((name, whole))

    for name in ("fee", "amount", "asked", "box", "down", "excused", "tier", "cap", "counted", "share", "unknown",
                 "breached", "target", "bounds"):  # fmt: skip
        whole = copy.deepcopy(paper)
        case, part = whole["reckoning"], whole["reckoning"]["parts"][0]
        terms = part["terms"]
        spots = {
            "fee": (case["fee"], "amount", "400.10"), "amount": (case, "amount", "120.01"),
            "asked": (case, "asked", "12.00"), "box": (whole["amount"]["amount"], "amount", "210.00"),
            "down": (case["down"][-1], "end_at", "2025-06-29T20:00:01Z"),
            "excused": (part["excused"][0]["span"], "end_at", "2025-06-28T21:59:00Z"),
            "tier": (terms["credit"]["tiers"][1], "percent", "31"), "cap": (terms, "cap_percent", "29"),
            "counted": (part, "counted_seconds", 79201), "share": (part["availability"], "numerator", 348),
            "unknown": (part, "unknown_seconds", 60), "breached": (part, "breached", False),
            "target": (terms, "target_percent", "96"),
            "bounds": (case["bounds"][-1], "at_least_seconds", 30_000),
        }  # fmt: skip
        changed(name, *spots[name], whole)
    return out


def test_one_changed_number_is_found(tmp_path: Path) -> None:
    paper = claimed(june(at(1, "09:00", 7)))
    for name, whole in _changes(paper):
        assert run(whole, tmp_path).returncode == 1, name


def test_what_it_cannot_reckon_it_names(tmp_path: Path) -> None:
    found = run(claimed(under(credit={"kind": "steps", "rows": [{"over_minutes": "60", "percent": "25"}]})), tmp_path)
    assert found.returncode == 1
    assert "Cannot reckon: steps." in found.stderr


RECKONED = (  # drafts that come with Kept, of every kind of credit the script knows
    "aws-ec2-instance", "cari-net", "godaddy", "kinsta", "linode-compute", "ovh-dedicated", "serverrack",
    "softlayer-dedicated", "stablehost", "upcloud", "virteche", "wp-engine",
)  # fmt: skip
NAMED = {"digitalocean-droplet": "buckets", "google-compute-engine": "whole_minutes", "vultr-cloud": "duration_table"}


def drafted(name: str) -> Case:
    case, terms = under(credit=TIERS), preset(name).terms
    return replace(case, terms=(replace(case.terms[0], terms=terms),), currency=terms.currency)


@pytest.mark.parametrize("name", RECKONED)
def test_under_the_drafts_that_come_with_kept(name: str, tmp_path: Path) -> None:
    case = drafted(name)
    statement, paper = judge(case), claimed(case)
    found = run(paper, tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert statement.credit is not None
    assert statement.credit.amount > 0
    assert f"amount: {statement.credit.amount} here, {statement.credit.amount} in the claim" in found.stdout
    sum_ = asked(statement).amount
    assert paper["amount"]["amount"] == {"amount": f"{sum_}", "currency": case.currency}
    for one in paper["reckoning"]["beside"]:  # what the script leaves to the reader it says, with the sum on page one
        assert f"Not recomputed: {one['what']}, {one['amount']['amount']}" in found.stdout
    assert bool(paper["reckoning"]["beside"]) or sum_ == statement.credit.amount


@pytest.mark.parametrize("name", NAMED)
def test_of_the_other_drafts_it_names_what_it_cannot_reckon(name: str, tmp_path: Path) -> None:
    found = run(claimed(drafted(name)), tmp_path)
    assert found.returncode == 1
    assert NAMED[name] in found.stderr


def test_of_several_guarantees_it_recomputes_one_and_says_so(tmp_path: Path) -> None:
    hour = [a_span(at(3, "00:00").astimezone(UTC), 60)]
    case = in_utc(replace(two(hour, hour, stacking="highest"), periods_before=months_before(JUNE, 11)))
    found = run(claimed(case), tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "amount: 40.00 here" in found.stdout
    assert "Not recomputed: Network, 40.00, left out; in all: 40.00" in found.stdout
