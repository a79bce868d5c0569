"""
The change side of storage: a case is read for a decision, and decisions are written, all or nothing.

Nothing is locked while a decision is made. ``commit`` compares the case's seq and the staff's revision with what the
decision was made from, and writes only if they are still the same. Implements :class:`engine.ports.Store`.
"""
# ruff: noqa: S608 - what is put into texts are constants of this module; every value is a parameter.

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from engine.cases import Case, Decision, Event, Secret, link_hash
from engine.divisions import Level, level_of, prefix
from engine.errors import (
    N_,
    CaseNotFoundError,
    CommandReusedError,
    ConflictError,
    GuardRefusedError,
    InputError,
    StorageError,
    UnknownOutcomeError,
)
from engine.households import HouseholdState, HouseholdUpdate
from engine.identity import IdNumberError, check_id_number
from engine.people import Staff
from engine.ports import DueTimer, Loaded
from storage.database import Database
from storage.households import Update, read_state
from storage.instants import from_millis, millis
from storage.intake import ID_NUMBER
from storage.packing import PLAIN, Packer
from storage.spreading import Spread, due_at, household_of, parent_of
from storage.staffing import read_staff
from storage.statements import CASE_COLUMNS, CASE_UPDATED, Opening, Statements, Write
from storage.together import Together
from storage.vault import Sealer

#: What secrets of a case are sealed for.
PURPOSE = "case"
#: How a secret begins in stored JSON.
_SECRET = '{"x":"'
_NOBODY = UUID(int=0)
_REVISION = "(SELECT value FROM meta WHERE key = 'revision')"
_LOAD = (
    f"SELECT c.id, c.seq, c.head, c.at, c.record, c.version, {_REVISION}, c.household, h.key, h.statuses, {{members}}"
    " FROM cases c LEFT JOIN household h ON h.county = c.county AND h.id = c.household"
    " WHERE c.county = ? AND c.id"
)
#: How many cases are read by one query: SQLite's parameters are limited.
_AT_ONCE = 500
_PLACE = "division, workflow, stage, outcome"
_COUNTS = ("open", "late", "ended", "missed")
_SUMS = ", ".join(f"sum({name})" for name in _COUNTS)
_SUMMED = f"ON CONFLICT (county, due_at, {_PLACE}, no) DO UPDATE SET " + ", ".join(
    f"{name} = tally.{name} + excluded.{name}" for name in _COUNTS
)
_INTO_TALLY = f"INSERT INTO tally (county, due_at, {_PLACE}, no, {', '.join(_COUNTS)})"
_ADD_UP = (
    f"{_INTO_TALLY} SELECT county, 0, {_PLACE}, 0, {_SUMS} FROM tally"
    f" WHERE county = ? AND due_at > 0 AND due_at <= ? GROUP BY county, {_PLACE} {_SUMMED}"
)
_ADDED_UP = "DELETE FROM tally WHERE county = ? AND due_at > 0 AND due_at <= ?"
#: Until when; a clock that is put back afterwards undoes nothing of it.
_UNTIL = (
    "INSERT INTO meta (key, value) VALUES ('added_up', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    " WHERE CAST(meta.value AS BIGINT) < CAST(excluded.value AS BIGINT)"
)
_ADD_UP_AT_ONCE = (
    "WITH gone AS (DELETE FROM tally WHERE county = %s AND (no > 0 OR due_at > 0 AND due_at <= %s) RETURNING *),"
    " due AS (SELECT *, CASE WHEN due_at <= %s THEN 0 ELSE due_at END AS due FROM gone)"
    f" {_INTO_TALLY} SELECT county, due, {_PLACE}, 0, {_SUMS} FROM due GROUP BY county, due, {_PLACE} {_SUMMED}"
)
#: What was added up leaves dead rows, which would otherwise lie there until autovacuum comes by. Nobody waits for it,
#: and it waits for nobody.
_TIDY = "VACUUM (SKIP_LOCKED) tally"
_FRESH = (
    f"SELECT {_REVISION}, h.key, h.division, h.statuses, h.facts, {{members}} FROM household h"
    " WHERE h.county = ? AND h.id = ?"
)
_PEOPLE = (
    "SELECT m.no, m.relation, m.id_no, h.key FROM member m"
    " JOIN household h ON h.county = m.county AND h.id = m.household"
    " WHERE m.county = ? AND m.household = ? AND m.left_at IS NULL"
)
#: The newest case of a subject. A household's are found by it, others by where they are.
_LAST = (
    "SELECT id FROM cases WHERE county = ? AND {whose} = ? AND workflow = ? AND subject = ?"
    " ORDER BY opened_at DESC, number DESC LIMIT 1"
)
_HELD = (
    "SELECT 1 FROM post o JOIN person p ON p.key = o.person AND p.active WHERE o.division = {0}.division"
    " AND o.post = {0}.post AND o.from_date <= ? AND COALESCE(o.to_date, '9999-12-31') >= ?"
)
#: Posts of open work come from its index alone; those that nobody holds are few, as are officers' relatives.
_UNMANNED = (
    "SELECT w.county, w.case_id FROM (SELECT DISTINCT county, division, post FROM work_item) v"
    " JOIN work_item w ON w.county = v.county AND w.division = v.division AND w.post = v.post"
    " WHERE v.post NOT IN ('household', 'anyone', 'objector', 'parent')"
    f" AND NOT EXISTS ({_HELD.format('v')})"
    " UNION SELECT w.county, w.case_id FROM (SELECT DISTINCT county FROM serial) s JOIN relative r ON 1 = 1"
    " JOIN cases c ON c.county = s.county AND c.household = r.household"
    " JOIN work_item w ON w.county = c.county AND w.case_id = c.id"
    " JOIN post h ON h.person = r.person AND h.division = w.division AND h.post = w.post"
    f" WHERE NOT EXISTS ({_HELD.format('w')}"
    " AND NOT EXISTS (SELECT 1 FROM relative x WHERE x.person = o.person AND x.household = c.household))"
    " ORDER BY 1, 2"
)
_EVENT = "e.seq, e.at, e.kind, e.command, e.asked, e.actor, e.post, e.behalf, e.version, v.hash, e.text, e.hash"


