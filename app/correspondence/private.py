"""No letter to a provider carries a client's name, contact or address: looked for before every letter is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from app.clients.tables import Client, Contact
from app.errors import Conflict
from app.sites.tables import Site
from reports.documents.provider_letters import ProviderLetter

SHORTEST = 4  # a name of three letters stands in too many words to be looked for


def no_client_data(session: Session, document: ProviderLetter) -> None:
    """Raises Conflict naming the field that holds something of a client's, and the client by number."""
    whole = document.model_dump(mode="json")
    ours = " ".join(_plain(str(text)) for _, text in _texts(whole["header"]["agency"], ""))
    texts = [(path, _plain(text)) for path, text in _texts(whole, "") if not path.startswith("header.agency")]
    allowed = {_plain(name) for name in session.exec(select(Site.name))}
    allowed |= {_plain(document.service), _plain(document.to.name)}
    for number, what, secret in _secrets(session):
        needle = _plain(secret)
        if len(needle) < SHORTEST or needle in allowed or needle in ours:
            continue
        for path, text in texts:
            if _stands_in(needle, text):
                raise Conflict(
                    f"holds the {what} of client {number}; a letter to a provider names sites and hosts, never clients",
                    field=_field(path),
                    example="shop.example is still unavailable",
                )


def _secrets(session: Session) -> Iterator[tuple[str, str, str]]:
    """(the client's number, what it is, its text) of every client and of every person there, present or past."""
    numbers = {}
    for client in session.exec(select(Client).order_by(col(Client.number))):
        numbers[client.id] = client.number
        yield client.number, "name", client.name
        for line in client.address:
            yield client.number, "address", line
    for contact in session.exec(select(Contact).where(col(Contact.erased_at).is_(None))):
        number = numbers.get(contact.client_id, "?")
        yield number, "contact's name", contact.name
        for what, value in (("contact's e-mail address", contact.email), ("contact's phone number", contact.phone)):
            if value:
                yield number, what, value


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _stands_in(needle: str, text: str) -> bool:
    """Whether the words stand in the text as words of their own."""
    start = text.find(needle)
    while start >= 0:
        end = start + len(needle)
        before, after = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() or after.isalnum()):
            return True
        start = text.find(needle, start + 1)
    return False


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{path}[{place}]")


def _field(path: str) -> str:
    """Where a person can put it right: the letter's own words, else the document's field."""
    return f"words.{path}" if path.split(".")[0].split("[")[0] in ("remark",) else path
