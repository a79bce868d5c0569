"""Lists, which one act decides; notices and the objections against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from bangfu.commands.acting import (
    AttendedOption,
    CaseArgument,
    FactOption,
    NoteOption,
    OnOption,
    PaperOption,
    PostOption,
    PresentOption,
    RecusedOption,
    VotesOption,
    ask_office,
    command_id_of,
    home_of,
    keep_file,
    keep_papers,
    minutes_of,
    named_action,
    named_ask,
    typed_facts,
)
from bangfu.terminal import values
from bangfu.terminal.app import NOTICES, session_of
from bangfu.terminal.receipts import draw_receipt, receipt_document
from bangfu.terminal.screen import LATE, QUIET, escape, styled, table
from bangfu.terminal.session import CaseRef, Session
from bangfu.terminal.titles import Titles
from engine.errors import N_, BangfuError, InputError, NotFoundError

if TYPE_CHECKING:
    from engine.cases import Act, Command
    from engine.ports import ListRow
    from engine.workflow import Workflow

commands = typer.Typer()
lists = typer.Typer(no_args_is_help=True)
notice = typer.Typer(no_args_is_help=True)
commands.add_typer(
    lists,
    name="list",
    help=N_("Cases that one act decides: an assembly, a list handed upward"),
    rich_help_panel=NOTICES,
)
commands.add_typer(
    notice, name="notice", help=N_("Public notices, their proof, and objections"), rich_help_panel=NOTICES
)

#: What Chinese input methods type for the signs between votes.
_SIGNS = str.maketrans("：，＝", ":,=")
ListArgument = Annotated[str, typer.Argument(metavar="LIST", help=N_("The list's id, or its first characters"))]


# --- lists ------------------------------------------------------------------------------------------------------------


@lists.command("open", help=N_("Gather the cases that stand in a stage of a division"))
def list_open(
    context: typer.Context,
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW")],
    stage: Annotated[str, typer.Argument(metavar="STAGE")],
    division: Annotated[str, typer.Option(metavar="CODE", help=N_("Where; your own division unless said"))] = "",
) -> None:
    from engine.listing import open_list

    session = session_of(context)
    bangfu = session.bangfu
    definition = session.workflow(bangfu.definitions.version_in_force(workflow))
    stages = {name: each.title for name, each in definition.stages.items()}
    ask = values.chosen(stage, stages, N_("there is no stage {text}; there are: {known}"))
    place = list_division(session, division)
    found = open_list(bangfu.office, bangfu.register, session.county, session.person, workflow, ask, place)
    _show_list(session, found)


def list_division(session: Session, code: str) -> str:
    from engine.divisions import full_code

    if code:
        return full_code(code)
    own = {division for _, division in session.scope.posts}
    if len(own) != 1:
        raise InputError(
            N_("you serve several divisions; say which is meant"), field="--division", advice=N_("add --division CODE")
        )
    return own.pop()


@lists.command("show", help=N_("Open lists in your scope, or the cases of one"))
def list_show(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="LIST", help=N_("One list; all open ones unless said"))] = "",
) -> None:
    session = session_of(context)
    if which:
        _show_list(session, _list(session, which))
        return
    _, rows = session._, session.bangfu.register.lists(session.scope)
    lines = [
        (
            str(row.id)[:13], escape(_titles(session, row).ask(row.stage)), row.division, str(len(row.items)),
            escape(row.by), session.times.instant(row.opened_at),
        )
        for row in rows
    ]  # fmt: skip
    headings = (_("List"), _("Stage"), _("Division"), _("Cases"), _("By"), _("Opened"))
    session.answer(
        {"lists": [_list_document(row, {}) for row in rows]},
        lambda: session.screen.print(table(headings, lines, narrow=(0, 2, 3)) if rows else _("No list is open.")),
    )


@lists.command("decide", help=N_("Decide the cases of a list in one act, one outcome each"))
def list_decide(
    context: typer.Context,
    which: ListArgument,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=N_("The outcome of all cases but those named"))],
    case: Annotated[
        list[str],
        typer.Option(
            "--case",
            metavar="CASE=ACTION[:ANSWER=N,…]",
            help=N_("Another outcome for one case, with its own votes; again for each"),
        ),
    ] = [],  # noqa: B006
    leave: Annotated[list[str], typer.Option(metavar="CASE", help=N_("Leave a case on the list for another act"))] = [],  # noqa: B006
    fact: FactOption = [],  # noqa: B006
    paper: PaperOption = [],  # noqa: B006
    note: NoteOption = "",
    present: PresentOption = [],  # noqa: B006
    votes: VotesOption = [],  # noqa: B006
    attended: AttendedOption = [],  # noqa: B006
    recused: RecusedOption = [],  # noqa: B006
    post: PostOption = "",
) -> None:
    from engine.cases import Act
    from engine.listing import decide_list

    session = session_of(context)
    bangfu = session.bangfu
    listed = _list(session, which)
    others = {session.case_ref(name).id: text for name, text in values.pairs(case, "--case").items()}
    left = {session.case_ref(name).id for name in leave}
    cases = {each: session.case(CaseRef(listed.county, each)) for each, _, outcome in listed.items if not outcome}
    papers = keep_papers(session, listed.county, [home_of(cases[each]) for each in cases.keys() - left], paper)
    acts: dict[UUID, Act | None] = {}
    for each, known in cases.items():
        workflow = session.workflow(known.version)
        titles = Titles(workflow, session._)
        chosen, own_votes = _outcome(others.get(each, action))
        acts[each] = None if each in left else Act(
            id=command_id_of(session, ""), person=session.person, post=post, note=note,
            action=named_action(titles, listed.stage, chosen), facts=typed_facts(workflow, known, fact),
            papers=papers,
            minutes=minutes_of(titles, listed.stage, present, own_votes or votes, attended, recused),
        )  # fmt: skip
    receipts = decide_list(bangfu.office, bangfu.register, listed.county, session.person, listed.id, acts)

    def draw() -> None:
        for receipt in receipts:
            draw_receipt(session, receipt)
        text = session.n_("{n} case was decided in one act.", "{n} cases were decided in one act.", len(receipts))
        session.screen.print(text.format(n=len(receipts)))

    session.answer({"list": listed.id, "receipts": [receipt_document(session, each) for each in receipts]}, draw)


def _outcome(text: str) -> tuple[str, list[str]]:
    """``ACTION``, or ``ACTION:ANSWER=N,ANSWER=N`` with the votes on this case alone; the signs of either width."""
    action, _, votes = text.translate(_SIGNS).partition(":")
    return action, [part for part in votes.split(",") if part]


def _list(session: Session, text: str) -> ListRow:
    named = values.identifier(text)
    if named is not None:
        return session.bangfu.register.list(session.scope, named)
    rows = [
        row for row in session.bangfu.register.lists(session.scope, open_only=False) if str(row.id).startswith(text)
    ]
    if len(rows) != 1:
        raise NotFoundError(
            N_("several lists begin so") if rows else N_("there is no such list in your scope"),
            advice=N_("see: bangfu list show"),
        )
    return rows[0]


def _show_list(session: Session, row: ListRow) -> None:
    _, titles, selected = session._, _titles(session, row), _selected(session, row)
    names = list(dict.fromkeys(name for facts in selected.values() for name in facts))

    def draw() -> None:
        session.screen.print(f"[bold]{escape(titles.ask(row.stage))}[/]  [{QUIET}]{row.id}[/]")
        lines = [
            (
                number, *(escape(titles.value(name, selected[case].get(name))) for name in names),
                escape(outcome) or styled(QUIET, _("not decided")),
            )
            for case, number, outcome in row.items
        ]  # fmt: skip
        headings = (_("Case"), *(escape(titles.fact(name)) for name in names), _("Outcome"))
        session.screen.print(table(headings, lines, narrow=(0,)))

    session.answer(_list_document(row, selected), draw)


def _selected(session: Session, row: ListRow) -> dict[UUID, dict[str, bool]]:
    """What the list's draw or rank has made of each of its cases."""
    stage = session.workflow(session.bangfu.definitions.version_in_force(row.workflow)).stages.get(row.stage)
    sets = stage.list_.sets if stage is not None and stage.list_ is not None else ()
    if not sets:
        return {case: {} for case, *_ in row.items}
    facts = {case: session.case(CaseRef(row.county, case)).section("facts") for case, *_ in row.items}
    return {case: {name: bool(known[name]["v"]) for name in sets if name in known} for case, known in facts.items()}


