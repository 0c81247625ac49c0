"""Commands on observations whose hour is over: seal, let go, verify, show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, progress, say, settings, show_json
from app.errors import BadInput, NotFound
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

observations = typer.Typer(help="Observations whose hour is over.", no_args_is_help=True)
command.add_typer(observations, name="observations")


@observations.command("seal", epilog="Example: kept observations seal")
def seal(as_json: AsJson = False, data: Data = None) -> None:
    """Pack the hours that are over and seal them in the evidence log, and pack days that are over together. Kept does
    so by itself every few minutes; killed in the middle, it goes on where it was."""
    from app.probes.storage.merging import merge_all
    from app.probes.storage.sealing import seal as one_round
    from app.web.edge import utc_now

    engine = database(settings(data))
    now = utc_now()
    done = {"rounds": 0, "chunks": 0, "observations": 0, "days": 0}
    with progress() as bar:
        task = bar.add_task("Sealing", total=None)
        while (made := one_round(engine, now)).number or made.more:
            done["rounds"] += bool(made.number)
            done["chunks"] += made.chunks
            done["observations"] += made.observations
            bar.update(task, completed=done["chunks"])
        done["days"], _ = merge_all(engine, now)
    if as_json:
        show_json(done)
        return
    if not done["rounds"]:
        say("Nothing to seal: every hour that is over is sealed.")
    else:
        say(
            f"{done['observations']} observations in {done['chunks']} hours of monitors sealed, "
            f"{done['rounds']} rounds."
        )
    if done["days"]:
        say(f"{done['days']} days of monitors that are over packed together.")


@observations.command("retain", epilog="Example: kept observations retain --dry-run")
def retain(
    months: Annotated[
        int | None,
        typer.Option(min=2, max=1200, help="Months to keep (KEPT_RAW_MONTHS, 24).", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Let go of observations that are older and that no claim needs. Their states, sums and digests stay for good."""
    from app.due.holding import holds
    from app.probes.storage.retention import let_go
    from app.web.edge import utc_now

    place = settings(data, raw_months=months)
    engine, now = database(place), utc_now()
    gone, observed = 0, 0
    while True:
        one = let_go(engine, now, months=place.raw_months, holds=holds, dry=dry_run)
        gone, observed = gone + one.chunks, observed + one.observations
        if dry_run or not one.more:
            break
    if as_json:
        show_json({"chunks": gone, "observations": observed, "held": one.held, "why": one.why, "more": one.more})
        return
    at_least = "at least " if one.more else ""
    say(f"{at_least}{observed} observations in {gone} hours {'would go' if dry_run else 'were let go'}.")
    for why in one.why:
        say(f"Held: {why}.")


@observations.command("verify", epilog="Example: kept observations verify --json")
def verify(as_json: AsJson = False, data: Data = None) -> None:
    """Recompute the digest and the sums of every sealed hour and the root of every round, and hold them against the
    evidence log. Exit code 1 where something does not hold."""
    from sqlmodel import Session

    from app.db import reader
    from app.probes.storage.verifying import verify as checked

    engine = database(settings(data))
    with progress() as bar, Session(reader(engine)) as session:
        task = bar.add_task("Rounds", total=None)
        found = checked(session, lambda done, total: bar.update(task, completed=done, total=total))
    if as_json:
        faults = [{"what": one.what, "text": one.text} for one in found.faults]
        show_json({
            "whole": not faults, "rounds": found.rounds, "chunks": found.chunks, "gone": found.gone,
            "observations": found.observations, "faults": faults,
        })  # fmt: skip
    else:
        for one in found.faults:
            print(f"{one.what}: {one.text}")
        told = f"{found.observations} observations in {found.chunks} hours and {found.rounds} rounds are as they were "
        say(f"{told}sealed; of {found.gone} hours more only digests and sums are left. {len(found.faults)} faults.")
    if found.faults:
        raise typer.Exit(1)


@observations.command("show", epilog="Example: kept observations show HOST-1 2025-06-28T20Z | sha256sum")
def show(
    monitor: Annotated[str, typer.Argument(help="Its name or id.")],
    hour: Annotated[str, typer.Argument(help="The hour in UTC: 2025-06-28T20Z.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """One sealed hour as the lines its digest is made of; on standard error where the digest stands. With --json the
    way from the digest to the root in the evidence log instead."""
    from sqlmodel import Session

    from app.db import reader
    from app.probes.storage.proving import proof

    with Session(reader(database(settings(data)))) as session:
        found = proof(session, monitor, _hour(hour))
    if as_json:
        show_json(found.as_json())
    elif found.lines is None:
        raise NotFound(
            f"the observations of that hour were let go: {found.observations} of them; their digest is {found.digest}, "
            f"in round {found.round}, entry {found.entry} of the evidence log", field="HOUR", example="--json",
        )  # fmt: skip
    else:
        print("".join(found.lines), end="")
        say(f"SHA-256 {found.digest}; round {found.round}, entry {found.entry} of the log. --json shows the way.")


def _hour(text: str) -> datetime:
    try:
        plain = text.upper().removesuffix("Z")
        moment = datetime.fromisoformat(plain + (":00+00:00" if len(plain) == 13 else "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.minute or moment.second or moment.microsecond:
        raise BadInput("is no full hour in UTC", field="HOUR", example="2025-06-28T20Z")
    return moment


def let_go_tick(place: Settings) -> Callable[[Engine, datetime], None]:
    """Every so often, as the settings say."""

    def tick(engine: Engine, now: datetime) -> None:
        from app.due.holding import holds
        from app.probes.storage.retention import let_go

        let_go(engine, now, months=place.raw_months, holds=holds)

    return tick
