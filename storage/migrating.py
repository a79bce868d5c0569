"""
Leads the tables of an older database to those of this program, by alembic; loaded only where that is asked for.
``python -m storage.migrating WHAT CHANGES`` drafts the next step after tables.py was changed.

A migration runs with foreign keys off on SQLite, where rebuilding a table would otherwise delete its children, and
everything is checked afterwards; it is one transaction, so a killed one leaves the database as it was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.errors import N_, StorageError
from storage.database import sqlite_driver


def upgrade(url: str, revision: str = "head") -> None:
    """
    Bring the database at *url* up to *revision*; an empty one gets all tables, though no first rows.

    Raises:
        StorageError: It could not be done; nothing was changed.
    """
    with _migrating(url) as (config, _):
        command.upgrade(config, revision)


def check(url: str) -> None:
    """
    Compare a migrated database with the tables of this program.

    Raises:
        StorageError: They differ; the message says where.
    """
    with _migrating(url) as (config, _):
        command.check(config)


def draft(message: str) -> None:
    """Write the next migration from what tables.py has more than the last one; to be read and mended by hand."""
    with TemporaryDirectory() as folder, _migrating(f"sqlite:///{folder}/draft.db") as (config, _):
        command.upgrade(config, "head")
        last = ScriptDirectory.from_config(config).get_current_head() or "0000"
        command.revision(config, message, autogenerate=True, rev_id=f"{int(last) + 1:04d}")


@contextmanager
def _migrating(url: str) -> Iterator[tuple[Config, Connection]]:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            yield config, connection
            if engine.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise StorageError(
                        N_("the migration would leave {n} rows without what they belong to"), n=len(broken)
                    )
    except (DBAPIError, CommandError) as error:
        raise StorageError(N_("the database could not be migrated: {error}"), error=error) from error
    finally:
        engine.dispose()


def _engine(url: str) -> Any:
    if make_url(url).get_backend_name() == "postgresql":
        return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    engine = create_engine(url, module=sqlite_driver(), poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]))
