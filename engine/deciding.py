"""
``decide``: what a command does to a case; the one place where cases change.

Pure: the record, the command, the instant and the world go in; the decision comes out. One handler a command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from engine import clocks, timing
from engine.asking import (
    answer,
    chosen_panel,
    chosen_posts,
    close_if_done,
    emit,
    enter,
    move,
    open_item,
    take,
)
from engine.cases import (
    Act,
    Attach,
    Case,
    ChildEnded,
    Claim,
    Command,
    Comment,
    Decision,
    Enlist,
    ExtendClock,
    FireTimer,
    Followup,
    Minutes,
    Object,
    OpenCase,
    PostNotice,
    ProveNotice,
    Release,
    ResumeClock,
    SettleClocks,
    StopClock,
    TakeDownNotice,
    instant,
    iso,
)
from engine.compiling import NEW, Procedure, Step, late_upheld
from engine.divisions import contains
from engine.drafting import Draft, World, derived_id
from engine.errors import (
    N_,
    ActionNotAllowedError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
)
from engine.facts import LONGEST_TEXT
from engine.guards import (
    FORWARD,
    acting_post,
    remember_actor,
    require_action,
    require_complete,
    require_recusal,
    require_scope,
    require_separation,
    write_facts,
    write_papers,
)
from engine.tallies import ABSTAIN, Count, quorum_needed, result, settled
from engine.workflow import Action, Notice, Panel, Voiced


def decide(procedure: Procedure, case: Case, command: Command, now: datetime, world: World) -> Decision:
    """
    Say what *command* does to *case*, and change nothing.

    The same arguments always give the same decision.

    Args:
        procedure: The one the case is pinned to.
        case: As last recorded; ``case.seq`` counts its events, from 0.
        command: What is asked, by whom. A note has at most 2,000 characters.
        now: Aware, UTC. Becomes ``at`` of the event, unless the case's last event is later (I10).
        world: Calendar, staff and members as of now.

    Returns:
        One event with its changes, the case after it, and what follows. Days are counted in the calendar's zone.

    Raises:
        CaseNotFoundError: The case lies outside the person's scope.
        ActionNotAllowedError: The stage offers no such action now.
        PermissionDeniedError: The person holds no post that may take it.
        GuardRefusedError: A rule, a missing paper, separation of duties or recusal says no.
        StaleCaseError: The case has moved on since the person saw it.
        InputError: A value is not of its type, or not asked for here.
    """
    if len(command.note) > LONGEST_TEXT:
        raise InputError(N_("a note has at most {limit} characters"), field="note", limit=LONGEST_TEXT)
    draft = Draft(procedure, case, command, now, world)
    if not isinstance(command, OpenCase):
        require_scope(draft)
        if command.seen is not None and command.seen < case.seq:
            raise StaleCaseError(
                case.id,
                N_("the case has moved on since you saw it (event {seq}, seen {seen})"),
                seq=case.seq,
                seen=command.seen,
            )
    kind = _HANDLERS[type(command)](draft, command)
    return draft.finish(kind)


def recorded(draft: Draft, name: str) -> dict[str, Any]:
    """The open ask of that name."""
    ask = draft.get("asks", name)
    if ask is None:
        status = draft.value("status")
        if status != "open":
            raise ActionNotAllowedError(draft.before.id, N_("the case has ended ({stage})"), stage=draft.stage)
        raise ActionNotAllowedError(draft.before.id, N_("{name} is not being asked now"), name=name)
    return ask  # type: ignore[no-any-return]


# --- opening ----------------------------------------------------------------------------------------------------------


def _open(draft: Draft, command: OpenCase) -> str:
    workflow = draft.procedure.workflow
    channel_name = command.channel or next(
        (name for name, each in workflow.opens.items() if "parent" in each.by), next(iter(workflow.opens))
    )
    channel = workflow.opens.get(channel_name)
    if channel is None:
        raise ActionNotAllowedError(
            None,
            N_("{title} has no channel {channel}; it has {opens}"),
            title=workflow.title,
            channel=command.channel,
            opens=", ".join(workflow.opens),
        )
    values: dict[str, Any] = {
        "number": command.number,
        "workflow": workflow.workflow,
        "version": draft.procedure.version,
        "subject": command.subject,
        "division": command.division,
        "channel": channel_name,
        "opened": iso(draft.now),
        "status": "open",
    }
    if command.household and command.household != command.subject:
        values["household"] = command.household
    if command.members:
        values["members"] = list(command.members)
    if command.parent:
        values["parent"] = [command.parent[0].hex, command.parent[1]]
    for name, value in values.items():
        draft.put("case", name, value)
    if command.parent is None or "parent" not in channel.by:
        require_scope(draft)
        draft.post = acting_post(draft, channel.by)
        if draft.post:
            draft.put("case", "opener", draft.post)
    remember_actor(draft, "opens", [command.person])
    draft.body.update({"channel": channel_name, "to": NEW})
    written = (
        write_facts(draft, ("opens", channel_name), command.facts) if command.parent is None else carry(draft, command)
    )
    write_papers(draft, ("opens", channel_name), command.papers)
    require_complete(draft, "opens")
    require_complete(draft, channel_name)
    emit(draft, "opened")
    emit(draft, channel_name)
    date_events(draft, written)
    step = Step(NEW, draft.holds)
    target = draft.procedure.move(step, channel_name)
    draft.body["to"] = target
    enter(draft, target, NEW)
    return "opened"


def carry(draft: Draft, command: OpenCase) -> list[str]:
    """What a parent hands over: facts that this workflow has too, as they stand there."""
    written = []
    for key, value in command.facts.items():
        if key.partition("/")[0] in draft.procedure.workflow.facts:
            draft.put("facts", key, {"v": value, "s": draft.seq})
            written.append(key)
    return written


def date_events(draft: Draft, written: list[str]) -> None:
    """A date fact is an event: clocks that start from it count from its day."""
    for name in written:
        if name in draft.procedure.clocks_from:
            stored = draft.get("facts", name)
            timing.on_event(draft, name, at=draft.world.calendar.at(date.fromisoformat(stored["v"]), _MIDDAY))


_MIDDAY = time(12)


# --- acting -----------------------------------------------------------------------------------------------------------


def _act(draft: Draft, command: Act) -> str:
    if draft.value("status") != "open" and not command.on:
        raise ActionNotAllowedError(draft.before.id, N_("the case has ended ({stage})"), stage=draft.stage)
    if command.on:
        _act_on_task(draft, command)
    else:
        _act_on_stage(draft, command)
    return "acted"


def _act_on_task(draft: Draft, command: Act) -> None:
    name = command.on
    task = draft.procedure.workflow.tasks.get(name)
    if task is None:
        raise ActionNotAllowedError(draft.before.id, N_("there is no task {name}"), name=name)
    ask = recorded(draft, name)
    draft.body.update({"on": name})
    results = (*task.results, *(_panel_of(draft, task).tally if ask["v"] == "panel" else ()))
    if command.action not in (*results, ABSTAIN):
        raise ActionNotAllowedError(
            draft.before.id,
            N_("{name} has the results {results}"),
            name=name,
            results=", ".join(dict.fromkeys(results)),
        )
    if ask["v"] not in ("by", "panel"):
        raise ActionNotAllowedError(
            draft.before.id, N_("{name} is answered by its {voice}, not by a person"), name=name, voice=ask["v"]
        )
    posts = chosen_posts(draft, task) if ask["v"] == "by" else tuple(ask["e"])
    _answer_in_person(draft, command, name, task, ask, posts, "pass")


def _act_on_stage(draft: Draft, command: Act) -> None:
    stage = draft.stage
    ask = recorded(draft, stage)
    question = draft.procedure.workflow.stages[stage]
    actions = draft.procedure.actions(stage)
    action = actions.get(command.action)
    if ask["v"] == "panel" and command.action in (*_panel_of(draft, question).tally, ABSTAIN):
        means = action.means if action is not None else "pass"
        _answer_in_person(draft, command, stage, question, ask, tuple(ask["e"]), means)
        return
    if action is None:
        raise ActionNotAllowedError(
            draft.before.id,
            N_("{title} ({stage}) offers {actions}, not {action}"),
            title=draft.procedure.title(stage),
            stage=stage,
            actions=", ".join(actions),
            action=command.action,
        )
    if not action.by and ask["v"] != "by":
        raise ActionNotAllowedError(
            draft.before.id,
            N_("{action} is the answer of the {voice}, not of a person"),
            action=command.action,
            voice=ask["v"],
        )
    posts = action.by or chosen_posts(draft, question)
    _admit(draft, stage, ask, posts, action.means, [command.person])
    _fill(draft, command, stage)
    require_action(draft, stage, command.action, action)
    if action.means in FORWARD and not action.by:
        require_complete(draft, stage, ask["s"])
        require_complete(draft, command.action)
    remember_actor(draft, stage, [command.person])
    take(draft, stage, command.action, action, _chosen(draft, command, action))


def _answer_in_person(
    draft: Draft, command: Act, name: str, question: Voiced, ask: dict[str, Any], posts: tuple[str, ...], means: str
) -> None:
    """An answer of a post's holder or a panel's member; the one that settles the result takes the action."""
    panel = _panel_of(draft, question) if ask["v"] == "panel" else None
    persons = [command.person, *(command.minutes.persons if command.minutes else ())]
    recused = command.minutes.recused if command.minutes else ()
    _admit(draft, name, ask, posts, means, [person for person in persons if person not in recused])
    _fill(draft, command, name)
    remember_actor(draft, name, [person for person in persons if person not in recused])
    if panel is None:
        outcome: str | None = command.action
    elif panel.recorded == "minutes":
        outcome = _count_minutes(draft, command, name, ask, panel)
    else:
        outcome = _count_answer(draft, command, name, ask, panel)
    if outcome is None:
        return
    _require_result(draft, name, outcome, ask)
    if panel is not None:
        draft.put("passed", f"{name}/{ask['p']}" if ask["p"] else name, draft.seq)
    answer(draft, name, outcome)


def _require_result(draft: Draft, name: str, outcome: str, ask: dict[str, Any]) -> None:
    """A result's own guards are checked when the answer that settles it is given."""
    if ask["k"] == "task":
        require_complete(draft, name, ask["s"])
        return
    action = draft.procedure.workflow.stages[name].actions.get(outcome)
    if action is None:
        raise ActionNotAllowedError(draft.before.id, N_("{name} has no action {outcome}"), name=name, outcome=outcome)
    require_action(draft, name, outcome, action)
    if action.means in FORWARD:
        require_complete(draft, name, ask["s"])


