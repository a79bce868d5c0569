"""
What happens to a household's members: born, moved in, died, moved away, split off into a household of their own.

The register changes at once; each open case of the household is told in the same transaction (engine/concerning.py).
Pure: the household as last read and what is asked go in, the change comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from engine.cases import SYSTEM, HouseholdChange, RaiseConcern
from engine.divisions import Level, contains, level_of
from engine.errors import N_, InputError, NotFoundError, PermissionDeniedError
from engine.facts import LONGEST_TEXT
from engine.ids import derived_id
from engine.people import Staff

#: Who keeps the record of households.
KEEPERS = frozenset({Level.VILLAGE, Level.TOWNSHIP})


@dataclass(frozen=True, slots=True)
class MemberOf:
    """A member as the register has him; ``id_number`` is masked. ``left_at`` is UTC, None while he lives there."""

    key: str
    name: str
    relation: str
    id_number: str = ""
    left_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HouseholdState:
    """
    A household as last read.

    Attributes:
        members: Key → member, those who left included.
        open_cases: Open cases that are about it; those that another case opened hear of it by that one.
        staff_revision: Of the county, at that moment; a later commit compares it.
        is_erased: Its key was erased: nothing can be added to it.
    """

    county: str
    id: UUID
    division: str
    name: str
    members: Mapping[str, MemberOf]
    open_cases: tuple[UUID, ...] = ()
    staff_revision: int = 0
    is_erased: bool = False

    @property
    def living(self) -> tuple[str, ...]:
        """Keys of those who live there now, in order."""
        return tuple(key for key in sorted(self.members, key=int) if self.members[key].left_at is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdCommand:
    """
    Something asked of a household's record.

    Attributes:
        id: Chosen by the asker; asking twice with the same id changes the record once.
        why: In words; sealed under the household's key.
        on: The day on which it happened.
    """

    id: UUID
    person: str
    household: UUID
    on: date
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMember(HouseholdCommand):
    """Somebody was born into it, or moved in. ``id_number`` is normalised, empty where there is none yet."""

    how: Literal["born", "moved_in"]
    name: str
    relation: str
    id_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMembers(HouseholdCommand):
    """Somebody died, or moved away. ``head`` is the new householder's key, needed if the old one goes."""

    how: Literal["died", "moved_out"]
    members: tuple[str, ...]
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOff(HouseholdCommand):
    """Some of them are a household of their own from now on: *new*, in the same village; its first is its head."""

    members: tuple[str, ...]
    new: UUID
    head: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdUpdate:
    """
    What is written of a household, all or nothing.

    Attributes:
        post: In which the person acted: ``level.role@division``.
        members: Keys of those whom it is about; of somebody added, the new one's.
        head: The key of the new householder; empty: none.
    """

    state: HouseholdState
    command: HouseholdCommand
    change: HouseholdChange
    at: datetime
    post: str
    members: tuple[str, ...]
    head: str = ""

    def concern(self, case: UUID) -> RaiseConcern:
        """What an open case is told."""
        going = set(self.members) if self.change not in ("born", "moved_in") else set()
        return RaiseConcern(
            id=derived_id(self.command.id, "concern", case), person=SYSTEM, note=self.command.why, change=self.change,
            members=self.members, on=self.command.on.isoformat(), by=self.command.person, by_post=self.post,
            nobody_left=not going.isdisjoint(self.state.living) and set(self.state.living) <= going,
        )  # fmt: skip


def update(
    state: HouseholdState, command: HouseholdCommand, now: datetime, today: date, staff: Staff
) -> HouseholdUpdate:
    """
    Say what *command* does to the household, and change nothing.

    Raises:
        NotFoundError: It lies outside the person's scope.
        PermissionDeniedError: He is no officer of its village or township, or has declared it as a relative's.
        InputError: The day is to come, words are missing, or it names somebody who does not live there.
    """
    if not staff.sees(command.person, state.division, today):
        raise NotFoundError(N_("there is no such household in your scope"))
    post = _post(state, command.person, today, staff)
    if not command.why.strip() or len(command.why) > LONGEST_TEXT:
        raise InputError(N_("say why, in words"), field="why", advice=N_("add --why TEXT"))
    if command.on > today:
        raise InputError(N_("{day} is still to come"), field="on", day=command.on.isoformat())
    if state.is_erased:
        raise InputError(N_("the household's key was erased: nothing more can be written of it"))
    if isinstance(command, AddMember):
        key = str(max(map(int, state.members), default=0) + 1)
        if not command.name.strip():
            raise InputError(N_("a member has a name"), field="name")
        return HouseholdUpdate(state, command, command.how, now, post, (key,))
    assert isinstance(command, (RemoveMembers, SplitOff))
    members = tuple(dict.fromkeys(command.members))
    unknown = [key for key in members if key not in state.living]
    if unknown or not members:
        raise InputError(
            N_("{members} do not live in this household; those who do: {known}"), field="members",
            members=", ".join(unknown) or "–",
            known=", ".join(f"{key} {state.members[key].name}" for key in state.living) or "–",
        )  # fmt: skip
    head = _new_head(state, members, command.head)
    if isinstance(command, RemoveMembers):
        return HouseholdUpdate(state, command, command.how, now, post, members, head)
    if set(members) == set(state.living):
        raise InputError(N_("a household does not split off as a whole"), field="members")
    return HouseholdUpdate(state, command, "split_off", now, post, members, head)


def _post(state: HouseholdState, person: str, today: date, staff: Staff) -> str:
    if state.id.hex in staff.people[person].relatives:
        raise PermissionDeniedError(
            None, N_("{key} has declared this household as a relative's and must not take part"), key=person
        )
    for held in staff.posts(person, today):
        if contains(held.division, state.division) and level_of(held.division) in KEEPERS:
            return f"{held.post}@{held.division}"
    raise PermissionDeniedError(
        None, N_("officers of the household's village or township keep its record"),
        advice=N_("see who holds it: bangfu post list"),
    )  # fmt: skip


def _new_head(state: HouseholdState, going: tuple[str, ...], head: str) -> str:
    """The new householder, where the old one goes and others stay."""
    staying = [key for key in state.living if key not in going]
    old = next((key for key in state.living if state.members[key].name == state.name), "")
    if head and head not in staying:
        raise InputError(N_("the new householder is one of those who stay"), field="head")
    if old in going and staying and not head:
        raise InputError(
            N_("the householder goes: say who follows him, one of {known}"), field="head",
            advice=N_("add --head MEMBER"), known=", ".join(f"{key} {state.members[key].name}" for key in staying),
        )  # fmt: skip
    return head
