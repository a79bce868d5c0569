"""How long the command takes to start."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from bench.measuring import Measure, Series, in_turns


def importing(name: str, rounds: int, target: float) -> Measure:
    """Seconds that ``import cli`` takes, less those of starting Python, absolute."""
    clock = "from time import perf_counter; began = perf_counter(); import cli; print(perf_counter() - began)"
    seconds = median(float(_run([sys.executable, "-c", clock])) for _ in range(rounds))
    return Measure(name, seconds, target, seconds, unit="s")


def against_sqlmodel(name: str, command: Sequence[str], rounds: int, target: float, chance: random.Random) -> Measure:
    """*command* as a process of its own, against ``python -c "import sqlmodel"``."""
    series = Series()
    for _ in range(rounds):
        both = in_turns(
            {"bangfu": lambda: _run(command), "sqlmodel": lambda: _run([sys.executable, "-c", "import sqlmodel"])},
            chance,
        )
        series.add(both["bangfu"], both["sqlmodel"])
    return series.measure(name, target, 1)


def _run(command: Sequence[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