def _admit(
    draft: Draft, name: str, ask: dict[str, Any], posts: tuple[str, ...], means: str, persons: list[str]
) -> None:
    """Authority, claim, recusal and separation, in this order."""
    draft.post = acting_post(draft, posts)
    holder = _claimed_by(draft, name, draft.post)
    if holder and holder != draft.command.person:
        raise ActionNotAllowedError(
            draft.before.id, N_("{holder} has claimed this"), advice=N_("ask him to release it, or wait"), holder=holder
        )
    require_recusal(draft, persons)
    require_separation(draft, name, draft.post, means, persons)


def _claimed_by(draft: Draft, ask: str, post: str) -> str:
    name, _, division = post.partition("@")
    for item in draft.section("items").values():
        if item["q"] == ask and item["p"] == name and item["d"] == division:
            return str(item.get("by", ""))
    return ""


def _fill(draft: Draft, command: Act, place: str) -> None:
    places = (place, command.action)
    written = write_facts(draft, places, command.facts)
    write_papers(draft, places, command.papers)
    date_events(draft, written)


def _chosen(draft: Draft, command: Act, action: Action) -> str:
    """The stage to go back to: where this entry came from, or the one chosen among those that were visited."""
    targets = [action.to] if isinstance(action.to, str) else [line.to for line in action.to]
    if "previous" in targets:
        origin = str(draft.get("visits", draft.stage, {}).get("from", NEW))
        if origin not in draft.procedure.workflow.stages:
            raise ActionNotAllowedError(draft.before.id, N_("there is no stage before this one"))
        return origin
    if "visited" in targets:
        choices = visited(draft, action)
        if command.to not in choices:
            raise InputError(
                N_("choose one of the visited stages: {stages}"),
                field="to",
                advice=N_("add --to STAGE"),
                stages=", ".join(choices) or "-",
            )
        return command.to
    if command.to:
        raise InputError(
            N_("{action} leads where the procedure says; --to is not for it"), field="to", action=command.action
        )
    return ""


