"""Facts of the finished pages: what they say, how many there are, and what kind of file they are."""

import json
import re

import pytest

from reports.press import render_html
from tests.reports.story_breach import breach, full_breach
from tests.reports.story_papers import PAPERS, Papers

REPORTS = ("monthly so far A4", "monthly so far Letter", "monthly closed A4", "breach A4", "breach Letter")
SIZES = {"A4": (210, 297), "Letter": (216, 279)}


def first_words(papers: Papers, name: str) -> list[str]:
    return [" ".join(page.split()[:60]) for page in papers[name].pages]


@pytest.mark.parametrize("name", ["monthly so far A4", "monthly so far Letter"])
def test_verdict_pattern_and_promises_take_one_page_each(papers: Papers, name: str) -> None:
    pages = papers[name].pages
    assert "HOST-1 has been available" in pages[0]
    assert "From each announced start" in pages[0]
    assert "The pattern" in pages[1]
    assert "Three readings" in pages[1]
    assert "What we saw" in pages[1]
    assert "Promises and requests" in pages[2]
    assert "Signature" in pages[2]
    assert "Annex" in pages[3]
    assert len(pages) == 8


def test_the_open_month_says_so_on_every_page(papers: Papers) -> None:
    paper = papers["monthly so far A4"]
    assert all("Preview, June 2025 so far" in page for page in paper.pages)
    assert not any("Preview" in page for page in papers["monthly closed A4"].pages)


def test_the_figures_of_the_story_so_far(papers: Papers) -> None:
    text = papers["monthly so far A4"].text
    for said in (
        "HOST-1 has been available 96.8661 % of June 2025 so far, against 99.9 % promised.",
        "96.5812 %", "96.6667 %", "96.9444 %", "86,400 s", "79,200 s", "22:00 h", "1 of 3", "30 July", "EUR 120.00",
        "12.0×", "≥ 16.0×", "Announced 3 × 2 h = 6 h; carried out 1; taken 24 h 00 min", "107 h 55 min",
        "130 h 40 min", "101 h 30 min", "1 h 45 min", "≥ 31 d 15 h", "71 confirmed current",
        "31 reachable, old content",
        "6 down", "12 not checked", "did not take place", "procedure changed, data not verified", "23 h 59 min",
        "24 h 01 min", "49 of 120 sites are not confirmed current", "clone as agreed", "CEST (UTC+02:00)",
    ):  # fmt: skip
        assert said.lower() in text.lower(), said


def test_the_closed_month(papers: Papers) -> None:
    text = papers["monthly closed A4"].text
    assert "HOST-1 was available 96.9444 % of June 2025, against 99.9 % promised." in text
    assert "so far" not in text
    assert "if nothing more happens" not in text
    assert "30 % of EUR 400.00 = EUR 120.00; last day to claim 30 July 2025" in text


@pytest.mark.parametrize("name", ["good month A4", "good month Letter"])
def test_a_good_month_is_one_page(papers: Papers, name: str) -> None:
    pages = papers[name].pages
    assert len(pages) == 1
    assert "No breach; nothing requested." in pages[0]
    assert "99.9907 %" in pages[0]
    assert "Thu 17 April 02:10–02:31 (21 min, our own uplink in Berlin)" in pages[0]


@pytest.mark.parametrize("name", ["breach A4", "breach Letter"])
def test_the_claim(papers: Papers, name: str) -> None:
    paper = papers[name]
    one, two, three, four = paper.pages
    assert "SLA Credit Request - HOST-1 - June 2025 - claim 0007" in one
    order = ["no. 0007", "last day 30 July 2025", "account NG-20417", "June 2025, CEST", "96.9444 % against 99.9 %",
             "Service credit EUR 120.00", "As you may reckon it", "Attached"]  # fmt: skip
    found = [one.index(said) for said in order]
    assert found == sorted(found), "the order in which a provider checks a claim"
    assert "What was promised, what happened" in two
    assert "D5" in two
    assert "Effect and requests" in three
    assert "Please reply in writing by 15 July 2025" in three
    assert "Your answer, line by line" in four
    assert four.count("disagree") >= 10, "one pair of boxes for each line"
    assert "Exhibits referred to" in four
    assert "Okafor" not in paper.text, "no client's contact in a provider's document"


@pytest.mark.parametrize("name", ["evidence A4", "evidence Letter"])
def test_the_evidence_appendix(papers: Papers, name: str) -> None:
    text = papers[name].text
    parts = ["E0 Exhibits", "Files inside this PDF", "Method, and how to verify", "E1 Chronology", "E2 Outages",
             "One site alone: left out of the claim", "E3 Sites", "E4 The provider’s messages",
             "E5 The contract’s clauses", "E6 Clock, monitors", "E7 Calculation"]  # fmt: skip
    found = [text.index(part) for part in parts]
    assert found == sorted(found)
    for said in ("2025-06-28T20:00:00Z", "2 witnesses: Berlin", "86,400", "Cut here: 7,311 more signs", "kept back",
                 "E1 chronology, e-mail address 2×", "not counted", "79,200", "our own uplink in Berlin", "S-120",
                 "late note", "How we read it", "SHA256SUMS"):  # fmt: skip
        assert said in text, said
    assert len(papers[name].pages) <= 9


