"""Providers, services, fees and dated terms."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.agreements import actions, queries
from app.errors import Conflict
from app.sla.spans import Span
from tests.build import API, NOBODY, TERMS, at_once, entries, get, post, provider, refused, service
from tests.conftest import NOW


def agreement(owner: TestClient, **values: Any) -> dict[str, Any]:
    if "service_id" not in values:
        values["service_id"] = service(owner)["id"]
    return post(owner, "/agreements", {"title": "Managed Server Agreement"} | values)


def terms(first: str, end: str | None = None, **values: Any) -> dict[str, Any]:
    return {"effective_from": first, "effective_to": end, "terms": TERMS | values}


def test_the_people_at_a_provider_stand_in_the_log_as_commitments_only(owner: TestClient) -> None:
    made = provider(owner, account="NG-20417", account_manager="Jo Marsh", email="jo@northgate.example")
    (entry,) = entries(owner, f"provider:{made['id']}")
    assert entry["kind"] == "provider.added"
    assert entry["body"]["account"] == "NG-20417"
    assert entry["body"]["account_manager"].startswith("sha256:")
    assert "Marsh" not in json.dumps(entry)
    assert "salt" not in entry["body"]
    assert "salt" not in made


def test_a_provider_is_changed_and_each_state_is_in_the_log(owner: TestClient) -> None:
    made = provider(owner, account="NG-20417")
    address = f"/providers/{made['id']}"
    changed = owner.patch(API + address, json={"account": "NG-20418"}).json()
    assert changed == made | {"account": "NG-20418"}
    states = [entry["body"]["account"] for entry in entries(owner, f"provider:{made['id']}")]
    assert states == ["NG-20417", "NG-20418"]
    refused(owner, address, {}, 422, "body", "PATCH")
    refused(owner, address, {"name": None}, 422, "name", "PATCH")
    provider(owner, name="Eastfield")
    refused(owner, address, {"name": "Eastfield"}, 409, "name", "PATCH")


def test_two_providers_do_not_share_a_name(owner: TestClient) -> None:
    made = provider(owner)
    problem = refused(owner, "/providers", {"name": "Northgate Hosting"}, 409, "name")
    assert made["id"] in problem["detail"]


def test_a_service_keeps_its_fee_to_the_cent(owner: TestClient) -> None:
    made = service(owner, monthly_fee="400.10", in_service_from="2024-07-01T00:00:00+02:00")
    assert made["monthly_fee"] == "400.10"
    assert made["in_service_from"] == "2024-06-30T22:00:00Z"
    assert get(owner, f"/services/{made['id']}") == made
    assert get(owner, "/services", name="HOST-1", provider_id=made["provider_id"])["items"] == [made]
    assert get(owner, "/services", name="HOST-2")["items"] == []


def test_a_service_must_fit_its_provider_and_its_own_dates(owner: TestClient) -> None:
    made = service(owner)
    again = {"provider_id": made["provider_id"], "name": "HOST-1", "monthly_fee": "1", "currency": "EUR", "zone": "UTC"}
    assert made["id"] in refused(owner, "/services", again, 409, "name")["detail"]
    refused(owner, "/services", again | {"provider_id": NOBODY}, 404, "provider_id", example=False)
    backwards = {"name": "HOST-2", "in_service_from": "2025-07-01T00:00:00Z", "in_service_to": "2025-07-01T00:00:00Z"}
    refused(owner, "/services", again | backwards, 422, "in_service_to")


def test_a_service_is_given_up_once(owner: TestClient) -> None:
    made = service(owner, in_service_from="2024-07-01T00:00:00Z")
    address = f"/services/{made['id']}/end"
    refused(owner, address, {"in_service_to": "2024-07-01T00:00:00Z"}, 422, "in_service_to")
    ended = post(owner, address, {"in_service_to": "2026-07-01T00:00:00Z"}, 200)
    assert ended["in_service_to"] == "2026-07-01T00:00:00Z"
    refused(owner, address, {"in_service_to": "2027-07-01T00:00:00Z"}, 409, "in_service_to", example=False)
    assert [entry["kind"] for entry in entries(owner, f"service:{made['id']}")] == ["service.added", "service.ended"]


def test_a_later_fee_counts_from_its_day_and_a_second_one_corrects_the_first(
    owner: TestClient, session: Session
) -> None:
    made = service(owner)
    for fee in ("450", "440.50"):
        post(owner, f"/services/{made['id']}/fees", {"effective_from": "2025-07-01", "monthly_fee": fee})
    listed = get(owner, f"/services/{made['id']}/fees")["items"]
    assert [fee["monthly_fee"] for fee in listed] == ["450.00", "440.50"]
    row = queries.service(session, UUID(made["id"]))
    assert queries.fee_on(session, row, date(2025, 6, 30)) == Decimal("400")
    assert queries.fee_on(session, row, date(2025, 7, 1)) == Decimal("440.50")
    assert queries.fee_on(session, row, date(2025, 7, 1), as_at=datetime(2025, 6, 1, tzinfo=UTC)) == Decimal("400")


def test_terms_are_kept_as_read_with_their_words(owner: TestClient, session: Session) -> None:
    made = agreement(owner)
    quoted = {"text": "We guarantee 99.9 %.", "source": "https://northgate.example/sla", "retrieved_on": "2025-01-15"}
    version = post(owner, f"/agreements/{made['id']}/terms", terms("2024-07-01") | quoted)
    assert version["terms"]["target_percent"] == "99.9"
    assert version["terms"]["maintenance"]["min_notice_hours"] == "48"
    assert version["text"] == "We guarantee 99.9 %."
    assert get(owner, f"/agreements/{made['id']}/terms/{version['id']}") == version
    assert get(owner, f"/agreements/{made['id']}/terms")["items"] == [version]
    assert get(owner, f"/agreements/{made['id']}") == made
    assert get(owner, "/agreements", service_id=made["service_id"])["items"] == [made]
    (row,) = queries.terms_of(session, UUID(made["service_id"]))
    assert actions.Sla.model_validate(row.terms).target_percent == Decimal("99.9")
    assert [entry["kind"] for entry in entries(owner, f"terms:{version['id']}")] == ["terms.added"]


def test_versions_that_share_a_day_are_refused_with_the_other_named(owner: TestClient) -> None:
    made = agreement(owner)
    other = post(owner, f"/agreements/{made['id']}/terms", terms("2024-07-01", "2025-07-01"))
    for first, end, field, example in [
        ("2025-06-30", None, "effective_from", "2025-07-01"),  # its last day is the other's
        ("2024-01-01", None, "effective_to", "2024-07-01"),  # begins before and never ends
        ("2024-06-30", "2024-07-02", "effective_to", "2024-07-01"),
    ]:
        problem = refused(owner, f"/agreements/{made['id']}/terms", terms(first, end), 409, field)
        assert problem["errors"][0]["example"] == example
        assert problem["other"] == {
            "id": other["id"],
            "agreement_id": made["id"],
            "effective_from": "2024-07-01",
            "effective_to": "2025-07-01",
        }
        assert "2024-07-01 up to 2025-07-01" in problem["detail"]


def test_versions_of_one_service_may_not_overlap_across_agreements(owner: TestClient) -> None:
    made = agreement(owner)
    second = agreement(owner, service_id=made["service_id"], title="Addendum")
    other = post(owner, f"/agreements/{made['id']}/terms", terms("2024-07-01"))
    problem = refused(owner, f"/agreements/{second['id']}/terms", terms("2025-07-01"), 409, "effective_from")
    assert problem["errors"][0]["example"] == (
        f'POST /agreements/{made["id"]}/terms/{other["id"]}/end {{"effective_to": "2025-07-01"}}'
    )
    assert "until further notice" in problem["detail"]


def test_an_open_version_is_ended_and_the_next_begins_that_day(owner: TestClient) -> None:
    made = agreement(owner)
    versions = f"/agreements/{made['id']}/terms"
    first = post(owner, versions, terms("2024-07-01"))
    end = f"{versions}/{first['id']}/end"
    refused(owner, end, {"effective_to": "2024-07-01"}, 422, "effective_to")
    assert post(owner, end, {"effective_to": "2025-07-01"}, 200)["effective_to"] == "2025-07-01"
    refused(owner, end, {"effective_to": "2025-08-01"}, 409, "effective_to", example=False)
    post(owner, versions, terms("2025-07-01", target_percent="99.5"))
    assert [entry["kind"] for entry in entries(owner, f"terms:{first['id']}")] == ["terms.added", "terms.ended"]
    elsewhere = agreement(owner, service_id=made["service_id"])
    refused(owner, f"/agreements/{elsewhere['id']}/terms/{first['id']}/end", {"effective_to": "2025-07-01"}, 404,
            "terms_id", example=False)  # fmt: skip


def test_a_clause_that_cannot_be_read_is_named(owner: TestClient) -> None:
    made = agreement(owner)
    before = get(owner, "/evidence/head")
    for clause, field in [
        ({"currency": "USD"}, "terms.currency"),
        ({"timezone": "Europe/London"}, "terms.timezone"),
        ({"target_percent": 99.9}, "terms.target_percent"),
        ({"target_percent": "199"}, "terms.target_percent"),
        (
            {"credit": {"kind": "uptime_tiers", "tiers": [{"below": "x", "percent": "10"}]}},
            "terms.credit.tiers.0.below",
        ),
        ({"colour": "blue"}, "terms.colour"),
        ({"exclusions": ["acts of \u0000 God"]}, "terms"),
        ({"exclusions": ["acts of \ud800 God"]}, "terms"),
    ]:
        body = json.dumps(terms("2024-07-01", **clause))
        answer = owner.post(
            f"{API}/agreements/{made['id']}/terms", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422, answer.text
        problem = answer.json()["errors"][0]
        assert problem["field"] == field
        assert problem["example"]
        if field in ("terms.currency", "terms.timezone"):
            assert problem["example"] == TERMS[field.removeprefix("terms.")]
    for odd in ([], "99.9", None, 7):
        refused(owner, f"/agreements/{made['id']}/terms", {"effective_from": "2024-07-01", "terms": odd}, 422, "terms")
    assert get(owner, "/evidence/head") == before


def test_terms_have_days_that_can_be(owner: TestClient) -> None:
    made = agreement(owner)
    address = f"/agreements/{made['id']}/terms"
    refused(owner, address, terms("2024-07-01", "2024-07-01"), 422, "effective_to")
    refused(owner, address, terms("2024-07-01T00:00:00Z"), 422, "effective_from")
    refused(owner, address, terms("2024-07-01") | {"retrieved_on": "2025-07-02"}, 422, "retrieved_on")
    refused(owner, f"/agreements/{NOBODY}/terms", terms("2024-07-01"), 404, "agreement_id", example=False)


def test_two_writers_cannot_both_enter_terms_for_one_day(owner: TestClient, engine: sa.Engine) -> None:
    made = UUID(agreement(owner)["id"])

    def enter(session: Session) -> None:
        actions.add_terms(session, made, effective_from=date(2024, 7, 1), terms=TERMS, now=NOW)

    error = at_once(engine, enter, enter)
    assert isinstance(error, Conflict)
    assert error.field == "effective_from"


def test_a_service_is_in_service_throughout_unless_dates_say_otherwise(owner: TestClient, session: Session) -> None:
    made = service(owner)
    dated = service(owner, provider_id=made["provider_id"], name="HOST-2", in_service_from="2025-06-10T00:00:00Z")
    assert queries.in_service(queries.service(session, UUID(made["id"]))) is None
    span = queries.in_service(queries.service(session, UUID(dated["id"])))
    assert span is not None
    assert span.start == datetime(2025, 6, 10, tzinfo=UTC)
    assert span.overlaps(Span(NOW, datetime(2199, 1, 1, tzinfo=UTC)))


def test_everything_that_is_wrong_is_answered_at_once(owner: TestClient) -> None:
    made = agreement(owner)
    address = f"/agreements/{made['id']}/terms"
    post(owner, address, terms("2024-07-01", "2025-07-01"))
    wrong = {
        "currency": "USD", "tariff": 1, "stacking": "hihgest", "cap_percent": "5",
        "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.0", "percent": "10"}]},
        "guarantees": [{"name": "network", "target_percent": 99.9}, {"name": "network", "target_percent": "100"}],
        "period": {"kind": "billing_cycle", "anchor_day": 32},
    }  # fmt: skip
    body = terms("2025-01-01", "2025-01-01", **wrong) | {"retrieved_on": "2199-01-01"}
    problem = owner.post(API + address, json=body).json()
    assert problem["status"] == 422
    assert {error["field"] for error in problem["errors"]} == {
        "terms.currency", "terms.tariff", "terms.stacking", "terms.cap_percent", "terms.credit.tiers.0.below",
        "terms.guarantees.0.target_percent", "terms.guarantees.1.name", "terms.period.anchor_day",
        "effective_from", "effective_to", "retrieved_on",
    }  # fmt: skip
    assert all(error["reason"] and error["example"] for error in problem["errors"])
    shared = owner.post(API + address, json=terms("2025-01-01", tariff=1)).json()
    assert [error["field"] for error in shared["errors"]] == ["terms.tariff", "effective_from"]


def test_the_31st_is_accepted_and_clamps(owner: TestClient) -> None:
    period = {"kind": "billing_cycle", "anchor_day": 31}
    made = post(owner, f"/agreements/{agreement(owner)['id']}/terms", terms("2024-07-01", period=period))
    assert made["terms"]["period"] == period


def test_a_doubtful_clause_waits_for_a_name(owner: TestClient, session: Session) -> None:
    doubt = {"credit": "The table and its text disagree.", "claim": "Of the month, or of the outage?"}
    version = post(owner, f"/agreements/{agreement(owner)['id']}/terms", terms("2024-07-01", needs_review=doubt))
    address = f"/terms/{version['id']}/reviews"
    assert get(owner, address) == {"items": [], "unreviewed": ["claim", "credit"]}
    body = {"path": "credit", "by": "Dana Reyes", "note": "asked them; letter of 2 June"}
    refused(owner, address, body | {"path": "cap_percent"}, 422, "path")
    made = post(owner, address, body)
    assert (made["terms_id"], made["by"]) == (version["id"], "Dana Reyes")
    assert get(owner, address) == {"items": [made], "unreviewed": ["claim"]}
    refused(owner, address, body, 409, "path", example=False)
    (entry,) = entries(owner, f"terms_review:{made['id']}")
    assert entry["kind"] == "terms.reviewed"
    assert entry["body"]["path"] == "credit"
    refused(owner, f"/terms/{NOBODY}/reviews", body, 404, "terms_id", example=False)
    assert queries.unreviewed(session, UUID(version["id"])) == ("claim",)
    assert queries.unreviewed(session, UUID(version["id"]), datetime(2020, 1, 1, tzinfo=UTC)) == ("claim", "credit")
