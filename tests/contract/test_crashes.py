"""Whoever is killed, wherever: what was acknowledged is there, and what was not is there wholly or not at all (I6)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from engine.cases import Message, RegisterWrite
from engine.errors import StorageError, UnknownOutcomeError
from storage.checks import check
from tests.desk import COUNTY, NOW, VILLAGE, Desk, decision

ROUNDS = 12


def test_I6_killed_at_work_leaves_all_or_nothing_and_every_acknowledged_event(desk: Desk, database_url: str) -> None:
    case = desk.open()
    script = [sys.executable, "-m", "tests.contract.killing", database_url, str(case.id), str(ROUNDS), "7"]
    run = subprocess.run(script, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rounds = json.loads(run.stdout)
    assert len(rounds) == ROUNDS
    before = 1
    for acknowledged, stored in rounds:
        assert max(acknowledged, before) <= stored <= max(acknowledged, before) + 1
        before = stored
    assert before > ROUNDS, "nobody got to work"
    assert _violations(desk) == []


#: Everything that the decisions below write to, and what they do to it.
_WRITTEN = (
    "UPDATE ON cases", "INSERT ON case_event", "INSERT ON outbox", "INSERT ON clock", "UPDATE ON clock",
    "INSERT ON timer", "UPDATE ON timer", "INSERT ON work_item", "DELETE ON work_item", "INSERT ON response",
    "INSERT ON list", "INSERT ON list_item", "UPDATE ON household",
)  # fmt: skip


@pytest.mark.parametrize("written", _WRITTEN)
def test_I1_a_failure_at_any_of_its_rows_undoes_a_whole_commit(desk: Desk, written: str) -> None:
    case = desk.open()
    other = desk.open(desk.new_household(""))
    told = (Message("told", "village.cadre", VILLAGE),)
    register = (RegisterWrite("household", "monitored", True),)
    made = [desk.moving(case), desk.moving(other, messages=told, register=register)]
    listed = decision(made[1].case, "listed", [], body={"list": UUID(int=7).hex, "at": VILLAGE})
    for decisions in ([*made, listed], [made[1], listed]):
        with _failing(desk, written), pytest.raises(StorageError):
            desk.store.commit(decisions, desk.revision)
        assert [desk.load(each.id).seq for each in (case, other)] == [1, 1]
        assert desk.rows("SELECT id FROM list") == []
        assert _violations(desk) == []
    desk.store.commit([*made, listed], desk.revision)
    assert [desk.load(each.id).seq for each in (case, other)] == [2, 3]


@contextmanager
def _failing(desk: Desk, written: str) -> Iterator[None]:
    """A trigger that refuses the first row of a kind."""
    body = "EXECUTE FUNCTION refuse_change()" if desk.database.is_postgres else "BEGIN SELECT RAISE(ABORT, 'no'); END"
    table = written.rpartition(" ")[2]
    with desk.database.connection() as connection:
        connection.execute(f"CREATE TRIGGER failing AFTER {written} FOR EACH ROW {body}")
    yield
    with desk.database.connection() as connection:
        connection.execute("DROP TRIGGER failing" + (f" ON {table}" if desk.database.is_postgres else ""))


def _violations(desk: Desk) -> list[str]:
    found = check(desk.database, NOW + timedelta(days=1000))
    return [str(each) for each in found if each.invariant in ("I1", "I2", "I4", "I9", "I10", "I23")]


def test_R12_a_connection_lost_on_the_way_leaves_the_outcome_unknown(desk: Desk) -> None:
    if not desk.database.is_postgres:
        return  # There is no way on which a file's connection could be lost.
    case = desk.open()
    made = desk.moving(case)
    revision = desk.revision
    _cut(desk)
    with pytest.raises(UnknownOutcomeError):
        desk.store.commit([made], revision)
    assert desk.store.event_of(COUNTY, made.event.command) is None
    assert desk.move(case).seq == 2


def test_a_read_whose_connection_was_lost_is_done_again(desk: Desk) -> None:
    case = desk.open()
    _cut(desk)
    assert desk.load(case.id).seq == 1


def _cut(desk: Desk) -> None:
    """The server ends all connections of the program, as when it is restarted."""
    if not desk.database.is_postgres:
        return
    url = desk.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
