"""Work beside the case: opened, awaited, waived, cancelled, kept; questions that another case answers; successors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.cases import ChildEnded, Claim, Comment
from engine.errors import ActionNotAllowedError, GuardRefusedError
from tests.harness import MONDAY, Runner

BESIDE = """
workflow: beside
opens: {found: {by: village.cadre, to: apply}}
facts: {rich: {title: 富, type: yes_no, in: apply}}
stages:
  apply: {title: 申请, by: village.cadre, actions: {submit: {to: next}}}
  review: {title: 审核, by: township.cadre, actions: {pass: {to: next}, back: {to: apply, means: back}}}
  decide:
    title: 审定
    by: county.bureau
    limit: 5 workday
    actions:
      grant: {to: next, means: grant}
      refuse: {to: refused, means: refuse}
      back: {to: visited, means: back}
tasks:
  police: {title: 公安, by: county.police, limit: 2 workday, opens: review.pass, awaited_by: decide, must: yes}
  bank: {title: 银行, by: county.bank, results: [clear, doubtful], opens: review.pass, awaited_by: decide, AGAIN}
  visit: {title: 走访, by: village.liaison, when: rich, opens: apply.submit, awaited_by: decide.grant}
  explain: {title: 解释, by: village.committee, opens: refused, limit: 3 workday}
