"""Cases written by hand: decisions as ``decide`` makes them, without definition, clock or office."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from engine.cases import Case, Change, Decision, Event, Message, RegisterWrite, Secret, digest_of, fold, iso
from engine.loading import Source, load
from engine.people import Holding
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.store import SqlStore

COUNTY = "430822"
VILLAGE = "430822103201"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DEFINITION = load(
    [
        Source(
            "aid.yaml",
            """\
workflow: aid
title: 救助
subject: household
clause: 第一条
facts: {illness: {title: 病情, type: text, in: opens, secret: yes}}
opens: {applied: {title: 申请, by: village.cadre, to: check}}
stages:
  check: {title: 核实, by: village.cadre, limit: 7 day, actions: {pass: {to: next}}}
  review: {title: 审核, by: village.cadre, limit: 7 day, actions: {pass: {to: check, means: back}, grant: {to: next}}}
ends: {listed: {title: 已救助, outcome: granted}}
""",
        )
    ]
)
VERSION = DEFINITION.hash
#: Synthetic; the digits only have the right form.
ID_NUMBER = "430822199001011233"
ILLNESS = "a state of health that nobody may read"
_commands = count(1)


def command_id() -> UUID:
    return UUID(int=next(_commands))


def clock(started: datetime = NOW, days: int = 7, **more: Any) -> dict[str, Any]:
    due = started + timedelta(days=days)
    return {"for": f"{days} day", "at": iso(started), "due": iso(due), "day": f"{due:%Y-%m-%d}", "cal": "x", **more}


def timer(name: str, due: datetime, kind: str = "due") -> dict[str, Any]:
    return {"c": name, "k": kind, "r": 0, "at": iso(due)}


def item(ask: str, post: str = "village.cadre", division: str = VILLAGE, **more: Any) -> dict[str, Any]:
    return {"q": ask, "p": post, "d": division, **more}


def decision(
    case: Case,
    kind: str,
    changes: Iterable[Change],
    *,
    command: UUID | None = None,
    asked: bytes = b"asked",
    body: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    actor: str = "li",
    messages: tuple[Message, ...] = (),
    register: tuple[RegisterWrite, ...] = (),
) -> Decision:
    said = dict(body or {})
    if messages:
        said["told"] = digest_of(messages)
    if register:
        said["set"] = {f"{write.of}.{write.name}": write.value for write in register}
    event = Event(
        county=case.county, case=case.id, seq=case.seq + 1, at=at or NOW + timedelta(hours=case.seq), kind=kind,
        command=command or command_id(), asked=asked, actor=actor, post=f"village.cadre@{VILLAGE}", version=VERSION,
        body=said, changes=tuple(changes),
    )  # fmt: skip
    return Decision(event, fold(case, event), messages, register)


@dataclass
class Desk:
    """A database with one village's officer and households, and the cases on his desk."""

    database: Database
    store: SqlStore = field(init=False)
    intake: Intake = field(init=False)
    household: UUID = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqlStore(self.database)
        self.intake = Intake(self.database)

    def furnish(self) -> Desk:
        """Put in what is there before the first case."""
        self.intake.add_version(Version(VERSION, "aid", "", DEFINITION.canonical, "{}", date(2026, 1, 1), NOW))
        self.intake.put_person("li", "测试李")
        self.intake.put_posts([("li", Holding("village.cadre", VILLAGE, date(2026, 1, 1)))])
        self.household = self.new_household()
        return self

    def new_household(self, *id_numbers: str) -> UUID:
        members = [NewMember("测试户主", "户主", ID_NUMBER if not id_numbers else id_numbers[0], {"age": 40})]
        members += [NewMember("测试成员", "成员", number, {"age": 4}) for number in id_numbers[1:]]
        return self.intake.add_households(COUNTY, [NewHousehold(VILLAGE, "测试户", members, phone="13800000000")], NOW)[
            0
        ]

    @property
    def revision(self) -> int:
        return self.store.staff_revision(COUNTY)

    def opening(
        self, subject: UUID | None = None, *, case: UUID | None = None, command: UUID | None = None, serial: int = 0,
        workflow: str = "aid", parent: UUID | None = None, asked: bytes = b"asked",
    ) -> Decision:  # fmt: skip
        """A decision that opens a case in stage ``check``, with a clock, its timer, an item, a secret and a message."""
        number = serial or self.store.next_serial(COUNTY, 2026)
        subject = subject or self.household
        values: dict[str, Any] = {
            "number": f"{COUNTY}-2026-{number:06d}", "workflow": workflow, "version": VERSION, "subject": subject.hex,
            "division": VILLAGE, "opened": iso(NOW), "status": "open", "stage": "check", "entry": 1,
        }  # fmt: skip
        if parent is not None:
            values["parent"] = [parent.hex, "check"]
        changes: list[Change] = [("case", name, value) for name, value in values.items()]
        changes += [
            ("facts", "illness", {"v": Secret(ILLNESS), "s": 1}),
            ("clocks", "check", clock()),
            ("timers", "1", timer("check", NOW + timedelta(days=7))),
            ("items", "2", item("check")),
            ("tasks", "compare", {"st": "open", "s": 1}),
        ]
        told = (Message("asked", "village.cadre", VILLAGE, {"ask": "check"}),)
        note = {"channel": "applied", "note": Secret("an opinion that nobody else may read")}
        empty = Case(COUNTY, case or UUID(int=(1 << 64) + number))
        return decision(empty, "opened", changes, command=command, body=note, messages=told, asked=asked)

    def open(self, subject: UUID | None = None, **more: Any) -> Case:
        """Open a case and give it as stored."""
        made = self.opening(subject, **more)
        self.store.commit([made], self.revision)
        return self.load(made.case.id)

    def moving(self, case: Case, **more: Any) -> Decision:
        """A decision that moves *case* on: its stage, clock, timer and item give way to the next one's."""
        at = NOW + timedelta(hours=case.seq)
        entry, ended = case.entry + 1, next(iter(case.section("clocks")))
        began = "review" if ended == "check" else "check"
        changes: list[Change] = [
            ("case", "entry", entry),
            ("case", "stage", began),
            ("clocks", ended, None),
            ("clocks", began, clock(at, n=entry)),
            *[("timers", number, None) for number in case.section("timers")],
            ("timers", str(100 + case.seq), timer(began, at + timedelta(days=7))),
            *[("items", number, None) for number in case.section("items")],
            ("items", str(200 + case.seq), item(began)),
            ("answers", f"{ended}#{case.entry}/li", {"a": "pass", "p": "village.cadre"}),
        ]
        return decision(case, "acted", changes, at=at, body={"action": "pass", "from": ended, "to": began}, **more)

    def move(self, case: Case, **more: Any) -> Case:
        self.store.commit([self.moving(case, **more)], self.revision)
        return self.load(case.id)

    def load(self, case: UUID) -> Case:
        return self.store.load(COUNTY, case).case

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query (with ``?``) finds."""
        with self.database.connection() as connection:
            text = sql.replace("?", "%s") if self.database.is_postgres else sql
            return [tuple(row) for row in connection.execute(text, values).fetchall()]

    def stored_id(self, value: UUID) -> Any:
        return value if self.database.is_postgres else value.bytes
