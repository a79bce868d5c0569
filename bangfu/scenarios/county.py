"""
The county in which one way of a scenario file is played: the real office on the real store, in a database in memory
that is thrown away; somebody in every post, and time that stands still until it is moved.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from bangfu.library import Library
from bangfu.scenarios.model import Household, Suite
from bangfu.settings import read_settings
from bangfu.timesource import ManualTime
from bangfu.wiring import FARTHEST, Bangfu
from engine.calendar import Calendar
from engine.cases import Case, Decision, Event, Message
from engine.compiling import Procedure
from engine.divisions import division
from engine.errors import N_, ActionNotAllowedError, InputError, NotFoundError
from engine.households import HouseholdUpdate
from engine.identity import check_digit
from engine.loading import Definition
from engine.office import Office
from engine.people import Holding
from engine.references import asks, panels_of
from storage.database import Database
from storage.intake import NewHousehold, NewMember, NewStatuses, Version
from storage.store import SqlStore

COUNTY = "430822"
#: Who sees everything and does nothing.
OBSERVER = "observer"
_VILLAGE, _TOWNSHIP = "430822213213", "430822213000"
#: Where the posts of each level are held.
_SEATS = {
    "outside": "430822000000", "group": _VILLAGE, "village": _VILLAGE, "township": _TOWNSHIP,
    "county": "430822000000", "prefecture": "430800000000", "province": "430000000000",
}  # fmt: skip
#: Where a case is, by what it is about.
HOMES = {
    "household": _VILLAGE, "person": _VILLAGE, "village": _VILLAGE, "township": _TOWNSHIP, "county": "430822000000",
    "office": "430822000000", "collective": _VILLAGE, "case": _VILLAGE,
}  # fmt: skip
#: The home, what lies above it, and a neighbour of each kind, so that there are several.
_PLACES = {
    "430000000000": "样例省", "430800000000": "样例市", "430822000000": "样例县", _TOWNSHIP: "样例镇",
    "430822214000": "邻近镇", _VILLAGE: "样例村", "430822213214": "邻近村", "430822214201": "邻镇村",
}  # fmt: skip
_LONG_AGO = date(2000, 1, 1)
#: How many hold each post at least: whoever prepared a case may not decide it.
_HOLDERS = 3
#: When the day's work begins, and a scenario on its first day.
MORNING = time(9)
_RELATIONS = ("户主", "配偶", "子女")


class Procedures:
    """:class:`engine.ports.Definitions` for those of one scenario file: read from files, each compiled once."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self.definitions = definitions
        self._compiled: dict[str, Procedure] = {}

    def pinned(self, version: str) -> Procedure:
        if version not in self._compiled:
            self._compiled[version] = Procedure(
                next(each for each in self.definitions.values() if each.hash == version)
            )
        return self._compiled[version]

    def in_force(self, workflow: str) -> Procedure:
        if workflow not in self.definitions:
            raise NotFoundError(
                N_("there is no procedure {workflow} here; there are: {known}"), workflow=workflow,
                known=", ".join(self.definitions),
            )  # fmt: skip
        return self.pinned(self.definitions[workflow].hash)


def procedures(suite: Suite, library: Library) -> Procedures:
    """
    The procedure that is tried, the others of its pack, and those that their cases open.

    Raises:
        DefinitionError: One of them is wrong.
        NotFoundError: There is no such workflow or pack.
    """
    found = library.load_pack(suite.pack)[0]
    return Procedures({**found, suite.scenarios: library.definition(suite.scenarios, suite.pack)})


