"""
Deciding many cases alike: a decision on one case holds for every other of which it would have read the same.

``decide`` is a function of its arguments. One case is decided on a record that notes what is read of it, and what
comes of it (:class:`Shared`) is given to each further case where all of that is the same, with its own ids. What is
not read makes no difference: a name, a number, a fact that no rule asks for. Whatever cannot be told in this way, a
decision that holds a secret, that opens another case, or that makes something of an id, is made for each case alone
(docs/decisions/deciding-alike.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from engine.cases import SECTIONS, Case, Command, Decision, Event, Message, RegisterWrite, Secret, fold
from engine.compiling import Procedure
from engine.deciding import decide
from engine.drafting import World
from engine.watching import Noted, Place, Watched

_NOTHING: Mapping[str, Any] = {}
#: Ids that stand for any other: what comes of a case with them depends on no id.
_ANY = (UUID(int=1), UUID(int=2))
#: So many cases more are tried that were like no other than cases that were.
_PATIENCE = 16


@dataclass(frozen=True, slots=True)
class Shared:
    """
    What was decided, but for whose case it is.

    Attributes:
        asked: All that it was decided from beside the records, as :func:`_asked` gives it.
        read: What was read of the case and the register, and found there.
        event: With the ids of none.
    """

    asked: tuple[Any, ...]
    read: Noted
    event: Event
    messages: tuple[Message, ...]
    register: tuple[RegisterWrite, ...]

    def of(self, case: Case, command: Command) -> Decision:
        """The decision on *case*."""
        like = self.event
        body = like.body
        if "note" in body:  # It is sealed for each household by itself.
            body = {**body, "note": Secret(body["note"].value)}
        event = Event(
            county=case.county, case=case.id, seq=like.seq, at=like.at, kind=like.kind, command=command.id,
            asked=like.asked, actor=like.actor, post=like.post, behalf=like.behalf, version=like.version,
            body=body, changes=like.changes,
        )  # fmt: skip
        return Decision(event, fold(case, event), self.messages, self.register)


class Sharing:
    """The decisions of one batch. ``decide`` is :func:`engine.deciding.decide`, with each of them made once."""

    def __init__(self) -> None:
        self._known: list[Shared] = []
        self._patience = _PATIENCE

    def decide(self, procedure: Procedure, case: Case, command: Command, now: datetime, world: World) -> Decision:
        """The same as :func:`engine.deciding.decide`, and raises what that raises."""
        if self._patience < 0:
            return decide(procedure, case, command, now, world)
        asked = _asked(procedure, case, command, now, world)
        sections = _sections(case, world)
        for shared in self._known:
            if shared.asked == asked and shared.read.are_in(sections):
                self._patience += 1
                return shared.of(case, command)
        self._patience -= 1
        made = _made(procedure, case, command, now, world)
        if made is None:
            return decide(procedure, case, command, now, world)
        self._known.append(Shared(asked, *made))
        return self._known[-1].of(case, command)


def _asked(procedure: Procedure, case: Case, command: Command, now: datetime, world: World) -> tuple[Any, ...]:
    around = (procedure.version, case.county, case.seq, max(now, case.at), now)
    return (*around, _of_world(world), type(command), _content(command))


#: What of a world is the same for all cases of a batch, or makes them unlike.
_of_world = attrgetter(*(each.name for each in fields(World) if each.name not in ("members", "register")))


_CONTENTS: dict[type[Command], Callable[[Command], Any]] = {}


def _content(command: Command) -> Any:
    """What is asked by *command*, without its id."""
    kind = type(command)
    if kind not in _CONTENTS:
        _CONTENTS[kind] = attrgetter(*(each.name for each in fields(kind) if each.name != "id"))
    return _CONTENTS[kind](command)


def _sections(case: Case, world: World) -> Mapping[str, Mapping[str, Any]]:
    """All records that a decision reads."""
    return {**case.sections, "members of": world.members, "register of": world.register}


def _made(
    procedure: Procedure, case: Case, command: Command, now: datetime, world: World
) -> tuple[Noted, Event, tuple[Message, ...], tuple[RegisterWrite, ...]] | None:
    """What is read and decided, if that depends on nothing else; None if the case must be decided alone."""
    notes: dict[Place, Any] = {}
    records = _sections(case, world)
    watched = {name: Watched(records.get(name, _NOTHING), (name,), notes) for name in (*SECTIONS, *records)}
    around = replace(world, members=watched["members of"], register=watched["register of"])
    sections = {name: watched[name] for name in SECTIONS}
    found = []
    for any_id in _ANY:
        try:
            like = Case(case.county, any_id, case.seq, case.head, case.at, sections)
            found.append(decide(procedure, like, replace(command, id=any_id), now, around))
        except Exception:  # It is told, with the ids that it is about, when the case is decided alone.
            return None
    one, other = found
    said, said_again = (_said(each) for each in found)
    if one.followups or other.followups or said != said_again or not _is_plain(said):
        return None
    return Noted(notes), one.event, one.messages, one.register


def _said(decision: Decision) -> tuple[Any, ...]:
    """All that *decision* says, but for the words of who asked."""
    event = decision.event
    body = {key: value for key, value in event.body.items() if key != "note"}
    return event.kind, event.post, event.behalf, body, event.changes, decision.messages, decision.register


def _is_plain(value: Any) -> bool:
    """Whether *value* holds no secret, which is sealed for one household, and no record that is watched."""
    if isinstance(value, (Secret, Watched)):
        return False
    if isinstance(value, (Message, RegisterWrite)):
        return all(_is_plain(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return not isinstance(value, Iterable) or isinstance(value, (str, bytes)) or all(map(_is_plain, value))
