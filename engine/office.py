"""
The office: what bangfu is asked to do, a transaction each.

It reads what a decision needs, lets ``decide`` decide, and has all of it stored or nothing. No lock is held while
deciding: a commit compares what was read, and whoever was slower decides again on what is there now, or is told who
was faster. The same command id twice gives the first result (I5).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from heapq import heappop, heappush, nsmallest
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from engine.calendar import Calendar
from engine.cases import (
    SYSTEM,
    Case,
    ChildEnded,
    Command,
    Confirm,
    Decision,
    Event,
    FireTimer,
    OpenCase,
    Propose,
    RaiseConcern,
    Readdress,
    Select,
    SettleClocks,
    Withdraw,
    command_digest,
    instant,
)
from engine.deciding import decide
from engine.drafting import World, registered_as
from engine.errors import (
    N_,
    ActionNotAllowedError,
    BangfuError,
    BusyError,
    CaseError,
    CaseNotFoundError,
    CommandReusedError,
    ConflictError,
    InputError,
    PermissionDeniedError,
    StaleCaseError,
    StorageError,
    UnavailableError,
    UnknownOutcomeError,
    Words,
)
from engine.households import HouseholdCommand, HouseholdState, update
from engine.ids import derived_id, uuid7
from engine.people import Staff, sees
from engine.ports import Definitions, DueTimer, Loaded, Scope, Store, TimeSource
from engine.sharing import Sharing

if TYPE_CHECKING:
    from engine.compiling import Procedure
    from engine.offering import Offer
    from engine.workflow import Action

#: How often a command is decided anew when somebody else was faster.
TRIES = 4
#: How often a new case's serial is taken anew: every opener of a county wants the same one.
SERIAL_TRIES = 50
#: How many timers a sweep stores together: their cases wait for each other as long.
TOGETHER = 1_000
#: The database fails, whatever it is asked.
_OUT = (UnavailableError, UnknownOutcomeError)
#: Commands that only bangfu itself gives.
_INTERNAL = (FireTimer, ChildEnded, RaiseConcern, Readdress, Select)
#: Commands that are decided with the case's history at hand.
_LOOKING_BACK = (Withdraw, Propose, Confirm)


@contextmanager
def keeping_all() -> Iterator[None]:
    """
    Look for no garbage meanwhile: what a batch makes is kept until it is stored, and going through all of it again and
    again takes a fifth of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Log(Protocol):
    """Where the office says what it did: an event's name and keys, never personal data."""

    def __call__(self, event: str, **keys: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a command: the case after it and its event; ``repeated`` if it had been carried out before."""

    case: Case
    event: Event
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: timers fired, those that failed and why, and the oldest due instant left."""

    fired: int
    failed: tuple[tuple[DueTimer, str | Words], ...] = ()
    oldest_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One case of a list that its act cannot decide, and why."""

    case: UUID
    number: str
    error: BangfuError


class ListRefusedError(BangfuError):
    """Some cases of the list cannot be decided so; nothing was changed."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(
            N_("{count} cases of the list cannot be decided so; nothing was changed"),
            advice=N_("leave them out of this act, or mend what is missing"),
            count=len(refusals),
        )
        self.refusals = tuple(refusals)


