"""
A scenario file is played: each step becomes commands to the office, or time that passes; what must come of it is
compared with what came.

No rule of a procedure is known here. Whoever is to act is found by asking, as an officer would; what the office says is
lacking is filled in where the file does not care.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from bangfu.i18n import translator
from bangfu.library import Library
from bangfu.scenarios.county import COUNTY, LEVELS, OBSERVER, VILLAGE, Place, procedures
from bangfu.scenarios.model import Step, SuiteFile, Way
from bangfu.terminal.values import fact_value
from engine.cases import (
    Act,
    Attach,
    CarryOn,
    Case,
    Command,
    Document,
    Enlist,
    ExtendClock,
    Minutes,
    Object,
    OpenCase,
    PostNotice,
    ProveNotice,
    ResumeClock,
    StopClock,
    TakeDownNotice,
    Withdraw,
)
from engine.clocks import ClockState, due, parse_amount
from engine.compiling import Procedure
from engine.errors import (
    N_,
    ActionNotAllowedError,
    BangfuError,
    Fault,
    GuardRefusedError,
    InputError,
    NotFoundError,
    PermissionDeniedError,
    Words,
)
from engine.households import AddMember, HouseholdCommand, RemoveMembers
from engine.offering import Offer
from engine.workflow import Fact, Panel

#: What an officer writes where words are asked for, and the file does not care which.
_WORDS = "按场景办理"
#: How large the register of a body is that is too large to name, and all of them come.
_ROLL = 30
#: Guards that say: not this officer. Another holder of the post is asked then.
_OTHERS = frozenset({"separation", "recusal"})
_NOTHING = Words("")
#: Without limits, somebody who never answers would be asked for ever.
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Failure:
    """
    An expectation that did not come true, or a step that could not be done.

    Attributes:
        fault: Where, and the English words.
        expected, found: In words of the catalogs.
    """

    path: tuple[str, ...]
    expected: Words
    found: Words
    advised: Words = _NOTHING

    @property
    def key(self) -> str:
        """What the file says there: `act`, `stage`, `due whole` …"""
        return " ".join(self.path[4:])


@dataclass(frozen=True, slots=True)
class Played:
    """
    What became of one way.

    Attributes:
        steps: How many of its steps were played; after one that could not be done the rest is not.
        failures: In order, each with its place in the file; none if all came true.
    """

    name: str
    title: str
    steps: int
    failures: tuple[tuple[Failure, Fault], ...] = ()


def play(file: SuiteFile, library: Library) -> Iterator[Played]:
    """
    Play every way of *file*, each in a county of its own.

    Raises:
        DefinitionError: A definition that it is about is wrong.
        NotFoundError: There is no such workflow or pack.
    """
    known, calendar = procedures(file, library), library.calendar()
    for name, way in file.suite.ways.items():
        with Place(known, calendar, way.start or file.suite.start, way.household or file.suite.household) as place:
            player = _Player(place, file, name, way)
            player.play()
            found = tuple(
                (
                    each,
                    file.fault(
                        each.path, Words("{expected}; {found}", {"expected": each.expected, "found": each.found})
                    ),
                )
                for each in player.failures
            )
            yield Played(name, way.title, player.steps, found)


class _UndoneError(Exception):
    """A step could not be done, so that what follows has no meaning."""

    def __init__(self, key: str, error: BangfuError) -> None:
        self.key, self.error = key, error


@dataclass
class _Player:
    place: Place
    file: SuiteFile
    name: str
    way: Way
    steps: int = 0
    failures: list[Failure] = field(default_factory=list)
    case_id: UUID | None = None
    _heard: int = 0
    _path: tuple[str, ...] = ()

    def play(self) -> None:
        for number, step in enumerate(self.way.steps):
            self._path = ("ways", self.name, "steps", str(number))
            self._heard = len(self.place.store.messages)
            self.steps += 1
            try:
                if step.case is not None:
                    self.case_id = self._newest(step.case)
                self._do(step)
            except _UndoneError as undone:
                self._fail((undone.key,), Words(N_("is done")), undone.error.words, undone.error.advised)
                return
            self._compare(step)
            self.place.clock.advance(timedelta(minutes=1))

    def _fail(self, path: Iterable[str], expected: Words, found: Words, advised: Words = _NOTHING) -> None:
        self.failures.append(Failure((*self._path, *path), expected, found, advised))

    # --- what is done ---

    def _do(self, step: Step) -> None:
        deed = step.deed
        if not deed:
            return
        try:
            _DEEDS[deed](self, step)
        except BangfuError as error:
            if step.refused is None:
                raise _UndoneError(deed, error) from error
            if not _is_meant(step.refused, error):
                self._fail(
                    ("refused",), Words(N_("refused: {reason}"), {"reason": step.refused}), error.words, error.advised
                )
        else:
            if step.refused is not None:
                self._fail(
                    ("refused",), Words(N_("refused: {reason}"), {"reason": step.refused}), Words(N_("it was done"))
                )

    def _wait(self, step: Step) -> None:
        now, amount = self.place.clock.now(), parse_amount(step.wait or "")
        moment = due(now, amount, self.place.calendar, roll=False)
        if amount.unit == "hour":
            self.place.live_until(moment.at)
        else:
            at = now.astimezone(self.place.calendar.zone).time()
            self.place.live_until(self.place.calendar.at(moment.date, at))

    def _until(self, step: Step) -> None:
        day_text, _, time_text = (step.until or "").partition(" ")
        moment = self.place.calendar.at(date.fromisoformat(day_text), time.fromisoformat(time_text or "09:00"))
        if moment < self.place.clock.now():
            raise InputError(
                N_("it is {now} already, and time does not go back"), field="until",
                now=self._told(self.place.clock.now()),
            )  # fmt: skip
        self.place.live_until(moment)

    def _open(self, step: Step) -> None:
        suite = self.file.suite
        workflow = self.place.procedures.in_force(step.workflow or suite.scenarios).workflow
        channel = workflow.opens.get(step.open or "")
        if channel is None:
            raise NotFoundError(
                N_("there is no channel {text}; there are: {known}"), text=step.open,
                known=", ".join(f"{name} {each.title}" for name, each in workflow.opens.items()),
            )  # fmt: skip
        about_home = workflow.subject == "household"
        division = step.at or (VILLAGE if about_home else LEVELS.get(workflow.subject, VILLAGE))
        command = OpenCase(
            id=self.place.office.new_id(), channel=step.open or "", note=self._words(step),
            subject=self.place.home.hex if about_home else "", division=division,
            members=self._members() if about_home else (), places=dict.fromkeys(workflow.places, step.at or VILLAGE),
        )  # fmt: skip

        def send(command: Command) -> None:
            assert isinstance(command, OpenCase)
            receipt = self.place.office.open(COUNTY, workflow.workflow, command)
            self.case_id = receipt.case.id

        procedure = self.place.procedures.in_force(workflow.workflow)
        command = replace(command, places={})
        self._by_somebody(step, channel.by, command, send, procedure, ("opens", step.open or ""))

    def _act(self, step: Step) -> None:
        case, procedure = self._case(), self._procedure()
        ask = step.on or case.stage
        action = step.act or ""
        offer = self._offer("act", ask, action)
        posts = offer.posts if offer is not None else self._working(case, ask)
        panel = self._panel(case, ask) if ask in case.section("asks") else None
        if panel is not None and action not in panel.tally:
            panel = None
        given = Act(
            id=self.place.office.new_id(), action=action, on=step.on or "", to=step.to or "", note=self._words(step),
        )  # fmt: skip
        if panel is not None and panel.recorded == "minutes":
            given = replace(given, minutes=_minutes(case, ask, panel, step))
        stage = procedure.workflow.stages.get(ask)
        own = stage.actions.get(action) if stage is not None and not step.on else None
        if stage is not None and stage.list_ is not None and own is not None and not own.by:
            self._enlist(step, posts)
            offer = self._offer("act", ask, action)
        if offer is not None and offer.list:
            given = replace(given, list=UUID(offer.list))
        places = (ask, f"{ask}.{action}", action)
        if panel is None or panel.recorded == "minutes":
            self._by_somebody(step, posts, given, self._send, procedure, places)
        else:
            self._all_answer(step, posts, given, procedure, places)

    def _send(self, command: Command) -> None:
        self.place.office.ask(COUNTY, self._id(), command)

    def _all_answer(
        self, step: Step, posts: Iterable[str], given: Act, procedure: Procedure, places: tuple[str, ...]
    ) -> None:
        """Of a body in which each answers for himself: so many as give this answer, until that is its result."""
        ask = step.on or self._case().stage
        wanted = step.votes or {given.action: 1 if step.by else _TRIES}
        number, first = self._case().section("asks")[ask]["n"], True
        for answer, count in wanted.items():
            for _ in range(count):
                command = replace(given, id=self.place.office.new_id(), action=answer)
                try:
                    self._by_somebody(step, posts, command, self._send, procedure, places)
                except (ActionNotAllowedError, PermissionDeniedError):
                    if first or step.votes:
                        raise
                    return  # Nobody is left who has not answered.
                first = False
                if self._case().section("asks").get(ask, {}).get("n") != number:
                    return

    def _enlist(self, step: Step, posts: Iterable[str]) -> None:
        case = self._case()
        if case.section("asks")[case.stage].get("l"):
            return
        command = Enlist(id=self.place.office.new_id(), list=self.place.office.new_id())
        self._by_somebody(step, posts, command, self._send, self._procedure(), ())

    def _notice(self, step: Step) -> None:
        kind = {"post": "post_notice", "prove": "prove_notice", "take_down": "take_down_notice"}[step.deed]
        name = str(getattr(step, step.deed))
        procedure, case = self._procedure(), self._case()
        on = name if name in procedure.workflow.tasks else ""
        offers = [each for each in self._offers() if each.kind == kind and each.on == name]
        places = [each.place for each in offers if step.place in (None, each.place)]
        if not places:
            places = [step.place or "board"]
        posts = offers[0].posts if offers else self._working(case, name)
        for place in places:
            id_, proof = self.place.office.new_id(), _document(f"{kind} {place}")
            command: Command
            if kind == "post_notice":
                shown = None if "proof" in step.without else proof
                command = PostNotice(id=id_, place=place, at=self.place.clock.now(), proof=shown, on=on)
            elif kind == "prove_notice":
                command = ProveNotice(id=id_, place=place, proof=proof, on=on)
            else:
                command = TakeDownNotice(id=id_, place=place, on=on, note=self._words(step))
            self._by_somebody(step, posts, command, self._send, procedure, ())

    def _object(self, step: Step) -> None:
        procedure, ask = self._procedure(), step.object or ""
        child = self.place.office.new_id()
        command = Object(
            id=self.place.office.new_id(), objector=child.hex, received_at=self.place.clock.now(), child=child,
            on=ask if ask in procedure.workflow.tasks else "", note=self._words(step),
        )  # fmt: skip
        notice = procedure.ask(ask).notice if ask in {*procedure.workflow.stages, *procedure.workflow.tasks} else None
        opened, places = procedure, tuple[str, ...]()
        if notice is not None and notice.objection is not None:
            opened = self.place.procedures.in_force(notice.objection)
            places = ("opens", *opened.workflow.opens)
        self._by_somebody(step, (), command, self._send, opened, places)

    def _attach(self, step: Step) -> None:
        command = Attach(
            id=self.place.office.new_id(), paper=step.attach or "", document=_document(f"paper {step.attach}")
        )
        offer = self._offer("attach", step.attach or "")
        posts = offer.posts if offer is not None else self._working(self._case(), self._case().stage)
        self._by_somebody(step, posts, command, self._send, self._procedure(), ())

    def _clock(self, step: Step) -> None:
        name, id_ = str(getattr(step, step.deed)), self.place.office.new_id()
        document = _document(f"{step.deed} {name}")
        command: Command
        if step.deed == "stop":
            command = StopClock(id=id_, clock=name, document=document, note=self._words(step))
        elif step.deed == "resume":
            command = ResumeClock(id=id_, clock=name)
        else:
            command = ExtendClock(id=id_, clock=name, document=document, note=self._words(step))
        offer = next((each for each in self._offers() if each.kind == f"{step.deed}_clock" and each.on == name), None)
        self._by_somebody(step, offer.posts if offer else (), command, self._send, self._procedure(), ())

    def _withdraw(self, step: Step) -> None:
        last = list(self.place.store.events(COUNTY, self._id()))[-1].actor
        command = Withdraw(id=self.place.office.new_id(), person=last, note=self._words(step))
        if step.by is None:
            self._send(command)
        else:
            self._by_somebody(step, (), command, self._send, self._procedure(), ())

    def _carry_on(self, step: Step) -> None:
        offer = next((each for each in self._offers() if each.kind == "carry_on"), None)
        command = CarryOn(id=self.place.office.new_id(), note=self._words(step))
        self._by_somebody(step, offer.posts if offer else (), command, self._send, self._procedure(), ())

    def _change_home(self, step: Step) -> None:
        person = next(iter(self._people(step, ())))
        id_, home, on = self.place.office.new_id(), self.place.home, self.place.today
        command: HouseholdCommand
        if step.born is not None:
            command = AddMember(
                id=id_, person=person, household=home, on=on, why=_WORDS, how="born", name=step.born, relation="子女"
            )
        else:
            gone = step.died if step.died is not None else step.moved_out
            members = self._members()
            head = next((each for each in members if each != str(gone)), "")
            command = RemoveMembers(
                id=id_, person=person, household=home, on=on, why=_WORDS,
                how="died" if step.died is not None else "moved_out", members=(str(gone),),
                head=head if members and str(gone) == members[0] else "",
            )  # fmt: skip
        self.place.office.update_household(COUNTY, command)

    # --- by whom, and with what ---

    def _by_somebody(
        self, step: Step, posts: Iterable[str], command: Command, send: Callable[[Command], None], procedure: Procedure,
        places: tuple[str, ...],
    ) -> None:  # fmt: skip
        """
        Send *command* in the name of the first who may, with what it lacks filled in.

        Raises:
            BangfuError: What the office told the first of them who was refused for good.
        """
        refusal: BangfuError | None = None
        for person in self._people(step, posts):
            try:
                self._complete(step, replace(command, person=person), send, procedure, places)
                return
            except PermissionDeniedError as error:
                refusal = refusal or error
            except GuardRefusedError as error:
                # That a colleague may not is told before that strangers may not.
                if error.rule not in _OTHERS:
                    raise
                refusal = error if isinstance(refusal, PermissionDeniedError) else refusal or error
            except ActionNotAllowedError as error:
                refusal = error if isinstance(refusal, PermissionDeniedError) else refusal or error
        raise refusal or NotFoundError(
            N_("nobody in this county is called, or holds the post, {by}"), by=step.by,
            advice=Words(N_("there is: {names}"), {"names": ", ".join(self.place.people)}),
        )  # fmt: skip

    def _people(self, step: Step, posts: Iterable[str]) -> list[str]:
        """Who is asked, in this order."""
        everybody = self.place.everybody()
        if step.by is not None:
            return [step.by] if step.by in everybody else self.place.holders(step.by)
        posts = tuple(posts)
        found = [key for post in posts for key in self.place.holders(post)]
        # What a household or anybody says is recorded by the officer who may: we ask, and do not know.
        return list(dict.fromkeys(found or everybody))

    def _complete(
        self, step: Step, command: Command, send: Callable[[Command], None], procedure: Procedure,
        places: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Send *command*; what the office says is missing is handed in with it, unless the step leaves it out."""
        asked_for = dict.fromkeys(name for place in places for name in procedure.facts_in.get(place, ()))
        papers_for = {name for place in places for name in procedure.papers_in.get(place, ())}
        if isinstance(command, (Act, OpenCase, Object)):
            command = replace(command, facts=self._said(step, procedure, asked_for))
        for _ in range(_TRIES):
            try:
                send(command)
                return
            except GuardRefusedError as error:
                if not isinstance(command, (Act, OpenCase, Object)):
                    raise
                facts, papers = dict(command.facts), dict(getattr(command, "papers", {}))
                for key in error.missing:
                    name = key.partition("/")[0]
                    if name in step.without:
                        continue
                    if name in asked_for:
                        value = self._value(step, procedure.workflow.facts[name], name)
                        for each in [key] if "/" in key else self._keys(procedure, name):
                            facts.setdefault(each, value)
                    elif name in papers_for:
                        papers.setdefault(name, _document(f"paper {name}"))
                if len(facts) + len(papers) == len(command.facts) + len(getattr(command, "papers", {})):
                    raise
                command = replace(command, facts=facts)
                if not isinstance(command, Object):
                    command = replace(command, papers=papers)

    def _said(self, step: Step, procedure: Procedure, asked_for: Iterable[str]) -> dict[str, Any]:
        """What the file itself says is filled in here: the step always, its way and its head where it is asked for."""
        found: dict[str, Any] = {}
        for key, written in step.facts.items():
            name = key.partition("/")[0]
            fact = procedure.workflow.facts.get(name)
            value = written if fact is None else _typed(fact, written)
            found |= dict.fromkeys([key] if "/" in key else self._keys(procedure, name), value)
        general = {**self.file.suite.facts, **self.way.facts}
        for key, written in general.items():
            name = key.partition("/")[0]
            if name in asked_for and name not in step.without and not procedure.workflow.facts[name].when:
                for each in [key] if "/" in key else self._keys(procedure, name):
                    found.setdefault(each, _typed(procedure.workflow.facts[name], written))
        return found

    def _keys(self, procedure: Procedure, name: str) -> list[str]:
        """Under which keys a fact is handed in: its own, or one for each member."""
        fact = procedure.workflow.facts.get(name)
        if fact is None or fact.of != "member":
            return [name]
        members = self._case().get("members", ()) if self.case_id is not None else self._members()
        return [f"{name}/{member}" for member in members]

    def _value(self, step: Step, fact: Fact, name: str) -> Any:
        """What the file says of a fact, else something that fits its type."""
        for written in (step.facts, self.way.facts, self.file.suite.facts):
            if name in written:
                return _typed(fact, written[name])
        match fact.kind:
            case "number":
                return max(1, fact.at_least or 0)
            case "yuan":
                return max(1000, fact.at_least or 0) * 100
            case "share":
                return "0.5"
            case "date":
                return self.place.today.isoformat()
            case "yes_no":
                return False
            case "one":
                return fact.choices[0]
            case "many":
                return [fact.choices[0]]
            case "person":
                return OBSERVER
            case "list":
                return [self.place.home.hex]
            case "table":
                return []
        return _WORDS

    def _words(self, step: Step) -> str:
        return "" if "opinion" in step.without else step.say or _WORDS

    # --- what must be so ---

    def _compare(self, step: Step) -> None:
        if self.case_id is not None:
            case = self._case()
            self._compare_case(step, case)
        for name, wanted in step.status.items():
            found = self._status().get(name)
            if str(found) != str(wanted):
                self._differs(("status", name), str(wanted), "–" if found is None else str(found))
        for workflow, count in step.cases.items():
            number = sum(1 for each in self.place.store.opened if each.workflow == workflow)
            if number != count:
                self._differs(("cases", workflow), str(count), str(number))
        told = {each.post for each in self.place.store.messages[self._heard :]}
        for number, post in enumerate(step.told):
            if post not in told:
                self._differs(("told", str(number)), post, ", ".join(sorted(told)) or "–")

    def _compare_case(self, step: Step, case: Case) -> None:
        if step.stage is not None and step.stage != case.stage:
            self._differs(("stage",), self._named(step.stage), self._named(case.stage))
        if step.asks is not None:
            asks = sorted(name for name in case.section("asks") if name != case.stage)
            if asks != sorted(step.asks):
                self._differs(("asks",), ", ".join(sorted(step.asks)) or "none", ", ".join(asks) or "none")
        clocks = {name: ClockState.from_json(name, kept) for name, kept in case.section("clocks").items()}
        running = {name: each for name, each in clocks.items() if each.status != "ended"}
        for name, wanted in step.due.items():
            state = next((running[each] for each in (name, f"{name}.wait") if each in running), None)
            found = "none" if state is None else "stopped" if state.status == "stopped" else state.due_date.isoformat()
            if found != str(wanted):
                self._differs(("due", name), str(wanted), found)
        if step.late is not None:
            late = sorted(name for name, each in running.items() if each.late_at is not None)
            wanted_late = sorted(step.late)
            if late != wanted_late:
                self._differs(("late",), ", ".join(wanted_late) or "none", ", ".join(late) or "none")

    def _differs(self, path: Iterable[str], expected: str, found: str) -> None:
        self._fail(path, Words("{it}", {"it": expected}), Words("{it}", {"it": found}))

    # --- looking ---

    def _id(self) -> UUID:
        if self.case_id is None:
            raise InputError(N_("there is no case yet"), field="steps", advice=N_("begin with a step `open: CHANNEL`"))
        return self.case_id

    def _case(self) -> Case:
        return self.place.case(self._id())

    def _procedure(self) -> Procedure:
        return self.place.procedures.pinned(self._case().version)

    def _newest(self, workflow: str) -> UUID:
        found = [each for each in self.place.store.opened if each.workflow == workflow]
        if not found:
            there = dict.fromkeys(each.workflow for each in self.place.store.opened)
            error = NotFoundError(
                N_("no case of {workflow} was opened; there is: {names}"), workflow=workflow,
                names=", ".join(there) or "–",
            )  # fmt: skip
            raise _UndoneError("case", error)
        return found[-1].id

    def _offers(self) -> tuple[Offer, ...]:
        return self.place.office.offered(COUNTY, self._id(), OBSERVER)

    def _offer(self, kind: str, on: str, action: str = "") -> Offer | None:
        found = (each for each in self._offers() if (each.kind, each.on, each.action) == (kind, on, action))
        return next(found, None)

    def _working(self, case: Case, ask: str) -> list[str]:
        return [item["p"] for item in case.section("items").values() if item["q"] == ask]

    def _panel(self, case: Case, ask: str) -> Panel | None:
        procedure = self._procedure()
        if procedure.ask(ask).panel is None:
            return None
        return procedure.panel_of(ask, case.section("asks")[ask].get("p", ""))

    def _members(self) -> tuple[str, ...]:
        return self.place.bangfu.members_of(COUNTY, self.place.home)

    def _status(self) -> Mapping[str, Any]:
        scope = self.place.bangfu.scope(COUNTY, OBSERVER)
        known = self.place.bangfu.register.household(scope, self.place.home).statuses
        return {name: each["v"] for name, each in known.items()}

    def _named(self, state: str) -> str:
        workflow = self._procedure().workflow
        title = workflow.stages[state].title if state in workflow.stages else ""
        title = title or (workflow.ends[state].title if state in workflow.ends else "")
        return f"{title} ({state})" if title else state

    def _told(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.place.calendar.zone):%Y-%m-%d %H:%M}"


