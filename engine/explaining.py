"""
Why a clock is due when it is: day by day, with clauses and documents.

The result is data. `why` is a key that the command line translates, clauses and documents are quoted as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from engine.calendar import Calendar, Day
from engine.clocks import (
    Amount,
    ClockState,
    Course,
    Due,
    Stop,
    course,
    elapsed,
    frozen_at,
    is_fixed,
    is_in_hours,
    running_time,
)

Why = Literal[
    "first_day",
    "counted",
    "makeup",
    "hours",
    "weekend",
    "holiday",
    "closure",
    "stopped",
    "moved",
    "last_day",
    "not_moved",
    "corresponding_day",
    "month_end",
    "fixed_date",
]
"""
Why a day counts or not: `makeup` is a weekend made a working day, `moved` a last day on which no work is done and
that therefore is not the last, `not_moved` one that is the last all the same, `month_end` the last of a month that has
no corresponding day.
"""

CLAUSES: dict[Why, str] = {
    "first_day": "《民法典》第二百零一条第一款",
    "hours": "《民法典》第二百零一条第二款",
    "corresponding_day": "《民法典》第二百零二条",
    "month_end": "《民法典》第二百零二条",
    "moved": "《民法典》第二百零三条第一款",
    "last_day": "《民法典》第二百零三条第二款",
    "not_moved": "《民法典》第二百零四条",
}


_NOT_COUNTED = frozenset({"first_day", "weekend", "holiday", "closure", "stopped", "moved"})


@dataclass(frozen=True, slots=True)
class Row:
    """
    One legal day of a clock.

    Attributes:
        day: What it is in the calendar, and by which document.
        counted: Whether it counts.
        total: How many have counted with this day: days, or whole hours of a clock in hours.
        why: See `Why`; `clause` is the article of the law that says so, if one does.
        stop: The stop that touched the day, if `why` is `stopped`.
    """

    day: Day
    counted: bool
    total: int
    why: Why
    stop: Stop | None = None

    @property
    def clause(self) -> str:
        return CLAUSES.get(self.why, "")


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    How a clock stands and how its due date comes about.

    Attributes:
        state: The ledger: what is counted, since when, by which event, its stops and extensions.
        rows: One a day, from the day that is not counted through the due date, or through today while it is stopped.
        due: As counted on the calendar handed in; None while the clock is stopped.
        agrees: Whether that is what the ledger says. If not, the calendar was amended and the clock not yet settled.
        elapsed: See `engine.clocks.elapsed`.
        left: Until it is due; None if it is over, stopped or ended.
        late_by: How long a limit has run out; None if it has not. Time stands still while it is stopped.
    """

    state: ClockState
    rows: tuple[Row, ...]
    due: Due | None
    agrees: bool
    elapsed: Amount
    left: timedelta | None
    late_by: timedelta | None


def explain(state: ClockState, calendar: Calendar, now: datetime) -> Explanation:
    """
    Derive the due date of *state* day by day on *calendar*, as things stand at *now*.

    The last row that counts is the due date, unless the clock is stopped. *calendar* may be another than the ledger
    was counted on: then `agrees` says whether that makes a difference.
    """
    way = course(state, calendar, now)
    moment = frozen_at(state, now)
    is_open = state.status == "stopped" and moment < way.due.at
    through = calendar.local_date(now) if is_open else way.due.date
    late = moment - state.due_at
    rows = (
        _hour_rows(state, through, moment if is_open else way.due.at, calendar)
        if is_in_hours(state)
        else _day_rows(state, way, through, calendar)
    )
    return Explanation(
        state=state,
        rows=tuple(rows),
        due=None if is_open else way.due,
        agrees=way.due == state.due,
        elapsed=elapsed(state, now, calendar),
        left=-late if late < timedelta(0) and state.status == "running" else None,
        late_by=late if late > timedelta(0) and state.kind == "limit" else None,
    )


def _day_rows(state: ClockState, way: Course, through: date, calendar: Calendar) -> list[Row]:
    if way.origin >= through.toordinal():  # Stopped on the day of the start, or a moment fixed before that day is over.
        why: Why = "fixed_date" if is_fixed(state.term) else "first_day"
        return [Row(calendar.day(through), why == "fixed_date", int(why == "fixed_date"), why)]
    rows = [Row(calendar.day(date.fromordinal(way.origin)), False, 0, "first_day")]
    for ordinal in range(way.origin + 1, through.toordinal() + 1):
        day = calendar.day(date.fromordinal(ordinal))
        why = _why(state, way, ordinal, day)
        counted = why not in _NOT_COUNTED
        stop = _stop_on(state, day.date, calendar) if why == "stopped" else None
        rows.append(Row(day, counted, rows[-1].total + counted, why, stop))
    return rows


def _why(state: ClockState, way: Course, ordinal: int, day: Day) -> Why:
    if any(first <= ordinal <= last for first, last in way.stopped):
        return "stopped"
    if day.date == way.due.date:
        return _why_last(state, way, ordinal, day)
    unit = next((unit for unit, last in way.legs if ordinal <= last), None)
    if unit is None or ordinal == way.legs[-1][1]:
        return "moved"
    if unit != "workday":
        return "counted"
    return "counted" if day.kind == "workday" else day.kind


def _why_last(state: ClockState, way: Course, ordinal: int, day: Day) -> Why:
    unit, last = way.legs[-1]
    if is_fixed(state.term) and not state.extensions and ordinal == last:
        return "fixed_date"
    if not day.is_working:
        return "not_moved"
    begun = way.legs[-2][1] if len(way.legs) > 1 else way.origin
    if unit != "month" or ordinal != last or any(a <= ordinal and begun < b for a, b in way.stopped):
        return "last_day"
    return "corresponding_day" if day.date.day == date.fromordinal(begun).day else "month_end"


def _hour_rows(state: ClockState, through: date, ends: datetime, calendar: Calendar) -> list[Row]:
    rows: list[Row] = []
    before = timedelta(0)
    day = calendar.local_date(state.started_at)
    while day <= through:
        ran = running_time(state, min(calendar.end_of(day), ends))
        stop = None if ran > before else _stop_on(state, day, calendar)
        rows.append(
            Row(calendar.day(day), ran > before, ran // timedelta(hours=1), "stopped" if stop else "hours", stop)
        )
        day, before = day + timedelta(days=1), ran
    return rows


def _stop_on(state: ClockState, day: date, calendar: Calendar) -> Stop | None:
    begins, ends = calendar.at(day, time.min), calendar.end_of(day)
    return next(each for each in state.stops if each.since < ends and (each.until is None or each.until > begins))
