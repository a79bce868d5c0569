"""
How a case moves: what happens has a name, and from names everything follows.

An event starts and ends clocks and opens tasks; an answer takes an action; an action moves the case; a stage that is
left closes its question, one that is entered asks its own. What can go on by itself then goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from transitions import MachineError

from engine import timing
from engine.asking import carried, close_ask, open_ask, tell
from engine.cases import SYSTEM, ChildEnded, Followup, OpenCase, RegisterWrite
from engine.compiling import FORWARD, Step, goes_back_straight
from engine.concerns import settle
from engine.drafting import Draft
from engine.errors import N_, ActionNotAllowedError
from engine.facts import clean, copied
from engine.guards import against_action, against_gaps, against_leaving, awaited, has_objection, notice_is_over
from engine.ids import derived_id
from engine.reasons import Reason, UnknownRuleError, require
from engine.workflow import Action, Start


def emit(draft: Draft, event: str, at: datetime | None = None) -> None:
    """Something with a name happened: clocks start and end, tasks open."""
    timing.on_event(draft, event, at)
    for task in draft.procedure.tasks_on.get(event, ()):
        open_task(draft, task)


def begin_work(draft: Draft, ask: str) -> None:
    """Somebody took it up, by a claim or at once by an answer: limits to start are over."""
    value = draft.get("asks", ask)
    if not value.get("b"):
        draft.put("asks", ask, {**value, "b": True})
        emit(draft, f"{ask}.begun")


# --- actions ----------------------------------------------------------------------------------------------------------


def answer(draft: Draft, ask: str, result: str) -> None:
    """The voice of *ask* gave *result*: a task is done with it; for a stage, the action of that name is taken."""
    draft.body["result"] = result
    if ask in draft.procedure.workflow.tasks:
        close_task(draft, ask, result)
    else:
        take(draft, result, draft.procedure.workflow.stages[ask].actions[result])


def take(
    draft: Draft,
    name: str,
    action: Action,
    chosen: str = "",
    *,
    trigger: str = "",
    event: str = "",
    forced: bool = False,
) -> None:
    """
    Carry out *action* of the case's stage: its effects, what it tells, and the move.

    Args:
        chosen: The stage chosen, for actions that lead back.
        trigger: What the machine calls it, if not *name*.
        event: What is said to have happened, if not that the stage's action was taken.
        forced: An objection is upheld: the case leaves wherever it stands.

    Raises:
        ActionNotAllowedError: The definition has no such edge from here.
        GuardRefusedError: The way leads towards approval, and an objection or a notice holds it back.
    """
    source = draft.stage
    step = led(draft, trigger or name, action, chosen, forced=forced)
    target = step.state
    event = event or f"{source}.{name}"
    draft.body.update({"action": name, "from": source, "to": target, "means": action.means})
    if action.times is not None:
        draft.put("times", f"{source}.{name}", int(draft.get("times", f"{source}.{name}", 0)) + 1)
    for fact, value in action.set_.items():
        set_fact(draft, fact, value)
    for post in action.tell:
        tell(draft, "told", post, action=name)
    if action.means == "grant":
        draft.put("case", "granted", draft.seq)
        draft.put("case", "granted_in", draft.entry)
    settle(draft, action, draft.procedure.is_end(target))
    if step.moved:
        move(draft, target, action, event)
    else:
        emit(draft, event)
        advance(draft)


def led(draft: Draft, trigger: str, action: Action, chosen: str = "", *, forced: bool = False) -> Step:
    """Where *action* leads now; raises as :func:`take` does."""
    step = way(draft, trigger, chosen or straight_to(draft, action))
    if not forced and is_towards_approval(draft, step.state, action):
        require(draft.before.id, against_leaving(draft, draft.stage))
    return step


def way(draft: Draft, trigger: str, chosen: str = "") -> Step:
    """
    Where *trigger* leads now: the state after it, and whether the case leaves its stage.

    Raises:
        ActionNotAllowedError: The definition has no such edge from here.
        UnknownRuleError: Which way it goes depends on a fact that is missing.
    """
    step = Step(draft.stage, draft.holds, chosen)
    try:
        draft.procedure.move(step, trigger)
    except MachineError:
        raise ActionNotAllowedError(
            draft.before.id, N_("{name} leads nowhere from {stage}"), name=trigger, stage=draft.stage
        ) from None
    return step


def straight_to(draft: Draft, action: Action) -> str:
    """The stage that sent the case back to have it straight back, if *action* does that; else empty."""
    sender = draft.value("sender", None)
    return str(sender["stage"]) if sender and goes_back_straight(action) else ""


def is_towards_approval(draft: Draft, target: str, action: Action) -> bool:
    """Whether *action* is a step on the way to a decision in favour: by what it means, or by where it leads."""
    return action.means in FORWARD or draft.procedure.is_towards_approval(draft.stage, target)


def set_fact(draft: Draft, name: str, value: str | int) -> None:
    """An action's ``set``: a fact of the case, or of the household's or village's own record."""
    plain: Any = draft.today.isoformat() if value == "today" else value
    if plain in ("yes", "no"):
        plain = plain == "yes"
    of, dot, field = name.partition(".")
    if source := copied(draft.procedure.workflow, name, value):
        plain = draft.get("facts", source)["v"]
    if dot:
        subject = draft.register_of(of)
        if of == "household" or subject:
            draft.register.append(RegisterWrite(of, field, plain, subject))
        draft.forget_scope()
        draft.body.setdefault("set", {})[name] = plain
    else:
        draft.put("facts", name, {"v": clean(name, draft.procedure.workflow.facts[name], plain), "s": draft.seq})


