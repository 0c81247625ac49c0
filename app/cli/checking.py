"""Commands that check: the evidence log, the arithmetic, this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, say, settings, show_json, table
from app.errors import BadInput

evidence = typer.Typer(help="Check the evidence log, or take it away.", no_args_is_help=True)
command.add_typer(evidence, name="evidence")


@evidence.command("verify", epilog="Example: kept evidence verify --expect 9f86d081…  (from a document's footer)")
def evidence_verify(
    expect: Annotated[list[str] | None, typer.Option(help="A digest that must be in the log; may be repeated.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Recompute the whole chain and every kept attachment. Exit code 1 if anything does not fit."""
    from sqlmodel import Session

    from app.db import reader
    from app.evidence.queries import verify_log

    for digest in expect or []:
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise BadInput("must be the 64 hexadecimal digits of a head", field="--expect", example="9f86d081…f00a08")
    with Session(reader(database(settings(data)))) as session:
        result = verify_log(session, expect or ())
    if as_json:
        findings = [{"seq": item.seq, "what": item.what, "text": item.text} for item in result.findings]
        show_json({"whole": result.whole, "entries": result.count, "head": result.head, "findings": findings})
    elif result.whole:
        print(f"The log is whole: {result.count} entries, head {result.head}")
    else:
        for item in result.findings:
            print(f"{item.what}: {item.text}")
    if not result.whole:
        raise typer.Exit(1)


@evidence.command("head", epilog="Example: kept evidence head --json")
def evidence_head(as_json: AsJson = False, data: Data = None) -> None:
    """The number and digest of the last entry."""
    from sqlmodel import Session

    from app.db import reader
    from app.evidence.actions import head

    with Session(reader(database(settings(data)))) as session:
        seq, digest = head(session)
    show_json({"seq": seq, "digest": digest}) if as_json else print(f"{seq} {digest}")


@evidence.command("export", epilog="Example: kept evidence export bundle.zip")
def evidence_export(file: Path, data: Data = None) -> None:
    """Write the log with its attachments as a zip that anybody can check with Python alone."""
    from sqlmodel import Session

    from app.db import reader
    from app.evidence.queries import bundle

    try:
        with Session(reader(database(settings(data)))) as session, file.open("wb") as out:
            bundle(session, out)
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", field="FILE", example="bundle.zip") from None
    say(f"Wrote {file}. docs/verify-evidence.md says how to check it without Kept.")


@command.command("availability", epilog="Example: kept availability vectors/availability.json --json")
def availability(
    file: Annotated[Path, typer.Argument(help="A file shaped like vectors/availability.json.")], as_json: AsJson = False
) -> None:
    """Answer worked examples of availability, so that anybody can check our arithmetic with theirs.

    Of each vector only `id` and `case` are read; an `answer` that stands there is not looked at.
    """
    from app.sla.availability import availability as answer

    vectors = _vectors(file)
    results = []
    for number, vector in enumerate(vectors):
        if not isinstance(vector, dict) or "id" not in vector or "case" not in vector:
            raise BadInput(
                "needs an `id` and a `case`", field=f"vectors[{number}]", example='{"id": "a-1", "case": {…}}'
            )
        try:
            results.append({"id": vector["id"], "answer": answer(vector["case"])})
        except ValueError as error:
            raise BadInput(str(error), field=f"vectors[{number}] ({vector['id']})") from None
    if as_json:
        show_json({"results": results})
        return
    rows = []
    for item in results:
        percents = item["answer"]["availability_percent"]
        seconds = ", ".join(f"{name} {value}" for name, value in item["answer"]["seconds"].items())
        rows.append(
            [
                str(item["id"]),
                seconds,
                *(
                    "-" if percents[name] is None else f"{percents[name]}"
                    for name in ("ignore_downtime", "forgive", "exclude")
                ),
            ]
        )
    table("Availability", ["id", "seconds", "ignore windows", "forgive", "exclude"], rows)


def _vectors(file: Path) -> list[object]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", field="FILE", example="vectors/availability.json") from None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadInput(f"is not JSON: {error}", field="FILE", example="vectors/availability.json") from None
    vectors = content.get("vectors") if isinstance(content, dict) else content
    if not isinstance(vectors, list):
        raise BadInput("has no list `vectors`", field="FILE", example='{"vectors": [{"id": "a-1", "case": {…}}]}')
    return vectors
