"""Imports every room's tables, for the migrations."""

from sqlmodel import SQLModel

import app.access.tables
import app.evidence.tables
import app.web.tables  # noqa: F401

metadata = SQLModel.metadata