# --- the way ----------------------------------------------------------------------------------------------------------


def move(draft: Draft, target: str, action: Action, event: str) -> None:
    """Leave the stage, and arrive in *target*."""
    source, back = draft.stage, action.means == "back"
    listed = draft.get("asks", source, {}).get("l")
    if listed and "list" not in draft.body:
        draft.body["unlisted"] = listed
    if back and action.then == "straight":
        draft.put("case", "sender", {"stage": source, "entry": draft.entry})
    else:
        draft.drop("case", "sender")
    draft.is_leaving = True  # What the event opens or waives makes the stage that is left go on no more.
    emit(draft, event)
    close_ask(draft, source)
    emit(draft, f"{source}.left")
    draft.is_leaving = False
    if back:
        unwind(draft, target)
    if draft.procedure.is_end(target):
        finish(draft, target)
    else:
        enter(draft, target, source, keep_origin=back)


def enter(draft: Draft, stage: str, source: str, keep_origin: bool = False) -> None:
    """Arrive in *stage*: a new entry, its question asked, its limit started as soon as it is ready."""
    entry = draft.entry + 1
    before = draft.get("visits", stage)
    draft.put("case", "entry", entry)
    draft.put("case", "stage", stage)
    draft.put("visits", stage, {"n": entry, "from": before["from"] if keep_origin and before else source})
    list_ = draft.procedure.workflow.stages[stage].list_
    for fact in list_.sets if list_ is not None else ():
        draft.drop("facts", fact)  # A draw or rank holds for one stay: whoever comes again is drawn or ranked again.
    open_ask(draft, stage, entry)
    emit(draft, f"{stage}.entered")
    advance(draft)


def unwind(draft: Draft, target: str) -> None:
    """Going back to *target*: what came after it is undone, a grant too; tasks opened since are cancelled."""
    # A stage beside the way that was never visited undoes only the present entry: the counter may be ahead of it.
    since = (draft.get("visits", target) or draft.get("visits", draft.stage))["n"]
    if int(draft.value("granted_in", 0)) >= since:
        draft.drop("case", "granted")
        draft.drop("case", "granted_in")
    for stage, other in tuple(draft.section("visits").items()):
        if other["n"] > since:
            draft.drop("visits", stage)
    for name, task in tuple(draft.section("tasks").items()):
        if task["st"] == "open" and task.get("e", task["n"]) >= since:
            cancel_task(draft, name, "returned")


def advance(draft: Draft) -> None:
    """
    What can go on by itself goes on.

    A stage is ready when every task that it awaits is over; then its limit starts. A notice has ended when its wait is
    over, its end proved and no objection open. What a notice or another case answers waits while a guard speaks against
    it, as it would against a person's act, or a fact by which it goes on is missing.
    """
    stage = draft.stage
    ask = draft.get("asks", stage)
    if ask is None or draft.is_leaving:
        return
    if not ask.get("r") and not awaited(draft, stage):
        draft.put("asks", stage, {**ask, "r": True})
        emit(draft, f"{stage}.ready")
    result = "ended" if notice_has_ended(draft, stage) else ask.get("res")
    if result is None:
        return
    action = draft.procedure.workflow.stages[stage].actions[result]
    _of_itself(draft, stage, result, against_action(draft, stage, result, action))


def _of_itself(draft: Draft, ask: str, result: str, against: Iterable[Reason]) -> None:
    """Nobody gives this answer, so nobody can be told why not: it counts, or waits until nothing speaks against it."""
    why = next(iter(against), None)
    if why is None:
        restore = draft.saved()
        try:
            answer(draft, ask, result)
        except UnknownRuleError as error:
            restore()
            why = error.why
    if why is not None and draft.command.person == SYSTEM:
        withhold(draft, why)


def withhold(draft: Draft, why: Reason) -> None:
    """The event says what did not come of it, and which facts it waits for."""
    draft.body["withheld"] = why.kind
    if why.missing:
        draft.body["missing"] = list(why.missing)


def notice_has_ended(draft: Draft, name: str) -> bool:
    """Whether the notice of *name* hung its whole period, its end is proved, and no objection against it is open."""
    notice = draft.procedure.ask(name).notice
    if notice is None or not notice_is_over(draft, name):
        return False
    waived = draft.get("asks", name).get("w")
    places = () if waived else draft.get("notices", name)["places"].values()
    proved = "end" not in notice.proof or all("end" in place for place in places)
    return proved and not has_objection(draft, name)


# --- the end ----------------------------------------------------------------------------------------------------------


