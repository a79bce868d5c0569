"""
A county at work, whatever happens: commands of all kinds, right and wrong, in and out of time; processes that die,
connections that break, clocks that are put back, calendars and posts that change.

After every step an onlooker (oracle.py) must find each new event possible, and `storage.checks.check` nothing wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.calendar import Calendar, CalendarOverlay
from engine.cases import (
    SYSTEM,
    Act,
    AddSigner,
    Assign,
    Attach,
    Case,
    Claim,
    Command,
    Comment,
    Confirm,
    Copy,
    Decline,
    Delegate,
    Enlist,
    ExtendClock,
    OpenCase,
    PostNotice,
    Propose,
    ProveNotice,
    Release,
    RemoveSigner,
    ResumeClock,
    Retract,
    Sign,
    StopClock,
    TakeDownNotice,
    Transfer,
    Urge,
    Withdraw,
    command_digest,
)
from engine.errors import (
    ActionNotAllowedError,
    BangfuError,
    CaseNotFoundError,
    CommandReusedError,
    GuardRefusedError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
    StorageError,
)
from engine.office import ListRefusedError
from engine.people import Deputy, Holding
from storage.checks import check
from tests.property.county import (
    CANARIES,
    COUNTY,
    FORMER,
    POSTS,
    SINCE,
    VILLAGE,
    County,
    CrashError,
    Fault,
)
from tests.property.guide import NOTE, WORKFLOWS, Guide, Proposal, opening
from tests.property.oracle import Days, Followed, legal_day
from tests.property.sites import Site

#: Refusals that an officer may meet. Anything else that comes out of the office is a bug.
REFUSALS = (
    ActionNotAllowedError, CaseNotFoundError, CommandReusedError, GuardRefusedError, InputError, PermissionDeniedError,
    StaleCaseError, ListRefusedError,
)  # fmt: skip
MOST_CASES = 4
SHIPPED_DAYS = Days.shipped()
BESIDE: tuple[type[Command], ...] = (Claim, Release, Comment, Attach, StopClock, ResumeClock, ExtendClock)
SECOND: tuple[type[Command], ...] = (AddSigner, Sign, RemoveSigner, Withdraw, Propose, Confirm, Decline, Retract)
HANDING: tuple[type[Command], ...] = (Assign, Transfer, Delegate, Urge, Copy, Release)
#: Who stands for others at times: one of the village, one of the township, one of the county.
DEPUTIES = ("head", "mayor", "police")
index = st.integers(0, 40)
#: What a household's case may be about.
opened = st.sampled_from(["board", "identification", "yard"])
#: Which proposal is taken: mostly one that brings the case on.
chosen = st.one_of(st.integers(0, 3), st.integers(0, 3), index)


@dataclass
class Report:
    """What really happened over all examples: a walk that is refused everything proves nothing."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str) -> None:
        self.counts[what] += 1

    def __str__(self) -> str:
        return "  ".join(f"{what} {number}" for what, number in sorted(self.counts.items()))


