"""What wakes the sweep goes on whatever the clock on the wall does. No test waits for it to run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bangfu.scheduler import wake_if_set_back
from bangfu.timesource import SystemTime

EVERY = 15


@pytest.fixture
def scheduler() -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.start(paused=True)
    scheduler.add_job(lambda: None, IntervalTrigger(seconds=EVERY, timezone=UTC), id="tick")
    yield scheduler
    scheduler.shutdown()


def due(scheduler: BackgroundScheduler) -> datetime:
    return scheduler.get_job("tick").next_run_time


def test_R4_F14_a_clock_set_back_by_an_hour_does_not_put_the_sweep_to_sleep(scheduler: BackgroundScheduler) -> None:
    now = SystemTime().now()
    scheduler.modify_job("tick", next_run_time=now + timedelta(hours=1))
    wake_if_set_back(scheduler, now, EVERY)
    assert due(scheduler) < now + timedelta(minutes=30)


def test_a_clock_that_goes_on_changes_nothing(scheduler: BackgroundScheduler) -> None:
    before = due(scheduler)
    wake_if_set_back(scheduler, SystemTime().now(), EVERY)
    assert due(scheduler) == before
