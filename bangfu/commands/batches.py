"""Batches: one verb over many cases, each with its own outcome."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from bangfu.commands.acting import (
    FactOption,
    NoteOption,
    OnOption,
    PaperOption,
    PostOption,
    command_id_of,
    home_of,
    keep_papers,
)
from bangfu.commands.reconsidering import When
from bangfu.terminal import values
from bangfu.terminal.app import NOTICES, session_of
from bangfu.terminal.screen import DONE, LATE, QUIET, SOON, escape, styled, table
from bangfu.terminal.session import CaseRef, Session
from bangfu.terminal.titles import PlaceNames, Titles
from engine.errors import N_, BangfuError, InputError, NotFoundError

if TYPE_CHECKING:
    from engine.batches import Batch, BatchRow
    from engine.cases import Case

commands = typer.Typer()
batch = typer.Typer(no_args_is_help=True)
commands.add_typer(
    batch, name="batch", help=N_("One verb over many cases, an outcome for each"), rich_help_panel=NOTICES
)

BatchArgument = Annotated[str, typer.Argument(metavar="BATCH", help=N_("The batch's id, or its first characters"))]
#: Which part of a command the word behind the verb is.
_WHAT = {
    "act": "action", "assign": "to", "transfer": "to", "delegate": "to", "copy": "to", "stop": "clock",
    "resume": "clock", "extend": "clock", "sign-add": "signer", "sign-remove": "signer",
}  # fmt: skip
_NUMBER = re.compile(r"\d{6}-\d{4}-\d{6,}")
_OUTCOMES = {"done": N_("done"), "refused": N_("not carried out"), "left": N_("left")}
_STYLES = {"done": DONE, "refused": LATE, "left": QUIET}


@batch.command("new", help=N_("Select cases once, and see what the verb would do to each; nothing is done yet"))
def batch_new(
    context: typer.Context,
    verb: Annotated[
        str,
        typer.Argument(
            metavar="VERB",
            help=N_(
                "act, claim, release, assign, transfer, delegate, urge, copy, comment, sign-add, sign-remove, withdraw,"
                " stop, resume or extend"
            ),
        ),
    ],
    what: Annotated[
        str, typer.Argument(metavar="[WHAT]", help=N_("The action, the person or the clock, as the verb asks"))
    ] = "",
    case: Annotated[list[str], typer.Option(metavar="CASE", help=N_("A case; again for each"))] = [],  # noqa: B006
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("A workbook or CSV: every case number in it"))
    ] = None,
    workflow: Annotated[str, typer.Option(metavar="WORKFLOW", help=N_("All cases of this procedure …"))] = "",
    stage: Annotated[str, typer.Option(metavar="STAGE", help=N_("… that stand in this stage"))] = "",
    division: Annotated[str, typer.Option(metavar="CODE", help=N_("… inside this division"))] = "",
    late: Annotated[bool, typer.Option("--late", help=N_("… and are overdue"))] = False,
    on: OnOption = "",
    to: Annotated[str, typer.Option(metavar="STAGE", help=N_("Back to which of the visited stages"))] = "",
    holder: Annotated[str, typer.Option("--from", metavar="PERSON", help=N_("Whose work is given to another"))] = "",
    when: Annotated[
        When | None,
        typer.Option("--when", metavar="before|after", help=N_("Heard before the answer, or agreeing to it after")),
    ] = None,
    fact: FactOption = [],  # noqa: B006
    paper: PaperOption = [],  # noqa: B006
    note: NoteOption = "",
    post: PostOption = "",
    command_id: Annotated[
        str, typer.Option("--id", metavar="UUID", help=N_("The batch's id: sent twice, it is made once"))
    ] = "",
) -> None:
    from engine.batches import Batch, BatchRow, asked_of, make

    session = session_of(context)
    selected, query = _selection(session, case, file, workflow, stage, division, late)
    given: dict[str, Any] = {"on": on, "to": to, "holder": holder, "note": note, "post": post}
    if when or verb == "sign-add":
        given["when"] = (when or When.BEFORE).value
    given = {name: value for name, value in given.items() if value}
    if what:
        if verb not in _WHAT:
            raise InputError(N_("{verb} takes no {name}"), field="WHAT", verb=verb, name=what)
        given[_WHAT[verb]] = [what] if verb == "copy" else what
    if fact:
        given["facts"] = _facts(session, selected, fact)
    if paper:
        cases = (session.case(CaseRef(session.county, each)) for each in selected)
        given["papers"] = keep_papers(session, session.county, [home_of(each) for each in cases], paper)
    made = make(
        session.bangfu.batches,
        Batch(
            county=session.county, id=command_id_of(session, command_id), at=session.now, by=session.person, verb=verb,
            asked=asked_of(verb, given), query=query,
            rows=tuple(BatchRow(each, number) for each, number in selected.items()),
        ),
    )  # fmt: skip
    _show_preview(session, made)


def _selection(
    session: Session, cases: list[str], file: Path | None, workflow: str, stage: str, division: str, late: bool
) -> tuple[dict[UUID, str], dict[str, str]]:
    """The cases meant, with their numbers, and how they were found."""
    numbers = [*cases, *(_numbers_in(file) if file is not None else ())]
    if bool(numbers) == bool(workflow):
        raise InputError(
            N_("say which cases: one by one, or by procedure and stage"), field="--case",
            advice=N_("add --case CASE …, --file FILE, or --workflow WORKFLOW --stage STAGE"),
        )  # fmt: skip
    if numbers:
        refs = [session.case_ref(number) for number in dict.fromkeys(numbers)]
        strangers = [ref for ref in refs if ref.county != session.county]
        if strangers:
            raise InputError(N_("a batch stays in one county"), field="--case")
        return {ref.id: session.case(ref).number for ref in refs}, {"cases": str(len(refs))}
    from bangfu.commands.noticing import list_division

    definition = session.workflow(session.bangfu.definitions.version_in_force(workflow))
    stages = {name: each.title for name, each in definition.stages.items()}
    ask = values.chosen(stage, stages, N_("there is no stage {text}; there are: {known}"))
    place, now = list_division(session, division), session.now
    rows = session.bangfu.register.cases_in(session.scope, workflow, ask, place)
    found = {row.id: row.number for row in rows if not late or (row.due_at is not None and row.due_at <= now)}
    return found, {"workflow": workflow, "stage": ask, "division": place, **({"late": "yes"} if late else {})}


def _numbers_in(path: Path) -> list[str]:
    """Every case number that stands in a cell of the file."""
    from papers.sheets import read_sheets

    found = [
        number
        for sheet in read_sheets(path)
        for row in sheet.rows
        for cell in row.cells
        for number in _NUMBER.findall(str(cell or ""))
    ]
    if not found:
        raise InputError(
            N_("no case number stands in {path}"), field="--file", advice=N_("one looks like 430822-2026-000123"),
            path=path.name,
        )  # fmt: skip
    return found


def _facts(session: Session, selected: dict[UUID, str], typed: list[str]) -> dict[str, Any]:
    """Facts for all, by their declared types: of one procedure, then."""
    known = [session.case(CaseRef(session.county, each)) for each in selected]
    if len({each.workflow for each in known}) != 1:
        raise InputError(N_("facts go to cases of one procedure"), field="--fact")
    return values.facts(session.workflow(known[0].version), values.pairs(typed, "--fact"))


@batch.command("run", help=N_("Carry out what is left of a batch, case by case; after a break it goes on"))
def batch_run(
    context: typer.Context,
    which: BatchArgument,
    again: Annotated[bool, typer.Option("--again", help=N_("Try those that were refused once more"))] = False,
) -> None:
    from rich.progress import Progress

    from engine.batches import run

    session = session_of(context)
    found, office = _batch(session, which), session.bangfu.office
    todo = found.count("left") + (found.count("refused") if again else 0)
    with Progress(console=session.screen.err, transient=True, disable=session.screen.as_json) as progress:
        bar = progress.add_task(session._("{n} cases").format(n=todo), total=todo)
        done = run(
            office, session.bangfu.batches, found.county, found.id, session.person, again=again,
            told=lambda row: progress.advance(bar),
        )  # fmt: skip
    _show(session, done)


@batch.command("show", help=N_("What became of each case of a batch"))
def batch_show(context: typer.Context, which: BatchArgument) -> None:
    session = session_of(context)
    _show(session, _batch(session, which))


@batch.command("list", help=N_("The batches that you made, newest first"))
def batch_list(context: typer.Context) -> None:
    session = session_of(context)
    _, found = session._, session.bangfu.batches.of(session.county, session.person)
    rows = [
        (
            str(each.id)[:13],
            each.verb,
            escape(_what(each)),
            escape(_query(session, each)),
            session.times.instant(each.at),
        )
        for each in found
    ]  # fmt: skip
    headings = (_("Batch"), _("Verb"), _("What"), _("Selected"), _("Made"))
    session.answer(
        {"batches": [_head(each) for each in found]},
        lambda: session.screen.print(table(headings, rows, narrow=(0, 1)) if rows else _("You made no batch.")),
    )


def _batch(session: Session, text: str) -> Batch:
    """The batch that *text* names by its id or how that begins."""
    from engine.batches import found

    named = values.identifier(text)
    if named is None:
        mine = [each.id for each in session.bangfu.batches.of(session.county, session.person, limit=1000)]
        fitting = [each for each in mine if str(each).startswith(text.lower())]
        if len(fitting) != 1:
            raise NotFoundError(N_("you made no such batch"), advice=N_("see: bangfu batch list"))
        named = fitting[0]
    return found(session.bangfu.batches, session.county, named, session.person)


# --- what is shown ----------------------------------------------------------------------------------------------------


def _show_preview(session: Session, made: Batch) -> None:
    from engine.batches import preview

    _ = session._
    rows: list[dict[str, Any]] = []
    lines = []
    for row, would in preview(session.bangfu.office, made):
        refused = would if isinstance(would, BangfuError) else None
        case = None if isinstance(would, BangfuError) else would
        rows.append(
            {"case": row.case, "number": row.number, "allowed": refused is None, "stage": case.stage if case else "",
             "why": refused.words.told(_) if refused else "", "advice": refused.advised.told(_) if refused else ""}
        )  # fmt: skip
        lines.append((row.number, _would(session, case) if case else _refusal(refused, session)))
    allowed = sum(1 for row in rows if row["allowed"])
    totals = {"selected": len(made.rows), "allowed": allowed, "refused": len(rows) - allowed}

    def draw() -> None:
        session.screen.print(table((_("Case"), _("What would become of it")), lines, narrow=(0,)))
        text = _("{selected} selected: {allowed} would be done, {refused} refused. Nothing is done yet.")
        session.screen.print(text.format(**totals))
        session.screen.print(_("Carry it out: bangfu batch run {batch}").format(batch=str(made.id)[:13]))

    session.answer({**_head(made), "totals": totals, "rows": rows}, draw)


def _would(session: Session, case: Case) -> str:
    titles = Titles(session.workflow(case.version), session._)
    held = session._("held until it is signed") if _is_held(case) else ""
    return styled(DONE, f"→ {titles.ask(case.stage)} {held}".rstrip())


def _is_held(case: Case) -> bool:
    """Whether an answer to the stage where it stands is given, and waits for signers."""
    return "h" in case.section("asks").get(case.stage, {})


def _refusal(error: BangfuError | None, session: Session) -> str:
    return styled(LATE, error.words.told(session._)) if error else ""


def _show(session: Session, found: Batch) -> None:
    _ = session._
    totals = {
        "selected": len(found.rows), "done": found.count("done"), "refused": found.count("refused"),
        "left": found.count("left"),
    }  # fmt: skip

    def draw() -> None:
        lines = [
            (row.number, styled(_STYLES[row.outcome], _(_OUTCOMES[row.outcome])), _why(session, found, row))
            for row in found.rows
        ]
        session.screen.print(table((_("Case"), _("Outcome"), _("Why")), lines, narrow=(0, 1)))
        session.screen.print(_("{selected} selected = {done} done + {refused} refused + {left} left").format(**totals))
        if found.count("left"):
            session.screen.print(_("Go on: bangfu batch run {batch}").format(batch=str(found.id)[:13]))

    rows = [
        {
            "case": row.case,
            "number": row.number,
            "outcome": row.outcome,
            "why": row.why.told(_),
            "advice": row.advice.told(_),
        }
        for row in found.rows
    ]
    session.answer({**_head(found), "totals": totals, "rows": rows}, draw)


def _why(session: Session, found: Batch, row: BatchRow) -> str:
    if row.outcome == "done" and found.verb == "act" and _is_held(session.case(CaseRef(found.county, row.case))):
        return styled(SOON, session._("held until it is signed"))
    return escape("\n".join(text for text in (row.why.told(session._), row.advice.told(session._)) if text))


def _head(found: Batch) -> dict[str, Any]:
    return {"batch": found.id, "verb": found.verb, "what": _what(found), "query": dict(found.query), "at": found.at}


def _what(found: Batch) -> str:
    value = found.asked.get(_WHAT.get(found.verb, ""), "")
    return "、".join(value) if isinstance(value, list) else str(value)


def _query(session: Session, found: Batch) -> str:
    """How its cases were found, by the titles of the definition in force."""
    _, query = session._, found.query
    if "workflow" not in query:
        return _("{n} cases").format(n=query.get("cases", len(found.rows)))
    titles = Titles(session.workflow(session.bangfu.definitions.version_in_force(query["workflow"])), _)
    places = PlaceNames(session.bangfu.places.names([query["division"]]))
    parts = (titles.workflow.title, titles.ask(query["stage"]), places.name(query["division"]))
    return " · ".join([*parts, *([_("late")] if "late" in query else [])])
