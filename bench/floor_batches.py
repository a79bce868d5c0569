"""
The floor of a batch: what bangfu wrote for one case, written for a thousand, set-based and in one transaction.

PostgreSQL gets one statement for each kind of row, with what differs from case to case as arrays; packed texts and
hashes always do. So does SQLite where nothing but the case's id differs, which is then taken from ``json_each``; rows
that bring more of their own are written by the driver, one after the other (``executemany``), which is faster there.
"""
# ruff: noqa: S608 - identifiers come from the table definitions; every value is a parameter.

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import psycopg
from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from bench.places import Places
from bench.recording import GUARDS, Copy, Recording, Write, by_table
from storage.database import POSTGRES_OPTIONS, SQLITE_PRAGMAS, sqlite_driver
from storage.tables import Row

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of one write: what is put there, what it is found by, or what it must have been."""

    write: Write
    name: str
    part: Literal["new", "key", "was"]

    def value(self, copy: Copy) -> Any:
        if self.part == "was":
            return copy.was(self.write, self.name)
        values = self.write.values if self.part == "new" else self.write.key
        return copy.value(self.write.table, self.name, values[self.name])


def batch(
    places: Places, name: str, recording: Recording, writes: Sequence[Write], cases: Sequence[UUID], read: str,
    values: Sequence[Any],
) -> Callable[[], None]:  # fmt: skip
    """
    A floor, ready to be carried out once.

    Args:
        recording: Whose ids *writes* name.
        cases: Cases of the database *name* that stand where the recorded one stood.
        read: What is read first, with ``?`` for *values*: all cases, as their decisions need them.
    """
    is_postgres = places.kind == "postgres"
    copies = [Copy(recording, case if is_postgres else case.bytes, recording.subject, 0) for case in cases]
    of_each = [(columns, copies if _is_of_cases(columns) else copies[:1]) for columns in _each(writes)]
    connection: Any
    if is_postgres:
        address = places.url(name).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(address, autocommit=True, options=POSTGRES_OPTIONS)
        set_based = [(*_set_based(columns, each), len(each)) for columns, each in of_each]
        read = read.replace("?", "%s")
    else:
        connection = sqlite_driver().connect(str(places.path(name)), cached_statements=512)
        connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        one_by_one = [_of_sqlite(columns, each) for columns, each in of_each]

    def work() -> None:
        cursor = connection.cursor()
        cursor.execute("BEGIN" if is_postgres else "BEGIN IMMEDIATE")
        _expect(len(cursor.execute(read, values).fetchall()), len(cases))
        if is_postgres:
            for text, arrays, count in set_based:
                _expect(cursor.execute(text, arrays).rowcount, count)
        else:
            for text, rows, count in one_by_one:
                done = cursor.execute(text, rows) if isinstance(rows, tuple) else cursor.executemany(text, rows)
                _expect(done.rowcount, count)
        cursor.execute("COMMIT")
        connection.close()

    return work


def _expect(count: int, wanted: int) -> None:
    if count != wanted:
        raise RuntimeError(f"{count} rows, not {wanted}")


def _each(writes: Sequence[Write]) -> Iterator[list[_Column]]:
    """The columns of each write."""
    for _, rows in by_table(writes):
        for write in rows:
            columns = [_Column(write, name, "new") for name in write.values]
            if write.kind != "insert":
                columns += [_Column(write, name, "key") for name in write.key]
                columns += [_Column(write, GUARDS[write.table], "was")] if write.table in GUARDS else []
            yield columns


def _is_of_cases(columns: Sequence[_Column]) -> bool:
    """Whether each case has such a row; a list has one for all."""
    table = columns[0].write.table
    return table == "cases" or "case_id" in Row.metadata.tables[table].c


def _of_sqlite(
    columns: Sequence[_Column], copies: Sequence[Copy]
) -> tuple[str, tuple[Any, ...] | list[list[Any]], int]:
    """The statement; its parameters once, or a list of those of each row; and how many rows it finds."""
    rows = [[column.value(copy) for column in columns] for copy in copies]
    own = [no for no in range(len(columns)) if any(row[no] != rows[0][no] for row in rows)]
    if len(own) != 1 or not isinstance(rows[0][own[0]], bytes):
        return _statement(columns, ["?"] * len(columns)), rows, len(rows)
    ids = json.dumps([row[own[0]].hex() for row in rows])
    given = tuple(value for no, value in enumerate(rows[0]) if no not in own)
    if columns[0].write.kind == "insert":
        marks = ["unhex(j.value)" if no in own else "?" for no in range(len(columns))]
        names = ", ".join(f'"{column.name}"' for column in columns)
        text = f"INSERT INTO {columns[0].write.table} ({names}) SELECT {', '.join(marks)} FROM json_each(?) j"
    else:
        marks = ["(SELECT unhex(value) FROM json_each(?))" if no in own else "?" for no in range(len(columns))]
        text = _statement(columns, marks)
        given = (*given[: own[0]], ids, *given[own[0] :])
        return text, given, len(rows)
    return text, (*given, ids), len(rows)


def _statement(columns: Sequence[_Column], marks: Sequence[str]) -> str:
    write = columns[0].write
    new = [(column.name, mark) for column, mark in zip(columns, marks, strict=True) if column.part == "new"]
    if write.kind == "insert":
        names = ", ".join(f'"{name}"' for name, _ in new)
        return f"INSERT INTO {write.table} ({names}) VALUES ({', '.join(mark for _, mark in new)})"
    where = " AND ".join(
        f'"{column.name}" {"=" if mark == "?" else "IN"} {mark}'
        for column, mark in zip(columns, marks, strict=True)
        if column.part != "new"
    )
    sets = ", ".join(f'"{name}" = {mark}' for name, mark in new)
    return (f"UPDATE {write.table} SET {sets}" if new else f"DELETE FROM {write.table}") + f" WHERE {where}"


def _set_based(columns: Sequence[_Column], copies: Sequence[Copy]) -> tuple[str, dict[str, Any]]:
    """The statement for all *copies*; what is the same for all of them is given once."""
    write = columns[0].write
    values: dict[str, Any] = {}
    arrays: dict[str, str] = {}
    used: list[str] = []
    for no, column in enumerate(columns):
        each = [column.value(copy) for copy in copies]
        kind = Row.metadata.tables[write.table].c[column.name].type.compile(_DIALECT)
        if isinstance(each[0], bytes) or any(value != each[0] for value in each):
            arrays[f"c{no}"] = f"%(c{no})s::{kind}[]"
            values[f"c{no}"] = each
            used.append(f"v.c{no}")
        else:
            values[f"c{no}"] = each[0]
            used.append(f"%(c{no})s::{kind}")
    source = f"unnest({', '.join(arrays.values())}) v ({', '.join(arrays)})" if arrays else "(SELECT 1) v"
    new = [(f'"{column.name}"', mark) for column, mark in zip(columns, used, strict=True) if column.part == "new"]
    if write.kind == "insert":
        head = f"INSERT INTO {write.table} ({', '.join(name for name, _ in new)})"
        return f"{head} SELECT {', '.join(mark for _, mark in new)} FROM {source}", values
    where = " AND ".join(
        f't."{column.name}" = {mark}' for column, mark in zip(columns, used, strict=True) if column.part != "new"
    )
    sets = ", ".join(f"{name} = {mark}" for name, mark in new)
    head = f"UPDATE {write.table} t SET {sets} FROM {source}" if new else f"DELETE FROM {write.table} t USING {source}"
    return f"{head} WHERE {where}", values
