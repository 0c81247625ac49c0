"""`kept audit compare` and what is read off it: verdicts, one path's story, what to copy back.

Exit codes as of the whole group: 0 clean · 3 losses were found · 4 something could not be verified · 5 part of the
evidence is not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from app.cli.audit import audit
from app.cli.papers import moment
from app.cli.place import say, show_json, table
from app.errors import BadInput, NotFound

if TYPE_CHECKING:
    from app.integrity.compare.audit import Asked, Audit
    from app.integrity.compare.clocks import Given
    from app.integrity.compare.summary import Summary
    from app.integrity.format import Clock

SEVERAL = ("--pre", "--during")


class Several(TyperCommand):
    """A command whose --pre and --during take several values in a row: `--pre g0 g1 g2`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        spread: list[str] = []
        open_option, first = "", False
        for number, word in enumerate(args):
            if word == "--":
                spread += args[number:]
                break
            name, given, _ = word.partition("=")
            if name in SEVERAL:
                open_option, first = name, not given
            elif word.startswith("-"):
                open_option = ""
            elif open_option and not first:
                spread.append(open_option)
            else:
                first = False
            spread.append(word)
        return super().parse_args(ctx, spread)


Pre = Annotated[
    list[Path] | None, typer.Option("--pre", help="Generations of the old server from before the work, in any order.")
]
During = Annotated[
    list[str] | None, typer.Option("--during", help="Generations taken meanwhile: old:FOLDER or new:FOLDER.")
]
After = Annotated[Path, typer.Option("--after", help="The generation of the new server that is judged.")]
Cutover = Annotated[
    str | None, typer.Option(help="When the new server took over; needed where there is no --pre.", show_default=False)
]
Clock_ = Annotated[
    list[str] | None,
    typer.Option("--clock", help="How many seconds a server's clock was ahead: new=7200±2, or new=unknown."),
]
Renamed = Annotated[
    list[str] | None, typer.Option("--renamed", help="A site that has another name now: OLD=NEW. May be repeated.")
]
Answers = Annotated[
    Path | None, typer.Option(help="What `kept audit probe` answered to --questions, of the same comparison.")
]
Questions = Annotated[Path | None, typer.Option(help="Write here what `kept audit probe` should answer.")]
Site = Annotated[str | None, typer.Option(help="Only this site.")]


