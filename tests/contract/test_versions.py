"""A definition that a case lives under stays what it was, whoever asks (I29)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.cases import RegisterWrite
from engine.errors import StorageError
from tests.desk import NOW, VERSION, Desk


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE workflow_version SET canonical = '{}'",
        "UPDATE workflow_version SET hash = 'another'",
        "UPDATE workflow_version SET words = words",
        "DELETE FROM workflow_version",
    ],
)
def test_I29_a_version_that_a_live_case_uses_is_neither_changed_nor_deleted(desk: Desk, sql: str) -> None:
    case, stored = desk.open(), desk.intake.version(VERSION)
    with pytest.raises(StorageError), desk.database.transaction() as connection:
        connection.execute(sql)
    assert desk.intake.version(VERSION) == stored
    assert desk.load(case.id).version == VERSION


def test_I29_deploying_again_changes_nothing_of_a_version_that_is_there(desk: Desk) -> None:
    desk.open()
    stored = desk.intake.version(VERSION)
    later = stored.deployed_at + timedelta(days=1)
    desk.intake.add_version(replace(stored, canonical="{}", origins="", deployed_at=later))
    assert desk.intake.version(VERSION) == stored


def test_I29_a_case_stays_on_its_version_when_another_comes_into_force(desk: Desk) -> None:
    case, stored = desk.open(), desk.intake.version(VERSION)
    other = replace(stored, hash="f" * 64, canonical=stored.canonical.replace("7 day", "9 day"), from_date=NOW.date())
    desk.intake.add_version(replace(other, deployed_at=NOW))
    assert desk.intake.in_force("aid", NOW.date()) == "f" * 64
    assert desk.load(case.id).version == VERSION


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE case_event SET actor = 'li'",
        "UPDATE case_event SET hash = hash",
        "DELETE FROM case_event",
        "UPDATE household_event SET actor = 'li'",
        "DELETE FROM household_event",
    ],
)
def test_I22_what_is_in_the_log_is_neither_changed_nor_deleted_by_this_program(desk: Desk, sql: str) -> None:
    status = RegisterWrite("household", "monitoring", "active", "")
    case = desk.move(desk.open(), register=(status,))
    with pytest.raises(StorageError), desk.database.transaction() as connection:
        connection.execute(sql)
    assert [event.seq for event in desk.store.events(case.county, case.id)] == [1, 2]
    assert desk.rows("SELECT count(*) FROM household_event") == [(1,)]
