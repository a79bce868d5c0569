"""
``decide``: what a command does to a case; the one place where cases change.

Pure: the record, the command, the instant and the world go in; the decision comes out. One handler a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.acting import act, attach, comment, copy, enlist
from engine.asking import readdress
from engine.cases import (
    SYSTEM,
    Act,
    AddSigner,
    Assign,
    Attach,
    CarryOn,
    Case,
    ChildEnded,
    Claim,
    Command,
    Comment,
    Confirm,
    Copy,
    Decision,
    Decline,
    Delegate,
    Enlist,
    ExtendClock,
    FireTimer,
    Object,
    OpenCase,
    PostNotice,
    Propose,
    ProveNotice,
    RaiseConcern,
    Readdress,
    ReadPaper,
    Release,
    RemoveSigner,
    ResumeClock,
    Retract,
    Select,
    SettleClocks,
    Sign,
    StopClock,
    TakeDownNotice,
    Transfer,
    Urge,
    Withdraw,
)
from engine.compiling import Procedure
from engine.concerning import carry_on, raise_concern
from engine.correcting import confirm, decline, propose, retract
from engine.drafting import Draft, World
from engine.errors import N_, InputError, PermissionDeniedError, StaleCaseError
from engine.facts import LONGEST_TEXT
from engine.guards import require_scope
from engine.handing import assign, claim, delegate, release, transfer, urge
from engine.moving import go_on
from engine.noticing import child_ended, lodge, post_notice, prove_notice, take_down
from engine.opening import open_case
from engine.reading import read_paper
from engine.selecting import selected
from engine.signing import add_signer, remove_signer, sign
from engine.timekeeping import extend_clock, fire, resume_clock, settle_clocks, stop_clock
from engine.undoing import withdraw

#: What no person asks for, and what is all that the system asks for.
_SYSTEM_ALONE = (FireTimer, ChildEnded, RaiseConcern, Readdress, Select)
_OF_THE_SYSTEM = (*_SYSTEM_ALONE, OpenCase, SettleClocks)


def decide(procedure: Procedure, case: Case, command: Command, now: datetime, world: World) -> Decision:
    """
    Say what *command* does to *case*, and change nothing.

    The same arguments always give the same decision.

    Args:
        procedure: The one the case is pinned to.
        case: As last recorded; ``case.seq`` counts its events, from 0.
        command: What is asked, by whom. A note has at most 2,000 characters. That the person is who he says, and that
            no one gives himself out as the system, is the caller's to know.
        now: Aware, UTC. Becomes ``at`` of the event, unless the case's last event is later (I10).
        world: Calendar, staff and members as of now.

    Returns:
        One event with its changes, the case after it, and what follows. Days are counted in the calendar's zone.

    Raises:
        CaseNotFoundError: The case lies outside the person's scope.
        ActionNotAllowedError: The stage offers no such action now.
        PermissionDeniedError: The person holds no post that may take it.
        GuardRefusedError: A rule, a missing paper, separation of duties or recusal says no.
        StaleCaseError: What the person decides on has changed since he saw it.
        InputError: A value is not of its type, or not asked for here.
    """
    if isinstance(command, _SYSTEM_ALONE) if command.person != SYSTEM else not isinstance(command, _OF_THE_SYSTEM):
        raise PermissionDeniedError(case.id, N_("only bangfu itself does this"))
    if len(command.note) > LONGEST_TEXT:
        raise InputError(N_("a note has at most {limit} characters"), field="note", limit=LONGEST_TEXT)
    draft = Draft(procedure, case, command, now, world)
    if not isinstance(command, OpenCase):
        require_scope(draft)
        _require_fresh(draft, command)
    kind = _HANDLERS[type(command)](draft, command)
    go_on(draft)
    return draft.finish(kind)


def _require_fresh(draft: Draft, command: Command) -> None:
    """
    What the person decides on is as he saw it.

    An answer to a task is stale if the task was asked anew since. One to the stage also if facts, papers, results of
    tasks or objections have come in. Comments, reminders and colleagues' claims and votes change nothing of that.
    """
    if command.seen is None or command.seen >= draft.before.seq:
        return
    if isinstance(command, (Sign, Confirm, Decline)):
        _require_seen(draft, command)
        return
    if not isinstance(command, Act):
        return
    name = command.on or draft.stage
    ask = draft.get("asks", name)
    latest = draft.before.seq if ask is None else max(int(ask["s"]), int(draft.value("back", 0)))
    if not command.on:
        written = [stored["s"] for part in ("facts", "papers", "tasks") for stored in draft.section(part).values()]
        lodged = [link["s"] for link in draft.section("links").values() if link["k"] == "objection"]
        latest = max([latest, *written, *lodged])
    if latest > command.seen:
        raise StaleCaseError(
            draft.before.id, N_("the case has moved on since you saw it (event {seq}, seen {seen})"),
            seq=latest, seen=command.seen,
        )  # fmt: skip


def _require_seen(draft: Draft, command: Sign | Confirm | Decline) -> None:
    """What is agreed to, the held answer or the proposal, is the one that the person saw."""
    if isinstance(command, Sign):
        what = (draft.get("asks", command.on or draft.stage) or {}).get("h")
    else:
        what = draft.get("proposals", command.what)
    if what is not None and command.seen is not None and what["s"] > command.seen:
        raise StaleCaseError(
            draft.before.id, N_("the case has moved on since you saw it (event {seq}, seen {seen})"),
            seq=what["s"], seen=command.seen,
        )  # fmt: skip


_HANDLERS: Mapping[type[Command], Callable[[Draft, Any], str]] = {
    RaiseConcern: raise_concern, ReadPaper: read_paper, CarryOn: carry_on,
    OpenCase: open_case, Act: act, Claim: claim, Release: release, Comment: comment, Attach: attach, Enlist: enlist,
    PostNotice: post_notice, ProveNotice: prove_notice, TakeDownNotice: take_down, Object: lodge,
    ChildEnded: child_ended, StopClock: stop_clock, ResumeClock: resume_clock, ExtendClock: extend_clock,
    SettleClocks: settle_clocks, FireTimer: fire, Assign: assign, Transfer: transfer, Delegate: delegate, Urge: urge,
    Copy: copy, AddSigner: add_signer, RemoveSigner: remove_signer, Sign: sign, Withdraw: withdraw, Propose: propose,
    Confirm: confirm, Decline: decline, Retract: retract, Readdress: readdress, Select: selected,
}  # fmt: skip
