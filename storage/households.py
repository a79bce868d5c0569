"""
A household's own record: who lives there, what its cases wrote into it, and the history of both, append-only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from engine.cases import canonical
from engine.errors import N_, ConflictError, NotFoundError
from engine.households import AddMember, HouseholdState, HouseholdUpdate, MemberOf, SplitOff
from engine.identity import mask_id
from engine.ports import HouseholdEntry
from storage.database import Database
from storage.instants import from_millis, millis
from storage.staffing import RAISED, hold_staff
from storage.vault import Sealer

#: What the words of a household's history are sealed for, and identity numbers; see storage/intake.py.
WHY, ID_NUMBER = "household.why", "member.id_no"
_HOME = (
    "SELECT h.division, h.name, h.key, (SELECT value FROM meta WHERE key = 'revision') FROM household h"
    " WHERE h.county = ? AND h.id = ?"
)
_MEMBERS = "SELECT no, name, relation, id_no, left_at FROM member WHERE county = ? AND household = ? ORDER BY no"
_OPEN = "SELECT id FROM cases WHERE county = ? AND household = ? AND status = 'open' AND parent IS NULL ORDER BY id"
_HISTORY = (
    "SELECT e.seq, e.at, e.kind, e.actor, e.post, c.number, e.text FROM household_event e"
    " LEFT JOIN cases c ON c.county = e.county AND c.id = e.case_id"
    " WHERE e.county = ? AND e.household = ? ORDER BY e.seq"
)
_ADDED = (
    "INSERT INTO member (county, household, no, name, relation, id_no, id_index, facts)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, {})"
)  # fmt: skip
_FOUNDED = (
    "INSERT INTO household (county, id, division, name, place, key, statuses, facts, source, created_at)"
    " SELECT county, ?, division, ?, place, ?, {}, {}, ?, ? FROM household WHERE county = ? AND id = ?"
)


def read_state(database: Database, county: str, household: UUID) -> HouseholdState:
    """
    A household as it is now.

    Raises:
        NotFoundError: There is none.
    """
    place = county, _id(database, household)
    home = database.read(database.sql(_HOME), place)
    if not home:
        raise NotFoundError(N_("there is no such household"))
    division, name, key, revision = home[0]
    rows = database.read(database.sql(_OPEN), place)
    members = read_members(database, county, household, key)
    return HouseholdState(
        county, household, division, name, {each.key: each for each in members},
        tuple(_uuid(case) for (case,) in rows), int(revision), not key,
    )  # fmt: skip


def read_members(database: Database, county: str, household: UUID, key: str | None) -> tuple[MemberOf, ...]:
    """Everybody who lives or lived there, their identity numbers masked."""
    sealer = database.vault.household(county, household, key) if key else None
    rows = database.read(database.sql(_MEMBERS), (county, _id(database, household)))
    return tuple(
        MemberOf(
            str(no), name, relation, mask_id(str(sealer.open(number, ID_NUMBER))) if sealer and number else "",
            None if left is None else from_millis(left),
        )
        for no, name, relation, number, left in rows
    )  # fmt: skip


def read_history(database: Database, county: str, household: UUID, key: str | None) -> tuple[HouseholdEntry, ...]:
    """What happened to the household's record, oldest first."""
    sealer = database.vault.household(county, household, key) if key else None
    rows = database.read(database.sql(_HISTORY), (county, _id(database, household)))
    return tuple(
        _entry(sealer, seq, at, kind, actor, post, number, orjson.loads(text))
        for seq, at, kind, actor, post, number, text in rows
    )


def _entry(
    sealer: Sealer | None, seq: int, at: int, kind: str, actor: str, post: str, number: str | None, text: dict[str, Any]
) -> HouseholdEntry:
    token = text.pop("why", None)
    why = None if token is None or sealer is None else str(sealer.open(token["x"], WHY))
    if kind not in ("status", "entered"):
        return HouseholdEntry(seq, from_millis(at), kind, actor, post, number or "", text, why)
    source = next((each["source"] for each in text.values() if "source" in each), "")
    what = {name: each["v"] for name, each in text.items()}
    return HouseholdEntry(seq, from_millis(at), kind, actor, post, number or "", what, source=source)


