"""The names in a scenario file are those of its procedures: a misspelt one would expect nothing, and say nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bangfu.scenarios.county import Procedures
from bangfu.scenarios.model import Step, Suite, SuiteFile, Way
from engine.drafting import SUPERVISOR
from engine.errors import N_, Fault, Words, worded
from engine.marks import Path

#: A word in a file: where it stands, and itself.
_Word = tuple[Path, str]
#: What `without` may name besides facts and papers.
_WITHOUT = ("opinion", "proof")


def misnamed(file: SuiteFile, procedures: Procedures) -> Iterator[Fault]:
    """Every name in *file* that none of *procedures* has."""
    known = _known(procedures)
    for what, (path, word) in _words(file):
        # A fact of one member; a part of a stage's clock, as `clock explain` calls it.
        name = word.partition("/")[0] if what == "fact" else word.partition(".")[0] if what == "clock" else word
        if name not in known[what]:
            message = worded(N_("no {what} `{name}` in these procedures"), what=Words(what), name=name)
            yield file.fault(path, message, _advice(name, known[what]), "name")


def _advice(name: str, known: set[str]) -> str | Words:
    near = get_close_matches(name, known, 1)
    if near:
        return worded(N_("did you mean `{name}`?"), name=near[0])
    return worded(N_("there is: {names}"), names=", ".join(sorted(known))) if known else N_("there is none")


def _known(procedures: Procedures) -> Mapping[str, set[str]]:
    workflows = [each.workflow for each in procedures.definitions.values()]
    stages = {name for each in workflows for name in each.stages}
    tasks = {name for each in workflows for name in each.tasks}
    facts = {name for each in workflows for name in each.facts}
    papers = {name for each in workflows for name in each.papers}
    return {
        N_("fact"): facts,
        N_("paper"): papers,
        N_("fact or paper"): {*facts, *papers, *_WITHOUT},
        N_("task"): tasks,
        N_("stage or task"): stages | tasks,
        N_("stage or end"): stages | {name for each in workflows for name in each.ends},
        N_("clock"): stages | tasks | {name for each in workflows for name in each.clocks},
        N_("post"): {name for each in workflows for name in each.posts} | {SUPERVISOR},
        N_("procedure"): {*procedures.definitions},
    }


def _words(file: SuiteFile) -> Iterator[tuple[str, _Word]]:
    """What each name in the file should be one of, and the name."""
    suite = file.suite
    parts: list[tuple[Path, Suite | Way]] = [((), suite), *((("ways", name), way) for name, way in suite.ways.items())]
    for path, part in parts:
        home = part.household.register_ if part.household is not None else {}
        for word in (*_keys((*path, "facts"), part.facts), *_keys((*path, "household", "register"), home)):
            yield "fact", word
    for name, way in suite.ways.items():
        for number, step in enumerate(way.steps):
            yield from _of_step(("ways", name, "steps", str(number)), step)


def _of_step(path: Path, step: Step) -> Iterator[tuple[str, _Word]]:
    single = {
        "stage or end": ("stage", "to"),
        "stage or task": ("post", "prove", "take_down", "object"),
        "task": ("on",),
        "paper": ("attach",),
        "clock": ("stop", "resume", "extend"),
        "procedure": ("case", "workflow"),
    }
    for what, keys in single.items():
        for key in keys:
            word = getattr(step, key)
            if word is not None:
                yield what, ((*path, key), word)
    several: Mapping[str, tuple[str, Iterable[str]]] = {
        "facts": ("fact", step.facts),
        "status": ("fact", step.status),
        "due": ("clock", step.due),
        "cases": ("procedure", step.cases),
        "without": ("fact or paper", step.without),
        "late": ("clock", step.late or ()),
        "asks": ("task", step.asks or ()),
        "told": ("post", step.told),
    }
    for key, (what, words) in several.items():
        found = _keys((*path, key), words) if isinstance(words, Mapping) else _items((*path, key), words)
        yield from ((what, word) for word in found)


def _keys(path: Path, words: Iterable[str]) -> Iterator[_Word]:
    yield from (((*path, word), word) for word in words)


def _items(path: Path, words: Iterable[str]) -> Iterator[_Word]:
    yield from (((*path, str(number)), word) for number, word in enumerate(words))
