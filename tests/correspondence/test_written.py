"""The letters as paper and as text: pages, marks, windows of envelopes, hostile words, figures that disagree."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from reports.documents import read_document
from reports.documents.provider_letters import PAGES, ProviderLetter
from reports.errors import FiguresDisagree, GlyphMissing, LetterTooLong, RenderRefused
from reports.letters.provider import subject_of, text_of
from reports.press import check, render_html, render_pdf
from tests.correspondence.story_provider import TO, p1, p2, p3, p4, p5, p6
from tests.reports.story_papers import Paper

BUILDERS: dict[str, Callable[..., ProviderLetter]] = {"p1": p1, "p2": p2, "p3": p3, "p4": p4, "p5": p5, "p6": p6}
LAYOUTS = ("din5008b", "uk", "us")


@cache
def paper(name: str, layout: str = "din5008b") -> Paper:
    document = BUILDERS[name](layout=layout)
    return Paper(document, render_pdf(document))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", BUILDERS)
def test_each_letter_fits_its_pages(name: str, layout: str) -> None:
    printed = paper(name, layout)
    assert len(printed.pages) == PAGES.get(name.upper(), 1)
    assert {page.get_size() for page in _pdf(printed)} == {(612, 792) if layout == "us" else printed_a4(printed)}


def _pdf(printed: Paper) -> Any:
    import pypdfium2

    return pypdfium2.PdfDocument(printed.pdf)


def printed_a4(printed: Paper) -> tuple[float, float]:
    size = _pdf(printed)[0].get_size()
    assert (round(size[0]), round(size[1])) == (595, 842)
    return tuple(size)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("layout", "left", "top", "wide", "high"),
    [("din5008b", 20, 45, 85, 45), ("uk", 24.6, 39.5, 85, 26.7), ("us", 12.7, 51.8, 98.4, 22.2)],
)
def test_the_address_stands_in_its_window(layout: str, left: float, top: float, wide: float, high: float) -> None:
    lines = [box for box in paper("p1", layout).boxes() if box[0].strip() in (TO.name, TO.attention, *TO.address)]
    assert len(lines) == 5
    for _, x, y, right, bottom in lines:
        assert left <= x
        assert right <= left + wide
        assert top <= y
        assert bottom <= top + high


def test_the_arithmetic_stands_on_the_paper() -> None:
    text = paper("p1").text
    for words in (
        "2 TB in 2 h needs 278 MB/s sustained", "2 TB takes 3.7 h (3 h 42 min 14 s); 2 h hold 1.08 TB, 54 % of it",
        "1 TB = 1,000,000 MB", "rounded up", "to the nearest tenth", "Two earlier windows of this work passed",
        "We will not announce a third without these answers.",
    ):  # fmt: skip
        assert words in text, words


def test_what_each_letter_says() -> None:
    text = paper("p2").text
    assert "at 00:00 CEST HOST-1 still does not answer from either of our two measuring points" in text
    assert "We regard the announced window as ended at 24:00 on Sat 28 June" in text
    text = paper("p3").text
    assert "The procedure agreed on Mon 23 June is not the one used: 4 points went otherwise." in text
    assert "kept unchanged until 31 July?" in text
    text = paper("p4").text
    assert "EUR 120.00, being 30 % of EUR 400.00" in text
    assert "We count 22 h 00 min, leaving out the 2 h 00 min you announced" in text
    text = paper("p5").text
    assert "11 days ago. Three of its five requests are not answered." in text
    assert "R1" not in text
    text = paper("p6").text
    for head in ("Basis of the claim", "Summary of facts", "How the sum is made up", "Documents relied on",
                 "Please answer by the end of Mon 18 August", "Readiness to settle"):  # fmt: skip
        assert head in text, head


def test_the_nil_case_says_so_plainly() -> None:
    text = text_of(p4(nil=True))
    assert "Section 6 may leave no credit due. We ask for one all the same." in text
    assert "2 announced windows did not take place and one took 12.0× its announced time" in text
    assert "540 letters" in text
    assert "goodwill" in subject_of(p4(nil=True))


def test_a_letter_before_claim_is_marked_on_every_page_until_it_is_approved_and_issued() -> None:
    for page in paper("p6").pages:
        assert "DRAFT, not approved, not sent" in page
    assert "DRAFT" in text_of(p6()).splitlines()[0]
    approved = Paper(p6(), render_pdf(p6(approved_by="Dana Reyes")))
    assert all("Approved by Dana Reyes, not issued" in page for page in approved.pages)
    assert "DRAFT" not in approved.text
    issued = Paper(p6(), render_pdf(p6(status="issued", approved_by="Dana Reyes")))
    assert "DRAFT" not in issued.text
    assert "not issued" not in issued.text


@pytest.mark.parametrize("name", BUILDERS)
def test_the_text_for_a_ticket_form_says_what_the_paper_says(name: str) -> None:
    document = BUILDERS[name]()
    text, shown = text_of(document), paper(name).text
    assert f"Subject: {subject_of(document)}" in text
    assert document.ref in text
    for item in document.requests:
        assert f"{item.number}  {item.text}" in text
        assert item.text in shown
    figures = set(re.findall(r"\d[\d,.:]*\d", text)) - set(re.findall(r"\d[\d,.:]*\d", document.header.evidence_head))
    lost = {figure for figure in figures if figure not in shown and figure.rstrip(".,") not in shown}
    assert not lost, "the text has figures the paper has not"
    assert "None" not in text + shown


@pytest.mark.parametrize("name", BUILDERS)
def test_json_out_and_in_and_the_same_bytes(name: str) -> None:
    document = BUILDERS[name]()
    assert read_document(document.model_dump_json()) == document
    assert render_pdf(document) == paper(name).pdf


@pytest.mark.parametrize("name", ["p1", "p3", "p5"])
def test_markup_and_lines_that_look_like_headers_are_only_words(name: str) -> None:
    hostile = "<script>alert(1)</script>{{7*7}} Bcc: all@example.org"
    document = BUILDERS[name](remark=hostile)
    html = render_html(document)
    assert "<script>" not in html
    assert "{{7*7}}" in html
    lines = text_of(document).splitlines()
    assert [line for line in lines if line.startswith(("Subject:", "Bcc:", "To:", "Content-"))] == lines[0:1]


def test_very_long_words_stay_on_the_page() -> None:
    document = p5()
    rows = tuple(item.model_copy(update={"text": "x" * 160}) for item in document.requests)
    printed = Paper(document, render_pdf(document.model_copy(update={"requests": rows, "remark": "y" * 300})))
    for text, left, _, right, _ in printed.boxes():
        assert 15 <= left < right <= 202, text


@pytest.mark.parametrize("text", ["bell \x07", "nul \x00", "override \u202e", "tab\there"])
def test_control_characters_are_refused_by_name(text: str) -> None:
    with pytest.raises(GlyphMissing) as refused:
        check(p1(remark=text))
    assert refused.value.field == "remark"


def test_a_letter_that_runs_over_is_refused() -> None:
    rows = tuple(item.model_copy(update={"text": "many words " * 36}) for item in p3().requests)
    with pytest.raises(LetterTooLong, match="one page"):
        render_pdf(p3(layout="us").model_copy(update={"requests": rows}))


def test_an_address_that_leaves_its_window_is_refused() -> None:
    with pytest.raises(RenderRefused, match=r"to\.address"):
        check(p1(to=TO.model_copy(update={"name": "W" * 60})))


def changed(document: ProviderLetter, **changes: Any) -> ProviderLetter:
    return document.model_copy(update={"body": document.body.model_copy(update=changes)})


def _sum(**changes: Any) -> ProviderLetter:
    body = p1().body
    return changed(p1(), arithmetic=body.arithmetic.model_copy(update=changes))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (_sum(needed_mb_per_second="277"), "needed_mb_per_second"),
        (_sum(needed_mb_per_second="279"), "needed_mb_per_second"),
        (_sum(takes_seconds=13333), "takes_seconds"),
        (_sum(takes_hours="3.8"), "takes_hours"),
        (_sum(fits_bytes=10**12), "fits_bytes"),
        (_sum(window_seconds=7201), "window_seconds"),
        (changed(p2(), down_seconds=7201), "down_seconds"),
        (changed(p2(), beyond_seconds=60), "beyond_seconds"),
        (changed(p5(), age_days=12), "age_days"),
        (p5().model_copy(update={"requests": (*p5().requests, p5().requests[0])}), "requests"),
        (changed(p4(), counted_seconds=86401), "counted_seconds"),
    ],
)  # fmt: skip
def test_figures_that_disagree_are_refused(document: ProviderLetter, field: str) -> None:
    with pytest.raises(FiguresDisagree) as refused:
        check(document)
    assert field in refused.value.field
