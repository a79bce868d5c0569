"""What the register knows: read by rules, kept in the event, written by actions, and where facts begin from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.cases import Act, replay
from engine.deciding import decide
from engine.errors import GuardRefusedError
from engine.offering import offered
from tests.harness import COUNTY, VILLAGE, Runner

AID = """
workflow: aid
title: 样例
opens: {applied: {by: village.cadre, to: check}}
facts:
  listed: {title: 已纳入, type: yes_no, of: household}
  listed_on: {title: 纳入日, type: date, of: household}
  poor: {title: 贫困村, type: yes_no, of: village}
  honest: {title: 守信, type: yes_no, of: person}
rules:
  long_listed: {title: 纳入满一年, if: today - listed_on >= 365}
  old: {title: 有老人, if: "members.exists(m, m.age >= 60)"}
stages:
  check:
    title: 核实
    by: village.cadre
    actions:
      list: {to: next, needs: [not listed], set: {household.listed: "yes", household.listed_on: today}}
      renew: {to: stay, means: record, needs: [long_listed]}
      elderly: {to: stay, means: record, needs: [old]}
      poor: {to: stay, means: record, needs: [poor], set: {village.poor: "no", person.honest: "yes"}}
  file: {title: 归档, by: village.cadre, actions: {filed: {to: next, needs: [listed]}}}
tasks: {visit: {title: 走访, by: village.cadre, opens: check.list, when: listed}}
ends: {done: {title: 完, outcome: closed}}
"""


def aid(**register: dict[str, Any]) -> Runner:
    runner = Runner.of(AID, register={"household": {}, **register})
    runner.open("village.cadre")
    return runner


def read(runner: Runner) -> Any:
    return runner.last().body["read"].value


class TestReading:
    def test_a_rule_reads_what_the_register_knows_and_the_event_keeps_it(self) -> None:
        runner = aid(household={"listed": True, "listed_on": "2025-01-06"})
        with pytest.raises(GuardRefusedError, match="must not be: 已纳入"):
            runner.act("village.cadre", "list")
        runner.act("village.cadre", "renew")
        assert read(runner) == {"household.listed_on": "2025-01-06"}

    def test_what_nobody_set_is_no_if_it_is_yes_or_no_and_else_unknown(self) -> None:
        runner = aid()
        with pytest.raises(GuardRefusedError, match="while facts are missing"):
            runner.act("village.cadre", "renew")
        runner.act("village.cadre", "list")
        assert read(runner)["household.listed"] is True  # The task opened by the same event reads what was just set.
        assert runner.case.section("tasks")["visit"]["st"] == "open"

    def test_without_a_household_even_a_yes_or_no_is_unknown(self) -> None:
        runner = aid()
        runner.register = {}
        with pytest.raises(GuardRefusedError, match="not filled in yet"):
            runner.act("village.cadre", "list")

    def test_what_is_known_of_members_is_kept_with_the_member(self) -> None:
        runner = Runner.of(AID, register={"household": {}}, members={"1": {"age": 71}, "2": {"age": 20}})
        runner.open("village.cadre", members=("1", "2"))
        runner.act("village.cadre", "elderly")
        assert read(runner) == {"age/1": 71, "age/2": 20}

    def test_what_another_procedure_keeps_under_the_name_as_something_else_is_not_known(self) -> None:
        with pytest.raises(GuardRefusedError, match="while facts are missing"):
            aid(household={"listed_on": "soon"}).act("village.cadre", "renew")

    def test_an_event_that_read_nothing_keeps_nothing(self) -> None:
        assert "read" not in aid().last().body

    def test_the_log_alone_gives_the_same_verdict_whatever_the_register_says_by_now(self) -> None:
        runner = aid(household={"listed_on": "2025-01-06"})
        command = Act(id=runner.new_id(), person="village.cadre", action="renew")
        runner.ask(command)
        event = runner.last()
        before = replay(COUNTY, runner.case.id, runner.events[runner.case.id][:-1])
        was = {name.partition(".")[2]: value for name, value in event.body["read"].value.items()}
        world = replace(runner.world, register={"household": was})
        again = decide(runner.procedure, before, command, event.at, world)
        assert again.event.changes == event.changes
        assert again.event.body["read"].value == event.body["read"].value


class TestWriting:
    def test_a_village_and_a_person_have_records_of_their_own(self) -> None:
        runner = aid(village={"poor": True}, person={})
        decision = runner.attempt(Act(id=runner.new_id(), person="village.cadre", action="poor"))
        assert [(write.of, write.subject, write.name, write.value) for write in decision.register] == [
            ("village", VILLAGE, "poor", False),
            ("person", runner.case.subject, "honest", True),
        ]


REVIEW = """
workflow: review
title: 样例
opens: {yearly: {by: village.cadre, to: ask}}
facts:
  people: {title: 人口, type: number, in: ask, prefill: last}
  income: {title: 收入, type: yuan, in: ask, prefill: last, fresh: yes, secret: yes}
  phone_on: {title: 登记日, type: date, in: ask, prefill: register}
  school: {title: 学历, type: "one of none, primary", of: member, in: ask, prefill: register}
