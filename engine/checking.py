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
from engine.errors import DefinitionError, Fault
from engine.feasibility import misfits
from engine.grounds import uncited, unset
from engine.loading import Definition
from engine.marks import Path
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
    if deployed:
        faults.extend(unset(definition))
    if calendar is not None and not any(fault.severity == "error" for fault in faults):
        faults.extend(_feasible(definition, calendar))
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line, fault.column)))


# ------------------------------------------------------------------------------------------------------- names, shapes


def _feasible(definition: Definition, calendar: Calendar) -> Iterator[Fault]:
    """The steps fit into the limits over them, whenever a case begins."""
    for found in misfits(definition.workflow, calendar):
        path = ("clocks", found.clock, "limit")
        example = f"begun on {found.begun}, they end on {found.ends}; the limit ends on {found.due}"
        days = f"of {found.failed} of {found.tried} working days"
        if found.whatever:
            message = f"the waits alone are longer than `{found.clock}`, counted {days}: {example}"
            yield definition.fault(path, message, "a longer limit, or a shorter wait", "impossible-limit")
        else:
            message = f"steps that each keep their limit end after `{found.clock}`, counted {days}: {example}"
            advice = "shorter limits of the steps, or a longer one over them"
            yield definition.fault(path, message, advice, "tight-limit", "warning")


def _clauses(definition: Definition, known: Known) -> Iterator[Fault]:
    yield from uncited(definition)


def _references(definition: Definition, known: Known) -> Iterator[Fault]:
    yield from unknown(definition, known)


def _rules_compile(definition: Definition, known: Known) -> Iterator[Fault]:
    """CEL is loaded only here; what its compiler says comes with the line of the rule."""
    try:
        book = RuleBook.compile(definition)
    except DefinitionError as error:
        yield from error.faults
        return
    for found in unknown_rules(definition, book):
        titles = ", ".join(f"`{fact}`" for fact in found.facts)
        message = f"`{found.rule}` is asked before {titles} can have been written"
        advice = "ask it later, or write the fact earlier"
        severity = "error" if found.certain else "warning"
        yield definition.fault(found.path, message, advice, "asked-too-early", severity)


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
                advice = f"it is also one of `{seen[name]}`; events are called by these names"
                yield definition.fault((part, name), f"`{name}` is named twice", advice, "duplicate-name")
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
    return definition.fault(path, f"`{path[-1]}` is a word of the language", "choose another name", "reserved-name")


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
                yield definition.fault(path, str(error), "", "bad-length")


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
                advice = "add a last line without `when`"
                yield definition.fault(
                    (*path, str(number)), "nothing is chosen if no `when` holds", advice, "open-choice"
                )
            if number < last and not line.when:
                advice = "only the last line has no `when`"
                yield definition.fault((*path, str(number)), "the lines below are never tried", advice, "open-choice")


def _not_yet(definition: Definition, known: Known) -> Iterator[Fault]:
    """Parts of the language that this version reads and cannot run yet."""
    w = definition.workflow
    found: list[Path] = []
    found += [("opens", name, "every") for name, channel in w.opens.items() if channel.every]
    for name, ask in asks(w):
        path = place_of(w, name)
        if ask.notice is not None and ask.notice.each == "group" and w.subject not in _OF_ONE_VILLAGE:
            found.append((*path, "notice", "each"))
    for path in found:
        advice = "this version of bangfu cannot run it; leave it out for now"
        yield definition.fault(path, f"not yet: `{path[-1]}`", advice, "not-yet")


def _titles(definition: Definition, known: Known) -> Iterator[Fault]:
    """Officers read titles, never ids."""
    for path, name, action, _ in routes.actions(definition.workflow):
        if not action.title and path[-1] != "then":
            yield definition.fault(path, f"the action `{name}` has no title", "officers read it", "untitled", "warning")


# -------------------------------------------------------------------------------------------------------------- routes


