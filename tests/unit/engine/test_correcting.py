"""What takes two persons: recorded facts are corrected, a case that has ended is reopened (I8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from engine.cases import Comment, Confirm, Decline, Propose, Retract, Secret, Withdraw
from engine.correcting import deciders
from engine.drafting import World
from engine.errors import (
    ActionNotAllowedError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
)
from engine.offering import Offer, offered
from tests.harness import HOUSEHOLD, Runner, person, staff_for, with_staff, workflow

LINE = """\
workflow: line
title: 样例
subject: household
posts: {village.cadre: 干部, township.office: 乡镇, county.bureau: 县局, county.filing: 归档}
facts:
  people: {title: 人口, type: number, in: check}
  ill: {title: 病情, type: text, in: check, secret: yes}
  found: {title: 发现日期, type: date, in: check}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check:
    title: 审核
    by: township.office
    limit: 5 workday
    actions: {pass: {to: next, set: {household.status: monitored}}}
  decide:
    title: 审批
    by: county.bureau
    limit: 3 workday
    actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}, stay: {to: stay, means: record}}
clocks:
  visit: {title: 入户, limit: 20 workday after found, from: check.pass}
  age: {title: 核查, limit: 15 workday, from: found}
  total: {title: 全程, limit: 20 workday, from: applied}