def visited(draft: Draft, action: Action) -> list[str]:
    """The stages that this case has been in before the present one, latest first (C5)."""
    here = draft.get("visits", draft.stage, {}).get("n", 0)
    seen = [(visit["n"], stage) for stage, visit in draft.section("visits").items() if visit["n"] < here]
    return [stage for _, stage in sorted(seen, reverse=True) if not action.among or stage in action.among]


def _panel_of(draft: Draft, question: Voiced) -> Panel:
    name = draft.get("asks", next(n for n in draft.section("asks") if draft.procedure.ask(n) is question), {}).get("p")
    return draft.procedure.workflow.panels[name] if name else chosen_panel(draft, question)[1]


def _count_answer(draft: Draft, command: Act, name: str, ask: dict[str, Any], panel: Panel) -> str | None:
    """One more answer of a panel whose members each answer for themselves; the result once it is settled."""
    prefix = f"{name}#{ask['n']}/"
    post = draft.post.partition("@")[0]
    if draft.get("answers", prefix + command.person) is not None:
        raise ActionNotAllowedError(draft.before.id, N_("{person} has already answered"), person=command.person)
    given = [value for key, value in draft.section("answers").items() if key.startswith(prefix)]
    taken = sum(1 for value in given if value["p"] == post)
    entitled = {each.partition("@")[0]: number for each, number in ask["e"].items()}
    if taken >= entitled.get(post, 0):
        raise ActionNotAllowedError(
            draft.before.id, N_("the {seats} seats of {post} have answered"), seats=entitled.get(post, 0), post=post
        )
    if panel.order:
        waiting = next(each for each in entitled if sum(1 for v in given if v["p"] == each) < entitled[each])
        if waiting != post:
            raise ActionNotAllowedError(
                draft.before.id, N_("it is the turn of {waiting}: this panel answers in order"), waiting=waiting
            )
    draft.put("answers", prefix + command.person, {"a": command.action, "p": post})
    draft.body.update({"ask": name, "answer": command.action})
    if taken + 1 >= entitled[post]:
        for number, item in tuple(draft.section("items").items()):
            if item["q"] == name and item["p"] == post:
                draft.drop("items", number)
    votes: dict[str, int] = {}
    for value in (*given, {"a": command.action}):
        votes[value["a"]] = votes.get(value["a"], 0) + 1
    count = Count(votes, sum(ask["e"].values()))
    needed = quorum_needed(panel.quorum, count.entitled)
    if command.close:
        if count.present < needed:
            raise GuardRefusedError(
                draft.before.id,
                N_("{present} have answered, {needed} must take part"),
                rule="quorum",
                present=count.present,
                needed=needed,
            )
        return _must_decide(draft, result(panel.tally, count))
    outcome = settled(panel.tally, count, needed)
    return _must_decide(draft, outcome) if count.present == count.entitled else outcome


