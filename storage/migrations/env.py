"""Alembic's entry: migrates on the connection that storage.migrating hands in. There is no offline mode."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage.tables import Id, Instant, Json, Row


def render_item(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Print our own types as plain ones, so that a migration does not change when tables.py does."""
    if kind != "type":
        return False
    if isinstance(item, Instant):
        return "sa.BigInteger()"
    if isinstance(item, Id):
        return "sa.LargeBinary(16).with_variant(sa.Uuid(), 'postgresql')"
    if item is Json:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    if type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
    transactional_ddl=False,  # the caller's transaction holds everything, on SQLite too
)
context.run_migrations()
