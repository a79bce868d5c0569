"""
Connections: a SQLite file or a PostgreSQL database, opened once per process, and what a failure of theirs means.

SQLite: one file serves a county. Several processes may use it; writers take turns (``BEGIN IMMEDIATE``, at most 5 s).
The journal is settled when the file is made: WAL where the library is known not to corrupt it (R5), else TRUNCATE.
PostgreSQL: autocommit, READ COMMITTED; a statement may take 15 s and wait 3 s for a lock (R6).

Drivers' errors never leave storage/. What may be tried again as a whole is a ConflictError; where nothing can be asked
of the database, it is an UnavailableError.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from engine.cases import canonical
from engine.errors import N_, BusyError, ConfigurationError, StorageError, UnavailableError, UnknownOutcomeError
from storage.durable import sync_folder
from storage.vault import Vault

#: The last migration in storage/migrations/versions: what this program reads and writes.
SCHEMA = "0001"
#: The first SQLite whose WAL mode does not corrupt a database with several connections (R5).
SAFE_WAL = (3, 51, 3)
#: How many connections stay at hand before the pool, which takes as long to give one as a short statement does.
_AT_HAND = 4
#: The first bytes of every SQLite file.
_MAGIC = b"SQLite format 3\0"
_BUSY = (5, 6)
_SETTLED = ("practice", "canary", "offset", "revision", "added_up")
_TRY_AGAIN = ("40001", "40P01", "55P03")
#: A statement that took too long says nothing of the next one.
_TIMED_OUT = "57014"
SQLITE_PRAGMAS = (
    "busy_timeout=5000",
    "foreign_keys=ON",
    "synchronous=FULL",
    "mmap_size=0",
    "cache_size=-65536",
    "temp_store=MEMORY",
)
POSTGRES_OPTIONS = (
    "-c statement_timeout=15s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s"
    " -c default_transaction_isolation=read\\ committed -c timezone=UTC"
)


def sqlite_driver() -> Any:
    """The DB-API module for SQLite: pysqlite3, which brings its own library, where there is a wheel of it."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        from sqlite3 import dbapi2
    return dbapi2


class _ConnectionLostError(UnavailableError):
    """The connection to the database was lost; nothing was changed."""


