"""What may become of a household whose risk was marked as eliminated (P-05, P-08): the mark stands, or it does not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.cases import Case
from engine.errors import GuardRefusedError
from tests.harness import Runner, refused_by, shipped

STANDS: dict[str, Any] = {
    "visited_on": "2026-03-02", "income_pc": 650_001, "guarantees_kept": True, "stably_solved": True,
    "whole_no_labour": False, "new_risk": False, "measures_months": 6,
}  # fmt: skip
MARKED = {"household": {"monitoring": "marked_eliminated"}}
ACTIONS = ("stands", "track", "roll_back", "identify_again")


def looking_back(**facts: Any) -> Runner:
    """A household looked back at, with what was found there."""
    runner = Runner.of(*(shipped(name, "hn_monitor") for name in ("look_back", "rollback", "identification")))
    runner.register = MARKED
    runner.open("township.cadre")
    runner.act("township.cadre", "checked", facts={**STANDS, **facts})
    return runner


def decide(runner: Runner, action: str) -> Case:
    return runner.act("county.bureau", action, note="经核查认定")


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        ({}, {"stands"}),
        ({"income_pc": 650_000}, {"roll_back"}),  # not above the line
        ({"guarantees_kept": False}, {"roll_back"}),
        ({"stably_solved": False}, {"roll_back"}),
        ({"whole_no_labour": True}, {"roll_back"}),
        ({"measures_months": 5}, {"track"}),
        ({"measures_months": 5, "whole_no_labour": True}, {"roll_back"}),
        ({"new_risk": True, "found_on": "2026-02-27"}, {"identify_again"}),
        ({"new_risk": True, "found_on": "2026-02-27", "stably_solved": False}, {"roll_back", "identify_again"}),
    ],
)
def test_what_was_found_decides_what_may_follow(facts: dict[str, Any], allowed: set[str]) -> None:
    found = set()
    for action in ACTIONS:
        try:
            decide(looking_back(**facts), action)
        except GuardRefusedError:
            continue
        found.add(action)
    assert found == allowed


def test_a_household_whose_measures_are_young_is_tracked() -> None:
    runner = looking_back(measures_months=5)
    assert decide(runner, "track").stage == "tracked"
    assert runner.last().body["set"] == {"household.monitoring": "tracked"}


def test_a_new_risk_leads_to_identification_again_and_not_to_a_rollback() -> None:
    runner = looking_back(new_risk=True, found_on="2026-02-27")
    decide(runner, "identify_again")
    (case,) = runner.children()
    assert (case.workflow, case.stage, case.get("channel")) == ("identification", "apply", "recurred")
    assert case.section("facts")["found_on"]["v"] == "2026-02-27"


def test_who_has_no_labour_any_more_is_rolled_back_by_the_province_and_monitored_anew() -> None:
    runner = looking_back(whole_no_labour=True)
    decide(runner, "roll_back")
    (case,) = runner.children("rollback")
    facts = {"reason": "no_labour", "finding": "全户丧失劳动能力", "verified": True}
    runner.act("county.bureau", "confirmed", case=case.id, facts=facts)
    runner.act("county.leader", "submit", case=case.id)
    runner.act("province.bureau", "approve", case=case.id)
    assert runner.act("province.bureau", "executed", case=case.id).stage == "rolled_back"
    assert runner.last(case.id).body["set"] == {
        "household.monitoring": "active", "household.monitored_since": "2026-03-02"
    }  # fmt: skip


@pytest.mark.parametrize("status", ["active", "cleared_out"])
def test_only_what_was_marked_is_looked_back_at_and_rolled_back(status: str) -> None:
    register = {"household": {"monitoring": status}}
    runner = Runner.of(shipped("look_back", "hn_monitor"), register=register)
    runner.open("township.cadre")
    with refused_by("was_marked"):
        runner.act("township.cadre", "checked", facts=STANDS)
    assert runner.act("township.cadre", "not_marked", note="仍在监测").stage == "not_marked"
    runner = Runner.of(shipped("rollback", "hn_monitor"), register=register)
    runner.open("county.bureau")
    with refused_by("was_marked"):
        runner.act("county.bureau", "confirmed", facts={"reason": "unstable", "finding": "已入户", "verified": True})


@pytest.fixture(params=["rollback", "clear_out"])
def runner(request: pytest.FixtureRequest) -> Runner:
    runner = Runner.of(shipped(request.param, "hn_monitor"), register=MARKED)
    runner.open("county.bureau")
    return runner


def apply(runner: Runner) -> Case:
    reason = "unstable" if runner.case.workflow == "rollback" else "家庭成员有财政供养人员，识别时未比对"
    runner.act("county.bureau", "confirmed", facts={"reason": reason, "finding": "已入户", "verified": True})
    return runner.act("county.leader", "submit")


def test_the_county_verifies_before_it_applies(runner: Runner) -> None:
    reason = "unstable" if runner.case.workflow == "rollback" else "错误纳入"
    with refused_by("verified"):
        runner.act("county.bureau", "confirmed", facts={"reason": reason, "finding": "未入户", "verified": False})
    assert runner.act("county.bureau", "dropped", note="情况不实").stage == "dropped"


def test_only_the_province_decides_and_carries_out(runner: Runner) -> None:
    apply(runner)
    assert runner.items("province_review") == ["province.bureau"]
    runner.act("province.bureau", "approve")
    assert runner.items("execute") == ["province.bureau"]
    case = runner.act("province.bureau2", "executed")
    wanted = {"rollback": "active", "clear_out": "cleared_out"}[case.workflow]
    assert runner.last().body["set"]["household.monitoring"] == wanted


def test_the_province_may_refuse_or_send_it_back_with_words(runner: Runner) -> None:
    apply(runner)
    with pytest.raises(GuardRefusedError, match="opinion"):
        runner.act("province.bureau", "return")
    runner.act("province.bureau", "return", note="材料不全")
    assert runner.stage == "verify"
    finding = {"finding": "已补充", "verified": True}
    runner.act("county.bureau", "confirmed", facts=finding)
    runner.act("county.leader", "submit")
    assert runner.act("province.bureau", "refuse", note="不符合条件").stage == "refused"
    assert not [event for event in runner.events[runner.case.id] if "set" in event.body]
