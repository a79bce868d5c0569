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
    for name in ("help", "short_help", "rich_help_panel"):
        if getattr(command, name, None):
            setattr(command, name, translate(getattr(command, name)))
    command.epilog = translate(EPILOG)
    usage = command.get_usage
    command.get_usage = lambda context: usage(context).replace("Usage:", translate(N_("Usage:")), 1)
    help_option = command.get_help_option(typer.Context(command))
    if help_option is not None:
        help_option.help = translate(N_("Show this help."))
    for parameter in command.params:
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


def translate_typer(translate: Callable[[str], str]) -> None:
    """Typer's own words on help pages. Loads rich."""
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
            return translate(N_("{name} cannot be used: {why}")).format(name=named, why=error.message)
        case "BadOptionUsage" | "ValueMissingError":
            return translate(N_("{option} needs a value")).format(option=named)
        case _:
            return error.message
