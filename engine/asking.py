"""
Questions and their voices: how one is asked when a stage is entered or a task opened, and closed when it is answered.

A stage and a task are the same thing, beside each other: an *ask* with one voice. What belongs to one entry (seats,
answers, postings, work items, the stage's own limit) closes with it; coming back asks anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from transitions import MachineError

from engine import timing
from engine.cases import ChildEnded, Followup, OpenCase, RegisterWrite, iso
from engine.compiling import Step, is_office_post
from engine.drafting import SUPERVISOR, Draft, derived_id
from engine.errors import N_, ActionNotAllowedError
from engine.facts import clean
from engine.guards import awaited, with_stand_in
from engine.workflow import Action, Choice, Panel, Voiced, When


def emit(draft: Draft, event: str, at: datetime | None = None) -> None:
    """Something with a name happened: clocks start and end, tasks open."""
    timing.on_event(draft, event, at)
    for task in draft.procedure.tasks_on.get(event, ()):
        open_task(draft, task)


# --- moving -----------------------------------------------------------------------------------------------------------


def move(draft: Draft, trigger: str, action: Action, chosen: str = "", name: str = "") -> None:
    """
    Take the case along *trigger*: the machine says where to; leave, arrive, and tell what follows.

    Args:
        chosen: The stage chosen, for actions that lead back.
        name: What the action is called in events, if not *trigger*.

    Raises:
        ActionNotAllowedError: The definition has no such edge from here.
    """
    source = draft.stage
    name = name or trigger
    sender = draft.value("sender", "")
    if not chosen and sender and action.means == "pass" and leads_next(action):
        chosen = sender["stage"]
    step = Step(source, draft.holds, chosen)
    try:
        target = draft.procedure.move(step, trigger)
    except MachineError:
        raise ActionNotAllowedError(
            draft.before.id, N_("{name} leads nowhere from {stage}"), name=name, stage=source
        ) from None
    draft.body.update({"from": source, "to": target, "means": action.means})
    if target == source and not is_reentry(action, chosen):
        emit(draft, f"{source}.{name}")
        return
    back = action.means == "back"
    if back and action.then == "straight":
        draft.put("case", "sender", {"stage": source, "entry": draft.entry})
    elif sender:
        draft.drop("case", "sender")
    leave(draft, source, name)
    if back:
        unwind(draft, target)
    if draft.procedure.is_end(target):
        finish(draft, target)
    else:
        enter(draft, target, source, keep_origin=back)


def leads_next(action: Action) -> bool:
    """Whether *action* leads along the main line in some case."""
    return action.to == "next" or (not isinstance(action.to, str) and any(line.to == "next" for line in action.to))


def is_reentry(action: Action, chosen: str) -> bool:
    """Whether a target that is the source means to arrive again."""
    return bool(chosen) or action.to == "again"


def leave(draft: Draft, stage: str, action: str) -> None:
    """Leave *stage*: its question is closed with everything that belongs to this entry."""
    emit(draft, f"{stage}.{action}")
    close_ask(draft, stage)
    emit(draft, f"{stage}.left")


def enter(draft: Draft, stage: str, source: str, keep_origin: bool = False) -> None:
    """Arrive in *stage*: a new entry, its question asked, its limit started as soon as it is ready."""
    entry = draft.entry + 1
    before = draft.get("visits", stage)
    origin = before["from"] if keep_origin and before else source
    draft.put("case", "entry", entry)
    draft.put("case", "stage", stage)
    draft.put("visits", stage, {"n": entry, "from": origin})
    open_ask(draft, stage, "stage", entry)
    emit(draft, f"{stage}.entered")
    settle_ready(draft)
    answer_waived_notice(draft, stage)


def unwind(draft: Draft, target: str) -> None:
    """Going back to *target*: what came after it is undone, tasks opened since are cancelled."""
    visit = draft.get("visits", target)
    since = visit["n"] if visit else draft.entry
    for stage, other in tuple(draft.section("visits").items()):
        if other["n"] > since:
            draft.drop("visits", stage)
    for name, task in tuple(draft.section("tasks").items()):
        if task["st"] == "open" and task["n"] >= since:
            close_task(draft, name, "cancelled", reason="returned")


def finish(draft: Draft, end: str) -> None:
    """The case ends: its outcome is fixed; what of its own still runs keeps it from being closed (I7)."""
    definition = draft.procedure.workflow.ends[end]
    draft.put("case", "stage", end)
    draft.put("case", "end", end)
    draft.put("case", "outcome", definition.outcome)
    draft.put("case", "status", "ended")
    draft.body["outcome"] = definition.outcome
    for clock in tuple(draft.section("clocks")):
        spec = draft.procedure.clocks[clock]
        if not (spec.per_entry and draft.get("tasks", spec.ask)):
            timing.end(draft, clock)
    emit(draft, end)
    parent = draft.value("parent", "")
    if parent:
        told = ChildEnded(
            id=derived_id(draft.command.id, "parent"), child=draft.before.id, end=end, outcome=definition.outcome
        )
        draft.followups.append(Followup(UUID(parent[0]), told))
    if definition.start is not None:
        start_successor(draft, definition.start.workflow, definition.start.opens or "")
    draft.tell("case_ended", origin_post(draft), str(draft.value("division")), end=end)
    close_if_done(draft)


def close_if_done(draft: Draft) -> None:
    """After its end a case is closed when its last task and linked case are done."""
    if draft.value("status") != "ended":
        return
    if any(task["st"] == "open" for task in draft.section("tasks").values()) or draft.section("links"):
        return
    for section in ("visits", "acts", "passed", "times"):
        draft.clear(section)
    draft.put("case", "status", "closed")


def origin_post(draft: Draft) -> str:
    """Who is told of the end: the post that opened the case, else the village committee."""
    return str(draft.value("opener", "") or "village.committee").partition("@")[0]


def start_successor(draft: Draft, workflow: str, channel: str) -> None:
    child = derived_id(draft.before.id, draft.seq, "successor", workflow)
    draft.followups.append(
        Followup(
            child,
            OpenCase(
                id=derived_id(draft.command.id, "successor"), person=draft.command.person, channel=channel,
                subject=str(draft.value("subject")), division=str(draft.value("division")),
                members=tuple(draft.value("members", ())),
            ),
            workflow,
        )
    )  # fmt: skip


# --- asks -------------------------------------------------------------------------------------------------------------


def open_ask(draft: Draft, name: str, kind: str, number: int) -> None:
    """Ask the question *name*: seats, work items for its posts, or a subcase."""
    question = draft.procedure.ask(name)
    ask: dict[str, Any] = {"k": kind, "n": number, "v": question.voice, "s": draft.seq}
    posts: tuple[str, ...] = ()
    match question.voice:
        case "by":
            posts = chosen_posts(draft, question)
            ask["by"] = list(posts)
        case "panel":
            named, panel = chosen_panel(draft, question)
            ask["p"] = named
            ask["e"] = seats(draft, panel)
            posts = tuple(ask["e"])
        case "notice":
            assert question.notice is not None
            posts = (question.notice.by,)
            ask["at"] = iso(draft.now)
        case "case":
            open_subcase(draft, name, question)
    draft.put("asks", name, ask)
    timing.exclude(draft, name, entered=True)
    for post in posts:
        open_item(draft, name, post)


def open_item(draft: Draft, ask: str, post: str) -> None:
    """Work for a post, at its division; told to it. If nobody holds it, its stand-in's, else the supervisor is told."""
    (post,) = with_stand_in(draft, post)
    if not is_office_post(post):
        name, division = post, str(draft.value("division"))
    else:
        name, division = draft.place_of(post)
        if not draft.holders(post):
            draft.tell("post_vacant", SUPERVISOR, division[:6] + "000000", vacant=name, at=division)
    draft.put("items", draft.serial(), {"q": ask, "p": name, "d": division})
    draft.tell("asked", name, division, ask=ask)


