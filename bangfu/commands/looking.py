"""Look up: what waits for you, one case's story, what can be done, what is late, how it stands everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bangfu.commands.acting import CaseArgument
from bangfu.terminal.app import LOOK, session_of
from bangfu.terminal.receipts import case_document, standing, waiting_for, waiting_on
from bangfu.terminal.screen import DONE, HEAD, LATE, MASKED, QUIET, SOON, Times, escape, prose, styled, table
from bangfu.terminal.session import CaseRef, Session
from bangfu.terminal.titles import PlaceNames, Titles, actor, behind_place, is_hidden
from engine.cases import SYSTEM, Secret
from engine.errors import N_, InputError, NotFoundError

if TYPE_CHECKING:
    from engine.cases import Case, Event
    from engine.clocks import ClockState
    from engine.offering import Offer
    from engine.ports import BoardRow, CaseRow, InboxRow, LateRow, QueueRow

commands = typer.Typer()

LimitOption = Annotated[int, typer.Option("--limit", metavar="N", min=1, max=1000, help=N_("At most so many"))]


def _titles(session: Session, version: str) -> Titles:
    return Titles(session.workflow(version), session._)


def _places(session: Session, codes: Iterable[str]) -> PlaceNames:
    return PlaceNames(session.bangfu.places.names(PlaceNames.wanted(list(codes))))


# --- work -------------------------------------------------------------------------------------------------------------


@commands.command("queue", help=N_("Open work of your posts, soonest due first"), rich_help_panel=LOOK)
def queue(
    context: typer.Context,
    late: Annotated[bool, typer.Option("--late", help=N_("Only what is late"))] = False,
    limit: LimitOption = 50,
) -> None:
    session = session_of(context)
    rows = session.bangfu.register.queue(session.scope, session.now, limit=limit + 1, late_only=late)
    more, rows = len(rows) > limit, rows[:limit]
    document = {"rows": [_queue_document(session, row) for row in rows], "more": more}

    def draw() -> None:
        if not rows:
            session.screen.print(session._("Nothing waits for you."))
            return
        _draw_queue(session, rows)
        text = session.n_("{n} piece of work", "{n} pieces of work", len(rows))
        if more:
            text = session._("the first {n} pieces of work; --limit shows more")
        session.screen.print(styled(QUIET, text.format(n=len(rows))))

    session.answer(document, draw)


def _queue_document(session: Session, row: QueueRow) -> dict[str, Any]:
    titles = _titles(session, row.version)
    return {
        "number": row.number, "case": row.case, "item": row.no, "workflow": row.workflow, "stage": row.stage,
        "ask": row.ask, "ask_title": titles.ask(row.ask), "post": row.post, "post_title": titles.post(row.post),
        "division": row.division, "household": row.household, "claimed_by": row.claimed_by,
        "opened_at": row.opened_at, "due_at": row.due_at, "late": row.is_late,
        "concern": row.has_concern, "signs": row.signs, "given_by": row.given_by,
    }  # fmt: skip


def _draw_queue(session: Session, rows: Sequence[QueueRow]) -> None:
    _, times = session._, session.times
    places = _places(session, (row.division for row in rows))
    several = len({(row.post, row.division) for row in rows}) > 1
    lines = []
    for row in rows:
        titles = _titles(session, row.version)
        who = titles.post(row.post)
        lines.append(
            (
                row.number, _asked(session, titles, row),
                escape(row.household) + (styled(LATE, " !") if row.has_concern else ""),
                *([escape(f"{places.name(row.division)} {who}")] if several else []),
                times.due(row.due_at) or f"[{QUIET}]–[/]", times.left(row.due_at), escape(row.claimed_by),
            )
        )  # fmt: skip
    headings = [
        _("Case"),
        _("Question"),
        _("Household"),
        *([_("Post")] if several else []),
        _("Due"),
        _("Left"),
        _("Taken by"),
    ]
    session.screen.print(table(headings, lines, narrow=(0, 1, 2, len(headings) - 3, len(headings) - 2)))


def _asked(session: Session, titles: Titles, row: QueueRow) -> str:
    """What is asked; below it, that it is only to be signed, or was entrusted, and by whom."""
    words = {
        "before": session._("a signature before the answer, for {giver}"),
        "after": session._("a signature after the answer, for {giver}"),
        "": session._("entrusted by {giver}"),
    }
    ask = escape(titles.ask(row.ask))
    if not row.given_by:
        return ask
    return f"{ask}\n[{QUIET}]{escape(words[row.signs].format(giver=session.name_of(row.given_by) or row.given_by))}[/]"


@commands.command(
    "find", help=N_("Cases and households by number, name or ID number, within your scope"), rich_help_panel=LOOK
)
def find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=N_("A case number or its end, a name, an ID number"))],
    limit: LimitOption = 20,
) -> None:
    session = session_of(context)
    if not text.strip():
        raise InputError(N_("say what to look for: a case number or its end, a name, or an ID number"), field="TEXT")
    register, scope = session.bangfu.register, session.scope
    cases = register.find(scope, text, limit=limit)
    homes = register.households(scope, text, limit=limit)
    places = _places(session, [*(row.division for row in cases), *(row.division for row in homes)])
    _ = session._

    def draw() -> None:
        if cases:
            _draw_cases(session, cases, places)
        if homes:
            lines = [
                (
                    escape(home.name), home.id_number, home.phone, str(len(home.members)),
                    f"{escape(places.path(home.division))} {_statuses(session, home.statuses)}\n[{QUIET}]{home.id}[/]",
                )
                for home in homes
            ]  # fmt: skip
            headings = (_("Household"), _("ID number"), _("Telephone"), _("People"), _("Place and id"))
            session.screen.print(table(headings, lines, narrow=(0, 1, 2, 3)))
        if not cases and not homes:
            session.screen.print(_("Nothing in your scope fits."))

    document = {
        "cases": [_case_row_document(session, row) for row in cases],
        "households": [
            {
                "id": home.id, "name": home.name, "id_number": home.id_number, "phone": home.phone,
                "division": home.division, "statuses": home.statuses, "people": len(home.members),
            }
            for home in homes
        ],
    }  # fmt: skip
    session.answer(document, draw)


def _statuses(session: Session, statuses: Mapping[str, Any]) -> str:
    """What the household is, by the titles of a definition in force that knows the status."""
    known = [session.workflow(version) for version in session.bangfu.definitions.deployed().values()]
    told = []
    for name, stored in statuses.items():
        of = next((Titles(each, session._) for each in known if name in each.facts), None)
        told.append(f"{of.fact(name)} {of.value(name, stored.get('v'))}" if of else f"{name} {stored.get('v', '')}")
    return escape("、".join(told))


def _case_row_document(session: Session, row: CaseRow) -> dict[str, Any]:
    titles = _titles(session, row.version)
    return {
        "number": row.number, "id": row.id, "workflow": row.workflow, "stage": row.stage,
        "stage_title": titles.ask(row.stage), "status": row.status, "outcome": row.outcome, "division": row.division,
        "household": row.household, "opened_at": row.opened_at, "due_at": row.due_at, "at": row.at,
    }  # fmt: skip


def _draw_cases(session: Session, rows: Sequence[CaseRow], places: PlaceNames) -> None:
    _, times = session._, session.times
    lines = []
    for row in rows:
        titles = _titles(session, row.version)
        stage = escape(titles.ask(row.stage))
        lines.append(
            (
                row.number, escape(titles.workflow.title), escape(row.household), escape(places.path(row.division)),
                stage if row.status == "open" else f"[{DONE}]{stage}[/]", times.due(row.due_at),
            )
        )  # fmt: skip
    headings = (_("Case"), _("Procedure"), _("Household"), _("Place"), _("Stage"), _("Due"))
    session.screen.print(table(headings, lines, narrow=(0, 2, 5)))


# --- one case ---------------------------------------------------------------------------------------------------------


@commands.command(
    "show",
    help=N_("A case's whole story: what happened, where it stands, who has work, deadlines, papers, facts"),
    rich_help_panel=LOOK,
)
def show(context: typer.Context, case: CaseArgument) -> None:
    session = session_of(context)
    ref = session.case_ref(case)
    known = session.case(ref)
    events = session.bangfu.office.history(ref.county, ref.id, session.person)
    titles = _titles(session, known.version)
    may_read = _may_read(session, ref, known)
    session.answer(
        _show_document(session, known, events, titles, may_read),
        lambda: _draw_show(session, known, events, titles, may_read),
    )


def _may_read(session: Session, ref: CaseRef, case: Case) -> bool:
    from engine.seeing import reads_secrets

    staff = session.bangfu.office.staff(ref.county)
    return reads_secrets(session.workflow(case.version), case, staff, session.person, session.bangfu.today)


def _show_document(
    session: Session, case: Case, events: Sequence[Event], titles: Titles, may_read: bool
) -> dict[str, Any]:
    from bangfu.terminal.story import details, sentence

    return {
        "case": case_document(session, case) | {"title": titles.workflow.title, "opened_at": case.opened_at},
        "waiting_for": waiting_for(session, case, titles),
        "concerns": [
            {"concern": number, "change": each["k"], "members": each["m"], "on": each["on"]}
            for number, each in case.section("concerns").items()
        ],
        "timeline": [
            {
                "seq": each.seq, "at": each.at, "kind": each.kind, "by": each.actor, "behalf": each.behalf,
                "post": each.post,
                "text": sentence(each, titles, session.times, session.called),
                "details": details(each, titles, may_read, session.times),
            }
            for each in events
        ],
        "clocks": {name: {"title": titles.ask(name), **value} for name, value in case.section("clocks").items()},
        "papers": {name: value["f"] for name, value in case.section("papers").items()},
        "facts": {name: _readable(stored["v"], may_read) for name, stored in case.section("facts").items()},
    }  # fmt: skip


def _readable(stored: Any, may_read: bool) -> Any:
    if isinstance(stored, Secret):
        return stored.value if may_read and stored.value is not None else MASKED
    return stored


def _draw_show(session: Session, case: Case, events: Sequence[Event], titles: Titles, may_read: bool) -> None:
    _, screen = session._, session.screen
    places = _places(session, [case.division])
    screen.print(
        f"[bold]{case.number}[/]  {escape(titles.workflow.title)}  [{QUIET}]{escape(places.path(case.division))}[/]"
    )
    screen.print(standing(session, case, titles))
    _draw_household(session, case)
    _draw_concerns(session, case, titles)
    screen.print("", styled(HEAD, _("What happened")))
    _draw_timeline(session, events, titles, may_read)
    _draw_clocks(session, case, titles)
    papers = case.section("papers")
    if papers:
        screen.print("", styled(HEAD, _("Papers")))
        for name, value in papers.items():
            screen.print(f"  {escape(titles.paper(name))}  [{QUIET}]{escape(value['f'])} {value['d'][:12]}[/]")
    _draw_facts(session, case, titles, may_read)


def _draw_household(session: Session, case: Case) -> None:
    from bangfu.terminal.values import identifier

    home = identifier(str(case.get("household") or case.subject))
    if home is None:
        return
    try:
        row = session.bangfu.register.household(session.scope_of(case.number), home)
    except NotFoundError:
        return
    people = session.n_("{n} person", "{n} people", len(row.members)).format(n=len(row.members))
    session.screen.print(
        session._("Household") + f"  [bold]{escape(row.name)}[/]  [{QUIET}]{row.id_number}  {row.phone}  {people}[/]"
    )


def _draw_concerns(session: Session, case: Case, titles: Titles) -> None:
    """What has changed in the household since, and nobody has answered."""
    for number, each in case.section("concerns").items():
        text = session._("The household has changed ({number}): {change} ({members}), on {day}. Goes on: {command}")
        command = f"bangfu carry-on {case.number} --concern {number} --note TEXT"
        words = {"change": titles.change(each["k"]), "members": "、".join(each["m"]), "day": each["on"]}
        session.screen.print(styled(LATE, text.format(number=number, command=command, **words)))


def _draw_timeline(session: Session, events: Sequence[Event], titles: Titles, may_read: bool) -> None:
    from bangfu.terminal.story import details, sentence

    _, times = session._, session.times
    lines = []
    for each in events:
        more = "  ".join(details(each, titles, may_read, times))
        text = escape(sentence(each, titles, times, session.called))
        style = {"due": LATE, "late": LATE, "remind": SOON}.get(str(each.body.get("rung", "")), "")
        text = f"[{style}]{text}[/]" if style else text
        lines.append(
            (
                str(each.seq),
                times.instant(each.at),
                _who(session, each, titles),
                f"{text}\n[{QUIET}]{escape(more)}[/]" if more else text,
            )
        )
    session.screen.print(table(("#", _("When"), _("Who"), _("What")), lines, narrow=(0, 1)))


def _who(session: Session, event: Event, titles: Titles) -> str:
    """Who acted, for whom, and in which post; his key stands below, and that of whom he acted for."""
    if event.kind == "concerned":  # The case is told by bangfu, what is told was recorded by an officer.
        return (
            f"{escape(session.called(str(event.body['by'])))} [{QUIET}]{escape(titles.post(str(event.body['as'])))}[/]"
        )
    if event.actor == SYSTEM:
        return f"[{QUIET}]{escape(actor(event.actor, session._))}[/]"
    keys = [event.actor, *([event.behalf] if event.behalf else [])]
    names = [session.name_of(key) or key for key in keys]
    text = session._("{person} (for {principal})") if event.behalf else "{person}"
    who = escape(text.format(person=names[0], principal=names[-1]))
    post = escape(session.post_title(titles, event.post)) if event.post else ""
    below = "、".join(key for key, name in zip(keys, names, strict=True) if name != key)
    return f"{who} [{QUIET}]{post}[/]" + (f"\n[{QUIET}]{escape(below)}[/]" if below else "")


def _draw_clocks(session: Session, case: Case, titles: Titles) -> None:
    from engine.clocks import ClockState

    _, times = session._, session.times
    states = [ClockState.from_json(name, value) for name, value in case.section("clocks").items()]
    if not states:
        return
    session.screen.print("", styled(HEAD, _("Clocks")))
    for state in states:
        mark = styled(SOON, _("provisional")) if state.provisional else ""
        line = f"  {escape(titles.ask(state.clock))}  {_clock_stands(state, times, _)} {mark}"
        session.screen.print(line.rstrip())


def _clock_stands(state: ClockState, times: Times, translate: Callable[[str], str]) -> str:
    """When it is due and how far that is; a period that must pass is over then, and late for nobody."""
    if state.status == "stopped":
        return translate("stopped")
    if state.kind == "wait" and state.due_at <= times.now:
        return styled(DONE, translate("over since {day}").format(day=times.due_plain(state.due_at)))
    return f"{times.due(state.due_at)}  {times.left(state.due_at)}"


def _draw_facts(session: Session, case: Case, titles: Titles, may_read: bool) -> None:
    stored = case.section("facts")
    if not stored:
        return
    _ = session._
    session.screen.print("", styled(HEAD, _("Facts")))
    order = list(titles.workflow.facts)
    for name, each in sorted(stored.items(), key=lambda item: (order.index(item[0].partition("/")[0]), item[0])):
        told = escape(titles.told(name, each["v"], may_read))
        text = f"[{QUIET}]{told}[/]" if is_hidden(each["v"], may_read) else told
        session.screen.print(f"  {escape(titles.fact(name))}: {text}")


@commands.command(
    "offered", help=N_("What you may do on a case now, what it needs, and why not the rest"), rich_help_panel=LOOK
)
def offered(
    context: typer.Context,
    case: CaseArgument,
    every: Annotated[bool, typer.Option("--all", help=N_("What you may not do, too, and why not"))] = False,
) -> None:
    session = session_of(context)
    ref = session.case_ref(case)
    known = session.case(ref)
    titles = _titles(session, known.version)
    offers = session.bangfu.office.offered(ref.county, ref.id, session.person)
    may_read = _may_read(session, ref, known)
    about = [tuple(_about(session, each, known, titles, may_read)) for each in offers]

    def draw() -> None:
        session.screen.print(f"[bold]{known.number}[/]  {standing(session, known, titles)}")
        told = [(each, what) for each, what in zip(offers, about, strict=True) if each.allowed]
        allowed = [each for each, _ in told]
        per_member = any("/" in key for each in allowed for key in each.needs_facts)
        people = _members(session, known) if per_member else {}
        for each, what in told:
            _draw_offer(session, each, titles, people, what)
        if not allowed:
            session.screen.print(session._("There is nothing for you to do here now."))
        refused = [each for each in offers if not each.allowed]
        if refused and (every or not allowed):
            reasons = [
                (f"{escape(_command(each))}\n[{QUIET}]{escape(_called(each, titles))}[/]", escape(_why(session, each)))
                for each in refused
            ]
            session.screen.print(table((session._("Not now"), session._("Why not")), reasons, narrow=(0,)))
        elif refused:
            text = session.n_(
                "{n} more is not possible now: --all", "{n} more are not possible now: --all", len(refused)
            )
            session.screen.print(f"[{QUIET}]{text.format(n=len(refused))}[/]")

    documents = [
        _offer_document(session, each, titles) | {"about": what} for each, what in zip(offers, about, strict=True)
    ]
    session.answer({"case": known.number, "offers": documents}, draw)


_COMMANDS: Mapping[str, str] = {
    "carry_on": "carry-on",
    "act": "act", "claim": "claim", "release": "release", "list": "list open", "post_notice": "notice post",
    "prove_notice": "notice proof", "take_down_notice": "notice take-down", "object": "notice objection",
    "comment": "comment", "attach": "attach", "stop_clock": "clock stop", "resume_clock": "clock resume",
    "extend_clock": "clock extend", "add_signer": "sign add", "remove_signer": "sign remove", "sign": "sign",
    "assign": "assign", "transfer": "transfer", "delegate": "delegate", "urge": "urge", "copy": "copy",
    "withdraw": "withdraw", "propose": "propose", "confirm": "confirm", "decline": "decline", "retract": "retract",
}  # fmt: skip


_VERBS: Mapping[str, str] = {
    "carry_on": N_("say that the case goes on although its household has changed"),
    "claim": N_("take up as your own: {about}"), "release": N_("give back: {about}"),
    "list": N_("gather the cases that stand here: {about}"), "post_notice": N_("record that it hangs: {about}"),
    "prove_notice": N_("prove that it hung to its end: {about}"), "take_down_notice": N_("take it down: {about}"),
    "object": N_("record an objection to: {about}"), "comment": N_("write a note into the case's history"),
    "attach": N_("hand in: {about}"), "stop_clock": N_("stop: {about}"), "resume_clock": N_("let run on: {about}"),
    "extend_clock": N_("lengthen: {about}"), "add_signer": N_("ask one more officer about: {about}"),
    "remove_signer": N_("take a signer off: {about}"),
    "sign agree": N_("agree as a signer: {about}"), "sign disagree": N_("disagree as a signer: {about}"),
    "assign": N_("give to a holder of the post: {about}"), "transfer": N_("hand on for good: {about}"),
    "delegate": N_("entrust to a colleague: {about}"), "urge": N_("ask for haste: {about}"),
    "copy": N_("let others know of the case"),
    "withdraw": N_("take your last act back"), "propose": N_("propose to a second person: {about}"),
    "confirm": N_("carry it out: {about}"), "decline": N_("refuse it: {about}"), "retract": N_("take it back: {about}"),
}  # fmt: skip


#: Verbs that are typed with what they say: an answer, a signature, or what two persons do.
_NAMING = frozenset({"act", "sign", "propose", "confirm", "decline", "retract"})


def _command(offer: Offer) -> str:
    """What to type, without the case."""
    words = _COMMANDS[offer.kind]
    if offer.kind in _NAMING:
        words = f"{words} {offer.action}"
    elif offer.kind in ("attach", "stop_clock", "resume_clock", "extend_clock"):
        words = f"{words} {offer.on}"
    return words


def _called(offer: Offer, titles: Titles) -> str:
    """What it is called: the definition's title, after what the engine's own verbs do."""
    if offer.kind == "act":
        title = titles.action(offer.action, offer.on)
        return f"{titles.ask(offer.on)}: {title}" if offer.on in titles.workflow.tasks else title
    about = titles.paper(offer.on) if offer.kind == "attach" else titles.ask(offer.on or f".{offer.action}")
    place = f" {titles.place(offer.place)}" if offer.place else ""
    verb = f"sign {offer.action}" if offer.kind == "sign" else offer.kind
    return titles._(_VERBS[verb]).format(about=f"{about}{place}")


def _about(session: Session, offer: Offer, case: Case, titles: Titles, may_read: bool) -> Iterator[str]:
    """What somebody else has said, on which the person now has his say: a proposal, or an answer that is held."""
    _ = session._
    if offer.kind in ("confirm", "decline", "retract"):
        proposal = case.section("proposals")[offer.action]
        for key, value in proposal.get("f", {}).items():
            was = titles.told(key, case.section("facts").get(key, {}).get("v"), may_read)
            yield f"{titles.fact(key)}: {was} → {titles.told(key, value, may_read)}"
        if "to" in proposal:
            yield _("goes on from: {stage}").format(stage=titles.ask(proposal["to"]))
        yield _("proposed by {person}").format(person=session.called(proposal["by"]))
    held = case.section("asks").get(offer.on, {}).get("h") if offer.kind == "sign" else None
    if held is not None:
        words = {"person": session.called(held["by"]), "answer": titles.action(held["a"], offer.on)}
        yield _("answered by {person}: “{answer}”").format(**words)


def _draw_offer(
    session: Session, offer: Offer, titles: Titles, people: Mapping[str, str], about: Sequence[str]
) -> None:
    """What to type and what it is; what it is *about* and each thing that must be handed in stands below."""
    from rich.padding import Padding

    choices = offer.choices if offer.kind == "act" else ()
    leads = titles.ask(offer.to) if offer.to else "、".join(titles.ask(stage) for stage in choices)
    arrow = f" [{QUIET}]→ {escape(leads)}[/]" if leads else ""
    session.screen.print(f"\n[bold green]{escape(_command(offer))}[/]  {escape(_called(offer, titles))}{arrow}")
    for each in about:
        session.screen.print(Padding(prose(escape(each)), (0, 0, 0, 4)))
    for typed, what in _needs(session, offer, titles, people):
        session.screen.print(Padding(prose(f"[cyan]{escape(typed)}[/]  [{QUIET}]{escape(what)}[/]"), (0, 0, 0, 4)))


def _whose(people: Mapping[str, str], member: str) -> str:
    return f" ({people[member]})" if member in people else ""


def _members(session: Session, case: Case) -> Mapping[str, str]:
    """Key → name of everybody in the case's household, for whom facts are asked."""
    from bangfu.terminal.values import identifier

    home = identifier(str(case.get("household") or case.subject))
    if home is None:
        return {}
    try:
        found = session.bangfu.register.household_file(session.scope_of(case.number), home)
    except NotFoundError:
        return {}
    return {each.key: each.name for each in found.members}


