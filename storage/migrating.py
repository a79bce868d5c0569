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
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from engine.errors import N_, ConfigurationError, StorageError
from storage.database import address, require_file, sqlite_driver


def upgrade(url: str) -> None:
    """
    Bring the database at *url*, one of ours, up to what this program needs.

    Raises:
        ConfigurationError: There is none, or it is somebody else's.
        StorageError: It could not be done; nothing was changed.
    """
    require_file(url)
    with _migrating(url) as (config, connection):
        if not connection.dialect.has_table(connection, "alembic_version"):
            raise ConfigurationError(N_("this is no database of bangfu"), advice=N_("`bangfu init` makes one"))
        command.upgrade(config, "head")


def build(url: str) -> None:
    """Make all tables in an empty database, step by step, though no first rows: what `upgrade` would have led to."""
    with _migrating(url) as (config, _):
        command.upgrade(config, "head")


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
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        build(url)
        with _migrating(url) as (config, _):
            _write_next(config, message)


def _write_next(config: Config, message: str) -> None:
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
    if address(url).get_backend_name() == "postgresql":
        return create_engine(address(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    engine = create_engine(address(url), module=sqlite_driver(), poolclass=NullPool)

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
