"""
The statements of the write path, made once per kind of database from the table definitions, as its driver takes them.

SQLite runs them one after the other in a transaction. PostgreSQL gets everything that one case's commit writes as one
statement: the compare-and-set of ``cases`` comes first, under the name *moved*, and nothing else is written unless it
found its row. A text depends only on how many rows go where, so that drivers keep it prepared.
"""
# ruff: noqa: S608 - identifiers come from the table definitions; every value is a parameter.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Dialect, Table

from engine.cases import canonical
from storage.instants import millis
from storage.spreading import CHILDREN, CLOSINGS, LIST, Child, Spread
from storage.tables import CaseRow, HouseholdEventRow, SerialRow

_CASES: Table = CaseRow.__table__  # type: ignore[attr-defined]
#: What never changes after a case was opened.
_FIXED = ("county", "id", "number", "workflow", "subject", "household", "opened_at", "parent")
#: What triggers write.
_TRIGGERED = ("missed",)
CASE_COLUMNS = tuple(column.name for column in _CASES.columns if column.name not in _TRIGGERED)
CASE_UPDATED = tuple(name for name in CASE_COLUMNS if name not in _FIXED)

#: One kind of write: what, into which table or by which closing, and how many rows.
Kind = tuple[str, str, int]
#: A kind of write with its parameters.
Write = tuple[Kind, Sequence[Any]]
#: How the case itself is written: updated, opened, or opened with the next serial or the first of its year.
Opening = Literal["update", "insert", "next serial", "first serial"]


