"""
Legal time, counted by hand.

Weekdays of 2026 used below: Jan 1 is a Thursday, Feb 1 a Sunday, Mar 1 a Sunday, Oct 1 a Thursday.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import Calendar, CalendarOverlay, CalendarYear
from engine.clocks import (
    BY_CALENDAR,
    Amount,
    CalendarDate,
    ClockState,
    Extension,
    Offset,
    Stop,
    due,
    due_before,
    due_on,
    elapsed,
    end,
    extend,
    is_over,
    mark_late,
    parse_amount,
    parse_rung,
    parse_term,
    reminder_instants,
    restart,
    resume,
    settle,
    start,
    stop,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """An instant by the clock on a wall in Shanghai: `2026-02-06 10:00`, or 00:00 without a time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def last_day(begin: str, amount: str, calendar: Calendar, roll: bool = True) -> str:
    return due(at(begin), parse_amount(amount), calendar, roll).date.isoformat()


def clock(term: str, begin: str, calendar: Calendar, **more: object) -> ClockState:
    return start("limit", parse_term(term), at(begin), calendar, **more)  # type: ignore[arg-type]


def closing(days: str) -> CalendarOverlay:
    """A county whose offices are closed on these days (made up)."""
    return CalendarOverlay.model_validate(
        {"title": "防汛停工", "kind": "closure", "source": "示例〔2026〕1号", "off": [{"title": "停工", "days": days}]}
    )


def working(*days: str) -> CalendarOverlay:
    """An amended notice that makes these days working days (made up)."""
    return CalendarOverlay.model_validate({"title": "调整", "source": "示例〔2026〕2号", "work": days})


class TestTerms:
    @pytest.mark.parametrize("text", ["7 day", "20 workday", "48 hour", "3 month", "1 year"])
    def test_an_amount_is_read_and_written_alike(self, text: str) -> None:
        assert str(parse_amount(text)) == text
        assert parse_term(text) == parse_amount(text)

    @pytest.mark.parametrize("text", ["0 day", "7 days", "-3 day", "7  day", "seven day", "７ day", "", "12345 day"])
    def test_anything_else_is_no_amount(self, text: str) -> None:
        with pytest.raises(ValueError, match="no amount"):
            parse_amount(text)

    def test_a_rung_has_a_sign(self) -> None:
        assert [parse_rung(t) for t in ("-3 workday", "0 day", "+1 hour", "2 day")] == [
            Amount(-3, "workday"),
            Amount(0, "day"),
            Amount(1, "hour"),
            Amount(2, "day"),
        ]
        with pytest.raises(ValueError, match="no rung"):
            parse_rung("soon")

    @pytest.mark.parametrize(
        ("text", "term"),
        [
            ("by 05-31 18:00", CalendarDate("by", 5, 31, None, time(18))),
            ("by 2020-11-20", CalendarDate("by", 11, 20, 2020)),
            ("until 01-01", CalendarDate("until", 1, 1)),
            ("15 day before expires_on", Offset(Amount(15, "day"), "before", "expires_on")),
            ("3 month after county_review.list", Offset(Amount(3, "month"), "after", "county_review.list")),
            ("expires_on", Offset(Amount(0, "day"), "before", "expires_on")),
        ],
    )
    def test_a_moment_is_read_and_written_alike(self, text: str, term: object) -> None:
        assert parse_term(text) == term
        assert str(parse_term(text)) == text

    @pytest.mark.parametrize(
        "text", ["by 13-01", "by 2026-02-29", "by 05-31 25:00", "48 hour before x", "0 day before x", "by noon!"]
    )
    def test_a_wrong_moment_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            parse_term(text)


