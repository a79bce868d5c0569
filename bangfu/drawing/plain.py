"""A chart as SVG without a layout engine: the main line as boxes from top to bottom, each way out beside its stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from bangfu.drawing.chart import Chart, Place

_WIDTH: Final = 300
_LINE: Final = 18
_GAP: Final = 34
_MARGIN: Final = 24
#: Where the ways out are written, and how wide the whole is.
_BESIDE: Final = _MARGIN + _WIDTH + 28
_WHOLE: Final = 980
_STYLE: Final = (
    "text{font:13px 'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif;fill:#23303b}"
    ".title{font-weight:600}.quiet{fill:#6b7a86;font-size:12px}.box{fill:#eaf2fb;stroke:#23303b;stroke-width:1.2}"
    ".notice{fill:#fff3d6}.panel{fill:#e8f5ec}.case{fill:#f1ebfa}.end{fill:#eef0f2}.granted{fill:#d7efdc}"
    ".been{stroke:#b3261e;stroke-width:2.6}.now{fill:#fde3e0}.way{stroke:#23303b;stroke-width:1.2}"
)


def plain_svg(chart: Chart) -> str:
    """The picture as an SVG document."""
    root = Element("svg", xmlns="http://www.w3.org/2000/svg")
    SubElement(root, "title").text = chart.title
    SubElement(root, "style").text = _STYLE
    arrow = SubElement(
        SubElement(root, "defs"), "marker", id="tip", viewBox="0 0 8 8", refX="7", refY="4", markerWidth="8",
        markerHeight="8", orient="auto",
    )  # fmt: skip
    SubElement(arrow, "path", d="M0,0 L8,4 L0,8 z", fill="#23303b")
    line = [*chart.line, *(each for each in chart.places if each.kind == "end" and each.line)]
    aside = [each for each in chart.places if each.kind in ("stage", "end") and each not in line]
    tasks = [each for each in chart.places if each.kind == "task"]
    top = _text(root, [("title", chart.title), *(("quiet", each) for each in _openings(chart))], _MARGIN, _MARGIN)
    for number, place in enumerate(line):
        bottom = _box(root, chart, place, top, number + 1 if place.kind == "stage" else 0)
        if place is not line[-1]:
            middle = str(_MARGIN + _WIDTH // 2)
            SubElement(
                root, "line", {"class": "way", "marker-end": "url(#tip)"}, x1=middle, x2=middle, y1=str(bottom),
                y2=str(bottom + _GAP - 2),
            )  # fmt: skip
        top = bottom + _GAP
    for place in (*aside, *tasks):
        top = _box(root, chart, place, top, 0) + _GAP // 2
    top = _text(root, [("quiet", each) for each in chart.anywhere], _MARGIN, top)
    root.set("viewBox", f"0 0 {_WHOLE} {top}")
    root.set("width", str(_WHOLE))
    root.set("height", str(top))
    return tostring(root, encoding="unicode") + "\n"


def _openings(chart: Chart) -> Iterator[str]:
    for way in chart.ways:
        if chart.place(way.source).kind == "opening":
            yield f"{chart.place(way.source).title} → {chart.place(way.target).title}"


def _box(root: Element, chart: Chart, place: Place, top: int, number: int) -> int:
    """Draws one place and, beside it, where it leads; gives where it ends."""
    words = [("title", f"{number}  {place.title}" if number else place.title)]
    words += [("quiet", each) for each in (place.asks, place.limit) if each]
    ways = [
        f"{way.title} → {chart.place(way.target).title}"
        for way in chart.ways
        if way.source == place.id and not way.aside
    ]
    ways += [f"↩ {each}" for each in place.remarks]
    ways += [f"→ {chart.place(stage).title}" for task, stage in chart.awaits if task == place.id]
    height = max(len(words), len(ways)) * _LINE + 16
    kinds = [
        "box",
        place.kind,
        place.voice,
        "granted" if place.granted else "",
        "been" if place.id in chart.been else "",
    ]
    kinds.append("now" if place.id == chart.now else "")
    SubElement(
        root, "rect", {"class": " ".join(each for each in kinds if each)}, id=place.id, x=str(_MARGIN), y=str(top),
        width=str(_WIDTH), height=str(height), rx="8",
    )  # fmt: skip
    _text(root, words, _MARGIN + 14, top + 6)
    _text(root, [("quiet", each) for each in ways], _BESIDE, top + 6)
    return top + height


def _text(root: Element, lines: list[tuple[str, str]], left: int, top: int) -> int:
    for style, words in lines:
        top += _LINE
        SubElement(root, "text", {"class": style}, x=str(left), y=str(top - 4)).text = words
    return top + 8
