"""Clocks within decisions: what starts, stops and ends them, their one timer, and what they do when time has come."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.cases import (
    Claim,
    Comment,
    ExtendClock,
    FireTimer,
    Propose,
    ResumeClock,
    SettleClocks,
    StopClock,
    instant,
)
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError, PermissionDeniedError
from tests.harness import MONDAY, PAPER, Runner, calendar

CLOCKS = """
workflow: clocks
ladder: {remind: [-3 workday, -1 workday], late: {+1 workday: township.mayor, +3 workday: county.leader}}
opens: {found: {by: village.cadre, to: apply}}
facts:
  found_on: {title: 发现日, type: date, in: opens, optional: yes}
  expires_on: {title: 到期日, type: date, in: apply, optional: yes}
  urgent: {title: 急, type: yes_no, in: opens}
stages:
  apply: {title: 申请, by: village.cadre, actions: {submit: {to: next}}}
  check:
    title: 核实
    by: township.cadre
    limit: 5 workday
    actions: {pass: {to: next}, back: {to: apply, means: back}, more: {to: wait_for, means: defer}}
  decide: {title: 审定, by: county.bureau, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
  wait_for: {title: 补正, aside: yes, by: village.cadre, actions: {given: {to: check, means: back}}}
  lapsed_stage: {title: 逾期, aside: yes, by: county.bureau, actions: {close: {to: gone, means: lapse}}}
tasks: {
  note: {title: 记录, by: village.cadre, opens: whole.due}, chase: {title: 督办, by: county.leader, opens: check.late}}
clocks:
{CLOCKS}
ends: {granted: {title: 可, outcome: granted}, no: {title: 否, outcome: refused}, gone: {title: 失效, outcome: lapsed}}
"""
WHOLE = (
    "  whole: {title: 全程, limit: 10 workday, from: found_on, until: decide.grant, except: [wait_for], "
    "stop: {by: township.cadre}, extend: {to: 15 workday, by: county.bureau, needs: urgent}}"
)


def clocks(text: str = WHOLE, submit: bool = True, **facts: Any) -> Runner:
    runner = Runner.of(CLOCKS.replace("{CLOCKS}", text))
    runner.open("village.cadre", facts={"urgent": True, "found_on": "2026-03-02", **facts})
    if submit:
        runner.act("village.cadre", "submit")
    return runner


def day(text: str) -> datetime:
    """24:00 of a day in Shanghai."""
    return datetime.fromisoformat(text).replace(hour=16, tzinfo=UTC)


# --- I9: one timer, leaving pending once ------------------------------------------------------------------------------


def test_I9_leaving_a_stage_cancels_its_timers() -> None:
    """Mutant M4: a timer left on exit."""
    runner = clocks("  {}".replace("{}", "far: {title: 远, limit: 100 workday, from: opened}"))
    assert set(runner.timers()) == {"check", "far"}
    runner.act("township.cadre", "pass")
    assert set(runner.timers()) == {"far"}
    dropped = [key for section, key, value in runner.last().changes if section == "timers" and value is None]
    assert len(dropped) == 1


def test_I9_a_timer_leaves_pending_once() -> None:
    runner = clocks()
    number, timer = next(
        (number, timer) for number, timer in runner.case.section("timers").items() if timer["c"] == "check"
    )
    runner.now = instant(timer["at"])
    fire = FireTimer(id=runner.new_id(), timer=number)
    runner.ask(fire)
    with pytest.raises(ActionNotAllowedError, match="not pending"):
        runner.ask(fire)
    runner.act("township.cadre", "pass")
    for left in ("999", number):
        with pytest.raises(ActionNotAllowedError, match="not pending"):
            runner.ask(FireTimer(id=runner.new_id(), timer=left))


def test_I9_every_event_of_a_timer_has_its_own_timer() -> None:
    runner = clocks()
    runner.wait(days=60)
    fired = [event.body["timer"] for event in runner.events[runner.case.id] if event.kind == "fired"]
    assert len(fired) == len(set(fired)) > 0


def test_I10_no_timer_fires_before_it_is_due() -> None:
    runner = clocks()
    for number, timer in runner.case.section("timers").items():
        runner.now = instant(timer["at"]) - timedelta(milliseconds=1)
        with pytest.raises(ActionNotAllowedError, match="not due before"):
            runner.ask(FireTimer(id=runner.new_id(), timer=number))


def test_a_clock_has_one_pending_timer_whatever_happens() -> None:
    runner = clocks()
    for _ in range(12):
        pending = [timer["c"] for timer in runner.case.section("timers").values()]
        assert len(pending) == len(set(pending))
        runner.wait(days=1)


# --- the ladder -------------------------------------------------------------------------------------------------------


def test_I16_after_thirty_days_off_every_rung_is_caught_up_in_due_order_once() -> None:
    runner = clocks()
    events = runner.until(MONDAY + timedelta(days=30))
    rungs = [(event.body["clock"], event.body["rung"], event.body["due"]) for event in events]
    assert [each[2] for each in rungs] == sorted(each[2] for each in rungs)
    assert [each[:2] for each in rungs if each[0] == "check"] == [
        ("check", "remind"), ("check", "remind"), ("check", "due"), ("check", "late"), ("check", "late")
    ]  # fmt: skip
    assert [kind for clock, kind, _ in rungs if clock == "whole"] == ["remind", "remind", "due", "late", "late"]
    assert runner.told("escalated") == ["township.mayor", "county.leader"] * 2
    assert sorted(runner.told("overdue")) == ["county.leader", "township.cadre", "township.cadre"]
    assert runner.until(MONDAY + timedelta(days=90)) == []


def test_reminders_go_to_whoever_has_open_work() -> None:
    runner = clocks("  whole: {title: 全程, limit: 10 workday, from: opened, remind: [-1 workday], late: {}}")
    runner.wait(days=12)
    near = [(message.data["clock"], message.post) for message in runner.messages if message.event == "deadline_near"]
    assert near[:2] == [("check", "township.cadre")] * 2
    assert set(near[2:]) == {("whole", "township.cadre"), ("whole", "county.leader")}, "who checks, and who chases him"


def test_a_late_mark_opens_tasks_and_the_event_is_told_once() -> None:
    runner = clocks()
    runner.wait(days=40)
    assert runner.case.section("tasks")["note"]["st"] == "open"
    assert runner.case.section("tasks")["chase"]["n"] == 3, "opened at each rung of lateness, the open one replaced"
    assert runner.case.section("clocks")["check"]["late"]


def test_a_stage_that_was_left_is_not_late() -> None:
    runner = clocks()
    runner.act("township.cadre", "pass")
    runner.wait(days=30)
    assert {event.body["clock"] for event in runner.events[runner.case.id] if event.kind == "fired"} == {"whole"}


def test_an_escalation_to_a_vacant_post_reaches_the_supervisor() -> None:
    text = WHOLE.replace("extend:", "late: {+1 workday: county.absent}, extend:")
    runner = Runner.of(CLOCKS.replace("{CLOCKS}", text))
    people = {key: each for key, each in runner.staff.people.items() if "absent" not in key}
    runner.staff = type(runner.staff).of(people.values())
    runner.open("village.cadre", facts={"urgent": True, "found_on": "2026-03-02"})
    runner.wait(days=40)
    assert "county.supervisor" in runner.told("post_vacant")


# --- starts and ends --------------------------------------------------------------------------------------------------


class TestStart:
    def test_a_date_fact_starts_a_clock_on_its_own_day(self) -> None:
        runner = clocks(found_on="2026-02-27")  # the Saturday after it is worked
        assert runner.due("whole") == day("2026-03-12")
        assert clocks(found_on="2026-03-02").due("whole") == day("2026-03-16")

    def test_the_first_of_several_starts_counts(self) -> None:
        runner = clocks("  x: {title: x, limit: 10 workday, from: [found_on, apply.submit], until: decide.grant}")
        runner.now += timedelta(days=3)
        before = runner.due("x")
        runner.act("township.cadre", "back")
        runner.act("village.cadre", "submit")
        assert runner.due("x") == before

    def test_again_latest_starts_afresh(self) -> None:
        runner = clocks("  x: {title: x, limit: 10 workday, from: apply.submit, until: decide.grant, again: latest}")
        before = runner.due("x")
        runner.now += timedelta(days=7)
        runner.act("township.cadre", "back")
        runner.act("village.cadre", "submit")
        assert runner.due("x") == before + timedelta(days=7)
        assert set(runner.timers()) == {"check", "x"}

    def test_a_clock_that_was_ended_does_not_start_again(self) -> None:
        runner = clocks("  x: {title: x, limit: 10 workday, from: apply.submit, until: check.back}")
        runner.act("township.cadre", "back")
        assert "x" not in runner.case.section("clocks")
        runner.act("village.cadre", "submit")
        assert "x" not in runner.case.section("clocks")

    def test_a_limit_to_start_ends_with_the_first_claim_or_answer(self) -> None:
        text = "  x: {title: 受理, limit: 2 workday, from: check.entered, until: check.begun}"
        runner = clocks(text)
        runner.do(Claim, "township.cadre")
        assert "x" not in runner.case.section("clocks")
        runner = clocks(text)
        runner.act("township.cadre", "pass")
        assert "x" not in runner.case.section("clocks")

    def test_a_shared_limit_runs_over_several_stages(self) -> None:
        runner = clocks("  x: {title: x, limit: 10 workday, from: check.entered, until: decide.refuse}")
        runner.act("township.cadre", "pass")
        assert "x" in runner.case.section("clocks")
        runner.act("county.bureau", "refuse")
        assert not runner.case.section("clocks")

    def test_a_rule_may_say_that_it_does_not_run(self) -> None:
        text = "  x: {title: x, limit: 10 workday, from: opened, when: urgent}"
        assert "x" in clocks(text).case.section("clocks")
        assert "x" not in clocks(text, urgent=False).case.section("clocks")

    def test_a_clock_counted_from_a_date_starts_when_the_date_is_known(self) -> None:
        text = "  x: {title: 复核, limit: 15 day before expires_on, from: apply.submit}"
        runner = clocks(text, submit=False)
        runner.act("village.cadre", "submit")
        assert "x" not in runner.case.section("clocks"), "nobody knows the date yet"
        runner = clocks(text, submit=False)
        runner.act("village.cadre", "submit", expires_on=date(2026, 6, 30))
        assert runner.due("x") == day("2026-06-15")

    def test_a_clock_counted_from_an_event_starts_with_it(self) -> None:
        runner = clocks("  x: {title: x, limit: 1 month after check.pass}")
        runner.act("township.cadre", "pass")
        assert runner.due("x") == day("2026-04-02")

    def test_no_limit_is_no_clock(self) -> None:
        text = "  x: {title: x, limit: $no, from: opened}\nparams: {no: {title: 无, type: amount, value: none}}"
        assert "x" not in clocks(text).case.section("clocks")

    def test_the_office_may_close_before_midnight(self) -> None:
        runner = clocks("  x: {title: x, limit: 1 workday, from: opened, day_ends: '17:30'}")
        assert runner.due("x") == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)

    def test_a_year_without_a_notice_is_provisional(self) -> None:
        runner = clocks("  x: {title: x, limit: 400 workday, from: opened}")
        assert runner.case.section("clocks")["x"]["prov"] is True


class TestWaits:
    WAIT = "  cool: {title: 冷静期, wait: 7 day, from: check.entered, until: check.pass, clause: 样例第九条}"

    def test_nothing_is_done_before_a_wait_is_over(self) -> None:
        runner = clocks(self.WAIT)
        with pytest.raises(GuardRefusedError, match="not before 2026-03-09 is over: 冷静期") as refused:
            runner.act("township.cadre", "pass")
        assert (refused.value.rule, refused.value.clause) == ("cool", "样例第九条")
        runner.act("township.cadre", "back")
        runner.act("village.cadre", "submit")
        fired = runner.until(day("2026-03-09"))
        assert "cool" in {event.body["clock"] for event in fired}
        runner.act("township.cadre", "pass")

    def test_a_wait_that_is_over_is_an_event(self) -> None:
        text = self.WAIT + "\n  next_one: {title: 后, limit: 2 workday, from: cool.over}"
        runner = clocks(text)
        runner.until(day("2026-03-09"))
        assert "next_one" in runner.case.section("clocks")


# --- stops, extensions ------------------------------------------------------------------------------------------------


class TestLedger:
    def test_a_stage_that_does_not_count_stops_the_whole(self) -> None:
        runner = clocks()
        due = runner.due("whole")
        runner.now += timedelta(days=1)
        runner.act("township.cadre", "more")
        assert "whole" not in runner.timers()
        runner.now += timedelta(days=7)
        runner.act("village.cadre", "given")
        # A day counts only if the clock ran through all of it: Tuesday to Tuesday are six working days.
        assert runner.due("whole") == due + timedelta(days=8)
        assert runner.timers()["whole"] < runner.due("whole")

    def test_a_clock_that_starts_in_a_stage_that_does_not_count_stands_still(self) -> None:
        text = "  x: {title: x, limit: 10 workday, from: check.more, except: [wait_for]}\n" + (
            "  y: {title: y, limit: 10 workday, from: wait_for.entered, except: [wait_for]}"
        )
        runner = clocks(text)
        runner.act("township.cadre", "more")
        assert not runner.timers()
        runner.now += timedelta(days=7)
        runner.act("village.cadre", "given")
        assert {"x", "y"} <= set(runner.timers())

    def test_it_is_stopped_by_hand_with_a_reason_and_a_document(self) -> None:
        runner = clocks()
        due = runner.due("whole")
        with pytest.raises(InputError, match="needs its reason"):
            runner.do(StopClock, "township.cadre", clock="whole", document=PAPER)
        with pytest.raises(PermissionDeniedError, match=r"only township.cadre"):
            runner.do(StopClock, "village.cadre", clock="whole", document=PAPER, note="大雪")
        runner.do(StopClock, "township.cadre", clock="whole", document=PAPER, note="大雪封山")
        assert "whole" not in runner.timers()
        with pytest.raises(ActionNotAllowedError, match="stopped already"):
            runner.do(StopClock, "township.cadre", clock="whole", document=PAPER, note="大雪")
        assert runner.wait(days=7)  # the stage's own clock goes on
        runner.do(ResumeClock, "township.cadre2", clock="whole")
        assert runner.due("whole") > due
        with pytest.raises(ActionNotAllowedError, match="was not stopped by hand"):
            runner.do(ResumeClock, "township.cadre", clock="whole")

    def test_it_stays_stopped_by_hand_when_the_stage_that_does_not_count_is_left(self) -> None:
        runner = clocks()
        runner.act("township.cadre", "more")
        runner.do(StopClock, "township.cadre", clock="whole", document=PAPER, note="大雪封山")
        runner.act("village.cadre", "given")
        assert "whole" not in runner.timers()
        runner.do(ResumeClock, "township.cadre", clock="whole")
        assert "whole" in runner.timers()

    @pytest.mark.parametrize(
        ("kind", "clock", "why"),
        [
            (StopClock, "check", "does not let 核实 be stopped"),
            (ResumeClock, "check", "was not stopped by hand"),
            (ExtendClock, "check", "does not let 核实 be extended"),
            (StopClock, "none", "no clock none runs; running: .*check 核实"),
        ],
    )
    def test_only_where_the_definition_lets_it(self, kind: type, clock: str, why: str) -> None:
        more: dict[str, Any] = {"document": PAPER} if kind is StopClock else {}
        with pytest.raises(ActionNotAllowedError, match=why):
            clocks().do(kind, "township.cadre", clock=clock, note="x", **more)

    def test_it_is_extended_to_a_whole_length_and_no_more_often_than_allowed(self) -> None:
        runner = clocks()
        with pytest.raises(InputError, match="needs its reason"):
            runner.do(ExtendClock, "county.bureau", clock="whole")
        runner.do(ExtendClock, "county.bureau", clock="whole", note="情况复杂", document=PAPER)
        assert runner.due("whole") == day("2026-03-23")
        assert runner.case.section("clocks")["whole"]["ext"] == [
            ["5 workday", "granted", PAPER.digest, "county.bureau"]
        ]
        with pytest.raises(ActionNotAllowedError, match="already extended 1 times"):
            runner.do(ExtendClock, "county.bureau", clock="whole", note="x")

    def test_an_extension_asks_its_rules(self) -> None:
        with pytest.raises(GuardRefusedError, match="needs: 急"):
            clocks(urgent=False).do(ExtendClock, "county.bureau", clock="whole", note="x")

    @pytest.mark.parametrize(("to", "why"), [("20 day", "counts 10 workday"), ("10 workday", "already has 10 workday")])
    def test_an_extension_that_is_none_is_refused(self, to: str, why: str) -> None:
        runner = clocks(WHOLE.replace("15 workday", to))
        with pytest.raises(ActionNotAllowedError, match=why):
            runner.do(ExtendClock, "county.bureau", clock="whole", note="x")

    def test_extended_after_it_was_late_it_reminds_anew(self) -> None:
        runner = clocks()
        runner.until(day("2026-03-16"))
        assert runner.case.section("clocks")["whole"]["late"]
        runner.do(ExtendClock, "county.bureau", clock="whole", note="情况复杂")
        assert "late" not in runner.case.section("clocks")["whole"]
        kinds = [timer["k"] for timer in runner.case.section("timers").values() if timer["c"] == "whole"]
        assert kinds == ["remind"]

    def test_a_stop_after_it_ran_out_gives_nothing_back_and_loses_no_mark(self) -> None:
        runner = clocks()
        runner.until(day("2026-03-16"))
        runner.do(StopClock, "township.cadre", clock="whole", document=PAPER, note="大雪封山")
        runner.wait(days=10)
        runner.do(ResumeClock, "township.cadre", clock="whole")
        assert runner.case.section("clocks")["whole"]["late"]
        assert "whole" not in runner.timers(), "the rungs of the days that stood still are not given"

    def test_I14_counted_again_on_an_amended_calendar(self) -> None:
        runner = clocks()
        runner.calendar = calendar(date(2026, 3, 5))
        runner.ask(SettleClocks(id=runner.new_id()))
        assert runner.due("whole") == day("2026-03-17")
        assert runner.last().body["moved"]["whole"] == ["2026-03-16T16:00:00Z", "2026-03-17T16:00:00Z"]
        runner.calendar = calendar()
        runner.do(SettleClocks, "township.cadre")
        assert runner.due("whole") == day("2026-03-16"), "a limit of the office may become shorter again"

    def test_I14_a_limit_that_protects_the_citizen_never_becomes_shorter(self) -> None:
        runner = clocks("  x: {title: x, limit: 10 workday, from: opened, protects: citizen}")
        runner.calendar = calendar(date(2026, 3, 5))
        runner.ask(SettleClocks(id=runner.new_id()))
        runner.calendar = calendar()
        runner.ask(SettleClocks(id=runner.new_id()))
        assert runner.due("x") == day("2026-03-17")
        assert runner.case.section("clocks")["x"]["ext"][0][1] == "calendar"


# --- what lateness does -----------------------------------------------------------------------------------------------


class TestThen:
    def lapse(self, then: str, more: str = "") -> Runner:
        return clocks(f"  window: {{title: 窗口, limit: 5 workday, from: check.entered, then: {then}{more}}}")

    @pytest.mark.parametrize(
        ("then", "stage"),
        [
            ("{to: gone, means: lapse}", "gone"),
            ("{to: apply, means: back}", "apply"),
            ("{to: lapsed_stage, means: defer}", "lapsed_stage"),
            ("{to: stay, means: record}", "check"),
        ],
    )
    def test_silence_means_only_what_the_definition_says(self, then: str, stage: str) -> None:
        runner = self.lapse(then)
        runner.until(day("2026-03-09"))
        assert runner.stage == stage
        (event,) = [each for each in runner.events[runner.case.id] if each.body.get("action") == "then"]
        assert (event.actor, event.body["clock"]) == ("", "window")

    def test_a_timer_never_grants(self) -> None:
        runner = clocks()
        runner.act("township.cadre", "pass")
        runner.wait(days=400)
        assert (runner.stage, runner.case.get("granted", None)) == ("decide", None)

    @pytest.mark.parametrize("means", ["record", "lapse", "back"])
    def test_time_alone_never_takes_a_case_on(self, means: str) -> None:
        runner = self.lapse(f"{{to: decide, means: {means}}}")
        runner.until(day("2026-03-09"))
        assert runner.stage == "check"
        assert [e.body["withheld"] for e in runner.events[runner.case.id] if "withheld" in e.body] == ["silence"]

    def test_it_has_effects_like_any_action(self) -> None:
        runner = self.lapse("{to: lapsed_stage, means: lapse, tell: [county.leader], set: {household.since: today}}")
        runner.until(day("2026-03-09"))
        assert "county.leader" in runner.told("told")

    def test_it_does_not_jump_over_what_holds_the_case_back(self) -> None:
        text = CLOCKS.replace(
            "    by: township.cadre\n    limit: 5 workday\n    actions: "
            "{pass: {to: next}, back: {to: apply, means: back}, "
            "more: {to: wait_for, means: defer}}",
            "    notice: {by: township.cadre, wait: 30 day}\n    actions: {ended: {to: next}}",
        )
        text = text.replace(", chase: {title: 督办, by: county.leader, opens: check.late}", "")
        runner = Runner.of(
            text.replace(
                "{CLOCKS}",
                "  window: {title: 窗口, limit: 5 workday, from: check.entered, then: {to: decide, means: record}}",
            )
        )
        runner.open("village.cadre", facts={"urgent": True})
        runner.act("village.cadre", "submit")
        runner.until(day("2026-03-09"))
        assert runner.stage == "check"
        (event,) = [each for each in runner.events[runner.case.id] if "withheld" in each.body]
        assert event.body["withheld"] == "notice"

    def test_nothing_happens_after_the_end(self) -> None:
        runner = clocks(
            "  window: {title: 窗口, limit: 5 workday, from: no, then: {to: apply, means: back}}\n"
            "  never: {title: 无, limit: 3 workday, from: no}"
        )
        runner.act("township.cadre", "pass")
        runner.act("county.bureau", "refuse")
        assert runner.case.status == "closed"
        assert not runner.timers()

    def test_an_ended_case_whose_tasks_run_is_not_moved_by_a_clock(self) -> None:
        text = CLOCKS.replace("tasks: {", "tasks: {file: {title: 归档, by: village.cadre, opens: no}, ")
        text = text.replace(
            "{CLOCKS}", "  window: {title: 窗口, limit: 5 workday, from: no, then: {to: apply, means: back}}"
        )
        runner = Runner.of(text)
        runner.open("village.cadre", facts={"urgent": True})
        runner.act("village.cadre", "submit")
        runner.act("township.cadre", "pass")
        runner.act("county.bureau", "refuse")
        runner.wait(days=30)
        assert (runner.stage, runner.case.status) == ("no", "ended")


def test_a_comment_in_the_middle_of_catching_up_changes_nothing() -> None:
    runner = clocks()
    runner.now = MONDAY + timedelta(days=30)
    runner.do(Comment, "village.cadre", note="停电之后")
    assert len(runner.until(runner.now)) == 10


class TestCountedFromAnotherMoment:
    TEXT = """
workflow: away
title: 样例
facts: {{expires_on: {{title: 到期日, type: date, in: [opens, first], optional: yes}}}}
opens: {{found: {{by: village.cadre, to: first}}}}
stages:
  first: {{title: 一, by: village.cadre, actions: {{pass: {{to: next}}}}}}
  second: {{title: 二, by: village.cadre, actions: {{pass: {{to: next}}, back: {{to: first, means: back}}}}}}
clocks: {{c: {{title: 限, {CLOCK}, until: second.pass}}}}
ends: {{done: {{title: 完, outcome: closed}}}}
"""

    def away(self, clock: str, **facts: str) -> Runner:
        runner = Runner.of(self.TEXT.format(CLOCK=clock))
        runner.open("village.cadre", facts=facts)
        return runner

    def test_an_earlier_event_counts_though_a_later_one_starts_it(self) -> None:
        runner = self.away("limit: 10 day after first.entered, from: second.entered")
        runner.wait(days=3)
        assert "c" not in runner.case.section("clocks")
        runner.act("village.cadre", "pass")
        state = runner.case.section("clocks")["c"]
        assert state["day"] == "2026-03-12"

    def test_one_that_was_started_waits_for_the_moment_that_it_is_counted_from(self) -> None:
        runner = self.away("limit: 10 day after second.entered, from: first.entered")
        runner.wait(days=3)
        assert "c" not in runner.case.section("clocks")
        runner.act("village.cadre", "pass")
        assert runner.case.section("clocks")["c"]["day"] == "2026-03-16"  # The 15th is a Sunday.

    def test_a_known_date_alone_does_not_start_it(self) -> None:
        runner = self.away("limit: 5 day before expires_on, from: second.entered", expires_on="2026-04-01")
        assert "c" not in runner.case.section("clocks")
        runner.act("village.cadre", "pass")
        assert runner.case.section("clocks")["c"]["day"] == "2026-03-27"

    def test_without_a_start_of_its_own_the_moment_starts_it(self) -> None:
        runner = self.away("limit: 10 day after first.pass")
        runner.act("village.cadre", "pass")
        assert runner.case.section("clocks")["c"]["day"] == "2026-03-12"


class TestDays:
    """A day from which a limit runs is one that has come."""

    TEXT = """
workflow: aid
title: 样例
facts: {found_on: {title: 发现日, type: date, in: [opens, look]}}
opens: {found: {by: village.cadre, to: look}}
stages: {look: {title: 看, by: village.cadre, actions: {note: {to: stay, means: record}, yes: {to: next}}}}
clocks: {whole: {title: 全程, limit: 20 workday, from: found_on, until: look.yes}}
ends: {done: {title: 完, outcome: closed}}
"""

    @pytest.mark.parametrize(("day", "is_taken"), [("2026-03-02", True), ("2026-03-03", False), ("2036-03-01", False)])
    def test_one_after_today_starts_no_limit(self, day: str, is_taken: bool) -> None:
        runner = Runner.of(self.TEXT)
        if is_taken:
            runner.open("village.cadre", facts={"found_on": day})
        else:
            with pytest.raises(InputError, match=r"发现日 \(found_on\) lies after today"):
                runner.open("village.cadre", facts={"found_on": day})

    def test_nor_is_it_corrected_to_one(self) -> None:
        runner = Runner.of(self.TEXT)
        runner.open("village.cadre", facts={"found_on": "2026-03-01"})
        with pytest.raises(InputError, match="lies after today"):
            runner.do(Propose, "village.cadre", what="correct", facts={"found_on": "2026-03-05"}, note="录错")