def _count_minutes(draft: Draft, command: Act, name: str, ask: dict[str, Any], panel: Panel) -> str:
    """The result that the minutes of a meeting add up to: seats filled, quorum there, votes within those present."""
    minutes = command.minutes
    if minutes is None:
        raise InputError(
            N_("this is decided by a meeting: its minutes are needed"), field="minutes",
            advice=N_("add --present POST=N … and --votes ANSWER=N …"),
        )  # fmt: skip
    entitled: Mapping[str, int] = ask["e"]
    present = sum(minutes.present.values())
    _check_minutes(draft, minutes, entitled, panel, present)
    key = f"{name}#{ask['n']}/minutes"
    draft.body.update({"ask": name, "votes": dict(minutes.votes), "present": present})
    votes = dict(minutes.votes)
    votes[ABSTAIN] = votes.get(ABSTAIN, 0) + present - sum(votes.values())
    outcome = _must_decide(draft, result(panel.tally, Count(votes, max(sum(entitled.values()), present))))
    if command.action not in (outcome, ABSTAIN):
        raise InputError(
            N_("the votes give {outcome}, not {action}"), field="action", outcome=outcome, action=command.action
        )
    post = draft.post.partition("@")[0]
    draft.put("answers", key, {"a": outcome, "p": post, "present": dict(minutes.present), "votes": dict(minutes.votes)})
    return outcome


def _check_minutes(draft: Draft, minutes: Minutes, entitled: Mapping[str, int], panel: Panel, present: int) -> None:
    for post in minutes.present:
        if post not in entitled:
            raise InputError(
                N_("{post} has no seat here; seats: {seats}"), field="present", post=post, seats=", ".join(entitled)
            )
    if sum(minutes.votes.values()) > present:
        raise InputError(
            N_("{votes} votes of {present} present"), field="votes", votes=sum(minutes.votes.values()), present=present
        )
    for answer_ in minutes.votes:
        if answer_ not in (*panel.tally, ABSTAIN):
            raise InputError(
                N_("no answer {answer}; answers: {answers}"),
                field="votes",
                answer=answer_,
                answers=", ".join((*panel.tally, ABSTAIN)),
            )
    whole = sum(entitled.values())
    if panel.quorum is None:
        for post, number in entitled.items():
            if minutes.present.get(post, 0) < number:
                raise GuardRefusedError(
                    draft.before.id,
                    N_("{post}: {present} present, {number} needed"),
                    rule="quorum",
                    post=post,
                    present=minutes.present.get(post, 0),
                    number=number,
                )
    elif present < quorum_needed(panel.quorum, whole):
        raise GuardRefusedError(
            draft.before.id,
            N_("{present} present, {number} needed"),
            rule="quorum",
            present=present,
            number=quorum_needed(panel.quorum, whole),
        )


def _must_decide(draft: Draft, outcome: str | None) -> str:
    if outcome is None:
        raise GuardRefusedError(
            draft.before.id, N_("these answers reach no result"), rule="tally", advice=N_("the panel must answer again")
        )
    return outcome


# --- small verbs ------------------------------------------------------------------------------------------------------


def _items_for(draft: Draft, ask: str) -> list[tuple[str, dict[str, Any]]]:
    """The open items of *ask* that the person's posts may see to."""
    held = {(h.post, h.division) for h in draft.world.staff.posts(draft.command.person, draft.today)}
    found = [
        (number, item)
        for number, item in draft.section("items").items()
        if item["q"] == ask and (item["p"], item["d"]) in held
    ]
    if not found:
        raise PermissionDeniedError(draft.before.id, N_("{ask} has no open work for a post of yours"), ask=ask)
    return found


def _claim(draft: Draft, command: Claim) -> str:
    ask = command.on or draft.stage
    recorded(draft, ask)
    number, item = _items_for(draft, ask)[0]
    if item.get("by") and item["by"] != command.person:
        raise ActionNotAllowedError(draft.before.id, N_("{holder} has claimed this"), holder=item["by"])
    require_recusal(draft, [command.person])
    draft.post = f"{item['p']}@{item['d']}"
    draft.put("items", number, {**item, "by": command.person})
    draft.body["ask"] = ask
    emit(draft, f"{ask}.begun")
    return "claimed"


