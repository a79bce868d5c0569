"""
What officers do to one another's work, in every order: no case gets stuck, no answer is lost, no join is doubled (C7).

All states that any sequence of up to *depth* verbs leads to are explored breadth-first, on four small shapes
(shapes.py: one post after the other; awaited tasks; a countersigned panel, and one that answers in order), each with
the same office. In every state everything that an officer of the alphabet could ask is tried. A model beside the engine
(onpaper.py) says what must come of it: the engine does exactly that, or both refuse.

Two sequences that lead to equal states are gone on with once. Equal means: the same record, but for what only numbers
things (serial numbers, event numbers, the numbers of entries but for their order), on the same day with the same
deputies; and the same past as far as it can still be taken back: every act since the last event that nobody withdraws,
with the record before it. What happened before such an event is out of reach of every verb, but for the end of a case
that could be reopened, which is kept as well. So nothing that a longer sequence could tell is lost.

``make test`` goes through all verbs for three or four steps, and through those that bear on one another for four to six
(TOGETHER): about 40 seconds. ``make long`` goes through all verbs for six. Of interchangeable persons the alphabet has
only those who are needed to tell one from another: two holders of the post that is asked, one signer, one deputy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.cases import Case, Event, FireTimer, OpenCase, canonical, fold, instant
from engine.deciding import decide
from engine.drafting import World
from engine.errors import BangfuError
from engine.offering import Offer, offered
from tests.harness import COUNTY, HOUSEHOLD, MONDAY, VILLAGE, calendar
from tests.property.onpaper import Clerk, RefusedError, Sheet, work_of
from tests.property.shapes import (
    ANSWERS,
    BACK,
    BESIDE,
    HANDING,
    LENT,
    SHAPES,
    SIGNING,
    STAFF,
    TAKING,
    TWO,
    Move,
    Shape,
)

_CASE = UUID(int=7)
#: Events that withdrawing reaches, and those that it passes over; everything else ends what could be taken back.
_ACTS, _BESIDE = (
    frozenset({"acted", "signed"}),
    frozenset({"copied", "urged", "proposed", "declined", "retracted", "fired"}),
)
#: What is offered without saying for what value or for whom.
DEPENDS = frozenset({"assign", "add_signer", "propose"})
#: Answers on the way to approval, and what agrees to one that is held.
FORWARD = frozenset({"pass", "grant", "done", "agree"})
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class State:
    """A case somewhere: its record and events, the same on paper, and the acts that could be taken back."""

    case: Case
    events: tuple[Event, ...]
    sheet: Sheet
    acts: tuple[tuple[int, int], ...] = ()
    end: int = 0
    path: tuple[Move, ...] = ()

    def key(self) -> int:
        return hash(
            (_essence(self.case), self.sheet.lent, self.sheet.day, self.end, tuple(act for _, act in self.acts))
        )


@dataclass
class Exploration:
    """All states of one shape that some groups of verbs lead to."""

    shape: Shape
    groups: frozenset[str]
    #: Every how many-th state everybody's offers are compared with what is carried out.
    offers_every: int
    done: Counter[str] = field(default_factory=Counter)
    states: int = 0
    transitions: int = 0
    _ids: int = 1000

    def __post_init__(self) -> None:
        self.clerk = Clerk(self.shape.office)
        self.moves = [move for move in self.shape.moves() if move.group in self.groups]
        self.everything = list(self.shape.moves())
        self.forward = list(self.shape.forward())

    def run(self, depth: int) -> None:
        """Explore; the states that the last verbs lead to are compared with the model, and not gone on from."""
        layer, seen = [self._first()], {self._first().key()}
        for left in reversed(range(depth)):
            found: list[State] = []
            for place, state in enumerate(layer):
                follows = list(self.followers(state, self.moves))
                require_sound(self, state, follows)
                if place % self.offers_every == 0:
                    require_offers_agree(self, state)
                for each in follows:
                    self.transitions += 1
                    self.done[each.path[-1].verb] += 1
                    if (key := each.key()) not in seen:
                        seen.add(key)
                        if left:
                            found.append(each)
            layer = found
        self.states = len(seen)

    def _first(self) -> State:
        command = OpenCase(
            id=self._id(), person="cadre", channel="applied", subject=HOUSEHOLD, division=VILLAGE,
            number=f"{COUNTY}-2026-000001", facts={"income": 5},
        )  # fmt: skip
        decision = decide(self.shape.procedure, Case(COUNTY, _CASE), command, MONDAY, World(calendar(), STAFF))
        return State(decision.case, (decision.event,), self.clerk.opened("cadre", "check"))

    def _id(self) -> UUID:
        self._ids += 1
        return UUID(int=self._ids)

    def followers(self, state: State, moves: Sequence[Move]) -> Iterator[State]:
        for move in moves:
            follows = self.after(state, move)
            if follows is not None:
                require_same(follows)
                yield follows

    def after(self, state: State, move: Move) -> State | None:
        """The state after *move*; None if it is refused. Engine and model agree on that."""
        path = (*state.path, move)
        if move.verb == "deputy":
            return replace(state, sheet=replace(state.sheet, lent=not state.sheet.lent), path=path)
        if move.verb == "day":
            return self._next_day(replace(state, sheet=replace(state.sheet, day=state.sheet.day + 1), path=path))
        try:
            sheet = getattr(self.clerk, move.verb)(state.sheet, move.who, **move.more)
        except RefusedError as refused:
            sheet = refused
        try:
            decision = decide(self.shape.procedure, state.case, move.command(self._id()), *self.around(state))
        except BangfuError as error:
            if isinstance(sheet, RefusedError):
                return None
            raise AssertionError(f"{told(path)}: refused: {error}") from error
        assert not isinstance(sheet, RefusedError), f"{told(path)}: on paper refused: {sheet}"
        return _follows(replace(state, sheet=sheet, path=path), decision.case, decision.event)

    def _next_day(self, state: State) -> State:
        """A day later, all timers that are due then have been fired."""
        while due := [number for number, timer in state.case.section("timers").items() if self._is_due(state, timer)]:
            now, world = self.around(state)
            command = FireTimer(id=self._id(), timer=min(due, key=int))
            decision = decide(self.shape.procedure, state.case, command, now, world)
            state = _follows(state, decision.case, decision.event)
        return state

    def _is_due(self, state: State, timer: Mapping[str, Any]) -> bool:
        return instant(timer["at"]) <= MONDAY + state.sheet.day * _DAY

    def around(self, state: State) -> tuple[Any, World]:
        staff = LENT if state.sheet.lent else STAFF
        return MONDAY + state.sheet.day * _DAY, World(calendar(), staff, history=state.events)


def _follows(state: State, case: Case, event: Event) -> State:
    """*state*, which is before the event but for its sheet, after it."""
    assert fold(state.case, event).record() == case.record(), "I2: what the events fold to is what was decided"
    moves = [value for section, key, value in event.changes if (section, key) == ("case", "stage")]
    assert len(moves) <= 1, f"{told(state.path)}: one event, two moves"
    acts, end = state.acts, state.end
    if event.kind == "withdrawn":
        acts = tuple(act for act in acts if act[0] != event.body["undone"])
    elif event.kind in _ACTS:
        act = hash((event.kind, event.actor, event.post, event.behalf, _essence(state.case)))
        acts = (*acts, (event.seq, act))
    elif event.kind not in _BESIDE:
        acts = ()
    if state.case.status == "open" != case.status:
        end = hash((event.actor, event.behalf, event.body.get("ask"), _essence(state.case)))
    elif case.status == "open":
        end = 0
    return replace(state, case=case, events=(*state.events, event), acts=acts, end=end)


def told(path: Sequence[Move]) -> str:
    return "; ".join(map(str, path))


# --- equal but for numbers --------------------------------------------------------------------------------------------


def _essence(case: Case) -> str:
    """The record without what only numbers things; entries by their order."""
    part = {name: dict(case.section(name)) for name in case.sections}
    own = part["case"]
    entries = {int(own.get("entry", 0)), int(own.get("granted_in", 0))}
    entries |= {value["n"] for name in ("visits", "asks", "tasks") for value in part.get(name, {}).values()}
    rank = {entry: place for place, entry in enumerate(sorted(entries))}

    def plain(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: rank.get(each, each) if key == "n" else plain(each) for key, each in value.items() if key != "s"}

    part["case"] = {name: value for name, value in own.items() if name not in ("next", "back")} | {
        name: rank[own[name]] for name in ("entry", "granted_in") if name in own
    }
    part["case"].pop("granted", None)
    numbered = {name: part.pop(name, {}) for name in ("items", "timers", "answers", "passed", "clocks")}
    found: dict[str, Any] = {name: plain(each) for name, each in part.items() if each}
    # The order of work and of votes may matter, their numbers not.
    found["items"] = [numbered["items"][key] for key in sorted(numbered["items"], key=int)]
    found["timers"] = sorted(map(canonical, numbered["timers"].values()))
    found["answers"] = {key.partition("/")[2]: value for key, value in numbered["answers"].items()}
    found["passed"] = sorted(numbered["passed"])
    found["clocks"] = {
        name: {key: value for key, value in clock.items() if key != "entry"}
        for name, clock in numbered["clocks"].items()
    }
    return canonical(found)


# --- what must hold ---------------------------------------------------------------------------------------------------


def require_same(state: State) -> None:
    """The record says what the paper says: who has work, what counts, what is held, what is due, who acted."""
    found, wanted = _of_record(state.case), _of_sheet(state.sheet)
    for name, value in wanted.items():
        assert found[name] == value, f"{told(state.path)}: {name}: {found[name]}, on paper {value}"


def _of_record(case: Case) -> dict[str, Any]:
    def of(ask: str, section: str) -> Iterator[tuple[str, Any]]:
        for key, value in case.section(section).items():
            if section == "answers" and key.partition("#")[0] == ask:
                yield key.partition("/")[2], value
            elif section == "items" and value["q"] == ask:
                yield key, value

    asks = {}
    for name, ask in case.section("asks").items():
        work = sorted(
            ("" if "g" in item else item.get("f", item["p"]), item["p"], item.get("by", ""),
             item.get("of", {}).get("by", ""), item.get("g", ""))
            for _, item in of(name, "items")
        )  # fmt: skip
        votes = {who: (value["a"], value["p"], value.get("by", who)) for who, value in of(name, "answers")}
        signers = {who: (each["w"], each["by"], each.get("a", "")) for who, each in ask.get("g", {}).items()}
        asks[name] = (work, votes, signers, ask.get("h", {}).get("a", ""), ask.get("b", False))
    tasks = {name: task["r"] if task["st"] == "done" else task["st"] for name, task in case.section("tasks").items()}
    return {
        "stage": (case.stage, case.status), "asks": asks, "tasks": tasks,
        "acts": {ask: set(persons) for ask, persons in case.section("acts").items()},
        "due": {name: (instant(clock["due"]) - MONDAY).days for name, clock in case.section("clocks").items()},
        "urged": {
            name: int(ask["u"][-2:]) - MONDAY.day for name, ask in case.section("asks").items() if "u" in ask
        },
        "proposals": {what: each["by"] for what, each in case.section("proposals").items()},
        "fact": case.section("facts")["income"]["v"],
    }  # fmt: skip


def _of_sheet(sheet: Sheet) -> dict[str, Any]:
    asks = {
        name: (
            sorted((each.seat, each.post, each.by, each.giver, each.signs) for each in now.work),
            {who: (vote.answer, vote.seat, vote.by) for who, vote in now.votes.items()},
            {who: (each.when, each.adder, each.said) for who, each in now.signers.items()}, now.held, now.begun,
        )
        for name, now in sheet.asks.items()
    }  # fmt: skip
    return {
        "stage": (sheet.stage, sheet.status), "asks": asks, "tasks": dict(sheet.tasks),
        "acts": {ask: set(persons) for ask, persons in sheet.acts.items()}, "due": dict(sheet.due),
        "urged": dict(sheet.urged), "proposals": dict(sheet.proposals), "fact": sheet.fact,
    }  # fmt: skip


def require_sound(exploration: Exploration, state: State, follows: Sequence[State]) -> None:
    """What holds of every case, whatever the model says."""
    case = state.case
    clocks = [timer["c"] for timer in case.section("timers").values()]
    assert set(clocks) <= set(case.section("clocks")), f"{told(state.path)}: a timer of no clock"
    assert len(clocks) == len(set(clocks)), f"{told(state.path)}: a clock with two timers"
    for name, ask in case.section("asks").items():
        work = [item for item in case.section("items").values() if item["q"] == name]
        assert work, f"{told(state.path)}: {name} is nobody's work"
        if "e" in ask and "h" not in ask:
            _require_seats(state, name, ask["e"], [item for item in work if "g" not in item])
        awaited = exploration.shape.office.asked[name].awaits
        if not any(task in case.section("asks") for task in awaited):
            _require_not_stuck(exploration, state, name, follows)


def _require_seats(state: State, name: str, entitled: Mapping[str, int], work: Sequence[Mapping[str, Any]]) -> None:
    """Every seat has answered or has its work; in order, only the post whose turn it is has any."""
    votes = Counter(value["p"] for value in state.case.section("answers").values())
    open_ = Counter(item.get("f", item["p"]) for item in work)
    for post, seats in entitled.items():
        found = votes[post] + open_[post]
        later = state.case.workflow == "panel_in_order" and not open_[post]
        assert found == seats or (later and found == 0), f"{told(state.path)}: {name}: {post} has {found} of {seats}"


def _require_not_stuck(exploration: Exploration, state: State, name: str, follows: Sequence[State]) -> None:
    """Somebody can answer the question favourably, or agree to what is held, at once or after one other verb."""
    if any(_brings_forward(exploration, each.path[-1], name, state) for each in follows):
        return
    forward = [move for move in exploration.forward if _asks(move, state) == name]
    # Some other verb frees it: work is given back, assigned or taken away; a signer goes; an act is taken back.
    for each in (state, *exploration.followers(state, exploration.everything)):
        if any(exploration.after(each, move) is not None for move in forward if _asks(move, each) == name):
            return
    raise AssertionError(f"{told(state.path)}: nobody can bring {name} forward")


def _asks(move: Move, state: State) -> str:
    return str(move.more.get("on") or state.case.stage)


def _brings_forward(exploration: Exploration, move: Move, name: str, state: State) -> bool:
    return move.more.get("answer") in FORWARD and _asks(move, state) == name


# --- what is offered --------------------------------------------------------------------------------------------------


def require_offers_agree(exploration: Exploration, state: State) -> None:
    """What is offered is carried out, and nothing else is (F09)."""
    now, world = exploration.around(state)
    offers: dict[str, tuple[Offer, ...]] = {}
    for move in exploration.everything:
        if move.verb in ("deputy", "day"):
            continue
        if move.who not in offers:
            offers[move.who] = offered(exploration.shape.procedure, state.case, move.who, now, world)
        allowed = any(each.allowed and _is_of(each, move, state) for each in offers[move.who])
        done = exploration.after(state, move) is not None
        assert allowed or not done or _has_it(move, state), f"{told((*state.path, move))}: done and not offered"
        assert done or not allowed or move.verb in DEPENDS, f"{told((*state.path, move))}: offered and refused"


def _is_of(offer: Offer, move: Move, state: State) -> bool:
    asks, more = _asks(move, state), move.more
    match move.verb:
        case "answer":
            return (offer.kind, offer.action, offer.on) == ("act", more["answer"], asks)
        case "sign":
            return (offer.kind, offer.action, offer.on) == ("sign", more["answer"], asks)
        case "propose" | "confirm" | "decline" | "retract":
            return (offer.kind, offer.action) == (move.verb, more["what"])
        case "withdraw" | "copy":
            return offer.kind == move.verb
    chosen = more.get("to") or (more.get("signer") if move.verb == "remove_signer" else None)
    return offer.kind == move.verb and offer.on == asks and (chosen is None or chosen in offer.choices)


def _has_it(move: Move, state: State) -> bool:
    """To claim what one has already changes nothing, and is not offered."""
    return move.verb == "claim" and any(
        work.by == move.who for name, work in work_of(state.sheet) if name == _asks(move, state)
    )


# --- all sequences ----------------------------------------------------------------------------------------------------

ALL = (ANSWERS, TAKING, HANDING, SIGNING, BACK, TWO, BESIDE)
#: What is explored in every run of the tests: all verbs a little way, and further those that bear on one another most.
TOGETHER: Mapping[str, tuple[Sequence[str], Mapping[str, int]]] = {
    "everything": (ALL, {"serial": 4, "parallel": 3, "panel": 3, "panel_in_order": 3}),
    "who has the work": (
        (ANSWERS, TAKING, HANDING, BACK),
        {"serial": 5, "parallel": 4, "panel": 3, "panel_in_order": 4},
    ),
    "who signs": ((ANSWERS, SIGNING, BACK), {"serial": 6, "parallel": 4, "panel": 5, "panel_in_order": 6}),
    "second thoughts": ((ANSWERS, BACK, TWO), {"serial": 6, "parallel": 5, "panel": 4, "panel_in_order": 5}),
}


def _explore(name: str, groups: Sequence[str], depth: int, offers_every: int) -> Exploration:
    found = Exploration(SHAPES[name], frozenset(groups), offers_every)
    found.run(depth)
    print(f"{name}, {depth} verbs: {found.states} states, {found.transitions} transitions; {dict(found.done)}")
    return found


@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("name", SHAPES)
def test_C7_in_whatever_order_nothing_is_stuck_lost_or_doubled(name: str, together: str) -> None:
    groups, depths = TOGETHER[together]
    found = _explore(name, groups, depths[name], offers_every=7)
    tried = {move.verb for move in found.moves}
    assert tried == set(found.done), f"never carried out: {tried - set(found.done)}"


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_C7_for_long_in_whatever_order_nothing_is_stuck_lost_or_doubled(name: str) -> None:
    _explore(name, ALL, 6, offers_every=100)
