"""Rules over typed facts: true, false, unknown with what is missing, or broken; and every fault in one at its place."""

# The tables of messages are read by the line, however long.
# ruff: noqa: E501

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DefinitionError
from engine.loading import Definition, Source, load, restore
from engine.rules import RuleBook, RuleScope, Verdict

TEXT = """\
workflow: sample
title: 规则样例
subject: household
clause: 总则
params:
  income_line: {title: 收入线, type: yuan, value: 6500.50}
  yearly_line: {title: 年度线, type: yuan, by: [year], value: {2025: 6000, 2026: 7000}}
  rigid_share: {title: 刚性支出占比, type: share, value: 0.05}
  most: {title: 最多人数, type: number, value: 5}
  since: {title: 起算日, type: date, value: 2026-01-01}
  open_line: {title: 待定线, type: yuan, value: unset}
  wait: {title: 公示期, type: amount, value: 7 day}
facts:
  income: {title: 收入, type: yuan, in: look}
  size: {title: 人口, type: number, in: look}
  rigid: {title: 支出占比, type: share, in: look}
  found_on: {title: 发现日, type: date, in: look}
  agreed: {title: 同意, type: yes_no, in: look}
  heard: {title: 已听取, type: yes_no, in: look}
  kind: {title: 类型, type: "one of rural, urban", in: look}
  risks: {title: 风险, type: "many of illness, disaster", in: look}
  remark: {title: 备注, type: text, in: look}
  villages: {title: 村, type: list of household, in: look}
  rows: {title: 表, type: table, in: look}
  per_head: {title: 人均收入, type: yuan, is: income / size}
  twice: {title: 两倍, type: yuan, is: per_head * 2}
  part: {title: 占比, type: share, is: double(size) / 20.0}
  next_on: {title: 次日, type: date, is: found_on + 1}
  public_pay: {title: 财政供养, type: yes_no, of: member, in: look}
  earns: {title: 工资, type: yuan, of: member, in: look}
  adult: {title: 成年, type: yes_no, of: member, is: age >= 18}
rules:
  poor: {title: 低于收入线, if: "income < k.income_line", clause: 第二条}
  either: {title: 任一, if: "agreed || heard"}
  both: {title: 都, if: "agreed && heard"}
  hit_pay: {title: 有财政供养人员, group: negative, if: "members.exists(m, m.public_pay)", clause: 第三条}
  hit_kind: {title: 城镇户, group: negative, if: "kind == 'urban'"}
  clean: {title: 不在负面清单, if: "!negative || 'look/assembly' in passed"}
  poor_head: {title: 人均低, if: "per_head < k.yearly_line"}
  grown: {title: 有成年人, if: "members.exists(m, m.adult)"}
  idle: {title: 无工资成年人, of: member, if: "adult && earns == 0 && agreed"}
  rich: {title: 高工资, of: member, group: bad_member, if: "earns > k.income_line"}
  paid: {title: 财政工资, of: member, group: bad_member, if: "public_pay"}
  late: {title: 发现已久, if: "today - found_on > 30 && found_on >= k.since"}
  ill: {title: 因病, if: "'illness' in risks"}
  heavy: {title: 支出过重, if: "rigid >= k.rigid_share"}
  crowded: {title: 人多, if: "size > k.most"}
  undecided: {title: 待定, if: "income < k.open_line"}
  divided: {title: 除法, if: "100 / size > 10"}
  uses_divided: {title: 用到除法, if: "divided || heard"}
opens:
  asked: {title: 申请, by: household, to: look}
stages:
  look: {title: 查看, by: village.cadre, actions: {agree: {to: next}}}
tasks:
  compare: {title: 比对, by: county.bureau, results: [clean, hit], opens: look.entered}
ends:
  closed: {title: 办结, outcome: closed}
"""
TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def definition() -> Definition:
    return load([Source("x.yaml", TEXT)])


@pytest.fixture(scope="module")
def book(definition: Definition) -> RuleBook:
    return RuleBook.compile(definition)


