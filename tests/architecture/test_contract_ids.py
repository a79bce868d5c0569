"""What the contract of reliability asks for by id has a test whose name says so: `-k I12` finds it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
#: Due now; each issue adds its own.
IDS = (
    "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10",
    "I11", "I12", "I13", "I14", "I15", "I16", "I17", "I18", "I19", "I20", "I21", "I22", "I23", "I25", "I28", "I29",
    "I35",
    "B17", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C15", "C16", "C17", "C18", "T01", "T04", "T06", "T13",
)  # fmt: skip
#: Mistakes that `make mutants` seeds.
SEEDED = ("M1", "M2", "M3", "M4", "M5", "M6", "M8", "M9", "M12", "M14", "M15")


def _test_names() -> set[str]:
    return {
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("wanted", IDS)
def test_an_id_of_the_contract_is_in_the_name_of_a_test(wanted: str) -> None:
    assert [name for name in _test_names() if wanted in re.findall(r"(?<=_)[A-Z]\d+(?=_)", name)]


def test_every_mistake_that_must_be_caught_is_seeded() -> None:
    source = (TESTS / "mutants" / "run.py").read_text(encoding="utf-8")
    assert tuple(re.findall(r'Mutant\(\s*"(M\d+)"', source)) == SEEDED
