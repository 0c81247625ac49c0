"""Imports every room's tables, for the migrations."""

from sqlmodel import SQLModel

import app.access.tables
import app.agency.tables
import app.agreements.tables
import app.alerts.tables
import app.claims.tables
import app.clients.tables
import app.correspondence.tables
import app.delivery.tables
import app.due.tables
import app.evidence.tables
import app.incidents.tables
import app.integrity.assessing.tables
import app.maintenance.tables
import app.messages.tables
import app.notices.owntexts.tables
import app.notices.rounds.tables
import app.notices.tables
import app.outcomes.tables
import app.probes.locations.tables
import app.probes.storage.tables
import app.probes.tables
import app.sites.tables
import app.statements.tables
import app.watching.tables
import app.web.tables  # noqa: F401

metadata = SQLModel.metadata