@audit.command(
    "compare", cls=Several,
    epilog="Example: kept audit compare --pre g0 g1 g2 --during old:h12 new:h20 --after a --format jsonl",
)  # fmt: skip
def audit_compare(
    after: After,
    pre: Pre = None,
    during: During = None,
    cutover: Cutover = None,
    clock: Clock_ = None,
    renamed: Renamed = None,
    form: Annotated[Literal["table", "jsonl", "csv", "json"], typer.Option("--format", help="How to print.")] = "table",
    out: Annotated[Path | None, typer.Option(help="Keep every verdict with its reasons: verdicts.parquet.")] = None,
    only_findings: Annotated[bool, typer.Option("--only-findings", help="Leave out what is intact.")] = False,
    site: Site = None,
    questions: Questions = None,
    answers: Answers = None,
) -> None:
    """Judge every path and row of the new server against all earlier generations.

    Exit code 3 where losses were found, 5 where evidence is lacking, 4 where something could not be verified.
    """
    from app.integrity.compare import printing
    from app.integrity.compare.audit import Audit
    from app.integrity.compare.summary import Summary
    from app.integrity.compare.tables import compare_tables

    brief = only_findings or form in ("table", "json")
    asked = asked_of(after, pre, during, cutover, clock, renamed, site, questions, answers, brief)
    run, summary, stream = Audit(asked), Summary(asked), sys.stdout.buffer
    kept: list[Any] = []
    head = True
    for result in run.results():
        summary.add(result, tell=form in ("table", "json"))
        if form == "jsonl":
            printing.write_jsonl(stream, result, only_findings)
        elif form == "csv":
            printing.write_csv(stream, result, only_findings, summary.ids, head=head)
            head = False
        if out is not None:
            kept.append((result, result.lines(asked.only_findings)))
        stream.flush()
    for rows in compare_tables(asked.order, site):
        summary.add_table(rows)
        if form == "jsonl":
            printing.write_rows_jsonl(stream, rows, only_findings)
    stream.flush()
    _keep(out, kept, summary, questions)
    if form == "json":
        show_json(summary.as_json())
    elif form == "table":
        _tables(summary)
    else:
        for line in summary.limits():
            say(line)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def _keep(out: Path | None, kept: list[Any], summary: Summary, questions: Path | None) -> None:
    from app.integrity.compare import parts, printing

    try:
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            printing.to_keep(kept, summary.ids).write_parquet(out)
        if questions is not None and not questions.exists():
            asked = parts.as_questions(summary.asked.order.given[-1].generation.id, summary.questions)
            questions.write_text(json.dumps(asked, indent=1), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written: {error.strerror}", field="--out", example="verdicts.parquet") from None


def _tables(summary: Summary) -> None:
    figures = ("current", "old", "lost", "unknown", "low", "excluded", "drift")
    rows = [
        [item["site"], item["state"], *(str(item[name]) for name in figures), "; ".join(item["notes"])]
        for item in summary.sites
    ]
    names = ["site", "state", "current", "old", "lost", "unknown", "low", "excluded", "other rights", "notes"]
    table("Paths, by site", names, rows)
    if summary.tables:
        listed = [
            [item["site"], item["table"], ", ".join(f"{count} {name}" for name, count in item["rows"].items()),
             "; ".join(item["notes"])]
            for item in summary.tables
        ]  # fmt: skip
        table("Rows, by table", ["site", "table", "rows", "notes"], listed)
    for finding in summary.findings[:200]:
        print(f"{finding['verdict']} {finding['conf']}: {finding['text']}")
    if len(summary.findings) > 200:
        print(f"… and {len(summary.findings) - 200} more: --format jsonl or csv lists them all")
    for line in summary.limits():
        print(line)


def asked_of(
    after: Path, pre: list[Path] | None, during: list[str] | None, cutover: str | None, clock: list[str] | None,
    renamed: list[str] | None, site: str | None, questions: Path | None, answers: Path | None, only_findings: bool,
) -> Asked:  # fmt: skip
    from app.integrity.compare import renaming
    from app.integrity.compare.audit import Asked
    from app.integrity.compare.clocks import order

    clocks = _clocks(clock or [])
    given = [_given(str(path), "old", "pre", clocks) for path in pre or []]
    for text in during or []:
        server, mark, folder = text.partition(":")
        if not mark or server not in ("old", "new"):
            server, folder = "", text
        given.append(_given(folder, server, "during", clocks))
    given.append(_given(str(after), "new", "after", clocks))
    if renamed:
        given = renaming.renamed(given, renaming.names_of(renamed))
    ordered = order(given)
    at = moment(cutover, "--cutover")
    live = not pre
    if live and at is not None:
        old = [item for item in given if item.server == "old"]
        live = max(item.generation.start_ns - (item.clock.offset_ns or 0) for item in old) > int(at.timestamp()) * 10**9
    asked = Asked(ordered, _answers(questions, answers), only_findings, live, site)
    if site is not None and not any(part.name == site for item in given for part in item.generation.sites):
        raise NotFound(f"no generation has a site {site!r}", field="--site")
    return asked


def _given(folder: str, server: str, role: str, clocks: dict[str, Clock]) -> Given:
    from app.integrity.compare.clocks import Given
    from app.integrity.format import read_generation

    generation = read_generation(folder)
    if server and generation.server != server and generation.label != "import":
        flag = {"pre": "--pre", "after": "--after"}.get(role, "--during")
        raise BadInput(
            f"{folder} is a snapshot of the {generation.server} server", field=flag,
            example=f"--during {generation.server}:{folder}",
        )  # fmt: skip
    server = server or generation.server
    return Given(generation, server, role, clocks.get(server, generation.clock))


def _clocks(texts: list[str]) -> dict[str, Clock]:
    from app.integrity.agent.clock import given
    from app.integrity.format import Clock

    out = {}
    for text in texts:
        server, _, value = text.partition("=")
        if server not in ("old", "new") or not value:
            raise BadInput("names no server's clock", field="--clock", example="new=7200±2")
        if value == "unknown":
            out[server] = Clock(None, None, "declared unknown")
            continue
        try:
            said = given(value)
        except ValueError as error:
            raise BadInput(str(error), field="--clock", example="new=7200±2") from None
        out[server] = Clock(said["offset_ns"], said["uncertainty_ns"], "as given on the command line")
    return out


def _answers(questions: Path | None, answers: Path | None) -> dict[Any, Any]:
    from app.integrity.compare import parts

    if answers is None:
        return {}
    if questions is None:
        raise BadInput("answers need the questions that were asked", field="--questions", example="questions.json")
    try:
        asked, said = (json.loads(file.read_text(encoding="utf-8")) for file in (questions, answers))
        return dict(parts.read_answers(asked, said))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise BadInput(
            f"cannot be read together with the questions: {type(error).__name__} {error}", field="--answers",
            example="kept audit probe GEN questions.json > answers.json",
        ) from None  # fmt: skip


@audit.command(
    "explain", cls=Several,
    epilog="Example: kept audit explain C-001/shop.example/index.php --pre g0 g1 --after a",
)  # fmt: skip
def audit_explain(
    path: Annotated[str, typer.Argument(help="CLIENT/SITE/path or SITE/path; percent-encoded where it is not UTF-8.")],
    after: After,
    pre: Pre = None,
    during: During = None,
    cutover: Cutover = None,
    clock: Clock_ = None,
    renamed: Renamed = None,
) -> None:
    """The whole story of one path: what each generation saw of it, and why the verdict is what it is."""
    from app.integrity.compare.audit import Audit
    from app.integrity.compare.telling import story

    run = Audit(asked_of(after, pre, during, cutover, clock, renamed, None, None, None, False))
    site, names = _located(run, path)
    for line in story(run, site, names):
        print(line)


def _located(run: Audit, text: str) -> tuple[str, tuple[bytes, ...]]:
    """The site and the paths within it that a text may mean, the longest name of a site first. Raises NotFound."""
    from app.integrity.format import meant

    sites = {part.name: part.client for item in run.order.given for part in item.generation.sites}
    for name, client in sorted(sites.items(), key=lambda item: -len(item[0])):
        for prefix in (f"{client}/{name}/", f"{name}/"):
            if text.startswith(prefix):
                return name, meant(text.removeprefix(prefix))
    raise NotFound(f"{text!r} begins with no site of these generations", field="PATH", example="shop.example/index.php")


@audit.command(
    "restore-list", cls=Several,
    epilog="Example: kept audit restore-list --from old --site shop.example --pre g0 g1 --after a > files",
)  # fmt: skip
def audit_restore_list(
    after: After,
    source: Annotated[
        Literal["old", "backup"],
        typer.Option("--from", help="old: what the old server still held; backup: what only the new one ever had."),
    ],
    pre: Pre = None,
    during: During = None,
    cutover: Cutover = None,
    clock: Clock_ = None,
    renamed: Renamed = None,
    site: Site = None,
    rows: Annotated[bool, typer.Option("--rows", help="Rows instead: site, table and key, with tabs.")] = False,
) -> None:
    """What to copy back, for `rsync --from0 --files-from=-`: names end in NUL, below the site, or without --site
    below the folder of all clients. What changed on both servers is left out: a person has to merge it."""
    from app.integrity.compare.audit import Audit
    from app.integrity.compare.summary import damaged

    run = Audit(asked_of(after, pre, during, cutover, clock, renamed, site, None, None, True))
    if rows:
        for line in _rows(run, site):
            print(line)
        return
    servers = {snap.number: snap.server for snap in run.order.snaps}
    merge = 0
    for result, path in damaged(run.results()):
        item = result.judged[path]
        if "FORK" in item.flags:
            merge += 1
        elif (servers.get(item.last) == "old") == (source == "old"):
            sys.stdout.buffer.write((path if site else result.prefix + path) + b"\0")
    sys.stdout.buffer.flush()
    if merge:
        say(f"{merge} paths were changed on both servers and are not in the list: a person has to merge them")


def _rows(run: Audit, site: str | None) -> Iterator[str]:
    from app.integrity.compare.tables import compare_tables

    for result in compare_tables(run.order, site):
        for line in result.lines():
            if line["verdict"] in ("LOST", "REVERTED", "ID_REUSED"):
                key = json.dumps(line["pk"], ensure_ascii=False)
                yield f"{line['site']}\t{line['table']}\t{key}\t{line['verdict']}"
