"""
The reading side of storage: queues, lists, counts, search. Implements :class:`engine.ports.Register`.

What a reader may see is decided in one place, :func:`inside`, by ranges of division codes that indexes serve (I19).
Statements are texts, made once per shape (how many posts and divisions the reader has). What partial indexes are made
for is written in them as literals, because a prepared statement with a parameter there could not use the index. Pages
go by key, never by OFFSET. ``table t[index]`` names the index that SQLite must use: until it has counted rows (ANALYZE)
it takes a county, which every primary key begins with, for a few rows.
"""
# ruff: noqa: S608 - what is put into texts are constants of this module and markers; every value is a parameter.

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from engine import ports
from engine.divisions import Level, prefix
from engine.errors import CaseNotFoundError, NotFoundError
from engine.identity import mask_id, mask_phone, normal_name
from engine.ports import Scope
from storage.database import Database
from storage.households import read_history, read_members
from storage.instants import NEVER, from_millis, millis
from storage.intake import ID_NUMBER, PHONE
from storage.ranges import code_range

#: Larger than any character of a name.
_LAST = "\U0010ffff"
_NUMBER = re.compile(r"\d{6}-\d{4}-\d{6,}")
_SERIAL = re.compile(r"(?:(\d{4})-)?(\d{1,9})")
_INDEX = re.compile(r"\[(\w+)\]")
_ID_NUMBER = re.compile(r"\d{17}[\dX]")