_DEEDS: Mapping[str, Callable[[_Player, Step], None]] = {
    "open": _Player._open, "act": _Player._act, "post": _Player._notice, "prove": _Player._notice,
    "take_down": _Player._notice, "object": _Player._object, "attach": _Player._attach, "withdraw": _Player._withdraw,
    "stop": _Player._clock, "resume": _Player._clock, "extend": _Player._clock, "born": _Player._change_home,
    "died": _Player._change_home, "moved_out": _Player._change_home, "carry_on": _Player._carry_on,
    "wait": _Player._wait, "until": _Player._until,
}  # fmt: skip


def _typed(fact: Fact, written: Any) -> Any:
    """What a file wrote, as a value of *fact*: as people type it on the command line."""
    return fact_value(fact, ", ".join(str(each) for each in written) if isinstance(written, list) else str(written))


def _minutes(case: Case, ask: str, panel: Panel, step: Step) -> Minutes:
    """Everybody came and gave the answer, where the step says nothing else."""
    entitled: Mapping[str, int] = case.section("asks")[ask]["e"]
    register = step.present.get("entitled", _ROLL) if panel.roll is not None else 0
    present = {post: number for post, number in step.present.items() if post != "entitled"}
    present = present or ({"roll": register} if panel.roll is not None else dict(entitled))
    return Minutes(present, step.votes or {step.act or "": sum(present.values())}, entitled=register)


def _document(name: str) -> Document:
    """A file that nobody opens."""
    return Document(hashlib.sha256(name.encode()).hexdigest(), ".pdf", 1)


def _is_meant(wanted: str, error: BangfuError) -> bool:
    """Whether *error* is the refusal that a file expects, by the name of the rule or words of it in either language."""
    if isinstance(error, PermissionDeniedError) and wanted == "post":
        return True
    texts = (str(error.words), error.words.told(translator("zh_CN").gettext))
    return wanted == getattr(error, "rule", "") or any(wanted in text for text in texts)
