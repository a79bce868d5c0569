"""A practice database's time moves on from one due timer to the next, whatever the system clock does meanwhile."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import bangfu.wiring
from bangfu.settings import read_settings
from bangfu.wiring import FARTHEST, create_bangfu
from engine.cases import OpenCase, instant
from engine.errors import InputError
from engine.loading import Source, load
from storage.intake import Version
from tests.desk import COUNTY, NOW, VILLAGE, Desk

QUICK = load(
    [
        Source(
            "quick.yaml",
            """\
workflow: quick
title: 速办
subject: household
clause: 第一条
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages: {check: {title: 核实, by: village.cadre, limit: 6 hour, actions: {grant: {to: next}}}}
ends: {listed: {title: 已办, outcome: granted}}
""",
        )
    ]
)


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


def test_a_timer_that_is_due_within_a_day_fires_then_and_not_at_midnight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bangfu.wiring, "PracticeTime", Ticking)
    with create_bangfu(read_settings({}, database=f"sqlite:///{tmp_path}/practice.db"), practice=True) as made:
        desk = Desk(made.database).furnish()
        made.intake.add_version(
            Version(QUICK.hash, "quick", "", QUICK.canonical, QUICK.origins_text(), date(2026, 1, 1), NOW)
        )
        who: Any = {"id": UUID(int=1), "person": "li", "channel": "applied"}
        asked = OpenCase(**who, subject=desk.household.hex, division=VILLAGE, members=("1",))
        case = made.office.open(COUNTY, "quick", asked).case
        due = instant(case.section("clocks")["check"]["due"])
        assert made.calendar.local(due).hour not in (0, 24)
        assert sum(swept.fired for swept in made.advance(timedelta(days=8))) >= 1
        fired = [event for event in made.store.events(COUNTY, case.id) if event.kind == "fired"]
        assert timedelta(0) <= fired[0].at - due < timedelta(seconds=1)


def test_time_is_moved_on_by_a_bounded_while(tmp_path: Path) -> None:
    with create_bangfu(read_settings({}, database=f"sqlite:///{tmp_path}/practice.db"), practice=True) as made:
        before = made.database.offset()
        with pytest.raises(InputError, match="40 years"):
            list(made.advance(FARTHEST + timedelta(days=1)))
        assert made.database.offset() == before
