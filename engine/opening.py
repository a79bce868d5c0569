"""
How a case begins: by one of its channels, or by another case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.acting import date_events
from engine.cases import SYSTEM, OpenCase, Secret, iso
from engine.compiling import NEW, Procedure, is_office_post
from engine.drafting import Draft
from engine.errors import N_, ActionNotAllowedError, InputError
from engine.facts import clean, is_missing
from engine.guards import (
    able,
    against_gaps,
    against_relatives,
    against_rule,
    recorders,
    remember_actor,
    require_scope,
    stand,
    stand_anywhere,
    stand_in,
    titled,
    write_facts,
    write_papers,
)
from engine.moving import emit, enter, way
from engine.reasons import Reason, require
from engine.workflow import Fact


def open_case(draft: Draft, command: OpenCase) -> str:
    """
    The first event of a case.

    A person opens by a channel whose post he holds, if what it needs holds. A case opened by another (a subcase, an
    objection, a successor) asks for neither; its opening facts must be there all the same.
    """
    procedure = draft.procedure
    name = command.channel or parent_channel(procedure)
    channel = procedure.workflow.opens.get(name)
    if channel is None:
        raise ActionNotAllowedError(
            None, N_("{title} has no channel {channel}; it has {opens}"), title=procedure.workflow.title,
            channel=name, opens=titled(procedure.workflow.opens, procedure.workflow.opens),
        )  # fmt: skip
    if channel.for_each and command.subject not in command.facts.get(channel.for_each, ()):
        raise InputError(N_("this channel opens one case for each of {fact}: name them"), field=channel.for_each,
                         fact=channel.for_each)  # fmt: skip
    if draft.before.seq:
        raise ActionNotAllowedError(draft.before.id, N_("the case is open already"))
    _write_head(draft, command, name)
    is_asked_for = command.parent is None and command.person != SYSTEM
    if is_asked_for:
        require_scope(draft)
        stand(draft, channel.by)
        require(draft.before.id, against_own(draft, channel.by))
        draft.put("case", "opener", draft.post)
    else:
        stand_anywhere(draft)
    remember_actor(draft, "opens", [command.person])
    written = [*_prefill(draft), *_carry(draft, command), *write_facts(draft, ("opens", name), command.facts)]
    write_papers(draft, ("opens", name), command.papers)
    require(draft.before.id, against_gaps(draft, ("opens", name)))
    for ref in channel.needs if is_asked_for else ():
        require(draft.before.id, against_rule(draft, ref))
    draft.body["channel"] = name
    emit(draft, "opened")
    emit(draft, name)
    date_events(draft, written)
    target = way_in(draft, name)
    draft.body["to"] = target
    enter(draft, target, NEW)
    return "opened"


def against_own(draft: Draft, posts: tuple[str, ...]) -> Iterator[Reason]:
    """
    Nobody opens a case of his declared relatives, nor records what they apply for, while another officer could.

    Where there is nobody else, he may: who applies is not turned away, and he answers nothing of the case afterwards.
    """
    if any(_others(draft, post) for post in posts):
        yield from against_relatives(draft, [key for key in (draft.command.person, draft.behalf) if key])


def _others(draft: Draft, post: str) -> bool:
    """Whether somebody who is no relative could open as *post*."""
    post = stand_in(draft, post)
    return bool(able(draft, post)) if is_office_post(post) else any(recorders(draft))


def way_in(draft: Draft, channel: str) -> str:
    """The first stage."""
    draft.put("case", "stage", NEW)
    return way(draft, channel).state


def parent_channel(procedure: Procedure) -> str:
    """The channel by which other cases open this one; without a channel of their own, the first."""
    opens = procedure.workflow.opens
    return next((name for name, each in opens.items() if "parent" in each.by), next(iter(opens)))


def _write_head(draft: Draft, command: OpenCase, channel: str) -> None:
    for division in (command.division, *command.places.values()):
        is_code = len(division) == 12 and division.isascii() and division.isdigit()
        if not (is_code and division.startswith(draft.before.county)):
            raise InputError(
                N_("the division {division} lies outside the county {county}"), field="division",
                division=division, county=draft.before.county,
            )  # fmt: skip
    for place in command.places:
        if place not in draft.procedure.workflow.places:
            raise InputError(N_("this procedure knows no place {place}"), field="places", place=place)
    values = {
        "number": command.number,
        "workflow": draft.procedure.workflow.workflow,
        "version": draft.procedure.version,
        "subject": command.subject,
        "household": command.household if command.household != command.subject else "",
        "division": command.division,
        "channel": channel,
        "opened": iso(draft.now),
        "status": "open",
        "members": list(command.members),
        "parent": [command.parent[0].hex, command.parent[1]] if command.parent else None,
        **{f"at:{place}": division for place, division in command.places.items()},
    }
    for name, value in values.items():
        if value:
            draft.put("case", name, value)


def _prefill(draft: Draft) -> list[str]:
    """
    Facts that begin as they stand in the register, or stood in the last case of this kind. They are there as if from
    before the first event, so that what must be ``fresh`` is asked again. What no longer fits its type is left out.
    """
    written = []
    for name, fact in draft.procedure.workflow.facts.items():
        if fact.prefill is None:
            continue
        keys = [f"{name}/{member}" for member in draft.value("members", ())] if fact.of == "member" else [name]
        for key in keys:
            value = _known_before(draft, key, fact)
            try:
                stored = None if is_missing(value) else clean(name, fact, value)
            except InputError:
                continue
            if stored is not None:
                draft.put("facts", key, {"v": stored, "s": 0})
                draft.body.setdefault("prefilled", []).append(key)
                written.append(name)
    return written


def _known_before(draft: Draft, key: str, fact: Fact) -> Any:
    if fact.prefill == "last":
        value = draft.world.last.get(key, {}).get("v")
        return value.value if isinstance(value, Secret) else value
    name, _, member = key.partition("/")
    known = draft.world.members.get(member, {}) if member else draft.world.register.get("household", {})
    return known.get(name)


def _carry(draft: Draft, command: OpenCase) -> list[str]:
    """What another case hands over, where this workflow has such a fact."""
    written = []
    for key, value in command.carried.items():
        name = key.partition("/")[0]
        fact = draft.procedure.workflow.facts.get(name)
        if fact is not None:
            draft.put("facts", key, {"v": clean(name, fact, value), "s": draft.seq})
            written.append(name)
    return written
