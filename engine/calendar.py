"""
Which days count, and by which notice.

A calendar is built from one notice a year (the State Council's arrangement of holidays) and from overlays on top of
them: an amended notice, or the closure of a county's offices, each with its own document number. It is content: two
calendars with the same days by the same documents in the same zone have the same id, and a deadline names the id it
was counted on.

A year whose notice is not known has weekends only, and its days are *provisional*. So are the last days of December
until the next year's notice is known, because a notice may reach into the old year (that of 2019 made 2018-12-29 a
working Saturday and 2018-12-31 a holiday).

Counting goes by prefix sums over the few days that differ from a plain Monday-to-Friday week, so that it costs a
search among some dozens of numbers, however long the period, and has no last year.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

WEEKLY_REST = "《国务院关于职工工作时间的规定》第七条"
"""Why Saturday and Sunday are rest days where no notice says otherwise."""

REACH = (12, 29)
"""Month and day: the earliest day of an old year that a notice since 2004 has moved."""

DayKind = Literal["workday", "weekend", "holiday", "makeup", "closure"]
"""`makeup` is a Saturday or Sunday that a document makes a working day; on a `closure` the offices are closed."""


def _parse_date(value: object) -> object:
    """A date written YYYY-MM-DD, or one that the YAML reader has made already."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return date.fromisoformat(value)
    return value


def _parse_days(value: object) -> object:
    """`2026-02-15..2026-02-23`, both included, or a single date."""
    parts: list[object] = list(value.split("..")) if isinstance(value, str) else [value]
    ends = tuple(_parse_date(part) for part in parts)
    return ends * 2 if len(ends) == 1 else ends


_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
LegalDate = Annotated[date, BeforeValidator(_parse_date), WithJsonSchema({"type": "string", "pattern": f"^{_DATE}$"})]
DateRange = Annotated[
    tuple[date, date],
    BeforeValidator(_parse_days),
    WithJsonSchema({"type": "string", "pattern": rf"^{_DATE}(\.\.{_DATE})?$"}),
]


