"""
The story played: officers see to their open work, day by day, on a virtual clock; the sweep does what falls due.

Every step is a command through the office, as the command line sends it. A work item that a case opens becomes an
appointment of the post that it is for: the plan says on which day, and what is answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from typing import Any, Protocol
from uuid import UUID

from bangfu.demo import plan
from bangfu.demo.plan import Chapter, Household, Say, Village, Way
from bangfu.timesource import ManualTime
from engine.calendar import Calendar
from engine.cases import Act, Case, Command, Document, Minutes, Object, OpenCase, PostNotice, ProveNotice
from engine.divisions import Level, ancestor, county_of
from engine.errors import BangfuError, GuardRefusedError
from engine.listing import decide_list, open_list
from engine.office import ListRefusedError, Office
from engine.ports import Register
from engine.workflow import Panel

_STEP = timedelta(seconds=40)  # from one command to the next
_SWEEPS = (time(0), time(9))  # a period ends at midnight; reminders are given when offices open
_SWEEP = "sweep"


@dataclass
class Applicant:
    """
    A household in the story: its case as last seen, and how far it has gone on its way.

    ``kin`` is the post whose first holder leaves the room for it, as is known by now.
    """

    home: Household
    village: str
    number: int
    members: tuple[str, ...]
    way: Way
    chapter: Chapter = plan.IDENTIFICATION
    kin: str = ""
    case: Case | None = None
    answered: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    @property
    def place(self) -> Village:
        return plan.VILLAGES[self.village]

    @property
    def county(self) -> str:
        return county_of(self.village)

    @property
    def record(self) -> Case:
        """The case, once there is one."""
        assert self.case is not None
        return self.case

    def say(self, ask: str) -> Say:
        """What comes next on its way, when *ask* is put to it."""
        own, turn = self.way.answers.get(ask, ()), self.answered[ask]
        return own[turn] if turn < len(own) else plan.usual(ask, self.chapter.usual)

    def went(self, way: Way) -> bool:
        """Whether *way* is its own, and has been gone to its end."""
        return self.way is way and self.has_gone_its_way

    @property
    def has_gone_its_way(self) -> bool:
        """Whether everything that is special about its way has happened."""
        interlude = self.way.interlude
        said = all(self.answered[ask] >= len(own) for ask, own in self.way.answers.items())
        return self.case is not None and said and (interlude is None or self.answered[interlude.what] > 0)


@dataclass(frozen=True, slots=True)
class Deed:
    """
    What one post did at one sitting, or what fell due at one moment, for the story.

    Attributes:
        at: UTC.
        village: 12 digits.
        workflow: Of which procedure.
        ask: The question; ``opens``, ``object``, ``withdraw``; for what fell due, its clock.
        by: The key of who did it; empty for the scheduler.
        outcomes: Answer → whose cases. Of what fell due: the kind of timer, ``late:`` with the post it is reported to.
        remarks: Case and what was written, where something was.
        refusals: Case and the office's own words, where it refused.
    """

    at: datetime
    village: str
    ask: str
    workflow: str
    by: str = ""
    outcomes: Mapping[str, Sequence[Applicant]] = field(default_factory=dict)
    remarks: Sequence[tuple[Applicant, str, str]] = ()
    refusals: Sequence[tuple[Applicant, BangfuError]] = ()


class Teller(Protocol):
    """Who tells the story: a day before its deeds."""

    def day(self, day: date) -> None: ...

    def deed(self, deed: Deed) -> None: ...


@dataclass(frozen=True, order=True, slots=True)
class _Appointment:
    """A post sees to one question of one case; or something comes from outside, or bangfu sweeps."""

    at: datetime
    village: str
    ask: str
    post: str = ""
    workflow: str = ""
    order: int = 0
    key: str = ""

    @property
    def together(self) -> tuple[object, ...]:
        return self.at, self.village, self.ask, self.post, self.workflow


class Play:
    """
    Args:
        clock: What the office takes its time from.
        holders: (post, division) → keys of who holds it, in order.
        document: Keeps a small file of a county, for cases of some households, and says what it is.
        applicants: Numbered within their villages.

    Attributes:
        refused: How often the office refused, by rule.
        fired: How many timers fired, by kind.
    """

    def __init__(
        self,
        office: Office,
        register: Register,
        clock: ManualTime,
        calendar: Calendar,
        holders: Mapping[tuple[str, str], Sequence[str]],
        document: Callable[[str, Sequence[UUID | None], str], Document],
        applicants: Sequence[Applicant],
        teller: Teller,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.applicants = list(applicants)
        self._office = office
        self._register = register
        self._clock = clock
        self._calendar = calendar
        self._holders = holders
        self._document = document
        self._teller = teller
        self._agenda: list[_Appointment] = []
        self._order = {id(applicant): number for number, applicant in enumerate(applicants)}
        self._of_case: dict[UUID, Applicant] = {}
        self._day = calendar.local_date(clock.now())
        for applicant in self.applicants:
            self._expect(applicant)

    # --- the days ---

    def days(self, last: date = plan.LAST_DAY) -> Iterator[date]:
        """Play on through *last*; gives each day when it is over."""
        day = self._day
        while day <= last:
            for hour in _SWEEPS:
                heappush(self._agenda, _Appointment(self._calendar.at(day, hour), "", _SWEEP))
            is_told = False
            while self._agenda and self._calendar.local_date(self._agenda[0].at) <= day:
                for deed in self._next():
                    if not is_told:
                        self._teller.day(day)
                        is_told = True
                    self._teller.deed(deed)
            yield day
            day = self._day = day + timedelta(days=1)

    def expect(self, applicants: Sequence[Applicant]) -> None:
        """More households have their turn from now on."""
        for applicant in applicants:
            self._order[id(applicant)] = len(self.applicants)
            self.applicants.append(applicant)
            self._expect(applicant)

    def _expect(self, applicant: Applicant) -> None:
        """Somebody will find this household, or it comes by itself."""
        chapter = applicant.chapter
        if chapter.post:
            day = applicant.way.found or chapter.opens[applicant.village]
            self._appoint(day, "opens", chapter.post, applicant)
            return
        days = (applicant.way.found,) if applicant.way.found else applicant.place.days["opens"]
        channels = plan.CHANNELS
        drawn = applicant.home.chance.choices(list(channels), list(channels.values()))[0]
        self._appoint(days[applicant.number % len(days)], "opens", applicant.way.opens or drawn, applicant)

    def _appoint(self, day: date, ask: str, post: str, applicant: Applicant, key: str = "") -> None:
        at = max(self._calendar.at(day, plan.hour_of(ask)), self._clock.now())
        workflow, order = applicant.chapter.workflow, self._order[id(applicant)]
        heappush(self._agenda, _Appointment(at, applicant.village, ask, post, workflow, order, key))

    def _next(self) -> list[Deed]:
        """Everything that the same post does at the same sitting for the same question."""
        first = heappop(self._agenda)
        sitting = [first]
        while self._agenda and self._agenda[0].together == first.together:
            sitting.append(heappop(self._agenda))
        self._clock.advance(max(first.at - self._clock.now(), timedelta(0)))
        if first.ask == _SWEEP:
            return self._sweep()
        cases = [(self.applicants[each.order], each.key) for each in sitting]
        match first.ask:
            case "opens":
                return [self._open([each for each, _ in cases], first.post)]
            case "object":
                return [self._object([each for each, _ in cases])]
            case "withdraw":
                return [self._withdraw(open_) for each, _ in cases if (open_ := self._still_open(each))]
            case "verify":
                return [self._verify(each, UUID(key)) for each, key in cases]
        waiting = [each for each, key in cases if key in each.record.section("items")]
        return self._see_to(first.ask, first.post, waiting) if waiting else []

    @staticmethod
    def _still_open(applicant: Applicant) -> Applicant | None:
        return applicant if applicant.record.status == "open" else None

    # --- what falls due ---

    def _sweep(self) -> list[Deed]:
        now = self._clock.now()
        due = self._office.store.due_timers(now, 10_000)
        found: dict[tuple[str, str, str], dict[str, list[Applicant]]] = {}
        for timer in due:
            applicant = self._of_case.get(timer.case)
            if applicant is None:  # An objection's own.
                continue
            clock = applicant.record.section("timers")[timer.number]["c"]
            kind = self._reported(applicant, clock) if timer.kind == "late" else timer.kind
            place = applicant.village, clock, applicant.chapter.workflow
            found.setdefault(place, {}).setdefault(kind, []).append(applicant)
        swept = self._office.sweep()
        if swept.failed:
            raise AssertionError(f"timers failed: {swept.failed[0]}")
        self.fired.update(timer.kind for timer in due)
        for case in {timer.case for timer in due}:
            if case in self._of_case:
                self._look(self._of_case[case])
        return [Deed(now, *place, outcomes=kinds) for place, kinds in sorted(found.items())]

    def _reported(self, applicant: Applicant, clock: str) -> str:
        """To whom lateness is reported now: the ladder's next post."""
        case = applicant.record
        rung = f"{clock}#{case.section('clocks')[clock].get('n', 1)}"
        ladder = tuple(self._office.definitions.pinned(case.version).clocks[clock].late.values())
        applicant.answered[rung] += 1
        return f"late:{ladder[applicant.answered[rung] - 1]}"

    def _look(self, applicant: Applicant, case: Case | None = None) -> None:
        """See how the case stands now; whoever has new work will see to it in his time."""
        case = case or self._office.store.load(applicant.county, applicant.record.id).case
        applicant.case = case
        for number, item in case.section("items").items():
            if number not in applicant.seen:
                applicant.seen.add(number)
                self._appoint(self._day_for(applicant, item["q"], item["p"]), item["q"], item["p"], applicant, number)

    def _day_for(self, applicant: Applicant, ask: str, post: str) -> date:
        """The first day of the timetable that is not over; after the last, the next on which offices work."""
        now = self._clock.now()
        chapter = applicant.chapter
        planned = plan.days_of(applicant.place, ask, post) if not chapter.post else ()
        if ask in chapter.days and self._calendar.at(chapter.days[ask], plan.hour_of(ask)) >= now:
            return chapter.days[ask]
        days = [day for day in planned if self._calendar.at(day, plan.hour_of(ask)) >= now]
        if days:
            return days[applicant.number % len(days)] if plan.is_spread(ask) else days[0]
        return self._working_day_after(self._calendar.local_date(now))

    def _working_day_after(self, day: date) -> date:
        ordinal = self._calendar.workday_from(day.toordinal() + 1)
        return date.fromordinal(ordinal)

    # --- cases begin ---

    def _open(self, applicants: Sequence[Applicant], post: str) -> Deed:
        """Cases are opened, one after the other; what a household says itself is recorded by the village."""
        at, village, chapter = self._clock.now(), applicants[0].village, applicants[0].chapter
        channel = chapter.channel or {"household": "applied", "village": "found"}.get(post.partition(".")[0], "warned")
        by = self._holder("village.cadre" if post == "household" else post, village)
        day = self._calendar.local_date(at)
        for applicant in applicants:
            command = OpenCase(
                id=self._office.new_id(), person=by, channel=channel, subject=applicant.home.id, division=village,
                members=applicant.members,
                facts={} if chapter.post else {"found_on": plan.FACTS["found_on"](applicant.home, day)},
            )  # fmt: skip
            receipt = self._office.open(applicant.county, chapter.workflow, command)
            self._of_case[receipt.case.id] = applicant
            self._clock.advance(_STEP)
            self._look(applicant, receipt.case)
        return Deed(at, village, "opens", chapter.workflow, by, {channel: list(applicants)})

    # --- questions are answered ---

    def _see_to(self, ask: str, post: str, applicants: list[Applicant]) -> list[Deed]:
        first = applicants[0]
        procedure = self._office.definitions.pinned(first.record.version)
        voiced = procedure.ask(ask)
        if voiced.notice is not None:
            return self._notice(ask, post, applicants)
        deeds = []
        while applicants:
            holder = applicants[0].say(ask).holder
            now = [each for each in applicants if each.say(ask).holder == holder]
            later = [each for each in applicants if each.say(ask).holder != holder]
            by = self._holder(post, first.village, holder)
            if getattr(voiced, "list_", None) is not None:
                deed = self._decide_list(ask, by, now)
            elif ask in procedure.workflow.tasks:
                deed = self._answer_together(ask, by, now)
            else:
                deed = self._answer_each(ask, by, now)
            deeds.append(deed)
            applicants = later + [each for each, _ in deed.refusals]
        return deeds

    def _answer_each(self, ask: str, by: str, applicants: Sequence[Applicant]) -> Deed:
        at = self._clock.now()
        done: list[tuple[Applicant, Say]] = []
        refusals: list[tuple[Applicant, BangfuError]] = []
        for applicant in applicants:
            say = applicant.say(ask)
            try:
                receipt = self._office.ask(applicant.county, applicant.record.id, self._act(ask, by, applicant))
            except BangfuError as error:
                refusals.append((applicant, self._expected(applicant, ask, error)))
                continue
            done.append((applicant, say))
            self._clock.advance(_STEP)
            self._went(applicant, ask, receipt.case)
        return _deed(at, ask, by, done, refusals)

    def _answer_together(self, ask: str, by: str, applicants: Sequence[Applicant]) -> Deed:
        """A task is done for all cases of a village in one transaction."""
        at, county = self._clock.now(), applicants[0].county
        acts = {each.record.id: self._act(ask, by, each) for each in applicants}
        done = [(each, each.say(ask)) for each in applicants]
        for receipt in self._office.decide_list(county, acts):
            self._went(self._of_case[receipt.case.id], ask, receipt.case)
        return _deed(at, ask, by, done, ())

    def _decide_list(self, ask: str, by: str, applicants: Sequence[Applicant]) -> Deed:
        """
        One act on the list of all cases that stand there; cases that the office refuses stay on it for another act.

        The second leader of a township finds the list that the first has made.
        """
        at, first = self._clock.now(), applicants[0]
        waiting = {each.record.id: each for each in applicants}
        refusals: list[tuple[Applicant, BangfuError]] = []
        done: list[tuple[Applicant, Say]] = []
        while waiting:
            list_id = self._list(ask, by, next(iter(waiting.values())))
            listed = self._register.list(self._office.scope(first.county, by), list_id)
            acts = {
                case: self._act(ask, by, waiting[case]) if case in waiting else None
                for case, _, _ in listed.items
                if self._of_case[case].record.section("asks").get(ask, {}).get("l") == list_id.hex
            }
            try:
                receipts = decide_list(self._office, self._register, first.county, by, list_id, acts)
            except ListRefusedError as error:
                for refusal in error.refusals:
                    applicant = waiting.pop(refusal.case)
                    refusals.append((applicant, self._expected(applicant, ask, refusal.error)))
                continue
            for receipt in receipts:
                applicant = waiting.pop(receipt.case.id)
                done.append((applicant, applicant.say(ask)))
                self._went(applicant, ask, receipt.case)
        self._clock.advance(_STEP)
        return _deed(at, ask, by, done, refusals)

    def _list(self, ask: str, by: str, applicant: Applicant) -> UUID:
        """The list on which the case stands; if none, one is made of all that stand there."""
        listed = applicant.record.section("asks")[ask].get("l")
        if listed:
            return UUID(listed)
        stage = self._office.definitions.pinned(applicant.record.version).workflow.stages[ask]
        assert stage.list_ is not None
        division = ancestor(applicant.village, Level(stage.list_.per))
        row = open_list(self._office, self._register, applicant.county, by, applicant.chapter.workflow, ask, division)
        for case, _, _ in row.items:
            self._look(self._of_case[case])
        return row.id

    def _went(self, applicant: Applicant, ask: str, case: Case) -> None:
        applicant.answered[ask] += 1
        self._look(applicant, case)

    def _expected(self, applicant: Applicant, ask: str, error: BangfuError) -> BangfuError:
        """The plan says which answers are refused, and by which rule; anything else is a mistake of ours."""
        rule = applicant.say(ask).refused
        if not rule or not isinstance(error, GuardRefusedError) or error.rule != rule:
            raise error
        self.refused[rule] += 1
        applicant.answered[ask] += 1
        return error

    def _act(self, ask: str, by: str, applicant: Applicant) -> Act:
        say, case = applicant.say(ask), applicant.record
        procedure = self._office.definitions.pinned(case.version)
        is_task = ask in procedure.workflow.tasks
        stage = procedure.workflow.stages.get(ask)
        action = stage.actions.get(say.action) if stage is not None else None
        facts: dict[str, Any] = {}
        papers: dict[str, Document] = {}
        if action is None or action.means not in ("withdraw", "back"):
            facts = self._facts((ask, f"{ask}.{say.action}"), applicant, say)
        if action is None or action.means in ("pass", "grant"):
            papers = self._papers(ask, applicant)
        minutes = None
        if procedure.ask(ask).panel is not None:
            panel = procedure.panel_of(ask, case.section("asks")[ask].get("p", ""))
            if panel.recorded == "minutes":
                minutes = self._minutes(case, ask, panel, say, applicant)
        return Act(
            id=self._office.new_id(), person=by, action=say.action, on=ask if is_task else "", to=say.to, note=say.note,
            facts=facts, papers=papers, minutes=minutes,
        )  # fmt: skip

    def _papers(self, ask: str, applicant: Applicant) -> dict[str, Document]:
        """What must be handed in with an answer."""
        procedure = self._office.definitions.pinned(applicant.record.version)
        papers = {name: procedure.workflow.papers[name] for name in procedure.papers_in.get(ask, ())}
        return {
            name: self._document(applicant.county, [applicant.home.uuid], f"{paper.title} {applicant.record.number}")
            for name, paper in papers.items()
            if not paper.made_by and not paper.optional
        }

    def _facts(self, places: Iterable[str], applicant: Applicant, say: Say) -> dict[str, Any]:
        """What is asked for, as the plan fills it in; for facts of members, for each of them."""
        procedure = self._office.definitions.pinned(applicant.record.version)
        day = self._calendar.local_date(self._clock.now())
        found: dict[str, Any] = {}
        for name in dict.fromkeys(name for place in places for name in procedure.facts_in.get(place, ())):
            fact = procedure.workflow.facts[name]
            if name in plan.COUNTED:
                found[name] = self._counted(applicant.village, plan.COUNTED[name])
            if name not in plan.FACTS:
                continue
            fill = plan.LATER.get(name) if applicant.chapter is plan.ELIMINATION else None
            value = (fill or plan.FACTS[name])(applicant.home, day)
            keys = [f"{name}/{member}" for member in applicant.members] if fact.of == "member" else [name]
            found |= dict.fromkeys(keys, value)
        return found | dict(say.facts)

    def _counted(self, village: str, end: str) -> int:
        """How many of the village's households were paired, or not."""
        paired = (each for each in self.applicants if each.chapter is plan.PAIRING and each.village == village)
        return sum(each.record.get("end") == end for each in paired)

    def _minutes(self, case: Case, ask: str, panel: Panel, say: Say, applicant: Applicant) -> Minutes:
        """Every seat is taken; where a number is enough, so many. At a larger meeting one vote may differ."""
        entitled: Mapping[str, int] = case.section("asks")[ask]["e"]
        present = dict(entitled)
        if isinstance(panel.quorum, int):
            present = dict.fromkeys(tuple(entitled)[: panel.quorum], 1)
        persons: list[str] = []
        recused: list[str] = []
        for post, number in present.items():
            held = self._held(post, applicant.village)
            if post in (say.without, applicant.kin):
                recused.append(held[0])
                held = held[1:]
            persons += held[:number]
        count = sum(present.values())
        differs = count > 3 and applicant.home.chance.random() < 0.25
        votes = {say.action: count - differs}
        if differs:
            votes[next(each for each in panel.tally if each != say.action)] = 1
        return Minutes(present, votes, tuple(persons), tuple(recused))

    # --- notices, and what the public says ---

    def _notice(self, ask: str, post: str, applicants: Sequence[Applicant]) -> list[Deed]:
        """One posting for all cases of the village, with a photo; when its time is over, another photo."""
        by, county = self._holder(post, applicants[0].village), applicants[0].county
        groups: dict[str, list[Applicant]] = {"proved": [], "posted": []}
        for each in applicants:
            posting = each.record.section("notices").get(ask, {})
            is_of_now = posting.get("n") == each.record.section("asks")[ask]["n"]
            hangs = is_of_now and each.chapter.place in posting["places"]
            groups["proved" if hangs else "posted"].append(each)
        deeds = []
        for kind, group in groups.items():
            if not group:
                continue
            at = self._clock.now()
            homes = [UUID(each.record.subject) for each in group]
            proof = self._document(county, homes, f"{kind} {group[0].village} {self._calendar.local_date(at)}")
            receipts = self._office.decide_list(
                county, {each.record.id: self._posting(kind, by, at, proof, each.chapter.place) for each in group}
            )
            for receipt in receipts:
                applicant = self._of_case[receipt.case.id]
                self._look(applicant, receipt.case)
                if kind == "posted":
                    self._disturb(applicant)
            deeds.append(Deed(at, group[0].village, ask, group[0].chapter.workflow, by, {kind: group}))
            self._clock.advance(_STEP)
        return deeds

    def _posting(self, kind: str, by: str, at: datetime, proof: Document, place: str) -> Command:
        if kind == "posted":
            return PostNotice(id=self._office.new_id(), person=by, place=place, at=at, proof=proof)
        return ProveNotice(id=self._office.new_id(), person=by, place=place, proof=proof)

    def _disturb(self, applicant: Applicant) -> None:
        """What comes from outside while the notice hangs; once."""
        interlude = applicant.way.interlude
        if interlude is not None and not applicant.answered[interlude.what]:
            day = self._calendar.local_date(self._clock.now()) + timedelta(days=interlude.after_days)
            applicant.answered[interlude.what] = 1
            self._appoint(day, interlude.what, "", applicant)

    def _object(self, applicants: Sequence[Applicant]) -> Deed:
        """Objections come in; each becomes a small case of its own, verified on the next working day."""
        at, village = self._clock.now(), applicants[0].village
        by = self._holder("village.cadre", village)
        remarks = []
        for applicant in applicants:
            assert applicant.way.interlude is not None
            grounds, child = applicant.way.interlude.note, self._office.new_id()
            command = Object(
                id=self._office.new_id(), person=by, objector=child.hex, received_at=self._clock.now(), child=child,
                facts={"grounds": grounds},
            )  # fmt: skip
            receipt = self._office.ask(applicant.county, applicant.record.id, command)
            self._clock.advance(_STEP)
            self._look(applicant, receipt.case)
            remarks.append((applicant, "object", grounds))
            day = self._working_day_after(self._calendar.local_date(at))
            self._appoint(day, "verify", "village.branch", applicant, child.hex)
        return Deed(at, village, "object", applicants[0].chapter.workflow, by, {"object": list(applicants)}, remarks)

    def _verify(self, applicant: Applicant, child: UUID) -> Deed:
        """The village's two committees answer an objection; that answers it for the case too."""
        at, say = self._clock.now(), applicant.way.verdict or plan.usual("verify")
        by = self._holder("village.branch", applicant.village)
        case = self._office.case(applicant.county, child, by)
        named = case.section("asks")["verify"].get("p", "")
        panel = self._office.definitions.pinned(case.version).panel_of("verify", named)
        day = self._calendar.local_date(at)
        command = Act(
            id=self._office.new_id(), person=by, action=say.action, note=say.note,
            facts={"finding": plan.FACTS["finding"](applicant.home, day)},
            minutes=self._minutes(case, "verify", panel, say, applicant),
        )  # fmt: skip
        self._office.ask(applicant.county, child, command)
        self._clock.advance(_STEP)
        self._look(applicant)
        remarks = [(applicant, say.action, say.note)]
        return Deed(at, applicant.village, "verify", plan.OBJECTION, by, {say.action: [applicant]}, remarks)

    def _withdraw(self, applicant: Applicant) -> Deed:
        assert applicant.way.interlude is not None
        at, note = self._clock.now(), applicant.way.interlude.note
        by = self._holder("village.cadre", applicant.village)
        command = Act(id=self._office.new_id(), person=by, action="withdraw", note=note)
        receipt = self._office.ask(applicant.county, applicant.record.id, command)
        self._clock.advance(_STEP)
        self._look(applicant, receipt.case)
        remarks = [(applicant, "withdraw", note)]
        workflow = applicant.chapter.workflow
        return Deed(at, applicant.village, "withdraw", workflow, by, {"withdraw": [applicant]}, remarks)

    # --- who ---

    def _held(self, post: str, village: str) -> Sequence[str]:
        return self._holders[post, ancestor(village, Level(post.partition(".")[0]))]

    def _holder(self, post: str, village: str, number: int = 0) -> str:
        return self._held(post, village)[number]


def _deed(
    at: datetime,
    ask: str,
    by: str,
    done: Sequence[tuple[Applicant, Say]],
    refusals: Sequence[tuple[Applicant, BangfuError]],
) -> Deed:
    outcomes: dict[str, list[Applicant]] = {}
    for applicant, say in done:
        outcomes.setdefault(say.action, []).append(applicant)
    village = (done[0] if done else refusals[0])[0].village
    remarks = [(applicant, say.action, say.note) for applicant, say in done if say.note]
    workflow = (done[0] if done else refusals[0])[0].chapter.workflow
    return Deed(at, village, ask, workflow, by, outcomes, remarks, refusals)
