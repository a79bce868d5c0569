"""
On what a definition rests: every value that binds people has a clause, and in one that is used none is still open.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine import routes
from engine.errors import Fault
from engine.loading import Definition
from engine.marks import Path
from engine.parameters import leaves
from engine.references import asks, every_panel, place_of
from engine.workflow import NO_LENGTH, Voiced, Workflow


def uncited(definition: Definition) -> Iterator[Fault]:
    """What binds people says on what it rests."""
    for path, what, severity in _claims(definition.workflow):
        if not definition.clause(*path):
            advice = "write `clause` beside it, or once in the head of the file"
            yield definition.fault(path, f"no clause for {what}", advice, "missing-clause", severity)


def _claims(w: Workflow) -> Iterator[tuple[Path, str, str]]:
    """Everything that needs a clause: its place, what it is, and how bad it is without."""
    for name, param in w.params.items():
        if param.value != "unset":
            yield ("params", name, "value"), f"`{name}`", "error" if param.type == "amount" else "warning"
    refused = _refusing_rules(w)
    for name, rule in w.rules.items():
        yield ("rules", name, "if"), f"the rule `{name}`", "error" if {name, rule.group} & refused else "warning"
    for name, ask in asks(w):
        yield from _claims_of_ask(place_of(w, name), name, ask)
    for path, panel in every_panel(w):
        yield (*path, "tally"), f"the tally of `{path[1]}`", "warning"
        if panel.silence is not None:
            yield (*path, "silence"), f"what silence means in `{path[1]}`", "error"
    for name, clock in w.clocks.items():
        for key, length in (("limit", clock.limit), ("wait", clock.wait)):
            if length is not None and _is_written(length):
                yield ("clocks", name, key), f"the {key} of `{name}`", "error"
        if clock.then is not None:
            yield ("clocks", name, "then"), f"what happens when `{name}` is over", "error"
    for path, name, action, _ in routes.actions(w):
        if action.means in ("lapse", "defer"):
            yield (*path, "means"), f"`{name}`, which means {action.means}", "error"


def _claims_of_ask(path: Path, name: str, ask: Voiced) -> Iterator[tuple[Path, str, str]]:
    if _is_written(ask.limit):
        yield (*path, "limit"), f"the limit of `{name}`", "error"
    if ask.notice is not None and (_is_written(ask.notice.wait) or ask.notice.wait == "none"):
        yield (*path, "notice", "wait"), f"the wait of `{name}`", "error"


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
                path, f"`{path[1]}` is still unset", "decide it, or write `none` for no limit", "unset"
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
