"""W3 and the firing half of W4: a thousand cases in one act, and a thousand timers in one sweep."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from bangfu.timesource import ManualTime
from bench.floor_batches import batch
from bench.measuring import Measure, Series, Timing, in_turns
from bench.places import Places
from bench.recording import Recording, Write, written
from bench.work import COUNTY, WALK, WORKFLOW, Bangfu, time_of, walk
from engine.cases import Act, Enlist
from engine.listing import decide_list
from storage.instants import millis
from storage.register import SqlRegister

LIST = UUID(int=0x01980000000070008000000000000001)
#: Where cases stand that are decided in a list, and those whose publicity is about to end.
_LISTED, _HUNG = 3, 5
_STAND = "SELECT c.id, c.seq, c.head, c.at, c.record FROM cases c JOIN"
_ON_LIST = f"{_STAND} list_item i ON i.county = c.county AND i.case_id = c.id WHERE i.county = ? AND i.list_id = ?"
_DUE = f"{_STAND} timer t ON t.county = c.county AND t.case_id = c.id WHERE t.status = 'pending' AND t.due_at <= ?"


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A batch that is measured.

    Attributes:
        bring: Brings a case to where it stands before.
        work: Does the batch with all cases of a county.
        read: The floor's first statement, with its parameters as SQLite takes them.
    """

    name: str
    target: float
    aim: float
    bring: Callable[[Bangfu], object]
    work: Callable[[Bangfu], object]
    read: str
    values: tuple[Any, ...]


def _stand(bangfu: Bangfu) -> Sequence[UUID]:
    return walk(bangfu, bangfu.households, steps=_LISTED)


def _enlist(bangfu: Bangfu) -> None:
    cases = _stand(bangfu)
    enlist = {case: Enlist(id=bangfu.office.new_id(), person="committee", list=LIST) for case in cases}
    bangfu.office.decide_list(COUNTY, enlist)


def _decide(bangfu: Bangfu) -> None:
    office, register = bangfu.office, SqlRegister(bangfu.database)
    listed = register.list(office.scope(COUNTY, "committee"), LIST)
    acts = {case: Act(id=office.new_id(), person="committee", action="pass") for case, *_ in listed.items}
    decide_list(office, register, COUNTY, "committee", LIST, acts)


def _hang(bangfu: Bangfu) -> None:
    walk(bangfu, bangfu.households, steps=_HUNG)


def _fire(bangfu: Bangfu) -> None:
    swept = bangfu.office.sweep()
    if swept.failed or not swept.fired:
        raise RuntimeError(f"{swept.fired} timers fired, {len(swept.failed)} failed")


KINDS = (
    Kind("w3_list", 10, 4, _enlist, _decide, _ON_LIST, (COUNTY, LIST)),
    Kind("w4_fire", 6, 3, _hang, _fire, _DUE, (millis(time_of(_HUNG)),)),
)


def batches(places: Places, rounds: int, cases: int, chance: random.Random) -> Iterator[Measure]:
    """Both batches against their floors, and a list against as many single commands; the first round warms up."""
    for kind in KINDS:
        recording, writes = _recorded(places, kind)
        _prepared(places, "before", cases, kind.bring)
        series = Series()
        for warm in range(rounds + 1):
            both = _round(places, kind, recording, writes, chance)
            if warm:
                series.add(both["bangfu"], both["floor"])
        yield series.measure(f"{kind.name}_{places.kind}", kind.target, cases, kind.aim)
        if kind.work is _decide:
            _prepared(places, "alone", cases, _stand)
            yield _against_single(places, rounds, cases, chance)


def _prepared(places: Places, name: str, cases: int, bring: Callable[[Bangfu], object]) -> None:
    with Bangfu(places.create(name), cases) as bangfu:
        bring(bangfu)


def _recorded(places: Places, kind: Kind) -> tuple[Recording, tuple[Write, ...]]:
    """What the batch writes for one case, and whose ids stand in it."""
    with Bangfu(places.create("recorded"), 1) as bangfu:
        kind.bring(bangfu)
        (subject,), (case,) = bangfu.households, _cases(bangfu)
        bangfu.office.time_source = ManualTime(time_of(_HUNG))
        writes = written(bangfu, lambda: kind.work(bangfu))
        number = bangfu.store.load(COUNTY, case).case.number
    if places.kind == "postgres":
        return Recording(case, subject, number, ()), writes
    return Recording(case.bytes, subject.bytes, number, ()), writes


def _cases(bangfu: Bangfu) -> list[UUID]:
    with bangfu.database.connection() as connection:
        rows = connection.execute("SELECT id FROM cases ORDER BY id").fetchall()
    return [each if isinstance(each, UUID) else UUID(bytes=each) for (each,) in rows]


def _opened(places: Places, name: str, to: str) -> Bangfu:
    """A copy of a prepared county, at the time of the batch."""
    bangfu = Bangfu(places.copy(name, to))
    bangfu.office.time_source = ManualTime(time_of(_HUNG))
    return bangfu


def _round(
    places: Places, kind: Kind, recording: Recording, writes: Sequence[Write], chance: random.Random
) -> Mapping[str, Timing]:
    with _opened(places, "before", "floor") as other:
        ids = _cases(other)
    values = [value.bytes if isinstance(value, UUID) and places.kind == "sqlite" else value for value in kind.values]
    floor = batch(places, "floor", recording, writes, ids, kind.read, values)
    with _opened(places, "before", "batch") as bangfu:
        bangfu.office.definitions.in_force(WORKFLOW)  # Compiled once by a program that runs.
        return in_turns({"bangfu": lambda: kind.work(bangfu), "floor": floor}, chance)


def _against_single(places: Places, rounds: int, cases: int, chance: random.Random) -> Measure:
    """A list's time for a case, against that of a single command: at most a twentieth."""
    series = Series()
    for warm in range(rounds + 1):
        with _opened(places, "before", "batch") as listed, _opened(places, "alone", "single") as single:
            ids = _cases(single)

            def one_by_one(single: Bangfu = single, ids: Sequence[UUID] = ids) -> None:
                for case in ids:
                    single.act(case, "committee", WALK[_LISTED].name)

            both = in_turns({"list": partial(_decide, listed), "single": one_by_one}, chance)
            if warm:
                series.add(both["list"], both["single"])
    return series.measure(f"w3_single_{places.kind}", 1 / 20, cases)
