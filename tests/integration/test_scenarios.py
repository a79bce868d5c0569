"""The scenario files that come with bangfu, and those of the examples, come out as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from bangfu.library import Library
from bangfu.scenarios.model import read_suite
from bangfu.scenarios.playing import play
from engine.marks import Source

ROOT = Path(__file__).parents[2]
FILES = sorted(
    file for folder in ("workflows", "docs/examples") for file in (ROOT / folder).glob("**/scenarios/*.yaml")
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parents[1].name}-{file.stem}")
def test_a_scenario_file_comes_out_as_it_says(file: Path) -> None:
    suite = read_suite(Source(str(file.relative_to(ROOT)), file.read_text("utf-8")))
    ways = list(play(suite, Library().beside(file.parents[1])))
    assert [str(fault) for way in ways for _, fault in way.failures] == []
