"""A procedure as a picture, with the way of one case in it if asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bangfu.commands.definitions import PackOption, definition_named
from bangfu.terminal.app import session_of
from bangfu.terminal.screen import escape
from bangfu.terminal.titles import Titles
from engine.errors import N_, InputError

if TYPE_CHECKING:
    from bangfu.drawing.chart import Chart
    from bangfu.terminal.session import Session
    from engine.cases import Event
    from engine.workflow import Workflow

commands = typer.Typer()

Format = Literal["mermaid", "svg", "bpmn"]


@commands.command("draw", help=N_("A procedure as a chart: SVG, Mermaid text or BPMN 2.0; the way of one case in it"))
def draw_workflow(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="WORKFLOW", help=N_("A workflow's id, or a file"))] = "",
    pack: PackOption = "",
    as_: Annotated[
        Format,
        typer.Option("--format", help=N_("svg to look at and print, mermaid for pages, bpmn for other tools")),
    ] = "mermaid",
    case: Annotated[
        str, typer.Option("--case", metavar="CASE", help=N_("The case whose way is drawn in its procedure"))
    ] = "",
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help=N_("Write it into this file"))] = None,
) -> None:
    session = session_of(context)
    if bool(name) == bool(case):
        raise InputError(
            N_("name a procedure, or a case whose way is to be drawn"), field="WORKFLOW",
            advice=N_("bangfu workflow draw identification, or bangfu workflow draw --case CASE"),
        )  # fmt: skip
    if case:
        ref = session.case_ref(case)
        model = session.workflow(session.case(ref).version)
        events: Sequence[Event] = session.bangfu.office.history(ref.county, ref.id, session.person)
    else:
        model, events = definition_named(session, name, pack).workflow, ()
    text = _drawn(as_, _chart(session, model, events))
    if output is not None:
        if output.exists():
            raise InputError(
                N_("there is a file {path} already"), field="--output", path=output,
                advice=N_("name one that is not there yet, or move that one away"),
            )  # fmt: skip
        output.write_text(text, encoding="utf-8")
    written = session._("✓ written to {file}").format(file=output)
    session.answer(
        {"workflow": model.workflow, "format": as_, "chart": text, "file": output},
        lambda: session.screen.print(escape(written if output is not None else text.rstrip("\n"))),
    )


def _drawn(as_: Format, chart: Chart) -> str:
    if as_ == "svg":
        from bangfu.drawing.graphviz import svg

        return svg(chart)
    if as_ == "bpmn":
        from bangfu.drawing.bpmn import bpmn

        return bpmn(chart)
    from bangfu.drawing.mermaid import mermaid

    return mermaid(chart)


def _chart(session: Session, model: Workflow, events: Sequence[Event]) -> Chart:
    from bangfu.drawing.chart import chart

    return chart(model, Titles(model, session._), _amounts(session, model), events)


def _amounts(session: Session, model: Workflow) -> Callable[[str], str]:
    """Says an amount as people do; nothing of one that is none, undecided, or a day of the calendar."""
    from bangfu.terminal.derivation import amount_said
    from engine.clocks import Amount, parse_term

    def said(text: str) -> str:
        written = str(model.params[text[1:]].value) if text.startswith("$") and text[1:] in model.params else text
        try:
            term = parse_term(written)
        except ValueError:
            return ""
        return amount_said(term, session.screen.words) if isinstance(term, Amount) else ""

    return said
