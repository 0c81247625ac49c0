"""Commands about contracts: drafts to start from, terms in plain words, what is wrong with them, what they pay."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, settings, show_json, table
from app.errors import BadInput

terms = typer.Typer(help="A contract's terms: drafts, plain words, faults, and what they pay.", no_args_is_help=True)
command.add_typer(terms, name="terms")

FILE = "terms.json"


@terms.command("presets", epilog="Example: kept terms presets --json")
def terms_presets(as_json: AsJson = False) -> None:
    """List the terms that come with Kept: drafts from undated copies, to compare with your own contract."""
    from app.presets.shelf import presets

    found = presets()
    if as_json:
        rows = [
            {"name": item.name, "provider": item.provider, "product": item.product, "draft": item.draft}
            for item in found
        ]
        show_json({"items": rows})
        return
    table(
        "Drafts: compare with your own contract",
        ["name", "provider", "product", "target"],
        [[item.name, item.provider, item.product, f"{item.terms.target_percent} %"] for item in found],
    )


@terms.command("show", epilog="Example: kept terms show leaseweb-public-cloud")
def terms_show(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A draft's name, or a file of terms.")],
    as_json: AsJson = False,
) -> None:
    """Show terms clause by clause in plain words, each with its quotation. With --json: the terms themselves, to be
    written to a file and changed."""
    from app.presets.shelf import preset
    from app.presets.words import OWN, in_words
    from app.sla.terms import read_terms

    if what.endswith(".json") or "/" in what or Path(what).is_file():
        document = _document(Path(what), FILE)
        _faultless(document)
        if not isinstance(document, dict):
            raise BadInput("holds several versions; show one of them", field="FILE", example=FILE)
        beside, written = (document, document["terms"]) if "terms" in document else ({}, document)
    else:
        item = preset(what)
        beside = {"provider": item.provider, "product": item.product, "draft": item.draft, "note": item.note}
        written = item.written
    if as_json:
        show_json({**beside, "terms": written})
        return
    head = [str(beside[key]) for key in ("provider", "product") if isinstance(beside.get(key), str)]
    print(", ".join(head) if head else what)
    for key in ("draft", "note"):
        if isinstance(beside.get(key), str) and beside[key]:
            print(f"{key.capitalize()}: {beside[key]}")
    for line in in_words(read_terms(written)):
        print(f"\n{line.path}")
        if line.words:
            print(f"  {line.words}")
        if line.quote:
            said = line.quote if line.note.startswith(OWN) else f"“{line.quote}”"
            print(f"  {said}" + (f" ({line.source})" if line.source else ""))
        if line.note:
            print(f"  Read as: {line.note}")


@terms.command("check", epilog="Example: kept terms check terms.json --fee-currency EUR")
def terms_check(
    file: Annotated[Path, typer.Argument(help="Terms, a draft with its terms, or a list of dated versions.")],
    fee_currency: Annotated[str | None, typer.Option(help="The currency the fee is paid in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find everything that is wrong with terms, at once: path, reason and what would be right. Exit code 2 if so."""
    from app.sla.faults import as_json as plain
    from app.sla.faults import document_faults, remarks

    document = _document(file, FILE)
    found, said = document_faults(document, fee_currency), remarks(document)
    if as_json:
        show_json({"faults": plain(found), "notes": list(said)})
        said = ()
    elif not found:
        print(f"{file}: nothing is wrong with these terms")
    else:
        for fault in found:
            print(f"{fault.path}: {fault.reason}\n    for example {fault.example}")
        print(f"{file}: {len(found)} thing(s) to put right", file=sys.stderr)
    for text in said:
        print(f"Note: {text}")
    if found:
        raise typer.Exit(BadInput.exit_code)


