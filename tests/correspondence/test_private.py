"""No client's name, contact or address leaves the house in a letter to a provider: not in the text of the PDF, not in
its attachment, not in its metadata."""

from __future__ import annotations

from io import BytesIO

import pikepdf
import pypdfium2
import pytest

from tests.build import API, refused
from tests.correspondence.letters import LETTERS, TO, document, draft, issued, sent, text
from tests.statements.ministory import PEOPLE, Story, at


def secrets_of_clients() -> list[str]:
    """Names, streets, towns, people, surnames, salutations and addresses of e-mail, of every client."""
    found = []
    for name, street, town, salutation, contact, sites in PEOPLE.values():
        found += [name, street, town, salutation, contact, contact.split()[-1], f"office@{sites[0]}"]
    return found


def everything_in(pdf: bytes) -> str:
    """All a reader can get out of a PDF: the pages' text, every attachment, every string of its objects, its XMP."""
    parts = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]
    with pikepdf.open(BytesIO(pdf)) as opened:
        parts += [opened.attachments[name].get_file().read_bytes().decode() for name in opened.attachments]
        parts += [str(opened.docinfo.get(key)) for key in opened.docinfo]
        parts.append(opened.Root.Metadata.read_bytes().decode())
        for item in opened.objects:
            if isinstance(item, pikepdf.Dictionary):
                parts += [str(value) for _, value in item.items() if isinstance(value, pikepdf.String)]
    return " ".join(" ".join(parts).split())


@pytest.mark.parametrize("name", LETTERS)
def test_nothing_of_a_client_is_in_a_letter(story: Story, name: str) -> None:
    row = issued(story, draft(story, name))
    pdf = story.client.get(f"{API}/provider-letters/{row['id']}/letter.pdf").content
    found = everything_in(pdf) + text(story, row) + str(document(story, row))
    assert "HOST-1" in found
    assert [secret for secret in secrets_of_clients() if secret.casefold() in found.casefold()] == []


@pytest.mark.parametrize(
    ("remark", "number"),
    [
        ("Ms Okafor of Larkfield Garden Centre cannot take orders.", "C-001"),
        ("Please call Thomas Brandt.", "C-002"),
        ("Write to OFFICE@juniper-dental.example at once.", "C-003"),
        ("The shop at 23 Bridge Street is closed.", "C-004"),
    ],
)
def test_what_a_person_types_is_looked_at_as_well(story: Story, remark: str, number: str) -> None:
    moment, words = LETTERS["P1"]
    body = {"service_id": story.ids["service"], "as_at": moment, "to": TO, "words": words | {"remark": remark}}
    problem = refused(story.client, "/provider-letters", body, 409, "words.remark")
    assert number in problem["detail"]
    assert remark not in problem["detail"]


def test_what_the_record_holds_is_looked_at_as_well(story: Story) -> None:
    """A finding typed in the night names a client; it is a fact of the record and may not reach the provider."""
    late = {"step": 2, "verdict": "changed", "at": at(29, "05:00"), "source": "N",
            "text": "Writes went on: Aldo Ferrari saw orders come in."}  # fmt: skip
    story.post(f"/windows/{story.ids['w3']}/findings", late)
    moment, words = LETTERS["P3"]
    body = {"service_id": story.ids["service"], "as_at": moment, "to": TO, "words": words}
    problem = refused(story.client, "/provider-letters", body, 409, "body.departures[1].found")
    assert "C-006" in problem["detail"]


def test_a_host_is_no_secret_and_a_part_of_a_word_is_no_name(story: Story) -> None:
    remark = "harbour-bakery.example is down; the Larkfields of this world wait."
    assert remark in text(story, draft(story, "P1", remark=remark))
    body = {"sent_at": at(24, "17:05"), "channel": "email", "address": "a@b.example", "sent_by": "Dana Reyes"}
    row = sent(story, "P2")
    assert story.post(f"/provider-letters/{row['id']}/sendings", body | {"sent_at": at(29, "00:02")})["id"]
