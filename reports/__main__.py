"""`python -m reports monthly_provider < doc.json > doc.pdf`: JSON in, PDF out; `--html` gives the web page instead.

A document that must not be printed ends with exit code 2 and one sentence on standard error, never a traceback.
"""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from .documents import KINDS, EvidenceAppendix, Printed
from .enclosed import File
from .errors import DocumentInvalid, RenderRefused


def read(kind: str, json: bytes) -> Printed:
    """The document, or a refusal that names the first wrong field and what is wrong with it."""
    try:
        return KINDS[kind].model_validate_json(json)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "document"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise DocumentInvalid(
            field, first["msg"].removeprefix("Value error, ") + more, f"see reports/samples for a {kind}"
        ) from error


def _files(document: Printed, folder: Path | None) -> tuple[File, ...]:
    """The files the document lists, from the folder; what is not there the press will name."""
    listed = document.attached if isinstance(document, EvidenceAppendix) else ()
    there = [folder / item.name for item in listed if folder is not None and (folder / item.name).is_file()]
    return tuple(File(path.name, path.read_bytes()) for path in there)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports", description="Print a document: JSON in, PDF out.")
    parser.add_argument("kind", choices=sorted(KINDS), help="which document the JSON on standard input is")
    parser.add_argument("--files", type=Path, help="folder of the files the document lists (evidence)")
    parser.add_argument("--html", action="store_true", help="a self-contained web page instead of a PDF")
    chosen = parser.parse_args(arguments)
    try:
        document = read(chosen.kind, sys.stdin.buffer.read())
        from . import press  # loads the renderer: not needed to refuse a document

        files = _files(document, chosen.files)
        printed = press.render_html(document).encode() if chosen.html else press.render_pdf(document, files)
    except RenderRefused as refused:
        print(str(refused).replace("\n", " "), file=sys.stderr)
        return 2
    sys.stdout.buffer.write(printed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
