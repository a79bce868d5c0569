"""Who has the work: assign it, hand it on, entrust it; urge and copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bangfu.commands.acting import CaseArgument, NoteOption, OnOption, PostOption, ask_office, named, named_ask
from bangfu.terminal.app import CASES
from engine.errors import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.cases import Command

commands = typer.Typer()

ToArgument = Annotated[str, typer.Argument(metavar="PERSON", help=N_("A person's key; see: bangfu offered CASE"))]


@commands.command("assign", help=N_("Give open work to a holder of its post"), rich_help_panel=CASES)
def assign(
    context: typer.Context,
    case: CaseArgument,
    to: ToArgument,
    on: OnOption = "",
    holder: Annotated[
        str,
        typer.Option("--from", metavar="PERSON", help=N_("Whose work it is; only a superior takes it away")),
    ] = "",
    note: NoteOption = "",
) -> None:
    from engine.cases import Assign

    _ask(context, case, Assign, on, to=to, holder=holder, note=note)


@commands.command("transfer", help=N_("Hand your work on for good, to another who may do it"), rich_help_panel=CASES)
def transfer(
    context: typer.Context, case: CaseArgument, to: ToArgument, on: OnOption = "", note: NoteOption = "",
    post: PostOption = "",
) -> None:  # fmt: skip
    from engine.cases import Transfer

    _ask(context, case, Transfer, on, to=to, note=note, post=post)


@commands.command(
    "delegate",
    help=N_("Entrust your work to a colleague, who answers in your name until you take it back: bangfu release"),
    rich_help_panel=CASES,
)
def delegate(
    context: typer.Context, case: CaseArgument, to: ToArgument, on: OnOption = "", note: NoteOption = "",
    post: PostOption = "",
) -> None:  # fmt: skip
    from engine.cases import Delegate

    _ask(context, case, Delegate, on, to=to, note=note, post=post)


@commands.command("urge", help=N_("Ask whoever has the work to get on with it; once a day"), rich_help_panel=CASES)
def urge(context: typer.Context, case: CaseArgument, on: OnOption = "", note: NoteOption = "") -> None:
    from engine.cases import Urge

    _ask(context, case, Urge, on, note=note)


@commands.command("copy", help=N_("Let others know of a case that they may see"), rich_help_panel=CASES)
def copy(
    context: typer.Context,
    case: CaseArgument,
    to: Annotated[list[str], typer.Argument(metavar="PERSON|POST…", help=N_("Persons' keys, or posts"))],
    note: NoteOption = "",
) -> None:
    from engine.cases import Copy

    session, ref, _ = named(context, case)
    command = Copy(id=session.bangfu.office.new_id(), person=session.person, to=tuple(to), note=note)
    ask_office(session, ref, command)


def _ask(context: typer.Context, case: str, kind: Callable[..., Command], on: str, **more: str) -> None:
    session, ref, workflow = named(context, case)
    command = kind(id=session.bangfu.office.new_id(), person=session.person, on=named_ask(workflow, on), **more)
    ask_office(session, ref, command)