def _needs(session: Session, offer: Offer, titles: Titles, people: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What must be typed with it, and what that is."""
    _ = session._
    if offer.on in titles.workflow.tasks and offer.kind == "act":
        yield f"--on {offer.on}", _("the task")
    if offer.choices and offer.kind == "propose":
        yield "--fact NAME=VALUE", titles.facts(offer.choices)
    elif offer.choices and offer.kind == "act":
        yield "--to STAGE", "、".join(f"{stage} {titles.ask(stage)}" for stage in offer.choices)
    elif offer.choices:
        yield "PERSON", "、".join(session.called(key) for key in offer.choices)
    for name in dict.fromkeys(key.partition("/")[0] for key in offer.needs_facts):
        members = [key for key in offer.needs_facts if key.startswith(f"{name}/")]
        for key in members or [name]:
            yield f"--fact {key}=…", _fact_wanted(titles, name, _) + _whose(people, key.partition("/")[2])
    for name in offer.needs_papers:
        yield f"--paper {name}=FILE", titles.paper(name)
    if offer.needs_minutes:
        yield from _minutes_wanted(offer, titles, _)
    if offer.needs_note and offer.kind != "comment":
        yield "--note TEXT", _("an opinion or reason")
    if offer.needs_document and offer.kind != "attach":
        yield ("--document FILE" if "clock" in offer.kind else "--proof FILE"), _("a photo or document")


def _minutes_wanted(offer: Offer, titles: Titles, translate: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The minutes of a meeting: of which posts people may be there, and which answers are counted."""
    from engine.references import panels_of

    workflow = titles.workflow
    asked = workflow.stages.get(offer.on) or workflow.tasks[offer.on]
    panels = [panel for _, panel in panels_of(workflow, asked) if panel.recorded == "minutes"]
    posts = {post.partition("@")[0] for post in offer.posts}
    entitled = dict.fromkeys(seat for panel in panels for seat in panel.seats)
    answers = dict.fromkeys(name for panel in panels for name in panel.tally)
    seats = "、".join(f"{seat} {titles.post(seat)}" for seat in entitled if seat.partition("@")[0] in posts)
    yield "--present POST=N", translate("minutes: how many of each were there; POST: {posts}").format(posts=seats)
    votes = "、".join(f"{name} {titles.action(name, offer.on)}" for name in answers)
    yield "--votes ANSWER=N", translate("minutes: how many gave each answer; ANSWER: {answers}").format(answers=votes)


def _fact_wanted(titles: Titles, name: str, translate: Callable[[str], str]) -> str:
    """A fact's title, and the words that it allows."""
    fact = titles.workflow.facts[name]
    if fact.choices:
        options = "、".join(f"{word} {fact.options.get(word, '')}".strip() for word in fact.choices)
        return f"{fact.title}: {options}"
    kinds = {
        "yuan": translate("in yuan"), "yes_no": translate("yes or no"), "date": translate("a date"),
        "number": translate("a number"), "share": translate("a share"),
    }  # fmt: skip
    wanted = f": {kinds[fact.kind]}" if fact.kind in kinds else ""
    everybody = translate(", of every member") if fact.of == "member" else ""
    return f"{fact.title}{wanted}{everybody}"


def _why(session: Session, offer: Offer) -> str:
    lines = []
    for each in offer.reasons:
        clause = f" ({each.clause})" if each.clause else ""
        lines.append(f"{each.words.told(session._)}{clause}")
    return "; ".join(lines)


def _offer_document(session: Session, offer: Offer, titles: Titles) -> dict[str, Any]:
    title = offer.title or (titles.action(offer.action, offer.on) if offer.kind == "act" else "")
    return {
        "kind": offer.kind, "action": offer.action, "on": offer.on, "place": offer.place, "title": title,
        "means": offer.means, "to": offer.to, "choices": offer.choices, "allowed": offer.allowed,
        "needs": {
            "facts": offer.needs_facts, "papers": offer.needs_papers, "note": offer.needs_note,
            "minutes": offer.needs_minutes, "document": offer.needs_document,
        },
        "posts": offer.posts, "list": offer.list,
        "reasons": [
            {
                "kind": each.kind, "message": each.words.told(session._), "advice": each.advised.told(session._),
                "rule": each.rule, "clause": each.clause, "missing": each.missing,
            }
            for each in offer.reasons
        ],
    }  # fmt: skip


# --- messages ---------------------------------------------------------------------------------------------------------


@commands.command(
    "inbox", help=N_("New messages to your posts, newest first; settled ones are left out"), rich_help_panel=LOOK
)
def inbox(
    context: typer.Context,
    read: Annotated[bool, typer.Option("--read", help=N_("Mark what is shown as read"))] = False,
    every: Annotated[bool, typer.Option("--all", help=N_("Those read before or settled, too"))] = False,
    limit: LimitOption = 50,
) -> None:
    session = session_of(context)
    register, scope = session.bangfu.register, session.scope
    rows = register.inbox(scope, unread_only=not every, live_only=not every, limit=limit)
    texts = _rendered(session, rows)
    marked = register.mark_read(scope, rows, session.now) if read and rows else 0
    document = {
        "messages": [
            {
                "number": row.number, "case": row.case, "event": row.event, "post": row.post, "division": row.division,
                "at": row.at, "read": row.is_read, "settled": row.is_settled, "data": row.data,
                "subject": text.subject, "body": text.body,
            }
            for row, text in zip(rows, texts, strict=True)
        ],
        "marked": marked,
    }  # fmt: skip

    def draw() -> None:
        _ = session._
        if not rows:
            session.screen.print(_("No new message."))
            return
        lines = [
            (
                session.times.instant(row.at),
                f"{_subject(session, row, text.subject)}\n[{QUIET}]{escape(text.body)}[/]",
            )
            for row, text in zip(rows, texts, strict=True)
        ]
        session.screen.print(table((_("When"), _("Message")), lines, narrow=(0,)))
        if marked:
            session.screen.print(session.n_("{n} marked as read", "{n} marked as read", marked).format(n=marked))

    session.answer(document, draw)


_EVENT_STYLE = {"overdue": LATE, "escalated": LATE, "deadline_near": SOON, "post_vacant": SOON, "case_ended": DONE}


def _subject(session: Session, row: InboxRow, subject: str) -> str:
    style = QUIET if row.is_read or row.is_settled else _EVENT_STYLE.get(row.event, "bold")
    mark = styled(DONE, session._("(settled)")) if row.is_settled else ""
    return f"[{style}]{escape(subject)}[/] {mark}".rstrip()


def _rendered(session: Session, rows: Sequence[InboxRow]) -> list[Any]:
    from notifications.rendering import render

    register = session.bangfu.register
    versions = {
        number: register.case_by_number(session.scope, number).version for number in {row.number for row in rows}
    }
    places = _places(session, (code for row in rows for code in (row.division, row.data.get("at", row.division))))
    found = []
    for row in rows:
        titles = _titles(session, versions[row.number])
        ask, vacant = row.data.get("ask", ""), row.data.get("vacant", "")
        division, at = places.name(row.division), places.name(row.data.get("at", ""))
        values = {
            "number": row.number, "ask": titles.ask(ask) if ask else "", "clock": titles.ask(row.data.get("clock", "")),
            "rung": _rung(session, row.data.get("rung", "")), "action": titles.action(row.data.get("action", "")),
            "end": titles.ask(row.data.get("end", "")), "division": division,
            "post": behind_place(session.post_title(titles, row.post), division), "at": at,
            "vacant": behind_place(session.post_title(titles, vacant), at),
        }  # fmt: skip
        found.append(render(row.event, values, session.settings.language))
    return found


def _rung(session: Session, text: str) -> str:
    """A rung of a ladder in words: ``-3 workday`` is three working days before."""
    from dataclasses import replace

    from bangfu.terminal.derivation import amount_said
    from engine.clocks import parse_rung

    if not text:
        return ""
    amount, _ = parse_rung(text), session._
    words = amount_said(replace(amount, number=abs(amount.number)), session.screen.words)
    return _("{time} before").format(time=words) if amount.number < 0 else _("{time} after").format(time=words)


# --- lateness and totals ----------------------------------------------------------------------------------------------


@commands.command("overdue", help=N_("Cases with a deadline that has run out, longest first"), rich_help_panel=LOOK)
def overdue(context: typer.Context, limit: LimitOption = 100) -> None:
    session = session_of(context)
    rows = session.bangfu.register.overdue(session.scope, session.now, limit=limit)
    _ = session._

    def draw() -> None:
        if not rows:
            session.screen.print(styled(DONE, _("Nothing is late.")))
            return
        places = _places(session, (row.case.division for row in rows))
        lines = [_late_line(session, row, places) for row in rows]
        headings = (_("Case"), _("Household"), _("Place"), _("Deadline"), _("Was due"), _("Whose move"))
        session.screen.print(table(headings, lines, narrow=(0, 1, 4)))

    document = {
        "rows": [
            {
                **_case_row_document(session, row.case), "clock": row.clock, "late_since": row.due_at,
                "posts": row.posts, "waiting_on": _waiting_on(session, row),
            }
            for row in rows
        ]
    }  # fmt: skip
    session.answer(document, draw)


def _late_line(session: Session, row: LateRow, places: PlaceNames) -> tuple[str, ...]:
    titles, times = _titles(session, row.case.version), session.times
    whose = "、".join(
        dict.fromkeys([*(session.post_title(titles, post) for post in row.posts), *_waiting_on(session, row)])
    )
    return (
        row.case.number, escape(row.case.household), escape(places.path(row.case.division)),
        escape(titles.ask(row.clock)), f"{times.due(row.due_at)} {times.left(row.due_at)}", escape(whose),
    )  # fmt: skip


def _waiting_on(session: Session, row: LateRow) -> list[str]:
    """What a case waits for of which nobody has work."""
    if row.posts:
        return []
    case = session.bangfu.office.case(session.county, row.case.id, session.person)
    return waiting_on(session, case, _titles(session, row.case.version))


@commands.command(
    "board", help=N_("Totals of your scope: open, late, and what became of the rest"), rich_help_panel=LOOK
)
def board(
    context: typer.Context,
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help=N_("By divisions of this level: county, township or village"))
    ] = "township",
) -> None:
    from engine.divisions import Level

    session = session_of(context)
    try:
        by = Level(level)
    except ValueError:
        raise InputError(N_("a level is one of {levels}"), field="--level", levels=", ".join(Level)) from None
    rows = session.bangfu.register.board(session.scope, session.now, by)
    document = {
        "rows": [
            {
                "division": row.division, "workflow": row.workflow, "stage": row.stage, "outcome": row.outcome,
                "open": row.open, "late": row.late, "ended": row.ended, "ended_late": row.ended_late,
            }
            for row in rows
        ]
    }  # fmt: skip
    session.answer(document, lambda: _draw_board(session, rows))


