"""
Legal time: when a period ends, and the ledger of one that may be stopped, extended and counted again.

The rules are those of the Civil Code, arts. 200-204. A period of days, months or years does not count the day on which
it begins (201); months and years end on the corresponding day, or on the month's last where there is none (202); a
last day on which no work is done moves to the next working day, unless the clock says otherwise (203, with 204); the
last day ends at 24:00, or at the close of business where there is one (203). Hours are exact and never move (201).

What the Code does not say, and we decided (docs/explanation/clocks.md gives the reasons):

- A day counts only if the clock ran through the whole of it: neither the day of a stop nor that of going on counts.
- Months and years that were stopped end as many natural days later as the stops touched.
- A date of the calendar (`by 05-31`) is not moved by a stop, only by an extension.
- A period counted backwards, and a wait until a date, never move to another day.
- Counted again on an amended calendar, a wait, and a limit that protects the citizen, never become shorter.

Everything here is a function of its arguments; a changed clock is a new `ClockState`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

from engine.calendar import Calendar
from engine.cases import instant, iso
from engine.errors import N_, worded

Unit = Literal["hour", "day", "workday", "month", "year"]
Kind = Literal["limit", "wait"]
"""What a clock is for: something must be over by its end, or may not be before."""
Protects = Literal["office", "citizen"]
Status = Literal["running", "stopped", "ended"]

OFFICE_OPENS = time(9)
"""When reminders are given on their day, by the clock on the wall."""
MOST_YEARS = 1000
"""The longest amount in years: what ends beyond the year 9999 ends on no date."""
BY_CALENDAR = "calendar"
"""The reason of an extension that keeps what an amended calendar would take away; its document is the calendar's id."""

_TICK = timedelta(microseconds=1)

Stretch = tuple[datetime, datetime]
"""From an instant to another; the end does not belong to it."""
Spans = Sequence[tuple[int, int]]
"""Stretches of days as ordinals, both ends included, ascending and apart."""
_T = TypeVar("_T", int, datetime)


# ------------------------------------------------------------------------------------------------------------- terms


