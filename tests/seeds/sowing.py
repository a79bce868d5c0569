"""Sows mistakes into every definition that is shipped, one at a time, and sees which of them `check` tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from bangfu.library import Library
from engine.calendar import Calendar, CalendarYear
from engine.checking import check
from engine.errors import DefinitionError
from engine.loading import Definition, read_as, restore
from engine.workflow import Workflow
from tests.seeds.operators import Operator, Seed, Tree

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
#: What says only which file a definition is, and not what it does.
_HEAD = ("pack", "on", "area", "from_date", "questions", "note")


@dataclass(frozen=True, eq=False)
class Shipped:
    """A definition as it is shipped, with the workflows that it may speak of; a base alone is not deployed."""

    name: str
    definition: Definition
    others: Mapping[str, Workflow]
    deployed: bool

    @property
    def tree(self) -> Tree:
        tree: Tree = json.loads(self.definition.canonical)
        return tree


@dataclass(frozen=True)
class Fate:
    """What became of a seed: told by `codes`, or `unchanged` for the reason given, or not seen."""

    operator: str
    where: str
    fate: Literal["caught", "unchanged", "survived"]
    codes: tuple[str, ...] = ()
    reason: str = ""


def shipped() -> list[Shipped]:
    """Every pack, every base and every example; of definitions that do the same, the first."""
    library = Library()
    found: dict[str, Shipped] = {}
    for pack in (*library.packs(), ""):
        own, faults = library.load_pack(pack)
        assert not faults
        others = {name: definition.workflow for name, definition in own.items()}
        for name, definition in own.items():
            made = Shipped(f"{pack or 'base'}/{name}", definition, others, bool(pack))
            does = json.dumps({key: part for key, part in made.tree.items() if key not in _HEAD}, sort_keys=True)
            found.setdefault(does, made)
    examples, faults = library.beside(EXAMPLES).load_path(EXAMPLES)
    assert not faults
    others = {name: definition.workflow for name, definition in library.load_pack("")[0].items()}
    others |= {each.workflow.workflow: each.workflow for each in examples if not each.workflow.pack}
    made_of = [Shipped(f"examples/{e.workflow.pack or e.workflow.workflow}", e, others, True) for e in examples]
    return [*found.values(), *made_of]


def one_year() -> Calendar:
    """The newest year alone: what fits into no year of it is found, in less time."""
    return Calendar.of([read_as(Library().calendar_files()[-1], CalendarYear)])


def sow(into: Sequence[Shipped], operator: Operator, calendar: Calendar, at_most: int = 0) -> Iterator[Fate]:
    """
    The fate of every seed of *operator*.

    Args:
        at_most: So many of each definition, from the first to the last; 0: all.
    """
    for made in into:
        seeds = list(operator(made.tree))
        if at_most and len(seeds) > at_most:
            seeds = [seeds[number * len(seeds) // at_most] for number in range(at_most)]
        known = _known(made, calendar)
        for seed in seeds:
            where = f"{made.name}: {seed.where}"
            codes = _caught(made, seed, known, calendar)
            if codes:
                yield Fate(operator.__name__, where, "caught", codes)
            elif seed.unchanged:
                yield Fate(operator.__name__, where, "unchanged", reason=seed.unchanged)
            else:
                yield Fate(operator.__name__, where, "survived")


@cache
def _known(made: Shipped, calendar: Calendar) -> set[tuple[str, str]]:
    return _told(made, made.definition, calendar)


def _caught(made: Shipped, seed: Seed, known: set[tuple[str, str]], calendar: Calendar) -> tuple[str, ...]:
    """The codes of what is told of *seed* and was not told before."""
    try:
        spoilt = restore(json.dumps(seed.tree, ensure_ascii=False), made.definition.origins_text())
    except DefinitionError as error:
        return tuple(fault.code for fault in error.faults)
    if seed.unclaused:
        length = len(seed.unclaused)
        origins = {
            path: replace(at, clause="") if path[:length] == seed.unclaused else at
            for path, at in spoilt.origins.items()
        }
        spoilt = replace(spoilt, origins=origins)
    # Whether limits fit is asked last, since that takes longest.
    new = _told(made, spoilt, None) - known or _told(made, spoilt, calendar) - known
    return tuple(sorted({code for code, _ in new}))


def _told(made: Shipped, definition: Definition, calendar: Calendar | None) -> set[tuple[str, str]]:
    workflows = {**made.others, definition.workflow.workflow: definition.workflow}
    faults = check(definition, deployed=made.deployed, workflows=workflows, calendar=calendar)
    return {(fault.code, fault.message) for fault in faults}
