"""Signers: heard before a question is answered, or agreeing before its answer counts (C7)."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from engine.cases import AddSigner, Claim, Enlist, RemoveSigner, Sign
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
posts: {village.cadre: 干部, township.office: 乡镇, county.bureau: 县局, county.leader: 领导}
facts: {ready: {title: 备齐, type: yes_no, in: check, optional: yes}}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check:
    title: 审核
    by: township.office
    limit: 5 day
    actions:
      pass: {title: 同意, to: next, opinion: yes}
      back: {title: 退回, to: apply, means: back}
      withdraw: {title: 撤回申请, to: withdrawn, means: withdraw, by: village.cadre}
  decide: {title: 审批, by: county.bureau, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
  apply: {title: 申请, by: village.cadre, aside: yes, actions: {pass: {to: check}}}
tasks:
  visit: {title: 走访, by: village.cadre, opens: check.entered, awaited_by: decide}
ends:
  listed: {title: 纳入, outcome: granted}
  no: {title: 不予, outcome: refused}
  withdrawn: {title: 撤回, outcome: withdrawn}
"""

PANEL = """\
workflow: panel
title: 样例
posts: {village.cadre: 干部, township.office: 乡镇, township.leader: 乡镇领导, county.bureau: 县局}
opens: {applied: {title: 申请, by: village.cadre, to: sign}}
stages:
  sign:
    title: 会签
    panel:
      seats: {township.office: 2, township.leader: 1}
      ORDER
      tally: {pass: all, refuse: otherwise}
    actions: {pass: {to: next}, refuse: {to: no, means: refuse, opinion: yes}}
  decide: {title: 审批, by: county.bureau, actions: {grant: {to: next, means: grant}, refuse: {to: no, means: refuse}}}
ends: {listed: {title: 纳入, outcome: granted}, no: {title: 不予, outcome: refused}}
"""


def a_line(**more: Any) -> Runner:
    procedure = workflow(LINE)
    staff = with_staff(
        staff_for(procedure), person("law", "county.law"), person("expert", "county.expert"),
        person("kin", "county.kin", relatives=[HOUSEHOLD]), person("far", "village.cadre@430822213202"),
        person("gone", "county.law", active=False),
    )  # fmt: skip
    runner = Runner.of(procedure, staff=staff, **more)
    runner.open("village.cadre")
    return runner


def a_panel(order: bool = False) -> Runner:
    procedure = workflow(PANEL.replace("ORDER", "order: yes" if order else "quorum: all"))
    runner = Runner.of(procedure, staff=with_staff(staff_for(procedure), person("law", "county.law")))
    runner.open("village.cadre")
    return runner


def add(runner: Runner, signer: str = "law", when: str = "before", by: str = "township.office", on: str = "") -> None:
    runner.do(AddSigner, by, signer=signer, when=when, on=on)


def sign(runner: Runner, signer: str = "law", answer: str = "agree", on: str = "", **more: Any) -> None:
    runner.do(Sign, signer, answer=answer, on=on, **more)


def offers(runner: Runner, who: str) -> list[Offer]:
    return list(offered(runner.procedure, runner.case, who, runner.now, runner.world))


# --- before -----------------------------------------------------------------------------------------------------------


def test_C7_nobody_answers_before_a_signer_was_heard() -> None:
    runner = a_line()
    add(runner)
    assert runner.items("check") == ["county.law", "township.office"]
    assert runner.told("sign_asked") == ["county.law"]
    for who in ("township.office", "township.office2"):
        with pytest.raises(ActionNotAllowedError, match=r"law must be heard"):
            runner.act(who, "pass", note="同意")
    sign(runner)
    assert runner.items("check") == ["township.office"]
    assert runner.told("signers_heard") == ["township.office"]
    runner.act("township.office", "pass", note="同意")
    assert runner.stage == "decide"


