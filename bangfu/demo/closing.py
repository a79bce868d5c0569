"""What is shown at the end: the board, who held the clock, one case's story and one deadline's derivation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from bangfu.demo import plan
from bangfu.demo.playing import Applicant
from bangfu.demo.telling import Names
from bangfu.terminal.derivation import Derivation, ledgers
from bangfu.terminal.screen import HEAD, LATE, QUIET, Screen, Times, escape, table
from bangfu.terminal.story import details, sentence
from engine.attributing import attribute, totals
from engine.cases import Event
from engine.divisions import Level
from engine.errors import N_
from engine.ports import Scope

if TYPE_CHECKING:
    from bangfu.wiring import Bangfu

#: The overall limit, by which lateness is told.
WHOLE = "whole"
_ENDS = ("listed", "explained", "not_willing", "withdrawn")
HOLDERS: Mapping[str, str] = {
    "village": N_("village"),
    "township": N_("township"),
    "county": N_("county"),
    "department": N_("departments"),
    "publicity": N_("public notice"),
    "objection": N_("objection being verified"),
    "calendar": N_("nobody: offices are closed"),
}


class Closing:
    """
    Reads and prints it. Whatever is read is asked for as a leader of the county, through office and register.

    Args:
        leaders: County (6 digits) → the key of a person who sees all of it.
    """

    def __init__(self, bangfu: Bangfu, screen: Screen, names: Names, leaders: Mapping[str, str]) -> None:
        self._bangfu = bangfu
        self._screen = screen
        self._console = screen.out
        self._names = names
        self._ = names._
        self._leaders = leaders
        self._now = bangfu.time_source.now()
        self._times = Times(bangfu.calendar, self._now, names.words)

    # --- the board ---

    def board(self) -> None:
        """Village by village: what became of the households, and which limits were missed."""
        rows, late = self._rows, self._late
        missed = sorted({name for each in late.values() for name in each}, key=lambda name: (name != WHOLE, name))
        headings = [
            self._("village"), self._("unit of the plan"), self._("households"),
            *(self._names.ask(end) for end in _ENDS), self._("still open"),
            *(self._("late: {limit}").format(limit=self._names.ask(name)) for name in missed),
        ]  # fmt: skip
        lines = [
            [escape(self._names.place(code)), plan.VILLAGES[code].unit, *_cells(rows[code], late[code], missed)]
            for code in plan.VILLAGES
            if rows[code]
        ]
        everywhere = (sum(rows.values(), Counter()), sum(late.values(), Counter()))
        in_all = self._("in all")
        lines.append([f"[bold]{in_all}[/]", "", *_cells(*everywhere, missed)])
        self.head(self._("What became of them"))
        self._console.print(table(headings, lines, narrow=(0, 1)), highlight=False)

    def onward(self, applicants: Sequence[Applicant]) -> None:
        """Village by village: what was agreed with it, and what followed for those who were listed."""
        self._agreements([each for each in applicants if each.chapter is plan.VILLAGE])
        for chapter in (plan.PAIRING, plan.ELIMINATION):
            own = [each for each in applicants if each.chapter is chapter]
            if not own:
                continue
            ends = dict.fromkeys(each.record.get("end") or "open" for each in own)
            counts = Counter((each.village, each.record.get("end") or "open") for each in own)
            headings = [self._("village"), self._("households")]
            still_open = self._("still open")
            headings += [still_open if end == "open" else self._names.ask(end, chapter.workflow) for end in ends]
            lines = [
                [escape(self._names.place(code)), str(total), *(str(counts[code, end] or "") for end in ends)]
                for code in plan.VILLAGES
                if (total := sum(counts[code, end] for end in ends))
            ]
            self.head(self._names.ask("opens", chapter.workflow))
            self._console.print(table(headings, lines, narrow=(0,)), highlight=False)

    def _agreements(self, villages: Sequence[Applicant]) -> None:
        """How many households of each village were paired, and how long its agreement runs."""
        workflow, names = plan.VILLAGE.workflow, (*plan.COUNTED, "term_to")
        told = [self._names.of(workflow).fact(name) for name in names]
        lines = [
            [escape(each.home.name), *(str(each.record.section("facts")[name]["v"]) for name in names)]
            for each in sorted(villages, key=lambda each: each.number)
            if all(name in each.record.section("facts") for name in names)
        ]
        if lines:
            self.head(self._names.ask("opens", workflow))
            self._console.print(table([self._("village"), *told], lines, narrow=(0,)), highlight=False)

    @cached_property
    def _rows(self) -> Mapping[str, Counter[str]]:
        """Village → end, or ``open``, → how many."""
        found: dict[str, Counter[str]] = {code: Counter() for code in plan.VILLAGES}
        for scope in self._scopes():
            for row in self._bangfu.register.board(scope, self._now, Level.VILLAGE):
                if row.workflow == plan.WORKFLOW:
                    found[row.division].update({row.stage: row.ended} if row.outcome else {"open": row.open})
        return found

    @cached_property
    def _late(self) -> Mapping[str, Counter[str]]:
        """Village → limit → how many missed it, running ones included."""
        found: dict[str, Counter[str]] = {code: Counter() for code in plan.VILLAGES}
        for scope in self._scopes():
            for clock in self._bangfu.register.clocks(scope, self._now, late_only=True):
                found[clock.division][clock.clock] += 1
        return found

    @property
    def late_cases(self) -> int:
        """How many missed the overall limit."""
        return sum(each[WHOLE] for each in self._late.values())

    def holders(self) -> None:
        """Who held the days of the overall limit: of cases in time, and of those that missed it."""
        days: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        beyond: Counter[str] = Counter()
        cases: Counter[bool] = Counter()
        for scope in self._scopes():
            for clock in self._bangfu.register.clocks(scope, self._now):
                if clock.clock != WHOLE:
                    continue
                cases[clock.is_late] += 1
                events = self._bangfu.office.history(scope.county, clock.case, scope.person)
                procedure = self._bangfu.definitions.pinned(events[0].version)
                for total in totals(attribute(events, procedure, self._bangfu.calendar, self._now, WHOLE)):
                    days[clock.is_late][total.kind] += total.days  # type: ignore[assignment]
                    beyond[total.kind] += total.late_days  # type: ignore[assignment]
        lines = [
            [
                self._(HOLDERS.get(kind, kind)),
                _mean(days[False][kind], cases[False]),
                _mean(days[True][kind], cases[True]),
                f"[{LATE}]{_mean(beyond[kind], cases[True])}[/]" if beyond[kind] else "",
            ]
            for kind in (*HOLDERS, *(set(days[True]) - set(HOLDERS)))
            if days[False][kind] or days[True][kind]
        ]
        headings = [
            self._("who held the clock"),
            self._("days a case, {n} in time").format(n=cases[False]),
            self._("days a case, {n} late").format(n=cases[True]),
            self._("working days beyond the limit"),
        ]
        self.head(self._("Who held the clock ({limit})").format(limit=self._names.ask(WHOLE)))
        self._console.print(table(headings, lines, narrow=(0,)), highlight=False)

    # --- one case ---

    def case(self, applicant: Applicant) -> None:
        """Everything that happened to it."""
        titles, by_time = self._names.titles, self._("by itself, in time")
        lines = []
        for event in self._history(applicant):
            more = " ".join(details(event, titles, True, self._times))
            what = escape(sentence(event, titles, self._times))
            lines.append(
                [
                    self._times.instant(event.at),
                    escape(self._names.person(event.actor)) if event.actor else f"[{QUIET}]{by_time}[/]",
                    f"{what} [{QUIET}]{escape(more)}[/]" if more else what,
                ]
            )
        number, name = applicant.record.number, applicant.home.name
        self.head(self._("The story of {number}, {name}").format(number=number, name=name), self._(applicant.way.title))
        headings = [self._("when"), self._("who"), self._("what")]
        self._console.print(table(headings, lines, narrow=(0, 1)), highlight=False)

    def _history(self, applicant: Applicant) -> Sequence[Event]:
        return self._bangfu.office.history(applicant.county, applicant.record.id, self._leaders[applicant.county])

    def derivation(self, applicant: Applicant) -> None:
        """Why its overall limit is due when it is, day by day."""
        state = [each for each in ledgers(self._history(applicant)) if each.clock == WHOLE][-1]
        spec = self._bangfu.definitions.pinned(applicant.record.version).clocks[WHOLE]
        self.head(
            self._("Why {limit} of {number} is due on {day}").format(
                limit=self._names.ask(WHOLE), number=applicant.record.number, day=state.due_date.isoformat()
            )
        )
        Derivation(state, spec, self._names.titles, self._times).draw(self._screen)

    # --- words ---

    def head(self, title: str, more: str = "") -> None:
        self._console.print()
        self._console.rule(f"[{HEAD}]{escape(title)}[/]", align="left")
        if more:
            self._console.print(f"[{QUIET}]{escape(more)}[/]", highlight=False)

    def _scopes(self) -> Iterator[Scope]:
        for county, leader in self._leaders.items():
            yield self._bangfu.office.scope(county, leader)


def _cells(rows: Mapping[str, int], late: Mapping[str, int], missed: Sequence[str]) -> list[str]:
    """Households, ends, open ones, and missed limits of a line; nothing where there is none."""
    ended = sum(rows[end] for end in _ENDS)
    on_the_way = sum(rows.values()) - ended
    cells = [str(ended + on_the_way), *(str(rows[end] or "") for end in _ENDS), str(on_the_way or "")]
    return [*cells, *(f"[{LATE}]{late[name]}[/]" if late[name] else "" for name in missed)]


def _mean(total: Fraction | int, cases: int) -> str:
    return f"{float(total / cases):.1f}" if cases else ""
