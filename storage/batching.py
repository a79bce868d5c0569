"""
Batches: what was selected, and why some of it was refused. Implements :class:`engine.batches.Batches`.

What is asked and why it is refused may hold anybody's words, and is sealed under the county's key. Whether a case is
done is read from the log each time, by its command's id.
"""

# ruff: noqa: S608 - what is put into texts are constants of this module; every value is a parameter.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from engine.batches import Batch, BatchRow, Outcome
from engine.cases import canonical
from engine.errors import ConflictError, Words
from storage.database import Database
from storage.instants import from_millis, millis

#: What the two sealed columns are sealed for.
_ASKED, _REFUSED = "batch asked", "batch refused"


class SqlBatches:
    """Batches in *database*, one transaction a call."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, batch: Batch) -> None:
        """Keep a new batch, whole. Raises ConflictError if there is one of that id."""
        database, sealer = self._database, self._database.vault.county(batch.county)
        head = (
            batch.county, self._id(batch.id), millis(batch.at), batch.by, batch.verb,
            sealer.seal(batch.asked, _ASKED), canonical(batch.query),
        )  # fmt: skip
        rows = [
            (batch.county, self._id(batch.id), no, self._id(row.case), self._id(batch.command(row.case).id), "")
            for no, row in enumerate(batch.rows, 1)
        ]
        json_value = "?::jsonb" if database.is_postgres else "?"
        values = f"VALUES (?, ?, ?, ?, ?, ?, {json_value})"
        insert = f"INSERT INTO batch (county, id, at, person, verb, asked, query) {values} ON CONFLICT DO NOTHING"
        with database.transaction() as connection:
            if connection.execute(database.sql(insert), head).rowcount == 0:
                raise ConflictError
            connection.cursor().executemany(
                database.sql(
                    "INSERT INTO batch_item (county, batch_id, no, case_id, command, refused) VALUES (?, ?, ?, ?, ?, ?)"
                ),
                rows,
            )

    def get(self, county: str, batch: UUID) -> Batch | None:
        """A batch with its rows, each with what became of it; None if there is none."""
        heads = self._heads("b.county = ? AND b.id = ?", (county, self._id(batch)))
        if not heads:
            return None
        sql = (
            "SELECT i.case_id, c.number, i.refused, e.seq FROM batch_item i"
            " JOIN cases c ON c.county = i.county AND c.id = i.case_id"
            " LEFT JOIN case_event e ON e.county = i.county AND e.command = i.command"
            " WHERE i.county = ? AND i.batch_id = ? ORDER BY i.no"
        )
        rows = self._database.read(self._database.sql(sql), (county, self._id(batch)))
        return heads[0](tuple(self._row(county, *row) for row in rows))

    def of(self, county: str, by: str, limit: int = 20) -> Sequence[Batch]:
        """The batches of a person, newest first, without rows."""
        heads = self._heads("b.county = ? AND b.person = ? ORDER BY b.at DESC, b.id DESC LIMIT ?", (county, by, limit))
        return [head(()) for head in heads]

    def refuse(self, county: str, batch: UUID, case: UUID, why: Words, advice: Words) -> None:
        """Note why a case was refused."""
        words = {"why": _told(why), "advice": _told(advice)}
        sealed = self._database.vault.county(county).seal(words, _REFUSED)
        sql = "UPDATE batch_item SET refused = ? WHERE county = ? AND batch_id = ? AND case_id = ?"
        with self._database.transaction() as connection:
            connection.execute(self._database.sql(sql), (sealed, county, self._id(batch), self._id(case)))

    def _heads(self, where: str, values: tuple[Any, ...]) -> list[Any]:
        """For each batch found, what makes it of its rows."""
        sql = f"SELECT b.county, b.id, b.at, b.person, b.verb, b.asked, b.query FROM batch b WHERE {where}"
        return [self._head(*row) for row in self._database.read(self._database.sql(sql), values)]

    def _head(self, county: str, id_: Any, at: int, by: str, verb: str, asked: str, query: Any) -> Any:
        opened = self._database.vault.county(county).open(asked, _ASKED)
        said = orjson.loads(query) if isinstance(query, str) else query

        def whole(rows: tuple[BatchRow, ...]) -> Batch:
            return Batch(
                county=county, id=self._uuid(id_), at=from_millis(at), by=by, verb=verb, asked=opened, query=said,
                rows=rows,
            )  # fmt: skip

        return whole

    def _row(self, county: str, case: Any, number: str, refused: str, seq: int | None) -> BatchRow:
        outcome: Outcome = "done" if seq is not None else "refused" if refused else "left"
        if outcome != "refused":
            return BatchRow(self._uuid(case), number, outcome)
        words = self._database.vault.county(county).open(refused, _REFUSED)
        return BatchRow(self._uuid(case), number, outcome, _words(words["why"]), _words(words["advice"]))

    def _id(self, value: UUID) -> Any:
        return value if self._database.is_postgres else value.bytes

    def _uuid(self, stored: Any) -> UUID:
        return stored if isinstance(stored, UUID) else UUID(bytes=stored)


def _told(words: Words) -> dict[str, Any]:
    """*words* as JSON: they are told in the reader's language each time they are read."""
    parameters = {
        name: _told(value) if isinstance(value, Words) else str(value) for name, value in words.parameters.items()
    }
    return {"text": words.template, "with": parameters}


def _words(told: Mapping[str, Any]) -> Words:
    values = {name: _words(value) if isinstance(value, Mapping) else value for name, value in told["with"].items()}
    return Words(told["text"], values)
