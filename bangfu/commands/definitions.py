"""Definitions: are they sound, what do they say and where, how do they look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.terminal.app import DEFINITIONS, session_of
from bangfu.terminal.errors import fault_document
from bangfu.terminal.screen import DONE, LATE, QUIET, SOON, escape, styled, table
from bangfu.terminal.session import Session
from bangfu.terminal.titles import Titles
from engine.errors import N_, DefinitionError, InputError, told

if TYPE_CHECKING:
    from bangfu.library import Library
    from engine.calendar import Calendar
    from engine.errors import Fault
    from engine.loading import Definition

commands = typer.Typer()
workflow = typer.Typer(no_args_is_help=True)
commands.add_typer(
    workflow, name="workflow", help=N_("What a procedure says, and how it looks"), rich_help_panel=DEFINITIONS
)

PackOption = Annotated[str, typer.Option("--pack", metavar="PACK", help=N_("As it is in this pack; else the base"))]
WorkflowArgument = Annotated[str, typer.Argument(metavar="WORKFLOW", help=N_("A workflow's id, or a file"))]


def _library(session: Session) -> Library:
    from bangfu.library import Library
    from bangfu.wiring import roots

    return Library(roots(session.settings))


@commands.command(
    "check",
    help=N_("Is a definition sound? A file, a folder, a pack, or everything that is shipped"),
    rich_help_panel=DEFINITIONS,
)
def check(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="FILE|PACK", help=N_("What to check; everything unless said"))] = "",
    deployed: Annotated[
        bool, typer.Option("--deployed", help=N_("As if it were to be put into force: nothing may be unset"))
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help=N_("Everything, as if nothing were named"))] = False,
) -> int:
    if all_ and target:
        raise InputError(N_("{target} is named, and everything is meant"), field="--all", target=target,
                         advice=N_("leave one of them out"))  # fmt: skip
    session = session_of(context)
    names, faults = _checked(session, target, deployed)
    errors = [fault for fault in faults if fault.severity == "error"]
    document = {
        "checked": names, "errors": len(errors), "warnings": len(faults) - len(errors),
        "faults": [fault_document(fault, session._) for fault in faults],
    }  # fmt: skip

    def draw() -> None:
        for fault in faults:
            draw_fault(session, fault)
        text = session._("checked: {names}").format(names=", ".join(names))
        if errors:
            count = session.n_("{n} error", "{n} errors", len(errors)).format(n=len(errors))
            session.screen.print(f"[{LATE}]{count}[/]  [{QUIET}]{escape(text)}[/]")
        else:
            sound = styled(DONE, session._("✓ sound, as far as is checked"))
            session.screen.print(f"{sound}  [{QUIET}]{escape(text)}[/]")

    session.answer(document, draw)
    return 2 if errors else 0


def _checked(session: Session, target: str, deployed: bool) -> tuple[list[str], tuple[Fault, ...]]:
    """What was checked, and what is wrong with it; a pack is checked as if it were deployed."""
    library = _library(session)
    path = Path(target) if target and (Path(target).exists() or "/" in target) else None
    if path is not None:
        library = library.beside(path)
    faults: dict[Fault, None] = {}
    found: dict[str, Mapping[str, Definition]] = {}
    if path is not None:
        loaded, wrong = library.load_path(path)
        found[target] = {str(number): each for number, each in enumerate(loaded)}
        faults |= dict.fromkeys(wrong)
    else:
        for pack in [target] if target else ["", *library.packs()]:
            found[pack or "base"], wrong = library.load_pack(pack)
            faults |= dict.fromkeys(wrong)
    # What others name is looked up where it is sound.
    base = library.load_pack("")[0]
    calendar = library.calendar()
    for name, definitions in found.items():
        named = {**base, **{each.workflow.workflow: each for each in definitions.values()}}
        faults |= dict.fromkeys(_faults(definitions, named, deployed or name in library.packs(), calendar))
    return list(found), tuple(faults)


def _faults(
    definitions: Mapping[str, Definition], named: Mapping[str, Definition], deployed: bool, calendar: Calendar
) -> Iterator[Fault]:
    """Faults of *definitions*, which may name any of *named*."""
    from engine.checking import check as checked

    workflows = {name: each.workflow for name, each in named.items()}
    for definition in definitions.values():
        yield from checked(definition, deployed=deployed, workflows=workflows, calendar=calendar)


def draw_fault(session: Session, fault: Fault) -> None:
    style, word = (LATE, session._("error")) if fault.severity == "error" else (SOON, session._("warning"))
    place = f"{fault.file}:{fault.line}:{fault.column}"
    code = f" [{QUIET}]{fault.code}[/]" if fault.code else ""
    session.screen.print(f"[bold]{escape(place)}[/] [{style}]{word}[/]{code}")
    session.screen.print(f"    {escape(told(fault.words, session._))}")
    if fault.advice:
        session.screen.print(f"    [{QUIET}]→ {escape(told(fault.advised, session._))}[/]")


@workflow.command("list", help=N_("The procedures that are shipped, each in its packs, and what is in force here"))
def list_workflows(context: typer.Context) -> None:
    session = session_of(context)
    library, first_day = _library(session), _first_days(session)
    rows = []
    for pack in ("", *library.packs()):
        for name in library.workflows():
            definition = library.definition(name, pack)
            if definition.workflow.pack == pack:
                rows.append((name, definition, first_day(definition.hash)))
    document = {
        "workflows": [
            {
                "workflow": name, "title": each.workflow.title, "pack": each.workflow.pack, "version": each.hash,
                "in_force_from": since,
            }
            for name, each, since in rows
        ]
    }  # fmt: skip

    def draw() -> None:
        _ = session._
        lines = [
            (
                name, escape(each.workflow.title), each.workflow.pack or f"[{QUIET}]–[/]", each.hash[:12],
                f"[{DONE}]{since}[/]" if since else "",
            )
            for name, each, since in rows
        ]  # fmt: skip
        headings = (_("Procedure"), _("Title"), _("Pack"), _("Version"), _("In force here from"))
        session.screen.print(table(headings, lines, narrow=(0, 2, 3, 4)))

    session.answer(document, draw)


def _first_days(session: Session) -> Callable[[str], date | None]:
    """Gives since or from when a version is in force; of none where there is no database."""
    file = session.settings.database_file
    if file is not None and not file.exists():
        return lambda version: None
    return session.bangfu.definitions.first_day


@workflow.command("show", help=N_("A procedure as a page: stages, who, by when, rules, and where each is written"))
def show(
    context: typer.Context,
    name: WorkflowArgument,
    pack: PackOption = "",
    every: Annotated[
        bool, typer.Option("--values", help=N_("Every value instead, with its file, line and clause"))
    ] = False,
) -> None:
    session = session_of(context)
    definition = definition_named(session, name, pack)
    _ = session._
    values = [
        {
            "path": ".".join(path), "value": value, "file": origin.file, "line": origin.line, "column": origin.column,
            "pack": origin.pack, "clause": origin.clause,
        }
        for path, value, origin in definition.describe()
    ]  # fmt: skip

    def draw() -> None:
        from bangfu.terminal.page import Page

        model = definition.workflow
        if not every:
            Page(definition, Titles(model, _), session.screen).draw()
            return
        version = f"[{QUIET}]{definition.hash[:12]} {escape(model.pack)}[/]"
        session.screen.print(f"[bold]{escape(model.title)}[/] ({model.workflow})  {version}")
        for question in model.questions:
            session.screen.print(f"  [{SOON}]?[/] {escape(question)}")
        rows = [
            (
                escape(each["path"]), escape(str(each["value"])), f"[{QUIET}]{escape(_place(each))}[/]",
                escape(str(each["clause"])),
            )
            for each in values
        ]  # fmt: skip
        session.screen.print(table((_("Key"), _("Value"), _("Where"), _("Clause")), rows))

    document = {
        "workflow": definition.workflow.workflow, "title": definition.workflow.title, "version": definition.hash,
        "pack": definition.workflow.pack, "questions": list(definition.workflow.questions), "values": values,
    }  # fmt: skip
    session.answer(document, draw)


def _place(value: Mapping[str, Any]) -> str:
    file = str(value["file"])
    return f"{file.removeprefix('workflows/')}:{value['line']}"


def definition_named(session: Session, name: str, pack: str) -> Definition:
    """The workflow named, or the one in a file."""
    library = _library(session)
    if Path(name).is_file():
        loaded, faults = library.beside(Path(name)).load_path(Path(name))
        if faults:
            raise DefinitionError(faults)
        return loaded[0]
    return library.definition(name, pack)