class Office:
    """
    The use cases, over ports.

    Args:
        calendar: The calendar in force now, for a county (6 digits).
        chance: So many random bytes, for ids.
    """

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        calendar: Callable[[str], Calendar],
        time_source: TimeSource,
        chance: Callable[[int], bytes],
        log: Log = lambda event, **keys: None,
    ) -> None:
        self.store = store
        self.definitions = definitions
        self.calendar = calendar
        self.time_source = time_source
        self.chance = chance
        self._log = log
        self._staff: dict[str, Staff] = {}
        #: The staff and day for which open work was last looked through for posts that nobody holds.
        self._manned: tuple[int, date] | None = None

    # --- ids and people ---

    def new_id(self) -> UUID:
        return uuid7(self.time_source.now(), self.chance(10))

    def staff(self, county: str, revision: int | None = None) -> Staff:
        """The county's staff, read again only when its revision has moved."""
        known = self._staff.get(county)
        if known is None or known.revision != (self.store.staff_revision(county) if revision is None else revision):
            known = self._staff[county] = self.store.staff(county)
        return known

    def scope(self, county: str, person: str) -> Scope:
        """
        Who reads, for the register.

        Raises:
            PermissionDeniedError: There is no such active person in this county's staff.
        """
        return Scope.of(self.staff(county), county, person, self.calendar(county).local_date(self.time_source.now()))

    # --- commands ---

    def open(self, county: str, workflow: str, command: OpenCase, case_id: UUID | None = None) -> Receipt:
        """Open a case of *workflow* under the version in force; its number is the county's next."""
        self._require_person(county, command)
        if command.parent is not None or command.carried:
            raise PermissionDeniedError(None, N_("only bangfu itself does this"))
        return self._carry_out(county, case_id or self.new_id(), command, workflow)

    def ask(self, county: str, case_id: UUID, command: Command) -> Receipt:
        """
        Have *command* carried out on a case.

        Raises:
            CaseNotFoundError: There is no such case in the person's scope.
            StaleCaseError: Somebody was faster: who, and what he did.
            CommandReusedError: The id was used for another command.
            ActionNotAllowedError, PermissionDeniedError, GuardRefusedError, InputError: See ``decide``.
        """
        self._require_person(county, command)
        return self._carry_out(county, case_id, command)

    @keeping_all()
    def decide_list(
        self,
        county: str,
        acts: Mapping[UUID, Command],
        then: Callable[[Sequence[Decision]], Mapping[UUID, Command]] = lambda decisions: {},
    ) -> tuple[Receipt, ...]:
        """
        One act on several cases, such as a list or what hangs on one board: each its command, all in one transaction
        or none. The same acts again give the first answers again.

        Args:
            then: What follows for each case from the decisions of all, in the same transaction.

        Raises:
            ListRefusedError: With the reason of every case that refused.
            CommandReusedError: The id of an act was used for another.
        """
        for act in acts.values():
            self._require_person(county, act)
        for _ in range(TRIES):
            batch = _Batch(self, county)
            batch.read_all(list(acts))
            refusals = []
            for case_id, act in acts.items():
                try:
                    batch.add(case_id, act)
                except StaleCaseError as error:
                    told = self._faster(county, case_id, error.seq)
                    refusals.append(Refusal(case_id, batch.number(case_id), told))
                except BangfuError as error:
                    refusals.append(Refusal(case_id, batch.number(case_id), error))
            try:
                if refusals:
                    raise ListRefusedError(refusals)
                for case_id, following in then(tuple(batch.decisions)).items():
                    batch.add(case_id, following)
                events = batch.commit()
            except (ListRefusedError, ConflictError, UnknownOutcomeError) as error:
                earlier = [self._earlier(county, act) for act in acts.values()]
                if all(earlier):
                    return tuple(receipt for receipt in earlier if receipt is not None)
                if isinstance(error, ListRefusedError):
                    raise
                continue
            return tuple(Receipt(batch.cases[event.case], event) for event in events if event.case in acts)
        raise StaleCaseError(None, N_("others keep changing these cases; try again"))

    def preview(self, county: str, case_id: UUID, command: Command) -> Case:
        """What *command* would make of the case, decided on what is there now and not stored; raises as `ask` does."""
        self._require_person(county, command)
        batch = _Batch(self, county)
        batch.add(case_id, command)
        return batch.cases[case_id]

    def offered(self, county: str, case_id: UUID, person: str) -> tuple[Offer, ...]:
        """What *person* may do on the case now, and why not the rest."""
        from engine.offering import offered

        loaded = self.store.load(county, case_id)
        procedure = self.definitions.pinned(loaded.case.version)
        history = tuple(self.store.events(county, case_id))
        world = self._world(county, loaded, procedure, loaded.case, history)
        now = self.time_source.now()
        if not sees(loaded.case.section("case"), world.staff, person, world.calendar.local_date(now)):
            raise CaseNotFoundError(case_id)
        return offered(procedure, loaded.case, person, now, world)

    def case(self, county: str, case_id: UUID, person: str) -> Case:
        """
        The case as last recorded, its secrets opened; :func:`engine.seeing.reads_secrets` says who may see those.

        Raises:
            CaseNotFoundError: There is no such case in the person's scope.
        """
        loaded = self.store.load(county, case_id)
        day = self.calendar(county).local_date(self.time_source.now())
        if not sees(loaded.case.section("case"), self.staff(county, loaded.staff_revision), person, day):
            raise CaseNotFoundError(case_id)
        return loaded.case

    def history(self, county: str, case_id: UUID, person: str) -> tuple[Event, ...]:
        """What happened to the case, oldest first; raises as `case` does."""
        self.case(county, case_id, person)
        return tuple(self.store.events(county, case_id))

    def settle(self, county: str, case_id: UUID) -> Receipt | None:
        """Count a case's clocks again on the calendar in force; None if nothing moves."""
        try:
            return self._carry_out(county, case_id, SettleClocks(id=self.new_id()))
        except ActionNotAllowedError:
            return None

    # --- households ---

    def update_household(self, county: str, command: HouseholdCommand) -> HouseholdState:
        """
        Change a household's members, and tell each of its open cases, all in one transaction.

        Raises:
            NotFoundError: There is no such household in the person's scope.
            PermissionDeniedError, InputError: See :func:`engine.households.update`.
            StaleCaseError: Others keep changing it.
        """
        if command.person not in self.staff(county).people:
            raise PermissionDeniedError(None, N_("{person} is not among the staff of {county}"),
                advice=N_("see: bangfu person list"), person=command.person, county=county)  # fmt: skip
        for _ in range(TRIES):
            if self.store.was_updated(county, command.id):
                return self.store.household(county, command.household)
            state, now = self.store.household(county, command.household), self.time_source.now()
            today = self.calendar(county).local_date(now)
            change = update(state, command, now, today, self.staff(county, state.staff_revision))
            batch = _Batch(self, county)
            for case in state.open_cases:
                batch.add(case, change.concern(case))
            try:
                self.store.update_household(change, batch.decisions)
            except ConflictError:
                continue
            self._log("household_changed", change=change.change, cases=len(state.open_cases))
            return self.store.household(county, command.household)
        raise StaleCaseError(None, N_("others keep changing this household; try again"))

    # --- the sweep ---

    def sweep(self, limit: int = 10_000) -> Swept:
        """
        Carry out every timer that is due, in due order; what a timer sets and is due too follows in its place.

        Some are stored together, since most of a sweep is waiting for the disk; one that fails holds up no other. An
        event's id comes from its timer, so that it acts exactly once however many sweep (I9). One that finds the
        database locked for too long has failed too: it stays due, and the next sweep has it. Before that, open work of
        posts that became vacant finds its stand-ins: once for every change of the staff, and every day.

        Raises:
            UnavailableError, UnknownOutcomeError: The database fails; it is not asked again for every timer that is
                due. What was fired before is done.
        """
        now = self.time_source.now()
        self._readdress(now)
        due = _Due(now, self.store.due_timers(now, limit))
        fired, failed = 0, list[tuple[DueTimer, str | Words]]()
        while due.heap and fired < limit:
            round_ = _Round(self, due)
            try:
                round_.carry_out(min(TOGETHER, limit - fired))
            except _OUT:
                self._log("sweep_broken_off", fired=fired + round_.fired, failed=len(failed) + len(round_.failed))
                raise
            fired += round_.fired
            failed += round_.failed
        self.store.add_up(now)
        left = self.store.due_timers(now, 1)
        self._log("swept" if fired or failed else "nothing_due", fired=fired, failed=len(failed))
        return Swept(fired, tuple(failed), left[0].due_at if left else None)

    def _fire(self, timer: DueTimer) -> Receipt | None:
        try:
            receipt = self._carry_out(timer.county, timer.case, firing(timer))
        except (ActionNotAllowedError, StaleCaseError):
            pending = self.store.load(timer.county, timer.case).case.section("timers")
            if timer.number in pending:
                raise
            return None  # Somebody else fired it, or the case left it behind.
        return None if receipt.repeated else receipt

    def _readdress(self, now: datetime) -> None:
        day = self.calendar("").local_date(now)
        manned = (self.store.staff_revision(""), day)
        if self._manned == manned:
            return
        for county, case in self.store.unmanned(day):
            try:
                self._carry_out(county, case, Readdress(id=self.new_id()))
            except (ActionNotAllowedError, StaleCaseError):
                continue  # It is known to be vacant, or the case has moved on.
            except _OUT:
                raise
            except BangfuError as error:
                self._log("readdress_failed", case=case, error=type(error).__name__)
        self._manned = manned

    # --- how a command is carried out ---

    def _carry_out(self, county: str, case_id: UUID, command: Command, workflow: str = "") -> Receipt:
        tries = SERIAL_TRIES if workflow else TRIES
        lost_race: StorageError | None = None
        for _ in range(tries):
            batch = _Batch(self, county)
            try:
                batch.add(case_id, command, workflow)
                events = batch.commit()
            except (ConflictError, UnknownOutcomeError) as error:
                earlier = self._earlier(county, command)
                if earlier is not None:
                    return earlier
                if isinstance(error, UnknownOutcomeError):
                    self._log("commit_unknown", case=case_id)
                lost_race = error
                continue
            except (CaseError, InputError) as error:
                earlier = self._earlier(county, command)
                if earlier is not None:
                    return earlier
                if isinstance(error, StaleCaseError) or (lost_race and isinstance(error, ActionNotAllowedError)):
                    raise self._faster(county, case_id, getattr(error, "seq", 0)) from error
                raise
            case, event = batch.cases[case_id], next(each for each in events if each.command == command.id)
            self._log("case_moved", case=case.number, kind=event.kind, stage=case.stage)
            return Receipt(case, event)
        if isinstance(lost_race, (BusyError, UnknownOutcomeError)):
            raise lost_race  # Nobody was faster.
        raise self._faster(county, case_id)

    def _earlier(self, county: str, command: Command) -> Receipt | None:
        event = self.store.event_of(county, command.id)
        if event is None:
            return None
        if event.asked != command_digest(command):
            raise CommandReusedError(event.case)
        return Receipt(self.store.load(county, event.case).case, event, repeated=True)

    def _faster(self, county: str, case_id: UUID, seq: int = 0) -> StaleCaseError:
        """Who was faster: who made the event *seq*, or else the last."""
        events = tuple(self.store.events(county, case_id))
        last = events[(seq or len(events)) - 1] if events else None
        by = last.actor if last is not None else ""
        did, title = self._done(last) if last is not None else ("", "")
        return StaleCaseError(
            case_id,
            N_("{who} was faster: {what}"),
            by=by,
            did=did,
            seq=last.seq if last is not None else 0,
            who=by or Words(N_("the scheduler")),
            what=f"{title} ({did})" if title else did,
        )

    def _done(self, event: Event) -> tuple[str, str]:
        """What *event* did: the word of the action or of its kind, and the title that the definition gives it."""
        did = next((str(event.body[key]) for key in ("action", "answer", "result") if event.body.get(key)), event.kind)
        workflow = self.definitions.pinned(event.version).workflow
        clock = workflow.clocks.get(str(event.body.get("clock", "")))
        if did == "then" and clock is not None and clock.then is not None:
            return did, clock.then.title or clock.title
        names = [name for name in (str(event.body.get("from", "")), *workflow.stages) if name in workflow.stages]
        known: list[Mapping[str, Action]] = [*(workflow.stages[name].actions for name in names), workflow.anywhere]
        return did, next((actions[did].title for actions in known if did in actions), "")

    def _world(
        self, county: str, loaded: Loaded, procedure: Procedure, about: Case | OpenCase, history: tuple[Event, ...] = ()
    ) -> World:
        """What the decision reads; what no rule of the procedure asks for is not looked up."""
        calendar, staff = self.calendar(county), self.staff(county, loaded.staff_revision)
        world = World(
            calendar, staff, loaded.members, loaded.is_erased, history,
            register={} if loaded.register is None else {"household": loaded.register},
        )  # fmt: skip
        if not procedure.reads:
            return world
        subject, division = about.subject, about.division
        members, records, last = loaded.members, dict(world.register), {}
        if "people" in procedure.reads:
            household = about.household if isinstance(about, OpenCase) else str(about.get("household"))
            people = self.store.people(county, household or subject, calendar.local_date(self.time_source.now()))
            members = {key: {**known, **people.get(key, {})} for key, known in members.items()}
        for of in procedure.reads & {"village", "person"}:
            if key := registered_as(of, division, subject):
                records[of] = self.store.register(county, key)
        if "last" in procedure.reads and isinstance(about, OpenCase):
            earlier = self.store.last(county, procedure.workflow.workflow, subject, division)
            last = dict(earlier.section("facts")) if earlier is not None else {}
        parts = tuple(self.store.parts(county, division)) if "parts" in procedure.reads else ()
        return replace(world, members=members, register=records, last=last, parts=parts)

    def _require_person(self, county: str, command: Command) -> None:
        if isinstance(command, _INTERNAL) or command.person == SYSTEM:
            raise PermissionDeniedError(None, N_("only bangfu itself does this"))
        # Whether he may act is decided with the staff of now; here a person whom we knew a moment ago is known enough.
        known = self._staff.get(county)
        if (known is None or command.person not in known.people) and command.person not in self.staff(county).people:
            raise PermissionDeniedError(
                None,
                N_("{person} is not among the staff of {county}"),
                advice=N_("see: bangfu person list"),
                person=command.person,
                county=county,
            )


