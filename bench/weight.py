"""What a finished case weighs on disk, all its tables and indexes together."""

from __future__ import annotations

from bench.measuring import Measure
from bench.work import Bangfu


def bytes_used(bangfu: Bangfu) -> int:
    """Bytes of the database's pages that hold something."""
    with bangfu.database.connection() as connection:
        if bangfu.database.is_postgres:
            sizes = (
                "SELECT sum(pg_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname IN ('public', 'pg_toast') AND c.relkind IN ('r', 'i', 't')"
            )
            return int(connection.execute(sizes).fetchone()[0])
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def weigh(name: str, before: int, after: int, cases: int, target: float, aim: float) -> Measure:
    """Bytes a case, absolute: the floor writes the same rows."""
    each = (after - before) / cases
    return Measure(name, each, target, each, unit="bytes", aim=aim)