ends: {granted: {title: 纳入, outcome: granted}, refused: {title: 不纳入, outcome: refused}}
"""
NEW, KEEP = BESIDE.replace("AGAIN", "again: new"), BESIDE.replace("AGAIN", "again: keep")


def beside(text: str = NEW, rich: bool = False) -> Runner:
    runner = Runner.of(text)
    runner.open("village.cadre")
    runner.act("village.cadre", "submit", rich=rich)
    runner.act("township.cadre", "pass")
    return runner


def status(runner: Runner) -> dict[str, str]:
    return {name: task["st"] for name, task in runner.case.section("tasks").items()}


class TestJoin:
    def test_a_stage_that_awaits_is_entered_and_not_ready(self) -> None:
        runner = beside()
        assert "r" not in runner.case.section("asks")["decide"]
        assert set(runner.timers()) == {"police"}
        with pytest.raises(ActionNotAllowedError, match=r"waits for 公安 \(police\), 银行 \(bank\)"):
            runner.act("county.bureau", "grant")
        runner.now += timedelta(days=2)
        runner.act("county.police", "done", on="police")
        runner.act("county.bank", "clear", on="bank")
        assert runner.case.section("asks")["decide"]["r"]
        assert runner.due("decide") == MONDAY.replace(hour=16) + timedelta(days=9)

    @pytest.mark.parametrize(("action", "more"), [("refuse", {}), ("back", {"to": "review"})])
    def test_only_what_goes_towards_approval_is_withheld(self, action: str, more: dict[str, Any]) -> None:
        runner = beside()
        runner.act("county.bureau", action, **more)
        assert runner.stage != "decide"

    def test_C15_two_answers_complete_a_join_once(self) -> None:
        runner = beside()
        for who, task, result in (("county.police", "police", "done"), ("county.bank", "bank", "doubtful")):
            runner.act(who, result, on=task)
            with pytest.raises(ActionNotAllowedError, match="is not being asked now"):
                runner.act(who, result, on=task)
        ready = [event.seq for event in runner.events[runner.case.id] if ["asks", "decide"] in _puts(event, "r")]
        assert len(ready) == 1
        runner.act("county.bureau", "grant")

    def test_a_task_may_hold_back_one_action_alone(self) -> None:
        runner = beside(rich=True)
        runner.act("county.police", "done", on="police")
        runner.act("county.bank", "clear", on="bank")
        assert runner.case.section("asks")["decide"]["r"], "the stage does not wait for it"
        with pytest.raises(ActionNotAllowedError, match="waits for 走访"):
            runner.act("county.bureau", "grant")
        runner.act("village.liaison", "done", on="visit")
        runner.act("county.bureau", "grant")

    def test_a_task_whose_rule_says_no_is_waived(self) -> None:
        assert status(beside(rich=False))["visit"] == "waived"
        assert status(beside(rich=True))["visit"] == "open"

    def test_a_must_that_was_never_opened_is_awaited(self) -> None:
        runner = Runner.of(NEW.replace("submit: {to: next}", "submit: {to: decide}"))
        runner.open("village.cadre")
        runner.act("village.cadre", "submit", rich=False)
        with pytest.raises(ActionNotAllowedError, match=r"waits for 公安 \(police\)$"):
            runner.act("county.bureau", "grant")

    @pytest.mark.parametrize(
        ("on", "action", "why"),
        [("bank", "good", "offers clear, doubtful"), ("police", "pass", "offers done"), ("tax", "done", "no task tax")],
    )
    def test_a_task_knows_its_results(self, on: str, action: str, why: str) -> None:
        with pytest.raises(ActionNotAllowedError, match=why):
            beside().act("county.bank", action, on=on)


def _puts(event, key: str) -> list[list[str]]:
    return [[section, name] for section, name, value in event.changes if isinstance(value, dict) and value.get(key)]


class TestReturn:
    def test_C2_a_return_cancels_the_open_tasks_of_the_branch(self) -> None:
        runner = beside()
        runner.act("county.police", "done", on="police")
        runner.act("county.bureau", "back", to="review")
        tasks = runner.case.section("tasks")
        assert (tasks["bank"]["st"], tasks["bank"]["why"], tasks["police"]["st"]) == ("cancelled", "returned", "done")
        assert not runner.items("bank")
        assert not runner.timers()
        runner.act("township.cadre", "pass")
        assert status(runner) == {"police": "open", "bank": "open", "visit": "waived"}

    def test_C2_a_kept_result_survives_a_repeated_opening(self) -> None:
        runner = beside(KEEP)
        runner.act("county.police", "done", on="police")
        runner.act("county.bank", "doubtful", on="bank")
        runner.act("county.bureau", "back", to="review")
        runner.act("township.cadre", "pass")
        assert status(runner) == {"police": "open", "bank": "done", "visit": "waived"}
        assert runner.case.section("tasks")["bank"]["r"] == "doubtful"
        runner.act("county.police", "done", on="police")
        runner.act("county.bureau", "grant")

    def test_C2_what_was_cancelled_is_opened_again_even_if_kept(self) -> None:
        runner = beside(KEEP)
        runner.act("county.bureau", "back", to="review")
        assert status(runner)["bank"] == "cancelled"
        runner.act("township.cadre", "pass")
        assert status(runner)["bank"] == "open"

    def test_a_task_opened_before_the_target_goes_on(self) -> None:
        runner = beside(rich=True)
        runner.act("county.bureau", "back", to="review")
        assert status(runner)["visit"] == "open"
        runner.act("township.cadre", "back")
        assert status(runner)["visit"] == "cancelled"

    def test_a_task_opened_with_the_case_outlives_every_return(self) -> None:
        runner = Runner.of(NEW.replace("opens: apply.submit", "opens: found").replace("when: rich, ", ""))
        runner.open("village.cadre")
        runner.act("village.cadre", "submit", rich=True)
        runner.act("township.cadre", "back")
        assert status(runner)["visit"] == "open"

    def test_an_open_task_whose_event_comes_again_is_asked_anew(self) -> None:
        runner = Runner.of(
            NEW.replace("back: {to: apply, means: back}", "more: {to: stay, means: record, times: 3}").replace(
                "opens: review.pass, awaited_by: decide, must", "opens: review.more, awaited_by: review, must"
            )
        )
        runner.open("village.cadre")
        runner.act("village.cadre", "submit", rich=False)
        numbers = []
        for _ in range(2):
            runner.act("township.cadre", "more")
            assert "r" not in runner.case.section("asks")["review"], "never ready in between"
            numbers.append(runner.case.section("tasks")["police"]["n"])
            assert runner.items("police") == ["county.police"]
        assert numbers == [2, 3]

    def test_an_open_task_that_is_kept_is_left_alone(self) -> None:
        runner = Runner.of(
            KEEP.replace("back: {to: apply, means: back}", "more: {to: stay, means: record}").replace(
                "opens: review.pass, awaited_by: decide, again", "opens: review.more, awaited_by: decide, again"
            )
        )
        runner.open("village.cadre")
        runner.act("village.cadre", "submit", rich=False)
        runner.act("township.cadre", "more")
        before = runner.case.section("tasks")["bank"]
        runner.act("township.cadre", "more")
        assert runner.case.section("tasks")["bank"] == before


class TestEnd:
    def test_I7_a_case_is_closed_when_its_last_task_is_done(self) -> None:
        runner = beside()
        runner.act("county.bureau", "refuse")
        assert (runner.case.status, runner.case.get("outcome"), status(runner)["explain"]) == (
            "ended",
            "refused",
            "open",
        )
        assert runner.items("explain") == ["village.committee"]
        for task, who, result in (("police", "county.police", "done"), ("bank", "county.bank", "clear")):
            runner.act(who, result, on=task)
        assert set(runner.timers()) == {"explain"}
        runner.act("village.committee", "done", on="explain")
        assert runner.case.status == "closed"
        for section in ("asks", "items", "timers", "clocks", "answers", "links", "visits", "acts", "passed", "times"):
            assert not runner.case.section(section), section

    def test_I8_nothing_is_asked_of_a_closed_case(self) -> None:
        runner = Runner.of(
            NEW.replace("  explain: {title: 解释, by: village.committee, opens: refused, limit: 3 workday}\n", "")
        )
        runner.open("village.cadre")
        runner.act("village.cadre", "submit", rich=False)
        runner.act("township.cadre", "pass")
        runner.act("county.bureau", "refuse")
        for who, task, result in (("county.police", "police", "done"), ("county.bank", "bank", "clear")):
            runner.act(who, result, on=task)
        assert runner.case.status == "closed"
        for attempt in (
            lambda: runner.act("county.bureau", "grant"),
            lambda: runner.act("county.police", "done", on="police"),
            lambda: runner.do(Comment, "village.cadre", note="迟到的话"),
        ):
            with pytest.raises(ActionNotAllowedError, match=r"has ended \(不纳入\)"):
                attempt()

    def test_an_end_tells_whoever_opened_the_case(self) -> None:
        runner = beside()
        runner.act("county.bureau", "refuse")
        (told,) = [message for message in runner.messages if message.event == "case_ended"]
        assert (told.post, told.division, told.data) == ("village.cadre", "430822213213", {"end": "refused"})


PARENT = """
workflow: parent
subject: household
opens: {found: {by: village.cadre, to: ask}}
places: {plot: 地块}
facts:
  area: {title: 面积, type: number, in: opens}
  secret: {title: 存款, type: yuan, in: opens, secret: yes, optional: yes}
  found_on: {title: 发现日, type: date, in: opens, optional: yes}
  poor: {title: 困难, type: yes_no, of: member, in: opens, optional: yes}