def _ask(
    book: RuleBook, ref: str, members: Sequence[Mapping[str, Any]] = (), passed: Sequence[str] = (),
    results: Mapping[str, str] | None = None, **facts: Any,
) -> Verdict:  # fmt: skip
    return book.verdict(ref, RuleScope(facts, members, book.params(TODAY), passed, TODAY, results or {}))


# --- three truths ---


@pytest.mark.parametrize(
    ("ref", "facts", "truth", "missing"),
    [
        ("poor", {"income": 650049}, True, ()),
        ("poor", {"income": 650050}, False, ()),
        ("poor", {}, None, ("income",)),
        ("not poor", {"income": 1}, False, ()),
        ("not poor", {}, None, ("income",)),
        ("either", {"agreed": True}, True, ()),
        ("either", {"agreed": False}, None, ("heard",)),
        ("either", {}, None, ("agreed", "heard")),
        ("both", {"heard": False}, False, ()),
        ("both", {"heard": True}, None, ("agreed",)),
        ("agreed", {"agreed": False}, False, ()),
        ("not agreed", {"agreed": False}, True, ()),
        ("agreed", {}, None, ("agreed",)),
        ("undecided", {"income": 1}, None, ("k.open_line",)),
        ("undecided", {}, None, ("income", "k.open_line")),
        ("poor_head", {"income": 2_000_000}, None, ("size",)),
        ("poor_head", {"income": 2_000_000, "size": 3}, True, ()),
        ("heavy", {"rigid": Decimal("0.05")}, True, ()),
        ("heavy", {"rigid": Decimal("0.0499")}, False, ()),
        ("crowded", {"size": 6}, True, ()),
        ("ill", {"risks": ("illness", "disaster")}, True, ()),
        ("ill", {"risks": ()}, False, ()),
        ("late", {"found_on": date(2026, 1, 30)}, True, ()),
        ("late", {"found_on": date(2026, 1, 31)}, False, ()),
        ("late", {"found_on": date(2025, 12, 31)}, False, ()),
    ],
)
def test_a_rule_is_true_false_or_unknown_and_names_all_that_is_missing(
    book: RuleBook, ref: str, facts: dict[str, Any], truth: bool | None, missing: tuple[str, ...]
) -> None:
    verdict = _ask(book, ref, **facts)
    assert (verdict.truth, verdict.missing, verdict.broken) == (truth, missing, "")


@pytest.mark.parametrize(
    ("members", "facts", "truth", "missing"),
    [
        ([{"public_pay": False}], {"kind": "rural"}, False, ()),
        ([{"public_pay": True}, {}], {}, True, ()),
        ([{"public_pay": False}, {}], {"kind": "urban"}, True, ()),
        ([{"public_pay": False}, {}], {"kind": "rural"}, None, ("public_pay",)),
        ([{}], {}, None, ("public_pay", "kind")),
        ([], {"kind": "rural"}, False, ()),
    ],
)
def test_a_group_holds_if_any_of_its_rules_does(
    book: RuleBook, members: list[dict[str, Any]], facts: dict[str, Any], truth: bool | None, missing: tuple[str, ...]
) -> None:
    verdict = _ask(book, "negative", members, **facts)
    assert (verdict.truth, verdict.missing) == (truth, missing)


@pytest.mark.parametrize(
    ("ref", "members", "truth", "missing"),
    [
        ("any public_pay", [{"public_pay": False}, {"public_pay": True}], True, ()),
        ("any public_pay", [{"public_pay": False}, {}], None, ("public_pay",)),
        ("all public_pay", [{"public_pay": False}, {}], False, ()),
        ("all public_pay", [{"public_pay": True}, {}], None, ("public_pay",)),
        ("any public_pay", [], False, ()),
        ("all public_pay", [], True, ()),
        ("any idle", [{"age": 17, "earns": 0}, {"age": 18, "earns": 0}], True, ()),
        ("all idle", [{"age": 17, "earns": 0}, {"age": 18, "earns": 0}], False, ()),
        ("any idle", [{"age": 18}], None, ("earns",)),
        ("any bad_member", [{"earns": 0, "public_pay": True}], True, ()),
        ("all bad_member", [{"earns": 700000}, {"earns": 0, "public_pay": False}], False, ()),
        ("any bad_member", [{"earns": 0}], None, ("public_pay",)),
        ("any adult", [{"age": 40}], True, ()),
    ],
)
def test_a_member_rule_is_asked_of_any_or_of_all(
    book: RuleBook, ref: str, members: list[dict[str, Any]], truth: bool | None, missing: tuple[str, ...]
) -> None:
    verdict = _ask(book, ref, members, agreed=True)
    assert (verdict.truth, verdict.missing) == (truth, missing)


