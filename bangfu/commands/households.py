"""A household's own record: what is known of it across its cases, who is born, dies, moves or splits off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.commands.acting import CaseArgument, CommandId, NoteOption, answer, command_id_of
from bangfu.commands.setting_up import find_household
from bangfu.terminal.app import CASES, LOOK, session_of
from bangfu.terminal.screen import DONE, HEAD, QUIET, escape, styled, table
from bangfu.terminal.session import Session
from bangfu.terminal.titles import CHANGES, Titles
from bangfu.terminal.values import wanted_day
from engine.errors import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.households import HouseholdCommand
    from engine.ports import HouseholdEntry, HouseholdFile

commands = typer.Typer()
household = typer.Typer(no_args_is_help=True)
commands.add_typer(
    household, name="household", help=N_("A household across its cases: members, statuses, history"),
    rich_help_panel=LOOK,
)  # fmt: skip

HouseholdArgument = Annotated[
    str, typer.Argument(metavar="HOUSEHOLD", help=N_("A householder's name, ID number, or the household's id"))
]
MembersArgument = Annotated[
    list[str], typer.Argument(metavar="MEMBER…", help=N_("Members by their numbers; see: bangfu household show"))
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help=N_("Why, in words; kept as ciphertext"))]
OnOption = Annotated[
    str, typer.Option("--on", metavar="DATE", help=N_("The day on which it happened; today unless said"))
]
HeadOption = Annotated[
    str, typer.Option("--head", metavar="MEMBER", help=N_("Who follows the householder, where he goes"))
]
NumberOption = Annotated[str, typer.Option("--id-number", metavar="NUMBER", help=N_("The ID number, if there is one"))]
RelationOption = Annotated[str, typer.Option("--relation", metavar="TEXT", help=N_("What he or she is to the others"))]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]

# --- looking ----------------------------------------------------------------------------------------------------------


@household.command("show", help=N_("Who lives and lived there, its statuses by which case, its cases"))
def show(context: typer.Context, which: HouseholdArgument) -> None:
    session = session_of(context)
    found = _file(session, which)
    session.answer(_document(session, found), lambda: _draw(session, found))


@household.command("history", help=N_("Everything that happened to a household's record, oldest first"))
def history(context: typer.Context, which: HouseholdArgument) -> None:
    session = session_of(context)
    found = _file(session, which)
    document = {"id": found.household.id, "history": [_entry_document(each) for each in found.history]}
    session.answer(document, lambda: _draw_history(session, found))


def _file(session: Session, text: str) -> HouseholdFile:
    return session.bangfu.register.household_file(session.scope, find_household(session, text))


def _document(session: Session, found: HouseholdFile) -> dict[str, Any]:
    home = found.household
    return {
        "id": home.id, "name": home.name, "id_number": home.id_number, "phone": home.phone, "division": home.division,
        "members": [
            {
                "member": each.key, "name": each.name, "relation": each.relation, "id_number": each.id_number,
                "left_at": each.left_at,
            }
            for each in found.members
        ],
        "statuses": home.statuses,
        "cases": [
            {"number": row.number, "id": row.id, "workflow": row.workflow, "stage": row.stage, "status": row.status}
            for row in found.cases
        ],
    }  # fmt: skip


def _entry_document(entry: HouseholdEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq, "at": entry.at, "kind": entry.kind, "by": entry.actor, "post": entry.post,
        "case": entry.case, "what": entry.what, "why": entry.why or "", "source": entry.source,
    }  # fmt: skip


def _draw(session: Session, found: HouseholdFile) -> None:
    _, screen, home = session._, session.screen, found.household
    screen.print(f"[bold]{escape(home.name)}[/]  [{QUIET}]{home.id_number}  {home.phone}  {home.id}[/]")
    left = _("left on {day}")
    # How and when, where the history tells: a death is written down later than its day.
    gone = {
        key: f"{_(CHANGES[entry.kind])} {entry.what['on']}"
        for entry in found.history
        if entry.kind in ("died", "moved_out", "split_off")
        for key in entry.what["members"]
    }
    rows = [
        (
            each.key, escape(each.name), escape(each.relation), each.id_number,
            styled(QUIET, gone.get(each.key) or left.format(day=session.times.instant(each.left_at)[:10]))
            if each.left_at
            else "",
        )
        for each in found.members
    ]  # fmt: skip
    headings = (_("Member"), _("Name"), _("Relation"), _("ID number"), "")
    screen.print(table(headings, rows, narrow=(0, 1, 3)))
    if home.statuses:
        screen.print(styled(HEAD, _("Statuses")))
        titles = _titles(session, found)
        for name, stored in home.statuses.items():
            by = titles.get(stored["case"]) or _titles_in_force(session, name)
            said = by.value(name, stored["v"]) if by else str(stored["v"])
            since = session.times.instant(_instant(stored["since"]))[:10]
            text = _("since {day}, by case {number}") if stored["case"] else _("entered on {day}, from {source}")
            more = text.format(day=since, number=stored["case"], source=stored.get("source", ""))
            screen.print(f"  {escape(by.fact(name) if by else name)}: [{DONE}]{escape(said)}[/]  [{QUIET}]{more}[/]")
    if found.cases:
        screen.print("", styled(HEAD, _("Cases")))
        for row in found.cases:
            of = Titles(session.workflow(row.version), _)
            screen.print(f"  {row.number}  {escape(of.workflow.title)}  [{QUIET}]{escape(of.ask(row.stage))}[/]")


def _draw_history(session: Session, found: HouseholdFile) -> None:
    _ = session._
    titles = _titles(session, found)
    names = {each.key: each.name for each in found.members}
    rows = []
    for each in found.history:
        if each.kind in ("status", "entered"):
            told = []
            for name, value in each.what.items():
                of = titles.get(each.case) or _titles_in_force(session, name)
                told.append(f"{of.fact(name)}: {of.value(name, value)}" if of else f"{name}: {value}")
            text = "、".join(told) + f"  {each.case or each.source}"
        else:
            who = "、".join(names.get(key, key) for key in each.what["members"])
            text = f"{_(CHANGES[each.kind])}: {who}  {each.what['on']}"
        more = f"\n[{QUIET}]{escape(each.why)}[/]" if each.why else ""
        rows.append((str(each.seq), session.times.instant(each.at), escape(each.actor), escape(text) + more))
    session.screen.print(table(("#", _("When"), _("Who"), _("What")), rows, narrow=(0, 1)))


def _titles(session: Session, found: HouseholdFile) -> dict[str, Titles]:
    """The number of each of its cases that the reader sees → the titles of its definition."""
    return {row.number: Titles(session.workflow(row.version), session._) for row in found.cases}


def _titles_in_force(session: Session, fact: str) -> Titles | None:
    """The titles of a definition in force that knows *fact*, for what no case that the reader sees has written."""
    found = (session.workflow(version) for version in session.bangfu.definitions.deployed().values())
    return next((Titles(each, session._) for each in found if fact in each.facts), None)


def _instant(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


# --- what happens to members ------------------------------------------------------------------------------------------


@household.command("born", help=N_("A child was born into it; each open case is told"))
def born(
    context: typer.Context, which: HouseholdArgument, name: NameArgument, relation: RelationOption = "",
    number: NumberOption = "", on: OnOption = "", why: WhyOption = "", command_id: CommandId = "",
) -> None:  # fmt: skip
    _add(context, which, "born", name, relation, number, on, why, command_id)


@household.command("moved-in", help=N_("Somebody moved in; each open case is told"))
def moved_in(
    context: typer.Context, which: HouseholdArgument, name: NameArgument, relation: RelationOption = "",
    number: NumberOption = "", on: OnOption = "", why: WhyOption = "", command_id: CommandId = "",
) -> None:  # fmt: skip
    _add(context, which, "moved_in", name, relation, number, on, why, command_id)


@household.command("died", help=N_("Members died; each open case is told, and a person decides what follows"))
def died(
    context: typer.Context, which: HouseholdArgument, members: MembersArgument, head: HeadOption = "",
    on: OnOption = "", why: WhyOption = "", command_id: CommandId = "",
) -> None:  # fmt: skip
    _remove(context, which, "died", members, head, on, why, command_id)


@household.command(
    "moved-out", help=N_("Members moved away; each open case is told, and a person decides what follows")
)
def moved_out(
    context: typer.Context, which: HouseholdArgument, members: MembersArgument, head: HeadOption = "",
    on: OnOption = "", why: WhyOption = "", command_id: CommandId = "",
) -> None:  # fmt: skip
    _remove(context, which, "moved_out", members, head, on, why, command_id)


@household.command("split", help=N_("Members are a household of their own from now on, the first its householder"))
def split(
    context: typer.Context, which: HouseholdArgument, members: MembersArgument, head: HeadOption = "",
    on: OnOption = "", why: WhyOption = "", command_id: CommandId = "",
) -> None:  # fmt: skip
    from engine.households import SplitOff

    session = session_of(context)
    new = session.bangfu.office.new_id()
    _update(session, which, SplitOff, on, why, command_id, members=tuple(members), head=head, new=new, made=new)


def _add(
    context: typer.Context, which: str, how: str, name: str, relation: str, number: str, on: str, why: str, id_: str
) -> None:
    from engine.errors import InputError
    from engine.households import AddMember
    from engine.identity import NumberError, check_id_number
    from papers.problems import REASONS

    session = session_of(context)
    if number:
        try:
            number = check_id_number(number, session.bangfu.today).number
        except NumberError as error:
            found = REASONS[error.reason]
            raise InputError(found.text, field="--id-number", advice=found.advice) from None
    more = {"how": how, "name": name, "relation": relation, "id_number": number}
    _update(session, which, AddMember, on, why, id_, **more)


def _remove(
    context: typer.Context, which: str, how: str, members: Iterable[str], head: str, on: str, why: str, id_: str
) -> None:
    from engine.households import RemoveMembers

    session = session_of(context)
    _update(session, which, RemoveMembers, on, why, id_, how=how, members=tuple(members), head=head)


def _update(
    session: Session,
    which: str,
    kind: Callable[..., HouseholdCommand],
    on: str,
    why: str,
    command_id: str,
    made: Any = None,
    **more: Any,
) -> None:
    bangfu = session.bangfu
    day = wanted_day(on, "--on") if on else bangfu.today
    home = find_household(session, which)
    command = kind(
        id=command_id_of(session, command_id), person=session.person, household=home, on=day, why=why, **more
    )
    state = bangfu.office.update_household(session.county, command)
    document = {"id": state.id, "members": list(state.living), "told": len(state.open_cases), "new": made}

    def draw() -> None:
        _ = session._
        lives = "、".join(f"{key} {state.members[key].name}" for key in state.living) or _("nobody")
        session.screen.print(styled(DONE, _("Written down. There live now: {names}").format(names=lives)))
        if state.open_cases:
            text = session.n_(
                "{n} open case is told; it goes on when somebody has decided what follows.",
                "{n} open cases are told; they go on when somebody has decided what follows.",
                len(state.open_cases),
            )
            session.screen.print(escape(text.format(n=len(state.open_cases))))
        if made is not None:
            session.screen.print(escape(_("The new household: {id}").format(id=made)))

    session.answer(document, draw)


# --- what a case hears ------------------------------------------------------------------------------------------------


@commands.command(
    "carry-on",
    help=N_("A case's household has changed: say in words that the case goes on"),
    rich_help_panel=CASES,
)
def carry_on(
    context: typer.Context,
    case: CaseArgument,
    note: NoteOption = "",
    concern: Annotated[
        str,
        typer.Option("--concern", metavar="N", help=N_("Which change, if several are not answered; see: bangfu show")),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", help=N_("The case is about those who live there today, from now on"))
    ] = False,
) -> None:
    from engine.cases import CarryOn

    session = session_of(context)
    ref = session.case_ref(case)
    command = CarryOn(
        id=session.bangfu.office.new_id(), person=session.person, note=note, concern=concern, follow=follow
    )
    answer(session, session.bangfu.office.ask(ref.county, ref.id, command))
