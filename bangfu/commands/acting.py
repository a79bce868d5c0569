"""Cases: open one, answer its questions, take up work, write notes, hand in papers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.terminal import values
from bangfu.terminal.app import CASES, session_of
from bangfu.terminal.receipts import draw_receipt, receipt_document
from bangfu.terminal.screen import DONE, styled
from bangfu.terminal.session import CaseRef, Session
from bangfu.terminal.titles import Titles
from engine.errors import N_, InputError, Words

if TYPE_CHECKING:
    from uuid import UUID

    from engine.cases import Case, Command, Document, Minutes
    from engine.office import Receipt
    from engine.workflow import Workflow

commands = typer.Typer()

CaseArgument = Annotated[
    str, typer.Argument(metavar="CASE", help=N_("A case: its number, the number's last part, or its id"))
]
OnOption = Annotated[str, typer.Option("--on", metavar="TASK", help=N_("The task that is meant; else the stage"))]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help=N_("An opinion, reason or remark"))]
PostOption = Annotated[
    str, typer.Option("--post", metavar="POST", help=N_("In which of your posts, if several would fit"))
]
SeenOption = Annotated[
    int | None, typer.Option("--seen", metavar="SEQ", help=N_("Refuse if the case has moved on since this event"))
]
FactOption = Annotated[
    list[str],
    typer.Option("--fact", metavar="NAME=VALUE", help=N_("A fact; again for each. NAME/MEMBER for one member")),
]
PaperOption = Annotated[
    list[str], typer.Option("--paper", metavar="NAME=FILE", help=N_("A paper to hand in; again for each"))
]
PresentOption = Annotated[
    list[str], typer.Option("--present", metavar="POST=N", help=N_("Minutes: how many of a post were there"))
]
VotesOption = Annotated[
    list[str], typer.Option("--votes", metavar="ANSWER=N", help=N_("Minutes: how many gave an answer"))
]
AttendedOption = Annotated[
    list[str],
    typer.Option("--attended", metavar="PERSON", help=N_("Minutes: an officer who was there; again for each")),
]
RecusedOption = Annotated[
    list[str],
    typer.Option("--recused", metavar="PERSON", help=N_("Minutes: an officer who left the room; again for each")),
]
CommandId = Annotated[
    str, typer.Option("--id", metavar="UUID", help=N_("The command's id: sent twice, it is carried out once"))
]


# --- opening ----------------------------------------------------------------------------------------------------------


@commands.command("open", help=N_("Open a case for a household, or in a division"), rich_help_panel=CASES)
def open_case(
    context: typer.Context,
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help=N_("Which procedure, such as identification"))],
    household: Annotated[
        str, typer.Option(metavar="HOUSEHOLD", help=N_("A householder's name, ID number, or the household's id"))
    ] = "",
    division: Annotated[str, typer.Option(metavar="CODE", help=N_("Where, if it is not about a household"))] = "",
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help=N_("How it came in; see: bangfu workflow show"))] = "",
    fact: FactOption = [],  # noqa: B006 - typer copies it
    paper: PaperOption = [],  # noqa: B006
    note: NoteOption = "",
    post: PostOption = "",
    command_id: CommandId = "",
) -> None:
    from engine.cases import OpenCase

    session = session_of(context)
    bangfu = session.bangfu
    version = bangfu.definitions.version_in_force(workflow)
    definition = session.workflow(version)
    subject, place, members = _subject(session, definition, household, division)
    typed = values.pairs(fact, "--fact")
    papers = keep_papers(session, session.county, [values.identifier(subject)], paper)
    command = OpenCase(
        id=command_id_of(session, command_id), person=session.person, post=post, note=note,
        channel=_channel(session, definition, channel), subject=subject, division=place, members=members,
        facts=values.facts(definition, typed, members), papers=papers,
    )  # fmt: skip
    receipt = bangfu.office.open(session.county, workflow, command)
    answer(session, receipt)


def _subject(session: Session, workflow: Workflow, household: str, division: str) -> tuple[str, str, tuple[str, ...]]:
    """Whom the case is about: id, division, keys of members."""
    from engine.divisions import full_code

    if not household:
        if workflow.subject == "household" or not division:
            raise InputError(
                N_("{title} is about a household: name it")
                if workflow.subject == "household"
                else N_("say in which division the case is"),
                field="--household" if workflow.subject == "household" else "--division",
                advice=N_("add --household NAME or ID number")
                if workflow.subject == "household"
                else N_("add --division CODE"),
                title=workflow.title,
            )
        return "", full_code(division), ()
    from bangfu.commands.setting_up import find_household

    row = session.bangfu.register.household(session.scope, find_household(session, household))
    return row.id.hex, row.division, session.bangfu.members_of(row.county, row.id)


def _channel(session: Session, workflow: Workflow, channel: str) -> str:
    """The channel named, or the only one that one of the person's posts may open."""
    if channel:
        channels = {name: each.title for name, each in workflow.opens.items()}
        return values.chosen(channel, channels, N_("there is no channel {text}; there are: {known}"))
    posts = {post for post, _ in session.scope.posts}
    fitting = [name for name, each in workflow.opens.items() if posts & {post.partition("@")[0] for post in each.by}]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(f"{name} {each.title}" for name, each in workflow.opens.items())
    raise InputError(
        N_("say how the case came in: {channels}"),
        field="--channel",
        advice=N_("add --channel CHANNEL"),
        channels=known,
    )


