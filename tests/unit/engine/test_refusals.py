"""What a refusal says: what was asked for, what of it is not so, and who; nothing that is in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.cases import Claim
from engine.errors import CaseError
from engine.people import Holding, Person, Staff
from tests.harness import COUNTY, Runner

RULES = """
workflow: rules
opens: {found: {by: village.cadre, to: decide}}
facts:
  signed: {title: 已签字, type: yes_no, in: decide, optional: yes}
  poor: {title: 收入低, type: yes_no, in: decide, optional: yes}
  ill: {title: 患病, type: yes_no, in: decide, optional: yes}
  rich: {title: 有房产, type: yes_no, in: decide, optional: yes}
rules:
  is_poor: {title: 收入低于线, if: poor, group: hardship}
  is_ill: {title: 因病支出大, if: ill, group: hardship}
  is_rich: {title: 有高价房产, if: rich, clause: 第八条}
  fits: {title: 符合条件, if: hardship && signed_form, clause: 第九条}
  signed_form: {title: 已签署承诺书, if: signed}
stages:
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant: {to: next, means: grant, needs: fits}
      pass: {to: next, needs: hardship}
      refuse: {to: refused, means: refuse, needs: not is_rich}
      back: {to: refused, means: refuse, needs: signed}
ends: {listed: {title: 已纳入, outcome: granted}, refused: {title: 不纳入, outcome: refused}}
"""


def refusal(action: str, **facts: bool) -> str:
    runner = Runner.of(RULES)
    runner.open("village.cadre")
    with pytest.raises(CaseError) as refused:
        runner.act("county.bureau", action, facts=facts)
    return refused.value.message


SOUND: dict[str, Any] = {"signed": True, "poor": True, "ill": False, "rich": False}


def test_a_rule_that_reads_others_says_which_of_them_are_not_so() -> None:
    assert refusal("grant", **SOUND | {"signed": False}) == "needs: 符合条件 (not so: 已签署承诺书)"
    assert refusal("grant", **SOUND | {"poor": False}) == "needs: 符合条件 (not so: 收入低于线; 因病支出大)"


def test_of_a_group_any_one_would_do() -> None:
    assert refusal("pass", **SOUND | {"poor": False}) == "needs one of: 收入低于线; 因病支出大"


def test_what_must_not_be_is_said_so() -> None:
    assert refusal("refuse", **SOUND | {"rich": True}) == "must not be: 有高价房产"


def test_a_fact_that_says_no_is_named_once() -> None:
    assert refusal("back", **SOUND | {"signed": False}) == "needs: 已签字"


def test_a_fact_that_nobody_filled_in_is_named_once_with_what_to_type() -> None:
    assert refusal("back") == "not filled in yet: 已签字 (signed)"


def test_people_are_told_by_name_and_key() -> None:
    runner = Runner.of(RULES)
    runner.open("village.cadre")
    people = dict(runner.staff.people)
    people["county.bureau"] = replace(people["county.bureau"], name="测试甲")
    held = Holding("county.bureau", f"{COUNTY}000000", date(2020, 1, 1))
    people["other"] = Person("other", "测试乙", posts=(held,))
    runner.staff = Staff.of(people.values())
    runner.do(Claim, "county.bureau")
    with pytest.raises(CaseError, match=r"测试甲 .county\.bureau. has claimed this"):
        runner.act("other", "back", facts=SOUND)


def test_what_is_offered_instead_is_named_as_the_definition_calls_it() -> None:
    runner = Runner.of(RULES.replace("pass: {to: next,", "pass: {title: 通过, to: next,"))
    runner.open("village.cadre")
    with pytest.raises(CaseError, match=r"offers grant, 通过 \(pass\), refuse, back, not wave"):
        runner.act("county.bureau", "wave")


def test_who_holds_no_post_is_named_in_the_readers_language_and_a_post_by_title_wherever_it_is() -> None:
    text = RULES.replace("pass: {to: next,", "pass: {to: next, by: [household, village.cadre@home],")
    text = text.replace("workflow: rules\n", "workflow: rules\nposts: {village.cadre: 村干部}\n")
    runner = Runner.of(text)
    runner.open("village.cadre")
    with pytest.raises(CaseError) as refused:
        runner.act("county.bureau", "pass")
    assert "only the household, 村干部 (village.cadre@home)" in str(refused.value)
    told = refused.value.words.told(lambda text: "农户" if text == "the household" else text)
    assert "only 农户, 村干部" in told
