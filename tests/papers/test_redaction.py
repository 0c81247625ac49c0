"""What is hidden in papers that leave the house, by rule; and what is not."""

from __future__ import annotations

import pytest

from app.papers.redaction import Mask, mask_of
from reports.documents import Event
from tests.reports.story_breach import breach
from tests.reports.story_facts import t

MASK = mask_of(
    addresses=("ngozi@larkfield.example", "Boss@Elsewhere.example"), phones=("+44 1904 960 142", "112"),
    names=("Ngozi Okafor", "Larkfield Garden Centre", "brot.example", "May"),
    sites=("larkfield.example", "brot.example"),
    ours=("dana@brightwell.example", "Dana Reyes", "+49 30 23125 142"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to ngozi@larkfield.example.", "write to [masked: e-mail address]."),
        ("BOSS@ELSEWHERE.EXAMPLE called", "[masked: e-mail address] called"),
        ("office@shop.larkfield.example", "[masked: e-mail address]"),
        ("dana@brightwell.example, support@northgate.example", None),
        ("call 01904 960142 or (0)1904/960-142", "call [masked: telephone number] or [masked: telephone number]"),
        ("Dana: +49 30 23125 142; ticket 20250628 2200", None),
        ("Ngozi Okafor of Larkfield Garden Centre", "[masked: name] of [masked: name]"),
        ("brot.example was down in May; Ngozi Okaforson", None),
        ("https://root:hunter2@db.example/x", "https://root:[masked]"),
        ("curl -H 'Authorization: Bearer abcdef123456789'", "curl -H 'Authorization: Bearer [masked: secret]'"),
        ("token kept_AbCdEf0123456789xyz here", "token [masked: secret] here"),
        ("AKIAIOSFODNN7EXAMPLE ghp_0123456789abcdefghij0123", "[masked: secret] [masked: secret]"),
        ("login?user=a&password=geheim99&x=1", "login?user=a&password=[masked: password]&x=1"),
        ("Passwort: 'topsecret'", "Passwort: '[masked: password]'"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- end", "[masked: secret] end"),
        ("SHA-256 9edb07246ca2c34373a511a5a278f7a82c9bafaa7e08ebaacd5a5b21b015a4d4", None),
        ("We write by 04:00; 86,400 s; 2025-06-28T20:00:00Z to 2025-06-29T20:00:00Z", None),
    ],
)
def test_what_is_hidden(text: str, shown: str | None) -> None:
    if shown == "https://root:[masked]":
        found = MASK.text(text)
        assert "hunter2" not in found
        assert "[masked: password]" in found
        assert "db.example/x" in found
        return
    assert MASK.text(text) == (text if shown is None else shown)
    assert MASK.finds(text) == (shown is not None)


def test_hiding_twice_hides_no_more() -> None:
    once = MASK.text("password=abcdef ngozi@larkfield.example Ngozi Okafor +44 1904 960142 kept_0123456789abcdef")
    assert MASK.text(once) == once


def test_a_document_is_masked_in_its_words_alone_and_says_how_often() -> None:
    claim = breach()
    line = Event(at=t("06-29 04:10"), source="N", text="Ngozi Okafor wrote from ngozi@larkfield.example.")
    said = claim.pairs[0].happened.model_copy(update={"text": line.text})
    pair = claim.pairs[0].model_copy(update={"happened": said})
    MASK.hidden.clear()
    shown = MASK.document(claim.model_copy(update={"pairs": (pair, *claim.pairs[1:])}))
    assert shown.pairs[0].happened.text == "[masked: name] wrote from [masked: e-mail address]."
    assert MASK.hidden == {("pairs", "name"): 1, ("pairs", "e-mail address"): 1}
    assert (shown.header, shown.sites, shown.reckoning) == (claim.header, claim.sites, claim.reckoning)
    assert MASK.document(claim) == claim


def test_nobody_known_hides_secrets_all_the_same() -> None:
    assert Mask().text("token=abcdef12345 and a@b.example") == "token=[masked: password] and a@b.example"
