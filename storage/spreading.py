"""
A case's record, spread out over the rows that queries read: pure, the same for a commit and for a check (I2).

A :class:`Spread` collects what the events of one case do to its rows, netted: a row is put at most once, with its last
values, and only rows that were there before are closed. So one statement can write it all, in any order. Rows are
tuples in the order of :data:`CHILDREN`; instants are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.cases import Case, Decision, Event, canonical, instant
from storage.instants import NEVER, millis
from storage.tables import (
    CaseEventRow,
    CaseLinkRow,
    ClockRow,
    ConcernRow,
    ListItemRow,
    ListRow,
    NoticeRow,
    OutboxRow,
    ResponseRow,
    TaskRow,
    TimerRow,
    WorkItemRow,
)


@dataclass(frozen=True, slots=True)
class Child:
    """
    A table whose rows belong to a case.

    Attributes:
        keys: Its primary key after county and case.
        values: The other columns.
        kept: Columns that a later put leaves as the first made them.
        once: Rows are only ever added; the same key again is an error.
    """

    row: type[Any]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    kept: tuple[str, ...] = ()
    once: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return self.keys + self.values


CHILDREN: Mapping[str, Child] = {
    "case_event": Child(
        CaseEventRow,
        ("seq",),
        ("version", "at", "command", "kind", "asked", "actor", "post", "behalf", "hash", "text"),
        once=True,
    ),
    "outbox": Child(OutboxRow, ("seq", "no"), ("created_at", "event", "post", "division", "data"), once=True),
    "clock": Child(ClockRow, ("name", "entry"), ("started_at", "due_at", "stopped_at", "ended_at", "kind")),
    "timer": Child(TimerRow, ("no",), ("rung", "due_at", "clock", "kind", "status")),
    "work_item": Child(
        WorkItemRow,
        ("no",),
        ("opened_at", "due_at", "ask", "post", "division", "claimed_by", "signs", "given_by"),
        kept=("opened_at",),
    ),
    "task": Child(TaskRow, ("task",), ("at", "status", "result")),
    "response": Child(ResponseRow, ("ask", "entry", "who"), ("at", "post", "answer")),
    "notice": Child(NoticeRow, ("ask", "entry"), ("posted_at", "over_at")),
    "case_link": Child(CaseLinkRow, ("child",), ("closed_at", "kind", "workflow", "ask", "outcome")),
    "list_item": Child(ListItemRow, ("list_id",), ("outcome",)),
    "concern": Child(ConcernRow, ("no",), ("at", "kind")),
}
#: The table list has no case in its key: a list is made by the first case that is put on it.
LIST = Child(ListRow, ("id",), ("opened_at", "decided_at", "workflow", "stage", "division", "by"))


@dataclass(frozen=True, slots=True)
class Closing:
    """
    How rows that were there before are closed: the columns set (none: they are deleted), and the condition that finds
    one by its key.
    """

    table: str
    sets: tuple[str, ...]
    where: str


CLOSINGS: Mapping[str, Closing] = {
    "clock": Closing("clock", ("ended_at",), "name = ? AND entry < ? AND ended_at IS NULL"),
    "timer": Closing("timer", ("status",), "no = ?"),
    "work_item": Closing("work_item", (), "no = ?"),
    "task": Closing("task", ("status", "at"), "task = ?"),
    # An answer that was taken back, or does not count, was no answer.
    "response": Closing("response", ("answer",), "ask = ? AND entry = ? AND who = ?"),
    "case_link": Closing("case_link", ("outcome", "closed_at"), "child = ?"),
    "list_item": Closing("list_item", ("outcome",), "list_id = ?"),
    "concern": Closing("concern", (), "no = ?"),
}

_NEVER = 2**31 - 1
Key = tuple[Any, ...]
Values = tuple[Any, ...]


@dataclass(slots=True)
class Spread:
    """
    What some events of one case do to its rows.

    Attributes:
        as_id: How the database wants a UUID.
        puts: Table → key → values.
        clocks: Name → (the entry before which a running clock of that name has ended, when).
        closings: (name in CLOSINGS, values set) → keys of rows that were there before.
        lists: List → values, of lists to be made if they are not there.
        decided: Lists that are decided, and when.
        records: Village or person → name → value, for its record.
        register: Name → value, for the household's own record.
        wrote: The event that wrote it.
    """

    as_id: Callable[[UUID], Any]
    puts: dict[str, dict[Key, Values]] = field(default_factory=dict)
    clocks: dict[str, tuple[int, int]] = field(default_factory=dict)
    closings: dict[tuple[str, Values], list[Key]] = field(default_factory=dict)
    lists: dict[Any, Values] = field(default_factory=dict)
    decided: dict[Any, int] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    register: dict[str, Any] = field(default_factory=dict)
    wrote: Event | None = None

    def changes(self, event: Event, case: Case) -> None:
        """The rows that follow from *event*, which left *case* as it is."""
        at = millis(event.at)
        for section, key, value in event.changes:
            handle = _SECTIONS.get(section)
            if handle is not None:
                handle(self, event, at, key, value, case)
        self._limits(event, at, case)
        if "list" in event.body:
            self._listed(event, at, case)
        if "unlisted" in event.body:
            self._outcome(event, self.as_id(UUID(event.body["unlisted"])))

    def log(self, event: Event, text: bytes, version: int | None) -> None:
        """The row of the log itself; *event* is sealed, and *text* what is kept of it."""
        self._put(
            "case_event",
            (event.seq,),
            (
                version, millis(event.at), self.as_id(event.command), event.kind, event.asked,
                event.actor, event.post, event.behalf, event.hash, text,
            ),
        )  # fmt: skip

    def effects(self, decision: Decision) -> None:
        """What a decision does beside its case: messages, and the records of whom it is about."""
        event = decision.event
        at = millis(event.at)
        for no, message in enumerate(decision.messages):
            self._put(
                "outbox",
                (event.seq, no),
                (at, message.event, message.post, message.division, canonical(message.data)),
            )
        for write in decision.register:
            record = self.register if write.of == "household" else self.records.setdefault(write.subject, {})
            record[write.name] = {"v": write.value, "since": event.at.isoformat(), "case": decision.case.number}
            self.wrote = event if write.of == "household" else self.wrote

    def closed(self) -> Mapping[tuple[str, Values], Sequence[Key]]:
        """All closings."""
        found = dict(self.closings)
        for name, (entry, at) in self.clocks.items():
            found.setdefault(("clock", (at,)), []).append((name, entry))
        return found

    # --- netting ---

    def _put(self, table: str, key: Key, values: Values) -> None:
        self.puts.setdefault(table, {})[key] = values

    def _close(self, name: str, values: Values, key: Key) -> None:
        """Close the row with *key*: in what is to be put, if it is there, else where it was before."""
        put = self.puts.get(CLOSINGS[name].table, {})
        earlier = put.get(key)
        if earlier is None:
            self.closings.setdefault((name, values), []).append(key)
        else:
            child = CHILDREN[CLOSINGS[name].table]
            changed = dict(zip(CLOSINGS[name].sets, values, strict=True))
            put[key] = tuple(changed.get(*pair) for pair in zip(child.values, earlier, strict=True))

    # --- sections ---

    def _clock(self, event: Event, at: int, name: str, value: Any, case: Case) -> None:
        # A clock started anew in a later entry replaces the one that ran: no delete between them is recorded.
        entry = _NEVER if value is None else value.get("n", 1)
        put = self.puts.get("clock", {})
        for key in [key for key, row in put.items() if key[0] == name and key[1] < entry and row[3] is None]:
            started, due, stopped, _, kind = put[key]
            put[key] = (started, due, stopped, at, kind)
        first = min(entry, self.clocks.get(name, (_NEVER, 0))[0])
        self.clocks[name] = (first, at)
        if value is not None:
            counted = _millis(value["at"]), _millis(value["due"]), _stopped_at(value)
            self._put("clock", (name, entry), (*counted, None, value.get("k", "limit")))

    def _timer(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            values = (int(value.get("r") or 0), _millis(value["at"]), value["c"], value["k"], "pending")
            self._put("timer", (int(key),), values)
        else:
            fired = event.kind == "fired" and event.body.get("timer") == key
            self._close("timer", ("fired" if fired else "cancelled",), (int(key),))

    def _item(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            due = item_due(case, value["q"])
            signs = value.get("g", "")
            giver = case.section("asks")[value["q"]]["g"][value["by"]] if signs else value.get("of", {})
            values = (
                NEVER if due is None else millis(due), value["q"], value["p"], value["d"], value.get("by", ""), signs,
                giver.get("by", ""),
            )  # fmt: skip
            before = self.puts.get("work_item", {}).get((int(key),))
            self._put("work_item", (int(key),), (before[0] if before else at, *values))
        else:
            self.puts.get("work_item", {}).pop((int(key),), None)
            self._close("work_item", (), (int(key),))

    def _limits(self, event: Event, at: int, case: Case) -> None:
        """A limit that starts, moves or ends changes when the work under it is due."""
        limits = {key for section, key, _ in event.changes if section == "clocks"}
        if not limits:
            return
        put = {key for section, key, _ in event.changes if section == "items"}
        for key, item in case.section("items").items():
            if key not in put and (item["q"] in limits or _running(case, item["q"]) is None):
                self._item(event, at, key, item, case)

    def _task(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            self._put("task", (key,), (at, value["st"], value.get("r", "")))
        else:
            self._close("task", ("forgotten", at), (key,))

    def _answer(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            ask, _, rest = key.partition("#")
            entry, _, who = rest.partition("/")
            self._put("response", (ask, int(entry), who), (at, value.get("p", ""), value["a"]))
        elif event.kind == "withdrawn" or "void" in event.body:
            ask, _, rest = key.partition("#")
            entry, _, who = rest.partition("/")
            self._close("response", ("",), (ask, int(entry), who))

    def _notice(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            hung = [place["at"] for place in value.get("places", {}).values() if place.get("at")]
            posted = min(map(_millis, hung), default=None)  # type: ignore[type-var]
            self._put("notice", (key, int(value["n"])), (posted, _millis(value.get("over"))))

    def _link(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        child = self.as_id(UUID(key))
        if value is not None:
            self._put("case_link", (child,), (None, value["k"], value["w"], value["q"], ""))
        else:
            self._close("case_link", (str(event.body.get("outcome", "")), at), (child,))

    def _concern(self, event: Event, at: int, key: str, value: Any, case: Case) -> None:
        if value is not None:
            self._put("concern", (int(key),), (at, value["k"]))
        elif self.puts.get("concern", {}).pop((int(key),), None) is None:
            self._close("concern", (), (int(key),))

    def _listed(self, event: Event, at: int, case: Case) -> None:
        list_id = self.as_id(UUID(event.body["list"]))
        if event.kind == "listed":
            self.lists.setdefault(list_id, (at, None, case.workflow, case.stage, event.body["at"], event.actor))
            self._put("list_item", (list_id,), ("",))
        else:
            self.decided.setdefault(list_id, at)
            self._outcome(event, list_id)

    def _outcome(self, event: Event, list_id: Any) -> None:
        """What took the case from its list: the list's act, or something that happened to the case alone."""
        self._close("list_item", (str(event.body.get("action", event.kind)),), (list_id,))


