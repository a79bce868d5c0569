"""
What a definition says: the seven primitives of the language, as frozen pydantic models.

A model holds what a file (after its overlays) wrote, checked by shape only. References between its parts, types of
rules and what is still ``unset`` are the checker's; positions and clauses of each value are the loader's
(:class:`engine.loading.Definition`). Keys, defaults and meanings are documented in docs/reference/language.md; a test
holds that page and these classes together.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from engine.errors import N_, worded

Yes = Literal["yes"]
YesNo = Literal["yes", "no"]
Means = Literal["pass", "grant", "refuse", "back", "withdraw", "lapse", "defer", "refer", "record"]
Outcome = Literal["granted", "refused", "withdrawn", "lapsed", "referred", "deferred", "closed", "upheld", "dismissed"]
Subject = Literal["household", "person", "village", "township", "county", "office", "collective", "case"]
Level = Literal["outside", "group", "village", "township", "county", "prefecture", "province"]

#: Actors who hold no post: the household itself, anybody, who objects, and the parent case.
WITHOUT_POST = {
    "household": N_("the household"),
    "anyone": N_("anybody"),
    "objector": N_("the objector"),
    "parent": N_("the case that opened it"),
}
NO_POST = frozenset(WITHOUT_POST)
#: What an amount may say instead of a length: not yet decided, decided that there is none.
NO_LENGTH = ("unset", "none")
#: Words of the language that no stage, task, end, action or clock may be called.
RESERVED = frozenset(
    {"new", "next", "stay", "again", "previous", "visited", "opened", "entered", "ready", "begun", "listed", "left"}
    | {"waived", "posted", "expired", "due", "late", "over"}
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
PostName = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z]+\.[a-z][a-z0-9_]*(@[a-z_]+)?|household|anyone|objector|parent|\$[a-z0-9_]+)$"),
]
AmountText = Annotated[
    str, StringConstraints(pattern=r"^(\d{1,4} (hour|day|workday|month|year)|\$[a-z][a-z0-9_]*|unset|none)$")
]
OffsetText = Annotated[str, StringConstraints(pattern=r"^[+-]?\d{1,3} (hour|day|workday)$")]
#: an event (``stage.entered``), a date fact, ``30 day before|after <moment>``, ``by 05-31 18:00``, ``until 01-01``.
Moment = Annotated[str, StringConstraints(min_length=1, max_length=120)]
RuleRef = Annotated[str, StringConstraints(pattern=r"^((not|any|all) )?[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
ThresholdText = Annotated[
    str, StringConstraints(pattern=r"^(all|any|otherwise|over \d+/\d+|\d+/\d+|\d+)( of (entitled|present))?$")
]
Clause = Annotated[str, StringConstraints(max_length=200)]
Note = Annotated[str, StringConstraints(max_length=1000)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=60)]


def _many(value: Any) -> Any:
    """A single word where several may stand is a list of one."""
    return (value,) if isinstance(value, str) else _row(value)


def _row(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# Editors are told (`json_schema_input_type`) what the validators take, not what they make of it.
Names = Annotated[tuple[str, ...], BeforeValidator(_many, json_schema_input_type=str | list[str])]
RuleRefs = Annotated[tuple[RuleRef, ...], BeforeValidator(_many, json_schema_input_type=RuleRef | list[RuleRef])]
PostNames = Annotated[tuple[PostName, ...], BeforeValidator(_many, json_schema_input_type=PostName | list[PostName])]
Moments = Annotated[tuple[Moment, ...], BeforeValidator(_many, json_schema_input_type=Moment | list[Moment])]
Offsets = Annotated[
    tuple[OffsetText, ...], BeforeValidator(_many, json_schema_input_type=OffsetText | list[OffsetText])
]


#: The period of a task that comes again and again, or the day of every year on which it does.
CYCLE = r"month|quarter|half_year|year|(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
Cycle = Annotated[str, StringConstraints(pattern=rf"^({CYCLE}|\$[a-z][a-z0-9_]*)$")]


class Part(BaseModel):
    """Any part of a definition: nothing unknown, nothing converted silently, nothing changed later."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    clause: Clause = ""
    note: Note = ""


class When(Part):
    """One line of a choice: the first whose rule holds; the last has no ``when``."""

    when: RuleRefs = ()
    to: str = ""
    use: str = ""

    @model_validator(mode="after")
    def _one_answer(self) -> Self:
        if bool(self.to) == bool(self.use):
            raise ValueError(N_("a line of a choice has either `to` (a target) or `use` (a post, panel or value)"))
        return self


Choice = tuple[When, ...]


TargetOrChoice = Annotated[str | Choice, BeforeValidator(_row)]


class Param(Part):
    title: Title
    type: Literal["amount", "yuan", "share", "number", "date", "post", "places", "cycle"]
    value: str | int | Decimal | dict[str, Any] | Annotated[tuple[str, ...], BeforeValidator(_row)] = "unset"
    by: Names = ()
    at_least: str | int | Decimal | None = None
    at_most: str | int | Decimal | None = None