def test_what_stands_on_a_claim_only_sometimes(papers: Papers) -> None:
    """Everything a contract may bring: a checklist, clauses to be settled by hand, sites left out, a lower sum."""
    page = " ".join(re.sub(r"<[^>]+>", " ", render_html(full_breach())).split()).replace("\u00a0", " ")
    for said in (
        "Draft, not to be sent. The clause credit is doubtful", "Before it is paid", "No invoice is overdue",
        "To be settled by hand", "Left out of the claim", "meadow-montessori.example", "Two versions of the terms",
        "Each guarantee, and what is due together", "Network", "99.99 %", "Right to leave",
        "Reserved, not exercised here",
        "EUR 120.00 on the time as held", "the lower sum is claimed", "Another reading:",
        "In the form the contract gives", "not added to the others",
    ):  # fmt: skip
        assert said in page, said


def test_a_nil_claim_says_so_plainly() -> None:
    page = render_html(breach("goodwill"))
    assert "<title>Service failure report and request for goodwill - HOST-1 - June 2025</title>" in page
    assert "may leave no credit due" in page
    assert "Nothing may be due." in page
    assert "SLA Credit Request" not in page


IDENTITY = {"en": ("as at", "evidence", "Page", "of"), "de": ("Stand", "Nachweis", "Seite", "von")}


@pytest.mark.parametrize("name", PAPERS)
def test_every_page_is_identified(papers: Papers, name: str) -> None:
    paper = papers[name]
    head = paper.document.header
    for number, page in enumerate(paper.pages, 1):
        as_at, evidence, place, of = IDENTITY[head.language[:2]]
        assert f"{head.number} v{head.version} · {as_at}" in page
        assert f"{evidence} {head.evidence_head[:16]}" in page
        assert f"{place} {number} {of} {len(paper.pages)}" in page
    if paper.document.kind != "letter":
        assert head.evidence_head in re.sub(r"\s", "", paper.pages[-1]), "the whole digest on the last page"


@pytest.mark.parametrize("name", PAPERS)
def test_nothing_leaves_the_page_and_nothing_reads_none(papers: Papers, name: str) -> None:
    paper = papers[name]
    wide, high = SIZES[paper.document.header.paper]
    for index, page in enumerate(paper.pages):
        assert not re.search(r"\bNone\b|\bnan\b|\{\{|Undefined", page)
        for text, left, top, right, bottom in paper.boxes(index):
            assert 17 <= left < right <= wide - 17, text
            assert 8 <= top < bottom <= high - 6, text


@pytest.mark.parametrize("name", PAPERS)
def test_what_kind_of_file_it_is(papers: Papers, name: str) -> None:
    paper = papers[name]
    with paper.opened as pdf:
        root = pdf.Root
        size = tuple(round(float(x) * 25.4 / 72) for x in list(pdf.pages[0].MediaBox)[2:])
        assert size == SIZES[paper.document.header.paper]
        assert "/StructTreeRoot" in root
        assert bool(root.MarkInfo.Marked)
        assert str(root.Lang) == paper.document.header.language
        with pdf.open_metadata() as meta:
            assert meta["pdfaid:part"] == "3"
            assert meta["pdfaid:conformance"].upper() == "A"
            assert meta["dc:title"]
            assert paper.document.header.evidence_head in meta["pdf:Keywords"]
        assert str(pdf.docinfo["/Title"])
        assert str(pdf.docinfo["/Author"]) == "Brightwell Web Studio"
        stamp = paper.document.header.as_at.strftime("%Y%m%d%H%M%S")
        assert stamp in str(pdf.docinfo["/CreationDate"])
        assert stamp in str(pdf.docinfo["/ModDate"])
        names = {str(f.BaseFont) for f in pdf.objects if isinstance(f, type(root)) and f.get("/Type") == "/Font"}
        assert names
        assert all(re.match(r"/[A-Z]{6}\+(Inter|DejaVu)", font) for font in names), names
        assert not [f for f in pdf.objects if isinstance(f, type(root)) and f.get("/Type") == "/FontDescriptor"
                    and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(f.keys())]  # fmt: skip


@pytest.mark.parametrize("name", ["monthly so far A4", "breach A4", "L4"])
def test_the_attachment_is_the_document(papers: Papers, name: str) -> None:
    paper = papers[name]
    with paper.opened as pdf:
        assert list(pdf.attachments) == ["statement.json"]
        attached = pdf.attachments["statement.json"].get_file().read_bytes()
        assert len(pdf.Root.AF) == 1
        assert str(pdf.Root.AF[0].AFRelationship) == "/Data"
    assert json.loads(attached) == json.loads(paper.document.model_dump_json())


def test_figures_have_their_sentence_as_alternative_text(papers: Papers) -> None:
    with papers["monthly so far A4"].opened as pdf:
        said = [str(o.Alt) for o in pdf.objects if isinstance(o, type(pdf.Root)) and "/Alt" in o]
    assert any("12.0× the announced time" in alt for alt in said)
    assert any("1,440 min down" in alt for alt in said)
    assert any("49 of 120 sites" in alt for alt in said)


def test_a_draft_says_so_on_every_page(papers: Papers) -> None:
    from reports import pages
    from tests.reports.story_letters import l4
    from tests.reports.story_monthly import good_month

    assert pages.mark(good_month(status="draft")) == "Draft"
    letter = l4()
    draft = letter.model_copy(update={"header": letter.header.model_copy(update={"status": "draft"})})
    assert '<div class="draft">Draft</div>' in pages.page(draft)
