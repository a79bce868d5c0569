"""A practice database's time moves on by whole days, whatever the system clock does meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import bangfu.wiring
from bangfu.settings import read_settings
from bangfu.wiring import create_bangfu


class Ticking:
    """A practice clock that moves with every look, and begins within a millisecond."""

    looks = 0

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def now(self) -> datetime:
        Ticking.looks += 1
        return (
            datetime(2026, 3, 2, 9, 0, 0, 700, tzinfo=UTC) + self.offset + Ticking.looks * timedelta(microseconds=300)
        )

    def monotonic(self) -> float:
        return 0.0


def test_moving_time_on_sweeps_after_each_midnight_and_never_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bangfu.wiring, "PracticeTime", Ticking)
    made = create_bangfu(read_settings({}, database=f"sqlite:///{tmp_path}/practice.db"), practice=True)
    days = []
    for _ in made.advance(timedelta(days=40)):
        days.append(made.today)
    assert days == sorted(days)
    assert len(set(days)) == 40, "each midnight is swept, from March 3rd to April 11th"
    made.close()
