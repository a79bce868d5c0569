"""What local procedures ask of a definition: each of the 47 has an example that is sound and does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bangfu.library import Library
from bangfu.scenarios.model import read_suite
from bangfu.scenarios.playing import play
from engine.checking import check
from engine.loading import Definition, Source, load

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "capabilities"
EXAMPLES = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
SCENARIOS = sorted((FOLDER / "scenarios").glob("*.yaml"))
NUMBERS = range(1, 48)


def _rows() -> dict[int, tuple[str, tuple[str, ...]]]:
    """Number → how it is said, and the examples that say it."""
    found = {}
    for line in (FOLDER / "README.md").read_text("utf-8").splitlines():
        if re.match(r"\| \d", line):
            number, _, needed_by, said, examples = (cell.strip() for cell in line.strip("| ").split(" | "))
            assert int(needed_by) > 0
            links = re.findall(r"\[(.+?)\]\((.+?)\)", examples)
            assert all(target == f"{name}.yaml" for name, target in links)
            assert int(number) not in found
            found[int(number)] = said, tuple(name for name, _ in links)
    return found


def _shown(example: str) -> set[int]:
    """The numbers that the head of *example* claims."""
    first = EXAMPLES[example].read_text("utf-8").splitlines()[0]
    assert first.startswith("# Shows ")
    return {int(number) for number in re.findall(r"\d+", first)}


def test_every_capability_is_in_the_table_with_an_example_whose_head_says_so() -> None:
    rows = _rows()
    assert sorted(rows) == list(NUMBERS)
    told = {(number, example) for number, (_, examples) in rows.items() for example in examples}
    assert told == {(number, example) for example in EXAMPLES for number in _shown(example)}
    assert all(examples for _, examples in rows.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_what_the_table_says_is_written_in_the_examples(number: int) -> None:
    said, examples = _rows()[number]
    text = "\n".join(EXAMPLES[example].read_text("utf-8") for example in examples)
    missing = [code for code in re.findall(r"`(.+?)`", said) if code.rstrip(":") not in text]
    assert not missing


def test_every_example_has_a_scenario_or_is_part_of_one() -> None:
    """Those without a file of their own are opened, or laid over another, in that of the same number."""
    played = {path.stem for path in SCENARIOS}
    assert played <= set(EXAMPLES)
    assert {name[:2] for name in EXAMPLES} == {name[:2] for name in played}


def test_every_example_is_sound() -> None:
    library = Library()
    definitions, faults = library.beside(FOLDER).load_path(FOLDER)
    known = {each.workflow.workflow: each.workflow for each in definitions}
    known["objection"] = library.definition("objection").workflow
    found = [*faults, *(fault for each in definitions for fault in check(each, deployed=True, workflows=known))]
    assert not found


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_example_does_what_its_scenarios_say(path: Path) -> None:
    suite = read_suite(Source(path.name, path.read_text("utf-8")))
    ways = list(play(suite, Library().beside(FOLDER)))
    assert ways
    assert not [(way.name, way.failures) for way in ways if way.failures]


# --- what is refused on purpose ---------------------------------------------------------------------------------------


def _spoilt(example: str, old: str, new: str) -> Definition:
    text = EXAMPLES[example].read_text("utf-8")
    assert old in text
    fragments = {
        path.stem: Source(path.name, path.read_text("utf-8"))
        for path in (FOLDER.parents[2] / "workflows" / "fragments").glob("*.yaml")
    }
    return load([Source(EXAMPLES[example].name, text.replace(old, new, 1))], fragments)


@pytest.mark.parametrize(
    ("example", "old", "new"),
    [
        ("42-silence", "late: {+1 workday: county.leader}", "then: {title: 视为同意, to: granted, means: grant}"),
        ("42-silence", "to: withdrawn, means: lapse", "to: next, means: record"),
        ("30-outside", "{outside.association: 1}", "{county.bureau: 1}"),
        (
            "01-publicity",
            "ended: {title: 期满无异议, to: next}",
            "ended: {title: 期满无异议, to: granted, means: grant}",
        ),
    ],
)
def test_approval_by_silence_is_refused_with_what_to_write_instead(example: str, old: str, new: str) -> None:
    faults = [fault for fault in check(_spoilt(example, old, new)) if fault.code == "silent-decision"]
    assert faults
    assert "`late`" in faults[0].advice
    assert faults[0].line > 1