def _require_all_members(command: OpenCase, loaded: Loaded) -> None:
    """A household's case is about all of it: whoever is left out would be checked by nobody."""
    if set(command.members) != set(loaded.members):
        raise InputError(
            N_("the case is about all members of the household, as registered: {members}"), field="members",
            members=", ".join(loaded.members) or "-",
        )  # fmt: skip


def _one_each(procedure: Procedure, case_id: UUID, command: OpenCase, workflow: str) -> list[tuple[UUID, Command, str]]:
    """The cases that *command* opens: one, or one for each of those that its channel's list names."""
    channel = procedure.workflow.opens.get(command.channel)
    subjects = command.facts.get(channel.for_each, ()) if channel is not None and channel.for_each else ()
    if not isinstance(subjects, (list, tuple)) or not subjects or channel is None:
        return [(case_id, command, workflow)]
    each = [
        replace(
            command, subject=str(subject), division="", members=(), digest=command_digest(command),
            facts={**command.facts, channel.for_each: [subject]},
        )
        for subject in dict.fromkeys(subjects)
    ]  # fmt: skip
    others = [
        (derived_id(case_id, one.subject), replace(one, id=derived_id(command.id, one.subject)), workflow)
        for one in each[1:]
    ]
    return [(case_id, each[0], workflow), *others]


