"""Recomputes a claim from the JSON attached to it: `python3 -I -S recompute_claim.py statement.json`.
From the contract as data, the downtime and what is excused: what counts, availability, verdict, credit, step by step.
Of several credits it reckons the first guarantee's; each other it lists as "Not recomputed" and leaves to the reader.
Exit code 0: they are the claim's own figures; 1: others, or a clause that this cannot reckon, which it names.
"""
import json
import sys
from datetime import datetime
from fractions import Fraction as F
from math import ceil, floor

KNOWN = "none uptime_tiers flat per_unit days_per_unit multiple per_shortfall exact clip monthly_fee fixed period_days"
def instant(text):  # as exact seconds
    return F(round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 10**6), 10**6)
def span(item):
    return instant(item["start_at"]), instant(item["end_at"])
def clip(spans, start, end):
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
def counted(part, case):  # rows of [outage, its part in the period, seconds that count]
    rules, outages, out = part["terms"]["counting"], [], []
    clock = [instant(at) for at in case["clocks"].get(rules["clock_start"], ())]
    for a, b in map(span, case["down"]):  # from the contract's clock on; no further apart than the gap are one
        a = a if rules["clock_start"] == "outage" else min((at for at in clock if a <= at < b), default=b)
        near = a < b and outages and a - outages[-1][1] <= F(rules["merge_gap_seconds"])
        outages[-1:] = [(outages[-1][0], b)] if near else [*outages[-1:], *([(a, b)] if a < b else [])]
    for outage in clip(outages, *span(case["in_service"])):
        pieces = [outage]
        for start, end in [span(x["span"]) for x in part["excused"]]:
            pieces = [(x, y) for a, b in pieces for x, y in ((a, min(b, start)), (max(a, end), b)) if x < y]
        for a, b in pieces:  # long enough before the period's edge cuts it
            if (b - a, rules["min_outage_rule"] == "at_least") > (F(rules["min_outage_seconds"]), False):
                out += [[outage, (x, y), y - x] for x, y in clip([(a, b)], *span(part["span"]))]
    return out
def percent(terms, rows, share, known, uptime, days):  # of the fee before the cap; the row of the tiers
    credit, kind, target = terms["credit"], terms["credit"]["kind"], F(terms["target_percent"] or 0) / 100
    times = [sum(row[2] for row in rows if row[0] == one) / 60 for one in dict.fromkeys(row[0] for row in rows)]
    each = credit.get("scope") == "per_incident" or credit.get("incident_cap_percent") is not None
    parts, whole = times if each else [sum(times, F(0))], ceil if credit.get("rounding") == "started" else floor
    allowed = (1 - target) * known / 60 if credit.get("basis") == "excess" and target else F(0)
    for index, one in enumerate(parts):
        parts[index], allowed = max(one - allowed, F(0)), max(allowed - one, F(0))
    if kind == "uptime_tiers":
        held = [t for t in credit["tiers"] if (uptime, not t["inclusive"]) < (F(t["below"]) / 100, True)]
        return (F(held[-1]["percent"]), held[-1]["below"]) if held else (F(0), None)
    if kind == "per_shortfall":
        return whole(max(target - uptime, 0) * 100 / F(credit["step_percent"])) * F(credit["percent"]), None
    if kind == "multiple":
        hours = known / 3600 if credit["hourly_divisor"] == "actual" else F(credit["hourly_divisor"]) * share
        cap = F(credit["incident_cap_percent"] or 10**9) / share
        return sum((min(F(credit["multiplier"]) * one / 60 / hours * 100, cap) for one in parts), F(0)), None
    free, step = (F(credit.get(key, 1)) for key in ("deductible_minutes", "unit_minutes"))
    units = sum(whole(max(one - free, 0) / step) for one in parts)
    if kind in ("flat", "per_unit"):
        return F(credit["percent"]) * (units / share if kind == "per_unit" else 1), None
    worth = F(credit["day_value"]["days"] if credit["day_value"]["kind"] == "fixed" else days) * share
    return (units * F(credit["days_each"]) + (F(credit["initial_days"]) if rows else 0)) * 100 / worth, None
