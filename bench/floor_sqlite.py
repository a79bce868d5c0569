"""
The floor on SQLite: the fastest form that the plain driver has of the work that bangfu does.

The rows are those that bangfu wrote, in tables that bangfu made, on a connection with bangfu's settings. Values are
ready beforehand, statements are texts that the connection keeps compiled. A decision is one transaction, which reads
the case and whether the officer holds his post, and moves the case only if nobody was faster.
"""
# ruff: noqa: S608 - identifiers come from the table definitions; every value is a parameter.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from bench.recording import GUARDS, Copy, Recording, Write, by_table
from bench.work import COUNTY, OFFICERS, START, WALK, time_of
from storage.database import SQLITE_PRAGMAS, sqlite_driver
from storage.instants import millis

#: A statement with its parameters.
Statement = tuple[str, Sequence[Any]]
#: One decision: what is read first, and what is written.
Prepared = tuple[Statement, Sequence[Statement]]

_HOLDS = "EXISTS (SELECT 1 FROM post WHERE person = ? AND post = ? AND division = ?)"
READ = f"SELECT c.seq, c.head, c.at, c.record, {_HOLDS} FROM cases c WHERE c.county = ? AND c.id = ?"
FRESH = f"SELECT s.next, {_HOLDS} FROM serial s WHERE s.county = ? AND s.year = ?"
DUE = "SELECT county, case_id, no FROM timer WHERE status = 'pending' AND due_at <= ? ORDER BY due_at, case_id"


class SqliteFloor:
    """
    Args:
        path: A database that bangfu made, with officers and households in it and no case.
        recording: What bangfu wrote on SQLite.
    """

    def __init__(self, path: Path, recording: Recording) -> None:
        self._recording = recording
        self._made = 0
        self.connection = sqlite_driver().connect(str(path), cached_statements=512)
        self.connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute("INSERT INTO serial (county, year, next) VALUES (?, ?, 1)", (COUNTY, START.year))

    def copies(self, subjects: Sequence[UUID]) -> list[Copy]:
        """As many new cases."""
        made = [
            Copy(self._recording, uuid4().bytes, each.bytes, self._made + no) for no, each in enumerate(subjects, 1)
        ]
        self._made += len(made)
        return made

    def prepare(self, step: int, copies: Sequence[Copy]) -> list[Prepared]:
        """Step *step* of each case, values and all."""
        taken = WALK[step]
        who = (taken.person, *OFFICERS.get(taken.person, ("", "")))
        found: list[Prepared] = []
        for copy in copies:
            read = (FRESH, (*who, COUNTY, START.year)) if taken.does == "open" else (READ, (*who, COUNTY, copy.case))
            found.append((read, list(_statements(self._recording.steps[step], copy))))
        return found

    def take(self, step: int, prepared: Sequence[Prepared]) -> None:
        """Carry out what was prepared, a transaction each."""
        execute = self.connection.cursor().execute
        if WALK[step].does == "timer":
            execute(DUE, (millis(time_of(step)),)).fetchall()
        for (read, key), writes in prepared:
            execute("BEGIN IMMEDIATE")
            if execute(read, key).fetchone() is None:
                raise RuntimeError("nothing to read")
            for text, values in writes:
                if execute(text, values).rowcount < 1:
                    raise RuntimeError(f"nothing written: {text}")
            execute("COMMIT")

    def close(self) -> None:
        self.connection.close()


def _statements(writes: Sequence[Write], copy: Copy) -> Iterator[Statement]:
    for table, rows in by_table(writes):
        first = rows[0]
        if first.kind == "insert":
            names = ", ".join(f'"{name}"' for name in first.values)
            row = f"({', '.join('?' * len(first.values))})"
            values = [copy.value(table, name, value) for each in rows for name, value in each.values.items()]
            yield f"INSERT INTO {table} ({names}) VALUES {', '.join([row] * len(rows))}", values
            continue
        guard = [GUARDS[table]] if table in GUARDS else []
        where = " AND ".join(f'"{name}" = ?' for name in (*first.key, *guard))
        sets = ", ".join(f'"{name}" = ?' for name in first.values)
        values = [copy.value(table, name, value) for part in (first.values, first.key) for name, value in part.items()]
        head = f"UPDATE {table} SET {sets}" if first.kind == "update" else f"DELETE FROM {table}"
        yield f"{head} WHERE {where}", [*values, *(copy.was(first, name) for name in guard)]
