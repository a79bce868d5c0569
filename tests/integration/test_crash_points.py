"""
T01: whoever dies at any statement of a command, just before it or just after, leaves all of it or nothing (I1, I6).

Cases are brought through whole procedures. Each command is begun anew after every death, in a new process, dies one
statement later, and so on until nothing stops it: then it is there once, and asked again it gives the first answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from engine.cases import (
    Act,
    AddSigner,
    Assign,
    Command,
    Confirm,
    Copy,
    Decline,
    Delegate,
    Enlist,
    Propose,
    Release,
    RemoveSigner,
    Retract,
    Sign,
    Transfer,
    Urge,
    Withdraw,
)
from engine.errors import BangfuError
from engine.households import AddMember, HouseholdCommand, RemoveMembers, SplitOff
from storage.checks import check
from tests.property.county import CANARIES, COUNTY, County, CrashError, Fault
from tests.property.guide import NOTE, PAPER, Guide, bring_to, open_case, opening
from tests.property.oracle import legal_day

Result = TypeVar("Result")


@dataclass
class Mortal:
    """Whatever is asked of the county dies at each of its statements in turn before it is carried out."""

    county: County
    deaths: int = 0
    done: Counter[str] = field(default_factory=Counter)

    def carry_out(self, what: str, step: Callable[[County], Result], commits: int | None = 1) -> Result:
        """Have *step* die until it comes through; *commits*: how often what is stored may have changed meanwhile."""
        county = self.county
        before = county.everything()
        place = changes = 0
        while True:
            fault = county.database.fault = Fault(place // 2, after=bool(place % 2))
            try:
                result = step(county)
            except CrashError:
                self.deaths += 1
                county.restart()
            else:
                assert not fault.hit, "it went on after its death"
                county.database.fault = None
            after = county.everything()
            if after != before:
                self.require_nothing_wrong()
                before, place, changes = after, 0, changes + 1
            elif not fault.hit:
                break
            else:
                place += 1
        assert commits is None or changes == commits, f"{what} was stored in {changes} parts"
        self.done[what] += 1
        return result

    def require_nothing_wrong(self) -> None:
        county = self.county
        assert check(county.database, county.time.now(), calendars=county.calendars, never=CANARIES) == []

    # --- what is asked ---

    def open(self, workflow: str, home: int = 0) -> UUID:
        command, case = opening(self.county, workflow, home), self.county.new_id()
        opened = self.carry_out("OpenCase", lambda county: county.office.open(COUNTY, workflow, command, case))
        assert opened.repeated
        assert opened.event.seq == 1
        return case

    def ask(self, case: UUID, command: Command) -> None:
        seq = self.county.case(case).seq
        receipt = self.carry_out(_kind(command), lambda county: county.ask(case, command))
        assert receipt.repeated
        events = list(self.county.store.events(COUNTY, case))
        mine = [event for event in events if event.command == command.id]
        assert [event.seq for event in mine] == [seq + 1]
        assert receipt.event.hash == mine[0].hash

    def ask_one(self, case: UUID, commands: Iterable[Command]) -> bool:
        """The first of them that is not refused, if there is one."""
        for command in commands:
            if self.would_be_stored(case, command):
                self.ask(case, command)
                return True
        return False

    def would_be_stored(self, case: UUID, command: Command) -> bool:
        self.county.store.meddle = _come_to_commit
        try:
            self.county.ask(case, command)
        except _CommitError:
            return True
        except BangfuError:
            self.county.store.meddle = None
        return False

    def together(self, what: str, acts: Mapping[UUID, Command]) -> None:
        receipts = self.carry_out(what, lambda county: county.office.decide_list(COUNTY, acts))
        assert all(receipt.repeated for receipt in receipts)

    def change(self, command: HouseholdCommand) -> None:
        self.carry_out(type(command).__name__, lambda county: county.office.update_household(COUNTY, command))

    def sweep(self) -> None:
        swept = self.carry_out("sweep", lambda county: county.office.sweep(), commits=None)
        assert not swept.failed

    # --- whole lives ---

    def live(self, case: UUID) -> None:
        """Bring the case to its end, with all that can be done beside; each thing dies in each stage once at most."""
        for _ in range(60):
            now = self.county.case(case)
            if now.status != "open":
                return
            self.beside(case)
            if not self.on(case):
                self.wait()
        raise AssertionError(f"it never ends, and stands in {now.stage}")

    def on(self, case: UUID) -> bool:
        now = self.county.case(case)
        guide = Guide(self.county, now)
        if now.section("notices") and not self.done["Object"] and self.ask_one(case, guide.objections()):
            return True
        if self.ask_one(case, guide.forward()):
            return True
        return any(self.on(UUID(link)) for link in now.section("links"))

    def beside(self, case: UUID) -> None:
        """What can be done beside, each kind once."""
        for command in Guide(self.county, self.county.case(case)).side_steps():
            if not self.done[_kind(command)]:
                self.ask_one(case, [command])

    def wait(self) -> None:
        (timer,) = self.county.store.due_timers(self.county.time.now() + timedelta(days=90), 1)
        self.county.time.move(max(timedelta(0), timer.due_at - self.county.time.now()))
        self.sweep()


class _CommitError(Exception):
    """It was decided, and would be stored now."""


def _come_to_commit() -> None:
    raise _CommitError


def _kind(command: Command) -> str:
    return type(command).__name__ + (":minutes" if isinstance(command, Act) and command.minutes else "")


@pytest.fixture
def mortal(county: County) -> Mortal:
    return Mortal(county)


#: What must have died in the life of a case: a life that does nothing proves nothing.
_LIVES = {
    "board": {"OpenCase", "Act", "Claim", "Release", "Comment", "Attach", "StopClock", "ResumeClock", "ExtendClock",
              "PostNotice", "Object", "sweep"},
    "yard": {"OpenCase", "Act", "Act:minutes", "PostNotice", "ProveNotice", "Object", "sweep"},
}  # fmt: skip


@pytest.mark.parametrize("workflow", _LIVES)
def test_T01_I1_whatever_happens_to_a_case_is_whole_wherever_the_process_dies(mortal: Mortal, workflow: str) -> None:
    case = mortal.open(workflow)
    mortal.live(case)
    assert not _LIVES[workflow] - set(mortal.done), mortal.done
    assert mortal.deaths > 10 * mortal.done.total(), "most of its statements were not reached"


def test_T01_I1_what_officers_do_to_one_anothers_work_is_whole_wherever_the_process_dies(mortal: Mortal) -> None:
    case = open_case(mortal.county, "board")

    def ask(kind: type[Command], person: str, **more: Any) -> None:
        mortal.ask(case, kind(id=mortal.county.new_id(), person=person, note=NOTE, **more))

    submit: dict[str, Any] = {"action": "submit", "facts": {"asked": 100}, "papers": {"letter": PAPER}}
    ask(Assign, "secretary", to="cadre")
    ask(Transfer, "cadre", to="cadre_two")
    ask(Delegate, "cadre_two", to="member")
    ask(Release, "member")
    ask(Urge, "clerk")
    ask(Copy, "clerk", to=("police",))
    ask(AddSigner, "cadre_two", signer="clerk", when="before")
    ask(RemoveSigner, "cadre_two", signer="clerk")
    ask(AddSigner, "cadre_two", signer="clerk", when="before")
    ask(Sign, "clerk", answer="disagree")
    ask(AddSigner, "cadre_two", signer="mayor", when="after")
    ask(Act, "cadre_two", **submit)
    ask(Withdraw, "cadre_two")
    ask(Act, "cadre_two", **submit)
    ask(Sign, "mayor", answer="agree")
    assert mortal.county.case(case).stage == "hear"
    for verb, person in ((Decline, "bureau"), (Retract, "clerk"), (Confirm, "bureau")):
        ask(Propose, "clerk", what="correct", facts={"asked": 200})
        ask(verb, person, what="correct")
    ask(Act, "cadre", action="withdraw")
    ask(Propose, "clerk", what="reopen")
    ask(Confirm, "bureau", what="reopen")
    assert mortal.county.case(case).status == "open"
    assert mortal.deaths > 10 * mortal.done.total()


def test_T01_I1_a_list_is_decided_whole_wherever_the_process_dies(mortal: Mortal) -> None:
    county = mortal.county
    cases = [open_case(county, "board"), open_case(county, "board", home=2)]
    for case in cases:
        bring_to(county, case, "decide")
    listed = county.new_id()
    mortal.together("Enlist", {case: Enlist(id=county.new_id(), person="bureau", list=listed) for case in cases})
    refused = {
        case: Act(id=county.new_id(), person="bureau", action="refuse", note=NOTE, list=listed) for case in cases
    }
    mortal.together("Act", refused)
    assert [county.case(case).get("outcome") for case in cases] == ["refused"] * 2
    assert mortal.deaths > 20


def test_T01_I1_a_household_and_its_cases_are_told_at_once_wherever_the_process_dies(mortal: Mortal) -> None:
    county, home = mortal.county, mortal.county.homes[0]
    case = open_case(county, "board")
    bring_to(county, case, "hear")
    more: dict[str, Any] = {"person": "cadre", "household": home, "on": legal_day(county.time.now()), "why": NOTE}
    mortal.change(AddMember(id=county.new_id(), how="born", name=f"{CANARIES[0]}丙", relation="子女", **more))
    mortal.change(AddMember(id=county.new_id(), how="moved_in", name=f"{CANARIES[0]}丁", relation="父母", **more))
    mortal.change(RemoveMembers(id=county.new_id(), how="died", members=("4",), **more))
    mortal.change(SplitOff(id=county.new_id(), members=("2",), new=county.new_id(), **more))
    assert [event.kind for event in county.store.events(COUNTY, case)].count("concerned") == 4
    assert mortal.deaths > 80


def test_M8_I28_nobody_is_told_of_what_was_not_stored(county: County) -> None:
    """Messages are rows of the same transaction; whatever sends them can see none before its commit."""
    case = open_case(county, "board")
    command = Guide(county, county.case(case)).forward()[0]
    told = "SELECT count(*) FROM outbox o WHERE {} EXISTS (SELECT 1 FROM case_event e WHERE e.county = o.county"
    told += " AND e.case_id = o.case_id AND e.seq = o.seq)"
    before = county.database.read(told.format(""))
    deaths = 0
    while county.store.event_of(COUNTY, command.id) is None:
        county.database.fault = Fault(deaths // 2, after=bool(deaths % 2))
        with suppress(CrashError):
            county.ask(case, command)
        deaths += 1
        county.restart()
        assert county.database.read(told.format("NOT")) == [(0,)]
    assert county.database.read(told.format("")) > before
    assert deaths > 5
