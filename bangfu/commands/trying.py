"""Procedures are tried: scenario files are played in virtual time, and say what did not come true."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.commands.definitions import draw_fault
from bangfu.terminal.app import DEFINITIONS, session_of
from bangfu.terminal.errors import exit_code, fault_document
from bangfu.terminal.screen import DONE, LATE, QUIET, escape, styled, table
from bangfu.terminal.session import Session
from engine.errors import N_, DefinitionError, InputError, NotFoundError, Words

if TYPE_CHECKING:
    from bangfu.library import Library
    from bangfu.scenarios.playing import Failure, Played
    from engine.errors import Fault
    from engine.marks import Source

commands = typer.Typer()

#: The folder beside definitions in which their scenario files lie.
_FOLDER = "scenarios"
#: Some expectation did not come true.
_FAILED = 1


@commands.command(
    "test",
    help=N_("Try procedures in virtual time, as scenario files say: a file, a folder, a pack, or all"),
    rich_help_panel=DEFINITIONS,
)
def try_scenarios(
    context: typer.Context,
    targets: Annotated[
        list[str], typer.Argument(metavar="[PATH|PACK]...", help=N_("Scenario files, folders with such, or packs"))
    ] = [],  # noqa: B006 - typer copies it
    all_: Annotated[bool, typer.Option("--all", help=N_("All that come with bangfu, and your own"))] = False,
) -> int:
    from bangfu.scenarios.model import read_suite
    from bangfu.scenarios.playing import play

    session = session_of(context)
    if all_ == bool(targets):
        raise InputError(
            N_("say what is to be tried"), field="PATH|PACK",
            advice=N_("name scenario files, folders or packs; or --all"),
        )  # fmt: skip
    played: list[tuple[str, str, Played]] = []
    faults: list[Fault] = []
    for source, library in _sources(session, targets, all_):
        try:
            suite = read_suite(source)
            played += [(source.name, suite.suite.scenarios, each) for each in play(suite, library)]
        except DefinitionError as error:  # One wrong file keeps no other from being played.
            faults += error.faults
    failed = [each for *_, each in played if each.failures]
    document = {
        "scenarios": [_document(session, name, workflow, each) for name, workflow, each in played],
        "failed": len(failed),
        "faults": [fault_document(fault, session._) for fault in faults],
    }

    def draw() -> None:
        _draw(session, played)
        for fault in faults:
            draw_fault(session, fault)
        total = session.n_("{n} way played", "{n} ways played", len(played)).format(n=len(played))
        if failed or faults:
            wrong = session.n_("{n} failed", "{n} failed", len(failed)).format(n=len(failed))
            if faults:
                wrong += "  " + session.n_("{n} fault", "{n} faults", len(faults)).format(n=len(faults))
            session.screen.print(f"[{LATE}]{wrong}[/]  [{QUIET}]{escape(total)}[/]")
        else:
            done = styled(DONE, session._("✓ all as expected"))
            session.screen.print(f"{done}  [{QUIET}]{escape(total)}[/]")

    session.answer(document, draw)
    return exit_code(DefinitionError(faults)) if faults else _FAILED if failed else 0


def _sources(session: Session, targets: list[str], everything: bool) -> Iterator[tuple[Source, Library]]:
    """The scenario files that are meant, each with where its definitions are found."""
    from bangfu.library import Library
    from bangfu.wiring import roots

    library = Library(roots(session.settings))
    for pack in ("", *library.packs()) if everything else ():
        for source in library.scenarios(pack):
            yield source, library
    for target in targets:
        path = Path(target)
        if path.exists() or "/" in target:
            for file in _files(path):
                yield _read(file), library.beside(file.parent.parent)
            continue
        if target not in library.packs():
            raise NotFoundError(
                N_("There is no pack {pack}"), pack=target,
                advice=Words(N_("there is: {names}"), {"names": ", ".join(library.packs())}),
            )  # fmt: skip
        found = library.scenarios(target)
        if not found:
            raise InputError(
                N_("{path} holds no scenario file"), path=target, source=target,
                advice=N_("scenario files are in the folder {folder} beside the definitions"), folder=_FOLDER,
            )  # fmt: skip
        for source in found:
            yield source, library


def _files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else sorted(path.rglob("*.yaml"))
    found = [file for file in found if file.parent.name == _FOLDER]
    if not found:
        raise InputError(
            N_("{path} holds no scenario file") if path.exists() else N_("There is no file or folder {path}"),
            source=str(path), path=path, folder=_FOLDER,
            advice=N_("scenario files are in the folder {folder} beside the definitions"),
        )  # fmt: skip
    return found


def _read(file: Path) -> Source:
    from bangfu.library import source_of

    return source_of(str(file), file)


def _document(session: Session, file: str, workflow: str, played: Played) -> dict[str, Any]:
    return {
        "file": file, "workflow": workflow, "name": played.name, "title": played.title, "steps": played.steps,
        "failures": [_failure(session, each) for each in played.failures],
    }  # fmt: skip


def _failure(session: Session, failure: Failure) -> dict[str, Any]:
    fault, difference = failure.fault, failure.difference
    return {
        "file": fault.file, "line": fault.line, "column": fault.column, "key": " ".join(difference.key),
        "expected": difference.expected.told(session._), "found": difference.found.told(session._),
        "advice": difference.advised.told(session._),
    }  # fmt: skip


def _draw(session: Session, played: list[tuple[str, str, Played]]) -> None:
    _ = session._
    rows = [
        (
            f"[{LATE}]✗[/]" if each.failures else f"[{DONE}]✓[/]", escape(workflow), escape(each.name),
            escape(each.title), str(each.steps),
        )
        for _file, workflow, each in played
    ]  # fmt: skip
    session.screen.print(table(("", _("Procedure"), _("Way"), _("Title"), _("Steps")), rows, narrow=(0, 1, 2, 4)))
    for *_rest, each in played:
        for failure in each.failures:
            told = _failure(session, failure)
            place = escape(f"{told['file']}:{told['line']}:{told['column']}")
            session.screen.print(f"[bold]{place}[/] [{LATE}]{escape(told['key'])}[/]")
            session.screen.print("    " + escape(_("expected: {expected}").format(expected=told["expected"])))
            session.screen.print("    " + escape(_("found: {found}").format(found=told["found"])))
            if told["advice"]:
                session.screen.print(f"    [{QUIET}]→ {escape(told['advice'])}[/]")
