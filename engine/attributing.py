"""
Who held the clock: a case's time, or that of one of its limits, split by those it waited for. Pure.

Legal days are split, as they are counted (Civil Code 201): the day on which something begins is not counted, so a day
belongs to whoever held the case when it began, at 0:00. The days of a case therefore add up to the days from its
opening to its end, and nobody pays for the day on which he received it. Where several held it at once, each bears an
equal share of the day.

Who holds a case follows from its record: a limit stopped by hand (an applicant's supplement, with its document) holds
everybody up; a task that the stage awaits comes before the stage; a notice takes its time; an objection under
verification keeps the case from going forward; else whoever still has an open work item.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from itertools import pairwise

from engine.calendar import Calendar
from engine.cases import Case, Event, fold
from engine.clocks import Amount, ClockState
from engine.compiling import Procedure, is_office_post
from engine.divisions import Level

BY_HAND = "by_hand"
#: Kinds of holders who work on working days only: in totals their other days are the calendar's.
OFFICES = frozenset({*Level, "group", "department"})


@dataclass(frozen=True, slots=True)
class Held:
    """
    A stretch of days that one holder bore, alone or with others.

    Attributes:
        kind: ``village``, ``township``, ``county`` … (the level of a post), ``department`` (a county post that a task
            asks), ``applicant``, ``publicity`` (a notice's wait), ``objection`` or ``case`` (another one is waited
            for), ``stopped``, or ``nobody``.
        holder: The post, ``level.role@division``; else the notice, the workflow or the clock.
        ask: The stage or task that was open; ``opens`` before the case was.
        from_date: The first counted day; ``to_date`` the last. Both belong to it.
        days: His share of them. ``workdays`` are those among them on which offices work.
        late_days: His share of those after the limit, in the unit that it counts: the limit of what he was asked, in
            full, or an equal part of the overall one.
    """

    kind: str
    holder: str
    ask: str
    from_date: date
    to_date: date
    days: Fraction
    workdays: Fraction
    late_days: Fraction


@dataclass(frozen=True, slots=True)
class Total:
    """What one holder bore in all; the days of all totals add up to the time that was split."""

    kind: str
    holder: str
    days: Fraction
    late_days: Fraction


@dataclass(frozen=True, slots=True)
class _Span:
    """The case as it was when the days from *first* through *last* began; None before it was opened."""

    first: int
    last: int
    case: Case | None


def attribute(
    events: Iterable[Event], procedure: Procedure, calendar: Calendar, now: datetime, clock: str = ""
) -> tuple[Held, ...]:
    """
    Split the time of a case by who held it.

    Args:
        events: All of the case, from the first.
        now: Aware; how far a case, or a clock, that still runs is followed.
        clock: A limit of the case. Its days alone are split then, from its (last) start to its end, and lateness is
            what lies beyond it. Empty: the whole case, and everybody is late against the limit of what he was asked.

    Returns:
        Stretches in order of time; those of several holders of the same days follow each other.
    """
    history = tuple(events)
    if not history:
        return ()
    cases = _followed(history)
    ledgers = _ledgers(cases)
    found: list[Held] = []
    for span in _spans(history, cases, calendar, now, clock, ledgers):
        holders = _opener(history[0]) if span.case is None else _holders(span.case, procedure, clock)
        for kind, holder, ask in holders:
            late = _late_days(span, ledgers, calendar, clock or ask) / (len(holders) if clock else 1)
            found.append(_held(span, (kind, holder, ask), len(holders), late, calendar))
    return tuple(_joined(found))


def totals(held: Iterable[Held]) -> tuple[Total, ...]:
    """
    Add *held* up by holder, in order of first appearance.

    Days on which offices do not work are taken from the offices and given to ``calendar``, the last of the totals.
    """
    sums: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
    resting = Fraction(0)
    for each in held:
        days, late = sums.get((each.kind, each.holder), (Fraction(0), Fraction(0)))
        own = each.workdays if each.kind in OFFICES else each.days
        resting += each.days - own
        sums[each.kind, each.holder] = (days + own, late + each.late_days)
    found = [Total(*who, *sum_) for who, sum_ in sums.items()]
    return (*found, Total("calendar", "", resting, Fraction(0))) if resting else tuple(found)


# --- days -------------------------------------------------------------------------------------------------------------


def _followed(history: Sequence[Event]) -> list[Case]:
    """The case after each event."""
    case = Case(history[0].county, history[0].case)
    cases = []
    for event in history:
        case = fold(case, event)
        cases.append(case)
    return cases


def _spans(
    history: Sequence[Event],
    cases: Sequence[Case],
    calendar: Calendar,
    now: datetime,
    clock: str,
    ledgers: Mapping[tuple[str, int], ClockState],
) -> Iterator[_Span]:
    """The days to split, by the events between which they began."""
    begins, ends = history[0].at, now
    if clock:
        living = [place for place, case in enumerate(cases) if clock in case.section("clocks")]
        if not living:
            return
        last = cases[living[-1]].section("clocks")[clock]
        begins = ledgers[clock, last.get("n", 1)].started_at
        over = living[-1] + 1
    else:
        over = next((place for place, case in enumerate(cases) if case.status != "open"), len(cases))
    if over < len(cases):
        ends = history[over].at
    instants = [begins, *(event.at for event in history if begins < event.at < ends), ends]
    happened = [event.at for event in history]
    for since, until in pairwise(instants):
        first, last_day = (calendar.local_date(at).toordinal() for at in (since, until))
        if last_day > first:
            known = bisect_right(happened, since)
            yield _Span(first + 1, last_day, cases[known - 1] if known else None)


def _ledgers(cases: Iterable[Case]) -> dict[tuple[str, int], ClockState]:
    """Every clock of every entry, as last recorded: with the extensions that were granted in the end."""
    found = {}
    for case in cases:
        for name, value in case.section("clocks").items():
            found[name, value.get("n", 1)] = value
    return {key: ClockState.from_json(key[0], value) for key, value in found.items()}


def _late_days(span: _Span, ledgers: Mapping[tuple[str, int], ClockState], calendar: Calendar, clock: str) -> Fraction:
    """The days of *span* that lie beyond the limit, in its own unit; none while it is stopped."""
    value = span.case.section("clocks").get(clock) if span.case is not None else None
    if value is None or value.get("k", "limit") != "limit" or _stops(value):
        return Fraction(0)
    state = ledgers[clock, value.get("n", 1)]
    first = max(span.first, state.due_date.toordinal() + 1)
    if first > span.last:
        return Fraction(0)
    counts_workdays = isinstance(state.term, Amount) and state.term.unit == "workday"
    return Fraction(_workdays(first, span.last, calendar) if counts_workdays else span.last - first + 1)


def _held(span: _Span, who: tuple[str, str, str], among: int, late: Fraction, calendar: Calendar) -> Held:
    return Held(
        *who,
        date.fromordinal(span.first),
        date.fromordinal(span.last),
        Fraction(span.last - span.first + 1, among),
        Fraction(_workdays(span.first, span.last, calendar), among),
        late,
    )


def _workdays(first: int, last: int, calendar: Calendar) -> int:
    return calendar.workdays_through(last) - calendar.workdays_through(first - 1)


def _joined(held: Iterable[Held]) -> list[Held]:
    """Stretches of one holder that follow each other are one, if he bore the same share of each."""
    found: list[Held] = []
    for each in held:
        before = next((place for place, other in enumerate(found) if _continues(other, each)), None)
        if before is None:
            found.append(each)
        else:
            other = found[before]
            found[before] = replace(
                other,
                to_date=each.to_date,
                days=other.days + each.days,
                workdays=other.workdays + each.workdays,
                late_days=other.late_days + each.late_days,
            )
    return found


def _continues(before: Held, after: Held) -> bool:
    same = (before.kind, before.holder, before.ask) == (after.kind, after.holder, after.ask)
    return same and before.to_date.toordinal() + 1 == after.from_date.toordinal() and _share(before) == _share(after)


def _share(held: Held) -> Fraction:
    return held.days / (held.to_date.toordinal() - held.from_date.toordinal() + 1)


# --- holders ---------------------------------------------------------------------------------------------------------


def _opener(opened: Event) -> list[tuple[str, str, str]]:
    """A limit may begin before its case was opened, with a clue's date: until then whoever then opened it held it."""
    kind = opened.post.partition(".")[0] or "nobody"
    return [(kind, opened.post, "opens")]