def _release(draft: Draft, command: Release) -> str:
    ask = command.on or draft.stage
    recorded(draft, ask)
    mine = [(number, item) for number, item in _items_for(draft, ask) if item.get("by") == command.person]
    if not mine:
        raise ActionNotAllowedError(draft.before.id, N_("you have not claimed this"))
    number, item = mine[0]
    draft.post = f"{item['p']}@{item['d']}"
    draft.put("items", number, {key: value for key, value in item.items() if key != "by"})
    draft.body["ask"] = ask
    return "released"


def _comment(draft: Draft, command: Comment) -> str:
    if not command.note.strip():
        raise InputError(N_("a comment needs words"), field="note", advice=N_("add --note TEXT"))
    _as_any_post(draft)
    return "commented"


def _as_any_post(draft: Draft) -> None:
    home = str(draft.value("division"))
    for holding in draft.world.staff.posts(draft.command.person, draft.today):
        if contains(holding.division, home):
            draft.post = f"{holding.post}@{holding.division}"
            return


def _attach(draft: Draft, command: Attach) -> str:
    places = [*draft.section("asks")]
    write_papers(draft, places, {command.paper: command.document})
    _as_any_post(draft)
    draft.body["paper"] = command.paper
    return "attached"


def _enlist(draft: Draft, command: Enlist) -> str:
    """The case is put on a list: from now on one act decides it together with the others."""
    stage = draft.stage
    ask = recorded(draft, stage)
    question = draft.procedure.workflow.stages[stage]
    if question.list_ is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} is not handled in lists"), title=draft.procedure.title(stage)
        )
    if ask.get("l"):
        raise ActionNotAllowedError(draft.before.id, N_("the case is on a list already"))
    _as_any_post(draft)
    draft.put("asks", stage, {**ask, "l": command.list.hex})
    draft.body.update({"list": command.list.hex, "ask": stage})
    emit(draft, f"{stage}.listed")
    return "listed"


# --- notices ----------------------------------------------------------------------------------------------------------


def _noticed(draft: Draft, on: str) -> tuple[str, dict[str, Any], Notice]:
    """The ask, open, whose voice is a notice: the stage's, or the task *on*."""
    name = on or draft.stage
    ask = recorded(draft, name)
    notice = draft.procedure.ask(name).notice
    if notice is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} ({name}) is not a notice"), title=draft.procedure.title(name), name=name
        )
    return name, ask, notice


def _notice_places(notice: Notice) -> tuple[str, ...]:
    return notice.places or ("village.board",)


def _post_notice(draft: Draft, command: PostNotice) -> str:
    name, ask, notice = _noticed(draft, command.on)
    draft.post = acting_post(draft, (notice.by,))
    require_recusal(draft, [command.person])
    if command.place not in _notice_places(notice):
        raise InputError(N_("places of this notice: {places}"), field="place", places=", ".join(_notice_places(notice)))
    hung = command.at.replace(microsecond=0)
    if hung > draft.now:
        raise InputError(N_("a notice cannot have been posted in the future"), field="at")
    if hung < instant(ask["at"]):
        raise InputError(N_("a notice cannot have been posted before the case came to this stage"), field="at")
    if "start" in notice.proof and command.proof is None:
        raise GuardRefusedError(
            draft.before.id, N_("the posting must be proved by a photo"), rule="proof", advice=N_("add --proof FILE")
        )
    before = _posting(draft, name, ask)
    places = dict(before["places"])
    if command.place in places:
        raise ActionNotAllowedError(draft.before.id, N_("it already hangs at {place}"), place=command.place)
    places[command.place] = {"at": iso(hung), **({"proof": command.proof.digest} if command.proof else {})}
    draft.put("notices", name, {**before, "places": places})
    draft.body.update({"ask": name, "place": command.place})
    remember_actor(draft, name, [command.person])
    if set(places) == set(_notice_places(notice)):
        _all_posted(draft, name, notice, max(instant(place["at"]) for place in places.values()))
    return "posted"


def _posting(draft: Draft, name: str, ask: dict[str, Any]) -> dict[str, Any]:
    """The posting of this entry; a new one if the last belongs to an earlier entry."""
    found = draft.get("notices", name)
    return found if found and found["n"] == ask["n"] else {"n": ask["n"], "places": {}}


def _all_posted(draft: Draft, name: str, notice: Notice, at: datetime) -> None:
    """Every place hangs: the wait counts from the last posting; a notice without a wait has done its work."""
    emit(draft, f"{name}.posted", at)
    for number, item in tuple(draft.section("items").items()):
        if item["q"] == name:
            draft.drop("items", number)
    spec = draft.procedure.clocks.get(f"{name}.wait")
    state = timing.state_of(draft, f"{name}.wait") if spec else None
    if state is None:
        _expired(draft, name, notice)
    else:
        draft.put("notices", name, {**draft.get("notices", name), "due": iso(state.due_at)})


