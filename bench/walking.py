"""W1 and W2: bangfu and the floor take a number of cases through the walk, step by step in turns."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any, Protocol
from uuid import UUID

from bench.measuring import Measure, Series, in_turns
from bench.recording import Copy
from bench.work import ORDINARY, WALK, Bangfu


class Floor(Protocol):
    """What both floors do."""

    def copies(self, subjects: Sequence[UUID]) -> list[Copy]: ...
    def prepare(self, step: int, copies: Sequence[Copy]) -> Any: ...
    def take(self, step: int, prepared: Any) -> None: ...
    def close(self) -> None: ...


@dataclass(slots=True)
class Walked:
    """
    What the rounds showed.

    Attributes:
        one: Ordinary acts alone (W1).
        whole: The whole walk (W2).
        by_step: Every step, for the profile.
        cases: How many cases each side walked in a round.
    """

    cases: int
    one: Series = field(default_factory=Series)
    whole: Series = field(default_factory=Series)
    by_step: tuple[Series, ...] = field(default_factory=lambda: tuple(Series() for _ in WALK))

    def w1(self, name: str, target: float, aim: float, cpu: bool = False) -> Measure:
        return self.one.measure(name, target, self.cases * len(ORDINARY), aim, cpu)

    def w2(self, name: str, target: float, aim: float) -> Measure:
        return self.whole.measure(name, target, self.cases, aim)


def compare(
    bangfu: Bangfu, floor: Floor, subjects: Sequence[Sequence[UUID]], floors: Sequence[Sequence[UUID]],
    chance: random.Random,
) -> Walked:  # fmt: skip
    """
    Walk the households of each round, on both sides.

    Args:
        subjects: The households of bangfu's database, a list a round; *floors* those of the floor's.
    """
    walked = Walked(len(subjects[0]))
    for own, others in zip(subjects, floors, strict=True):
        copies = floor.copies(others)
        cases: list[UUID] = []
        for step, series in enumerate(walked.by_step):
            prepared = floor.prepare(step, copies)
            taken: list[UUID] = []

            def ours(step: int = step, taken: list[UUID] = taken) -> None:
                taken.extend(bangfu.take(step, cases, own))  # noqa: B023 - called before the loop goes on

            def plain(step: int = step, prepared: Any = prepared) -> None:
                floor.take(step, prepared)

            both = in_turns({"bangfu": ours, "floor": plain}, chance)
            series.add(both["bangfu"], both["floor"])
            cases = taken
        walked.whole.add(*_last(walked.by_step))
        walked.one.add(*_last([walked.by_step[step] for step in ORDINARY]))
    return walked


def _last(parts: Sequence[Series]) -> tuple[Any, Any]:
    """The latest round of *parts*, added up."""
    return reduce(add, (part.bangfu[-1] for part in parts)), reduce(add, (part.floor[-1] for part in parts))
