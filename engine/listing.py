"""
Lists: the cases of one stage and division that are handled in one act, one outcome each.

Opening a list gathers the cases that stand there; whatever comes later waits for the next one, or goes alone. Being on
a list belongs to a case's record, so a case that leaves its stage leaves its list too. Gathering and deciding are one
transaction each: all of it, or nothing and the reason of every case that refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from engine.cases import SYSTEM, Act, Decision, Enlist, Select
from engine.divisions import level_of
from engine.errors import N_, ActionNotAllowedError, InputError, NotFoundError
from engine.ids import derived_id
from engine.office import Office, Receipt
from engine.ports import CaseRow, ListRow, Register, Scope
from engine.selecting import Candidate, select

#: How many random bytes go into a draw.
_CHANCE = 16


def open_list(
    office: Office,
    register: Register,
    county: str,
    person: str,
    workflow: str,
    stage: str,
    division: str,
    list_id: UUID | None = None,
) -> ListRow:
    """
    Make a list of the cases that stand in *stage* inside *division* and are on none.

    Args:
        division: 12 digits, of the level that the stage's lists are made for.
        list_id: Chosen by the asker, so that asking twice makes one list; else a new one.

    Raises:
        ActionNotAllowedError: No case waits there for such a list.
        PermissionDeniedError: The person holds no post here.
        ListRefusedError: A case refused; nothing was changed.
    """
    scope = office.scope(county, person)
    list_id = list_id or office.new_id()
    standing = [
        (row.id, _list_in(office, county, row.id, stage))
        for row in register.cases_in(scope, workflow, stage, division)
        if _is_listed_per(office, row, division)
    ]
    if all(listed not in (None, list_id) for _, listed in standing):
        raise ActionNotAllowedError(
            None,
            N_("no case waits in {stage} of {division} for a list of this level"),
            advice=N_("see which cases there are: bangfu queue"),
            stage=office.definitions.in_force(workflow).title(stage),
            division=division,
        )
    entering = {
        case: Enlist(id=derived_id(list_id, case), person=person, list=list_id)
        for case, listed in standing
        if listed is None
    }
    if not any(listed == list_id for _, listed in standing) and not _is_made(register, scope, list_id):
        office.decide_list(county, entering, partial(_selected, office.chance(_CHANCE)))
    return register.list(scope, list_id)


def decide_list(
    office: Office, register: Register, county: str, person: str, list_id: UUID, acts: Mapping[UUID, Act | None]
) -> tuple[Receipt, ...]:
    """
    Decide the cases of a list in one act.

    Args:
        acts: For each case that still stands on the list its outcome; None leaves it on the list, for another act.

    Raises:
        NotFoundError: There is no such list in the person's scope.
        InputError: A case of the list has no outcome, or one that is not on it has.
        ListRefusedError: Some cases cannot be decided so; nothing was changed.
    """
    listed = register.list(office.scope(county, person), list_id)
    standing = {case: number for case, number, outcome in listed.items if not outcome}
    missing = [number for case, number in standing.items() if case not in acts]
    if missing:
        raise InputError(
            N_("each case of the list needs its outcome; without one: {numbers}"),
            field="outcomes",
            advice=N_("name those that are left for another act"),
            numbers=", ".join(missing),
        )
    strangers = [str(case) for case in acts if case not in standing]
    if strangers:
        raise InputError(N_("not on this list: {cases}"), field="outcomes", cases=", ".join(strangers))
    return office.decide_list(
        county, {case: replace(act, list=list_id) for case, act in acts.items() if act is not None}
    )


def _selected(chance: bytes, decisions: Sequence[Decision]) -> Mapping[UUID, Select]:
    """What the draw or rank of a list makes of each case that is put on it, if its stage has one."""
    events = [decision.event for decision in decisions if decision.event.body.get("terms")]
    if not events:
        return {}
    cases = {decision.event.case: decision.case for decision in decisions}
    found = select(
        [
            Candidate(event.case, cases[event.case].opened_at, cases[event.case].head, event.body["terms"])
            for event in events
        ],
        chance,
    )
    return {
        event.case: Select(
            id=derived_id(event.command, "selected"), person=SYSTEM, on=event.body["ask"],
            facts=found[event.case].facts, chance=chance.hex(), among=found[event.case].among,
            place=found[event.case].place,
        )
        for event in events
    }  # fmt: skip


def _is_listed_per(office: Office, row: CaseRow, division: str) -> bool:
    """Whether the definition of *row* handles its stage in lists of divisions like *division*."""
    stage = office.definitions.pinned(row.version).workflow.stages[row.stage]
    return stage.list_ is not None and stage.list_.per == level_of(division)


def _is_made(register: Register, scope: Scope, list_id: UUID) -> bool:
    """Whether that list was made before. Nothing is added to one: it was drawn and ranked as it was made."""
    try:
        register.list(scope, list_id)
    except NotFoundError:
        return False
    return True


def _list_in(office: Office, county: str, case: UUID, stage: str) -> UUID | None:
    """The list that a case stands on in *stage*, if it does."""
    ask = office.store.load(county, case).case.section("asks").get(stage, {})
    return UUID(ask["l"]) if ask.get("l") else None
