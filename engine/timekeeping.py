"""
What is done to clocks: stopped, let run on, extended, counted again; and what they do when an instant has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine import clocks, timing
from engine.answering import record_silence
from engine.asking import tell
from engine.cases import ExtendClock, FireTimer, ResumeClock, SettleClocks, StopClock, instant, iso
from engine.clocks import ClockState
from engine.compiling import ClockSpec
from engine.drafting import SUPERVISOR, Draft
from engine.errors import N_, ActionNotAllowedError, InputError
from engine.guards import against_action, against_leaving, against_post, against_relatives, against_rule, stand, titled
from engine.moving import advance, emit, is_towards_approval, take, way, withhold
from engine.noticing import expire
from engine.reasons import Reason, UnknownRuleError, reason, require
from engine.workflow import Extend, Stop

#: Why a clock stands still that an officer stopped.
BY_HAND = "by_hand"


def _running(draft: Draft, name: str) -> tuple[ClockSpec, ClockState]:
    state = timing.state_of(draft, name)
    if state is None:
        known = titled(draft.procedure.clocks, draft.section("clocks"))
        raise ActionNotAllowedError(
            draft.before.id, N_("no clock {name} runs; running: {known}"), name=name, known=known
        )
    return draft.procedure.clocks[name], state


def _stop_of(spec: ClockSpec) -> Stop | None:
    return spec.definition.stop if spec.definition else None


def _extend_of(spec: ClockSpec) -> Extend | None:
    return spec.definition.extend if spec.definition else None


def _stopped_by_hand(state: ClockState) -> bool:
    return any(stop.reason == BY_HAND and stop.until is None for stop in state.stops)


# --- by officers ------------------------------------------------------------------------------------------------------


def against_stopping(draft: Draft, spec: ClockSpec, state: ClockState) -> Iterator[Reason]:
    stop = _stop_of(spec)
    if stop is None:
        yield reason("clock", N_("the procedure does not let {title} be stopped"), title=spec.title)
    else:
        if _stopped_by_hand(state):
            yield reason("clock", N_("{title} is stopped already"), title=spec.title)
        yield from against_post(draft, stop.by)
        yield from against_relatives(draft, [draft.command.person])


def stop_clock(draft: Draft, command: StopClock) -> str:
    """A clock stands still, for a reason and by a document."""
    spec, state = _running(draft, command.clock)
    require(draft.before.id, against_stopping(draft, spec, state))
    stop = _stop_of(spec)
    assert stop is not None
    stand(draft, stop.by)
    if not draft.note:
        raise InputError(N_("a stop needs its reason"), field="note", advice=N_("add --note TEXT"))
    timing.keep(draft, spec, clocks.stop(state, draft.now, BY_HAND, command.document.digest))
    draft.body.update({"clock": spec.id, "document": command.document.digest})
    return "clock_stopped"


def against_resuming(draft: Draft, spec: ClockSpec, state: ClockState) -> Iterator[Reason]:
    stop = _stop_of(spec)
    if stop is None or not _stopped_by_hand(state):
        yield reason("clock", N_("{title} was not stopped by hand"), title=spec.title)
    else:
        yield from against_post(draft, stop.by)
        yield from against_relatives(draft, [draft.command.person])


def resume_clock(draft: Draft, command: ResumeClock) -> str:
    """A clock that stood still runs on."""
    spec, state = _running(draft, command.clock)
    require(draft.before.id, against_resuming(draft, spec, state))
    stop = _stop_of(spec)
    assert stop is not None
    stand(draft, stop.by)
    resumed = clocks.resume(state, draft.now, draft.world.calendar, BY_HAND)
    timing.keep(draft, spec, resumed)
    draft.body.update({"clock": spec.id, "due": iso(resumed.due_at)})
    return "clock_resumed"


def against_extending(draft: Draft, spec: ClockSpec, state: ClockState) -> Iterator[Reason]:
    extend = _extend_of(spec)
    if extend is None:
        yield reason("clock", N_("the procedure does not let {title} be extended"), title=spec.title)
    else:
        yield from _against_length(draft, spec, state, extend)
        yield from against_post(draft, extend.by)
        yield from against_relatives(draft, [draft.command.person])
        for ref in extend.needs:
            yield from against_rule(draft, ref)


def _against_length(draft: Draft, spec: ClockSpec, state: ClockState, extend: Extend) -> Iterator[Reason]:
    """It was extended as often as it may be, or would not become longer."""
    granted = [each for each in state.extensions if each.reason != clocks.BY_CALENDAR]
    if len(granted) >= extend.times:
        yield reason("clock", N_("{title} was already extended {times} times"), title=spec.title, times=extend.times)
    else:
        try:
            timing.extension(draft, spec, state, extend.to)
        except ValueError as error:
            yield reason("clock", N_("{title} cannot be extended so: {why}"), title=spec.title, why=error)


def extend_clock(draft: Draft, command: ExtendClock) -> str:
    """A limit becomes longer, as far as the definition lets it."""
    spec, state = _running(draft, command.clock)
    require(draft.before.id, against_extending(draft, spec, state))
    extend = _extend_of(spec)
    assert extend is not None
    stand(draft, extend.by)
    if not draft.note:
        raise InputError(N_("an extension needs its reason"), field="note", advice=N_("add --note TEXT"))
    amount = timing.extension(draft, spec, state, extend.to)
    document = command.document.digest if command.document else ""
    extended = clocks.extend(
        state, amount, draft.world.calendar, reason="granted", document=document, by=command.person
    )
    timing.keep(draft, spec, extended)
    draft.body.update({"clock": spec.id, "due": iso(extended.due_at), "by_amount": str(amount)})
    return "clock_extended"


# --- by the calendar --------------------------------------------------------------------------------------------------


def settle_clocks(draft: Draft, command: SettleClocks) -> str:
    """Every running clock is counted again on the calendar in force (I14)."""
    moved = {}
    for spec, state in timing.running(draft):
        settled = clocks.settle(state, draft.world.calendar)
        if settled is not state:
            timing.keep(draft, spec, settled)
            moved[spec.id] = [iso(state.due_at), iso(settled.due_at)]
    if not moved:
        raise ActionNotAllowedError(draft.before.id, N_("no deadline of this case moves"))
    draft.body.update({"moved": moved, "calendar": draft.world.calendar.id})
    return "clocks_settled"


# --- by time ----------------------------------------------------------------------------------------------------------


def fire(draft: Draft, command: FireTimer) -> str:
    """A timer whose instant has come by trusted time: a reminder, the mark of lateness, an escalation, a wait's end."""
    timer = draft.get("timers", command.timer)
    if timer is None:
        raise ActionNotAllowedError(draft.before.id, N_("this timer is not pending"))
    if instant(timer["at"]) > draft.asked_at:
        raise ActionNotAllowedError(draft.before.id, N_("this timer is not due before {due}"), due=timer["at"])
    spec = draft.procedure.clocks[timer["c"]]
    draft.drop("timers", command.timer)
    draft.body.update({"timer": command.timer, "clock": spec.id, "rung": timer["k"], "due": timer["at"]})
    is_anew = timing.is_tried_again(draft, timer)
    rung = timing.fire(draft, spec, timer)
    if rung.kind == "due" and not is_anew:
        _tell_owners(draft, "overdue", spec)
    restore = draft.saved()
    try:
        _RUNGS[rung.kind](draft, spec, rung)
    except UnknownRuleError as error:
        restore()
        _withhold(draft, spec, rung, error.why)
    return "fired"