def _draw_board(session: Session, rows: Sequence[BoardRow]) -> None:
    """A table a procedure: a line a division; open stages, then ends, as columns that occur."""
    _ = session._
    if not rows:
        session.screen.print(_("There is no case in your scope."))
        return
    places = _places(session, (row.division for row in rows))
    for workflow in dict.fromkeys(row.workflow for row in rows):
        titles = _titles(session, session.bangfu.definitions.version_in_force(workflow))
        own = [row for row in rows if row.workflow == workflow]
        order = [*titles.workflow.stages, *titles.workflow.ends]
        columns = sorted(
            {row.stage for row in own}, key=lambda name: order.index(name) if name in order else len(order)
        )
        lines = [_board_line(places.path(code), [row for row in own if row.division == code], columns)
                 for code in sorted({row.division for row in own})]  # fmt: skip
        if len(lines) > 1:
            lines.append(_board_line(_("in all"), own, columns))
        headings = (_("Place"), _("open"), _("late"), *(titles.ask(name) for name in columns))
        session.screen.print(table(headings, lines, title=titles.workflow.title, narrow=(0,)))


def _board_line(name: str, rows: Sequence[BoardRow], columns: Sequence[str]) -> tuple[str, ...]:
    open_, late = sum(row.open for row in rows), sum(row.late for row in rows)
    cells = []
    for column in columns:
        here = [row for row in rows if row.stage == column]
        number, missed = sum(row.open + row.ended for row in here), sum(row.late + row.ended_late for row in here)
        text = str(number) if number else f"[{QUIET}]·[/]"
        cells.append(f"{text} [{LATE}]({missed})[/]" if missed else text)
    return (escape(name), str(open_), f"[{LATE}]{late}[/]" if late else f"[{QUIET}]·[/]", *cells)
