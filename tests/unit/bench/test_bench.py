"""The benchmark measures what it says: the floor leaves the rows that bangfu leaves; every measure has its shape."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as bench
from bench import rosters
from bench.filling import case_id, crowded
from bench.floor_postgres import PostgresFloor
from bench.floor_sqlite import SqliteFloor
from bench.measuring import Measure, Series, Timing
from bench.places import Places, postgres_places, sqlite_places
from bench.recording import Recording, record
from bench.walking import Floor, compare
from bench.work import COUNTY, WALK, Bangfu, time_of, walk
from engine.cases import replay
from storage.tables import Row

TINY = bench.Size(rounds=2, cases=2, age=20, few=30, some=310, many=620, batch=4, batches=1, households=20, times=1)
#: Another in every case, or at every run.
RANDOM = {
    "id",
    "case_id",
    "command",
    "household",
    "subject",
    "number",
    "asked",
    "hash",
    "head",
    "text",
    "record",
    "key",
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest) -> Iterator[Places]:
    # The server must not lie in one of pytest's folders: tests.databases says why.
    with tempfile.TemporaryDirectory(prefix="bangfu-") as folder:
        if request.param == "sqlite":
            yield sqlite_places(Path(folder))
        else:
            with postgres_places(Path(folder, "data")) as server:
                yield server


@pytest.fixture(scope="module")
def recording(places: Places) -> Recording:
    with Bangfu(places.create("recorded")) as bangfu:
        return record(bangfu)


def test_the_floor_leaves_the_rows_that_bangfu_leaves(places: Places, recording: Recording) -> None:
    with Bangfu(places.create("bangfu"), 6) as bangfu, Bangfu(places.create("floor"), 6) as other:
        floor = _floor(places, recording)
        ours = [bangfu.households[:3], bangfu.households[3:]]
        compare(bangfu, floor, ours, [other.households[:3], other.households[3:]], random.Random(1))
        floor.close()
        assert _rows(other) == _rows(bangfu)


def test_every_decision_of_the_walk_is_one_event_and_its_history_gives_the_case_again(places: Places) -> None:
    with Bangfu(places.create("walk"), 1) as bangfu:
        (case,) = walk(bangfu, bangfu.households)
        stored = bangfu.store.load(COUNTY, case).case
        assert (stored.stage, stored.status, stored.seq) == ("listed", "closed", len(WALK))
        assert replay(COUNTY, case, bangfu.store.events(COUNTY, case)).record() == stored.record()


def test_in_a_filled_database_every_case_can_be_decided(places: Places, recording: Recording) -> None:
    with crowded(places, recording, 30) as bangfu:
        assert bangfu.act(case_id(30), "cadre", "submit").stage == "household_check"
        (subject,) = bangfu.add_households(1)
        assert bangfu.open(subject).number == f"{COUNTY}-2026-000032"
    with crowded(places, recording, 30) as again:
        assert again.store.load(COUNTY, case_id(30)).case.seq == 2


@pytest.fixture
def rosters_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.places.DATA", tmp_path)


@pytest.mark.usefixtures("rosters_elsewhere")
def test_every_measure_has_a_ratio_and_a_target(places: Places) -> None:
    found = list(bench.measures(places, TINY, random.Random(1)))
    names = {each.name for each in found}
    assert {f"w1_{places.kind}_wall", f"w2_{places.kind}", f"flat_cases_{places.kind}"} < names
    assert f"w6_roster_{places.kind}" in names
    for each in found:
        shown = each.as_json()
        assert shown["met"] is (each.ratio <= each.target)
        assert each.ratio > 0 < each.bangfu
    assert bench.table(found).row_count == len(found)


@pytest.mark.usefixtures("rosters_elsewhere")
def test_some_measures_are_taken_alone_by_how_their_names_begin(places: Places) -> None:
    wanted = ["w6", f"w4_fire_{'postgres' if places.kind == 'sqlite' else 'sqlite'}"]
    found = [each.name for each in bench.measures(places, TINY, random.Random(1), wanted)]
    assert found == [f"w6_roster_{places.kind}"]


@pytest.mark.usefixtures("rosters_elsewhere")
def test_the_floor_of_a_roster_leaves_the_rows_that_an_import_leaves(places: Places) -> None:
    path = rosters.roster_file(30)
    for name in ("roster", "floor"):
        rosters.new_base(places, name)
    rosters.run_import(places, "roster", path)
    written = rosters.rows_of(places, "roster")
    assert len(written["household"][1]) == 30
    assert len(written["member"][1]) >= 57, "householders, and a member for nine of ten"
    rosters.plainly(places, "floor", path, written)
    with closing(places.open("roster")) as ours, closing(places.open("floor")) as theirs:
        for table in Row.metadata.sorted_tables:
            keys = ", ".join(column.name for column in table.primary_key)
            rows = f"SELECT * FROM {table.name} ORDER BY {keys}"
            if table.name != "meta":
                assert theirs.read(rows) == ours.read(rows), table.name


def test_a_ratio_is_the_median_of_the_rounds_not_the_ratio_of_the_medians() -> None:
    series = Series()
    for ours, floor in ((3.0, 1.0), (40.0, 20.0), (5.0, 4.0)):
        series.add(Timing(ours, ours), Timing(floor, floor))
    assert series.measure("w", 4, times=1).ratio == 2.0


def test_an_absolute_figure_has_no_floor() -> None:
    assert Measure("bytes", 7_000, 6_800, 7_000, unit="bytes").as_json()["floor_median"] is None


def _floor(places: Places, recording: Recording) -> Floor:
    if places.kind == "sqlite":
        return SqliteFloor(places.path("floor"), recording)
    return PostgresFloor(places.url("floor"), recording)


def _rows(bangfu: Bangfu) -> dict[str, Counter[Any]]:
    """Table → its rows without what is random, each as often as it is there; but not when bangfu's sweep was."""
    found = {}
    bangfu.store.add_up(time_of(len(WALK)))
    with bangfu.database.connection() as connection:
        for table in (table for table in Row.metadata.sorted_tables if table.name != "meta"):
            names = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in RANDOM)
            rows = connection.execute(f"SELECT {names} FROM {table.name}").fetchall()
            found[table.name] = Counter(repr(row) for row in rows)
    return found
