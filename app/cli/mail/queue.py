"""Commands on the outbox: where each message stands, decisions, what was done by hand, what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import typer

from app.cli.calling import answer, call
from app.cli.claims import asked
from app.cli.mail.trying import mail
from app.cli.place import AsJson, Data, say, show_json, table
from app.errors import BadInput, NotFound

PAGE = 500
Which = Annotated[str, typer.Argument(metavar="ID", help="The message's id, or its Message-ID as letters carry it.")]
By = Annotated[str, typer.Option(help="Who says so: a person's name.", metavar="NAME")]
Why = Annotated[str, typer.Option(help="How they know.")]
State = Literal[
    "queued", "sending", "deferred", "accepted", "refused", "bounced", "given_up", "uncertain", "suppressed", "to_do",
    "by_hand",
]  # fmt: skip


def _all(what: str, data: Path | None, **query: Any) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    given = {name: value for name, value in query.items() if value is not None}
    page = asked("GET", f"{what}?{urlencode({'limit': PAGE} | given)}", None, data)
    while True:
        out += page["items"]
        if page["next"] is None:
            return out
        page = asked("GET", f"{what}?{urlencode({'limit': PAGE, 'after': page['next']} | given)}", None, data)


def _id(which: str, data: Path | None) -> str:
    if "@" not in which:
        try:
            return str(UUID(which))
        except ValueError:
            raise BadInput(
                f"{which[:60]!r} is neither an id nor a Message-ID", field="ID", example="as `kept mail queue` shows it"
            ) from None
    wanted = f"<{which.strip('<> ')}>"
    found = [one["id"] for one in _all("deliveries", data) if one["message_id"] == wanted]
    if not found:
        raise NotFound(f"no message has the Message-ID {wanted}", field="ID", example="kept mail queue")
    return str(found[0])


@mail.command("queue", epilog="Example: kept mail queue --state uncertain")
def queue(
    state: Annotated[State | None, typer.Option(help="Only messages that stand there.")] = None,
    notice: Annotated[str | None, typer.Option(help="Only those of a round of letters, by its id.")] = None,
    for_a_person: Annotated[bool, typer.Option("--for-a-person", help="Only what somebody has to do.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Our messages and where each stands. Exit code 1 if somebody has to decide, post or telephone."""
    only = {"state": state, "notice_id": notice, "for_a_person": "true" if for_a_person else None}
    rows = _all("deliveries", data, **only)
    counts = asked("GET", "deliveries/counts" + (f"?notice_id={notice}" if notice else ""), None, data)
    if as_json:
        show_json({"counts": counts, "deliveries": rows})
    else:
        if rows:
            shown = [
                [row["state"].replace("_", " "), row["name"] or "", row["address"] or row["channel"],
                 row["subject"] or "", row["said"][:80], row["message_id"]]
                for row in rows
            ]  # fmt: skip
            table("Messages", ["", "to", "where", "subject", "what it came to", "Message-ID"], shown)
        told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in counts["states"].items())
        say(told or "Nothing was handed over so far.")
    if counts["for_a_person"]:
        raise typer.Exit(1)


@mail.command("show", epilog="Example: kept mail show '<kept.5f0c9a1e77b24d0835c1e6aa@studio.example>'")
def show(which: Which, as_json: AsJson = False, data: Data = None) -> None:
    """One message: every attempt to send it with the server's words, and whatever else happened to it."""
    row = asked("GET", f"deliveries/{_id(which, data)}", None, data)
    if as_json:
        show_json(row)
        return
    print(f"{row['message_id']}  {row['state'].replace('_', ' ')}  {row['said']}")
    print(f"{row['name'] or ''} {row['address'] or row['channel']}: {row['subject'] or ''}")
    if row["let_go_at"]:
        print(f"  what it said was let go at {row['let_go_at']}; its SHA-256 is {row['content_digest']}")
    for one in row["tries"]:
        ended = "the sender died" if one["ended_at"] is None else f"{one['kind']} at {one['stage']}: {one['text']}"
        print(f"  {one['started_at']}  {one['number']}  {ended}")
    for one in row["events"]:
        print(f"  {one['at']}  {one['kind']}  {one['how'] or ''} {one['status'] or ''} {one['by'] or ''} {one['text']}")


