"""
Raising a concern, and answering it: what a case is told of its household, and who says that it goes on.

:mod:`engine.concerns` says what a concern holds back. Here it comes in, by a command that only the household's own
record gives, and is answered by an officer who has a part in the stage where the case stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.asking import posts_asked
from engine.cases import CarryOn, RaiseConcern
from engine.compiling import is_office_post
from engine.concerns import follow, open_concerns
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.guards import against_post, against_relatives, stand
from engine.moving import advance
from engine.reasons import Reason, reason, require


def raise_concern(draft: Draft, command: RaiseConcern) -> str:
    """The household has changed: the case is told, and so is whoever has work on it."""
    number = draft.serial()
    draft.put("concerns", number, {"k": command.change, "m": list(command.members), "on": command.on, "s": draft.seq})
    if command.nobody_left:
        draft.put("case", "gone", command.change)
    elif command.change in ("born", "moved_in"):
        draft.drop("case", "gone")
    draft.body.update({"concern": number, "change": command.change, "members": list(command.members)})
    draft.body.update({"on": command.on, "by": command.by, "as": command.by_post})
    for item in draft.section("items").values():
        if is_office_post(item["p"]):
            draft.tell("concern", item["p"], item["d"], change=command.change)
    return "concerned"


def responsible(draft: Draft) -> tuple[str, ...]:
    """The posts that answer a concern: those asked where the case stands, and those that may lead it elsewhere."""
    stage = draft.stage
    if stage not in draft.section("asks"):
        return tuple(draft.procedure.workflow.posts)
    posts = [*posts_asked(draft, stage), *(by for each in draft.procedure.actions(stage).values() for by in each.by)]
    found = tuple(dict.fromkeys(post for post in posts if is_office_post(draft.parameter(post))))
    return found or tuple(draft.procedure.workflow.posts)


def against_carrying_on(draft: Draft, number: str = "") -> Iterator[Reason]:
    """There is no such concern, or it is not this person's to answer."""
    if not open_concerns(draft):
        yield reason("answered", N_("nothing has changed in the household that is not answered yet"))
        return
    if number and number not in open_concerns(draft):
        yield reason(
            "answered", N_("no open change of the household has the number {number}; open: {numbers}"),
            advice=N_("add --concern N"), number=number, numbers=", ".join(open_concerns(draft)),
        )  # fmt: skip
        return
    yield from against_post(draft, responsible(draft))
    yield from against_relatives(draft, [draft.command.person])
    if not draft.note:
        yield reason("opinion", N_("say in words why the case goes on"), advice=N_("add --note TEXT"))


def carry_on(draft: Draft, command: CarryOn) -> str:
    """
    An officer has seen what changed and says that the case goes on; what waited for that alone goes on at once.

    Raises:
        InputError: There are several concerns, and it is not said which is meant.
    """
    require(draft.before.id, against_carrying_on(draft, command.concern))
    number = command.concern
    if not number:
        if len(open_concerns(draft)) > 1:
            raise InputError(
                N_("say which is meant: {numbers}"), field="concern", advice=N_("add --concern N"),
                numbers=", ".join(open_concerns(draft)),
            )  # fmt: skip
        number = next(iter(open_concerns(draft)))
    stand(draft, responsible(draft))
    draft.body.update({"concern": number, "change": open_concerns(draft)[number]["k"], "follow": command.follow})
    draft.drop("concerns", number)
    if command.follow:
        follow(draft)
    if draft.value("status") == "open":
        advance(draft)
    return "carried_on"
