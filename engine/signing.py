"""
What people do with signers: add one, take one off, sign.

Who may answer a question now may add a signer to it. An agreement after the answer is a judgement like the answer
itself: separation of duties holds for it, and every guard is asked again when the last signer agrees.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.acting import Answer, against_giver, against_outcome, answers, brings_about
from engine.answering import passed_as
from engine.asking import posts_asked, question, tell
from engine.cases import AddSigner, RemoveSigner, Sign
from engine.compiling import is_office_post
from engine.divisions import contains
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.guards import (
    against_both,
    against_post,
    against_relatives,
    called,
    is_relative,
    remember_actor,
    stand,
    stand_anywhere,
    stand_in,
    standing,
)
from engine.reasons import NEEDS, Reason, reason, require
from engine.signers import (
    against_pending,
    awaited_signers,
    close_signing,
    held_answer,
    open_signing,
    signers,
    void,
)
from engine.tallies import FALLBACK

AGREE, DISAGREE = "agree", "disagree"


# --- who signs --------------------------------------------------------------------------------------------------------


def against_adding(draft: Draft, ask: str) -> Iterator[Reason]:
    """The question is none that officers answer, stands on a list, is answered already, or is not this person's."""
    if held_answer(draft, ask) is not None:
        yield from against_pending(draft, ask)
    if draft.get("asks", ask).get("l"):
        yield reason("list", N_("the case is on a list"), advice=N_("decide it together with its list"))
        return
    given = [each for each in answers(draft, ask).values() if each.within and each.posts and each.name != FALLBACK]
    if not given:
        yield reason("voice", N_("no officer answers this, so that nobody can sign it"))
        return
    against = [[why for why in against_giver(draft, each) if why.kind not in NEEDS] for each in given]
    yield from min(against, key=len)


def add_signer(draft: Draft, command: AddSigner) -> str:
    """One more officer is heard before the question is answered, or must agree before its answer counts."""
    ask = _asked(draft, command.on)
    require(draft.before.id, against_adding(draft, ask))
    post = _post_of(draft, ask, command.signer)
    stand(draft, posts_asked(draft, ask), ask)
    added = {"w": command.when, "by": command.person, "p": post}
    value = question(draft, ask)
    draft.put("asks", ask, {**value, "g": {**value.get("g", {}), command.signer: added}})
    if command.when == "before":
        open_signing(draft, ask, command.signer, added)
    draft.body.update({"signer": command.signer, "when": command.when})
    return "signer_added"


def _post_of(draft: Draft, ask: str, person: str) -> str:
    """
    The post, ``level.role@division``, in which *person* signs: one of his own that the case lies in the scope of.

    Raises:
        InputError: He is not known here or may not see the case, answers the question himself, is a relative, or is
            asked already.
    """
    own = draft.world.staff.own_posts(person, draft.today)
    seeing = [held for place in draft.places for held in own if contains(held.division, place)]
    if not seeing:
        raise InputError(
            N_("{person} is not known here, or may not see this case"), field="signer",
            advice=N_("see: bangfu person list"), person=person,
        )  # fmt: skip
    named = (stand_in(draft, post) for post in posts_asked(draft, ask))
    asked = {draft.place_of(name) for name in named if is_office_post(name)}
    if {(held.post, held.division) for held in own} & asked or person in draft.get("acts", ask, ()):
        raise InputError(
            N_("{person} answers this question himself; a signer is somebody else"), field="signer",
            person=called(draft, person),
        )  # fmt: skip
    if is_relative(draft, person):
        raise InputError(
            N_("{key} has declared this household as a relative's and must not take part"), field="signer",
            key=called(draft, person),
        )  # fmt: skip
    if person in signers(draft, ask):
        raise InputError(N_("{person} is asked to sign this already"), field="signer", person=called(draft, person))
    return f"{seeing[0].post}@{seeing[0].division}"


def removable(draft: Draft, ask: str) -> tuple[str, ...]:
    """The signers whom the person may take off: all who have not signed, or those that he added himself."""
    waiting = awaited_signers(draft, ask)
    if standing(draft, posts_asked(draft, ask), ask) is not None:
        return waiting
    return tuple(key for key in waiting if signers(draft, ask)[key]["by"] == draft.command.person)


def against_removing(draft: Draft, ask: str) -> Iterator[Reason]:
    """Nobody is awaited, or the person neither added one nor answers the question."""
    if not awaited_signers(draft, ask):
        yield reason("signer", N_("nobody is awaited here as a signer"))
    elif not removable(draft, ask):
        yield from against_post(draft, posts_asked(draft, ask), ask)
    yield from against_relatives(draft, [draft.command.person])


