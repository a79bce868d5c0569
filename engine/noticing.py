"""
Notices and objections: what hangs where since when, and what the public says to it.

A notice waits from its last posting on, in every place at once; nobody shortens that (I12). An objection is a small
case of its own; while one is open nothing goes towards approval (I13).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine import clocks, timing
from engine.asking import drop_items, open_item, question, tell
from engine.cases import ChildEnded, Followup, Object, OpenCase, PostNotice, ProveNotice, TakeDownNotice, instant, iso
from engine.compiling import late_upheld
from engine.drafting import Draft
from engine.errors import N_, ActionNotAllowedError, InputError
from engine.guards import (
    against_post,
    against_relatives,
    has_objection,
    notice_is_over,
    remember_actor,
    stand,
    stand_anywhere,
)
from engine.ids import derived_id
from engine.moving import advance, advance_task, answer, begin_work, close_if_done, emit, take
from engine.reasons import Reason, reason, require
from engine.tallies import joined
from engine.workflow import Notice

#: Why a wait stands still while an objection is verified.
_OBJECTION = "objection"


def noticed(draft: Draft, on: str) -> tuple[str, Notice]:
    """
    The open question whose voice is a notice: the stage's, or the task *on*.

    Raises:
        ActionNotAllowedError: It is not being asked, or is no notice.
    """
    name = on or draft.stage
    question(draft, name)
    notice = draft.procedure.ask(name).notice
    if notice is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} ({name}) is not a notice"), title=draft.procedure.title(name), name=name
        )
    return name, notice


def posting(draft: Draft, name: str) -> dict[str, Any]:
    """The posting of this entry; a new one if the last belongs to an earlier entry."""
    found, number = draft.get("notices", name), draft.get("asks", name)["n"]
    return found if found and found["n"] == number else {"n": number, "s": draft.seq, "places": {}}


def against_poster(draft: Draft, notice: Notice, name: str) -> Iterator[Reason]:
    """Who posts, proves and takes down."""
    yield from against_post(draft, (notice.by,), name)
    yield from against_relatives(draft, [draft.command.person])


# --- posting ----------------------------------------------------------------------------------------------------------


def against_posting(draft: Draft, name: str, notice: Notice, place: str) -> Iterator[Reason]:
    if draft.get("asks", name).get("w") or place in posting(draft, name)["places"]:
        yield reason("place", N_("it already hangs at {place}"), place=place)
    yield from against_poster(draft, notice, name)


def post_notice(draft: Draft, command: PostNotice) -> str:
    """It hangs at a place. The wait counts from the last; without one the notice has done its work."""
    name, notice = noticed(draft, command.on)
    places = draft.procedure.places_of(notice, draft.get("asks", name))
    if command.place not in places:
        raise InputError(N_("places of this notice: {places}"), field="place", places=", ".join(places))
    require(draft.before.id, against_posting(draft, name, notice, command.place))
    stand(draft, (notice.by,), name)
    hung = command.at.replace(microsecond=command.at.microsecond // 1000 * 1000)
    if hung > draft.now:
        raise InputError(N_("a notice cannot have been posted in the future"), field="at")
    if hung < instant(draft.get("asks", name)["at"]):
        raise InputError(N_("a notice cannot have been posted before the case came to this stage"), field="at")
    before = posting(draft, name)
    down = before.get("down", {}).get(command.place)
    if down and hung < instant(down):
        raise InputError(N_("a notice cannot have been posted again before it was taken down"), field="at")
    if "start" in notice.proof and command.proof is None:
        proof = reason("proof", N_("the posting must be proved by a photo"), advice=N_("add --proof FILE"))
        raise proof.error(draft.before.id)
    hangs = {**before["places"], command.place: {"at": iso(hung)}}
    if command.proof is not None:
        hangs[command.place]["proof"] = command.proof.digest
    begin_work(draft, name)
    draft.put("notices", name, {**before, "places": hangs})
    draft.body.update({"ask": name, "place": command.place})
    remember_actor(draft, name, [command.person])
    if set(hangs) == set(places):
        _all_posted(draft, name, notice, max(instant(each["at"]) for each in hangs.values()))
    return "posted"


def _all_posted(draft: Draft, name: str, notice: Notice, at: datetime) -> None:
    drop_items(draft, name)
    emit(draft, f"{name}.posted", at)
    if timing.state_of(draft, f"{name}.wait") is None:
        expire(draft, name, at)
    elif notice.on_objection == "stop" and has_objection(draft, name):
        # Perhaps it hung before it was recorded: that time does not count either.
        _stop_wait(draft, name, at)


def expire(draft: Draft, name: str, at: datetime) -> None:
    """The wait was over at *at*: its legal end. The notice has ended when that is proved and no objection is open."""
    notice = draft.procedure.ask(name).notice
    assert notice is not None
    draft.put("notices", name, {**posting(draft, name), "over": iso(at)})
    emit(draft, f"{name}.expired")
    if "end" in notice.proof:
        open_item(draft, name, notice.by)
    _go_on(draft, name)


def _go_on(draft: Draft, name: str) -> None:
    if name in draft.procedure.workflow.tasks:
        advance_task(draft, name)
    else:
        advance(draft)


def against_proving(draft: Draft, name: str, notice: Notice, place: str) -> Iterator[Reason]:
    if place not in posting(draft, name)["places"]:
        yield reason("place", N_("nothing hangs at {place}"), place=place)
    if not notice_is_over(draft, name):
        yield reason("place", N_("the period is not over yet"), advice=N_("prove the end after its last day"))
    yield from against_poster(draft, notice, name)


def prove_notice(draft: Draft, command: ProveNotice) -> str:
    """It hung at a place until its end."""
    name, notice = noticed(draft, command.on)
    require(draft.before.id, against_proving(draft, name, notice, command.place))
    stand(draft, (notice.by,), name)
    before = posting(draft, name)
    hung = {**before["places"][command.place], "end": command.proof.digest}
    draft.put("notices", name, {**before, "places": {**before["places"], command.place: hung}})
    draft.body.update({"ask": name, "place": command.place})
    _go_on(draft, name)
    return "proved"


def against_taking_down(draft: Draft, name: str, notice: Notice, place: str) -> Iterator[Reason]:
    if place not in posting(draft, name)["places"]:
        yield reason("place", N_("nothing hangs at {place}"), place=place)
    yield from against_poster(draft, notice, name)


def take_down(draft: Draft, command: TakeDownNotice) -> str:
    """A posting that never counted: the whole period begins anew when it hangs again."""
    name, notice = noticed(draft, command.on)
    require(draft.before.id, against_taking_down(draft, name, notice, command.place))
    stand(draft, (notice.by,), name)
    if not draft.note:
        raise InputError(N_("say why the notice is taken down"), field="note", advice=N_("add --note TEXT"))
    before = posting(draft, name)
    left = {place: hung for place, hung in before["places"].items() if place != command.place}
    down = {**before.get("down", {}), command.place: iso(draft.now)}
    draft.put("notices", name, {"n": before["n"], "s": before["s"], "places": left, "down": down})
    draft.body.update({"ask": name, "place": command.place})
    timing.end(draft, f"{name}.wait")
    drop_items(draft, name)
    open_item(draft, name, notice.by)
    return "taken_down"


# --- objections -------------------------------------------------------------------------------------------------------


def open_to_objections(draft: Draft, on: str = "") -> str:
    """
    The notice that an objection now hits: the one that hangs, else the one left last.

    Raises:
        ActionNotAllowedError: None was posted, it takes no objections, or the case has ended.
    """
    notices = draft.section("notices")
    left = sorted(notices, key=lambda name: (draft.get("asks", name) is not None, notices[name]["n"]), reverse=True)
    name = on or next(iter(left), draft.stage)
    notice = _notice_of(draft, name)
    if notice is None or name not in notices or (draft.value("status") != "open" and draft.get("asks", name) is None):
        raise ActionNotAllowedError(draft.before.id, N_("no notice of this case is posted"))
    if not notice.objection:
        raise ActionNotAllowedError(draft.before.id, N_("this procedure takes no objections here"))
    return name


def _notice_of(draft: Draft, name: str) -> Notice | None:
    """The notice that the stage or task *name* puts up, if there is such a one and it does."""
    workflow = draft.procedure.workflow
    return draft.procedure.ask(name).notice if name in workflow.stages or name in workflow.tasks else None


def against_objection(draft: Draft, name: str, received_at: datetime) -> Iterator[Reason]:
    """
    It came too late: after the legal end, or recorded when the case was granted on the strength of the notice.

    One received in time counts even if the case has left the notice since (F10).
    """
    hung = draft.section("notices")[name]
    ends = hung.get("over") or hung.get("left")
    is_open = draft.get("asks", name) is not None
    wait = timing.state_of(draft, f"{name}.wait") if is_open else None
    if wait is not None and wait.status == "running":
        ends = iso(wait.due_at)
    granted = int(draft.value("granted", 0)) > hung["s"] and not is_open
    if granted or (ends and received_at >= instant(ends)):
        yield reason(
            "ended", N_("the period for objections is over"),
            advice=N_("record it as a comment; the township may return the case"),
        )  # fmt: skip


def lodge(draft: Draft, command: Object) -> str:
    """An objection: it opens its own small case, and nothing goes towards approval until that is answered."""
    name = open_to_objections(draft, command.on)
    if command.received_at > draft.now:
        raise InputError(N_("an objection cannot have been received in the future"), field="received_at")
    require(draft.before.id, against_objection(draft, name, command.received_at))
    notice = draft.procedure.ask(name).notice
    assert notice is not None
    assert notice.objection is not None
    stand_anywhere(draft)
    draft.put("links", command.child.hex, {"w": notice.objection, "q": name, "k": "objection", "s": draft.seq})
    draft.body.update({"ask": name, "objection": command.child.hex, "received": iso(command.received_at)})
    opening = OpenCase(
        id=derived_id(command.id, "objection"), person=command.person, post=command.post, channel="",
        subject=command.objector, household=str(draft.value("household") or draft.value("subject")),
        division=str(draft.value("division")), facts=command.facts, parent=(draft.before.id, name), note=command.note,
    )  # fmt: skip
    draft.followups.append(Followup(command.child, opening, notice.objection))
    emit(draft, f"{name}.objected")
    if notice.on_objection == "stop":
        _stop_wait(draft, name, draft.now)
    tell(draft, "objection_lodged", notice.by, ask=name)
    return "objected"


def _stop_wait(draft: Draft, name: str, since: datetime) -> None:
    state = timing.state_of(draft, f"{name}.wait")
    if state is not None and state.status == "running":
        timing.keep(draft, draft.procedure.clocks[f"{name}.wait"], clocks.stop(state, since, _OBJECTION))


# --- cases that were waited for ---------------------------------------------------------------------------------------


def child_ended(draft: Draft, command: ChildEnded) -> str:
    """A case that this one waits for has ended: an objection is answered, or a question by another case."""
    link = draft.get("links", command.child.hex)
    if link is None:
        raise ActionNotAllowedError(draft.before.id, N_("no such linked case is open"))
    name = link["q"]
    draft.drop("links", command.child.hex)
    draft.body.update({"child": command.child.hex, "ask": name, "outcome": command.outcome, "end": command.end})
    ask = draft.get("asks", name)
    if link["k"] == "objection" and name in draft.procedure.workflow.tasks:
        _objection_to_task_answered(draft, name, command.outcome)
    elif draft.value("status") == "open" and link["k"] == "objection":
        _objection_answered(draft, name, command.outcome)
    elif link["k"] == "child" and ask is not None and ask["n"] == link["n"]:
        end = _joined(draft, name, ask, command.end) if "of" in ask else command.end
        if end:
            draft.put("asks", name, {**draft.get("asks", name), "res": end})
            _go_on(draft, name)
    close_if_done(draft)
    return "child_ended"


def _joined(draft: Draft, name: str, ask: dict[str, Any], end: str) -> str:
    """The result of several cases, once the last has ended: the first of the tally that holds; until then nothing."""
    ended = {**ask["c"], end: ask["c"].get(end, 0) + 1}
    draft.put("asks", name, {**ask, "c": ended})
    voice, number = draft.procedure.ask(name).case, sum(ended.values())
    assert voice is not None
    return (joined(voice.tally, ended) or "") if number == ask["of"] else ""


def _objection_answered(draft: Draft, name: str, outcome: str) -> None:
    """Upheld, the case leaves wherever it stands; else it goes on as before."""
    stage = draft.procedure.workflow.stages[name]
    if outcome == "upheld":
        trigger = "" if draft.stage == name else late_upheld(name)
        take(draft, "upheld", stage.actions["upheld"], trigger=trigger, event=f"{name}.upheld", forced=True)
        return
    if draft.stage == name:
        _resume_wait(draft, name)
    advance(draft)


def _objection_to_task_answered(draft: Draft, name: str, outcome: str) -> None:
    """Upheld, that is the task's result, even if its period had ended well; the case stays where it is."""
    if draft.get("asks", name) is not None:
        if outcome == "upheld":
            answer(draft, name, "upheld")
        else:
            _resume_wait(draft, name)
            advance_task(draft, name)
    elif outcome == "upheld" and draft.get("tasks", name, {}).get("st") == "done":
        draft.put("tasks", name, {**draft.get("tasks", name), "r": "upheld", "s": draft.seq})
        emit(draft, f"{name}.upheld")
    if draft.value("status") == "open":
        advance(draft)


def _resume_wait(draft: Draft, name: str) -> None:
    """A wait that stood still for objections runs on when none is open."""
    state = timing.state_of(draft, f"{name}.wait")
    if state is not None and state.status == "stopped" and not has_objection(draft, name):
        resumed = clocks.resume(state, draft.now, draft.world.calendar, _OBJECTION)
        timing.keep(draft, draft.procedure.clocks[f"{name}.wait"], resumed)