def _reachable(definition: Definition, known: Known) -> Iterator[Fault]:
    w = definition.workflow
    found = routes.reached(w)
    for name in w.stages:
        if name not in found:
            message, advice = f"the stage `{name}` is never reached", "no channel and no action leads here"
            yield definition.fault(("stages", name), message, advice, "unreachable-stage")
    for name in w.ends:
        if name not in found:
            advice = "no action leads here"
            message = f"the end `{name}` is never reached"
            yield definition.fault(("ends", name), message, advice, "unreachable-end", "warning")


def _can_end(definition: Definition, known: Known) -> Iterator[Fault]:
    w = definition.workflow
    endless = w.stages.keys() - routes.can_end(w)
    for name in w.stages:
        if name in endless:
            message = f"from the stage `{name}` no way leads to an end"
            yield definition.fault(("stages", name), message, "give one of its actions an end", "no-way-to-end")


def _granted_ends(w: Workflow) -> list[str]:
    return [name for name, end in w.ends.items() if end.outcome == "granted"]


def _must(definition: Definition, known: Known) -> Iterator[Fault]:
    """No way to a granted end avoids a `must` stage, nor the stages that await a `must` task."""
    w = definition.workflow
    needed = [(("stages", name, "must"), name, {name}) for name, stage in w.stages.items() if stage.must]
    for name, task in w.tasks.items():
        if task.must and task.awaited_by:
            needed.append((("tasks", name, "must"), name, set(task.awaited_by)))
        elif task.must:
            advice = "say by which stage it is `awaited_by`"
            yield definition.fault(("tasks", name, "must"), f"nothing waits for `{name}`", advice, "around-must")
    for path, name, places in needed:
        found = routes.reached(w, without=places)
        for end in _granted_ends(w):
            if end in found:
                way = ", ".join(routes.way_to(found, end))
                yield definition.fault(path, f"`{end}` can be reached without `{name}`", f"by {way}", "around-must")
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
                    path, f"`{end}` can be reached before `{name}` is over", f"by {way}", "around-must"
                )


def _granted(definition: Definition, known: Known) -> Iterator[Fault]:
    """A case ends granted only if somebody has granted it."""
    w = definition.workflow
    found = routes.reached(w, grants=False)
    for end in _granted_ends(w):
        if end in found:
            way = ", ".join(routes.way_to(found, end))
            message = f"`{end}` can be reached though nobody has granted it"
            advice = f"by {way}; the action that decides says `means: grant`"
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
                advice = "use `then: stepwise`, or come back to a later stage (`among`)"
                message = f"`{name}` comes straight back past {', '.join(f'`{s}`' for s in order if s in skipped)}"
                yield definition.fault((*path, "then"), message, advice, "straight-past-must")


# -------------------------------------------------------------------------------------------------------------- voices


