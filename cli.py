"""
The command line: parse, send a command to the office, print.

The commands are in bangfu/commands, a module for each kind of work; here they become one program, and errors become
answers and exit codes. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from copy import copy
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from bangfu.commands import (
    acting,
    batches,
    clocks,
    definitions,
    drawing,
    handing,
    households,
    looking,
    noticing,
    reconsidering,
    running,
    setting_up,
    trying,
)
from bangfu.masking import masked_numbers
from bangfu.terminal import errors
from bangfu.terminal.app import in_panels, take_options, translated, usage_error, without_pages
from bangfu.terminal.session import Options, Session
from engine.errors import N_, BangfuError, DefinitionError

program = typer.Typer(
    name="bangfu",
    help=N_("Household assistance under legal clocks: every case, every deadline, every decision explained."),
    no_args_is_help=True,
    add_completion=False,
)
for module in (
    setting_up,
    acting,
    handing,
    reconsidering,
    batches,
    households,
    noticing,
    looking,
    clocks,
    definitions,
    trying,
    running,
):
    program.add_typer(module.commands)
definitions.workflow.add_typer(drawing.commands)


@program.callback()
def everywhere(
    person: Annotated[str, typer.Option("--as", metavar="PERSON", help=N_("In whose name: a person's key"))] = "",
    database: Annotated[str, typer.Option(metavar="FILE|URL", help=N_("Which database"))] = "",
    key_file: Annotated[Path | None, typer.Option(metavar="FILE", help=N_("The file with the master key"))] = None,
    lang: Annotated[
        str, typer.Option(metavar="zh|en", help=N_("In which language; titles from definitions stay Chinese"))
    ] = "",
    county: Annotated[str, typer.Option(metavar="CODE", help=N_("Of which county, where there are several"))] = "",
    as_json: Annotated[bool, typer.Option("--json", help=N_("Answer with one JSON document"))] = False,
) -> None:
    # Declared for the help page alone: `take_options` finds them wherever they stand.
    pass


def app() -> None:
    """The program `bangfu`."""
    # What was imported is no garbage, and most commands end before they have made any.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    if isinstance(sys.stdout, TextIOWrapper):
        # Where the console's or pipe's own encoding lacks a character, as GBK lacks ✓, a question mark stands for it.
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code (style.md, Errors)."""
    session = Session(Options(as_json="--json" in arguments))
    try:
        options, rest = take_options(arguments)
        session = Session(options)
        return _run(session, rest)
    except BangfuError as error:
        return _tell(session, error)
    except typer.TyperException as error:
        return _tell_usage(session, error)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        sys.stdout = None  # Whoever read has gone; nothing is left to flush.
        return 0
    except Exception as error:
        return _tell_bug(session, error)
    finally:
        session.close()


def command_tree(session: Session, named: str = "") -> Any:
    """The command *named* alone, if there is one of that name, else all of them; in the session's language."""
    tree = translated(in_panels(typer.main.get_command(_with_only(named))), session._)
    return without_pages(tree) if session.screen.as_json else tree


def _with_only(name: str) -> typer.Typer:
    """The program with one command: to make all of them takes longer than to look into a queue."""
    for group in program.registered_groups:
        for command in group.typer_instance.registered_commands if group.typer_instance else ():
            if command.name == name:
                alone = copy(program)
                alone.registered_groups, alone.registered_commands = [], [command]
                return alone
    return program


def _run(session: Session, arguments: list[str]) -> int:
    tree = command_tree(session, *arguments[:1])
    result = tree.main(arguments, prog_name="bangfu", standalone_mode=False, obj=session)
    return result if isinstance(result, int) else 0


def _tell(session: Session, error: BangfuError) -> int:
    screen, translate = session.screen, session._
    if screen.as_json:
        screen.document({"error": errors.document(error, translate)})
        return errors.exit_code(error)
    screen.warn(f"{errors.title(error, translate)}: {_what(error, session)}", "bold red")
    for line in _more(error, session):
        screen.warn(f"  {line}", "")
    return errors.exit_code(error)


def _what(error: BangfuError, session: Session) -> str:
    if isinstance(error, DefinitionError):
        text = session.n_("{n} fault", "{n} faults", len(error.faults))
        return text.format(n=len(error.faults))
    where = errors.where(error)
    return f"{where}: {error.words.told(session._)}" if where else error.words.told(session._)


def _more(error: BangfuError, session: Session) -> list[str]:
    """Why, and what to do."""
    lines = [fault.whole().told(session._) for fault in getattr(error, "faults", ())]
    for refusal in getattr(error, "refusals", ()):
        lines.append(f"{refusal.number}: {refusal.error.words.told(session._)}")
    if getattr(error, "clause", ""):
        lines.append(session._("Clause: {clause}").format(clause=getattr(error, "clause", "")))
    advice = error.advised.told(session._)
    return [*lines, session._("→ {advice}").format(advice=advice)] if advice else lines


def _tell_usage(session: Session, error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None and context.parent is None:
        return 0  # Whoever types `bangfu` alone asks what there is.
    text = usage_error(error, session._)
    if session.screen.as_json:
        content = {"kind": "UsageError", "code": errors.USAGE, "message": masked_numbers(text), "advice": ""}
        session.screen.document({"error": content})
        return errors.USAGE
    session.screen.warn(session._("Not understood: {text}").format(text=text), "bold red")
    command = context.command_path if context is not None else "bangfu"
    session.screen.warn(session._("  → see: {command} --help").format(command=command), "")
    return errors.USAGE


def _tell_bug(session: Session, error: Exception) -> int:
    """A mistake of ours: its traceback goes into the log, masked; people are told that it happened."""
    import structlog

    session.configure_logs()
    structlog.get_logger().exception("bug", error=type(error).__name__)
    message = session._("This is a mistake in bangfu itself ({kind}); the log has the details.")
    if session.screen.as_json:
        content = {
            "kind": "Bug",
            "code": errors.BUG,
            "message": message.format(kind=type(error).__name__),
            "advice": "",
        }
        session.screen.document({"error": content})
    else:
        session.screen.warn(message.format(kind=type(error).__name__), "bold red")
    return errors.BUG


if __name__ == "__main__":
    app()
