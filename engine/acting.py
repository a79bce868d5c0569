"""
What people do with an open question: answer it, put it on a list, add words and papers.

:func:`answers` says what can be answered and by whom; :func:`against_giver` and :func:`against_outcome` what speaks
against it. ``decide`` and ``offered`` ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from engine import timing
from engine.answering import (
    against_fallback,
    against_member,
    against_minutes,
    count,
    fall_back,
    passed_as,
    record_answer,
    record_minutes,
)
from engine.asking import panel_asked, posts_asked, question, seat_of
from engine.cases import Act, Attach, Comment, Copy, Enlist, Minutes
from engine.compiling import NEW, is_office_post
from engine.divisions import Level, ancestor, contains
from engine.drafting import Draft
from engine.errors import N_, ActionNotAllowedError, InputError
from engine.guards import (
    Standing,
    against_action,
    against_both,
    against_claim,
    against_gaps,
    against_post,
    against_relatives,
    against_silence,
    remember_actor,
    stand,
    stand_anywhere,
    standing,
    titled,
    write_facts,
    write_papers,
)
from engine.moving import answer, begin_work, emit, led, take
from engine.reasons import Reason, reason, require
from engine.seeing import has_a_part
from engine.selecting import terms
from engine.signers import against_pending, awaited_signers, hold, signers
from engine.tallies import ABSTAIN, FALLBACK
from engine.workflow import Action, Means, Panel


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One answer that an open question knows.

    Attributes:
        means: Its legal meaning; a task's result means ``pass``.
        posts: Who may give it; none: no person does, it comes of itself.
        action: The stage's action; None for a task's result, ``abstain`` and ``fallback``.
        panel: The panel that answers together, if it is one of its votes.
    """

    ask: str
    name: str
    means: Means
    posts: tuple[str, ...]
    action: Action | None = None
    panel: Panel | None = None

    @property
    def within(self) -> str:
        """The question whose items, claims and lists count for it; none for an action with a post of its own."""
        return "" if self.action is not None and self.action.by else self.ask


def answers(draft: Draft, ask: str) -> dict[str, Answer]:
    """Everything that can be answered to the open question *ask*, by name, in written order."""
    procedure, asked = draft.procedure, draft.procedure.ask(ask)
    panel = panel_asked(draft, ask) if asked.panel is not None else None
    posts = posts_asked(draft, ask) if asked.voice in ("by", "panel") else ()
    votes: tuple[str, ...] = (*panel.tally, ABSTAIN) if panel is not None and panel.recorded == "each" else ()
    votes = votes or (tuple(panel.tally) if panel is not None else ())
    if panel is not None and panel.else_ is not None:
        votes += (FALLBACK,)
    found: dict[str, Answer] = {}
    if ask in procedure.workflow.stages:
        for name, action in procedure.actions(ask).items():
            by = posts if name in votes or asked.voice == "by" else ()
            vote = panel if name in votes else None
            found[name] = Answer(ask, name, action.means, action.by or by, action, None if action.by else vote)
    elif panel is None:
        found = {name: Answer(ask, name, "pass", posts) for name in procedure.workflow.tasks[ask].results}
    for name in votes:
        if name not in found:
            found[name] = Answer(ask, name, "pass", posts, None, panel)
    return found


# --- what speaks against it -------------------------------------------------------------------------------------------


def against_giver(
    draft: Draft, given: Answer, minutes: Minutes | None = None, listed: UUID | None = None
) -> Iterator[Reason]:
    """Why the person may not give this answer now, whatever it says."""
    ask = draft.get("asks", given.ask)
    if not given.posts:
        voice = draft.procedure.ask(given.ask).voice
        yield reason(
            "voice", N_("{action} is the answer of the {voice}, not of a person"), action=given.name, voice=voice
        )
        return
    if given.within and ask.get("l", "") != (listed.hex if listed else ""):
        yield reason(
            "list", N_("the case is on another list than this, or on none") if listed else N_("the case is on a list"),
            advice=N_("decide it together with its list"),
        )  # fmt: skip
    stands = standing(draft, given.posts, given.within)
    if stands is None:
        yield from against_post(draft, given.posts, given.within)
    if given.within:
        yield from against_claim(draft, given.ask)
    recused = minutes.recused if minutes else ()
    behalf = stands.behalf if stands is not None else ""
    attending = (draft.command.person, behalf, *(minutes.persons if minutes else ()))
    persons = [person for person in dict.fromkeys(attending) if person and person not in recused]
    yield from against_relatives(draft, persons)
    yield from against_both(draft, given.ask, given.means, _seats(draft, given, stands, persons))
    if given.panel is not None and given.name != FALLBACK and stands is not None:
        yield from against_member(draft, given.ask, stands)
        if given.panel.recorded == "each" and given.action is not None:
            yield from against_silence(draft, given.action)


