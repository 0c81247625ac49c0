"""Commands on mail: whether the settings work."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer

from app.cli import command
from app.cli.place import AsJson, Missing, say, settings, show_json
from app.errors import BadInput

mail = typer.Typer(help="Our messages on their way.", no_args_is_help=True)
command.add_typer(mail, name="mail")
BY = {"us": ">", "server": "<", "note": "-"}


@mail.command("test", epilog="Example: kept mail test me@studio.example")
def try_out(
    address: Annotated[str, typer.Argument(help="Where to: an address of your own.")], as_json: AsJson = False
) -> None:
    """Hand one message to the mail server and show the conversation without secrets; look into the mailbox of bounces,
    where one is set. Exit code 1 if the message is not taken, or the mailbox cannot be read."""
    from app.delivery import dkim, mailbox, mime, smtp
    from app.delivery.shapes import Kind, Mailbox, Outgoing, Said, Ways
    from app.web.edge import utc_now

    ways = Ways.of(settings())
    if ways.server is None or ways.sender is None:
        reason = "no mail server is set: this and KEPT_MAIL_FROM are needed"
        raise Missing(reason, field="KEPT_SMTP_HOST", example="mail.studio.example")
    try:
        to = Mailbox.read(address)
    except ValueError as error:
        raise BadInput(str(error), field="ADDRESS") from None
    token = secrets.token_hex(10)
    outgoing = Outgoing(key=f"test-{token}", to=to, subject="Kept can send mail", text=TEXT)
    raw = mime.build(outgoing, ways.sender, message_id=ways.sender.message_id(token), at=utc_now())
    if ways.dkim is not None:
        raw = dkim.sign(raw, ways.dkim)
        name, text = dkim.record(ways.dkim)
        if not as_json:
            say(f"- signed; others check it by the TXT record {name}: {text}")

    heard: list[Said] = []

    def hear(said: Said) -> None:
        heard.append(said)
        if not as_json:
            print(f"{BY[said.by]} {said.text}", file=sys.stderr, flush=True)

    path = ways.sender.return_path(token)
    answer = smtp.send(ways.server, path, to.address, raw, envelope_id=token, hear=hear)
    try:
        new = None if ways.account is None else mailbox.waiting(ways.account)
        box = "" if new is None else f"The mailbox of bounces can be read; {new} new in it."
    except mailbox.Unreachable as error:
        new, box = None, f"The mailbox of bounces cannot be read: {error.reason}"
    if as_json:
        fields = ("kind", "stage", "about", "code", "status", "text")
        shown = {field: getattr(answer, field) for field in fields}
        told = [{"by": said.by, "text": said.text} for said in heard]
        shown |= {"message_id": ways.sender.message_id(token), "envelope_from": path, "conversation": told}
        show_json(shown | {"mailbox": box or None})
    elif answer.kind is Kind.ACCEPTED:
        say(f"The server has taken it. Look for it at {to.address}, also among the spam; it came from {path}.")
    else:
        say(f"{WORDS[answer.kind]}, at the step {answer.stage}: {answer.text}")
    if box and not as_json:
        say(box)
    if answer.kind is not Kind.ACCEPTED or (box and new is None):
        raise typer.Exit(1)


TEXT = """\
This is a test: Kept could hand a message to your mail server, and it arrived.

Answer it, to see that answers reach whoever reads them.
"""
WORDS = {
    "temporary": "It was not taken; a letter would be tried again",
    "permanent": "It was refused",
    "unknown": "All of it was sent and no answer came: nobody knows whether it arrived",
}
