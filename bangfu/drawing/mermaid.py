"""A chart as Mermaid text, which many pages and editors show."""

from __future__ import annotations

from collections.abc import Iterator

from bangfu.drawing.chart import Chart, Place

_SHAPES = {"opening": '(["{}"])', "stage": '["{}"]', "task": '{{{{"{}"}}}}', "end": '(("{}"))'}


def mermaid(chart: Chart) -> str:
    """The stages from top to bottom, their ways on solid, back dotted; ends round; tasks beside what awaits them."""
    return "\n".join(_lines(chart)) + "\n"


def _lines(chart: Chart) -> Iterator[str]:
    yield "flowchart TD"
    for place in chart.places:
        yield f"  {place.id}{_SHAPES[place.kind].format(_text(place))}"
    for way in chart.ways:
        arrow = "-.->" if way.back or way.aside else "-->"
        title = f'|"{_plain(way.title)}"|' if way.title else ""
        yield f"  {way.source} {arrow}{title} {way.target}"
    for task, stage in chart.awaits:
        yield f"  {task} -.- {stage}"
    if chart.been:
        yield "  classDef been stroke:#b3261e,stroke-width:3px"
        yield f"  class {','.join(sorted(chart.been))} been"
        taken = [str(n) for n, way in enumerate(chart.ways) if (way.source, way.target) in chart.went]
        if taken:
            yield f"  linkStyle {','.join(taken)} stroke:#b3261e,stroke-width:3px"


def _text(place: Place) -> str:
    return _plain(place.title)


def _plain(text: str) -> str:
    return text.replace('"', "'")
