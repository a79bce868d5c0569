"""Tasks that come again and again: the turn of a period opens them, and the end of the case stops them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine import clocks
from engine.checking import check
from engine.errors import DefinitionError
from engine.loading import Source, load
from tests.harness import Runner

ROLLS = """
workflow: rolls
opens: {found: {by: village.cadre, to: on_rolls}}
params: {cycle: {title: 复核周期, type: cycle, value: half_year}}
facts: {rich: {title: 富, type: yes_no, in: look}}
stages:
  on_rolls:
    title: 在册
    by: county.bureau
    actions: {look: {to: stay, means: record}, stop: {to: stopped, means: refuse}}
  stopped_by_mistake: {title: 停, aside: yes, by: county.bureau, actions: {on: {to: on_rolls, means: back}}}
tasks:
  visit: {title: 走访, by: village.liaison, every: EVERY, limit: 20 day}
  review: {title: 复核, by: township.cadre, every: $cycle, opens: on_rolls.entered}
ends: {gone: {title: 结束, outcome: closed}, stopped: {title: 停发, outcome: refused}}
"""


def rolls(every: str = "month") -> Runner:
    runner = Runner.of(ROLLS.replace("EVERY", every))
    runner.open("village.cadre")
    return runner


def live(runner: Runner, days: int) -> None:
    """So many days, with a sweep every day."""
    for _ in range(days):
        runner.wait(days=1)


def turns(runner: Runner, task: str = "visit") -> list[str]:
    """The days on which *task* was opened so far."""
    return [
        str((event.at + timedelta(hours=8)).date())
        for event in runner.events[runner.case.id]
        for section, key, value in event.changes
        if (section, key) == ("tasks", task) and value is not None and value["st"] == "open"
    ]


@pytest.mark.parametrize(
    ("cycle", "day", "turn"),
    [
        ("month", "2026-03-02", "2026-04-01"), ("month", "2026-12-31", "2027-01-01"),
        ("quarter", "2026-03-31", "2026-04-01"), ("quarter", "2026-04-01", "2026-07-01"),
        ("half_year", "2026-03-02", "2026-07-01"), ("half_year", "2026-07-01", "2027-01-01"),
        ("year", "2026-01-01", "2027-01-01"),
        ("06-30", "2026-03-02", "2026-06-30"), ("06-30", "2026-06-30", "2027-06-30"),
        ("02-29", "2026-03-02", "2027-02-28"), ("02-29", "2027-03-01", "2028-02-29"),
    ],
)  # fmt: skip
def test_a_turn_begins_with_the_next_calendar_period_or_day_of_the_year(cycle: str, day: str, turn: str) -> None:
    assert str(clocks.turn(cycle, date.fromisoformat(day))) == f"until {turn}"


def test_a_duty_comes_with_each_turn_and_once_more_where_an_event_opens_it() -> None:
    runner = rolls()
    assert (turns(runner), turns(runner, "review")) == ([], ["2026-03-02"])
    runner.act("township.cadre", "done", on="review")
    for month in ("04", "05"):
        live(runner, 31)
        assert turns(runner)[-1] == f"2026-{month}-01"
        runner.act("village.liaison", "done", on="visit")
    live(runner, 62)
    assert turns(runner, "review") == ["2026-03-02", "2026-07-01"]


def test_a_turn_that_passes_without_an_answer_is_missed_and_the_next_one_comes() -> None:
    runner = rolls()
    live(runner, 70)  # Nobody was there in April.
    missed = [
        (key, value["why"])
        for event in runner.events[runner.case.id]
        for section, key, value in event.changes
        if section == "tasks" and value is not None and value["st"] == "cancelled"
    ]
    assert turns(runner) == ["2026-04-01", "2026-05-01"]
    assert missed == [("visit", "missed")]
    assert len(runner.items("visit")) == 1


def test_after_days_of_standstill_every_turn_comes_in_its_order() -> None:
    runner = rolls("quarter")
    runner.now += timedelta(days=250)
    runner.wait(days=0)
    assert turns(runner) == [str((runner.now + timedelta(hours=8)).date())] * 3
    assert runner.due("visit.turn").isoformat() == "2026-12-31T16:00:00+00:00"


def test_what_comes_again_and_again_stops_with_the_case() -> None:
    runner = rolls()
    runner.act("township.cadre", "done", on="review")
    live(runner, 31)
    runner.act("county.bureau", "stop")
    assert (runner.case.status, runner.timers()) == ("closed", {})
    assert runner.case.section("tasks")["visit"]["why"] == "ended"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("week", "is not a cycle"), ("13-01", "is not a cycle"), ("$nothing", "there is no parameter"),
        ("month, again: keep", "comes again and again"), ("$line", "cycle is needed here"),
        ("month, opens: stopped", "ends with the case"),
    ],
)  # fmt: skip
def test_what_is_no_cycle_is_refused(wrong: str, told: str) -> None:
    text = ROLLS.replace("EVERY", wrong).replace("params: {", "params: {line: {title: 线, type: number, value: 1}, ")
    try:
        faults = check(load([Source("test.yaml", "title: 在册\nsubject: household\nclause: 样例\n" + text)]))
    except DefinitionError as error:
        faults = tuple(error.faults)
    assert any(told in f"{fault.message} {fault.advice}" for fault in faults)
