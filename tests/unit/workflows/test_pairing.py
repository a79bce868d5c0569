"""Pairing as 000 has it, walked through the engine (P-28): a village, its households one case each, and their term."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case, Minutes
from engine.errors import ActionNotAllowedError, GuardRefusedError
from tests.harness import PAPER, Runner, refused_by, shipped

AUGUST = datetime(2020, 8, 3, 1, tzinfo=UTC)
SURVEY: dict[str, Any] = {
    "surveyed_on": "2020-08-03", "is_disabled/1": True, "disability_kinds": ["physical"], "income_pc": 350_000,
    "registered_poor": True, "hard_case": [], "housing": "砖房两间", "security": "已参加合作医疗",
    "difficulties": "缺技术",
}  # fmt: skip
PLAN: dict[str, Any] = {
    "measures": "种养技术培训，扶持养鸡", "helper": "演示员甲", "helper_unit": "县残联教就部", "helper_leads": False,
}  # fmt: skip
CARDS: dict[str, Any] = {
    "term_from": "2020-08-20", "term_to": "2021-08-19", "agreement_signed": True, "card_kept": True,
}  # fmt: skip
VILLAGE: dict[str, Any] = {
    "village_contact": "演示员乙", "geography": "距县城30公里", "total_households": 400, "total_persons": 1300,
    "disabled_households": 40, "disabled_persons": 52, "poor_disabled": 12, "weak_and_poor": False,
    "resident_help": False, "difficulties": "缺产业",
}  # fmt: skip
TERMS: dict[str, Any] = {
    "plan": "见附页", "term_from": "2020-08-20", "term_to": "2021-08-19", "liaison_a": "演示员丙",
    "liaison_b": "演示员丁",
}  # fmt: skip


@pytest.fixture
def runner() -> Runner:
    names = ("pair_household", "pair_help", "objection")
    return Runner.of(*(shipped(name, "zjj_pair") for name in names), now=AUGUST)


@pytest.fixture
def village() -> Runner:
    return Runner.of(shipped("pair_village", "zjj_pair"), now=AUGUST)


def survey(runner: Runner, **facts: Any) -> Case:
    runner.open("village.branch", members=("1",))
    return runner.act("village.branch", "registered", facts={**SURVEY, **facts})


def propose(runner: Runner, answer: str = "proposed", note: str = "") -> Case:
    minutes = Minutes({"village.branch": 1, "village.committee": 1}, {answer: 2}, ("village.branch",))
    return runner.act("village.branch", answer, minutes=minutes, note=note)


def hang(runner: Runner) -> None:
    runner.post("village.branch", "board")
    runner.wait(days=8)
    runner.prove("village.branch", "board")


def to_federation(runner: Runner, **facts: Any) -> None:
    survey(runner, **facts)
    propose(runner)
    hang(runner)


def pair(runner: Runner, **facts: Any) -> Case:
    to_federation(runner, **facts)
    runner.act("county.federation", "approve")
    runner.act("county.federation", "adopt", facts=PLAN)
    return runner.act("county.federation", "handed", facts=CARDS)


# --- a household ------------------------------------------------------------------------------------------------------


def test_a_household_gets_a_helper_its_card_and_the_term_begins(runner: Runner) -> None:
    case = pair(runner)
    assert (case.stage, case.get("outcome")) == ("paired", "granted")
    assert runner.last(case.id).body["set"] == {"household.pairing": "paired", "household.paired_since": "2020-08-11"}
    (help_,) = runner.children("pair_help")
    assert help_.stage == "help"
    assert help_.section("facts")["helper"]["v"].value == "演示员甲"


def test_a_household_above_the_line_or_without_a_disabled_person_is_explained_to(runner: Runner) -> None:
    with refused_by("below_line"):
        survey(runner, income_pc=400_000)
    runner.act("village.branch", "unfit", note="年人均收入高于贫困线")
    assert runner.stage == "explained"


@pytest.mark.parametrize(
    ("fact", "rule"), [({"is_disabled/1": False}, "has_disabled"), ({"income_pc": 400_000}, "below_line")]
)
def test_who_is_paired_is_below_the_line_and_has_a_disabled_person(
    runner: Runner, fact: dict[str, Any], rule: str
) -> None:
    with refused_by(rule):
        survey(runner, **fact)


def test_the_line_itself_is_not_below_it(runner: Runner) -> None:
    assert survey(runner, income_pc=399_999).stage == "deliberate"


def test_the_village_may_leave_a_household_out(runner: Runner) -> None:
    survey(runner)
    assert propose(runner, "left_out", "家有劳力，收入好转").stage == "explained"


def test_the_notice_hangs_seven_days_as_we_chose(runner: Runner) -> None:
    survey(runner)
    propose(runner)
    runner.post("village.branch", "board")
    assert runner.due("village_publicity.wait") == datetime(2020, 8, 10, 16, tzinfo=UTC)
    clause = runner.procedure.clocks["village_publicity.wait"].clause
    assert clause.startswith("自定")


def test_an_upheld_objection_ends_it(runner: Runner) -> None:
    survey(runner)
    propose(runner)
    runner.post("village.branch", "board")
    child = runner.lodge("village.cadre", facts={"grounds": "该户已购车"})
    minutes = Minutes({"village.branch": 1, "village.committee": 1}, {"upheld": 2}, ("village.branch",))
    runner.act("village.branch", "upheld", case=child.id, minutes=minutes, finding="属实", note="经核实属实")
    assert runner.stage == "explained"


def test_the_federation_sends_a_household_back_and_the_village_goes_on(runner: Runner) -> None:
    to_federation(runner)
    assert runner.act("county.federation", "return", to="survey", note="补充残疾证").stage == "survey"
    assert runner.act("village.branch", "registered", surveyed_on=runner.now.date().isoformat()).stage == "deliberate"


@pytest.mark.parametrize("hard", ["multi_disabled", "severe", "zero_employment"])
def test_hard_cases_go_to_leaders(runner: Runner, hard: str) -> None:
    to_federation(runner, hard_case=[hard])
    runner.act("county.federation", "approve")
    with refused_by("led_if_hard"):
        runner.act("county.federation", "adopt", facts=PLAN)
    assert runner.act("county.federation", "adopt", facts=PLAN | {"helper_leads": True}).stage == "cards"


def test_no_household_is_without_a_helper(runner: Runner) -> None:
    to_federation(runner)
    runner.act("county.federation", "approve")
    with pytest.raises(GuardRefusedError, match="helper"):
        runner.act("county.federation", "adopt", facts={name: PLAN[name] for name in PLAN if name != "helper"})


@pytest.mark.parametrize(
    "wrong",
    [{"agreement_signed": False}, {"card_kept": False}, {"term_to": "2020-08-20"}],
    ids="|".join,
)
def test_cards_come_after_the_agreement_and_both_are_kept(runner: Runner, wrong: dict[str, Any]) -> None:
    to_federation(runner)
    runner.act("county.federation", "approve")
    runner.act("county.federation", "adopt", facts=PLAN)
    with refused_by("cards_in_order"):
        runner.act("county.federation", "handed", facts=CARDS | wrong)


# --- its term ---------------------------------------------------------------------------------------------------------


def in_term(runner: Runner) -> UUID:
    pair(runner)
    (case,) = runner.children("pair_help")
    return case.id


def test_the_term_ends_on_its_last_day_and_not_before(runner: Runner) -> None:
    case = in_term(runner)
    runner.until(datetime(2021, 8, 18, 15, 59, tzinfo=UTC))
    with pytest.raises(GuardRefusedError, match="not before 2021-08-18 is over"):
        runner.act("county.federation", "finished", case=case, results="年收入增长")
    runner.until(datetime(2021, 8, 18, 16, tzinfo=UTC))
    ended = runner.act("county.federation", "finished", case=case, results="年收入增长")
    assert ended.stage == "ended"
    assert runner.last(case).body["set"] == {"household.pairing": "ended"}


def test_who_lets_the_end_of_a_term_go_by_is_late(runner: Runner) -> None:
    case = in_term(runner)
    for day in (datetime(2021, 8, 19, tzinfo=UTC), datetime(2021, 9, 20, tzinfo=UTC)):
        runner.until(day)
    assert runner.last(case).body["rung"] == "due"


def test_a_helper_changes_within_the_term(runner: Runner) -> None:
    case = in_term(runner)
    changed = runner.act("county.federation", "change_helper", case=case, helper="演示员戊", note="工作调动")
    assert (changed.stage, changed.section("facts")["helper"]["v"].value) == ("help", "演示员戊")


def test_a_term_stops_early_only_with_words(runner: Runner) -> None:
    case = in_term(runner)
    with pytest.raises(GuardRefusedError, match="opinion"):
        runner.act("county.federation", "stop", case=case)
    assert runner.act("county.federation", "stop", case=case, note="全户迁出").stage == "stopped"


# --- a village --------------------------------------------------------------------------------------------------------


def to_agreement(village: Runner, **facts: Any) -> Case:
    village.open("county.federation", subject="")
    village.act("village.branch", "submit", facts={**VILLAGE, **facts}, papers={"annex2": PAPER})
    return village.act("county.federation2", "approve", measures="技术培训")


def sign(village: Runner) -> None:
    village.act("county.federation", "signed", facts=TERMS, papers={"agreement": PAPER})
    village.act("village.branch", "signed")


def report(village: Runner) -> Case:
    facts = {"funds_federation": 500_000, "funds_others": 0, "helped": 30, "progress": "已开展两期培训"}
    return village.act("county.federation", "submit", facts=facts, papers={"annex6": PAPER, "photos": PAPER})


def test_a_village_is_agreed_with_reported_on_and_ends_with_its_term(village: Runner) -> None:
    to_agreement(village)
    sign(village)
    village.act("county.federation", "done", "pairs", households_paired=10, households_refused=2)
    assert report(village).stage == "close"
    assert village.told("told")[-1] == "prefecture.employment_centre"
    with pytest.raises(GuardRefusedError, match="not before 2021-08-18 is over"):
        village.act("county.federation", "finished", results="全部脱贫")
    village.until(datetime(2021, 8, 18, 16, tzinfo=UTC))
    assert village.act("county.federation", "finished", results="全部脱贫").stage == "fulfilled"


@pytest.mark.parametrize(
    ("fact", "fits"),
    [
        ({"poor_disabled": 10}, True),
        ({"poor_disabled": 9}, False),
        ({"poor_disabled": 0, "resident_help": True}, True),
        ({"poor_disabled": 0, "weak_and_poor": True}, True),
    ],
)
def test_one_of_the_three_criteria_makes_a_village(village: Runner, fact: dict[str, Any], fits: bool) -> None:
    if fits:
        assert to_agreement(village, **fact).stage == "sign"
        return
    with refused_by("village_fits"):
        to_agreement(village, **fact)
    assert village.act("county.federation2", "refuse", note="不符合条件").stage == "not_chosen"


def test_the_report_waits_until_every_household_is_decided(village: Runner) -> None:
    to_agreement(village)
    sign(village)
    with pytest.raises(ActionNotAllowedError, match="pairs"):
        report(village)


def test_both_sides_sign_the_agreement(village: Runner) -> None:
    to_agreement(village)
    assert village.act("county.federation", "signed", facts=TERMS, papers={"agreement": PAPER}).stage == "sign"
    assert village.act("village.branch", "signed").stage == "report"


def test_a_village_is_sent_back_and_surveyed_again(village: Runner) -> None:
    village.open("county.federation", subject="")
    village.act("village.branch", "submit", facts=VILLAGE, papers={"annex2": PAPER})
    assert village.act("county.federation2", "return", note="残疾人数不符").stage == "survey"
    assert village.act("village.branch", "submit", disabled_persons=53).stage == "approve"


def test_a_report_after_the_twentieth_of_november_is_late(village: Runner) -> None:
    to_agreement(village)
    sign(village)
    village.until(datetime(2020, 11, 20, 15, 59, tzinfo=UTC))
    assert "late" not in village.case.section("clocks")["deliver"]
    village.until(datetime(2020, 11, 20, 16, tzinfo=UTC))
    assert village.last().body["rung"] == "due"