def _at_home(command: OpenCase, loaded: Loaded) -> OpenCase:
    """
    *command* with what the register knows of its household where it says nothing: where it lives, and who lives there.

    Raises:
        InputError: There is no such household.
    """
    if command.division:
        return command
    if not loaded.home:
        raise InputError(N_("there is no household {subject} here"), field="subject", subject=command.subject)
    members = command.members or tuple(sorted(loaded.members, key=int))
    return replace(command, division=loaded.home, members=members, digest=command_digest(command))


class _Batch:
    """Decisions that are stored together: a command, and what follows from it on other cases."""

    def __init__(self, office: Office, county: str) -> None:
        self.office = office
        self.county = county
        self.cases: dict[UUID, Case] = {}
        self.decisions: list[Decision] = []
        self._loaded: dict[UUID, Loaded] = {}
        self._revision: int | None = None
        self._serial = 0
        self._decide = decide

    def number(self, case_id: UUID) -> str:
        loaded = self._loaded.get(case_id)
        return loaded.case.number if loaded else str(case_id)

    def add(self, case_id: UUID, command: Command, workflow: str = "") -> None:
        """Decide *command* and everything that follows from it; on a refusal nothing of it stays in the batch."""
        office, start = self.office, len(self.decisions)
        before: dict[UUID, Case | None] = {}
        now = office.time_source.now()
        waiting: list[tuple[UUID, Command, str]] = [(case_id, command, workflow)]
        if workflow and isinstance(command, OpenCase):
            waiting = _one_each(office.definitions.in_force(workflow), case_id, command, workflow)
        try:
            while waiting:
                target, asked, new = waiting.pop(0)
                loaded = self._read(target, asked, new)
                case = self.cases.get(target, loaded.case)
                procedure = office.definitions.in_force(new) if new else office.definitions.pinned(case.version)
                if isinstance(asked, OpenCase):
                    asked = _at_home(asked, loaded)
                    if procedure.workflow.subject == "household" and asked.parent is None and asked.person != SYSTEM:
                        _require_all_members(asked, loaded)
                    asked = self._numbered(asked, now)
                world = office._world(
                    self.county,
                    loaded,
                    procedure,
                    asked if new and isinstance(asked, OpenCase) else case,
                    self._history(target, asked),
                )
                decision = self._decide(procedure, case, asked, now, world)
                self.decisions.append(decision)
                before.setdefault(target, self.cases.get(target))
                self.cases[target] = decision.case
                waiting += [(each.case, each.command, each.workflow) for each in decision.followups]
        except Exception:
            del self.decisions[start:]
            for target, earlier in before.items():
                if earlier is None:
                    del self.cases[target]
                else:
                    self.cases[target] = earlier
            raise

    def _history(self, case_id: UUID, command: Command) -> tuple[Event, ...]:
        """What happened to the case, stored or in this batch, for the commands that look back."""
        if not isinstance(command, _LOOKING_BACK):
            return ()
        decided = (decision.event for decision in self.decisions if decision.event.case == case_id)
        return (*self.office.store.events(self.county, case_id), *decided)

    def commit(self) -> tuple[Event, ...]:
        """Store it all; the cases then carry the hashes of their events."""
        events = self.office.store.commit(self.decisions, self._revision or 0)
        for event in events:
            self.cases[event.case] = self.cases[event.case].sealed(event.hash)
        return events

    def read_all(self, cases: Sequence[UUID]) -> None:
        """Read *cases* ahead, together; one that is not there is missed when it is decided."""
        self._loaded.update(self.office.store.load_all(self.county, cases))
        if len(self._loaded) > 1:
            self._decide = Sharing().decide

    def _read(self, case_id: UUID, command: Command, workflow: str) -> Loaded:
        loaded = self._loaded.get(case_id)
        if loaded is None:
            if workflow and isinstance(command, OpenCase):
                fresh = self.office.store.fresh(self.county, command.household or command.subject)
                loaded = replace(fresh, case=Case(self.county, case_id))
            else:
                loaded = self.office.store.load(self.county, case_id)
            self._loaded[case_id] = loaded
        self._revision = loaded.staff_revision if self._revision is None else self._revision
        return loaded

    def _numbered(self, command: OpenCase, now: datetime) -> OpenCase:
        if command.number:
            return command
        year = self.office.calendar(self.county).local_date(now).year
        if not self._serial:
            self._serial = self.office.store.next_serial(self.county, year)
        number = f"{self.county}-{year}-{self._serial:06d}"
        self._serial += 1
        return replace(command, number=number)


