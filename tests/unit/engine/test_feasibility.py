"""Whether limits fit into each other, over every working day of the published calendar."""

from __future__ import annotations

from datetime import date

import pytest

from bangfu.library import Library
from engine.calendar import Calendar
from engine.checking import check
from engine.feasibility import Misfit, misfits
from engine.loading import Definition, Source, load

PROCEDURE = """\
workflow: relief
title: 救助
subject: household
clause: 自定
posts: {village.cadre: 村干部, township.cadre: 乡镇干部, county.bureau: 县局, county.finance: 县财政}
opens: {applied: {title: 申请, by: household, to: next}}
stages:
  accept: {title: 受理, by: village.cadre, limit: 2 workday, actions: {pass: {to: next}}}
  visit: {title: 入户, by: village.cadre, limit: 2 workday, actions: {pass: {to: next}}}
  discuss: {title: 评议, by: village.cadre, limit: 3 workday, actions: {pass: {to: next}}}
  publicity: {title: 公示, notice: {by: village.cadre, wait: WAIT, roll: "yes"}, actions: {ended: {to: next}}}
  review: {title: 审核, by: township.cadre, limit: 3 workday, actions: {pass: {to: next}}}
  decide:
    title: 审定
    by: county.bureau
    limit: 5 workday
    actions: {grant: {to: next, means: grant}, refuse: {to: refused, means: refuse, opinion: "yes"}}
tasks:
  compare: {title: 比对, by: county.finance, limit: COMPARE, opens: publicity.ended, awaited_by: decide}
clocks: {whole: {title: 全程, limit: LIMIT, from: applied, until: decide.grant, except: [EXCEPT]}}
ends: {granted: {title: 已救助, outcome: granted}, refused: {title: 未救助, outcome: refused}}
"""
PROCEDURE = PROCEDURE.replace('"yes"', "yes")


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Library().calendar()


def procedure(limit: str, *, wait: str = "7 day", compare: str = "none", excepted: str = "") -> Definition:
    text = PROCEDURE.replace("LIMIT", limit).replace("WAIT", wait).replace("COMPARE", compare)
    return load([Source("relief.yaml", text.replace("EXCEPT", excepted))])


def found(definition: Definition, calendar: Calendar) -> Misfit | None:
    return next(misfits(definition.workflow, calendar), None)


def test_limits_that_seem_to_fit_and_do_not_are_told_with_a_day_as_example(calendar: Calendar) -> None:
    # 2 + 2 + 3 working days, 7 days, 3 + 5 working days look like 15 + 5 = 20. The day after the notice ended at
    # midnight is the first of the review, and does not count there. Begun on Thursday 2020-01-02: 3, 6 | 7, 8 | 9, 10,
    # 13 | the seventh day is Monday the 20th | from the 21st 22, 23, 3 February (the festival lasted through the 2nd) |
    # 4 to 10.
    misfit = found(procedure("20 workday"), calendar)
    assert misfit is not None
    assert (misfit.clock, misfit.whatever) == ("whole", False)
    assert (misfit.begun, misfit.ends, misfit.due) == (date(2020, 1, 2), date(2020, 2, 10), date(2020, 2, 6))
    assert 0 < misfit.failed < misfit.tried
    assert misfit.tried > 1_700


def test_a_limit_with_room_is_kept_on_every_day(calendar: Calendar) -> None:
    assert found(procedure("23 workday"), calendar) is None
    assert found(procedure("21 workday", wait="5 day"), calendar) is None


def test_natural_days_over_working_days_fail_around_the_long_holidays_only(calendar: Calendar) -> None:
    misfit = found(procedure("32 day"), calendar)
    assert misfit is not None
    assert misfit.failed < misfit.tried / 5
    assert found(procedure("60 day"), calendar) is None


def test_waits_that_are_longer_than_the_whole_cannot_be_kept_by_anybody(calendar: Calendar) -> None:
    misfit = found(procedure("20 workday", wait="40 day"), calendar)
    assert misfit is not None
    assert misfit.whatever
    assert misfit.failed == misfit.tried


def test_what_is_awaited_runs_beside_the_stages(calendar: Calendar) -> None:
    assert found(procedure("23 workday", compare="3 workday"), calendar) is None
    misfit = found(procedure("22 workday", compare="9 workday"), calendar)
    assert misfit is not None
    assert not misfit.whatever


def test_a_step_that_ends_beyond_the_published_years_is_late_for_a_limit_within_them(calendar: Calendar) -> None:
    misfit = found(procedure("23 workday", compare="3650 day"), calendar)
    assert misfit is not None
    assert misfit.failed == misfit.tried > 1_600


def test_time_that_does_not_count_is_left_out(calendar: Calendar) -> None:
    assert found(procedure("15 workday", wait="40 day"), calendar) is not None
    assert found(procedure("17 workday", wait="40 day", excepted="publicity"), calendar) is None


def test_a_day_of_the_calendar_says_nothing_about_the_steps(calendar: Calendar) -> None:
    assert found(procedure("by 05-31"), calendar) is None


@pytest.mark.parametrize(
    ("limit", "wait", "code", "severity"),
    [("20 workday", "7 day", "tight-limit", "warning"), ("20 workday", "40 day", "impossible-limit", "error")],
)
def test_the_checker_says_so_at_the_limit(limit: str, wait: str, code: str, severity: str, calendar: Calendar) -> None:
    faults = check(procedure(limit, wait=wait), calendar=calendar)
    told = [each for each in faults if each.code == code]
    assert [(each.line, each.severity) for each in told] == [(20, severity)]
    assert "2020-01-02" in told[0].message
    assert not [each for each in check(procedure(limit, wait=wait)) if each.code == code]


def test_no_shipped_definition_has_limits_that_do_not_fit(calendar: Calendar) -> None:
    library = Library()
    for pack in ("", *library.packs()):
        for name in library.workflows():
            assert list(misfits(library.definition(name, pack).workflow, calendar)) == [], (name, pack)
