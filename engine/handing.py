"""
Who has the work: take it up, give it back, hand it to another, and remind whoever has it.

A work item belongs to a post; these verbs only say which person sees to it. None of them answers anything: the
question, its panel's seats and answers, its list and its clocks stay as they are, and the limit runs on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.answering import against_member, voices
from engine.asking import posts_asked, question
from engine.cases import Assign, Claim, Delegate, Release, Transfer, Urge
from engine.compiling import is_office_post
from engine.divisions import contains
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.guards import (
    against_claim,
    against_post,
    against_relatives,
    called,
    is_relative,
    stand,
    stand_anywhere,
    standing,
    taken_by,
)
from engine.moving import begin_work
from engine.reasons import Reason, reason, require

Item = Mapping[str, Any]


def items_of(draft: Draft, ask: str) -> dict[str, Item]:
    """Number → open work item of those whom the procedure asks in *ask*; signers have theirs, which nobody hands on."""
    return {number: item for number, item in _work(draft, ask).items() if "g" not in item}


def _work(draft: Draft, ask: str) -> dict[str, Item]:
    """Number → open work item of *ask*, signers' as well."""
    return {number: item for number, item in draft.section("items").items() if item["q"] == ask}


# --- take up, give back -----------------------------------------------------------------------------------------------


def against_claiming(draft: Draft, ask: str) -> Iterator[Reason]:
    """There is no work to claim, or none for this person."""
    if items_of(draft, ask):
        yield from against_post(draft, posts_asked(draft, ask), ask)
        yield from against_claim(draft, ask)
        yield from _against_seat(draft, ask)
        yield from against_relatives(draft, [draft.command.person])
    else:
        yield reason("voice", N_("{ask} has no open work"), ask=ask)


def _against_seat(draft: Draft, ask: str) -> Iterator[Reason]:
    """In a panel that answers each for himself it is not this person's turn, or he has answered."""
    stands = standing(draft, posts_asked(draft, ask), ask)
    if draft.procedure.ask(ask).panel is not None and stands is not None:
        yield from against_member(draft, ask, stands)


def claim(draft: Draft, command: Claim) -> str:
    """Take up a work item, so that no colleague does the same."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_claiming(draft, ask))
    seat = stand(draft, posts_asked(draft, ask), ask).asked.partition("@")[0]
    free = [
        (number, item) for number, item in items_of(draft, ask).items() if taken_by(draft, item) in ("", command.person)
    ]
    # The item of one's own post, best one's own already; else that of the post for which somebody stands in.
    number, item = min(
        free,
        key=lambda each: (
            f"{each[1]['p']}@{each[1]['d']}" != draft.post, each[1].get("f", each[1]["p"]) != seat,
            "by" not in each[1], int(each[0]),
        ),
    )  # fmt: skip
    draft.put("items", number, {**item, "by": command.person})
    begin_work(draft, ask)
    return "claimed"


def against_releasing(draft: Draft, ask: str) -> Iterator[Reason]:
    """The person has claimed nothing of *ask*, and entrusted nothing of it to another."""
    if not any(_is_ones_own(draft, item) for item in items_of(draft, ask).values()):
        yield reason("claimed", N_("you have not claimed this"))


def release(draft: Draft, command: Release) -> str:
    """Give what one has claimed back to the post; what was entrusted goes back to its giver, or his post."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_releasing(draft, ask))
    for number, item in items_of(draft, ask).items():
        if not _is_ones_own(draft, item):
            continue
        given = item.get("of")
        draft.post = f"{item['p']}@{item['d']}"
        if given is None:
            draft.put("items", number, _unclaimed(item))
            continue
        if command.person != item["by"]:
            draft.post = f"{given['p']}@{given['d']}"
        back = (
            given
            if given["by"] in draft.world.staff.holders(given["p"], given["d"], draft.today)
            else _unclaimed(given)
        )
        draft.put("items", number, {"q": ask, **back})
        draft.tell("taken_back", given["p"], given["d"], ask=ask)
    return "released"


def _is_ones_own(draft: Draft, item: Item) -> bool:
    given = item.get("of")
    return item.get("by") == draft.command.person or bool(given and (given["p"], given["d"]) in draft.held)


def _unclaimed(item: Item) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "by"}


# --- hand to another --------------------------------------------------------------------------------------------------


def against_handing(draft: Draft, ask: str) -> Iterator[Reason]:
    """The person has no work of *ask* that he could hand to another, or it stands on a list."""
    yield from _against_listed(draft, ask)
    yield from _against_seat(draft, ask)
    if _to_hand(draft, ask) is None:
        yield from against_post(draft, posts_asked(draft, ask), ask)
        yield from against_claim(draft, ask)
        yield reason(
            "claimed", N_("you have no work here that is yours to hand on"),
            advice=N_("what was entrusted to you goes back to its giver: bangfu release"),
        )  # fmt: skip