class Statements:
    """SQL for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self.is_postgres = dialect.name == "postgresql"
        self._dialect = dialect
        self._quote = dialect.identifier_preparer.quote
        self._mark = "%s" if self.is_postgres else "?"
        # The staff is still the one that the decision was made with (I17). PostgreSQL looks at what is selected by
        # itself before it locks any row.
        still = "EXISTS (SELECT 1 FROM meta WHERE key = 'revision' AND value = ?)"
        self.same_staff = "(SELECT staff_is_still(%s))" if self.is_postgres else still
        # Kept as long as the database is open; their number is that of the shapes that its definitions cause.
        self.text = lru_cache(maxsize=1024)(self._text)
        self.whole = lru_cache(maxsize=1024)(self._whole)
        self.case = {
            "update": self._update_case(),
            "insert": self._insert_case(f"WHERE {self.same_staff}"),
        }
        self.serial = {"next serial": self._next_serial(), "first serial": self._first_serial()}
        #: The next entry of a household's history; its parameters end with county and household once more.
        self.history = self._next_entry()

    def _marked(self, text: str) -> str:
        """*text*, with ``?`` for each parameter, as the driver wants it."""
        return text.replace("?", self._mark)

    # --- what a spread writes ---

    def writes(self, spread: Spread, county: str, case: Any, household: UUID | None) -> Iterable[Write]:
        """All of *spread*, in an order in which SQLite can run it; *case* and *household* as the database has ids."""
        for (name, values), keys in spread.closed().items():
            flat = [part for key in keys for part in key]
            yield ("close", name, len(keys)), [*values, county, case, *flat]
        yield from self._lists(spread, county)
        place = () if self.is_postgres else (county, case)
        for table, rows in spread.puts.items():
            if rows:
                yield ("put", table, len(rows)), [part for key, row in rows.items() for part in (*place, *key, *row)]
        yield from self._records(spread, county, case, household)

    def rows(self, spread: Spread, county: str, case: Any, household: UUID | None) -> Iterable[Write]:
        """The same, each row by itself, for :class:`storage.together.Together`; the case's place is in all of them."""
        for (name, values), keys in spread.closed().items():
            for key in keys:
                yield ("close", name, 1), (*values, county, case, *key)
        yield from self._lists(spread, county)
        for table, rows in spread.puts.items():
            for key, row in rows.items():
                yield ("put", table, 1), (county, case, *key, *row)
        yield from self._records(spread, county, case, household)

    def _lists(self, spread: Spread, county: str) -> Iterable[Write]:
        for list_id, values in spread.lists.items():
            yield ("list", "list", 1), (county, list_id, *values)
        for list_id, at in spread.decided.items():
            yield ("decide", "list", 1), (at, county, list_id)

    def _records(self, spread: Spread, county: str, case: Any, household: UUID | None) -> Iterable[Write]:
        if spread.register and household is not None:
            yield ("register", "household", len(spread.register)), [*self._register(spread), county, household]
            yield ("history", "household", 1), self._status(spread, county, case, household)
        for subject, record in spread.records.items():
            yield ("record", "register", 1), [county, subject, canonical(record)]

    def _register(self, spread: Spread) -> list[Any]:
        if self.is_postgres:
            return [canonical(spread.register)]
        return [part for name, value in spread.register.items() for part in (f'$."{name}"', canonical(value))]

    def _status(self, spread: Spread, county: str, case: Any, household: Any) -> list[Any]:
        """The statuses that were written, as the household's history keeps them."""
        event = spread.wrote
        assert event is not None
        told = (millis(event.at), "status", event.actor, event.post, spread.as_id(event.command), case)
        return [county, household, *told, canonical(spread.register), county, household]

    def _text(self, kind: Kind) -> str:
        """The statement for one kind of write. Within :meth:`whole` it depends on *moved*."""
        what, name, count = kind
        if what == "put":
            return self._put(CHILDREN[name], count)
        if what == "close":
            return self._close(name, count)
        if what == "list":
            return self._make_list()
        if what == "record":
            return self._write_record()
        if what == "decide":
            text = "UPDATE list SET decided_at = ? WHERE county = ? AND id = ? AND decided_at IS NULL"
            return self._marked(text) + self._moved
        if what == "history":
            return self.history + (" HAVING EXISTS (SELECT 1 FROM moved)" if self.is_postgres else "")
        return self._write_register(count)

    def _whole(self, opening: Opening, kinds: tuple[Kind, ...]) -> str:
        """
        Everything that one case's commit writes, as one statement for PostgreSQL; it gives 1, or 0 if stale.

        Its parameters are numbered, as PostgreSQL has them: psycopg reads and rewrites a text with ``%s`` whenever it
        carries it out, unless it is short.
        """
        parts = []
        if opening in self.serial:
            parts.append(f"taken AS ({self.serial[opening]} RETURNING county)")
            parts.append(f"moved AS ({self._insert_case('FROM taken')} RETURNING county, id)")
        else:
            parts.append(f"moved AS ({self.case[opening]} RETURNING county, id)")
        parts += [f"w{number} AS ({self.text(kind)})" for number, kind in enumerate(kinds)]
        first, *more = f"WITH {', '.join(parts)} SELECT count(*) FROM moved".split("%s")
        return first + "".join(f"${number}{part}" for number, part in enumerate(more, 1))

    # --- the case itself ---

    def _update_case(self) -> str:
        sets = ", ".join(f"{self._quote(name)} = ?" for name in CASE_UPDATED)
        return self._marked(f"UPDATE cases SET {sets} WHERE county = ? AND id = ? AND seq = ? AND ") + self.same_staff

    def _insert_case(self, tail: str) -> str:
        values = ", ".join(self._typed(_CASES, name) for name in CASE_COLUMNS)
        return f"INSERT INTO cases ({self.names(CASE_COLUMNS)}) SELECT {values} {tail}"

    def _next_serial(self) -> str:
        text = "UPDATE serial SET next = ? WHERE county = ? AND year = ? AND next = ? AND "
        return self._marked(text) + self.same_staff

    def _first_serial(self) -> str:
        table: Table = SerialRow.__table__  # type: ignore[attr-defined]
        values = ", ".join(self._typed(table, name) for name in ("next", "county", "year"))
        # The fourth parameter is what `next` was: 1, as with the other statement.
        return (
            f"INSERT INTO serial (next, county, year) SELECT {values} WHERE {self._typed(table, 'next')} = 1"
            f" AND {self.same_staff} ON CONFLICT DO NOTHING"
        )

    # --- its rows ---

    @property
    def _moved(self) -> str:
        return " AND EXISTS (SELECT 1 FROM moved)" if self.is_postgres else ""

    def _put(self, child: Child, count: int) -> str:
        table: Table = child.row.__table__
        names = self.names(("county", "case_id", *child.columns))
        conflict = "" if child.once else self.on_conflict(table, child)
        if not self.is_postgres:
            row = f"({', '.join('?' * (2 + len(child.columns)))})"
            return f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * count)}{conflict}"
        row = f"({', '.join(self._typed(table, name) for name in child.columns)})"
        return (
            f"INSERT INTO {table.name} ({names}) SELECT m.county, m.id, v.*"
            f" FROM moved m, (VALUES {', '.join([row] * count)}) v{conflict}"
        )

    def on_conflict(self, table: Table, child: Child) -> str:
        keys = self.names(column.name for column in table.primary_key)
        sets = ", ".join(f"{q} = excluded.{q}" for q in map(self._quote, child.values) if q not in child.kept)
        return f" ON CONFLICT ({keys}) DO UPDATE SET {sets}"

    def _close(self, name: str, count: int) -> str:
        closing = CLOSINGS[name]
        sets = ", ".join(f"{column} = ?" for column in closing.sets)
        change = f"UPDATE {closing.table} SET {sets}" if sets else f"DELETE FROM {closing.table}"
        rows = " OR ".join([closing.where] * count)
        return self._marked(f"{change} WHERE county = ? AND case_id = ? AND ({rows})") + self._moved

    def _make_list(self) -> str:
        table: Table = LIST.row.__table__
        columns = ("county", *LIST.columns)
        values = ", ".join(self._typed(table, column) for column in columns)
        tail = "FROM moved" if self.is_postgres else "WHERE true"
        return f"INSERT INTO list ({self.names(columns)}) SELECT {values} {tail} ON CONFLICT DO NOTHING"

    def _write_register(self, count: int) -> str:
        if self.is_postgres:
            text = "UPDATE household SET statuses = statuses || ?::jsonb WHERE county = ? AND id = ?"
            return self._marked(text) + self._moved
        pairs = ", ?, json(?)" * count
        return f"UPDATE household SET statuses = json_set(statuses{pairs}) WHERE county = ? AND id = ?"

    def _write_record(self) -> str:
        values, merged = "VALUES (?, ?, json(?))", "json_patch(statuses, excluded.statuses)"
        if self.is_postgres:
            values, merged = "SELECT ?::text, ?::text, ?::jsonb FROM moved", "register.statuses || excluded.statuses"
        return self._marked(
            f"INSERT INTO register (county, subject, statuses) {values}"
            f" ON CONFLICT (county, subject) DO UPDATE SET statuses = {merged}"
        )

    def _next_entry(self) -> str:
        table: Table = HouseholdEventRow.__table__  # type: ignore[attr-defined]
        names = [column.name for column in table.columns]
        values = ("COALESCE(max(seq), 0) + 1" if name == "seq" else self._typed(table, name) for name in names)
        return (
            f"INSERT INTO household_event ({self.names(names)}) SELECT {', '.join(values)} FROM household_event"
            f" WHERE county = {self._mark} AND household = {self._mark}"
        )

    # --- words ---

    def names(self, names: Iterable[str]) -> str:
        return ", ".join(map(self._quote, names))

    def _typed(self, table: Table, name: str) -> str:
        """A parameter that PostgreSQL cannot guess the type of."""
        return f"%s::{table.c[name].type.compile(self._dialect)}" if self.is_postgres else "?"
