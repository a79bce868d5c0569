"""
The clocks of a case within a decision: which start, stop and end with an event, and the one timer each has pending.

A clock has at most one pending timer: its next rung. Rungs are the reminders before, the due instant itself, the
reminders and escalations after it, in due order; firing one sets the next. So days of standstill are caught up rung by
rung, each once, and a clock that is left takes its timer along (I9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from engine import clocks
from engine.calendar import Calendar
from engine.cases import instant, iso
from engine.clocks import Amount, ClockState, Offset, parse_amount, parse_rung, parse_term
from engine.compiling import ClockSpec
from engine.drafting import Draft

#: Reason of a stop that the definition orders: a stage or task that does not count.
EXCLUDED = "excluded:"


@dataclass(frozen=True, slots=True)
class Rung:
    """What happens to a clock at an instant: remind, due, late (escalate to *post*), then, over."""

    at: datetime
    kind: str
    post: str = ""
    label: str = ""


def state_of(draft: Draft, clock: str) -> ClockState | None:
    """The running or stopped clock of that id, if there is one."""
    stored = draft.get("clocks", clock)
    return None if stored is None else ClockState.from_json(stored)


def running(draft: Draft) -> Iterator[tuple[ClockSpec, ClockState]]:
    """Every clock of the case that has not ended."""
    for name in tuple(draft.section("clocks")):
        state = state_of(draft, name)
        if state is not None:
            yield draft.procedure.clocks[name], state


def on_event(draft: Draft, event: str, at: datetime | None = None, anchor: date | None = None) -> None:
    """Start, restart and end what *event* starts and ends; *at* is when it happened (default: now)."""
    procedure = draft.procedure
    for name in procedure.clocks_until.get(event, ()):
        end(draft, name)
    for name in procedure.clocks_from.get(event, ()):
        begin(draft, procedure.clocks[name], event, at or draft.now, anchor)


def begin(draft: Draft, spec: ClockSpec, cause: str, at: datetime, anchor: date | None = None) -> None:
    """
    Start *spec*, unless it runs already and takes the first start, or was ended for good before.

    A clock over several stages takes the first of its start events; with ``again: latest`` a later one restarts it.
    """
    definition = spec.definition
    if definition is not None:
        if definition.when and not draft.holds(definition.when):
            return
        again = definition.again == "latest"
        if not again and (draft.get("clocks", spec.id) or draft.get("case", f"clock:{spec.id}")):
            return
    calendar = draft.world.calendar
    term = parse_term(spec.terms)
    if isinstance(term, Offset):
        anchor = anchor or _anchor(draft, term.anchor)
        if anchor is None:
            return
    state = clocks.start(
        spec.id, term, at, calendar, kind=spec.kind, entry=max(draft.entry, 1), cause=cause,
        anchor=anchor if isinstance(term, Offset) else None,
        roll=spec.roll, day_ends=_time(spec.day_ends), protects=spec.protects,
    )  # fmt: skip
    for ask in draft.section("asks"):
        if ask in spec.excluded:
            state = clocks.stop(state, draft.now, EXCLUDED + ask)
    keep(draft, spec, state)


def end(draft: Draft, clock: str) -> None:
    """The clock has done its work: its ledger is closed and its timer cancelled."""
    if draft.get("clocks", clock) is None:
        return
    spec = draft.procedure.clocks[clock]
    if not spec.per_entry:
        draft.put("case", f"clock:{clock}", iso(draft.now))
    draft.drop("clocks", clock)
    _disarm(draft, clock)


def keep(draft: Draft, spec: ClockSpec, state: ClockState) -> None:
    """Record *state* and set the clock's timer anew."""
    draft.put("clocks", spec.id, state.to_json())
    _disarm(draft, spec.id)
    _arm(draft, spec, state, _first_rung(draft, spec, state))


def exclude(draft: Draft, ask: str, entered: bool) -> None:
    """Stop the clocks that do not count *ask* while it is open, and let them run on after it."""
    for spec, state in tuple(running(draft)):
        if ask not in spec.excluded:
            continue
        reason = EXCLUDED + ask
        stopped = any(stop.reason == reason and stop.until is None for stop in state.stops)
        if entered and not stopped:
            keep(draft, spec, clocks.stop(state, draft.now, reason))
        elif not entered and stopped:
            keep(draft, spec, clocks.resume(state, draft.now, draft.world.calendar, reason))


