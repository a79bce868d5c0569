from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine

from bangfu.timesource import ManualTime, PracticeTime, SystemTime

CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 2, 17, 8, 0, tzinfo=UTC)


def test_system_time_is_aware_and_utc():
    with time_machine.travel(START, tick=False):
        assert SystemTime().now() == START
        assert SystemTime().now().tzinfo is UTC


def test_practice_time_is_the_clock_moved_by_its_offset():
    with time_machine.travel(START, tick=False):
        assert PracticeTime(timedelta(days=8)).now() == START + timedelta(days=8)
        assert PracticeTime(timedelta()).now() == START


def test_manual_time_stands_still_until_it_is_advanced():
    time_source = ManualTime(START)
    assert time_source.now() == time_source.now() == START
    before = time_source.monotonic()
    assert time_source.advance(timedelta(hours=1)) == time_source.now() == START + timedelta(hours=1)
    assert time_source.monotonic() - before == 3600


def test_manual_time_is_utc_wherever_it_starts():
    time_source = ManualTime(START.astimezone(CHINA))
    assert time_source.now() == START
    assert time_source.now().tzinfo is UTC


def test_manual_time_refuses_a_naive_start_and_does_not_go_back():
    with pytest.raises(ValueError, match="naive"):
        ManualTime(START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="go back"):
        ManualTime(START).advance(timedelta(seconds=-1))
