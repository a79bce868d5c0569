"""
The command line's own words: options that stand anywhere, help in the reader's language.

Commands are declared with English source strings; the tree that typer makes of them is translated as a whole, once the
language is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import typer

from bangfu.terminal.session import Options, Session
from engine.errors import N_

SET_UP, CASES, NOTICES, LOOK = N_("Set up"), N_("Cases"), N_("Lists and notices"), N_("Look up")
DEFINITIONS, RUNNING = N_("Definitions"), N_("Running")
PANELS = (SET_UP, CASES, NOTICES, LOOK, DEFINITIONS, RUNNING)

#: Option → field of `Options`. They may stand before or after a command's name.
_GLOBAL = {
    "--as": "person",
    "--database": "database",
    "--key-file": "key_file",
    "--lang": "language",
    "--county": "county",
}
_TYPER_WORDS = {
    "ARGUMENTS_PANEL_TITLE": N_("Arguments"),
    "OPTIONS_PANEL_TITLE": N_("Options"),
    "COMMANDS_PANEL_TITLE": N_("Commands"),
    "DEFAULT_STRING": N_("[default: {}]"),
    "REQUIRED_LONG_STRING": N_("[required]"),
}
EPILOG = N_("--as, --database, --key-file, --lang, --county and --json go with every command: bangfu --help")


class ValueMissingError(typer.TyperException):
    """An option that goes with every command has no value."""

    def __init__(self, option: str) -> None:
        super().__init__(option)
        self.option_name = option


def take_options(arguments: Sequence[str]) -> tuple[Options, list[str]]:
    """
    The options that go with every command, wherever they stand, and what is left for the command.

    Raises:
        ValueMissingError: One has no value.
    """
    given: dict[str, Any] = {}
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--json":
            given["as_json"] = True
        elif name in _GLOBAL:
            if not equals:
                if not waiting:
                    raise ValueMissingError(name)
                value = waiting.pop(0)
            given[_GLOBAL[name]] = Path(value) if name == "--key-file" else value
        else:
            rest.append(word)
    return Options(**given), rest


def session_of(context: typer.Context) -> Session:
    """The session of this run."""
    found = context.find_root().obj
    assert isinstance(found, Session)
    return found


def translated(command: Any, translate: Callable[[str], str]) -> Any:
    """*command*, a tree that typer made, with everything that help shows in the reader's language."""
    shown = command.format_help

    def format_help(context: typer.Context, formatter: Any) -> None:
        _translate_typer(translate)  # Only now: it loads rich.
        shown(context, formatter)

    command.format_help = format_help
    command.options_metavar = translate(N_("[OPTIONS]"))
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = translate(N_("COMMAND [ARGUMENTS]…"))
    for name in ("help", "short_help", "rich_help_panel"):
        if getattr(command, name, None):
            setattr(command, name, translate(getattr(command, name)))
    command.epilog = translate(EPILOG)
    usage = command.get_usage
    command.get_usage = lambda context: usage(context).replace("Usage:", translate(N_("Usage:")), 1)
    help_option = command.get_help_option(typer.Context(command))
    if help_option is not None:
        help_option.help = translate(N_("Show this help."))
        help_option.display_type_rich = lambda **_: None
    for parameter in command.params:
        # What a flag or an argument without a type of its own is made of says nothing to whoever types it.
        if getattr(parameter, "is_flag", False) or parameter.param_type_name == "argument":
            parameter.display_type_rich = lambda **_: None
        for name in ("help", "rich_help_panel"):
            if getattr(parameter, name, None):
                setattr(parameter, name, translate(getattr(parameter, name)))
    for each in getattr(command, "commands", {}).values():
        translated(each, translate)
    return command


def in_panels(program: Any) -> Any:
    """*program*, its commands in the order of the panels on the help page; within one as they were declared."""
    order = {panel: place for place, panel in enumerate(PANELS)}
    in_order = sorted(program.commands.items(), key=lambda item: order[item[1].rich_help_panel])
    program.commands = dict(in_order)
    return program


def without_pages(command: Any) -> Any:
    """*command*, whose groups say that their command is missing, and show no page: a program is reading."""
    command.no_args_is_help = False
    for each in getattr(command, "commands", {}).values():
        without_pages(each)
    return command


def _translate_typer(translate: Callable[[str], str]) -> None:
    """Typer's own words on help pages."""
    from typer import rich_utils

    for name, text in _TYPER_WORDS.items():
        setattr(rich_utils, name, translate(text))


def usage_error(error: typer.TyperException, translate: Callable[[str], str]) -> str:
    """What was wrong with how a command was typed, as far as it can be said in the reader's language."""
    parameter = getattr(error, "param", None)
    named = "/".join(parameter.opts) if parameter is not None else getattr(error, "option_name", "")
    match type(error).__name__:
        case "MissingParameter":
            is_argument = not named.startswith("-")
            label = parameter.metavar or parameter.name.upper() if parameter is not None and is_argument else named
            return translate(N_("{name} is missing")).format(name=label)
        case "NoSuchOption":
            return translate(N_("there is no option {name}")).format(name=named)
        case "BadParameter":
            return translate(N_("{name} cannot be used: {why}")).format(name=named, why=_why(error, translate))
        case "NoArgsIsHelpError":
            return translate(_TYPER_SAYS["Missing command"])
        case "BadOptionUsage" | "ValueMissingError":
            return translate(N_("{option} needs a value")).format(option=named)
        case _:
            return _said(error.message, translate)


#: What typer says in English alone: how it begins, and our words for it.
_TYPER_SAYS = {
    "No such command ": N_("there is no command {what}"),
    "Got unexpected extra argument": N_("too many arguments: {what}"),
    "Missing command": N_("say which command"),
}
#: Of a value that is of no use, as pydantic says it: how that begins, and our words for it.
_PYDANTIC_SAYS = {
    "Input should be a valid integer": N_("a whole number is wanted"),
    "Input should be greater than or equal to": N_("at least {what} is wanted"),
    "Input should be less than or equal to": N_("at most {what} is wanted"),
}


def _said(message: str, translate: Callable[[str], str]) -> str:
    """Typer's *message* in the reader's language, with the command it takes for the one that was meant."""
    text, _, near = message.partition(" Did you mean ")
    for start, ours in _TYPER_SAYS.items():
        if text.startswith(start):
            what = text.removeprefix(start).removeprefix("(s)").strip(" .'()")
            said = translate(ours).format(what=what)
            return (
                translate(N_("{said}; did you mean {near}?")).format(said=said, near=near.strip("?")) if near else said
            )
    return message


def _why(error: typer.TyperException, translate: Callable[[str], str]) -> str:
    """Why a value is of no use."""
    message: str = error.message
    for start, ours in _PYDANTIC_SAYS.items():
        if message.startswith(start):
            return translate(ours).format(what=message.removeprefix(start).strip(" ."))
    return message