def _withhold(draft: Draft, spec: ClockSpec, rung: timing.Rung, why: Reason) -> None:
    """
    What the clock should bring about cannot be said yet: the event says so, and it is tried again when facts come in.

    A timer that fails whenever it is tried would hold up what else its case waits for (F39).
    """
    withhold(draft, why)
    timing.remember(draft, spec, rung)


def _tell_owners(draft: Draft, event: str, spec: ClockSpec, **data: str) -> None:
    """Tell whoever has open work: of the clock's own question, else of every open one."""
    for item in draft.section("items").values():
        if spec.ask in ("", item["q"]) and "." in item["p"]:
            draft.tell(event, item["p"], item["d"], clock=spec.id, **data)


def _remind(draft: Draft, spec: ClockSpec, rung: timing.Rung) -> None:
    _tell_owners(draft, "deadline_near", spec, rung=rung.label)


def _due(draft: Draft, spec: ClockSpec, rung: timing.Rung) -> None:
    """It has run out: marked late, and what the definition makes of that, which is never a step towards approval."""
    emit(draft, f"{spec.id}.due")
    then = spec.definition.then if spec.definition else None
    if then is None or draft.value("status") != "open":
        return
    trigger = f"{spec.id}.then"
    if is_towards_approval(draft, way(draft, trigger).state, then):
        draft.body["withheld"] = next((held.kind for held in against_leaving(draft, draft.stage)), "silence")
    elif held := next(against_action(draft, draft.stage, "then", then), None):
        _withhold(draft, spec, rung, held)
    else:
        take(draft, "then", then, trigger=trigger, event=trigger)


def _late(draft: Draft, spec: ClockSpec, rung: timing.Rung) -> None:
    emit(draft, f"{spec.id}.late")
    try:
        tell(draft, "escalated", rung.post, clock=spec.id, rung=rung.label)
    except UnknownRuleError:  # To whom depends on a fact that is missing: somebody must learn of it.
        county = str(draft.value("division"))[:6] + "000000"
        draft.tell("escalated", SUPERVISOR, county, clock=spec.id, rung=rung.label)


def _over(draft: Draft, spec: ClockSpec, rung: timing.Rung) -> None:
    """A wait is over: a notice's legal end, a consulted body's silence; others just no longer hold anything back."""
    timing.end(draft, spec.id)
    if not spec.ask:
        # After days of standstill every turn of a task comes, one after the other.
        emit(draft, f"{spec.id}.over", rung.at if spec.is_turn else None)
        if draft.value("status") == "open":
            advance(draft)  # Perhaps what comes of itself waited for this alone.
    elif draft.procedure.ask(spec.ask).notice is not None:
        expire(draft, spec.ask, rung.at)
    else:
        record_silence(draft, spec.ask)


_RUNGS: Mapping[str, Callable[[Draft, ClockSpec, timing.Rung], None]] = {
    "remind": _remind, "due": _due, "late": _late, "over": _over,
}  # fmt: skip
