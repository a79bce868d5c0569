"""Migrations and a fresh database give the same, on every kind; what a program does not know it does not open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from engine.errors import ConfigurationError, StorageError
from storage import migrating
from storage.database import SCHEMA, Database, sqlite_driver
from tests.databases import KEY, Template
from tests.desk import Desk

_POSTGRES = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
)
_SQLITE = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that migrations alone have made."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    url = template.empty(tmp_path)
    migrating.build(url)
    yield url
    template.drop(url)


def schema(url: str) -> set[tuple[str, ...]]:
    """Every table, column, index, constraint and trigger, in the database's own words."""
    if make_url(url).get_backend_name() == "sqlite":
        connection = sqlite_driver().connect(make_url(url).database)
        found = set(connection.execute(_SQLITE).fetchall())
        connection.close()
    else:
        import psycopg

        with psycopg.connect(url.replace("+psycopg", "")) as server:
            found = {row for sql in _POSTGRES for row in server.execute(sql).fetchall()}
    # The table that holds the schema's own number is alembic's affair.
    return {tuple(map(_plain, row)) for row in found if "alembic_version" not in str(row)}


def _plain(value: Any) -> str:
    return re.sub(r"\s+", "", str(value))


def test_migrations_lead_to_what_a_new_database_has(request: pytest.FixtureRequest, migrated_url: str) -> None:
    kind = "sqlite" if migrated_url.startswith("sqlite") else "postgres"
    template: Template = request.getfixturevalue(f"{kind}_template")
    assert schema(migrated_url) == schema(template.url)


def test_a_migrated_database_lacks_nothing_that_tables_say(migrated_url: str) -> None:
    migrating.check(migrated_url)


def test_a_new_database_lacks_nothing_that_tables_say(database_url: str) -> None:
    migrating.check(database_url)


def test_migrating_again_changes_nothing(desk: Desk, database_url: str) -> None:
    case = desk.open()
    migrating.upgrade(database_url)
    assert desk.load(case.id).record() == case.record()


def test_only_a_database_of_ours_is_led_on(tmp_path: Path) -> None:
    mistyped, others = tmp_path / "mistyped.db", tmp_path / "others.db"
    with pytest.raises(ConfigurationError):
        migrating.upgrade(f"sqlite:///{mistyped}")
    assert not mistyped.exists()
    connection = sqlite_driver().connect(str(others))
    connection.execute("CREATE TABLE invoice (amount)")
    with pytest.raises(ConfigurationError):
        migrating.upgrade(f"sqlite:///{others}")
    assert [name for (name,) in connection.execute("SELECT name FROM sqlite_master")] == ["invoice"]
    connection.close()


def test_another_schema_is_refused_with_advice(desk: Desk, database_url: str) -> None:
    for number, advice in (("0000", "bangfu upgrade"), ("9999", "install")):
        with desk.database.transaction() as connection:
            connection.execute(f"UPDATE alembic_version SET version_num = '{number}'")
        with pytest.raises(ConfigurationError) as refused:
            Database.open(database_url, KEY)
        assert advice in refused.value.advice
        assert SCHEMA in str(refused.value)


def test_a_migration_that_fails_leaves_the_database_as_it_was(desk: Desk, database_url: str) -> None:
    with desk.database.transaction() as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'unknown'")
    before = schema(database_url)
    with pytest.raises(StorageError):
        migrating.upgrade(database_url)
    assert schema(database_url) == before