# --- answering --------------------------------------------------------------------------------------------------------


@commands.command(
    "act", help=N_("Answer what a case asks: take an action of its stage, or finish a task"), rich_help_panel=CASES
)
def act(
    context: typer.Context,
    case: CaseArgument,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=N_("The answer; see: bangfu offered CASE"))],
    on: OnOption = "",
    to: Annotated[str, typer.Option(metavar="STAGE", help=N_("Back to which of the visited stages"))] = "",
    fact: FactOption = [],  # noqa: B006
    paper: PaperOption = [],  # noqa: B006
    note: NoteOption = "",
    present: PresentOption = [],  # noqa: B006
    votes: VotesOption = [],  # noqa: B006
    attended: AttendedOption = [],  # noqa: B006
    recused: RecusedOption = [],  # noqa: B006
    close: Annotated[
        bool, typer.Option("--close", help=N_("Nobody else will answer: count the panel's answers now"))
    ] = False,
    post: PostOption = "",
    seen: SeenOption = None,
    command_id: CommandId = "",
) -> None:
    from engine.cases import Act

    session = session_of(context)
    ref = session.case_ref(case)
    known = session.case(ref)
    workflow = session.workflow(known.version)
    titles, ask = Titles(workflow, session._), named_task(workflow, on)
    command = Act(
        id=command_id_of(session, command_id), person=session.person, post=post, seen=seen, note=note,
        action=named_action(titles, ask or known.stage, action), on=ask, to=named_ask(workflow, to),
        facts=typed_facts(workflow, known, fact), papers=keep_papers(session, ref.county, [home_of(known)], paper),
        minutes=minutes_of(titles, ask or known.stage, present, votes, attended, recused), close=close,
    )  # fmt: skip
    ask_office(session, ref, command)


@commands.command("claim", help=N_("Take up open work as your own"), rich_help_panel=CASES)
def claim(context: typer.Context, case: CaseArgument, on: OnOption = "") -> None:
    from engine.cases import Claim

    session, ref, workflow = named(context, case)
    ask_office(
        session, ref, Claim(id=session.bangfu.office.new_id(), person=session.person, on=named_ask(workflow, on))
    )


@commands.command("release", help=N_("Give back work that you took up"), rich_help_panel=CASES)
def release(context: typer.Context, case: CaseArgument, on: OnOption = "") -> None:
    from engine.cases import Release

    session, ref, workflow = named(context, case)
    ask_office(
        session, ref, Release(id=session.bangfu.office.new_id(), person=session.person, on=named_ask(workflow, on))
    )


