"""
``offered``: what a person may do on a case now, what he must hand in with it, and why not the rest.

It knows no rule of its own: the reasons are those of the guards by which ``decide`` refuses, all of them and not only
the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from engine import timing
from engine.acting import (
    Answer,
    against_attaching,
    against_comment,
    against_giver,
    against_listing,
    against_outcome,
    answers,
    origin,
    papers_wanted,
    places_of,
    settles,
    targets,
    visited,
)
from engine.answering import against_fallback, against_minutes
from engine.asking import question
from engine.cases import Case, Comment
from engine.compiling import Procedure, is_office_post
from engine.concerning import against_carrying_on, responsible
from engine.concerns import open_concerns
from engine.correcting import (
    WHATS,
    against_confirming,
    against_deciding,
    against_proposing,
    against_retracting,
    correctable,
    deciders,
)
from engine.drafting import Draft, World
from engine.errors import ActionNotAllowedError, CaseError, GuardRefusedError
from engine.guards import against_leaving, require_scope, stand_in
from engine.handing import (
    against_assigning,
    against_claiming,
    against_delegating,
    against_handing,
    against_releasing,
    against_urging,
    candidates,
    items_of,
)
from engine.moving import is_towards_approval, led, straight_to, way
from engine.noticing import (
    against_objection,
    against_posting,
    against_proving,
    against_taking_down,
    open_to_objections,
    posting,
)
from engine.reasons import NEEDS, OF_RULES, Reason, UnknownRuleError
from engine.seeing import has_a_part
from engine.signers import against_pending, awaited_signers, held_answer
from engine.signing import (
    AGREE,
    DISAGREE,
    against_adding,
    against_removing,
    against_signing,
    held_given,
    removable,
    signing_for,
)
from engine.tallies import FALLBACK
from engine.timekeeping import against_extending, against_resuming, against_stopping
from engine.undoing import against_withdrawing, undoable
from engine.workflow import Action, Notice

Kind = Literal[
    "carry_on",
    "act", "claim", "release", "list", "post_notice", "prove_notice", "take_down_notice", "object", "comment", "attach",
    "stop_clock", "resume_clock", "extend_clock", "assign", "transfer", "delegate", "urge", "copy",
    "add_signer", "remove_signer", "sign", "withdraw", "propose", "confirm", "decline", "retract",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """
    Something that can be asked of a case.

    Attributes:
        kind: Which command it is.
        action: Of ``act`` and ``sign``: the answer; of what takes two persons: ``correct`` or ``reopen``. Else empty.
        on: The stage or task (of ``act`` and ``claim`` …), the clock, or the paper.
        place: Where the notice hangs, for ``post_notice`` and the like.
        title: As the definition calls it; empty for what only the engine knows (``abstain``, ``comment`` …).
        means: The legal meaning of an action.
        to: The stage or end where it would lead, as far as is known: a panel's answer leads there with the panel's
            result. A way that depends on facts is empty while they are not there, and for who has no part in the case.
        choices: What must be chosen: one of the stages that were visited, latest first (C5), or, where work is handed
            on, one of the persons (their keys) who can take it.
        allowed: Whether it would be carried out if what is needed is handed in.
        reasons: What speaks against it; empty if it is allowed. What rules say, by facts that may be secret, is told to
            those alone who have a part in the case, or may do it.
        needs_facts, needs_papers: What must be handed in with it.
        needs_note, needs_minutes, needs_document: Whether it asks for words, the minutes of a meeting, a file.
        list: The list that must be named with it, if the case is on one.
        posts: Who may do it: ``level.role@division``, or ``household`` and the like.
    """

    kind: Kind
    action: str = ""
    on: str = ""
    place: str = ""
    title: str = ""
    means: str = ""
    to: str = ""
    choices: tuple[str, ...] = ()
    allowed: bool = True
    reasons: tuple[Reason, ...] = ()
    needs_facts: tuple[str, ...] = ()
    needs_papers: tuple[str, ...] = ()
    needs_note: bool = False
    needs_minutes: bool = False
    needs_document: bool = False
    list: str = ""
    posts: tuple[str, ...] = ()


def offered(procedure: Procedure, case: Case, person: str, now: datetime, world: World) -> tuple[Offer, ...]:
    """
    Everything that *person* could ask of *case* now.

    Args:
        now: Aware, UTC.

    Returns:
        The answers to the stage, then to open tasks, in written order; then claims, lists, notices, clocks, papers and
        words. Answers are offered even if they are not allowed, with every reason that can be found; the rest only
        where they have a meaning now.

    Raises:
        CaseNotFoundError: The case lies outside the person's scope.
    """
    draft = Draft(procedure, case, Comment(id=case.id, person=person), now, world)
    require_scope(draft)
    stages = procedure.workflow.stages
    asks = sorted(draft.section("asks"), key=lambda name: name not in stages)
    found: list[Offer] = []
    for ask in asks:
        found += [_answer(draft, given) for given in answers(draft, ask).values()]
    for ask in asks:
        found += [*_work(draft, ask), *_signing(draft, ask)]
    found += _notices(draft, asks)
    found += _clocks(draft)
    for name in papers_wanted(draft):
        offer = Offer("attach", on=name, title=procedure.workflow.papers[name].title, needs_document=True)
        found.append(_offer(draft, offer, against_attaching(draft, name)))
    for number in open_concerns(draft):
        offer = Offer("carry_on", on=number, needs_note=True, posts=_named(draft, responsible(draft)))
        found.append(_offer(draft, offer, against_carrying_on(draft, number)))
    found.append(_offer(draft, Offer("comment", needs_note=True), against_comment(draft)))
    found.append(_offer(draft, Offer("copy"), against_comment(draft)))
    if draft.value("status") == "open" and undoable(draft) is not None:
        found.append(_offer(draft, Offer("withdraw"), against_withdrawing(draft)))
    found += _for_two(draft)
    return tuple(found)


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(draft: Draft, given: Answer) -> Offer:
    action = given.action
    on_list = str(draft.get("asks", given.ask).get("l", "")) if given.within else ""
    choices = tuple(visited(draft, action)) if action and "visited" in targets(action) else ()
    offer = Offer(
        "act", given.name, given.ask, title=action.title if action else "", means=given.means,
        to=_leads_to(draft, given), choices=choices, list=on_list, posts=_named(draft, given.posts),
    )  # fmt: skip
    writable = {name for place in places_of(draft, given) for name in draft.procedure.facts_in.get(place, ())}
    return _offer(draft, offer, _against(draft, given, on_list), writable)


def _against(draft: Draft, given: Answer, on_list: str) -> Iterator[Reason]:
    """Everything that speaks against an answer: who gives it, and what it would bring about at once."""
    yield from against_giver(draft, given, None, UUID(on_list) if on_list else None)
    if given.within:
        yield from against_pending(draft, given.ask)
    if not given.posts:
        return
    if given.name == FALLBACK:
        yield from against_fallback(draft, given.ask, None)
        return
    if given.panel is not None:
        yield from against_minutes(draft, given.ask, None)
    try:
        outcome = settles(draft, given)
    except GuardRefusedError as error:
        yield _of(error)
        return
    if outcome is not None:
        yield from against_outcome(draft, outcome)
        if outcome.action is not None:
            yield from _against_way(draft, outcome, outcome.action)


def _against_way(draft: Draft, given: Answer, action: Action) -> Iterator[Reason]:
    """What speaks against where the action leads: nowhere, nobody can say, or towards approval too early."""
    goals = visited(draft, action) if "visited" in targets(action) else [_back(draft, action)]
    for goal in goals:
        try:
            target = way(draft, given.name, goal).state
        except (UnknownRuleError, ActionNotAllowedError) as error:
            yield _of(error)
        else:
            if is_towards_approval(draft, target, action) and action.means not in ("pass", "grant"):
                yield from against_leaving(draft, draft.stage)


def _back(draft: Draft, action: Action) -> str:
    """The stage that the action leads back to without being asked: the previous one, or whoever sent the case back."""
    return origin(draft) if "previous" in targets(action) else straight_to(draft, action)


def _leads_to(draft: Draft, given: Answer) -> str:
    """The stage or end where an answer leads, if that is known."""
    action = given.action
    if action is None or "visited" in targets(action):
        return ""
    if not isinstance(action.to, str) and not has_a_part(draft):
        return ""
    try:
        return way(draft, given.name, _back(draft, action)).state
    except CaseError:
        return ""


# --- the engine's own verbs -------------------------------------------------------------------------------------------


def _work(draft: Draft, ask: str) -> Iterator[Offer]:
    items = items_of(draft, ask).values()
    if any(item.get("by", "") != draft.command.person for item in items):
        posts = tuple(dict.fromkeys(f"{item['p']}@{item['d']}" for item in items))
        yield _offer(draft, Offer("claim", on=ask, posts=posts), against_claiming(draft, ask))
    if not any(against_releasing(draft, ask)):
        yield Offer("release", on=ask)
    if items:
        yield from _handing(draft, ask)
    if items or held_answer(draft, ask) is not None:
        yield _offer(draft, Offer("urge", on=ask), against_urging(draft, ask))
    stage = draft.procedure.workflow.stages.get(ask)
    if stage is not None and stage.list_ is not None and not question(draft, ask).get("l"):
        yield _offer(draft, Offer("list", on=ask), against_listing(draft))


def _handing(draft: Draft, ask: str) -> Iterator[Offer]:
    """To whom the work could be handed; nothing where there is nobody."""
    handing: tuple[tuple[Kind, Iterable[Reason]], ...] = (
        ("assign", against_assigning(draft, ask)),
        ("transfer", against_handing(draft, ask)),
        ("delegate", against_delegating(draft, ask)),
    )
    for kind, against in handing:
        people = candidates(draft, kind, ask)
        if people:
            yield _offer(draft, Offer(kind, on=ask, choices=people), against)


def _signing(draft: Draft, ask: str) -> Iterator[Offer]:
    """Who may be asked beside the posts, and what one is asked as a signer."""
    if any(given.within and given.posts for given in answers(draft, ask).values()):
        yield _offer(draft, Offer("add_signer", on=ask), against_adding(draft, ask))
    if removable(draft, ask):
        yield _offer(draft, Offer("remove_signer", on=ask, choices=removable(draft, ask)), against_removing(draft, ask))
    if signing_for(draft, ask):
        yield _offer(draft, Offer("sign", AGREE, ask), _against_agreeing(draft, ask))
        yield _offer(draft, Offer("sign", DISAGREE, ask), against_signing(draft, ask, DISAGREE))


def _against_agreeing(draft: Draft, ask: str) -> Iterator[Reason]:
    """What speaks against an agreement, and, if it is the last, against where the held answer leads."""
    yield from against_signing(draft, ask, AGREE)
    held = held_answer(draft, ask)
    if held is not None and len(awaited_signers(draft, ask, "after")) == 1:
        given = held_given(draft, ask)
        if given.action is not None:
            try:
                led(draft, given.name, given.action, held.get("to", ""))
            except (UnknownRuleError, ActionNotAllowedError, GuardRefusedError) as error:
                yield _of(error)


def _for_two(draft: Draft) -> Iterator[Offer]:
    """What takes two persons: proposed by one who has a part in the case, decided by one of those who decide."""
    for what in WHATS:
        if what in draft.section("proposals"):
            if not any(why.kind == "proposal" for why in against_retracting(draft, what)):
                yield Offer("retract", what)
            posts = _named(draft, deciders(draft.procedure))
            yield _offer(draft, Offer("confirm", what, posts=posts), against_confirming(draft, what))
            yield _offer(draft, Offer("decline", what, needs_note=True, posts=posts), against_deciding(draft, what))
        elif what == "correct" or draft.value("status") != "open":
            choices = correctable(draft) if what == "correct" else ()
            offer = Offer("propose", what, needs_note=True, choices=choices)
            yield _offer(draft, offer, against_proposing(draft, what))


def _notices(draft: Draft, asks: Iterable[str]) -> Iterator[Offer]:
    for ask in asks:
        notice = draft.procedure.ask(ask).notice
        if notice is not None and not draft.get("asks", ask).get("w"):
            yield from _of_notice(draft, ask, notice)
    try:
        name = open_to_objections(draft)
    except ActionNotAllowedError:
        return
    yield _offer(draft, Offer("object", on=name), against_objection(draft, name, draft.now))


def _of_notice(draft: Draft, ask: str, notice: Notice) -> Iterator[Offer]:
    hangs, posts = posting(draft, ask)["places"], _named(draft, (notice.by,))
    for place in draft.procedure.places_of(notice, draft.get("asks", ask)):
        title = draft.procedure.workflow.places.get(place, "")
        if place not in hangs:
            offer = Offer("post_notice", "", ask, place, title, needs_document="start" in notice.proof, posts=posts)
            yield _offer(draft, offer, against_posting(draft, ask, notice, place))
            continue
        if "end" in notice.proof and "end" not in hangs[place]:
            offer = Offer("prove_notice", "", ask, place, title, needs_document=True, posts=posts)
            yield _offer(draft, offer, against_proving(draft, ask, notice, place))
        offer = Offer("take_down_notice", "", ask, place, title, needs_note=True, posts=posts)
        yield _offer(draft, offer, against_taking_down(draft, ask, notice, place))


def _clocks(draft: Draft) -> Iterator[Offer]:
    for spec, state in timing.running(draft):
        definition = spec.definition
        if definition is None:
            continue
        if definition.stop is not None:
            posts = _named(draft, definition.stop.by)
            stop = Offer("stop_clock", on=spec.id, title=spec.title, needs_note=True, needs_document=True, posts=posts)
            yield _offer(draft, stop, against_stopping(draft, spec, state))
            if state.stops:
                resume = Offer("resume_clock", on=spec.id, title=spec.title, posts=posts)
                yield _offer(draft, resume, against_resuming(draft, spec, state))
        if definition.extend is not None:
            extend = Offer(
                "extend_clock", on=spec.id, title=spec.title, needs_note=True, posts=_named(draft, definition.extend.by)
            )
            yield _offer(draft, extend, against_extending(draft, spec, state))


# --- putting it together ----------------------------------------------------------------------------------------------


def _offer(draft: Draft, offer: Offer, against: Iterable[Reason], writable: Iterable[str] = ()) -> Offer:
    """*offer* with what speaks against it. What can be handed in with it is a need, and no reason."""
    refusals: list[Reason] = []
    needs: dict[str, list[str]] = {}
    names = set(writable)
    for each in against:
        if each.kind == "unknown" and set(each.missing) <= names:
            needs.setdefault("facts", []).extend(key for name in each.missing for key in _keys(draft, name))
        elif each.kind in NEEDS:
            needs.setdefault(each.kind, []).extend(each.missing)
        else:
            refusals.append(each)
    refusals = [each for place, each in enumerate(refusals) if each not in refusals[:place]]
    if any(each.kind == "post" for each in refusals) and not has_a_part(draft):
        refusals = [each for each in refusals if each.kind not in OF_RULES]
        needs = {kind: names for kind, names in needs.items() if kind not in OF_RULES}
    return replace(
        offer, allowed=not refusals, reasons=tuple(refusals), needs_facts=tuple(dict.fromkeys(needs.get("facts", ()))),
        needs_papers=tuple(dict.fromkeys(needs.get("papers", ()))), needs_note=offer.needs_note or "opinion" in needs,
        needs_minutes="minutes" in needs,
    )  # fmt: skip


def _keys(draft: Draft, name: str) -> list[str]:
    """The keys under which the fact *name* is handed in: its own, or one for each member who has none yet."""
    if draft.procedure.workflow.facts[name].of != "member":
        return [name]
    keys = (f"{name}/{member}" for member in draft.value("members", ()))
    return [key for key in keys if draft.get("facts", key) is None]


def _of(error: CaseError) -> Reason:
    """The reason that an error was made of, or one with its words."""
    if isinstance(error, UnknownRuleError):
        return error.why
    kind = "tally" if isinstance(error, GuardRefusedError) else "target"
    return Reason(kind, error.words, advised=error.advised)


def _named(draft: Draft, posts: Iterable[str]) -> tuple[str, ...]:
    """*posts*, or who stands in for them, with their divisions."""
    found = []
    for post in posts:
        name = stand_in(draft, post)
        found.append("@".join(draft.place_of(name)) if is_office_post(name) else name)
    return tuple(dict.fromkeys(found))