class TestCounting:
    def test_M5_the_first_day_is_not_counted(self, china: Calendar) -> None:
        """
        Art. 201. Posted on Monday 2026-03-02 at 00:00:00 or at 23:59:59, seven days are the 3rd to the 9th, and the
        notice is up through Monday the 9th, to the last second.
        """
        for moment in ("2026-03-02", "2026-03-02 23:59:59"):
            found = due(at(moment), parse_amount("7 day"), china)
            assert found.date == date(2026, 3, 9)
            assert found.at == at("2026-03-10")
        assert last_day("2026-03-02", "1 workday", china) == "2026-03-03"

    def test_M6_I15_the_day_is_the_day_in_shanghai_not_in_utc(self, china: Calendar) -> None:
        """
        At 2026-03-02T16:30Z it is half past midnight on the 3rd in Shanghai: one day is the 4th, which ends at 16:00Z.
        """
        found = due(datetime(2026, 3, 2, 16, 30, tzinfo=UTC), parse_amount("1 day"), china)
        assert (found.date, found.at) == (date(2026, 3, 4), datetime(2026, 3, 4, 16, tzinfo=UTC))
        elsewhere = datetime(2026, 3, 2, 11, 30, tzinfo=ZoneInfo("America/New_York"))
        assert due(elsewhere, parse_amount("1 day"), china) == found

    def test_the_last_day_ends_at_24_00_or_at_the_close_of_business(self, china: Calendar) -> None:
        """Art. 203 II."""
        week = parse_amount("7 day")
        assert due(at("2026-03-02 10:00"), week, china).at == at("2026-03-10 00:00")
        assert due(at("2026-03-02 10:00"), week, china, day_ends=time(17, 30)).at == at("2026-03-09 17:30")

    def test_I12_publicity_of_seven_days_rolls_over_spring_festival_or_not(self, china: Calendar) -> None:
        """
        Posted on Monday 2026-02-09: the 10th to the 16th. The 16th is in the holiday (15th to 23rd), so by art. 203
        the last day is Tuesday the 24th; where the text says otherwise (204) it stays the 16th.
        """
        assert last_day("2026-02-09 10:00", "7 day", china) == "2026-02-24"
        assert last_day("2026-02-09 10:00", "7 day", china, roll=False) == "2026-02-16"

    def test_a_last_day_on_a_makeup_saturday_stays(self, china: Calendar) -> None:
        """From Saturday 2026-02-21, seven days end on Saturday the 28th, which is worked; a week before it was not."""
        assert last_day("2026-02-21", "7 day", china) == "2026-02-28"
        assert last_day("2026-01-31", "7 day", china) == "2026-02-09"  # Saturday, Feb 7 -> Monday

    def test_twenty_working_days_across_spring_festival(self, china: Calendar) -> None:
        """
        From Friday 2026-02-06: 9-13 (5), Saturday 14 worked (6), 15-23 off, 24-27 (10), Saturday 28 worked (11),
        March 2-6 (16), 9-12 (20). The end is Thursday, March 12.
        """
        assert last_day("2026-02-06 10:00", "20 workday", china) == "2026-03-12"

    def test_five_working_days_across_national_day(self, china: Calendar) -> None:
        """From Monday 2026-09-28: 29, 30 (2), October 1-7 off, 8, 9 (4), Saturday 10 worked (5)."""
        assert last_day("2026-09-28", "5 workday", china) == "2026-10-10"

    def test_a_period_that_begins_in_the_holiday_counts_from_its_first_working_day(self, china: Calendar) -> None:
        """From Saturday 2026-10-03: Thursday the 8th is the first working day, Saturday the 10th the third."""
        assert last_day("2026-10-03", "1 workday", china) == "2026-10-08"
        assert last_day("2026-10-03", "3 workday", china) == "2026-10-10"

    @pytest.mark.parametrize(
        ("begin", "amount", "expected"),
        [
            ("2026-01-31", "1 month", "2026-02-28"),  # no 31st in February: its last day, a worked Saturday
            ("2024-01-31", "1 month", "2024-02-29"),  # leap year; a Thursday
            ("2024-02-29", "1 year", "2025-02-28"),  # no corresponding day; a Friday
            ("2024-02-29", "4 year", "2028-02-29"),  # there is one again; a Tuesday
            ("2026-03-31", "3 month", "2026-06-30"),  # a Tuesday
            ("2026-02-28", "1 month", "2026-03-30"),  # the 28th is a Saturday: art. 203, Monday
            ("2025-11-30", "3 month", "2026-02-28"),  # across the year's end, onto a worked Saturday
            ("2025-12-15", "12 month", "2026-12-15"),
        ],
    )
    def test_months_and_years_end_on_the_corresponding_day(
        self, china: Calendar, begin: str, amount: str, expected: str
    ) -> None:
        """Art. 202, then 203."""
        assert last_day(begin, amount, china) == expected

    def test_months_are_not_chained(self, china: Calendar) -> None:
        """Two months from Dec 31 are Feb 28, but three are Mar 31: the corresponding day is that of the start."""
        assert last_day("2025-12-31", "2 month", china, roll=False) == "2026-02-28"
        assert last_day("2025-12-31", "3 month", china, roll=False) == "2026-03-31"

    def test_hours_are_exact_and_stay_on_the_holiday(self, china: Calendar) -> None:
        """Art. 201 II: 48 hours from Friday 2026-02-13 at 10:20 end in the holiday, on Sunday the 15th at 10:20."""
        found = due(at("2026-02-13 10:20"), parse_amount("48 hour"), china)
        assert (found.at, found.date, found.provisional) == (at("2026-02-15 10:20"), date(2026, 2, 15), False)
        midnight = due(at("2026-02-13"), parse_amount("24 hour"), china)
        assert (midnight.at, midnight.date) == (at("2026-02-14"), date(2026, 2, 13))

    def test_F18_hours_are_elapsed_hours_when_the_clocks_on_the_wall_are_changed(self, china: Calendar) -> None:
        """1990-04-15 had 23 hours in Shanghai, so 24 hours from its beginning end at 01:00 of the 16th."""
        found = due(at("1990-04-15"), parse_amount("24 hour"), china)
        assert found.at == at("1990-04-16 01:00")
        assert due(at("1990-04-14 12:00"), parse_amount("1 day"), china, roll=False).at == at("1990-04-16")

    def test_F19_a_due_date_in_a_year_without_notice_is_provisional(self, china: Calendar) -> None:
        """
        From Thursday 2026-12-24: the 25th and 28th are settled, from the 29th on the notice for 2027 may still speak.
        Seven natural days need the calendar only for the last one.
        """
        assert not due(at("2026-12-24"), parse_amount("2 workday"), china).provisional
        assert due(at("2026-12-24"), parse_amount("3 workday"), china).provisional
        new_year = due(at("2026-12-25"), parse_amount("10 workday"), china)
        assert (new_year.date, new_year.provisional) == (date(2027, 1, 8), True)
        assert due(at("2026-12-24"), parse_amount("7 day"), china).provisional
        assert not due(at("2026-12-24"), parse_amount("7 day"), china, roll=False).provisional

    def test_a_naive_start_is_refused(self, china: Calendar) -> None:
        naive = datetime(2026, 3, 2)  # noqa: DTZ001 - naive on purpose
        for amount in ("1 day", "1 hour"):
            with pytest.raises(ValueError, match="time zone"):
                due(naive, parse_amount(amount), china)
        with pytest.raises(ValueError, match="time zone"):
            start("x", parse_amount("1 day"), naive, china)


