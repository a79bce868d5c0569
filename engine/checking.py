"""
Is a definition sound: are its references whole, does every way lead to an end, does somebody own each step, does
nothing decide by silence.

Each check is a function of a definition that yields faults; each kind of fault has a code, which
docs/reference/checks.md explains. Rules are taken as free truth values: what is refused here is wrong whatever the
facts of a case are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import combinations

from engine import routes
from engine.calendar import Calendar
from engine.clocks import parse_amount
from engine.compiling import FORWARD
from engine.errors import N_, DefinitionError, Fault, Words, worded
from engine.feasibility import misfits
from engine.grounds import uncited, unset
from engine.impossible import beyond_bounds, circles, idle_clocks, impossible_panels, unasked_rules
from engine.lifeless import lifeless
from engine.loading import Definition
from engine.marks import Path
from engine.meanings import contradicted, granted_twice
from engine.precedence import unknown_rules
from engine.references import Known, asks, choices_of, every_panel, panels_of, place_of, posts_of, unknown
from engine.rules import RuleBook
from engine.tallies import threshold
from engine.workflow import NO_LENGTH, NO_POST, RESERVED, Action, Choice, Panel, Workflow

#: What may happen because time has passed, in the words of the law: nothing that decides (language.md §1.6).
MEANS_BY_TIME = frozenset({"back", "defer", "record", "lapse"})
#: What a body that may grant can say instead.
MEANS_OTHERWISE = frozenset({"refuse", "back", "defer", "refer"})
#: Results of a notice that somebody else brings about: an objection is lodged where no workflow answers it.
_LODGED = "objected"
_PRIVATE = re.compile(
    r"(^|_)(id|id_number|idcard|phone|mobile|telephone|bank|account|health|illness|disease|diagnosis|disability)(_|$)"
)
_PRIVATE_TITLE = re.compile("身份证|证号|电话|手机|银行|账号|账户|健康|疾病|病情|诊断|残疾")
#: What `to`, `in` and `from` say besides the names of stages and ends, and the event that is nobody's.
_WORDS_OF_PLACES = frozenset(
    ["new", "next", "stay", "again", "previous", "visited", "opened", "opens", "register", "any", "all"]
)
#: Events that every stage, task and clock has: `stage.listed` would be two things if an action were called so.
_WORDS_OF_EVENTS = RESERVED - _WORDS_OF_PLACES | {"opened"}
#: Subjects that have one village, so that a notice in each village of theirs is one notice.
_OF_ONE_VILLAGE = frozenset({"household", "person", "village", "case"})
#: Seats tried when asking whether two results can both hold, or none: small numbers show every such case.
_TRIED = range(1, 8)

#: What answers a stage, as messages call it.
_VOICES = {"by": N_("post"), "panel": N_("panel"), "notice": N_("notice"), "case": N_("case")}

Check = Callable[[Definition, Known], Iterator[Fault]]


def check(
    definition: Definition,
    *,
    deployed: bool = False,
    known: Collection[str] = (),
    workflows: Mapping[str, Workflow] = {},
    calendar: Calendar | None = None,
) -> tuple[Fault, ...]:
    """
    Everything that is wrong with *definition*, in the order of its files.

    Args:
        deployed: It is to be used: nothing may be ``unset``.
        known: Ids of the workflows that exist. With neither these nor *workflows*, names of others are not doubted.
        workflows: Other workflows at hand, by id: the results of a subcase are the ends of its workflow.
        calendar: The days over which limits must fit into each other; without one that is not asked.

    Returns:
        Faults of severity ``error`` (it must not be used) and ``warning``; empty: sound, as far as is checked.
    """
    workflow = definition.workflow
    names = frozenset({*known, *workflows, workflow.workflow}) if known or workflows else frozenset()
    names_at_hand = Known(workflow, {**workflows, workflow.workflow: workflow}, names)
    faults = [fault for one in _CHECKS for fault in one(definition, names_at_hand)]
    is_whole = not any(fault.code in _BREAKING for fault in faults)
    if is_whole:
        faults += [fault for one in _PROOFS for fault in one(definition, names_at_hand)]
    faults.extend(_rules(definition, is_whole=is_whole))
    if deployed:
        faults.extend(unset(definition))
    if not any(fault.severity == "error" and fault.code != "not-yet" for fault in faults):
        faults.extend(lifeless(definition))
    if calendar is not None and not any(fault.severity == "error" for fault in faults):
        faults.extend(_feasible(definition, calendar))
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line, fault.column)))


# ------------------------------------------------------------------------------------------------------- names, shapes


def _feasible(definition: Definition, calendar: Calendar) -> Iterator[Fault]:
    """The steps fit into the limits over them, whenever a case begins."""
    for found in misfits(definition.workflow, calendar):
        path = ("clocks", found.clock, "limit")
        example = worded(
            N_("begun on {begun}, they end on {ends}; the limit ends on {due}"),
            begun=found.begun,
            ends=found.ends,
            due=found.due,
        )
        days = worded(N_("of {failed} of {tried} working days"), failed=found.failed, tried=found.tried)
        if found.whatever:
            message = worded(
                N_("the waits alone are longer than `{clock}`, counted {days}: {example}"),
                clock=found.clock,
                days=days,
                example=example,
            )
            yield definition.fault(path, message, N_("a longer limit, or a shorter wait"), "impossible-limit")
        else:
            message = worded(
                N_("steps that each keep their limit end after `{clock}`, counted {days}: {example}"),
                clock=found.clock,
                days=days,
                example=example,
            )
            advice = N_("shorter limits of the steps, or a longer one over them")
            yield definition.fault(path, message, advice, "tight-limit", "warning")


def _meanings(definition: Definition, known: Known) -> Iterator[Fault]:
    yield from contradicted(definition)
    yield from granted_twice(definition)


def _impossible(definition: Definition, known: Known) -> Iterator[Fault]:
    for search in (impossible_panels, beyond_bounds, circles, idle_clocks, unasked_rules):
        yield from search(definition)


def _clauses(definition: Definition, known: Known) -> Iterator[Fault]:
    yield from uncited(definition)


def _references(definition: Definition, known: Known) -> Iterator[Fault]:
    yield from unknown(definition, known)


def _names(definition: Definition, known: Known) -> Iterator[Fault]:
    """Words of the language stay its own, and one name means one thing, since events are called by it."""
    w = definition.workflow
    parts: dict[str, Collection[str]] = {
        "opens": w.opens,
        "stages": w.stages,
        "tasks": w.tasks,
        "anywhere": w.anywhere,
        "clocks": w.clocks,
        "ends": w.ends,
    }
    seen: dict[str, str] = {}
    for part, entries in parts.items():
        for name in entries:
            if name in _WORDS_OF_PLACES:
                yield _reserved(definition, (part, name))
            if name in seen:
                advice = worded(N_("it is also one of `{part}`; events are called by these names"), part=seen[name])
                yield definition.fault(
                    (part, name), worded(N_("`{name}` is named twice"), name=name), advice, "duplicate-name"
                )
            seen.setdefault(name, part)
    for stage_name, stage in w.stages.items():
        for name in stage.actions:
            if name in _WORDS_OF_EVENTS:
                yield _reserved(definition, ("stages", stage_name, "actions", name))
    for task_name, task in w.tasks.items():
        for number, name in enumerate(task.results):
            if name in _WORDS_OF_EVENTS:
                yield _reserved(definition, ("tasks", task_name, "results", str(number)))


def _reserved(definition: Definition, path: Path) -> Fault:
    return definition.fault(
        path,
        worded(N_("`{word}` is a word of the language"), word=path[-1]),
        N_("choose another name"),
        "reserved-name",
    )


def _lengths(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every length that somebody wrote can be counted."""
    w = definition.workflow
    found: list[tuple[Path, object]] = []
    for name, param in w.params.items():
        if param.type == "amount":
            lines = param.value.items() if isinstance(param.value, dict) else [("", param.value)]
            found += [(("params", name, "value", *([key] if key else [])), value) for key, value in lines]
    for name, ask in asks(w):
        found.append(((*place_of(w, name), "limit"), ask.limit))
        if ask.notice is not None:
            found.append(((*place_of(w, name), "notice", "wait"), ask.notice.wait))
    found += [((*path, "silence", "after"), panel.silence.after) for path, panel in every_panel(w) if panel.silence]
    found += [(("clocks", name, "extend", "to"), clock.extend.to) for name, clock in w.clocks.items() if clock.extend]
    for path, value in found:
        if not isinstance(value, str) or (value not in NO_LENGTH and not value.startswith("$")):
            try:
                parse_amount(str(value))
            except ValueError as error:
                yield definition.fault(path, error.args[0], "", "bad-length")