@dataclass(frozen=True, slots=True)
class Amount:
    """So many of a unit: `7 day`, `20 workday`. Negative or nothing only on a ladder of reminders."""

    number: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """`by 05-31 18:00`, `by 2026-11-20`, `until 01-01`: through a date, or until its beginning, of any year or one."""

    word: Literal["by", "until"]
    month: int
    day: int
    year: int | None = None
    time: time | None = None

    def __str__(self) -> str:
        year = "" if self.year is None else f"{self.year:04d}-"
        at = "" if self.time is None else f" {self.time:%H:%M}"
        return f"{self.word} {year}{self.month:02d}-{self.day:02d}{at}"

    def in_year(self, year: int) -> date:
        """The date in *year*; February 29th is the 28th where there is none."""
        return _in_month(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Offset:
    """`30 day before expires_on`, `3 month after granted`; the bare name is the day itself, nought days before."""

    amount: Amount
    side: Literal["before", "after"]
    anchor: str

    def __str__(self) -> str:
        return f"{self.amount} {self.side} {self.anchor}" if self.amount.number else self.anchor


Term = Amount | CalendarDate | Offset

#: Calendar periods, in months.
_CYCLES = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_AMOUNT = r"([0-9]{1,4}) (hour|day|workday|month|year)"
_NAME = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
_DATE = re.compile(r"(by|until) (?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})(?: ([0-9]{2}:[0-9]{2}))?")
_OFFSET = re.compile(rf"([0-9]{{1,4}} (?:day|workday|month|year)) (before|after) ({_NAME})")


def parse_amount(text: str) -> Amount:
    """Read `7 day`. At least one of the unit, and no year beyond the calendar; anything else raises ValueError."""
    found = re.fullmatch(_AMOUNT, text)
    if found is None or not int(found[1]):
        raise ValueError(
            worded(
                N_("'{text}' is no amount such as '7 day', '20 workday', '48 hour', '3 month' or '1 year'"), text=text
            )
        )
    if found[2] == "year" and int(found[1]) > MOST_YEARS:
        raise ValueError(worded(N_("'{text}' is more than {most} years"), text=text, most=MOST_YEARS))
    return Amount(int(found[1]), cast(Unit, found[2]))


def parse_rung(text: str) -> Amount:
    """Read a rung of a ladder: `-3 workday` before the due date, `0 workday` on it, `+1 workday` after it."""
    found = re.fullmatch(rf"([+-]?){_AMOUNT}", text)
    if found is None:
        raise ValueError(f"'{text}' is no rung such as '-3 workday', '0 workday' or '+1 workday'")
    return Amount(-int(found[2]) if found[1] == "-" else int(found[2]), cast(Unit, found[3]))


@lru_cache(maxsize=1024)
def parse_term(text: str) -> Term:
    """
    Read an amount or a moment, as a definition's `limit` or `wait` writes it.

    Raises:
        ValueError: It is neither, or names a date that no calendar has. Hours are counted from the clock's own start
            only, not before or after another moment.
    """
    if found := _DATE.fullmatch(text):
        year, month, day = (None if part is None else int(part) for part in found.group(2, 3, 4))
        try:
            date(year or 2000, cast(int, month), cast(int, day))
        except ValueError:
            raise ValueError(worded(N_("'{text}' names a day that no calendar has"), text=text)) from None
        at = None if found[5] is None else time.fromisoformat(found[5])
        return CalendarDate(cast(Any, found[1]), cast(int, month), cast(int, day), year, at)
    if found := _OFFSET.fullmatch(text):
        return Offset(parse_amount(found[1]), cast(Any, found[2]), found[3])
    if re.fullmatch(_NAME, text):
        return Offset(Amount(0, "day"), "before", text)
    return parse_amount(text)


def turn(cycle: str, day: date) -> CalendarDate:
    """
    When the next turn of a cycle begins after *day*: with the first day of the next calendar month, quarter, half or
    whole year, or on its day of the year (`06-30`; of February 29th the 28th, where there is none).
    """
    if (months := _CYCLES.get(cycle)) is None:
        on = cast(CalendarDate, parse_term(f"until {cycle}"))
        found = next(on.in_year(year) for year in (day.year, day.year + 1) if on.in_year(year) > day)
        return CalendarDate("until", found.month, found.day, found.year)
    index = day.year * 12 + (day.month - 1) // months * months + months
    return CalendarDate("until", index % 12 + 1, 1, index // 12)


# ---------------------------------------------------------------------------------------------------------- counting


@dataclass(frozen=True, slots=True)
class Due:
    """
    When a period ends.

    Attributes:
        at: The instant, UTC: the first one at which it is over.
        date: Its last legal day. With `at` at 24:00 this is the day that then ends.
        provisional: A notice not yet known may change it.
    """

    at: datetime
    date: date
    provisional: bool


def due(start: datetime, amount: Amount, calendar: Calendar, roll: bool = True, day_ends: time | None = None) -> Due:
    """
    Say when *amount* from *start* is over.

    Args:
        start: Aware. The legal day in which it falls is not counted.
        amount: At least one of its unit.
        calendar: Its zone says what a day is, its notices what a working day is.
        roll: Whether a last day on which no work is done moves to the next working day (Civil Code 203; 204 allows
            a text to say otherwise). Hours and working days have no use for it.
        day_ends: The close of business, if the last day ends then and not at 24:00.
    """
    if amount.unit == "hour":
        return _due_in_hours(start, amount.number, calendar)
    origin = calendar.local_date(start).toordinal()
    return _due_after(origin, [_in_months(amount)], calendar, roll, day_ends, ())


def due_before(
    anchor: datetime | date, amount: Amount, calendar: Calendar, kind: Kind = "limit", day_ends: time | None = None
) -> Due:
    """
    Say when the day is that lies *amount* before *anchor*, whose own day is not counted.

    A limit is over at the end of that day, a wait at its beginning. It never moves off a holiday: moving it later
    would cut into the time that is to remain.
    """
    if amount.unit == "hour":
        raise ValueError("hours are not counted backwards")
    end = _as_date(anchor, calendar).toordinal()
    first = _days_before(end, amount, calendar)
    settled = amount.unit != "workday" or calendar.is_settled(first, end - 1)
    last = date.fromordinal(first if kind == "limit" else first - 1)
    return Due(calendar.end_of(last, day_ends if kind == "limit" else None), last, not settled)


def due_on(
    start: datetime, on: CalendarDate, calendar: Calendar, roll: bool = True, day_ends: time | None = None
) -> Due:
    """
    Say when the next such date after *start* is, or, of a date with its year, when that one is, even if it has passed.

    `by` ends with the date (and moves off a rest day if *roll*), `until` with its beginning; a time of day replaces
    both.
    """
    return _due_on(_next_date(start, on, calendar), on, (), calendar, roll, day_ends)


def _due_in_hours(start: datetime, hours: int, calendar: Calendar, stopped: timedelta = timedelta(0)) -> Due:
    local = calendar.local(start)
    at = local.astimezone(UTC) + timedelta(hours=hours) + stopped
    return Due(at, calendar.local_date(at - _TICK), False)


def _due_after(
    start: int, legs: Sequence[Amount], calendar: Calendar, roll: bool, day_ends: time | None, stopped: Spans
) -> Due:
    last, settled = start, True
    for leg, end in zip(legs, _leg_ends(start, legs, calendar, stopped), strict=True):
        settled = settled and (leg.unit != "workday" or calendar.is_settled(last + 1, end))
        last = end
    if roll:
        rolled = _next_working(last, calendar, stopped)
        settled = settled and calendar.is_settled(last, rolled)
        last = rolled
    day = date.fromordinal(last)
    return Due(calendar.end_of(day, day_ends), day, not settled)


def _leg_ends(start: int, legs: Sequence[Amount], calendar: Calendar, stopped: Spans) -> list[int]:
    """The last day of each leg; a leg is counted from the last day of the one before."""
    ends: list[int] = []
    for leg in legs:
        start = _advance(start, leg, calendar, stopped)
        ends.append(start)
    return ends


def _due_on(
    day: date, on: CalendarDate, extensions: Sequence[Amount], calendar: Calendar, roll: bool, day_ends: time | None
) -> Due:
    if on.word == "by":
        return _due_after(day.toordinal(), extensions, calendar, roll, on.time or day_ends, ())
    if on.time is None:
        return _due_after(day.toordinal() - 1, extensions, calendar, False, None, ())
    return _due_after(day.toordinal(), extensions, calendar, False, on.time, ())


def _advance(position: int, amount: Amount, calendar: Calendar, stopped: Spans) -> int:
    """The last day of *amount* counted from the day after *position*, over days that no stop touches."""
    if amount.unit == "month":
        return _advance_months(position, amount.number, stopped)
    is_workday = amount.unit == "workday"
    through: Callable[[int], int] = calendar.workdays_through if is_workday else int
    numbered: Callable[[int], int] = calendar.workday_number if is_workday else int
    remaining = amount.number
    for first, last in stopped:
        if last > position:
            ran = max(0, through(first - 1) - through(position))
            if remaining <= ran:
                break
            remaining -= ran
            position = last
    return numbered(through(position) + remaining)


def _advance_months(position: int, months: int, stopped: Spans) -> int:
    end = _months_later(position, months)
    for first, last in stopped:
        if first > end:
            break
        end += max(0, last - max(first, position + 1) + 1)
    return end


def _months_later(ordinal: int, months: int) -> int:
    day = date.fromordinal(ordinal)
    index = day.year * 12 + day.month - 1 + months
    return _in_month(index // 12, index % 12 + 1, day.day).toordinal()


def _in_month(year: int, month: int, day: int) -> date:
    """The corresponding day, or the month's last (Civil Code 202)."""
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(day, last))


def _next_working(ordinal: int, calendar: Calendar, stopped: Spans) -> int:
    found = calendar.workday_from(ordinal)
    for first, last in stopped:
        if first <= found <= last:
            found = calendar.workday_from(last + 1)
    return found


def _days_before(end: int, amount: Amount, calendar: Calendar) -> int:
    if amount.unit == "workday":
        return calendar.workday_number(calendar.workdays_through(end - 1) + 1 - amount.number)
    if amount.unit == "day":
        return end - amount.number
    return _months_later(end, -_months(amount))


def _months(amount: Amount) -> int:
    return amount.number * 12 if amount.unit == "year" else amount.number


def _next_date(start: datetime, on: CalendarDate, calendar: Calendar) -> date:
    if on.year is not None:
        return on.in_year(on.year)
    year = calendar.local_date(start).year
    this = on.in_year(year)
    if _due_on(this, on, (), calendar, roll=False, day_ends=None).at > start:
        return this
    return on.in_year(year + 1)


def _as_date(anchor: datetime | date, calendar: Calendar) -> date:
    return calendar.local_date(anchor) if isinstance(anchor, datetime) else anchor


# ------------------------------------------------------------------------------------------------------------ ledger


@dataclass(frozen=True, slots=True)
class Stop:
    """A stretch in which the clock did not run; `until` is None while it lasts. Instants are UTC."""

    since: datetime
    until: datetime | None
    reason: str
    document: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """More time: how much, why, by which document, granted by whom."""

    amount: Amount
    reason: str
    document: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ClockState:
    """
    One clock of one case: what it counts, how, and everything that happened to it.

    The due instant follows from the rest and from the calendar named by `calendar` (I14); it changes only by the
    functions below. While the clock is stopped, `due_at` is when it would have ended without the stops that last.

    Attributes:
        clock: The id in the definition.
        entry: Which entry of the stage, or which start, from 1.
        term: What it counts; `anchor` is the moment that an `Offset` names.
        started_at: UTC, whole milliseconds, as all instants here; `cause` is the event that started it.
        late_at: When it was recorded as run out; forgotten if it is due later than that again.
    """

    clock: str
    term: Term
    started_at: datetime
    due_at: datetime
    due_date: date
    calendar: str
    kind: Kind = "limit"
    entry: int = 1
    cause: str = ""
    anchor: datetime | date | None = None
    roll: bool = True
    day_ends: time | None = None
    protects: Protects = "office"
    provisional: bool = False
    stops: tuple[Stop, ...] = ()
    extensions: tuple[Extension, ...] = ()
    late_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def status(self) -> Status:
        if self.ended_at is not None:
            return "ended"
        return "stopped" if any(stop.until is None for stop in self.stops) else "running"

    @property
    def due(self) -> Due:
        return Due(self.due_at, self.due_date, self.provisional)

    @property
    def is_late(self) -> bool:
        return self.late_at is not None

    @property
    def never_shorter(self) -> bool:
        """Whether an amended calendar may only lengthen it (I14, F20)."""
        return self.protects == "citizen"

    def to_json(self) -> dict[str, Any]:
        """A small map of JSON values, without what has its default; its id is the key under which it is kept."""
        anchor, stops, extensions = self.anchor, self.stops, self.extensions
        values: dict[str, Any] = {
            "n": None if self.entry == 1 else self.entry,
            "k": None if self.kind == "limit" else self.kind,
            "for": str(self.term),
            "at": iso(self.started_at),
            "cause": self.cause or None,
            "anchor": iso(anchor) if isinstance(anchor, datetime) else anchor and anchor.isoformat(),
            "roll": None if self.roll else False,
            "ends": self.day_ends and f"{self.day_ends:%H:%M}",
            "protects": None if self.protects == "office" or self.kind == "wait" else self.protects,
            "due": iso(self.due_at),
            "day": self.due_date.isoformat(),
            "prov": self.provisional or None,
            "cal": self.calendar,
            "stops": [[iso(s.since), s.until and iso(s.until), s.reason, s.document] for s in stops] or None,
            "ext": [[str(e.amount), e.reason, e.document, e.by] for e in extensions] or None,
            "late": self.late_at and iso(self.late_at),
            "end": self.ended_at and iso(self.ended_at),
        }
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, clock: str, values: Mapping[str, Any]) -> ClockState:
        """What `to_json` wrote of the clock of that id."""
        get = values.get
        kind: Kind = get("k", "limit")
        return cls(
            clock=clock,
            term=parse_term(values["for"]),
            started_at=instant(values["at"]),
            due_at=instant(values["due"]),
            due_date=date.fromisoformat(values["day"]),
            calendar=values["cal"],
            kind=kind,
            entry=get("n", 1),
            cause=get("cause", ""),
            anchor=_read_anchor(get("anchor")),
            roll=get("roll", True),
            day_ends=time.fromisoformat(values["ends"]) if "ends" in values else None,
            protects="citizen" if kind == "wait" else get("protects", "office"),
            provisional=get("prov", False),
            stops=tuple(Stop(instant(s), u and instant(u), reason, doc) for s, u, reason, doc in get("stops", ())),
            extensions=tuple(Extension(parse_amount(a), *rest) for a, *rest in get("ext", ())),
            late_at=_read_instant(get("late")),
            ended_at=_read_instant(get("end")),
        )


def _read_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def _read_anchor(text: str | None) -> datetime | date | None:
    if text is None:
        return None
    return instant(text) if "T" in text else date.fromisoformat(text)


def start(
    clock: str,
    term: Term,
    at: datetime,
    calendar: Calendar,
    *,
    kind: Kind = "limit",
    entry: int = 1,
    cause: str = "",
    anchor: datetime | date | None = None,
    roll: bool = True,
    day_ends: time | None = None,
    protects: Protects = "office",
) -> ClockState:
    """
    Start a clock at *at*.

    Args:
        anchor: The moment that an `Offset` names: an event's instant, or a date fact.
        protects: Whom the limit serves. `citizen` for a limit that is the citizen's own time (to object, to appeal,
            to supplement); a wait protects the citizen in any case.

    Raises:
        ValueError: *at* is naive, or an `Offset` has no anchor.
    """
    if isinstance(term, Offset) and anchor is None:
        raise ValueError(f"the clock {clock} counts from {term.anchor}, which is not known")
    started = _utc(at)
    draft = ClockState(
        clock=clock,
        term=term,
        started_at=started,
        due_at=started,
        due_date=date.min,
        calendar=calendar.id,
        kind=kind,
        entry=entry,
        cause=cause,
        anchor=_utc(anchor) if isinstance(anchor, datetime) else anchor,
        roll=roll,
        day_ends=day_ends,
        protects="citizen" if kind == "wait" else protects,
    )
    return _reckoned(draft, calendar)


def restart(state: ClockState, at: datetime, calendar: Calendar, *, cause: str, entry: int | None = None) -> ClockState:
    """The same clock from a later start (`again: latest`): stops, extensions and lateness are left behind."""
    return start(
        state.clock,
        state.term,
        at,
        calendar,
        kind=state.kind,
        entry=state.entry if entry is None else entry,
        cause=cause,
        anchor=state.anchor,
        roll=state.roll,
        day_ends=state.day_ends,
        protects=state.protects,
    )


def count_from(
    state: ClockState, calendar: Calendar, *, started_at: datetime, anchor: datetime | date | None
) -> ClockState:
    """The same clock from another start or moment, because what was recorded was wrong: stops and extensions stay."""
    _require_not_ended(state)
    return _reckoned(replace(state, started_at=_utc(started_at), anchor=anchor), calendar)


def stop(state: ClockState, at: datetime, reason: str, document: str = "") -> ClockState:
    """
    Stop the clock for *reason*. Stops for different reasons may overlap; it runs again when all are over.

    A stage that does not count is a stop too, with the reason `excluded:<stage>` and no document.

    Raises:
        ValueError: The clock has ended, or is already stopped for this reason.
    """
    _require_not_ended(state)
    if any(each.until is None and each.reason == reason for each in state.stops):
        raise ValueError(f"the clock {state.clock} is already stopped: {reason}")
    return replace(state, stops=(*state.stops, Stop(_utc(at), None, reason, document)))


def resume(state: ClockState, at: datetime, calendar: Calendar, reason: str | None = None) -> ClockState:
    """
    End the stop for *reason*, or the only one there is, and count again.

    Raises:
        ValueError: There is no such stop, there are several and none is named, or *at* is before it.
    """
    _require_not_ended(state)
    lasting = [each for each in state.stops if each.until is None and reason in (None, each.reason)]
    if len(lasting) != 1:
        raise ValueError(f"the clock {state.clock} has {len(lasting)} stops to end{f': {reason}' if reason else ''}")
    over = replace(lasting[0], until=_utc(at))
    if _utc(at) < over.since:
        raise ValueError("a stop cannot end before it begins")
    settled = settle(state, calendar)
    stops = tuple(over if each is lasting[0] else each for each in settled.stops)
    return _reckoned(replace(settled, stops=stops), calendar)


def extend(
    state: ClockState, amount: Amount, calendar: Calendar, *, reason: str, document: str = "", by: str = ""
) -> ClockState:
    """
    Grant *amount* more. In the clock's own unit it is added to it; in another it is counted from its last day.

    Raises:
        ValueError: The clock has ended, or hours would be mixed with days.
    """
    _require_not_ended(state)
    if (amount.unit == "hour") != is_in_hours(state):
        raise ValueError("a clock in hours is extended by hours, any other by days, months or years")
    settled = settle(state, calendar)
    extension = Extension(amount, reason, document, by)
    return _reckoned(replace(settled, extensions=(*settled.extensions, extension)), calendar)


def end(state: ClockState, at: datetime) -> ClockState:
    """The clock is over: what it limited happened, the wait passed, or its stage was left. Stops end with it."""
    _require_not_ended(state)
    at = _utc(at)
    stops = tuple(replace(each, until=at) if each.until is None else each for each in state.stops)
    return replace(state, stops=stops, ended_at=at)


def mark_late(state: ClockState, at: datetime) -> ClockState:
    """Record at *at* that the clock has run out; it goes on until ended."""
    return replace(state, late_at=_utc(at))


def settle(state: ClockState, calendar: Calendar) -> ClockState:
    """
    Count the clock again on *calendar*: an amended notice, a newly known year, a closure.

    A wait, and a limit that protects the citizen, never become shorter: what the new calendar would take away is given
    back as an extension whose reason is `calendar` (F20).

    Returns:
        *state* itself if its due day and instant, and whether they are provisional, stay as they are: then there is
        nothing to record.
    """
    if state.ended_at is not None:
        return state
    counted = _reckoned(state, calendar)
    if counted.due == state.due:
        return state
    unit: Unit = "workday" if _last_unit(state) == "workday" else "day"
    missing = 0
    kept = counted
    while state.never_shorter and kept.due_at < state.due_at:
        missing += 1
        given_back = Extension(Amount(missing, unit), BY_CALENDAR, calendar.id)
        kept = _reckoned(replace(counted, extensions=(*state.extensions, given_back)), calendar)
    return kept


def is_over(state: ClockState, now: datetime) -> bool:
    """
    Whether the time has run out at *now*: a wait is fulfilled, a limit is missed.

    Time stands still while the clock is stopped, and when it has ended.
    """
    return frozen_at(state, now) >= state.due_at


def frozen_at(state: ClockState, now: datetime) -> datetime:
    """The instant at which the clock stands: *now*, or when it ended, or when the stop began that lasts."""
    lasting = [each.since for each in state.stops if each.until is None]
    return min([now, *lasting] if state.ended_at is None else [now, state.ended_at])


def elapsed(state: ClockState, now: datetime, calendar: Calendar) -> Amount:
    """
    How much of the clock has run by *now*, or by its end if it has ended: whole hours, or whole days that are over.

    Working days of a clock that counts them, else natural days. A clock that is late goes on being counted.
    """
    now = _utc(now) if state.ended_at is None else min(_utc(now), state.ended_at)
    stops = _merged((each.since, min(each.until or now, now)) for each in state.stops)
    if is_in_hours(state):
        return Amount(running_time(state, now) // timedelta(hours=1), "hour")
    first, last = _origin(state, calendar), calendar.local_date(now).toordinal() - 1
    unit: Unit = "workday" if _last_unit(state) == "workday" else "day"
    through = calendar.workdays_through if unit == "workday" else int
    count = through(last) - through(first) if last > first else 0
    for a, b in _touched(stops, calendar):
        low, high = max(a - 1, first), min(b, last)
        count -= through(high) - through(low) if high > low else 0
    return Amount(count, unit)


def running_time(state: ClockState, now: datetime) -> timedelta:
    """How long the clock has really run by *now*, stops left out: what a clock in hours counts."""
    stops = _merged((each.since, min(each.until or now, now)) for each in state.stops)
    return max(timedelta(0), now - state.started_at - _length(stops))


def reminder_instants(
    state: ClockState, ladder: Sequence[Amount], calendar: Calendar, at: time = OFFICE_OPENS
) -> list[tuple[int, datetime]]:
    """
    Say when the rungs of *ladder* are to be given: (index of the rung, instant in UTC), in due order.

    A rung in days or working days is given at *at*, local time, of the day that lies so many before or after the due
    date, which is 0; one in hours is so many hours from the due instant. A rung that would come before the clock
    started is left out, and a clock that does not run has none.
    """
    if state.status != "running":
        return []
    found = [(_rung_at(state, rung, calendar, at), index) for index, rung in enumerate(ladder)]
    return [(index, moment) for moment, index in sorted(found) if moment > state.started_at]


def _rung_at(state: ClockState, rung: Amount, calendar: Calendar, at: time) -> datetime:
    if rung.unit == "hour":
        return state.due_at + timedelta(hours=rung.number)
    day = state.due_date.toordinal()
    if rung.number < 0:
        day = _days_before(day, Amount(-rung.number, rung.unit), calendar)
    elif rung.number > 0:
        day = _advance(day, _in_months(rung), calendar, ())
    return calendar.at(date.fromordinal(day), at)


# ------------------------------------------------------------------------------------------------- how it is reckoned


def _reckoned(state: ClockState, calendar: Calendar) -> ClockState:
    """
    *state* with its due day and instant counted anew on *calendar*.

    Only stops that are over count, and of these only those that began before the clock would have run out: stopping a
    clock that has run out gives nothing back.
    """
    found = _reckon_all(state, calendar)[0] if state.stops else _reckon(state, [], calendar)
    late_at = None if state.late_at is None or found.at > state.late_at else state.late_at
    return replace(
        state,
        due_at=found.at,
        due_date=found.date,
        provisional=found.provisional,
        calendar=calendar.id,
        late_at=late_at,
    )


def _reckon_all(state: ClockState, calendar: Calendar) -> tuple[Due, list[Stretch]]:
    """When the clock is due, and the stops that made it so."""
    found = _reckon(state, [], calendar)
    counted: list[Stretch] = []
    for stretch in _merged((each.since, each.until) for each in state.stops if each.until is not None):
        if stretch[0] >= found.at:
            break
        counted.append(stretch)
        found = _reckon(state, counted, calendar)
    return found, counted


def _reckon(state: ClockState, stops: Sequence[Stretch], calendar: Calendar) -> Due:
    term, legs = state.term, _legs(state)
    if is_in_hours(state):
        return _due_in_hours(state.started_at, legs[0].number, calendar, _length(stops))
    if isinstance(term, CalendarDate):
        day = _next_date(state.started_at, term, calendar)
        return _due_on(day, term, legs, calendar, state.roll, state.day_ends)
    if isinstance(term, Offset) and term.side == "before":
        base = due_before(cast("datetime | date", state.anchor), term.amount, calendar, state.kind, state.day_ends)
        ends = state.day_ends if state.kind == "limit" else None
        found = _due_after(base.date.toordinal(), legs, calendar, False, ends, ())
        return replace(found, provisional=found.provisional or base.provisional)
    return _due_after(_origin(state, calendar), legs, calendar, state.roll, state.day_ends, _touched(stops, calendar))


@dataclass(frozen=True, slots=True)
class Course:
    """
    The way of a clock that counts days to its due date, for the explanation. Days are ordinals.

    Attributes:
        origin: The day that is not counted.
        legs: What is counted, one after the other, each to its last day. Of a fixed moment: natural days to it.
        stopped: The days that do not count because of stops.
        due: On the calendar that was handed in; without the stops that still last.
    """

    origin: int
    legs: tuple[tuple[Unit, int], ...]
    stopped: Spans
    due: Due


def course(state: ClockState, calendar: Calendar, now: datetime) -> Course:
    """Lay out the days of *state*; stops that last, through the day of *now*. A clock in hours has no legs."""
    found, counted = _reckon_all(state, calendar)
    today_ends = calendar.end_of(calendar.local_date(now))
    lasting = [(each.since, today_ends) for each in state.stops if each.until is None and each.since < found.at]
    origin, legs = _origin(state, calendar), _legs(state)
    if is_in_hours(state):
        return Course(origin, (), (), found)
    if is_fixed(state.term):
        bare = _reckon(replace(state, extensions=(), roll=False), [], calendar).date.toordinal()
        ends = [bare, *_leg_ends(bare, legs, calendar, ())]
        return Course(origin, tuple(zip(("day", *(leg.unit for leg in legs)), ends, strict=True)), (), found)
    stopped = _touched(_merged([*counted, *lasting]), calendar)
    ends = _leg_ends(origin, legs, calendar, _touched(counted, calendar))
    return Course(origin, tuple(zip((leg.unit for leg in legs), ends, strict=True)), stopped, found)


def _legs(state: ClockState) -> list[Amount]:
    """The amounts to count one after the other; neighbours of one unit are one, so that 1 month and 1 month are 2."""
    term = state.term
    own = [] if is_fixed(term) else [term if isinstance(term, Amount) else cast(Offset, term).amount]
    legs: list[Amount] = []
    for amount in (*own, *(extension.amount for extension in state.extensions)):
        leg = _in_months(amount)
        if legs and legs[-1].unit == leg.unit:
            leg = Amount(legs.pop().number + leg.number, leg.unit)
        legs.append(leg)
    return legs


def is_fixed(term: Term) -> bool:
    """Whether *term* is a moment of its own, so that no stop moves it."""
    return isinstance(term, CalendarDate) or (isinstance(term, Offset) and term.side == "before")


def _origin(state: ClockState, calendar: Calendar) -> int:
    """The day from which the clock counts, and which is not counted itself."""
    anchored = isinstance(state.term, Offset) and state.term.side == "after"
    first = cast("datetime | date", state.anchor) if anchored else state.started_at
    return _as_date(first, calendar).toordinal()


def _last_unit(state: ClockState) -> Unit:
    legs = _legs(state)
    return legs[-1].unit if legs else "day"


def is_in_hours(state: ClockState) -> bool:
    """Whether the clock counts exact hours and no legal days."""
    return isinstance(state.term, Amount) and state.term.unit == "hour"


def _in_months(amount: Amount) -> Amount:
    return Amount(_months(amount), "month") if amount.unit == "year" else amount


def _merged(pairs: Iterable[tuple[_T, _T]]) -> list[tuple[_T, _T]]:
    """Stretches, beginning included and end not, ascending and apart; empty ones are left out."""
    merged: list[tuple[_T, _T]] = []
    for first, end in sorted(pair for pair in pairs if pair[0] < pair[1]):
        if merged and first <= merged[-1][1]:
            begun, known = merged.pop()
            merged.append((begun, max(end, known)))
        else:
            merged.append((first, end))
    return merged


def _touched(stretches: Iterable[Stretch], calendar: Calendar) -> Spans:
    """The legal days through which the clock did not run wholly; a stop over at 24:00 leaves the next day whole."""
    days = (
        (calendar.local_date(since).toordinal(), calendar.local_date(until - _TICK).toordinal() + 1)
        for since, until in stretches
    )
    return [(first, end - 1) for first, end in _merged(days)]


def _length(stretches: Iterable[Stretch]) -> timedelta:
    return sum((until - since for since, until in stretches), timedelta(0))


def _utc(at: datetime) -> datetime:
    """*at* in UTC and whole milliseconds, as it is written; a naive one raises ValueError."""
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone starts, stops and ends nothing")
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)


def _require_not_ended(state: ClockState) -> None:
    if state.ended_at is not None:
        raise ValueError(f"the clock {state.clock} has ended")