def _seats(draft: Draft, given: Answer, stands: Standing | None, persons: list[str]) -> Mapping[str, str]:
    """
    Person → the post in which he has a say: who answers and whom he answers for in the one that allows it, others by
    their seats.
    """
    own = dict.fromkeys((draft.command.person, stands.behalf), stands.post) if stands is not None else {}
    return {person: own.get(person) or seat_of(draft, given.ask, person) for person in persons}


def against_outcome(draft: Draft, given: Answer) -> Iterator[Reason]:
    """Why what the answer brings about cannot be: the guards of the action, or of the task."""
    if given.action is not None:
        yield from against_action(draft, given.ask, given.name, given.action)
        yield from against_way_back(draft, given.action)
    else:
        yield from against_gaps(draft, (given.ask,), draft.get("asks", given.ask)["s"])


def against_way_back(draft: Draft, action: Action) -> Iterator[Reason]:
    """There is no stage to go back to."""
    words = targets(action)
    if "previous" in words and origin(draft) not in draft.procedure.workflow.stages:
        yield reason("target", N_("there is no stage before this one"))
    if "visited" in words and not visited(draft, action):
        yield reason("target", N_("there is no stage before this one"))


def targets(action: Action) -> list[str]:
    """The targets that *action* writes, as written."""
    return [action.to] if isinstance(action.to, str) else [line.to for line in action.to]


def origin(draft: Draft) -> str:
    """Where the present entry came from."""
    return str(draft.get("visits", draft.stage, {}).get("from", NEW))


def visited(draft: Draft, action: Action) -> list[str]:
    """The stages that this case has been in before the present one, latest first (C5)."""
    here = draft.get("visits", draft.stage, {}).get("n", 0)
    seen = [(visit["n"], stage) for stage, visit in draft.section("visits").items() if visit["n"] < here]
    return [stage for _, stage in sorted(seen, reverse=True) if not action.among or stage in action.among]


def chosen(draft: Draft, name: str, action: Action, to: str) -> str:
    """
    The stage to go back to: where this entry came from, or the one chosen among those that were visited.

    Raises:
        InputError: None is chosen, one that was not visited, or one where there is nothing to choose.
    """
    words = targets(action)
    if "visited" in words:
        choices = visited(draft, action)
        if to not in choices:
            raise InputError(
                N_("choose one of the visited stages: {stages}"), field="to", advice=N_("add --to STAGE"),
                stages=", ".join(choices) or "-",
            )  # fmt: skip
        return to
    if to:
        raise InputError(N_("{action} leads where the procedure says; --to is not for it"), field="to", action=name)
    return origin(draft) if "previous" in words else ""


# --- answering --------------------------------------------------------------------------------------------------------


def act(draft: Draft, command: Act) -> str:
    """An answer to the question of the stage, or of a task; the one that settles a panel's takes the action."""
    given = _asked_for(draft, command)
    require(draft.before.id, against_giver(draft, given, command.minutes, command.list))
    if given.within:
        require(draft.before.id, against_pending(draft, given.ask))
    seat = stand(draft, given.posts, given.within).asked
    if command.on:
        draft.body["on"] = command.on
    begin_work(draft, given.ask)
    fill(draft, command, given)
    minutes = command.minutes
    present = [command.person, draft.behalf, *(minutes.persons if minutes else ())]
    remember_actor(draft, given.ask, [key for key in present if minutes is None or key not in minutes.recused])
    if given.name == FALLBACK:
        require(draft.before.id, against_fallback(draft, given.ask, minutes))
        fall_back(draft, given.ask)
        return "acted"
    if given.panel is None:
        conclude(draft, command, given)
        return "acted"
    outcome = _settled(draft, command, given, seat)
    if outcome is not None:
        draft.body["result"] = outcome
        draft.put("passed", passed_as(question(draft, given.ask), given.ask), draft.seq)
        conclude(draft, command, answers(draft, given.ask)[outcome])
    return "acted"


