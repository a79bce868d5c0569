"""The demonstration from end to end: a practice database is made, filled and played; what came of it is shown."""

from __future__ import annotations

import random
import shlex
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID

from bangfu.demo import plan
from bangfu.demo.closing import Closing
from bangfu.demo.files import write_demo_roster, write_people
from bangfu.demo.playing import Applicant, Play
from bangfu.demo.telling import Names, Story
from bangfu.entering import bundled_divisions, enter_people, enter_roster
from bangfu.library import Library
from bangfu.settings import Settings
from bangfu.terminal.screen import DONE, HEAD, LATE, Screen, escape, table
from bangfu.terminal.titles import PlaceNames
from bangfu.timesource import ManualTime, SystemTime
from bangfu.wiring import Bangfu, create_bangfu, open_bangfu
from engine.cases import Document
from engine.divisions import Level, ancestor, county_of
from engine.errors import N_, ConfigurationError
from engine.office import Office
from engine.workflow import Workflow
from papers.people import People, read_people
from papers.roster import Roster, read_roster
from storage.checks import Violation, check
from storage.intake import Intake

if TYPE_CHECKING:
    from rich.console import Console

AREA = "4308"
SEED = 2026
#: Where the database goes unless somebody says otherwise; the files that it is filled from lie beside it.
PLACE = Path("demo/bangfu-demo.db")
_SHOWN = 6
#: Problems of rows that are in order themselves.
_FOLLOWING = ("household_rejected", "member_rejected")


@dataclass(frozen=True, slots=True)
class Result:
    """
    What came of it.

    Attributes:
        rejected: Rows of the roster that were not taken.
        entered_again: Households that the same roster added when it was entered a second time.
        ends: End → how many; ``open`` are still on their way.
        later: Of what followed for those who were listed: procedure → end → how many.
        late: How many missed the overall limit.
        refused: How often the office refused what somebody tried, by rule.
        fired: How many timers fired, by kind.
        ways: Way → how many households went it to its end.
        violations: What must not be, and is.
        commands: To try next.
    """

    database: str
    households: int
    rejected: int
    entered_again: int
    events: int
    ends: Mapping[str, int]
    later: Mapping[str, Mapping[str, int]]
    late: int
    refused: Mapping[str, int]
    fired: Mapping[str, int]
    ways: Mapping[str, int]
    violations: Sequence[Violation]
    commands: Sequence[str]


def free_place(place: Path = PLACE) -> Path:
    """*place*, or if there is something already, the same with the first number that is free."""
    number = 2
    found = place
    while found.exists() or found.with_suffix(".key").exists():
        found = place.with_stem(f"{place.stem}-{number}")
        number += 1
    return found


def remove_practice(settings: Settings) -> None:
    """
    Delete an earlier demonstration with all its files but its key: other databases may be under the same one.

    Raises:
        ConfigurationError: It is not a practice database in a file, or not ours.
    """
    place = settings.database_file
    if place is None:
        raise ConfigurationError(N_("only a database in a file is replaced"))
    if not place.exists():
        return
    with open_bangfu(settings) as old:
        if not old.practice:
            raise ConfigurationError(
                N_("{place} is a real database and is not replaced"), advice=N_("choose another place"), place=place
            )
    for path in (place, place.with_name(f"{place.name}-wal"), place.with_name(f"{place.name}-shm")):
        path.unlink(missing_ok=True)
    shutil.rmtree(place.with_name(f"{place.name}.files"), ignore_errors=True)


def run(settings: Settings, screen: Screen, households: int = 300, seed: int = SEED) -> Result:
    """
    Make the database that *settings* name and play the story in it.

    The same seed and number give the same story, with the same case numbers and ids.

    Raises:
        ConfigurationError: There is a database already.
        StorageError: It cannot be made or written.
    """
    return _Demo(settings, screen, households, seed).run()


