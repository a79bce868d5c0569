"""
What comes in beside cases: definitions, places, people and their posts, households. Each call is one transaction.

Rows are written in bulk, as drivers do it fastest; what is sealed is sealed here.
"""
# ruff: noqa: S608 - what is put into texts are constants of this module; every value is a parameter.

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from engine.cases import canonical
from engine.divisions import Division
from engine.errors import N_, InputError, NotFoundError
from engine.ids import uuid7
from engine.people import Deputy, Holding, require_key
from storage.database import Database
from storage.instants import from_millis, millis
from storage.packing import words
from storage.staffing import RAISED, hold_staff

#: Columns with a blind index; also what their tokens are sealed for.
ID_NUMBER, PHONE, BANK = "member.id_no", "household.phone", "household.bank"
#: What the rest of a household's paper form is sealed for.
FORM = "household.form"
#: The columns of a new household, and of its members.
_HOME = (
    "county", "id", "division", "name", "place", "key", "phone", "phone_index", "bank", "statuses", "facts", "source",
    "created_at",
)  # fmt: skip
_MEMBER = ("county", "household", "no", "name", "relation", "id_no", "id_index", "facts")
#: So many blind indexes are looked up by one statement.
_SOUGHT = 500
#: So many households' statuses are entered in one transaction: decisions wait until it ends.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Version:
    """
    A definition as deployed.

    Attributes:
        hash: The digest of ``canonical``.
        canonical: The definition as loaded, canonical JSON.
        origins: Where each value came from, JSON.
        from_date: Cases opened on this day or later begin under it.
        deployed_at: Aware.
    """

    hash: str
    workflow: str
    pack: str
    canonical: str
    origins: str
    from_date: date
    deployed_at: datetime


@dataclass(frozen=True, slots=True)
class NewMember:
    """A person of a household. ``id_no`` is normalised, or empty where there is none; ``facts`` are not sensitive."""

    name: str
    relation: str
    id_no: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """
    A household to be entered.

    Attributes:
        division: Its village, 12 digits.
        place: Where in the village, as people there say it.
        members: The head first.
        phone: Normalised, as ``bank``; empty where unknown. Both are sealed.
        facts: What is not sensitive.
        form: What else its paper form says, as JSON. Sealed as a whole.
        source: Where it comes from: what kind of file, its digest and the row. Never a name that people gave it.
    """

    division: str
    name: str
    members: Sequence[NewMember]
    place: str = ""
    phone: str = ""
    bank: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class NewStatuses:
    """What a household's record is to know from before bangfu was used: name → value; `source` as of a household."""

    household: UUID
    values: Mapping[str, Any]
    source: str