@mail.command("decide", epilog="Example: kept mail decide 0199… again --by 'Dana Reyes' --why 'not in their mailbox'")
def decide(
    which: Which,
    what: Annotated[Literal["went", "again"], typer.Argument(help="It went after all; or send it again.")],
    by: By,
    why: Why,
    data: Data = None,
) -> None:
    """Decide about a message that may have gone, or send one again that did not arrive: under the same Message-ID."""
    row = asked("POST", f"deliveries/{_id(which, data)}/decide", {"what": what, "by": by, "why": why}, data)
    say(f"{row['message_id']} is {row['state']} now.")


@mail.command("by-hand", epilog="Example: kept mail by-hand 0199… phone --by 'Dana Reyes'")
def by_hand(
    which: Which,
    how: Annotated[Literal["post", "phone", "visit", "other"], typer.Argument(help="How it reached them.")],
    by: By,
    at: Annotated[str | None, typer.Option(help="When, with its offset; now if left out.")] = None,
    text: Annotated[str | None, typer.Option(help="What is worth knowing of it.")] = None,
    data: Data = None,
) -> None:
    """It reached them another way: posted, told by telephone or in person. It is not sent any more."""
    body = {"how": how, "by": by, "at": at, "text": text}
    given = {name: value for name, value in body.items() if value is not None}
    asked("POST", f"deliveries/{_id(which, data)}/by-hand", given, data)
    say("Written down.")


@mail.command("bounces", epilog="Example: kept mail bounces bounce.eml")
def bounces(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Delivery reports, one message a file; without any the mailbox is read.")
    ] = None,
    data: Data = None,
) -> None:
    """Take in what came back: from files, or from the mailbox of KEPT_IMAP_HOST."""
    for file in files or []:
        try:
            content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        except OSError as error:
            raise BadInput(f"cannot be read: {error}", field="FILES", example="bounce.eml") from None
        said = call("POST", "deliveries/bounces", content, {"content-type": "message/rfc822"}, data)
        if said.status_code >= 400:
            answer(said)
        for row in said.json():
            print(f"{row['message_id']}  {row['state'].replace('_', ' ')}  {row['address'] or ''}  {row['said']}")
    if not files:
        _mailbox(data)


def _mailbox(data: Path | None) -> None:
    from app.cli.place import Missing, database, settings
    from app.cli.working import read_bounces
    from app.web.edge import utc_now

    place = settings(data)
    if place.imap_host is None:
        raise Missing("no mailbox is set", field="KEPT_IMAP_HOST", example="kept mail bounces bounce.eml")
    found = read_bounces(place, database(place), utc_now())
    say(f"{found.reports} reports taken in, {found.others} other messages are left for a person, with a flag.")


suppressions = typer.Typer(help="Addresses that are not written to.", no_args_is_help=True)
mail.add_typer(suppressions, name="suppressions")


@suppressions.command("list", epilog="Example: kept mail suppressions list")
def list_suppressions(
    lifted: Annotated[bool, typer.Option("--lifted", help="Lifted ones too.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Addresses that are not written to, because mail to them was refused for good."""
    rows = _all("suppressions", data, lifted="true" if lifted else None)
    if as_json:
        show_json(rows)
    elif rows:
        shown = [[row["address"], row["why"], row["created_at"], row["lifted_by"] or "", row["id"]] for row in rows]
        table("Not written to", ["address", "why", "since", "lifted by", "id"], shown)
    else:
        say("Every address is written to.")


@suppressions.command("lift", epilog="Example: kept mail suppressions lift a@acme.example --by 'Dana Reyes' --why told")
def lift(
    address: Annotated[str, typer.Argument(help="The address that works again.")], by: By, why: Why, data: Data = None
) -> None:
    """Write to an address again. What was held back is sent when somebody says so: `kept mail decide ID again`."""
    rows = [row for row in _all("suppressions", data) if address.strip().casefold() == row["address"]]
    if not rows:
        raise NotFound(f"{address!r} is not held back", field="ADDRESS", example="kept mail suppressions list")
    asked("POST", f"suppressions/{rows[0]['id']}/lift", {"by": by, "why": why}, data)
    say("It is written to again.")
