"""Counties on every kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bangfu.library import Library
from tests.databases import postgres_server
from tests.property.county import County
from tests.property.sites import Site, postgres_site, site, sqlite_site

__all__ = ["postgres_server", "postgres_site", "site", "sqlite_site"]


@pytest.fixture
def county(site: Site) -> Iterator[County]:
    """The county of the walks, on a Monday morning in January 2026, before its first case."""
    opened = County(site.fresh(), site.homes, [Library().calendar()])
    yield opened
    opened.close()
    site.clear(opened.url)
