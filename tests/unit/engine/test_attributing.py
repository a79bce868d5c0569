"""Time split by who held the clock: every number here was counted by hand on the calendar of spring 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from engine import clocks
from engine.attributing import Held, Total, attribute, totals
from engine.calendar import Calendar
from engine.cases import Case, Change, Event, fold
from engine.clocks import parse_term
from engine.compiling import Procedure

COUNTY = "430822"
VILLAGE = "430822100201"
TOWNSHIP = "430822100000"
SEAT = "430822000000"
CASE = UUID(int=7)
#: All that is asked of the procedure is which tasks a stage awaits.
PROCEDURE = cast(Procedure, SimpleNamespace(awaited={"county_review": ("police", "tax")}))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def item(ask: str, post: str, division: str) -> dict[str, Any]:
    return {"q": ask, "p": post, "d": division}


def limit(
    calendar: Calendar, name: str, text: str, at: str, *, stops: Sequence[tuple[str, str]] = (), **more: Any
) -> dict[str, Any]:
    state = clocks.start(name, parse_term(text), local(at), calendar, **more)
    for since, reason in stops:
        state = clocks.stop(state, local(since), reason)
    return state.to_json()


class Story:
    """A case's events, told by instants of local time."""

    def __init__(self) -> None:
        self.case = Case(COUNTY, CASE)
        self.events: list[Event] = []

    def then(self, at: str, *changes: Change, kind: str = "acted", post: str = "") -> Story:
        event = Event(
            county=COUNTY, case=CASE, seq=self.case.seq + 1, at=local(at), kind=kind, command=UUID(int=self.case.seq),
            asked=b"", actor="wang", post=post, changes=changes,
        )  # fmt: skip
        self.case = fold(self.case, event)
        self.events.append(event)
        return self

    def opened(self, at: str, stage: str, *changes: Change) -> Story:
        opening = (("case", "status", "open"), ("case", "stage", stage), ("asks", stage, {"n": 1}))
        return self.then(at, *opening, *changes, kind="opened", post=f"village.cadre@{VILLAGE}")

    def moved(self, at: str, stage: str, *changes: Change) -> Story:
        return self.then(
            at, ("asks", "", None), ("items", "", None), ("clocks", self.case.stage, None),
            ("case", "stage", stage), ("asks", stage, {"n": 2}), *changes,
        )  # fmt: skip

    def ended(self, at: str) -> Story:
        return self.then(at, ("items", "", None), ("clocks", "", None), ("case", "status", "ended"))


def told(held: Sequence[Held]) -> list[tuple[str, str, str, str, int, int, int]]:
    return [
        (
            each.kind, each.holder.partition("@")[0], each.from_date.strftime("%m-%d"), each.to_date.strftime("%m-%d"),
            int(each.days), int(each.workdays), int(each.late_days),
        )
        for each in held
    ]  # fmt: skip


def test_a_day_belongs_to_whoever_held_the_case_when_it_began(china: Calendar) -> None:
    story = (
        Story()
        .opened("2026-03-02T10:00", "check", ("items", "1", item("check", "village.cadre", VILLAGE)))
        .moved("2026-03-05T23:50", "review", ("items", "2", item("review", "township.cadre", TOWNSHIP)))
        .ended("2026-03-10T09:00")
    )
    held = attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"))
    # Monday 2nd is not counted; the 5th began in the village, the 6th to 10th in the township (7th, 8th: weekend).
    assert told(held) == [
        ("village", "village.cadre", "03-03", "03-05", 3, 3, 0),
        ("township", "township.cadre", "03-06", "03-10", 5, 3, 0),
    ]
    assert sum(each.days for each in held) == (date(2026, 3, 10) - date(2026, 3, 2)).days
    assert totals(held) == (
        Total("village", f"village.cadre@{VILLAGE}", Fraction(3), Fraction(0)),
        Total("township", f"township.cadre@{TOWNSHIP}", Fraction(3), Fraction(0)),
        Total("calendar", "", Fraction(2), Fraction(0)),
    )


