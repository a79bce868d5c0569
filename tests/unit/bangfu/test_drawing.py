"""A procedure as a picture: every shipped definition in every format, with and without Graphviz; a case's way."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from bangfu.drawing.bpmn import bpmn
from bangfu.drawing.chart import Chart, chart
from bangfu.drawing.graphviz import dot_text, svg
from bangfu.drawing.mermaid import mermaid
from bangfu.drawing.plain import plain_svg
from bangfu.library import Library
from bangfu.terminal.titles import Titles
from engine.cases import Event
from engine.workflow import Workflow

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DIAGRAM = "{http://www.omg.org/spec/BPMN/20100524/DI}"

NAMES = [(name, pack) for pack in ("", *Library().packs()) for name in Library().workflows()]


def charted(workflow: str, pack: str = "") -> tuple[Workflow, Chart]:
    model = Library().definition(workflow, pack).workflow
    return model, chart(model, Titles(model, str), str)


@pytest.mark.parametrize(("workflow", "pack"), NAMES)
def test_every_shipped_definition_is_sound_bpmn(workflow: str, pack: str) -> None:
    model, drawn = charted(workflow, pack)
    root = ElementTree.fromstring(bpmn(drawn))
    elements = {each.get("id"): each for each in root.iter() if each.tag.startswith(BPMN) and each.get("id")}
    ids = Counter(each.get("id") for each in root.iter() if each.get("id"))
    assert max(ids.values()) == 1
    flows = [each for each in elements.values() if each.tag == f"{BPMN}sequenceFlow"]
    for flow in flows:
        source, target = elements[flow.get("sourceRef")], elements[flow.get("targetRef")]
        assert flow.get("id") in {each.text for each in source.findall(f"{BPMN}outgoing")}
        assert flow.get("id") in {each.text for each in target.findall(f"{BPMN}incoming")}
    shown = {each.get("bpmnElement") for each in root.iter() if each.tag.startswith(DIAGRAM)}
    drawable = {"definitions", "signalEventDefinition"}
    assert {key for key, each in elements.items() if each.tag.removeprefix(BPMN) not in drawable} <= shown
    entered = {flow.get("targetRef") for flow in flows}
    assert {f"stage_{name}" for name in model.stages} <= entered
    boxes = [each for each in root.iter() if each.tag.endswith("Bounds")]
    corners = Counter((each.get("x"), each.get("y"), each.get("width")) for each in boxes)
    assert max(corners.values()) == 1, "no shape lies upon another"


@pytest.mark.parametrize(("workflow", "pack"), NAMES)
def test_every_picture_names_every_stage(workflow: str, pack: str) -> None:
    model, drawn = charted(workflow, pack)
    whole, text = svg(drawn), mermaid(drawn)
    for picture in (whole, plain_svg(drawn)):
        read = ElementTree.fromstring(picture)
        names = {each.get("id") for each in read.iter()}
        assert set(model.stages) <= names
        written = "".join(read.itertext())
        assert all(stage.title in written for stage in model.stages.values())
    for stage in model.stages.values():
        assert f'["{stage.title}"]' in text
        assert f"<b>{stage.title}</b>" in dot_text(drawn)


def test_without_graphviz_the_main_line_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, drawn = charted("identification")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert svg(drawn) == plain_svg(drawn)
    broken = tmp_path / "dot"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert svg(drawn) == plain_svg(drawn)


def test_what_may_be_done_in_several_stages_is_said_once_and_drawn_by_tools() -> None:
    model, drawn = charted("identification")
    assert any(model.ends["withdrawn"].title in each for each in drawn.anywhere)
    assert "withdrawn" not in dot_text(drawn)
    assert 'targetRef="end_withdrawn"' in bpmn(drawn)


def test_titles_that_mean_something_in_a_format_are_only_text() -> None:
    model = Library().definition("identification").workflow
    stage = model.stages["apply"].model_copy(update={"title": 'a "b" <c> & \\n'})
    drawn = chart(model.model_copy(update={"stages": {**model.stages, "apply": stage}}), Titles(model, str), str)
    for picture in (svg(drawn), plain_svg(drawn), bpmn(drawn)):
        ElementTree.fromstring(picture)
    assert "a 'b' <c>" in mermaid(drawn)


def event(seq: int, **body: str) -> Event:
    return Event(
        county="430821", case=uuid4(), seq=seq, at=datetime(2026, 3, 2, tzinfo=UTC), kind="acted", command=uuid4(),
        asked=b"", actor="wang", body=body,
    )  # fmt: skip


def test_the_way_of_a_case_stands_out_in_the_chart() -> None:
    model = Library().definition("identification").workflow
    way = [event(1, channel="applied", to="apply"), event(2, to="household_check"), event(3, to="withdrawn")]
    drawn = chart(model, Titles(model, str), str, way)
    assert drawn.been == {"opening_applied", "apply", "household_check", "withdrawn"}
    assert ("household_check", "withdrawn") in drawn.went
    assert drawn.now == "withdrawn"
    assert '"household_check" -> "withdrawn"' in dot_text(drawn)
    assert "class apply,household_check,opening_applied,withdrawn been" in mermaid(drawn)
