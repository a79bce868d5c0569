"""What rules can say together, and where that leaves nobody anything to do: a small procedure, spoilt in one place."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bangfu.library import Library
from engine.checking import check
from engine.errors import Fault
from engine.loading import Definition, Source, load
from engine.routes import actions
from engine.rules import RuleBook, RuleScope
from engine.truths import families
from engine.workflow import Fact

BASE = """\
workflow: sample
title: 样例
subject: household
clause: 样例一
params:
  line: {title: 参考线, type: yuan, value: 6500}
facts:
  poor: {title: 低收入, type: yes_no, in: visit}
  kind: {title: 类别, type: one of, options: {old: 旧, fresh: 新, other: 其他}, in: visit}
  income: {title: 收入, type: yuan, at_least: 0, in: visit}
  persons: {title: 人口, type: number, at_least: 1, in: visit}
  income_pc: {title: 人均收入, type: yuan, is: income / persons}
  hit: {title: 命中, type: yes_no, in: compare}
  listed: {title: 已纳入, type: yes_no, of: household}
rules:
  is_old: {title: 旧, if: kind == 'old'}
  is_fresh: {title: 新, if: kind == 'fresh'}
  is_low: {title: 人均低于参考线, group: reference, if: income_pc < k.line}
posts:
  village.cadre: 村干部
  county.bureau: 县局
opens:
  applied: {title: 申报, by: village.cadre, to: visit}
stages:
  visit:
    title: 入户
    by: village.cadre
    actions:
      pass: {title: 属实, to: next}
      old: {title: 旧户, to: refused, means: refuse, needs: is_old}
      fresh: {title: 新户, to: refused, means: refuse, needs: is_fresh}
  decide:
    title: 审定
    by: county.bureau
    actions:
      grant: {title: 纳入, to: next, means: grant, set: {household.listed: "yes"}}
      refuse: {title: 不纳入, to: refused, means: refuse}
  enter:
    title: 录入
    by: village.cadre
    actions:
      enter: {title: 已录入, to: next}
tasks:
  compare: {title: 比对, by: county.bureau, opens: visit.pass, awaited_by: decide}
ends:
  granted: {title: 已纳入, outcome: granted}
  refused: {title: 未纳入, outcome: refused}
"""
LATE = """\
clocks:
  late:
    title: 期限
    limit: 9 day
    from: enter.entered
    until: enter.left
    then: {title: 逾期, to: visit, means: back}
