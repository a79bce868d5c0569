"""
On what a definition rests: every value that binds people has a clause, and in one that is used none is still open.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import routes
from engine.errors import N_, Fault, Words, worded
from engine.loading import Definition
from engine.marks import Path
from engine.parameters import leaves
from engine.references import asks, every_panel, place_of
from engine.workflow import NO_LENGTH, Voiced, Workflow

#: The lengths of a clock, as messages call them.
_LENGTHS = {"limit": N_("limit"), "wait": N_("wait")}


def uncited(definition: Definition) -> Iterator[Fault]:
    """What binds people says on what it rests."""
    for path, what, severity in _claims(definition.workflow):
        if not definition.clause(*path):
            advice = N_("write `clause` beside it, or once in the head of the file")
            yield definition.fault(
                path, worded(N_("no clause for {what}"), what=what), advice, "missing-clause", severity
            )


def _claims(w: Workflow) -> Iterator[tuple[Path, Words, str]]:
    """Everything that needs a clause: its place, what it is, and how bad it is without."""
    for name, param in w.params.items():
        if param.value != "unset":
            yield ("params", name, "value"), Words(f"`{name}`"), "error" if param.type == "amount" else "warning"
    refused = _refusing_rules(w)
    for name, rule in w.rules.items():
        yield (
            ("rules", name, "if"),
            worded(N_("the rule `{name}`"), name=name),
            "error" if {name, rule.group} & refused else "warning",
        )
    for name, ask in asks(w):
        yield from _claims_of_ask(place_of(w, name), name, ask)
    for path, panel in every_panel(w):
        yield (*path, "tally"), worded(N_("the tally of `{name}`"), name=path[1]), "warning"
        if panel.silence is not None:
            yield (*path, "silence"), worded(N_("what silence means in `{name}`"), name=path[1]), "error"
    for name, clock in w.clocks.items():
        for key, length in (("limit", clock.limit), ("wait", clock.wait)):
            if length is not None and _is_written(length):
                yield (
                    ("clocks", name, key),
                    worded(N_("the {key} of `{name}`"), key=Words(_LENGTHS[key]), name=name),
                    "error",
                )
        if clock.then is not None:
            yield ("clocks", name, "then"), worded(N_("what happens when `{name}` is over"), name=name), "error"
    for path, name, action, _ in routes.actions(w):
        if action.means in ("lapse", "defer"):
            yield (*path, "means"), worded(N_("`{name}`, which means {means}"), name=name, means=action.means), "error"


def _claims_of_ask(path: Path, name: str, ask: Voiced) -> Iterator[tuple[Path, Words, str]]:
    if _is_written(ask.limit):
        yield (*path, "limit"), worded(N_("the limit of `{name}`"), name=name), "error"
    if ask.notice is not None and (_is_written(ask.notice.wait) or ask.notice.wait == "none"):
        yield (*path, "notice", "wait"), worded(N_("the wait of `{name}`"), name=name), "error"


def _is_written(length: str) -> bool:
    """Whether *length* is said here, and neither open nor left to a parameter."""
    return length not in NO_LENGTH and not length.startswith("$")


def _refusing_rules(w: Workflow) -> set[str]:
    """Rules and groups whose being true stops an action: the negative list."""
    needs = (need for _, _, action, _ in routes.actions(w) for need in action.needs)
    return {"negative", *(need.removeprefix("not ") for need in needs if need.startswith("not "))}


def unset(definition: Definition) -> Iterator[Fault]:
    """A definition that is used has no open lengths and values."""
    for path, value in _values(definition.workflow):
        if any(line == "unset" for _, line in leaves(value)):
            yield definition.fault(
                path,
                worded(N_("`{name}` is still unset"), name=path[1]),
                N_("decide it, or write `none` for no limit"),
                "unset",
            )


def _values(w: Workflow) -> Iterator[tuple[Path, object]]:
    for name, param in w.params.items():
        yield ("params", name, "value"), param.value
    for name, ask in asks(w):
        path = place_of(w, name)
        yield (*path, "limit"), ask.limit
        if ask.notice is not None:
            yield (*path, "notice", "wait"), ask.notice.wait
    for path, panel in every_panel(w):
        if panel.silence is not None:
            yield (*path, "silence", "after"), panel.silence.after
    for name, clock in w.clocks.items():
        yield ("clocks", name, "limit"), clock.limit
        yield ("clocks", name, "wait"), clock.wait
        if clock.extend is not None:
            yield ("clocks", name, "extend", "to"), clock.extend.to
