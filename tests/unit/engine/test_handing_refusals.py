"""Work that somebody has is refused to others with the true reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.cases import Assign, Claim, Delegate, Enlist, Release
from engine.errors import ActionNotAllowedError, GuardRefusedError, InputError
from engine.offering import offered
from tests.harness import HOUSEHOLD, Runner, person, with_staff

LISTED = """
workflow: listed
title: 样例
opens: {found: {by: village.cadre, to: decide}}
stages:
  decide:
    title: 审定
    by: county.bureau
    list: county
    actions: {grant: {to: done, means: grant}, refuse: {to: no, means: refuse}}
ends: {done: {title: 完, outcome: granted}, no: {title: 否, outcome: refused}}
"""


def listed() -> Runner:
    runner = Runner.of(LISTED)
    aunt = replace(person("aunt", "county.bureau"), relatives=frozenset({HOUSEHOLD}))
    runner.staff = with_staff(
        runner.staff, person("clerk", "county.clerk"), aunt, person("head", "prefecture.supervisor"),
    )  # fmt: skip
    runner.open("village.cadre")
    return runner


def test_work_that_was_entrusted_is_put_on_no_list_by_another_until_it_is_released() -> None:
    runner = listed()
    runner.do(Delegate, "county.bureau", to="clerk")
    for who in ("county.bureau", "county.bureau2"):
        with pytest.raises(ActionNotAllowedError, match="has claimed this"):
            runner.do(Enlist, who, list=runner.new_id())
    runner.do(Release, "county.bureau")
    runner.do(Release, "county.bureau")
    runner.do(Enlist, "county.bureau2", list=runner.new_id())


def test_a_recused_officer_is_neither_offered_to_delegate_nor_does_he() -> None:
    runner = listed()
    found = offered(runner.procedure, runner.case, "aunt", runner.now, runner.world)
    assert not [each for each in found if each.kind == "delegate" and each.allowed]
    with pytest.raises(GuardRefusedError, match="relative"):
        runner.do(Delegate, "aunt", to="clerk")


def test_who_has_the_work_already_is_not_given_it_again() -> None:
    runner = listed()
    runner.do(Claim, "county.bureau")
    for who in ("county.bureau2", "county.bureau", "head"):
        with pytest.raises(InputError, match=r"county\.bureau has this work already"):
            runner.do(Assign, who, to="county.bureau")