def test_refusals_call_signers_by_name_and_say_whose_move_it_is() -> None:
    procedure = workflow(LINE)
    law = replace(person("law", "county.law"), name="法制科张")
    runner = Runner.of(procedure, staff=with_staff(staff_for(procedure), law))
    runner.open("village.cadre")
    add(runner)
    with pytest.raises(ActionNotAllowedError, match=r"法制科张 \(law\) must be heard"):
        runner.act("township.office", "pass", note="同意")
    with pytest.raises(InputError, match=r"法制科张 \(law\) is asked to sign this already"):
        add(runner)
    runner.do(RemoveSigner, "township.office", signer="law")
    add(runner, when="after")
    with pytest.raises(ActionNotAllowedError, match="no answer yet") as refused:
        sign(runner)
    assert "you are told when" in str(refused.value.advice)
    runner.act("township.office", "pass", note="同意")
    with pytest.raises(ActionNotAllowedError, match=r"waits for the agreement of 法制科张 \(law\)"):
        runner.act("township.office2", "pass", note="同意")


def test_what_a_signer_says_before_binds_nobody_and_disagreeing_takes_words() -> None:
    runner = a_line()
    add(runner)
    with pytest.raises(GuardRefusedError, match=r"opinion"):
        sign(runner, answer="disagree")
    sign(runner, answer="disagree", note="材料不齐")
    runner.act("township.office", "pass", note="同意")
    assert runner.stage == "decide"


