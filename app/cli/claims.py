"""Commands for claims: list, show, draft, approve, file, and whatever the provider answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import typer

from app.cli import command
from app.cli.calling import answer, call
from app.cli.place import AsJson, Data, say, show_json, table
from app.errors import BadInput, NotFound

claims = typer.Typer(help="Claims on a provider.", no_args_is_help=True)
command.add_typer(claims, name="claims")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The claim's number; `kept claims list` shows them.")]
By = Annotated[str, typer.Option(help="Who does it, or writes it down: a person's name.", metavar="NAME")]
At = Annotated[str | None, typer.Option(help="When it happened, with its offset; now if left out.")]
State = Literal[
    "draft", "approved", "filed", "acknowledged", "accepted", "partly", "refused", "credited", "lapsed", "withdrawn"
]
VERBS = {
    "acknowledged": "acknowledge", "accepted": "accept", "partly": "accept-partly", "refused": "refuse",
    "credited": "credit", "lapsed": "lapse", "withdrawn": "withdraw", "taken_back": "take-back",
}  # fmt: skip


def asked(method: str, what: str, body: Any, data: Path | None) -> Any:
    """The API's answer; a refusal ends the command with its sentence and its exit code."""
    content = None if body is None else json.dumps(body).encode()
    response = call(method, what, content, {"content-type": "application/json"}, data)
    if response.status_code >= 400:
        answer(response)
    return response.json()


def named(what: str, name: str | None, field: str, data: Path | None, **query: str) -> Any:
    """The one provider or service of this name. Raises NotFound and BadInput, naming those there are."""
    found = asked("GET", f"{what}?{urlencode({'limit': 500} | query)}", None, data)["items"]
    chosen = [row for row in found if name is None or row["name"] == name]
    there = ", ".join(row["name"] for row in found[:5]) or "none yet"
    if not chosen:
        raise NotFound(f"nothing is called {name!r}; there are: {there}", field=field)
    if len(chosen) > 1:
        raise BadInput(f"say which: {there}", field=field, example=chosen[0]["name"])
    return chosen[0]


def _claim(number: str, data: Path | None) -> Any:
    found = asked("GET", f"claims?{urlencode({'number': number})}", None, data)["items"]
    if not found:
        raise NotFound(f"no claim has the number {number!r}; `kept claims list` shows them", field="NUMBER")
    return found[0]


def _step(number: str, verb: str, body: dict[str, Any], as_json: bool, data: Path | None) -> None:
    given = {name: value for name, value in body.items() if value is not None}
    _told(asked("POST", f"claims/{_claim(number, data)['id']}/{verb}", given, data), as_json)


def _told(claim: Any, as_json: bool) -> None:
    if as_json:
        show_json(claim)
        return
    print(claim["number"])
    late = ", filed late" if claim["late"] else ""
    until = f", to be filed by {claim['latest']}" if claim["latest"] and claim["state"] in ("draft", "approved") else ""
    say(f"Claim {claim['number']}: {claim['amount']} {claim['currency']}, {claim['state']}{late}{until}.")


