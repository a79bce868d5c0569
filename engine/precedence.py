"""
What a rule can know where it is asked: a fact that nobody can have written by then leaves it unknown, and what needs it
is refused for ever.

Ways are taken as free (:mod:`engine.routes`): a fact counts as possibly known if some way through the procedure writes
it before. What is found here is so in every case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine import routes
from engine.loading import Definition
from engine.marks import Path
from engine.references import asks, choices_of, place_of
from engine.rules import RuleBook
from engine.workflow import Action, Choice, Workflow

#: Events of a stage that come before anything is written there.
_BEGINNINGS = frozenset({"entered", "ready", "begun", "listed", "posted"})


@dataclass(frozen=True, slots=True)
class Unknown:
    """
    Attributes:
        path: Where the rule is asked.
        rule: As it is written there.
        facts: Those that nobody can have written by then.
        certain: Whether the rule is unknown for that; it may hold without them where it says "or".
    """

    path: Path
    rule: str
    facts: tuple[str, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """Rules asked in a stage (``within``: with what the answer itself writes), or when a case is opened."""

    path: Path
    rules: tuple[str, ...]
    stage: str
    within: bool


def unknown_rules(definition: Definition, book: RuleBook) -> Iterator[Unknown]:
    """Every rule that is asked before some fact of its own can be there."""
    workflow = definition.workflow
    for asked in (*_of_actions(workflow), *_of_voices(workflow), *_of_events(workflow)):
        for number, rule in enumerate(asked.rules):
            facts, certain = book.facts_read(rule)
            missing = tuple(fact for fact in sorted(facts) if not _written(workflow, fact, asked))
            if missing:
                yield Unknown((*asked.path, str(number)), rule, missing, certain)


def _of_actions(workflow: Workflow) -> Iterator[_Asked]:
    for path, _name, action, sources in routes.actions(workflow):
        if path[0] not in ("opens", "stages"):
            continue  # What may be done in many stages is withheld in those where it is too early.
        stage = sources[0] if path[0] == "stages" else ""
        yield _Asked((*path, "needs"), action.needs, stage, True)
        for line in _lines(action):
            yield _Asked((*path, "to", line[0], "when"), line[1], stage, True)


def _lines(action: Action) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(action.to, str):
        for number, line in enumerate(action.to):
            yield str(number), line.when


def _of_voices(workflow: Workflow) -> Iterator[_Asked]:
    for name, ask in asks(workflow):
        if name in workflow.tasks:
            continue
        found: list[tuple[str, Choice]] = list(choices_of(ask))
        for voice, lines in found:
            for number, line in enumerate(lines):
                yield _Asked((*place_of(workflow, name), voice, str(number), "when"), line.when, name, False)
        if ask.list_ is not None and ask.list_.draw is not None:
            yield _Asked((*place_of(workflow, name), "list", "draw", "always"), ask.list_.draw.always, name, False)
        if ask.notice is not None:
            yield _Asked((*place_of(workflow, name), "notice", "leave_out"), ask.notice.leave_out, name, False)


def _of_events(workflow: Workflow) -> Iterator[_Asked]:
    """Whether a task is opened, or a clock started, is asked when the event comes."""
    for name, task in workflow.tasks.items():
        for event in task.opens:
            yield from _at(workflow, ("tasks", name, "when"), task.when, str(event))
    for name, clock in workflow.clocks.items():
        for event in clock.from_:
            yield from _at(workflow, ("clocks", name, "when"), clock.when, str(event))


def _at(workflow: Workflow, path: Path, rules: tuple[str, ...], event: str) -> Iterator[_Asked]:
    place, _, word = event.partition(".")
    if place in workflow.stages:
        yield _Asked(path, rules, place, word not in _BEGINNINGS)
    elif event == "opened" or event in workflow.opens:
        yield _Asked(path, rules, "", True)
    elif place in workflow.facts:
        for writer in workflow.facts[place].in_:
            stage = writer.partition(".")[0]
            if stage in workflow.stages:
                yield _Asked(path, rules, stage, True)
            elif writer == "opens" or writer in workflow.opens:
                yield _Asked(path, rules, "", True)


def _written(workflow: Workflow, name: str, asked: _Asked) -> bool:
    """Whether the fact *name* may be there where *asked*."""
    fact = workflow.facts[name]
    if fact.of in ("household", "person", "village") or fact.prefill or not fact.in_:
        return True  # Kept beside the case, or written by an action: `of: case` facts by `in` alone are followed here.
    return any(_comes_before(workflow, writer, asked) for writer in fact.in_)


def _comes_before(workflow: Workflow, writer: str, asked: _Asked) -> bool:
    place = writer.partition(".")[0]
    if writer in ("opens", "register") or writer in workflow.opens or writer in workflow.anywhere:
        return True
    if place in workflow.tasks:
        return any(_may_follow(workflow, str(event), asked) for event in workflow.tasks[place].opens)
    if place == asked.stage:
        return asked.within
    return bool(asked.stage) and place in routes.before(workflow, asked.stage)


def _may_follow(workflow: Workflow, event: str, asked: _Asked) -> bool:
    """Whether a task that *event* opens may be over when the rule is asked."""
    place, _, word = event.partition(".")
    if place not in workflow.stages:
        return True
    if place == asked.stage and word in _BEGINNINGS:
        return True
    return bool(asked.stage) and place in routes.before(workflow, asked.stage)
