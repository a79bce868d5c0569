"""A new database: all tables at once. Migrations lead an old one to the same, by test."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, insert, text

from engine.errors import N_, ConfigurationError
from storage.database import SCHEMA
from storage.tables import MetaRow, Row

#: The log is append-only, for us too. A database administrator can drop a trigger; the chain of hashes finds him (I23).
_SQLITE_TRIGGERS = (
    "CREATE TRIGGER case_event_not_changed BEFORE UPDATE ON case_event "
    "BEGIN SELECT RAISE(ABORT, 'case_event is append-only'); END",
    "CREATE TRIGGER case_event_not_deleted BEFORE DELETE ON case_event "
    "BEGIN SELECT RAISE(ABORT, 'case_event is append-only'); END",
)
_POSTGRES_TRIGGERS = (
    "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
    "CREATE TRIGGER case_event_not_changed BEFORE UPDATE OR DELETE ON case_event "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER case_event_not_truncated BEFORE TRUNCATE ON case_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


def create_triggers(connection: Connection) -> None:
    """What metadata cannot say; migrations call it too."""
    triggers = _POSTGRES_TRIGGERS if connection.dialect.name == "postgresql" else _SQLITE_TRIGGERS
    for trigger in triggers:
        connection.exec_driver_sql(trigger.replace("%", "%%") if connection.dialect.name == "postgresql" else trigger)


def create_tables(engine: Engine, meta: Mapping[str, str]) -> None:
    """
    All tables, in one transaction, with the first rows of *meta*.

    Raises:
        ConfigurationError: There are tables already.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if engine.dialect.has_table(connection, "alembic_version"):
            raise ConfigurationError(
                N_("there is a database of bangfu already"), advice=N_("use it, or choose another place")
            )
        Row.metadata.create_all(connection)
        create_triggers(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": SCHEMA})
        first = {"revision": "0", "offset": "0", **meta}
        connection.execute(insert(MetaRow), [{"key": key, "value": value} for key, value in first.items()])
