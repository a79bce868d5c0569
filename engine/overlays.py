"""
One file laid over another: fragments beneath a base, packs upon it.

Maps merge by key to any depth; scalars and lists are replaced; ``remove`` deletes what must exist. Three things are
more than that: the voice of a stage or task is one slot, a stage has a place in the line, and some values may not be
changed by a pack at all. Every value keeps the file, line and clause of the layer that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from engine.errors import N_, Fault, worded
from engine.marks import Node, Path

REMOVE = "remove"
VOICES = ("by", "panel", "notice", "case")
#: What a pack says about a stage's place; a key of the overlay, never of the merged stage.
PLACES = ("after", "before")
#: Keys that say which file this is and how it stands to others; they are no part of the procedure.
FRAGMENT_HEADER = frozenset({"fragment", "title", "clause", "note"})
_FIXED = {
    "workflow": N_("the workflow it changes is named by `overlay`"),
    "subject": N_("a pack cannot change whom the procedure is about"),
}
#: Where a type is fixed once the base has said it: cases hold values of it.
_TYPED = ("facts", "params")

#: What the layer below has said of a parameter.
_BOUNDS = {
    "at_least": N_("`{name}` is at least {value} ({file}:{line})"),
    "at_most": N_("`{name}` is at most {value} ({file}:{line})"),
}

Report = Callable[[Fault], None]


def beneath(fragment: Node, base: Node, report: Report) -> Node:
    """*base* upon *fragment*, whose header says nothing about the procedure."""
    lower = replace(fragment, value={key: node for key, node in fragment.map.items() if key not in FRAGMENT_HEADER})
    return replace(_merged(lower, base, (), report), source=base.source, clause=base.clause)


def upon(lower: Node, overlay: Node, report: Report) -> Node:
    """*lower* changed by what *overlay* says, which is held to what a pack may change."""
    for key, advice in _FIXED.items():
        if key in overlay.map:
            report(
                overlay.map[key].fault_at_key(worded(N_("a pack cannot give `{key}`"), key=key), advice, "forbidden")
            )
    entries = {key: node for key, node in overlay.map.items() if key not in {"overlay", *_FIXED}}
    for key in ("pack", "on"):  # each pack names its own; what the pack below wrote is not inherited
        lower = replace(lower, value={name: node for name, node in lower.map.items() if name != key})
    _refuse_changed_types(lower, overlay, report)
    _refuse_wider_values(lower, overlay, report)
    _refuse_silent_removal(lower, overlay, report)
    stages = entries.get("stages")
    if stages is not None and stages.map:
        entries["stages"] = replace(stages, value={name: _without_place(stage) for name, stage in stages.map.items()})
    merged = _merged(lower, replace(overlay, value=entries), (), report)
    if stages is not None and stages.map and "stages" in merged.map:
        line = _in_order(lower.map.get("stages"), stages, merged.map["stages"], report)
        merged = replace(merged, value={**merged.map, "stages": line})
    return merged


def refuse_removals(node: Node, report: Report) -> Node:
    """*node* where nothing lies beneath, so that nothing can be removed."""
    return _merged(replace(node, value={}), node, (), report)


def _merged(lower: Node, upper: Node, path: Path, report: Report) -> Node:
    lower, upper = _long_form(lower, path), _long_form(upper, path)
    if not isinstance(upper.value, dict):
        return upper
    known = lower.map
    entries = dict(known)
    if path[:1] in (("stages",), ("tasks",)) and len(path) == 2:
        given = [voice for voice in VOICES if voice in upper.map and upper.map[voice].value != REMOVE]
        if given:
            entries = {key: node for key, node in entries.items() if key not in VOICES or key in given}
    for key, node in upper.map.items():
        if node.value == REMOVE:
            if key not in known:
                near = ", ".join(known) or "-"
                report(
                    node.fault(
                        worded(N_("there is no `{key}` to remove here"), key=key),
                        worded(N_("there is: {names}"), names=near),
                        "remove",
                    )
                )
            entries.pop(key, None)
        else:
            lies = entries.get(key)
            entries[key] = _merged(lies or replace(node, value={}), node, (*path, key), report)
    same = lower if isinstance(lower.value, dict) and lower.map else upper
    own = entries.get("clause")
    clause = own.value if own is not None and isinstance(own.value, str) else same.clause
    return replace(same, value=entries, clause=clause)


def _long_form(node: Node, path: Path) -> Node:
    """Two values have a short form; a pack may add to what the short form leaves out."""
    if isinstance(node.value, str) and node.value != REMOVE:
        if path[:1] == ("posts",) and len(path) == 2:
            return replace(node, value={"title": node}, line=node.key[0], column=node.key[1])
        if path[:1] in (("stages",), ("tasks",)) and path[2:] == ("list",):
            return replace(node, value={"per": node}, line=node.key[0], column=node.key[1])
    return node


def _without_place(stage: Node) -> Node:
    if not isinstance(stage.value, dict):
        return stage
    return replace(stage, value={key: node for key, node in stage.map.items() if key not in PLACES})


def _in_order(lower: Node | None, overlay: Node, merged: Node, report: Report) -> Node:
    """
    The stages of *merged*, each one that *overlay* places put where it says.

    A stage is placed after the one it names has its own place; several after one stand in the order written.
    """
    known = lower.map if lower is not None else {}
    waiting: dict[str, tuple[str, Node]] = {}
    for name, stage in overlay.map.items():
        given = [key for key in PLACES if key in stage.map]
        if name not in merged.map:
            continue
        if given:
            waiting[name] = (given[0], stage.map[given[0]])
        elif name not in known and "aside" not in stage.map:
            advice = N_("say `after: <stage>`, `before: <stage>` or `aside: yes`")
            report(
                stage.fault_at_key(
                    worded(N_("the new stage `{name}` has no place in the line"), name=name), advice, "place"
                )
            )
        if len(given) > 1:
            report(
                stage.map[given[0]].fault_at_key(N_("both `after` and `before`"), N_("one place is enough"), "place")
            )
    order = [name for name in merged.map if name not in waiting]
    placed: dict[str, str] = {}
    while waiting:
        name = next((name for name, (_, at) in waiting.items() if at.value in order), next(iter(waiting)))
        side, at = waiting.pop(name)
        anchor = str(at.value)
        if anchor not in order:
            report(
                at.fault(
                    worded(N_("there is no other stage `{anchor}` with a place"), anchor=anchor),
                    worded(N_("stages: {names}"), names=", ".join(order)),
                    "place",
                )
            )
            continue
        position = order.index(anchor)
        if side == "after":
            position += 1
            while position < len(order) and placed.get(order[position]) == anchor:
                position += 1
            placed[name] = anchor
        order.insert(position, name)
    return replace(merged, value={name: merged.map[name] for name in order})


def _refuse_changed_types(lower: Node, overlay: Node, report: Report) -> None:
    for section in _TYPED:
        for name, entry in _both(lower, overlay, section):
            known, given = lower.map[section].map[name].map.get("type"), entry.map.get("type")
            if known is None or given is None or given.value == known.value:
                continue
            message = worded(
                N_("a pack cannot change a type: `{name}` is `{kind}` ({file}:{line})"),
                name=name,
                kind=known.value,
                file=known.source.name,
                line=known.line,
            )
            report(given.fault(message, N_("add another one under a new name"), "forbidden"))


def _refuse_wider_values(lower: Node, overlay: Node, report: Report) -> None:
    for name, entry in _both(lower, overlay, "params"):
        bounds = lower.map["params"].map[name]
        for bound, beyond in (("at_least", -1), ("at_most", 1)):
            limit = bounds.map.get(bound)
            if limit is None:
                continue
            if bound in entry.map and entry.map[bound].value == REMOVE:
                report(
                    entry.map[bound].fault(
                        worded(N_("a pack cannot remove `{bound}` of `{name}`"), bound=bound, name=name), "", "bounds"
                    )
                )
            for node in _values(entry, bound):
                order = compared(node.value, limit.value)
                said = worded(_BOUNDS[bound], name=name, value=limit.value, file=limit.source.name, line=limit.line)
                if order is None:
                    report(
                        node.fault(
                            worded(N_("`{value}` cannot be compared: {said}"), value=node.value, said=said),
                            N_("use the same unit"),
                            "bounds",
                        )
                    )
                elif order == beyond:
                    report(
                        node.fault(
                            worded(N_("`{value}` is beyond what a pack may set: {said}"), value=node.value, said=said),
                            "",
                            "bounds",
                        )
                    )


def _values(param: Node, bound: str) -> Iterator[Node]:
    """The values that *param* sets, those of a table too, and the bound itself, which may only become narrower."""
    for key in ("value", bound):
        node = param.map.get(key)
        if node is None:
            continue
        for child in node.map.values() if isinstance(node.value, dict) else (node,):
            if child.value not in (REMOVE, "unset") and not isinstance(child.value, (dict, list)):
                yield child


def compared(value: object, limit: object) -> int | None:
    """Below, at or above: -1, 0, 1; ``None`` where the two have no common unit."""
    left, right = _measure(value), _measure(limit)
    if left is None or right is None or left[1] != right[1]:
        return None
    return (left[0] > right[0]) - (left[0] < right[0])


def _measure(value: object) -> tuple[Decimal, str] | None:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value), ""
    number, _, unit = str(value).partition(" ")
    if number.isdecimal() and unit:
        return Decimal(number), unit
    # A date compares as text; no two of them differ in form.
    if len(str(value)) == 10 and str(value)[4:5] == "-":
        return Decimal(str(value).replace("-", "")), "date"
    return None


def _refuse_silent_removal(lower: Node, overlay: Node, report: Report) -> None:
    for section in ("stages", "tasks"):
        for name, entry in _both(lower, overlay, section):
            must = lower.map[section].map[name].map.get("must")
            if must is None:
                continue
            gone = entry if entry.value == REMOVE else entry.map.get("must")
            if gone is not None and gone.value == REMOVE and not (entry.clause or gone.clause):
                message = worded(
                    N_("`{name}` is a must ({file}:{line}) and is removed without a clause"),
                    name=name,
                    file=must.source.name,
                    line=must.line,
                )
                report(gone.fault(message, N_("add `clause:` with the text that allows it"), "must"))


def _both(lower: Node, overlay: Node, section: str) -> Iterator[tuple[str, Node]]:
    """The entries of *section* that *overlay* gives and *lower* already has."""
    if section in lower.map and section in overlay.map:
        for name, entry in overlay.map[section].map.items():
            if name in lower.map[section].map:
                yield name, entry