ends: {listed: {title: 纳入, outcome: granted}, no: {title: 不予, outcome: refused}}
"""


def a_line(text: str = LINE) -> Runner:
    procedure = workflow(text)
    staff = with_staff(
        staff_for(procedure), person("kin", "county.bureau", relatives=[HOUSEHOLD]), person("law", "county.law"),
    )  # fmt: skip
    runner = Runner.of(procedure, staff=staff)
    runner.open("village.cadre")
    runner.act("township.office", "pass", people=4, ill="样例", found="2026-03-01")
    return runner


def ended(outcome: str = "refuse") -> Runner:
    runner = a_line()
    runner.act("county.bureau", outcome)
    assert runner.case.status == "closed"
    return runner


def propose(runner: Runner, what: str = "correct", by: str = "village.cadre", **facts: Any) -> None:
    runner.do(Propose, by, what=what, facts=facts, note="登记有误")


def confirm(runner: Runner, what: str = "correct", by: str = "county.bureau", **more: Any) -> None:
    runner.do(Confirm, by, what=what, **more)


def offers(runner: Runner, who: str) -> list[Offer]:
    return list(offered(runner.procedure, runner.case, who, runner.now, runner.world))


# --- two persons ------------------------------------------------------------------------------------------------------


def test_I8_one_proposes_and_another_who_decides_confirms() -> None:
    runner = a_line()
    propose(runner, people=5)
    assert runner.case.section("facts")["people"]["v"] == 4
    assert (runner.items(".correct"), runner.told("proposed")) == (["county.bureau"], ["county.bureau"])
    for who in ("township.office", "county.filing"):
        with pytest.raises((PermissionDeniedError, ActionNotAllowedError)):
            confirm(runner, by=who)
    confirm(runner)
    assert runner.case.section("facts")["people"] == {"v": 5, "s": runner.case.seq}
    assert (runner.last().kind, runner.last().body["was"]) == ("corrected", {"people": 4})
    assert not runner.items(".correct")
    assert not runner.case.section("proposals")


def test_I8_nobody_confirms_what_he_proposed_and_no_relative_does() -> None:
    runner = a_line()
    propose(runner, by="county.bureau", people=5)
    with pytest.raises(GuardRefusedError, match="whoever proposed it"):
        confirm(runner)
    with pytest.raises(GuardRefusedError, match="relative"):
        confirm(runner, by="kin")
    with pytest.raises(GuardRefusedError, match="relative"):
        propose(a_line(), by="kin", people=5)
    confirm(runner, by="county.bureau2")


def test_only_whoever_has_a_part_in_the_case_proposes_with_words_and_once() -> None:
    runner = a_line()
    with pytest.raises(PermissionDeniedError, match="has a part"):
        propose(runner, by="law", people=5)
    with pytest.raises(InputError, match="reason"):
        runner.do(Propose, "village.cadre", what="correct", facts={"people": 5})
    propose(runner, people=5)
    with pytest.raises(ActionNotAllowedError, match="proposed already"):
        propose(runner, people=6)


def test_it_is_declined_with_words_or_taken_back_by_its_proposer() -> None:
    runner = a_line()
    propose(runner, people=5)
    with pytest.raises(ActionNotAllowedError, match=r"village.cadre proposed it"):
        runner.do(Retract, "village.cadre2", what="correct")
    with pytest.raises(InputError, match="why"):
        runner.do(Decline, "county.bureau", what="correct")
    runner.do(Decline, "county.bureau", what="correct", note="原登记无误")
    propose(runner, people=5)
    runner.do(Retract, "village.cadre", what="correct")
    assert not runner.items(".correct")
    with pytest.raises(ActionNotAllowedError, match="nothing of the kind"):
        confirm(runner)


def test_what_is_confirmed_is_the_proposal_that_was_seen() -> None:
    runner = a_line()
    propose(runner, people=5)
    seen = runner.case.seq
    runner.do(Retract, "village.cadre", what="correct")
    propose(runner, people=50)
    with pytest.raises(StaleCaseError):
        confirm(runner, seen=seen)


def test_what_takes_two_is_offered_to_those_who_may() -> None:
    runner = a_line()
    assert ("propose", "correct") in {(each.kind, each.action) for each in offers(runner, "village.cadre")}
    propose(runner, people=5)
    kinds = {each.kind: each.allowed for each in offers(runner, "county.bureau") if each.action == "correct"}
    assert kinds == {"confirm": True, "decline": True}
    kinds = {each.kind: each.allowed for each in offers(runner, "village.cadre") if each.action == "correct"}
    assert kinds == {"retract": True, "confirm": False, "decline": False}


def test_I8_a_colleague_in_the_village_that_may_refuse_too_confirms_nothing_where_the_county_grants() -> None:
    refusing = "actions: {pass: {to: next, set: {household.status: monitored}}, fail: {to: no, means: refuse}}"
    runner = a_line(LINE.replace("actions: {pass: {to: next, set: {household.status: monitored}}}", refusing))
    propose(runner, people=5)
    assert runner.items(".correct") == ["county.bureau"]
    with pytest.raises(PermissionDeniedError):
        confirm(runner, by="township.office2")


# --- correcting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("places", ["register", "[register, check]"])
def test_what_the_register_says_is_corrected_by_no_case(places: str) -> None:
    fact = f"  since: {{title: 纳入日期, type: date, in: {places}, prefill: register}}\n"
    runner = Runner.of(workflow(LINE.replace("facts:\n", f"facts:\n{fact}")))
    runner.register = {"household": {"since": "2026-03-01"}}
    runner.open("village.cadre")
    (offer,) = [each for each in offers(runner, "village.cadre") if each.kind == "propose"]
    assert not offer.allowed
    runner.act("township.office", "pass", people=4, ill="样例", found="2026-03-01")
    with pytest.raises(InputError, match="household's record"):
        propose(runner, since="2025-01-01")
    (offer,) = [each for each in offers(runner, "village.cadre") if each.kind == "propose"]
    assert set(offer.choices) == {"people", "ill", "found"}


def test_a_secret_fact_is_corrected_in_secret() -> None:
    runner = a_line()
    propose(runner, ill="更正")
    stored = runner.case.section("proposals")["correct"]["f"]["ill"]
    assert isinstance(stored, Secret)
    confirm(runner)
    assert runner.case.section("facts")["ill"]["v"].value == "更正"
    assert isinstance(runner.last().body["was"]["ill"], Secret)


@pytest.mark.parametrize(
    ("facts", "why"),
    [({}, "which facts"), ({"people": 4}, "already"), ({"people": "x"}, "number"), ({"no": 1}, "not recorded")],
)
def test_only_what_is_recorded_and_wrong_is_corrected(facts: dict[str, Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        propose(a_line(), **facts)


def test_a_corrected_date_moves_the_clocks_that_count_from_it_and_no_others() -> None:
    runner = a_line()
    due, age, other = runner.due("visit"), runner.due("age"), runner.due("total")
    propose(runner, found="2026-02-24")
    confirm(runner)
    assert runner.due("visit") < due
    assert runner.due("age") < age
    assert runner.due("total") == other
    assert runner.last().body["moved"]["visit"][0] == due.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert runner.timers()["visit"] == runner.due("visit")
    propose(runner, found="2026-02-01")
    confirm(runner)
    runner.wait(seconds=1)
    propose(runner, found=date(2026, 3, 2).isoformat())
    confirm(runner)
    assert "late" not in runner.case.section("clocks")["visit"]


def test_a_closed_case_is_corrected_and_stays_closed() -> None:
    runner = ended()
    with pytest.raises(ActionNotAllowedError):
        runner.do(Comment, "village.cadre", note="再说")
    propose(runner, people=5)
    confirm(runner)
    assert (runner.case.status, runner.case.section("facts")["people"]["v"]) == ("closed", 5)
    assert not runner.case.section("clocks")


def test_a_correction_hinders_taking_back() -> None:
    runner = a_line()
    propose(runner, people=5)
    confirm(runner)
    with pytest.raises(ActionNotAllowedError, match="confirmed a correction since"):
        runner.do(Withdraw, "township.office")


# --- reopening --------------------------------------------------------------------------------------------------------


def test_I8_a_closed_case_is_reopened_by_two_in_the_stage_from_which_it_ended() -> None:
    runner = ended()
    propose(runner, "reopen")
    assert runner.items(".reopen") == ["county.bureau"]
    runner.now += timedelta(days=40)
    confirm(runner, "reopen", by="county.bureau2")
    case = runner.case
    assert (case.status, case.stage, case.get("outcome"), case.get("end")) == ("open", "decide", "", "")
    assert (runner.items("decide"), set(case.section("clocks"))) == (["county.bureau"], {"decide"})
    assert runner.due("decide") > runner.now
    assert runner.last().body["stays"] == {"household.status": "monitored"}


def test_I18_a_reopened_case_knows_who_acted_in_it() -> None:
    runner = ended("grant")
    propose(runner, "reopen")
    confirm(runner, "reopen", by="county.bureau2")
    staff = with_staff(runner.staff, person("township.office", "township.office", "county.bureau"))
    runner.staff = staff
    with pytest.raises(GuardRefusedError, match="already acted"):
        runner.act("township.office", "grant")
    runner.act("county.bureau", "refuse")
    assert (runner.case.status, runner.case.get("outcome")) == ("closed", "refused")
    propose(runner, "reopen")
    confirm(runner, "reopen", by="county.bureau2")
    assert runner.stage == "decide"


def test_C1_a_reopened_stage_is_reminded_of_again() -> None:
    runner = ended()
    propose(runner, "reopen")
    confirm(runner, "reopen", by="county.bureau2")
    assert set(runner.timers()) == {"decide"}
    runner.until(runner.due("decide"))
    assert "overdue" in {message.event for message in runner.messages}


def test_C15_of_two_who_confirm_the_second_is_told_that_nothing_is_proposed_any_more() -> None:
    runner = ended()
    propose(runner, "reopen")
    confirm(runner, "reopen", by="county.bureau")
    entry = runner.case.entry
    with pytest.raises(ActionNotAllowedError, match="nothing of the kind is proposed"):
        confirm(runner, "reopen", by="county.bureau2")
    assert runner.case.entry == entry


def test_a_case_that_runs_is_not_reopened() -> None:
    runner = a_line()
    with pytest.raises(ActionNotAllowedError, match="has not ended"):
        propose(runner, "reopen")
    with pytest.raises(InputError, match="two persons"):
        runner.do(Propose, "village.cadre", what="delete", note="x")


def test_a_case_whose_answer_was_taken_is_not_reopened() -> None:
    parent = """\
