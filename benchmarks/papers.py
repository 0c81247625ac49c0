"""Papers: a report and a letter against WeasyPrint rendering the same final HTML with fonts and styles loaded once; 120
letters by the press against the same letters one after another.

Both sides make PDF/A-3a. Ours also checks every figure and character, fills the template, attaches the figures and
seals the paper in the evidence log; for the report it first gathers and judges a month of 120 sites.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import TypeAdapter
from weasyprint import HTML

from app.cases.gather import gather
from app.db import make_engine, transaction
from app.evidence import actions as evidence
from app.sla.judge import judge
from benchmarks import judging
from benchmarks.frame import MB, Figure, apart, folder, number, stopwatch
from reports import documents as doc
from reports import pages, press

SAMPLES = Path(doc.__file__).parents[1] / "samples"
MEMORY = 600
SEED = "HOST-1"


def measure(quick: bool) -> Iterator[Figure]:
    rounds, letters = (1, 12) if quick else (5, 120)
    with folder() as place:
        url = f"sqlite:///{place}/kept.sqlite3"
        judging.build(url, services=1, sites=judging.SITES, months=judging.YEAR[-1:])
        for kind, sample in (("the monthly report", "monthly_2025-06"), ("one letter", "letter_L1")):
            times = rounds if kind == "the monthly report" else 4 * rounds
            ours, bare = apart(one_paper, url, sample, times).value
            yield Figure(
                name=kind, ours=1000 * ours, baseline=1000 * bare, unit="ms of processor time",
                ratio=ours / bare, target="<= 1.15",
                against="WeasyPrint, the same HTML, fonts and styles loaded once",
            )  # fmt: skip
    bare = apart(one_after_another, letters).value
    run = apart(by_the_press, letters, watched=True)
    grown = f"the press and its workers held {run.together / MB:.0f} MB at the most (target ≤ {MEMORY} MB)"
    yield Figure(
        name=f"{letters} letters", ours=run.value, baseline=bare, unit="s", ratio=run.value / bare, target="<= 0.60",
        against="one after another by WeasyPrint, fonts and styles reused",
        more=[grown, f"{number(letters / run.value)} letters a second"],
        failed=[grown] if run.together > MEMORY * MB else [],
    )  # fmt: skip


def one_paper(url: str, sample: str, rounds: int) -> tuple[float, float]:
    """Seconds of processor time of ours and of WeasyPrint alone, in turn; the best of each."""
    document = _sample(sample)
    report = isinstance(document, doc.MonthlyProviderReport)
    engine = make_engine(url)
    press.warm_up()

    def whole() -> None:
        with transaction(engine) as session:
            if report:
                service = judging.first_service(session)
                judge(gather(session, service, judging.YEAR[-1], judging.AS_AT))
            pdf = press.render_pdf(document)
            digest = evidence.keep(session, pdf, "application/pdf")
            evidence.append(session, "paper.issued", f"paper:{sample}", judging.AS_AT, attachments=[digest])

    bare = _bare(pages.page(document))
    whole()
    bare()
    ours, alone = [], []
    for _ in range(rounds):
        start = time.process_time()
        whole()
        between = time.process_time()
        bare()
        ours.append(between - start)
        alone.append(time.process_time() - between)
    return min(ours), min(alone)


def one_after_another(count: int) -> float:
    """Seconds for the letters, each rendered by WeasyPrint from its final HTML."""
    final = [pages.page(letter) for letter in _letters(count)]
    press.warm_up()
    _bare(final[0])()
    with stopwatch() as passed:
        for html in final:
            _bare(html)()
    return passed[0]


def by_the_press(count: int) -> float:
    """Seconds for the letters by two workers, their start included."""
    letters = _letters(count)
    with stopwatch() as passed:
        made = sum(1 for _ in press.render_many(letters, workers=2))
    if made != count:
        raise RuntimeError(f"{made} of {count} letters were made")
    return passed[0]


def _bare(html: str) -> Callable[[], bytes]:
    fonts, sheets = press._type_case()  # the very fonts and styles the press uses

    def render() -> bytes:
        page = HTML(string=html, url_fetcher=press.fetcher(), base_url="app:", media_type="print")
        return bytes(page.write_pdf(stylesheets=list(sheets), font_config=fonts, pdf_variant=press.VARIANT))

    return render


def _sample(name: str) -> pages.Printable:
    text = (SAMPLES / f"{name}.json").read_text(encoding="utf-8")
    return TypeAdapter(pages.Printable).validate_json(text)


def _letters(count: int) -> list[doc.ClientLetter]:
    """That many letters to as many clients: names, numbers and sites differ, as they do in a round of notices."""
    letter = _sample("letter_L1")
    assert isinstance(letter, doc.ClientLetter)
    out = []
    for place in range(1, count + 1):
        client = f"C-{place:03d}"
        recipient = letter.recipient.model_copy(update={"client_id": client, "name": f"Client number {place}"})
        sites = tuple(
            site.model_copy(update={"client_id": client, "host_name": f"shop-{place:03d}.example"})
            for site in letter.sites
        )
        header = letter.header.model_copy(update={"number": f"{SEED}-2025-06_{client}_L5"})
        out.append(letter.model_copy(update={"recipient": recipient, "sites": sites, "header": header}))
    return out
