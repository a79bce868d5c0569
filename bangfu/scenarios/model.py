"""
What a scenario file says: which procedure is tried, and step by step what is done and what must come of it.

Every key is documented in docs/reference/scenarios.md; a test holds that page and these classes together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from engine.errors import N_, Fault, worded
from engine.errors import Words as Told
from engine.loading import read_as
from engine.marks import Path, Source, read, walk

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(N_("a day is written 2026-03-02")) from None


def _span(value: Any) -> Any:
    if not re.fullmatch(r"[1-9]\d{0,3} (hour|day|workday)|[1-9]\d? (month|year)", str(value)):
        raise ValueError(N_("an amount of time is written `7 day`, `5 workday`, `48 hour`, `3 month` or `1 year`"))
    return value


def _instant(value: Any) -> Any:
    day, blank, moment = str(value).partition(" ")
    try:
        date.fromisoformat(day)
        time.fromisoformat(moment if blank else "09:00")
    except ValueError:
        raise ValueError(N_("an instant is written 2026-03-02, or 2026-03-02 14:30")) from None
    return value


def _several(value: Any) -> Any:
    """One word where several may stand; `none` is no word at all."""
    return tuple(value) if isinstance(value, list) else () if value == "none" else (value,)


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str)]
Span = Annotated[str, BeforeValidator(_span, json_schema_input_type=str)]
Instant = Annotated[str, BeforeValidator(_instant, json_schema_input_type=str)]
Words = Annotated[tuple[str, ...], BeforeValidator(_several, json_schema_input_type=str | list[str])]

#: The keys of a step that do something. A step has one of them at most; without one it only looks.
DEEDS = (
    "open", "act", "post", "prove", "take_down", "object", "attach", "withdraw", "stop", "resume", "extend", "born",
    "died", "moved_out", "carry_on", "wait", "until",
)  # fmt: skip


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    note: str = ""


class Step(Part):
    """One thing that is done, and what must be so after it."""

    open: Name | None = None
    act: Name | None = None
    post: Name | None = None
    prove: Name | None = None
    take_down: Name | None = None
    object: Name | None = None
    attach: Name | None = None
    withdraw: Literal["yes"] | None = None
    stop: Text | None = None
    resume: Text | None = None
    extend: Text | None = None
    born: Text | None = None
    died: int | None = None
    moved_out: int | None = None
    carry_on: Literal["yes", "follow"] | None = None
    wait: Span | None = None
    until: Instant | None = None

    by: Text | None = None
    home: Name | None = None
    case: Name | None = None
    workflow: Name | None = None
    on: Name | None = None
    to: Name | None = None
    place: Text | None = None
    at: Code | None = None
    facts: dict[str, Any] = {}
    without: Words = ()
    present: dict[str, int] = {}
    votes: dict[str, int] = {}
    say: Text | None = None

    refused: Text | None = None
    stage: Name | None = None
    due: dict[Text, Day | Literal["none", "stopped"]] = {}
    late: Words | None = None
    asks: Words | None = None
    told: Words = ()
    status: dict[str, Any] = {}
    cases: dict[Name, int] = {}

    @property
    def deed(self) -> str:
        """Which of :data:`DEEDS` it does; empty for a step that only looks."""
        return next((name for name in DEEDS if getattr(self, name) is not None), "")

    @model_validator(mode="after")
    def _one_deed(self) -> Self:
        given = [name for name in DEEDS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(
                worded(
                    N_("a step does one thing, and this one does {names}: make several steps of it"),
                    names=", ".join(given),
                )
            )
        if self.refused is not None and self.deed in ("", "wait", "until"):
            raise ValueError(N_("nothing is asked here that could be refused"))
        return self


class Household(Part):
    """The household that a way is about."""

    ages: Annotated[tuple[int, ...], BeforeValidator(lambda value: tuple(value))] = (57, 54, 19)
    register_: dict[str, Any] = Field(default={}, alias="register")


class Way(Part):
    """One way through the procedure, played in a county of its own."""

    title: Text
    start: Day | None = None
    household: Household | None = None
    facts: dict[str, Any] = {}
    steps: Annotated[
        tuple[Step, ...],
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
        Field(min_length=1),
    ]


class Suite(Part):
    """A scenario file."""

    scenarios: Name
    pack: Name | Literal[""] = ""
    clause: str = ""
    start: Day
    household: Household = Household()
    facts: dict[str, Any] = {}
    ways: dict[Name, Way] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class SuiteFile:
    """A scenario file as read, with the line and column of everything in it."""

    source: Source
    suite: Suite
    lines: dict[Path, tuple[int, int]]

    def fault(self, path: Path, message: str | Told, advice: str | Told = "", code: str = "scenario") -> Fault:
        """*message* about what stands at *path*, or the nearest thing above it."""
        while path and path not in self.lines:
            path = path[:-1]
        line, column = self.lines.get(path, (1, 1))
        return Fault(self.source.name, line, column, message, advice, code)


def read_suite(source: Source) -> SuiteFile:
    """
    A scenario file.

    Raises:
        DefinitionError: With every fault that could be found, at its place.
    """
    suite = read_as(source, Suite)
    tree = read(source, lambda fault: None)
    assert tree is not None  # It was read a moment ago.
    return SuiteFile(source, suite, {path: node.key if path else (1, 1) for path, node in walk(tree)})
