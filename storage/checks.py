"""
What must always be true of a database, checked from what is stored and nothing else.

One function for everybody who asks: tests, random walks, the demonstration, `bangfu doctor`. It reads in one snapshot,
a page of cases at a time, and folds every case's log anew: what the log says is compared with the record, with the rows
of every table, with the definition that the case is pinned to, and with the calendars.
"""
# ruff: noqa: S608 - what is put into texts are constants of this module; every value is a parameter.

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from engine import clocks, routes
from engine.calendar import Calendar
from engine.cases import Case, Event, Message, canonical, digest_of, fold, instant, link_hash
from engine.clocks import ClockState
from engine.divisions import contains
from engine.drafting import registered_as
from engine.errors import N_, InputError, StorageError, Words, told, worded
from engine.loading import restore
from engine.people import Staff
from engine.reading import named
from engine.selecting import Candidate, select
from engine.workflow import NO_POST, Workflow
from storage.database import Database
from storage.files import Files
from storage.instants import from_millis, millis
from storage.intake import BANK, ID_NUMBER, PHONE
from storage.packing import PLAIN, Packer
from storage.spreading import CHILDREN, Spread, due_at, household_of
from storage.store import SqlStore
from storage.vault import Sealer

#: What takes a case towards approval.
_FORWARD = ("pass", "grant")
_VILLAGE = ("village", "group")
_TAKING_PART = ("acted", "claimed", "posted", "proved", "signed", "attached", "proposed", "corrected", "reopened")
#: Tables that follow from the log alone; what is told to posts does not stand in it.
_FROM_LOG = ("clock", "timer", "work_item", "task", "response", "notice", "case_link", "list_item", "concern")
_CASE = (
    "number", "workflow", "version", "subject", "household", "division", "stage", "status", "outcome", "ending", "seq",
    "entry", "at", "opened_at", "due_at", "parent", "missed", "head", "record",
)  # fmt: skip
_EVENT = ("seq", "version", "at", "command", "kind", "asked", "actor", "post", "behalf", "hash", "text")
_PAGE = 200
#: From when, where and of what kind; how many open, late, ended, ended late. What is due already counts from 0.
_KEPT = (
    "SELECT county, CASE WHEN due_at <= ? THEN 0 ELSE due_at END AS at, division, workflow, stage, outcome,"
    " sum(open), sum(late), sum(ended), sum(missed) FROM tally GROUP BY county, at, division, workflow, stage, outcome"
)
#: Nothing open, late, ended or ended late.
_NONE = (0, 0, 0, 0)
_COUNTED = (
    "SELECT county, at, division, workflow, stage, outcome, sum(open), sum(late), sum(ended), sum(missed) FROM ("
    " SELECT county, 0 AS at, division, workflow, stage, '' AS outcome, 1 AS open, 0 AS late, 0 AS ended, 0 AS missed"
    " FROM cases WHERE status = 'open'"
    " UNION ALL SELECT county, 0, division, workflow, stage, outcome, 0, 0, 1, missed FROM cases WHERE status <> 'open'"
    " UNION ALL SELECT county, CASE WHEN due_at <= ? THEN 0 ELSE due_at END, division, workflow, stage, '', 0, 1, 0, 0"
    " FROM cases WHERE status = 'open' AND due_at IS NOT NULL"
    ") c GROUP BY county, at, division, workflow, stage, outcome"
)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be: which invariant (I1 …), of which case (its number, or id), and what was found."""

    invariant: str
    case: str
    words: str | Words

    @property
    def what(self) -> str:
        """What was found, in English."""
        return str(self.words)

    def told(self, translate: Callable[[str], str]) -> str:
        """All of it on one line, in the language of *translate*."""
        return f"{self.invariant} {self.case}: {told(self.words, translate)}"

    def __str__(self) -> str:
        return self.told(str)


def check(
    database: Database,
    now: datetime,
    *,
    calendars: Iterable[Calendar] = (),
    never: Sequence[str] = (),
    files: Files | None = None,
) -> list[Violation]:
    """
    Everything that is wrong in *database*.

    Args:
        now: Aware. Who holds which post is asked of its legal day.
        calendars: Deadlines counted on one of them are counted again (I14); the last is the one in force.
        never: Texts that must stand in no event and no record, such as values of a test that are secret (I25).
        files: Where papers are kept; each that a log names is looked for there, opened and counted again.

    Raises:
        StorageError: It cannot be read.
    """
    known = {calendar.id: calendar for calendar in calendars}
    with database.connection() as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if database.is_postgres else "BEGIN")
        if database.is_postgres:
            connection.execute("SET LOCAL statement_timeout = 0")  # It reads everything, however long that takes.
        try:
            return list(_Checker(database, connection, now, known, tuple(never), files).violations())
        finally:
            connection.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class _Version:
    hash: str
    workflow: Workflow
    edges: frozenset[tuple[str, str, str]]
    packer: Packer
    from_date: str


@dataclass(slots=True)
class _Written:
    """
    What all logs together say of rows that belong to no single case.

    Attributes:
        households, records: (county, household; or village or person) → name → what was written, in order of cases.
        lists: (county, list) → its row: opened, decided, workflow, stage, division, and who put cases on it.
        drawn: (county, list) → the cases that were drawn or ranked on it, each with the event that put it there.
        is_whole: Every log was read. Else nothing is said by what one of them may have written.
    """

    households: dict[tuple[str, Any], dict[str, list[Any]]] = field(default_factory=dict)
    records: dict[tuple[str, str], dict[str, list[Any]]] = field(default_factory=dict)
    lists: dict[tuple[str, Any], _Listed] = field(default_factory=dict)
    drawn: dict[tuple[str, str], list[tuple[UUID, int]]] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(slots=True)
class _Listed:
    opened: int
    place: tuple[str, str, str]
    by: set[str]
    decided: int | None = None


class _Checker:
    def __init__(
        self,
        database: Database,
        connection: Any,
        now: datetime,
        calendars: Mapping[str, Calendar],
        never: tuple[str, ...],
        files: Files | None,
    ) -> None:
        self._connection = connection
        self._is_postgres = database.is_postgres
        self._store = SqlStore(database)
        self._now = now
        self._calendars = calendars
        self._never = never
        self._files = files
        self.vault = database.vault
        self.written = _Written()
        self._staff: dict[str, Staff] = {}
        #: A person, a household of his relatives → since when that is declared.
        self.declared: dict[tuple[str, str], int] = {}
        self._versions: dict[int | None, _Version] = {}

    def violations(self) -> Iterator[Violation]:
        versions = self._all("SELECT no, hash, workflow, canonical, words, from_date FROM workflow_version", ())
        for no, digest, name, text, words, since in versions:
            if sha256(text.encode()).hexdigest() != digest:
                yield Violation("I29", digest[:12], N_("the definition is not the one that was deployed"))
                continue
            version = self._versions[no] = _Version(
                digest, *_understood(digest, text), Packer(bytes(words)), str(since)
            )  # fmt: skip
            if version.workflow.workflow != name:
                yield Violation(
                    "I29", digest[:12], worded(N_("it is kept as {name}, and says that it is another"), name=name)
                )
        relatives = self._all("SELECT person, household, declared_at FROM relative", ())
        self.declared = {(person, self.as_uuid(home).hex): at for person, home, at in relatives}
        numbered: Counter[tuple[str, str]] = Counter()
        after: tuple[str, Any] | None = None
        while page := self._page(after):
            children = {table: self._children(table, page) for table in ("case_event", "outbox", *_FROM_LOG)}
            for county, case, row in page:
                if row["number"]:
                    numbered[county, str(row["number"])[7:11]] += 1
                rows = {table: found.get((county, case), []) for table, found in children.items()}
                yield from self._of_case(county, case, row, rows)
            after = page[-1][:2]
        yield from self._missing(numbered)
        yield from self._totals()
        yield from self._statuses()
        if self.written.is_whole:
            yield from self._records()
            yield from self._lists()
            yield from self._draws()
        yield from self._sealed()

    def _statuses(self) -> Iterator[Violation]:
        """I2: what a household's record says of its statuses is the last that its history and the logs say of each."""
        known: dict[tuple[str, Any], dict[str, Any]] = {}
        told: dict[tuple[str, Any], set[tuple[str, str]]] = {}
        order = "county, household, seq"
        kinds = "kind IN ('status', 'entered')"
        sql = f"SELECT county, household, kind, text FROM household_event WHERE {kinds} ORDER BY {order}"
        before: dict[tuple[str, Any], dict[str, list[Any]]] = {}
        for county, home, kind, text in self._all(sql, ()):
            entries = orjson.loads(text)
            known.setdefault((county, home), {}).update(entries)
            for name, each in entries.items():
                if kind == "status":
                    told.setdefault((county, home), set()).add((name, canonical(each)))
                else:
                    before.setdefault((county, home), {}).setdefault(name, []).append(each)
        for county, home, stored in self._all("SELECT county, id, statuses FROM household", ()):
            if _data(stored) != known.get((county, home), {}):
                yield Violation(
                    "I2", str(self.as_uuid(home)), N_("the household's statuses are not what its history says")
                )
            if not self.written.is_whole:
                continue
            written = self.written.households.get((county, home), {})
            entered = before.get((county, home), {})
            every = {name: [*entered.get(name, ()), *written.get(name, ())] for name in entered.keys() | written.keys()}
            yield from self._latest(str(self.as_uuid(home)), _data(stored), every)
            logged = {(name, canonical(each)) for name, values in written.items() for each in values}
            # Of two that one commit wrote, the history has the last.
            last = {(name, canonical(each)) for name, values in written.items() for each in _last_words(values)}
            if not last <= told.get((county, home), set()) <= logged:
                yield Violation("I2", str(self.as_uuid(home)), N_("the household's history is not what the logs wrote"))

    def _records(self) -> Iterator[Violation]:
        """I2: what is known of villages and persons is what cases have written last."""
        stored = {(county, subject): _data(statuses) for county, subject, statuses in
                  self._all("SELECT county, subject, statuses FROM register", ())}  # fmt: skip
        for place in sorted(stored.keys() | self.written.records.keys()):
            yield from self._latest(place[1], stored.get(place, {}), self.written.records.get(place))

    def _latest(
        self, of: str, stored: Mapping[str, Any], written: Mapping[str, list[Any]] | None
    ) -> Iterator[Violation]:
        for name in sorted(stored.keys() | (written or {}).keys()):
            values = (written or {}).get(name, [])
            last = max((each["since"] for each in values), default="")
            if stored.get(name) not in [each for each in values if each["since"] == last]:
                yield Violation(
                    "I2",
                    of,
                    worded(
                        N_("its record says {name} is {value}, no log's last word"), name=name, value=stored.get(name)
                    ),
                )

    def _lists(self) -> Iterator[Violation]:
        """I2: a list is what the cases that were put on it say of it."""
        rows = {
            (county, list_id): (opened, decided, (workflow, stage, division), by)
            for county, list_id, opened, decided, workflow, stage, division, by in self._all(
                "SELECT county, id, opened_at, decided_at, workflow, stage, division, by FROM list", ()
            )
        }
        for place in sorted(rows.keys() | self.written.lists.keys(), key=repr):
            row, said = rows.get(place), self.written.lists.get(place)
            name = str(self.as_uuid(place[1]))
            if row is None or said is None:
                what = (
                    N_("the list is gone, and cases were put on it")
                    if row is None
                    else N_("the list is there, and no case was put on it")
                )
                yield Violation("I2", name, what)
            elif row[:3] != (said.opened, said.decided, said.place) or row[3] not in said.by:
                yield Violation("I2", name, worded(N_("the list is {row}, its cases make {said}"), row=row, said=said))

    def _draws(self) -> Iterator[Violation]:
        """I23: a list that is drawn or ranked again comes out as it did."""
        for (county, list_id), cases in sorted(self.written.drawn.items()):
            candidates, said, chance = [], {}, ""
            for case, seq in cases:
                events = tuple(self._store.events(county, case))
                candidates.append(Candidate(case, events[0].at, events[seq - 2].hash, events[seq - 1].body["terms"]))
                told = events[seq].body if len(events) > seq and events[seq].kind == "selected" else {}
                chance = chance or str(told.get("chance", ""))
                said[case] = told.get("selected"), told.get("chance"), told.get("among"), told.get("place_of")
            if any(each.is_lost for each in candidates):
                continue  # A household's key was erased, and with it what it was ranked by.
            try:
                found = select(candidates, bytes.fromhex(chance))
            except InputError as error:
                yield Violation(
                    "I23", list_id, worded(N_("the list could not be drawn or ranked: {error}"), error=error.words)
                )
                continue
            for case, each in found.items():
                if said[case] != (dict(each.facts), chance, each.among, each.place):
                    yield Violation(
                        "I23",
                        str(case),
                        worded(N_("the list {list_id} drawn or ranked again says otherwise of it"), list_id=list_id),
                    )

    def _sealed(self) -> Iterator[Violation]:
        """I25: what is sealed for a household opens with its key, and is found by its own index."""
        sql = "SELECT county, id, key, phone, phone_index, bank FROM household"
        for county, home, key, phone, index, bank in self._all(sql, ()):
            owner, sealer = self.as_uuid(home), None
            if key is not None:
                try:
                    sealer = self.vault.household(county, owner, key)
                except StorageError:
                    yield Violation("I25", str(owner), N_("the household's key does not open"))
                    continue
            people = self._all(
                "SELECT no, id_no, id_index FROM member WHERE county = ? AND household = ?", (county, home)
            )
            told: list[tuple[Words, str, Any, Any]] = [
                (Words(N_("phone")), PHONE, phone, index),
                (Words(N_("bank account")), BANK, bank, None),
            ]
            told += [
                (worded(N_("ID number of member {no}"), no=no), ID_NUMBER, token, blind) for no, token, blind in people
            ]
            for name, column, token, blind in told:
                if not self._opens(sealer, column, token, blind):
                    yield Violation(
                        "I25", str(owner), worded(N_("the {name} does not open, or is not its index's"), name=name)
                    )

    def _opens(self, sealer: Sealer | None, column: str, token: str | None, index: Any) -> bool:
        if sealer is None or token is None:
            return token is None and index is None
        try:
            value = str(sealer.open(token, column))
        except StorageError:
            return False
        return column == BANK or (index is not None and bytes(index) == self.vault.blind_index(column, value))

    def _totals(self) -> Iterator[Violation]:
        """I2: totals are what counting the cases gives, now (or when they were added up) and from then on."""
        added_up = self._all("SELECT value FROM meta WHERE key = 'added_up'", ())
        at = max([millis(self._now), *(int(value) for (value,) in added_up)])
        kept, counted = (
            {tuple(row[:6]): tuple(row[6:]) for row in self._all(sql, (at,) * sql.count("?")) if any(row[6:])}
            for sql in (_KEPT, _COUNTED)
        )
        for place in sorted(kept.keys() | counted.keys()):
            if kept.get(place) != counted.get(place):
                what = worded(
                    N_("the totals of {place} are {kept}, not {counted} (open, late, ended, ended late)"),
                    place=place[1:],
                    kept=kept.get(place, _NONE),
                    counted=counted.get(place, _NONE),
                )
                yield Violation("I2", place[0], what)

    def _of_case(self, county: str, case: Any, row: Mapping[str, Any], rows: Any) -> Iterator[Violation]:
        try:
            yield from _OfCase(self, county, case, row, rows).violations()
        # Whoever changes rows by hand leaves in them what he likes. What cannot be understood is told like the rest:
        # a check that stops at it would tell nothing of all other cases.
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            self.written.is_whole = False
            what = worded(N_("what is stored of it cannot be understood ({name})"), name=type(error).__name__)
            yield Violation("I23", str(row["number"] or case), what)

    def _missing(self, numbered: Counter[tuple[str, str]]) -> Iterator[Violation]:
        """I1: a case that was taken away with all its rows is missed in the count; one without its rows leaves them."""
        given = {
            (county, str(year)): next_ - 1
            for county, year, next_ in self._all("SELECT county, year, next FROM serial", ())
        }
        for county, year in sorted(given.keys() | numbered.keys()):
            there, known = numbered[county, year], given.get((county, year), 0)
            if there != known:
                yield Violation(
                    "I1",
                    f"{county}-{year}",
                    worded(N_("{there} cases are there, {known} numbers were given"), there=there, known=known),
                )
        for table in ("case_event", "outbox", *_FROM_LOG):
            orphans = self._all(
                f"SELECT DISTINCT county, case_id FROM {table} t WHERE NOT EXISTS"
                " (SELECT 1 FROM cases c WHERE c.county = t.county AND c.id = t.case_id)",
                (),
            )
            for _, case in orphans:
                yield Violation(
                    "I1", str(self.as_uuid(case)), worded(N_("rows of {table} belong to no case"), table=table)
                )

    def staff(self, county: str) -> Staff:
        if county not in self._staff:
            self._staff[county] = self._store.staff(county)
        return self._staff[county]

    # --- rows ---

    def _page(self, after: tuple[str, Any] | None) -> list[tuple[str, Any, dict[str, Any]]]:
        where = "WHERE (county, id) > (?, ?) " if after else ""
        rows = self._all(
            f"SELECT county, id, {', '.join(_CASE)} FROM cases {where}ORDER BY county, id LIMIT {_PAGE}", after or ()
        )
        return [(county, case, dict(zip(_CASE, rest, strict=True))) for county, case, *rest in rows]

    def _children(self, table: str, page: Sequence[Any]) -> dict[tuple[str, Any], list[dict[str, Any]]]:
        columns = CHILDREN[table].columns if table != "case_event" else _EVENT
        rows = self._all(
            f"SELECT county, case_id, {', '.join(columns)} FROM {table}"
            " WHERE (county, case_id) >= (?, ?) AND (county, case_id) <= (?, ?)",
            (*page[0][:2], *page[-1][:2]),
        )
        found: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        for county, case, *rest in rows:
            found.setdefault((county, case), []).append(dict(zip(columns, rest, strict=True)))
        return found

    def _all(self, sql: str, values: Sequence[Any]) -> list[Any]:
        return self._connection.execute(sql.replace("?", "%s") if self._is_postgres else sql, values).fetchall()

    def has_household(self, county: str, household: UUID) -> bool:
        sql = "SELECT 1 FROM household WHERE county = ? AND id = ?"
        return bool(self._all(sql, (county, self.as_id(household))))

    def as_id(self, value: UUID) -> Any:
        return value if self._is_postgres else value.bytes

    def as_uuid(self, stored: Any) -> UUID:
        return stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))

    def version(self, no: int | None) -> _Version | None:
        return self._versions.get(no)

    @property
    def now(self) -> datetime:
        return self._now

    @property
    def calendars(self) -> Mapping[str, Calendar]:
        return self._calendars

    @property
    def never(self) -> tuple[str, ...]:
        return self._never

    @property
    def files(self) -> Files | None:
        return self._files


