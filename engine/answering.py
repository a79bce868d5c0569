"""
Panels: how several persons give one answer, each for himself or by the minutes of a meeting.

Answers are rows; what they add up to is counted from them each time (engine/tallies.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine import timing
from engine.asking import (
    answer_key,
    answers_of,
    drop_answers,
    drop_items,
    open_work,
    panel_asked,
    posts_asked,
    question,
    seats,
)
from engine.cases import Act, Minutes
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.guards import Standing, able, against_action
from engine.moving import answer
from engine.reasons import Reason, reason
from engine.signers import awaited_signers, held_answer
from engine.tallies import ABSTAIN, ROLL, Count, quorum_needed, result, settled
from engine.workflow import Panel


def against_member(draft: Draft, name: str, stands: Standing) -> Iterator[Reason]:
    """
    Why a member of the panel cannot answer now: he has, his seat has, or it is another's turn.

    One person has one voice: who answered for another has used his own, and whoever was answered for has answered.
    """
    panel = panel_asked(draft, name)
    if panel.recorded == "minutes":
        return
    for person in dict.fromkeys((stands.behalf or draft.command.person, draft.command.person)):
        if person in voices(draft, name):
            yield reason("answered", N_("{person} has already answered"), person=person)
    seat = stands.asked
    entitled = draft.get("asks", name)["e"]
    left = {post: entitled[post] - len(answers_of(draft, name, post)) for post in posts_asked(draft, name)}
    if left[seat] <= 0:
        yield reason("seats", N_("the {seats} seats of {post} have answered"), seats=entitled[seat], post=seat)
    waiting = next((post for post, number in left.items() if number > 0), seat)
    if panel.order and waiting != seat:
        yield reason("turn", N_("it is the turn of {waiting}: this panel answers in order"), waiting=waiting)


def voices(draft: Draft, name: str) -> set[str]:
    """Everybody who had a voice in the answers to *name*: in whose name, and who gave them for another."""
    prefix = answer_key(draft, name, "")
    given = {key[len(prefix) :]: value for key, value in draft.section("answers").items() if key.startswith(prefix)}
    return {*given, *(value["by"] for value in given.values() if "by" in value)}


def count(draft: Draft, name: str, given: str, closing: bool = False) -> str | None:
    """
    What the answers to *name* come to with one more, *given*; None while another result is possible.

    A quorum that the definition writes must have answered before anything is decided; without one the result stands as
    soon as nobody who is left can change it. Closing early needs the quorum, without one all who are entitled.

    Raises:
        GuardRefusedError: Nobody else will answer (all have, or *closing*), and there is no quorum or no result.
    """
    panel = panel_asked(draft, name)
    counted = _counted(draft, name, given)
    needed = quorum_needed(panel.quorum, counted.entitled)
    if not closing:
        found = settled(panel.tally, counted, 0 if panel.quorum is None else needed)
        return _decided(draft, found) if counted.present == counted.entitled else found
    if counted.present < needed:
        short = reason(
            "quorum", N_("{present} have answered, {needed} must take part"), present=counted.present, needed=needed
        )
        raise short.error(draft.before.id)
    return _decided(draft, result(panel.tally, counted))


def _counted(draft: Draft, name: str, *more: str) -> Count:
    """The answers to *name*, and *more*."""
    votes: dict[str, int] = {}
    for each in (*(value["a"] for value in answers_of(draft, name)), *more):
        votes[each] = votes.get(each, 0) + 1
    return Count(votes, sum(draft.get("asks", name)["e"].values()))


def record_answer(draft: Draft, command: Act, name: str, seat: str) -> str | None:
    """Note a member's own answer, given in *seat*; the result once it is settled."""
    found = count(draft, name, command.action, command.close)
    post = seat.partition("@")[0]
    given = {"a": command.action, "p": post, **({"o": True} if draft.note else {})}
    if draft.behalf:
        given["by"] = command.person
    draft.put("answers", answer_key(draft, name, draft.behalf or command.person), given)
    draft.body.update({"ask": name, "answer": command.action})
    if found is None:
        _close_items(draft, name, post)
        if panel_asked(draft, name).order and len(answers_of(draft, name, seat)) == question(draft, name)["e"][seat]:
            open_work(draft, name)
    return found