def against_delegating(draft: Draft, ask: str) -> Iterator[Reason]:
    """As for a transfer; and who must not act himself has nobody act in his name."""
    yield from against_handing(draft, ask)
    yield from against_relatives(draft, [draft.command.person])


def against_assigning(draft: Draft, ask: str) -> Iterator[Reason]:
    """The person is neither a holder of a post that has open work of *ask*, nor of an office above it."""
    yield from _against_listed(draft, ask)
    if not items_of(draft, ask):
        yield reason("voice", N_("{ask} has no open work"), ask=ask)
    elif not _assignable(draft, ask):
        yield reason("post", N_("only a holder of the post or an office above it assigns its work"))


def transfer(draft: Draft, command: Transfer) -> str:
    """The work is the other's from now on, and he is told (loonflow#183: a transfer must notify)."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_handing(draft, ask))
    number, item = _own(draft, ask)
    post, division = _require(draft, command.to, successors(draft, item))
    asked = item.get("f", item["p"])
    handed = {"q": ask, "p": post, "d": division, "by": command.to, **({"f": asked} if post != asked else {})}
    return _handed(draft, ask, number, handed, item, "transferred")


def delegate(draft: Draft, command: Delegate) -> str:
    """The other answers in the giver's name, who stays answerable and may take it back; both are in the log (C18)."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_delegating(draft, ask))
    number, item = _own(draft, ask)
    post, division = _require(draft, command.to, trustees(draft, item))
    given = {**{key: value for key, value in item.items() if key != "q"}, "by": command.person}
    entrusted = {"q": ask, "p": post, "d": division, "by": command.to, "f": item.get("f", item["p"]), "of": given}
    return _handed(draft, ask, number, entrusted, item, "entrusted")


def assign(draft: Draft, command: Assign) -> str:
    """Work that nobody took up is given to a holder of its post; by a superior also what somebody else has."""
    ask = _asked(draft, command.on)
    _refuse_his_own(draft, ask, command)
    require(draft.before.id, against_assigning(draft, ask))
    held = {
        number: item
        for number, item in _assignable(draft, ask).items()
        if command.holder in (taken_by(draft, item), item.get("by", ""))
    }
    if held:
        takers = {number: _holders(draft, ask, item["p"], item["d"]) for number, item in held.items()}
        _require(draft, command.to, {key: place for each in takers.values() for key, place in each.items()})
        number = next(number for number, holders in takers.items() if command.to in holders)
        stand_anywhere(draft)
        return _handed(draft, ask, number, {**held[number], "by": command.to}, held[number], "assigned", keep_post=True)
    raise InputError(
        N_("{holder} has no work here that you could give to another") if command.holder
        else N_("all work here is taken up; say whose is to be given to another"),
        field="holder", advice=N_("see who has it: bangfu show CASE"), holder=called(draft, command.holder),
    )  # fmt: skip


def _refuse_his_own(draft: Draft, ask: str, command: Assign) -> None:
    """Raises InputError: The person has it already, and nothing else is free."""
    has = [taken_by(draft, item) for item in items_of(draft, ask).values()]
    if command.to in has and (command.holder == command.to or (not command.holder and "" not in has)):
        raise InputError(N_("{person} has this work already"), field="to", person=called(draft, command.to))


def successors(draft: Draft, item: Item) -> dict[str, tuple[str, str]]:
    """Person → the post in which he may take *item* over for good: holders of its post, and of its stand-in."""
    found = _holders(draft, item["q"], item["p"], item["d"])
    post = draft.procedure.workflow.posts.get(item.get("f", item["p"]))
    if post is not None and post.else_ is not None and is_office_post(post.else_):
        for person, place in _holders(draft, item["q"], *draft.place_of(post.else_)).items():
            found.setdefault(person, place)
    return found


def trustees(draft: Draft, item: Item) -> dict[str, tuple[str, str]]:
    """Person → the post of his at the division of *item* in which he may be entrusted with it."""
    own = draft.world.staff.holders(item["p"], item["d"], draft.today)
    found: dict[str, tuple[str, str]] = {}
    for person in draft.world.staff.people:
        for held in draft.world.staff.own_posts(person, draft.today):
            if held.division == item["d"] and person not in own and _is_free(draft, item["q"], person):
                found.setdefault(person, (held.post, held.division))
    return found


