"""The command `kept`: the same actions as the API, by hand.

Exit codes: 0 done · 1 looked and found something wrong · 2 bad input · 3 not allowed · 4 not found ·
5 does not fit what is recorded · 6 something is missing on this machine · 70 a defect in Kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module

import typer

from app.errors import KeptError

DEFECT = 70

command = typer.Typer(
    name="kept",
    help="What a hosting provider promised, against what happened.",
    epilog="Exit codes: 0 done, 1 found something wrong, 2 bad input, 3 not allowed, 4 not found, 5 conflict, "
    "6 missing on this machine, 70 a defect in Kept.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

MODULES = (
    "audit.assessing",
    "audit.comparing",
    "audit.inspecting",
    "audit.seals",
    "audit.snapshots",
    "audit.watching",
    "calling",
    "checking",
    "claims",
    "contracts",
    "correspondence",
    "due",
    "letters.notices",
    "letters.own_texts",
    "mail.keeping",
    "mail.queue",
    "mail.trying",
    "monitors.alerts",
    "monitors.observations",
    "monitors.pictures",
    "monitors.probing",
    "monitors.witnesses",
    "papers",
    "records",
    "remote.locations",
    "running",
    "working",
)

ALONE = {word: ("monitors.probing", "running", "working") for word in ("serve", "work", "probe")}
"""What runs for weeks does not hold the other commands in its memory."""


def hang_in(names: Iterable[str] = MODULES) -> None:
    """Loads modules of this folder; each hangs its commands into `command`."""
    for name in names:
        import_module(f"app.cli.{name}")


def main() -> None:
    """Entry point: errors of ours become one sentence and an exit code, never a traceback."""
    hang_in(ALONE.get(" ".join(sys.argv[1:2]), MODULES))
    try:
        command()
    except KeptError as error:
        print(f"kept: {error.sentence()}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("kept: interrupted; what was not committed was rolled back", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except Exception as error:
        if os.environ.get("KEPT_LOG_LEVEL", "").lower() == "debug":
            raise
        print(f"kept: a defect in Kept, nothing of yours: {type(error).__name__}: {error}", file=sys.stderr)
        print("kept: KEPT_LOG_LEVEL=debug shows where; nothing was written.", file=sys.stderr)
        raise SystemExit(DEFECT) from None
