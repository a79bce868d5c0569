"""Opening a database: only ours, only with its key, only where it is safe; and what its failures mean."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigurationError, ConflictError, StorageError
from storage import database as module
from storage.database import Database
from storage.store import SqlStore
from tests.databases import KEY
from tests.desk import COUNTY, NOW, Desk

WRONG = bytes(32)


def test_F36_a_wrong_key_is_refused_before_anything_is_written(desk: Desk, database_url: str) -> None:
    desk.open()
    with pytest.raises(ConfigurationError, match="key"):
        Database.open(database_url, WRONG)
    Database.open(database_url, KEY).close()


def test_a_real_database_never_becomes_a_practice_one(desk: Desk, database_url: str) -> None:
    assert not desk.database.practice
    with pytest.raises(ConfigurationError, match="time"):
        desk.database.advance(timedelta(days=8))
    with desk.database.transaction() as connection:
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'practice'")
    with pytest.raises(ConfigurationError):
        Database.open(database_url, KEY)


def test_a_practice_database_is_ahead_for_everybody_who_opens_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'practice.db'}"
    made = Database.create(url, KEY, practice=True)
    assert made.advance(timedelta(days=8)) == timedelta(days=8)
    assert made.advance(timedelta(hours=1)) == timedelta(days=8, hours=1)
    with pytest.raises(ConfigurationError, match="back"):
        made.advance(timedelta(seconds=-1))
    made.close()
    opened = Database.open(url, KEY)
    assert (opened.practice, opened.offset()) == (True, timedelta(days=8, hours=1))
    opened.close()


def test_a_database_is_made_once(desk: Desk, database_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="already"):
        Database.create(database_url, KEY)
    with pytest.raises(ConfigurationError, match="no folder"):
        Database.create(f"sqlite:///{tmp_path / 'none' / 'a.db'}", KEY)
    assert desk.open().seq == 1


def test_a_databases_files_are_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new?.db"
    made = Database.create(f"sqlite:///{path}", KEY)
    Desk(made).furnish()
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert "new?.db" in modes
    assert set(modes.values()) == {0o600}
    made.close()


def test_a_database_that_could_not_be_made_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new.db"
    with monkeypatch.context() as patched:
        patched.setattr("storage.creating.create_triggers", lambda connection: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Database.create(f"sqlite:///{path}", KEY)
    assert list(tmp_path.iterdir()) == []
    Database.create(f"sqlite:///{path}", KEY).close()


@pytest.mark.parametrize("url", ["postgresql://zhang:geheim@db.example:port/x", "postgresql//zhang:geheim@x"])
def test_an_address_that_cannot_be_read_is_not_repeated(url: str) -> None:
    for reach in (Database.open, Database.create):
        with pytest.raises(ConfigurationError) as refused:
            reach(url, KEY)
        assert "geheim" not in str(refused.value)


def test_postgres_without_its_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="driver"):
        Database.open("postgresql://db.example/x", KEY)


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no database"):
        Database.open(f"sqlite:///{tmp_path / 'none.db'}", KEY)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.db").touch()
    with pytest.raises(ConfigurationError, match=r"empty\.db is not a bangfu database"):
        Database.open(f"sqlite:///{tmp_path / 'empty.db'}", KEY)
    (tmp_path / "text.db").write_text("a letter, not a database" * 100)
    with pytest.raises(ConfigurationError, match=r"text\.db is not a bangfu database"):
        Database.open(f"sqlite:///{tmp_path / 'text.db'}", KEY)
    with pytest.raises(ConfigurationError, match="is not a bangfu database"):
        Database.open(f"sqlite:///{tmp_path}", KEY)
    with sqlite3.connect(tmp_path / "strange.db") as strange:
        strange.execute("CREATE TABLE thing (name)")
    strange.close()
    with pytest.raises(ConfigurationError, match=r"strange\.db is not a bangfu database"):
        Database.open(f"sqlite:///{tmp_path / 'strange.db'}", KEY)
    with pytest.raises(ConfigurationError, match="mysql"):
        Database.open("mysql://somewhere/a", KEY)


def test_a_postgres_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="reached"):
        Database.open(f"postgresql://postgres@/a?host={tmp_path}", KEY)


def test_R5_every_connection_is_durable_and_checks_what_belongs_together(desk: Desk) -> None:
    with desk.database.connection() as connection:
        if desk.database.is_postgres:
            limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone")
            found = [connection.execute(f"SHOW {name}").fetchone()[0] for name in limits]
            assert found == ["15s", "3s", "30s", "UTC"]
            return
        shown = ("synchronous", "foreign_keys", "busy_timeout", "mmap_size", "journal_mode")
        found = [(connection.execute(f"PRAGMA {name}").fetchone() or (0,))[0] for name in shown]
        assert found == [2, 1, 5000, 0, "wal"]


def test_R5_an_old_sqlite_does_not_touch_a_write_ahead_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = (f"sqlite:///{tmp_path / name}.db" for name in ("new", "old"))
    Database.create(new, KEY).close()
    monkeypatch.setattr(module, "SAFE_WAL", (99, 0, 0))
    with pytest.raises(ConfigurationError, match="corrupt"):
        Database.open(new, KEY)
    made = Database.create(old, KEY)
    with made.connection() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "truncate"
    made.close()
    opened = Database.open(old, KEY)
    assert Desk(opened).furnish().open().seq == 1
    opened.close()


def test_a_database_in_memory_serves_several_threads() -> None:
    database = Database.create("sqlite://", KEY)
    desk = Desk(database).furnish()
    homes = [desk.new_household("") for _ in range(4)]
    cases = [desk.open(home) for home in homes]
    threads = [threading.Thread(target=lambda case=case: [desk.move(desk.load(case.id)) for _ in range(5)])
               for case in cases]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [desk.load(case.id).seq for case in cases] == [6] * 4
    database.close()


# --- somebody else has it ---------------------------------------------------------------------------------------------


@contextmanager
def _locked(desk: Desk, url: str) -> Iterator[None]:
    """Another program writes to the case and does not come to an end; we have little patience."""
    other = Database.open(url, KEY)
    try:
        with other.connection() as theirs:
            theirs.execute("BEGIN" if desk.database.is_postgres else "BEGIN IMMEDIATE")
            theirs.execute("UPDATE cases SET at = at")
            theirs.execute("UPDATE meta SET value = value")
            with desk.database.connection() as ours:
                ours.execute("SET lock_timeout = '50ms'" if desk.database.is_postgres else "PRAGMA busy_timeout = 50")
            yield
            theirs.execute("ROLLBACK")
    finally:
        other.close()


def test_F13_a_write_on_a_locked_database_may_be_tried_again(desk: Desk, database_url: str) -> None:
    case = desk.open()
    made, revision = desk.moving(case), desk.revision
    with _locked(desk, database_url):
        with pytest.raises(ConflictError):
            desk.store.commit([made], revision)
        with pytest.raises(ConflictError):
            desk.intake.put_person("wu", "测试吴")
    assert desk.store.commit([made], revision)[0].seq == 2


def test_reads_do_not_wait_for_a_writer(desk: Desk, database_url: str) -> None:
    case = desk.open()
    store = desk.store
    reads: dict[str, Callable[[], Any]] = {
        "load": lambda: store.load(COUNTY, case.id),
        "fresh": lambda: store.fresh(COUNTY, desk.household.hex),
        "next_serial": lambda: store.next_serial(COUNTY, 2026),
        "event_of": lambda: store.event_of(COUNTY, case.id),
        "events": lambda: list(store.events(COUNTY, case.id)),
        "due_timers": lambda: store.due_timers(NOW, 10),
        "staff": lambda: SqlStore(desk.database).staff(COUNTY),
        "staff_revision": lambda: store.staff_revision(COUNTY),
    }
    with _locked(desk, database_url):
        for read in reads.values():
            read()


def test_what_the_driver_says_does_not_come_through(desk: Desk) -> None:
    with pytest.raises(StorageError) as error, desk.database.connection() as connection:
        connection.execute("SELECT nothing FROM nowhere")
    assert isinstance(error.value.__cause__, desk.database.driver_error)
    assert desk.open().seq == 1