class Fact(Part):
    title: Title
    type: Annotated[
        str,
        StringConstraints(
            pattern=r"^(text|number|yuan|share|date|yes_no|person|one of|many of|list of household|table)$"
            r"|^(one|many) of [a-z0-9_]+(, ?[a-z0-9_]+)*$"
        ),
    ]
    options: dict[Name, Title] = {}
    in_: Names = Field(default=(), alias="in")
    is_: str = Field(default="", alias="is", max_length=1000)
    of: Literal["case", "member", "household", "person", "village"] = "case"
    when: RuleRefs = ()
    optional: Yes | None = None
    fresh: Yes | None = None
    secret: Yes | None = None
    prefill: Literal["last", "register"] | None = None
    at_least: int | None = None
    at_most: int | Literal["today"] | None = None

    @model_validator(mode="after")
    def _bounds_of_its_type(self) -> Self:
        if self.at_least is not None and self.kind not in ("number", "yuan"):
            raise ValueError(N_("`at_least` is for a number or yuan"))
        if self.at_most is not None and (self.at_most == "today", self.kind) not in (
            (False, "number"), (False, "yuan"), (True, "date"),
        ):  # fmt: skip
            raise ValueError(N_("`at_most` is a number for a number or yuan, and `today` for a date"))
        return self

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that a ``one of`` or ``many of`` fact allows, in written order; else empty."""
        match = re.match(r"(?:one|many) of (.+)", self.type)
        return tuple(word.strip() for word in match[1].split(",")) if match else tuple(self.options)

    @property
    def kind(self) -> str:
        """The type without its options: text, number, yuan, share, date, yes_no, person, one, many, list, table."""
        return self.type.split()[0]


class Paper(Part):
    title: Title
    in_: Names = Field(default=(), alias="in")
    when: RuleRefs = ()
    optional: Yes | None = None
    fresh: Yes | None = None
    of: Literal["case", "list"] = "case"
    kind: Literal["form", "photo", "scan"] = "form"
    copies: Annotated[int, Field(ge=1, le=20)] = 1
    signed_by: Names = ()
    made_by: Literal["system"] | None = None


class Rule(Part):
    title: Title
    if_: str = Field(alias="if", min_length=1, max_length=1000)
    group: Name | None = None
    of: Literal["case", "member"] = "case"


class Post(Part):
    title: Title
    else_: PostName | None = Field(default=None, alias="else")


class Fallback(Part):
    use: Name
    reason: Yes | None = None


class Silence(Part):
    after: AmountText
    counts_as: Name


class Panel(Part):
    title: Title = "会签"
    seats: dict[PostName, Annotated[int, Field(ge=1, le=500)] | Literal["all"]] = {}
    roll: Literal["register"] | None = None
    recorded: Literal["each", "minutes"] = "each"
    quorum: Annotated[int, Field(ge=1)] | ThresholdText | None = None
    tally: dict[Name, ThresholdText]
    order: Yes | None = None
    else_: Fallback | None = Field(default=None, alias="else")
    silence: Silence | None = None


class Notice(Part):
    by: PostName
    places: Names = ()
    each: Literal["place", "village", "group"] = "place"
    wait: AmountText = "unset"
    roll: YesNo = "no"
    shows: Names = ()
    proof: Annotated[tuple[Literal["start", "end"], ...], BeforeValidator(_row)] = ()
    objection: Name | None = None
    on_objection: Literal["run", "stop"] = "run"
    leave_out: RuleRefs = ()


class CaseVoice(Part):
    workflow: Name
    at: str = ""
    carries: Names = ()
    for_each: str = ""
    tally: dict[Name, ThresholdText] = {}


class Draw(Part):
    """A sample of a list's cases that everybody can draw again from the log, and nobody can choose."""

    share: str | Decimal | int
    each: Literal["group", "village", "township"] | None = None
    always: RuleRefs = ()
    sets: Name

    @model_validator(mode="after")
    def _a_share(self) -> Self:
        text = str(self.share)
        if not text.startswith("$") and not (re.fullmatch(r"\d+(\.\d+)?|\d+/[1-9]\d*", text) and Fraction(text) <= 1):
            raise ValueError(
                N_("`share` is a number between 0 and 1, such as 0.3, a fraction such as 1/20, or a parameter")
            )
        return self


class Rank(Part):
    """The first so many of a list's cases, in an order by facts."""

    order: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*( desc)?$")], ...],
        BeforeValidator(_many, json_schema_input_type=str | list[str]),
        Field(min_length=1),
    ]
    take: Annotated[int, Field(ge=0)] | Annotated[str, StringConstraints(pattern=r"^\$[a-z][a-z0-9_]*$")]
    sets: Name


class ListSpec(Part):
    per: Literal["village", "township", "county"]
    draw: Draw | None = None
    rank: Rank | None = None

    @property
    def sets(self) -> tuple[str, ...]:
        """The facts that it writes."""
        return tuple(each.sets for each in (self.draw, self.rank) if each is not None)


def _list_short(value: Any) -> Any:
    return {"per": value} if isinstance(value, str) else value


