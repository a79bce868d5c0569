"""
The floor on PostgreSQL: one read and one data-modifying statement a decision, as psycopg carries them out fastest.

The rows are those that bangfu wrote, in tables that bangfu made. Statements are prepared on the server, values are
ready beforehand, and nothing is written unless the case, or the serial of a new one, was still as it had been read.
"""
# ruff: noqa: S608 - identifiers come from the table definitions; every value is a parameter.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import URL, Dialect
from sqlalchemy.dialects import postgresql

from bench.recording import GUARDS, Copy, Recording, Write, by_table
from bench.work import COUNTY, OFFICERS, START, WALK, time_of
from storage.database import POSTGRES_OPTIONS
from storage.instants import millis
from storage.tables import Row

#: A statement with its parameters.
Statement = tuple[str, Sequence[Any]]
#: One decision: what is read first, and what is written.
Prepared = tuple[Statement, Statement]

_HOLDS = "EXISTS (SELECT 1 FROM post WHERE person = $1 AND post = $2 AND division = $3)"
READ = f"SELECT c.seq, c.head, c.at, c.record, {_HOLDS} FROM cases c WHERE c.county = $4 AND c.id = $5"
FRESH = f"SELECT s.next, {_HOLDS} FROM serial s WHERE s.county = $4 AND s.year = $5"
DUE = "SELECT county, case_id, no FROM timer WHERE status = 'pending' AND due_at <= $1 ORDER BY due_at, case_id"
_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class PostgresFloor:
    """
    Args:
        url: A database that bangfu made, with officers and households in it and no case.
        recording: What bangfu wrote on PostgreSQL.
    """

    def __init__(self, url: URL, recording: Recording) -> None:
        self._recording = recording
        self._made = 0
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.connection = psycopg.connect(address, autocommit=True, options=POSTGRES_OPTIONS)
        self.connection.execute("INSERT INTO serial (county, year, next) VALUES (%s, %s, 1)", (COUNTY, START.year))

    def copies(self, subjects: Sequence[UUID]) -> list[Copy]:
        """As many new cases."""
        made = [Copy(self._recording, uuid4(), each, self._made + no) for no, each in enumerate(subjects, 1)]
        self._made += len(made)
        return made

    def prepare(self, step: int, copies: Sequence[Copy]) -> list[Prepared]:
        """Step *step* of each case, values and all."""
        taken = WALK[step]
        who = (taken.person, *OFFICERS.get(taken.person, ("", "")))
        found: list[Prepared] = []
        for copy in copies:
            read = (FRESH, (*who, COUNTY, START.year)) if taken.does == "open" else (READ, (*who, COUNTY, copy.case))
            found.append((read, _statement(self._recording.steps[step], copy)))
        return found

    def take(self, step: int, prepared: Sequence[Prepared]) -> None:
        """Carry out what was prepared, a transaction each."""
        # Statements in PostgreSQL's own notation, which psycopg need not read and rewrite.
        execute = psycopg.RawCursor(self.connection).execute
        if WALK[step].does == "timer":
            execute(DUE, (millis(time_of(step)),), prepare=True).fetchall()
        for (read, key), (write, values) in prepared:
            if execute(read, key, prepare=True).fetchone() is None:
                raise RuntimeError("nothing to read")
            row = execute(write, values, prepare=True).fetchone()
            if row is None or row[0] != 1:
                raise RuntimeError("nothing written")

    def close(self) -> None:
        self.connection.close()


def _statement(writes: Sequence[Write], copy: Copy) -> Statement:
    """All of *writes* as one statement; the update that is guarded comes first, and the rest waits for it."""
    parts: list[str] = []
    values: list[Any] = []
    for table, rows in sorted(by_table(writes), key=lambda part: part[0] not in GUARDS or part[1][0].kind == "insert"):
        is_new = rows[0].kind == "insert"
        text = _insert(table, rows, copy, values) if is_new else _change(table, rows[0], copy, values)
        if parts:
            text += f" {'WHERE' if is_new else 'AND'} EXISTS (SELECT 1 FROM moved)"
            parts.append(f"w{len(parts)} AS ({text})")
        else:
            parts.append(f"moved AS ({text} RETURNING 1)")
    return f"WITH {', '.join(parts)} SELECT count(*) FROM moved", values


def _insert(table: str, rows: Sequence[Write], copy: Copy, values: list[Any]) -> str:
    names = ", ".join(f'"{name}"' for name in rows[0].values)
    lines = []
    for row in rows:
        marks = [
            f"{_mark(values, copy.value(table, name, row.values[name]))}::{_type(table, name)}" for name in row.values
        ]
        lines.append(f"({', '.join(marks)})")
    return f"INSERT INTO {table} ({names}) SELECT * FROM (VALUES {', '.join(lines)}) v"


def _change(table: str, write: Write, copy: Copy, values: list[Any]) -> str:
    sets = [f'"{name}" = {_mark(values, copy.value(table, name, value))}' for name, value in write.values.items()]
    where = [f'"{name}" = {_mark(values, copy.value(table, name, value))}' for name, value in write.key.items()]
    if guard := GUARDS.get(table):
        where.append(f'"{guard}" = {_mark(values, copy.was(write, guard))}')
    head = f"UPDATE {table} SET {', '.join(sets)}" if write.kind == "update" else f"DELETE FROM {table}"
    return f"{head} WHERE {' AND '.join(where)}"


def _mark(values: list[Any], value: Any) -> str:
    """The mark of one more parameter."""
    values.append(value)
    return f"${len(values)}"


def _type(table: str, name: str) -> str:
    return str(Row.metadata.tables[table].c[name].type.compile(_DIALECT))
