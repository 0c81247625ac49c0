"""The press: the same bytes every time, bundled fonts only, and nothing read from anywhere else."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from weasyprint.urls import FatalURLFetchingError

from reports import pages, press
from reports.errors import PressNotReady, ResourceBlocked
from tests.reports.story_letters import l1, l2, l4, l6
from tests.reports.story_monthly import good_month
from tests.reports.story_papers import Papers

ROOT = Path(__file__).parents[2]


def test_the_same_document_gives_the_same_bytes(papers: Papers) -> None:
    for name in ("L4", "good month A4"):
        assert press.render_pdf(papers[name].document) == papers[name].pdf


ELSEWHERE = """
import hashlib, sys
import reports
for line in sys.stdin:
    print(hashlib.sha256(reports.render_pdf(reports.read_document(line))).hexdigest())
"""


def test_the_same_bytes_in_another_process_at_another_time(papers: Papers) -> None:
    """Another hash seed, another SOURCE_DATE_EPOCH, another locale, zone, directory and font configuration."""
    chosen = [papers[name] for name in ("good month A4", "L4")]
    environment = {
        **os.environ, "PYTHONHASHSEED": "4242", "SOURCE_DATE_EPOCH": "1893456000", "LC_ALL": "C",
        "TZ": "Pacific/Auckland", "PYTHONPATH": str(ROOT), "FONTCONFIG_FILE": "/nowhere",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], input="\n".join(paper.document.model_dump_json() for paper in chosen),
        capture_output=True, text=True, env=environment, cwd="/", check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [hashlib.sha256(paper.pdf).hexdigest() for paper in chosen]


def test_many_letters_are_the_single_letters() -> None:
    documents = [l1(), l2(), l4(), l6(), l4(3), l1()]
    assert dict(press.render_many(documents, workers=2)) == {
        index: press.render_pdf(document) for index, document in enumerate(documents)
    }
    assert list(press.render_many([])) == []


def test_one_refusal_among_many_names_its_place() -> None:
    bad = l4(ref="no glyph for \U0001f984")
    with pytest.raises(Exception, match="U\\+1F984") as refused:
        list(press.render_many([l1(), l2(), bad, l6(), l1()], workers=2))
    assert "document 2" in getattr(refused.value, "__notes__", [])


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
VECTORS = (
    '<img src="http://127.0.0.1:9/x.png">',
    '<img src="https://example.org/x.png">',
    '<img src="file:///etc/passwd">',
    '<img src="data:image/png;base64,iVBORw0KGgo=">',
    '<img src="//example.org/x.png">',
    '<img src="app:styles/page.css">',
    '<img src="app:fonts/../press.py">',
    '<img src="app:fonts/%2e%2e/press.py">',
    '<img src="app:fonts//etc/passwd">',
    '<link rel="stylesheet" href="file:///etc/hosts">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<a rel="attachment" href="file:///etc/passwd">x</a>',
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    "<style>@font-face{font-family:X;src:url(file:///etc/passwd)} p{font-family:X}</style>",
    '<p style="background:url(file:///etc/passwd)">x</p>',
    '<ul><li style="list-style:url(http://127.0.0.1:9/)">x</ul>',
    '<object data="file:///etc/passwd"></object>',
    '<embed src="http://127.0.0.1:9/">',
    f'{SVG}<image href="file:///etc/passwd" width="9" height="9"/></svg>',
)


@pytest.mark.parametrize("markup", VECTORS)
def test_whatever_asks_for_something_ends_the_render(markup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if markup came into a page, nothing outside the font folder can be read by it."""
    letter = l2()
    plain = pages.page(letter)
    monkeypatch.setattr(pages, "page", lambda document, screen=False: plain.replace("<main>", f"<main>{markup}"))
    with pytest.raises((ResourceBlocked, PressNotReady)):
        press.render_pdf(letter)


@pytest.mark.parametrize(
    "markup", [f'{SVG}<use href="http://127.0.0.1:9/a.svg#b"/></svg>', '<iframe src="http://127.0.0.1:9/"></iframe>',
               '<a href="http://127.0.0.1:9/">x</a>', '<script src="http://127.0.0.1:9/"></script>']
)  # fmt: skip
def test_what_is_never_asked_for(markup: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer does not follow these; the page is made without them."""
    letter = l2()
    plain = pages.page(letter)
    monkeypatch.setattr(pages, "page", lambda document, screen=False: plain.replace("<main>", f"<main>{markup}"))
    assert press.render_pdf(letter)
    assert press.fetcher().blocked == []


@pytest.mark.parametrize("url", ["app:fonts/Inter-Regular.otf"])
def test_the_bundled_fonts_can_be_read(url: str) -> None:
    assert press.BundledOnly().fetch(url).read()[:4] == b"OTTO"


@pytest.mark.parametrize(
    "url", ["app:fonts/", "app:fonts/fonts.conf", "app:fonts/x.ttf", "APP:fonts/Inter-Regular.otf"]
)
def test_nothing_else_in_that_folder(url: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        press.BundledOnly().fetch(url)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    press._type_case.cache_clear()
    monkeypatch.setattr(press.ffi, "harfbuzz_subset", None)
    with pytest.raises(PressNotReady, match="libharfbuzz-subset0"):
        press.render_pdf(l2())
    monkeypatch.undo()
    press._type_case.cache_clear()


def test_a_complaint_of_the_renderer_is_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    letter = l2()
    plain = pages.page(letter)
    odd = plain.replace("<main>", '<main><p style="colour: red">x</p>')
    monkeypatch.setattr(pages, "page", lambda document, screen=False: odd)
    with pytest.raises(PressNotReady, match="colour"):
        press.render_pdf(letter)


def test_no_font_of_the_machine_can_be_chosen() -> None:
    """Whatever family is asked for, only the bundled fonts are known to the font map."""
    from io import BytesIO

    import pikepdf
    from weasyprint import HTML

    fonts, _ = press._type_case()
    html = '<html lang="en"><title>t</title><p style="font-family:Noto Serif, serif, monospace">Ж中</p>'
    pdf = HTML(string=html).write_pdf(font_config=fonts, stylesheets=list(press._type_case()[1]))
    with pikepdf.open(BytesIO(pdf)) as opened:
        found = [str(o.BaseFont) for o in opened.objects if isinstance(o, type(opened.Root)) and "/BaseFont" in o]
    assert found
    assert all("Inter" in name or "DejaVu" in name for name in found)


def test_the_web_page_stands_alone() -> None:
    for document in (good_month(), l4()):
        html = press.render_html(document)
        assert "<style>" in html
        assert not re.search(r'url\((?!#|"data:font/woff2;base64,)', html)
        assert html.count("@font-face") == 5
        assert "<script" not in html
        assert "<link" not in html
        assert "src=" not in html