def _titles(session: Session, row: ListRow) -> Titles:
    return Titles(session.workflow(session.bangfu.definitions.version_in_force(row.workflow)), session._)


def _list_document(row: ListRow, selected: Mapping[UUID, Mapping[str, bool]]) -> dict[str, Any]:
    return {
        "list": row.id, "county": row.county, "workflow": row.workflow, "stage": row.stage, "division": row.division,
        "status": row.status, "by": row.by, "opened_at": row.opened_at,
        "cases": [
            {"id": case, "number": number, "outcome": outcome, "selected": selected.get(case, {})}
            for case, number, outcome in row.items
        ],
    }  # fmt: skip


# --- notices ----------------------------------------------------------------------------------------------------------

CasesArgument = Annotated[list[str], typer.Argument(metavar="CASE…", help=N_("One case or several"))]
PlaceOption = Annotated[
    str, typer.Option("--place", metavar="PLACE", help=N_("Where it hangs, if there are several places"))
]


@notice.command("post", help=N_("Record that a notice hangs, since when, with its photo"))
def notice_post(
    context: typer.Context,
    cases: CasesArgument,
    place: PlaceOption = "",
    at: Annotated[
        str, typer.Option(metavar="TIME", help=N_("Since when, such as “2026-03-02 09:30”; now unless said"))
    ] = "",
    proof: Annotated[Path | None, typer.Option(metavar="FILE", help=N_("A photo of the posting"))] = None,
    on: OnOption = "",
) -> None:
    from engine.cases import PostNotice

    session = session_of(context)
    since = values.moment(at, session.bangfu.calendar, "--at") if at else session.now

    def command(ref: CaseRef) -> Command:
        ask, where = _place(session, ref, on, place)
        return PostNotice(
            id=command_id_of(session, ""), person=session.person, place=where, at=since, on=ask,
            proof=keep_file(session, ref, proof) if proof is not None else None,
        )  # fmt: skip

    _each(session, cases, command)


