"""Set up: a database, its definitions, places, people and households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.terminal.app import SET_UP, session_of
from bangfu.terminal.errors import exit_code
from bangfu.terminal.screen import DONE, LATE, QUIET, SOON, escape, styled, table
from bangfu.terminal.session import Session
from bangfu.terminal.titles import PlaceNames
from bangfu.terminal.values import identifier, wanted_day
from engine.errors import N_, InputError, NotFoundError

if TYPE_CHECKING:
    from uuid import UUID

    from engine.people import Holding, Person, Staff
    from papers.problems import Problem

commands = typer.Typer()
importing = typer.Typer(no_args_is_help=True)
person = typer.Typer(no_args_is_help=True)
post = typer.Typer(no_args_is_help=True)
commands.add_typer(
    importing, name="import", help=N_("Take places, households or people from files"), rich_help_panel=SET_UP
)
commands.add_typer(person, name="person", help=N_("Officers"), rich_help_panel=SET_UP)
commands.add_typer(post, name="post", help=N_("Who holds which post where"), rich_help_panel=SET_UP)

_SHOWN_PROBLEMS = 20


# --- the database -----------------------------------------------------------------------------------------------------


@commands.command("init", help=N_("Make a database, and its key file"), rich_help_panel=SET_UP)
def init(
    context: typer.Context,
    practice: Annotated[
        bool,
        typer.Option("--practice", help=N_("A practice database: its time can be moved, it never becomes a real one")),
    ] = False,
    pack: Annotated[str, typer.Option(metavar="PACK", help=N_("Put this policy pack into force"))] = "",
    from_date: Annotated[
        str, typer.Option("--from", metavar="DATE", help=N_("The pack's first day; today unless said"))
    ] = "",
) -> None:
    from bangfu.definitions import errors_in, pack_definitions
    from bangfu.entering import bundled_divisions
    from bangfu.library import Library
    from bangfu.wiring import create_bangfu, roots
    from engine.errors import DefinitionError

    session = session_of(context)
    # What is refused leaves no database behind.
    first_day = wanted_day(from_date, "--from") if from_date else None
    bundled = bundled_divisions(session.options.county) if session.options.county else None
    if pack:
        library = Library(roots(session.settings))
        if errors := errors_in(pack_definitions(library, pack), library.calendar()):
            raise DefinitionError(errors)
    bangfu = create_bangfu(session.settings, practice=practice, log=session.log)
    session.adopt(bangfu)
    places = bangfu.intake.add_divisions(*bundled) if bundled else 0
    workflows = _deploy(session, pack, first_day) if pack else []
    document = {
        "database": session.settings.shown_database,
        "key_file": session.settings.key_file if session.settings.key is None else None,
        "divisions": places, "deployed": workflows,
    }  # fmt: skip

    def draw() -> None:
        text = session._("Database made: {path}").format(path=session.settings.shown_database)
        session.screen.print(styled(DONE, text))
        if session.settings.key is None:
            text = session._("Key file: {path}. Keep a copy in another place; without it nothing sealed can be read.")
            session.screen.print(escape(text.format(path=session.settings.key_file)))
        if places:
            session.screen.print(session._("Places entered: {n}").format(n=places))
        for each in workflows:
            session.screen.print(_deployed_line(session, each))

    session.answer(document, draw)


@commands.command(
    "deploy", help=N_("Put a policy pack into force: cases opened from then on begin under it"), rich_help_panel=SET_UP
)
def deploy(
    context: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="PACK", help=N_("The pack's code"))],
    from_date: Annotated[str, typer.Option("--from", metavar="DATE", help=N_("Its first day; today unless said"))] = "",
) -> None:
    session = session_of(context)
    workflows = _deploy(session, pack, wanted_day(from_date, "--from") if from_date else None)

    def draw() -> None:
        for each in workflows:
            session.screen.print(_deployed_line(session, each))

    session.answer({"deployed": workflows}, draw)


def _deploy(session: Session, pack: str, first_day: date | None) -> list[dict[str, Any]]:
    bangfu = session.bangfu
    day = first_day or bangfu.today
    found = bangfu.definitions.deploy(bangfu.library, pack, day, session.now)
    return [
        {
            "workflow": name, "title": each.workflow.title, "pack": pack, "version": each.hash,
            "from": bangfu.definitions.first_day(each.hash),
        }
        for name, each in found.items()
    ]  # fmt: skip


def _deployed_line(session: Session, deployed: dict[str, Any]) -> str:
    text = session._("In force from {day}: {title} ({workflow}, pack {pack}, version {version})")
    words = {**deployed, "version": deployed["version"][:12], "day": deployed["from"]}
    return escape(text.format_map(words))


# --- files ------------------------------------------------------------------------------------------------------------


@importing.command("divisions", help=N_("Places: a folder of china-division's files, or one CSV with code and name"))
def import_divisions(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help=N_("The folder or file"))],
    prefix: Annotated[
        str, typer.Option(metavar="DIGITS", help=N_("Take what begins with these digits, and what is above"))
    ],
) -> None:
    from papers.divisions import read_divisions

    session = session_of(context)
    entered = session.bangfu.intake.add_divisions(read_divisions(path, prefix), path.name)
    session.answer(
        {"entered": entered}, lambda: session.screen.print(session._("Places entered: {n}").format(n=entered))
    )


@importing.command("people", help=N_("Officers and their posts, from a workbook or CSV: a row per person and post"))
def import_people(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    problems: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write what is wrong into this workbook"))
    ] = None,
) -> int:
    from bangfu.entering import enter_people
    from papers.people import read_people

    session = session_of(context)
    bangfu = session.bangfu
    known_posts = partial(bangfu.definitions.known_posts, bangfu.library)
    people = read_people(path, bangfu.today, bangfu.places.inside(), known_posts)
    _save_problems(session, people.problems, problems)
    entered = enter_people(bangfu, people)
    document = {
        "rows": people.rows_present, "entered": entered, "rejected": people.rows_rejected,
        "problems": [_problem_document(session, each) for each in people.problems],
    }  # fmt: skip

    def draw() -> None:
        text = session._("Rows: {rows}. Posts entered: {entered}. Rows rejected: {rejected}.")
        session.screen.print(text.format_map(document))
        _draw_problems(session, people.problems, problems)

    session.answer(document, draw)
    return _outcome(session, people.rows_present, people.rows_rejected)


@importing.command("roster", help=N_("Households of the roster (F-02), from a workbook or CSV; or write an empty one"))
def import_roster(
    context: typer.Context,
    path: Annotated[Path | None, typer.Argument(metavar="FILE")] = None,
    members: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("The CSV of members, if the roster is one"))
    ] = None,
    template: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write an empty roster into this workbook"))
    ] = None,
    problems: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("Write what is wrong into this workbook"))
    ] = None,
) -> int:
    session = session_of(context)
    if (path is None) == (template is None):
        raise InputError(N_("name a roster to import, or --template FILE to write an empty one"), field="FILE")
    if template is not None:
        _write_template(session, template)
        return 0
    assert path is not None
    from rich.progress import Progress

    from bangfu.entering import enter_roster
    from papers.roster import read_roster

    bangfu = session.bangfu
    with Progress(console=session.screen.err, transient=True, disable=session.screen.as_json) as progress:
        bar = progress.add_task(session._("Reading and checking the rows"), total=None)
        roster = read_roster(path, bangfu.today, bangfu.places.inside(), members)
        _save_problems(session, roster.problems, problems)
        # Who files a roster need not say who he is, but what a household has been from before stands in his name.
        by = session.person if any(each.statuses for each in roster.households) else ""
        households = len(roster.households)
        words = session.n_("Entering {n} household", "Entering {n} households", households).format(n=households)
        progress.update(bar, description=words, total=households)
        entered = enter_roster(bangfu, roster, path, by, told=lambda done: progress.advance(bar, done))
    document = {
        "rows": roster.rows_present, "accepted": roster.rows_accepted, "rejected": roster.rows_rejected,
        "entered": len(entered.new), "known": len(entered.known), "growing": list(entered.growing),
        "clashing": list(entered.clashing), "monitored": entered.monitored,
        "households": [{"row": row, "id": id_} for row, id_ in entered.new.items()],
        "problems": [_problem_document(session, each) for each in roster.problems],
    }  # fmt: skip

    def draw() -> None:
        text = session._("Rows: {rows}, of which {accepted} are in order and {rejected} are not.")
        session.screen.print(text.format_map(document))
        text = session._("Households entered: {entered}; already here: {known}.")
        session.screen.print(f"[{DONE}]{text.format_map(document)}[/]")
        if entered.monitored:
            text = session._("Households whose status from before was entered: {monitored}.")
            session.screen.print(text.format_map(document))
        if entered.clashing:
            text = session._("Not entered, since somebody is in another household here: rows {rows}.")
            session.screen.print(f"[{SOON}]{text.format(rows=', '.join(map(str, entered.clashing)))}[/]")
        if entered.growing:
            text = session._("Already here, with somebody new in it: rows {rows}. Record it: bangfu household moved-in")
            session.screen.print(f"[{SOON}]{text.format(rows=', '.join(map(str, entered.growing)))}[/]")
        _draw_problems(session, roster.problems, problems)

    session.answer(document, draw)
    return _outcome(session, roster.rows_present, roster.rows_rejected)


def _outcome(session: Session, present: int, rejected: int) -> int:
    """The exit code of an import: of a file of which nothing could be taken, that of what is refused."""
    if not present or rejected < present:
        return 0
    if not session.screen.as_json:
        session.screen.print(styled(LATE, session._("Nothing was taken: every row was rejected.")))
    return exit_code(InputError())


def _write_template(session: Session, target: Path) -> None:
    from papers.template import write_template

    _require_new(target)
    file = session.settings.database_file
    is_here = file is None or file.exists()
    write_template(target, session.bangfu.places.inside() if is_here else ())
    text = session._("An empty roster was written: {path}").format(path=target)
    session.answer({"template": target}, lambda: session.screen.print(escape(text)))


def _save_problems(session: Session, problems: Sequence[Problem], target: Path | None) -> None:
    if target is not None:
        from papers.problems import write_problems

        _require_new(target)
        write_problems(target, problems, session._)


def _require_new(target: Path) -> None:
    """What people have written into a workbook is not written over."""
    if target.exists():
        raise InputError(
            N_("there is a file {path} already"), field="FILE", path=target,
            advice=N_("name one that is not there yet, or move that one away"),
        )  # fmt: skip


def _problem_document(session: Session, problem: Problem) -> dict[str, Any]:
    return {
        "sheet": problem.sheet, "row": problem.row, "column": problem.column, "field": problem.field,
        "reason": problem.reason, "message": problem.text(session._), "advice": problem.advice(session._),
    }  # fmt: skip


def _draw_problems(session: Session, problems: Sequence[Problem], saved: Path | None) -> None:
    _ = session._
    if not problems:
        return
    headings = (_("Sheet"), _("Row"), _("Column"), _("Field"), _("Problem"), _("Advice"))
    rows = [
        (
            escape(each.sheet), str(each.row or ""), each.column, escape(each.field),
            escape(each.text(_)), f"[{QUIET}]{escape(each.advice(_))}[/]",
        )
        for each in problems[:_SHOWN_PROBLEMS]
    ]  # fmt: skip
    session.screen.print(table(headings, rows, narrow=(0, 1, 2)))
    if len(problems) > _SHOWN_PROBLEMS:
        text = _("… and {n} more").format(n=len(problems) - _SHOWN_PROBLEMS)
        session.screen.print(text if saved else f"{text}: --problems FILE")
    if saved:
        session.screen.print(escape(_("All of them are in {path}").format(path=saved)))


# --- people -----------------------------------------------------------------------------------------------------------

Key = Annotated[str, typer.Argument(metavar="PERSON", help=N_("The person's key, as --as says it"))]
PostName = Annotated[str, typer.Argument(metavar="POST", help=N_("level.role, such as village.committee"))]
Code = Annotated[str, typer.Argument(metavar="CODE", help=N_("The division's code: 2, 4, 6, 9 or 12 digits"))]


@person.command("add", help=N_("Enter an officer, or his name anew"))
def person_add(
    context: typer.Context,
    key: Key,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    left: Annotated[bool, typer.Option("--left", help=N_("He has left and may do nothing any more"))] = False,
) -> None:
    session = session_of(context)
    session.bangfu.intake.put_person(key, name, active=not left)
    text = session._("{person} has left") if left else session._("{person} is entered")
    session.answer(
        {"person": key, "name": name, "active": not left}, lambda: session.screen.print(escape(text.format(person=key)))
    )


@person.command("list", help=N_("All officers, with the posts they hold today"))
def person_list(context: typer.Context) -> None:
    session = session_of(context)
    staff, today, _ = _everybody(session), session.bangfu.today, session._
    places, titles = _place_names(session, staff), session.bangfu.definitions.post_titles()
    people = sorted(staff.people.values(), key=lambda each: each.key)
    document = {"people": [_person_document(each, staff.posts(each.key, today), titles) for each in people]}
    rows = [
        (
            escape(each.key), escape(each.name),
            _posts_line(staff.posts(each.key, today), places, titles) or f"[{QUIET}]–[/]",
        )
        for each in people
    ]  # fmt: skip
    session.answer(
        document, lambda: session.screen.print(table((_("Person"), _("Name"), _("Posts")), rows, narrow=(0, 1)))
    )


@person.command("show", help=N_("One officer: posts of all times, declared relatives"))
def person_show(context: typer.Context, key: Key) -> None:
    session = session_of(context)
    staff, _ = _staff(session), session._
    found = _known(staff, key)
    places, titles = _place_names(session, staff), session.bangfu.definitions.post_titles()
    # Which they are is the households' affair (docs/decisions/administration.md).
    document = _person_document(found, found.posts, titles) | {"relatives": len(found.relatives)}

    def draw() -> None:
        state = "" if found.active else styled(SOON, _("has left"))
        session.screen.print(f"[bold]{escape(found.key)}[/] {escape(found.name)} {state}")
        headings = (_("Post"), _("At"), _("From"), _("To"))
        rows = [
            (
                _post_named(each.post, titles),
                escape(f"{each.division} {places.path(each.division)}"),
                str(each.from_date),
                str(each.to_date or ""),
            )
            for each in found.posts
        ]
        session.screen.print(table(headings, rows, narrow=(0, 2, 3)))
        if found.relatives:
            text = session.n_(
                "{n} household of relatives is declared",
                "{n} households of relatives are declared",
                len(found.relatives),
            )
            session.screen.print(text.format(n=len(found.relatives)))

    session.answer(document, draw)


@person.command("deputy", help=N_("A person acts in another's post for a time; both names stand in the log"))
def person_deputy(
    context: typer.Context,
    key: Key,
    principal: Annotated[str, typer.Argument(metavar="FOR", help=N_("For whom: a person's key"))],
    name: PostName,
    code: Code,
    to_date: Annotated[str, typer.Option("--to", metavar="DATE", help=N_("The last day"))],
    from_date: Annotated[str, typer.Option("--from", metavar="DATE", help=N_("The first day; today unless said"))] = "",
) -> None:
    from engine.divisions import full_code
    from engine.people import Deputy, Holding

    session = session_of(context)
    staff, division = _staff(session), full_code(code)
    first = wanted_day(from_date, "--from") if from_date else session.bangfu.today
    last = wanted_day(to_date, "--to")
    if last < first:
        raise InputError(N_("the last day is before the first"), field="--to")
    if not _known(staff, key).posts or key == principal:
        raise InputError(
            N_("{person} cannot be a deputy here"),
            field="PERSON",
            advice=N_("name an officer of the county"),
            person=key,
        )
    held = [each for each in _known(staff, principal).posts if (each.post, each.division) == (name, division)]
    if not any(each.to_date is None or each.to_date >= first for each in held):
        raise NotFoundError(N_("{person} does not hold {post} there"), person=principal, post=name)
    session.bangfu.intake.put_deputy(Deputy(key, principal, Holding(name, division, first, last)))
    titles = session.bangfu.definitions.post_titles()
    document = {"person": key, "for": principal, **_post_document(Holding(name, division, first, last), titles)}
    text = session._("{person} acts for {for} as {post} at {division}, {from} to {to}")
    session.answer(document, lambda: session.screen.print(escape(text.format_map(document))))


@person.command(
    "relative", help=N_("Declare a household to be an officer's own, or of near relatives: he must not decide on it")
)
def person_relative(
    context: typer.Context,
    key: Key,
    household: Annotated[
        str, typer.Argument(metavar="HOUSEHOLD", help=N_("A householder's name, ID number, or the household's id"))
    ],
) -> None:
    session = session_of(context)
    _known(_staff(session), key)
    home = find_household(session, household)
    session.bangfu.intake.declare_relatives([(key, home)], session.now)
    text = session._("{person} takes no part in decisions on this household").format(person=key)
    session.answer({"person": key, "household": home}, lambda: session.screen.print(escape(text)))


def find_household(session: Session, text: str) -> UUID:
    """
    The household that *text* names.

    Raises:
        NotFoundError: There is none in scope, or more than one.
    """
    named = identifier(text)
    if named is not None:
        return session.bangfu.register.household(session.scope, named).id
    rows = session.bangfu.register.households(session.scope, text)
    if len(rows) != 1:
        raise NotFoundError(
            N_("several households fit; name one by its id: {ids}")
            if rows
            else N_("there is no such household in your scope"),
            ids=", ".join(str(row.id) for row in rows),
        )
    return rows[0].id


@post.command("add", help=N_("A person holds a post at a division"))
def post_add(
    context: typer.Context,
    key: Key,
    name: PostName,
    code: Code,
    from_date: Annotated[str, typer.Option("--from", metavar="DATE", help=N_("The first day; today unless said"))] = "",
    to_date: Annotated[str, typer.Option("--to", metavar="DATE", help=N_("The last day; open unless said"))] = "",
) -> None:
    from engine.divisions import full_code, level_of
    from engine.people import Holding

    session = session_of(context)
    division = full_code(code)
    level = name.partition(".")[0]
    if level not in ("group", "outside") and level != level_of(division):
        raise InputError(
            N_("{post} is no post of a division like {code}"), field="CODE",
            advice=N_("the post begins with the division's level"), post=name, code=code,
        )  # fmt: skip
    if not session.bangfu.places.knows(key):
        raise NotFoundError(N_("there is no person {person}"), advice=N_("bangfu person add"), person=key)
    first = wanted_day(from_date, "--from") if from_date else session.bangfu.today
    last = wanted_day(to_date, "--to") if to_date else None
    if last is not None and last < first:
        raise InputError(N_("the last day is before the first"), field="--to")
    if division not in session.bangfu.places.names([division]):
        raise NotFoundError(
            N_("there is no place {code} here"), field="CODE", code=code, advice=N_("bangfu import divisions")
        )
    _require_post(session, name)
    person = next(each for each in session.bangfu.people() if each.key == key)
    for each in person.posts:
        overlaps = (last is None or each.from_date <= last) and (each.to_date is None or first <= each.to_date)
        if (each.post, each.division) == (name, division) and overlaps:
            raise InputError(
                N_("{person} holds this post there from {day} on already"), field="POST", person=key,
                day=each.from_date, advice=N_("bangfu post end says when it ends"),
            )  # fmt: skip
    _put_post(session, key, Holding(name, division, first, last))


def _require_post(session: Session, name: str) -> None:
    """Raises NotFoundError if no procedure, in force or shipped, knows the post."""
    from difflib import get_close_matches

    known = session.bangfu.definitions.known_posts(session.bangfu.library, name)
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise NotFoundError(
            N_("no procedure knows a post {post}"), field="POST", post=name, near="".join(near),
            advice=N_("did you mean {near}?") if near else N_("bangfu workflow show WORKFLOW names the posts"),
        )  # fmt: skip


@post.command("end", help=N_("A person holds a post no longer"))
def post_end(
    context: typer.Context,
    key: Key,
    name: PostName,
    code: Code,
    on: Annotated[str, typer.Option(metavar="DATE", help=N_("The last day; yesterday unless said"))] = "",
) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from engine.divisions import full_code

    session = session_of(context)
    division = full_code(code)
    last = wanted_day(on, "--on") if on else session.bangfu.today - timedelta(days=1)
    held = [
        each
        for each in _known(_staff(session), key).posts
        if (each.post, each.division) == (name, division) and (each.to_date is None or each.to_date > last)
    ]
    if not held:
        raise NotFoundError(N_("{person} does not hold {post} there"), person=key, post=name)
    if last < held[-1].from_date:
        raise InputError(
            N_("the last day is before the first, {day}"), field="--on", day=held[-1].from_date,
            advice=N_("name that day or a later one"),
        )  # fmt: skip
    _put_post(session, key, replace(held[-1], to_date=last))


def _put_post(session: Session, key: str, holding: Holding) -> None:
    session.bangfu.intake.put_posts([(key, holding)])
    document = {"person": key, **_post_document(holding, session.bangfu.definitions.post_titles())}
    text = session._("{person}: {post} at {division}, {from} to {to}")
    words = {**document, "to": holding.to_date or "…"}
    session.answer(document, lambda: session.screen.print(escape(text.format_map(words))))


@post.command("list", help=N_("Who holds which post where today"))
def post_list(
    context: typer.Context,
    name: Annotated[str, typer.Option("--post", metavar="POST", help=N_("Of this post alone"))] = "",
    code: Annotated[str, typer.Option("--division", metavar="CODE", help=N_("Inside this division alone"))] = "",
) -> None:
    session = session_of(context)
    staff, today, _ = _everybody(session), session.bangfu.today, session._
    places, titles = _place_names(session, staff), session.bangfu.definitions.post_titles()
    held = [
        (each, holding)
        for each in sorted(staff.people.values(), key=lambda one: one.key)
        for holding in staff.posts(each.key, today)
        if (not name or holding.post == name) and holding.division.startswith(code.rstrip("0") if code else "")
    ]
    held.sort(key=lambda pair: (pair[1].division, pair[1].post, pair[0].key))
    rows = [
        (
            _post_named(each.post, titles), escape(places.path(each.division)), each.division,
            escape(one.key), escape(one.name),
        )
        for one, each in held
    ]  # fmt: skip
    headings = (_("Post"), _("At"), _("Code"), _("Person"), _("Name"))
    document = {"posts": [{"person": one.key, "name": one.name, **_post_document(each, titles)} for one, each in held]}
    session.answer(document, lambda: session.screen.print(table(headings, rows, narrow=(0, 2, 3))))


def _staff(session: Session) -> Staff:
    return session.bangfu.office.staff(session.county)


def _everybody(session: Session) -> Staff:
    """Who holds or held a post in one of the counties that may be meant, or above them; and who holds none anywhere."""
    from engine.divisions import contains, full_code
    from engine.people import Staff

    counties = [full_code(county) for county in session.counties]

    def is_meant(holding: Holding) -> bool:
        return any(contains(county, holding.division) or contains(holding.division, county) for county in counties)

    people = session.bangfu.people()
    return Staff.of(each for each in people if not each.posts or any(is_meant(holding) for holding in each.posts))


def _known(staff: Staff, key: str) -> Person:
    if key not in staff.people:
        raise NotFoundError(
            N_("there is no person {person} in this county"), advice=N_("see: bangfu person list"), person=key
        )
    return staff.people[key]


def _person_document(found: Person, posts: Sequence[Holding], titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "person": found.key, "name": found.name, "active": found.active,
        "posts": [_post_document(each, titles) for each in posts],
    }  # fmt: skip


def _post_document(holding: Holding, titles: Mapping[str, str]) -> dict[str, str | date | None]:
    return {
        "post": holding.post, "post_title": titles.get(holding.post, holding.post), "division": holding.division,
        "from": holding.from_date, "to": holding.to_date,
    }  # fmt: skip


def _posts_line(posts: Sequence[Holding], places: PlaceNames, titles: Mapping[str, str]) -> str:
    """The posts of a person in few words: several at one place together."""
    where: dict[str, list[str]] = {}
    for each in posts:
        where.setdefault(each.division, []).append(_post_named(each.post, titles))
    return "; ".join(f"{escape(places.path(division))} {', '.join(held)}" for division, held in where.items())


def _post_named(post: str, titles: Mapping[str, str]) -> str:
    """A post's title, where a procedure in force knows it, and what commands call it."""
    return f"{escape(titles[post])} [{QUIET}]{escape(post)}[/]" if post in titles else escape(post)


def _place_names(session: Session, staff: Staff) -> PlaceNames:
    codes = [holding.division for each in staff.people.values() for holding in each.posts]
    return PlaceNames(session.bangfu.places.names(PlaceNames.wanted(codes)))
