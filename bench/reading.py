"""The idle half of W4, and W5: what is read while a county has very many open cases."""

# ruff: noqa: S608 - what is put into texts are constants of this module; every value is a parameter.

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from bangfu.timesource import ManualTime
from bench.measuring import Measure, Series, in_turns, timed
from bench.work import COUNTY, START, VILLAGE, Bangfu
from engine.divisions import Level
from engine.ports import Scope
from storage.instants import from_millis, millis
from storage.register import SqlRegister

#: How often in a round.
_TIMES = 20
PAGE = 50
FLAT = 1.25
_CASE = "c.number, c.workflow, v.hash, c.stage"
_JOINS = (
    " LEFT JOIN workflow_version v ON v.no = c.version"
    " LEFT JOIN household h ON h.county = c.county AND h.id = c.household"
)
#: The same answers by plain SQL, as fast as these tables give them: PostgreSQL plans once if it knows a page's length.
#: ``[...]`` names the index that SQLite takes.
QUEUE = (
    f"SELECT w.case_id, w.no, {_CASE}, w.ask, w.post, w.division, h.name, w.claimed_by, w.opened_at, w.due_at"
    f" FROM work_item w[ix_work_item_queue] JOIN cases c ON c.county = w.county AND c.id = w.case_id{_JOINS}"
    f" WHERE w.county = ? AND w.division = ? AND w.post = ? ORDER BY w.due_at, w.case_id, w.no LIMIT {PAGE}"
)
OVERDUE = (
    f"SELECT c.id, {_CASE}, c.status, c.outcome, c.division, h.name, c.opened_at, c.due_at, c.at, k.name, w.post,"
    f" w.division FROM (SELECT county, id, due_at FROM cases[ix_cases_due] WHERE county = ? AND status = 'open'"
    f" AND due_at <= ? ORDER BY due_at, id LIMIT {PAGE}) p"
    f" JOIN cases c ON c.county = p.county AND c.id = p.id{_JOINS}"
    " LEFT JOIN clock k ON k.county = c.county AND k.case_id = c.id AND k.ended_at IS NULL AND k.due_at = c.due_at"
    " LEFT JOIN work_item w ON w.county = c.county AND w.case_id = c.id ORDER BY c.due_at, c.id"
)
BOARD = (
    "SELECT substr(division, 1, 9), workflow, stage, outcome, sum(open), sum(late), sum(ended), sum(missed) FROM tally"
    " WHERE county = ? AND due_at <= ? GROUP BY 1, 2, 3, 4"
)


@dataclass(frozen=True, slots=True)
class _Read:
    """Something that is read, by bangfu and plainly."""

    name: str
    bangfu: Callable[[SqlRegister, Scope, datetime], Sequence[object]]
    person: str
    floor: str
    values: Callable[[datetime], tuple[Any, ...]]


READS = (
    _Read(
        "queue", lambda register, scope, now: register.queue(scope, now, limit=PAGE), "cadre",
        QUEUE, lambda now: (COUNTY, VILLAGE, "village.cadre"),
    ),
    _Read(
        "overdue", lambda register, scope, now: register.overdue(scope, now, limit=PAGE), "bureau",
        OVERDUE, lambda now: (COUNTY, millis(now)),
    ),
    _Read(
        "board", lambda register, scope, now: register.board(scope, now, Level.TOWNSHIP), "bureau",
        BOARD, lambda now: (COUNTY, millis(now)),
    ),
)  # fmt: skip


def idling(name: str, bangfu: Bangfu, rounds: int, target: float) -> Measure:
    """Milliseconds of a sweep that finds nothing due, absolute."""
    bangfu.office.time_source = ManualTime(START)
    if bangfu.office.sweep().fired:
        raise RuntimeError("something was due")
    each = [timed(lambda: [bangfu.office.sweep() for _ in range(_TIMES)]).wall / _TIMES for _ in range(rounds)]
    milliseconds = median(each) * 1e3
    return Measure(name, milliseconds, target, milliseconds, unit="ms")


def reading(kind: str, some: Bangfu, many: Bangfu, rounds: int, chance: random.Random) -> Iterator[Measure]:
    """Each of READS among many cases against its floor, and against itself among fewer."""
    for read in READS:
        against, flat = Series(), Series()
        ours, fewer = _asked(read, many), _asked(read, some)
        plainly = _plainly(read, many)
        if len(ours()) != len(plainly()):
            raise RuntimeError(f"{read.name}: the floor gives another answer")
        sides = {"many": partial(_often, ours), "some": partial(_often, fewer), "floor": partial(_often, plainly)}
        for _ in range(rounds):
            found = in_turns(sides, chance)
            against.add(found["many"], found["floor"])
            flat.add(found["many"], found["some"])
        yield against.measure(f"w5_{read.name}_{kind}", 5, _TIMES, 3)
        yield flat.measure(f"flat_{read.name}_{kind}", FLAT, _TIMES)


def _often(work: Callable[[], object]) -> None:
    for _ in range(_TIMES):
        work()


def _asked(read: _Read, bangfu: Bangfu) -> Callable[[], Sequence[object]]:
    now = _now(bangfu)
    scope = bangfu.office.scope(COUNTY, read.person)
    bangfu.store.add_up(now)  # As every sweep does.
    return partial(read.bangfu, SqlRegister(bangfu.database), scope, now)


def _plainly(read: _Read, bangfu: Bangfu) -> Callable[[], Sequence[object]]:
    values = read.values(_now(bangfu))
    text, is_postgres = read.floor, bangfu.database.is_postgres
    for index in ("ix_work_item_queue", "ix_cases_due"):
        text = text.replace(f"[{index}]", "" if is_postgres else f" INDEXED BY {index}")
    text = text.replace("?", "%s") if is_postgres else text
    connection = bangfu.database.engine.raw_connection().driver_connection
    if connection is None:
        raise RuntimeError("no connection")
    cursor = connection.cursor()
    if is_postgres:
        return lambda: cursor.execute(text, values, prepare=True).fetchall()
    return lambda: cursor.execute(text, values).fetchall()


def _now(bangfu: Bangfu) -> datetime:
    """When the first fiftieth of the crowd is overdue."""
    with bangfu.database.connection() as connection:
        (due,) = connection.execute("SELECT min(due_at) FROM cases WHERE seq = 1").fetchone()
    return from_millis(due) + timedelta(hours=12)