def test_an_action_with_a_post_of_its_own_waits_for_no_signer() -> None:
    runner = a_line()
    add(runner)
    add(runner, "expert", "after")
    runner.act("village.cadre", "withdraw")
    assert runner.case.get("outcome") == "withdrawn"
    assert not runner.items("check")


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "why"),
    [("nobody", "may not see"), ("gone", "may not see"), ("far", "may not see"), ("kin", "relative"),
     ("township.office", "answers this question himself"), ("township.office2", "answers this question himself")],
)  # fmt: skip
def test_a_signer_is_an_active_officer_who_sees_the_case_and_has_no_other_part_in_the_question(
    who: str, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        add(a_line(), who)


def test_nobody_is_asked_to_sign_twice() -> None:
    runner = a_line()
    add(runner)
    with pytest.raises(InputError, match="already"):
        add(runner, when="after")


def test_only_who_may_answer_adds_a_signer() -> None:
    runner = a_line()
    with pytest.raises(PermissionDeniedError):
        add(runner, by="county.bureau")
    runner.do(Claim, "township.office")
    with pytest.raises(ActionNotAllowedError, match="claimed"):
        add(runner, by="township.office2")


def test_a_signers_post_answers_nothing_and_claims_nothing() -> None:
    runner = a_line()
    add(runner)
    with pytest.raises(PermissionDeniedError):
        runner.act("law", "pass", note="同意")
    with pytest.raises(PermissionDeniedError):
        runner.do(Claim, "law")
    with pytest.raises(ActionNotAllowedError, match="not asked to sign"):
        sign(runner, "expert")


def test_on_a_list_nobody_signs() -> None:
    text = LINE.replace("    limit: 5 day\n", "    limit: 5 day\n    list: township\n")
    procedure = workflow(text)
    runner = Runner.of(procedure, staff=with_staff(staff_for(procedure), person("law", "county.law")))
    runner.open("village.cadre")
    add(runner, when="after")
    with pytest.raises(ActionNotAllowedError, match="signer"):
        runner.do(Enlist, "township.office", list=runner.new_id())
    runner.do(RemoveSigner, "township.office", signer="law")
    runner.do(Enlist, "township.office", list=runner.new_id())
    with pytest.raises(ActionNotAllowedError, match="on a list"):
        add(runner)


# --- after ------------------------------------------------------------------------------------------------------------


def test_C7_an_answer_is_held_until_every_signer_agrees() -> None:
    runner = a_line()
    add(runner, "law", "after")
    add(runner, "expert", "after")
    assert runner.items("check") == ["township.office"], "there is nothing to sign yet"
    due = runner.due("check")
    runner.act("township.office", "pass", note="同意", ready=True)
    assert runner.stage == "check"
    assert runner.case.section("facts")["ready"]["v"] is True
    assert runner.items("check") == ["county.expert", "county.law"]
    for who in ("township.office", "township.office2"):
        with pytest.raises(ActionNotAllowedError, match="waits for the agreement"):
            runner.act(who, "back")
    sign(runner, "law")
    assert (runner.stage, runner.due("check")) == ("check", due)
    sign(runner, "expert")
    assert runner.stage == "decide"
    assert runner.last().body["action"] == "pass"


def test_C15_the_last_agreement_moves_the_case_once_and_a_second_is_told() -> None:
    runner = a_line()
    add(runner, "law", "after")
    runner.act("township.office", "pass", note="同意")
    sign(runner)
    moves = [value for section, key, value in runner.last().changes if (section, key) == ("case", "stage")]
    assert moves == ["decide"]
    with pytest.raises(ActionNotAllowedError, match="not asked to sign"):
        sign(runner)


def test_C3_a_return_forgets_the_signers_and_asks_the_posts_anew() -> None:
    runner = a_line()
    add(runner, "law", "after")
    runner.act("township.office", "back")
    sign(runner)
    runner.act("village.cadre", "pass")
    assert (runner.stage, runner.items("check")) == ("check", ["township.office"])
    runner.act("township.office2", "pass", note="同意")
    assert runner.stage == "decide"


def test_one_signer_who_disagrees_voids_the_held_answer() -> None:
    runner = a_line()
    add(runner, "law", "after")
    add(runner, "expert", "after")
    runner.act("township.office", "pass", note="同意")
    sign(runner, "law")
    sign(runner, "expert", "disagree", note="不符")
    assert (runner.stage, runner.items("check")) == ("check", ["township.office"])
    assert runner.told("answer_void") == ["township.office"]
    runner.act("township.office2", "pass", note="已补")
    assert runner.items("check") == ["county.expert", "county.law"], "both sign again"
    sign(runner, "expert")
    sign(runner, "law")
    assert runner.stage == "decide"


def test_the_guards_are_asked_again_and_refuse_the_last_signer() -> None:
    runner = a_line()
    runner.act("village.cadre", "done", on="visit")
    runner.act("township.office", "pass", note="同意")
    add(runner, "law", "after", by="county.bureau")
    runner.act("county.bureau", "grant")
    runner.staff = with_staff(runner.staff, person("law", "county.law", relatives=[HOUSEHOLD]))
    with pytest.raises(GuardRefusedError, match="relative"):
        sign(runner)


def test_I18_an_agreement_is_a_judgement() -> None:
    runner = a_line()
    runner.act("village.cadre", "done", on="visit")
    add(runner, "law", "after")
    runner.act("township.office", "pass", note="同意")
    sign(runner)
    add(runner, "law", "after", by="county.bureau")
    runner.act("county.bureau", "grant")
    with pytest.raises(GuardRefusedError, match="already acted"):
        sign(runner)
    sign(runner, answer="disagree", note="已参与审核")
    runner.do(RemoveSigner, "county.bureau", signer="law")
    runner.act("county.bureau", "grant")
    assert runner.case.get("outcome") == "granted"


def test_a_signer_agrees_to_the_answer_that_he_saw() -> None:
    runner = a_line()
    add(runner, "law", "after")
    runner.act("township.office", "pass", note="同意")
    seen = runner.case.seq
    sign(runner, answer="disagree", note="不符")
    runner.act("township.office", "back")
    with pytest.raises(StaleCaseError):
        sign(runner, seen=seen)
    sign(runner)
    assert runner.stage == "apply"


def test_a_tasks_answer_is_held_as_a_stages_is() -> None:
    runner = a_line()
    add(runner, "law", "after", by="village.cadre", on="visit")
    runner.act("village.cadre", "done", on="visit")
    assert runner.case.section("tasks")["visit"]["st"] == "open"
    sign(runner, on="visit")
    assert runner.case.section("tasks")["visit"]["st"] == "done"


# --- taken off --------------------------------------------------------------------------------------------------------


def test_who_has_signed_is_not_taken_off() -> None:
    runner = a_line()
    add(runner)
    sign(runner)
    with pytest.raises(ActionNotAllowedError, match="nobody is awaited"):
        runner.do(RemoveSigner, "township.office", signer="law")


def test_the_adder_or_another_who_may_answer_takes_off() -> None:
    runner = a_line()
    add(runner)
    with pytest.raises(PermissionDeniedError):
        runner.do(RemoveSigner, "county.bureau", signer="law")
    with pytest.raises(InputError, match="only law"):
        runner.do(RemoveSigner, "township.office2", signer="expert")
    runner.do(RemoveSigner, "township.office2", signer="law")
    assert runner.items("check") == ["township.office"]
    runner.act("township.office", "pass", note="同意")
    assert runner.stage == "decide"


def test_without_its_last_signer_a_held_answer_counts() -> None:
    runner = a_line()
    add(runner, "law", "after")
    runner.act("township.office", "pass", note="同意")
    runner.do(RemoveSigner, "township.office", signer="law")
    assert runner.stage == "decide"


# --- panels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [False, True])
def test_C7_a_signer_changes_no_panels_tally_and_his_no_has_it_ask_anew(order: bool) -> None:
    runner = a_panel(order)
    add(runner, "law", "after")
    for who in ("township.office", "township.office2", "township.leader"):
        runner.act(who, "pass")
    assert runner.stage == "sign"
    sign(runner, answer="disagree", note="不符")
    assert not runner.case.section("answers")
    assert "sign" not in runner.case.section("passed")
    assert runner.items("sign") == [*([] if order else ["township.leader"]), "township.office", "township.office"]
    for who in ("township.office2", "township.office", "township.leader"):
        runner.act(who, "pass")
    sign(runner)
    assert runner.stage == "decide"
    assert "sign" in runner.case.section("passed")


@pytest.mark.parametrize("order", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_C7_signers_come_and_go_and_the_panel_still_completes(order: bool, seed: int) -> None:
    chance = random.Random(f"{order}{seed}")
    runner = a_panel(order)
    extra = [f"signer{number}" for number in range(6)]
    runner.staff = with_staff(runner.staff, *(person(key, "county.law") for key in extra))
    members = ["township.office", "township.office2", "township.leader"]
    for _ in range(60):
        if runner.stage != "sign":
            break
        moves: list[Any] = []
        for who in (*members, *extra):
            for each in offers(runner, who):
                if not each.allowed:
                    continue
                if each.kind == "act" and each.action == "pass":
                    moves.append(lambda who=who: runner.act(who, "pass"))
                elif each.kind == "add_signer" and chance.random() < 0.2:
                    left = [key for key in extra if key not in runner.case.section("asks")["sign"].get("g", {})]
                    when = chance.choice(["before", "after"])
                    if left:
                        moves.append(lambda who=who, key=left[0], when=when: add(runner, key, when, by=who))
                elif each.kind == "remove_signer":
                    moves.append(lambda who=who, key=each.choices[0]: runner.do(RemoveSigner, who, signer=key))
                elif each.kind == "sign":
                    no = {"answer": "disagree", "note": "不符"} if chance.random() < 0.2 else {"answer": "agree"}
                    moves.append(lambda who=who, no=no: runner.do(Sign, who, **no))
        assert moves, "it is stuck"
        chance.choice(moves)()
        votes = list(runner.case.section("answers").values())
        assert len(votes) <= 3
        assert runner.items("sign") or runner.stage != "sign", "nobody has work"
    for who in members:  # and whoever is still asked completes it
        if runner.stage == "sign" and not runner.case.section("asks")["sign"].get("g"):
            runner.act(who, "pass")
    assert runner.last().seq == runner.case.seq


def test_who_has_signed_is_told_so() -> None:
    runner = a_line()
    add(runner, "law", "after")
    add(runner, "expert", "after")
    runner.act("township.office", "pass", note="同意")
    sign(runner)
    with pytest.raises(ActionNotAllowedError, match="signed already"):
        sign(runner, answer="disagree", note="再想")