def _expired(draft: Draft, name: str, notice: Notice) -> None:
    """The wait is over; the notice has ended if its end is proved and no objection is open."""
    posting = draft.get("notices", name)
    draft.put("notices", name, {**posting, "over": True})
    emit(draft, f"{name}.expired")
    if "end" in notice.proof:
        _open_proof(draft, name, notice)
    _end_if_clear(draft, name, notice)


def _open_proof(draft: Draft, name: str, notice: Notice) -> None:
    if any("end" not in place for place in draft.get("notices", name)["places"].values()):
        open_item(draft, name, notice.by)


def _end_if_clear(draft: Draft, name: str, notice: Notice) -> None:
    posting = draft.get("notices", name)
    if not posting or not posting.get("over"):
        return
    proved = "end" not in notice.proof or all("end" in place for place in posting["places"].values())
    objections = any(link["k"] == "objection" and link["q"] == name for link in draft.section("links").values())
    if proved and not objections:
        answer(draft, name, "ended" if draft.get("asks", name)["k"] == "stage" else "done")


def _prove_notice(draft: Draft, command: ProveNotice) -> str:
    name, ask, notice = _noticed(draft, command.on)
    draft.post = acting_post(draft, (notice.by,))
    posting = _posting(draft, name, ask)
    place = posting["places"].get(command.place)
    if place is None:
        raise ActionNotAllowedError(draft.before.id, N_("nothing hangs at {place}"), place=command.place)
    if not posting.get("over"):
        raise ActionNotAllowedError(
            draft.before.id, N_("the period is not over yet"), advice=N_("prove the end after its last day")
        )
    places = {**posting["places"], command.place: {**place, "end": command.proof.digest}}
    draft.put("notices", name, {**posting, "places": places})
    draft.body.update({"ask": name, "place": command.place})
    _end_if_clear(draft, name, notice)
    return "proved"


def _take_down(draft: Draft, command: TakeDownNotice) -> str:
    name, ask, notice = _noticed(draft, command.on)
    draft.post = acting_post(draft, (notice.by,))
    if not command.note.strip():
        raise InputError(N_("say why the notice is taken down"), field="note", advice=N_("add --note TEXT"))
    posting = _posting(draft, name, ask)
    if command.place not in posting["places"]:
        raise ActionNotAllowedError(draft.before.id, N_("nothing hangs at {place}"), place=command.place)
    places = {place: value for place, value in posting["places"].items() if place != command.place}
    draft.put("notices", name, {"n": ask["n"], "places": places})
    draft.body.update({"ask": name, "place": command.place})
    timing.end(draft, f"{name}.wait")
    if not any(item["q"] == name for item in draft.section("items").values()):
        open_item(draft, name, notice.by)
    return "taken_down"


def _object(draft: Draft, command: Object) -> str:
    """
    An objection against a notice: received until its legal end, it opens its own small case and blocks approval.

    One received in time counts even if the case has left the notice since, as long as nothing is granted (F10).
    """
    name = command.on or next(
        (stage for stage in (draft.stage, *_late_notices(draft)) if draft.get("notices", stage)), draft.stage
    )
    question = draft.procedure.workflow.stages.get(name)
    posting = draft.get("notices", name)
    if question is None or question.notice is None or not posting or draft.value("status") != "open":
        raise ActionNotAllowedError(draft.before.id, N_("no notice of this case is posted"))
    if not question.notice.objection:
        raise ActionNotAllowedError(draft.before.id, N_("this procedure takes no objections here"))
    if command.received_at > draft.now:
        raise InputError(N_("an objection cannot have been received in the future"), field="received_at")
    due = posting.get("due")
    if (due and command.received_at >= instant(due)) or draft.value("granted", ""):
        raise ActionNotAllowedError(
            draft.before.id,
            N_("the period for objections is over"),
            advice=N_("record it as a comment; the township may return the case"),
        )
    _as_any_post(draft)
    draft.put("links", command.child.hex, {"w": question.notice.objection, "q": name, "k": "objection"})
    draft.body.update({"ask": name, "objection": command.child.hex, "received": iso(command.received_at)})
    opening = OpenCase(
        id=derived_id(command.id, "objection"), person=command.person, channel="", subject=command.objector,
        household=str(draft.value("household") or draft.value("subject")), division=str(draft.value("division")),
        facts=command.facts, parent=(draft.before.id, name), note=command.note,
    )  # fmt: skip
    draft.followups.append(Followup(command.child, opening, question.notice.objection))
    emit(draft, f"{name}.objected")
    if question.notice.on_objection == "stop":
        _stop_wait(draft, name)
    draft.tell("objection_lodged", question.notice.by, draft.place_of(question.notice.by)[1], ask=name)
    return "objected"