class _ListeningStore(SqlStore):
    """The store, which remembers what was decided: whose cases began, and who was told what."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.opened: list[Case] = []
        self.messages: list[Message] = []

    def commit(self, decisions: Sequence[Decision], staff_revision: int) -> tuple[Event, ...]:
        events = super().commit(decisions, staff_revision)
        self._hear(decisions)
        return events

    def update_household(self, update: HouseholdUpdate, decisions: Sequence[Decision]) -> None:
        super().update_household(update, decisions)
        self._hear(decisions)

    def _hear(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            self.messages += decision.messages
            if decision.event.seq == 1:
                self.opened.append(decision.case)


class County:
    """
    One county for one way. Use it in a ``with``.

    Attributes:
        clock: What the office lives by.
        people: ``level.role`` → keys of who holds it, in order.
        home: The id of the household that is spoken of.
    """

    def __init__(self, procedures: Procedures, calendar: Calendar, start: date, household: Household) -> None:
        self.procedures, self.calendar = procedures, calendar
        self.clock = ManualTime(calendar.at(start, MORNING))
        self._open = ExitStack()
        database = Database.create("sqlite://", bytes(32), True, timedelta(0))
        self.bangfu = self._open.enter_context(Bangfu(read_settings({}, database="sqlite.db"), database))
        self.bangfu.time_source = self.clock
        self.store = _ListeningStore(database)
        # The same file gives the same ids, so that what fails once fails again.
        chance = random.Random(0).randbytes
        self.office = Office(self.store, procedures, lambda county: calendar, self.clock, chance)
        self.people: dict[str, list[str]] = {}
        self._furnish()
        self._register, self._ages, self._homes = household.register_, household.ages, dict[str, UUID]()
        self.home = self.visit("")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    @property
    def today(self) -> date:
        return self.calendar.local_date(self.clock.now())

    def visit(self, name: str) -> UUID:
        """The household that a file calls *name* is the one that it is about now; a new one at its first mention."""
        if name not in self._homes:
            now, before = self.clock.now(), len(self._homes) * len(self._ages)
            members = [
                NewMember(
                    f"样例{before + number}", _RELATIONS[min(number, 3) - 1],
                    _id_number(self.today, age, before + number),
                )
                for number, age in enumerate(self._ages, 1)
            ]  # fmt: skip
            new = NewHousehold(_VILLAGE, members[0].name, members, source="scenario")
            (id_,) = self.bangfu.intake.add_households(COUNTY, [new], now)
            if self._register:
                known = [
                    NewStatuses(
                        id_,
                        {
                            name: value == "yes" if value in ("yes", "no") else value
                            for name, value in self._register.items()
                        },
                        "scenario",
                    )
                ]
                self.bangfu.intake.enter_statuses(COUNTY, known, OBSERVER, now)
            self._homes[name] = id_
        self.home = self._homes[name]
        return self.home

    def members(self) -> tuple[str, ...]:
        """Keys of those who live in the household now, its head first."""
        return self.bangfu.members_of(COUNTY, self.home)

    def status(self) -> Mapping[str, Any]:
        """What the household's record knows, by name."""
        scope = self.bangfu.scope(COUNTY, OBSERVER)
        known = self.bangfu.register.household(scope, self.home).statuses
        return {name: _word(each["v"]) for name, each in known.items()}

    def holders(self, post: str) -> list[str]:
        """Keys of those who hold ``level.role``, whatever place of the case it is found at."""
        return self.people.get(post.partition("@")[0], [])

    def everybody(self) -> list[str]:
        return [key for keys in self.people.values() for key in keys]

    def live_until(self, moment: datetime) -> None:
        """
        Let time pass, from one due timer or midnight to the next, with a sweep at each.

        Raises:
            InputError: *moment* has passed, or lies farther ahead than time can be moved.
            ActionNotAllowedError: Something that was due could not be done.
        """
        now = self.clock.now()
        if moment < now:
            raise InputError(
                N_("it is {now} already, and time does not go back"), now=f"{self.calendar.local(now):%Y-%m-%d %H:%M}"
            )
        if moment - now > FARTHEST:
            raise InputError(
                N_("time is moved by {years} years at most"), advice=N_("move it again after that"),
                years=FARTHEST.days // 365,
            )  # fmt: skip
        while (now := self.clock.now()) < moment:
            stop = min(self.calendar.end_of(self.today), moment)
            due = self.store.due_timers(stop, 1)
            self.clock.advance(max((due[0].due_at if due else stop) - now, timedelta(0)))
            if failed := self.office.sweep().failed:
                raise ActionNotAllowedError(None, N_("what was due could not be done: {why}"), why=failed[0][1])

    # --- what it is made of ---

    def _furnish(self) -> None:
        intake, workflows = self.bangfu.intake, [each.workflow for each in self.procedures.definitions.values()]
        intake.add_divisions([division(code, name) for code, name in _PLACES.items()], "scenario")
        for each in self.procedures.definitions.values():
            intake.add_version(
                Version(
                    hash=each.hash, workflow=each.workflow.workflow, pack=each.workflow.pack or "",
                    canonical=each.canonical, origins="", from_date=_LONG_AGO, deployed_at=self.clock.now(),
                )
            )  # fmt: skip
        seats = [
            number
            for workflow in workflows
            for _, ask in asks(workflow)
            for _, panel in panels_of(workflow, ask)
            for number in panel.seats.values()
            if isinstance(number, int)
        ]
        for post in sorted({post for workflow in workflows for post in workflow.posts}):
            self.people[post] = [f"{post}.{number}" for number in range(1, max(_HOLDERS, *seats, 0) + 2)]
        held = [
            (key, Holding(post, _SEATS[post.partition(".")[0]], _LONG_AGO))
            for post, keys in self.people.items()
            for key in keys
        ]
        held.append((OBSERVER, Holding("county.observer", _SEATS["county"], _LONG_AGO)))
        for key, _ in held:
            intake.put_person(key, key)
        intake.put_posts(held)


def _word(value: Any) -> Any:
    """What the record knows, as a scenario file writes it."""
    return ("no", "yes")[value] if isinstance(value, bool) else value


def _id_number(today: date, age: int, number: int) -> str:
    """A valid one of nobody, who had a birthday this year."""
    first = f"430822{today.year - age:04d}0101{number:03d}"
    return first + check_digit(first)
