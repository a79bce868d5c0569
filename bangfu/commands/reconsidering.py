"""Second thoughts: signers asked beside the posts, an act taken back, and what two persons correct or reopen."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.commands.acting import (
    CaseArgument,
    CommandId,
    FactOption,
    NoteOption,
    OnOption,
    SeenOption,
    ask_office,
    command_id_of,
    named,
    named_ask,
    typed_facts,
)
from bangfu.terminal.app import CASES
from engine.errors import N_

if TYPE_CHECKING:
    from engine.cases import Command

commands = typer.Typer()
signing = typer.Typer(no_args_is_help=True)
proposing = typer.Typer(no_args_is_help=True)
commands.add_typer(
    signing, name="sign", help=N_("Signers of a question: asked, taken off, and what they say"), rich_help_panel=CASES
)
commands.add_typer(
    proposing,
    name="propose",
    help=N_("What takes a second person: correct facts, reopen an ended case"),
    rich_help_panel=CASES,
)

SignerArgument = Annotated[str, typer.Argument(metavar="PERSON", help=N_("A person's key; see: bangfu person list"))]


class When(StrEnum):
    """When a signer is asked."""

    BEFORE = "before"
    AFTER = "after"


class What(StrEnum):
    """What two persons do."""

    CORRECT = "correct"
    REOPEN = "reopen"


WhatArgument = Annotated[What, typer.Argument(metavar="correct|reopen", help=N_("Which proposal"))]


# --- signers ----------------------------------------------------------------------------------------------------------


@signing.command("add", help=N_("Ask one more officer, before the question is answered or before its answer counts"))
def add(
    context: typer.Context,
    case: CaseArgument,
    person: SignerArgument,
    when: Annotated[
        When,
        typer.Option("--when", metavar="before|after", help=N_("Heard before the answer, or agreeing to it after")),
    ] = When.BEFORE,
    on: OnOption = "",
    note: NoteOption = "",
    command_id: CommandId = "",
) -> None:
    from engine.cases import AddSigner

    _ask(context, case, AddSigner, command_id, on=on, signer=person, when=when.value, note=note)


@signing.command("remove", help=N_("Take a signer off who has not signed"))
def remove(
    context: typer.Context,
    case: CaseArgument,
    person: SignerArgument,
    on: OnOption = "",
    note: NoteOption = "",
    command_id: CommandId = "",
) -> None:
    from engine.cases import RemoveSigner

    _ask(context, case, RemoveSigner, command_id, on=on, signer=person, note=note)


@signing.command("agree", help=N_("Agree, as a signer who was asked"))
def agree(
    context: typer.Context,
    case: CaseArgument,
    on: OnOption = "",
    note: NoteOption = "",
    seen: SeenOption = None,
    command_id: CommandId = "",
) -> None:
    from engine.cases import Sign

    _ask(context, case, Sign, command_id, on=on, answer="agree", note=note, seen=seen)


@signing.command("disagree", help=N_("Disagree, as a signer who was asked, and say why"))
def disagree(
    context: typer.Context,
    case: CaseArgument,
    on: OnOption = "",
    note: NoteOption = "",
    seen: SeenOption = None,
    command_id: CommandId = "",
) -> None:
    from engine.cases import Sign

    _ask(context, case, Sign, command_id, on=on, answer="disagree", note=note, seen=seen)


# --- taking back ------------------------------------------------------------------------------------------------------


@commands.command("withdraw", help=N_("Take your last act back, while nobody acted since"), rich_help_panel=CASES)
def withdraw(context: typer.Context, case: CaseArgument, note: NoteOption = "", command_id: CommandId = "") -> None:
    from engine.cases import Withdraw

    _ask(context, case, Withdraw, command_id, note=note)


# --- by two persons ---------------------------------------------------------------------------------------------------


@proposing.command("correct", help=N_("Propose to correct recorded facts; a second person confirms"))
def correct(
    context: typer.Context,
    case: CaseArgument,
    fact: FactOption = [],  # noqa: B006 - typer copies it
    note: NoteOption = "",
    command_id: CommandId = "",
) -> None:
    from engine.cases import Propose

    session, ref, workflow = named(context, case)
    facts = typed_facts(workflow, session.case(ref), fact)
    _ask(context, case, Propose, command_id, what="correct", facts=facts, note=note)


@proposing.command("reopen", help=N_("Propose to reopen a case that has ended; a second person confirms"))
def reopen(context: typer.Context, case: CaseArgument, note: NoteOption = "", command_id: CommandId = "") -> None:
    from engine.cases import Propose

    _ask(context, case, Propose, command_id, what="reopen", note=note)


@commands.command("confirm", help=N_("Carry out what another proposed"), rich_help_panel=CASES)
def confirm(
    context: typer.Context,
    case: CaseArgument,
    what: WhatArgument,
    note: NoteOption = "",
    seen: SeenOption = None,
    command_id: CommandId = "",
) -> None:
    from engine.cases import Confirm

    _ask(context, case, Confirm, command_id, what=what.value, note=note, seen=seen)


@commands.command("decline", help=N_("Refuse what another proposed, and say why"), rich_help_panel=CASES)
def decline(
    context: typer.Context,
    case: CaseArgument,
    what: WhatArgument,
    note: NoteOption = "",
    seen: SeenOption = None,
    command_id: CommandId = "",
) -> None:
    from engine.cases import Decline

    _ask(context, case, Decline, command_id, what=what.value, note=note, seen=seen)


@commands.command("retract", help=N_("Take your own proposal back"), rich_help_panel=CASES)
def retract(
    context: typer.Context, case: CaseArgument, what: WhatArgument, note: NoteOption = "", command_id: CommandId = ""
) -> None:
    from engine.cases import Retract

    _ask(context, case, Retract, command_id, what=what.value, note=note)


def _ask(context: typer.Context, case: str, kind: Callable[..., Command], command_id: str, **more: Any) -> None:
    session, ref, workflow = named(context, case)
    if "on" in more:
        more["on"] = named_ask(workflow, more["on"])
    ask_office(session, ref, kind(id=command_id_of(session, command_id), person=session.person, **more))