class Voiced(Part):
    """A question and the one voice that answers it."""

    title: Title
    by: Annotated[PostNames | Choice | None, BeforeValidator(_row)] = None
    panel: Annotated[str | Panel | Choice | None, BeforeValidator(_row)] = None
    notice: Notice | None = None
    case: CaseVoice | None = None
    list_: Annotated[
        ListSpec | None,
        BeforeValidator(_list_short, json_schema_input_type=ListSpec | Literal["village", "township", "county"]),
    ] = Field(default=None, alias="list")
    limit: AmountText = "none"

    @property
    def voice(self) -> Literal["by", "panel", "notice", "case"]:
        """Which of the four voices answers; the model holds exactly one."""
        for name in ("by", "panel", "notice"):
            if getattr(self, name) is not None:
                return name
        return "case"

    @model_validator(mode="after")
    def _one_voice(self) -> Self:
        given = [name for name in ("by", "panel", "notice", "case") if getattr(self, name) is not None]
        if not given:
            raise ValueError(N_("needs exactly one voice of by, panel, notice, case; found none"))
        if len(given) > 1:
            raise ValueError(
                worded(N_("needs exactly one voice of by, panel, notice, case; found {names}"), names=", ".join(given))
            )
        return self


class Action(Part):
    title: str = Field(default="", max_length=60)
    to: TargetOrChoice
    means: Means = "pass"
    by: PostNames = ()
    needs: RuleRefs = ()
    times: Annotated[int, Field(ge=1)] | None = None
    opinion: Yes | None = None
    set_: dict[str, str | int] = Field(default={}, alias="set")
    tell: PostNames = ()
    among: Names = ()
    then: Literal["straight", "stepwise"] = "stepwise"


class Channel(Action):
    every: str = ""
    for_each: str = ""


class Anywhere(Action):
    from_: Names = Field(default=("any",), alias="from")


class Stage(Voiced):
    actions: dict[Name, Action]
    aside: Yes | None = None
    must: Yes | None = None


class Task(Voiced):
    results: Names = ("done",)
    opens: Moments = ()
    every: Cycle | None = None
    for_each: str = ""
    when: RuleRefs = ()
    awaited_by: Names = ()
    must: Yes | None = None
    again: Literal["new", "keep"] = "new"


class Stop(Part):
    by: PostNames


class Extend(Part):
    to: AmountText
    by: PostNames
    times: Annotated[int, Field(ge=1, le=20)] = 1
    needs: RuleRefs = ()


class Clock(Part):
    title: Title
    limit: str | None = Field(default=None, max_length=80)
    wait: str | None = Field(default=None, max_length=80)
    from_: Moments = Field(default=(), alias="from")
    until: Moment | None = None
    again: Literal["first", "latest"] = "first"
    except_: Names = Field(default=(), alias="except")
    stop: Stop | None = None
    extend: Extend | None = None
    when: RuleRefs = ()
    roll: YesNo = "yes"
    day_ends: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-4]):[0-5]\d$")] = "24:00"
    protects: Literal["office", "citizen"] = "office"
    remind: Offsets | None = None
    late: dict[OffsetText, PostName] | None = None
    then: Action | None = None

    @model_validator(mode="after")
    def _limit_or_wait(self) -> Self:
        if (self.limit is None) == (self.wait is None):
            raise ValueError(N_("a clock has either `limit` (must be over by) or `wait` (may not be before)"))
        return self


class Start(Part):
    workflow: Name
    opens: Name | None = None
    at: str = ""
    carries: Names = ()


class End(Part):
    title: Title
    outcome: Outcome
    start: Start | None = None


class Ladder(Part):
    """Reminders to the owner, and escalation to a superior: the default of every limit of the definition."""

    remind: Offsets = ()
    late: dict[OffsetText, PostName] = {}


def _posts_short(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: {"title": post} if isinstance(post, str) else post for name, post in value.items()}


class Workflow(Part):
    """One whole procedure, after its fragments and overlays."""

    workflow: Name
    title: Title
    subject: Subject
    pack: str = ""
    on: str = ""
    area: str = ""
    from_date: str = ""
    questions: tuple[str, ...] | list[str] = ()
    uses: Names = ()
    places: dict[Name, Title] = {}
    params: dict[Name, Param] = {}
    facts: dict[Name, Fact] = {}
    rules: dict[Name, Rule] = {}
    papers: dict[Name, Paper] = {}
    posts: Annotated[
        dict[PostName, Post], BeforeValidator(_posts_short, json_schema_input_type=dict[PostName, Post | Title])
    ] = {}
    panels: dict[Name, Panel] = {}
    opens: dict[Name, Channel]
    stages: dict[Name, Stage]
    tasks: dict[Name, Task] = {}
    anywhere: dict[Name, Anywhere] = {}
    clocks: dict[Name, Clock] = {}
    ladder: Ladder = Ladder()
    ends: dict[Name, End]

    @property
    def main_line(self) -> tuple[str, ...]:
        """The stages that are not aside, in order."""
        return tuple(name for name, stage in self.stages.items() if stage.aside is None)