def test_rules_see_what_members_compute(book: RuleBook) -> None:
    assert _ask(book, "grown", [{"age": 12}, {"age": 18}]).truth is True
    assert _ask(book, "grown", [{"age": 12}, {}]).missing == ("age",)


def test_a_body_that_the_case_passed_overrides_the_negative_list(book: RuleBook) -> None:
    assert _ask(book, "clean", kind="urban").truth is False
    assert _ask(book, "clean", kind="urban", passed=["look/assembly"]).truth is True
    assert _ask(book, "clean", passed=["look/assembly"]).truth is True
    assert _ask(book, "clean").missing == ("kind",)


def test_a_task_has_a_result_once_it_is_over(book: RuleBook) -> None:
    assert _ask(book, "compare.hit", results={"compare": "hit"}).truth is True
    assert _ask(book, "compare.hit", results={"compare": "clean"}).truth is False
    assert _ask(book, "not compare.hit", results={"compare": "clean"}).truth is True
    verdict = _ask(book, "not compare.hit")
    assert (verdict.truth, verdict.missing) == (None, ("compare",))


# --- broken is not unknown ---


def test_what_cannot_be_evaluated_is_broken_and_not_unknown(book: RuleBook) -> None:
    verdict = _ask(book, "divided", size=0)
    assert (verdict.truth, verdict.missing) == (None, ())
    assert "divide by zero" in verdict.broken


def test_a_rule_that_reads_a_broken_one_is_broken_unless_the_rest_decides(book: RuleBook) -> None:
    verdict = _ask(book, "uses_divided", size=0, heard=False)
    assert (verdict.truth, "divide by zero" in verdict.broken) == (None, True)
    verdict = _ask(book, "uses_divided", size=0, heard=True)
    assert (verdict.truth, verdict.broken) == (True, "")


def test_a_broken_computed_fact_breaks_the_rule_that_reads_it(book: RuleBook) -> None:
    assert "divide by zero" in _ask(book, "poor_head", income=1, size=0).broken


def test_overflow_is_broken(book: RuleBook) -> None:
    definition = load([Source("x.yaml", TEXT.replace("100 / size > 10", "size * size > 10"))])
    assert "overflow" in _ask(RuleBook(definition), "divided", size=1 << 40).broken


@pytest.mark.parametrize("value", ["many", 1.5, True, None.__class__, 1 << 63, Decimal(1)])
def test_a_value_of_another_type_than_declared_is_broken(book: RuleBook, value: Any) -> None:
    verdict = _ask(book, "crowded", size=value)
    assert verdict.truth is None
    assert verdict.broken.startswith("size: ")


def test_the_iteration_budget_breaks_a_rule() -> None:
    book = RuleBook.compile(load([Source("x.yaml", TEXT.replace("100 / size > 10", "villages.all(v, v != 'x')"))]))
    assert _ask(book, "divided", villages=("a", "b")).truth is True
    verdict = _ask(book, "divided", villages=("a",) * 20_000)
    assert (verdict.truth, verdict.missing) == (None, ())
    assert "budget" in verdict.broken.lower()


# --- explaining ---


def test_a_verdict_tells_each_rule_its_clause_and_what_it_read(book: RuleBook) -> None:
    verdict = _ask(book, "clean", [{"public_pay": True}], kind="rural")
    assert [(rule.id, rule.truth, rule.clause) for rule in verdict.rules] == [
        ("clean", False, "总则"), ("hit_pay", True, "第三条"), ("hit_kind", False, "总则"),
    ]  # fmt: skip
    assert verdict.rules[0].inputs == {"negative": True, "passed": ()}
    assert verdict.rules[1].inputs == {"members[0].public_pay": True}
    assert verdict.rules[1].title == "有财政供养人员"
    assert _ask(book, "poor", income=3).rules[0].inputs == {"income": 3, "k.income_line": 650050}