def conclude(draft: Draft, command: Act, given: Answer) -> None:
    """The answer counts, and its list has this outcome; or it is held until signers agree."""
    require(draft.before.id, against_outcome(draft, given))
    to = chosen(draft, given.name, given.action, command.to) if given.action is not None else ""
    if given.within and signers(draft, given.ask, "after"):
        if given.action is not None:
            led(draft, given.name, given.action, to)
        passed = passed_as(question(draft, given.ask), given.ask)
        draft.put("passed", passed, draft.before.section("passed").get(passed))
        hold(draft, given.ask, given.name, to)
        return
    if command.list is not None:
        draft.body["list"] = command.list.hex
    brings_about(draft, given, to)


def brings_about(draft: Draft, given: Answer, to: str) -> None:
    """What an answer that counts brings about: the action is taken, or the task is done."""
    if given.action is None:
        answer(draft, given.ask, given.name)
    else:
        take(draft, given.name, given.action, to)


def _asked_for(draft: Draft, command: Act) -> Answer:
    """The answer that *command* gives."""
    name = command.on or draft.stage
    if command.on and command.on not in draft.procedure.workflow.tasks:
        raise ActionNotAllowedError(draft.before.id, N_("there is no task {name}"), name=command.on)
    question(draft, name)
    known = answers(draft, name)
    given = known.get(command.action)
    if given is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} ({stage}) offers {actions}, not {action}"),
            title=draft.procedure.title(name), stage=name, action=command.action,
            actions=", ".join(_titled(each) for each in known.values()) or "-",
        )  # fmt: skip
    return given


def _titled(given: Answer) -> str:
    """The answer as the definition calls it, with the name that people type."""
    return f"{given.action.title} ({given.name})" if given.action is not None and given.action.title else given.name


def _settled(draft: Draft, command: Act, given: Answer, seat: str) -> str | None:
    assert given.panel is not None
    if given.panel.recorded == "each":
        return record_answer(draft, command, given.ask, seat)
    require(draft.before.id, against_minutes(draft, given.ask, command.minutes))
    return record_minutes(draft, command, given.ask)


def settles(draft: Draft, given: Answer) -> Answer | None:
    """
    What this person's answer would bring about at once; None if the panel's other members are still asked.

    Raises:
        GuardRefusedError: He is the last, and there would be no result.
    """
    if given.panel is None or given.panel.recorded == "minutes":
        return given
    outcome = count(draft, given.ask, given.name)
    return None if outcome is None else answers(draft, given.ask)[outcome]


def places_of(draft: Draft, given: Answer) -> tuple[str, ...]:
    """Where the facts and papers of an answer may be asked for: its question, the action, or an action of anywhere."""
    anywhere = (given.name,) if given.name in draft.procedure.workflow.anywhere else ()
    return (given.ask, f"{given.ask}.{given.name}", *anywhere)


def fill(draft: Draft, command: Act, given: Answer) -> None:
    """Write the facts and papers that come with an answer."""
    places = places_of(draft, given)
    written = write_facts(draft, places, command.facts)
    write_papers(draft, places, command.papers)
    date_events(draft, written)


def date_events(draft: Draft, written: list[str]) -> None:
    """A date fact is an event: clocks that start from it count from its day."""
    for name in written:
        if name in draft.procedure.clocks_from:
            day = date.fromisoformat(draft.get("facts", name)["v"])
            timing.on_event(draft, name, draft.world.calendar.at(day, timing.MIDDAY))


# --- small verbs ------------------------------------------------------------------------------------------------------


def against_comment(draft: Draft) -> Iterator[Reason]:
    """The case is closed: only reopening or correcting may touch it (I8)."""
    if draft.value("status") == "closed":
        yield reason("ended", N_("the case has ended ({stage})"), stage=draft.procedure.title(draft.stage))


def comment(draft: Draft, command: Comment) -> str:
    """Words for the history."""
    require(draft.before.id, against_comment(draft))
    if not draft.note:
        raise InputError(N_("a comment needs words"), field="note", advice=N_("add --note TEXT"))
    stand_anywhere(draft)
    return "commented"


