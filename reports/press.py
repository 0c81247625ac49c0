"""The press: the only file that knows WeasyPrint. A document in, the same bytes out, every time.

What makes the bytes the same: bundled fonts only (fontconfig is given an empty configuration), HarfBuzz for the
subsets, dates and identifier taken from the document, nothing from the clock, the environment or the network.
"""

import gc
import hashlib
import logging
import multiprocessing
import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from multiprocessing.connection import wait
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # "No fonts configured in FontConfig": the machine's fonts are never used
    import pydyf
    from weasyprint import CSS, HTML, Attachment
    from weasyprint.css import ColorProfile
    from weasyprint.text import ffi
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from . import glyphs, pages, reconcile
from .documents import AttachedFile, ClientLetter, EvidenceAppendix, ProviderLetter
from .enclosed import FIGURES, SUMS, File, digest, sums
from .errors import DocumentInvalid, PressNotReady, RenderRefused, ResourceBlocked
from .letters.client.catalogue import catalogues
from .letters.provider_check import check_pages
from .letters.sheet import check_pages as check_letter
from .letters.sheet import fits as letter_fits
from .pages import Printable

ATTACHMENT = FIGURES
VARIANT = "pdf/a-3a"
COLOURS = "--srgb"
FAMILIES = ("Inter", "DejaVu")
"""How the names of embedded fonts begin; any other font in a finished PDF is an error."""
_one_at_a_time = threading.Lock()


class BundledOnly(URLFetcher):  # type: ignore[misc]
    """Reads app:fonts/<file> and nothing else. Whatever else is asked for is remembered and ends the render."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("app",), allow_redirects=False, fail_on_errors=True)
        self.blocked: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url.startswith("app:fonts/"):
            path = (glyphs.FONTS / url.removeprefix("app:fonts/")).resolve()
            if path.parent == glyphs.FONTS.resolve() and path.suffix in (".ttf", ".otf") and path.is_file():
                return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": f"font/{path.suffix[1:]}"})
        self.blocked.append(url)
        raise FatalURLFetchingError(f"blocked: {url[:80]}")


class _Complaints(logging.Handler):
    """Collects what WeasyPrint warns about: each warning is a page that is not what it should be."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _no_complaints(field: str) -> Iterator[None]:
    """Turn any warning of the renderer, and any blocked address, into a refusal that names it."""
    logger, ear = logging.getLogger("weasyprint"), _Complaints()
    fetcher().blocked.clear()
    logger.addHandler(ear)
    try:
        yield
    except FatalURLFetchingError as blocked:
        raise _blocked(field) from blocked
    finally:
        logger.removeHandler(ear)
    if fetcher().blocked:
        raise _blocked(field)
    if ear.said:
        raise PressNotReady(field, f"the renderer complained: {ear.said[0][:200]}", "nothing may be missing on a page")


def _blocked(field: str) -> ResourceBlocked:
    url = fetcher().blocked[0][:80]
    return ResourceBlocked(field, f"something asked for {url!r}", "only app:fonts/<bundled file> may be read")


@cache
def fetcher() -> BundledOnly:
    return BundledOnly()


@contextmanager
def _bundled_fontconfig() -> Iterator[None]:
    """fontconfig reads its configuration once, when the font map is made: give it ours, then restore the setting."""
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(glyphs.FONTS / "fonts.conf")
    try:
        yield
    finally:
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


@cache
def _type_case() -> tuple[FontConfiguration, tuple[CSS, ...]]:
    """Fonts and styles, made once per process: they cost more than a letter."""
    if ffi.harfbuzz_subset is None:
        raise PressNotReady(
            "libharfbuzz-subset",
            "the library HarfBuzz subset cannot be loaded, and without it the same document gives other bytes",
            "on Debian or Ubuntu: apt-get install libharfbuzz-subset0",
        )
    with _bundled_fontconfig(), _no_complaints("styles"):
        fonts = FontConfiguration()
        sheets = tuple(
            CSS(string=pages.style(name), font_config=fonts, url_fetcher=fetcher(), base_url="app:")
            for name in ("fonts.css", "page.css", "letter.css", "provider.css", "client.css")
        )
    return fonts, sheets