def close_ask(draft: Draft, name: str) -> None:
    """The question is answered, left or cancelled: items, answers, postings and its own clocks close with it."""
    ask = draft.get("asks", name)
    if ask is None:
        return
    for number, item in tuple(draft.section("items").items()):
        if item["q"] == name:
            draft.drop("items", number)
    prefix = f"{name}#{ask['n']}/"
    for key in tuple(draft.section("answers")):
        if key.startswith(prefix):
            draft.drop("answers", key)
    for clock in (name, f"{name}.wait"):
        if clock in draft.procedure.clocks and draft.procedure.clocks[clock].per_entry:
            timing.end(draft, clock)
    draft.drop("asks", name)
    timing.exclude(draft, name, entered=False)


def settle_ready(draft: Draft) -> None:
    """A stage is ready when every task that it awaits is over; then its limit starts."""
    stage = draft.stage
    ask = draft.get("asks", stage)
    if ask is None or ask.get("r") or awaited(draft, stage):
        return
    draft.put("asks", stage, {**ask, "r": True})
    emit(draft, f"{stage}.ready")


def chosen_posts(draft: Draft, question: Voiced) -> tuple[str, ...]:
    given = question.by
    assert given is not None
    if given and isinstance(given[0], When):
        return (draft.procedure.parameter(first_that_holds(draft, given)),)
    return tuple(draft.procedure.parameter(str(post)) for post in given)


def chosen_panel(draft: Draft, question: Voiced) -> tuple[str, Panel]:
    """The panel's name (empty if written in place) and the panel, by the choice that the definition writes."""
    given = question.panel
    if isinstance(given, Panel):
        return "", given
    name = given if isinstance(given, str) else first_that_holds(draft, given or ())
    return name, draft.procedure.workflow.panels[name]


def first_that_holds(draft: Draft, choice: Choice) -> str:
    return next(line.use for line in choice if draft.holds(line.when))


