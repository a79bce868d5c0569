"""
A scenario file is played: each step becomes commands to the office, or time that passes.

No rule of a procedure is known here. Who is to act and what is to be handed in is found as an officer would find it: by
what is offered, and by what the office says is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from uuid import UUID

from bangfu.library import Library
from bangfu.scenarios.comparing import Difference, differences, refusal_differs
from bangfu.scenarios.county import COUNTY, HOMES, MORNING, OBSERVER, County, procedures
from bangfu.scenarios.filling import WORDS, Form, document, minutes
from bangfu.scenarios.model import Step, SuiteFile, Way
from bangfu.scenarios.naming import misnamed
from engine.cases import (
    Act,
    Attach,
    CarryOn,
    Case,
    Command,
    ExtendClock,
    Object,
    OpenCase,
    PostNotice,
    ProveNotice,
    ResumeClock,
    StopClock,
    TakeDownNotice,
    Withdraw,
)
from engine.checking import check
from engine.clocks import due, parse_amount
from engine.compiling import BOARD, Procedure
from engine.divisions import Level, ancestor
from engine.errors import (
    N_,
    ActionNotAllowedError,
    BangfuError,
    CaseError,
    CaseNotFoundError,
    DefinitionError,
    Fault,
    GuardRefusedError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    Words,
)
from engine.households import AddMember, HouseholdCommand, RemoveMembers
from engine.listing import open_list
from engine.offering import Kind, Offer
from engine.office import ListRefusedError
from engine.workflow import Panel

#: What speaks against one officer and perhaps not against another, with how much it tells of why nobody may: that he
#: acted before tells more than that he has no seat left, and that more than that he does not hold the post.
_OF_PERSONS = {"separation": 3, "recusal": 3, "answered": 2, "seats": 2, "turn": 2, "claimed": 2, "post": 1}
#: How often a command is sent again with what was missing: facts may depend on facts.
_TRIES = 20
_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """What did not come out as the file says, and where it says so."""

    difference: Difference
    fault: Fault


@dataclass(frozen=True, slots=True)
class Played:
    """
    What became of one way.

    Attributes:
        steps: How many of its steps were played; after one that could not be done the rest is not.
        failures: In order; none if all came out as the file says.
    """

    name: str
    title: str
    steps: int
    failures: tuple[Failure, ...] = ()


def play(file: SuiteFile, library: Library) -> Iterator[Played]:
    """
    Play every way of *file*, each in a county of its own.

    Raises:
        DefinitionError: The definition that it is about cannot be read, or has an error, or the file names what is
            nowhere.
        NotFoundError: There is no such workflow or pack.
    """
    known, calendar, suite = procedures(file.suite, library), library.calendar(), file.suite
    wrong = (each for each in check(known.definitions[suite.scenarios]) if each.severity == "error")
    if faults := tuple(wrong) or tuple(misnamed(file, known)):
        raise DefinitionError(faults)
    for name, way in suite.ways.items():
        with County(known, calendar, way.start or suite.start, way.household or suite.household) as county:
            player = _Player(county, file, way)
            played, failures = 0, list[Failure]()
            for played, step in enumerate(way.steps, 1):
                found = player.play(step)
                for each in found:
                    path = ("ways", name, "steps", str(played - 1), *each.key)
                    failures.append(
                        Failure(
                            each,
                            file.fault(
                                path, Words("{expected}; {found}", {"expected": each.expected, "found": each.found})
                            ),
                        )
                    )
                if any(each.is_last for each in found):
                    break
            yield Played(name, way.title, played, tuple(failures))


@dataclass
class _Player:
    """Plays one way, step by step; ``case_id`` is the case that the next step is about."""

    county: County
    file: SuiteFile
    way: Way
    case_id: UUID | None = None
    _deeds: Mapping[str, Callable[[Step], None]] = field(init=False)

    def __post_init__(self) -> None:
        self._deeds = {
            "open": self._open, "act": self._act, "post": self._notice, "prove": self._notice,
            "take_down": self._notice, "object": self._object, "attach": self._attach, "withdraw": self._withdraw,
            "stop": self._clock, "resume": self._clock, "extend": self._clock, "born": self._change_home,
            "died": self._change_home, "moved_out": self._change_home, "carry_on": self._carry_on, "wait": self._wait,
            "until": self._until,
        }  # fmt: skip

    def play(self, step: Step) -> list[Difference]:
        """Do what *step* says, and give what is not as it expects."""
        heard, refusal, key = len(self.county.store.messages), None, "case"
        try:
            if step.home is not None:
                self.case_id = self._newest_of(self.county.visit(step.home))
            if step.case is not None:
                self.case_id = self._newest(step.case)
            key = step.deed
            if key:
                self._deeds[key](step)
        except BangfuError as error:
            if step.refused is None or key == "case":
                return [Difference((key,), Words(N_("it can be done")), error.words, error.advised, is_last=True)]
            refusal = error
        found = [each] if (each := refusal_differs(step.refused, refusal)) is not None else []
        case = self._case() if self.case_id is not None else None
        told = (each.post for each in self.county.store.messages[heard:])
        found += differences(step, self.county, case, told)
        self.county.clock.advance(_STEP)
        return found

    # --- time ---

    def _wait(self, step: Step) -> None:
        now, calendar = self.county.clock.now(), self.county.calendar
        amount = parse_amount(step.wait or "")
        end = due(now, amount, calendar, roll=False)
        at_the_same_time = calendar.at(end.date, calendar.local(now).time())
        self.county.live_until(end.at if amount.unit == "hour" else at_the_same_time)

    def _until(self, step: Step) -> None:
        day, _, clock = (step.until or "").partition(" ")
        self.county.live_until(
            self.county.calendar.at(date.fromisoformat(day), time.fromisoformat(clock) if clock else MORNING)
        )

    # --- cases ---

    def _open(self, step: Step) -> None:
        name, channel = step.workflow or self.file.suite.scenarios, step.open or ""
        procedure = self.county.procedures.in_force(name)
        workflow = procedure.workflow
        if channel not in workflow.opens:
            known = "、".join(f"{each} {spec.title}" for each, spec in workflow.opens.items())
            raise NotFoundError(N_("there is no channel {text}; there are: {known}"), text=channel, known=known)
        of_home = workflow.subject == "household"
        command = OpenCase(
            id=self._id(), channel=channel, note=self._words(step), subject=self.county.home.hex if of_home else "",
            division=step.at or HOMES[workflow.subject], members=self.county.members() if of_home else (),
        )  # fmt: skip

        def send(command: Command) -> None:
            assert isinstance(command, OpenCase)
            self.case_id = self.county.office.open(COUNTY, name, command).case.id

        form = self._form(step, procedure, ("opens", channel), self.county.members())
        self._by_somebody(step, workflow.opens[channel].by, command, form, send)

    def _act(self, step: Step) -> None:
        case, action = self._case(), step.act or ""
        ask = step.on or case.stage
        offer = self._offer("act", ask, action=action)
        posts = offer.posts if offer is not None else self._at_work(case, ask)
        if not step.on and self._goes_on_a_list(case, action):
            self._make_list(step, posts)
            offer = self._offer("act", ask, action=action)
        given = Act(
            id=self._id(), action=action, on=step.on or "", to=step.to or "", note=self._words(step),
            list=UUID(offer.list) if offer is not None and offer.list else None,
        )  # fmt: skip
        form = self._form(step, self._procedure(), (ask, f"{ask}.{action}", action), case.get("members", ()))
        panel = self._panel(case, ask)
        if panel is None or action not in panel.tally:
            self._by_somebody(step, posts, given, form)
        elif panel.recorded == "minutes":
            self._by_somebody(step, posts, replace(given, minutes=minutes(case, ask, panel, step)), form)
        else:
            self._all_answer(step, ask, posts, given, form)

    def _goes_on_a_list(self, case: Case, action: str) -> bool:
        """Whether the stage's own answer is given to lists, and the case is on none yet."""
        stage = self._procedure().workflow.stages.get(case.stage)
        if stage is None or stage.list_ is None or case.section("asks")[case.stage].get("l"):
            return False
        return action in stage.actions and not stage.actions[action].by

    def _make_list(self, step: Step, posts: Iterable[str]) -> None:
        """Put the case on a list, with all that wait for one beside it."""
        case, stage = self._case(), self._procedure().workflow.stages[self._case().stage]
        assert stage.list_ is not None
        division = ancestor(case.division, Level(stage.list_.per))

        def make(person: str) -> None:
            office, register = self.county.office, self.county.bangfu.register
            try:
                open_list(office, register, COUNTY, person, case.workflow, case.stage, division)
            except ListRefusedError as error:
                raise error.refusals[0].error from error

        self._first_who_may(step, posts, make)

    def _all_answer(self, step: Step, ask: str, posts: Iterable[str], given: Act, form: Form) -> None:
        """Of a body in which each answers for himself: so many as the step says, else all until it is decided."""
        number, everybody = self._case().section("asks")[ask]["n"], len(self.county.everybody())
        votes = step.votes or {given.action: 1 if step.by is not None else everybody}
        answers = [answer for answer, count in votes.items() for _ in range(count)]
        for place, answer in enumerate(answers):
            try:
                self._by_somebody(step, posts, replace(given, id=self._id(), action=answer), form)
            except (ActionNotAllowedError, PermissionDeniedError) as error:
                if step.votes or place == 0 or _kind(error) not in _OF_PERSONS:
                    raise
                return  # Everybody who has a seat has answered.
            if self._case().section("asks").get(ask, {}).get("n") != number:
                return

    def _notice(self, step: Step) -> None:
        kinds: Mapping[str, Kind] = {"post": "post_notice", "prove": "prove_notice", "take_down": "take_down_notice"}
        name = str(getattr(step, step.deed))
        offers = [each for each in self._offers() if (each.kind, each.on) == (kinds[step.deed], name)]
        places = [each.place for each in offers if step.place in (None, each.place)]
        posts = offers[0].posts if offers else self._at_work(self._case(), name)
        # What is not offered is asked for all the same: the office says why not.
        for place in places or [step.place or BOARD]:
            self._by_somebody(step, posts, self._about_notice(step, name, place))

    def _about_notice(self, step: Step, name: str, place: str) -> Command:
        on = name if name in self._procedure().workflow.tasks else ""
        proof = document(f"{step.deed} {name} {place}")
        match step.deed:
            case "post":
                shown = None if "proof" in step.without else proof
                return PostNotice(id=self._id(), place=place, at=self.county.clock.now(), proof=shown, on=on)
            case "prove":
                return ProveNotice(id=self._id(), place=place, proof=proof, on=on)
            case _:
                return TakeDownNotice(id=self._id(), place=place, on=on, note=self._words(step))

    def _object(self, step: Step) -> None:
        procedure, name, child = self._procedure(), step.object or "", self._id()
        asked = procedure.workflow.stages.get(name) or procedure.workflow.tasks.get(name)
        command = Object(
            id=self._id(), objector=child.hex, received_at=self.county.clock.now(), child=child,
            on=name if name in procedure.workflow.tasks else "", note=self._words(step),
        )  # fmt: skip
        form = None
        if asked is not None and asked.notice is not None and asked.notice.objection is not None:
            opened = self.county.procedures.in_force(asked.notice.objection)
            form = self._form(step, opened, ("opens", *opened.workflow.opens), ())
        self._by_somebody(step, (), command, form)

    def _attach(self, step: Step) -> None:
        command = Attach(id=self._id(), paper=step.attach or "", document=document(f"paper {step.attach}"))
        self._by_somebody(step, self._at_work(self._case(), self._case().stage), command)

    def _clock(self, step: Step) -> None:
        name = str(getattr(step, step.deed))
        proof, note = document(f"{step.deed} {name}"), self._words(step)
        kinds: Mapping[str, tuple[Kind, Command]] = {
            "stop": ("stop_clock", StopClock(id=self._id(), clock=name, document=proof, note=note)),
            "resume": ("resume_clock", ResumeClock(id=self._id(), clock=name)),
            "extend": ("extend_clock", ExtendClock(id=self._id(), clock=name, document=proof, note=note)),
        }
        kind, command = kinds[step.deed]
        self._by_somebody(step, self._posts_of(kind, name), command)

    def _withdraw(self, step: Step) -> None:
        last = self.county.office.history(COUNTY, self._case().id, OBSERVER)[-1].actor
        asked = step if step.by is not None else step.model_copy(update={"by": last})
        self._by_somebody(asked, (), Withdraw(id=self._id(), note=self._words(step)))

    def _carry_on(self, step: Step) -> None:
        command = CarryOn(id=self._id(), note=self._words(step), follow=step.carry_on == "follow")
        self._by_somebody(step, self._posts_of("carry_on"), command)

    def _change_home(self, step: Step) -> None:
        def change(person: str) -> None:
            self.county.office.update_household(COUNTY, self._of_home(step, person))

        self._first_who_may(step, (), change)

    def _of_home(self, step: Step, person: str) -> HouseholdCommand:
        id_, home, on, why = self._id(), self.county.home, self.county.today, self._words(step) or WORDS
        if step.born is not None:
            return AddMember(
                id=id_, person=person, household=home, on=on, why=why, how="born", name=step.born, relation="子女"
            )
        gone, members = str(step.died if step.died is not None else step.moved_out), self.county.members()
        head = next((each for each in members if each != gone), "") if members[:1] == (gone,) else ""
        return RemoveMembers(
            id=id_, person=person, household=home, on=on, why=why, members=(gone,), head=head,
            how="died" if step.died is not None else "moved_out",
        )  # fmt: skip

    # --- by whom, and with what ---

    def _by_somebody(
        self, step: Step, posts: Iterable[str], command: Command, form: Form | None = None,
        send: Callable[[Command], None] | None = None,
    ) -> None:  # fmt: skip
        """Send *command* in the name of the first who may, with what it lacks filled in from *form*."""

        def ask(person: str) -> None:
            self._complete(replace(command, person=person), form, send or self._send)

        self._first_who_may(step, posts, ask)

    def _first_who_may(self, step: Step, posts: Iterable[str], ask: Callable[[str], None]) -> None:
        """
        Have *ask* done by the first who may: whom the step names, else who holds one of *posts*, else anybody.

        Raises:
            BangfuError: What they were told, of several things the one that tells most.
        """
        refusal: CaseError | None = None
        most = 0
        for person in self._people(step, posts):
            try:
                ask(person)
            except CaseError as error:
                told = _OF_PERSONS.get(_kind(error), 0)
                if not told:
                    raise
                if told > most:
                    refusal, most = error, told
            else:
                return
        raise refusal or NotFoundError(
            N_("nobody in this county is called {by}, and nobody holds such a post"), by=step.by,
            advice=Words(N_("there is: {names}"), {"names": ", ".join(self.county.people)}),
        )  # fmt: skip

    def _people(self, step: Step, posts: Iterable[str]) -> Iterable[str]:
        if step.by is not None:
            return [step.by] if step.by in self.county.everybody() else self.county.holders(step.by)
        # What a household or anybody says is recorded by an officer: whoever may, the office knows.
        found = [key for post in posts for key in self.county.holders(post)]
        return dict.fromkeys(found or self.county.everybody())

    def _complete(self, command: Command, form: Form | None, send: Callable[[Command], None]) -> None:
        """Send *command*; what the office says is missing is handed in with it."""
        if form is not None and isinstance(command, (Act, OpenCase, Object)):
            command = form.begun(command)
        for _ in range(_TRIES):
            try:
                send(command)
            except GuardRefusedError as error:
                if form is None or not isinstance(command, (Act, OpenCase, Object)):
                    raise
                fuller = form.completed(command, error.missing)
                if fuller == command:
                    raise
                command = fuller
            else:
                return

    def _send(self, command: Command) -> None:
        self.county.office.ask(COUNTY, self._case().id, command)

    def _form(self, step: Step, procedure: Procedure, places: tuple[str, ...], members: Iterable[str]) -> Form:
        general = {**self.file.suite.facts, **self.way.facts}
        county = self.county
        return Form(procedure, places, step, general, tuple(members), county.home.hex, OBSERVER, county.today)

    def _words(self, step: Step) -> str:
        return "" if "opinion" in step.without else step.say or WORDS

    # --- looking ---

    def _id(self) -> UUID:
        return self.county.office.new_id()

    def _case(self) -> Case:
        if self.case_id is None:
            raise InputError(N_("there is no case yet"), advice=N_("begin with a step `open: CHANNEL`"))
        return self.county.office.case(COUNTY, self.case_id, OBSERVER)

    def _procedure(self) -> Procedure:
        return self.county.procedures.pinned(self._case().version)

    def _newest(self, workflow: str) -> UUID:
        opened = self.county.store.opened
        found = [each.id for each in opened if each.workflow == workflow]
        if not found:
            raise NotFoundError(
                N_("no case of {workflow} was opened; there is: {names}"), workflow=workflow,
                names=", ".join(dict.fromkeys(each.workflow for each in opened)) or "–",
            )  # fmt: skip
        return found[-1]

    def _newest_of(self, home: UUID) -> UUID | None:
        """The case of that household which was opened last, if there is one."""
        found = [each.id for each in self.county.store.opened if each.subject == home.hex]
        return found[-1] if found else None

    def _offers(self) -> tuple[Offer, ...]:
        """What could be asked of the case, and of whom; asked for somebody who may do nothing of it."""
        return self.county.office.offered(COUNTY, self._case().id, OBSERVER)

    def _offer(self, kind: Kind, on: str = "", action: str = "") -> Offer | None:
        found = (each for each in self._offers() if each.kind == kind and each.action == action)
        return next((each for each in found if on in ("", each.on)), None)

    def _posts_of(self, kind: Kind, on: str = "") -> tuple[str, ...]:
        offer = self._offer(kind, on)
        return offer.posts if offer is not None else ()

    def _at_work(self, case: Case, ask: str) -> list[str]:
        """The posts that have open work of a question."""
        return [item["p"] for item in case.section("items").values() if item["q"] == ask]

    def _panel(self, case: Case, ask: str) -> Panel | None:
        """The body that is asked, if one is."""
        asked = case.section("asks").get(ask)
        if asked is None or self._procedure().ask(ask).panel is None:
            return None
        return self._procedure().panel_of(ask, asked.get("p", ""))


def _kind(error: CaseError) -> str:
    """What speaks against it. Who holds no post that may is not always told by a reason, nor whose case it is not."""
    return error.kind or ("post" if isinstance(error, (PermissionDeniedError, CaseNotFoundError)) else "")
