"""What one client may read of a comparison: their own sites, findings and figures, and nobody else's names."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from app.errors import NotFound
from app.integrity.compare.audit import Asked
from app.integrity.compare.clocks import Given
from app.integrity.compare.summary import Summary

STATES = {
    "current": "equal to the copy from before the work, or changed since as work on the site does",
    "old": "holds older content",
    "lost": "lacks data, or holds damaged data",
    "unknown": "could not be decided",
}


def of_client(asked: Asked, client: str) -> Asked:
    """The same comparison of this client's sites alone: no other one's manifest is opened. Raises NotFound."""
    order = asked.order
    given = tuple(_narrowed(item, client) for item in order.given)
    if not any(item.generation.sites for item in given):
        raise NotFound(f"no generation has a site of {client!r}", field="--client", example="C-001")
    return replace(asked, order=replace(order, given=given))


def _narrowed(item: Given, client: str) -> Given:
    generation = item.generation
    sites = tuple(part for part in generation.sites if part.client == client)
    databases = tuple(part for part in generation.dbs if part["client"] == client)
    return replace(item, generation=replace(generation, sites=sites, dbs=databases))


def document(summary: Summary, client: str, *, html: bool) -> str:
    """The report in plain text, or as one page that loads nothing."""
    lines: list[tuple[str, str]] = [("h1", f"What became of your data: {client}")]
    for site in summary.sites:
        lines.append(("h2", site["name"]))
        lines.append(("p", f"{site['name']} {STATES[site['state']]}."))
        figures = (
            f"{site['current']} files current, {site['old']} older, {site['lost']} lost or damaged, "
            f"{site['unknown']} not decided, {site['excluded'] + site['unreadable'] + site['unstable']} not examined."
        )
        lines.append(("p", figures))
        lines += [("li", f"{note}.") for note in site["notes"]]
        mine = [table for table in summary.tables if table["site"] == site["name"] and table["damaged"]]
        for table in mine:
            counts = ", ".join(f"{count} {kind}" for kind, count in table["rows"].items() if kind != "INTACT")
            lines.append(("li", f"Table {table['table']}: {counts}."))
    if summary.findings:
        lines.append(("h2", "File by file"))
        lines += [("li", item["text"]) for item in summary.findings]
    lines.append(("h2", "What this rests on, and what nobody saw"))
    lines += [("li", line) for line in summary.limits()]
    return _page(lines) if html else _text(lines)


def _text(lines: list[tuple[str, str]]) -> str:
    out = []
    for kind, text in lines:
        match kind:
            case "h1":
                out += [text, "=" * len(text), ""]
            case "h2":
                out += ["", text, "-" * len(text)]
            case "li":
                out.append(f"- {text}")
            case _:
                out.append(text)
    return "\n".join(out)


STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#222}h1{font-size:1.5rem}"
    "h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ccc}li{overflow-wrap:anywhere}"
)


def _page(lines: list[tuple[str, str]]) -> str:
    body, listing = [], False
    for kind, text in lines:
        if (kind == "li") != listing:
            body.append("<ul>" if kind == "li" else "</ul>")
            listing = kind == "li"
        body.append(f"<{kind}>{escape(text)}</{kind}>")
    body += ["</ul>"] if listing else []
    title = escape(lines[0][1])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<body>{''.join(body)}</body></html>"
    )
