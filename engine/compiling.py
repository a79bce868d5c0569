"""
A definition becomes a procedure: one shared ``transitions.Machine``, compiled rules, and an index from events to
what they start, stop and open. Compiled once per content hash; all cases of that version share it.

The machine knows the stages, the ends and every edge that the definition allows. No case is ever registered with it:
a :class:`Step` carries one case's state through one trigger (docs/decisions/one-shared-machine.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, Literal, cast

from transitions import EventData, Machine, MachineError, State

from engine.clocks import Amount, Offset, parse_rung, parse_term
from engine.loading import Definition
from engine.references import panels_of
from engine.routes import next_of
from engine.rules import MEMBER_FACTS, RuleBook
from engine.workflow import NO_LENGTH, NO_POST, Action, Clock, Notice, Panel, RuleRef, Stage, Task, Voiced, Workflow

NEW = "new"
#: Legal meanings that take a case towards approval: what open objections and awaited tasks hold back.
FORWARD = frozenset({"pass", "grant"})
#: Where a notice hangs that names no place.
BOARD = "board"
#: Words of ``to`` that are resolved when the action is taken, from the case's own history.
CHOSEN = frozenset({"previous", "visited"})


class Step:
    """One case's way through one trigger: what the machine reads and moves. ``moved``: it left its state."""

    __slots__ = ("_state", "chosen", "holds", "moved")

    def __init__(self, state: str, holds: Callable[[tuple[RuleRef, ...]], bool], chosen: str = "") -> None:
        self._state = state
        self.holds = holds
        self.chosen = chosen
        self.moved = False

    @property
    def state(self) -> str:
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        self.moved = True


def _step(event: EventData) -> Step:
    return cast(Step, event.model)


def _rule_condition(when: tuple[RuleRef, ...]) -> Callable[[EventData], bool]:
    def condition(event: EventData) -> bool:
        return _step(event).holds(when)

    return condition


def _chosen_condition(target: str) -> Callable[[EventData], bool]:
    def condition(event: EventData) -> bool:
        return _step(event).chosen == target

    return condition


def _not_chosen(event: EventData) -> bool:
    return not _step(event).chosen


@dataclass(frozen=True)
class ClockSpec:
    """
    A clock as it runs, whatever the definition wrote it as: a stage's or task's limit, a notice's wait, a consulted
    body's silence, or its own.

    Attributes:
        ask: The stage or task to whose entry it belongs and with which it ends; empty for clocks over several stages.
        panel: Of a silence: the panel whose it is, empty for one written in place; None for every other clock.
        terms: The amount or moment; never ``unset`` or ``none``. Of a table still with ``$name``: cases differ. Of the
            turns of a task its cycle, see :func:`engine.clocks.turn`.
        is_turn: It waits for the next turn of a task that comes again and again.
    """

    id: str
    title: str
    kind: Literal["limit", "wait"]
    terms: str
    from_: tuple[str, ...]
    until: str
    clause: str
    ask: str = ""
    definition: Clock | None = None
    roll: bool = True
    day_ends: str = "24:00"
    protects: Literal["office", "citizen"] = "office"
    remind: tuple[str, ...] = ()
    late: Mapping[str, str] = field(default_factory=dict)
    panel: str | None = None
    is_turn: bool = False

    @property
    def anchor(self) -> str:
        """The moment that its terms are counted from, where they name one: an event or a date fact."""
        if "$" in self.terms or self.is_turn:
            return ""
        term = parse_term(self.terms)
        return term.anchor if isinstance(term, Offset) else ""

    @cached_property
    def rungs(self) -> tuple[tuple[str, str, str], ...]:
        """What happens when, in written order: (kind, offset from the due date, post). Timers name them by number."""
        if self.kind == "wait":
            return (("over", "", ""),)
        late = (("late", offset, post) for offset, post in self.late.items())
        return (("due", "", ""), *(("remind", offset, "") for offset in self.remind), *late)

    @cached_property
    def ladder(self) -> tuple[Amount, ...]:
        """The offsets of the rungs that have one: those from the second on."""
        return tuple(parse_rung(offset) for _, offset, _ in self.rungs[1:])


