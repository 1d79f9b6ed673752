"""Runs the migrations on the connection that `core.migrate` opened."""

from alembic import context

import core.tables  # noqa: F401 - declares every table
from core.database import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
