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
from engine.cases import Case, PostNotice
from engine.drafting import derived_id
from engine.errors import CaseError
from engine.loading import read_as
from tests.property.county import COUNTY, VILLAGE, Chance, County, Time, library
from tests.property.guide import Guide, bring_on, opening
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
    ids: int = 100

    @property
    def case(self) -> Case:
        return self.county.store.load(COUNTY, self.id).case

    def new_id(self) -> UUID:
        self.ids += 1
        return derived_id("deadlines", self.ids)

    def post(self, at: datetime) -> None:
        """Every place is posted at *at*, which is now."""
        self.county.time.at = at
        for proposal in Guide(self.case, at, self.new_id).proposals():
            if isinstance(proposal.command, PostNotice) and proposal.forward:
                self.county.office.ask(COUNTY, self.id, proposal.command)

    def try_everything(self, at: datetime) -> str:
        """At *at* the sweep comes, and whatever might bring the case on is asked; gives the stage it is in then."""
        self.county.time.at = at
        swept = self.county.office.sweep()
        assert not swept.failed
        stage = self.case.stage
        for proposal in Guide(self.case, at, self.new_id).proposals():
            if proposal.forward and self.case.stage == stage:
                try:
                    self.county.office.ask(COUNTY, self.id, proposal.command)
                except CaseError:
                    continue
        return self.case.stage


class Shelf:
    """Databases with a case that waits for its notice to be posted: made once, copied for every start."""

    def __init__(self, folder: Path, workflow: str, years: list[CalendarYear]) -> None:
        self._years = years
        site = Site.sqlite(folder)
        self._url = site.fresh()
        self._site = site
        county = County.opened(self._url, Time(datetime(2024, 1, 8, 1, 0, tzinfo=UTC)), [Calendar.of(years)], Chance())
        waiting = Waiting(county, derived_id("deadlines", workflow), 0)
        command = opening(workflow, site.homes[0], VILLAGE, county.time.now(), waiting.new_id())
        county.office.open(COUNTY, workflow, command, waiting.id)
        while waiting.case.stage != NOTICES[workflow][0]:
            assert bring_on(county, waiting.id, waiting.new_id) is not None
        self._id = waiting.id
        county.database.close()
        site.keep(self._url)

    def waiting(self) -> Waiting:
        url = self._site.fresh()
        county = County.opened(url, Time(), [Calendar.of(self._years)], Chance())
        return Waiting(county, self._id)

    def done(self, waiting: Waiting) -> None:
        waiting.county.database.close()


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
            case = shelf.waiting()
            case.post(start)
            assert case.try_everything(end - TICK) == stage, f"posted {start}, it left before {end}"
            assert case.try_everything(end) != stage, f"posted {start}, it did not leave at {end}"
            shelf.done(case)
            later = shelf.waiting()
            later.post(start)
            assert later.try_everything(end + timedelta(seconds=1)) != stage
            shelf.done(later)


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
    case = shelf.waiting()
    start = end_of(date(2026, 2, 13)) - TICK
    case.post(start)
    for hours in range(0, 24 * 20, 4):
        case.try_everything(start + timedelta(milliseconds=1, hours=hours))
    events = list(case.county.store.events(COUNTY, case.id))
    shelf.done(case)
    return [
        (event.kind, event.at.isoformat(), str(event.body.get("to", "")), str(event.body.get("due", "")))
        for event in events
    ]


def test_T13_a_clock_that_is_put_back_closes_nothing_early(tmp_path: Path, years: list[CalendarYear]) -> None:
    shelf = Shelf(tmp_path, "board", years)
    case = shelf.waiting()
    start = end_of(date(2026, 2, 26))
    end = legal_end(start, 3, Days.shipped(), roll=True)
    case.post(start)
    for back in (timedelta(0), timedelta(minutes=1), timedelta(hours=3), timedelta(days=2)):
        assert case.try_everything(end - timedelta(minutes=2) - back) == "show"
    assert case.try_everything(end - TICK) == "show"
    assert case.try_everything(end) != "show"
    case.try_everything(end - timedelta(hours=5))
    times = [event.at for event in case.county.store.events(COUNTY, case.id)]
    assert times == sorted(times)


def _published(off: str, work: tuple[date, ...] = ()) -> CalendarYear:
    return CalendarYear(year=2027, source="样例〔2026〕99号", off=({"title": "元旦(样例)", "days": off},), work=work)


def test_T13_a_provisional_end_becomes_later_when_the_year_is_published(
    tmp_path: Path, years: list[CalendarYear]
) -> None:
    shelf = Shelf(tmp_path, "board", years)
    case = shelf.waiting()
    case.post(end_of(date(2026, 12, 28)))
    new_year = end_of(date(2027, 1, 1))
    assert case.case.section("clocks")["show.wait"]["prov"] is True
    case.county.calendars.append(Calendar.of([*years, _published("2027-01-01..2027-01-03")]))
    assert case.county.office.settle(COUNTY, case.id) is not None
    assert case.try_everything(new_year) == "show"
    monday = end_of(date(2027, 1, 4))
    assert case.try_everything(monday - TICK) == "show"
    assert case.try_everything(monday) != "show"


def test_T13_a_provisional_end_never_becomes_earlier(tmp_path: Path, years: list[CalendarYear]) -> None:
    shelf = Shelf(tmp_path, "board", years)
    case = shelf.waiting()
    case.post(end_of(date(2026, 12, 29)))
    monday = end_of(date(2027, 1, 4))  # Saturday the 2nd is its third day.
    case.county.calendars.append(Calendar.of([*years, _published("2027-01-01", (date(2027, 1, 2),))]))
    case.county.office.settle(COUNTY, case.id)
    assert case.try_everything(end_of(date(2027, 1, 2))) == "show"
    assert case.try_everything(monday - TICK) == "show"
    assert case.try_everything(monday) != "show"