def firing(timer: DueTimer) -> FireTimer:
    """The command of a timer: the same, whoever gives it."""
    return FireTimer(id=derived_id(timer.case, "timer", timer.number), timer=timer.number)


class _Due:
    """Timers that are due, soonest first, each once: those that were found, and those that their cases set then."""

    def __init__(self, now: datetime, timers: Sequence[DueTimer]) -> None:
        self.heap: list[tuple[datetime, int, str, DueTimer]] = []
        self._now = now
        self._known: set[tuple[int, str]] = set()
        for timer in timers:
            self._push(timer)

    def _push(self, timer: DueTimer) -> None:
        place = (timer.case.int, timer.number)
        if timer.due_at <= self._now and place not in self._known:
            self._known.add(place)
            heappush(self.heap, (timer.due_at, *place, timer))

    def follow(self, case: Case) -> None:
        for number, value in case.section("timers").items():
            due_at = instant(value["at"])
            if due_at <= self._now:
                self._push(DueTimer(case.county, case.id, number, due_at, value["k"]))


class _Round:
    """
    Timers of one county that a sweep stores together.

    The first one that cannot be decided so ends the round, and is tried alone after it; if the others cannot be stored,
    each half of them is, and so on: whoever is in the way of one holds up few.
    """

    def __init__(self, office: Office, due: _Due) -> None:
        self.fired = 0
        self.failed: list[tuple[DueTimer, str | Words]] = []
        self._office = office
        self._due = due
        self._county = due.heap[0][3].county

    @keeping_all()
    def carry_out(self, most: int) -> None:
        """Carry out the next timers, so many at most."""
        heap, decided, last = self._due.heap, list[DueTimer](), None
        soonest = (timer for *_, timer in nsmallest(most, heap) if timer.county == self._county)
        batch = self._read(soonest)
        while last is None and heap and heap[0][3].county == self._county and len(decided) < most:
            timer = heappop(heap)[3]
            if self._is_decided(batch, timer):
                decided.append(timer)
            else:
                last = timer
        if decided:
            self._store(batch, decided)
        if last is not None:
            self._alone(last)

    def _read(self, timers: Iterable[DueTimer]) -> _Batch:
        """A batch that knows the cases of *timers*."""
        batch = _Batch(self._office, self._county)
        try:
            batch.read_all(list(dict.fromkeys(timer.case for timer in timers)))
        except _OUT:
            raise
        except StorageError:
            pass  # Each is read by itself then.
        return batch

    def _is_decided(self, batch: _Batch, timer: DueTimer) -> bool:
        """Decide *timer* in *batch*, or tell that it cannot be; what it sets is to follow."""
        try:
            batch.add(timer.case, firing(timer))
        except _OUT:
            raise
        except Exception:  # What is wrong with it is found, and told, when it is tried alone.
            return False
        self._due.follow(batch.cases[timer.case])
        return True

    def _store(self, batch: _Batch, timers: Sequence[DueTimer]) -> None:
        """Store *timers*, as decided in *batch*."""
        try:
            events = batch.commit()
        except UnavailableError:
            raise
        except Exception:  # They are decided anew then, and looked up first if the answer was lost.
            self._by_halves(timers)
            return
        for event in events:
            case = batch.cases[event.case]
            self._office._log("case_moved", case=case.number, kind=event.kind, stage=case.stage)
        self.fired += len(timers)

    def _by_halves(self, timers: Sequence[DueTimer]) -> None:
        if len(timers) == 1:
            self._alone(timers[0])
            return
        middle = len(timers) // 2
        for half in (timers[:middle], timers[middle:]):
            batch = self._read(half)
            if all(self._is_decided(batch, timer) for timer in half):
                self._store(batch, half)
            else:
                self._by_halves(half)

    def _alone(self, timer: DueTimer) -> None:
        try:
            receipt = self._office._fire(timer)
        except _OUT:
            raise
        except Exception as error:  # A mistake of ours in one case is no reason to let another case's notice hang.
            self.failed.append((timer, error.words if isinstance(error, BangfuError) else str(error)))
            self._office._log("timer_failed", case=timer.case, timer=timer.number, error=type(error).__name__)
            return
        if receipt is not None:
            self.fired += 1
            self._due.follow(receipt.case)
