"""Clocks: why a deadline falls on its day; stop, resume, extend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bangfu.commands.acting import CaseArgument, NoteOption, ask_office, command_id_of, keep_file
from bangfu.terminal.app import LOOK, session_of
from bangfu.terminal.titles import Titles
from bangfu.terminal.values import chosen
from engine.errors import N_

if TYPE_CHECKING:
    from bangfu.terminal.session import CaseRef, Session

commands = typer.Typer()
clock = typer.Typer(no_args_is_help=True)
commands.add_typer(clock, name="clock", help=N_("Legal clocks: explain, stop, resume, extend"), rich_help_panel=LOOK)

ClockArgument = Annotated[str, typer.Argument(metavar="CLOCK", help=N_("A stage, task or clock, by name or title"))]
DocumentOption = Annotated[Path, typer.Option("--document", metavar="FILE", help=N_("The document that says so"))]


@clock.command("explain", help=N_("Why every deadline of a case falls on its day: day by day, with clauses"))
def explain(
    context: typer.Context,
    case: CaseArgument,
    which: Annotated[str, typer.Argument(metavar="CLOCK", help=N_("One clock; all unless said"))] = "",
    every: Annotated[bool, typer.Option("--all", help=N_("Those that are over, too"))] = False,
) -> None:
    from bangfu.terminal.derivation import Derivation, ledgers

    session = session_of(context)
    ref = session.case_ref(case)
    known = session.case(ref)
    procedure = session.bangfu.definitions.pinned(known.version)
    titles = Titles(procedure.workflow, session._)
    states = ledgers(session.bangfu.office.history(ref.county, ref.id, session.person))
    shown = states
    if which:
        known_clocks = {each.clock: titles.ask(each.clock) for each in states}
        name = chosen(which, known_clocks, N_("no clock {text} has run in this case; there are: {known}"))
        shown = [each for each in states if each.clock == name]
    elif not every and any(each.ended_at is None for each in states):
        shown = [each for each in states if each.ended_at is None]
    derivations = [Derivation(each, procedure.clocks.get(each.clock), titles, session.times) for each in shown]

    def draw() -> None:
        if not derivations:
            session.screen.print(session._("No clock has run in this case."))
        for each in derivations:
            each.draw(session.screen)

    session.answer({"case": known.number, "clocks": [each.document() for each in derivations]}, draw)


def _named_clock(session: Session, ref: CaseRef, text: str) -> str:
    """The clock that *text* names, by its id or title. Raises NotFoundError: the case's procedure has no such clock."""
    clocks = session.bangfu.definitions.pinned(session.case(ref).version).clocks
    known = {name: spec.title for name, spec in clocks.items()}
    return chosen(text, known, N_("there is no clock {text}; there are: {known}"))


@clock.command("stop", help=N_("Stop a clock for a reason, with its document, where the procedure allows it"))
def stop(
    context: typer.Context, case: CaseArgument, which: ClockArgument, document: DocumentOption, note: NoteOption = ""
) -> None:
    from engine.cases import StopClock

    session = session_of(context)
    ref = session.case_ref(case)
    command = StopClock(
        id=command_id_of(session, ""), person=session.person, note=note, clock=_named_clock(session, ref, which),
        document=keep_file(session, ref, document),
    )  # fmt: skip
    ask_office(session, ref, command)


@clock.command("resume", help=N_("Let a stopped clock run on"))
def resume(context: typer.Context, case: CaseArgument, which: ClockArgument, note: NoteOption = "") -> None:
    from engine.cases import ResumeClock

    session = session_of(context)
    ref = session.case_ref(case)
    clock = _named_clock(session, ref, which)
    ask_office(session, ref, ResumeClock(id=command_id_of(session, ""), person=session.person, note=note, clock=clock))


@clock.command("extend", help=N_("Lengthen a limit, as often and as far as the procedure allows"))
def extend(
    context: typer.Context,
    case: CaseArgument,
    which: ClockArgument,
    note: NoteOption = "",
    document: Annotated[Path | None, typer.Option(metavar="FILE", help=N_("The document that says so"))] = None,
) -> None:
    from engine.cases import ExtendClock

    session = session_of(context)
    ref = session.case_ref(case)
    command = ExtendClock(
        id=command_id_of(session, ""), person=session.person, note=note, clock=_named_clock(session, ref, which),
        document=keep_file(session, ref, document) if document is not None else None,
    )  # fmt: skip
    ask_office(session, ref, command)
