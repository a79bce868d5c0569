"""
What a definition may refer to, and every reference that leads nowhere.

Stages, tasks, ends, events, rules, facts, posts, panels, parameters and other workflows refer to each other by name
only. A name is looked up here, after all overlays; so something that a pack removed is missed at the line that refers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import get_args

from engine import clocks, routes
from engine.errors import N_, Fault, Words, worded
from engine.facts import ORDERED, copied, fits, is_sealed
from engine.loading import Definition
from engine.marks import Path
from engine.parameters import LINES_OF_ALL, leaves
from engine.workflow import CYCLE, NO_POST, Action, CaseVoice, Choice, Fact, Level, Panel, Stage, Voiced, When, Workflow

#: What a notice may show besides facts (I31): none of it says who somebody is, except to his neighbours.
SHOWN_ALWAYS = frozenset({"masked_name", "group", "village", "programme", "period", "channel"})
#: Who may sign a paper besides posts: the household, all who took part, whoever answers the stage.
SIGNERS = frozenset({"household", "team", "voice"})
_STAGE_EVENTS = ("entered", "ready", "begun", "listed", "left")
_TASK_EVENTS = ("opened", "begun", "done", "waived")
_NOTICE_EVENTS = ("posted", "expired", "ended", "upheld", "objected")
_CLOCK_EVENTS = ("due", "late", "over")


@dataclass(frozen=True)
class Known:
    """
    The names that exist in one workflow, and the other workflows it may speak of.

    Attributes:
        others: Workflows at hand, by id.
        names: Ids of workflows that exist, at hand or not; empty: nothing is known, and no such name is doubted.
    """

    workflow: Workflow
    others: Mapping[str, Workflow]
    names: frozenset[str]

    @cached_property
    def targets(self) -> frozenset[str]:
        w = self.workflow
        return frozenset({*w.stages, *w.ends, "next", *routes.HERE, *routes.BACKWARD})

    @cached_property
    def rules(self) -> frozenset[str]:
        """Rules, groups, yes/no facts, and the results of tasks as ``task.result``."""
        w = self.workflow
        groups = {rule.group for rule in w.rules.values() if rule.group}
        yes_no = {name for name, fact in w.facts.items() if fact.kind == "yes_no"}
        results = {f"{name}.{word}" for name, task in w.tasks.items() for word in (*self.results(task), "waived")}
        return frozenset({*w.rules, *groups, *yes_no, *results})

    @cached_property
    def of_members(self) -> frozenset[str]:
        """Rules and yes/no facts of a member, which take ``any`` or ``all``."""
        w = self.workflow
        facts = {name for name, fact in w.facts.items() if fact.of == "member" and fact.kind == "yes_no"}
        return frozenset({name for name, rule in w.rules.items() if rule.of == "member"} | facts)

    @cached_property
    def dates(self) -> frozenset[str]:
        """
        Facts from whose day a clock may count: one for a case, and no secret, since clocks are there to be seen.
        What is computed happens on no day.
        """
        facts = self.workflow.facts.items()
        return frozenset(
            name for name, f in facts if f.kind == "date" and f.of == "case" and not f.secret and not f.is_
        )

    @cached_property
    def events(self) -> frozenset[str]:
        """Every event that can happen in a case of this workflow (language.md §4)."""
        w = self.workflow
        found = {"opened", *w.opens, *w.ends, *self.dates}
        for name, stage in w.stages.items():
            found |= {f"{name}.{word}" for word in (*_STAGE_EVENTS, *_CLOCK_EVENTS, *stage.actions)}
            found |= {f"{name}.{word}" for word in w.anywhere}
        for name, task in w.tasks.items():
            found |= {f"{name}.{word}" for word in (*_TASK_EVENTS, *_CLOCK_EVENTS, *self.results(task))}
        for name, ask in asks(w):
            found |= {f"{name}.{word}" for word in _NOTICE_EVENTS} if ask.notice else set()
        return frozenset(found | {f"{name}.{word}" for name in w.clocks for word in _CLOCK_EVENTS})

    @cached_property
    def writers(self) -> frozenset[str]:
        """Where people may write a fact or hand in a paper: a stage, a task, an action, a channel, any channel."""
        w = self.workflow
        actions = {f"{name}.{action}" for name, stage in w.stages.items() for action in stage.actions}
        return frozenset({*w.stages, *w.tasks, *w.opens, *w.anywhere, *actions, "opens", "register"})

    def results(self, ask: Voiced) -> tuple[str, ...]:
        """What the voice of *ask* can answer, in written order; for a post of a stage nothing but its actions."""
        if ask.panel is not None:
            return tuple(dict.fromkeys(word for _, panel in panels_of(self.workflow, ask) for word in panel.tally))
        if ask.case is not None:
            return self._results_of_case(ask.case)
        if ask.notice is not None:
            return ("ended", "upheld") if ask.notice.objection else ("ended",)
        return () if isinstance(ask, Stage) else getattr(ask, "results", ())

    def has_panels(self, ask: Voiced) -> bool:
        """Whether every panel that *ask* names is there."""
        if isinstance(ask.panel, Panel):
            return True
        names = [ask.panel] if isinstance(ask.panel, str) else [line.use for line in ask.panel or ()]
        return all(name in self.workflow.panels for name in names)

    def _results_of_case(self, voice: CaseVoice) -> tuple[str, ...]:
        if voice.tally:
            return tuple(voice.tally)
        other = self.others.get(voice.workflow)
        return tuple(other.ends) if other is not None else ()


def asks(workflow: Workflow) -> Iterator[tuple[str, Voiced]]:
    """Every stage and task, by name."""
    yield from workflow.stages.items()
    yield from workflow.tasks.items()


def linked(workflow: Workflow) -> frozenset[str]:
    """The workflows whose cases those of *workflow* open: for objections, as voices, and after an end."""
    found = {end.start.workflow for end in workflow.ends.values() if end.start is not None}
    for _name, ask in asks(workflow):
        if ask.case is not None:
            found.add(ask.case.workflow)
        if ask.notice is not None and ask.notice.objection is not None:
            found.add(ask.notice.objection)
    return frozenset(found)


def place_of(workflow: Workflow, name: str) -> Path:
    """The path of the stage or task of that name."""
    return ("stages" if name in workflow.stages else "tasks", name)


def panels_of(workflow: Workflow, ask: Voiced) -> Iterator[tuple[Path, Panel]]:
    """The panels that may answer *ask*; the path is that of a named one, or ``("panel",)`` below the asking part."""
    if isinstance(ask.panel, Panel):
        yield ("panel",), ask.panel
        if ask.panel.else_ is not None:
            yield from _with_fallbacks(workflow, ask.panel.else_.use)
    elif ask.panel is not None:
        for name in [ask.panel] if isinstance(ask.panel, str) else [line.use for line in ask.panel]:
            yield from _with_fallbacks(workflow, name)


def _with_fallbacks(workflow: Workflow, name: str) -> Iterator[tuple[Path, Panel]]:
    """The panel of that name, and those that step in for it."""
    seen: set[str] = set()
    while name in workflow.panels and name not in seen:
        seen.add(name)
        panel = workflow.panels[name]
        yield ("panels", name), panel
        name = panel.else_.use if panel.else_ is not None else ""


def every_panel(workflow: Workflow) -> Iterator[tuple[Path, Panel]]:
    """Every panel, named or written where it is used, with its path."""
    yield from ((("panels", name), panel) for name, panel in workflow.panels.items())
    for name, ask in asks(workflow):
        if isinstance(ask.panel, Panel):
            yield (*place_of(workflow, name), "panel"), ask.panel


def posts_of(ask: Voiced) -> tuple[str, ...]:
    """The posts that answer *ask* where its voice is ``by``."""
    if not ask.by:
        return ()
    return tuple(post if isinstance(post, str) else post.use for post in ask.by)


def choices_of(ask: Voiced) -> Iterator[tuple[str, Choice]]:
    """Who answers *ask* where that is a choice: ``by`` or ``panel``, and its lines."""
    for voice, answer in (("by", ask.by), ("panel", ask.panel)):
        if isinstance(answer, tuple):
            lines = tuple(line for line in answer if isinstance(line, When))
            if lines:
                yield voice, lines


def unknown(definition: Definition, known: Known) -> Iterator[Fault]:
    """Every reference of *definition* to something that is not there."""
    seek = _Seeker(definition, known)
    for search in (
        _of_actions, _of_asks, _of_lists, _of_notices, _of_cases, _of_panels,
        _of_facts, _of_params, _of_clocks, _of_tasks, _of_ends, _of_posts,
    ):  # fmt: skip
        yield from search(seek, definition.workflow)


@dataclass(frozen=True)
class _Seeker:
    definition: Definition
    known: Known

    def seek(self, path: Path, name: str, among: Collection[str], what: str | Words, code: str) -> Iterator[Fault]:
        if name not in among:
            advice = _nearest(name, among)
            yield self.definition.fault(
                path,
                worded(
                    N_("there is no {what} `{name}`"), what=Words(what) if isinstance(what, str) else what, name=name
                ),
                advice,
                code,
            )

    def several(
        self, path: Path, names: Iterable[str], among: Collection[str], what: str | Words, code: str
    ) -> Iterator[Fault]:
        for number, name in enumerate(names):
            yield from self.seek((*path, str(number)), name, among, what, code)

    def rules(self, path: Path, names: Iterable[str]) -> Iterator[Fault]:
        for number, name in enumerate(names):
            word, _, plain = name.rpartition(" ")
            if word not in ("any", "all") and plain in self.known.of_members:
                message = worded(N_("`{rule}` is a rule of one member"), rule=plain)
                advice = worded(N_("say `any {rule}` or `all {rule}`"), rule=plain)
                yield self.definition.fault((*path, str(number)), message, advice, "rule-ref")
            among = self.known.of_members if word in ("any", "all") else self.known.rules
            what = N_("rule of members") if word in ("any", "all") else N_("rule, group or yes/no fact")
            yield from self.seek((*path, str(number)), plain, among, what, "unknown-rule")

    def posts(self, path: Path, names: Iterable[str]) -> Iterator[Fault]:
        for number, name in enumerate(names):
            yield from self.post((*path, str(number)), name)

    def post(self, path: Path, name: str) -> Iterator[Fault]:
        w = self.definition.workflow
        plain, _, place = name.partition("@")
        if name.startswith("$"):
            yield from self.parameter(path, name, "post")
        elif plain not in NO_POST:
            yield from self.seek(path, plain, {post.partition("@")[0] for post in w.posts}, N_("post"), "unknown-post")
            if plain.partition(".")[0] not in get_args(Level):
                yield self.definition.fault(
                    path, worded(N_("`{plain}` is at no level"), plain=plain), _one_of(get_args(Level)), "unknown-post"
                )
        if place:
            yield from self.seek(path, place, {*w.places, "home"}, N_("place"), "unknown-place")

    def parameter(self, path: Path, text: str, wanted: str) -> Iterator[Fault]:
        """*text* may be ``$name``: then the parameter exists and has the wanted type."""
        if not text.startswith("$"):
            return
        params = self.definition.workflow.params
        yield from self.seek(path, text[1:], params, N_("parameter"), "unknown-param")
        found = params.get(text[1:])
        if found is not None and found.type != wanted:
            yield self.definition.fault(
                path,
                worded(N_("`{text}` is of type {type}"), text=text, type=found.type),
                worded(N_("{wanted} is needed here"), wanted=wanted),
                "param-type",
            )

    def event(self, path: Path, text: str, *, or_date: bool = True) -> Iterator[Fault]:
        """An event, or (for a moment) a date fact."""
        among = self.known.events if or_date else self.known.events - self.known.dates
        yield from self.seek(path, text, among, N_("event"), "unknown-event")

    def moment(self, path: Path, text: str) -> Iterator[Fault]:
        """A moment: an event, a date fact, so long before or after one, or a date of the calendar."""
        try:
            term = clocks.parse_term(text)
        except ValueError as error:
            yield self.definition.fault(path, error.args[0], "", "bad-moment")
            return
        if isinstance(term, clocks.Offset):
            yield from self.event(path, term.anchor)

    def workflow(self, path: Path, name: str) -> Iterator[Fault]:
        if self.known.names:
            yield from self.seek(path, name, self.known.names, N_("workflow"), "unknown-workflow")


def _nearest(name: str, among: Collection[str]) -> str | Words:
    close = get_close_matches(name, sorted(among), 1, 0.6)
    return worded(N_("did you mean `{name}`?"), name=close[0]) if close else _one_of(sorted(among))


def _one_of(names: Collection[str]) -> str | Words:
    shown = [*names][:12] + (["…"] if len(names) > 12 else [])
    return worded(N_("there is: {names}"), names=", ".join(shown)) if shown else N_("there is none")


def _of_actions(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for path, _, action, sources in routes.actions(w):
        for place, word in routes.written_targets(path, action):
            yield from seek.seek(place, word, seek.known.targets, N_("stage or end"), "unknown-target")
            if sources == (routes.NEW,) and word in routes.BACKWARD | routes.HERE:
                yield seek.definition.fault(
                    place, worded(N_("`{word}` leads nowhere before a case is opened"), word=word), "", "unknown-target"
                )
            if path[0] == "clocks" and word in routes.BACKWARD:
                yield seek.definition.fault(
                    place,
                    worded(N_("a clock cannot choose what `{word}` is"), word=word),
                    N_("name the stage"),
                    "unknown-target",
                )
        if not isinstance(action.to, str):
            for number, line in enumerate(action.to):
                yield from seek.rules((*path, "to", str(number), "when"), line.when)
        yield from _of_action(seek, path, action)
    for name, anywhere in w.anywhere.items():
        yield from seek.several(
            ("anywhere", name, "from"), anywhere.from_, {*w.stages, "any"}, N_("stage"), "unknown-place"
        )


def _of_action(seek: _Seeker, path: Path, action: Action) -> Iterator[Fault]:
    w = seek.definition.workflow
    yield from seek.posts((*path, "by"), action.by)
    yield from seek.posts((*path, "tell"), action.tell)
    yield from seek.rules((*path, "needs"), action.needs)
    yield from seek.several((*path, "among"), action.among, w.stages, N_("stage"), "unknown-place")
    for key in action.set_:
        scope, _, name = key.rpartition(".")
        # A fact of a member is asked of each; nothing says which of them an action would mean.
        facts = {fact for fact, made in w.facts.items() if made.of == (scope or "case") and scope != "member"}
        what = worded(N_("fact of {scope}"), scope=scope) if scope else N_("fact of the case")
        yield from seek.seek((*path, "set", key), name, facts, what, "unknown-fact")
        if name in facts:
            yield from _of_set(seek, (*path, "set", key), w.facts[name], key, action.set_[key])


def _of_set(seek: _Seeker, path: Path, target: Fact, key: str, value: str | int) -> Iterator[Fault]:
    """What is written is a value of *target*, or a fact of the case of its type that the record may show."""
    w = seek.definition.workflow
    source = w.facts.get(copied(w, key, value))
    if source is None:
        if not fits(target, value):
            message = worded(N_("`{value}` is no value of `{fact}`"), value=value, fact=key)
            advice = N_("`today`, `yes`, `no`, one of its words, a number; or a fact of the case of the same type")
            yield seek.definition.fault(path, message, advice, "value")
    elif source.is_ or is_sealed(source) or source.kind != target.kind or not {*source.choices} <= {*target.choices}:
        message = worded(N_("`{value}` cannot be kept as `{fact}`"), value=value, fact=key)
        advice = N_("one that somebody writes, of the same type and the same words, and neither secret nor free text")
        yield seek.definition.fault(path, message, advice, "value")


def _of_asks(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, ask in asks(w):
        path = place_of(w, name)
        yield from seek.parameter((*path, "limit"), ask.limit, "amount")
        yield from seek.posts((*path, "by"), posts_of(ask))
        for voice, lines in choices_of(ask):
            for number, line in enumerate(lines):
                yield from seek.rules((*path, voice, str(number), "when"), line.when)
        if isinstance(ask.panel, str):
            yield from seek.seek((*path, "panel"), ask.panel, w.panels, N_("panel"), "unknown-panel")
        elif isinstance(ask.panel, tuple):
            uses = (line.use for line in ask.panel)
            yield from seek.several((*path, "panel"), uses, w.panels, N_("panel"), "unknown-panel")


def _of_lists(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    own = {name: fact.kind for name, fact in w.facts.items() if fact.of == "case"}
    yes_no = {name for name, kind in own.items() if kind == "yes_no"}
    for name, ask in asks(w):
        list_, path = ask.list_, (*place_of(w, name), "list")
        if list_ is None:
            continue
        if list_.sets and name in w.tasks:
            advice = N_("a task is beside the case: draw or rank where the case stands")
            yield seek.definition.fault(path, N_("only the list of a stage draws or ranks"), advice, "shape")
        if (draw := list_.draw) is not None:
            yield from seek.parameter((*path, "draw", "share"), str(draw.share), "share")
            yield from seek.rules((*path, "draw", "always"), draw.always)
            yield from seek.seek(
                (*path, "draw", "sets"), draw.sets, yes_no, N_("yes/no fact of the case"), "unknown-fact"
            )
        if (rank := list_.rank) is not None:
            ordered = {fact for fact, kind in own.items() if kind in ORDERED}
            names = [each.partition(" ")[0] for each in rank.order]
            what = N_("number, amount, share, date, yes/no or one-of fact of the case")
            yield from seek.several((*path, "rank", "order"), names, ordered, what, "unknown-fact")
            yield from seek.parameter((*path, "rank", "take"), str(rank.take), "number")
            yield from seek.seek(
                (*path, "rank", "sets"), rank.sets, yes_no, N_("yes/no fact of the case"), "unknown-fact"
            )


def _of_notices(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, ask in asks(w):
        if ask.notice is None:
            continue
        notice, path = ask.notice, (*place_of(w, name), "notice")
        yield from seek.post((*path, "by"), notice.by)
        yield from seek.parameter((*path, "wait"), notice.wait, "amount")
        yield from seek.several((*path, "shows"), notice.shows, {*w.facts, *SHOWN_ALWAYS}, N_("fact"), "unknown-fact")
        yield from seek.rules((*path, "leave_out"), notice.leave_out)
        for number, place in enumerate(notice.places):
            at = (*path, "places", str(number))
            yield from seek.parameter(at, place, "places")
            if not place.startswith("$"):
                yield from seek.seek(at, place, w.places, N_("place"), "unknown-place")
        if notice.objection:
            yield from seek.workflow((*path, "objection"), notice.objection)


def _of_cases(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, ask in asks(w):
        if ask.case is not None:
            path = (*place_of(w, name), "case")
            yield from seek.workflow((*path, "workflow"), ask.case.workflow)
            facts = {*w.facts, "all"}
            yield from seek.several((*path, "carries"), ask.case.carries, facts, N_("fact"), "unknown-fact")
            if ask.case.at:
                yield from seek.seek((*path, "at"), ask.case.at, {*w.places, "home"}, N_("place"), "unknown-place")


def _of_panels(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for path, panel in every_panel(w):
        for post in panel.seats:
            yield from seek.post((*path, "seats", post), post)
        if panel.else_ is not None:
            yield from seek.seek((*path, "else", "use"), panel.else_.use, w.panels, N_("panel"), "unknown-panel")
        if panel.silence is not None:
            yield from seek.parameter((*path, "silence", "after"), panel.silence.after, "amount")
            at = (*path, "silence", "counts_as")
            yield from seek.seek(at, panel.silence.counts_as, panel.tally, N_("result"), "unknown-result")


def _of_facts(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, fact in w.facts.items():
        yield from seek.several(
            ("facts", name, "in"), fact.in_, seek.known.writers, N_("stage or task"), "unknown-place"
        )
        yield from seek.rules(("facts", name, "when"), fact.when)
    for name, paper in w.papers.items():
        yield from seek.several(
            ("papers", name, "in"), paper.in_, seek.known.writers, N_("stage or task"), "unknown-place"
        )
        yield from seek.rules(("papers", name, "when"), paper.when)
        for number, signer in enumerate(paper.signed_by):
            if signer not in SIGNERS:
                yield from seek.post(("papers", name, "signed_by", str(number)), signer)


def _of_params(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    words = {name for name, fact in w.facts.items() if fact.kind == "one" and fact.of == "case"}
    for name, param in w.params.items():
        yield from seek.several(
            ("params", name, "by"), param.by, {*LINES_OF_ALL, *words}, N_("`one of` fact"), "unknown-fact"
        )
        for keys, value in leaves(param.value):
            path = ("params", name, "value", *keys)
            if value == "unset":
                continue
            if param.type == "post" and isinstance(value, str):
                yield from seek.post(path, value)
            elif param.type == "cycle" and not re.fullmatch(CYCLE, str(value)):
                advice = N_("month, quarter, half_year, year, or a day of the year such as 06-30")
                yield seek.definition.fault(
                    path, worded(N_("{value} is not a cycle"), value=f"`{value}`"), advice, "bad-length"
                )
            elif param.type == "places":
                places = (value,) if isinstance(value, str) else value
                if isinstance(places, (tuple, list)):
                    yield from seek.several(path, places, w.places, N_("place"), "unknown-place")


def _of_clocks(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, clock in w.clocks.items():
        path = ("clocks", name)
        for key, length in (("limit", clock.limit), ("wait", clock.wait)):
            head, dollar, param = (length or "").partition("$")
            if dollar and head in ("", "by ", "until "):
                yield from seek.parameter((*path, key), f"${param}", "date" if head else "amount")
            elif length is not None and length not in ("unset", "none"):
                yield from seek.moment((*path, key), length)
        for number, start in enumerate(clock.from_):
            yield from seek.moment((*path, "from", str(number)), start)
        if clock.until is not None:
            yield from seek.event((*path, "until"), clock.until, or_date=False)
        yield from seek.several(
            (*path, "except"), clock.except_, {*w.stages, *w.tasks}, N_("stage or task"), "unknown-place"
        )
        yield from seek.rules((*path, "when"), clock.when)
        if clock.stop is not None:
            yield from seek.posts((*path, "stop", "by"), clock.stop.by)
        if clock.extend is not None:
            yield from seek.parameter((*path, "extend", "to"), clock.extend.to, "amount")
            yield from seek.posts((*path, "extend", "by"), clock.extend.by)
            yield from seek.rules((*path, "extend", "needs"), clock.extend.needs)
        for rung, post in (clock.late or {}).items():
            yield from seek.post((*path, "late", rung), post)
    for rung, post in w.ladder.late.items():
        yield from seek.post(("ladder", "late", rung), post)


def _of_tasks(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, task in w.tasks.items():
        yield from seek.parameter(("tasks", name, "every"), task.every or "", "cycle")
        for number, event in enumerate(task.opens):
            yield from seek.moment(("tasks", name, "opens", str(number)), event)
        yield from seek.several(("tasks", name, "awaited_by"), task.awaited_by, w.stages, N_("stage"), "unknown-place")
        yield from seek.rules(("tasks", name, "when"), task.when)
        if task.for_each:
            at = ("tasks", name, "for_each")
            yield from seek.seek(at, task.for_each, seek.known.of_members, N_("rule of members"), "unknown-rule")


def _of_ends(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, end in w.ends.items():
        if end.start is None:
            continue
        path = ("ends", name, "start")
        yield from seek.workflow((*path, "workflow"), end.start.workflow)
        yield from seek.several((*path, "carries"), end.start.carries, {*w.facts, "all"}, N_("fact"), "unknown-fact")
        if end.start.at:
            yield from seek.seek((*path, "at"), end.start.at, {*w.places, "home"}, N_("place"), "unknown-place")
        other = seek.known.others.get(end.start.workflow)
        if other is not None and end.start.opens is not None:
            yield from seek.seek((*path, "opens"), end.start.opens, other.opens, N_("channel"), "unknown-target")


def _of_posts(seek: _Seeker, w: Workflow) -> Iterator[Fault]:
    for name, post in w.posts.items():
        if post.else_ is not None:
            yield from seek.post(("posts", name, "else"), post.else_)
