"""The page about scenario files says all that they may hold and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from bangfu.scenarios.model import DEEDS, Household, Part, Step, Suite, Way

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "scenarios.md").read_text("utf-8")


def _documented(heading: str) -> set[str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(.+?)`", cell)}


def _keys(part: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in part.model_fields.items()}


def test_every_key_of_a_file_is_on_the_page() -> None:
    assert _documented("The file") == _keys(Suite)
    assert _documented("A way") == _keys(Way)
    assert _documented("The household") == _keys(Household)


def test_every_key_of_a_step_is_on_the_page() -> None:
    does, expects = _documented("What a step does"), _documented("What a step expects")
    assert does | expects == _keys(Step)
    assert does & expects == set()
    assert set(DEEDS) <= does
    assert {"note"} <= _keys(Part)


def test_the_example_on_the_page_is_read_as_a_scenario_file() -> None:
    from bangfu.scenarios.model import read_suite
    from engine.marks import Source

    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert read_suite(Source("page", example)).suite.scenarios == "temporary_relief"