def _choices(definition: Definition, known: Known) -> Iterator[Fault]:
    """A choice always chooses: the last line has no `when`, every other has one."""
    w = definition.workflow
    found: list[tuple[Path, Choice]] = [
        ((*path, "to"), action.to) for path, _, action, _ in routes.actions(w) if isinstance(action.to, tuple)
    ]
    for name, ask in asks(w):
        found += [((*place_of(w, name), voice), lines) for voice, lines in choices_of(ask)]
    for path, lines in found:
        last = len(lines) - 1
        for number, line in enumerate(lines):
            if number == last and line.when:
                advice = N_("add a last line without `when`")
                yield definition.fault(
                    (*path, str(number)), N_("nothing is chosen if no `when` holds"), advice, "open-choice"
                )
            if number < last and not line.when:
                advice = N_("only the last line has no `when`")
                yield definition.fault(
                    (*path, str(number)), N_("the lines below are never tried"), advice, "open-choice"
                )


def _not_yet(definition: Definition, known: Known) -> Iterator[Fault]:
    """Parts of the language that this version reads and cannot run yet."""
    for name, channel in definition.workflow.opens.items():
        if channel.every:
            advice = N_("this version of bangfu cannot run it; leave it out for now")
            message = worded(N_("not yet: `{key}`"), key="every")
            yield definition.fault(("opens", name, "every"), message, advice, "not-yet")