_CASE = (
    "c.county, c.id, c.number, c.workflow, COALESCE(v.hash, ''), c.stage, c.status, c.outcome, c.division,"
    " COALESCE(h.name, ''), c.opened_at, c.due_at, c.at"
)
_ITS_NAMES = (
    " LEFT JOIN workflow_version v ON v.no = c.version"
    " LEFT JOIN household h ON h.county = c.county AND h.id = c.household"
)
_QUEUE_ARM = (
    "SELECT * FROM (SELECT w.case_id, w.no, c.number, c.workflow, COALESCE(v.hash, ''), c.stage, w.ask, w.post,"
    " w.division, COALESCE(h.name, ''), w.claimed_by, w.signs, w.given_by, w.opened_at, w.due_at,"
    " EXISTS (SELECT 1 FROM concern n WHERE n.county = w.county AND n.case_id = w.case_id) AS concern"
    " FROM work_item w[ix_work_item_queue]"
    f" JOIN cases c ON c.county = w.county AND c.id = w.case_id{_ITS_NAMES}"
    " WHERE w.county = ? AND w.division = ? AND w.post = ? AND {within}{late}{after}"
    " ORDER BY w.due_at, w.case_id, w.no LIMIT {limit}) q{arm}"
)
#: Nobody has to see to a message any more: its work is gone from the post, its clock has ended.
_SETTLED = (
    "(o.event IN ('asked', 'proposed') AND NOT EXISTS"
    " (SELECT 1 FROM work_item w WHERE w.county = o.county AND w.case_id = o.case_id"
    " AND w.ask = o.data ->> 'ask' AND w.post = o.post AND w.division = o.division)"
    " OR o.event IN ('deadline_near', 'overdue', 'escalated') AND NOT EXISTS (SELECT 1 FROM clock k"
    " WHERE k.county = o.county AND k.case_id = o.case_id AND k.name = o.data ->> 'clock' AND k.ended_at IS NULL))"
)
_INBOX_ARM = (
    "SELECT * FROM (SELECT o.case_id, c.number, o.seq, o.no, o.event, o.post, o.division, o.data, o.created_at AS at,"
    f" r.read_at, {_SETTLED} AS settled"
    " FROM outbox o[ix_outbox_post] JOIN cases c ON c.county = o.county AND c.id = o.case_id"
    " LEFT JOIN delivery r ON r.county = o.county AND r.case_id = o.case_id AND r.seq = o.seq AND r.no = o.no"
    " AND r.person = ?"
    " WHERE o.county = ? AND o.division = ? AND o.post = ? AND {within}{unread}{live}"
    " ORDER BY o.created_at DESC, o.case_id, o.seq, o.no LIMIT {limit}) q{arm}"
)
#: The page is cut before names, clocks and posts are looked up for it.
_OVERDUE = (
    "WITH page AS (SELECT c.county, c.id, c.due_at FROM cases c[ix_cases_due]"
    " WHERE c.county = ? AND c.status = 'open' AND c.due_at <= ? AND {within} ORDER BY c.due_at, c.id LIMIT {limit})"
    f" SELECT {_CASE}, (SELECT min(k.name) FROM clock k WHERE k.county = c.county AND k.case_id = c.id"
    " AND k.stopped_at IS NULL AND k.ended_at IS NULL AND k.due_at = c.due_at AND k.kind = 'limit'),"
    " (SELECT {joined} FROM work_item w WHERE w.county = c.county AND w.case_id = c.id)"
    f" FROM page JOIN cases c ON c.county = page.county AND c.id = page.id{_ITS_NAMES}"
    " ORDER BY c.due_at, c.id"
)
_BOARD_ARM = (
    "SELECT substr(t.division, 1, {digits}) AS place, t.workflow, t.stage, t.outcome,"
    " sum(t.open), sum(t.late), sum(t.ended), sum(t.missed) FROM tally t"
    " WHERE t.county = ? AND t.due_at <= ? AND t.division >= ? AND t.division < ?"
    " GROUP BY place, t.workflow, t.stage, t.outcome HAVING sum(t.open) <> 0 OR sum(t.ended) <> 0"
)
_CLOCKS = (
    "SELECT c.id, c.number, c.division, k.name, k.entry, k.started_at, k.due_at, k.stopped_at, k.ended_at, k.kind"
    " FROM cases c JOIN clock k ON k.county = c.county AND k.case_id = c.id"
    " WHERE c.county = ? AND {inside}{late} ORDER BY c.number, k.started_at, k.name, k.entry"
)
#: A limit is late when it ran out before it was stopped, or ended, or now.
_IS_LATE = " AND k.kind = 'limit' AND k.due_at <= COALESCE(k.stopped_at, k.ended_at, ?)"
_LISTED = (
    "SELECT l.id, l.workflow, l.stage, l.division, {open}, l.opened_at, l.by, i.case_id, c.number, i.outcome"
    " FROM list l LEFT JOIN (list_item i JOIN cases c ON c.county = i.county AND c.id = i.case_id AND {cases_inside})"
    " ON i.county = l.county AND i.list_id = l.id"
    " WHERE l.county = ? AND {inside}{which} ORDER BY l.opened_at DESC, l.id, c.number"
)
#: A list is open until its act, or until every case has left it alone.
_LIST_OPEN = (
    "(l.decided_at IS NULL AND EXISTS (SELECT 1 FROM list_item n"
    " WHERE n.county = l.county AND n.list_id = l.id AND n.outcome = ''))"
)
_MARK_READ = (
    "INSERT INTO delivery (county, case_id, seq, no, person, read_at)"
    " SELECT o.county, o.case_id, o.seq, o.no, CAST(? AS TEXT), CAST(? AS BIGINT)"
    " FROM outbox o JOIN cases c ON c.county = o.county AND c.id = o.case_id"
    " WHERE o.county = ? AND o.case_id = ? AND o.seq = ? AND o.no = ? AND {inside} AND ({posts})"
    " ON CONFLICT DO NOTHING"
)
_STILL_THERE = "m.left_at IS NULL AND "
_MEMBERS = f"SELECT m.household FROM member m[{{index}}] WHERE m.county = ? AND {_STILL_THERE}"
_HOUSEHOLD = "h.id, h.name, h.key, h.phone, h.division, h.statuses, m.name, m.relation, m.id_no"


def inside(column: str, ranges: int) -> str:
    """
    The condition that *column*, a 12-digit code, lies in scope: *ranges* half-open ranges, see :func:`bounds`.

    The one rule of scope in SQL; :func:`engine.divisions.contains` is the same rule.
    """
    return "(" + " OR ".join([f"({column} >= ? AND {column} < ?)"] * ranges) + ")"


