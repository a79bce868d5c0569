"""Going back: to the previous stage, a chosen one, the applicant; straight or step by step; what is undone by it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from tests.harness import Runner

LINE = """
workflow: line
ladder: {remind: [-1 workday], late: {+1 workday: township.mayor}}
opens: {found: {by: village.cadre, to: apply}}
stages:
  apply: {title: 申请, by: village.cadre, limit: 3 workday, actions: {submit: {to: next}}}
  check:
    title: 核实
    by: village.liaison
    limit: 3 workday
    actions: {pass: {to: next}, back: {to: previous, means: back}}
  review:
    title: 审核
    by: township.cadre
    limit: 5 workday
    actions:
      pass: {to: next}
      back: {to: previous, means: back, opinion: yes}
      choose: {to: visited, means: back}
      among: {to: visited, means: back, among: [check]}
      correct: {to: check, means: back, then: straight}
      applicant: {to: apply, means: back}
      anew: {to: again, means: defer, times: 1}
      note: {to: stay, means: record}
  decide:
    title: 审定
    by: county.bureau
    limit: 5 workday
    actions:
      grant: {to: next, means: grant}
      refuse: {to: refused, means: refuse}
      choose: {to: visited, means: back}
      correct: {to: check, means: back, then: straight}
  file: {title: 归档, aside: yes, by: county.bureau, actions: {filed: {to: granted}}}
