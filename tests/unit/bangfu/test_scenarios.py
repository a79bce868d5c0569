"""Scenario files are played, and what does not come true is told at its place."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from bangfu.library import Library
from bangfu.scenarios.model import read_suite
from bangfu.scenarios.playing import Failure, play
from engine.errors import DefinitionError, NotFoundError
from engine.marks import Source

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "docs" / "examples"
HEAD = """\
scenarios: temporary_relief
pack: sample_county
start: 2026-03-02
facts: {cause: accident, income: 4200, applied_on: 2026-03-02}
ways:
  only:
    title: 试走
    steps:
"""


@cache
def examples() -> Library:
    return Library().beside(EXAMPLES)


def played(steps: str, library: Library | None = None) -> list[Failure]:
    """The failures of one way with *steps*, which begin at line 9 of the file."""
    suite = read_suite(Source("try.yaml", HEAD + steps))
    (way,) = play(suite, library or examples())
    return list(way.failures)


def told(steps: str) -> list[tuple[int, str, str, str]]:
    """Line, key, and what was expected and found of each failure."""
    return [
        (each.fault.line, " ".join(each.difference.key), str(each.difference.expected), str(each.difference.found))
        for each in played(steps)
    ]


TO_VISIT = """\
      - {open: found, stage: accept}
      - {act: accept, stage: visit}
"""
TO_DECIDE = f"""\
{TO_VISIT}\
      - {{act: confirmed, stage: town_check, facts: {{proposed: 600}}}}
      - {{act: pass, stage: decide, asks: bank}}