def _groups(definition: Definition, known: Known) -> Iterator[Fault]:
    """Villager groups are no divisions: only a village knows its own, so that only its cases post there."""
    w = definition.workflow
    for name, ask in asks(w):
        if ask.notice is not None and ask.notice.each == "group" and w.subject not in _OF_ONE_VILLAGE:
            message = worded(
                N_("villager groups have no code, and a case of this subject has more than one village: {subject}"),
                subject=w.subject,
            )
            path = (*place_of(w, name), "notice", "each")
            yield definition.fault(path, message, N_("write `each: village`"), "no-groups")


def _titles(definition: Definition, known: Known) -> Iterator[Fault]:
    """Officers read titles, never ids."""
    for path, name, action, _ in routes.actions(definition.workflow):
        if not action.title and path[-1] != "then":
            yield definition.fault(
                path,
                worded(N_("the action `{name}` has no title"), name=name),
                N_("officers read it"),
                "untitled",
                "warning",
            )


# -------------------------------------------------------------------------------------------------------------- routes


def _reachable(definition: Definition, known: Known) -> Iterator[Fault]:
    w = definition.workflow
    found = routes.reached(w)
    for name in w.stages:
        if name not in found:
            message, advice = (
                worded(N_("the stage `{name}` is never reached"), name=name),
                N_("no channel and no action leads here"),
            )
            yield definition.fault(("stages", name), message, advice, "unreachable-stage")
    for name in w.ends:
        if name not in found:
            advice = N_("no action leads here")
            message = worded(N_("the end `{name}` is never reached"), name=name)
            yield definition.fault(("ends", name), message, advice, "unreachable-end", "warning")


def _can_end(definition: Definition, known: Known) -> Iterator[Fault]:
    w = definition.workflow
    endless = w.stages.keys() - routes.can_end(w)
    for name in w.stages:
        if name in endless:
            message = worded(N_("from the stage `{name}` no way leads to an end"), name=name)
            yield definition.fault(("stages", name), message, N_("give one of its actions an end"), "no-way-to-end")


def _rules(definition: Definition, *, is_whole: bool) -> Iterator[Fault]:
    """
    CEL is loaded only here; what its compiler says comes with the line of the rule. When a rule is asked is looked at
    where all ways are known.
    """
    try:
        book = RuleBook.compile(definition)
    except DefinitionError as error:
        yield from error.faults
        return
    for found in unknown_rules(definition, book) if is_whole else ():
        titles = ", ".join(f"`{fact}`" for fact in found.facts)
        message = worded(N_("`{rule}` is asked before {titles} can have been written"), rule=found.rule, titles=titles)
        advice = N_("ask it later, or write the fact earlier")
        severity = "error" if found.certain else "warning"
        yield definition.fault(found.path, message, advice, "asked-too-early", severity)


def _granted_ends(w: Workflow) -> list[str]:
    return [name for name, end in w.ends.items() if end.outcome == "granted"]


def _must(definition: Definition, known: Known) -> Iterator[Fault]:
    """No way to a granted end avoids a `must` stage, nor the stages that await a `must` task."""
    w = definition.workflow
    needed = [(("stages", name, "must"), name, {name}) for name, stage in w.stages.items() if stage.must]
    awaited = ((name, task.awaited_by) for name, task in w.tasks.items() if task.must and task.awaited_by)
    needed += [(("tasks", name, "must"), name, set(stages)) for name, stages in awaited]
    for path, name, places in needed:
        found = routes.reached(w, without=places)
        for end in _granted_ends(w):
            if end in found:
                way = ", ".join(routes.way_to(found, end))
                yield definition.fault(
                    path,
                    worded(N_("`{end}` can be reached without `{name}`"), end=end, name=name),
                    worded(N_("by {way}"), way=way),
                    "around-must",
                )
        yield from _left_too_early(definition, path, name, places)