def _late_notices(draft: Draft) -> list[str]:
    """Notice stages that this case has left, latest first."""
    found = [(posting["n"], stage) for stage, posting in draft.section("notices").items()]
    return [stage for _, stage in sorted(found, reverse=True)]


def _stop_wait(draft: Draft, name: str) -> None:
    state = timing.state_of(draft, f"{name}.wait")
    if state is not None and state.status == "running":
        timing.keep(draft, draft.procedure.clocks[f"{name}.wait"], clocks.stop(state, draft.now, "objection"))


def _child_ended(draft: Draft, command: ChildEnded) -> str:
    key = command.child.hex
    link = draft.get("links", key)
    if link is None:
        raise ActionNotAllowedError(draft.before.id, N_("no such linked case is open"))
    draft.drop("links", key)
    draft.body.update({"child": key, "ask": link["q"], "outcome": command.outcome, "end": command.end})
    if draft.value("status") != "open":
        close_if_done(draft)
    elif link["k"] == "objection":
        _objection_answered(draft, link["q"], command.outcome)
    elif draft.get("asks", link["q"]) is not None:
        answer(draft, link["q"], command.end)
    return "child_ended"


def _objection_answered(draft: Draft, name: str, outcome: str) -> None:
    notice = draft.procedure.workflow.stages[name].notice
    assert notice is not None
    here = draft.stage == name
    if outcome == "upheld":
        action = draft.procedure.workflow.stages[name].actions["upheld"]
        if here:
            take(draft, name, "upheld", action)
        else:
            draft.body["action"] = "upheld"
            move(draft, late_upheld(name), action, name="upheld")
        return
    if here and notice.on_objection == "stop":
        state = timing.state_of(draft, f"{name}.wait")
        others = any(link["k"] == "objection" and link["q"] == name for link in draft.section("links").values())
        if state is not None and state.status == "stopped" and not others:
            resumed = clocks.resume(state, draft.now, draft.world.calendar, "objection")
            timing.keep(draft, draft.procedure.clocks[f"{name}.wait"], resumed)
    if here:
        _end_if_clear(draft, name, notice)


# --- clocks -----------------------------------------------------------------------------------------------------------


def _clock(draft: Draft, name: str) -> tuple[Any, Any]:
    state = timing.state_of(draft, name)
    if state is None:
        known = ", ".join(draft.section("clocks")) or "none"
        raise ActionNotAllowedError(
            draft.before.id, N_("no clock {name} runs; running: {known}"), name=name, known=known
        )
    return draft.procedure.clocks[name], state


def _stop_clock(draft: Draft, command: StopClock) -> str:
    spec, state = _clock(draft, command.clock)
    if spec.definition is None or spec.definition.stop is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("the procedure does not let {title} be stopped"), title=spec.title
        )
    draft.post = acting_post(draft, spec.definition.stop.by)
    if not command.note.strip():
        raise InputError(N_("a stop needs its reason"), field="note", advice=N_("add --note TEXT"))
    if state.status == "stopped":
        raise ActionNotAllowedError(draft.before.id, N_("{title} is stopped already"), title=spec.title)
    timing.keep(draft, spec, clocks.stop(state, draft.now, "by_hand", command.document.digest))
    draft.body.update({"clock": spec.id, "document": command.document.digest})
    return "clock_stopped"


def _resume_clock(draft: Draft, command: ResumeClock) -> str:
    spec, state = _clock(draft, command.clock)
    if spec.definition is None or spec.definition.stop is None:
        raise ActionNotAllowedError(draft.before.id, N_("{title} was not stopped by hand"), title=spec.title)
    draft.post = acting_post(draft, spec.definition.stop.by)
    if not any(stop.reason == "by_hand" and stop.until is None for stop in state.stops):
        raise ActionNotAllowedError(draft.before.id, N_("{title} was not stopped by hand"), title=spec.title)
    resumed = clocks.resume(state, draft.now, draft.world.calendar, "by_hand")
    timing.keep(draft, spec, resumed)
    draft.body.update({"clock": spec.id, "due": iso(resumed.due_at)})
    return "clock_resumed"


def _extend_clock(draft: Draft, command: ExtendClock) -> str:
    spec, state = _clock(draft, command.clock)
    extend = spec.definition.extend if spec.definition else None
    if extend is None:
        raise ActionNotAllowedError(
            draft.before.id, N_("the procedure does not let {title} be extended"), title=spec.title
        )
    draft.post = acting_post(draft, extend.by)
    if not command.note.strip():
        raise InputError(N_("an extension needs its reason"), field="note", advice=N_("add --note TEXT"))
    granted = [each for each in state.extensions if each.reason != clocks.BY_CALENDAR]
    if len(granted) >= extend.times:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} was already extended {times} times"), title=spec.title, times=extend.times
        )
    for ref in extend.needs:
        if not draft.known(ref):
            raise GuardRefusedError(draft.before.id, N_("an extension needs {ref}"), rule=ref, ref=ref)
    try:
        amount = timing.extension(draft, spec, state, extend.to)
        document = command.document.digest if command.document else ""
        extended = clocks.extend(
            state, amount, draft.world.calendar, reason="granted", document=document, by=command.person
        )
    except ValueError as error:
        raise ActionNotAllowedError(
            draft.before.id, N_("{title} cannot be extended so: {why}"), title=spec.title, why=error
        ) from None
    timing.keep(draft, spec, extended)
    draft.body.update({"clock": spec.id, "due": iso(extended.due_at), "by_amount": str(amount)})
    return "clock_extended"