def _holders(case: Case, procedure: Procedure, clock: str) -> list[tuple[str, str, str]]:
    """Who held *case*, as it stood: kind, holder, ask."""
    stage, clocks = case.stage, case.section("clocks")
    for name, value in clocks.items():
        if clock in ("", name) and any(reason == BY_HAND for reason in _stops(value)):
            return [("stopped", name, stage)]
    tasks = [name for name in procedure.awaited.get(stage, ()) if name in case.section("asks")]
    if tasks:
        return [holder for task in tasks for holder in _of_ask(case, task, "department")]
    wait = clocks.get(f"{stage}.wait")
    if wait is not None and not _stops(wait):
        return [("publicity", stage, stage)]
    for kind in ("objection", "child"):
        links = {link["w"]: link["q"] for link in case.section("links").values() if link["k"] == kind}
        if links:
            return [("objection" if kind == "objection" else "case", name, ask) for name, ask in links.items()]
    return _of_ask(case, stage, "county")


def _of_ask(case: Case, ask: str, county: str) -> list[tuple[str, str, str]]:
    """The posts that have open work for *ask*; *county* is what one of the county is called."""
    items = {(item["p"], item["d"]): None for item in case.section("items").values() if item["q"] == ask}
    found = []
    for post, division in items:
        level = post.partition(".")[0]
        kind = "applicant" if not is_office_post(post) else county if level == Level.COUNTY else level
        found.append((kind, f"{post}@{division}", ask))
    return found or [("nobody", "", ask)]


def _stops(clock: Mapping[str, object]) -> list[str]:
    """Why a clock, as recorded, stands still now."""
    stops: Sequence[Sequence[str | None]] = clock.get("stops", ())  # type: ignore[assignment]
    return [str(reason) for _, until, reason, _ in stops if until is None]
