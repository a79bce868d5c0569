"""
A chart as BPMN 2.0: the process with its shapes and their places, for tools that read that format.

Stages are user tasks (of several persons: with a multi-instance marker), publicity is a receive task, another case a
call activity; where several ways lead on, an exclusive gateway stands behind the stage. What happens beside the case is
an event sub-process, opened by a signal. What BPMN cannot say as shapes stands in each element's documentation: who, by
when, returns to whichever stage the case has been in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from bangfu.drawing.chart import Chart, Place, Way

_BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
_PATHS: Final = "http://www.omg.org/spec/DD/20100524/DI"
_ELEMENTS: Final = {"by": "userTask", "panel": "userTask", "notice": "receiveTask", "case": "callActivity"}

#: Sizes are those that BPMN editors give new shapes; columns and rows leave room for a gateway and its words.
_COLUMN: Final = 280
_ROW: Final = 150
_TASK: Final = (120, 80)
_ROUND: Final = (36, 36)
_GATEWAY: Final = (50, 50)
_BESIDE: Final = (300, 140)
_MARGIN: Final = 80


def bpmn(chart: Chart) -> str:
    """The chart as a BPMN 2.0 document with its diagram."""
    for prefix, uri in (("bpmn", _BPMN), ("bpmndi", _DI), ("dc", _DC), ("di", _PATHS)):
        register_namespace(prefix, uri)
    root = Element(
        _tag("definitions"), id=f"definitions_{chart.name}", targetNamespace=f"urn:bangfu:{chart.name}",
        exporter="bangfu",
    )  # fmt: skip
    drawing = _Drawing(chart, root)
    drawing.flows()
    drawing.process()
    drawing.diagram()
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


@dataclass(frozen=True, slots=True)
class _Flow:
    id: str
    source: str
    target: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a shape lies: its left upper corner and its size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def centre(self) -> int:
        return self.x + self.width // 2


@dataclass(slots=True)
class _Drawing:
    chart: Chart
    root: Element
    found: list[_Flow] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)

    def flows(self) -> None:
        """Every way as a flow, through a gateway where a place has several."""
        out: dict[str, list[Way]] = {}
        for way in self.chart.ways:
            out.setdefault(way.source, []).append(way)
        for source, ways in out.items():
            start = _id(self.chart.place(source))
            if len(ways) > 1:
                gateway = f"gateway_{source}"
                self.gateways.append(source)
                self._flow(start, gateway)
                start = gateway
            for way in ways:
                self._flow(start, _id(self.chart.place(way.target)), way.title)

    def _flow(self, source: str, target: str, title: str = "") -> None:
        self.found.append(_Flow(f"flow_{len(self.found) + 1}", source, target, title))

    # --- the process ---

    def process(self) -> None:
        process = SubElement(
            self.root, _tag("process"), id=self.chart.name, name=self.chart.title, isExecutable="false"
        )
        for place in self.chart.places:
            if place.kind == "task":
                self._beside(process, place)
            else:
                self._element(process, place, self.found)
            if place.id in self.gateways:
                self._joined(SubElement(process, _tag("exclusiveGateway"), id=f"gateway_{place.id}"), self.found)
        for flow in self.found:
            _write(process, flow)
        for number, (task, stage) in enumerate(self.chart.awaits, 1):
            SubElement(
                process, _tag("association"), id=f"awaits_{number}", sourceRef=_id(self.chart.place(task)),
                targetRef=_id(self.chart.place(stage)), associationDirection="One",
            )  # fmt: skip

    def _element(self, process: Element, place: Place, flows: Iterable[_Flow]) -> None:
        name = {"opening": "startEvent", "end": "endEvent"}.get(place.kind) or _ELEMENTS[place.voice]
        element = SubElement(process, _tag(name), id=_id(place), name=place.title)
        if place.calls:
            element.set("calledElement", place.calls)
        about = "\n".join(each for each in (place.asks, place.limit, *place.remarks) if each)
        if about:
            SubElement(element, _tag("documentation")).text = about
        self._joined(element, flows)
        if place.voice == "panel":
            SubElement(element, _tag("multiInstanceLoopCharacteristics"), isSequential="false")

    def _joined(self, element: Element, flows: Iterable[_Flow]) -> None:
        """Tools draw no arrow that a shape does not name."""
        named = element.get("id")
        for flow in flows:
            if flow.target == named:
                SubElement(element, _tag("incoming")).text = flow.id
        for flow in flows:
            if flow.source == named:
                SubElement(element, _tag("outgoing")).text = flow.id

    def _beside(self, process: Element, place: Place) -> None:
        """What an event opens beside the case."""
        key = _id(place)
        flows = (
            _Flow(f"{key}_in", f"{key}_opened", f"{key}_asked"),
            _Flow(f"{key}_out", f"{key}_asked", f"{key}_over"),
        )
        inner = SubElement(process, _tag("subProcess"), id=key, name=place.title, triggeredByEvent="true")
        opened = "、".join(words for _place, words in place.opened_by)
        start = SubElement(inner, _tag("startEvent"), id=f"{key}_opened", name=opened, isInterrupting="false")
        self._joined(start, flows)
        SubElement(start, _tag("signalEventDefinition"), id=f"{key}_signal")
        name = _ELEMENTS[place.voice]
        asked = SubElement(inner, _tag(name), id=f"{key}_asked", name=place.title)
        if place.calls:
            asked.set("calledElement", place.calls)
        about = "\n".join(each for each in (place.asks, place.limit) if each)
        if about:
            SubElement(asked, _tag("documentation")).text = about
        self._joined(asked, flows)
        self._joined(SubElement(inner, _tag("endEvent"), id=f"{key}_over"), flows)
        for flow in flows:
            _write(inner, flow)

    # --- the diagram ---

    def diagram(self) -> None:
        diagram = SubElement(self.root, f"{{{_DI}}}BPMNDiagram", id=f"diagram_{self.chart.name}")
        plane = SubElement(diagram, f"{{{_DI}}}BPMNPlane", id=f"plane_{self.chart.name}", bpmnElement=self.chart.name)
        boxes = self._boxes()
        for key, box in boxes.items():
            shape = SubElement(plane, f"{{{_DI}}}BPMNShape", id=f"shape_{key}", bpmnElement=key)
            if (box.width, box.height) == _BESIDE:
                shape.set("isExpanded", "true")
            if key.startswith("gateway_"):
                shape.set("isMarkerVisible", "true")
            SubElement(
                shape, f"{{{_DC}}}Bounds", x=str(box.x), y=str(box.y), width=str(box.width), height=str(box.height)
            )
        bottom = max(box.y + box.height for box in boxes.values())
        lanes = 0
        for flow in self.found:
            near = _near(boxes[flow.source], boxes[flow.target])
            lanes += not near
            _draw(plane, flow.id, boxes[flow.source], boxes[flow.target], 0 if near else bottom + 14 * lanes)
        for place in self.chart.places:
            if place.kind == "task":
                key = _id(place)
                _draw(plane, f"{key}_in", boxes[f"{key}_opened"], boxes[f"{key}_asked"], 0)
                _draw(plane, f"{key}_out", boxes[f"{key}_asked"], boxes[f"{key}_over"], 0)
        for number, (task, stage) in enumerate(self.chart.awaits, 1):
            above, below = boxes[_id(self.chart.place(task))], boxes[_id(self.chart.place(stage))]
            _edge(plane, f"awaits_{number}", ((above.centre, above.y + above.height), (below.centre, below.y)))

    def _boxes(self) -> Mapping[str, _Box]:
        """The main line from left to right, openings before it, the rest below the place that leads there first."""
        columns = {place.id: number for number, place in enumerate(self.chart.line, 1)}
        columns |= {each.id: 0 for each in self.chart.places if each.kind == "opening"}
        end = next(each for each in self.chart.places if each.kind == "end" and each.line)
        columns[end.id] = len(self.chart.line) + 1
        rows = {place.id: 0 for place in (*self.chart.line, end)}
        taken = {columns[each]: row for each, row in rows.items()}
        for place in self.chart.places:
            if place.kind == "task" or place.id in rows:
                continue
            if place.id not in columns:
                first = next((way.source for way in self.chart.ways if way.target == place.id), "")
                columns[place.id] = columns.get(first, 0) + 1
            column = columns[place.id]
            taken[column] = rows[place.id] = taken.get(column, -1) + 1
        top = _MARGIN + (_BESIDE[1] + 60 if any(each.kind == "task" for each in self.chart.places) else 0)
        boxes: dict[str, _Box] = {}
        for place in self.chart.places:
            if place.kind == "task":
                continue
            width, height = _TASK if place.kind == "stage" else _ROUND
            x = _MARGIN + columns[place.id] * _COLUMN + (_TASK[0] - width) // 2
            middle = top + rows[place.id] * _ROW + _TASK[1] // 2
            boxes[_id(place)] = _Box(x, middle - height // 2, width, height)
            if place.id in self.gateways:
                boxes[f"gateway_{place.id}"] = _Box(x + width + 50, middle - _GATEWAY[1] // 2, *_GATEWAY)
        tasks = [each for each in self.chart.places if each.kind == "task"]
        for number, place in enumerate(tasks):
            boxes |= _beside(_id(place), _MARGIN + number * (_BESIDE[0] + 40))
        return boxes


def _beside(key: str, x: int) -> dict[str, _Box]:
    middle = _MARGIN + _BESIDE[1] // 2
    return {
        key: _Box(x, _MARGIN, *_BESIDE),
        f"{key}_opened": _Box(x + 20, middle - _ROUND[1] // 2, *_ROUND),
        f"{key}_asked": _Box(x + 86, middle - _TASK[1] // 2, *_TASK),
        f"{key}_over": _Box(x + 236, middle - _ROUND[1] // 2, *_ROUND),
    }


def _near(source: _Box, target: _Box) -> bool:
    """Whether a straight arrow meets nothing: to the right, at most one column on."""
    return 0 <= target.x - (source.x + source.width) < _COLUMN


def _draw(plane: Element, key: str, source: _Box, target: _Box, lane: int) -> None:
    """An arrow: straight on, in one step to another row, or below everything."""
    points: tuple[tuple[int, int], ...]
    if lane:
        points = (
            (source.centre, source.y + source.height), (source.centre, lane), (target.centre, lane),
            (target.centre, target.y + target.height),
        )  # fmt: skip
    elif source.middle == target.middle:
        points = ((source.x + source.width, source.middle), (target.x, target.middle))
    elif source.middle > target.middle:  # From an opening below the line.
        points = (
            (source.x + source.width, source.middle), (source.x + source.width + 20, source.middle),
            (source.x + source.width + 20, target.middle), (target.x, target.middle),
        )  # fmt: skip
    else:
        points = ((source.centre, source.y + source.height), (source.centre, target.middle), (target.x, target.middle))
    _edge(plane, key, points)


def _edge(plane: Element, key: str, points: Iterable[tuple[int, int]]) -> None:
    edge = SubElement(plane, f"{{{_DI}}}BPMNEdge", id=f"edge_{key}", bpmnElement=key)
    for x, y in points:
        SubElement(edge, f"{{{_PATHS}}}waypoint", x=str(x), y=str(y))


def _write(parent: Element, flow: _Flow) -> None:
    element = SubElement(parent, _tag("sequenceFlow"), id=flow.id, sourceRef=flow.source, targetRef=flow.target)
    if flow.title:
        element.set("name", flow.title)


def _tag(name: str) -> str:
    return f"{{{_BPMN}}}{name}"


def _id(place: Place) -> str:
    """Unlike in a definition, all elements share their names here."""
    return place.id if place.kind in ("opening", "task") else f"{place.kind}_{place.id}"
