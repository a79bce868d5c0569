"""A new database: all tables at once. Migrations lead an old one to the same, by test."""
# ruff: noqa: S608 - what is put into texts are constants of this module.

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, insert, text

from engine.errors import N_, ConfigurationError
from storage.database import SCHEMA
from storage.staffing import STAFF_IS_STILL
from storage.tables import MetaRow, Row

_COUNTS = "open, late, ended, missed"
_TALLY = f"county, due_at, division, workflow, stage, outcome, no, {_COUNTS}"


def _counted(row: str, sign: str, source: str = "") -> tuple[str, str]:
    """What a row of ``cases`` adds to the tally (or takes from it): at once, and from when it is due."""
    is_open = f"CASE WHEN {row}.status = 'open' THEN 1 ELSE 0 END"
    outcome = f"CASE WHEN {row}.status = 'open' THEN '' ELSE {row}.outcome END"
    place = f"{row}.division, {row}.workflow, {row}.stage, {outcome}"
    missed = f"(1 - {is_open}) * {row}.missed"
    return (
        f"SELECT {row}.county, 0, {place}, 0, {sign}({is_open}), 0, {sign}(1 - {is_open}), {sign}({missed}){source}"
        " WHERE true",
        f"SELECT {row}.county, {row}.due_at, {place}, 0, 0, {sign}1, 0, 0{source}"
        f" WHERE {row}.status = 'open' AND {row}.due_at IS NOT NULL",
    )


def _added_up(row: str, sign: str) -> str:
    sets = ", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTS.split(", "))
    parts = (f"INSERT INTO tally ({_TALLY}) {part} ON CONFLICT DO UPDATE SET {sets}; " for part in _counted(row, sign))
    return "".join(parts)


def _kept_apart(*parts: str) -> str:
    """PostgreSQL's rows of one statement, added up, under a number of their own."""
    sums = ", ".join(f"sum({name})" for name in _COUNTS.split(", "))
    place = "county, due_at, division, workflow, stage, outcome"
    return (
        f"BEGIN INSERT INTO tally ({_TALLY}) SELECT {place}, nextval('tally_no'), {sums}"
        f" FROM ({' UNION ALL '.join(parts)}) t ({_TALLY}) GROUP BY {place}"
        " HAVING sum(open) <> 0 OR sum(late) <> 0 OR sum(ended) <> 0 OR sum(missed) <> 0; RETURN NULL; END"
    )


_CHANGED = ", ".join(f"{{0}}.{name}" for name in ("division", "stage", "status", "outcome", "due_at", "missed"))
_LATE = "NEW.ended_at IS NOT NULL AND NEW.kind = 'limit' AND NEW.due_at <= COALESCE(NEW.stopped_at, NEW.ended_at)"
_MISSED = "UPDATE cases SET missed = 1 WHERE county = NEW.county AND id = NEW.case_id AND missed = 0"
_SQLITE_COUNTS = (
    f"CREATE TRIGGER case_counted AFTER INSERT ON cases BEGIN {_added_up('NEW', '')}END",
    "CREATE TRIGGER case_counted_again AFTER UPDATE ON cases"
    f" WHEN ({_CHANGED.format('OLD')}) IS NOT ({_CHANGED.format('NEW')})"
    f" BEGIN {_added_up('OLD', '-')}{_added_up('NEW', '')}END",
    f"CREATE TRIGGER clock_missed AFTER UPDATE ON clock WHEN {_LATE} BEGIN {_MISSED}; END",
    f"CREATE TRIGGER clock_added_missed AFTER INSERT ON clock WHEN {_LATE} BEGIN {_MISSED}; END",
)
_NEW_ROWS = _counted("n", "", " FROM new_rows n")
_POSTGRES_COUNTS = (
    "CREATE SEQUENCE tally_no",
    f"CREATE FUNCTION count_new_cases() RETURNS trigger LANGUAGE plpgsql AS $$ {_kept_apart(*_NEW_ROWS)} $$",
    "CREATE FUNCTION count_changed_cases() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ {_kept_apart(*_NEW_ROWS, *_counted('o', '-', ' FROM old_rows o'))} $$",
    "CREATE TRIGGER case_counted AFTER INSERT ON cases REFERENCING NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_new_cases()",
    "CREATE TRIGGER case_counted_again AFTER UPDATE ON cases"
    " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION count_changed_cases()",
    f"CREATE FUNCTION note_missed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_MISSED}; RETURN NULL; END $$",
    f"CREATE TRIGGER clock_missed AFTER INSERT OR UPDATE ON clock FOR EACH ROW WHEN ({_LATE})"
    " EXECUTE FUNCTION note_missed()",
)
#: The log is append-only, for us too. A database administrator can drop a trigger; the chain of hashes finds him (I23).
_SQLITE_TRIGGERS = (
    "CREATE TRIGGER workflow_version_not_changed BEFORE UPDATE ON workflow_version "
    "BEGIN SELECT RAISE(ABORT, 'workflow_version is append-only'); END",
    "CREATE TRIGGER workflow_version_not_deleted BEFORE DELETE ON workflow_version "
    "BEGIN SELECT RAISE(ABORT, 'workflow_version is append-only'); END",
    "CREATE TRIGGER household_event_not_changed BEFORE UPDATE ON household_event "
    "BEGIN SELECT RAISE(ABORT, 'household_event is append-only'); END",
    "CREATE TRIGGER household_event_not_deleted BEFORE DELETE ON household_event "
    "BEGIN SELECT RAISE(ABORT, 'household_event is append-only'); END",
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
    "CREATE TRIGGER workflow_version_not_changed BEFORE UPDATE OR DELETE ON workflow_version "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER workflow_version_not_truncated BEFORE TRUNCATE ON workflow_version "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER household_event_not_changed BEFORE UPDATE OR DELETE ON household_event "
    "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER household_event_not_truncated BEFORE TRUNCATE ON household_event "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
)


def create_triggers(connection: Connection) -> None:
    """What metadata cannot say; migrations call it too."""
    is_postgres = connection.dialect.name == "postgresql"
    for statement in triggers(is_postgres):
        connection.exec_driver_sql(statement.replace("%", "%%") if is_postgres else statement)


def triggers(is_postgres: bool) -> tuple[str, ...]:
    """The statements that make triggers and functions."""
    if is_postgres:
        return (*_POSTGRES_TRIGGERS, *_POSTGRES_COUNTS, STAFF_IS_STILL)
    return (*_SQLITE_TRIGGERS, *_SQLITE_COUNTS)


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