class Procedure:
    """
    A compiled definition, shared by all cases pinned to its hash and by all threads; never changed.

    Attributes:
        machine: States ``new``, the stages and the ends; triggers are the names of actions and channels.
        rules: Its compiled rules.
        clocks: Every clock by id (own, stage and task limits, notice waits).
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.workflow: Workflow = definition.workflow
        self.version: str = definition.hash
        self.rules = RuleBook(definition)
        self.main_line = self.workflow.main_line
        self.machine = _machine(self.workflow)
        self.clocks = MappingProxyType({spec.id: spec for spec in self._clock_specs()})
        specs = self.clocks.values()
        self.clocks_of = _index((spec.ask, spec.id) for spec in specs)
        self.clocks_from = _index((event, spec.id) for spec in specs for event in _starts(spec))
        #: Date facts on whose day a clock starts: it has come. One that a length only counts from may lie ahead.
        self.happened = frozenset(event for spec in specs for event in spec.from_) & self.workflow.facts.keys()
        self.anchors = frozenset(spec.anchor for spec in specs if spec.anchor) - self.workflow.facts.keys()
        self.clocks_until = _index((spec.until, spec.id) for spec in specs if spec.until)
        self.excluding = _index((ask, spec.id) for spec in specs if spec.definition for ask in spec.definition.except_)
        tasks = self.workflow.tasks.items()
        self.tasks_on = _index(
            (event, name)
            for name, task in tasks
            for event in (*task.opens, *([f"{turn_of(name)}.over"] if task.every else []))
        )
        self.registered = MappingProxyType(
            {name: fact for name, fact in self.workflow.facts.items() if fact.of in ("household", "person", "village")}
        )
        self.facts_in = _index((place, name) for name, fact in self.workflow.facts.items() for place in fact.in_)
        self.papers_in = _index((place, name) for name, paper in self.workflow.papers.items() for place in paper.in_)
        self.awaited = _index((place, name) for name, task in self.workflow.tasks.items() for place in task.awaited_by)
        self._order = {name: place for place, name in enumerate(self.workflow.stages)}

    @cached_property
    def reads(self) -> frozenset[str]:
        """
        What a decision reads beside the case and its household's own record: ``village`` and ``person`` of the
        register, ``people`` (what every member has), ``last`` (the case before), ``parts`` (divisions below its home).
        """
        read = self.rules.read
        found: set[str] = {fact.of for name, fact in self.registered.items() if name in read or fact.kind == "yes_no"}
        facts = self.workflow.facts.values()
        found |= {"people"} if read & MEMBER_FACTS.keys() else set()
        found |= {"last"} if any(fact.prefill == "last" for fact in facts) else set()
        asks = (*self.workflow.stages.values(), *self.workflow.tasks.values())
        if any((ask.notice and ask.notice.each == "village") or (ask.case and ask.case.for_each == "children")
               for ask in asks):  # fmt: skip
            found.add("parts")
        return frozenset(found - {"household"})

    def ask(self, name: str) -> Voiced:
        """The stage or task of that name."""
        stage: Stage | Task | None = self.workflow.stages.get(name)
        return stage if stage is not None else self.workflow.tasks[name]

    def is_end(self, state: str) -> bool:
        return state in self.workflow.ends

    def is_towards_approval(self, source: str, target: str) -> bool:
        """Whether going from the stage *source* to *target* is a step on the way to a decision in favour."""
        if target in self.workflow.ends:
            return self.workflow.ends[target].outcome == "granted"
        return self._order[target] > self._order[source] and not self.workflow.stages[target].aside

    def panel_of(self, ask: str, named: str) -> Panel:
        """The panel asked in *ask*: the one *named*, or the one written in place."""
        return self.workflow.panels[named] if named else cast(Panel, self.ask(ask).panel)

    def places_of(self, notice: Notice, ask: Mapping[str, Any] = MappingProxyType({})) -> tuple[str, ...]:
        """Where *notice* must hang: as its open question *ask* says, if that differs from case to case."""
        if "pl" in ask:
            return tuple(ask["pl"])
        found: list[str] = []
        for place in notice.places:
            value = self.workflow.params[place[1:]].value if place.startswith("$") else place
            found += [value] if isinstance(value, str) else cast(tuple[str, ...], value)
        return tuple(found) or (BOARD,)

    def actions(self, stage: str) -> dict[str, Action]:
        """The stage's own actions, then those offered anywhere that are offered here."""
        own: dict[str, Action] = dict(self.workflow.stages[stage].actions)
        for name, action in self.workflow.anywhere.items():
            if name not in own and ("any" in action.from_ or stage in action.from_):
                own[name] = action
        return own

    def clause(self, *path: str) -> str:
        return self.definition.clause(*path)

    def title(self, name: str) -> str:
        """The Chinese title of a stage, task, end or clock."""
        for part in (self.workflow.stages, self.workflow.tasks, self.workflow.ends, self.clocks):
            if name in part:
                return str(part[name].title)
        return name

    def post_title(self, post: str) -> str:
        """The Chinese title of a post, written with or without its place."""
        found = self.workflow.posts.get(post.partition("@")[0])
        return found.title if found else post

    def parameter(self, text: str) -> str:
        """*text*, with the parameter's value for ``$name``; a table is left to :meth:`Draft.parameter`."""
        head, dollar, name = text.partition("$")
        return f"{head}{self.workflow.params[name].value}" if dollar and not self.workflow.params[name].by else text

    def move(self, step: Step, trigger: str) -> str:
        """
        Where *trigger* leads from ``step.state``: the first transition, in written order, whose condition holds.

        Raises:
            MachineError: The definition has no such edge from here.
        """
        source = step.state
        event = self.machine.events.get(trigger)
        if event is None or not event.trigger(step):
            raise MachineError(f"no edge {trigger} from {source}")
        return step.state

    def _basis(self, length: str, *path: str) -> str:
        """The clause of a length: of the parameter's value where it is one, for a pack decided that; else of *path*."""
        _, dollar, name = length.partition("$")
        return self.clause("params", name, "value") if dollar else self.clause(*path)

    def _clock_specs(self) -> Iterator[ClockSpec]:
        for name, ask in (*self.workflow.stages.items(), *self.workflow.tasks.items()):
            yield from self._specs_of(name, ask)
        for name, task in self.workflow.tasks.items():
            cycle, turn = self.parameter(task.every or "none"), turn_of(name)
            if cycle not in NO_LENGTH:
                yield ClockSpec(
                    turn, task.title, "wait", cycle, (*(task.opens or ("opened",)), f"{turn}.over"), "",
                    self._basis(task.every or "", "tasks", name, "every"), is_turn=True,
                )  # fmt: skip
        ladder = self.workflow.ladder
        for name, clock in self.workflow.clocks.items():
            written = clock.limit if clock.limit is not None else clock.wait or ""
            terms = self.parameter(written)
            if terms.rpartition(" ")[2] in NO_LENGTH:
                continue
            is_limit = clock.limit is not None
            yield ClockSpec(
                name, clock.title, "limit" if is_limit else "wait", terms, clock.from_, clock.until or "",
                self._basis(written, "clocks", name), definition=clock,
                roll=clock.roll == "yes", day_ends=clock.day_ends, protects=clock.protects,
                remind=clock.remind if clock.remind is not None else ladder.remind,
                late=clock.late if clock.late is not None else ladder.late,
            )  # fmt: skip

    def _specs_of(self, name: str, ask: Voiced) -> Iterator[ClockSpec]:
        """The clocks that come with a stage or task: its limit, its notice's wait, its panel's silence."""
        part, started = ("stages", f"{name}.ready") if isinstance(ask, Stage) else ("tasks", f"{name}.opened")
        ladder = self.workflow.ladder
        terms = self.parameter(ask.limit)
        if terms not in NO_LENGTH:
            yield ClockSpec(
                name, ask.title, "limit", terms, (started,), "",
                self._basis(ask.limit, part, name, "limit"), name,
                remind=ladder.remind, late=ladder.late,
            )  # fmt: skip
        if ask.notice is not None and (terms := self.parameter(ask.notice.wait)) not in NO_LENGTH:
            yield ClockSpec(
                f"{name}.wait", ask.title, "wait", terms, (f"{name}.posted",), "",
                self._basis(ask.notice.wait, part, name, "notice", "wait"), name, roll=ask.notice.roll == "yes",
            )  # fmt: skip
        for path, panel in panels_of(self.workflow, ask):
            if panel.silence is not None:
                named = path[1] if path[0] == "panels" else ""
                only = named in ("", ask.panel)
                whole = path if named else (part, name, *path)
                yield ClockSpec(
                    f"{name}.silence" if only else f"{name}.silence.{named}", panel.title, "wait",
                    self.parameter(panel.silence.after), (started,), "",
                    self._basis(panel.silence.after, *whole, "silence"), name, panel=named,
                )  # fmt: skip


