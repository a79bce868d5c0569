"""The definitions that come with bangfu: each loads, the packs are ready for use, each rule of the text is cited."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bangfu.library import Library
from engine.checking import check
from engine.compiling import Procedure
from engine.loading import Definition
from engine.rules import RuleBook, RuleScope

WORKFLOWS = Path(__file__).parents[3] / "workflows"
LIBRARY = Library()
NAMES = LIBRARY.workflows()
#: Every shipped pack, and its workflows: those that it says anything of, and those that their cases open.
OF_PACK = {pack: tuple(LIBRARY.load_pack(pack)[0]) for pack in LIBRARY.packs()}
CALENDAR = LIBRARY.calendar()
#: Packs of counties whose text forbids a procedure, and which (004 篇十一 B(三), R-ELIM-14: 不做清退处理).
FORBIDDEN = {"fn_county": "clear_out"}

#: Rules of domain rules.md whose source is 004 篇九 and which concern identification.
RULES_OF_IDENTIFICATION = {
    *("R-INC-05", "R-INC-06", "R-INC-11", "R-INC-17"),
    *("R-CAT-01", "R-CAT-02", "R-CAT-03", "R-CAT-07", "R-CAT-08", "R-NEG-H1"),
    *("R-PRO-01", "R-PRO-02", "R-PRO-03", "R-PRO-04", "R-PRO-05", "R-PRO-08", "R-PRO-10", "R-PRO-19"),
}
#: Those of its elimination, and those of 004 篇二 on what comes after it.
RULES_OF_ELIMINATION = {
    *(f"R-ELIM-{number:02}" for number in range(1, 8)),
    *("R-ELIM-15", "R-PRO-02", "R-PRO-04", "R-PRO-05", "R-PRO-08", "R-PRO-09", "R-PRO-10"),
}
RULES_AFTER_ELIMINATION = {"R-INC-04", "R-ELIM-09", "R-ELIM-10", "R-ELIM-11", "R-ELIM-12"}
#: Those whose source is 000.
RULES_OF_PAIRING = {"R-PAIR-01", "R-PAIR-02", "R-PAIR-03", "R-PAIR-05", "R-CAT-11", "R-CAT-12", "R-INC-13"}
#: The negative list of 004 篇八 D, which only the demonstration uses.
RULES_OF_THE_DEMONSTRATION = {f"R-NEG-S{number}" for number in range(1, 8)}


def _definition(name: str, pack: str = "") -> Definition:
    return LIBRARY.definition(name, pack)


def _clauses(definition: Definition) -> Iterator[str]:
    for path, value, origin in definition.describe():
        yield origin.clause
        if path[-1] == "clause":
            yield str(value)


def _cited(pack: str) -> set[str]:
    clauses = (clause for name in OF_PACK[pack] for clause in _clauses(_definition(name, pack)))
    return {rule for clause in clauses for rule in re.findall(r"R-[A-Z]+-[A-Z]?\d+", clause)}


def test_every_shipped_file_is_a_definition_of_its_name() -> None:
    assert not [fault for pack in ("", *OF_PACK) for fault in LIBRARY.load_pack(pack)[1]]
    for file in (WORKFLOWS / "packs").glob("*/*.yaml"):
        assert file.stem in OF_PACK[file.parent.name], file


def test_no_pack_has_what_its_text_forbids() -> None:
    assert not [pack for pack, workflow in FORBIDDEN.items() if workflow in OF_PACK.get(pack, ())]


@pytest.mark.parametrize(("pack", "name"), [(pack, name) for pack, names in OF_PACK.items() for name in names])
def test_a_pack_is_ready_for_use(name: str, pack: str) -> None:
    others = {other: _definition(other, pack).workflow for other in OF_PACK[pack]}
    assert check(_definition(name, pack), deployed=True, workflows=others, calendar=CALENDAR) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_base_is_sound_and_leaves_open_only_what_its_text_does(name: str) -> None:
    definition = _definition(name)
    assert check(definition) == ()
    undecided = check(definition, deployed=True)
    assert {fault.code for fault in undecided} == {"unset"}
    assert {param for param, made in definition.workflow.params.items() if made.value == "unset"} == {
        re.findall(r"`(\w+)`", fault.message)[0] for fault in undecided
    }


def test_every_rule_of_the_text_is_cited() -> None:
    assert _cited("hn_monitor") >= RULES_OF_IDENTIFICATION | RULES_OF_ELIMINATION | RULES_AFTER_ELIMINATION
    assert _cited("zjj_pair") >= RULES_OF_PAIRING
    assert _cited("hn_demo") >= RULES_OF_THE_DEMONSTRATION
    assert not RULES_OF_THE_DEMONSTRATION & _cited("hn_monitor")


def test_a_pack_may_post_longer_and_never_shorter_than_the_text_says() -> None:
    for name in ("identification", "risk_elimination"):
        params = _definition(name, "hn_monitor").workflow.params
        assert (params["publicity"].value, params["publicity"].at_least) == ("7 day", "7 day")
    assert params["monitored_for"].at_least == "3 month"


def test_what_we_chose_ourselves_says_so() -> None:
    definition = _definition("identification", "hn_demo")
    for path in (
        ("params", "township_limit", "value"),
        ("params", "whole_limit", "value"),
        ("anywhere", "withdraw"),
        ("ladder", "remind"),
    ):
        assert definition.clause(*path).startswith("自定"), path
    pairing = _definition("pair_household", "zjj_pair")
    assert pairing.clause("params", "publicity", "value").startswith("自定")
    assert _definition("pair_household").workflow.params["publicity"].value == "unset"


def _verdict(pack: str, rule: str, members: Sequence[Mapping[str, Any]] = (), **facts: Any) -> bool | None:
    book = RuleBook(_definition("identification", pack))
    today = date(2026, 3, 2)
    return book.verdict(rule, RuleScope(facts, members, book.params(today), (), today)).truth


CLEAN = dict.fromkeys(("deposit_hit", "vehicle_hit", "house_hit", "company_hit", "pay_hit"), False)


def test_one_member_with_a_hit_puts_the_household_on_the_negative_list() -> None:
    assert _verdict("hn_monitor", "negative", members=[CLEAN, CLEAN]) is False
    assert _verdict("hn_monitor", "negative", members=[CLEAN, CLEAN | {"pay_hit": True}]) is True
    assert _verdict("hn_monitor", "negative", members=[{}]) is None


@pytest.mark.parametrize(
    ("category", "kind", "fits"),
    [
        ("unstable_exited", "exited", True),
        ("unstable_exited", "ordinary", False),
        ("edge", "ordinary", True),
        ("edge", "exited", False),
        ("sudden_hardship", "exited", True),
        ("sudden_hardship", "ordinary", True),
    ],
)
def test_a_category_fits_the_kind_of_household(category: str, kind: str, fits: bool) -> None:
    assert _verdict("hn_monitor", "category_fits", category=category, household_kind=kind) is fits


@pytest.mark.parametrize(
    ("items", "months", "special", "passes"),
    [
        (("none",), 0, None, True),
        (("idle",), 0, None, None),
        (("idle",), 0, False, False),
        (("idle",), 0, True, True),
        (("none",), 13, False, False),
        (("none",), 12, False, True),
    ],
)
def test_deliberation_may_override_the_demonstrations_negative_list(
    items: tuple[str, ...], months: int, special: bool | None, passes: bool | None
) -> None:
    facts: dict[str, Any] = {"negative_items": items, "months_away": months}
    if special is not None:
        facts["special_case"] = special
    assert _verdict("hn_demo", "clean_or_heard", members=[CLEAN], **facts) is passes


def test_the_income_line_is_shown_and_decides_nothing() -> None:
    definition = _definition("identification", "hn_monitor")
    assert _verdict("hn_monitor", "below_line", income_pc=649_999) is True
    assert _verdict("hn_monitor", "below_line", income_pc=650_000) is False
    needs = {need for stage in definition.workflow.stages.values() for a in stage.actions.values() for need in a.needs}
    assert not needs & {"below_line", "reference", "focus", "category_grounds"}


def test_a_limit_rests_on_the_clause_of_the_pack_that_decided_it() -> None:
    clocks = Procedure(_definition("identification", "hn_demo")).clocks
    assert clocks["township_review"].clause == "自定(演示,不是任何县的规定)"
    assert clocks["village_publicity.wait"].clause == "004 篇九 A(五)3 (R-PRO-05)"