def copy(draft: Draft, command: Copy) -> str:
    """
    Others are told of the case; each must be able to see it already (I19).

    Raises:
        InputError: One is not known here, or may not see the case.
    """
    require(draft.before.id, against_comment(draft))
    if not command.to:
        raise InputError(N_("a copy needs somebody to get it"), field="to", advice=N_("add --to PERSON or POST"))
    posts = [post for post in draft.procedure.workflow.posts if is_office_post(post)]
    for name in command.to:
        if name in posts:
            draft.tell("copied", *draft.place_of(name))
            continue
        held = draft.world.staff.posts(name, draft.today)
        seeing = [each for place in draft.places for each in held if contains(each.division, place)]
        if not seeing:
            raise InputError(
                N_("{person} is not known here, or may not see this case"), field="to",
                advice=N_("name a person's key, or one of the posts {posts}"), person=name, posts=", ".join(posts),
            )  # fmt: skip
        draft.tell("copied", seeing[0].post, seeing[0].division)
    stand_anywhere(draft)
    draft.body["to"] = list(command.to)
    return "copied"


def papers_wanted(draft: Draft) -> list[str]:
    """The papers that may be handed in now: those of open questions, and those not handed in yet."""
    if draft.value("status") == "closed":
        return []
    asked = {name for name in draft.procedure.workflow.papers if _asking_for(draft, name)}
    papers = draft.procedure.workflow.papers.items()
    return [name for name, paper in papers if not paper.made_by and (name in asked or not draft.get("papers", name))]


def _asking_for(draft: Draft, paper: str) -> list[str]:
    """The open questions that ask for *paper*, or whose answers do."""
    places = draft.procedure.workflow.papers[paper].in_
    return [ask for ask in draft.section("asks") if any(place.partition(".")[0] == ask for place in places)]


def against_attaching(draft: Draft, paper: str) -> Iterator[Reason]:
    """The person may answer no question that asks for *paper* and has no part in the case; or he is a relative."""
    asked = (against_post(draft, posts_asked(draft, ask), ask) for ask in _asking_for(draft, paper))
    if not has_a_part(draft) and all(any(against) for against in asked):
        yield reason(
            "post", N_("papers are handed in by those who have a part in the case, and no post of yours has"),
            advice=N_("see who holds it: bangfu post list"),
        )  # fmt: skip
    yield from against_relatives(draft, [draft.command.person])


def attach(draft: Draft, command: Attach) -> str:
    """A paper, before it is asked for or in a newer version."""
    wanted = papers_wanted(draft)
    if command.paper not in wanted:
        raise InputError(
            N_("no paper {name} is asked for here; asked for: {known}"), field=command.paper, name=command.paper,
            known=titled(draft.procedure.workflow.papers, sorted(wanted)),
        )  # fmt: skip
    require(draft.before.id, against_attaching(draft, command.paper))
    document = command.document
    draft.put("papers", command.paper, {"d": document.digest, "f": document.name, "s": draft.seq})
    stand_anywhere(draft)
    draft.body["paper"] = command.paper
    return "attached"


def against_listing(draft: Draft) -> Iterator[Reason]:
    """The stage is not handled in lists, or the case is on one."""
    stage = draft.stage
    if draft.procedure.workflow.stages[stage].list_ is None:
        yield reason("list", N_("{title} is not handled in lists"), title=draft.procedure.title(stage))
    else:
        if draft.get("asks", stage).get("l"):
            yield reason("list", N_("the case is on a list already"))
        yield from against_claim(draft, stage)
        yield from against_pending(draft, stage)
        if awaited_signers(draft, stage, "after"):
            yield reason("signer", N_("a signer is to agree to the answer of this case alone"))
        yield from against_post(draft, posts_asked(draft, stage), stage)


def enlist(draft: Draft, command: Enlist) -> str:
    """The case is put on a list: from now on one act decides it together with the others."""
    stage = draft.stage
    ask = question(draft, stage)
    require(draft.before.id, against_listing(draft))
    stand(draft, posts_asked(draft, stage), stage)
    list_ = draft.procedure.workflow.stages[stage].list_
    assert list_ is not None
    draft.put("asks", stage, {**ask, "l": command.list.hex})
    at = ancestor(str(draft.value("division")), Level(list_.per))
    draft.body.update({"list": command.list.hex, "ask": stage, "at": at})
    if list_.sets:
        draft.body["terms"] = terms(draft, list_)
    emit(draft, f"{stage}.listed")
    return "listed"