@commands.command("comment", help=N_("Write a note into a case's history"), rich_help_panel=CASES)
def comment(context: typer.Context, case: CaseArgument, text: Annotated[str, typer.Argument(metavar="TEXT")]) -> None:
    from engine.cases import Comment

    session, ref, _ = named(context, case)
    ask_office(session, ref, Comment(id=session.bangfu.office.new_id(), person=session.person, note=text))


@commands.command(
    "attach", help=N_("Hand in a paper before it is asked for, or a newer version"), rich_help_panel=CASES
)
def attach(
    context: typer.Context,
    case: CaseArgument,
    paper: Annotated[str, typer.Argument(metavar="PAPER", help=N_("The paper's name; see: bangfu offered CASE"))],
    path: Annotated[Path, typer.Argument(metavar="FILE")],
) -> None:
    from engine.cases import Attach

    session, ref, workflow = named(context, case)
    known = {name: each.title for name, each in workflow.papers.items()}
    name = values.chosen(paper, known, N_("there is no paper {text}; there are: {known}"))
    document = keep_file(session, ref, path)
    command = Attach(id=session.bangfu.office.new_id(), person=session.person, paper=name, document=document)
    ask_office(session, ref, command)


@commands.command("paper", help=N_("Open what was handed in with a case; the log says who did"), rich_help_panel=CASES)
def paper(
    context: typer.Context,
    case: CaseArgument,
    name: Annotated[
        str, typer.Argument(metavar="PAPER", help=N_("The document's name or title; see: bangfu show CASE"))
    ],
    to: Annotated[Path, typer.Option(metavar="FILE", help=N_("Write it into this new file"))],
    command_id: CommandId = "",
) -> None:
    from engine.cases import ReadPaper
    from engine.reading import documents

    session = session_of(context)
    ref = session.case_ref(case)
    known = session.case(ref)
    titles = Titles(session.workflow(known.version), session._)
    there = documents(known)
    chosen = values.chosen(
        name, {each: titles.document(each) for each in there}, N_("there is no document {text}; there are: {known}")
    )
    bangfu = session.bangfu
    # Who reads is in the log before he reads; a file that cannot be opened was not read.
    content = bangfu.files.content(ref.county, home_of(known), there[chosen])
    command = ReadPaper(id=command_id_of(session, command_id), person=session.person, paper=chosen)
    receipt = bangfu.office.ask(ref.county, ref.id, command)
    _write_new(to, content)

    def draw() -> None:
        text = session._("{paper} was written: {path}").format(paper=titles.document(chosen), path=to)
        session.screen.print(styled(DONE, text))

    session.answer(receipt_document(session, receipt), draw)


def _write_new(target: Path, content: bytes) -> None:
    """A new file for its owner alone: what was sealed a moment ago is no more."""
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise InputError(
            N_("the file {path} cannot be written: {why}"),
            field="--to",
            path=target.name,
            why=Words(error.strerror or ""),
        ) from error


# --- what these commands share ----------------------------------------------------------------------------------------


def named(context: typer.Context, case: str) -> tuple[Session, CaseRef, Workflow]:
    session = session_of(context)
    ref = session.case_ref(case)
    return session, ref, session.workflow(session.case(ref).version)


def ask_office(session: Session, ref: CaseRef, command: Command) -> None:
    """Have a command carried out, and say what became of it."""
    answer(session, session.bangfu.office.ask(ref.county, ref.id, command))


def answer(session: Session, receipt: Receipt) -> None:
    session.answer(receipt_document(session, receipt), lambda: draw_receipt(session, receipt))


def command_id_of(session: Session, text: str) -> UUID:
    """
    The id given, or a new one.

    Raises:
        InputError: It is no UUID.
    """
    if not text:
        return session.bangfu.office.new_id()
    found = values.identifier(text)
    if found is None:
        raise InputError(N_("a command's id is a UUID"), field="--id")
    return found


