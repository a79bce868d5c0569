"""
What may happen to a case, worked out a second time: from the YAML files by themselves, with loops a child can follow.

Nothing here uses the engine. A file is read by PyYAML as it stands, a day is counted by stepping over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

WORKFLOWS = Path(__file__).parents[2] / "workflows"
OWN = Path(__file__).parent / "workflows"
_SHANGHAI = timedelta(hours=8)
_DAY = timedelta(days=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_FORWARD = ("pass", "grant")

Edge = tuple[str, str, str]


def read(*layers: Path) -> dict[str, Any]:
    """A base with its packs laid on it: maps are merged, `remove` removes, all else is replaced."""
    merged: dict[str, Any] = {}
    for path in layers:
        merged = _laid(merged, _parsed(path))
    return merged


def _parsed(path: Path) -> dict[str, Any]:
    """Maps, lists and texts, nothing else: `off`, `yes` and dates are words."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes texts only


def _laid(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if value == "remove":
            del merged[key]
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _laid(merged[key], value)
        else:
            merged[key] = value
    return merged


def shipped(name: str) -> dict[str, Any]:
    """A workflow as the pack hn_demo has it."""
    packs = [WORKFLOWS / "packs" / pack / f"{name}.yaml" for pack in ("hn_monitor", "hn_demo")]
    return read(WORKFLOWS / "base" / f"{name}.yaml", *packs)


# --- moves ------------------------------------------------------------------------------------------------------------


def edges(workflow: Mapping[str, Any]) -> set[Edge]:
    """
    Every (from, action, to) that the file writes; an opening comes from ``new``.

    Where a case that was sent back `straight` goes is not written in any one place: see :meth:`Followed._require_edge`.
    """
    stages, ends = list(workflow["stages"]), list(workflow["ends"])
    line = [name for name, stage in workflow["stages"].items() if not stage.get("aside")]
    found: set[Edge] = set()

    def targets(source: str, action: Mapping[str, Any]) -> Iterable[str]:
        to = action["to"]
        for word in [to] if isinstance(to, str) else [each["to"] for each in to]:
            if word == "next":
                later = (
                    [name for name in stages[stages.index(source) + 1 :] if name in line] if source in stages else line
                )
                yield (later or ends)[0]
            elif word in ("stay", "again"):
                yield source
            elif word in ("visited", "previous"):
                yield from action.get("among", stages)
            else:
                yield word

    def add(source: str, name: str, action: Mapping[str, Any]) -> None:
        found.update((source, name, target) for target in targets(source, action))

    for name, channel in workflow["opens"].items():
        found.update(("new", name, target) for target in targets("new", channel))
    for source, stage in workflow["stages"].items():
        for name, action in stage["actions"].items():
            add(source, name, action)
        for name, action in workflow.get("anywhere", {}).items():
            if source in action.get("from", stages):
                add(source, name, action)
        for name, clock in workflow.get("clocks", {}).items():
            if "then" in clock:
                found.update((source, name, target) for target in targets(source, clock["then"]))
        if "upheld" in stage["actions"]:  # An objection received in time is upheld wherever the case has got to.
            for target in targets(source, stage["actions"]["upheld"]):
                found.update((elsewhere, "upheld", target) for elsewhere in stages)
    return found


def action_of(workflow: Mapping[str, Any], stage: str, name: str) -> Mapping[str, Any]:
    """What is written of an action that was taken in *stage*."""
    actions = {**workflow.get("anywhere", {}), **workflow["stages"].get(stage, {}).get("actions", {})}
    found = actions.get(name) or workflow.get("clocks", {}).get(name, {}).get("then")
    if found is None:  # An objection received in time, upheld after the notice was left.
        found = next(s["actions"][name] for s in workflow["stages"].values() if name in s["actions"])
    return found


# --- days -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Days:
    """Days off and worked, as the yearly files list them."""

    off: frozenset[date]
    worked: frozenset[date]

    @classmethod
    def shipped(cls) -> Days:
        off: set[date] = set()
        worked: set[date] = set()
        for path in sorted((WORKFLOWS / "calendars").glob("CN-*.yaml")):
            notice = _parsed(path)
            for part in (notice, *notice.get("amended", ())):
                off |= {day for each in part.get("off", ()) for day in _span(each["days"])}
                worked |= {date.fromisoformat(day) for day in part.get("work", ())}
        return cls(frozenset(off - worked), frozenset(worked))

    def changed(self, off: Iterable[date], worked: Iterable[date]) -> Days:
        off, worked = frozenset(off), frozenset(worked)
        return Days((self.off | off) - worked, (self.worked | worked) - off)

    def is_working(self, day: date) -> bool:
        return day in self.worked or (day not in self.off and day.weekday() < 5)


def _span(days: object) -> Iterable[date]:
    first, _, last = str(days).partition("..")
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last or first):
        yield day
        day += _DAY