def bounds(scope: Scope) -> list[str]:
    """The parameters of :func:`inside`, one range for each prefix."""
    return [bound for start in scope.prefixes for bound in code_range(start)]


class SqlRegister:
    """
    :class:`engine.ports.Register` on a SQLite or PostgreSQL database. Safe for several threads.

    Args:
        database: Open. Closing it is its owner's work.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_postgres = database.is_postgres
        self._shaped = lru_cache(maxsize=256)(self._shape)

    # --- work ---

    def queue(
        self,
        scope: Scope,
        now: datetime,
        *,
        limit: int = 50,
        after: ports.QueueKey | None = None,
        late_only: bool = False,
    ) -> Sequence[ports.QueueRow]:
        if not scope.posts:
            return []
        late = " AND w.due_at <= ?" if late_only else ""
        later = " AND (w.due_at, w.case_id, w.no) > (?, ?, ?)" if after else ""
        arm = _QUEUE_ARM.replace("{late}", late).replace("{after}", later)
        sql = self._arms(arm, "due_at, case_id, no", scope, limit)
        tail = [millis(now)] if late_only else []
        if after:
            due, case, no = after
            tail += [NEVER if due is None else millis(due), self._id(case), no]
        values: list[Any] = []
        for post, division in scope.posts:
            values += [scope.county, division, post, *bounds(scope), *tail]
        return [self._queue_row(scope.county, now, row) for row in self._all(sql, values)]

    def _queue_row(self, county: str, now: datetime, row: Sequence[Any]) -> ports.QueueRow:
        case, no, number, workflow, version, stage, ask, post, division, household, *taken, opened, due, concern = row
        by, signs, given_by = taken
        due_at = None if due == NEVER else from_millis(due)
        return ports.QueueRow(
            county, self._uuid(case), no, number, workflow, version, stage, ask, post, division, household, by,
            from_millis(opened), due_at, due_at is not None and due_at <= now, bool(concern), signs, given_by,
        )  # fmt: skip

    def inbox(
        self, scope: Scope, *, unread_only: bool = True, live_only: bool = False, limit: int = 50
    ) -> Sequence[ports.InboxRow]:
        if not scope.posts:
            return []
        arm = _INBOX_ARM.replace("{unread}", " AND r.person IS NULL" if unread_only else "")
        arm = arm.replace("{live}", f" AND NOT {_SETTLED}" if live_only else "")
        sql = self._arms(arm, "at DESC, case_id, seq, no", scope, limit)
        values: list[Any] = []
        for post, division in scope.posts:
            values += [scope.person, scope.county, division, post, *bounds(scope)]
        return [
            ports.InboxRow(
                scope.county, self._uuid(case), number, seq, no, event, post, division, _json(data), from_millis(at),
                read is not None, bool(settled),
            )
            for case, number, seq, no, event, post, division, data, at, read, settled in self._all(sql, values)
        ]  # fmt: skip

    def mark_read(self, scope: Scope, rows: Sequence[ports.InboxRow], at: datetime) -> int:
        if not scope.posts:
            return 0
        posts = " OR ".join(["(o.division = ? AND o.post = ?)"] * len(scope.posts))
        sql = self._shaped(_MARK_READ.replace("{posts}", posts), len(scope.prefixes))
        held = [part for post, division in scope.posts for part in (division, post)]
        marked = 0
        with self._database.transaction() as connection:
            for row in rows:
                values = [scope.person, millis(at), scope.county, self._id(row.case), row.seq, row.no]
                marked += connection.execute(sql, [*values, *bounds(scope), *held]).rowcount
        return marked

    # --- cases ---

    def find(self, scope: Scope, text: str, *, limit: int = 20) -> Sequence[ports.CaseRow]:
        asked = normal_name(text)
        if not asked:
            return []
        serial = _SERIAL.fullmatch(asked)
        values: list[Any]
        if _NUMBER.fullmatch(asked):
            where, values = "c.number = ?", [asked]
        elif serial:
            years = " AND s.year = ?" if serial[1] else ""
            where = f"c.number IN (SELECT s.county || '-' || s.year || ? FROM serial s WHERE s.county = ?{years})"
            values = [f"-{int(serial[2]):06d}", scope.county, *([int(serial[1])] if serial[1] else [])]
        else:
            homes, values = self._homes(scope.county, asked)
            where = f"c.household IN ({homes})"
            if not _ID_NUMBER.fullmatch(asked.upper()):
                where = f"c.household IN ({homes.replace(_STILL_THERE, '')})"
        order = "CASE c.status WHEN 'open' THEN 0 ELSE 1 END, c.opened_at DESC, c.number DESC"
        return self._cases(scope, where, values, order, limit)

    def case_by_number(self, scope: Scope, number: str) -> ports.CaseRow:
        found = self._cases(scope, "c.number = ?", [normal_name(number)], "c.number", 1)
        if not found:
            raise CaseNotFoundError(number)
        return found[0]

    def cases_in(self, scope: Scope, workflow: str, stage: str, division: str) -> Sequence[ports.CaseRow]:
        where = "c.status = 'open' AND c.workflow = ? AND c.stage = ? AND c.division >= ? AND c.division < ?"
        values = [workflow, stage, *code_range(prefix(division))]
        return self._cases(scope, where, values, "c.opened_at, c.number", None)

    def _cases(
        self, scope: Scope, where: str, values: Sequence[Any], order: str, limit: int | None
    ) -> list[ports.CaseRow]:
        if not scope.posts:
            return []
        cut = "" if limit is None else " LIMIT ?"
        sql = (
            f"SELECT {_CASE} FROM cases c{_ITS_NAMES} WHERE c.county = ? AND {where} AND {{inside}}"
            f" ORDER BY {order}{cut}"
        )
        rows = self._all(
            self._shaped(sql, len(scope.prefixes)),
            [scope.county, *values, *bounds(scope), *([] if limit is None else [limit])],
        )
        return [self._case_row(row) for row in rows]

    def _case_row(self, row: Sequence[Any]) -> ports.CaseRow:
        county, case, number, workflow, version, stage, status, outcome, division, name, opened, due, at = row
        return ports.CaseRow(
            county, self._uuid(case), number, workflow, version, stage, status, outcome, division, name,
            from_millis(opened), None if due is None else from_millis(due), from_millis(at),
        )  # fmt: skip

    # --- households ---

    def households(self, scope: Scope, text: str, *, limit: int = 20) -> Sequence[ports.HouseholdRow]:
        asked = normal_name(text)
        if not asked:
            return []
        homes, values = self._homes(scope.county, asked)
        found = self._read_households(scope, f"h.id IN ({homes})", values, limit)
        if found or _ID_NUMBER.fullmatch(asked.upper()):
            return found
        # Nobody who lives somewhere today is called so: whoever did before, and died or moved away.
        homes = homes.replace(_STILL_THERE, "")
        return self._read_households(scope, f"h.id IN ({homes})", values, limit)

    def household(self, scope: Scope, household: UUID) -> ports.HouseholdRow:
        found = self._read_households(scope, "h.id = ?", [self._id(household)], 1)
        if not found:
            raise NotFoundError()
        return found[0]

    def household_file(self, scope: Scope, household: UUID) -> ports.HouseholdFile:
        row = self.household(scope, household)
        ((key,),) = self._all(self._database.sql("SELECT key FROM household WHERE county = ? AND id = ?"),
                              [scope.county, self._id(household)])  # fmt: skip
        order = "c.opened_at DESC, c.number DESC"
        return ports.HouseholdFile(
            row, read_members(self._database, scope.county, household, key),
            tuple(self._cases(scope, "c.household = ?", [self._id(household)], order, None)),
            read_history(self._database, scope.county, household, key),
        )  # fmt: skip

    def _homes(self, county: str, asked: str) -> tuple[str, list[Any]]:
        """The households that *asked* means: an ID number, else the beginning of a name. A query for their ids."""
        number = asked.upper()
        if _ID_NUMBER.fullmatch(number):
            index = self._database.vault.blind_index(ID_NUMBER, number)
            return _MEMBERS.format(index="uq_member_id_index") + "m.id_index = ?", [county, index]
        members = _MEMBERS.format(index="ix_member_county_name")
        # PostgreSQL compares by code point, as SQLite does, only with these operators; they have an index of their own.
        at_least, below = ("~>=~", "~<~") if self._is_postgres else (">=", "<")
        begins = f"name {at_least} ? AND {{0}}.name {below} ?"
        homes = f"SELECT n.id FROM household n[ix_household_county_name] WHERE n.county = ? AND n.{begins.format('n')}"
        return (
            f"{homes} UNION {members}m.{begins.format('m')}",
            [county, asked, asked + _LAST, county, asked, asked + _LAST],
        )

    def _read_households(self, scope: Scope, where: str, values: Sequence[Any], limit: int) -> list[ports.HouseholdRow]:
        if not scope.posts:
            return []
        sql = self._shaped(
            f"SELECT {_HOUSEHOLD} FROM (SELECT h.* FROM household h WHERE h.county = ? AND {where} AND {{inside}}"
            " ORDER BY h.name, h.id LIMIT ?) h"
            " LEFT JOIN member m ON m.county = h.county AND m.household = h.id AND m.left_at IS NULL"
            " ORDER BY h.name, h.id, m.no",
            len(scope.prefixes),
            "h.division",
        )
        found: dict[UUID, list[Sequence[Any]]] = {}
        for row in self._all(sql, [scope.county, *values, *bounds(scope), limit]):
            found.setdefault(self._uuid(row[0]), []).append(row)
        return [self._household_row(scope.county, home, rows) for home, rows in found.items()]

    def _household_row(self, county: str, home: UUID, rows: Sequence[Sequence[Any]]) -> ports.HouseholdRow:
        _, name, key, phone, division, statuses, *_ = rows[0]
        sealer = self._database.vault.household(county, home, key) if key else None

        def opened(token: str | None, purpose: str) -> str:
            return str(sealer.open(token, purpose)) if sealer is not None and token else ""

        members = tuple(
            (member, relation, mask_id(opened(number, ID_NUMBER)))
            for *_, member, relation, number in rows
            if member is not None
        )
        heads = [each[2] for each in sorted(members, key=lambda each: each[0] != name)]
        return ports.HouseholdRow(
            county, home, name, heads[0] if heads else "", mask_phone(opened(phone, PHONE)), division,
            _json(statuses), members,
        )  # fmt: skip

    # --- what is late, and totals ---

    def overdue(self, scope: Scope, now: datetime, *, limit: int = 200) -> Sequence[ports.LateRow]:
        if not scope.posts:
            return []
        posts = "w.post || '@' || w.division"
        joined = f"string_agg({posts}, ' ')" if self._is_postgres else f"group_concat({posts}, ' ')"
        sql = self._page(_OVERDUE.replace("{joined}", joined), scope, limit)
        found = []
        for *case, clock, asked in self._all(sql, [scope.county, millis(now), *bounds(scope)]):
            row = self._case_row(case)
            assert row.due_at is not None
            found.append(ports.LateRow(row, clock or "", row.due_at, tuple(sorted(set((asked or "").split())))))
        return found

    def board(self, scope: Scope, now: datetime, level: Level = Level.TOWNSHIP) -> Sequence[ports.BoardRow]:
        if not scope.posts:
            return []
        # An arm for each part of the scope, whose places are never larger than what the reader sees of them.
        digits = [max(len(start), level.digits) for start in scope.prefixes]
        sql = self._shaped(" UNION ALL ".join(_BOARD_ARM.replace("{digits}", str(each)) for each in digits), 1)
        at = millis(now)
        values = [part for start in scope.prefixes for part in (scope.county, at, *code_range(start))]
        rows = self._all(f"{sql} ORDER BY 1, 2, 3, 4", values)
        return [
            ports.BoardRow(place.ljust(12, "0"), workflow, stage, outcome, is_open, late, ended, missed)
            for place, workflow, stage, outcome, is_open, late, ended, missed in rows
        ]

    def clocks(self, scope: Scope, now: datetime, *, late_only: bool = False) -> Sequence[ports.ClockRow]:
        if not scope.posts:
            return []
        late = _IS_LATE if late_only else ""
        sql = self._shaped(_CLOCKS.replace("{late}", late), len(scope.prefixes))
        values = [scope.county, *bounds(scope), *([millis(now)] if late_only else [])]
        return [self._clock_row(row, now) for row in self._all(sql, values)]

    def _clock_row(self, row: Sequence[Any], now: datetime) -> ports.ClockRow:
        case, number, division, name, entry, started, due, stopped, ended, kind = row
        status = "ended" if ended is not None else "stopped" if stopped is not None else "running"
        counted = next((end for end in (stopped, ended) if end is not None), millis(now))
        return ports.ClockRow(
            self._uuid(case), number, division, name, entry, kind, from_millis(started), from_millis(due),
            None if ended is None else from_millis(ended), status, kind == "limit" and due <= counted,
        )  # fmt: skip

    # --- lists of cases ---

    def lists(self, scope: Scope, *, open_only: bool = True) -> Sequence[ports.ListRow]:
        return self._read_lists(scope, f" AND {_LIST_OPEN}" if open_only else "", [])

    def list(self, scope: Scope, list_id: UUID) -> ports.ListRow:
        found = self._read_lists(scope, " AND l.id = ?", [self._id(list_id)])
        if not found:
            raise NotFoundError()
        return found[0]

    def _read_lists(self, scope: Scope, which: str, values: Sequence[Any]) -> Sequence[ports.ListRow]:
        if not scope.posts:
            return []
        ranges = len(scope.prefixes)
        text = _LISTED.replace("{open}", _LIST_OPEN).replace("{which}", which)
        text = text.replace("{cases_inside}", inside("c.division", ranges))
        sql = self._shaped(text, ranges, "l.division")
        items: dict[UUID, list[tuple[UUID, str, str]]] = {}
        heads: dict[UUID, Sequence[Any]] = {}
        for *head, case, number, outcome in self._all(sql, [*bounds(scope), scope.county, *bounds(scope), *values]):
            list_id = self._uuid(head[0])
            heads[list_id] = head
            if case is not None:
                items.setdefault(list_id, []).append((self._uuid(case), number, outcome))
        return [
            ports.ListRow(
                scope.county, list_id, workflow, stage, division, "open" if is_open else "decided",
                from_millis(opened), by, tuple(items.get(list_id, ())),
            )
            for list_id, (_, workflow, stage, division, is_open, opened, by) in heads.items()
        ]  # fmt: skip

    # --- statements ---

    def _arms(self, arm: str, order: str, scope: Scope, limit: int) -> str:
        """*arm* once for each post: each is read from its own range of the index, and only one page of it."""
        text = " UNION ALL ".join(arm.replace("{arm}", str(number)) for number in range(len(scope.posts)))
        return self._page(f"{text} ORDER BY {order} LIMIT {{limit}}", scope, limit)

    def _page(self, text: str, scope: Scope, limit: int) -> str:
        """
        A text for a page in the order of an index. PostgreSQL is told how long the page is, and left in the dark about
        how few cases may be in scope: lest it reads and sorts all that is there, for fear of not filling a page.
        """
        within = "CASE WHEN {inside} THEN TRUE ELSE FALSE END" if self._is_postgres else "{inside}"
        return self._shaped(text.replace("{within}", within).replace("{limit}", f"{limit:d}"), len(scope.prefixes))

    def _shape(self, text: str, ranges: int, column: str = "c.division") -> str:
        text = text.replace("{inside}", inside(column, ranges))
        text = _INDEX.sub("" if self._is_postgres else r" INDEXED BY \1", text)
        return text.replace("?", "%s") if self._is_postgres else text

    def _all(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        with self._database.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def _id(self, value: UUID) -> Any:
        return value if self._is_postgres else value.bytes

    def _uuid(self, stored: Any) -> UUID:
        return stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))


def _json(stored: Any) -> Any:
    return orjson.loads(stored) if isinstance(stored, str) else stored
