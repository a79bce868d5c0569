"""A household that changes while its case is open: a person decides what follows; until then nothing is approved."""

from __future__ import annotations

from typing import Any

import pytest

from engine.cases import CarryOn, Case, RaiseConcern
from engine.errors import (
    ActionNotAllowedError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
)
from engine.offering import offered
from tests.harness import HOUSEHOLD, Runner, person, refused_by, with_staff

AID = """
workflow: aid
opens: {found: {by: village.cadre, to: apply}}
places: {square: 广场}
facts: {ill: {title: 患病, type: yes_no, of: member, in: apply}}
stages:
  apply: {title: 申请, by: village.cadre, actions: {submit: {to: next}}}
  publicity:
    title: 公示
    notice: {by: village.committee, places: [square], wait: 7 day, shows: [group], proof: [start, end]}
    actions: {ended: {to: next}, withdraw: {to: withdrawn, means: withdraw, by: village.cadre}}
  review:
    title: 审核
    by: township.cadre
    actions:
      pass: {to: next}
      refuse: {to: refused, means: refuse}
      back: {to: visited, means: back}
      refer: {to: apply, means: refer}
      note: {to: stay, means: record}
  decide:
    title: 审定
    by: county.bureau
    actions: {grant: {to: next, means: grant}, refuse: {to: refused, means: refuse}}
  file: {title: 归档, by: county.leader, actions: {filed: {to: next}}}
ends:
  granted: {title: 纳入, outcome: granted}
  refused: {title: 不纳入, outcome: refused}
  withdrawn: {title: 撤回, outcome: withdrawn}
"""


@pytest.fixture
def runner() -> Runner:
    runner = Runner.of(AID, members={"1": {}, "2": {}})
    runner.open("village.cadre", members=("1", "2"))
    return runner


def submit(runner: Runner) -> Case:
    ill = {f"ill/{member}": False for member in runner.case.get("members")}
    return runner.act("village.cadre", "submit", facts=ill)


def hang(runner: Runner) -> None:
    runner.post("village.committee")
    runner.wait(days=8)
    runner.prove("village.committee")


def to_review(runner: Runner) -> None:
    submit(runner)
    hang(runner)
    assert runner.stage == "review"


def concern(runner: Runner, change: str = "died", members: tuple[str, ...] = ("2",), **more: Any) -> Case:
    """The register has changed, and tells the case."""
    if change in ("born", "moved_in"):
        runner.members = {**runner.members, **{key: {} for key in members}}
    else:
        runner.members = {key: facts for key, facts in runner.members.items() if key not in members}
    more.setdefault("nobody_left", not runner.members)
    command = RaiseConcern(
        id=runner.new_id(), change=change, members=members, on="2026-03-01", by="village.cadre",  # type: ignore[arg-type]
        by_post="village.cadre", **more,
    )  # fmt: skip
    return runner.ask(command)


def carry_on(runner: Runner, by: str, note: str = "已核实，不影响办理", **more: Any) -> Case:
    return runner.do(CarryOn, by, note=note, **more)


# --- what it holds back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["born", "moved_in", "died", "moved_out", "split_off"])
def test_no_step_towards_approval_is_taken_until_somebody_says_that_it_goes_on(runner: Runner, change: str) -> None:
    to_review(runner)
    concern(runner, change, ("3",) if change in ("born", "moved_in") else ("2",))
    with refused_by("concern"):
        runner.act("township.cadre", "pass")
    carry_on(runner, "township.cadre")
    assert runner.act("township.cadre", "pass").stage == "decide"


def test_a_notice_that_has_hung_its_time_waits_for_the_answer_and_goes_on_with_it(runner: Runner) -> None:
    submit(runner)
    runner.post("village.committee")
    concern(runner)
    runner.wait(days=8)
    assert runner.prove("village.committee").stage == "publicity"
    assert carry_on(runner, "village.committee").stage == "review"