class TestMoments:
    def test_a_date_is_the_next_one_after_the_start(self, china: Calendar) -> None:
        """2026-05-31 is a Sunday (to June 1), 2027-05-31 a Monday in a year without notice."""
        by = CalendarDate("by", 5, 31)
        assert due_on(at("2026-03-02"), by, china).date == date(2026, 6, 1)
        assert due_on(at("2026-03-02"), by, china, roll=False).at == at("2026-06-01")
        assert due_on(at("2026-05-31 23:00"), by, china).date == date(2026, 6, 1)
        later = due_on(at("2026-06-01"), by, china)
        assert (later.date, later.provisional) == (date(2027, 5, 31), True)

    def test_a_time_of_day_belongs_to_the_date(self, china: Calendar) -> None:
        by = CalendarDate("by", 5, 29, None, time(18))
        assert due_on(at("2026-05-29 17:59"), by, china).at == at("2026-05-29 18:00")
        assert due_on(at("2026-05-29 18:00"), by, china).date == date(2027, 5, 31)  # the 29th is a Saturday
        assert due_on(at("2026-03-02"), CalendarDate("by", 5, 29), china, day_ends=time(17)).at == at(
            "2026-05-29 17:00"
        )

    def test_until_a_date_is_to_its_beginning_and_never_moves(self, china: Calendar) -> None:
        until = due_on(at("2025-06-01"), CalendarDate("until", 1, 1), china)
        assert (until.at, until.date) == (at("2026-01-01"), date(2025, 12, 31))
        assert due_on(at("2025-06-01"), CalendarDate("until", 1, 1, None, time(9)), china).at == at("2026-01-01 09:00")

    def test_a_date_with_its_year_may_have_passed(self, china: Calendar) -> None:
        assert due_on(at("2021-01-04"), CalendarDate("by", 11, 20, 2020), china).at == at("2020-11-21")

    def test_february_29th_is_the_28th_where_there_is_none(self, china: Calendar) -> None:
        assert due_on(at("2026-01-05"), CalendarDate("by", 2, 29), china, roll=False).date == date(2026, 2, 28)

    def test_backwards_the_anchors_day_is_not_counted(self, china: Calendar) -> None:
        """
        Thirty days before 2026-12-31 is December 1: the 2nd to the 31st are thirty days. As a limit it is over when
        that day ends, as a wait when it begins. It is a Tuesday; May 1 as well stays, though it is a holiday.
        """
        thirty = parse_amount("30 day")
        assert due_before(date(2026, 12, 31), thirty, china).at == at("2026-12-02")
        assert due_before(date(2026, 12, 31), thirty, china, day_ends=time(17)).at == at("2026-12-01 17:00")
        assert due_before(date(2026, 12, 31), thirty, china, "wait").at == at("2026-12-01")
        assert due_before(at("2026-05-31 09:00"), thirty, china).date == date(2026, 5, 1)

    def test_backwards_in_working_days_and_months(self, china: Calendar) -> None:
        """
        Before Saturday 2026-10-10: the 9th and 8th, then September 30. A month before March 31 is February 28.
        """
        assert due_before(date(2026, 10, 10), parse_amount("3 workday"), china).date == date(2026, 9, 30)
        assert due_before(date(2026, 3, 31), parse_amount("1 month"), china).date == date(2026, 2, 28)
        assert due_before(date(2026, 3, 31), parse_amount("1 year"), china).date == date(2025, 3, 31)
        assert due_before(date(2027, 1, 8), parse_amount("1 workday"), china).provisional
        assert not due_before(date(2026, 12, 8), parse_amount("1 workday"), china).provisional
        with pytest.raises(ValueError, match="backwards"):
            due_before(date(2026, 3, 31), parse_amount("1 hour"), china)

    def test_a_clock_may_count_from_another_moment(self, china: Calendar) -> None:
        expiry = date(2026, 12, 31)
        before = clock("15 day before expires_on", "2026-03-02", china, anchor=expiry)
        assert before.due_date == date(2026, 12, 16)
        assert clock("expires_on", "2026-03-02", china, anchor=expiry).due_at == at("2027-01-01")
        assert clock("expires_on", "2026-03-02", china, anchor=expiry, kind="wait").due_at == at("2026-12-31")
        after = clock("3 month after granted", "2026-03-02", china, anchor=at("2026-01-05 15:00"))
        assert after.due_date == date(2026, 4, 7)  # April 5 is a Sunday in the holiday of the 4th to 6th
        with pytest.raises(ValueError, match="not known"):
            clock("expires_on", "2026-03-02", china)

    def test_a_window_is_a_wait_and_a_limit(self, china: Calendar) -> None:
        """Renewal between 30 and 10 days before 2026-12-31: from December 1 at 00:00 through the 21st."""
        expiry = date(2026, 12, 31)
        opens = clock("30 day before expires_on", "2026-03-02", china, anchor=expiry, kind="wait")
        closes = clock("10 day before expires_on", "2026-03-02", china, anchor=expiry)
        assert (opens.due_at, closes.due_at) == (at("2026-12-01"), at("2026-12-22"))
        assert not is_over(opens, at("2026-11-30 23:59"))
        assert is_over(opens, at("2026-12-01"))


