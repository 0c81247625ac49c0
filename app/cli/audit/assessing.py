"""`kept audit assess` and `report`: a comparison put into the record, and what one client may read of it."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.cli.audit import audit
from app.cli.audit.asking import ask, service_called
from app.cli.audit.comparing import After, Answers, Clock_, Cutover, During, Pre, Questions, Renamed, Several, asked_of
from app.cli.place import AsJson, Data, say, show_json

if TYPE_CHECKING:
    from app.integrity.compare.summary import Summary


@audit.command(
    "assess", cls=Several,
    epilog="Example: kept audit assess --for HOST-1 --pre g0 g1 --during old:h12 new:h20 --after a",
)  # fmt: skip
def audit_assess(
    for_: Annotated[str, typer.Option("--for", help="The service whose sites were compared, by its name.")],
    after: After,
    pre: Pre = None,
    during: During = None,
    cutover: Cutover = None,
    clock: Clock_ = None,
    renamed: Renamed = None,
    questions: Questions = None,
    answers: Answers = None,
    service: Annotated[str | None, typer.Option(help="A running service to record it at, instead of --data.")] = None,
    token: Annotated[str | None, typer.Option(help="Its token.", envvar="KEPT_TOKEN", show_default=False)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Compare, and put the result into the record: which sites are current, which hold older content, which lack data.

    Reports, claims and letters say it from then on. Only figures by site are recorded; paths stay with the generations.
    """
    from app.integrity.compare.casework import to_case

    summary = _whole(asked_of(after, pre, during, cutover, clock, renamed, None, questions, answers, True), tell=False)
    body = to_case(summary)
    on = service_called(for_, service, token, data)
    made = ask("POST", "audit/assessments", body | {"service_id": on}, service, token, data)
    if as_json:
        show_json(made)
        return
    states = [item["state"] for item in _sites(made["id"], service, token, data)]
    said = ", ".join(f"{states.count(name)} {name}" for name in ("current", "old", "lost", "unknown"))
    print(f"Recorded for {for_} as at {made['at']}: {said}.")
    say(f"kept show audit/assessments/{made['id']}/sites")


def _sites(id_: str, service: str | None, token: str | None, data: Path | None) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = ask("GET", f"audit/assessments/{id_}/sites?limit=500{cursor}", None, service, token, data)
        out += page["items"]
        if page["next"] is None:
            return out
        cursor = f"&after={page['next']}"


def _whole(asked: Any, *, tell: bool) -> Summary:
    from app.integrity.compare.audit import Audit
    from app.integrity.compare.summary import Summary
    from app.integrity.compare.tables import compare_tables

    summary = Summary(asked)
    for result in Audit(asked).results():
        summary.add(result, tell=tell)
    for rows in compare_tables(asked.order, None):
        summary.add_table(rows)
    return summary


@audit.command(
    "report", cls=Several,
    epilog="Example: kept audit report --client C-001 --pre g0 g1 --after a --format html > c-001.html",
)  # fmt: skip
def audit_report(
    client: Annotated[str, typer.Option(help="The client, as the generations name it: nobody else's sites are read.")],
    after: After,
    pre: Pre = None,
    during: During = None,
    cutover: Cutover = None,
    clock: Clock_ = None,
    renamed: Renamed = None,
    form: Annotated[Literal["text", "html", "csv", "json"], typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """What became of one client's sites, for that client: findings as sentences, figures, and what nobody saw.

    Exit codes as of compare, for these sites alone.
    """
    from app.integrity.compare.audit import Asked
    from app.integrity.compare.forone import document, of_client

    asked: Asked = asked_of(after, pre, during, cutover, clock, renamed, None, None, None, True)
    narrowed = of_client(asked, client)
    summary = _whole(narrowed, tell=True)
    if form == "json":
        told = summary.as_json()
        show_json({name: told[name] for name in ("exit_code", "totals", "sites", "tables", "findings", "limits")})
    elif form == "csv":
        rows = csv.writer(sys.stdout)
        rows.writerow(["path", "verdict", "confidence", "sentence"])
        rows.writerows([item["path"], item["verdict"], item["conf"], item["text"]] for item in summary.findings)
    else:
        print(document(summary, client, html=form == "html"))
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
