"""
Parameters that are tables: which line holds for a case.

A table is read along its ``by``: ``year`` (of the day on which the case was opened), ``area`` (the line of the longest
division code that the case's home lies in), or a ``one of`` fact of the case (its word).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine.workflow import Param

#: What a table may be read by besides facts.
LINES_OF_ALL = frozenset({"year", "area"})


def line_of(param: Param, day: date, home: str, facts: Mapping[str, Any]) -> tuple[Any, str]:
    """
    The value of *param* for a case.

    Args:
        day: The day on which the case was opened.
        home: Its division, 12 digits.
        facts: What is known of it, as rules read it.

    Returns:
        The value (``unset`` where no line is for this case), and the fact that is missing to tell, or nothing.
    """
    value: Any = param.value
    for key in param.by:
        if not isinstance(value, dict):
            break
        if key not in LINES_OF_ALL and facts.get(key) is None:
            return "unset", key
        if key == "area":
            line = max((code for code in value if home.startswith(code)), key=len, default="")
        else:
            line = str(day.year) if key == "year" else str(facts[key])
        value = value.get(line, "unset")
    return value, ""


def values_meant(params: Mapping[str, Param], text: str) -> Iterator[str]:
    """What *text* may mean: itself, or for ``$name`` what the parameter says, in every line of its table."""
    if not text.startswith("$"):
        yield text
        return
    yield from (str(value) for _, value in leaves(params[text[1:]].value))


def leaves(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The values of a parameter, each with the keys of its line in the table."""
    if isinstance(value, dict):
        for key, line in value.items():
            yield from leaves(line, (*keys, key))
    else:
        yield keys, value
