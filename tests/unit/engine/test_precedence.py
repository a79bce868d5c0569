"""Rules that are asked before their facts can be there."""

from __future__ import annotations

import pytest

from engine.checking import check
from engine.errors import Fault
from engine.loading import Source, load

PROCEDURE = """\
workflow: relief
title: 救助
subject: household
clause: 自定
facts:
  applied_on: {title: 申请日, type: date, in: opens}
  income: {title: 收入, type: yuan, in: visit}
  ill: {title: 患病, type: yes_no, in: visit, optional: OPTION}
  deposits: {title: 存款, type: yuan, in: compare}
params: {line: {title: 标准, type: yuan, value: 600}}
rules:
  needy: {title: 困难, if: income < k.line}
  rich: {title: 存款过高, if: deposits > k.line}
  needy_or_ill: {title: 困难或患病, if: "ill || income < k.line"}
posts: {village.cadre: 村干部, county.bureau: 县局, county.finance: 县财政}
opens: {applied: {title: 申请, by: household, to: next, needs: [AT_OPENING]}}
stages:
  accept:
    title: 受理
    by: village.cadre
    actions:
      pass: {title: 受理, to: next, needs: [AT_ACCEPT]}
  visit:
    title: 入户
    by: [{when: AT_VISIT, use: county.bureau}, {use: village.cadre}]
    actions:
      pass: {title: 属实, to: next, needs: [IN_VISIT]}
      return: {title: 退回, to: previous, means: back, opinion: OPTION}
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant: {title: 同意, to: [{when: AT_DECIDE, to: next}, {to: refused}], means: grant}
      refuse: {title: 不同意, to: refused, means: refuse, opinion: OPTION}
tasks:
  compare: {title: 比对, by: county.finance, opens: visit.pass, awaited_by: decide, when: [OF_TASK]}
clocks:
  whole: {title: 全程, limit: 20 workday, from: CLOCK_FROM, until: decide.grant, when: [OF_CLOCK]}
ends: {granted: {title: 已救助, outcome: granted}, refused: {title: 未救助, outcome: refused}}
""".replace("OPTION", "yes")
PLACES = ("AT_OPENING", "AT_ACCEPT", "AT_VISIT", "IN_VISIT", "AT_DECIDE", "OF_TASK", "OF_CLOCK")


def faults(clock_from: str = "visit.pass", **rules: str) -> list[Fault]:
    text = PROCEDURE.replace("CLOCK_FROM", clock_from)
    for place in PLACES:
        text = text.replace(place, rules.get(place, "any_age" if place == "AT_VISIT" else ""))
    text = text.replace("{when: any_age, use: county.bureau}, ", "")
    text = text.replace("[{use: village.cadre}]", "village.cadre").replace("when: , ", "")
    text = text.replace("to: [{to: next}, {to: refused}]", "to: next")
    return [each for each in check(load([Source("relief.yaml", text)])) if each.code == "asked-too-early"]


@pytest.mark.parametrize("place", ["AT_OPENING", "AT_ACCEPT", "AT_VISIT"])
def test_a_rule_asked_before_its_fact_can_be_there_is_an_error(place: str) -> None:
    (fault,) = faults(**{place: "needy"})
    assert fault.severity == "error"
    assert "`needy` is asked before `income`" in fault.message


@pytest.mark.parametrize("place", ["IN_VISIT", "AT_DECIDE", "OF_TASK", "OF_CLOCK"])
def test_what_the_answer_itself_writes_is_there(place: str) -> None:
    assert faults(**{place: "needy"}) == []


def test_a_clock_asks_when_it_starts() -> None:
    (fault,) = faults("applied_on", OF_CLOCK="needy")
    assert "`income`" in fault.message
    assert faults("visit.entered", OF_CLOCK="needy")
    assert faults("decide.entered", OF_CLOCK="needy") == []


def test_what_a_task_writes_is_there_once_it_may_be_over() -> None:
    assert faults(AT_DECIDE="rich") == []
    assert faults(IN_VISIT="rich")[0].severity == "error"


def test_a_rule_that_says_or_may_hold_without_the_fact() -> None:
    (fault,) = faults(AT_ACCEPT="needy_or_ill")
    assert fault.severity == "warning"
