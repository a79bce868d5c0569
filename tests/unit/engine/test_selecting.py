"""Draws and ranks of lists: nobody can choose, everybody can draw again, and what the definition asks is kept."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cases import Enlist, Secret
from engine.errors import InputError
from engine.selecting import Candidate, select
from tests.harness import Runner

CHANCE = bytes(16)
OPENED = datetime(2026, 3, 2, tzinfo=UTC)
SHARES = st.decimals(0, 1, places=2).map(str)
PLACES = st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.booleans()), min_size=1, max_size=40)


def drawing(place: str = "", always: bool = False, share: str = "0.3") -> dict[str, Any]:
    return {"draw": {"sets": "drawn", "share": share, "each": place, "always": always}}


def ranking(*by: int, take: int = 2, desc: tuple[bool, ...] = ()) -> dict[str, Any]:
    return {"rank": {"sets": "in_quota", "take": take, "by": list(by), "desc": list(desc or [False] * len(by))}}


def candidates(*terms: dict[str, Any]) -> list[Candidate]:
    return [Candidate(UUID(int=no), OPENED, bytes([no]) * 32, each) for no, each in enumerate(terms, 1)]


def drawn(found: list[Candidate], chance: bytes = b"") -> set[int]:
    return {case.int for case, each in select(found, chance).items() if each.facts["drawn"]}


@given(PLACES, SHARES)
def test_a_sample_has_its_share_every_place_and_all_who_are_always_in_it(
    places: list[tuple[str, bool]], share: str
) -> None:
    found = candidates(*(drawing(place, always, share) for place, always in places))
    chosen = drawn(found)
    always = {no for no, (_, each) in enumerate(places, 1) if each}
    wanted = ceil(Fraction(Decimal(share)) * (len(places) - len(always)))
    covered = {place for no, (place, _) in enumerate(places, 1) if place and no in chosen}
    assert always <= chosen
    assert covered == {place for place, _ in places if place}
    assert len(chosen) - len(always) == max(wanted, len(covered - {places[no - 1][0] for no in always}))


@given(PLACES, st.randoms(use_true_random=False))
def test_the_order_in_which_cases_come_changes_nothing(places: list[tuple[str, bool]], chance: random.Random) -> None:
    found = candidates(*(drawing(place, always) for place, always in places))
    again = chance.sample(found, len(found))
    assert select(again, CHANCE) == select(found, CHANCE)


def test_another_head_of_one_case_or_another_chance_is_another_draw() -> None:
    found = candidates(*(drawing() for _ in range(40)))
    other = [*found[:-1], Candidate(found[-1].case, OPENED, b"x" * 32, found[-1].terms)]
    assert drawn(found) != drawn(other)
    assert drawn(found, b"1") != drawn(found, b"2")


def test_the_draw_favours_nobody() -> None:
    counts = dict.fromkeys(range(1, 11), 0)
    for head in range(500):
        found = [Candidate(UUID(int=no), OPENED, head.to_bytes(32, "big"), drawing()) for no in counts]
        for no in drawn(found):
            counts[no] += 1
    assert all(100 < count < 200 for count in counts.values())  # 150 each, if it is fair.


def test_ranks_go_by_the_first_value_then_the_next_and_either_way() -> None:
    found = candidates(
        ranking(1, 30, desc=(True, False)), ranking(2, 20, desc=(True, False)),
        ranking(2, 10, desc=(True, False)), ranking(0, 0, desc=(True, False)),
    )  # fmt: skip
    told = select(found, CHANCE)
    assert [told[UUID(int=no)].place for no in (1, 2, 3, 4)] == [3, 2, 1, 4]
    assert [told[UUID(int=no)].facts["in_quota"] for no in (1, 2, 3, 4)] == [False, True, True, False]
    assert {each.among for each in told.values()} == {4}


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 12))
def test_a_rank_takes_as_many_as_it_says_and_nobody_before_a_better(values: list[int], take: int) -> None:
    told = select(candidates(*(ranking(value, take=take) for value in values)), CHANCE)
    taken = [values[case.int - 1] for case, each in told.items() if each.facts["in_quota"]]
    left = [values[case.int - 1] for case, each in told.items() if not each.facts["in_quota"]]
    assert len(taken) == min(take, len(values))
    assert not taken or not left or max(taken) <= min(left)


def test_the_terms_of_the_case_that_was_opened_last_hold_for_the_list() -> None:
    old, new = candidates(ranking(1, take=0), ranking(2, take=2))
    told = select([old, replace(new, opened=OPENED + timedelta(1))], CHANCE)
    assert all(each.facts["in_quota"] for each in told.values())
    told = select([replace(old, opened=OPENED + timedelta(1)), new], CHANCE)
    assert not any(each.facts["in_quota"] for each in told.values())


@pytest.mark.parametrize("other", [ranking(1, desc=(True,)), {**ranking(1), **drawing()}, {}])
def test_a_list_of_cases_that_are_ranked_in_different_ways_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="in another way"):
        select(candidates(ranking(1), other), CHANCE)


def test_I25_what_is_computed_from_a_secret_is_sealed_in_the_terms_as_the_secret_is() -> None:
    runner = Runner.of("""
workflow: quota
opens: {found: {by: village.cadre, to: allot}}
facts:
  income: {title: 收入, type: yuan, in: found, secret: yes}
  need: {title: 缺口, type: yuan, is: 1000 - income}
  first: {title: 在前, type: yes_no}
stages:
  allot:
    title: 安排
    by: county.bureau
    list: {per: county, rank: {order: need, take: 1, sets: first}}
    actions: {grant: {to: granted, means: grant, needs: first}, stop: {to: stopped, means: refuse}}
ends: {granted: {title: 列入, outcome: granted}, stopped: {title: 不列, outcome: refused}}
""")
    runner.open("village.cadre", facts={"income": 40_000})
    runner.ask(Enlist(id=runner.new_id(), person="county.bureau", list=UUID(int=9)))
    by = runner.events[runner.case.id][-1].body["terms"]["rank"]["by"]
    assert isinstance(by, Secret)
