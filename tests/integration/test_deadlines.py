"""
T13: no notice closes early, on any machine, at any holiday, whatever its clock does.

Real cases, over the office, the store and the sweep. When a period ends is counted by tests/property/oracle.py, which
steps over days and knows nothing of the engine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from engine.calendar import Calendar, CalendarYear
from engine.cases import PostNotice
from engine.errors import CaseError
from engine.loading import read_as
from tests.property.county import COUNTY, County, library
from tests.property.guide import Guide, bring_to, open_case
from tests.property.oracle import Days, end_of, legal_end
from tests.property.sites import Site

ZONES = ("UTC", "America/New_York", "Asia/Shanghai", "Pacific/Kiritimati")
#: Days around which periods begin and end: before, in and after the Spring Festival with its worked Saturdays, the
#: National Day, the end of a year, the end of February with and without its 29th.
DAYS = (
    "2024-02-26", "2024-02-28", "2024-02-29", "2025-01-23", "2025-02-27", "2025-12-28", "2025-12-31", "2026-02-11",
    "2026-02-13", "2026-02-14", "2026-02-20", "2026-02-27", "2026-09-28", "2026-10-07",
)  # fmt: skip
#: A millisecond before midnight in China, midnight, and in working hours.
MOMENTS = (timedelta(milliseconds=-1), timedelta(0), timedelta(hours=10))
TICK = timedelta(milliseconds=1)
#: By workflow: its notice, the length of the period in days, whether a last day off moves on.
NOTICES = {"board": ("show", 3, True), "identification": ("village_publicity", 7, False)}


@contextmanager
def process_in(zone: str) -> Iterator[None]:
    """The process believes itself to be in *zone*."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@pytest.fixture(scope="module")
def years() -> list[CalendarYear]:
    return [read_as(source, CalendarYear) for source in library().calendar_files()]


@dataclass
class Waiting:
    """A case whose notice is about to be posted."""

    county: County
    id: UUID

    @property
    def stage(self) -> str:
        return self.county.case(self.id).stage

    def post(self, at: datetime) -> None:
        """Every place is posted at *at*, which is now."""
        self.county.time.at = at
        for command in Guide(self.county, self.county.case(self.id)).forward():
            if isinstance(command, PostNotice):
                self.county.ask(self.id, command)

    def try_everything(self, at: datetime) -> str:
        """At *at* the sweep comes, and whatever might bring the case on is asked; gives the stage it is in then."""
        self.county.time.at = at
        assert not self.county.office.sweep().failed
        stage = self.stage
        for command in Guide(self.county, self.county.case(self.id)).forward():
            if self.stage == stage:
                try:
                    self.county.ask(self.id, command)
                except CaseError:
                    continue
        return self.stage


class Shelf:
    """Databases with a case that waits for its notice to be posted: made once, copied for every start."""

    def __init__(self, folder: Path, workflow: str, years: list[CalendarYear]) -> None:
        self._years = years
        self._site = Site.sqlite(folder)
        county = self._opened()
        county.time.at = datetime(2024, 1, 8, 1, 0, tzinfo=UTC)
        self._id = open_case(county, workflow)
        bring_to(county, self._id, NOTICES[workflow][0])
        county.close()
        self._site = self._site.over(county.url)

    def _opened(self) -> County:
        return County(self._site.fresh(), self._site.homes, [Calendar.of(self._years)])

    @contextmanager
    def waiting(self) -> Iterator[Waiting]:
        county = self._opened()
        county.ids = 1000  # Ids that its past has not used.
        yield Waiting(county, self._id)
        county.close()
        self._site.clear(county.url)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("workflow", NOTICES)
def test_T13_no_notice_closes_before_its_legal_end_in_any_zone_at_any_holiday(
    zone: str, workflow: str, tmp_path: Path, years: list[CalendarYear]
) -> None:
    with process_in(zone):
        _post_around_holidays(Shelf(tmp_path, workflow, years), workflow)