def turn_of(task: str) -> str:
    """The clock that waits for the next turn of *task*."""
    return f"{task}.turn"


def _starts(spec: ClockSpec) -> tuple[str, ...]:
    """The events that start a clock: those written, and the moment that it counts from."""
    return tuple(dict.fromkeys((*spec.from_, spec.anchor))) if spec.anchor else spec.from_


def _index(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return MappingProxyType({key: tuple(values) for key, values in found.items()})


def _machine(workflow: Workflow) -> Machine:
    """All edges of the definition. Sources and targets were checked by the loader; callables only, never strings."""
    states = [State(NEW), *(State(name) for name in workflow.stages)]
    states += [State(name, final=True) for name in workflow.ends]
    machine = Machine(model=None, states=states, initial=NEW, auto_transitions=False, send_event=True, queued=False)
    for name, channel in workflow.opens.items():
        _add(machine, workflow, name, NEW, channel)
    for stage_name, stage in workflow.stages.items():
        for name, action in stage.actions.items():
            _add(machine, workflow, name, stage_name, action)
        for name, anywhere in workflow.anywhere.items():
            if name not in stage.actions and ("any" in anywhere.from_ or stage_name in anywhere.from_):
                _add(machine, workflow, name, stage_name, anywhere)
    for stage_name, stage in workflow.stages.items():
        if stage.notice is not None and stage.notice.objection and "upheld" in stage.actions:
            _add_late_objection(machine, workflow, stage_name, stage)
    for clock_name, clock in workflow.clocks.items():
        if clock.then is not None:
            for stage_name in workflow.stages:
                _add(machine, workflow, f"{clock_name}.then", stage_name, clock.then)
    return machine


def _add_late_objection(machine: Machine, workflow: Workflow, notice_stage: str, stage: Stage) -> None:
    """An objection received in time is upheld wherever the case has got to in the meantime (F10)."""
    for other in workflow.stages:
        if other != notice_stage:
            _add(machine, workflow, late_upheld(notice_stage), other, stage.actions["upheld"], home=notice_stage)


def goes_back_straight(action: Action) -> bool:
    """Whether *action* leads to whoever sent the case back ``straight``, if somebody did, else to the next stage."""
    targets = [action.to] if isinstance(action.to, str) else [line.to for line in action.to]
    return action.means in FORWARD and "next" in targets


def _senders(workflow: Workflow) -> set[str]:
    """The stages that may send a case back ``straight``."""
    found = {name for name, stage in workflow.stages.items() for a in stage.actions.values() if a.then == "straight"}
    for action in workflow.anywhere.values():
        if action.then == "straight":
            found |= set(workflow.stages if "any" in action.from_ else action.from_)
    return found


def late_upheld(notice_stage: str) -> str:
    """The trigger by which an upheld objection reaches a case that has left its notice."""
    return f"{notice_stage}.upheld"


def _add(machine: Machine, workflow: Workflow, trigger: str, source: str, action: Action, home: str = "") -> None:
    lines = [((), action.to)] if isinstance(action.to, str) else [(line.when, line.to) for line in action.to]
    if source != NEW and goes_back_straight(action):
        for sender in sorted(_senders(workflow) - {source}):
            machine.add_transition(trigger, source, sender, conditions=[_chosen_condition(sender)])
    for when, target in lines:
        conditions: list[Callable[[EventData], bool]] = [_rule_condition(when)] if when else []
        if target in CHOSEN:
            for other in action.among or workflow.stages:
                machine.add_transition(trigger, source, other, conditions=[*conditions, _chosen_condition(other)])
            continue
        dest: str | None = {"stay": None, "again": "="}.get(target, target)
        if target == "next":
            dest = next_of(workflow, home or source) if source != NEW else workflow.main_line[0]
        machine.add_transition(trigger, source, dest, conditions=[*conditions, _not_chosen])


@lru_cache(maxsize=4096)
def is_office_post(post: str) -> bool:
    """Whether people hold *post*; not so for household, anyone, objector and parent."""
    return post.partition("@")[0] not in NO_POST
