"""
A case runner in memory, for tests of the core: no store, no office, time that stands still.

It does what they would: opens secrets' tokens, keeps every event, carries out followups on other cases in the same
step, and fires due timers in due order. After every event it holds the case to what must always be true: its record is
what its events fold to, and what is read back from canonical JSON (I2).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest

from bangfu.library import Library
from engine.calendar import Calendar, CalendarOverlay, CalendarYear, OffDays
from engine.cases import (
    Act,
    Case,
    Command,
    Decision,
    Document,
    Event,
    FireTimer,
    Message,
    Object,
    OpenCase,
    PostNotice,
    ProveNotice,
    Secret,
    instant,
    link_hash,
    replay,
)
from engine.compiling import Procedure
from engine.deciding import decide
from engine.drafting import World
from engine.errors import GuardRefusedError
from engine.loading import Source, load, read_as
from engine.people import Holding, Person, Staff

COUNTY = "430822"
VILLAGE, TOWNSHIP, WHOLE = "430822213213", "430822213000", "430822000000"
OTHER_VILLAGE = "430822213202"
HOUSEHOLD = UUID(int=7).hex
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAPER = Document("ab" * 32, "scan.pdf", 2048)


@cache
def calendar(*closed: date) -> Calendar:
    """The State Council's notices, as shipped; amended by a county that closes its offices on some days."""
    years = [read_as(source, CalendarYear) for source in Library().calendar_files()]
    off = tuple(OffDays.model_validate({"title": "雪灾", "days": day.isoformat()}) for day in closed)
    overlay = CalendarOverlay(title="样例", source="县公告1号", kind="closure", off=off)
    return Calendar.of(years, [overlay] if closed else [])


def workflow(text: str) -> Procedure:
    """
    A procedure from YAML, as a test writes it; posts need not be declared, their ids serve as titles.

    ``title`` and ``subject: household`` may be left out.
    """
    head = "" if "title:" in text.partition("stages:")[0].partition("opens:")[0] else "title: 样例\n"
    head += "" if "\nsubject:" in text else "subject: household\n"
    return Procedure(load([Source("test.yaml", head + text)]))


@cache
def shipped(name: str, pack: str = "hn_demo") -> Procedure:
    return Procedure(Library().definition(name, pack))


def person(key: str, *posts: str, relatives: Iterable[str] = (), active: bool = True) -> Person:
    """An invented officer holding *posts* (``level.role``, or ``level.role@division``) at the division of his level."""
    holdings = tuple(Holding(post.partition("@")[0], post.partition("@")[2] or _seat(post), DAY_ONE) for post in posts)
    return Person(key, key, active, holdings, frozenset(relatives))


DAY_ONE = date(2020, 1, 1)


def _seat(post: str) -> str:
    level = post.partition(".")[0]
    above = {"prefecture": "430800000000", "province": "430000000000"}
    return {"village": VILLAGE, "group": VILLAGE, "township": TOWNSHIP, **above}.get(level, WHOLE)


def with_staff(staff: Staff, *people: Person) -> Staff:
    """*staff* and *people*, who replace those of the same key."""
    return Staff.of({**staff.people, **{each.key: each for each in people}}.values())


def staff_for(*procedures: Procedure) -> Staff:
    """Two holders for every post that *procedures* name; the keys of both are the post, the second with a 2 behind."""
    posts = dict.fromkeys(post for procedure in procedures for post in _posts(procedure))
    return Staff.of(person(post + more, post) for post in posts for more in ("", "2"))


def _posts(procedure: Procedure) -> Iterable[str]:
    """Every word of the definition that is a post."""
    stack: list[Any] = [json.loads(procedure.definition.canonical)]
    levels = ("village", "group", "township", "county", "prefecture", "province", "outside")
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += [*value.values(), *value]
        elif isinstance(value, list):
            stack += value
        elif (
            isinstance(value, str) and value.partition(".")[0] in levels and value.count(".") == 1 and " " not in value
        ):
            yield value.partition("@")[0]


@contextmanager
def refused_by(rule: str) -> Iterator[None]:
    """What is asked within is refused by the rule, or group of rules, of that name."""
    with pytest.raises(GuardRefusedError) as refused:
        yield
    assert refused.value.rule == rule, refused.value.message