class TestStops:
    def test_C10_a_suspension_moves_the_due_date_when_it_is_lifted(self, china: Calendar) -> None:
        """
        open-zaak#885: a case was put on hold and its due date stayed. Ten working days from Monday 2026-03-02 end on
        Monday the 16th. On hold from Thursday the 5th to Tuesday the 10th: 5, 6, 9, 10 do not count. So 3, 4 (2),
        11-13 (5), 16-20 (10): Friday the 20th.
        """
        running = clock("10 workday", "2026-03-02 09:00", china)
        assert running.due_date == date(2026, 3, 16)
        held = stop(running, at("2026-03-05 11:00"), "等待补正", "补正通知书〔2026〕1号")
        assert held.status == "stopped"
        assert not is_over(held, at("2026-12-31"))
        lifted = resume(held, at("2026-03-10 15:00"), china)
        assert lifted.status == "running"
        assert lifted.due_date == date(2026, 3, 20)
        assert lifted.stops == (
            Stop(at("2026-03-05 11:00"), at("2026-03-10 15:00"), "等待补正", "补正通知书〔2026〕1号"),
        )

    def test_a_day_counts_only_if_the_clock_ran_the_whole_of_it(self, china: Calendar) -> None:
        """
        Seven days from March 2 (roll off) are the 3rd to the 9th. A stop for one hour on the 4th takes the 4th; one
        that ends at 24:00 leaves the next day whole; one of no length takes nothing.
        """
        week = clock("7 day", "2026-03-02", china, roll=False)
        for since, until, expected in [
            ("2026-03-04 10:00", "2026-03-04 11:00", "2026-03-10"),
            ("2026-03-04 10:00", "2026-03-05 00:00", "2026-03-10"),
            ("2026-03-04 00:00", "2026-03-06 00:00", "2026-03-11"),
            ("2026-03-04 10:00", "2026-03-06 10:00", "2026-03-12"),
            ("2026-03-04 10:00", "2026-03-04 10:00", "2026-03-09"),
            ("2026-03-02 10:00", "2026-03-02 11:00", "2026-03-09"),  # the first day did not count anyway
        ]:
            found = resume(stop(week, at(since), "补正"), at(until), china)
            assert found.due_date.isoformat() == expected, (since, until)

    def test_stops_on_rest_days_cost_no_working_day(self, china: Calendar) -> None:
        """Stopped over the weekend of March 7 and 8."""
        found = clock("10 workday", "2026-03-02", china)
        found = resume(stop(found, at("2026-03-07"), "停"), at("2026-03-09"), china)
        assert found.due_date == date(2026, 3, 16)

    def test_months_end_as_many_days_later_as_were_stopped(self, china: Calendar) -> None:
        """One month from March 2 is April 2; four days touched give the 6th, a holiday, so Tuesday the 7th."""
        month = clock("1 month", "2026-03-02", china)
        found = resume(stop(month, at("2026-03-10 09:00"), "停"), at("2026-03-13 09:00"), china)
        assert found.due_date == date(2026, 4, 7)
        assert month.due_date == date(2026, 4, 2)

    def test_a_stop_after_the_months_end_but_before_the_rolled_day_moves_only_the_last_day(
        self, china: Calendar
    ) -> None:
        """
        One month from February 28 is Saturday March 28, rolled to Monday the 30th. Stopped from Sunday to Tuesday, the
        30th and 31st are not whole: Wednesday April 1.
        """
        month = clock("1 month", "2026-02-28", china)
        assert month.due_date == date(2026, 3, 30)
        found = resume(stop(month, at("2026-03-29 12:00"), "停"), at("2026-03-31 12:00"), china)
        assert found.due_date == date(2026, 4, 1)

    def test_hours_are_stopped_exactly(self, china: Calendar) -> None:
        found = clock("48 hour", "2026-03-02 10:00", china)
        found = resume(stop(found, at("2026-03-02 12:00"), "停"), at("2026-03-02 12:45"), china)
        assert found.due_at == at("2026-03-04 10:45")

    def test_stages_that_do_not_count_are_stops_without_document_and_may_overlap(self, china: Calendar) -> None:
        """
        20 working days from 2026-03-02 end on Monday the 30th. Publicity does not count (from the 4th through the
        12th, over at 24:00); meanwhile the clock is stopped by hand from the 11th to the 16th. 4-6, 9-13, 16: nine
        working days do not count. From the 30th nine more: March 31, April 1-3, (4-6 off) 7-10, 13.
        """
        whole = clock("20 workday", "2026-03-02", china)
        assert whole.due_date == date(2026, 3, 30)
        whole = stop(whole, at("2026-03-04 10:00"), "excluded:village_publicity")
        whole = stop(whole, at("2026-03-11 09:00"), "洪水", "示例〔2026〕1号")
        whole = resume(whole, at("2026-03-13"), china, "excluded:village_publicity")
        assert whole.status == "stopped"
        whole = resume(whole, at("2026-03-16 09:00"), china)
        assert (whole.status, whole.due_date) == ("running", date(2026, 4, 13))

    def test_a_stop_gives_nothing_back_to_a_clock_that_has_run_out(self, china: Calendar) -> None:
        late = mark_late(clock("1 workday", "2026-03-02", china, day_ends=time(17)), at("2026-03-03 17:00"))
        late = stop(late, at("2026-03-03 20:00"), "停")
        assert is_over(late, at("2026-03-05"))
        late = resume(late, at("2026-03-06"), china)
        assert (late.due_date, late.is_late) == (date(2026, 3, 3), True)

    def test_a_date_is_moved_by_an_extension_and_by_no_stop(self, china: Calendar) -> None:
        """November 20, 2026 is a Friday; five working days more end on the 27th, two days more on Monday the 23rd."""
        fixed = clock("by 11-20", "2026-03-02", china)
        assert resume(stop(fixed, at("2026-05-06"), "停"), at("2026-06-01"), china).due == fixed.due
        assert extend(fixed, parse_amount("5 workday"), china, reason="延期").due_date == date(2026, 11, 27)
        assert extend(fixed, parse_amount("2 day"), china, reason="延期").due_date == date(2026, 11, 23)
        before = clock("10 day before expires_on", "2026-03-02", china, anchor=date(2026, 12, 31))
        assert extend(before, parse_amount("5 day"), china, reason="延期").due_date == date(2026, 12, 26)

    def test_what_cannot_be_stopped_or_resumed_says_so(self, china: Calendar) -> None:
        running = clock("7 day", "2026-03-02", china)
        held = stop(running, at("2026-03-04"), "补正")
        twice = stop(held, at("2026-03-04"), "洪水")
        refused: list[tuple[str, Callable[[], ClockState]]] = [
            ("already stopped", lambda: stop(held, at("2026-03-05"), "补正")),
            ("0 stops", lambda: resume(running, at("2026-03-05"), china)),
            ("0 stops to end: 洪水", lambda: resume(held, at("2026-03-05"), china, "洪水")),
            ("2 stops", lambda: resume(twice, at("2026-03-05"), china)),
            ("before it begins", lambda: resume(held, at("2026-03-03"), china)),
            ("has ended", lambda: stop(end(running, at("2026-03-05")), at("2026-03-06"), "补正")),
        ]
        for complaint, act in refused:
            with pytest.raises(ValueError, match=complaint):
                act()


