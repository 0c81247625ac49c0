"""Commands that print: the monthly report, the breach report, letters."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, progress, say, settings, show_json
from app.errors import BadInput, Conflict, NotFound

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

report = typer.Typer(help="Judge a month of a provider and write its papers.", no_args_is_help=True)
command.add_typer(report, name="report")
letters = typer.Typer(help="Client letters.", no_args_is_help=True)
command.add_typer(letters, name="letters")

Provider = Annotated[str, typer.Option(help="The provider's name.")]
Service = Annotated[str | None, typer.Option(help="The service's name; needed where the provider has several.")]
MonthName = Annotated[str, typer.Option(help="YYYY-MM.")]
AsAt = Annotated[str | None, typer.Option(help="The moment judged at, with its offset; now if left out.")]
Size = Annotated[Literal["A4", "Letter"] | None, typer.Option(help="Paper; the agency's own if left out.")]
Out = Annotated[Path | None, typer.Option(help="Folder to write to (KEPT_OUT).", show_default=False)]
Issue = Annotated[
    str | None, typer.Option("--issue", help="Issue it, approved by this person: frozen and numbered.", metavar="NAME")
]


def moment(text: str | None, field: str) -> datetime | None:
    """An instant from the command line. Raises BadInput with an example."""
    from pydantic import TypeAdapter, ValidationError

    from app.fields import Instant

    if text is None:
        return None
    try:
        return TypeAdapter(Instant).validate_python(text)
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(reason, field=field, example="2025-06-30T06:00:00+02:00") from None


def _service(session: Session, provider: str, service: str | None) -> UUID:
    from sqlmodel import col, select

    from app.agreements.tables import Provider as Row
    from app.agreements.tables import Service as ServiceRow

    found = session.exec(select(Row).where(Row.name == provider)).first()
    if found is None:
        names = ", ".join(session.exec(select(Row.name).order_by(col(Row.name)).limit(5)).all()) or "none yet"
        raise NotFound(f"no provider is called {provider!r}; there are: {names}", field="--provider")
    rows = session.exec(
        select(ServiceRow).where(ServiceRow.provider_id == found.id).order_by(col(ServiceRow.name))
    ).all()
    chosen = [row for row in rows if service is None or row.name == service]
    if len(chosen) != 1:
        names = ", ".join(row.name for row in rows) or "none yet"
        raise BadInput(
            f"say which service of {provider}: {names}", field="--service", example=rows[0].name if rows else "HOST-1"
        )
    return chosen[0].id


def _write(
    kind: str,
    provider: str,
    month: str,
    service: str | None,
    as_at: str | None,
    paper: str | None,
    out: Path | None,
    issue: str | None,
    as_json: bool,
    data: Path | None,
) -> None:
    from sqlmodel import Session

    from app.correspondence.queries import told as letters_sent
    from app.db import reader, transaction
    from app.statements import actions
    from app.statements.named import agency_of
    from app.web.edge import utc_now

    place, now = settings(data, out=out), utc_now()
    engine = database(place)
    at = moment(as_at, "--as-at")
    with transaction(engine) as session:
        session.info["actor"] = "person:command line"
        service_id = _service(session, provider, service)
        row = actions.ask(session, service_id=service_id, month=month, as_at=at, wishes={}, now=now)
        if not issue:
            session.rollback()  # a look leaves nothing behind
        session.expunge_all()
    with Session(reader(engine), expire_on_commit=False) as session, progress() as bar:
        task = bar.add_task("judging", total=3)
        size = paper or agency_of(session).paper
        made = actions.compose(session, row, kind, size, now, letters_sent, issued=bool(issue))
        document = made.document
        bar.update(task, advance=1, description="printing")
        pdf = actions.press(document, "pdf", made.files)
        bar.update(task, advance=1, description="writing")
        name = f"{document.header.number}_v{document.header.version}" if issue else f"{document.header.number}_preview"
        place.out.mkdir(parents=True, exist_ok=True)
        file = place.out / f"{name}.pdf"
        file.write_bytes(pdf)
        bar.update(task, advance=1, description=file.name)
    if issue:
        with transaction(engine) as session:
            session.info["actor"] = "person:command line"
            actions.issue(session, row, document, pdf, kind=kind, approved_by=issue, now=now)
    if as_json:
        show_json(
            {
                "file": str(file),
                "number": document.header.number,
                "version": document.header.version,
                "issued": bool(issue),
            }
        )
    else:
        print(file)


@report.command(
    "monthly",
    epilog="Example: kept report monthly --provider 'Northgate Hosting' --month 2025-06",
)
def monthly(
    provider: Provider,
    month: MonthName,
    service: Service = None,
    as_at: AsAt = None,
    paper: Size = None,
    out: Out = None,
    issue: Issue = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """The monthly provider report."""
    _write("monthly", provider, month, service, as_at, paper, out, issue, as_json, data)


@report.command(
    "breach", epilog="Example: kept report breach --provider 'Northgate Hosting' --month 2025-06 --issue 'Dana Reyes'"
)
def breach(
    provider: Provider,
    month: MonthName,
    service: Service = None,
    as_at: AsAt = None,
    paper: Size = None,
    out: Out = None,
    issue: Issue = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """The breach report and claim."""
    _write("breach", provider, month, service, as_at, paper, out, issue, as_json, data)


@report.command(
    "evidence",
    epilog="Example: kept report evidence --provider 'Northgate Hosting' --month 2025-06 --issue 'Dana Reyes'",
)
def evidence(
    provider: Provider,
    month: MonthName,
    service: Service = None,
    as_at: AsAt = None,
    paper: Size = None,
    out: Out = None,
    issue: Issue = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """The evidence appendix E0 to E7, with the observations and the original messages inside the PDF."""
    _write("evidence", provider, month, service, as_at, paper, out, issue, as_json, data)


@report.command(
    "pack",
    epilog="Example: kept report pack --provider 'Northgate Hosting' --month 2025-06 --out out",
)
def pack(
    provider: Provider,
    month: MonthName,
    service: Service = None,
    as_at: AsAt = None,
    paper: Size = None,
    out: Out = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Claim and evidence appendix as one zip, with their figures, two programs to check them and the digests: as issued
    for this month and moment, else as drafts."""
    from sqlmodel import Session, col, select

    from app.correspondence.queries import told as letters_sent
    from app.db import reader
    from app.statements import actions
    from app.statements import pack as packing
    from app.statements.named import agency_of
    from app.statements.tables import Paper, StatementRow
    from app.web.edge import utc_now

    place, now = settings(data, out=out), utc_now()
    engine = database(place)
    at = moment(as_at, "--as-at")
    with Session(reader(engine), expire_on_commit=False) as session:
        service_id = _service(session, provider, service)
        query = select(StatementRow).where(StatementRow.service_id == service_id, StatementRow.month == month)
        if at is not None:
            query = query.where(StatementRow.as_at == at)
        issued = select(Paper.statement_id).where(col(Paper.kind).in_(("breach", "evidence")))
        row = session.exec(
            query.where(col(StatementRow.id).in_(issued)).order_by(col(StatementRow.id).desc()).limit(1)
        ).first() or StatementRow(service_id=service_id, month=month, as_at=at, created_at=now)
        size = paper or agency_of(session).paper
        claim, appendix = actions.pack_of(session, row, size, now, letters_sent)
    content = packing.zipped(claim, actions.pdf_of(claim), appendix, actions.pdf_of(appendix))
    place.out.mkdir(parents=True, exist_ok=True)
    file = place.out / f"{claim.name}_pack.zip"
    file.write_bytes(content)
    if as_json:
        show_json({"file": str(file), "claim": claim.name, "evidence": appendix.name})
    else:
        print(file)