stages:
  ask:
    title: 转用
    case: {workflow: child, at: plot, carries: [area, secret, found_on, poor]}
    actions:
      {approved: {to: next}, refused_there: {to: no, means: refuse}, back: {to: again, means: back, by: village.cadre}}
  file: {title: 归档, by: county.bureau, actions: {filed: {to: done}, back: {to: ask, means: back}}}
tasks: {check: {title: 核, by: village.cadre, opens: found, awaited_by: ask}}
ends: {done: {title: 完, outcome: granted, start: {workflow: after, carries: all}}, no: {title: 否, outcome: refused}}
"""
CHILD = """
workflow: child
opens:
  applied: {by: household, to: decide}
  asked: {by: parent, to: decide}
facts:
  area: {title: 面积, type: number, in: opens}
  secret: {title: 存款, type: yuan, in: opens, secret: yes, optional: yes}
  poor: {title: 困难, type: yes_no, of: member, in: opens, optional: yes}
stages:
  decide: {title: 定, by: township.cadre, actions: {yes: {to: approved}, no: {to: refused_there, means: refuse}}}
ends: {approved: {title: 可, outcome: granted}, refused_there: {title: 否, outcome: refused}}
"""
AFTER = """
workflow: after
opens: {begun: {by: county.bureau, to: visit}}
facts: {area: {title: 面积, type: number, in: opens}}
stages: {visit: {title: 访, by: village.cadre, actions: {seen: {to: over_now}}}}
ends: {over_now: {title: 完, outcome: closed}}
"""


class TestOtherCases:
    def parent(self) -> Runner:
        runner = Runner.of(PARENT, CHILD, AFTER)
        runner.open(
            "village.cadre", facts={"area": 5, "secret": 100, "found_on": "2026-03-01", "poor/m1": True},
            members=("m1",), places={"plot": "430822213202"},
        )  # fmt: skip
        return runner

    def test_another_case_answers_and_is_told_what_is_carried(self) -> None:
        runner = self.parent()
        (child,) = runner.children()
        assert (child.get("channel"), child.division, child.get("parent")) == (
            "asked", "430822213202", [runner.case.id.hex, "ask"]
        )  # fmt: skip
        facts = {key: stored["v"] for key, stored in child.section("facts").items()}
        assert facts["area"] == 5
        assert facts["poor/m1"] is True
        assert facts["secret"].value == 100
        assert "found_on" not in facts
        assert runner.events[child.id][0].actor == ""

    def test_its_answer_waits_for_what_the_stage_awaits(self) -> None:
        runner = self.parent()
        (child,) = runner.children()
        runner.act("township.cadre", "yes", case=child.id)
        assert (runner.stage, runner.case.section("asks")["ask"]["res"]) == ("ask", "approved")
        runner.act("village.cadre", "done", on="check")
        assert runner.stage == "file"
        assert not runner.case.section("links")

    def test_a_refusal_waits_for_nothing(self) -> None:
        runner = self.parent()
        (child,) = runner.children()
        runner.act("township.cadre", "no", case=child.id)
        assert runner.case.get("outcome") == "refused"

    def test_coming_back_asks_another_case_and_the_first_ones_answer_is_too_late(self) -> None:
        runner = self.parent()
        runner.act("village.cadre", "done", on="check")
        runner.act("village.cadre", "back")
        first, second = runner.children()
        runner.act("township.cadre", "no", case=first.id)
        assert runner.stage == "ask", "it was asked in an entry that is over"
        runner.act("township.cadre", "yes", case=second.id)
        assert runner.stage == "file"

    def test_an_end_starts_its_successor(self) -> None:
        runner = self.parent()
        runner.act("village.cadre", "done", on="check")
        runner.act("township.cadre", "yes", case=runner.children()[0].id)
        runner.act("county.bureau", "filed")
        (after,) = runner.children("after")
        assert (after.stage, after.section("facts")["area"]["v"], after.get("parent", None)) == ("visit", 5, None)
        assert after.section("items")["1"]["p"] == "village.cadre"

    def test_a_successor_that_lacks_its_facts_is_seen_at_once(self) -> None:
        runner = Runner.of(PARENT.replace(", carries: all}", "}"), CHILD, AFTER)
        runner.open("village.cadre", facts={"area": 5})
        runner.act("village.cadre", "done", on="check")
        runner.act("township.cadre", "yes", case=runner.children()[0].id)
        with pytest.raises(GuardRefusedError, match="area"):
            runner.act("county.bureau", "filed")
        assert runner.stage == "file"

    def test_a_question_that_another_case_answers_is_no_work_to_claim(self) -> None:
        runner = self.parent()
        with pytest.raises(ActionNotAllowedError, match="ask has no open work"):
            runner.do(Claim, "village.cadre")
        with pytest.raises(ActionNotAllowedError, match="answer of the case, not of a person"):
            runner.act("village.cadre", "approved")

    def test_only_a_case_that_is_waited_for_is_heard(self) -> None:
        runner = self.parent()
        stranger = ChildEnded(id=runner.new_id(), child=UUID(int=5), end="approved", outcome="granted")
        with pytest.raises(ActionNotAllowedError, match="no such linked case"):
            runner.ask(stranger)

    def test_a_task_may_be_answered_by_another_case(self) -> None:
        text = PARENT.replace(
            "check: {title: 核, by: village.cadre,", "check: {title: 核, case: {workflow: child, carries: [area]},"
        )
        runner = Runner.of(text, CHILD, AFTER)
        runner.open("village.cadre", facts={"area": 5})
        links = {UUID(child): link["q"] for child, link in runner.case.section("links").items()}
        task = next(child for child, ask in links.items() if ask == "check")
        runner.act("township.cadre", "no", case=task)
        assert runner.case.section("tasks")["check"]["r"] == "refused_there"


def test_a_rule_can_read_the_result_of_a_task_and_that_it_was_waived() -> None:
    text = NEW.replace(
        "grant: {to: next, means: grant}", "grant: {to: next, means: grant, needs: [bank.clear, visit.waived]}"
    )
    runner = beside(text)
    runner.act("county.police", "done", on="police")
    runner.act("county.bank", "doubtful", on="bank")
    with pytest.raises(GuardRefusedError, match=r"needs: 银行 .bank.clear."):
        runner.act("county.bureau", "grant")
    assert runner.case.section("tasks")["visit"]["st"] == "waived"


@pytest.mark.parametrize("rich", [True, False])
def test_a_task_opened_or_waived_by_what_a_notice_answers_moves_the_case_once(rich: bool) -> None:
    stage = "  show: {title: 公示, notice: {by: village.cadre, wait: 7 day}, actions: {ended: {to: next}}}\n  review:"
    text = NEW.replace("  review:", stage).replace("opens: apply.submit", "opens: show.ended")
    runner = Runner.of(text)
    runner.open("village.cadre")
    runner.act("village.cadre", "submit", rich=rich)
    runner.post("village.cadre", "board")
    runner.wait(days=9)
    assert runner.stage == "review"
    assert status(runner) == {"visit": "open" if rich else "waived"}


@pytest.mark.parametrize("rich", [True, False])
def test_a_task_opened_or_waived_by_what_another_case_answers_moves_the_case_once(rich: bool) -> None:
    task = "tasks: {extra: {title: 补, by: village.cadre, when: rich, opens: ask.approved}, "
    fact = "facts:\n  rich: {title: 富, type: yes_no, in: opens}\n"
    text = PARENT.replace("tasks: {", task).replace("facts:\n", fact)
    runner = Runner.of(text, CHILD, AFTER)
    runner.open("village.cadre", facts={"area": 5, "rich": rich})
    (child,) = runner.children("child")
    runner.act("township.cadre", "yes", case=child.id)
    runner.act("village.cadre", "done", on="check")
    assert runner.stage == "file"
    assert status(runner)["extra"] == ("open" if rich else "waived")
