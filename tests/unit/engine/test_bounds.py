"""What a fact may at least and at most be: numbers, money, and days that have come."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import InputError
from tests.harness import Runner

BOUND = """
workflow: bound
title: 样例
opens: {found: {by: village.cadre, to: check}}
facts:
  months: {title: 月数, type: number, in: check, at_least: 0, at_most: 12, optional: yes}
  grant: {title: 金额, type: yuan, in: check, at_least: 1, optional: yes}
  income: {title: 纯收入, type: yuan, in: check, optional: yes}
  visited: {title: 入户日期, type: date, in: check, at_most: today, optional: yes}
  until: {title: 期限, type: date, in: check, optional: yes}
stages: {check: {title: 核实, by: village.cadre, actions: {pass: {to: next}}}}
ends: {done: {title: 完, outcome: closed}}
"""


def filled(**facts: Any) -> Runner:
    runner = Runner.of(BOUND)
    runner.open("village.cadre")
    runner.act("village.cadre", "pass", **facts)
    return runner


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("months", -3, "0 or more"), ("months", 13, "12 or less"), ("grant", -500, "1 or more"),
        ("grant", 99, "1 or more"), ("visited", "2126-01-01", "a day that has come"),
    ],
)  # fmt: skip
def test_what_lies_beyond_the_bounds_is_refused(name: str, value: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        filled(**{name: value})


def test_what_lies_within_or_has_no_bounds_is_taken() -> None:
    runner = filled(months=12, grant=100, income=-520000, visited="2026-03-02", until="2126-01-01")
    assert runner.case.section("facts")["income"]["v"] == -520000