class TestExtensions:
    def test_in_its_own_unit_it_is_added(self, china: Calendar) -> None:
        """
        10 + 5 working days from 2026-03-02: Monday the 16th, then Monday the 23rd. 1 + 1 months from January 31: not
        February 28 and a month, but March 31.
        """
        found = extend(
            clock("10 workday", "2026-03-02", china), parse_amount("5 workday"), china, reason="疑难", by="p1"
        )
        assert found.due_date == date(2026, 3, 23)
        assert found.extensions == (Extension(Amount(5, "workday"), "疑难", "", "p1"),)
        months = extend(clock("1 month", "2026-01-31", china), parse_amount("1 month"), china, reason="疑难")
        assert months.due_date == date(2026, 3, 31)
        years = extend(clock("1 year", "2024-02-29", china), parse_amount("3 year"), china, reason="疑难")
        assert years.due_date == date(2028, 2, 29)

    def test_in_another_unit_it_is_counted_from_the_last_day_before_it_rolled(self, china: Calendar) -> None:
        """Seven days from March 7 are Saturday the 14th, rolled to the 16th. A month more: April 14, not the 16th."""
        week = clock("7 day", "2026-03-07", china)
        assert week.due_date == date(2026, 3, 16)
        assert extend(week, parse_amount("1 month"), china, reason="疑难").due_date == date(2026, 4, 14)

    def test_hours_and_days_do_not_mix(self, china: Calendar) -> None:
        assert extend(clock("48 hour", "2026-03-02", china), Amount(24, "hour"), china, reason="x").due_at == at(
            "2026-03-05"
        )
        for term, more in [("48 hour", "1 day"), ("7 day", "24 hour")]:
            with pytest.raises(ValueError, match="extended by"):
                extend(clock(term, "2026-03-02", china), parse_amount(more), china, reason="x")

    def test_an_extension_ends_lateness_if_it_reaches_beyond(self, china: Calendar) -> None:
        late = mark_late(clock("1 workday", "2026-03-02", china), at("2026-03-05"))
        assert late.is_late
        assert extend(late, Amount(1, "workday"), china, reason="x").is_late
        assert not extend(late, Amount(3, "workday"), china, reason="x").is_late