def candidates(draft: Draft, kind: str, ask: str) -> tuple[str, ...]:
    """Whom the work of *ask* can be handed to by the verb *kind*: persons' keys."""
    if kind == "assign":
        found_in = [(_holders(draft, ask, item["p"], item["d"]), item) for item in _assignable(draft, ask).values()]
        return tuple(dict.fromkeys(key for each, item in found_in for key in each if key != taken_by(draft, item)))
    found = _to_hand(draft, ask)
    if found is None:
        return ()
    return tuple(successors(draft, found[1]) if kind == "transfer" else trustees(draft, found[1]))


def _against_listed(draft: Draft, ask: str) -> Iterator[Reason]:
    if draft.get("asks", ask).get("l"):
        yield reason("list", N_("the case is on a list"), advice=N_("decide it together with its list"))


def _to_hand(draft: Draft, ask: str) -> tuple[str, Item] | None:
    """The item that the person could hand on: best what he took up, else free work of a post of his own."""
    person = draft.command.person
    own = [
        (number, item)
        for number, item in items_of(draft, ask).items()
        if is_office_post(item["p"]) and "of" not in item
        and draft.held.get((item["p"], item["d"])) == "" and taken_by(draft, item) in ("", person)
    ]  # fmt: skip
    return min(own, key=lambda each: ("by" not in each[1], int(each[0])), default=None)


def _own(draft: Draft, ask: str) -> tuple[str, Item]:
    found = _to_hand(draft, ask)
    assert found is not None
    return found


def _assignable(draft: Draft, ask: str) -> dict[str, Item]:
    """The items of *ask* that the person may assign: free ones of his own post, any of a division below his."""
    return {
        number: item
        for number, item in items_of(draft, ask).items()
        if is_office_post(item["p"]) and "of" not in item
        and (_is_superior(draft, item) or (not taken_by(draft, item) and (item["p"], item["d"]) in draft.held))
    }  # fmt: skip


def _is_superior(draft: Draft, item: Item) -> bool:
    return any(division != item["d"] and contains(division, item["d"]) for _, division in draft.held)


def _holders(draft: Draft, ask: str, post: str, division: str) -> dict[str, tuple[str, str]]:
    """Person → the post, for whoever holds it and is free to take work of *ask*."""
    holders = draft.world.staff.holders(post, division, draft.today)
    return {person: (post, division) for person in holders if _is_free(draft, ask, person)}


def _is_free(draft: Draft, ask: str, person: str) -> bool:
    """Somebody else, who is no relative and has not used his voice in the panel."""
    return person != draft.command.person and not is_relative(draft, person) and person not in voices(draft, ask)


def _require(draft: Draft, person: str, known: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """
    The post in which *person* takes the work.

    Raises:
        InputError: It cannot be handed to him.
    """
    if not known:
        raise InputError(
            N_("nobody else can take this work: nobody else holds the post, or he has answered or is a relative"),
            field="to", advice=N_("see who holds it: bangfu post list"),
        )  # fmt: skip
    if person not in known:
        raise InputError(
            N_("this work cannot be handed to {person}; to {known}"), field="to", person=called(draft, person),
            known=", ".join(called(draft, key) for key in known),
        )  # fmt: skip
    return known[person]


def _handed(
    draft: Draft, ask: str, number: str, item: dict[str, Any], before: Item, kind: str, keep_post: bool = False
) -> str:
    if not keep_post:
        draft.post = f"{before['p']}@{before['d']}"
    draft.put("items", number, item)
    draft.body["person"] = item["by"]
    draft.tell(kind, item["p"], item["d"], ask=ask)
    return kind


# --- remind -----------------------------------------------------------------------------------------------------------


def against_urging(draft: Draft, ask: str) -> Iterator[Reason]:
    """Nobody has work there, or they were urged today already."""
    if not _work(draft, ask):
        yield reason("voice", N_("{ask} has no open work"), ask=ask)
    if draft.get("asks", ask).get("u") == draft.today.isoformat():
        yield reason("urged", N_("they were urged today already"), advice=N_("urge again tomorrow, or their superior"))


def urge(draft: Draft, command: Urge) -> str:
    """Everybody who has work of the question is told that somebody waits."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_urging(draft, ask))
    draft.put("asks", ask, {**question(draft, ask), "u": draft.today.isoformat()})
    for item in _work(draft, ask).values():
        if is_office_post(item["p"]):
            draft.tell("urged", item["p"], item["d"], ask=ask)
    stand_anywhere(draft)
    return "urged"


def _asked(draft: Draft, on: str) -> str:
    """The open question that is meant, noted in the event."""
    ask = on or draft.stage
    question(draft, ask)
    draft.body["ask"] = ask
    return ask