_SECTIONS: Mapping[str, Callable[[Spread, Event, int, str, Any, Case], None]] = {
    "clocks": Spread._clock,
    "timers": Spread._timer,
    "items": Spread._item,
    "tasks": Spread._task,
    "answers": Spread._answer,
    "notices": Spread._notice,
    "links": Spread._link,
    "concerns": Spread._concern,
}


def due_at(case: Case) -> datetime | None:
    """When the first of the case's running limits is due."""
    limits = (_running(case, name) for name in case.section("clocks"))
    return min((due for due in limits if due is not None), default=None)


def item_due(case: Case, ask: str) -> datetime | None:
    """When work on *ask* is due: by its own limit, else by the first of the case's."""
    return _running(case, ask) or due_at(case)


def _running(case: Case, name: str) -> datetime | None:
    """When the limit *name* is due, if it runs."""
    clock = case.section("clocks").get(name)
    if clock is None or clock.get("k", "limit") != "limit" or _stopped_at(clock) is not None:
        return None
    return instant(clock["due"])


def household_of(case: Case) -> UUID | None:
    """The household whose key seals the case's secrets: the one it names, else its subject, if that is like an id."""
    named = case.get("household") or case.subject
    try:
        return UUID(named) if len(named) == 32 else None
    except ValueError:
        return None


def parent_of(case: Case) -> UUID | None:
    parent = case.get("parent", None)
    return UUID(parent[0]) if parent else None


def _stopped_at(clock: Mapping[str, Any]) -> int | None:
    """Since when a clock stands still, if it does."""
    return min((millis(instant(stop[0])) for stop in clock.get("stops", ()) if stop[1] is None), default=None)


def _millis(text: str | None) -> int | None:
    return None if text is None else millis(instant(text))
