"""Several cases that answer one question: for each of a list, the members, the places below; what they add up to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from tests.harness import HOUSEHOLD, OTHER_VILLAGE, TOWNSHIP, VILLAGE, Runner

PAIR = """
workflow: pair
title: 样例
facts: {term: {title: 期限, type: number, in: opens, optional: yes}}
opens: {asked: {by: parent, to: meet}}
stages: {meet: {title: 会面, by: village.cadre, actions: {pair: {to: paired}, leave: {to: left, means: refuse}}}}
ends: {paired: {title: 已结对, outcome: granted}, left: {title: 未结对, outcome: refused}}
"""
VILLAGES = """
workflow: villages
title: 样例
facts:
  households: {title: 户, type: list of household, in: survey}
  term: {title: 期限, type: number, in: survey, optional: yes}
opens: {chosen: {by: township.cadre, to: survey}}
stages:
  survey: {title: 摸底, by: township.cadre, actions: {propose: {to: next}}}
  report: {title: 报告, by: township.cadre, actions: {done: {to: next, needs: [pairs.paired]}}}
tasks:
  pairs:
    title: 逐户结对
    case: {workflow: pair, for_each: FOR_EACH, carries: [term], tally: TALLY}
    opens: survey.propose
    awaited_by: report
ends: {reported: {title: 完, outcome: closed}}
"""
FIRST, SECOND = UUID(int=21).hex, UUID(int=22).hex


def villages(for_each: str = "households", tally: str = "{paired: all, some: otherwise}", **more: Any) -> Runner:
    text = VILLAGES.replace("FOR_EACH", for_each).replace("TALLY", tally)
    runner = Runner.of(text, PAIR, **more)
    runner.open("township.cadre", division=TOWNSHIP)
    return runner


def ended(runner: Runner, case: Case, action: str = "pair") -> None:
    runner.act("village.cadre", action, case=case.id)


class TestOneForEach:
    def test_of_a_list_and_joined_when_the_last_has_ended(self) -> None:
        runner = villages()
        runner.act("township.cadre", "propose", households=[FIRST, SECOND], term=3)
        first, second = runner.children("pair")
        assert [case.subject for case in (first, second)] == [FIRST, SECOND]
        assert first.section("facts")["term"]["v"] == 3
        ended(runner, first)
        assert runner.case.section("tasks")["pairs"]["st"] == "open"
        with pytest.raises(ActionNotAllowedError, match="waits for"):
            runner.act("township.cadre2", "done")
        ended(runner, second)
        assert runner.case.section("tasks")["pairs"]["r"] == "paired"
        runner.act("township.cadre2", "done")
        assert runner.case.status == "closed"

    def test_a_result_counts_the_ends_of_its_name(self) -> None:
        runner = villages()
        runner.act("township.cadre", "propose", households=[FIRST, SECOND])
        first, second = runner.children("pair")
        ended(runner, first)
        ended(runner, second, "leave")
        assert runner.case.section("tasks")["pairs"]["r"] == "some"

    def test_done_counts_every_end(self) -> None:
        runner = villages(tally="{done: all}")
        runner.act("township.cadre", "propose", households=[FIRST, SECOND])
        for child, action in zip(runner.children("pair"), ("pair", "leave"), strict=True):
            ended(runner, child, action)
        assert runner.case.section("tasks")["pairs"]["r"] == "done"

    def test_one_household_named_twice_has_one_case(self) -> None:
        runner = villages()
        runner.act("township.cadre", "propose", households=[FIRST, FIRST])
        assert len(runner.children("pair")) == 1

    def test_for_nobody_a_task_is_waived(self) -> None:
        runner = villages()
        runner.act("township.cadre", "propose", households=[])
        assert runner.case.section("tasks")["pairs"]["st"] == "waived"
        assert not runner.children()

    def test_of_the_places_directly_below(self) -> None:
        runner = villages("children", parts=(VILLAGE, OTHER_VILLAGE))
        runner.act("township.cadre", "propose", households=[])
        assert [(case.subject, case.division) for case in runner.children("pair")] == [
            (VILLAGE, VILLAGE), (OTHER_VILLAGE, OTHER_VILLAGE),
        ]  # fmt: skip


MEMBERS = """
workflow: family
title: 样例
facts: {found_on: {title: 日, type: date, in: opens, optional: yes}}
rules: {elder: {title: 老人, of: member, if: age >= 60}}
opens: {found: {by: village.cadre, to: look}}
stages:
  look: {title: 看, by: village.cadre, actions: {go: {to: next}}}
  each:
    title: 逐人
    case: {workflow: pair, for_each: members, tally: {done: all}}
    actions: {done: {to: next}}
tasks:
  elders: {title: 老人, case: {workflow: pair, for_each: members, tally: {done: all}}, for_each: elder, opens: found}
ends: {over: {title: 完, outcome: closed}}
"""


class TestMembers:
    def test_each_has_a_case_of_his_own_and_a_rule_says_who(self) -> None:
        runner = Runner.of(MEMBERS, PAIR, members={"1": {"age": 70}, "2": {"age": 30}, "3": {"age": 61}})
        runner.open("village.cadre", members=("1", "2", "3"))
        elders = runner.children("pair")
        assert [(case.subject, case.get("members")) for case in elders] == [
            (f"{HOUSEHOLD}/1", ["1"]), (f"{HOUSEHOLD}/3", ["3"]),
        ]  # fmt: skip
        assert runner.events[runner.case.id][0].body["read"].value == {"age/1": 70, "age/2": 30, "age/3": 61}
        runner.act("village.cadre", "go")
        assert len(runner.children("pair")) == 5
        for child in runner.children("pair"):
            ended(runner, child)
        assert runner.case.status == "closed"

    def test_whom_a_missing_fact_would_name_is_not_guessed(self) -> None:
        runner = Runner.of(MEMBERS, PAIR, members={"1": {}})
        with pytest.raises(GuardRefusedError, match="while facts are missing: age"):
            runner.open("village.cadre", members=("1",))

    def test_a_stage_waits_for_nobody(self) -> None:
        runner = Runner.of(MEMBERS, PAIR)
        runner.open("village.cadre")
        with pytest.raises(GuardRefusedError, match="has nobody to be asked for"):
            runner.act("village.cadre", "go")


def test_a_channel_for_each_of_a_list_opens_a_case_of_one_that_the_list_names() -> None:
    text = "workflow: yearly\ntitle: 样例\nfacts: {households: {title: 户, type: list of household, in: opens}}\n"
    text += "opens: {yearly: {by: village.cadre, for_each: households, to: look}}\n"
    text += "stages: {look: {title: 看, by: village.cadre, actions: {seen: {to: next}}}}\n"
    text += "ends: {done: {title: 完, outcome: closed}}\n"
    runner = Runner.of(text)
    with pytest.raises(InputError, match="one case for each of households"):
        runner.open("village.cadre", facts={"households": [FIRST]})
    assert runner.open("village.cadre", subject=FIRST, facts={"households": [FIRST]}).subject == FIRST
