"""
What two persons may do together: correct recorded facts, and reopen a case that has ended (I8).

One who has a part in the case proposes, with words; another, who holds a post that grants or refuses, confirms or
declines. The proposal stands in the record, and is work of those posts until it is decided or taken back. Nothing that
was written before is lost: old values stay in the log (docs/decisions/correcting-and-reopening.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from engine import timing
from engine.asking import drop_items
from engine.cases import Case, Confirm, Decline, Event, Propose, Retract, fold, iso
from engine.compiling import Procedure, is_office_post
from engine.drafting import Draft
from engine.errors import N_, InputError
from engine.facts import clean
from engine.guards import (
    JUDGING,
    Standing,
    against_relatives,
    called,
    require_happened,
    stand_anywhere,
    standing,
)
from engine.moving import enter
from engine.parameters import values_meant
from engine.reasons import Reason, reason, require
from engine.seeing import has_a_part
from engine.workflow import Action, Fact, Level, Stage

What = Literal["correct", "reopen"]
WHATS: tuple[What, ...] = ("correct", "reopen")
#: What a closed case has forgotten and a reopened one knows again: separation of duties and returns read it.
_REMEMBERED = ("visits", "acts", "passed", "times")


# --- who --------------------------------------------------------------------------------------------------------------


def deciders(procedure: Procedure) -> tuple[str, ...]:
    """
    The posts that confirm: those that grant or refuse in this procedure; where none does, those that pass.

    Of them those of the highest level: a village that may refuse does not mend what the county decides.
    """
    for means in (JUDGING - {"pass"}, JUDGING):
        found: dict[str, None] = {}
        for stage in procedure.workflow.stages.values():
            for action in (*stage.actions.values(), *procedure.workflow.anywhere.values()):
                if action.means in means:
                    found.update(dict.fromkeys(_takers(procedure, stage, action)))
        if found:
            highest = max(map(_rank, found))
            return tuple(post for post in found if _rank(post) == highest)
    return ()


def _rank(post: str) -> int:
    """How high the level of *post* is; who is outside decides least."""
    return get_args(Level).index(post.partition(".")[0])


def correctable(draft: Draft) -> tuple[str, ...]:
    """The recorded facts that a case corrects: those that somebody typed, not what it read in the register."""
    facts = draft.procedure.workflow.facts
    return tuple(key for key in draft.section("facts") if not _is_of_register(facts[key.partition("/")[0]]))


def _is_of_register(fact: Fact) -> bool:
    """Whether the value came from the household's record, or nobody may type it."""
    return fact.prefill == "register" or set(fact.in_) <= {"register"}


def _takers(procedure: Procedure, stage: Stage, action: Action) -> Iterator[str]:
    """The posts that may take *action* of *stage*: its own, else the stage's, whichever is asked."""
    posts: Iterable[str] = action.by
    if not action.by and stage.by is not None:
        posts = (post if isinstance(post, str) else post.use for post in stage.by)
    elif not action.by and stage.panel is not None:
        named = [stage.panel] if not isinstance(stage.panel, tuple) else [line.use for line in stage.panel]
        panels = [procedure.workflow.panels[each] if isinstance(each, str) else each for each in named]
        posts = (post for panel in panels for post in panel.seats)
    meant = (each for post in posts for each in values_meant(procedure.workflow.params, post))
    yield from (post for post in meant if is_office_post(post))


def against_proposing(draft: Draft, what: What) -> Iterator[Reason]:
    """The person has no part in the case, something of the kind is proposed already, or there is nothing to propose."""
    if not has_a_part(draft):
        yield reason("post", N_("only whoever has a part in this case may propose this"))
    yield from against_relatives(draft, [draft.command.person])
    if what in draft.section("proposals"):
        yield reason("proposal", N_("this is proposed already"), advice=N_("it must be decided first"))
    yield from _against(draft, what)


def _against(draft: Draft, what: What) -> Iterator[Reason]:
    """What stands in the way whoever asks."""
    if draft.world.is_erased:
        yield reason("erased", N_("the household's key was erased: nothing more is written of it"))
    if not deciders(draft.procedure):
        yield reason("post", N_("nobody decides in this procedure, so that nobody could confirm"))
    if what == "correct" and not correctable(draft):
        yield reason("place", N_("no fact is recorded here that a case could correct"))
    if what == "reopen":
        yield from _against_reopening(draft)