def _post_around_holidays(shelf: Shelf, workflow: str) -> None:
    days = Days.shipped()
    stage, length, roll = NOTICES[workflow]
    for day in DAYS:
        for moment in MOMENTS:
            start = end_of(date.fromisoformat(day)) + moment
            end = legal_end(start, length, days, roll=roll)
            with shelf.waiting() as case:
                case.post(start)
                assert case.try_everything(end - TICK) == stage, f"posted {start}, it left before {end}"
                assert case.try_everything(end) != stage, f"posted {start}, it did not leave at {end}"
            with shelf.waiting() as later:
                later.post(start)
                assert later.try_everything(end + timedelta(seconds=1)) != stage


def test_I15_the_same_happens_at_the_same_instants_whatever_the_zone_of_the_process(
    tmp_path: Path, years: list[CalendarYear]
) -> None:
    stories: list[list[tuple[str, str, str, str]]] = []
    for zone in ZONES:
        folder = tmp_path / str(len(stories))
        folder.mkdir()
        with process_in(zone):
            stories.append(_story(Shelf(folder, "board", years)))
    assert stories[0] == stories[1] == stories[2] == stories[3]
    # Posted on the last working day before the Spring Festival of 2026, for three days: over with the first after it.
    assert ("fired", "2026-02-24T16:00:00+00:00", "compile", "2026-02-24T16:00:00Z") in stories[0]


def _story(shelf: Shelf) -> list[tuple[str, str, str, str]]:
    """What happened to a case from its opening to its end, with the instants and the deadlines that were set."""
    start = end_of(date(2026, 2, 13)) - TICK
    with shelf.waiting() as case:
        case.post(start)
        for hours in range(0, 24 * 20, 4):
            case.try_everything(start + timedelta(milliseconds=1, hours=hours))
        events = list(case.county.store.events(COUNTY, case.id))
    return [
        (event.kind, event.at.isoformat(), str(event.body.get("to", "")), str(event.body.get("due", "")))
        for event in events
    ]


@pytest.fixture
def board(tmp_path: Path, years: list[CalendarYear]) -> Iterator[Waiting]:
    """A case of the board that waits for its notice to be posted: three days, moved on from days off."""
    with Shelf(tmp_path, "board", years).waiting() as case:
        yield case


def test_T13_a_clock_that_is_put_back_closes_nothing_early(board: Waiting) -> None:
    start = end_of(date(2026, 2, 26))
    end = legal_end(start, 3, Days.shipped(), roll=True)
    board.post(start)
    for back in (timedelta(0), timedelta(minutes=1), timedelta(hours=3), timedelta(days=2)):
        assert board.try_everything(end - timedelta(minutes=2) - back) == "show"
    assert board.try_everything(end - TICK) == "show"
    assert board.try_everything(end) != "show"
    board.try_everything(end - timedelta(hours=5))
    times = [event.at for event in board.county.store.events(COUNTY, board.id)]
    assert times == sorted(times)


def _published(off: str, work: tuple[date, ...] = ()) -> CalendarYear:
    return CalendarYear(year=2027, source="样例〔2026〕99号", off=({"title": "元旦(样例)", "days": off},), work=work)


def test_T13_a_provisional_end_becomes_later_when_the_year_is_published(
    board: Waiting, years: list[CalendarYear]
) -> None:
    board.post(end_of(date(2026, 12, 28)))
    new_year = end_of(date(2027, 1, 1))
    assert board.county.case(board.id).section("clocks")["show.wait"]["prov"] is True
    board.county.calendars.append(Calendar.of([*years, _published("2027-01-01..2027-01-03")]))
    assert board.county.office.settle(COUNTY, board.id) is not None
    assert board.try_everything(new_year) == "show"
    monday = end_of(date(2027, 1, 4))
    assert board.try_everything(monday - TICK) == "show"
    assert board.try_everything(monday) != "show"


def test_T13_a_provisional_end_never_becomes_earlier(board: Waiting, years: list[CalendarYear]) -> None:
    board.post(end_of(date(2026, 12, 29)))
    monday = end_of(date(2027, 1, 4))  # Saturday the 2nd is its third day.
    board.county.calendars.append(Calendar.of([*years, _published("2027-01-01", (date(2027, 1, 2),))]))
    board.county.office.settle(COUNTY, board.id)
    assert board.try_everything(end_of(date(2027, 1, 2))) == "show"
    assert board.try_everything(monday - TICK) == "show"
    assert board.try_everything(monday) != "show"
