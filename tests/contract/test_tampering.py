"""What somebody with the database's own password changes in the log is found, wherever he changes it (I23, F58)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case, RegisterWrite
from storage.checks import Violation, check
from storage.database import Database
from tests.desk import COUNTY, DEFINITION, NOW, VILLAGE, Desk, command_id, decision
from tests.desk import VERSION as DEPLOYED

Tamper = Callable[[Desk, Case], None]

#: Column of the log → what is written over it, as SQL. M12 leaves one of them out of the hash.
_OVERWRITTEN = {
    "version": "2",
    "at": "at + 60000",
    "command": "? ",
    "kind": "'commented'",
    "asked": "?  ",
    "actor": "'wu'",
    "post": "'village.head@430822103201'",
    "behalf": "'wu'",
    "hash": "?  ",
    "text": "?  ",
}


@pytest.fixture(autouse=True)
def every_violation_is_told_in_chinese(watch_words: Callable[[type], None]) -> None:
    """Whatever violation a test provokes, each of its texts has a translation."""
    watch_words(Violation)


@pytest.fixture
def case(desk: Desk) -> Case:
    """A case of four events, and another definition that its events were not decided by."""
    case = desk.open()
    for _ in range(3):
        case = desk.move(case)
    canonical = DEFINITION.canonical.replace("7 day", "8 day")
    other = sha256(canonical.encode()).hexdigest()
    desk.intake.add_version(replace(desk.intake.version(DEPLOYED), hash=other, canonical=canonical))
    assert _broken(desk) == set()
    _unguard(desk.database)
    return case


def _broken(desk: Desk) -> set[str]:
    found = check(desk.database, NOW + timedelta(days=1))
    return {each.invariant for each in found if each.invariant in ("I1", "I2", "I10", "I23", "I29")}


def _unguard(database: Database) -> None:
    with database.transaction() as connection:
        for table in ("case_event", "workflow_version", "household_event"):
            for what in ("changed", "deleted", "truncated"):
                on = f" ON {table}" if database.is_postgres else ""
                connection.execute(f"DROP TRIGGER IF EXISTS {table}_not_{what}{on}")


def _run(desk: Desk, sql: str, *values: Any) -> None:
    with desk.database.transaction() as connection:
        connection.execute(sql.replace("?", "%s") if desk.database.is_postgres else sql, values)


@pytest.mark.parametrize("column", _OVERWRITTEN)
def test_I23_M12_a_changed_column_of_an_event_is_found(desk: Desk, case: Case, column: str) -> None:
    new = _OVERWRITTEN[column]
    values: list[Any] = [] if "?" not in new else [desk.stored_id(case.id) if column == "command" else b"\x01" * 32]
    _run(desk, f"UPDATE case_event SET {column} = {new} WHERE seq = 2", *values)
    assert "I23" in _broken(desk)


def _newest_gone(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM case_event WHERE seq = 4")


def _middle_gone(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM case_event WHERE seq = 2")


def _newest_never_was(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM case_event WHERE seq = 4")
    _run(desk, "UPDATE cases SET seq = 3")


def _exchanged(desk: Desk, case: Case) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        _run(desk, "UPDATE case_event SET seq = ? WHERE seq = ?", new, old)


def _put_between(desk: Desk, case: Case) -> None:
    columns = "county, case_id, version, at, kind, asked, actor, post, behalf, hash, text"
    _run(
        desk,
        f"INSERT INTO case_event ({columns}, seq, command) SELECT {columns}, 5, ? FROM case_event WHERE seq = 4",
        desk.stored_id(case.id),
    )
    _run(desk, "UPDATE cases SET seq = 5")


def _record_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE cases SET record = ?", b"{}")


def _head_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE cases SET head = ?", b"\x01" * 32)


def _stage_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE cases SET stage = 'listed'")


def _deadline_moved(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE timer SET due_at = due_at + 1000 WHERE status = 'pending'")


def _work_taken_away(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM work_item")


def _dictionary_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE workflow_version SET words = ? WHERE no = 1", b"other words")


def _definition_changed(desk: Desk, case: Case) -> None:
    text = DEFINITION.canonical.replace("7 day", "1 day")
    assert text != DEFINITION.canonical
    _run(desk, "UPDATE workflow_version SET canonical = ? WHERE no = 1", text)


@pytest.mark.parametrize(
    "tamper",
    [
        _newest_gone, _middle_gone, _newest_never_was, _exchanged, _put_between, _record_changed, _head_changed,
        _stage_changed, _deadline_moved, _work_taken_away, _definition_changed, _dictionary_changed,
    ],
)  # fmt: skip
def test_I23_F58_what_is_taken_put_in_or_exchanged_is_found(desk: Desk, case: Case, tamper: Tamper) -> None:
    tamper(desk, case)
    assert _broken(desk) != set()


@pytest.mark.parametrize("text", [b"", b"{}", b"null", b'{"b":{},"c":[1]}', b'{"b":{},"c":[["clocks","x",3]]}'])
def test_F58_what_cannot_be_understood_is_told_and_the_rest_is_checked_still(
    desk: Desk, case: Case, text: bytes
) -> None:
    other = desk.move(desk.open(desk.new_household("")))
    _run(desk, "UPDATE case_event SET text = ? WHERE seq = 2 AND case_id = ?", text, desk.stored_id(case.id))
    _run(desk, "UPDATE cases SET stage = 'listed' WHERE id = ?", desk.stored_id(other.id))
    found = check(desk.database, NOW + timedelta(days=1))
    assert {("I23", case.number), ("I2", other.number)} <= {(each.invariant, each.case) for each in found}


def test_F58_an_instant_that_no_calendar_has_is_told(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE case_event SET at = 99999999999999999 WHERE seq = 2")
    assert "I23" in _broken(desk)


_OF_A_CASE = ("timer", "clock", "work_item", "task", "response", "outbox", "case_event")


@pytest.mark.parametrize("which", ["first", "last"])
def test_F58_a_case_taken_away_with_all_its_rows_is_missed(desk: Desk, case: Case, which: str) -> None:
    other = desk.open(desk.new_household(""))
    gone = desk.stored_id(case.id if which == "first" else other.id)
    for table in _OF_A_CASE:
        _run(desk, f"DELETE FROM {table} WHERE case_id = ?", gone)
    _run(desk, "DELETE FROM cases WHERE id = ?", gone)
    found = [each for each in check(desk.database, NOW + timedelta(days=1)) if each.invariant == "I1"]
    assert [each.what for each in found] == ["1 cases are there, 2 numbers were given"]


@pytest.mark.parametrize("sql", ["UPDATE serial SET next = 1", "DELETE FROM serial"])
def test_F58_a_county_that_forgot_which_numbers_it_gave_is_found(desk: Desk, case: Case, sql: str) -> None:
    _run(desk, sql)
    assert _broken(desk) == {"I1"}


def test_F58_rows_of_a_case_that_never_was_are_found(desk: Desk, case: Case) -> None:
    off = "SET session_replication_role = replica" if desk.database.is_postgres else "PRAGMA foreign_keys = OFF"
    on = "RESET session_replication_role" if desk.database.is_postgres else "PRAGMA foreign_keys = ON"
    with desk.database.connection() as connection:
        connection.execute(off)
        columns = "county, no, rung, due_at, clock, kind, status"
        sql = f"INSERT INTO timer (case_id, {columns}) SELECT ?, {columns} FROM timer WHERE status = 'pending'"
        connection.execute(desk.database.sql(sql), (desk.stored_id(UUID(int=99)),))
        connection.execute(on)
    assert "I1" in _broken(desk)


def test_F58_a_case_hung_on_another_household_is_found(desk: Desk, case: Case) -> None:
    other = desk.stored_id(desk.new_household(""))
    _run(desk, "UPDATE cases SET household = ?", other)
    assert "I2" in _broken(desk)
    _run(desk, "UPDATE cases SET household = NULL")
    assert "I2" in _broken(desk)


def test_F58_a_definition_kept_under_anothers_name_is_found(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE workflow_version SET workflow = 'identification' WHERE no = 2")
    assert _broken(desk) == {"I29"}


def test_another_case_is_not_suspected(desk: Desk, case: Case) -> None:
    other = desk.open(desk.new_household(""))
    _run(desk, "UPDATE case_event SET actor = 'wu' WHERE seq = 3")
    found = check(desk.database, NOW + timedelta(days=1))
    assert case.number in {each.case for each in found}
    assert other.number not in {each.case for each in found if each.invariant == "I23"}
    assert COUNTY in other.number


# --- rows that lie beside the cases' own ------------------------------------------------------------------------------


def _message_gone(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM outbox")


def _message_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE outbox SET data = '{}'")


def _message_for_another(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE outbox SET post = 'village.head'")


def _message_at_another_time(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE outbox SET created_at = created_at + 1")


def _message_never_told(desk: Desk, case: Case) -> None:
    columns = "county, case_id, seq, created_at, event, post, division, data"
    _run(desk, f"INSERT INTO outbox ({columns}, no) SELECT {columns}, 1 FROM outbox")


def _status_gone(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE household SET statuses = '{}'")


def _status_and_history_gone(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE household SET statuses = '{}'")
    _run(desk, "DELETE FROM household_event")


def _status_and_history_changed(desk: Desk, case: Case) -> None:
    for table, column in (("household", "statuses"), ("household_event", "text")):
        text = f"CAST(REPLACE(CAST({column} AS TEXT), 'monitored', 'eliminated') AS {{}})"
        kind = "jsonb" if desk.database.is_postgres and column == "statuses" else "TEXT"
        _run(desk, f"UPDATE {table} SET {column} = {text.format(kind)}")


def _history_gone_of_what_was_overwritten(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM household_event WHERE seq = 1")


def _history_put_in(desk: Desk, case: Case) -> None:
    columns = "county, household, at, kind, actor, post, command, case_id"
    _run(
        desk,
        f"INSERT INTO household_event ({columns}, seq, text) SELECT {columns}, 0, ? FROM household_event WHERE seq = 1",
        '{"monitored":{"v":false,"since":"2026-01-01","case":"430822-2026-000001"}}',
    )


def _village_status_changed(desk: Desk, case: Case) -> None:
    kind = "jsonb" if desk.database.is_postgres else "TEXT"
    _run(desk, f"UPDATE register SET statuses = CAST(REPLACE(CAST(statuses AS TEXT), '2026', '2025') AS {kind})")


def _village_gone(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM register")


def _list_gone(desk: Desk, case: Case) -> None:
    off = "SET LOCAL session_replication_role = replica" if desk.database.is_postgres else "PRAGMA foreign_keys = OFF"
    with desk.database.connection() as connection:
        if not desk.database.is_postgres:
            connection.execute(off)
        connection.execute("BEGIN")
        if desk.database.is_postgres:
            connection.execute(off)
        connection.execute("DELETE FROM list")
        connection.execute("COMMIT")
        if not desk.database.is_postgres:
            connection.execute("PRAGMA foreign_keys = ON")


def _list_elsewhere(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE list SET division = '430822000000'")


def _list_never_decided(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE list SET decided_at = NULL")


def _work_older_than_it_is(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE work_item SET opened_at = opened_at - 86400000")


def _key_spoilt(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE household SET key = 'garbage'")


def _id_number_moved(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE member SET id_no = 'garbage'")


def _id_number_gone(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE member SET id_no = NULL")


def _index_of_another(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE member SET id_index = ?", b"\x01" * 16)


def _phone_changed(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE household SET phone = 'garbage'")


def _in_force_later(desk: Desk, case: Case) -> None:
    _run(desk, "UPDATE workflow_version SET from_date = '2026-12-31' WHERE no = 1")


def _post_gone(desk: Desk, case: Case) -> None:
    _run(desk, "DELETE FROM post")


@pytest.mark.parametrize(
    "tamper",
    [
        _message_gone, _message_changed, _message_for_another, _message_at_another_time, _message_never_told,
        _history_gone_of_what_was_overwritten, _history_put_in, _status_gone,
        _status_and_history_gone, _status_and_history_changed, _village_status_changed, _village_gone,
        _list_gone, _list_elsewhere, _list_never_decided, _work_older_than_it_is, _key_spoilt, _id_number_moved,
        _id_number_gone, _index_of_another, _phone_changed, _in_force_later, _post_gone,
    ],
)  # fmt: skip
def test_F58_a_row_beside_the_log_that_is_taken_away_or_changed_is_found(desk: Desk, tamper: Tamper) -> None:
    case = desk.open()
    where = UUID(int=77)
    put_on = decision(case, "listed", [], body={"list": where.hex, "at": VILLAGE})
    desk.store.commit([put_on], desk.revision)
    decided = decision(
        desk.load(case.id), "acted", [("case", "granted", True)], body={"list": where.hex, "action": "pass"},
        register=(
            RegisterWrite("household", "monitored", True),
            RegisterWrite("village", "paired", "2026-03-02", VILLAGE),
        ),
    )  # fmt: skip
    desk.store.commit([decided], desk.revision)
    later = desk.opening(workflow="later", command=command_id())
    desk.store.commit([later], desk.revision)
    again = decision(desk.load(later.case.id), "acted", [], register=(RegisterWrite("household", "monitored", False),))
    desk.store.commit([again], desk.revision)
    before = set(map(str, check(desk.database, NOW + timedelta(days=1))))
    _unguard(desk.database)
    tamper(desk, case)
    found = set(map(str, check(desk.database, NOW + timedelta(days=1))))
    assert found - before
