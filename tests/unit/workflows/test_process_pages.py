"""The two tables of docs/reference: every procedure and every rule of the texts, and the files in which they stand."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference"
PROCESSES = (REFERENCE / "processes.md").read_text("utf-8")
RULES = (REFERENCE / "rules.md").read_text("utf-8")
#: Every definition of a pack that follows a text; what is only for trying out follows none.
FILES = sorted(file for file in (ROOT / "workflows/packs").glob("*/*.yaml") if file.parent.name != "hn_demo")
_ID = re.compile(r"R-[A-Z]+-(?:[A-Z]{3}|[A-Z]?\d+)")


def _numbered(prefix: str, count: int, width: int = 2) -> set[str]:
    return {f"{prefix}{number:0{width}}" for number in range(1, count + 1)}


#: The ids of all rules that were taken from the texts, family by family.
IDS = {
    *_numbered("R-INC-", 18), *_numbered("R-CAT-", 13), *_numbered("R-NEG-L", 6, 1), *_numbered("R-NEG-S", 7, 1),
    "R-NEG-H1", *_numbered("R-PRO-", 23), *_numbered("R-ELIM-", 18), *_numbered("R-LOW-", 27),
    "R-WARN-RED", "R-WARN-ORA", "R-WARN-YEL", *_numbered("R-DIS-", 6), "R-SCR-01", *_numbered("R-SAM-", 13),
    *_numbered("R-FUND-", 20), *_numbered("R-PAIR-", 10),
}  # fmt: skip


def _linked(text: str) -> set[Path]:
    return {(REFERENCE / target).resolve() for target in re.findall(r"\]\((\.\./[^)]+)\)", text)}


def test_every_procedure_of_the_texts_has_its_line() -> None:
    assert re.findall(r"^\| (P-\d\d) \|", PROCESSES, re.MULTILINE) == [f"P-{number:02}" for number in range(1, 36)]


def test_every_definition_of_a_pack_and_its_scenario_file_are_named_and_every_named_file_is_there() -> None:
    assert {link for link in _linked(PROCESSES) if link.suffix == ".yaml"} == {
        *FILES, *(file.parent / "scenarios" / file.name for file in FILES)
    }  # fmt: skip
    assert not [link for link in _linked(PROCESSES) | _linked(RULES) if not link.is_file()]


def test_every_rule_of_the_texts_stands_in_a_pack_and_the_table_says_in_which() -> None:
    cited = {file: set(_ID.findall(file.read_text("utf-8"))) for file in FILES}
    rows = dict(re.findall(r"^\| (R-[A-Z0-9-]+) \|(.+)$", RULES, re.MULTILINE))
    assert set(rows) == IDS
    assert {rule: _linked(row) for rule, row in rows.items()} == {
        rule: {file for file, rules in cited.items() if rule in rules} for rule in IDS
    }