def _close_items(draft: Draft, name: str, post: str) -> None:
    """
    One work item of the seat is done: what he or his principal took up or entrusted, else what nobody has.

    Who has answered has no more work here: what else lies with them is free again, or its giver's.
    """
    items = [(no, item) for no, item in draft.section("items").items() if item["q"] == name and "g" not in item]
    own = [(number, item) for number, item in items if item.get("f", item["p"]) == post]
    persons = {draft.command.person, draft.behalf or draft.command.person}
    own.sort(key=lambda each: (persons.isdisjoint(_who_has(each[1])), "by" in each[1], int(each[0])))
    draft.drop("items", own[0][0])
    for number, item in items:
        if number != own[0][0] and not persons.isdisjoint(_who_has(item)):
            left = item.get("of", item)
            if left.get("by") in persons:
                left = {key: value for key, value in left.items() if key != "by"}
            draft.put("items", number, {"q": name, **left})


def _who_has(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Who took *item* up, and who entrusted it to him."""
    return tuple(part["by"] for part in (item, item.get("of", {})) if "by" in part)


# --- minutes ----------------------------------------------------------------------------------------------------------


def against_minutes(draft: Draft, name: str, minutes: Minutes | None) -> Iterator[Reason]:
    """The minutes are not there, or show no quorum."""
    panel = panel_asked(draft, name)
    if panel.recorded != "minutes":
        return
    if minutes is None:
        yield reason(
            "minutes", N_("this is decided by a meeting: its minutes are needed"),
            advice=N_("add --present POST=N … and --votes ANSWER=N …"),
        )  # fmt: skip
    elif (short := _shortage(draft, name, minutes)) is not None:
        yield short


def _shortage(draft: Draft, name: str, minutes: Minutes) -> Reason | None:
    """What lacks for a quorum; without one of its own a panel needs every seat, and one of a register anybody."""
    attended, panel = minutes.present, panel_asked(draft, name)
    entitled, quorum = draft.get("asks", name)["e"], panel.quorum
    if panel.roll is not None:
        entitled, attended = {ROLL: minutes.entitled}, {ROLL: attended.get(ROLL, 0)}
        quorum = 1 if quorum is None else quorum
    if quorum is None:
        for post, number in entitled.items():
            if attended.get(post, 0) < number:
                return reason(
                    "quorum", N_("{post}: {present} present, {number} needed"),
                    post=post, present=attended.get(post, 0), number=number,
                )  # fmt: skip
        return None
    needed = quorum_needed(quorum, sum(entitled.values()))
    if sum(attended.values()) < needed:
        return reason("quorum", N_("{present} present, {number} needed"), present=sum(attended.values()), number=needed)
    return None


def record_minutes(draft: Draft, command: Act, name: str) -> str:
    """
    Note the minutes of a meeting; the result that its votes add up to.

    Raises:
        InputError: They do not add up, or give another result than the one reported.
        GuardRefusedError: The votes give no result.
    """
    minutes = command.minutes
    assert minutes is not None
    entitled: Mapping[str, int] = draft.get("asks", name)["e"]
    panel = panel_asked(draft, name)
    if panel.roll is not None:
        entitled = {ROLL: minutes.entitled}
        draft.body["entitled"] = minutes.entitled
    else:
        entitled = {post: max(number, _may_come(draft, panel, post)) for post, number in entitled.items()}
    present, voted = sum(minutes.present.values()), sum(minutes.votes.values())
    _check_minutes(minutes, entitled, panel)
    votes = {**minutes.votes, ABSTAIN: minutes.votes.get(ABSTAIN, 0) + present - voted}
    found = _decided(draft, result(panel.tally, Count(votes, max(sum(entitled.values()), present))))
    if command.action != found:
        raise InputError(
            N_("the votes give {outcome}, not {action}"), field="action", outcome=found, action=command.action
        )
    draft.body.update({"ask": name, "present": dict(minutes.present), "votes": dict(minutes.votes)})
    draft.put("answers", answer_key(draft, name, "minutes"), {"a": found, "p": draft.post.partition("@")[0]})
    return found


def _may_come(draft: Draft, panel: Panel, post: str) -> int:
    """How many hold *post* now, where each of them has a seat: there may be more than when the body was asked."""
    is_open = any(number == "all" and draft.parameter(seat) == post for seat, number in panel.seats.items())
    return len(able(draft, post)) if is_open else 0


def _check_minutes(minutes: Minutes, entitled: Mapping[str, int], panel: Panel) -> None:
    present, voted = sum(minutes.present.values()), sum(minutes.votes.values())
    if any(number < 0 for number in (*minutes.present.values(), *minutes.votes.values())):
        raise InputError(N_("nobody attends or votes less than not at all"), field="votes")
    for post in minutes.present:
        if post not in entitled:
            raise InputError(
                N_("{post} has no seat here; seats: {seats}"), field="present", post=post, seats=", ".join(entitled)
            )
    for post, number in minutes.present.items():
        if panel.roll is None and number > entitled[post]:
            raise InputError(
                N_("{present} present of {post}, which has {entitled} seats here"), field="present", post=post,
                present=number, entitled=entitled[post],
            )  # fmt: skip
    if panel.roll is not None and present > minutes.entitled:
        raise InputError(
            N_("{present} present of {entitled} on the register"), field="entitled", present=present,
            entitled=minutes.entitled,
        )  # fmt: skip
    if voted > present:
        raise InputError(N_("{votes} votes of {present} present"), field="votes", votes=voted, present=present)
    for given in minutes.votes:
        if given not in (*panel.tally, ABSTAIN):
            raise InputError(
                N_("no answer {answer}; answers: {answers}"), field="votes", answer=given,
                answers=", ".join((*panel.tally, ABSTAIN)),
            )  # fmt: skip


def _decided(draft: Draft, outcome: str | None) -> str:
    if outcome is None:
        none = reason("tally", N_("these answers reach no result"), advice=N_("the panel must answer again"))
        raise none.error(draft.before.id)
    return outcome


# --- when nobody comes ------------------------------------------------------------------------------------------------


def against_fallback(draft: Draft, name: str, minutes: Minutes | None) -> Iterator[Reason]:
    """There is a quorum after all, or the reason is not given."""
    panel = panel_asked(draft, name)
    assert panel.else_ is not None
    entitled = sum(draft.get("asks", name)["e"].values())
    if panel.recorded == "minutes":
        quorate = minutes is not None and _shortage(draft, name, minutes) is None
    else:
        quorate = len(answers_of(draft, name)) >= quorum_needed(panel.quorum, entitled)
    if quorate:
        yield reason("quorum", N_("there is a quorum: the panel itself must answer"))
    if panel.else_.reason and not draft.note:
        yield reason("opinion", N_("say why the panel has no quorum"), advice=N_("add --note TEXT"))


def fall_back(draft: Draft, name: str) -> None:
    """The panel has no quorum: the body that it names instead is asked the same question, from the beginning."""
    ask, panel = question(draft, name), panel_asked(draft, name)
    assert panel.else_ is not None
    drop_answers(draft, name, ask)
    drop_items(draft, name)
    timing.end(draft, f"{name}.silence")
    body = draft.procedure.workflow.panels[panel.else_.use]
    draft.put("asks", name, {**ask, "p": panel.else_.use, "e": seats(draft, body)})
    draft.body.update({"ask": name, "fallback": panel.else_.use})
    open_work(draft, name)
    timing.change_body(draft, name)


def record_silence(draft: Draft, name: str) -> None:
    """
    A consulted body has let its time go by: who has not answered is silent, which counts as its clause says.

    While a guard speaks against what that would bring about, a signer is awaited, or the answers and the silence give
    no result, silence counts for nothing: the answers are still awaited.
    """
    panel, entitled = panel_asked(draft, name), draft.get("asks", name)["e"]
    assert panel.silence is not None
    if held_answer(draft, name) is not None or awaited_signers(draft, name):
        draft.body.update({"ask": name, "withheld": "signer"})
        return
    left = {post: entitled[post] - len(answers_of(draft, name, post)) for post in posts_asked(draft, name)}
    silent = [panel.silence.counts_as] * sum(left.values())
    found = result(panel.tally, _counted(draft, name, *silent))
    stage = draft.procedure.workflow.stages.get(name)
    held = "tally" if found is None else ""
    if found is not None and stage is not None:
        held = next((each.kind for each in against_action(draft, name, found, stage.actions[found])), "")
    if found is None or held:
        draft.body.update({"ask": name, "withheld": held})
        return
    for post, number in left.items():
        for place in range(number):
            key = answer_key(draft, name, f"{post.partition('@')[0]}:{place + 1}")
            draft.put("answers", key, {"a": panel.silence.counts_as, "p": post.partition("@")[0], "silent": True})
    draft.body.update({"ask": name, "silent": {post: number for post, number in left.items() if number}})
    draft.put("passed", passed_as(draft.get("asks", name), name), draft.seq)
    answer(draft, name, found)


def passed_as(ask: Mapping[str, object], name: str) -> str:
    """What rules call a question that its panel has answered: ``stage/panel``."""
    return f"{name}/{ask['p']}" if ask.get("p") else name
