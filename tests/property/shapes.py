"""Three small procedures, the office that runs them, and everything that its officers could ask of a case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from engine.cases import (
    Act,
    AddSigner,
    Assign,
    Claim,
    Command,
    Confirm,
    Copy,
    Decline,
    Delegate,
    Propose,
    Release,
    RemoveSigner,
    Retract,
    Sign,
    Transfer,
    Urge,
    Withdraw,
)
from engine.compiling import Procedure
from engine.people import Deputy, Holding, Staff
from tests.harness import TOWNSHIP, person, workflow
from tests.property.onpaper import Asked, Office

#: Person → post. The second bureau officer confirms what others propose; ``dep`` is ``an``'s deputy at times.
POSTS = {
    "cadre": "village.cadre", "an": "township.office", "bo": "township.office", "lei": "township.leader",
    "dep": "township.clerk", "co": "county.bureau", "di": "county.bureau", "law": "county.law",
}  # fmt: skip
PEOPLE = [person(key, post) for key, post in POSTS.items()]
STAFF = Staff.of(PEOPLE)
LENT = Staff.of(PEOPLE, 0, [Deputy("dep", "an", Holding("township.office", TOWNSHIP, date(2020, 1, 1)))])

_HEAD = """\
title: 样例
posts: {village.cadre: 干部, township.office: 乡镇, township.leader: 乡镇领导, county.bureau: 县局}
facts: {income: {title: 收入, type: number, in: opens}}
opens: {applied: {title: 申请, by: village.cadre, to: FIRST}}
stages:
"""
_TAIL = """\
  decide:
    title: 审批
    by: county.bureau
    limit: 2 day
    actions: {grant: {to: next, means: grant}, fail: {to: no, means: refuse}, back: {to: previous, means: back}}
  apply: {title: 补正, by: village.cadre, aside: yes, actions: {pass: {to: check}}}
ends: {listed: {title: 纳入, outcome: granted}, no: {title: 不予, outcome: refused}}
"""
_CHECK = """\
  check:
    title: 审核
    by: township.office
    limit: 2 day
    actions: {pass: {to: next}, fail: {to: no, means: refuse}, back: {to: apply, means: back}}
"""
_TASKS = """\
tasks:
  visit: {title: 走访, by: village.cadre, limit: 2 day, opens: check.entered, awaited_by: check}
  compare: {title: 比对, by: township.leader, limit: 2 day, opens: check.entered, awaited_by: check}
"""
_PANEL = """\
  check:
    title: 会签
    panel:
      seats: {township.office: 2, township.leader: 1}
      ORDER
      tally: {pass: over 1/2 of entitled, fail: otherwise}
    limit: 2 day
    actions: {pass: {to: next}, fail: {to: no, means: refuse}}