def test_a_verdict_on_members_tells_whose_facts_it_read(book: RuleBook) -> None:
    verdict = _ask(book, "any idle", [{"age": 12, "earns": 5}], agreed=True)
    assert verdict.rules[0].inputs == {"adult": False, "members[0].earns": 5, "agreed": True}


def test_an_unknown_rule_beside_a_decisive_one_asks_for_nothing(book: RuleBook) -> None:
    verdict = _ask(book, "negative", [{}], kind="urban")
    assert (verdict.truth, verdict.missing) == (True, ())
    assert verdict.rules[0].missing == ("public_pay",)


# --- computed facts and parameters ---


def test_computed_facts_are_computed_from_what_is_known(book: RuleBook) -> None:
    scope = RuleScope({"income": 900, "size": 2, "found_on": date(2026, 1, 31)}, [], {}, [], TODAY)
    assert book.computed(scope) == {
        "per_head": 450, "twice": 900, "part": Decimal("0.1"), "next_on": date(2026, 2, 1),
    }  # fmt: skip
    assert book.computed(RuleScope({"size": 1}, [], {}, [], TODAY)) == {"part": Decimal("0.05")}
    assert "per_head" not in book.computed(RuleScope({"income": 1, "size": 0}, [], {}, [], TODAY))


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 1, 31), 0, date(2026, 1, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 1)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 1), -1, date(2025, 12, 1)),
    ],
)
def test_a_month_begins_on_its_first_day(day: date, months: int, first: date) -> None:
    made = load([Source("x.yaml", TEXT.replace("is: found_on + 1", f'is: "first_of_month(found_on, {months})"'))])
    assert RuleBook.compile(made).computed(RuleScope({"found_on": day}, [], {}, [], TODAY))["next_on"] == first


def test_a_month_beyond_the_calendar_is_broken() -> None:
    made = load([Source("x.yaml", TEXT.replace("is: found_on + 1", 'is: "first_of_month(found_on, 120000)"'))])
    book = RuleBook.compile(made)
    assert "next_on" not in book.computed(RuleScope({"found_on": TODAY}, [], {}, [], TODAY))


def test_parameters_are_read_in_fen_and_as_of_a_day(book: RuleBook) -> None:
    assert book.params(date(2025, 5, 1)) == {
        "income_line": 650050, "yearly_line": 600000, "rigid_share": Decimal("0.05"), "most": 5, "since": date(2026, 1, 1),
    }  # fmt: skip
    assert book.params(TODAY)["yearly_line"] == 700000
    assert "yearly_line" not in book.params(date(2027, 1, 1))


# --- what may be asked ---


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("poor", ""), ("negative", ""), ("not agreed", ""), ("any idle", ""), ("all bad_member", ""), ("compare.hit", ""),
        ("por", "there is no rule, group or yes/no fact `por`, but `poor`"),
        ("income", "there is no rule, group or yes/no fact `income`"),
        ("idle", "`idle` is a rule of one member: say `any idle` or `all idle`"),
        ("not idle", "`idle` is a rule of one member: say `any idle` or `all idle`"),
        ("any poor", "`poor` is not a rule of one member (`of: member`)"),
        ("any nobody", "there is no member rule `nobody`"),
        ("compere.hit", "there is no task `compere`"),
    ],
)  # fmt: skip
def test_a_reference_that_is_no_rule_says_why(book: RuleBook, ref: str, why: str) -> None:
    assert str(book.unusable(ref)) == why
    if why:
        with pytest.raises(DefinitionError):
            _ask(book, ref)


# --- wrong rules, at their place ---


