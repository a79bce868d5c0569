"""Counties on every kind of database."""

from tests.databases import postgres_server
from tests.property.sites import postgres_site, site, sqlite_site

__all__ = ["postgres_server", "postgres_site", "site", "sqlite_site"]
