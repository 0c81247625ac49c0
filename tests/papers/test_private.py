"""A provider's document carries no client's name, contact or address, however much of them the record holds."""

from __future__ import annotations

import pytest

from app.demo.told import at
from tests.build import API
from tests.notices.test_letters import text_of
from tests.statements.ministory import PEOPLE, Story


@pytest.mark.parametrize("kind", ["monthly", "breach", "evidence"])
def test_no_client_or_contact_stands_in_what_goes_to_the_provider(read_story: Story, kind: str) -> None:
    row = read_story.statement(at(1, "09:00", 7))
    shown = [
        read_story.client.get(f"{API}/statements/{row['id']}/report.{form}", params={"kind": kind})
        for form in ("json", "html")
    ]
    pdf = read_story.client.get(f"{API}/statements/{row['id']}/report.pdf", params={"kind": kind}).content
    for number, text in enumerate((shown[0].text, shown[1].text, text_of(pdf))):
        assert "larkfield.example" in text or (kind == "breach" and number), "the claim's pages count sites"
        for number, (name, street, town, salutation, contact, _) in PEOPLE.items():
            for word in (name, street, town, salutation, contact, f"office@{PEOPLE[number][5][0]}", number):
                assert word not in text, word