def legal_day(at: datetime) -> date:
    """The day in China, which has kept eight hours ahead of UTC since 1991."""
    return (at.astimezone(UTC) + _SHANGHAI).date()


def end_of(day: date) -> datetime:
    """24:00 in China."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + _DAY - _SHANGHAI


def legal_end(
    begun: datetime, number: int, days: Days, *, unit: str = "day", roll: bool = False,
    stopped: Sequence[tuple[datetime, datetime]] = (),
) -> datetime:  # fmt: skip
    """When a period that began at *begun* is over: its first day is not counted, nor one on which it stood still."""

    def stood_still(day: date) -> bool:
        begins, ends = end_of(day - _DAY), end_of(day)
        return any(since < ends and until > begins and since < until for since, until in stopped)

    day, left = legal_day(begun), number
    while left:
        day += _DAY
        if not stood_still(day) and (unit == "day" or days.is_working(day)):
            left -= 1
    while roll and (not days.is_working(day) or stood_still(day)):
        day += _DAY
    return end_of(day)


# --- a case, followed -------------------------------------------------------------------------------------------------


@dataclass
class Posting:
    """A notice of one entry: since when it hangs where, which calendar was in force then, when it stood still."""

    places: dict[str, datetime] = field(default_factory=dict)
    calendar: int = 0
    stopped: list[tuple[datetime, datetime | None]] = field(default_factory=list)


#: What is as it was when an act was taken back.
_UNDONE = ("stage", "posting", "announced", "visited", "sender", "waived", "ended", "granted")


@dataclass
class Followed:
    """
    What an onlooker knows of one case from the events that he hears of, in order.

    ``observe`` fails where an event could not have happened.
    """

    workflow: Mapping[str, Any]
    all_edges: set[Edge] = field(default_factory=set)
    stage: str = "new"
    seq: int = 0
    at: datetime = _NEVER
    objections: set[str] = field(default_factory=set)
    posting: Posting = field(default_factory=Posting)
    announced: set[str] = field(default_factory=set)
    timers: dict[str, datetime] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    visited: set[str] = field(default_factory=set)
    sender: str = ""
    waived: str = ""
    ended: bool = False
    granted: bool = False
    #: Event → what was known before it.
    known: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.all_edges = edges(self.workflow)

    def observe(self, event: Any, now: datetime, calendars: Sequence[Days]) -> None:
        """*calendars*: every one that was ever in force, the present one last; *now*: the latest time there was."""
        assert event.seq == self.seq + 1, f"I1: event {event.seq} follows {self.seq}"
        assert self.at <= event.at <= now, f"I10: {event.at} after {self.at}, now {now}"
        self.seq, self.at = event.seq, event.at
        self.known[event.seq] = self._snapshot()
        self._timers(event)
        if event.kind in ("withdrawn", "reopened"):
            self._go_back(event)
            return
        moves = [value for section, key, value in event.changes if (section, key) == ("case", "stage")]
        assert len(moves) <= 1, "one event, one move"
        if moves or (event.body.get("to") and event.kind != "copied"):
            self._move(event, moves[0] if moves else event.body["to"], calendars)
        self._objections(event)
        self._notices(event, len(calendars) - 1)

    def _snapshot(self) -> dict[str, Any]:
        return {name: copy(getattr(self, name)) for name in _UNDONE}

    def _go_back(self, event: Any) -> None:
        """What was done is undone: the case stands as before it, or, reopened, where it stood before it ended."""
        if event.kind == "reopened":
            assert self.ended, "I8: a case is reopened that has not ended"
            before = self.known[max(seq for seq, known in self.known.items() if not known["ended"])]
        else:
            assert not self.ended, "I8: an end is taken back"
            before = self.known[event.body["undone"]]
        for name, value in before.items():
            setattr(self, name, copy(value))
        if event.kind == "reopened":
            self.posting = Posting()
            if event.body.get("waived") == self.stage:  # It has ended as it began.
                self.announced.add(self.stage)
                self.stage = event.body["to"]
                self.visited.add(self.stage)
                self.ended = self.stage in self.workflow["ends"]
                self.granted = event.body["means"] == "grant"
        moved = [value for section, key, value in event.changes if (section, key) == ("case", "stage")]
        assert moved in ([], [self.stage]), f"I3: taken back to {moved}, it stood in {self.stage}"

    def _timers(self, event: Any) -> None:
        if event.kind == "fired":
            number = event.body["timer"]
            assert number not in self.fired, f"I9: timer {number} fired twice"
            assert number in self.timers, f"I9: timer {number} was not pending"
            assert self.timers[number] <= event.at, f"I10: timer {number} of {self.timers[number]} fired at {event.at}"
            self.fired.add(number)
        for section, key, value in event.changes:
            if section == "timers" and value is not None:
                assert key not in self.fired, f"I9: timer {key} is pending again"
                self.timers[key] = datetime.fromisoformat(value["at"])
            elif section == "timers":
                for number in [key] if key else list(self.timers):
                    self.timers.pop(number, None)
        if event.kind == "fired":
            assert event.body["timer"] not in self.timers, "I9: it fired and is still pending"

    def _move(self, event: Any, target: str, calendars: Sequence[Days]) -> None:
        through = event.body.get("waived")
        if through and through == event.body.get("from") != self.stage:
            # A notice from which everybody is left out has ended as it begins: two moves, one event.
            assert any((self.stage, name, through) in self.all_edges for _, name, _ in self.all_edges), f"I3: {through}"
            self.stage, self.posting = through, Posting()
            self.visited.add(through)
        self.waived = self.stage if through == self.stage else self.waived
        assert not self.ended, f"I8: {event.kind} moves a case that has ended"
        name = str(event.body.get("action") or event.body.get("channel"))
        if name == "then":
            name = str(event.body["clock"])
        self._require_edge(name, target)
        if self.stage != "new":
            self._leave(event, name, target, calendars)
        self.stage = target
        self.visited.add(target)
        self.waived = target if through == target else ""
        self.ended = target in self.workflow["ends"]

    def _require_edge(self, name: str, target: str) -> None:
        edge = (self.stage, name, target)
        action = {} if self.stage == "new" else action_of(self.workflow, self.stage, name)
        if self.sender and action.get("means", "pass") == "pass" and "next" in str(action.get("to")):
            assert target == self.sender, f"I3: {edge} though {self.sender} sent it and gets it straight back"
        else:
            assert edge in self.all_edges, f"I3: {edge} is no edge of {self.workflow['workflow']}"
        if action.get("to") in ("visited", "previous"):
            assert target in self.visited, f"C5: {edge}, but it was never in {target}"

    def _leave(self, event: Any, name: str, target: str, calendars: Sequence[Days]) -> None:
        action = action_of(self.workflow, self.stage, name)
        meaning = action.get("means", "pass")
        if target != self.stage or action["to"] == "again":
            self.sender = self.stage if action.get("then") == "straight" else ""
        notice = self.workflow["stages"][self.stage].get("notice")
        if meaning in _FORWARD:
            assert not self.objections, f"I13: {name} with an open objection"
            if notice is not None and self.waived != self.stage:
                self._require_full_period(event.at, notice, calendars)
            if notice is not None:
                self.announced.add(self.stage)
        if meaning == "grant":
            must = {s for s, stage in self.workflow["stages"].items() if stage.get("must") and "notice" in stage}
            assert must <= self.announced, f"I12: granted without {must - self.announced}"
            self.granted = True
        if meaning == "back" and target in self.workflow["stages"]:
            names = list(self.workflow["stages"])
            self.announced = {s for s in self.announced if names.index(s) < names.index(target)}
        if target != self.stage:
            self.posting = Posting()

    def _require_full_period(self, at: datetime, notice: Mapping[str, Any], calendars: Sequence[Days]) -> None:
        places = set(notice["places"])
        assert set(self.posting.places) == places, f"I12: it never hung at {places - set(self.posting.places)}"
        wait = str(notice["wait"])
        wait = str(self.workflow["params"][wait[1:]]["value"]) if wait.startswith("$") else wait
        number, unit = wait.split()
        stops = [(since, until or at) for since, until in self.posting.stopped]
        for days in calendars[self.posting.calendar :]:
            for hung in self.posting.places.values():
                end = legal_end(hung, int(number), days, unit=unit, roll=notice.get("roll") == "yes", stopped=())
                assert end <= at, f"I12: it left at {at}, its notice ends at {end}"
            begun = max(self.posting.places.values())
            counted = [stop for stop in stops if stop[0] < legal_end(begun, int(number), days, unit=unit)]
            end = legal_end(begun, int(number), days, unit=unit, stopped=counted)
            assert end <= at, f"I12: it left at {at}, its notice, which stood still, ends at {end}"

    def _objections(self, event: Any) -> None:
        stops = (self.workflow["stages"].get(self.stage, {}).get("notice") or {}).get("on_objection") == "stop"
        if event.kind == "objected":
            self.objections.add(event.body["objection"])
            if stops and self.posting.places:
                self.posting.stopped.append((event.at, None))
        elif event.kind == "child_ended" and event.body["child"] in self.objections:
            self.objections.remove(event.body["child"])
            if not self.objections:
                self.posting.stopped = [(since, until or event.at) for since, until in self.posting.stopped]

    def _notices(self, event: Any, calendar: int) -> None:
        for section, key, value in event.changes:
            if section == "notices" and key == self.stage and value is not None:
                hung = {place: datetime.fromisoformat(put["at"]) for place, put in value["places"].items()}
                if set(self.posting.places) - set(hung):
                    self.posting.stopped.clear()  # Taken down: what follows is a new period.
                if set(hung) - set(self.posting.places):
                    self.posting.calendar = calendar
                self.posting.places = hung
