"""One suite for every implementation of a port."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests.databases import database, database_url, postgres_server, postgres_template, sqlite_template
from tests.desk import Desk

__all__ = ["database", "database_url", "postgres_server", "postgres_template", "sqlite_template"]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database).furnish()