ends: {granted: {title: 纳入, outcome: granted}, refused: {title: 不纳入, outcome: refused}}
"""


@pytest.fixture
def line() -> Runner:
    runner = Runner.of(LINE)
    runner.open("village.cadre")
    return runner


def to_review(line: Runner) -> Runner:
    line.act("village.cadre", "submit")
    line.act("village.liaison", "pass")
    return line


def to_decide(line: Runner) -> Runner:
    to_review(line).act("township.cadre", "pass")
    return line


def test_C1_reminders_exist_again_after_a_return(line: Runner) -> None:
    to_review(line)
    first = line.timers()
    line.wait(days=1)
    line.act("township.cadre", "applicant")
    assert set(line.timers()) == {"apply"}
    line.act("village.cadre", "submit")
    line.act("village.liaison", "pass")
    again = line.timers()
    assert set(again) == set(first) == {"review"}
    assert again["review"] > first["review"]
    line.wait(days=40)
    assert line.told("deadline_near") == ["township.cadre"]


def test_the_due_instant_of_a_later_entry_counts_from_that_entry(line: Runner) -> None:
    to_review(line)
    first = line.due("review")
    line.now += timedelta(days=7)  # a working week
    line.act("township.cadre", "back", note="补充")
    line.act("village.liaison", "pass")
    assert line.due("review") == first + timedelta(days=7)


class TestC4:
    def test_C4_previous_is_where_this_entry_came_from(self, line: Runner) -> None:
        to_review(line).act("township.cadre", "back", note="补充")
        assert line.stage == "check"
        line.act("village.liaison", "back")
        assert line.stage == "apply"

    def test_C4_there_is_nothing_before_the_first_stage(self) -> None:
        runner = Runner.of(LINE.replace("submit: {to: next}", "submit: {to: next}, back: {to: previous, means: back}"))
        runner.open("village.cadre")
        with pytest.raises(ActionNotAllowedError, match="no stage before"):
            runner.act("village.cadre", "back")

    def test_C4_previous_after_a_return_is_still_what_came_before(self, line: Runner) -> None:
        to_decide(line).act("county.bureau", "choose", to="check")
        line.act("village.liaison", "back")
        assert line.stage == "apply"

    def test_C4_a_chosen_stage(self, line: Runner) -> None:
        to_decide(line).act("county.bureau", "choose", to="apply")
        assert line.stage == "apply"

    def test_C4_to_the_applicant_and_then_step_by_step(self, line: Runner) -> None:
        to_review(line).act("township.cadre", "applicant")
        stages = [line.stage]
        for by, action in (("village.cadre", "submit"), ("village.liaison", "pass"), ("township.cadre", "pass")):
            line.act(by, action)
            stages.append(line.stage)
        assert stages == ["apply", "check", "review", "decide"]

    def test_C4_straight_back_to_who_sent_it(self, line: Runner) -> None:
        to_decide(line).act("county.bureau", "correct")
        assert line.stage == "check"
        line.act("village.liaison", "pass")
        assert line.stage == "decide"
        line.act("county.bureau", "choose", to="check")
        line.act("village.liaison", "pass")
        assert line.stage == "review", "only the next step goes straight"

    def test_C4_an_action_of_anywhere_may_send_back_straight(self) -> None:
        more = "anywhere: {mend: {to: check, means: back, then: straight, by: county.leader, from: [review, decide]}}\n"
        for text in (LINE + more, LINE + more.replace("from: [review, decide]", "from: any")):
            runner = Runner.of(text)
            runner.open("village.cadre")
            to_decide(runner).act("county.leader", "mend")
            runner.act("village.liaison", "pass")
            assert runner.stage == "decide"

    def test_C4_who_goes_further_back_comes_step_by_step(self, line: Runner) -> None:
        to_decide(line).act("county.bureau", "correct")
        line.act("village.liaison", "back")
        line.act("village.cadre", "submit")
        line.act("village.liaison", "pass")
        assert line.stage == "review"


class TestC5:
    def test_C5_only_visited_stages_can_be_chosen(self, line: Runner) -> None:
        to_review(line)
        for wrong in ("decide", "file", "review", ""):
            with pytest.raises(InputError, match="visited stages: check, apply"):
                line.act("township.cadre", "choose", to=wrong)

    def test_C5_what_lies_after_the_target_is_not_visited_any_more(self, line: Runner) -> None:
        to_decide(line).act("county.bureau", "choose", to="check")
        assert set(line.case.section("visits")) == {"apply", "check"}

    def test_C5_a_definition_may_restrict_the_choice(self, line: Runner) -> None:
        with pytest.raises(InputError, match=r"visited stages: check$"):
            to_review(line).act("township.cadre", "among", to="apply")

    def test_a_stage_is_chosen_only_where_there_is_a_choice(self, line: Runner) -> None:
        with pytest.raises(InputError, match="leads where the procedure says"):
            line.act("village.cadre", "submit", to="decide")


def test_a_stage_entered_again_is_a_new_entry_and_stay_is_none(line: Runner) -> None:
    to_review(line)
    entry, due = line.case.entry, line.due("review")
    line.now += timedelta(days=1)
    line.act("township.cadre", "note")
    assert (line.case.entry, line.due("review")) == (entry, due)
    line.act("township.cadre", "anew")
    assert line.case.entry == entry + 1
    assert line.due("review") > due
    with pytest.raises(ActionNotAllowedError, match="already taken 1 times"):
        line.act("township.cadre", "anew")


def test_a_note_of_blanks_is_no_opinion(line: Runner) -> None:
    with pytest.raises(GuardRefusedError, match="opinion"):
        to_review(line).act("township.cadre", "back", note=" \n　")
    line.act("township.cadre", "back", note=" 补充 ")
    assert line.last().body["note"].value == "补充"


def test_I3_every_move_is_an_edge_of_the_definition(line: Runner) -> None:
    to_decide(line).act("county.bureau", "grant")
    moves = [(event.body["from"], event.body["to"]) for event in line.events[line.case.id] if "from" in event.body]
    assert moves == [("apply", "check"), ("check", "review"), ("review", "decide"), ("decide", "granted")]
    assert all(event.version == line.procedure.version for event in line.events[line.case.id])


@pytest.mark.parametrize("action", ["grant", "pass", "filed", "opened", "found", "decide"])
def test_I3_what_the_stage_does_not_offer_is_refused(line: Runner, action: str) -> None:
    with pytest.raises(ActionNotAllowedError, match="offers submit"):
        line.act("village.cadre", action)


def test_going_back_cancels_no_task_that_was_open_before_however_often_it_was_opened() -> None:
    text = """
workflow: line
title: 样例
opens: {applied: {by: village.cadre, to: next}}
stages:
  one: {title: 甲, by: village.cadre, actions: {ok: {to: next}, poke: {to: stay, means: record}}}
  two: {title: 乙, by: village.cadre, actions: {ok: {to: next}}}
  three:
    title: 丙
    by: village.cadre
    actions: {ok: {to: next}, near: {to: two, means: back}, far: {to: one, means: back}}
tasks: {chase: {title: 督办, by: village.cadre, opens: one.poke}}
ends: {done: {title: 完, outcome: closed}}
"""
    runner = Runner.of(text)
    runner.open("village.cadre")
    for action in ("poke", "poke", "poke", "poke", "ok", "ok", "near"):
        runner.act("village.cadre", action)
    assert runner.case.section("tasks")["chase"]["st"] == "open"
    runner.act("village.cadre", "ok")
    runner.act("village.cadre", "far")
    assert runner.case.section("tasks")["chase"]["st"] == "cancelled"