@claims.command("list", epilog="Example: kept claims list --state filed")
def list_claims(
    state: Annotated[State | None, typer.Option(help="Only claims that stand so.")] = None,
    provider: Annotated[str | None, typer.Option(help="The provider's name.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Every claim with its deadline, its state and what is outstanding."""
    query = {"limit": "500"} | ({"state": state} if state else {})
    if provider is not None:
        query["provider_id"] = named("providers", provider, "--provider", data)["id"]
    rows, cursor = [], ""
    while True:
        page = asked("GET", f"claims?{urlencode(query | ({'after': cursor} if cursor else {}))}", None, data)
        rows += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    if as_json:
        show_json(rows)
        return
    services = {row["id"]: row["name"] for row in asked("GET", "services?limit=500", None, data)["items"]}
    shown = [
        [row["number"], services.get(row["service_id"], ""), row["period"], f"{row['amount']} {row['currency']}",
         row["state"] + (" (late)" if row["late"] else ""), row["latest"] or "-", row["credited"],
         row["outstanding"] or "-"]
        for row in rows
    ]  # fmt: skip
    table("Claims", ["no.", "service", "period", "claimed", "state", "last day", "credited", "outstanding"], shown)


@claims.command("show", epilog="Example: kept claims show 0007 --json")
def show(number: Number, as_json: AsJson = False, data: Data = None) -> None:
    """One claim: its figures, the minutes it claims, every step, and what can come next."""
    claim = asked("GET", f"claims/{_claim(number, data)['id']}", None, data)
    if as_json:
        show_json(claim)
        return
    lines = [
        f"Claim {claim['number']}, {claim['period']}: {claim['amount']} {claim['currency']} ({claim['basis']})",
        *([f"To be settled: {claim['to_settle']}"] if claim["to_settle"] else []),
        f"State: {claim['state']}" + (", filed late" if claim["late"] else ""),
        f"To be filed by: {claim['latest'] or 'the terms name no deadline'}",
        f"Accepted: {claim['accepted'] or '-'}",
        f"Credited: {claim['credited']}; outstanding: {claim['outstanding'] or '-'}",
        *(f"Minutes: {span['start']} to {span['end']}" for span in claim["spans"]),
        *(_line(step) for step in claim["steps"]),
        f"Can come next: {', '.join(claim['possible']) or 'nothing'}",
    ]
    print("\n".join(lines))


def _line(step: Any) -> str:
    more = [step[name] for name in ("channel", "receipt", "amount", "figure", "invoice", "words") if step[name]]
    more += ["late"] if step["late"] else []
    more += [] if step["stands"] else ["taken back"]
    return f"{step['number']}. {step['at']} {step['kind']}, {step['by']}" + (": " + "; ".join(more) if more else "")


@claims.command(
    "draft", epilog="Example: kept claims draft --provider 'Northgate Hosting' --month 2025-06 --by 'Dana Reyes'"
)
def draft(
    provider: Annotated[str, typer.Option(help="The provider's name.")],
    month: Annotated[str, typer.Option(help="YYYY-MM.")],
    by: By,
    service: Annotated[str | None, typer.Option(help="The service's name; needed where there are several.")] = None,
    as_at: Annotated[str | None, typer.Option(help="The moment judged at, with its offset; now if left out.")] = None,
    at: At = None,
    number: Annotated[str | None, typer.Option(help="Its number; the next of your own if left out.")] = None,
    remaining: Annotated[bool, typer.Option("--remaining", help="Only what no other live claim claims.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Draft a claim for a month of a service. Prints its number."""
    of = named("providers", provider, "--provider", data)["id"]
    body = {
        "service_id": named("services", service, "--service", data, provider_id=of)["id"],
        "month": month, "by": by, "as_at": as_at, "at": at, "number": number, "remaining": remaining,
    }  # fmt: skip
    given = {name: value for name, value in body.items() if value is not None}
    _told(asked("POST", "claims", given, data), as_json)


@claims.command("approve", epilog="Example: kept claims approve 0007 --by 'Dana Reyes' --holds 'in good standing'")
def approve(
    number: Number,
    by: By,
    holds: Annotated[list[str] | None, typer.Option(help="A precondition that holds; may be repeated.")] = None,
    does_not: Annotated[list[str] | None, typer.Option(help="A precondition that does not; may be repeated.")] = None,
    at: At = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Let a claim go out, by name. Refused while terms it rests on await review."""
    answers = [("holds", text) for text in holds or []] + [("does_not", text) for text in does_not or []]
    checklist = [{"text": text, "answer": word} for word, text in answers]
    _step(number, "approve", {"by": by, "at": at, "checklist": checklist}, as_json, data)


@claims.command(
    "file", epilog="Example: kept claims file 0007 --by 'Dana Reyes' --channel portal --receipt NG-CLAIM-118"
)
def file(
    number: Number,
    by: By,
    channel: Annotated[
        Literal["email", "portal", "ticket", "letter", "phone", "other"], typer.Option(help="How it went out.")
    ],
    receipt: Annotated[str | None, typer.Option(help="What proves it: a receipt's or a ticket's number.")] = None,
    reply_by: Annotated[str | None, typer.Option(help="YYYY-MM-DD: when an answer is due.")] = None,
    at: At = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Record that it went out. After its deadline it is recorded as late."""
    body = {"by": by, "at": at, "channel": channel, "receipt": receipt, "reply_by": reply_by}
    _step(number, "file", body, as_json, data)


@claims.command("paper", epilog="Example: kept claims paper 0007 --by 'Dana Reyes'")
def paper(number: Number, by: By, as_json: AsJson = False, data: Data = None) -> None:
    """Issue a new version of the claim's breach paper with its number, its checklist and when it was filed."""
    issued = asked("POST", f"claims/{_claim(number, data)['id']}/paper", {"approved_by": by}, data)
    if as_json:
        show_json(issued)
        return
    print(f"{issued['number']}_v{issued['version']}")
    say(f"Its PDF: GET /api/v1/papers/{issued['id']}/paper.pdf")


@claims.command(
    "record",
    epilog="Example: kept claims record 0007 refused --by 'Dana Reyes' --figure '99.95 %' --words 'Maintenance.'",
)
def record(
    number: Number,
    what: Annotated[
        Literal["acknowledged", "accepted", "partly", "refused", "credited", "lapsed", "withdrawn", "taken_back"],
        typer.Argument(help="What became of it."),
    ],
    by: By,
    at: At = None,
    amount: Annotated[str | None, typer.Option(help="accepted, partly, credited: how much.")] = None,
    currency: Annotated[str | None, typer.Option(help="To be sure that it is the claim's.")] = None,
    figure: Annotated[str | None, typer.Option(help="partly, refused: what the provider reckons.")] = None,
    words: Annotated[str | None, typer.Option(help="The provider's own words, or our reason.")] = None,
    receipt: Annotated[str | None, typer.Option(help="acknowledged: the provider's reference.")] = None,
    invoice: Annotated[str | None, typer.Option(help="credited: the invoice's number.")] = None,
    invoice_date: Annotated[str | None, typer.Option(help="credited: the invoice's day, YYYY-MM-DD.")] = None,
    message: Annotated[str | None, typer.Option(help="The id of the provider's message that says it.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Record what became of it: the provider's answer, an invoice, a lapse; or take back the newest step."""
    reason = "reason" if what in ("lapsed", "withdrawn", "taken_back") else "words"
    body = {
        "by": by, "at": at, "amount": amount, "currency": currency, "figure": figure, reason: words,
        "receipt": receipt, "invoice": invoice, "invoice_date": invoice_date, "message_id": message,
    }  # fmt: skip
    _step(number, VERBS[what], body, as_json, data)