def _settle_clocks(draft: Draft, command: SettleClocks) -> str:
    moved = {}
    for spec, state in tuple(timing.running(draft)):
        settled_ = clocks.settle(state, draft.world.calendar)
        if settled_ is not state:
            timing.keep(draft, spec, settled_)
            moved[spec.id] = [iso(state.due_at), iso(settled_.due_at)]
            if spec.id.endswith(".wait") and draft.get("notices", spec.ask):
                draft.put("notices", spec.ask, {**draft.get("notices", spec.ask), "due": iso(settled_.due_at)})
    if not moved:
        raise ActionNotAllowedError(draft.before.id, N_("no deadline of this case moves"))
    draft.body.update({"moved": moved, "calendar": draft.world.calendar.id})
    return "clocks_settled"


def _fire(draft: Draft, command: FireTimer) -> str:
    """A timer whose instant has come: a reminder, the mark of lateness, an escalation, the end of a wait."""
    timer = draft.get("timers", command.timer)
    if timer is None:
        raise ActionNotAllowedError(draft.before.id, N_("this timer is not pending"))
    if instant(timer["at"]) > draft.now:
        raise ActionNotAllowedError(draft.before.id, N_("this timer is not due before {due}"), due=timer["at"])
    spec = draft.procedure.clocks[timer["c"]]
    draft.drop("timers", command.timer)
    draft.body.update({"timer": command.timer, "clock": spec.id, "rung": timer["k"], "due": timer["at"]})
    rung = timing.fire(draft, spec, int(timer["r"]))
    if rung is not None:
        _RUNGS[rung.kind](draft, spec, rung)
    return "fired"


def _owners(draft: Draft, ask: str) -> list[tuple[str, str]]:
    """The posts that have open work: of the clock's own question, else of every open one."""
    items = draft.section("items").values()
    own = [(item["p"], item["d"]) for item in items if not ask or item["q"] == ask]
    return list(dict.fromkeys(own))


def _remind(draft: Draft, spec: Any, rung: timing.Rung) -> None:
    for post, division in _owners(draft, spec.ask):
        draft.tell("deadline_near", post, division, clock=spec.id, rung=rung.label)


def _due(draft: Draft, spec: Any, rung: timing.Rung) -> None:
    emit(draft, f"{spec.id}.due")
    for post, division in _owners(draft, spec.ask):
        draft.tell("overdue", post, division, clock=spec.id)


def _late(draft: Draft, spec: Any, rung: timing.Rung) -> None:
    emit(draft, f"{spec.id}.late")
    post, division = draft.place_of(rung.post)
    draft.tell("escalated", post, division, clock=spec.id, rung=rung.label)


def _then(draft: Draft, spec: Any, rung: timing.Rung) -> None:
    """The definition's own consequence of lateness: never a decision (back, defer, record or lapse)."""
    action = spec.definition.then
    draft.body["action"] = "then"
    move(draft, f"{spec.id}.then", action, name=f"{spec.id}.then")


def _over(draft: Draft, spec: Any, rung: timing.Rung) -> None:
    """A wait is over: of a notice it is its legal end; others just no longer hold anything back."""
    timing.end(draft, spec.id)
    emit(draft, f"{spec.id}.over")
    if spec.ask and spec.id == f"{spec.ask}.wait":
        notice = draft.procedure.ask(spec.ask).notice
        assert notice is not None
        _expired(draft, spec.ask, notice)


_RUNGS: Mapping[str, Callable[[Draft, Any, timing.Rung], None]] = {
    "remind": _remind, "due": _due, "late": _late, "then": _then, "over": _over,
}  # fmt: skip

_HANDLERS: Mapping[type[Command], Callable[[Draft, Any], str]] = {
    OpenCase: _open, Act: _act, Claim: _claim, Release: _release, Comment: _comment, Attach: _attach, Enlist: _enlist,
    PostNotice: _post_notice, ProveNotice: _prove_notice, TakeDownNotice: _take_down, Object: _object,
    ChildEnded: _child_ended, StopClock: _stop_clock, ResumeClock: _resume_clock, ExtendClock: _extend_clock,
    SettleClocks: _settle_clocks, FireTimer: _fire,
}  # fmt: skip