def remove_signer(draft: Draft, command: RemoveSigner) -> str:
    """
    A signer who has not signed is no longer asked.

    If nobody is awaited any more the held answer counts, as if he had never been added; if the guards now speak
    against it, the question is open again.
    """
    ask = _asked(draft, command.on)
    require(draft.before.id, against_removing(draft, ask))
    known = removable(draft, ask)
    if command.signer not in known:
        raise InputError(
            N_("{person} cannot be taken off; only {known}"), field="signer", person=called(draft, command.signer),
            known=", ".join(called(draft, key) for key in known),
        )  # fmt: skip
    stand_anywhere(draft)
    value = question(draft, ask)
    left = {key: each for key, each in value["g"].items() if key != command.signer}
    close_signing(draft, ask, command.signer)
    draft.put("asks", ask, {**value, "g": left})
    draft.body.update({"signer": command.signer, "when": value["g"][command.signer]["w"]})
    if held_answer(draft, ask) is not None and not awaited_signers(draft, ask, "after"):
        if any(against_effect(draft, ask)):
            void(draft, ask)
        else:
            take_effect(draft, ask)
    return "signer_removed"


# --- signing ----------------------------------------------------------------------------------------------------------


def signing_for(draft: Draft, ask: str) -> str:
    """The awaited signer as whom the person may sign now: himself, or whose deputy he is in that post; or empty."""
    held = held_answer(draft, ask)
    for key in awaited_signers(draft, ask, "before" if held is None else "after"):
        post, _, division = signers(draft, ask)[key]["p"].partition("@")
        if key in (draft.command.person, draft.held.get((post, division))):
            return key
    return ""


def against_signing(draft: Draft, ask: str, answer: str) -> Iterator[Reason]:
    """The person is not asked to sign, there is nothing to sign yet, or a guard speaks against what would follow."""
    key = signing_for(draft, ask)
    if not key:
        if draft.command.person in awaited_signers(draft, ask):
            yield reason(
                "signer", N_("there is no answer yet that could be signed"),
                advice=N_("you are told when those who are asked have answered"),
            )  # fmt: skip
        elif signers(draft, ask).get(draft.command.person, {}).get("a"):
            yield reason("signer", N_("you have signed already"))
        else:
            yield reason("signer", N_("you are not asked to sign this"))
        return
    persons = tuple(dict.fromkeys((draft.command.person, key)))
    yield from against_relatives(draft, persons)
    if answer == DISAGREE and not draft.note:
        yield reason("opinion", N_("needs an opinion in words"), advice=N_("add --note TEXT"))
    if answer == AGREE and held_answer(draft, ask) is not None:
        post = signers(draft, ask)[key]["p"]
        yield from against_both(draft, ask, held_given(draft, ask).means, dict.fromkeys(persons, post))
        if awaited_signers(draft, ask, "after") == (key,):
            yield from against_effect(draft, ask)


def sign(draft: Draft, command: Sign) -> str:
    """An opinion before the answer, or a judgement of it: who disagrees voids it, the last who agrees lets it count."""
    ask = _asked(draft, command.on)
    if command.answer not in (AGREE, DISAGREE):
        raise InputError(N_("a signer answers agree or disagree"), field="answer")
    require(draft.before.id, against_signing(draft, ask, command.answer))
    key = signing_for(draft, ask)
    value = question(draft, ask)
    signer = value["g"][key]
    draft.post, draft.behalf = signer["p"], key if key != command.person else ""
    draft.put("asks", ask, {**value, "g": {**value["g"], key: {**signer, "a": command.answer}}})
    close_signing(draft, ask, key)
    draft.body.update({"signer": key, "when": signer["w"], "signed": command.answer})
    if signer["w"] == "before":
        if not awaited_signers(draft, ask, "before"):
            _tell_asked(draft, ask)
        return "signed"
    remember_actor(draft, ask, (command.person, key))
    if command.answer == DISAGREE:
        void(draft, ask)
    elif not awaited_signers(draft, ask, "after"):
        take_effect(draft, ask)
    return "signed"


def _tell_asked(draft: Draft, ask: str) -> None:
    """Whoever is asked learns that he may answer now."""
    for post in posts_asked(draft, ask):
        tell(draft, "signers_heard", post, ask=ask)


# --- what a held answer brings about ----------------------------------------------------------------------------------


def held_given(draft: Draft, ask: str) -> Answer:
    """The answer that is held, as the question knows it."""
    held = held_answer(draft, ask)
    assert held is not None
    return answers(draft, ask)[held["a"]]


def against_effect(draft: Draft, ask: str) -> Iterator[Reason]:
    """What now speaks against the held answer; its words were given with it."""
    return (why for why in against_outcome(draft, held_given(draft, ask)) if why.kind != "opinion")


def take_effect(draft: Draft, ask: str) -> None:
    """Every signer has agreed: the held answer counts from now on."""
    require(draft.before.id, against_effect(draft, ask))
    given, held = held_given(draft, ask), held_answer(draft, ask)
    assert held is not None
    if given.panel is not None or draft.procedure.ask(ask).panel is not None:
        draft.put("passed", passed_as(question(draft, ask), ask), draft.seq)
    brings_about(draft, given, held.get("to", ""))


def _asked(draft: Draft, on: str) -> str:
    """The open question that is meant, noted in the event."""
    ask = on or draft.stage
    question(draft, ask)
    draft.body["ask"] = ask
    return ask