workflow: parent
title: 样例
opens: {applied: {title: 申请, by: village.cadre, to: ask}}
stages:
  ask: {title: 问, case: {workflow: line}, actions: {listed: {to: next}, no: {to: next}}}
  rest: {title: 余, by: village.cadre, actions: {grant: {to: next, means: grant}}}
ends: {done: {title: 完, outcome: granted}}
"""
    line = workflow(LINE.replace("by: village.cadre, to: check", "by: [village.cadre, parent], to: check"))
    runner = Runner.of(workflow(parent), line)
    runner.open("village.cadre")
    (child,) = runner.children()
    runner.act("township.office", "pass", case=child.id, people=4, ill="样例", found="2026-03-01")
    runner.act("county.bureau", "grant", case=child.id)
    assert runner.stage == "rest"
    with pytest.raises(ActionNotAllowedError, match="taken its answer"):
        runner.do(Propose, "village.cadre", case=child.id, what="reopen", note="x")


def test_what_nothing_more_can_be_sealed_for_is_left_alone() -> None:
    runner = ended()
    world = World(runner.calendar, runner.staff, is_erased=True, history=tuple(runner.events[runner.case.id]))
    found = offered(runner.procedure, runner.case, "village.cadre", runner.now, world)
    assert {(each.action, each.allowed) for each in found if each.kind == "propose"} == {
        ("correct", False), ("reopen", False),
    }  # fmt: skip


def test_where_a_table_says_who_decides_all_whom_it_names_are_asked_to_confirm() -> None:
    """A post that differs by place was no post at all to whoever looked for the highest level."""
    table = (
        'params: {judge: {title: 审, type: post, by: [area], value: {"43": county.bureau, "44": township.office}}}\n'
    )
    procedure = workflow(LINE.replace("facts:", table + "facts:", 1).replace("by: county.bureau", "by: $judge"))
    assert deciders(procedure) == ("county.bureau",)