class Update:
    """
    One change of a household's members, within an open transaction.

    Args:
        entry: The statement that adds to its history.
    """

    def __init__(self, database: Database, connection: Any, entry: str) -> None:
        self._database = database
        self._connection = connection
        self._entry = entry
        self._json = "'{}'::jsonb" if database.is_postgres else "'{}'"

    def lock(self, update: HouseholdUpdate) -> None:
        """
        Nobody opens a case of the household from now on; those that are open are those that were told.

        Raises:
            ConflictError: Another case was opened, or one has ended, since the household was read.
        """
        place = update.state.county, self._id(update.state.id)
        hold_staff(self._database, self._connection)
        if self._database.is_postgres:
            self._run("SELECT 1 FROM household WHERE county = ? AND id = ? FOR UPDATE", place)
        found = {_uuid(case) for (case,) in self._run(_OPEN, place).fetchall()}
        if found != set(update.state.open_cases):
            raise ConflictError(N_("the household's cases have changed since it was read"))

    def write(self, update: HouseholdUpdate) -> None:
        """The members, the household, and its history; decisions made with the old members are not stored any more."""
        if self._run(f"{RAISED} AND value = ?", (str(update.state.staff_revision),)).rowcount != 1:
            raise ConflictError(N_("the staff has changed since it was read"))
        state, command = update.state, update.command
        key = self._run("SELECT key FROM household WHERE county = ? AND id = ?", self._place(state)).fetchone()[0]
        sealer = self._database.vault.household(state.county, state.id, key)
        if isinstance(command, AddMember):
            number = command.id_number
            sealed = sealer.seal(number, ID_NUMBER) if number else None
            self._add(state.county, state.id, int(update.members[0]), command.name, command.relation, sealed, number)
        else:
            moving = self._leave(update)
            if isinstance(command, SplitOff):
                self._found(update, command, moving, sealer)
        if update.head:
            name = state.members[update.head].name
            self._run("UPDATE household SET name = ? WHERE county = ? AND id = ?", (name, *self._place(state)))
        more = {"other": command.new.hex} if isinstance(command, SplitOff) else {}
        self._log(update, state.id, update.change, sealer, update.members, update.head, more)

    def _leave(self, update: HouseholdUpdate) -> Sequence[tuple[Any, ...]]:
        """Those who go have left; what is kept of them."""
        marks = ", ".join("?" * len(update.members))
        place = (*self._place(update.state), *map(int, update.members))
        found: Sequence[tuple[Any, ...]] = self._run(
            "SELECT no, name, relation, id_no FROM member WHERE county = ? AND household = ?"  # noqa: S608
            f" AND no IN ({marks}) AND left_at IS NULL ORDER BY no",
            place,
        ).fetchall()
        if len(found) != len(update.members):
            raise ConflictError(N_("the household has changed since it was read"))
        self._run(
            f"UPDATE member SET left_at = ? WHERE county = ? AND household = ? AND no IN ({marks})",  # noqa: S608
            (millis(update.at), *place),
        )
        return found

    def _found(
        self, update: HouseholdUpdate, command: SplitOff, moving: Sequence[tuple[Any, ...]], sealer: Sealer
    ) -> None:
        """A household of those who split off, with a key of its own; its statuses begin empty."""
        state, vault = update.state, self._database.vault
        wrapped = vault.new_key(state.county, command.new)
        own = vault.household(state.county, command.new, wrapped)
        by_no = {str(no): row for no, *row in moving}
        names = [by_no[key][0] for key in update.members]
        self._run(
            _FOUNDED.format(self._json, self._json),
            (
                self._id(command.new), names[0], wrapped, f"split off from {state.id}", millis(update.at),
                *self._place(state),
            ),
        )  # fmt: skip
        for no, key in enumerate(update.members, 1):
            name, relation, token = by_no[key]
            number = str(sealer.open(token, ID_NUMBER)) if token else ""
            self._add(
                state.county, command.new, no, name, relation, own.seal(number, ID_NUMBER) if number else None, number
            )
        members = tuple(str(no) for no in range(1, len(update.members) + 1))
        self._log(update, command.new, "founded", own, members, "1", {"other": state.id.hex})

    def _add(
        self, county: str, household: UUID, no: int, name: str, relation: str, sealed: str | None, number: str
    ) -> None:
        index = self._database.vault.blind_index(ID_NUMBER, number) if number else None
        values = (county, self._id(household), no, name, relation, sealed, index)
        self._run(_ADDED.format(self._json), values)

    def _log(
        self,
        update: HouseholdUpdate,
        household: UUID,
        kind: str,
        sealer: Sealer,
        members: Sequence[str],
        head: str,
        more: Mapping[str, str],
    ) -> None:
        command, county = update.command, update.state.county
        text: dict[str, Any] = {"members": list(members), "on": command.on.isoformat(), **more}
        text["why"] = {"x": sealer.seal(command.why.strip(), WHY)}
        if head:
            text["head"] = head
        place = county, self._id(household)
        told = (millis(update.at), kind, command.person, update.post, self._id(command.id), None)
        self._connection.execute(self._entry, (*place, *told, canonical(text), *place))

    # --- words ---

    def _run(self, sql: str, values: Sequence[Any]) -> Any:
        return self._connection.execute(self._database.sql(sql), values)

    def _place(self, state: HouseholdState) -> tuple[str, Any]:
        return state.county, self._id(state.id)

    def _id(self, value: UUID) -> Any:
        return _id(self._database, value)


def _id(database: Database, value: UUID) -> Any:
    return value if database.is_postgres else value.bytes


def _uuid(stored: Any) -> UUID:
    return stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))
