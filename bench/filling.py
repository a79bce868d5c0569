"""
Databases with very many cases, filled set-based: the rows that one case wrote when it was opened, again and again.

They are filled once and kept. Secondary indexes are made after the rows, as one would for a first import; what is
measured on such a database does not know how it came to be.
"""
# ruff: noqa: S608 - identifiers come from the table definitions.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from bench.places import Places, fingerprint
from bench.recording import Recording
from bench.work import COUNTY, DEFINITION, START, VILLAGE, Bangfu, walk
from storage.database import SQLITE_PRAGMAS
from storage.tables import Row

#: What the ids of the Nth household, case and command begin with; N in hexadecimal is the rest.
_HOME, _CASE, _COMMAND = "01950000000070008000", "01960000000070008000", "01970000000070008000"
#: Tables of which every case has rows after it was opened, in the order of their foreign keys.
_FILLED = ("household", "member", "cases", "case_event", "clock", "timer", "work_item", "outbox")
#: A crowd lives in 300 villages of 20 townships, ours the first; its work is due over 50 days.
_PLACE = f"CAST({VILLAGE} + (n - 1) % 20 * 1000 + (n - 1) / 20 % 15 AS TEXT)"
_DUE = 'o."due_at" + CAST((n - 1) / 300 % 50 AS BIGINT) * 86400000'

#: The serial of the Nth on PostgreSQL; the first belongs to the case that is repeated. At least six digits.
_SERIAL = "lpad((n + 1)::text, greatest(6, length((n + 1)::text)), '0')"


def case_id(number: int) -> UUID:
    """The id of the Nth case, from 1."""
    return UUID(f"{_CASE}{number:012x}")


def crowded(places: Places, recording: Recording, number: int) -> Bangfu:
    """
    A county with *number* open cases in their first stage, one a household, in many villages and due on many days.

    Their records still say that they are our village's: where a case lies is asked only of its row.

    It is last time's, unless the tables or what a case writes have changed since.
    """
    name = f"crowd_{number}_{_shape(recording)}"
    if not places.is_there(name):
        places.drop(f"crowd_{number}_")
        scratch = f"filling_{number}"
        bangfu = Bangfu(places.create(scratch), households=1)
        walk(bangfu, bangfu.households, steps=1)
        (_fill_postgres if bangfu.database.is_postgres else _fill_sqlite)(bangfu, number)
        bangfu.database.close()
        places.rename(scratch, name)
    places.warm(name)
    return Bangfu(places.open(name))


def _shape(recording: Recording) -> str:
    """What decides how the database looks: tables, definition, and how long the rows of an opening are."""
    texts = [
        f"{write.table} {name} {len(value)}"
        for write in recording.steps[0]
        for name, value in write.values.items()
        if isinstance(value, (str, bytes))
    ]
    return fingerprint(DEFINITION.read_text(encoding="utf-8"), *texts)


def _fill_sqlite(bangfu: Bangfu, number: int) -> None:
    expressions = _expressions("unhex({})", "printf('%012x', n)", "printf('%06d', n + 1)")
    numbers = f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {number})"
    with bangfu.database.connection() as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA foreign_keys=OFF")
        found = "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL"
        indexes = connection.execute(found, ("index",)).fetchall()
        triggers = connection.execute(found, ("trigger",)).fetchall()
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        _fill(connection, number, indexes, expressions, f"{{}} {numbers} SELECT {{}} FROM numbers, {{}}")
        for _, text in triggers:
            connection.execute(text)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")


def _fill_postgres(bangfu: Bangfu, number: int) -> None:
    expressions = _expressions("({})::uuid", "lpad(to_hex(n), 12, '0')", _SERIAL)
    with bangfu.database.connection() as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET maintenance_work_mem = '512MB'")
        # No foreign key is checked while filling, and no trigger runs.
        connection.execute("SET session_replication_role = replica")
        found = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        indexes = connection.execute(found).fetchall()
        connection.execute("BEGIN")
        _fill(connection, number, indexes, expressions, f"{{}} SELECT {{}} FROM generate_series(1, {number}) n, {{}}")
        connection.execute("COMMIT")
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
        connection.execute("RESET ALL")


def _expressions(as_id: str, hexa: str, serial: str) -> Mapping[str, Mapping[str, str]]:
    """
    What stands in the columns that differ from case to case, for case ``n``.

    Packed texts stay those of the one case: they name its number and household, which no decision compares.
    """
    home, case, command = (as_id.format(f"'{prefix}' || {hexa}") for prefix in (_HOME, _CASE, _COMMAND))
    number, subject = f"'{COUNTY}-{START.year}-' || {serial}", f"'{_HOME}' || {hexa}"
    found = {name: {"case_id": case} for name in _FILLED} | {
        "household": {"id": home},
        "member": {"household": home},
        "cases": {"id": case, "number": number, "subject": subject, "household": home},
        "case_event": {"case_id": case, "command": command},
    }
    for name, values in found.items():
        columns = Row.metadata.tables[name].c
        values |= {"division": _PLACE} if "division" in columns else {}
        values |= {"due_at": _DUE} if "due_at" in columns else {}
    return found


def _fill(
    connection: Any, number: int, indexes: Any, expressions: Mapping[str, Mapping[str, str]], insert: str
) -> None:
    """
    Put the rows, and make the *indexes* (name, text) anew.

    Args:
        insert: The form of the statement, for its head, the values, and what they are taken from.
    """
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for name in _FILLED:
        table: Table = Row.metadata.tables[name]
        columns = [f'"{column.name}"' for column in table.columns]
        values = [expressions[name].get(column.name, f'o."{column.name}"') for column in table.columns]
        connection.execute(f"CREATE TEMP TABLE one_{name} AS SELECT * FROM {name}")
        head = f"INSERT INTO {name} ({', '.join(columns)})"
        connection.execute(insert.format(head, ", ".join(values), f"one_{name} o"))
    connection.execute(f"UPDATE serial SET next = {number + 2}")
    connection.execute("DELETE FROM tally")
    connection.execute(
        "INSERT INTO tally SELECT county, 0, division, workflow, stage, '', 0, count(*), 0, 0, 0"
        " FROM cases GROUP BY county, division, workflow, stage"
        " UNION ALL SELECT county, due_at, division, workflow, stage, '', 0, 0, count(*), 0, 0"
        " FROM cases WHERE due_at IS NOT NULL GROUP BY county, due_at, division, workflow, stage"
    )
    for _, text in indexes:
        connection.execute(text)
