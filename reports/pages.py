"""A document as an HTML page: the template of its kind, the words of its language, its figures."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from . import charts, letters, sentences, webfonts, words
from .charts.sites import site_mark
from .charts.timeledger import sum_line
from .documents import (
    BreachReport,
    ClientLetter,
    EvidenceAppendix,
    Header,
    MonthlyProviderReport,
    Printed,
    ProviderLetter,
    Share,
)
from .letters import provider
from .letters.window import address_lines
from .words import Words

HERE = Path(__file__).parent
Printable = Printed


@cache
def environment() -> Environment:
    """Templates compiled once per process; whatever is not marked safe by the figures is escaped."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    env.filters["keep"] = lambda text: words.kept_together(str(text))
    for module, names in (
        (words, ("duration", "brief", "clock", "minutes", "times", "percent", "utc")),
        (sentences, ("availability", "counted")),
    ):
        env.globals.update({name: getattr(module, name) for name in names})
    env.globals.update(
        outcomes=sentences.OUTCOMES,
        flags=sentences.FLAGS,
        reading_names=sentences.READINGS,
        site_states=sentences.SITE_STATES,
        sources=sentences.SOURCES,
        prior_states=sentences.PRIOR_STATES,
    )
    return env


@cache
def style(name: str) -> str:
    return (HERE / "styles" / name).read_text(encoding="utf-8")


UNBROKEN = 48
"""Signs of a host name that is kept on one line; a longer one may break."""


def words_of(document: Printable) -> Words:
    """The year of a document's period, or of a letter's moment, goes without saying; another is written out."""
    header = document.header
    plain = Words(zone=header.zone, language=header.language, year=header.as_at.year)
    moment = header.as_at if isinstance(document, ClientLetter | ProviderLetter) else document.period.span.start_at
    return Words(zone=header.zone, language=header.language, year=plain.local(moment).year)


def mark(document: Printable) -> str:
    """What stands at the top of every page: that it is a draft, or a preview of a month that has not ended."""
    if isinstance(document, ProviderLetter):
        return provider.mark_of(document) or ""
    if isinstance(document, ClientLetter):
        return letters.voice(document)("page.draft") if document.header.status == "draft" else ""
    parts = ["Draft"] if document.header.status == "draft" else []
    if document.header.so_far:
        parts.append(f"Preview, {document.period.label} so far")
    return " · ".join(parts)


def foot(header: Header, w: Words) -> str:
    """Identity on every page: id, version, as-at time with zone, evidence head."""
    at = f"as at {w.dated_moment(header.as_at)} {w.zone_label(header.as_at)}"
    return f"{header.number} v{header.version} · {at} · evidence {header.evidence_head[:16]}"


def _frame(document: Printable, title: str, head: str, screen_css: str) -> dict[str, Any]:
    w = words_of(document)
    line = foot(document.header, w)
    return {
        "doc": document, "w": w, "title": title, "head": head, "mark": mark(document), "foot": line,
        "foot_full": line.replace(document.header.evidence_head[:16], document.header.evidence_head),
        "created": words.utc(document.header.as_at), "screen_css": Markup(screen_css), "target": _target(document),
    }  # fmt: skip


def _target(document: Printable) -> str | None:
    """The availability promised, as printed percentages must not contradict it."""
    promised = None if isinstance(document, ClientLetter | ProviderLetter) else document.target
    return None if promised is None else promised.percent