@dataclass(slots=True)
class _OfCase:
    """One case: its row, its log, its other rows."""

    checker: _Checker
    county: str
    stored_id: Any
    row: Mapping[str, Any]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    found: list[Violation] = field(default_factory=list)

    def violations(self) -> list[Violation]:
        version = self.checker.version(self.row["version"])
        packer = version.packer if version else PLAIN
        self._log(packer)
        if self.found:
            self.checker.written.is_whole = False
            return self.found  # What cannot be read tells nothing further.
        events = [self._event(row, packer) for row in self._ordered]
        self._chain(events, packer)
        before = Case(self.county, self.id)
        spread = Spread(self.checker.as_id)
        told = _Told()
        opened: dict[str, int] = {}
        for event in events:
            after = fold(before, event)
            spread.changes(event, after)
            self._wrote(event, after)
            for section, key, value in event.changes:
                if section == "items":
                    opened.pop(key, None) if value is None else opened.setdefault(key, millis(event.at))
            told.events.append((event, before))
            if version is not None:
                self._step(version, before, event, after, told)
            before = after
        self._record(before, packer)
        self._lists(spread)
        self._tables(spread)
        self._opened(opened)
        self._messages(events)
        self._timers(before, events)
        self._documents(events)
        if version is not None:
            self._life(version.workflow, before)
        return self.found

    def _say(self, invariant: str, what: str | Words) -> None:
        self.found.append(Violation(invariant, str(self.row["number"] or self.id), what))

    @property
    def id(self) -> UUID:
        return self.checker.as_uuid(self.stored_id)

    @property
    def _ordered(self) -> list[Mapping[str, Any]]:
        return sorted(self.rows["case_event"], key=lambda row: int(row["seq"]))

    # --- the log ---

    def _log(self, packer: Packer) -> None:
        numbers = [row["seq"] for row in self._ordered]
        if numbers != list(range(1, len(numbers) + 1)) or self.row["seq"] != len(numbers):
            self._say(
                "I1", worded(N_("events {numbers}, but the case counts {seq}"), numbers=numbers, seq=self.row["seq"])
            )
        for row in (*self._ordered, {"seq": "record", "text": self.row["record"]}):
            try:
                text = packer.unpack(bytes(row["text"]))
                orjson.loads(text)
            except (LookupError, TypeError, ValueError):
                self._say("I23", worded(N_("what is kept of {seq} cannot be read"), seq=row["seq"]))
                continue
            if any(word in text for word in self.checker.never):
                self._say("I25", worded(N_("a secret value stands in {seq}"), seq=row["seq"]))

    def _event(self, row: Mapping[str, Any], packer: Packer) -> Event:
        content = orjson.loads(packer.unpack(bytes(row["text"])))
        version = self.checker.version(row["version"])
        return Event(
            county=self.county, case=self.id, seq=row["seq"], at=from_millis(row["at"]), kind=row["kind"],
            command=self.checker.as_uuid(row["command"]), asked=bytes(row["asked"]), actor=row["actor"],
            post=row["post"], behalf=row["behalf"], version=version.hash if version else "", body=content["b"],
            changes=tuple((section, key, value) for section, key, value in content["c"]), hash=bytes(row["hash"]),
        )  # fmt: skip

    def _chain(self, events: Sequence[Event], packer: Packer) -> None:
        """I23: every hash covers its event and the hash before it; I10: times never decrease."""
        previous, at = b"", None
        for event, row in zip(events, self._ordered, strict=True):
            if link_hash(event, previous, packer.unpack(bytes(row["text"]))) != event.hash:
                self._say("I23", worded(N_("the hash of event {seq} is not that of its content"), seq=event.seq))
            if at is not None and event.at < at:
                self._say("I10", worded(N_("event {seq} happened before the one before it"), seq=event.seq))
            previous, at = event.hash, event.at
        if previous != bytes(self.row["head"]):
            self._say("I23", N_("the case's head is not the hash of its last event"))

    # --- each event ---

    def _step(self, version: _Version, before: Case, event: Event, after: Case, told: _Told) -> None:
        if event.kind == "withdrawn":
            self._withdrawn(event, after, told)
        elif event.kind in ("corrected", "reopened"):
            self._by_two(before, event, after)
        elif before.stage != after.stage or event.body.get("from"):
            self._move(version, before, event, after)
        self._notices(version.workflow, before, event, after)
        self._deadlines(event)
        if event.kind == "opened" and str(_day_of(event.at)) < version.from_date:
            self._say("I29", worded(N_("event {seq} opened it before its definition came into force"), seq=event.seq))
        self._duties(version.workflow, before, event, after, told)
        self._secrets(version.workflow, event)
        if event.body.get("terms"):
            drawn = self.checker.written.drawn.setdefault((self.county, event.body["list"]), [])
            drawn.append((self.id, event.seq))
        if before.status == "closed" and event.kind not in ("corrected", "reopened") and not _only_proposes(event):
            self._say("I8", worded(N_("event {seq} ({kind}) on a closed case"), seq=event.seq, kind=event.kind))

    def _withdrawn(self, event: Event, after: Case, told: _Told) -> None:
        """What is taken back is one's own, and is undone wholly; among others' votes only the vote itself is."""
        undone, before = told.events[int(event.body["undone"]) - 1]
        if undone.actor != event.actor:
            self._say("I17", worded(N_("event {seq} takes back what {actor} did"), seq=event.seq, actor=undone.actor))
        since = [other for other, _ in told.events[undone.seq : event.seq - 1] if other.kind == "acted"]
        votes = [other for other in since if other.seq not in told.undone]
        for section, key, _ in undone.changes:
            if section in ("items", "timers", "clocks") or (section, key) in (("case", "next"), ("case", "entry")):
                continue
            if votes and section != "answers":
                continue
            if after.section(section).get(key) != before.section(section).get(key):
                self._say(
                    "I2",
                    worded(
                        N_("event {seq} leaves {section}.{key} otherwise than it was before {undone}"),
                        seq=event.seq,
                        section=section,
                        key=key,
                        undone=undone.seq,
                    ),
                )
        told.undone |= {undone.seq, event.seq}

    def _by_two(self, before: Case, event: Event, after: Case) -> None:
        """I8: a second person confirms what a first proposed, and no more; a case is reopened where it ended."""
        proposal = before.section("proposals").get("correct" if event.kind == "corrected" else "reopen")
        second = {event.actor, event.behalf} - {""}
        if proposal is None or {proposal["by"], proposal.get("behalf")} & second:
            self._say(
                "I8", worded(N_("event {seq} ({kind}) was confirmed by nobody else"), seq=event.seq, kind=event.kind)
            )
        elif event.kind == "reopened":
            # A notice that is left out ends as it begins: the case goes on from there at once.
            goals = {proposal["to"], event.body.get("to") if event.body.get("waived") == proposal["to"] else None}
            if before.status == "open" or after.stage not in goals:
                self._say("I8", worded(N_("event {seq} reopens a case in {stage}"), seq=event.seq, stage=after.stage))

    def _move(self, version: _Version, before: Case, event: Event, after: Case) -> None:
        """I3: it is an edge of the definition; I13: not towards approval while an objection is open."""
        source = str(event.body.get("from") or routes.NEW)
        name = str(event.body.get("action") or event.body.get("channel") or "")
        if name == "then":
            name = str(event.body["clock"])
        edge = (source, name, after.stage)
        begun = before.stage or routes.NEW
        sender = before.get("sender", {}) or {}
        known = edge in version.edges or (sender.get("stage") == after.stage and event.body.get("means") == "pass")
        if not known or (source != begun and source not in _onward(version.edges, begun)):
            self._say(
                "I3", worded(N_("event {seq} goes from {begun} by {edge}"), seq=event.seq, begun=begun, edge=edge)
            )
        if (
            event.body.get("means") in _FORWARD
            and before.seq
            and any(link["k"] == "objection" for link in after.section("links").values())
        ):
            self._say("I13", worded(N_("event {seq} ({name}) with an objection open"), seq=event.seq, name=name))

    def _notices(self, workflow: Workflow, before: Case, event: Event, after: Case) -> None:
        """I12: a notice is over at its legal end and not before, and is not left towards approval until it is."""
        for ask, posting in after.section("notices").items():
            over, earlier = posting.get("over"), before.section("notices").get(ask, {})
            if over and (earlier.get("over") != over or earlier.get("n") != posting["n"]):
                wait = before.section("clocks").get(f"{ask}.wait")
                if instant(over) > event.at or (wait is not None and wait["due"] != over):
                    self._say(
                        "I12",
                        worded(
                            N_("the notice {ask} was over with event {seq}, its legal end is {over}"),
                            ask=ask,
                            seq=event.seq,
                            over=over,
                        ),
                    )
        stage = workflow.stages.get(before.stage)
        if stage is None or stage.notice is None or after.stage == before.stage:
            return
        if event.body.get("means") not in _FORWARD:
            return
        asked = before.section("asks").get(before.stage, {})
        posting = after.section("notices").get(before.stage, {})
        if not asked.get("w") and (posting.get("n") != asked.get("n") or not posting.get("over")):
            self._say(
                "I12",
                worded(N_("event {seq} leaves the notice {stage} before its end"), seq=event.seq, stage=before.stage),
            )

    def _deadlines(self, event: Event) -> None:
        """I14: every deadline follows from its ledger and the calendar that it names."""
        for section, name, value in event.changes:
            if section != "clocks" or value is None:
                continue
            calendar = self.checker.calendars.get(value["cal"])
            if calendar is not None and not _is_reproducible(name, canonical(value), calendar):
                self._say(
                    "I14",
                    worded(
                        N_("{name} of event {seq} is due {due}, counted again it is not"),
                        name=name,
                        seq=event.seq,
                        due=value["due"],
                    ),
                )

    def _duties(self, workflow: Workflow, before: Case, event: Event, after: Case, told: _Told) -> None:
        """I18: who prepared a case does not judge it, no declared relative takes part; I17: he holds such a post."""
        if not event.actor:
            return
        staff = self.checker.staff(self.county)
        person = staff.people.get(event.actor)
        household = str(before.get("household") or before.subject or "")
        declared = self.checker.declared.get((event.actor, household))
        # What he did before he declared it stays as lawful as it was.
        if event.kind in _TAKING_PART and declared is not None and millis(event.at) > declared:
            self._say(
                "I18",
                worded(N_("{actor}, a declared relative, took part in event {seq}"), actor=event.actor, seq=event.seq),
            )
        if event.post and person is None:
            self._say(
                "I17",
                worded(
                    N_("{actor} acted as {post} in event {seq} and holds no post here"),
                    actor=event.actor,
                    post=event.post,
                    seq=event.seq,
                ),
            )
        elif event.post and person is not None:
            post, _, division = event.post.partition("@")
            for_another = staff.people.get(event.behalf)
            posts = (*person.posts, *(for_another.posts if for_another is not None else ()))
            if not any((held.post, held.division) == (post, division) for held in posts):
                self._say(
                    "I17",
                    worded(
                        N_("{actor} acted as {post} in event {seq} and never held it"),
                        actor=event.actor,
                        post=event.post,
                        seq=event.seq,
                    ),
                )
        ask = str(event.body.get("ask") or event.body.get("on") or before.stage)
        actors = {event.actor, event.behalf} - {""}
        if event.kind == "opened":
            told.say(event, "opens", actors)
        elif event.kind == "acted" or (event.kind == "signed" and event.body["when"] == "after"):
            means = self._means(workflow, ask, event, before)
            others = {other for other, persons in told.acts.items() if other != ask and actors & persons}
            village = event.post.partition(".")[0] in _VILLAGE
            judged_both = means == "grant" or (means in ("pass", "refuse") and not village and others - {"opens"})
            if others and judged_both and not told.granted:
                self._say(
                    "I18",
                    worded(
                        N_("{actor} judged in event {seq} ({ask}) after {others}"),
                        actor=event.actor,
                        seq=event.seq,
                        ask=ask,
                        others=", ".join(sorted(others)),
                    ),
                )
            told.say(event, ask, actors)
        if event.body.get("means") == "grant":
            told.grants.add(event.seq)
        elif event.kind == "reopened" and not after.get("granted"):
            told.grants.clear()

    @staticmethod
    def _means(workflow: Workflow, ask: str, event: Event, before: Case) -> str:
        """What an answer means: of a panel's member, what his answer would mean; of an agreement, what is held."""
        stage = workflow.stages.get(ask)
        answer = str(event.body.get("answer") or event.body.get("action") or "")
        if event.kind == "signed":
            if event.body["signed"] != "agree":
                return "record"
            answer = before.section("asks")[ask]["h"]["a"]
        if stage is None:
            return "pass"
        if answer in stage.actions:
            return stage.actions[answer].means
        return str(event.body.get("means") or "record")

    def _secrets(self, workflow: Workflow, event: Event) -> None:
        """I25: what the definition calls secret, and every note, is in the log as ciphertext only."""
        notes = event.body.get("note")
        if notes is not None and not _is_sealed(notes):
            self._say("I25", worded(N_("the note of event {seq} is not sealed"), seq=event.seq))
        for section, key, value in event.changes:
            if section != "facts" or value is None:
                continue
            fact = workflow.facts.get(key.partition("/")[0])
            if fact is not None and fact.secret and not _is_sealed(value["v"]):
                self._say("I25", worded(N_("{key} of event {seq} is not sealed"), key=key, seq=event.seq))

    # --- what came of it ---

    def _record(self, case: Case, packer: Packer) -> None:
        """I2: the log, folded, is the record; the case's own columns are the same."""
        if packer.unpack(bytes(self.row["record"])) != case.record():
            self._say("I2", N_("the record is not what its events make"))
        due, parent, version = due_at(case), case.get("parent", None), self.checker.version(self.row["version"])
        if (version.hash if version else "") != case.version:
            self._say(
                "I2",
                worded(
                    N_("version is {version}, its events make {expected}"),
                    version=self.row["version"],
                    expected=repr(case.version[:12]),
                ),
            )
        home = household_of(case)
        known = home is not None and self.checker.has_household(self.county, home)
        expected = {
            "household": self.checker.as_id(home) if home is not None and known else None,
            "number": case.number, "workflow": case.workflow, "subject": case.subject, "division": case.division,
            "stage": case.stage, "status": case.status, "outcome": case.get("outcome"), "ending": case.get("end"),
            "entry": case.entry, "at": millis(case.at), "opened_at": millis(case.opened_at),
            "due_at": due and millis(due), "parent": parent and self.checker.as_id(UUID(parent[0])),
            "missed": int(any(_was_late(clock) for clock in self.rows["clock"])),
        }  # fmt: skip
        if case.get("back", 0):
            # What ended late may run again, since it was taken back; that it was late is not.
            expected["missed"] = max(expected["missed"], int(self.row["missed"]))
        for name, value in expected.items():
            if self.row[name] != value:
                self._say(
                    "I2",
                    worded(
                        N_("{name} is {stored}, its events make {expected}"),
                        name=name,
                        stored=repr(self.row[name]),
                        expected=repr(value),
                    ),
                )

    def _tables(self, spread: Spread) -> None:
        """I2: every row follows from the log."""
        for table in _FROM_LOG:
            child = CHILDREN[table]
            compared = [name for name in child.values if name not in child.kept]
            expected = {
                key: {name: value for name, value in zip(child.values, values, strict=True) if name in compared}
                for key, values in spread.puts.get(table, {}).items()
            }
            stored = {
                tuple(row[name] for name in child.keys): {name: row[name] for name in compared}
                for row in self.rows[table]
            }
            for key in sorted(expected.keys() | stored.keys(), key=repr):
                if expected.get(key) != stored.get(key):
                    self._say(
                        "I2",
                        worded(
                            N_("{table} {key} is {stored}, its events make {expected}"),
                            table=table,
                            key=key,
                            stored=stored.get(key),
                            expected=expected.get(key),
                        ),
                    )

    def _opened(self, opened: Mapping[str, int]) -> None:
        """I2: open work is as old as the event that made it."""
        for row in self.rows["work_item"]:
            if opened.get(str(row["no"]), row["opened_at"]) != row["opened_at"]:
                self._say(
                    "I2", worded(N_("work_item {no} was opened at another instant than its row says"), no=row["no"])
                )

    def _messages(self, events: Sequence[Event]) -> None:
        """I2: what posts were told is what the event that told it says."""
        rows: dict[int, list[Mapping[str, Any]]] = {}
        for row in sorted(self.rows["outbox"], key=lambda row: int(row["no"])):
            rows.setdefault(row["seq"], []).append(row)
        for event in events:
            told = rows.pop(event.seq, [])
            messages = [Message(row["event"], row["post"], row["division"], _data(row["data"])) for row in told]
            is_whole = [row["no"] for row in told] == list(range(len(told)))
            at_once = all(row["created_at"] == millis(event.at) for row in told)
            if not is_whole or not at_once or event.body.get("told") != (digest_of(messages) if messages else None):
                self._say(
                    "I2", worded(N_("what stands in the inboxes of event {seq} is not what it told"), seq=event.seq)
                )
        if rows:
            self._say("I2", worded(N_("messages of events {numbers}, which are not there"), numbers=sorted(rows)))

    def _wrote(self, event: Event, case: Case) -> None:
        """Note what the event wrote into the household's record, or another's."""
        written = self.checker.written
        for key, value in event.body.get("set", {}).items():
            of, dot, name = key.partition(".")
            entry = {"v": value, "since": event.at.isoformat(), "case": case.number}
            if dot and of == "household" and self.row["household"] is not None:
                place = (self.county, self.row["household"])
                written.households.setdefault(place, {}).setdefault(name, []).append(entry)
            elif dot and of != "household" and (subject := registered_as(of, case.division, case.subject)):
                written.records.setdefault((self.county, subject), {}).setdefault(name, []).append(entry)

    def _lists(self, spread: Spread) -> None:
        """Note what the case says of the lists that it was on."""
        known = self.checker.written.lists
        for list_id, (at, _, workflow, stage, division, by) in spread.lists.items():
            said = known.setdefault((self.county, list_id), _Listed(at, (workflow, stage, division), set()))
            said.opened = min(said.opened, at)
            said.by.add(by)
        for list_id, at in spread.decided.items():
            decided = known.get((self.county, list_id))
            if decided is not None:
                decided.decided = min(at, at if decided.decided is None else decided.decided)

    def _timers(self, case: Case, events: Sequence[Event]) -> None:
        """I9: a timer has fired if and only if one event says so; I10: never early; one pending timer a clock."""
        fired = Counter(str(event.body["timer"]) for event in events if event.kind == "fired")
        due = {str(event.body["timer"]): event for event in events if event.kind == "fired"}
        for row in self.rows["timer"]:
            number = str(row["no"])
            if fired[number] != (row["status"] == "fired"):
                self._say(
                    "I9",
                    worded(
                        N_("timer {number} is {status}, {count} events say that it fired"),
                        number=number,
                        status=row["status"],
                        count=fired[number],
                    ),
                )
            if number in due and millis(due[number].at) < row["due_at"]:
                self._say(
                    "I10",
                    worded(
                        N_("timer {number} fired with event {seq}, before it was due"),
                        number=number,
                        seq=due[number].seq,
                    ),
                )
        pending = Counter(timer["c"] for timer in case.section("timers").values())
        for clock, count in pending.items():
            stored = case.section("clocks").get(clock)
            if stored is None or count > 1 or ClockState.from_json(clock, stored).status != "running":
                self._say(
                    "I9",
                    worded(
                        N_("{count} timers pending for {clock}, which is not running")
                        if stored
                        else N_("{count} timers pending for {clock}, which is over"),
                        count=count,
                        clock=clock,
                    ),
                )

    def _documents(self, events: Sequence[Event]) -> None:
        """I2: every document that the log names is there, as it was handed in."""
        files, home = self.checker.files, self.row["household"]
        if files is None:
            return
        owner = None if home is None else self.checker.as_uuid(home)
        for name, digest in sorted({pair for event in events for pair in named(event.changes)}):
            what = files.fault(self.county, owner, digest)
            if what.template:
                self._say(
                    "I2", worded(N_("the document {name} ({digest}) {what}"), name=name, digest=digest[:12], what=what)
                )

    def _life(self, workflow: Workflow, case: Case) -> None:
        """I7: a closed case has nothing of its own left; another has somebody who can go on, or something that will."""
        sections = ("asks", "items", "clocks", "timers", "answers", "links")
        left = [name for name in sections if case.section(name)]
        if all(item["q"].startswith(".") for item in case.section("items").values()):
            left = [name for name in left if name != "items"]  # Two persons may act on a closed case (I8).
        left += [name for name, task in case.section("tasks").items() if task["st"] == "open"]
        if case.status == "closed":
            if left:
                self._say("I7", worded(N_("closed, and yet there are {names}"), names=", ".join(left)))
            return
        if case.section("timers") or case.section("links"):
            return
        vacancies = {
            (data.get("vacant"), data.get("at"))
            for row in self.rows["outbox"]
            if row["event"] == "post_vacant" and (data := _data(row["data"]))
        }
        if not any(self._is_seen_to(workflow, case, item, vacancies) for item in case.section("items").values()):
            self._say(
                "I7", worded(N_("it stands in {stage}, and nobody and nothing will go on with it"), stage=case.stage)
            )

    def _is_seen_to(
        self, workflow: Workflow, case: Case, item: Mapping[str, Any], vacancies: set[tuple[Any, Any]]
    ) -> bool:
        staff, day = self.checker.staff(self.county), _legal_day(self.checker)
        if item["p"] in NO_POST:
            places = (held.division for person in staff.people for held in staff.posts(person, day))
            return any(contains(place, case.division) for place in places)
        holders = staff.holders(item["p"], item["d"], day)
        return (item.get("by", "") in ("", *holders) and bool(holders)) or (item["p"], item["d"]) in vacancies


