"""How long the command takes to start."""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from bench.measuring import Measure, Series, in_turns
from bench.places import KEY, Places
from bench.work import Bangfu, walk

_SQLMODEL = [sys.executable, "-c", "import sqlmodel"]


def importing(name: str, rounds: int, target: float) -> Measure:
    """Seconds that ``import cli`` takes, less those of starting Python, absolute."""
    clock = "from time import perf_counter; began = perf_counter(); import cli; print(perf_counter() - began)"
    seconds = median(float(_run([sys.executable, "-c", clock])) for _ in range(rounds))  # The first compiles.
    return Measure(name, seconds, target, seconds, unit="s")


def queueing(name: str, places: Places, rounds: int, target: float, chance: random.Random) -> Measure:
    """``bangfu queue`` on a county with open work, as a process of its own, against ``python -c "import sqlmodel"``."""
    with Bangfu(places.create("queued"), 60) as bangfu:
        walk(bangfu, bangfu.households, steps=2)
    key = places.path("queued").with_suffix(".key")
    key.unlink(missing_ok=True)
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(KEY))
    # What the installed command runs.
    command = [sys.executable, "-c", "from cli import app; app()", "queue", "--as", "liaison"]
    command += ["--database", str(places.path("queued")), "--key-file", str(key)]
    _run(command)
    series = Series()
    for _ in range(rounds):
        both = in_turns({"bangfu": lambda: _run(command), "sqlmodel": lambda: _run(_SQLMODEL)}, chance)
        series.add(both["bangfu"], both["sqlmodel"])
    return series.measure(name, target, 1)


def _run(command: Sequence[str]) -> str:
    # Installed programs are compiled once. A shell may forbid that to ours, while the libraries have it behind them.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