def test_what_is_only_recorded_is_not_held_back(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    assert runner.act("township.cadre", "note").section("concerns")


def test_each_of_several_changes_is_answered(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    concern(runner, "born", ("3",))
    first, second = runner.case.section("concerns")
    with pytest.raises(InputError, match=f"{first}, {second}"):
        carry_on(runner, "township.cadre")
    with pytest.raises(ActionNotAllowedError, match=f"number 99; open: {first}, {second}"):
        carry_on(runner, "township.cadre", concern="99")
    with pytest.raises(GuardRefusedError) as refused:
        runner.act("township.cadre", "pass")
    assert f"--concern N, with N one of {first}, {second}" in str(refused.value.advice)
    carry_on(runner, "township.cadre", concern=first)
    with refused_by("concern"):
        runner.act("township.cadre", "pass")
    carry_on(runner, "township.cadre", concern=second)
    assert runner.act("township.cadre", "pass").stage == "decide"


def test_after_the_grant_it_is_shown_and_holds_nothing_back(runner: Runner) -> None:
    to_review(runner)
    runner.act("township.cadre", "pass")
    runner.act("county.bureau", "grant")
    assert concern(runner).section("concerns")
    case = runner.act("county.leader", "filed")
    assert (case.stage, dict(case.section("concerns"))) == ("granted", {})


# --- what answers it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "more"),
    [("refuse", {}), ("back", {"to": "apply"}), ("refer", {})],
)
def test_a_person_who_leads_the_case_elsewhere_has_answered_it(
    runner: Runner, action: str, more: dict[str, Any]
) -> None:
    to_review(runner)
    number = next(iter(concern(runner).section("concerns")))
    case = runner.act("township.cadre", action, **more)
    assert not case.section("concerns")
    assert runner.last().body["settled"] == [number]


def test_a_case_that_is_sent_back_is_about_those_who_live_there_now(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    concern(runner, "born", ("3",))
    case = runner.act("township.cadre", "back", to="apply")
    assert case.get("members") == ["1", "3"]
    assert "ill/2" not in case.section("facts")
    with pytest.raises(GuardRefusedError, match="ill/3"):
        runner.act("village.cadre", "submit")


@pytest.mark.parametrize(("follow", "members"), [(False, ["1", "2"]), (True, ["1"])])
def test_who_says_that_it_goes_on_says_about_whom(runner: Runner, follow: bool, members: list[str]) -> None:
    to_review(runner)
    concern(runner)
    case = carry_on(runner, "township.cadre", follow=follow)
    assert case.get("members") == members
    assert ("ill/2" in case.section("facts")) is not follow


def test_it_is_answered_with_words(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    with pytest.raises(GuardRefusedError, match="in words"):
        carry_on(runner, "township.cadre", note=" ")


def test_it_is_answered_by_those_who_have_a_part_where_the_case_stands(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    with pytest.raises(PermissionDeniedError):
        carry_on(runner, "county.leader")


def test_a_relative_does_not_answer_it(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    runner.staff = with_staff(runner.staff, person("township.cadre", "township.cadre", relatives=[HOUSEHOLD]))
    with pytest.raises(GuardRefusedError, match="relative"):
        carry_on(runner, "township.cadre")
    carry_on(runner, "township.cadre2")


def test_what_is_answered_cannot_be_answered_again(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    carry_on(runner, "township.cadre")
    with pytest.raises(ActionNotAllowedError):
        carry_on(runner, "township.cadre")


# --- nobody is left ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["died", "moved_out"])
def test_nothing_is_granted_to_a_household_of_which_nobody_is_left(runner: Runner, change: str) -> None:
    to_review(runner)
    concern(runner, change, ("1", "2"))
    carry_on(runner, "township.cadre")
    runner.act("township.cadre", "pass")
    with refused_by("subject"):
        runner.act("county.bureau", "grant")
    assert runner.act("county.bureau", "refuse", note="户已不在").stage == "refused"


def test_somebody_who_moves_in_again_may_be_granted_to(runner: Runner) -> None:
    to_review(runner)
    concern(runner, "moved_out", ("1", "2"))
    concern(runner, "moved_in", ("3",))
    for number in tuple(runner.case.section("concerns")):
        carry_on(runner, "township.cadre", concern=number, follow=True)
    assert runner.case.get("members") == ["3"]
    runner.act("township.cadre", "pass")
    assert runner.act("county.bureau", "grant", facts={}).stage == "file"


# --- how it is told ---------------------------------------------------------------------------------------------------


def test_whoever_has_work_on_the_case_is_told(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    assert runner.told("concern") == ["township.cadre"]
    body = runner.last().body
    assert (body["change"], body["members"], body["by"], body["on"]) == ("died", ["2"], "village.cadre", "2026-03-01")


def test_it_is_offered_to_whoever_may_answer_and_says_why_nothing_else_is(runner: Runner) -> None:
    to_review(runner)
    concern(runner)
    offers = offered(runner.procedure, runner.case, "township.cadre", runner.now, runner.world)
    (answer,) = [each for each in offers if each.kind == "carry_on"]
    assert (answer.allowed, answer.needs_note) == (True, True)
    (passing,) = [each for each in offers if each.action == "pass"]
    assert [why.kind for why in passing.reasons] == ["concern"]
    others = offered(runner.procedure, runner.case, "county.leader", runner.now, runner.world)
    assert not next(each for each in others if each.kind == "carry_on").allowed


def test_only_the_households_own_record_raises_it(runner: Runner) -> None:
    command = RaiseConcern(
        id=runner.new_id(), person="village.cadre", change="died", members=("2",), on="2026-03-01", by="village.cadre",
        by_post="village.cadre",
    )  # fmt: skip
    with pytest.raises(PermissionDeniedError):
        runner.ask(command)


def test_a_household_may_withdraw_while_it_is_open(runner: Runner) -> None:
    submit(runner)
    runner.post("village.committee")
    concern(runner)
    assert runner.act("village.cadre", "withdraw", note="农户撤回").stage == "withdrawn"