def _owners(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every question has an officer who is asked, or a time at which something happens."""
    w = definition.workflow
    timed = {clock.until.partition(".")[0] for clock in w.clocks.values() if clock.until and clock.then}
    timed |= {event.partition(".")[0] for clock in w.clocks.values() if clock.then for event in clock.from_}
    for name, ask in asks(w):
        path = place_of(w, name)
        owned = bool({post.partition("@")[0] for post in posts_of(ask)} - NO_POST) if ask.voice == "by" else True
        if ask.voice == "by" and not posts_of(ask):
            yield definition.fault((*path, "by"), f"nobody is asked in `{name}`", "name a post", "no-owner")
        elif not owned and ask.limit in NO_LENGTH and name not in timed:
            message = f"no officer is asked in `{name}`, and no time ends it"
            yield definition.fault((*path, "by"), message, "add a post, a `limit`, or a clock with `then`", "no-owner")
    for path, panel in every_panel(w):
        if not panel.seats and panel.roll is None:
            yield definition.fault(path, "nobody sits on this panel", "give it `seats` or a `roll`", "no-owner")
        posts = [post.partition("@")[0] for post in panel.seats]
        if len(posts) != len(set(posts)):
            message = "not yet: one post sits here for two places, and their answers could not be told apart"
            advice = "this version of bangfu cannot run it; make two tasks"
            yield definition.fault((*path, "seats"), message, advice, "not-yet")
        if not panel.seats:
            yield definition.fault(path, "nobody sits on this panel", "give it `seats`", "no-owner")
        if panel.roll is not None and (panel.recorded != "minutes" or panel.silence is not None):
            advice = "say `recorded: minutes`; its `seats` call the meeting and keep them"
            yield definition.fault((*path, "roll"), "a body of a register is counted in minutes", advice, "no-owner")
    for name, channel in w.opens.items():
        if not channel.by:
            yield definition.fault(("opens", name), f"nobody can open a case by `{name}`", "say `by` whom", "no-owner")


def _answers(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every result of a voice has an action, and every action somebody who takes it."""
    w = definition.workflow
    for name, stage in w.stages.items():
        path = ("stages", name, "actions")
        results = known.results(stage)
        for result in results:
            if result not in stage.actions:
                message = f"the result `{result}` of `{name}` has no action"
                yield definition.fault(path, message, "say where it leads", "result-without-action")
        if stage.voice == "by" or (stage.voice == "case" and not results):
            continue  # The post takes any action; the ends of a workflow that is not at hand are not known.
        given = {*results, _LODGED} if stage.notice else set(results)
        for word, action in stage.actions.items():
            if word not in given and not action.by:
                advice = f"its results are {', '.join(f'`{r}`' for r in results)}; else say `by` whom"
                message = f"nothing in `{name}` brings about `{word}`"
                yield definition.fault((*path, word), message, advice, "action-without-source")
            if word in results and action.by:
                advice = f"leave `by` out, or give what a person does another name than `{word}`"
                message = f"`{word}` is what the {stage.voice} answers, and nobody may answer for it"
                yield definition.fault((*path, word, "by"), message, advice, "by-on-result")
            if word in given and action.needs and stage.voice in ("notice", "case"):
                message = f"`{word}` happens whether or not a rule holds"
                advice = "a result of a notice or a case takes no `needs`; make `to` a choice"
                yield definition.fault((*path, word, "needs"), message, advice, "needs-on-result")


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
                yield _nobody(definition, (*path, key), f"nobody takes this action: `{key}` can never be met")
    for name, fact in w.facts.items():
        for number, place in enumerate(fact.in_):
            if place in places and not fact.optional:
                yield _nobody(
                    definition, ("facts", name, "in", str(number)), f"nobody can fill in `{name}` in `{place}`"
                )


def _nobody(definition: Definition, path: Path, message: str) -> Fault:
    advice = "no person answers there; ask for it elsewhere, or give the stage an action with `by`"
    return definition.fault(path, message, advice, "asked-of-nobody")


def _objections(definition: Definition, known: Known) -> Iterator[Fault]:
    """The workflow that answers objections is about a case, and ends upheld or dismissed."""
    for name, ask in asks(definition.workflow):
        other = known.others.get(ask.notice.objection or "") if ask.notice else None
        if other is not None:
            outcomes = {end.outcome for end in other.ends.values()}
            if other.subject != "case" or not {"upheld", "dismissed"} <= outcomes:
                path = (*place_of(definition.workflow, name), "notice", "objection")
                advice = "its subject is a case, and it ends `upheld` and `dismissed`"
                yield definition.fault(path, f"`{other.workflow}` answers no objection", advice, "not-an-objection")


def _upheld(definition: Definition, known: Known) -> Iterator[Fault]:
    """An objection that is upheld never takes a case towards approval (I12, I13)."""
    for name, stage in definition.workflow.stages.items():
        action = stage.actions.get("upheld")
        if stage.notice is not None and action is not None and action.means in ("pass", "grant"):
            path = ("stages", name, "actions", "upheld", "means")
            message, advice = f"an objection upheld in `{name}` takes the case forward", "say `means: back` or `refuse`"
            yield definition.fault(path, message, advice, "upheld-forward")


def _can_say_no(definition: Definition, known: Known) -> Iterator[Fault]:
    for name, stage in definition.workflow.stages.items():
        for word, action in stage.actions.items():
            if action.means == "grant" and not {a.means for a in stage.actions.values()} & MEANS_OTHERWISE:
                path = ("stages", name, "actions", word)
                advice = "add an action that means refuse, back, defer or refer"
                yield definition.fault(path, f"`{name}` can only say yes", advice, "cannot-say-no")


def _tallies(definition: Definition, known: Known) -> Iterator[Fault]:
    """The same answers never mean two results, and a full panel always has one (C6)."""
    for path, panel in every_panel(definition.workflow):
        seats = sum(1 if number == "all" else number for number in panel.seats.values())
        for one, other in combinations([r for r, text in panel.tally.items() if text != "otherwise"], 2):
            votes = _both_hold(panel, one, other, seats)
            if votes is not None:
                message = f"`{one}` and `{other}` can both hold"
                advice = f"with {votes[0]} and {votes[1]} of {votes[2]} answers"
                yield definition.fault((*path, "tally", other), message, advice, "contradictory-tally")
        if left := _none_holds(panel, seats):
            shown = ", ".join(f"{number} {result}" for result, number in zip(panel.tally, left, strict=True))
            advice = "make the last one `otherwise`"
            yield definition.fault((*path, "tally"), f"nothing results from {shown}", advice, "undecided-tally")


def _joins(definition: Definition, known: Known) -> Iterator[Fault]:
    """Where several cases answer, they always add up to a result; whom they are about is a list that there is."""
    w = definition.workflow
    lists = {name for name, fact in w.facts.items() if fact.kind == "list" and fact.of == "case"}
    for name, ask in asks(w):
        path = (*place_of(w, name), "case")
        if ask.case is not None and ask.case.for_each:
            if ask.case.for_each not in {*lists, "members", "children"}:
                message = f"there is no list `{ask.case.for_each}`"
                yield definition.fault((*path, "for_each"), message, "a fact of type list", "unknown-fact")
            last = list(ask.case.tally.items())[-1:]
            if not last or not (last[0][1] == "otherwise" or last[0] in (("done", "all"), ("done", "any"))):
                advice = "make the last one `otherwise`, or `done: all`, which counts every end"
                yield definition.fault((*path, "tally"), "the ends may add up to nothing", advice, "undecided-tally")
        elif ask.case is not None and ask.case.tally:
            yield definition.fault((*path, "tally"), "one case adds up to nothing", "leave it out", "undecided-tally")
    for name, task in w.tasks.items():
        if task.for_each and (task.case is None or task.case.for_each != "members"):
            advice = "answer it by `case` with `for_each: members`"
            message = f"`{name}` is asked once: members have cases of their own"
            yield definition.fault(("tasks", name, "for_each"), message, advice, "unknown-fact")
    for name, channel in w.opens.items():
        if channel.for_each and channel.for_each not in lists:
            message = f"there is no list `{channel.for_each}`"
            yield definition.fault(("opens", name, "for_each"), message, "a fact of type list", "unknown-fact")


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


def _awaited(definition: Definition, known: Known) -> Iterator[Fault]:
    """What a stage waits for is opened on some way to it, and can finish."""
    w = definition.workflow
    for name, task in w.tasks.items():
        path = ("tasks", name)
        if not (task.opens or task.every):
            yield definition.fault(path, f"nothing opens the task `{name}`", "say what `opens` it", "never-opened")
            continue
        if task.panel is None and task.voice == "by" and not task.results:
            yield definition.fault(
                (*path, "results"), f"`{name}` has no result", "leave the key out for `done`", "never-done"
            )
        if task.every and task.again == "keep":
            advice = "leave it out: each turn is a new one"
            yield definition.fault((*path, "again"), f"`{name}` comes again and again", advice, "shape")
        for number, awaiting in enumerate(task.awaited_by if not task.every else ()):
            if awaiting in w.stages and not any(_comes_before(w, event, awaiting) for event in task.opens):
                message = f"`{name}` is never opened before `{awaiting}` could go on"
                advice = "let it open by something that happens earlier"
                yield definition.fault((*path, "awaited_by", str(number)), message, advice, "never-opened")


def _comes_before(w: Workflow, event: str, stage: str) -> bool:
    """Whether *event* can have happened while the case stands in *stage* and waits."""
    place, _, word = event.partition(".")
    if place == stage:
        return word in ("entered", "begun", "listed", "posted", "expired", "objected", "due", "late")
    if place in w.stages:
        goals = {move.target for move in routes.moves(w) if (move.source, move.name) == (place, word)} or {place}
        return any(goal == stage or goal in routes.before(w, stage) for goal in goals)
    return place not in w.ends


# --------------------------------------------------------------------------------------------------- silence, secrecy


def _silence(definition: Definition, known: Known) -> Iterator[Fault]:
    """Silence decides nothing: no clock, no notice and no silent body grants or refuses."""
    w = definition.workflow
    for name, clock in w.clocks.items():
        if clock.then is not None and (clock.then.means not in MEANS_BY_TIME or _leads_on(w, clock.then)):
            yield _silent(definition, ("clocks", name, "then"), f"`{name}` decides because time has passed")
    for name, ask in asks(w):
        actions = getattr(ask, "actions", {})
        if ask.notice is not None:
            for word, action in actions.items():
                if action.means == "grant" and not action.by:
                    message = f"`{name}` grants because nobody objected"
                    yield _silent(definition, ("stages", name, "actions", word, "means"), message)
        grants = any(action.means == "grant" for action in actions.values())
        for panel_path, panel in panels_of(w, ask):
            if panel.silence is not None and (grants or _deciding_posts(w) & set(panel.seats)):
                whole = panel_path if panel_path[0] == "panels" else (*place_of(w, name), "panel")
                yield _silent(definition, (*whole, "silence"), f"silence would count in `{name}`, where it is decided")


def _silent(definition: Definition, path: Path, message: str) -> Fault:
    advice = "time alone may only mean back, defer, record or lapse; a consulted body's silence decides nothing"
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
                why = "it is secret"
            elif fact is not None and (_PRIVATE.search(shown) or _PRIVATE_TITLE.search(fact.title)):
                why = "number, telephone, bank and health are never posted"
            elif fact is not None and (fact.kind == "person" or fact.of == "member"):
                why = "it names or describes a single person"
            if why:
                path = (*place_of(w, name), "notice", "shows", str(number))
                yield definition.fault(path, f"`{shown}` may not be posted", why, "notice-leak")


def _writers(definition: Definition, known: Known) -> Iterator[Fault]:
    """Each fact has one kind of writer: people, an expression, or the effect of an action."""
    w = definition.workflow
    effects = {key.rpartition(".")[2] for _, _, action, _ in routes.actions(w) for key in action.set_}
    of_lists = {fact for _, ask in asks(w) if ask.list_ is not None for fact in ask.list_.sets}
    for name, fact in w.facts.items():
        made = (("in", fact.in_), ("is", fact.is_), ("set", name in effects), ("a list", name in of_lists))
        kinds = [kind for kind, given in made if given]
        if len(kinds) != 1:
            message = f"the fact `{name}` is written {'nowhere' if not kinds else 'by ' + ' and by '.join(kinds)}"
            advice = "one of: `in` a stage or task, `is` an expression, `set` by an action, a list's draw or rank"
            yield definition.fault(("facts", name), message, advice, "fact-writer")


_CHECKS: tuple[Check, ...] = (
    _references, _names, _lengths, _choices, _not_yet, _titles, _reachable, _can_end, _must, _granted, _straight,
    _owners, _answers, _of_nobody, _objections, _upheld, _can_say_no, _tallies, _joins, _awaited, _silence, _notices,
    _writers, _clauses, _rules_compile,
)  # fmt: skip
