"""
What an action means in law, against where it leads: a refusal takes no case on, a step refuses none, and what is
decided is decided once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine import routes
from engine.errors import N_, Fault, Words, worded
from engine.loading import Definition
from engine.workflow import Workflow

#: To what no action of that meaning can come.
_NEVER: Mapping[str, frozenset[str]] = {
    "pass": frozenset({"refused", "withdrawn", "lapsed", "deferred"}),
    "grant": frozenset({"refused", "withdrawn", "lapsed", "deferred", "dismissed"}),
    "refuse": frozenset({"granted", "upheld", "withdrawn", "lapsed", "deferred"}),
    "withdraw": frozenset({"granted", "upheld", "dismissed", "refused", "lapsed", "deferred"}),
    "lapse": frozenset({"granted", "upheld", "dismissed", "deferred"}),
    "defer": frozenset({"granted", "upheld", "dismissed", "refused", "withdrawn", "lapsed"}),
    "record": frozenset({"refused", "dismissed"}),
    "refer": frozenset({"granted", "upheld", "dismissed", "refused", "withdrawn", "lapsed"}),
}
#: What comes of what was granted.
_FAVOURABLE = frozenset({"granted", "upheld"})
_ONWARD = frozenset({"pass", "grant"})
_BACK = frozenset({*routes.BACKWARD, "again"})
#: What takes no case on along its line.
_AGAINST = frozenset({"refuse", "withdraw", "lapse", "back"})


def contradicted(definition: Definition) -> Iterator[Fault]:
    """Every action that leads where its meaning cannot."""
    w = definition.workflow
    for path, _, action, sources in routes.actions(w):
        for place, word in routes.written_targets(path, action):
            for source in sources:
                why = _contradiction(w, source, word, action.means)
                if why:
                    message = worded(N_("`means: {means}` {why}"), means=action.means, why=why)
                    advice = N_("another `to`, or the meaning that it has")
                    yield definition.fault(place, message, advice, "meaning")
                    break
    for move in routes.moves(w):
        means = move.action.means
        ends = {w.ends[name].outcome for name in routes.reached(w, start=move.target) if name in w.ends}
        if means == "grant" and not ends & _FAVOURABLE:
            message = Words(N_("`means: grant` comes to no end that is granted"))
            advice = N_("an end with `outcome: granted`, or the meaning that it has")
            yield definition.fault((*move.path, "means"), message, advice, "meaning")
        elif means == "pass" and move.target in w.stages and ends and ends <= _NEVER["pass"]:
            message = worded(N_("`means: pass` leads to `{stage}`, where no way leads on"), stage=move.target)
            advice = N_("a way on from there, or the meaning that it has")
            yield definition.fault(move.path, message, advice, "meaning")


def _contradiction(w: Workflow, source: str, word: str, means: str) -> Words | None:
    """Why nothing that *means* this leads from *source* to *word*, if it does not."""
    target = routes.next_of(w, source) if word == "next" and source != routes.NEW else word
    line = w.main_line
    if target in w.ends:
        outcome = w.ends[target].outcome
        comes = means == "back" or outcome in _NEVER.get(means, ())
        return worded(N_("comes to an end that is {outcome}"), outcome=outcome) if comes else None
    if source not in line:
        return None
    if target in line:
        ahead = line.index(target) - line.index(source)
        if means in _AGAINST and ahead > 0:
            return worded(N_("takes the case on, to `{stage}`"), stage=target)
        if means in _ONWARD and ahead <= 0:
            return worded(N_("takes the case back, to `{stage}`"), stage=target)
    return Words(N_("takes the case back")) if target in _BACK and means in _ONWARD else None


def granted_twice(definition: Definition) -> Iterator[Fault]:
    """Every action that grants what was granted on the way to it, with no way back between."""
    w = definition.workflow
    onward = [move for move in routes.moves(w) if move.action.means != "back"]
    for first in (move for move in onward if move.action.means == "grant"):
        found = {first.target}
        queue = [first.target]
        for place in queue:
            for move in (move for move in onward if move.source == place):
                if move.action.means == "grant":
                    message = worded(
                        N_("`{second}` grants what `{first}` has granted"),
                        second=f"{move.source}.{move.name}", first=f"{first.source}.{first.name}",
                    )  # fmt: skip
                    advice = N_("only the decision says `means: grant`; a step before or after it means pass")
                    yield definition.fault((*move.path, "means"), message, advice, "granted-twice", "warning")
                elif move.target not in found:
                    found.add(move.target)
                    queue.append(move.target)