class TestLedger:
    def test_a_restart_leaves_everything_behind_but_the_rule(self, china: Calendar) -> None:
        first = clock("7 day", "2026-03-02", china, roll=False, day_ends=time(17), protects="citizen", kind="wait")
        used = mark_late(
            extend(stop(first, at("2026-03-03"), "停"), Amount(1, "day"), china, reason="x"), at("2026-03-20")
        )
        again = restart(used, at("2026-04-01"), china, cause="notice.posted", entry=2)
        assert again == start(
            "limit", parse_term("7 day"), at("2026-04-01"), china,
            kind="wait", entry=2, cause="notice.posted", roll=False, day_ends=time(17), protects="citizen",
        )  # fmt: skip
        assert restart(first, at("2026-04-01"), china, cause="x").entry == first.entry

    def test_an_end_closes_the_stops_and_freezes_the_clock(self, china: Calendar) -> None:
        held = stop(clock("7 day", "2026-03-02", china), at("2026-03-04"), "停")
        ended = end(held, at("2026-03-06"))
        assert ended.status == "ended"
        assert ended.stops[0].until == at("2026-03-06")
        assert not is_over(ended, at("2027-01-01"))
        assert is_over(end(clock("7 day", "2026-03-02", china), at("2026-03-10")), at("2026-03-10"))

    def test_I12_a_wait_is_over_at_24_00_and_not_a_moment_before(self, china: Calendar) -> None:
        wait = clock("7 day", "2026-03-02 15:00", china, kind="wait")
        assert not is_over(wait, at("2026-03-10") - timedelta(microseconds=1))
        assert is_over(wait, at("2026-03-10"))

    def test_elapsed_are_whole_days_that_are_over(self, china: Calendar) -> None:
        """From Friday 2026-02-13 with the 25th stopped: by the evening of the 26th only the 14th and the 24th."""
        found = clock("20 workday", "2026-02-13 10:00", china)
        assert elapsed(found, at("2026-02-13 18:00"), china) == Amount(0, "workday")
        found = stop(found, at("2026-02-25 10:00"), "停")
        assert elapsed(found, at("2026-02-26 22:00"), china) == Amount(2, "workday")
        found = resume(found, at("2026-02-25 16:00"), china)
        assert elapsed(found, at("2026-02-27"), china) == Amount(3, "workday")
        assert elapsed(end(found, at("2026-02-27")), at("2026-12-01"), china) == Amount(3, "workday")

    def test_elapsed_of_other_units(self, china: Calendar) -> None:
        assert elapsed(clock("1 month", "2026-03-02", china), at("2026-03-10 12:00"), china) == Amount(7, "day")
        assert elapsed(clock("by 11-20", "2026-03-02", china), at("2026-03-10 12:00"), china) == Amount(7, "day")
        hours = clock("48 hour", "2026-03-02 10:00", china)
        assert elapsed(hours, at("2026-03-02 09:00"), china) == Amount(0, "hour")
        assert elapsed(stop(hours, at("2026-03-02 12:30"), "停"), at("2026-03-04"), china) == Amount(2, "hour")
        early = stop(clock("7 day", "2026-03-02 10:00", china), at("2026-03-02 11:00"), "停")
        assert elapsed(early, at("2026-03-02 12:00"), china) == Amount(0, "day")

    def test_json_is_small_and_leaves_defaults_out(self, china: Calendar) -> None:
        found = clock("20 workday", "2026-02-06 10:00", china, cause="township_review.ready")
        assert found.to_json() == {
            "for": "20 workday",
            "at": "2026-02-06T02:00:00Z",
            "cause": "township_review.ready",
            "due": "2026-03-12T16:00:00Z",
            "day": "2026-03-12",
            "cal": china.id,
        }

    def test_json_brings_everything_back(self, china: Calendar) -> None:
        found = clock(
            "3 month after granted", "2026-12-01 10:00:00.123456", china,
            kind="wait", entry=3, cause="x.done", anchor=at("2026-11-30"),
            roll=False, day_ends=time(17, 30), protects="citizen",
        )  # fmt: skip
        found = resume(stop(found, at("2026-12-02"), "停", "文1"), at("2026-12-04"), china)
        found = extend(
            stop(found, at("2026-12-05"), "excluded:x"), Amount(5, "workday"), china, reason="r", document="d", by="p"
        )
        found = end(mark_late(found, at("2027-06-01")), at("2027-06-02"))
        assert found.provisional
        assert ClockState.from_json(found.clock, json.loads(json.dumps(found.to_json()))) == found
        dated = clock("expires_on", "2026-03-02", china, anchor=date(2026, 12, 31))
        assert ClockState.from_json(dated.clock, dated.to_json()) == dated


