"""One suite for every implementation of a port."""

from __future__ import annotations

from tests.databases import (
    database,
    database_url,
    postgres_server,
    postgres_template,
    sqlite_template,
)

__all__ = ["database", "database_url", "postgres_server", "postgres_template", "sqlite_template"]
