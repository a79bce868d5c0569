"""
What bangfu writes at each step of the walk, read back from its database: the very rows that the floor writes too.

One case is walked on a database that holds nothing else, and all tables are compared before and after every step. A
floor then writes the same rows for other cases: their ids, subjects and numbers put in, everything else as recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal
from uuid import UUID, uuid4

from bench.work import COUNTY, WALK, Bangfu, walk
from engine.cases import canonical
from storage.tables import Row

#: Tables that triggers write: a floor that writes the rest has them written too.
TRIGGERED = ("tally",)
#: A row's table and primary key.
Place = tuple[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Write:
    """
    A row that one step writes.

    Attributes:
        key: Its primary key.
        values: All columns of a new row, the changed ones of another, none of one that is deleted.
        before: What the changed ones were.
    """

    kind: Literal["insert", "update", "delete"]
    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """The walk of one case: for every step what it writes; whose case it was; ids as the driver takes them."""

    case: Any
    subject: Any
    number: str
    steps: tuple[tuple[Write, ...], ...]


def record(bangfu: Bangfu) -> Recording:
    """Walk a case and tell what it wrote. Another was walked before it: the first serial of a year is an exception."""
    walk(bangfu, bangfu.add_households(1))
    (subject,) = bangfu.add_households(1)
    steps: list[tuple[Write, ...]] = []
    cases: Sequence[UUID] = ()
    for step in range(len(WALK)):

        def work(step: int = step) -> None:
            nonlocal cases
            cases = bangfu.take(step, cases, [subject])

        steps.append(written(bangfu, work))
    number = bangfu.store.load(COUNTY, cases[0]).case.number
    case, home = (cases[0], subject) if bangfu.database.is_postgres else (cases[0].bytes, subject.bytes)
    return Recording(case, home, number, tuple(steps))


def written(bangfu: Bangfu, work: Callable[[], object]) -> tuple[Write, ...]:
    """What *work* writes."""
    before = _rows(bangfu)
    work()
    return tuple(_changes(before, _rows(bangfu)))


def _rows(bangfu: Bangfu) -> dict[Place, dict[str, Any]]:
    """Every row of the database, as its driver gives it; JSON as text."""
    found: dict[Place, dict[str, Any]] = {}
    with bangfu.database.connection() as connection:
        for table in Row.metadata.sorted_tables:
            if table.name in TRIGGERED:
                continue
            names = [column.name for column in table.columns]
            keys = [column.name for column in table.primary_key]
            quoted = ", ".join(f'"{name}"' for name in names)
            for values in connection.execute(f"SELECT {quoted} FROM {table.name}").fetchall():  # noqa: S608
                plain = (canonical(value) if isinstance(value, dict) else value for value in values)
                row = dict(zip(names, plain, strict=True))
                found[table.name, tuple(row[name] for name in keys)] = row
    return found


def _changes(before: Mapping[Place, dict[str, Any]], after: Mapping[Place, dict[str, Any]]) -> Iterator[Write]:
    for place in dict.fromkeys((*before, *after)):
        old, new = before.get(place), after.get(place)
        table = Row.metadata.tables[place[0]]
        key = dict(zip((column.name for column in table.primary_key), place[1], strict=True))
        if old is None and new is not None:
            yield Write("insert", table.name, key, new, {})
        elif new is None:
            yield Write("delete", table.name, key, {}, {})
        elif old is not None and old != new:
            changed = [name for name in new if old[name] != new[name]]
            yield Write(
                "update", table.name, key, {name: new[name] for name in changed}, {name: old[name] for name in changed}
            )


class Copy:
    """
    The same walk of another case: ids and numbers are its own wherever they stand in a column. Inside packed texts they
    stay as recorded; a byte more or less there makes no difference to what is measured.
    """

    def __init__(self, recording: Recording, case: Any, subject: Any, serial: int) -> None:
        self.case = case
        self._ids = {recording.case: case, recording.subject: subject}
        county, year, _ = recording.number.split("-")
        self._texts = {
            recording.number: f"{county}-{year}-{serial:06d}",
            _hex(recording.case): _hex(case),
            _hex(recording.subject): _hex(subject),
        }
        self._serial = serial
        self._is_bytes = isinstance(case, bytes)

    def value(self, table: str, column: str, recorded: Any) -> Any:
        """What stands in *column* for this case."""
        if table == "serial" and column == "next":
            return self._serial + 1
        if column == "command":
            return uuid4().bytes if self._is_bytes else uuid4()
        if isinstance(recorded, str):
            for old, new in self._texts.items():
                recorded = recorded.replace(old, new)
            return recorded
        return self._ids.get(recorded, recorded)

    def was(self, write: Write, column: str) -> Any:
        """What stood there before."""
        return self._serial if write.table == "serial" else self.value(write.table, column, write.before[column])


#: The column by which a row is moved only if nobody was faster.
GUARDS = {"cases": "seq", "serial": "next"}


def by_table(writes: Sequence[Write]) -> Iterator[tuple[str, list[Write]]]:
    """*writes* in an order in which a database takes them: new rows of a table together, others one by one, first."""
    order = {table.name: number for number, table in enumerate(Row.metadata.sorted_tables)}
    for write in sorted((write for write in writes if write.kind != "insert"), key=lambda write: order[write.table]):
        yield write.table, [write]
    fresh = sorted((write for write in writes if write.kind == "insert"), key=lambda write: order[write.table])
    for table, rows in groupby(fresh, key=lambda write: write.table):
        yield table, list(rows)


def _hex(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else value.hex