@letters.command("render", epilog="Example: kept letters render --notice 3 --provider 'Northgate Hosting' --out out")
def render(
    provider: Provider,
    service: Service = None,
    notice: Annotated[int | None, typer.Option(help="Only the round of this number; all rounds if left out.")] = None,
    out: Out = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Write letters as PDF: issued ones as they went out, drafts freshly printed."""
    from sqlmodel import Session, col, select

    from app.db import reader
    from app.notices.tables import Notice

    place = settings(data, out=out)
    engine = database(place)
    written: list[str] = []
    with Session(reader(engine), expire_on_commit=False) as session, progress() as bar:
        service_id = _service(session, provider, service)
        query = select(Notice).where(Notice.service_id == service_id).order_by(col(Notice.number))
        rows = [row for row in session.exec(query).all() if notice is None or row.number == notice]
        if not rows:
            raise NotFound(
                "there is no such round of letters; GET /api/v1/notices lists them", field="--notice", example="1"
            )
        for row in rows:
            folder = place.out / "letters" / f"{row.number}-{row.kind}"
            folder.mkdir(parents=True, exist_ok=True)
            items = _pdfs(session, engine, row)
            task = bar.add_task(f"round {row.number}", total=None)
            for name, pdf in items:
                (folder / f"{name}.pdf").write_bytes(pdf)
                written.append(str(folder / f"{name}.pdf"))
                bar.update(task, advance=1)
            bar.update(task, total=bar.tasks[task].completed)
    if as_json:
        show_json({"files": written})
    else:
        say(f"{len(written)} letters written under {place.out / 'letters'}")


def _pdfs(session: Any, engine: Engine, row: Any) -> Any:
    """(name, bytes) of every letter of a round."""
    from sqlmodel import col, select

    from app.notices.drafting import compose_all
    from app.notices.tables import Letter
    from app.statements.actions import refused
    from reports import documents as doc
    from reports import press
    from reports.errors import RenderRefused

    if row.issued_at is not None:
        for letter in session.exec(select(Letter).where(Letter.notice_id == row.id).order_by(col(Letter.id))):
            if letter.pdf is None:
                raise Conflict("a letter's content was erased; its digest stays in the log", field="--notice")
            yield doc.ClientLetter.model_validate_json(letter.document).header.number, letter.pdf
        return
    documents = [item.document for item in compose_all(session, row, issued=False)]
    try:
        for index, pdf in press.render_many(documents):
            yield documents[index].header.number + "_draft", pdf
    except RenderRefused as error:
        raise refused(error) from None