class _Document(BaseModel):
    """Something written that says which days are off and which are worked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OffDays(_Document):
    """Consecutive days off, both ends included, and what they are called."""

    title: str = Field(min_length=1)
    days: DateRange

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) <= self.days[1] - self.days[0] < timedelta(days=366):
            raise ValueError("days off run from the earlier to the later date, less than a year")
        return self

    def dates(self) -> Iterable[date]:
        first, last = self.days
        return (first + timedelta(days=i) for i in range((last - first).days + 1))


class _DayList(_Document):
    source: str = Field(min_length=1)
    off: tuple[OffDays, ...] = Field(default=(), strict=False)
    work: tuple[LegalDate, ...] = Field(default=(), strict=False)

    def off_dates(self) -> dict[date, str]:
        return {day: days.title for days in self.off for day in days.dates()}

    @model_validator(mode="after")
    def _one_meaning_a_day(self) -> Self:
        both = sorted(self.off_dates().keys() & set(self.work))
        if both:
            raise ValueError(f"{both[0]} is both off and worked")
        return self


class CalendarOverlay(_DayList):
    """
    A document that changes days of a calendar: an amended notice, or a county's offices closed by flood or snow.

    `source` is its number. A day off on account of a `closure` is no holiday, but no work is done and no period
    ends on it either.
    """

    title: str = Field(min_length=1)
    kind: Literal["amendment", "closure"] = "amendment"


class CalendarYear(_DayList):
    """
    One year's notice, and the notices that amended it.

    `work` lists the Saturdays and Sundays that are worked. Days of the December before may be listed too.
    """

    year: int = Field(ge=1950, le=2200)
    amended: tuple[CalendarOverlay, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _days_belong_here(self) -> Self:
        for day in (*self.off_dates(), *self.work):
            if day.year != self.year and (day.year, day.month) != (self.year - 1, 12):
                raise ValueError(f"{day} is neither in {self.year} nor in the December before")
        for day in self.work:
            if day.weekday() < 5:
                raise ValueError(f"{day} is a {day:%A}: only Saturdays and Sundays are made working days")
        return self


@dataclass(frozen=True, slots=True)
class Day:
    """One day, whether it is a working day, and which document says so; `title` is the holiday's or closure's name."""

    date: date
    is_working: bool
    kind: DayKind
    title: str
    source: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class _Listed:
    is_working: bool
    kind: DayKind
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    The days of one place, as known at one time. Build it with `Calendar.of`.

    Days are days in `zone`, whatever zone the process runs in. The methods that count take and give proleptic
    ordinals (`date.toordinal()`), because they are on the way of every command.
    """

    id: str
    zone: ZoneInfo = field(compare=False)
    _sources: dict[int, str] = field(compare=False, repr=False)
    _listed: dict[date, _Listed] = field(compare=False, repr=False)
    _exceptions: list[int] = field(compare=False, repr=False)
    """Ordinals of the days that differ from a plain week, ascending."""
    _shifts: list[int] = field(compare=False, repr=False)
    """`_shifts[i]`: working days gained or lost by the first i exceptions."""
    _counts: list[int] = field(compare=False, repr=False)
    """Working days from the beginning of the count through each exception."""
    _settled: list[tuple[int, int]] = field(compare=False, repr=False)
    """Spans of ordinals, both ends included, whose notices are all known; ascending and apart."""

    @classmethod
    def of(
        cls, years: Iterable[CalendarYear], overlays: Iterable[CalendarOverlay] = (), zone: str = "Asia/Shanghai"
    ) -> Calendar:
        """
        Put notices together; where two speak of one day, the later year and then the later overlay wins.

        Raises:
            ValueError: A year is given twice.
            zoneinfo.ZoneInfoNotFoundError: There is no such zone.
        """
        notices = sorted(years, key=lambda year: year.year)
        sources = {notice.year: notice.source for notice in notices}
        if len(sources) != len(notices):
            raise ValueError("a year has two notices: an amended notice is an overlay or goes into `amended`")
        layers = tuple(overlays)
        listed: dict[date, _Listed] = {}
        for notice in notices:
            listed.update(_listed_days(notice))
            for amendment in notice.amended:
                listed.update(_listed_days(amendment))
        for overlay in layers:
            listed.update(_listed_days(overlay))
        content = [zone, [d.model_dump(mode="json") for d in notices], [d.model_dump(mode="json") for d in layers]]
        exceptions = sorted(day.toordinal() for day, it in listed.items() if it.is_working != (day.weekday() < 5))
        shifts, counts = [0], []
        for ordinal in exceptions:
            shifts.append(shifts[-1] + (-1 if _is_weekday(ordinal) else 1))
            counts.append(_weekdays_through(ordinal) + shifts[-1])
        return cls(
            id=_content_hash(content),
            zone=ZoneInfo(zone),
            _sources=sources,
            _listed=listed,
            _exceptions=exceptions,
            _shifts=shifts,
            _counts=counts,
            _settled=_settled_spans(sources),
        )

    # Days, to look at

    def day(self, day: date) -> Day:
        """What *day* is, and by which document."""
        provisional = self.is_provisional(day)
        it = self._listed.get(day)
        if it is None:
            working = day.weekday() < 5
            notice = "" if provisional else self._sources[day.year]
            it = _Listed(working, "workday" if working else "weekend", "", notice if working else WEEKLY_REST)
        return Day(day, it.is_working, it.kind, it.title, it.source, provisional)

    @property
    def years(self) -> tuple[int, ...]:
        """The years whose notice is known, in order."""
        return tuple(sorted(self._sources))

    def is_provisional(self, day: date) -> bool:
        """Whether a notice that we do not know may still change *day*."""
        ordinal = day.toordinal()
        return not self.is_settled(ordinal, ordinal)

    # Instants and legal days

    def local(self, instant: datetime) -> datetime:
        """
        *instant* by the clock on the wall.

        Raises:
            ValueError: It is naive.
        """
        if instant.tzinfo is None:
            raise ValueError("an instant without a time zone names no legal day")
        return instant.astimezone(self.zone)

    def local_date(self, instant: datetime) -> date:
        """The legal day in which *instant* falls; 24:00 belongs to the next one. Naive instants raise ValueError."""
        return self.local(instant).date()

    def at(self, day: date, moment: time) -> datetime:
        """The instant, in UTC, at which the clock on the wall shows *moment* on *day*."""
        return datetime.combine(day, moment, self.zone).astimezone(UTC)

    def end_of(self, day: date, day_ends: time | None = None) -> datetime:
        """The instant, in UTC, at which *day* ends: at 24:00, or at the close of business if it is given."""
        return self.at(day + timedelta(days=1), time.min) if day_ends is None else self.at(day, day_ends)

    # Counting, in ordinals

    def is_settled(self, first: int, last: int) -> bool:
        """Whether every day from *first* through *last* is known by its notice; true of no days at all."""
        return first > last or any(low <= first and last <= high for low, high in self._settled)

    def workdays_through(self, ordinal: int) -> int:
        """Working days through *ordinal*, from a beginning common to all: only differences mean something."""
        return _weekdays_through(ordinal) + self._shifts[bisect_right(self._exceptions, ordinal)]

    def workday_number(self, count: int) -> int:
        """The first day through which there are *count* working days (the inverse of `workdays_through`)."""
        i = bisect_left(self._counts, count)
        plain = count - self._shifts[i] - 1
        ordinal = plain // 5 * 7 + plain % 5 + 1
        return min(ordinal, self._exceptions[i]) if i < len(self._exceptions) else ordinal

    def workday_from(self, ordinal: int) -> int:
        """*ordinal* itself if it is a working day, else the next one."""
        return self.workday_number(self.workdays_through(ordinal - 1) + 1)


def _is_weekday(ordinal: int) -> bool:
    return (ordinal - 1) % 7 < 5


def _weekdays_through(ordinal: int) -> int:
    """Mondays to Fridays from ordinal 1, which is a Monday."""
    return ordinal // 7 * 5 + min(ordinal % 7, 5)


def _listed_days(document: CalendarYear | CalendarOverlay) -> dict[date, _Listed]:
    is_closure = isinstance(document, CalendarOverlay) and document.kind == "closure"
    off: DayKind = "closure" if is_closure else "holiday"
    days = {day: _Listed(False, off, title, document.source) for day, title in document.off_dates().items()}
    for day in document.work:
        days[day] = _Listed(True, "workday" if day.weekday() < 5 else "makeup", "", document.source)
    return days


def _settled_spans(years: Iterable[int]) -> list[tuple[int, int]]:
    known = sorted(years)
    spans: list[tuple[int, int]] = []
    for year in known:
        first = date(year, 1, 1).toordinal()
        if spans and spans[-1][1] == first - 1:
            first = spans.pop()[0]
        last = date(year, 12, 31) if year + 1 in known else date(year, *REACH) - timedelta(days=1)
        spans.append((first, last.toordinal()))
    return spans


def _content_hash(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
