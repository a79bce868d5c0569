"""The demonstration, as a command."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from bangfu.terminal.app import SET_UP, session_of
from engine.errors import N_

commands = typer.Typer()


@commands.command(
    "demo",
    help=N_("A practice database of five villages, walked through the whole procedure; it is kept to go on with"),
    rich_help_panel=SET_UP,
)
def demo(
    context: typer.Context,
    households: Annotated[int, typer.Option(min=5, max=5000, metavar="N", help=N_("How many households"))] = 300,
    seed: Annotated[int, typer.Option(metavar="N", help=N_("Another number gives other people and fates"))] = 2026,
    replace: Annotated[
        bool, typer.Option("--replace", help=N_("Delete the demonstration that is there instead of making a new name"))
    ] = False,
) -> None:
    from bangfu.demo.running import PLACE, free_place, remove_practice, run
    from bangfu.settings import read_settings

    session = session_of(context)
    # Only what is said on the line counts: a demonstration goes into nobody's everyday database.
    place = session.options.database or str(PLACE if replace else free_place())
    settings = read_settings(
        os.environ, database=place, key_file=session.options.key_file, language=session.options.language
    )
    if replace:
        remove_practice(settings)
    session.screen.practice = True
    result = run(settings, session.screen, households, seed)
    session.answer(asdict(result), lambda: None)