"""


def test_what_comes_out_as_said_is_no_failure() -> None:
    assert told(TO_DECIDE) == []


def test_a_false_stage_is_told_at_its_line() -> None:
    ((line, key, expected, found),) = told(TO_VISIT + "      - {act: confirmed, stage: decide}\n")
    assert (line, key) == (11, "stage")
    assert "decide" in expected
    assert "town_check" in found


def test_a_false_due_date_is_told_with_the_true_one() -> None:
    assert told("      - {open: found, due: {accept: 2026-03-05}}\n") == [(9, "due accept", "2026-03-05", "2026-03-04")]


def test_a_clock_that_does_not_run_is_due_none() -> None:
    assert told(TO_VISIT + "      - {due: {accept: none, whole: 2026-03-30}}\n") == []


def test_a_refusal_that_was_expected_is_none_to_fail_of() -> None:
    assert told(TO_DECIDE + "      - {act: grant, refused: 核对存款, stage: decide}\n") == []
    assert told(TO_DECIDE + "      - {act: grant, by: village.cadre, refused: post}\n") == []


def test_a_refusal_that_does_not_come_is_told() -> None:
    assert told("      - {open: found, refused: needy}\n") == [(9, "refused", "refused: needy", "it was done")]


def test_another_refusal_than_the_expected_is_told_in_the_words_of_the_office() -> None:
    ((line, key, expected, found),) = told(TO_DECIDE + "      - {act: grant, refused: needy}\n")
    assert (line, key, expected) == (13, "refused", "refused: needy")
    assert "bank" in found


def test_a_step_that_cannot_be_done_ends_the_way() -> None:
    steps = TO_DECIDE + "      - {act: grant}\n      - {act: paid, stage: relieved}\n"
    ((line, key, expected, found),) = told(steps)
    assert (line, key, expected) == (13, "act", "it can be done")
    assert "bank" in found


def test_whoever_prepared_a_case_is_passed_over_where_he_may_not_judge_it() -> None:
    steps = TO_DECIDE + "      - {act: clear, on: bank}\n      - {wait: 4 day}\n      - {act: grant, stage: pay}\n"
    assert told(steps) == []
    steps = TO_VISIT + (
        "      - {act: confirmed, by: township.cadre.2}\n"
        "      - {act: pass, by: township.cadre.2, refused: separation}\n"
    )
    assert told(steps) == []


def test_a_fact_that_is_left_out_is_not_filled_in() -> None:
    assert told("      - {open: found}\n      - {act: accept, without: persons, refused: persons}\n") == []


def test_time_does_not_go_back() -> None:
    ((line, key, _expected, _found),) = told("      - {open: found}\n      - {until: 2026-03-01}\n")
    assert (line, key) == (10, "until")


def test_time_is_not_moved_for_ever() -> None:
    ((line, key, _expected, found),) = told("      - {open: found}\n      - {until: 2099-01-01}\n")
    assert (line, key) == (10, "until")
    assert "years at most" in found


def test_late_limits_are_named_and_none_is_none() -> None:
    assert told("      - {open: found, late: none}\n      - {wait: 3 workday, late: accept}\n") == []
    ((line, key, expected, found),) = told("      - {open: found}\n      - {wait: 3 workday, late: none}\n")
    assert (line, key, expected, found) == (10, "late", "none", "accept")


def test_a_case_that_was_not_opened_cannot_be_switched_to() -> None:
    ((line, key, _expected, found),) = told("      - {open: found}\n      - {case: follow_up}\n")
    assert (line, key) == (10, "case")
    assert "follow_up" in found


@pytest.mark.parametrize(
    ("steps", "where"),
    [
        ("      - {open: found, act: accept}\n", (9, "one thing")),
        ("      - {stage: accept, refused: needy}\n", (9, "refused")),
        ("      - {opne: found}\n", (9, "opne")),
        ("      - {wait: 3 weeks}\n", (9, "`7 day`")),
        ("      - {open: found, stage: acept}\n", (9, "did you mean `accept`?")),
        ("      - {open: found, facts: {incom: 1}}\n", (9, "`income`")),
        ("      - {open: found, due: {acept: none}}\n", (9, "`accept`")),
        ("      - {open: found, late: [whole, acept]}\n", (9, "`accept`")),
        ("      - {open: found, told: county.burau}\n", (9, "`county.bureau`")),
        ("      - {open: found, without: [applcation]}\n", (9, "`application`")),
        ("      - {open: found, cases: {folow_up: 0}}\n", (9, "`follow_up`")),
        ("      - {open: found, asks: bnk}\n", (9, "`bank`")),
        ("      - {open: found, due: {accept: tomorrow}}\n", (9, "2026-03-02")),
    ],
)
def test_a_wrong_file_is_told_by_line(steps: str, where: tuple[int, str]) -> None:
    with pytest.raises(DefinitionError) as error:
        played(steps)
    fault = error.value.faults[0]
    assert fault.line == where[0]
    assert where[1] in str(fault)


def test_a_name_in_the_head_that_no_procedure_has_is_told_at_its_line() -> None:
    text = HEAD.replace("income:", "incme:").replace("ways:", "household: {register: {relieved: 2026-01-01}}\nways:")
    with pytest.raises(DefinitionError) as error:
        list(play(read_suite(Source("try.yaml", text + "      - {open: found}\n")), examples()))
    assert [(fault.line, fault.advice) for fault in error.value.faults] == [
        (4, "did you mean `income`?"),
        (5, "did you mean `relieved_on`?"),
    ]


def test_a_procedure_that_is_not_there_is_said() -> None:
    with pytest.raises(NotFoundError):
        played("      - {open: found}\n", Library())


def test_a_limit_that_is_changed_makes_its_scenario_fail(tmp_path: Path) -> None:
    for name in ("temporary_relief", "follow_up", "sample_county"):
        shutil.copy(EXAMPLES / f"{name}.yaml", tmp_path)
    steps = TO_DECIDE + "      - {due: {decide: none}}\n      - {act: clear, on: bank, due: {decide: 2026-03-06}}\n"
    assert told(steps) == []
    overlay = tmp_path / "sample_county.yaml"
    overlay.write_text(overlay.read_text("utf-8").replace("4 workday", "5 workday"), "utf-8")
    (failure,) = played(steps, Library().beside(tmp_path))
    assert failure.fault.line == 14


def test_a_procedure_in_which_check_finds_an_error_is_not_played(tmp_path: Path) -> None:
    for name in ("temporary_relief", "follow_up", "sample_county"):
        shutil.copy(EXAMPLES / f"{name}.yaml", tmp_path)
    base = tmp_path / "temporary_relief.yaml"
    base.write_text(base.read_text("utf-8").replace("if: proposed <= k.standard", "if: proposed * 0.5 <= 3.0"), "utf-8")
    with pytest.raises(DefinitionError, match=r"temporary_relief\.yaml:.*cannot be applied"):
        played(TO_VISIT, Library().beside(tmp_path))


def test_what_the_record_knows_is_written_as_yes_and_no(tmp_path: Path) -> None:
    text = (
        "workflow: keep\ntitle: 样例\nsubject: household\nclause: 样例\nposts: {village.cadre: 干部}\n"
        "facts: {kept: {title: 已记, type: yes_no, of: household}}\n"
        "opens: {found: {title: 发现, by: village.cadre, to: look}}\n"
        "stages: {look: {title: 看, by: village.cadre, actions: "
        "{go: {title: 去, to: next, needs: kept, set: {household.kept: no}}}}}\n"
        "ends: {done: {title: 完, outcome: closed}}\n"
    )
    (tmp_path / "keep.yaml").write_text(text, "utf-8")
    way = (
        "scenarios: keep\nstart: 2026-03-02\nhousehold: {register: {kept: yes}}\nways: {only: {title: 试走, steps: "
        "[{open: found, status: {kept: yes}}, {act: go, stage: done, status: {kept: no}}]}}\n"
    )
    (only,) = play(read_suite(Source("try.yaml", way)), Library().beside(tmp_path))
    assert not only.failures


def test_a_limit_of_a_shipped_pack_that_is_changed_makes_its_scenarios_fail(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "workflows" / "packs", tmp_path / "packs")
    overlay = tmp_path / "packs" / "hn_demo" / "identification.yaml"
    overlay.write_text(overlay.read_text("utf-8").replace("value: 8 workday", "value: 9 workday"), "utf-8")
    library = Library([tmp_path])
    (source,) = (each for each in library.scenarios("hn_demo") if each.name.endswith("/identification.yaml"))
    failed = [each for way in play(read_suite(source), library) for each in way.failures]
    assert {each.difference.key for each in failed} == {("due", "household_check")}


SMALL = """\
workflow: small
title: 小流程
subject: {subject}
clause: 样例
posts: {{village.cadre: 村干部, township.cadre: 乡镇干部, county.bureau: 县局}}
facts: {{{facts}}}
opens: {{begun: {{title: 开始, by: [village.cadre, township.cadre, county.bureau], to: see}}}}
stages:
  see:
    title: 查看
    by: [village.cadre, township.cadre, county.bureau]
    actions: {{seen: {{title: 已查看, to: next{sets}}}}}