@dataclass
class Runner:
    """
    Cases walking their procedures.

    Attributes:
        procedures: By workflow: what cases are opened under; those already open stay on theirs.
        now: What ``decide`` is told; tests move it.
        case: The case that commands go to unless they say otherwise: the first that was opened.
    """

    procedures: Mapping[str, Procedure]
    staff: Staff
    now: datetime = MONDAY
    calendar: Calendar = field(default_factory=calendar)
    members: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    register: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    earlier: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    cases: dict[UUID, Case] = field(default_factory=dict)
    events: dict[UUID, list[Event]] = field(default_factory=dict)
    versions: dict[UUID, Procedure] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    main: UUID | None = None
    _ids: int = 1000

    @classmethod
    def of(cls, *given: Procedure | str, **more: Any) -> Runner:
        """A runner of some procedures, or of YAML texts; every post is held by two persons."""
        procedures = [workflow(each) if isinstance(each, str) else each for each in given]
        staff = more.pop("staff", None) or staff_for(*procedures)
        return cls({each.workflow.workflow: each for each in procedures}, staff, **more)

    # --- what there is ---

    @property
    def case(self) -> Case:
        assert self.main is not None
        return self.cases[self.main]

    @property
    def procedure(self) -> Procedure:
        assert self.main is not None
        return self.versions[self.main]

    @property
    def stage(self) -> str:
        return self.case.stage

    @property
    def world(self) -> World:
        return self.world_of(self.main)

    def world_of(self, case: UUID | None) -> World:
        """What there is beside *case*, and what happened to it."""
        history = self.events.get(case, ()) if case is not None else ()
        return World(
            self.calendar, self.staff, self.members, history=tuple(history), register=self.register, last=self.earlier,
            parts=self.parts,
        )  # fmt: skip

    def children(self, workflow: str = "") -> list[Case]:
        """The cases that were opened by others, in order."""
        return [case for key, case in self.cases.items() if key != self.main and workflow in ("", case.workflow)]

    def last(self, case: UUID | None = None) -> Event:
        return self.events[case or self.case.id][-1]

    def told(self, event: str) -> list[str]:
        """The posts that were told *event*, in order."""
        return [message.post for message in self.messages if message.event == event]

    def timers(self, case: Case | None = None) -> dict[str, datetime]:
        """Clock → when its pending timer is due."""
        return {t["c"]: instant(t["at"]) for t in (case or self.case).section("timers").values()}

    def items(self, ask: str) -> list[str]:
        """The posts that have open work for *ask*, one for each item."""
        return sorted(item["p"] for item in self.case.section("items").values() if item["q"] == ask)

    def due(self, clock: str) -> datetime:
        return instant(self.case.section("clocks")[clock]["due"])

    # --- what is asked ---

    def new_id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids)

    def open(self, by: str, channel: str = "", workflow: str = "", **more: Any) -> Case:
        """Open a case as the person *by*; a fact may be given by its name."""
        name = workflow or next(iter(self.procedures))
        command = OpenCase(
            id=self.new_id(), person=by, channel=channel or next(iter(self.procedures[name].workflow.opens)),
            subject=more.pop("subject", HOUSEHOLD), division=more.pop("division", VILLAGE),
            number=f"{COUNTY}-2026-{self._ids:06d}", **more,
        )  # fmt: skip
        case_id = self.new_id()
        self.main = self.main or case_id
        try:
            self.ask(command, case_id, workflow=name)
        except Exception:
            self.main = None if self.main == case_id else self.main
            raise
        return self.cases[case_id]

    def act(self, by: str, action: str, on: str = "", *, case: UUID | None = None, **more: Any) -> Case:
        """Answer as the person *by*; what is not a part of the command is a fact."""
        known = {name: more.pop(name) for name in tuple(more) if name in Act.__dataclass_fields__}
        facts = {**known.pop("facts", {}), **more}
        return self.ask(Act(id=self.new_id(), person=by, action=action, on=on, facts=facts, **known), case)

    def post(self, by: str, place: str = "square", **more: Any) -> Case:
        at = more.pop("at", self.now)
        return self.ask(PostNotice(id=self.new_id(), person=by, place=place, at=at, proof=PAPER, **more))

    def prove(self, by: str, place: str = "square", **more: Any) -> Case:
        return self.ask(ProveNotice(id=self.new_id(), person=by, place=place, proof=PAPER, **more))

    def lodge(self, by: str, **more: Any) -> Case:
        """An objection; gives its own case."""
        child = self.new_id()
        received = more.pop("received_at", self.now)
        self.ask(Object(id=self.new_id(), person=by, objector=child.hex, received_at=received, child=child, **more))
        return self.cases[child]

    def do(self, kind: Callable[..., Command], by: str, *, case: UUID | None = None, **more: Any) -> Case:
        """Any other command."""
        return self.ask(kind(id=self.new_id(), person=by, **more), case)

    def ask(self, command: Command, case: UUID | None = None, workflow: str = "") -> Case:
        """Have *command* and all that follows from it decided; on a refusal nothing is kept."""
        kept = (dict(self.cases), {key: list(each) for key, each in self.events.items()}, list(self.messages))
        waiting = [(case or self.case.id, command, workflow)]
        try:
            while waiting:
                target, asked, new = waiting.pop(0)
                decision = self._decide(target, asked, new)
                waiting += [(each.case, each.command, each.workflow) for each in decision.followups]
        except Exception:
            self.cases, self.events, self.messages = kept
            raise
        return self.cases[case or self.case.id]

    def attempt(self, command: Command, case: UUID | None = None) -> Decision:
        """What *command* would do, without doing it."""
        target = self.cases[case or self.case.id]
        return decide(self.versions[target.id], target, command, self.now, self.world_of(target.id))

    def _decide(self, target: UUID, command: Command, workflow: str) -> Decision:
        if workflow:
            self.versions[target] = self.procedures[workflow]
        before = self.cases.get(target) or Case(COUNTY, target)
        if isinstance(command, OpenCase) and not command.division:
            command = replace(command, division=VILLAGE)  # As the register has it; the office looks that up.
        decision = decide(self.versions[target], before, command, self.now, self.world_of(target))
        event = sealed(decision.event, before)
        case = replay(COUNTY, target, [*self.events.get(target, []), event])
        assert case.record() == decision.case.record(), "I2: what the events fold to is what was decided"
        case = replace(case, sections=_as_read_back(case))
        assert case.record() == decision.case.record(), "I2: a record survives being stored"
        assert event.seq == before.seq + 1, "I1"
        assert event.at >= before.at, "I10"
        self.cases[target] = case
        self.events.setdefault(target, []).append(event)
        self.messages += decision.messages
        return decision

    # --- time ---

    def wait(self, **time: float) -> list[Event]:
        """Let time pass (as `timedelta` counts it) and fire what has become due; gives the events."""
        return self.until(self.now + timedelta(**time))

    def until(self, moment: datetime) -> list[Event]:
        """Let time pass until *moment*, and sweep once then, as after days off: in due order, each timer once."""
        self.now = moment
        fired: list[Event] = []
        while due := self.pending():
            at, key, number = due[0]
            assert at <= self.now
            self.ask(FireTimer(id=self.new_id(), timer=number), key)
            fired.append(self.events[key][-1])
        return fired

    def pending(self) -> Sequence[tuple[datetime, UUID, str]]:
        """Timers that are due: when, of which case, which; in due order."""
        return sorted(
            (instant(timer["at"]), key, number)
            for key, case in self.cases.items()
            for number, timer in case.section("timers").items()
            if instant(timer["at"]) <= self.now
        )


def sealed(event: Event, before: Case) -> Event:
    """*event* as a store would keep it: its secrets have tokens, its hash is linked to the one before."""
    _seal((event.body, event.changes))
    return replace(event, hash=link_hash(event, before.head, event.text()))


def _seal(value: Any) -> None:
    if isinstance(value, Secret):
        value.token = value.token or "sealed:" + json.dumps(value.value, ensure_ascii=False)
    elif isinstance(value, Mapping):
        for part in value.values():
            _seal(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _seal(part)


def _as_read_back(case: Case) -> dict[str, Any]:
    return json.loads(case.record(), object_hook=_open)


def _open(value: dict[str, Any]) -> Any:
    if set(value) == {"x"} and isinstance(value["x"], str):
        return Secret(json.loads(value["x"].removeprefix("sealed:")), value["x"])
    return value