@dataclass(slots=True)
class _Told:
    """
    What the log has told so far.

    Attributes:
        events: Each with the record before it.
        said: Event → (the question answered, by whom).
        grants: Events that granted; ``undone``: those that were taken back, and the taking back.
    """

    events: list[tuple[Event, Case]] = field(default_factory=list)
    said: dict[int, tuple[str, set[str]]] = field(default_factory=dict)
    grants: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)

    def say(self, event: Event, ask: str, persons: set[str]) -> None:
        self.said[event.seq] = (ask, persons)

    @property
    def acts(self) -> dict[str, set[str]]:
        """Question → who answered it."""
        found: dict[str, set[str]] = {}
        for seq, (ask, persons) in self.said.items():
            if seq not in self.undone:
                found.setdefault(ask, set()).update(persons)
        return found

    @property
    def granted(self) -> bool:
        return bool(self.grants - self.undone)


def _only_proposes(event: Event) -> bool:
    """Whether it changes nothing but what two persons are to decide, and the work that it is."""
    return all(
        section in ("proposals", "items") or (section, key) == ("case", "next") for section, key, _ in event.changes
    )


def _legal_day(checker: _Checker) -> Any:
    calendar = list(checker.calendars.values())[-1] if checker.calendars else Calendar.of(())
    return calendar.local_date(checker.now)


