"""A service with two monitors, and files for them."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlmodel import Session

from app.agreements.tables import Provider, Service
from app.probes.actions import create_monitor
from app.probes.importing.files import ImportResult, import_file
from app.probes.tables import Monitor
from tests.conftest import NOW

Take = Callable[..., ImportResult]
THEN = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture
def service_id(session: Session) -> UUID:
    provider = Provider(name="Northgate Hosting", created_at=THEN, salt="")
    session.add(provider)
    session.flush()
    service = Service(
        provider_id=provider.id, name="HOST-1", kind="server", monthly_fee=Decimal("400.00"), currency="EUR",
        zone="Europe/Berlin", created_at=THEN,
    )  # fmt: skip
    session.add(service)
    session.flush()
    return service.id


def watch(session: Session, service_id: UUID, name: str, seconds: int = 60, confirm_after: int = 2) -> Monitor:
    return create_monitor(
        session, name=name, service_id=service_id, site_id=None, interval_seconds=seconds,
        confirm_after=confirm_after, source="own probe, Berlin", now=THEN,
    )  # fmt: skip


@pytest.fixture
def monitors(session: Session, service_id: UUID) -> list[Monitor]:
    """`a` asks every minute, `b` every ten seconds."""
    return [watch(session, service_id, "a"), watch(session, service_id, "b", 10)]


@pytest.fixture
def take(session: Session) -> Take:
    """Takes in a file given as text or bytes."""

    def taken(content: str | bytes, format: str = "csv", name: str = "june.csv") -> ImportResult:
        data = content.encode() if isinstance(content, str) else content
        return import_file(session, io.BytesIO(data), name=name, format=format, now=NOW)  # type: ignore[arg-type]

    return taken