@terms.command("review", epilog='Example: kept terms review 0197… credit --by "Dana Reyes" --note "letter of 2 June"')
def terms_review(
    terms_id: Annotated[UUID, typer.Argument(help="The version of the terms.")],
    path: Annotated[str | None, typer.Argument(help="The doubtful clause; left out: list them.")] = None,
    by: Annotated[str | None, typer.Option(help="The person who stands for it.")] = None,
    note: Annotated[str | None, typer.Option(help="How it is read, and on what.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a name to a clause the terms mark as doubtful, so that a claim may rest on it. No clause: list them."""
    from app.agreements.actions import review_terms
    from app.agreements.queries import reviews_of, unreviewed
    from app.db import transaction
    from app.web.edge import utc_now

    if path is not None:
        for name, value in (("by", by), ("note", note)):
            if not (value or "").strip():
                raise BadInput("is needed to put a name to a clause", field=f"--{name}", example='"Dana Reyes"')
    with transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        if path is not None:
            review_terms(session, terms_id, path=path, by=(by or "").strip(), note=(note or "").strip(), now=utc_now())
        left = unreviewed(session, terms_id)
        rows = [[row.path, row.by, row.note] for row in reviews_of(session, terms_id)]
    if as_json:
        named = [dict(zip(("path", "by", "note"), row, strict=True)) for row in rows]
        show_json({"reviews": named, "unreviewed": list(left)})
        return
    table("Doubtful clauses", ["clause", "by", "note"], [*rows, *([one, "nobody yet", ""] for one in left)])


@terms.command("try", epilog="Example: kept terms try vectors/terms.json --json")
def terms_try(
    file: Annotated[Path, typer.Argument(help="A file shaped like vectors/terms.json.")], as_json: AsJson = False
) -> None:
    """Reckon what terms would pay for a downtime, so that anybody can check our arithmetic with theirs.

    An `expected` that stands there is not looked at. An example that cannot be read is named, the others are
    answered all the same, and the exit code is 2.
    """
    from app.sla.settlement import settlement

    results: list[dict[str, Any]] = []
    wrong = []
    for number, example in enumerate(_examples(file)):
        name = example.get("id") if isinstance(example, dict) else None
        try:
            if not isinstance(name, str | int):
                raise BadInput("needs an id", field="id", example='{"id": "a-1", "kind": "availability", …}')
            asked = {key: value for key, value in example.items() if key != "expected"}
            results.append({"id": name, "expected": settlement(asked)})
        except (ValueError, BadInput) as error:
            wrong.append(f"vectors[{number}] ({name}): {error}")
            results.append({"id": name, "error": str(error)})
    if as_json:
        show_json({"results": results})
    else:
        columns = ["id", "counted min", "available %", "breach", "credit %", "amount", "claim by"]
        table("What these terms pay", columns, [_row(item) for item in results])
    for text in wrong:
        print(f"kept: {text}", file=sys.stderr)
    if wrong:
        raise typer.Exit(BadInput.exit_code)


def _row(item: dict[str, Any]) -> list[str]:
    found = item.get("expected")
    if found is None:
        return [str(item["id"]), "cannot be read", "-", "-", "-", "-", "-"]
    if "right_accrues_in" in found:
        right = found["right_accrues_in"]
        told = "no right to leave" if right is None else f"may leave since {right}"
        return [str(item["id"]), told, "-", "-", "-", "-", found["exercise_by"] or "-"]
    counted = found.get("downtime_minutes_counted", found.get("minutes_over"))
    breach = "yes" if found["breach"] else "no"
    uptime, last = found.get("uptime_percent") or "-", found["claim_deadline"] or "-"
    return [str(item["id"]), str(counted), uptime, breach, found["credit_percent"], found["credit_amount"], last]


@terms.command("schema", epilog="Example: kept terms schema > terms.schema.json")
def terms_schema(
    markdown: Annotated[bool, typer.Option("--markdown", help="The generated half of docs/terms.md instead.")] = False,
) -> None:
    """Print the JSON Schema of the terms, for an editor or another program."""
    from app.presets.reference import reference
    from app.presets.reference import terms_schema as schema

    if markdown:
        sys.stdout.write(reference())
    else:
        show_json(schema())


def _faultless(document: Any) -> None:
    from app.sla.faults import document_faults

    found = document_faults(document)
    if found:
        raise BadInput("; ".join(str(fault) for fault in found))


def _document(file: Path, example: str) -> Any:
    """The file's JSON. A key that stands twice, or a number that is none, is refused."""
    from app.sla.faults import unrepeated

    def none(text: str) -> NoReturn:
        raise ValueError(f"{text} is no number")

    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}", field="FILE", example=example) from None
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not text in UTF-8", field="FILE", example=example) from None
    try:
        return json.loads(text, object_pairs_hook=unrepeated, parse_constant=none)
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", field="FILE", example=example) from None
    except RecursionError:
        raise BadInput(f"{file} is nested too deep", field="FILE", example=example) from None


def _examples(file: Path) -> list[Any]:
    document = _document(file, "vectors/terms.json")
    found = document.get("vectors") if isinstance(document, dict) else document
    if found is None and isinstance(document, dict) and "terms" in document:
        found = [document]
    if not isinstance(found, list):
        raise BadInput("has no list `vectors`", field="FILE", example='{"vectors": [{"id": "a-1", "terms": {…}}]}')
    return found
