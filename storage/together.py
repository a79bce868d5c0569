"""
Many cases written together: one statement for each kind of row, however many cases there are.

SQLite carries a statement out for one row after the other without leaving the driver. PostgreSQL takes its rows as
arrays, a column each; a column in which all rows have the same value is given once.
"""
# ruff: noqa: S608 - identifiers come from the table definitions; every value is a parameter.

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect

from storage.spreading import CHILDREN, CLOSINGS
from storage.statements import CASE_UPDATED, Kind, Statements
from storage.tables import Row

_VALUE = re.compile(r"(\w+) ([=<]) \?")
_KEY = ("county", "case_id")
#: Columns by which a case's row is found, after those that are set.
_CASE_KEY = ("county", "id", "seq")


class Together:
    """The statements of one kind of database, for the rows of many cases that are there already."""

    def __init__(self, statements: Statements, dialect: Dialect) -> None:
        self._sql = statements
        self._dialect = dialect
        self._set_based = lru_cache(maxsize=1024)(self._text)

    def write(
        self, connection: Any, cases: Sequence[Sequence[Any]], rows: Iterable[tuple[Kind, Sequence[Any]]], revision: str
    ) -> int:
        """
        Write cases, and what else changes with them, within a transaction.

        Args:
            cases: Of each what is set, then its county, id, and the seq that it had.
            rows: Of all of them, as :meth:`Statements.rows` gives them.
            revision: The staff's, as it was when they were decided.

        Returns:
            How many cases were still as they had been read: if not all were, the transaction must not be committed.
        """
        found = self._cases(connection, cases, revision)
        if found < len(cases):
            return found
        for kind, values in _by_kind(rows).items():
            if not self._sql.is_postgres:
                connection.executemany(self._sql.text(kind), values)
            elif kind[0] in ("put", "close"):
                self._all_at_once(connection, kind, values)
            else:
                connection.cursor().executemany(f"WITH moved AS (SELECT 1) {self._sql.text(kind)}", values)
        return found

    def _cases(self, connection: Any, cases: Sequence[Sequence[Any]], revision: str) -> int:
        if not self._sql.is_postgres:
            rows = [(*values, revision) for values in cases]
            return int(connection.executemany(self._sql.case["update"], rows).rowcount)
        # In one order, the staff before them, so that two commits over the same cases do not deadlock.
        lock = (
            f"SELECT 1 FROM cases WHERE county = %s AND id = ANY(%s) AND {self._sql.same_staff} ORDER BY id FOR UPDATE"
        )
        connection.execute(lock, (cases[0][-3], [values[-2] for values in cases], revision))
        return self._all_at_once(connection, ("update", "cases", 1), cases, (revision,))

    def _all_at_once(
        self, connection: Any, kind: Kind, rows: Sequence[Sequence[Any]], more: tuple[Any, ...] = ()
    ) -> int:
        """Write *rows* of one kind in PostgreSQL, and tell how many it found."""
        columns = list(zip(*rows, strict=True))
        same = tuple(len(rows) == 1 or _is_same(column) for column in columns)
        if all(same):  # Something must say how many rows there are.
            same = (*same[:-1], False)
        values = [column[0] if is_same else list(column) for column, is_same in zip(columns, same, strict=True)]
        return int(connection.execute(self._set_based(kind[:2], same), (*values, *more)).rowcount)

    # --- texts for PostgreSQL ---

    def _columns(self, kind: Kind) -> tuple[str, ...]:
        """The columns of one row, in the order of its parameters."""
        what, name, _ = kind
        if what == "put":
            return (*_KEY, *CHILDREN[name].columns)
        if what == "update":
            return (*CASE_UPDATED, *_CASE_KEY)
        closing = CLOSINGS[name]
        return (*closing.sets, *_KEY, *(found for found, _ in _VALUE.findall(closing.where)))

    def _text(self, kind: tuple[str, str], same: tuple[bool, ...]) -> str:
        """The statement for rows of *kind*, of which some columns are the same for all of them."""
        what, name = kind
        columns = self._columns((what, name, 1))
        table = Row.metadata.tables[CLOSINGS[name].table if what == "close" else name]
        types = [table.c[column].type.compile(self._dialect) for column in columns]
        # Parameters are numbered by the driver from left to right: each is named once, in its place.
        shown = ", ".join(
            f"%s::{type_} AS p{no}" if is_same else f"unnest(%s::{type_}[]) AS p{no}"
            for no, (type_, is_same) in enumerate(zip(types, same, strict=True))
        )
        source = f"(SELECT {shown}) v"
        if what == "put":
            all_of = ", ".join(f"v.p{no}" for no in range(len(columns)))
            child = CHILDREN[name]
            conflict = "" if child.once else self._sql.on_conflict(table, child)
            return f"INSERT INTO {name} ({self._sql.names(columns)}) SELECT {all_of} FROM {source}{conflict}"
        number = len(CASE_UPDATED) if what == "update" else len(CLOSINGS[name].sets)
        sets = ", ".join(f"{self._sql.names([column])} = v.p{no}" for no, column in enumerate(columns[:number]))
        values = iter(f"v.p{no}" for no in range(number, len(columns)))
        key = " AND ".join(f"t.{column} = {next(values)}" for column in (_CASE_KEY if what == "update" else _KEY))
        if what == "update":
            return f"UPDATE cases t SET {sets} FROM {source} WHERE {key} AND {self._sql.same_staff}"
        where = _VALUE.sub(lambda match: f"t.{match[1]} {match[2]} {next(values)}", CLOSINGS[name].where)
        head = f"UPDATE {table} t SET {sets} FROM {source}" if sets else f"DELETE FROM {table} t USING {source}"
        return f"{head} WHERE {key} AND {where}"


def _by_kind(rows: Iterable[tuple[Kind, Sequence[Any]]]) -> Mapping[Kind, Sequence[Sequence[Any]]]:
    """The rows of each kind. A list is made and decided once, by all its cases."""
    found: dict[Kind, list[Sequence[Any]]] = defaultdict(list)
    for kind, values in rows:
        found[kind].append(values)
    return {kind: list(dict.fromkeys(each)) if kind[0] in ("list", "decide") else each for kind, each in found.items()}


def _is_same(values: Sequence[Any]) -> bool:
    first = values[0]
    return all(value == first for value in values)
