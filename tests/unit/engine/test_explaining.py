"""The derivation of a due date, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import Calendar, CalendarOverlay, CalendarYear
from engine.clocks import Amount, ClockState, end, extend, parse_amount, parse_term, resume, settle, start, stop
from engine.explaining import CLAUSES, Explanation, explain

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def clock(term: str, begin: str, calendar: Calendar, **more: object) -> ClockState:
    return start("limit", parse_term(term), at(begin), calendar, **more)  # type: ignore[arg-type]


def told(explanation: Explanation) -> list[tuple[str, str, int]]:
    """Month-day, reason and running count of every row; a row that does not count has a negative count."""
    return [(f"{r.day.date:%m-%d}", r.why, r.total if r.counted else -r.total) for r in explanation.rows]


def test_twenty_working_days_are_told_day_by_day(china: Calendar) -> None:
    explained = explain(clock("7 workday", "2026-02-10 10:00", china), china, at("2026-02-12 09:00"))
    assert told(explained) == [
        ("02-10", "first_day", 0),
        ("02-11", "counted", 1),
        ("02-12", "counted", 2),
        ("02-13", "counted", 3),
        ("02-14", "makeup", 4),
        *((f"02-{day}", "holiday", -4) for day in range(15, 24)),
        ("02-24", "counted", 5),
        ("02-25", "counted", 6),
        ("02-26", "last_day", 7),
    ]
    assert [row.day.source for row in explained.rows[4:6]] == ["国办发明电〔2025〕7号"] * 2
    assert explained.rows[0].clause == "《民法典》第二百零一条第一款"
    assert explained.rows[1].clause == ""
    assert explained.elapsed == Amount(1, "workday")
    assert explained.left == at("2026-02-27") - at("2026-02-12 09:00")
    assert (explained.agrees, explained.late_by) == (True, None)


def test_a_last_day_in_the_holiday_is_told_to_have_moved(china: Calendar) -> None:
    """Seven days from Friday 2026-02-27 end on Friday March 6; from the 28th on Saturday, moved to Monday the 9th."""
    moved = explain(clock("7 day", "2026-02-28", china), china, at("2026-03-02"))
    assert told(moved)[-4:] == [
        ("03-06", "counted", 6),
        ("03-07", "moved", -6),
        ("03-08", "moved", -6),
        ("03-09", "last_day", 7),
    ]
    stays = explain(clock("7 day", "2026-02-28", china, roll=False), china, at("2026-03-02"))
    assert told(stays)[-1] == ("03-07", "not_moved", 7)
    assert stays.rows[-1].clause == "《民法典》第二百零四条"


@pytest.mark.parametrize(
    ("begin", "term", "last"),
    [
        ("2026-03-02", "1 month", ("04-02", "corresponding_day", 31)),
        ("2026-03-31", "3 month", ("06-30", "month_end", 91)),
        ("2026-02-28", "1 month", ("03-30", "last_day", 28)),  # the 28th is a Saturday
        ("2026-03-02", "by 03-04", ("03-04", "fixed_date", 2)),
        ("2026-03-02", "by 03-02 18:00", ("03-02", "fixed_date", 1)),
        ("2026-03-02", "by 2026-02-27", ("02-27", "fixed_date", 1)),
        ("2026-03-02", "by 03-07", ("03-09", "last_day", 5)),
        ("2026-03-02", "until 03-08", ("03-07", "fixed_date", 5)),
    ],
)
def test_the_last_day_says_what_made_it_the_last(
    china: Calendar, begin: str, term: str, last: tuple[str, str, int]
) -> None:
    assert told(explain(clock(term, begin, china), china, at(begin)))[-1] == last


def test_stopped_days_name_reason_and_document(china: Calendar) -> None:
    held = stop(clock("1 month", "2026-03-02", china), at("2026-03-04 10:00"), "补正", "示例〔2026〕1号")
    rows = explain(resume(held, at("2026-03-05 10:00"), china), china, at("2026-03-10")).rows
    stopped = [(row.day.date.day, row.stop.document) for row in rows if row.stop is not None]
    assert stopped == [(4, "示例〔2026〕1号"), (5, "示例〔2026〕1号")]
    assert (rows[-1].day.date, rows[-1].why) == (date(2026, 4, 7), "last_day")


def test_while_it_is_stopped_there_is_no_due_date_and_the_days_go_on_through_today(china: Calendar) -> None:
    held = stop(clock("5 workday", "2026-03-02 09:00", china), at("2026-03-04 10:00"), "补正")
    explained = explain(held, china, at("2026-03-06 12:00"))
    assert told(explained) == [
        ("03-02", "first_day", 0),
        ("03-03", "counted", 1),
        ("03-04", "stopped", -1),
        ("03-05", "stopped", -1),
        ("03-06", "stopped", -1),
    ]
    assert (explained.due, explained.left, explained.late_by, explained.agrees) == (None, None, None, True)
    at_once = explain(stop(clock("5 workday", "2026-03-02", china), at("2026-03-02"), "补正"), china, at("2026-03-02"))
    assert told(at_once) == [("03-02", "first_day", 0)]


def test_lateness_stands_still_with_the_clock(china: Calendar) -> None:
    """Due when March 3 ends; stopped a day later."""
    late = clock("1 workday", "2026-03-02", china)
    assert explain(late, china, at("2026-03-04 06:00")).late_by == timedelta(hours=6)
    held = explain(stop(late, at("2026-03-05"), "补正"), china, at("2026-03-20"))
    assert held.late_by == timedelta(days=1)
    assert held.due is not None
    assert explain(end(late, at("2026-03-06")), china, at("2026-03-20")).late_by == timedelta(days=2)
    waited = clock("1 workday", "2026-03-02", china, kind="wait")
    assert explain(waited, china, at("2026-03-20")).late_by is None
    in_time = explain(end(late, at("2026-03-03")), china, at("2026-03-20"))
    assert (in_time.left, in_time.late_by) == (None, None)


def test_hours_are_told_by_day(china: Calendar) -> None:
    held = stop(clock("48 hour", "2026-03-02 10:00", china), at("2026-03-03 06:00"), "补正")
    run_on = resume(held, at("2026-03-05 06:00"), china)
    explained = explain(run_on, china, at("2026-03-06"))
    assert told(explained) == [
        ("03-02", "hours", 14),
        ("03-03", "hours", 20),
        ("03-04", "stopped", -20),
        ("03-05", "hours", 38),
        ("03-06", "hours", 48),
    ]
    assert explained.rows[0].clause == "《民法典》第二百零一条第二款"
    assert told(explain(held, china, at("2026-03-04 12:00")))[-1] == ("03-04", "stopped", -20)


def test_an_extension_is_told_as_more_days(china: Calendar) -> None:
    """Seven days to Saturday the 14th, which is not the last any more, and two working days: Monday and Tuesday."""
    more = extend(clock("7 day", "2026-03-07", china), parse_amount("2 workday"), china, reason="疑难")
    assert told(explain(more, china, at("2026-03-08")))[-5:] == [
        ("03-13", "counted", 6),
        ("03-14", "counted", 7),
        ("03-15", "weekend", -7),
        ("03-16", "counted", 8),
        ("03-17", "last_day", 9),
    ]
    month = extend(clock("2 day", "2026-03-02", china), parse_amount("1 month"), china, reason="疑难")
    assert told(explain(month, china, at("2026-03-08")))[-1] == ("04-07", "last_day", 33)  # from the 4th, a holiday
    fixed = extend(clock("by 03-04", "2026-03-02", china), parse_amount("1 day"), china, reason="疑难")
    assert told(explain(fixed, china, at("2026-03-02")))[-2:] == [("03-04", "counted", 2), ("03-05", "last_day", 3)]


def test_a_calendar_amended_since_is_noticed(china: Calendar, notices: list[CalendarYear]) -> None:
    closure = {"title": "停工", "kind": "closure", "source": "示例", "off": [{"title": "雪", "days": "2026-03-04"}]}
    snow = Calendar.of(notices, [CalendarOverlay.model_validate(closure)])
    counted_before = clock("5 workday", "2026-03-02", china)
    explained = explain(counted_before, snow, at("2026-03-02"))
    assert not explained.agrees
    assert told(explained)[2] == ("03-04", "closure", -1)
    assert explain(settle(counted_before, snow), snow, at("2026-03-02")).agrees


def test_every_reason_with_a_clause_has_one_of_the_civil_code() -> None:
    assert all(clause.startswith("《民法典》第二百零") for clause in CLAUSES.values())


units = st.sampled_from(["hour", "day", "workday"])


@given(
    begin=st.datetimes(datetime(2020, 1, 1), datetime(2027, 6, 1)).map(lambda d: d.replace(tzinfo=UTC)),  # noqa: DTZ001
    number=st.integers(1, 30),
    unit=units,
    roll=st.booleans(),
    stops=st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 4000)), max_size=3),
    day_ends=st.sampled_from([None, time(17, 30)]),
)
def test_every_whole_day_is_counted_once_and_the_last_one_is_the_due_date(
    begin: datetime,
    number: int,
    unit: str,
    roll: bool,
    stops: list[tuple[int, int]],
    day_ends: time | None,
    china: Calendar,
) -> None:
    state = start("c", parse_amount(f"{number} {unit}"), begin, china, roll=roll, day_ends=day_ends)
    for since, length in stops:
        stopped_at = begin + timedelta(minutes=since)
        state = resume(stop(state, stopped_at, "停"), stopped_at + timedelta(minutes=length), china)
    explained = explain(state, china, begin)
    counted = [row for row in explained.rows if row.counted]
    assert explained.agrees
    assert counted[-1].day.date == state.due_date == explained.rows[-1].day.date
    assert counted[-1].total == number
    assert unit == "hour" or len(counted) == number
    days = [row.day.date for row in explained.rows]
    assert days == [days[0] + timedelta(days=i) for i in range(len(days))]
    assert all((row.why == "stopped") == (row.stop is not None) for row in explained.rows)