def named_task(workflow: Workflow, text: str) -> str:
    """The task that *text* names, by its id or title; nothing names none. Raises NotFoundError."""
    known = {name: each.title for name, each in workflow.tasks.items()}
    return values.chosen(text, known, N_("there is no task {text}; there are: {known}")) if text else ""


def named_ask(workflow: Workflow, text: str) -> str:
    """The stage or task that *text* names, by its id or title; nothing names none. Raises NotFoundError."""
    known = {name: each.title for name, each in {**workflow.stages, **workflow.tasks}.items()}
    return values.chosen(text, known, N_("there is no stage or task {text}; there are: {known}")) if text else ""


def named_action(titles: Titles, ask: str, text: str) -> str:
    """
    The answer that *text* names at *ask*, by its id or title.

    One of another question is handed on, for the office to say why it is not for now.

    Raises:
        NotFoundError: No question of the workflow has such an answer.
    """
    here = answers_to(titles, ask)
    others = (answers_to(titles, other) for other in (*titles.workflow.stages, *titles.workflow.tasks))
    everywhere = {name: title for known in others for name, title in known.items()} | here
    if any(text in pair for pair in here.items()) or not any(text in pair for pair in everywhere.items()):
        return values.chosen(text, here, N_("there is no answer {text} here; there are: {known}"))
    return values.chosen(text, everywhere, "")


def answers_to(titles: Titles, ask: str) -> dict[str, str]:
    """Name → title of everything that the definition lets answer the stage or task *ask*."""
    from engine.references import panels_of
    from engine.tallies import ABSTAIN, FALLBACK

    workflow = titles.workflow
    asked = workflow.stages.get(ask) or workflow.tasks.get(ask)
    if asked is None:
        return {}
    names: list[str] = []
    if ask in workflow.stages:
        names += workflow.stages[ask].actions
        names += (name for name, each in workflow.anywhere.items() if {"any", ask} & {*each.from_})
    elif asked.panel is None:
        names += workflow.tasks[ask].results
    for _, panel in panels_of(workflow, asked):
        votes = (*panel.tally, ABSTAIN) if panel.recorded == "each" else tuple(panel.tally)
        names += (*votes, FALLBACK) if panel.else_ is not None else votes
    return {name: titles.action(name, ask) for name in dict.fromkeys(names)}


def typed_facts(workflow: Workflow, case: Case, facts: Sequence[str]) -> dict[str, Any]:
    return values.facts(workflow, values.pairs(facts, "--fact"), tuple(case.get("members", ())))


def minutes_of(
    titles: Titles,
    ask: str,
    present: Sequence[str],
    votes: Sequence[str],
    attended: Sequence[str] = (),
    recused: Sequence[str] = (),
) -> Minutes | None:
    """The minutes of a meeting, if any of them were typed; posts and answers by id or title."""
    from engine.cases import Minutes

    if not (present or votes or recused or attended):
        return None
    posts = {each.title: name for name, each in titles.workflow.posts.items()}
    there = {posts.get(name, name): number for name, number in values.counts(present, "--present").items()}
    answers = {named_action(titles, ask, name): number for name, number in values.counts(votes, "--votes").items()}
    # A body too large to name: `roll` came of the `entitled` on its register.
    return Minutes(there, answers, tuple(attended), tuple(recused), there.pop("entitled", 0))


def keep_papers(
    session: Session, county: str, homes: Sequence[UUID | None], papers: Sequence[str]
) -> Mapping[str, Document]:
    """Keep each file named ``PAPER=FILE``, for cases of each of the households *homes*; None: of no household."""
    typed, files = values.pairs(papers, "--paper"), session.bangfu.files
    return {name: files.keep(county, homes, Path(path), session.now) for name, path in typed.items()}


def keep_file(session: Session, ref: CaseRef, path: Path) -> Document:
    """Keep a file's content for one case."""
    return session.bangfu.files.keep(ref.county, [home_of(session.case(ref))], path, session.now)


def home_of(case: Case) -> UUID | None:
    """The household whose key seals what belongs to *case*."""
    from storage.spreading import household_of

    return household_of(case)
