"""
Where a case can go: the moves that a definition allows, before anything is asked of a case.

Rules are taken as free: each line of a choice may hold. So what is found unreachable here is so in every case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from engine.marks import Path
from engine.workflow import Action, Clock, Workflow

#: Where a case is before it is opened.
NEW = "new"
#: Words of ``to`` that lead only to where the case has been.
BACKWARD = frozenset({"previous", "visited"})
#: Words of ``to`` that do not leave the stage.
HERE = frozenset({"stay", "again"})


@dataclass(frozen=True, slots=True)
class Move:
    """One way out of a stage: the action (or channel, or clock) at *path* leads from *source* to *target*."""

    source: str
    name: str
    target: str
    path: Path
    action: Action


def next_of(workflow: Workflow, stage: str) -> str:
    """What ``next`` means: the stage of the main line that follows in written order, after the last the first end."""
    names = list(workflow.stages)
    line = workflow.main_line
    later = names if stage == NEW else names[names.index(stage) + 1 :]
    return next((name for name in later if name in line), next(iter(workflow.ends)))


def sources_of_anywhere(workflow: Workflow, from_: Collection[str]) -> tuple[str, ...]:
    """The stages in which an action ``anywhere`` is offered."""
    return tuple(name for name in workflow.stages if "any" in from_ or name in from_)


def written_targets(path: Path, action: Action) -> Iterator[tuple[Path, str]]:
    """Every target that *action* names, as written, with its place."""
    if isinstance(action.to, str):
        yield (*path, "to"), action.to
    else:
        for number, line in enumerate(action.to):
            yield (*path, "to", str(number), "to"), line.to


def actions(workflow: Workflow) -> Iterator[tuple[Path, str, Action, tuple[str, ...]]]:
    """Every action that moves a case: its place, its name, itself, and the stages where it may be taken."""
    yield from _taken(workflow)
    for name, clock in workflow.clocks.items():
        if clock.then is not None:
            yield ("clocks", name, "then"), name, clock.then, _running(workflow, clock)


def _taken(workflow: Workflow) -> Iterator[tuple[Path, str, Action, tuple[str, ...]]]:
    """The actions that somebody takes, or a voice answers."""
    for name, channel in workflow.opens.items():
        yield ("opens", name), name, channel, (NEW,)
    for stage_name, stage in workflow.stages.items():
        for name, action in stage.actions.items():
            yield ("stages", stage_name, "actions", name), name, action, (stage_name,)
    for name, anywhere in workflow.anywhere.items():
        yield ("anywhere", name), name, anywhere, sources_of_anywhere(workflow, anywhere.from_)


def _running(workflow: Workflow, clock: Clock) -> tuple[str, ...]:
    """The stages in which *clock* may run: those that a case comes to between its start and its end."""
    everywhere = tuple(workflow.stages)
    onward: dict[str, list[tuple[str, str]]] = {}
    for path, name, action, sources in _taken(workflow):
        for _, word in written_targets(path, action):
            for source in sources:
                onward.setdefault(source, []).append((name, _goal(workflow, source, word)))
    found: list[str] = []
    for event in clock.from_:
        place, _, word = str(event).partition(".")
        if place not in workflow.stages:
            return everywhere
        goals = [goal for name, goal in onward.get(place, ()) if word in (name, "left", "over")]
        found += goals or [place]
    for other in workflow.clocks.values():
        if other.then is not None and other is not clock:
            found += [word for _, word in written_targets((), other.then)]
    last, _, end = str(clock.until).partition(".")
    for stage in found:
        for name, goal in onward.get(stage, ()):
            over = stage == last and end in (name, "left", "over")
            if goal in BACKWARD and not over:
                return everywhere
            if not over and goal not in found:
                found.append(goal)
    return tuple(name for name in workflow.stages if name in found) if clock.from_ else everywhere


def _goal(workflow: Workflow, source: str, word: str) -> str:
    """The stage or end that *word* means in *source*; what only the case can tell stays as it is."""
    return next_of(workflow, source) if word == "next" else source if word in HERE else word


def moves(workflow: Workflow) -> tuple[Move, ...]:
    """Every move to a stage or end that exists; unknown targets, and moves only back to where the case was, are not."""
    found = []
    for path, name, action, sources in actions(workflow):
        for _, word in written_targets(path, action):
            for source in sources:
                target = _goal(workflow, source, word)
                if target in workflow.stages or target in workflow.ends:
                    found.append(Move(source, name, target, path, action))
    return tuple(found)


def reached(
    workflow: Workflow, without: Collection[str] = (), *, start: str = NEW, grants: bool = True
) -> Mapping[str, Move | None]:
    """
    What a case can come to from *start*, and by which move first; nothing enters *without*.

    A move back leads only to where the case has been, so it reaches nothing new.

    Args:
        grants: Whether actions that mean ``grant`` are taken.
    """
    onward: dict[str, list[Move]] = {}
    for move in moves(workflow):
        if grants or move.action.means != "grant":
            onward.setdefault(move.source, []).append(move)
    found: dict[str, Move | None] = {start: None}
    queue = [start]
    for place in queue:
        for move in onward.get(place, ()):
            if move.target not in found and move.target not in without:
                found[move.target] = move
                queue.append(move.target)
    return found


def way_to(found: Mapping[str, Move | None], place: str) -> tuple[str, ...]:
    """The names of the moves by which `reached` came to *place*, from the opening on."""
    names: list[str] = []
    while (move := found[place]) is not None:
        names.append(move.name if move.source == NEW else f"{move.source}.{move.name}")
        place = move.source
    return tuple(reversed(names))


def before(workflow: Workflow, stage: str) -> frozenset[str]:
    """The stages from which a case may have come to *stage*, by however many moves: what ``visited`` can mean there."""
    backward: dict[str, set[str]] = {}
    for move in moves(workflow):
        backward.setdefault(move.target, set()).add(move.source)
    found: set[str] = set()
    queue = [stage]
    for place in queue:
        new = backward.get(place, set()) - found - {NEW}
        found |= new
        queue.extend(new)
    return frozenset(found)


def can_end(workflow: Workflow) -> frozenset[str]:
    """The stages from which some sequence of moves leads to an end."""
    backward: dict[str, set[str]] = {}
    for move in moves(workflow):
        backward.setdefault(move.target, set()).add(move.source)
    for path, _, action, sources in actions(workflow):
        if any(word in BACKWARD for _, word in written_targets(path, action)):
            for source in sources:
                for place in before(workflow, source):
                    if not action.among or place in action.among:
                        backward.setdefault(place, set()).add(source)
    found: set[str] = set(workflow.ends)
    queue = list(workflow.ends)
    for place in queue:
        new = backward.get(place, set()) - found
        found |= new
        queue.extend(new)
    return frozenset(found & set(workflow.stages))
