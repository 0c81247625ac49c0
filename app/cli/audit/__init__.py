"""`kept audit`: snapshots, their seals and proofs, and what became of everything between them.

Exit codes of this group: 0 clean · 3 losses were found · 4 the evidence does not hold · 5 part of it is not there.
"""

from __future__ import annotations

import typer

from app.cli import command

audit = typer.Typer(
    help="What a migration lost, reverted or damaged: snapshots of sites, sealed, checked and compared.",
    epilog="Exit codes: 0 clean, 3 losses, 4 the evidence does not hold, 5 part of it is not there.",
    no_args_is_help=True,
)
command.add_typer(audit, name="audit")
