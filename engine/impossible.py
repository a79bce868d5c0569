"""
Parts that can never do what they are there for: a quorum larger than its body, a result that no answers give, a value
beyond its own bounds, somebody who stands in for himself, a clock that nothing starts or that nothing can end, a rule
that nothing asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from engine import routes
from engine.clocks import Offset, parse_term
from engine.errors import N_, Fault, worded
from engine.loading import Definition
from engine.overlays import compared
from engine.parameters import leaves
from engine.references import asks, choices_of, every_panel
from engine.tallies import ABSTAIN, Count, quorum_needed, result
from engine.workflow import Panel, Workflow

#: Bodies with more ways to vote are not counted through: what a small one can answer, a larger one can.
_COUNTED = 50_000
#: Events of a stage in which a case still stands there.
_STANDING = frozenset({"entered", "ready", "begun", "listed", "posted", "expired", "objected", "due", "late"})


def impossible_panels(definition: Definition) -> Iterator[Fault]:
    """Every quorum that never comes, and every result that no answers give."""
    for path, panel in every_panel(definition.workflow):
        seats = [number for number in panel.seats.values() if number != "all"]
        if panel.roll is not None or not seats or len(seats) < len(panel.seats):
            continue
        entitled = sum(seats)
        needed = quorum_needed(panel.quorum, entitled)
        if needed > entitled:
            message = worded(N_("{needed} must take part, and {seats} have a seat"), needed=needed, seats=entitled)
            advice = N_("more seats, or a smaller quorum")
            yield definition.fault((*path, "quorum"), message, advice, "impossible-quorum")
        elif (entitled + 1) ** (len(panel.tally) + 1) <= _COUNTED:
            for name in panel.tally.keys() - _results(panel, needed, entitled):
                message = worded(N_("no answers of {seats} come to `{result}`"), seats=entitled, result=name)
                advice = N_("results are tried in written order; a smaller number, or another order")
                yield definition.fault((*path, "tally", name), message, advice, "dead-result")


def _results(panel: Panel, needed: int, entitled: int) -> set[str | None]:
    """Everything that *panel* can come to, with a quorum."""
    answers = (*panel.tally, ABSTAIN)
    found: set[str | None] = set()
    for votes in product(range(entitled + 1), repeat=len(answers)):
        if needed <= sum(votes) <= entitled:
            found.add(result(panel.tally, Count(dict(zip(answers, votes, strict=True)), entitled)))
    return found


def beyond_bounds(definition: Definition) -> Iterator[Fault]:
    """Every parameter that lies beyond what it says of itself."""
    for name, param in definition.workflow.params.items():
        for bound, beyond in (("at_least", -1), ("at_most", 1)):
            limit = getattr(param, bound)
            for keys, value in leaves(param.value) if limit is not None else ():
                if value not in ("unset", "none") and compared(value, limit) == beyond:
                    message = worded(
                        N_("`{value}` is beyond its own `{bound}`: {limit}"), value=value, bound=bound, limit=limit
                    )
                    path = ("params", name, "value", *keys)
                    yield definition.fault(path, message, N_("a value within"), "bounds")


def circles(definition: Definition) -> Iterator[Fault]:
    """Everybody who stands in, in the end, for himself: then nobody does."""
    w = definition.workflow
    posts = {name: post.else_ for name, post in w.posts.items() if post.else_ is not None}
    panels = {name: panel.else_.use for name, panel in w.panels.items() if panel.else_ is not None}
    for part, chain in (("posts", posts), ("panels", panels)):
        for name in chain:
            at, seen = chain[name], {name}
            while at in chain and at not in seen:
                seen.add(at)
                at = chain[at]
            if at == name:
                message = worded(N_("`{name}` stands in for itself, where it is vacant or has no quorum"), name=name)
                advice = N_("name another, or leave it out")
                yield definition.fault((part, name, "else"), message, advice, "circle")


def idle_clocks(definition: Definition) -> Iterator[Fault]:
    """Every clock that nothing starts, and every one whose end cannot come after its start."""
    w = definition.workflow
    for name, clock in w.clocks.items():
        text = clock.limit or clock.wait or ""
        if not clock.from_ and not _has_own_moment(text):
            message = worded(N_("nothing starts `{clock}`"), clock=name)
            advice = N_("say `from` which event; a length counts from something")
            yield definition.fault(("clocks", name), message, advice, "never-started")
        elif clock.from_ and clock.until is not None and not any(_may_end(w, str(e), clock.until) for e in clock.from_):
            message = worded(N_("`{event}` cannot come after what starts `{clock}`"), event=clock.until, clock=name)
            yield definition.fault(
                ("clocks", name, "until"), message, N_("a later event, or an earlier start"), "never-over"
            )


def _has_own_moment(text: str) -> bool:
    """Whether the length itself says from when it counts, such as so long after an event."""
    try:
        return isinstance(parse_term(text), Offset)
    except ValueError:
        return False


def _may_end(w: Workflow, start: str, until: str) -> bool:
    """Whether *until* can happen once *start* has; what is not told of stages may always."""
    if start == until:
        return False
    place, _, word = start.partition(".")
    last, _, event = until.partition(".")
    if place not in w.stages or last not in w.stages:
        return True
    if place == last and word in _STANDING:
        return event not in _STANDING or word != event
    after = {move.target for move in routes.moves(w) if move.source == place and word in (move.name, "left", "over")}
    if not after:
        return True
    return any(goal == last or last in routes.reached(w, start=goal) for goal in after if goal in w.stages)


def unasked_rules(definition: Definition) -> Iterator[Fault]:
    """Every rule that stands alone and that nothing asks. Those of a group inform, but the negative list decides."""
    w = definition.workflow
    asked = _asked(w)
    for name, rule in w.rules.items():
        if (rule.group or name) not in asked and name not in asked and rule.group in (None, "negative"):
            message = worded(N_("nothing asks whether `{name}` holds"), name=rule.group or name)
            advice = N_("an action that `needs` it; or, if it only informs, a `group` such as `reference`")
            yield definition.fault(("rules", name), message, advice, "unasked-rule", "warning")


def _asked(w: Workflow) -> set[str]:
    refs = [ref for _, _, action, _ in routes.actions(w) for ref in (*action.needs, *_of_lines(action.to))]
    for _, ask in asks(w):
        refs += [ref for _, lines in choices_of(ask) for ref in _of_lines(lines)]
        refs += ask.notice.leave_out if ask.notice is not None else ()
        refs += ask.list_.draw.always if ask.list_ is not None and ask.list_.draw is not None else ()
    refs += [ref for part in (w.facts, w.papers, w.tasks, w.clocks) for each in part.values() for ref in each.when]
    refs += [task.for_each for task in w.tasks.values()]
    refs += [ref for clock in w.clocks.values() if clock.extend is not None for ref in clock.extend.needs]
    texts = [rule.if_ for rule in w.rules.values()] + [fact.is_ for fact in w.facts.values()]
    return {ref.rpartition(" ")[2] for ref in refs} | {word for text in texts for word in re.findall(r"\w+", text)}


def _of_lines(to: object) -> Iterator[str]:
    for line in to if isinstance(to, tuple) else ():
        yield from line.when