ends: {{closed: {{title: 已结束, outcome: closed}}}}
"""


@pytest.mark.parametrize(
    ("subject", "sets"),
    [
        ("household", ""),
        ("person", "person.met_on"),
        ("village", "village.met_on"),
        ("township", ""),
        ("county", ""),
        ("office", ""),
        ("collective", ""),
    ],
)
def test_cases_of_every_kind_of_subject_are_played(subject: str, sets: str, tmp_path: Path) -> None:
    set_ = f", set: {{{sets}: today}}" if sets else ""
    facts = f"met_on: {{title: 会面日, type: date, of: {subject}}}" if sets else ""
    (tmp_path / "small.yaml").write_text(SMALL.format(subject=subject, sets=set_, facts=facts), "utf-8")
    text = """
scenarios: small
start: 2026-03-02
ways:
  only: {title: 试走, steps: [{open: begun, stage: see}, {act: seen, stage: closed}, {open: begun, cases: {small: 2}}]}
"""
    (way,) = play(read_suite(Source("try.yaml", text)), Library().beside(tmp_path))
    assert [str(each.fault) for each in way.failures] == []
    assert way.steps == 3


def test_a_household_that_changes_is_answered_before_the_case_goes_on() -> None:
    for change, answer in (("born: 样例新生", "yes"), ("died: 3", "follow"), ("moved_out: 1", "follow")):
        steps = TO_DECIDE + (
            "      - {act: clear, on: bank}\n      - {wait: 4 day}\n"
            f"      - {{{change}}}\n"
            "      - {act: grant, refused: 农户}\n"
            f"      - {{carry_on: {answer}}}\n"
            "      - {act: grant, stage: pay}\n"
        )
        assert told(steps) == [], change


def test_a_paper_is_handed_in_ahead_and_then_it_is_there() -> None:
    steps = "      - {open: found}\n      - {attach: application}\n      - {act: accept, without: application}\n"
    assert told(steps) == []
    steps = "      - {open: found}\n      - {act: accept, without: application, refused: 申请书}\n"
    assert told(steps) == []


def test_households_are_told_apart_by_name() -> None:
    steps = (
        "      - {open: found, home: first}\n      - {act: accept, stage: visit}\n"
        "      - {open: found, home: second, stage: accept, cases: {temporary_relief: 2}}\n"
        "      - {home: first, stage: visit}\n      - {home: third, cases: {temporary_relief: 2}}\n"
    )
    assert told(steps) == []
    ((line, key, _expected, found),) = told(steps + "      - {act: accept}\n")
    assert (line, key, found) == (14, "act", "there is no case yet")


def test_a_way_leaves_nothing_behind_for_the_next() -> None:
    text = HEAD + "      - {open: found}\n  next:\n    title: 再走\n    start: 2026-01-05\n    steps:\n"
    text += "      - {open: found, cases: {temporary_relief: 1}, due: {accept: 2026-01-07}}\n"
    text = text.replace("applied_on: 2026-03-02", "applied_on: 2026-01-05")
    ways = list(play(read_suite(Source("try.yaml", text)), examples()))
    assert [(way.name, way.failures) for way in ways] == [("only", ()), ("next", ())]
