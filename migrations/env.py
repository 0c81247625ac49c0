"""Runs the migrations on the connection handed over by `app.migrate`."""

from __future__ import annotations

from alembic import context

import app.tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=app.tables.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