class TestReminders:
    LADDER = tuple(parse_rung(text) for text in ("+1 workday", "-3 workday", "0 workday", "-24 hour", "-1 day"))

    def test_rungs_come_in_due_order_at_nine(self, china: Calendar) -> None:
        """
        Due on Thursday 2026-10-08 at 24:00, the first working day after the holiday: three working days before are
        September 28, 29, 30 -> the 28th; one day before is the 7th; 24 hours before is the 8th at 00:00.
        """
        found = clock("6 workday", "2026-09-22 10:00", china)
        assert found.due_date == date(2026, 10, 8)
        assert reminder_instants(found, self.LADDER, china) == [
            (1, at("2026-09-28 09:00")),
            (4, at("2026-10-07 09:00")),
            (3, at("2026-10-08 00:00")),
            (2, at("2026-10-08 09:00")),
            (0, at("2026-10-09 09:00")),
        ]

    def test_rungs_before_the_start_are_left_out(self, china: Calendar) -> None:
        found = clock("1 workday", "2026-03-02 10:00", china)
        assert [rung for rung, _ in reminder_instants(found, self.LADDER, china, time(8))] == [3, 2, 0]

    def test_a_clock_that_does_not_run_reminds_nobody(self, china: Calendar) -> None:
        found = clock("5 workday", "2026-03-02", china)
        assert reminder_instants(stop(found, at("2026-03-03"), "停"), self.LADDER, china) == []
        assert reminder_instants(end(found, at("2026-03-03")), self.LADDER, china) == []

    def test_C01_a_clock_started_again_reminds_again(self, china: Calendar) -> None:
        first = clock("5 workday", "2026-03-02", china)
        again = restart(first, at("2026-04-13"), china, cause="x.entered")
        assert len(reminder_instants(again, self.LADDER, china)) == len(reminder_instants(first, self.LADDER, china))


class TestSettling:
    def test_F20_the_amended_notice_of_2020_moves_a_deadline(
        self, china: Calendar, notices: list[CalendarYear]
    ) -> None:
        """
        On 2020-01-20, by 〔2019〕16号, five working days were 21, 22, 23, 31 and Saturday February 1. 〔2020〕1号 made
        the last two holidays: February 3 and 4.
        """
        as_notified = Calendar.of([notices[0].model_copy(update={"amended": ()}), *notices[1:]])
        before = clock("5 workday", "2020-01-20", as_notified)
        assert before.due_date == date(2020, 2, 1)
        after = settle(before, china)
        assert (after.due_date, after.calendar) == (date(2020, 2, 4), china.id)
        assert (before.due_date, before.calendar) == (date(2020, 2, 1), as_notified.id)

    def test_nothing_to_record_where_nothing_moves(self, china: Calendar, notices: list[CalendarYear]) -> None:
        flooded = Calendar.of(notices, [closing("2026-07-01..2026-07-03")])
        untouched = clock("10 workday", "2026-03-02", china)
        assert settle(untouched, flooded) is untouched
        ended = end(clock("10 workday", "2026-06-29", china), at("2026-06-30"))
        assert settle(ended, flooded) is ended
        assert settle(clock("10 workday", "2026-06-29", china), flooded).due_date == date(2026, 7, 16)

    def test_M17_a_provisional_date_is_settled_when_the_year_is_known(
        self, china: Calendar, notices: list[CalendarYear]
    ) -> None:
        """A made-up notice for 2027: New Year from the 1st to the 3rd. The end moves from the 8th to the 11th."""
        year = {"year": 2027, "source": "示例", "off": [{"title": "元旦", "days": "2027-01-01..2027-01-03"}]}
        known = Calendar.of([*notices, CalendarYear.model_validate(year)])
        found = clock("10 workday", "2026-12-25", china)
        assert found.provisional
        settled = settle(found, known)
        assert (settled.due_date, settled.provisional) == (date(2027, 1, 11), False)

    @pytest.mark.parametrize("term", ["7 day", "5 workday", "1 month", "by 03-14"])
    def test_I14_F20_the_citizens_time_is_never_shortened(
        self, china: Calendar, notices: list[CalendarYear], term: str
    ) -> None:
        """
        Saturday 2026-03-14 is made a working day. Periods whose last day it is would end there and no more on Monday
        the 16th; five working days from the 9th would end on the Saturday too. The office's limit is counted anew.
        """
        begin = {"7 day": "2026-03-07", "1 month": "2026-02-14"}.get(term, "2026-03-09")
        amended = Calendar.of(notices, [working("2026-03-14")])
        office = clock(term, begin, china)
        assert office.due_date == date(2026, 3, 16)
        assert settle(office, amended).due_date == date(2026, 3, 14)
        for mine in (clock(term, begin, china, protects="citizen"), clock(term, begin, china, kind="wait")):
            kept = settle(mine, amended)
            assert kept.due_at == office.due_at
            assert kept.calendar == amended.id
            assert [(e.reason, e.document) for e in kept.extensions] == [(BY_CALENDAR, amended.id)]

    def test_what_was_kept_survives_later_stops(self, china: Calendar, notices: list[CalendarYear]) -> None:
        """Kept to Monday the 16th; then Tuesday the 10th is stopped, and the last of the days is the 17th."""
        amended = Calendar.of(notices, [working("2026-03-14")])
        kept = settle(clock("5 workday", "2026-03-09", china, protects="citizen"), amended)
        found = resume(stop(kept, at("2026-03-10 09:00"), "停"), at("2026-03-10 10:00"), amended)
        assert found.due_date == date(2026, 3, 17)

    def test_going_on_under_an_amended_calendar_protects_as_well(
        self, china: Calendar, notices: list[CalendarYear]
    ) -> None:
        """The stop takes Tuesday the 10th; with the Saturday worked the end would be Monday the 16th, unprotected."""
        amended = Calendar.of(notices, [working("2026-03-14")])
        for protects, expected in [("office", date(2026, 3, 16)), ("citizen", date(2026, 3, 17))]:
            held = stop(clock("5 workday", "2026-03-09", china, protects=protects), at("2026-03-10 09:00"), "停")
            assert resume(held, at("2026-03-10 10:00"), amended).due_date == expected


