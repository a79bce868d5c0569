"""
Can a limit be met: whether the limits and waits of the steps fit into the limit over them, whenever a case begins.

A case is taken along the main line once for each working day of the published calendar, with no return and no
objection. Every step takes as long as its own limit allows (or as long as it must, the least that a wait demands);
what is awaited beside it runs at the same time; a step without a limit takes no time. So what fits here may still be
exceeded by a case that goes back, but what does not fit cannot be kept by officers who each keep to their own limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine import clocks
from engine.calendar import Calendar
from engine.clocks import Amount, CalendarDate, ClockState, Offset, Term, parse_term
from engine.parameters import leaves
from engine.routes import next_of
from engine.workflow import Clock, Task, Voiced, Workflow

_TICK = timedelta(microseconds=1)
#: When officers begin, by the clock on the wall; the day of an event does not count, so the hour decides nothing.
_MORNING = time(9)


@dataclass(frozen=True, slots=True)
class Misfit:
    """
    A limit over several steps that they do not fit into.

    Attributes:
        clock: Its name.
        whatever: The waits alone are too long, however quickly everybody works.
        tried: On how many working days a case was begun.
        failed: On how many of them the steps end after the limit.
        begun: The first of those days.
        ends: On which day the steps then end.
        due: The last day of the limit then.
    """

    clock: str
    whatever: bool
    tried: int
    failed: int
    begun: date
    ends: date
    due: date


def misfits(workflow: Workflow, calendar: Calendar) -> Iterator[Misfit]:
    """Every limit over several steps that cannot be kept from some working day of *calendar*'s published years on."""
    line = _Line(workflow, calendar)
    over = [name for name, clock in workflow.clocks.items() if clock.limit is not None and clock.until is not None]
    if not over:
        return
    days = [calendar.at(day, _MORNING) for day in _working_days(calendar)]
    for patient in (False, True):
        found = [line.walked(start, patient=patient) for start in days]
        left = []
        for name in over:
            misfit = line.misfit(name, days, found, patient)
            if misfit is not None:
                yield misfit
            else:
                left.append(name)
        over = left


def _working_days(calendar: Calendar) -> Iterator[date]:
    for year in calendar.years:
        day = date(year, 1, 1)
        while day.year == year:
            if calendar.day(day).is_working:
                yield day
            day += timedelta(days=1)


@dataclass(slots=True)
class _Walk:
    """When each event happened first, and from when until when the case was in each stage, or a task ran."""

    events: dict[str, datetime]
    stays: dict[str, tuple[datetime, datetime]]
    provisional: bool = False

    def happen(self, event: str, at: datetime) -> None:
        self.events.setdefault(event, at)