class SqlStore:
    """
    :class:`engine.ports.Store` on a SQLite or PostgreSQL database.

    Args:
        database: Open. Closing it is its owner's work.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = Statements(database.engine.dialect)
        self._together = Together(self._sql, database.engine.dialect)
        self._is_postgres = database.is_postgres
        #: Digest of a definition → its number, and number → what packs its texts.
        self._versions: dict[str, int] = {}
        self._packers: dict[int | None, Packer] = {None: PLAIN}
        self._staff: dict[str, Staff] = {}
        #: Household → its wrapped key as last read, empty if it was erased. What `commit` seals with.
        self._keys: dict[tuple[str, UUID], str] = {}
        load = _LOAD.format(members=self._members("c", "household"))
        self._load_one = self._database.sql(f"{load} = ?")
        self._load_many = self._database.sql(f"{load} = ANY(?)" if self._is_postgres else f"{load} IN")
        self._fresh = self._database.sql(_FRESH.format(members=self._members("h", "id")))

    def _members(self, owner: str, home: str) -> str:
        gather = (
            "json_object_agg(m.no, m.facts)::text" if self._is_postgres else "json_group_object(m.no, json(m.facts))"
        )
        return (
            f"(SELECT {gather} FROM member m"
            f" WHERE m.county = {owner}.county AND m.household = {owner}.{home} AND m.left_at IS NULL)"
        )

    # --- reading for a decision ---

    def load(self, county: str, case: UUID) -> Loaded:
        row = self._one(self._load_one, (county, self._id(case)))
        if row is None:
            raise CaseNotFoundError(case)
        return self._loaded(county, row)

    def load_all(self, county: str, cases: Sequence[UUID]) -> Mapping[UUID, Loaded]:
        found: dict[UUID, Loaded] = {}
        for start in range(0, len(cases), _AT_ONCE):
            ids = [self._id(case) for case in cases[start : start + _AT_ONCE]]
            if self._is_postgres:
                rows = self._all(self._load_many, (county, ids))
            else:
                rows = self._all(f"{self._load_many} ({', '.join('?' * len(ids))})", (county, *ids))
            for row in rows:
                try:
                    loaded = self._loaded(county, row)
                except Exception:  # noqa: S112 - whoever decides on it reads it by itself, and is told what is wrong.
                    continue
                found[loaded.case.id] = loaded
        return found

    def _loaded(self, county: str, row: Sequence[Any]) -> Loaded:
        case, seq, head, at, record, version, revision, household, wrapped, statuses, members = row
        if household is not None:
            self._remember(county, self._uuid(household), wrapped)
        sections = self._record(self._unpacked(record, version), county, household)
        return Loaded(
            Case(county, self._uuid(case), seq, bytes(head), from_millis(at), sections),
            int(revision),
            orjson.loads(members) if members else {},
            household is not None and not wrapped,
            register=None if statuses is None else _known(statuses),
        )

    def fresh(self, county: str, subject: str) -> Loaded:
        household = household_of(Case(county, _NOBODY, sections={"case": {"subject": subject}}))
        row = self._one(self._fresh, (county, self._id(household))) if household is not None else None
        if household is None or row is None:
            return Loaded(Case(county, _NOBODY), self.staff_revision(county))
        revision, wrapped, division, statuses, facts, members = row
        self._remember(county, household, wrapped)
        known = {**_json(facts), **_known(statuses)}
        known_members = orjson.loads(members) if members else {}
        return Loaded(Case(county, _NOBODY), int(revision), known_members, register=known, home=str(division))

    def register(self, county: str, subject: str) -> Mapping[str, Any]:
        sql = self._database.sql("SELECT statuses FROM register WHERE county = ? AND subject = ?")
        row = self._one(sql, (county, subject))
        return _known(row[0]) if row else {}

    def people(self, county: str, household: str, day: date) -> Mapping[str, Mapping[str, Any]]:
        home = household_of(Case(county, _NOBODY, sections={"case": {"subject": household}}))
        rows = self._all(self._database.sql(_PEOPLE), (county, self._id(home))) if home is not None else []
        found: dict[str, dict[str, Any]] = {}
        for no, relation, sealed, wrapped in rows:
            known = found.setdefault(str(no), {"relation": relation} if relation else {})
            if sealed and wrapped and home is not None:
                number = self._database.vault.household(county, home, wrapped).open(sealed, ID_NUMBER)
                with suppress(IdNumberError):
                    read = check_id_number(str(number), day)
                    known |= {"age": read.age_on(day), "gender": read.sex}
        return found

    def parts(self, county: str, division: str) -> Sequence[str]:
        if level_of(division) == Level.VILLAGE:
            return ()
        sql = self._database.sql("SELECT code FROM division WHERE code > ? AND code < ? ORDER BY code")
        return [code for (code,) in self._all(sql, (division, prefix(division).ljust(12, "9")))]

    def last(self, county: str, workflow: str, subject: str, division: str) -> Case | None:
        home = household_of(Case(county, _NOBODY, sections={"case": {"subject": subject}}))
        whose, value = ("household", self._id(home)) if home is not None else ("division", division)
        row = self._one(self._database.sql(_LAST.format(whose=whose)), (county, value, workflow, subject))
        return self.load(county, self._uuid(row[0])).case if row else None

    def next_serial(self, county: str, year: int) -> int:
        row = self._one(self._database.sql("SELECT next FROM serial WHERE county = ? AND year = ?"), (county, year))
        return int(row[0]) if row else 1

    def event_of(self, county: str, command: UUID) -> Event | None:
        found = self._events(county, "e.command = ?", (self._id(command),))
        return found[0] if found else None

    def events(self, county: str, case: UUID) -> Iterator[Event]:
        return iter(self._events(county, "e.case_id = ?", (self._id(case),)))

    def due_timers(self, now: datetime, limit: int, after: tuple[datetime, UUID] | None = None) -> Sequence[DueTimer]:
        later = " AND (due_at, case_id) > (?, ?)" if after else ""
        sql = self._database.sql(
            "SELECT county, case_id, no, due_at, kind FROM timer"
            f" WHERE status = 'pending' AND due_at <= ?{later} ORDER BY due_at, case_id LIMIT ?"
        )
        place = (millis(after[0]), self._id(after[1])) if after else ()
        rows = self._all(sql, (millis(now), *place, limit))
        return [
            DueTimer(county, self._uuid(case), str(no), from_millis(due), kind) for county, case, no, due, kind in rows
        ]

    def unmanned(self, day: date) -> Sequence[tuple[str, UUID]]:
        rows = self._all(self._database.sql(_UNMANNED), (day.isoformat(),) * 4)
        return [(county, self._uuid(case)) for county, case in rows]

    def staff_revision(self, county: str) -> int:
        return int(self._database.meta("revision"))

    def staff(self, county: str) -> Staff:
        revision = self.staff_revision(county)
        known = self._staff.get(county)
        if known is None or known.revision != revision:
            known = self._staff[county] = read_staff(self._database, county)
        return known

    # --- writing ---

    def household(self, county: str, household: UUID) -> HouseholdState:
        return read_state(self._database, county, household)

    def was_updated(self, county: str, command: UUID) -> bool:
        sql = self._database.sql("SELECT 1 FROM household_event WHERE county = ? AND command = ?")
        return self._one(sql, (county, self._id(command))) is not None

    def update_household(self, update: HouseholdUpdate, decisions: Sequence[Decision]) -> None:
        revision = str(update.state.staff_revision)
        groups, _ = self._grouped(decisions)
        changes = [self._change(group, revision) for group in groups.values()]
        try:
            with self._database.transaction() as connection:
                Update(self._database, connection, self._sql.history).lock(update)
                for change in sorted(changes, key=lambda change: change.case):
                    self._write(connection, change)
                Update(self._database, connection, self._sql.history).write(update)
        except StorageError as error:
            if "id_index" in str(error.__cause__):
                text = N_("somebody is in another household already")
                raise InputError(text, field="id_number") from error.__cause__
            raise self._meaning(error, list(groups.values())) from error.__cause__

    def commit(self, decisions: Sequence[Decision], staff_revision: int) -> tuple[Event, ...]:
        groups, sealed = self._grouped(decisions)
        together = sum(1 for group in groups.values() if group.first.seq > 1) > 1
        changes = [self._change(group, str(staff_revision), together) for group in groups.values()]
        try:
            if self._is_postgres and len(changes) == 1:
                self._write_by_itself(changes[0])
            else:
                self._write_all(changes, together)
        except StorageError as error:
            raise self._meaning(error, list(groups.values())) from error.__cause__
        return tuple(sealed)

    def _grouped(self, decisions: Sequence[Decision]) -> tuple[dict[tuple[str, UUID], _Group], list[Event]]:
        """What is to be written, case by case, and the events as sealed, in order."""
        groups: dict[tuple[str, UUID], _Group] = {}
        kept: _Kept = {}
        sealed = []
        for decision in decisions:
            event = decision.event
            group = groups.get((event.county, event.case))
            if group is None:
                group = groups[event.county, event.case] = _Group(
                    event, decision.case, Spread(self._id), decision.case.head
                )
            sealed.append(self._add(group, decision, kept))
        return groups, sealed

    def _add(self, group: _Group, decision: Decision, kept: _Kept) -> Event:
        event = decision.event
        # What was decided alike for many cases says the same: it is written and packed once.
        content = id(event.body), id(event.changes)
        if content not in kept:
            text = self._sealed_text(event, decision.case)
            kept[content] = text, self._packers[self._version_no(event.version)].pack(text)
        text, packed = kept[content]
        event = event.sealed(link_hash(event, group.head, text))
        group.head = event.hash
        group.case = decision.case
        group.events.append(event)
        version = self._version_no(event.version)
        group.spread.log(event, packed, version)
        group.spread.changes(event, decision.case)
        group.spread.effects(decision)
        return event

    def _sealed_text(self, event: Event, case: Case) -> str:
        """The event as stored. Its secrets are sealed in place: the case holds the same objects."""
        try:
            return event.text()
        except TypeError:
            sealer = self._sealer(event.county, household_of(case))
            if sealer is None:
                raise StorageError(N_("the household's key was erased; nothing more can be sealed for it")) from None
            _seal(event.body, sealer)
            _seal(event.changes, sealer)
            return event.text()

    def _change(self, group: _Group, revision: str, together: bool = False) -> _Change:
        """What is to be written for one case, by itself or *together* with others, before the transaction begins."""
        case, here = group.case, self._id(group.case.id)
        opening, serial = _opening(group)
        is_new = opening != "update"
        household = self._household(case) if is_new or group.spread.register else None
        home = household and self._id(household)
        row = self._case_row(group)
        if is_new:
            row |= self._fixed(case, here, home)
            values = [row[name] for name in CASE_COLUMNS]
        else:
            values = [*(row[name] for name in CASE_UPDATED), case.county, here, group.first.seq - 1]
        spread_out = self._sql.rows if together and not is_new else self._sql.writes
        writes = list(spread_out(group.spread, case.county, here, home))
        return _Change(case.id, case.number if is_new else "", opening, serial, values, revision, writes)

    def _fixed(self, case: Case, here: Any, home: Any) -> dict[str, Any]:
        """What of a case's row never changes after it was opened."""
        parent = parent_of(case)
        return {
            "county": case.county,
            "id": here,
            "number": case.number,
            "workflow": case.workflow,
            "subject": case.subject,
            "household": home,
            "opened_at": millis(case.opened_at),
            "parent": parent and self._id(parent),
        }

    def _case_row(self, group: _Group) -> dict[str, Any]:
        """The rest of it, after the group's events."""
        case, last = group.case, group.events[-1]
        due, version = due_at(case), self._version_no(case.version)
        return {
            "version": version,
            "division": case.division,
            "stage": case.stage,
            "status": case.status,
            "outcome": case.get("outcome"),
            "ending": case.get("end"),
            "seq": last.seq,
            "entry": case.entry,
            "at": millis(last.at),
            "due_at": due and millis(due),
            "head": group.head,
            "record": self._packers[version].pack(case.record()),
        }

    def _write_all(self, changes: Sequence[_Change], together: bool) -> None:
        """
        Write all of *changes* in one transaction: first the cases that were there, then those that are opened, in the
        order of their numbers, so that two commits over the same cases do not deadlock.
        """
        there = sorted((change for change in changes if change.opening == "update"), key=lambda change: change.case)
        opened = sorted((change for change in changes if change.opening != "update"), key=lambda change: change.number)
        with self._database.transaction() as connection:
            if together:
                rows = (row for change in there for row in change.writes)
                found = self._together.write(connection, [change.values for change in there], rows, there[0].revision)
                if found != len(there):
                    raise ConflictError(N_("the case was changed meanwhile"))
            for change in opened if together else (*there, *opened):
                self._write(connection, change)

    def _write(self, connection: Any, change: _Change) -> None:
        """Write one case within a transaction."""
        if self._is_postgres:
            self._write_one(connection, change)
        else:
            self._write_in_turn(connection, change)

    def _write_in_turn(self, connection: Any, change: _Change) -> None:
        if change.opening in self._sql.serial:
            taken = connection.execute(self._sql.serial[change.opening], (*change.serial, change.revision))
            _expect_one(taken.rowcount, change)
        sql = self._sql.case["update" if change.opening == "update" else "insert"]
        _expect_one(connection.execute(sql, (*change.values, change.revision)).rowcount, change)
        for kind, values in change.writes:
            connection.execute(self._sql.text(kind), values)

    def _write_by_itself(self, change: _Change) -> None:
        """Write one case on PostgreSQL by one statement, which is its own transaction."""
        with self._database.connection() as connection:
            try:
                self._write_one(connection, change)
            except self._database.driver_error as error:
                # It commits by itself: what was lost on the way may have been carried out.
                if self._database.is_lost(connection):
                    raise UnknownOutcomeError() from error
                raise

    def _write_one(self, connection: Any, change: _Change) -> None:
        if change.opening in self._sql.serial:
            values = [*change.serial, change.revision, *change.values]
        else:
            values = [*change.values, change.revision]
        for _, more in change.writes:
            values += more
        text = self._sql.whole(change.opening, tuple(kind for kind, _ in change.writes))
        _expect_one(self._database.numbered(connection, text, values).fetchone()[0], change)

    def _meaning(self, error: StorageError, groups: Sequence[_Group]) -> Exception:
        """What a commit that failed means: a unique index, the last line of defence, says it best (R2)."""
        cause = error.__cause__
        detail = getattr(getattr(cause, "diag", None), "constraint_name", None) or str(cause)
        if "case_event.command" in detail or "uq_case_event_command" in detail:
            for group in groups:
                for event in group.events:
                    earlier = self.event_of(event.county, event.command)
                    if earlier is not None and earlier.asked != event.asked:
                        return CommandReusedError(event.case)
            return ConflictError(N_("the command was carried out meanwhile"))
        if "cases.subject" in detail or "uq_cases_open" in detail:
            return self._open_already(groups)
        names = (
            "household_event.seq",
            "pk_household_event",
            "case_event.seq",
            "pk_case_event",
            "cases.number",
            "uq_cases_number",
            "cases.id",
            "pk_cases",
            "pk_serial",
        )
        if any(name in detail for name in names):
            return ConflictError(N_("the case was changed meanwhile"))
        return error

    def _open_already(self, groups: Sequence[_Group]) -> Exception:
        sql = self._database.sql(
            "SELECT number FROM cases"
            " WHERE county = ? AND subject = ? AND workflow = ? AND status = 'open' AND parent IS NULL"
        )
        for group in groups:
            case = group.case
            found = self._one(sql, (case.county, case.subject, case.workflow))
            if found is not None and found[0] != case.number:
                return GuardRefusedError(
                    case.id,
                    N_("case {number} of this kind is still open"),
                    rule="one_open_case",
                    advice=N_("go on with {number}, or end it first"),
                    number=found[0],
                )
        return ConflictError(N_("another case of this kind was open a moment ago"))

    # --- totals ---

    def add_up(self, now: datetime) -> None:
        at = millis(now)
        new = " OR EXISTS (SELECT 1 FROM tally t WHERE t.no > 0 AND t.county = s.county)" if self._is_postgres else ""
        sql = self._database.sql(
            "SELECT s.county FROM (SELECT DISTINCT county FROM serial) s WHERE EXISTS"
            f" (SELECT 1 FROM tally t WHERE t.county = s.county AND t.due_at > 0 AND t.due_at <= ?){new}"
        )
        counties = self._all(sql, (at,))
        for (county,) in counties:
            with self._database.transaction() as connection:
                if self._is_postgres:
                    connection.execute(_ADD_UP_AT_ONCE, (county, at, at))
                else:
                    connection.execute(_ADD_UP, (county, at))
                    connection.execute(_ADDED_UP, (county, at))
                connection.execute(self._database.sql(_UNTIL), (str(at),))
        if counties and self._is_postgres:
            with self._database.connection() as connection:
                connection.execute(_TIDY)

    # --- keys ---

    def _remember(self, county: str, household: UUID, wrapped: str | None) -> None:
        if len(self._keys) >= 4096:
            self._keys.pop(next(iter(self._keys)), None)
        self._keys[county, household] = wrapped or ""

    def _household(self, case: Case) -> UUID | None:
        """The case's household, if there is such a household."""
        named = household_of(case)
        return named if named is not None and self._wrapped(case.county, named) is not None else None

    def _wrapped(self, county: str, household: UUID) -> str | None:
        """The household's wrapped key; empty if erased, None if there is no such household."""
        if (county, household) not in self._keys:
            sql = self._database.sql("SELECT key FROM household WHERE county = ? AND id = ?")
            row = self._one(sql, (county, self._id(household)))
            if row is None:
                return None
            self._remember(county, household, row[0])
        return self._keys[county, household]

    def _sealer(self, county: str, household: UUID | None) -> Sealer | None:
        """What seals for a case; None if its household's key was erased."""
        wrapped = None if household is None else self._wrapped(county, household)
        if household is None or wrapped is None:
            return self._database.vault.county(county)
        return self._database.vault.household(county, household, wrapped) if wrapped else None

    def _record(self, text: str, county: str, household: Any) -> dict[str, Any]:
        """A record as stored, with its secrets opened; they are the values of facts."""
        sections: dict[str, Any] = orjson.loads(text)
        if _SECRET in text:
            reveal = self._revealing(county, household)
            for stored in sections.get("facts", {}).values():
                if isinstance(stored["v"], dict):
                    stored["v"] = reveal(stored["v"])
        return sections

    def _read(self, text: str, county: str, household: Any) -> Any:
        """An event as stored, with its secrets opened, wherever they are."""
        if _SECRET not in text:
            return orjson.loads(text)
        return json.loads(text, object_hook=self._revealing(county, household))

    def _revealing(self, county: str, household: Any) -> Callable[[dict[str, Any]], Any]:
        """What makes a secret of its token, opened; its value is None if the household's key was erased."""
        sealer = self._sealer(county, None if household is None else self._uuid(household))

        def reveal(found: dict[str, Any]) -> Any:
            token = found.get("x")
            if len(found) != 1 or not isinstance(token, str):
                return found
            return Secret(None, token) if sealer is None else Secret.closed(token, lambda: sealer.open(token, PURPOSE))

        return reveal

    # --- rows ---

    def _events(self, county: str, where: str, values: tuple[Any, ...]) -> list[Event]:
        sql = self._database.sql(
            f"SELECT {_EVENT}, e.case_id, c.household, h.key FROM case_event e"
            " JOIN cases c ON c.county = e.county AND c.id = e.case_id"
            " LEFT JOIN household h ON h.county = c.county AND h.id = c.household"
            " LEFT JOIN workflow_version v ON v.no = e.version"
            f" WHERE e.county = ? AND {where} ORDER BY e.seq"
        )
        return [self._event(county, row) for row in self._all(sql, (county, *values))]

    def _event(self, county: str, row: Sequence[Any]) -> Event:
        seq, at, kind, command, asked, actor, post, behalf, no, version, text, digest, case, household, wrapped = row
        if household is not None:
            self._remember(county, self._uuid(household), wrapped)
        content = self._read(self._unpacked(text, no), county, household)
        return Event(
            county=county,
            case=self._uuid(case),
            seq=seq,
            at=from_millis(at),
            kind=kind,
            command=self._uuid(command),
            asked=bytes(asked),
            actor=actor,
            post=post,
            behalf=behalf,
            version=version or "",
            body=content["b"],
            changes=tuple((section, key, value) for section, key, value in content["c"]),
            hash=bytes(digest),
        )

    def _version_no(self, digest: str) -> int | None:
        """The number under which a definition is stored; None for the empty digest."""
        if not digest:
            return None
        if digest not in self._versions:
            self._read_versions()
        if digest not in self._versions:
            raise StorageError(N_("the definition {version} is not stored in this database"), version=digest[:12])
        return self._versions[digest]

    def _unpacked(self, kept: Any, version: int | None) -> str:
        if version not in self._packers:
            self._read_versions()
        try:
            return self._packers[version].unpack(bytes(kept))
        except (KeyError, ValueError) as error:
            raise StorageError(N_("a stored text was changed, and cannot be read")) from error

    def _read_versions(self) -> None:
        for no, digest, dictionary in self._all("SELECT no, hash, words FROM workflow_version", ()):
            self._packers.setdefault(no, Packer(bytes(dictionary)))
            self._versions[digest] = no

    def _one(self, sql: str, values: Sequence[Any]) -> Any:
        found = self._database.read(sql, values)
        return found[0] if found else None

    def _all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self._database.read(sql, values)

    def _id(self, value: UUID) -> Any:
        return value if self._is_postgres else value.bytes

    def _uuid(self, stored: Any) -> UUID:
        return stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))