class _Demo:
    def __init__(self, settings: Settings, screen: Screen, households: int, seed: int) -> None:
        self._settings = settings
        self._screen = screen
        self._ = screen.words.gettext
        self._households = households
        self._seed = seed
        place = settings.database_file or PLACE
        self._folder, self._stem = place.parent, place.stem

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        return Console(quiet=True) if self._screen.as_json else self._screen.out

    def run(self) -> Result:
        self._folder.mkdir(parents=True, exist_ok=True)
        start = Library().calendar().at(plan.FIRST_DAY, time(8))
        begun = SystemTime().now()
        with create_bangfu(self._settings, practice=True, offset=start - begun) as bangfu:
            clock = ManualTime(start)
            chance = random.Random(f"{self._seed}/ids").randbytes
            bangfu.time_source = clock
            bangfu.intake = Intake(bangfu.database, chance)
            bangfu.office = Office(bangfu.store, bangfu.definitions, bangfu.calendar_of, clock, chance, bangfu.log)
            result = self._played(bangfu, clock)
            # From now on it lives by the system's clock, that far ahead or behind: the story's last evening is now.
            passed = SystemTime().now() - begun
            evening = max(clock.now(), bangfu.calendar.at(plan.LAST_DAY, plan.EVENING))
            bangfu.database.advance(max(evening - start - passed, timedelta(0)))
        return result

    def _played(self, bangfu: Bangfu, clock: ManualTime) -> Result:
        days = (plan.LAST_DAY - plan.FIRST_DAY).days + 1
        with self._progress(days + 3) as step:
            step(self._("places, definitions and officers"))
            workflows, people = self._county(bangfu)
            step(self._("the roster"))
            roster, ids, again = self._roster(bangfu)
            applicants = self._applicants(roster, ids)
            holders = _holders(people)
            relatives = [
                (holders[each.way.relative, each.village][0], UUID(each.home.id))
                for each in applicants
                if each.way.relative
            ]
            bangfu.intake.declare_relatives(relatives, bangfu.time_source.now())
            names = self._names(bangfu, workflows, people)
            self._introduce(names, applicants, people)
            self._report(roster, len(ids), again)
            story = Story(self._console, names, bangfu.calendar)
            with TemporaryDirectory() as scratch:
                papers = _Papers(bangfu, Path(scratch))
                play = Play(
                    bangfu.office, bangfu.register, clock, bangfu.calendar, holders, papers.photo, applicants, story
                )
                for day in play.days(plan.IDENTIFIED):
                    step(f"{day:%Y-%m-%d}")
                onward = self._onward(bangfu, applicants)
                play.expect(onward)
                for day in play.days():
                    step(f"{day:%Y-%m-%d}")
            story.end()
            step(self._("checking"))
            violations = check(bangfu.database, clock.now(), calendars=[bangfu.calendar])
        return self._closed(bangfu, play, names, holders, violations, roster, again)

    # --- what it begins with ---

    def _county(self, bangfu: Bangfu) -> tuple[Mapping[str, Workflow], People]:
        """Real places, the demonstration's pack, and somebody in every post."""
        places, source = bundled_divisions(AREA)
        bangfu.intake.add_divisions(places, source)
        deployed = bangfu.definitions.deploy(bangfu.library, plan.PACK, plan.FIRST_DAY, bangfu.time_source.now())
        workflows = {name: definition.workflow for name, definition in deployed.items()}
        path = self._folder / f"{self._stem}-people.csv"
        write_people(path, workflows.values(), self._seed)
        people = read_people(path, bangfu.today, places, partial(bangfu.definitions.known_posts, bangfu.library))
        enter_people(bangfu, people)
        return workflows, people

    def _roster(self, bangfu: Bangfu) -> tuple[Roster, Mapping[int, UUID], int]:
        """The roster as read, its households' ids by row, and how many it adds when it comes again."""
        path = self._folder / f"{self._stem}-roster.xlsx"
        places = bangfu.places.inside(AREA)
        write_demo_roster(path, self._households, self._seed, places)
        roster = read_roster(path, bangfu.today, places)
        entered = enter_roster(bangfu, roster, path)
        again = enter_roster(bangfu, roster, path)
        return roster, entered.new, len(again.new)

    def _applicants(self, roster: Roster, ids: Mapping[int, UUID]) -> list[Applicant]:
        numbers: Counter[str] = Counter()
        found = []
        for household in roster.households:
            number = numbers[household.village]
            numbers[household.village] += 1
            income = household.fields.get("income.per_capita", 0)
            home = plan.Household(
                id=ids[household.row].hex,
                name=household.householder,
                income_pc=income if isinstance(income, int) else 0,
                chance=random.Random(f"{self._seed}/{household.village}/{number}"),
            )
            members = tuple(str(each) for each in range(1, len(household.id_numbers) + 1))
            way = plan.WAYS[plan.way_of(plan.VILLAGES[household.village], number, self._seed)]
            found.append(Applicant(home, household.village, number, members, way))
        return found

    def _onward(self, bangfu: Bangfu, applicants: Sequence[Applicant]) -> list[Applicant]:
        """Those who were listed, in the procedures that follow: some are paired, and months later some eliminated."""
        found = []
        for place, village in enumerate(plan.VILLAGES):
            listed = [each for each in applicants if each.village == village and each.record.get("end") == "listed"]
            if listed:
                found.append(self._village(bangfu, village, place))
            for chapter in (plan.PAIRING, plan.ELIMINATION):
                for number, each in enumerate(chapter.chosen(listed, lambda each: each.home.income_pc)):
                    day = bangfu.calendar.local_date(_granted(bangfu, each))
                    way = chapter.ways[plan.way_onward(chapter, number, each.home.income_pc, day)]
                    kin = each.way.relative
                    found.append(Applicant(each.home, village, each.number, each.members, way, chapter, kin))
        return found

    def _village(self, bangfu: Bangfu, code: str, place: int) -> Applicant:
        """A village that is helped as a whole, beside its households; the second one counts too few at first."""
        name = PlaceNames(bangfu.places.names([code])).name(code)
        home = plan.Household("", name, 0, random.Random(f"{self._seed}/{code}"))
        way = plan.VILLAGE.ways["miscounted" if place == 1 else "helped"]
        return Applicant(home, code, place, (), way, plan.VILLAGE)

    def _names(self, bangfu: Bangfu, workflows: Mapping[str, Workflow], people: People) -> Names:
        codes = {ancestor(code, level) for code in plan.VILLAGES for level in (Level.COUNTY, Level.TOWNSHIP)}
        return Names(
            workflows,
            self._screen.words,
            PlaceNames(bangfu.places.names({*codes, *plan.VILLAGES})),
            {each.person: (each.name, each.post) for each in people.holdings},
        )

    # --- what is told around the story ---

    def _introduce(self, names: Names, applicants: Sequence[Applicant], people: People) -> None:
        self._head(self._("Households of five villages, from the roster to the list"))
        self._say(
            self._("A practice database: all people in it are synthetic; places, calendar and procedure are real.")
        )
        self._say(
            self._(
                "One village for each unit of the plan. The city's own federation has no villages: its one lies in"
                " {county}, and all five are our choice."
            ).format(county=names.place("430802000000"))
        )
        counts = Counter(each.village for each in applicants)
        lines = [
            [
                village.unit, names.place(ancestor(code, Level.COUNTY)), names.place(ancestor(code, Level.TOWNSHIP)),
                names.place(code), str(counts[code]),
            ]
            for code, village in plan.VILLAGES.items()
        ]  # fmt: skip
        headings = [
            self._("unit of the plan"),
            self._("county"),
            self._("township"),
            self._("village"),
            self._("households"),
        ]
        self._console.print(table(headings, lines), highlight=False)
        officers = len({each.person for each in people.holdings})
        text = self._("{officers} officers hold every post that the procedure names, in four counties.")
        self._say(text.format(officers=officers))

    def _report(self, roster: Roster, entered: int, again: int) -> None:
        self._head(self._("The roster, {name}").format(name=f"{self._stem}-roster.xlsx"))
        self._say(
            self._(
                "{rows} rows; {entered} households entered; {rejected} rows returned, each with its reason. The same"
                " file once more: {again} households entered."
            ).format(rows=roster.rows_present, entered=entered, rejected=roster.rows_rejected, again=again)
        )
        told = {each.reason: each for each in reversed(roster.problems) if each.reason not in _FOLLOWING}
        lines = [
            [each.sheet, str(each.row), each.column, each.shown, each.text(self._)]
            for each in sorted(told.values(), key=lambda each: each.row)
        ]
        headings = [self._("sheet"), self._("row"), self._("column"), self._("value"), self._("what is wrong")]
        self._console.print(table(headings, [[escape(cell) for cell in line] for line in lines]), highlight=False)

    def _closed(
        self,
        bangfu: Bangfu,
        play: Play,
        names: Names,
        holders: Mapping[tuple[str, str], Sequence[str]],
        violations: Sequence[Violation],
        roster: Roster,
        again: int,
    ) -> Result:
        leaders = {county_of(code): holders["county.leader", ancestor(code, Level.COUNTY)][0] for code in plan.VILLAGES}
        closing = Closing(bangfu, self._screen, names, leaders)
        identified = [each for each in play.applicants if each.chapter is plan.IDENTIFICATION]
        onward = [each for each in play.applicants if each.chapter is not plan.IDENTIFICATION]
        later: dict[str, Counter[str]] = {chapter.workflow: Counter() for chapter in plan.ONWARD}
        for each in onward:
            later[each.chapter.workflow].update([each.record.get("end") or "open"])
        if not self._screen.as_json:
            hero = _hero(identified)
            closing.board()
            closing.onward(onward)
            closing.holders()
            closing.case(hero)
            closing.derivation(hero)
        result = Result(
            database=self._settings.shown_database,
            households=len(identified),
            rejected=roster.rows_rejected,
            entered_again=again,
            events=sum(each.record.seq for each in play.applicants),
            ends=dict(Counter(each.record.get("end") or "open" for each in identified)),
            later={name: dict(ends) for name, ends in later.items()},
            late=closing.late_cases,
            refused=dict(play.refused),
            fired=dict(play.fired),
            ways=dict(Counter(name for name, way in plan.WAYS.items() for each in identified if each.went(way))),
            violations=violations,
            commands=self._commands(play.applicants, holders, leaders),
        )
        self._conclude(result)
        return result

    def _conclude(self, result: Result) -> None:
        self._head(self._("What is kept"))
        self._say(
            self._(
                "{cases} cases with {events} events; {timers} timers fired; {refused} attempts were refused."
            ).format(
                cases=result.households + sum(sum(ends.values()) for ends in result.later.values()),
                events=result.events,
                timers=sum(result.fired.values()),
                refused=sum(result.refused.values()),
            )
        )
        if result.violations:
            self._say(self._("These invariants do not hold:"), LATE)
            for each in result.violations[:_SHOWN]:
                self._say(f"  {each.told(self._)}", LATE)
        else:
            text = self._("Every invariant holds: each record is what its log says, each log an unbroken chain.")
            self._say(text, DONE)
        self._say(self._("The practice database is kept: {place}").format(place=result.database))
        self._say(self._("To go on from here:"))
        for command in result.commands:
            self._console.print(f"  {escape(command)}", highlight=False, soft_wrap=True)

    def _commands(
        self,
        applicants: Sequence[Applicant],
        holders: Mapping[tuple[str, str], Sequence[str]],
        leaders: Mapping[str, str],
    ) -> list[str]:
        """Three to try: the work of somebody who has some, one of his cases, and its deadlines."""
        case, person, first = _hero(applicants).record, "", "board"
        # Households first: in a village's term nothing happens for a long time.
        for applicant in sorted(applicants, key=lambda each: each.chapter is plan.VILLAGE):
            for item in applicant.record.section("items").values():
                if not person:
                    case, person, first = applicant.record, holders[item["p"], item["d"]][0], "queue"
        person = person or leaders[case.county]
        begins = f"bangfu --database {shlex.quote(self._settings.shown_database)}"
        return [
            f"{begins} --as {person} {rest}" for rest in (first, f"show {case.number}", f"clock explain {case.number}")
        ]

    # --- words and progress ---

    def _head(self, title: str) -> None:
        self._console.print()
        self._console.rule(f"[{HEAD}]{escape(title)}[/]", align="left")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(f"[{style}]{escape(text)}[/]" if style else escape(text), highlight=False)

    @contextmanager
    def _progress(self, steps: int) -> Iterator[Callable[[str], None]]:
        """A bar below the story; none where nobody watches."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        is_seen = self._console.is_terminal and not self._screen.as_json
        with Progress(*columns, console=self._console, transient=True, disable=not is_seen) as progress:
            bar = progress.add_task("", total=steps)
            yield lambda text: progress.update(bar, advance=1, description=text)


class _Papers:
    """Stands in for the photos that villages take: a line of text each, kept as every file that is handed in."""

    def __init__(self, bangfu: Bangfu, scratch: Path) -> None:
        self._bangfu = bangfu
        self._scratch = scratch

    def photo(self, county: str, households: Sequence[UUID | None], what: str) -> Document:
        path = self._scratch / "演示-公示照片.txt"
        path.write_text(f"演示用，此处应为照片：{what}\n", encoding="utf-8")
        return self._bangfu.files.keep(county, households, path, self._bangfu.time_source.now())


def _holders(people: People) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in people.holdings:
        found.setdefault((each.post, each.division), []).append(each.person)
    return found


def _granted(bangfu: Bangfu, applicant: Applicant) -> datetime:
    """When the county listed the household."""
    seq = applicant.record.get("granted")
    events = bangfu.store.events(applicant.county, applicant.record.id)
    return next(event.at for event in events if event.seq == seq)


def _hero(applicants: Sequence[Applicant]) -> Applicant:
    """Whose story is told: somebody who was sent back and met the festival, else whoever has the longest history."""
    sent_back = [each for each in applicants if each.way is plan.WAYS["returned"] and each.has_gone_its_way]
    in_time = [each for each in sent_back or applicants if each.place.unit == plan.FESTIVAL_UNIT]
    return max(in_time or sent_back or applicants, key=lambda each: each.record.seq)