def _left_too_early(definition: Definition, path: Path, name: str, places: Collection[str]) -> Iterator[Fault]:
    """
    Who leaves a `must` notice before its end, or a stage before the `must` task that it awaits, comes back to it.

    What a re-check after an upheld objection needs is the definition's own (I13).
    """
    w = definition.workflow
    if path[0] == "stages" and w.stages[name].notice is None:
        return
    for move in routes.moves(w):
        held = move.name in ("ended", "upheld") if path[0] == "stages" else move.action.means in FORWARD
        if move.source not in places or move.target in places or held:
            continue
        found = routes.reached(w, without=places, start=move.target)
        for end in _granted_ends(w):
            if end in found:
                way = ", ".join([f"{move.source}.{move.name}", *routes.way_to(found, end)])
                yield definition.fault(
                    path,
                    worded(N_("`{end}` can be reached before `{name}` is over"), end=end, name=name),
                    worded(N_("by {way}"), way=way),
                    "around-must",
                )


def _granted(definition: Definition, known: Known) -> Iterator[Fault]:
    """A case ends granted only if somebody has granted it."""
    w = definition.workflow
    found = routes.reached(w, grants=False)
    for end in _granted_ends(w):
        if end in found:
            way = ", ".join(routes.way_to(found, end))
            message = worded(N_("`{end}` can be reached though nobody has granted it"), end=end)
            advice = worded(N_("by {way}; the action that decides says `means: grant`"), way=way)
            yield definition.fault(("ends", end, "outcome"), message, advice, "ungranted-end")


def _straight(definition: Definition, known: Known) -> Iterator[Fault]:
    """Coming straight back skips the stages between; a `must` is never skipped."""
    w = definition.workflow
    order = list(w.stages)
    for path, name, action, sources in routes.actions(w):
        if action.then != "straight":
            continue
        for source in (source for source in sources if source in w.stages):
            words = {word for _, word in routes.written_targets(path, action)}
            goals = set(w.stages) & words
            if words & routes.BACKWARD:
                goals |= routes.before(w, source) & set(action.among or order)
            skipped = {
                between
                for goal in goals
                for between in order[order.index(goal) + 1 : order.index(source)]
                if w.stages[between].must
            }
            if skipped:
                advice = N_("use `then: stepwise`, or come back to a later stage (`among`)")
                message = worded(
                    N_("`{name}` comes straight back past {places}"),
                    name=name,
                    places=", ".join(f"`{s}`" for s in order if s in skipped),
                )
                yield definition.fault((*path, "then"), message, advice, "straight-past-must")


# -------------------------------------------------------------------------------------------------------------- voices