@cache
def _colours_as_stored() -> bytes:
    return (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()


def _colours() -> ColorProfile:
    """The sRGB profile PDF/A asks for. The renderer's own way leaves the profile's file open in every document."""
    return ColorProfile(BytesIO(_colours_as_stored()), "sRGB2014.icc", "relative-colorimetric", (["r"], ["g"], ["b"]))


def warm_up() -> None:
    """Load fonts, styles, templates and languages now instead of with the first document."""
    _type_case()
    pages.environment()
    glyphs.drawable()
    catalogues()


def _finish(_: Any, pdf: pydyf.PDF) -> None:
    """Before the file is closed: list each attachment once, and check that only bundled fonts are inside."""
    if "AF" in pdf.catalog:
        # WeasyPrint 70.0 writes each reference twice (its issue 2917)
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for item in pdf.objects:
        if isinstance(item, pydyf.Dictionary) and item.get("Type") == "/Font":
            name = str(item.get("BaseFont", "")).lstrip("/").partition("+")[2] or str(item.get("BaseFont", ""))
            if not name.lstrip("/").startswith(FAMILIES):
                raise PressNotReady("fonts", f"the font {name!r} is not a bundled one", "Inter or DejaVu")


class _Enclosed(Attachment):  # type: ignore[misc]
    """Bytes as they are, dated by the document and not by the clock; the renderer would guess the type by the name."""

    def __init__(self, content: bytes, name: str, what: str, media_type: str, relationship: str, at: datetime) -> None:
        super().__init__(
            string="", name=name, description=what, relationship=relationship, created=at, modified=at,
            url_fetcher=fetcher(),
        )  # fmt: skip
        self.source = nullcontext((BytesIO(content), None, None, media_type))


def _attachments(document: Printable, json: str, files: Sequence[File]) -> list[_Enclosed]:
    """The document's own JSON, then every file it lists. Refuses a file that is missing, other, or not listed."""
    as_at = document.header.as_at
    out = [_Enclosed(json.encode(), ATTACHMENT, "The figures of this document", "application/json", "Data", as_at)]
    listed = document.attached if isinstance(document, EvidenceAppendix) else ()
    given = {file.name: file.content for file in files}
    for item in listed:
        content = given.pop(item.name, None)
        if content is None or digest(content) != item.sha256:
            raise DocumentInvalid(
                f"attached {item.name}", "the file is missing or not the one listed", f"give the bytes of {item.sha256}"
            )
        out.append(_Enclosed(content, item.name, item.what, item.media_type, item.relationship, item.at))
    if given:
        raise DocumentInvalid("attached", f"{next(iter(given))!r} is not listed", "list every file with its digest")
    if listed:
        out.append(_seal(listed, as_at))
    return out


def _seal(listed: Sequence[AttachedFile], as_at: datetime) -> _Enclosed:
    return _Enclosed(sums(listed), SUMS, "The digest of every attached file", "text/plain", "Supplement", as_at)


def check(document: Printable) -> None:
    """Everything that can be refused before a page is made: characters, figures, words."""
    glyphs.check(document)
    reconcile.check(document)


def render_html(document: Printable) -> str:
    """The document as one self-contained web page: no script, its fonts inside it, nothing loaded from anywhere."""
    check(document)
    return pages.page(document, screen=True)


def _laid_out(document: Printable, close: bool = False) -> Any:
    """The document on its pages; `close` sets a letter smaller."""
    fonts, sheets = _type_case()
    html = pages.page(document, close=True) if close else pages.page(document)
    page = HTML(string=html, url_fetcher=fetcher(), base_url="app:", media_type="print")
    return page.render(stylesheets=list(sheets), font_config=fonts, pdf_variant=VARIANT)


def _starts(made: Any) -> dict[str, int]:
    """On which page of a letter each of its sheets begins."""
    return {name: number for number, page in enumerate(made.pages, 1) for name in page.anchors}


def render_pdf(document: Printable, files: Sequence[File] = ()) -> bytes:
    """The document as PDF/A-3a: tagged, fonts embedded, its JSON and the files it lists attached. Same document, same
    bytes."""
    check(document)
    json = document.model_dump_json(indent=1)
    enclosed = _attachments(document, json, files)
    with _one_at_a_time, _no_complaints(document.header.number):
        made = _laid_out(document)
        if isinstance(document, ClientLetter):
            if not letter_fits(document, len(made.pages), _starts(made)):
                made = _laid_out(document, close=True)
            check_letter(document, len(made.pages), _starts(made))
        if isinstance(document, ProviderLetter):
            check_pages(document, len(made.pages))
        made.color_profiles[COLOURS] = _colours()
        return bytes(
            made.write_pdf(
                finisher=_finish,
                pdf_variant=VARIANT,
                output_intent=COLOURS,
                attachments=enclosed,
                pdf_identifier=hashlib.sha256(json.encode()).hexdigest()[:32].encode(),
            )
        )


def _start_worker() -> None:
    """A worker lives for one batch: what it has loaded stays, and garbage is looked for less often (a tenth faster)."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    warm_up()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_parent() -> None:
    """Whoever started this worker may be killed with no time to say so: then it ends by itself."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _numbered(item: tuple[int, Printable]) -> tuple[int, bytes]:
    try:
        return item[0], render_pdf(item[1])
    except RenderRefused as refused:
        refused.add_note(f"document {item[0]}")
        raise


def render_many(documents: Iterable[Printable], workers: int = 2) -> Iterator[tuple[int, bytes]]:
    """(position, PDF) for each document, in order, from `workers` warm processes; the bytes are render_pdf's.

    A process of one thread forks and its children inherit the loaded fonts; one with threads starts a fork server,
    for a fork beside running threads can hang.
    """
    items = list(enumerate(documents))
    if workers < 2 or len(items) < 2 * workers:
        yield from map(_numbered, items)
        return
    warm_up()
    alone = threading.active_count() == 1
    context = multiprocessing.get_context("fork" if alone else "forkserver")
    if not alone:
        context.set_forkserver_preload(["reports.ready"])
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker) as pool:
        yield from pool.map(_numbered, items, chunksize=max(1, min(8, len(items) // (workers * 4))))