@notice.command("proof", help=N_("Hand in the photo that proves a posting's end"))
def notice_proof(
    context: typer.Context,
    cases: CasesArgument,
    proof: Annotated[Path, typer.Option(metavar="FILE", help=N_("The photo"))],
    place: PlaceOption = "",
    on: OnOption = "",
) -> None:
    from engine.cases import ProveNotice

    session = session_of(context)

    def command(ref: CaseRef) -> Command:
        ask, where = _place(session, ref, on, place)
        document = keep_file(session, ref, proof)
        return ProveNotice(id=command_id_of(session, ""), person=session.person, place=where, proof=document, on=ask)

    _each(session, cases, command)


@notice.command("take-down", help=N_("Take a posting down before its end: it never counted"))
def notice_take_down(
    context: typer.Context, cases: CasesArgument, note: NoteOption = "", place: PlaceOption = "", on: OnOption = ""
) -> None:
    from engine.cases import TakeDownNotice

    session = session_of(context)

    def command(ref: CaseRef) -> Command:
        ask, where = _place(session, ref, on, place)
        return TakeDownNotice(id=command_id_of(session, ""), person=session.person, place=where, on=ask, note=note)

    _each(session, cases, command)


@notice.command("objection", help=N_("Record an objection against a notice: it opens a case of its own"))
def notice_objection(
    context: typer.Context,
    case: CaseArgument,
    fact: FactOption = [],  # noqa: B006
    grounds: Annotated[
        str, typer.Option(metavar="TEXT", help=N_("What is objected: short for --fact grounds=TEXT"))
    ] = "",
    received: Annotated[str, typer.Option(metavar="TIME", help=N_("When it came in; now unless said"))] = "",
    objector: Annotated[
        str, typer.Option(metavar="KEY", help=N_("What tells this objector from others; never shown. New unless said"))
    ] = "",
    on: OnOption = "",
) -> None:
    from engine.cases import Object

    session = session_of(context)
    ref = session.case_ref(case)
    bangfu = session.bangfu
    known = session.case(ref)
    definition = session.workflow(known.version)
    typed = values.pairs(fact, "--fact") | ({"grounds": grounds} if grounds else {})
    child = bangfu.office.new_id()
    command = Object(
        id=command_id_of(session, ""), person=session.person, child=child, on=named_ask(definition, on),
        objector=bangfu.objector(objector or child.hex),
        received_at=values.moment(received, bangfu.calendar, "--received") if received else session.now,
        facts=_objection_facts(session, definition, typed),
    )  # fmt: skip
    receipt = bangfu.office.ask(ref.county, ref.id, command)
    opened = bangfu.office.case(ref.county, child, session.person)

    def draw() -> None:
        draw_receipt(session, receipt)
        text = session._("The objection has the number {number}; answer it: bangfu notice answer {number} …")
        session.screen.print(escape(text.format(number=opened.number)))

    session.answer(receipt_document(session, receipt) | {"objection": {"id": child, "number": opened.number}}, draw)