def _owners(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every question has an officer who is asked, or a time at which something happens."""
    message: str | Words
    advice: str | Words
    w = definition.workflow
    timed = {clock.until.partition(".")[0] for clock in w.clocks.values() if clock.until and clock.then}
    timed |= {event.partition(".")[0] for clock in w.clocks.values() if clock.then for event in clock.from_}
    for name, ask in asks(w):
        path = place_of(w, name)
        owned = bool({post.partition("@")[0] for post in posts_of(ask)} - NO_POST) if ask.voice == "by" else True
        if ask.voice == "by" and not posts_of(ask):
            yield definition.fault(
                (*path, "by"), worded(N_("nobody is asked in `{name}`"), name=name), N_("name a post"), "no-owner"
            )
        elif not owned and ask.limit in NO_LENGTH and name not in timed:
            message = worded(N_("no officer is asked in `{name}`, and no time ends it"), name=name)
            yield definition.fault(
                (*path, "by"), message, N_("add a post, a `limit`, or a clock with `then`"), "no-owner"
            )
    for path, panel in every_panel(w):
        if not panel.seats and panel.roll is None:
            yield definition.fault(path, N_("nobody sits on this panel"), N_("give it `seats` or a `roll`"), "no-owner")
        posts = [post.partition("@")[0] for post in panel.seats]
        if len(posts) != len(set(posts)):
            message = N_("one post sits here for two places, and minutes and tallies could not tell them apart")
            advice = N_("make a task for each place, and await both")
            yield definition.fault((*path, "seats"), message, advice, "one-seat")
        if not panel.seats:
            yield definition.fault(path, N_("nobody sits on this panel"), N_("give it `seats`"), "no-owner")
        if panel.roll is not None and (panel.recorded != "minutes" or panel.silence is not None):
            advice = N_("say `recorded: minutes`; its `seats` call the meeting and keep them")
            yield definition.fault(
                (*path, "roll"), N_("a body of a register is counted in minutes"), advice, "no-owner"
            )
    for name, channel in w.opens.items():
        if not channel.by:
            yield definition.fault(
                ("opens", name),
                worded(N_("nobody can open a case by `{name}`"), name=name),
                N_("say `by` whom"),
                "no-owner",
            )


def _answers(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every result of a voice has an action, and every action somebody who takes it."""
    message: str | Words
    advice: str | Words
    w = definition.workflow
    for name, stage in w.stages.items():
        path = ("stages", name, "actions")
        results = known.results(stage)
        if stage.panel is not None and not known.has_panels(stage):
            continue  # What an unknown panel answers is not known.
        for result in results:
            if result not in stage.actions:
                message = worded(N_("the result `{result}` of `{name}` has no action"), result=result, name=name)
                yield definition.fault(path, message, N_("say where it leads"), "result-without-action")
        if stage.voice == "by" or (stage.voice == "case" and not results):
            continue  # The post takes any action; the ends of a workflow that is not at hand are not known.
        given = {*results, _LODGED} if stage.notice else set(results)
        for word, action in stage.actions.items():
            if word not in given and not action.by:
                advice = worded(
                    N_("its results are {results}; else say `by` whom"), results=", ".join(f"`{r}`" for r in results)
                )
                message = worded(N_("nothing in `{name}` brings about `{word}`"), name=name, word=word)
                yield definition.fault((*path, word), message, advice, "action-without-source")
            if word in results and action.by:
                advice = worded(N_("leave `by` out, or give what a person does another name than `{word}`"), word=word)
                message = worded(
                    N_("`{word}` is what the {voice} answers, and nobody may answer for it"),
                    word=word,
                    voice=Words(_VOICES[stage.voice]),
                )
                yield definition.fault((*path, word, "by"), message, advice, "by-on-result")
            if word in given and action.needs and stage.voice in ("notice", "case"):
                message = worded(N_("`{word}` happens whether or not a rule holds"), word=word)
                advice = N_("a result of a notice or a case takes no `needs`; make `to` a choice")
                yield definition.fault((*path, word, "needs"), message, advice, "needs-on-result")


def _channels(definition: Definition, known: Known) -> Iterator[Fault]:
    """A channel says who opens, on what conditions, and where the case then stands; it has no effects of its own."""
    for name, channel in definition.workflow.opens.items():
        path = ("opens", name)
        for key in ("opinion", "times", "set", "tell", "among"):
            if getattr(channel, "set_" if key == "set" else key):
                message = worded(N_("`{key}` does nothing when a case is opened"), key=key)
                yield definition.fault((*path, key), message, N_("say it of an action of the first stage"), "shape")
        if channel.needs and "parent" in channel.by:
            message = worded(N_("another case opens by `{name}` whether or not a rule holds"), name=name)
            yield definition.fault((*path, "needs"), message, N_("let the first stage ask it"), "needs-on-result")


def _of_nobody(definition: Definition, known: Known) -> Iterator[Fault]:
    """What comes of itself waits for what it asks; it may not ask for what nobody can ever give."""
    w = definition.workflow
    alone: list[tuple[Path, Action]] = [
        (("clocks", name, "then"), clock.then) for name, clock in w.clocks.items() if clock.then is not None
    ]
    places: set[str] = set()
    for name, ask in asks(w):
        if ask.voice in ("notice", "case"):
            actions: Mapping[str, Action] = getattr(ask, "actions", {})
            own = {word: action for word, action in actions.items() if not action.by}
            alone += [(("stages", name, "actions", word), action) for word, action in own.items()]
            places |= {f"{name}.{word}" for word in own} | ({name} if len(own) == len(actions) else set())
    for path, action in alone:
        for key, asked in (("opinion", action.opinion), ("times", action.times is not None)):
            if asked:
                yield _nobody(
                    definition, (*path, key), worded(N_("nobody takes this action: `{key}` can never be met"), key=key)
                )
    for name, fact in w.facts.items():
        for number, place in enumerate(fact.in_):
            if place in places and not fact.optional:
                yield _nobody(
                    definition,
                    ("facts", name, "in", str(number)),
                    worded(N_("nobody can fill in `{name}` in `{place}`"), name=name, place=place),
                )


def _nobody(definition: Definition, path: Path, message: str | Words) -> Fault:
    advice = N_("no person answers there; ask for it elsewhere, or give the stage an action with `by`")
    return definition.fault(path, message, advice, "asked-of-nobody")


def _objections(definition: Definition, known: Known) -> Iterator[Fault]:
    """The workflow that answers objections is about a case, and ends upheld or dismissed."""
    for name, ask in asks(definition.workflow):
        other = known.others.get(ask.notice.objection or "") if ask.notice else None
        if other is not None:
            outcomes = {end.outcome for end in other.ends.values()}
            if other.subject != "case" or not {"upheld", "dismissed"} <= outcomes:
                path = (*place_of(definition.workflow, name), "notice", "objection")
                advice = N_("its subject is a case, and it ends `upheld` and `dismissed`")
                yield definition.fault(
                    path,
                    worded(N_("`{workflow}` answers no objection"), workflow=other.workflow),
                    advice,
                    "not-an-objection",
                )


def _upheld(definition: Definition, known: Known) -> Iterator[Fault]:
    """An objection that is upheld never takes a case towards approval (I12, I13)."""
    for name, stage in definition.workflow.stages.items():
        action = stage.actions.get("upheld")
        if stage.notice is not None and action is not None and action.means in ("pass", "grant"):
            path = ("stages", name, "actions", "upheld", "means")
            message, advice = (
                worded(N_("an objection upheld in `{name}` takes the case forward"), name=name),
                N_("say `means: back` or `refuse`"),
            )
            yield definition.fault(path, message, advice, "upheld-forward")


def _can_say_no(definition: Definition, known: Known) -> Iterator[Fault]:
    for name, stage in definition.workflow.stages.items():
        for word, action in stage.actions.items():
            if action.means == "grant" and not {a.means for a in stage.actions.values()} & MEANS_OTHERWISE:
                path = ("stages", name, "actions", word)
                advice = N_("add an action that means refuse, back, defer or refer")
                yield definition.fault(
                    path, worded(N_("`{name}` can only say yes"), name=name), advice, "cannot-say-no"
                )


def _tallies(definition: Definition, known: Known) -> Iterator[Fault]:
    """The same answers never mean two results, and a full panel always has one (C6)."""
    message: str | Words
    advice: str | Words
    for path, panel in every_panel(definition.workflow):
        seats = sum(1 if number == "all" else number for number in panel.seats.values())
        for one, other in combinations([r for r, text in panel.tally.items() if text != "otherwise"], 2):
            votes = _both_hold(panel, one, other, seats)
            if votes is not None:
                message = worded(N_("`{one}` and `{other}` can both hold"), one=one, other=other)
                advice = worded(
                    N_("with {one} and {other} of {all} answers"), one=votes[0], other=votes[1], all=votes[2]
                )
                yield definition.fault((*path, "tally", other), message, advice, "contradictory-tally")
        if left := _none_holds(panel, seats):
            shown = ", ".join(f"{number} {result}" for result, number in zip(panel.tally, left, strict=True))
            advice = N_("make the last one `otherwise`")
            yield definition.fault(
                (*path, "tally"), worded(N_("nothing results from {shown}"), shown=shown), advice, "undecided-tally"
            )


def _joins(definition: Definition, known: Known) -> Iterator[Fault]:
    """Where several cases answer, they always add up to a result; whom they are about is a list that there is."""
    w = definition.workflow
    lists = {name for name, fact in w.facts.items() if fact.kind == "list" and fact.of == "case"}
    for name, ask in asks(w):
        path = (*place_of(w, name), "case")
        if ask.case is not None and ask.case.for_each:
            if ask.case.for_each not in {*lists, "members", "children"}:
                message = worded(N_("there is no list `{name}`"), name=ask.case.for_each)
                yield definition.fault((*path, "for_each"), message, N_("a fact of type list"), "unknown-fact")
            last = list(ask.case.tally.items())[-1:]
            if not last or not (last[0][1] == "otherwise" or last[0] in (("done", "all"), ("done", "any"))):
                advice = N_("make the last one `otherwise`, or `done: all`, which counts every end")
                yield definition.fault(
                    (*path, "tally"), N_("the ends may add up to nothing"), advice, "undecided-tally"
                )
        elif ask.case is not None and ask.case.tally:
            yield definition.fault(
                (*path, "tally"), N_("one case adds up to nothing"), N_("leave it out"), "undecided-tally"
            )
    for name, task in w.tasks.items():
        if task.for_each and (task.case is None or task.case.for_each != "members"):
            advice = N_("answer it by `case` with `for_each: members`")
            message = worded(N_("`{name}` is asked once: members have cases of their own"), name=name)
            yield definition.fault(("tasks", name, "for_each"), message, advice, "unknown-fact")
    for name, channel in w.opens.items():
        if channel.for_each and channel.for_each not in lists:
            message = worded(N_("there is no list `{name}`"), name=channel.for_each)
            yield definition.fault(("opens", name, "for_each"), message, N_("a fact of type list"), "unknown-fact")


def _both_hold(panel: Panel, one: str, other: str, seats: int) -> tuple[int, int, int] | None:
    """Votes for each, and how many entitled, with which both thresholds hold."""
    first, second = threshold(panel.tally[one]), threshold(panel.tally[other])
    for entitled in (number + max(seats - 1, 0) for number in _TRIED):
        for present in range(1, entitled + 1):
            for votes in range(1, present):
                if first.holds(votes, present, entitled) and second.holds(present - votes, present, entitled):
                    return votes, present - votes, entitled
    return None


def _none_holds(panel: Panel, seats: int) -> tuple[int, ...] | None:
    """Votes of a full panel, nobody abstaining, with which no result's threshold holds."""
    thresholds = [threshold(text) for text in panel.tally.values()]
    for entitled in (number + max(seats - 1, 0) for number in _TRIED):
        for votes in _shares_of(entitled, len(thresholds)):
            if not any(t.holds(v, entitled, entitled) for t, v in zip(thresholds, votes, strict=True)):
                return votes
    return None


def _shares_of(number: int, parts: int) -> Iterator[tuple[int, ...]]:
    """*number* divided among *parts* in every way; with many parts only by giving all to at most three of them."""
    if parts == 1:
        yield (number,)
    elif parts <= 3:
        for first in range(number + 1):
            for rest in _shares_of(number - first, parts - 1):
                yield first, *rest
    else:
        for places in combinations(range(parts), 3):
            for share in _shares_of(number, 3):
                yield tuple(share[places.index(i)] if i in places else 0 for i in range(parts))


def _opened(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every task is opened by something and can finish; for one that must be done something waits."""
    for name, task in definition.workflow.tasks.items():
        path = ("tasks", name)
        if task.must and not task.awaited_by:
            message, advice = N_("nothing waits for `{name}`"), N_("say by which stage it is `awaited_by`")
            yield definition.fault((*path, "must"), worded(message, name=name), advice, "around-must")
        if not (task.opens or task.every):
            message, advice = N_("nothing opens the task `{name}`"), N_("say what `opens` it")
            yield definition.fault(path, worded(message, name=name), advice, "never-opened")
        elif task.panel is None and task.voice == "by" and not task.results:
            message, advice = N_("`{name}` has no result"), N_("leave the key out for `done`")
            yield definition.fault((*path, "results"), worded(message, name=name), advice, "never-done")
        if task.every and task.again == "keep":
            message, advice = N_("`{name}` comes again and again"), N_("leave it out: each turn is a new one")
            yield definition.fault((*path, "again"), worded(message, name=name), advice, "shape")
        for number, event in enumerate(task.opens if task.every else ()):
            if event in definition.workflow.ends:
                told = worded(N_("`{name}` comes again and again, and ends with the case"), name=name)
                advice = N_("let it open while the case runs, or let the end `start` a procedure of its own")
                yield definition.fault((*path, "opens", str(number)), told, advice, "shape")


def _awaited(definition: Definition, known: Known) -> Iterator[Fault]:
    """What a stage waits for is opened on some way to it."""
    w = definition.workflow
    for name, task in w.tasks.items():
        for number, awaiting in enumerate(task.awaited_by if task.opens and not task.every else ()):
            if not any(_comes_before(w, event, awaiting) for event in task.opens):
                message = worded(
                    N_("`{name}` is never opened before `{awaiting}` could go on"), name=name, awaiting=awaiting
                )
                advice = N_("let it open by something that happens earlier")
                path = ("tasks", name, "awaited_by", str(number))
                yield definition.fault(path, message, advice, "never-opened")


def _comes_before(w: Workflow, event: str, stage: str) -> bool:
    """Whether *event* can have happened while the case stands in *stage* and waits."""
    place, _, word = event.partition(".")
    goals = {move.target for move in routes.moves(w) if (move.source, move.name) == (place, word)}
    if place == stage:
        # What is asked here "when necessary": an action that leaves the case where it stands.
        return stage in goals or word in ("entered", "begun", "listed", "posted", "expired", "objected", "due", "late")
    if place in w.stages:
        goals = goals or {place}
        return any(goal == stage or goal in routes.before(w, stage) for goal in goals)
    return place not in w.ends


# --------------------------------------------------------------------------------------------------- silence, secrecy


def _silence(definition: Definition, known: Known) -> Iterator[Fault]:
    """Silence decides nothing: no clock, no notice and no silent body grants or refuses."""
    w = definition.workflow
    for name, clock in w.clocks.items():
        if clock.then is not None and (clock.then.means not in MEANS_BY_TIME or _leads_on(w, clock.then)):
            yield _silent(
                definition, ("clocks", name, "then"), worded(N_("`{name}` decides because time has passed"), name=name)
            )
    for name, ask in asks(w):
        actions = getattr(ask, "actions", {})
        if ask.notice is not None:
            for word, action in actions.items():
                if action.means == "grant" and not action.by:
                    message = worded(N_("`{name}` grants because nobody objected"), name=name)
                    yield _silent(definition, ("stages", name, "actions", word, "means"), message)
        grants = any(action.means == "grant" for action in actions.values())
        for panel_path, panel in panels_of(w, ask):
            if panel.silence is not None and (grants or _deciding_posts(w) & set(panel.seats)):
                whole = panel_path if panel_path[0] == "panels" else (*place_of(w, name), "panel")
                yield _silent(
                    definition,
                    (*whole, "silence"),
                    worded(N_("silence would count in `{name}`, where it is decided"), name=name),
                )


def _silent(definition: Definition, path: Path, message: str | Words) -> Fault:
    advice = N_(
        "let a post or a panel decide: a limit marks it late and calls another (`late`). Time alone may only mean "
        "back, defer, record or lapse and lead no further; a body's silence counts only where it is asked in a task"
    )
    return definition.fault(path, message, advice, "silent-decision")


def _leads_on(w: Workflow, action: Action) -> bool:
    """Whether *action*, taken by no person, leads along the line of stages, or to a decision in favour."""
    onward = {"next", *_granted_ends(w), *(w.main_line if action.means != "back" else ())}
    return any(word in onward for _, word in routes.written_targets((), action))


def _deciding_posts(w: Workflow) -> set[str]:
    """Posts that answer a stage whose actions grant."""
    return {
        post
        for stage in w.stages.values()
        if any(action.means == "grant" for action in stage.actions.values())
        for post in (*posts_of(stage), *(seat for _, panel in panels_of(w, stage) for seat in panel.seats))
    }


def _notices(definition: Definition, known: Known) -> Iterator[Fault]:
    """A notice shows nothing secret, and nothing by which a person could be found or harmed (I31)."""
    w = definition.workflow
    for name, ask in asks(w):
        for number, shown in enumerate(ask.notice.shows if ask.notice else ()):
            fact = w.facts.get(shown)
            why = ""
            if fact is not None and fact.secret:
                why = N_("it is secret")
            elif fact is not None and (_PRIVATE.search(shown) or _PRIVATE_TITLE.search(fact.title)):
                why = N_("number, telephone, bank and health are never posted")
            elif fact is not None and (fact.kind == "person" or fact.of == "member"):
                why = N_("it names or describes a single person")
            if why:
                path = (*place_of(w, name), "notice", "shows", str(number))
                yield definition.fault(path, worded(N_("`{shown}` may not be posted"), shown=shown), why, "notice-leak")


def _writers(definition: Definition, known: Known) -> Iterator[Fault]:
    """Each fact has one kind of writer: people, an expression, or the effect of an action."""
    w = definition.workflow
    effects = {key.rpartition(".")[2] for _, _, action, _ in routes.actions(w) for key in action.set_}
    of_lists = {fact for _, ask in asks(w) if ask.list_ is not None for fact in ask.list_.sets}
    for name, fact in w.facts.items():
        made = (("in", fact.in_), ("is", fact.is_), ("set", name in effects), ("a list", name in of_lists))
        kinds = [kind for kind, given in made if given]
        if len(kinds) != 1:
            ways = ", ".join(f"`{kind}`" for kind in kinds)
            message = (
                worded(N_("the fact `{name}` is written in two ways: {ways}"), name=name, ways=ways)
                if kinds
                else worded(N_("the fact `{name}` is written nowhere"), name=name)
            )
            advice = N_("one of: `in` a stage or task, `is` an expression, `set` by an action, a list's draw or rank")
            yield definition.fault(("facts", name), message, advice, "fact-writer")


_CHECKS: tuple[Check, ...] = (
    _references, _names, _lengths, _choices, _not_yet, _groups, _titles, _owners, _answers, _channels, _of_nobody,
    _objections, _upheld, _can_say_no, _tallies, _joins, _opened, _silence, _notices, _writers, _clauses,
)  # fmt: skip
#: Proofs over all ways that a case may take.
_PROOFS: tuple[Check, ...] = (_reachable, _can_end, _must, _granted, _straight, _awaited, _meanings, _impossible)
#: With one of these some ways are not known, and whatever were proved over the rest would be its consequence.
_BREAKING = frozenset({"unknown-target", "unknown-place", "unknown-event"})