def seats(draft: Draft, panel: Panel) -> dict[str, int]:
    """Post → how many of it are entitled: the number written, or for ``all`` as many as hold it now."""
    found = {}
    for post, number in panel.seats.items():
        name = draft.procedure.parameter(post)
        found[name] = max(1, len(draft.holders(name))) if number == "all" else int(number)
    return found


def open_subcase(draft: Draft, ask: str, question: Voiced) -> None:
    assert question.case is not None
    child = derived_id(draft.before.id, draft.seq, ask)
    carried = question.case.carries
    facts = {key: stored["v"] for key, stored in draft.section("facts").items() if "all" in carried or key in carried}
    draft.put("links", child.hex, {"w": question.case.workflow, "q": ask, "k": "child"})
    draft.followups.append(
        Followup(
            child,
            OpenCase(
                id=derived_id(draft.command.id, ask), person=draft.command.person, channel="",
                subject=str(draft.value("subject")), division=str(draft.value("division")), facts=facts,
                members=tuple(draft.value("members", ())), parent=(draft.before.id, ask),
            ),
            question.case.workflow,
        )
    )  # fmt: skip


# --- tasks ------------------------------------------------------------------------------------------------------------


def open_task(draft: Draft, name: str) -> None:
    """A task's opening event came: new, kept, or waived."""
    task = draft.procedure.workflow.tasks[name]
    before = draft.get("tasks", name)
    if before is not None:
        if task.again == "keep" and before["st"] in ("done", "waived"):
            return
        if before["st"] == "open":
            close_task(draft, name, "cancelled", reason="opened again")
    number = int(before["n"]) if before else 0
    number = max(number + 1, draft.entry)
    if task.when and not draft.holds(task.when):
        draft.put("tasks", name, {"st": "waived", "n": number, "s": draft.seq})
        emit(draft, f"{name}.waived")
        return
    draft.put("tasks", name, {"st": "open", "n": number, "s": draft.seq})
    open_ask(draft, name, "task", number)
    emit(draft, f"{name}.opened")


def close_task(draft: Draft, name: str, status: str, result: str = "", reason: str = "") -> None:
    """A task is done with a result, or cancelled with a reason; a stage that awaited it may become ready."""
    before = draft.get("tasks", name)
    value = {"st": status, "n": before["n"], "s": draft.seq}
    if result:
        value["r"] = result
    if reason:
        value["why"] = reason
    draft.put("tasks", name, value)
    close_ask(draft, name)
    if status == "done":
        if result and result != "done":
            emit(draft, f"{name}.{result}")
        emit(draft, f"{name}.done")
    settle_ready(draft)
    close_if_done(draft)


def answer_waived_notice(draft: Draft, stage: str) -> None:
    """A notice from which everybody is left out has ended as it begins, waived, and says so."""
    question = draft.procedure.ask(stage)
    if question.notice is None or not question.notice.leave_out or draft.stage != stage:
        return
    if draft.holds(question.notice.leave_out):
        draft.body["waived"] = stage
        answer(draft, stage, "ended")


def answer(draft: Draft, ask: str, result: str) -> None:
    """The voice of *ask* gave *result*: a task is done with it; for a stage, the action of that name is taken."""
    draft.body["result"] = result
    if draft.get("asks", ask, {}).get("k") == "task":
        close_task(draft, ask, "done", result)
        return
    action = draft.procedure.workflow.stages[ask].actions.get(result)
    if action is None:
        raise ActionNotAllowedError(draft.before.id, N_("{ask} has no action {result}"), ask=ask, result=result)
    take(draft, ask, result, action)


def take(draft: Draft, stage: str, name: str, action: Action, chosen: str = "") -> None:
    """Carry out *action* of *stage*: its effects, what it tells, and the move."""
    draft.body["action"] = name
    if action.times is not None:
        key = f"{stage}.{name}"
        draft.put("times", key, int(draft.get("times", key, 0)) + 1)
    for fact, value in action.set_.items():
        set_fact(draft, fact, value)
    for post in action.tell:
        told, division = draft.place_of(post) if is_office_post(post) else (post, str(draft.value("division")))
        draft.tell("told", told, division, action=name)
    if action.means == "grant":
        draft.put("case", "granted", draft.seq)
    move(draft, name, action, chosen)


def set_fact(draft: Draft, name: str, value: str | int) -> None:
    """An action's ``set``: a fact of the case, or of the household's or village's own record."""
    plain: Any = draft.today.isoformat() if value == "today" else value
    if isinstance(plain, str) and plain in ("yes", "no"):
        plain = plain == "yes"
    of, dot, field = name.partition(".")
    if dot:
        draft.register.append(RegisterWrite(of, field, plain))
        draft.body.setdefault("set", {})[name] = plain
    else:
        draft.put("facts", name, {"v": clean(name, draft.procedure.workflow.facts[name], plain), "s": draft.seq})