def _against_reopening(draft: Draft) -> Iterator[Reason]:
    if draft.value("status") == "open":
        yield reason("ended", N_("the case has not ended"))
        return
    if draft.value("parent", None):
        yield reason("parent", N_("the case that opened this one has taken its answer"))
    if draft.procedure.workflow.ends[draft.stage].start is not None:
        yield reason("parent", N_("another case has followed from its end"))


def against_deciding(draft: Draft, what: What) -> Iterator[Reason]:
    """Nothing is proposed, or the person holds no post that decides, or proposed it himself."""
    proposal = draft.get("proposals", what)
    if proposal is None:
        yield reason("proposal", N_("nothing of the kind is proposed"))
        return
    stands = _decider(draft)
    if stands is None:
        titles = ", ".join(f"{draft.procedure.post_title(post)} ({post})" for post in deciders(draft.procedure))
        yield reason("post", N_("only {titles} of this case's own division may do this"), titles=titles)
    persons = _persons(draft, stands)
    yield from against_relatives(draft, persons)
    if {proposal["by"], proposal.get("behalf")} & set(persons):
        yield reason(
            "separation", N_("whoever proposed it may not decide on it"), advice=N_("a second person must act")
        )


def _decider(draft: Draft) -> Standing | None:
    return standing(draft, deciders(draft.procedure))


def _persons(draft: Draft, stands: Standing | None) -> list[str]:
    return [draft.command.person, *([stands.behalf] if stands is not None and stands.behalf else [])]


def against_confirming(draft: Draft, what: What) -> Iterator[Reason]:
    yield from against_deciding(draft, what)
    yield from _against(draft, what)


def against_retracting(draft: Draft, what: What) -> Iterator[Reason]:
    """It is not this person's proposal."""
    proposal = draft.get("proposals", what)
    if proposal is None:
        yield reason("proposal", N_("nothing of the kind is proposed"))
    elif draft.command.person not in (proposal["by"], proposal.get("behalf")):
        yield reason("proposal", N_("{who} proposed it, not you"), who=called(draft, proposal["by"]))


# --- proposing --------------------------------------------------------------------------------------------------------


def propose(draft: Draft, command: Propose) -> str:
    """What is to be done is written down with its reason, and becomes work of those who may confirm it."""
    _require_known(command.what)
    require(draft.before.id, against_proposing(draft, command.what))
    if not draft.note:
        raise InputError(N_("a proposal needs its reason"), field="note", advice=N_("add --note TEXT"))
    stand_anywhere(draft)
    proposal: dict[str, Any] = {"by": draft.command.person, "s": draft.seq}
    if draft.behalf:
        proposal["behalf"] = draft.behalf
    if command.what == "correct":
        proposal["f"] = _corrected(draft, command.facts)
    elif command.facts:
        raise InputError(N_("facts are corrected, not reopened"), field="facts")
    else:
        proposal["to"] = before_end(draft).stage
    draft.put("proposals", command.what, proposal)
    draft.body.update({"what": command.what, "facts": sorted(proposal.get("f", ())), "stage": proposal.get("to", "")})
    _open_items(draft, command.what)
    return "proposed"


def _corrected(draft: Draft, facts: Mapping[str, Any]) -> dict[str, Any]:
    """
    The right values, checked by their types.

    Raises:
        InputError: None is given, one is not recorded here, comes from the register, or is what is recorded.
    """
    if not facts:
        raise InputError(N_("say which facts are wrong"), field="facts", advice=N_("add --fact NAME=VALUE"))
    found = {}
    for key, value in facts.items():
        stored = draft.get("facts", key)
        if stored is None:
            known = ", ".join(correctable(draft)) or "-"
            raise InputError(
                N_("{name} is not recorded here, so that it cannot be corrected; recorded: {known}"),
                field=key, name=key, known=known,
            )  # fmt: skip
        name = key.partition("/")[0]
        if key not in correctable(draft):
            raise InputError(
                N_("{title} ({name}) comes from the household's record and is not corrected in a case"), field=key,
                advice=N_("the procedure that set it must correct the household's record"), name=name,
                title=draft.procedure.workflow.facts[name].title,
            )  # fmt: skip
        cleaned = clean(name, draft.procedure.workflow.facts[name], value)
        if _value(cleaned) == _value(stored["v"]):
            raise InputError(N_("{name} already has this value"), field=key, name=key)
        require_happened(draft, name, _value(cleaned))
        found[key] = cleaned
    return found


def _value(value: Any) -> Any:
    return getattr(value, "value", value)