def reckon(part, case, rows):  # what is due, exactly; what decides it; the results
    terms, here, share = part["terms"], span(part["span"]), F(*part["part"].values())
    long, lived = here[1] - here[0], sum((b - a for a, b in clip([span(case["in_service"])], *here)), F(0))
    out = sum(b - a for x in part["excused"] for a, b in clip(clip(map(span, case["down"]), *span(x["span"])), *here))
    rule, whole = terms["denominator"], {"actual": long, "in_service": lived, "less_excluded": lived - out}
    whole = whole[rule] if rule in whole else F(rule[6:]) * 60 * share
    known, down, target = whole - part["unknown_seconds"], sum((row[2] for row in rows), F(0)), terms["target_percent"]
    uptime, breached = max(1 - down / known, F(0)), target is not None and down > (1 - F(target) / 100) * whole
    print(f"  {down} s of {known} s count: {uptime} available, {'breached' if breached else 'not breached'}")
    if terms["credit"]["kind"] == "none" or not (breached if terms["requires_breach"] else down):
        return F(0), breached, [down, uptime, breached]
    base = F(case["fee"]["amount"]) * share * (lived / long if rule == "in_service" else 1)
    rate, row = percent(terms, rows, share, known, uptime, case["period_days"])
    capped = min([rate, *(F(terms[key]) for key in ("cap_percent", "total_cap_percent") if terms[key] is not None)])
    exact, least = base * capped / 100, terms["min_credit"] or {"amount": 0, "rule": "at_least"}
    exact *= (exact, least["rule"] == "at_least") > (F(least["amount"]), False)
    print(f"  {rate} % (row {row}), after the cap {capped} %, of {base}: {exact}")
    return exact, (row, breached), [down, uptime, breached]
paper = json.load(open(sys.argv[1], "rb"))  # noqa: SIM115
case, same, sums = paper["reckoning"], True, [F(0), F(0)]
for part in case["parts"]:
    terms, rows = part["terms"], counted(part, case)
    told = [terms["counting"]["quantum"]["kind"], *(terms[key] for key in ("attribution", "credit_base", "cap_base")),
            terms["credit"]["kind"], terms["credit"].get("day_value", {}).get("kind", "fixed"),
            "exact" if part["availability"] else "a period nobody observed"]  # fmt: skip
    if beyond := sorted({*told} - {*KNOWN.split()}):
        sys.exit(f"Cannot reckon: {', '.join(beyond)}.")
    exact, row, found = reckon(part, case, rows)
    for (a, b), least in [(span(x["span"]), x["at_least_seconds"]) for x in case["bounds"]]:
        spare = b - a - least  # it lasted at least from its first to its last failure
        for item in [item for item in rows if item[1][0] < b and item[1][1] > a]:
            item[2], spare = max(item[2] - spare, F(0)), max(spare - item[2], F(0))
    low, other, _ = reckon(part, case, rows)
    sums = [sums[0] + exact, sums[1] + (min(exact, low) if other != row else exact)]
    same &= found == [part["counted_seconds"], F(*part["availability"].values()), part["breached"]]
for name, exact in {"amount": sums[0], "asked": sums[1]}.items():
    mine = F(floor(exact * 10 ** case["minor_units"] + F(1, 2)), 10 ** case["minor_units"])
    print(f"{name}: {float(mine):.{case['minor_units']}f} here, {case[name]} in the claim")
    same &= mine == F(case[name])
box = (paper.get("amount") or {"amount": {"amount": case["asked"]}})["amount"]["amount"]  # the sum printed on page one
for x in case["beside"]:
    print(f"Not recomputed: {x['what']}, {x['amount']['amount']}{'' if x['counted'] else ', left out'}; in all: {box}")
sys.exit(0 if same and (case["beside"] or F(box) == F(case["asked"])) else 1)