class _Line:
    """The main line of one definition, walked again and again."""

    def __init__(self, workflow: Workflow, calendar: Calendar) -> None:
        self.workflow, self.calendar = workflow, calendar
        self.waits = {name: clock for name, clock in workflow.clocks.items() if clock.wait is not None}
        self.limits = {name: self._term(ask.limit) for name, ask in self._asks()}
        self.periods = {name: self._term(ask.notice.wait) for name, ask in self._asks() if ask.notice is not None}
        self.terms = {
            name: self._term(clock.limit or clock.wait or "", shortest=clock.limit is not None)
            for name, clock in workflow.clocks.items()
        }
        # Looked up once, since thousands of cases are walked.
        self.stages = workflow.main_line
        self.onward = {
            stage: [name for name, action in workflow.stages[stage].actions.items() if self._leads_on(stage, action.to)]
            for stage in self.stages
        }
        self.awaited = {
            stage: [name for name, task in workflow.tasks.items() if stage in task.awaited_by] for stage in self.stages
        }
        self.opened: dict[str, list[str]] = {}
        for name, task in workflow.tasks.items():
            for event in task.opens:
                self.opened.setdefault(event, []).append(name)

    def _asks(self) -> Iterator[tuple[str, Voiced]]:
        yield from self.workflow.stages.items()
        yield from self.workflow.tasks.items()

    def _term(self, text: str, *, shortest: bool = False) -> Term | None:
        """What *text* says, of a table the longest line (or shortest); none of what is unset, or has no length."""
        written = [text]
        if text.startswith("$") and text[1:] in self.workflow.params:
            written = [str(value) for _keys, value in leaves(self.workflow.params[text[1:]].value)]
        terms = []
        for each in written:
            try:
                terms.append(parse_term(each))
            except ValueError:
                continue
        lengths = [each for each in terms if isinstance(each, Amount)]
        if len(lengths) != len(terms):
            return terms[0]
        return (min if shortest else max)(lengths, key=_roughly) if lengths else None

    # --- one case ---

    def walked(self, start: datetime, *, patient: bool) -> _Walk:
        """
        A case begun at *start*.

        Args:
            patient: Whether each step takes all the time that it has, and not only as long as it must.
        """
        walk = _Walk({}, {})
        self._happen(walk, "opened", start, patient)
        for channel in self.workflow.opens:
            self._happen(walk, channel, start, patient)
        at = start
        for stage in self.stages:
            at = self._stay(walk, stage, at, patient)
        walk.happen(next(iter(self.workflow.ends)), at)
        return walk

    def _stay(self, walk: _Walk, stage: str, at: datetime, patient: bool) -> datetime:
        for event in ("entered", "begun", "listed"):
            self._happen(walk, f"{stage}.{event}", at, patient)
        ready = max([at, *(walk.stays[name][1] for name in self.awaited[stage] if name in walk.stays)])
        self._happen(walk, f"{stage}.ready", ready, patient)
        self._happen(walk, f"{stage}.posted", ready, patient)
        asked = self.workflow.stages[stage]
        leaves_at = self._over(walk, stage, asked, ready, patient)
        names = self.onward[stage]
        leaves_at = self._waited(walk, {f"{stage}.{name}" for name in (*names, "left", "over")}, leaves_at)
        walk.stays[stage] = (at, leaves_at)
        for name in (*names, "left", "expired", "ended", "over"):
            self._happen(walk, f"{stage}.{name}", leaves_at, patient)
        return leaves_at

    def _leads_on(self, stage: str, to: object) -> bool:
        following = next_of(self.workflow, stage)
        written = [to] if isinstance(to, str) else [line.to for line in to]  # type: ignore[attr-defined]
        return any(word in ("next", following) for word in written)

    def _over(self, walk: _Walk, name: str, asked: Voiced, ready: datetime, patient: bool) -> datetime:
        """When a question that is *ready* is answered: a notice after its period, others within their limit."""
        found = ready
        if asked.notice is not None and isinstance(period := self.periods[name], Amount):
            found = self._due(walk, ready, period, asked.notice.roll == "yes")
        limit = self.limits[name]
        if patient and isinstance(limit, Amount):
            found = max(found, self._due(walk, ready, limit, True) - _TICK)
        return found

    def _due(self, walk: _Walk, start: datetime, amount: Amount, roll: bool) -> datetime:
        due = clocks.due(start, amount, self.calendar, roll)
        walk.provisional |= due.provisional
        return due.at

    def _waited(self, walk: _Walk, ends: set[str], at: datetime) -> datetime:
        """*at*, or when a wait that ends with one of the events *ends* is over."""
        for name, clock in self.waits.items():
            if clock.until in ends and (state := self._state(walk, name, clock)) is not None:
                at = max(at, state.due_at)
        return at

    def _happen(self, walk: _Walk, event: str, at: datetime, patient: bool) -> None:
        """Marks *event*, and runs the tasks that it opens."""
        walk.happen(event, at)
        for name in self.opened.get(event, ()):
            if name not in walk.stays:
                task = self.workflow.tasks[name]
                over = self._over(walk, name, task, at, patient)
                walk.stays[name] = (at, over)
                for result in ("done", "waived", *_results(task)):
                    self._happen(walk, f"{name}.{result}", over, patient)

    # --- the limit over all ---

    def misfit(self, name: str, days: list[datetime], found: list[_Walk], patient: bool) -> Misfit | None:
        clock = self.workflow.clocks[name]
        tried, failed = 0, []
        for start, walk in zip(days, found, strict=True):
            end = walk.events.get(str(clock.until))
            state = self._state(walk, name, clock)
            if end is None or state is None or end < state.started_at or state.provisional:
                continue
            late = clocks.is_over(state, end)
            if walk.provisional and not late:
                continue  # What ends after the last published day is late for a limit that ends before it.
            tried += 1
            if late:
                failed.append((start, end, state))
        if not failed:
            return None
        start, end, state = failed[0]
        local = self.calendar.local_date
        return Misfit(name, not patient, tried, len(failed), local(start), local(end), state.due_date)

    def _state(self, walk: _Walk, name: str, clock: Clock) -> ClockState | None:
        """The clock as it stands at the end of *walk*, if something there starts it."""
        term = self.terms[name]
        if term is None:
            return None
        anchor = self._anchor(walk, term)
        starts = [at for moment in clock.from_ if (at := self._moment(walk, str(moment))) is not None]
        if isinstance(term, CalendarDate) or (isinstance(term, Offset) and (anchor is None or term.side == "before")):
            return None  # A day of the calendar is missed by whoever begins late: that says nothing of the steps.
        if not starts and (clock.from_ or anchor is None):
            return None
        at = (max if clock.again == "latest" else min)(starts) if starts else anchor
        if at is None:
            return None
        ends = None if clock.day_ends == "24:00" else time.fromisoformat(clock.day_ends)
        kind: clocks.Kind = "wait" if clock.limit is None else "limit"
        roll = clock.roll == "yes"
        state = clocks.start(name, term, at, self.calendar, kind=kind, anchor=anchor, roll=roll, day_ends=ends)
        for excepted in clock.except_:
            begun, over = walk.stays.get(excepted, (at, at))
            if begun < over and over > at:
                state = clocks.stop(state, max(begun, at), excepted)
                state = clocks.resume(state, over, self.calendar, excepted)
        return state

    def _anchor(self, walk: _Walk, term: Term) -> datetime | None:
        return self._moment(walk, term.anchor) if isinstance(term, Offset) else None

    def _moment(self, walk: _Walk, moment: str) -> datetime | None:
        """When an event happened; a day that somebody states is taken to be that of the opening."""
        if moment in walk.events:
            return walk.events[moment]
        fact = self.workflow.facts.get(moment)
        return walk.events["opened"] if fact is not None and fact.type == "date" else None


def _results(task: Task) -> tuple[str, ...]:
    return tuple(task.panel.tally) if not isinstance(task.panel, (str, tuple, type(None))) else task.results


_DAYS: Mapping[str, float] = {"hour": 1 / 24, "day": 1, "workday": 1.4, "month": 30, "year": 365}


def _roughly(amount: Amount) -> float:
    """About how many days, to tell the longer of two."""
    return amount.number * _DAYS[amount.unit]
