"""Rosters from file to base: every row is accounted for, and the same file again adds nothing (I35)."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from bangfu.entering import bundled_divisions, enter_roster
from bangfu.settings import read_settings
from bangfu.wiring import Bangfu, create_bangfu
from engine.identity import check_digit
from papers.roster import Roster, RosterHousehold, read_roster
from papers.synthetic import synthetic_households
from papers.template import write_roster
from storage.checks import check

COUNTY, VILLAGES = "430822", ("430822213213", "430822213202")
TODAY = date(2026, 1, 15)
SINCE = date(2024, 3, 1)


@pytest.fixture
def bangfu(tmp_path: Path) -> Iterator[Bangfu]:
    with create_bangfu(read_settings({}, database=str(tmp_path / "base.db")), practice=True) as opened:
        places, source = bundled_divisions(COUNTY)
        opened.intake.add_divisions(places, source)
        yield opened


def spoilt(households: Sequence[RosterHousehold], seed: int) -> Iterator[RosterHousehold]:
    """Some of *households* with a mistake that offices make."""
    chance = random.Random(seed)
    for each in households:
        number = each.id_number
        mistake = chance.choice(("none", "none", "digit", "spreadsheet", "twice", "nameless"))
        if mistake == "digit":
            wrong = next(digit for digit in "0123456789" if digit != check_digit(number[:17]))
            yield replace(each, id_number=number[:17] + wrong)
        elif mistake == "spreadsheet":
            yield replace(each, id_number=f"{int(number[:17]) * 10:.5E}")
        elif mistake == "twice":
            yield from (each, each)
        elif mistake == "nameless":
            yield replace(each, householder="")
        else:
            yield each


def rows_in(path: Path) -> int:
    """Rows below the titles of both sheets that hold anything, counted in the file itself and not by our reader."""
    space = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    found = 0
    with ZipFile(path) as book:
        for sheet in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"):
            rows = ElementTree.fromstring(book.read(sheet)).findall(".//x:row", space)
            found += sum(int(row.attrib["r"]) > 1 and row.find("x:c/x:v", space) is not None for row in rows)
    return found


def read(bangfu: Bangfu, path: Path) -> Roster:
    return read_roster(path, TODAY, bangfu.places.inside(COUNTY))


@pytest.mark.parametrize("seed", range(6))
def test_I35_accepted_and_rejected_rows_are_the_rows_of_the_file(bangfu: Bangfu, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "roster.xlsx"
    households = synthetic_households(seed, VILLAGES, 20, TODAY)
    write_roster(path, spoilt(households, seed), bangfu.places.inside(COUNTY))
    roster = read(bangfu, path)
    assert roster.rows_accepted + roster.rows_rejected == roster.rows_present == rows_in(path)
    entered = enter_roster(bangfu, roster, path)
    unchanged = len(entered.known) + len(entered.growing) + len(entered.clashing)
    assert len(entered.new) + unchanged == len(roster.households)
    told = {(problem.sheet, problem.row) for problem in roster.problems}
    assert len(told) >= roster.rows_rejected, "each rejected row is told"


@pytest.mark.parametrize("seed", range(3))
def test_I35_the_same_file_again_adds_nothing(bangfu: Bangfu, tmp_path: Path, seed: int) -> None:
    path = tmp_path / "roster.xlsx"
    write_roster(path, spoilt(synthetic_households(seed, VILLAGES, 15, TODAY), seed), bangfu.places.inside(COUNTY))
    first = enter_roster(bangfu, read(bangfu, path), path)
    counts = tables(bangfu)
    again = enter_roster(bangfu, read(bangfu, path), path)
    assert first.new
    assert not again.new
    assert set(again.known) >= set(first.new)
    assert tables(bangfu) == counts


def test_I35_a_file_with_some_known_households_adds_the_others(bangfu: Bangfu, tmp_path: Path) -> None:
    households = synthetic_households(9, VILLAGES, 12, TODAY)
    places = bangfu.places.inside(COUNTY)
    write_roster(tmp_path / "first.xlsx", households[:8], places)
    write_roster(tmp_path / "second.xlsx", households[4:], places)
    assert len(enter_roster(bangfu, read(bangfu, tmp_path / "first.xlsx"), tmp_path / "first.xlsx").new) == 8
    second = enter_roster(bangfu, read(bangfu, tmp_path / "second.xlsx"), tmp_path / "second.xlsx")
    assert (len(second.new), len(second.known)) == (4, 4)


def test_I35_thousands_of_rows_with_doubles_in_the_file_and_in_the_base_are_accounted_for(
    bangfu: Bangfu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bangfu.entering._AT_ONCE", 300)
    places = bangfu.places.inside(COUNTY)
    households = synthetic_households(11, VILLAGES, 1_300, TODAY)
    first, path = tmp_path / "first.xlsx", tmp_path / "roster.xlsx"
    write_roster(first, households[200:900:2], places)
    assert len(enter_roster(bangfu, read(bangfu, first), first).new) == 350
    write_roster(path, spoilt(households, 11), places)
    roster = read(bangfu, path)
    assert roster.rows_present == rows_in(path) > 5_000
    assert roster.rows_accepted + roster.rows_rejected == roster.rows_present
    told: list[int] = []
    entered = enter_roster(bangfu, roster, path, told=told.append)
    assert sum(told) == len(roster.households)
    assert max(told) == 300
    assert len(entered.new) + len(entered.known) == len(roster.households)
    in_both = {each.id_number for each in households[200:900:2]} & {each.id_number for each in roster.households}
    assert len(entered.known) == len(in_both) > 0
    counts = tables(bangfu)
    assert counts[0] == 350 + len(entered.new)
    assert enter_roster(bangfu, read(bangfu, path), path).new == {}
    assert tables(bangfu) == counts
    assert check(bangfu.database, bangfu.time_source.now()) == []


def test_I35_an_import_that_was_cut_off_adds_only_what_is_missing_when_it_is_done_again(
    bangfu: Bangfu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bangfu.entering._AT_ONCE", 10)
    path = tmp_path / "roster.xlsx"
    households = synthetic_households(2, VILLAGES, 35, TODAY)
    write_roster(path, monitored(households), bangfu.places.inside(COUNTY))
    roster = read(bangfu, path)

    def cut_off(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:  # In the first ten, between the households and their statuses.
        interrupted.setattr(bangfu.intake, "enter_statuses", cut_off)
        with pytest.raises(KeyboardInterrupt):
            enter_roster(bangfu, roster, path, by="cadre")
    people = sum(len(each.id_numbers) for each in households[:10])
    assert tables(bangfu) == [10, people, 0]
    again = enter_roster(bangfu, roster, path, by="cadre")
    assert (len(again.new), len(again.known), again.monitored) == (25, 10, 35)
    assert tables(bangfu) == [35, sum(len(each.id_numbers) for each in households), 35]
    assert check(bangfu.database, bangfu.time_source.now()) == []


def test_I35_rows_of_a_csv_are_accounted_for_as_well(bangfu: Bangfu, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    rows = [
        {"村代码": each.village, "户主姓名": each.householder, "户主身份证号": number, "家庭地址": each.address}
        for each in synthetic_households(3, VILLAGES, 6, TODAY)
        for number in (each.id_number, "not a number")
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
    roster = read(bangfu, path)
    assert (roster.rows_present, roster.rows_accepted, roster.rows_rejected) == (12, 6, 6)


def tables(bangfu: Bangfu) -> list[int]:
    with bangfu.database.connection() as connection:
        return [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("household", "member", "household_event")
        ]


def test_a_known_household_with_a_new_member_is_told_as_such_and_not_as_a_clash(bangfu: Bangfu, tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    sizeable = [each for each in synthetic_households(1, VILLAGES, 40, TODAY) if len(each.id_numbers) > 2]
    first, other = sizeable[:2]
    newcomer = first.members[-1]
    smaller = replace(first, members=tuple(each for each in first.members if each is not newcomer))
    write_roster(path, [smaller, other], bangfu.places.inside(COUNTY))
    assert len(enter_roster(bangfu, read(bangfu, path), path).new) == 2
    write_roster(path, [first, other], bangfu.places.inside(COUNTY))
    entered = enter_roster(bangfu, read(bangfu, path), path)
    assert (len(entered.growing), len(entered.known)) == (1, 1)
    mixed = replace(first, members=(*smaller.members, other.members[-1]))
    write_roster(path, [mixed], bangfu.places.inside(COUNTY))
    assert len(enter_roster(bangfu, read(bangfu, path), path).clashing) == 1


def monitored(households: Sequence[RosterHousehold]) -> list[RosterHousehold]:
    return [replace(each, statuses={"monitoring": "active", "monitored_since": SINCE}) for each in households]


def test_I35_who_was_monitored_before_is_entered_once_with_the_file_and_the_person(
    bangfu: Bangfu, tmp_path: Path
) -> None:
    path, places = tmp_path / "roster.xlsx", bangfu.places.inside(COUNTY)
    households = synthetic_households(5, VILLAGES, 6, TODAY)
    write_roster(path, households[:3], places)
    assert enter_roster(bangfu, read(bangfu, path), path).monitored == 0
    write_roster(path, [*monitored(households[1:4]), *households[4:]], places)
    entered = enter_roster(bangfu, read(bangfu, path), path, by="cadre")
    assert (len(entered.new), len(entered.known), entered.monitored) == (3, 2, 3)
    before = tables(bangfu)
    assert enter_roster(bangfu, read(bangfu, path), path, by="another").monitored == 0
    assert tables(bangfu) == before

    said = {row: json.loads(text) for row, text in bangfu.database.read("SELECT id, statuses FROM household")}
    known = [{name: each["v"] for name, each in statuses.items()} for statuses in said.values() if statuses]
    assert known == 3 * [{"monitoring": "active", "monitored_since": SINCE.isoformat()}]
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    sources = sorted(each["source"] for statuses in said.values() for each in statuses.values())
    assert sources == [f"roster {digest}:{row}" for row in (2, 2, 3, 3, 4, 4)]
    assert bangfu.database.read("SELECT seq, kind, actor, post FROM household_event") == 3 * [
        (1, "entered", "cadre", "")
    ]
    assert check(bangfu.database, bangfu.time_source.now()) == []


def test_I2_what_was_entered_and_is_changed_afterwards_is_found(bangfu: Bangfu, tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    write_roster(path, monitored(synthetic_households(5, VILLAGES, 2, TODAY)), bangfu.places.inside(COUNTY))
    enter_roster(bangfu, read(bangfu, path), path, by="cadre")
    with bangfu.database.transaction() as connection:
        connection.execute("UPDATE household SET statuses = replace(statuses, '2024', '2023')")
    assert {each.invariant for each in check(bangfu.database, bangfu.time_source.now())} == {"I2"}


def test_I32_a_rosters_name_which_may_be_a_persons_is_not_kept(bangfu: Bangfu, tmp_path: Path) -> None:
    path = tmp_path / "测试甲.xlsx"
    write_roster(path, synthetic_households(1, VILLAGES, 3, TODAY), bangfu.places.inside(COUNTY))
    enter_roster(bangfu, read(bangfu, path), path)
    sources = [source for (source,) in bangfu.database.read("SELECT source FROM household")]
    digest = sha256(path.read_bytes()).hexdigest()
    assert sorted(sources) == [f"roster {digest[:16]}:{row}" for row in (2, 3, 4)]
