"""
Where a case can stand, and what its rules can say there: actions that nobody can ever take, lines that are never
chosen, and stages where no action is left.

The state space that is explored is the stage and the truths of the rules that are asked (:mod:`engine.truths`). A truth
stays as it is until a fact of its rule can be written again: by whoever answers the stage, by a task, by the effect of
an action, or, kept in the register, by other procedures. Awaited tasks are over sooner or later; what a task writes
may be anything. Families of rules are followed each for itself, so that more is taken as possible than is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from engine import routes
from engine.loading import Definition
from engine.marks import Path
from engine.references import asks, choices_of, place_of
from engine.rules import RuleBook
from engine.truths import Family, Truths, families, plain
from engine.workflow import Action, Choice, Fact

#: By family, the truths that its rules may have.
State = tuple[frozenset[Truths], ...]
#: How a rule is told that holds, that does not, and of which that is not known.
_AS_TOLD = {True: "{}", False: "not {}", None: "{}?"}
#: So many combinations of truths are looked at in one stage.
_LOOKED_AT = 4_096


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """
    Attributes:
        path: Of an action or a line that is never taken, or of a stage in which nobody may act.
        told: Of a stage, the rules with which that is so, each as it holds there; with ``?`` one of which that is not
            known, since an optional fact is missing.
        certain: Whether it is so in every case; else as far as truths are followed.
    """

    path: Path
    told: tuple[str, ...]
    certain: bool


def dead_ends(definition: Definition, book: RuleBook) -> Iterator[DeadEnd]:
    """Every action and line of a choice that is never taken, and every stage that some case cannot leave."""
    yield from _Exploration(definition, book).dead_ends()


class _Exploration:
    def __init__(self, definition: Definition, book: RuleBook) -> None:
        self.workflow = definition.workflow
        self.actions = list(routes.actions(self.workflow))
        self.voices: dict[str, list[tuple[Path, Choice]]] = {}
        for name, ask in asks(self.workflow):
            if name in self.workflow.stages:
                path = place_of(self.workflow, name)
                self.voices[name] = [((*path, voice), lines) for voice, lines in choices_of(ask)]
        self.families = families(definition, book, self._asked())
        self.place = {rule: (f, i) for f, family in enumerate(self.families) for i, rule in enumerate(family.rules)}
        self.of_tasks = {name for name, fact in self._facts() if any(each in self.workflow.tasks for each in fact.in_)}
        self.of_tasks |= {f"{task}." for task in self.workflow.tasks}
        self.of_others = {name for name, fact in self._facts() if fact.of not in ("case", "member") or fact.prefill}
        self.arrived: dict[str, State] = {}
        self.taken: set[Path] = set()
        self._explore()

    def _facts(self) -> Iterable[tuple[str, Fact]]:
        return self.workflow.facts.items()

    def _asked(self) -> Iterator[str]:
        for _, _, action, _ in self.actions:
            yield from action.needs
            for line in () if isinstance(action.to, str) else action.to:
                yield from line.when
        for choices in self.voices.values():
            for _, lines in choices:
                for line in lines:
                    yield from line.when

    # --- truths ---

    def _wanted(self, refs: Iterable[str]) -> dict[int, list[tuple[int, bool]]]:
        """By family, the truths that *refs* ask for."""
        found: dict[int, list[tuple[int, bool]]] = {}
        for ref in refs:
            family, place = self.place[plain(ref)]
            found.setdefault(family, []).append((place, not ref.startswith("not ")))
        return found

    def _where(self, state: State, refs: Iterable[str], holds: bool = True) -> State:
        """*state* where all of *refs* hold, or where not all do (told only of rules of one family)."""
        wanted = self._wanted(refs)
        if not holds and len(wanted) != 1:
            return state
        return tuple(
            truths if f not in wanted else frozenset(t for t in truths if _fit(t, wanted[f]) is holds)
            for f, truths in enumerate(state)
        )

    def _changed(self, state: State, facts: set[str]) -> State:
        """*state* once *facts* may have been written anew."""
        return tuple(
            _loosened(family, truths, self._kept(family, facts)) if family.facts & facts else truths
            for family, truths in zip(self.families, state, strict=True)
        )

    def _kept(self, family: Family, facts: set[str]) -> tuple[int, ...]:
        return tuple(i for i, read in enumerate(family.reads) if not read & facts)

    # --- a case on its way ---

    def _explore(self) -> None:
        anything: State = tuple(family.found for family in self.families)
        queue: list[str] = []
        self._leave(routes.NEW, anything, queue)
        for stage in queue:
            self._leave(stage, self._standing(stage), queue)

    def _standing(self, stage: str) -> State:
        """What may be so in *stage*: as on arrival, but for what is written there or beside it."""
        list_ = self.workflow.stages[stage].list_
        drawn = set(list_.sets) if list_ is not None else set()
        return self._changed(self.arrived[stage], self._written_in(stage) | drawn | self.of_tasks | self.of_others)

    def _written_in(self, stage: str) -> set[str]:
        places = {stage, *self.workflow.anywhere}
        return {name for name, fact in self._facts() if places & {place.partition(".")[0] for place in fact.in_}}

    def _leave(self, stage: str, state: State, queue: list[str]) -> None:
        for path, _, action, sources in self.actions:
            if stage in sources:
                able = self._where(state, action.needs)
                if all(able):
                    self.taken.add(path)
                    self._go(stage, path, action, able, queue)
        for path, lines in self.voices.get(stage, ()):
            for line_path, _ in self._lines(path, lines, state):
                self.taken.add(line_path)

    def _lines(self, path: Path, lines: Choice, state: State) -> Iterator[tuple[Path, State]]:
        """The lines that may be chosen, with what is so then."""
        for number, line in enumerate(lines):
            chosen = self._where(state, line.when)
            if all(chosen):
                yield (*path, str(number)), chosen
            if not line.when:
                return
            state = self._where(state, line.when, holds=False)
            if not all(state):
                return

    def _go(self, stage: str, path: Path, action: Action, state: State, queue: list[str]) -> None:
        effects = {key.rpartition(".")[2] for key in action.set_}
        if isinstance(action.to, str):
            ways = [(action.to, state)]
        else:
            ways = []
            for line_path, chosen in self._lines((*path, "to"), action.to, state):
                self.taken.add(line_path)
                ways.append((action.to[int(line_path[-1])].to, chosen))
        for word, chosen in ways:
            for target in self._targets(stage, word, action):
                self._arrive(target, self._changed(chosen, effects), queue)

    def _targets(self, stage: str, word: str, action: Action) -> Iterable[str]:
        if word in routes.BACKWARD:
            return [name for name in routes.before(self.workflow, stage) if not action.among or name in action.among]
        target = routes.next_of(self.workflow, stage) if word == "next" else stage if word in routes.HERE else word
        return [target] if target in self.workflow.stages else []

    def _arrive(self, stage: str, state: State, queue: list[str]) -> None:
        known = self.arrived.get(stage)
        grown = state if known is None else tuple(old | new for old, new in zip(known, state, strict=True))
        if grown != known:
            self.arrived[stage] = grown
            queue.append(stage)

    # --- what is found ---

    def dead_ends(self) -> Iterator[DeadEnd]:
        for path, _, action, sources in self.actions:
            if not any(source == routes.NEW or source in self.arrived for source in sources):
                continue
            if path not in self.taken:
                yield from self._untaken(path, action.needs)
            elif not isinstance(action.to, str):
                yield from self._never((*path, "to"), action.to, action.needs)
        for stage in self.arrived:
            for path, lines in self.voices.get(stage, ()):
                yield from self._never(path, lines, ())
            yield from self._stuck(stage)

    def _never(self, path: Path, lines: Choice, needs: Sequence[str]) -> Iterator[DeadEnd]:
        for number, line in enumerate(lines):
            if (*path, str(number)) in self.taken:
                continue
            if any(set(above.when) <= set(line.when) for above in lines[:number]):
                yield DeadEnd((*path, str(number)), (), True)
            else:
                asked = [ref for above in lines[:number] for ref in above.when]
                yield from self._untaken((*path, str(number)), [*needs, *line.when], asked)

    def _untaken(self, path: Path, refs: Sequence[str], asked: Sequence[str] = ()) -> Iterator[DeadEnd]:
        """What was never taken that needs *refs*, if enough is known of these and of what was *asked* before them."""
        wanted = self._wanted(refs)
        contrary = [self.families[f] for f, lits in wanted.items() if not self._possible(f, lits)]
        known = [self.families[f] for f in (*wanted, *self._wanted(asked))]
        both = any(ref.removeprefix("not ") in refs for ref in refs if ref.startswith("not "))
        if both or any(family.whole for family in contrary) or all(family.whole for family in known):
            yield DeadEnd(path, (), True)
        elif any(family.telling for family in contrary) or all(family.whole or family.telling for family in known):
            yield DeadEnd(path, (), False)

    def _possible(self, family: int, wanted: Sequence[tuple[int, bool]]) -> bool:
        return any(_fit(truths, wanted) for truths in self.families[family].found)

    def _stuck(self, stage: str) -> Iterator[DeadEnd]:
        """Truths with which no action of *stage* can be taken, nor made possible by whoever answers there."""
        ways = [self._wanted(action.needs) for action in self._ways_out(stage)]
        if any(not wanted for wanted in ways):
            return
        asked = sorted({family for wanted in ways for family in wanted})
        state = self._standing(stage)
        free = self._free(stage)
        open_to: list[Mapping[Truths, frozenset[Truths]]] = []
        for f in asked:
            family, kept = self.families[f], self._kept(self.families[f], free)
            open_to.append({truths: _loosened(family, frozenset([truths]), kept) for truths in state[f]})
        if prod(len(each) for each in open_to) > _LOOKED_AT:
            return
        for chosen in product(*(sorted(each, key=str) for each in open_to)):
            reach = {f: open_to[n][chosen[n]] for n, f in enumerate(asked)}
            if not any(all(any(_fit(t, lits) for t in reach[f]) for f, lits in wanted.items()) for wanted in ways):
                told = tuple(
                    _AS_TOLD[chosen[n][i]].format(self.families[f].rules[i])
                    for n, f in enumerate(asked)
                    for i in sorted({i for wanted in ways for i, _ in wanted.get(f, ())})
                )
                certain = len(asked) < 2 and all(len(read) < 2 for f in asked for read in self.families[f].reads)
                yield DeadEnd(("stages", stage), told, certain)
                return

    def _ways_out(self, stage: str) -> Iterator[Action]:
        """What takes a case out of *stage*; withdrawing it, or what may have been done too often already, is no way."""
        for path, _, action, sources in self.actions:
            moves = any(word not in routes.HERE for _, word in routes.written_targets(path, action))
            offered = path[0] != "anywhere" or action.means != "withdraw"
            if stage in sources and moves and offered and action.times is None:
                yield action

    def _free(self, stage: str) -> set[str]:
        """Facts that may still change while a case stands in *stage*, without anybody's going out of his way."""
        late = {name for name, task in self.workflow.tasks.items() if stage not in task.awaited_by}
        beside = {name for name, fact in self._facts() if late & set(fact.in_)} | {f"{name}." for name in late}
        return {"today", "passed"} | self._written_in(stage) | beside | self.of_others


def _fit(truths: Truths, wanted: Iterable[tuple[int, bool]]) -> bool | None:
    """Whether all that is *wanted* holds; ``None`` where that is not known."""
    found = [None if truths[place] is None else truths[place] is holds for place, holds in wanted]
    return False if False in found else None if None in found else True


def _loosened(family: Family, truths: frozenset[Truths], kept: Sequence[int]) -> frozenset[Truths]:
    """All that *family* may say where only the rules at *kept* stay as they are in one of *truths*."""
    known = {tuple(each[i] for i in kept) for each in truths}
    return frozenset(each for each in family.found if tuple(each[i] for i in kept) in known)