"""
PASS = "pass: {title: 属实, to: next"
GRANT = "title: 纳入, to: next, means: grant"
REFUSE = "title: 不纳入, to: refused, means: refuse"
ENTER = "title: 已录入, to: next"


def _spoilt(*changes: tuple[str, str]) -> str:
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the sample"
        text = text.replace(old, new)
    return text


def _load(text: str) -> Definition:
    return load([Source("sample.yaml", text)])


def _faults(*changes: tuple[str, str]) -> list[Fault]:
    return list(check(_load(_spoilt(*changes)), deployed=True))


def _told(*changes: tuple[str, str]) -> list[tuple[str, str]]:
    return [(fault.code, fault.severity) for fault in _faults(*changes)]


def test_a_sound_procedure_has_no_fault() -> None:
    assert _told() == []


def test_a_case_cannot_leave_a_stage_whose_every_action_asks_what_was_settled_before() -> None:
    (fault,) = _faults((ENTER, f"{ENTER}, needs: poor"))
    assert (fault.code, fault.severity) == ("stuck", "error")
    assert fault.message == "no action takes a case out of `enter` where it is so: `not poor`"


@pytest.mark.parametrize(
    "otherwise",
    [
        pytest.param([(PASS, f"{PASS}, needs: poor")], id="asked-before"),
        pytest.param([("type: yes_no, in: visit", "type: yes_no, in: [visit, enter]")], id="written-there-too"),
        pytest.param(
            [("      enter:", "      return: {title: 退回, to: visit, means: back}\n      enter:")],
            id="a-way-back",
        ),
        pytest.param(
            [("tasks:\n", f"{LATE}tasks:\n")],
            id="a-clock",
        ),
    ],
)  # fmt: skip
def test_it_can_where_that_must_hold_or_may_still_change(otherwise: list[tuple[str, str]]) -> None:
    assert _told((ENTER, f"{ENTER}, needs: poor"), *otherwise) == []


def test_withdrawing_a_case_or_what_may_be_done_once_is_no_way_on() -> None:
    withdraw = "anywhere:\n  gone: {title: 撤回, to: withdrawn, means: withdraw, by: village.cadre}\nends:\n"
    ended = "  withdrawn: {title: 已撤回, outcome: withdrawn}\n  refused: {"
    once = "      once: {title: 退回一次, to: visit, means: back, times: 1}\n      enter:"
    told = _told(
        (ENTER, f"{ENTER}, needs: poor"), ("ends:\n", withdraw), ("  refused: {", ended), ("      enter:", once)
    )
    assert told == [("stuck", "error")]


def test_what_a_department_writes_cannot_be_made_otherwise_by_whoever_waits_for_it() -> None:
    grants_only = (REFUSE, f"{REFUSE}, needs: poor")
    (fault,) = _faults((GRANT, f"{GRANT}, needs: not hit"), grants_only)
    assert (fault.code, fault.severity) == ("stuck", "warning")
    assert fault.message.endswith("`hit`, `not poor`")


def test_what_other_procedures_write_into_the_register_may_be_waited_for() -> None:
    assert _told((ENTER, f"{ENTER}, needs: listed")) == []


def test_an_optional_fact_may_be_missing_where_nobody_can_write_it_any_more() -> None:
    optional = ("type: yes_no, in: visit", "type: yes_no, in: visit, optional: yes")
    both = [(GRANT, f"{GRANT}, needs: poor"), (REFUSE, f"{REFUSE}, needs: not poor")]
    assert _told(*both) == []
    (fault,) = _faults(optional, *both)
    assert (fault.code, str(fault.message).partition(": ")[2]) == ("stuck", "`poor?`")


def test_rules_that_cover_every_case_leave_no_case_behind() -> None:
    covering = [(GRANT, f"{GRANT}, needs: is_old"), (REFUSE, f"{REFUSE}, needs: not is_old")]
    assert _told(*covering) == []
    words = [(GRANT, f"{GRANT}, needs: is_old"), (REFUSE, f"{REFUSE}, needs: is_fresh")]
    (fault,) = _faults(*words)
    assert (fault.code, fault.message.partition(": ")[2]) == ("stuck", "`not is_old`, `not is_fresh`")


def test_an_action_that_needs_what_excludes_itself_is_never_taken() -> None:
    told = _told((GRANT, f"{GRANT}, needs: [is_old, is_fresh]"))
    assert told == [("dead-action", "error")]


def test_a_line_below_one_that_covers_it_is_never_chosen() -> None:
    for second, told in (("[poor, is_old]", 1), ("[poor, not is_old]", 0), ("is_fresh", 0)):
        lines = f"to: [{{when: is_old, to: next}}, {{when: {second}, to: granted}}, {{to: next}}], means: grant"
        assert _told((GRANT, f"title: 纳入, {lines}")) == [("dead-line", "error")] * told


def test_a_rule_says_something() -> None:
    never = _faults(("if: kind == 'old'", "if: kind == 'old' && kind == 'fresh'"))
    assert [str(fault.message) for fault in never if fault.code == "dead-rule"] == ["`is_old` never holds"]
    always = _faults(("if: kind == 'old'", "if: kind == 'old' || kind != 'old'"))
    assert [str(fault.message) for fault in always if fault.code == "dead-rule"] == ["`is_old` always holds"]
    reckoned = _faults(("if: income_pc < k.line", "if: persons + 1 < 3 && persons > 5"))
    assert [str(fault.message) for fault in reckoned] == ["`is_low` never holds with any values tried"]
    # Where values are multiplied, those that are tried may all miss it.
    assert _told(("if: income_pc < k.line", "if: income_pc < k.line && income * persons == 7919")) == []


def test_undecided_parameters_may_have_any_values() -> None:
    between = "if: income_pc < k.line && income_pc >= k.least"
    text = _spoilt(
        ("type: yuan, value: 6500}", "type: yuan, value: unset}\n  least: {title: 下限, type: yuan, value: unset}"),
        ("if: income_pc < k.line", between),
    )
    assert check(_load(text)) == ()


def _value(fact: Fact, dice: random.Random) -> Any:
    """Any value that *fact* may have, without regard to what rules compare it with."""
    values: dict[str, Any] = {
        "yes_no": dice.random() < 0.5, "number": dice.randrange(fact.at_least or -20, 400),
        "yuan": dice.choice([dice.randrange(0, 3_000_000), dice.randrange(0, 100)]),
        "share": Decimal(dice.randrange(101)) / 100, "date": date(2026, 1, 1) + timedelta(dice.randrange(-999, 999)),
        "one": dice.choice(fact.choices or ("",)), "many": tuple(w for w in fact.choices if dice.random() < 0.4),
    }  # fmt: skip
    return values.get(fact.kind, "任意")


@pytest.mark.parametrize("pack", ["hn_demo", "zjj_pair"])
def test_where_all_truths_are_known_no_case_has_others(pack: str) -> None:
    dice = random.Random(7)
    compared = 0
    for definition in Library().load_pack(pack)[0].values():
        book, facts = RuleBook(definition), definition.workflow.facts
        asked = [rule for _, _, action, _ in actions(definition.workflow) for rule in action.needs]
        for family in families(definition, book, [*asked, *definition.workflow.rules]):
            for _ in range(200 if family.whole else 0):
                known = {name: _value(fact, dice) for name, fact in facts.items() if not fact.is_}
                case = {name: value for name, value in known.items() if facts[name].of != "member"}
                member = {name: value for name, value in known.items() if facts[name].of == "member"}
                params = book.params(date(2026, 6, 30))
                scope = RuleScope(case, [member] * dice.randrange(3), params, (), date(2026, 6, 30))
                assert tuple(book.verdict(rule, scope).truth for rule in family.rules) in family.found
                compared += 1
    assert compared > 500


@pytest.mark.parametrize(
    ("closes", "told"), [("2031-10-31", []), ("2031-08-31", [("dead-rule", "warning"), ("dead-action", "warning")])]
)
def test_a_window_between_two_days_of_the_county_is_open_on_some_day(closes: str, told: list[tuple[str, str]]) -> None:
    days = (
        "  opens_on: {title: 开始日, type: date, by: [year], value: {2031: 2031-09-01}}\n"
        f"  closes_on: {{title: 截止日, type: date, by: [year], value: {{2031: {closes}}}}}\n"
    )
    window = "  in_time: {title: 申报期内, if: k.opens_on <= today && today <= k.closes_on}\n"
    assert (
        _told(
            ("facts:\n", f"{days}facts:\n"),
            ("posts:\n", f"{window}posts:\n"),
            ("to: visit}", "to: visit, needs: in_time}"),
        )
        == told
    )


def test_rules_of_which_no_value_can_be_told_are_not_multiplied_with_each_other() -> None:
    rules = "\n".join(f"  r{no}: {{title: 规则{no}, if: n / (n - n) > {no}}}" for no in range(16))
    definition = _load(
        "workflow: none\ntitle: 无\nsubject: household\nclause: 样例\nposts: {county.bureau: 局}\n"
        "opens: {found: {title: 发起, by: county.bureau, to: look}}\n"
        "facts: {n: {title: 数, type: number, in: found}}\n"
        f"rules:\n{rules}\n"
        "stages: {look: {title: 看, by: county.bureau, actions: {stop: {title: 停, to: end, means: refuse}}}}\n"
        "ends: {end: {title: 完, outcome: refused}}\n"
    )
    found = families(definition, RuleBook.compile(definition), definition.workflow.rules)
    assert [len(family.found) for family in found] == [2] * 16
