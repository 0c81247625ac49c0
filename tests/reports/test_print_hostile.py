"""Whatever a field holds, it prints as the text it is, or the document is refused by name."""

import json
import re
from typing import Any

import pytest

from reports import glyphs
from reports.documents import SiteCounts, read_document
from reports.errors import GlyphMissing
from reports.letters import mail_of
from reports.press import render_html, render_pdf
from tests.reports.story_breach import full_breach
from tests.reports.story_evidence import FILES, evidence
from tests.reports.story_letters import l1, l4
from tests.reports.story_letters_after import l9
from tests.reports.story_letters_german import KINDS, german
from tests.reports.story_monthly import monthly
from tests.reports.story_papers import Paper

MARKUP = "<script>alert(1)</script><b>{{7*7}}</b>{% raw %}\" onload='x' &amp; ]]>"
LONG = "x" * 300
FIXED = {
    "kind", "unit", "letter", "layout", "paper", "language", "status", "zone", "evidence_head", "sha256", "percent",
    "currency", "amount", "outcome", "flags", "carried_out", "source", "state", "answer", "verdict", "bound", "basis",
    "good_standing", "reason_status", "tier_below_percent", "credit_percent", "what_changed_source", "update_verdict",
    "bundle_sha256", "checked_by", "file", "target_percent", "loss", "personal", "we_are", "data", "took_place",
    "cause_status", "own_target", "notice_letter",
}  # fmt: skip
WHOLE = {"reckoning", "attached"}  # for machines, never printed; names of files
REFERENCES = {"client_id", "site_id", "ref", "sign_off", "exhibits", "number", "wrote"}


def filled(value: Any, text: str, key: str = "") -> Any:
    """The same document with every free text replaced; keys, dates and references stay what they are."""
    if key in WHOLE:
        return value
    if isinstance(value, dict):
        return {k: filled(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, text, key) for v in value]
    if not isinstance(value, str) or key in FIXED | REFERENCES or re.match(r"\d{4}-\d\d-\d\d", value):
        return value
    return text


def with_hosts(made: Any, whole: Any) -> Any:
    """Host names as they were: they are references here."""
    if isinstance(whole, dict):
        return {k: whole[k] if k in ("host_name", "host_names") else with_hosts(made[k], whole[k]) for k in whole}
    if isinstance(whole, list):
        return [with_hosts(one, other) for one, other in zip(made, whole, strict=True)]
    return made


def hostile(document: Any, text: str) -> Any:
    whole = json.loads(document.model_dump_json())
    made = filled(whole, text)
    if whole["kind"] == "letter":  # the rows of a letter are about its sites
        made = with_hosts(made, whole)
    for reading, original in zip(made.get("readings", []), whole.get("readings", []), strict=True):
        reading["name"] = original["name"]
    for group in ("promises", "deviations", "sign_off"):
        if whole["kind"] == "monthly_provider" and group == "sign_off":
            continue
        for row, original in zip(made.get(group, []), whole.get(group, []), strict=True):
            key = "subject" if group == "promises" else "about"
            row[key] = original[key]
    for key in ("recipient", "sites"):  # an address must fit its window, a host name is a reference
        if whole["kind"] == "letter":
            made[key] = whole[key]
    return read_document(json.dumps(made))


@pytest.mark.parametrize(
    "document",
    [monthly(), full_breach(), evidence(), *(german(kind) for kind in KINDS), l1(), l4(), l9()],
    ids=lambda d: d.kind,
)
def test_markup_prints_as_text(document: Any) -> None:
    text = "<i>{{7*7}}</i>" if document.kind == "letter" else MARKUP  # a letter has room for few words
    html = render_html(hostile(document, text))
    assert not re.search("<script>|<b>|<i>", html)
    assert "&lt;" in html
    assert "{{7*7}}" in html
    if document.kind == "letter":
        mail = mail_of(hostile(document, text))
        assert not re.search("<script>|<b>|<i>", mail.html)
        assert "<i>{{7*7}}</i>" in mail.text


def shortened(document: Any) -> Any:
    """The same document with short tables: what is tested here does not need 120 rows."""
    rows = document.sites[:4]
    states = ("current", "not_current", "down", "unknown")
    counts = SiteCounts.model_validate({state: sum(row.state == state for row in rows) for state in states})
    changes: dict[str, Any] = {"sites": rows, "site_counts": counts}
    changes |= {name: getattr(document, name)[:1] for name in ("calculation", "clauses")}
    if document.kind != "breach":
        changes["chronology"] = document.chronology[:2]
    if document.kind == "breach":
        short = ("deviations", "pairs", "attachments", "requests", "sign_off")
        changes |= {name: getattr(document, name)[:1] for name in short}
        total = sum(row.down_seconds for row in rows)
        fewer = {"sites_total": 4, "sites_affected": 4, "site_seconds": total}
        changes["effect"] = document.effect.model_copy(update=fewer)
    elif document.kind == "monthly_provider":
        changes["requests"] = document.requests[:1]
        changes |= {"promises": document.promises[:5], "sign_off": document.sign_off[:2]}
    return document.model_copy(update=changes)


@pytest.mark.parametrize("document", [monthly(), full_breach(), evidence()], ids=lambda d: d.kind)
def test_long_words_stay_on_the_page(document: Any) -> None:
    """300 letters without a space, in every field at once."""
    made = hostile(shortened(document), LONG)
    paper = Paper(made, render_pdf(made, FILES if made.kind == "evidence" else ()))
    for index in range(len(paper.pages)):
        for text, left, _, right, _ in paper.boxes(index):
            assert 15 <= left < right <= 202, text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unicorn \U0001f984", "U+1F984"),
        ("中文", "U+4E2D"),
        ("bell \x07", "U+0007"),
        ("nul \x00", "U+0000"),
        ("right-to-left override \u202e", "U+202E"),
        ("zero width \u200b", "U+200B"),
        ("private \ue000", "U+E000"),
        ("tab\there", "U+0009"),
    ],
)
def test_what_cannot_be_printed_is_refused_by_name(text: str, said: str) -> None:
    letter = l4(apology=text)
    with pytest.raises(GlyphMissing) as refused:
        render_pdf(letter)
    assert refused.value.field == "apology"
    assert said in str(refused.value)


def test_the_field_is_named_wherever_it_stands() -> None:
    report = monthly()
    sites = (report.sites[0].model_copy(update={"host_name": "a\U0001f984"}), *report.sites[1:])
    with pytest.raises(GlyphMissing) as refused:
        glyphs.check(report.model_copy(update={"sites": sites}))
    assert refused.value.field == "sites[0].host_name"


def test_other_alphabets_and_signs_print() -> None:
    said = "Жанна, Ελλάδα, Łódź, Ægir → × ≥ – “€” ½"
    paper = Paper(l4(), render_pdf(l4(apology=said)))
    for word in ("Жанна", "Ελλάδα", "Łódź", "Ægir", "→", "×", "≥", "€"):
        assert word in paper.text
