"""
Concerns: what has changed in a household while one of its cases was open, until an officer has decided what follows.

A birth, a death or a move changes the register, not the case. Each open case is told, and from then on no step towards
approval is taken before somebody responsible has said in words that it goes on, or has led it elsewhere: sent it back,
refused it, withdrawn it (docs/decisions/households.md). After the grant a concern is shown and holds nothing back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cases import SYSTEM
from engine.drafting import Draft
from engine.errors import N_
from engine.reasons import Reason, reason
from engine.workflow import Action

#: What leads elsewhere than on: a person who takes such an action has decided what follows from a change.
ELSEWHERE = frozenset({"back", "withdraw", "refuse", "refer"})


def open_concerns(draft: Draft) -> Mapping[str, Mapping[str, Any]]:
    """Number → what has changed and nobody has answered yet."""
    return draft.section("concerns")


def is_held(draft: Draft) -> bool:
    """Whether a concern holds back every step towards approval."""
    return bool(open_concerns(draft)) and not draft.value("granted", "")


def against_concerns(draft: Draft) -> Iterator[Reason]:
    """Something has changed in the household, and nobody has decided yet what follows from it."""
    if is_held(draft):
        yield reason(
            "concern", N_("the household has changed since, and nobody has decided yet what follows from it"),
            rule="concern", numbers=", ".join(open_concerns(draft)),
            advice=N_("say in words that the case goes on, or lead it elsewhere: bangfu carry-on CASE")
            if len(open_concerns(draft)) == 1
            else N_("say in words that the case goes on, for each, or lead it elsewhere: "
                    "bangfu carry-on CASE --concern N, with N one of {numbers}"),
        )  # fmt: skip


def against_granting_nobody(draft: Draft) -> Iterator[Reason]:
    """Nobody of the household is left: whatever anybody has said, there is nobody to grant anything to."""
    gone = draft.value("gone", "")
    if gone:
        yield reason(
            "gone",
            N_("nobody of the household is alive: nothing can be granted")
            if gone == "died"
            else N_("nobody of the household lives here any more: nothing can be granted"),
            rule="subject", advice=N_("refuse it, or withdraw it"),
        )  # fmt: skip


def settle(draft: Draft, action: Action, is_end: bool) -> None:
    """The case ends, or a person led it elsewhere: that answers its concerns. Sent back, it has today's members."""
    is_led = action.means in ELSEWHERE and draft.command.person != SYSTEM
    if not open_concerns(draft) or not (is_end or is_led):
        return
    draft.body["settled"] = sorted(open_concerns(draft), key=int)
    if not is_end:
        follow(draft)
    for number in tuple(open_concerns(draft)):
        draft.drop("concerns", number)


def follow(draft: Draft) -> None:
    """From now on the case is about those who live in the household today; facts of those who left go."""
    here = sorted(draft.world.members, key=int)
    draft.put("case", "members", here or None)
    for key in tuple(draft.section("facts")):
        _, of_member, member = key.partition("/")
        if of_member and member not in here:
            draft.drop("facts", key)
