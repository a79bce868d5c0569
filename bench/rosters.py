"""
W6: a roster of 100,000 households, imported by the command as people run it, against reading and inserting it plainly.

The floor reads every sheet by calamine, in this process and without looking at what it finds, and puts the very rows
that bangfu wrote into tables that bangfu made, in one transaction: by ``executemany`` on SQLite, by COPY on PostgreSQL.
"""
# ruff: noqa: S608 - identifiers come from the table definitions.

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any

import psycopg
from python_calamine import CalamineWorkbook

from bangfu.entering import bundled_divisions
from bangfu.settings import KEY as KEY_VARIABLE
from bench import places as folders
from bench.measuring import Measure, Series, in_turns
from bench.places import KEY, Places
from bench.work import COUNTY, START
from engine.cases import canonical
from engine.divisions import Division, Level
from engine.identity import check_digit
from papers.roster import HOUSEHOLD_COLUMNS, MEMBER_COLUMNS, RosterHousehold
from papers.synthetic import HOUSEHOLDS_AT_MOST, synthetic_households
from papers.template import write_roster
from storage.database import POSTGRES_OPTIONS, SQLITE_PRAGMAS, sqlite_driver
from storage.intake import Intake
from storage.tables import Row

TODAY = START.date()
#: What an import writes, in an order that foreign keys allow.
TABLES = ("household", "member")
#: Table → its columns and rows, as the driver takes them.
Written = Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]]


def rosters(places: Places, rounds: int, households: int, chance: random.Random) -> Iterator[Measure]:
    """The import against its floor, each on new databases; what the first import wrote is what the floor writes."""
    path = roster_file(households)
    new_base(places, "roster")
    run_import(places, "roster", path)
    written = rows_of(places, "roster")
    if len(written["household"][1]) != households:
        raise RuntimeError("not every household was entered")
    series = Series()
    for _ in range(rounds):
        new_base(places, "roster")
        new_base(places, "floor")
        sides: dict[str, Callable[[], object]] = {
            "bangfu": lambda: run_import(places, "roster", path),
            "floor": lambda: plainly(places, "floor", path, written),
        }
        both = in_turns(sides, chance)
        series.add(both["bangfu"], both["floor"])
    yield series.measure(f"w6_roster_{places.kind}", 6, households)


def new_base(places: Places, name: str) -> None:
    """A database that knows its places and nobody."""
    database = places.create(name)
    divisions, source = bundled_divisions(COUNTY)
    Intake(database).add_divisions(divisions, source)
    database.close()


def run_import(places: Places, name: str, path: Path) -> str:
    """What the installed command runs, in a process of its own; gives what it said."""
    command = [sys.executable, "-c", "from cli import app; app()", "import", "roster", str(path), "--database"]
    command.append(places.url(name).render_as_string(hide_password=False))
    environment = {**os.environ, KEY_VARIABLE: base64.b64encode(KEY).decode()}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def rows_of(places: Places, name: str) -> Written:
    """What an import has written there."""
    found = {}
    with _plain_connection(places, name) as connection:
        for table in TABLES:
            columns = [column.name for column in Row.metadata.tables[table].columns]
            rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2, 3").fetchall()
            # PostgreSQL gives JSON as what it means, and takes it as text.
            plain = [[canonical(value) if isinstance(value, dict) else value for value in row] for row in rows]
            found[table] = (columns, plain)
    return found


def plainly(places: Places, name: str, path: Path, written: Written) -> None:
    """The floor."""
    book = CalamineWorkbook.from_path(str(path))
    for sheet in book.sheet_names:
        book.get_sheet_by_name(sheet).to_python()
    with _plain_connection(places, name) as connection:
        connection.execute("BEGIN")
        for table, (columns, rows) in written.items():
            names = ", ".join(columns)
            if places.kind == "sqlite":
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
                continue
            with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        connection.execute("COMMIT")


@contextmanager
def _plain_connection(places: Places, name: str) -> Iterator[Any]:
    if places.kind == "postgres":
        address = places.url(name).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True, options=POSTGRES_OPTIONS) as connection:
            yield connection
        return
    with closing(sqlite_driver().connect(str(places.path(name)))) as connection:
        connection.isolation_level = None
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        yield connection


# --- the file ---------------------------------------------------------------------------------------------------------


def roster_file(households: int) -> Path:
    """A roster of so many synthetic households, with a member's row for nine of ten of them; made once and kept."""
    titles = "".join(column.title for column in (*HOUSEHOLD_COLUMNS, *MEMBER_COLUMNS))
    path = folders.DATA / f"roster-{households}-{sha256(titles.encode()).hexdigest()[:12]}.xlsx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        places, _ = bundled_divisions(COUNTY)
        half = path.with_suffix(".half")
        write_roster(half, _households(households, places), places)
        half.rename(path)
    return path


def _households(number: int, places: Iterable[Division]) -> Iterator[RosterHousehold]:
    villages = [place.code for place in places if place.level is Level.VILLAGE]
    fresh = _Numbers()
    made = (each for seed in count(1) for each in synthetic_households(seed, villages, HOUSEHOLDS_AT_MOST, TODAY))
    for no, each in enumerate(islice(made, number)):
        yield _renumbered(each if no % 10 else replace(each, members=()), fresh)


class _Numbers:
    """Numbers of the same day of birth and sex, each given once: the synthetic ones begin anew with every seed."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, int], Iterator[int]] = {}

    def like(self, number: str) -> str:
        sex = int(number[16]) % 2
        serials = self._given.setdefault((number[:14], sex), iter(range(sex or 2, 1000, 2)))
        body = f"{number[:14]}{next(serials):03d}"
        return body + check_digit(body)


def _renumbered(household: RosterHousehold, numbers: _Numbers) -> RosterHousehold:
    """With numbers of its own, and one member at most."""
    members, disabled = household.members[-1:], household.disabled_person
    own = {number: numbers.like(number) for number in replace(household, members=members).id_numbers}
    if disabled is not None:
        number = own[disabled.id_number]
        disabled = replace(disabled, id_number=number, card=number + disabled.card[18:])
    return replace(
        household,
        id_number=own[household.id_number],
        disabled_person=disabled,
        members=tuple(replace(each, id_number=own[each.id_number]) for each in members),
    )