def test_everybody_is_late_against_the_limit_of_what_he_was_asked_in_its_own_unit(china: Calendar) -> None:
    story = (
        Story()
        .opened(
            "2026-02-09T10:00", "check",
            ("items", "1", item("check", "village.cadre", VILLAGE)),
            ("clocks", "check", limit(china, "check", "3 workday", "2026-02-09T10:00")),
        )
        .moved(
            "2026-02-25T10:00", "review",
            ("items", "2", item("review", "township.cadre", TOWNSHIP)),
            ("clocks", "review", limit(china, "review", "5 day", "2026-02-25T10:00")),
        )
        .ended("2026-03-04T10:00")
    )  # fmt: skip
    # Three working days from Monday 9th: the 12th. Late on the 13th, 14th (a make-up Saturday), then the Spring
    # Festival until the 23rd, then 24th and 25th: 4 working days. Five days from the 25th: Monday, March 2nd.
    assert told(attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"))) == [
        ("village", "village.cadre", "02-10", "02-25", 16, 7, 4),
        ("township", "township.cadre", "02-26", "03-04", 7, 6, 2),
    ]


def test_publicity_holds_the_days_of_its_wait_and_the_office_those_of_posting_and_proving(china: Calendar) -> None:
    posting = ("items", "1", item("notice", "village.committee", VILLAGE))
    story = (
        Story()
        .opened("2026-03-02T10:00", "notice", posting)
        .then(
            "2026-03-04T10:00", ("items", "1", None),
            ("clocks", "notice.wait", limit(china, "notice.wait", "7 day", "2026-03-04T10:00", kind="wait")),
        )
        .then("2026-03-12T00:00", ("clocks", "notice.wait", None), ("items", "2", posting[2]))
        .ended("2026-03-13T15:00")
    )  # fmt: skip
    held = attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"))
    assert told(held) == [
        ("village", "village.committee", "03-03", "03-04", 2, 2, 0),
        ("publicity", "notice", "03-05", "03-12", 8, 6, 0),
        ("village", "village.committee", "03-13", "03-13", 1, 1, 0),
    ]
    # A notice takes natural days: nothing of them is the calendar's.
    assert [(each.kind, int(each.days)) for each in totals(held)] == [("village", 3), ("publicity", 8)]


def test_departments_asked_at_once_share_a_day_until_each_has_answered(china: Calendar) -> None:
    police = item("police", "county.police", SEAT)
    tax = item("tax", "county.tax", SEAT)
    story = (
        Story()
        .opened(
            "2026-03-02T10:00", "county_review",
            ("items", "1", item("county_review", "county.bureau", SEAT)),
            ("items", "2", police), ("items", "3", tax), ("asks", "police", {"n": 1}), ("asks", "tax", {"n": 1}),
            ("clocks", "police", limit(china, "police", "2 workday", "2026-03-02T10:00")),
        )
        .then("2026-03-04T10:00", ("items", "3", None), ("asks", "tax", None))
        .then("2026-03-06T10:00", ("items", "2", None), ("asks", "police", None), ("clocks", "police", None))
        .ended("2026-03-09T10:00")
    )  # fmt: skip
    held = attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"))
    # Both had the 3rd and 4th, a day each; police was late on the 5th and 6th, after its two working days.
    assert told(held) == [
        ("department", "county.police", "03-03", "03-04", 1, 1, 0),
        ("department", "county.tax", "03-03", "03-04", 1, 1, 0),
        ("department", "county.police", "03-05", "03-06", 2, 2, 2),
        ("county", "county.bureau", "03-07", "03-09", 3, 1, 0),
    ]
    assert sum(each.days for each in held) == 7


