"""How the story is told on a terminal: a heading for each day, a line for what one post did at one sitting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from gettext import NullTranslations
from itertools import groupby
from typing import TYPE_CHECKING

from bangfu.demo import plan
from bangfu.demo.playing import Applicant, Deed
from bangfu.terminal.derivation import WEEKDAYS
from bangfu.terminal.screen import DONE, HEAD, LATE, QUIET, SOON, escape
from bangfu.terminal.titles import PlaceNames, Titles
from engine.calendar import Calendar
from engine.errors import N_, BangfuError, GuardRefusedError
from engine.workflow import Workflow

if TYPE_CHECKING:
    from rich.console import Console

#: What is told of a sitting beyond its numbers: so many cases of each kind.
_TOLD = 2
_ASKS: Mapping[str, str] = {"opens": N_("clues"), "object": N_("objection"), "withdraw": N_("withdrawal")}
_ANSWERS: Mapping[str, str] = {
    "object": N_("lodged"),
    "withdraw": N_("recorded"),
    "posted": N_("posted, with a photo"),
    "proved": N_("hung its time, with a photo"),
    "remind": N_("deadline near"),
    "due": N_("overdue"),
    "over": N_("its time is over"),
}
_STYLES: Mapping[str, str] = {"remind": SOON, "due": LATE, "late": LATE, "list": DONE, "over": DONE, "grant": DONE}


class Names:
    """
    What things are called in the story: the procedures' titles, places and people.

    Args:
        people: Key → name and post (``level.role``).
    """

    def __init__(
        self,
        workflows: Mapping[str, Workflow],
        words: NullTranslations,
        places: PlaceNames,
        people: Mapping[str, tuple[str, str]],
    ) -> None:
        self._ = words.gettext
        self.words = words
        self.titles = Titles(workflows[plan.WORKFLOW], self._)
        self._titles = {name: Titles(workflow, self._) for name, workflow in workflows.items()}
        self._places = places
        self._people = people

    def of(self, workflow: str) -> Titles:
        return self._titles[workflow]

    def place(self, code: str) -> str:
        return self._places.name(code)

    def person(self, key: str) -> str:
        name, post = self._people[key]
        of = next((each for each in self._titles.values() if post in each.workflow.posts), self.titles)
        return f"{of.post(post)} {name}"

    def ask(self, name: str, workflow: str = plan.WORKFLOW) -> str:
        """A question's, end's or clock's."""
        if name == "opens" and workflow != plan.WORKFLOW:
            return self._titles[workflow].workflow.title
        return self._(_ASKS[name]) if name in _ASKS else self._titles[workflow].ask(name)

    def answer(self, ask: str, name: str, workflow: str = plan.WORKFLOW) -> str:
        """An answer's, or what became of a clock."""
        kind, _, post = name.partition(":")
        if post:
            return self._("reported to {post}").format(post=self.titles.post(post))
        if kind in _ANSWERS:
            return self._(_ANSWERS[kind])
        return self._titles[workflow].action(kind, ask)

    def refusal(self, error: BangfuError, workflow: str = plan.WORKFLOW) -> str:
        """Why the office refused: a rule of the definition by its title and clause, the core's in its own words."""
        rules = self._titles[workflow].workflow.rules
        rule = rules.get(error.rule) if isinstance(error, GuardRefusedError) else None
        if rule is None:
            return error.words.told(self._)
        return self._("needs: {title} ({clause})").format(title=rule.title, clause=rule.clause)