class Intake:
    """
    Writes what is not decided by a case. Safe for several threads.

    Raises:
        StorageError: From every method; nothing was changed.
    """

    def __init__(self, database: Database, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._database = database
        self._random_bytes = random_bytes
        self._json = "?::jsonb" if database.is_postgres else "?"

    # --- definitions ---

    def add_version(self, version: Version) -> None:
        """Keep a definition. The same one again changes nothing: a version that cases began under is never changed."""
        row = (
            version.hash, version.workflow, version.pack, version.canonical, version.origins,
            words(version.canonical), version.from_date.isoformat(), millis(version.deployed_at),
        )  # fmt: skip
        sql = (
            "INSERT INTO workflow_version (no, hash, workflow, pack, canonical, origins, words, from_date, deployed_at)"
            " SELECT COALESCE(max(no), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM workflow_version WHERE true"
            " ON CONFLICT (hash) DO NOTHING"
        )
        if self._database.is_postgres:
            sql = sql.replace("?, ?, ? FROM", "?::bytea, ?::date, ?::bigint FROM")
        with self._database.transaction() as connection:
            connection.execute(self._database.sql(sql), row)

    def version(self, digest: str) -> Version:
        """
        The definition with that digest.

        Raises:
            NotFoundError: None has it.
        """
        found = self.find_version(digest)
        if found is None:
            raise NotFoundError(N_("no definition {version} is stored"), version=digest[:12])
        return found

    def find_version(self, digest: str) -> Version | None:
        """The definition with that digest, if there is one."""
        sql = self._database.sql(
            "SELECT hash, workflow, pack, canonical, origins, from_date, deployed_at"
            " FROM workflow_version WHERE hash = ?"
        )
        with self._database.connection() as connection:
            row = connection.execute(sql, (digest,)).fetchone()
        if row is None:
            return None
        digest, workflow, pack, canonical, origins, since, at = row
        return Version(digest, workflow, pack, canonical, origins, _day(since), from_millis(at))

    def workflows(self) -> list[str]:
        """The ids of all workflows of which any version is stored, in order."""
        rows = self._database.read("SELECT DISTINCT workflow FROM workflow_version ORDER BY workflow")
        return [workflow for (workflow,) in rows]

    def in_force(self, workflow: str, day: date) -> str:
        """
        The digest of the version under which cases of *workflow* begin on *day*; empty if there is none.

        It is the one whose day has come last; of two from the same day, the one deployed later.
        """
        sql = self._database.sql(
            "SELECT hash FROM workflow_version WHERE workflow = ? AND from_date <= ?"
            " ORDER BY from_date DESC, no DESC LIMIT 1"
        )
        with self._database.connection() as connection:
            row = connection.execute(sql, (workflow, day.isoformat())).fetchone()
        return row[0] if row else ""

    # --- places and people ---

    def add_divisions(self, divisions: Iterable[Division], source: str) -> int:
        """Enter places, or their names anew; old codes stay. Gives how many were handed in."""
        rows = [(each.code, each.name, str(each.level), each.parent, source) for each in divisions]
        sql = (
            "INSERT INTO division (code, name, level, parent, source) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (code) DO UPDATE SET name = excluded.name, source = excluded.source"
        )
        with self._database.transaction() as connection:
            self._many(connection, sql, rows)
        return len(rows)

    def put_person(self, key: str, name: str, active: bool | None = None) -> None:
        """
        Enter a person, or his name anew.

        Args:
            active: None: a new one is, and another stays what he is, so that no list brings back who has left.

        Raises:
            InputError: The key is none that a person can have.
        """
        require_key(key)
        sql = (
            "INSERT INTO person (key, name, active) VALUES (?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET name = excluded.name"
        )
        if active is not None:
            sql += ", active = excluded.active"
        self._staff_change(sql, [(key, name, active is not False)])

    def put_posts(self, holdings: Iterable[tuple[str, Holding]]) -> None:
        """Enter posts held (a person's key, and the post), or when they end anew."""
        rows = [
            (key, each.post, each.division, each.from_date.isoformat(), _iso(each.to_date)) for key, each in holdings
        ]
        sql = (
            "INSERT INTO post (person, post, division, from_date, to_date) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (person, post, division, from_date) DO UPDATE SET to_date = excluded.to_date"
        )
        self._staff_change(sql, rows)

    def put_deputy(self, deputy: Deputy) -> None:
        """Enter that a person acts in another's post for a time, or when that ends anew."""
        held = deputy.held
        row = (deputy.person, deputy.principal, held.post, held.division, _iso(held.from_date), _iso(held.to_date))
        sql = (
            "INSERT INTO deputy (person, principal, post, division, from_date, to_date) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (person, principal, post, division, from_date) DO UPDATE SET to_date = excluded.to_date"
        )
        self._staff_change(sql, [row])

    def declare_relatives(self, pairs: Iterable[tuple[str, UUID]], now: datetime) -> None:
        """
        Record that households are a person's own, or his near relatives' (I18), as declared now or before.

        What he did in their cases before stays lawful: nobody could know.
        """
        rows = [(key, self._id(household), millis(now)) for key, household in pairs]
        sql = "INSERT INTO relative (person, household, declared_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._staff_change(sql, rows)

    def _staff_change(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Whatever changes the staff gives it a new revision: decisions made with the old one are not stored (I17)."""
        with self._database.transaction() as connection:
            hold_staff(self._database, connection)
            connection.execute(RAISED)
            self._many(connection, sql, rows)

    # --- households ---

    def add_households(self, county: str, households: Iterable[NewHousehold], now: datetime) -> list[UUID]:
        """
        Enter households with their members, all or none, and give their ids in order.

        Raises:
            InputError: Somebody is in a household of the county already; ``find`` tells which beforehand.
        """
        ids: list[UUID] = []
        homes: list[tuple[Any, ...]] = []
        people: list[tuple[Any, ...]] = []
        for each in households:
            home = uuid7(now, self._random_bytes(10))
            wrapped = self._database.vault.new_key(county, home)
            ids.append(home)
            homes.append(self._home(county, home, wrapped, each, now))
            people += self._people(county, home, wrapped, each)
        with self._database.transaction() as connection:
            try:
                self._insert(connection, "household", _HOME, homes)
                self._insert(connection, "member", _MEMBER, people)
            except self._database.driver_error as error:
                if "id_index" in str(error):
                    raise InputError(N_("somebody is in another household already"), field="id_no") from error
                raise
        return ids

    def enter_statuses(self, county: str, entries: Iterable[NewStatuses], by: str, now: datetime) -> int:
        """
        Enter what is known of households from before, each with an entry in its history, and give of how many.

        Whoever's record knows one of the names already is left as it is, so that doing it again changes nothing. As
        with the staff, no decision is stored that was made with the old records.

        Args:
            by: The key of the person who enters it.
        """
        every, done = list({each.household: each for each in entries}.values()), 0
        for start in range(0, len(every), _AT_ONCE):
            done += self._enter_statuses(county, every[start : start + _AT_ONCE], by, now)
        return done

    def _enter_statuses(self, county: str, entries: Sequence[NewStatuses], by: str, now: datetime) -> int:
        marks = ", ".join("?" * len(entries))
        sql = f"SELECT id, statuses FROM household WHERE county = ? AND id IN ({marks})"
        ids = [self._id(each.household) for each in entries]
        with self._database.transaction() as connection:
            hold_staff(self._database, connection)
            rows = connection.execute(self._database.sql(sql), (county, *ids)).fetchall()
            known = {self._uuid(home): orjson.loads(found) if isinstance(found, str) else found for home, found in rows}
            new = [each for each in entries if known.get(each.household, each.values).keys().isdisjoint(each.values)]
            if not new:
                return 0
            connection.execute(RAISED)
            from storage.statements import Statements  # it loads the tables, and a queue needs none of this

            homes, history = [], []
            for each in new:
                home = self._id(each.household)
                since = {"since": now.isoformat(), "case": "", "source": each.source}
                statuses = {name: {"v": value, **since} for name, value in each.values.items()}
                homes.append((canonical(known[each.household] | statuses), county, home))
                command = self._id(uuid7(now, self._random_bytes(10)))
                told = (millis(now), "entered", by, "", command, None, canonical(statuses))
                history.append((county, home, *told, county, home))
            self._many(connection, f"UPDATE household SET statuses = {self._json} WHERE county = ? AND id = ?", homes)
            connection.cursor().executemany(Statements(self._database.engine.dialect).history, history)
        return len(new)

    def _home(self, county: str, home: UUID, wrapped: str, new: NewHousehold, now: datetime) -> tuple[Any, ...]:
        sealer = self._database.vault.household(county, home, wrapped)
        facts = {**new.facts, "form": sealer.seal(new.form, FORM)} if new.form else new.facts
        return (
            county, self._id(home), new.division, new.name, new.place, wrapped,
            sealer.seal(new.phone, PHONE) if new.phone else None, self._index(PHONE, new.phone),
            sealer.seal(new.bank, BANK) if new.bank else None,
            "{}", canonical(facts), new.source, millis(now),
        )  # fmt: skip

    def _people(self, county: str, home: UUID, wrapped: str, new: NewHousehold) -> Iterable[tuple[Any, ...]]:
        sealer = self._database.vault.household(county, home, wrapped)
        for no, member in enumerate(new.members, 1):
            sealed = sealer.seal(member.id_no, ID_NUMBER) if member.id_no else None
            index = self._index(ID_NUMBER, member.id_no)
            facts = canonical(member.facts) if member.facts else "{}"
            yield county, self._id(home), no, member.name, member.relation, sealed, index, facts

    def form(self, county: str, household: UUID) -> Mapping[str, Any]:
        """What the household's paper form said; empty if there was none, or its key was erased."""
        sql = self._database.sql("SELECT key, facts FROM household WHERE county = ? AND id = ?")
        with self._database.connection() as connection:
            row = connection.execute(sql, (county, self._id(household))).fetchone()
        if row is None or row[0] is None:
            return {}
        facts = row[1] if isinstance(row[1], dict) else orjson.loads(row[1])
        sealer = self._database.vault.household(county, household, row[0])
        return sealer.open(facts["form"], FORM) if "form" in facts else {}

    def find(self, county: str, id_numbers: Iterable[str]) -> Mapping[str, tuple[UUID, int]]:
        """Which of *id_numbers* (normalised) are in the base: number → household and member. By blind index."""
        wanted = {self._index(ID_NUMBER, number): number for number in id_numbers}
        indexes, found = list(wanted), {}
        # SQLite, which knows nothing of how many rows a county has, would read them all.
        by = "" if self._database.is_postgres else "INDEXED BY uq_member_id_index"
        with self._database.connection() as connection:
            for start in range(0, len(indexes), _SOUGHT):
                some = indexes[start : start + _SOUGHT]
                sql = (
                    f"SELECT id_index, household, no FROM member {by}"
                    f" WHERE county = ? AND id_index IN ({', '.join('?' * len(some))}) AND left_at IS NULL"
                )
                rows = connection.execute(self._database.sql(sql), (county, *some)).fetchall()
                for index, household, no in rows:
                    found[wanted[bytes(index)]] = (self._uuid(household), int(no))
        return found

    def erase_key(self, county: str, household: UUID) -> None:
        """
        Forget the household's key, for good: nothing sealed for it can be read again, in no event either (I25).

        Raises:
            NotFoundError: There is no such household.
        """
        sql = self._database.sql(
            "UPDATE household SET key = NULL, phone = NULL, phone_index = NULL, bank = NULL WHERE county = ? AND id = ?"
        )
        members = self._database.sql(
            "UPDATE member SET id_no = NULL, id_index = NULL WHERE county = ? AND household = ?"
        )
        with self._database.transaction() as connection:
            if connection.execute(sql, (county, self._id(household))).rowcount != 1:
                raise NotFoundError(N_("there is no such household"))
            connection.execute(members, (county, self._id(household)))

    # --- words ---

    def _many(self, connection: Any, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            connection.cursor().executemany(self._database.sql(sql), rows)

    def _insert(self, connection: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """New rows of one table, as the driver takes them fastest; those of JSON as text."""
        names = ", ".join(columns)
        if not self._database.is_postgres:
            marks = ", ".join("?" * len(columns))
            connection.cursor().executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            return
        with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _index(self, column: str, value: str) -> bytes | None:
        return self._database.vault.blind_index(column, value) if value else None

    def _id(self, value: UUID) -> Any:
        return value if self._database.is_postgres else value.bytes

    def _uuid(self, stored: Any) -> UUID:
        return stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(stored: Any) -> date:
    return stored if isinstance(stored, date) else date.fromisoformat(stored)