class Walk(RuleBasedStateMachine):
    """One example: some cases of one county, from a Monday morning in January 2026 on."""

    site: ClassVar[Site]
    report: ClassVar[Report]
    years: ClassVar[Sequence[Any]]
    base_calendar: ClassVar[Calendar]
    check_every: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__()
        self.county = County(self.site.fresh(), self.site.homes, [self.base_calendar])
        self.time = self.county.time
        self.days = [SHIPPED_DAYS]
        self.overlays: list[CalendarOverlay] = []
        self.steps = self.opened = 0
        self.cases: list[UUID] = []
        self.followed: dict[UUID, Followed] = {}
        self.done: list[tuple[UUID, Command]] = []
        self.revoked: list[tuple[str, str, str]] = []

    def teardown(self) -> None:
        try:
            self.require_nothing_wrong()
        finally:
            self.county.close()
            self.site.clear(self.county.url)

    # --- what every step needs ---

    def case(self, number: int) -> Case:
        return self.county.case(self.cases[number % len(self.cases)])

    def fitting(self, number: int, fits: Callable[[Case], Any]) -> Case | None:
        """One of the cases that fit, if there are any."""
        cases = [case for case in map(self.case, range(len(self.cases))) if fits(case)]
        return cases[number % len(cases)] if cases else None

    def guide(self, case: Case) -> Guide:
        return Guide(self.county, case)

    def ask(self, case: UUID, command: Command) -> bool:
        """Whether the office carried it out; a refusal must have changed nothing."""
        before = self.size()
        try:
            self.county.ask(case, command)
        except REFUSALS as error:
            self.refused(error, before)
            return False
        self.accepted(case, command)
        return True

    def refused(self, error: Exception, before: tuple[int, ...]) -> None:
        assert self.size() == before, f"I6: refused ({error}), and yet something was written"
        self.report.add(f"refused:{type(error).__name__}")

    def accepted(self, case: UUID, command: Command) -> None:
        self.done.append((case, command))
        self.report.add(type(command).__name__)

    def propose(self, case: Case, choice: int) -> Proposal | None:
        found = self.guide(case).proposals()
        return found[choice % len(found)] if found else None

    def size(self) -> tuple[int, ...]:
        """How many rows there are, and how many of them are open: every write changes one of these."""
        with self.county.database.connection() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM case_event), (SELECT sum(seq) FROM cases), (SELECT count(*) FROM timer),"
                " (SELECT count(*) FROM timer WHERE status = 'pending'), (SELECT count(*) FROM work_item),"
                " (SELECT count(*) FROM outbox), (SELECT count(*) FROM clock), (SELECT count(*) FROM notice)"
            ).fetchone()
        return tuple(int(value or 0) for value in row)

    # --- the beginning ---

    @initialize(
        workflow=st.sampled_from(["board", "identification", "yard"]), stage=st.integers(0, 9), steps=st.integers(0, 4)
    )
    def begin(self, workflow: str, stage: int, steps: int) -> None:
        """A case is on its way when the walk begins: in the given stage, or some steps further."""
        self.open_case(workflow, 0, 0)
        stages = list(WORKFLOWS[workflow]["stages"])
        wanted = stages[stage % len(stages)]
        for _ in range(40):
            if self.case(0).stage == wanted:
                break
            self.one_step_on(self.cases[0])
        for _ in range(steps):
            self.one_step_on(self.cases[0])

    def one_step_on(self, case_id: UUID) -> None:
        """The first thing that brings the case on and is not refused; if there is none, its next timer is awaited."""
        if self.command_on(case_id) or self.county.case(case_id).status != "open":
            return
        waiting = self.county.store.due_timers(self.time.now() + timedelta(days=40), 1)
        if waiting:
            self.time.move(max(timedelta(0), waiting[0].due_at - self.time.now()))
            self.sweep()

    def command_on(self, case_id: UUID) -> bool:
        """Whether something was carried out, on the case or on one that it waits for."""
        case = self.county.case(case_id)
        asked = (self.ask(case_id, command) for command in self.guide(case).forward())
        return any(asked) or any(self.command_on(UUID(link)) for link in case.section("links"))

    # --- commands ---

    @rule(workflow=opened, home=st.integers(0, 3), who=st.integers(0, 3))
    def open_case(self, workflow: str, home: int, who: int) -> None:
        if self.opened >= MOST_CASES:
            return
        command = opening(self.county, workflow, home, who)
        case_id = self.county.new_id()
        before = self.size()
        try:
            self.county.office.open(COUNTY, workflow, command, case_id)
        except REFUSALS as error:
            self.refused(error, before)
            return
        self.cases.append(case_id)
        self.opened += 1
        self.accepted(case_id, command)

    @rule(number=index, choice=chosen)
    def go_on(self, number: int, choice: int) -> None:
        case = self.case(number)
        proposal = self.propose(case, choice)
        if proposal is not None:
            self.ask(case.id, proposal.command)

    @rule(number=index, steps=st.integers(1, 8))
    def go_on_far(self, number: int, steps: int) -> None:
        for _ in range(steps):
            self.one_step_on(self.cases[number % len(self.cases)])

    @rule(number=index, choice=index)
    def do_things_beside(self, number: int, choice: int) -> None:
        """What changes neither stage nor result: one of each kind, wherever it can be tried."""
        for kind in BESIDE:
            self.try_one(kind, number, choice, lambda case: self.guide(case).side_steps())

    @rule(number=index, kind=st.sampled_from([PostNotice, ProveNotice, TakeDownNotice]), choice=index)
    def do_something_about_a_notice(self, number: int, kind: type[Command], choice: int) -> None:
        self.try_one(kind, number, choice, lambda case: [each.command for each in self.guide(case).proposals()])

    @rule(number=index, kind=st.sampled_from(HANDING), choice=index)
    def hand_work_on(self, number: int, kind: type[Command], choice: int) -> None:
        """Who has the work changes; whoever was given some may answer it next."""
        case = self.fitting(number, lambda case: case.status == "open")
        if case is not None:
            found = [each for each in self.guide(case).handing() if isinstance(each, kind)]
            turned = [*found[choice % max(1, len(found)) :], *found]
            any(self.ask(case.id, command) for command in turned[:4])
        case = self.fitting(number, lambda case: any("by" in item for item in case.section("items").values()))
        if case is not None:
            takers = [(item["q"], item["by"]) for item in case.section("items").values() if "by" in item]
            ask, person = takers[choice % len(takers)]
            found = [each.command for each in self.guide(case).proposals()]
            acts = [each for each in found if isinstance(each, Act) and (each.on or case.stage) == ask]
            if acts:
                self.ask(case.id, replace(acts[choice % len(acts)], person=person))

    @rule(choice=index)
    def somebody_gets_a_deputy(self, choice: int) -> None:
        """For a week; he then tries what the other could do."""
        principals = [person for person in POSTS if POSTS[person][0][1] == VILLAGE or person == "clerk"]
        principal, deputy = principals[choice % len(principals)], DEPUTIES[choice % len(DEPUTIES)]
        today = legal_day(self.time.now())
        held = Holding(*POSTS[principal][0], today, today + timedelta(days=7))
        self.county.intake.put_deputy(Deputy(deputy, principal, held))
        self.report.add("deputy")
        case = self.fitting(choice, lambda case: case.status == "open")
        if case is not None:
            for proposal in self.guide(case).proposals():
                if proposal.command.person == principal:
                    self.ask(case.id, replace(proposal.command, person=deputy))
                    return

    @rule(number=index, kind=st.sampled_from(SECOND), choice=index)
    def think_again(self, number: int, kind: type[Command], choice: int) -> None:
        """Signers are asked, heard and taken off, acts taken back, and two persons correct and reopen."""
        self.try_one(kind, number, choice, lambda case: self.guide(case).second_thoughts())

    @rule(number=index, choice=index)
    def ask_for_a_signer(self, number: int, choice: int) -> None:
        """Whoever may adds one; others are refused."""
        case = self.fitting(number, lambda case: case.status == "open")
        if case is not None:
            found = [each for each in self.guide(case).second_thoughts() if isinstance(each, AddSigner)]
            turned = [*found[choice % max(1, len(found)) :], *found]
            any(self.ask(case.id, command) for command in turned[:12])

    @rule(number=index, choice=chosen)
    def take_the_last_act_back(self, number: int, choice: int) -> None:
        """Whoever has just acted takes it back, at once or after somebody else did something."""
        case = self.case(number)
        acts = [event for event in self.county.store.events(COUNTY, case.id) if event.kind in ("acted", "signed")]
        if acts:
            self.ask(case.id, Withdraw(id=self.county.new_id(), person=acts[-1 - choice % min(2, len(acts))].actor))

    @rule(number=index, choice=index, what=st.sampled_from(["correct", "reopen"]))
    def two_persons_agree(self, number: int, choice: int, what: Any) -> None:
        """One proposes and others try to confirm until it is done."""
        case = self.fitting(number, lambda case: what == "correct" or case.status != "open")
        if case is None:
            return
        found = [each for each in self.guide(case).second_thoughts() if isinstance(each, Propose) and each.what == what]
        if found and self.ask(case.id, found[choice % len(found)]):
            for person in POSTS:
                if self.ask(case.id, Confirm(id=self.county.new_id(), person=person, what=what)):
                    return

    def try_one(
        self, kind: type[Command], number: int, choice: int, proposed: Callable[[Case], Sequence[Command]]
    ) -> None:
        """A command of that *kind*, on a case where somebody would think of it, if there is one."""

        def possible(case: Case) -> list[Command]:
            return [each for each in proposed(case) if isinstance(each, kind)]

        case = self.fitting(number, possible)
        if case is not None:
            found = possible(case)
            self.ask(case.id, found[choice % len(found)])

    @rule(number=index, choice=st.integers(0, 3))
    def object_to_a_notice(self, number: int, choice: int) -> None:
        case = self.fitting(number, lambda case: case.section("notices") and case.status == "open")
        if case is None:
            return
        guide = self.guide(case)
        command = guide.objections()[choice]
        end = guide.legal_end(command.on) if command.on else None
        accepted = self.ask(case.id, command)
        late = end is not None and command.received_at >= end
        assert not (accepted and late), f"an objection of {command.received_at} was taken after {end}"

    @rule(choice=index)
    def decide_a_list(self, choice: int) -> None:
        """Cases of one workflow in one stage are put on a list, and decided together or not at all."""
        cases = [self.county.case(each) for each in self.cases]
        listed = [c for c in cases if c.status == "open" and "list" in WORKFLOWS[c.workflow]["stages"][c.stage]]
        if not listed:
            return
        first = listed[choice % len(listed)]
        together = [c for c in listed if (c.workflow, c.stage) == (first.workflow, first.stage)]
        list_id = self.county.new_id()
        per = WORKFLOWS[first.workflow]["stages"][first.stage]["list"]
        person = {"village": "committee", "township": "secretary", "county": "bureau"}[per]
        enlist = {c.id: Enlist(id=self.county.new_id(), person=person, list=list_id) for c in together}
        if not self.decide_together(enlist):
            return
        acts: dict[UUID, Command] = {}
        for case in [self.county.case(each.id) for each in together]:
            forward = [p.command for p in self.guide(case).proposals() if p.forward and isinstance(p.command, Act)]
            on_stage = [command for command in forward if isinstance(command, Act) and not command.on]
            if on_stage:
                acts[case.id] = on_stage[choice % len(on_stage)]
        if acts:
            self.decide_together(acts)

    def decide_together(self, acts: Mapping[UUID, Any]) -> bool:
        before = self.size()
        try:
            self.county.office.decide_list(COUNTY, acts)
        except REFUSALS as error:
            self.refused(error, before)
            return False
        for case, act in acts.items():
            self.accepted(case, act)
            self.report.add(f"list:{type(act).__name__}")
        return True

    @rule(number=index, person=st.sampled_from([*POSTS, FORMER[0]]))
    def look(self, number: int, person: str) -> None:
        """Reading never fails for those who may see a case, and tells the others that there is none (I19)."""
        case = self.case(number)
        try:
            self.county.office.offered(COUNTY, case.id, person)
        except CaseNotFoundError:
            assert person in ("stranger", FORMER[0]) or self.revoked or case.division != VILLAGE

    # --- commands that must be refused ---

    @rule(number=index, choice=index, wrong=st.sampled_from(["nobody", "stranger", FORMER[0], "market", SYSTEM]))
    def ask_as_somebody_else(self, number: int, choice: int, wrong: str) -> None:
        case = self.case(number)
        proposal = self.propose(case, choice)
        own = wrong == "stranger" and case.division != VILLAGE
        if proposal is None or own or proposal.command.person == wrong or isinstance(proposal.command, (Comment, Copy)):
            return
        signs = any(item.get("g") and item.get("by") == wrong for item in case.section("items").values())
        if isinstance(proposal.command, Sign) and signs:
            return  # He was asked for his signature as well.
        command = replace(proposal.command, person=wrong)
        told = {"stranger": CaseNotFoundError, FORMER[0]: CaseNotFoundError}.get(wrong, BangfuError)
        with pytest.raises((PermissionDeniedError, CaseNotFoundError, ActionNotAllowedError, InputError)) as refusal:
            self.county.ask(case.id, command)
        assert isinstance(refusal.value, told), f"I19: {wrong} was told: {refusal.value}"
        self.report.add(f"wrong person:{type(refusal.value).__name__}")

    @rule(number=index, choice=index, behind=st.integers(1, 3))
    def ask_from_an_old_screen(self, number: int, choice: int, behind: int) -> None:
        """A command from a screen older than the case's last move is stale (F08)."""
        case = self.case(number)
        proposal = self.propose(case, choice)
        if proposal is None:
            return
        events = list(self.county.store.events(COUNTY, case.id))
        moved = max(e.seq for e in events if ("case", "stage") in {(s, k) for s, k, _ in e.changes} or e.seq == 1)
        seen = max(0, case.seq - behind)
        command = replace(proposal.command, seen=seen)
        accepted = self.ask(case.id, command)
        if isinstance(command, Act) and not command.on:
            assert not (accepted and seen < moved), f"F08: seen {seen}, moved by {moved}"

    @rule(choice=index, change=st.booleans())
    def ask_again(self, choice: int, change: bool) -> None:
        """The same id gives the first answer; with another content it is refused (I5)."""
        if not self.done:
            return
        case, command = self.done[-1 - choice % len(self.done)]
        before = self.county.everything()
        if change:
            command = replace(command, note=f"{NOTE}，改")
        try:
            if isinstance(command, OpenCase):
                workflow = self.county.case(case).workflow
                receipt = self.county.office.open(COUNTY, workflow, command, case)
            else:
                receipt = self.county.ask(case, command)
        except CommandReusedError:
            assert change
        else:
            assert not change, f"I5: {command} was carried out under an id that was used before"
            assert receipt.repeated
            assert receipt.event.command == command.id
            assert receipt.event.asked == command_digest(command)
        assert self.county.everything() == before
        self.report.add("asked again")

    # --- time ---

    @rule(hours=st.sampled_from([1, 5, 16, 24, 24 * 3, 24 * 8, 24 * 30]), swept=st.booleans())
    def time_goes_by(self, hours: int, swept: bool) -> None:
        self.time.move(timedelta(hours=hours))
        if swept:
            self.sweep()

    @rule(minutes=st.integers(1, 300))
    def the_clock_is_put_back(self, minutes: int) -> None:
        self.time.move(-timedelta(minutes=minutes))
        self.report.add("clock put back")

    @rule(offset=st.sampled_from([timedelta(milliseconds=-1), timedelta(0), timedelta(seconds=1)]))
    def come_to_the_next_timer(self, offset: timedelta) -> None:
        waiting = self.county.store.due_timers(self.time.now() + timedelta(days=60), 1)
        if waiting:
            self.time.move(max(timedelta(0), waiting[0].due_at + offset - self.time.now()))
            self.sweep()

    @rule()
    def sweep(self) -> None:
        now = self.time.now()
        swept = self.county.office.sweep()
        assert not swept.failed, f"a timer that cannot be carried out: {swept.failed}"
        assert swept.oldest_due is None, f"I11: {swept.oldest_due} is still due at {now}"
        self.report.counts["fired"] += swept.fired

    # --- the world changes ---

    @rule(ahead=st.integers(0, 12), length=st.integers(1, 4), off=st.booleans())
    def the_calendar_is_amended(self, ahead: int, length: int, off: bool) -> None:
        """A notice makes days off or worked; every case is counted again, and no wait becomes shorter (F20)."""
        first = legal_day(self.time.now()) + timedelta(days=ahead)
        span = [first + timedelta(days=more) for more in range(length)]
        worked = [] if off else [day for day in span if not self.days[-1].is_working(day)]
        overlay = CalendarOverlay(
            source=f"样例〔2026〕{len(self.overlays) + 1}号", title="样例",
            off=({"title": "样例", "days": f"{span[0]}..{span[-1]}"},) if off else (), work=tuple(worked),
        )  # fmt: skip
        self.overlays.append(overlay)
        self.days.append(self.days[-1].changed(span if off else (), worked))
        self.county.calendars.append(Calendar.of(self.years, self.overlays))
        for case_id in list(self.followed):
            before = self.county.case(case_id)
            if self.county.office.settle(COUNTY, case_id) is not None:
                self.report.add("settled")
                self.require_not_shorter(before, self.county.case(case_id))

    def require_not_shorter(self, before: Case, after: Case) -> None:
        for name, clock in after.section("clocks").items():
            if clock.get("k") == "wait" or clock.get("protects") == "citizen":
                assert clock["due"] >= before.section("clocks")[name]["due"], f"F20: {name} became shorter"

    @rule(choice=index)
    def a_post_ends(self, choice: int) -> None:
        if len(self.revoked) > 2:
            return
        person = list(POSTS)[choice % len(POSTS)]
        self.end_post(person, *POSTS[person][0])

    def end_post(self, person: str, post: str, division: str) -> None:
        yesterday = legal_day(self.time.now()) - timedelta(days=1)
        self.county.intake.put_posts([(person, Holding(post, division, SINCE, yesterday))])
        self.revoked.append((person, post, division))
        self.report.add("post ended")

    @precondition(lambda self: self.revoked)
    @rule()
    def all_are_appointed_again(self) -> None:
        self.county.intake.put_posts([(who, Holding(post, place, SINCE)) for who, post, place in self.revoked])
        self.revoked.clear()

    @rule(number=index, choice=index)
    def a_post_ends_between_decision_and_commit(self, number: int, choice: int) -> None:
        """Who has lost his post by the time of the commit decides nothing (I17)."""
        case = self.case(number)
        proposal = self.propose(case, choice)
        if proposal is None:
            return
        person = proposal.command.person
        if person in DEPUTIES:  # He may still act for another.
            return

        def revoke() -> None:
            for post, division in POSTS[person]:
                self.end_post(person, post, division)

        self.county.store.meddle = revoke
        try:
            self.county.ask(case.id, proposal.command)
        except REFUSALS:
            pass
        else:
            raise AssertionError(f"I17: {person} had no post any more when {proposal.command} was stored")
        if self.county.store.meddle is None:
            self.report.add("revoked before commit")
        self.county.store.meddle = None
        self.all_are_appointed_again()

    @rule(number=index, choice=chosen, other=chosen)
    def somebody_is_faster(self, number: int, choice: int, other: int) -> None:
        """Another process changes the case between decision and commit (I4)."""
        case = self.case(number)
        mine, his = self.propose(case, choice), self.propose(case, other)
        if mine is None or his is None:
            return
        rival = self.county.rival()
        won: list[Command] = []

        def overtake() -> None:
            try:
                rival.ask(case.id, his.command)
            except REFUSALS:
                return
            won.append(his.command)

        self.county.store.meddle = overtake
        try:
            self._race(case.id, mine.command)
        finally:
            self.county.store.meddle = None
            rival.close()
        for command in won:
            self.accepted(case.id, command)
            self.report.add("overtaken")

    def _race(self, case: UUID, command: Command) -> None:
        try:
            self.county.ask(case, command)
        except REFUSALS as error:
            self.report.add(f"race lost:{type(error).__name__}")
        else:
            self.accepted(case, command)

    # --- failures ---

    @rule()
    def the_process_is_started_again(self) -> None:
        self.county.restart()

    @rule(number=index, choice=st.integers(0, 3), statement=st.integers(0, 14), after=st.booleans())
    def the_process_dies(self, number: int, choice: int, statement: int, after: bool) -> None:
        case = self.case(number)
        proposal = self.propose(case, choice)
        if proposal is not None:
            self.die_while(case.id, proposal.command, Fault(statement, after))

    def die_while(self, case: UUID, command: Command, fault: Fault) -> None:
        """All of a command or nothing is there afterwards; asked again, it is carried out once (I1, I2, I5, I6)."""
        before = self.county.everything()
        self.county.database.fault = fault
        try:
            self.county.ask(case, command)
        except CrashError:
            self.report.add("died")
        except REFUSALS:
            self.county.database.fault = None
            assert self.county.everything() == before
            return
        else:
            self.accepted(case, command)
        self.county.restart()
        after = self.county.everything()
        event = self.county.store.event_of(COUNTY, command.id)
        if event is None:
            assert after == before, "I6: something of an interrupted command is there"
            self.ask(case, command)
        else:
            receipt = self.county.ask(case, command)
            assert receipt.repeated
            assert self.county.everything() == after

    @rule(statement=st.integers(0, 14), after=st.booleans())
    def the_process_dies_in_the_sweep(self, statement: int, after: bool) -> None:
        self.county.database.fault = Fault(statement, after)
        try:
            self.county.office.sweep()
        except CrashError:
            self.report.add("died sweeping")
        self.county.restart()
        self.sweep()

    @rule(number=index, choice=st.integers(0, 3), statement=st.integers(0, 14), after=st.booleans())
    def the_connection_breaks(self, number: int, choice: int, statement: int, after: bool) -> None:
        """A lost connection is a failure that can be asked again; a lost answer is found by its id (R12)."""
        case = self.case(number)
        proposal = self.propose(case, choice)
        if proposal is None:
            return
        before = self.county.everything()
        fault = self.county.database.fault = Fault(statement, after, lost=True)
        refused, failed = False, False
        try:
            self.county.ask(case.id, proposal.command)
        except REFUSALS:
            refused = True
        except StorageError:
            failed = True
        self.county.database.fault = None
        if fault.hit:
            self.report.add("connection lost")
        if refused or self.county.store.event_of(COUNTY, proposal.command.id) is None:
            assert self.county.everything() == before, "I6: something of a command that failed is there"
        if failed:
            self.ask(case.id, proposal.command)
        elif not refused:
            self.accepted(case.id, proposal.command)

    # --- what always holds ---

    @invariant()
    def every_event_is_possible(self) -> None:
        with self.county.database.connection() as connection:
            rows = connection.execute("SELECT id, workflow, seq FROM cases ORDER BY id").fetchall()
        for stored, workflow, seq in rows:
            case_id = stored if isinstance(stored, UUID) else UUID(bytes=bytes(stored))
            known = self.followed.setdefault(case_id, Followed(WORKFLOWS[workflow]))
            if case_id not in self.cases:  # Another case opened it.
                self.cases.append(case_id)
            if known.seq == seq:
                continue
            for event in list(self.county.store.events(COUNTY, case_id))[known.seq :]:
                known.observe(event, self.time.latest, self.days)
                if known.granted:
                    self.report.add("granted")
                if known.ended:
                    self.report.add(f"end:{known.workflow['workflow']}.{known.stage}")

    @invariant()
    def nothing_is_wrong_in_the_database(self) -> None:
        """Asked at the end, and every few steps: of the log as a whole it does not matter when."""
        self.steps += 1
        if self.steps % self.check_every == 0:
            self.require_nothing_wrong()

    def require_nothing_wrong(self) -> None:
        # What was due is: a clock that is put back makes nothing undue again.
        found = check(self.county.database, self.time.latest, calendars=self.county.calendars, never=CANARIES)
        # Whose post has ended leaves his work to nobody, and that is what the check says.
        violations = [each for each in found if not (self.revoked and each.invariant == "I7")]
        assert not violations, "\n".join(map(str, violations))
