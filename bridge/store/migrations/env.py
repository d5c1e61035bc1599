"""Alembic's entry: the caller passes the connection, and its transaction is the migration's."""

from alembic import context

from bridge.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transaction_per_migration=False,
)
context.run_migrations()
