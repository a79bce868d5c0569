"""What became of a command, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bangfu.terminal.screen import DONE, QUIET, escape
from bangfu.terminal.session import CaseRef, Session
from bangfu.terminal.titles import Titles
from engine.cases import Case, instant
from engine.errors import NotFoundError

if TYPE_CHECKING:
    from engine.office import Receipt


def case_document(session: Session, case: Case) -> dict[str, Any]:
    """The keys that every answer about a case has."""
    titles = Titles(session.workflow(case.version), session._)
    return {
        "id": case.id, "county": case.county, "number": case.number, "workflow": case.workflow,
        "version": case.version, "stage": case.stage, "stage_title": titles.ask(case.stage), "status": case.status,
        "outcome": case.get("outcome"), "division": case.division, "seq": case.seq, "at": case.at,
        "due": due_of(case),
    }  # fmt: skip


def due_of(case: Case) -> Any:
    """The earliest due instant of its running limits, as JSON; None if none runs."""
    dues = [clock["due"] for clock in case.section("clocks").values() if clock.get("k") != "wait"]
    return min(dues, default=None)


def receipt_document(session: Session, receipt: Receipt) -> dict[str, Any]:
    event = receipt.event
    return {
        "case": case_document(session, receipt.case),
        "event": {
            "seq": event.seq,
            "kind": event.kind,
            "at": event.at,
            "command": event.command,
            "by": event.actor,
            "behalf": event.behalf,
            "post": event.post,
        },
        "repeated": receipt.repeated,
    }


def draw_receipt(session: Session, receipt: Receipt) -> None:
    """One line of what happened, one of where the case stands now and who has work."""
    from bangfu.terminal.story import sentence

    case, screen = receipt.case, session.screen
    titles = Titles(session.workflow(case.version), session._)
    mark = session._("(was done before)") if receipt.repeated else ""
    text = escape(sentence(receipt.event, titles, session.times, session.called))
    screen.print(f"[bold]{case.number}[/]  {text} {mark}".rstrip())
    screen.print(f"  {standing(session, case, titles)}")


def standing(session: Session, case: Case, titles: Titles) -> str:
    """Where the case stands, who has work there, and until when."""
    _ = session._
    proposed = [escape(each) for each in proposals(session, case, titles)]
    if case.status != "open":
        ended = _("ended: {end}").format(end=titles.ask(case.stage))
        rest = [titles.ask(name) for name, task in case.section("tasks").items() if task["st"] == "open"]
        open_ = _("; still open: {tasks}").format(tasks="、".join(rest)) if rest else ""
        return f" [{QUIET}]·[/] ".join([f"[{DONE}]{escape(ended)}[/]{escape(open_)}", *proposed])
    parts = [f"[bold]{escape(titles.ask(case.stage))}[/]"]
    items = [item for item in case.section("items").values() if not item["q"].startswith(".")]
    signing = [item for item in items if "g" in item]
    # Until those are heard who are to be heard first, nobody else has the move.
    held_up = {item["q"] for item in signing if item["g"] == "before"}
    others = [item for item in items if "g" not in item and item["q"] not in held_up]
    for work, text in ((signing, _("to be signed by {posts}")), (others, _("with {posts}"))):
        if work:
            parts.append(escape(text.format(posts="、".join(_holders(session, case, titles, work)))))
    parts += proposed
    parts += [escape(each) for each in waiting_on(session, case, titles)]
    due = due_of(case)
    if due:
        parts.append(_("due {day}").format(day=session.times.due(instant(due))))
    return f"[{QUIET}]·[/] ".join(f"{part} " for part in parts).rstrip()


def waiting_on(session: Session, case: Case, titles: Titles) -> list[str]:
    """What else holds the case up than open work: a notice that hangs, an objection, a linked case, a stopped clock."""
    from engine.clocks import ClockState

    _, times = session._, session.times
    states = {name: ClockState.from_json(name, value) for name, value in case.section("clocks").items()}
    found = []
    wait = states.get(f"{case.stage}.wait")
    if wait is not None and wait.status == "running" and case.section("notices").get(case.stage):
        found.append(_("posted through {day}").format(day=times.day_of(wait.due_at).isoformat()))
    words = {"objection": _("an objection is being verified"), "child": _("waits for a linked case")}
    for kind, text in words.items():
        linked = [child for child, link in case.section("links").items() if link["k"] == kind]
        if linked:
            found.append(f"{text} ({'、'.join(_number_of(session, case, child) for child in linked)})")
    stopped = [titles.ask(name) for name, state in states.items() if state.status == "stopped"]
    return found or [_("{clock} is stopped").format(clock=title) for title in stopped]


def _number_of(session: Session, case: Case, child: str) -> str:
    """The number of a linked case; the mark of what is not there for readers outside its scope."""
    try:
        return session.case(CaseRef(case.county, UUID(child))).number
    except NotFoundError:
        return "…"


def proposals(session: Session, case: Case, titles: Titles) -> list[str]:
    """What somebody has proposed, and who may confirm it."""
    found = []
    for what in case.section("proposals"):
        items = [item for item in case.section("items").values() if item["q"] == f".{what}"]
        words = {"proposal": titles.ask(f".{what}"), "posts": "、".join(_holders(session, case, titles, items))}
        found.append(session._("{proposal}, to be confirmed by {posts}").format(**words))
    return found


def waiting_for(session: Session, case: Case, titles: Titles) -> Sequence[str]:
    """The posts that have open work, each once; of a task with what it is."""
    return _holders(session, case, titles, case.section("items").values(), with_persons=False)


def _holders(
    session: Session, case: Case, titles: Titles, items: Iterable[Mapping[str, Any]], with_persons: bool = True
) -> Sequence[str]:
    """The posts that have these *items*, each once; of a task with what it is, and *with_persons* who took it up."""
    found: dict[str, None] = {}
    for item in items:
        post = session.post_title(titles, item["p"])
        if with_persons and item.get("by"):
            post = f"{post} {session.called(item['by'])}"
        is_plain = item["q"] == case.stage or item["q"].startswith(".")
        found[post if is_plain else f"{post}({titles.ask(item['q'])})"] = None
    return tuple(found)
