"""Scenario files are played, and what does not come true is told at its place."""

from __future__ import annotations

import shutil
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


def played(steps: str, library: Library | None = None) -> list[Failure]:
    """The failures of one way with *steps*, which begin at line 9 of the file."""
    suite = read_suite(Source("try.yaml", HEAD + steps))
    (way,) = play(suite, library or Library().beside(EXAMPLES))
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
    steps = TO_DECIDE + "      - {act: grant}\n      - {act: paid, stage: paid}\n"
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
        ("      - {open: found, due: {accept: tomorrow}}\n", (9, "2026-03-02")),
    ],
)
def test_a_wrong_file_is_told_by_line(steps: str, where: tuple[int, str]) -> None:
    with pytest.raises(DefinitionError) as error:
        played(steps)
    fault = error.value.faults[0]
    assert fault.line == where[0]
    assert where[1] in str(fault)


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
