"""
How long something takes, and against what.

Sides take turns within a round, in random order, so that neighbours on the machine disturb both alike. A measure is
the median over rounds of the ratio within the round; medians of the times themselves are only for orientation.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, process_time


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds on the clock, and of this process on its processors."""

    wall: float
    cpu: float

    def __add__(self, other: Timing) -> Timing:
        return Timing(self.wall + other.wall, self.cpu + other.cpu)


@dataclass(frozen=True, slots=True)
class Measure:
    """
    One line of the result.

    Attributes:
        ratio: What is held against the target: bangfu / floor, or an absolute figure where there is no floor.
        target: At most this.
        aim: What we want it to be.
        bangfu, floor: Medians, in *unit*.
    """

    name: str
    ratio: float
    target: float
    bangfu: float
    floor: float | None = None
    unit: str = "us"
    aim: float | None = None

    @property
    def met(self) -> bool:
        return self.ratio <= self.target

    def as_json(self) -> dict[str, float | bool | str | None]:
        return {
            "ratio": _figure(self.ratio), "target": self.target, "met": self.met, "aim": self.aim, "unit": self.unit,
            "bangfu_median": _figure(self.bangfu), "floor_median": None if self.floor is None else _figure(self.floor),
        }  # fmt: skip


def _figure(value: float) -> float:
    """Three figures are more than such a measurement knows."""
    return float(f"{value:.3g}") if abs(value) < 1000 else round(value)


def timed(work: Callable[[], object]) -> Timing:
    """How long *work* takes."""
    wall, cpu = perf_counter(), process_time()
    work()
    return Timing(perf_counter() - wall, process_time() - cpu)


def in_turns(sides: Mapping[str, Callable[[], object]], chance: random.Random) -> dict[str, Timing]:
    """Let every side work once, in random order."""
    order = list(sides)
    chance.shuffle(order)
    return {name: timed(sides[name]) for name in order}


@dataclass(slots=True)
class Series:
    """The rounds of one comparison: seconds of both sides, a pair a round."""

    bangfu: list[Timing] = field(default_factory=list)
    floor: list[Timing] = field(default_factory=list)

    def add(self, bangfu: Timing, floor: Timing) -> None:
        self.bangfu.append(bangfu)
        self.floor.append(floor)

    def measure(self, name: str, target: float, times: int, aim: float | None = None, cpu: bool = False) -> Measure:
        """The median of the ratios; *times* is how often the work was done in a round."""
        bangfu, floor = (_seconds(side, cpu) for side in (self.bangfu, self.floor))
        ratio = median(one / other for one, other in zip(bangfu, floor, strict=True))
        per = 1e6 / times
        return Measure(name, ratio, target, median(bangfu) * per, median(floor) * per, aim=aim)


def _seconds(side: Sequence[Timing], cpu: bool) -> list[float]:
    return [timing.cpu if cpu else timing.wall for timing in side]
