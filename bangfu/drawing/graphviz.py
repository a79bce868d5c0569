"""A chart as SVG: laid out by Graphviz where it is installed, else the main line as boxes, each with its ways out."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from html import escape
from typing import Final

from bangfu.drawing.chart import Chart, Place, Way
from bangfu.drawing.plain import plain_svg

FONT: Final = "Noto Sans CJK SC,Source Han Sans SC,PingFang SC,Microsoft YaHei,sans-serif"
INK: Final = "#23303b"
QUIET: Final = "#6b7a86"
WENT: Final = "#b3261e"
_FILL: Final = {"by": "#eaf2fb", "panel": "#e8f5ec", "notice": "#fff3d6", "case": "#f1ebfa", "": "#ffffff"}
#: No chart of a procedure takes this long; a broken installation does not hold the officer up.
_PATIENCE: Final = 20.0


def svg(chart: Chart) -> str:
    """The picture as an SVG document."""
    dot = shutil.which("dot")
    if dot is None:
        return plain_svg(chart)
    try:
        done = subprocess.run(
            [dot, "-Tsvg"], input=dot_text(chart), capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE,
            check=True,
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        return plain_svg(chart)
    return done.stdout


def dot_text(chart: Chart) -> str:
    """The chart in Graphviz's language; nodes carry their names as ids."""
    return "\n".join(_lines(chart)) + "\n"


def _lines(chart: Chart) -> Iterator[str]:
    yield f'digraph "{_quoted(chart.name)}" {{'
    yield '  graph [rankdir=TB, nodesep=0.35, ranksep=0.5, pad=0.3, bgcolor="white", splines=spline]'
    yield f'  graph [labelloc=t, labeljust=l, fontname="{FONT}", fontcolor="{INK}", label=<{_heading(chart)}>]'
    yield f'  node [fontname="{FONT}", fontsize=12, color="{INK}", fontcolor="{INK}", style="filled,rounded"]'
    yield f'  edge [fontname="{FONT}", fontsize=10, color="{INK}", fontcolor="{QUIET}", arrowsize=0.7]'
    reached = {way.target for way in chart.ways if not way.aside}
    for place in chart.places:
        if place.kind != "end" or place.id in reached or place.id in chart.been:
            yield f'  "{place.id}" [{_node(chart, place)}]'
    for (source, target), ways in _bundled(chart).items():
        yield f'  "{source}" -> "{target}" [{_edge(chart, ways)}]'
    for task, stage in chart.awaits:
        yield f'  "{task}" -> "{stage}" [style=dashed, arrowhead=odot, color="{QUIET}"]'
    awaited = {task for task, _ in chart.awaits}
    asked = {each.id for each in chart.places if each.kind in ("stage", "end")}
    for place in chart.places:
        for stage, _words in place.opened_by:
            if stage in asked and place.id not in awaited:
                yield f'  "{stage}" -> "{place.id}" [style=dotted, color="{QUIET}"]'
    yield "}"


def _node(chart: Chart, place: Place) -> str:
    rows = [f"<b>{escape(place.title)}</b>"]
    if place.asks:
        rows.append(f'<font point-size="10" color="{QUIET}">{escape(place.asks)}</font>')
    if place.limit:
        rows.append(f'<font point-size="10" color="{QUIET}">{escape(place.limit)}</font>')
    rows += [f'<font point-size="9" color="{QUIET}">↩ {escape(each)}</font>' for each in place.remarks]
    shape = {"opening": "oval", "stage": "box", "task": "hexagon", "end": "box"}[place.kind]
    fill = _FILL[place.voice]
    more = ""
    if place.kind == "end":
        fill = "#d7efdc" if place.granted else "#eef0f2"
        more = ", peripheries=2"
    if place.id in chart.been:
        more += f', color="{WENT}", penwidth=2.4'
    if place.id == chart.now:
        fill = "#fde3e0"
    return f'id="{place.id}", label=<{"<br/>".join(rows)}>, shape={shape}, fillcolor="{fill}"{more}'


def _heading(chart: Chart) -> str:
    """The title, and below it what may be done in several stages."""
    rows = [f'<font point-size="15"><b>{escape(chart.title)}</b></font>']
    rows += [f'<font point-size="10" color="{QUIET}">{escape(each)}</font>' for each in chart.anywhere]
    return "".join(f'{row}<br align="left"/>' for row in rows)


def _bundled(chart: Chart) -> dict[tuple[str, str], list[Way]]:
    """The ways between the same two places as one arrow, so that their words do not lie upon each other."""
    found: dict[tuple[str, str], list[Way]] = {}
    for way in chart.ways:
        if not way.aside or (way.source, way.target) in chart.went:
            found.setdefault((way.source, way.target), []).append(way)
    return found


def _edge(chart: Chart, ways: list[Way]) -> str:
    first = ways[0]
    places = [chart.place(first.source), chart.place(first.target)]
    titles = dict.fromkeys(way.title for way in ways)
    parts = ['label="' + "\\n".join(f"  {_quoted(title)}" for title in titles) + '"']
    if all(each.line for each in places):
        parts.append("weight=20")
    if first.back:
        parts += ["constraint=false", "style=dashed"]
    if any((way.source, way.target) in chart.went for way in ways):
        parts += [f'color="{WENT}"', "penwidth=2.2"]
    elif first.automatic:
        parts.append('color="#8a6d1b"')
    return ", ".join(parts)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