def _objection_facts(session: Session, workflow: Workflow, typed: dict[str, str]) -> dict[str, Any]:
    named = {each.notice.objection for each in workflow.stages.values() if each.notice and each.notice.objection}
    for name in named:
        version = session.bangfu.definitions.version_in_force(name)
        return values.facts(session.workflow(version), typed)
    return dict(typed)


@notice.command("answer", help=N_("Answer an objection: upheld or dismissed"))
def notice_answer(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help=N_("The objection, or the case it is about"))],
    action: Annotated[str, typer.Argument(metavar="ANSWER", help=N_("Such as upheld or dismissed"))],
    fact: FactOption = [],  # noqa: B006
    note: NoteOption = "",
    present: PresentOption = [],  # noqa: B006
    votes: VotesOption = [],  # noqa: B006
    attended: AttendedOption = [],  # noqa: B006
    recused: RecusedOption = [],  # noqa: B006
    post: PostOption = "",
) -> None:
    from engine.cases import Act

    session = session_of(context)
    ref = _objection(session, session.case_ref(case))
    known = session.case(ref)
    workflow = session.workflow(known.version)
    titles = Titles(workflow, session._)
    command = Act(
        id=command_id_of(session, ""), person=session.person, post=post, note=note,
        action=named_action(titles, known.stage, action), facts=typed_facts(workflow, known, fact),
        minutes=minutes_of(titles, known.stage, present, votes, attended, recused),
    )  # fmt: skip
    ask_office(session, ref, command)


def _objection(session: Session, ref: CaseRef) -> CaseRef:
    """The open objection of the case, if it has one; else the case itself."""
    links = session.case(ref).section("links")
    open_ones = [child for child, link in links.items() if link["k"] == "objection"]
    if len(open_ones) > 1:
        raise InputError(
            N_("this case has {n} open objections; name one by its own number: {numbers}"), field="CASE",
            n=len(open_ones),
            numbers="、".join(session.case(CaseRef(ref.county, UUID(each))).number for each in open_ones),
        )  # fmt: skip
    return CaseRef(ref.county, UUID(open_ones[0])) if open_ones else ref


def _place(session: Session, ref: CaseRef, on: str, place: str) -> tuple[str, str]:
    """The task meant (empty: the stage) and the place of its notice, by id or title; the only one unless said."""
    known = session.case(ref)
    workflow = session.workflow(known.version)
    ask = named_ask(workflow, on)
    asked = {**workflow.stages, **workflow.tasks}.get(ask or known.stage)
    procedure = session.bangfu.definitions.pinned(known.version)
    open_ = known.section("asks").get(ask or known.stage, {})
    hangs = procedure.places_of(asked.notice, open_) if asked is not None and asked.notice is not None else ()
    named = next((name for name in hangs if place in (name, workflow.places.get(name))), place)
    if named or not hangs:
        return ask, named
    if len(hangs) > 1:
        raise InputError(
            N_("say where it hangs: {places}"), field="--place",
            places=", ".join(f"{name} {workflow.places.get(name, '')}" for name in hangs),
        )  # fmt: skip
    return ask, hangs[0]


def _each(session: Session, cases: Sequence[str], command: Callable[[CaseRef], Command]) -> None:
    """The same for each case, a transaction each; of several, every one is told its outcome."""
    if len(cases) == 1:
        ref = session.case_ref(cases[0])
        ask_office(session, ref, command(ref))
        return
    documents: list[dict[str, Any]] = []
    failed: list[BangfuError] = []
    for text in cases:
        try:
            ref = session.case_ref(text)
            receipt = session.bangfu.office.ask(ref.county, ref.id, command(ref))
        except BangfuError as error:
            failed.append(error)
            documents.append({"asked": text, "error": _error_document(session, error)})
            if not session.screen.as_json:
                session.screen.print(f"[{LATE}]{escape(text)}[/] {escape(error.words.told(session._))}")
            continue
        documents.append({"asked": text, **receipt_document(session, receipt)})
        if not session.screen.as_json:
            draw_receipt(session, receipt)
    done = len(cases) - len(failed)
    text = session._("{done} of {n} done.").format(done=done, n=len(cases))
    session.answer({"done": done, "failed": len(failed), "cases": documents}, lambda: session.screen.print(text))
    if failed:
        from bangfu.terminal.errors import exit_code

        raise typer.Exit(exit_code(failed[0]))


def _error_document(session: Session, error: BangfuError) -> dict[str, Any]:
    from bangfu.terminal.errors import document

    return document(error, session._)