class Database:
    """
    An open database, checked: its schema, its journal, its key.

    Safe for several threads. Opening reads only; a wrong key is found before anything is written (F36).

    Attributes:
        engine: SQLAlchemy's, for reads that people look at. On PostgreSQL it is in autocommit.
        vault: Its keys.
        practice: Whether it is a practice database; that never changes.
    """

    def __init__(self, engine: Engine, vault: Vault, practice: bool) -> None:
        self.engine = engine
        self.vault = vault
        self.practice = practice
        self.is_postgres = engine.dialect.name == "postgresql"
        self.driver_error: type[Exception] = engine.dialect.dbapi.Error  # type: ignore[union-attr]
        # One connection serves all threads of a database in memory; they take turns.
        in_memory = isinstance(engine.pool, StaticPool)
        self._turn: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        self._at_hand: list[Any] = []

    @classmethod
    def create(cls, url: str, key: bytes, practice: bool = False, offset: timedelta = timedelta(0)) -> Database:
        """
        Make the tables of a new database and open it.

        Args:
            url: ``sqlite:///PATH`` of a file that does not exist, ``sqlite://`` (in memory), or a PostgreSQL URL.
            key: The master key, 32 bytes.
            practice: Its time can be moved, and it says so everywhere.
            offset: How far a practice database's time begins ahead of real time; negative: in the past.

        Raises:
            ConfigurationError: There is a database already.
            StorageError: It cannot be made.
        """
        from storage.creating import create_tables

        vault = Vault(key)
        engine = _engine(url, new=True)
        path = _make_file(url)
        try:
            meta = {"practice": str(int(practice)), "canary": vault.canary(practice), "offset": _millis(offset)}
            create_tables(engine, meta)
        except BaseException as error:
            engine.dispose()
            if path is not None:  # What is half made would be taken for a database that is there already.
                for suffix in ("", "-wal", "-shm", "-journal"):
                    path.with_name(path.name + suffix).unlink(missing_ok=True)
            if isinstance(error, DBAPIError):
                raise StorageError(N_("the database cannot be made")) from error
            raise
        return cls(engine, vault, practice)

    @classmethod
    def open(cls, url: str, key: bytes) -> Database:
        """
        Open a database that was made before.

        Raises:
            ConfigurationError: It is none of ours, of another version, under another key, or not safe to open here.
            StorageError: It cannot be reached.
        """
        require_file(url)
        engine = _engine(url)
        vault = Vault(key)
        try:
            return cls(engine, vault, _checked(engine, vault))
        except BaseException as error:
            engine.dispose()
            if isinstance(error, DBAPIError):
                raise StorageError(N_("the database cannot be reached")) from error
            raise

    def close(self) -> None:
        self._let_go()
        self.engine.dispose()

    def sql(self, text: str) -> str:
        """*text*, with ``?`` for each parameter, as the driver wants it."""
        return text.replace("?", "%s") if self.is_postgres else text

    # --- connections ---

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """
        A driver's connection in autocommit, given back afterwards.

        Raises:
            BusyError: Locked or deadlocked: the whole command may be tried again.
            UnavailableError: The database fails, whatever it is asked: it is gone, or its disk is full.
            StorageError: Anything else that the driver says.
        """
        with self._turn:
            pooled = self._take()
            try:
                yield pooled.driver_connection
            except self.driver_error as error:
                lost = self.is_lost(pooled.driver_connection)
                self._clean(pooled)
                raise _ConnectionLostError() if lost else self.translated(error) from error
            except BaseException:
                self._clean(pooled)
                raise
            finally:
                if pooled.is_valid and len(self._at_hand) < _AT_HAND:
                    self._at_hand.append(pooled)
                else:
                    pooled.close()

    def _take(self) -> Any:
        try:
            return self._at_hand.pop()
        except IndexError:
            pass  # Another thread may have taken the last one since we looked.
        try:
            return self.engine.raw_connection()
        except (DBAPIError, self.driver_error) as error:
            raise UnavailableError(N_("the database cannot be reached")) from error

    def _let_go(self) -> None:
        """Close the connections at hand for good: they may belong to a pool that was given up since."""
        while self._at_hand:
            self._at_hand.pop().invalidate()

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """
        The rows that a query, in the driver's own words, finds. If its connection was lost (the server was started
        again, the network was cut), it is asked once more on a new one: reading twice does no harm.
        """
        try:
            with self.connection() as connection:
                return connection.execute(sql, values).fetchall()
        except _ConnectionLostError:
            with self.connection() as connection:
                return connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """
        A driver's connection in a transaction that writes; leaving it by an exception undoes everything.

        Raises:
            UnknownOutcomeError: The connection was lost during COMMIT.
        """
        with self.connection() as connection:
            connection.execute("BEGIN" if self.is_postgres else "BEGIN IMMEDIATE")
            yield connection
            try:
                connection.execute("COMMIT")
            except self.driver_error as error:
                if self.is_lost(connection):
                    raise UnknownOutcomeError() from error
                raise

    def numbered(self, connection: Any, text: str, values: Sequence[Any]) -> Any:
        """Carry out a statement of PostgreSQL's with its parameters numbered (``$1``), and give its cursor."""
        from psycopg import RawCursor

        return RawCursor(connection).execute(text, values)

    def _clean(self, pooled: Any) -> None:
        """Undo what is open on a connection that failed, or throw it away with its whole pool if it is lost."""
        connection = pooled.driver_connection
        if self.is_lost(connection):
            pooled.invalidate()
            self._let_go()
            self.engine.dispose()
            return
        try:
            connection.rollback()
        except self.driver_error:
            pooled.invalidate()

    def is_lost(self, connection: Any) -> bool:
        return self.is_postgres and bool(connection.closed)

    def translated(self, error: Exception) -> StorageError:
        """What *error*, a driver's, means."""
        if self.is_postgres:
            again = getattr(error, "sqlstate", None) in _TRY_AGAIN
        else:
            again = getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY
        if again:
            return BusyError(N_("the database was busy with another change"))
        driver = self.engine.dialect.dbapi
        # What is wrong with one row or one statement is none of the others' business; all else is the database's own.
        of_one = (driver.IntegrityError, driver.DataError, driver.ProgrammingError)  # type: ignore[union-attr]
        is_one = isinstance(error, of_one) or getattr(error, "sqlstate", None) == _TIMED_OUT
        return (StorageError if is_one else UnavailableError)(
            N_("the database could not do it ({kind}); nothing was changed"), kind=type(error).__name__
        )

    # --- facts about itself ---

    def meta(self, key: str) -> str:
        """A value of the table meta; empty if there is none."""
        mark = "%s" if self.is_postgres else "?"
        found = self.read(f"SELECT value FROM meta WHERE key = {mark}", (key,))  # noqa: S608
        return str(found[0][0]) if found else ""

    def note(self, key: str, value: str) -> None:
        """
        Keep a value of its own in the table meta, such as when the scheduler was last awake.

        Raises:
            ValueError: The key is one that is settled when a database is made, or that counts something.
        """
        if key in _SETTLED:
            raise ValueError(f"{key} is not noted but settled")
        mark = "%s" if self.is_postgres else "?"
        with self.transaction() as connection:
            connection.execute(
                f"INSERT INTO meta (key, value) VALUES ({mark}, {mark})"  # noqa: S608
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )

    def journal(self) -> str:
        """How SQLite keeps what is being written, ``wal`` or ``truncate``; empty on PostgreSQL."""
        if self.is_postgres:
            return ""
        with self.connection() as connection:
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0])

    def last_event_at(self) -> datetime | None:
        """The instant of the last thing that happened to any case, UTC; None before the first."""
        with self.connection() as connection:
            found = connection.execute("SELECT max(at) FROM cases").fetchone()
        return None if found[0] is None else datetime.fromtimestamp(found[0] / 1000, UTC)

    def offset(self) -> timedelta:
        """How far a practice database's time is ahead; zero for a real one."""
        return timedelta(milliseconds=int(self.meta("offset") or 0)) if self.practice else timedelta(0)

    def advance(self, by: timedelta) -> timedelta:
        """
        Move a practice database's time on, and give the new offset.

        Raises:
            ConfigurationError: It is a real one, or *by* is negative.
        """
        if not self.practice:
            raise ConfigurationError(
                N_("the time of a real database cannot be moved"), advice=N_("`bangfu init --practice`")
            )
        if by < timedelta(0):
            raise ConfigurationError(N_("time does not go back"))
        mark = "%s" if self.is_postgres else "?"
        with self.transaction() as connection:
            found = connection.execute("SELECT value FROM meta WHERE key = 'offset'").fetchone()
            offset = timedelta(milliseconds=int(found[0])) + by
            connection.execute(
                f"UPDATE meta SET value = {mark} WHERE key = 'offset'",  # noqa: S608
                (_millis(offset),),
            )
        return offset