def _faults(old: str, new: str) -> list[str]:
    assert old in TEXT
    with pytest.raises(DefinitionError) as caught:
        RuleBook.compile(load([Source("x.yaml", TEXT.replace(old, new))]))
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size > sise", "x.yaml:49:36: `sise` is not known here (did you mean `size`?)"),
        ("size > 'a'", "x.yaml:49:34: `>` cannot be applied to (int, string)"),
        ("size > rigid", "x.yaml:49:34: `>` cannot be applied to (int, double) (write double(x) around the whole number)"),
        ("size + 1", "x.yaml:49:29: gives a whole number, and must give true or false"),
        ("size >", "x.yaml:49:35: not readable as a rule: mismatched input '<EOF>'"),
        ("size > 人", "x.yaml:49:36: not readable as a rule: token recognition error at: '人'"),
        ("income < 6500", "x.yaml:49:38: `income` is compared with a bare number (rules count money in 分: name the amount as a parameter of type yuan)"),
        ("6500 > income", "x.yaml:49:29: `income` is compared with a bare number"),
        ("members.exists(m, m.earns > 6500)", "x.yaml:49:57: `earns` is compared with a bare number"),
        ("members.exists(m, m.publik_pay)", "x.yaml:49:48: members have no `publik_pay` (did you mean `public_pay`?)"),
        ("public_pay", "x.yaml:49:29: `public_pay` is not known here (a fact of members: write members.exists(m, m.public_pay), or make the rule `of: member`)"),
        ("k.wait > 1", "x.yaml:49:29: `k.wait` is not known here (a parameter of type amount is not for rules)"),
        ("most > 1", "x.yaml:49:29: `most` is not known here (write k.most)"),
        ("size > k.moost", "x.yaml:49:36: `k.moost` is not known here (did you mean `k.most`?)"),
        ("rows == rows", "x.yaml:49:29: `rows` is not known here (a fact of type table is not for rules)"),
        ("kind == 'town'", "x.yaml:49:37: `kind` is never `town` (one of: rural, urban)"),
        ("'ilness' in risks", "x.yaml:49:29: `risks` is never `ilness` (did you mean `illness`?)"),
        ("'lok/assembly' in passed", "x.yaml:49:29: there is no stage or task `lok` to pass"),
        ("remark.matches('a+')", "x.yaml:49:36: a search by pattern (give the fact `one of` or `many of` and compare words)"),
        ("dyn(size) == 'a'", "x.yaml:49:29: a value without a type"),
        ("remark == r'a'", "x.yaml:49:39: a text with a prefix (write plain text in quotes)"),
        ("members.all(m, members.all(n, n.age == m.age))", "x.yaml:49:52: a comprehension inside another (give the inner one a rule or fact of its own)"),
        ("risks.exists(size, size == 'illness')", "x.yaml:49:42: `size` stands for something else already (take another letter)"),
        ("(" * 21 + "agreed" + ")" * 21, "x.yaml:49:49: nested more than 20 deep (give its parts names of their own)"),
        ("!" * 21 + "agreed", "x.yaml:49:49: nested more than 20 deep"),
        ("agreed ? true : " * 21 + "false", "x.yaml:49:356: nested more than 20 deep"),
        (" + ".join(["size"] * 40) + " > 1", "x.yaml:49:29: Exceeded max recursion depth"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_at_the_place_inside_its_text(text: str, said: str) -> None:
    faults = _faults("100 / size > 10", text)
    assert any(fault.startswith(said) for fault in faults), faults


def test_a_long_expression_is_refused_before_it_is_compiled() -> None:
    text = " || ".join(["agreed"] * 100)
    definition = load([Source("x.yaml", TEXT.replace("100 / size > 10", text[:1000]))])
    long = definition.workflow.model_copy(
        update={"rules": {"long": definition.workflow.rules["poor"].model_copy(update={"if_": "1" * 1001})}}
    )
    with pytest.raises(DefinitionError, match="longer than 1,000 characters"):
        RuleBook.compile(Definition(long, definition.hash, definition.canonical, definition.origins))


def test_the_place_of_a_fault_is_right_in_every_way_to_write_text() -> None:
    old = '  divided: {title: 除法, if: "100 / size > 10"}'
    assert _faults(old, "  divided: {title: 除法, if: 100 / sise > 10}")[0].startswith("x.yaml:49:34: ")
    assert _faults(old, "  divided: {title: 除法, if: '100 / sise > 10'}")[0].startswith("x.yaml:49:35: ")
    block = "  divided:\n    title: 除法\n    if: |\n\n      // 说明\n      100 /\n        sise > 10\n"
    assert _faults(old, block)[0].startswith("x.yaml:55:9: `sise` is not known here")
    block = "  divided:\n    title: 除法\n    if: |2\n        100 /\n        sise > 10\n"
    assert _faults(old, block)[0].startswith("x.yaml:53:9: `sise` is not known here")


def test_a_fault_in_a_computed_fact_is_placed_too() -> None:
    assert _faults("is: income / size", "is: income / sise") == [
        "x.yaml:25:52: `sise` is not known here (did you mean `size`?)"
    ]
    assert (
        _faults("is: income / size", "is: agreed")[0]
        == "x.yaml:25:43: gives true or false, and must give a whole number"
    )


def test_rules_may_not_go_in_a_circle() -> None:
    assert _faults("kind == 'urban'", "clean") == [
        "x.yaml:38:31: `hit_kind` depends on itself: hit_kind → clean → hit_kind"
    ]
    assert _faults("income / size", "twice")[0].startswith("x.yaml:26:38: `per_head` depends on itself")
    assert _faults("age >= 18", "grown")[0].startswith("x.yaml:31:52: `grown` depends on itself")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  heard:", "  passed:", "x.yaml:19:3: `passed` is a word that rules keep for themselves"),
        ("  remark:", "  age:", "x.yaml:22:3: `age` is known of every member already (take another name)"),
        ("  crowded:", "  size:", "x.yaml:47:3: `size` is a fact already (take another name)"),
        ("group: bad_member, if: \"public_pay\"", "group: negative, if: \"public_pay\"", "x.yaml:43:42: the group `negative` mixes rules of the case and rules of a member (make two groups)"),
        ("group: negative, if: \"kind", "group: poor, if: \"kind", "x.yaml:37:33: `poor` is no name for a group: it is taken"),
        ("value: 6500.50}", "value: 6500.505}", "x.yaml:6:48: `6500.505` is not an amount in yuan, with 分 at most"),
        ("{2025: 6000,", "{2025: viel,", "x.yaml:7:67: `viel` is not an amount in yuan, with 分 at most"),
        ("value: 0.05}", "value: 5}", "x.yaml:8:52: `5` is not a share between 0 and 1"),
        ("value: 5}", "value: 5.5}", "x.yaml:9:44: `5.5` is not a whole number"),
        ("value: 2026-01-01}", "value: 2026-13-01}", "x.yaml:10:42: `2026-13-01` is not a date such as 2021-01-01"),
    ],
)  # fmt: skip
def test_names_and_values_that_rules_cannot_have_are_refused(old: str, new: str, said: str) -> None:
    assert said in _faults(old, new)


# --- cost ---


def test_a_definition_without_a_question_loads_no_cel() -> None:
    code = (
        "import sys\nfrom engine.loading import Source, load\nfrom engine.rules import RuleBook, RuleScope\n"
        "from datetime import date\nbook = RuleBook(load([Source('x.yaml', sys.stdin.read())]))\n"
        "scope = RuleScope({'agreed': True}, [], book.params(date(2026, 1, 1)), [], date(2026, 1, 1))\n"
        "assert book.verdict('not agreed', scope).truth is False\nassert not book.unusable('clean')\n"
        "print([name for name in sys.modules if name.startswith(('cel_expr_python', 'google.protobuf'))])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], input=TEXT, text=True, encoding="utf-8", capture_output=True,
        cwd=root, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_threads_share_a_book(definition: Definition) -> None:
    book = RuleBook(restore(definition.canonical))
    with ThreadPoolExecutor(8) as pool:
        asked = list(
            pool.map(lambda number: _ask(book, "poor_head", income=number * 100_000, size=1).truth, range(200))
        )
    assert asked == [number < 7 for number in range(200)]
