"""Parameters that differ from case to case: lengths, posts and places by a fact, by place, by year."""

from __future__ import annotations

import pytest

from engine.errors import GuardRefusedError, InputError
from engine.parameters import line_of
from engine.workflow import Param
from tests.harness import MONDAY, OTHER_VILLAGE, TOWNSHIP, VILLAGE, Runner

TEXT = """
workflow: tables
title: 样例
places: {square: 广场, hall: 大厅}
params:
  limit: {title: 时限, type: amount, by: [kind], value: {small: 3 day, large: 10 day, other: none}}
  judge:
    {title: 审, type: post, by: [kind, area], value: {small: {"43": township.judge}, large: {"43": county.judge}}}
  boards: {title: 张榜, type: places, by: [area], value: {"430822": [square, hall], "430822213202": [hall]}}
  line: {title: 线, type: yuan, by: [year, kind], value: {"2026": {small: 100, large: 200}}}
facts:
  kind: {title: 类别, type: "one of small, large, other", in: start, optional: yes}
  sum: {title: 金额, type: yuan, in: start, optional: yes}
rules: {above: {title: 高于线, if: sum > k.line}}
opens: {found: {by: village.cadre, to: start}}
stages:
  start: {title: 始, by: village.cadre, actions: {go: {to: next}, check: {to: stay, means: record, needs: [above]}}}
  judge: {title: 审, by: $judge, limit: $limit, actions: {pass: {to: next}}}
  show: {title: 公示, notice: {by: village.cadre, places: [$boards], wait: 2 day}, actions: {ended: {to: next}}}
ends: {done: {title: 完, outcome: closed}}
"""


def tables(kind: str) -> Runner:
    runner = Runner.of(TEXT)
    runner.open("village.cadre")
    if kind:
        runner.act("village.cadre", "go", kind=kind)
    return runner


@pytest.mark.parametrize(
    ("kind", "post", "day"), [("small", "township.judge", "2026-03-05"), ("large", "county.judge", "2026-03-12")]
)
def test_who_answers_and_how_soon_follow_the_class_of_the_case(kind: str, post: str, day: str) -> None:
    runner = tables(kind)
    assert runner.items("judge") == [post]
    assert runner.case.section("clocks")["judge"]["day"] == day


def test_while_the_class_is_not_known_nobody_guesses() -> None:
    with pytest.raises(GuardRefusedError, match=r"while facts are missing: 类别 \(kind\)"):
        tables("").act("village.cadre", "go")


def test_a_line_may_say_that_there_is_no_limit() -> None:
    runner = Runner.of(TEXT.replace("by: $judge", "by: county.judge"))
    runner.open("village.cadre")
    runner.act("village.cadre", "go", kind="other")
    assert "judge" not in runner.case.section("clocks")


def test_where_a_notice_hangs_follows_the_place() -> None:
    runner = tables("small")
    runner.act("township.judge", "pass")
    assert runner.case.section("asks")["show"]["pl"] == ["square", "hall"]
    runner.post("village.cadre", "square")
    assert "show.wait" not in runner.timers()
    runner.post("village.cadre", "hall")
    assert "show.wait" in runner.timers()


def test_rules_read_the_line_of_the_case() -> None:
    runner = tables("")
    with pytest.raises(GuardRefusedError, match=r"missing: 金额 \(sum\), 类别 \(kind\)|missing: 类别 \(kind\)"):
        runner.act("village.cadre", "check")
    with pytest.raises(GuardRefusedError, match="needs: 高于线"):
        runner.act("village.cadre", "check", kind="large", sum=15_000)
    runner.act("village.cadre", "check", kind="small", sum=15_000)


def test_of_several_areas_the_smallest_counts() -> None:
    param = Param(title="样例", type="number", by=("area",), value={"43": 1, "430822": 2, OTHER_VILLAGE: 3})
    homes = (OTHER_VILLAGE, VILLAGE, "430811000000", "110000000000")
    assert [line_of(param, MONDAY.date(), home, {})[0] for home in homes] == [3, 2, 1, "unset"]


def test_a_notice_of_a_township_hangs_in_each_of_its_villages() -> None:
    text = TEXT.replace("places: [$boards], wait", "places: [square], each: village, wait")
    runner = Runner.of(text.replace("village.cadre", "township.cadre"), parts=(OTHER_VILLAGE, VILLAGE))
    runner.open("township.cadre", division=TOWNSHIP)
    runner.act("township.cadre", "go", kind="large")
    runner.act("county.judge", "pass")
    runner.post("township.cadre", f"square@{OTHER_VILLAGE}")
    assert "show.wait" not in runner.timers()
    with pytest.raises(InputError, match="places of this notice"):
        runner.post("township.cadre", "square")
    runner.post("township.cadre", f"square@{VILLAGE}")
    runner.wait(days=4)
    assert runner.case.status == "closed"


DATES = """
workflow: dates
title: 样例
params:
  ends_on: {title: 截止日, type: date, by: [year], value: {"2026": 2026-03-31}}
  begins_on: {title: 开始日, type: date, value: 2026-03-02}
rules: {begun: {title: 已开始, if: k.begins_on <= today}}
opens: {found: {by: village.cadre, to: start, needs: begun}}
stages: {start: {title: 始, by: village.cadre, actions: {go: {to: next}}}}
clocks:
  by_then: {title: 截止, limit: by $ends_on, from: opened, until: start.go}
  until_then: {title: 截止, limit: until $ends_on, from: opened, until: start.go}
ends: {done: {title: 完, outcome: closed}}
"""


def test_a_day_that_the_county_sets_each_year_ends_a_limit() -> None:
    runner = Runner.of(DATES)
    runner.open("village.cadre")
    days = {name: clock["day"] for name, clock in runner.case.section("clocks").items()}
    assert days == {"by_then": "2026-03-31", "until_then": "2026-03-30"}


@pytest.mark.parametrize(("old", "new"), [('"2026": 2026', '"2027": 2027'), ("2026-03-31", "unset")])
def test_without_a_day_for_this_year_the_limit_does_not_begin(old: str, new: str) -> None:
    runner = Runner.of(DATES.replace(old, new))
    runner.open("village.cadre")
    assert not runner.case.section("clocks")


def test_nobody_opens_a_case_by_a_channel_that_needs_what_does_not_hold() -> None:
    runner = Runner.of(DATES.replace("value: 2026-03-02", "value: 2026-03-03"))
    with pytest.raises(GuardRefusedError, match="needs: 已开始"):
        runner.open("village.cadre")
