"""
The clocks of a case within a decision: which start, stop and end with an event, and the one timer each has pending.

A clock has at most one pending timer: its next rung. Rungs are the due instant itself, the reminders before and after
it and the escalations, in due order; firing one sets the next. So days of standstill are caught up rung by rung, each
once, and a clock that is left takes its timer along (I9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, cast

from engine import clocks
from engine.cases import instant, iso
from engine.clocks import Amount, ClockState, parse_amount, parse_term
from engine.compiling import ClockSpec
from engine.drafting import Draft
from engine.facts import is_missing, plain
from engine.workflow import NO_LENGTH

#: Reason of a stop that the definition orders: a stage or task that does not count.
EXCLUDED = "excluded:"
#: When in its day a date fact happens, for clocks that count hours.
MIDDAY = time(12)
#: What comes first of several rungs at one instant.
_ORDER = {"remind": 0, "due": 1, "over": 1, "late": 2}


@dataclass(frozen=True, slots=True)
class Rung:
    """
    What happens to a clock at an instant: remind, due, late (escalate to *post*), over.

    ``number`` is its place in :attr:`engine.compiling.ClockSpec.rungs`; ``label`` the offset written there.
    """

    at: datetime
    number: int
    kind: str
    label: str = ""
    post: str = ""

    @property
    def place(self) -> tuple[datetime, int, int]:
        """What rungs are ordered by."""
        return self.at, _ORDER[self.kind], self.number


def state_of(draft: Draft, clock: str) -> ClockState | None:
    """The running or stopped clock of that id, if there is one."""
    stored = draft.get("clocks", clock)
    return None if stored is None else ClockState.from_json(clock, stored)


def running(draft: Draft) -> Iterator[tuple[ClockSpec, ClockState]]:
    """Every clock of the case that has not ended."""
    for name, stored in tuple(draft.section("clocks").items()):
        yield draft.procedure.clocks[name], ClockState.from_json(name, stored)


def on_event(draft: Draft, event: str, at: datetime | None = None) -> None:
    """Start, restart and end what *event* starts and ends; *at* is when it happened (default: now)."""
    procedure = draft.procedure
    if event in procedure.anchors:
        draft.put("case", f"when:{event}", iso(at or draft.now))
    for name in procedure.clocks_until.get(event, ()):
        end(draft, name)
    for name in procedure.clocks_from.get(event, ()):
        begin(draft, procedure.clocks[name], event, at or draft.now)


def begin(draft: Draft, spec: ClockSpec, cause: str, at: datetime) -> None:
    """
    Start *spec*, unless it runs already and takes the first start, or was ended for good before.

    A clock over several stages takes the first of its start events; with ``again: latest`` a later one restarts it.
    One that is counted from another moment than its start begins when both are known. The silence of a body begins only
    where that body is asked.
    """
    definition = spec.definition
    if spec.panel is not None and draft.get("asks", spec.ask, {}).get("p", "") != spec.panel:
        return
    if definition is not None:
        if definition.when and not draft.holds(definition.when):
            return
        if definition.again == "first" and (draft.get("clocks", spec.id) or draft.value(f"clock:{spec.id}")):
            return
    if spec.anchor and spec.from_ and cause == spec.anchor and cause not in spec.from_:
        since = draft.value(f"since:{spec.id}")
        if not since:
            return  # Nothing has started it yet.
        at = instant(since)
    elif spec.anchor:
        draft.put("case", f"since:{spec.id}", iso(at))
    anchor = _anchor(draft, spec.anchor) if spec.anchor else None
    if spec.anchor and anchor is None:
        return
    ask = draft.get("asks", spec.ask)
    terms = draft.parameter(spec.terms)
    if terms.rpartition(" ")[2] in NO_LENGTH:
        return
    term = clocks.turn(terms, draft.world.calendar.local_date(at)) if spec.is_turn else parse_term(terms)
    state = clocks.start(
        spec.id, term, at, draft.world.calendar, kind=spec.kind,
        entry=max(ask["n"] if ask else draft.entry, 1), cause=cause, anchor=anchor,
        roll=spec.roll, day_ends=_time(spec.day_ends), protects=spec.protects,
    )  # fmt: skip
    for name in definition.except_ if definition else ():
        if draft.get("asks", name):
            state = clocks.stop(state, draft.now, EXCLUDED + name)
    _disarm(draft, spec.id)
    keep(draft, spec, state)


def end(draft: Draft, clock: str) -> None:
    """The clock has done its work: it is forgotten, with its timer; one over several stages does not start again."""
    if draft.get("clocks", clock) is None:
        return
    if not draft.procedure.clocks[clock].ask:
        draft.put("case", f"clock:{clock}", iso(draft.now))
    draft.drop("case", f"since:{clock}")
    draft.drop("case", _mark(clock))
    draft.drop("clocks", clock)
    _disarm(draft, clock)


def change_body(draft: Draft, ask: str) -> None:
    """Another body is asked in *ask*: the silence of the one before ends, that of the new one begins."""
    asked = draft.get("asks", ask)
    for name in draft.procedure.clocks_of.get(ask, ()):
        spec = draft.procedure.clocks[name]
        if spec.panel is not None:
            end(draft, name)
            if ask in draft.procedure.workflow.tasks or asked.get("r"):
                begin(draft, spec, spec.from_[0], draft.now)


def _mark(clock: str) -> str:
    return f"withheld:{clock}"


def remember(draft: Draft, spec: ClockSpec, rung: Rung) -> None:
    """What *rung*, the first of its clock, should have brought about is withheld; the clock itself goes on."""
    draft.put("case", _mark(spec.id), {"at": iso(rung.at)})


def is_tried_again(draft: Draft, timer: Mapping[str, Any]) -> bool:
    """Whether *timer* stands for what was withheld before."""
    return timer["r"] == 0 and draft.value(_mark(timer["c"]), None) is not None


def try_again(draft: Draft) -> None:
    """What was withheld is due once more, before the rung that its clock waits for."""
    for spec, _ in running(draft):
        mark = draft.value(_mark(spec.id), None)
        if mark is None or "next" in mark:
            continue
        waiting = [timer for timer in draft.section("timers").values() if timer["c"] == spec.id]
        _disarm(draft, spec.id)
        draft.put("case", _mark(spec.id), {**mark, "next": waiting})
        _arm(draft, spec, Rung(instant(mark["at"]), 0, spec.rungs[0][0]))


def keep(draft: Draft, spec: ClockSpec, state: ClockState) -> None:
    """Record *state*; its timer is set anew if it is due at another instant, or runs on."""
    before = state_of(draft, spec.id)
    draft.put("clocks", spec.id, state.to_json())
    if state.due_at > draft.now:
        draft.drop("case", _mark(spec.id))
    pending = any(timer["c"] == spec.id for timer in draft.section("timers").values())
    if pending and before is not None and before.due_at == state.due_at and state.status == "running":
        return
    _disarm(draft, spec.id)
    for rung in rungs(draft, spec, state):
        if rung.at > draft.now or (rung.kind in ("due", "over") and not state.is_late):
            _arm(draft, spec, rung)
            return


def count_anew(draft: Draft, fact: str) -> Iterator[tuple[ClockSpec, ClockState, ClockState]]:
    """
    Count the clocks again that count from the date *fact*, whose value was corrected; gives each before and after.

    Their stops and extensions stay.
    """
    for spec, state in running(draft):
        if fact not in (spec.anchor, state.cause):
            continue
        day = cast(date, _anchor(draft, fact))
        again = clocks.count_from(
            state, draft.world.calendar,
            started_at=draft.world.calendar.at(day, MIDDAY) if state.cause == fact else state.started_at,
            anchor=day if spec.anchor == fact else state.anchor,
        )  # fmt: skip
        keep(draft, spec, again)
        yield spec, state, again


def put_back(draft: Draft, clock: str, stored: Mapping[str, Any] | None, timers: Iterable[Mapping[str, Any]]) -> None:
    """
    *clock* is what it was before an act that is taken back, with the timers that were pending, under fresh numbers.

    It goes on as if it had never been left: what became due in the meantime is due now.
    """
    _disarm(draft, clock)
    running = draft.get("clocks", clock)
    if running is not None and stored is not None and running.get("n", 1) > stored.get("n", 1):
        # It was started anew: its row is closed by that of a later start, under a number of its own.
        stored = {**stored, "n": draft.entry + 1}
    draft.put("clocks", clock, stored)
    if stored is None:
        return
    for timer in timers:
        draft.put("timers", draft.serial(), timer)
    state = ClockState.from_json(clock, stored)
    settled = clocks.settle(state, draft.world.calendar)
    if settled is not state:
        keep(draft, draft.procedure.clocks[clock], settled)


def exclude(draft: Draft, ask: str, entered: bool) -> None:
    """Stop the clocks that do not count *ask* while it is open, and let them run on after it."""
    reason = EXCLUDED + ask
    for name in draft.procedure.excluding.get(ask, ()):
        state = state_of(draft, name)
        if state is None:
            continue
        changed = (
            clocks.stop(state, draft.now, reason)
            if entered
            else clocks.resume(state, draft.now, draft.world.calendar, reason)
        )
        keep(draft, draft.procedure.clocks[name], changed)


def rungs(draft: Draft, spec: ClockSpec, state: ClockState) -> list[Rung]:
    """All rungs of a running clock, in due order; none while it is stopped."""
    if state.status != "running":
        return []
    kind, _, _ = spec.rungs[0]
    found = [Rung(state.due_at, 0, kind)]
    if spec.ladder:
        for index, at in clocks.reminder_instants(state, spec.ladder, draft.world.calendar):
            found.append(Rung(at, index + 1, *spec.rungs[index + 1]))
    return sorted(found, key=lambda rung: rung.place)


def fire(draft: Draft, spec: ClockSpec, timer: dict[str, Any]) -> Rung:
    """The rung that *timer* stands for; sets the timer of the next, or, if it is tried again, the one that waited."""
    state = state_of(draft, spec.id)
    assert state is not None, "a clock that is forgotten takes its timer along"
    fired = Rung(instant(timer["at"]), int(timer["r"]), *spec.rungs[int(timer["r"])])
    if is_tried_again(draft, timer):
        for waiting in draft.value(_mark(spec.id)).get("next", ()):
            draft.put("timers", draft.serial(), waiting)
        draft.drop("case", _mark(spec.id))
        return fired
    if fired.kind == "due":
        draft.put("clocks", spec.id, clocks.mark_late(state, draft.now).to_json())
    for rung in rungs(draft, spec, state):
        if rung.place > fired.place:
            _arm(draft, spec, rung)
            break
    return fired


def _arm(draft: Draft, spec: ClockSpec, rung: Rung) -> None:
    draft.put("timers", draft.serial(), {"c": spec.id, "k": rung.kind, "r": rung.number, "at": iso(rung.at)})


def _disarm(draft: Draft, clock: str) -> None:
    for number, timer in tuple(draft.section("timers").items()):
        if timer["c"] == clock:
            draft.drop("timers", number)


def _anchor(draft: Draft, moment: str) -> datetime | date | None:
    """The day of the date fact *moment*, or the instant of the event when it last happened; None while not known."""
    stored = draft.get("facts", moment)
    fact = draft.procedure.workflow.facts.get(moment)
    if fact is not None:
        return None if stored is None or is_missing(stored["v"]) else cast(date, plain(fact, stored["v"]))
    happened = draft.value(f"when:{moment}")
    return instant(happened) if happened else None


def _time(text: str) -> time | None:
    return None if text == "24:00" else time.fromisoformat(text)


def extension(draft: Draft, spec: ClockSpec, state: ClockState, to: str) -> Amount:
    """
    What must be added so that the clock has *to* in all: extensions are written as the whole length reached.

    Raises:
        ValueError: *to* is in another unit or not longer.
    """
    whole = parse_amount(draft.parameter(to))
    if not isinstance(state.term, Amount) or state.term.unit != whole.unit:
        raise ValueError(f"{spec.id} is extended to {whole}, but counts {state.term}")
    granted = [each for each in state.extensions if each.reason != clocks.BY_CALENDAR]
    own = state.term.number + sum(each.amount.number for each in granted if each.amount.unit == whole.unit)
    if whole.number <= own:
        raise ValueError(f"{spec.id} already has {own} {whole.unit}")
    return Amount(whole.number - own, whole.unit)