def _last_words(values: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Of what several cases wrote, the last of each."""
    yield from {each["case"]: each for each in values}.values()


def _day_of(at: datetime) -> date:
    """The legal day: every calendar counts in the same zone."""
    return Calendar.of(()).local_date(at)


def _was_late(clock: Mapping[str, Any]) -> bool:
    """Whether the limit ended late: it ran out before it was stopped, or ended."""
    ended, stopped = clock["ended_at"], clock["stopped_at"]
    counted = ended if stopped is None else stopped
    return clock["kind"] == "limit" and ended is not None and clock["due_at"] <= counted


def _is_sealed(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"x"}


def _data(stored: Any) -> Mapping[str, Any]:
    return orjson.loads(stored) if isinstance(stored, str) else stored


def _is_reproducible(name: str, value: str, calendar: Calendar) -> bool:
    """Whether the ledger gives the same deadline again; a clock that has stopped keeps the one that it had."""
    state = ClockState.from_json(name, orjson.loads(value))
    return clocks.settle(state, calendar).due == state.due


@lru_cache(maxsize=64)
def _understood(digest: str, text: str) -> tuple[Workflow, frozenset[tuple[str, str, str]]]:
    workflow = restore(text).workflow
    return workflow, _edges(workflow)


def _edges(workflow: Workflow) -> frozenset[tuple[str, str, str]]:
    """Every (from, action, to) of a definition; where a case sent back `straight` goes is said by its record."""
    found = {(move.source, move.name, move.target) for move in routes.moves(workflow)}
    for _, name, action, sources in routes.actions(workflow):
        words = {word for _, word in routes.written_targets((), action)}
        if words & routes.BACKWARD:
            found |= {(source, name, other) for source in sources for other in action.among or workflow.stages}
    for name, stage in workflow.stages.items():
        if stage.notice is not None and stage.notice.objection and "upheld" in stage.actions:
            targets = {target for source, action, target in found if (source, action) == (name, "upheld")}
            found |= {(other, "upheld", target) for other in workflow.stages for target in targets}
    return frozenset(found)


def _onward(edges: frozenset[tuple[str, str, str]], begun: str) -> set[str]:
    """Every stage that moves lead to from *begun*: one event may tell of the last of several moves."""
    found, queue = {begun}, [begun]
    for place in queue:
        new = {target for source, _, target in edges if source == place} - found
        found |= new
        queue.extend(new)
    return found
