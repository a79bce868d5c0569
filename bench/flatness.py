"""Whether a decision costs the same however old its case is, and however many others there are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from uuid import UUID

from bench.filling import case_id
from bench.measuring import Measure, Series, in_turns
from bench.work import COUNTY, Bangfu, walk
from engine.cases import Case

TARGET = 1.25
#: Rounds before those that count: the upper parts of large indexes come into memory.
WARMING = 10


def by_age(name: str, bangfu: Bangfu, rounds: int, chance: random.Random, age: int = 1000) -> Measure:
    """
    Four decisions from event 10 on, against the same four from event *age* on.

    A case grows old by being sent back and handed in again; so do both in what is measured.
    """
    subjects = bangfu.add_households(rounds + 1)
    (old,) = walk(bangfu, subjects[:1], steps=1)
    _to_and_fro(bangfu, old, until=age)
    series = Series()
    for subject in subjects[1:]:
        (young,) = walk(bangfu, [subject], steps=1)
        _to_and_fro(bangfu, young, until=9)
        sides = {side: partial(_to_and_fro, bangfu, case, times=2) for side, case in (("young", young), ("old", old))}
        both = in_turns(sides, chance)
        series.add(both["old"], both["young"])
    return series.measure(name, TARGET, 4)


def _to_and_fro(bangfu: Bangfu, case: UUID, times: int = 0, until: int = 0) -> None:
    """So many *times*, or until the case has that many events."""
    seq = 0
    while times > 0 or seq < until:
        bangfu.act(case, "cadre", "submit")
        seq = bangfu.act(case, "liaison", "return").seq
        times -= 1


def by_number(
    name: str, few: tuple[Bangfu, int], many: tuple[Bangfu, int], rounds: int, each: int, chance: random.Random
) -> Measure:
    """
    A decision on cases chosen at random among few, against the same among many.

    Args:
        few, many: A filled database, and how many cases it has.
        each: How many decisions a round.
    """
    first = WARMING * each
    chosen = [_untouched(bangfu, number, first + rounds * each, chance) for bangfu, number in (few, many)]
    for (bangfu, _), cases in zip((few, many), chosen, strict=True):
        _submit(bangfu, cases[:first])
    series = Series()
    for start in range(first, first + rounds * each, each):
        sides = {
            side: partial(_submit, bangfu, cases[start : start + each])
            for side, (bangfu, _), cases in zip(("few", "many"), (few, many), chosen, strict=True)
        }
        both = in_turns(sides, chance)
        series.add(both["many"], both["few"])
    return series.measure(name, TARGET, each)


def _submit(bangfu: Bangfu, cases: Sequence[UUID]) -> None:
    for case in cases:
        bangfu.act(case, "cadre", "submit")


def _untouched(bangfu: Bangfu, number: int, count: int, chance: random.Random) -> list[UUID]:
    """So many different cases that still stand where they were opened: an earlier run has moved some."""
    found: dict[UUID, Case] = {}
    while len(found) < count:
        case = bangfu.store.load(COUNTY, case_id(chance.randint(1, number))).case
        if case.seq == 1:
            found[case.id] = case
    return list(found)