def finish(draft: Draft, end: str) -> None:
    """The case ends: its outcome is fixed; what of its own still runs keeps it from being closed (I7)."""
    definition = draft.procedure.workflow.ends[end]
    for name, value in (("stage", end), ("end", end), ("outcome", definition.outcome), ("status", "ended")):
        draft.put("case", name, value)
    draft.body["outcome"] = definition.outcome
    for clock in tuple(draft.section("clocks")):
        if not draft.procedure.clocks[clock].ask:
            timing.end(draft, clock)
    for name, task in draft.procedure.workflow.tasks.items():
        if task.every and draft.get("tasks", name, {}).get("st") == "open":
            cancel_task(draft, name, "ended")  # What comes again and again stops with the case.
    emit(draft, end)
    parent = draft.value("parent", None)
    if parent is not None:
        told = ChildEnded(
            id=derived_id(draft.command.id, "parent"), child=draft.before.id, end=end, outcome=definition.outcome
        )
        draft.followups.append(Followup(UUID(parent[0]), told))
    if definition.start is not None:
        start_successor(draft, definition.start)
    opener = str(draft.value("opener"))
    if opener:
        name, _, division = opener.partition("@")
        draft.tell("case_ended", name, division, end=end)
    close_if_done(draft)


def close_if_done(draft: Draft) -> None:
    """After its end a case is closed when its last task and linked case are done; then it forgets its way."""
    if draft.value("status") != "ended" or draft.section("links"):
        return
    if any(task["st"] == "open" for task in draft.section("tasks").values()):
        return
    for clock in tuple(draft.section("clocks")):
        timing.end(draft, clock)
    for section in ("visits", "acts", "passed", "times"):
        draft.clear(section)
    draft.put("case", "status", "closed")


def start_successor(draft: Draft, start: Start) -> None:
    """What follows the end is a case of its own, opened by the system."""
    opening = OpenCase(
        id=derived_id(draft.command.id, "successor"), channel=start.opens or "", subject=str(draft.value("subject")),
        household=str(draft.value("household")), division=draft.division_at(start.at),
        members=tuple(draft.value("members", ())), carried=carried(draft, start.carries),
    )  # fmt: skip
    child = derived_id(draft.before.id, "successor", start.workflow)
    draft.followups.append(Followup(child, opening, start.workflow))


# --- tasks ------------------------------------------------------------------------------------------------------------


def open_task(draft: Draft, name: str) -> None:
    """A task's opening event came: it is opened anew, kept, or waived."""
    task = draft.procedure.workflow.tasks[name]
    before = draft.get("tasks", name)
    if before is not None:
        if task.again == "keep" and before["st"] != "cancelled":
            return
        if before["st"] == "open":
            cancel_task(draft, name, "missed" if task.every else "opened again")
    number = draft.entry if before is None else max(int(before["n"]) + 1, draft.entry)
    if task.when and not draft.holds(task.when):
        draft.put("tasks", name, {"st": "waived", "n": number, "s": draft.seq})
        emit(draft, f"{name}.waived")
        advance(draft)
        return
    opened = {"st": "open", "n": number, "s": draft.seq}
    # Opened more often than the case has moved: its number no longer says in which entry that was.
    draft.put("tasks", name, opened if number == draft.entry else {**opened, "e": draft.entry})
    open_ask(draft, name, number)
    if draft.get("asks", name).get("of") == 0:
        close_ask(draft, name)
        draft.put("tasks", name, {"st": "waived", "n": number, "s": draft.seq})
        emit(draft, f"{name}.waived")
        advance(draft)
        return
    emit(draft, f"{name}.opened")
    advance_task(draft, name)


def advance_task(draft: Draft, name: str) -> None:
    """A notice or case beside this one is done when it has ended, and what is asked for in it is there."""
    ask = draft.get("asks", name)
    if ask is None:
        return
    result = "ended" if notice_has_ended(draft, name) else ask.get("res")
    if result is not None:
        _of_itself(draft, name, result, against_gaps(draft, (name,), ask["s"]))


def go_on(draft: Draft) -> None:
    """If facts, papers or results have come in, what waited for them goes on; what time withheld is tried again."""
    if draft.value("status") == "closed" or not draft.has_changed("facts", "papers", "tasks"):
        return
    timing.try_again(draft)
    for name, task in tuple(draft.section("tasks").items()):
        if task["st"] == "open":
            advance_task(draft, name)
    if draft.value("status") == "open":
        advance(draft)


def cancel_task(draft: Draft, name: str, why: str) -> None:
    before = draft.get("tasks", name)
    draft.put("tasks", name, {"st": "cancelled", "n": before["n"], "why": why, "s": draft.seq})
    close_ask(draft, name)


def close_task(draft: Draft, name: str, result: str) -> None:
    """A task is done with a result; a stage that awaited it may become ready."""
    before = draft.get("tasks", name)
    draft.put("tasks", name, {"st": "done", "n": before["n"], "r": result, "s": draft.seq})
    close_ask(draft, name)
    for word in dict.fromkeys((result, "done")):
        emit(draft, f"{name}.{word}")
    advance(draft)
    close_if_done(draft)
