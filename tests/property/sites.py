"""Where walks take place: a county's database, filled once, and a copy of it for every example."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import pytest
from sqlalchemy import make_url

from storage.database import Database
from tests.databases import KEY, Template
from tests.property.county import fill, library, used_definitions


class Site:
    """
    Args:
        template: An empty database, which is filled here.
        folder: Where copies that are files are put.

    Attributes:
        homes: Ids of the households, of which the second is a relative's and the last lives in the other village.
    """

    def __init__(self, template: Template, folder: Path) -> None:
        self._template = template
        self._folder = folder
        database = Database.open(template.url, KEY)
        self.homes = fill(database, used_definitions(library()))
        database.close()

    @classmethod
    def sqlite(cls, folder: Path) -> Site:
        """One of its own, in files of *folder*."""
        return cls(Template(f"sqlite:///{folder / 'county.db'}"), folder)

    @property
    def is_file(self) -> bool:
        return self._template.url.startswith("sqlite")

    def fresh(self) -> str:
        """The URL of a new copy."""
        return self._template.copy(self._folder)

    def over(self, url: str) -> Site:
        """A site whose copies are made of that copy, which nobody may have open."""
        other = copy(self)
        other._template = copy(self._template)
        other._template.url = url
        other._folder = self._folder / f"over {Path(str(make_url(url).database)).stem}"
        other._folder.mkdir()
        return other

    def clear(self, url: str) -> None:
        """Throw a copy away."""
        self._template.drop(url)
        if self.is_file:
            Path(str(make_url(url).database)).unlink()


@pytest.fixture(scope="session")
def sqlite_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.sqlite(tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="session")
def postgres_site(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Site:
    url = make_url(postgres_server).set(database="county").render_as_string(hide_password=False)
    return Site(Template(url), tmp_path_factory.mktemp("county"))


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each kind of database."""
    found = request.getfixturevalue(f"{request.param}_site")
    assert isinstance(found, Site)
    return found
