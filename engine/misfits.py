"""Pydantic's errors about a definition, as faults at their place in the file, in words for those who write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import reduce
from typing import Any, get_args, get_origin

from pydantic import BaseModel, StringConstraints, ValidationError

from engine import workflow as shapes
from engine.errors import N_, Fault, Words, worded
from engine.marks import Node, Path, plain

_SHAPES: dict[object, tuple[str, str]] = {
    shapes.Name: (
        N_("{value} is not a name"), N_("small letters, digits and `_`, beginning with a letter, at most 40"),
    ),
    shapes.PostName: (
        N_("{value} is not a post"),
        N_("write level.role (`township.cadre`), or `household`, `anyone`, `objector`, `parent`"),
    ),
    shapes.AmountText: (
        N_("{value} is not an amount"),
        N_("write `7 day`, `5 workday`, `48 hour`, `3 month`, `1 year`, `$x`, `unset`, `none`"),
    ),
    shapes.OffsetText: (
        N_("{value} is not a time before or after"), N_("write `-3 day`, `+1 workday` or `12 hour`"),
    ),
    shapes.RuleRef: (
        N_("{value} is not a reference to a rule"),
        N_("write a rule, group or yes/no fact; `not x`, `any x`, `all x`, `task.result`"),
    ),
    shapes.Cycle: (
        N_("{value} is not a cycle"),
        N_("write `month`, `quarter`, `half_year`, `year`, a day of the year such as `06-30`, or `$x`"),
    ),
    shapes.ThresholdText: (
        N_("{value} is not a threshold"),
        N_("write `all of entitled`, `over 1/2 of present`, `any`, `2` or `otherwise`"),
    ),
}  # fmt: skip
_TEXT = N_("text")
#: What stands where something else should: said only if no other reading of the value came further.
_KINDS = {
    "string_type": _TEXT,
    "int_type": N_("a whole number"),
    "bool_type": N_("true or false"),
    "tuple_type": N_("a list"),
    "list_type": N_("a list"),
    "dict_type": N_("a map"),
    "model_type": N_("a map"),
    "model_attributes_type": N_("a map"),
    "is_instance_of": N_("a number"),
}

#: What is too long, short, large or small, by pydantic's name of the mistake; and what it calls the bound.
_BOUNDS = {
    "string_too_long": N_("{name} is longer than {bound} characters"),
    "string_too_short": N_("{name} is shorter than {bound} characters"),
    "too_long": N_("{name} has more elements than {bound}"),
    "too_short": N_("{name} has fewer elements than {bound}"),
    "greater_than_equal": N_("{name} must be at least {bound}, and is {value}"),
    "greater_than": N_("{name} must be more than {bound}, and is {value}"),
    "less_than_equal": N_("{name} must be at most {bound}, and is {value}"),
    "less_than": N_("{name} must be less than {bound}, and is {value}"),
}
_BOUND = ("max_length", "min_length", "ge", "gt", "le", "lt")


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
    advice: str | Words
    if kind == "extra_forbidden":
        advice = _nearest(path[-1], _allowed(path[:-1], model))
        return node.fault_at_key(worded(N_("{name} is not a key here"), name=name), advice, "unknown-key")
    if kind == "missing":
        wanted = str(detail["loc"][-1])
        what = (
            worded(N_("{name} needs `{key}`"), name=name, key=wanted)
            if path
            else worded(N_("`{key}` is missing"), key=wanted)
        )
        return node.fault_at_key(what, "", "missing-key")
    if detail["loc"] and detail["loc"][-1] == "[key]":
        template, advice = _shape(context.get("pattern", ""))
        return node.fault_at_key(worded(template, value=name), advice, "name")
    if kind == "string_pattern_mismatch":
        template, advice = _shape(context["pattern"])
        return node.fault(worded(template, value=f"`{node.value}`"), advice, "value")
    if kind == "literal_error":
        advice = _nearest(str(plain(node)), re.findall(r"'([^']*)'", context["expected"]))
        shown = _kind_of(node)
        return node.fault(
            worded(N_("{value} is not one of the words for {name}"), value=shown, name=name), advice, "value"
        )
    if kind == "value_error":
        error = context.get("error")
        return node.fault(error.args[0] if error is not None else detail["msg"], "", "shape")
    if kind in _BOUNDS:
        bound = next(context[key] for key in _BOUND if key in context)
        return node.fault(worded(_BOUNDS[kind], name=name, bound=bound, value=node.value), "", "value")
    said = f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return node.fault(worded("{name}: {said}", name=name, said=said), "", "value")


def _wrong_kind(group: list[Any], nodes: Mapping[Path, Node]) -> Fault:
    path = _place(group[0], nodes)
    node = nodes[path]
    name = _called(path)
    kinds = dict.fromkeys(_KINDS.get(detail["type"]) or _words(detail) for detail in group)
    wanted = _either([Words(kind) for kind in kinds])
    advice = ""
    if isinstance(node.value, bool):
        advice = N_("`yes` and `no` are the words of the language") if _TEXT in kinds else ""
    elif isinstance(node.value, (int, Decimal)) and _TEXT in kinds:
        advice = N_("put it in quotes")
    message = worded(N_("{name} should be {wanted}, and is {value}"), name=name, wanted=wanted, value=_kind_of(node))
    return node.fault(message, advice, "kind")


def _either(kinds: list[Words]) -> Words:
    return reduce(lambda one, other: worded(N_("{one} or {other}"), one=one, other=other), kinds)


def _called(path: Path) -> str | Words:
    """What a message calls the value at *path*: by its key, or by its number in a list."""
    if path and path[-1].isdecimal():
        return worded(N_("element {number} of `{list}`"), number=int(path[-1]) + 1, list=path[-2])
    return f"`{path[-1]}`" if path else Words(N_("the definition"))


def _words(detail: Any) -> str:
    return str(detail["ctx"]["expected"]).replace("'", "`")


def _kind_of(node: Node) -> str | Words:
    if isinstance(node.value, dict):
        return Words(N_("a map"))
    return Words(N_("a list")) if isinstance(node.value, list) else f"`{_shown(node)}`"


def _shown(node: Node) -> str:
    return str(node.value).lower() if isinstance(node.value, bool) else str(node.value)[:60]


def _shape(pattern: str) -> tuple[str, str | Words]:
    """What is said of a `{value}` that does not match, and how to write it."""
    for annotation, told in _SHAPES.items():
        if pattern in {c.pattern for c in get_args(annotation) if isinstance(c, StringConstraints)}:
            return told
    if pattern.startswith("^(text|"):
        types = N_("text, number, yuan, share, date, yes_no, person, table, `one of a, b`, `many of a, b`")
        return N_("{value} is not a type of fact"), types
    if pattern.startswith("^([01]"):
        return N_("{value} is not a time of day"), N_("write it in quotes, as '18:00'")
    advice = worded(N_("it should match {pattern}"), pattern=pattern)
    return N_("{value} is not written as it should be"), advice


def _nearest(word: str, allowed: Iterable[str]) -> Words:
    allowed = list(allowed)
    close = get_close_matches(word, allowed, 1, 0.6)
    if close:
        return worded(N_("did you mean `{name}`?"), name=close[0])
    return worded(N_("one of: {names}"), names=", ".join(allowed))


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
