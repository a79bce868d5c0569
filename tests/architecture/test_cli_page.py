"""Every command and option is on docs/reference/cli.md, and nothing that is not a command any more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import cli

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text("utf-8")


def commands(group: Any, path: str = "bangfu") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


TREE = dict(commands(typer.main.get_command(cli.program)))


def test_every_command_has_its_section_and_every_section_its_command():
    written = [line.removeprefix("## ") for line in PAGE.splitlines() if line.startswith("## ")]
    assert sorted(written) == sorted(TREE)


def test_every_option_is_explained_where_its_command_is():
    sections = {part.splitlines()[0]: part for part in PAGE.split("\n## ")[1:]}
    missing = [
        f"{path} {name}"
        for path, command in TREE.items()
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--") and name != "--help" and f"`{name}`" not in sections[path]
    ]
    assert not missing
