"""The working calendar against its oracle, its sources, and what a notice can do to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.calendar import WEEKLY_REST, Calendar, CalendarOverlay, CalendarYear, Day

NOTICES = {
    2020: "国办发明电〔2019〕16号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}


ALL_DAYS = [date(2020, 1, 1) + timedelta(days=i) for i in range((date(2026, 12, 31) - date(2020, 1, 1)).days + 1)]


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def test_every_day_of_2020_to_2026_is_what_chinesecalendar_says(china: Calendar) -> None:
    ours = {day: china.day(day).is_working for day in ALL_DAYS}
    assert ours == {day: chinese_calendar.is_workday(day) for day in ALL_DAYS}


def test_each_year_names_its_notice(notices: list[CalendarYear]) -> None:
    assert {year.year: year.source for year in notices} == NOTICES
    assert [amendment.source for amendment in notices[0].amended] == ["国办发明电〔2020〕1号"]


def test_every_listed_day_knows_its_document(china: Calendar) -> None:
    assert china.day(date(2026, 2, 16)) == Day(date(2026, 2, 16), False, "holiday", "春节", NOTICES[2026], False)
    assert china.day(date(2026, 2, 28)) == Day(date(2026, 2, 28), True, "makeup", "", NOTICES[2026], False)
    assert china.day(date(2026, 3, 3)) == Day(date(2026, 3, 3), True, "workday", "", NOTICES[2026], False)
    assert china.day(date(2026, 3, 7)) == Day(date(2026, 3, 7), False, "weekend", "", WEEKLY_REST, False)


def test_a_notice_reaches_into_the_old_year(china: Calendar) -> None:
    assert china.day(date(2022, 12, 31)).source == NOTICES[2023]


def test_the_notice_of_january_2020_overrides_that_of_2019(china: Calendar, notices: list[CalendarYear]) -> None:
    """February 1st 2020 was to be worked by 〔2019〕16号; 〔2020〕1号 prolonged the holiday through the 2nd."""
    before = Calendar.of([notices[0].model_copy(update={"amended": ()}), *notices[1:]])
    assert before.day(date(2020, 2, 1)).is_working
    assert before.day(date(2020, 1, 31)).is_working
    assert china.day(date(2020, 2, 1)) == Day(
        date(2020, 2, 1), False, "holiday", "春节(延长)", "国办发明电〔2020〕1号", False
    )
    assert before.id != china.id


def test_a_year_without_notice_has_weekends_only_and_is_provisional(china: Calendar) -> None:
    assert china.day(date(2027, 10, 1)) == Day(date(2027, 10, 1), True, "workday", "", "", True)
    assert china.day(date(2027, 10, 2)) == Day(date(2027, 10, 2), False, "weekend", "", WEEKLY_REST, True)
    assert china.is_provisional(date(2019, 12, 31))


def test_the_last_days_of_a_year_are_provisional_until_the_next_notice(china: Calendar) -> None:
    """The notice of 2019 moved 2018-12-29, so no notice known today settles 2026-12-29."""
    assert not china.is_provisional(date(2026, 12, 28))
    assert china.is_provisional(date(2026, 12, 29))
    assert not china.is_provisional(date(2025, 12, 31))


def test_a_gap_between_known_years_is_provisional(notices: list[CalendarYear]) -> None:
    gap = Calendar.of([notices[0], notices[2]])
    assert gap.is_provisional(date(2021, 6, 1))
    assert not gap.is_provisional(date(2020, 6, 1))
    assert not gap.is_provisional(date(2022, 6, 1))
    assert gap.is_settled(5, 4)


def test_a_county_closure_is_a_layer_with_its_own_document(china: Calendar, notices: list[CalendarYear]) -> None:
    flood = CalendarOverlay.model_validate(
        {
            "title": "防汛停工",
            "kind": "closure",
            "source": "永定防指〔2026〕3号(示例)",
            "off": [{"title": "防汛停工", "days": "2026-07-01..2026-07-03"}],
        }
    )
    county = Calendar.of(notices, [flood])
    assert county.day(date(2026, 7, 2)) == Day(date(2026, 7, 2), False, "closure", "防汛停工", flood.source, False)
    assert china.day(date(2026, 7, 2)).is_working
    assert county.id != china.id


def test_an_overlay_may_make_a_holiday_a_plain_working_day(notices: list[CalendarYear]) -> None:
    worked = CalendarOverlay(title="恢复上班", source="示例〔2026〕1号", work=(date(2026, 2, 23), date(2026, 2, 22)))
    calendar = Calendar.of(notices, [worked])
    assert calendar.day(date(2026, 2, 23)) == Day(date(2026, 2, 23), True, "workday", "", worked.source, False)
    assert calendar.day(date(2026, 2, 22)).kind == "makeup"


def test_the_id_is_the_content_and_nothing_else(china: Calendar, notices: list[CalendarYear]) -> None:
    assert Calendar.of(reversed(notices)) == china
    assert Calendar.of(reversed(notices)).id == china.id
    assert Calendar.of(notices, zone="Asia/Urumqi").id != china.id
    assert Calendar.of(notices[:-1]) != china
    assert len(china.id) == 12


def test_dates_may_be_text_or_dates() -> None:
    """engine.loading reads no timestamps from YAML, a plain reader does."""
    as_text = {
        "year": 2026,
        "source": NOTICES[2026],
        "off": [{"title": "元旦", "days": "2026-01-01..2026-01-03"}],
        "work": ["2026-01-04"],
    }
    as_dates = as_text | {"work": [date(2026, 1, 4)]}
    assert CalendarYear.model_validate(as_text) == CalendarYear.model_validate(as_dates)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"work": ["2026-01-05"]}, "Monday"),
        ({"work": ["2025-11-30"]}, "neither in 2026"),
        ({"work": ["2026-01-03"]}, "both off and worked"),
        ({"off": [{"title": "元旦", "days": "2026-01-03..2026-01-01"}]}, "earlier to the later"),
        ({"off": [{"title": "元旦", "days": "2026-01-01..2026-01-02..2026-01-03"}]}, "2 items"),
        ({"off": [{"title": "元旦", "days": "New Year"}]}, "valid date"),
        ({"source": ""}, "at least 1 character"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_a_wrong_notice_is_refused(change: dict[str, Any], complaint: str) -> None:
    right = {"year": 2026, "source": NOTICES[2026], "off": [{"title": "元旦", "days": "2026-01-01..2026-01-03"}]}
    with pytest.raises(ValidationError, match=complaint):
        CalendarYear.model_validate(right | change)


def test_a_year_given_twice_is_refused(notices: list[CalendarYear]) -> None:
    with pytest.raises(ValueError, match="two notices"):
        Calendar.of([notices[0], notices[0]])


def test_the_editor_schema_shows_dates_as_they_are_written() -> None:
    schema = CalendarYear.model_json_schema()
    assert schema["$defs"]["OffDays"]["properties"]["days"]["type"] == "string"
    assert schema["properties"]["work"]["items"]["type"] == "string"


def test_I15_a_legal_day_is_a_day_in_the_calendars_zone(china: Calendar, notices: list[CalendarYear]) -> None:
    evening = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
    assert china.local_date(evening) == date(2026, 3, 3)
    assert china.local_date(evening - timedelta(microseconds=1)) == date(2026, 3, 2)
    assert Calendar.of(notices, zone="Asia/Urumqi").local_date(evening) == date(2026, 3, 2)
    assert china.end_of(date(2026, 3, 2)) == evening
    assert china.end_of(date(2026, 3, 2), time(17, 30)) == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_a_naive_instant_is_refused(china: Calendar) -> None:
    with pytest.raises(ValueError, match="time zone"):
        china.local_date(datetime(2026, 3, 2, 16, 0))  # noqa: DTZ001 - naive on purpose


def test_F18_days_of_the_summer_times_of_1986_to_1991_have_their_own_length(china: Calendar) -> None:
    """In Shanghai 1990-04-15 had 23 hours and 1990-09-16 had 25."""
    assert china.end_of(date(1990, 4, 15)) - china.end_of(date(1990, 4, 14)) == timedelta(hours=23)
    assert china.end_of(date(1990, 9, 16)) - china.end_of(date(1990, 9, 15)) == timedelta(hours=25)
    assert china.local_date(datetime(1990, 7, 1, 15, 0, tzinfo=UTC)) == date(1990, 7, 2)


near = st.dates(date(2019, 1, 1), date(2028, 12, 31))


@given(a=near, b=near)
def test_working_days_are_counted_as_if_one_by_one(a: date, b: date, china: Calendar) -> None:
    first, last = min(a, b), max(a, b)
    one_by_one = sum(china.day(day).is_working for day in days_between(first + timedelta(days=1), last))
    counted = china.workdays_through(last.toordinal()) - china.workdays_through(first.toordinal())
    assert counted == one_by_one


@given(day=st.dates(date(1970, 1, 1), date(2200, 1, 1)))
def test_the_number_of_a_working_day_leads_back_to_it(day: date, china: Calendar) -> None:
    found = china.workday_number(china.workdays_through(day.toordinal()))
    assert found <= day.toordinal()
    assert china.day(date.fromordinal(found)).is_working
    assert (found == day.toordinal()) == china.day(day).is_working


@given(day=near)
def test_the_next_working_day_is_the_first_one(day: date, china: Calendar) -> None:
    found = date.fromordinal(china.workday_from(day.toordinal()))
    assert china.day(found).is_working
    assert not any(china.day(skipped).is_working for skipped in days_between(day, found - timedelta(days=1)))