class Story:
    """Prints the story as it is played; a day is told when the next begins, or at :meth:`end`."""

    def __init__(self, console: Console, names: Names, calendar: Calendar) -> None:
        self._console = console
        self._names = names
        self._ = names._
        self._calendar = calendar
        self._day: date | None = None
        self._deeds: list[Deed] = []

    def day(self, day: date) -> None:
        self.end()
        self._day = day

    def deed(self, deed: Deed) -> None:
        self._deeds.append(deed)

    def end(self) -> None:
        """Tell what is not told yet."""
        if self._day is None or not self._deeds:
            return
        self._console.print()
        self._console.print(f"[{HEAD}]{day_title(self._day, self._calendar, self._)}[/]", highlight=False)
        for _, alike in groupby(self._deeds, _sitting):
            self._tell(list(alike))
        self._deeds = []

    def _tell(self, deeds: Sequence[Deed]) -> None:
        """One line; several tasks of one sitting with the same results are one."""
        from rich.table import Table

        first = deeds[0]
        ask = self._names.ask(first.ask, first.workflow)
        if len(deeds) > 1:
            ask = self._("{first}, {n} in all").format(first=ask, n=len(deeds))
        by = self._names.person(first.by) if first.by and len(deeds) == 1 else ""
        line = Table.grid(padding=(0, 1), expand=False)
        for width in (2, 5, 10, 20, 34, 22):
            line.add_column(width=width, overflow="fold")
        line.add_row(
            "",
            f"[{QUIET}]{self._calendar.local(first.at):%H:%M}[/]",
            escape(self._names.place(first.village)),
            escape(ask),
            " · ".join(self._outcome(first, name, cases) for name, cases in first.outcomes.items()),
            f"[{QUIET}]{escape(by)}[/]",
        )
        self._console.print(line)
        for deed in deeds:
            self._remark(deed)

    def _outcome(self, deed: Deed, name: str, cases: Sequence[Applicant]) -> str:
        style = _STYLES.get(name.partition(":")[0], "")
        text = f"{escape(self._names.answer(deed.ask, name, deed.workflow))} {len(cases)}"
        return f"[{style}]{text}[/]" if style else text

    def _remark(self, deed: Deed) -> None:
        for applicant, error in deed.refusals[:_TOLD]:
            text = self._("refused: {why}").format(why=self._names.refusal(error, deed.workflow))
            self._aside("✗", applicant, text, SOON)
        self._more(len(deed.refusals))
        for answer, group in groupby(sorted(deed.remarks, key=lambda each: each[1]), lambda each: each[1]):
            remarks = list(group)
            for applicant, _, note in remarks[:_TOLD]:
                self._aside("›", applicant, f"{self._names.answer(deed.ask, answer, deed.workflow)}：{note}", QUIET)
            self._more(len(remarks))

    def _aside(self, mark: str, applicant: Applicant, text: str, style: str) -> None:
        from rich.table import Table

        # Columns, so that a long opinion, which has no blanks, is folded beside the name and not below it.
        line = Table.grid(padding=(0, 1))
        line.add_column(width=8)
        line.add_column(width=17, no_wrap=True, style=style)
        line.add_column(width=70, overflow="fold", style=style)
        number = applicant.record.number.rpartition("-")[2]
        line.add_row("", f"{mark} {number} {escape(applicant.home.name)}", escape(text))
        self._console.print(line)

    def _more(self, count: int) -> None:
        if count > _TOLD:
            text = self.words(count - _TOLD)
            self._console.print(f"[{QUIET}]           {text}[/]", highlight=False)

    def words(self, count: int) -> str:
        return self._names.words.ngettext("and {n} more household", "and {n} more households", count).format(n=count)


def _sitting(deed: Deed) -> tuple[object, ...]:
    """Deeds that are told in one line: tasks of one kind, done in a row with the same results."""
    kind = deed.ask.partition("_")[0] if deed.ask not in plan.USUAL else deed.ask
    results = tuple((name, len(each)) for name, each in deed.outcomes.items())
    return deed.at, deed.village, deed.workflow, kind, bool(deed.by), results


def day_title(day: date, calendar: Calendar, translate: Callable[[str], str]) -> str:
    """``2026-02-14 Sat · a working day by 国办发明电〔2025〕7号``."""
    it = calendar.day(day)
    kinds = {
        "makeup": translate(N_("a working day by {source}")).format(source=it.source),
        "holiday": translate(N_("{title}, offices are closed")).format(title=it.title),
        "closure": translate(N_("{title}, offices are closed")).format(title=it.title),
        "weekend": translate(N_("weekend")),
    }
    title = f"{day:%Y-%m-%d} {translate(WEEKDAYS[day.weekday()])}"
    return f"{title} · {kinds[it.kind]}" if it.kind in kinds else title
