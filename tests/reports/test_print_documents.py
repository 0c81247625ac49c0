"""Documents as values: exact in JSON, strict, and never silently incomplete."""

import json

import pytest
from pydantic import ValidationError

from reports.documents import KINDS, ClientLetter, InSeconds, Money, MonthlyProviderReport, Span, read_document
from tests.reports.story_letters import l2, l4
from tests.reports.story_monthly import monthly
from tests.reports.story_papers import PAPERS
from tests.reports.story_samples import BUILDERS, SAMPLES


@pytest.mark.parametrize("name", PAPERS)
def test_json_out_and_in_is_the_same_value(name: str) -> None:
    document = PAPERS[name]()
    text = document.model_dump_json()
    again = read_document(text)
    assert again == document
    assert again.model_dump_json() == text


@pytest.mark.parametrize("name", BUILDERS)
def test_the_samples_are_the_story(name: str) -> None:
    stored = (SAMPLES / f"{name}.json").read_text(encoding="utf-8")
    assert stored == BUILDERS[name]().model_dump_json(indent=1) + "\n", "run python -m tests.reports.story_samples"


def test_every_missing_field_is_named() -> None:
    """Every field without a default is missed by name, at the top and in the header."""
    whole = json.loads(monthly().model_dump_json())
    for part, model in (("", MonthlyProviderReport), ("header", type(monthly().header))):
        for name, field in model.model_fields.items():
            if field.is_required():
                cut = json.loads(json.dumps(whole))
                del (cut[part] if part else cut)[name]
                with pytest.raises(ValidationError) as error:
                    read_document(json.dumps(cut))
                assert name in error.value.errors()[0]["loc"], name


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"ref": ""}, "ref"),
        ({"ref": "   "}, "ref"),
        ({"ref": None}, "ref"),
        ({"name_provider": True, "provider_name": None}, "letter"),
        ({"layout": "us"}, "letter"),
        ({"sites": []}, "sites"),
    ],
)
def test_what_a_letter_refuses(change: dict[str, object], field: str) -> None:
    whole = json.loads(l4().model_dump_json()) | change
    with pytest.raises(ValidationError) as error:
        read_document(json.dumps(whole))
    assert field in error.value.errors()[0]["loc"]


def test_values_are_strict() -> None:
    with pytest.raises(ValidationError, match="UTC"):
        Span.model_validate_json('{"start_at":"2025-06-28T22:00:00+02:00","end_at":"2025-06-29T22:00:00Z"}')
    with pytest.raises(ValidationError, match="later"):
        Span.model_validate_json('{"start_at":"2025-06-28T22:00:00Z","end_at":"2025-06-28T22:00:00Z"}')
    with pytest.raises(ValidationError):
        InSeconds.model_validate_json('{"unit":"seconds","seconds":"7200"}')
    with pytest.raises(ValidationError):
        InSeconds.model_validate_json('{"unit":"seconds","seconds":-1}')
    with pytest.raises(ValidationError, match="decimal"):
        Money.model_validate_json('{"amount":"1e3","currency":"EUR"}')
    with pytest.raises(ValidationError):
        l2().ref = "other"  # type: ignore[misc]


def test_the_kinds_of_the_command() -> None:
    assert set(KINDS) == {"monthly_provider", "breach", "evidence", "letter", "provider_letter"}
    assert KINDS["letter"] is ClientLetter
