"""The pages about the language say all that it has and nothing else; the examples use all of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bangfu.definitions import pack_definitions
from bangfu.library import Library
from engine import workflow as shapes
from engine.checking import check
from engine.loading import Definition, Source, load
from engine.workflow import Workflow

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = ROOT / "docs" / "examples"
WORKFLOWS = ROOT / "workflows"

#: The heading under which the keys of a part stand; under one heading the tables stand in this order.
HEADINGS: dict[str, tuple[type[BaseModel], ...]] = {
    "Everywhere": (shapes.Part,),
    "Top level": (shapes.Workflow,),
    "params": (shapes.Param,),
    "facts": (shapes.Fact,),
    "papers": (shapes.Paper,),
    "rules": (shapes.Rule,),
    "posts": (shapes.Post,),
    "Voices": (shapes.Voiced,),
    "A line of a choice": (shapes.When,),
    "panels": (shapes.Panel, shapes.Fallback, shapes.Silence),
    "notices": (shapes.Notice,),
    "cases as voices": (shapes.CaseVoice,),
    "lists": (shapes.ListSpec, shapes.Draw, shapes.Rank),
    "stages": (shapes.Stage,),
    "tasks": (shapes.Task,),
    "actions": (shapes.Action,),
    "opens": (shapes.Channel,),
    "anywhere": (shapes.Anywhere,),
    "clocks": (shapes.Clock, shapes.Stop, shapes.Extend),
    "ladder": (shapes.Ladder,),
    "ends": (shapes.End, shapes.Start),
}
#: Overlays of the examples, and what they lie on.
OVERLAYS = {"sample_county": "temporary_relief"}
#: An example of what cannot run yet; it loads, and the checker says so.
NOT_YET = "later"


def _parts() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = [shapes.Part]
    for part in found:
        found.extend(part.__subclasses__())
    return found


def _own_keys(part: type[BaseModel]) -> dict[str, FieldInfo]:
    """The keys of *part* by the word in the file, without those that it shares with what it is a kind of."""
    inherited = set(part.__base__.model_fields) if part is not shapes.Part else set()  # type: ignore[union-attr]
    return {field.alias or name: field for name, field in part.model_fields.items() if name not in inherited}


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*needed*"
    value = field.default
    if isinstance(value, tuple):
        value = ", ".join(value)
    if isinstance(value, BaseModel) or value in (None, "", {}):
        return "–"
    return f"`{value}`"


def _tables() -> dict[str, list[dict[str, str]]]:
    """Heading → its tables of keys: key → what the page says is the default."""
    found: dict[str, list[dict[str, str]]] = {}
    heading = ""
    rows: dict[str, str] | None = None
    for line in (REFERENCE / "language.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("| key |"):
            rows = {}
            found.setdefault(heading, []).append(rows)
        elif rows is not None and line.startswith("| `"):
            key, _, default, meaning = (cell.strip() for cell in line.strip("| ").split(" | ", 3))
            assert meaning
            rows[key.strip("`")] = default
        elif not line.startswith("|"):
            rows = None
    return found


def test_every_part_of_the_language_has_a_place_on_the_page() -> None:
    assert {part for parts in HEADINGS.values() for part in parts} == set(_parts())


@pytest.mark.parametrize("heading", HEADINGS)
def test_every_key_is_on_the_page_with_its_default_and_no_other(heading: str) -> None:
    tables = _tables()[heading]
    wanted = [{key: _default(field) for key, field in _own_keys(part).items()} for part in HEADINGS[heading]]
    assert tables == wanted


# --- examples ---------------------------------------------------------------------------------------------------------


def _source(path: Path, pack: str = "") -> Source:
    return Source(path.name, path.read_text(encoding="utf-8"), pack)


def _load(*paths: Path) -> Definition:
    fragments = {path.stem: _source(path) for path in (WORKFLOWS / "fragments").glob("*.yaml")}
    return load([_source(path, path.parent.name if number else "") for number, path in enumerate(paths)], fragments)


def _examples() -> dict[str, Definition]:
    paths = {path.stem: path for path in sorted(EXAMPLES.glob("*.yaml"))}
    return {name: _load(*([paths[OVERLAYS[name]]] if name in OVERLAYS else []), path) for name, path in paths.items()}


def _shipped() -> list[Definition]:
    library = Library()
    found: dict[str, Definition] = {}
    for pack in library.packs():
        found.update(pack_definitions(library, pack))
    return list(found.values())


@pytest.mark.parametrize("name", [path.stem for path in sorted(EXAMPLES.glob("*.yaml"))])
def test_an_example_loads_and_is_sound(name: str) -> None:
    examples = _examples()
    known: dict[str, Workflow] = {
        made.workflow.workflow: made.workflow
        for made in (*_shipped(), *(d for other, d in examples.items() if other not in OVERLAYS))
    }
    codes = {fault.code for fault in check(examples[name], deployed=True, workflows=known)}
    assert codes == ({"not-yet"} if name == NOT_YET else set())


def _used(part: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """Every key that is written, by the part of the language that it belongs to."""
    if isinstance(part, BaseModel):
        for name in part.model_fields_set:
            owner = next(kind for kind in reversed(type(part).__mro__) if name in getattr(kind, "model_fields", ()))
            yield owner, type(part).model_fields[name].alias or name
            yield from _used(getattr(part, name))
    elif isinstance(part, dict):
        for child in part.values():
            yield from _used(child)
    elif isinstance(part, (tuple, list)):
        for child in part:
            yield from _used(child)


def test_every_key_is_used_by_a_shipped_definition_or_an_example() -> None:
    used = {key for made in (*_shipped(), *_examples().values()) for key in _used(made.workflow)}
    assert {(part, key) for part in _parts() for key in _own_keys(part)} - used == set()


def test_every_line_shown_on_the_page_stands_in_a_definition_that_is_tested() -> None:
    files = [*EXAMPLES.rglob("*.yaml"), *WORKFLOWS.glob("base/*.yaml"), *WORKFLOWS.glob("packs/*/*.yaml")]
    lines = {line.strip() for path in files for line in path.read_text(encoding="utf-8").splitlines()}
    for page in (REFERENCE / "language.md", ROOT / "docs" / "howto" / "write-a-procedure.md"):
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            assert {line.strip() for line in block.splitlines()} <= lines, page.name


# --- codes ------------------------------------------------------------------------------------------------------------

_MAKERS = {"fault", "fault_at_key", "_fault", "_stop", "Fault", "seek", "several"}


def _codes() -> set[str]:
    """The codes of all faults in the engine: the last word given where one is made."""
    found = set()
    for path in (ROOT / "engine").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in _MAKERS:
                named = [word.value for word in node.keywords if word.arg == "code"]
                words = [word.value for word in named or node.args if isinstance(word, ast.Constant)]
                words = [word for word in words if word != "warning"]
                if words and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(words[-1])):
                    found.add(str(words[-1]))
    return found


def test_every_code_is_explained_and_no_other() -> None:
    page = (REFERENCE / "checks.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| `")]
    assert {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)} == _codes()
