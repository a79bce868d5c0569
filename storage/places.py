"""The division tree as stored: names for screens, places for imports, and where a person holds posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.divisions import Division, Level, level_of, parent_of
from storage.database import Database
from storage.ranges import code_range


class Places:
    """Reads reference data. Places are no secret: nothing here asks who reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self, codes: Iterable[str]) -> Mapping[str, str]:
        """Code → name, for those of *codes* (12 digits) that are known."""
        wanted = sorted(set(codes))
        if not wanted:
            return {}
        marks = ", ".join("?" * len(wanted))
        sql = self._database.sql(f"SELECT code, name FROM division WHERE code IN ({marks})")  # noqa: S608
        with self._database.connection() as connection:
            return dict(connection.execute(sql, wanted).fetchall())

    def inside(self, digits: str = "") -> Sequence[Division]:
        """Every place whose code begins with *digits*, by code."""
        sql = self._database.sql("SELECT code, name FROM division WHERE code >= ? AND code < ? ORDER BY code")
        with self._database.connection() as connection:
            rows = connection.execute(sql, code_range(digits)).fetchall()
        return [Division(code, name, level_of(code), parent_of(code)) for code, name in rows]

    def counties(self) -> tuple[str, ...]:
        """Six digits of each county that is known, in order."""
        sql = self._database.sql("SELECT code FROM division WHERE level = ? ORDER BY code")
        with self._database.connection() as connection:
            rows = connection.execute(sql, (str(Level.COUNTY),)).fetchall()
        return tuple(code[: Level.COUNTY.digits] for (code,) in rows)

    def counties_of(self, person: str) -> tuple[str, ...]:
        """Six digits of each county in which *person* holds or held posts; empty if only above counties, or nowhere."""
        sql = self._database.sql("SELECT DISTINCT division FROM post WHERE person = ?")
        with self._database.connection() as connection:
            rows = connection.execute(sql, (person,)).fetchall()
        digits = Level.COUNTY.digits
        return tuple(sorted({code[:digits] for (code,) in rows if level_of(code).digits >= digits}))

    def knows(self, person: str) -> bool:
        """Whether there is such a person, with or without posts."""
        with self._database.connection() as connection:
            found = connection.execute(self._database.sql("SELECT 1 FROM person WHERE key = ?"), (person,)).fetchone()
        return found is not None