#: What most of a record is made of, and holds no secret.
_PLAIN = frozenset({str, int, bool, type(None)})
#: Body and changes of an event, as they lie in memory → its text, and that packed.
_Kept = dict[tuple[int, int], tuple[str, bytes]]


@dataclass(slots=True)
class _Group:
    """What one commit does to one case."""

    first: Event
    case: Case
    spread: Spread
    head: bytes
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class _Change:
    """The same, as parameters of statements. ``number`` is empty unless the case is opened."""

    case: UUID
    number: str
    opening: Opening
    serial: tuple[Any, ...]
    values: list[Any]
    revision: str
    writes: list[Write]


def _known(statuses: Any) -> dict[str, Any]:
    """The values of a register's record, by name."""
    return {name: status["v"] for name, status in _json(statuses).items()} if statuses != "{}" else {}


def _json(stored: Any) -> Any:
    """PostgreSQL gives JSON read, SQLite as text."""
    return orjson.loads(stored) if isinstance(stored, str) else stored


def _opening(group: _Group) -> tuple[Opening, tuple[Any, ...]]:
    """How the case is written, and the parameters of its serial: next, county, year, and what next was."""
    if group.first.seq > 1:
        return "update", ()
    if not group.case.number:
        return "insert", ()
    county, year, serial = group.case.number.split("-")
    number = int(serial)
    return ("first serial" if number == 1 else "next serial"), (number + 1, county, int(year), number)


def _expect_one(count: int, change: _Change) -> None:
    if count != 1:
        raise ConflictError(N_("case {case} or the staff has changed since it was read"), case=change.case)


def _seal(value: Any, sealer: Sealer) -> None:
    if type(value) in _PLAIN:
        return
    if isinstance(value, Secret):
        if not value.token:
            value.token = sealer.seal(value.value, PURPOSE)
    elif isinstance(value, Mapping):
        for part in value.values():
            _seal(part, sealer)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _seal(part, sealer)
