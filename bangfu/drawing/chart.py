"""What a picture of a procedure shows: its places, the ways between them, and where one case has been."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bangfu.terminal.titles import Titles
from engine.cases import Event
from engine.routes import NEW, Move, moves, sources_of_anywhere
from engine.workflow import Action, Task, Voiced, When, Workflow

Kind = Literal["opening", "stage", "task", "end"]
Voice = Literal["by", "panel", "notice", "case", ""]


@dataclass(frozen=True, slots=True)
class Place:
    """
    One shape of the picture.

    Attributes:
        id: Its name with its kind before it where two kinds may share a name, such as ``opening_applied``.
        asks: Who answers there, in the reader's words; empty of openings and ends.
        limit: How long that may take, in the reader's words; empty for none.
        voice: What kind of voice answers; empty of openings and ends.
        calls: The procedure that answers, where another case does.
        line: Whether it stands on the main line.
        granted: Whether it is an end with which the matter is granted.
        remarks: What no way shows, such as a return to whichever stage the case has been in.
        opened_by: What opens it, of a task: the place of the event, and the event in the reader's words.
    """

    id: str
    kind: Kind
    title: str
    asks: str = ""
    limit: str = ""
    voice: Voice = ""
    calls: str = ""
    line: bool = False
    granted: bool = False
    remarks: tuple[str, ...] = ()
    opened_by: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """
    One arrow.

    Attributes:
        back: Whether it leads to a stage at or before its source.
        aside: Whether it may be taken in several stages; pictures for people name it once instead.
        automatic: Whether it comes of itself: by time, by the public or by another case.
    """

    source: str
    target: str
    title: str
    back: bool = False
    aside: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """
    Attributes:
        awaits: Task and the stage that waits for it.
        anywhere: What may be done in several stages, a sentence each.
        been: Places where the case was that is drawn; empty of a procedure alone.
        went: Its ways, as source and target.
        now: Where it is.
    """

    name: str
    title: str
    places: tuple[Place, ...]
    ways: tuple[Way, ...]
    awaits: tuple[tuple[str, str], ...]
    anywhere: tuple[str, ...]
    been: frozenset[str] = frozenset()
    went: frozenset[tuple[str, str]] = frozenset()
    now: str = ""

    def place(self, name: str) -> Place:
        """The place called *name*, which is there."""
        return next(each for each in self.places if each.id == name)

    @property
    def line(self) -> tuple[Place, ...]:
        """The stages of the main line, in order."""
        return tuple(each for each in self.places if each.line and each.kind == "stage")


def chart(model: Workflow, titles: Titles, said: Callable[[str], str], events: Iterable[Event] = ()) -> Chart:
    """
    The picture of *model*.

    Args:
        said: An amount such as ``7 day`` or ``$limit`` in the reader's words; empty for none.
        events: Of the case whose way is to be seen.
    """
    found = _Charting(model, titles, said)
    been, went, now = _walked(events)
    return Chart(
        name=model.workflow, title=model.title, places=tuple(found.places()), ways=tuple(found.ways()),
        awaits=tuple((f"task_{name}", stage) for name, task in model.tasks.items() for stage in task.awaited_by),
        anywhere=tuple(found.anywhere()), been=been, went=went, now=now,
    )  # fmt: skip


class _Charting:
    def __init__(self, model: Workflow, titles: Titles, said: Callable[[str], str]) -> None:
        self.model, self.titles, self.said = model, titles, said
        self._ = titles._

    def places(self) -> Iterator[Place]:
        model = self.model
        for name, channel in model.opens.items():
            yield Place(f"opening_{name}", "opening", channel.title or name)
        line = set(model.main_line)
        for name, stage in model.stages.items():
            remarks = tuple(self._returns(stage.actions.values()))
            yield self._asking(name, stage, line=name in line, remarks=remarks)
        for name, task in model.tasks.items():
            yield self._asking(f"task_{name}", task, opened_by=tuple(self._moment(str(each)) for each in task.opens))
        first = next(iter(model.ends))
        for name, end in model.ends.items():
            yield Place(name, "end", end.title, line=name == first, granted=end.outcome == "granted")

    def _asking(self, name: str, asked: Voiced, *, line: bool = False, remarks: tuple[str, ...] = (),
                opened_by: tuple[tuple[str, str], ...] = ()) -> Place:  # fmt: skip
        return Place(
            name, "task" if isinstance(asked, Task) else "stage", asked.title, asks=self._who(asked),
            limit=self.said(asked.notice.wait if asked.notice is not None else asked.limit), voice=asked.voice,
            calls=asked.case.workflow if asked.case is not None else "", line=line, remarks=remarks,
            opened_by=opened_by,
        )  # fmt: skip

    def _moment(self, event: str) -> tuple[str, str]:
        """Where an event happens, and what it is called there: 乡镇审核 · 审核通过."""
        place, _, name = event.partition(".")
        title = self.titles.ask(place)
        said = self.titles.action(name, place) if name else ""
        return place, f"{title} · {said}" if said and said != name else title

    def _who(self, asked: Voiced) -> str:
        if asked.notice is not None:
            return self._posts((asked.notice.by,))
        if asked.case is not None:
            return asked.case.workflow
        named = asked.by if asked.panel is None else asked.panel
        lines = named if isinstance(named, tuple) else (named,)
        uses = [each.use if isinstance(each, When) else each for each in lines]
        if asked.panel is None:
            return self._posts(str(each) for each in uses)
        panels = (self.model.panels.get(each) if isinstance(each, str) else each for each in uses)
        return " / ".join(str(panel.title) for panel in panels if panel is not None)

    def _posts(self, names: Iterable[str]) -> str:
        params = self.model.params
        found = (str(params[name[1:]].value) if name[1:] in params and name[0] == "$" else name for name in names)
        return "、".join(self.titles.post(name) for name in found)

    def _returns(self, actions: Iterable[Action]) -> Iterator[str]:
        for action in actions:
            words = {action.to} if isinstance(action.to, str) else {line.to for line in action.to}
            if "visited" in words:
                yield self._("{action}: back to a stage it has been in").format(action=action.title)
            if "previous" in words:
                yield self._("{action}: back to where it came from").format(action=action.title)

    def ways(self) -> Iterator[Way]:
        seen: set[tuple[str, str, str]] = set()
        for move in moves(self.model):
            way = self._way(move)
            key = (way.source, way.target, way.title)
            if move.source != move.target and key not in seen:
                seen.add(key)
                yield way

    def _way(self, move: Move) -> Way:
        order = list(self.model.stages)
        source = f"opening_{move.name}" if move.source == NEW else move.source
        back = {move.source, move.target} <= {*order} and order.index(move.target) <= order.index(move.source)
        part = move.path[0]
        voice = self.model.stages[move.source].voice if part == "stages" else ""
        title = "" if move.source == NEW else move.action.title or self.titles.action(move.name, move.source)
        return Way(
            source, move.target, self.titles.ask(move.name) if part == "clocks" else title, back=back,
            aside=part in ("anywhere", "clocks"), automatic=voice in ("notice", "case") or part == "clocks",
        )  # fmt: skip

    def anywhere(self) -> Iterator[str]:
        """What may be done in several stages: where it leads, and in which of them."""
        model = self.model
        for name, action in model.anywhere.items():
            target = action.to if isinstance(action.to, str) else action.to[-1].to
            stages = sources_of_anywhere(model, action.from_)
            where = "、".join(model.stages[stage].title for stage in stages)
            everywhere = len(stages) == len(model.stages)
            yield self._("{action} → {target} ({where})").format(
                action=action.title or name, target=self.titles.ask(target),
                where=self._("in every stage") if everywhere else where,
            )  # fmt: skip
        for clock in model.clocks.values():
            if clock.then is not None and isinstance(clock.then.to, str):
                yield self._("by time, {clock} → {target}").format(
                    clock=clock.title, target=self.titles.ask(clock.then.to)
                )


def _walked(events: Iterable[Event]) -> tuple[frozenset[str], frozenset[tuple[str, str]], str]:
    """Where a case has been, by which ways, and where it is."""
    went: list[tuple[str, str]] = []
    now = ""
    for event in events:
        to = event.body.get("to")
        if isinstance(to, str) and to:
            went.append((now or f"opening_{event.body.get('channel', '')}", to))
            now = to
    return frozenset(name for way in went for name in way), frozenset(went), now