def rungs(draft: Draft, spec: ClockSpec, state: ClockState) -> list[Rung]:
    """All rungs of a running clock, in due order; none while it is stopped."""
    if state.status != "running":
        return []
    if spec.kind == "wait":
        return [Rung(state.due_at, "over")]
    calendar = draft.world.calendar
    found = [Rung(state.due_at, "due")]
    if spec.definition is not None and spec.definition.then is not None:
        found.append(Rung(state.due_at, "then"))
    found += _ladder(state, spec.remind, calendar, [("remind", "")] * len(spec.remind))
    found += _ladder(state, tuple(spec.late), calendar, [("late", post) for post in spec.late.values()])
    order = {"remind": 0, "due": 1, "then": 2, "late": 3}
    return sorted(found, key=lambda rung: (rung.at, order[rung.kind]))


def _ladder(
    state: ClockState, offsets: Sequence[str], calendar: Calendar, kinds: Sequence[tuple[str, str]]
) -> list[Rung]:
    ladder = [parse_rung(text) for text in offsets]
    return [
        Rung(at, *kinds[index], label=offsets[index]) for index, at in clocks.reminder_instants(state, ladder, calendar)
    ]


def _first_rung(draft: Draft, spec: ClockSpec, state: ClockState) -> int:
    """The next rung that is not behind us; the due instant is never skipped while the clock is not marked late."""
    found = rungs(draft, spec, state)
    for index, rung in enumerate(found):
        if rung.at > draft.now or (rung.kind in ("due", "over") and not state.is_late):
            return index
    return len(found)


def fire(draft: Draft, spec: ClockSpec, index: int) -> Rung | None:
    """The rung that a timer of *spec* stands for; sets the timer of the next."""
    state = state_of(draft, spec.id)
    if state is None:
        return None
    found = rungs(draft, spec, state)
    if index >= len(found):
        return None
    rung = found[index]
    if rung.kind == "due":
        draft.put("clocks", spec.id, clocks.mark_late(state, draft.now).to_json())
    _arm(draft, spec, state, index + 1)
    return rung


def _arm(draft: Draft, spec: ClockSpec, state: ClockState, index: int) -> None:
    found = rungs(draft, spec, state)
    if index < len(found):
        rung = found[index]
        draft.put("timers", draft.serial(), {"c": spec.id, "k": rung.kind, "r": index, "at": iso(rung.at)})


def _disarm(draft: Draft, clock: str) -> None:
    for number, timer in tuple(draft.section("timers").items()):
        if timer["c"] == clock:
            draft.drop("timers", number)


def _anchor(draft: Draft, moment: str) -> date | None:
    """The day of the date fact *moment*; None while it is not known."""
    stored = draft.get("facts", moment)
    return None if stored is None else date.fromisoformat(stored["v"])


def _time(text: str) -> time | None:
    return None if text == "24:00" else time.fromisoformat(text)


def extension(draft: Draft, spec: ClockSpec, state: ClockState, to: str) -> Amount:
    """
    What must be added so that the clock has *to* in all: extensions are written as the whole length reached.

    Raises:
        ValueError: *to* is in another unit or not longer.
    """
    whole = parse_amount(draft.procedure.parameter(to))
    if not isinstance(state.term, Amount) or state.term.unit != whole.unit:
        raise ValueError(f"{spec.id} is extended to {whole}, but counts {state.term}")
    own = state.term.number + sum(each.amount.number for each in state.extensions if each.amount.unit == whole.unit and each.reason != clocks.BY_CALENDAR)
    if whole.number <= own:
        raise ValueError(f"{spec.id} already has {own} {whole.unit}")
    return Amount(whole.number - own, whole.unit)


def due_instants(sections: dict[str, Any]) -> list[datetime]:
    """The due instants of the limits that run, of a stored record."""
    return [instant(c["due"]) for c in sections.get("clocks", {}).values() if c.get("k") != "wait"]
