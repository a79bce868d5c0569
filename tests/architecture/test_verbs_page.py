"""docs/explanation/verbs.md says of every verb of a person what it does to panels, tasks, lists and clocks."""

import re
from pathlib import Path
from typing import get_args

from engine.cases import ChildEnded, Command, FireTimer, RaiseConcern, Readdress
from engine.workflow import Means

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "verbs.md").read_text("utf-8")
#: What bangfu asks of itself.
OF_THE_SYSTEM = {ChildEnded, FireTimer, RaiseConcern, Readdress}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| verb", "| ---"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_verb_of_a_person_has_one_row_and_every_row_its_verb() -> None:
    verbs = {kind.__name__ for kind in Command.__subclasses__()} - {kind.__name__ for kind in OF_THE_SYSTEM}
    written = [word for row in rows() for word in re.findall(r"`([A-Z]\w+)`", row[0])]
    assert sorted(written) == sorted(verbs)


def test_every_row_says_something_of_panels_tasks_lists_and_clocks() -> None:
    assert all(len(row) == 5 and all(row) for row in rows())


def test_every_meaning_of_an_answer_has_its_place_on_the_page() -> None:
    written = [word for row in rows() for word in re.findall(r"`([a-z]+)`", row[0])]
    assert {means for means in get_args(Means) if written.count(means) != 1} == set()