def _millis(offset: timedelta) -> str:
    return str(offset // timedelta(milliseconds=1))


def require_file(url: str) -> None:
    """
    Make sure that a database kept in a file is there, and that the file is a database.

    Raises:
        ConfigurationError: It is not.
    """
    path = _file_of(url)
    if path is None:
        return
    if not path.exists():
        raise ConfigurationError(N_("there is no database {path}"), advice=N_("`bangfu init` makes one"), path=path)
    if not _is_sqlite(path):
        raise ConfigurationError(
            N_("{path} is not a bangfu database"), advice=N_("name another file, or make one: `bangfu init`"), path=path
        )


def _is_sqlite(path: Path) -> bool:
    """Whether *path* begins as SQLite's files do, or cannot be looked into: what opens it will say why."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except IsADirectoryError:
        return False
    except OSError:
        return True


def address(url: str) -> URL:
    """
    *url*, read. What stands behind ``sqlite:///`` is a path as it is, whatever characters it has.

    Raises:
        ConfigurationError: It cannot be read; it is not repeated, for it may hold a password.
    """
    backend, separator, path = url.partition(":///")
    if separator and backend == "sqlite":
        return URL.create("sqlite", database=path)
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(
            N_("the address of the database cannot be read"),
            advice=N_("write postgresql://USER@HOST:PORT/DATABASE"),
        ) from error


def _file_of(url: str) -> Path | None:
    parsed = address(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _make_file(url: str) -> Path | None:
    """The new file of a database that is kept in one, empty, for its owner alone: names and places stand in it."""
    path = _file_of(url)
    if path is None:
        return None
    if not path.parent.is_dir():
        raise ConfigurationError(N_("there is no folder {parent}"), parent=path.parent)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        sync_folder(path.parent)
    except FileExistsError as error:
        raise ConfigurationError(
            N_("{path} exists already"), advice=N_("choose another file, or use the one there is"), path=path
        ) from error
    except OSError as error:
        raise StorageError(N_("the database cannot be made")) from error
    return path


def _engine(url: str, *, new: bool = False) -> Engine:
    backend = address(url).get_backend_name()
    if backend == "sqlite":
        return _sqlite_engine(url, new)
    if backend == "postgresql":
        return _postgres_engine(url)
    raise ConfigurationError(N_("{backend} is no database that bangfu can use"), backend=backend)


def _sqlite_engine(url: str, new: bool) -> Engine:
    driver = sqlite_driver()
    in_memory = _file_of(url) is None
    safe = driver.sqlite_version_info >= SAFE_WAL
    if in_memory:
        engine = create_engine(
            address(url), module=driver, poolclass=StaticPool, json_serializer=canonical,
            connect_args={"check_same_thread": False},
        )  # fmt: skip
    else:
        engine = create_engine(
            address(url), module=driver, poolclass=QueuePool, json_serializer=canonical,
            connect_args={"check_same_thread": False, "cached_statements": 512},
        )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # Transactions are begun by name only.
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if new and not in_memory:
            connection.execute(f"PRAGMA journal_mode={'WAL' if safe else 'TRUNCATE'}")
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
        if journal == "wal" and not safe:
            raise ConfigurationError(
                N_("SQLite {version} may corrupt this database, which has a write-ahead log"),
                advice=N_("install pysqlite3, or SQLite {wanted} or later"),
                version=driver.sqlite_version,
                wanted=".".join(map(str, SAFE_WAL)),
            )
        # Not kept in the file: a rollback journal would otherwise be deleted and made again with every commit.
        if journal == "delete":
            connection.execute("PRAGMA journal_mode=TRUNCATE")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN " + connection.get_execution_options().get("sqlite_begin", "DEFERRED"))

    return engine


def _postgres_engine(url: str) -> Engine:
    try:
        import psycopg  # noqa: F401 - whether it is there; it comes with an extra of its own
    except ImportError as error:
        raise ConfigurationError(
            N_("the driver for PostgreSQL is not installed"), advice=N_("pip install 'bangfu[postgres]'")
        ) from error
    return create_engine(
        address(url).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,  # connection() leaves no transaction open
        pool_size=8,
        max_overflow=24,
        pool_timeout=5,
        json_serializer=canonical,
        connect_args={"options": POSTGRES_OPTIONS},
    )


def _checked(engine: Engine, vault: Vault) -> bool:
    """Whether it is a practice database, once it is known to be one of ours, of this schema and under this key."""
    with engine.connect() as connection:
        _check_schema(connection)
        meta = {str(key): str(value) for key, value in connection.execute(text("SELECT key, value FROM meta"))}
    practice = meta.get("practice") == "1"
    if meta.get("canary") != vault.canary(practice):
        raise ConfigurationError(
            N_("the key does not belong to this database"), advice=N_("find the key file that was made with it")
        )
    return practice


def _check_schema(connection: Any) -> None:
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DBAPIError as error:
        if "alembic_version" not in str(error.orig):
            raise
        found = None
    if found is None:
        raise ConfigurationError(
            N_("{path} is not a bangfu database"), advice=N_("name another file, or make one: `bangfu init`"),
            path=connection.engine.url.database,
        )  # fmt: skip
    if found < SCHEMA:
        raise ConfigurationError(
            N_("the database has the older schema {found}, not {wanted}"),
            advice=N_("back it up, then bangfu upgrade"),
            found=found,
            wanted=SCHEMA,
        )
    if found > SCHEMA:
        raise ConfigurationError(
            N_("the database has the newer schema {found}, not {wanted}"),
            advice=N_("install the bangfu that made it"),
            found=found,
            wanted=SCHEMA,
        )