def _open_items(draft: Draft, what: What) -> None:
    for post in deciders(draft.procedure):
        name, division = draft.place_of(post)
        draft.put("items", draft.serial(), {"q": f".{what}", "p": name, "d": division})
        draft.tell("proposed", name, division, ask=f".{what}")


# --- deciding ---------------------------------------------------------------------------------------------------------


def confirm(draft: Draft, command: Confirm) -> str:
    """A second person agrees: it is done."""
    _require_known(command.what)
    require(draft.before.id, against_confirming(draft, command.what))
    proposal = _decided(draft, command.what)
    if command.what == "correct":
        correct(draft, proposal["f"])
        return "corrected"
    reopen(draft, proposal["to"])
    return "reopened"


def decline(draft: Draft, command: Decline) -> str:
    """A second person does not agree, and says why: nothing is changed."""
    _require_known(command.what)
    require(draft.before.id, against_deciding(draft, command.what))
    if not draft.note:
        raise InputError(N_("say why it is declined"), field="note", advice=N_("add --note TEXT"))
    _decided(draft, command.what)
    return "declined"


def retract(draft: Draft, command: Retract) -> str:
    """Whoever proposed it takes it back."""
    _require_known(command.what)
    require(draft.before.id, against_retracting(draft, command.what))
    stand_anywhere(draft)
    _close(draft, command.what)
    return "retracted"


def _require_known(what: str) -> None:
    if what not in WHATS:
        raise InputError(N_("what two persons do: {known}"), field="what", known=", ".join(WHATS))


def _decided(draft: Draft, what: What) -> Mapping[str, Any]:
    stands = _decider(draft)
    assert stands is not None
    draft.post, draft.behalf = stands.post, stands.behalf
    return _close(draft, what)


def _close(draft: Draft, what: What) -> Mapping[str, Any]:
    """The proposal is over, with its work items."""
    proposal: Mapping[str, Any] = draft.get("proposals", what)
    draft.drop("proposals", what)
    drop_items(draft, f".{what}")
    draft.body.update({"what": what, "proposed": proposal["s"], "by": proposal["by"]})
    return proposal


# --- correcting -------------------------------------------------------------------------------------------------------


def correct(draft: Draft, facts: Mapping[str, Any]) -> None:
    """The right values are recorded, the old ones told in the event; clocks that counted from a date count again."""
    draft.body["was"] = {key: draft.get("facts", key)["v"] for key in facts if draft.get("facts", key) is not None}
    for key, value in facts.items():
        draft.put("facts", key, {"v": value, "s": draft.seq})
    moved = {}
    for key in facts:
        for spec, before, after in timing.count_anew(draft, key):
            moved[spec.id] = [iso(before.due_at), iso(after.due_at)]
    if moved:
        draft.body["moved"] = moved


# --- reopening --------------------------------------------------------------------------------------------------------


def before_end(draft: Draft) -> Case:
    """The record as it was before the event that ended the case."""
    return _around_end(draft)[0]


def _around_end(draft: Draft) -> tuple[Case, Event]:
    case, found = Case(draft.before.county, draft.before.id), None
    for event in draft.world.history[: draft.before.seq]:
        before, case = case, fold(case, event)
        if before.status == "open" and case.status != "open":
            found = before, event
    assert found is not None, "who looks back at a case that has ended is handed its history"
    return found


def reopen(draft: Draft, stage: str) -> None:
    """
    The case stands again in the stage from which it ended, asked anew.

    Who acted, where it was and what it passed are known again as they were. Its own limits and periods begin anew;
    clocks over several stages ended with the case and stay ended. What its outcome wrote into the household's record
    stays until the next outcome, and the event says so.
    """
    before, end = _around_end(draft)
    for section in _REMEMBERED:
        for key, value in before.section(section).items():
            if draft.get(section, key) is None:
                draft.put(section, key, value)
    asked = str(end.body.get("ask") or end.body.get("on") or end.body.get("from") or stage)
    persons = {*draft.get("acts", asked, ()), *(key for key in (end.actor, end.behalf) if key)}
    if end.kind in ("acted", "signed"):
        draft.put("acts", asked, sorted(persons))
    for name in ("end", "outcome"):
        draft.drop("case", name)
    draft.put("case", "status", "open")
    for name in ("granted", "granted_in", "sender"):
        draft.put("case", name, before.get(name, None))
    written = {name: value for event in draft.world.history for name, value in event.body.get("set", {}).items()}
    draft.body.update({"stage": stage, "stays": written} if written else {"stage": stage})
    enter(draft, stage, stage, keep_origin=True)
