"""Elimination of a household's risk as 004 篇九 C(二) has it, walked through the engine (P-02)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.cases import Case, Minutes
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from tests.harness import PAPER, Runner, calendar, person, refused_by, shipped, with_staff

#: Listed on this day; three months are over with 2026-05-10.
SINCE = "2026-02-10"
ON_TIME = datetime(2026, 5, 11, 1, tzinfo=UTC)
FINE: dict[str, Any] = {
    "tracking": "每月走访，帮扶措施已落实", "income_pc": 700_000, "whole_no_labour": False, "lost_capacity": False,
    "weak_stability": False, "income_unstable": False, "spending_uncontrolled": False,
}  # fmt: skip
CHECKED: dict[str, Any] = {
    "checked_on": "2026-05-11", "income_pc": 700_000, "one_exceed": True, "food_and_clothing": True,
    "guarantees": True, "drinking_water": True, "measures": "公益性岗位一个，医疗救助一次",
    "measures_effective": True, "income_stable": True, "spending_solved": True, "natural": False,
    "risk_kinds": 1, "in_tekun": False, "in_dibao": False, "team_signed": True, "household_signed": True,
}  # fmt: skip
FORMS = {"annex4": PAPER, "annex5": PAPER}
TEAM = {"township.cadre": 1, "village.liaison": 1}
GROUP = {"village.liaison": 1, "village.committee": 2, "village.party_member": 1, "village.group_head": 1}


@pytest.fixture
def runner() -> Runner:
    return Runner.of(*(shipped(name, "hn_monitor") for name in ("risk_elimination", "objection")), now=ON_TIME)


def opened(runner: Runner, since: str = SINCE) -> Case:
    runner.register = {"household": {"monitoring": "active", "monitored_since": since}}
    return runner.open("village.committee")


def propose(runner: Runner, **facts: Any) -> Case:
    return runner.act("village.committee", "propose", **{**FINE, **facts})


def check_at_home(
    runner: Runner, answer: str = "confirmed", note: str = "", facts: dict[str, Any] | None = None, **more: Any
) -> Case:
    minutes = Minutes(TEAM, {answer: 2}, ("township.cadre", "village.liaison"))
    written = {} if answer == "unconfirmed" else {**CHECKED, **(facts or {}), **more}
    papers = {} if answer == "unconfirmed" else FORMS
    return runner.act("township.cadre", answer, minutes=minutes, papers=papers, facts=written, note=note)


def deliberate(runner: Runner, answer: str = "pass", **more: Any) -> Case:
    minutes = Minutes(GROUP, {answer: 5}, ("village.liaison", "village.committee", "village.committee2"))
    facts = more.pop("facts", {"minutes_signed": True})
    return runner.act("village.liaison", answer, minutes=minutes, facts=facts, **more)


def hang(runner: Runner) -> None:
    runner.post("village.committee")
    runner.wait(days=8)
    runner.prove("village.committee")


def to_publicity(runner: Runner, **facts: Any) -> None:
    opened(runner)
    propose(runner)
    check_at_home(runner, **facts)
    deliberate(runner)


def to_county(runner: Runner, **facts: Any) -> None:
    to_publicity(runner, **facts)
    hang(runner)
    runner.act("village.committee", "submit")
    for leader in ("township.secretary", "township.mayor"):
        runner.act(leader, "pass", field_verification="not_needed")


def decide(runner: Runner, **facts: Any) -> Case:
    return runner.act("county.bureau", "eliminate", consultation="会同民政、医保、住建会商，同意消除", **facts)


def test_a_household_that_meets_the_standard_is_eliminated_and_marked(runner: Runner) -> None:
    to_county(runner)
    assert decide(runner).stage == "mark"
    case = runner.act("county.bureau2", "marked")
    assert (case.stage, case.get("outcome"), case.status) == ("eliminated", "granted", "closed")
    assert runner.last().body["set"] == {
        "household.monitoring": "marked_eliminated", "household.eliminated_on": "2026-05-19"
    }  # fmt: skip


# --- three months since it was listed (R-ELIM-06) ---------------------------------------------------------------------


def test_three_months_of_monitoring_end_with_the_corresponding_day(runner: Runner) -> None:
    runner.now = datetime(2026, 5, 10, 15, 59, tzinfo=UTC)  # 23:59 of 10 May in Zhangjiajie
    opened(runner)
    with pytest.raises(GuardRefusedError, match="not before 2026-05-10 is over"):
        propose(runner)
    runner.until(datetime(2026, 5, 10, 16, tzinfo=UTC))
    assert propose(runner).stage == "household_check"


def test_three_months_that_are_over_hold_nothing_back_though_nobody_has_swept(runner: Runner) -> None:
    opened(runner, "2025-06-30")
    assert propose(runner).stage == "household_check"


def test_three_months_from_the_last_of_november_end_with_the_last_of_february(runner: Runner) -> None:
    runner.now = datetime(2026, 2, 28, 3, tzinfo=UTC)
    opened(runner, "2025-11-30")
    with pytest.raises(GuardRefusedError, match="not before 2026-02-28 is over"):
        propose(runner)


def test_a_holiday_does_not_lengthen_the_three_months(runner: Runner) -> None:
    assert not calendar().day(date(2026, 5, 1)).is_working
    runner.now = datetime(2026, 5, 1, 16, 1, tzinfo=UTC)
    opened(runner, "2026-02-01")
    assert propose(runner).stage == "household_check"


@pytest.mark.parametrize("status", [None, "marked_eliminated", "cleared_out"])
def test_only_a_household_that_is_monitored_is_proposed(runner: Runner, status: str | None) -> None:
    opened(runner)
    runner.register = {"household": {"monitoring": status} if status else {}}
    with refused_by("is_monitored"):
        propose(runner)


def test_nobody_types_since_when_it_is_monitored(runner: Runner) -> None:
    with pytest.raises(InputError):
        runner.open("village.committee", facts={"monitored_since": "2020-01-01"})


# --- what keeps a household on the rolls (R-ELIM-02 to 05) ------------------------------------------------------------

BLOCKED: list[dict[str, Any]] = [
    {"income_pc": 499_999}, {"whole_no_labour": True}, {"lost_capacity": True}, {"weak_stability": True},
    {"income_unstable": True}, {"spending_uncontrolled": True},
]  # fmt: skip


@pytest.mark.parametrize("fact", BLOCKED, ids="|".join)
def test_a_blocked_household_is_not_proposed_and_stays_monitored(runner: Runner, fact: dict[str, Any]) -> None:
    opened(runner)
    with refused_by("not blockers"):
        propose(runner, **fact)
    case = runner.act("village.committee", "keep", note="收入不稳定，继续帮扶")
    assert (case.stage, case.get("outcome")) == ("kept", "deferred")
    assert not [event for event in runner.events[case.id] if "set" in event.body]


def test_an_income_of_exactly_the_line_blocks_nothing(runner: Runner) -> None:
    opened(runner)
    assert propose(runner, income_pc=500_000).stage == "household_check"


def test_what_the_home_visit_finds_counts_and_not_what_the_village_wrote(runner: Runner) -> None:
    opened(runner)
    propose(runner)
    with refused_by("not blockers"):
        check_at_home(runner, income_pc=499_999)
    assert check_at_home(runner, "unconfirmed", "人均纯收入不足5000元").stage == "not_eliminated"


# --- what the visit must bring ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacking", ["team_signed", "household_signed"])
def test_both_sides_must_have_signed(runner: Runner, lacking: str) -> None:
    opened(runner)
    propose(runner)
    with refused_by("both_signed"):
        check_at_home(runner, facts={lacking: False})


def test_the_signed_forms_must_be_there(runner: Runner) -> None:
    opened(runner)
    propose(runner)
    minutes = Minutes(TEAM, {"confirmed": 2}, ("township.cadre", "village.liaison"))
    with pytest.raises(GuardRefusedError, match="annex4"):
        runner.act("township.cadre", "confirmed", minutes=minutes, facts=CHECKED)


def test_one_person_is_no_team(runner: Runner) -> None:
    opened(runner)
    propose(runner)
    minutes = Minutes({"township.cadre": 1}, {"confirmed": 1}, ("township.cadre",))
    with pytest.raises(GuardRefusedError):
        runner.act("township.cadre", "confirmed", minutes=minutes, papers=FORMS, facts=CHECKED)


@pytest.mark.parametrize(
    "lacking",
    ["measures_effective", "food_and_clothing", "guarantees", "drinking_water", "income_stable", "spending_solved"],
)
def test_all_conditions_must_hold_unless_the_risk_went_by_itself(runner: Runner, lacking: str) -> None:
    opened(runner)
    propose(runner)
    with refused_by("standard_met"):
        check_at_home(runner, facts={lacking: False})
    assert check_at_home(runner, facts={lacking: False, "natural": True}).stage == "deliberate"


def test_who_took_part_in_the_assembly_signs_its_minutes(runner: Runner) -> None:
    opened(runner)
    propose(runner)
    check_at_home(runner)
    with refused_by("minutes_signed"):
        deliberate(runner, facts={"minutes_signed": False})


# --- the notice -------------------------------------------------------------------------------------------------------


def test_the_measures_form_is_what_is_posted_for_seven_days(runner: Runner) -> None:
    notice = runner.procedures["risk_elimination"].workflow.stages["village_publicity"].notice
    assert notice is not None
    assert "measures" in notice.shows
    to_publicity(runner)
    runner.post("village.committee")
    assert runner.due("village_publicity.wait") == datetime(2026, 5, 18, 16, tzinfo=UTC)
    runner.until(datetime(2026, 5, 18, 15, 59, tzinfo=UTC))
    with pytest.raises(ActionNotAllowedError, match="not over yet"):
        runner.prove("village.committee")


@pytest.mark.parametrize(("verdict", "stage"), [("upheld", "not_eliminated"), ("dismissed", "village_submit")])
def test_an_objection_is_investigated_by_the_villages_two_committees(runner: Runner, verdict: str, stage: str) -> None:
    to_publicity(runner)
    runner.post("village.committee")
    child = runner.lodge("village.cadre", facts={"grounds": "该户仍有大额医疗支出"})
    minutes = Minutes({"village.branch": 1, "village.committee": 1}, {verdict: 2}, ("village.branch",))
    runner.act("village.branch", verdict, case=child.id, minutes=minutes, finding="已走访核实", note="经调查核实")
    if verdict == "dismissed":
        runner.wait(days=8)
        runner.prove("village.committee")
    assert runner.stage == stage


# --- township and county ----------------------------------------------------------------------------------------------


def test_the_township_sends_a_household_back_to_be_checked_again(runner: Runner) -> None:
    to_publicity(runner)
    hang(runner)
    runner.act("village.committee", "submit")
    assert runner.act("township.mayor", "return", to="household_check", note="收入佐证不足").stage == "household_check"
    with pytest.raises(GuardRefusedError):  # What was found and signed then is asked anew.
        runner.act(
            "township.cadre", "confirmed",
            minutes=Minutes(TEAM, {"confirmed": 2}, ("township.cadre", "village.liaison")),
        )  # fmt: skip
    assert check_at_home(runner, measures="补充落实临时救助").stage == "deliberate"


@pytest.mark.parametrize("group", [{"in_tekun": True}, {"in_dibao": True}, {"risk_kinds": 2}])
def test_special_groups_need_a_key_review(runner: Runner, group: dict[str, Any]) -> None:
    to_county(runner, **group)
    with pytest.raises(GuardRefusedError, match="key_reviewed"):
        decide(runner)
    with refused_by("key_review_done"):
        decide(runner, key_reviewed=False)
    assert decide(runner, key_reviewed=True).stage == "mark"


def test_the_county_may_refuse_and_the_household_stays_monitored(runner: Runner) -> None:
    to_county(runner)
    case = runner.act("county.bureau", "refuse", note="医保数据显示仍有大额自付支出")
    assert (case.stage, case.get("outcome")) == ("not_eliminated", "refused")
    assert not [event for event in runner.events[case.id] if "set" in event.body]


def test_who_proposed_a_household_does_not_decide_on_it(runner: Runner) -> None:
    runner.staff = with_staff(runner.staff, person("both", "village.committee", "county.bureau"))
    runner.register = {"household": {"monitoring": "active", "monitored_since": SINCE}}
    runner.open("both")
    propose(runner)
    check_at_home(runner)
    deliberate(runner)
    hang(runner)
    runner.act("village.committee", "submit")
    for leader in ("township.secretary", "township.mayor"):
        runner.act(leader, "pass", field_verification="done")
    with pytest.raises(GuardRefusedError, match="already acted"):
        runner.act("both", "eliminate", consultation="同意")