"""
_DECIDE = Asked(
    {"county.bureau": 1}, {"grant": ("listed", "grant"), "fail": ("no", "refuse"), "back": ("check", "back")}
)
_APPLY = Asked({"village.cadre": 1}, {"pass": ("check", "pass")}, limit=False)
_WAYS = {"pass": ("decide", "pass"), "fail": ("no", "refuse"), "back": ("apply", "back")}
_SEATS = {"township.office": 2, "township.leader": 1}


def _panel(order: bool) -> Asked:
    ways = {name: way for name, way in _WAYS.items() if name != "back"}
    return Asked(_SEATS, ways, panel=True, order=order)


#: What officers can do, in groups that are explored together.
ANSWERS, TAKING, HANDING, SIGNING, BACK, TWO, BESIDE = (
    "answers",
    "taking",
    "handing",
    "signing",
    "back",
    "two",
    "beside",
)


@dataclass(frozen=True)
class Move:
    """Something that an officer, or time, could do: a verb of the model, and the same as a command."""

    group: str
    verb: str
    who: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def command(self, number: UUID) -> Command:
        more = dict(self.more)
        match self.verb:
            case "answer":
                return Act(id=number, person=self.who, action=more.pop("answer"), **more)
            case "copy":
                return Copy(id=number, person=self.who, to=("law",))
            case "propose":
                facts = {"income": 7} if more["what"] == "correct" else {}
                return Propose(id=number, person=self.who, facts=facts, note="样例", **more)
            case "decline" | "sign":
                return _COMMANDS[self.verb](id=number, person=self.who, note="样例", **more)
        return _COMMANDS[self.verb](id=number, person=self.who, **more)

    def __str__(self) -> str:
        return " ".join([self.who, self.verb, *(str(value) for value in self.more.values())]).strip()


_COMMANDS: Mapping[str, type[Command]] = {
    "claim": Claim, "release": Release, "assign": Assign, "transfer": Transfer, "delegate": Delegate, "urge": Urge,
    "add_signer": AddSigner, "remove_signer": RemoveSigner, "sign": Sign, "withdraw": Withdraw, "confirm": Confirm,
    "decline": Decline, "retract": Retract,
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A procedure, as the engine reads it and as the model knows it; who is asked what in its first stage."""

    procedure: Procedure
    office: Office
    first: Mapping[str, tuple[str, ...]]

    def moves(self) -> Iterator[Move]:
        """Everything that is tried in every state."""
        office = self.office
        for task, people in self.first.items():
            on = {"on": task} if task else {}
            first = office.asked[task or "check"]
            for who in people:
                for answer in (*first.ways, *(["abstain"] if first.panel and who == "bo" else [])):
                    yield Move(ANSWERS, "answer", who, {"answer": answer, **on})
                yield Move(TAKING, "claim", who, on)
                yield Move(TAKING, "release", who, on)
            if not task or not self.first[""][1:]:
                yield from self._signing(people[0], on)
        for who, answers in (("co", ("grant", "fail", "back")), ("cadre", ("pass",))):
            for answer in answers:
                yield Move(ANSWERS, "answer", who, {"answer": answer})
        yield Move(TAKING, "claim", "co")
        yield Move(TAKING, "release", "co")
        yield from self._signing("co", {})
        yield from self._handing()
        for who in ("cadre", "an", "bo", "lei", "dep", "co", "law"):
            yield Move(BACK, "withdraw", who)
        for what in ("correct", "reopen"):
            yield Move(TWO, "propose", "cadre", {"what": what})
            for verb, who in (("confirm", "di"), ("decline", "di"), ("retract", "cadre")):
                yield Move(TWO, verb, who, {"what": what})
        yield Move(BESIDE, "urge", "cadre")
        yield Move(BESIDE, "copy", "an")
        yield Move(BESIDE, "day")

    def forward(self) -> Iterator[Move]:
        """Everybody's answers on the way to approval, and agreements, in whatever question."""
        for who in self.office.posts:
            for answer, on in (("pass", {}), ("grant", {}), *(("done", {"on": task}) for task in self.first if task)):
                yield Move(ANSWERS, "answer", who, {"answer": answer, **on})
        for task in self.first:
            yield Move(SIGNING, "sign", "law", {"answer": "agree", **({"on": task} if task else {})})

    def _signing(self, who: str, on: Mapping[str, str]) -> Iterator[Move]:
        for when in ("before", "after"):
            yield Move(SIGNING, "add_signer", who, {"signer": "law", "when": when, **on})
        yield Move(SIGNING, "remove_signer", who, {"signer": "law", **on})
        for answer in ("agree", "disagree"):
            if who != "co" or on:
                yield Move(SIGNING, "sign", "law", {"answer": answer, **on})

    def _handing(self) -> Iterator[Move]:
        yield Move(HANDING, "deputy")
        for who, other in (("an", "bo"), ("bo", "an")):
            yield Move(HANDING, "transfer", who, {"to": other})
            yield Move(HANDING, "delegate", who, {"to": "lei"})
            yield Move(HANDING, "assign", "law", {"to": who})
        yield Move(HANDING, "assign", "law", {"to": "bo", "holder": "an"})
        yield Move(HANDING, "assign", "an", {"to": "bo"})
        if "lei" not in self.first[""]:
            yield Move(HANDING, "answer", "lei", {"answer": "pass"})
            yield Move(HANDING, "release", "lei")


def _shape(
    name: str, first: str, check: Asked, tasks: Mapping[str, Asked], asked: Mapping[str, tuple[str, ...]]
) -> Shape:
    text = f"workflow: {name}\n" + _HEAD.replace("FIRST", "check") + first + _TAIL + (_TASKS if tasks else "")
    if name.startswith("panel"):
        text = "\n".join(line for line in text.splitlines() if not line.startswith("  apply:")) + "\n"
    asks = {"check": check, "decide": _DECIDE, "apply": _APPLY, **tasks}
    office = Office(asks, frozenset({"listed", "no"}), POSTS, ("dep", "an"), "county.bureau")
    return Shape(workflow(text), office, asked)


_DONE = {"done": ("", "pass")}
SHAPES = {
    "serial": _shape("serial", _CHECK, Asked({"township.office": 1}, _WAYS), {}, {"": ("an", "bo", "dep")}),
    "parallel": _shape(
        "parallel", _CHECK,
        Asked({"township.office": 1}, _WAYS, awaits=("visit", "compare"), opens=("visit", "compare")),
        {"visit": Asked({"village.cadre": 1}, _DONE), "compare": Asked({"township.leader": 1}, _DONE)},
        {"": ("an",), "visit": ("cadre",), "compare": ("lei",)},
    ),
    "panel": _shape("panel", _PANEL.replace("      ORDER\n", ""), _panel(False), {}, {"": ("an", "bo", "lei", "dep")}),
    "panel_in_order": _shape(
        "panel_in_order", _PANEL.replace("ORDER", "order: yes"), _panel(True), {}, {"": ("an", "bo", "lei", "dep")}
    ),
}  # fmt: skip
