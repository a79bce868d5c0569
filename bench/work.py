"""
The work that is measured, as bangfu does it: a case from application to listed through the office, on a real database.

Nothing here is cut short for the measurement: every command goes through :class:`engine.office.Office` and is stored
durably by :class:`storage.store.SqlStore`, at the settings that bangfu opens its databases with.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self
from uuid import UUID

from bangfu.definitions import StoredDefinitions
from bangfu.library import Library
from bangfu.timesource import ManualTime
from engine.cases import Act, Case, Document, OpenCase, PostNotice
from engine.loading import Definition, Source, load
from engine.office import Office
from engine.people import Holding
from storage.database import Database
from storage.intake import Intake, NewHousehold, NewMember, Version
from storage.store import SqlStore

DEFINITION = Path(__file__).with_name("case.yaml")
COUNTY = "430822"
WORKFLOW = "bench_case"
VILLAGE = "430822100001"
TOWNSHIP = "430822100000"
#: A Monday morning. Every walk begins here, so that all fall on the same days of the same calendar.
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
#: How long the publicity hangs, and a little: its timer is due then.
PUBLICITY = timedelta(days=8)
#: Synthetic officers: key → post and division. Each answers one question, so that duties are separate.
OFFICERS = {
    "cadre": ("village.cadre", VILLAGE),
    "liaison": ("village.liaison", VILLAGE),
    "committee": ("village.committee", VILLAGE),
    "secretary": ("township.secretary", TOWNSHIP),
    "bureau": ("county.bureau", COUNTY + "000000"),
}
PHOTO = Document(sha256(b"photo").hexdigest(), "photo.jpg", 120_000)


@dataclass(frozen=True, slots=True)
class Step:
    """
    One event of the walk.

    Attributes:
        person: Who acts.
        does: How: he opens the case, takes the action *name*, posts the notice; or nobody does, and a timer ends it.
    """

    name: str
    person: str
    does: Literal["open", "act", "post", "timer"] = "act"


#: A case from application to listed.
WALK = (
    Step("applied", "cadre", "open"),
    Step("submit", "cadre"),
    Step("confirm", "liaison"),
    Step("pass", "committee"),
    Step("posted", "committee", "post"),
    Step("ended", "", "timer"),
    Step("pass", "secretary"),
    Step("list", "bureau"),
)
#: Acts that end one stage and begin the next: what "one decision" is measured on.
ORDINARY = (1, 2, 3)
FACTS: Mapping[str, Mapping[str, Any]] = {
    "applied": {"consents": True},
    "confirm": {"members_seen": 3, "income": 1_250_000},
}


def time_of(step: int) -> datetime:
    """When step *step* of every walk is taken: one follows the other, but for the publicity."""
    hung = any(each.does == "timer" for each in WALK[: step + 1])
    return START + timedelta(minutes=step) + (PUBLICITY if hung else timedelta(0))


class Bangfu:
    """
    A county on a database of its own, with its office.

    Args:
        database: New, or a copy of such a county's.
        households: How many (synthetic) households it has at first.
    """

    def __init__(self, database: Database, households: int = 0) -> None:
        self.database = database
        self.intake = Intake(database)
        library = Library()
        definition = load([Source(DEFINITION.name, DEFINITION.read_text(encoding="utf-8"))])
        calendar = library.calendar()
        self._deploy(definition)
        self.households: list[UUID] = []
        self.add_households(households)
        self.store = SqlStore(database)
        definitions = StoredDefinitions(self.intake, START.date)
        self.office = Office(self.store, definitions, lambda county: calendar, ManualTime(START), os.urandom)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.database.close()

    def _deploy(self, definition: Definition) -> None:
        version = Version(
            definition.hash, definition.workflow.workflow, definition.workflow.pack, definition.canonical,
            definition.origins_text(), date(2026, 1, 1), START,
        )  # fmt: skip
        self.intake.add_version(version)
        for key in OFFICERS:
            self.intake.put_person(key, f"测试{key}")
        self.intake.put_posts(
            (key, Holding(post, division, date(2025, 1, 1))) for key, (post, division) in OFFICERS.items()
        )

    def add_households(self, number: int) -> list[UUID]:
        """So many synthetic households of one person each."""
        new = [
            NewHousehold(VILLAGE, f"测试户{no}", [NewMember(f"测试{no}", "户主", facts={"age": 40})], source="bench")
            for no in range(number)
        ]
        ids = self.intake.add_households(COUNTY, new, START) if new else []
        self.households += ids
        return ids

    def take(self, step: int, cases: Sequence[UUID], subjects: Sequence[UUID]) -> Sequence[UUID]:
        """
        Take step *step* of the walk, at its time, with every one of *cases*; the first makes them, of *subjects*.

        Returns:
            The cases.
        """
        self.office.time_source = ManualTime(time_of(step))
        taken = WALK[step]
        if taken.does == "open":
            return [self.open(subject).id for subject in subjects]
        if taken.does == "timer":
            swept = self.office.sweep()
            if swept.fired != len(cases) or swept.failed:
                raise RuntimeError(f"{swept.fired} of {len(cases)} timers fired: {swept.failed[:1]}")
            return cases
        for case in cases:
            if taken.does == "post":
                self.post(case, taken.person)
            else:
                self.act(case, taken.person, taken.name)
        return cases

    def open(self, subject: UUID) -> Case:
        office = self.office
        command = OpenCase(
            id=office.new_id(), person=WALK[0].person, channel=WALK[0].name, subject=subject.hex, division=VILLAGE,
            facts=FACTS["applied"], members=("1",),
        )  # fmt: skip
        return office.open(COUNTY, WORKFLOW, command).case

    def act(self, case: UUID, person: str, action: str) -> Case:
        command = Act(id=self.office.new_id(), person=person, action=action, facts=FACTS.get(action, {}))
        return self.office.ask(COUNTY, case, command).case

    def post(self, case: UUID, person: str) -> Case:
        office = self.office
        command = PostNotice(
            id=office.new_id(), person=person, place="square", at=office.time_source.now(), proof=PHOTO
        )
        return office.ask(COUNTY, case, command).case


def walk(bangfu: Bangfu, subjects: Sequence[UUID], steps: int = len(WALK)) -> Sequence[UUID]:
    """Take the first *steps* of the walk with a new case of each of *subjects*."""
    cases: Sequence[UUID] = ()
    for step in range(steps):
        cases = bangfu.take(step, cases, subjects)
    return cases
