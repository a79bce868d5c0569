"""Pydantic's errors about a definition, as faults at their place in the file, in words for those who write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, StringConstraints, ValidationError

from engine import workflow as shapes
from engine.errors import Fault
from engine.marks import Node, Path

_SHAPES: dict[object, tuple[str, str]] = {
    shapes.Name: ("a name", "small letters, digits and `_`, beginning with a letter, at most 40"),
    shapes.PostName: ("a post", "write level.role (`township.cadre`), or `household`, `anyone`, `objector`, `parent`"),
    shapes.AmountText: (
        "an amount",
        "write `7 day`, `5 workday`, `48 hour`, `3 month`, `1 year`, `$x`, `unset`, `none`",
    ),
    shapes.OffsetText: ("a time before or after", "write `-3 day`, `+1 workday` or `12 hour`"),
    shapes.RuleRef: (
        "a reference to a rule",
        "write a rule, group or yes/no fact; `not x`, `any x`, `all x`, `task.result`",
    ),
    shapes.Cycle: (
        "a cycle",
        "write `month`, `quarter`, `half_year`, `year`, a day of the year such as `06-30`, or `$x`",
    ),
    shapes.ThresholdText: ("a threshold", "write `all of entitled`, `over 1/2 of present`, `any`, `2` or `otherwise`"),
}
#: What stands where something else should: said only if no other reading of the value came further.
_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "is_instance_of": "a number",
}


def misfits(error: ValidationError, nodes: Mapping[Path, Node], model: type[BaseModel]) -> list[Fault]:
    """
    The faults that *error* speaks of.

    Args:
        error: From validating a tree as *model*.
        nodes: That tree, by path; a fault stands at the deepest part of an error's location that is in it.
    """
    faults: list[Fault] = []
    for group in _by_place(error, nodes).values():
        told = [detail for detail in group if detail["type"] not in _KINDS]
        only_words = all(detail["type"] == "literal_error" for detail in told)
        if len(told) == len(group) or not only_words:
            faults.extend(_fault(detail, nodes, model) for detail in told)
        else:
            faults.append(_wrong_kind(group, nodes))
    return list(dict.fromkeys(faults))


def _by_place(error: ValidationError, nodes: Mapping[Path, Node]) -> dict[Path, list[Any]]:
    """The errors by the value they are about; of the readings of one value, only those that came furthest."""
    groups: dict[Path, list[Any]] = {}
    for detail in error.errors(include_url=False):
        groups.setdefault(_place(detail, nodes), []).append(detail)
    deeper = {path[:n] for path, found in groups.items() for n in range(len(path)) if found}
    return {
        path: found
        for path, found in groups.items()
        if path not in deeper or any(detail["type"] not in _KINDS for detail in found)
    }


def _place(detail: Any, nodes: Mapping[Path, Node]) -> Path:
    """The path of the value that *detail* is about; what only names a branch of a union is passed over."""
    path: Path = ()
    for element in detail["loc"]:
        if (*path, str(element)) in nodes:
            path = (*path, str(element))
    return path


def _fault(detail: Any, nodes: Mapping[Path, Node], model: type[BaseModel]) -> Fault:
    path = _place(detail, nodes)
    node, kind, context = nodes[path], detail["type"], detail.get("ctx", {})
    name = _called(path)
    if kind == "extra_forbidden":
        advice = _nearest(path[-1], _allowed(path[:-1], model))
        return node.fault_at_key(f"{name} is not a key here", advice, "unknown-key")
    if kind == "missing":
        wanted = str(detail["loc"][-1])
        what = f"{name} needs `{wanted}`" if path else f"`{wanted}` is missing"
        return node.fault_at_key(what, "", "missing-key")
    if detail["loc"] and detail["loc"][-1] == "[key]":
        shape, advice = _shape(context.get("pattern", ""))
        return node.fault_at_key(f"{name} is not {shape}", advice, "name")
    if kind == "string_pattern_mismatch":
        shape, advice = _shape(context["pattern"])
        return node.fault(f"`{node.value}` is not {shape}", advice, "value")
    if kind == "literal_error":
        advice = _nearest(_shown(node), re.findall(r"'([^']*)'", context["expected"]))
        return node.fault(f"`{_shown(node)}` is not one of the words for {name}", advice, "value")
    if kind == "value_error":
        return node.fault(str(context.get("error", detail["msg"])), "", "shape")
    if kind in ("string_too_long", "string_too_short"):
        bound = context.get("max_length", context.get("min_length"))
        size = "longer" if kind == "string_too_long" else "shorter"
        return node.fault(f"{name} is {size} than {bound} characters", "", "value")
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return node.fault(f"{name} must be {bound}, and is {node.value}", "", "value")
    return node.fault(f"{name}: {detail['msg'][:1].lower()}{detail['msg'][1:]}", "", "value")


def _wrong_kind(group: list[Any], nodes: Mapping[Path, Node]) -> Fault:
    path = _place(group[0], nodes)
    node = nodes[path]
    name = _called(path)
    wanted = " or ".join(dict.fromkeys(_KINDS.get(detail["type"]) or _words(detail) for detail in group))
    advice = ""
    if isinstance(node.value, bool):
        advice = "`yes` and `no` are the words of the language" if "text" in wanted else ""
    elif isinstance(node.value, (int, Decimal)) and "text" in wanted:
        advice = "put it in quotes"
    return node.fault(f"{name} should be {wanted}, and is {_kind_of(node)}", advice, "kind")


def _called(path: Path) -> str:
    """What a message calls the value at *path*: by its key, or by its number in a list."""
    if path and path[-1].isdecimal():
        return f"element {int(path[-1]) + 1} of `{path[-2]}`"
    return f"`{path[-1]}`" if path else "the definition"


def _words(detail: Any) -> str:
    return str(detail["ctx"]["expected"]).replace("'", "`")


def _kind_of(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a map"
    return "a list" if isinstance(node.value, list) else f"`{_shown(node)}`"


def _shown(node: Node) -> str:
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return str(node.value)[:60] if not isinstance(node.value, (dict, list)) else _kind_of(node)


def _shape(pattern: str) -> tuple[str, str]:
    for annotation, words in _SHAPES.items():
        if pattern in {c.pattern for c in get_args(annotation) if isinstance(c, StringConstraints)}:
            return words
    if pattern.startswith("^(text|"):
        return "a type of fact", "text, number, yuan, share, date, yes_no, person, table, `one of a, b`, `many of a, b`"
    if pattern.startswith("^([01]"):
        return "a time of day", "write it in quotes, as '18:00'"
    return "written as it should be", f"it should match {pattern}"


def _nearest(word: str, allowed: Iterable[str]) -> str:
    allowed = list(allowed)
    close = get_close_matches(word, allowed, 1, 0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return "one of: " + ", ".join(allowed)


def _allowed(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that may stand at *path* of *model*."""
    kinds: list[Any] = [model]
    for element in path:
        kinds = [below for kind in kinds for below in _below(kind, element)]
    return [
        found.alias or name
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, BaseModel)
        for name, found in kind.model_fields.items()
    ]


def _below(kind: Any, element: str) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, found in kind.model_fields.items():
            if (found.alias or name) == element:
                yield from _members(found.annotation)
    elif get_origin(kind) is dict:
        yield from _members(get_args(kind)[1])
    elif get_origin(kind) in (tuple, list):
        yield from _members(get_args(kind)[0])


def _members(annotation: Any) -> Iterator[Any]:
    """The kinds of value that *annotation* allows: unions and annotations taken apart."""
    if isinstance(annotation, type) or get_origin(annotation) in (dict, tuple, list):
        yield annotation
    else:
        for argument in get_args(annotation):
            if argument is not type(None) and not isinstance(argument, str):
                yield from _members(argument)
