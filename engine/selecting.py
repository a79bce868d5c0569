"""
Who of a list is drawn, and who comes first: a sample that nobody can choose, and an order with a cut.

What a case brings to the list (its terms) is decided when it is put there, from its own facts and the definition it is
pinned to; what the list makes of all of them is decided here, once, for the cases that were put on it in one act. Cases
are ordered by a hash of the heads of all their chains and of chance that is handed in and kept. So who makes the list
cannot know what will come of it, and everybody who has the log draws the same again (docs/decisions/draws.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any
from uuid import UUID

from engine.cases import Secret, Select
from engine.divisions import Level, ancestor
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.facts import comparable, is_sealed
from engine.moving import set_fact
from engine.reasons import reason
from engine.workflow import ListSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A case of the list.

    Attributes:
        opened: When it was opened.
        head: The head of its chain when the list was made.
        terms: As :func:`terms` makes them and the event keeps them: ``draw``: {sets, share, each, always},
            ``rank``: {sets, take, by: values, desc: which of them count downwards}.
    """

    case: UUID
    opened: datetime
    head: bytes
    terms: Mapping[str, Any]

    @property
    def values(self) -> Sequence[Any]:
        """By what it is ranked."""
        by: Sequence[Any] | Secret = self.terms["rank"]["by"]
        return by.value if isinstance(by, Secret) else by

    @property
    def is_lost(self) -> bool:
        """Whether that can no longer be read: its household's key was erased."""
        by = self.terms.get("rank", {}).get("by")
        return isinstance(by, Secret) and by.is_lost


@dataclass(frozen=True, slots=True)
class Selected:
    """
    What comes of a list for one of its cases.

    Attributes:
        facts: Yes/no fact → whether it was drawn, or came first.
        among: How many cases there were.
        place: Its place in the order of a rank, from 1; None without one.
    """

    facts: Mapping[str, bool]
    among: int
    place: int | None = None


def select(candidates: Sequence[Candidate], chance: bytes) -> Mapping[UUID, Selected]:
    """
    Draw and rank among *candidates*, in whatever order they come.

    Args:
        chance: Random bytes that nobody knew before the list was made; kept with what comes of it.

    Raises:
        InputError: Their definitions draw or rank in different ways.
    """
    found = {each.case: each for each in candidates}
    heads = b"".join(each.case.bytes + each.head for _, each in sorted(found.items()))
    seed = hashlib.sha256(chance + heads).digest()
    lot = sorted(found, key=lambda case: hashlib.sha256(seed + case.bytes).digest())
    facts: dict[UUID, dict[str, bool]] = {case: {} for case in found}
    places: Mapping[UUID, int] = {}
    if (draw := _terms_of(candidates, "draw", ("sets",))) is not None:
        drawn = _drawn([found[case] for case in lot], Fraction(draw["share"]))
        for case in found:
            facts[case][draw["sets"]] = case in drawn
    if (rank := _terms_of(candidates, "rank", ("sets", "desc"))) is not None:
        order = _ranked([found[case] for case in lot], rank["desc"])
        places = {case: place for place, case in enumerate(order, 1)}
        for case, place in places.items():
            facts[case][rank["sets"]] = place <= int(rank["take"])
    return {case: Selected(facts[case], len(found), places.get(case)) for case in found}


def _terms_of(candidates: Sequence[Candidate], what: str, same: tuple[str, ...]) -> Mapping[str, Any] | None:
    """What holds for the list: the terms of the case that was opened last; None if its stage does not draw, or rank."""
    newest = max(candidates, key=lambda each: (each.opened, each.case)).terms.get(what)
    for each in candidates:
        other = each.terms.get(what)
        if (other is None) is not (newest is None) or any(
            newest[key] != other[key] for key in same if newest and other
        ):
            raise InputError(
                N_("the cases of this list stand under rules that draw or rank them in another way"), field="list",
                advice=N_("first decide those that stand under the older rules"),
            )  # fmt: skip
    return newest


def _drawn(lot: Sequence[Candidate], share: Fraction) -> frozenset[UUID]:
    """
    Those that are drawn: all that always are, of the others at least *share*, and of every place at least one.

    Args:
        lot: In the order of the draw.
    """
    drawn = {each.case for each in lot if each.terms["draw"]["always"]}
    seen = {each.terms["draw"]["each"] for each in lot if each.case in drawn}
    rest = [each for each in lot if each.case not in drawn]
    wanted = ceil(share * len(rest))
    of_places = []
    for each in rest:
        place = each.terms["draw"]["each"]
        if place and place not in seen:
            seen.add(place)
            of_places.append(each.case)
    by_lot = [each.case for each in rest if each.case not in of_places]
    return frozenset([*drawn, *of_places, *by_lot[: max(0, wanted - len(of_places))]])


def _ranked(lot: Sequence[Candidate], desc: Sequence[bool]) -> list[UUID]:
    """All in their order; who is equal in everything comes as the lot has it."""
    order = list(lot)
    for number in reversed(range(len(desc))):  # A stable sort by the last first.
        order.sort(key=lambda each, number=number: each.values[number], reverse=desc[number])  # type: ignore[misc]
    return [each.case for each in order]


def terms(draft: Draft, list_: ListSpec) -> dict[str, Any]:
    """
    What the case brings to the draw and rank of its list; :class:`Candidate` says in what form.

    Raises:
        UnknownRuleError: A fact is missing by which it is drawn or ranked.
    """
    found: dict[str, Any] = {}
    if (draw := list_.draw) is not None:
        each = ancestor(str(draft.value("division")), Level(draw.each)) if draw.each else ""
        found["draw"] = {
            "sets": draw.sets, "share": draft.parameter(str(draw.share), draft.today), "each": each,
            "always": bool(draw.always) and draft.holds(draw.always),
        }  # fmt: skip
    if (rank := list_.rank) is not None:
        facts = draft.procedure.workflow.facts
        # A yes/no that only actions or lists write is no until they do, as in the register.
        unasked = {
            name: False for name, fact in facts.items() if fact.kind == "yes_no" and not fact.in_ and not fact.is_
        }
        known = {**unasked, **draft.scope.facts, **draft.procedure.rules.computed(draft.scope)}
        names = [each.partition(" ")[0] for each in rank.order]
        missing = [name for name in names if name not in known]
        if missing:
            titles = ", ".join(f"{facts[name].title} ({name})" for name in missing)
            raise reason(
                "unknown", N_("not filled in yet: {names}"), names=titles, missing=tuple(missing),
                advice=N_("fill in the missing facts where they belong: --fact NAME=VALUE"),
            ).error(draft.before.id)  # fmt: skip
        values = [comparable(facts[name], known[name]) for name in names]
        # What is computed says as much as what it is computed from, declared secret or not.
        read = {each for name in names for each in (name, *draft.procedure.rules.facts_read(name)[0])}
        is_secret = any(is_sealed(facts[name]) for name in read)
        found["rank"] = {
            "sets": rank.sets, "take": int(draft.parameter(str(rank.take), draft.today)),
            "by": Secret(values) if is_secret else values, "desc": [each.endswith(" desc") for each in rank.order],
        }  # fmt: skip
    return found


def selected(draft: Draft, command: Select) -> str:
    """What the draw or rank of its list made of the case is written: its facts, and by what they can be found again."""
    for name, value in command.facts.items():
        set_fact(draft, name, "yes" if value else "no")
    draft.body.update(
        {"ask": command.on, "selected": dict(command.facts), "chance": command.chance, "among": command.among}
    )
    if command.place is not None:
        draft.body["place_of"] = command.place
    return "selected"