def test_M6_F16_I15_results_are_the_same_in_any_process_zone_and_without_the_systems_zone_data(china: Calendar) -> None:
    """Days of 1990, when Shanghai had summer time, and of now; PYTHONTZPATH hides the system's data of zones."""
    script = (
        "from datetime import datetime, UTC, timedelta\n"
        "from engine.calendar import Calendar\n"
        "from engine.clocks import due, parse_amount\n"
        "calendar = Calendar.of([])\n"
        "for begin in (datetime(1990, 4, 12, 15, 30, tzinfo=UTC), datetime(2026, 3, 2, 16, 30, tzinfo=UTC)):\n"
        "    for i in range(60):\n"
        "        for amount in ('1 day', '36 hour', '3 workday', '1 month'):\n"
        "            found = due(begin + timedelta(hours=7 * i), parse_amount(amount), calendar)\n"
        "            print(found.at.isoformat(), found.date)\n"
    )
    environments = [{"TZ": "UTC"}, {"TZ": "America/New_York"}, {"TZ": "Pacific/Kiritimati", "PYTHONTZPATH": ""}]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, **environment},
            cwd=os.path.dirname(os.path.dirname(sys.modules["engine"].__file__ or "")),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for environment in environments
    }
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 2 * 60 * 4


# ---------------------------------------------------------------------------------------------------------- properties

begins = st.datetimes(datetime(2020, 1, 1), datetime(2027, 6, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
day_units = st.sampled_from(["day", "workday"])
units = st.sampled_from(["hour", "day", "workday", "month", "year"])
numbers = st.integers(1, 60)


@given(begin=begins, number=numbers, more=st.integers(0, 30), unit=units, roll=st.booleans())
def test_due_is_monotone_in_the_amount(
    begin: datetime, number: int, more: int, unit: str, roll: bool, china: Calendar
) -> None:
    first = due(begin, parse_amount(f"{number} {unit}"), china, roll)
    second = due(begin, parse_amount(f"{number + more} {unit}"), china, roll)
    assert first.at <= second.at
    assert first.at > begin


@given(begin=begins, number=numbers)
def test_one_more_working_day_is_later(begin: datetime, number: int, china: Calendar) -> None:
    more = due(begin, Amount(number + 1, "workday"), china)
    assert more.date > due(begin, Amount(number, "workday"), china).date
    assert china.day(more.date).is_working


@given(begin=begins, number=numbers, unit=units)
def test_a_last_day_that_rolls_is_a_working_day(begin: datetime, number: int, unit: str, china: Calendar) -> None:
    found = due(begin, parse_amount(f"{number} {unit}"), china)
    assert unit == "hour" or china.day(found.date).is_working


@st.composite
def histories(draw: st.DrawFn, calendar: Calendar) -> ClockState:
    """A clock that was stopped and extended a few times, in order."""
    unit = draw(units)
    amount = f"{draw(st.integers(1, 25))} {unit}"
    moment = draw(begins)
    state = start(
        "c", parse_amount(amount), moment, calendar,
        roll=draw(st.booleans()), protects=draw(st.sampled_from(["office", "citizen"])),
    )  # fmt: skip
    for _ in range(draw(st.integers(0, 4))):
        moment += timedelta(minutes=draw(st.integers(1, 6000)))
        if draw(st.booleans()):
            state = stop(state, moment, "停")
            moment += timedelta(minutes=draw(st.integers(0, 6000)))
            state = resume(state, moment, calendar)
        else:
            state = extend(state, parse_amount(f"{draw(st.integers(1, 5))} {unit}"), calendar, reason="x")
    return state


@given(data=st.data())
def test_I14_the_due_date_follows_from_the_ledger_and_the_calendar(data: st.DataObject, china: Calendar) -> None:
    state = data.draw(histories(china))
    assert settle(state, china) is state
    assert ClockState.from_json(state.clock, json.loads(json.dumps(state.to_json()))) == state


@given(data=st.data())
def test_a_stop_never_brings_the_end_nearer(data: st.DataObject, china: Calendar) -> None:
    state = data.draw(histories(china))
    since = state.started_at + timedelta(minutes=data.draw(st.integers(0, 60_000)))
    stopped = resume(stop(state, since, "再停"), since + timedelta(minutes=data.draw(st.integers(0, 6000))), china)
    assert stopped.due_at >= state.due_at


@given(data=st.data(), closed=st.dates(date(2020, 1, 1), date(2026, 12, 20)), length=st.integers(0, 5))
def test_F20_no_calendar_shortens_what_protects_the_citizen(
    data: st.DataObject, closed: date, length: int, china: Calendar, notices: list[CalendarYear]
) -> None:
    """From the calendar with a closure to the one without, which is the shortening direction, and back."""
    flooded = Calendar.of(notices, [closing(f"{closed}..{closed + timedelta(days=length)}")])
    for one, other in [(flooded, china), (china, flooded)]:
        state = data.draw(histories(one))
        settled = settle(state, other)
        if state.never_shorter:
            assert settled.due_at >= state.due_at
        assert settle(settled, other) is settled