def test_a_stop_by_hand_an_objection_and_a_household_are_nobodys_delay(china: Calendar) -> None:
    objection = {"w": "objection", "q": "notice", "n": 1, "k": "objection"}
    story = (
        Story()
        .opened("2026-03-02T10:00", "apply", ("items", "1", item("apply", "household", VILLAGE)))
        .moved("2026-03-03T10:00", "review", ("items", "2", item("review", "township.cadre", TOWNSHIP)))
        .then(
            "2026-03-05T10:00",
            ("clocks", "whole", limit(china, "whole", "20 workday", "2026-03-02T10:00",
                                      stops=[("2026-03-05T10:00", "by_hand")])),
        )
        .then("2026-03-09T10:00", ("clocks", "whole", limit(china, "whole", "20 workday", "2026-03-02T10:00")))
        .then("2026-03-10T10:00", ("links", "c1", objection))
        .then("2026-03-12T10:00", ("links", "c1", None))
        .ended("2026-03-13T10:00")
    )  # fmt: skip
    assert told(attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"))) == [
        ("applicant", "household", "03-03", "03-03", 1, 1, 0),
        ("township", "township.cadre", "03-04", "03-05", 2, 2, 0),
        ("stopped", "whole", "03-06", "03-09", 4, 2, 0),
        ("township", "township.cadre", "03-10", "03-10", 1, 1, 0),
        ("objection", "objection", "03-11", "03-12", 2, 2, 0),
        ("township", "township.cadre", "03-13", "03-13", 1, 1, 0),
    ]


def test_an_overall_limit_is_split_from_its_start_and_its_lateness_by_who_held_it_then(china: Calendar) -> None:
    # The clue came on February 26th, the case was opened on March 2nd; five days end on March 3rd.
    whole = limit(china, "whole", "5 day", "2026-02-26T12:00")
    story = (
        Story()
        .opened(
            "2026-03-02T10:00", "check",
            ("items", "1", item("check", "village.cadre", VILLAGE)), ("clocks", "whole", whole),
        )
        .moved("2026-03-05T10:00", "county_review", ("items", "2", item("police", "county.police", SEAT)),
               ("items", "3", item("tax", "county.tax", SEAT)), ("asks", "police", {"n": 2}), ("asks", "tax", {"n": 2}))
        .then("2026-03-08T10:00", ("clocks", "whole", None))
        .ended("2026-03-20T10:00")
    )  # fmt: skip
    held = attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"), "whole")
    assert [
        (each.kind, each.ask, each.from_date.day, each.to_date.day, each.days, each.late_days) for each in held
    ] == [
        ("village", "opens", 27, 2, 4, 0),
        ("village", "check", 3, 5, 3, 2),
        ("department", "police", 6, 8, Fraction(3, 2), Fraction(3, 2)),
        ("department", "tax", 6, 8, Fraction(3, 2), Fraction(3, 2)),
    ]
    # Late for 5 days in all, March 4th to 8th.
    assert sum(each.late_days for each in totals(held)) == 5


def test_a_stage_that_does_not_count_is_held_but_not_late(china: Calendar) -> None:
    stopped = limit(china, "whole", "2 day", "2026-03-02T10:00", stops=[("2026-03-06T10:00", "excluded:notice")])
    story = (
        Story()
        .opened(
            "2026-03-02T10:00", "check",
            ("items", "1", item("check", "village.cadre", VILLAGE)),
            ("clocks", "whole", limit(china, "whole", "2 day", "2026-03-02T10:00")),
        )
        .moved("2026-03-06T10:00", "notice", ("clocks", "whole", stopped),
               ("clocks", "notice.wait", limit(china, "notice.wait", "3 day", "2026-03-06T10:00", kind="wait")))
    )  # fmt: skip
    assert told(attribute(story.events, PROCEDURE, china, local("2026-03-09T10:00"), "whole")) == [
        ("village", "village.cadre", "03-03", "03-06", 4, 4, 2),
        ("publicity", "notice", "03-07", "03-09", 3, 1, 0),
    ]


def test_what_still_runs_is_followed_until_now_and_nobody_is_named_where_nobody_holds_it(china: Calendar) -> None:
    story = Story().opened("2026-03-02T10:00", "check")
    assert told(attribute(story.events, PROCEDURE, china, local("2026-03-04T10:00"))) == [
        ("nobody", "", "03-03", "03-04", 2, 2, 0)
    ]
    assert attribute(story.events, PROCEDURE, china, local("2026-03-02T20:00")) == ()
    assert attribute([], PROCEDURE, china, local("2026-03-04T10:00")) == ()


@pytest.mark.parametrize("clock", ["whole", "check"])
def test_a_clock_that_never_ran_has_no_time_to_split(china: Calendar, clock: str) -> None:
    story = Story().opened("2026-03-02T10:00", "check").ended("2026-03-04T10:00")
    assert attribute(story.events, PROCEDURE, china, local("2026-06-01T00:00"), clock) == ()