def _monthly(document: MonthlyProviderReport, w: Words) -> dict[str, Any]:
    sla, quiet = sentences.sla_figure(document), sentences.is_quiet(document)
    target, counts, so_far = document.target, document.site_counts, document.header.so_far
    noun = "month" if document.period.kind == "calendar_month" else "period"
    promised = f"SLA method (promised {target.percent} %)" if target else "no availability promised"
    allowed = f" that counts; {words.duration(target.allowed_seconds)} are allowed" if target else " measured"
    tiles = [
        {"value": sentences.availability(sla, target.percent if target else None), "accent": sla.answer == "breached",
         "label": f"available{' so far' if so_far else ''}, {promised}"},
        {"value": f"{words.clock(sla.down_seconds)} h", "accent": sla.answer == "breached",
         "label": f"downtime{allowed}"},
    ]  # fmt: skip
    if document.windows:
        totals = document.window_totals
        tiles.append({"value": f"{totals.carried_out} of {totals.announced}", "accent": False,
                      "label": "announced windows in which the work took place"})  # fmt: skip
    else:
        tiles.append({"value": "none", "accent": False, "label": f"maintenance windows announced in the {noun}"})
    if document.last_claim_day is not None:
        single = document.credit.asked or document.credit.amount if document.credit else None
        due = document.due.asked if document.due is not None else single
        amount = f" the service credit of {w.money(due)}" if due else ""
        tiles.append({"value": w.day(document.last_claim_day, weekday=False), "accent": False,
                      "label": f"last day to claim{amount}"})  # fmt: skip
    else:
        tiles.append({"value": "nothing", "accent": False, "label": "to claim under the contract"})
    roomy = document.header.paper == "A4" and not quiet and bool(document.windows)
    drawn = charts.fits(document.days, w)
    height = charts.height_of(document.days, w, roomy) if drawn else 150.0
    figures = {"months": charts.months(document.months, sentences.months_title(document, w), w, height)}
    if drawn:
        figures["calendar"] = charts.calendar(document.days, sentences.calendar_title(document, w), w, roomy)
    if document.windows:
        windows, as_at = document.windows, document.header.as_at
        title = sentences.ledger_title(windows, w)
        figures["ledger"] = charts.time_ledger(windows, document.window_totals, title, w, roomy)
        figures["gantt"] = charts.gantt(windows, as_at, sentences.gantt_title(windows), w, roomy)
    if document.sites_in_question and counts.current < len(document.sites):
        figures["sites"] = charts.site_grid(document.sites, sentences.sites_title(counts))
    by_ref = {promise.ref: promise for promise in document.promises}
    verdicts = [promise.verdict for promise in document.promises]
    said = [f"{verdicts.count(v)} {v}" for v in ("kept", "broken", "open", "unproven") if v in verdicts]
    return {
        "headline": sentences.headline(document), "details": sentences.verdict_details(document, w), "quiet": quiet,
        "tiles": tiles, "figures": figures, "coverage": coverage_text(document),
        "all_current": "sites" not in figures, "sign_off": [by_ref[ref] for ref in document.sign_off],
        "noun": noun, "name": report_name(document), "days_said": sentences.calendar_title(document, w),
        "bars": "billing cycles" if document.period.kind == "billing_cycle" else "months",
        "months_gap": any(b.down_seconds is None or b.incomplete for b in document.months),
        "window_sum": sum_line(document.window_totals, document.windows),
        "promise_sum": f"{sentences.counted(len(verdicts), 'promise')}: {', '.join(said)}.",
        "site_legend": site_legend(document),
    }  # fmt: skip


def _breach(document: BreachReport, w: Words) -> dict[str, Any]:
    roomy = False  # two figures and the table of promises share this page
    figures: dict[str, Markup | None] = {"sites": None}
    if document.windows:
        windows, as_at = document.windows, document.header.as_at
        title = sentences.ledger_title(windows, w)
        figures["ledger"] = charts.time_ledger(windows, document.window_totals, title, w, roomy=False)
        figures["gantt"] = charts.gantt(windows, as_at, sentences.gantt_title(windows), w, roomy)
    if document.site_counts.current < len(document.sites):
        figures["sites"] = charts.site_grid(document.sites, sentences.sites_title(document.site_counts))
    return {
        "figures": figures, "sla": sentences.sla_figure(document), "site_legend": site_legend(document),
        "opening": document.opening or sentences.claim_opening(document, w),
    }  # fmt: skip


def _evidence(document: EvidenceAppendix) -> dict[str, Any]:
    seen = document.coverage
    return {
        "outages": [item.outage for item in document.outages],
        "alone": {item.site_id for item in document.left_out},
        "coverage_share": Share(numerator=seen.known_seconds, denominator=seen.elapsed_seconds),
    }


def coverage_text(document: MonthlyProviderReport) -> str:
    seen = document.coverage
    return words.percent(Share(numerator=seen.known_seconds, denominator=seen.elapsed_seconds), places=2)