stages:
  ask: {title: 询问, by: village.cadre, actions: {asked: {to: next}}}
ends: {done: {title: 完, outcome: closed}}
"""


class TestBeginning:
    def test_facts_begin_as_they_stood_in_the_last_case_and_in_the_register(self) -> None:
        first = Runner.of(REVIEW, register={"household": {}}, members={"1": {}})
        first.open("village.cadre", members=("1",))
        facts = {"people": 4, "income": 900_000, "phone_on": "2026-01-01", "school/1": "none"}
        first.act("village.cadre", "asked", facts=facts)
        second = Runner.of(
            REVIEW, register={"household": {"phone_on": "2025-03-01"}}, members={"1": {"school": "primary"}},
            earlier=first.case.section("facts"),
        )  # fmt: skip
        second.open("village.cadre", members=("1",))
        known = {key: stored["v"] for key, stored in second.case.section("facts").items()}
        assert known.pop("income").value == 900_000
        assert known == {"people": 4, "phone_on": "2025-03-01", "school/1": "primary"}
        assert set(second.last().body["prefilled"]) == {"people", "income", "phone_on", "school/1"}
        with pytest.raises(GuardRefusedError, match=r"still missing here: 收入 \(income\)"):
            second.act("village.cadre", "asked")
        second.act("village.cadre", "asked", income=950_000)
        assert second.case.status == "closed"

    def test_what_no_longer_fits_its_type_or_is_not_known_is_asked(self) -> None:
        runner = Runner.of(REVIEW, register={"household": {"phone_on": "soon"}}, members={"1": {"school": "old"}})
        runner.open("village.cadre", members=("1",))
        assert not runner.case.section("facts")

    def test_what_is_handed_in_comes_before_what_was(self) -> None:
        text = REVIEW.replace("in: ask, prefill: last}", "in: opens, prefill: last}")
        runner = Runner.of(text, earlier={"people": {"v": 4, "s": 3}})
        runner.open("village.cadre", facts={"people": 5})
        assert runner.case.section("facts")["people"] == {"v": 5, "s": 1}


GRADE = """
workflow: grade
title: 样例
facts:
  grade: {title: 等级, type: "one of full, half", in: decide, optional: yes}
  care: {title: 护理等级, type: "one of full, half", of: household}
stages:
  decide: {title: 评定, by: county.bureau, actions: {grant: {to: next, means: grant, set: {household.care: grade}}}}
opens: {applied: {by: village.cadre, to: decide}}
ends: {done: {title: 完, outcome: granted}}
"""


class TestKeepingAFact:
    def test_the_record_keeps_what_the_case_says_and_the_event_what_it_was(self) -> None:
        runner = Runner.of(GRADE)
        runner.open("village.cadre")
        runner.act("county.bureau", "grant", grade="half")
        assert runner.last().body["set"] == {"household.care": "half"}

    def test_what_nobody_wrote_is_not_kept(self) -> None:
        runner = Runner.of(GRADE)
        runner.open("village.cadre")
        found = offered(runner.procedure, runner.case, "county.bureau", runner.now, runner.world)
        offer = next(each for each in found if each.action == "grant")
        assert offer.needs_facts == ("grade",)
        with pytest.raises(GuardRefusedError, match=r"not filled in yet: 等级 \(grade\)"):
            runner.act("county.bureau", "grant")