def site_legend(document: MonthlyProviderReport | BreachReport) -> list[tuple[Markup, int, str]]:
    counts = document.site_counts
    rows = (
        ("current", counts.current, "confirmed current"),
        ("not_current", counts.not_current, "reachable, old content"),
        ("down", counts.down, "down"),
        ("unknown", counts.unknown, "not checked"),
    )
    return [(site_mark(state, name), count, name) for state, count, name in rows]


def report_name(document: MonthlyProviderReport) -> str:
    """A contract that measures over a quarter has no monthly report."""
    return "Monthly provider report" if document.period.kind == "calendar_month" else "Provider report"


def title_of(document: Printable) -> str:
    """The document's title, as its metadata and the browser's tab show it."""
    if isinstance(document, MonthlyProviderReport):
        return f"{report_name(document)} {document.service.name}, {document.period.label}"
    if isinstance(document, BreachReport):
        return sentences.claim_subject(document)
    if isinstance(document, EvidenceAppendix):
        return f"Evidence: {document.service.name}, {document.period.label}"
    if isinstance(document, ProviderLetter):
        return provider.subject_of(document)
    return letters.subject_of(document)


def page(document: Printable, screen: bool = False, close: bool = False) -> str:
    """The HTML of a document; with `screen` it carries its styles and stands alone in a browser. `close` sets a
    client's letter smaller, where it would leave its page."""
    w = words_of(document)
    title = title_of(document)
    sheets = ("page.css", "letter.css", "provider.css", "client.css", "screen.css")
    styles = webfonts.rules() + "".join(style(name) for name in sheets) if screen else ""
    if isinstance(document, MonthlyProviderReport):
        head = f"{document.header.agency.name} · {title}"
        return (
            environment()
            .get_template("monthly.html")
            .render(**_frame(document, title, head, styles), **_monthly(document, w))
        )
    if isinstance(document, BreachReport):
        head = f"{document.header.agency.name} · {title}"
        return (
            environment()
            .get_template("breach.html")
            .render(**_frame(document, title, head, styles), **_breach(document, w))
        )
    if isinstance(document, EvidenceAppendix):
        head = f"{document.header.agency.name} · {title}"
        frame = _frame(document, title, head, styles)
        return environment().get_template("evidence.html").render(**frame, **_evidence(document))
    if isinstance(document, ProviderLetter):
        more = {"sheet": provider.sheet_of(document)}
        frame = _frame(document, title, f"{document.header.agency.name} · {title}", styles)
        return environment().get_template("provider_letter.html").render(**frame, **more)
    return environment().get_template("letter.html").render(**_letter(document, title, styles), close=close)


def _prose(text: str, document: ClientLetter) -> Markup:
    """A paragraph whose host names stay whole: they break at no hyphen."""
    names = {site.host_name for site in document.sites if "-" in site.host_name and len(site.host_name) <= UNBROKEN}
    if not names:
        return escape(text)
    any_of = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    parts = re.split(rf"(?<![\w.-])({any_of})(?![\w-])", text)
    whole = Markup('<span class="n">{}</span>')
    return Markup("").join(whole.format(part) if index % 2 else escape(part) for index, part in enumerate(parts))


def _letter(document: ClientLetter, title: str, screen_css: str) -> dict[str, Any]:
    """A client's letter: its own voice in place of the papers' words."""
    v, header = letters.voice(document), document.header
    line = {
        "number": header.number, "version": str(header.version), "moment": v.stamp(header.as_at),
        "zone": v.zone_label(header.as_at),
    }  # fmt: skip
    return {
        "doc": document, "v": v, "title": title, "head": f"{header.agency.name} · {document.ref}",
        "mark": mark(document), "foot": v("page.foot", **line, digest=header.evidence_head[:16]),
        "foot_full": v("page.foot", **line, digest=header.evidence_head), "created": words.utc(header.as_at),
        "screen_css": Markup(screen_css), "sheet": letters.sheet_of(document), "address": address_lines(document),
        "divided": not header.language.startswith("en"), "prose": lambda text: _prose(v.keep(text), document),
    }  # fmt: skip
